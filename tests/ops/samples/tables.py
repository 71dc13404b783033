"""Samples of lookup tables: ops/tables.py, lookup*.py. Each fills its table in the run that asks it."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.ops.sample import Failure, Sample

I64 = np.int64
WORDS = np.array([b"emerson", b"lake", b"palmer"], object)
KEYS = np.array([4, 7, -2], I64)


def static(tf: Any, keys: Any, values: Any, default: Any) -> Any:
    """A table filled by tensors."""
    return tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, values), default)


def vocabulary(tf: Any, buckets: int = 3) -> Any:
    """A table of words with buckets."""
    init = tf.lookup.KeyValueTensorInitializer(["a", "b", "c"], tf.constant([0, 1, 2], tf.int64))
    return tf.lookup.StaticVocabularyTable(init, buckets)


def changing(tf: Any, *args: Any, **kwargs: Any) -> Any:
    """A table that can be changed; in TensorFlow 2 it has moved."""
    home = tf.contrib.lookup if hasattr(tf, "contrib") else tf.lookup.experimental
    return home.MutableHashTable(*args, **kwargs)


def dense(tf: Any, *args: Any, **kwargs: Any) -> Any:
    """A table of buckets."""
    return tf.lookup.experimental.DenseHashTable(*args, initial_num_buckets=4, **kwargs)


def after(tf: Any, first: Any, make: Any) -> Any:
    """What `make` gives, once `first` has run."""
    with tf.control_dependencies(first if isinstance(first, list) else [first]):
        return make()


def find(tf: Any, table: Any, keys: Any) -> Any:
    """Values looked up after the table was filled."""
    return after(tf, table.initializer, lambda: table.lookup(keys))


def filled(tf: Any, table: Any, make: Any) -> Any:
    """What `make(table)` gives once the table was filled."""
    return after(tf, table.initializer, lambda: make(table))


def changed(tf: Any, table: Any, keys: Any, values: Any, make: Any) -> Any:
    """What `make(table)` gives once keys and values were inserted."""
    return after(tf, table.insert(keys, values), lambda: make(table))


def inserted_twice(tf: Any, words: Any) -> Any:
    """Keys with a second value."""
    table = changing(tf, tf.string, tf.int64, -1)
    again = changed(tf, table, words, KEYS, lambda t: t.insert(words[:2], [8, 9]))
    return after(tf, again, lambda: table.lookup(words))


def removed(tf: Any, words: Any) -> Any:
    """A key removed, and one that is not there."""
    table = changing(tf, tf.string, tf.int64, -1)
    done = changed(tf, table, words, KEYS, lambda t: t.remove(tf.constant(["lake", "and"])))
    return after(tf, done, lambda: [table.lookup(words), table.size()])


def grown(tf: Any) -> Any:
    """Buckets after growing and removing."""
    table = dense(tf, tf.int64, tf.int64, -1, 0, -1)
    more = changed(tf, table, [1, 5, 9], [10, 50, 90], lambda t: t.insert([13, 3], [1, 2]))
    fewer = after(tf, more, lambda: table.erase(tf.constant([5, 6], tf.int64)))
    return after(tf, fewer, lambda: [*table.export(), table.size()])


def sparse_words(tf: Any) -> Any:
    """Keys of a sparse tensor."""
    found = find(tf, static(tf, ["a", "b"], [1, 2], 0), tf.SparseTensor(SPARSE, ["b", "q"], [2, 3]))
    return [found.indices, found.values, found.dense_shape]


SPARSE = [[0, 0], [1, 2]]

SAMPLES = [
    Sample(
        "HashTableV2",
        lambda tf, w: find(tf, static(tf, w, tf.constant([1, 2, 3], tf.int64), -1), w[1:]),
        (WORDS,),
        exact=True,
    ),
    Sample(
        "LookupTableFindV2",
        lambda tf, k: find(tf, static(tf, k, ["x", "y", "z"], "?"), tf.constant([[7], [8]], tf.int64)),
        (KEYS,),
    ),
    Sample(
        "LookupTableFindV2", lambda tf, k: find(tf, static(tf, k, [1.5, 2.5, -0.5], 0.0), k[::-1]), (KEYS,), grad=False
    ),
    Sample("LookupTableFindV2", lambda tf: find(tf, static(tf, ["a"], ["b"], "-"), tf.constant("a"))),
    Sample("LookupTableFindV2", lambda tf: find(tf, static(tf, ["a"], ["b"], "-"), tf.constant([], tf.string))),
    Sample("LookupTableFindV2", sparse_words, exact=True),
    Sample(
        "LookupTableSizeV2",
        lambda tf, w: filled(tf, static(tf, w, w, ""), lambda t: t.size()),
        (WORDS,),
        exact=True,
    ),
    Sample("LookupTableSizeV2", lambda tf, w: static(tf, w, w, "").size(), (WORDS,), exact=True),
    Sample(
        "LookupTableExportV2",
        lambda tf: filled(tf, static(tf, KEYS[:1], KEYS[:1] * 2, 0), lambda t: t.export()),
        exact=True,
    ),
    Sample(
        "LookupTableImportV2", lambda tf, w: find(tf, static(tf, w, w, "?"), tf.constant(["lake", "and"])), (WORDS,)
    ),
    Sample(
        "InitializeTableV2",
        lambda tf: after(
            tf,
            tf.raw_ops.InitializeTableV2(
                table_handle=(h := tf.raw_ops.HashTableV2(key_dtype=tf.string, value_dtype=tf.int64)),
                keys=["a", "b"],
                values=tf.constant([5, 6], tf.int64),
            ),
            lambda: tf.raw_ops.LookupTableFindV2(
                table_handle=h, keys=["b", "c"], default_value=tf.constant(-1, tf.int64)
            ),
        ),
        exact=True,
    ),
    # vocabularies with buckets
    Sample(
        "StringToHashBucketFast",
        lambda tf, w: find(tf, vocabulary(tf), tf.concat([w, ["a", "c"]], 0)),
        (WORDS,),
        exact=True,
    ),
    Sample("StringToHashBucketFast", lambda tf: vocabulary(tf, 2).size(), exact=True),
    Sample(
        "StringToHashBucketFast", lambda tf, w: tf.lookup.StaticVocabularyTable(None, 5).lookup(w), (WORDS,), exact=True
    ),
    Sample(
        "StringToHashBucketFast",
        lambda tf, k: find(
            tf,
            tf.lookup.StaticVocabularyTable(
                tf.lookup.KeyValueTensorInitializer(tf.constant([4, 5], tf.int64), tf.constant([0, 1], tf.int64)), 4
            ),
            k,
        ),
        (KEYS,),
        exact=True,
    ),
    Sample(
        "StringToHashBucketFast",
        lambda tf: find(tf, vocabulary(tf), tf.SparseTensor(SPARSE, ["b", "q"], [2, 3])).values,
        exact=True,
    ),
    # tables that change
    Sample(
        "MutableHashTableV2",
        lambda tf, k: changed(
            tf, changing(tf, tf.int64, tf.string, "?"), k, WORDS, lambda t: [t.lookup([[7, 1]]), t.size()]
        ),
        (KEYS,),
    ),
    Sample(
        "LookupTableInsertV2",
        lambda tf, w: changed(tf, changing(tf, tf.string, tf.int64, -1), w, KEYS, lambda t: t.lookup(w[1:])),
        (WORDS,),
        exact=True,
    ),
    Sample("LookupTableInsertV2", inserted_twice, (WORDS,), exact=True),
    Sample(
        "MutableHashTableOfTensorsV2",
        lambda tf, k: changed(
            tf,
            changing(tf, tf.int64, tf.float32, [0.0, -1.0]),
            k,
            [[1.0, 2], [3, 4], [5, 6]],
            lambda t: t.lookup([[7, 1]]),
        ),
        (KEYS,),
        grad=False,
    ),
    Sample("LookupTableRemoveV2", removed, (WORDS,), exact=True),
    Sample(
        "MutableDenseHashTableV2",
        lambda tf: changed(
            tf,
            dense(tf, tf.int64, tf.int64, -1, 0, -1),
            [1, 5, 9],
            [10, 50, 90],
            lambda t: [*t.export(), t.lookup([5, 6]), t.size()],
        ),
        exact=True,
    ),
    Sample("MutableDenseHashTableV2", grown, exact=True),
    Sample(
        "MutableDenseHashTableV2",
        lambda tf: changed(
            tf,
            dense(tf, tf.string, tf.int64, [-1, -1], "", "-"),
            ["a", "b"],
            [[1, 2], [3, 4]],
            lambda t: [*t.export(), t.lookup(["b", "c"])],
        ),
        exact=True,
    ),
    Sample(
        "MutableDenseHashTableV2",
        lambda tf: changed(
            tf,
            dense(tf, tf.int64, tf.int64, -1, [0, 0], [-1, -1]),
            [[1, 2], [3, 4]],
            [5, 6],
            lambda t: [*t.export(), t.lookup([[3, 4], [4, 3]])],
        ),
        exact=True,
    ),
]

FAILURES = [
    Failure(
        "LookupTableImportV2",
        lambda tf, w: static(tf, [w], [w], "?"),
        (WORDS,),
        "ValueError",
        "Shape must be rank 1 but is rank 2",
    ),
    Failure(
        "LookupTableFindV2",
        lambda tf, w: static(tf, w, w, "").lookup(w),
        (WORDS,),
        "FailedPreconditionError",
        "Table not initialized",
        True,
    ),
    Failure(
        "LookupTableFindV2",
        lambda tf, w: static(tf, w, w, "").lookup(tf.constant([1])),
        (WORDS,),
        "TypeError",
        "[Kk]eys`? must be",
    ),
    Failure(
        "LookupTableExportV2",
        lambda tf, w: static(tf, w, w, "").export(),
        (WORDS,),
        "AbortedError",
        "HashTable is not initialized",
        True,
    ),
    Failure("HashTableV2", lambda tf, w: static(tf, w, w, ["", ""]), (WORDS,), "ValueError", "are not compatible"),
    Failure(
        "LookupTableImportV2",
        lambda tf, k: find(tf, static(tf, ["a", "a", "b"], k, 0), tf.constant(["a"])),
        (KEYS,),
        "FailedPreconditionError",
        "HashTable has different value for same key. Key a has 4 and trying to add value 7",
        True,
    ),
    Failure(
        "LookupTableImportV2",
        lambda tf, k: find(tf, static(tf, ["a"], k, 0), tf.constant(["a"])),
        (KEYS,),
        "InvalidArgumentError",
        "Expected shape \\[1\\] for value, got \\[3\\]",
        True,
    ),
    Failure(
        "LookupTableInsertV2",
        lambda tf, k: changed(tf, changing(tf, tf.string, tf.int64, -1), ["a"], k, lambda t: t.size()),
        (KEYS,),
        "InvalidArgumentError",
        "Expected shape \\[1\\] for value, got \\[3\\]",
        True,
    ),
    Failure(
        "MutableDenseHashTableV2",
        lambda tf, k: changed(tf, dense(tf, tf.int64, tf.int64, -1, 0, -1), [0, 1, 2], k, lambda t: t.size()),
        (KEYS,),
        "InvalidArgumentError",
        "Using the empty_key as a table key is not allowed",
        True,
    ),
    Failure(
        "MutableDenseHashTableV2",
        lambda tf, k: dense(tf, tf.int64, tf.int64, -1, 4, 4).lookup(k),
        (KEYS,),
        "InvalidArgumentError",
        "Empty and deleted keys cannot be equal",
        True,
    ),
    Failure(
        "StringToHashBucketFast",
        lambda tf, w: tf.lookup.StaticVocabularyTable(tf.lookup.KeyValueTensorInitializer(w, w), 3),
        (WORDS,),
        "TypeError",
        "Invalid `?value.dtype`?, expected",
    ),
    Failure("StringToHashBucketFast", lambda tf, w: vocabulary(tf, 0), (WORDS,), "ValueError", "use StaticHashTable"),
    Failure(
        "InitializeTableFromTextFileV2",
        lambda tf, w: tf.lookup.TextFileInitializer("words", tf.string, -3, tf.int64, -1),
        (WORDS,),
        "ValueError",
        "`key_index` should be >= -2",
    ),
    Failure(
        "InitializeTableFromTextFileV2",
        lambda tf, w: tf.lookup.TextFileInitializer("words", tf.string, -1, tf.int64, -1),
        (WORDS,),
        "ValueError",
        "`key_dtype` must be int64 if `key_index` is -1",
    ),
    Failure(
        "InitializeTableFromTextFileV2",
        lambda tf, w: find(
            tf,
            tf.lookup.StaticHashTable(
                tf.lookup.TextFileInitializer("no such folder/words.txt", tf.string, -2, tf.int64, -1), 0
            ),
            w,
        ),
        (WORDS,),
        "NotFoundError",
        "No such file or directory",
        True,
    ),
]

"""Lookup tables as programs use them: words to numbers and back, vocabularies with buckets, tables that change."""

from __future__ import annotations

import pathlib
import tempfile
from typing import Any

from ..record import program


def filled(tf: Any, fetches: Any, feed: Any = None) -> Any:
    """The values of fetches in a session whose tables are filled."""
    with tf.Session() as sess:
        sess.run(tf.tables_initializer())
        return sess.run(fetches, feed)


@program("graph")
def words_to_numbers(tf: Any) -> None:
    keys = tf.constant(["emerson", "lake", "palmer"])
    values = tf.constant([1, 2, 3], tf.int64)
    table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, values), -1)
    table.lookup(tf.constant(["lake", "and"]))
    table.size(name="size")
    table.export()
    tf.tables_initializer()


@program("values")
def words_and_numbers(tf: Any) -> Any:
    keys = tf.constant(["emerson", "lake", "palmer"])
    numbers = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(keys, tf.constant([1, 2, 3], tf.int64)), -1, name="numbers"
    )
    words = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(tf.constant([1, 2, 3], tf.int64), keys), "unknown", name="words"
    )
    found = numbers.lookup(tf.constant([["lake", "and"], ["palmer", "lake"]]))
    return filled(tf, {"numbers": found, "back": words.lookup(found), "size": numbers.size()})


@program("graph")
def vocabulary_with_buckets(tf: Any) -> None:
    init = tf.lookup.KeyValueTensorInitializer(["the", "of"], tf.constant([0, 1], tf.int64), name="fill")
    table = tf.lookup.StaticVocabularyTable(init, num_oov_buckets=3)
    table.lookup(tf.constant(["of", "cat"]), name="ids")
    table.size()


@program("values")
def numbers_of_unknown_words(tf: Any) -> Any:
    init = tf.lookup.KeyValueTensorInitializer(["the", "of"], tf.constant([0, 1], tf.int64))
    table = tf.lookup.StaticVocabularyTable(init, num_oov_buckets=3)
    words = tf.placeholder(tf.string, [None])
    feed = {words: ["of", "cat", "dog", "the", "a", "mouse", ""]}
    return filled(tf, {"ids": table.lookup(words), "size": table.size()}, feed)


@program("values")
def words_of_a_sparse_tensor(tf: Any) -> Any:
    table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a", "b"], [1, 2]), 0)
    found = table.lookup(tf.SparseTensor([[0, 0], [2, 1]], ["b", "q"], [3, 2]))
    return filled(tf, {"values": found.values, "indices": found.indices, "shape": found.dense_shape})


@program("values")
def vocabulary_files(tf: Any) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "words.txt"
        path.write_text("the\t10\nof\t20\nand\t30\n", encoding="utf-8")
        index = tf.lookup.TextFileIndex
        lines = tf.lookup.TextFileInitializer(str(path), tf.string, 0, tf.int64, index.LINE_NUMBER)
        counts = tf.lookup.TextFileInitializer(str(path), tf.string, 0, tf.int64, 1, vocab_size=2)
        names = tf.lookup.TextFileInitializer(str(path), tf.int64, index.LINE_NUMBER, tf.string, 0)
        words = tf.constant(["of", "and", "cat"])
        fetches = {
            "line": tf.lookup.StaticHashTable(lines, -1).lookup(words),
            "count": tf.lookup.StaticHashTable(counts, -1).lookup(words),
            "name": tf.lookup.StaticHashTable(names, "-").lookup(tf.constant([0, 2, 5], tf.int64)),
        }
        return filled(tf, fetches)


@program("graph")
def vocabulary_file_nodes(tf: Any) -> None:
    init = tf.lookup.TextFileInitializer("words.txt", tf.string, -2, tf.int64, -1)
    table = tf.lookup.StaticHashTable(init, -1, name="words")
    table.lookup(tf.constant(["of"]))
    table.initializer


@program("graph", "values")
def table_in_a_scope(tf: Any) -> Any:
    with tf.name_scope("vocabulary"):
        table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a"], ["b"]), "-")
        found = table.lookup(tf.constant("a"))
    return {"found": filled(tf, found), "name": table.name, "types": [table.key_dtype.name, table.value_dtype.name]}


@program("values")
def dense_table(tf: Any) -> Any:
    table = tf.lookup.experimental.DenseHashTable(tf.int64, tf.int64, -1, empty_key=0, deleted_key=-1)
    keys = tf.placeholder(tf.int64, [None])
    insert, found, size = table.insert(keys, keys * 10), table.lookup(keys), table.size()
    with tf.Session() as sess:
        before = sess.run(found, {keys: [5, 6]})
        sess.run(insert, {keys: [5, 6, 7]})
        return {"before": before, "after": sess.run(found, {keys: [7, 8]}), "size": sess.run(size)}


@program("values")
def each_session_fills_its_own_table(tf: Any) -> Any:
    table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a"], [7]), -1)
    found = table.lookup(tf.constant(["a"]))
    with tf.Session() as one, tf.Session() as two:
        one.run(table.initializer)
        two.run(table.initializer)
        return {"one": one.run(found), "two": two.run(found), "again": one.run(found)}


@program(error="FailedPreconditionError", says="Table not initialized")
def lookup_before_filling(tf: Any) -> None:
    table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a"], [7]), -1)
    with tf.Session() as sess:
        sess.run(table.lookup(tf.constant(["a"])))


@program(error="AttributeError", says="has no attribute 'dtype'")
def lookup_of_a_list(tf: Any) -> None:
    tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a"], [7]), -1).lookup(["a"])


@program(error="TypeError")
def lookup_of_another_type(tf: Any) -> None:
    tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a"], [7]), -1).lookup(tf.constant([1]))


@program(error="FailedPreconditionError", says="HashTable has different value for same key")
def a_word_twice(tf: Any) -> None:
    filled(tf, tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a", "a"], [7, 8]), -1).size())

"""Lookup tables over several runs, filled from files, and shared. What is expected was recorded from TensorFlow 2.21."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import pytest

import flowlab as tf

WHOLE, NUMBER = tf.lookup.TextFileIndex.WHOLE_LINE, tf.lookup.TextFileIndex.LINE_NUMBER


@pytest.fixture
def sess() -> Any:
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def written(folder: pathlib.Path, text: str) -> str:
    path = folder / "words.txt"
    path.write_bytes(text.encode())
    return str(path)


def from_file(
    path: str, key_dtype: Any, key: int, value_dtype: Any, value: int, default: Any = -1, **kwargs: Any
) -> Any:
    init = tf.lookup.TextFileInitializer(path, key_dtype, key, value_dtype, value, **kwargs)
    return tf.lookup.StaticHashTable(init, default)


def content(sess: Any, table: Any) -> dict[Any, Any]:
    sess.run(table.initializer)
    keys, values = sess.run(table.export())
    return dict(zip(keys.tolist(), values.tolist(), strict=True))


@pytest.mark.parametrize(
    ("text", "arguments", "expected"),
    [
        ("x 1\ny 2\r\nz 3", (tf.string, 0, tf.int64, 1), {b"x": 1, b"y": 2, b"z": 3}),
        ("x 1\ny 2\r\nz 3", (tf.string, WHOLE, tf.int64, NUMBER), {b"x 1": 0, b"y 2": 1, b"z 3": 2}),
        ("x 1\ny 2\r\nz 3", (tf.int64, NUMBER, tf.string, 0, "?"), {0: b"x", 1: b"y", 2: b"z"}),
        ("5\n-6\n", (tf.int64, WHOLE, tf.int64, NUMBER), {5: 0, -6: 1}),
        ("x 1.5\ny 2\n", (tf.string, 0, tf.float32, 1, 0.0), {b"x": 1.5, b"y": 2.0}),
    ],
)
def test_a_file_fills_a_table(
    sess: Any, tmp_path: pathlib.Path, text: str, arguments: Any, expected: dict[Any, Any]
) -> None:
    assert content(sess, from_file(written(tmp_path, text), *arguments, delimiter=" ")) == expected


def test_vocab_size_takes_the_first_lines(sess: Any, tmp_path: pathlib.Path) -> None:
    table = from_file(written(tmp_path, "a\nb\nc\n"), tf.string, WHOLE, tf.int64, NUMBER, vocab_size=2)
    assert content(sess, table) == {b"a": 0, b"b": 1}


@pytest.mark.parametrize(
    ("text", "arguments", "more", "error", "message"),
    [
        ("x 1\n", (tf.string, 0, tf.int64, 2), {}, "InvalidArgumentError", "expected at least 3 got 2"),
        ("x\ny\n", (tf.string, WHOLE, tf.int64, NUMBER), {"vocab_size": 5}, "InvalidArgumentError", "expected 5 but got 2"),
        ("x\ny\n\nz\n", (tf.string, WHOLE, tf.int64, NUMBER), {}, "InvalidArgumentError", "empty line found at position 5"),
        ("5\nq\n", (tf.int64, WHOLE, tf.int64, NUMBER), {}, "InvalidArgumentError", "Field q in line 1 is not a valid int64"),
        ("", (tf.string, WHOLE, tf.int64, NUMBER), {}, "OutOfRangeError", "Read less bytes than requested"),
        ("x 1\n", (tf.string, 0, tf.int64, 1), {"delimiter": "--"}, "InvalidArgumentError", "delimiter should be only 1 char"),
        ("x\nx\n", (tf.string, WHOLE, tf.int64, NUMBER), {}, "FailedPreconditionError", "different value for same key"),
    ],
)  # fmt: skip
def test_files_that_do_not_fit_are_refused(
    sess: Any, tmp_path: pathlib.Path, text: str, arguments: Any, more: Any, error: str, message: str
) -> None:
    table = from_file(written(tmp_path, text), *arguments, **{"delimiter": " ", **more})
    with pytest.raises(getattr(tf.errors, error), match=message):
        sess.run(table.initializer)


def test_a_table_is_filled_once_and_again_only_with_the_same(sess: Any) -> None:
    keys, values = tf.placeholder(tf.string), tf.placeholder(tf.int64)
    table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, values), -1)
    for _ in range(2):
        sess.run(table.initializer, {keys: ["a", "b"], values: [1, 2]})
    with pytest.raises(tf.errors.FailedPreconditionError, match="already initialized with different data"):
        sess.run(table.initializer, {keys: ["a"], values: [1]})
    assert sess.run(table.lookup(tf.constant(["b", "c"]))).tolist() == [2, -1]


def test_each_session_has_its_own_content() -> None:
    table = tf.contrib.lookup.MutableHashTable(tf.string, tf.int64, -1)
    insert, out = table.insert(tf.constant(["a"]), [1]), table.lookup(tf.constant(["a"]))
    with tf.Session() as one, tf.Session() as two:
        one.run(insert)
        assert one.run(out).tolist() == [1]
        assert two.run(out).tolist() == [-1]


def test_tables_of_one_shared_name_are_one_table(sess: Any) -> None:
    one, two = (tf.contrib.lookup.MutableHashTable(tf.string, tf.int64, d, shared_name="words") for d in (-1, -2))
    sess.run(one.insert(tf.constant(["a"]), [1]))
    assert sess.run(two.lookup(tf.constant(["a", "b"]))).tolist() == [1, -2]


def test_tables_of_one_file_are_one_table(sess: Any, tmp_path: pathlib.Path) -> None:
    path = written(tmp_path, "a\nb\n")
    one, two = (from_file(path, tf.string, WHOLE, tf.int64, NUMBER, d) for d in (-1, -2))
    sess.run(one.initializer)
    assert sess.run(two.lookup(tf.constant(["b", "c"]))).tolist() == [1, -2]


def test_a_shared_name_of_another_type_is_refused(sess: Any) -> None:
    one = tf.contrib.lookup.MutableHashTable(tf.string, tf.int64, -1, shared_name="words")
    two = tf.contrib.lookup.MutableHashTable(tf.string, tf.float32, -1, shared_name="words")
    sess.run(one.size())
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="Conflicting key/value dtypes string->float with string-int64"
    ):
        sess.run(two.size())


def test_tables_initializer_fills_all_tables(sess: Any) -> None:
    words = tf.contrib.lookup.index_table_from_tensor(tf.constant(["a", "b"]), num_oov_buckets=1)
    names = tf.contrib.lookup.index_to_string_table_from_tensor(tf.constant(["x", "y"]))
    assert tf.get_collection(tf.GraphKeys.TABLE_INITIALIZERS) == [words.initializer, names.initializer]
    sess.run(tf.tables_initializer())
    ids = words.lookup(tf.constant(["b", "c"]))
    assert sess.run(ids).tolist() == [1, 2]
    assert sess.run(names.lookup(ids)).tolist() == [b"y", b"UNK"]
    assert sess.run(words.size()) == 3


def test_vocabulary_files_count_as_assets(sess: Any, tmp_path: pathlib.Path) -> None:
    path = written(tmp_path, "a\nb\n")
    words = tf.contrib.lookup.index_table_from_file(path, num_oov_buckets=2)
    names = tf.contrib.lookup.index_to_string_table_from_file(path)
    assets = sess.run(tf.get_collection(tf.GraphKeys.ASSET_FILEPATHS))
    assert assets == [path.encode()] * 2
    sess.run(tf.tables_initializer())
    assert sess.run(words.lookup(tf.constant(["b"]))).tolist() == [1]
    assert sess.run(names.lookup(tf.constant([0, 9], tf.int64))).tolist() == [b"a", b"UNK"]


def test_a_strong_hash_needs_a_key_of_two_numbers() -> None:
    with pytest.raises(ValueError, match="key must have size 2"):
        tf.contrib.lookup.StrongHashSpec([1])
    with pytest.raises(TypeError, match="Must be unsigned integer"):
        tf.contrib.lookup.StrongHashSpec([1, "b"])


@pytest.mark.parametrize(("spec", "expected"), [("fast", [6, 8, 5, 6]), ("strong", [11, 8, 5, 9])])
def test_hash_functions_spread_unknown_words(sess: Any, spec: str, expected: list[int]) -> None:
    spec = {"fast": tf.contrib.lookup.FastHashSpec, "strong": tf.contrib.lookup.StrongHashSpec([10, 20])}[spec]
    table = tf.contrib.lookup.index_table_from_tensor(tf.constant(list("abcde")), 9, hasher_spec=spec)
    sess.run(tf.tables_initializer())
    assert sess.run(table.lookup(tf.constant(["the", "quick", "fox", "jumps"]))).tolist() == expected


def test_plain_lists_are_refused_as_keys(sess: Any) -> None:
    table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a"], ["b"]), "")
    with pytest.raises(AttributeError, match="'list' object has no attribute 'dtype'") as caught:
        table.lookup(["a"])
    assert "tf.constant(keys)" in "\n".join(caught.value.__notes__)


def test_a_changing_table_is_kept_in_checkpoints_by_its_keys_and_values(sess: Any) -> None:
    table = tf.contrib.lookup.MutableHashTable(tf.string, tf.int64, -1, name="words")
    (saved,) = tf.get_collection(tf.GraphKeys.SAVEABLE_OBJECTS)
    assert [spec.name for spec in saved.specs] == ["words-keys", "words-values"]
    restore = saved.restore([tf.constant(["a"]), tf.constant([7], tf.int64)], None)
    sess.run(table.insert(tf.constant(["b"]), [8]))
    sess.run(restore)
    assert sess.run(table.lookup(tf.constant(["a", "b"]))).tolist() == [7, -1]
    tf.contrib.lookup.MutableHashTable(tf.string, tf.int64, -1, checkpoint=False)
    assert len(tf.get_collection(tf.GraphKeys.SAVEABLE_OBJECTS)) == 1


def test_looking_up_in_a_loop(sess: Any) -> None:
    table = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(tf.constant([0, 1, 2], tf.int64), tf.constant([1, 2, 0], tf.int64)), -1
    )
    end = tf.while_loop(lambda i, k: i < 4, lambda i, k: (i + 1, table.lookup(k)), [0, tf.constant(0, tf.int64)])
    sess.run(table.initializer)
    np.testing.assert_array_equal(sess.run(end), [4, 1])

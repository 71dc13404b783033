"""Parsing as TensorFlow 1.15 does it where 2.21, which the samples are compared with, does it differently."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowlab as tf


@pytest.fixture(autouse=True)
def fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


def example(**numbers: list[int]) -> bytes:
    message = tf.train.Example()
    for key, values in numbers.items():
        message.features.feature[key].int64_list.value.extend(values)
    data: bytes = message.SerializeToString()
    return data


def run(fetches: Any) -> Any:
    with tf.Session() as sess:
        return sess.run(fetches)


def test_a_named_example_is_parsed_as_a_batch_of_one() -> None:
    features = {"a": tf.FixedLenFeature([1], tf.int64), "b c": tf.VarLenFeature(tf.int64)}
    parsed = tf.parse_single_example(example(a=[3], **{"b c": [7, 8]}), features, example_names="first")
    assert parsed["a"].op.name == "ParseSingleExample/Squeeze_a"
    assert parsed["b c"].indices.op.name == "ParseSingleExample/Slice_Indices_b_c"
    dense, sparse = run([parsed["a"], parsed["b c"]])
    assert dense.tolist() == [3]
    assert sparse.indices.tolist() == [[0], [1]]
    assert sparse.values.tolist() == [7, 8]
    assert sparse.dense_shape.tolist() == [2]
    missing = tf.parse_single_example(b"", {"q": tf.FixedLenFeature([], tf.int64)}, example_names="first")
    with pytest.raises(tf.errors.InvalidArgumentError, match="Name: first, Feature: q"):
        run(missing["q"])
    with pytest.raises(ValueError, match="Input names must be a scalar"):
        tf.parse_single_example(b"", {"q": tf.FixedLenFeature([], tf.int64)}, example_names=["first"])


def test_a_batch_is_a_vector_and_one_example_a_scalar() -> None:
    feature = {"a": tf.FixedLenFeature([], tf.int64)}
    for call, value, rank in ((tf.parse_example, b"", 1), (tf.parse_single_example, [b""], 0)):
        with pytest.raises(ValueError, match=f"Shape must be rank {rank} but is rank {1 - rank}"):
            call(value, feature)
        holder = tf.placeholder(tf.string)
        with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError, match="Expected serialized to be a"):
            sess.run(call(holder, feature)["a"], {holder: value})


def test_what_is_no_example_is_refused() -> None:
    for call, value in ((tf.parse_example, [b"\xff"]), (tf.parse_single_example, b"\xff")):
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"Could not parse example input, value: '\\xff'"):
            run(call(value, {"a": tf.FixedLenFeature([], tf.int64)})["a"])


def test_messages_about_one_sequence_have_its_name() -> None:
    context = {"q": tf.FixedLenFeature([], tf.int64)}
    parsed, _ = tf.parse_single_sequence_example(b"", context, example_name="clip")
    with pytest.raises(tf.errors.InvalidArgumentError, match="Name: clip, Context feature 'q' is required"):
        run(parsed["q"])
    _, lists = tf.parse_single_sequence_example(b"", None, {"w": tf.FixedLenSequenceFeature([2], tf.int64)})
    with pytest.raises(tf.errors.InvalidArgumentError, match="Name: , Feature list 'w' is required"):
        run(lists["w"])


def test_the_last_of_features_with_one_name_counts() -> None:
    both = example(a=[1]) + example(a=[2])
    assert run(tf.parse_single_example(both, {"a": tf.FixedLenFeature([], tf.int64)})["a"]) == 2


def test_bytes_that_unpack_without_end_are_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    import zlib

    from flowlab._src.ops import parsing

    monkeypatch.setattr(parsing, "MOST_BYTES", 10_000)
    with pytest.raises(tf.errors.ResourceExhaustedError, match="longer than 10000 bytes"):
        run(tf.io.decode_compressed(zlib.compress(bytes(10_000_000)), "ZLIB"))


def test_numbers_as_wide_as_memory_are_refused() -> None:
    with pytest.raises(tf.errors.ResourceExhaustedError):
        run(tf.as_string([1.0], width=2**40))
    with pytest.raises(tf.errors.ResourceExhaustedError):
        run(tf.as_string([1.0], precision=2**40))


def test_a_large_batch_keeps_its_order() -> None:
    rng = np.random.RandomState(0)
    rows = [rng.randint(0, 100, rng.randint(0, 5)).tolist() for _ in range(300)]
    batch = [example(a=row) for row in rows]
    sparse = run(tf.parse_example(batch, {"a": tf.VarLenFeature(tf.int64)})["a"])
    padded = run(tf.parse_example(batch, {"a": tf.FixedLenSequenceFeature([], tf.int64, True, -1)})["a"])
    assert [padded[i, : len(row)].tolist() for i, row in enumerate(rows)] == rows
    assert sparse.values.tolist() == [v for row in rows for v in row]
    assert (padded == -1).sum() == padded.size - len(sparse.values)

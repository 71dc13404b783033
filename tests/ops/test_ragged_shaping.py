"""Ragged tensors repeated, squeezed, looked up and partitioned; the answers are TensorFlow's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowlab as tf


@pytest.fixture(autouse=True)
def fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


def run(value: Any) -> Any:
    with tf.Session() as sess:
        return as_lists(sess.run(value))


def as_lists(value: Any) -> Any:
    if isinstance(value, list):
        return [as_lists(v) for v in value]
    return value.to_list() if hasattr(value, "to_list") else np.asarray(value).tolist()


def rows() -> Any:
    return tf.ragged.constant([[1, 2, 3], [], [4]])


def deep() -> Any:
    return tf.ragged.constant([[[1, 2], [3]], [[4]]])


HOT = np.eye(7).tolist()


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda: tf.tile(rows(), [2, 3]), [[1, 2, 3] * 3, [], [4] * 3] * 2),
        (lambda: tf.tile(rows(), [1, 0]), [[], [], []]),
        (lambda: tf.tile(rows(), tf.constant([2, 1], tf.int64)), [[1, 2, 3], [], [4]] * 2),
        (lambda: tf.tile(deep(), [1, 2, 1]), [[[1, 2], [3], [1, 2], [3]], [[4], [4]]]),
        (lambda: tf.tile(deep(), [1, 1, 2]), [[[1, 2, 1, 2], [3, 3]], [[4, 4]]]),
        (lambda: tf.squeeze(tf.ragged.constant([[[1], [2]], [[3]]], ragged_rank=1), [2]), [[1, 2], [3]]),
        (lambda: tf.squeeze(tf.expand_dims(rows(), 0), [0]), [[1, 2, 3], [], [4]]),
        (lambda: tf.squeeze(tf.expand_dims(rows(), 1), 1), [[1, 2, 3], [], [4]]),
        (lambda: tf.squeeze(tf.expand_dims(rows(), 2), -1), [[1, 2, 3], [], [4]]),
        (lambda: tf.gather_nd(rows(), [[0, 1], [2, 0]]), [2, 4]),
        (lambda: tf.gather_nd(rows(), [2, 0]), 4),
        (lambda: tf.gather_nd(rows(), [[0], [2]]), [[1, 2, 3], [4]]),
        (lambda: tf.gather_nd(deep(), [[0, 1], [1, 0]]), [[3], [4]]),
        (lambda: tf.gather_nd(deep(), [[[0, 0, 1]], [[1, 0, 0]]]), [[2], [4]]),
        (
            lambda: tf.gather_nd(rows(), tf.ragged.constant([[[0, 0]], [[0, 1], [2, 0]]], ragged_rank=1)),
            [[1], [2, 4]],
        ),
        (lambda: tf.one_hot(rows(), 7), [[HOT[1], HOT[2], HOT[3]], [], [HOT[4]]]),
        (lambda: tf.one_hot(rows(), 2, 5, -1, axis=2), [[[-1, 5], [-1, -1], [-1, -1]], [], [[-1, -1]]]),
        (lambda: tf.dynamic_partition(rows(), [0, 1, 0], 2), [[[1, 2, 3], [4]], [[]]]),
        (lambda: tf.ragged.stack_dynamic_partitions(rows(), [0, 1, 0], 2), [[[1, 2, 3], [4]], [[]]]),
        (lambda: tf.ragged.stack_dynamic_partitions([1, 2, 3], [0, 1, 0], 3), [[1, 3], [2], []]),
        (lambda: tf.ragged.stack_dynamic_partitions(rows(), tf.zeros_like(rows()), 2), [[1, 2, 3, 4], []]),
        (lambda: tf.ragged.stack_dynamic_partitions([[1, 2], [3, 4]], [[0, 1], [1, 0]], 2), [[1, 4], [2, 3]]),
        (lambda: tf.where(rows() > 2), [[0, 2], [2, 0]]),
        (lambda: tf.where(tf.equal(deep(), 3)), [[0, 1, 0]]),
        (lambda: tf.batch_gather(rows(), tf.ragged.constant([[0], [], [0]], dtype=tf.int64)), [[1], [], [4]]),
        (lambda: tf.batch_gather([[1, 2], [3, 4]], tf.ragged.constant([[1, 1, 0], [0]])), [[2, 2, 1], [3]]),
    ],
)
def test_values(call: Any, expected: Any) -> None:
    assert run(call()) == expected


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: tf.squeeze(rows()), ValueError, "Ragged.squeeze must have an axis argument"),
        (lambda: tf.squeeze(rows(), [5]), ValueError, "out of range"),
        (lambda: tf.tile(rows(), [1, 2, 3]), ValueError, "multiples"),
        (lambda: tf.one_hot(rows(), 3, axis=1), ValueError, "must be greater than indices.ragged_rank"),
    ],
)
def test_refused_while_building(call: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tf.squeeze(rows(), [0]), r"axis = 0\) is not squeezable"),
        (lambda: tf.squeeze(rows(), [1]), r"axis = 1\) is not squeezable"),
        (lambda: tf.gather_nd(rows(), [[1, 0]]), "out of bounds"),
        (lambda: tf.ragged.stack_dynamic_partitions([1, 2], [0, 5], 3), "partitions must be less than num_partitions"),
        (lambda: tf.batch_gather(rows(), tf.ragged.constant([[3], [], [0]])), "out of bounds"),
    ],
)
def test_refused_for_its_values(call: Any, message: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        run(call())


def test_gradients_go_back_through_copies_and_choices() -> None:
    x = tf.constant([1.0, 2.0, 3.0, 4.0])
    rt = tf.RaggedTensor.from_row_splits(x, [0, 3, 3, 4])
    copies = tf.gradients(tf.tile(rt, [2, 3]).flat_values, x)[0]
    chosen = tf.gradients(tf.gather_nd(rt, [[0, 1], [0, 1], [2, 0]]), x)[0]
    assert run([copies, tf.convert_to_tensor(chosen)]) == [[6, 6, 6, 6], [0, 2, 0, 1]]


def test_older_spellings() -> None:
    table = tf.Variable(tf.ones([5, 2]))
    rows_of_gradient = tf.gradients(tf.gather(table, [0, 3]), table)[0]
    assert rows_of_gradient.values.op.values() == tuple(rows_of_gradient.values.op.outputs)
    used = tf.identity(rows_of_gradient.values)
    assert used.op in rows_of_gradient.consumers()

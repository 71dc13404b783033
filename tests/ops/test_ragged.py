"""Ragged tensors in sessions: feeding, fetching, what they say of themselves. Recorded from TensorFlow 2.21."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import flowlab as tf


@pytest.fixture
def sess() -> Any:
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def test_a_fetched_ragged_tensor_is_a_value(sess: Any) -> None:
    rt = tf.ragged.constant([[[1, 2], []], [], [[3]]])
    value = sess.run(rt)
    assert isinstance(value, tf.ragged.RaggedTensorValue)
    assert value.to_list() == [[[1, 2], []], [], [[3]]]
    assert (value.ragged_rank, value.shape, value.dtype) == (2, (3, None, None), np.dtype(np.int32))
    assert value.flat_values.tolist() == [1, 2, 3]
    assert [s.tolist() for s in value.nested_row_splits] == [[0, 2, 2, 3], [0, 2, 2, 3]]
    assert [v.to_list() for v in sess.run([rt[0], rt[2:]])] == [[[1, 2], []], [[[3]]]]


def test_a_placeholder_is_fed_a_value(sess: Any) -> None:
    x = tf.ragged.placeholder(tf.float32, ragged_rank=2, value_shape=[])
    names = [op.name for op in tf.get_default_graph().get_operations()]
    assert names[:3] == [f"RaggedPlaceholder/{part}" for part in ("flat_values", "row_splits_1", "row_splits_0")]
    value = tf.ragged.constant_value([[[1.0], []], [[2.0, 3.0]]], dtype=np.float32)
    assert sess.run(x * 2.0, {x: value}).to_list() == [[[2.0], []], [[4.0, 6.0]]]
    with pytest.raises(TypeError, match="Cannot feed value of type list") as caught:
        sess.run(x, {x: [[[1.0]]]})
    assert "tf.ragged.constant_value" in "\n".join(caught.value.__notes__)


def test_a_ragged_tensor_tells_what_it_is() -> None:
    rt = tf.ragged.constant([[1, 2], [3]])
    assert rt.shape.as_list() == [2, None]
    assert (rt.dtype, rt.ragged_rank, rt.graph) == (tf.int32, 1, rt.values.graph)
    assert str(rt).startswith('tf.RaggedTensor(values=Tensor("RaggedConstant/values:0", shape=(3,), dtype=int32), ')
    assert tf.ragged.constant([[[1, 2]], [[3, 4], [5, 6]]], ragged_rank=1).shape.as_list() == [2, None, 2]
    with pytest.raises(ValueError, match="only supported in eager mode"):
        rt.to_list()


def test_ragged_values_check_their_parts() -> None:
    value = tf.ragged.RaggedTensorValue(np.array([1, 2, 3]), np.array([0, 2, 3]))
    assert value.to_list() == [[1, 2], [3]]
    assert repr(value) == "tf.RaggedTensorValue(values=array([1, 2, 3]), row_splits=array([0, 2, 3]))"
    with pytest.raises(TypeError, match="row_splits must be a 1D int32 or int64 numpy array"):
        tf.ragged.RaggedTensorValue(np.array([1, 2, 3]), [0, 2, 3])
    with pytest.raises(TypeError, match="values must be a numpy array or a RaggedTensorValue"):
        tf.ragged.RaggedTensorValue([1, 2, 3], np.array([0, 2, 3]))


def test_rows_that_differ_cannot_be_added(sess: Any) -> None:
    a, b = tf.ragged.constant([[1], [2, 3]]), tf.ragged.constant([[1, 2], [3]])
    with pytest.raises(tf.errors.InvalidArgumentError, match="Inputs must have identical ragged splits"):
        sess.run(a + b)


def test_a_column_of_a_tensor_is_stretched_over_the_rows(sess: Any) -> None:
    rt = tf.ragged.constant([[1, 2, 3], [], [4]])
    assert sess.run(rt + [[10], [20], [30]]).to_list() == [[11, 12, 13], [], [34]]
    assert sess.run(tf.constant([[10]]) * rt).to_list() == [[10, 20, 30], [], [40]]
    assert sess.run(np.array([5], np.int32) - rt).to_list() == [[4, 3, 2], [], [1]]


def test_ragged_tensors_pass_through_branches(sess: Any) -> None:
    x = tf.ragged.constant([[1, 2], [3]])
    pred = tf.placeholder(tf.bool, [])
    chosen = tf.cond(pred, lambda: x, lambda: x + 10)
    assert sess.run(chosen, {pred: True}).to_list() == [[1, 2], [3]]
    assert sess.run(chosen, {pred: False}).to_list() == [[11, 12], [13]]


def test_functions_of_tensors_keep_the_rows(sess: Any) -> None:
    numbers = tf.ragged.constant([[0.5, 0.25], [], [1.0]])
    functions = [
        tf.abs, tf.ceil, tf.cos, tf.exp, tf.floor, tf.identity, tf.log, tf.negative, tf.ones_like, tf.round, tf.sigmoid,
        tf.sign, tf.sin, tf.sqrt, tf.square, tf.tanh, tf.zeros_like, tf.is_finite, tf.nn.relu, tf.log_sigmoid,
        lambda t: tf.cast(t, tf.int32), lambda t: tf.clip_by_value(t, 0.3, 0.7), lambda t: tf.saturate_cast(t, tf.int32),
        lambda t: tf.divide(t, 2.0), lambda t: tf.truediv(1.0, t), lambda t: tf.div_no_nan(t, t), lambda t: tf.add_n([t, t]),
    ]  # fmt: skip
    for function in functions:
        ragged, flat = sess.run([function(numbers), function(numbers.flat_values)])
        assert ragged.row_splits.tolist() == [0, 2, 2, 3]
        np.testing.assert_array_equal(ragged.flat_values, flat)


@given(st.lists(st.lists(st.integers(-5, 5), max_size=4), min_size=1, max_size=5))
@settings(max_examples=30, deadline=None)
def test_rows_as_python_has_them(rows: list[list[int]]) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        rt = tf.ragged.constant(rows, dtype=tf.int32, ragged_rank=1)
        got = session.run(
            {
                "rows": rt,
                "sums": tf.reduce_sum(rt, axis=1),
                "turned": rt[:, ::-1],
                "tail": rt[1:],
                "ends": rt[:, -2:],
                "twice": tf.concat([rt, rt], axis=1),
                "back": tf.RaggedTensor.from_sparse(rt.to_sparse()),
                "dense": tf.RaggedTensor.from_tensor(rt.to_tensor(), lengths=rt.row_lengths()),
            }
        )
    assert got["rows"].to_list() == rows
    assert got["sums"].tolist() == [sum(row) for row in rows]
    assert got["turned"].to_list() == [row[::-1] for row in rows]
    assert got["tail"].to_list() == rows[1:]
    assert got["ends"].to_list() == [row[-2:] for row in rows]
    assert got["twice"].to_list() == [row + row for row in rows]
    assert got["back"].to_list() == rows
    assert got["dense"].to_list() == rows

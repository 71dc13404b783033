"""Sparse tensors in sessions: feeding, fetching, what they say of themselves. Recorded from TensorFlow 2.21."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as hnp

import flowlab as tf
from flowlab._src.kernels import sparse


@pytest.fixture
def sess() -> Any:
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


VALUE = tf.SparseTensorValue(np.array([[0, 1], [2, 0]]), np.array([1.5, 2.5], np.float32), np.array([3, 2]))


def equal(a: Any, b: Any) -> bool:
    return type(a) is type(b) and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("value", [VALUE, tuple(VALUE), ([[0, 1], [2, 0]], [1.5, 2.5], [3, 2])])
def test_a_sparse_placeholder_is_fed_by_its_parts(sess: Any, value: Any) -> None:
    x = tf.sparse_placeholder(tf.float32)
    assert equal(sess.run(x, {x: value}), VALUE)
    assert equal(x.eval({x: value}, sess), VALUE)
    assert [type(v).__name__ for v in sess.run([x, {"twice": x}], {x: value})] == ["SparseTensorValue", "dict"]


def test_a_placeholder_of_known_shape_has_two_parts_to_feed(sess: Any) -> None:
    x = tf.sparse_placeholder(tf.float32, [3, 2], name="x")
    assert [op.name for op in tf.get_default_graph().get_operations()] == ["x/shape", "x/values", "x/indices"]
    assert [op.type for op in tf.get_default_graph().get_operations()] == ["Const", "Placeholder", "Placeholder"]
    assert x.shape.as_list() == [3, 2]
    assert sess.run(tf.sparse.to_dense(x), {x: VALUE}).tolist() == [[0.0, 1.5], [0.0, 0.0], [2.5, 0.0]]


def test_static_shapes(sess: Any) -> None:
    assert tf.sparse_placeholder(tf.float32).shape.ndims is None
    assert tf.sparse_placeholder(tf.float32, [None, 3]).shape.as_list() == [None, None]
    assert tf.SparseTensor([[0]], [1], [7]).get_shape().as_list() == [7]


def test_a_feed_without_three_parts_is_refused(sess: Any) -> None:
    x = tf.sparse_placeholder(tf.float32)
    with pytest.raises(ValueError, match="Cannot feed value of type list") as caught:
        sess.run(x, {x: [1.0, 2.0]})
    assert "tf.SparseTensorValue(indices, values, dense_shape)" in "\n".join(caught.value.__notes__)


def test_partial_runs_take_sparse_feeds(sess: Any) -> None:
    x = tf.sparse_placeholder(tf.float32)
    total = tf.sparse_reduce_sum(x)
    handle = sess.partial_run_setup([total], [x])
    assert sess.partial_run(handle, total, {x: VALUE}) == 4.0


def test_a_sparse_tensor_tells_its_parts() -> None:
    x = tf.SparseTensor([[0, 1]], [1.5], [2, 2])
    assert (x.dtype, x.graph, x.op) == (tf.float32, x.values.graph, x.values.op)
    assert str(x) == (
        'SparseTensor(indices=Tensor("SparseTensor/indices:0", shape=(1, 2), dtype=int64), '
        'values=Tensor("SparseTensor/values:0", shape=(1,), dtype=float32), '
        'dense_shape=Tensor("SparseTensor/dense_shape:0", shape=(2,), dtype=int64))'
    )
    doubled = x * 2.0
    assert doubled.values.op in x.consumers()
    assert tf.convert_to_tensor_or_sparse_tensor(x) is x
    assert tf.SparseTensor.from_value(VALUE).shape.as_list() == [3, 2]


def test_operators_that_make_no_sense_are_refused() -> None:
    x = tf.SparseTensor([[0, 1]], [1.5], [2, 2])
    with pytest.raises(TypeError, match="unsupported operand"):
        _ = x + 1  # type: ignore[operator]  # that is what is tested
    with pytest.raises(RuntimeError, match="Sparse dtype: requested = int32, actual = float32"):
        tf.convert_to_tensor_or_sparse_tensor(x, tf.int32)
    with pytest.raises(TypeError, match="Neither a SparseTensor nor SparseTensorValue: 3"):
        tf.SparseTensor.from_value(3)


def test_parts_that_do_not_fit_are_explained() -> None:
    with pytest.raises(ValueError, match="Dimensions 2 and 3 are not compatible") as caught:
        tf.SparseTensor([[0, 1]], [1.5], [2, 2, 2])
    notes = "\n".join(caught.value.__notes__)
    assert "tf.SparseTensor([[0, 1]], [1.5], [2, 2, 2])" in notes
    assert "dense_shape has a size for each number of a place" in notes


def test_gradients_flow_to_the_values(sess: Any) -> None:
    values = tf.constant([1.0, 2.0])
    x = tf.SparseTensor([[0, 1], [1, 0]], values, [2, 2])
    loss = tf.reduce_sum(tf.sparse.sparse_dense_matmul(x, tf.constant([[1.0], [10.0]])) ** 2)
    assert sess.run(tf.gradients(loss, values)[0]).tolist() == [200.0, 4.0]
    for op in (tf.sparse.maximum, tf.sparse.minimum):
        with pytest.raises(NotImplementedError, match="is not implemented"):
            tf.gradients(op(x, x).values, values)


def test_sparse_tensors_pass_through_branches_and_loops(sess: Any) -> None:
    x = tf.sparse_placeholder(tf.float32, [3, 2])
    chosen = tf.cond(tf.reduce_sum(x.values) > 3.0, lambda: x, lambda: tf.SparseTensor(x.indices, -x.values, [3, 2]))
    assert sess.run(chosen, {x: VALUE}).values.tolist() == [1.5, 2.5]
    assert sess.run(chosen, {x: VALUE._replace(values=[1, 1])}).values.tolist() == [-1.0, -1.0]


def test_functions_that_leave_zero_alone_take_sparse_tensors(sess: Any) -> None:
    x = tf.SparseTensor([[0, 1], [1, 0]], [-4.0, 9.0], [2, 2])
    assert sess.run(tf.sign(x)).values.tolist() == [-1.0, 1.0]
    assert sess.run(tf.negative(x)).values.tolist() == [4.0, -9.0]
    with pytest.raises(TypeError):
        tf.exp(x)
    with pytest.raises(TypeError):
        tf.add(x, 1.0)


def test_crossed_words_are_joined(sess: Any) -> None:
    words = tf.SparseTensor([[0, 0], [0, 1], [2, 0]], ["a", "b", "c"], [3, 2])
    numbers = tf.constant([[1, 2], [3, 4], [5, 6]])
    crossed = sess.run(tf.sparse.cross([numbers, words]))
    assert crossed.values.tolist() == [b"a_X_1", b"a_X_2", b"b_X_1", b"b_X_2", b"c_X_5", b"c_X_6"]
    assert crossed.indices.tolist() == [[0, 0], [0, 1], [0, 2], [0, 3], [2, 0], [2, 1]]
    assert crossed.dense_shape.tolist() == [3, 4]


def test_places_far_apart_are_ordered_too() -> None:
    places = np.array([[2**62, 0, 5], [0, 2**62, 1], [2**62, 0, 4], [0, 3, 2**61]])
    assert sparse.in_order(places).tolist() == [3, 1, 2, 0]


@given(hnp.arrays(np.int64, st.tuples(st.integers(0, 8), st.integers(1, 3)), elements=st.integers(-3, 2**40)))
@settings(max_examples=50)
def test_places_are_ordered_as_python_orders_tuples(places: np.ndarray) -> None:
    rows = [tuple(row) for row in places.tolist()]
    assert [rows[i] for i in sparse.in_order(places)] == sorted(rows)


@given(hnp.arrays(np.float32, hnp.array_shapes(min_dims=1, max_dims=3, max_side=4), elements=st.integers(-2, 2)))
@settings(max_examples=25, deadline=None)
def test_from_dense_and_back(x: np.ndarray) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        held = tf.sparse.from_dense(x)
        turned = tf.sparse.transpose(held)
        back, backwards, total = session.run(
            [tf.sparse.to_dense(held), tf.sparse.to_dense(turned), tf.sparse.reduce_sum(held, -1)]
        )
    np.testing.assert_array_equal(back, x)
    np.testing.assert_array_equal(backwards, x.T)
    np.testing.assert_array_equal(total, x.sum(-1))

"""`tf.py_func`: what the function is given, what becomes of its results and of its exceptions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowlab as tf


def run(function: Any, inputs: Any, types: Any) -> Any:
    with tf.Session() as sess:
        return sess.run(tf.py_func(function, inputs, types))


def test_the_function_gets_arrays_and_numbers() -> None:
    seen: list[Any] = []
    run(
        lambda *args: seen.extend(args),
        [tf.constant(3.0), tf.constant([1, 2]), tf.constant("a"), tf.constant(["b"])],
        [],
    )
    assert [type(s) for s in seen] == [np.float32, np.ndarray, bytes, np.ndarray]
    assert seen[2] == b"a"
    assert seen[3].tolist() == [b"b"]


def test_results_are_arrays_of_the_types_given() -> None:
    a, b, c = run(lambda x: (x * 2, "é", 3), [tf.constant([1.5])], [tf.float32, tf.string, tf.int64])
    np.testing.assert_array_equal(a, np.array([3.0], np.float32))
    assert (b, c) == ("é".encode(), 3)


def test_one_type_gives_a_tensor_and_a_list_a_list() -> None:
    assert isinstance(tf.py_func(lambda: 1, [], tf.int64), tf.Tensor)
    assert len(tf.py_func(lambda: 1, [], [tf.int64])) == 1
    assert isinstance(tf.py_func(lambda: None, [], []), tf.Operation)
    assert tf.py_func(lambda: 1, [], tf.int64).shape.ndims is None


def test_the_function_may_write_into_what_it_gets() -> None:
    def clear(x: np.ndarray) -> np.ndarray:
        x[:] = 0
        return x

    x = tf.constant([1.0, 2.0])
    with tf.Session() as sess:
        cleared, kept = sess.run([tf.py_func(clear, [x], tf.float32), x])
    np.testing.assert_array_equal(cleared, [0, 0])
    np.testing.assert_array_equal(kept, [1, 2])


def test_stateful_functions_run_each_time() -> None:
    count = iter(range(10))
    node = tf.py_func(lambda: next(count), [], tf.int64)
    with tf.Session() as sess:
        assert [int(sess.run(node)) for _ in range(3)] == [0, 1, 2]


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (ValueError("no"), tf.errors.InvalidArgumentError),
        (TypeError("no"), tf.errors.InvalidArgumentError),
        (StopIteration("no"), tf.errors.OutOfRangeError),
        (MemoryError("no"), tf.errors.ResourceExhaustedError),
        (NotImplementedError("no"), tf.errors.UnimplementedError),
        (ZeroDivisionError("no"), tf.errors.UnknownError),
        (KeyError("no"), tf.errors.UnknownError),
    ],
)
def test_exceptions_become_tensorflows(raised: Exception, expected: Any) -> None:
    def fail() -> None:
        raise raised

    with pytest.raises(expected, match=f"{type(raised).__name__}: .*no") as caught:
        run(fail, [], tf.float32)
    assert "in fail" in caught.value.message, "the user's own line must be there"


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda: np.float64(1), "0-th value returned by pyfunc_[0-9]+ is double, but expects float"),
        (lambda: (1, 2), "pyfunc_[0-9]+ returns 2 values, but expects to see 1 values."),
        (lambda: None, "pyfunc_[0-9]+ returns 0 values, but expects to see 1 values."),
    ],
)
def test_results_of_another_kind_are_refused(function: Any, message: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        run(function, [], tf.float32)


def test_what_cannot_be_called_is_refused() -> None:
    with pytest.raises(ValueError, match="Expected func to be callable"):
        tf.py_func(3, [], tf.float32)


def test_no_gradient_flows_through() -> None:
    x = tf.constant(1.0)
    assert tf.gradients(tf.py_func(np.square, [x], tf.float32), x) == [None]


def test_numpy_function_and_stateless_functions() -> None:
    x = tf.constant([1.0, 4.0])
    with tf.Session() as sess:
        np.testing.assert_array_equal(sess.run(tf.numpy_function(np.sqrt, [x], tf.float32)), [1, 2])
        np.testing.assert_array_equal(sess.run(tf.py_func(np.sqrt, [x], tf.float32, stateful=False)), [1, 2])
    assert tf.py_func(np.sqrt, [x], tf.float32, stateful=False).op.type == "PyFuncStateless"

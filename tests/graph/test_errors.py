"""Errors while building: TensorFlow's first line, then where, what met, what to type. Whole texts."""

from __future__ import annotations

import pytest

import flowlab as tf


def text_of(error: BaseException) -> str:
    """Message and notes, as a traceback shows them."""
    return "\n".join([str(error), *getattr(error, "__notes__", [])])


def test_matmul_of_sizes_that_do_not_fit() -> None:
    x = tf.placeholder(tf.float32, [None, 784], name="x")
    w = tf.Variable(tf.zeros([28, 10]), name="w")
    with pytest.raises(ValueError) as caught:
        tf.matmul(x, w)
    text = text_of(caught.value)
    assert text.startswith(
        "Dimensions must be equal, but are 784 and 28 for 'MatMul' (op: 'MatMul') with input shapes: [?,784], [28,10]."
    )
    assert "  Where   test_errors.py, line " in text
    assert "tf.matmul(x, w)" in text
    assert "a = 'x:0' float32 (?, 784)      b = 'w/read:0' float32 (28, 10)" in text


def test_dtypes_that_differ() -> None:
    x = tf.constant([1, 2])
    w = tf.Variable(0.5)
    with pytest.raises(TypeError) as caught:
        _ = x * w
    text = text_of(caught.value)
    assert text.startswith("Input 'y' of 'Mul' Op has type float32 that does not match type int32 of argument 'x'.")
    assert "tf.cast" in text


def test_a_tensor_as_a_condition_names_the_tensor() -> None:
    x = tf.constant(4.0, name="x")
    with pytest.raises(TypeError) as caught:
        bool(x > 3.0)
    text = text_of(caught.value)
    assert text.startswith("using a `tf.Tensor` as a Python `bool` is not allowed in Graph execution.")
    assert "'Greater:0'" in text
    assert "tf.cond" in text


def test_a_name_that_is_nearly_right_is_offered() -> None:
    tf.constant(1.0, name="weights")
    with pytest.raises(KeyError, match="Did you mean 'weights'"):
        tf.get_default_graph().get_tensor_by_name("wieghts:0")


def test_numpy_functions_on_tensors_say_what_to_do() -> None:
    import numpy as np

    with pytest.raises(NotImplementedError) as caught:
        np.sin(np.asarray(tf.constant(1.0)))
    assert "sess.run" in text_of(caught.value)


def test_a_variable_made_twice_says_where_the_first_was_made() -> None:
    tf.get_variable("w", [3])
    with pytest.raises(ValueError) as caught:
        tf.get_variable("w", [3])
    text = text_of(caught.value)
    assert text.startswith(
        "Variable w already exists, disallowed. Did you mean to set reuse=True or reuse=tf.AUTO_REUSE in VarScope?"
    )
    assert 'tf.get_variable("w", [3])' in text
    assert "AUTO_REUSE" in text


def test_no_gradient_says_where_the_path_is_cut() -> None:
    w = tf.Variable(tf.zeros([3, 2]), name="w")
    guess = tf.argmax(w, 1)
    loss = tf.reduce_mean(tf.cast(guess, tf.float32))
    with pytest.raises(ValueError) as caught:
        tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    text = text_of(caught.value)
    assert text.startswith(
        "No gradients provided for any variable, check your graph for ops that do not support gradients, between variables"
    )
    assert "it is cut at 'ArgMax' (your guess), as ArgMax has no derivative" in text


def test_a_finalized_graph_names_what_was_about_to_be_added() -> None:
    tf.constant(1.0)
    tf.get_default_graph().finalize()
    with pytest.raises(RuntimeError, match="Graph is finalized and cannot be modified") as caught:
        tf.constant(2.0)
    assert "'Const'" in text_of(caught.value)

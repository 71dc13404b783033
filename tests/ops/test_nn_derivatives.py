"""Derivatives of operations that only know single precision, against differences of their formula in double precision."""

from __future__ import annotations

import numpy as np
import pytest

import flowlab as tf


def normalized(x: np.ndarray, radius: int, bias: float, alpha: float, beta: float) -> np.ndarray:
    """Local response normalization by its definition."""
    squares = np.stack(
        [(x[..., max(0, d - radius) : d + radius + 1] ** 2).sum(axis=-1) for d in range(x.shape[-1])], axis=-1
    )
    result: np.ndarray = x / (bias + alpha * squares) ** beta
    return result


@pytest.mark.parametrize("settings", [(5, 1.0, 1.0, 0.5), (1, 2.0, 0.5, 0.75), (0, 1.0, 0.3, 1.0)])
def test_local_response_normalization(settings: tuple[int, float, float, float]) -> None:
    x = np.random.default_rng(3).standard_normal((1, 2, 2, 5))
    weights = np.arange(x.size).reshape(x.shape) * 0.3 + 1
    numeric, step = np.zeros(x.shape), 1e-6
    for place in np.ndindex(x.shape):
        shift = np.zeros(x.shape)
        shift[place] = step
        change = normalized(x + shift, *settings) - normalized(x - shift, *settings)
        numeric[place] = (change * weights).sum() / (2 * step)
    with tf.Graph().as_default(), tf.Session() as sess:
        inputs = tf.constant(x, tf.float32)
        output = tf.nn.lrn(inputs, *settings)
        slope = tf.gradients(output * tf.constant(weights, tf.float32), inputs)[0]
        np.testing.assert_allclose(sess.run(output), normalized(x, *settings), rtol=1e-5)
        np.testing.assert_allclose(sess.run(slope), numeric, rtol=2e-4, atol=2e-4)


def test_gradients_through_fake_quantization_are_those_of_clipping() -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        x, low, high = tf.constant([-2.0, -0.6, 0.2, 3.0]), tf.constant(-1.0), tf.constant(1.0)
        y = tf.fake_quant_with_min_max_vars(x, low, high)
        slopes = sess.run(tf.gradients(y * tf.constant([1.0, 2.0, 3.0, 4.0]), [x, low, high]))
    assert slopes[0].tolist() == [0, 2, 3, 0]
    assert (slopes[1], slopes[2]) == (1, 4)


def test_a_gradient_that_is_prevented_is_refused_with_the_reason() -> None:
    with tf.Graph().as_default():
        x = tf.constant(1.0)
        y = tf.raw_ops.PreventGradient(input=x, message="not today")
        with pytest.raises(LookupError, match=r"Gradient explicitly disabled.*not today"):
            tf.gradients(y, x)

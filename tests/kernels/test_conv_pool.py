"""Convolution, bias, rectifier and pooling as one kernel: against the four kernels, one after the other."""

import numpy as np
import pytest

from flowlab._src.kernels import conv, conv_pool, elementwise, pool

NONE = ((0, 0), (0, 0))
CASES = [
    # images, filter, strides, padding, dilations, window
    ((3, 8, 8, 1), (5, 5, 1, 32), (1, 1), ((2, 2), (2, 2)), (1, 1), ((2, 2), (2, 2), NONE)),
    ((2, 9, 11, 3), (3, 3, 3, 7), (1, 1), ((1, 1), (1, 1)), (1, 1), ((2, 2), (2, 2), ((0, 1), (0, 1)))),
    ((5, 12, 13, 4), (3, 2, 4, 17), (2, 1), ((1, 0), (0, 1)), (1, 1), ((3, 3), (2, 2), ((1, 1), (0, 1)))),
    ((1, 14, 14, 2), (3, 3, 2, 33), (1, 1), NONE, (2, 2), ((3, 2), (1, 2), NONE)),
    ((7, 10, 10, 3), (1, 1, 3, 5), (1, 1), NONE, (1, 1), ((2, 2), (3, 3), NONE)),
]


def uniform(seed, dtype, *shape):
    return np.random.RandomState(seed).uniform(-1, 1, shape).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_layer_and_its_gradient(case, dtype, compiled, monkeypatch):
    shape, size, strides, padding, dilations, window = case
    monkeypatch.setattr(conv_pool, "BUFFER", 2000)
    monkeypatch.setattr(conv_pool.conv_loops, "LEAST", 1)
    x, w, b = uniform(0, dtype, *shape), uniform(1, dtype, *size), uniform(2, dtype, size[3])
    rectified = elementwise.relu(conv.conv2d(x, w, strides, padding, dilations) + b)
    expected = pool.max_pool(rectified, *window)
    done = conv_pool.conv_relu_pool(x, w, b, strides, padding, dilations, window)
    assert done is not None
    y, places = done
    np.testing.assert_array_equal(y, expected)
    dy = uniform(3, dtype, *y.shape)
    dx = elementwise.relu_grad(pool.max_pool_grad(rectified, expected, dy, *window), rectified)
    for gradient in (conv_pool.relu_pool_grad, conv_pool.numpy_relu_pool_grad):
        got, bias_grad = gradient(y, places, dy, rectified.shape, window)
        np.testing.assert_allclose(got, dx, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(bias_grad, dx.sum(axis=(0, 1, 2)), rtol=1e-4, atol=1e-4)
        assert got.dtype == bias_grad.dtype == dtype
    again = conv_pool.conv_relu_pool(x, w, b, strides, padding, dilations, window, wanted=False)
    np.testing.assert_array_equal(again[0], expected)


def test_what_is_no_number_stays(compiled):
    x = uniform(0, "float32", 2, 8, 8, 1)
    x[1, 3, 3] = np.nan
    w, b, window = np.ones((1, 1, 1, 16), "f"), np.zeros(16, "f"), ((2, 2), (2, 2), NONE)
    y, _ = conv_pool.conv_relu_pool(x, w, b, (1, 1), NONE, (1, 1), window)
    expected = pool.numpy_max_pool(np.maximum(np.repeat(x, 16, axis=3), 0), (2, 2), (4, 4), (2, 2), NONE)
    np.testing.assert_array_equal(y, expected)


def test_kernels_that_do_not_fit_are_left_to_others(kernels):
    x, w, b = uniform(0, "float32", 2, 8, 8, 1), uniform(1, "float32", 3, 3, 1, 4), uniform(2, "float32", 1)
    window = (2, 2), (2, 2), NONE
    assert conv_pool.conv_relu_pool(x, w, b, (1, 1), NONE, (1, 1), window) is None
    assert conv_pool.conv_relu_pool(x, w, uniform(2, "float64", 4), (1, 1), NONE, (1, 1), window) is None


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_bias_and_rectifier_where_the_product_lies(dtype, compiled):
    y, b = uniform(0, dtype, 5, 6, 33), uniform(1, dtype, 33)
    expected = np.maximum(y + b, 0)
    assert elementwise.bias_relu_within(y, b)
    np.testing.assert_array_equal(y, expected)
    assert not elementwise.bias_relu_within(y, b[:1])

"""Pooling against its definition, with many equal numbers so that ties matter."""

import numpy as np
import pytest

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.kernels import average_pool, pool
from tests.kernels import plain

# batch, height, width, channels, ksize, strides, padding
CASES = [
    (2, 8, 8, 3, (2, 2), (2, 2), ((0, 0), (0, 0))),
    (3, 28, 28, 32, (2, 2), (2, 2), ((0, 0), (0, 0))),
    (2, 9, 7, 5, (2, 2), (2, 2), ((0, 1), (0, 1))),
    (2, 9, 7, 17, (2, 2), (2, 2), ((0, 0), (0, 0))),
    (1, 8, 9, 2, (3, 3), (2, 2), ((0, 1), (1, 1))),
    (1, 8, 9, 20, (3, 2), (1, 1), ((1, 1), (0, 1))),
    (1, 7, 7, 4, (2, 2), (3, 3), ((0, 0), (0, 0))),
    (1, 5, 6, 1, (5, 6), (1, 1), ((0, 0), (0, 0))),
    (2, 6, 6, 3, (1, 1), (2, 2), ((0, 0), (0, 0))),
    (0, 6, 6, 3, (2, 2), (2, 2), ((0, 0), (0, 0))),
]


def numbers(case, dtype):
    *shape, ksize, strides, padding = case
    random = np.random.RandomState(0)
    x = random.randint(-3, 4, shape).astype(dtype)
    dy = random.randint(1, 100, (shape[0], *plain.sizes(shape, ksize, strides, padding), shape[3])).astype(dtype)
    return x, dy, (ksize, strides, padding)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32", "uint8"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_max_pool_and_its_gradient_which_goes_to_the_first_maximum(case, dtype, kernels):
    x, dy, where = numbers(case, dtype)
    if dtype == "uint8":
        dy //= 16  # windows overlap: sums must fit
    y = pool.max_pool(x, *where)
    assert y.dtype == x.dtype
    np.testing.assert_array_equal(y, plain.max_pool(x, *where))
    dx = pool.max_pool_grad(x, y, dy, *where)
    assert dx.dtype == x.dtype
    np.testing.assert_array_equal(dx, plain.max_pool_grad(x, dy, *where))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_places_of_maxima(case, kernels):
    x, dy, where = numbers(case, "float32")
    _, height, width, channels, *_ = case
    for include_batch in (False, True):
        y, argmax = pool.max_pool_with_argmax(x, *where, include_batch)
        np.testing.assert_array_equal(y, plain.max_pool(x, *where))
        for image, i, j, channel, row, column in plain.first_maxima(x, *where):
            start = image * height * width * channels if include_batch else 0
            assert argmax[image, i, j, channel] == start + (row * width + column) * channels + channel
        dx = pool.max_pool_grad_with_argmax(x.shape, dy, argmax, include_batch)
        np.testing.assert_array_equal(dx, plain.max_pool_grad(x, dy, *where))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_second_gradient_picks_at_the_maxima(case, kernels):
    x, _, where = numbers(case, "float32")
    y = plain.max_pool(x, *where)
    ddx = np.arange(x.size, dtype="f").reshape(x.shape)
    expected = np.zeros_like(y)
    for image, i, j, channel, row, column in plain.first_maxima(x, *where):
        expected[image, i, j, channel] = ddx[image, row, column, channel]
    np.testing.assert_array_equal(pool.max_pool_grad_grad(x, y, ddx, *where), expected)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_avg_pool_counts_real_pixels_only(case, dtype, kernels):
    x, dy, where = numbers(case, dtype)
    tolerance = {"float16": 3e-2, "float32": 1e-5, "float64": 1e-12}[dtype]
    y = average_pool.avg_pool(x, *where)
    dx = average_pool.avg_pool_grad(x.shape, dy, *where)
    assert y.dtype == dx.dtype == dtype
    np.testing.assert_allclose(y, plain.avg_pool(x, *where), rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(dx, plain.avg_pool_grad(x, dy, *where), rtol=tolerance, atol=tolerance)


def test_the_maximum_of_nothing_but_minus_infinity(kernels):
    x = np.full((1, 4, 4, 16), -np.inf, "f")
    where = ((3, 3), (2, 2), ((0, 1), (0, 1)))
    y, argmax = pool.max_pool_with_argmax(x, *where)
    assert np.isneginf(y).all()
    assert argmax[0, :, :, 0].tolist() == [[0, 32], [128, 160]]
    assert pool.max_pool_grad(x, y, np.ones_like(y), *where).sum() == y.size


def test_shapes_that_do_not_fit_are_refused(kernels):
    x, dy, where = numbers(CASES[0], "float32")
    with pytest.raises(InvalidArgumentError, match="the gradient has shape"):
        pool.max_pool_grad(x, dy, dy[1:], *where)
    with pytest.raises(InvalidArgumentError, match="the output has shape"):
        pool.max_pool_grad(x, dy[..., :1], dy, *where)
    with pytest.raises(InvalidArgumentError, match="outside the images"):
        pool.max_pool_grad_with_argmax(x.shape, dy, np.full(dy.shape, 10**6))

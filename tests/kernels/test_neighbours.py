"""Sums over neighbouring channels against their definition."""

import numpy as np
import pytest

from flowlab._src.kernels.neighbours import neighbour_sums


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("squares", [False, True])
@pytest.mark.parametrize("radius", [0, 1, 2, 5, 40])
@pytest.mark.parametrize("shape", [(1,), (5, 7), (2, 3, 4, 33), (500, 64), (0, 3)], ids=str)
def test_each_channel_gets_the_sum_of_those_around_it(shape, radius, squares, dtype, kernels):
    x = np.random.RandomState(0).randint(-9, 10, shape).astype(dtype)
    numbers = x * x if squares else x
    expected = np.zeros_like(x)
    for channel in range(shape[-1]):
        expected[..., channel] = numbers[..., max(0, channel - radius) : channel + radius + 1].sum(-1) * 0.5 + 3
    got = neighbour_sums(x, radius, squares, 0.5, 3)
    assert got.dtype == dtype
    np.testing.assert_array_equal(got, expected)

"""Histograms in a loop and without."""

from __future__ import annotations

import numpy as np
import pytest

from flowlab._src.kernels.histogram import fixed_width


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
@pytest.mark.parametrize("bins", [1, 7, 1000])
def test_numbers_are_counted_in_their_bins(dtype, bins, kernels):
    x = (np.random.default_rng(0).normal(size=(3, 999)) * 50).astype(dtype)
    if dtype != "int32":
        x[0, :2] = np.inf, -np.inf
    low = np.dtype(dtype).type(-60)
    width = 120 / bins
    got = fixed_width(x[:, ::-1], low, width, bins)
    places = np.clip((np.maximum(x, low) - low).astype(np.float64) / width, 0, bins - 1).astype(int)
    np.testing.assert_array_equal(got, [(places == i).sum() for i in range(bins)])


def test_nothing_is_in_no_bin(kernels):
    assert fixed_width(np.float32([]), np.float32(0), 1.0, 3).tolist() == [0, 0, 0]

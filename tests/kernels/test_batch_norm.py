"""Batch normalization in parts, against its definition in double precision."""

import numpy as np
import pytest

from flowlab._src.kernels import batch_norm

SHAPES = [(1, 1), (5, 3), (700, 1), (1000, 5), (301, 32), (2000, 200), (70, 1000), (40_000, 3)]


def near(got, expected, dtype):
    assert got.dtype == dtype
    tolerance = {"float32": 2e-5, "float64": 1e-11}[dtype]
    np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance * max(1, np.abs(expected).max()))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_statistics_of_columns_far_from_zero(shape, dtype, kernels):
    rows = (100 + np.random.RandomState(0).randn(*shape)).astype(dtype)
    mean, variance = batch_norm.statistics(rows)
    near(mean, rows.mean(0, np.float64), dtype)
    np.testing.assert_allclose(variance, rows.var(0, np.float64), rtol=1e-3 if dtype == "float32" else 1e-9, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_results_and_their_way_back(shape, dtype, kernels):
    random = np.random.RandomState(0)
    rows, dy = random.uniform(-1, 1, (2, *shape)).astype(dtype)
    mean, factor, lift, slope = random.uniform(-1, 1, (4, shape[1])).astype(dtype)
    x, g, m, f, a, b = (array.astype(np.float64) for array in (rows, dy, mean, factor, lift, slope))
    before = rows.copy(), dy.copy()
    near(batch_norm.normalized(rows, mean, factor, lift), (x - m) * f + a, dtype)
    total, product = batch_norm.sums_back(dy, rows, mean)
    near(total, g.sum(0), dtype)
    near(product, (g * (x - m)).sum(0), dtype)
    near(batch_norm.led_back(dy, rows, mean, lift, slope, factor), (g - a - (x - m) * b) * f, dtype)
    for array, old in zip((rows, dy), before, strict=True):
        np.testing.assert_array_equal(array, old)


def test_strided_and_empty_tables(kernels):
    table = np.arange(80.0).reshape(8, 10)[:, ::2]
    mean, variance = batch_norm.statistics(table)
    np.testing.assert_allclose(mean, table.mean(0))
    np.testing.assert_allclose(variance, table.var(0))
    nothing = np.zeros((0, 3), np.float32)
    assert np.isnan(batch_norm.statistics(nothing)[0]).all()
    assert batch_norm.normalized(nothing, *np.ones((3, 3), np.float32)).shape == (0, 3)

"""Sums and extremes along axes, compiled and not, against NumPy in double precision."""

import itertools

import numpy as np
import pytest

from flowlab._src.kernels import reduction

SHAPES = [(7,), (5000,), (3, 33), (2, 513, 5), (1, 1, 1), (4, 0, 3), (0, 3), (3, 2, 5, 7), (40, 1030)]
NEAR = {"float16": 2e-2, "float32": 2e-6, "float64": 1e-14}


def all_axes(rank):
    return [axes for count in range(rank + 1) for axes in itertools.combinations(range(rank), count)]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32"])
@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_sums(shape, keep, dtype, kernels):
    x = (np.random.RandomState(0).uniform(-1, 1, shape) * (100 if dtype == "int32" else 1)).astype(dtype)
    for axes in all_axes(len(shape)):
        for source in (x, np.asfortranarray(x)):
            got = reduction.add_up(source, axes, keep)
            expected = x.astype(np.float64).sum(axis=axes, keepdims=keep)
            assert got.dtype == dtype
            assert np.shape(got) == expected.shape
            np.testing.assert_allclose(got, expected, rtol=0, atol=NEAR.get(dtype, 0) * 60)
            signs = np.where(source > 0.9, source * 2, np.where(source > 0, 1, -1)).astype(dtype)
            with np.errstate(over="ignore"):
                got, expected = reduction.product(signs, axes, keep), np.prod(signs, axes, dtype, keepdims=keep)
            assert got.dtype == dtype
            np.testing.assert_allclose(got, expected, rtol=NEAR.get(dtype, 0) * 10)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int64"])
@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("shape", [shape for shape in SHAPES if 0 not in shape], ids=str)
def test_extremes(shape, keep, dtype, kernels):
    x = (np.random.RandomState(0).uniform(-1, 1, shape) * 100).astype(dtype)
    if np.dtype(dtype).kind == "f":
        x.reshape(-1)[::5] = np.resize([np.nan, np.inf, -np.inf, -0.0, 0.0], x.reshape(-1)[::5].shape)
    for axes in all_axes(len(shape)):
        for source in (x, np.asfortranarray(x)):
            for ours, numpys in ((reduction.largest, np.max), (reduction.smallest, np.min)):
                got, expected = ours(source, axes, keep), numpys(x, axis=axes, keepdims=keep)
                assert got.dtype == dtype
                np.testing.assert_array_equal(got, expected)


def test_large_sums_are_as_near_as_numpys(compiled):
    for seed in range(5):
        x = np.random.RandomState(seed).uniform(0, 1, 300_000).astype(np.float32)
        exact = x.astype(np.float64).sum()
        assert abs(reduction.add_up(x, (0,)) - exact) <= 4 * max(
            abs(np.add.reduce(x) - exact), np.spacing(np.float32(exact))
        )

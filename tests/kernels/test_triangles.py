"""Bands of matrices and triangular equations, against NumPy's definition of them."""

import numpy as np
import pytest

from flowlab._src.kernels import triangles


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64", "uint8", "complex64", "complex128", "bool"])
@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (40, 33), (5, 4, 60, 70), (2, 0, 3)], ids=str)
def test_what_is_outside_of_a_band_is_zero(shape, dtype, kernels):
    x = (np.random.RandomState(0).randn(*shape) * 9).astype(dtype)
    rows, columns = shape[-2:]
    below = np.arange(rows)[:, None] - np.arange(columns)
    for lower, upper in ((-1, 0), (0, -1), (0, 0), (1, 2), (-1, -1), (rows, columns), (2, -1)):
        inside = ((lower < 0) | (below <= lower)) & ((upper < 0) | (-below <= upper))
        for array in (x, x[..., ::-1, :]):
            got = triangles.band(array, lower, upper)
            assert got.dtype == x.dtype
            np.testing.assert_array_equal(got, np.where(inside, array, np.zeros((), dtype)))


def test_a_band_keeps_what_is_no_number(kernels):
    x = np.full((50, 50), np.nan, np.float32)
    assert np.isnan(triangles.band(x, -1, 0)).sum() == 50 * 51 // 2


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("columns", [1, 3, 40])
@pytest.mark.parametrize("n", [1, 2, 7, 33, triangles.MOST + 9, 2 * triangles.MOST + 3])
@pytest.mark.parametrize("lower", [True, False])
def test_triangular_equations(lower, n, columns, dtype, kernels):
    random = np.random.RandomState(0)
    matrix = (random.uniform(-1, 1, (3, n, n)) / n + np.eye(n) * 2).astype(dtype)
    rhs = random.uniform(-1, 1, (3, n, columns)).astype(dtype)
    kept = matrix.copy(), rhs.copy()
    x = triangles.solve_triangles(matrix, rhs, lower)
    turned = triangles.solve_triangles(matrix.swapaxes(1, 2), rhs, not lower)
    np.testing.assert_array_equal(matrix, kept[0])
    np.testing.assert_array_equal(rhs, kept[1])
    if x is None:
        return  # no loop: the operation asks NumPy
    triangle = np.tril(matrix) if lower else np.triu(matrix)
    near = {"rtol": 2e-5, "atol": 2e-6} if dtype == "float32" else {"rtol": 1e-12, "atol": 1e-13}
    np.testing.assert_allclose(x, np.linalg.solve(triangle, rhs), **near)
    np.testing.assert_allclose(turned, np.linalg.solve(triangle.swapaxes(1, 2), rhs), **near)

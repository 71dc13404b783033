"""exp, tanh, log1p and sigmoid in compiled loops: how far from the true value, and what happens at the edges."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from flowlab._src.kernels import compiling, vector_math
from flowlab._src.kernels.vector_math import LEAST

SMALLEST = float(np.finfo(np.float32).tiny)


@pytest.fixture(autouse=True)
def compiled(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Compile at the first call; where loops are switched off, NumPy answers."""
    if compiling.compiler.policy != compiling.NEVER:
        monkeypatch.setattr(compiling.compiler, "policy", compiling.WAIT)
    with np.errstate(all="ignore"):
        yield


def numbers() -> np.ndarray:
    """Every 4001st float32 there is: all sizes, infinities and NaNs among them."""
    return np.arange(0, 2**32, 4001, dtype=np.uint64).astype(np.uint32).view(np.float32)


def units(result: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """The error in units of the last place of the exact value."""
    last = np.spacing(np.maximum(np.abs(exact), SMALLEST).astype(np.float32)).astype(np.float64)
    return np.abs(result.astype(np.float64) - exact) / last


@pytest.mark.parametrize(
    ("function", "exact", "most"),
    [(vector_math.exp, np.exp, 2.6), (vector_math.tanh, np.tanh, 1.7), (vector_math.log1p, np.log1p, 1.7)],
)
def test_errors_are_below_three_units_in_the_last_place(function: Any, exact: Any, most: float) -> None:
    x = numbers()
    result, expected = function(x), exact(x.astype(np.float64))
    assert result.dtype == np.float32
    nan, infinite = np.isnan(expected), np.isinf(expected.astype(np.float32))
    assert np.isnan(result[nan]).all()
    np.testing.assert_array_equal(result[infinite], np.inf)
    assert units(result[~nan & ~infinite], expected[~nan & ~infinite]).max() < most


def test_sigmoid_has_the_steps_of_its_formula() -> None:
    x = numbers()
    np.testing.assert_array_equal(vector_math.sigmoid(x), np.float32(1) / (np.float32(1) + vector_math.exp(-x)))


EDGES = [
    0.0,
    -0.0,
    np.inf,
    -np.inf,
    np.nan,
    1e-45,
    -1e-45,
    1e-38,
    88.72,
    88.73,
    -87.4,
    -103.2,
    -105.0,
    0.625,
    -0.625,
    -1.0,
]


@pytest.mark.parametrize(
    ("function", "exact"), [(vector_math.exp, np.exp), (vector_math.tanh, np.tanh), (vector_math.log1p, np.log1p)]
)
def test_edges(function: Callable[..., Any], exact: Callable[..., Any]) -> None:
    x = np.resize(np.array(EDGES, np.float32), LEAST + 5)
    result, expected = function(x), exact(x.astype(np.float64)).astype(np.float32)
    np.testing.assert_allclose(result, expected, rtol=3e-7, atol=2e-45)
    np.testing.assert_array_equal(np.signbit(result[~np.isnan(expected)]), np.signbit(expected[~np.isnan(expected)]))


@pytest.mark.parametrize("function", [vector_math.exp, vector_math.tanh, vector_math.log1p])
def test_the_result_goes_where_it_is_asked_for(function: Any) -> None:
    x = np.linspace(-3, 3, 2 * LEAST, dtype=np.float32)
    for given in (x, x.reshape(2, -1).T, x[::2], x.astype(np.float64), x[:7]):
        expected = function(given)
        np.testing.assert_allclose(expected, getattr(np, function.__name__)(given), rtol=1e-6)
        copy = given.copy()
        if copy.flags.c_contiguous:
            assert function(copy, copy) is copy
            np.testing.assert_array_equal(copy, expected)

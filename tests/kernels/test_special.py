"""Special functions against the C library's, and against identities that hold for any argument."""

from __future__ import annotations

import math

import numpy as np
import pytest

from flowlab._src.kernels import special


def test_erf_and_erfc_equal_the_c_librarys_to_the_last_digits() -> None:
    x = np.concatenate([np.linspace(-6, 6, 2001), np.linspace(6, 26, 201), [0.84375, 1.25, 1 / 0.35]])
    np.testing.assert_allclose(special.erf(x), [math.erf(v) for v in x], rtol=5e-16)
    np.testing.assert_allclose(special.erfc(x), [math.erfc(v) for v in x], rtol=2e-15)


def test_lgamma_equals_the_c_librarys() -> None:
    x = np.concatenate([np.linspace(0.01, 12, 1200), np.linspace(-9.9, -0.05, 301), [1e5, 1e-8]])
    np.testing.assert_allclose(special.lgamma(x), [math.lgamma(v) for v in x], rtol=1e-13, atol=1e-14)


def test_digamma_is_the_slope_of_lgamma() -> None:
    x, step = np.linspace(0.3, 15, 200), 1e-5
    slope = (special.lgamma(x + step) - special.lgamma(x - step)) / (2 * step)
    np.testing.assert_allclose(special.digamma(x), slope, rtol=1e-8, atol=1e-8)


def test_polygamma_is_the_slope_of_the_one_before() -> None:
    x, step = np.linspace(0.5, 9, 100), 1e-5
    for n in range(4):
        low, high = special.polygamma(np.float64(n), x - step), special.polygamma(np.float64(n), x + step)
        np.testing.assert_allclose(special.polygamma(np.float64(n + 1), x), (high - low) / (2 * step), rtol=1e-6)


def test_igamma_of_whole_numbers_is_a_finite_sum() -> None:
    x = np.linspace(0.05, 40, 300)
    for a in (1, 3, 10):
        upper = np.exp(-x) * sum(x**k / math.factorial(k) for k in range(a))
        np.testing.assert_allclose(special.igammac(np.float64(a), x), upper, rtol=1e-12)
        np.testing.assert_allclose(special.igamma(np.float64(a), x), 1 - upper, rtol=1e-9, atol=1e-13)


def test_igamma_grad_a_equals_finite_differences() -> None:
    a, x, step = np.linspace(0.3, 20, 60)[:, None], np.linspace(0.1, 30, 40), 1e-6
    slope = (special.igamma(a + step, x) - special.igamma(a - step, x)) / (2 * step)
    np.testing.assert_allclose(special.igamma_grad_a(a, x), slope, atol=1e-8)


def test_betainc_of_whole_numbers_is_a_binomial_sum() -> None:
    x = np.linspace(0.01, 0.99, 99)
    for a, b in ((1, 1), (2, 5), (7, 3)):
        n = a + b - 1
        chance = sum(math.comb(n, k) * x**k * (1 - x) ** (n - k) for k in range(a, n + 1))
        np.testing.assert_allclose(special.betainc(np.float64(a), np.float64(b), x), chance, rtol=1e-12)


def test_bessel_functions_equal_their_integrals() -> None:
    angles = (np.arange(2000) + 0.5) * np.pi / 2000
    for x in (0.0, 0.7, -3.0, 12.0, 31.0, -80.0):
        weight = np.exp(x * np.cos(angles) - abs(x))
        assert special.bessel_i0e(np.float64(x)) == pytest.approx(weight.mean(), rel=1e-13)
        assert special.bessel_i1e(np.float64(x)) == pytest.approx(
            (weight * np.cos(angles)).mean(), rel=1e-12, abs=1e-15
        )


def test_results_have_the_type_and_shape_of_the_input() -> None:
    for dtype in (np.float16, np.float32, np.float64):
        assert special.erf(np.ones((2, 3), dtype)).dtype == dtype
        assert special.lgamma(dtype(2)).shape == ()
    assert special.igamma(np.ones((2, 1)), np.ones(3)).shape == (2, 3)
    assert special.erf(np.zeros((0, 2))).shape == (0, 2)


def test_incomplete_gammas_of_many_numbers_come_to_an_end(monkeypatch) -> None:
    monkeypatch.setattr(special, "MOST_TERMS", 200)  # plenty here, if rounding does not keep one from ending
    rng = np.random.default_rng(0)
    a, x = rng.uniform(0.5, 4, (2, 3000))
    np.testing.assert_allclose(special.igamma(a, x) + special.igammac(a, x), 1, rtol=1e-13)
    np.testing.assert_allclose(
        special.igamma(a + 1, x), special.igamma(a, x) - x**a * np.exp(-x) / gamma(a + 1), atol=1e-13
    )


def gamma(x: np.ndarray) -> np.ndarray:
    return np.array([math.gamma(each) for each in x.tolist()])

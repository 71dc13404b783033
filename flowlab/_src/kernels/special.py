"""Special functions in NumPy: erf, the gamma function and its relatives, incomplete gamma and beta, Bessel functions.

Everything is computed in double precision and rounded to the caller's type once. The formulas are the textbook ones
(NIST Digital Library of Mathematical Functions, "DLMF" below), arranged so that every step loses little: sums of terms
of one sign, and arguments moved to where a short series is exact to the last digits.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
EPSILON = 2.0**-53
MOST_TERMS = 20_000


def in_double(function: Callable[..., Doubles]) -> Callable[..., Any]:
    """Let a function of double arrays take any floating-point arrays (broadcast) and give back their type."""

    @functools.wraps(function)
    def call(*arrays: Any) -> Any:
        dtype = np.result_type(*arrays)
        values = np.broadcast_arrays(*[np.atleast_1d(np.asarray(a, np.float64)) for a in arrays])
        with np.errstate(all="ignore"):
            result = function(*[np.array(v) for v in values])
        return result.astype(dtype).reshape(np.broadcast_shapes(*[np.shape(a) for a in arrays]))

    return call


def polynomial(x: Any, coefficients: Any) -> Any:
    """The polynomial with these coefficients, that of the highest power last, by Horner's rule."""
    total = coefficients[-1]
    for c in coefficients[-2::-1]:
        total = total * x + c
    return total


# ---- the error function --------------------------------------------------------------------------------------------

# Rational approximations P(t)/Q(t) from Sun's freely distributable math library (fdlibm, 1993), which the C libraries
# use too; each is right to about 2**-57 on its interval.
ERF_AT_1 = 8.45062911510467529297e-01  # erf(1) to 23 bits, so that the rest below is added without loss
ERF_SMALL = (
    (1.28379167095512558561e-01, -3.25042107247001499370e-01, -2.84817495755985104766e-02, -5.77027029648944159157e-03,
     -2.37630166566501626084e-05),
    (1.0, 3.97917223959155352819e-01, 6.50222499887672944485e-02, 5.08130628187576562776e-03, 1.32494738004321644526e-4,
     -3.96022827877536812320e-06),
)  # fmt: skip
ERF_MIDDLE = (
    (-2.36211856075265944077e-03, 4.14856118683748331666e-01, -3.72207876035701323847e-01, 3.18346619901161753674e-01,
     -1.10894694282396677476e-01, 3.54783043256182359371e-02, -2.16637559486879084300e-03),
    (1.0, 1.06420880400844228286e-01, 5.40397917702171048937e-01, 7.18286544141962662868e-02, 1.26171219808761642112e-1,
     1.36370839120290507362e-02, 1.19844998467991074170e-02),
)  # fmt: skip
ERFC_MIDDLE = (
    (-9.86494403484714822705e-03, -6.93858572707181764372e-01, -1.05586262253232909814e01, -6.23753324503260060396e01,
     -1.62396669462573470355e02, -1.84605092906711035994e02, -8.12874355063065934246e01, -9.81432934416914548592e00),
    (1.0, 1.96512716674392571292e01, 1.37657754143519042600e02, 4.34565877475229228821e02, 6.45387271733267880336e02,
     4.29008140027567833386e02, 1.08635005541779435134e02, 6.57024977031928170135e00, -6.04244152148580987438e-02),
)  # fmt: skip
ERFC_LARGE = (
    (-9.86494292470009928597e-03, -7.99283237680523006574e-01, -1.77579549177547519889e01, -1.60636384855821916062e02,
     -6.37566443368389627722e02, -1.02509513161107724954e03, -4.83519191608651397019e02),
    (1.0, 3.03380607434824582924e01, 3.25792512996573918826e02, 1.53672958608443695994e03, 3.19985821950859553908e03,
     2.55305040643316442583e03, 4.74528541206955367215e02, -2.24409524465858183362e01),
)  # fmt: skip


def ratio(x: Any, coefficients: Any) -> Any:
    """P(x) / Q(x)."""
    return polynomial(x, coefficients[0]) / polynomial(x, coefficients[1])


def erfc_tail(x: Doubles) -> Doubles:
    """erfc(x) for x >= 1.25: exp(-x²) / x times a smooth function of 1 / x²."""
    s = 1 / (x * x)
    smooth = np.where(x < 1 / 0.35, ratio(s, ERFC_MIDDLE), ratio(s, ERFC_LARGE))
    # exp(-x²) exactly: the square of a shortened x has no rounding error, the rest is small.
    short = x.astype(np.float32).astype(np.float64)
    return np.exp(-short * short - 0.5625) * np.exp((short - x) * (short + x) + smooth) / x


@in_double
def erf(x: Doubles) -> Doubles:
    """2 / sqrt(pi) times the integral of exp(-t²) from 0 to x."""
    size = np.abs(x)
    result = np.where(np.isnan(x), x, 1.0)
    small, middle, large = size < 0.84375, (size >= 0.84375) & (size < 1.25), (size >= 1.25) & (size < 6)
    result[small] = size[small] + size[small] * ratio(size[small] ** 2, ERF_SMALL)
    result[middle] = ERF_AT_1 + ratio(size[middle] - 1, ERF_MIDDLE)
    result[large] = 1 - erfc_tail(size[large])
    return np.copysign(result, x)


@in_double
def erfc(x: Doubles) -> Doubles:
    """1 - erf(x), exact where erf is nearly 1."""
    size = np.abs(x)
    result = np.where(np.isnan(x), x, np.where(x > 0, 0.0, 2.0))
    small, middle, large = size < 0.84375, (size >= 0.84375) & (size < 1.25), (size >= 1.25) & (size < 28)
    result[small] = 1 - (x[small] + x[small] * ratio(x[small] ** 2, ERF_SMALL))
    upper = 1 - ERF_AT_1 - ratio(size[middle] - 1, ERF_MIDDLE)
    result[middle] = np.where(x[middle] > 0, upper, 2 - upper)
    tail = erfc_tail(size[large])
    result[large] = np.where(x[large] > 0, tail, 2 - tail)
    return result


# ---- the gamma function --------------------------------------------------------------------------------------------

EULER = 0.57721566490153286061
BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330)


def zeta_less_one(k: int) -> float:
    """Riemann's zeta(k) - 1: the sum of n**-k from n = 2, the tail by the Euler-Maclaurin formula."""
    n = 20.0
    head = math.fsum(m ** float(-k) for m in range(2, 20))
    tail = n ** (1 - k) / (k - 1) + n**-k / 2 + k * n ** (-k - 1) / 12 - k * (k + 1) * (k + 2) * n ** (-k - 3) / 720
    return head + tail + math.prod(range(k, k + 5)) * n ** (-k - 5) / 30240


# log gamma(2 + z) = (1 - EULER) z + sum of (-1)^k (zeta(k) - 1) z^k / k  (DLMF 5.7.3), for |z| <= 1/2
LGAMMA_AT_2 = (0.0, 1 - EULER, *((-1) ** k * zeta_less_one(k) / k for k in range(2, 32)))


def move_to_two(x: Doubles) -> tuple[Doubles, Doubles]:
    """Return z in [-1/2, 1/2] and p with gamma(x) = p gamma(2 + z), for 0 < x < 8; p by gamma(x + 1) = x gamma(x)."""
    x, p = x.copy(), np.ones_like(x)
    for _ in range(6):
        high = x > 2.5
        x[high] -= 1
        p[high] *= x[high]
    for _ in range(2):
        low = x < 1.5
        p[low] /= x[low]
        x[low] += 1
    return x - 2, p


def log_gamma_positive(x: Doubles) -> Doubles:
    """log gamma(x) for x > 0."""
    result = np.empty_like(x)
    small = x < 8
    z, p = move_to_two(x[small])
    result[small] = polynomial(z, LGAMMA_AT_2) + np.log(p)
    large = x[~small]
    # Stirling's series (DLMF 5.11.1)
    series = polynomial(1 / large**2, [b / (2 * k * (2 * k - 1)) for k, b in enumerate(BERNOULLI, 1)]) / large
    result[~small] = (large - 0.5) * np.log(large) - large + 0.5 * math.log(2 * math.pi) + series
    return np.where(np.isinf(x), np.inf, result)


def sin_pi(x: Doubles) -> Doubles:
    """sin(pi x), exactly 0 at whole numbers."""
    rest = x - 2 * np.round(x / 2)
    return np.sin(np.pi * np.where(rest > 0.5, 1 - rest, np.where(rest < -0.5, -1 - rest, rest)))


@in_double
def lgamma(x: Doubles) -> Doubles:
    """The logarithm of the absolute value of gamma(x); inf at 0, -1, -2 ..."""
    result = np.full_like(x, np.nan)
    positive = x > 0
    result[positive] = log_gamma_positive(x[positive])
    other = x[x <= 0]
    # gamma(x) gamma(1 - x) = pi / sin(pi x)  (DLMF 5.5.3)
    result[x <= 0] = np.log(np.pi / np.abs(sin_pi(other))) - log_gamma_positive(1 - other)
    return np.where(np.isneginf(x), np.inf, result)


DIGAMMA_SERIES = tuple(b / (2 * k) for k, b in enumerate(BERNOULLI, 1))


def digamma_positive(x: Doubles) -> Doubles:
    """psi(x) for x > 0: psi(x) = psi(x + 1) - 1 / x until x is large, then the asymptotic series (DLMF 5.11.2)."""
    # 1/x + 1/(x+1) + ... + 1/(x+5) is one quotient: with t = x(x+5), opposite terms have t, t+4, t+6 below.
    low = x < 10
    t = np.where(low, x * (x + 5), 1.0)
    correction = np.where(low, (2 * x + 5) * ((3 * t + 20) * t + 24) / (t * (t + 4) * (t + 6)), 0.0)
    r = 1 / np.where(low, x + 6, x)
    return -np.log(r) - 0.5 * r - polynomial(r * r, DIGAMMA_SERIES) * (r * r) - correction


@in_double
def digamma(x: Doubles) -> Doubles:
    """The derivative of log gamma(x); nan at 0, -1, -2 ..."""
    result = np.full_like(x, np.nan)
    positive = x > 0
    result[positive] = digamma_positive(x[positive])
    negative = (x < 0) & (x != np.floor(x))
    other = x[negative]
    # psi(1 - x) - psi(x) = pi / tan(pi x)  (DLMF 5.5.4)
    rest = other - np.round(other)
    result[negative] = digamma_positive(1 - other) - np.pi / np.tan(np.pi * rest)
    return result


@in_double
def zeta(x: Doubles, q: Doubles) -> Doubles:
    """Hurwitz's zeta function: the sum of (q + n)**-x over n = 0, 1, 2 ..., for x > 1 and q > 0."""
    return hurwitz(x, q)


def hurwitz(x: Doubles, q: Doubles) -> Doubles:
    """The sum of the first terms, and an integral with corrections for the rest (Euler-Maclaurin, DLMF 25.11.5)."""
    terms = 12
    total = np.zeros_like(x)
    for n in range(terms):
        total += (q + n) ** -x
    end = q + terms
    power = end**-x
    total += power * end / (x - 1) + 0.5 * power
    factor = x * power / end
    for k, b in enumerate(BERNOULLI, 1):
        total += b / math.factorial(2 * k) * factor
        factor = factor * (x + 2 * k - 1) * (x + 2 * k) / end**2
    valid = (x > 1) & ((q > 0) | ((q != np.floor(q)) & (x == np.floor(x))))
    pole = (x == 1) | ((q <= 0) & (q == np.floor(q)) & (x > 1))
    return np.where(pole, np.inf, np.where(valid, total, np.nan))


@in_double
def polygamma(n: Doubles, x: Doubles) -> Doubles:
    """The n-th derivative of digamma: (-1)^(n + 1) n! zeta(n + 1, x)  (DLMF 5.15)."""
    sign = np.where(n % 2 == 1, 1.0, -1.0)
    result = sign * np.exp(log_gamma_positive(np.maximum(n, 0) + 1)) * hurwitz(n + 1, x)
    result = np.where(n == 0, digamma(x), result)
    return np.where((n == np.floor(n)) & (n >= 0), result, np.nan)


# ---- incomplete gamma ----------------------------------------------------------------------------------------------


def gamma_front(a: Doubles, x: Doubles) -> Doubles:
    """x**a exp(-x) / gamma(a + 1)."""
    return np.exp(a * np.log(x) - x - log_gamma_positive(a + 1))


def lower_gamma_sums(a: Doubles, x: Doubles) -> tuple[Doubles, Doubles]:
    """P(a, x) and its derivative by a, both divided by `gamma_front`; a sum of positive terms (DLMF 8.11.4)."""
    term, total = np.ones_like(x), np.ones_like(x)
    slope, total_slope = np.zeros_like(x), np.zeros_like(x)  # of the logarithm of a term; of the sum
    for n in range(1, MOST_TERMS):
        term = term * (x / (a + n))
        slope = slope - 1 / (a + n)
        total += term
        total_slope += term * slope
        if np.all((term * (1 - slope) <= EPSILON * total) & (x < a + n)):
            break
    return total, (np.log(x) - digamma_positive(a + 1)) * total + total_slope


def upper_gamma_fraction(a: Doubles, x: Doubles) -> tuple[Doubles, Doubles]:
    """Q(a, x) / (gamma_front a) for x > a + 1, and its derivative by a.

    A continued fraction (DLMF 8.9.2), evaluated from the front as Lentz does; each step is differentiated too.
    """
    b = x + 1 - a
    c, c_slope = np.full_like(x, 1e300), np.zeros_like(x)
    d = 1 / b
    d_slope = d * d
    h, h_slope = d.copy(), d_slope.copy()
    for n in range(1, MOST_TERMS):
        an = n * (a - n)
        b = b + 2
        d_next = 1 / (an * d + b)
        d_slope = -d_next * d_next * (n * d + an * d_slope - 1)
        d = d_next
        c_slope = n / c - an * c_slope / (c * c) - 1
        c = b + an / c
        change = c * d
        change_slope = c_slope * d + c * d_slope
        h_slope = h_slope * change + h * change_slope
        h = h * change
        # Rounding keeps some of many numbers from coming nearer for ever.
        if np.all((np.abs(change - 1) <= 8 * EPSILON) & (np.abs(h * change_slope) <= 64 * EPSILON * np.abs(h_slope))):
            break
    return h, h_slope


def incomplete_gamma(a: Doubles, x: Doubles, upper: bool) -> Doubles:
    """P(a, x), or Q(a, x) = 1 - P(a, x): whichever is small is computed, the other is 1 minus it."""
    result = np.full_like(x, np.nan)
    inside = (a > 0) & (x > 0) & np.isfinite(x) & np.isfinite(a)
    far = inside & (x > 1) & (x > a + 1)
    near = inside & ~far
    if near.any():
        lower = lower_gamma_sums(a[near], x[near])[0] * gamma_front(a[near], x[near])
        result[near] = 1 - lower if upper else lower
    if far.any():
        higher = upper_gamma_fraction(a[far], x[far])[0] * gamma_front(a[far], x[far]) * a[far]
        result[far] = higher if upper else 1 - higher
    result[(a > 0) & np.isfinite(a) & np.isposinf(x)] = 0.0 if upper else 1.0
    result[x == 0] = 1.0 if upper else 0.0
    return result


@in_double
def igamma(a: Doubles, x: Doubles) -> Doubles:
    """The lower incomplete gamma function, regularised: the chance that a gamma variable of shape a is below x."""
    return incomplete_gamma(a, x, upper=False)


@in_double
def igammac(a: Doubles, x: Doubles) -> Doubles:
    """The upper incomplete gamma function, regularised: 1 - igamma(a, x)."""
    return incomplete_gamma(a, x, upper=True)


def slope_by_a(a: Doubles, x: Doubles) -> Doubles:
    """The derivative of P(a, x) by a, divided by gamma_front: from P where that is small, else from Q = 1 - P."""
    result = np.empty_like(x)
    far = (x > 1) & (x > a + 1)
    near = ~far
    if near.any():
        result[near] = lower_gamma_sums(a[near], x[near])[1]
    if far.any():
        h, h_slope = upper_gamma_fraction(a[far], x[far])
        result[far] = -a[far] * (h * (np.log(x[far]) - digamma_positive(a[far])) + h_slope)
    return result


@in_double
def igamma_grad_a(a: Doubles, x: Doubles) -> Doubles:
    """The derivative of igamma(a, x) by a."""
    result = np.full_like(x, np.nan)
    inside = (a > 0) & (x > 0) & np.isfinite(x)
    result[inside] = gamma_front(a[inside], x[inside]) * slope_by_a(a[inside], x[inside])
    result[(a > 0) & (x == 0)] = 0.0
    return result


@in_double
def gamma_sample_grad_a(a: Doubles, x: Doubles) -> Doubles:
    """How a sample x of the gamma distribution moves with a, if igamma(a, x) stays: -(dP/da) / (dP/dx)."""
    result = np.full_like(x, np.nan)
    inside = (a > 0) & (x > 0) & np.isfinite(x)
    result[inside] = -slope_by_a(a[inside], x[inside]) * x[inside] / a[inside]  # dP/dx is gamma_front a / x
    result[(a > 0) & ((x == 0) | np.isposinf(x))] = 0.0
    return result


# ---- incomplete beta -----------------------------------------------------------------------------------------------


def beta_fraction(a: Doubles, b: Doubles, x: Doubles) -> Doubles:
    """The continued fraction of the incomplete beta function (DLMF 8.17.22), for x < (a + 1) / (a + b + 2)."""
    c = np.ones_like(x)
    d = 1 / (1 - (a + b) * x / (a + 1))
    h = d.copy()
    for m in range(1, MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d, c = 1 / (1 + even * d), 1 + even / c
        h = h * d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d, c = 1 / (1 + odd * d), 1 + odd / c
        change = d * c
        h = h * change
        if np.all(np.abs(change - 1) <= 4 * EPSILON):
            break
    return h


@in_double
def betainc(a: Doubles, b: Doubles, x: Doubles) -> Doubles:
    """The incomplete beta function, regularised: the chance that a beta variable of shapes a, b is below x."""
    result = np.full_like(x, np.nan)
    valid = (a > 0) & (b > 0)
    result[valid & (x == 0)] = 0.0
    result[valid & (x == 1)] = 1.0
    inside = valid & (x > 0) & (x < 1)
    a, b, x = a[inside], b[inside], x[inside]
    # Mirrored where the fraction converges slowly: I_x(a, b) = 1 - I_{1-x}(b, a)  (DLMF 8.17.4)
    mirror = x > (a + 1) / (a + b + 2)
    p, q, t = np.where(mirror, b, a), np.where(mirror, a, b), np.where(mirror, 1 - x, x)
    log_front = p * np.log(t) + q * np.log1p(-t) - log_beta(p, q)
    value = np.exp(log_front) * beta_fraction(p, q, t) / p if x.size else x
    result[inside] = np.where(mirror, 1 - value, value)
    return result


def log_beta(a: Doubles, b: Doubles) -> Doubles:
    """log of gamma(a) gamma(b) / gamma(a + b)."""
    return log_gamma_positive(a) + log_gamma_positive(b) - log_gamma_positive(a + b)


# ---- modified Bessel functions -------------------------------------------------------------------------------------


def bessel_i_scaled(order: int, x: Doubles) -> Doubles:
    """exp(-|x|) I_order(|x|) for order 0 or 1."""
    size = np.abs(x)
    result = np.where(np.isnan(x), x, 0.0)
    near = size <= 30
    # The power series (DLMF 10.25.2): all its terms are positive.
    quarter = size[near] ** 2 / 4
    term = np.exp(-size[near]) * (size[near] / 2) ** order
    total = term.copy()
    for k in range(1, 120):
        term = term * quarter / (k * (k + order))
        total += term
        if k % 8 == 0 and np.all(term <= EPSILON / 16 * total):  # the terms behind fall faster and faster
            break
    result[near] = total
    # For large x the asymptotic series (DLMF 10.40.1); at 30 its smallest term is far below the rounding.
    far = (size > 30) & np.isfinite(size)
    large = size[far]
    term, total = np.ones_like(large), np.ones_like(large)
    for k in range(1, 30):
        term = term * -(4 * order**2 - (2 * k - 1) ** 2) / (8 * k * large)
        total += term
    result[far] = total / np.sqrt(2 * np.pi * large)
    return result


@in_double
def bessel_i0e(x: Doubles) -> Doubles:
    """The modified Bessel function of order 0 times exp(-|x|)."""
    return bessel_i_scaled(0, x)


@in_double
def bessel_i1e(x: Doubles) -> Doubles:
    """The modified Bessel function of order 1 times exp(-|x|)."""
    return np.copysign(bessel_i_scaled(1, x), x)

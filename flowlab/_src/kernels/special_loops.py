"""Compiled loops for special functions of many numbers; what they compute and why is written in `special.py`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlab._src.kernels.elementwise import each
from flowlab._src.kernels.jit import ByType, In1, Int, Out1, loop, part, span
from flowlab._src.kernels.special import DIGAMMA_SERIES

Array = NDArray[Any]


def by_loop(loop: Any, otherwise: Callable[[Array], Array], x: Array) -> Array:
    """A function of each element: by its loop where that is ready, else by NumPy."""
    run = loop.ready(x.dtype, x.size)
    return otherwise(x) if run is None else each(run, x)


# erf(x) = x P(x²) / Q(x²) for |x| < 3.92, from where on it is 1 in single precision. The coefficients are a fit of our
# own, right to 2e-8; with the rounding of single precision the error is at most 4e-7, as large as TensorFlow's.
END = np.float32(3.92)
P0, P1, P2, P3, P4, P5 = map(np.float32, (
    1.1283791065216064, 0.19037242233753204, 0.05274372175335884, 0.0037640342488884926, 0.00028482696507126093,
    2.0500772279774537e-06,
))  # fmt: skip
Q1, Q2, Q3, Q4, Q5 = map(np.float32, (
    0.5020459294319153, 0.11409459263086319, 0.014966044574975967, 0.001162115135230124, 3.8088710425654426e-05,
))  # fmt: skip
ONE = np.float32(1)


@part
def erf_single(x: Any) -> Any:
    """The quotient of two polynomials; no choice between intervals, so 8 or 16 numbers at a time."""
    s = x * x
    above = x * (P0 + s * (P1 + s * (P2 + s * (P3 + s * (P4 + s * P5)))))
    below = ONE + s * (Q1 + s * (Q2 + s * (Q3 + s * (Q4 + s * Q5))))
    y = above / below
    y = y if y < ONE else ONE
    y = y if y > -ONE else -ONE
    y = ONE if x > END else y
    y = -ONE if x < -END else y
    return y if x == x else x


@part
def erf_double(x: float) -> float:
    """The C library's."""
    return math.erf(x)


erf_of = ByType(erf_single, erf_double)


def erf(x: Array, otherwise: Callable[[Array], Array]) -> Array:
    """The error function. One number after the other takes Python 0.1 us, a call of NumPy's way 170."""
    if x.size < 2**10:
        return np.array([math.erf(each) for each in x.ravel().tolist()], x.dtype).reshape(x.shape)
    return by_loop(erf_loop, otherwise, x)


@loop(least=2**10, reorder=("contract",), calls=1000)
def erf_loop(piece: Int, pieces: Int, x: In1, y: Out1) -> None:
    """A million in 0.5 ms, for 44 with NumPy."""
    begin, end = span(piece, pieces, x.size)
    source, target = x[begin:end], y[begin:end]
    for i in range(source.size):
        target[i] = erf_of(source[i])


def lgamma(x: Array, otherwise: Callable[[Array], Array]) -> Array:
    """The logarithm of the gamma function of many numbers."""
    return by_loop(lgamma_loop, otherwise, x)


@loop(least=2**10, calls=1000)
def lgamma_loop(piece: Int, pieces: Int, x: In1, y: Out1) -> None:
    """The C library's."""
    begin, end = span(piece, pieces, x.size)
    source, target = x[begin:end], y[begin:end]
    for i in range(source.size):
        target[i] = math.lgamma(source[i])


def erfc(x: Array, otherwise: Callable[[Array], Array]) -> Array:
    """1 - erf(x), exact where erf is nearly 1."""
    return by_loop(erfc_loop, otherwise, x)


@loop(least=2**10, calls=1000)
def erfc_loop(piece: Int, pieces: Int, x: In1, y: Out1) -> None:
    """The C library's."""
    begin, end = span(piece, pieces, x.size)
    source, target = x[begin:end], y[begin:end]
    for i in range(source.size):
        target[i] = math.erfc(source[i])


def digamma(x: Array, otherwise: Callable[[Array], Array]) -> Array:
    """The derivative of the logarithm of the gamma function."""
    return by_loop(digamma_loop, otherwise, x)


D1, D2, D3, D4, D5, D6, D7, D8, D9, D10 = DIGAMMA_SERIES


@part
def digamma_of(x: float) -> float:
    """For x > 0; the steps are those of `special.digamma_positive`."""
    correction = 0.0
    if x < 10:
        t = x * (x + 5)
        correction = (2 * x + 5) * ((3 * t + 20) * t + 24) / (t * (t + 4) * (t + 6))
        x = x + 6
    r = 1 / x
    s = r * r
    high = D6 + s * (D7 + s * (D8 + s * (D9 + s * D10)))
    series = D1 + s * (D2 + s * (D3 + s * (D4 + s * (D5 + s * high))))
    return math.log(x) - 0.5 * r - series * s - correction


@loop(least=2**10, calls=1000)
def digamma_loop(piece: Int, pieces: Int, x: In1, y: Out1) -> None:
    """A million in 12 ms, for 65 with NumPy."""
    begin, end = span(piece, pieces, x.size)
    source, target = x[begin:end], y[begin:end]
    for i in range(source.size):
        value = np.float64(source[i])
        if value > 0:
            target[i] = digamma_of(value)
        elif value < 0 and value != math.floor(value):
            rest = value - np.rint(value)
            target[i] = digamma_of(1 - value) - math.pi / math.tan(math.pi * rest)
        else:
            target[i] = math.nan

"""Choosing element by element, and functions that are little more than that: signs, rectifiers, roots, small powers.

NumPy looks at each truth value and jumps; where they are random, the processor guesses wrong every other time: 3.8 ms for
a million choices. A compiled loop reads both and takes one, 16 at a time: 0.25 ms.
"""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from flowlab._src.kernels.copying import words
from flowlab._src.kernels.elementwise import each
from flowlab._src.kernels.jit import (
    COMPILED,
    In1,
    In2,
    Int,
    Number,
    Out1,
    Out2,
    Parameter,
    loop,
    pieces,
    plain,
    span,
)
from flowlab._src.kernels.threads import share

Array = NDArray[Any]
Truths1 = Annotated[NDArray[np.bool_], Parameter(1, False, "bool")]

MANY = 2**18  # elements; NumPy handles fewer in the time that a second thread takes to wake up
FEW = 2**13  # elements from which on a loop is faster than NumPy's choices, one thread being enough


def choose(condition: Array, x: Array, y: Array) -> Array:
    """Elements of `x` where the condition is true, of `y` elsewhere.

    All have one shape, or the condition is a vector that chooses whole rows, or NumPy stretches them.

    >>> choose(np.array([True, False]), np.array([1, 2]), np.array([-1, -2]))
    array([ 1, -2])
    """
    word = (
        words(x.dtype)
        if x.size >= choose_loop.least and condition.shape == x.shape == y.shape and x.dtype == y.dtype
        else None
    )
    run = None if word is None else choose_loop.ready(word, x.size)
    if run is None or word is None:
        return np.where(condition, x, y)
    result = np.empty(x.shape, x.dtype)
    sources = [plain(each).reshape(-1).view(word) for each in (x, y)]
    share(run, pieces(x.size), plain(condition).reshape(-1), *sources, result.reshape(-1).view(word))
    return result


@loop(least=FEW)
def choose_loop(piece: Int, pieces: Int, condition: Truths1, x: In1, y: In1, result: Out1) -> None:
    """Read both, take one: a million in 0.25 ms, for 3.8 with NumPy when the condition is random."""
    begin, end = span(piece, pieces, result.size)
    truths, xs, ys, target = condition[begin:end], x[begin:end], y[begin:end], result[begin:end]
    for i in range(target.size):
        first, second = xs[i], ys[i]
        target[i] = first if truths[i] else second


def choose_rows(condition: Array, x: Array, y: Array) -> Array:
    """Rows of `x` where the vector `condition` is true, of `y` elsewhere."""
    word = words(x.dtype) if x.size >= choose_rows_loop.least and x.shape == y.shape and x.dtype == y.dtype else None
    run = None if word is None else choose_rows_loop.ready(word, x.size)
    if run is None or word is None:
        return np.where(condition.reshape((-1,) + (1,) * (x.ndim - 1)), x, y)
    result = np.empty(x.shape, x.dtype)
    rows = [plain(array).reshape(len(condition), x[:1].size).view(word) for array in (x, y, result)]
    share(run, min(len(condition), pieces(x.size)), plain(condition), *rows)
    return result


@loop(least=FEW)
def choose_rows_loop(piece: Int, pieces: Int, condition: Truths1, x: In2, y: In2, result: Out2) -> None:
    """Copy one row or the other."""
    begin, end = span(piece, pieces, result.shape[0])
    for row in range(begin, end):
        source = x[row] if condition[row] else y[row]
        target = result[row]
        for i in range(target.size):
            target[i] = source[i]


# ---- functions of one argument -------------------------------------------------------------------------------------


def sign(x: Array) -> Array:
    """-1, 0 or 1; nan stays.

    >>> sign(np.array([-3.0, -0.0, 2.0, np.nan]))
    array([-1.,  0.,  1., nan])
    """
    run = sign_loop.ready(x.dtype, x.size)
    return np.sign(x) if run is None else each(run, x)


@loop(least=2**15)
def sign_loop(piece: Int, pieces: Int, x: In1, y: Out1) -> None:
    """A million in 0.12 ms, for 0.45 with NumPy."""
    one, zero = x.dtype.type(1), x.dtype.type(0)
    begin, end = span(piece, pieces, x.size)
    source, target = x[begin:end], y[begin:end]
    for i in range(source.size):
        value = source[i]
        rest = value + zero  # without the sign of a zero
        target[i] = one if value > zero else (-one if value < zero else rest)


def sqrt(x: Array) -> Array:
    """The square root, 16 at a time."""
    run = sqrt_loop.ready(x.dtype, x.size)
    return np.sqrt(x) if run is None else each(run, x)


@loop(least=MANY)
def sqrt_loop(piece: Int, pieces: Int, x: In1, y: Out1) -> None:
    """Rounded as the standard says, so equal to NumPy's."""
    begin, end = span(piece, pieces, x.size)
    source, target = x[begin:end], y[begin:end]
    for i in range(source.size):
        target[i] = np.sqrt(source[i])


def rsqrt(x: Array) -> Array:
    """1 / sqrt(x), both rounded."""
    run = rsqrt_loop.ready(x.dtype, x.size)
    return np.reciprocal(np.sqrt(x)) if run is None else each(run, x)


@loop(least=2**15)
def rsqrt_loop(piece: Int, pieces: Int, x: In1, y: Out1) -> None:
    """In one pass."""
    one = x.dtype.type(1)
    begin, end = span(piece, pieces, x.size)
    source, target = x[begin:end], y[begin:end]
    for i in range(source.size):
        target[i] = one / np.sqrt(source[i])


def reciprocal(x: Array) -> Array:
    """1 / x, for integers the whole part."""
    run = reciprocal_loop.ready(x.dtype, x.size)
    return np.reciprocal(x) if run is None else each(run, x)


@loop(least=MANY)
def reciprocal_loop(piece: Int, pieces: Int, x: In1, y: Out1) -> None:
    """A million in 0.14 ms, for 0.22 with NumPy."""
    one = x.dtype.type(1)
    begin, end = span(piece, pieces, x.size)
    source, target = x[begin:end], y[begin:end]
    for i in range(source.size):
        target[i] = one / source[i]


def elu(x: Array, slope: float = 1.0, scale: float = 1.0) -> Array:
    """``slope * (exp(x) - 1)`` for negative numbers, ``scale * x`` for others."""
    kind = x.dtype.type
    run = elu_loop.ready(x.dtype, x.size)
    if run is None:
        if slope == scale == 1:
            return np.where(x < 0, np.expm1(x), x)
        return np.where(x < 0, kind(slope) * np.expm1(x), kind(scale) * x)
    y = np.expm1(x, order="C")
    share(run, pieces(x.size), plain(x).reshape(-1), kind(slope), kind(scale), y.reshape(-1))
    return y


@loop(least=FEW)
def elu_loop(piece: Int, pieces: Int, x: In1, slope: Number, scale: Number, y: Out1) -> None:
    """NumPy's exp(x) - 1 is fast, 0.35 ms for a million; choosing is not: 4.2 ms by NumPy, 0.1 here."""
    begin, end = span(piece, pieces, x.size)
    source, target = x[begin:end], y[begin:end]
    for i in range(source.size):
        value, curved = source[i], target[i]
        target[i] = slope * curved if value < 0 else scale * value


def softplus(x: Array) -> Array:
    """log(1 + exp(x)), without overflow.

    >>> softplus(np.array([-1000.0, 0.0, 10.0])).round(3)
    array([ 0.   ,  0.693, 10.   ])
    """
    zero = x.dtype.type(0)
    if x.size < 64:
        return np.logaddexp(x, zero)
    # The exponential of -|x| is at most 1. NumPy's log1p takes several numbers at a time, its logaddexp does not.
    y = np.abs(x)
    np.negative(y, out=y)
    np.exp(y, out=y)
    np.log1p(y, out=y)
    y += np.maximum(x, zero)
    return y


# What a power with a small whole number as exponent means.
PRODUCTS: dict[float | None, str] = {1: "x * 1", 2: "x * x", 3: "x * x * x", 4: "(x * x) * (x * x)"}


def power(x: Array, exponent: Array) -> Array:
    """x to the power of a number or of an array.

    A small whole number means products: 0.2 ms for the cubes of a million numbers. NumPy's power takes 0.7, and 60 where
    they are negative.
    """
    if np.ndim(exponent) == 0 and x.dtype in COMPILED:
        whole = float(exponent)
        if whole == 1:
            return np.multiply(x, x.dtype.type(1))
        if whole in PRODUCTS:
            y = np.multiply(x, x)
            return y if whole == 2 else np.multiply(y, x if whole == 3 else y, out=y if x.ndim else None)
        if whole.is_integer() and abs(whole) < 2**24 and x.size > 64:
            # The power of |x|, with the sign of x where the exponent is odd.
            y = np.power(np.absolute(x), exponent)
            return np.copysign(y, x, out=y) if whole % 2 else y
    return np.power(x, exponent)

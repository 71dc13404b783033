"""Small functions of every element, and the sums over pixels that go with a bias."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlab._src.kernels.jit import In1, In2, Int, Out1, Out2, clear, loop, pieces, plain, span
from flowlab._src.kernels.threads import share

Array = NDArray[Any]

LEAST = 2**18  # elements; NumPy handles fewer in the time that a second thread takes to wake up
GROUP = 4096  # rows that one piece of `bias_grad` adds up


def is_large(dims: tuple[int | None, ...] | None) -> bool:
    """True for sizes that the compiled loops of this module are for."""
    return dims is not None and None not in dims and math.prod(dims) >= LEAST  # type: ignore[arg-type]  # no None


def each(run: Any, x: Array) -> Array:
    """Let a compiled loop give a result for each element."""
    y = np.empty(x.shape, x.dtype)
    share(run, pieces(x.size), plain(x).reshape(-1), y.reshape(-1))
    return y


def relu(x: Array) -> Array:
    """Return x where it is positive, else zero.

    >>> relu(np.array([-1.0, 0.0, 2.0]))
    array([0., 0., 2.])
    """
    run = relu_loop.ready(x.dtype, x.size)
    if run is None:
        return np.maximum(x, x.dtype.type(0))
    return each(run, x)


@loop(least=LEAST)
def relu_loop(piece: Int, pieces: Int, x: In1, y: Out1) -> None:
    """Keep what is not below zero; NaN is not."""
    begin, end = span(piece, pieces, x.size)
    source, target = x[begin:end], y[begin:end]
    for i in range(source.size):
        target[i] = 0 if source[i] < 0 else source[i]


def relu_grad(dy: Array, y: Array) -> Array:
    """Return `dy` where the rectifier let its input through, else zero; `y` is its output, or its input."""
    run = relu_grad_loop.ready(dy.dtype, dy.size)
    if run is None or y.dtype != dy.dtype or y.shape != dy.shape:
        return np.multiply(dy, y > 0, dtype=dy.dtype)
    dx = np.empty(dy.shape, dy.dtype)
    share(run, pieces(dy.size), plain(dy).reshape(-1), plain(y).reshape(-1), dx.reshape(-1))
    return dx


@loop(least=LEAST)
def relu_grad_loop(piece: Int, pieces: Int, dy: In1, y: In1, dx: Out1) -> None:
    """Multiply by 1 or 0, as TensorFlow does: an infinite gradient times 0 is NaN."""
    one, zero = dy.dtype.type(1), dy.dtype.type(0)
    begin, end = span(piece, pieces, dy.size)
    gradient, outputs, target = dy[begin:end], y[begin:end], dx[begin:end]
    for i in range(gradient.size):
        target[i] = gradient[i] * (one if outputs[i] > 0 else zero)


def bias_add(x: Array, b: Array) -> Array:
    """Add a vector along the last axis."""
    run = bias_add_loop.ready(x.dtype, x.size)
    if run is None or b.dtype != x.dtype or b.shape != x.shape[-1:]:
        return x + b
    y = np.empty(x.shape, x.dtype)
    rows = plain(x).reshape(-1, b.size)
    share(run, min(len(rows), pieces(x.size)), rows, plain(b), y.reshape(-1, b.size))
    return y


@loop(least=LEAST)
def bias_add_loop(piece: Int, pieces: Int, x: In2, b: In1, y: Out2) -> None:
    """Add b to each row."""
    begin, end = span(piece, pieces, x.shape[0])
    for row in range(begin, end):
        source, target = x[row], y[row]
        for i in range(b.size):
            target[i] = source[i] + b[i]


def bias_relu_within(y: Array, b: Array) -> bool:
    """Make ``relu(y + b)`` of a product that nobody else holds, and tell whether it was done."""
    run = bias_relu_loop.ready(y.dtype, y.size)
    if run is None or b.dtype != y.dtype or b.shape != y.shape[-1:] or not y.flags.c_contiguous:
        return False
    rows = y if y.ndim == 2 else y.reshape(-1, b.size)
    share(run, min(len(rows), pieces(y.size)), rows, plain(b))
    return True


@loop(least=2**10, calls=1000)
def bias_relu_loop(piece: Int, pieces: Int, y: Out2, b: In1) -> None:
    """Add b to each row and keep what is not below zero."""
    begin, end = span(piece, pieces, y.shape[0])
    for row in range(begin, end):
        target = y[row]
        for i in range(b.size):
            total = target[i] + b[i]
            target[i] = 0 if total < 0 else total


def bias_grad(dy: Array) -> Array:
    """Sum over all axes but the last: the gradient of `bias_add` for its bias."""
    rows = dy.reshape(-1, dy.shape[-1])
    if dy.dtype == np.float16:
        return rows.sum(axis=0, dtype=np.float32).astype(np.float16)
    run = bias_grad_loop.ready(dy.dtype, dy.size)
    if run is None:
        return rows.sum(axis=0)
    # Groups are as long for any number of threads, so that sums are rounded alike.
    sums = np.empty((-(-len(rows) // GROUP), rows.shape[1]), dy.dtype)
    share(run, len(sums), plain(rows), sums)
    return sums.sum(axis=0)


@loop(least=LEAST)
def bias_grad_loop(piece: Int, pieces: Int, dy: In2, sums: Out2) -> None:
    """Add up groups of rows, one after the other in each column."""
    begin, end = span(piece, pieces, dy.shape[0])
    target = sums[piece]
    clear(target)
    for row in range(begin, end):
        source = dy[row]
        for i in range(target.size):
            target[i] += source[i]

"""Matrices of which a part counts: a band around the diagonal is kept, triangular equations are solved.

NumPy asks for each number whether it is inside, and solves triangular equations as any others: 128 of them with 128 right
sides in 450 us, for 40 here; the lower triangle of a million numbers in 3.7 ms, for 0.2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlab._src.kernels.copying import words
from flowlab._src.kernels.jit import COMPILED, In3, Int, Out3, loop, pieces, plain, span
from flowlab._src.kernels.threads import share

Array = NDArray[Any]

MOST = 192  # equations that are solved row by row


def band(x: Array, lower: int, upper: int) -> Array:
    """Return matrices with zeros outside of a band: that many diagonals below and above the main one, negative for all.

    >>> band(np.ones((3, 3)), 0, 1)
    array([[1., 1., 0.],
           [0., 1., 1.],
           [0., 0., 1.]])
    """
    *_, rows, columns = x.shape
    word = words(x.dtype)
    run = None if word is None or not x.size or not x.flags.aligned else band_loop.ready(word, x.size)
    if run is None or word is None:
        below = np.arange(rows)[:, None] - np.arange(columns)
        inside = ((lower < 0) | (below <= lower)) & ((upper < 0) | (-below <= upper))
        return np.where(inside, x, np.zeros((), x.dtype))
    y = np.empty(x.shape, x.dtype)
    stack = -1, rows, columns
    share(run, pieces(x.size), plain(x).view(word).reshape(stack), y.view(word).reshape(stack), lower, upper)
    return y


@loop(least=2**10, calls=100)
def band_loop(piece: Int, pieces: Int, x: In3, y: Out3, lower: Int, upper: Int) -> None:
    """Row by row: zeros, what is inside, zeros."""
    count, rows, columns = x.shape
    begin, end = span(piece, pieces, count * rows)
    for number in range(begin, end):
        matrix, row = number // rows, number % rows
        source, target = x[matrix, row], y[matrix, row]
        first = min(columns, max(0, row - lower)) if lower >= 0 else 0
        last = max(first, min(columns, row + upper + 1)) if upper >= 0 else columns
        before, after = target[:first], target[last:]
        kept, inside = source[first:last], target[first:last]
        for k in range(before.size):
            before[k] = 0
        for k in range(inside.size):
            inside[k] = kept[k]
        for k in range(after.size):
            after[k] = 0


def solve_triangles(matrix: Array, rhs: Array, lower: bool) -> Array | None:
    """Solve triangular equations, a stack (k, n, n) with right sides (k, n, m); None while no loop is there.

    Nothing on the diagonals may be zero. The other half of the matrices is not looked at.
    """
    run = triangles_loop.ready(matrix.dtype, rhs.size) if matrix.dtype in COMPILED else None
    if run is None or rhs.dtype != matrix.dtype or not rhs.size:
        return None
    return solved(run, matrix, rhs, lower)


def solved(run: Any, matrix: Array, rhs: Array, lower: bool) -> Array:
    """Solve by the loop; of many equations one half, then, less what that half contributes, the other."""
    n = matrix.shape[1]
    if n <= MOST:
        x = np.array(rhs, order="C")
        share(run, len(x), plain(matrix), x, int(lower))
        return x
    first, other = (slice(0, n // 2), slice(n // 2, n)) if lower else (slice(n // 2, n), slice(0, n // 2))
    x = np.empty(rhs.shape, rhs.dtype)
    x[:, first] = found = solved(run, matrix[:, first, first], rhs[:, first], lower)
    rest = rhs[:, other] - np.matmul(matrix[:, other, first], found)
    x[:, other] = solved(run, matrix[:, other, other], rest, lower)
    return x


@loop(least=2**6, reorder=("reassoc", "contract", "nsz"), calls=100)
def triangles_loop(piece: Int, pieces: Int, a: In3, x: Out3, lower: Int) -> None:
    """Each row of x, less what the rows before it contribute, four of them at a time; a piece is a matrix."""
    n, columns = x.shape[1:]
    for step in range(n):
        i = step if lower else n - 1 - step
        factors, target = a[piece, i], x[piece, i]
        before = 0 if lower else i + 1
        for first in range(before, before + step // 4 * 4, 4):
            p, q, r, s = factors[first], factors[first + 1], factors[first + 2], factors[first + 3]
            ps, qs, rs, ss = x[piece, first], x[piece, first + 1], x[piece, first + 2], x[piece, first + 3]
            for k in range(columns):
                target[k] -= p * ps[k] + q * qs[k] + r * rs[k] + s * ss[k]
        for j in range(before + step // 4 * 4, before + step):
            factor, known = factors[j], x[piece, j]
            for k in range(columns):
                target[k] -= factor * known[k]
        pivot = factors[i]
        for k in range(columns):
            target[k] /= pivot

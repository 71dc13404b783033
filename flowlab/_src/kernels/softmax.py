"""Softmax and the cross entropies, computed without overflow: the largest logit is subtracted first."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlab._src.kernels.jit import In2, Int, Out1, Out2, Part, Turn, claim, loop, part, pieces, plain, span
from flowlab._src.kernels.threads import share
from flowlab._src.kernels.vector_math import exp32

Array = NDArray[Any]


def shifted(logits: Array) -> Array:
    """Return logits minus the largest of each row, in float32 at least."""
    wide = logits.astype(np.float32) if logits.dtype == np.float16 else logits
    return wide - wide.max(axis=-1, keepdims=True)


def softmax(logits: Array) -> Array:
    """Return exp(logits), each row divided by its sum.

    >>> softmax(np.array([[0.0, 0.0], [1000.0, 0.0]]))
    array([[0.5, 0.5],
           [1. , 0. ]])
    """
    if not logits.size:
        return logits.copy()
    return normalised(logits)[0].astype(logits.dtype, copy=False)


def normalised(logits: Array) -> tuple[Array, Array, Array]:
    """Return softmax(logits), the largest logit of each row, and the sum of exp(logits - largest)."""
    wide = logits.astype(np.float32) if logits.dtype == np.float16 else logits
    run = ready(wide)
    if run is None:
        largest = wide.max(axis=-1, keepdims=True)
        y = wide - largest
        np.exp(y, out=y)
        sums = y.sum(axis=-1, keepdims=True)
        y /= sums
        return y, largest, sums
    return by_loop(run, wide, False)


def ready(logits: Array) -> Any:
    """Return the compiled loop for rows of float32, if it is there."""
    return softmax_loop.ready(logits.dtype, logits.size) if logits.dtype == np.float32 else None


def by_loop(run: Any, logits: Array, logarithm: bool) -> tuple[Array, Array, Array]:
    """Return softmax or its logarithm, the largest logit of each row, and the sum of exp(logits - largest)."""
    rows = plain(logits).reshape(-1, logits.shape[-1])
    y, largest, sums = (
        np.empty(logits.shape, np.float32),
        np.empty(len(rows), np.float32),
        np.empty(len(rows), np.float32),
    )
    share(run, min(len(rows), 256), rows, y.reshape(rows.shape), largest, sums, int(logarithm))
    column = (*logits.shape[:-1], 1)
    return y, largest.reshape(column), sums.reshape(column)


@part
def best_of_eight(numbers: Any, best: Any) -> Any:
    """Write the larger of eight at a time, and return how many numbers were looked at.

    The compiler takes no single maximum out of order, because of NaN, but as many different ones at once as it can.
    """
    n = best.size
    a, b, c, d = numbers[:n], numbers[n : 2 * n], numbers[2 * n : 3 * n], numbers[3 * n : 4 * n]
    e, f, g, h = numbers[4 * n : 5 * n], numbers[5 * n : 6 * n], numbers[6 * n : 7 * n], numbers[7 * n : 8 * n]
    for i in range(best.size):
        ab, cd = (a[i] if a[i] > b[i] else b[i]), (c[i] if c[i] > d[i] else d[i])
        ef, gh = (e[i] if e[i] > f[i] else f[i]), (g[i] if g[i] > h[i] else h[i])
        abcd, efgh = (ab if ab > cd else cd), (ef if ef > gh else gh)
        best[i] = abcd if abcd > efgh else efgh
    return 8 * n


@part
def larger_than(top: Any, numbers: Any) -> Any:
    """Return the largest of `top` and some numbers."""
    for i in range(numbers.size):
        top = numbers[i] if numbers[i] > top else top
    return top


@part
def exponentials(source: Any, top: Any, target: Any) -> None:
    """Write exp(source - top)."""
    for i in range(source.size):
        target[i] = exp32(np.float32(source[i] - top))


def sum_of(numbers: Any) -> Any:
    """Add up many at a time."""
    total = np.float32(0)
    for i in range(numbers.size):
        total += numbers[i]
    return total


# The loop around it must not have this freedom: with it, (x - top) - high becomes x - (top + high), which is less exact.
total_of = Part(sum_of, ("reassoc", "nsz"))


@loop(least=2**14, separate=True)
def softmax_loop(turn: Turn, pieces: Int, logits: In2, y: Out2, largest: Out1, sums: Out1, logarithm: Int) -> None:
    """Write softmax(logits) or its logarithm for float32; a piece is some rows.

    NaN or infinity in a row, or nothing but minus infinity, make the sum NaN and so the whole row.
    """
    best, better = np.empty(logits.shape[1] // 8, np.float32), np.empty(logits.shape[1] // 64, np.float32)
    while True:
        piece = claim(turn)
        if piece >= pieces:
            break
        for row in range(*span(piece, pieces, logits.shape[0])):
            source, target = logits[row], y[row]
            top = source[0]
            if source.size < 64:
                top = larger_than(top, source)
            else:
                top = larger_than(top, source[best_of_eight(source, best) :])
                top = larger_than(top, best[best_of_eight(best, better) :])
                top = larger_than(top, better)
            # What is left behind the last 16 would be done one by one: some are done twice instead.
            whole = source.size // 16 * 16 if source.size >= 16 else source.size
            exponentials(source[:whole], top, target[:whole])
            if whole < source.size:
                exponentials(source[source.size - 16 :], top, target[source.size - 16 :])
            total = total_of(target)
            largest[row], sums[row] = top, total
            if logarithm:
                high = np.log(total)
                for i in range(source.size):
                    target[i] = (source[i] - top) - high
            else:
                scale = np.float32(1) / total
                for i in range(target.size):
                    target[i] *= scale


@loop(least=2**8, calls=1000, reorder=("reassoc", "contract", "nsz"))
def cross_entropy_loop(piece: Int, pieces: Int, logits: In2, labels: In2, loss: Out1, backprop: Out2) -> None:
    """Write each row's cross entropy and its gradient, for float32, in one pass; a piece is some rows.

    On 100 rows of 10 classes NumPy spends 40 us, most of it between its 12 calls, and this loop 9.
    """
    for row in range(*span(piece, pieces, logits.shape[0])):
        source, wanted, target = logits[row], labels[row], backprop[row]
        top, whole = source[0], True
        for i in range(source.size):
            top = max(top, source[i])
            whole = whole and source[i] == source[i]
        if not whole or not np.isfinite(top):
            loss[row] = np.nan
            target[:] = np.nan
            continue
        total = np.float32(0)
        for i in range(source.size):
            target[i] = exp32(np.float32(source[i] - top))
            total += target[i]
        scale, high, sum_of_row = np.float32(1) / total, np.log(total), np.float32(0)
        for i in range(target.size):
            sum_of_row += wanted[i] * (high - (source[i] - top))
            target[i] = target[i] * scale - wanted[i]
        loss[row] = sum_of_row


def log_softmax(logits: Array) -> Array:
    """Return the logarithm of `softmax`, exact where the softmax itself would round to zero."""
    if not logits.size:
        return logits.copy()
    run = ready(logits)
    if run is not None:
        return by_loop(run, logits, True)[0]
    y = shifted(logits)
    y -= np.log(np.exp(y).sum(axis=-1, keepdims=True))
    return y.astype(logits.dtype, copy=False)


def softmax_cross_entropy(logits: Array, labels: Array) -> tuple[Array, Array]:
    """Return each row's cross entropy with `labels`, and its gradient for the logits.

    Parameters
    ----------
    logits, labels : array, shape (batch, classes)
        Either may have one row, or one column, for all. Labels are probabilities; the gradient supposes that each row
        sums to 1.

    Returns
    -------
    loss : array, shape (batch,)
    backprop : array, shape (batch, classes)
        softmax(logits) - labels
    """
    if not logits.size:
        return np.zeros(len(logits), logits.dtype), logits.copy()
    run = cross_entropy_loop.ready(logits.dtype, logits.size) if logits.dtype == labels.dtype == np.float32 else None
    if run is not None and logits.shape == labels.shape:
        loss, backprop = np.empty(len(logits), logits.dtype), np.empty(logits.shape, logits.dtype)
        share(run, min(len(logits), pieces(logits.size)), plain(logits), plain(labels), loss, backprop)
        return loss, backprop
    probabilities, largest, sums = normalised(logits)
    wide_labels = labels.astype(probabilities.dtype, copy=False)
    loss = (wide_labels * (np.log(sums) - (logits - largest))).sum(axis=-1)
    backprop = probabilities - wide_labels
    return loss.astype(logits.dtype, copy=False), backprop.astype(logits.dtype, copy=False)


def sparse_softmax_cross_entropy(logits: Array, labels: Array) -> tuple[Array, Array]:
    """Return each row's cross entropy with the class numbers `labels`, and its gradient for the logits.

    A label that is no class gives NaN in its row, loss and gradient, as TensorFlow does on a GPU.
    """
    batch, classes = logits.shape
    if not logits.size:
        return np.full(batch, np.nan, logits.dtype), logits.copy()
    backprop, largest, sums = normalised(logits)
    rows = np.arange(batch)
    wrong = (labels < 0) | (labels >= classes)
    places = np.where(wrong, 0, labels)
    loss = np.log(sums[:, 0]) - (logits[rows, places] - largest[:, 0])
    backprop[rows, places] -= 1
    loss[wrong] = np.nan
    backprop[wrong] = np.nan
    return loss.astype(logits.dtype, copy=False), backprop.astype(logits.dtype, copy=False)


def sigmoid(x: Array) -> Array:
    """Return the logistic function 1 / (1 + exp(-x)), without overflow.

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    wide = x.astype(np.float32) if x.dtype == np.float16 else x
    small = np.exp(-np.abs(wide))  # never more than 1
    y = np.where(wide >= 0, 1, small) / (1 + small)
    return y.astype(x.dtype, copy=False)

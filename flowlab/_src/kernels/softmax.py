"""Softmax and the cross entropies, computed without overflow: the largest logit is subtracted first."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlab._src.kernels.jit import In1, In2, Int, Out1, Out2, Turn, claim, loop, part, pieces, plain, span
from flowlab._src.kernels.threads import share

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
    largest = wide.max(axis=-1, keepdims=True)
    run = softmax_loop.ready(wide.dtype, wide.size) if wide.dtype == np.float32 else None
    if run is None:
        y = wide - largest
        np.exp(y, out=y)
        sums = y.sum(axis=-1, keepdims=True)
        y /= sums
        return y, largest, sums
    y, sums = np.empty(wide.shape, wide.dtype), np.empty_like(largest)
    rows = plain(wide).reshape(-1, wide.shape[-1])
    share(run, min(len(rows), 256), rows, plain(largest).reshape(-1), y.reshape(rows.shape), sums.reshape(-1))
    return y, largest, sums


@part
def exponentials(source: Any, top: Any, target: Any, bits: Any, powers: Any) -> Any:
    """Write exp(source - top) and return the sum, for float32; `powers` are the `bits` seen as floats.

    A library's exp takes one number at a time; this one is simple enough for the compiler to take 16. With n the
    nearest whole number to x / log 2, exp(x) is 2**n times a polynomial of the rest (the one of the Cephes library,
    exact to the last bit or two). 2**n needs no arithmetic at all: a float with the bits of n in its exponent is 2**n.
    """
    one, zero, half, bottom = np.float32(1), np.float32(0), np.float32(0.5), np.float32(-87.3)
    per_octave, octave_high, octave_low = np.float32(1.44269504), np.float32(0.693359375), np.float32(-2.12194440e-4)
    p5, p4, p3 = np.float32(1.9875691500e-4), np.float32(1.3981999507e-3), np.float32(8.3334519073e-3)
    p2, p1, p0 = np.float32(4.1665795894e-2), np.float32(1.6666665459e-1), np.float32(5.0000001201e-1)
    for i in range(source.size):
        x = max(source[i] - top, bottom)
        n = np.floor(x * per_octave + half)
        rest = x - n * octave_high - n * octave_low
        series = ((((p5 * rest + p4) * rest + p3) * rest + p2) * rest + p1) * rest + p0
        target[i] = (series * rest * rest + rest + one) if source[i] - top > bottom else zero
        bits[i] = (np.int32(n) + np.int32(127)) << np.int32(23)
    total = zero
    for i in range(target.size):
        target[i] *= powers[i]
        total += target[i]
    return total


@loop(least=2**16, reorder=("reassoc", "contract", "nsz"))
def softmax_loop(turn: Turn, pieces: Int, logits: In2, largest: In1, y: Out2, sums: Out1) -> None:
    """Write softmax(logits) and the sums of exponentials, for float32; a piece is some rows."""
    bits = np.empty(logits.shape[1], np.int32)
    powers = bits.view(np.float32)
    while True:
        piece = claim(turn)
        if piece >= pieces:
            break
        for row in range(*span(piece, pieces, logits.shape[0])):
            source, target, top = logits[row], y[row], largest[row]
            if not np.isfinite(top):  # NaN among them, infinity minus infinity, or nothing but minus infinity
                sums[row] = np.nan
                target[:] = np.nan
                continue
            sums[row] = exponentials(source, top, target, bits, powers)
            scale = np.float32(1) / sums[row]
            for i in range(target.size):
                target[i] *= scale


@loop(least=2**8, calls=1000, reorder=("reassoc", "contract", "nsz"))
def cross_entropy_loop(turn: Turn, pieces: Int, logits: In2, labels: In2, loss: Out1, backprop: Out2) -> None:
    """Write each row's cross entropy and its gradient, for float32, in one pass; a piece is some rows.

    On 100 rows of 10 classes NumPy spends 40 us, most of it between its 12 calls, and this loop 9.
    """
    bits = np.empty(logits.shape[1], np.int32)
    powers = bits.view(np.float32)
    while True:
        piece = claim(turn)
        if piece >= pieces:
            break
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
            total = exponentials(source, top, target, bits, powers)
            scale, high, sum_of_row = np.float32(1) / total, np.log(total), np.float32(0)
            for i in range(target.size):
                sum_of_row += wanted[i] * (high - (source[i] - top))
                target[i] = target[i] * scale - wanted[i]
            loss[row] = sum_of_row


def log_softmax(logits: Array) -> Array:
    """Return the logarithm of `softmax`, exact where the softmax itself would round to zero."""
    if not logits.size:
        return logits.copy()
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

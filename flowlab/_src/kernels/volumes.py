"""Convolution and pooling of volumes, (batch, depth, height, width, channels): films, scans, sequences of pictures.

Written for any number of spatial axes, tap by tap: for each place in the window, the pixels that lie there in all
windows are one strided view of the volume. A convolution adds up the products of these views with the weights of
their tap; a pooling takes the maximum or the sum of the views.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Pairs = Sequence[tuple[int, int]]  # the border before and after, for each spatial axis


def pad(x: Array, pairs: Pairs, value: Any = 0) -> Array:
    """Volumes with a border."""
    if not any(before or after for before, after in pairs):
        return x
    sizes = [n + before + after for n, (before, after) in zip(x.shape[1:-1], pairs, strict=True)]
    padded = np.full((len(x), *sizes, x.shape[-1]), value, x.dtype)
    inside(padded, x.shape, pairs)[...] = x
    return padded


def inside(padded: Array, shape: Sequence[int], pairs: Pairs) -> Array:
    """The view of padded volumes without their border."""
    spatial = [slice(before, before + n) for n, (before, _) in zip(shape[1:-1], pairs, strict=True)]
    return padded[(slice(None), *spatial)]


def taps(
    padded: Array, window: Sequence[int], out: Sequence[int], strides: Sequence[int]
) -> Iterator[tuple[Any, Array]]:
    """For each place in the window, in reading order, the view of the pixels that lie there."""
    for place in itertools.product(*(range(n) for n in window)):
        spatial = [
            slice(p, p + (count - 1) * step + 1, step) for p, count, step in zip(place, out, strides, strict=True)
        ]
        yield place, padded[(slice(None), *spatial)]


def conv(x: Array, w: Array, strides: Sequence[int], pairs: Pairs, out: Sequence[int]) -> Array:
    """Convolve volumes with filters of shape (*window, in_channels, out_channels)."""
    if x.dtype == np.float16:
        return conv(x.astype(np.float32), w.astype(np.float32), strides, pairs, out).astype(np.float16)
    y = np.zeros((len(x), *out, w.shape[-1]), x.dtype)
    for place, pixels in taps(pad(x, pairs), w.shape[:-2], out, strides):
        y += pixels @ w[place]
    return y


def conv_input_grad(shape: Sequence[int], w: Array, dy: Array, strides: Sequence[int], pairs: Pairs) -> Array:
    """The gradient of `conv` for the volumes."""
    if dy.dtype == np.float16:
        wide = conv_input_grad(shape, w.astype(np.float32), dy.astype(np.float32), strides, pairs)
        return wide.astype(np.float16)
    sizes = [n + before + after for n, (before, after) in zip(shape[1:-1], pairs, strict=True)]
    padded = np.zeros((shape[0], *sizes, shape[-1]), dy.dtype)
    for place, pixels in taps(padded, w.shape[:-2], dy.shape[1:-1], strides):
        pixels += dy @ w[place].T
    return np.ascontiguousarray(inside(padded, shape, pairs))


def conv_filter_grad(x: Array, shape: Sequence[int], dy: Array, strides: Sequence[int], pairs: Pairs) -> Array:
    """The gradient of `conv` for the filters."""
    if dy.dtype == np.float16:
        wide = conv_filter_grad(x.astype(np.float32), shape, dy.astype(np.float32), strides, pairs)
        return wide.astype(np.float16)
    dw = np.empty(tuple(shape), dy.dtype)
    flat = dy.reshape(-1, dy.shape[-1])
    for place, pixels in taps(pad(x, pairs), shape[:-2], dy.shape[1:-1], strides):
        dw[place] = pixels.reshape(-1, x.shape[-1]).T @ flat
    return dw


def max_pool(x: Array, window: Sequence[int], strides: Sequence[int], pairs: Pairs, out: Sequence[int]) -> Array:
    """The largest number of each window; the border never wins."""
    y = np.full((len(x), *out, x.shape[-1]), -np.inf, x.dtype)
    for _, pixels in taps(pad(x, pairs, -np.inf), window, out, strides):
        np.maximum(y, pixels, out=y)
    return y


def max_pool_grad(x: Array, y: Array, dy: Array, window: Sequence[int], strides: Sequence[int], pairs: Pairs) -> Array:
    """Each window's gradient goes to its largest pixel; where several are the largest, to each, as in TensorFlow."""
    padded = pad(x, pairs, -np.inf)
    dx = np.zeros(padded.shape, dy.dtype)
    out = y.shape[1:-1]
    for (_, pixels), (_, target) in zip(
        taps(padded, window, out, strides), taps(dx, window, out, strides), strict=True
    ):
        target += np.where(pixels == y, dy, 0)
    return np.ascontiguousarray(inside(dx, x.shape, pairs))


def max_pool_grad_grad(
    x: Array, y: Array, grad: Array, window: Sequence[int], strides: Sequence[int], pairs: Pairs
) -> Array:
    """Of each window the entry of `grad` at its first largest pixel."""
    result = np.zeros(y.shape, grad.dtype)
    open_ = np.ones(y.shape, bool)  # windows whose largest pixel has not been met yet
    out = y.shape[1:-1]
    views = zip(
        taps(pad(x, pairs, -np.inf), window, out, strides), taps(pad(grad, pairs), window, out, strides), strict=True
    )
    for (_, pixels), (_, entries) in views:
        here = open_ & (pixels == y)
        result[here] = entries[here]
        open_ &= ~here
    return result


def _counts(
    shape: Sequence[int], window: Sequence[int], strides: Sequence[int], pairs: Pairs, out: Sequence[int]
) -> Any:
    """How many real pixels each window holds, with axes of size 1 around."""
    counts: Any = np.ones((), np.int64)
    for n, size, step, (before, _), count in zip(shape[1:-1], window, strides, pairs, out, strict=True):
        first = np.arange(count) * step - before
        counts = np.multiply.outer(counts, np.minimum(first + size, n) - np.maximum(first, 0))
    return counts[None, ..., None]


def avg_pool(x: Array, window: Sequence[int], strides: Sequence[int], pairs: Pairs, out: Sequence[int]) -> Array:
    """The mean of the real pixels of each window."""
    kind = np.float32 if x.dtype == np.float16 else x.dtype
    y = np.zeros((len(x), *out, x.shape[-1]), kind)
    for _, pixels in taps(pad(x, pairs), window, out, strides):
        y += pixels
    return (y / _counts(x.shape, window, strides, pairs, out)).astype(x.dtype)


def avg_pool_grad(
    shape: Sequence[int], dy: Array, window: Sequence[int], strides: Sequence[int], pairs: Pairs
) -> Array:
    """Each window's gradient, shared equally among its real pixels."""
    out = dy.shape[1:-1]
    shares = (dy / _counts(shape, window, strides, pairs, out)).astype(dy.dtype)
    sizes = [n + before + after for n, (before, after) in zip(shape[1:-1], pairs, strict=True)]
    padded = np.zeros((shape[0], *sizes, shape[-1]), dy.dtype)
    for _, target in taps(padded, window, out, strides):
        target += shares
    return np.ascontiguousarray(inside(padded, shape, pairs))

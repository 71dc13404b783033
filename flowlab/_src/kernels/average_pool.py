"""Pooling of images in NHWC layout by the mean of each window, with its gradient.

Padding is explicit, ``((top, bottom), (left, right))``, and never counts: a mean is divided by the number of real pixels.

A mean is a weighted sum in which all real pixels of a window have the same weight, so the compiled way is that of
`windows.py`. How many pixels a window has is its real rows times its real columns, and there are only a few such numbers:
the weights are a small table of reciprocals, and each row and column of the output says which of its entries is its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlab._src.kernels.conv import Padding, Pair, pad, taps, wide
from flowlab._src.kernels.pool import check_pooled, crop, pooled_sizes
from flowlab._src.kernels.windows import Axis, Tables, forward_axis, tables, window_sums, window_sums_loop

Array = NDArray[Any]


def real_pixels(sizes: Sequence[int], ksize: Pair, out: Pair, strides: Pair, padding: Padding) -> NDArray[np.int64]:
    """Return how many pixels of each window are not padding, shape (1, out_height, out_width, 1)."""
    counts = []
    for size, window, places, stride, (before, _) in zip(sizes, ksize, out, strides, padding):
        begin = np.arange(places) * stride - before
        counts.append(np.minimum(begin + window, size) - np.maximum(begin, 0))
    return np.maximum(np.outer(*counts), 1).reshape(1, *out, 1)


def avg_pool(x: Array, ksize: Pair, strides: Pair, padding: Padding) -> Array:
    """Return the mean of the real pixels of each window; parameters as for `pool.max_pool`."""
    if x.dtype == np.float16:
        return avg_pool(wide(x), ksize, strides, padding).astype(np.float16)
    out = pooled_sizes(x.shape, ksize, strides, padding)
    y = np.empty((len(x), *out, x.shape[3]), x.dtype)
    run = window_sums_loop.ready(x.dtype, y.size * ksize[0] * ksize[1]) if y.size else None
    if run is None:
        y.fill(0)
        for _, _, pixels in taps(pad(x, padding), ksize, out, strides):
            y += pixels
        y /= real_pixels(x.shape[1:3], ksize, out, strides, padding).astype(x.dtype)
        return y
    shares, where, _ = mean_tables(x.shape[1:], ksize, out, strides, padding, x.dtype)
    window_sums(run, x, shares, y, where, x.shape[3])
    return y


def avg_pool_grad(input_shape: Sequence[int], dy: Array, ksize: Pair, strides: Pair, padding: Padding) -> Array:
    """Return the gradient of `avg_pool` for its images: each pixel of a window gets an equal share of its `dy`."""
    out = pooled_sizes(input_shape, ksize, strides, padding)
    check_pooled("the gradient", dy, input_shape, out)
    if dy.dtype == np.float16:
        return avg_pool_grad(input_shape, wide(dy), ksize, strides, padding).astype(np.float16)
    batch, rows, columns, channels = input_shape
    run = window_sums_loop.ready(dy.dtype, dy.size * ksize[0] * ksize[1]) if dy.size else None
    if run is None:
        (top, bottom), (left, right) = padding
        share = dy / real_pixels((rows, columns), ksize, out, strides, padding).astype(dy.dtype)
        dx = np.zeros((batch, rows + top + bottom, columns + left + right, channels), dy.dtype)
        for _, _, grads in taps(dx, ksize, out, strides):
            grads += share
        return crop(dx, padding)
    shares, _, where = mean_tables((rows, columns, channels), ksize, out, strides, padding, dy.dtype)
    dx = np.empty((batch, rows, columns, channels), dy.dtype)
    window_sums(run, dy, shares, dx, where, channels)
    return dx


@lru_cache(maxsize=256)
def mean_tables(
    sizes: tuple[int, ...], ksize: Pair, out: Pair, strides: Pair, padding: Padding, dtype: np.dtype[Any]
) -> tuple[Array, Tables, Tables]:
    """Return the shares of pixels, and what the loop reads for the mean and for its gradient."""
    both = [mean_axes(sizes[i], ksize[i], out[i], strides[i], padding[i][0]) for i in range(2)]
    (rows, rows_back, row_counts), (columns, columns_back, column_counts) = both
    shares = 1 / np.outer(row_counts, column_counts).astype(dtype)
    pixel = sizes[2] * dtype.itemsize
    steps = len(column_counts) * pixel, pixel  # of the shares
    there = tables(rows, columns, pixel, sizes[1] * pixel, *steps)
    back = tables(rows_back, columns_back, pixel, out[1] * pixel, *steps)
    return np.repeat(shares.reshape(1, -1), sizes[2], axis=1), there, back


def mean_axes(size: int, window: int, outputs: int, stride: int, before: int) -> tuple[Axis, Axis, list[int]]:
    """Return one dimension there and back, and the different counts of real places that windows have in it.

    What the other axes say of places of the filter is here the number of the window's count.
    """
    seen = forward_axis(size, window, outputs, stride, before, 1).met
    counts = sorted({max(len(met), 1) for met in seen})
    own = [counts.index(max(len(met), 1)) for met in seen]
    met_by: list[list[tuple[int, int]]] = [[] for _ in range(size)]
    for i, met in enumerate(seen):
        for at, _ in met:
            met_by[at].append((i, own[i]))
    there = Axis([[(at, own[i]) for at, _ in met] for i, met in enumerate(seen)], stride, 1)
    return there, Axis(met_by, 1, stride), counts

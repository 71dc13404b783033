"""Depthwise convolution of images in NHWC layout, with both of its gradients: each channel has filters of its own.

There is no matrix product in it, since nothing is summed over channels: so few multiplications for each number that
memory decides how long it takes. The compiled way is that of `windows.py`. On 32 images of 28x28 with 32 channels and
filters of 3x3, the convolution and its gradients take 0.9 ms of a core, NumPy 13.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlab._src.kernels.conv import Padding, Pair, check_channels, check_output, output_sizes, pad, taps, wide
from flowlab._src.kernels.windows import (
    Axis,
    Tables,
    backward_axis,
    filter_tables,
    forward_axis,
    tables,
    window_sums,
    window_sums_loop,
)

Array = NDArray[Any]


def depthwise_conv2d(x: Array, w: Array, strides: Pair, padding: Padding, dilations: Pair = (1, 1)) -> Array:
    """Convolve each channel with its own filters.

    Parameters
    ----------
    x : array, shape (batch, height, width, in_channels)
    w : array, shape (filter_height, filter_width, in_channels, multiplier)
    strides, padding, dilations
        As for `conv.conv2d`.

    Returns
    -------
    array, shape (batch, out_height, out_width, in_channels * multiplier)
        The outputs of one input channel lie together.
    """
    check_channels(x.shape[3], w.shape[2])
    if x.dtype == np.float16:
        return depthwise_conv2d(wide(x), wide(w), strides, padding, dilations).astype(np.float16)
    out = output_sizes(x.shape[1:3], w.shape, strides, padding, dilations)
    channels = w.shape[2] * w.shape[3]
    run = ready(x.dtype, w.dtype, len(x) * out[0] * out[1] * w.size)
    if run is None:
        y = np.zeros((len(x), *out, *w.shape[2:]), x.dtype)
        for row, column, pixels in taps(pad(x, padding), w.shape, out, strides, dilations):
            y += pixels[..., None] * w[row, column]
        return y.reshape(len(x), *out, -1)
    y = np.empty((len(x), *out, channels), x.dtype)
    where = forward_tables(x.shape[1:3], w.shape[:2], out, strides, padding, dilations, channels * x.itemsize)
    window_sums(run, repeated(x, w.shape[3]), w.reshape(1, -1), y, where, channels)
    return y


def depthwise_input_grad(
    input_shape: Sequence[int], w: Array, dy: Array, strides: Pair, padding: Padding, dilations: Pair = (1, 1)
) -> Array:
    """Return the gradient of `depthwise_conv2d` for its images."""
    batch, rows, columns, channels = input_shape
    check_channels(channels, w.shape[2])
    out = output_sizes((rows, columns), w.shape, strides, padding, dilations)
    check_output(dy, batch, out, channels * w.shape[3])
    if dy.dtype == np.float16:
        return depthwise_input_grad(input_shape, wide(w), wide(dy), strides, padding, dilations).astype(np.float16)
    run = ready(dy.dtype, w.dtype, batch * out[0] * out[1] * w.size)
    if run is None:
        (top, bottom), (left, right) = padding
        padded = np.zeros((batch, rows + top + bottom, columns + left + right, channels), dy.dtype)
        dy = dy.reshape(batch, *out, *w.shape[2:])
        for row, column, pixels in taps(padded, w.shape, out, strides, dilations):
            pixels += (dy * w[row, column]).sum(-1) if w.shape[3] > 1 else dy[..., 0] * w[row, column, :, 0]
        return np.ascontiguousarray(padded[:, top : top + rows, left : left + columns])
    dx = np.empty((batch, rows, columns, channels * w.shape[3]), dy.dtype)
    size = channels * w.shape[3] * dy.itemsize
    where = backward_tables((rows, columns), w.shape[:2], out, strides, padding, dilations, size)
    window_sums(run, dy, w.reshape(1, -1), dx, where, dx.shape[3])
    return dx if w.shape[3] == 1 else dx.reshape(*dx.shape[:3], channels, -1).sum(-1)


def depthwise_filter_grad(
    x: Array, filter_shape: Sequence[int], dy: Array, strides: Pair, padding: Padding, dilations: Pair = (1, 1)
) -> Array:
    """Return the gradient of `depthwise_conv2d` for its filters."""
    check_channels(x.shape[3], filter_shape[2])
    out = output_sizes(x.shape[1:3], filter_shape, strides, padding, dilations)
    check_output(dy, len(x), out, filter_shape[2] * filter_shape[3])
    if dy.dtype == np.float16:
        x, dy = wide(x), wide(dy)
        return depthwise_filter_grad(x, filter_shape, dy, strides, padding, dilations).astype(np.float16)
    run = ready(dy.dtype, x.dtype, dy.size * filter_shape[0] * filter_shape[1])
    if run is None:
        dw = np.empty(tuple(filter_shape), dy.dtype)
        dy = dy.reshape(len(x), *out, *filter_shape[2:])
        for row, column, pixels in taps(pad(x, padding), filter_shape, out, strides, dilations):
            dw[row, column] = np.einsum("nhwc,nhwcm->cm", pixels, dy)
        return dw
    # A sum for each image first: the threads need not wait for each other, and short sums are more exact.
    dw = np.zeros((len(x), *filter_shape), dy.dtype)
    window = (filter_shape[0], filter_shape[1])
    where = weights_tables(x.shape[1:3], window, out, strides, padding, dilations, dy.shape[3] * dy.itemsize)
    window_sums(run, repeated(x, filter_shape[3]), dy, dw, where, dy.shape[3], add=True)
    return dw.sum(0)


def ready(dtype: np.dtype[Any], other: np.dtype[Any], work: int) -> Any:
    """Return the compiled loop if it is there and worth it."""
    return window_sums_loop.ready(dtype, work) if dtype == other and work else None


def repeated(x: Array, multiplier: int) -> Array:
    """Return images whose channels stand once for each of their filters."""
    return x if multiplier == 1 else np.repeat(x, multiplier, axis=3)


def axes(
    make: Any, sizes: Sequence[int], window: Sequence[int], out: Pair, strides: Pair, padding: Padding, dilations: Pair
) -> tuple[Axis, Axis]:
    """Return both dimensions, made by `forward_axis` or `backward_axis`."""
    rows, columns = (make(sizes[i], window[i], out[i], strides[i], padding[i][0], dilations[i]) for i in range(2))
    return rows, columns


@lru_cache(maxsize=256)
def forward_tables(
    sizes: Pair, window: Pair, out: Pair, strides: Pair, padding: Padding, dilations: Pair, pixel: int
) -> Tables:
    """Return what the loop reads for the convolution; a pixel has so many bytes."""
    rows, columns = axes(forward_axis, sizes, window, out, strides, padding, dilations)
    return tables(rows, columns, pixel, sizes[1] * pixel, window[1] * pixel, pixel)


@lru_cache(maxsize=256)
def backward_tables(
    sizes: Pair, window: Pair, out: Pair, strides: Pair, padding: Padding, dilations: Pair, pixel: int
) -> Tables:
    """Return what it reads for the gradient of the images."""
    rows, columns = axes(backward_axis, sizes, window, out, strides, padding, dilations)
    return tables(rows, columns, pixel, out[1] * pixel, window[1] * pixel, pixel)


@lru_cache(maxsize=256)
def weights_tables(
    sizes: Pair, window: Pair, out: Pair, strides: Pair, padding: Padding, dilations: Pair, pixel: int
) -> Tables:
    """Return what it reads for the gradient of the filters."""
    rows, columns = axes(forward_axis, sizes, window, out, strides, padding, dilations)
    return filter_tables(rows, columns, window, dilations[1], pixel, sizes[1] * pixel, out[1] * pixel)

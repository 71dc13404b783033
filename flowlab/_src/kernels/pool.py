"""Pooling of images in NHWC layout: the largest number of each window. (Their mean: `average_pool.py`.)

Where several numbers of a window are the largest, the first one in reading order counts as the maximum: it alone gets
the gradient, and its place is the one that `max_pool_with_argmax` reports, as in TensorFlow.

Padding is explicit, ``((top, bottom), (left, right))``, and never counts: a maximum is one of real pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.kernels.conv import Padding, Pair, output_sizes, pad, taps
from flowlab._src.kernels.jit import In3, Int, Ints1, Out2, Out3, Turn, claim, clear, loop, plain
from flowlab._src.kernels.threads import share

Array = NDArray[Any]


def lowest(dtype: np.dtype[Any]) -> Any:
    """Return the number that no maximum prefers over another."""
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


def pooled_sizes(x: Sequence[int], ksize: Pair, strides: Pair, padding: Padding) -> Pair:
    """Return the output's height and width."""
    return output_sizes(x[1:3], ksize, strides, padding, (1, 1))


def check_pooled(name: str, array: Array, x_shape: Sequence[int], out: Pair) -> None:
    """Raise if an array that must have the output's shape does not."""
    expected = (x_shape[0], *out, x_shape[3])
    if array.shape != expected:
        raise InvalidArgumentError(None, None, f"{name} has shape {array.shape}, the pooled output {expected}")


def crop(padded: Array, padding: Padding) -> Array:
    """Return images without their border."""
    (top, bottom), (left, right) = padding
    rows, columns = padded.shape[1:3]
    return np.ascontiguousarray(padded[:, top : rows - bottom, left : columns - right])


# ---------------------------------------------------------------- maximum


def max_pool(x: Array, ksize: Pair, strides: Pair, padding: Padding) -> Array:
    """Return the largest number of each window.

    Parameters
    ----------
    x : array, shape (batch, height, width, channels)
    ksize, strides : (int, int)
        Size of a window and distance between neighbouring windows, in pixels.
    padding : ((top, bottom), (left, right))

    Returns
    -------
    array, shape (batch, out_height, out_width, channels)

    Examples
    --------
    >>> x = np.arange(16.0).reshape(1, 4, 4, 1)
    >>> max_pool(x, (2, 2), (2, 2), ((0, 0), (0, 0)))[0, :, :, 0]
    array([[ 5.,  7.],
           [13., 15.]])
    """
    out = pooled_sizes(x.shape, ksize, strides, padding)
    run = max_pool_loop.ready(x.dtype, x.size)
    if run is None or not x.size or not fits(ksize, out, strides, padding, x.shape):
        return numpy_max_pool(x, ksize, out, strides, padding)
    y = np.empty((len(x), *out, x.shape[3]), x.dtype)
    x = plain(x)
    geometry = np.array([*ksize, *out, *strides, padding[0][0], padding[1][0], x.shape[3]], np.int64)
    share(run, len(x) * out[0], x.reshape(*x.shape[:2], -1), y.reshape(-1, y[0, 0].size), geometry)
    return y


def fits(ksize: Pair, out: Pair, strides: Pair, padding: Padding, x: Sequence[int]) -> bool:
    """Tell whether every window holds a real pixel, so that the loops need not ask."""
    pairs = zip(ksize, out, strides, padding, x[1:3])
    return all(
        0 <= before < window and after >= 0 and (count - 1) * stride - before < size
        for window, count, stride, (before, after), size in pairs
    )


@loop(least=2**16)
def max_pool_loop(turn: Turn, pieces: Int, x: In3, y: Out2, geometry: Ints1) -> None:
    """Take maxima of whole pixels, all channels at a time; a piece is a row of the output.

    x is (batch, height, width * channels), y is (batch * out_height, out_width * channels).
    """
    window_rows, window_columns, out_rows, out_columns, row_stride, column_stride, top, left, channels = geometry
    height, width = x.shape[1], x.shape[2] // channels
    while True:
        piece = claim(turn)
        if piece >= pieces:
            break
        image, line = x[piece // out_rows], y[piece]
        first_row = piece % out_rows * row_stride - top
        last_row = min(first_row + window_rows, height)
        first_row = max(first_row, 0)
        for j in range(out_columns):
            first_column = j * column_stride - left
            last_column = min(first_column + window_columns, width)
            first_column = max(first_column, 0)
            target = line[j * channels : (j + 1) * channels]
            for row in range(first_row, last_row):
                pixels = image[row]
                for column in range(first_column, last_column):
                    pixel = pixels[column * channels : (column + 1) * channels]
                    if row == first_row and column == first_column:
                        for i in range(target.size):
                            target[i] = pixel[i]
                    else:
                        for i in range(target.size):  # a NaN stays
                            target[i] = pixel[i] if pixel[i] > target[i] or pixel[i] != pixel[i] else target[i]


def numpy_max_pool(x: Array, ksize: Pair, out: Pair, strides: Pair, padding: Padding) -> Array:
    """Take the maximum over the places in the window, for all windows at once."""
    padded = pad(x, padding, lowest(x.dtype))
    y = np.full((len(x), *out, x.shape[3]), lowest(x.dtype), x.dtype)
    for _, _, pixels in taps(padded, ksize, out, strides):
        np.maximum(y, pixels, out=y)
    return y


def max_pool_grad(x: Array, y: Array, dy: Array, ksize: Pair, strides: Pair, padding: Padding) -> Array:
    """Return the gradient of ``y = max_pool(x, ...)`` for `x`: all of `dy` goes to the first maximum of each window."""
    out = pooled_sizes(x.shape, ksize, strides, padding)
    check_pooled("the output", y, x.shape, out)
    check_pooled("the gradient", dy, x.shape, out)
    run = max_pool_grad_loop.ready(x.dtype, x.size)
    if run is None or not dy.size or y.dtype != x.dtype or dy.dtype != x.dtype:
        return numpy_max_pool_grad(x, y, dy, ksize, out, strides, padding)
    dx = np.empty(x.shape, dy.dtype)
    geometry = np.array([*ksize, *out, *strides, padding[0][0], padding[1][0], x.shape[3]], np.int64)
    lines = (plain(array).reshape(*array.shape[:2], -1) for array in (x, y, dy))
    share(run, len(x), *lines, dx.reshape(*dx.shape[:2], -1), geometry)
    return dx


@loop(least=2**16)
def max_pool_grad_loop(turn: Turn, pieces: Int, x: In3, y: In3, dy: In3, dx: Out3, geometry: Ints1) -> None:
    """Lead each gradient to the first maximum of its window; a piece is an image. All arrays are (batch, rows, numbers).

    A window's places are visited in order, each for all channels at once. `waiting` holds the gradient of the
    channels whose maximum was not met yet: with a choice in place of a branch the compiler handles 16 channels at once.
    """
    window_rows, window_columns, out_rows, out_columns, row_stride, column_stride, top, left, channels = geometry
    height, width = x.shape[1], x.shape[2] // channels
    waiting = np.empty(channels, x.dtype)
    while True:
        image = claim(turn)
        if image >= pieces:
            break
        for row in range(height):
            clear(dx[image, row])
        for i in range(out_rows):
            for j in range(out_columns):
                largest = y[image, i, j * channels : (j + 1) * channels]
                gradient = dy[image, i, j * channels : (j + 1) * channels]
                for c in range(channels):
                    waiting[c] = gradient[c]
                for row in range(max(i * row_stride - top, 0), min(i * row_stride - top + window_rows, height)):
                    first, last = j * column_stride - left, j * column_stride - left + window_columns
                    for column in range(max(first, 0), min(last, width)):
                        pixel = x[image, row, column * channels : (column + 1) * channels]
                        target = dx[image, row, column * channels : (column + 1) * channels]
                        for c in range(waiting.size):
                            here = pixel[c] == largest[c]
                            target[c] += waiting[c] if here else 0
                            waiting[c] = 0 if here else waiting[c]


def numpy_max_pool_grad(
    x: Array, y: Array, dy: Array, ksize: Pair, out: Pair, strides: Pair, padding: Padding
) -> Array:
    """Walk through the places of the window in order; a window that found its maximum is done."""
    dx = np.zeros(pad(x, padding).shape, dy.dtype)
    grads = taps(dx, ksize, out, strides)
    for here, (_, _, pixel_grads) in zip(first_maxima(x, y, ksize, out, strides, padding), grads):
        np.add(pixel_grads, dy, out=pixel_grads, where=here)
    return crop(dx, padding)


def first_maxima(
    x: Array, y: Array, ksize: Pair, out: Pair, strides: Pair, padding: Padding
) -> Iterator[NDArray[np.bool_]]:
    """Yield for each place in the window, in order, which windows have their first maximum there."""
    padded = pad(x, padding)
    real = pad(np.ones((1, *x.shape[1:3], 1), bool), padding)
    waiting = np.ones(y.shape, bool)
    for (_, _, pixels), (_, _, counts) in zip(taps(padded, ksize, out, strides), taps(real, ksize, out, strides)):
        here = waiting & (pixels == y) & counts
        yield here
        waiting &= ~here


def max_pool_with_argmax(
    x: Array, ksize: Pair, strides: Pair, padding: Padding, include_batch: bool = False
) -> tuple[Array, NDArray[np.int64]]:
    """Return `max_pool` and where each maximum was found.

    The place is ``(row * width + column) * channels + channel``, counted in the whole batch if `include_batch`.
    """
    batch, rows, columns, channels = x.shape
    out = pooled_sizes(x.shape, ksize, strides, padding)
    places = np.arange(rows * columns * channels).reshape(1, rows, columns, channels)
    padded, padded_places = pad(x, padding, lowest(x.dtype)), pad(places, padding, -1)
    y = np.full((batch, *out, channels), lowest(x.dtype), x.dtype)
    found = np.full(y.shape, -1, np.int64)
    for (_, _, pixels), (_, _, place) in zip(
        taps(padded, ksize, out, strides), taps(padded_places, ksize, out, strides)
    ):
        # The first real pixel is taken whatever it is; later ones must be larger.
        better = ((pixels > y) | (found < 0)) & (place >= 0)
        np.copyto(y, pixels, where=better)
        np.copyto(found, place, where=better)
    if include_batch:
        found += (np.arange(batch) * places.size).reshape(-1, 1, 1, 1)
    return y, found


def max_pool_grad_with_argmax(
    input_shape: Sequence[int], dy: Array, argmax: Array, include_batch: bool = False
) -> Array:
    """Return the gradient of `max_pool_with_argmax` for its images: `dy`, added up where the maxima were found."""
    if dy.shape != argmax.shape or len(input_shape) != 4 or len(argmax) != input_shape[0]:
        raise InvalidArgumentError(
            None, None, f"the gradient has shape {dy.shape}, argmax {argmax.shape}, the images {tuple(input_shape)}"
        )
    batch, size = input_shape[0], int(np.prod(input_shape[1:]))
    places = argmax.reshape(batch, argmax.size // max(batch, 1))
    if not include_batch:
        places = places + np.arange(batch)[:, None] * size
    if places.size and not (places.min() >= 0 and places.max() < batch * size):
        raise InvalidArgumentError(None, None, "argmax points outside the images")
    dx = np.zeros(batch * size, dy.dtype)
    np.add.at(dx, places.ravel(), dy.ravel())
    return dx.reshape(tuple(input_shape))


def max_pool_grad_grad(x: Array, y: Array, ddx: Array, ksize: Pair, strides: Pair, padding: Padding) -> Array:
    """Return the gradient of `max_pool_grad` for its `dy`: the number of `ddx` at the maximum of each window of `x`."""
    out = pooled_sizes(x.shape, ksize, strides, padding)
    check_pooled("the output", y, x.shape, out)
    if ddx.shape != x.shape:
        raise InvalidArgumentError(None, None, f"the gradient has shape {ddx.shape}, the images {x.shape}")
    ddy = np.zeros(y.shape, ddx.dtype)
    grads = taps(pad(ddx, padding), ksize, out, strides)
    for here, (_, _, pixel_grads) in zip(first_maxima(x, y, ksize, out, strides, padding), grads):
        np.copyto(ddy, pixel_grads, where=here)
    return ddy

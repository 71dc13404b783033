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
from flowlab._src.kernels.max_windows import max_windows, max_windows_grad, max_windows_grad_loop, max_windows_loop

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
    y = np.empty((len(x), *out, x.shape[3]), x.dtype)
    run = max_windows_loop.ready(x.dtype, x.size) if x.size and y.size else None
    if run is None:
        return numpy_max_pool(x, ksize, out, strides, padding)
    max_windows(run, x, y, ksize, strides, (padding[0][0], padding[1][0]))
    return y


def fits(ksize: Pair, out: Pair, strides: Pair, padding: Padding, x: Sequence[int]) -> bool:
    """Tell whether every window holds a real pixel, so that the loops need not ask."""
    pairs = zip(ksize, out, strides, padding, x[1:3])
    return all(
        0 <= before < window and after >= 0 and (count - 1) * stride - before < size
        for window, count, stride, (before, after), size in pairs
    )


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
    run = max_windows_grad_loop.ready(x.dtype, x.size) if x.size and dy.size else None
    if run is None or y.dtype != x.dtype or dy.dtype != x.dtype:
        return numpy_max_pool_grad(x, y, dy, ksize, out, strides, padding)
    dx = np.empty(x.shape, dy.dtype)
    max_windows_grad(run, x, y, dy, dx, ksize, strides, (padding[0][0], padding[1][0]))
    return dx


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

"""Convolution of images in NHWC layout, with both of its gradients.

An output pixel is a dot product: the numbers of one patch of the image, taken in the order (row, column, channel) of
the filter, times the column of filter weights that belongs to one output channel. So a convolution is a matrix product
whose left matrix, the patches, is never needed as a whole. The NumPy siblings write it out for some images at a time
(the method called im2col) and leave the rest to BLAS. The compiled loops in `conv_loops` do not write it out at all,
and where many channels meet, `conv_fourier` multiplies spectra instead.

All functions take explicit padding, ``((top, bottom), (left, right))``; `same_padding` computes TensorFlow's "SAME".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.kernels import conv_loops

Array = NDArray[Any]
Pair = tuple[int, int]
Padding = tuple[Pair, Pair]

PATCH_BYTES = 32 * 2**20  # patches are written out for as many images at a time as fit in here


def same_padding(in_size: int, window: int, stride: int, dilation: int = 1) -> Pair:
    """Return the padding (before, after) with which ceil(in_size / stride) windows fit; an odd pixel goes after.

    >>> same_padding(28, 5, 1), same_padding(28, 5, 2), same_padding(7, 2, 2)
    ((2, 2), (1, 2), (0, 1))
    """
    reach = (window - 1) * dilation + 1
    missing = max((-(-in_size // stride) - 1) * stride + reach - in_size, 0)
    return missing // 2, missing - missing // 2


def output_size(in_size: int, window: int, stride: int, padding: Pair, dilation: int = 1) -> int:
    """Return how many windows fit into one padded dimension."""
    return max((in_size + sum(padding) - (window - 1) * dilation - 1) // stride + 1, 0)


def output_sizes(sizes: Sequence[int], window: Sequence[int], strides: Pair, padding: Padding, dilations: Pair) -> Pair:
    """Return the output's height and width."""
    rows, columns = map(output_size, sizes, window, strides, padding, dilations)
    return rows, columns


def pad(x: Array, padding: Padding, value: Any = 0) -> Array:
    """Return images with a border; negative padding crops instead."""
    (top, bottom), (left, right) = padding
    if min(top, bottom, left, right) < 0:
        rows, columns = x.shape[1:3]
        x = x[:, max(-top, 0) : rows - max(-bottom, 0), max(-left, 0) : columns - max(-right, 0)]
        top, bottom, left, right = (max(size, 0) for size in (top, bottom, left, right))
    if not (top or bottom or left or right):
        return x
    batch, rows, columns, channels = x.shape
    padded = np.full((batch, rows + top + bottom, columns + left + right, channels), value, x.dtype)
    padded[:, top : top + rows, left : left + columns] = x
    return padded


def windows(x: Array, size: Sequence[int], strides: Pair, dilations: Pair = (1, 1)) -> Array:
    """Return a view of padded images as (batch, out rows, out columns, window rows, window columns, channels)."""
    batch, _, _, channels = x.shape
    rows, columns = output_sizes(x.shape[1:3], size, strides, ((0, 0), (0, 0)), dilations)
    image, row, column, channel = x.strides
    steps = (row * strides[0], column * strides[1], row * dilations[0], column * dilations[1])
    shape = (batch, rows, columns, size[0], size[1], channels)
    return as_strided(x, shape, (image, *steps, channel), writeable=False)


def taps(
    x: Array, size: Sequence[int], out: Pair, strides: Pair, dilations: Pair = (1, 1)
) -> Iterator[tuple[int, int, Array]]:
    """Yield for each place in the window, in order, the pixels of padded `x` that lie there: (row, column, view)."""
    for row in range(size[0]):
        for column in range(size[1]):
            top, left = row * dilations[0], column * dilations[1]
            bottom, right = top + (out[0] - 1) * strides[0] + 1, left + (out[1] - 1) * strides[1] + 1
            yield row, column, x[:, top : max(bottom, 0) : strides[0], left : max(right, 0) : strides[1]]


def slices(batch: int, bytes_each: int) -> Iterator[slice]:
    """Yield runs of images whose patches fit in PATCH_BYTES."""
    step = max(1, PATCH_BYTES // max(1, bytes_each))
    for begin in range(0, batch, step):
        yield slice(begin, min(begin + step, batch))


def wide(half: Array) -> Array:
    """Return half-precision numbers as float32, which has the digits for sums."""
    return half.astype(np.float32)


def check_channels(in_channels: int, filter_channels: int) -> None:
    """Raise if image and filter do not fit: the compiled loops would read beside the arrays."""
    if in_channels != filter_channels:
        raise InvalidArgumentError(None, None, f"the image has {in_channels} channels, the filter {filter_channels}")


def check_output(dy: Array, batch: int, out: Pair, channels: int) -> None:
    """Raise if the gradient does not have the shape of the output."""
    if dy.shape != (batch, *out, channels):
        raise InvalidArgumentError(
            None, None, f"the gradient has shape {dy.shape}, the convolution's output {(batch, *out, channels)}"
        )


# ---------------------------------------------------------------- convolution


def spans_rows(image: Sequence[int], filters: Sequence[int], padding: Padding, dilations: Pair) -> bool:
    """Whether a window is as wide as the image: then columns are nothing but more channels.

    So it is where sentences are images of a word a row. The input gradient of 64 sentences of 50 words with 64 numbers,
    3 words a window, takes 1.1 ms that way; as any convolution, over a border of 63 columns to each side, 620 ms.
    """
    return filters[1] == image[2] > 1 and padding[1] == (0, 0) and dilations[1] == 1


def image_of_one_column(x: Array) -> Array:
    """Take the columns of images for channels."""
    return x.reshape(x.shape[0], x.shape[1], 1, -1)


def filters_of_one_column(w: Array) -> Array:
    """The same for filters."""
    return w.reshape(w.shape[0], 1, -1, w.shape[3])


def conv2d(x: Array, w: Array, strides: Pair, padding: Padding, dilations: Pair = (1, 1)) -> Array:
    """Convolve images with filters.

    Parameters
    ----------
    x : array, shape (batch, height, width, in_channels)
    w : array, shape (filter_height, filter_width, in_channels, out_channels)
    strides, dilations : (int, int)
        Pixels between neighbouring windows, and between neighbouring taps of one window.
    padding : ((top, bottom), (left, right))

    Returns
    -------
    array, shape (batch, out_height, out_width, out_channels)

    Examples
    --------
    >>> x = np.arange(9.0).reshape(1, 3, 3, 1)
    >>> conv2d(x, np.ones((2, 2, 1, 1)), (1, 1), ((0, 0), (0, 0)))[0, :, :, 0]
    array([[ 8., 12.],
           [20., 24.]])
    """
    check_channels(x.shape[3], w.shape[2])
    if x.dtype == np.float16:
        return conv2d(wide(x), wide(w), strides, padding, dilations).astype(np.float16)
    if spans_rows(x.shape, w.shape, padding, dilations):
        x, w = image_of_one_column(x), filters_of_one_column(w)
        return conv2d(x, w, (strides[0], 1), padding, (dilations[0], 1))
    out = output_sizes(x.shape[1:3], w.shape, strides, padding, dilations)
    y = conv_loops.forward(x, w, out, strides, padding, dilations)
    return numpy_conv2d(x, w, out, strides, padding, dilations) if y is None else y


def numpy_conv2d(x: Array, w: Array, out: Pair, strides: Pair, padding: Padding, dilations: Pair) -> Array:
    """Convolve by writing out the patches."""
    batch, out_channels = len(x), w.shape[3]
    weights = w.reshape(-1, out_channels)
    y = np.empty((batch, *out, out_channels), x.dtype)
    for part in slices(batch, out[0] * out[1] * len(weights) * x.itemsize):
        patches = windows(pad(x[part], padding), w.shape, strides, dilations).reshape(-1, len(weights))
        np.matmul(patches, weights, out=y[part].reshape(-1, out_channels))
    return y


def conv2d_input_grad(
    input_shape: Sequence[int], w: Array, dy: Array, strides: Pair, padding: Padding, dilations: Pair = (1, 1)
) -> Array:
    """Return the gradient of `conv2d` for its images, from the gradient `dy` of its output."""
    batch, rows, columns, channels = input_shape
    check_channels(channels, w.shape[2])
    out = output_sizes((rows, columns), w.shape, strides, padding, dilations)
    check_output(dy, batch, out, w.shape[3])
    if dy.dtype == np.float16:
        return conv2d_input_grad(input_shape, wide(w), wide(dy), strides, padding, dilations).astype(np.float16)
    if spans_rows(input_shape, w.shape, padding, dilations):
        one_column = (batch, rows, 1, columns * channels)
        folded = conv2d_input_grad(
            one_column, filters_of_one_column(w), dy, (strides[0], 1), padding, (dilations[0], 1)
        )
        return folded.reshape(batch, rows, columns, channels)
    dx = conv_loops.input_grad(tuple(input_shape), w, dy, strides, padding, dilations)
    return numpy_input_grad(input_shape, w, dy, out, strides, padding, dilations) if dx is None else dx


def numpy_input_grad(
    input_shape: Sequence[int], w: Array, dy: Array, out: Pair, strides: Pair, padding: Padding, dilations: Pair
) -> Array:
    """Multiply back to patches, and add each patch where it was taken from."""
    batch, rows, columns, channels = input_shape
    (top, bottom), (left, right) = padding
    padded = np.zeros((batch, rows + top + bottom, columns + left + right, channels), dy.dtype)
    for part in slices(batch, out[0] * out[1] * w[..., 0].size * dy.itemsize):
        patches = np.matmul(dy[part].reshape(-1, w.shape[3]), w.reshape(-1, w.shape[3]).T)
        patches = patches.reshape(len(dy[part]), *out, *w.shape[:3])
        for row, column, pixels in taps(padded[part], w.shape, out, strides, dilations):
            pixels += patches[:, :, :, row, column]
    return np.ascontiguousarray(padded[:, top : top + rows, left : left + columns])


def conv2d_filter_grad(
    x: Array, filter_shape: Sequence[int], dy: Array, strides: Pair, padding: Padding, dilations: Pair = (1, 1)
) -> Array:
    """Return the gradient of `conv2d` for its filters, from the gradient `dy` of its output."""
    check_channels(x.shape[3], filter_shape[2])
    out = output_sizes(x.shape[1:3], filter_shape, strides, padding, dilations)
    check_output(dy, len(x), out, filter_shape[3])
    if dy.dtype == np.float16:
        x, dy = wide(x), wide(dy)
        return conv2d_filter_grad(x, filter_shape, dy, strides, padding, dilations).astype(np.float16)
    if spans_rows(x.shape, filter_shape, padding, dilations):
        one_column = (filter_shape[0], 1, filter_shape[1] * filter_shape[2], filter_shape[3])
        folded = conv2d_filter_grad(image_of_one_column(x), one_column, dy, (strides[0], 1), padding, (dilations[0], 1))
        return folded.reshape(tuple(filter_shape))
    dw = conv_loops.filter_grad(x, tuple(filter_shape), dy, strides, padding, dilations)
    return numpy_filter_grad(x, filter_shape, dy, out, strides, padding, dilations) if dw is None else dw


def numpy_filter_grad(
    x: Array, filter_shape: Sequence[int], dy: Array, out: Pair, strides: Pair, padding: Padding, dilations: Pair
) -> Array:
    """Add up, over all pixels, the products of their patch and their gradient."""
    size, out_channels = int(np.prod(filter_shape[:3])), filter_shape[3]
    dw = np.zeros((size, out_channels), dy.dtype)
    for part in slices(len(x), out[0] * out[1] * size * x.itemsize):
        patches = windows(pad(x[part], padding), filter_shape, strides, dilations).reshape(-1, size)
        dw += np.matmul(patches.T, dy[part].reshape(-1, out_channels))
    return dw.reshape(tuple(filter_shape))

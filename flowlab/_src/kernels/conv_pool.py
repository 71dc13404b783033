"""Convolution, bias, rectifier and max-pooling as one kernel, and the way back through the last three.

The layer of every image course writes four large arrays, of which only the pooled one, the smallest, is of interest
later. Here the convolution of some images at a time goes to a buffer that stays in the cache, and from there only the
pooled numbers go to memory. A training step also needs to know where each maximum was found: one byte, with which the
gradient finds its way without the arrays between.

The functions return None where the single kernels should do the work.
"""

from __future__ import annotations

import math
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from flowlab._src.kernels import conv_loops, microkernel
from flowlab._src.kernels.conv import Padding, Pair, output_sizes, taps
from flowlab._src.kernels.jit import (
    In1,
    In3,
    Int,
    Ints1,
    Out2,
    Out3,
    Parameter,
    Turn,
    claim,
    clear,
    loop,
    part,
    plain,
    span,
)
from flowlab._src.kernels.pool import crop, fits, pooled_sizes
from flowlab._src.kernels.pool_lines import line_back, pooled_line, pooled_line_with_places
from flowlab._src.kernels.threads import share

Array = NDArray[Any]
Window = tuple[Pair, Pair, Padding]  # size, strides, padding
InBytes3 = Annotated[NDArray[np.uint8], Parameter(3, False, "uint8")]
OutBytes3 = Annotated[NDArray[np.uint8], Parameter(3, True, "uint8")]

# Bytes of convolved images at a time: what fits in the last cache. Less would stay nearer, but each part costs a meeting
# of all threads, twice, and its filters are prepared once more.
BUFFER = 2**22
GROUPS = 32  # most sums of a bias gradient, each of some images


def conv_relu_pool(
    x: Array, w: Array, b: Array, strides: Pair, padding: Padding, dilations: Pair, window: Window,
    wanted: bool = True,
) -> tuple[Array, Array] | None:  # fmt: skip
    """Return ``max_pool(relu(conv2d(x, w) + b))`` and, if wanted, the place of each number in its window."""
    out = output_sizes(x.shape[1:3], w.shape, strides, padding, dilations)
    channels = w.shape[3]
    shape = (len(x), *out, channels)
    if b.shape != (channels,) or b.dtype != x.dtype or w.dtype != x.dtype or 0 in shape:
        return None
    size, pool_strides, borders = window
    pooled = pooled_sizes(shape, *window)
    if not fits(size, pooled, pool_strides, borders, shape) or size[0] * size[1] > 255 or 0 in pooled:
        return None
    run = relu_pool_loop.ready(x.dtype, x.size)
    if run is None:
        return None
    work = out[0] * out[1] * w.size  # for an image; parts of the batch shall not be too small for the compiled loops
    parts = max(1, min(len(x), x.itemsize * math.prod(shape) // BUFFER, len(x) * work // max(1, 2 * conv_loops.LEAST)))
    buffer = np.empty((-(-len(x) // parts), *out, channels), x.dtype)
    y = np.empty((len(x), *pooled, channels), x.dtype)
    places = np.empty(y.shape, np.uint8)  # memory that nobody writes to costs nothing
    geometry = geometry_of(size, pooled, pool_strides, borders, out[0], x.dtype, wanted)
    b = plain(b)
    for number in range(parts):
        begin, end = number * len(x) // parts, (number + 1) * len(x) // parts
        convolved = buffer[: end - begin]
        if conv_loops.forward(x[begin:end], w, out, strides, padding, dilations, convolved) is None:
            return None
        lines = (array[begin:end].reshape(-1, pooled[1], channels) for array in (y, places))
        share(run, (end - begin) * pooled[0], convolved.reshape(-1, out[1], channels), b, *lines, geometry)
    return y, places


def geometry_of(
    size: Pair, pooled: Pair, strides: Pair, padding: Padding, height: int, dtype: np.dtype[Any], wanted: bool = True
) -> Array:
    """What the loops unpack at their beginning."""
    corner = padding[0][0], padding[1][0]
    return np.array([*size, *pooled, *strides, *corner, height, wanted, microkernel.lanes(dtype)], np.int64)


@part
def rectified(number: Any) -> Any:
    """Zero for what is below it; NaN is not."""
    return type(number)(0) if number < 0 else number


@loop(least=2**12)
def relu_pool_loop(piece: Int, pieces: Int, x: In3, b: In1, y: Out3, places: OutBytes3, geometry: Ints1) -> None:
    """Take maxima of rectified pixels, all channels at a time, and note their first place; a piece is a row of y.

    x is (batch * height, width, channels), y is (batch * out_height, out_width, channels). The usual windows, two by
    two and side by side, have their own instructions: four numbers stay in registers.
    """
    (window_rows, window_columns, out_rows, out_columns, row_stride, column_stride, top, left, height, wanted,
     lanes) = geometry  # fmt: skip
    width, channels = x.shape[1], x.shape[2]
    side_by_side = (
        window_rows == row_stride == 2 and window_columns == column_stride == 2 and top == left == 0
        and channels % lanes == 0 and 2 * out_columns <= width
    )  # fmt: skip
    begin = piece // out_rows * height  # of the image
    corner_row = piece % out_rows * row_stride - top
    first_row, last_row = max(corner_row, 0), min(corner_row + window_rows, height)
    if side_by_side and last_row - first_row == 2:
        upper, lower = x[begin + first_row].ctypes.data, x[begin + first_row + 1].ctypes.data
        target_line, place_line = y[piece].ctypes.data, places[piece].ctypes.data
        if wanted:
            pooled_line_with_places((
                out_columns, channels // lanes, upper, lower, b.ctypes.data, target_line, place_line,
            ))  # fmt: skip
        else:
            pooled_line((out_columns, channels // lanes, upper, lower, b.ctypes.data, target_line, place_line))
        return
    for j in range(out_columns):
        corner = j * column_stride - left
        first_column, last_column = max(corner, 0), min(corner + window_columns, width)
        target, place = y[piece, j], places[piece, j]
        for row in range(first_row, last_row):
            for column in range(first_column, last_column):
                pixel = x[begin + row, column]
                number = (row - corner_row) * window_columns + column - corner
                if row == first_row and column == first_column:
                    for i in range(target.size):
                        target[i] = rectified(pixel[i] + b[i])
                        place[i] = number
                else:
                    for i in range(target.size):
                        value = rectified(pixel[i] + b[i])
                        better = value > target[i] or value != value  # a NaN stays
                        target[i] = value if better else target[i]
                        place[i] = number if better else place[i]


def relu_pool_grad(y: Array, places: Array, dy: Array, shape: tuple[int, ...], window: Window) -> tuple[Array, Array]:
    """Return the gradients of ``y = max_pool(relu(x + b))`` for x, of the given shape, and for b."""
    run = relu_pool_grad_loop.ready(y.dtype, dy.size)
    if run is None:
        return numpy_relu_pool_grad(y, places, dy, shape, window)
    size, strides, borders = window
    batch, channels = y.shape[0], y.shape[3]
    dx = np.empty(shape, y.dtype)
    sums = np.empty((min(batch, GROUPS), channels), y.dtype)
    geometry = geometry_of(size, y.shape[1:3], strides, borders, shape[1], y.dtype)
    lines = [plain(array).reshape(-1, *y.shape[2:]) for array in (y, places, dy)]
    share(run, len(sums), *lines, dx.reshape(-1, *shape[2:]), sums, geometry)
    return dx, np.add.reduce(sums)


def numpy_relu_pool_grad(
    y: Array, places: Array, dy: Array, shape: tuple[int, ...], window: Window
) -> tuple[Array, Array]:
    """Walk through the places of the window; each takes the gradients of the windows that found their maximum there."""
    size, strides, borders = window
    gradient = dy * (y > 0).astype(dy.dtype)
    dx = np.zeros((shape[0], *(each + sum(border) for each, border in zip(shape[1:3], borders)), shape[3]), dy.dtype)
    for row, column, pixels in taps(dx, size, y.shape[1:3], strides):
        pixels += np.where(places == row * size[1] + column, gradient, 0)
    return crop(dx, borders), gradient.sum(axis=(0, 1, 2))


@loop(least=2**10)
def relu_pool_grad_loop(
    turn: Turn, pieces: Int, y: In3, places: InBytes3, dy: In3, dx: Out3, sums: Out2, geometry: Ints1
) -> None:
    """Lead each gradient to the place where its maximum was found; a piece is some images.

    y, places and dy are (batch * out_height, out_width, channels), dx is (batch * height, width, channels). Each store
    has a loop of its own: so the compiler handles 16 channels at once. As in the kernel of the rectifier, an infinite
    gradient times 0 is NaN.
    """
    (window_rows, window_columns, out_rows, out_columns, row_stride, column_stride, top, left, height, _,
     lanes) = geometry  # fmt: skip
    width, channels = dx.shape[1], dx.shape[2]
    zero, one = y.dtype.type(0), y.dtype.type(1)
    # Windows side by side write each pixel once; nothing needs to be cleared or added to.
    once = (
        row_stride == window_rows and column_stride == window_columns and top == 0 and left == 0
        and out_rows * row_stride >= height and out_columns * column_stride >= width
    )  # fmt: skip
    halved = (
        once and window_rows == 2 and window_columns == 2 and 2 * out_rows == height and 2 * out_columns == width
        and channels % lanes == 0
    )  # fmt: skip
    gradient = np.empty(sums.shape[1], y.dtype)
    while True:
        piece = claim(turn)
        if piece >= pieces:
            break
        total = sums[piece]
        clear(total)
        for image in range(*span(piece, pieces, dx.shape[0] // height)):
            begin = image * height
            if not once:
                for row in range(begin, begin + height):
                    for column in range(width):
                        clear(dx[row, column])
            for i in range(out_rows if halved else 0):
                line, row = image * out_rows + i, begin + 2 * i
                line_back((
                    out_columns, channels // lanes, y[line].ctypes.data, places[line].ctypes.data, dy[line].ctypes.data,
                    dx[row].ctypes.data, dx[row + 1].ctypes.data, total.ctypes.data,
                ))  # fmt: skip
            for i in range(0 if halved else out_rows):
                for j in range(out_columns):
                    line = image * out_rows + i
                    number, incoming, place = y[line, j], dy[line, j], places[line, j]
                    for c in range(gradient.size):
                        gradient[c] = incoming[c] * (one if number[c] > 0 else zero)
                    for c in range(gradient.size):
                        total[c] += gradient[c]
                    row, column = i * row_stride - top, j * column_stride - left
                    for p in range(max(row, 0), min(row + window_rows, height)):
                        for q in range(max(column, 0), min(column + window_columns, width)):
                            here = np.uint8((p - row) * window_columns + q - column)
                            target = dx[begin + p, q]
                            if once:
                                for c in range(gradient.size):
                                    target[c] = gradient[c] if place[c] == here else zero
                            else:
                                for c in range(gradient.size):
                                    target[c] += gradient[c] if place[c] == here else zero

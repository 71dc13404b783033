"""Convolution by way of frequencies: where many channels meet, a product of spectra is cheaper than a sum over taps.

A convolution is a product, frequency by frequency, of the Fourier transforms of image and filter (the convolution
theorem). A tile of 16 x 16 pixels and all taps of a filter become 256 numbers, which are multiplied once for each pair
of an input and an output channel: 508 multiplications (a complex one takes four) where the 5 x 5 taps of a 14 x 14
image take 4,096. The transforms cost as much as a few channels more. For 32 and 64 channels it is 5 times as fast.

The convolution of a transform is circular: it reads on at the left what is beyond the right. So a tile gives only those
outputs whose window does not reach over its end ("overlap and save"), unless there are zeros on both sides anyway: an
image whose size and padding on one side fit in a tile is done with one tile.

For each frequency the products are a matrix product, images times input channels by input channels times output
channels, for which there is the micro-kernel. Its sums do the complex arithmetic: each has two runs, one for the real
and one for the imaginary part.

The gradient for the images is the same convolution with the filter turned around. That for the filter is one as well,
of the images with the gradient, summed over all images: there the matrix product sums over tiles.

Rounding: an error is about 2e-7 of the size of a typical output, wherever in the tile, against 4e-7 for a direct sum
over 800 products in a row, the more the longer; where outputs of very different sizes lie in one tile, the error is
that of the large ones. Exact integers do not stay exact. Where a number is not finite, the direct way is taken.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlab._src.kernels import microkernel
from flowlab._src.kernels.fourier import (
    COMPLEX_BINS,
    HALF,
    REAL_BINS,
    SCALE,
    SIZE,
    columns_to_frequencies,
    frequencies_to_columns,
    pair_to_planes,
    pair_to_signed,
    planes_to_pair,
    planes_to_singles,
    singles_to_planes,
    singles_to_signed,
)
from flowlab._src.kernels.jit import SINGLE, In1, In3, Int, Ints1, Ints2, Out1, Turn, claim, loop, part, plain, span
from flowlab._src.kernels.microkernel import call_tile, tile
from flowlab._src.kernels.reduction import add_up
from flowlab._src.kernels.threads import share, threads

Array = NDArray[Any]
Pair = tuple[int, int]
Padding = tuple[Pair, Pair]

LEAST = 2**21  # multiplications of the direct way
TILES = 64  # of a filter gradient at a time: their spectra shall stay in the last cache
TOGETHER = 14  # most tiles of one piece of work
APART = 16  # numbers between planes: without them, all would meet in the same few places of the cache
SIGNED, PLANES = REAL_BINS + 3 * COMPLEX_BINS, REAL_BINS + 2 * COMPLEX_BINS  # planes of a spectrum, with signs or not


# ---------------------------------------------------------------- from pixels to spectra


@part
def aligned(numbers: Any) -> int:
    """Return the first address in an array at which a line of the cache begins."""
    return (numbers.ctypes.data + 63) // 64 * 64


@part
def transform(
    table: Any, empty: Any, left: int, first: int, last: int, pixel: int, depth: int, lanes: int, size: int, small: int,
    target: int, plane: int, signed: int,
) -> None:  # fmt: skip
    """Write the spectra of a tile, for `depth` channels; its column j is column ``left + j`` of the lines in `table`.

    Columns outside `first` to `last` are zero, as the lines in `empty`. A pixel has `pixel` numbers.
    """
    register = lanes * size
    for c in range(0, depth, lanes):
        for j in range(SIZE):
            if first <= left + j < last:
                columns_to_frequencies((table.ctypes.data, ((left + j) * pixel + c) * size, small + j * register))
            elif c == 0:
                columns_to_frequencies((empty.ctypes.data, 0, small + j * register))
        place = target + c * size
        if signed:
            singles_to_signed((small, place, plane))
            for number in range(1, HALF):
                pair_to_signed((number, small, place, plane))
        else:
            singles_to_planes((small, place, plane))
            for number in range(1, HALF):
                pair_to_planes((number, small, place, plane))


@part
def find_lines(table: Any, image: Any, origin: int, rows: int, nothing: int) -> None:
    """Fill a table with the addresses of SIZE lines of an image; what is outside, or beyond `rows`, is nothing."""
    for i in range(SIZE):
        row = origin + i
        table[i] = image[row].ctypes.data if 0 <= row < image.shape[0] and i < rows else nothing


@loop(least=0, dtypes=SINGLE)
def fourier_filter_loop(turn: Turn, pieces: Int, w: In3, packed: Out1, geometry: Ints1) -> None:
    """Transform filters, into strips of `width` output channels with a row for each input channel; a piece is a row.

    w is (rows, columns, depth * channels).
    """
    channels, width, lanes, turned, plane = geometry
    size = w.itemsize
    rows, columns = w.shape[0], w.shape[1]
    memory, nothing = np.empty((SIZE * SIZE + 4) * lanes, w.dtype), np.zeros(w.shape[2], w.dtype)
    table, empty = np.empty(SIZE, np.int64), np.full(SIZE, nothing.ctypes.data)
    while True:
        piece = claim(turn)
        if piece >= pieces:
            break
        small = aligned(memory)  # inside, so that the memory lives as long as the loop
        first = piece * channels * size
        for j in range(SIZE):
            columns_to_frequencies((empty.ctypes.data, 0, small + j * lanes * size))
        for c in range(0, channels, lanes):
            for j in range(columns):
                for i in range(SIZE):
                    row, column = (rows - 1 - i, columns - 1 - j) if turned else (i, j)
                    table[i] = w[row, column].ctypes.data + first if i < rows else nothing.ctypes.data
                columns_to_frequencies((table.ctypes.data, c * size, small + j * lanes * size))
            target = packed.ctypes.data + (c // width * PLANES * plane + piece * width + c % width) * size
            singles_to_planes((small, target, plane))
            for number in range(1, HALF):
                pair_to_planes((number, small, target, plane))


@loop(least=0, dtypes=SINGLE)
def fourier_tile_loop(
    turn: Turn, pieces: Int, x: In3, spectra: Out1, tiles: Ints2, geometry: Ints1
) -> None:  # fmt: skip
    """Transform tiles of images (batch, height, width * depth); a piece is a tile."""
    depth, lanes, begin, signed, plane = geometry
    size = x.itemsize
    memory, nothing = np.empty((SIZE * SIZE + 4) * lanes, x.dtype), np.zeros(x.shape[2], x.dtype)
    table, empty = np.empty(SIZE, np.int64), np.full(SIZE, nothing.ctypes.data)
    while True:
        piece = claim(turn)
        if piece >= pieces:
            break
        small = aligned(memory)  # inside, so that the memory lives as long as the loop
        image, number = (begin + piece) // tiles.shape[0], (begin + piece) % tiles.shape[0]
        top, left, rows, columns = tiles[number]
        find_lines(table, x[image], top, rows, nothing.ctypes.data)
        last = min(x.shape[2] // depth, left + columns)
        target = spectra.ctypes.data + piece * depth * size
        transform(table, empty, left, 0, last, depth, depth, lanes, size, small, target, plane, signed)


# ---------------------------------------------------------------- products, and back to pixels


@part
def transform_back(source: int, plane: int, small: int) -> None:
    """Turn the spectra of one register of channels into columns of frequencies, which `frequencies_to_columns` reads."""
    planes_to_singles((source, plane, small))
    for number in range(1, HALF):
        planes_to_pair((number, source, plane, small))


@loop(least=LEAST, dtypes=SINGLE)
def fourier_loop(
    turn: Turn, pieces: Int, x: In3, w: In1, y: Out1, tiles: Ints2, outputs: Ints2, geometry: Ints1, tile: Int
) -> None:
    """Convolve some tiles at a time, from pixels to pixels; a piece are the tiles that fit in the rows of one product.

    x is (batch, height, width * depth), y is flat (batch, rows, columns, channels); `tiles` and `outputs` say for each
    tile of an image where it begins, and how many rows and columns it has.
    """
    depth, channels, out_rows, out_columns, width, lanes, most, total = geometry
    size, count = x.itemsize, tiles.shape[0]
    together = (total + pieces - 1) // pieces
    plane, made_plane, w_plane = together * depth + APART, together * width + APART, depth * width + APART
    spectra_memory, made_memory = np.empty(SIGNED * plane + 16, x.dtype), np.empty(PLANES * made_plane + 16, x.dtype)
    memory, nothing = np.empty((SIZE * SIZE + 4) * lanes, x.dtype), np.zeros(x.shape[2], x.dtype)
    nowhere = np.empty(SIZE * channels, x.dtype)  # where outputs go that nobody wants
    table, empty = np.empty(SIZE, np.int64), np.full(SIZE, nothing.ctypes.data)
    starts = np.arange(3) * plane
    while True:
        piece = claim(turn)
        if piece >= pieces:
            break
        small, spectra, made = aligned(memory), aligned(spectra_memory), aligned(made_memory)
        first_tile, last_tile = span(piece, pieces, total)
        for t in range(first_tile, last_tile):
            top, left, rows, columns = tiles[t % count]
            find_lines(table, x[t // count], top, rows, nothing.ctypes.data)
            transform(
                table, empty, left, 0, x.shape[2] // depth, depth, depth, lanes, size, small,
                spectra + (t - first_tile) * depth * size, plane, 1,
            )  # fmt: skip
        blocks = (last_tile - first_tile + most - 1) // most
        for strip in range((channels + width - 1) // width):
            filled = min(width, channels - strip * width)
            b = w.ctypes.data + strip * PLANES * w_plane * size
            for number in range(REAL_BINS + COMPLEX_BINS):
                # Re = re re + im im, Im = im re - re im: the product with the conjugate of the filter's spectrum.
                whole = number < REAL_BINS
                before = number if whole else REAL_BINS + 2 * (number - REAL_BINS)
                source = spectra + (number if whole else REAL_BINS + 3 * (number - REAL_BINS)) * plane * size
                for block in range(blocks):
                    low, high = span(block, blocks, last_tile - first_tile)
                    for imaginary in range(1 if whole else 2):
                        call_tile((
                            tile, high - low, filled, source + low * depth * size, depth, 1,
                            starts.ctypes.data + imaginary * 8, 1 if whole else 2, depth,
                            b + before * w_plane * size, width, APART,
                            made + ((before + imaginary) * made_plane + low * width) * size, width, 0,
                        ))  # fmt: skip
            for t in range(first_tile, last_tile):
                top, left, rows, columns = outputs[t % count]
                corner = y.ctypes.data + ((t // count * out_rows + top) * out_columns + left) * channels * size
                for i in range(SIZE):
                    table[i] = corner + i * out_columns * channels * size if i < rows else nowhere.ctypes.data
                for c in range(0, filled, lanes):
                    transform_back(made + ((t - first_tile) * width + c) * size, made_plane, small)
                    for j in range(columns):
                        offset = (j * channels + strip * width + c) * size
                        frequencies_to_columns((small + j * lanes * size, table.ctypes.data, offset))


@loop(least=LEAST, dtypes=SINGLE)
def fourier_products_loop(
    turn: Turn, pieces: Int, x: In1, dy: In1, made: Out1, geometry: Ints1, tile: Int
) -> None:  # fmt: skip
    """Multiply spectra of images and gradients, summed over tiles; a piece is a frequency."""
    depth, channels, count, width, most, x_plane, dy_plane, plane, add = geometry
    size = made.itemsize
    starts = np.arange(3) * x_plane
    while True:
        piece = claim(turn)
        if piece >= pieces:
            break
        whole = piece < REAL_BINS
        before = piece if whole else REAL_BINS + 2 * (piece - REAL_BINS)
        source = x.ctypes.data + (piece if whole else REAL_BINS + 3 * (piece - REAL_BINS)) * x_plane * size
        blocks = (depth + most - 1) // most
        for strip in range((channels + width - 1) // width):
            filled = min(width, channels - strip * width)
            b = dy.ctypes.data + (before * dy_plane + strip * width) * size
            for block in range(blocks):
                low, high = span(block, blocks, depth)
                for imaginary in range(1 if whole else 2):
                    c = made.ctypes.data + ((before + imaginary) * plane + low * channels + strip * width) * size
                    call_tile((
                        tile, high - low, filled, source + low * size, 1, depth, starts.ctypes.data + imaginary * 8,
                        1 if whole else 2, count, b, channels, dy_plane - count * channels, c, channels, add,
                    ))  # fmt: skip


@loop(least=0, dtypes=SINGLE)
def fourier_taps_loop(turn: Turn, pieces: Int, made: In1, dw: Out1, geometry: Ints1) -> None:
    """Turn spectra of filters into filters (rows, columns, depth * channels); a piece is one input channel."""
    rows, columns, depth, channels, lanes, plane = geometry
    size = made.itemsize
    memory = np.empty((SIZE * SIZE + 4) * lanes, made.dtype)
    nowhere = np.empty(channels, made.dtype)
    table = np.empty(SIZE, np.int64)
    while True:
        piece = claim(turn)
        if piece >= pieces:
            break
        small = aligned(memory)  # inside, so that the memory lives as long as the loop
        for c in range(0, channels, lanes):
            transform_back(made.ctypes.data + (piece * channels + c) * size, plane, small)
            for j in range(columns):
                for i in range(SIZE):
                    place = ((i * columns + j) * depth + piece) * channels
                    table[i] = dw.ctypes.data + place * size if i < rows else nowhere.ctypes.data
                frequencies_to_columns((small + j * lanes * size, table.ctypes.data, c * size))


# ---------------------------------------------------------------- geometry


def cuts(size: int, out: int, window: int, before: int) -> list[Pair]:
    """Return the first output and the number of outputs of each tile, in one dimension.

    >>> cuts(14, 14, 5, 2), cuts(28, 28, 5, 2)
    ([(0, 14)], [(0, 12), (12, 12), (24, 4)])
    """
    after = out + window - 1 - before - size
    if size + max(before, after) <= SIZE:
        return [(0, out)]
    step = SIZE + 1 - window
    return [(first, min(step, out - first)) for first in range(0, out, step)]


@lru_cache(maxsize=256)
def tiling(sizes: Pair, out: Pair, window: Pair, before: Pair) -> tuple[Array, Array]:
    """Return for each tile of an image: top, left, rows and columns of what it reads, and of what it gives."""
    down, across = (cuts(*each) for each in zip(sizes, out, window, before))
    reads = [(top - before[0], left - before[1], SIZE, SIZE) for top, _ in down for left, _ in across]
    gives = [(top, left, rows, columns) for top, rows in down for left, columns in across]
    return np.array(reads, np.int64), np.array(gives, np.int64)


@lru_cache(maxsize=256)
def pays(batch: int, sizes: Pair, out: Pair, window: Pair, before: Pair, depth: int, channels: int) -> bool:
    """Tell whether the way by frequencies is the faster one, counted in multiplications of registers."""
    if max(window) > HALF or depth % 16 or channels % 16 or min(out) < 1:
        return False
    tiles = batch * len(tiling(sizes, out, window, before)[0])
    taps = [
        sum(max(0, min(place, size + padding - tap) - max(0, padding - tap)) for tap in range(reach))
        for size, place, reach, padding in zip(sizes, out, window, before)
    ]
    direct = batch * taps[0] * taps[1] * depth * channels
    transforms = 16 * 5000 * (tiles * (depth + channels) + depth * channels) // 16
    return direct > 1.2 * (tiles * 4 * 127 * depth * channels + transforms) and tiles >= TOGETHER // 2


def strip_width(channels: int, dtype: np.dtype[Any]) -> int:
    """Return how many output channels go together: two registers, or one where there are no more."""
    return min(channels, microkernel.VECTORS * microkernel.lanes(dtype))


def padding_back(size: Sequence[int], padding: Padding, sizes: Pair, dy: Sequence[int]) -> Padding:
    """Return the padding with which the gradient, convolved with the turned filter, gives the image's."""
    before = [size[axis] - 1 - padding[axis][0] for axis in range(2)]
    after = [sizes[axis] + size[axis] - 1 - before[axis] - dy[1 + axis] for axis in range(2)]
    return (before[0], after[0]), (before[1], after[1])


def fits(
    x: Sequence[int], size: Sequence[int], out: Pair, strides: Pair, padding: Padding, dilations: Pair, dtype: Any
) -> bool:
    """Tell whether this way is possible, and pays."""
    if strides != (1, 1) or dilations != (1, 1) or min(map(min, padding)) < 0 or dtype != np.float32:
        return False
    before = padding[0][0], padding[1][0]
    return pays(x[0], (x[1], x[2]), out, (size[0], size[1]), before, size[2], size[3])


def are_finite(*arrays: Array) -> bool:
    """Tell whether all numbers are finite; a NaN would reach all outputs of its tile, not only the windows over it.

    False as well where their sum is too large for a number, which does no harm: the direct way is taken.
    """
    return all(math.isfinite(add_up(plain(array).reshape(-1), (0,))) for array in arrays)


# ---------------------------------------------------------------- the three convolutions


def convolve(
    x: Array, w: Array, out: Pair, padding: Padding, turned: bool = False, y: Array | None = None
) -> Array | None:
    """Convolve images with filters, `turned` around and with input and output channels swapped if so wished."""
    rows, columns = w.shape[:2]
    depth, channels = (w.shape[3], w.shape[2]) if turned else (w.shape[2], w.shape[3])
    work = len(x) * out[0] * out[1] * w.size
    run, pack, address = (each.ready(x.dtype, work) for each in (fourier_loop, fourier_filter_loop, tile))
    if run is None or pack is None or address is None:
        return None
    lanes, width = microkernel.lanes(x.dtype), strip_width(channels, x.dtype)
    weights = np.multiply(w.transpose(0, 1, 3, 2) if turned else w, x.dtype.type(SCALE), order="C")
    plane = depth * width + APART
    packed = np.empty(-(-channels // width) * PLANES * plane, x.dtype)
    shape = np.array([channels, width, lanes, turned, plane], np.int64)
    share(pack, depth, weights.reshape(rows, columns, -1), packed, shape)
    y = np.empty((len(x), *out, channels), x.dtype) if y is None else y
    before = padding[0][0], padding[1][0]
    reads, gives = tiling((x.shape[1], x.shape[2]), out, (rows, columns), before)
    total = len(x) * len(reads)
    geometry = np.array([depth, channels, *out, width, lanes, microkernel.most_rows(), total], np.int64)
    pieces = -(-total // (TOGETHER * threads())) * threads()  # each thread gets as many
    images = plain(x).reshape(*x.shape[:2], -1)
    share(run, pieces, images, packed, y.reshape(-1), reads, gives, geometry, address)
    return y


def filter_grad(x: Array, size: Sequence[int], dy: Array, padding: Padding) -> Array | None:
    """Return the gradient for the filters."""
    rows, columns, depth, channels = size
    out = dy.shape[1], dy.shape[2]
    work = dy.size * rows * columns * depth
    spread, collect = fourier_tile_loop.ready(dy.dtype, work), fourier_taps_loop.ready(dy.dtype, work)
    multiply, address = fourier_products_loop.ready(dy.dtype, work), tile.ready(dy.dtype, work)
    if spread is None or collect is None or multiply is None or address is None:
        return None
    lanes, width = microkernel.lanes(dy.dtype), strip_width(channels, dy.dtype)
    before = padding[0][0], padding[1][0]
    reads, gives = tiling((x.shape[1], x.shape[2]), out, (rows, columns), before)
    total = len(x) * len(reads)
    images, gradients = (plain(array, dy.dtype).reshape(*array.shape[:2], -1) for array in (x, dy))
    together = min(total, TILES)
    x_plane, dy_plane, plane = together * depth + APART, together * channels + APART, depth * channels + APART
    x_spectra, dy_spectra = np.empty(SIGNED * x_plane, x.dtype), np.empty(PLANES * dy_plane + width, x.dtype)
    made = np.empty(PLANES * plane, x.dtype)
    for begin in range(0, total, together):
        count = min(together, total - begin)
        share(spread, count, images, x_spectra, reads, np.array([depth, lanes, begin, 1, x_plane], np.int64))
        share(spread, count, gradients, dy_spectra, gives, np.array([channels, lanes, begin, 0, dy_plane], np.int64))
        geometry = np.array(
            [depth, channels, count, width, microkernel.most_rows(), x_plane, dy_plane, plane, begin], np.int64
        )
        share(multiply, REAL_BINS + COMPLEX_BINS, x_spectra, dy_spectra, made, geometry, address)
    dw = np.empty(tuple(size), dy.dtype)
    share(collect, depth, made, dw.reshape(-1), np.array([rows, columns, depth, channels, lanes, plane], np.int64))
    return np.multiply(dw, dw.dtype.type(SCALE), out=dw)

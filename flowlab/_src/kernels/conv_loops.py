"""Convolution compiled: three loops around the micro-kernel, and the geometry that leads each gradient back to them.

Each of `forward`, `input_grad` and `filter_grad` returns None where NumPy should do the work: nothing compiled yet, too
little to do, or a shape that does not suit the tiles. Where the way by frequencies pays (`conv_fourier`), it is taken.

A tile of the result is some neighbouring output pixels by some output channels. Its row i needs the patch of pixel i,
and patches of neighbours are a constant number of steps apart in memory, so the image itself serves as the matrix A.

Only the border needs care. Where a window reaches over it, its taps outside are left out: rows of taps for each row of
the output, columns of taps by giving every column its own sum over the pixels that have it. With few channels such
sums are too short to be worth a call; then a band of the image, with a border of zeros, is copied to a buffer.

The gradient for the images is again a convolution, of `dy` with the filter turned around. With strides it is several:
the pixels of one phase (those with the same row and column modulo the strides) see the same part of the filter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flowlab._src.kernels import conv_fourier, microkernel
from flowlab._src.kernels.conv_fourier import are_finite
from flowlab._src.kernels.jit import (
    In1,
    In2,
    In3,
    Int,
    Ints1,
    Ints2,
    Out1,
    Out2,
    Turn,
    claim,
    clear,
    loop,
    part,
    pieces,
    plain,
    span,
)
from flowlab._src.kernels.microkernel import call_tile, tile
from flowlab._src.kernels.threads import share

Array = NDArray[Any]
Table = NDArray[np.int64]
Pair = tuple[int, int]
Padding = tuple[Pair, Pair]

LEAST = 2**21  # multiplications; fewer are done before a helper wakes up
BUFFER = 2**16  # numbers in a band of an image: it shall stay in the cache that belongs to the core
NARROW = 4  # output rows shorter than this leave most of a tile empty
LONG_SUM = 64  # numbers that a column of taps must have to be worth a call of its own
WIDE_ENTRY = 8  # channels that make tiles of filter entries worth a call of their own


# ---------------------------------------------------------------- geometry


class Window(NamedTuple):
    """The taps of a window, rows by columns: where they lie from its corner on, and where in the filter they stand."""

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    filter_rows: tuple[int, ...]
    filter_columns: tuple[int, ...]

    @property
    def below(self) -> int:
        """Rows from the corner to behind the last tap."""
        return self.rows[-1] + 1

    @property
    def beside(self) -> int:
        """Columns from the corner to behind the last tap."""
        return self.columns[-1] + 1

    @property
    def whole(self) -> bool:
        """Tell whether a row of taps is one run of neighbouring pixels."""
        return self.beside - self.columns[0] == len(self.columns)


def filter_window(size: Sequence[int], dilations: Pair) -> Window:
    """Return the window of a filter."""
    rows, columns = tuple(range(size[0])), tuple(range(size[1]))
    return Window(tuple(i * dilations[0] for i in rows), tuple(i * dilations[1] for i in columns), rows, columns)


def reached(place: int, stride: int, padding: int, size: int, outputs: int) -> Pair:
    """Return first and last + 1 of the outputs whose tap at `place` lies inside the image, in one dimension."""
    first = max(0, -((place - padding) // stride))
    last = min(outputs, (size - 1 + padding - place) // stride + 1)
    return first, max(first, last)


def phase_taps(size: int, stride: int, dilation: int, before: int, phase: int) -> list[Pair]:
    """Return (place in dy, place in the filter) of what flows back to pixel `phase`, in one dimension, by place in dy.

    Pixel p got its share through filter place k from the output at (p + before - k * dilation) / stride, if whole.
    """
    met = ((phase + before - place * dilation, place) for place in range(size))
    return sorted((distance // stride, place) for distance, place in met if distance % stride == 0)


def band_rows(row: int, below: int, stride: int, rows: int) -> int:
    """Return how many output rows to compute at a time, so that their part of the image stays in the cache."""
    return max(1, min(rows, (BUFFER // row - below) // stride + 1))


def strip_width(channels: int, dtype: np.dtype[Any]) -> int:
    """Return how many output channels go together: the width of the narrowest tile that holds all, else of the widest.

    A half-empty strip would cost time although nobody computes with it: its rows, read from every second line of
    memory, use only half of the cache's places.
    """
    widths = [vectors * lanes for vectors, lanes in microkernel.tile_widths(dtype)]
    return min((width for width in widths if width >= channels), default=widths[0])


# ---------------------------------------------------------------- weights, in the order the tiles want


@loop(least=0)
def pack_loop(
    piece: Int, pieces: Int, w: In1, packed: Out1, order: Ints1, depth: Int, channels: Int, width: Int,
    depth_step: Int, channel_step: Int,
) -> None:  # fmt: skip
    """Copy weights into strips of `width` output channels, each strip contiguous, the last one filled up with zeros.

    A strip has a row for each tap, in the given order, and for each of the tap's `depth` input channels.
    """
    strips = (channels + width - 1) // width
    begin, end = span(piece, pieces, order.size)
    for strip in range(strips):
        count = min(width, channels - strip * width)
        for tap in range(begin, end):
            source = w[order[tap] * depth * channels :]
            target = packed[(strip * order.size + tap) * depth * width :]
            for k in range(depth):
                place, first = k * width, k * depth_step + strip * width * channel_step
                for i in range(count):
                    target[place + i] = source[first + i * channel_step]
                for i in range(count, width):
                    target[place + i] = 0


def packed_weights(pack: Any, w: Array, order: Table, depth: int, channels: int, width: int, turned: bool) -> Array:
    """Return weights in strips; `turned` swaps the roles of the filter's input and output channels."""
    packed = np.empty(-(-channels // width) * order.size * depth * width, w.dtype)
    steps = (1, depth) if turned else (channels, 1)
    share(pack, min(order.size, pieces(w.size)), w.reshape(-1), packed, order, depth, channels, width, *steps)
    return packed


# ---------------------------------------------------------------- forward, and back to the images


@part
def copy_band(image: Any, first: int, rows: int, left: int, width: int, depth: int, buffer: Any) -> None:
    """Copy rows of an image (height, numbers) into a buffer of `width` pixels, with zeros where there is no image."""
    height = image.shape[0]
    for row in range(rows):
        target = buffer[row * width * depth : (row + 1) * width * depth]
        inside = first + row
        if inside < 0 or inside >= height:
            clear(target)
        else:
            source = image[inside][max(0, -left) * depth :]
            begin = max(0, left) * depth
            count = max(0, min(source.size, target.size - begin))
            body = target[begin : begin + count]
            for i in range(body.size):
                body[i] = source[i]
            clear(target[:begin])
            clear(target[begin + count :])


@loop(least=LEAST)
def correlate_loop(
    turn: Turn, pieces: Int, x: In3, w: In1, y: Out1, tap_rows: Ints1, starts: Ints1, groups: Ints2, geometry: Ints1,
    tile: Int,
) -> None:  # fmt: skip
    """Write output pixels as sums over taps; a piece is a band of output rows of one image.

    x is (batch, height, width * depth); w is packed; y is flat, and its pixel (i, j) of an image stands
    ``i * y_row + j * y_column`` numbers behind the number `y_first` of that image.
    """
    (rows, columns, row_stride, column_stride, top, left, below, padded, depth, runs, run, channels, width, most, bands,
     copied, y_image, y_first, y_row, y_column) = geometry  # fmt: skip
    size, height = x.itemsize, x.shape[1]
    row_step = padded * depth
    tiles = (columns + most - 1) // most
    strips = (channels + width - 1) // width
    rows_of_taps = tap_rows.size
    sum_length = runs * run  # of one row of taps
    longest = (rows + bands - 1) // bands
    buffer = np.empty((((longest - 1) * row_stride + below) * row_step if copied else 0), x.dtype)
    while True:
        piece = claim(turn)
        if piece >= pieces:
            break
        image, band = piece // bands, piece % bands
        begin, end = span(band, bands, rows)
        base = x[image].ctypes.data
        origin = top  # the row of the output's corner that lies at `base`
        if copied:
            copy_band(x[image], begin * row_stride - top, (end - begin - 1) * row_stride + below, left, padded, depth,
                      buffer)  # fmt: skip
            base = buffer.ctypes.data
            origin = begin * row_stride
        for strip in range(strips):
            count = min(width, channels - strip * width)
            for row in range(begin, end):
                corner = row * row_stride - top
                low, high = 0, rows_of_taps
                while low < high - 1 and corner + tap_rows[low] < 0:
                    low += 1
                while high > low + 1 and corner + tap_rows[high - 1] >= height:
                    high -= 1
                line = base + (row * row_stride - origin) * row_step * size
                c = y.ctypes.data + (image * y_image + y_first + row * y_row + strip * width) * size
                for t in range(tiles):
                    tile_first, tile_last = span(t, tiles, columns)
                    for group in range(groups.shape[0]):
                        first, last = max(tile_first, groups[group, 1]), min(tile_last, groups[group, 2])
                        if first >= last:
                            continue
                        sums_before = (strip * groups.shape[0] + group) * rows_of_taps + low
                        call_tile((
                            tile, last - first, count, line + (groups[group, 0] + first * column_stride * depth) * size,
                            column_stride * depth, 1, starts.ctypes.data + low * runs * 8, (high - low) * runs, run,
                            w.ctypes.data + sums_before * sum_length * width * size, width, 0,
                            c + first * y_column * size, y_column, group,
                        ))  # fmt: skip


class Plan(NamedTuple):
    """How one correlation is done; it depends on shapes alone."""

    pieces: int
    order: Table  # for each tap in the order of the sums: its place in the filter
    tap_rows: Table  # the rows of taps, counted from the window's corner
    starts: Table  # for each run of a group: where it begins
    groups: Table  # for each group of taps: where it begins, first and last + 1 of its output columns
    geometry: Table  # what the loop unpacks at its beginning


@lru_cache(maxsize=256)
def correlation(
    shape: tuple[int, ...], y_shape: tuple[int, ...], window: Window, sizes: Pair, strides: Pair, padding: Pair,
    filter_width: int, first: Pair, steps: Pair, strip: int, most: int,
) -> Plan:  # fmt: skip
    """Plan ``y[:, first + i * steps]``, for i below `sizes`, as windows at ``i * strides - padding`` of the images."""
    batch, height, width, depth = shape
    (rows, columns), (top, left), channels = sizes, padding, y_shape[3]
    every = all(any(0 <= row * strides[0] - top + tap < height for tap in window.rows) for row in range(rows))
    ranges = [reached(column, strides[1], left, width, columns) for column in window.columns]
    full = (0, columns)
    inside = every and all(each == full for each in ranges)
    split = not inside and every and full in ranges and depth * len(window.rows) >= LONG_SUM
    copied = not inside and not split
    padded = (columns - 1) * strides[1] + window.beside if copied else width
    row_step, corner = padded * depth, 0 if copied else -left * depth
    runs, run = 1, depth
    if split:
        # One group for each column of taps; the first one must set all pixels, the others add.
        turns = sorted((i for i, (low, high) in enumerate(ranges) if low < high), key=lambda i: ranges[i] != full)
        groups = [(corner + window.columns[i] * depth, *ranges[i]) for i in turns]
        places = [(row, window.filter_columns[i]) for i in turns for row in window.filter_rows]
        starts = [tap * row_step for tap in window.rows]
    else:
        groups = [(corner, *full)]
        places = [(row, column) for row in window.filter_rows for column in window.filter_columns]
        if window.whole:
            run = len(window.columns) * depth
            starts = [tap * row_step + window.columns[0] * depth for tap in window.rows]
        else:
            runs = len(window.columns)
            starts = [tap * row_step + column * depth for tap in window.rows for column in window.columns]
    # Bands that stay in the cache; and at least a few pieces of work if there are few images.
    bands = -(-rows // band_rows(row_step, window.below, strides[0], rows))
    bands = min(rows, max(bands, -(-32 // batch)))
    y_row = y_shape[2] * channels
    geometry = [
        rows, columns, *strides, top, left, window.below, padded, depth, runs, run, channels, strip, most, bands,
        copied, y_shape[1] * y_row, first[0] * y_row + first[1] * channels, steps[0] * y_row, steps[1] * channels,
    ]  # fmt: skip
    order = [row * filter_width + column for row, column in places]
    tables = (np.array(table, np.int64) for table in (order, window.rows, starts, groups, geometry))
    return Plan(batch * bands, *tables)


def correlate(
    loops: tuple[Any, Any, Any], x: Array, w: Array, y: Array, window: Window, sizes: Pair, strides: Pair,
    padding: Pair, turned: bool = False, first: Pair = (0, 0), steps: Pair = (1, 1),
) -> None:  # fmt: skip
    """Write the output pixels ``first + i * steps`` of y, for i below `sizes`."""
    run, pack, address = loops
    strip = strip_width(y.shape[3], x.dtype)
    plan = correlation(
        x.shape, y.shape, window, sizes, strides, padding, w.shape[1], first, steps, strip, microkernel.most_rows()
    )
    packed = packed_weights(pack, w, plan.order, x.shape[3], y.shape[3], strip, turned)
    images = x.reshape(*x.shape[:2], -1)
    share(run, plan.pieces, images, packed, y.reshape(-1), *plan[2:], address)


def ready_loops(main: Any, helper: Any, dtype: np.dtype[Any], work: int) -> tuple[Any, Any, Any] | None:
    """Return a main loop, its helper and the tile, or None if one of them is missing."""
    if work < main.least:
        return None  # and nothing is compiled for it
    found = main.ready(dtype, work), helper.ready(dtype, work), tile.ready(dtype, work)
    return None if None in found else found


def cropped(padding: Padding) -> bool:
    """Tell whether some padding is negative, which the loops do not know."""
    return min(map(min, padding)) < 0


def forward(
    x: Array, w: Array, out: Pair, strides: Pair, padding: Padding, dilations: Pair, y: Array | None = None
) -> Array | None:
    """Convolve images, into `y` if given, or return None."""
    work = len(x) * out[0] * out[1] * w.size
    if not work or cropped(padding):
        return None
    if conv_fourier.fits(x.shape, w.shape, out, strides, padding, dilations, x.dtype) and are_finite(x, w):
        done = conv_fourier.convolve(x, plain(w, x.dtype), out, padding, y=y)
        if done is not None:
            return done
    if out[1] < NARROW:
        return None
    loops = ready_loops(correlate_loop, pack_loop, x.dtype, work)
    if loops is None:
        return None
    y = np.empty((len(x), *out, w.shape[3]), x.dtype) if y is None else y
    corner = padding[0][0], padding[1][0]
    correlate(loops, plain(x), plain(w, x.dtype), y, filter_window(w.shape, dilations), out, strides, corner)
    return y


def input_grad(
    input_shape: Sequence[int], w: Array, dy: Array, strides: Pair, padding: Padding, dilations: Pair
) -> Array | None:
    """Lead the gradient back to the images, or return None."""
    work = dy.size * w[..., 0].size
    if not work or cropped(padding):
        return None
    # Turned around, the filter begins as far before a pixel as it ended behind it, which may be beyond the gradient.
    image = input_shape[1], input_shape[2]
    back = conv_fourier.padding_back(w.shape, padding, image, dy.shape)
    if conv_fourier.fits(dy.shape, w.shape, image, strides, back, dilations, dy.dtype) and are_finite(dy, w):
        done = conv_fourier.convolve(dy, plain(w, dy.dtype), image, back, turned=True)
        if done is not None:
            return done
    if input_shape[2] // strides[1] < NARROW:
        return None
    loops = ready_loops(correlate_loop, pack_loop, dy.dtype, work)
    if loops is None:
        return None
    dy, w = plain(dy), plain(w, dy.dtype)
    dx = np.empty(tuple(input_shape), dy.dtype)
    for phase, row_taps, column_taps in phases(input_shape, w.shape, strides, padding, dilations):
        if not row_taps or not column_taps:  # no window reaches these pixels
            dx[:, phase[0] :: strides[0], phase[1] :: strides[1]] = 0
            continue
        (rows, filter_rows), (columns, filter_columns) = zip(*row_taps), zip(*column_taps)
        # Places in dy may begin before it, or behind its beginning: the first one becomes the corner of the window.
        corner = -rows[0], -columns[0]
        moved = tuple(row - rows[0] for row in rows), tuple(column - columns[0] for column in columns)
        sizes = tuple(-(-(input_shape[1 + axis] - phase[axis]) // strides[axis]) for axis in range(2))
        window = Window(*moved, filter_rows, filter_columns)
        correlate(loops, dy, w, dx, window, (sizes[0], sizes[1]), (1, 1), corner, True, phase, strides)
    return dx


def phases(
    input_shape: Sequence[int], size: Sequence[int], strides: Pair, padding: Padding, dilations: Pair
) -> Iterator[tuple[Pair, list[Pair], list[Pair]]]:
    """Yield each phase that has pixels, with its row and column taps."""
    for row in range(min(strides[0], input_shape[1])):
        row_taps = phase_taps(size[0], strides[0], dilations[0], padding[0][0], row)
        for column in range(min(strides[1], input_shape[2])):
            yield (row, column), row_taps, phase_taps(size[1], strides[1], dilations[1], padding[1][0], column)


# ---------------------------------------------------------------- back to the filters


@loop(least=LEAST)
def filter_grad_loop(
    turn: Turn, pieces: Int, x: In3, dy: In3, sums: Out2, entries: Ints2, geometry: Ints1, tile: Int
) -> None:
    """Sum products of patches and gradients; a piece is a group of images and a strip of output channels.

    The rows of a tile are entries of the filter, and the sum runs over pixels: the reverse of `correlate_loop`.
    x is (batch, height, width * depth), dy is (batch, rows, columns * channels); each row of `sums` is the filter
    gradient of one group.
    """
    (rows, columns, row_stride, column_stride, top, left, below, padded, depth, run, channels, strip, most, band,
     groups, copied, beyond) = geometry  # fmt: skip
    size, batch = x.itemsize, x.shape[0]
    row_step, pixel_step = padded * depth, column_stride * depth
    strips, tiles = (channels + strip - 1) // strip, (run + most - 1) // most
    buffer = np.empty((((band - 1) * row_stride + below) * row_step if copied else 0), x.dtype)
    gradients = np.empty((band * columns * strip if beyond else 0), x.dtype)
    starts = np.empty(band, np.int64)
    for i in range(band):
        starts[i] = i * row_stride * row_step
    while True:
        piece = claim(turn)
        if piece >= pieces:
            break
        group, part = piece // strips, piece % strips
        count = min(strip, channels - part * strip)
        total = sums[group]
        for i in range(total.size // channels):
            clear(total[i * channels + part * strip : i * channels + part * strip + count])
        first_image, last_image = span(group, groups, batch)
        for image in range(first_image, last_image):
            for begin in range(0, rows, band):
                end = min(begin + band, rows)
                base, origin = x[image].ctypes.data, top  # the row of the output's corner that lies at `base`
                if copied:
                    copy_band(x[image], begin * row_stride - top, (end - begin - 1) * row_stride + below, left, padded,
                              depth, buffer)  # fmt: skip
                    base, origin = buffer.ctypes.data, begin * row_stride
                step, b = channels, dy[image, begin].ctypes.data + part * strip * size
                # Registers reach beyond the pixel, into its successors; the last pixels get a place where they may.
                if (image * rows + end) * columns * channels + beyond > dy.size:
                    step, b = strip, gradients.ctypes.data
                    for row in range(begin, end):
                        source = dy[image, row]
                        for column in range(columns):
                            place, start = ((row - begin) * columns + column) * strip, column * channels + part * strip
                            for i in range(count):
                                gradients[place + i] = source[start + i]
                for entry in range(entries.shape[0]):
                    tap_row, place, filter_place, low, high, first, last = entries[entry]
                    low, high = max(low, begin), min(high, end)
                    if low >= high or first >= last:
                        continue
                    line = base + ((low * row_stride - origin + tap_row) * row_step + place + first * pixel_step) * size
                    for t in range(tiles):
                        begin_row, end_row = span(t, tiles, run)
                        call_tile((
                            tile, end_row - begin_row, count, line + begin_row * size, 1, pixel_step,
                            starts.ctypes.data, high - low, last - first,
                            b + ((low - begin) * columns + first) * step * size, step, (columns - last + first) * step,
                            total.ctypes.data + ((filter_place + begin_row) * channels + part * strip) * size,
                            channels, 1,
                        ))  # fmt: skip


@loop(least=0)
def add_groups_loop(piece: Int, pieces: Int, sums: In2, total: Out1) -> None:
    """Add the groups' gradients, always in the same order."""
    begin, end = span(piece, pieces, total.size)
    target = total[begin:end]
    for group in range(sums.shape[0]):
        source = sums[group, begin:end]
        if group == 0:
            for i in range(target.size):
                target[i] = source[i]
        else:
            for i in range(target.size):
                target[i] += source[i]


@lru_cache(maxsize=256)
def filter_sums(
    shape: tuple[int, ...], dy_shape: tuple[int, ...], filter_size: Pair, strides: Pair, padding: Pair,
    dilations: Pair, strip: int, register: int, most: int,
) -> tuple[int, Table, Table]:  # fmt: skip
    """Plan the gradient of a filter: the number of groups, the entries of the filter, and the geometry."""
    batch, height, width, depth = shape
    _, rows, columns, channels = dy_shape
    (top, left), window = padding, filter_window(filter_size, dilations)
    row_ranges = [reached(tap, strides[0], top, height, rows) for tap in window.rows]
    ranges = [reached(tap, strides[1], left, width, columns) for tap in window.columns]
    inside = all(each == (0, columns) for each in ranges)
    copied = not inside and depth < WIDE_ENTRY
    padded = (columns - 1) * strides[1] + window.beside if copied else width
    corner = 0 if copied else -left * depth
    if window.whole and (inside or copied):  # a row of taps is one run of entries
        run = len(ranges) * depth
        entries = [
            (tap, corner, row * run, *row_range, 0, columns)
            for row, (tap, row_range) in enumerate(zip(window.rows, row_ranges))
        ]
    else:
        run = depth
        entries = [
            (tap, corner + window.columns[i] * depth, (row * len(ranges) + i) * depth, *row_range,
             *((0, columns) if copied else ranges[i]))
            for row, (tap, row_range) in enumerate(zip(window.rows, row_ranges))
            for i in range(len(ranges))
        ]  # fmt: skip
    size = filter_size[0] * filter_size[1] * depth * channels
    # Groups are fixed by the shapes alone: then rounding does not depend on the number of threads.
    groups = max(1, min(batch, 8, 2**22 // size))
    band = band_rows(padded * depth, window.below, strides[0], rows)
    geometry = [
        rows, columns, *strides, top, left, window.below, padded, depth, run, channels, strip, most, band, groups,
        copied, -channels % register,
    ]  # fmt: skip
    return groups, np.array(entries, np.int64), np.array(geometry, np.int64)


def filter_grad(
    x: Array, filter_shape: Sequence[int], dy: Array, strides: Pair, padding: Padding, dilations: Pair
) -> Array | None:
    """Lead the gradient back to the filters, or return None."""
    depth, channels = filter_shape[2:]
    size = filter_shape[0] * filter_shape[1] * depth * channels
    work = dy[..., :1].size * size
    if not work or cropped(padding):
        return None
    out = dy.shape[1], dy.shape[2]
    if conv_fourier.fits(x.shape, filter_shape, out, strides, padding, dilations, dy.dtype) and are_finite(x, dy):
        done = conv_fourier.filter_grad(x, filter_shape, dy, padding)
        if done is not None:
            return done
    loops = ready_loops(filter_grad_loop, add_groups_loop, dy.dtype, work)
    if loops is None:
        return None
    run, add_groups, address = loops
    x, dy = plain(x, dy.dtype), plain(dy)
    strip = strip_width(channels, dy.dtype)
    register = min(strip, microkernel.lanes(dy.dtype))
    corner = padding[0][0], padding[1][0]
    window = filter_shape[0], filter_shape[1]
    groups, entries, geometry = filter_sums(
        x.shape, dy.shape, window, strides, corner, dilations, strip, register, microkernel.most_rows()
    )
    sums = np.empty((groups, size), dy.dtype)
    images, gradients = x.reshape(*x.shape[:2], -1), dy.reshape(*dy.shape[:2], -1)
    share(run, groups * -(-channels // strip), images, gradients, sums, entries, geometry, address)
    if groups == 1:
        return sums.reshape(tuple(filter_shape))
    dw = np.empty(size, dy.dtype)
    share(add_groups, pieces(size), sums, dw)
    return dw.reshape(tuple(filter_shape))

"""Weighted sums over windows, channel by channel: what depthwise convolution, its gradients and mean pooling have in common.

    y[image, pixel, c] = sum over taps of  x[image, pixel + offset of the tap, c] * w[tap, c]

No channel is mixed with another, so numbers that lie side by side are treated alike, and a vector register of channels is
the natural unit. A strip of neighbouring output pixels by two registers of channels stays in registers for the whole sum;
a tap loads its weights once for all pixels of the strip. Where neighbouring taps see neighbouring pixels (stride 1), three
taps are taken at once: then each register of x is loaded once for three sums. (A loop written in Python for the compiler
would load and store the sums at each tap, and ask each time whether its arrays overlap.)

Where the taps lie is said by tables of byte offsets, made once for each geometry (`Tables`). A row of the output has a
list of (row of x, row of w); a segment, columns of the output with the same taps inside the image, a list of (column of x,
column of w). That covers borders, strides, dilations, both gradients and the counts of mean pooling without a special case:

* the gradient for the images is the same sum with `dy` for x: pixel p sums over all outputs that saw it;
* in the gradient for the filter the columns of the filter are the pixels, and the pixels of the images are the taps.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flowlab._src.kernels import microkernel
from flowlab._src.kernels.jit import In2, Instruction, Int, Ints1, Ints2, Loop, Out2, instruction, loop, plain, span
from flowlab._src.kernels.threads import share

Array = NDArray[Any]
Pairs = list[tuple[int, int]]

LEAST = 2**17  # multiplications; NumPy does fewer in less than 0.1 ms


def strip_pixels() -> tuple[int, ...]:
    """Return how many pixels a strip may have, most first: as many as there are registers for."""
    return (8 if microkernel.most_rows() > 8 else 4, 3, 2, 1)


SLIDE = 3  # taps that are taken at once

TWO, ONE, PART = 0, 1, 2  # how many registers of channels: two, one, or a part of one


class Strip(microkernel.Tile):
    """Emits the code for strips of one size."""

    start = 0.0  # what a sum begins with
    weighted = True

    def __init__(self, ir: Any, builder: Any, dtype: np.dtype[Any], pixels: int, kind: int) -> None:
        super().__init__(ir, builder, dtype, pixels, 2 if kind == TWO else 1)
        self.partly = kind == PART

    def emit_strip(
        self, left: Any, x: Any, x_step: Any, rows: Any, row_count: Any, taps: Any, tap_count: Any, slides: Any, w: Any,
        y: Any, y_step: Any, add: Any,
    ) -> None:  # fmt: skip
        """Emit::

            sums = 0
            for x_row, w_row in rows:
                for x_tap, w_tap in taps:
                    sums[i] += x[x_row + x_tap + i * x_step] * w[w_row + w_tap]
            y[i * y_step] = sums, or += sums

        All steps and offsets count bytes. Of a part of a register, `left` channels exist. If the strip `slides`, tap
        t sees at pixel i what tap t + 1 sees at pixel i - 1.
        """
        builder, integer = self.builder, self.integer
        lanes = self.mask(left, 0) if self.partly else None
        places = [builder.mul(x_step, integer(i)) for i in range(self.rows)]
        zeros = [self.ir.Constant(self.vector, [self.start] * self.lanes)] * (self.rows * self.vectors)
        before = builder.block
        row_head, row_body, tap_head, tap_body, row_end, done = self.blocks(
            "row_head", "row_body", "tap_head", "tap_body", "row_end", "done"
        )

        builder.branch(row_head)
        builder.position_at_end(row_head)
        row, *row_sums = rows_so_far = self.changing([integer(0), *zeros], before)
        builder.cbranch(builder.icmp_signed("<", row, row_count), row_body, done)

        builder.position_at_end(row_body)
        x_row, w_row = self.offsets(rows, row)
        row_x, row_w = self.at(x, x_row), self.at(w, w_row)
        taps_done, sums_so_far, last = integer(0), row_sums, row_body
        if self.weighted and self.rows >= SLIDE:
            several = builder.select(
                builder.icmp_signed("==", slides, integer(0)), integer(0), builder.sub(tap_count, integer(SLIDE - 1))
            )
            taps_done, sums_so_far, last = self.slide(row_x, row_w, x_step, taps, several, row_sums, lanes, tap_head)
        else:
            builder.branch(tap_head)

        builder.position_at_end(tap_head)
        tap, *sums = taps_so_far = self.changing([taps_done, *sums_so_far], last)
        builder.cbranch(builder.icmp_signed("<", tap, tap_count), tap_body, row_end)

        builder.position_at_end(tap_body)
        x_tap, w_tap = self.offsets(taps, tap)
        tap_x = self.at(row_x, x_tap)
        weights = self.registers(self.at(row_w, w_tap), lanes) if self.weighted else [None] * self.vectors
        new_sums = []
        for i in range(self.rows):
            numbers = self.registers(self.at(tap_x, places[i]), lanes)
            for v in range(self.vectors):
                new_sums.append(self.meet(numbers[v], weights[v], sums[i * self.vectors + v]))
        self.go_on(taps_so_far, [self.at(tap, 1), *new_sums], tap_head)

        builder.position_at_end(row_end)
        self.go_on(rows_so_far, [self.at(row, 1), *sums], row_head)

        builder.position_at_end(done)
        self.write_strip(row_sums, lanes, y, y_step, add)

    def slide(
        self, x: Any, w: Any, x_step: Any, taps: Any, several: Any, sums: list[Any], lanes: Any, after: Any
    ) -> tuple[Any, list[Any], Any]:
        """Emit a loop that takes `SLIDE` taps of a row at once, as long as less than `several` are done.

        Return how many are done then, the sums, and the block from which it goes on to the block `after`.
        """
        builder, integer = self.builder, self.integer
        before = builder.block
        head, body = self.blocks("slide_head", "slide_body")
        builder.branch(head)
        builder.position_at_end(head)
        first, *sums = so_far = self.changing([integer(0), *sums], before)
        builder.cbranch(builder.icmp_signed("<", first, several), body, after)

        builder.position_at_end(body)
        found = [self.offsets(taps, self.at(first, k)) for k in range(SLIDE)]
        weights = [self.registers(self.at(w, w_tap), lanes) for _, w_tap in found]
        new_sums = list(sums)
        for i in range(self.rows + SLIDE - 1):
            numbers = self.registers(self.at(x, found[0][0], builder.mul(x_step, integer(i))), lanes)
            for k in range(SLIDE):
                if 0 <= i - k < self.rows:
                    for v in range(self.vectors):
                        place = (i - k) * self.vectors + v
                        new_sums[place] = self.multiply_add(numbers[v], weights[k][v], new_sums[place])
        self.go_on(so_far, [self.at(first, SLIDE), *new_sums], head)
        return first, sums, head

    def blocks(self, *names: str) -> list[Any]:
        """Return new blocks of instructions, empty yet."""
        return [self.builder.function.append_basic_block(name) for name in names]

    def changing(self, starts: list[Any], before: Any) -> list[Any]:
        """Return what changes in a loop whose head begins here: the values it has when coming from the block `before`."""
        values = [self.builder.phi(start.type) for start in starts]
        for value, start in zip(values, starts, strict=True):
            value.add_incoming(start, before)
        return values

    def go_on(self, values: list[Any], following: list[Any], head: Any) -> None:
        """Go back to the head of a loop, with the next of its changing values."""
        for value, new in zip(values, following, strict=True):
            value.add_incoming(new, self.builder.block)
        self.builder.branch(head)

    def offsets(self, table: Any, number: Any) -> tuple[Any, Any]:
        """Read an entry of a table: a place of x, and one of w."""
        entry = self.at(table, self.builder.mul(number, self.integer(16)))
        return self.load(entry, self.integer), self.load(self.at(entry, 8), self.integer)

    def registers(self, address: Any, lanes: Any) -> list[Any]:
        """Read the channels of a pixel."""
        return [self.some(self.at(address, v * self.lanes * self.bytes), lanes) for v in range(self.vectors)]

    def meet(self, numbers: Any, weights: Any, sums: Any) -> Any:
        """What a tap does to the sums."""
        return self.multiply_add(numbers, weights, sums)

    def some(self, address: Any, lanes: Any) -> Any:
        """Read a register, or those of its lanes that exist; nothing beside the array is touched."""
        if lanes is None:
            return self.load(address, self.vector)
        pointer = self.builder.inttoptr(address, self.vector.as_pointer())
        zero = self.ir.Constant(self.vector, [0.0] * self.lanes)
        return self.call(
            f"llvm.masked.load.{self.suffix}.p0", self.vector, pointer, self.ir.IntType(32)(self.bytes), lanes, zero
        )

    def write_strip(self, sums: list[Any], lanes: Any, y: Any, y_step: Any, add: Any) -> None:
        """Emit the end."""
        builder = self.builder
        places = [
            self.at(y, builder.mul(y_step, self.integer(i)), v * self.lanes * self.bytes)
            for i in range(self.rows)
            for v in range(self.vectors)
        ]
        setting = builder.icmp_signed("==", add, self.integer(0))
        with builder.if_else(setting) as (set_it, add_it):
            with set_it:
                for value, place in zip(sums, places):
                    self.put(value, place, lanes)
            with add_it:
                for value, place in zip(sums, places):
                    self.put(builder.fadd(self.some(place, lanes), value), place, lanes)

    def put(self, value: Any, address: Any, lanes: Any) -> None:
        """Write a register, or those of its lanes that exist."""
        if lanes is None:
            self.store(value, address)
            return
        pointer = self.builder.inttoptr(address, self.vector.as_pointer())
        align = self.ir.IntType(32)(self.bytes)
        self.call(f"llvm.masked.store.{self.suffix}.p0", self.ir.VoidType(), value, pointer, align, lanes)


@instruction
def sum_strip(ir: Any, builder: Any, dtype: np.dtype[Any], pixels: Any, kind: Any, *rest: Any) -> None:
    """Emit one block of code for each size of strip, and a jump to the right one; see `Strip.emit_strip`."""
    emit_strips(Strip, ir, builder, dtype, strip_pixels(), pixels, kind, *rest)


def emit_strips(
    make: type[Strip], ir: Any, builder: Any, dtype: np.dtype[Any], sizes: tuple[int, ...], pixels: Any, kind: Any,
    *rest: Any,
) -> None:  # fmt: skip
    """Emit the code for strips of these sizes."""
    end = builder.function.append_basic_block("end")
    jump = builder.switch(builder.add(builder.mul(pixels, pixels.type(3)), kind), end)
    for count in sizes:
        for width in (TWO, ONE, PART):
            block = builder.function.append_basic_block(f"strip_{count}_{width}")
            jump.add_case(pixels.type(count * 3 + width), block)
            builder.position_at_end(block)
            make(ir, builder, dtype, count, width).emit_strip(*rest)
            builder.branch(end)
    builder.position_at_end(end)


def strips_loop(name: str, strip: Instruction, least: int) -> Loop:
    """Return the loop that writes all strips of an output by an instruction for one of them."""

    def over_strips(
        piece: Int, pieces: Int, x: In2, w: In2, y: Out2, rows: Ints2, row_entries: Ints2, segments: Ints2,
        tap_entries: Ints2, sizes: Ints1, geometry: Ints1,
    ) -> None:  # fmt: skip
        """A piece is a band of rows of one image. x, w and y are (images, numbers), w perhaps one for all."""
        bands, y_row, channels, lanes, add = geometry
        size = x.itemsize
        image, band = piece // bands, piece % bands
        x_base, y_base = x[image].ctypes.data, y[image].ctypes.data
        w_base = w[image if w.shape[0] > 1 else 0].ctypes.data
        begin, end = span(band, bands, rows.shape[0])
        for row in range(begin, end):
            row_list = row_entries.ctypes.data + rows[row, 0] * 16
            row_count = rows[row, 1] - rows[row, 0]
            first = 0
            while first < channels:
                left, behind = channels - first, first * size
                kind = 0 if left >= 2 * lanes else 1 if left >= lanes else 2
                for s in range(segments.shape[0]):
                    y_first, y_step, count, x_first, x_step, slides, tap, last_tap = segments[s]
                    done = 0
                    while done < count:
                        pixels = 1
                        for i in range(sizes.size):
                            if sizes[i] <= count - done:
                                pixels = sizes[i]
                                break
                        strip((
                            pixels, kind, left, x_base + behind + x_first + done * x_step, x_step, row_list, row_count,
                            tap_entries.ctypes.data + tap * 16, last_tap - tap, slides, w_base + behind,
                            y_base + behind + row * y_row + y_first + done * y_step, y_step, add,
                        ))  # fmt: skip
                        done += pixels
                first += 2 * lanes if kind == 0 else lanes

    over_strips.__name__ = name
    return loop(least)(over_strips)


window_sums_loop = strips_loop("window_sums_loop", sum_strip, LEAST)


# ---------------------------------------------------------------- which taps there are


class Axis(NamedTuple):
    """One dimension of a geometry: for each place of the output, which places of x meet which places of w there."""

    met: list[Pairs]
    stride: int  # of x, from output to output of one phase
    phases: int  # neighbouring outputs whose taps have nothing to do with each other


def forward_axis(size: int, window: int, outputs: int, stride: int, before: int, dilation: int) -> Axis:
    """Return what the outputs of a convolution see.

    >>> forward_axis(4, 3, 4, 1, 1, 1).met[0]
    [(0, 1), (1, 2)]
    """
    places = ((i * stride - before, range(window)) for i in range(outputs))
    met = [[(at + k * dilation, k) for k in taps if 0 <= at + k * dilation < size] for at, taps in places]
    return Axis(met, stride, 1)


def backward_axis(size: int, window: int, outputs: int, stride: int, before: int, dilation: int) -> Axis:
    """Return which outputs saw the places of the input: `forward_axis` the other way around.

    >>> backward_axis(4, 3, 4, 1, 1, 1).met[0]
    [(0, 1), (1, 0)]
    """
    met: list[Pairs] = [[] for _ in range(size)]
    for i, seen in enumerate(forward_axis(size, window, outputs, stride, before, dilation).met):
        for at, k in seen:
            met[at].append((i, k))
    return Axis(met, 1, stride)


class Tables(NamedTuple):
    """A geometry as the loop reads it; everything counts bytes."""

    rows: NDArray[np.int64]  # for each row of the output: first and last + 1 of its entries
    row_entries: NDArray[np.int64]  # (row of x, row of w)
    segments: NDArray[np.int64]  # (y, its step, pixels, x, its step, sliding, first and last + 1 of its taps)
    tap_entries: NDArray[np.int64]  # (column of x, column of w)
    y_row: int


def tables(rows: Axis, columns: Axis, pixel: int, x_row: int, w_row: int, w_pixel: int) -> Tables:
    """Return the tables for sums whose outputs are pixels; a pixel, a row of x and so on take so many bytes."""
    row_lists, row_entries = listed([[(at * x_row, k * w_row) for at, k in met] for met in rows.met])
    segments, tap_lists = [], []
    step = columns.phases
    for phase in range(step):
        runs: list[tuple[int, Pairs]] = []
        for column in range(phase, len(columns.met), step):
            base = (column // step) * columns.stride
            pattern = [(at - base, k) for at, k in columns.met[column]]
            if not runs or runs[-1][1] != pattern:
                runs.append((column, pattern))
        ends = [first for first, _ in runs[1:]] + [len(columns.met)]
        for (first, pattern), end in zip(runs, ends):
            base = (first // step) * columns.stride
            segments.append([
                first * pixel, step * pixel, -(-(end - first) // step), base * pixel, columns.stride * pixel,
            ])  # fmt: skip
            tap_lists.append([(at * pixel, k * w_pixel) for at, k in pattern])
    return joined(row_lists, row_entries, segments, tap_lists, len(columns.met) * pixel)


def filter_tables(rows: Axis, columns: Axis, window: tuple[int, int], dilation: int, pixel: int, x_row: int,
                  dy_row: int) -> Tables:  # fmt: skip
    """Return the tables for the gradient of a filter, whose outputs are the places of the filter.

    `rows` and `columns` say what the outputs of the convolution see, as `forward_axis` does.
    """
    per_row: list[Pairs] = [[] for _ in range(window[0])]
    for i, met in enumerate(rows.met):
        for at, k in met:
            per_row[k].append((at * x_row, i * dy_row))
    segments, tap_lists = [], []
    seen: list[tuple[int, int]] = []  # first place of the filter, and how many, for each column of the output
    for met in columns.met:
        seen.append((met[0][1], len(met)) if met else (0, 0))
    for first, count in sorted(set(seen)):
        if not count:
            continue
        members = [j for j, each in enumerate(seen) if each == (first, count)]
        segments.append([first * pixel, pixel, count, 0, dilation * pixel])
        tap_lists.append([(columns.met[j][0][0] * pixel, j * pixel) for j in members])
    return joined(*listed(per_row), segments, tap_lists, window[1] * pixel)


def listed(lists: list[Pairs]) -> tuple[list[list[int]], Pairs]:
    """Return lists as one list, and where each of them begins and ends in it."""
    ends = np.cumsum([len(each) for each in lists], dtype=np.int64).tolist()
    return [[end - len(each), end] for end, each in zip(ends, lists)], [entry for each in lists for entry in each]


def joined(
    row_lists: list[list[int]], row_entries: Pairs, segments: list[list[int]], tap_lists: list[Pairs], y_row: int
) -> Tables:
    """Return everything as arrays."""
    places, entries = listed(tap_lists)
    whole = []
    for segment, place, taps in zip(segments, places, tap_lists):
        slides = all(second[0] - first[0] == segment[4] for first, second in pairwise(taps))
        whole.append([*segment, slides, *place])

    def table(values: Any, width: int) -> NDArray[np.int64]:
        return np.array(values, np.int64).reshape(-1, width)

    return Tables(table(row_lists, 2), table(row_entries, 2), table(whole, 8), table(entries, 2), y_row)


def window_sums(run: Any, x: Array, w: Array, y: Array, where: Tables, channels: int, add: bool = False) -> None:
    """Let the compiled loop write sums to y; each of the arrays has an entry for each image, w perhaps one for all."""
    count = len(y)
    bands = max(1, min(len(where.rows), -(-32 // count))) if not add else 1
    geometry = np.array([bands, where.y_row, channels, microkernel.lanes(y.dtype), add], np.int64)
    sizes = np.array(strip_pixels(), np.int64)
    images = plain(x).reshape(count, -1)
    weights = images if w is x else plain(w).reshape(len(w), -1)
    share(run, count * bands, images, weights, y.reshape(count, -1), *where[:4], sizes, geometry)

"""The largest number of each window, and the way back to it, as strips of channels in registers; see `windows.py`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlab._src.kernels import microkernel
from flowlab._src.kernels.jit import In2, Int, Ints1, Ints2, Out2, Turn, claim, clear, instruction, loop, plain
from flowlab._src.kernels.threads import share
from flowlab._src.kernels.windows import (
    Strip,
    Tables,
    emit_strips,
    forward_axis,
    strip_pixels,
    strips_loop,
    tables,
    window_sums,
)

Array = NDArray[Any]
Pair = tuple[int, int]

LEAST = 2**16  # numbers of the images


class MaxStrip(Strip):
    """Emits strips of maxima; a NaN among the numbers stays."""

    start = -np.inf
    weighted = False

    def meet(self, numbers: Any, weights: Any, sums: Any) -> Any:
        """The larger of two, which is one instruction for real numbers."""
        builder = self.builder
        larger = builder.select(builder.fcmp_ordered(">", sums, numbers), sums, numbers)
        return builder.select(builder.fcmp_unordered("uno", sums, sums), sums, larger)


class RouteStrip(Strip):
    """Emits the way back for one pixel of the output: its gradient is added where its maximum is met first."""

    weighted = False

    def emit_strip(  # type: ignore[override]  # other numbers
        self, left: Any, x: Any, dx: Any, rows: Any, row_count: Any, taps: Any, tap_count: Any, y: Any, dy: Any
    ) -> None:  # fmt: skip
        """Emit::

        waiting = all channels
        for x_row in rows:
            for x_tap in taps:
                here = waiting and x[x_row + x_tap] == y
                dx[x_row + x_tap] += dy where here
                waiting = waiting and not here
        """
        builder, integer = self.builder, self.integer
        lanes = self.mask(left, 0) if self.partly else None
        bits = self.ir.VectorType(self.ir.IntType(1), self.lanes)
        every = self.ir.Constant(bits, [1] * self.lanes)
        zeros = self.ir.Constant(self.vector, [0.0] * self.lanes)
        steps = [v * self.lanes * self.bytes for v in range(self.vectors)]
        largest, gradient = self.registers(y, lanes), self.registers(dy, lanes)
        before = builder.block
        row_head, row_body, tap_head, tap_body, row_end, done = self.blocks(
            "row_head", "row_body", "tap_head", "tap_body", "row_end", "done"
        )

        builder.branch(row_head)
        builder.position_at_end(row_head)
        row, *row_waiting = rows_so_far = self.changing([integer(0), *[every] * self.vectors], before)
        builder.cbranch(builder.icmp_signed("<", row, row_count), row_body, done)

        builder.position_at_end(row_body)
        x_row, _ = self.offsets(rows, row)
        builder.branch(tap_head)

        builder.position_at_end(tap_head)
        tap, *waiting = taps_so_far = self.changing([integer(0), *row_waiting], row_body)
        builder.cbranch(builder.icmp_signed("<", tap, tap_count), tap_body, row_end)

        builder.position_at_end(tap_body)
        place = self.at(x_row, self.offsets(taps, tap)[0])
        after = []
        for v, step in enumerate(steps):
            numbers = self.some(self.at(x, place, step), lanes)
            here = builder.and_(waiting[v], builder.fcmp_ordered("==", numbers, largest[v]))
            target = self.at(dx, place, step)
            total = builder.fadd(self.some(target, lanes), builder.select(here, gradient[v], zeros))
            self.put(total, target, lanes)
            after.append(builder.and_(waiting[v], builder.not_(here)))
        self.go_on(taps_so_far, [self.at(tap, 1), *after], tap_head)

        builder.position_at_end(row_end)
        self.go_on(rows_so_far, [self.at(row, 1), *waiting], row_head)
        builder.position_at_end(done)


@instruction
def max_strip(ir: Any, builder: Any, dtype: np.dtype[Any], pixels: Any, kind: Any, *rest: Any) -> None:
    """Write the maxima of a strip of pixels; see `Strip.emit_strip`."""
    emit_strips(MaxStrip, ir, builder, dtype, strip_pixels(), pixels, kind, *rest)


@instruction
def route_strip(ir: Any, builder: Any, dtype: np.dtype[Any], pixels: Any, kind: Any, *rest: Any) -> None:
    """Lead the gradient of a pixel back; see `RouteStrip.emit_strip`."""
    emit_strips(RouteStrip, ir, builder, dtype, (1,), pixels, kind, *rest)


max_windows_loop = strips_loop("max_windows_loop", max_strip, LEAST)


@loop(least=LEAST)
def max_windows_grad_loop(
    turn: Turn, pieces: Int, x: In2, y: In2, dy: In2, dx: Out2, rows: Ints2, row_entries: Ints2, segments: Ints2,
    tap_entries: Ints2, geometry: Ints1,
) -> None:  # fmt: skip
    """Lead each gradient to the first maximum of its window; a piece is an image. All arrays are (images, numbers)."""
    y_row, channels, lanes = geometry
    size = x.itemsize
    while True:
        image = claim(turn)
        if image >= pieces:
            break
        clear(dx[image])
        x_base, dx_base = x[image].ctypes.data, dx[image].ctypes.data
        y_base, dy_base = y[image].ctypes.data, dy[image].ctypes.data
        for row in range(rows.shape[0]):
            row_list = row_entries.ctypes.data + rows[row, 0] * 16
            row_count = rows[row, 1] - rows[row, 0]
            for s in range(segments.shape[0]):
                y_first, y_step, count, x_first, x_step, _, tap, last_tap = segments[s]
                for pixel in range(count):
                    source, from_y = x_first + pixel * x_step, row * y_row + y_first + pixel * y_step
                    first = 0
                    while first < channels:
                        left, behind = channels - first, first * size
                        kind = 0 if left >= 2 * lanes else 1 if left >= lanes else 2
                        route_strip((
                            1, kind, left, x_base + source + behind, dx_base + source + behind, row_list, row_count,
                            tap_entries.ctypes.data + tap * 16, last_tap - tap, y_base + from_y + behind,
                            dy_base + from_y + behind,
                        ))  # fmt: skip
                        first += 2 * lanes if kind == 0 else lanes


def max_windows(run: Any, x: Array, y: Array, ksize: Pair, strides: Pair, corner: Pair) -> None:
    """Let the compiled loop write the maxima; windows begin `corner` pixels above and left of the images."""
    where = max_tables(x.shape[1:], y.shape[1:3], ksize, strides, corner, x.itemsize)
    window_sums(run, x, x, y, where, x.shape[3])  # maxima have no weights: any array will do


def max_windows_grad(
    run: Any, x: Array, y: Array, dy: Array, dx: Array, ksize: Pair, strides: Pair, corner: Pair
) -> None:
    """Let the compiled loop write the gradient for the images to dx."""
    where = max_tables(x.shape[1:], y.shape[1:3], ksize, strides, corner, x.itemsize)
    geometry = np.array([where.y_row, x.shape[3], microkernel.lanes(x.dtype)], np.int64)
    flat = [plain(array).reshape(len(x), -1) for array in (x, y, dy)]
    share(run, len(x), *flat, dx.reshape(len(x), -1), *where[:4], geometry)


@lru_cache(maxsize=256)
def max_tables(
    sizes: tuple[int, ...], out: tuple[int, ...], ksize: Pair, strides: Pair, corner: Pair, item: int
) -> Tables:
    """Return what the loops read: which pixels each window has."""
    rows, columns = (forward_axis(sizes[i], ksize[i], out[i], strides[i], corner[i], 1) for i in range(2))
    pixel = sizes[2] * item
    return tables(rows, columns, pixel, sizes[1] * pixel, 0, 0)

"""Bias, rectifier and maxima of 2x2 windows for one line of pooled pixels, and the way back, register by register.

For a window of four pixels, a loop over array slices needs 60 cycles for each register, most of them to begin; written
out in LLVM's language it is half. All places are addresses; a line has `count` pooled pixels of so many whole `registers`
of channels.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.kernels.blocks import repeat
from flowlab._src.kernels.jit import instruction
from flowlab._src.kernels.microkernel import Tile


def emit_line(
    wanted: bool, ir: Any, builder: Any, dtype: np.dtype[Any], count: Any, registers: Any, upper: Any, lower: Any,
    b: Any, y: Any, places: Any,
) -> None:  # fmt: skip
    """Emit a line of maxima of two lines of pixels; and, if `wanted`, the place of each one in its window."""
    emitter = Tile(ir, builder, dtype, 1, 1)
    register, marks = emitter.integer(emitter.lanes * emitter.bytes), emitter.integer(emitter.lanes)
    pixel, pixel_marks = builder.mul(registers, register), builder.mul(registers, marks)
    two = builder.add(pixel, pixel)
    zero = ir.Constant(emitter.vector, [0.0] * emitter.lanes)

    def larger(value: Any, other: Any) -> Any:  # a NaN stays
        better = builder.fcmp_ordered(">", value, other)
        return builder.select(builder.or_(better, builder.fcmp_unordered("uno", value, value)), value, other)

    def constant(number: int) -> Any:
        return ir.Constant(ir.VectorType(ir.IntType(8), emitter.lanes), [number] * emitter.lanes)

    def one(upper: Any, lower: Any, b: Any, y: Any, places: Any) -> None:
        bias = emitter.load(b, emitter.vector)
        at = (upper, emitter.at(upper, pixel), lower, emitter.at(lower, pixel))
        a = [emitter.load(address, emitter.vector) for address in at]
        # Rounding keeps order, so bias and rectifier can wait for the maximum.
        best = builder.fadd(larger(larger(a[3], a[2]), larger(a[1], a[0])), bias)
        best = builder.select(builder.fcmp_ordered("<", best, zero), zero, best)
        emitter.store(best, y)
        if wanted:
            found = constant(3)
            for place in (2, 1, 0):
                here = builder.fcmp_ordered("==", builder.fadd(a[place], bias), best)
                if place == 0:
                    here = builder.or_(here, builder.fcmp_ordered("==", best, zero))
                found = builder.select(here, constant(place), found)
            builder.store(found, builder.inttoptr(places, found.type.as_pointer())).align = 1

    def all_channels(upper: Any, lower: Any, y: Any, places: Any) -> None:
        moving = ((each, register) for each in (upper, lower, b, y))
        repeat(emitter, registers, one, *moving, (places, marks))

    repeat(emitter, count, all_channels, (upper, two), (lower, two), (y, pixel), (places, pixel_marks))


@instruction
def pooled_line(ir: Any, builder: Any, dtype: np.dtype[Any], *values: Any) -> None:
    """Emit `emit_line` without places."""
    emit_line(False, ir, builder, dtype, *values)


@instruction
def pooled_line_with_places(ir: Any, builder: Any, dtype: np.dtype[Any], *values: Any) -> None:
    """Emit `emit_line` with places."""
    emit_line(True, ir, builder, dtype, *values)


@instruction
def line_back(
    ir: Any, builder: Any, dtype: np.dtype[Any], count: Any, registers: Any, y: Any, places: Any, dy: Any, upper: Any,
    lower: Any, total: Any,
) -> None:  # fmt: skip
    """Emit the way back: each gradient goes to its place of four, zeros to the others, and all are added to `total`.

    As in the kernel of the rectifier, an infinite gradient times 0 is NaN.
    """
    emitter = Tile(ir, builder, dtype, 1, 1)
    register, marks = emitter.integer(emitter.lanes * emitter.bytes), emitter.integer(emitter.lanes)
    pixel, pixel_marks = builder.mul(registers, register), builder.mul(registers, marks)
    two = builder.add(pixel, pixel)
    zero, ones = (ir.Constant(emitter.vector, [number] * emitter.lanes) for number in (0.0, 1.0))
    kind = ir.VectorType(ir.IntType(8), emitter.lanes)

    def one(y: Any, places: Any, dy: Any, upper: Any, lower: Any, total: Any) -> None:
        on = builder.fcmp_ordered(">", emitter.load(y, emitter.vector), zero)
        gradient = builder.fmul(emitter.load(dy, emitter.vector), builder.select(on, ones, zero))
        emitter.store(builder.fadd(emitter.load(total, emitter.vector), gradient), total)
        found = builder.load(builder.inttoptr(places, kind.as_pointer()), typ=kind)
        found.align = 1
        for place, address in enumerate((upper, emitter.at(upper, pixel), lower, emitter.at(lower, pixel))):
            here = builder.icmp_unsigned("==", found, ir.Constant(kind, [place] * emitter.lanes))
            emitter.store(builder.select(here, gradient, zero), address)

    def all_channels(y: Any, places: Any, dy: Any, upper: Any, lower: Any) -> None:
        moving = ((each, register) for each in (dy, upper, lower, total))
        repeat(emitter, registers, one, (y, register), (places, marks), *moving)

    repeat(emitter, count, all_channels, (y, pixel), (places, pixel_marks), (dy, pixel), (upper, two), (lower, two))

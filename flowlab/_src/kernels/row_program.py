"""Programs for the rows of a batch: a long list of steps in which each row goes its own way, as one compiled call.

A recurrent network multiplies a batch with its weights, computes the gates, and begins again: 28 times for an image of
MNIST, and as often on the way back. Done step by step, the threads meet after each product of 0.2 ms, and Python stands
between them. But no row needs to know of another: so each thread takes some rows and goes through all steps with them.

A program is a table of whole numbers, a line for each step. There are three kinds of steps:

- a product of the rows with weights, which have been copied into strips before (`pack`): they are the same in each turn;
- columns copied into another array, as when the input and the state are put side by side;
- a loop of elementwise operations (`fused.py`), called by its address.

Arrays are named by their addresses, which the caller computes for all turns of a loop at once (`Program.run`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flowlab._src.kernels import fused, jit, microkernel
from flowlab._src.kernels.blocks import copy_numbers
from flowlab._src.kernels.fused import Layout, Value
from flowlab._src.kernels.gemm import longest_stretch, pack_strip
from flowlab._src.kernels.jit import (
    In1,
    In2,
    Int,
    Ints1,
    Ints2,
    Loop,
    Out1,
    instruction,
    loop,
    part,
    span,
)
from flowlab._src.kernels.microkernel import VECTORS, call_tile, tile
from flowlab._src.kernels.threads import share, threads

Array = NDArray[Any]

PRODUCT, COPY = 0, 1  # other kinds are the addresses of loops
OPERANDS = 28  # most numbers that a step needs
LEAST_ROWS = 16  # for a thread


# ---------------------------------------------------------------- the compiled part


@instruction
def call_rows(ir: Any, builder: Any, dtype: np.dtype[Any], address: Any, *numbers: Any) -> None:
    """Emit a call of the loop at an address: for some rows, with operands that stand in memory."""
    function = ir.FunctionType(ir.VoidType(), [number.type for number in numbers])
    builder.call(builder.inttoptr(address, function.as_pointer()), list(numbers))


@part
def multiply_rows(
    tile: int, lanes: int, most: int, size: int, begin: int, end: int, step: Any, start: Any
) -> None:  # fmt: skip
    """Multiply some rows of A with weights that lie in strips."""
    _, a, depth, weights, longest, columns, c = step[:7]
    strip = lanes * VECTORS
    tiles = (end - begin + most - 1) // most
    for first in range(0, depth, longest):
        last = min(first + longest, depth)
        for t in range(tiles):
            low, high = span(t, tiles, end - begin)
            for s in range((columns + strip - 1) // strip):
                call_tile((
                    tile, high - low, min(strip, columns - s * strip),
                    a + ((begin + low) * depth + first) * size, depth, 1, start.ctypes.data, 1, last - first,
                    weights + (s * depth + first) * strip * size, strip, 0,
                    c + ((begin + low) * columns + s * strip) * size, columns, first,
                ))  # fmt: skip


@loop(least=0)
def program_loop(
    piece: Int, pieces: Int, rows: Int, steps: Ints2, start: Ints1, lanes: Int, most: Int, tile: Int, one: In1
) -> None:  # fmt: skip
    """Go through all steps with some rows; a piece is a block of rows. `start` is a zero, `one` a number of the type."""
    size = one.itemsize
    begin, end = span(piece, pieces, rows)
    for s in range(len(steps)):
        step = steps[s]
        if step[0] == PRODUCT:
            multiply_rows(tile, lanes, most, size, begin, end, step, start)
        elif step[0] == COPY:
            _, source, target, target_line, width, source_line = step[:6]
            for row in range(begin, end):
                copy_numbers((source + row * source_line * size, target + row * target_line * size, width))
        else:
            call_rows((step[0], begin, end, step.ctypes.data + 8))


@loop(least=0)
def pack_loop(piece: Int, pieces: Int, b: In2, turned: Int, lanes: Int, packed: Out1) -> None:
    """Copy B, or what it is when transposed, into strips, one behind the other; a piece is a strip."""
    strip = lanes * VECTORS
    depth, columns = (b.shape[1], b.shape[0]) if turned else b.shape
    count = min(strip, columns - piece * strip)
    pack_strip(b, 0, depth, piece * strip, count, lanes, turned, packed, piece * depth * strip)


def rows_loop(
    inputs: Sequence[Value],
    steps: Sequence[tuple[str, Any]],
    outputs: Sequence[Value],
    parts: Sequence[Value],
    dtype: np.dtype[Any],
) -> Loop:
    """The loop of some elementwise operations, for the rows of a program: operands are inputs, then outputs."""
    layout = Layout(parts[0].dims if parts else outputs[0].dims)
    wide = {of for _, of, _ in fused.columns_of(parts)}
    if not layout.takes_columns() or not all(layout.takes(v.dims) for v in inputs if v.name not in wide):
        raise ValueError("no layout for these arrays")
    parameters, before, lines = fused.loop_lines(layout, inputs, steps, outputs, parts)
    arguments = []
    for place, value in enumerate((*inputs, *outputs)):
        shape = (1,) * (2 - len(value.dims)) + value.dims
        maker = "truths_at" if value.truth else "matrix_at"
        arguments.append(f"{maker}(places[{place}], {shape[0]}, {shape[1]}){'' if value.dims else '[0, 0]'}")
    text = [
        "@Separate",
        f"def rows(begin, end, {', '.join(parameters)}):",
        *[f" {line}" for line in (*before, *lines)],
        "def run(begin, end, place):",
        f" places = numbers_at(place, {len(arguments)})",
        f" rows(begin, end, {', '.join(arguments)})",
    ]
    whole = (0, False, "int64")
    return jit.written("fused", "\n".join(text), {"begin": whole, "end": whole, "place": whole}, address=True)


# ---------------------------------------------------------------- programs


class Place(NamedTuple):
    """Where an operand is: so many bytes behind the beginning of the array of a name."""

    name: str
    offset: int = 0


class Multiply(NamedTuple):
    """A product with weights in strips."""

    a: Place
    depth: int
    weights: Place
    columns: int
    output: Place

    def operands(self, dtype: np.dtype[Any]) -> list[Any]:
        """The numbers of the step, or places."""
        return [
            PRODUCT,
            self.a,
            self.depth,
            self.weights,
            longest_stretch(self.depth, dtype),
            self.columns,
            self.output,
        ]


class Copy(NamedTuple):
    """Some columns of an array put into another one; `source_line` is the place of a number, or a number.

    It says how many numbers lie from line to line of the source.
    """

    source: Place
    source_line: int | Place
    first: int
    output: Place
    output_width: int
    there: int
    width: int

    def operands(self, dtype: np.dtype[Any]) -> list[Any]:
        """The numbers of the step, or places."""
        begin, there = [
            place._replace(offset=place.offset + column * dtype.itemsize)
            for place, column in ((self.source, self.first), (self.output, self.there))
        ]
        return [COPY, begin, there, self.output_width, self.width, self.source_line]


class Call(NamedTuple):
    """Elementwise operations."""

    loop: Loop
    arrays: tuple[Place, ...]

    def operands(self, dtype: np.dtype[Any]) -> list[Any]:
        """The address of the loop, which must have been compiled, and places."""
        return [self.loop.versions[dtype], *self.arrays]


Step = Multiply | Copy | Call


class Program:
    """The steps of one turn, for a number of rows."""

    def __init__(self, rows: int, steps: Sequence[Step], dtype: Any) -> None:
        self.rows, self.steps, self.dtype = rows, list(steps), np.dtype(dtype)
        self.names: dict[str, int] = {}  # of what stands somewhere, numbered
        self._lines: NDArray[np.int64] | None = None
        self._one, self._start = np.ones(1, self.dtype), np.zeros(1, np.int64)

    def ready(self) -> bool:
        """Whether all loops are compiled; those that are not are asked for."""
        if self._lines is not None:
            return True
        loops = [program_loop, pack_loop, tile, *[step.loop for step in self.steps if isinstance(step, Call)]]
        if None in [each.ready(self.dtype, 1) for each in loops]:
            return False
        lines = np.zeros((len(self.steps), OPERANDS), np.int64)
        places: list[tuple[int, int]] = []  # in a turn, and number of the name
        for number, step in enumerate(self.steps):
            for place, operand in enumerate(step.operands(self.dtype)):
                if isinstance(operand, Place):
                    places.append((number * OPERANDS + place, self.names.setdefault(operand.name, len(self.names))))
                    lines[number, place] = operand.offset
                else:
                    lines[number, place] = operand
        self._places, self._which = np.array(places).T
        self._lines = lines.reshape(-1)
        return True

    def run(self, turns: int, addresses: Mapping[str, int | NDArray[np.int64]]) -> None:
        """Go through the steps so many times; the addresses of an array are one for all turns, or one for each."""
        assert self._lines is not None
        begins = np.empty((len(self.names), turns), np.int64)
        for name, number in self.names.items():
            begins[number] = addresses[name]
        table = np.tile(self._lines, (turns, 1))
        table[:, self._places] += begins.T[:, self._which]
        pieces = max(1, min(2 * threads(), self.rows // LEAST_ROWS))
        lanes, most = microkernel.lanes(self.dtype), microkernel.most_rows()
        share(
            program_loop.versions[self.dtype], pieces, self.rows, table.reshape(-1, OPERANDS), self._start, lanes, most,
            tile.versions[self.dtype], self._one,
        )  # fmt: skip


def pack(b: Array, turned: bool) -> Array:
    """Weights as a program takes them; `turned` if it shall multiply with the transposed matrix."""
    lanes = microkernel.lanes(b.dtype)
    depth, columns = b.shape[::-1] if turned else b.shape
    strips = -(-columns // (lanes * VECTORS))
    packed = np.empty(strips * depth * lanes * VECTORS, b.dtype)
    share(pack_loop.versions[b.dtype], strips, b, int(turned), lanes, packed)
    return packed

"""Moving blocks of a matrix into strips, register by register, as the micro-kernel wants them.

A strip has VECTORS registers of columns, and its rows lie one behind the other. Parts make one from a stretch of a
matrix: `copy_rows` where the rows of the strip are rows of the matrix, `turn_columns` where they are its columns. They
are generated like the micro-kernel, because array slices of a few numbers would cost more than the copy. Places are
addresses, steps count numbers.

The rows of a large matrix are far apart, too far for the processor to guess what will be read next, so they ask for it
some steps ahead: 50 rows times 3136x1024 take 3.9 instead of 4.4 ms.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowlab._src.kernels.jit import instruction
from flowlab._src.kernels.microkernel import VECTORS, Tile

ROWS_AHEAD, SQUARES_AHEAD = 4, 4


@instruction
def copy_numbers(ir: Any, builder: Any, dtype: np.dtype[Any], source: Any, target: Any, count: Any) -> None:
    """Emit the C library's memcpy for a run of numbers."""
    byte = ir.IntType(8).as_pointer()
    pointers = [builder.inttoptr(address, byte) for address in (target, source)]
    size = builder.mul(count, count.type(dtype.itemsize))
    Tile(ir, builder, dtype, 1, 1).call("llvm.memcpy.p0.p0.i64", ir.VoidType(), *pointers, size, ir.IntType(1)(0))


@instruction
def copy_rows(
    ir: Any, builder: Any, dtype: np.dtype[Any], source: Any, source_step: Any, target: Any, rows: Any
) -> None:
    """Emit a copy of rows, each as wide as a strip."""
    emitter = Tile(ir, builder, dtype, 1, VECTORS)
    register = emitter.lanes * emitter.bytes

    step = builder.mul(source_step, source.type(emitter.bytes))

    def copy_row(source: Any, target: Any) -> None:
        ahead = emitter.at(source, builder.mul(step, source.type(ROWS_AHEAD)))
        for v in range(VECTORS):
            emitter.expect(emitter.at(ahead, v * register))
            value = emitter.load(emitter.at(source, v * register), emitter.vector)
            emitter.store(value, emitter.at(target, v * register))

    repeat(emitter, rows, copy_row, (source, step), (target, source.type(VECTORS * register)))


@instruction
def copy_parts_of_rows(
    ir: Any, builder: Any, dtype: np.dtype[Any], source: Any, source_step: Any, target: Any, rows: Any, count: Any
) -> None:
    """Emit a copy of rows of `count` numbers, fewer than a strip has; zeros make it up. Nothing beside them is read."""
    emitter = Tile(ir, builder, dtype, 1, VECTORS)
    register = emitter.lanes * emitter.bytes
    masks = [emitter.mask(count, v) for v in range(VECTORS)]

    def copy_row(source: Any, target: Any) -> None:
        for v in range(VECTORS):
            value = emitter.masked_load(emitter.at(source, v * register), masks[v])
            emitter.store(value, emitter.at(target, v * register))

    step = builder.mul(source_step, source.type(emitter.bytes))
    repeat(emitter, rows, copy_row, (source, step), (target, source.type(VECTORS * register)))


@instruction
def turn_columns(
    ir: Any, builder: Any, dtype: np.dtype[Any], source: Any, source_step: Any, target: Any, squares: Any
) -> None:
    """Emit a transposition: as many lines as a register has lanes become columns of a strip, square after square.

    A square is transposed in log2(lanes) rounds. The first one exchanges neighbours: of two registers, one keeps its
    even lanes and takes the even lanes of the other as its odd ones, and the other one does the reverse. The next round
    does so with pairs of lanes, the third one with fours.
    """
    emitter = Tile(ir, builder, dtype, 1, VECTORS)
    count, register = emitter.lanes, emitter.lanes * emitter.bytes
    step = builder.mul(source_step, source.type(emitter.bytes))

    def choose(first: Any, second: Any, chosen: list[int]) -> Any:
        mask = ir.Constant(ir.VectorType(ir.IntType(32), count), chosen)
        return builder.shuffle_vector(first, second, mask)

    def turn_square(source: Any, target: Any) -> None:
        places = [emitter.at(source, builder.mul(step, source.type(i))) for i in range(count)]
        for place in places:
            emitter.expect(emitter.at(place, SQUARES_AHEAD * register))
        lines = [emitter.load(place, emitter.vector) for place in places]
        reach = 1
        while reach < count:
            # Lane numbers from `count` on mean the second register.
            low = [j if not j & reach else count + j - reach for j in range(count)]
            high = [j + reach if not j & reach else count + j for j in range(count)]
            for i in range(count):
                if not i & reach:
                    pair = lines[i], lines[i + reach]
                    lines[i], lines[i + reach] = choose(*pair, low), choose(*pair, high)
            reach *= 2
        for i, line in enumerate(lines):
            emitter.store(line, emitter.at(target, i * VECTORS * register))

    down = source.type(count * VECTORS * register)
    repeat(emitter, squares, turn_square, (source, source.type(register)), (target, down))


def repeat(emitter: Tile, count: Any, body: Callable[..., None], *moving: tuple[Any, Any]) -> None:
    """Emit ``for _ in range(count): body(*places)``; each place begins somewhere and moves by a step. Count >= 1.

    The body may hold a loop itself.
    """
    builder, integer = emitter.builder, emitter.integer
    before = builder.block
    head, done = builder.function.append_basic_block("move"), builder.function.append_basic_block("moved")
    builder.branch(head)
    builder.position_at_end(head)
    turn, *places = (builder.phi(integer) for _ in range(len(moving) + 1))
    turn.add_incoming(integer(0), before)
    for place, (start, _) in zip(places, moving):
        place.add_incoming(start, before)
    body(*places)
    following = builder.add(turn, integer(1))
    turn.add_incoming(following, builder.block)
    for place, (_, step) in zip(places, moving):
        place.add_incoming(builder.add(place, step), builder.block)
    builder.cbranch(builder.icmp_signed("<", following, count), head, done)
    builder.position_at_end(done)

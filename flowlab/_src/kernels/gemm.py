"""Matrix products: BLAS for the small ones, our own micro-kernel on all cores for the others.

The large ones are cut into blocks that fit in the cache, as in every fast matrix product (Goto and van de Geijn,
"Anatomy of high-performance matrix multiplication"). A piece of the work is a block of C, some rows by some columns. It
is computed in stretches of the sum (about `DEPTH` long), tile by tile.

The micro-kernel reads A and B by steps through memory, so it can take them where they lie, transposed or not. Copies
are made only where they pay:

- of B, into strips as wide as a tile, if it is transposed; or if it is large, so that its rows are far apart or do not
  fit in the cache next to the core;
- of A, if its lines begin a multiple of 4096 bytes apart: the cache would put all of them into the same few places.

A layer of 784x256 on 50 images takes 175 us without copies, 240 with.

What follows a product is done row of tiles by row of tiles, while it is still in the cache: the bias and the rectifier
of a layer (`layer`), the step of the optimizer that the gradient of the weights is for (`product_steps.py`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlab._src.kernels import microkernel
from flowlab._src.kernels.blocks import copy_numbers, copy_parts_of_rows, copy_rows, turn_columns
from flowlab._src.kernels.compiling import NEVER, compiler
from flowlab._src.kernels.jit import (
    In1,
    In2,
    Int,
    Ints1,
    Loop,
    Out2,
    Turn,
    claim,
    loop,
    part,
    plain,
    span,
)
from flowlab._src.kernels.microkernel import VECTORS, call_tile, tile
from flowlab._src.kernels.threads import blas, share, threads

Array = NDArray[Any]

LEAST = 2**20  # multiplications; with fewer, one BLAS thread is done before a helper wakes up
DEPTH = 400  # most length of a stretch of the sum
BLOCK = 252  # most rows of a block of C
FEW = 4  # rows of B to copy at a time, so that neighbours in memory are read soon after each other
STRIPS = 32  # most strips of columns of a block of C: long rows, which memory delivers and takes fastest
NEAR = 2**20  # bytes of the cache next to a core
PAGE = 4096  # bytes: lines that are longer are on a page of memory each


def matmul(a: Array, b: Array, transpose_a: bool = False, transpose_b: bool = False) -> Array:
    """Multiply two matrices, each taken transposed if so wished.

    >>> matmul(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]]), transpose_b=True)
    array([[11.]])
    """
    one_thread_for_blas()
    left, right = (a.T if transpose_a else a), (b.T if transpose_b else b)
    if a.dtype == np.float16:
        return np.matmul(left.astype(np.float32), right.astype(np.float32)).astype(np.float16)
    if left.shape[-1] == 1 and left.ndim == right.ndim == 2 and right.shape[0] == 1 and a.dtype == b.dtype:
        return np.multiply(left, right)  # an outer product, of 128x128 in 4 us for 19
    ready = loops_for(multiply_loop, a, b, transpose_a, transpose_b)
    return np.matmul(left, right) if ready is None else multiply(ready, a, b, transpose_a, transpose_b)


def one_thread_for_blas() -> None:
    """What is left to BLAS is too small for two threads, and ours shall not meet its own."""
    if not blas.alone and compiler.policy != NEVER:
        blas.step_aside()


def small(
    transpose_a: bool, transpose_b: bool, a: tuple[int, ...], b: tuple[int, ...]
) -> Callable[[Array, Array], Array]:
    """Return the product of matrices of these shapes, fewer multiplications than `LEAST`, with nothing left to decide.

    `dot`, not `matmul`: for matrices the same, and on small ones 0.3 instead of 1 us. BLAS takes its time with a second
    matrix that is transposed, so it is copied if enough rows meet it: 32x100 with 100x100 in 9.7 us for 11.9.
    """
    one_thread_for_blas()
    if transpose_a:
        return (lambda x, y: x.T.dot(y.T)) if transpose_b else lambda x, y: x.T.dot(y)
    if transpose_b and min(a[0], *b) >= 32 and b[0] * b[1] <= 2**14:
        return lambda x, y: x.dot(y.T.copy())
    return (lambda x, y: x.dot(y.T)) if transpose_b else lambda x, y: x.dot(y)


def loops_for(loop: Loop, a: Array, b: Array, transpose_a: bool, transpose_b: bool) -> tuple[Any, Any] | None:
    """Return a compiled loop and the address of the micro-kernel, if there are such and they are for these arrays."""
    if not (a.ndim == b.ndim == 2 and a.dtype == b.dtype and a.shape[1 - transpose_a] == b.shape[transpose_b]):
        return None
    rows, columns = a.shape[transpose_a], b.shape[1 - transpose_b]
    work = a.size * columns
    if work < loop.least:
        return None
    run, address = loop.ready(a.dtype, work), tile.ready(a.dtype, work)
    # A single row or column is read once, at the speed of memory; there is nothing to keep in registers.
    return (run, address) if run is not None and address is not None and work and min(rows, columns) >= 4 else None


def multiply(
    ready: tuple[Any, Any], a: Array, b: Array, transpose_a: bool, transpose_b: bool, bias: Array | None = None
) -> Array:
    """Cut the product into blocks of C and share them; with a bias, it is added, and what is below zero becomes zero."""
    rows, depth, columns = a.shape[transpose_a], a.shape[1 - transpose_a], b.shape[1 - transpose_b]
    c = np.empty((rows, columns), a.dtype)
    pieces, geometry = cut(rows, depth, columns, transpose_a, transpose_b, a.dtype, threads())
    run, address = ready
    share(run, pieces, plain(a), plain(b), c, c[0, :0] if bias is None else bias, geometry, address)
    return c


def layer(x: Array, w: Array, b: Array, transpose_x: bool = False, transpose_w: bool = False) -> Array | None:
    """Return ``relu(x @ w + b)``, or None if the loop is not for these arrays; the sums are those of `matmul`."""
    ready = loops_for(multiply_loop, x, w, transpose_x, transpose_w)
    if ready is None or b.dtype != x.dtype or b.shape != (w.shape[1 - transpose_w],):
        return None
    return multiply(ready, x, w, transpose_x, transpose_w, plain(b))


@functools.lru_cache(maxsize=256)
def cut(
    rows: int, depth: int, columns: int, transpose_a: bool, transpose_b: bool, dtype: np.dtype[Any], threads: int
) -> tuple[int, Array]:
    """Decide how to compute a product: how many pieces, and what their loop has to know."""
    lanes, most = microkernel.lanes(dtype), microkernel.most_rows()
    strips = -(-columns // (lanes * VECTORS))
    row_blocks = -(-rows // BLOCK)
    # Wide blocks read A less often, but every thread shall get several. The sums are the same either way.
    column_blocks = -(-strips // max(1, min(STRIPS, strips * row_blocks // (4 * threads))))
    longest = longest_stretch(depth, dtype)
    height = -(-rows // row_blocks)
    copy_a = (rows if transpose_a else depth) * dtype.itemsize % PAGE == 0
    b_line = columns * dtype.itemsize
    copy_b = transpose_b or (height > most and (b_line >= PAGE or b_line * depth > NEAR))
    geometry = [transpose_a, transpose_b, lanes, strips, most, row_blocks, column_blocks, longest, copy_a, copy_b]
    return row_blocks * column_blocks, np.array(geometry, np.int64)


def longest_stretch(depth: int, dtype: np.dtype[Any]) -> int:
    """Decide in how long stretches to add up `depth` products."""
    longest = -(-depth // -(-depth // DEPTH))
    return longest + -longest % microkernel.lanes(dtype)  # so that transposed matrices are copied in whole registers


@part
def pack_strip(
    b: Any, first: int, depth: int, begin: int, count: int, lanes: int, turned: int, packed: Any, place: int
) -> None:
    """Copy rows `first`... of B, its columns `begin`..., into a strip; `turned` if `b` holds them as columns."""
    size, step = b.itemsize, b.shape[1]
    target = packed.ctypes.data + place * size
    strip = lanes * VECTORS
    if not turned:
        source = b.ctypes.data + (first * step + begin) * size
        if count == strip:
            copy_rows((source, step, target, depth))
        else:
            copy_parts_of_rows((source, step, target, depth, count))
        return
    whole = depth // lanes * lanes if count >= lanes else 0  # numbers of the sum that go in whole registers
    # Of fewer columns than a strip has, the last ones are turned twice. What lies beside them is never written to C.
    for i in range(0, count if whole else 0, lanes):
        i = min(i, count - lanes)
        source = b.ctypes.data + ((begin + i) * step + first) * size
        turn_columns((source, step, target + i * size, depth // lanes))
    for k in range(whole, depth):
        for i in range(count):
            packed[place + k * strip + i] = b[begin + i, first + k]
        for i in range(count, strip):
            packed[place + k * strip + i] = 0


@part
def stretch_of_a(
    a: Any, geometry: Any, first: int, depth: int, begin: int, height: int, line: int, block: Any
) -> tuple[int, int, int]:
    """Say where a stretch of some rows of A begins, and the steps to the next row and the next number of the sum."""
    transposed, copy = geometry[0], geometry[8]
    a_line = a.shape[1]
    place = a.ctypes.data + (first * a_line + begin if transposed else begin * a_line + first) * a.itemsize
    if copy:
        for i in range(depth if transposed else height):
            target = block.ctypes.data + i * line * a.itemsize
            copy_numbers((place + i * a_line * a.itemsize, target, height if transposed else depth))
        place, a_line = block.ctypes.data, line
    return (place, 1, a_line) if transposed else (place, a_line, 1)


@part
def stretch_of_b(
    b: Any, geometry: Any, first: int, depth: int, begin: int, end: int, columns: int, longest: int, packed: Any
) -> None:
    """Copy a stretch of the strips `begin`... of B, if they are to be copied."""
    turned, lanes, copy = geometry[1], geometry[2], geometry[9]
    strip = lanes * VECTORS
    together = depth if turned else FEW
    for k in range(0, depth if copy else 0, together):
        few = min(together, depth - k)
        for s in range(begin, end):
            place = ((s - begin) * longest + k) * strip
            pack_strip(b, first + k, few, s * strip, min(strip, columns - s * strip), lanes, turned, packed, place)
    if not copy and end * strip > columns:  # whole registers would be read beside B
        left = (end - 1) * strip
        pack_strip(b, first, depth, left, columns - left, lanes, turned, packed, 0)


@part
def row_of_tiles(
    tile: int, height: int, a_place: int, a_row: int, a_step: int, start: Any, depth: int, b: Any, geometry: Any,
    first: int, begin: int, end: int, columns: int, longest: int, packed: Any, c_place: int, c_line: int, add: int,
) -> None:  # fmt: skip
    """Multiply some rows of A with the strips `begin`... of B, into C or onto it."""
    copy, strip, size = geometry[9], geometry[2] * VECTORS, b.itemsize
    for s in range(begin, end):
        count = min(strip, columns - s * strip)
        if copy:
            b_place, b_step = packed.ctypes.data + (s - begin) * longest * strip * size, strip
        elif count < strip:
            b_place, b_step = packed.ctypes.data, strip
        else:
            b_place, b_step = b.ctypes.data + (first * columns + s * strip) * size, columns
        call_tile((
            tile, height, count, a_place, a_row, a_step, start.ctypes.data, 1, depth, b_place, b_step, 0,
            c_place + (s - begin) * strip * size, c_line, add,
        ))  # fmt: skip


@part
def working_memory(geometry: Any, rows: int) -> tuple[int, int, int]:
    """Return the step between lines of copied A, and the sizes of the copies of A and B."""
    transpose_a, _, lanes, strips, _, row_blocks, column_blocks, longest, copy_a, copy_b = geometry
    highest = (rows + row_blocks - 1) // row_blocks
    line = (highest if transpose_a else longest) + 16  # so that it is no multiple of 4096 bytes
    width = (strips + column_blocks - 1) // column_blocks if copy_b else 1
    return line, (longest if transpose_a else highest) * line * copy_a, width * lanes * VECTORS * longest


@loop(least=LEAST)
def multiply_loop(
    turn: Turn, pieces: Int, a: In2, b: In2, c: Out2, bias: In1, geometry: Ints1, tile: Int
) -> None:  # fmt: skip
    """Multiply matrices; a piece is a block of C. If there is a bias, add it and set what is below zero to zero."""
    transpose_a, _, lanes, strips, most, row_blocks, column_blocks, longest, _, _ = geometry
    strip, size = lanes * VECTORS, c.itemsize
    rows, columns = c.shape
    total = a.shape[0] if transpose_a else a.shape[1]
    line, size_of_a, size_of_b = working_memory(geometry, rows)
    block, packed, start = np.empty(size_of_a, c.dtype), np.empty(size_of_b, c.dtype), np.zeros(1, np.int64)
    while True:
        piece = claim(turn)
        if piece >= pieces:
            break
        first_row, last_row = span(piece % row_blocks, row_blocks, rows)
        first_strip, last_strip = span(piece // row_blocks, column_blocks, strips)
        left, right = first_strip * strip, min(columns, last_strip * strip)
        tiles = (last_row - first_row + most - 1) // most
        for first in range(0, total, longest):
            last = min(first + longest, total)
            a_place, a_row, a_step = stretch_of_a(
                a, geometry, first, last - first, first_row, last_row - first_row, line, block
            )
            stretch_of_b(b, geometry, first, last - first, first_strip, last_strip, columns, longest, packed)
            for t in range(tiles):
                begin, end = span(t, tiles, last_row - first_row)
                row_of_tiles(
                    tile, end - begin, a_place + begin * a_row * size, a_row, a_step, start, last - first, b, geometry,
                    first, first_strip, last_strip, columns, longest, packed,
                    c.ctypes.data + ((first_row + begin) * columns + left) * size, columns, first,
                )  # fmt: skip
                for row in range(first_row + begin, first_row + end if bias.size and last == total else 0):
                    target, added = c[row, left:right], bias[left:right]
                    for i in range(target.size):
                        sum_of_both = target[i] + added[i]
                        target[i] = 0 if sum_of_both < 0 else sum_of_both

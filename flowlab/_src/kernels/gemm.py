"""Matrix products: BLAS for the small ones, our own micro-kernel on all cores for the large.

The large ones are cut into blocks that fit in the cache, as in every fast matrix product (Goto and van de Geijn,
"Anatomy of high-performance matrix multiplication"). A piece of the work is a block of C, some rows by some columns. For
each stretch of the sum (`DEPTH` long), the stretch of B is copied into strips as wide as a tile, the stretch of A into
a compact block, and then tiles are multiplied. The copies cost little, because each copied number is used dozens of
times, and they make a transposed matrix as good as any other: only the copying differs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlab._src.kernels import microkernel
from flowlab._src.kernels.blocks import copy_numbers, copy_rows, turn_columns
from flowlab._src.kernels.jit import NEVER, In2, Int, Ints1, Out2, Turn, claim, compiler, loop, part, plain, span
from flowlab._src.kernels.microkernel import VECTORS, call_tile, tile
from flowlab._src.kernels.threads import blas, share, threads

Array = NDArray[Any]

LEAST = 2**22  # multiplications; with fewer, one BLAS thread is done before a helper wakes up
DEPTH = 384  # length of a stretch of the sum
BLOCK = 252  # most rows of a block of C
FEW, FEW_TURNED = 4, 32  # rows of B to copy at a time, so that neighbours in memory are read soon after each other
STRIPS = 8  # most strips of columns of a block of C


def matmul(a: Array, b: Array, transpose_a: bool = False, transpose_b: bool = False) -> Array:
    """Multiply two matrices, each taken transposed if so wished.

    >>> matmul(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]]), transpose_b=True)
    array([[11.]])
    """
    if not blas.alone and compiler.policy != NEVER:
        blas.step_aside()  # what is left to it is too small for two threads, and ours shall not meet its own
    left, right = (a.T if transpose_a else a), (b.T if transpose_b else b)
    if a.dtype == np.float16:
        return np.matmul(left.astype(np.float32), right.astype(np.float32)).astype(np.float16)
    if left.shape[-1] == 1 and left.ndim == right.ndim == 2 and right.shape[0] == 1 and a.dtype == b.dtype:
        return np.multiply(left, right)  # an outer product, of 128x128 in 4 us for 19
    if a.ndim == b.ndim == 2 and a.dtype == b.dtype and left.shape[1] == right.shape[0]:
        work = left.size * right.shape[1]
        large = work >= multiply_loop.least
        run, address = (multiply_loop.ready(a.dtype, work), tile.ready(a.dtype, work)) if large else (None, None)
        # A single row or column is read once, at the speed of memory; there is nothing to keep in registers.
        if run is not None and address is not None and work and min(left.shape[0], right.shape[1]) >= 4:
            return multiply(run, address, plain(a), plain(b), transpose_a, transpose_b)
    return np.matmul(left, right)


def multiply(run: Any, address: Any, a: Array, b: Array, transpose_a: bool, transpose_b: bool) -> Array:
    """Cut the product into blocks of C and share them."""
    rows, columns = a.shape[transpose_a], b.shape[1 - transpose_b]
    c = np.empty((rows, columns), a.dtype)
    lanes = microkernel.lanes(a.dtype)
    strips = -(-columns // (lanes * VECTORS))
    row_blocks = -(-rows // BLOCK)
    # Wide blocks copy A less often, but every thread shall get several. The sums are the same either way.
    column_blocks = -(-strips // max(1, min(STRIPS, strips * row_blocks // (4 * threads()))))
    geometry = np.array(
        [transpose_a, transpose_b, lanes, strips, microkernel.most_rows(), row_blocks, column_blocks], np.int64
    )
    share(run, row_blocks * column_blocks, a, b, c, geometry, address)
    return c


@part
def pack_strip(
    b: Any, first: int, depth: int, begin: int, count: int, lanes: int, turned: int, packed: Any, place: int
) -> None:
    """Copy rows `first`... of B, its columns `begin`..., into a strip; `turned` if `b` holds them as columns."""
    size, step = b.itemsize, b.shape[1]
    target = packed.ctypes.data + place * size
    strip = lanes * VECTORS
    whole = 0  # numbers of the sum that go in whole registers
    if count == strip:
        if turned:
            whole = depth // lanes * lanes
            for i in range(0, strip if whole else 0, lanes):
                source = b.ctypes.data + ((begin + i) * step + first) * size
                turn_columns((source, step, target + i * size, depth // lanes))
        else:
            whole = depth
            copy_rows((b.ctypes.data + (first * step + begin) * size, step, target, depth))
    for k in range(whole, depth):
        for i in range(count):
            packed[place + k * strip + i] = b[begin + i, first + k] if turned else b[first + k, begin + i]
        for i in range(count, strip):
            packed[place + k * strip + i] = 0


@loop(least=LEAST)
def multiply_loop(turn: Turn, pieces: Int, a: In2, b: In2, c: Out2, geometry: Ints1, tile: Int) -> None:
    """Multiply matrices; a piece is a block of C."""
    transpose_a, transpose_b, lanes, strips, most, row_blocks, column_blocks = geometry
    strip = lanes * VECTORS
    rows, columns = c.shape
    total = a.shape[0] if transpose_a else a.shape[1]
    size = c.itemsize
    # Steps of a power of two would put all rows into the same few places of the cache.
    longest = (rows + row_blocks - 1) // row_blocks
    a_line = (longest if transpose_a else DEPTH) + 16
    block = np.empty((DEPTH if transpose_a else longest) * a_line, c.dtype)
    packed = np.empty(((strips + column_blocks - 1) // column_blocks) * strip * DEPTH, c.dtype)
    start = np.zeros(1, np.int64)
    while True:
        piece = claim(turn)
        if piece >= pieces:
            break
        first_row, last_row = span(piece % row_blocks, row_blocks, rows)
        first_strip, last_strip = span(piece // row_blocks, column_blocks, strips)
        height = last_row - first_row
        tiles = (height + most - 1) // most
        for first in range(0, total, DEPTH):
            depth = min(DEPTH, total - first)
            size_of_a, source = a.shape[1], a.ctypes.data
            if transpose_a:
                a_row, a_step = 1, a_line
                for k in range(depth):
                    place = source + ((first + k) * size_of_a + first_row) * size
                    copy_numbers((place, block.ctypes.data + k * a_line * size, height))
            else:
                a_row, a_step = a_line, 1
                for row in range(height):
                    place = source + ((first_row + row) * size_of_a + first) * size
                    copy_numbers((place, block.ctypes.data + row * a_line * size, depth))
            together = FEW_TURNED if transpose_b else FEW
            for k in range(0, depth, together):
                few = min(together, depth - k)
                for s in range(first_strip, last_strip):
                    count = min(strip, columns - s * strip)
                    place = (s - first_strip) * strip * DEPTH + k * strip
                    pack_strip(b, first + k, few, s * strip, count, lanes, transpose_b, packed, place)
            for t in range(tiles):
                begin, end = span(t, tiles, height)
                for s in range(first_strip, last_strip):
                    count = min(strip, columns - s * strip)
                    call_tile((
                        tile, end - begin, count, block.ctypes.data + begin * a_row * size, a_row, a_step,
                        start.ctypes.data, 1, depth, packed.ctypes.data + (s - first_strip) * strip * DEPTH * size,
                        strip, 0, c.ctypes.data + ((first_row + begin) * columns + s * strip) * size, columns, first,
                    ))  # fmt: skip

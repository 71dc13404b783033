"""The innermost loop of matrix products and convolutions, generated for the processor at hand.

A processor core multiplies and adds fastest when three things hold.

1. *Whole registers.* A vector register holds several numbers (16 floats with AVX-512, 8 with AVX2, 4 with NEON), and
   one instruction, the fused multiply-add or FMA, computes ``c += a * b`` for all of them.
2. *Data at hand.* A number that is loaded should be used several times before the next one is loaded. So a small tile
   of the result is kept in registers for the whole sum: with `rows` = 14 rows of `vectors` = 2 registers each, one
   step loads 2 registers of B and 14 single numbers of A, and does 28 FMAs with them.
3. *Independent work.* An FMA takes about four cycles, but two can begin in each. The 28 sums of a tile do not wait for
   each other, which keeps the unit busy.

In the picture, one step takes a column of A and a row of B, and adds all their products to the tile of C::

                        b[k]  +-------+-------+           (vectors registers)
                              |       |       |
                a[k]          v       v       v
                +--+      +-------+-------+
         row 0  |  | -->  | c 0 0 | c 0 1 |
         row 1  |  | -->  | c 1 0 | c 1 1 |               (rows x vectors registers, which
         ...    |  |      |  ...  |  ...  |                stay where they are for all k)
                +--+      +-------+-------+

Few columns, such as the channels of a small network, get narrower tiles: `tile_widths`.

32 registers (AVX-512, NEON) give room for 14 x 2 sums, 2 registers of B and one number of A; 16 registers (AVX2) for
6 x 2. Numba's own loops do not come out this way, because its compiler would have to guess it; so this module writes
the loop in LLVM's language, in which register-sized vectors are types. LLVM chooses the registers.

Convolution needs no other kernel than a matrix product, because A is never required to be a matrix: its numbers are
found by steps through memory (`a_row` from row to row, `a_step` from k to k), and the sum may jump through a table
(`taps`) that says where each run of `depth` numbers begins. For a convolution, the runs are the rows of the patch.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import numpy as np

from flowlab._src.kernels.jit import Address, Int, Number, instruction, processor_features


@cache
def vector_bits() -> int:
    """Return the size of a vector register of this processor; FLOWLAB_VECTOR_BITS asks for a smaller one, for tests."""
    if os.environ.get("FLOWLAB_VECTOR_BITS", "").isdigit():
        return int(os.environ["FLOWLAB_VECTOR_BITS"])
    found = processor_features()
    return 512 if "+avx512f" in found else 256 if "+avx" in found else 128


def lanes(dtype: np.dtype[Any]) -> int:
    """Return how many numbers a register holds."""
    return vector_bits() // 8 // dtype.itemsize


VECTORS = 2  # registers in a row of a full tile


def tile_widths(dtype: np.dtype[Any]) -> list[tuple[int, int]]:
    """Return the widths of tiles, widest first, as (registers, lanes): for few columns one register, or half of one.

    With AVX-512, a register is also two of AVX2. Most processors do FMAs on halves twice as often as on wholes.
    """
    count = lanes(dtype)
    halves = [(1, count // 2)] if vector_bits() == 512 else []
    return [(VECTORS, count), (1, count), *halves]


@cache
def most_rows() -> int:
    """Return the rows of a full tile: all registers but three, in rows of two."""
    few = vector_bits() < 512 and any(feature in ("+sse2", "-sse2") for feature in processor_features())
    return 6 if few else 14  # x86 has 16 registers before AVX-512; ARM and AVX-512 have 32


# ---------------------------------------------------------------- the generator


@instruction
def multiply(ir: Any, builder: Any, dtype: np.dtype[Any], rows: Any, columns: Any, *rest: Any) -> None:
    """Emit one block of code for each size of tile, and a jump to the right one; the parameters are `multiply_tile`'s."""
    end = builder.function.append_basic_block("end")
    widths = tile_widths(dtype)
    case = builder.mul(rows, rows.type(len(widths)))
    for vectors, count in widths[1:]:  # one further for each width that is not needed
        narrow = builder.icmp_signed("<=", columns, columns.type(vectors * count))
        case = builder.add(case, builder.zext(narrow, rows.type))
    jump = builder.switch(case, end)
    for height in range(1, most_rows() + 1):
        for i, (vectors, count) in enumerate(widths):
            block = builder.function.append_basic_block(f"tile_{height}x{vectors}x{count}")
            jump.add_case(rows.type(height * len(widths) + i), block)
            builder.position_at_end(block)
            Tile(ir, builder, dtype, height, vectors, count).emit(columns, *rest)
            builder.branch(end)
    builder.position_at_end(end)


class Tile:
    """Emits the code for one size of tile. A `value` is something in a register while the code runs."""

    def __init__(self, ir: Any, builder: Any, dtype: np.dtype[Any], rows: int, vectors: int, count: int = 0) -> None:
        self.ir = ir
        self.builder = builder
        self.rows = rows
        self.vectors = vectors
        self.bytes = dtype.itemsize
        self.lanes = count or lanes(dtype)
        self.integer = ir.IntType(64)
        self.number = ir.FloatType() if dtype.itemsize == 4 else ir.DoubleType()
        self.vector = ir.VectorType(self.number, self.lanes)
        self.suffix = f"v{self.lanes}f{8 * dtype.itemsize}"

    # -- small words

    def at(self, base: Any, *steps: Any) -> Any:
        """Return the address so many bytes behind another."""
        for step in steps:
            base = self.builder.add(base, step if hasattr(step, "type") else self.integer(step))
        return base

    def load(self, address: Any, kind: Any) -> Any:
        """Read a number or a vector; it may lie anywhere that its numbers may."""
        value = self.builder.load(self.builder.inttoptr(address, kind.as_pointer()), typ=kind)
        value.align = self.bytes
        return value

    def store(self, value: Any, address: Any) -> None:
        """Write a vector."""
        self.builder.store(value, self.builder.inttoptr(address, self.vector.as_pointer())).align = self.bytes

    def expect(self, address: Any) -> None:
        """Have the line of memory at an address brought to the cache; an address beside the array does no harm."""
        ir = self.ir
        kind = ir.IntType(32)
        pointer = self.builder.inttoptr(address, ir.IntType(8).as_pointer())
        self.call("llvm.prefetch.p0", ir.VoidType(), pointer, kind(0), kind(3), kind(1))  # to read it, soon, data

    def repeat(self, number: Any) -> Any:
        """Return a vector with the number in every lane."""
        ir, undefined = self.ir, self.ir.Constant(self.vector, self.ir.Undefined)
        first = self.builder.insert_element(undefined, number, ir.IntType(32)(0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), [0] * self.lanes)
        return self.builder.shuffle_vector(first, undefined, zeros)

    def call(self, name: str, kind: Any, *arguments: Any) -> Any:
        """Call one of LLVM's own functions, which become single instructions."""
        module = self.builder.module
        if name not in module.globals:
            self.ir.Function(module, self.ir.FunctionType(kind, [value.type for value in arguments]), name)
        return self.builder.call(module.globals[name], arguments)

    def multiply_add(self, a: Any, b: Any, c: Any) -> Any:
        """Return a * b + c, in one instruction where the processor has one."""
        return self.call(f"llvm.fmuladd.{self.suffix}", self.vector, a, b, c)

    # -- the loops

    def emit(
        self, columns: Any, a: Any, a_row: Any, a_step: Any, taps: Any, runs: Any, depth: Any, b: Any, b_step: Any,
        b_gap: Any, c: Any, c_row: Any, add: Any,
    ) -> None:  # fmt: skip
        """Emit::

            sums = 0
            for run in range(runs):
                for k in range(depth):
                    row_of_b = B[(run * depth + k) * b_step + run * b_gap : ... + columns]
                    sums[i] += A[taps[run] + i * a_row + k * a_step] * row_of_b
            C[i * c_row : ... + columns] = sums, or += sums

        All steps count numbers; in the machine they become bytes first.
        """
        builder, integer = self.builder, self.integer
        size = integer(self.bytes)
        steps = a_row, a_step, b_step, b_gap, c_row
        a_row, a_step, b_step, b_gap, c_row = (builder.mul(step, size) for step in steps)
        row_offsets = [builder.mul(a_row, integer(i)) for i in range(self.rows)]
        zeros = [self.ir.Constant(self.vector, [0.0] * self.lanes)] * (self.rows * self.vectors)
        before = builder.block
        run_head, step_head, run_end, done = (
            builder.function.append_basic_block(name) for name in ("run", "step", "run_end", "done")
        )

        def changing(kind: Any, first: Any, block: Any) -> Any:
            """Return a value that comes from `block` the first time; where it comes from later is added below."""
            value = builder.phi(kind)
            value.add_incoming(first, block)
            return value

        builder.branch(run_head)
        builder.position_at_end(run_head)
        run = changing(integer, integer(0), before)
        run_b = changing(integer, b, before)
        run_sums = [changing(self.vector, zero, before) for zero in zeros]
        offset = self.load(self.at(taps, builder.mul(run, integer(8))), integer)
        run_a = self.at(a, builder.mul(offset, size))
        builder.branch(step_head)

        builder.position_at_end(step_head)
        k = changing(integer, integer(0), run_head)
        step_a = changing(integer, run_a, run_head)
        step_b = changing(integer, run_b, run_head)
        sums = [changing(self.vector, value, run_head) for value in run_sums]
        row_of_b = [self.load(self.at(step_b, v * self.lanes * self.bytes), self.vector) for v in range(self.vectors)]
        new_sums = []
        for i in range(self.rows):
            number = self.repeat(self.load(self.at(step_a, row_offsets[i]), self.number))
            for v in range(self.vectors):
                new_sums.append(self.multiply_add(number, row_of_b[v], sums[i * self.vectors + v]))
        next_k, next_a, next_b = self.at(k, 1), self.at(step_a, a_step), self.at(step_b, b_step)
        for value, following in zip([k, step_a, step_b, *sums], [next_k, next_a, next_b, *new_sums]):
            value.add_incoming(following, step_head)
        builder.cbranch(builder.icmp_signed("<", next_k, depth), step_head, run_end)

        builder.position_at_end(run_end)
        next_run = self.at(run, 1)
        for value, following in zip([run, run_b, *run_sums], [next_run, self.at(next_b, b_gap), *new_sums]):
            value.add_incoming(following, run_end)
        builder.cbranch(builder.icmp_signed("<", next_run, runs), run_head, done)

        builder.position_at_end(done)
        self.write(new_sums, columns, c, c_row, add)

    def write(self, sums: list[Any], columns: Any, c: Any, c_row: Any, add: Any) -> None:
        """Emit the end: whole registers if all columns exist, else with a mask that spares what lies beside."""
        builder = self.builder
        places = [
            (self.at(c, builder.mul(c_row, self.integer(i)), v * self.lanes * self.bytes), v)
            for i in range(self.rows)
            for v in range(self.vectors)
        ]
        whole = builder.icmp_signed("==", columns, self.integer(self.vectors * self.lanes))
        with builder.if_else(whole) as (if_whole, if_not):
            with if_whole, builder.if_else(builder.icmp_signed("==", add, self.integer(0))) as (set_it, add_it):
                with set_it:
                    for value, (address, _) in zip(sums, places):
                        self.store(value, address)
                with add_it:
                    for value, (address, _) in zip(sums, places):
                        self.store(builder.fadd(self.load(address, self.vector), value), address)
            with if_not:
                masks = [self.mask(columns, v) for v in range(self.vectors)]
                adds = self.ir.IntType(1)(0).type
                adding = builder.icmp_signed("!=", add, self.integer(0))
                for value, (address, v) in zip(sums, places):
                    self.masked_write(value, address, masks[v], builder.and_(masks[v], self.all_lanes(adding, adds)))

    def mask(self, columns: Any, v: int) -> Any:
        """Return which lanes of the v-th register are columns that exist."""
        ir = self.ir
        wide = ir.VectorType(self.integer, self.lanes)
        number = ir.Constant(wide, [v * self.lanes + lane for lane in range(self.lanes)])
        return self.builder.icmp_signed("<", number, self.all_lanes(columns, self.integer))

    def all_lanes(self, value: Any, kind: Any) -> Any:
        """Return a vector of some kind of integer with the value in every lane."""
        ir = self.ir
        undefined = ir.Constant(ir.VectorType(kind, self.lanes), ir.Undefined)
        first = self.builder.insert_element(undefined, value, ir.IntType(32)(0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), [0] * self.lanes)
        return self.builder.shuffle_vector(first, undefined, zeros)

    def masked_write(self, value: Any, address: Any, mask: Any, read_mask: Any) -> None:
        """Add what `read_mask` lets in, then write what `mask` lets out."""
        ir = self.ir
        pointer = self.builder.inttoptr(address, self.vector.as_pointer())
        align = ir.IntType(32)(self.bytes)
        total = self.builder.fadd(value, self.masked_load(address, read_mask))
        self.call(f"llvm.masked.store.{self.suffix}.p0", ir.VoidType(), total, pointer, align, mask)

    def masked_load(self, address: Any, mask: Any) -> Any:
        """Read the lanes that the mask lets in, zeros for the others."""
        pointer = self.builder.inttoptr(address, self.vector.as_pointer())
        zero = self.ir.Constant(self.vector, [0.0] * self.lanes)
        align = self.ir.IntType(32)(self.bytes)
        return self.call(f"llvm.masked.load.{self.suffix}.p0", self.vector, pointer, align, mask, zero)


def multiply_tile(
    rows: Int, columns: Int, a: Int, a_row: Int, a_step: Int, taps: Int, runs: Int, depth: Int, b: Int, b_step: Int,
    b_gap: Int, c: Int, c_row: Int, add: Int, kind: Number,
) -> None:  # fmt: skip
    """Multiply one tile, of at most `most_rows` rows and `VECTORS` registers of columns; `a` to `c` are addresses.

    `kind` is not used: its type tells the versions for float32 and float64 apart.
    """
    multiply((rows, columns, a, a_row, a_step, taps, runs, depth, b, b_step, b_gap, c, c_row, add))


tile = Address(multiply_tile)


@instruction
def call_tile(ir: Any, builder: Any, dtype: np.dtype[Any], address: Any, *numbers: Any) -> None:
    """Emit a call of `multiply_tile` by its address."""
    kind = ir.FloatType() if dtype.itemsize == 4 else ir.DoubleType()
    function = ir.FunctionType(ir.VoidType(), [number.type for number in numbers] + [kind])
    builder.call(builder.inttoptr(address, function.as_pointer()), [*numbers, ir.Constant(kind, 0.0)])

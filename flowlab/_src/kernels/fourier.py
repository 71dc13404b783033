"""The Fourier transform of small tiles, register by register: the way from pixels to frequencies and back.

A tile is SIZE x SIZE pixels. Its two-dimensional transform has a number for each pair of frequencies, (row, column):

    F(a, b) = sum over i, j of tile[i, j] * exp(-2 pi i (a i + b j) / SIZE)

The tile is real, so F(-a, -b) is the conjugate of F(a, b) and half of the frequencies say everything: REAL_BINS
frequencies with real numbers, (0, 0), (0, 8), (8, 0) and (8, 8), and COMPLEX_BINS others.

All channels of a register are transformed side by side, one instruction for all. What is generated here is one
transform of SIZE real numbers, cut in halves again and again (Cooley and Tukey), and the sums around it: 16 columns and
16 rows make 2,400 additions and multiplications for a tile, where a convolution by 5x5 filters takes 32 x 6,400.

Spectra lie in memory as *planes*, one for each part of a frequency: first the real bins, then for each complex one its
real part, its imaginary part, and if so wished its real part once more with the sign turned; complex products then
need additions only. Which frequency stands where is said by `single_places`, `FIRST_PAIR` and `PAIR`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flowlab._src.kernels.jit import instruction
from flowlab._src.kernels.microkernel import Tile

SIZE = 16
HALF = SIZE // 2
REAL_BINS = 4
COMPLEX_BINS = (SIZE * SIZE - REAL_BINS) // 2
SCALE = 1 / (2 * SIZE * SIZE)  # what comes back is so much too large; a power of two, so nothing is rounded

Spectrum = tuple[list[Any], list[Any]]  # real and imaginary parts of the frequencies 0 to half; None is zero


class Sums:
    """Emits additions and multiplications of registers; None stands for zero and costs nothing."""

    def __init__(self, emitter: Tile) -> None:
        self.emitter = emitter
        self.builder = emitter.builder

    def add(self, a: Any, b: Any) -> Any:
        """Return a + b."""
        if a is None or b is None:
            return a if b is None else b
        return self.builder.fadd(a, b)

    def subtract(self, a: Any, b: Any) -> Any:
        """Return a - b."""
        if b is None:
            return a
        return self.builder.fneg(b) if a is None else self.builder.fsub(a, b)

    def times(self, number: float, a: Any) -> Any:
        """Return a multiple."""
        return None if a is None else self.builder.fmul(a, self.constant(number))

    def constant(self, number: float) -> Any:
        """Return a register full of one number."""
        return self.emitter.ir.Constant(self.emitter.vector, [number] * self.emitter.lanes)

    def turn(self, re: Any, im: Any, part: float) -> tuple[Any, Any]:
        """Return a complex number turned by a part of the circle."""
        if part == 0:
            return re, im
        if part == -0.25:
            return im, self.subtract(None, re)
        if part == 0.25:
            return self.subtract(None, im), re
        cosine, sine = math.cos(2 * math.pi * part), math.sin(2 * math.pi * part)
        if re is None or im is None:
            given = im if re is None else re
            return self.times(-sine if re is None else cosine, given), self.times(cosine if re is None else sine, given)
        fused = self.emitter.multiply_add
        return (
            fused(re, self.constant(cosine), self.times(-sine, im)),
            fused(re, self.constant(sine), self.times(cosine, im)),
        )

    def spectrum(self, numbers: list[Any]) -> Spectrum:
        """Return the frequencies of real numbers: those of the even ones and the odd ones, put together."""
        size = len(numbers)
        if size == 2:
            first, second = numbers
            return [self.add(first, second), self.subtract(first, second)], [None, None]
        (even_re, even_im), (odd_re, odd_im) = self.spectrum(numbers[0::2]), self.spectrum(numbers[1::2])
        re, im = [None] * (size // 2 + 1), [None] * (size // 2 + 1)
        for k in range(size // 4 + 1):
            turned_re, turned_im = self.turn(odd_re[k], odd_im[k], -k / size)
            mirror = size // 2 - k
            re[k], im[k] = self.add(even_re[k], turned_re), self.add(even_im[k], turned_im)
            if mirror != k:
                re[mirror], im[mirror] = self.subtract(even_re[k], turned_re), self.subtract(turned_im, even_im[k])
        im[0] = im[-1] = None
        return re, im

    def numbers(self, re: list[Any], im: list[Any]) -> list[Any]:
        """Return the real numbers with these frequencies, times how many they are: the same steps backwards."""
        size = 2 * (len(re) - 1)
        if size == 2:
            return [self.add(*re), self.subtract(*re)]
        even: Spectrum = [], []
        odd: Spectrum = [], []
        for k in range(size // 4 + 1):
            mirror = size // 2 - k
            even[0].append(self.add(re[k], re[mirror]))
            even[1].append(self.subtract(im[k], im[mirror]))
            turned = self.turn(self.subtract(re[k], re[mirror]), self.add(im[k], im[mirror]), k / size)
            odd[0].append(turned[0])
            odd[1].append(turned[1])
        for half in (even, odd):
            half[1][0] = half[1][-1] = None
        evens, odds = self.numbers(*even), self.numbers(*odd)
        return [number for pair in zip(evens, odds) for number in pair]


# ---------------------------------------------------------------- where frequencies stand


def single_places(number: int) -> tuple[list[int], list[int]]:
    """Return the real bins and complex bins of the row of frequency 0 (number 0) or HALF (1), by column."""
    return [2 * number, 2 * number + 1], [number * (HALF - 1) + k for k in range(HALF - 1)]


FIRST_PAIR = 2 * (HALF - 1)  # the complex bin at which the rows of the other frequencies begin
PAIR = SIZE  # complex bins of each: columns 0 and HALF, then for each other column, b and -b


# ---------------------------------------------------------------- instructions


def emitter_of(ir: Any, builder: Any, dtype: np.dtype[Any]) -> tuple[Tile, Sums, int]:
    """Return what all instructions begin with; the number is the size of a register."""
    emitter = Tile(ir, builder, dtype, 1, 1)
    return emitter, Sums(emitter), emitter.lanes * emitter.bytes


def lines(emitter: Tile, table: Any, offset: Any) -> list[Any]:
    """Read SIZE addresses from a table and move each by `offset`."""
    return [emitter.at(emitter.load(emitter.at(table, 8 * i), emitter.integer), offset) for i in range(SIZE)]


@instruction
def columns_to_frequencies(ir: Any, builder: Any, dtype: np.dtype[Any], table: Any, offset: Any, target: Any) -> None:
    """Emit the transform of one column, read from SIZE lines; its frequencies go to lines of SIZE registers."""
    emitter, sums, register = emitter_of(ir, builder, dtype)
    re, im = sums.spectrum([emitter.load(line, emitter.vector) for line in lines(emitter, table, offset)])
    for i, value in enumerate(re + im[1:-1]):
        emitter.store(value, emitter.at(target, i * SIZE * register))


@instruction
def frequencies_to_columns(ir: Any, builder: Any, dtype: np.dtype[Any], source: Any, table: Any, offset: Any) -> None:
    """Emit the way back: the pixels of a column go to SIZE lines."""
    emitter, sums, register = emitter_of(ir, builder, dtype)
    values = [emitter.load(emitter.at(source, i * SIZE * register), emitter.vector) for i in range(SIZE)]
    places = lines(emitter, table, offset)
    for value, place in zip(sums.numbers(values[: HALF + 1], [None, *values[HALF + 1 :], None]), places):
        emitter.store(value, place)


class Planes:
    """Where the planes of a spectrum lie: `parts` of them for each complex bin."""

    def __init__(self, emitter: Tile, base: Any, step: Any, parts: int, first: Any = None) -> None:
        self.emitter, self.parts = emitter, parts
        builder, integer = emitter.builder, emitter.integer
        self.base = base
        self.step = builder.mul(step, integer(emitter.bytes))
        self.complex_base = emitter.at(base, builder.mul(self.step, integer(REAL_BINS)))
        if first is not None:  # a complex bin that is known when the code runs
            skipped = builder.mul(first, integer(parts))
            self.complex_base = emitter.at(self.complex_base, builder.mul(self.step, skipped))

    def real(self, number: int) -> Any:
        """Return the address of a real bin."""
        return self.emitter.at(self.base, self.emitter.builder.mul(self.step, self.emitter.integer(number)))

    def part(self, number: int, part: int) -> Any:
        """Return the address of a part of a complex bin."""
        steps = self.emitter.integer(number * self.parts + part)
        return self.emitter.at(self.complex_base, self.emitter.builder.mul(self.step, steps))

    def load(self, number: int) -> tuple[Any, Any]:
        """Read a complex bin."""
        kind = self.emitter.vector
        return self.emitter.load(self.part(number, 0), kind), self.emitter.load(self.part(number, 1), kind)

    def store(self, number: int, re: Any, im: Any) -> None:
        """Write a complex bin."""
        self.emitter.store(re, self.part(number, 0))
        self.emitter.store(im, self.part(number, 1))
        if self.parts == 3:
            self.emitter.store(self.emitter.builder.fneg(re), self.part(number, 2))


def write_singles(parts: int, ir: Any, builder: Any, dtype: np.dtype[Any], source: Any, target: Any, step: Any) -> None:
    """Emit the transforms of the rows 0 and HALF, which are real."""
    emitter, sums, register = emitter_of(ir, builder, dtype)
    planes = Planes(emitter, target, step, parts)
    for number in range(2):
        line = emitter.at(source, number * HALF * SIZE * register)
        re, im = sums.spectrum([emitter.load(emitter.at(line, j * register), emitter.vector) for j in range(SIZE)])
        real_bins, complex_bins = single_places(number)
        for place, value in zip(real_bins, (re[0], re[-1])):
            emitter.store(value, planes.real(place))
        for k, place in enumerate(complex_bins, 1):
            planes.store(place, re[k], im[k])


def write_pair(
    parts: int, ir: Any, builder: Any, dtype: np.dtype[Any], number: Any, source: Any, target: Any, step: Any
) -> None:
    """Emit the transform of row `number`, from 1 to HALF - 1, whose numbers are complex: real part P, imaginary Q.

    With the spectra p and q of both, its frequency b is p + iq, and its frequency -b the conjugate of p - iq.
    """
    emitter, sums, register = emitter_of(ir, builder, dtype)
    integer = emitter.integer
    first = builder.add(integer(FIRST_PAIR), builder.mul(builder.sub(number, integer(1)), integer(PAIR)))
    planes = Planes(emitter, target, step, parts, first)
    row = builder.mul(number, integer(SIZE * register))
    spectra = []
    for place in (emitter.at(source, row), emitter.at(source, row, HALF * SIZE * register)):
        pixels = [emitter.load(emitter.at(place, j * register), emitter.vector) for j in range(SIZE)]
        spectra.append(sums.spectrum(pixels))
    (p_re, p_im), (q_re, q_im) = spectra
    planes.store(0, p_re[0], q_re[0])
    planes.store(1, p_re[-1], q_re[-1])
    for k in range(1, HALF):
        planes.store(2 * k, sums.subtract(p_re[k], q_im[k]), sums.add(p_im[k], q_re[k]))
        planes.store(2 * k + 1, sums.add(p_re[k], q_im[k]), sums.subtract(q_re[k], p_im[k]))


@instruction
def singles_to_planes(ir: Any, builder: Any, dtype: np.dtype[Any], source: Any, target: Any, step: Any) -> None:
    """Emit `write_singles` for planes in twos."""
    write_singles(2, ir, builder, dtype, source, target, step)


@instruction
def singles_to_signed(ir: Any, builder: Any, dtype: np.dtype[Any], source: Any, target: Any, step: Any) -> None:
    """Emit `write_singles` for planes in threes."""
    write_singles(3, ir, builder, dtype, source, target, step)


@instruction
def pair_to_planes(
    ir: Any, builder: Any, dtype: np.dtype[Any], number: Any, source: Any, target: Any, step: Any
) -> None:
    """Emit `write_pair` for planes in twos."""
    write_pair(2, ir, builder, dtype, number, source, target, step)


@instruction
def pair_to_signed(
    ir: Any, builder: Any, dtype: np.dtype[Any], number: Any, source: Any, target: Any, step: Any
) -> None:
    """Emit `write_pair` for planes in threes."""
    write_pair(3, ir, builder, dtype, number, source, target, step)


@instruction
def planes_to_singles(ir: Any, builder: Any, dtype: np.dtype[Any], source: Any, step: Any, target: Any) -> None:
    """Emit the way back to the rows 0 and HALF, doubled, since those of pairs come out doubled."""
    emitter, sums, register = emitter_of(ir, builder, dtype)
    planes = Planes(emitter, source, step, 2)
    for number in range(2):
        line = emitter.at(target, number * HALF * SIZE * register)
        real_bins, complex_bins = single_places(number)
        ends = [emitter.load(planes.real(place), emitter.vector) for place in real_bins]
        middle = [planes.load(place) for place in complex_bins]
        re = [ends[0], *(re for re, _ in middle), ends[1]]
        im = [None, *(im for _, im in middle), None]
        for j, value in enumerate(sums.numbers(re, im)):
            emitter.store(sums.add(value, value), emitter.at(line, j * register))


@instruction
def planes_to_pair(
    ir: Any, builder: Any, dtype: np.dtype[Any], number: Any, source: Any, step: Any, target: Any
) -> None:
    """Emit the way back to row `number`: p is half of the sum of frequency b and the conjugate of frequency -b."""
    emitter, sums, register = emitter_of(ir, builder, dtype)
    integer = emitter.integer
    first = builder.add(integer(FIRST_PAIR), builder.mul(builder.sub(number, integer(1)), integer(PAIR)))
    planes = Planes(emitter, source, step, 2, first)
    row = builder.mul(number, integer(SIZE * register))
    zero, half = planes.load(0), planes.load(1)
    others = [(planes.load(2 * k), planes.load(2 * k + 1)) for k in range(1, HALF)]
    p_re = [sums.add(b[0], c[0]) for b, c in others]
    p_im = [sums.subtract(b[1], c[1]) for b, c in others]
    q_re = [sums.add(b[1], c[1]) for b, c in others]
    q_im = [sums.subtract(c[0], b[0]) for b, c in others]
    for part, (re, im) in enumerate(((p_re, p_im), (q_re, q_im))):
        ends = [sums.add(end[part], end[part]) for end in (zero, half)]
        line = emitter.at(target, row, part * HALF * SIZE * register)
        for j, value in enumerate(sums.numbers([ends[0], *re, ends[1]], [None, *im, None])):
            emitter.store(value, emitter.at(line, j * register))

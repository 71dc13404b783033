"""Compiled loops for numbers written as text: many of them in one stretch of bytes, to and fro.

Python writes a number in 0.12 us and reads one in 0.2; in a loop both take a tenth of that. The loops know plain numbers
alone (what they leave to Python says each); the rules, and their siblings, are in `string_numbers.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from flowlab._src.kernels.jit import SINGLE, Int, Parameter, loop, plain

Array = NDArray[Any]
Bytes1 = Annotated[NDArray[np.uint8], Parameter(1, False, "uint8")]
OutBytes1 = Annotated[NDArray[np.uint8], Parameter(1, True, "uint8")]
Doubles1 = Annotated[NDArray[np.float64], Parameter(1, False, "float64")]
OutDoubles1 = Annotated[NDArray[np.float64], Parameter(1, True, "float64")]
Sizes1 = Annotated[NDArray[np.uint64], Parameter(1, False, "uint64")]
Truths1 = Annotated[NDArray[np.bool_], Parameter(1, False, "bool")]

LEAST = 2**8  # numbers
WIDEST = 24  # bytes of a number that is written: a sign, 20 digits, a point, a zero before it, the end of the line
TENS = 10.0 ** np.arange(23)  # a double holds these exactly, and whole numbers of 15 digits
FORMATTED_DIGITS = 12  # 5**12 has 28 bits, so that 24 bits times 10**12 fit into the 53 of a double

ODD, WHOLE, BROKEN = 0, 1, 2  # what stands in a line: none of our numbers, a whole one, one with a fraction


# ---- numbers to text -----------------------------------------------------------------------------------------------


def write_integers(x: Array) -> list[bytes] | None:
    """What "%d" writes for each number; None without a loop."""
    run = digits_loop.ready(SINGLE[0], x.size)
    if run is None:
        return None
    if x.dtype.kind == "u":
        return written(run, x.astype(np.uint64), np.zeros(x.size, np.bool_), 0)
    wide = x.astype(np.int64)
    return written(run, np.abs(wide).view(np.uint64), wide < 0, 0)


def write_floats(x: Array, digits: int) -> list[bytes] | None:
    """What "%.6f" writes, with so many digits behind the point; None without a loop, or for large or double numbers.

    C writes the decimal number that is nearest to `x`, of two the even one. So does `rint`, and before it the product with
    a power of ten is exact: single numbers have 24 bits.
    """
    run = digits_loop.ready(SINGLE[0], x.size)
    if run is None or x.dtype.itemsize > 4 or digits > FORMATTED_DIGITS:
        return None
    scaled = np.abs(x.astype(np.float64))
    scaled *= TENS[digits]
    if not scaled.max(initial=0) < 1e18:  # also nan
        return None
    return written(run, np.rint(scaled).astype(np.uint64), np.signbit(x), digits)


def written(run: Any, sizes: Array, negative: Array, digits: int) -> list[bytes]:
    """Write lines, and cut them apart."""
    text = np.empty(sizes.size * (WIDEST + digits), np.uint8)
    begin = np.empty(1, np.float64)
    run(plain(sizes), plain(negative), digits, text, begin)
    return text[int(begin[0]) :].tobytes().splitlines()


@loop(least=LEAST, dtypes=SINGLE, calls=200)
def digits_loop(sizes: Sizes1, negative: Truths1, digits: Int, text: OutBytes1, begin: OutDoubles1) -> None:
    """A line for each number, `digits` of it behind the point: a thousand in 12 us.

    The last digit is found first, so everything is written from the end.
    """
    at = text.size
    ten = np.uint64(10)
    for i in range(sizes.size - 1, -1, -1):
        rest = sizes[i]
        at -= 1
        text[at] = 10
        count = 0
        while count <= digits or rest > 0:
            if count == digits and digits > 0:
                at -= 1
                text[at] = 46
            upper = rest // ten
            at -= 1
            text[at] = np.uint8(48) + np.uint8(rest - upper * ten)
            rest = upper
            count += 1
        if negative[i]:
            at -= 1
            text[at] = 45
    begin[0] = at


# ---- text to numbers -----------------------------------------------------------------------------------------------


def read_numbers(texts: Sequence[bytes]) -> tuple[Array, Array] | None:
    """The number in each text, in double precision, and which are right: WHOLE or BROKEN. None without a loop.

    ODD are texts that are no numbers, and those with more than 15 digits or an exponent beyond 22, whose value is not one
    exact product or quotient.
    """
    run = read_loop.ready(SINGLE[0], len(texts))
    if run is None:
        return None
    text = b"\0".join(texts)
    if text.count(b"\0") != len(texts) - 1:
        return None
    values, kinds = np.zeros(len(texts)), np.zeros(len(texts), np.uint8)
    run(np.frombuffer(text + b"\0", np.uint8), TENS, values, kinds)
    return values, kinds


@loop(least=LEAST, dtypes=SINGLE, calls=200)
def read_loop(text: Bytes1, tens: Doubles1, values: OutDoubles1, kinds: OutBytes1) -> None:
    """Numbers behind each other, a null byte behind each: a thousand in 12 us."""
    at = 0
    for i in range(values.size):
        while text[at] == 32 or 9 <= text[at] <= 13:
            at += 1
        minus = text[at] == 45
        if minus or text[at] == 43:
            at += 1
        whole, point, digits, count = 0, 0, 0, 0
        while 48 <= text[at] <= 57 and digits < 16:
            whole = whole * 10 + (text[at] - 48)
            digits += whole > 0
            count += 1
            at += 1
        broken = text[at] == 46
        if broken:
            at += 1
            while 48 <= text[at] <= 57 and digits < 16:
                whole = whole * 10 + (text[at] - 48)
                digits += whole > 0
                count += 1
                point -= 1
                at += 1
        if count > 0 and (text[at] == 69 or text[at] == 101):
            broken = True
            at += 1
            down = text[at] == 45
            if down or text[at] == 43:
                at += 1
            power, count = 0, 0
            while 48 <= text[at] <= 57 and power < 1000:
                power = power * 10 + (text[at] - 48)
                count += 1
                at += 1
            point += -power if down else power
        while text[at] == 32 or 9 <= text[at] <= 13:
            at += 1
        if text[at] == 0 and count > 0 and digits < 16 and -22 <= point <= 22:
            value = whole / tens[-point] if point < 0 else whole * tens[point]
            values[i] = -value if minus else value
            kinds[i] = BROKEN if broken else WHOLE
        while text[at] != 0:
            at += 1
        at += 1

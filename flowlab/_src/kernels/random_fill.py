"""Random floats as one compiled loop: words from a counter, numbers from the words, before they leave the cache.

The NumPy siblings are in `random.py` and `libm.py`, which say what is computed, and why each rounding matters: all of
it is TensorFlow's to the last bit. Here are the same steps for one number after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from flowlab._src.kernels import libm
from flowlab._src.kernels.jit import SINGLE, Int, Parameter, Turn, claim, loop, part, span
from flowlab._src.kernels.philox import FLOAT32, Counters, all_rounds, block_of
from flowlab._src.kernels.threads import share

OutFloats = Annotated[NDArray[np.float32], Parameter(1, True, "float32")]

UNIFORM_FLOATS, NORMAL_FLOATS, TRUNCATED_FLOATS = 0, 1, 2
TOGETHER = 256  # blocks in one round: they stay in the cache next to the core
PIECE = 2**14  # numbers that are worth another thread
LOG, SIN, COS, LN2 = libm.LOG, libm.SIN, libm.COS, libm.LN2
LOG_INVERSE, LOG_CENTRE = libm.LOG_INVERSE, libm.LOG_CENTRE
TURNS, QUARTER, CIRCLE = 2 / np.pi, np.pi / 2, 2 * np.pi


def fill(size: int, kind: int, start: int, stride: int, key: Sequence[int]) -> NDArray[np.float32] | None:
    """Return `size` numbers from the blocks at `start`; None while the loop is not there.

    Group number g, the numbers 4 g to 4 g + 3, begins at block ``start + g * stride``.
    """
    run = fill_loop.ready(FLOAT32, size)
    if run is None:
        return None
    result = np.empty(size, np.float32)
    numbers = np.array([start & 2**64 - 1, start >> 64 & 2**32 - 1, start >> 96, *key, kind, stride], np.uint64)
    share(run, max(1, size // PIECE), result, numbers)
    return result


@part
def uniform(word: Any) -> Any:
    """23 random bits as a fraction: exact, so it equals the fraction of a number in [1, 2), minus 1."""
    return np.float32(np.int64(word & np.uint64(0x7FFFFF))) * np.float32(2.0**-23)


@part
def log(x: Any) -> Any:
    """`libm.log`."""
    bits = np.uint32(np.float32(x).view(np.uint32))
    offset = np.uint32(bits - np.uint32(0x3F330000))
    interval = (offset >> np.uint32(19)) & np.uint32(15)
    exponent = np.int32(offset) >> np.int32(23)
    z = np.float64(np.uint32(bits - np.uint32(offset & np.uint32(0xFF800000))).view(np.float32))
    r = z * LOG_INVERSE[interval] - 1.0
    y = (exponent * LN2 + LOG_CENTRE[interval]) + r
    return np.float32(((LOG[0] * r + LOG[1]) * r + LOG[2]) * (r * r) + y)


@part
def sin_cos(x: Any) -> Any:
    """`libm.sin_cos`."""
    angle = np.float64(x)
    turns = np.floor(angle * TURNS + 0.5)
    quarter = np.int64(turns)
    angle -= turns * QUARTER
    x2 = angle * angle
    x3 = x2 * angle
    x4 = x2 * x2
    sine = np.float32(angle + ((x2 * SIN[2] + SIN[1]) * x2 + SIN[0]) * x3)
    cosine = np.float32((x2 * COS[0] + 1.0) + ((x2 * COS[3] + COS[2]) * x2 + COS[1]) * x4)
    odd, negative = (quarter & 1) != 0, np.float32(-1)
    first, second = (cosine if odd else sine), (sine if odd else cosine)
    first *= negative if quarter & 2 else np.float32(1)
    second *= negative if (quarter + 1) & 2 else np.float32(1)
    return first, second


@part
def normal_pair(first: Any, second: Any) -> Any:
    """Box and Muller's method."""
    share, least = uniform(first), np.float32(1e-7)
    radius = np.sqrt(np.float32(-2) * log(share if share > least else least))
    sine, cosine = sin_cos(np.float32(uniform(second) * CIRCLE))
    return sine * radius, cosine * radius


@loop(least=1, calls=1000, dtypes=SINGLE)
def fill_loop(turn: Turn, pieces: Int, result: OutFloats, numbers: Counters) -> None:
    """Some groups at a time, step after step, which the compiler turns into vector code; a piece is a stretch of groups.

    A dropout mask of 24 numbers takes 3 us, for 42 with NumPy; a million normal numbers 5.1 ms, for 9.3.
    """
    mask, half, one = np.uint64(0xFFFFFFFF), np.uint64(32), np.uint64(1)
    high2, high3, key0, key1 = numbers[1], numbers[2], numbers[3], numbers[4]
    kind, stride = np.int64(numbers[5]), numbers[6]
    c0, c1, c2, c3 = (np.empty(TOGETHER, np.uint64), np.empty(TOGETHER, np.uint64), np.empty(TOGETHER, np.uint64),
                      np.empty(TOGETHER, np.uint64))  # fmt: skip
    n0, n1, n2, n3 = (np.empty(TOGETHER, np.float32), np.empty(TOGETHER, np.float32), np.empty(TOGETHER, np.float32),
                      np.empty(TOGETHER, np.float32))  # fmt: skip
    groups = (result.size + 3) // 4
    while True:
        piece = claim(turn)
        if piece >= pieces:
            break
        begin, end = span(piece, pieces, groups)
        for start in range(begin, end, TOGETHER):
            count = min(TOGETHER, end - start)
            for i in range(count):
                block = numbers[0] + np.uint64(start + i) * stride
                c0[i], c1[i], c2[i], c3[i] = block & mask, block >> half, high2, high3
            all_rounds(c0, c1, c2, c3, count, key0, key1)
            if kind == UNIFORM_FLOATS:
                for i in range(count):
                    n0[i], n1[i], n2[i], n3[i] = uniform(c0[i]), uniform(c1[i]), uniform(c2[i]), uniform(c3[i])
            else:
                for i in range(count):
                    n0[i], n1[i] = normal_pair(c0[i], c1[i])
                for i in range(count):
                    n2[i], n3[i] = normal_pair(c2[i], c3[i])
            whole = min(count, result.size // 4 - start)
            target = result[4 * start : 4 * (start + whole)]
            for i in range(whole):
                target[4 * i], target[4 * i + 1], target[4 * i + 2], target[4 * i + 3] = n0[i], n1[i], n2[i], n3[i]
            rest = result[4 * (start + whole) :]
            if whole < count:  # the last group, of fewer than four
                for j in range(rest.size):
                    rest[j] = (n0[whole], n1[whole], n2[whole], n3[whole])[j]
            if kind != TRUNCATED_FLOATS:
                continue
            for i in range(count):
                if abs(n0[i]) < 2 and abs(n1[i]) < 2 and abs(n2[i]) < 2 and abs(n3[i]) < 2:
                    continue
                # Numbers that do not fit are left out; the next blocks of the group's reserve fill it up.
                group = result[4 * (start + i) : 4 * (start + i + 1)]
                four = n0[i], n1[i], n2[i], n3[i]
                block = numbers[0] + np.uint64(start + i) * stride
                filled = 0
                while True:
                    for number in four:
                        if abs(number) < 2 and filled < group.size:
                            group[filled] = number
                            filled += 1
                    if filled == group.size:
                        break
                    block += one
                    w0, w1, w2, w3 = block_of(block & mask, block >> half, high2, high3, key0, key1)
                    a, b = normal_pair(w0, w1)
                    c, d = normal_pair(w2, w3)
                    four = a, b, c, d

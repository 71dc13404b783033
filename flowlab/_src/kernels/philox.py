"""Philox 4x32-10: the function that all of TensorFlow's random numbers come from.

It has no state to stir on and on; it *encrypts a counter*: a block number 0, 1, 2, ... goes in with a key, four 32-bit
words come out. Block number one million can be had at once, so any number of processors can share the work and still
get the same numbers.

References
----------
Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011.
"""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from flowlab._src.kernels.jit import SINGLE, Int, Parameter, Turn, claim, loop, part, pieces, span
from flowlab._src.kernels.threads import share

Words = NDArray[np.uint32]
Counters = Annotated[NDArray[np.uint64], Parameter(1, False, "uint64")]
OutWords = Annotated[NDArray[np.uint32], Parameter(2, True, "uint32")]
FLOAT32 = np.dtype(np.float32)  # loops have a version for each dtype of floats; this one knows whole numbers only

TOGETHER = 512  # blocks in one round of a compiled loop: they stay in the cache next to the core
FEW = 12  # up to so many blocks, plain integers are faster than arrays

MASK32, MASK64, MASK128 = 2**32 - 1, 2**64 - 1, 2**128 - 1
ROUNDS = 10
MULTIPLIERS = 0xD2511F53, 0xCD9E8D57
KEY_STEPS = 0x9E3779B9, 0xBB67AE85


def philox_block(counter: int, key: tuple[int, int]) -> tuple[int, int, int, int]:
    """Turn one 128-bit counter into four 32-bit words. The definition; :func:`philox_blocks` does many at once.

    Each round multiplies two of the four words into 64-bit products, swaps halves, and mixes in the key.
    """
    c0, c1, c2, c3 = (counter >> shift & MASK32 for shift in (0, 32, 64, 96))
    k0, k1 = key
    for _ in range(ROUNDS):
        p0, p1 = c0 * MULTIPLIERS[0], c2 * MULTIPLIERS[1]
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & MASK32, (p0 >> 32) ^ c3 ^ k1, p0 & MASK32
        k0, k1 = (k0 + KEY_STEPS[0]) & MASK32, (k1 + KEY_STEPS[1]) & MASK32
    return c0, c1, c2, c3


def philox_blocks(low: NDArray[np.uint64], high: int, key: tuple[int, int]) -> Words:
    """Blocks for the counters ``high * 2**64 + low``: one row of four words for each element of `low`."""
    run = philox_loop.ready(FLOAT32, low.size)
    if run is not None:
        words = np.empty((low.size, 4), np.uint32)
        share(run, pieces(4 * low.size), low, words, np.array([high & MASK32, high >> 32, *key], np.uint64))
        return words
    if low.size <= FEW:
        rows = [philox_block(high << 64 | counter, key) for counter in low.tolist()]
        return np.array(rows, np.uint32).reshape(-1, 4)
    return numpy_philox_blocks(low, high, key)


@loop(least=1, calls=1000, dtypes=SINGLE)
def philox_loop(turn: Turn, pieces: Int, low: Counters, words: OutWords, numbers: Counters) -> None:
    """Some blocks at a time, round after round: the random mask of a layer of 50x1024 in 100 us, for 500 with NumPy."""
    mask, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    c0, c1, c2, c3 = (np.empty(TOGETHER, np.uint64), np.empty(TOGETHER, np.uint64), np.empty(TOGETHER, np.uint64),
                      np.empty(TOGETHER, np.uint64))  # fmt: skip
    while True:
        piece = claim(turn)
        if piece >= pieces:
            break
        begin, end = span(piece, pieces, low.size)
        for start in range(begin, end, TOGETHER):
            counters = low[start : min(start + TOGETHER, end)]
            for i in range(counters.size):
                c0[i], c1[i], c2[i], c3[i] = counters[i] & mask, counters[i] >> half, numbers[0], numbers[1]
            all_rounds(c0, c1, c2, c3, counters.size, numbers[2], numbers[3])
            for i in range(counters.size):
                row = words[start + i]
                row[0], row[1], row[2], row[3] = c0[i], c1[i], c2[i], c3[i]


@part
def all_rounds(c0: Any, c1: Any, c2: Any, c3: Any, count: Any, k0: Any, k1: Any) -> None:
    """Turn counters into words, where they lie: round after round, each over `count` blocks, several at once."""
    mask, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    first, second = np.uint64(MULTIPLIERS[0]), np.uint64(MULTIPLIERS[1])
    for _ in range(ROUNDS):
        for i in range(count):
            p0, p1 = (c0[i] & mask) * first, (c2[i] & mask) * second
            c0[i], c1[i] = (p1 >> half) ^ c1[i] ^ k0, p1 & mask
            c2[i], c3[i] = (p0 >> half) ^ c3[i] ^ k1, p0 & mask
        k0, k1 = (k0 + np.uint64(KEY_STEPS[0])) & mask, (k1 + np.uint64(KEY_STEPS[1])) & mask


@part
def block_of(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> Any:
    """`philox_block` inside compiled loops, for the four words of a counter and the two of a key."""
    mask, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    for _ in range(ROUNDS):
        p0, p1 = c0 * np.uint64(MULTIPLIERS[0]), c2 * np.uint64(MULTIPLIERS[1])
        c0, c1, c2, c3 = (p1 >> half) ^ c1 ^ k0, p1 & mask, (p0 >> half) ^ c3 ^ k1, p0 & mask
        k0, k1 = (k0 + np.uint64(KEY_STEPS[0])) & mask, (k1 + np.uint64(KEY_STEPS[1])) & mask
    return c0, c1, c2, c3


def numpy_philox_blocks(low: NDArray[np.uint64], high: int, key: tuple[int, int]) -> Words:
    """Round after round, for all blocks at once."""
    c0, c1 = low & MASK32, low >> 32
    c2, c3 = np.full_like(c0, high & MASK32), np.full_like(c0, high >> 32)
    p0, p1 = np.empty_like(c0), np.empty_like(c0)
    k0, k1 = key
    for _ in range(ROUNDS):
        np.multiply(c0, MULTIPLIERS[0], out=p0)
        np.multiply(c2, MULTIPLIERS[1], out=p1)
        np.right_shift(p1, 32, out=c0)
        c0 ^= c1
        c0 ^= k0
        np.bitwise_and(p1, MASK32, out=c1)
        np.right_shift(p0, 32, out=c2)
        c2 ^= c3
        c2 ^= k1
        np.bitwise_and(p0, MASK32, out=c3)
        k0, k1 = (k0 + KEY_STEPS[0]) & MASK32, (k1 + KEY_STEPS[1]) & MASK32
    words = np.empty((low.size, 4), np.uint32)
    for column, values in enumerate((c0, c1, c2, c3)):
        words[:, column] = values
    return words

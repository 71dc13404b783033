"""Hash functions of byte strings, bit for bit those of TensorFlow: FarmHash's fingerprint, SipHash-2-4 and its older Hash64.

Strings of one length go through a hash function together, as the rows of a matrix: the steps are written once, for a
column of 64-bit words, and wrap around as unsigned integers do.

References
----------
FarmHash (G. Pike), `Fingerprint64`; "SipHash: a fast short-input PRF" (Aumasson and Bernstein, 2012); MurmurHash64A
(A. Appleby), from which TensorFlow's Hash64 is made.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from flowlab._src.kernels.jit import SINGLE, Ints1, Parameter, loop, part
from flowlab._src.kernels.text_loops import Bytes1

Words = Any  # uint64 array, one word for each string

K0, K1, K2 = np.uint64(0xC3A5C85C97CB3127), np.uint64(0xB492B66FBE98F273), np.uint64(0x9AE16A3B2F90404F)
HASH64_SEED = 0xDECAFCAFFE
SHORT = 16  # bytes
OutWords1 = Annotated[NDArray[np.uint64], Parameter(1, True, "uint64")]


class Rows:
    """Strings of one length, as a matrix of bytes that is read as little-endian words."""

    def __init__(self, strings: list[bytes], length: int) -> None:
        self.length = length
        self.count = len(strings)
        self.bytes = np.frombuffer(b"".join(strings), np.uint8).reshape(self.count, length)

    def word(self, at: int, size: int = 8) -> Words:
        """The `size` bytes from position `at` on, as numbers."""
        result = np.zeros((self.count, 8), np.uint8)
        result[:, :size] = self.bytes[:, at : at + size]
        return result.view("<u8")[:, 0].astype(np.uint64)


def hash_all(strings: list[bytes], function: Callable[[Rows], Words]) -> Words:
    """Apply a hash function to strings of any lengths."""
    result = np.empty(len(strings), np.uint64)
    lengths = np.fromiter(map(len, strings), np.int64, len(strings))
    run = farm_loop.ready(SINGLE[0], len(strings)) if function is fingerprint64 else None
    if run is not None:
        run(np.frombuffer(b"".join(strings), np.uint8), lengths, result)
        if not lengths.size or lengths.max() <= SHORT:
            return result
    for length in set(lengths.tolist()):
        if run is None or length > SHORT:
            chosen = np.flatnonzero(lengths == length)
            result[chosen] = function(Rows([strings[i] for i in chosen.tolist()], length))
    return result


def constant(value: int) -> np.uint64:
    """A number as a 64-bit word; what is above is cut off."""
    return np.uint64(value & 0xFFFFFFFFFFFFFFFF)


def rotate_right(x: Words, bits: int) -> Words:
    """Rotate the bits of each word."""
    return (x >> np.uint64(bits)) | (x << np.uint64(64 - bits))


def fold(x: Words, bits: int = 47) -> Words:
    """Mix the high bits of each word into the low ones."""
    return x ^ (x >> np.uint64(bits))


# ---- FarmHash ------------------------------------------------------------------------------------------------------


def fingerprint64(rows: Rows) -> Words:
    """FarmHash's Fingerprint64, the hash of `string_to_hash_bucket_fast`."""
    if rows.length <= 16:
        return _farm_to_16(rows)
    if rows.length <= 32:
        return _farm_to_32(rows)
    return _farm_to_64(rows) if rows.length <= 64 else _farm_long(rows)


def _finish(u: Words, v: Words, mul: Any) -> Words:
    a = fold((u ^ v) * mul)
    return fold((v ^ a) * mul) * mul


def _farm_to_16(rows: Rows) -> Words:
    n = rows.length
    mul = constant(int(K2) + 2 * n)
    if n >= 8:
        a, b = rows.word(0) + K2, rows.word(n - 8)
        return _finish(rotate_right(b, 37) * mul + a, (rotate_right(a, 25) + b) * mul, mul)
    if n >= 4:
        return _finish((rows.word(0, 4) << np.uint64(3)) + np.uint64(n), rows.word(n - 4, 4), mul)
    if n > 0:
        first, middle, last = (rows.word(at, 1) for at in (0, n >> 1, n - 1))
        y = first + (middle << np.uint64(8))
        z = (last << np.uint64(2)) + np.uint64(n)
        return fold(y * K2 ^ z * K0) * K2
    return np.full(rows.count, K2)


@loop(least=2**7, dtypes=SINGLE, calls=200)
def farm_loop(text: Bytes1, lengths: Ints1, result: OutWords1) -> None:
    """The same as `_farm_to_16`, string after string; longer ones are passed over. A thousand words in 6 us."""
    at = 0
    for i in range(lengths.size):
        n = lengths[i]
        mul = K2 + np.uint64(2) * np.uint64(n)
        if n > SHORT:
            pass
        elif n >= 8:
            a, b = word_at(text, at, 8) + K2, word_at(text, at + n - 8, 8)
            c = ((b >> np.uint64(37)) | (b << np.uint64(27))) * mul + a
            d = (((a >> np.uint64(25)) | (a << np.uint64(39))) + b) * mul
            result[i] = finish_word(c, d, mul)
        elif n >= 4:
            first = (word_at(text, at, 4) << np.uint64(3)) + np.uint64(n)
            result[i] = finish_word(first, word_at(text, at + n - 4, 4), mul)
        elif n > 0:
            y = np.uint64(text[at]) + (np.uint64(text[at + (n >> 1)]) << np.uint64(8))
            z = (np.uint64(text[at + n - 1]) << np.uint64(2)) + np.uint64(n)
            a = y * K2 ^ z * K0
            result[i] = (a ^ (a >> np.uint64(47))) * K2
        else:
            result[i] = K2
        at += n


@part
def word_at(text: Any, at: Any, size: Any) -> Any:
    """The `size` bytes from position `at` on, as a number."""
    word = np.uint64(0)
    for i in range(size):
        word |= np.uint64(text[at + i]) << np.uint64(8 * i)
    return word


@part
def finish_word(u: Any, v: Any, mul: Any) -> Any:
    """The same as `_finish`."""
    a = (u ^ v) * mul
    a = ((a ^ (a >> np.uint64(47))) ^ v) * mul
    return (a ^ (a >> np.uint64(47))) * mul


def _farm_to_32(rows: Rows) -> Words:
    n = rows.length
    mul = constant(int(K2) + 2 * n)
    a, b, c, d = rows.word(0) * K1, rows.word(8), rows.word(n - 8) * mul, rows.word(n - 16) * K2
    return _finish(rotate_right(a + b, 43) + rotate_right(c, 30) + d, a + rotate_right(b + K2, 18) + c, mul)


def _farm_to_64(rows: Rows) -> Words:
    n = rows.length
    mul = constant(int(K2) + 2 * n)
    a, b, c, d = rows.word(0) * K2, rows.word(8), rows.word(n - 8) * mul, rows.word(n - 16) * K2
    y = rotate_right(a + b, 43) + rotate_right(c, 30) + d
    z = _finish(y, a + rotate_right(b + K2, 18) + c, mul)
    e, f = rows.word(16) * mul, rows.word(24)
    g, h = (y + rows.word(n - 32)) * mul, (z + rows.word(n - 24)) * mul
    return _finish(rotate_right(e + f, 43) + rotate_right(g, 30) + h, e + rotate_right(f + a, 18) + g, mul)


def _pair(rows: Rows, at: int, a: Words, b: Words) -> tuple[Words, Words]:
    w, x, y, z = (rows.word(at + 8 * i) for i in range(4))
    a = a + w
    b = rotate_right(b + a + z, 21)
    total = a + x + y
    return total + z, b + rotate_right(total, 44) + a


def _farm_round(rows: Rows, at: int, state: Any, mul: Any, last: bool) -> Any:
    """Mix 64 bytes into the state of three words and two pairs; the last round weighs some of them more."""
    x, y, z, v, w = state
    nine = np.uint64(9 if last else 1)
    x = rotate_right(x + y + v[0] + rows.word(at + 8), 37) * mul
    y = rotate_right(y + v[1] + rows.word(at + 48), 42) * mul
    x = x ^ w[1] * nine
    y = y + v[0] * nine + rows.word(at + 40)
    z = rotate_right(z + w[0], 33) * mul
    v = _pair(rows, at, v[1] * mul, x + w[0])
    w = _pair(rows, at + 32, z + w[1], y + rows.word(at + 16))
    return z, y, x, v, w  # x and z change places


def _farm_long(rows: Rows) -> Words:
    n, seed = rows.length, 81
    zero = np.zeros(rows.count, np.uint64)
    y = zero + constant(seed * int(K1) + 113)
    z = fold(y * K2 + np.uint64(113)) * K2
    state = (rows.word(0) + constant(seed * int(K2)), y, z, (zero, zero), (zero, zero))
    rest = (n - 1) & 63
    for at in range(0, n - 1 - rest, 64):
        state = _farm_round(rows, at, state, K1, last=False)
    x, y, z, v, w = state
    mul = K1 + ((z & np.uint64(255)) << np.uint64(1))
    w0 = w[0] + np.uint64(rest)
    v = (v[0] + w0, v[1])
    w = (w0 + v[0], w[1])
    x, y, z, v, w = _farm_round(rows, n - 64, (x, y, z, v, w), mul, last=True)
    return _finish(_finish(v[0], w[0], mul) + fold(y) * K0 + z, _finish(v[1], w[1], mul) + x, mul)


# ---- SipHash -------------------------------------------------------------------------------------------------------


def sip_hash(rows: Rows, key: tuple[int, int]) -> Words:
    """SipHash-2-4: without the key, nobody can find strings that meet in one bucket."""
    low, high = key
    start = (low ^ 0x736F6D6570736575, high ^ 0x646F72616E646F6D, low ^ 0x6C7967656E657261, high ^ 0x7465646279746573)
    state = [np.full(rows.count, constant(word)) for word in start]
    whole = rows.length // 8 * 8
    for at in range(0, whole, 8):
        _sip_absorb(state, rows.word(at))
    _sip_absorb(state, rows.word(whole, rows.length - whole) | constant(rows.length << 56))
    state[2] = state[2] ^ np.uint64(255)
    for _ in range(4):
        _sip_round(state)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def _sip_absorb(v: list[Words], word: Words) -> None:
    v[3] = v[3] ^ word
    _sip_round(v)
    _sip_round(v)
    v[0] = v[0] ^ word


def _sip_round(v: list[Words]) -> None:
    v[0] = v[0] + v[1]
    v[1] = rotate_right(v[1], 64 - 13) ^ v[0]
    v[0] = rotate_right(v[0], 32)
    v[2] = v[2] + v[3]
    v[3] = rotate_right(v[3], 64 - 16) ^ v[2]
    v[0] = v[0] + v[3]
    v[3] = rotate_right(v[3], 64 - 21) ^ v[0]
    v[2] = v[2] + v[1]
    v[1] = rotate_right(v[1], 64 - 17) ^ v[2]
    v[2] = rotate_right(v[2], 32)


# ---- Hash64 --------------------------------------------------------------------------------------------------------


def hash64(rows: Rows) -> Words:
    """The hash of `string_to_hash_bucket`, a Murmur hash with a seed of TensorFlow's own."""
    mul = np.uint64(0xC6A4A7935BD1E995)
    h = np.full(rows.count, constant(HASH64_SEED ^ (rows.length * int(mul) & 0xFFFFFFFFFFFFFFFF)))
    whole = rows.length // 8 * 8
    for at in range(0, whole, 8):
        h = (h ^ fold(rows.word(at) * mul) * mul) * mul
    if rows.length > whole:
        h = (h ^ rows.word(whole, rows.length - whole)) * mul
    return fold(fold(h) * mul)

"""Kernels of byte strings: a function applied to each element, characters of UTF-8, substrings, splitting.

String tensors are object arrays of Python `bytes`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

WHITE = b" \t\n\v\f\r"


TRAILS = bytes(range(0x80, 0xC0))  # bytes that go on with a character of UTF-8
BYTES = [bytes([i]) for i in range(256)]


def each(function: Callable[..., Any], array: Any, dtype: Any = object) -> np.ndarray:
    """Apply a function to each element; the result is always an array, of the same shape."""
    return collect(map(function, array.ravel().tolist()), array.shape, dtype)


def collect(values: Iterable[Any], shape: tuple[int, ...], dtype: Any = object) -> np.ndarray:
    """An array of a shape from its elements in reading order."""
    return np.fromiter(values, dtype, math.prod(shape)).reshape(shape)


def is_trail(byte: int) -> bool:
    """True for a byte that goes on with a character of UTF-8."""
    return byte & 0xC0 == 0x80


def count_characters(text: bytes) -> int:
    """How many characters of UTF-8: the bytes that do not go on with one."""
    return len(text) if text.isascii() else len(text.translate(None, TRAILS))


def forward(text: bytes, at: int, count: int) -> tuple[int, bool]:
    """The place `count` characters after `at`, and whether there are so many."""
    done = 0
    while done < count and at < len(text):
        at += 1
        while at < len(text) and is_trail(text[at]):
            at += 1
        done += 1
    return at, done >= count


def backward(text: bytes, count: int) -> tuple[int, bool]:
    """The place `count` characters before the end, and whether there are so many."""
    at, done = len(text), 0
    while done < count and at > 0:
        at -= 1
        while at > 0 and is_trail(text[at]):
            at -= 1
        done += 1
    return at, done >= count


def byte_substring(text: bytes, start: int, length: int) -> bytes | None:
    """Part of a string, measured in bytes; None when it would begin outside. A negative length means the whole rest."""
    if not -len(text) <= start <= len(text):
        return None
    start = start + len(text) if start < 0 else start
    return text[start:] if length < 0 else text[start : start + length]


def substrings(texts: list[bytes], start: int, length: int) -> list[bytes] | None:
    """The same part of each string, measured in bytes; None if that takes a closer look."""
    if start < 0 or start > min(map(len, texts), default=0):
        return None
    end = None if length < 0 else start + length
    return [text[start:end] for text in texts]


def character_substring(text: bytes, start: int, length: int) -> bytes | None:
    """Part of a string, measured in characters of UTF-8; None when it would begin outside."""
    begin, found = backward(text, -start) if start < 0 else forward(text, 0, start)
    if not found:
        return None
    return text[begin : forward(text, begin, length)[0]]


def split_at_any(texts: Sequence[bytes], delimiters: bytes, skip_empty: bool) -> list[list[bytes]]:
    """Split each text wherever one of the delimiter bytes stands; without delimiters, between all bytes."""
    if not delimiters:
        return [[BYTES[byte] for byte in text] for text in texts]
    first = delimiters[:1]
    if len(delimiters) > 1:
        table = bytes.maketrans(delimiters, first * len(delimiters))
        texts = [text.translate(table) for text in texts]
    rows = [text.split(first) if text else [] for text in texts]
    if skip_empty and any(b"" in row for row in rows):
        return [[part for part in row if part] for row in rows]
    return rows


def split_by_words(texts: Sequence[bytes], separator: bytes, most: int) -> list[list[bytes]]:
    """Split each text at a separator, at most `most` times if that is positive; an empty one means white space."""
    if most < 0:
        return [text.split(separator or None) for text in texts]
    return [split_by_word(text, separator, most) for text in texts]


def split_by_word(text: bytes, separator: bytes, most: int) -> list[bytes]:
    """Split at a separator, at most `most` times; an empty one means white space."""
    if most == 0:
        return [text]
    if separator:
        return text.split(separator, most)
    text = text.lstrip(WHITE)
    result: list[bytes] = []
    while text:
        word = text.split(None, 1)[0]  # at the six white characters of C, as TensorFlow does
        result.append(word)
        text = text[len(word) :].lstrip(WHITE)
        if len(result) == most:
            return [*result, text]  # the rest, even if nothing is left
    return result


def tokens_as_sparse(rows: list[list[bytes]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places, values and shape of the matrix whose rows are these lists."""
    counts = np.fromiter(map(len, rows), np.int64, len(rows))
    ends = np.cumsum(counts)
    total = int(ends[-1]) if rows else 0
    indices = np.empty((total, 2), np.int64)
    indices[:, 0] = np.repeat(np.arange(len(rows)), counts)
    np.subtract(np.arange(total), (ends - counts)[indices[:, 0]], out=indices[:, 1])
    values = collect(itertools.chain.from_iterable(rows), (total,))
    return indices, values, np.array([len(rows), counts.max(initial=0)], np.int64)

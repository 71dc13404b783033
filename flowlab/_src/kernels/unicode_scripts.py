"""The script of each character (Latin, Greek, Han ...), by the table beside this file.

Reference: Unicode Standard Annex 24, "Unicode Script Property". The numbers are those of ICU's `UScriptCode`.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import NamedTuple

import numpy as np

UNKNOWN = 103
LAST = 0x10FFFF


class Script(NamedTuple):
    """One script and where its characters are."""

    number: int
    ranges: tuple[tuple[int, int], ...]


@functools.cache
def scripts() -> dict[str, Script]:
    """Read the table: name to number and ranges of code points, both ends included."""
    result = {}
    for line in Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            number, name, *ranges = line.split()
            ends = [[int(end, 16) for end in item.split("-")] for item in ranges]
            result[name] = Script(int(number), tuple((e[0], e[-1]) for e in ends))
    return result


@functools.cache
def _borders() -> tuple[np.ndarray, np.ndarray]:
    """Where a run of characters of one script begins, and which script it is."""
    number = np.full(LAST + 2, UNKNOWN, np.int32)
    for script in scripts().values():
        for low, high in script.ranges:
            number[low : high + 1] = script.number
    number[-1] = -1  # no character
    begins = np.flatnonzero(np.diff(number, prepend=number[0] - 1))
    return begins, number[begins]


def script_numbers(codes: np.ndarray) -> np.ndarray:
    """The script of each code point; -1 where there can be no character."""
    begins, numbers = _borders()
    found = numbers[np.searchsorted(begins, np.maximum(codes, 0), "right") - 1]
    return np.where(codes < 0, np.int32(-1), found).astype(np.int32)

"""Shapes written on the lines of a picture, where there is room: beside a line, else on it.

A word is written once for each source and shape. First all places beside the lines are tried, where nothing is covered;
what finds none interrupts its own line, on a plate of paper, but never another line, a box or a title.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from flowlab._src.lab.fonts import text_width
from flowlab._src.lab.labels import FONT
from flowlab._src.lab.layered import Point
from flowlab._src.lab.shapes import sample_line

HALF = 8.0  # half the height of a word
STEP = 4.0  # pixels between the points at which a line is looked at
TITLE_HEIGHT = 26.0  # of an open scope
BESIDE = (0.5, 0.4, 0.6, 0.3, 0.7)  # shares of the way along a line
ON = (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.2, 0.8)
ALONG = (0.5, 0.55, 0.45, 0.6, 0.4, 0.65, 0.35, 0.7, 0.3, 0.75, 0.25, 0.8, 0.2, 0.85, 0.15)
LEFT_OVER = 7.0  # pixels of a line that must stay visible before and behind a word on it


@dataclass(frozen=True, slots=True)
class Word:
    """A short text beside a line, or in the legend; `x` is its left edge and `y` its baseline."""

    x: float
    y: float
    text: str
    width: float
    is_on_line: bool = False  # needs a plate behind it


class Occupied:
    """Rectangles that are taken, in a grid so that a look-up touches only its surroundings."""

    CELL = 48

    def __init__(self) -> None:
        self.cells: dict[tuple[int, int], list[tuple[float, float, float, float, int]]] = {}

    def touched(self, left: float, top: float, right: float, bottom: float) -> list[tuple[int, int]]:
        columns = range(int(left // self.CELL), int(right // self.CELL) + 1)
        rows = range(int(top // self.CELL), int(bottom // self.CELL) + 1)
        return [(column, row) for column in columns for row in rows]

    def add(self, left: float, top: float, right: float, bottom: float, owner: int = -1) -> None:
        """Take a rectangle; `owner` is the number of the line it belongs to."""
        for cell in self.touched(left, top, right, bottom):
            self.cells.setdefault(cell, []).append((left, top, right, bottom, owner))

    def is_free(self, left: float, top: float, right: float, bottom: float, but: int = -2) -> bool:
        """Whether nothing is there, apart from what belongs to line number `but`."""
        return not any(
            left < other[2] and other[0] < right and top < other[3] and other[1] < bottom and other[4] != but
            for cell in self.touched(left, top, right, bottom)
            for other in self.cells.get(cell, ())
        )


def write_on_lines(boxes: Iterable[Any], lines: Sequence[Any], text_on: Callable[[Any], str]) -> list[Word]:
    """Find places for what `text_on` says of each line."""
    taken = Occupied()
    for box in boxes:
        take_box(taken, box)
    samples = [sample_line(line.points, STEP) for line in lines]
    for k, curve in enumerate(samples):
        for x, y in curve:
            taken.add(x - 1.5, y - 1.5, x + 1.5, y + 1.5, k)
    texts = [text_on(line) for line in lines]
    words: list[Word] = []
    done: set[tuple[frozenset[str], str]] = set()
    for place_for in (beside, above, on):
        for k, (line, text) in enumerate(zip(lines, texts, strict=True)):
            key = (frozenset(source for source, _ in line.pairs), text)
            if not text or key in done:
                continue
            width = text_width(text, FONT)
            found = place_for(taken, samples[k], width, line.width / 2, k)
            if found is not None:
                left, y = found
                taken.add(left, y - HALF, left + width, y + HALF)
                words.append(Word(round(left, 1), round(y + 4.5, 1), text, round(width, 1), place_for is on))
                done.add(key)
    return words


def take_box(taken: Occupied, box: Any) -> None:
    """A box is taken as a whole, an open scope only its border and its title."""
    right, bottom = box.x + box.width, box.y + box.height
    if not box.is_open:
        taken.add(box.x, box.y, right, bottom)
        return
    title = text_width(f"− {box.title}", FONT, True)
    taken.add(box.title_x - 4, box.y, box.title_x + title + 4, box.y + TITLE_HEIGHT)
    taken.add(box.x - 3, box.y, box.x + 6, bottom)
    taken.add(right - 6, box.y, right + 3, bottom)
    taken.add(box.x, box.y - 3, right, box.y + 6)
    taken.add(box.x, bottom - 6, right, bottom + 3)


def beside(taken: Occupied, curve: Sequence[Point], width: float, half_line: float, _: int) -> Point | None:
    """A place to the right or left of a line: the left edge of the word, and the height of its middle."""
    for share in BESIDE:
        x, y = curve[int(share * (len(curve) - 1))]
        for left in (x + 6 + half_line, x - 6 - half_line - width):
            if left > 2 and taken.is_free(left, y - HALF, left + width, y + HALF):
                return left, y
    return None


def above(taken: Occupied, curve: Sequence[Point], width: float, half_line: float, _: int) -> Point | None:
    """A place over or under a line that is nearly level, as those are that fan out of one box."""
    for share in ALONG:
        x, y = curve[int(share * (len(curve) - 1))]
        gap = HALF + 2 + half_line
        for middle in (y - gap, y + gap):
            for left in (x - width / 2, x, x - width):
                if left > 2 and taken.is_free(left, middle - HALF, left + width, middle + HALF):
                    return left, middle
    return None


def on(taken: Occupied, curve: Sequence[Point], width: float, _: float, k: int) -> Point | None:
    """A place on line number `k` itself that leaves enough of it to see."""
    for share in ON:
        x, y = curve[int(share * (len(curve) - 1))]
        left, right = x - width / 2 - 3, x + width / 2 + 3
        covered = [left < px < right and y - HALF < py < y + HALF for px, py in curve]
        before, after = curve[: covered.index(True)], curve[len(covered) - covered[::-1].index(True) :]
        if min(length(before), length(after)) < LEFT_OVER:
            continue
        if left > 2 and taken.is_free(left, y - HALF, right, y + HALF, but=k):
            return left + 3, y
    return None


def length(points: Sequence[Point]) -> float:
    """How long a piece of a line is, roughly."""
    return sum(abs(b[0] - a[0]) + abs(b[1] - a[1]) for a, b in pairwise(points))

"""Bounding boxes: which of many to keep, drawing them, and random ones. A box is [y1, x1, y2, x2]."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlab._src.kernels import image_loops
from flowlab._src.kernels.random import Philox

Array = NDArray[Any]
Floats = NDArray[np.float32]

ZERO = np.float32(0)


# ---- which to keep -------------------------------------------------------------------------------------------------


def corners_and_areas(boxes: Array) -> tuple[Floats, Floats, Floats]:
    """Of each box the lower and the upper corner, and the area."""
    boxes = boxes.astype(np.float32)
    low, high = np.minimum(boxes[:, :2], boxes[:, 2:]), np.maximum(boxes[:, :2], boxes[:, 2:])
    with np.errstate(over="ignore", invalid="ignore"):
        sizes = high - low
        return low, high, sizes[:, 0] * sizes[:, 1]


def overlap_with(boxes: Floats) -> Callable[[int, Sequence[int]], Floats]:
    """Make the function that gives the intersection over the union of one box with some others."""
    low, high, areas = corners_and_areas(boxes)

    def overlap(one: int, others: Sequence[int]) -> Floats:
        rows = list(others)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            inner = np.minimum(high[one], high[rows]) - np.maximum(low[one], low[rows])
            inner = np.maximum(inner, ZERO)
            common = inner[:, 0] * inner[:, 1]
            result = common / (areas[one] + areas[rows] - common)
        result[(areas[rows] <= 0) | (areas[one] <= 0)] = 0
        return result

    return overlap


def suppress_boxes(
    boxes: Array, scores: Array, most: int, threshold: float, least_score: float, sigma: float = 0.0
) -> tuple[list[int], list[Any]]:
    """What `suppress` gives for boxes: by a loop, if scores are not lowered."""
    if sigma == 0:
        # Candidates, best first; of equal scores the first box comes first.
        order = np.argsort(-scores, kind="stable")
        order = order[scores[order] > least_score]
        kept = image_loops.keep_boxes(*corners_and_areas(boxes), order, most, scores.dtype.type(threshold))
        if kept is not None:
            return kept.tolist(), list(scores[kept])
    return suppress(scores, most, overlap_with(boxes), threshold, least_score, sigma)


def suppress(
    scores: Array,
    most: int,
    overlap: Callable[[int, Sequence[int]], Floats],
    threshold: float,
    least_score: float,
    sigma: float = 0.0,
) -> tuple[list[int], list[Any]]:
    """Greedy non-maximum suppression: take the box of the highest score, drop those that overlap with it, and so on.

    With `sigma` above 0 boxes are not dropped: their scores are lowered, the more the more they overlap
    (Bodla and others, "Soft-NMS", 2017). Numbers have the type of `scores`.

    Returns
    -------
    (list of int, list of number)
        The boxes kept, best first, and their scores.
    """
    kind = scores.dtype.type
    limit = kind(threshold)
    scale = kind(-0.5) / kind(sigma) if sigma > 0 else kind(0)
    # (minus score, box, number of kept boxes it was compared with); of equal scores the first box comes first.
    heap = [(-s, i, 0) for i, s in enumerate(scores.tolist()) if s > least_score]
    heapq.heapify(heap)
    kept: list[int] = []
    kept_scores: list[Any] = []
    while heap and len(kept) < most:
        minus, box, seen = heapq.heappop(heap)
        before = score = kind(-minus)
        dropped = False
        if seen < len(kept):
            # The last kept boxes first: their scores, and so perhaps their places, are nearest.
            overlaps = overlap(box, kept[seen:][::-1]).astype(scores.dtype)
            if sigma > 0:
                for part in overlaps:
                    score = score * np.exp(scale * part * part)
                    if score <= least_score:
                        break
            else:
                dropped = bool((overlaps > limit).any())
        if dropped:
            continue
        if score == before:
            kept.append(box)
            kept_scores.append(score)
        elif score > least_score:
            heapq.heappush(heap, (-float(score), box, len(kept)))
    return kept, kept_scores


def suppress_classes(
    boxes: Floats, scores: Floats, per_class: int, threshold: float, least_score: float
) -> tuple[Floats, Floats, Floats]:
    """For one image: the boxes kept of all classes, best first, with scores and class numbers.

    Parameters
    ----------
    boxes : (boxes, classes or 1, 4)
    scores : (boxes, classes)
    """
    found: list[tuple[Any, int, Floats]] = []
    for number in range(scores.shape[1]):
        own = boxes[:, number if boxes.shape[1] > 1 else 0]
        kept, kept_scores = suppress_boxes(own, scores[:, number], per_class, threshold, least_score)
        found += [(score, number, own[box]) for box, score in zip(kept, kept_scores, strict=True)]
    found.sort(key=lambda item: -float(item[0]))
    return (
        np.array([box for _, _, box in found], np.float32).reshape(-1, 4),
        np.array([score for score, _, _ in found], np.float32),
        np.array([number for _, number, _ in found], np.float32),
    )


# ---- drawing -------------------------------------------------------------------------------------------------------

YELLOW, BLUE, RED, LIME = (1, 1, 0, 1), (0, 0, 1, 1), (1, 0, 0, 1), (0, 1, 0, 1)
PURPLE, OLIVE, MAROON, NAVY = (0.5, 0, 0.5, 1), (0.5, 0.5, 0, 1), (0.5, 0, 0, 1), (0, 0, 0.5, 1)
AQUA, FUCHSIA = (0, 1, 1, 1), (1, 0, 1, 1)
COLOURS = np.array([YELLOW, BLUE, RED, LIME, PURPLE, OLIVE, MAROON, NAVY, AQUA, FUCHSIA], np.float32)


def draw_boxes(images: Array, boxes: Floats, colours: Floats | None) -> Array:
    """A copy of the images with the outlines of the boxes, one pixel wide, in turns of the colours."""
    result = images.copy()
    height, width, depth = images.shape[1:]
    if colours is None or colours.size == 0:
        colours = COLOURS.copy()
        if depth == 1:
            colours[:, 0] = 1  # white on grey
    with np.errstate(invalid="ignore"):
        sides = np.trunc(boxes * np.array([height - 1, width - 1] * 2, np.float32))
    for canvas, own in zip(result, np.nan_to_num(sides, nan=-1.0).tolist(), strict=True):
        for number, (top, left, bottom, right) in enumerate(own):
            if top > bottom or left > right or top >= height or bottom < 0 or left >= width or right < 0:
                continue  # upside down, or outside
            colour = colours[number % len(colours), :depth]
            rows = slice(int(max(top, 0)), int(min(bottom, height - 1)) + 1)
            columns = slice(int(max(left, 0)), int(min(right, width - 1)) + 1)
            if top >= 0:
                canvas[int(top), columns] = colour
            if bottom < height:
                canvas[int(bottom), columns] = colour
            if left >= 0:
                canvas[rows, int(left)] = colour
            if right < width:
                canvas[rows, int(right)] = colour
    return result


# ---- random boxes --------------------------------------------------------------------------------------------------


class Words:
    """The random words of a generator, one after the other."""

    def __init__(self, generator: Philox, blocks: int) -> None:
        self.generator, self.start, self.count = generator, generator.reserve(blocks), 0
        self.waiting: list[int] = []

    def word(self) -> int:
        """The next 32 bits."""
        if not self.waiting:
            self.waiting = self.generator.blocks(self.start, np.array([self.count]))[0].tolist()[::-1]
            self.count += 1
        return self.waiting.pop()

    def number(self) -> np.float32:
        """A number from 0 up to, not including, 1."""
        return np.uint32(self.word() & 0x7FFFFF | 0x3F800000).view(np.float32) - np.float32(1)

    def below(self, limit: int) -> int:
        """A whole number from 0 up to, not including, `limit`; words that would make it uneven are passed over."""
        if limit & (limit - 1) == 0:
            return self.word() & (limit - 1)
        uneven = (2**32 - 1) % limit + 1
        word = self.word()
        while word < uneven:
            word = self.word()
        return word % limit


def _nearest(x: Any) -> int:
    return int(np.rint(np.float32(x)))


def random_crop(
    words: Words, width: int, height: int, area: tuple[float, float], aspect: np.float32
) -> tuple[int, int, int, int] | None:
    """A random box in an image: its height first, then its place. None when the wishes cannot be met.

    Parameters
    ----------
    area : two floats
        The smallest and largest part of the image to cover.
    aspect : float
        Width / height.
    """
    least, most = np.float32(area[0]), np.float32(area[1])
    if most <= 0 or aspect <= 0 or width <= 0 or height <= 0 or least > most:
        return None
    least_area, most_area = (
        least * np.float32(width) * np.float32(height),
        most * np.float32(width) * np.float32(height),
    )
    rows = _nearest(np.sqrt(least_area / aspect))
    most_rows = _nearest(np.sqrt(most_area / aspect))
    if _nearest(np.float32(most_rows) * aspect) > width:
        most_rows = int((width + 0.5 - float(np.float32(1e-7))) / float(aspect))
        if _nearest(np.float32(most_rows) * aspect) > width:
            most_rows -= 1
    most_rows = min(most_rows, height)
    rows = min(rows, most_rows)
    if rows < most_rows:
        rows += words.below(most_rows - rows + 1)
    columns = _nearest(np.float32(rows) * aspect)
    if np.float32(rows * columns) < least_area:  # by rounding: one row more
        rows += 1
        columns = _nearest(np.float32(rows) * aspect)
    if np.float32(rows * columns) > most_area:
        rows -= 1
        columns = _nearest(np.float32(rows) * aspect)
    size = np.float32(rows * columns)
    if size < least_area or size > most_area or columns > width or rows > height or columns <= 0 or rows <= 0:
        return None
    top = words.below(height - rows) if rows < height else 0
    left = words.below(width - columns) if columns < width else 0
    return left, top, left + columns, top + rows


def covers_an_object(crop: Sequence[int], objects: Array, least: np.float32) -> bool:
    """True if the crop contains the part `least` of one of the objects; all are (left, top, right, bottom)."""
    if (crop[2] - crop[0]) * (crop[3] - crop[1]) < 1:
        return False
    for left, top, right, bottom in objects.tolist():
        area = (right - left) * (bottom - top)
        if area < 1:
            continue
        columns, rows = min(crop[2], right) - max(crop[0], left), min(crop[3], bottom) - max(crop[1], top)
        common = columns * rows if columns >= 0 and rows >= 0 else 0
        if np.float32(common) / np.float32(area) >= least:
            return True
    return False


def sample_distorted_box(
    generator: Philox,
    width: int,
    height: int,
    objects: Array,
    covered: np.float32,
    aspects: tuple[float, float],
    area: tuple[float, float],
    attempts: int,
) -> tuple[int, int, int, int]:
    """A random box that shows enough of an object; the whole image when none is found."""
    words = Words(generator, attempts)
    low, high = (np.float32(a) for a in aspects)
    for _ in range(attempts):
        aspect = words.number() * (high - low) + low
        crop = random_crop(words, width, height, area, aspect)
        if crop is not None and covers_an_object(crop, objects, covered):
            return crop
    return 0, 0, width, height

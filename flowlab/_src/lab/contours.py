"""A landscape over two parameters as a drawing: bands between lines of equal loss, and the paths of optimizers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from flowlab._src.lab.axes import Floats, nice_ticks, number_text, straight
from flowlab._src.lab.blending import blend
from flowlab._src.lab.curves import DASHES
from flowlab._src.lab.drawing import Group, Shape, Text
from flowlab._src.lab.fonts import shorten, text_width
from flowlab._src.lab.labels import FONT
from flowlab._src.lab.shapes import Command, circle, polygon
from flowlab._src.lab.theme import Theme

LEVELS = 11
SPACING = 4.0  # pixels between the corners of a line
LEFT, BELOW = 62.0, 44.0
DOTS_UP_TO = 60  # steps of a path that are shown as dots


@dataclass(frozen=True)
class Landscape:
    """The loss over a grid of two parameters."""

    xs: Floats
    ys: Floats
    losses: Floats  # (len(ys), len(xs))
    names: tuple[str, str]
    levels: list[float] = field(default_factory=list)

    @property
    def finite(self) -> Floats:
        """The losses, with the largest in the place of those that are no numbers."""
        is_number = np.isfinite(self.losses)
        return np.where(is_number, self.losses, self.losses[is_number].max() if is_number.any() else 0.0)

    @property
    def lowest(self) -> tuple[float, float, float]:
        """The grid point with the least loss, and that loss."""
        finite = np.where(np.isfinite(self.losses), self.losses, np.inf)
        row, column = divmod(int(finite.argmin()), len(self.xs))
        return float(self.xs[column]), float(self.ys[row]), float(self.losses[row, column])


def contour_levels(losses: Floats, log: bool | None = None) -> list[float]:
    """The losses at which lines are drawn: closer where the loss is low if it spans orders of magnitude."""
    finite = losses[np.isfinite(losses)]
    if not finite.size or finite.min() == finite.max():
        return []
    low, high = float(finite.min()), float(finite.max())
    if log is None:
        log = low > 0 and high / low > 30
    if log and low > 0:
        exact = np.geomspace(low, high, LEVELS + 2)[1:-1]
    else:  # the landscape near its ground is what matters: distances grow from line to line
        exact = low + (high - low) * (np.arange(1, LEVELS + 1) / (LEVELS + 1)) ** 1.8
    digits = [f"{level:.2g}" for level in exact]
    return [float(text) for text in dict.fromkeys(digits) if low < float(text) < high]


class LandscapePanel:
    """One landscape in a rectangle of the picture."""

    def __init__(self, land: Landscape, x: float, y: float, width: float, height: float, theme: Theme) -> None:
        self.land, self.theme = land, theme
        self.x, self.y, self.width, self.height = x, y, width, height

    def at(self, first: float, second: float) -> tuple[float, float]:
        """Where a pair of parameters is in the picture."""
        xs, ys = self.land.xs, self.land.ys
        across = (first - xs[0]) / (xs[-1] - xs[0])
        up = (second - ys[0]) / (ys[-1] - ys[0])
        return round(self.x + float(across) * self.width, 1), round(self.y + (1 - float(up)) * self.height, 1)

    def ground(self, paths: Iterable[Floats] = ()) -> Group:
        """Bands and lines of equal loss; the loss stands on some of them, away from the paths."""
        from contourpy import contour_generator

        theme, land = self.theme, self.land
        levels = land.levels
        deep, high = blend(theme.background, theme.curves[0], 0.04), blend(theme.background, theme.curves[0], 0.5)
        right, floor = self.x + self.width, self.y + self.height
        frame = polygon((self.x, self.y), (right, self.y), (right, floor), (self.x, floor))
        items: list[Any] = [Shape(frame, fill=deep)]
        xs, ys = refined(land.xs), refined(land.ys)
        losses = refined(refined(land.finite).T).T
        generator: Any = contour_generator(xs, ys, losses, fill_type="OuterOffset", line_type="Separate")
        top = float(losses.max())
        for k, level in enumerate(levels):
            areas, offsets = generator.filled(level, max(top, level) * 1.001 + 1e-12)
            path: list[Command] = []
            for points, starts in zip(areas, offsets, strict=True):
                for start, end in pairwise(starts):
                    path += polygon(*self.spaced(points[start : end - 1]))
            if path:
                items.append(Shape(path, fill=blend(deep, high, (k + 1) / len(levels)), role="band"))
        ink = blend(theme.background, theme.text, 0.55)
        crowded = [self.at(*point) for points in paths for point in points if is_inside(point, land)]
        crowded.append(self.at(*land.lowest[:2]))
        labels: list[Any] = []
        for k, level in enumerate(levels):
            lines = [self.spaced(line) for line in generator.lines(level) if len(line) > 3]
            items += [Shape(straight(*line), stroke=ink, width=0.8, role="contour", is_round=True) for line in lines]
            if lines and k % 2 == 0:
                labels += self.label(f"{level:g}", max(lines, key=len), crowded)
        return Group("landscape", [*items, *labels], {}, f"loss from {float(losses.min()):.3g} to {top:.3g}")

    def spaced(self, points: Floats) -> list[tuple[float, float]]:
        """The points of a line in the picture, without those that are closer than the eye can tell."""
        places = [self.at(*point) for point in points]
        kept = places[:1]
        for place in places[1:-1]:
            if math.dist(place, kept[-1]) >= SPACING:
                kept.append(place)
        return [*kept, places[-1]]

    def label(self, text: str, line: list[tuple[float, float]], crowded: list[tuple[float, float]]) -> list[Any]:
        """The loss of a line, where it is farthest from all that must stay visible, if there is room."""
        half = text_width(text, FONT) / 2
        inside = [
            (x, y)
            for x, y in line
            if self.x + half + 4 < x < self.x + self.width - half - 4 and self.y + 12 < y < self.y + self.height - 12
        ]
        if not inside:
            return []
        x, y = max(inside, key=lambda place: min(math.dist(place, other) for other in crowded))
        if min(math.dist((x, y), other) for other in crowded) < half + 16:
            return []
        crowded.append((x, y))
        back = polygon(
            (x - half - 2, y - 7.5), (x + half + 2, y - 7.5), (x + half + 2, y + 7.5), (x - half - 2, y + 7.5)
        )
        return [
            Shape(back, fill=self.theme.background, fill_opacity=0.82),
            Text(text, (x, y + 4.5), self.theme.text, "middle"),
        ]

    def axes(self) -> Group:
        theme, land = self.theme, self.land
        right, floor = self.x + self.width, self.y + self.height
        items: list[Any] = []
        ticks = nice_ticks(float(land.xs[0]), float(land.xs[-1]), max(2, int(self.width / 62)))
        for value in ticks:
            across = self.at(value, float(land.ys[0]))[0]
            items.append(Shape(straight((across, floor), (across, floor + 5)), stroke=theme.border))
            items.append(Text(number_text(value, ticks), (across, floor + 20), theme.faint, "middle"))
        ticks = nice_ticks(float(land.ys[0]), float(land.ys[-1]), 5)
        for value in ticks:
            height = self.at(float(land.xs[0]), value)[1]
            items.append(Shape(straight((self.x - 5, height), (self.x, height)), stroke=theme.border))
            items.append(Text(number_text(value, ticks), (self.x - 9, height + 4.5), theme.faint, "end"))
        frame = straight((self.x, self.y), (self.x, floor), (right, floor), (right, self.y), (self.x, self.y))
        items.append(Shape(frame, stroke=theme.border))
        items.append(Text(shorten(land.names[0], self.width / 2, FONT), (right, floor + 37), theme.text, "end"))
        items.append(Text(shorten(land.names[1], self.width / 2, FONT), (self.x - 9, self.y - 8), theme.text, "middle"))
        return Group("axes", items)

    def lowest(self) -> Group:
        """A cross at the least loss of the grid."""
        x, y = self.at(*self.land.lowest[:2])
        arms = [*straight((x - 5, y - 5), (x + 5, y + 5)), *straight((x - 5, y + 5), (x + 5, y - 5))]
        halo = Shape(arms, stroke=self.theme.background, width=4.5)
        return Group("lowest", [halo, Shape(arms, stroke=self.theme.text, width=2.0)], {}, "the least loss of the grid")

    def path(self, name: str, points: Floats, k: int) -> Group:
        """The way of an optimizer: a ring at its start, a disc at its end."""
        theme = self.theme
        color, dash = path_look(k, theme)
        items: list[Any] = []
        for piece in inside_pieces(points, self.land):
            corners = [self.at(*point) for point in piece]
            if len(corners) > 1:
                items.append(Shape(straight(*corners), stroke=theme.background, width=4.6, opacity=0.9, is_round=True))
                items.append(Shape(straight(*corners), stroke=color, width=2.4, dash=dash, role="path", is_round=True))
        steps = points if len(points) <= DOTS_UP_TO else points[:0]
        shown = [point for point in steps if is_inside(point, self.land)]
        items += [Shape(circle(*self.at(*point), 2.4), fill=color) for point in shown]
        if len(points) and is_inside(points[0], self.land):
            items.append(Shape(circle(*self.at(*points[0]), 5.0), fill=theme.background, stroke=color, width=2.4))
        if len(points) and is_inside(points[-1], self.land):
            end = self.at(*points[-1])
            items.append(Shape(circle(*end, 5.5), fill=color, stroke=theme.background, width=1.6))
        return Group("path", items, {"id": name}, f"{name or 'path'}: {len(points) - 1} steps")


def path_look(k: int, theme: Theme) -> tuple[str, tuple[float, ...]]:
    """Colour and dashes of the k-th path; blue is the ground's."""
    colors = (*theme.curves[1:], theme.text)
    return colors[k % len(colors)], DASHES[k % len(DASHES)]


def is_inside(point: Any, land: Landscape) -> bool:
    x, y = float(point[0]), float(point[1])
    return bool(land.xs[0] <= x <= land.xs[-1] and land.ys[0] <= y <= land.ys[-1])


def inside_pieces(points: Floats, land: Landscape) -> list[Floats]:
    """The parts of a path that lie on the landscape, cut where it leaves it."""
    pieces: list[list[tuple[float, float]]] = []
    for start, end in pairwise(points):
        cut = clip(start, end, land)
        if cut is None:
            continue
        one, two = cut
        if pieces and pieces[-1][-1] == one:
            pieces[-1].append(two)
        else:
            pieces.append([one, two])
    return [np.array(piece) for piece in pieces]


def clip(start: Any, end: Any, land: Landscape) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """The part of a straight line within the landscape (Liang and Barsky)."""
    if not (np.isfinite(start).all() and np.isfinite(end).all()):
        return None
    x, y = float(start[0]), float(start[1])
    dx, dy = float(end[0]) - x, float(end[1]) - y
    enter, leave = 0.0, 1.0
    for speed, distance in (
        (-dx, x - float(land.xs[0])),
        (dx, float(land.xs[-1]) - x),
        (-dy, y - float(land.ys[0])),
        (dy, float(land.ys[-1]) - y),
    ):
        if speed == 0:
            if distance < 0:
                return None
        elif speed < 0:
            enter = max(enter, distance / speed)
        else:
            leave = min(leave, distance / speed)
    if enter > leave:
        return None
    return (x + enter * dx, y + enter * dy), (x + leave * dx, y + leave * dy)


def legend(paths: Mapping[str, Floats], at: tuple[float, float], theme: Theme, width: float) -> list[Any]:
    """A line for each path with its name."""
    items: list[Any] = []
    x, y = at
    for k, (name, points) in enumerate(paths.items()):
        color, dash = path_look(k, theme)
        words = shorten(f"{name}: {len(points) - 1} steps" if name else f"{len(points) - 1} steps", width - 40, FONT)
        if items and x + 40 + text_width(words, FONT) > at[0] + width:
            x, y = at[0], y + 20
        items.append(Shape(straight((x, y), (x + 26, y)), stroke=color, width=2.4, dash=dash))
        items.append(Text(words, (x + 32, y + 4.5), theme.faint))
        x += 32 + text_width(words, FONT) + 18
    return items


def span(points: Sequence[Floats], axis: int) -> tuple[float, float]:
    """A range with room around all finite points; of what flew far away only a part."""
    numbers = np.concatenate([np.asarray(one, np.float64)[:, axis] for one in points])
    numbers = numbers[np.isfinite(numbers)]
    if not numbers.size:
        return -1.0, 1.0
    low, high = float(numbers.min()), float(numbers.max())
    pad = (high - low) * 0.25 or max(1.0, abs(low))
    return low - pad, high + pad


def refined(values: Floats) -> Floats:
    """Three values for each along the first axis, on smooth curves through the old ones (Catmull and Rom)."""
    before = np.concatenate([2 * values[:1] - values[1:2], values[:-2]])
    after = np.concatenate([values[2:], 2 * values[-1:] - values[-2:-1]])
    start, end = values[:-1], values[1:]
    pieces = []
    for t in (0.0, 1 / 3, 2 / 3):
        weights = (
            (-t + 2 * t**2 - t**3) / 2,
            (2 - 5 * t**2 + 3 * t**3) / 2,
            (t + 4 * t**2 - 3 * t**3) / 2,
            (t**3 - t**2) / 2,
        )
        pieces.append(sum(weight * part for weight, part in zip(weights, (before, start, end, after), strict=True)))
    between = np.stack(pieces, axis=1).reshape(3 * len(start), *values.shape[1:])
    return np.concatenate([between, values[-1:]])

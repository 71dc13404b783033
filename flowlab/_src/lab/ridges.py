"""Histograms over time as a drawing: ridges one behind the other, or a map of heat.

The ridges are ordered as TensorBoard orders its offset histograms: the oldest is at the back, the newest in front.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from flowlab._src.lab.axes import nice_ticks, number_text, straight
from flowlab._src.lab.blending import blend, blend_pixels
from flowlab._src.lab.drawing import Drawing, Group, Image, Shape, Text
from flowlab._src.lab.fonts import shorten
from flowlab._src.lab.labels import FONT
from flowlab._src.lab.shapes import Command
from flowlab._src.lab.slices import Slice, Slices
from flowlab._src.lab.theme import LIGHT, Theme

T = TypeVar("T")

WIDTH, WIDTH_OF_TWO, PLOT_HEIGHT = 460.0, 350.0, 230.0
LEFT, RIGHT, ABOVE, BELOW = 18.0, 62.0, 40.0, 44.0
RIDGES = 22  # more cannot be told apart
REACH = 4.2  # how many lines above its own a ridge may rise
BINS = 64
COLUMNS = 160


def histograms_drawing(all_slices: Sequence[Slices], title: str, view: str, theme: Theme = LIGHT) -> Drawing:
    """Draw histograms over time, one panel for each name, two to a row; `view` is "ridge" or "heat"."""
    columns, width = (1, WIDTH) if len(all_slices) < 2 else (2, WIDTH_OF_TWO)
    top = 30.0 if title else 6.0
    groups = [Group("title", [Text(title, (14, 22), theme.text, bold=True)])] if title else []
    height = ABOVE + PLOT_HEIGHT + BELOW
    for place, slices in enumerate(all_slices):
        x, y = width * (place % columns), top + height * (place // columns)
        panel = RidgePanel(slices, width, theme) if view == "ridge" else HeatPanel(slices, width, theme)
        groups.append(panel.group(x, y))
    rows = -(-len(all_slices) // columns)
    words = ", ".join(f"{slices.name}: {spread_text(slices.last)}" for slices in all_slices)
    label = f"{title or 'histograms over time'}: {words}"
    return Drawing(width * columns, max(60.0, top + height * rows), theme.background, label, groups)


class HistogramPanel:
    """What both views share: heading and value axis."""

    left, right = LEFT, RIGHT

    def __init__(self, slices: Slices, width: float, theme: Theme) -> None:
        self.slices, self.theme = slices, theme
        self.width = width - self.left - self.right
        self.edges = slices.edges(BINS)

    def group(self, x: float, y: float) -> Group:
        self.x, self.y, self.floor = x + self.left, y + ABOVE, y + ABOVE + PLOT_HEIGHT
        items = [*self.heading(), *(self.content() if self.slices.last else [])]
        return Group("histogram", items, {"id": self.slices.name}, f"{self.slices.name}: {self.slices.seen:,} steps")

    def content(self) -> list[Shape | Text | Image]:
        raise NotImplementedError

    def heading(self) -> list[Text]:
        right = self.x + self.width + self.right - 14
        words = spread_text(self.slices.last)
        name = shorten(self.slices.name, self.width * 0.55, FONT, bold=True)
        return [
            Text(name, (self.x, self.y - 18), self.theme.text, bold=True),
            Text(words, (right, self.y - 18), self.theme.faint, "end"),
        ]

    def at(self, value: float) -> float:
        low, high = float(self.edges[0]), float(self.edges[-1])
        return round(self.x + (value - low) / (high - low) * self.width, 1)

    def value_axis(self) -> list[Shape | Text]:
        """Values to the right."""
        theme, right = self.theme, self.x + self.width
        items: list[Shape | Text] = [Shape(straight((self.x, self.floor), (right, self.floor)), stroke=theme.border)]
        ticks = nice_ticks(float(self.edges[0]), float(self.edges[-1]), int(self.width / 62))
        for value in ticks:
            across = self.at(value)
            items.append(Shape(straight((across, self.floor), (across, self.floor + 5)), stroke=theme.border))
            items.append(Text(number_text(value, ticks), (across, self.floor + 20), theme.faint, "middle"))
        items.append(Text("value", (right, self.floor + 37), theme.faint, "end"))
        return items


class RidgePanel(HistogramPanel):
    """Each step a ridge; time comes towards the reader."""

    def content(self) -> list[Shape | Text | Image]:
        theme = self.theme
        chosen = pick(self.slices.all(), RIDGES)
        table = self.slices.table(chosen, BINS)
        gap = (PLOT_HEIGHT - 34) / max(8, len(chosen))
        tall = min(96.0, gap * REACH + 16)
        middles = [self.at((a + b) / 2) for a, b in zip(self.edges[:-1], self.edges[1:], strict=True)]
        items: list[Shape | Text | Image] = [*self.value_axis()]
        labelled = set(pick(list(range(len(chosen))), 6))
        for k, (one, row) in enumerate(zip(chosen, table, strict=True)):
            base = round(self.floor - gap * (len(chosen) - 1 - k), 1)
            share = k / max(1, len(chosen) - 1)
            fill = blend(theme.background, theme.curves[0], 0.25 + 0.55 * share)
            heights = row / row.max() * tall if row.any() else row
            points = [(x, round(base - float(lift), 1)) for x, lift in zip(middles, heights, strict=True)]
            line = straight(*points)
            area: list[Command] = [*line, ("L", ((points[-1][0], base),)), ("L", ((points[0][0], base),)), ("Z", ())]
            items.append(Shape(area, fill=fill))
            items.append(Shape(line, stroke=theme.background, width=2.6))
            items.append(Shape(line, stroke=blend(fill, theme.text, 0.45), width=1.3, role="ridge"))
            if k in labelled:
                right = self.x + self.width
                items.append(Shape(straight((right + 2, base), (right + 7, base)), stroke=theme.border))
                items.append(Text(step_text(one.step), (right + 11, base + 4.5), theme.faint))
        items.append(Text("step", (self.x + self.width + 11, self.floor + 20), theme.faint))
        return items


class HeatPanel(HistogramPanel):
    """Steps to the right, values upwards, and the darker the more elements; the median is a line."""

    left, right = RIGHT, LEFT

    def content(self) -> list[Shape | Text | Image]:
        theme = self.theme
        chosen = pick(self.slices.all(), COLUMNS)
        table = self.slices.table(chosen, BINS)
        peaks = np.maximum(table.max(axis=1, keepdims=True), 1e-300)
        pixels = blend_pixels(theme.background, theme.curves[0], np.sqrt(table / peaks).T[::-1] * 0.9)
        alt = f"{self.slices.name}: {len(chosen)} histograms over {len(self.edges) - 1} bins"
        items: list[Shape | Text | Image] = [Image(pixels, (self.x, self.y), (self.width, PLOT_HEIGHT), alt)]
        right = self.x + self.width
        low, high = float(self.edges[0]), float(self.edges[-1])
        ticks = nice_ticks(low, high, 5)
        for value in ticks:
            height = round(self.floor - (value - low) / (high - low) * PLOT_HEIGHT, 1)
            items.append(Shape(straight((self.x - 5, height), (self.x, height)), stroke=theme.border))
            items.append(Text(number_text(value, ticks), (self.x - 9, height + 4.5), theme.faint, "end"))
        items.append(Shape(straight((self.x, self.y), (self.x, self.floor), (right, self.floor)), stroke=theme.border))
        column = self.width / len(chosen)
        for k in pick(list(range(len(chosen))), min(len(chosen), int(self.width / 62))):
            across = round(self.x + (k + 0.5) * column, 1)
            items.append(Shape(straight((across, self.floor), (across, self.floor + 5)), stroke=theme.border))
            items.append(Text(step_text(chosen[k].step), (across, self.floor + 20), theme.faint, "middle"))
        items.append(Text("step", (right, self.floor + 37), theme.faint, "end"))
        middle = [
            (
                round(self.x + (k + 0.5) * column, 1),
                round(self.floor - (median(one) - low) / (high - low) * PLOT_HEIGHT, 1),
            )
            for k, one in enumerate(chosen)
            if one.counts.any()
        ]
        if len(middle) > 1:
            items.append(Shape(straight(*middle), stroke=theme.background, width=4.4))
            items.append(Shape(straight(*middle), stroke=theme.curves[1], width=2.2, role="median"))
            legend_y = self.floor + 33
            items.append(
                Shape(straight((self.x, legend_y), (self.x + 26, legend_y)), stroke=theme.curves[1], width=2.2)
            )
            items.append(Text("median", (self.x + 32, legend_y + 4.5), theme.faint))
        return items


def pick(items: Sequence[T], number: int) -> list[T]:
    """At most so many of them, evenly spread, with the first and the last."""
    if len(items) <= number:
        return list(items)
    return [items[round(k * (len(items) - 1) / (number - 1))] for k in range(number)]


def median(one: Slice) -> float:
    """The value with half of the elements on each side, within the precision of a bin."""
    heaped = np.cumsum(one.counts)
    width = (one.high - one.low) / len(one.counts)
    k = int(np.searchsorted(heaped, heaped[-1] / 2))
    before = float(heaped[k - 1]) if k else 0.0
    return one.low + width * (k + (float(heaped[-1]) / 2 - before) / max(float(one.counts[k]), 1e-300))


def step_text(step: float) -> str:
    return f"{step:,.0f}" if step == int(step) else f"{step:g}"


def spread_text(one: Slice | None) -> str:
    """The two ends of the last histogram."""
    if one is None:
        return "no values yet"
    if one.missing:
        return f"⚠ {one.missing:,} not finite"
    return f"{one.low:.3g} … {one.high:.3g}".replace("-", "−") if one.low != one.high else f"all {one.low:.3g}"

"""Curves over training steps as a drawing: data in, shapes out.

One panel per quantity, since a loss and an accuracy share no axis; curves called "loss/train" and "loss/test" share the
panel "loss". A curve of any length is drawn with at most a few points per pixel, chosen so that no spike is lost.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from flowlab._src.lab.axes import Floats, nice_ticks, number_text, straight, value_axis
from flowlab._src.lab.drawing import Drawing, Group, Shape, Text
from flowlab._src.lab.fonts import shorten, text_width
from flowlab._src.lab.labels import FONT
from flowlab._src.lab.shapes import Command, circle
from flowlab._src.lab.theme import LIGHT, Theme

WIDTH, WIDTH_OF_TWO, PLOT_HEIGHT = 460.0, 350.0, 190.0  # a panel by itself; one of two side by side
LEFT, RIGHT, ABOVE, BELOW = 62.0, 18.0, 34.0, 44.0
LEGEND_LINE = 20.0
DASHES: tuple[tuple[float, ...], ...] = ((), (7, 4), (2, 3), (9, 3, 2, 3), (4, 2), (1, 4), (12, 4))
SMOOTH_FROM = 50  # a curve with fewer values is no noise to be calmed
DOTS_UP_TO = 24  # a curve with so few values shows each as a dot


@dataclass(frozen=True)
class Curve:
    """One named row of values over steps, in order of time; several runs may have one of that name."""

    name: str
    steps: Floats
    values: Floats
    run: str = ""

    @property
    def panel(self) -> str:
        return self.name.split("/", 1)[0]

    @property
    def label(self) -> str:
        """What tells it from the others of its panel."""
        member = self.name.split("/", 1)[1] if "/" in self.name else ""
        if member and self.run:
            return f"{self.run} · {member}"
        return self.run or member or self.name


def curves_drawing(
    curves: Sequence[Curve],
    title: str = "",
    log: bool | str | Collection[str] = False,
    smooth: float = 0.0,
    theme: Theme = LIGHT,
) -> Drawing:
    """Draw curves, two panels to a row.

    Parameters
    ----------
    curves : sequence of Curve
    title : str
    log : bool, or name of panels
        Whether the value axes are logarithmic, or which; values that are not positive are left out then.
    smooth : float
        Weight of the past in a moving average, from 0 (none) to below 1, for curves with 50 values or more; the raw
        curve stays visible behind.
    theme : Theme
    """
    panels: dict[str, list[Curve]] = {}
    for curve in curves:
        panels.setdefault(curve.panel, []).append(curve)
    columns, width = (1, WIDTH) if len(panels) < 2 else (2, WIDTH_OF_TWO)
    looks = curve_looks(curves, theme)
    top = 30.0 if title else 6.0
    groups = [Group("title", [Text(title, (14, 22), theme.text, bold=True)])] if title else []
    bottom = top
    logarithmic = set(panels) if log is True else {log} if isinstance(log, str) else set(log or ())
    drafts = [
        PanelDrawing(name, members, width, looks, name in logarithmic, smooth, theme)
        for name, members in panels.items()
    ]
    for start in range(0, len(drafts), columns):
        row, top = drafts[start : start + columns], bottom
        above = max(draft.above for draft in row)  # so that their axes stand side by side
        for k, draft in enumerate(row):
            groups += draft.groups(width * k, top, above)
        bottom = top + above + PLOT_HEIGHT + BELOW
    words = ", ".join(f"{curve.run} {curve.name} {last_value_text(curve)}".strip() for curve in curves)
    return Drawing(width * columns, max(bottom, 60.0), theme.background, f"{title or 'curves'}: {words}", groups)


Look = tuple[str, tuple[float, ...]]  # colour and dashes


def curve_looks(curves: Sequence[Curve], theme: Theme) -> dict[tuple[str, str], Look]:
    """How each curve is drawn: a label looks the same in all panels, and no two labels of a panel look alike."""
    colors, looks = theme.curves, {}
    order = {label: k for k, label in enumerate(dict.fromkeys(curve.label for curve in curves if curve.run))}
    seen: dict[str, int] = {}
    for curve in curves:
        k = order.get(curve.label, seen.get(curve.panel, 0))
        seen[curve.panel] = seen.get(curve.panel, 0) + 1
        dash = DASHES[(k + k // len(colors)) % len(DASHES)]
        looks[curve.run, curve.name] = colors[k % len(colors)], dash
    return looks


class PanelDrawing:
    """One pair of axes."""

    def __init__(
        self,
        name: str,
        curves: Sequence[Curve],
        width: float,
        looks: dict[tuple[str, str], Look],
        log: bool,
        smooth: float,
        theme: Theme,
    ) -> None:
        self.name, self.curves, self.log, self.smooth, self.theme = name, curves, log, smooth, theme
        self.width, self.looks = width - LEFT - RIGHT, looks
        self.has_legend = len(curves) > 1 or curves[0].label != name
        entries = [f"{curve.label}: {last_value_text(curve)}" for curve in curves]
        is_wide = any(text_width(entry, FONT) > self.width / 2 - 44 for entry in entries)
        self.legend_columns = 1 if is_wide else 2
        rows = -(-len(curves) // self.legend_columns) if self.has_legend else 0
        self.above = ABOVE + LEGEND_LINE * rows
        steps = np.concatenate([curve.steps for curve in curves])
        self.first, self.last = (float(steps.min()), float(steps.max())) if steps.size else (0.0, 1.0)
        if self.first == self.last:
            self.last = self.first + 1
        values = np.concatenate([curve.values for curve in curves])
        self.low, self.high, self.ticks = value_axis(values, log)

    def groups(self, x: float, y: float, above: float) -> list[Group]:
        """Draw it at a place, the axes `above` pixels below its upper edge."""
        self.x, self.y = x + LEFT, y + above
        parts = [self.axes(), self.heading(x, y)]
        return parts + [self.curve(curve, *self.looks[curve.run, curve.name]) for curve in self.curves]

    def at(self, step: float, value: float) -> tuple[float, float]:
        """Where a value is in the picture."""
        if self.log:
            share = (math.log(value) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))
        else:
            share = (value - self.low) / (self.high - self.low)
        across = (step - self.first) / (self.last - self.first)
        return round(self.x + across * self.width, 1), round(self.y + PLOT_HEIGHT * (1 - share), 1)

    def axes(self) -> Group:
        theme = self.theme
        right, floor = self.x + self.width, self.y + PLOT_HEIGHT
        items: list[Shape | Text] = []
        for value in self.ticks:
            _, height = self.at(self.first, value)
            items.append(Shape(straight((self.x, height), (right, height)), stroke=theme.line, opacity=0.3))
            label = number_text(value, self.ticks)
            items.append(Text(label, (self.x - 8, height + 4.5), theme.faint, "end"))
        items.append(Shape(straight((self.x, self.y), (self.x, floor), (right, floor)), stroke=theme.border))
        most = max(2, int(self.width / 62))
        steps = [tick for tick in nice_ticks(self.first, self.last, most) if tick == int(tick)]
        for step in steps:
            across = round(self.x + (step - self.first) / (self.last - self.first) * self.width, 1)
            items.append(Shape(straight((across, floor), (across, floor + 5)), stroke=theme.border))
            items.append(Text(number_text(step, steps), (across, floor + 20), theme.faint, "middle"))
        items.append(Text("step", (right, floor + 37), theme.faint, "end"))
        return Group("axes", items)

    def heading(self, x: float, y: float) -> Group:
        """Name and last value; with several curves, a legend with theirs."""
        theme = self.theme
        title = shorten(self.name, self.width * 0.7, FONT, bold=True)
        items: list[Shape | Text] = [Text(title, (self.x, y + 22), theme.text, bold=True)]
        if not self.has_legend:
            items.append(Text(last_value_text(self.curves[0]), (self.x + self.width, y + 22), theme.faint, "end"))
        else:
            for k, curve in enumerate(self.curves):
                columns, room = self.legend_columns, self.width / self.legend_columns
                left, middle = self.x + (k % columns) * room, y + 36 + LEGEND_LINE * (k // columns)
                color, dash = self.looks[curve.run, curve.name]
                line = straight((left, middle), (left + 26, middle))
                items.append(Shape(line, stroke=color, width=2.2, dash=dash))
                value = f": {last_value_text(curve)}".removesuffix(": ")
                name = shorten(curve.label, room - 40 - text_width(value, FONT))
                items.append(Text(name + value, (left + 32, middle + 4.5), theme.faint))
        return Group("heading", items)

    def curve(self, curve: Curve, color: str, dash: tuple[float, ...]) -> Group:
        items: list[Shape | Text] = []
        values = curve.values
        if self.smooth and len(values) >= SMOOTH_FROM:
            items.append(Shape(self.path(curve.steps, values), stroke=color, width=1.2, opacity=0.35, is_round=True))
            values = moving_average(values, self.smooth)
        items.append(
            Shape(self.path(curve.steps, values), stroke=color, width=2.2, dash=dash, role="curve", is_round=True)
        )
        if len(values) <= DOTS_UP_TO:
            for step, value in zip(curve.steps, values, strict=True):
                if self.can_show(value):
                    items.append(Shape(circle(*self.at(step, value), 3.0), fill=color))
        broken = np.flatnonzero(~np.isfinite(curve.values))
        if broken.size:
            step = curve.steps[broken[0]]
            across = round(self.x + (step - self.first) / (self.last - self.first) * self.width, 1)
            mark = straight((across, self.y), (across, self.y + PLOT_HEIGHT))
            items.append(Shape(mark, stroke=self.theme.curves[1], width=1.6, dash=(3, 3)))
            word = "NaN" if np.isnan(curve.values[broken[0]]) else "infinite"
            on_left = across > self.x + self.width / 2
            place = (across - 6 if on_left else across + 6, self.y + 14)
            items.append(Text(f"{word} at step {step:g}", place, self.theme.text, "end" if on_left else "start"))
        return Group("curve", items, {"id": curve.name}, f"{curve.label}: {len(curve.values)} values")

    def can_show(self, value: float) -> bool:
        return math.isfinite(value) and (value > 0 or not self.log)

    def path(self, steps: Floats, values: Floats) -> list[Command]:
        """A line through the values, broken where there is none."""
        steps, values = thin(steps, values, int(self.width))
        drawable = np.isfinite(values) & ((values > 0) if self.log else True)
        xs = self.x + (steps - self.first) / (self.last - self.first) * self.width
        heights = np.where(drawable, values, 1.0)
        if self.log:
            shares = np.log(heights / self.low) / math.log(self.high / self.low)
        else:
            shares = (heights - self.low) / (self.high - self.low)
        ys = self.y + PLOT_HEIGHT * (1 - shares)
        commands: list[Command] = []
        pen_is_down = False
        for is_drawn, x, y in zip(drawable.tolist(), xs.round(1).tolist(), ys.round(1).tolist(), strict=True):
            if is_drawn:
                commands.append(("L" if pen_is_down else "M", ((x, y),)))
            pen_is_down = is_drawn
        return commands


def thin(steps: Floats, values: Floats, columns: int) -> tuple[Floats, Floats]:
    """At most five points for each of `columns` equal parts: first, lowest, highest, last, missing. Spikes survive."""
    size = -(-len(values) // columns)
    if size < 5:
        return steps, values
    starts = np.arange(0, len(values), size)
    table = np.full((len(starts), size), np.nan)
    table.ravel()[: len(values)] = values
    is_missing = ~np.isfinite(table)
    lowest = starts + np.where(is_missing, np.inf, table).argmin(axis=1)
    highest = starts + np.where(is_missing, -np.inf, table).argmax(axis=1)
    missing = starts + is_missing.argmax(axis=1)
    chosen = np.unique(np.concatenate([starts, lowest, highest, missing, starts + size - 1]))
    chosen = chosen[chosen < len(values)]
    return steps[chosen], values[chosen]


def moving_average(values: Floats, weight: float) -> Floats:
    """Exponential moving average without the pull towards zero at the start; missing values are passed over."""
    result = np.empty_like(values)
    total = norm = 0.0
    for k, value in enumerate(values):
        if math.isfinite(value):
            total = weight * total + (1 - weight) * float(value)
            norm = weight * norm + (1 - weight)
        result[k] = total / norm if norm and math.isfinite(value) else value
    return result


def last_value_text(curve: Curve) -> str:
    """The last value, to three digits."""
    return f"{curve.values[-1]:.3g}" if len(curve.values) else ""

"""A picture as a list of groups of shapes and texts: what both the SVG writer and the PNG writer draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from flowlab._src.lab.layered import Point
from flowlab._src.lab.shapes import Command


@dataclass(frozen=True, slots=True)
class Shape:
    """A filled or stroked path. `role` says what it is to a style sheet: "tip", "paper"."""

    path: Sequence[Command]
    fill: str = "none"
    stroke: str = "none"
    width: float = 1.0
    dash: tuple[float, ...] = ()
    fill_opacity: float = 1.0
    opacity: float = 1.0
    role: str = ""
    is_round: bool = False  # corners of the line


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text; `at` is on its baseline, at its left end, middle or right end."""

    text: str
    at: Point
    color: str
    anchor: str = "start"  # or "middle", "end"
    bold: bool = False
    role: str = "text"


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """Pixels as sharp squares: an array of bytes, (height, width, 3), and the corner and size of its place."""

    pixels: npt.NDArray[np.uint8]
    at: Point  # upper left corner
    size: Point
    alt: str = ""


Item = Shape | Text | Image


@dataclass(slots=True)
class Group:
    """Things that belong together: a box with its words, a line with its arrow head. `tip` is the tooltip."""

    role: str
    items: list[Any] = field(default_factory=list)  # of Item; a list of one kind is welcome, too
    data: dict[str, str] = field(default_factory=dict)
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A whole picture, in pixels before zoom. `label` describes it to a screen reader."""

    width: float
    height: float
    background: str
    label: str
    groups: Sequence[Group]

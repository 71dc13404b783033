"""Colours of all pictures, light and dark, one place.

Fills come from the palette of Okabe and Ito, which people with any kind of colour vision can tell apart, lightened (or
darkened) until text on them keeps a contrast of at least 7:1. No colour stands alone: each kind of box also has a shape
of its own.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Theme:
    """The colours of one look."""

    name: str
    text: str
    faint: str  # second lines, captions
    line: str  # edges
    border: str  # outlines of boxes
    background: str
    panel: str  # behind the side column
    fills: dict[str, str] = field(repr=False)
    curves: tuple[str, ...] = field(repr=False)
    hues: tuple[str, ...] = field(repr=False)  # of boxes that belong together; each comes with a letter


LIGHT = Theme(
    name="light",
    text="#1a1a1a",
    faint="#4d535c",
    line="#6b7078",
    border="#3c4149",
    background="#ffffff",
    panel="#f7f7f9",
    fills={
        "input": "#cfe8f7",
        "const": "#ececec",
        "var": "#fbe3b5",
        "state": "#f9d9c6",
        "control": "#ffffff",
        "op": "#d3efe4",
        "scope": "#eceff6",
        "gradient": "#f0dfeb",
    },
    curves=("#0072b2", "#d55e00", "#009e73", "#b8508a", "#8a6d00", "#2f93cf", "#555555"),
    hues=("#cfe8f7", "#fbe3b5", "#c9ecd9", "#f3d0e4", "#f6f0a8", "#f9cfb8", "#dcd6f7", "#d9dde3"),
)
DARK = Theme(
    name="dark",
    text="#f0f0f0",
    faint="#c3c7cf",
    line="#a4a9b3",
    border="#c3c7cf",
    background="#1b1d22",
    panel="#24272e",
    fills={
        "input": "#0b4163",
        "const": "#43464d",
        "var": "#5f4100",
        "state": "#6b2d10",
        "control": "#1b1d22",
        "op": "#04493a",
        "scope": "#2e3442",
        "gradient": "#55304f",
    },
    curves=("#56b4e9", "#e69f00", "#2fc99a", "#e79ac2", "#f0e442", "#0a8fdc", "#bbbbbb"),
    hues=("#0b4163", "#5f4100", "#0a4a37", "#5a2549", "#4c4800", "#6b2d10", "#3a3178", "#43464d"),
)
THEMES = {"light": LIGHT, "dark": DARK}

"""The marks that a stepper puts on the boxes of a picture: a sign for each state, the value, a frame around what is next.

They form a layer of their own over the picture, so that a step changes the layer alone. No state is known by its colour
only: each has a sign, drawn as a path, so that it looks the same with any font.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from flowlab._src.lab.drawing import Drawing, Group, Shape, Text
from flowlab._src.lab.fonts import text_width
from flowlab._src.lab.labels import FONT
from flowlab._src.lab.picture import scene_drawing
from flowlab._src.lab.scene import MARGIN, Box, Scene
from flowlab._src.lab.shapes import Command, arrow_head, circle, line_path, outline, polygon, rounded
from flowlab._src.lab.theme import Theme

ROOM = 26.0  # at the left of the picture, for the arrow at what is next
TAG_ROOM = 70.0  # at the right, for the value of the last box
RADIUS = 10.0
NARROWEST = 480.0  # so that the legend of the signs fits in two lines


class State(NamedTuple):
    """What an operation can be in a run: the sign in texts, the word, and the colour of its disc ("" for paper)."""

    sign: str
    word: str
    color: str


STATES = {
    "unused": State("○", "not needed", ""),
    "waiting": State("◔", "waiting", ""),
    "next": State("►", "next", "#c44f00"),
    "run": State("✓", "has run", "#00704f"),
    "overridden": State("⚑", "value replaced", "#6a4c93"),
    "fed": State("P", "fed", "#00609b"),
    "changed": State("∆", "changed a variable", "#7a5a00"),
    "error": State("✗", "failed", "#b00020"),
    "nan": State("✗", "NaN or Inf", "#b00020"),
}
LEGEND = ("next", "run", "waiting", "unused", "fed", "changed", "overridden", "error")


class Mark(NamedTuple):
    """What stands at one box.

    Attributes
    ----------
    state : key of STATES
    part : how far a folded scope has come, "3/7"
    value : a short text of the value that the operation has given
    """

    state: str
    part: str = ""
    value: str = ""


def with_room(scene: Scene) -> Scene:
    """The scene moved to the right, with room for the arrow, and with a line for the legend of the marks below."""

    def moved(points: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
        return tuple((x + ROOM, y) for x, y in points)

    right_end = max((box.x + box.width for box in scene.boxes), default=0.0)
    return replace(
        scene,
        width=max(scene.width + ROOM, right_end + ROOM + TAG_ROOM, NARROWEST),
        height=scene.height + (30.0 if scene.width > 900 else 56.0),
        boxes=tuple(replace(box, x=box.x + ROOM, title_x=box.title_x + ROOM) for box in scene.boxes),
        lines=tuple(replace(line, points=moved(line.points)) for line in scene.lines),
        words=tuple(replace(word, x=word.x + ROOM) for word in scene.words),
        panel=replace(scene.panel, x=scene.panel.x + ROOM) if scene.panel else None,
        legend=tuple(replace(sample, x=sample.x + ROOM) for sample in scene.legend),
    )


def base_drawing(scene: Scene, theme: Theme, title: str) -> Drawing:
    """The picture under the marks; `scene` has room for them."""
    return scene_drawing(scene, theme, title)


def marks_drawing(
    scene: Scene, marks: Mapping[str, Mark], theme: Theme, walked: Sequence[tuple[str, str]] = (), focus: str = ""
) -> Drawing:
    """The layer of marks for a scene that has room for them.

    Parameters
    ----------
    walked : (box, box) pairs
        Lines that the walk back from the fetch has followed, drawn heavy.
    focus : str
        The box that the walk has come to.
    """
    groups = [
        heavy_line(line.points, line.has_arrow, theme)
        for line in scene.lines
        if any(pair in walked for pair in line.pairs)
    ]
    for box in scene.boxes:
        mark = marks.get(box.id)
        if box.id == focus:
            groups.append(frame(box, theme, "walk"))
        if mark is not None and not box.is_open:
            groups.append(draw_mark(box, mark, theme))
    used = {mark.state for mark in marks.values()}
    groups.append(legend(scene, used | ({"error"} if "nan" in used else set()), theme))
    return Drawing(scene.width, scene.height, theme.background, "marks", groups)


def heavy_line(points: Sequence[tuple[float, float]], has_arrow: bool, theme: Theme) -> Group:
    shapes: list[Shape | Text] = [Shape(line_path(points, has_arrow), stroke=theme.curves[0], width=3.5, role="walked")]
    if has_arrow:
        shapes.append(Shape(arrow_head(points, 3.5), fill=theme.curves[0], role="walkedtip"))
    return Group("walk", shapes)


def frame(box: Box, theme: Theme, role: str) -> Group:
    """A heavy frame around a box."""
    kind = "scope" if box.is_open else box.kind
    path = outline(kind, box.x - 3, box.y - 3, box.width + 6, box.height + 6)
    return Group(
        f"frame {role}", [Shape(path, stroke=theme.curves[0 if role == "walk" else 1], width=4.5, role=f"around{role}")]
    )


def draw_mark(box: Box, mark: Mark, theme: Theme) -> Group:
    items: list[Shape | Text] = []
    state = STATES[mark.state]
    if mark.state == "next":
        items += frame(box, theme, "next").items
        middle = box.y + box.height / 2
        tip = box.x - 4
        arrow = polygon((tip - 15, middle - 17), (tip, middle), (tip - 15, middle + 17))  # fits between two boxes
        items.append(Shape(arrow, fill=theme.curves[1], stroke=theme.text, width=1.2, role="nextarrow"))
        items += disc(mark.state, box.x + 1, box.y - 2, theme)
    else:
        items += disc(mark.state, box.x + 3, box.y + 1, theme)
    if mark.part:
        items += tag(mark.part, box.x + box.width - 4, box.y + 1, theme)
    if mark.value:
        right = box.x + box.width - 14 + tag_width(mark.value, bold=True)
        items += tag(mark.value, right, box.y + box.height + 3, theme, role="value")
    return Group(f"mark is-{mark.state}", items, {"of": box.id, "state": state.word})


def tag(text: str, right: float, middle: float, theme: Theme, role: str = "count") -> list[Shape | Text]:
    """A small label with its right end at `right`."""
    width = tag_width(text, bold=role == "value")
    back = rounded(right - width, middle - 9.5, right, middle + 9.5, 5)
    return [
        Shape(back, fill=theme.background, stroke=theme.border, width=1.2, role="tag"),
        Text(text, (right - width / 2, middle + 4.5), theme.text, "middle", bold=role == "value", role="text"),
    ]


def tag_width(text: str, bold: bool) -> float:
    return text_width(text, FONT) * (1.12 if bold else 1.0) + 12


def disc(state: str, x: float, y: float, theme: Theme) -> list[Shape | Text]:
    """The round sign of a state."""
    color = STATES[state].color
    paper = not color
    ground = Shape(
        circle(x, y, RADIUS), fill=color or theme.background, stroke=theme.text if paper else "#ffffff",
        width=1.6, dash=(2.5, 2.5) if state == "unused" else (), role="open" if paper else "disc",
    )  # fmt: skip
    return [ground, *sign(state, x, y, theme)]


def sign(state: str, x: float, y: float, theme: Theme) -> list[Shape | Text]:
    white = "#ffffff"
    if state == "unused":
        return []
    if state == "waiting":  # a quarter of the disc
        quarter: list[Command] = [
            ("M", ((x, y),)), ("L", ((x, y - RADIUS),)),
            ("C", ((x + RADIUS * 0.5523, y - RADIUS), (x + RADIUS, y - RADIUS * 0.5523), (x + RADIUS, y))), ("Z", ()),
        ]  # fmt: skip
        return [Shape(quarter, fill=theme.text, role="quarter")]
    if state == "fed":
        return [Text("P", (x, y + 4.8), white, "middle", bold=True, role="letter")]
    if state == "run":
        check: list[Command] = [("M", ((x - 5, y + 0.5),)), ("L", ((x - 1.5, y + 4),)), ("L", ((x + 5, y - 4),))]
        return [Shape(check, stroke=white, width=2.6)]
    if state == "changed":
        return [Shape(polygon((x, y - 6), (x + 5.5, y + 4), (x - 5.5, y + 4)), stroke=white, width=2.2)]
    if state == "overridden":
        pole: list[Command] = [("M", ((x - 3.5, y - 6),)), ("L", ((x - 3.5, y + 6),))]
        cloth = polygon((x - 3.5, y - 6), (x + 5.5, y - 2.5), (x - 3.5, y + 1))
        return [Shape(pole, stroke=white, width=2.0), Shape(cloth, fill=white)]
    if state == "next":
        return [Shape(polygon((x - 4, y - 5.5), (x + 6, y), (x - 4, y + 5.5)), fill=white)]
    cross: list[Command] = [
        ("M", ((x - 4, y - 4),)), ("L", ((x + 4, y + 4),)), ("M", ((x + 4, y - 4),)), ("L", ((x - 4, y + 4),)),
    ]  # fmt: skip
    return [Shape(cross, stroke=white, width=2.6)]


def legend(scene: Scene, used: set[str], theme: Theme) -> Group:
    """What the signs in a picture mean, in one or two lines."""
    x, y = MARGIN + ROOM + 8, scene.height - (18 if scene.width > 900 + ROOM else 44)
    items: list[Shape | Text] = []
    for state in LEGEND:
        if state not in used:
            continue
        word = STATES[state].word if state != "error" else "failed, or NaN"
        if x + text_width(word, FONT) + 30 > scene.width:
            x, y = MARGIN + ROOM + 8, y + 26
        items += disc(state, x, y, theme)
        items.append(Text(word, (x + 16, y + 4.5), theme.faint))
        x += text_width(word, FONT) + 44
    return Group("words signs", items)


def with_marks(base: Drawing, marks: Drawing) -> Drawing:
    """Both layers as one picture."""
    return Drawing(base.width, base.height, base.background, base.label, [*base.groups, *marks.groups])

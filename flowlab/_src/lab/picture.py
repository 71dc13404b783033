"""A scene dressed in a theme: shapes, colours and words."""

from dataclasses import replace

from flowlab._src.lab.drawing import Drawing, Group, Shape, Text
from flowlab._src.lab.edge_words import Word
from flowlab._src.lab.scene import LINE, Box, Line, Panel, Sample, Scene
from flowlab._src.lab.shapes import Command, arrow_head, circle, drum_lid, line_path, outline, polygon, rounded
from flowlab._src.lab.theme import LIGHT, Theme

DOTS = (1.5, 3.0)


def scene_drawing(scene: Scene, theme: Theme = LIGHT, title: str = "dataflow graph") -> Drawing:
    """Draw a scene: side column and open scopes at the back, then lines, then boxes, words and legend."""
    groups = [draw_panel(scene.panel, theme)] if scene.panel else []
    groups += [draw_frame(box, theme) for box in sorted(scene.boxes, key=lambda box: box.level) if box.is_open]
    groups += [draw_line(line, theme) for line in scene.lines]
    groups += [draw_box(box, theme) for box in scene.boxes if not box.is_open]
    words: list[Shape | Text] = [draw_plate(word, theme) for word in scene.words if word.is_on_line]
    words += [Text(word.text, (word.x, word.y), theme.faint) for word in scene.words]
    groups += [Group("words", [*words])] if words else []
    groups += [draw_sample(sample, theme) for sample in scene.legend]
    return Drawing(scene.width, scene.height, theme.background, f"{title}: {scene.caption}", groups)


def draw_plate(word: Word, theme: Theme) -> Shape:
    """Paper behind a word that stands on a line."""
    return Shape(
        rounded(word.x - 3, word.y - 12.5, word.x + word.width + 3, word.y + 3.5, 4),
        fill=theme.background,
        role="plate",
    )


def draw_panel(panel: Panel, theme: Theme) -> Group:
    """The background of the side column."""
    back = rounded(panel.x, panel.y, panel.x + panel.width, panel.y + panel.height, 6)
    title = Text(panel.title, (panel.x + 14, panel.y + 22), theme.faint)
    return Group("panel", [Shape(back, fill=theme.panel), title])


def draw_frame(box: Box, theme: Theme) -> Group:
    """An open scope: a frame with its title on the first line."""
    outer = rounded(box.x, box.y, box.x + box.width, box.y + box.height, 8)
    inner = rounded(box.x + 3, box.y + 3, box.x + box.width - 3, box.y + box.height - 3, 5.5)
    role = f"scope {box.kind} {box.state}".rstrip()
    if box.state == "dim":
        outer_shape = Shape(outer, stroke=theme.line, width=1.2, dash=DOTS, role="shape")
    else:
        width = 2.6 if box.state == "lit" else 1.2
        outer_shape = Shape(
            outer, fill=theme.fills[box.kind], fill_opacity=0.5, stroke=theme.border, width=width, role="shape"
        )
    return Group(
        role,
        [
            outer_shape,
            Shape(inner, stroke=theme.border, width=0.8, role="inner"),
            Text(f"− {box.title}", (box.title_x, box.y + 20), theme.text, bold=True),
        ],
        {"id": box.id},
        box.tip,
    )


def draw_line(line: Line, theme: Theme) -> Group:
    path = line_path(line.points, line.has_arrow)
    color, width, dash = theme.line, line.width, (4.0, 4.0) if line.is_control else ()
    if line.is_control:
        width = 1.4
    if line.state == "lit":
        color, width = theme.text, max(width, 2.8)
    elif line.state == "dim":
        width, dash = 1.0, DOTS
    items = [Shape(path, stroke=color, width=width, dash=dash, role="line")]
    if line.has_arrow and line.state != "dim":
        items.append(Shape(arrow_head(line.points, width), fill=color, role="tip"))
    return Group(f"edge {line.state}".rstrip(), [*items], {"from": line.source, "to": line.target}, line.tip)


def draw_box(box: Box, theme: Theme) -> Group:
    middle = box.x + box.width / 2
    first = box.y + box.height / 2 + 4.5 - (LINE / 2 if box.detail else 0.0) + (2.5 if box.kind == "var" else 0.0)
    if box.tint is not None and box.tint.share is not None:
        first -= 5.0  # the bar stands below the words
    title = f"+ {box.title}" if box.is_folded else box.title
    items: list[Shape | Text] = []
    if box.is_stack:
        items += stack_shapes(box, theme)
    tint, is_dim = box.tint, box.state == "dim"
    shapes = box_shapes(box.kind, box.x, box.y, box.width, box.height, theme, double=box.is_folded)
    if is_dim:
        shapes = [replace(shape, fill="none", stroke=theme.line, width=1.2, dash=DOTS) for shape in shapes]
    elif tint is not None and tint.hue >= 0:
        shapes[0] = replace(shapes[0], fill=theme.hues[tint.hue % len(theme.hues)])
    if box.state == "lit":
        shapes[0] = replace(shapes[0], width=2.8)
    elif box.state == "failing":
        shapes[0] = replace(shapes[0], fill=theme.fills["state"], stroke=theme.curves[1], width=3.2)
    items += shapes
    if tint is not None and tint.share is not None and not is_dim:
        items += measure_bar(box, tint.share, theme)
    items.append(Text(title, (middle, first), theme.line if is_dim else theme.text, "middle", box.is_folded))
    if box.detail:
        color = theme.line if is_dim else theme.faint
        items.append(Text(box.detail, (middle, first + LINE), color, "middle", role="detail"))
    if box.badge:
        items += badge(box.badge, box.x + box.width - 6, box.y, theme, heavy=box.state == "failing")
    if tint is not None and tint.letter:
        items += badge(tint.letter, box.x + 6, box.y, theme)
    role = " ".join(word for word in ("node", box.kind, box.state) if word)
    if tint is not None and tint.hue >= 0 and not is_dim:
        role += f" hue{tint.hue % len(theme.hues)}"
    return Group(role, items, {"id": box.id}, box.tip)


def stack_shapes(box: Box, theme: Theme) -> list[Shape]:
    """Two boxes behind the first one of a stack, below it: arrow heads end at its upper edge."""
    return [
        Shape(
            outline(box.kind, box.x + shift, box.y + shift, box.width, box.height),
            fill=theme.background,
            stroke=theme.border,
            role="behind",
        )
        for shift in (8.0, 4.0)
    ]


def measure_bar(box: Box, share: float, theme: Theme) -> list[Shape]:
    """A bar along the lower edge of a box, as long as its part of the whole."""
    left, right = box.x + 10, box.x + box.width - 10
    top, bottom = box.y + box.height - 7, box.y + box.height - 3
    end = left + (right - left) * min(1.0, share)
    whole = Shape([*rectangle(left, top, right, bottom)], fill=theme.background, stroke=theme.border, width=0.6)
    return [whole, Shape([*rectangle(left, top, end, bottom)], fill=theme.curves[1], role="measure")]


def rectangle(left: float, top: float, right: float, bottom: float) -> list[Command]:
    return polygon((left, top), (right, top), (right, bottom), (left, bottom))


def box_shapes(kind: str, x: float, y: float, width: float, height: float, theme: Theme, double: bool) -> list[Shape]:
    """The body of a box, and the second line of a drum or of a folded scope."""
    dash = (4.0, 3.0) if kind == "control" else ()
    body = outline(kind, x, y, width, height)
    shapes = [Shape(body, fill=theme.fills[kind], stroke=theme.border, width=1.2, dash=dash, role="shape")]
    if kind == "var":
        shapes.append(Shape(drum_lid(x, y, width, height), stroke=theme.border, width=0.8, role="inner"))
    elif double:
        inner = outline(kind, x, y, width, height, inset=3.0)
        shapes.append(Shape(inner, stroke=theme.border, width=0.8, role="inner"))
    return shapes


def badge(sign: str, x: float, y: float, theme: Theme, heavy: bool = False) -> list[Shape | Text]:
    """A small round sign on the upper edge of a box; a heavy one says that something failed."""
    disc = Shape(circle(x, y, 10.0 if heavy else 8.0), fill=theme.fills["state"], stroke=theme.border, role="badge")
    if heavy:
        disc = replace(disc, fill=theme.text, stroke=theme.background, width=1.6)
    return [disc, Text(sign, (x, y + 4.5), theme.background if heavy else theme.text, "middle", bold=heavy)]


def draw_sample(sample: Sample, theme: Theme) -> Group:
    """One entry of the legend."""
    kind, _, rest = sample.kind.partition(" ")
    items: list[Shape | Text] = []
    if kind == "line":
        path = line_path([(sample.x, sample.y), (sample.x + 26, sample.y)], has_arrow=False)
        items.append(Shape(path, stroke=theme.line, width=1.4, dash=(4, 4), role="line"))
    elif kind == "badge":
        items += badge(rest, sample.x + 14, sample.y, theme)
    elif kind == "tint":
        hue, _, letter = rest.partition(" ")
        shapes = box_shapes("op", sample.x, sample.y - 9, 27.0, 18.0, theme, double=False)
        items.append(replace(shapes[0], fill=theme.hues[int(hue) % len(theme.hues)]))
        items.append(Text(letter, (sample.x + 13.5, sample.y + 4.5), theme.text, "middle"))
        kind = f"tint hue{int(hue) % len(theme.hues)}"
    elif kind == "share":
        items.append(
            Shape(rectangle(sample.x, sample.y - 3, sample.x + 27, sample.y + 3), stroke=theme.border, width=0.6)
        )
        items.append(
            Shape(rectangle(sample.x, sample.y - 3, sample.x + 12, sample.y + 3), theme.curves[1], role="measure")
        )
    elif kind == "dim":
        shapes = box_shapes("op", sample.x, sample.y - 9, 27.0, 18.0, theme, double=False)
        items.append(replace(shapes[0], fill="none", stroke=theme.line, dash=DOTS))
    elif kind == "stack":
        for shift in (6.0, 3.0, 0.0):
            body = outline("scope", sample.x + shift, sample.y - 5 - shift, 20.0, 13.0)
            items.append(Shape(body, fill=theme.background, stroke=theme.border, role="behind"))
    else:
        items += box_shapes(kind, sample.x, sample.y - 9, 27.0, 18.0, theme, double=kind == "scope")
    items.append(Text(sample.text, (sample.x + 34, sample.y + 4.5), theme.faint))
    return Group(f"legend {kind}", items)

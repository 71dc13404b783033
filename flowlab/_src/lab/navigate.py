"""Where the arrow keys lead in a picture, and what a screen reader is told of each box."""

from __future__ import annotations

from typing import Any

from flowlab._src.lab.edges import bundle_edges
from flowlab._src.lab.folding import Folding
from flowlab._src.lab.labels import Labels, count
from flowlab._src.lab.scene import Box, Scene

BAND = 40.0  # pixels


def navigation(scene: Scene, folding: Folding) -> dict[str, dict[str, Any]]:
    """For each box of a scene, in the order of the scene: its label and its neighbours.

    Up leads against the arrows to an input, down to a consumer (the nearest, if there are several); left and right go
    along the row. Where no arrow leads on, up and down go to the nearest box above or below. `out` is the open scope
    around a box.
    """
    boxes = {box.id: box for box in scene.boxes}
    labels = Labels(folding)
    inputs: dict[str, list[str]] = {}
    outputs: dict[str, list[str]] = {}
    for bundle in bundle_edges(folding):
        inputs.setdefault(bundle.target, []).append(bundle.source)
        outputs.setdefault(bundle.source, []).append(bundle.target)
    by_height = sorted(scene.boxes, key=lambda box: box.y)
    rows: dict[int, list[Box]] = {}  # boxes by the bands of the picture they touch
    for box in scene.boxes:
        if not box.is_open:
            for band in range(int(box.y // BAND), int((box.y + box.height) // BAND) + 1):
                rows.setdefault(band, []).append(box)
    found: dict[str, dict[str, Any]] = {}
    for box in scene.boxes:
        parent = folding.paths[box.id][-2]
        record: dict[str, Any] = {"label": spoken(box, labels, inputs.get(box.id, []))}
        if box.is_folded or box.is_open or is_openable(folding, box.id):
            record["open" if box.is_open else "folded"] = True
        if parent in boxes:
            record["out"] = parent
        if box.is_open:
            inside = [boxes[child] for child in folding.children[box.id]]
            record["down"] = min(inside, key=lambda child: (child.y, child.x)).id
            before = [other for other in by_height if other.y + other.height <= box.y and not other.is_open]
            if before:
                record["up"] = nearest(box, before[-40:])
        else:
            for way, ends in (("up", inputs), ("down", outputs)):
                linked = [boxes[end] for end in ends.get(box.id, ()) if end in boxes]
                if linked:
                    record[way] = nearest(box, linked)
            if "up" not in record and parent in boxes:
                record["up"] = parent
        record |= beside(box, rows)
        found[box.id] = record
    for box in scene.boxes:  # nothing stays out of reach of the arrows
        for way, sign in (("up", -1), ("down", 1)):
            if way not in found[box.id]:
                further = [o for o in scene.boxes if sign * (middle(o)[1] - middle(box)[1]) > 4 and not o.is_open]
                if further:
                    found[box.id][way] = nearest(box, further)
    return found


def is_openable(folding: Folding, box: str) -> bool:
    """Whether there is something inside a box: also in one that looks like its operation, such as a variable."""
    return box.endswith("/") and len(folding.members[box]) > 1


def spoken(box: Box, labels: Labels, inputs: list[str]) -> str:
    """A box in words: name, what it is, from where it reads."""
    node = labels.node_of(box.id)
    name = labels.label(box.id)
    if box.is_open:
        return f"{name}, open name scope, {count(len(labels.folding.members[box.id]), 'operation')}"
    what = node.type if node is not None else f"folded name scope, {box.detail}"
    if node is not None and box.detail and box.detail != node.type:
        what += f" {box.detail}"
    what = "" if what == name else f", {what}"
    state = ", not needed" if box.state == "dim" else ""
    reads = ", reads " + " and ".join(source.rstrip("/") for source in inputs[:3]) if inputs else ""
    return f"{name}{what}{reads}{state}"


def middle(box: Box) -> tuple[float, float]:
    return box.x + box.width / 2, box.y + box.height / 2


def nearest(box: Box, others: list[Box]) -> str:
    """The box whose middle is nearest; sideways counts more than up and down."""
    x, y = middle(box)
    return min(others, key=lambda other: abs(middle(other)[0] - x) * 2 + abs(middle(other)[1] - y)).id


def beside(box: Box, rows: dict[int, list[Box]]) -> dict[str, str]:
    """The next boxes to the left and to the right on about the same height."""
    x, y = middle(box)
    found: dict[str, tuple[float, str]] = {}
    for other in rows.get(int(y // BAND), ()):
        if other.id == box.id or not (other.y < y < other.y + other.height):
            continue
        ox = middle(other)[0]
        way = "right" if ox > x else "left"
        if way not in found or abs(ox - x) < found[way][0]:
            found[way] = abs(ox - x), other.id
    return {way: other for way, (_, other) in found.items()}

"""What a reader has done to the picture of a graph: opened, hidden, searched, followed. No page is needed for it.

The widget passes clicks and keys on to an `Explorer` and shows what it says; `tf.lab.graph` makes one for the static
picture, which is therefore the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from flowlab._src.lab.coloring import Cost, find_coloring
from flowlab._src.lab.folding import Folding, fold
from flowlab._src.lab.labels import Labels, count
from flowlab._src.lab.navigate import navigation
from flowlab._src.lab.panel import Panel
from flowlab._src.lab.picture import scene_drawing
from flowlab._src.lab.roles import FORWARD, operation_roles
from flowlab._src.lab.scene import MAX_BOXES, Emphasis, Scene, count_boxes, scene_of
from flowlab._src.lab.search import find_nodes
from flowlab._src.lab.svg import drawing_svg
from flowlab._src.lab.theme import LIGHT, Theme
from flowlab._src.lab.trace import between, needed, shortest_way
from flowlab._src.lab.values import Record
from flowlab._src.lab.views import GraphView

COLORS = ("kind", "structure", "device", "time", "memory")


class Explorer:
    """The state of one picture of a graph.

    Parameters
    ----------
    whole : GraphView
        All that can be shown; `forward` leaves out a part of it.
    depth, expand, side, put_aside, keep, stack
        See `fold`.
    panel : Panel, optional
        Where the words of the panel come from.
    costs : mapping, optional
        Time and memory of operations, for the colours "time" and "memory".
    fed : sequence of str
        Operations that are fed: what a fetch needs ends there.
    """

    def __init__(
        self,
        whole: GraphView,
        *,
        depth: int | None = None,
        expand: Sequence[str] = (),
        side: bool | None = None,
        put_aside: Sequence[str] = (),
        keep: Sequence[str] = (),
        stack: bool | None = None,
        forward: bool = False,
        color: str = "kind",
        panel: Panel | None = None,
        costs: Mapping[str, Cost] | None = None,
        fed: Sequence[str] = (),
        theme: Theme = LIGHT,
        zoom: float = 1.3,
    ) -> None:
        self.whole = whole
        self.rules: dict[str, Any] = {"side": side, "put_aside": put_aside, "keep": keep, "stack": stack}
        self.forward = forward
        self.color = color
        self.costs = dict(costs or {})
        self.panel = panel or Panel(whole, costs=self.costs, theme=theme)
        self.fed = tuple(fed)
        self.theme = theme
        self.zoom = zoom
        self.selected: str | None = None
        self.emphasis: Emphasis | None = None
        self.start: tuple[int | None, Sequence[str]] | None = (depth, expand)
        self.opened: frozenset[str] = frozenset()
        self.initial = self.folding.opened  # also tells at once of a wrong name in `expand`

    # ---- the picture ----------------------------------------------------------------------------------------------

    @cached_property
    def view(self) -> GraphView:
        """What is drawn: all, or the model alone."""
        if not self.forward:
            return self.whole
        roles = operation_roles(self.whole)
        return self.whole.without(name for name, role in roles.items() if role != FORWARD)

    @cached_property
    def folding(self) -> Folding:
        if self.start is not None:
            depth, expand = self.start
            folding = fold(self.view, depth, expand, **self.rules)
            self.opened, self.start = folding.opened, None
            return folding
        return fold(self.view, opened=self.opened, **self.rules)

    @cached_property
    def scene(self) -> Scene:
        return scene_of(self.folding, find_coloring(self.color, self.folding, self.costs), self.emphasis)

    def svg(self) -> str:
        return drawing_svg(scene_drawing(self.scene, self.theme), self.zoom)

    @cached_property
    def navigation(self) -> dict[str, dict[str, Any]]:
        return navigation(self.scene, self.folding)

    def changed(self, *, content: bool = False) -> None:
        """Forget what has to be drawn anew."""
        self.redraw()
        for name in ("folding", *(("view",) if content else ())):
            self.__dict__.pop(name, None)

    def redraw(self) -> None:
        """Forget the drawing alone: colours or emphasis have changed."""
        for name in ("scene", "navigation"):
            self.__dict__.pop(name, None)

    # ---- opening and closing --------------------------------------------------------------------------------------

    def toggle(self, box: str) -> str:
        """Open a folded scope or close an open one; return what happened, in words.

        A picture that would get too large stays as it is.
        """
        before = self.opened
        label = box.rstrip("/")
        if self.folding.is_open(box):
            inside = set(self.folding.children.get(box, ())) if box in self.folding.stacks else set()
            self.opened = before - {box} - inside
            self.changed()
            return f"closed {label}"
        if not box.endswith("/") or box not in self.folding.members:
            return f"{label} is one operation; there is nothing inside to open"
        self.opened = before | {box}
        refused = self.refuse(before)
        return refused or f"opened {label}: {count(len(self.folding.children.get(box, ())), 'box')} inside"

    def refuse(self, before: frozenset[str]) -> str:
        """Go back to the scopes that were open `before` if there are too many boxes now, and say so."""
        self.changed()
        boxes = count_boxes(self.folding)
        if boxes <= MAX_BOXES:
            return ""
        self.opened = before
        self.changed()
        return f"{boxes:,} boxes would be more than anybody can read (the limit is {MAX_BOXES:,}); the picture stays as it was"

    def close_all(self) -> str:
        """Close every scope that the reader has opened."""
        self.opened = self.initial
        self.changed()
        return "all scopes as in the beginning"

    def reveal(self, name: str) -> str:
        """Open the scopes around an operation until it has a box of its own; return that box (or the nearest)."""
        if name not in self.view.by_name:
            if name not in self.whole.by_name:
                return ""
            self.forward = False  # what a link leads to is shown, even if it is not part of the model
            self.changed(content=True)
        before = self.opened
        for _ in range(64):
            box = self.folding.chains[name][-1]
            if box == name or self.is_leaf(box, name):
                return box
            self.opened |= {box}
            if self.refuse(before):
                break
        return self.folding.chains[name][-1]

    def is_leaf(self, box: str, name: str) -> bool:
        """Whether a folded box already looks like the operation: a variable and its helpers."""
        return box.rstrip("/") == name and self.folding.is_family(box) and not self.folding.is_open(box)

    # ---- looking --------------------------------------------------------------------------------------------------

    def select(self, box: str | None) -> list[Record]:
        """Make a box the selected one; return the records of its panel."""
        self.selected = box if box in self.folding.paths else None
        return self.panel.records(self.selected, self.folding) if self.selected is not None else []

    def operation(self, box: str | None) -> str | None:
        """The operation that a box looks like, None for a scope."""
        node = Labels(self.folding).node_of(box) if box in self.folding.paths and box is not None else None
        return node.name if node is not None else None

    def members(self, box: str) -> list[str]:
        """The operations that a way from or to a box is about: its own, or all inside a scope."""
        name = self.operation(box)
        return [name] if name is not None else list(self.folding.members.get(box, ()))

    def search(self, query: str) -> tuple[list[Record], str]:
        """Links to the operations that fit a query, and how many there are in words."""
        names, total = find_nodes(self.whole, query)
        links = [{"name": name, "text": name, "detail": self.whole.by_name[name].type} for name in names]
        if not query.strip():
            return [], ""
        found = count(total, "operation") if total else "no operation"
        return links, f"{found} found" + (f", the first {len(names)} shown" if total > len(names) else "")

    def trace(self, names: Sequence[str], label: str) -> str:
        """Bring out all that leads to some operations."""
        return self.bring_out(Emphasis(needed(self.view, names), f"leading to {label}", is_way=True))

    def need(self, names: Sequence[str], label: str) -> str:
        """Bring out what `session.run` of some operations would run; what it would leave out steps back."""
        fed = [name for name in self.fed if name in self.view.by_name and name not in names]
        behind = f", fed {', '.join(fed)}" if fed else ""
        return self.bring_out(Emphasis(needed(self.view, names, fed), f"needed for {label}{behind}"))

    def path(self, start: Sequence[str], end: Sequence[str], label: str) -> str:
        """Bring out the ways from one operation (or scope) to another; the other way round if there is none."""
        for sources, targets in ((start, end), (end, start)):
            names = frozenset(name for one in sources for two in targets for name in between(self.view, one, two))
            if names:
                words = self.bring_out(Emphasis(names, f"on a way {label}", is_way=True))
                way = shortest_way(self.view, sources[0], targets[0])
                return words + (f"; the shortest has {count(len(way) - 1, 'step')}" if len(way) > 1 else "")
        return f"there is no way {label}"

    def bring_out(self, emphasis: Emphasis | None) -> str:
        """Let some operations stand out, or none."""
        self.emphasis = emphasis
        self.redraw()
        if emphasis is None:
            return "all operations shown alike"
        return f"{len(emphasis.names):,} of {count(len(self.view.nodes), 'operation')} {emphasis.words}"

    def set_forward(self, forward: bool) -> str:
        """Show the model alone, or all."""
        before, self.forward = self.forward, forward
        self.changed(content=True)
        if count_boxes(self.folding) > MAX_BOXES:
            self.forward = before
            self.changed(content=True)
            return "the whole graph would have too many boxes; close some scopes first"
        if self.emphasis is not None:
            self.bring_out(None)
        return "the model alone" if forward else "everything: gradients, optimizer and initial values too"

    def set_color(self, color: str) -> str:
        """Colour by one of `COLORS`."""
        if color not in COLORS:
            return f"no colours by {color}"
        self.color = color
        self.redraw()
        return f"colours by {color}" if color != "kind" else "colours by kind of operation"

    def colors(self) -> list[str]:
        """The colourings there is something to show for."""
        found = ["kind", "structure"]
        if any(node.device for node in self.whole.nodes):
            found.append("device")
        return found + (["time", "memory"] if self.costs else [])

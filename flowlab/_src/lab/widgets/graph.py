"""The living picture of a graph: passes clicks and keys on to an `Explorer`, and what it says back to the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import traitlets

from flowlab._src.lab.explore import Explorer
from flowlab._src.lab.picture import scene_drawing
from flowlab._src.lab.png import drawing_png
from flowlab._src.lab.widgets.assets import script, style
from flowlab._src.lab.widgets.view import ViewWidget

HELP = (
    "Tab goes into the picture and out of it. Arrows: up to an input, down to a consumer, left and right along the row, Page Down to the next box. "
    "Enter opens and closes a scope, Escape goes to the scope around. "
    "/ searches, t traces inputs, n shows what is needed, p marks the start of a path, c closes all, + - 0 zoom."
)


class GraphWidget(ViewWidget):
    """One picture of a graph in a page.

    `scene` holds the drawing and the neighbours of each box, `panel` the records of the selected box, `found` the
    results of a search, `controls` what the buttons show.
    """

    _esm = script("picture.js", "graph.js")
    _css = style("picture.css", "graph.css")

    scene = traitlets.Dict().tag(sync=True)
    panel: Any = traitlets.List().tag(sync=True)
    found = traitlets.Dict().tag(sync=True)
    controls = traitlets.Dict().tag(sync=True)
    selected = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    follows = traitlets.Bool(False).tag(sync=True)

    def __init__(self, picture: Any) -> None:
        self.explorer: Explorer = picture.explorer
        self.path_start: str | None = None
        self.landing: str | None = None  # the box that shall get the focus
        super().__init__(picture, follows=picture.follows_page)
        with self.hold_sync():
            self.draw()
            self.say = picture.note or self.explorer.scene.caption
        self.on_msg(self.receive)

    # ---- to the page ----------------------------------------------------------------------------------------------

    def draw(self) -> None:
        """Send the picture as it is now."""
        explorer = self.explorer
        self.scene = {"svg": explorer.svg(), "boxes": explorer.navigation}
        self.refresh()

    def refresh(self) -> None:
        """Send what the buttons and the panel show."""
        explorer = self.explorer
        if explorer.selected is not None and explorer.selected not in explorer.folding.paths:
            explorer.selected = None
        self.selected = explorer.selected
        self.panel = explorer.select(explorer.selected)
        self.controls = {
            "forward": explorer.forward,
            "color": explorer.color,
            "colors": explorer.colors(),
            "emphasis": explorer.emphasis.words if explorer.emphasis else "",
            "start": self.path_start or "",
            "name": self.name_of(explorer.selected),
            "help": HELP,
        }

    def name_of(self, box: str | None) -> str:
        if box is None:
            return ""
        return self.explorer.operation(box) or box.rstrip("/") or box

    # ---- from the page --------------------------------------------------------------------------------------------

    def answer(self, word: Any, handler: Callable[[str], None], text: str) -> None:
        super().answer(word, handler, text)
        if self.landing is not None:  # after the picture in which that box is
            self.send({"focus": self.landing})
            self.landing = None

    def on_select(self, box: str) -> None:
        """A box was clicked, or reached with the arrows."""
        self.explorer.selected = box if box in self.explorer.folding.paths else None
        self.refresh()
        if self.explorer.selected is not None:
            self.say = self.explorer.navigation[box]["label"]

    def on_open(self, box: str) -> None:
        """Open a folded scope, close an open one."""
        if box not in self.explorer.folding.paths:
            return
        self.explorer.selected = box
        words = self.explorer.toggle(box)
        if box not in self.explorer.folding.paths:
            self.explorer.selected = None
        self.draw()
        self.say = words

    def on_go(self, name: str) -> None:
        """Follow a link to an operation: open the scopes around it and select it."""
        box = self.explorer.reveal(name)
        if not box:
            self.say = "the picture has no such operation"
            return
        self.explorer.selected = box
        self.landing = box
        self.draw()
        self.say = f"at {name}"

    def on_search(self, query: str) -> None:
        links, words = self.explorer.search(query)
        self.found = {"query": query, "links": links}
        if words:
            self.say = words

    def on_trace(self, box: str) -> None:
        self.bring_out(box, self.explorer.trace)

    def on_need(self, box: str) -> None:
        self.bring_out(box, self.explorer.need)

    def bring_out(self, box: str, way: Any) -> None:
        if box in self.explorer.folding.paths:
            words = way(self.explorer.members(box), self.name_of(box))
            self.draw()
            self.say = words

    def on_start(self, box: str) -> None:
        """Remember where a path begins."""
        self.path_start = box if box in self.explorer.folding.paths else None
        self.refresh()
        self.say = f"path from {self.name_of(box)}: select where it ends and press p again" if self.path_start else ""

    def on_path(self, box: str) -> None:
        """Show the ways between the remembered box and this one."""
        start, self.path_start = self.path_start, None
        paths = self.explorer.folding.paths
        if start not in paths or box not in paths or start == box or start is None:
            self.refresh()
            self.say = "no path: select where it begins, press p, select where it ends, press p"
            return
        label = f"from {self.name_of(start)} to {self.name_of(box)}"
        words = self.explorer.path(self.explorer.members(start), self.explorer.members(box), label)
        self.draw()
        self.say = words

    def on_all(self, _text: str) -> None:
        """Bring out nothing any more."""
        words = self.explorer.bring_out(None)
        self.draw()
        self.say = words

    def on_close(self, _text: str) -> None:
        words = self.explorer.close_all()
        self.draw()
        self.say = words

    def on_forward(self, text: str) -> None:
        words = self.explorer.set_forward(text == "on")
        self.draw()
        self.say = words

    def on_color(self, text: str) -> None:
        words = self.explorer.set_color(text)
        self.draw()
        self.say = words

    def on_png(self, _text: str) -> None:
        """The page asks for the picture as PNG, to offer it as a file."""
        drawing = scene_drawing(self.explorer.scene, self.explorer.theme)
        self.send({"file": "graph.png"}, [drawing_png(drawing, self.explorer.zoom)])

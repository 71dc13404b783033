"""`tf.explain()`: the story behind an error or a lint, with the part of the graph where it happened."""

from __future__ import annotations

import html
import re
import sys
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.graph import Graph
from flowlab._src.lab.explore import Explorer
from flowlab._src.lab.live import in_kernel
from flowlab._src.lab.picture import scene_drawing
from flowlab._src.lab.png import drawing_png
from flowlab._src.lab.scene import Scene
from flowlab._src.lab.settings import find_theme
from flowlab._src.lab.svg import drawing_svg
from flowlab._src.lab.views import GraphView, NodeRecord, graph_view
from flowlab._src.util.export import export
from flowlab._src.util.misconceptions import Misconception, catalogue
from flowlab._src.util.notes import last
from flowlab._src.util.text import did_you_mean

FAILING = "!"  # the sign on the failing node
AROUND = 12  # operations in a fragment at most
REFUSED = re.compile(r"for '([^']+)' \(op: '(\w+)'\)")
FLOWED = re.compile(r"'([^':]+):(\d+)' (?:\(your \w+\) )?\w+ \(([\d, ]*)\)")
QUOTED = re.compile(r"'([\w.][\w./\\>-]*?)(?::\d+)?'")


@export("lab.Story")
class Story:
    """What `tf.explain` returns: words for everybody, and a picture where the graph had a part in it.

    Attributes
    ----------
    title : str
    message : str
        The error's first line; empty for a code.
    parts : dict
        The lines of its note: Why, Where, Inputs, Try.
    row : Misconception or None
    view : GraphView
        The fragment of the graph; empty if there is nothing to draw.
    failing : str
        The name of the failing node in it.
    """

    def __init__(
        self,
        message: str,
        parts: dict[str, str],
        row: Misconception | None,
        view: GraphView | None = None,
        failing: str = "",
    ) -> None:
        self.message, self.row = message, row
        self.parts = {key: text for key, text in parts.items() if key not in ("Code", "More")}
        self.title = f"{row.code}: {row.title}" if row is not None else "the last error"
        self.view = view if view is not None else GraphView(())
        self.failing = failing

    @property
    def scene(self) -> Scene:
        """The fragment, laid out; the failing node has a heavy border and a sign."""
        explorer = Explorer(self.view, depth=9, side=False, stack=False)
        scene = explorer.scene
        boxes = [
            replace(box, badge=FAILING, state="lit") if box.id == self.failing and not box.is_open else box
            for box in scene.boxes
        ]
        return replace(scene, boxes=tuple(boxes) if isinstance(scene.boxes, tuple) else boxes)

    def svg(self, zoom: float = 1.3) -> str:
        """The fragment as SVG text."""
        return drawing_svg(self._drawing(), zoom)

    def _drawing(self) -> Any:
        title = f"where it failed: {self.failing}" if self.failing else "the part of the graph"
        return scene_drawing(self.scene, find_theme(None), title)

    def __repr__(self) -> str:
        lines = [self.title]
        if self.message:
            lines += ["", self.message]
        lines += [f"  {key:<7} {text}" for key, text in self.parts.items()]
        if self.row is not None:
            lines += ["", self.row.story, "", f"Lesson {self.row.lesson:02} treats it."]
        if self.view.nodes:
            lines += ["", "In the graph:", *map(self._in_words, self.view.nodes)]
        return "\n".join(lines)

    def _in_words(self, node: NodeRecord) -> str:
        mark = FAILING if node.name == self.failing else " "
        inputs = ", ".join(f"{name} {self._shape_of(name, index)}".rstrip() for name, index in node.inputs)
        return f"{mark} {node.name}  {node.type}" + (f"  <- {inputs}" if inputs else "")

    def _shape_of(self, name: str, index: int) -> str:
        from flowlab._src.lab.views import shape_text

        node = self.view.by_name.get(name)
        return shape_text(node.outputs[index].shape) if node is not None and index < len(node.outputs) else ""

    def _repr_html_(self) -> str:
        """The words with the picture below them; all text is escaped."""
        esc = html.escape
        rows = "".join(
            f"<tr><th style='text-align:left;vertical-align:top;padding-right:1em'>{key}</th>"
            f"<td style='text-align:left'>{'<code>' + esc(text) + '</code>' if key == 'Try' else esc(text)}</td></tr>"
            for key, text in self.parts.items()
        )
        message = f"<p><code>{esc(self.message)}</code></p>" if self.message else ""
        story = f"<p>{esc(self.row.story)}</p><p>Lesson {self.row.lesson:02} treats it.</p>" if self.row else ""
        picture = self.svg() if self.view.nodes else ""
        return (
            f"<section aria-label='{esc(self.title, quote=True)}'><h4>{esc(self.title)}</h4>{message}"
            f"<table>{rows}</table>{story}{picture}</section>"
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        makers: dict[str, Any] = {"text/plain": self.__repr__, "text/html": self._repr_html_}
        if self.view.nodes:
            makers["image/svg+xml"] = self.svg
            if in_kernel() or (include and "image/png" in include):
                makers["image/png"] = lambda: drawing_png(self._drawing(), 1.3)
        return {
            kind: make()
            for kind, make in makers.items()
            if (not include or kind in include) and kind not in (exclude or ())
        }


@export("explain")
def explain(error: BaseException | str | None = None) -> Story:
    """Tell the story behind an error: what was believed, what is so, and where in the graph it happened.

    Parameters
    ----------
    error : exception or str, optional
        By default the error that was raised last. A string is a code: "FL-M01" of an error, "FL106" of a lint.

    Returns
    -------
    Story
        A notebook shows it with a picture: the failing node has a heavy border and the sign "!", the shapes stand
        on its edges.

    Raises
    ------
    ValueError
        If there was no error, or there is no such code.

    Examples
    --------
    >>> print(tf.explain("FL119"))
    FL-M19: an assignment that never runs
    <BLANKLINE>
    w.assign(100) adds a node; the variable changes when that node runs. A line that throws the node away cannot be run any
    more.
    <BLANKLINE>
    Lesson 03 treats it.
    """
    if isinstance(error, str):
        return Story("", {}, find_row(error))
    if error is not None and not isinstance(error, BaseException):
        raise TypeError(f'tf.explain takes an exception or a code such as "FL-M01"; it got {error!r}.')
    if error is None:
        error = next((e for e in (sys.exc_info()[1], getattr(sys, "last_value", None)) if hasattr(e, "flow")), None)
    rows = catalogue()
    if error is not None:
        parts = getattr(error, "flow", {})
        row = rows.get(parts.get("Code", "").removeprefix("FL-"))
        message = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        node = getattr(error, "op", None)
    elif last.kind:
        parts, row = last.parts, rows.get(last.id)
        message = f"{last.kind}: {last.message.splitlines()[0] if last.message else ''}"
        node = last.node() if last.node is not None else None
    else:
        raise ValueError('There was no error yet. tf.explain("FL-M01") tells the story of a code.')
    view, failing = fragment(message, parts, node)
    return Story(message, parts, row, view, failing)


def find_row(code: str) -> Misconception:
    """The row of the catalogue behind a code."""
    wanted = code.strip().upper().removeprefix("FL-")
    known: dict[str, Misconception] = {}
    for row in catalogue().values():
        known[row.id] = row
        if row.lint:
            known[row.lint] = row
    if wanted not in known:
        raise ValueError(f"There is no code {code!r}. {did_you_mean(wanted, known)}")
    return known[wanted]


def fragment(message: str, parts: dict[str, str], node: Any) -> tuple[GraphView | None, str]:
    """The operations around the failing one, and its name. One that was refused while building is drawn all the same."""
    graph: Graph = node.graph if node is not None else get_default_graph()
    if graph.eager:
        return None, ""
    view = graph_view(graph)
    told = " ".join([message, parts.get("Why", ""), parts.get("Inputs", "")])
    named = [name for name in dict.fromkeys(QUOTED.findall(told)) if name in view.by_name]
    refused = REFUSED.search(message)
    if node is None and refused is not None:
        inputs = [name for name in dict.fromkeys(QUOTED.findall(parts.get("Inputs", ""))) if name in view.by_name]
        kept = around(view, inputs)
        ghost = NodeRecord(
            refused[1] if refused[1] not in kept else f"{refused[1]} (refused)",
            refused[2],
            tuple((name, 0) for name in inputs),
        )
        return GraphView((*(n for n in view.nodes if n.name in kept), ghost)) if inputs else None, ghost.name
    failing = node.name if node is not None else named[0] if named else ""
    if failing not in view.by_name:
        return None, ""
    kept = around(view, [failing, *named])
    return with_shapes(
        view.without(name for name in view.by_name if name not in kept), parts.get("Inputs", "")
    ), failing


def with_shapes(view: GraphView, inputs: str) -> GraphView:
    """The view with the shapes that flowed in the run, as the line Inputs tells them."""
    flowed = {(name, int(index)): dims for name, index, dims in FLOWED.findall(inputs)}
    nodes = []
    for node in view.nodes:
        outputs = [
            replace(record, shape=tuple(int(size) for size in flowed[node.name, k].replace(" ", "").split(",") if size))
            if (node.name, k) in flowed
            else record
            for k, record in enumerate(node.outputs)
        ]
        nodes.append(replace(node, outputs=tuple(outputs)))
    return GraphView(tuple(nodes))


def around(view: GraphView, names: Iterable[str]) -> set[str]:
    """Some operations, what they read, and what that reads, as far as a small picture goes."""
    kept: dict[str, None] = dict.fromkeys(names)
    edge = list(kept)
    for _ in range(2):
        edge = [
            name
            for here in edge
            if here in view.by_name
            for name, _ in view.by_name[here].inputs
            if name in view.by_name
        ]
        for name in edge:
            if len(kept) < AROUND:
                kept[name] = None
    return set(kept)

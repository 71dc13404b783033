"""`tf.explain()`: the story behind an error or a lint, with the part of the graph where it happened."""

from __future__ import annotations

import html
import re
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

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


# Colours come from JupyterLab's own variables, or from the page that the note stands in.
CARD = "border-left:4px solid var(--jp-error-color1,#c0392b);padding:2px 0 2px 14px;max-width:60em;line-height:1.5"
MESSAGE = "white-space:pre-wrap;overflow-wrap:anywhere;margin:0.4em 0;color:inherit;background:none;padding:0"
LINK = "color:var(--jp-content-link-color,currentColor);text-decoration:underline"
ROWS = "display:grid;grid-template-columns:max-content 1fr;gap:0.3em 1.2em;margin:0.6em 0"
PASTE = (
    "white-space:pre-wrap;user-select:all;padding:2px 6px;border-radius:3px;color:inherit;"
    "background:none;border:1px solid var(--jp-border-color1,#8888)"
)


def definition(key: str, text: str) -> str:
    """One line of the note; a click selects the whole line to paste, without its comment."""
    code, sign, comment = text.partition("  # ") if key == "Try" else (text, "", "")
    told = html.escape(code)
    if key == "Try":
        told = f"<code style='{PASTE}'>{told}</code>" + (f" &ensp;{html.escape(comment)}" if sign else "")
    return f"<dd style='margin:0;overflow-wrap:anywhere'>{told}</dd>"


def lesson_link(number: int) -> str:
    """The lesson, as a link where its notebook lies here or in a folder `notebooks`."""
    for folder in ("", "notebooks", "../notebooks"):
        found = sorted(Path(folder).glob(f"{number:02}_*.ipynb"))
        if found:
            return (
                f"<a style='{LINK}' href='{html.escape(quote(found[0].as_posix()), quote=True)}'>Lesson {number:02}</a>"
            )
    return f"Lesson {number:02}"


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
        self.title = f"{row.code}: {row.title}" if row is not None else message.partition(":")[0] or "the last error"
        self.view = view if view is not None else GraphView(())
        self.failing = failing

    @property
    def scene(self) -> Scene:
        """The fragment, laid out; the failing node has a heavy border and a sign."""
        explorer = Explorer(self.view, depth=9, side=False, stack=False)
        scene = explorer.scene
        boxes = [
            replace(box, badge=FAILING, state="failing") if box.id == self.failing and not box.is_open else box
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
        """The words with the picture between them; all text is escaped, and the colours are those of the page."""
        esc = html.escape
        message = f"<pre style='{MESSAGE}'>{esc(self.message)}</pre>" if self.message else ""
        rows = "".join(
            f"<dt style='font-weight:600'>{key}</dt>{definition(key, text)}" for key, text in self.parts.items()
        )
        listed = f"<dl style='{ROWS}'>{rows}</dl>" if rows else ""
        picture = ""
        if self.view.nodes:
            picture = f"<figure style='margin:0.8em 0'>{self.svg()}<figcaption style='margin-top:0.3em'>{esc(self.legend)}</figcaption></figure>"
        story = f"<p>{esc(self.row.story)}</p><p>{lesson_link(self.row.lesson)} treats it.</p>" if self.row else ""
        title = esc(self.title, quote=True)
        return (
            f"<section role='region' aria-label='{title}' style='{CARD}'><h4 style='margin:0.2em 0 0.5em'>{title}</h4>"
            f"{message}{listed}{picture}{story}</section>"
        )

    @property
    def legend(self) -> str:
        """What the picture shows, in words."""
        refused = self.failing and not self.view.by_name[self.failing].outputs
        sign = f"{FAILING} marks {self.failing}" + (", which was refused and is not in the graph" if refused else "")
        return f"{sign}; the shapes stand on the edges and in the boxes." if self.failing else "The part of the graph."

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
        if not inputs:
            return None, ""
        return GraphView((*view.without(set(view.by_name) - kept).nodes, ghost)), ghost.name
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
    reads = [view.by_name[name] for name in kept if name.endswith("/read") and name in view.by_name]
    return {*kept, *(name for read in reads for name, _ in read.inputs)}  # a variable and its reading are one thing

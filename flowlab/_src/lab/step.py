"""`tf.lab.step`: walk through `sess.run`, one instruction at a time, forward and back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from flowlab._src.graph.operation import Operation
from flowlab._src.lab.drawing import Drawing
from flowlab._src.lab.explore import Explorer
from flowlab._src.lab.folding import Folding
from flowlab._src.lab.in_place import show_in_place, with_widget
from flowlab._src.lab.labels import count
from flowlab._src.lab.live import after_this_cell, has_page
from flowlab._src.lab.panel import Panel
from flowlab._src.lab.png import drawing_png
from flowlab._src.lab.roles import FORWARD
from flowlab._src.lab.scene import Emphasis, Scene
from flowlab._src.lab.settings import find_theme, find_zoom
from flowlab._src.lab.step_input import TypedError, read_break, read_value
from flowlab._src.lab.step_marks import Mark, base_drawing, marks_drawing, with_marks, with_room
from flowlab._src.lab.step_view import (
    Snapshot,
    body_operations,
    box_mark,
    irreversible_text,
    iterations_text,
    log_lines,
    moment_text,
    needed_operations,
    next_text,
    position_text,
    run_records,
    structure_text,
    table_text,
    variable_rows,
    watch_rows,
)
from flowlab._src.lab.still import still_bundle
from flowlab._src.lab.svg import drawing_svg
from flowlab._src.lab.values import Record
from flowlab._src.lab.views import graph_view
from flowlab._src.runtime.session import Session
from flowlab._src.runtime.stepper import Condition, Moment, Stepper as RunStepper
from flowlab._src.util.export import export

OPEN_ALL = 40  # a run of so few operations is shown with all name scopes open
LEFT_OUT = 12  # so many operations that are not needed are still drawn, to show that they are not
PAUSE_AFTER = 20_000  # instructions in one go
WAIT = 3.0  # seconds for an empty or full queue
PNG_BOXES = 600


@export("lab.Stepper")
class Stepper(RunStepper):
    """A run that waits after each instruction, as `tf.lab.step` returns it.

    In a notebook page it is alive, with buttons and keys; the methods do the same from a cell: `step`, `back`, `over`,
    `out`, `run_to`, `finish`, `run_to_nan`, `restart`, `override`, `watch`, `break_at`, `value`, `changes`, `result`.

    Attributes
    ----------
    explorer : Explorer
        The picture: which scopes are open.
    walked : int or None
        How many operations of the walk back from the fetch are shown; None once the run goes forward.
    selected : str or None
        The operation that the panel tells of; None: the one that ran last.
    """

    def __init__(
        self,
        session: Any,
        fetches: Any,
        feed_dict: dict[Any, Any] | None = None,
        handle: str | None = None,
        *,
        depth: int | None = None,
        expand: Sequence[str] = (),
        whole: bool | None = None,
        zoom: float | None = None,
        theme: str | None = None,
        static: bool | None = None,
    ) -> None:
        super().__init__(session, fetches, feed_dict, handle)
        self.limit, self.patience = PAUSE_AFTER, WAIT
        self.zoom = zoom = find_zoom(zoom)
        self.theme = find_theme(theme)
        self.follows_page = theme is None
        self.static = static
        self.walked: int | None = 0
        self.selected: str | None = None
        self.note = ""
        self.breaks: list[str] = []
        self.lock = threading.RLock()
        self._widget: Any = None
        self.is_told = False  # whether the page will be told at the end of this cell
        self.needed = needed_operations(self)
        names = {op.name for op in self.needed}
        view = graph_view(session.graph)
        shown = {node.name for node in view.nodes} & names
        if not (whole or (whole is None and len(view.nodes) - len(shown) <= LEFT_OUT)):
            view = view.without(node.name for node in view.nodes if node.name not in shown)
        if depth is None and len(shown) <= OPEN_ALL:
            depth = 9
        self.panel = Panel(view, session.graph, theme=self.theme)
        self.explorer = Explorer(view, depth=depth, expand=expand, panel=self.panel, theme=self.theme, zoom=zoom)
        self.fetched = ", ".join(node.name for node, reason in self.walk if reason is None) or "what is fed"
        self.explorer.emphasis = Emphasis(frozenset(shown), f"needed for {self.fetched}")

    # ---- the walk back ------------------------------------------------------------------------------------------

    @cached_property
    def walk(self) -> list[tuple[Operation, Operation | None]]:
        """The walk from the fetch back to what it needs: each operation, and the one for whose sake it is needed."""
        return self.backward_walk()

    def walk_back(self) -> str:
        """Show one more operation of the walk back from the fetch; return what was found, in words."""
        if self.position:
            return "the walk back comes before the run; restart first"
        self.walked = min((self.walked if self.walked is not None else len(self.walk)) + 1, len(self.walk) + 1)
        return self.walk_text()

    def walk_text(self) -> str:
        if not self.walked:
            return f"fetch: {self.fetched}. What does it need?"
        if self.walked > len(self.walk):
            self.walked = len(self.walk)
            return f"the walk is over: {count(len(self.nodes), 'operation')} will run; forward from here"
        node, reason = self.walk[self.walked - 1]
        if reason is None:
            return f"the fetch: {node.name}"
        return f"{reason.name} needs {node.name}"

    # ---- moving: as the run stepper does, and with the picture ----------------------------------------------------

    def tell_page(self) -> None:
        """When a cell has moved the run, the page shows it at the end of the cell."""
        if self._widget is not None and not self._widget.is_moving and not self.is_told:
            self.is_told = after_this_cell(self.refresh)

    def refresh(self) -> None:
        """Show where the run is now, in the page that shows this stepper."""
        self.is_told = False
        if self._widget is not None:
            self._widget.draw()

    def step(self) -> Moment | None:
        self.tell_page()
        self.walked = None
        return super().step()

    def back(self) -> Moment | None:
        self.tell_page()
        moment = super().back()
        if moment is None and self.walked is None:
            self.walked = len(self.walk)
        elif moment is None and self.walked:
            self.walked -= 1
        return moment

    def restart(self) -> None:
        """Back to the beginning: variables get the values that they had before this run."""
        self.tell_page()
        while self.position:
            super().back()
        self.walked = 0

    def override(self, tensor: Any, value: Any) -> Moment:
        self.tell_page()
        self.walked = None
        return super().override(tensor, value)

    def watch(self, tensor: Any) -> None:
        self.tell_page()
        super().watch(tensor)

    def is_folded(self, node: Operation) -> bool:
        """Whether the body of a branch or loop is hidden in one box with its operation."""
        chains = self.explorer.folding.chains
        if node.name not in chains:
            return False
        return {chains[op.name][-1] for op in body_operations(node) if op.name in chains} <= {chains[node.name][-1]}

    def next(self) -> Moment | None:
        """One step as the picture shows it: a branch or loop that is folded runs as a whole."""
        node = self.next_node
        if node is not None and node.definition.nested and self.is_folded(node):
            return self.over()
        return self.step()

    def into(self) -> Moment | None:
        """Go into the branch or loop that comes next, and open it in the picture. Anything else is one step."""
        node = self.next_node
        moment = self.step()
        if node is not None and moment is not None and moment.kind == "enter":
            for op in [*body_operations(node)[:1], self.next_node]:
                if op is not None and op.name in self.explorer.whole.by_name:
                    self.explorer.reveal(op.name)
        return moment

    def break_at(self, target: Any = None, op_type: str | None = None, when: Condition | None = None) -> None:
        super().break_at(target, op_type, when)
        place = "if a condition holds" if target is None and op_type is None else ""
        name = target if isinstance(target, str) else getattr(target, "name", None)
        self.breaks.append(place or (f"after {name}" if op_type is None else f"after each {op_type}"))

    def break_typed(self, text: str) -> str:
        """A breakpoint as it is typed into the page: a name, an operation type, a condition such as "max > 100"."""
        arguments, words = read_break(text, self.session.graph)
        if words in self.breaks:
            self.drop_breakpoint(self.breaks.index(words))
            return f"no more stop {words}"
        self.break_at(**arguments)
        self.breaks[-1] = words
        return f"stops {words}"

    def drop_breakpoint(self, number: int) -> None:
        del self._breakpoints[number], self.breaks[number]

    def clear_breakpoints(self) -> None:
        super().clear_breakpoints()
        self.breaks.clear()

    def override_typed(self, name: str, text: str) -> str:
        """Replace the first output of an operation by a typed value."""
        tensor = self._tensor(name)
        value = read_value(text, tensor)
        try:
            return moment_text(self.override(tensor, value))
        except (LookupError, RuntimeError, ValueError, TypeError) as error:
            raise TypedError(str(error.args[0] if error.args else error).splitlines()[0]) from error

    # ---- the picture --------------------------------------------------------------------------------------------

    @property
    def folding(self) -> Folding:
        return self.explorer.folding

    @property
    def scene(self) -> Scene:
        """Boxes and lines with their places, moved aside for the arrow at what is next."""
        return with_room(self.explorer.scene)

    def snapshot(self) -> Snapshot:
        return Snapshot(self, self.needed)

    def marks(self, snapshot: Snapshot) -> dict[str, Mark]:
        """The mark of each visible box. While the walk back is shown, only of what it has found."""
        found = {box: box_mark(box, self.folding, snapshot) for box in self.folding.paths}
        if self.walked is None or self.walked >= len(self.walk):
            return found
        boxes = {self.folding.chains[name][-1] for name in self.found() if name in self.folding.chains}
        return {
            box: Mark("waiting", value=mark.value) if mark.state in ("next", "waiting") else mark
            for box, mark in found.items()
            if box in boxes or mark.state == "fed"
        }

    def found(self) -> list[str]:
        """What the walk back has found so far."""
        return [node.name for node, _ in self.walk[: self.walked]]

    def layer(self, snapshot: Snapshot, scene: Scene, is_static: bool = False) -> Drawing:
        """The marks."""
        pairs: list[tuple[str, str]] = []
        focus = ""
        walked = 0 if is_static else self.walked
        if walked:
            chains = self.folding.chains
            for node, reason in self.walk[:walked]:
                if reason is not None and node.name in chains and reason.name in chains:
                    pairs.append((chains[node.name][-1], chains[reason.name][-1]))
            last = self.walk[walked - 1][0].name
            focus = chains[last][-1] if last in chains and walked < len(self.walk) else ""
        marks = {box: box_mark(box, self.folding, snapshot) for box in self.folding.paths} if is_static else None
        return marks_drawing(scene, self.marks(snapshot) if marks is None else marks, self.theme, pairs, focus)

    def base(self, scene: Scene) -> Drawing:
        return base_drawing(scene, self.theme, f"run of {self.fetched}")

    def drawing(self) -> Drawing:
        """Picture and marks in one, as files and stored notebooks get it."""
        scene = self.scene
        return with_marks(self.base(scene), self.layer(self.snapshot(), scene, is_static=True))

    def svg(self) -> str:
        """The picture as SVG text."""
        return drawing_svg(self.drawing(), self.zoom)

    def png(self) -> bytes:
        """The picture as PNG, two dots to the pixel."""
        return drawing_png(self.drawing(), self.zoom)

    def save(self, path: str | Path) -> Path:
        """Write the picture to a file; the ending .svg, .png or .txt says how."""
        path = Path(path)
        writers: dict[str, Callable[[], str | bytes]] = {
            ".svg": self.svg,
            ".png": self.png,
            ".txt": lambda: f"{self}\n",
        }
        if path.suffix not in writers:
            raise ValueError(f"Give the file {path.name!r} an ending that says what to write: .svg, .png or .txt.")
        content = writers[path.suffix]()
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    def __repr__(self) -> str:
        return table_text(self, self.walk, self.snapshot())

    def widget(self) -> Any:
        """The living stepper: an ipywidgets widget."""
        if self._widget is None:
            from flowlab._src.lab.widgets.stepper import StepperWidget

            self._widget = StepperWidget(self)
        return self._widget

    def _ipython_display_(self) -> None:
        """In a page the widget takes the place of the picture; elsewhere the mimebundle is shown."""
        show_in_place(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """Widget, SVG, a PNG for notebooks that are not trusted, and words."""
        bundle = still_bundle(self, include, exclude, with_png=len(self.scene.boxes) <= PNG_BOXES)
        is_living = not include and (has_page() if self.static is None else not self.static)
        return with_widget(bundle, self) if is_living else bundle

    # ---- the state as a plain dict ------------------------------------------------------------------------------

    def current(self) -> str | None:
        """The operation that the panel tells of: the selected one, else what ran last, else what comes next."""
        if self.selected is not None:
            return self.selected
        if self.walked:
            return self.walk[min(self.walked, len(self.walk)) - 1][0].name
        if self.position:
            return self.log[self.position - 1].node.name
        return self.next_node.name if self.next_node is not None else None

    def state(self) -> dict[str, Any]:
        """All that a page shows besides the picture itself: marks, panel, lists, what the buttons can do."""
        snapshot = self.snapshot()
        scene = self.scene
        name = self.current()
        self.panel.values, self.panel.costs = snapshot.values, {}
        failed = bool(self.past) and self.past[-1].kind == "error"
        following = self.next_node
        return {
            "marks": drawing_svg(self.layer(snapshot, scene)),
            "phase": "walk" if self.walked is not None else "error" if failed else "end" if self.finished else "run",
            "position": position_text(self),
            "next": next_text(self)
            if self.walked is None
            else f"walk back: {min(self.walked, len(self.walk))} of {len(self.walk)} found",
            "iterations": iterations_text(self),
            "current": name or "",
            "next_box": self.box_of(following.name) if following is not None and self.walked is None else "",
            "at": self.present_box(),
            "selected": self.selected or "",
            "panel": self.panel_records(name, snapshot) if name else [],
            "watch": watch_rows(self),
            "variables": variable_rows(self),
            "log": log_lines(self),
            "breaks": list(self.breaks),
            "irreversible": irreversible_text(self),
            "result": self.result_text(),
            "can": {
                "back": self.position > 0 or bool(self.walked) or self.walked is None,
                "forward": not self.finished and not failed,
                "into": following is not None and following.definition.nested and self.walked is None,
                "out": self.depth > 0,
                "walk": self.position == 0 and (self.walked is None or self.walked < len(self.walk)),
                "override": bool(name) and bool(snapshot.values.get(name or "")),
            },
        }

    def present_box(self) -> str:
        """Where the reader's eye should be: at what the walk back has found, at what is next, at the end at what ran."""
        following = self.next_node
        if self.walked is None and following is not None and not self.error:
            return self.box_of(following.name)
        name = self.current()
        return self.box_of(name) if name is not None else ""

    def box_of(self, name: str) -> str:
        chain = self.folding.chains.get(name)
        return chain[-1] if chain else ""

    def panel_records(self, name: str, snapshot: Snapshot) -> list[Record]:
        if name not in self.panel.view.by_name:
            return [{"kind": "title", "text": name, "detail": "not in the picture"}, *run_records(name, self, snapshot)]
        records = self.panel.node_records(name, self.folding.roles.get(name, FORWARD))
        kept = [r for r in records[1:] if not (r["kind"] == "table" and [len(row) for row in r["rows"]] == [1])]
        return [records[0], *run_records(name, self, snapshot), *kept]

    def result_text(self) -> str:
        """What `sess.run` would have returned, in a line."""
        if not self.finished or self.error is not None:
            return ""
        text = structure_text(self.result())
        return text if len(text) <= 120 else text[:119] + "…"


@export("lab.step")
def step(
    sess: Any,
    fetch: Any,
    feed_dict: dict[Any, Any] | None = None,
    handle: str | None = None,
    *,
    depth: int | None = None,
    expand: Sequence[str] = (),
    whole: bool | None = None,
    zoom: float | None = None,
    theme: str | None = None,
    static: bool | None = None,
) -> Stepper:
    """Walk through `sess.run(fetch, feed_dict)`, one instruction at a time, forward and back.

    It is the run itself, not a replay: the same executor, which waits after each instruction. First the walk from the
    fetch back to what it needs is shown, then the operations run one by one. Going back gives variables the values that
    they had; what cannot be taken back (random numbers, queues, printed lines) is named.

    Parameters
    ----------
    sess : Session
    fetch : as for `Session.run`
    feed_dict : dict, optional
    handle : str, optional
        Of a partial run that `sess.partial_run_setup` announced.
    depth, expand
        Name scopes to open in the picture, as for `tf.lab.graph`; by default all of a small run.
    whole : bool, optional
        Whether to draw what the fetch does not need, too; by default if it is not much.
    zoom : float, optional
        Size on the page. 1.8 suits a lecture room.
    theme : {"light", "dark"}, optional
        By default that of the page.
    static : bool, optional
        True gives the picture alone, without buttons.

    Returns
    -------
    Stepper
        Shows itself in a notebook, with keys: n next, b back, o over, i into, u out, c continue to the selected box,
        r run to the end, x to the first NaN or Inf, w walk back from the fetch, v replace a value, p breakpoint,
        t watch. Its methods do the same.

    Raises
    ------
    TypeError
        If `sess` is not a session, or `fetch` cannot be fetched.

    Examples
    --------
    >>> a, b = tf.constant(5.0, name="a"), tf.constant(3.0, name="b")
    >>> e = tf.subtract(tf.multiply(a, b, name="c"), tf.add(a, b, name="d"), name="e")
    >>> run = tf.lab.step(tf.Session(), e)
    >>> run.run_to("d").node.name
    'd'
    >>> print(run)
    run of e: 5 operations, 4 steps done
      walk back from the fetch: e, c, d, a, b
      ✓  a  Const           = 5
      ✓  b  Const           = 3
      ✓  c  Mul    <- a, b  = 15
      ✓  d  Add    <- a, b  = 8
      ►  e  Sub    <- c, d
    """
    if not isinstance(sess, Session):
        raise TypeError(f"tf.lab.step needs a tf.Session first; it got {type(sess).__name__}.")
    return Stepper(
        sess, fetch, feed_dict, handle, depth=depth, expand=expand, whole=whole, zoom=zoom, theme=theme, static=static
    )

"""`tf.lab.graph`: the picture of a graph, still in a file and alive in a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from flowlab._src.graph.arguments import as_list, as_text, refused
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.graph import Graph
from flowlab._src.lab.coloring import metadata_costs
from flowlab._src.lab.conceptual import conceptual_view
from flowlab._src.lab.explore import COLORS, Explorer
from flowlab._src.lab.folding import Folding
from flowlab._src.lab.in_place import show_in_place, with_widget
from flowlab._src.lab.live import has_page
from flowlab._src.lab.panel import Panel
from flowlab._src.lab.picture import scene_drawing
from flowlab._src.lab.png import drawing_png
from flowlab._src.lab.running import given_values, session_values
from flowlab._src.lab.scene import Scene
from flowlab._src.lab.settings import find_theme, find_zoom
from flowlab._src.lab.still import save_picture, still_bundle
from flowlab._src.lab.trace import operation_names
from flowlab._src.lab.tree import tree_text
from flowlab._src.lab.views import GraphView, graph_view
from flowlab._src.runtime.session import Session
from flowlab._src.util.export import export
from flowlab._src.util.text import did_you_mean

PNG_BOXES = 600  # a picture with more boxes has no PNG beside its SVG: it would take longer than anybody waits


@export("lab.GraphPicture")
class GraphPicture:
    """A drawn graph, as `tf.lab.graph` returns it; the last expression of a notebook cell shows it.

    In a notebook page it is alive: scopes open and close, a panel tells of the selected operation. Files and stored
    notebooks get the same picture as it stands.

    Attributes
    ----------
    explorer : Explorer
        What is open, selected and brought out.
    note : str
        What could not be shown, such as values of what is not fed.
    """

    def __init__(
        self, explorer: Explorer, static: bool | None = None, note: str = "", follows_page: bool = False
    ) -> None:
        self.explorer = explorer
        self.static = static
        self.note = note
        self.follows_page = follows_page
        self._widget: Any = None

    @property
    def folding(self) -> Folding:
        return self.explorer.folding

    @property
    def scene(self) -> Scene:
        """Boxes, lines and words with their places, in pixels."""
        return self.explorer.scene

    def svg(self) -> str:
        """The picture as SVG text."""
        return self.explorer.svg()

    def png(self) -> bytes:
        """The picture as PNG, two dots to the pixel."""
        return drawing_png(scene_drawing(self.scene, self.explorer.theme), self.explorer.zoom)

    def save(self, path: str | Path) -> Path:
        """Write the picture, as it stands, to a file; the ending .svg, .png or .txt says how."""
        return save_picture(self, path)

    def widget(self) -> Any:
        """The living picture: an ipywidgets widget, to put beside others or to show by itself."""
        if self._widget is None:
            from flowlab._src.lab.widgets.graph import GraphWidget

            self._widget = GraphWidget(self)
        return self._widget

    def __repr__(self) -> str:
        return tree_text(self.folding)

    def _ipython_display_(self) -> None:
        """In a page the widget takes the place of the picture; elsewhere the mimebundle is shown."""
        show_in_place(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """What a notebook stores: SVG, a PNG for notebooks that are not trusted, and words; a page gets the widget."""
        bundle = still_bundle(self, include, exclude, with_png=len(self.scene.boxes) <= PNG_BOXES)
        is_living = not include and (has_page() if self.static is None else not self.static)
        return with_widget(bundle, self) if is_living else bundle


@export("lab.graph")
def graph(
    graph: Any = None,
    depth: int | None = None,
    expand: str | Sequence[str] = (),
    hide: str | Sequence[str] = (),
    forward: bool = False,
    zoom: float | None = None,
    side: bool | str | Sequence[str] | None = None,
    theme: str | None = None,
    *,
    fetch: Any = None,
    trace: Any = None,
    path: Any = None,
    color: str | None = None,
    session: Session | None = None,
    feed_dict: dict[Any, Any] | None = None,
    values: dict[Any, Any] | None = None,
    run_metadata: Any = None,
    stack: bool | None = None,
    static: bool | None = None,
) -> GraphPicture:
    """Draw a graph: operations as boxes, tensors as arrows, name scopes folded.

    Gradients, optimizer, initial values and savers stand beside the model, so that the model can be read. In a notebook
    a click on a box (or the arrow keys) opens a panel about it: what it computes, where it was made, what it reads,
    who reads it, its gradient and its value. A double click (or Enter) opens and closes a scope.

    Parameters
    ----------
    graph : Graph, or anything with a `graph` (a session, tensor or operation), optional
        The default graph if not given, or that of `session`.
    depth : int, optional
        Levels of name scopes to open. By default all stay folded, unless hardly anything would be seen.
    expand : str or sequence of str
        Scopes to open besides, by name or pattern: "conv1", "conv*", "gradients". A variable opens too, and shows
        its initial value, `Assign` and `read`.
    hide : str or sequence of str
        Operations and scopes to leave out, by name, pattern or operation type: "accuracy", "Const".
    forward : bool
        Whether to draw the model alone, nothing beside it.
    zoom : float, optional
        Size on the page; at 1 letters are 13 pixels high. 1.8 suits a lecture room.
    side : bool, str or sequence of str, optional
        Whether to use the side column; by default small graphs do without. Names or patterns put these boxes into it
        as well ("summaries,accuracy"); with "!" in front they stay with the model ("!train").
    theme : {"light", "dark"}, optional
    fetch : Tensor, Operation or name, or a list of them, optional
        Show what `session.run` of it would run: the rest is drawn hollow. `feed_dict` counts.
    trace : Tensor, Operation or name, or a list of them, optional
        Show all that leads to it.
    path : pair of Tensor, Operation or name, optional
        Show all ways from the first to the second.
    color : {"kind", "structure", "device", "time", "memory"}, optional
        What colours (with letters or numbers beside them) stand for. Time and memory need `run_metadata`.
    session : Session, optional
        Show the values that it would compute now with `feed_dict`, without changing anything in it.
    feed_dict : dict, optional
    values : dict from Tensor or name to array, optional
        Values to show, of a run of your own.
    run_metadata : RunMetadata, optional
        Of a run with `tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)`: time and memory of each operation.
    stack : bool, optional
        Whether series of five and more alike boxes are drawn as one; by default where a scope has many boxes.
    static : bool, optional
        Whether the picture stays still; by default it lives where a notebook page shows it.

    Returns
    -------
    GraphPicture
        Shows itself in a notebook; `print` gives the same in words, `save` writes a file.

    Raises
    ------
    ValueError
        If nothing fits a name in `expand`, `fetch`, `trace` or `path`, or the picture would have more than 1,500 boxes.

    Examples
    --------
    >>> a, b = tf.constant(5.0, name="a"), tf.constant(3.0, name="b")
    >>> c = tf.multiply(a, b, name="c")
    >>> print(tf.lab.graph())
    graph of 3 operations
      a  Const = 5.0
      b  Const = 3.0
      c  Mul  <- a, b
    >>> d = tf.add(a, b, name="d")
    >>> tf.lab.graph(fetch=c).scene.caption
    '4 operations; 3 of them needed for c'
    """
    if graph is None and session is not None:
        graph = session
    whole = view = as_view(graph)
    owner = owner_of(graph) if not isinstance(graph, GraphView) else None
    hidden = patterns(hide)
    if hidden:
        view = view.without(node.name for node in view.nodes if is_hidden(node.name, node.type, hidden))
    if values is not None and not isinstance(values, dict):
        raise refused("dict", "values", values)
    known, note = given_values(values or {}), ""
    if session is not None:
        if not isinstance(session, Session):
            raise refused("Session", "session", session)
        computed, note = session_values(session, feed_dict)
        known = {**computed, **known}
    if run_metadata is not None and not hasattr(run_metadata, "step_stats"):
        raise refused("RunMetadata", "run_metadata", run_metadata)
    costs = metadata_costs(run_metadata) if run_metadata is not None else {}
    look = find_theme(theme)
    fed = operation_names(whole, list(feed_dict or {}), "feed_dict")
    rules = [] if side is None or isinstance(side, bool) else patterns(side)
    explorer = Explorer(
        view,
        depth=depth,
        expand=patterns(expand),
        side=side if isinstance(side, bool) else None,
        put_aside=[rule for rule in rules if not rule.startswith("!")],
        keep=[rule[1:].strip() for rule in rules if rule.startswith("!")],
        stack=stack,
        forward=forward,
        color=find_color(color, bool(costs)),
        panel=Panel(whole, owner, known, costs, look),
        costs=costs,
        fed=fed,
        theme=look,
        zoom=find_zoom(zoom),
    )
    if fetch is not None:
        names = operation_names(explorer.view, fetch, "fetch")
        explorer.need(names, ", ".join(names[:3]))
    elif trace is not None:
        names = operation_names(explorer.view, trace, "trace")
        explorer.trace(names, ", ".join(names[:3]))
    elif path is not None:
        show_path(explorer, path)
    return GraphPicture(explorer, static, note, follows_page=theme is None and look.name == "light")


def show_path(explorer: Explorer, path: Any) -> None:
    """Bring out the ways between two operations."""
    ends = list(path) if isinstance(path, (list, tuple)) else []
    if len(ends) != 2:
        raise ValueError(f"path takes two operations, from and to; it got {path!r}.")
    (start,), (end,) = (operation_names(explorer.view, wanted, "path")[:1] for wanted in ends)
    words = explorer.path([start], [end], f"from {start} to {end}")
    if words.startswith("there is no way"):
        raise ValueError(f"path: {words}, in neither direction.")


def find_color(color: str | None, has_costs: bool) -> str:
    """The colouring asked for; time, where a run was measured and nothing else is wanted."""
    if color is None:
        return "time" if has_costs else "kind"
    if as_text(color, "color") not in COLORS:
        nearest = did_you_mean(color, COLORS) or f"Choose one of {', '.join(COLORS)}."
        raise ValueError(f"There are no colours by {color!r}. {nearest}")
    if color in ("time", "memory") and not has_costs:
        raise ValueError(
            f"Colours by {color} need a measured run: sess.run(..., options=tf.RunOptions(trace_level="
            "tf.RunOptions.FULL_TRACE), run_metadata=metadata), then tf.lab.graph(run_metadata=metadata)."
        )
    return color


def owner_of(graph: Any) -> Graph | None:
    """The graph itself, of whatever `tf.lab.graph` was given."""
    found = (
        get_default_graph() if graph is None else graph if isinstance(graph, Graph) else getattr(graph, "graph", None)
    )
    return found if isinstance(found, Graph) else None


def as_view(graph: Any) -> GraphView:
    """The records of a graph, of the graph that something belongs to, of a model, or of the default graph."""
    registered = conceptual_view(graph)
    if registered is not None:
        return registered
    found = owner_of(graph)
    if found is None:
        raise TypeError(f"tf.lab.graph draws a tf.Graph, or the graph of a session or tensor; it got {graph!r}.")
    return graph_view(found)


def patterns(value: str | Iterable[str]) -> list[str]:
    """A list of patterns from a list, or from one string with commas."""
    parts = value.split(",") if isinstance(value, str) else [as_text(v, "patterns") for v in as_list(value, "patterns")]
    return [part.strip() for part in parts if part.strip()]


def is_hidden(name: str, kind: str, hidden: Sequence[str]) -> bool:
    """Whether an operation's name, one of the scopes around it, or its type fits a pattern."""
    parts = name.split("/")
    candidates = ["/".join(parts[: k + 1]) for k in range(len(parts))] + [kind]
    return any(fnmatchcase(candidate, pattern.rstrip("/")) for candidate in candidates for pattern in hidden)

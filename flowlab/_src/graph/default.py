"""The default graph: the one new operations are added to, and its collections."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from typing import Any

from flowlab._src.errors import add_notes
from flowlab._src.graph.graph import Graph
from flowlab._src.graph.stacks import graphs
from flowlab._src.graph.tensor import Tensor
from flowlab._src.util import source
from flowlab._src.util.export import export

_global: list[Graph] = []  # the default outside all `with` blocks
_thrown_away: weakref.WeakSet[Graph] = weakref.WeakSet()  # by tf.reset_default_graph()
_eager_kind: list[type[Graph]] = []
_eager: list[Graph] = []


@export("get_default_graph")
def get_default_graph() -> Graph:
    """Return the graph that new operations are added to.

    Examples
    --------
    >>> tf.constant(1.0).graph is tf.get_default_graph()
    True
    """
    stack: list[Graph] = graphs.stack
    if stack:
        return stack[-1]
    if not _global:
        _global.append(Graph())
    return _global[0]


source.present_graph = get_default_graph


@export("reset_default_graph")
def reset_default_graph() -> None:
    """Throw the global default graph away and start an empty one.

    Sessions and tensors made before belong to the old graph.

    Raises
    ------
    AssertionError
        Inside `with graph.as_default():`.
    """
    if graphs.stack:
        raise add_notes(
            AssertionError(
                "Do not use tf.reset_default_graph() to clear nested graphs. If you need a cleared graph, exit the nesting "
                "and create a new graph."
            ),
            fix="leave the `with g.as_default():` block first, or make a new tf.Graph()",
        )
    if not (_global and _global[0].eager):  # in eager mode there is nothing that could be reset
        _thrown_away.update(_global)
        _global[:] = [Graph()]


def graph_or_default(graph: Any) -> Graph:
    """Return a graph given as an argument, None standing for the default one."""
    if graph is None:
        return get_default_graph()
    if not isinstance(graph, Graph):
        raise TypeError(f"graph must be a tf.Graph, but got {type(graph)}")
    return graph


def global_default_graph() -> Graph | None:
    """The default outside all `with` blocks, if it is there already."""
    return _global[0] if _global else None


def eager_graph() -> Graph:
    """What takes the place of the graph in eager mode: one for this process."""
    if not _eager:
        _eager.append(_eager_kind[0]())
    return _eager[0]


def register_eager_graph(kind: type[Graph]) -> None:
    """Say which class runs operations in eager mode; `runtime/eager.py` does."""
    _eager_kind[:] = [kind]


def set_global_default_graph(graph: Graph) -> None:
    """Make `graph` the default outside all `with` blocks (the notebook tools do so)."""
    _global[:] = [graph]


def graph_of_tensors(values: Sequence[Any]) -> Graph | None:
    """The default graph if all values are tensors of it, as nearly always, and not of eager mode; else None."""
    present = get_default_graph()
    for value in values:
        if value.__class__ is not Tensor or value._op.graph is not present:
            return None
    return None if present.eager else present


def graph_of(values: Any, graph: Graph | None = None) -> Graph:
    """Return the graph the given tensors belong to, the default graph when there is none among them.

    Raises
    ------
    ValueError
        If they belong to different graphs.
    """
    if graph is None and (present := get_default_graph()).eager:
        return present  # tensors of eager mode belong to no graph
    first: Any = None
    for value in flat(values):
        own = getattr(value, "graph", None)
        if own is None or not isinstance(own, Graph):
            continue
        if graph is None:
            graph, first = own, value
        elif own is not graph:
            site = source.caller(2)
            stray = value if first is None or graph is get_default_graph() else first
            stray = next((item for item in (first, value) if item is not None and item.graph._replaced), stray)
            raise add_notes(
                ValueError(
                    f"{value} must be from the same graph as {first}."
                    if first is not None
                    else f"{value} is not from the passed-in graph."
                ),
                why=f"{getattr(stray, 'name', stray)!r}{called(stray)}{built_at(stray)} "
                + (
                    f"is no longer in the graph: {stray.graph._replaced}"
                    if stray.graph._replaced
                    else "belongs to another graph: tensors cannot be wired across"
                ),
                where=site.quote() if site else "",
                fix="run the cells again that build what this line uses"
                if stray.graph._replaced
                else join_graphs(stray),
            )
    return graph if graph is not None else get_default_graph()


def called(value: Any) -> str:
    """What the program calls a tensor: " (your x)"."""
    names = source.names_of(value)
    return f" (your {names[0]})" if names else ""


def built_at(value: Any) -> str:
    """Where a tensor was built: ", built in cell [5], line 1,"."""
    site = getattr(getattr(value, "op", value), "site", None)
    return f", built in {site.describe()}," if site else ""


def join_graphs(value: Any) -> str:
    """How to build in the graph that a tensor belongs to; or, if that was thrown away, to build the tensor again."""
    name = (source.names_of(value) or ["t"])[0]
    site = getattr(getattr(value, "op", value), "site", None)
    if site is not None and thrown_away(value.graph):
        return f"{site.text}  # run this again: tf.reset_default_graph() has thrown its graph away"
    return f"with {name}.graph.as_default():  # around what shall be wired to {name}"


def thrown_away(graph: Graph) -> bool:
    """Whether a graph was the default until tf.reset_default_graph()."""
    return graph in _thrown_away


def flat(values: Any) -> Iterator[Any]:
    """Walk through nested lists and tuples."""
    for value in values:
        if isinstance(value, (list, tuple)):
            yield from flat(value)
        else:
            yield value


@export("add_to_collection")
def add_to_collection(name: Any, value: Any) -> None:
    """Append `value` to a collection of the default graph."""
    get_default_graph().add_to_collection(name, value)


@export("add_to_collections")
def add_to_collections(names: Any, value: Any) -> None:
    """Append `value` to several collections of the default graph."""
    get_default_graph().add_to_collections(names, value)


@export("get_collection")
def get_collection(key: Any, scope: str | None = None) -> list[Any]:
    """Return a copy of a collection of the default graph.

    Examples
    --------
    >>> v = tf.Variable(1.0, name="v")
    >>> tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES)
    [<tf.Variable 'v:0' shape=() dtype=float32_ref>]
    """
    return get_default_graph().get_collection(key, scope)


@export("get_collection_ref")
def get_collection_ref(key: Any) -> list[Any]:
    """Return a collection of the default graph itself: changing the list changes the graph."""
    return get_default_graph().get_collection_ref(key)

"""Taking operations out of a graph again: what a notebook does when a cell is run once more.

Programs only ever add to a graph. A cell of a notebook is run again and again, though, and each time would add its part a
second time. So the notebook tools note what a cell adds (`Additions`) and take that out before the cell is run again,
together with all that was built on it. Names, counters and collections go back to where they were, such that the cell
finds the same names and the same seeds.

What is taken out is not destroyed: it moves to a graph of its own. Tensors and operations that a program still holds
are then "from another graph", which every part of the library refuses in clear words (`why_elsewhere`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from flowlab._src.graph.body import Body, bodies_of
from flowlab._src.graph.graph import Graph
from flowlab._src.graph.operation import Operation

_OF_EVERY_GRAPH = frozenset(vars(Graph()))
_ABSENT = object()


class Additions:
    """What is added to a graph between the making of this object and the call of `end`."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.operations: list[Operation] = []
        self.seed, self.finalized = graph._seed, graph._finalized
        self.uncounted = graph._uncounted
        self.names: dict[str, int] = {}
        self.items: dict[Any, list[Any]] = {}
        self.entries: dict[tuple[str, str], dict[Any, tuple[Any, Any]]] = {}
        self._size = len(graph._operations)
        self._names = dict(graph._names_in_use)
        self._items = {key: list(items) for key, items in graph._collections.items()}
        self._entries = {key: counts_of(table) for key, table in tables(graph)}

    def end(self) -> Additions:
        """Note what is new since the beginning."""
        graph = self.graph
        self.operations = graph._operations[self._size :]
        self.uncounted = graph._uncounted - self.uncounted
        self.names = {
            key: self._names.get(key, 0) for key, count in graph._names_in_use.items() if self._names.get(key) != count
        }
        for key, items in graph._collections.items():
            before = {id(item) for item in self._items.get(key, ())}
            self.items[key] = [item for item in items if id(item) not in before]
        for key, table in tables(graph):
            before_counts, after_counts = self._entries.get(key, {}), counts_of(table)
            self.entries[key] = {
                entry: (before_counts.get(entry, _ABSENT), count)
                for entry, count in after_counts.items()
                if before_counts.get(entry, _ABSENT) != count
            }
        self._names, self._items, self._entries = {}, {}, {}
        return self


def tables(graph: Graph) -> Iterator[tuple[tuple[str, str], Any]]:
    """The dictionaries and sets that other parts of the library keep with a graph, each with a name for it."""
    for name, value in list(graph.__dict__.items()):
        if name in _OF_EVERY_GRAPH:
            continue
        if isinstance(value, (dict, set)):
            yield (name, ""), value
        elif not isinstance(value, (Graph, list)):
            for part, table in list(getattr(value, "__dict__", {}).items()):
                if isinstance(table, (dict, set)):
                    yield (name, part), table


def counts_of(table: Any) -> dict[Any, Any]:
    """The entries of a table: the numbers of those that count, for others only that they are there."""
    if isinstance(table, set):
        return dict.fromkeys(table, True)
    return {key: value if isinstance(value, int) else True for key, value in table.items()}


def dependents(operations: Iterable[Operation]) -> list[Operation]:
    """These operations and all that cannot be without them, in order of creation."""
    waiting = list(operations)
    found = set(waiting)
    if not waiting:
        return []
    owners: dict[Body, Operation] = {}
    inside: dict[Body, list[Operation]] = {}
    for op in waiting[0].graph._operations:
        owners.update(dict.fromkeys(bodies_of(op), op))
        if op._body is not None:
            inside.setdefault(op._body, []).append(op)
    while waiting:
        op = waiting.pop()
        others = [*(consumer for tensor in op._outputs for consumer in tensor._consumers), *op._control_outputs]
        others += [other for body in bodies_of(op) for other in inside.get(body, ())]
        if op._body is not None and op._body in owners:
            others.append(owners[op._body])
        for other in others:
            if other not in found and other.graph is op.graph:
                found.add(other)
                waiting.append(other)
    return sorted(found, key=lambda op: op._id)


def take_out(added: Additions, reason: str) -> list[Operation]:
    """Remove from a graph what was added to it, and what was built on that.

    Parameters
    ----------
    added : Additions
    reason : str
        What to say to those who still use it: "cell [3] was run again, which replaced it".

    Returns
    -------
    list of Operation
        All that was removed, in order of creation; it belongs to a graph of its own from now on.
    """
    graph = added.graph
    with graph._lock:
        removed = dependents(op for op in added.operations if op.graph is graph)
        attic = Graph()
        attic._replaced = reason
        gone = set(removed)
        graph._operations = [op for op in graph._operations if op not in gone]
        for op in removed:
            op.graph = attic
            attic._operations.append(op)
            attic._by_name[op._name] = graph._by_name.pop(op._name)
            for tensor in op._inputs:
                drop(tensor._consumers, gone)
            for other in op._control_inputs:
                drop(other._control_outputs, gone)
        for number, op in enumerate(graph._operations):
            op._id = number
        give_names_back(added, removed)
        graph._uncounted -= added.uncounted
        graph._seed, graph._finalized = added.seed, added.finalized
        for key, items in list(graph._collections.items()):
            own = {id(item) for item in added.items.get(key, ())}
            items[:] = [item for item in items if id(item) not in own and graph_of(item) is not attic]
            if not items:
                del graph._collections[key]
        graph._unfeedable = {tensor for tensor in graph._unfeedable if tensor.graph is graph}
        graph._unfetchable = {op for op in graph._unfetchable if op.graph is graph}
        for key, table in list(tables(graph)):
            restore(table, added.entries.get(key, {}), attic)
        for name, value in list(graph.__dict__.items()):
            if name not in _OF_EVERY_GRAPH and graph_of(value) is attic:
                del graph.__dict__[name]
        for session in list(graph._sessions):
            session._forget(removed)
    return removed


def drop(operations: Sequence[Operation], gone: set[Operation]) -> None:
    """Take those that are gone out of a list that others hold."""
    if isinstance(operations, list) and any(op in gone for op in operations):
        operations[:] = [op for op in operations if op not in gone]


def give_names_back(added: Additions, removed: list[Operation]) -> None:
    """Free the names that were taken, except those that what stays has, or is inside of."""
    graph = added.graph
    kept = with_scopes(graph._operations)
    for key in with_scopes(removed) - kept:
        graph._names_in_use.pop(key, None)
    for key, count in added.names.items():
        if count:
            graph._names_in_use[key] = count
        elif key not in kept:
            graph._names_in_use.pop(key, None)
        else:
            graph._names_in_use[key] = 1


def with_scopes(operations: Iterable[Operation]) -> set[str]:
    """The names of operations and of the scopes around them, as the graph keeps them."""
    names: set[str] = set()
    for op in operations:
        name = op._name.lower()
        while name and name not in names:
            names.add(name)
            name = name.rpartition("/")[0]
    return names


def restore(table: Any, entries: dict[Any, tuple[Any, Any]], attic: Graph) -> None:
    """Undo the new entries of a table, and take out those of things that are gone."""
    for key, (before, after) in entries.items():
        if isinstance(table, set):
            table.discard(key)
        elif before is _ABSENT and (after is True or table.get(key) == after):
            table.pop(key, None)
        elif before is not _ABSENT and table.get(key) == after:
            table[key] = before
    if isinstance(table, set):
        table.difference_update([item for item in table if graph_of(item) is attic])
    else:
        for key in [key for key, value in table.items() if attic in (graph_of(key), graph_of(value))]:
            del table[key]


def graph_of(item: Any) -> Any:
    """The graph that something belongs to, None where it belongs to none."""
    try:
        return getattr(item, "graph", None)
    except Exception:  # a variable of which nothing is left
        return None


def why_elsewhere(item: Any, place: str) -> str:
    """Why something of another graph cannot be used here: it was replaced, or the graphs are two.

    Parameters
    ----------
    item : Tensor, Operation or Variable
    place : str
        Where it was made, in words to put behind its name.
    """
    reason = getattr(graph_of(item), "_replaced", "")
    name = getattr(item, "name", item)
    if reason:
        return f"{name!r}{place} is no longer in the graph: {reason}"
    return f"{name!r}{place} lives in another graph than the one this session runs"


def fix_elsewhere(item: Any, python_name: str) -> str:
    """What to do about something of another graph."""
    if not getattr(graph_of(item), "_replaced", ""):
        return f"sess = tf.Session(graph={python_name}.graph)"
    site = getattr(getattr(item, "op", item), "site", None)
    cell = site.cell if site is not None else None
    again = f"run cell [{cell}] again" if cell is not None else "run its cell again"
    return f"{again}: it then builds {python_name} on what is there now"

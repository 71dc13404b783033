"""Ways through a graph: what an operation needs, what needs it, what lies between two of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

from flowlab._src.lab.views import GraphView, NodeRecord
from flowlab._src.util.text import did_you_mean


def sources(node: NodeRecord) -> list[str]:
    """The operations that a node waits for: its inputs, and those it only comes after; each once."""
    return list(dict.fromkeys([*(name for name, _ in node.inputs), *node.controls]))


def consumers(view: GraphView) -> dict[str, list[str]]:
    """For every operation those that wait for it, in order of creation."""
    found: dict[str, list[str]] = {node.name: [] for node in view.nodes}
    for node in view.nodes:
        for source in sources(node):
            found[source].append(node.name)
    return found


def reach(starts: Iterable[str], following: Mapping[str, Iterable[str]]) -> set[str]:
    """All that can be reached from some operations, these included."""
    found = set(starts)
    waiting = list(found)
    while waiting:
        for name in following[waiting.pop()]:
            if name not in found:
                found.add(name)
                waiting.append(name)
    return found


def needed(view: GraphView, names: Iterable[str], fed: Iterable[str] = ()) -> frozenset[str]:
    """What `session.run` of these operations would run: they and all they depend on, but nothing behind what is fed."""
    stop = set(fed)
    before = {node.name: [] if node.name in stop else sources(node) for node in view.nodes}
    return frozenset(reach(names, before))


def affected(view: GraphView, names: Iterable[str]) -> frozenset[str]:
    """These operations and all that depend on them."""
    return frozenset(reach(names, consumers(view)))


def between(view: GraphView, start: str, end: str) -> frozenset[str]:
    """All operations on a way from one operation to another; empty when there is none."""
    return affected(view, [start]) & needed(view, [end])


def shortest_way(view: GraphView, start: str, end: str) -> list[str]:
    """The operations along a shortest way, both ends included; empty when there is none."""
    after = consumers(view)
    came_from: dict[str, str | None] = {start: None}
    waiting = deque([start])
    while waiting and end not in came_from:
        here = waiting.popleft()
        for name in after[here]:
            if name not in came_from:
                came_from[name] = here
                waiting.append(name)
    way: list[str] = []
    at: str | None = end if end in came_from else None
    while at is not None:
        way.append(at)
        at = came_from[at]
    return way[::-1]


def operation_names(view: GraphView, wanted: object, argument: str) -> list[str]:
    """Names of operations from what a program gives: tensors, operations, variables, names, lists or dicts of them.

    Raises
    ------
    ValueError
        If the graph has no operation of a name.
    TypeError
        If something has no name.
    """
    if isinstance(wanted, dict):
        return operation_names(view, list(wanted), argument)
    if isinstance(wanted, (list, tuple, set)):
        return [name for item in wanted for name in operation_names(view, item, argument)]
    if isinstance(wanted, str):
        text = wanted
    else:
        named = getattr(getattr(wanted, "op", wanted), "name", None)
        if not isinstance(named, str):
            raise TypeError(f"{argument} takes tensors, operations or their names; it got {wanted!r}.")
        text = named
    base, colon, number = text.rpartition(":")
    name = base if colon and number.isdigit() and text not in view.by_name else text
    if name not in view.by_name:
        raise ValueError(
            f"{argument}: the picture has no operation {text!r}. {did_you_mean(name, view.by_name)}".rstrip()
        )
    return [name]

"""What Tab offers in a `%%flow` or `%flow` line: actions, options, and the names that fit after them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.tensor import Tensor
from flowlab._src.lab.lints.cells import known_codes
from flowlab._src.lab.options import cell_parser, graph_parser, step_parser
from flowlab._src.lab.theme import THEMES

FETCHES = ("--step", "-s", "--run", "-r", "--plot", "-p")  # options that take tensors
SCOPES = ("--expand",)
PATTERNS = ("--hide",)
MOST = 300  # more nodes than that are not offered one by one

ASSIGNED = re.compile(r"^\s*([A-Za-z_][\w, ]*?)\s*=(?!=)", re.MULTILINE)
NAMED = re.compile(r"""\bname\s*=\s*["']([\w./-]+)["']""")


def offers(before: str, cell: str, namespace: dict[str, Any], actions: Iterable[str]) -> list[str]:
    """All that may stand at the cursor.

    Parameters
    ----------
    before : str
        The line up to the cursor.
    cell : str
        The whole cell: what it is going to build has no nodes yet, but names.
    """
    words = before.split()
    is_new = not before or before[-1].isspace()
    done = words if is_new else words[:-1]
    if not done:
        return []
    if done[0] == "%flow":
        if len(done) == 1:
            return list(actions)
        if done[1] == "theme":
            return list(THEMES) if len(done) == 2 else []
        if done[1] in ("trace", "projector"):
            return ["on", "off"] if len(done) == 2 else []
        if done[1] == "lint":
            return ["on", "off"] if len(done) == 2 else known_codes()
        if done[1] not in ("graph", "step"):
            return []
    started = "" if is_new else words[-1]
    option = started.partition("=")[0] if "=" in started else done[-1]
    if option in FETCHES:
        return fetchable(cell, namespace)
    if option in SCOPES:
        return scopes()
    if option in PATTERNS:
        return [*scopes(), *nodes(), *sorted({op.type for op in operations()})]
    if done[0] == "%%flow":
        return cell_parser().names()
    if done[1] == "step":
        options = step_parser().names()
        return options if started.startswith("-") else [*fetchable("", namespace), *options]
    return graph_parser().names()


def fetchable(cell: str, namespace: dict[str, Any]) -> list[str]:
    """Tensors and operations by their Python names and by those in the graph, and the names that a cell gives."""
    own = [
        name for name, value in namespace.items() if isinstance(value, (Tensor, Operation)) and not name.startswith("_")
    ]
    body = cell.partition("\n")[2]
    given = [part.strip() for match in ASSIGNED.findall(body) for part in match.split(",")]
    return list(dict.fromkeys([*(name for name in given if name.isidentifier()), *NAMED.findall(body), *own, *nodes()]))


def operations() -> list[Operation]:
    graph = get_default_graph()
    return [] if graph.eager else graph.get_operations()


def nodes() -> list[str]:
    names = [op.name for op in operations()]
    return names if len(names) <= MOST else [name for name in names if "/" not in name][:MOST]


def scopes() -> list[str]:
    found = dict.fromkeys(
        "/".join(parts[:depth])
        for parts in (op.name.split("/") for op in operations())
        for depth in range(1, min(len(parts), 4))
    )
    return list(found)[:MOST]


def make_matcher(namespace: dict[str, Any], actions: Iterable[str]) -> Any:
    """A matcher for IPython's completer."""
    from IPython.core.completer import SimpleCompletion, context_matcher

    @context_matcher()
    def flow_matcher(context: Any) -> Any:
        cell = context.full_text
        line = context.line_with_cursor
        before = line[: context.cursor_position]
        is_line = before.lstrip().startswith("%flow ")
        is_head = context.cursor_line == 0 and before.startswith("%%flow ")
        if not (is_line or is_head):
            return {"completions": []}
        found = offers(before.lstrip(), cell if is_head else "", namespace, actions)
        fitting = [SimpleCompletion(text, type="flow") for text in found if text.startswith(context.token)]
        return {"completions": fitting, "suppress": True, "ordered": True}

    return flow_matcher

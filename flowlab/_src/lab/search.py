"""Finding operations by what somebody remembers of them: part of the name, the type, a shape."""

from __future__ import annotations

from fnmatch import fnmatchcase

from flowlab._src.lab.views import GraphView, NodeRecord, shape_text

MOST = 30


def find_nodes(view: GraphView, query: str, most: int = MOST) -> tuple[list[str], int]:
    """Names of the operations that fit a query, best first, and how many there are in all.

    Every word must be part of the name, the type, the dtype or a shape; case does not count. A word with * or ? is a
    pattern for the whole name or type.
    """
    words = query.lower().split()
    if not words:
        return [], 0
    rated = []
    for order, node in enumerate(view.nodes):
        ratings = [rate(word, node) for word in words]
        if None not in ratings:
            rated.append((sum(rating for rating in ratings if rating is not None), len(node.name), order, node.name))
    rated.sort()
    return [name for *_, name in rated[:most]], len(rated)


def rate(word: str, node: NodeRecord) -> int | None:
    """How well a node fits one lower-case word: 0 is best, None not at all."""
    name, kind = node.name.lower(), node.type.lower()
    leaf = name.rpartition("/")[2]
    if any(sign in word for sign in "*?"):
        return 1 if any(fnmatchcase(text, word) for text in (name, leaf, kind)) else None
    if word in (name, leaf):
        return 0
    if word == kind:
        return 1
    if leaf.startswith(word):
        return 2
    if word in leaf:
        return 3
    if word in name:
        return 4
    if word in kind:
        return 5
    specs = (f"{record.dtype} {shape_text(record.shape)}" for record in node.outputs)
    return 6 if any(word in spec.lower() for spec in specs) or word in node.device.lower() else None

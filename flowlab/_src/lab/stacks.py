"""Series of alike boxes: `Relu`, `Relu_1`, `Relu_2`, ... are drawn as one stack.

Alike means: in the same scope, names that differ in a number at the end, and the same operation inside, or the same
structure of operations.
"""

import re
from collections.abc import Mapping, Sequence

from flowlab._src.lab.roles import VARIABLE_TYPES
from flowlab._src.lab.views import GraphView

STACK_FROM = 5  # so many alike boxes make a stack
CROWDED_FROM = 16  # but a scope with fewer boxes is readable as it is

NUMBERED = re.compile(r"(.*?)_?(\d*)")


def find_stacks(
    view: GraphView, chains: Mapping[str, Sequence[str]], roles: Mapping[str, str], always: bool = False
) -> dict[str, str]:
    """For each box that belongs to a series the name of its stack, such as "conv[1-12]/".

    Parameters
    ----------
    view : GraphView
    chains : mapping from operation to the scopes around it, outermost first
    roles : mapping from operation to role
        Only boxes of one role are stacked together.
    always : bool
        Whether to stack in scopes with few boxes too.
    """
    content: dict[str, dict[str, list[tuple[str, str, str]]]] = {}  # scope -> box -> what is in the box
    for node in view.nodes:
        boxes = (*chains[node.name], node.name)
        for parent, box in zip(("", *boxes), boxes, strict=False):
            row = (
                node.name[len(box) - 1 :] if box.endswith("/") and box != node.name else "",
                node.type,
                roles[node.name],
            )
            content.setdefault(parent, {}).setdefault(box, []).append(row)

    stacks: dict[str, str] = {}
    for parent, boxes_inside in content.items():
        if len(boxes_inside) < (STACK_FROM if always else CROWDED_FROM):
            continue
        series: dict[tuple[object, ...], list[tuple[int, str]]] = {}
        for box, rows in boxes_inside.items():
            own = view.by_name.get(box.rstrip("/"))
            if own is not None and (own.type in VARIABLE_TYPES or own.type.startswith("Placeholder")):
                continue  # what a model learns and what it is given stay in sight
            found = NUMBERED.fullmatch(box.removeprefix(parent).rstrip("/"))
            if found is not None and found[1]:
                series.setdefault((found[1], *rows), []).append((int(found[2][:9] or 0), box))
        for (base, *_), numbered in series.items():
            if len(numbered) < STACK_FROM:
                continue
            numbers = [number for number, _ in numbered]
            name = f"{parent}{base}[{min(numbers)}-{max(numbers)}]/"
            while name in chains or name[:-1] in chains or name in boxes_inside or name in stacks.values():
                name = name[:-1] + "'/"
            for _, box in numbered:
                stacks[box] = name
    return stacks


def with_stacks(boxes: Sequence[str], stacks: Mapping[str, str]) -> tuple[str, ...]:
    """A chain of boxes, outermost first, with the stack of each before it."""
    found: list[str] = []
    for box in boxes:
        if box in stacks:
            found.append(stacks[box])
        found.append(box)
    return tuple(found)

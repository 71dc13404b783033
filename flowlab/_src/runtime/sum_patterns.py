"""Sums of many large arrays, added up as they come.

The weights of a net that is unrolled over 28 steps get 28 gradients, and `AddN` adds them in the end. Added one by one,
each is read while it is still in the cache, and its memory can be used again: 9 MB less for an LSTM of 128 units. The
order of the additions is that of `AddN`, so the numbers are the same.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flowlab._src.runtime.plan import PLAIN, Instruction
from flowlab._src.runtime.sequences import Sequences

TYPES = ("AddN",)
LEAST = 2**14  # elements


def fuse_sums(lines: Sequences) -> None:
    """Take sums of three and more apart."""
    for number, line in enumerate(lines.plan.instructions):
        if line.node.type == "AddN" and lines.lines[number] is line:
            spread(lines, number, line)


def spread(lines: Sequences, number: int, line: Instruction) -> None:
    """Add each array where it is made, or after the sum of those before it."""
    sizes = lines.plan.sizes
    shapes = {None if sizes is None else sizes[t] for t in line.node._inputs}
    (total,) = line.outputs
    if len(line.inputs) < 3 or len(shapes) != 1 or line.refs or line.mode != PLAIN or lines.writes[total] != 1:
        return
    (dims,) = shapes
    if not dims or math.prod(dims) < LEAST or any(lines.writes[slot] > 1 for slot in line.inputs):  # type: ignore[arg-type]  # no None
        return
    lines.remove(number)
    first, *others = line.inputs
    where = lines.maker.get(first, 0)
    for position, slot in enumerate(others):
        where = max(where, lines.maker.get(slot, 0))
        kernel, inputs = (np.add, (first, slot)) if position == 0 else (add_to, (total, slot))
        lines.put_after(where, Instruction(line.node, kernel, PLAIN, inputs, (total,), True, (), ()))


def add_to(total: Any, x: Any) -> Any:
    """Add to a sum that nobody else has."""
    return np.add(total, x, total)

"""Known sequences around the rows of tables, as a gradient with respect to word vectors makes them.

    Mul by a number -> ScatterSub             the rows are multiplied on their way into the table
    Pad, Pad, ... -> AddN                     the gradients of parts of an array: each is put where its part was

Like those of `patterns.py` they are looked for in a plan that is about to be written out as a function. A training
step of word2vec with noise-contrastive estimation has three of the first kind and two of the second: 15 of 240 us.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from flowlab._src.kernels.small_forms import Form, put
from flowlab._src.runtime.plan import PLAIN, Instruction
from flowlab._src.runtime.sequences import Sequences

ADDING = ("ScatterAdd", "ScatterSub", "ResourceScatterAdd", "ResourceScatterSub")
SUMS = ("AddN", "AddV2", "Add")
TYPES = (*ADDING, "Pad")
FLOATS = (np.float32, np.float64)


def fuse_rows(lines: Sequences) -> None:
    """Replace both kinds wherever they stand."""
    for number, line in enumerate(lines.plan.instructions):
        if line.node.type in SUMS and line.mode == PLAIN:
            fuse_parts(lines, number, line)
        elif line.node.type in ADDING:
            fuse_scaled_rows(lines, number, line)


def fuse_scaled_rows(lines: Sequences, number: int, line: Instruction) -> None:
    """Let rows be multiplied by a number that is known while they are added to a table."""
    table, indices, updates = line.inputs
    product, sizes = lines.before(updates, "Mul"), lines.plan.sizes
    if product is None or sizes is None or lines.reads[updates] != 1:
        return
    made = lines.lines[product]
    assert made is not None
    rows, factor = made.inputs
    rate = lines.initial[factor]
    if rate is None or np.ndim(rate) or made.refs or not lines.steady((rows,), product, number):
        return
    specs = [sizes.spec(t, lines.initial[slot]) for t, slot in zip(line.node._inputs, line.inputs, strict=True)]
    definition: Any = line.node.definition
    try:
        kernel = definition.bound(line.node, *specs, factor=rate)
    except Exception:  # something does not fit: the kernel will say it
        return
    if kernel is not None:
        lines.replace([product, number], number, kernel, (table, indices, rows), line.outputs, like=line)


def fuse_parts(lines: Sequences, number: int, line: Instruction) -> None:
    """Add up arrays that are zero outside of parts which do not overlap."""
    pads = [lines.before(slot, "Pad") for slot in line.inputs]
    if len(pads) < 2 or len(set(line.inputs)) < len(pads) or line.refs:
        return
    sizes, output = lines.plan.sizes, line.node._outputs[0]
    dims = None if sizes is None else sizes[output]
    dtype = output._dtype.base_dtype.as_numpy_dtype
    if sizes is None or dims is None or dtype not in FLOATS:
        return
    places, parts = [], []
    for slot, pad in zip(line.inputs, pads, strict=True):
        made = None if pad is None else lines.lines[pad]
        if pad is None or made is None or lines.reads[slot] != 1 or made.refs:
            return
        part, paddings = made.inputs[0], lines.initial[made.inputs[1]]
        inner, whole = sizes[made.node._inputs[0]], sizes[made.node._outputs[0]]
        if paddings is None or not inner or whole != dims or not lines.steady((part,), pad, number):
            return
        places.append([(int(begin), int(begin) + n) for (begin, _), n in zip(paddings, inner, strict=True)])  # type: ignore[operator]
        parts.append(part)
    if any(not apart(one, other) for one, other in itertools.combinations(places, 2)):
        return
    full = sum(np.prod([end - begin for begin, end in place]) for place in places) == np.prod(dims)  # type: ignore[arg-type]
    join = Join(dims, dtype, places, bool(full))  # type: ignore[arg-type]  # no None
    lines.replace([*[pad for pad in pads if pad is not None], number], number, join, tuple(parts), line.outputs)


class Join:
    """Puts arrays into an array of zeros, or of nothing if they fill it."""

    def __init__(self, dims: tuple[int, ...], dtype: Any, places: list[list[tuple[int, int]]], full: bool) -> None:
        self.dims, self.dtype, self.places, self.full = dims, dtype, places, full
        self._make: Any = np.empty if full else np.zeros
        self._slices = [tuple([slice(begin, end) for begin, end in place]) for place in places]
        self._zero = np.zeros((), dtype)

    @property
    def small_form(self) -> Form | None:
        """Side by side, if they are that."""
        return put(self.dims, self.places)

    def __call__(self, *values: Any) -> Any:
        result = self._make(self.dims, self.dtype)
        for value, place in zip(values, self._slices, strict=True):
            np.add(value, self._zero, result[place])  # not a mere copy: -0 + 0 is 0
        return result


def apart(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> bool:
    """Tell whether two parts of an array share no element."""
    return any(a[1] <= b[0] or b[1] <= a[0] for a, b in zip(one, other, strict=True))

"""Instructions as steps of a program for rows (`kernels/row_program.py`): what two kinds of programs have in common.

`row_loops.py` makes a program of the body of a loop, `row_stretches.py` of a part of a plan, such as a recurrent network
that is unrolled in the graph. Both read instructions one after the other; each is a product of rows with weights, columns
put elsewhere, or a formula for each element, or it is none of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlab._src.kernels import formula, row_program
from flowlab._src.kernels.row_program import Call, Copy, Multiply, Place
from flowlab._src.runtime.lean import Facts, Run, is_own
from flowlab._src.runtime.plan import Instruction, Plan
from flowlab._src.runtime.product_patterns import Cut

Array = NDArray[Any]

LEAST_ROWS = 8
FLOATS = (np.float32, np.float64)


class NotRows(Exception):
    """Something that a program for rows cannot do."""


class RowSteps:
    """Makes steps of instructions, as far as it can."""

    def __init__(self, plan: Plan, facts: Facts) -> None:
        self.plan, self.facts = plan, facts
        self.count = 0  # of the rows
        self.same: dict[int, int] = {}  # slots that are another one under a new name
        self.made: set[int] = set()  # what the program computes
        self.weights: dict[str, tuple[int, bool, slice]] = {}  # by name: slot, whether turned, which lines
        self.steps: list[Multiply | Copy | Call] = []

    def slot(self, slot: int) -> int:
        """The slot under its first name."""
        while slot in self.same:
            slot = self.same[slot]
        return slot

    def dims(self, slot: int) -> tuple[int, ...]:
        """The sizes of a value; they must be known."""
        dims = self.facts.dims.get(slot)
        if dims is None:
            raise NotRows("sizes are unknown")
        return dims

    def has_rows(self, slot: int) -> bool:
        """Whether a value has the shape of rows; the first that is asked about says how many there are."""
        dims = self.facts.dims.get(slot)
        if dims is None or len(dims) != 2 or 0 in dims or self.facts.kinds.get(slot) not in (*FLOATS, np.bool_):
            return False
        self.count = self.count or dims[0]
        return dims[0] == self.count >= LEAST_ROWS

    # The two kinds of programs differ in what they know of values from outside.

    def is_rows(self, slot: int) -> bool:
        """Whether a step may take the rows of a value."""
        raise NotImplementedError

    def is_fixed(self, slot: int) -> bool:
        """Whether a value is there before the program begins, and does not change."""
        raise NotImplementedError

    def result(self, slot: int) -> Place:
        """Where a value goes that the program computes."""
        if not self.has_rows(slot):
            raise NotRows("another shape")
        self.made.add(slot)
        return Place(f"v{slot}")

    def take(self, i: Instruction) -> bool:
        """Make steps of an instruction that is no formula; False if that cannot be done."""
        step = {
            "MatMul": self._product,
            "Slice": self._slice,
            "StridedSlice": self._strided_slice,
            "ConcatV2": self._joined,
            "Split": self._cut,
        }.get(i.node.type)
        return step is not None and step(i, [self.slot(slot) for slot in i.inputs])

    def take_run(self, run: Run) -> None:
        """Make a step of elementwise operations; raises NotRows."""
        from flowlab._src.runtime.straight import values_of

        if not all(self.has_rows(slot) for slot in run.outputs):
            raise NotRows("operations on other arrays")
        for slot in map(self.slot, run.inputs):
            if not self.is_rows(slot) and not self.is_fixed(slot):
                raise NotRows("a number that changes")
        inputs, steps, outputs, parts, kind = values_of(self.facts, run)
        if not all(formula.loops_can(step, kind, None) for _, step in steps):
            raise NotRows("a formula without a loop")
        if len(inputs) + len(outputs) >= row_program.OPERANDS:
            raise NotRows("too many arrays")
        try:
            made = row_program.rows_loop(inputs, steps, outputs, parts, np.dtype(kind))
        except ValueError as error:
            raise NotRows(str(error)) from None
        places = [Place(f"v{self.slot(slot)}") for slot in run.inputs]
        self.steps.append(Call(made, (*places, *map(self.result, run.outputs))))

    def _multiplied(self, i: Instruction, turned: bool, lines: slice) -> bool:
        a, b = (self.slot(slot) for slot in i.inputs)
        if not self.is_rows(a) or not self.is_fixed(b) or self.facts.kinds[a] not in FLOATS:
            return False
        depth, (_, columns) = self.dims(a)[1], self.dims(i.outputs[0])
        name = f"w{b}_{int(turned)}_{lines.start}_{lines.stop}"
        output = self.result(i.outputs[0])
        self.weights[name] = b, turned, lines
        self.steps.append(Multiply(Place(f"v{a}"), depth, Place(name), columns, output))
        return True

    def _product(self, i: Instruction, inputs: Sequence[int]) -> bool:
        definition: Any = i.node.definition
        if definition.transpose_a or not is_own(i):
            return False
        return self._multiplied(i, definition.transpose_b, slice(None))

    def _slice(self, i: Instruction, inputs: Sequence[int]) -> bool:
        kernel: Any = i.kernel
        if isinstance(kernel, Cut):
            return self._multiplied(i, True, slice(kernel.first, kernel.last))
        source, begin = inputs[0], self.plan.initial[inputs[1]]
        if not is_own(i) or not self.is_rows(source) or begin is None or not self.has_rows(i.outputs[0]):
            return False
        there = self.dims(i.outputs[0])[1]
        self._copied(source, int(begin[1]), i.outputs[0], there, 0, there)
        return True

    def _strided_slice(self, i: Instruction, inputs: Sequence[int]) -> bool:
        source, definition = inputs[0], i.node.definition
        begin, _, strides = (self.plan.initial[slot] for slot in inputs[1:])
        masks: Any = [getattr(definition, name) for name in ("ellipsis_mask", "new_axis_mask", "shrink_axis_mask")]
        if not is_own(i) or not self.is_rows(source) or not self.has_rows(i.outputs[0]) or begin is None or any(masks):
            return False
        if len(begin) != 2 or strides is None or tuple(strides) != (1, 1):
            return False
        first = 0 if definition.begin_mask & 2 else int(begin[1])  # type: ignore[attr-defined]
        there = self.dims(i.outputs[0])[1]
        self._copied(source, first % self.dims(source)[1], i.outputs[0], there, 0, there)
        return True

    def _joined(self, i: Instruction, inputs: Sequence[int]) -> bool:
        axis = self.plan.initial[inputs[-1]]
        if not is_own(i) or axis is None or int(axis) not in (1, -1) or not all(map(self.is_rows, inputs[:-1])):
            return False
        width, there = self.dims(i.outputs[0])[1], 0
        for slot in inputs[:-1]:
            own = self.dims(slot)[1]
            self._copied(slot, 0, i.outputs[0], width, there, own)
            there += own
        return True

    def _cut(self, i: Instruction, inputs: Sequence[int]) -> bool:
        axis, source = self.plan.initial[inputs[0]], inputs[1]
        if not is_own(i) or axis is None or int(axis) not in (1, -1) or not self.is_rows(source):
            return False
        width = self.dims(source)[1] // len(i.outputs)
        for number, slot in enumerate(i.outputs):
            self._copied(source, number * width, slot, width, 0, width)
        return True

    def _copied(self, source: int, first: int, output: int, output_width: int, there: int, width: int) -> None:
        if {self.facts.kinds[source], self.facts.kinds[output]} - {*FLOATS}:
            raise NotRows("truth values are copied")
        own = self.dims(source)[1]
        self.steps.append(Copy(Place(f"v{source}"), own, first, self.result(output), output_width, there, width))

    def element_type(self) -> np.dtype[Any]:
        """The type of all numbers; raises NotRows where there are several."""
        kinds = {self.facts.kinds[slot] for slot in self.made} - {np.bool_}
        if len(kinds) != 1:
            raise NotRows("more than one type")
        found: np.dtype[Any] = np.dtype(kinds.pop())
        return found

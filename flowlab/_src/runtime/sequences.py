"""The instructions of a plan while some of them are being replaced by one that does the work of several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from flowlab._src.runtime.plan import PLAIN, Instruction, Plan


class Sequences:
    """The instructions of a plan while sequences are being replaced."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.lines: list[Instruction | None] = list(plan.instructions)
        self.initial = list(plan.initial)
        self.reads = Counter(slot for i in plan.instructions for slot in i.inputs)
        self.reads.update(plan.fetches)
        self.maker = {slot: n for n, i in enumerate(plan.instructions) for slot in i.outputs}
        self.writes = Counter(slot for i in plan.instructions for slot in i.outputs)
        self.changed = False
        self._after: dict[int, list[Instruction]] = {}

    def before(self, slot: int, *types: str) -> int | None:
        """The number of the instruction that made a value, if it is of such a type and the value is its only one."""
        number = self.maker.get(slot)
        if number is None or self.writes[slot] != 1:
            return None
        line = self.lines[number]
        found = line is not None and line.mode == PLAIN and line.single and line.node.type in types
        return number if found else None

    def readers(self, slot: int) -> list[int]:
        """The numbers of the instructions that read a value."""
        return [n for n, i in enumerate(self.lines) if i is not None and slot in i.inputs]

    def steady(self, slots: tuple[int, ...], first: int, last: int) -> bool:
        """Tell whether no instruction between two others writes to these slots (a variable's, for example)."""
        between = [i for i in self.lines[first:last] if i is not None]
        return all(set(slots).isdisjoint(i.outputs) for i in between)

    def replace(
        self, numbers: list[int], at: int, kernel: Callable[..., Any], inputs: tuple[int, ...],
        outputs: tuple[int, ...], like: Instruction | None = None,
    ) -> None:  # fmt: skip
        """Put one instruction in the place of several, where the one with number `at` stood.

        It is called like the instruction `like`; plainly, with values and nothing else, where none is given.
        """
        old = self.lines[at]
        assert old is not None
        for number in numbers:
            self.lines[number] = None
        if like is not None:
            self.lines[at] = like._replace(kernel=kernel, inputs=inputs, outputs=outputs)
        else:
            self.lines[at] = Instruction(old.node, kernel, PLAIN, inputs, outputs, len(outputs) == 1, (), ())
        for slot in outputs:
            self.maker[slot] = at
        self.changed = True

    def remove(self, number: int) -> None:
        """Leave an instruction out."""
        self.lines[number] = None
        self.changed = True

    def put_after(self, number: int, line: Instruction) -> None:
        """Add an instruction behind the one with this number, and behind those put there before."""
        self._after.setdefault(number, []).append(line)
        self.changed = True

    def slot(self) -> int:
        """A new place for a value."""
        self.initial.append(None)
        return len(self.initial) - 1

    def result(self) -> Plan:
        """The plan with what was replaced, its values let go where they are read for the last time."""
        if not self.changed:
            return self.plan
        freed = {slot for i in self.plan.instructions for slot in i.free}
        seen = set(range(len(self.plan.initial))) - freed
        lines = []
        parts = [[line, *self._after.get(number, [])] for number, line in enumerate(self.lines)]
        for line in reversed([i for part in parts for i in part if i is not None]):
            free = [slot for slot in dict.fromkeys((*line.inputs, *line.outputs)) if slot not in seen]
            seen.update(free)
            lines.append(line._replace(free=tuple(free)))
        return self.plan._replace(instructions=tuple(lines[::-1]), initial=tuple(self.initial))

"""Which loops of a graph go over single numbers alone, and what they compute in the words of `kernels/scalar_loop.py`.

A `While` does when each operation of its condition and its body has a formula, and so do the branches of `tf.cond` in
it; nothing in it is stateful, watched or recorded for a gradient.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowlab._src.kernels.formula import with_names
from flowlab._src.kernels.scalar_loop import REAL, WHOLE, Assign, Choice, Description, NotScalar, ScalarLoop, Statement
from flowlab._src.runtime.lean import Facts
from flowlab._src.runtime.plan import NESTED, Instruction, Part
from flowlab._src.runtime.state import SessionState


class CompiledLoop:
    """A `While` over single numbers, with what it takes from its surroundings."""

    def __init__(
        self, loop: ScalarLoop, constants: Sequence[Any], positions: Sequence[int], names: Sequence[str]
    ) -> None:
        self._loop, self._constants, self._positions, self._names = loop, constants, positions, names
        self.ready, self.pause = loop.ready, loop.pause

    def __call__(self, state: SessionState, values: Sequence[Any], inputs: Sequence[Any]) -> tuple[Sequence[Any], int]:
        """Go on from the values of the loop variables; returns their new values and the number of iterations."""
        captured = [inputs[position] for position in self._positions]
        return self._loop(values, [*self._constants, *captured, *[state.read(name) for name in self._names]])


def compiled_loop(condition: Part, body: Part) -> CompiledLoop | None:
    """The loop of a condition and a body; None where they do more than compute with single numbers."""
    try:
        return _Reading(condition, body).result()
    except NotScalar:
        return None


class _Reading:
    """Reads the plans of a loop; every value gets a name of its own."""

    def __init__(self, condition: Part, body: Part) -> None:
        self._condition, self._body = condition, body
        self._kinds: dict[str, Any] = {}
        self._constants: dict[str, Any] = {}
        self._captured: dict[int, str] = {}  # by position among the inputs of the loop
        self._variables: dict[str, str] = {}  # by name in the session
        self._parts = 0

    def result(self) -> CompiledLoop:
        """The loop; raises NotScalar."""
        variables = [f"p{i}" for i in range(len(self._body.parameters))]
        for part in (self._condition, self._body):
            facts = Facts(part.plan)
            outputs = part.outputs if part is self._body else ()
            for name, slot in [*zip(variables, part.parameters, strict=True), *zip(variables, outputs, strict=False)]:
                if slot is not None:
                    self._known(name, facts, slot)
        condition, (answer,) = self._part(self._condition, variables)
        body, results = self._part(self._body, variables)
        others = [*self._constants, *self._captured.values(), *self._variables.values()]
        description = Description(
            [(name, self._kinds[name]) for name in variables],
            [(name, self._kinds[name]) for name in others],
            condition, answer, body, results,
        )  # fmt: skip
        return CompiledLoop(
            ScalarLoop(description), list(self._constants.values()), list(self._captured), list(self._variables)
        )

    def _known(self, name: str, facts: Facts, slot: int) -> str:
        """Note the type of a value; raises NotScalar when it is no single number."""
        kind = facts.kinds.get(slot)
        if kind not in (*WHOLE, *REAL) or facts.dims.get(slot) != ():
            raise NotScalar(name)
        if self._kinds.setdefault(name, kind) is not kind:
            raise NotScalar(name)
        return name

    def _part(
        self, part: Part, parameters: Sequence[str], inputs: Sequence[str] | None = None
    ) -> tuple[list[Statement], list[str]]:
        """The statements of a part and the names of its outputs; `inputs` name those of a conditional."""
        if part.reads or part.recorded:
            raise NotScalar("a tape")
        plan, facts = part.plan, Facts(part.plan)
        number, self._parts = self._parts, self._parts + 1
        names = {slot: name for slot, name in zip(part.parameters, parameters, strict=False) if slot is not None}
        for slot, position in part.captured:
            name = self._captured.setdefault(position, f"x{position}") if inputs is None else inputs[position]
            names[slot] = self._known(name, facts, slot)
        for slot, variable in part.variables:
            names[slot] = self._known(self._variables.setdefault(variable, f"w{len(self._variables)}"), facts, slot)

        def name_of(slot: int) -> str:
            if slot not in names:
                value = plan.initial[slot]
                if value is None:
                    raise NotScalar("no value")
                names[slot] = self._known(f"k{number}_{slot}", facts, slot)
                self._constants[names[slot]] = np.asarray(value)[()]
            return names[slot]

        statements = [self._statement(i, facts, number, names, name_of) for i in plan.instructions]
        return statements, [name_of(slot) for slot in part.outputs]

    def _statement(self, i: Instruction, facts: Facts, number: int, names: dict[int, str], name_of: Any) -> Statement:
        if i.mode == NESTED:
            return self._choice(i, facts, number, names, name_of)
        step = facts.step(i)
        if step is None:
            raise NotScalar(i.node.type)
        step = with_names(step, {f"v{slot}": name_of(slot) for slot in i.inputs})
        (slot,) = i.outputs
        names[slot] = self._known(f"v{number}_{slot}", facts, slot)
        return Assign(names[slot], facts.kinds[slot], step)

    def _choice(self, i: Instruction, facts: Facts, number: int, names: dict[int, str], name_of: Any) -> Statement:
        """A conditional: its kernel says which parts are its branches."""
        branches: tuple[Part, Part] | None = getattr(i.kernel, "branches", None)
        if branches is None or any(part.plan.written for part in branches):
            raise NotScalar(i.node.type)
        condition, *_ = inputs = [name_of(slot) if slot in names or facts.kinds.get(slot) else "" for slot in i.inputs]
        if self._kinds.get(condition) is not np.bool_:
            raise NotScalar(i.node.type)
        (then, values), (otherwise, others) = [self._part(part, (), inputs) for part in branches]
        results = []
        for slot, value, other in zip(i.outputs, values, others, strict=False):  # the last output is the tape
            names[slot] = self._known(f"v{number}_{slot}", facts, slot)
            results.append((names[slot], facts.kinds[slot], value, other))
        return Choice(condition, then, otherwise, results)

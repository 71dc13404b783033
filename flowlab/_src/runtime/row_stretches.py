"""Stretches of a plan in which each row of a batch goes its own way, as one program of `kernels/row_program.py`.

A recurrent network that is unrolled in the graph, as `tf.nn.static_rnn` does it, multiplies with the same weights 28
times, with a few operations between. Such a stretch is gathered here: whatever can be a step of the program and needs
what the program has made. What it does not need comes before it, what needs its results comes after it; the order of
everything else stays. The way back through time is the next stretch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from flowlab._src.kernels import row_program
from flowlab._src.kernels.jit import plain
from flowlab._src.kernels.row_program import Call, Copy, Multiply, Place, Program
from flowlab._src.runtime.lean import Facts, Run, is_own
from flowlab._src.runtime.plan import PLAIN, Instruction
from flowlab._src.runtime.product_patterns import Cut
from flowlab._src.runtime.row_steps import NotRows, RowSteps
from flowlab._src.runtime.small_runs import SmallRun

LEAST_PRODUCTS = 8
OFTEN = 4  # products with the same weights, which are copied for them


class Stretch(NamedTuple):
    """Instructions that become one program."""

    numbers: list[int]  # of the instructions
    items: list[int | Run]  # the same, in the order of the program
    inputs: list[int]  # slots
    outputs: list[int]  # slots that others read
    steps: RowSteps


class _Gathering(RowSteps):
    """A stretch that grows."""

    def __init__(self, facts: Facts, weights: set[int]) -> None:
        super().__init__(facts.plan, facts)
        self.often = weights
        self.items: list[int | Run] = []

    def is_rows(self, slot: int) -> bool:
        """Whether a step may take the rows of a value: of any that has as many rows."""
        return slot in self.made or self.has_rows(slot)

    def is_fixed(self, slot: int) -> bool:
        """Whether a value is there before the stretch begins."""
        return slot not in self.made

    def takes(self, item: int | Run) -> bool:
        """Whether the program can go on with this; if so, it does."""
        before = len(self.steps), set(self.made), dict(self.weights), dict(self.same), self.count
        try:
            taken = self._take(item)
        except NotRows:
            taken = False
        if taken:
            self.items.append(item)
        else:
            count, self.made, self.weights, self.same, self.count = before
            del self.steps[count:]
        return taken

    def _take(self, item: int | Run) -> bool:
        if isinstance(item, Run):
            if isinstance(item, SmallRun) or self.made.isdisjoint(item.inputs):
                return False
            self.take_run(item)
            return True
        i = self.plan.instructions[item]
        if weights_of(i) in self.often and i.inputs[0] not in self.made:
            return self.take(i)  # the stretch may begin with it
        if self.made.isdisjoint(i.inputs):
            return False
        if self.facts.formulas[item] is not None:
            self.take_run(Run([item], list(dict.fromkeys(i.inputs)), list(i.outputs), []))
            return True
        return self.take(i)


def weights_of(i: Instruction) -> int | None:
    """The slot of the matrix that an instruction multiplies rows with."""
    if i.node.type == "MatMul" and is_own(i) and not i.node.definition.transpose_a:  # type: ignore[attr-defined]
        return i.inputs[1]
    return i.inputs[1] if isinstance(i.kernel, Cut) else None


def has_effects(i: Instruction) -> bool:
    """Whether an instruction may do more than compute, so that nothing goes past it."""
    return i.mode != PLAIN and not i.node.definition.is_variable


def with_stretches(facts: Facts, order: Sequence[int | Run]) -> list[int | Run | Stretch]:
    """The order in which to write a plan, with stretches where there are such."""
    plan = facts.plan
    uses = Counter(map(weights_of, plan.instructions))
    often = {slot for slot, count in uses.items() if slot is not None and count >= OFTEN}
    if not often:
        return list(order)
    computing = [i for i in plan.instructions if not has_effects(i) and not i.node.definition.is_identity]
    writes = Counter(slot for i in computing for slot in i.outputs)
    changing = {slot for slot, count in writes.items() if count > 1}
    result: list[int | Run | Stretch] = []
    rest = list(order)
    while True:
        found = _split(facts, rest, often, changing)
        if found is None:
            return [*result, *rest]
        before, stretch, rest = found
        result += [*before, stretch]


def _split(
    facts: Facts, order: Sequence[int | Run], often: set[int], changing: set[int]
) -> tuple[list[int | Run], Stretch, list[int | Run]] | None:
    """What comes before the next stretch, the stretch, and what comes after it; None where there is none."""
    instructions = facts.plan.instructions
    gathering = _Gathering(facts, often)
    before: list[int | Run] = []
    after: list[int | Run] = []
    later: set[int] = set()  # made after the stretch
    for place, item in enumerate(order):
        numbers = item.numbers if isinstance(item, Run) else [item]
        inputs = {slot for n in numbers for slot in instructions[n].inputs}
        outputs = {slot for n in numbers for slot in instructions[n].outputs}
        if any(has_effects(instructions[n]) for n in numbers):
            after += order[place:]
            break
        must_wait = not later.isdisjoint(inputs) or not changing.isdisjoint(inputs | outputs)
        if not must_wait and gathering.takes(item):
            continue
        if must_wait or not gathering.made.isdisjoint(inputs):
            after.append(item)
            later |= outputs
        else:
            before.append(item)
    products = sum(isinstance(step, Multiply) for step in gathering.steps)
    if products < max(LEAST_PRODUCTS, OFTEN * len(gathering.weights)):
        return None
    inside = {n for item in gathering.items for n in (item.numbers if isinstance(item, Run) else [item])}
    read = {slot for n, i in enumerate(instructions) if n not in inside for slot in i.inputs}
    wanted = read | set(facts.plan.fetches)
    made = [slot for n in sorted(inside) for slot in instructions[n].outputs if slot in gathering.made]
    inputs_of = dict.fromkeys(slot for n in sorted(inside) for slot in instructions[n].inputs)
    taken = {int(place.name[1:]) for step in gathering.steps for place in places_of(step) if place.name[0] == "v"}
    taken |= {slot for slot, _, _ in gathering.weights.values()}
    stretch = Stretch(
        sorted(inside), gathering.items, [slot for slot in inputs_of if slot in taken - gathering.made],
        [slot for slot in made if slot in wanted], gathering,
    )  # fmt: skip
    try:
        gathering.element_type()
    except NotRows:
        return None
    return before, stretch, after


def places_of(step: Multiply | Copy | Call) -> list[Place]:
    """All places that a step names, the weights' left out; what it makes comes last."""
    if isinstance(step, Multiply):
        return [step.a, step.output]
    return [step.source, step.output] if isinstance(step, Copy) else list(step.arrays)


class RowStretch:
    """A stretch as a function of its inputs, which returns the list of its outputs."""

    def __init__(self, stretch: Stretch, by_numpy: Callable[..., Any]) -> None:
        self._by_numpy = by_numpy
        steps, facts = stretch.steps, stretch.steps.facts
        self._dtype = steps.element_type()
        self._rows = steps.count
        self._inputs = [(f"v{slot}", facts.dims[slot]) for slot in stretch.inputs]
        self._weights = [(name, f"v{slot}", turned, lines) for name, (slot, turned, lines) in steps.weights.items()]
        self._kinds = {
            f"v{slot}": np.dtype(np.bool_) if facts.kinds[slot] is np.bool_ else self._dtype
            for slot in (*stretch.inputs, *steps.made)
        }
        self._widths = {f"v{slot}": steps.dims(slot)[1] for slot in steps.made}
        self._blocks: dict[str, list[Any]] = {}  # number of arrays, width, dtype
        self._outputs: list[tuple[str, int]] = []
        places: dict[str, Place] = {}
        for slot in stretch.outputs:
            places[f"v{slot}"] = place = self._place("o", f"v{slot}")
            self._outputs.append((place.name, self._blocks[place.name][0] - 1))
        self._place_others(steps.steps, places)
        self._program = Program(steps.count, [moved(step, places) for step in steps.steps], self._dtype)

    def _place(self, purpose: str, name: str) -> Place:
        """The next free place in the block of arrays of this width."""
        width, kind = self._widths[name], self._kinds[name]
        block = self._blocks.setdefault(f"{purpose}{width}{kind}", [0, width, kind])
        block[0] += 1
        return Place(f"{purpose}{width}{kind}", (block[0] - 1) * self._rows * width * kind.itemsize)

    def _place_others(self, steps: Sequence[Any], places: dict[str, Place]) -> None:
        """Give what nobody else reads a place, which is free again after it was read for the last time."""
        last = {place.name: number for number, step in enumerate(steps) for place in places_of(step)}
        free: dict[str, list[Place]] = {}
        for number, step in enumerate(steps):
            names = [place.name for place in places_of(step)]
            for name in names:
                if name in self._widths and name not in places:
                    kind = f"{self._widths[name]}{self._kinds[name]}"
                    places[name] = free[kind].pop() if free.get(kind) else self._place("t", name)
            for name in set(names):
                if last[name] == number and name in self._widths and places[name].name[0] == "t":
                    free.setdefault(f"{self._widths[name]}{self._kinds[name]}", []).append(places[name])

    def __call__(self, *inputs: Any) -> Any:
        if not self._program.ready():
            return self._by_numpy(*inputs)
        values = {}
        for (name, dims), value in zip(self._inputs, inputs, strict=True):
            if value.shape != dims or value.dtype != self._kinds[name]:  # the program would read memory beside it
                return self._by_numpy(*inputs)
            values[name] = (
                value if value.__class__ is np.ndarray and value.flags.c_contiguous else self._plain(name, value)
            )
        packed = {name: row_program.pack(values[of][lines], turned) for name, of, turned, lines in self._weights}
        blocks = {
            name: np.empty((count, self._rows, width), kind) for name, (count, width, kind) in self._blocks.items()
        }
        addresses = {
            name: array.__array_interface__["data"][0]
            for arrays in (values, packed, blocks)
            for name, array in arrays.items()
            if name in self._program.names
        }
        self._program.run(1, addresses)
        rows = {name: list(block) for name, block in blocks.items()}
        return [rows[name][number] for name, number in self._outputs]

    def _plain(self, name: str, value: Any) -> Any:
        return plain(np.asarray(value, self._kinds[name]))


def moved(step: Any, places: dict[str, Place]) -> Any:
    """A step whose operands are at these places."""

    def to(place: Place) -> Place:
        return places.get(place.name, place)

    if isinstance(step, Multiply):
        return step._replace(a=to(step.a), output=to(step.output))
    if isinstance(step, Copy):
        return step._replace(source=to(step.source), output=to(step.output))
    return step._replace(arrays=tuple(map(to, step.arrays)))

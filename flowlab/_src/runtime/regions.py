"""Which instructions of a plan become regions: small arrays, computed, cut, joined and added up in one compiled function.

The steps of a region need not stand side by side in the plan. Each value gets a level: what no region makes has that of
its inputs, and one more if a region made one of them. All that can be in a region and is of one level is one region; it
runs when everything else of its level has run. Whatever has an effect, or reads a variable, keeps its order.

    level 0: gather rows, multiply matrices    region 0: add biases, join, loss, gradient of the loss
    level 1: multiply matrices                 region 1: put the gradients of parts together
    level 2: change the tables
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from flowlab._src.kernels import compiling, formula, fused, region
from flowlab._src.runtime.lean import Facts, is_own
from flowlab._src.runtime.plan import PLAIN, Instruction, Plan
from flowlab._src.runtime.row_patterns import Join
from flowlab._src.runtime.sequences import Sequences

MOST = 2**15  # elements of an array: larger ones are worth several threads
LEAST_STEPS = 4  # of which a region saves the calls
SHAPES = ("Reshape", "ExpandDims", "Squeeze", "StopGradient")
FLOATS = (np.float32, np.float64)

Write = Callable[[Plan, Facts, Sequence[int], Sequence[int], Sequence[int]], Callable[..., Any]]


def grouped(plan: Plan, write: Write) -> Plan:
    """Return a plan with regions as single instructions; `write` makes the function that computes one by NumPy."""
    if plan.sizes is None or compiling.compiler.policy == compiling.NEVER or len(plan.instructions) < LEAST_STEPS:
        return plan
    types = {i.node.type for i in plan.instructions}
    if types.isdisjoint(MOVING) or not types.isdisjoint(ELSEWHERE):
        return plan
    return Regions(plan).grouped(write)


MOVING = ("ConcatV2", "Slice", "Sum", "AddN", "Pad")  # without any of these, `lean.runs` does as well
ELSEWHERE = ("Split", "SplitV")  # the gates of recurrent cells, for which there are loops of their own


class Member(NamedTuple):
    """An instruction that may be in a region, as an item of it."""

    item: region.Item
    reads: tuple[int, ...]  # slots


class Regions:
    """Finds the regions of a plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.facts = Facts(plan)
        writes = Counter(slot for i in plan.instructions for slot in i.outputs)
        self.variables = {slot for slot, count in writes.items() if count > 1}
        self.variables.update([s for i in plan.instructions if i.node.definition.is_variable for s in i.outputs])
        kinds = Counter(self.facts.kinds.get(s) for i in plan.instructions for s in i.outputs)
        self.kind = max(FLOATS, key=lambda kind: kinds[kind])

    def grouped(self, write: Write) -> Plan:
        """The plan with its regions."""
        plan, level, made_by = self.plan, dict[int, int](), dict[int, int]()
        groups: dict[int, list[int]] = {}
        others: dict[int, list[int]] = {}
        items: dict[int, Member] = {}
        latest = 0
        for number, instruction in enumerate(plan.instructions):
            member = self.member(instruction)
            if member is not None and isinstance(member.item, region.Alias) and member.reads[0] not in made_by:
                member = None  # outside of regions it is a view
            if member is not None:
                at = max([0, *[level.get(slot, 0) for slot in member.reads]])
                items[number] = member
                groups.setdefault(at, []).append(number)
                made_by.update(dict.fromkeys(instruction.outputs, at))
            else:
                at = max([0, *[level.get(slot, 0) + (slot in made_by) for slot in instruction.inputs]])
                touched = {*instruction.inputs, *instruction.outputs}
                if instruction.mode != PLAIN or instruction.refs or not touched.isdisjoint(self.variables):
                    at = latest = max(at, latest)
                others.setdefault(at, []).append(number)
            level.update(dict.fromkeys(instruction.outputs, at))
        lines = Sequences(plan)
        order: list[Instruction | None] = []
        for at in sorted({*groups, *others}):
            order += [plan.instructions[number] for number in others.get(at, ())]
            numbers = groups.get(at, [])
            made = self.instruction(numbers, items, write) if self.worth(numbers, items) else None
            lines.changed |= made is not None
            order += [plan.instructions[number] for number in numbers] if made is None else [made]
        lines.lines = order
        return lines.result()

    def worth(self, numbers: Sequence[int], items: dict[int, Member]) -> bool:
        """Enough steps, and not all of one shape: for those there are loops in `lean.runs`."""
        found = [items[number].item for number in numbers]
        steps = [item for item in found if not isinstance(item, region.Alias)]
        alike = {item.output.dims for item in steps if isinstance(item, region.Formula)}
        formulas = sum([isinstance(item, region.Formula) for item in steps])
        return len(steps) >= LEAST_STEPS and (formulas < len(steps) or len(alike) > 1)

    def instruction(self, numbers: Sequence[int], items: dict[int, Member], write: Write) -> Instruction | None:
        """The region of these instructions as one."""
        plan, facts = self.plan, self.facts
        members = [items[number] for number in numbers]
        inside = {slot for number in numbers for slot in plan.instructions[number].outputs}
        chosen = set(numbers)
        read = {slot for n, i in enumerate(plan.instructions) if n not in chosen for slot in i.inputs}
        read.update(plan.fetches)
        slots = list(dict.fromkeys(slot for member in members for slot in member.reads if slot not in inside))
        only = [s for s in slots if all(isinstance(m.item, region.Formula) for m in members if s in m.reads)]
        numbers_known = {slot: n for slot in only if (n := single_number(plan.initial[slot])) is not None}
        if not all(map(math.isfinite, numbers_known.values())):
            return None
        inputs = [slot for slot in slots if slot not in numbers_known]
        if not any(facts.dims[slot] and facts.kinds[slot] is self.kind for slot in inputs):
            return None
        known = {f"v{slot}": number for slot, number in numbers_known.items()}
        parts: list[region.Item] = []
        bases: dict[int, tuple[int, int]] = {}  # slots that are other names: of which, from which element on
        for number, member in zip(numbers, members, strict=True):
            item, output = member.item, plan.instructions[number].outputs[0]
            if isinstance(item, region.Alias):
                of, begin = bases.get(member.reads[0], (member.reads[0], 0))
                bases[output] = of, begin + item.begin
            if isinstance(item, region.Formula) and known:
                left = tuple([value for value in item.inputs if value.name not in known])
                item = item._replace(step=with_numbers(item.step, known), inputs=left)
            parts.append(item)
        wanted = [slot for slot in inside if slot in read]
        outputs = list(dict.fromkeys(bases.get(slot, (slot, 0))[0] for slot in sorted(wanted)))
        wanted.sort()
        results = []
        for slot in wanted:
            of, begin = bases.get(slot, (slot, 0))
            results.append((outputs.index(of), begin, self.value(slot).dims))
        call = region.Region(
            [self.value(slot) for slot in inputs],
            parts,
            [self.value(slot) for slot in outputs],
            results,
            self.kind,
            write(plan, facts, numbers, inputs, wanted),
        )
        node = plan.instructions[numbers[-1]].node
        return Instruction(node, call, PLAIN, tuple(inputs), tuple(wanted), False, (), ())

    def value(self, slot: int) -> region.Value:
        """A slot as a value of a region."""
        return region.Value(f"v{slot}", self.facts.dims[slot] or (), self.facts.kinds[slot] is np.bool_)

    def fits(self, slot: int) -> bool:
        """Whether a region can hold the value of a slot."""
        dims, kind = self.facts.dims.get(slot), self.facts.kinds.get(slot)
        return dims is not None and kind in (self.kind, np.bool_) and 0 < formula.count_of(dims) <= MOST

    def member(self, instruction: Instruction) -> Member | None:
        """The instruction as an item, if it can be one."""
        if instruction.mode != PLAIN or instruction.refs or len(instruction.outputs) != 1:
            return None
        output, facts = instruction.outputs[0], self.facts
        if (
            not self.fits(output)
            or not facts.dims[output]
            or not self.variables.isdisjoint((*instruction.inputs, output))
        ):
            return None
        step = facts.formulas[self.plan.instructions.index(instruction)]
        if step is not None:
            inputs = tuple(dict.fromkeys(instruction.inputs))
            layout = fused.Layout(facts.dims[output] or ())
            if not formula.loops_can(step, facts.kinds[output], layout.dims) or not all(map(self.fits, inputs)):
                return None
            if not all(layout.takes(facts.dims[slot] or ()) for slot in inputs):
                return None
            return Member(region.Formula(self.value(output), step, tuple(map(self.value, inputs))), inputs)
        if facts.kinds[output] is not self.kind:
            return None
        if isinstance(instruction.kernel, Join):
            return self.join(instruction, instruction.kernel)
        if not instruction.inputs or not is_own(instruction):
            return None
        find = {"Slice": self.slice, "ConcatV2": self.concat, "Sum": self.total}.get(instruction.node.type)
        if find is not None:
            return find(instruction)
        if instruction.node.type in SHAPES and self.fits(instruction.inputs[0]):
            source = instruction.inputs[0]
            return Member(region.Alias(self.value(output), self.value(source)), (source,))
        return None

    def slice(self, instruction: Instruction) -> Member | None:
        """A part that is cut along one axis."""
        source, output = instruction.inputs[0], instruction.outputs[0]
        begins = self.plan.initial[instruction.inputs[1]]
        dims, new = self.facts.dims[source], self.facts.dims[output]
        if begins is None or not dims or not new or not self.fits(source):
            return None
        cut = [axis for axis, (n, m) in enumerate(zip(dims, new, strict=True)) if n != m]
        if len(cut) != 1:
            return None
        axis, inner = cut[0], formula.count_of(dims[cut[0] + 1 :])
        rows, begin = formula.count_of(dims[:axis]), int(begins[axis]) * inner
        if rows == 1:
            return Member(region.Alias(self.value(output), self.value(source), begin), (source,))
        piece = (self.value(source), begin, 0, new[axis] * inner)
        return Member(region.Move(self.value(output), rows, (piece,)), (source,))

    def concat(self, instruction: Instruction) -> Member | None:
        """Arrays side by side."""
        *sources, axis_slot = instruction.inputs
        output = instruction.outputs[0]
        axis, dims = self.plan.initial[axis_slot], self.facts.dims[output]
        if axis is None or not dims or not all(map(self.fits, sources)):
            return None
        along = int(axis) % len(dims)
        rows, there, pieces = formula.count_of(dims[:along]), 0, []
        for source in sources:
            columns = formula.count_of(self.facts.dims[source] or ()) // rows
            pieces.append((self.value(source), 0, there, columns))
            there += columns
        return Member(region.Move(self.value(output), rows, tuple(pieces)), tuple(sources))

    def total(self, instruction: Instruction) -> Member | None:
        """The sum over the first axes, where NumPy adds row after row."""
        source, axes_slot = instruction.inputs
        output, axes = instruction.outputs[0], self.plan.initial[axes_slot]
        dims = self.facts.dims[source]
        if axes is None or not dims or not self.fits(source) or self.facts.kernel(instruction) == instruction.kernel:
            return None
        found = sorted({int(axis) % len(dims) for axis in np.ravel(axes)})
        rows, columns = formula.count_of(dims[: len(found)]), formula.count_of(dims[len(found) :])
        if found != list(range(len(found))) or columns < 2 or len(found) != 1:
            return None
        return Member(region.Total(self.value(output), self.value(source), rows), (source,))

    def join(self, instruction: Instruction, kernel: Join) -> Member | None:
        """Gradients of parts, put where the parts were along one axis."""
        if not all(map(self.fits, instruction.inputs)):
            return None
        dims = kernel.dims
        whole = [all(place[axis] == (0, n) for place in kernel.places) for axis, n in enumerate(dims)]
        if whole.count(False) != 1:
            return None
        axis = whole.index(False)
        rows, inner = formula.count_of(dims[:axis]), formula.count_of(dims[axis + 1 :])
        pieces = [
            (self.value(slot), 0, place[axis][0] * inner, (place[axis][1] - place[axis][0]) * inner)
            for slot, place in zip(instruction.inputs, kernel.places, strict=True)
        ]
        item = region.Move(self.value(instruction.outputs[0]), rows, tuple(pieces), add=True)
        return Member(item, tuple(instruction.inputs))


def single_number(value: Any) -> float | None:
    """The number that stands everywhere in a known array of floats: zeros, ones, a rate."""
    if value is None or np.asarray(value).dtype.kind != "f":
        return None
    array = np.asarray(value)
    first = array.reshape(-1)[:1]
    return float(first[0]) if first.size and first.tobytes() * array.size == array.tobytes() else None


def with_numbers(step: Any, known: dict[str, float]) -> Any:
    """A formula with numbers in the place of names."""
    if isinstance(step, formula.Step):
        return formula.Step(step.function, tuple([with_numbers(each, known) for each in step.arguments]))
    return known.get(step, step) if isinstance(step, str) else step

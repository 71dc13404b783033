"""Plans on small arrays alone: which of their instructions become one compiled loop (`kernels/small_plan.py`).

A training step of a model with a few weights is such a plan. An instruction takes part when it has a formula, or when
its op says in `small_form` what its kernel does. What only computes and stands between two that take part goes before them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from flowlab._src.graph.operation import variable_behind
from flowlab._src.kernels import formula
from flowlab._src.kernels.small_plan import (
    MOST_NUMBERS,
    MOST_PRODUCTS,
    Description,
    Product,
    Same,
    SmallPlan,
    Total,
    Update,
    Writer,
)  # fmt: skip
from flowlab._src.runtime.lean import Facts, Run, names_of
from flowlab._src.runtime.plan import PLAIN, Instruction, Plan

FEWEST, MOST = 5, 100  # instructions that are worth a loop; with more it takes long to compile
MOST_ARRAYS = 40  # inputs and results of one loop
KINDS = (np.float32, np.float64)
SECONDS = 6e-7  # that NumPy takes for an instruction, about


class SmallRun(Run):
    """Instructions on small arrays that become one loop."""


class Member(NamedTuple):
    """What an instruction does, by slots."""

    kind: Any
    what: Any  # a formula of slots, Product, Total, Same, or Update
    inputs: tuple[int, ...]  # that count; an Update has other ones


def small_runs(facts: Facts) -> list[int | Run] | None:
    """The order in which to write the instructions, with runs; None when the plan has none of these."""
    plan = facts.plan
    if plan.sizes is None or not all(_is_small(facts, slot) for slot in plan.slots.values()):
        return None
    order: list[int | Run] = []
    members: list[int] = []
    made: set[int] = set()
    kind: Any = None

    def close() -> None:
        order.extend(_run(facts, members))
        members.clear()
        made.clear()

    for number, instruction in enumerate(plan.instructions):
        member = member_of(facts, number)
        if len(members) == MOST:
            close()
        if member is not None and (not members or member.kind is kind):
            members.append(number)
            made.update(instruction.outputs)
            kind = member.kind
            continue
        definition = instruction.node.definition
        simple = instruction.mode == PLAIN or definition.is_variable or definition.reads_only
        if not simple or not made.isdisjoint((*instruction.inputs, *instruction.outputs)):
            close()
        order.append(number)
    close()
    return order if any(isinstance(item, Run) for item in order) else None


def is_better_alone(plan: Plan, fused: Plan) -> bool:
    """Whether small loops leave less to do of a plan than of the one in which sequences are single kernels already."""
    return plan is not fused and _left(plan) < _left(fused)


def _left(plan: Plan) -> int:
    """How many instructions and runs there are to call, variables that are read left out."""
    order = small_runs(Facts(plan)) or range(len(plan.instructions))
    return sum([isinstance(item, Run) or not plan.instructions[item].refs for item in order])


def _is_small(facts: Facts, slot: int) -> bool:
    """True for few numbers, and for what is no array of numbers."""
    dims = facts.dims.get(slot)
    return facts.kinds.get(slot) is None or (dims is not None and math.prod(dims) <= MOST_NUMBERS)


def member_of(facts: Facts, number: int) -> Member | None:
    """What an instruction does, where a small loop can do it."""
    instruction = facts.plan.instructions[number]
    step = facts.formulas[number]
    if step is not None and not _loops_can(facts, step, instruction):
        return None
    what = step if step is not None else facts.small(instruction)
    if what is None:
        return None
    inputs = instruction.inputs if step is not None else instruction.inputs[: 2 if isinstance(what, Product) else 1]
    if isinstance(what, Update):
        names = names_of(instruction)
        used = {each for _, text in what.formulas for each in formula.names(formula.parse(text))}
        inputs = tuple([slot for slot, name in zip(instruction.inputs, names, strict=True) if name in used])
        targets = [instruction.inputs[names.index(name)] for name, _ in what.formulas]
        shape = facts.dims[targets[0]]
        if any(facts.dims[slot] not in ((), shape) for slot in inputs) or sorted(targets) != sorted(
            set(instruction.outputs)
        ):
            return None
    touched = (*inputs, *instruction.outputs)
    kinds = {facts.kinds[slot] for slot in touched} - {np.bool_}
    if (
        len(kinds) != 1
        or not kinds <= {*KINDS}
        or any(0 in (facts.dims[slot] or (0,) * (facts.dims[slot] is None)) for slot in touched)
    ):
        return None
    if not isinstance(what, formula.Step) and any(facts.kinds[slot] is np.bool_ for slot in touched):
        return None
    if isinstance(what, Product) and _count(facts, instruction) > MOST_PRODUCTS:
        return None
    if isinstance(what, Total) and (not what.axes or what.axes != tuple(range(what.axes[0], what.axes[-1] + 1))):
        return None
    return Member(kinds.pop(), what, inputs)


def _loops_can(facts: Facts, step: Any, instruction: Instruction) -> bool:
    """Whether a loop has what a formula needs: exp and tanh are for float32."""
    used = formula.functions(step)
    known = used <= {*formula.IN_LOOPS, *formula.SYMBOLS}
    return known and (used.isdisjoint(formula.VECTOR) or facts.kinds[instruction.outputs[0]] is np.float32)


def _count(facts: Facts, instruction: Instruction) -> int:
    """How many products of numbers a product of matrices has."""
    first, second = (math.prod(facts.dims[slot] or ()) for slot in instruction.inputs[:2])
    return math.isqrt(first * second * math.prod(facts.dims[instruction.outputs[0]] or ()))


def _run(facts: Facts, numbers: Sequence[int]) -> list[int | Run]:
    """The run, where it is worth a loop; else its instructions."""
    plan, inside = facts.plan, set(numbers)
    single = all(facts.is_number(slot) for number in numbers for slot in plan.instructions[number].outputs)
    if len(numbers) < FEWEST or single:  # single numbers are for Python's operators
        return [*numbers]
    others = {slot for n, i in enumerate(plan.instructions) if n not in inside for slot in i.inputs}
    others.update(plan.fetches)
    inputs: dict[int, None] = {}
    made: dict[int, None] = {}
    updated: set[int] = set()
    for number in numbers:
        member, instruction = member_of(facts, number), plan.instructions[number]
        assert member is not None
        if isinstance(member.what, Update) and not {*instruction.outputs} <= {*inputs, *member.inputs}:
            return [*numbers]  # a variable that gets a first value: the loop takes the old one, and there is none
        inputs.update(dict.fromkeys([slot for slot in member.inputs if slot not in made]))
        made.update(dict.fromkeys(instruction.outputs))
        if isinstance(member.what, Update):
            updated.update(instruction.outputs)
            inputs.update(dict.fromkeys(instruction.outputs))
    outputs = [slot for slot in made if slot in others or slot in updated]
    truth = any(facts.kinds[slot] is np.bool_ and not facts.dims[slot] for slot in (*inputs, *outputs))
    if truth or not outputs or len(inputs) + len(outputs) > MOST_ARRAYS:
        return [*numbers]
    return [SmallRun(numbers=list(numbers), inputs=list(inputs), outputs=outputs, parts=[])]


def small_plan(facts: Facts, run: SmallRun, by_numpy: Callable[..., Any]) -> SmallPlan:
    """The loop of a run; it is called with the inputs that are not constants."""
    plan = facts.plan
    members = [(plan.instructions[number], member_of(facts, number)) for number in run.numbers]
    elementwise = dict.fromkeys(run.inputs, True)
    for _, member in members:
        assert member is not None
        if not isinstance(member.what, (formula.Step, Update)):
            elementwise.update(dict.fromkeys(member.inputs, False))
    constants, given, arrays = [], [], {}
    for slot in run.inputs:
        value = plan.initial[slot]
        alike = value is not None and elementwise[slot] and (np.size(value) == 1 or np.ptp(value) == 0)
        if alike:
            constants.append((f"v{slot}", np.ravel(value)[0]))
            continue
        given.append(slot)
        if value is not None:
            arrays[f"v{slot}"] = np.asarray(value)
    current = {slot: f"v{slot}" for slot in run.inputs}  # the name of a variable's value changes with an update
    statements: list[Callable[[Writer], None]] = []
    variables: dict[str, tuple[str, str]] = {}
    for instruction, member in members:
        assert member is not None
        what = member.what
        output = instruction.outputs[0]
        name, dims = f"v{output}", facts.dims[output] or ()
        names = [current[slot] for slot in member.inputs]
        if isinstance(what, formula.Step):
            step = formula.with_names(what, {f"v{slot}": current[slot] for slot in member.inputs})
            statements.append(partial(Writer.each, name=name, dims=dims, step=step))
        elif isinstance(what, Product):
            statements.append(partial(Writer.product, name=name, a=names[0], b=names[1], what=what))
        elif isinstance(what, Total):
            statements.append(partial(Writer.total, name=name, dims=dims, source=names[0], what=what))
        elif isinstance(what, Same):
            statements.append(partial(Writer.same, name=name, source=names[0], dims=dims))
        else:
            slots = dict(zip(names_of(instruction), instruction.inputs, strict=True))
            for target, text in what.formulas:
                slot = slots[target]
                step = formula.parse(text)
                used = {each: current[slots[each]] for each in formula.names(step)}
                name = f"n{slot}_{len(statements)}"
                shape = facts.dims[slot] or ()
                statements.append(partial(Writer.each, name=name, dims=shape, step=formula.with_names(step, used)))
                current[slot] = name
                key = variable_behind(instruction.node._inputs[instruction.inputs.index(slot)]).name
                variables.pop(next((n for n, (old, _) in variables.items() if old == f"v{slot}"), ""), None)
                variables[name] = (f"v{slot}", key)
            continue
        current[output] = name
    results = [current[slot] for slot in run.outputs]
    dims_of = {f"v{slot}": facts.dims[slot] or () for slot in run.inputs}
    dims_of.update({name: facts.dims[slot] or () for name, slot in zip(results, run.outputs, strict=True)})
    kind = members[0][1].kind if members[0][1] is not None else None
    truths = frozenset([f"v{slot}" for slot in (*given, *run.outputs) if facts.kinds[slot] is np.bool_])
    description = Description(
        [(f"v{slot}", facts.dims[slot] or ()) for slot in given], arrays, constants, statements, results, truths
    )
    return SmallPlan(description, dims_of, variables, kind, by_numpy, SECONDS * len(run.numbers))

"""How the instructions of a plan are written for the sizes at hand: as formulas, with leaner kernels, into old arrays.

The kernels of a graph's operations check what they are given, for they do not know what will come. A plan for feeds of
known shapes does know, so the plan written out as a function (`straight.py`) says the same with less:

- an elementwise operation is its formula: `v3 = v1 + v2` for single numbers, `v3 = add(v1, v2)` for arrays;
- an array that was computed in this run and that nobody needs any more takes the next result: `v3 = add(v1, v2, v1)`;
- other operations may have a kernel for known sizes (`Op.bound`).

All of it gives the numbers of the kernels, to the last bit. Fed values, constants, variables, fetched values and
everything that another kernel may have kept or passed on as a view are never written to.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from flowlab._src.graph.op import Op, Spec, group_inputs
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import formula, fused
from flowlab._src.runtime.plan import NESTED, PLAIN, Instruction, Plan

_NO_FORMULA = Op.formula_for
_FLOATS = (np.float32, np.float64)
_WHOLE = (np.int32, np.int64)
_FOR_WHOLE = {"add", "subtract", "multiply", "negative", *formula.TRUTHS}  # for these, integers need no checks


class Facts:
    """What is known of the values of a plan, by slot."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.dims: dict[int, tuple[int, ...] | None] = {}
        self.kinds: dict[int, Any] = {}  # NumPy's scalar types
        for tensor, slot in plan.slots.items():
            if slot not in self.kinds:
                self.kinds[slot] = _kind(tensor)
            if self.dims.get(slot) is None:
                self.dims[slot] = self._dims(tensor, plan.initial[slot])
        self.formulas = [self._formula(i) for i in plan.instructions]
        kept: set[int] = set()
        made: set[int] = set()
        fresh: set[int] = set()
        for instruction, step in zip(plan.instructions, self.formulas, strict=True):
            if step is not None:
                made.add(instruction.outputs[0])
            elif not (instruction.node.definition.apart and is_own(instruction)):
                kept.update(instruction.inputs)
            elif instruction.mode == PLAIN and instruction.single:
                fresh.add(instruction.outputs[0])
        self.own = made - kept  # computed here, and nobody else has it: a fetch gives it away as it is
        kept.update(plan.feeds, plan.fetches)
        self.only_read = set(plan.feeds) - {*plan.fetches}  # feeds that no kernel keeps or passes on
        for instruction, step in zip(plan.instructions, self.formulas, strict=True):
            if step is None and not (instruction.node.definition.apart and is_own(instruction)):
                self.only_read.difference_update(instruction.inputs)
        self.reusable = {slot for slot in (made | fresh) - kept if self.dims[slot]}

    def _dims(self, tensor: Tensor, value: Any) -> tuple[int, ...] | None:
        if value is not None:
            shape: tuple[int, ...] = np.shape(value)
            return shape
        dims = tensor._shape._dims if self.plan.sizes is None else self.plan.sizes[tensor]
        known = () if dims is None else tuple([size for size in dims if size is not None])
        return None if dims is None or len(known) < len(dims) else known

    def _formula(self, instruction: Instruction) -> Any:
        """The formula of an instruction in terms of slots ("v3"), or None where its kernel has to run."""
        step = self.step(instruction)
        if step is None:
            return None
        kinds = {self.kinds[slot] for slot in instruction.inputs} - {np.bool_}
        known = len(kinds) == 1 and (
            kinds <= {*_FLOATS} or (kinds <= {*_WHOLE} and formula.functions(step) <= _FOR_WHOLE)
        )
        return step if known and formula.OF_SINGLE.isdisjoint(formula.functions(step)) else None

    def step(self, instruction: Instruction) -> Any:
        """What the op declares as its formula, in terms of slots; None where it has none for these sizes."""
        definition = instruction.node.definition
        if instruction.mode != PLAIN or not instruction.single or instruction.refs or not is_own(instruction):
            return None
        if not definition.formula and type(definition).formula_for is _NO_FORMULA:
            return None
        dims = [self.dims[slot] for slot in (*instruction.inputs, *instruction.outputs)]
        if any(each is None or (each and self.plan.sizes is None) for each in dims):
            return None
        specs = self._specs(instruction)
        text = definition.formula_for(*(group_inputs(definition, specs) if definition.schema.has_list else specs))
        if not text:
            return None
        step = formula.parse(text)
        if not isinstance(step, formula.Step):
            return None
        return formula.with_names(
            step, dict(zip(names_of(instruction), map("v{}".format, instruction.inputs), strict=True))
        )

    def _specs(self, instruction: Instruction) -> list[Any]:
        sizes, initial = self.plan.sizes, self.plan.initial
        if sizes is None:
            return [Spec(t) for t in instruction.node._inputs]
        return [
            sizes.spec(t, initial[slot]) for t, slot in zip(instruction.node._inputs, instruction.inputs, strict=True)
        ]

    def kernel(self, instruction: Instruction) -> Any:
        """The leanest kernel there is for an instruction."""
        definition = instruction.node.definition
        if self.plan.sizes is None or instruction.mode == NESTED or not is_own(instruction):
            return instruction.kernel
        try:
            specs = self._specs(instruction)
            grouped = group_inputs(definition, specs) if definition.schema.has_list else specs
            return definition.bound(instruction.node, *grouped) or instruction.kernel
        except Exception:  # something does not fit: the kernel will say it
            return instruction.kernel

    def small(self, instruction: Instruction) -> Any:
        """What the kernel does on small arrays, as a form of `kernels/small_forms.py`, where it or the op says so; else None."""
        definition = instruction.node.definition
        if instruction.mode == NESTED or not is_own(instruction):
            form: Any = getattr(instruction.kernel, "small_form", None)
            return form
        try:
            specs = self._specs(instruction)
            return definition.small_form(
                instruction.node, *(group_inputs(definition, specs) if definition.schema.has_list else specs)
            )
        except Exception:  # something does not fit: the kernel will say it
            return None

    def is_number(self, slot: int) -> bool:
        """True for a single number."""
        return self.dims.get(slot) == ()


def is_own(instruction: Instruction) -> bool:
    """True when the kernel is that of the node, and not one that does the work of several (see `patterns.py`)."""
    kernel = getattr(instruction.kernel, "__wrapped__", instruction.kernel)
    return bool(kernel == instruction.node.definition.kernel)


def _kind(tensor: Tensor) -> Any:
    dtype = tensor._dtype.base_dtype
    kind = dtype.as_numpy_dtype if dtype.is_numpy_compatible else None
    return kind if kind in (*_FLOATS, *_WHOLE, np.bool_) else None


def names_of(instruction: Instruction) -> list[str]:
    """The names of the inputs in a formula: those of the kernel, numbered in a list."""
    definition = instruction.node.definition
    count = len(instruction.inputs)
    if not definition.schema.has_list:
        return [argument.name for argument in definition.schema.inputs]
    return [
        f"{argument.name}{i}" if argument.is_list else argument.name
        for argument, group in zip(definition.schema.inputs, group_inputs(definition, range(count)), strict=True)
        for i in range(len(group) if argument.is_list else 1)
    ]


class Run(NamedTuple):
    """Elementwise instructions that follow each other and may become one compiled loop."""

    numbers: list[int]  # of the instructions
    inputs: list[int]  # slots
    outputs: list[int]  # slots that others read
    parts: list[tuple[int, int, int]]  # slots that are columns of an input or output: its slot, the first column


LONGEST_RUN = 200  # steps, and
MOST_ARRAYS = 24  # inputs and results of one loop


def runs(facts: Facts, given: Sequence[int | Run]) -> list[int | Run]:
    """The instructions in the order in which to write them, runs of elementwise ones together.

    They are given in an order, in which some may be runs already.
    An instruction that comes between two of a run goes before it, if it does nothing but compute and reads nothing
    that the run makes. A run is worth a loop from four steps on, or two on larger arrays: 1.6 us for 2.2 with four
    steps on 32x10 numbers, 3.2 for 51 with a hundred; 2.4 for 2.9 with two steps on 100x100.
    """
    order = _Order(facts)
    for number in given:
        if isinstance(number, Run):
            order.close()
            order.done.append(number)
        elif not order.takes_columns(number) and not order.takes_step(number):
            order.take_alone(number)
    order.close()
    return order.done


class _Order:
    """The order of instructions in the making: at its end a run that grows until an instruction does not fit."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self.done: list[int | Run] = []
        self._members: list[int] = []  # of the run that grows
        self._made: set[int] = set()  # its results
        self._layout: fused.Layout | None = None
        self._kind: Any = None

    def close(self) -> None:
        """Nothing more joins the run."""
        if self._members:
            self.done.extend(_run(self._facts, self._members))
        self._members.clear()
        self._made.clear()

    def _begin(self, dims: tuple[int, ...], kind: Any) -> fused.Layout:
        self.close()
        self._layout, self._kind = fused.Layout(dims), kind
        return self._layout

    def _grown(self, dims: tuple[int, ...], kind: Any) -> fused.Layout | None:
        """The layout of the run, if there is one of these sizes and this kind of numbers."""
        layout = self._layout
        return layout if self._members and layout is not None and (layout.dims, self._kind) == (dims, kind) else None

    def _join(self, number: int, outputs: Iterable[int]) -> bool:
        self._members.append(number)
        self._made.update(outputs)
        return True

    def takes_columns(self, number: int) -> bool:
        """Let an instruction join that cuts into columns what the run reads, or joins columns that it makes."""
        facts, instruction = self._facts, self._facts.plan.instructions[number]
        columns = _columns(facts, instruction)
        dims = facts.dims.get(instruction.outputs[0]) if instruction.outputs else None
        if columns is None or not dims:
            return False
        if instruction.node.type == "Split":
            own = facts.kinds[columns.whole]
            layout = None if columns.whole in self._made else self._grown(dims, own)
            layout = layout or self._begin(dims, own)
            return layout.takes_columns() and self._join(number, instruction.outputs)
        return bool(
            self._members
            and self._layout is not None
            and self._made.issuperset(columns.parts)
            and self._layout.takes_columns()
            and self._join(number, instruction.outputs[:1])
        )

    def takes_step(self, number: int) -> bool:
        """Let an elementwise instruction join the run, or begin another."""
        facts, instruction = self._facts, self._facts.plan.instructions[number]
        step, output = facts.formulas[number], instruction.outputs[0] if instruction.outputs else -1
        dims = facts.dims.get(output)
        if step is None or not dims or 0 in dims or not formula.loops_can(step, facts.kinds[output], dims):
            return False
        own = next(facts.kinds[slot] for slot in instruction.inputs if facts.kinds[slot] is not np.bool_)
        shapes = [facts.dims[slot] or () for slot in instruction.inputs if slot not in self._made]
        layout = self._grown(dims, own) if len(self._members) < LONGEST_RUN else None
        if layout is None or not all(layout.takes(shape) for shape in shapes):
            layout = self._begin(dims, own)
            if own not in _FLOATS or not all(layout.takes(shape) for shape in shapes):
                return False
        return self._join(number, (output,))

    def take_alone(self, number: int) -> None:
        """An instruction that joins no run; one that only computes, from nothing that the run makes, goes before it."""
        instruction = self._facts.plan.instructions[number]
        simple = instruction.mode == PLAIN and not instruction.refs and not instruction.node.definition.is_variable
        if not simple or not self._made.isdisjoint(instruction.inputs):
            self.close()
        self.done.append(number)


class Columns(NamedTuple):
    """What an instruction that cuts an array into columns, or joins columns, does."""

    whole: int  # slot
    parts: tuple[int, ...]  # slots of arrays as wide as each other


def _columns(facts: Facts, instruction: Instruction) -> Columns | None:
    """Say which slots an instruction cuts or joins along the last axis; None when it does something else."""
    kind = instruction.node.type
    if kind not in ("Split", "ConcatV2") or instruction.mode != PLAIN or instruction.refs or not is_own(instruction):
        return None
    if kind == "Split":
        axis, found = instruction.inputs[0], Columns(instruction.inputs[1], instruction.outputs)
    else:
        axis, found = instruction.inputs[-1], Columns(instruction.outputs[0], instruction.inputs[:-1])
    dims, where = facts.dims[found.whole], facts.plan.initial[axis]
    if not dims or len(dims) < 2 or 0 in dims or where is None or facts.kinds[found.whole] not in _FLOATS:
        return None
    width, rest = divmod(dims[-1], len(found.parts))
    same = all(facts.dims[part] == (*dims[:-1], width) for part in found.parts)
    return found if same and not rest and int(where) in (-1, len(dims) - 1) and len(found.parts) > 1 else None


def _run(facts: Facts, members: list[int]) -> list[int | Run]:
    """The run, where it is worth a loop; else its instructions."""
    plan = facts.plan
    cut_or_joined = {n: columns for n in members if (columns := _columns(facts, plan.instructions[n])) is not None}
    counted = [n for n in members if n not in cut_or_joined]
    alone: list[int | Run] = [*members]
    if not counted:
        return alone
    size = formula.count_of(facts.dims[plan.instructions[counted[0]].outputs[0]] or ())
    steps = sum([formula.steps_of(facts.formulas[n]) for n in counted])
    if (len(counted) < 2 and (steps < 3 or size < 4096)) or (len(counted) < 4 and size < 4096):
        return alone
    inside = set(members)
    others = {slot for n, i in enumerate(plan.instructions) if n not in inside for slot in i.inputs}
    others.update(plan.fetches)
    made = {slot for n in members for slot in plan.instructions[n].outputs}
    parts: list[tuple[int, int, int]] = []
    read: list[int] = []
    written: list[int] = []
    for number in members:
        columns, instruction = cut_or_joined.get(number), plan.instructions[number]
        if columns is None:
            read += instruction.inputs
            written += [slot for slot in instruction.outputs if slot in others]
            continue
        width = (facts.dims[columns.parts[0]] or (0,))[-1]
        parts += [(slot, columns.whole, place * width) for place, slot in enumerate(columns.parts)]
        if instruction.node.type == "Split":
            if not others.isdisjoint(columns.parts):  # somebody else wants the parts as arrays: first, they are cut
                rest = [n for n in members if n != number]
                return [number, *_run(facts, rest)]
            read.append(columns.whole)
        else:
            written.append(columns.whole)
    inputs = list(dict.fromkeys(slot for slot in read if slot not in made))
    if not written or len(inputs) + len(written) > MOST_ARRAYS:
        return alone
    if all(facts.kinds[slot] is np.bool_ for slot in inputs):
        return alone
    return [Run(list(members), inputs, written, parts)]

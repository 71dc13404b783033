"""Which loops of a graph treat each row of a batch for itself, and how they run as one program of `row_program.py`.

`tf.nn.dynamic_rnn` makes such a loop, and the engine another one for its gradient. The body is read once: what is the
same in each turn (weights) is taken before the loop; what counts the turns is computed by Python for all of them; what
is done to rows becomes the program. Sums over all turns, such as the gradient of the weights, are computed afterwards,
from the values that were kept of each turn.

    fixed       the same in each turn: captured values, variables, constants, and what is computed from them alone
    counted     single numbers that change, such as the position in time
    rows        arrays with a line for each row of the batch: they are in a `column`, which has one for each turn

A loop that does anything else, or meets values of other sizes, runs as it always does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flowlab._src.kernels import compiling, elementwise, row_program
from flowlab._src.kernels.jit import plain
from flowlab._src.kernels.row_program import Call, Copy, Multiply, Place, Program
from flowlab._src.runtime.lean import Facts, Run, is_own, runs
from flowlab._src.runtime.patterns import fused
from flowlab._src.runtime.plan import PLAIN, Instruction, Part
from flowlab._src.runtime.row_steps import NotRows, RowSteps
from flowlab._src.runtime.straight import Lines, as_number
from flowlab._src.runtime.turns import Before, Chosen, Listed, RowTape, Same, Stack, column_of

Array = NDArray[Any]

LEAST_WORK = 100_000  # multiplications in a turn; with fewer, a program takes longer than kernels called one by one
MOST_BYTES = 2**28  # to keep of all turns
MOST_FAILURES = 3  # then the values are never what is expected
SUMS = ("AddV2", "Add")


# ---------------------------------------------------------------- reading a body


class Sum(NamedTuple):
    """A loop variable to which each turn adds a product of two arrays, or the sum of the rows of one."""

    variable: int
    kernel: Callable[..., Any]
    operands: tuple[int, ...]


class Write(NamedTuple):
    """An element that each turn writes to an array of tensors."""

    variable: int
    instruction: Instruction


class Reading(RowSteps):
    """What the body of a loop does, in the words of programs."""

    def __init__(self, part: Part) -> None:
        if part.plan.sizes is None:
            raise NotRows("sizes are unknown")
        plan = fused(part.plan, layers=False)
        super().__init__(plan, Facts(plan))
        self.part = part
        self.fixed: set[int] = {slot for slot, value in enumerate(plan.initial) if value is not None}
        self.fixed.update([slot for slot, _ in (*part.captured, *part.variables)])
        self.counted: set[int] = set()
        self.rows: set[int] = set()  # from elsewhere
        self.before: list[Instruction] = []  # to run once
        self.counting: list[int] = []  # numbers of the instructions that compute what is counted
        self.reads: list[Instruction] = []
        self.writes: list[Write] = []
        self.sums = self._sums()
        self._parameters()
        self._instructions()
        self._check()

    def is_rows(self, slot: int) -> bool:
        """Whether a step may take the rows of a value."""
        return slot in self.rows or slot in self.made

    def is_fixed(self, slot: int) -> bool:
        """Whether a value is the same in each turn."""
        return slot in self.fixed

    def _sums(self) -> list[Sum]:
        """Loop variables that are sums over all turns."""
        plan, found = self.plan, []
        readers: dict[int, list[int]] = {}
        for reader, i in enumerate(plan.instructions):
            for read in i.inputs:
                readers.setdefault(read, []).append(reader)
        maker = {result: n for n, i in enumerate(plan.instructions) for result in i.outputs}
        kept = [*self.part.outputs, *self.part.recorded]
        self._in_sums: set[int] = set()
        for variable, output in enumerate(self.part.outputs):
            slot, number = self.part.parameters[variable], maker.get(output)
            if slot is None or number is None or readers.get(slot) != [number] or output in readers:
                continue
            add = plan.instructions[number]
            if add.node.type not in SUMS or not is_own(add) or kept.count(output) > 1 or slot in kept:
                continue
            (term,) = [other for other in add.inputs if other != slot] or [slot]
            made = maker.get(term)
            if made is None or readers[term] != [number] or term in kept or self.facts.dims[term] != self.dims(slot):
                continue
            members = [number, made]
            if plan.instructions[made].node.type == "Reshape":  # of a sum that is as long
                made = maker.get(plan.instructions[made].inputs[0], made)
                members.append(made)
            i = plan.instructions[made]
            kernel = self._adding(i)
            if kernel is None or any(readers.get(slot, []) != [n] for n, slot in self._between(members)):
                continue
            found.append(Sum(variable, kernel, i.inputs[: 2 if i.node.type == "MatMul" else 1]))
            self._in_sums.update(members)
        return found

    def _between(self, members: Sequence[int]) -> list[tuple[int, int]]:
        """For a sum of several instructions, from the last to the first: who alone may read what."""
        return [(later, self.plan.instructions[earlier].outputs[0]) for later, earlier in pairwise(members)]

    def _adding(self, i: Instruction) -> Callable[..., Any] | None:
        """What an instruction does to the rows of all turns at once, if it adds them up."""
        definition: Any = i.node.definition
        if not is_own(i) or i.refs:
            return None
        if i.node.type == "MatMul":
            return i.kernel if definition.transpose_a and not definition.transpose_b else None
        if len(self.dims(i.inputs[0])) != 2:
            return None
        if i.node.type == "BiasAddGrad":
            return i.kernel
        axes = self.plan.initial[i.inputs[1]] if i.node.type == "Sum" else None
        if axes is None or np.ravel(axes).tolist() != [0]:
            return None
        return elementwise.bias_grad

    def _parameters(self) -> None:
        """Sort the loop variables and what is read from tapes."""
        sums = {each.variable for each in self.sums}
        for variable, slot in enumerate(self.part.parameters):
            if slot is None or variable in sums:
                continue
            if slot == self.part.outputs[variable]:
                self.fixed.add(slot)
            elif self.has_rows(slot):
                self.rows.add(slot)
            elif self._is_number(slot):
                self.counted.add(slot)  # also the flow of an array of tensors, which nobody will count
        for slot, _, _ in self.part.reads:
            if self.has_rows(slot):
                self.rows.add(slot)
            elif self._is_number(slot):
                self.counted.add(slot)

    def _is_number(self, slot: int) -> bool:
        return self.facts.dims.get(slot) == () and self.facts.kinds.get(slot) is not None

    def _instructions(self) -> None:
        for item in runs(self.facts, range(len(self.plan.instructions))):
            if isinstance(item, Run):
                if self._in_sums.isdisjoint(item.numbers):
                    self.take_run(item)
                elif not self._in_sums.issuperset(item.numbers):
                    raise NotRows("a sum among other operations")
            elif item not in self._in_sums:
                self._instruction(item, self.plan.instructions[item])

    def _instruction(self, number: int, i: Instruction) -> None:
        inputs = [self.slot(slot) for slot in i.inputs]
        definition: Any = i.node.definition
        if i.mode != PLAIN or i.refs or definition.is_variable:
            raise NotRows(i.node.type)
        if definition.is_identity:
            self.same[i.outputs[0]] = inputs[0]
        elif self.fixed.issuperset(inputs):
            self.before.append(i)
            self.fixed.update(i.outputs)
        elif (self.fixed | self.counted).issuperset(inputs) and all(map(self._is_number, (*inputs, *i.outputs))):
            self.counting.append(number)
            self.counted.update(i.outputs)
        elif i.node.type in ("TensorArrayReadV3", "TensorArrayWriteV3"):
            if not (self._read if i.node.type == "TensorArrayReadV3" else self._write)(i, inputs):
                raise NotRows(i.node.type)
        elif self.facts.formulas[number] is not None and self.has_rows(i.outputs[0]):
            self.take_run(Run([number], list(dict.fromkeys(i.inputs)), list(i.outputs), []))
        elif not self.take(i):
            raise NotRows(i.node.type)

    def _read(self, i: Instruction, inputs: Sequence[int]) -> bool:
        handle, index, flow = inputs
        if not self.fixed.issuperset((handle, flow)) or index not in self.counted or not self.has_rows(i.outputs[0]):
            return False
        self.reads.append(i)
        slot = i.outputs[0]
        width = self.dims(slot)[1]
        self.steps.append(Copy(Place(f"e{slot}"), Place(f"l{slot}"), 0, self.result(slot), width, 0, width))
        return True

    def _write(self, i: Instruction, inputs: Sequence[int]) -> bool:
        handle, index, value, flow = inputs
        if handle not in self.fixed or index not in self.counted or not self.is_rows(value):
            return False
        variables = [n for n, slot in enumerate(self.part.parameters) if slot == flow]
        if len(variables) != 1 or self.part.outputs[variables[0]] != i.outputs[0] or flow in self.part.recorded:
            return False
        if any(flow in other.inputs for other in self.plan.instructions if other is not i):
            return False
        self.counted.discard(flow)
        self.writes.append(Write(variables[0], i))
        return i.outputs[0] not in self.part.recorded

    def _check(self) -> None:
        """Look at what leaves the turns, and decide what has to be kept of each."""
        if sum(self.count * s.depth * s.columns for s in self.steps if isinstance(s, Multiply)) < LEAST_WORK:
            raise NotRows("too little to do")
        self.dtype = self.element_type()
        self.rows |= self.made
        done = {each.variable for each in self.sums} | {each.variable for each in self.writes}
        self.outputs = [None if n in done else self.slot(slot) for n, slot in enumerate(self.part.outputs)]
        self.recorded = [None if slot is None else self.slot(slot) for slot in self.part.recorded]
        for slot in (*self.outputs, *self.recorded):
            if slot is not None and slot not in self.rows and slot not in self.fixed and slot not in self.counted:
                raise NotRows("another kind of value leaves the turn")
        self.enters = {  # slots of what a turn takes from the one before
            slot: n
            for n, slot in enumerate(self.part.parameters)
            if slot is not None and slot in self.rows and n not in done
        }
        self.counters = {
            slot: n for n, slot in enumerate(self.part.parameters) if slot is not None and slot in self.counted
        }
        for slots, kind in ((self.enters, self.rows), (self.counters, self.counted | self.fixed)):
            for slot, n in slots.items():
                output = self.outputs[n]
                if output is None or output not in kind or self.facts.dims[output] != self.facts.dims[slot]:
                    raise NotRows("a loop variable changes its kind")
        passed_on = self._in_order()
        wanted = {slot for slot in self.recorded if slot in self.rows}
        wanted.update([self.slot(slot) for each in self.sums for slot in each.operands])
        wanted.update([self.slot(each.instruction.inputs[2]) for each in self.writes])
        if not wanted <= self.rows:
            raise NotRows("sums of other arrays")
        left = {slot for slot in self.outputs if slot in self.made}
        for slot in reversed(self.enters):  # what a loop variable was before is kept with what it is taken from
            if slot in wanted or slot in passed_on:
                wanted.add(self.outputs[self.enters[slot]])  # type: ignore[arg-type]
        self.kept = {slot for slot in wanted if slot in self.made}
        self.turning = left - self.kept
        indices = [self.slot(i.inputs[1]) for i in (*self.reads, *[each.instruction for each in self.writes])]
        self.needed = list(dict.fromkeys([*indices, *[slot for slot in self.recorded if slot in self.counted]]))
        self.given = {slot: (position, place) for slot, position, place in self.part.reads}

    def _in_order(self) -> set[int]:
        """Order loop variables so that one that takes over another comes after it; return those that are taken over."""
        ordered: dict[int, int] = {}
        waiting = dict(self.enters)
        while waiting:
            ready = [slot for slot, n in waiting.items() if self.outputs[n] not in waiting]
            if not ready:
                raise NotRows("variables are exchanged")
            ordered.update({slot: waiting.pop(slot) for slot in ready})
        self.enters = ordered
        return {taken for n in ordered.values() if (taken := self.outputs[n]) is not None and taken in ordered}


# ---------------------------------------------------------------- running it


class RowLoop:
    """A loop as a program: called with the values of the loop variables, gives those after the last turn and the tape."""

    def __init__(self, part: Part, condition: Part | None) -> None:
        self._reading = reading = Reading(part)
        if condition is not None:
            for n, slot in enumerate(condition.parameters):
                own = part.parameters[n]
                if slot is not None and own not in reading.counters and own not in reading.fixed:
                    raise NotRows("the condition looks at rows")
        self._program = Program(reading.count, reading.steps, reading.dtype)
        self._count = self._counting()
        self._failures = 0

    def ready(self) -> bool:
        """Whether the compiled loops are there."""
        return compiling.compiler.policy != compiling.NEVER and self._failures < MOST_FAILURES and self._program.ready()

    def _counting(self) -> Callable[..., Any]:
        """A function that computes what is counted: next values of the loop variables, and what is needed."""
        reading, part = self._reading, self._reading.part
        lines = Lines(reading.plan)
        names = [f"v{slot}" if slot in reading.counters else "_" for slot in part.parameters]
        lines.add("".join(f"{name}, " for name in names) + "= parameters")
        used = {slot for n in reading.counting for slot in reading.plan.instructions[n].inputs}
        for slot, position in part.captured:
            if slot in used:
                lines.add(f"v{slot} = inputs[{position}]")
        for slot, name in part.variables:
            if slot in used:
                lines.add(f"v{slot} = run.state.read({lines.bind(f'n{slot}', name)})")
        for slot, position, place in part.reads:
            if slot in reading.counted:
                lines.add(f"v{slot} = inputs[{position}][iteration][{place}]")
        for slot, other in reading.same.items():
            if other in reading.counted or (other in reading.fixed and slot in used):
                raise NotRows("another name for a number")
        lines.add_some(reading.counting)
        later = [
            f"v{reading.outputs[n]}" if slot in reading.counters else f"parameters[{n}]"
            for n, slot in enumerate(part.parameters)
        ]
        needed = "".join(f"v{slot}, " for slot in reading.needed)
        lines.add(f"return [{', '.join(later)}], ({needed})")
        return lines.function("run, inputs, parameters, iteration")

    def __call__(
        self, frame: Any, inputs: Sequence[Any], values: Sequence[Any], holds: Callable[..., bool] | None,
        order: Sequence[int] = (),
    ) -> list[Any] | None:  # fmt: skip
        """Run all turns, `order` says with which entry of the tapes each; None if the values are not what was expected."""
        try:
            return self._run(frame, inputs, values, holds, order)
        except NotRows:
            self._failures += 1
            return None

    def _numbers(
        self, frame: Any, inputs: Sequence[Any], values: Sequence[Any], holds: Any, order: Sequence[int]
    ) -> tuple[int, list[Any], dict[int, list[Any]]]:
        """Count the turns; returns the last values of the loop variables that count, and what is needed of each turn."""
        reading, numbers = self._reading, [as_number(value) for value in values]
        found: list[tuple[Any, ...]] = []
        try:
            if holds is None:
                if reading.counting or reading.counters:
                    for turn in order:
                        numbers, needed = self._count(frame, inputs, numbers, turn)
                        found.append(needed)
                else:
                    columns = []
                    for slot in reading.needed:
                        position, place = reading.given[slot]
                        column = column_of(inputs[position], place)
                        columns.append([column[turn] for turn in order])
                    return len(order), numbers, dict(zip(reading.needed, columns, strict=True))
            else:
                turn = 0
                while holds(numbers, turn):
                    numbers, needed = self._count(frame, inputs, numbers, turn)
                    found.append(needed)
                    turn += 1
        except Exception as error:  # the loop as it always runs will meet it again, and say where
            raise NotRows(str(error)) from None
        return len(found), numbers, {slot: [row[n] for row in found] for n, slot in enumerate(reading.needed)}

    def _run(
        self, frame: Any, inputs: Sequence[Any], values: Sequence[Any], holds: Any, order: Sequence[int]
    ) -> list[Any]:
        reading = self._reading
        turns, numbers, needed = self._numbers(frame, inputs, values, holds, order)
        per_turn = sum(reading.dims(slot)[1] for slot in reading.kept) * reading.count
        if not turns or turns * per_turn * reading.dtype.itemsize > MOST_BYTES:
            raise NotRows("no turns, or too much to keep")
        fixed = self._fixed(frame, inputs, values)
        columns: dict[int, Any] = {}
        for slot in reading.rows & set(reading.given):
            position, place = reading.given[slot]
            column = column_of(inputs[position], place)
            kind = reading.facts.dims[slot], np.dtype(reading.facts.kinds[slot])
            if getattr(column, "kind", None) == kind:
                columns[slot] = Chosen(column, order)
            else:
                columns[slot] = Listed([self._checked(column[turn], slot) for turn in order])
        elements = {i.outputs[0]: self._elements(i, fixed, needed) for i in reading.reads}
        for slot in reading.made:
            dims = reading.dims(slot)
            dtype = np.bool_ if reading.facts.kinds[slot] is np.bool_ else reading.dtype
            period = None if slot in reading.kept else 2 if slot in reading.turning else 1
            columns[slot] = Stack(order or range(turns), dims, dtype, period)
        for slot, n in reading.enters.items():
            columns[slot] = Before(self._checked(values[n], slot), columns[reading.outputs[n]])  # type: ignore[index]
        addresses, alive = self._addresses(fixed, columns)
        addresses.update({f"e{slot}": column.addresses() for slot, column in elements.items()})
        addresses.update({f"l{slot}": column.width for slot, column in elements.items()})
        self._program.run(turns, addresses)
        alive.clear()
        return self._results(values, numbers, turns, needed, fixed, columns, order)

    def _elements(self, i: Instruction, fixed: dict[int, Any], needed: dict[int, list[Any]]) -> Listed:
        """What each turn reads from an array of tensors."""
        reading = self._reading
        slot, (handle, index, flow) = i.outputs[0], map(reading.slot, i.inputs)
        read: Any = i.node.definition
        try:
            arrays = read.take_rows(fixed[handle], needed[index], fixed[flow])
        except Exception as error:
            raise NotRows(str(error)) from None
        if isinstance(arrays, np.ndarray) and self._expected(arrays[0], slot) and arrays.strides[2] == arrays.itemsize:
            return Listed(arrays)
        return Listed([self._checked(array, slot) for array in arrays])

    def _expected(self, value: Any, slot: int) -> bool:
        facts = self._reading.facts
        right = value.__class__ is np.ndarray and value.dtype == facts.kinds[slot] and value.flags.aligned
        return right and value.shape == facts.dims[slot]

    def _checked(self, value: Any, slot: int) -> Array:
        """An array as the program expects it."""
        if not self._expected(value, slot):
            raise NotRows("values of another shape")
        return plain(value)

    def _fixed(self, frame: Any, inputs: Sequence[Any], values: Sequence[Any]) -> dict[int, Any]:
        """What is the same in each turn."""
        reading, part = self._reading, self._reading.part
        fixed = {slot: value for slot, value in enumerate(reading.plan.initial) if value is not None}
        fixed.update({slot: inputs[position] for slot, position in part.captured})
        fixed.update({slot: frame.state.read(name) for slot, name in part.variables})
        for n, slot in enumerate(part.parameters):
            if slot in reading.fixed:
                fixed[slot] = values[n]
        try:
            for i in reading.before:
                found = i.kernel(*[fixed[reading.slot(slot)] for slot in i.inputs])
                fixed.update(zip(i.outputs, (found,) if i.single else found, strict=True))
        except Exception as error:
            raise NotRows(str(error)) from None
        return fixed

    def _addresses(self, fixed: dict[int, Any], columns: dict[int, Any]) -> tuple[dict[str, Any], list[Array]]:
        """Where the arrays of the program are, by name; and those that have to live as long as it runs."""
        reading = self._reading
        alive: list[Array] = []
        addresses: dict[str, Any] = {f"v{slot}": column.addresses() for slot, column in columns.items()}
        for step in reading.steps:
            for name, _ in step.arrays if isinstance(step, Call) else ():
                if name not in addresses:
                    slot = int(name[1:])
                    kind = reading.facts.kinds[slot]
                    array = plain(np.asarray(fixed[slot], kind))
                    if array.shape != reading.facts.dims[slot]:
                        raise NotRows("values of another shape")
                    alive.append(array)
                    addresses[name] = array.ctypes.data
        for name, (slot, turned, lines) in reading.weights.items():
            b = self._checked(fixed[slot], slot)[lines]
            packed = row_program.pack(b, turned)
            alive.append(packed)
            addresses[name] = packed.ctypes.data
        return addresses, alive

    def _results(
        self, values: Sequence[Any], numbers: Sequence[Any], turns: int, needed: dict[int, list[Any]],
        fixed: dict[int, Any], columns: dict[int, Any], order: Sequence[int],
    ) -> list[Any]:  # fmt: skip
        reading = self._reading
        results: list[Any] = []
        for n, slot in enumerate(reading.outputs):
            if slot is None:
                results.append(values[n])
            elif slot in columns:
                results.append(columns[slot][turns - 1])
            else:
                results.append(fixed[slot] if slot in fixed else numbers[n])
        for variable, i in reading.writes:
            handle, index, value, _ = (reading.slot(slot) for slot in i.inputs)
            column = columns[value]
            write: Any = i.node.definition
            if isinstance(column, Stack) and not order:
                results[variable] = write.put_rows(fixed[handle], needed[index], column.array, results[variable])
                continue
            for turn in range(turns):
                results[variable] = i.kernel(fixed[handle], needed[index][turn], column[turn], results[variable])
        for each in reading.sums:
            results[each.variable] = values[each.variable] + self._sum(each, turns, columns)
        if not reading.recorded:
            return [*results, [()] * turns]
        kept = [
            None if s is None else columns[s] if s in columns else needed[s] if s in needed else Same(fixed[s])
            for s in reading.recorded
        ]
        return [*results, RowTape(turns, kept)]

    def _sum(self, each: Sum, turns: int, columns: dict[int, Any]) -> Any:
        """What all turns add to a loop variable: one product of what they left, which is in the same order."""
        operands = [columns[self._reading.slot(slot)] for slot in each.operands]
        arrays = [operand.array for operand in operands if getattr(operand, "array", None) is not None]
        if [len(array) for array in arrays] == [turns] * len(operands):
            return each.kernel(*[array.reshape(-1, array.shape[-1]) for array in arrays])
        total = each.kernel(*[operand[0] for operand in operands])
        for turn in range(1, turns):
            total = total + each.kernel(*[operand[turn] for operand in operands])
        return total


def row_loop(part: Part, condition: Part | None) -> RowLoop | None:
    """The loop as a program; None where it does something else than treat rows."""
    try:
        return RowLoop(part, condition)
    except NotRows:
        return None

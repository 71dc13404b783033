"""Which instructions of a plan on small arrays become one compiled function each, and in which order all are run then.

An instruction takes part when it has a formula, or when its op says in `small_form` what its kernel does. There are two
cases. Where every array of a plan is small, as in a training step of a model with a few weights, all kinds of steps take
part, updates of variables among them. In a larger plan only those that give NumPy's numbers to the last bit do, on
arrays of a few thousand numbers: word vectors that are joined, cut, compared and added up between products of matrices.

What is put together need not stand side by side: whatever the values and effects allow may be run earlier. So everything
else goes first, as far as it can; then all that takes part, as far as it can; and so on:

    gather rows, multiply matrices    run 0: add biases, join, loss, gradient of the loss
    multiply matrices                 run 1: put the gradients of parts together
    change the tables
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

import numpy as np

from flowlab._src.graph.operation import variable_behind
from flowlab._src.kernels import formula
from flowlab._src.kernels.small_code import Description, SmallCode, Statement, Value
from flowlab._src.kernels.small_forms import Form, Product, Same, Total, Update
from flowlab._src.runtime.lean import Facts, Run, names_of
from flowlab._src.runtime.plan import Instruction, Plan, has_effect

FEWEST, MOST = 4, 100  # steps that are worth a function; with more it takes long to compile
MOST_ARRAYS = 40  # inputs and results of one function
MOST_NUMBERS = 4096  # in an array of a small plan; where there are more, NumPy's calls do not matter
MOST_PRODUCTS = 16384  # in one product of matrices
MOST_IN_LARGE = 2**15  # numbers in an array, in a larger plan: larger ones are worth several threads
KINDS = (np.float32, np.float64)
ELSEWHERE = ("Split", "SplitV")  # the gates of recurrent cells, for which there are loops of their own: `lean.runs`
SECONDS = 6e-7  # that NumPy takes for an instruction, about


class SmallRun(Run):
    """Instructions on small arrays that become one function."""


class Member(NamedTuple):
    """What an instruction does, by slots."""

    what: Any  # a formula of slots ("v3"), or a form
    inputs: tuple[int, ...]  # that count; those of an Update in the order in which its formulas name them


def small_runs(facts: Facts) -> list[int | Run]:
    """The order in which to write the instructions, with runs; that of the plan when it has none of these."""
    plan, reading = facts.plan, Reading(facts)
    as_it_is: list[int | Run] = [*range(len(plan.instructions))]
    if plan.sizes is None or not (reading.every or {i.node.type for i in plan.instructions}.isdisjoint(ELSEWHERE)):
        return as_it_is
    return reading.order() or as_it_is


def is_small(facts: Facts) -> bool:
    """Whether every array of a plan has few numbers; what is no array of numbers does not count."""
    return all(facts.kinds.get(slot) is None or _count(facts, slot, MOST_NUMBERS) for slot in facts.plan.slots.values())


def is_better_alone(plan: Plan, fused: Plan) -> bool:
    """Whether small runs leave less to do of a plan than of the one in which sequences are single kernels already."""
    return plan is not fused and is_small(facts := Facts(plan)) and _left(facts) < _left(Facts(fused))


def _left(facts: Facts) -> int:
    """How many instructions and runs there are to call, variables that are read left out."""
    instructions = facts.plan.instructions
    return sum([isinstance(item, Run) or not instructions[item].refs for item in small_runs(facts)])


def _count(facts: Facts, slot: int, most: int) -> bool:
    """Whether the size of an array is known and not above some number."""
    dims = facts.dims.get(slot)
    return dims is not None and formula.count_of(dims) <= most


class Reading:
    """Reads a plan."""

    def __init__(self, facts: Facts) -> None:
        self.facts, self.instructions = facts, facts.plan.instructions
        self.every = is_small(facts)
        kinds = Counter(facts.kinds.get(slot) for i in self.instructions for slot in i.outputs)
        self.kind = max(KINDS, key=lambda kind: kinds[kind])  # all floats of a function are of one kind
        self.members: dict[int, Member] = {}

    # ---------------------------------------------------------------- what takes part

    def member(self, number: int) -> Member | None:
        """What an instruction does, where it can take part."""
        facts, instruction = self.facts, self.instructions[number]
        what = facts.formulas[number] or facts.small(instruction)
        if what is None or not instruction.inputs:
            return None
        if isinstance(what, Form):
            inputs = instruction.inputs[: what.reads]
            if isinstance(what, Update) and (inputs := self.updated(instruction, what)) is None:  # type: ignore[assignment]
                return None
        else:
            inputs = tuple(dict.fromkeys(instruction.inputs))
        touched = (*inputs, *instruction.outputs)
        kinds = {facts.kinds.get(slot) for slot in touched}
        if kinds - {np.bool_} != {self.kind} or (isinstance(what, Form) and np.bool_ in kinds):
            return None
        most = MOST_NUMBERS if self.every else MOST_IN_LARGE
        if not all(_count(facts, slot, most) and 0 not in facts.dims[slot] for slot in touched):  # type: ignore[operator]
            return None
        return Member(what, inputs) if self.fits(what, instruction) else None

    def fits(self, what: Any, instruction: Instruction) -> bool:
        """Whether such a step is written as code here."""
        facts, first = self.facts, self.facts.dims[instruction.inputs[0]] or ()
        if not isinstance(what, Form):
            output = instruction.outputs[0]
            dims = None if self.every else facts.dims[output]
            return formula.loops_can(what, facts.kinds[output], dims)
        if not self.every:
            return not isinstance(what, Update) and what.exact(first)
        if isinstance(what, Product):
            size = formula.count_of(first) * formula.count_of(facts.dims[instruction.inputs[1]] or ())
            size *= formula.count_of(facts.dims[instruction.outputs[0]] or ())
            return size <= MOST_PRODUCTS**2  # the square of the number of products
        axes = what.axes if isinstance(what, Total) else ()
        return not axes or axes == tuple(range(axes[0], axes[-1] + 1))

    def updated(self, instruction: Instruction, what: Update) -> tuple[int, ...] | None:
        """The inputs of an update that its formulas name; None where it does something else to its outputs."""
        facts, slots = self.facts, dict(zip(names_of(instruction), instruction.inputs, strict=True))
        used = {each for _, text in what.formulas for each in formula.names(formula.parse(text))}
        targets = [slots[name] for name, _ in what.formulas]
        shape = facts.dims[targets[0]]
        inputs = tuple([slot for name, slot in slots.items() if name in used])
        fits = all(facts.dims[slot] in ((), shape) for slot in inputs)
        return inputs if fits and sorted(targets) == sorted(set(instruction.outputs)) else None

    # ---------------------------------------------------------------- the order

    def order(self) -> list[int | Run] | None:
        """The order of all instructions, with runs; None without any run."""
        found = {number: self.member(number) for number in range(len(self.instructions))}
        self.members = {number: member for number, member in found.items() if member is not None}
        if not self.is_worth(self.members):
            return None
        before = self.before()
        waits = [len(each) for each in before]
        after = defaultdict(list)
        for number, each in enumerate(before):
            for other in each:
                after[other].append(number)
        others, members = list[int](), list[int]()  # what may be run now, by number

        def ready(number: int) -> None:
            heapq.heappush(members if number in self.members else others, number)

        def done(number: int) -> None:
            for each in after[number]:
                waits[each] -= 1
                if not waits[each]:
                    ready(each)

        for number, count in enumerate(waits):
            if not count:
                ready(number)
        awaited = set[int]()  # what others wait for, directly or not
        for number in reversed(range(len(before))):
            if any(each not in self.members or each in awaited for each in after[number]):
                awaited.add(number)
        order, group = list[int | Run](), set[int]()
        while others or members or group:
            while others:
                number = heapq.heappop(others)
                alone = _needed(number, before, group)  # few: they were not worth a run
                order += [*sorted(alone), number]
                group -= alone
                done(number)
            while members:
                group.add(number := heapq.heappop(members))
                done(number)
            if self.is_worth(group):
                first = _first(group, before, awaited)
                numbers = sorted(first if self.is_worth(first) else group)
                for begin in range(0, len(numbers), MOST):
                    order += self.run(numbers[begin : begin + MOST])
                group -= {*numbers}
            elif not others:  # the end; else they wait, for with what comes later they may be worth it
                order += sorted(group)
                group.clear()
        return order if any(isinstance(item, Run) for item in order) else None

    def before(self) -> list[set[int]]:
        """For each instruction those that have to be run before it.

        Values are read when they have been written; references to a variable share a slot, so what reads it is run
        before the next update. Effects keep their order, and so do they and whatever reads a session's state.
        """
        result: list[set[int]] = []
        writer: dict[int, int] = {}
        readers: dict[int, set[int]] = defaultdict(set)
        effect: int | None = None  # the last one
        foreign: int | None = None  # the last one that is no update of a function: nobody knows what it changes
        state: set[int] = set()  # what has read the state since
        for number, i in enumerate(self.instructions):
            written = [slot for slot in i.outputs if not (i.node.definition.is_identity and slot in i.inputs)]
            need = {writer[slot] for slot in (*i.inputs, *i.outputs) if slot in writer}
            need.update(*[readers.pop(slot, ()) for slot in written])
            definition, ours = i.node.definition, number in self.members
            reads_state = definition.is_variable or definition.reads_only
            if has_effect(i.node) and not reads_state:
                need.update(() if effect is None else (effect,))
                effect = number
                if not ours:
                    need |= state
                    foreign, state = number, set()
            elif reads_state:
                need.update(() if foreign is None else (foreign,))
                state.add(number)
            for slot in i.inputs:
                readers[slot].add(number)
            writer.update(dict.fromkeys(written, number))
            result.append(need - {number})
        return result

    def is_worth(self, group: Collection[int]) -> bool:
        """Enough steps; in a larger plan not all of one shape, for these there are loops in `lean.runs`."""
        steps = [number for number in group if not isinstance(self.members[number].what, Same)]
        shapes = [self.facts.dims[self.instructions[number].outputs[0]] for number in steps]
        if len(steps) < FEWEST or not any(shapes):  # single numbers are for Python's operators
            return False
        return self.every or len({*shapes}) > 1 or any(isinstance(self.members[n].what, Form) for n in steps)

    def run(self, numbers: list[int]) -> list[int | Run]:
        """The run of these instructions; they themselves where it cannot be."""
        facts, inside = self.facts, set(numbers)
        others = {slot for n, i in enumerate(self.instructions) if n not in inside for slot in i.inputs}
        others.update(facts.plan.fetches)
        inputs: dict[int, None] = {}
        made: dict[int, None] = {}
        updated: set[int] = set()
        for number in numbers:
            member, instruction = self.members[number], self.instructions[number]
            if isinstance(member.what, Update):
                if not {*instruction.outputs} <= {*inputs, *member.inputs}:
                    return [*numbers]  # a variable that gets a first value: the function takes the old one
                updated.update(instruction.outputs)
                inputs.update(dict.fromkeys(instruction.outputs))
            inputs.update(dict.fromkeys([slot for slot in member.inputs if slot not in made]))
            made.update(dict.fromkeys(instruction.outputs))
        outputs = [slot for slot in made if slot in others or slot in updated]
        truth = any(facts.kinds[slot] is np.bool_ and not facts.dims[slot] for slot in (*inputs, *outputs))
        if truth or not outputs or len(inputs) + len(outputs) > MOST_ARRAYS:
            return [*numbers]
        return [SmallRun(numbers=numbers, inputs=list(inputs), outputs=outputs, parts=[])]


def _first(group: set[int], before: Sequence[set[int]], awaited: set[int]) -> set[int]:
    """Those of a group that others wait for, and what reads these alone: the rest may as well be in a later run."""
    found = set[int]()
    for number in sorted(group):
        read = before[number] & group
        if number in awaited or (read and read <= found):
            found.add(number)
    return found


def _needed(number: int, before: Sequence[set[int]], group: set[int]) -> set[int]:
    """Those of a group that have to be run before an instruction."""
    found: set[int] = set()
    stack = [number]
    while stack:
        more = (before[stack.pop()] & group) - found
        found |= more
        stack += more
    return found


# ---------------------------------------------------------------- the function of a run


def small_code(facts: Facts, run: SmallRun, by_numpy: Callable[..., Any]) -> SmallCode:
    """The function of a run; it is called with state, frame and the inputs that are not constants."""
    plan, reading = facts.plan, Reading(facts)
    members = [(plan.instructions[number], reading.member(number)) for number in run.numbers]
    only_elements = {*run.inputs}  # slots that are read element by element: constants among them may be numbers
    for _, member in members:
        assert member is not None
        if isinstance(member.what, Form) and not isinstance(member.what, Update):
            only_elements -= {*member.inputs}
    numbers, arrays = dict[str, Any](), dict[str, Any]()
    current = {slot: value_of(facts, slot) for slot in run.inputs}  # the value of a variable changes with an update
    inputs = []
    for slot, value in current.items():
        constant = None if plan.initial[slot] is None else np.asarray(plan.initial[slot])
        number = None if constant is None or slot not in only_elements else single_number(constant)
        if number is not None:
            numbers[value.name], current[slot] = number, value._replace(dims=())
            continue
        inputs.append(value)
        if constant is not None:
            arrays[value.name] = constant
    statements: list[Statement] = []
    variables: dict[str, tuple[str, str]] = {}

    for instruction, member in members:
        assert member is not None
        values = tuple([current[slot] for slot in member.inputs])
        if not isinstance(member.what, Update):
            what, output = member.what, value_of(facts, instruction.outputs[0])
            if not isinstance(what, Form):
                what = formula.with_names(what, {f"v{s}": v.name for s, v in zip(member.inputs, values, strict=True)})
            statements.append(Statement(output, what, values))
            current[instruction.outputs[0]] = output
            continue
        slots = dict(zip(names_of(instruction), instruction.inputs, strict=True))
        for target, text in member.what.formulas:
            slot, step = slots[target], formula.parse(text)
            named = {name: current[slots[name]] for name in sorted(formula.names(step))}
            output = value_of(facts, slot)._replace(name=f"n{slot}_{len(statements)}")
            what = formula.with_names(step, {name: value.name for name, value in named.items()})
            statements.append(Statement(output, what, tuple(named.values())))
            variable = variable_behind(instruction.node._inputs[instruction.inputs.index(slot)])
            variables.pop(current[slot].name, None)
            variables[output.name] = f"v{slot}", variable.name
            current[slot] = output
    description = Description(inputs, numbers, statements, [current[slot] for slot in run.outputs])
    return SmallCode(description, arrays, variables, reading.kind, by_numpy, SECONDS * len(run.numbers))


def value_of(facts: Facts, slot: int) -> Value:
    """A slot as a value of a function."""
    return Value(f"v{slot}", facts.dims[slot] or (), facts.kinds[slot] is np.bool_)


def single_number(array: Any) -> Any:
    """The number that stands everywhere in an array: zeros, ones, a rate; None where there is none."""
    first = array.reshape(-1)[:1]
    return first[0] if first.size and first.tobytes() * array.size == array.tobytes() else None

"""Plans as straight-line Python, for runs that nobody watches.

A loop of 10,000 iterations with two operations each spends its time between the kernels, and so does a training step on
a small model. So the plan of a body, and a plan that is run again and again, is written out as a Python function, one
line an instruction, in the order of the plan, with the same kernels:

    def body(run, inputs, parameters, tapes, iteration, ...):
        v0, = parameters
        v3 = k0(v0, v1)
        return (v3,), ()

The stepper, the profiler and partial runs drive the generator of `execute.py`; what they see is what runs here. When a
kernel fails, the number of the line tells which instruction it was, and the variables of the function what flowed in.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from flowlab._src.kernels import compiling, formula
from flowlab._src.kernels.fused import Fused, Value
from flowlab._src.kernels.memory import keep_freed
from flowlab._src.runtime.explain import explain_failure, uninitialized
from flowlab._src.runtime.fetch import Fetches, as_result
from flowlab._src.runtime.lean import Facts, Run, runs
from flowlab._src.runtime.patterns import fused
from flowlab._src.runtime.plan import NESTED, PLAIN, STATEFUL, Instruction, Part, Plan
from flowlab._src.runtime.row_stretches import RowStretch, Stretch, with_stretches
from flowlab._src.runtime.small_runs import SmallRun, is_better_alone, small_code, small_runs
from flowlab._src.runtime.state import UNINITIALIZED, SessionState

if TYPE_CHECKING:
    from flowlab._src.runtime.execute import Frame

FILE = "<plan of a graph>"
OTHERWISE = object()  # the answer of a function for feeds that it is not for


class Lines:
    """A plan written as Python statements: values are the variables v0, v1, ... of a function, one for each slot."""

    def __init__(self, plan: Plan, facts: Facts | None = None) -> None:
        self.bound: dict[str, Any] = {}  # what the statements name besides
        self.text: list[str] = []
        self.instructions: dict[int, Instruction] = {}  # by the number of the line, the function's head being line 1
        self.in_small_runs: set[int] = set()  # numbers of instructions
        self.make_frame: Callable[[SessionState], Frame] | None = None  # for what small runs leave to NumPy
        self.facts = Facts(plan) if facts is None else facts
        if facts is not None:
            return  # a part of the plan, which gets its values
        arrays = {s for i in plan.instructions for s in i.inputs if not all(map(self.facts.is_number, i.outputs))}
        for slot, value in enumerate(plan.initial):
            if value is not None:
                # NumPy takes longer for an array and a scalar (530 ns) than for an array and one of no axes (360).
                self.bound[f"v{slot}"] = value if slot in arrays else as_number(value)

    def bind(self, name: str, value: Any) -> str:
        """Let the statements call a value by a name."""
        self.bound[name] = value
        return name

    def add(self, text: str) -> None:
        """Write one statement."""
        self.text.append(text)

    def add_plan(self, plan: Plan, free: bool) -> None:
        """Write the instructions; with `free` values are let go when nobody reads them any more."""
        loops = plan.sizes is not None and compiling.compiler.policy != compiling.NEVER
        order: list[Any] = small_runs(self.facts) if loops and free else [*range(len(plan.instructions))]
        if loops:
            order = runs(self.facts, order)
            order = with_stretches(self.facts, order) if free else order
        for item, dying in zip(order, self._dying(plan, order), strict=True):
            emptied = [f"v{slot}" for slot in dying if not self.facts.is_number(slot)]
            if isinstance(item, SmallRun):
                self._add_small_run(plan, item)
            elif isinstance(item, Run):
                self._add_run(plan, item)
            elif isinstance(item, Stretch):
                self._add_stretch(plan, item)
            elif self.facts.formulas[item] is None or self._has_loop(plan.instructions[item]):
                self._add_instruction(item, plan.instructions[item])
            else:
                emptied += self._add_formula(plan.instructions[item], self.facts.formulas[item], dying)
            if free and emptied:
                self.add("".join(f"{name} = " for name in emptied) + "None")

    def add_some(self, numbers: Sequence[int]) -> None:
        """Write some instructions, each for itself."""
        for number in numbers:
            instruction, step = self.facts.plan.instructions[number], self.facts.formulas[number]
            if step is None:
                self._add_instruction(number, instruction)
            else:
                self._add_formula(instruction, step, set())

    def _has_loop(self, instruction: Instruction) -> bool:
        """True for an elementwise operation alone whose kernel has a compiled loop for arrays of this size."""
        if compiling.compiler.policy == compiling.NEVER:
            return False
        dims = self.facts.dims[instruction.outputs[0]] or ()
        return formula.count_of(dims) >= instruction.node.definition.loop_from

    def _dying(self, plan: Plan, order: list[Any]) -> list[set[int]]:
        """For each entry of the order the slots that nobody reads after it."""
        may = {slot for i in plan.instructions for slot in i.free}
        result = []
        for item in reversed(order):
            numbers = item.numbers if isinstance(item, (Run, Stretch)) else [item]
            inside = set(item.inputs).union(item.outputs) if isinstance(item, (Run, Stretch)) else None
            touched = {s for n in numbers for s in (*plan.instructions[n].inputs, *plan.instructions[n].outputs)}
            result.append((touched if inside is None else inside) & may)
            may -= touched
        return result[::-1]

    def _add_stretch(self, plan: Plan, stretch: Stretch) -> None:
        """Write a stretch as one call: of a program for rows, once its loops are compiled."""
        otherwise = Lines(plan, self.facts)
        for slot in {slot for n in stretch.numbers for slot in plan.instructions[n].inputs}:
            if plan.initial[slot] is not None and slot not in stretch.inputs:
                otherwise.bind(f"v{slot}", self.bound[f"v{slot}"])
        for item in stretch.items:
            if isinstance(item, Run):
                otherwise._add_run(plan, item)
            else:
                otherwise.add_some([item])
        results = ", ".join(f"v{slot}" for slot in stretch.outputs)
        otherwise.add(f"return {results},")
        inputs = ", ".join(f"v{slot}" for slot in stretch.inputs)
        call = RowStretch(stretch, otherwise.function(inputs))
        self.add(f"{results}, = {self.bind(f'e{stretch.numbers[0]}', call)}({inputs})")
        self.instructions[len(self.text) + 1] = plan.instructions[stretch.numbers[-1]]

    def _add_run(self, plan: Plan, run: Run) -> None:
        """Write a run of elementwise instructions as one call: of a compiled loop, once it is there."""
        facts = self.facts
        instructions = [plan.instructions[number] for number in run.numbers]
        by_numpy = Lines(plan, facts)
        last = {slot: i for i in instructions for slot in i.inputs}
        cut = {slot for slot, _, _ in run.parts}
        for number, i in zip(run.numbers, instructions, strict=True):
            step = facts.formulas[number]
            if step is None:
                for slot in i.inputs:
                    if plan.initial[slot] is not None:  # the axis
                        by_numpy.bind(f"v{slot}", plan.initial[slot])
                by_numpy._add_instruction(number, i)
                continue
            kept = (*run.inputs, *run.outputs, *cut)
            by_numpy._add_formula(i, step, {slot for slot in i.inputs if last[slot] is i and slot not in kept})
        by_numpy.add(f"return [{', '.join(f'v{slot}' for slot in run.outputs)}]")

        def argument(slot: int) -> str:  # a loop takes single numbers as scalars
            if not facts.is_number(slot):
                return f"v{slot}"
            constant = plan.initial[slot]
            return f"v{slot}[()]" if constant is None else self.bind(f"n_{slot}", as_number(constant))

        inputs, steps, outputs, parts, kind = values_of(facts, run)
        by_numpy_too = by_numpy.function(", ".join(f"v{slot}" for slot in run.inputs))
        call = Fused(inputs, steps, outputs, kind, by_numpy_too, parts)
        name = self.bind(f"e{run.numbers[0]}", call)
        self.add("".join(f"v{slot}, " for slot in run.outputs) + f"= {name}({', '.join(map(argument, run.inputs))})")
        self.instructions[len(self.text) + 1] = instructions[-1]

    def _add_small_run(self, plan: Plan, run: SmallRun) -> None:
        """Write instructions on small arrays, updates of variables among them, as one call."""
        by_numpy = Lines(plan, self.facts)
        for number in run.numbers:
            instruction = plan.instructions[number]
            for slot in instruction.inputs:
                if plan.initial[slot] is not None:
                    by_numpy.bind(f"v{slot}", self.bound[f"v{slot}"])
            if self.facts.formulas[number] is None:
                by_numpy._add_instruction(number, instruction)
            else:
                by_numpy._add_formula(instruction, self.facts.formulas[number], set())
        by_numpy.add(f"return {', '.join(f'v{slot}' for slot in run.outputs)},")
        inputs = [slot for slot in run.inputs if plan.initial[slot] is None]
        function = by_numpy.function(", ".join(["state", "frame", *[f"v{slot}" for slot in inputs]]))
        make_frame = self.make_frame
        self.in_small_runs.update(run.numbers)

        def framed(state: Any, frame: Any, *values: Any) -> Any:
            """Make the frame now, where only this run needs one: it takes 0.5 us."""
            return function(state, frame or (make_frame and make_frame(state)), *values)

        name = self.bind(f"e{run.numbers[0]}", small_code(self.facts, run, framed).call)
        text = ", ".join(["state", "frame", *[f"v{slot}" for slot in inputs]])
        self.add("".join(f"v{slot}, " for slot in run.outputs) + f"= {name}({text})")
        self.instructions[len(self.text) + 1] = plan.instructions[run.numbers[-1]]

    def add_checks(self, plan: Plan) -> None:
        """Fetched variables must have values."""
        for position, tensor in enumerate(plan.checked):
            self.bind("UNINITIALIZED", UNINITIALIZED)
            name = self.bind(f"checked{position}", tensor)
            self.add(
                f"if v{plan.slots[tensor]} is UNINITIALIZED: raise {self.bind('uninitialized', uninitialized)}({name})"
            )
            self.instructions[len(self.text) + 1] = next(i for i in plan.instructions if i.node is tensor.op)

    def _add_formula(self, instruction: Instruction, step: formula.Step, dying: set[int]) -> list[str]:
        """Write an elementwise instruction; returns the names of temporary values."""
        facts, output = self.facts, instruction.outputs[0]
        kind = next(facts.kinds[i] for i in instruction.inputs if facts.kinds[i] is not np.bool_)
        temporaries: list[str] = []
        if facts.is_number(output):
            arrays = {i for i in instruction.inputs if self.bound.get(f"v{i}").__class__ is np.ndarray}
            numbers = {f"v{i}": self.bind(f"n_{i}", as_number(self.bound[f"v{i}"])) for i in arrays}
            step = formula.with_names(step, {f"v{i}": numbers.get(f"v{i}", f"v{i}") for i in instruction.inputs})
            text = formula.scalar_text(step, kind, self.bind)
        else:
            inputs = set(instruction.inputs)
            writer = formula.ArrayText(
                {f"v{i}": facts.dims[i] or () for i in inputs},
                {f"v{i}" for i in inputs if facts.kinds[i] is np.bool_},
                {f"v{i}" for i in inputs & dying & facts.reusable},
                kind,
                self.bind,
            )
            text, temporaries = writer.write(step), writer.temporaries
        self.add(f"v{output} = {text}")
        self.instructions[len(self.text) + 1] = instruction
        return temporaries

    def _add_instruction(self, number: int, instruction: Instruction) -> None:
        _, _, mode, inputs, outputs, single, refs, _ = instruction
        for position in refs:
            self.bind("UNINITIALIZED", UNINITIALIZED)
            self.add(
                f"if v{inputs[position]} is UNINITIALIZED: raise {self.bind('uninitialized', uninitialized)}"
                f"({self.bind(f'r{number}_{position}', instruction.node.inputs[position])})"
            )
            self.instructions[len(self.text) + 1] = instruction
        if instruction.node.definition.is_variable:
            self.bind("UNINITIALIZED", UNINITIALIZED)
            name = self.bind(f"n{number}", instruction.node.name)
            self.add(f"v{outputs[0]} = state.variables.get({name}, UNINITIALIZED)")
            return
        if instruction.node.definition.is_identity:
            if inputs[0] != outputs[0]:
                self.add(f"v{outputs[0]} = v{inputs[0]}")
            return
        if mode in (STATEFUL, NESTED):
            self.add(f"frame.instruction = {self.bind(f'i{number}', instruction)}")
        arguments = ", ".join(f"v{i}" for i in inputs)
        call = f"{self.bind(f'k{number}', self.facts.kernel(instruction))}({arguments})"
        if mode == STATEFUL:
            call = f"k{number}(frame, {arguments})"
        elif mode == NESTED:
            call = f"{self.bind('finish', finish)}(k{number}(frame, {arguments}))"
        if single:
            self.add(f"v{outputs[0]} = {call}")
        elif outputs:
            self.add(", ".join(f"v{o}" for o in outputs) + f", = {call}")
        else:
            self.add(call)
        self.instructions[len(self.text) + 1] = instruction

    def function(self, parameters: str) -> Callable[..., Any]:
        """Compile the statements as the body of a function."""
        head = f"def body({parameters}" + "".join(f", {name}={name}" for name in self.bound) + "):"
        namespace = dict(self.bound)
        exec(
            compile("\n    ".join([head, *self.text]), FILE, "exec"), namespace
        )  # text made of numbers and names above
        made: Callable[..., Any] = namespace["body"]
        return made

    def failed(self, error: Exception, function: Callable[..., Any]) -> tuple[Instruction, dict[int, Any]] | None:
        """The instruction at which the function failed, and the values of its inputs by slot."""
        traceback = error.__traceback__
        while traceback is not None and traceback.tb_frame.f_code is not function.__code__:
            traceback = traceback.tb_next
        if traceback is None or traceback.tb_lineno not in self.instructions:
            return None
        instruction = self.instructions[traceback.tb_lineno]
        values = traceback.tb_frame.f_locals
        return instruction, {slot: values.get(f"v{slot}") for slot in instruction.inputs}


def values_of(facts: Facts, run: Run) -> tuple[list[Value], list[tuple[str, Any]], list[Value], list[Value], Any]:
    """A run as `fused.py` takes it: inputs, steps, outputs, parts of arrays, and NumPy's type of the numbers.

    Values are numbered from 0: the steps of an unrolled net compute the same, and share one loop.
    """
    made = [slot for n in run.numbers for slot in facts.plan.instructions[n].outputs]
    names = {slot: f"v{number}" for number, slot in enumerate(dict.fromkeys([*run.inputs, *made]))}

    def value(slot: int) -> Value:
        return Value(names[slot], facts.dims[slot] or (), facts.kinds[slot] is np.bool_)

    formulas = [(facts.plan.instructions[n], facts.formulas[n]) for n in run.numbers]
    old = {f"v{slot}": name for slot, name in names.items()}
    steps = [(names[i.outputs[0]], formula.with_names(step, old)) for i, step in formulas if step is not None]
    parts = [value(slot)._replace(within=(names[whole], begin)) for slot, whole, begin in run.parts]
    kind = next(facts.kinds[slot] for slot in run.inputs if facts.kinds[slot] is not np.bool_)
    return [value(slot) for slot in run.inputs], steps, [value(slot) for slot in run.outputs], parts, kind


class Straight:
    """The function of a body; calling it runs the body once and returns (outputs, recorded values)."""

    __slots__ = ("_frame", "_function", "_lines", "_part", "_plan")

    def __init__(self, part: Part, make_frame: Callable[..., Frame]) -> None:
        self._part = part
        self._plan = part.plan if part.plan.sizes is None else fused(part.plan)
        self._frame = make_frame
        self._lines = Lines(self._plan)
        self._function = self._write(self._lines)

    @staticmethod
    def numbers(values: Any) -> list[Any]:
        """The values that enter a loop, single numbers as NumPy scalars."""
        return [as_number(value) for value in values]

    def __call__(self, run: Frame, inputs: Any, parameters: Any = (), tapes: Any = None, iteration: int = 0) -> Any:
        try:
            return self._function(run, inputs, parameters, tapes, iteration)
        except Exception as error:
            raise self._explain(error, run, iteration) from None

    def _write(self, lines: Lines) -> Callable[..., Any]:
        part, plan = self._part, self._plan
        if any(slot is not None for slot in part.parameters):
            names = ["_" if slot is None else f"v{slot}" for slot in part.parameters]
            lines.add(", ".join(names) + ", = parameters")
        for slot, position in part.captured:
            lines.add(f"v{slot} = inputs[{position}]")
        for position in dict.fromkeys(position for _, position, _ in part.reads):
            lines.add(f"t{position} = tapes({position})")
        for slot, position, place in part.reads:
            lines.add(f"v{slot} = t{position}[{place}]")
        for slot, name in part.variables:
            lines.add(f"v{slot} = run.state.read({lines.bind(f'n{slot}', name)})")
        if any(i.mode != PLAIN for i in plan.instructions):
            lines.add("state = run.state")
            lines.add(f"frame = {lines.bind('make_frame', self._frame)}({lines.bind('plan', plan)}, run, iteration)")
        lines.add_plan(plan, free=False)
        lines.add(f"return {_tuple(part.outputs)}, {_tuple(part.recorded)}")
        return lines.function("run, inputs, parameters, tapes, iteration")

    def _explain(self, error: Exception, run: Frame, iteration: int) -> BaseException:
        """The failure as `execute` would report it."""
        found = self._lines.failed(error, self._function)
        if found is None:
            return error
        frame = self._frame(self._plan, run, iteration)
        frame.instruction, values = found
        for slot, value in values.items():
            frame.values[slot] = value
        return explain_failure(error, frame)


class StraightRun:
    """A whole plan as a function, from the values of a feed_dict to what `Session.run` returns.

    `quick` is for feeds of the types and shapes that the function is for; it answers OTHERWISE to all others, before
    anything has run. A call takes feeds that have been checked and converted.
    """

    __slots__ = ("_framed", "_frames", "_free", "_function", "_lines", "_quiet", "feeds", "plan")

    def __init__(self, plan: Plan, make_frame: Callable[..., Frame], fetches: Fetches, feeds: Sequence[Any]) -> None:
        """Write the function; `feeds` are the values of one run, converted."""
        keep_freed()
        sequences = fused(plan)
        alone = (
            plan.sizes is not None and compiling.compiler.policy != compiling.NEVER and is_better_alone(plan, sequences)
        )
        self.plan = plan = plan if alone else sequences
        self._frames = make_frame
        self._lines = lines = Lines(plan)
        lines.make_frame = self._unseen_frame
        # Only kernels of the library run, nobody else's code: then a context can be entered in the place of `errstate`.
        self._quiet = all(i.mode == PLAIN or i.node.definition.apart for i in plan.instructions)
        self._free: list[contextvars.Context] = []
        self._write_feeds(lines, feeds)
        lines.add_plan(plan, free=True)
        lines.add_checks(plan)
        lines.add(f"if converted: return {_tuple(plan.fetches)}")
        lines.add(f"return {self._result(lines, fetches)}")
        self._function = lines.function("state, frame, given, converted")
        self._framed = any(
            i.mode != PLAIN and not i.node.definition.is_variable and number not in lines.in_small_runs
            for number, i in enumerate(plan.instructions)
        )

    def _unseen_frame(self, state: SessionState) -> Frame:
        """A frame for a run as a function."""
        frame = self._frames(self.plan, state)
        frame.watched, frame.unseen = False, True
        return frame

    def _write_feeds(self, lines: Lines, feeds: Sequence[Any]) -> None:
        """Take over the fed values: as they are, or after a look at them."""
        plan = self.plan
        if not plan.feeds:
            return
        lines.add("".join(f"v{slot}, " for slot in plan.feeds) + "= given")
        lines.add("if not converted:")
        lines.bind("OTHERWISE", OTHERWISE)
        lines.bind("ndarray", np.ndarray)
        for position, (slot, value) in enumerate(zip(plan.feeds, feeds, strict=True)):
            kind = lines.bind(f"f{position}", value.dtype if isinstance(value, np.ndarray) else value.__class__)
            if isinstance(value, np.ndarray) and value.dtype != object:
                shape = lines.bind(f"s{position}", value.shape)
                lines.add(f"    if v{slot}.__class__ is not ndarray or v{slot}.dtype is not {kind}: return OTHERWISE")
                lines.add(f"    if v{slot}.shape != {shape}: return OTHERWISE")
                if slot not in lines.facts.only_read:  # a kernel may keep it: it gets a view that nobody can write to
                    lines.add(f"    v{slot} = v{slot}.view(); v{slot}.setflags(write=False)")
            elif value.__class__ in (np.float32, np.float64):
                lines.add(f"    if v{slot}.__class__ is float and -1e38 < v{slot} < 1e38: v{slot} = {kind}(v{slot})")
                lines.add(f"    elif v{slot}.__class__ is not {kind}: return OTHERWISE")
            else:
                lines.add(
                    f"    if v{slot}.__class__ is not {kind}: return OTHERWISE"
                    if isinstance(value, np.generic)
                    else "    return OTHERWISE"
                )

    def _result(self, lines: Lines, fetches: Fetches) -> str:
        """The text of what `run` returns."""
        facts = lines.facts

        def text(position: int) -> str:
            slot = self.plan.fetches[position]
            return f"v{slot}" if slot in facts.own else f"{lines.bind('as_result', as_result)}(v{slot})"

        texts = [text(position) for position in range(len(self.plan.fetches))]
        simple = fetches.simple()
        if simple is None:
            return f"{lines.bind('build', fetches.build)}([{', '.join(texts)}])"
        kind, positions = simple
        parts = ", ".join("None" if position is None else texts[position] for position in positions)
        return parts if kind is None else f"[{parts}]" if kind is list else f"({parts}{',' if parts else ''})"

    def quick(self, state: SessionState, given: Any) -> Any:
        """Run for feeds as the program gives them; OTHERWISE if they have to be looked at first."""
        return self._run(state, self._frames(self.plan, state) if self._framed else None, given, False)

    def __call__(self, frame: Frame, given: Any) -> Any:
        """Run with the frame of the run and checked feeds; returns the values of the fetches."""
        return self._run(frame.state, frame, given, True)

    def _run(self, state: SessionState, frame: Frame | None, given: Any, converted: bool) -> Any:
        """Floating-point faults give inf and nan, as in TensorFlow, without a warning."""
        if frame is not None:
            frame.watched, frame.unseen = False, True
        try:
            if not self._quiet:
                with np.errstate(all="ignore"):
                    return self._function(state, frame, given, converted)
            # NumPy keeps what to do about faults in a context variable. To enter a context in which it is set takes
            # 50 ns, to set it and set it back 900. A thread at a time can be in a context, so there may be several.
            try:
                context = self._free.pop()
            except IndexError:
                context = contextvars.Context()
                context.run(np.seterr, all="ignore")
            try:
                return context.run(self._function, state, frame, given, converted)
            finally:
                self._free.append(context)
        except Exception as error:
            found = self._lines.failed(error, self._function)
            if found is None:
                raise
            frame = self._frames(self.plan, state) if frame is None else frame
            frame.instruction, values = found
            frame.plan = self.plan
            frame.values = list(self.plan.initial)
            for slot, value in values.items():
                frame.values[slot] = value
            raise explain_failure(error, frame) from None


def as_number(value: Any) -> Any:
    """A single number as a NumPy scalar, with which Python calculates faster than with an array of no axes."""
    return value[()] if value.__class__ is np.ndarray and value.ndim == 0 and value.dtype != object else value


def _tuple(slots: tuple[int | None, ...]) -> str:
    return "(" + "".join("None, " if slot is None else f"v{slot}, " for slot in slots) + ")"


def finish(generator: Generator[Any, None, Any]) -> Any:
    """Run a nested kernel to its end and return its result."""
    try:
        while True:
            next(generator)
    except StopIteration as end:
        return end.value

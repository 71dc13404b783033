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

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import numpy as np

from flowlab._src.runtime.explain import explain_failure, uninitialized
from flowlab._src.runtime.patterns import fused
from flowlab._src.runtime.plan import NESTED, STATEFUL, Instruction, Part, Plan
from flowlab._src.runtime.state import UNINITIALIZED

if TYPE_CHECKING:
    from flowlab._src.runtime.execute import Frame

FILE = "<plan of a graph>"


class Lines:
    """A plan written as Python statements: values are the variables v0, v1, ... of a function, one for each slot."""

    def __init__(self, plan: Plan) -> None:
        self.bound: dict[str, Any] = {}  # what the statements name besides
        self.text: list[str] = []
        self.instructions: dict[int, Instruction] = {}  # by the number of the line, the function's head being line 1
        for slot, value in enumerate(plan.initial):
            if value is not None:
                self.bound[f"v{slot}"] = as_number(value)

    def bind(self, name: str, value: Any) -> str:
        """Let the statements call a value by a name."""
        self.bound[name] = value
        return name

    def add(self, text: str) -> None:
        """Write one statement."""
        self.text.append(text)

    def add_plan(self, plan: Plan, free: bool) -> None:
        """Write the instructions; with `free` values are let go when nobody reads them any more."""
        for number, instruction in enumerate(plan.instructions):
            self._add_instruction(number, instruction)
            if free and instruction.free:
                self.add("".join(f"v{slot} = " for slot in instruction.free) + "None")

    def _add_instruction(self, number: int, instruction: Instruction) -> None:
        _, kernel, mode, inputs, outputs, single, refs, _ = instruction
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
            self.add(f"v{outputs[0]} = frame.state.variables.get({name}, UNINITIALIZED)")
            return
        if instruction.node.definition.is_identity:
            if inputs[0] != outputs[0]:
                self.add(f"v{outputs[0]} = v{inputs[0]}")
            return
        if mode in (STATEFUL, NESTED):
            self.add(f"frame.instruction = {self.bind(f'i{number}', instruction)}")
        arguments = ", ".join(f"v{i}" for i in inputs)
        call = f"{self.bind(f'k{number}', kernel)}({arguments})"
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


class Straight:
    """The function of a body; calling it runs the body once and returns (outputs, recorded values)."""

    __slots__ = ("_frame", "_function", "_lines", "_part")

    def __init__(self, part: Part, make_frame: Callable[..., Frame]) -> None:
        self._part = part
        self._frame = make_frame
        self._lines = Lines(part.plan)
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
        part, plan = self._part, self._part.plan
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
        if any(i.mode != 0 for i in plan.instructions):
            lines.add(f"frame = {lines.bind('make_frame', self._frame)}({lines.bind('plan', plan)}, run, iteration)")
        lines.add_plan(plan, free=False)
        lines.add(f"return {_tuple(part.outputs)}, {_tuple(part.recorded)}")
        return lines.function("run, inputs, parameters, tapes, iteration")

    def _explain(self, error: Exception, run: Frame, iteration: int) -> BaseException:
        """The failure as `execute` would report it."""
        found = self._lines.failed(error, self._function)
        if found is None:
            return error
        frame = self._frame(self._part.plan, run, iteration)
        frame.instruction, values = found
        for slot, value in values.items():
            frame.values[slot] = value
        return explain_failure(error, frame)


class StraightRun:
    """A whole plan as a function: calling it with a frame and the values of the feeds returns those of the fetches."""

    __slots__ = ("_function", "_lines", "plan")

    def __init__(self, plan: Plan) -> None:
        self.plan = plan = fused(plan)
        self._lines = lines = Lines(plan)
        if plan.feeds:
            lines.add("".join(f"v{slot}, " for slot in plan.feeds) + "= given")
        lines.add_plan(plan, free=True)
        lines.add(f"return {_tuple(plan.fetches)}")
        self._function = lines.function("frame, given")

    def __call__(self, frame: Frame, given: Any) -> Any:
        """Run. Floating-point faults give inf and nan, as in TensorFlow, without a warning."""
        frame.watched, frame.unseen = False, True
        try:
            with np.errstate(all="ignore"):
                return self._function(frame, given)
        except Exception as error:
            found = self._lines.failed(error, self._function)
            if found is None:
                raise
            frame.instruction, values = found
            frame.plan = self.plan
            frame.values = list(self.plan.initial)
            for slot, value in values.items():
                frame.values[slot] = value
            raise explain_failure(error, frame) from None


def as_number(value: Any) -> Any:
    """A single number as a NumPy scalar, with which Python calculates faster than with an array of no axes."""
    return value[()] if value.__class__ is np.ndarray and value.ndim == 0 and value.dtype != object else value


def _tuple(slots: tuple[int, ...]) -> str:
    return "(" + "".join(f"v{slot}, " for slot in slots) + ")"


def finish(generator: Generator[Any, None, Any]) -> Any:
    """Run a nested kernel to its end and return its result."""
    try:
        while True:
            next(generator)
    except StopIteration as end:
        return end.value

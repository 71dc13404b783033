"""A body as straight-line Python, for loops that nobody watches.

A loop of 10,000 iterations with two operations each spends its time between the kernels. So the plan of a body is
written out as a Python function, one line an instruction, in the order of the plan, with the same kernels:

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
from flowlab._src.runtime.plan import NESTED, STATEFUL, Instruction, Part
from flowlab._src.runtime.state import UNINITIALIZED

if TYPE_CHECKING:
    from flowlab._src.runtime.execute import Frame

FILE = "<body of a loop>"


class Straight:
    """The function of a body; calling it runs the body once and returns (outputs, recorded values)."""

    __slots__ = ("_frame", "_function", "_lines", "_part")

    def __init__(self, part: Part, make_frame: Callable[..., Frame]) -> None:
        self._part = part
        self._frame = make_frame
        self._lines: dict[int, Instruction] = {}
        self._function = self._write()

    @staticmethod
    def numbers(values: Any) -> list[Any]:
        """The values that enter a loop, single numbers as NumPy scalars."""
        return [as_number(value) for value in values]

    def __call__(self, run: Frame, inputs: Any, parameters: Any = (), tapes: Any = None, iteration: int = 0) -> Any:
        try:
            return self._function(run, inputs, parameters, tapes, iteration)
        except Exception as error:
            raise self._explain(error, run, iteration) from None

    def _write(self) -> Callable[..., Any]:
        part, plan = self._part, self._part.plan
        bound: dict[str, Any] = {f"v{i}": as_number(value) for i, value in enumerate(plan.initial) if value is not None}
        lines: list[str] = []

        def bind(name: str, value: Any) -> str:
            bound[name] = value
            return name

        if any(slot is not None for slot in part.parameters):
            names = ["_" if slot is None else f"v{slot}" for slot in part.parameters]
            lines.append(", ".join(names) + ", = parameters")
        lines += [f"v{slot} = inputs[{position}]" for slot, position in part.captured]
        for position in dict.fromkeys(position for _, position, _ in part.reads):
            lines.append(f"t{position} = tapes({position})")
        lines += [f"v{slot} = t{position}[{place}]" for slot, position, place in part.reads]
        lines += [f"v{slot} = run.state.read({bind(f'n{slot}', name)})" for slot, name in part.variables]
        if any(i.mode != 0 for i in plan.instructions):
            lines.append(f"frame = {bind('make_frame', self._frame)}({bind('plan', plan)}, run, iteration)")
        for number, instruction in enumerate(plan.instructions):
            _, kernel, mode, inputs, outputs, single, refs, _ = instruction
            for position in refs:
                node = instruction.node.inputs[position]
                bind("UNINITIALIZED", UNINITIALIZED)
                lines.append(
                    f"if v{inputs[position]} is UNINITIALIZED: raise {bind('uninitialized', uninitialized)}"
                    f"({bind(f'r{number}_{position}', node)})"
                )
                self._lines[len(lines) + 1] = instruction
            if mode in (STATEFUL, NESTED):
                lines.append(f"frame.instruction = {bind(f'i{number}', instruction)}")
            arguments = ", ".join(f"v{i}" for i in inputs)
            call = f"{bind(f'k{number}', kernel)}({arguments})"
            if mode == STATEFUL:
                call = f"k{number}(frame, {arguments})"
            elif mode == NESTED:
                call = f"{bind('finish', finish)}(k{number}(frame, {arguments}))"
            if single:
                lines.append(f"v{outputs[0]} = {call}")
            elif outputs:
                lines.append(", ".join(f"v{o}" for o in outputs) + f", = {call}")
            else:
                lines.append(call)
            self._lines[len(lines) + 1] = instruction
        lines.append(f"return {_tuple(part.outputs)}, {_tuple(part.recorded)}")
        head = "def body(run, inputs, parameters, tapes, iteration" + "".join(f", {n}={n}" for n in bound) + "):"
        namespace = dict(bound)
        exec(compile("\n    ".join([head, *lines]), FILE, "exec"), namespace)  # text made of numbers and names above
        function: Callable[..., Any] = namespace["body"]
        return function

    def _explain(self, error: Exception, run: Frame, iteration: int) -> BaseException:
        """The failure as `execute` would report it."""
        traceback = error.__traceback__
        while traceback is not None and traceback.tb_frame.f_code is not self._function.__code__:
            traceback = traceback.tb_next
        if traceback is None or traceback.tb_lineno not in self._lines:
            return error
        frame = self._frame(self._part.plan, run, iteration)
        frame.instruction = self._lines[traceback.tb_lineno]
        for slot in frame.instruction.inputs:
            frame.values[slot] = traceback.tb_frame.f_locals.get(f"v{slot}")
        return explain_failure(error, frame)


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

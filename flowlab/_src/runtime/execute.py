"""The one executor. `run`, the stepper, the profiler and partial runs all drive this generator.

It yields before each instruction, so whoever drives it can look, measure, change a value or stop.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from flowlab._src.runtime.explain import explain_failure, uninitialized
from flowlab._src.runtime.plan import NESTED, STATEFUL, Instruction, Part, Plan
from flowlab._src.runtime.state import UNINITIALIZED, SessionState
from flowlab._src.runtime.straight import Straight

if TYPE_CHECKING:
    from flowlab._src.runtime.row_loops import RowLoop
    from flowlab._src.runtime.scalar_loops import CompiledLoop


class Frame:
    """A run in progress: its plan, the values so far and the instruction that comes next."""

    __slots__ = ("instruction", "iteration", "parent", "plan", "state", "unseen", "values", "watched")

    def __init__(self, plan: Plan, state: SessionState, parent: Frame | None = None) -> None:
        self.plan = plan
        self.state = state
        self.parent = parent
        self.values: list[Any] = list(plan.initial)
        self.instruction: Instruction | None = None
        self.iteration = 0
        self.watched: bool = parent is None or parent.watched  # somebody looks at each instruction
        self.unseen = False  # a whole plan runs as one function: values are held by its variables alone

    @property
    def node(self) -> Any:
        """The operation whose kernel runs now (stateful kernels ask for it)."""
        assert self.instruction is not None
        return self.instruction.node

    def run_part(
        self, part: Part, inputs: Sequence[Any], parameters: Sequence[Any] = (), tapes: Any = None, iteration: int = 0
    ) -> Generator[Frame, None, Frame]:
        """Run a branch or one iteration of a loop body in a frame of its own; the generator returns that frame.

        `tapes(position)` gives the tuple of recorded values that belongs to this branch or iteration.
        """
        frame = inner_frame(part.plan, self, iteration)
        values = frame.values
        for slot, value in zip(part.parameters, parameters, strict=True):
            if slot is not None:
                values[slot] = value
        for slot, position in part.captured:
            values[slot] = inputs[position]
        for slot, position, place in part.reads:
            values[slot] = tapes(position)[place]
        for slot, name in part.variables:
            values[slot] = self.state.read(name)
        yield from execute(frame)
        return frame

    def straight(self, part: Part) -> Straight:
        """The body as a function, for when nobody watches."""
        if not part.straight:
            part.straight.append(Straight(part, inner_frame))
        function: Straight = part.straight[0]
        return function

    def row_loop(self, part: Part, condition: Part | None = None) -> RowLoop | None:
        """A loop in which rows go their own ways as a program, for when nobody watches, once it is compiled."""
        if len(part.straight) < 2:
            from flowlab._src.runtime.row_loops import row_loop

            self.straight(part)
            part.straight.append(row_loop(part, condition))
        found: RowLoop | None = part.straight[1]
        return found if found is not None and found.ready() else None

    def compiled_loop(self, condition: Part, body: Part) -> CompiledLoop | None:
        """A loop as machine code, for when nobody watches; None where it does more than compute with single numbers."""
        from flowlab._src.runtime.scalar_loops import compiled_loop

        return compiled_loop(condition, body)


def inner_frame(plan: Plan, parent: Frame, iteration: int) -> Frame:
    """A frame for one run of a body."""
    frame = Frame(plan, parent.state, parent)
    frame.iteration = iteration
    return frame


def execute(frame: Frame, instructions: Sequence[Instruction] | None = None) -> Iterator[Frame]:
    """Run the instructions of a plan (or some of them), yielding the frame before each."""
    values = frame.values
    try:
        for instruction in frame.plan.instructions if instructions is None else instructions:
            frame.instruction = instruction
            yield frame
            _, kernel, mode, inputs, outputs, single, refs, free = instruction
            if refs:
                for position in refs:
                    if values[inputs[position]] is UNINITIALIZED:
                        raise uninitialized(instruction.node.inputs[position])
            arguments = [values[i] for i in inputs]
            if mode == 0:
                result = kernel(*arguments)
            elif mode == STATEFUL:
                result = kernel(frame, *arguments)
            else:
                assert mode == NESTED
                result = yield from kernel(frame, *arguments)
                frame.instruction = instruction
            if single:
                values[outputs[0]] = result
            elif outputs:
                for slot, value in zip(outputs, result, strict=True):
                    values[slot] = value
            for slot in free:
                values[slot] = None
    except Exception as error:
        raise explain_failure(error, frame) from None


def run_to_end(frame: Frame, instructions: Sequence[Instruction] | None = None) -> None:
    """Run all instructions. Floating-point faults give inf and nan, as in TensorFlow, without a warning."""
    frame.watched = False
    with np.errstate(all="ignore"):
        for _ in execute(frame, instructions):
            pass

"""Stepping through a run: the executor of `sess.run`, one instruction at a time, forward and back.

The stepper drives the generator of `execute.py` and writes down what each instruction did. Values never change once they
are computed, so going back only moves a pointer, and gives variables the values that they had. What cannot be taken back
(random streams, queues, printed lines) is named in `irreversible`.
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from flowlab._src.errors import OpError
from flowlab._src.graph.arguments import refused
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.tensor import Tensor
from flowlab._src.runtime.execute import Frame, execute
from flowlab._src.runtime.feed import feed_converter
from flowlab._src.runtime.fetch import as_result
from flowlab._src.runtime.plan import Instruction
from flowlab._src.runtime.state import UNINITIALIZED
from flowlab._src.util.text import did_you_mean


class Moment(NamedTuple):
    """What happened in one step.

    Attributes
    ----------
    kind : {"run", "enter", "leave", "override", "error"}
        An operation ran; the run went into a branch or loop body, or came out of it; a value was replaced by hand; the
        operation failed.
    node : the operation
    frame : the frame in which it ran; `frame.iteration` counts the iterations of a loop
    outputs : the values of its outputs
    seconds : how long it took
    changed : variables that it wrote to: name -> (before, after)
    error : what it raised
    """

    kind: str
    node: Operation
    frame: Frame
    outputs: tuple[Any, ...] = ()
    seconds: float = 0.0
    changed: dict[str, tuple[Any, Any]] = {}
    error: BaseException | None = None
    replaced: tuple[int, Any, Any] | None = None  # of an override: slot, old value, new value

    @property
    def nbytes(self) -> int:
        """Bytes of the outputs."""
        return sum(getattr(value, "nbytes", 0) for value in self.outputs)


class _Open(NamedTuple):
    """A control-flow operation whose body is being run."""

    frame: Frame
    instruction: Instruction
    began: float
    variables: dict[str, Any]


Condition = Callable[[Any], Any]


class Stepper:
    """A run that waits after each instruction.

    Parameters
    ----------
    session : Session
    fetches : as for `Session.run`
    feed_dict : dict, optional
    handle : str, optional
        Of a run that `partial_run_setup` announced: the instructions of this part of it are walked through.

    Attributes
    ----------
    log : list of Moment
        What has happened so far, also what was taken back.
    position : int
        How many of them count: `log[:position]` is the past, the rest can be walked through again.
    limit : int or None
        After so many instructions `over`, `out`, `run_to`, `finish` and `run_to_nan` pause (`paused` is then True), so
        that an endless loop does not hold whoever drives the stepper.
    patience : float or None
        Seconds that one instruction may wait for others (an empty queue); then it fails with DeadlineExceededError.
    """

    def __init__(
        self, session: Any, fetches: Any, feed_dict: dict[Any, Any] | None = None, handle: str | None = None
    ) -> None:
        if not hasattr(session, "_frame_to_step"):
            raise refused("Session", "session", session)
        start = session._frame_to_step(fetches, feed_dict, handle)
        frame = start.frame
        self.session = session
        self.frame: Frame = frame
        self._start = start
        self._generator: Iterator[Frame] = execute(frame, start.instructions)
        self.limit: int | None = None
        self.patience: float | None = None
        self.paused = False
        self._pending: Frame | None = None  # its instruction comes next
        self._running: Any = None  # the instruction of `_pending`; the frame itself goes on to the next one
        self._open: list[_Open] = []
        self._breakpoints: list[tuple[str, Any, Condition | None]] = []
        self._checked: set[Operation] = set()
        self.log: list[Moment] = []
        self.position = 0
        self.error: BaseException | None = None
        self.watched: list[Tensor] = []
        self.before = dict(frame.state.variables)
        self._advance()

    # ---- where we are -------------------------------------------------------------------------------------------

    @property
    def finished(self) -> bool:
        """True when nothing is left to run."""
        return self.position == len(self.log) and self._pending is None

    @property
    def next_node(self) -> Operation | None:
        """The operation that the next step runs."""
        if self.position < len(self.log):
            return self.log[self.position].node
        return None if self._pending is None else self._pending.node

    @property
    def next_frame(self) -> Frame | None:
        """The frame in which it will run."""
        if self.position < len(self.log):
            return self.log[self.position].frame
        return self._pending

    @property
    def past(self) -> list[Moment]:
        """What has happened up to here."""
        return self.log[: self.position]

    @property
    def depth(self) -> int:
        """How many bodies we are in: 0 outside of branches and loops."""
        return depth_of(self.next_frame)

    @property
    def nodes(self) -> list[Operation]:
        """The operations of this run in their order, those inside of bodies left out."""
        return list(dict.fromkeys(i.node for i in self._start.instructions))

    @property
    def fed(self) -> list[Tensor]:
        """The tensors that were given a value from outside."""
        values, plan = self.frame.values, self.frame.plan
        return [t for t, slot in plan.slots.items() if slot in plan.feeds and values[slot] is not None]

    @property
    def irreversible(self) -> list[str]:
        """Names of operations that have run and whose effect outside of variables cannot be taken back."""
        names = [
            m.node.name
            for m in self.past
            if m.kind == "run" and m.node.definition.stateful and not m.node.definition.reads_only and not m.changed
        ]
        return list(dict.fromkeys(names))

    def iterations(self) -> list[tuple[Operation, int]]:
        """The loops around the next instruction, outermost first, and the number of the iteration in each."""
        frames = _chain(self.next_frame)[-2::-1]  # without the outermost
        return [(moment.node, frame.iteration) for moment, frame in zip(self.unfinished(), frames, strict=False)]

    def unfinished(self) -> list[Moment]:
        """The branches and loops that the run has gone into and not come out of, outermost first."""
        opened: list[Moment] = []
        for moment in self.past:
            if moment.kind == "enter":
                opened.append(moment)
            elif moment.kind == "leave":
                opened.pop()
        return opened

    def backward_walk(self) -> list[tuple[Operation, Operation | None]]:
        """How the session finds what has to run: each operation, and the one for whose sake it is needed.

        Begins with the fetches and follows inputs and control inputs back to what is fed or needs nothing.
        """
        planned = set(self.nodes)
        fed = {t for t, slot in self.frame.plan.slots.items() if slot in self.frame.plan.feeds}
        roots = [*self._start.fetches.operations, *[t.op for t in self._start.fetches.tensors if t not in fed]]
        seen: dict[Operation, Operation | None] = {}
        queue: deque[tuple[Operation, Operation | None]] = deque((root, None) for root in roots)
        while queue:
            node, reason = queue.popleft()
            if node in seen or node not in planned:
                continue
            seen[node] = reason
            queue.extend((t.op, node) for t in node._inputs if t not in fed)
            queue.extend((control, node) for control in node._control_inputs)
        return list(seen.items())

    # ---- values -------------------------------------------------------------------------------------------------

    def value(self, tensor: Tensor) -> Any:
        """The value of a tensor at this point; LookupError while it has none.

        Inside of a loop it is the one of the current iteration, or the last one computed.
        """
        frame = self.next_frame or self.frame
        found: Any = None
        for moment in self.past:
            if moment.node is tensor.op and moment.kind in ("run", "leave"):
                found = (moment.outputs[tensor.value_index],)
            if moment.kind == "override" and moment.replaced is not None and moment.outputs[0] is tensor:
                found = (moment.replaced[2],)
        if found is None:
            while frame is not None:  # fed, or the input of a body
                slot = frame.plan.slots.get(tensor)
                if slot is not None and slot in frame.plan.feeds and frame.values[slot] is not None:
                    found = (frame.values[slot],)
                    break
                frame = frame.parent  # type: ignore[assignment]
        if found is None:
            raise LookupError(f"{tensor.name} has no value yet: its operation has not run.")
        if found[0] is UNINITIALIZED:
            raise LookupError(f"the variable {tensor.op.name} has no value: run its initializer first.")
        return as_result(found[0])

    def changes(self) -> dict[str, tuple[Any, Any]]:
        """The variables that this run has changed so far: name -> (before the run, now)."""
        result: dict[str, tuple[Any, Any]] = {}
        for moment in self.past:
            for name, (_, after) in moment.changed.items():
                result[name] = (self.before.get(name), after)
        return result

    def will_change(self) -> list[str]:
        """Names of the variables that this run writes to."""
        return sorted(self.frame.plan.written)

    def result(self) -> Any:
        """What `sess.run` would have returned; only when the run is finished."""
        if not self.finished or self.error is not None:
            raise RuntimeError("The run is not finished: step on, or call finish().")
        slots = self.frame.plan.slots
        return self._start.fetches.build([as_result(self.frame.values[slots[t]]) for t in self._start.fetches.tensors])

    def state_of(self, node: Operation) -> str:
        """One word for a node: "fed", "next", "run", "overridden", "changed", "error", "waiting" or "unused"."""
        past = [m for m in self.past if m.node is node]
        if past and past[-1].kind == "error":
            return "error"
        if self.next_node is node:
            return "next"
        if any(m.kind == "override" for m in past):
            return "overridden"
        if any(m.changed for m in past):
            return "changed"
        if past:
            return "run"
        plan = self.frame.plan
        if any(plan.slots.get(t) in plan.feeds for t in node.outputs):
            return "fed"
        return "waiting" if node in self._all_planned() else "unused"

    def _all_planned(self) -> set[Operation]:
        if not self._checked:
            self._checked = set(self.nodes)
        return self._checked

    # ---- walking ------------------------------------------------------------------------------------------------

    def step(self) -> Moment | None:
        """Run the next instruction; goes into the body of a branch or loop. None when the run is finished."""
        if self.position < len(self.log):  # walk again through what is known
            moment = self.log[self.position]
            for name, (_, after) in moment.changed.items():
                self._set_variable(name, after)
            if moment.replaced is not None:
                moment.frame.values[moment.replaced[0]] = moment.replaced[2]
            self.position += 1
            return moment
        if self._pending is None:
            return None
        count = len(self.log)
        self._advance()
        self.position = count + 1 if len(self.log) > count else len(self.log)
        return self.log[count] if len(self.log) > count else None

    def back(self) -> Moment | None:
        """Take the last step back; variables get the values that they had. None at the beginning."""
        if self.position == 0:
            return None
        self.position -= 1
        moment = self.log[self.position]
        for name, (before, _) in moment.changed.items():
            self._set_variable(name, before)
        if moment.replaced is not None:
            moment.frame.values[moment.replaced[0]] = moment.replaced[1]
        return moment

    def over(self) -> Moment | None:
        """Run the next instruction, a branch or loop with all that is in it."""
        depth = self.depth
        moment = self._go(lambda _: self.finished or self.depth <= depth)
        if moment is not None and moment.kind != "leave" and self._next_is_leave(depth):
            moment = self.step()
        return moment

    def out(self) -> Moment | None:
        """Go on until the body that we are in has ended, with all iterations of the loop."""
        depth = self.depth
        if depth == 0:
            return self.finish()
        return self._go(lambda moment: (moment.kind == "leave" and self.depth < depth) or self.finished)

    def _next_is_leave(self, depth: int) -> bool:
        return (
            self.position < len(self.log)
            and self.log[self.position].kind == "leave"
            and depth_of(self.log[self.position].frame) == depth
        )

    def run_to(self, target: Any) -> Moment | None:
        """Go on until an operation (or the one of a tensor) has run."""
        node = self._node(target)
        return self._go(lambda moment: moment.node is node and moment.kind in ("run", "leave", "error"))

    def finish(self) -> Moment | None:
        """Go on to the end, or to the next breakpoint."""
        last = self.position
        moment = self._go(self.stopped_by)
        return self.log[self.position - 1] if moment is None and self.position > last else moment

    def run_to_nan(self) -> Moment | None:
        """Go on until an operation gives an inf or a nan; None if none does."""
        return self._go(not_finite)

    def _go(self, until: Callable[[Moment], bool]) -> Moment | None:
        """Step until a moment is what was looked for, the run is over (None), or the limit is reached."""
        moment = self.step()
        steps = 1
        self.paused = False
        while moment is not None and not until(moment):
            if self.limit is not None and steps >= self.limit and not self.finished:
                self.paused = True
                break
            moment = self.step()
            steps += 1
        return moment

    def break_at(self, target: Any = None, op_type: str | None = None, when: Condition | None = None) -> None:
        """Stop `finish` after an operation, after all operations of a type, or when a condition on the value holds.

        Parameters
        ----------
        target : Tensor, Operation or name, optional
        op_type : str, optional
        when : callable, optional
            Gets the value of the first output, tells whether to stop.
        """
        if target is not None:
            self._breakpoints.append(("node", self._node(target), when))
        elif op_type is not None:
            self._breakpoints.append(("type", op_type, when))
        elif when is not None:
            self._breakpoints.append(("any", None, when))
        else:
            raise ValueError("break_at needs a node, an op type or a condition.")

    def clear_breakpoints(self) -> None:
        """Forget all breakpoints."""
        self._breakpoints.clear()

    def stopped_by(self, moment: Moment) -> bool:
        """True if a breakpoint says to stop after this moment."""
        if moment.kind not in ("run", "leave"):
            return False
        for kind, what, when in self._breakpoints:
            if (kind == "node" and moment.node is not what) or (kind == "type" and moment.node.type != what):
                continue
            if when is None or (moment.outputs and bool(np.all(when(as_result(moment.outputs[0]))))):
                return True
        return False

    def override(self, tensor: Any, value: Any) -> Moment:
        """Replace a computed value and go on with the new one.

        What was computed from the old value before stays as it is. After a way back, what had been computed later is
        forgotten, and will be computed anew from the new value; so also after an error. In the past of a loop or
        branch that is not possible: step back to before it, or forward to the front of the run.
        """
        tensor = self._tensor(tensor)
        self.value(tensor)  # LookupError if it has none
        new = feed_converter(tensor)(value)
        if self.position < len(self.log) or self._pending is None:
            self._begin_again()
        frame = self._pending
        while frame is not None and (tensor not in frame.plan.slots or frame.values[frame.plan.slots[tensor]] is None):
            frame = frame.parent
        if frame is None:
            raise LookupError(f"{tensor.name} has no value here that could be replaced.")
        slot = frame.plan.slots[tensor]
        moment = Moment("override", tensor.op, frame, (tensor,), replaced=(slot, frame.values[slot], new))
        frame.values[slot] = new
        self.log.append(moment)
        self.position += 1
        return moment

    def restart(self) -> None:
        """Go back to the beginning, one step at a time, so that variables get their old values."""
        while self.back() is not None:
            pass

    def watch(self, tensor: Any) -> None:
        """Keep an eye on a tensor: it is listed in `watched`."""
        found = self._tensor(tensor)
        if found not in self.watched:
            self.watched.append(found)

    def unwatch(self, tensor: Any) -> None:
        """Take a tensor off the list."""
        found = self._tensor(tensor)
        self.watched = [t for t in self.watched if t is not found]

    # ---- inside -------------------------------------------------------------------------------------------------

    def _begin_again(self) -> None:
        """Forget what was taken back, and let the executor go on from here."""
        frame = self.next_frame
        if (frame is not None and frame is not self.frame) or self.unfinished():
            raise RuntimeError(
                "Inside of a loop or branch values can be replaced at the front of the run only: step forward to where "
                "it has come, or back to before the loop."
            )
        done = sum(m.kind in ("run", "leave") and m.frame is self.frame for m in self.past)
        del self.log[self.position :]
        self._generator = execute(self.frame, self._start.instructions[done:])
        self._pending, self._running, self.error = None, None, None
        self._open.clear()
        self._advance()

    def _advance(self) -> None:
        """Let the generator go to its next yield, and write down what happened on the way."""
        pending = self._pending
        state = self.frame.state
        began, variables = time.perf_counter(), dict(state.variables)
        try:
            waiting = contextlib.nullcontext() if self.patience is None else state.limit(self.patience)
            with np.errstate(all="ignore"), waiting:
                following: Frame | None = next(self._generator)
        except StopIteration:
            following = None
            if self._start.complete is not None:
                self._start.complete()
        except Exception as error:
            self.error = error
            if pending is not None:
                failing = getattr(error, "op", None) if isinstance(error, OpError) else None
                node = failing if isinstance(failing, Operation) else pending.node
                self.log.append(Moment("error", node, pending, error=error))
            self._pending = None
            self.position = len(self.log)
            return
        seconds = time.perf_counter() - began
        if pending is not None:
            assert pending.instruction is not None
            self._note(pending, following, seconds, variables)
        else:
            self._running = _instruction(following)
        self._pending = following

    def _note(self, pending: Frame, following: Frame | None, seconds: float, variables: dict[str, Any]) -> None:
        instruction = self._running
        inside = following is not None and following.parent is pending and following is not pending
        if inside and instruction.node.definition.nested:
            self.log.append(Moment("enter", instruction.node, pending))
            self._open.append(_Open(pending, instruction, time.perf_counter() - seconds, variables))
            self._running = _instruction(following)
            return
        chain = _chain(following)
        if not any(o.frame is pending and o.instruction is instruction for o in self._open):
            changed = _changes(variables, self.frame.state.variables)
            self.log.append(Moment("run", instruction.node, pending, _outputs(pending, instruction), seconds, changed))
        while self._open and not any(
            f is self._open[-1].frame and f.instruction is self._open[-1].instruction and f is not following
            for f in chain
        ):
            closed = self._open.pop()
            self.log.append(
                Moment(
                    "leave",
                    closed.instruction.node,
                    closed.frame,
                    _outputs(closed.frame, closed.instruction),
                    time.perf_counter() - closed.began,
                )
            )
        self._running = _instruction(following)

    def _set_variable(self, name: str, value: Any) -> None:
        variables = self.frame.state.variables
        if value is None:
            variables.pop(name, None)
        else:
            variables[name] = value

    def _node(self, target: Any) -> Operation:
        element = self.session.graph.as_graph_element(target)
        return element.op if isinstance(element, Tensor) else element

    def _tensor(self, target: Any) -> Tensor:
        graph = self.session.graph
        if isinstance(target, str) and ":" not in target:
            operation = graph._by_name.get(target)
            if operation is None:
                raise KeyError(
                    f"There is no operation called {target!r}. {did_you_mean(target, graph._by_name)}".rstrip()
                )
            target = operation
        element = graph.as_graph_element(target)
        return element.outputs[0] if isinstance(element, Operation) else element


def depth_of(frame: Frame | None) -> int:
    """How many bodies a frame is inside of."""
    depth = 0
    while frame is not None and frame.parent is not None:
        frame, depth = frame.parent, depth + 1
    return depth


def not_finite(moment: Moment) -> bool:
    """True if an output holds an inf or a nan."""
    return any(
        isinstance(v, (np.ndarray, np.generic)) and v.dtype.kind in "fc" and not np.isfinite(v).all()
        for v in moment.outputs
    )


def _instruction(frame: Frame | None) -> Any:
    return None if frame is None else frame.instruction


def _chain(frame: Frame | None) -> list[Frame]:
    result = []
    while frame is not None:
        result.append(frame)
        frame = frame.parent
    return result


def _outputs(frame: Frame, instruction: Instruction) -> tuple[Any, ...]:
    return tuple([frame.values[slot] for slot in instruction.outputs[: len(instruction.node._outputs)]])


def _changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {name: (before.get(name), value) for name, value in after.items() if before.get(name) is not value}

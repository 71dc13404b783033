"""Where a nan begins: the run is done once more, as it was, up to the first operation that makes one."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.graph.operation import Operation
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.random import RandomOp
from flowlab._src.runtime.execute import Frame, execute
from flowlab._src.runtime.plan import Plan, compile_plan
from flowlab._src.runtime.state import SessionState


def first_nan(
    session: Any, fetch: Tensor, plan: Plan, variables: dict[str, Any], fed: list[Any]
) -> tuple[Operation, str] | None:
    """The operation that makes the first nan on the way to `fetch`, and what flowed into it.

    The values of variables are those from before the run; the session itself is left as it is.
    """
    feeds = {tensor: fed[plan.feeds.index(slot)] for tensor, slot in plan.slots.items() if slot in plan.feeds}
    again = compile_plan([fetch], [], list(feeds), fold=False, keep=True)
    state = SessionState()
    state.variables = dict(variables)
    if any(has_effect_outside(instruction.node) for instruction in again.instructions):
        return None
    frame = Frame(again, state)
    for tensor, slot in zip(feeds, again.feeds, strict=True):
        frame.values[slot] = feeds[tensor]
    broken: tuple[Operation, str] | None = None
    try:
        with np.errstate(all="ignore"):
            previous = None
            for _ in execute(frame):
                if previous is not None and frame.instruction is not None:
                    broken = made_nan(previous, frame)
                    if broken is not None:
                        return broken
                previous = frame.instruction
            return made_nan(previous, frame) if previous is not None else None
    except Exception:  # a run that cannot be repeated tells nothing
        return None


def has_effect_outside(node: Operation) -> bool:
    """Whether running a node once more would take something away: from a queue, a file, a program of the user's."""
    kind = node.definition
    quiet = isinstance(kind, RandomOp) or kind.is_variable or kind.forwards_ref or kind.must_be_fed or kind.reads_only
    return bool(kind.stateful) and not quiet


def made_nan(instruction: Any, frame: Frame) -> tuple[Operation, str] | None:
    """The node of an instruction that has just made a nan or an infinite value of finite ones."""
    outputs = [frame.values[slot] for slot in instruction.outputs]
    if not any(is_broken(value) for value in outputs):
        return None
    inputs = [frame.values[slot] for slot in instruction.inputs]
    words = ""
    if instruction.inputs:
        first = np.asarray(inputs[-1 if instruction.node.type in ("RealDiv", "Div") else 0])
        zeros = int(np.sum(first == 0)) if first.dtype.kind in "fiu" else 0
        if first.dtype.kind == "f" and first.size:
            low, high = np.nanmin(first), np.nanmax(first)
            words = f", whose input has {zeros} zeros" if zeros else f", whose input goes from {low:g} to {high:g}"
    return instruction.node, words


def is_broken(value: Any) -> bool:
    array = np.asarray(value) if isinstance(value, np.ndarray | np.floating) else None
    return array is not None and array.dtype.kind == "f" and not np.all(np.isfinite(array))

"""Tapes: what eager mode remembers of the operations that ran, so that gradients can be taken backwards."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Sequence
from typing import Any

from flowlab._src.autodiff.gradients import is_trainable
from flowlab._src.autodiff.slices import IndexedSlices, sum_slices
from flowlab._src.graph import registry
from flowlab._src.graph.op import Op
from flowlab._src.graph.registry import raw
from flowlab._src.graph.tensor import Tensor
from flowlab._src.util.text import did_you_mean

_numbers = itertools.count()

Gradient = Any  # Tensor, IndexedSlices or None


class Record:
    """An operation that ran: what a gradient rule may ask of a node of a graph, it may ask of this."""

    __slots__ = ("_gradient_name", "_inputs", "_name", "_outputs", "backward", "definition")

    def __init__(self, definition: Op, inputs: Sequence[Any], backward: Callable[..., Any] | None = None) -> None:
        self.definition = definition
        self._inputs = tuple(inputs)
        self._outputs: tuple[Any, ...] = ()
        self._gradient_name: str | None = None
        self.backward = backward  # a function of the user's own takes the place of the rule
        self._name = ""

    @property
    def type(self) -> str:
        """The kind of operation."""
        return self.definition.type

    @property
    def name(self) -> str:
        """What a kernel finds again by what it keeps: a random stream is that of all operations with its attributes."""
        if not self._name:
            shared = hasattr(self.definition, "seed2")
            self._name = repr(self.definition) if shared else f"{self.definition.type}_{next(_numbers)}"
        return self._name

    @property
    def inputs(self) -> list[Any]:
        """The tensors it took."""
        return list(self._inputs)

    @property
    def outputs(self) -> list[Any]:
        """The tensors it gave."""
        return list(self._outputs)

    @property
    def control_inputs(self) -> list[Any]:
        """Nothing is left to wait for."""
        return []

    @property
    def device(self) -> str:
        """No device was asked for."""
        return ""

    @property
    def op(self) -> Record:
        """Itself."""
        return self

    def get_attr(self, name: str) -> Any:
        """Return an attribute by TensorFlow's name."""
        known = self.definition.attributes(self)
        if name not in known:
            raise ValueError(
                f"Operation {self.type!r} has no attr named '{name}'. {did_you_mean(name, known)}".rstrip()
            )
        return known[name]

    site = None
    node_def = None
    _body = None


class Tape:
    """The operations that ran on watched tensors, and on what came of them."""

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self.persistent = persistent
        self.watch_accessed_variables = watch_accessed_variables
        self._watched: set[Tensor] = set()
        self._records: list[Record] = []
        self._variables: dict[Any, None] = {}

    def watch(self, tensor: Tensor) -> None:
        """Remember from now on what is done with a tensor."""
        self._watched.add(tensor)

    def watch_variable(self, variable: Any) -> None:
        """Remember what is done with a variable."""
        self._variables[variable] = None
        self._watched.add(variable.handle)

    def watched_variables(self) -> list[Any]:
        """The variables, in the order of their first use."""
        return list(self._variables)

    def watched(self) -> list[Tensor]:
        """The tensors and handles that are watched, and what came of them."""
        return list(self._watched)

    def record(self, node: Record) -> None:
        """Write an operation down, if it matters."""
        watched = self._watched
        for tensor in node._inputs:
            if tensor in watched:
                break
        else:
            return
        self._records.append(node)
        watched.update([t for t in node._outputs if is_trainable(t)])

    def gradient(self, targets: Sequence[Any], sources: Sequence[Any], starts: Sequence[Any]) -> list[Gradient]:
        """The gradients of the sum of the targets with respect to each source; None where nothing flows."""
        reached: set[Any] = {s for s in sources if s in self._watched}
        path = []
        for node in self._records:
            if any(t in reached for t in node._inputs):
                reached.update(node._outputs)
                path.append(node)
        grads: dict[Any, list[Any]] = {}
        for target, start in zip(targets, starts, strict=True):
            if target in reached:
                grads.setdefault(target, []).append(ones_like(target) if start is None else start)
        wanted = set(sources)
        while path:
            node = path.pop()
            if not any(t in grads for t in node._outputs):
                continue
            arrived = [add_up(grads.get(t)) if t in wanted else add_up(grads.pop(t, None)) for t in node._outputs]
            for tensor, total in zip(node._outputs, arrived, strict=True):
                if tensor in wanted and total is not None:
                    grads[tensor] = [total]
            for tensor, grad in zip(node._inputs, backward(node, arrived), strict=True):
                if grad is not None and tensor in reached:
                    grads.setdefault(tensor, []).append(grad)
        return [add_up(grads.get(s)) for s in sources]


def backward(node: Record, dys: list[Gradient]) -> Sequence[Gradient]:
    """The gradients of the inputs of an operation by its own rule."""
    nothing = [None] * len(node._inputs)
    if node.backward is not None:
        rule: Any = None
    else:
        try:
            rule = registry.gradient_function(node)
        except LookupError as error:
            if "registry has no entry" in str(error):
                raise
            raise LookupError(f"No gradient defined for operation '{node.type}' (op type: {node.type})") from None
        if rule is None:
            return nothing
    for i, dy in enumerate(dys):
        if dy is None and is_trainable(node._outputs[i]):
            dys[i] = raw.ZerosLike(node._outputs[i])
    result = node.backward(*dys) if node.backward is not None else rule(node, *dys)
    return list(result) if isinstance(result, (list, tuple)) else [result]


def ones_like(tensor: Any) -> Any:
    """The gradient to start with."""
    return raw.OnesLike(tensor)


def add_up(grads: list[Any] | None) -> Gradient:
    """The sum of the gradients of one tensor."""
    if not grads:
        return None
    if len(grads) == 1:
        return grads[0]
    if any(isinstance(g, IndexedSlices) for g in grads):
        return sum_slices(grads)
    return raw.AddN(grads)


class _Tapes(threading.local):
    def __init__(self) -> None:
        self.active: list[Tape] = []


tapes = _Tapes()


def record(node: Record) -> None:
    """Write an operation on all tapes that run."""
    for tape in tapes.active:
        tape.record(node)


def variable_accessed(variable: Any) -> None:
    """Let the tapes watch a variable that is read."""
    if variable.trainable:
        for tape in tapes.active:
            if tape.watch_accessed_variables:
                tape.watch_variable(variable)

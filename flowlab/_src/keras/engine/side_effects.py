"""The part of a layer beside its output: losses (regularizers) and updates (moving averages)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from flowlab._src.graph.convert import convert
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.keras import config
from flowlab._src.keras.engine.call_context import call_context
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.cast import cast
from flowlab._src.util import nest
from flowlab._src.variables.partitioned import PartitionedVariable


class SideEffects:
    """Losses and updates of a layer; some hold for one of its calls only, others for all."""

    trainable: Any
    stateful: bool
    _losses: list[Any]
    _callable_losses: list[Callable[[], Any]]
    _updates: list[Any]
    _unconditional: set[Any]  # losses and updates that hang on no input
    _inbound_nodes: list[Any]
    _activity_regularizer: Any

    def _gather(self, attribute: str) -> list[Any]:
        raise NotImplementedError

    # ---- losses ---------------------------------------------------------------------------------------------------

    @property
    def losses(self) -> list[Any]:
        """The losses of the layer. Those of weights are built anew at each look."""
        made = [loss() for loss in self._callable_losses]
        return self._losses + [loss for loss in made if loss is not None] + self._gather("losses")

    def add_loss(self, losses: Any, inputs: Any = None) -> None:
        """Add losses: tensors, or functions without arguments that build one.

        Parameters
        ----------
        losses : Tensor, callable, or list of them
        inputs : optional
            Anything but None says that the loss depends on the input of this call.
        """
        for loss in nest.flatten(losses):
            if callable(loss):
                self._callable_losses.append(functools.partial(self._made_loss, loss, inputs is None))
            elif loss is not None:
                self._losses.append(self._noted_loss(loss, inputs is None))

    def _made_loss(self, build: Callable[[], Any], unconditional: bool) -> Any:
        loss = build()
        return None if loss is None else self._noted_loss(loss, unconditional)

    def _noted_loss(self, loss: Any, unconditional: bool) -> Tensor:
        tensor = loss if isinstance(loss, Tensor) else convert(loss, config.floatx())
        if unconditional:
            self._unconditional.add(tensor)
        return tensor

    def get_losses_for(self, inputs: Any) -> list[Any]:
        """Return the losses that depend on these inputs; with None, those that depend on no input."""
        return self._depending_on(inputs, self.losses)

    def _handle_weight_regularization(self, name: str, variable: Any, regularizer: Callable[[Any], Any]) -> None:
        def loss_of(part: Any) -> Any:
            with name_scope(name + "/Regularizer"):
                return regularizer(part)

        parts = list(variable) if isinstance(variable, PartitionedVariable) else [variable]
        for part in parts:
            self.add_loss(functools.partial(loss_of, part))

    def _handle_activity_regularization(self, inputs: Any, outputs: Any) -> None:
        """Add the loss of what this call put out, divided by the number of examples."""
        if not self._activity_regularizer:
            return
        with name_scope("ActivityRegularizer"):
            for output in nest.flatten(outputs):
                loss = self._activity_regularizer(output)
                examples = cast(shape_of(output)[0], loss.dtype)
                self.add_loss(loss / examples, inputs=inputs)

    # ---- updates --------------------------------------------------------------------------------------------------

    @property
    def updates(self) -> list[Any]:
        """The operations to run with each training step; none if the layer is frozen."""
        if not self.trainable and not self.stateful:
            return []
        return [u() if callable(u) else u for u in self._updates] + self._gather("updates")

    def add_update(self, updates: Any, inputs: Any = None) -> None:
        """Add operations to run with each training step, such as those of moving averages.

        Parameters
        ----------
        updates : Operation, Tensor, callable that builds one, or list of them
        inputs : optional
            Accepted for compatibility: the inputs are those of the call.
        """
        context = call_context()
        relevant = context.inputs if context.in_call else [node.input_tensors for node in self._inbound_nodes]
        for update in updates if isinstance(updates, (list, tuple)) else [updates]:
            op = as_update(update)
            if op not in reachable([t for t in nest.flatten(relevant) if isinstance(t, Tensor)], [op]):
                self._unconditional.add(op)
            self._updates.append(op)

    def get_updates_for(self, inputs: Any) -> list[Any]:
        """Return the updates that depend on these inputs; with None, those that depend on no input."""
        return self._depending_on(inputs, self.updates)

    def _depending_on(self, inputs: Any, things: list[Any]) -> list[Any]:
        if inputs is None:
            return [thing for thing in things if thing in self._unconditional]
        conditional = [thing for thing in things if thing not in self._unconditional]
        reached = reachable(nest.flatten(inputs), conditional)
        return [thing for thing in conditional if thing in reached]


def as_update(update: Any) -> Any:
    """The operation behind an update."""
    if callable(update):
        return as_update(update())
    if isinstance(update, Operation):
        return update
    return update.op if hasattr(update, "op") else convert(update)


def reachable(inputs: list[Any], targets: list[Any]) -> set[Any]:
    """The operations and tensors that depend on the inputs, as far as needed to decide about the targets."""
    reached: set[Any] = set()
    queue: list[Any] = list(inputs)
    missing = set(targets)
    while queue and missing:
        thing = queue.pop(0)
        if thing in reached:
            continue
        reached.add(thing)
        missing.discard(thing)
        if isinstance(thing, Operation):
            queue.extend(thing.outputs)
        elif isinstance(thing, Tensor):
            queue.extend(thing.consumers())
        elif hasattr(thing, "op"):
            queue.append(thing.op)
    return reached

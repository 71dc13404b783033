"""One time step for sequences of several lengths: those that have ended keep their state and give zeros."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.cond import cond
from flowlab._src.ops.selecting import where
from flowlab._src.ops.tensor_array_class import TensorArray
from flowlab._src.util import nest


def step(
    time: Any,
    sequence_length: Tensor,
    min_sequence_length: Any,
    max_sequence_length: Any,
    zero_output: Any,
    state: Any,
    call_cell: Callable[[], Any],
    skip_conditionals: bool = False,
) -> tuple[Any, Any]:
    """Output and new state of a time step.

    Parameters
    ----------
    time : int or Tensor
    sequence_length : vector of int32
    min_sequence_length, max_sequence_length : scalar Tensor
    zero_output
        What a sequence that has ended gives.
    state
    call_cell : callable
        Gives output and new state.
    skip_conditionals : bool
        Call the cell in any case; else only where sequences are still going on.
    """
    flat_state, flat_zero = nest.flatten(state), nest.flatten(zero_output)
    ended = time >= sequence_length

    def called() -> tuple[list[Any], list[Any]]:
        new_output, new_state = call_cell()
        nest.assert_same_structure(zero_output, new_output)
        nest.assert_same_structure(state, new_state)
        return nest.flatten(new_output), nest.flatten(new_state)

    def copied(new_output: list[Any], new_state: list[Any]) -> list[Any]:
        outputs = [copy_through(ended, old, new) for old, new in zip(flat_zero, new_output, strict=True)]
        return outputs + [copy_through(ended, old, new) for old, new in zip(flat_state, new_state, strict=True)]

    def called_and_copied() -> Any:
        new_output, new_state = called()
        return cond(time < min_sequence_length, lambda: new_output + new_state, lambda: copied(new_output, new_state))

    if skip_conditionals:
        results = copied(*called())
    else:
        results = cond(time >= max_sequence_length, lambda: flat_zero + flat_state, called_and_copied)
    outputs, states = results[: len(flat_zero)], results[len(flat_zero) :]
    for new, old in zip(outputs, flat_zero, strict=True):
        new.set_shape(old.shape)
    for new, old in zip(states, flat_state, strict=True):
        if not isinstance(new, TensorArray):
            new.set_shape(old.shape)
    return nest.pack_sequence_as(zero_output, outputs), nest.pack_sequence_as(state, states)


def copy_through(ended: Tensor, old: Any, new: Any) -> Any:
    """The old value for the sequences that have ended, the new one for the others."""
    if isinstance(old, TensorArray) or old.shape.ndims == 0:
        return new
    with get_default_graph().colocate_with(new):
        return where(ended, old, new)


def share_device(scope: Any) -> None:
    """Let the variables of a scope be read once for all time steps, where that is asked for by nobody else."""
    if scope.caching_device is None and get_default_graph().scopes.body is None:
        scope.set_caching_device(lambda op: op.device)


def initial_state_of(cell: Any, batch_size: Any, dtype: Any) -> Any:
    """The state of a cell to begin with."""
    if not dtype:
        raise ValueError("If no initial_state is provided, argument `dtype` must be specified")
    if getattr(cell, "get_initial_state", None) is not None:
        return cell.get_initial_state(inputs=None, batch_size=batch_size, dtype=dtype)
    return cell.zero_state(batch_size, dtype)

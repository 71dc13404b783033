"""Values made of several tensors, such as sparse and ragged ones: what functions of plain tensors do with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


class Composite:
    """A value made of several tensors. Its class says how a session fetches and feeds it, and which functions it takes.

    Elementwise operations ask `_apply_elementwise`. The few functions of tensors that take it in another way (sums,
    joining, picking) ask `_call` under their own name.
    """

    def _fetch_parts(self) -> tuple[list[Any], Callable[[list[Any]], Any]]:
        """The tensors to fetch, and how to join their values."""
        raise NotImplementedError

    def _feed_parts(self, value: Any) -> list[tuple[Any, Any]]:
        """The tensors to feed, each with its part of `value`."""
        raise NotImplementedError

    def _apply_elementwise(self, op: Any, inputs: Sequence[Any], name: str) -> Any:
        """Apply an operation to the elements; NotImplemented when it does not work on elements one by one."""
        return NotImplemented

    def _map(self, function: Callable[..., Any], arguments: Sequence[Any], *others: Any, **options: Any) -> Any:
        """Apply a function of tensors to the elements: `arguments` are its first ones, of which this value is one."""
        raise TypeError(f"Failed to convert object of type {type(self)} to Tensor. Contents: {self}.")

    def _call(self, function: str, *args: Any, **kwargs: Any) -> Any:
        """Apply a function that has a rule of its own for such values."""
        raise TypeError(f"tf.{function} does not take a {type(self).__name__}.")


def first_composite(values: Sequence[Any]) -> Composite | None:
    """The composite value among the inputs of an operation, or among the members of a list input."""
    for value in values:
        if isinstance(value, Composite):
            return value
        if isinstance(value, (list, tuple)):
            for item in value:
                if isinstance(item, Composite):
                    return item
    return None

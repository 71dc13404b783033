"""Stacks: where TensorFlow 1 keeps what a loop computed until the gradient of the loop needs it.

`tf.while_loop` does without them here (see `ops/while_loop.py`). They are for graphs that come from files, in which the
loop pushes the values of each iteration and the loop of its gradient pops them again, the last ones first.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.op import Array, Op, Resource, Spec, T
from flowlab._src.graph.shape import UNKNOWN, TensorShape


class Stack:
    """The values of a stack in one run."""

    def __init__(self, name: str, dtype: DType, limit: int) -> None:
        self.name = name
        self.dtype = dtype
        self.limit = limit  # below 0: none
        self.values: list[Any] | None = []

    def open(self) -> list[Any]:
        """The values; InvalidArgumentError once the stack is closed."""
        if self.values is None:
            raise InvalidArgumentError(None, None, f"Stack[{self.name}] has already been closed.")
        return self.values


class StackV2(Op):
    """A new, empty stack."""

    elem_type: DType
    stack_name: str = ""
    stateful = True
    reads_only = True
    grad = None

    def kernel(self, run: Any, max_size: Array[np.int32]) -> Array[Resource]:
        return Stack(self.stack_name or run.node.name, self.elem_type, int(max_size))

    def shape(self, max_size: Spec) -> TensorShape:
        return TensorShape.of((2,))


class StackPushV2(Op):
    """Put a value on a stack; gives the value."""

    swap_memory: bool = False
    stateful = True

    def kernel(self, run: Any, handle: Array[Resource], elem: Array[T]) -> Array[T]:
        values = handle.open()
        if 0 <= handle.limit <= len(values):
            raise InvalidArgumentError(None, None, f"Stack[{handle.name}] overflowed its max_size ({handle.limit})")
        values.append(elem)
        return elem

    def shape(self, handle: Spec, elem: Spec) -> TensorShape:
        return elem.shape


class StackPopV2(Op):
    """Take the newest value off a stack."""

    elem_type: DType
    stateful = True

    def kernel(self, run: Any, handle: Array[Resource]) -> Array:
        values = handle.open()
        if not values:
            raise InvalidArgumentError(None, None, f"Stack[{handle.name}] is empty when calling Pop().")
        return values.pop()

    def dtypes(self, *inputs: Any) -> DType:
        return self.elem_type

    def shape(self, handle: Spec) -> TensorShape:
        return UNKNOWN


class StackCloseV2(Op):
    """Forget a stack and its values."""

    stateful = True
    grad = None

    def kernel(self, run: Any, handle: Array[Resource]) -> None:
        handle.values = None

    def shape(self, handle: Spec) -> list[TensorShape]:
        return []

    def dtypes(self, *inputs: Any) -> list[DType]:
        return []

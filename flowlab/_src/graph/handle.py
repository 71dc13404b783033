"""Handles: what flows through the graph in place of a resource variable, and which variable a tensor stands for."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.dtypes import DType, resource
from flowlab._src.graph.shape import UNKNOWN, TensorShape
from flowlab._src.graph.tensor import Tensor


class Handle:
    """Names a resource variable of a session; the value itself stays there."""

    __slots__ = ("dtype", "name", "static_shape")

    def __init__(self, name: str, dtype: DType, shape: TensorShape) -> None:
        self.name = name
        self.dtype = dtype
        self.static_shape = shape

    def __repr__(self) -> str:
        return f"<handle of variable '{self.name}' shape={self.static_shape} dtype={self.dtype.name}>"


def handle_behind(tensor: Tensor) -> Handle | None:
    """What is known while building of the variable that a handle names: followed back to where it was made."""
    if tensor._dtype is not resource:
        return None
    if isinstance(tensor._constant, Handle):  # in eager mode a handle is there
        return tensor._constant
    while True:
        definition: Any = tensor._op.definition
        if hasattr(definition, "handle_of"):
            handle: Handle = definition.handle_of(tensor)
            return handle
        if definition.is_identity:
            tensor = tensor._op._inputs[0]
        elif (origin := getattr(definition, "source", None)) is not None:  # seen from inside a branch or loop
            tensor = origin
        else:
            return None


def handle_shape(tensor: Tensor) -> TensorShape:
    """The static shape of the variable behind a handle."""
    handle = handle_behind(tensor)
    return UNKNOWN if handle is None else handle.static_shape

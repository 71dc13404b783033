"""Slots: variables that an optimizer or average keeps beside a model's variable, named after it (`w/Adam`)."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.shape import TensorShape
from flowlab._src.variables.initializers import Zeros
from flowlab._src.variables.resource import ResourceVariable
from flowlab._src.variables.scope import get_variable, get_variable_scope, variable_scope
from flowlab._src.variables.variable import Variable


def _name_of(primary: Any) -> str:
    name: str = primary._shared_name if isinstance(primary, Variable) else primary.op.name
    return name


def create_slot(
    primary: Any, value: Any, name: str, shape: TensorShape | None = None, dtype: DType | None = None
) -> Variable:
    """Make the variable `<primary>/<name>`, starting with a tensor, or with an initializer for a shape and dtype."""
    validate = shape.is_fully_defined() if shape is not None else value.shape.is_fully_defined()
    beside = get_default_graph().colocate_with(primary.op) if isinstance(primary, Variable) else nullcontext()
    with beside, variable_scope(None, f"{_name_of(primary)}/{name}"):
        scope = get_variable_scope()
        partitioner = scope.partitioner
        scope.set_partitioner(None)
        slot = get_variable(
            "", initializer=value, trainable=False, use_resource=True if isinstance(primary, ResourceVariable) else None,
            shape=shape, dtype=dtype, validate_shape=validate,
        )  # fmt: skip
        scope.set_partitioner(partitioner)
    info = getattr(primary, "_save_slice_info", None)
    if info is not None and slot.shape.ndims != 0:
        part = slot.name[len(_name_of(primary)) + 1 : -2]
        n = slot.shape.ndims
        slot._set_save_slice_info(
            Variable.SaveSliceInfo(
                f"{info.full_name}/{part}", info.full_shape[:n], info.var_offset[:n], info.var_shape[:n]
            )
        )
    return slot


def create_zeros_slot(primary: Any, name: str, dtype: DType | None = None) -> Variable:
    """Make the variable `<primary>/<name>`, starting with zeros of the primary's shape."""
    dtype = (dtype or primary.dtype).base_dtype
    if primary.shape.is_fully_defined():
        return create_slot(primary, Zeros(), name, primary.shape, dtype)
    from flowlab._src.graph.registry import raw

    start = primary.initialized_value() if isinstance(primary, Variable) else primary
    return create_slot(primary, raw.ZerosLike(start), name)

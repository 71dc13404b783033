"""Sizes and dtypes of the states and outputs of recurrent cells."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph import dtypes
from flowlab._src.graph.dtypes import as_dtype
from flowlab._src.graph.op import constant_value
from flowlab._src.graph.shape import TensorShape, as_shape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.constant import constant
from flowlab._src.ops.fill import zeros
from flowlab._src.ops.joining import concat
from flowlab._src.ops.reshaping import expand_dims
from flowlab._src.util import nest


def known_sizes(size: Any, what: str) -> TensorShape:
    """What is known while building of sizes: a number, a shape, or a tensor of one or several numbers."""
    if isinstance(size, Tensor):
        if size.shape.ndims not in (0, 1):
            raise ValueError(f"{what} tensor must be either a scalar or vector, but saw tensor: {size}")
        value = constant_value(size)
        if value is None:
            count = 1 if size.shape.ndims == 0 else size.shape.as_list()[0]
            return TensorShape(None if count is None else [None] * count)
        return TensorShape(value.reshape(-1).tolist())
    if size is None:
        return TensorShape([None])
    return as_shape([size] if isinstance(size, int) else size)


def joined_shape(prefix: Any, suffix: Any) -> TensorShape:
    """The static shape of `prefix` (batch, or time and batch) and `suffix`, one after the other."""
    return known_sizes(prefix, "prefix").concatenate(known_sizes(suffix, "suffix"))


def joined_sizes(prefix: Any, suffix: Any) -> Tensor:
    """The tensor of the sizes of `prefix` and `suffix`, one after the other."""
    p, s = _as_vector(prefix, "prefix"), _as_vector(suffix, "suffix")
    if p is None or s is None:
        raise ValueError(f"Provided a prefix or suffix of None: {prefix} and {suffix}")
    return concat((p, s), 0)


def set_joined_shape(result: Tensor, prefix: Any, suffix: Any) -> None:
    """Give a tensor the static shape of `prefix` and `suffix`.

    TensorFlow makes the nodes of both even where only the static shape is wanted; default seeds count them.
    """
    _as_vector(prefix, "prefix")
    _as_vector(suffix, "suffix")
    result.set_shape(joined_shape(prefix, suffix))


def _as_vector(size: Any, what: str) -> Tensor | None:
    known = known_sizes(size, what)
    if isinstance(size, Tensor):
        return expand_dims(size, 0) if size.shape.ndims == 0 else size
    return constant(known.as_list(), dtype=dtypes.int32) if known.is_fully_defined() else None


def zero_tensors(state_size: Any, batch_size: Any, dtype: Any) -> Any:
    """Zeros for each part of a state."""

    def zero(size: Any) -> Tensor:
        result = zeros(joined_sizes(batch_size, size), dtype=dtype)
        set_joined_shape(result, batch_size, size)
        return result

    return nest.map_structure(zero, state_size)


def dtype_of_state(dtype: Any, state: Any) -> Any:
    """The dtype asked for, else that of the state, whose parts must agree."""
    if dtype is not None:
        return dtype
    found = [part.dtype for part in nest.flatten(state)]
    if not found:
        raise ValueError("Unable to infer dtype from empty state.")
    if any(d.base_dtype != found[0].base_dtype for d in found):
        raise ValueError(
            "State has tensors of different inferred_dtypes. Unable to infer a single representative dtype."
        )
    return found[0].base_dtype


def check_floating(dtype: Any) -> None:
    """ValueError for anything but floats: the weights of cells are trained."""
    if dtype is None:
        return
    dtype = as_dtype(dtype)
    if not (dtype.is_floating or dtype.is_complex):
        raise ValueError(f"RNN cell only supports floating point inputs, but saw dtype: {dtype!r}")


def check_inputs(*inputs: Any) -> None:
    """ValueError unless all tensors are floats."""
    for tensor in nest.flatten(inputs):
        check_floating(tensor.dtype)

"""The operators of sparse tensors, `sparse * dense` and `sparse / dense`, which every sparse tensor must have."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.sparse_tensor import SparseTensor
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.cast import cast


def _product(*parts: Any, name: str) -> Tensor:
    result: Tensor = raw.SparseDenseCwiseMul(*parts, name=name)
    return result


def _quotient(*parts: Any, name: str) -> Tensor:
    result: Tensor = raw.SparseDenseCwiseDiv(*parts, name=name)
    return result


def _true_quotient(indices: Tensor, values: Tensor, dense_shape: Tensor, y: Tensor, name: str) -> Tensor:
    """Divide as / does: integers become floats first."""
    with name_scope(name, "truediv", [indices, values, dense_shape, y]) as name:
        values, y = convert(values, name="sp_values"), convert(y, name="y")
        wanted = dtypes.float64 if values.dtype.base_dtype.size > 2 else dtypes.float32
        if values.dtype.base_dtype.is_integer:
            values, y = cast(values, wanted), cast(y, wanted)
        return _quotient(indices, values, dense_shape, y, name=name)


def _override(operator: str, formula: str, function: Any) -> None:
    """Let an operator with a sparse tensor on its left combine it with a dense one on its right."""

    def apply(sp_x: SparseTensor, y: Any) -> SparseTensor:
        with name_scope(None, operator, [sp_x.indices]) as name:
            y = convert(y, sp_x.dtype.base_dtype, "y")
            values = function(sp_x.indices, sp_x.values, sp_x.dense_shape, y, name=name)
            return SparseTensor(sp_x.indices, values, sp_x.dense_shape)

    apply.__doc__ = f"Combine the elements with those of a dense tensor at their places: {formula}."
    SparseTensor._override_operator(f"__{operator}__", apply)


_override("div", "x / y, as Python 2 divided", _quotient)
_override("truediv", "x / y", _true_quotient)
_override("mul", "x * y", _product)

"""`tf.IndexedSlices`: the gradient of a gather, a few rows instead of a whole table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowlab._src.graph.convert import register_tensor_conversion_function
from flowlab._src.graph.graph import Graph
from flowlab._src.graph.op import constant_value
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.registry import raw
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.util.export import export


@export("IndexedSlices")
class IndexedSlices:
    """A set of rows of a larger tensor: row `indices[i]` is `values[i]`, all other rows are zero.

    An index that occurs twice stands for the sum of its rows.

    Parameters
    ----------
    values : Tensor, shape (rows, ...)
    indices : Tensor, shape (rows,), int32 or int64
    dense_shape : Tensor, optional
        Shape of the tensor that the rows belong to.

    Examples
    --------
    >>> table = tf.Variable(tf.ones([5, 2]))
    >>> rows = tf.gather(table, [0, 3])
    >>> tf.gradients(rows, table)[0].values.shape.as_list()
    [2, 2]
    """

    def __init__(self, values: Any, indices: Any, dense_shape: Any = None) -> None:
        self._values: Tensor = values
        self._indices = indices
        self._dense_shape = dense_shape

    @property
    def values(self) -> Any:
        """The rows."""
        return self._values

    @property
    def indices(self) -> Any:
        """Which row of the whole each one is."""
        return self._indices

    @property
    def dense_shape(self) -> Any:
        """The shape of the whole as a tensor, or None."""
        return self._dense_shape

    @property
    def shape(self) -> TensorShape:
        """The static shape of the whole as far as it is known."""
        if self._dense_shape is None:
            return TensorShape(None)
        value = constant_value(self._dense_shape)
        return TensorShape(None if value is None else value.tolist())

    @property
    def name(self) -> str:
        """Name of the values tensor."""
        return self._values.name

    @property
    def device(self) -> str:
        """Device of the values."""
        return self._values.device

    @property
    def op(self) -> Any:
        """The operation that produces the values."""
        return self._values.op

    def consumers(self) -> list[Operation]:
        """Return the operations that take the rows, their places or the shape as an input."""
        parts = [part for part in (self._values, self._indices, self._dense_shape) if part is not None]
        return list(dict.fromkeys(op for part in parts for op in part.consumers()))

    @property
    def dtype(self) -> Any:
        """Type of the values."""
        return self._values.dtype

    @property
    def graph(self) -> Graph:
        """The graph of the values."""
        return self._values.graph

    def __neg__(self) -> IndexedSlices:
        return IndexedSlices(-self.values, self.indices, self.dense_shape)

    def __str__(self) -> str:
        shape = "" if self._dense_shape is None else f", dense_shape={self._dense_shape}"
        return f"IndexedSlices(indices={self._indices}, values={self._values}{shape})"

    __repr__ = __str__


@export("convert_to_tensor_or_indexed_slices")
def convert_to_tensor_or_indexed_slices(value: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Return IndexedSlices as they are, anything else as a tensor."""
    from flowlab._src.graph.convert import convert

    return value if isinstance(value, IndexedSlices) else convert(value, dtype, name)


def _densify(value: IndexedSlices, dtype: Any = None, name: str | None = None, as_ref: bool = False) -> Any:
    """Spread the rows over a tensor of zeros, adding up repeated indices."""
    if dtype is not None and not dtype.is_compatible_with(value.dtype):
        raise ValueError(
            f"Tensor conversion requested dtype {dtype.name} for IndexedSlices with dtype {value.dtype.name}"
        )
    if value.dense_shape is None:
        raise ValueError(
            f"Tensor conversion requested for IndexedSlices without dense_shape: {value.name}. Give the shape of the whole."
        )
    return raw.UnsortedSegmentSum(value.values, value.indices, value.dense_shape[0], name=name)


register_tensor_conversion_function(IndexedSlices, _densify, 100)


def sum_slices(parts: Sequence[Any]) -> Any:
    """Add up gradients of which some are IndexedSlices: rows are put one after another, dense tensors make all dense."""
    parts = [p for p in parts if p is not None]
    if any(isinstance(p, Tensor) for p in parts):
        return raw.AddN(parts)
    parts = [flatten_slices(p) for p in parts]
    if len({p.indices.dtype for p in parts}) > 1:
        from flowlab._src.graph.dtypes import int64

        parts = [IndexedSlices(p.values, raw.Cast(p.indices, DstT=int64), p.dense_shape) for p in parts]
    return IndexedSlices(
        raw.ConcatV2([p.values for p in parts], 0, name="concat"),
        raw.ConcatV2([p.indices for p in parts], 0, name="concat"),
        parts[0].dense_shape,
    )


def flatten_slices(slices: IndexedSlices) -> IndexedSlices:
    """Rows of rows (the gradient of a gather from a gather) become rows of the first table."""
    if isinstance(slices.values, Tensor):
        return slices
    inner = flatten_slices(slices.values)
    return IndexedSlices(inner.values, raw.GatherV2(slices.indices, inner.indices, 0), inner.dense_shape)

"""`tf.SparseTensorSpec`: what a sparse tensor must be, without one."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.dtypes import DType, as_dtype, float32
from flowlab._src.graph.shape import TensorShape, as_shape
from flowlab._src.graph.sparse_tensor import SparseTensor, SparseTensorValue
from flowlab._src.graph.type_spec import TypeSpec
from flowlab._src.util.export import export


@export("SparseTensorSpec")
class SparseTensorSpec(TypeSpec):
    """Describes a `tf.SparseTensor`.

    Parameters
    ----------
    shape : list of int or None, optional
        Of the whole.
    dtype : DType
        Of the elements.

    Examples
    --------
    >>> tf.SparseTensorSpec([2, None], tf.int64).shape.as_list()
    [2, None]
    """

    __slots__ = ("_dtype", "_shape")

    def __init__(self, shape: Any = None, dtype: Any = float32) -> None:
        self._shape = as_shape(shape)
        self._dtype = as_dtype(dtype)

    @property
    def value_type(self) -> Any:
        """`tf.SparseTensor`."""
        return SparseTensor

    @property
    def shape(self) -> TensorShape:
        """The shape of the whole, as far as it matters."""
        return self._shape

    @property
    def dtype(self) -> DType:
        """The type of the elements."""
        return self._dtype

    def _serialize(self) -> tuple[Any, ...]:
        return self._shape, self._dtype

    @classmethod
    def from_value(cls, value: Any) -> SparseTensorSpec:
        """Return the description of a sparse tensor, or of the value of one."""
        if isinstance(value, SparseTensorValue):
            return cls(value.dense_shape, value.values.dtype)
        return cls(value.shape, value.dtype)

"""`tf.IndexedSlicesSpec`: what a set of rows must be, without one."""

from __future__ import annotations

from typing import Any

from flowlab._src.autodiff.slices import IndexedSlices
from flowlab._src.graph.dtypes import as_dtype, float32, int64
from flowlab._src.graph.shape import as_shape
from flowlab._src.graph.type_spec import TypeSpec
from flowlab._src.util.export import export


@export("IndexedSlicesSpec")
class IndexedSlicesSpec(TypeSpec):
    """Describes a `tf.IndexedSlices`.

    Parameters
    ----------
    shape : list of int or None, optional
        Of the tensor that the rows belong to.
    dtype : DType
        Of the rows.
    indices_dtype : DType
        int32 or int64.
    dense_shape_dtype : DType, optional
        Of the tensor of the whole's shape; None if there is no such tensor.
    indices_shape : list of one int or None, optional
        (rows,)

    Examples
    --------
    >>> table = tf.Variable(tf.ones([5, 2]))
    >>> rows = tf.gradients(tf.gather(table, [0, 3]), table)[0]
    >>> tf.IndexedSlicesSpec([5, 2], tf.float32, tf.int32, tf.int32, [2]).is_compatible_with(rows)
    True
    """

    __slots__ = ("_dense_shape_dtype", "_dtype", "_indices_dtype", "_indices_shape", "_shape")

    def __init__(
        self,
        shape: Any = None,
        dtype: Any = float32,
        indices_dtype: Any = int64,
        dense_shape_dtype: Any = None,
        indices_shape: Any = None,
    ) -> None:
        self._shape = as_shape(shape)
        self._dtype = as_dtype(dtype)
        self._indices_dtype = as_dtype(indices_dtype)
        self._dense_shape_dtype = None if dense_shape_dtype is None else as_dtype(dense_shape_dtype)
        self._indices_shape = as_shape(indices_shape).with_rank(1)

    @property
    def value_type(self) -> Any:
        """`tf.IndexedSlices`."""
        return IndexedSlices

    def _serialize(self) -> tuple[Any, ...]:
        return self._shape, self._dtype, self._indices_dtype, self._dense_shape_dtype, self._indices_shape

    @classmethod
    def from_value(cls, value: Any) -> IndexedSlicesSpec:
        """Return the description of a set of rows."""
        whole = None if value.dense_shape is None else value.dense_shape.dtype
        return cls(value.shape, value.values.dtype, value.indices.dtype, whole, value.indices.shape)

"""`tf.RaggedTensorSpec` and `tf.TensorArraySpec`: what such a value must be, without one."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.arguments import as_flag
from flowlab._src.graph.dtypes import as_dtype, float32, int64
from flowlab._src.graph.shape import as_shape
from flowlab._src.graph.type_spec import TypeSpec
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.ragged_tensor import RaggedTensor
from flowlab._src.ops.tensor_array_class import TensorArray
from flowlab._src.util.export import export


@export("RaggedTensorSpec")
class RaggedTensorSpec(TypeSpec):
    """Describes a `tf.RaggedTensor`.

    Parameters
    ----------
    shape : list of int or None, optional
        None for axes whose rows differ in length, too.
    dtype : DType
        Of the elements.
    ragged_rank : int, optional
        How many levels of rows there are; the rank less 1 if not given.
    row_splits_dtype : DType
        int32 or int64.

    Raises
    ------
    ValueError
        If neither `ragged_rank` nor the rank is given, or `ragged_rank` is not less than the rank.

    Examples
    --------
    >>> spec = tf.RaggedTensorSpec([2, None], tf.int32)
    >>> spec.is_compatible_with(tf.ragged.constant([[1], [2, 3]]))
    True
    """

    __slots__ = ("_dtype", "_ragged_rank", "_row_splits_dtype", "_shape")

    def __init__(
        self, shape: Any = None, dtype: Any = float32, ragged_rank: Any = None, row_splits_dtype: Any = int64
    ) -> None:
        self._shape = as_shape(shape)
        self._dtype = as_dtype(dtype)
        self._row_splits_dtype = as_dtype(row_splits_dtype)
        rank = self._shape.ndims
        if ragged_rank is None:
            if rank is None:
                raise misuse(ValueError("Must specify ragged_rank or a shape with a known rank."))
            ragged_rank = rank - 1
        if isinstance(ragged_rank, bool) or not isinstance(ragged_rank, int):
            raise misuse(TypeError(f"Argument `ragged_rank` must be an int. Received {ragged_rank}."))
        if rank is not None and ragged_rank >= rank:
            raise misuse(ValueError(f"Argument `ragged_rank` ({ragged_rank}) must be less than rank ({rank})."))
        self._ragged_rank = ragged_rank

    @property
    def value_type(self) -> Any:
        """`tf.RaggedTensor`; a plain tensor if there is no level of rows."""
        return RaggedTensor

    def _serialize(self) -> tuple[Any, ...]:
        return self._shape, self._dtype, self._ragged_rank, self._row_splits_dtype

    @classmethod
    def from_value(cls, value: Any) -> RaggedTensorSpec:
        """Return the description of a ragged tensor."""
        return cls(value.shape, value.dtype, value.ragged_rank, value.row_splits.dtype)


@export("TensorArraySpec")
class TensorArraySpec(TypeSpec):
    """Describes a `tf.TensorArray`.

    Parameters
    ----------
    element_shape : list of int or None, optional
    dtype : DType
        Of the elements.
    dynamic_size : bool
        Whether the array grows when it is written to.
    infer_shape : bool
        Whether all elements have one shape.

    Examples
    --------
    >>> array = tf.TensorArray(tf.int32, size=3, element_shape=[2])
    >>> tf.TensorArraySpec([2], tf.int32).is_compatible_with(array)
    True
    """

    __slots__ = ("_dtype", "_dynamic_size", "_element_shape", "_infer_shape")

    def __init__(
        self, element_shape: Any = None, dtype: Any = float32, dynamic_size: bool = False, infer_shape: bool = True
    ) -> None:
        self._element_shape = as_shape(element_shape)
        self._dtype = as_dtype(dtype)
        self._dynamic_size = as_flag(dynamic_size, "dynamic_size")
        self._infer_shape = as_flag(infer_shape, "infer_shape")

    @property
    def value_type(self) -> Any:
        """`tf.TensorArray`."""
        return TensorArray

    def _serialize(self) -> tuple[Any, ...]:
        return self._element_shape, self._dtype, self._dynamic_size, self._infer_shape

    @classmethod
    def from_value(cls, value: Any) -> TensorArraySpec:
        """Return the description of an array."""
        return cls(value.element_shape, value.dtype, value.dynamic_size, bool(value._infer_shape))

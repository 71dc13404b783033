"""Places in sorted rows, places in flattened arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph import dtypes
from flowlab._src.graph.dtypes import DType, as_dtype
from flowlab._src.graph.op import Array, Index, Op, RealNumber, Spec
from flowlab._src.graph.shape import UNKNOWN, TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.reshaping import reshape
from flowlab._src.util.export import export


def check_out_type(name: str, dtype: DType) -> None:
    """TypeError for a type that is not one of indices."""
    if dtype not in (dtypes.int32, dtypes.int64):
        message = (
            f"Value passed to parameter '{name}' has DataType {dtype.name} not in list of allowed values: int32, int64"
        )
        raise misuse(TypeError(message))


# ---- sorted rows ---------------------------------------------------------------------------------------------------


class Bound(Op, abstract=True):
    """For each value the place in its row, which is sorted, where it could be put in."""

    out_type: DType = dtypes.int32

    def __init__(self, *args: Any, **attrs: Any) -> None:
        super().__init__(*args, **attrs)
        check_out_type("out_type", self.out_type)

    def places(self, sorted_inputs: Any, values: Any, side: Any) -> np.ndarray:
        """Search row by row."""
        if sorted_inputs.ndim != 2 or values.ndim != 2:
            raise InvalidArgumentError(None, None, "sorted input and values must be matrices")
        if len(sorted_inputs) != len(values):
            raise InvalidArgumentError(None, None, "Leading dim_size of both tensors must match.")
        dtype = self.out_type.as_numpy_dtype
        result = np.empty(values.shape, dtype)
        for row, wanted, places in zip(sorted_inputs, values, result, strict=True):
            places[:] = np.searchsorted(row, wanted, side)
            if wanted.dtype.kind == "f":
                # Comparing with not-a-number is always false: TensorFlow's binary search then goes one way only.
                places[np.isnan(wanted)] = 0 if side == "left" else len(row)
        return result

    def dtypes(self, *inputs: Any) -> DType:
        """As the attribute says."""
        return self.out_type

    def shape(self, sorted_inputs: Spec, values: Spec) -> TensorShape:
        """One place for each value."""
        sorted_inputs.ranked(2)
        values.ranked(2)
        return values.shape


class LowerBound(Bound):
    """The first place that keeps the row sorted."""

    def kernel(self, sorted_inputs: Array[RealNumber], values: Array[RealNumber]) -> Array:
        return self.places(sorted_inputs, values, "left")


class UpperBound(Bound):
    """The last place that keeps the row sorted."""

    def kernel(self, sorted_inputs: Array[RealNumber], values: Array[RealNumber]) -> Array:
        return self.places(sorted_inputs, values, "right")


@export("searchsorted")
def searchsorted(
    sorted_sequence: Any, values: Any, side: str = "left", out_type: Any = dtypes.int32, name: str | None = None
) -> Tensor:
    """Find the places in sorted rows where values could be put in, so that the rows stay sorted.

    Parameters
    ----------
    sorted_sequence : Tensor of numbers, shape (..., n)
        Rows that are sorted upwards.
    values : Tensor of the same type, shape (..., m)
        The axes before the last are those of `sorted_sequence`.
    side : {"left", "right"}
        Before or after equal elements.
    out_type : {tf.int32, tf.int64}
    name : str, optional

    Returns
    -------
    Tensor of `out_type`, shape of `values`

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.searchsorted([1.0, 3.0, 3.0, 5.0], [0.0, 3.0, 9.0]))
    array([0, 1, 4], dtype=int32)
    """
    columns, wanted = shape_of(sorted_sequence)[-1], shape_of(values)[-1]
    rows, row_values = reshape(sorted_sequence, [-1, columns]), reshape(values, [-1, wanted])
    if side not in ("left", "right"):
        raise misuse(ValueError(f"side must be either 'right' or 'left'.  Saw: {side}."))
    kind = UpperBound if side == "right" else LowerBound
    output = kind(as_dtype(out_type))(rows, row_values, name=name)
    return reshape(output, shape_of(values))


# ---- flattened arrays ----------------------------------------------------------------------------------------------


class UnravelIndex(Op):
    """Coordinates of elements that are given by their number in the flattened array."""

    grad = None

    def kernel(self, indices: Array[Index], dims: Array[Index]) -> Array[Index]:
        if dims.ndim != 1:
            raise InvalidArgumentError(None, None, f"The indices can only be 1-D, got shape {list(dims.shape)}")
        if indices.ndim > 1:
            shown = ",".join(map(str, indices.shape))
            raise InvalidArgumentError(None, None, f'The indices can only be scalar or vector, got "[{shown}]"')
        if (dims <= 0).any():
            place = int(np.argmax(dims <= 0))
            message = f"Input dims cannot contain a dim of zero, but dims contains {dims[place]} at index {place}"
            raise InvalidArgumentError(None, None, message.replace("contains 0 at", "contains zero at"))
        count = 1
        for size in dims.tolist():
            count *= size
        if count > np.iinfo(dims.dtype).max:
            raise InvalidArgumentError(None, None, "Input dims product is causing integer overflow")
        if (indices >= count).any() or (indices < 0).any():
            raise InvalidArgumentError(None, None, "index is out of bound as with dims")
        places = np.unravel_index(indices, tuple(dims.tolist()))
        return np.array(places, indices.dtype).reshape(dims.size, *indices.shape)

    def shape(self, indices: Spec, dims: Spec) -> TensorShape:
        (rank,) = dims.ranked(1)
        if indices.rank is None:
            return UNKNOWN
        return TensorShape.of((rank, indices.shape.num_elements())) if indices.rank else TensorShape.of((rank,))


@export("unravel_index")
def unravel_index(indices: Any, dims: Any, name: str | None = None) -> Tensor:
    """Turn numbers of elements of a flattened array to coordinates.

    Parameters
    ----------
    indices : int32 or int64 Tensor, shape () or (n,)
    dims : Tensor of the same type, shape (rank,)
        The shape of the array.

    Returns
    -------
    Tensor, shape (rank,) or (rank, n)
        Column j is where element `indices[j]` is.

    Raises
    ------
    InvalidArgumentError
        If there is no such element.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.unravel_index([2, 5, 7], [3, 3]))
    array([[0, 1, 2],
           [2, 2, 1]], dtype=int32)
    """
    result: Tensor = UnravelIndex()(indices, dims, name=name)
    return result

"""Counting how often each number occurs."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError
from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.op import Array, Op, RealNumber, Spec
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape, unknown_shape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import size as size_of
from flowlab._src.ops.cast import cast
from flowlab._src.ops.magnitude import maximum, minimum
from flowlab._src.ops.reduce import reduce_max
from flowlab._src.util.export import export


class Bincount(Op):
    """How often each of the numbers 0, 1, 2 ... occurs, or the sum of the weights of its occurrences."""

    reads_values = True

    def kernel(self, arr: Array[np.int32], size: Array[np.int32], weights: Array[RealNumber]) -> Array[RealNumber]:
        if size < 0:
            raise InvalidArgumentError(None, None, f"size ({size}) must be non-negative")
        values = np.asarray(arr).ravel()
        if values.size and values.min() < 0:
            raise InvalidArgumentError(None, None, "Input arr must be non-negative!")
        weights = np.asarray(weights).ravel()
        if values.size and values.max() >= size:
            inside = values < size
            values, weights = values[inside], weights[inside] if weights.size else weights
        if not weights.size:
            return np.bincount(values, minlength=int(size)).astype(weights.dtype)
        result = np.zeros(int(size), weights.dtype)
        np.add.at(result, values, weights)
        return result

    def shape(self, arr: Spec, size: Spec, weights: Spec) -> TensorShape:
        size.ranked(0)
        known = weights.shape.is_fully_defined() and arr.shape.is_fully_defined()
        if known and weights.shape.num_elements() and weights.dims != arr.dims:
            raise ShapeError("weights must have the same shape as arr, or no elements")
        if size.value is None:
            return unknown_shape(1)
        if size.value < 0:
            raise ShapeError(f"size ({int(size.value)}) must be non-negative")
        return TensorShape.of((int(size.value),))


@export("bincount", "math.bincount")
def bincount(
    arr: Any,
    weights: Any = None,
    minlength: Any = None,
    maxlength: Any = None,
    dtype: Any = dtypes.int32,
    name: str | None = None,
) -> Tensor:
    """Count how often each non-negative integer occurs.

    Parameters
    ----------
    arr : Tensor, int32
    weights : Tensor, same shape as `arr`, optional
        Added up for each number instead of counting ones.
    minlength, maxlength : int, optional
        The result is made at least, or cut to at most, this long.
    dtype : DType
        Type of the counts without `weights`.

    Returns
    -------
    Tensor, shape (largest number + 1,)

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.bincount([1, 1, 3]))
    array([0, 2, 0, 1], dtype=int32)
    """
    with name_scope(name, "bincount"):
        arr = convert(arr, name="arr", dtype=dtypes.int32)
        not_empty = size_of(arr) > 0
        size = cast(not_empty, dtypes.int32) * (reduce_max(arr) + 1)
        if minlength is not None:
            size = maximum(convert(minlength, dtypes.int32, name="minlength"), size)
        if maxlength is not None:
            size = minimum(convert(maxlength, dtypes.int32, name="maxlength"), size)
        weights = convert([] if weights is None else weights, dtype if weights is None else None, name="weights")
        return Bincount()(arr, size, weights)

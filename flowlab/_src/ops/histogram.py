"""Histograms with bins of equal width."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import DType, as_dtype, int32
from flowlab._src.graph.op import Array, Op, Spec
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels.histogram import fixed_width
from flowlab._src.kernels.memory import require_memory
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.assertion import assert_
from flowlab._src.ops.cast import cast
from flowlab._src.ops.clip import clip_by_value
from flowlab._src.ops.control import with_dependencies
from flowlab._src.ops.division import truediv
from flowlab._src.ops.reshaping import reshape
from flowlab._src.util.export import export

Measured = TypeVar("Measured", np.float32, np.float64, np.int32, np.int64)


class HistogramFixedWidth(Op):
    """How many values fall into each bin; those outside the range count for the first or the last one."""

    dtype: DType = int32
    reads_values = True

    def kernel(self, values: Array[Measured], value_range: Array[Measured], nbins: Array[np.int32]) -> Array:
        if value_range.shape != (2,):
            shape = list(value_range.shape)
            raise InvalidArgumentError(
                None, None, f"value_range should be a vector of 2 elements, but got shape {shape}"
            )
        if np.ndim(nbins) != 0:
            raise InvalidArgumentError(None, None, f"nbins should be a scalar, but got shape {list(np.shape(nbins))}")
        low, high = value_range
        if not low < high:
            message = f"value_range should satisfy value_range[0] < value_range[1], but got '[{low}, {high}]'"
            raise InvalidArgumentError(None, None, message)
        if nbins <= 0:
            raise InvalidArgumentError(None, None, f"nbins should be a positive number, but got '{nbins}'")
        require_memory([int(nbins)], self.dtype.as_numpy_dtype)
        if values.dtype.kind == "f" and np.isnan(values).any():
            raise InvalidArgumentError(None, None, "values must not contain NaN: it belongs into no bin")
        width = np.float64(high - low) / float(nbins)
        return fixed_width(values, low, width, int(nbins)).astype(self.dtype.as_numpy_dtype)

    def dtypes(self, *inputs: Any) -> DType:
        return self.dtype

    def shape(self, values: Spec, value_range: Spec, nbins: Spec) -> TensorShape:
        value_range.ranked(1)
        nbins.ranked(0)
        count = None if nbins.value is None else int(nbins.value)
        if count is not None and count <= 0:
            raise ShapeError(f"Requires nbins > 0: {count}")
        return TensorShape.of((count,))


@export("histogram_fixed_width")
def histogram_fixed_width(
    values: Any, value_range: Any, nbins: Any = 100, dtype: Any = int32, name: str | None = None
) -> Tensor:
    """Count how many values fall into each of `nbins` bins of equal width.

    Parameters
    ----------
    values : Tensor, float32, float64, int32 or int64
    value_range : vector of 2 numbers, of the dtype of `values`
        The lower and the upper end. Smaller values count for the first bin, larger ones for the last.
    nbins : int
    dtype : {int32, int64}
    name : str, optional

    Returns
    -------
    Tensor, shape (nbins,)

    Raises
    ------
    tf.errors.InvalidArgumentError
        When run with `nbins` below 1 or with ends in the wrong order.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.histogram_fixed_width([-1.0, 0.0, 1.5, 2.0, 5.0, 15.0], [0.0, 5.0], nbins=5))
    array([2, 1, 1, 0, 2], dtype=int32)
    """
    with name_scope(name, "histogram_fixed_width", [values, value_range, nbins]) as name:
        return HistogramFixedWidth(dtype=as_dtype(dtype))(values, value_range, nbins, name=name)


@export("histogram_fixed_width_bins")
def histogram_fixed_width_bins(
    values: Any, value_range: Any, nbins: Any = 100, dtype: Any = int32, name: str | None = None
) -> Tensor:
    """Return the number of the bin that each value falls into; see `tf.histogram_fixed_width`.

    Parameters
    ----------
    values : Tensor
    value_range : vector of 2 numbers, of the dtype of `values`
    nbins : int
    dtype : {int32}
    name : str, optional

    Returns
    -------
    Tensor of the shape of `values`, int32

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.histogram_fixed_width_bins([-1.0, 0.0, 1.5, 2.0, 5.0, 15.0], [0.0, 5.0], nbins=5))
    array([0, 0, 1, 2, 4, 4], dtype=int32)
    """
    with name_scope(name, "histogram_fixed_width_bins", [values, value_range, nbins]):
        values = convert(values, name="values")
        shape = shape_of(values)
        values = reshape(values, [-1])
        value_range = convert(value_range, name="value_range")
        nbins = convert(nbins, int32, name="nbins")
        check = assert_(nbins > 0, [f"nbins {nbins} must > 0"])
        nbins = with_dependencies([check], nbins)
        count = cast(nbins, values.dtype.base_dtype)
        scaled = truediv(values - value_range[0], value_range[1] - value_range[0], name="scaled_values")
        places = raw.Floor(count * scaled, name="indices")
        return reshape(cast(clip_by_value(places, 0, count - 1), int32), shape)

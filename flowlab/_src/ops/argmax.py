"""Where the largest and the smallest element is."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError
from flowlab._src.graph import dtypes
from flowlab._src.graph.dtypes import DType, as_dtype
from flowlab._src.graph.op import Array, Index, Number, Op, Spec
from flowlab._src.graph.shape import SCALAR, UNKNOWN, TensorShape, unknown_shape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.broadcast import Gradient, brackets
from flowlab._src.ops.misuse import old_argument
from flowlab._src.util.export import export


class ArgReduction(Op, abstract=True):
    """The position of an extreme along one axis; of several equal ones the first."""

    output_type: DType = dtypes.int64
    reads_values = True
    preferred_dtypes: ClassVar[dict[str, DType]] = {"dimension": dtypes.int32}

    def dtypes(self, *inputs: Any) -> DType:
        """As the attribute says."""
        return self.output_type

    def shape(self, input: Spec, dimension: Spec) -> TensorShape:
        """The input's without the axis."""
        if dimension.rank not in (None, 0):
            raise ShapeError(f"Shape must be rank 0 but is rank {dimension.rank}")
        dims, axis = input.dims, dimension.value
        if dims is None:
            return UNKNOWN
        if len(dims) <= 1:
            return SCALAR
        if axis is None:
            return unknown_shape(len(dims) - 1)
        position = int(axis)
        if not -len(dims) <= position < len(dims):
            raise ShapeError(
                f"Dimension ({position}) must be in the range [{-len(dims)}, {len(dims)}), where {len(dims)} is the number "
                "of dimensions in the input."
            )
        position %= len(dims)
        return TensorShape.of(dims[:position] + dims[position + 1 :])

    def grad(self, node: Any, dy: Gradient) -> Any:
        """A position does not move when the values change a little."""
        return None, None


class ArgMax(ArgReduction):
    """The position of the largest element along an axis."""

    def kernel(self, input: Array[Number], dimension: Array[Index]) -> Array:
        return np.argmax(input, position_axis(input, dimension)).astype(self.output_type.as_numpy_dtype, copy=False)


class ArgMin(ArgReduction):
    """The position of the smallest element along an axis."""

    def kernel(self, input: Array[Number], dimension: Array[Index]) -> Array:
        return np.argmin(input, position_axis(input, dimension)).astype(self.output_type.as_numpy_dtype, copy=False)


def position_axis(x: Any, dimension: Any) -> int:
    """The axis to look along; an error where there is none of that number, or nothing to find."""
    axis, count = int(dimension), x.ndim
    if not -count <= axis < count:
        raise InvalidArgumentError(None, None, f"Expected dimension in the range [{-count}, {count}), but got {axis}")
    if x.shape[axis] == 0:
        raise InvalidArgumentError(None, None, f"Reduction axis {axis} is empty in shape {brackets(x.shape)}")
    return axis


# ---- public functions ----------------------------------------------------------------------------------------------


@export("argmax", "math.argmax")
def argmax(
    input: Any,
    axis: Any = None,
    name: str | None = None,
    dimension: Any = None,
    output_type: Any = dtypes.int64,
) -> Tensor:
    """Find the position of the largest element along an axis.

    Parameters
    ----------
    input : Tensor, numeric
    axis : int or Tensor, shape (), optional
        0 if not given.
    name : str, optional
    dimension : optional
        Older name of `axis`.
    output_type : DType
        int64 or int32.

    Returns
    -------
    Tensor
        Of several equal elements the first counts.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.argmax([[1, 9, 9], [5, 2, 3]], axis=1))
    array([1, 0])
    """
    axis = old_argument("axis", axis, "dimension", dimension)
    return ArgMax(output_type=as_dtype(output_type))(input, 0 if axis is None else axis, name=name)


@export("argmin", "math.argmin")
def argmin(
    input: Any,
    axis: Any = None,
    name: str | None = None,
    dimension: Any = None,
    output_type: Any = dtypes.int64,
) -> Tensor:
    """Find the position of the smallest element along an axis. The arguments are those of `tf.argmax`.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.argmin([[1, 9, 9], [5, 2, 3]], axis=1))
    array([0, 1])
    """
    axis = old_argument("axis", axis, "dimension", dimension)
    return ArgMin(output_type=as_dtype(output_type))(input, 0 if axis is None else axis, name=name)


@export("arg_max")
def arg_max(input: Any, dimension: Any, output_type: Any = dtypes.int64, name: str | None = None) -> Tensor:
    """Find the position of the largest element; `tf.argmax` with other names."""
    return ArgMax(output_type=as_dtype(output_type))(input, dimension, name=name)


@export("arg_min")
def arg_min(input: Any, dimension: Any, output_type: Any = dtypes.int64, name: str | None = None) -> Tensor:
    """Find the position of the smallest element; `tf.argmin` with other names."""
    return ArgMin(output_type=as_dtype(output_type))(input, dimension, name=name)

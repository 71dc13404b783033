"""Tensors stretched to a shape by repeating, and the shape that two shapes stretch to."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError
from flowlab._src.graph import dtypes
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.op import Array, Index, Op, Spec, T, constant_value
from flowlab._src.graph.registry import raw
from flowlab._src.graph.shape import TensorShape, as_shape, broadcast_shapes, format_dims
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import shape
from flowlab._src.ops.constant import make_constant
from flowlab._src.ops.misuse import misuse
from flowlab._src.util.export import export


class BroadcastTo(Op):
    """The input repeated along axes of size 1 and new leading axes until it has the shape asked for."""

    same_if_same_shape = True
    preferred_dtypes: ClassVar[dict[str, DType]] = {"shape": dtypes.int32}

    def kernel(self, input: Array[T], shape: Array[Index]) -> Array[T]:
        wanted = tuple(np.asarray(shape).tolist())
        if len(wanted) < np.ndim(input):
            raise InvalidArgumentError(
                None,
                None,
                f"Rank of input ({np.ndim(input)}) must be no greater than rank of output shape ({len(wanted)}).",
            )
        try:
            return np.broadcast_to(input, wanted)
        except ValueError:
            raise InvalidArgumentError(
                None, None, f"Incompatible shapes: {format_dims(np.shape(input))} vs. {format_dims(wanted)}"
            ) from None

    def shape(self, input: Spec, shape: Spec) -> TensorShape:
        shape.ranked(1)
        wanted = shape.as_shape
        if input.dims is None or wanted._dims is None:
            return wanted
        if len(input.dims) > len(wanted._dims):
            raise ShapeError(f"Shape must be at most rank {len(wanted._dims)} but is rank {len(input.dims)}")
        for i in range(1, len(input.dims) + 1):
            mine, asked = input.dims[-i], wanted._dims[-i]
            if mine not in (None, 1) and asked is not None and mine != asked:
                raise ShapeError(f"Dimensions must be equal, but are {mine} and {asked}")
        return wanted

    def grad(self, node: Any, dy: Any) -> Any:
        """Add up over the axes along which the input was repeated."""
        x, wanted = node.inputs
        x_shape = shape(x, out_type=wanted.dtype)
        known = constant_value(wanted)
        if known is not None:
            wanted = make_constant(known, wanted.dtype.base_dtype)
        _, axes = raw.BroadcastGradientArgs(wanted, x_shape)
        return [raw.Reshape(raw.Sum(dy, axes, keep_dims=True), x_shape), None]


@export("broadcast_to")
def broadcast_to(input: Any, shape: Any, name: str | None = None) -> Tensor:
    """Return a tensor stretched to `shape` by repeating it along axes of size 1 and new leading axes.

    Parameters
    ----------
    input : Tensor
    shape : list of int, or Tensor
    name : str, optional

    Raises
    ------
    ValueError, InvalidArgumentError
        If a size is neither 1 nor the one asked for.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.broadcast_to([1, 2, 3], [2, 3]))
    array([[1, 2, 3],
           [1, 2, 3]], dtype=int32)
    """
    return BroadcastTo()(input, shape, name=name)


class BroadcastArgs(Op):
    """The shape that two shapes give when they are stretched to fit each other."""

    grad = None
    preferred_dtypes: ClassVar[dict[str, DType]] = {"s0": dtypes.int32}

    def kernel(self, s0: Array[Index], s1: Array[Index]) -> Array[Index]:
        a, b = (tuple(np.asarray(s).tolist()) for s in (s0, s1))
        try:
            dims = np.broadcast_shapes(a, b)
        except ValueError:
            raise InvalidArgumentError(
                None, None, f"Incompatible shapes: {format_dims(a)} vs. {format_dims(b)}"
            ) from None
        return np.array(dims, s0.dtype)

    def shape(self, s0: Spec, s1: Spec) -> TensorShape:
        (a,), (b,) = s0.ranked(1), s1.ranked(1)
        return TensorShape.of((None if a is None or b is None else max(a, b),))


@export("broadcast_dynamic_shape")
def broadcast_dynamic_shape(shape_x: Any, shape_y: Any) -> Tensor:
    """Return the shape that two shapes broadcast to, computed at run time.

    Parameters
    ----------
    shape_x, shape_y : Tensor, int32 or int64 vectors

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.broadcast_dynamic_shape([2, 1], [3]))
    array([2, 3], dtype=int32)
    """
    return BroadcastArgs()(shape_x, shape_y)


@export("broadcast_static_shape")
def broadcast_static_shape(shape_x: TensorShape, shape_y: TensorShape) -> TensorShape:
    """Return the shape that two static shapes broadcast to.

    Parameters
    ----------
    shape_x, shape_y : TensorShape

    Raises
    ------
    ValueError
        If they do not fit.

    Examples
    --------
    >>> print(tf.broadcast_static_shape(tf.TensorShape([None, 1]), tf.TensorShape([3])))
    (?, 3)
    """
    try:
        return broadcast_shapes((as_shape(shape_x), as_shape(shape_y)))
    except ShapeError:
        raise misuse(
            ValueError(f"Incompatible shapes for broadcasting: {shape_x} and {shape_y}"),
            fix="aligned from the right, sizes must be equal or 1",
        ) from None

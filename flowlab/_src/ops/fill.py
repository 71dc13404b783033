"""Tensors of one repeated value: fill, zeros, ones."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError
from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import LARGEST, as_flag
from flowlab._src.graph.composite import Composite
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import DType, as_dtype
from flowlab._src.graph.op import Array, Index, Op, Spec, T, Unary
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape, as_shape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels.memory import require_memory
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.constant import make_constant
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.reshaping import reshape
from flowlab._src.util.export import export

# Fewer elements than this are stored in the graph as a constant, more are made by a Fill node.
SMALL = 1000


class Fill(Op):
    """One value repeated over a whole shape."""

    preferred_dtypes: ClassVar[dict[str, DType]] = {"dims": dtypes.int32}

    def kernel(self, dims: Array[Index], value: Array[T]) -> Array[T]:
        sizes = np.asarray(dims)
        if sizes.ndim != 1:
            raise InvalidArgumentError(None, None, f"dims must be a vector of int32, got shape {list(sizes.shape)}")
        if (sizes < 0).any():
            raise InvalidArgumentError(None, None, f"Dimension {sizes[sizes < 0][0]} must be >= 0")
        value = np.asarray(value)
        require_memory(sizes.tolist(), value.dtype)
        if value.dtype.hasobject:
            result = np.empty(sizes.tolist(), object)
            result.fill(value.item())
            return result
        return np.full(sizes.tolist(), value, value.dtype)

    def shape(self, dims: Spec, value: Spec) -> TensorShape:
        dims.ranked(1)
        value.ranked(0)
        if dims.value is not None and (dims.value < 0).any():
            raise ShapeError("Fill dimensions must be >= 0")
        return dims.as_shape

    def grad(self, node: Any, dy: Tensor) -> Any:
        """The value is used everywhere, so its gradient is the sum."""
        return [None, raw.Sum(dy, _all_axes(dy))]

    def partial_value(self, node: Any) -> list[int | None] | None:
        """A vector of known length is known when its value is."""
        from flowlab._src.graph.op import constant_value

        dims, value = constant_value(node.inputs[0]), constant_value(node.inputs[1])
        if dims is None or value is None or len(dims) != 1 or dims[0] > 64:
            return None
        return [int(value)] * int(dims[0])


def _all_axes(x: Tensor) -> Any:
    """The axes of a tensor as a node: what a reduction over everything reduces."""
    if x.shape.ndims is not None:
        return make_constant(np.arange(x.shape.ndims, dtype=np.int32), None, None, "Const")
    return raw.Range(0, raw.Rank(x), 1, name="range")


@export("fill")
def fill(dims: Any, value: Any, name: str | None = None) -> Tensor:
    """Return a tensor of shape `dims` in which every element is `value`.

    Parameters
    ----------
    dims : list of int, or Tensor of int32 or int64
    value : scalar
        Its type is that of the result.
    name : str, optional

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.fill([2, 3], 9))
    array([[9, 9, 9],
           [9, 9, 9]], dtype=int32)
    """
    return Fill()(dims, value, name=name)


class ZerosLike(Unary):
    """Zeros in the shape of the input."""

    of_shapes = True
    grad = None

    def kernel(self, x: Array[T]) -> Array[T]:
        return _filled_like(x, 0)


class OnesLike(Unary):
    """Ones in the shape of the input."""

    of_shapes = True
    grad = None

    def kernel(self, x: Array[T]) -> Array[T]:
        return _filled_like(x, 1)


def _filled_like(x: Any, value: int) -> np.ndarray:
    x = np.asarray(x)
    if x.dtype.hasobject:
        result = np.empty(x.shape, object)
        result.fill(b"")
        return result
    return np.full(x.shape, value, x.dtype)


@export("zeros")
def zeros(shape: Any, dtype: Any = dtypes.float32, name: str | None = None) -> Tensor:
    """Return a tensor in which every element is zero.

    Parameters
    ----------
    shape : list of int, or Tensor of int32 or int64
    dtype : DType
        With string the elements are empty, with bool False.
    name : str, optional

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.zeros([2, 3]))
    array([[0., 0., 0.],
           [0., 0., 0.]], dtype=float32)
    """
    dtype = as_dtype(dtype).base_dtype
    return _repeated(
        shape, dtype, name, "zeros", False if dtype is dtypes.bool_ else "" if dtype is dtypes.string else 0
    )


@export("ones")
def ones(shape: Any, dtype: Any = dtypes.float32, name: str | None = None) -> Tensor:
    """Return a tensor in which every element is one.

    Parameters
    ----------
    shape : list of int, or Tensor of int32 or int64
    dtype : DType
        With bool the elements are True.
    name : str, optional

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.ones([3], tf.int32))
    array([1, 1, 1], dtype=int32)
    """
    dtype = as_dtype(dtype).base_dtype
    return _repeated(shape, dtype, name, "ones", True if dtype is dtypes.bool_ else 1)


def _repeated(shape: Any, dtype: DType, name: str | None, default_name: str, value: Any) -> Tensor:
    """A constant when it is small and its shape is known while building, otherwise a Fill node."""
    with name_scope(name, default_name, [shape]) as scope:
        if not isinstance(shape, Tensor):
            sizes = _known_sizes(shape)
            if sizes is not None:
                if not isinstance(shape, (int, np.integer)) and math.prod(sizes) < SMALL:
                    return make_constant(value, dtype, sizes, scope)
                large = max(sizes, default=0)
                if large > LARGEST:
                    raise misuse(ValueError(f"Dimension {large} does not fit into 64 bits"))
                kind = np.int32 if large < 2**31 else np.int64
                shape = make_constant(np.array(sizes, kind), None, None, "shape_as_tensor")
            else:
                shape = convert(shape, dtypes.int32)
        if not shape.shape._dims:  # a scalar, or nothing known: Fill wants a vector
            shape = reshape(shape, [-1])
        return Fill()(shape, make_constant(value, dtype), name=scope)


def _known_sizes(shape: Any) -> list[int] | None:
    """A shape given as numbers as a list; None when there is a tensor in it."""
    try:
        if isinstance(shape, (list, tuple)) and any(isinstance(d, Tensor) for d in shape):
            return None
        shape = as_shape(shape.tolist() if isinstance(shape, np.ndarray) else shape)
        return shape.as_list() if shape.is_fully_defined() else None
    except (TypeError, ValueError):
        return None


@export("zeros_like")
def zeros_like(tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True) -> Tensor:
    """Return zeros in the shape of a tensor.

    Parameters
    ----------
    tensor : Tensor
    dtype : DType, optional
        Another type than that of `tensor`.
    name : str, optional
    optimize : bool
        Use the shape known while building, if there is one.

    Examples
    --------
    >>> tf.zeros_like([[1, 2], [3, 4]])
    <tf.Tensor 'zeros_like:0' shape=(2, 2) dtype=int32>
    """
    if isinstance(tensor, Composite):
        return tensor._map(zeros_like, [tensor], dtype, name=name)
    dtype = None if dtype is None else as_dtype(dtype).base_dtype
    optimize = as_flag(optimize, "optimize")
    with name_scope(name, "zeros_like", [tensor]) as scope:
        tensor = convert(tensor, name="tensor")
        if optimize and tensor.shape.is_fully_defined() and tensor.dtype.base_dtype is not dtypes.variant:
            return zeros(tensor.shape, dtype or tensor.dtype, scope)
        if dtype is not None and dtype is not tensor.dtype.base_dtype and dtype is not dtypes.variant:
            return zeros(shape_of(tensor, optimize=optimize), dtype, scope)
        return ZerosLike()(tensor, name=scope)


@export("ones_like")
def ones_like(tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True) -> Tensor:
    """Return ones in the shape of a tensor.

    Parameters
    ----------
    tensor : Tensor
    dtype : DType, optional
        Another type than that of `tensor`.
    name : str, optional
    optimize : bool
        Use the shape known while building, if there is one.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.ones_like([2.5, 3.5]))
    array([1., 1.], dtype=float32)
    """
    if isinstance(tensor, Composite):
        return tensor._map(ones_like, [tensor], dtype, name=name)
    optimize = as_flag(optimize, "optimize")
    with name_scope(name, "ones_like", [tensor]) as scope:
        tensor = convert(tensor, name="tensor")
        result = ones(shape_of(tensor, optimize=optimize), tensor.dtype if dtype is None else dtype, scope)
        result.set_shape(tensor.shape)
        return result

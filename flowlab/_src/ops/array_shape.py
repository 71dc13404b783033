"""What is known of a tensor's shape at run time: its sizes, the number of elements and of axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowlab._src.graph import dtypes
from flowlab._src.graph.composite import Composite
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import DType, as_dtype
from flowlab._src.graph.op import Array, Op, Spec, T
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.sparse_tensor import is_sparse
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.constant import make_constant
from flowlab._src.util.export import export


class Shape(Op):
    """The sizes of the axes as an integer vector."""

    of_shapes = True
    out_type: DType = dtypes.int32
    grad = None

    def kernel(self, input: Array[T]) -> Array:
        return np.array(np.shape(input), self.out_type.as_numpy_dtype)

    def dtypes(self, input: Any) -> DType:
        return self.out_type

    def shape(self, input: Spec) -> TensorShape:
        return TensorShape.of((input.rank,))

    def known_value(self, node: Any) -> np.ndarray | None:
        """The sizes, when all are known while building."""
        shape = node.inputs[0].shape
        return np.array(shape._dims, self.out_type.as_numpy_dtype) if shape.is_fully_defined() else None

    def partial_value(self, node: Any) -> list[int | None] | None:
        """The sizes that are known while building."""
        dims = node.inputs[0].shape._dims
        return None if dims is None else list(dims)


class ShapeN(Op):
    """The shapes of several tensors of one dtype."""

    of_shapes = True
    out_type: DType = dtypes.int32
    grad = None

    def kernel(self, input: Sequence[Array[T]]) -> tuple[Array, ...]:
        return tuple(np.array(np.shape(x), self.out_type.as_numpy_dtype) for x in input)

    def dtypes(self, *input: Any) -> list[DType]:
        return [self.out_type] * len(input)

    def shape(self, input: Sequence[Spec]) -> list[TensorShape]:
        return [TensorShape.of((x.rank,)) for x in input]

    def known_value(self, node: Any) -> tuple[np.ndarray | None, ...]:
        """Those shapes that are known while building."""
        kind, shapes = self.out_type.as_numpy_dtype, [x.shape for x in node.inputs]
        return tuple(np.array(s._dims, kind) if s.is_fully_defined() else None for s in shapes)

    def partial_value(self, node: Any) -> tuple[list[int | None] | None, ...]:
        """The sizes that are known while building."""
        return tuple(None if x.shape._dims is None else list(x.shape._dims) for x in node.inputs)


class Size(Op):
    """The number of elements."""

    of_shapes = True
    out_type: DType = dtypes.int32
    grad = None

    def kernel(self, input: Array[T]) -> Array:
        return np.array(np.size(input), self.out_type.as_numpy_dtype)

    def dtypes(self, input: Any) -> DType:
        return self.out_type

    def shape(self, input: Spec) -> TensorShape:
        return TensorShape.of(())

    def known_value(self, node: Any) -> np.ndarray | None:
        """The count, when the shape is known while building."""
        count = node.inputs[0].shape.num_elements()
        return None if count is None else np.array(count, self.out_type.as_numpy_dtype)


class Rank(Op):
    """The number of axes."""

    of_shapes = True
    grad = None

    def kernel(self, input: Array[T]) -> Array[np.int32]:
        return np.array(np.ndim(input), np.int32)

    def shape(self, input: Spec) -> TensorShape:
        return TensorShape.of(())

    def known_value(self, node: Any) -> np.ndarray | None:
        """The rank, when it is known while building."""
        rank = node.inputs[0].shape.ndims
        return None if rank is None else np.array(rank, np.int32)


@export("shape")
def shape(input: Any, name: str | None = None, out_type: Any = dtypes.int32) -> Tensor:
    """Return the shape that a tensor has at run time, as an integer vector.

    `t.shape` is what is known while building; where that is everything, this function gives a constant.

    Parameters
    ----------
    input : Tensor
    name : str, optional
    out_type : DType
        int32 or int64.

    Examples
    --------
    >>> x = tf.placeholder(tf.float32, [None, 3])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.shape(x), {x: np.zeros([5, 3])})
    array([5, 3], dtype=int32)
    """
    return shape_of(input, name, as_dtype(dtypes.int32 if out_type is None else out_type))


def shape_of(input: Any, name: str | None = None, out_type: DType = dtypes.int32, optimize: bool = True) -> Tensor:
    """`tf.shape`; without `optimize` never a constant."""
    with name_scope(name, "Shape", [input]) as scope:
        if is_sparse(input):
            return raw.Cast(input.dense_shape, DstT=out_type)
        input = convert(input)
        if optimize and input.shape.is_fully_defined():
            return make_constant(np.array(input.shape.as_list(), out_type.as_numpy_dtype), None, None, scope)
        return Shape(out_type=out_type)(input, name=scope)


@export("shape_n")
def shape_n(input: Any, out_type: Any = dtypes.int32, name: str | None = None) -> list[Tensor]:
    """Return the shapes of several tensors, each as an integer vector.

    Parameters
    ----------
    input : list of Tensor, all of one dtype
    out_type : DType
        int32 or int64.
    name : str, optional

    Examples
    --------
    >>> [t.shape.as_list() for t in tf.shape_n([tf.zeros([2, 3]), tf.zeros([4])])]
    [[2], [1]]
    """
    return ShapeN(out_type=as_dtype(out_type))(input, name=name)


@export("size")
def size(input: Any, name: str | None = None, out_type: Any = dtypes.int32) -> Tensor:
    """Return the number of elements of a tensor.

    Parameters
    ----------
    input : Tensor
    name : str, optional
    out_type : DType
        int32 or int64.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     int(sess.run(tf.size([[1, 2, 3], [4, 5, 6]])))
    6
    """
    out_type = as_dtype(dtypes.int32 if out_type is None else out_type)
    if isinstance(input, Composite) and not is_sparse(input):
        result: Tensor = input._call("size", input, name, out_type)
        return result
    with name_scope(name, "Size", [input]) as scope:
        if is_sparse(input):
            sizes = convert(input.dense_shape, dtypes.int64)
            return raw.Prod(raw.Cast(sizes, DstT=out_type), 0, name=scope)
        input = convert(input)
        count = input.shape.num_elements()
        if count is None and input.shape.ndims is not None and 0 in input.shape._dims:
            count = 0
        if count is not None:
            return make_constant(count, out_type, None, scope)
        return Size(out_type=out_type)(input, name=scope)


@export("rank")
def rank(input: Any, name: str | None = None) -> Tensor:
    """Return the number of axes of a tensor.

    Parameters
    ----------
    input : Tensor
    name : str, optional

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     int(sess.run(tf.rank([[1, 2, 3], [4, 5, 6]])))
    2
    """
    if isinstance(input, Composite) and not is_sparse(input):
        result: Tensor = input._call("rank", input, name)
        return result
    with name_scope(name, "Rank", [input]) as scope:
        if is_sparse(input):
            return Size()(input.dense_shape, name=scope)
        input = convert(input)
        if input.shape.ndims is not None:
            return make_constant(input.shape.ndims, dtypes.int32, None, scope)
        return Rank()(input, name=scope)

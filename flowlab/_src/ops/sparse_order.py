"""Sparse tensors in another order or form: reorder, transpose, reshape, expand_dims, eye, reset_shape."""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.op import Array, Op, Spec, T, constant_value, constant_value_as_shape
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.sparse_tensor import SparseTensor, as_sparse
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import sparse
from flowlab._src.ops.array_shape import rank, shape_of
from flowlab._src.ops.cast import cast
from flowlab._src.ops.checks import assert_equal, assert_less_equal
from flowlab._src.ops.constant import constant
from flowlab._src.ops.control import with_dependencies
from flowlab._src.ops.fill import ones, ones_like, zeros
from flowlab._src.ops.gather import gather
from flowlab._src.ops.identity import identity
from flowlab._src.ops.joining import concat, stack
from flowlab._src.ops.magnitude import maximum, minimum
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.reduce import reduce_max
from flowlab._src.ops.selecting import where_v2
from flowlab._src.ops.sequences import range_
from flowlab._src.ops.slicing import slice_
from flowlab._src.ops.transposing import invert_permutation, transpose
from flowlab._src.util.export import export


class SparseReorder(Op):
    """The elements of a sparse tensor in reading order."""

    def kernel(
        self, input_indices: Array[np.int64], input_values: Array[T], input_shape: Array[np.int64]
    ) -> tuple[Array[np.int64], Array[T]]:
        places, values, shape = np.asarray(input_indices), np.asarray(input_values), np.asarray(input_shape)
        sparse.check_parts(places, values, shape)
        order = sparse.in_order(places)
        return places[order], values[order]

    def shape(self, input_indices: Spec, input_values: Spec, input_shape: Spec) -> list[TensorShape]:
        indices, values = input_indices.ranked(2), input_values.ranked(1)
        input_shape.ranked(1)
        return [TensorShape.of(indices), TensorShape.of(values)]

    def grad(self, node: Any, _: Any, dy: Tensor) -> Any:
        """The gradients go back to where the values came from: their numbers are sorted in the same way."""
        indices, _, shape = node.inputs
        numbers_ = range_(shape_of(indices)[0])
        ordered = sparse_reorder(SparseTensor(indices, numbers_, shape))
        return [None, gather(dy, invert_permutation(ordered.values)), None]


@export("sparse.reorder", "sparse_reorder")
def sparse_reorder(sp_input: Any, name: str | None = None) -> SparseTensor:
    """Bring the elements of a sparse tensor into reading order, the order that most operations want.

    Parameters
    ----------
    sp_input : SparseTensor
    name : str, optional

    Returns
    -------
    SparseTensor
        Same shape, dtype and elements.

    Examples
    --------
    >>> st = tf.SparseTensor([[1, 0], [0, 2]], ["b", "a"], [2, 3])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sparse.reorder(st).values)
    array([b'a', b'b'], dtype=object)
    """
    sp_input = as_sparse(sp_input)
    indices, values = SparseReorder()(sp_input.indices, sp_input.values, sp_input.dense_shape, name=name)
    static = sp_input.get_shape()
    dense_shape = static.as_list() if static.is_fully_defined() else identity(sp_input.dense_shape)
    return SparseTensor(indices, values, dense_shape)


@export("sparse.transpose", "sparse_transpose")
def sparse_transpose(sp_input: Any, perm: Any = None, name: str | None = None) -> SparseTensor:
    """Exchange the axes of a sparse tensor.

    Parameters
    ----------
    sp_input : SparseTensor
    perm : list of int or Tensor, optional
        Axis i of the result is axis perm[i] of the input; if not given, the order is turned around.
    name : str, optional

    Examples
    --------
    >>> st = tf.SparseTensor([[0, 2], [1, 0]], [1, 2], [2, 3])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sparse.to_dense(tf.sparse.transpose(st)))
    array([[0, 2],
           [0, 0],
           [1, 0]], dtype=int32)
    """
    sp_input = as_sparse(sp_input)
    with name_scope(name, "SparseTranspose", [sp_input.indices]):
        static = sp_input.get_shape()
        if perm is None:
            if static.ndims is not None:
                perm = (static.ndims - 1) - np.arange(0, static.ndims, 1)
            else:
                count = rank(sp_input)
                perm = (count - 1) - range_(0, count, 1)
        indices = transpose(gather(transpose(sp_input.indices), perm))
        order = constant_value(convert(perm))
        if order is not None and static.is_fully_defined():
            sizes = static.as_list()
            dense_shape: Any = [sizes[p] for p in order.tolist()] + sizes[len(order) :]
        else:
            dense_shape = gather(sp_input.dense_shape, perm)
        return sparse_reorder(SparseTensor(indices, sp_input.values, dense_shape))


class SparseReshape(Op):
    """The places that elements have in a tensor of another shape with as many elements."""

    grad = None

    def kernel(
        self, input_indices: Array[np.int64], input_shape: Array[np.int64], new_shape: Array[np.int64]
    ) -> tuple[Array[np.int64], Array[np.int64]]:
        places, shape, new = np.asarray(input_indices), np.asarray(input_shape), np.asarray(new_shape)
        if places.ndim != 2 or shape.ndim != 1 or new.ndim != 1:
            raise InvalidArgumentError(
                None, None, "Input indices should be a matrix, the input shape and the new shape vectors"
            )
        if places.shape[1] != len(shape):
            raise InvalidArgumentError(
                None, None, f"Input shape must have {places.shape[1]} elements, got {len(shape)}"
            )
        sizes = _new_sizes(shape.tolist(), new.tolist())
        if shape.tolist() == sizes:
            return places.copy(), shape.copy()
        sparse.check_places(places, shape, ordered=False)
        result = np.zeros((len(places), len(sizes)), np.int64)
        if len(places):
            flat = places @ np.array([math.prod(shape.tolist()[i + 1 :]) for i in range(len(shape))], np.int64)
            for i in range(len(sizes)):
                step = math.prod(sizes[i + 1 :])
                result[:, i], flat = flat // step, flat % step
        return result, np.array(sizes, np.int64)

    def shape(self, input_indices: Spec, input_shape: Spec, new_shape: Spec) -> list[TensorShape]:
        rows, _ = input_indices.ranked(2)
        input_shape.ranked(1)
        (count,) = new_shape.ranked(1)
        return [TensorShape.of((rows, count)), TensorShape.of((count,))]


def _new_sizes(old: list[int], new: list[int]) -> list[int]:
    """The new sizes with the unknown one, -1, worked out."""

    def refuse(message: str) -> InvalidArgumentError:
        return InvalidArgumentError(None, None, message)

    count, unknown = math.prod(old), [i for i, size in enumerate(new) if size == -1]
    if count > 2**62:
        raise refuse(f"The shape {old} has too many elements to be counted")
    if len(unknown) > 1:
        raise refuse(f"only one output shape size may be -1, not both {unknown[0]} and {unknown[1]}")
    for i, size in enumerate(new):
        if size < -1:
            raise refuse(f"size {i} must be non-negative, not {size}")
    known = math.prod(size for size in new if size != -1)
    if unknown:
        if known == 0:
            raise refuse(
                "reshape cannot infer the missing input size for an empty tensor unless all specified input sizes are non-zero"
            )
        if count % known:
            raise refuse(
                f"Input to reshape is a SparseTensor with {count} dense values, but the requested shape requires a "
                f"multiple of {known}. input_shape={sparse.text(old)} output_shape={sparse.text(new)}"
            )
        return [count // known if size == -1 else size for size in new]
    if known != count:
        raise refuse(
            f"Input to reshape is a tensor with {count} dense values, but the requested shape has {known}. "
            f"input_shape={sparse.text(old)} output_shape={sparse.text(new)}"
        )
    return new


def _written_out(shape: Tensor) -> bool:
    """True for a shape that is written down, not computed: only then TensorFlow makes a constant of the new one."""
    kinds = ("Const", "Cast", "Pack", "Shape", "Fill", "ConcatV2")
    return shape.op.type in kinds and (shape.op.type == "Shape" or all(_written_out(t) for t in shape.op.inputs))


@export("sparse.reshape", "sparse_reshape")
def sparse_reshape(sp_input: Any, shape: Any, name: str | None = None) -> SparseTensor:
    """Give a sparse tensor another shape with as many elements, as `tf.reshape` does.

    Parameters
    ----------
    sp_input : SparseTensor
    shape : list of int or Tensor
        -1 stands for the size that follows from the others.
    name : str, optional

    Raises
    ------
    ValueError
        If the number of elements differs, or there is more than one -1.

    Examples
    --------
    >>> st = tf.SparseTensor([[0, 2], [1, 0]], [1, 2], [2, 3])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sparse.reshape(st, [3, -1])).indices
    array([[1, 0],
           [1, 1]])
    """
    sp_input = as_sparse(sp_input)
    shape = cast(shape, dtypes.int64)
    with name_scope(name, "SparseReshape", [sp_input.indices]) as name:
        indices, dense_shape = SparseReshape()(sp_input.indices, sp_input.dense_shape, shape, name=name)
        static = sp_input.get_shape()
        if _written_out(shape) and static.is_fully_defined():
            dims = constant_value_as_shape(shape).as_list()
            given = constant_value(shape)
            if given is not None and (given == -1).sum() > 1:
                raise misuse(ValueError(f"At most one dimension can be inferred (-1). Found: {given}"))
            count, sizes = math.prod(static.as_list()), list(dims)
            if dims.count(None) == 1 and 0 not in dims:
                sizes[dims.index(None)] = count // math.prod(d for d in dims if d is not None)
            if None not in sizes:
                if math.prod(sizes) != count:  # type: ignore[arg-type]
                    raise misuse(
                        ValueError(
                            f"Cannot reshape a tensor with {count} elements to shape {dims} "
                            f"({math.prod(sizes)} elements)."  # type: ignore[arg-type]
                        )
                    )
                dense_shape = constant(sizes, dtypes.int64)
        return SparseTensor(indices, identity(sp_input.values), dense_shape)


@export("sparse.expand_dims")
def sparse_expand_dims(sp_input: Any, axis: Any = None, name: str | None = None) -> SparseTensor:
    """Add an axis of size 1 to a sparse tensor.

    Parameters
    ----------
    sp_input : SparseTensor
    axis : int or Tensor, optional
        The place of the new axis, counted from the end if negative; the end, if not given.
    name : str, optional

    Examples
    --------
    >>> st = tf.SparseTensor([[0, 2], [1, 0]], [1, 2], [2, 3])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sparse.expand_dims(st, 1).dense_shape)
    array([2, 1, 3])
    """
    sp_input = as_sparse(sp_input)
    count: Any = sp_input.dense_shape.shape[0].value
    if count is None:
        count = shape_of(sp_input.dense_shape)[0]
    axis = -1 if axis is None else axis
    with name_scope(name, "expand_dims", [sp_input.indices]):
        if isinstance(axis, numbers.Integral):
            axis = convert(axis, dtypes.int32, "axis")
        elif not isinstance(axis, Tensor):
            raise misuse(TypeError("axis must be an integer value in range [-rank(sp_input) - 1, rank(sp_input)]"))
        axis = where_v2(axis >= 0, axis, axis + count + 1)
        rows = shape_of(sp_input.indices)[0]
        column = zeros([rows, 1], dtype=dtypes.int64)
        before = slice_(sp_input.indices, [0, 0], [-1, axis])
        after = slice_(sp_input.indices, [0, axis], [-1, -1])
        indices = concat([before, column, after], axis=1)
        sizes_before = slice_(sp_input.dense_shape, [0], [axis])
        sizes_after = slice_(sp_input.dense_shape, [axis], [-1])
        one = convert([1], dtypes.int64, "new_shape")
        return SparseTensor(indices, sp_input.values, concat([sizes_before, one, sizes_after], axis=0))


@export("sparse.eye")
def sparse_eye(
    num_rows: Any, num_columns: Any = None, dtype: Any = dtypes.float32, name: str | None = None
) -> SparseTensor:
    """Return a sparse matrix with ones on the diagonal.

    Parameters
    ----------
    num_rows : int or Tensor
    num_columns : int or Tensor, optional
        As many as rows, if not given.
    dtype : DType
    name : str, optional

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sparse.to_dense(tf.sparse.eye(2, 3)))
    array([[1., 0., 0.],
           [0., 1., 0.]], dtype=float32)
    """
    with name_scope(name, "eye", [num_rows, num_columns]):
        rows = _as_int64(num_rows, "num_rows")
        columns = rows if num_columns is None else _as_int64(num_columns, "num_columns")
        count = minimum(rows, columns)
        diagonal = range_(count, dtype=dtypes.int64)
        return SparseTensor(stack([diagonal, diagonal], axis=1), ones(count, dtype=dtype), [rows, columns])


def _as_int64(value: Any, name: str) -> Any:
    if isinstance(value, (numbers.Integral, np.integer)):
        return convert(value, dtypes.int64, name)
    if not isinstance(value, Tensor):
        raise misuse(TypeError(f"{name} must be an integer value"))
    return value if value.dtype.base_dtype is dtypes.int64 else cast(value, dtypes.int64)


@export("sparse.reset_shape", "sparse_reset_shape")
def sparse_reset_shape(sp_input: Any, new_shape: Any = None) -> SparseTensor:
    """Give a sparse tensor a larger shape, or the smallest that holds its elements; the elements stay where they are.

    Parameters
    ----------
    sp_input : SparseTensor
    new_shape : list of int or Tensor, optional
        No size may be smaller than it was; if not given, the shape is made as small as the elements allow.

    Raises
    ------
    ValueError
        If the new shape is smaller, or of another rank.

    Examples
    --------
    >>> st = tf.SparseTensor([[0, 2], [1, 0]], [1, 2], [5, 7])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sparse.reset_shape(st).dense_shape), sess.run(tf.sparse.reset_shape(st, [9, 9]).dense_shape)
    (array([2, 3]), array([9, 9]))
    """
    sp_input = as_sparse(sp_input)
    indices, values = identity(sp_input.indices), identity(sp_input.values)
    old_shape = identity(sp_input.dense_shape)
    if new_shape is None:
        last = reduce_max(indices, axis=0)
        tight = maximum(constant(0, dtypes.int64), raw.AddV2(last, ones_like(old_shape), name="Add"))
        return SparseTensor(indices, values, tight)
    sizes = convert(new_shape)
    sizes.shape.assert_has_rank(1)
    sizes = cast(sizes, dtypes.int64)
    if sizes.shape.ndims is not None:
        sizes.shape[0].assert_is_compatible_with(old_shape.shape.with_rank(1)[0])
    known, static = constant_value(sizes), sp_input.get_shape()
    if known is not None and static.is_fully_defined():
        old = np.array(static.as_list())
        if not (old <= known).all():
            raise misuse(
                ValueError(
                    "Requested new_shape should have dimension sizes >= sp_input.shape.  Found new_shape "
                    f"({known}), sp_input.shape ({old})."
                )
            )
        return SparseTensor(indices, values, known)
    sizes = with_dependencies([assert_equal(shape_of(old_shape), shape_of(sizes))], sizes)
    sizes = with_dependencies([assert_less_equal(old_shape, sizes)], sizes)
    return SparseTensor(indices, values, sizes)

"""Sums, maxima and softmax over the elements of sparse tensors."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_flag
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.op import Array, Floating, Number, Op, RealNumber, Spec
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import UNKNOWN, TensorShape
from flowlab._src.graph.sparse_tensor import SparseTensor, as_sparse
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import sparse
from flowlab._src.kernels.memory import require_memory
from flowlab._src.ops.array_shape import rank
from flowlab._src.ops.cast import cast
from flowlab._src.ops.constant import constant
from flowlab._src.ops.gather import gather_nd
from flowlab._src.ops.misuse import old_argument
from flowlab._src.ops.reduce import kept_shape
from flowlab._src.ops.reshaping import reshape
from flowlab._src.ops.sequences import range_
from flowlab._src.ops.sparse_arithmetic import sparse_dense_cwise_add
from flowlab._src.util.export import export


class SparseReduction(Op, abstract=True):
    """One number instead of all those along some axes."""

    keep_dims: bool = False
    preferred_dtypes: ClassVar[dict[str, DType]] = {"reduction_axes": dtypes.int32}

    def groups(
        self, input_indices: Any, input_values: Any, input_shape: Any, reduction_axes: Any, ufunc: np.ufunc
    ) -> tuple[np.ndarray, np.ndarray, list[int]]:
        """The places (along the axes that stay) that have an element, its reduced value, and the reduced shape."""
        places, values, sizes = (np.asarray(x) for x in (input_indices, input_values, input_shape))
        sparse.check_parts(places, values, sizes)
        kept = self.kept_axes(np.asarray(reduction_axes).reshape(-1).tolist(), len(sizes))
        sparse.check_places(places, sizes, ordered=False)
        own = places[:, kept]
        order, starts = sparse.groups(sparse.row_keys(own)[0])
        reduced = values[:0]
        if len(starts):
            reduced = ufunc.reduceat(values[order], starts, dtype=values.dtype)
        if self.keep_dims:
            shape = [int(s) if i in kept else 1 for i, s in enumerate(sizes)]
        else:
            shape = [int(sizes[i]) for i in kept]
        return own[order[starts]], reduced, shape

    def kept_axes(self, axes: list[int], rank: int) -> list[int]:
        """The axes that stay; none where no axis was named."""
        for axis in axes:
            if not -rank <= axis < rank:
                raise InvalidArgumentError(
                    None, None, f"Invalid reduction dimension {axis}, for input with {rank} dimensions."
                )
        gone = {axis % rank for axis in axes}
        return [i for i in range(rank) if i not in gone] if axes else []

    def spread(self, own: np.ndarray, shape: list[int], rank: int, axes: Any) -> np.ndarray:
        """The places in the reduced shape: with the reduced axes kept, these are 0."""
        if not self.keep_dims:
            return own
        result = np.zeros((len(own), len(shape)), np.int64)
        result[:, self.kept_axes(np.asarray(axes).reshape(-1).tolist(), rank)] = own
        return result

    def dense(self, input_indices: Any, input_values: Any, input_shape: Any, reduction_axes: Any, ufunc: Any) -> Any:
        """The reduced tensor as a dense one."""
        own, reduced, shape = self.groups(input_indices, input_values, input_shape, reduction_axes, ufunc)
        require_memory(shape, reduced.dtype)
        result = np.zeros(shape, reduced.dtype)
        if not shape:
            return reduced[0] if len(reduced) else result
        if len(own):
            result[tuple(self.spread(own, shape, len(np.asarray(input_shape)), reduction_axes).T)] = reduced
        return result

    def sparse(self, input_indices: Any, input_values: Any, input_shape: Any, reduction_axes: Any, ufunc: Any) -> Any:
        """The reduced tensor as a sparse one."""
        own, reduced, shape = self.groups(input_indices, input_values, input_shape, reduction_axes, ufunc)
        places = self.spread(own, shape, len(np.asarray(input_shape)), reduction_axes)
        return places, reduced, np.array(shape, np.int64)


class DenseReduction(SparseReduction, abstract=True):
    """A reduction that gives a dense tensor."""

    def shape(self, input_indices: Spec, input_values: Spec, input_shape: Spec, reduction_axes: Spec) -> TensorShape:
        sizes, axes = input_shape.value, reduction_axes.value
        if sizes is None or axes is None:
            return UNKNOWN
        rank = len(sizes)
        gone = {int(axis) % rank for axis in np.asarray(axes).reshape(-1)} if rank else set()
        if not gone:
            gone = set(range(rank))
        if self.keep_dims:
            return TensorShape.of(tuple(1 if i in gone else int(s) for i, s in enumerate(sizes)))
        return TensorShape.of(tuple(int(s) for i, s in enumerate(sizes) if i not in gone))


class SparseReduceSum(DenseReduction):
    """The sum of the elements of a sparse tensor along axes."""

    def kernel(
        self,
        input_indices: Array[np.int64],
        input_values: Array[Number],
        input_shape: Array[np.int64],
        reduction_axes: Array[np.int32],
    ) -> Array[Number]:
        return self.dense(input_indices, input_values, input_shape, reduction_axes, np.add)

    def grad(self, node: Any, dy: Tensor) -> Any:
        """Each element gets the gradient of the sum that it is part of."""
        indices, _, sizes, axes = node.inputs
        kept = kept_shape(sizes, axes)
        dy = reshape(dy, kept)
        scale = sizes // cast(kept, dtypes.int64)
        return [None, gather_nd(dy, indices // scale), None, None]


class SparseReduceMax(DenseReduction):
    """The largest of the elements that a sparse tensor keeps, along axes; 0 where there is none."""

    def kernel(
        self,
        input_indices: Array[np.int64],
        input_values: Array[RealNumber],
        input_shape: Array[np.int64],
        reduction_axes: Array[np.int32],
    ) -> Array[RealNumber]:
        return self.dense(input_indices, input_values, input_shape, reduction_axes, np.maximum)


class SparseReduceSumSparse(SparseReduction):
    """As SparseReduceSum, with a sparse result."""

    def kernel(
        self,
        input_indices: Array[np.int64],
        input_values: Array[Number],
        input_shape: Array[np.int64],
        reduction_axes: Array[np.int32],
    ) -> tuple[Array[np.int64], Array[Number], Array[np.int64]]:
        return self.sparse(input_indices, input_values, input_shape, reduction_axes, np.add)


class SparseReduceMaxSparse(SparseReduction):
    """As SparseReduceMax, with a sparse result."""

    def kernel(
        self,
        input_indices: Array[np.int64],
        input_values: Array[RealNumber],
        input_shape: Array[np.int64],
        reduction_axes: Array[np.int32],
    ) -> tuple[Array[np.int64], Array[RealNumber], Array[np.int64]]:
        return self.sparse(input_indices, input_values, input_shape, reduction_axes, np.maximum)


def _reduce(op: type[SparseReduction], sp_input: Any, axis: Any, keepdims: Any, old_axis: Any, old_keep: Any) -> Any:
    keep = as_flag(old_argument("keepdims", keepdims, "keep_dims", old_keep), "keepdims")
    axis = old_argument("axis", axis, "reduction_axes", old_axis)
    sp_input = as_sparse(sp_input)
    if axis is None:
        count = sp_input.dense_shape.shape[0].value if sp_input.dense_shape.shape.ndims else None
        if count is not None:
            axis = constant(np.arange(count, dtype=np.int32))
        else:
            axis = range_(0, rank(sp_input))
    return op(keep_dims=keep)(sp_input.indices, sp_input.values, sp_input.dense_shape, axis)


@export("sparse.reduce_sum", "sparse_reduce_sum")
def sparse_reduce_sum(
    sp_input: Any,
    axis: Any = None,
    keepdims: bool | None = None,
    reduction_axes: Any = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """Add up the elements of a sparse tensor along axes.

    Parameters
    ----------
    sp_input : SparseTensor, numeric
    axis : int, list of int or Tensor, optional
        The axes to sum over; all, if not given.
    keepdims : bool, optional
        Keep the axes with size 1.
    reduction_axes, keep_dims : optional
        Older names of `axis` and `keepdims`.

    Returns
    -------
    Tensor
        A dense one; `tf.sparse.reduce_sum_sparse` gives a sparse one.

    Examples
    --------
    >>> st = tf.SparseTensor([[0, 0], [0, 2], [1, 1]], [1, 2, 3], [2, 3])
    >>> with tf.Session() as sess:
    ...     int(sess.run(tf.sparse.reduce_sum(st))), sess.run(tf.sparse.reduce_sum(st, 1))
    (6, array([3, 3], dtype=int32))
    """
    result: Tensor = _reduce(SparseReduceSum, sp_input, axis, keepdims, reduction_axes, keep_dims)
    return result


@export("sparse.reduce_sum_sparse", "sparse_reduce_sum_sparse")
def sparse_reduce_sum_sparse(
    sp_input: Any,
    axis: Any = None,
    keepdims: bool | None = None,
    reduction_axes: Any = None,
    keep_dims: bool | None = None,
) -> SparseTensor:
    """Add up the elements of a sparse tensor along axes; as `tf.sparse.reduce_sum`, with a sparse result.

    Examples
    --------
    >>> st = tf.SparseTensor([[0, 0], [0, 2], [2, 1]], [1, 2, 3], [3, 3])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sparse.reduce_sum_sparse(st, 1))
    SparseTensorValue(indices=array([[0], [2]]), values=array([3, 3], dtype=int32), dense_shape=array([3]))
    """
    return SparseTensor(*_reduce(SparseReduceSumSparse, sp_input, axis, keepdims, reduction_axes, keep_dims))


@export("sparse.reduce_max", "sparse_reduce_max")
def sparse_reduce_max(
    sp_input: Any,
    axis: Any = None,
    keepdims: bool | None = None,
    reduction_axes: Any = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """Return the largest of the elements that a sparse tensor keeps, along axes.

    The zeros that are not kept do not take part: of a row of one negative number this is that number. Rows without an
    element give 0. Parameters are those of `tf.sparse.reduce_sum`.

    Examples
    --------
    >>> st = tf.SparseTensor([[0, 0], [0, 2], [1, 1]], [1, 2, -3], [3, 3])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sparse.reduce_max(st, 1))
    array([ 2, -3,  0], dtype=int32)
    """
    result: Tensor = _reduce(SparseReduceMax, sp_input, axis, keepdims, reduction_axes, keep_dims)
    return result


@export("sparse.reduce_max_sparse", "sparse_reduce_max_sparse")
def sparse_reduce_max_sparse(
    sp_input: Any,
    axis: Any = None,
    keepdims: bool | None = None,
    reduction_axes: Any = None,
    keep_dims: bool | None = None,
) -> SparseTensor:
    """Return the largest of the elements that a sparse tensor keeps; as `tf.sparse.reduce_max`, with a sparse result."""
    return SparseTensor(*_reduce(SparseReduceMaxSparse, sp_input, axis, keepdims, reduction_axes, keep_dims))


class SparseSoftmax(Op):
    """Softmax over the elements that each row of the last axis keeps."""

    def kernel(
        self, sp_indices: Array[np.int64], sp_values: Array[Floating], sp_shape: Array[np.int64]
    ) -> Array[Floating]:
        places, values, sizes = (np.asarray(x) for x in (sp_indices, sp_values, sp_shape))
        sparse.check_parts(places, values, sizes)
        if len(sizes) < 2:
            raise InvalidArgumentError(None, None, f"Input should have rank >= 2, but got: {len(sizes)}")
        sparse.check_places(places, sizes, ordered=False)
        if not len(values):
            return values.copy()
        order, starts = sparse.groups(sparse.row_keys(places[:, :-1])[0])
        lengths = np.diff(np.append(starts, len(values)))
        ordered = values[order]
        powers = np.exp(ordered - np.repeat(np.maximum.reduceat(ordered, starts), lengths))
        result = np.empty_like(values)
        result[order] = powers / np.repeat(np.add.reduceat(powers, starts, dtype=values.dtype), lengths)
        return result

    def shape(self, sp_indices: Spec, sp_values: Spec, sp_shape: Spec) -> TensorShape:
        sp_indices.ranked(2)
        return TensorShape.of(sp_values.ranked(1))

    def grad(self, node: Any, dy: Tensor) -> Any:
        """As for softmax: y (dy - sum of y dy over the row)."""
        indices, _, sizes = node.inputs
        y = SparseTensor(indices, node.outputs[0], sizes)
        outer = SparseTensor(indices, dy, sizes)
        product = SparseTensor(indices, y.values * outer.values, sizes)
        total = -sparse_reduce_sum(product, [-1], keepdims=True)
        return [None, sparse_dense_cwise_add(outer, total).values * y.values, None]


@export("sparse.softmax", "sparse_softmax")
def sparse_softmax(sp_input: Any, name: str | None = None) -> SparseTensor:
    """Turn the elements of each row of the last axis into probabilities; what is not kept has probability 0.

    Parameters
    ----------
    sp_input : SparseTensor, floating, rank 2 or more
    name : str, optional

    Examples
    --------
    >>> st = tf.SparseTensor([[0, 0], [0, 2], [1, 1]], [1.0, 1.0, 5.0], [2, 3])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sparse.softmax(st).values)
    array([0.5, 0.5, 1. ], dtype=float32)
    """
    sp_input = as_sparse(sp_input)
    with name_scope(name, "SparseSoftmax", [sp_input.indices, sp_input.values]):
        values = SparseSoftmax()(sp_input.indices, sp_input.values, sp_input.dense_shape)
        return SparseTensor(sp_input.indices, values, sp_input.dense_shape)

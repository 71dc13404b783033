"""Between sparse and dense: to_dense, from_dense, sparse_to_dense, to_indicator, merge."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable
from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.op import Array, Index, Op, Spec, T
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.sparse_tensor import SparseTensor, as_sparse, is_sparse
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import sparse
from flowlab._src.kernels.memory import require_memory
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.cast import cast
from flowlab._src.ops.compare import not_equal
from flowlab._src.ops.fill import fill, zeros, zeros_like
from flowlab._src.ops.gather import gather_nd
from flowlab._src.ops.joining import concat
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.reduce import reduce_sum
from flowlab._src.ops.reshaping import expand_dims
from flowlab._src.ops.selecting import where_v2
from flowlab._src.ops.sparse_order import sparse_reorder
from flowlab._src.util.export import export


class SparseToDense(Op):
    """A tensor full of a default value, with other values at given places."""

    validate_indices: bool = True

    def kernel(
        self, sparse_indices: Array[Index], output_shape: Array[Index], sparse_values: Array[T], default_value: Array[T]
    ) -> Array[T]:
        places, values, default = np.asarray(sparse_indices), np.asarray(sparse_values), np.asarray(default_value)
        dims = _check_dense_parts(places, np.asarray(output_shape), values, default)
        places = places.reshape(-1, 1) if places.ndim < 2 else places
        sparse.check_places(places, dims, ordered=self.validate_indices)
        require_memory(dims, values.dtype)
        result = np.full(dims, default[()], values.dtype)
        result[tuple(places.T)] = values
        return result

    def shape(self, sparse_indices: Spec, output_shape: Spec, sparse_values: Spec, default_value: Spec) -> TensorShape:
        output_shape.ranked(1)
        return output_shape.as_shape

    def grad(self, node: Any, dy: Tensor) -> Any:
        """Each value gets the gradient at its place, the default value the sum of all others."""
        indices, output_shape, _, _ = node.inputs
        of_values = gather_nd(dy, indices)
        of_default = reduce_sum(dy) - reduce_sum(of_values)
        return [zeros_like(indices), zeros_like(output_shape), of_values, of_default]


def _check_dense_parts(
    places: np.ndarray, output_shape: np.ndarray, values: np.ndarray, default: np.ndarray
) -> tuple[int, ...]:
    """The sizes of the result; InvalidArgumentError unless the inputs of SparseToDense fit each other."""

    def refuse(message: str) -> InvalidArgumentError:
        return InvalidArgumentError(None, None, message)

    if places.ndim > 2:
        raise refuse(f"sparse_indices should be a scalar, vector, or matrix, got shape {sparse.text(places.shape)}")
    count = len(places) if places.ndim else 1
    depth = places.shape[1] if places.ndim > 1 else 1
    if output_shape.ndim != 1:
        raise refuse(f"output_shape must be rank 1, got shape {sparse.text(output_shape.shape)}")
    if len(output_shape) != depth:
        raise refuse(f"output_shape has incorrect number of elements: {len(output_shape)} should be: {depth}")
    if values.ndim and values.shape != (count,):
        raise refuse(f"sparse_values has incorrect shape {sparse.text(values.shape)}, should be [] or [{count}]")
    if default.ndim:
        raise refuse("default_value should be a scalar.")
    dims = tuple(output_shape.tolist())
    if any(d < 0 for d in dims) or math.prod(dims) > 2**62:
        raise refuse(f"output_shape {list(dims)} is no shape")
    return dims


@export("sparse_to_dense")
def sparse_to_dense(
    sparse_indices: Any,
    output_shape: Any,
    sparse_values: Any,
    default_value: Any = 0,
    validate_indices: bool = True,
    name: str | None = None,
) -> Tensor:
    """Make a tensor of a default value with other values at given places.

    Parameters
    ----------
    sparse_indices : Tensor of int32 or int64, shape (), (n,) or (n, rank)
        The places, in reading order, none of them twice.
    output_shape : Tensor, same dtype, shape (rank,)
    sparse_values : Tensor, shape () or (n,)
        A value for each place, or one for all.
    default_value : Tensor, shape ()
    validate_indices : bool
        Check the order of the places.
    name : str, optional

    Raises
    ------
    tf.errors.InvalidArgumentError
        When run with places that are outside, out of order or repeated.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sparse_to_dense([[0, 1], [1, 0]], [2, 2], [5, 6], default_value=-1))
    array([[-1,  5],
           [ 6, -1]], dtype=int32)
    """
    op = SparseToDense(validate_indices=validate_indices)
    return op(sparse_indices, output_shape, sparse_values, default_value, name=name)


@export("sparse.to_dense", "sparse_tensor_to_dense")
def sparse_tensor_to_dense(
    sp_input: Any, default_value: Any = None, validate_indices: bool = True, name: str | None = None
) -> Tensor:
    """Return a sparse tensor as an ordinary one.

    Parameters
    ----------
    sp_input : SparseTensor
    default_value : scalar of its dtype, optional
        What the elements have that are not kept: 0, or the empty string.
    validate_indices : bool
        Check that the places are in reading order and none is there twice.
    name : str, optional

    Raises
    ------
    TypeError
        If `sp_input` is not sparse.

    Examples
    --------
    >>> st = tf.SparseTensor([[0, 1], [1, 2]], [1.0, 2.0], [2, 3])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sparse.to_dense(st))
    array([[0., 1., 0.],
           [0., 0., 2.]], dtype=float32)
    """
    sp_input = as_sparse(sp_input)
    if default_value is None:
        default_value = zeros([], dtype=sp_input.dtype)
    op = SparseToDense(validate_indices=validate_indices)
    return op(sp_input.indices, sp_input.dense_shape, sp_input.values, default_value, name=name)


@export("sparse.from_dense")
def from_dense(tensor: Any, name: str | None = None) -> SparseTensor:
    """Return a tensor as a sparse one that keeps the elements which are not zero (or not the empty string).

    Parameters
    ----------
    tensor : Tensor
    name : str, optional

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sparse.from_dense([[0, 7], [8, 0]]))
    SparseTensorValue(indices=array([[0, 1], [1, 0]]), values=array([7, 8], dtype=int32), dense_shape=array([2, 2]))
    """
    with name_scope(name, "dense_to_sparse"):
        tensor = convert(tensor)
        indices = where_v2(not_equal(tensor, zeros_like(tensor)))
        return SparseTensor(indices, gather_nd(tensor, indices), shape_of(tensor, out_type=dtypes.int64))


@export("sparse.to_indicator", "sparse_to_indicator")
def sparse_to_indicator(sp_input: Any, vocab_size: Any, name: str | None = None) -> Tensor:
    """Turn rows of class numbers into rows of truth values: element (..., c) says whether c is among the row's numbers.

    Parameters
    ----------
    sp_input : SparseTensor of int32 or int64, shape (..., n)
        The last axis holds the numbers of a row; their places along it do not matter.
    vocab_size : int or Tensor
        How many classes there are.
    name : str, optional

    Returns
    -------
    Tensor of bool, shape (..., vocab_size)

    Examples
    --------
    >>> words = tf.SparseTensor([[0, 0], [1, 0], [1, 1]], [2, 0, 3], [2, 2])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sparse.to_indicator(words, 4))
    array([[False, False,  True, False],
           [ True, False, False,  True]])
    """
    sp_input = as_sparse(sp_input)
    with name_scope(name, "SparseToIndicator", [sp_input.indices]) as name:
        count = shape_of(sp_input.indices)[0]
        trues = fill(expand_dims(count, 0), True)
        values = SparseTensor(sp_input.indices, trues, sp_input.dense_shape)
        merged = _merge(sp_input, values, vocab_size, name, already_sorted=False)
        return sparse_tensor_to_dense(merged, default_value=False, validate_indices=False, name=name)


@export("sparse.merge", "sparse_merge")
def sparse_merge(
    sp_ids: Any, sp_values: Any, vocab_size: Any, name: str | None = None, already_sorted: bool = False
) -> SparseTensor:
    """Join feature numbers and feature values: element (..., id) of the result is the value that belongs to the id.

    Parameters
    ----------
    sp_ids : SparseTensor of int32 or int64, or a list of them
        With several, the result has an axis for each.
    sp_values : SparseTensor
        A value for each id, at the same places.
    vocab_size : int or Tensor, or a list of them
        How many ids there are: the new last size.
    name : str, optional
    already_sorted : bool
        The ids of each row rise, so that there is nothing to sort.

    Raises
    ------
    TypeError
        If an input is not sparse, or `vocab_size` is of another kind.
    ValueError
        If there are not as many sizes as ids.

    Examples
    --------
    >>> ids = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], [3, 1, 0], [2, 2])
    >>> weights = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], [0.5, 2.0, 4.0], [2, 2])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sparse.to_dense(tf.sparse_merge(ids, weights, 4)))
    array([[0. , 2. , 0. , 0.5],
           [4. , 0. , 0. , 0. ]], dtype=float32)
    """
    return _merge(sp_ids, sp_values, vocab_size, name, already_sorted)


def _merge(sp_ids: Any, sp_values: Any, vocab_size: Any, name: str | None, already_sorted: bool) -> SparseTensor:
    if is_sparse(sp_ids):
        sp_ids = [sp_ids]
        if not isinstance(vocab_size, (Tensor, numbers.Integral)):
            raise misuse(TypeError(f"vocab_size has to be a Tensor or Python int. Found {type(vocab_size)}"))
        vocab_size = [vocab_size]
    else:
        if not isinstance(sp_ids, Iterable):
            raise misuse(TypeError(f"sp_ids has to be a SparseTensor or list thereof. Found {type(sp_ids)}"))
        if not isinstance(vocab_size, (list, tuple)) or not all(
            isinstance(size, (Tensor, numbers.Integral)) for size in vocab_size
        ):
            raise misuse(TypeError(f"vocab_size has to be a list of Tensors or Python ints. Found {type(vocab_size)}"))
    sp_ids = list(sp_ids)
    if len(sp_ids) != len(vocab_size):
        raise misuse(ValueError("sp_ids and vocab_size have to have equal lengths."))
    with name_scope(name, "SparseMerge"):
        sp_ids = [as_sparse(ids) for ids in sp_ids]
        sp_values = as_sparse(sp_values)
        columns = []
        for ids in sp_ids:
            numbers_ = ids.values
            if ids.dtype.base_dtype is not dtypes.int64:
                numbers_ = cast(numbers_, dtypes.int64)
            columns.append(expand_dims(numbers_, axis=1))
        sizes = [cast(size, dtypes.int64) for size in vocab_size]
        places = concat([sp_ids[0].indices[:, :-1], *columns], 1)
        dense_shape = concat([sp_ids[0].dense_shape[:-1], sizes], 0)
        result = SparseTensor(places, sp_values.values, dense_shape)
        if already_sorted:
            return result
        ordered = sparse_reorder(result)
        return SparseTensor(ordered.indices, ordered.values, dense_shape)

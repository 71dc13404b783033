"""Parts of sparse tensors, and sparse tensors of parts: concat, split, slice, retain, fill_empty_rows, mask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowlab._src.autodiff.slices import IndexedSlices
from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_int
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.op import Array, Number, Op, Spec, T, repeated
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import UNKNOWN, TensorShape, merge_dims, merge_shapes
from flowlab._src.graph.sparse_tensor import SparseTensor, as_sparse
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import sparse
from flowlab._src.kernels.memory import require_memory
from flowlab._src.ops.gather import gather
from flowlab._src.ops.identity import identity
from flowlab._src.ops.joining import concat
from flowlab._src.ops.misuse import misuse, old_argument
from flowlab._src.ops.reduce import reduce_max
from flowlab._src.ops.reshaping import reshape
from flowlab._src.ops.selecting import where_v2
from flowlab._src.ops.unique import setdiff1d
from flowlab._src.util.export import export
from flowlab._src.util.old_arguments import taking_old_arguments


def _refuse(message: str) -> InvalidArgumentError:
    return InvalidArgumentError(None, None, message)


# ---- concat --------------------------------------------------------------------------------------------------------


class SparseConcat(Op):
    """Sparse tensors put one after another along an axis."""

    concat_dim: int
    grad = None

    def kernel(
        self, indices: Sequence[Array[np.int64]], values: Sequence[Array[T]], shapes: Sequence[Array[np.int64]]
    ) -> tuple[Array[np.int64], Array[T], Array[np.int64]]:
        places, sizes = [np.asarray(i) for i in indices], [np.asarray(s) for s in shapes]
        for p, v, s in zip(places, values, sizes, strict=True):
            sparse.check_parts(p, np.asarray(v), s)
        rank = len(sizes[0])
        if not -rank <= self.concat_dim < rank:
            raise _refuse(f"Concat dimension must be in range [{-rank}, {rank}), got {self.concat_dim}")
        axis = self.concat_dim % rank
        for i, s in enumerate(sizes[1:], 1):
            if len(s) != rank:
                raise _refuse(
                    f"Ranks of all input tensors must match: expected {rank} but got {len(s)} at position {i}"
                )
            if any(a != b for j, (a, b) in enumerate(zip(sizes[0], s, strict=True)) if j != axis):
                j = next(j for j in range(rank) if j != axis and sizes[0][j] != s[j])
                raise _refuse(
                    f"Input shapes must match: expected {sizes[0][j]} for dimension {j} but got {s[j]} at position {i}"
                )
        result, start = [], 0
        for p, s in zip(places, sizes, strict=True):
            moved = p.copy()
            moved[:, axis] += start
            start += int(s[axis])
            result.append(moved)
        dense_shape = sizes[0].copy()
        dense_shape[axis] = start
        whole = np.concatenate(result)
        order = sparse.in_order(whole)
        return whole[order], np.concatenate(values)[order], dense_shape

    def shape(self, indices: Sequence[Spec], values: Sequence[Spec], shapes: Sequence[Spec]) -> list[TensorShape]:
        rows: int | None = 0
        columns: int | None = None
        whole = UNKNOWN
        for i, v, s in zip(indices, values, shapes, strict=True):
            count, depth = i.ranked(2)
            count = merge_dims(count, v.ranked(1)[0])
            columns = merge_dims(columns, depth)
            whole = merge_shapes(whole, TensorShape.of(s.ranked(1)))
            rows = None if rows is None or count is None else rows + count
        return [TensorShape.of((rows, columns)), TensorShape.of((rows,)), whole]


@export("sparse.concat", "sparse_concat")
@taking_old_arguments("sparse_concat", concat_dim="axis")
def sparse_concat(
    axis: Any,
    sp_inputs: Any,
    name: str | None = None,
    expand_nonconcat_dim: bool = False,
    concat_dim: Any = None,
    expand_nonconcat_dims: bool | None = None,
) -> SparseTensor:
    """Put sparse tensors one after another along an axis.

    Parameters
    ----------
    axis : int
    sp_inputs : list of SparseTensor
        Same dtype, and same sizes but for the axis.
    name : str, optional
    expand_nonconcat_dim : bool
        Let the other sizes differ: the result has the largest of each.
    concat_dim, expand_nonconcat_dims : optional
        Other names of `axis` and `expand_nonconcat_dim`.

    Raises
    ------
    TypeError
        If the inputs are no list of sparse tensors.

    Examples
    --------
    >>> a = tf.SparseTensor([[0, 2], [1, 0]], ["a", "b"], [2, 3])
    >>> b = tf.SparseTensor([[0, 1]], ["c"], [2, 2])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sparse.concat(1, [a, b])).values
    array([b'a', b'c', b'b'], dtype=object)
    """
    if expand_nonconcat_dims is not None:
        expand_nonconcat_dim = expand_nonconcat_dims
    axis = old_argument("axis", axis, "concat_dim", concat_dim)
    if not isinstance(sp_inputs, (list, tuple)):
        raise misuse(TypeError("Inputs must be a list or tuple."))
    parts = [as_sparse(part) for part in sp_inputs]
    if len(parts) == 1:
        return parts[0]
    shapes = [part.dense_shape for part in parts]
    if expand_nonconcat_dim:
        largest = reduce_max(concat([reshape(s, [1, -1]) for s in shapes], 0), 0)
        last = axis == -1
        shapes = [
            concat([largest[:axis], s[-1:] if last else s[axis : axis + 1], [] if last else largest[axis + 1 :]], 0)
            for s in shapes
        ]
    indices, values, dense_shape = SparseConcat(concat_dim=as_int(axis, "axis"))(
        [part.indices for part in parts], [part.values for part in parts], shapes, name=name
    )
    static = [part.get_shape() for part in parts]
    if all(s.is_fully_defined() for s in static):
        rows = [s.as_list() for s in static]
        sizes = [max(d) for d in zip(*rows, strict=True)] if expand_nonconcat_dim else list(rows[0])
        sizes[axis] = sum(row[axis] for row in rows)
        dense_shape = convert(sizes, dtypes.int64)
    return SparseTensor(indices, values, dense_shape)


# ---- split ---------------------------------------------------------------------------------------------------------


class SparseSplit(Op):
    """A sparse tensor cut along an axis; the first parts get one more where the size does not divide."""

    num_split: int

    def kernel(
        self,
        split_dim: Array[np.int64],
        indices: Array[np.int64],
        values: Array[T],
        shape: Array[np.int64],
    ) -> tuple[Array, ...]:
        places, values, sizes = np.asarray(indices), np.asarray(values), np.asarray(shape)
        sparse.check_parts(places, values, sizes)
        if np.ndim(split_dim):
            raise _refuse(f"split_dim should be a scalar but got {np.ndim(split_dim)} dimensions")
        rank, axis = len(sizes), int(split_dim)
        if not -rank <= axis < rank:
            raise _refuse(f"Input split_dim should be between [-{rank}, {rank}), got {axis}")
        axis %= rank
        count = int(sizes[axis])
        if not 1 <= self.num_split <= count:
            raise _refuse(
                f"Input num_split should be between 1 and the splitting dimension size ({count}), got {self.num_split}"
            )
        size, longer = divmod(count, self.num_split)
        all_indices, all_values, all_shapes = [], [], []
        start = 0
        for i in range(self.num_split):
            length = size + (i < longer)
            inside = (places[:, axis] >= start) & (places[:, axis] < start + length)
            part, part_shape = places[inside], sizes.copy()
            part[:, axis] -= start
            part_shape[axis] = length
            all_indices.append(part)
            all_values.append(values[inside])
            all_shapes.append(part_shape)
            start += length
        return (*all_indices, *all_values, *all_shapes)

    def dtypes(self, split_dim: Any, indices: Any, values: Any, shape: Any) -> list[DType]:
        places = repeated(dtypes.int64, self.num_split)
        return [*places, *repeated(values.dtype.base_dtype, self.num_split), *places]

    def shape(self, split_dim: Spec, indices: Spec, values: Spec, shape: Spec) -> list[TensorShape]:
        n = self.num_split
        rank = shape.shape.num_elements()
        return [
            *repeated(TensorShape.of((None, rank)), n),
            *repeated(TensorShape.of((None,)), n),
            *repeated(shape.shape, n),
        ]


class _KeywordsOnly:
    """Stands where nothing may be given by position."""

    def __repr__(self) -> str:
        return "KeywordRequired()"


@export("sparse.split", "sparse_split")
def sparse_split(
    keyword_required: Any = _KeywordsOnly(),  # noqa: B008 - a mark without state
    sp_input: Any = None,
    num_split: int | None = None,
    axis: Any = None,
    name: str | None = None,
    split_dim: Any = None,
) -> list[SparseTensor]:
    """Cut a sparse tensor into parts along an axis.

    Parameters
    ----------
    keyword_required
        Keeps the others from being given by position.
    sp_input : SparseTensor
    num_split : int
        How many parts; the first ones get one more where the size does not divide.
    axis : int or Tensor
    name : str, optional
    split_dim : optional
        An older name of `axis`.

    Raises
    ------
    ValueError
        If an argument is missing, or given by position.

    Examples
    --------
    >>> st = tf.SparseTensor([[0, 2], [1, 0]], [1, 2], [2, 3])
    >>> parts = tf.sparse.split(sp_input=st, num_split=2, axis=1)
    >>> with tf.Session() as sess:
    ...     [sess.run(part.dense_shape).tolist() for part in parts]
    [[2, 2], [2, 1]]
    """
    if not isinstance(keyword_required, _KeywordsOnly):
        raise misuse(
            ValueError("Keyword arguments are required for this function."),
            fix="tf.sparse.split(sp_input=x, num_split=2, axis=0)",
        )
    axis = old_argument("axis", axis, "split_dim", split_dim)
    for given, what in ((sp_input, "sp_input"), (num_split, "num_split"), (axis, "axis")):
        if given is None:
            raise misuse(ValueError(f"{what} is required"))
    sp_input = as_sparse(sp_input)
    n = as_int(num_split, "num_split")
    if n < 1:
        raise misuse(ValueError(f"Value for attr 'num_split' of {n} must be at least minimum 1"))
    outputs = SparseSplit(num_split=n)(axis, sp_input.indices, sp_input.values, sp_input.dense_shape, name=name)
    return [SparseTensor(outputs[i], outputs[n + i], outputs[2 * n + i]) for i in range(n)]


# ---- slice ---------------------------------------------------------------------------------------------------------


class SparseSlice(Op):
    """A block of a sparse tensor, from `start` on, as large as `size` where there is so much."""

    def kernel(
        self,
        indices: Array[np.int64],
        values: Array[T],
        shape: Array[np.int64],
        start: Array[np.int64],
        size: Array[np.int64],
    ) -> tuple[Array[np.int64], Array[T], Array[np.int64]]:
        places, values, sizes = np.asarray(indices), np.asarray(values), np.asarray(shape)
        sparse.check_parts(places, values, sizes)
        start, size = np.asarray(start), np.asarray(size)
        for name, vector in (("start", start), ("size", size)):
            if vector.ndim != 1:
                raise _refuse(f"Input {name} should be a vector but received shape {sparse.text(vector.shape)}")
            if len(vector) != len(sizes):
                raise _refuse(f"Expected {name} to be a vector of length {len(sizes)} but got length {len(vector)}")
        if (size < 0).any():
            raise _refuse(f"size {size.tolist()} must not be negative")
        end = np.minimum(start, 2**62) + np.minimum(size, 2**62)
        inside = ((places >= start) & (places < end)).all(axis=1)
        return places[inside] - start, values[inside], (np.minimum(end, sizes) - np.minimum(start, sizes)).clip(0)

    def shape(self, indices: Spec, values: Spec, shape: Spec, start: Spec, size: Spec) -> list[TensorShape]:
        rank = shape.shape.num_elements()
        return [TensorShape.of((None, rank)), TensorShape.of((None,)), shape.shape]

    def grad(self, node: Any, _: Any, dy: Tensor, __: Any) -> Any:
        """The elements in the block get their gradients, the others none."""
        indices, values, _, start, _ = node.inputs
        dx = raw.SparseSliceGrad(dy, indices, start, node.outputs[0])
        dx.set_shape(values.shape)
        return [None, dx, None, None, None]


class SparseSliceGrad(Op):
    """The gradient of SparseSlice: gradients of the block's elements where they came from, zeros elsewhere."""

    def kernel(
        self,
        backprop_val_grad: Array[Number],
        input_indices: Array[np.int64],
        input_start: Array[np.int64],
        output_indices: Array[np.int64],
    ) -> Array[Number]:
        dy, places, taken = np.asarray(backprop_val_grad), np.asarray(input_indices), np.asarray(output_indices)
        all_keys, keys = sparse.row_keys(places, taken + np.asarray(input_start))
        result = np.zeros(len(places), dy.dtype)
        order = np.argsort(keys, kind="stable")
        found = np.searchsorted(keys[order], all_keys)
        inside = np.flatnonzero(found < len(keys))
        inside = inside[keys[order][found[inside]] == all_keys[inside]]
        result[inside] = dy[order][found[inside]]
        return result

    def shape(
        self, backprop_val_grad: Spec, input_indices: Spec, input_start: Spec, output_indices: Spec
    ) -> TensorShape:
        return TensorShape.of((input_indices.ranked(2)[0],))


@export("sparse.slice", "sparse_slice")
def sparse_slice(sp_input: Any, start: Any, size: Any, name: str | None = None) -> SparseTensor:
    """Cut a block out of a sparse tensor.

    Parameters
    ----------
    sp_input : SparseTensor
    start : list of int or Tensor, shape (rank,)
        Where the block begins along each axis.
    size : list of int or Tensor, shape (rank,)
        How far it reaches, at most to the end.
    name : str, optional

    Examples
    --------
    >>> st = tf.SparseTensor([[0, 2], [1, 0], [1, 1]], [1, 2, 3], [2, 3])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sparse.to_dense(tf.sparse.slice(st, [0, 1], [2, 2])))
    array([[0, 1],
           [3, 0]], dtype=int32)
    """
    sp_input = as_sparse(sp_input)
    start, size = convert(start, dtypes.int64), convert(size, dtypes.int64)
    with name_scope(name, "SparseSlice", [sp_input.indices]) as name:
        parts = SparseSlice()(sp_input.indices, sp_input.values, sp_input.dense_shape, start, size, name=name)
        return SparseTensor(*parts)


# ---- retain and fill -----------------------------------------------------------------------------------------------


@export("sparse.retain", "sparse_retain")
def sparse_retain(sp_input: Any, to_retain: Any) -> SparseTensor:
    """Keep some of the elements of a sparse tensor.

    Parameters
    ----------
    sp_input : SparseTensor of n elements
    to_retain : Tensor of bool, shape (n,)
        Whether to keep each element.

    Examples
    --------
    >>> st = tf.SparseTensor([[0, 2], [1, 0]], [1, 2], [2, 3])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sparse.retain(st, st.values > 1).indices)
    array([[1, 0]])
    """
    sp_input = as_sparse(sp_input)
    to_retain = convert(to_retain)
    to_retain.shape.assert_has_rank(1)
    count, given = sp_input.values.shape.with_rank(1)[0], to_retain.shape.with_rank(1)[0]
    if not count.is_compatible_with(given):
        raise misuse(
            ValueError(f"Dimensions {count} and {given} are not compatible"),
            fix="to_retain has a truth value for each element",
        )
    kept = reshape(where_v2(to_retain), [-1])
    indices, values = gather(sp_input.indices, kept), gather(sp_input.values, kept)
    return SparseTensor(indices, values, identity(sp_input.dense_shape))


class SparseFillEmptyRows(Op):
    """A sparse matrix with an element added to each row that has none."""

    def kernel(
        self,
        indices: Array[np.int64],
        values: Array[T],
        dense_shape: Array[np.int64],
        default_value: Array[T],
    ) -> tuple[Array[np.int64], Array[T], Array[np.bool_], Array[np.int64]]:
        places, values, shape = np.asarray(indices), np.asarray(values), np.asarray(dense_shape)
        if shape.ndim != 1:
            raise _refuse(f"dense_shape must be a vector, saw: {sparse.text(shape.shape)}")
        if places.ndim != 2:
            raise _refuse(f"indices must be a matrix, saw: {sparse.text(places.shape)}")
        if values.ndim != 1:
            raise _refuse(f"values must be a vector, saw: {sparse.text(values.shape)}")
        if np.ndim(default_value):
            raise _refuse(f"default_value must be a scalar, saw: {sparse.text(np.shape(default_value))}")
        if not len(shape):
            raise _refuse("Dense shape cannot be empty.")
        if len(places) != len(values):
            raise _refuse(
                f"The length of `values` ({len(values)}) must match the first dimension of `indices` ({len(places)})."
            )
        rows, own = int(shape[0]), places[:, 0]
        if not rows and len(places):
            raise _refuse(f"Received SparseTensor with dense_shape[0] = 0 but indices.shape[0] = {len(places)}")
        outside = (own < 0) | (own >= rows)
        if outside.any():
            i = int(np.argmax(outside))
            raise _refuse(f"indices({i}, 0) is invalid: {own[i]} >= {rows}")
        require_memory((rows, places.shape[1]), np.int64)
        empty = np.bincount(own, minlength=rows) == 0
        missing = np.flatnonzero(empty)
        added = np.zeros((len(missing), places.shape[1]), np.int64)
        added[:, 0] = missing
        all_places = np.concatenate([places, added])
        filler = np.full(len(missing), np.asarray(default_value)[()], values.dtype)
        order = np.argsort(all_places[:, 0], kind="stable")
        position = np.empty(len(order), np.int64)
        position[order] = np.arange(len(order))
        return all_places[order], np.concatenate([values, filler])[order], empty, position[: len(places)]

    def shape(self, indices: Spec, values: Spec, dense_shape: Spec, default_value: Spec) -> list[TensorShape]:
        rows, columns = indices.ranked(2)
        count = merge_dims(rows, values.ranked(1)[0])
        columns = merge_dims(columns, dense_shape.ranked(1)[0])
        default_value.ranked(0)
        known = dense_shape.as_shape._dims
        first = known[0] if known else None
        return [
            TensorShape.of((None, columns)),
            TensorShape.of((None,)),
            TensorShape.of((first,)),
            TensorShape.of((count,)),
        ]

    def grad(self, node: Any, _: Any, dy: Tensor, *__: Any) -> Any:
        """Each element gets its own gradient, the default value the sum of those of the elements added."""
        of_values, of_default = raw.SparseFillEmptyRowsGrad(node.outputs[3], dy)
        return [None, of_values, None, of_default]


class SparseFillEmptyRowsGrad(Op):
    """The gradient of SparseFillEmptyRows."""

    def kernel(self, reverse_index_map: Array[np.int64], grad_values: Array[T]) -> tuple[Array[T], Array[T]]:
        own, dy = np.asarray(reverse_index_map), np.asarray(grad_values)
        if own.ndim != 1 or dy.ndim != 1:
            raise _refuse("reverse_index_map and grad_values must be vectors")
        outside = (own < 0) | (own >= len(dy))
        if outside.any():
            raise _refuse(f"Elements in reverse index must be in [0, {len(dy)}) but got {own[int(np.argmax(outside))]}")
        rest = np.ones(len(dy), bool)
        rest[own] = False
        return dy[own], np.asarray(dy[rest].sum(dtype=dy.dtype))

    def shape(self, reverse_index_map: Spec, grad_values: Spec) -> list[TensorShape]:
        own = reverse_index_map.ranked(1)
        grad_values.ranked(1)
        return [TensorShape.of(own), TensorShape.of(())]


@export("sparse.fill_empty_rows", "sparse_fill_empty_rows")
def sparse_fill_empty_rows(sp_input: Any, default_value: Any, name: str | None = None) -> tuple[SparseTensor, Tensor]:
    """Add an element to each row of a sparse matrix that has none, in its first column.

    Parameters
    ----------
    sp_input : SparseTensor, shape (rows, ...)
    default_value : scalar of its dtype
    name : str, optional

    Returns
    -------
    (SparseTensor, Tensor of bool, shape (rows,))
        The filled matrix, and which rows were empty.

    Examples
    --------
    >>> st = tf.SparseTensor([[0, 1], [2, 0]], [1, 2], [3, 2])
    >>> filled, empty = tf.sparse.fill_empty_rows(st, -1)
    >>> with tf.Session() as sess:
    ...     sess.run(filled.values), sess.run(empty)
    (array([ 1, -1,  2], dtype=int32), array([False,  True, False]))
    """
    sp_input = as_sparse(sp_input)
    with name_scope(name, "SparseFillEmptyRows", [sp_input.indices]):
        default_value = convert(default_value, sp_input.values.dtype.base_dtype)
        indices, values, empty, _ = SparseFillEmptyRows()(
            sp_input.indices, sp_input.values, sp_input.dense_shape, default_value
        )
        return SparseTensor(indices, values, sp_input.dense_shape), empty


@export("sparse.mask", "sparse_mask")
def sparse_mask(a: Any, mask_indices: Any, name: str | None = None) -> IndexedSlices:
    """Leave rows out of IndexedSlices: those whose index is in `mask_indices`.

    Parameters
    ----------
    a : IndexedSlices
    mask_indices : Tensor, shape (n,)
        Indices of the rows to leave out.
    name : str, optional

    Examples
    --------
    >>> a = tf.IndexedSlices(tf.constant([[1.0], [2.0], [3.0]]), tf.constant([12, 26, 37]), tf.constant([45, 1]))
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sparse.mask(a, [12, 37])).values
    array([[2.]], dtype=float32)
    """
    if not isinstance(a, IndexedSlices):
        raise misuse(TypeError(f"a must be IndexedSlices, got {type(a).__name__}"))
    with name_scope(name, "sparse_mask", [a.values, mask_indices]) as name:
        out_indices, kept = setdiff1d(a.indices, mask_indices)
        values = gather(a.values, kept, name=name)
        return IndexedSlices(values, out_indices, a.dense_shape)

"""Between ragged tensors, tensors and sparse tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import as_dtype
from flowlab._src.graph.scopes import control_dependencies, name_scope
from flowlab._src.graph.sparse_tensor import SparseTensor, as_sparse
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.assertion import assert_
from flowlab._src.ops.broadcast_to import broadcast_to
from flowlab._src.ops.cast import cast
from flowlab._src.ops.compare import equal, less, logical_and, logical_not, logical_or
from flowlab._src.ops.constant import constant
from flowlab._src.ops.cumulative import cumprod, cumsum
from flowlab._src.ops.fill import fill, zeros
from flowlab._src.ops.gather import gather
from flowlab._src.ops.joining import concat, stack
from flowlab._src.ops.magnitude import maximum, minimum
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.ragged_making import HANDLERS
from flowlab._src.ops.ragged_ops import RaggedTensorToSparse
from flowlab._src.ops.ragged_rows import as_row_tensor
from flowlab._src.ops.ragged_tensor import RaggedTensor
from flowlab._src.ops.reduce import reduce_all, reduce_max
from flowlab._src.ops.reshaping import expand_dims, reshape
from flowlab._src.ops.selecting import boolean_mask, sequence_mask, where
from flowlab._src.ops.sequences import range_


def from_tensor(
    cls: Any, tensor: Any, lengths: Any, padding: Any, ragged_rank: Any, name: str | None, row_splits_dtype: Any
) -> RaggedTensor:
    """`RaggedTensor.from_tensor`."""
    splits_dtype = as_dtype(row_splits_dtype)
    if lengths is not None and padding is not None:
        raise misuse(ValueError("Specify lengths or padding, but not both"))
    if not isinstance(ragged_rank, int):
        raise misuse(TypeError(f"ragged_rank expected int, got {ragged_rank!r}"))
    if ragged_rank <= 0:
        raise misuse(ValueError(f"ragged_rank must be greater than 0; got {ragged_rank}"))
    with name_scope(name, "RaggedFromTensor", [tensor, lengths, padding]):
        tensor = convert(tensor, name="tensor")
        if tensor.shape.ndims is not None and tensor.shape.ndims < ragged_rank + 1:
            raise misuse(ValueError(f"Shape {tensor.shape} must have rank at least {ragged_rank + 1}"))
        if isinstance(lengths, (list, tuple)) and lengths and not isinstance(lengths[0], (int, np.integer)):
            return _from_nested_lengths(cls, tensor, lengths, splits_dtype)
        sizes = shape_of(tensor, out_type=splits_dtype)
        columns = sizes[1]
        if ragged_rank > 1:
            return _from_outer_axes(cls, tensor, lengths, padding, ragged_rank, sizes, splits_dtype)
        if padding is not None:
            lengths = _lengths_before_padding(tensor, padding, columns, splits_dtype)
        if lengths is not None:
            lengths = as_row_tensor(lengths, "lengths", None if isinstance(lengths, Tensor) else splits_dtype)
            lengths = cast(lengths, splits_dtype)
            lengths.shape.assert_has_rank(1)
            lengths = maximum(minimum(lengths, columns), 0)
            splits = concat([zeros([1], splits_dtype), cumsum(lengths)], axis=0)
            values = boolean_mask(tensor, sequence_mask(lengths, maxlen=columns))
            return RaggedTensor.from_row_splits(values, splits, validate=False)
        rows = sizes[0]
        values = reshape(tensor, concat([[rows * columns], sizes[2:]], axis=0))
        values.set_shape(_merged_axes(tensor))
        return RaggedTensor.from_row_splits(values, _even_splits(tensor, rows, columns), validate=False)


def _merged_axes(tensor: Tensor) -> Any:
    """The static shape with the first two axes made one."""
    dims = tensor.shape._dims
    if dims is None:
        return None
    first = None if None in dims[:2] else dims[0] * dims[1]  # type: ignore[operator]  # both are known
    return [first, *dims[2:]]


def _even_splits(tensor: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Splits of rows of one length."""
    dims = tensor.shape._dims
    if dims is not None and dims[0] is not None and dims[1] is not None:
        return constant(np.arange(dims[0] + 1) * dims[1], rows.dtype.base_dtype)
    return range_(rows + 1) * columns


def _from_outer_axes(
    cls: Any, tensor: Tensor, lengths: Any, padding: Any, ragged_rank: int, sizes: Tensor, splits_dtype: Any
) -> RaggedTensor:
    """Several ragged axes: only the rows of the last one may be cut short, those before have even splits."""
    flat = reshape(tensor, concat([[-1], sizes[ragged_rank:]], axis=0))
    dims = tensor.shape._dims
    if dims is not None:
        flat.set_shape([None, *dims[ragged_rank:]])
    values = from_tensor(cls, flat, lengths, padding, 1, None, splits_dtype)
    totals = cumprod(sizes)
    splits = [range_(0, totals[axis - 1] + 1) * sizes[axis] for axis in range(1, ragged_rank)]
    return RaggedTensor.from_nested_row_splits(values, splits, validate=False)


def _from_nested_lengths(cls: Any, tensor: Tensor, lengths: Any, splits_dtype: Any) -> RaggedTensor:
    """Lengths for several axes, outermost first: each cuts the rows that those before it have left."""
    first = from_tensor(cls, tensor, lengths[0], None, 1, None, splits_dtype)
    if len(lengths) == 1:
        return first
    inner = _from_nested_lengths(cls, first.values, list(lengths[1:]), splits_dtype)
    return first.with_values(inner)


def _lengths_before_padding(tensor: Tensor, padding: Any, columns: Tensor, splits_dtype: Any) -> Tensor:
    """For each row the position behind the last element that is not padding."""
    padding = convert(padding, tensor.dtype.base_dtype, "padding")
    if not padding.shape.is_compatible_with(tensor.shape[2:]) and padding.shape.ndims != 0:
        raise misuse(ValueError(f"Shapes {padding.shape} and {tensor.shape[2:]} are incompatible"))
    padded = equal(padding, tensor)
    rank = tensor.shape.ndims
    if rank is None:
        raise misuse(ValueError("padding needs a tensor of known rank"))
    if rank > 2:
        padded = reduce_all(padded, axis=list(range(2, rank)))
    kept = cast(logical_not(padded), splits_dtype)
    return reduce_max(kept * expand_dims(range_(1, columns + 1), 0), axis=1)


def from_sparse(cls: Any, st_input: Any, name: str | None, row_splits_dtype: Any) -> RaggedTensor:
    """`RaggedTensor.from_sparse`."""
    splits_dtype = as_dtype(row_splits_dtype)
    if not isinstance(st_input, SparseTensor):
        if not hasattr(st_input, "dense_shape"):
            raise misuse(TypeError(f"Expected SparseTensor, got {type(st_input).__name__}"))
        st_input = as_sparse(st_input)
    with name_scope(name, "RaggedFromSparse", [st_input.indices]):
        rank = st_input.dense_shape.shape[0].value
        if rank is None:
            rank = st_input.indices.shape.with_rank(2)[1].value
        if rank is not None and rank != 2:
            raise misuse(ValueError(f"rank(st_input) must be 2, got {rank}"))
        with control_dependencies([_assert_no_gaps(st_input.indices)]):
            rows = cast(st_input.indices[:, 0], splits_dtype)
            count = cast(st_input.dense_shape[0], splits_dtype)
            return RaggedTensor.from_value_rowids(st_input.values, rows, count, validate=False)


def _assert_no_gaps(indices: Tensor) -> Any:
    """Fail when the elements of a row are not in the columns 0, 1, 2 ..."""
    row, column = indices[:, 0], indices[:, 1]
    first = reduce_all(equal(column[:1], 0))
    same_row = equal(row[1:], row[:-1])
    next_column = equal(column[1:], column[:-1] + 1)
    new_row = logical_and(less(row[:-1], row[1:]), equal(column[1:], 0))
    good = reduce_all(logical_or(logical_and(same_row, next_column), new_row))
    return assert_(logical_and(first, good), ["SparseTensor is not right-ragged", "SparseTensor.indices =", indices])


def to_tensor(rt: RaggedTensor, default_value: Any, name: str | None) -> Tensor:
    """`RaggedTensor.to_tensor`: the place of each element of the result among the values and one default value."""
    with name_scope(name, "RaggedToTensor", [rt.row_splits, default_value]):
        if default_value is not None:
            default_value = convert(default_value, rt.dtype.base_dtype, "default_value")
        values = rt.values
        if isinstance(values, RaggedTensor):
            values = values.to_tensor(default_value)
        if default_value is not None:
            ranks = values.shape.ndims, default_value.shape.ndims
            if ranks[0] is not None and ranks[1] is not None and ranks[1] >= ranks[0]:
                raise misuse(ValueError(f"Shape {default_value.shape} must have rank at most {ranks[0] - 1}"))
            if None in ranks or ranks[0] != ranks[1] + 1:
                default_value = broadcast_to(default_value, shape_of(values)[1:])
        kind = rt.row_splits.dtype.base_dtype
        lengths = rt.row_splits[1:] - rt.row_splits[:-1]
        rows = shape_of(rt.row_splits, out_type=kind)[0] - 1
        columns = maximum(reduce_max(lengths), 0)
        sizes = shape_of(values, out_type=kind)
        if default_value is None:
            default_value = zeros(sizes[1:], dtype=values.dtype.base_dtype)
        default_value.set_shape(values.shape[1:])
        starts, limits = expand_dims(rt.row_splits[:-1], 1), expand_dims(rt.row_splits[1:], 1)
        with_default = concat([values, stack([default_value])], axis=0)
        place = starts + expand_dims(range_(0, columns), 0)
        nowhere = fill(stack([rows, columns]), sizes[0])
        return gather(with_default, where(place < limits, place, nowhere))


def to_sparse(rt: RaggedTensor, name: str | None) -> SparseTensor:
    """`RaggedTensor.to_sparse`."""
    with name_scope(name, "RaggedToSparse", [rt.row_splits]):
        indices, values, shape = RaggedTensorToSparse()(list(rt.nested_row_splits), rt.flat_values, name=name)
        return SparseTensor(indices, values, shape)


HANDLERS.update(from_tensor=from_tensor, from_sparse=from_sparse, to_tensor=to_tensor, to_sparse=to_sparse)

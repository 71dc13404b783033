"""Rows and elements of ragged tensors: indexing, gather, boolean_mask; and joining: concat, stack, expand_dims."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.op import constant_value
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import control_dependencies, name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops import array_shape, joining, reshaping
from flowlab._src.ops.cast import cast
from flowlab._src.ops.checks import assert_equal
from flowlab._src.ops.cumulative import cumprod
from flowlab._src.ops.fill import zeros
from flowlab._src.ops.gather import gather as gather_rows
from flowlab._src.ops.magnitude import maximum, minimum
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.ragged_making import HANDLERS
from flowlab._src.ops.ragged_math import assert_same_rows, map_flat_values, ragged_range, reduce_ragged
from flowlab._src.ops.ragged_ops import RaggedGather
from flowlab._src.ops.ragged_rows import lengths_to_splits, row_splits_to_segment_ids
from flowlab._src.ops.ragged_tensor import RaggedTensor, as_ragged_or_tensor, match_row_splits
from flowlab._src.ops.reduce import count_nonzero
from flowlab._src.ops.selecting import boolean_mask as mask_tensor
from flowlab._src.ops.sequences import range_
from flowlab._src.ops.transposing import transpose
from flowlab._src.util.export import export

# ---- indexing ------------------------------------------------------------------------------------------------------------


def getitem(rt: RaggedTensor, key: Any) -> Any:
    """`rt[key]`: rows by number or slice; of inner ragged axes slices only, since not every row has each column."""
    keys = list(key) if isinstance(key, (list, tuple)) else [key]
    with name_scope(None, "RaggedGetItem", [rt.row_splits]):
        return _rows(rt, keys)


def _rows(rt: RaggedTensor, keys: list[Any]) -> Any:
    """Apply the first key to the rows, the others to what is in them."""
    if not keys:
        return rt
    key, inner = keys[0], keys[1:]
    if key is Ellipsis:
        return _rows(rt, _without_ellipsis(keys, rt.shape.ndims))
    if key is None:
        inside = _rows(rt, inner)
        count = array_shape.shape_of(inside.row_splits, out_type=inside.row_splits.dtype.base_dtype)[0] - 1
        return RaggedTensor.from_row_splits(inside, joining.stack([convert(0, count.dtype), count]), validate=False)
    if isinstance(key, slice):
        return _columns(_row_slice(rt, key), inner)
    starts, limits = rt.row_splits[:-1], rt.row_splits[1:]
    row = rt.values[starts[key] : limits[key]]
    return row[tuple(inner)] if inner else row


def _row_slice(rt: RaggedTensor, key: slice) -> RaggedTensor:
    """Some of the rows."""
    if key.start is None and key.stop is None and key.step is None:
        return rt
    starts, limits = rt.row_splits[:-1][key], rt.row_splits[1:][key]
    if key.step is None or (isinstance(key.step, int) and key.step == 1):
        pad = zeros([1], rt.row_splits.dtype.base_dtype)
        splits = joining.concat([pad[array_shape.size(starts) :], starts[:1], limits], axis=0)
        first, last = splits[0], splits[-1]
        return RaggedTensor.from_row_splits(rt.values[first:last], splits - first, validate=False)
    return _from_ranges(starts, limits, 1, rt.values)


def _from_ranges(starts: Tensor, limits: Tensor, step: Any, values: Any) -> RaggedTensor:
    """Rows made of ranges of the values."""
    step = cast(convert(step, name="step"), starts.dtype.base_dtype)
    places = ragged_range(starts, limits, step, row_splits_dtype=starts.dtype.base_dtype)
    return places.with_values(gather(values, places.values))


def _columns(rt: Any, keys: list[Any]) -> Any:
    """Apply the first key to the elements of each row."""
    if not keys:
        return rt
    if not isinstance(rt, RaggedTensor):
        return rt[(slice(None), *keys)]
    key, inner = keys[0], keys[1:]
    if key is Ellipsis:
        return _columns(rt, _without_ellipsis(keys, rt.values.shape.ndims))
    if key is None:
        inside = _columns(rt, inner)
        count = array_shape.shape_of(inside.row_splits, out_type=inside.row_splits.dtype.base_dtype)[0]
        return RaggedTensor.from_row_splits(inside, range_(count), validate=False)
    if not isinstance(key, slice):
        raise misuse(
            ValueError("Cannot index into an inner ragged dimension."),
            why="not every row has that column",
            fix="rt[:, :1] keeps the first element of each row, rt.to_tensor() fills the rows up",
        )
    if key.start is None and key.stop is None and key.step is None:
        return rt.with_values(_columns(rt.values, inner))
    for bound in (key.start, key.stop):
        if bound is not None and not isinstance(bound, (int, Tensor)):
            raise misuse(TypeError("slice offsets must be integers or None"))
    starts, limits = rt.row_splits[:-1], rt.row_splits[1:]
    step = 1 if key.step is None else key.step
    forward = _is_positive(step)
    low, high = (starts, limits) if forward else (starts - 1, limits - 1)
    first = _bound(key.start, starts, limits, low, high, starts if forward else limits - 1)
    last = _bound(key.stop, starts, limits, low, high, limits if forward else starts - 1)
    result = _from_ranges(first, last, step, rt.values)
    return result.with_values(_columns(result.values, inner))


def _is_positive(number: Any) -> bool:
    """The sign of a bound or step, which has to be known while building."""
    if isinstance(number, Tensor):
        number = constant_value(number)
        if number is None:
            raise misuse(ValueError("The bounds of a slice of ragged columns must be known while building."))
    return int(number) >= 0


def _bound(bound: Any, starts: Tensor, limits: Tensor, low: Tensor, high: Tensor, default: Tensor) -> Tensor:
    """A bound of a slice in each row, within the row; negative ones count from its end."""
    if bound is None:
        return default
    offset = cast(bound, starts.dtype.base_dtype)
    return minimum(starts + offset, high) if _is_positive(bound) else maximum(limits + offset, low)


def _without_ellipsis(keys: list[Any], remaining: int | None) -> list[Any]:
    """One full slice in the place of ..., or nothing when the other keys fill the axes."""
    if remaining is None:
        raise misuse(ValueError("Ellipsis not supported for unknown shape RaggedTensors"))
    count = sum(1 for key in keys if key is not None)
    if count > remaining + 1:
        raise misuse(IndexError("Too many indices for RaggedTensor"))
    return keys[1:] if count == remaining + 1 else [slice(None), *keys]


# ---- gather --------------------------------------------------------------------------------------------------------------


def gather(params: Any, indices: Any, name: str | None = None, axis: Any = 0, batch_dims: int = 0) -> Any:
    """`tf.gather` for ragged tensors: rows by number."""
    if not isinstance(axis, int) or axis != 0 or batch_dims:
        raise misuse(ValueError("axis != 0 is not supported for ragged gather yet."))
    with name_scope(name, "RaggedGather", []):
        params, indices = as_ragged_or_tensor(params, name="params"), as_ragged_or_tensor(indices, name="indices")
        params, indices = match_row_splits(params, indices)
        if isinstance(indices, RaggedTensor):
            return indices.with_values(gather(params, indices.values))
        if not isinstance(params, RaggedTensor):
            return gather_rows(params, indices)
        rank = indices.shape.ndims
        if rank is None:
            raise misuse(ValueError("indices.shape.ndims must be known statically"))
        if rank == 0:
            return getitem(params, indices)
        op = RaggedGather(OUTPUT_RAGGED_RANK=rank + params.ragged_rank - 1)
        *splits, values = op(list(params.nested_row_splits), params.flat_values, indices)
        return RaggedTensor.from_nested_row_splits(values, splits, validate=False)


# ---- masks ---------------------------------------------------------------------------------------------------------------


@export("ragged.boolean_mask")
def ragged_boolean_mask(data: Any, mask: Any, name: str | None = None) -> Any:
    """Keep elements by truth values and leave the rows ragged.

    Unlike `tf.boolean_mask` it keeps the axes: what remains of each row stays a row.

    Parameters
    ----------
    data : Tensor or RaggedTensor
    mask : Tensor or RaggedTensor of bool
        In the shape of the first axes of `data`; its rank must be known.
    name : str, optional

    Returns
    -------
    RaggedTensor
        Or a Tensor, for a vector as a mask of a tensor.

    Raises
    ------
    ValueError
        If the rank of the mask is unknown or 0.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.ragged.boolean_mask([[1, 2, 3], [4, 5, 6]], [[True, False, True], [False, False, True]])).to_list()
    [[1, 3], [6]]
    """
    with name_scope(name, "RaggedMask", []):
        data = as_ragged_or_tensor(data, name="data")
        mask = as_ragged_or_tensor(mask, dtypes.bool_, "mask")
        data, mask = match_row_splits(data, mask)
        ragged = [t for t in (data, mask) if isinstance(t, RaggedTensor)]
        kind = ragged[0].row_splits.dtype.base_dtype if ragged else dtypes.int64
        rank = mask.shape.ndims
        if rank is None:
            raise misuse(ValueError("mask.shape.ndims must be known statically."))
        if rank == 0:
            raise misuse(ValueError("mask cannot be scalar."))
        if isinstance(mask, RaggedTensor):
            return _by_ragged_mask(data, mask, kind)
        if isinstance(data, RaggedTensor):
            if rank == 1:
                return _by_row_mask(data, mask)
            depth = min(data.ragged_rank, rank - 1)
            return ragged_boolean_mask(data, RaggedTensor.from_tensor(mask, ragged_rank=depth, row_splits_dtype=kind))
        kept = mask_tensor(data, mask)
        return kept if rank == 1 else _with_mask_rows(kept, mask, rank, kind)


def _by_ragged_mask(data: Any, mask: RaggedTensor, kind: Any) -> RaggedTensor:
    if not isinstance(data, RaggedTensor):
        data = RaggedTensor.from_tensor(data, ragged_rank=mask.ragged_rank, row_splits_dtype=kind)
    checks = [
        assert_equal(a, b, message="Inputs must have identical ragged splits")
        for a, b in zip(mask.nested_row_splits, data.nested_row_splits, strict=False)
        if a is not b
    ]
    with control_dependencies(checks):
        splits = []
        inner: Any = mask
        while isinstance(inner, RaggedTensor):
            if inner.shape.ndims is not None and inner.shape.ndims > 2:
                splits.append(inner.row_splits)
            else:
                ones = map_flat_values(cast, inner, dtype=kind)
                splits.append(lengths_to_splits(reduce_ragged("Sum", ones, 1, False, None)))
            inner, data = inner.values, data.values
        return RaggedTensor.from_nested_row_splits(ragged_boolean_mask(data, inner), splits, validate=False)


def _by_row_mask(data: RaggedTensor, mask: Tensor) -> RaggedTensor:
    """Keep or drop whole rows."""
    lengths = mask_tensor(data.row_lengths(), mask)
    row_of_value = row_splits_to_segment_ids(data.row_splits)
    values = ragged_boolean_mask(data.values, gather_rows(mask, row_of_value))
    return RaggedTensor.from_row_splits(values, lengths_to_splits(lengths), validate=False)


def _with_mask_rows(kept: Tensor, mask: Tensor, rank: int, kind: Any) -> RaggedTensor:
    """What a mask of several axes has kept, cut into the rows of the mask."""
    lengths = reshaping.reshape(count_nonzero(mask, axis=-1, dtype=kind), [-1])
    result: Any = RaggedTensor.from_row_lengths(kept, lengths, validate=False)
    if rank > 2:
        sizes = array_shape.shape_of(mask, out_type=kind)
        rows = cumprod(sizes) + 1
        for axis in range(rank - 3, -1, -1):
            result = RaggedTensor.from_row_splits(result, range_(rows[axis]) * sizes[axis + 1], validate=False)
    return result


# ---- joining -------------------------------------------------------------------------------------------------------------


def concat(values: Any, axis: Any, name: str | None = None) -> Any:
    """`tf.concat` for ragged tensors."""
    with name_scope(name, "RaggedConcat", []):
        return _join(list(values), axis, as_rows=False)


@export("ragged.stack")
def stack(values: Any, axis: int = 0, name: str | None = None) -> Any:
    """Put tensors of different lengths on a new axis.

    Parameters
    ----------
    values : list of Tensor and RaggedTensor
        Of one dtype and rank.
    axis : int
        The place of the new axis.
    name : str, optional

    Returns
    -------
    RaggedTensor

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.ragged.stack([[1, 2], [3], []])).to_list()
    [[1, 2], [3], []]
    """
    values = list(values) if isinstance(values, (list, tuple)) else [values]
    with name_scope(name, "RaggedConcat", []):
        return _join(values, axis, as_rows=True)


def _join(values: Sequence[Any], axis: Any, as_rows: bool) -> Any:
    if not values:
        raise misuse(ValueError("rt_inputs may not be empty."))
    dtype = next((v.dtype.base_dtype for v in values if isinstance(v, (Tensor, RaggedTensor))), None)
    parts = match_row_splits(*[as_ragged_or_tensor(v, name="rt_input", preferred=dtype) for v in values])
    if dtype is None:  # empty lists take the type of the others
        empty = [isinstance(v, (list, tuple)) and not v for v in values]
        dtype = next((p.dtype.base_dtype for p, none in zip(parts, empty, strict=True) if not none), None)
        parts = [cast(p, dtype) if none and dtype is not None else p for p, none in zip(parts, empty, strict=True)]
    if len(parts) == 1 and not as_rows:
        return parts[0]
    ranks = {p.shape.ndims for p in parts}
    if len(ranks) > 1 and None not in ranks:
        raise misuse(ValueError(f"All inputs must have the same rank, got {sorted(r for r in ranks if r is not None)}"))
    rank = ranks.pop() if len(ranks) == 1 else None
    axis = _positive(axis, None if rank is None else rank + as_rows)
    if as_rows and rank == 1 and axis == 0:
        lengths = joining.concat([array_shape.shape_of(p) for p in parts], axis=0)
        return RaggedTensor.from_row_lengths(joining.concat(parts, axis=0), lengths, validate=False)
    kinds = [p.row_splits.dtype.base_dtype for p in parts if isinstance(p, RaggedTensor)]
    kind = kinds[0] if kinds else dtypes.int64
    if not kinds and rank is not None and axis == rank + as_rows - 1:
        return joining.stack(parts, axis) if as_rows else joining.concat(parts, axis)
    ragged = [p if isinstance(p, RaggedTensor) else RaggedTensor.from_tensor(p, row_splits_dtype=kind) for p in parts]
    depth = max(p.ragged_rank for p in ragged)
    ragged = [_deepened(p, depth, kind) for p in ragged]
    if axis == 0:
        return _join_rows(ragged, as_rows)
    if axis == 1:
        return _join_columns(ragged, as_rows)
    first = [RaggedTensor.from_row_splits(range_(p.row_splits[-1]), p.row_splits, validate=False) for p in ragged]
    with control_dependencies(assert_same_rows(first)):
        inner = _join([p.values for p in ragged], axis - 1, as_rows)
        return RaggedTensor.from_row_splits(inner, ragged[0].row_splits, validate=False)


def _positive(axis: Any, rank: int | None) -> int:
    if not isinstance(axis, int):
        raise misuse(TypeError(f"axis must be an int; got {type(axis).__name__}"))
    if rank is None:
        if axis < 0:
            raise misuse(ValueError("axis may only be negative if rank is statically known"))
        return axis
    if not -rank <= axis < rank:
        raise misuse(ValueError(f"axis={axis} out of bounds: expected {-rank}<=axis<{rank}"))
    return axis % rank


def _deepened(rt: Any, depth: int, kind: Any) -> Any:
    """A ragged tensor with at least so many ragged axes."""
    if depth == 0:
        return rt
    if not isinstance(rt, RaggedTensor):
        rt = RaggedTensor.from_tensor(rt, row_splits_dtype=kind)
    return rt if rt.ragged_rank >= depth else rt.with_values(_deepened(rt.values, depth - 1, kind))


def _join_rows(parts: list[RaggedTensor], as_rows: bool) -> RaggedTensor:
    """The rows of all parts one after another."""
    flat = joining.concat([p.flat_values for p in parts], axis=0)
    nested = [_join_splits([p.nested_row_splits[i] for p in parts]) for i in range(parts[0].ragged_rank)]
    if as_rows:
        nested.insert(0, lengths_to_splits(joining.stack([p.nrows() for p in parts])))
    return RaggedTensor.from_nested_row_splits(flat, nested, validate=False)


def _join_splits(splits: list[Tensor]) -> Tensor:
    pieces, offset = [splits[0]], splits[0][-1]
    for more in splits[1:]:
        pieces.append(more[1:] + offset)
        offset = offset + more[-1]
    return joining.concat(pieces, axis=0)


def _join_columns(parts: list[RaggedTensor], as_rows: bool) -> RaggedTensor:
    """Row i of all parts one after another: all rows are joined, then brought in the order 0, 0, 0, 1, 1, 1 ..."""
    count = len(parts)
    rows = parts[0].nrows()
    checks = [assert_equal(p.nrows(), rows, message="Input tensors have incompatible shapes.") for p in parts[1:]]
    with control_dependencies(checks):
        joined = _join_rows(parts, as_rows=False)
        order = transpose(reshaping.reshape(range_(rows * count), [count, -1]))
        permuted = gather(joined, reshaping.reshape(order, [-1]))
        if as_rows:
            return RaggedTensor.from_row_splits(permuted, range_(0, rows * count + 1, count), validate=False)
        return RaggedTensor.from_row_splits(permuted.values, permuted.row_splits[::count], validate=False)


# ---- shapes --------------------------------------------------------------------------------------------------------------


def expand_dims(rt: RaggedTensor, axis: Any, name: str | None = None) -> RaggedTensor:
    """`tf.expand_dims` for ragged tensors."""
    with name_scope(name, "RaggedExpandDims", [rt.row_splits]):
        rank = rt.shape.ndims
        axis = _positive(axis, None if rank is None else rank + 1)
        if axis == 0:
            count = rt.nrows()
            return RaggedTensor.from_row_splits(rt, joining.stack([convert(0, count.dtype), count]), validate=False)
        if axis == 1:
            return RaggedTensor.from_row_splits(rt, range_(rt.nrows() + 1), validate=False)
        if isinstance(rt.values, RaggedTensor):
            return rt.with_values(expand_dims(rt.values, axis - 1))
        return rt.with_values(raw.ExpandDims(rt.values, axis - 1))


def size(rt: RaggedTensor, name: str | None = None, out_type: Any = dtypes.int32) -> Tensor:
    """`tf.size` for ragged tensors: the number of elements."""
    return array_shape.size(rt.flat_values, name=name, out_type=out_type)


def rank(rt: RaggedTensor, name: str | None = None) -> Tensor:
    """`tf.rank` for ragged tensors."""
    with name_scope(name, "RaggedRank", [rt.row_splits]):
        return rt.ragged_rank + array_shape.rank(rt.flat_values)


HANDLERS.update(getitem=getitem, stack=stack, expand_dims=expand_dims, size=size, rank=rank)
HANDLERS.update(
    GatherV2=lambda op, inputs, name: gather(inputs[0], inputs[1], name, inputs[2], op.batch_dims),
    ConcatV2=lambda op, inputs, name: concat(inputs[0], inputs[1], name),
    ExpandDims=lambda op, inputs, name: expand_dims(inputs[0], inputs[1], name),
)

"""Ragged tensors repeated, squeezed, looked up by coordinates, and taken apart by numbers of partitions."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.op import constant_value
from flowlab._src.graph.scopes import control_dependencies, name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.cast import cast
from flowlab._src.ops.checks import assert_equal, assert_less
from flowlab._src.ops.gather import gather, gather_nd
from flowlab._src.ops.identity import identity
from flowlab._src.ops.joining import concat
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.one_hot import OneHot
from flowlab._src.ops.padding import tile
from flowlab._src.ops.ragged_making import HANDLERS
from flowlab._src.ops.ragged_math import ragged_range
from flowlab._src.ops.ragged_tensor import RaggedTensor, as_ragged_or_tensor
from flowlab._src.ops.reshaping import expand_dims, reshape, squeeze
from flowlab._src.ops.selecting import where
from flowlab._src.ops.sequences import range_
from flowlab._src.ops.sorting import argsort
from flowlab._src.util.export import export


def tile_ragged(rt: RaggedTensor, multiples: Any, name: str | None = None) -> RaggedTensor:
    """`tf.tile` for ragged tensors."""
    with name_scope(name, "RaggedTile", [rt.row_splits, multiples]):
        multiples = convert(multiples, name="multiples")
        if rt.shape.ndims is None:
            raise misuse(ValueError("tf.tile needs a ragged tensor of known rank."))
        wanted = multiples.shape.as_list()[0] if multiples.shape.ndims == 1 else None
        if wanted is not None and wanted != rt.shape.ndims:
            raise misuse(
                ValueError(f"multiples must have a number for each of {rt.shape.ndims} axes, it has {wanted}.")
            )
        inside = _tile_inside(rt, multiples)
        if constant_value(multiples[0]) == 1:
            return inside
        return gather(inside, tile(range_(inside.nrows()), [cast(multiples[0], dtypes.int32)]))  # type: ignore[return-value]


def _tile_inside(rt: Any, multiples: Tensor) -> Any:
    """Repeat along all axes but the first."""
    if isinstance(rt, Tensor):
        return tile(rt, concat([[1], cast(multiples[1:], dtypes.int32)], 0))
    values = _tile_inside(rt.values, multiples[1:])
    times = cast(multiples[1], rt.row_splits.dtype.base_dtype)
    # Each row as often as it is wanted, one after the other.
    starts, limits = _repeat(rt.row_splits[:-1], times), _repeat(rt.row_splits[1:], times)
    places = ragged_range(starts, limits, row_splits_dtype=rt.row_splits.dtype.base_dtype).values
    return RaggedTensor.from_row_splits(gather(values, places), rt.row_splits * times, validate=False)


def _repeat(vector: Tensor, times: Tensor) -> Tensor:
    return reshape(tile(expand_dims(vector, 1), [1, cast(times, dtypes.int32)]), [-1])


def squeeze_ragged(rt: RaggedTensor, axis: Any, name: str | None = None) -> Any:
    """`tf.squeeze` for ragged tensors."""
    with name_scope(name, "RaggedSqueeze", [rt.row_splits]):
        axes = [axis] if isinstance(axis, int) else list(axis or ())
        if not axes:
            raise misuse(ValueError("Ragged.squeeze must have an axis argument."))
        rank = rt.shape.ndims
        if rank is None and min(axes) < 0:
            raise misuse(ValueError("Axes are counted from the end of tensors of known rank only."))
        if rank is not None and not all(-rank <= a < rank for a in axes):
            raise misuse(ValueError(f"squeeze axes {axes} out of range for a ragged tensor of rank {rank}"))
        return _squeeze(rt, {a + rank if a < 0 and rank is not None else a for a in axes})


def _squeeze(rt: Any, axes: set[int]) -> Any:
    if not axes:
        return rt
    if isinstance(rt, Tensor):
        return squeeze(rt, sorted(axes))
    if 0 in axes:
        message = "the given axis (axis = 0) is not squeezable!"
        with control_dependencies(
            [assert_equal(rt.nrows(), convert(1, rt.row_splits.dtype.base_dtype), message=message)]
        ):
            return _squeeze(_identity(rt.values), {a - 1 for a in axes if a > 0})
    if 1 in axes:
        lengths = rt.row_lengths()
        message = "the given axis (axis = 1) is not squeezable!"
        with control_dependencies([assert_equal(lengths, convert(1, lengths.dtype.base_dtype), message=message)]):
            return _squeeze(_identity(rt.values), {a - 1 for a in axes if a > 1})
    return rt.with_values(_squeeze(rt.values, {a - 1 for a in axes}))


def _identity(value: Any) -> Any:
    return value.with_flat_values(identity(value.flat_values)) if isinstance(value, RaggedTensor) else identity(value)


def gather_nd_ragged(params: Any, indices: Any, name: str | None = None) -> Any:
    """`tf.gather_nd` where the tensor, or the coordinates, are ragged."""
    with name_scope(name, "RaggedGatherNd", []):
        params, indices = as_ragged_or_tensor(params, name="params"), as_ragged_or_tensor(indices, name="indices")
        if isinstance(indices, RaggedTensor):
            return indices.with_flat_values(gather_nd(params, indices.flat_values))
        rank = indices.shape.ndims
        count = None if not rank else indices.shape.as_list()[-1]
        if count is None:
            raise misuse(ValueError("indices must have a last axis of known size"))
        if count == 0:
            raise misuse(ValueError("tf.gather_nd of a ragged tensor needs at least one coordinate"))
        found = _look_up(params, reshape(indices, [-1, count]))
        if rank == 2:
            return found
        if isinstance(found, Tensor):
            return reshape(found, concat([shape_of(indices)[:-1], shape_of(found)[1:]], 0))
        if rank == 1:
            return found[0]
        rows = RaggedTensor.from_tensor(indices, ragged_rank=rank - 2, row_splits_dtype=found.row_splits.dtype)
        return rows.with_flat_values(found)


def _look_up(params: Any, indices: Tensor) -> Any:
    """For each row of coordinates what is there."""
    if isinstance(params, Tensor):
        return gather_nd(params, indices)
    indices = cast(indices, params.row_splits.dtype.base_dtype)
    if indices.shape.as_list()[1] == 1:
        return gather(params, indices[:, 0])
    row, column = indices[:, 0], indices[:, 1]
    outside = assert_less(column, gather(params.row_lengths(), row), message="slice index is out of bounds of its row")
    with control_dependencies([outside]):
        place = gather(params.row_starts(), row) + column
    return _look_up(params.values, concat([expand_dims(place, 1), indices[:, 2:]], 1))


def one_hot_ragged(op: Any, inputs: Any, name: str | None = None) -> RaggedTensor:
    """`tf.one_hot` of ragged numbers."""
    indices: RaggedTensor = inputs[0]
    axis = op.axis
    if axis >= 0:
        if axis <= indices.ragged_rank:
            raise misuse(ValueError(f"axis ({axis}) must be greater than indices.ragged_rank ({indices.ragged_rank})."))
        axis -= indices.ragged_rank
    with name_scope(name, "RaggedOneHot", [indices.row_splits]):
        return indices.with_flat_values(OneHot(axis=axis)(indices.flat_values, *inputs[1:]))


def where_ragged(condition: RaggedTensor, name: str | None = None) -> Tensor:
    """The coordinates of what is true."""
    with name_scope(name, "RaggedWhere", [condition.row_splits]):
        return _coordinates(condition)


def _coordinates(condition: Any) -> Tensor:
    if isinstance(condition, Tensor):
        return where(condition)
    inside = _coordinates(condition.values)
    place = inside[:, 0]
    row = gather(cast(condition.value_rowids(), dtypes.int64), place)
    column = place - gather(cast(condition.row_starts(), dtypes.int64), row)
    return concat([expand_dims(row, 1), expand_dims(column, 1), inside[:, 1:]], 1)


def batch_gather_ragged(params: Any, indices: Any, name: str | None = None) -> Any:
    """`tf.batch_gather` where the table, or the positions, are ragged."""
    with name_scope(name, "RaggedBatchGather", []):
        params, indices = as_ragged_or_tensor(params, name="params"), as_ragged_or_tensor(indices, name="indices")
        if isinstance(indices, Tensor):
            if indices.shape.ndims is None:
                raise misuse(ValueError("batch_gather does not allow indices with unknown shape."))
            if indices.shape.ndims == 1:
                return gather(params, indices)
            rows = RaggedTensor.from_tensor(indices, ragged_rank=indices.shape.ndims - 1)
            return batch_gather_ragged(params, rows).to_tensor()
        kind = indices.row_splits.dtype.base_dtype
        if isinstance(params, Tensor):
            params = RaggedTensor.from_tensor(params, ragged_rank=1, row_splits_dtype=kind)
        params = params.with_row_splits_dtype(kind)
        message = "Dimension 0 of params and indices must be the same"
        with control_dependencies([assert_equal(params.nrows(), indices.nrows(), message=message)]):
            splits = identity(indices.row_splits)
        if isinstance(indices.values, RaggedTensor):
            return indices.with_values(batch_gather_ragged(params.values, indices.values))
        row = indices.value_rowids()
        place = cast(indices.values, kind)
        outside = assert_less(place, gather(params.row_lengths(), row), message="index is out of bounds of its row")
        with control_dependencies([outside]):
            place = place + gather(params.row_starts(), row)
        return RaggedTensor.from_row_splits(gather(params.values, place), splits, validate=False)


@export("ragged.stack_dynamic_partitions")
def stack_dynamic_partitions(data: Any, partitions: Any, num_partitions: Any, name: str | None = None) -> RaggedTensor:
    """Sort what is in a tensor into numbered rows.

    Parameters
    ----------
    data : Tensor or RaggedTensor, shape (n, ...)
    partitions : Tensor or RaggedTensor of int32 or int64
        The number of the row of each element; its shape is that of the first axes of `data`.
    num_partitions : int or scalar Tensor
        Number of rows.
    name : str, optional

    Returns
    -------
    RaggedTensor
        In each row what belongs to it, in the order of `data`.

    Raises
    ------
    tf.errors.InvalidArgumentError
        When run: a number is not below `num_partitions`.

    Examples
    --------
    >>> rows = tf.ragged.stack_dynamic_partitions(["a", "b", "c", "d", "e"], [3, 0, 2, 2, 3], 5)
    >>> with tf.Session() as sess:
    ...     sess.run(rows).to_list()
    [[b'b'], [], [b'c', b'd'], [b'a', b'e'], []]
    """
    with name_scope(name, "SegmentStack", []):
        data = as_ragged_or_tensor(data, name="data")
        partitions = as_ragged_or_tensor(partitions, name="partitions")
        rank = partitions.shape.ndims
        if rank is None:
            raise misuse(ValueError("partitions must have known rank."))
        if rank == 0:  # one row gets all
            data, partitions = expand_dims(data, 0), expand_dims(partitions, 0)
        while rank > 1:
            if isinstance(partitions, Tensor):
                partitions = RaggedTensor.from_tensor(partitions, ragged_rank=1)
            if isinstance(data, Tensor):
                data = RaggedTensor.from_tensor(data, ragged_rank=1)
            same = assert_equal(
                cast(data.row_splits, dtypes.int64), cast(partitions.row_splits, dtypes.int64),
                message="data and partitions have incompatible ragged shapes",
            )  # fmt: skip
            with control_dependencies([same]):
                data, partitions = _identity(data.values), identity(partitions.values)
            rank -= 1
        count = convert(num_partitions, dtype=partitions.dtype.base_dtype, name="num_partitions")
        message = "partitions must be less than num_partitions"
        with control_dependencies([assert_less(partitions, count, message=message)]):
            order = argsort(partitions, stable=True)
        # The numbers of rows take the type of what cuts the data into rows, if anything does.
        kind = data.row_splits.dtype.base_dtype if isinstance(data, RaggedTensor) else partitions.dtype.base_dtype
        rows = cast(gather(partitions, order), kind)
        return RaggedTensor.from_value_rowids(gather(data, order), rows, nrows=cast(count, kind))


def dynamic_partition_ragged(op: Any, inputs: Any, name: str | None = None) -> list[Any]:
    """`tf.dynamic_partition` for ragged tensors."""
    with name_scope(name, "RaggedDynamicPartition", []):
        rows = stack_dynamic_partitions(inputs[0], inputs[1], op.num_partitions)
        return [rows[i] for i in range(op.num_partitions)]


HANDLERS.update(
    DynamicPartition=dynamic_partition_ragged,
    GatherNd=lambda op, inputs, name: gather_nd_ragged(inputs[0], inputs[1], name),
    OneHot=one_hot_ragged,
    Squeeze=lambda op, inputs, name: squeeze_ragged(inputs[0], list(op.squeeze_dims), name),
    Tile=lambda op, inputs, name: tile_ragged(inputs[0], inputs[1], name),
    batch_gather=batch_gather_ragged,
    where=where_ragged,
)

"""Sums, means and the like over groups of rows, named by segment ids."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.op import Array, Index, Number, Op, RealNumber, Spec
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import (
    UNKNOWN,
    Dims,
    TensorShape,
    format_dims,
    merge_dims,
    require_rank_at_least,
)
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import rows
from flowlab._src.kernels.memory import require_memory
from flowlab._src.ops.array_shape import rank, shape, shape_of
from flowlab._src.ops.fill import ones, ones_like, zeros_like
from flowlab._src.ops.gather import gather
from flowlab._src.ops.joining import concat
from flowlab._src.ops.one_hot import size_from
from flowlab._src.ops.reshaping import expand_dims, reshape
from flowlab._src.util.export import export

CountIndex = TypeVar("CountIndex", np.int32, np.int64)


def reduce_rows(ufunc: np.ufunc, data: np.ndarray, ids: np.ndarray, count: int, empty: Any) -> np.ndarray:
    """Combine the rows of each segment; segments without a row get `empty`.

    Rows are brought in the order of their segments first, so that each segment is one stretch.
    """
    require_memory((count, *data.shape[1:]), data.dtype)
    result = np.full((count, *data.shape[1:]), empty, data.dtype)
    if ufunc is np.add and rows.can_add(data):
        rows.add_rows(result, ids, data)
    elif len(ids):
        if (ids[1:] < ids[:-1]).any():
            order = np.argsort(ids, kind="stable")
            ids, data = ids[order], data[order]
        starts = np.flatnonzero(np.concatenate([[True], ids[1:] != ids[:-1]]))
        result[ids[starts]] = ufunc.reduceat(data, starts, axis=0, dtype=data.dtype)
    return result


def merge_prefix(dims: Dims, prefix: Dims) -> None:
    """ShapeError unless the first axes are like those of `prefix`."""
    require_rank_at_least(TensorShape.of(dims), len(prefix))
    for a, b in zip(dims, prefix):
        merge_dims(a, b)


# ---- sorted ids ----------------------------------------------------------------------------------------------------


class Segment(Op, abstract=True):
    """What the ops on sorted segment ids have in common."""

    def shape(self, data: Spec, segment_ids: Spec) -> TensorShape:
        require_rank_at_least(data.shape, 1)
        segment_ids.ranked(1)
        if data.dims is None:
            return UNKNOWN
        return TensorShape.of((None, *data.dims[1:]))


def check_sorted(data: Any, segment_ids: Any) -> tuple[np.ndarray, np.ndarray, int]:
    """Data and ids as arrays, and the number of segments; InvalidArgumentError unless the ids rise."""
    data, ids = np.asarray(data), np.asarray(segment_ids)
    if ids.ndim != 1:
        raise InvalidArgumentError(None, None, "segment_ids should be a vector.")
    if len(ids) != len(data):
        raise InvalidArgumentError(None, None, "segment_ids should be the same size as dimension 0 of input.")
    if len(ids) and ids.min() < 0:
        raise InvalidArgumentError(None, None, "segment ids must be >= 0")
    if (ids[1:] < ids[:-1]).any():
        raise InvalidArgumentError(None, None, "segment ids are not increasing")
    return data, ids, int(ids[-1]) + 1 if len(ids) else 0


class SegmentSum(Segment):
    """The sum of the rows of each segment."""

    def kernel(self, data: Array[Number], segment_ids: Array[Index]) -> Array[Number]:
        found = rows.segments(data, None, segment_ids, 0)
        if found is not None:
            return found
        data, ids, count = check_sorted(data, segment_ids)
        return reduce_rows(np.add, data, ids, count, 0)

    def grad(self, node: Any, dy: Tensor) -> Any:
        """Every row gets the gradient of its segment."""
        return [gather(dy, node.inputs[1]), None]


class SegmentProd(Segment):
    """The product of the rows of each segment."""

    def kernel(self, data: Array[Number], segment_ids: Array[Index]) -> Array[Number]:
        data, ids, count = check_sorted(data, segment_ids)
        return reduce_rows(np.multiply, data, ids, count, 1)

    def grad(self, node: Any, dy: Tensor) -> Any:
        """The product of the others: by division, or directly where the element is 0; nothing where two are 0."""
        data, ids = node.inputs
        is_zero = raw.Equal(data, 0)
        zeros = raw.SegmentSum(raw.Cast(is_zero, DstT=dtypes.int32), ids)
        dy = raw.SelectV2(raw.Greater(zeros, 1), zeros_like(dy), dy)
        others = raw.SelectV2(is_zero, ones_like(data), data)
        product_of_others = raw.SegmentProd(others, ids)
        product = gather(node.outputs[0], ids)
        own = gather(product_of_others, ids)
        partial = raw.SelectV2(is_zero, own, product / others)
        return [gather(dy, ids) * partial, None]


class SegmentMean(Segment):
    """The mean of the rows of each segment."""

    def kernel(self, data: Array[Number], segment_ids: Array[Index]) -> Array[Number]:
        found = rows.segments(data, None, segment_ids, 1)
        if found is not None:
            return found
        data, ids, count = check_sorted(data, segment_ids)
        sizes = np.bincount(ids, minlength=count).reshape((-1,) + (1,) * (data.ndim - 1)).clip(1)
        total = reduce_rows(np.add, data, ids, count, 0)
        return (total // sizes if data.dtype.kind in "iu" else total / sizes).astype(data.dtype)

    def grad(self, node: Any, dy: Tensor) -> Any:
        """Every row gets its share of the gradient of its segment."""
        data, ids = node.inputs
        count, ids_shape = rank(data), shape(ids)
        ones_shape = concat([ids_shape, ones(expand_dims(count - 1, 0), dtype=ids_shape.dtype)], 0)
        each = ones(ones_shape, dtype=dy.dtype)
        return [gather(dy / raw.SegmentSum(each, ids), ids), None]


class SegmentExtreme(Segment, abstract=True):
    """What SegmentMax and SegmentMin have in common."""

    def grad(self, node: Any, dy: Tensor) -> Any:
        """The rows that are equal to the extreme share the gradient."""
        data, ids = node.inputs
        nothing = zeros_like(data, dtype=data.dtype)
        chosen = raw.Equal(data, gather(node.outputs[0], ids))
        shares = dy / raw.SegmentSum(raw.Cast(chosen, DstT=dy.dtype.base_dtype), ids)
        return [raw.SelectV2(chosen, gather(shares, ids), nothing), None]


class SegmentMax(SegmentExtreme):
    """The largest element of each segment, column by column."""

    def kernel(self, data: Array[RealNumber], segment_ids: Array[Index]) -> Array[RealNumber]:
        data, ids, count = check_sorted(data, segment_ids)
        return reduce_rows(np.maximum, data, ids, count, 0)


class SegmentMin(SegmentExtreme):
    """The smallest element of each segment, column by column."""

    def kernel(self, data: Array[RealNumber], segment_ids: Array[Index]) -> Array[RealNumber]:
        data, ids, count = check_sorted(data, segment_ids)
        return reduce_rows(np.minimum, data, ids, count, 0)


@export("segment_sum", "math.segment_sum")
def segment_sum(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """Add up the rows of each segment.

    Parameters
    ----------
    data : Tensor, shape (rows, ...)
    segment_ids : Tensor, shape (rows,), int32 or int64
        The segment of each row; must not fall.
    name : str, optional

    Returns
    -------
    Tensor, shape (last id + 1, ...)
        Zeros for segments without rows.

    Raises
    ------
    InvalidArgumentError
        When run, if the ids are not sorted.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.segment_sum([1, 2, 3, 4], [0, 0, 2, 2]))
    array([3, 0, 7], dtype=int32)
    """
    return SegmentSum()(data, segment_ids, name=name)


@export("segment_mean", "math.segment_mean")
def segment_mean(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """Return the mean of the rows of each segment; as `tf.segment_sum`.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.segment_mean([1.0, 2.0, 4.0], [0, 0, 1]))
    array([1.5, 4. ], dtype=float32)
    """
    return SegmentMean()(data, segment_ids, name=name)


@export("segment_prod", "math.segment_prod")
def segment_prod(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """Multiply the rows of each segment; ones for segments without rows. As `tf.segment_sum`."""
    return SegmentProd()(data, segment_ids, name=name)


@export("segment_max", "math.segment_max")
def segment_max(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """Return the largest elements of each segment; zeros for segments without rows. As `tf.segment_sum`."""
    return SegmentMax()(data, segment_ids, name=name)


@export("segment_min", "math.segment_min")
def segment_min(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """Return the smallest elements of each segment; zeros for segments without rows. As `tf.segment_sum`."""
    return SegmentMin()(data, segment_ids, name=name)


# ---- ids in any order ----------------------------------------------------------------------------------------------


class UnsortedSegment(Op, abstract=True):
    """What the ops on segment ids in any order have in common; rows with a negative id are left out."""

    preferred_dtypes: ClassVar[dict[str, DType]] = {"num_segments": dtypes.int32}

    def shape(self, data: Spec, segment_ids: Spec, num_segments: Spec) -> TensorShape:
        if data.dims is None or segment_ids.dims is None:
            return UNKNOWN
        depth = len(segment_ids.dims)
        merge_prefix(data.dims, segment_ids.dims)
        count = size_from(num_segments, 2)
        return TensorShape.of((count, *data.dims[depth:]))

    @staticmethod
    def combine(ufunc: np.ufunc, data: Any, segment_ids: Any, num_segments: Any, empty: Any) -> np.ndarray:
        """Combine the rows of each segment."""
        data, ids, count = np.asarray(data), np.asarray(segment_ids), int(num_segments)
        if data.shape[: ids.ndim] != ids.shape:
            raise InvalidArgumentError(
                None,
                None,
                f"data.shape = {format_dims(data.shape)} does not start with segment_ids.shape = {format_dims(ids.shape)}",
            )
        if count < 0:
            raise InvalidArgumentError(None, None, f"Input num_segments == {count} must not be negative.")
        if ids.size and ids.max() >= count:
            first = np.argwhere(ids >= count)[0]
            place = ",".join(str(i) for i in first)
            raise InvalidArgumentError(
                None, None, f"segment_ids[{place}] = {ids[tuple(first)]} is out of range [0, {count})"
            )
        data, ids = data.reshape((ids.size, *data.shape[ids.ndim :])), ids.reshape(-1)
        if (ids < 0).any():
            data, ids = data[ids >= 0], ids[ids >= 0]
        return reduce_rows(ufunc, data, ids, count, empty)


class UnsortedSegmentSum(UnsortedSegment):
    """The sum of the rows of each segment."""

    def kernel(self, data: Array[Number], segment_ids: Array[Index], num_segments: Array[CountIndex]) -> Array[Number]:
        if np.ndim(segment_ids) == 1 and data.shape[:1] == segment_ids.shape and 0 < num_segments <= len(data):
            sums = rows.sums_of_rows(data, segment_ids, int(num_segments))
            if sums is not None:
                return sums
        return self.combine(np.add, data, segment_ids, num_segments, 0)

    def grad(self, node: Any, dy: Tensor) -> Any:
        """Every row gets the gradient of its segment, rows left out get zeros."""
        return [gather_present(dy, node.inputs[1])[0], None, None]


class UnsortedSegmentProd(UnsortedSegment):
    """The product of the rows of each segment."""

    def kernel(self, data: Array[Number], segment_ids: Array[Index], num_segments: Array[CountIndex]) -> Array[Number]:
        return self.combine(np.multiply, data, segment_ids, num_segments, 1)

    def grad(self, node: Any, dy: Tensor) -> Any:
        """The product of the others: by division, or directly where the element is 0; nothing where two are 0."""
        data, ids, count = node.inputs
        is_zero = raw.Equal(data, 0)
        zeros = raw.UnsortedSegmentSum(raw.Cast(is_zero, DstT=dtypes.int32), ids, count)
        dy = raw.SelectV2(raw.Greater(zeros, 1), zeros_like(dy), dy)
        others = raw.SelectV2(is_zero, ones_like(data), data)
        product_of_others = raw.UnsortedSegmentProd(others, ids, count)
        clipped = raw.Maximum(ids, zeros_like(ids))
        product = gather(node.outputs[0], clipped)
        own = gather(product_of_others, clipped)
        partial = raw.SelectV2(is_zero, own, product / data)
        return [gather_present(dy, ids, clipped)[0] * partial, None, None]


class UnsortedSegmentExtreme(UnsortedSegment, abstract=True):
    """What UnsortedSegmentMax and UnsortedSegmentMin have in common."""

    def grad(self, node: Any, dy: Tensor) -> Any:
        """The rows that are equal to the extreme share the gradient."""
        data, ids, count = node.inputs
        extreme, clipped, present = gather_present(node.outputs[0], ids)
        chosen = raw.LogicalAnd(raw.Equal(data, extreme), present)
        shares = dy / raw.UnsortedSegmentSum(raw.Cast(chosen, DstT=dy.dtype.base_dtype), ids, count)
        own, _, _ = gather_present(shares, None, clipped, present)
        return [raw.SelectV2(chosen, own, zeros_like(own)), None, None]


class UnsortedSegmentMax(UnsortedSegmentExtreme):
    """The largest element of each segment; the least number of the dtype where there is none."""

    def kernel(
        self, data: Array[RealNumber], segment_ids: Array[Index], num_segments: Array[CountIndex]
    ) -> Array[RealNumber]:
        return self.combine(np.maximum, data, segment_ids, num_segments, _limits(data).min)


class UnsortedSegmentMin(UnsortedSegmentExtreme):
    """The smallest element of each segment; the largest number of the dtype where there is none."""

    def kernel(
        self, data: Array[RealNumber], segment_ids: Array[Index], num_segments: Array[CountIndex]
    ) -> Array[RealNumber]:
        return self.combine(np.minimum, data, segment_ids, num_segments, _limits(data).max)


def _limits(data: Any) -> Any:
    kind = np.asarray(data).dtype
    return np.finfo(kind) if kind.kind == "f" else np.iinfo(kind)


def gather_present(
    params: Tensor, ids: Tensor | None, clipped: Tensor | None = None, present: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Gather by ids of which some are negative: those get zeros. Also gives the ids clipped to 0 and the mask."""
    if clipped is None:
        clipped = raw.Maximum(ids, zeros_like(ids))
    gathered = gather(params, clipped)
    if present is None:
        assert ids is not None
        present = raw.GreaterEqual(ids, 0)
        present_shape = shape(present)
        rest = ones([rank(gathered) - rank(present)], dtype=present_shape.dtype)
        present = reshape(present, concat([present_shape, rest], axis=0))
        present = present & ones_like(gathered, dtype=dtypes.bool_)
    return raw.SelectV2(present, gathered, zeros_like(gathered)), clipped, present


@export("unsorted_segment_sum", "math.unsorted_segment_sum")
def unsorted_segment_sum(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Tensor:
    """Add up the rows of each segment; the ids may come in any order.

    Parameters
    ----------
    data : Tensor
    segment_ids : Tensor, int32 or int64
        Its shape is that of the first axes of `data`. Rows with a negative id are left out.
    num_segments : scalar
        Number of rows of the result.
    name : str, optional

    Returns
    -------
    Tensor
        Zeros for segments without rows.

    Raises
    ------
    InvalidArgumentError
        When run, if an id is not below `num_segments`.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.unsorted_segment_sum([1, 2, 3, 4], [2, 0, 2, -1], 3))
    array([2, 0, 4], dtype=int32)
    """
    return UnsortedSegmentSum()(data, segment_ids, num_segments, name=name)


@export("unsorted_segment_prod", "math.unsorted_segment_prod")
def unsorted_segment_prod(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Tensor:
    """Multiply the rows of each segment; ones for segments without rows. As `tf.unsorted_segment_sum`."""
    return UnsortedSegmentProd()(data, segment_ids, num_segments, name=name)


@export("unsorted_segment_max", "math.unsorted_segment_max")
def unsorted_segment_max(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Tensor:
    """Return the largest elements of each segment, the least number of the dtype where there are no rows.

    As `tf.unsorted_segment_sum`.
    """
    return UnsortedSegmentMax()(data, segment_ids, num_segments, name=name)


@export("unsorted_segment_min", "math.unsorted_segment_min")
def unsorted_segment_min(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Tensor:
    """Return the smallest elements of each segment, the largest number of the dtype where there are no rows.

    As `tf.unsorted_segment_sum`.
    """
    return UnsortedSegmentMin()(data, segment_ids, num_segments, name=name)


def _rows_in_each(data: Tensor, segment_ids: Tensor, num_segments: Any) -> Tensor:
    """How many rows each segment has, at least 1, shaped so that the sums can be divided by it."""
    each = ones(shape_of(segment_ids), dtype=data.dtype)
    count = raw.UnsortedSegmentSum(each, segment_ids, num_segments)
    if data.shape.ndims is None or segment_ids.shape.ndims is None:
        rest: Any = ones([rank(data) - rank(segment_ids)], dtype=dtypes.int32)
        sizes: Any = concat([[num_segments], rest], axis=0)
    else:
        sizes = [num_segments] + [1] * (data.shape.ndims - segment_ids.shape.ndims)
    return raw.Maximum(reshape(count, sizes), 1)


@export("unsorted_segment_mean", "math.unsorted_segment_mean")
def unsorted_segment_mean(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Tensor:
    """Return the mean of the rows of each segment; zeros for segments without rows. As `tf.unsorted_segment_sum`."""
    with name_scope(name, "UnsortedSegmentMean"):
        data, segment_ids = convert(data), convert(segment_ids)
        count = _rows_in_each(data, segment_ids, num_segments)
        return raw.UnsortedSegmentSum(data, segment_ids, num_segments) / count


@export("unsorted_segment_sqrt_n", "math.unsorted_segment_sqrt_n")
def unsorted_segment_sqrt_n(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Tensor:
    """Return the sum of the rows of each segment, divided by the root of their number.

    As `tf.unsorted_segment_sum`.
    """
    with name_scope(name, "UnsortedSegmentSqrtN"):
        data, segment_ids = convert(data), convert(segment_ids)
        count = _rows_in_each(data, segment_ids, num_segments)
        return raw.UnsortedSegmentSum(data, segment_ids, num_segments) / raw.Sqrt(count)

"""The operations under ragged tensors: ranges of different lengths, rows picked, the way to sparse tensors."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from flowlab._src.autodiff.slices import IndexedSlices
from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph import dtypes
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.op import Array, Op, Spec, T
from flowlab._src.graph.registry import raw
from flowlab._src.graph.shape import TensorShape, merge_shapes, unknown_shape
from flowlab._src.kernels import sparse
from flowlab._src.kernels.memory import require_memory
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.gather import gather
from flowlab._src.ops.reshaping import reshape

RangeNumber = TypeVar("RangeNumber", np.int32, np.int64, np.float32, np.float64)
Splits = TypeVar("Splits", np.int32, np.int64)
Tindices = TypeVar("Tindices", np.int32, np.int64)


def _refuse(message: str) -> InvalidArgumentError:
    return InvalidArgumentError(None, None, message)


def splits_of(lengths: np.ndarray, dtype: Any = np.int64) -> np.ndarray:
    """Where rows of given lengths begin and end in the values."""
    result = np.zeros(len(lengths) + 1, dtype)
    np.cumsum(lengths, out=result[1:])
    return result


def positions_in(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The numbers start, start + 1 ... of each stretch, one stretch after another."""
    offsets = np.repeat(starts - splits_of(lengths)[:-1], lengths)
    result: np.ndarray = offsets + np.arange(len(offsets))
    return result


def check_splits(splits: np.ndarray, count: int, what: str = "splits") -> None:
    """InvalidArgumentError unless the splits cut `count` values into rows."""
    if splits.ndim != 1 or not len(splits):
        raise _refuse(f"{what} must have at least one element and one axis, got shape {sparse.text(splits.shape)}")
    if splits[0] != 0:
        raise _refuse(f"First element of {what} must be 0, got {splits[0]}")
    if (splits[1:] < splits[:-1]).any():
        raise _refuse(f"{what} must not fall: {splits.tolist()}")
    if splits[-1] != count:
        raise _refuse(f"Final value of {what} must be equal to {count}, got {splits[-1]}")


class RaggedRange(Op):
    """Ranges of numbers, each with a start, a limit and a step, one row each."""

    Tsplits: DType = dtypes.int64
    grad = None

    def kernel(
        self, starts: Array[RangeNumber], limits: Array[RangeNumber], deltas: Array[RangeNumber]
    ) -> tuple[Array, Array[RangeNumber]]:
        parts = [np.asarray(x) for x in (starts, limits, deltas)]
        sizes = {x.shape for x in parts if x.ndim}
        if any(x.ndim > 1 for x in parts):
            raise _refuse("starts, limits and deltas must be scalars or vectors")
        if len(sizes) > 1:
            raise _refuse("starts, limits, and deltas must have the same shape")
        first, last, step = (np.atleast_1d(x) for x in np.broadcast_arrays(*parts))
        if (step == 0).any():
            raise _refuse("Requires delta != 0")
        if first.dtype.kind == "f":
            lengths = np.maximum(np.ceil((last - first) / step), 0)
        else:
            wide_first, wide_last, wide_step = (x.astype(object) for x in (first, last, step))
            lengths = np.maximum(-((wide_first - wide_last) // wide_step), 0)
        total = sum(int(n) for n in lengths)
        require_memory((total,), first.dtype)
        counts = lengths.astype(np.int64)
        within = np.arange(total) - np.repeat(splits_of(counts)[:-1], counts)
        values = np.repeat(first, counts) + within.astype(first.dtype) * np.repeat(step, counts)
        return splits_of(counts, self.Tsplits.as_numpy_dtype), values

    def dtypes(self, starts: Any, limits: Any, deltas: Any) -> list[DType]:
        return [self.Tsplits, starts.dtype.base_dtype]

    def shape(self, starts: Spec, limits: Spec, deltas: Spec) -> list[TensorShape]:
        rows = unknown_shape(1)
        known = True
        for x in (starts, limits, deltas):
            if x.rank is None:
                known = False
            elif x.rank:
                rows = merge_shapes(rows, TensorShape.of(x.ranked(1)))
        count = rows[0].value
        if count is None and known and not any(x.rank for x in (starts, limits, deltas)):
            count = 1
        return [TensorShape.of((None if count is None else count + 1,)), unknown_shape(1)]


class RaggedGather(Op):
    """Rows of a ragged tensor, picked by number."""

    OUTPUT_RAGGED_RANK: int

    def kernel(
        self,
        params_nested_splits: Sequence[Array[Splits]],
        params_dense_values: Array[T],
        indices: Array[Tindices],
    ) -> tuple[Array, ...]:
        splits = [np.asarray(s) for s in params_nested_splits]
        values, chosen = np.asarray(params_dense_values), np.asarray(indices)
        counts = [len(s) - 1 for s in splits[1:]] + [len(values)]
        for s, count in zip(splits, counts, strict=True):
            check_splits(s, count, "Ragged splits")
        kind = splits[0].dtype
        rows = chosen.reshape(-1)
        outside = (rows < 0) | (rows >= len(splits[0]) - 1)
        if outside.any():
            place = np.unravel_index(int(np.argmax(outside)), chosen.shape)
            at = f"[{','.join(str(i) for i in place)}]" if place else ""
            raise _refuse(f"indices{at} = {rows[int(np.argmax(outside))]} is not in [0, {len(splits[0]) - 1})")
        result: list[Any] = []
        # The axes of the indices but the last become rows of equal lengths.
        for outer, inner in itertools.pairwise(chosen.shape):
            repeats = int(np.prod(chosen.shape[: len(result)], dtype=np.int64)) * outer
            result.append((np.arange(repeats + 1) * inner).astype(kind))
        for s in splits:
            lengths = s[rows + 1] - s[rows]
            result.append(splits_of(lengths, kind))
            rows = positions_in(s[rows], lengths)
        return (*result, values[rows])

    def dtypes(self, *inputs: Any) -> list[DType]:
        kind = inputs[0].dtype.base_dtype
        return [kind] * self.OUTPUT_RAGGED_RANK + [inputs[-2].dtype.base_dtype]

    def shape(
        self, params_nested_splits: Sequence[Spec], params_dense_values: Spec, indices: Spec
    ) -> list[TensorShape]:
        for s in params_nested_splits:
            s.ranked(1)
        result = [unknown_shape(1) for _ in range(self.OUTPUT_RAGGED_RANK)]
        count = indices.shape.num_elements()
        if count is not None and indices.rank == 1:
            result[0] = TensorShape.of((count + 1,))
        dims = params_dense_values.dims
        return [*result, TensorShape.of(None if dims is None else (None, *dims[1:]))]

    def grad(self, node: Any, *dys: Any) -> Any:
        """The values of each row picked belong to the values of that row."""
        *splits, values, indices = node.inputs
        combined = splits[0]
        for s in splits[1:]:
            combined = gather(s, combined)
        rows = reshape(indices, [-1])
        first, last = gather(combined, rows), gather(combined[1:], rows)
        places = raw.RaggedRange(first, last, 1, Tsplits=dtypes.int64)[1]
        return [*[None] * len(splits), IndexedSlices(dys[-1], places, shape_of(values)), None]


class RaggedTensorToSparse(Op):
    """A ragged tensor as a sparse one of the smallest shape that holds it."""

    def kernel(
        self, rt_nested_splits: Sequence[Array[Splits]], rt_dense_values: Array[T]
    ) -> tuple[Array[np.int64], Array[T], Array[np.int64]]:
        splits, values = [np.asarray(s) for s in rt_nested_splits], np.asarray(rt_dense_values)
        counts = [len(s) - 1 for s in splits[1:]] + [len(values)]
        for s, count in zip(splits, counts, strict=True):
            check_splits(s, count, "Ragged splits")
        places = np.arange(len(splits[0]) - 1)[:, None]
        sizes: list[int] = [len(splits[0]) - 1]
        for s in splits:
            lengths = np.diff(s)
            column = positions_in(np.zeros(len(lengths), np.int64), lengths)
            places = np.concatenate([np.repeat(places, lengths, axis=0), column[:, None]], axis=1)
            sizes.append(int(lengths.max(initial=0)))
        inner: tuple[int, ...] = values.shape[1:]
        if inner:  # the axes of the values themselves
            grid = np.argwhere(np.ones(inner, bool))
            places = np.concatenate([np.repeat(places, len(grid), axis=0), np.tile(grid, (len(places), 1))], axis=1)
        return places.astype(np.int64), values.reshape(-1).copy(), np.array([*sizes, *inner], np.int64)

    def shape(self, rt_nested_splits: Sequence[Spec], rt_dense_values: Spec) -> list[TensorShape]:
        rank = None if rt_dense_values.rank is None else rt_dense_values.rank + len(rt_nested_splits)
        count = rt_dense_values.shape.num_elements()
        return [TensorShape.of((count, rank)), TensorShape.of((count,)), TensorShape.of((rank,))]

    def grad(self, node: Any, _: Any, dy: Any, __: Any) -> Any:
        """The elements stand in the same order: their gradients take the shape of the values."""
        values = node.inputs[-1]
        return [*[None] * (len(node.inputs) - 1), reshape(dy, shape_of(values))]

"""Rows dealt out to several tensors and put together again: dynamic_partition, dynamic_stitch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowlab._src.autodiff.slices import IndexedSlices
from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.op import Array, Op, Spec, T, repeated
from flowlab._src.graph.registry import raw
from flowlab._src.graph.shape import UNKNOWN, TensorShape, format_dims, merge_shapes
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import shape
from flowlab._src.ops.gather import gather
from flowlab._src.ops.reshaping import reshape
from flowlab._src.ops.segments import merge_prefix
from flowlab._src.ops.selecting import all_axes
from flowlab._src.ops.sequences import range_
from flowlab._src.util.export import export


class DynamicPartition(Op):
    """Rows dealt out to `num_partitions` tensors, each row to the one its number in `partitions` says."""

    num_partitions: int

    def kernel(self, data: Array[T], partitions: Array[np.int32]) -> tuple[Array[T], ...]:
        data, partitions = np.asarray(data), np.asarray(partitions)
        if data.shape[: partitions.ndim] != partitions.shape:
            raise InvalidArgumentError(
                None, None, f"data.shape must start with partitions.shape, got data.shape = {format_dims(data.shape)}, "
                f"partitions.shape = {format_dims(partitions.shape)}",
            )  # fmt: skip
        if partitions.size and (partitions.min() < 0 or partitions.max() >= self.num_partitions):
            first = np.argwhere((partitions < 0) | (partitions >= self.num_partitions))[0]
            place = "[" + ",".join(str(i) for i in first) + "]" if len(first) else ""
            raise InvalidArgumentError(
                None, None, f"partitions{place} = {partitions[tuple(first)]} is not in [0, {self.num_partitions})"
            )
        return tuple(data[partitions == i] for i in range(self.num_partitions))

    def dtypes(self, data: Any, partitions: Any) -> list[DType]:
        return repeated(data.dtype.base_dtype, self.num_partitions)

    def shape(self, data: Spec, partitions: Spec) -> list[TensorShape]:
        part = UNKNOWN
        if data.dims is not None and partitions.dims is not None:
            depth = len(partitions.dims)
            merge_prefix(data.dims, partitions.dims)
            part = TensorShape.of((None, *data.dims[depth:]))
        return [part] * self.num_partitions

    def grad(self, node: Any, *dys: Any) -> Any:
        """Deal the row numbers out in the same way, and stitch the gradients together by them."""
        data, partitions = node.inputs
        prefix = shape(partitions)
        rows = reshape(range_(raw.Prod(prefix, all_axes(prefix))), prefix)
        places = DynamicPartition(num_partitions=self.num_partitions)(rows, partitions)
        whole = ParallelDynamicStitch()(places, list(dys))
        return [reshape(whole, shape(data)), None]


@export("dynamic_partition")
def dynamic_partition(data: Any, partitions: Any, num_partitions: int, name: str | None = None) -> list[Tensor]:
    """Deal the rows of a tensor out to several tensors.

    Parameters
    ----------
    data : Tensor
    partitions : Tensor, int32
        Its shape is that of the first axes of `data`; numbers from 0 to `num_partitions` - 1.
    num_partitions : int
    name : str, optional

    Returns
    -------
    list of Tensor

    Examples
    --------
    >>> low, high = tf.dynamic_partition([10, 20, 30, 40], [0, 1, 0, 1], 2)
    >>> with tf.Session() as sess:
    ...     sess.run(low), sess.run(high)
    (array([10, 30], dtype=int32), array([20, 40], dtype=int32))
    """
    return DynamicPartition(num_partitions=num_partitions)(data, partitions, name=name)


class DynamicStitch(Op):
    """Rows from several tensors put at the places given; where two claim a place the last one has it."""

    def kernel(self, indices: Sequence[Array[np.int32]], data: Sequence[Array[T]]) -> Array[T]:
        pairs = [(np.asarray(i), np.asarray(d)) for i, d in zip(indices, data, strict=True)]
        for n, (i, d) in enumerate(pairs):
            if d.shape[: i.ndim] != i.shape:
                raise InvalidArgumentError(
                    None,
                    None,
                    f"data[{n}].shape = {format_dims(d.shape)} does not start with indices[{n}].shape = {format_dims(i.shape)}",
                )
            if i.size and i.min() < 0:
                raise InvalidArgumentError(None, None, f"indices[{n}] = {i.min()} is out of range")
        rest = pairs[0][1].shape[pairs[0][0].ndim :]
        count = max((int(i.max()) + 1 for i, _ in pairs if i.size), default=0)
        result = np.zeros((count, *rest), pairs[0][1].dtype)
        for i, d in pairs:
            result[i] = d
        return result

    def shape(self, indices: Sequence[Spec], data: Sequence[Spec]) -> TensorShape:
        rest = UNKNOWN
        known: int | None = 0
        for i, d in zip(indices, data, strict=True):
            value = i.value
            if value is None:
                known = None
            elif known is not None and value.size:
                known = max(known, int(value.max()) + 1)
            if i.dims is None or d.dims is None:
                continue
            depth = len(i.dims)
            merge_prefix(d.dims, i.dims)
            rest = merge_shapes(rest, TensorShape.of(d.dims[depth:]))
        return UNKNOWN if rest._dims is None else TensorShape.of((known, *rest._dims))

    def grad(self, node: Any, dy: Any) -> Any:
        """Each piece gets the gradient from the places it was put."""
        count = len(node.inputs) // 2
        indices = node.inputs[:count]
        if isinstance(dy, IndexedSlices):
            rows = shape(node.outputs[0])[0]
            dy = raw.UnsortedSegmentSum(dy.values, dy.indices, rows)
        return [None] * count + [gather(dy, i) for i in indices]


class ParallelDynamicStitch(DynamicStitch):
    """As DynamicStitch; which of two claims wins is left open."""


@export("dynamic_stitch")
def dynamic_stitch(indices: Any, data: Any, name: str | None = None) -> Tensor:
    """Put rows from several tensors together: row `indices[m][i]` of the result is `data[m][i]`.

    Parameters
    ----------
    indices : list of Tensor, int32
    data : list of Tensor
        Each in the shape of its indices, continued by the shape of a row.
    name : str, optional

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.dynamic_stitch([[0, 2], [1]], [[10, 30], [20]]))
    array([10, 20, 30], dtype=int32)
    """
    return DynamicStitch()(indices, data, name=name)

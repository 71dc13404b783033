"""Sums and means over rows that are picked first: what looking up several rows of a table for each example needs."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError
from flowlab._src.graph import dtypes
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.op import Array, FloatingOrComplex, Index, Number, Op, Spec
from flowlab._src.graph.registry import raw
from flowlab._src.graph.shape import (
    UNKNOWN,
    TensorShape,
    merge_shapes,
)
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import rows
from flowlab._src.ops.array_shape import shape
from flowlab._src.ops.segments import check_sorted, reduce_rows
from flowlab._src.util.export import export


class SparseSegment(Op, abstract=True):
    """Rows are picked by `indices` and then combined by segment: only the rows needed are read."""

    preferred_dtypes: ClassVar[dict[str, DType]] = {"indices": dtypes.int32}

    def shape(self, data: Spec, indices: Spec, segment_ids: Spec) -> TensorShape:
        merge_shapes(TensorShape.of(indices.ranked(1)), TensorShape.of(segment_ids.ranked(1)))
        if data.dims is None:
            return UNKNOWN
        if not data.dims:
            raise ShapeError("Shape must be at least rank 1 but is rank 0")
        return TensorShape.of((None, *data.dims[1:]))

    @staticmethod
    def sums(data: Any, indices: Any, segment_ids: Any) -> tuple[np.ndarray, np.ndarray]:
        """The sums of the segments and the number of rows in each."""
        data, indices = np.asarray(data), np.asarray(indices)
        if indices.size and not 0 <= indices.min() <= indices.max() < len(data):
            i = int(np.argmax((indices < 0) | (indices >= len(data))))
            message = f"Bad: indices[{i}] == {indices[i]} out of range [0, {len(data)})"
            raise InvalidArgumentError(None, None, message)
        taken, ids, count = check_sorted(data[indices], segment_ids)
        sizes = np.bincount(ids, minlength=count).reshape((-1,) + (1,) * (data.ndim - 1)).clip(1)
        return reduce_rows(np.add, taken, ids, count, 0), sizes.astype(data.dtype)


class SparseSegmentSum(SparseSegment):
    """The sum of the rows picked for each segment."""

    def kernel(self, data: Array[Number], indices: Array[Index], segment_ids: Array[np.int32]) -> Array[Number]:
        found = rows.segments(data, indices, segment_ids, 0)
        return self.sums(data, indices, segment_ids)[0] if found is None else found

    def grad(self, node: Any, dy: Tensor) -> Any:
        """Every row picked gets the gradient of its segment."""
        data, indices, segment_ids = node.inputs
        rows = shape(data)[0]
        return [raw.SparseSegmentSumGrad(dy, indices, segment_ids, rows), None, None]


class SparseSegmentMean(SparseSegment):
    """The mean of the rows picked for each segment."""

    def kernel(
        self, data: Array[FloatingOrComplex], indices: Array[Index], segment_ids: Array[np.int32]
    ) -> Array[FloatingOrComplex]:
        found = rows.segments(data, indices, segment_ids, 1)
        if found is not None:
            return found
        total, sizes = self.sums(data, indices, segment_ids)
        return total / sizes

    def grad(self, node: Any, dy: Tensor) -> Any:
        """Every row picked gets its share of the gradient of its segment."""
        data, indices, segment_ids = node.inputs
        rows = shape(data)[0]
        return [raw.SparseSegmentMeanGrad(dy, indices, segment_ids, rows), None, None]


class SparseSegmentSqrtN(SparseSegment):
    """The sum of the rows picked for each segment, divided by the root of their number."""

    def kernel(
        self, data: Array[FloatingOrComplex], indices: Array[Index], segment_ids: Array[np.int32]
    ) -> Array[FloatingOrComplex]:
        found = rows.segments(data, indices, segment_ids, 0.5)
        if found is not None:
            return found
        total, sizes = self.sums(data, indices, segment_ids)
        return total / np.sqrt(sizes)

    def grad(self, node: Any, dy: Tensor) -> Any:
        """Every row picked gets its share of the gradient of its segment."""
        data, indices, segment_ids = node.inputs
        rows = shape(data)[0]
        return [raw.SparseSegmentSqrtNGrad(dy, indices, segment_ids, rows), None, None]


class SparseSegmentGrad(Op, abstract=True):
    """The gradient of a mean over picked rows: shares of the segments' gradients, added up where the rows came from."""

    power: ClassVar[float]  # the gradient is divided by the number of a segment's rows to this power
    preferred_dtypes: ClassVar[dict[str, DType]] = {"indices": dtypes.int32}

    def kernel(
        self,
        grad: Array[FloatingOrComplex],
        indices: Array[Index],
        segment_ids: Array[np.int32],
        output_dim0: Array[np.int32],
    ) -> Array[FloatingOrComplex]:
        dy, ids = np.asarray(grad), np.asarray(segment_ids)
        sizes = np.bincount(ids, minlength=len(dy)).clip(1).astype(dy.dtype) ** dy.dtype.type(self.power)
        shares = (dy / sizes.reshape((-1,) + (1,) * (dy.ndim - 1)))[ids]
        return reduce_rows(np.add, shares, np.asarray(indices), int(output_dim0), 0)

    def shape(self, grad: Spec, indices: Spec, segment_ids: Spec, output_dim0: Spec) -> TensorShape:
        if grad.dims is None:
            return UNKNOWN
        rows = None if output_dim0.value is None else int(output_dim0.value)
        return TensorShape.of((rows, *grad.dims[1:]))


class SparseSegmentSumGrad(SparseSegmentGrad):
    """The gradient of SparseSegmentSum."""

    power = 0.0


class SparseSegmentMeanGrad(SparseSegmentGrad):
    """The gradient of SparseSegmentMean."""

    power = 1.0


class SparseSegmentSqrtNGrad(SparseSegmentGrad):
    """The gradient of SparseSegmentSqrtN."""

    power = 0.5


@export("sparse_segment_sum", "sparse.segment_sum")
def sparse_segment_sum(data: Any, indices: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """Pick rows by `indices`, then add up those of each segment.

    Parameters
    ----------
    data : Tensor, shape (rows, ...)
    indices : Tensor, shape (n,), int32 or int64
        The rows to pick.
    segment_ids : Tensor, shape (n,), int32
        The segment of each picked row; must not fall.
    name : str, optional

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sparse_segment_sum([10, 20, 30], [0, 2, 2], [0, 0, 1]))
    array([40, 30], dtype=int32)
    """
    return SparseSegmentSum()(data, indices, segment_ids, name=name)


@export("sparse_segment_mean", "sparse.segment_mean")
def sparse_segment_mean(data: Any, indices: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """Pick rows by `indices`, then take the mean of those of each segment; as `tf.sparse_segment_sum`."""
    return SparseSegmentMean()(data, indices, segment_ids, name=name)


@export("sparse_segment_sqrt_n", "sparse.segment_sqrt_n")
def sparse_segment_sqrt_n(data: Any, indices: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """Pick rows by `indices`, add up those of each segment and divide by the root of their number."""
    return SparseSegmentSqrtN()(data, indices, segment_ids, name=name)

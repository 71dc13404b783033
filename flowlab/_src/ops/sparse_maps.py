"""Sparse tensors on their way through queues: the session keeps them in a map, the queue holds their numbers.

A queue takes dense tensors only. So `tf.train.batch` puts a sparse tensor into a map, enqueues the number it got for it,
and takes the sparse tensors of a batch out of the map again, stacked to one.
"""

from __future__ import annotations

import itertools
import threading
from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.op import Array, Op, Spec, T
from flowlab._src.graph.shape import UNKNOWN, TensorShape
from flowlab._src.graph.sparse_tensor import SparseTensor
from flowlab._src.ops.queue_ops import SCALAR, kept, resource_name

SparseParts = tuple[Any, Any, Any]  # indices, values, dense shape


class SparseMap:
    """Sparse tensors by number."""

    op_type = "SparseTensorsMap"

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._tensors: dict[int, SparseParts] = {}
        self._lock = threading.Lock()

    def add(self, parts: SparseParts) -> int:
        """Keep a sparse tensor and return its number."""
        with self._lock:
            number = next(self._numbers)
            self._tensors[number] = parts
            return number

    def take(self, number: int) -> SparseParts:
        """Return the sparse tensor of a number and forget it."""
        with self._lock:
            if number not in self._tensors:
                raise InvalidArgumentError(None, None, f"Unable to find SparseTensor: {number} in map")
            return self._tensors.pop(number)


def map_of(op: Any, run: Any) -> SparseMap:
    """The map of the running node."""
    found: SparseMap = run.state.resource(("resource", resource_name(op, run.node)), SparseMap)
    return found


def check_parts(indices: Any, values: Any, shape: Any, prefix: str) -> None:
    """InvalidArgumentError unless the three parts fit each other."""
    for name, part, rank, kind in (
        (f"{prefix}_indices", indices, 2, "matrix"), (f"{prefix}_values", values, 1, "vector"),
        (f"{prefix}_shape", shape, 1, "vector"),
    ):  # fmt: skip
        if np.ndim(part) != rank:
            raise InvalidArgumentError(
                None, None, f"Input {name} should be a {kind} but received shape {list(np.shape(part))}"
            )
    if len(indices) != len(values) or indices.shape[1] != len(shape):
        raise InvalidArgumentError(
            None,
            None,
            f"Rank of input SparseTensor should be {indices.shape[1]}, with {len(indices)} values, but shape has "
            f"{len(shape)} elements and there are {len(values)} values",
        )


class AddSparseToTensorsMap(Op):
    """Keep a sparse tensor; gives its number."""

    container: str = ""
    shared_name: str = ""
    stateful = True
    grad = None

    def kernel(
        self, run: Any, sparse_indices: Array[np.int64], sparse_values: Array[T], sparse_shape: Array[np.int64]
    ) -> Array[np.int64]:
        check_parts(sparse_indices, sparse_values, sparse_shape, "sparse")
        return np.int64(map_of(self, run).add((kept(sparse_indices), kept(sparse_values), kept(sparse_shape))))

    def shape(self, sparse_indices: Spec, sparse_values: Spec, sparse_shape: Spec) -> TensorShape:
        sparse_indices.ranked(2)
        sparse_values.ranked(1)
        sparse_shape.ranked(1)
        return SCALAR


class AddManySparseToTensorsMap(Op):
    """Keep the rows of a sparse tensor; gives the number of each."""

    container: str = ""
    shared_name: str = ""
    stateful = True
    grad = None

    def kernel(
        self, run: Any, sparse_indices: Array[np.int64], sparse_values: Array[T], sparse_shape: Array[np.int64]
    ) -> Array[np.int64]:
        check_parts(sparse_indices, sparse_values, sparse_shape, "sparse")
        if len(sparse_shape) < 2:
            message = f"Rank of input SparseTensor should be > 1, but saw rank: {len(sparse_shape)}"
            raise InvalidArgumentError(None, None, message)
        kept_here = map_of(self, run)
        rows = sparse_indices[:, 0]
        numbers = []
        for row in range(int(sparse_shape[0])):
            chosen = rows == row
            parts = sparse_indices[chosen, 1:], sparse_values[chosen], sparse_shape[1:].copy()
            numbers.append(kept_here.add(parts))
        return np.array(numbers, np.int64)

    def shape(self, sparse_indices: Spec, sparse_values: Spec, sparse_shape: Spec) -> TensorShape:
        sparse_indices.ranked(2)
        sparse_values.ranked(1)
        sparse_shape.ranked(1)
        return TensorShape.of((None,))


class TakeManySparseFromTensorsMap(Op):
    """Take sparse tensors out of the map, stacked along a new first axis."""

    dtype: DType
    container: str = ""
    shared_name: str = ""
    stateful = True

    def kernel(self, run: Any, sparse_handles: Array[np.int64]) -> tuple[Array[np.int64], Array, Array[np.int64]]:
        if np.ndim(sparse_handles) != 1:
            message = f"sparse_handles should be a vector but received shape {list(np.shape(sparse_handles))}"
            raise InvalidArgumentError(None, None, message)
        if not len(sparse_handles):
            raise InvalidArgumentError(
                None, None, "Must have at least 1 serialized SparseTensor, but input matrix has 0 rows"
            )
        found = [map_of(self, run).take(int(number)) for number in sparse_handles]
        if len({len(shape) for _, _, shape in found}) > 1:
            ranks = [len(shape) for _, _, shape in found]
            raise InvalidArgumentError(None, None, f"Inconsistent rank across SparseTensors: ranks are {ranks}")
        indices = [np.insert(places, 0, row, axis=1) for row, (places, _, _) in enumerate(found)]
        sizes = np.max([shape for _, _, shape in found], axis=0)
        return (
            np.concatenate(indices).astype(np.int64, copy=False),
            np.concatenate([values for _, values, _ in found]),
            np.concatenate([[len(found)], sizes]).astype(np.int64),
        )

    def dtypes(self, *inputs: Any) -> list[DType]:
        from flowlab._src.graph.dtypes import int64

        return [int64, self.dtype, int64]

    def shape(self, sparse_handles: Spec) -> list[TensorShape]:
        sparse_handles.ranked(1)
        return [TensorShape.of((None, None)), TensorShape.of((None,)), TensorShape.of((None,))]


def store(sparse: SparseTensor, many: bool, shared_name: str | None) -> Any:
    """Add the node that keeps a sparse tensor, or its rows one by one; gives their numbers."""
    op = AddManySparseToTensorsMap if many else AddSparseToTensorsMap
    return op(shared_name=shared_name or "")(sparse.indices, sparse.values, sparse.dense_shape)


def restore(node: Any, numbers: Any, rank: int | None) -> SparseTensor:
    """Add the node that takes the sparse tensors with these numbers out of the map of `node`."""
    with get_default_graph().colocate_with(node):
        op = TakeManySparseFromTensorsMap(
            dtype=node.inputs[1].dtype.base_dtype,
            container=node.get_attr("container"),
            shared_name=node.get_attr("shared_name") or node.name,
        )
        indices, values, shape = op(numbers)
        indices.set_shape(TensorShape.of((None, rank)))
        shape.set_shape(TensorShape.of((rank,)) if rank is not None else UNKNOWN)
        return SparseTensor(indices, values, shape)

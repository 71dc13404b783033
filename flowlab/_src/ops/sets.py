"""Sets: the last axis of a tensor holds the elements of a set, in any order, and more than once if you like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph import dtypes
from flowlab._src.graph.op import Array, Op, Spec
from flowlab._src.graph.shape import (
    UNKNOWN,
    TensorShape,
    merge_shapes,
    require_rank,
    require_rank_at_least,
    unknown_shape,
)
from flowlab._src.graph.sparse_tensor import SparseTensor, convert_to_tensor_or_sparse_tensor
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import sparse
from flowlab._src.kernels.memory import require_memory
from flowlab._src.ops.misuse import misuse
from flowlab._src.util.export import export

Element = TypeVar("Element", np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.object_)

_DTYPES = (
    dtypes.int8, dtypes.int16, dtypes.int32, dtypes.int64, dtypes.uint8, dtypes.uint16, dtypes.string,
)  # fmt: skip

Groups = dict[tuple[int, ...], list[Any]]  # place along the outer axes -> elements of the set there

_OPERATIONS = {
    "a-b": lambda a, b: a - b,
    "b-a": lambda a, b: b - a,
    "intersection": lambda a, b: a & b,
    "union": lambda a, b: a | b,
}


def _refuse(message: str) -> InvalidArgumentError:
    return InvalidArgumentError(None, None, message)


def _dense_groups(x: np.ndarray) -> tuple[Groups, list[int]]:
    """The sets of a dense tensor and the sizes of its outer axes."""
    if x.ndim < 2:
        raise _refuse(f"Shape {sparse.text(x.shape)} has rank {x.ndim} < 2")
    return {place: x[place].tolist() for place in np.ndindex(x.shape[:-1])}, list(x.shape[:-1])


def _sparse_groups(indices: Any, values: Any, shape: Any, validate: bool) -> tuple[Groups, list[int]]:
    """The sets of a sparse tensor and the sizes of its outer axes."""
    places, elements, sizes = np.asarray(indices), np.asarray(values), np.asarray(shape)
    sparse.check_parts(places, elements, sizes)
    if len(sizes) < 2:
        raise _refuse(f"Shape {sparse.text(sizes)} has rank {len(sizes)} < 2")
    sparse.check_places(places, sizes, ordered=validate)
    groups: Groups = {}
    for place, element in zip(map(tuple, places[:, :-1].tolist()), elements.tolist(), strict=True):
        groups.setdefault(place, []).append(element)
    return groups, sizes[:-1].tolist()


class SetOperation(Op, abstract=True):
    """Sets of two tensors combined pair by pair; the result is sparse, its elements sorted."""

    set_operation: str
    validate_indices: bool = True

    def combine(
        self, a: tuple[Groups, list[int]], b: tuple[Groups, list[int]], dtype: Any
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The parts of the sparse result."""
        operation = _OPERATIONS.get(self.set_operation.lower())
        if operation is None:
            raise _refuse(f"Invalid set_operation {self.set_operation}.")
        if a[1] != b[1]:
            raise _refuse(f"Mismatched shapes {sparse.text(a[1])} vs {sparse.text(b[1])}")
        rows: list[tuple[int, ...]] = []
        elements: list[Any] = []
        longest = 0
        for place in self.places(a[0], b[0]):
            found = sorted(operation(set(a[0].get(place, ())), set(b[0].get(place, ()))))
            longest = max(longest, len(found))
            rows.extend((*place, i) for i in range(len(found)))
            elements.extend(found)
        rank = len(a[1]) + 1
        indices = np.array(rows, np.int64).reshape(-1, rank)
        return indices, as_elements(elements, dtype), np.array([*a[1], longest], np.int64)

    @staticmethod
    def places(a: Groups, b: Groups) -> Iterator[tuple[int, ...]]:
        """The places where either has a set, in order."""
        return iter(sorted(a.keys() | b.keys()))


def as_elements(elements: list[Any], dtype: Any) -> np.ndarray:
    """Python objects as a vector."""
    result = np.empty(len(elements), dtype)
    for i, element in enumerate(elements):
        result[i] = element
    return result


def _set_shapes(rank: int | None) -> list[TensorShape]:
    return [
        unknown_shape(2) if rank is None else TensorShape.of((None, rank)),
        unknown_shape(1),
        unknown_shape(1) if rank is None else TensorShape.of((rank,)),
    ]


class DenseToDenseSetOperation(SetOperation):
    """Sets of two dense tensors combined."""

    grad = None

    def kernel(
        self, set1: Array[Element], set2: Array[Element]
    ) -> tuple[Array[np.int64], Array[Element], Array[np.int64]]:
        a, b = np.asarray(set1), np.asarray(set2)
        return self.combine(_dense_groups(a), _dense_groups(b), a.dtype)

    def shape(self, set1: Spec, set2: Spec) -> list[TensorShape]:
        for x in (set1, set2):
            require_rank_at_least(x.shape, 2)
        if set1.dims is not None and set2.dims is not None:
            require_rank(set2.shape, len(set1.dims))
            merge_shapes(TensorShape.of(set1.dims[:-1]), TensorShape.of(set2.dims[:-1]))
        rank = set1.rank if set1.rank is not None else set2.rank
        return _set_shapes(rank)


class DenseToSparseSetOperation(SetOperation):
    """Sets of a dense and a sparse tensor combined."""

    grad = None

    def kernel(
        self,
        set1: Array[Element],
        set2_indices: Array[np.int64],
        set2_values: Array[Element],
        set2_shape: Array[np.int64],
    ) -> tuple[Array[np.int64], Array[Element], Array[np.int64]]:
        a = np.asarray(set1)
        other = _sparse_groups(set2_indices, set2_values, set2_shape, self.validate_indices)
        return self.combine(_dense_groups(a), other, a.dtype)

    def shape(self, set1: Spec, set2_indices: Spec, set2_values: Spec, set2_shape: Spec) -> list[TensorShape]:
        set2_indices.ranked(2)
        set2_values.ranked(1)
        set2_shape.ranked(1)
        rank = set1.rank
        if rank is None and set2_shape.dims is not None:
            rank = set2_shape.dims[0]
        return _set_shapes(rank)


class SparseToSparseSetOperation(SetOperation):
    """Sets of two sparse tensors combined."""

    grad = None

    def kernel(
        self,
        set1_indices: Array[np.int64],
        set1_values: Array[Element],
        set1_shape: Array[np.int64],
        set2_indices: Array[np.int64],
        set2_values: Array[Element],
        set2_shape: Array[np.int64],
    ) -> tuple[Array[np.int64], Array[Element], Array[np.int64]]:
        a = _sparse_groups(set1_indices, set1_values, set1_shape, self.validate_indices)
        b = _sparse_groups(set2_indices, set2_values, set2_shape, self.validate_indices)
        return self.combine(a, b, np.asarray(set1_values).dtype)

    def shape(
        self,
        set1_indices: Spec,
        set1_values: Spec,
        set1_shape: Spec,
        set2_indices: Spec,
        set2_values: Spec,
        set2_shape: Spec,
    ) -> list[TensorShape]:
        for places, elements, sizes in (
            (set1_indices, set1_values, set1_shape),
            (set2_indices, set2_values, set2_shape),
        ):
            places.ranked(2)
            elements.ranked(1)
            sizes.ranked(1)
        ranks = [s.dims[0] for s in (set1_shape, set2_shape) if s.dims is not None]
        return _set_shapes(next((r for r in ranks if r is not None), None))


class SetSize(Op):
    """How many different elements each set of a sparse tensor has."""

    validate_indices: bool = True
    grad = None

    def kernel(
        self, set_indices: Array[np.int64], set_values: Array[Element], set_shape: Array[np.int64]
    ) -> Array[np.int32]:
        groups, outer = _sparse_groups(set_indices, set_values, set_shape, self.validate_indices)
        require_memory(outer, np.int32)
        result = np.zeros(outer, np.int32)
        for place, elements in groups.items():
            result[place] = len(set(elements))
        return result

    def shape(self, set_indices: Spec, set_values: Spec, set_shape: Spec) -> TensorShape:
        return UNKNOWN


def _check_dtype(x: Any, name: str) -> None:
    if x.dtype.base_dtype not in _DTYPES:
        allowed = ", ".join(d.name for d in _DTYPES)
        raise misuse(TypeError(f"{name} has invalid dtype {x.dtype!r} not in supported dtypes: `{allowed}`."))


@export("sets.set_size", "sets.size")
def set_size(a: Any, validate_indices: bool = True) -> Tensor:
    """Count the different elements of each set.

    Parameters
    ----------
    a : SparseTensor, integer or string, rank 2 or more
        The last axis holds the elements.
    validate_indices : bool
        Check the order of the places.

    Returns
    -------
    Tensor of int32
        In the shape of the other axes.

    Raises
    ------
    TypeError
        If `a` is not sparse, or of another type.

    Examples
    --------
    >>> a = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], [7, 7, 8], [2, 2])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sets.set_size(a))
    array([1, 1], dtype=int32)
    """
    a = convert_to_tensor_or_sparse_tensor(a, name="a")
    if not isinstance(a, SparseTensor):
        raise misuse(TypeError(f"Expected `SparseTensor`, got {a}."), fix="tf.sparse.from_dense(t)")
    if a.values.dtype.base_dtype not in _DTYPES:
        raise misuse(TypeError(f"Invalid dtype {a.values.dtype!r}."))
    return SetSize(validate_indices=validate_indices)(a.indices, a.values, a.dense_shape)


def _operate(a: Any, b: Any, operation: str, turned: str, validate_indices: bool) -> SparseTensor:
    """Combine sets; `turned` is the operation with its operands exchanged."""
    a = convert_to_tensor_or_sparse_tensor(a, name="a")
    _check_dtype(a, "'a'")
    b = convert_to_tensor_or_sparse_tensor(b, name="b")
    if b.dtype.base_dtype is not a.dtype.base_dtype:
        raise misuse(TypeError(f"Types don't match, {a.dtype!r} vs {b.dtype!r}."))
    kept: Any = {"set_operation": operation, "validate_indices": validate_indices}
    if isinstance(a, SparseTensor) and not isinstance(b, SparseTensor):
        a, b, kept["set_operation"] = b, a, turned
    if isinstance(a, SparseTensor):
        op: Any = SparseToSparseSetOperation(**kept)
        return SparseTensor(*op(a.indices, a.values, a.dense_shape, b.indices, b.values, b.dense_shape))
    if isinstance(b, SparseTensor):
        return SparseTensor(*DenseToSparseSetOperation(**kept)(a, b.indices, b.values, b.dense_shape))
    return SparseTensor(*DenseToDenseSetOperation(**kept)(a, b))


@export("sets.set_intersection", "sets.intersection")
def set_intersection(a: Any, b: Any, validate_indices: bool = True) -> SparseTensor:
    """Return the elements that are in both of two sets.

    Parameters
    ----------
    a, b : Tensor or SparseTensor, integer or string, rank 2 or more
        The last axis holds the elements; the other axes, which say which set is compared with which, are the same.
    validate_indices : bool
        Check the order of a sparse tensor's places.

    Returns
    -------
    SparseTensor
        The elements of each set sorted along the last axis.

    Raises
    ------
    TypeError
        If the types differ, or are not integer or string.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sparse.to_dense(tf.sets.set_intersection([[1, 2, 9], [3, 4, 5]], [[9, 1], [6, 4]])))
    array([[1, 9],
           [4, 0]], dtype=int32)
    """
    return _operate(a, b, "intersection", "intersection", validate_indices)


@export("sets.set_difference", "sets.difference")
def set_difference(a: Any, b: Any, aminusb: bool = True, validate_indices: bool = True) -> SparseTensor:
    """Return the elements that are in one of two sets and not in the other.

    Parameters
    ----------
    a, b : Tensor or SparseTensor
        As for `tf.sets.set_intersection`.
    aminusb : bool
        The elements of `a` that are not in `b`; False: the other way round.
    validate_indices : bool

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sparse.to_dense(tf.sets.set_difference([[1, 2, 9], [3, 4, 5]], [[9, 1], [6, 4]])))
    array([[2, 0],
           [3, 5]], dtype=int32)
    """
    first, second = ("a-b", "b-a") if aminusb else ("b-a", "a-b")
    return _operate(a, b, first, second, validate_indices)


@export("sets.set_union", "sets.union")
def set_union(a: Any, b: Any, validate_indices: bool = True) -> SparseTensor:
    """Return the elements that are in at least one of two sets.

    Parameters
    ----------
    a, b : Tensor or SparseTensor
        As for `tf.sets.set_intersection`.
    validate_indices : bool

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sparse.to_dense(tf.sets.set_union([[1, 2], [3, 3]], [[2, 0], [3, 4]])))
    array([[0, 1, 2],
           [3, 4, 0]], dtype=int32)
    """
    return _operate(a, b, "union", "union", validate_indices)

"""What occurs in a vector: unique, unique_with_counts, setdiff1d."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph import dtypes
from flowlab._src.graph.dtypes import DType, as_dtype
from flowlab._src.graph.op import Array, Op, Spec, T
from flowlab._src.graph.shape import TensorShape
from flowlab._src.kernels.different import different
from flowlab._src.util.export import export


class Unique(Op):
    """The different elements of a vector in the order of their first occurrence, and which of them each element is."""

    out_idx: DType = dtypes.int32

    def kernel(self, x: Array[T]) -> tuple[Array[T], Array]:
        y, idx = _unique(x, self.out_idx)
        return y, idx

    def dtypes(self, x: Any) -> list[DType]:
        return [x.dtype.base_dtype, self.out_idx]

    def shape(self, x: Spec) -> list[TensorShape]:
        x.ranked(1)
        return [TensorShape.of((None,)), x.shape]


class UniqueWithCounts(Op):
    """As Unique, and how often each element occurs."""

    out_idx: DType = dtypes.int32

    def kernel(self, x: Array[T]) -> tuple[Array[T], Array, Array]:
        y, idx = _unique(x, self.out_idx)
        return y, idx, np.bincount(idx, minlength=len(y)).astype(self.out_idx.as_numpy_dtype)

    def dtypes(self, x: Any) -> list[DType]:
        return [x.dtype.base_dtype, self.out_idx, self.out_idx]

    def shape(self, x: Spec) -> list[TensorShape]:
        x.ranked(1)
        return [TensorShape.of((None,)), x.shape, TensorShape.of((None,))]


def _unique(x: Any, out_idx: DType) -> tuple[np.ndarray, np.ndarray]:
    x = np.asarray(x)
    if x.ndim != 1:
        raise InvalidArgumentError(None, None, "unique expects a 1D vector.")
    kind = out_idx.as_numpy_dtype
    if x.dtype in (np.int32, np.int64):
        found = different(x)
        if found is not None:
            return found[0].astype(x.dtype), found[1].astype(kind, copy=False)
    if x.dtype.kind in "iuO" and x.size <= FEW:
        return _unique_few(x, kind)
    if x.dtype.kind in "iu":
        low, high = int(x.min()), int(x.max())
        if high - low < 4 * x.size:
            return _unique_near(x, low, high - low + 1, kind)
    _, first, inverse = np.unique(x, return_index=True, return_inverse=True)
    order = np.argsort(first)  # np.unique sorts by value, TensorFlow keeps the order of occurrence
    place = np.empty(len(order), kind)
    place[order] = np.arange(len(order))
    return x[first[order]], place[inverse.reshape(-1)]


def _unique_few(x: np.ndarray, kind: Any) -> tuple[np.ndarray, np.ndarray]:
    """A dict keeps the order of occurrence: 10 elements in 3 us, for 35 by sorting."""
    places: dict[Any, int] = {}
    idx = [places.setdefault(value, len(places)) for value in x.tolist()]
    y = np.empty(len(places), x.dtype)
    y[:] = list(places)
    return y, np.array(idx, kind)


def _unique_near(x: np.ndarray, low: int, span: int, kind: Any) -> tuple[np.ndarray, np.ndarray]:
    """Whole numbers in a small range have a table: 10,000 of them in 80 us, for 560 by sorting.

    Positions are written from the last to the first, so that the first one stays.
    """
    number = (x - x.dtype.type(low)).astype(np.intp)
    first = np.full(span, x.size, np.intp)
    first[number[::-1]] = np.arange(x.size - 1, -1, -1)
    first = np.sort(first[first < x.size])
    place = np.empty(span, kind)
    place[number[first]] = np.arange(len(first), dtype=kind)
    return x[first], place[number]


FEW = 200


class UniqueResult(NamedTuple):
    """What `tf.unique` returns."""

    y: Any
    idx: Any


class UniqueWithCountsResult(NamedTuple):
    """What `tf.unique_with_counts` returns."""

    y: Any
    idx: Any
    count: Any


@export("unique")
def unique(x: Any, out_idx: Any = dtypes.int32, name: str | None = None) -> UniqueResult:
    """Find the different elements of a vector.

    Parameters
    ----------
    x : Tensor, shape (n,)
    out_idx : DType
        int32 or int64.
    name : str, optional

    Returns
    -------
    (y, idx)
        The different elements in the order of their first occurrence, and for each element of `x` its place in `y`.

    Examples
    --------
    >>> y, idx = tf.unique([1, 1, 2, 4, 4, 7])
    >>> with tf.Session() as sess:
    ...     sess.run(y), sess.run(idx)
    (array([1, 2, 4, 7], dtype=int32), array([0, 0, 1, 2, 2, 3], dtype=int32))
    """
    return UniqueResult(*Unique(out_idx=as_dtype(out_idx))(x, name=name))


@export("unique_with_counts")
def unique_with_counts(x: Any, out_idx: Any = dtypes.int32, name: str | None = None) -> UniqueWithCountsResult:
    """Find the different elements of a vector and how often each occurs.

    Parameters
    ----------
    x : Tensor, shape (n,)
    out_idx : DType
        int32 or int64.
    name : str, optional

    Returns
    -------
    (y, idx, count)

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.unique_with_counts([5, 5, 3]).count)
    array([2, 1], dtype=int32)
    """
    return UniqueWithCountsResult(*UniqueWithCounts(out_idx=as_dtype(out_idx))(x, name=name))


class ListDiff(Op):
    """The elements of one vector that are not in another, and their positions."""

    out_idx: DType = dtypes.int32

    def kernel(self, x: Array[T], y: Array[T]) -> tuple[Array[T], Array]:
        x, y = np.asarray(x), np.asarray(y)
        for name, value in (("x", x), ("y", y)):
            if value.ndim != 1:
                raise InvalidArgumentError(None, None, f"{name} should be a 1D vector.")
        rest = np.flatnonzero(~np.isin(x, y))
        return x[rest], rest.astype(self.out_idx.as_numpy_dtype)

    def dtypes(self, x: Any, y: Any) -> list[DType]:
        return [x.dtype.base_dtype, self.out_idx]

    def shape(self, x: Spec, y: Spec) -> list[TensorShape]:
        x.ranked(1)
        y.ranked(1)
        return [TensorShape.of((None,)), TensorShape.of((None,))]


class ListDiffResult(NamedTuple):
    """What `tf.setdiff1d` returns."""

    out: Any
    idx: Any


@export("setdiff1d")
def setdiff1d(x: Any, y: Any, index_dtype: Any = dtypes.int32, name: str | None = None) -> ListDiffResult:
    """Return the elements of `x` that are not in `y`, in their order, and their positions in `x`.

    Parameters
    ----------
    x, y : Tensor, vectors of one dtype
    index_dtype : DType
        int32 or int64.
    name : str, optional

    Examples
    --------
    >>> out, idx = tf.setdiff1d([1, 2, 3, 4], [2, 4])
    >>> with tf.Session() as sess:
    ...     sess.run(out), sess.run(idx)
    (array([1, 3], dtype=int32), array([0, 2], dtype=int32))
    """
    return ListDiffResult(*ListDiff(out_idx=as_dtype(index_dtype))(x, y, name=name))

"""Order: the k largest elements of a row, and sorting made of them, as in TensorFlow."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError
from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_int, as_text
from flowlab._src.graph.convert import convert
from flowlab._src.graph.op import Array, Op, RealNumber, Spec, constant_value
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import UNKNOWN, TensorShape, format_dims
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import ranking
from flowlab._src.ops.array_shape import rank, shape, size
from flowlab._src.ops.constant import make_constant
from flowlab._src.ops.fill import zeros
from flowlab._src.ops.gather import gather
from flowlab._src.ops.joining import stack
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.one_hot import size_from
from flowlab._src.ops.reshaping import expand_dims, reshape
from flowlab._src.ops.scatter import scatter_nd, tensor_scatter_update
from flowlab._src.ops.selecting import all_axes
from flowlab._src.ops.sequences import range_
from flowlab._src.ops.transposing import transpose
from flowlab._src.util.export import export


class TopKV2(Op):
    """The k largest elements of each row, and where they are; of equal ones the first."""

    sorted: bool = True

    def kernel(self, input: Array[RealNumber], k: Array[np.int32]) -> tuple[Array[RealNumber], Array[np.int32]]:
        input, k = np.asarray(input), int(k)
        if k < 0:
            raise InvalidArgumentError(None, None, f"Need k >= 0, got {k}")
        if input.ndim < 1:
            raise InvalidArgumentError(None, None, f"input must be >= 1-D, got shape {format_dims(input.shape)}")
        if input.shape[-1] < k:
            raise InvalidArgumentError(None, None, "input must have at least k columns")
        if k > 1 and (found := ranking.top_k(input, k)) is not None:
            return found
        if k == 0:
            indices = np.zeros((*input.shape[:-1], 0), np.intp)
        elif k == 1:
            indices = input.argmax(axis=-1)[..., None]
        elif 8 * k < input.shape[-1]:
            indices = _largest(input, k)
        else:
            indices = _descending_order(input)[..., :k]
        return np.take_along_axis(input, indices, -1), indices.astype(np.int32)

    def shape(self, input: Spec, k: Spec) -> list[TensorShape]:
        if input.dims is not None and not input.dims:
            raise ShapeError("Shape must be at least rank 1 but is rank 0")
        count = size_from(k, 1)
        if input.dims is None:
            return [UNKNOWN, UNKNOWN]
        last = input.dims[-1]
        if count is not None and last is not None and last < count:
            raise ShapeError(f"input must have last dimension >= k = {count} but is {last}")
        result = TensorShape.of((*input.dims[:-1], count))
        return [result, result]

    def grad(self, node: Any, dy: Tensor, dindices: Any) -> Any:
        """Zeros, with the gradient in the places the elements came from."""
        x = node.inputs[0]
        x_shape, indices_shape = shape(x), shape(node.outputs[1])
        columns = gather(raw.Cast(indices_shape, DstT=dtypes.int64), size(indices_shape) - 1)
        table = reshape(node.outputs[1], stack([-1, columns]))
        x_columns = gather(raw.Cast(x_shape, DstT=dtypes.int64), size(x_shape) - 1)
        rows = shape(table)[0]
        # Positions in the flattened input: a multiple of the row length plus the position in the row.
        starts = range_(0, raw.Cast(rows, DstT=dtypes.int64) * x_columns, x_columns)
        positions = reshape(table + raw.Cast(expand_dims(starts, -1), DstT=dtypes.int32), [-1])
        flat = scatter_nd(expand_dims(positions, -1), reshape(dy, [-1]), [raw.Prod(x_shape, all_axes(x_shape))])
        return [reshape(flat, x_shape), zeros([], dtype=dtypes.int32)]


def _descending_order(rows: np.ndarray) -> np.ndarray:
    """The positions that sort each row in descending order, equal elements in their order."""
    # A stable ascending sort of the reversed row, read backwards.
    ascending = np.argsort(rows[..., ::-1], axis=-1, kind="stable")
    return rows.shape[-1] - 1 - ascending[..., ::-1]


def _largest(input: np.ndarray, k: int) -> np.ndarray:
    """The same for the k largest only, found without sorting the whole row."""
    n = input.shape[-1]
    rows = input.reshape(-1, n)
    least = np.partition(rows, n - k, axis=-1)[:, n - k, None]
    above, equal = rows > least, rows == least
    chosen = above | (equal & (equal.cumsum(axis=-1) <= k - above.sum(axis=-1, keepdims=True)))
    if not (chosen.sum(axis=-1) == k).all():  # not-a-numbers are neither above nor equal
        return _descending_order(input)[..., :k]
    places = np.nonzero(chosen)[1].reshape(-1, k)
    order = _descending_order(np.take_along_axis(rows, places, -1))
    return np.take_along_axis(places, order, -1).reshape(*input.shape[:-1], k)


class TopKResult(NamedTuple):
    """What `tf.nn.top_k` returns."""

    values: Any
    indices: Any


@export("nn.top_k", "math.top_k")
def top_k(input: Any, k: Any = 1, sorted: bool = True, name: str | None = None) -> TopKResult:
    """Return the k largest elements of each row, in descending order, and where they are.

    Parameters
    ----------
    input : Tensor, shape (..., n)
    k : int
        At most `n`.
    sorted : bool
        Accepted for compatibility: the elements are always sorted.
    name : str, optional

    Returns
    -------
    (values, indices)
        Both of shape (..., k). Of equal elements the first counts as the larger.

    Raises
    ------
    ValueError, InvalidArgumentError
        If a row has fewer than k elements.

    Examples
    --------
    >>> values, indices = tf.nn.top_k([1.0, 5.0, 3.0], k=2)
    >>> with tf.Session() as sess:
    ...     sess.run(values), sess.run(indices)
    (array([5., 3.], dtype=float32), array([1, 2], dtype=int32))
    """
    return TopKResult(*TopKV2(sorted=sorted)(input, k, name=name))


@export("sort")
def sort(values: Any, axis: int = -1, direction: str = "ASCENDING", name: str | None = None) -> Tensor:
    """Return the elements of a tensor sorted along an axis.

    Parameters
    ----------
    values : Tensor
    axis : int, default the last one
    direction : {"ASCENDING", "DESCENDING"}
    name : str, optional

    Raises
    ------
    ValueError
        If the axis is not a constant, or the direction is none of the two.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sort([1.0, 10.0, 2.5]))
    array([ 1. ,  2.5, 10. ], dtype=float32)
    """
    with name_scope(name, "sort"):
        return _sorted(values, axis, direction, positions=False)


@export("argsort")
def argsort(
    values: Any, axis: int = -1, direction: str = "ASCENDING", stable: bool = False, name: str | None = None
) -> Tensor:
    """Return the positions that sort a tensor along an axis.

    Parameters
    ----------
    values : Tensor
    axis : int, default the last one
    direction : {"ASCENDING", "DESCENDING"}
    stable : bool
        Accepted for compatibility: equal elements always keep their order.
    name : str, optional

    Returns
    -------
    Tensor, int32, shape of `values`

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.argsort([3.0, 1.0, 2.0]))
    array([1, 2, 0], dtype=int32)
    """
    with name_scope(name, "argsort"):
        return _sorted(values, axis, direction, positions=True)


def _sorted(values: Any, axis: Any, direction: str, positions: bool) -> Tensor:
    if as_text(direction, "direction") not in ("ASCENDING", "DESCENDING"):
        raise misuse(ValueError(f"{direction} should be one of ASCENDING, DESCENDING"))
    axis = convert(axis, name="axis")
    known = constant_value(axis)
    if axis.shape.ndims != 0 or known is None:
        raise misuse(ValueError("axis must be a constant scalar"), fix="axis=-1, or another Python number")
    at = as_int(known.item(), "axis")
    values = convert(values, name="values")
    if direction == "DESCENDING":
        return _descending(values, at, positions)
    # The largest of the negated values first; the sign is turned back afterwards.
    result = _descending(-values, at, positions)
    return result if positions else -result


def _descending(values: Tensor, axis: int, positions: bool) -> Tensor:
    count = shape(values)[axis]
    dynamic_rank, ndims = rank(values), values.shape.ndims
    swap: Any = None
    if axis != -1 and axis + 1 != ndims:
        # top_k works on the last axis: exchange the two, and exchange them back.
        where: Any = axis + (ndims or dynamic_rank) if axis < 0 else axis
        if ndims is not None:
            order = np.arange(ndims)
            order[[where, -1]] = order[[-1, where]]
            swap = make_constant(order.astype(np.int64), None, None, "transposition")
        else:
            from flowlab._src.graph.registry import raw

            order = raw.Range(0, dynamic_rank, 1, name="range")
            swap = tensor_scatter_update(order, [[where], [dynamic_rank - 1]], [dynamic_rank - 1, where])
        values = transpose(values, swap)
    top = top_k(values, count)
    result = top.indices if positions else top.values
    return result if swap is None else transpose(result, swap)

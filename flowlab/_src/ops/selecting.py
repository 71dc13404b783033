"""Choosing by truth values: where, boolean_mask, sequence_mask; and meshgrid."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_int
from flowlab._src.graph.composite import Composite
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import as_dtype
from flowlab._src.graph.op import Array, Op, Spec, T, Unary
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape, broadcast_shapes, format_dims, merge_shapes
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import choosing
from flowlab._src.ops.array_shape import rank, shape, size
from flowlab._src.ops.broadcast import unbroadcast
from flowlab._src.ops.constant import make_constant
from flowlab._src.ops.fill import ones, zeros, zeros_like
from flowlab._src.ops.gather import gather
from flowlab._src.ops.joining import concat, stack
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.reshaping import expand_dims, reshape, squeeze
from flowlab._src.util import written
from flowlab._src.util.export import export


class Where(Unary):
    """The coordinates of the elements that are true, row by row."""

    grad = None

    def kernel(self, condition: Array[T]) -> Array[np.int64]:
        condition = np.asarray(condition)
        places = np.flatnonzero(condition)  # among all; of a million in a fifth of the time that `np.argwhere` takes
        result = np.empty((places.size, condition.ndim), np.int64)
        for axis in range(condition.ndim - 1, 0, -1):
            before = places // condition.shape[axis]
            np.subtract(places, before * condition.shape[axis], out=result[:, axis])
            places = before
        if condition.ndim:
            result[:, 0] = places
        return result

    def shape(self, condition: Spec) -> TensorShape:
        return TensorShape.of((None, condition.rank))


class Select(Op):
    """Elements of `t` where the condition is true, of `e` elsewhere; a vector condition chooses whole rows."""

    formula, loop_from = "where(condition, t, e)", choosing.FEW

    def formula_for(self, condition: Spec, t: Spec, e: Spec) -> str:
        """Three of one shape."""
        return self.formula if condition.dims == t.dims == e.dims else ""

    def kernel(self, condition: Array[np.bool_], t: Array[T], e: Array[T]) -> Array[T]:
        condition, t, e = np.asarray(condition), np.asarray(t), np.asarray(e)
        if t.shape != e.shape:
            raise InvalidArgumentError(
                None,
                None,
                f"'then' and 'else' must have the same size.  but received: {format_dims(t.shape)} vs. {format_dims(e.shape)}",
            )
        if condition.shape != t.shape:
            if condition.ndim == 0:
                return t if condition else e
            if condition.ndim == t.ndim:
                raise InvalidArgumentError(
                    None, None, "Inputs to an operation of type Select must have the same size and shape.  Input 0: "
                    f"{format_dims(condition.shape)} != input 1: {format_dims(t.shape)}",
                )  # fmt: skip
            if condition.ndim != 1:
                raise InvalidArgumentError(
                    None, None, f"'cond' must be a vector, but saw shape: {format_dims(condition.shape)}"
                )
            if t.ndim < 1:
                raise InvalidArgumentError(
                    None, None, f"'then' must be at least a vector, but saw shape: {format_dims(t.shape)}"
                )
            if len(t) != len(condition):
                raise InvalidArgumentError(
                    None, None, "Number of batches of 'then' must match size of 'cond', but saw: "
                    f"{len(t)} vs. {len(condition)}",
                )  # fmt: skip
            return choosing.choose_rows(condition, t, e)
        return choosing.choose(condition, t, e)

    def shape(self, condition: Spec, t: Spec, e: Spec) -> TensorShape:
        data = merge_shapes(t.shape, e.shape)
        if condition.dims is None or data._dims is None:
            return data
        if not condition.dims or not data._dims:
            # A single truth value chooses everything; for single numbers it must be a single one.
            merge_shapes(TensorShape.of(() if not condition.dims else data._dims), condition.shape)
            return data
        if len(condition.dims) == len(data._dims):
            return merge_shapes(condition.shape, data)
        if len(condition.dims) == 1:
            merge_shapes(condition.shape, TensorShape.of(data._dims[:1]))
            return data
        return merge_shapes(data, condition.shape)

    def grad(self, node: Any, dy: Any) -> Any:
        """Each of the two gets the gradient where it was chosen, zeros elsewhere."""
        condition, x, _ = node.inputs
        nothing = zeros_like(x)
        return [None, raw.Select(condition, dy, nothing), raw.Select(condition, nothing, dy)]

    def explain_shapes(self, condition: Tensor, t: Tensor, e: Tensor) -> tuple[str, str]:
        call = written.running("where")
        cure = call.text.replace("where(", "where_v2(", 1) if call is not None else ""
        return (
            "tf.where does not stretch: the condition, x and y must have one shape",
            f"{written.one_line(cure) or 'tf.where_v2(condition, x, y)'}  # stretches as + and * do",
        )


class SelectV2(Op):
    """Elements of `t` where the condition is true, of `e` elsewhere, all three stretched to a common shape."""

    formula, loop_from = "where(condition, t, e)", choosing.FEW

    def kernel(self, condition: Array[np.bool_], t: Array[T], e: Array[T]) -> Array[T]:
        try:
            return choosing.choose(np.asarray(condition), np.asarray(t), np.asarray(e))
        except ValueError:
            raise InvalidArgumentError(
                None, None, f"condition {format_dims(np.shape(condition))}, then {format_dims(np.shape(t))}, and else "
                f"{format_dims(np.shape(e))} must be broadcastable",
            ) from None  # fmt: skip

    def shape(self, condition: Spec, t: Spec, e: Spec) -> TensorShape:
        return broadcast_shapes((condition.shape, broadcast_shapes((t.shape, e.shape))))

    def grad(self, node: Any, dy: Any) -> Any:
        """Each of the two gets the gradient where it was chosen, summed over the axes along which it was stretched."""
        condition, x, y = node.inputs
        nothing = zeros([], dtype=dy.dtype.base_dtype)
        out = node.outputs[0]
        dx, de = raw.SelectV2(condition, dy, nothing), raw.SelectV2(condition, nothing, dy)
        dx, _ = unbroadcast(x, out, dx, None)
        de, _ = unbroadcast(y, out, de, None)
        return [None, dx, de]


@export("where")
def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Tensor:
    """Choose between two tensors by truth values, or find where a tensor is true.

    Parameters
    ----------
    condition : Tensor, bool
        In the shape of `x`; or a vector, that chooses whole rows; or a single value.
    x, y : Tensor, of one shape and dtype
        Both or neither. There is no stretching: see `tf.where_v2`.
    name : str, optional

    Returns
    -------
    Tensor
        `x` where the condition is true, else `y`. Without `x` and `y`: the coordinates of what is true, one row each,
        shape (count, rank), int64.

    Raises
    ------
    ValueError
        If just one of `x` and `y` is given, or the shapes differ.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.where([True, False], [1, 2], [-1, -2])), sess.run(tf.where([[False, True]]))
    (array([ 1, -2], dtype=int32), array([[0, 1]]))
    """
    return _choose(Select(), condition, x, y, name)


def _choose(op: Op, condition: Any, x: Any, y: Any, name: str | None) -> Tensor:
    """Choose by `op` between two tensors, or without them find the coordinates of what is true."""
    if x is None and y is None:
        return _coordinates(condition, name)
    if x is None or y is None:
        raise misuse(
            ValueError("x and y must both be non-None or both be None."),
            fix="tf.where(condition, x, y) chooses, tf.where(condition) finds the positions",
        )
    return op(condition, x, y, name=name)


@export("where_v2")
def where_v2(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Tensor:
    """Choose between two tensors by truth values, stretching all three to a common shape.

    Parameters
    ----------
    condition : Tensor, bool
    x, y : Tensor, of one dtype
        Both or neither: without them the coordinates of what is true are returned, as by `tf.where`.
    name : str, optional

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.where_v2([[True], [False]], [1, 2], 0))
    array([[1, 2],
           [0, 0]], dtype=int32)
    """
    return _choose(SelectV2(), condition, x, y, name)


def _coordinates(condition: Any, name: str | None) -> Tensor:
    if isinstance(condition, Composite):
        found: Tensor = condition._call("where", condition, name)
        return found
    with name_scope(name, "Where", [condition]) as scope:
        return Where()(convert(condition, name="condition", preferred=dtypes.bool_), name=scope)


@export("boolean_mask")
def boolean_mask(tensor: Any, mask: Any, name: str = "boolean_mask", axis: int | None = None) -> Tensor:
    """Keep the elements or slices of a tensor at which a mask is true.

    Parameters
    ----------
    tensor : Tensor
    mask : Tensor, bool
        Its shape must be that of the axes of `tensor` from `axis` on; its rank must be known.
    name : str
    axis : int, default 0

    Returns
    -------
    Tensor
        The masked axes become one, whose size is the number of true elements.

    Raises
    ------
    ValueError
        If the shapes do not fit, or the mask is a scalar or of unknown rank.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.boolean_mask([[1, 2], [3, 4], [5, 6]], [True, False, True]))
    array([[1, 2],
           [5, 6]], dtype=int32)
    """
    with name_scope(name, None, [tensor, mask]):
        tensor = convert(tensor, name="tensor")
        mask = convert(mask, name="mask")
        count = mask.shape.ndims
        if count == 0:
            raise misuse(ValueError("mask cannot be scalar."), fix="tf.cond chooses by a single truth value")
        if count is None:
            raise misuse(
                ValueError(
                    "Number of mask dimensions must be specified, even if some dimensions are None.  E.g. shape=[None] is ok, "
                    "but shape=None is not."
                ),
                fix="mask.set_shape([None])",
            )
        axis = 0 if axis is None else as_int(axis, "axis")
        masked = tensor.shape[axis : axis + count]
        if not masked.is_compatible_with(mask.shape):
            raise misuse(
                ValueError(f"Shapes {masked} and {mask.shape} are incompatible"),
                fix="the mask must have the shape of the axes it masks",
            )
        # Make the masked axes one, then pick the positions at which the flat mask is true.
        leading = raw.Prod(shape(tensor)[axis : axis + count], [0])
        before, behind = tensor.shape[:axis], tensor.shape[axis + count :]
        tensor = reshape(tensor, concat([shape(tensor)[:axis], [leading], shape(tensor)[axis + count :]], 0))
        tensor.set_shape(before.concatenate([masked.num_elements()]).concatenate(behind))
        positions = squeeze(where(reshape(mask, [-1])), axis=[1])
        return gather(tensor, positions, axis=axis)


@export("sequence_mask")
def sequence_mask(lengths: Any, maxlen: Any = None, dtype: Any = dtypes.bool_, name: str | None = None) -> Tensor:
    """Return for each length a row that is true at so many first positions.

    Parameters
    ----------
    lengths : Tensor, integers
    maxlen : scalar, default the largest length
        Length of the rows.
    dtype : DType
    name : str, optional

    Returns
    -------
    Tensor, shape lengths.shape + (maxlen,)

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sequence_mask([1, 3], 4, dtype=tf.int32))
    array([[1, 0, 0, 0],
           [1, 1, 1, 0]], dtype=int32)
    """
    with name_scope(name, "SequenceMask", [lengths, maxlen]):
        lengths = convert(lengths)
        if maxlen is None:
            maxlen = raw.Max(lengths, all_axes(lengths))
            maxlen = raw.Maximum(make_constant(0, maxlen.dtype), maxlen)
        else:
            maxlen = convert(maxlen)
        if maxlen.shape.ndims not in (None, 0):
            raise misuse(ValueError("maxlen must be scalar for sequence_mask"))
        kind = maxlen.dtype.base_dtype
        row = raw.Range(make_constant(0, kind), maxlen, make_constant(1, kind))
        column = expand_dims(lengths, -1)
        result = raw.Less(row, raw.Cast(column, DstT=kind))
        dtype = None if dtype is None else as_dtype(dtype)
        return result if dtype in (None, dtypes.bool_) else raw.Cast(result, DstT=dtype)


def all_axes(x: Tensor) -> Tensor:
    """The axes of a tensor as a node."""
    if x.shape.ndims is not None:
        return make_constant(np.arange(x.shape.ndims, dtype=np.int32))
    return raw.Range(0, rank(x), 1)


@export("meshgrid")
def meshgrid(*args: Any, **kwargs: Any) -> list[Tensor]:
    """Return the coordinates of a grid: for each vector a tensor that varies along one axis of the grid.

    Parameters
    ----------
    *args : Tensor, vectors of one dtype
    indexing : {"xy", "ij"}
        "xy": the first vector runs along the columns, as in plots. "ij": along the rows, as in matrices.
    name : str

    Examples
    --------
    >>> x, y = tf.meshgrid([1, 2, 3], [4, 5])
    >>> with tf.Session() as sess:
    ...     sess.run(x), sess.run(y)
    (array([[1, 2, 3],
           [1, 2, 3]], dtype=int32), array([[4, 4, 4],
           [5, 5, 5]], dtype=int32))
    """
    indexing, name = kwargs.pop("indexing", "xy"), kwargs.pop("name", "meshgrid")
    if kwargs:
        raise misuse(TypeError(f"'{next(iter(kwargs))}' is an invalid keyword argument for this function"))
    if indexing not in ("xy", "ij"):
        raise misuse(
            ValueError("indexing parameter must be either 'xy' or 'ij'"), fix="'xy' as in plots, 'ij' as in matrices"
        )
    with name_scope(name, "meshgrid", args):
        count = len(args)
        if not count:
            return []
        single = (1,) * count
        result = [reshape(stack(x), (*single[:i], -1, *single[i + 1 :])) for i, x in enumerate(args)]
        sizes = [size(x) for x in args]
        dtype = convert(args[0]).dtype.base_dtype
        if indexing == "xy" and count > 1:
            result[0] = reshape(result[0], (1, -1, *single[2:]))
            result[1] = reshape(result[1], (-1, 1, *single[2:]))
            sizes[0], sizes[1] = sizes[1], sizes[0]
        whole = ones(sizes, dtype)
        return [x * whole for x in result]

"""Clipping: keeping numbers, or the length of gradients, within limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowlab._src.autodiff.slices import IndexedSlices
from flowlab._src.graph import dtypes
from flowlab._src.graph.composite import Composite
from flowlab._src.graph.convert import convert, operand
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import rank, size
from flowlab._src.ops.cast import cast
from flowlab._src.ops.constant import constant
from flowlab._src.ops.fill import ones_like
from flowlab._src.ops.identity import identity
from flowlab._src.ops.joining import stack
from flowlab._src.ops.magnitude import maximum, minimum
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.nn_measure import l2_loss
from flowlab._src.ops.powers import rsqrt, sqrt
from flowlab._src.ops.reduce import reduce_sum
from flowlab._src.ops.sequences import range_
from flowlab._src.util.export import export


def _dense(t: Any) -> Any:
    return t.values if isinstance(t, IndexedSlices) else t


def _like(t: Any, values: Tensor) -> Any:
    """`values`, as rows of a larger tensor where `t` was given so."""
    return IndexedSlices(values, t.indices, t.dense_shape) if isinstance(t, IndexedSlices) else values


def _require_shape(values: Tensor, result: Tensor) -> None:
    if not values.shape.is_compatible_with(result.shape):
        raise misuse(
            ValueError(f"Shapes {values.shape} and {result.shape} are incompatible"),
            fix="the limits may have fewer axes than the tensor, or axes of size 1, but must not make it larger",
        )


@export("clip_by_value")
def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Any:
    """Replace numbers below a minimum by it, and numbers above a maximum by that.

    Parameters
    ----------
    t : Tensor or IndexedSlices
    clip_value_min, clip_value_max : number or Tensor
        Broadcast against `t`.

    Returns
    -------
    Tensor or IndexedSlices, shape and dtype of `t`

    Raises
    ------
    ValueError
        If broadcasting the limits would make the result larger than `t`.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.clip_by_value([-5.0, 0.3, 7.0], -1.0, 1.0))
    array([-1. ,  0.3,  1. ], dtype=float32)
    """
    if isinstance(t, Composite):
        return t._map(clip_by_value, [t], clip_value_min, clip_value_max, name=name)
    with name_scope(name, "clip_by_value", [_dense(t), clip_value_min, clip_value_max]) as name:
        values = convert(_dense(t), None, "t")
        below = minimum(values, clip_value_max)
        _require_shape(values, below)
        result = maximum(below, clip_value_min, name=name)
        _require_shape(values, result)
    return _like(t, result)


@export("clip_by_norm")
def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: str | None = None) -> Any:
    """Scale a tensor down where it is longer than `clip_norm`; its direction stays.

    Parameters
    ----------
    t : Tensor or IndexedSlices, float
    clip_norm : float or scalar Tensor
        The largest length (square root of the sum of squares) allowed.
    axes : list of int, optional
        Measure along these axes, default all.

    Returns
    -------
    Tensor or IndexedSlices, shape and dtype of `t`

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.clip_by_norm([3.0, 4.0], 1.0))
    array([0.6, 0.8], dtype=float32)

    References
    ----------
    Pascanu et al., "On the difficulty of training recurrent neural networks" (2013).
    """
    with name_scope(name, "clip_by_norm", [_dense(t), clip_norm]) as name:
        values = convert(_dense(t), None, "t")
        if isinstance(clip_norm, (int, float, np.integer, np.floating)):
            clip_norm = max(clip_norm, 0)
        else:
            clip_norm = cast(maximum(clip_norm, 0), values.dtype)
        squares = reduce_sum(values * values, axes, keepdims=True)
        # The root is taken of 1 where the length is 0: there its gradient would be infinite.
        positive = squares > 0
        safe = raw.Select(positive, squares, ones_like(squares))
        length = raw.Select(positive, sqrt(safe), squares)
        scaled = values * clip_norm
        _require_shape(values, scaled)
        result = identity(scaled / maximum(length, clip_norm), name=name)
    return _like(t, result)


def _as_list(t_list: Any) -> list[Any]:
    if not isinstance(t_list, Sequence) or isinstance(t_list, str):
        raise misuse(TypeError("t_list should be a sequence"))
    return list(t_list)


def _values(t_list: list[Any]) -> list[Tensor | None]:
    return [None if t is None else convert(_dense(t), None, f"t_{i}") for i, t in enumerate(t_list)]


@export("global_norm", "linalg.global_norm")
def global_norm(t_list: Any, name: str | None = None) -> Tensor:
    """Compute the length of several tensors together: the root of the sum of all squares.

    Parameters
    ----------
    t_list : list of Tensor, IndexedSlices or None
        None is left out.

    Returns
    -------
    Tensor, scalar

    Raises
    ------
    TypeError
        If `t_list` is not a list.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     print(sess.run(tf.global_norm([tf.constant([3.0]), None, tf.constant([[4.0]])])))
    5.0
    """
    t_list = _as_list(t_list)
    with name_scope(name, "global_norm", [_dense(t) for t in t_list if t is not None]):
        halves = []
        for v in _values(t_list):
            if v is not None:
                with get_default_graph().colocate_with(v.op):
                    halves.append(l2_loss(v))
        half = reduce_sum(stack(halves))
        return sqrt(half * constant(2.0, dtype=half.dtype), name="global_norm")


@export("clip_by_global_norm")
def clip_by_global_norm(
    t_list: Any, clip_norm: Any, use_norm: Tensor | None = None, name: str | None = None
) -> tuple[list[Any], Tensor]:
    """Scale several tensors down together where their common length is above `clip_norm`.

    All are multiplied by clip_norm / max(length, clip_norm): the direction of the whole gradient stays.

    Parameters
    ----------
    t_list : list of Tensor, IndexedSlices or None
        None stays None.
    clip_norm : float or scalar Tensor
    use_norm : scalar Tensor, optional
        The common length, where it is computed already.

    Returns
    -------
    list_clipped : list
        As `t_list`; all NaN when the length is not finite.
    global_norm : Tensor, scalar
        The length before clipping.

    Raises
    ------
    TypeError
        If `t_list` is not a list.

    Examples
    --------
    >>> clipped, length = tf.clip_by_global_norm([tf.constant([3.0]), tf.constant([4.0])], 2.5)
    >>> with tf.Session() as sess:
    ...     sess.run(clipped)
    [array([1.5], dtype=float32), array([2.], dtype=float32)]

    References
    ----------
    Pascanu et al., "On the difficulty of training recurrent neural networks" (2013).
    """
    t_list = _as_list(t_list)
    use_norm = global_norm(t_list, name) if use_norm is None else convert(use_norm, name="use_norm")
    clip_norm = operand(clip_norm, "clip_norm")
    with name_scope(name, "clip_by_global_norm", [*[_dense(t) for t in t_list if t is not None], clip_norm]) as name:
        scale = clip_norm * minimum(1.0 / use_norm, constant(1.0, dtype=use_norm.dtype) / clip_norm)
        scale = raw.Select(raw.IsFinite(use_norm), scale, constant(np.nan, dtype=use_norm.dtype))
        result: list[Any] = []
        for i, (t, v) in enumerate(zip(t_list, _values(t_list), strict=True)):
            if v is None:
                result.append(None)
                continue
            with get_default_graph().colocate_with(v.op):
                result.append(_like(t, identity(v * cast(scale, v.dtype), name=f"{name}_{i}")))
    return result, use_norm


@export("clip_by_average_norm")
def clip_by_average_norm(t: Any, clip_norm: Any, name: str | None = None) -> Tensor:
    """Scale a tensor down where its length per element is above `clip_norm`.

    Parameters
    ----------
    t : Tensor, float32
    clip_norm : float or scalar Tensor

    Returns
    -------
    Tensor, shape and dtype of `t`

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.clip_by_average_norm([3.0, 4.0], 0.5))
    array([0.6, 0.8], dtype=float32)
    """
    with name_scope(name, "clip_by_average_norm", [t, clip_norm]) as name:
        t = convert(t, None, "t")
        count = cast(size(t), dtypes.float32)
        inverse = rsqrt(reduce_sum(t * t, range_(rank(t))))
        scaled = t * clip_norm
        return identity(scaled * minimum(inverse * count, constant(1.0) / clip_norm), name=name)

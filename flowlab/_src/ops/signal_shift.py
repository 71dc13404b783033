"""Spectra with their zero frequency in the middle, and back."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.convert import convert
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import rank, shape_of
from flowlab._src.ops.compare import less
from flowlab._src.ops.gather import gather
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.selecting import where
from flowlab._src.ops.transposing import roll
from flowlab._src.util.export import export


@export("signal.fftshift")
def fftshift(x: Any, axes: Any = None, name: str | None = None) -> Tensor:
    """Move the zero frequency to the middle: the two halves of each axis change places.

    Parameters
    ----------
    x : Tensor
    axes : int or tuple of int, optional
        By default all.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.signal.fftshift([0, 1, 2, -2, -1]))
    array([-2, -1,  0,  1,  2], dtype=int32)
    """
    with name_scope(name, "fftshift") as name:
        x, axes, half = _halves(x, axes)
        return roll(x, half, axes, name)


@export("signal.ifftshift")
def ifftshift(x: Any, axes: Any = None, name: str | None = None) -> Tensor:
    """Undo `tf.signal.fftshift`; for axes of odd length the two differ by one place.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.signal.ifftshift([-2, -1, 0, 1, 2]))
    array([ 0,  1,  2, -2, -1], dtype=int32)
    """
    with name_scope(name, "ifftshift") as name:
        x, axes, half = _halves(x, axes)
        return roll(x, -half, axes, name)


def _halves(x: Any, axes: Any) -> tuple[Tensor, Any, Tensor]:
    """The tensor, its axes, and half the length of each."""
    x = convert(x)
    if axes is None:
        ndims = x.shape.ndims
        if ndims is None:
            raise misuse(TypeError("the axes of a tensor of unknown rank must be given"))
        return x, tuple(range(ndims)), shape_of(x) // 2
    if isinstance(axes, int):
        return x, axes, shape_of(x)[axes] // 2
    count = rank(x)
    axes = where(less(axes, 0), axes + count, axes)
    return x, axes, gather(shape_of(x), axes) // 2

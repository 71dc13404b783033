"""Products and quotients that are 0 where one number is 0, even if the other is inf or nan."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.graph.composite import first_composite
from flowlab._src.graph.convert import convert
from flowlab._src.graph.op import Array, FloatingOrComplex
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import control_dependencies, name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.broadcast import Elementwise, Gradient, broadcast_axes, same_known_shape, sum_parts, unbroadcast
from flowlab._src.ops.cast import cast, conj
from flowlab._src.ops.constant import make_constant
from flowlab._src.ops.division import require_same_type
from flowlab._src.util.export import export


class MulNoNan(Elementwise):
    """x * y, and 0 wherever y is 0, even if x is inf or nan."""

    def kernel(self, x: Array[FloatingOrComplex], y: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        return np.where(np.equal(y, 0), y.dtype.type(0), np.multiply(x, y))

    def grad(self, node: Any, dy: Gradient) -> Any:
        """As for a product, with the same care."""
        x, y = node.inputs
        return unbroadcast_unless_same(x, y, dy, raw.MulNoNan(dy, y), raw.MulNoNan(x, dy))


def unbroadcast_unless_same(x: Tensor, y: Tensor, dz: Gradient, dx: Gradient, dy: Gradient) -> Any:
    """The two gradients; no node is added to bring them back in shape when nothing can have been stretched."""
    return (dx, dy) if same_known_shape(x, y, dz) else unbroadcast(x, y, dx, dy)


class DivNoNan(Elementwise):
    """x / y, and 0 wherever y is 0."""

    def kernel(self, x: Array[FloatingOrComplex], y: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        return np.where(np.equal(y, 0), y.dtype.type(0), np.divide(x, y))

    def grad(self, node: Any, dy: Gradient) -> Any:
        """As for a quotient, with the same care."""
        x, y = node.inputs
        cx, cy = conj(x), conj(y)
        return unbroadcast(x, y, raw.DivNoNan(dy, cy, name="div_no_nan"), dy * _no_nan(_no_nan(-cx, cy), cy))


def _no_nan(x: Tensor, y: Tensor) -> Tensor:
    return raw.DivNoNan(x, y, name="div_no_nan")


class Xdivy(Elementwise):
    """x / y, and 0 wherever x is 0, even if y is."""

    def kernel(self, x: Array[FloatingOrComplex], y: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        return np.where(np.equal(x, 0), x.dtype.type(0), np.divide(x, y))

    def grad(self, node: Any, dy: Gradient) -> Any:
        """1 / y for x, -x / y² for y; both 0 where x is."""
        x, y = node.inputs
        shapes = broadcast_axes(x, y)
        with control_dependencies([dy.op]):
            by_x = raw.Xdivy(differs_from_zero(x), y)
            by_y = raw.Xdivy(raw.Neg(x), y**2)
            return sum_parts(shapes, by_x, by_y, dy)


class Xlogy(Elementwise):
    """x log(y), and 0 wherever x is 0, even if y is."""

    def kernel(self, x: Array[FloatingOrComplex], y: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        return np.where(np.equal(x, 0), x.dtype.type(0), np.multiply(x, np.log(y)))

    def grad(self, node: Any, dy: Gradient) -> Any:
        """log(y) for x, x / y for y; both 0 where x is."""
        x, y = node.inputs
        shapes = broadcast_axes(x, y)
        with control_dependencies([dy.op]):
            by_x = raw.Xlogy(differs_from_zero(x), y)
            by_y = raw.Xdivy(x, y)
            return sum_parts(shapes, by_x, by_y, dy)


class Xlog1py(Elementwise):
    """x log(1 + y), and 0 wherever x is 0."""

    def kernel(self, x: Array[FloatingOrComplex], y: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        return np.where(np.equal(x, 0), x.dtype.type(0), np.multiply(x, np.log1p(y)))

    def grad(self, node: Any, dy: Gradient) -> Any:
        """log(1 + y) for x, x / (1 + y) for y."""
        x, y = node.inputs
        shapes = broadcast_axes(x, y)
        with control_dependencies([dy.op]):
            by_x = raw.Xlog1py(differs_from_zero(x), y)
            by_y = raw.Xdivy(x, y + 1.0)
            return sum_parts(shapes, by_x, by_y, dy)


def differs_from_zero(x: Tensor) -> Tensor:
    """1 where x is not 0, else 0, in the type of x."""
    return cast(raw.NotEqual(x, cast(0.0, x.dtype.base_dtype)), x.dtype.base_dtype)


# ---- public functions ----------------------------------------------------------------------------------------------


@export("div_no_nan", "math.divide_no_nan")
def div_no_nan(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Divide, giving 0 where `y` is 0.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.div_no_nan([1.0, 2.0], [0.0, 4.0]))
    array([0. , 0.5], dtype=float32)
    """
    composite = first_composite([x, y])
    if composite is not None:
        return composite._map(div_no_nan, [x, y], name=name)
    with name_scope(name, "div_no_nan", [x, y]) as name:
        x = convert(x, name="x")
        y = convert(y, x.dtype.base_dtype, name="y")
        require_same_type(x, y)
        return DivNoNan()(x, y, name=name)


@export("math.multiply_no_nan")
def multiply_no_nan(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Multiply, giving 0 where `y` is 0 even if `x` is inf or nan."""
    with name_scope(name, "multiply_no_nan", [x, y]) as name:
        x = convert(x, name="x")
        y = convert(y, x.dtype.base_dtype, name="y")
        require_same_type(x, y)
        return MulNoNan()(x, y, name=name)


@export("math.reciprocal_no_nan")
def reciprocal_no_nan(x: Any, name: str | None = None) -> Tensor:
    """Return 1 / x, giving 0 where `x` is 0.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.math.reciprocal_no_nan([2.0, 0.0]))
    array([0.5, 0. ], dtype=float32)
    """
    with name_scope(name, "reciprocal_no_nan", [x]) as scope:
        x = convert(x, name="x")
        one = make_constant(1, x.dtype.base_dtype, name="one")
        return DivNoNan()(one, x, name=scope)


@export("math.xdivy")
def xdivy(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Return x / y, giving 0 where `x` is 0 even if `y` is."""
    with name_scope(name, "xdivy", [x]):
        return Xdivy()(x, y)


@export("math.xlogy")
def xlogy(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Return x log(y), giving 0 where `x` is 0 even if `y` is.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.math.xlogy([0.0, 1.0], [0.0, 1.0]))
    array([0., 0.], dtype=float32)
    """
    return Xlogy()(x, y, name=name)


@export("math.xlog1py")
def xlog1py(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Return x log(1 + y), giving 0 where `x` is 0."""
    with name_scope(name, "xlog1py", [x]):
        return Xlog1py()(x, y)

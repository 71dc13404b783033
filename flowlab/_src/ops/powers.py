"""Powers, element by element: squares, square roots, reciprocals."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph.op import Array, FloatingOrComplex, Number, Op, Spec, Unary
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import control_dependencies, name_scope
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import choosing
from flowlab._src.ops.broadcast import Elementwise, Gradient, unbroadcast
from flowlab._src.ops.cast import conj
from flowlab._src.ops.constant import make_constant
from flowlab._src.ops.division import refuse_zero
from flowlab._src.ops.fill import ones_like, zeros_like
from flowlab._src.util.export import export


class Pow(Elementwise):
    """x to the power of y."""

    def formula_for(self, x: Spec, y: Spec) -> str:
        """Products, for a small whole number as exponent."""
        known = None if y.dims or y.value is None else float(y.value.real)
        return choosing.PRODUCTS.get(known, "") if x.dtype.is_floating else ""

    def kernel(self, x: Array[Number], y: Array[Number]) -> Array[Number]:
        if x.dtype.kind in "iu" and np.less(y, 0).any():
            raise InvalidArgumentError(None, None, "Integers to negative integer powers are not allowed")
        return choosing.power(x, y)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """dy y x**(y - 1) for x; dy x**y log(x) for y, 0 where x is not positive."""
        x, y = node.inputs
        cx, cy = conj(x), conj(y)
        dx = dy * cy * pow_(cx, cy - 1)
        mask = raw.NotEqual(cx, 0) if x.dtype.is_complex else cx > 0
        # log(1) where the logarithm is not wanted: its nan would spoil the second derivative even behind a mask.
        safe_x = raw.Select(mask, cx, ones_like(x))
        log_x = raw.Select(mask, raw.Log(safe_x), zeros_like(x))
        return unbroadcast(x, y, dx, dy * conj(node.outputs[0]) * log_x)


class Square(Unary):
    """x²."""

    formula = "x * x"

    def kernel(self, x: Array[Number]) -> Array[Number]:
        return np.multiply(x, x)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """2 x dy."""
        with control_dependencies([dy.op]):
            x = conj(node.inputs[0])
            return raw.Mul(dy, raw.Mul(x, make_constant(2.0, x.dtype.base_dtype)))


class Sqrt(Unary):
    """The square root; nan for negative numbers."""

    formula, loop_from = "sqrt(x)", choosing.MANY

    def kernel(self, x: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        return choosing.sqrt(x)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """dy / (2 sqrt(x)), from the result."""
        return raw.SqrtGrad(node.outputs[0], dy)


class FromResult(Op, abstract=True):
    """The gradient of a function from its result y and the incoming gradient dy, of one shape."""

    def shape(self, y: Spec, dy: Spec) -> TensorShape:
        """The shape of both."""
        return y.shape.merge_with(dy.shape)


class SqrtGrad(FromResult):
    """dy / (2 y), where y is the square root."""

    formula = "(dy * 0.5) / y"

    def kernel(self, y: Array[FloatingOrComplex], dy: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        return np.divide(np.multiply(dy, y.dtype.type(0.5)), np.conjugate(y))

    def grad(self, node: Any, dz: Gradient) -> Any:
        """For y and for dy."""
        y = node.inputs[0]
        with control_dependencies([dz.op]):
            quotient = dz / y
            return -conj(quotient) * node.outputs[0], 0.5 * quotient


class Rsqrt(Unary):
    """1 / sqrt(x)."""

    formula, loop_from = "reciprocal(sqrt(x))", choosing.FEW

    def kernel(self, x: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        return choosing.rsqrt(x)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """-dy y³ / 2, from the result y."""
        return raw.RsqrtGrad(node.outputs[0], dy)


class RsqrtGrad(FromResult):
    """-dy y³ / 2, where y is 1 / sqrt(x)."""

    def kernel(self, y: Array[FloatingOrComplex], dy: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        y = np.conjugate(y)
        return np.multiply(np.multiply(dy, y.dtype.type(-0.5)), y * y * y)

    def grad(self, node: Any, dz: Gradient) -> Any:
        """For y and for dy."""
        y, dy = node.inputs
        with control_dependencies([dz.op]):
            cy = conj(y)
            by_y = -1.5 * conj(dz) * dy * raw.Square(cy)
            return by_y, raw.RsqrtGrad(cy, dz)


class Reciprocal(Unary):
    """1 / x."""

    formula, loop_from = "reciprocal(x)", choosing.MANY

    def kernel(self, x: Array[Number]) -> Array[Number]:
        if x.dtype.kind in "iu":
            refuse_zero(x, x)
        return choosing.reciprocal(x)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """-dy y², from the result y."""
        return raw.ReciprocalGrad(node.outputs[0], dy)


class Inv(Reciprocal):
    """1 / x, under its older name."""


class ReciprocalGrad(FromResult):
    """-dy y², where y is 1 / x."""

    def kernel(self, y: Array[FloatingOrComplex], dy: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        y = np.conjugate(y)
        return np.multiply(np.negative(dy), y * y)

    def grad(self, node: Any, dz: Gradient) -> Any:
        """For y and for dy."""
        y, dy = node.inputs
        with control_dependencies([dz.op]):
            cy, cz = conj(y), conj(dz)
            return cz * -2.0 * dy * cy, raw.ReciprocalGrad(cy, dz)


# ---- public functions ----------------------------------------------------------------------------------------------


@export("pow", "math.pow")
def pow_(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Raise `x` to the power of `y`, element by element.

    Raises
    ------
    tf.errors.InvalidArgumentError
        When integers are raised to a negative power.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.pow([2, 3], [3, 2]))
    array([8, 9], dtype=int32)
    """
    with name_scope(name, "Pow", [x]) as name:
        return Pow()(x, y, name=name)


@export("square", "math.square")
def square(x: Any, name: str | None = None) -> Tensor:
    """Multiply each element by itself.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.square([-2.0, 3.0]))
    array([4., 9.], dtype=float32)
    """
    return Square()(x, name=name)


@export("sqrt", "math.sqrt")
def sqrt(x: Any, name: str | None = None) -> Tensor:
    """Return the square root of each element, nan for negative ones.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sqrt([4.0, -1.0]))
    array([ 2., nan], dtype=float32)
    """
    return Sqrt()(x, name=name)


@export("rsqrt", "math.rsqrt")
def rsqrt(x: Any, name: str | None = None) -> Tensor:
    """Return 1 / sqrt(x).

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.rsqrt([4.0, 0.25]))
    array([0.5, 2. ], dtype=float32)
    """
    return Rsqrt()(x, name=name)


@export("reciprocal", "math.reciprocal")
def reciprocal(x: Any, name: str | None = None) -> Tensor:
    """Return 1 / x.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.reciprocal([4.0, -0.5]))
    array([ 0.25, -2.  ], dtype=float32)
    """
    return Reciprocal()(x, name=name)

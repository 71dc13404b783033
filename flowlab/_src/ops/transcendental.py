"""Exponentials, logarithms, trigonometry and rounding, element by element.

Where a gradient has a kernel of its own (`TanhGrad`, `SigmoidGrad`), it needs only the result of the function. The
others are written out in graph nodes; they wait for the incoming gradient, so that nothing is computed too early.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowlab._src.graph.composite import Composite
from flowlab._src.graph.convert import convert
from flowlab._src.graph.op import Array, Floating, FloatingOrComplex, Unary
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import control_dependencies, name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import vector_math
from flowlab._src.ops.broadcast import Elementwise, Gradient, broadcast_axes, sum_parts, unbroadcast
from flowlab._src.ops.cast import conj
from flowlab._src.ops.constant import make_constant
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.powers import FromResult
from flowlab._src.util.export import export

# ---- exponentials and logarithms -------------------------------------------------------------------------------------


class Exp(Unary):
    """e to the power of x."""

    formula = "exp(x)"

    def kernel(self, x: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        return vector_math.exp(x)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """dy exp(x), from the result."""
        with control_dependencies([dy.op]):
            y = conj(node.outputs[0])
            return dy * y


class Expm1(Unary):
    """exp(x) - 1, exact for small x too."""

    def kernel(self, x: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        return np.expm1(x)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """dy exp(x)."""
        with control_dependencies([dy.op]):
            x = conj(node.inputs[0])
            return dy * raw.Exp(x)


class Log(Unary):
    """The natural logarithm; -inf at 0, nan below."""

    formula = "log(x)"

    def kernel(self, x: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        return np.log(x)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """dy / x."""
        with control_dependencies([dy.op]):
            x = conj(node.inputs[0])
            return dy * raw.Reciprocal(x)


class Log1p(Unary):
    """log(1 + x), exact for small x too."""

    formula = "log1p(x)"

    def kernel(self, x: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        return vector_math.log1p(x)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """dy / (1 + x)."""
        with control_dependencies([dy.op]):
            x = conj(node.inputs[0])
            return dy * raw.Reciprocal(1 + x)


# ---- trigonometry ----------------------------------------------------------------------------------------------------


class Sin(Unary):
    """The sine of an angle in radians."""

    def kernel(self, x: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        return np.sin(x)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """dy cos(x)."""
        with control_dependencies([dy.op]):
            x = conj(node.inputs[0])
            return dy * raw.Cos(x)


class Cos(Unary):
    """The cosine of an angle in radians."""

    def kernel(self, x: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        return np.cos(x)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """-dy sin(x)."""
        with control_dependencies([dy.op]):
            x = conj(node.inputs[0])
            return -dy * raw.Sin(x)


class Tan(Unary):
    """The tangent of an angle in radians."""

    def kernel(self, x: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        return np.tan(x)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """dy / cos(x)²."""
        with control_dependencies([dy.op]):
            x = conj(node.inputs[0])
            return raw.Square(raw.Reciprocal(raw.Cos(x))) * dy


class Asin(Unary):
    """The angle between -pi/2 and pi/2 whose sine is x."""

    def kernel(self, x: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        return np.arcsin(x)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """dy / sqrt(1 - x²)."""
        with control_dependencies([dy.op]):
            x = conj(node.inputs[0])
            squares = raw.Square(x)
            one = make_constant(1, dy.dtype.base_dtype)
            return dy * raw.Reciprocal(raw.Sqrt(raw.Sub(one, squares)))


class Acos(Unary):
    """The angle between 0 and pi whose cosine is x."""

    def kernel(self, x: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        return np.arccos(x)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """-dy / sqrt(1 - x²)."""
        with control_dependencies([dy.op]):
            x = conj(node.inputs[0])
            squares = raw.Square(x)
            one = make_constant(1, dy.dtype.base_dtype)
            slope = raw.Reciprocal(raw.Sqrt(raw.Sub(one, squares)))
            return -dy * slope


class Atan(Unary):
    """The angle between -pi/2 and pi/2 whose tangent is x."""

    def kernel(self, x: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        return np.arctan(x)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """dy / (1 + x²)."""
        with control_dependencies([dy.op]):
            x = conj(node.inputs[0])
            squares = raw.Square(x)
            one = make_constant(1, dy.dtype.base_dtype)
            return dy * raw.Reciprocal(raw.Add(one, squares))


class Atan2(Elementwise):
    """The angle of the point (x, y) with the positive x axis, between -pi and pi."""

    def kernel(self, y: Array[Floating], x: Array[Floating]) -> Array[Floating]:
        return np.arctan2(y, x)

    def grad(self, node: Any, dz: Gradient) -> Any:
        """x dz / (x² + y²) for y, -y dz / (x² + y²) for x."""
        y, x = node.inputs
        with control_dependencies([dz.op]):
            scaled = dz / (raw.Square(y) + raw.Square(x))
            return unbroadcast(y, x, x * scaled, -y * scaled)


# ---- hyperbolic functions --------------------------------------------------------------------------------------------


class Sinh(Unary):
    """(exp(x) - exp(-x)) / 2."""

    def kernel(self, x: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        return np.sinh(x)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """dy cosh(x)."""
        with control_dependencies([dy.op]):
            x = conj(node.inputs[0])
            return dy * raw.Cosh(x)


class Cosh(Unary):
    """(exp(x) + exp(-x)) / 2."""

    def kernel(self, x: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        return np.cosh(x)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """dy sinh(x)."""
        with control_dependencies([dy.op]):
            x = conj(node.inputs[0])
            return dy * raw.Sinh(x)


def from_result(make: Callable[..., Any], node: Any, dy: Gradient) -> Any:
    """A gradient node of the result and `dy`. It reads `dy`, so that only what is made before it has to be told to wait."""
    y = node.outputs[0]
    if dy.__class__ is Tensor and not y.dtype.is_complex:
        return make(y, dy)
    with control_dependencies([dy.op]):
        return make(conj(y), dy)


class Tanh(Unary):
    """sinh(x) / cosh(x): from -1 to 1."""

    formula = "tanh(x)"

    def kernel(self, x: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        return vector_math.tanh(x)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """dy (1 - tanh(x)²), from the result."""
        return from_result(raw.TanhGrad, node, dy)


class TanhGrad(FromResult):
    """dy (1 - y²), where y is tanh(x)."""

    formula = "dy * (1 - y * y)"

    def kernel(self, y: Array[FloatingOrComplex], dy: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        if y.dtype.kind == "c":
            y = np.conjugate(y)
        return np.multiply(dy, 1 - y * y)

    def grad(self, node: Any, dz: Gradient) -> Any:
        """For y and for dy."""
        with control_dependencies([dz.op]):
            y, dy = conj(node.inputs[0]), conj(node.inputs[1])
            return dz * -2.0 * dy * y, raw.TanhGrad(y, dz)


class Asinh(Unary):
    """The number whose sinh is x."""

    def kernel(self, x: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        return np.arcsinh(x)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """dy / cosh(y), from the result y."""
        with control_dependencies([dy.op]):
            y = conj(node.outputs[0])
            return dy / raw.Cosh(y)


class Acosh(Unary):
    """The positive number whose cosh is x."""

    def kernel(self, x: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        return np.arccosh(x)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """dy / sinh(y), from the result y."""
        with control_dependencies([dy.op]):
            y = conj(node.outputs[0])
            return dy / raw.Sinh(y)


class Atanh(Unary):
    """The number whose tanh is x."""

    def kernel(self, x: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        return np.arctanh(x)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """dy / (1 - x²)."""
        with control_dependencies([dy.op]):
            x = conj(node.inputs[0])
            squares = raw.Square(x)
            one = make_constant(1, dy.dtype.base_dtype)
            return dy * raw.Reciprocal(raw.Sub(one, squares))


class Sigmoid(Unary):
    """1 / (1 + exp(-x)): from 0 to 1."""

    formula = "reciprocal(1 + exp(-x))"

    def kernel(self, x: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        return vector_math.sigmoid(x)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """dy y (1 - y), from the result y."""
        return from_result(raw.SigmoidGrad, node, dy)


class SigmoidGrad(FromResult):
    """dy y (1 - y), where y is the sigmoid of x."""

    formula = "dy * (y * (1 - y))"

    def kernel(self, y: Array[FloatingOrComplex], dy: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        if y.dtype.kind == "c":
            y = np.conjugate(y)
        return np.multiply(dy, y * (1 - y))

    def grad(self, node: Any, dz: Gradient) -> Any:
        """For y and for dy."""
        with control_dependencies([dz.op]):
            y, dy = conj(node.inputs[0]), conj(node.inputs[1])
            both = dz * dy
            return both - 2.0 * both * y, raw.SigmoidGrad(y, dz)


# ---- rounding --------------------------------------------------------------------------------------------------------


class Floor(Unary):
    """The next whole number below."""

    formula = "floor(x)"

    def kernel(self, x: Array[Floating]) -> Array[Floating]:
        return np.floor(x)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """A step function: flat wherever it has a slope."""
        return None


class Ceil(Unary):
    """The next whole number above."""

    formula = "ceil(x)"

    def kernel(self, x: Array[Floating]) -> Array[Floating]:
        return np.ceil(x)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """A step function: flat wherever it has a slope."""
        return None


class Round(Unary):
    """The nearest whole number; a half goes to the even one: 2.5 to 2, 3.5 to 4."""

    formula = "rint(x)"

    def kernel(self, x: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        return np.rint(x)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """A step function: flat wherever it has a slope."""
        return None


class Rint(Unary):
    """The nearest whole number; a half goes to the even one."""

    formula = "rint(x)"

    def kernel(self, x: Array[Floating]) -> Array[Floating]:
        return np.rint(x)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """A step function: flat wherever it has a slope."""
        return None


class NextAfter(Elementwise):
    """The next number after x1 that the type can hold, towards x2."""

    def kernel(self, x1: Array[Floating], x2: Array[Floating]) -> Array[Floating]:
        return np.nextafter(x1, x2)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """All of it for x1, nothing for x2."""
        from flowlab._src.ops.fill import ones, zeros

        x1, x2 = node.inputs
        shapes = broadcast_axes(x1, x2)
        with control_dependencies([dy.op]):
            by_x1 = ones(shapes[0], x1.dtype.base_dtype)
            by_x2 = zeros(shapes[1], x2.dtype.base_dtype)
            return sum_parts(shapes, by_x1, by_x2, dy)


# ---- public functions ------------------------------------------------------------------------------------------------


@export("exp", "math.exp")
def exp(x: Any, name: str | None = None) -> Tensor:
    """Return e to the power of each element.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.exp([0.0, 1.0])).round(4)
    array([1.    , 2.7183], dtype=float32)
    """
    return Exp()(x, name=name)


@export("expm1", "math.expm1")
def expm1(x: Any, name: str | None = None) -> Tensor:
    """Return exp(x) - 1, exact for small elements too."""
    return Expm1()(x, name=name)


@export("log", "math.log")
def log(x: Any, name: str | None = None) -> Tensor:
    """Return the natural logarithm: -inf at 0, nan for negative elements.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.log([1.0, 10.0, 0.0])).round(4)
    array([0.    , 2.3026,   -inf], dtype=float32)
    """
    return Log()(x, name=name)


@export("log1p", "math.log1p")
def log1p(x: Any, name: str | None = None) -> Tensor:
    """Return log(1 + x), exact for small elements too."""
    return Log1p()(x, name=name)


@export("sin", "math.sin")
def sin(x: Any, name: str | None = None) -> Tensor:
    """Return the sine of angles in radians.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sin([0.0, np.pi / 2])).round(4)
    array([0., 1.], dtype=float32)
    """
    return Sin()(x, name=name)


@export("cos", "math.cos")
def cos(x: Any, name: str | None = None) -> Tensor:
    """Return the cosine of angles in radians.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.cos([0.0, np.pi])).round(4)
    array([ 1., -1.], dtype=float32)
    """
    return Cos()(x, name=name)


@export("tan", "math.tan")
def tan(x: Any, name: str | None = None) -> Tensor:
    """Return the tangent of angles in radians."""
    return Tan()(x, name=name)


@export("asin", "math.asin")
def asin(x: Any, name: str | None = None) -> Tensor:
    """Return the angles, in radians, whose sine is x.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.asin([0.0, 1.0])).round(4)
    array([0.    , 1.5708], dtype=float32)
    """
    return Asin()(x, name=name)


@export("acos", "math.acos")
def acos(x: Any, name: str | None = None) -> Tensor:
    """Return the angles, in radians, whose cosine is x."""
    return Acos()(x, name=name)


@export("atan", "math.atan")
def atan(x: Any, name: str | None = None) -> Tensor:
    """Return the angles, in radians, whose tangent is x."""
    return Atan()(x, name=name)


@export("atan2", "math.atan2")
def atan2(y: Any, x: Any, name: str | None = None) -> Tensor:
    """Return the angles, in radians, of the points (x, y) with the positive x axis: between -pi and pi.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.atan2([1.0, 0.0], [0.0, -1.0])).round(4)
    array([1.5708, 3.1416], dtype=float32)
    """
    return Atan2()(y, x, name=name)


@export("sinh", "math.sinh")
def sinh(x: Any, name: str | None = None) -> Tensor:
    """Return the hyperbolic sine."""
    return Sinh()(x, name=name)


@export("cosh", "math.cosh")
def cosh(x: Any, name: str | None = None) -> Tensor:
    """Return the hyperbolic cosine."""
    return Cosh()(x, name=name)


@export("tanh", "math.tanh", "nn.tanh")
def tanh(x: Any, name: str | None = None) -> Tensor:
    """Return the hyperbolic tangent: an S-shaped curve from -1 to 1.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.tanh([-10.0, 0.0, 1.0])).round(4)
    array([-1.    ,  0.    ,  0.7616], dtype=float32)
    """
    return Tanh()(x, name=name)


@export("asinh", "math.asinh")
def asinh(x: Any, name: str | None = None) -> Tensor:
    """Return the numbers whose hyperbolic sine is x."""
    return Asinh()(x, name=name)


@export("acosh", "math.acosh")
def acosh(x: Any, name: str | None = None) -> Tensor:
    """Return the numbers whose hyperbolic cosine is x; nan below 1."""
    return Acosh()(x, name=name)


@export("atanh", "math.atanh")
def atanh(x: Any, name: str | None = None) -> Tensor:
    """Return the numbers whose hyperbolic tangent is x."""
    return Atanh()(x, name=name)


@export("sigmoid", "math.sigmoid", "nn.sigmoid")
def sigmoid(x: Any, name: str | None = None) -> Tensor:
    """Return 1 / (1 + exp(-x)): an S-shaped curve from 0 to 1.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sigmoid([-100.0, 0.0, 2.0])).round(4)
    array([0.    , 0.5   , 0.8808], dtype=float32)
    """
    if isinstance(x, Composite):
        return x._map(sigmoid, [x], name=name)
    with name_scope(name, "Sigmoid", [x]) as name:
        x = convert(x, name="x")
        return Sigmoid()(x, name=name)


@export("log_sigmoid", "math.log_sigmoid")
def log_sigmoid(x: Any, name: str | None = None) -> Tensor:
    """Return log(sigmoid(x)) without overflow, as -softplus(-x).

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.log_sigmoid([-100.0, 0.0])).round(4)
    array([-100.    ,   -0.6931], dtype=float32)
    """
    if isinstance(x, Composite):
        return x._map(log_sigmoid, [x], name=name)
    with name_scope(name, "LogSigmoid", [x]) as name:
        x = convert(x, name="x")
        return raw.Neg(raw.Softplus(-x), name=name)


@export("floor", "math.floor")
def floor(x: Any, name: str | None = None) -> Tensor:
    """Round down to whole numbers.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.floor([1.7, -1.2]))
    array([ 1., -2.], dtype=float32)
    """
    return Floor()(x, name=name)


@export("ceil", "math.ceil")
def ceil(x: Any, name: str | None = None) -> Tensor:
    """Round up to whole numbers.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.ceil([1.2, -1.7]))
    array([ 2., -1.], dtype=float32)
    """
    return Ceil()(x, name=name)


@export("round", "math.round")
def round_(x: Any, name: str | None = None) -> Tensor:
    """Round to the nearest whole number; a half goes to the even one. Integers come back as they are.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.round([0.9, 2.5, 3.5, -4.5]))
    array([ 1.,  2.,  4., -4.], dtype=float32)
    """
    if isinstance(x, Composite):
        return x._map(round_, [x], name=name)
    x = convert(x, name="x")
    return x if x.dtype.is_integer else Round()(x, name=name)


@export("rint", "math.rint")
def rint(x: Any, name: str | None = None) -> Tensor:
    """Round to the nearest whole number; a half goes to the even one.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.rint([-1.7, 0.5, 1.5]))
    array([-2.,  0.,  2.], dtype=float32)
    """
    return Rint()(x, name=name)


@export("math.nextafter")
def nextafter(x1: Any, x2: Any, name: str | None = None) -> Tensor:
    """Return the next number after `x1` that its type can hold, towards `x2`."""
    return NextAfter()(x1, x2, name=name)


@export("math.polyval")
def polyval(coeffs: Any, x: Any, name: str | None = None) -> Tensor:
    """Evaluate a polynomial, by Horner's rule.

    Parameters
    ----------
    coeffs : list of Tensor
        That of the highest power first.
    x : Tensor

    Raises
    ------
    ValueError
        If `coeffs` is no list.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     int(sess.run(tf.math.polyval([1, 0, 2], 3)))
    11
    """
    if not isinstance(coeffs, list):
        raise misuse(ValueError(f"Argument coeffs must be list type found {type(coeffs)}."))
    from flowlab._src.ops.fill import zeros_like

    with name_scope(name, "polyval", [*coeffs, x]) as name:
        x = convert(x, name="x")
        if not coeffs:
            return zeros_like(x, name=name)
        tensors = [convert(c, name=f"coeff_{i}") for i, c in enumerate(coeffs)]
        total = tensors[0]
        for c in tensors[1:]:
            total = c + total * x
        return total

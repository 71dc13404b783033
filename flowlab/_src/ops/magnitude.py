"""The size of numbers: absolute value, sign, the larger and the smaller of two."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.graph.composite import Composite
from flowlab._src.graph.convert import convert
from flowlab._src.graph.op import Array, RealNumber, SignedNumber, Unary
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import choosing
from flowlab._src.ops.broadcast import Elementwise, Gradient, unbroadcast
from flowlab._src.ops.cast import ComplexAbs
from flowlab._src.ops.fill import zeros_like
from flowlab._src.util.export import export


class Abs(Unary):
    """The absolute value."""

    formula = "absolute(x)"

    def kernel(self, x: Array[RealNumber]) -> Array[RealNumber]:
        return np.absolute(x)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """dy times the sign of x."""
        return dy * raw.Sign(node.inputs[0])


class Sign(Unary):
    """-1, 0 or 1 for a negative, zero or positive number."""

    formula, loop_from = "sign(x)", choosing.FEW

    def kernel(self, x: Array[SignedNumber]) -> Array[SignedNumber]:
        return choosing.sign(x)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """Zero everywhere."""
        return zeros_like(node.inputs[0])


class Maximum(Elementwise):
    """The larger of x and y."""

    formula = "maximum(x, y)"

    def kernel(self, x: Array[RealNumber], y: Array[RealNumber]) -> Array[RealNumber]:
        return np.maximum(x, y)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """The gradient goes to the one that was taken; to x where they are equal."""
        return _choose(node, dy, "GreaterEqual")


class Minimum(Elementwise):
    """The smaller of x and y."""

    formula = "minimum(x, y)"

    def kernel(self, x: Array[RealNumber], y: Array[RealNumber]) -> Array[RealNumber]:
        return np.minimum(x, y)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """The gradient goes to the one that was taken; to x where they are equal."""
        return _choose(node, dy, "LessEqual")


def _choose(node: Any, dy: Gradient, comparison: str) -> Any:
    """The gradient for x where the comparison holds, for y elsewhere."""
    x, y = node.inputs
    zeros = zeros_like(dy)
    x_taken = getattr(raw, comparison)(x, y)
    dx, dy = raw.SelectV2(x_taken, dy, zeros), raw.SelectV2(x_taken, zeros, dy)
    return unbroadcast(x, y, dx, dy)


# ---- public functions ----------------------------------------------------------------------------------------------


@export("abs", "math.abs")
def abs_(x: Any, name: str | None = None) -> Tensor:
    """Return the absolute value; of a complex number a + bi it is sqrt(a² + b²).

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.abs([-1.5, 2.0])), float(sess.run(tf.abs(3 + 4j)))
    (array([1.5, 2. ], dtype=float32), 5.0)
    """
    if isinstance(x, Composite):
        result: Tensor = Abs()(x, name=name)
        return result
    with name_scope(name, "Abs", [x]) as name:
        x = convert(x, name="x")
        if x.dtype.is_complex:
            return ComplexAbs(Tout=x.dtype.real_dtype)(x, name=name)
        return Abs()(x, name=name)


@export("sign", "math.sign")
def sign(x: Any, name: str | None = None) -> Tensor:
    """Return -1, 0 or 1 for negative, zero and positive elements.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sign([-3.0, 0.0, 2.0]))
    array([-1.,  0.,  1.], dtype=float32)
    """
    return Sign()(x, name=name)


@export("maximum", "math.maximum")
def maximum(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Return the larger of `x` and `y`, element by element.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.maximum([-1.0, 2.0], 0.0))
    array([0., 2.], dtype=float32)
    """
    return Maximum()(x, y, name=name)


@export("minimum", "math.minimum")
def minimum(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Return the smaller of `x` and `y`, element by element.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.minimum([-1.0, 2.0], 0.0))
    array([-1.,  0.], dtype=float32)
    """
    return Minimum()(x, y, name=name)

"""Special functions: erf, the gamma function and its relatives, incomplete gamma and beta, Bessel functions.

The numbers come from `kernels/special.py`; here are the nodes, their gradients and the public functions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.graph.convert import convert
from flowlab._src.graph.op import Array, Floating, Op, Spec, Unary
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import control_dependencies, name_scope
from flowlab._src.graph.shape import TensorShape, broadcast_shapes
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import special, special_loops
from flowlab._src.ops.broadcast import Elementwise, Gradient, broadcast_axes, sum_parts
from flowlab._src.ops.cast import conj
from flowlab._src.ops.constant import make_constant
from flowlab._src.ops.no_nan import xlog1py
from flowlab._src.util.export import export


class Erf(Unary):
    """The error function: how much of a bell curve lies within x."""

    def kernel(self, x: Array[Floating]) -> Array[Floating]:
        return special_loops.erf(x, special.erf)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """dy 2 / sqrt(pi) exp(-x²)."""
        slope_at_0 = make_constant(2 / np.sqrt(np.pi), dy.dtype.base_dtype)
        with control_dependencies([dy.op]):
            x = conj(node.inputs[0])
            return dy * slope_at_0 * raw.Exp(-raw.Square(x))


class Erfc(Unary):
    """1 - erf(x), exact where erf is nearly 1."""

    def kernel(self, x: Array[Floating]) -> Array[Floating]:
        return special_loops.erfc(x, special.erfc)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """-dy 2 / sqrt(pi) exp(-x²)."""
        slope_at_0 = make_constant(-2 / np.sqrt(np.pi), dy.dtype.base_dtype)
        with control_dependencies([dy.op]):
            x = conj(node.inputs[0])
            return dy * slope_at_0 * raw.Exp(-raw.Square(x))


class Lgamma(Unary):
    """The logarithm of the absolute value of the gamma function."""

    def kernel(self, x: Array[Floating]) -> Array[Floating]:
        return special_loops.lgamma(x, special.lgamma)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """dy digamma(x)."""
        with control_dependencies([dy.op]):
            x = conj(node.inputs[0])
            return dy * raw.Digamma(x)


class Digamma(Unary):
    """The derivative of Lgamma."""

    def kernel(self, x: Array[Floating]) -> Array[Floating]:
        return special_loops.digamma(x, special.digamma)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """dy times the first polygamma function."""
        with control_dependencies([dy.op]):
            x = conj(node.inputs[0])
            return dy * raw.Polygamma(make_constant(1, x.dtype.base_dtype), x)


class Igamma(Elementwise):
    """The lower incomplete gamma function, regularised: between 0 and 1."""

    def kernel(self, a: Array[Floating], x: Array[Floating]) -> Array[Floating]:
        return special.igamma(a, x)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """For a by a kernel of its own; for x the density exp(-x) x**(a - 1) / gamma(a)."""
        a, x = node.inputs
        shapes = broadcast_axes(a, x)
        with control_dependencies([dy.op]):
            by_a = raw.IgammaGradA(a, x)
            by_x = raw.Exp(-x + (a - 1) * raw.Log(x) - raw.Lgamma(a))
            return sum_parts(shapes, by_a, by_x, dy)


class Igammac(Elementwise):
    """The upper incomplete gamma function, regularised: 1 - Igamma."""

    def kernel(self, a: Array[Floating], x: Array[Floating]) -> Array[Floating]:
        return special.igammac(a, x)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """The negative of Igamma's."""
        da, dx = Igamma().grad(node, dy)
        return -da, -dx


class IgammaGradA(Elementwise):
    """The derivative of Igamma by its first input."""

    def kernel(self, a: Array[Floating], x: Array[Floating]) -> Array[Floating]:
        return special.igamma_grad_a(a, x)


class Betainc(Op):
    """The incomplete beta function, regularised: between 0 and 1."""

    def kernel(self, a: Array[Floating], b: Array[Floating], x: Array[Floating]) -> Array[Floating]:
        return special.betainc(a, b, x)

    def shape(self, a: Spec, b: Spec, x: Spec) -> TensorShape:
        return broadcast_shapes((a.shape, b.shape, x.shape))

    def grad(self, node: Any, dy: Gradient) -> Any:
        """For x the density x**(a - 1) (1 - x)**(b - 1) / beta(a, b), by logarithms; none for a and b."""
        a, b, x = node.inputs
        shapes = broadcast_axes(a, x)
        log_beta = raw.Lgamma(a) + raw.Lgamma(b) - raw.Lgamma(a + b)
        by_x = raw.Exp(xlog1py(b - 1, -x) + raw.Xlogy(a - 1, x) - log_beta)
        return None, *sum_parts(shapes, None, by_x, dy)


class Zeta(Elementwise):
    """Hurwitz's zeta function: the sum of (q + n)**-x over n = 0, 1, 2 ..."""

    def kernel(self, x: Array[Floating], q: Array[Floating]) -> Array[Floating]:
        return special.zeta(x, q)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """-x zeta(x + 1, q) for q; none for x."""
        x, q = node.inputs
        shapes = broadcast_axes(x, q)
        with control_dependencies([dy.op]):
            x, q = conj(x), conj(q)
            return sum_parts(shapes, None, -x * raw.Zeta(x + 1, q), dy)


class Polygamma(Elementwise):
    """The a-th derivative of Digamma."""

    def kernel(self, a: Array[Floating], x: Array[Floating]) -> Array[Floating]:
        return special.polygamma(a, x)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """The next derivative for x; none for a."""
        a, x = node.inputs
        shapes = broadcast_axes(a, x)
        with control_dependencies([dy.op]):
            a, x = conj(a), conj(x)
            return sum_parts(shapes, None, raw.Polygamma(a + 1, x), dy)


class BesselI0e(Unary):
    """The modified Bessel function of order 0, times exp(-|x|)."""

    def kernel(self, x: Array[Floating]) -> Array[Floating]:
        return special.bessel_i0e(x)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """dy (I1e(x) - sign(x) I0e(x))."""
        x, y = node.inputs[0], node.outputs[0]
        with control_dependencies([dy.op]):
            return dy * (raw.BesselI1e(x) - raw.Sign(x) * y)


class BesselI1e(Unary):
    """The modified Bessel function of order 1, times exp(-|x|)."""

    def kernel(self, x: Array[Floating]) -> Array[Floating]:
        return special.bessel_i1e(x)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """dy (I0e(x) - y (sign(x) + 1 / x)), and 1/2 at 0, where 1 / x has no value."""
        x, y = node.inputs[0], node.outputs[0]
        with control_dependencies([dy.op]):
            at_0 = make_constant(0.5, x.dtype.base_dtype)
            slope = raw.BesselI0e(x) - y * (raw.Sign(x) + raw.Reciprocal(x))
            return dy * raw.SelectV2(raw.Equal(x, 0.0), at_0, slope)


# ---- public functions ------------------------------------------------------------------------------------------------


@export("erf", "math.erf")
def erf(x: Any, name: str | None = None) -> Tensor:
    """Return the error function: 2 / sqrt(pi) times the integral of exp(-t²) from 0 to x.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.erf([0.0, 1.0, -3.0])).round(4)
    array([ 0.    ,  0.8427, -1.    ], dtype=float32)
    """
    return Erf()(x, name=name)


@export("erfc", "math.erfc")
def erfc(x: Any, name: str | None = None) -> Tensor:
    """Return 1 - erf(x), exact where erf is nearly 1."""
    return Erfc()(x, name=name)


@export("lgamma", "math.lgamma")
def lgamma(x: Any, name: str | None = None) -> Tensor:
    """Return the logarithm of the absolute value of the gamma function; gamma(n + 1) is n!.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.lgamma([1.0, 5.0])).round(4)
    array([0.    , 3.1781], dtype=float32)
    """
    return Lgamma()(x, name=name)


@export("digamma", "math.digamma")
def digamma(x: Any, name: str | None = None) -> Tensor:
    """Return the derivative of `tf.lgamma`.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.digamma([1.0])).round(4)
    array([-0.5772], dtype=float32)
    """
    return Digamma()(x, name=name)


@export("igamma", "math.igamma")
def igamma(a: Any, x: Any, name: str | None = None) -> Tensor:
    """Return the lower incomplete gamma function, regularised: the chance that a gamma variable of shape a is below x.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.igamma([1.0], [1.0])).round(4)
    array([0.6321], dtype=float32)
    """
    return Igamma()(a, x, name=name)


@export("igammac", "math.igammac")
def igammac(a: Any, x: Any, name: str | None = None) -> Tensor:
    """Return the upper incomplete gamma function, regularised: 1 - igamma(a, x)."""
    return Igammac()(a, x, name=name)


@export("betainc", "math.betainc")
def betainc(a: Any, b: Any, x: Any, name: str | None = None) -> Tensor:
    """Return the incomplete beta function, regularised: the chance that a beta variable of shapes a, b is below x.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.betainc([1.0], [2.0], [0.5])).round(4)
    array([0.75], dtype=float32)
    """
    return Betainc()(a, b, x, name=name)


@export("zeta", "math.zeta")
def zeta(x: Any, q: Any, name: str | None = None) -> Tensor:
    """Return Hurwitz's zeta function: the sum of (q + n)**-x over n = 0, 1, 2 ...

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.zeta([2.0], [1.0])).round(4)
    array([1.6449], dtype=float32)
    """
    return Zeta()(x, q, name=name)


@export("polygamma", "math.polygamma")
def polygamma(a: Any, x: Any, name: str | None = None) -> Tensor:
    """Return the a-th derivative of `tf.digamma`."""
    return Polygamma()(a, x, name=name)


@export("lbeta", "math.lbeta")
def lbeta(x: Any, name: str | None = None) -> Tensor:
    """Return the logarithm of the beta function along the last axis: the sum of lgamma(x) minus lgamma of the sum of x.

    Parameters
    ----------
    x : Tensor, shape (..., n)

    Returns
    -------
    Tensor, shape (...)

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     round(float(sess.run(tf.lbeta([1.0, 2.0]))), 4)
    -0.6931
    """
    from flowlab._src.ops.reduce import reduce_sum

    with name_scope(name, "lbeta", [x]):
        x = convert(x, name="x")
        log_product = reduce_sum(raw.Lgamma(x), axis=[-1])
        return log_product - raw.Lgamma(reduce_sum(x, axis=[-1]))


@export("math.bessel_i0")
def bessel_i0(x: Any, name: str | None = None) -> Tensor:
    """Return the modified Bessel function of order 0.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.math.bessel_i0([0.0, 1.0])).round(4)
    array([1.    , 1.2661], dtype=float32)
    """
    with name_scope(name, "bessel_i0", [x]):
        x = convert(x, name="x")
        return raw.Exp(raw.Abs(x)) * BesselI0e()(x)


@export("math.bessel_i1")
def bessel_i1(x: Any, name: str | None = None) -> Tensor:
    """Return the modified Bessel function of order 1."""
    with name_scope(name, "bessel_i1", [x]):
        x = convert(x, name="x")
        return raw.Exp(raw.Abs(x)) * BesselI1e()(x)


@export("math.bessel_i0e")
def bessel_i0e(x: Any, name: str | None = None) -> Tensor:
    """Return the modified Bessel function of order 0, times exp(-|x|)."""
    return BesselI0e()(x, name=name)


@export("math.bessel_i1e")
def bessel_i1e(x: Any, name: str | None = None) -> Tensor:
    """Return the modified Bessel function of order 1, times exp(-|x|)."""
    return BesselI1e()(x, name=name)

"""Quotients and remainders, element by element: as real numbers, rounded down, rounded toward zero."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph.build import describe
from flowlab._src.graph.composite import first_composite
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import (
    DType,
    complex64,
    complex128,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
)  # fmt: skip
from flowlab._src.graph.op import Array, Number, RealNumber, Spec
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.broadcast import Elementwise, Gradient, unbroadcast
from flowlab._src.ops.cast import cast, conj
from flowlab._src.ops.misuse import misuse
from flowlab._src.util.export import export


class RealDiv(Elementwise):
    """x / y as real numbers: division by 0 gives inf or nan."""

    formula = "x / y"

    def formula_for(self, x: Spec, y: Spec) -> str:
        """Of whole numbers the fraction is dropped."""
        return "quotient(x, y)" if x.dtype.is_integer else self.formula

    def kernel(self, x: Array[Number], y: Array[Number]) -> Array[Number]:
        if x.dtype.kind in "iu":
            return truncated_quotient(x, y)
        return np.divide(x, y)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """dy / y for x, dy * (-x / y / y) for y."""
        x, y = node.inputs
        cx, cy = conj(x), conj(y)
        return unbroadcast(x, y, raw.RealDiv(dy, cy), dy * raw.RealDiv(raw.RealDiv(-cx, cy), cy))


class Div(Elementwise):
    """x / y; for integers rounded toward zero."""

    formula = "x / y"
    formula_for = RealDiv.formula_for

    def kernel(self, x: Array[Number], y: Array[Number]) -> Array[Number]:
        return truncated_quotient(x, y) if x.dtype.kind in "iu" else np.divide(x, y)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """As for RealDiv."""
        x, y = node.inputs
        cx, cy = conj(x), conj(y)
        return unbroadcast(x, y, dy / cy, dy * ((-cx / cy) / cy))


class FloorDiv(Elementwise):
    """x / y rounded down, also for negative numbers: -7 // 2 is -4."""

    def formula_for(self, x: Spec, y: Spec) -> str:
        """Of floats it is not Python's //, see the kernel."""
        return "floor_divide(x, y)" if x.dtype.is_integer else "floor(x / y)"

    def kernel(self, x: Array[Number], y: Array[Number]) -> Array[Number]:
        if x.dtype.kind in "iu":
            refuse_zero(x, y)
            return np.floor_divide(x, y)
        # Not np.floor_divide, which corrects the rounding of the quotient: 1.0 // 0.1 is 10 here, as in TensorFlow.
        return np.floor(np.divide(x, y))

    def grad(self, node: Any, dy: Gradient) -> Any:
        """A step function: flat wherever it has a slope."""
        return None, None


class TruncateDiv(Elementwise):
    """x / y rounded toward zero: -7 / 2 is -3."""

    def formula_for(self, x: Spec, y: Spec) -> str:
        """The quotient without its fraction."""
        return "quotient(x, y)" if x.dtype.is_integer else "trunc(x / y)"

    def kernel(self, x: Array[Number], y: Array[Number]) -> Array[Number]:
        return truncated_quotient(x, y) if x.dtype.kind in "iu" else np.trunc(np.divide(x, y))

    def grad(self, node: Any, dy: Gradient) -> Any:
        """A step function: flat wherever it has a slope."""
        return None, None


class FloorMod(Elementwise):
    """The remainder of FloorDiv; it has the sign of y: -7 mod 2 is 1."""

    formula = "remainder(x, y)"

    def kernel(self, x: Array[RealNumber], y: Array[RealNumber]) -> Array[RealNumber]:
        if x.dtype.kind in "iu":
            refuse_zero(x, y)
        return np.mod(x, y)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """dy for x, -dy floor(x / y) for y."""
        x, y = node.inputs
        whole = raw.FloorDiv(conj(x), conj(y))
        return unbroadcast(x, y, dy, dy * raw.Neg(whole))


class TruncateMod(Elementwise):
    """The remainder of TruncateDiv; it has the sign of x: -7 mod 2 is -1."""

    formula = "fmod(x, y)"

    def kernel(self, x: Array[RealNumber], y: Array[RealNumber]) -> Array[RealNumber]:
        if x.dtype.kind in "iu":
            refuse_zero(x, y)
        return np.fmod(x, y)


class Mod(TruncateMod):
    """The remainder with the sign of x, under its older name."""


def refuse_zero(x: Any, y: Any) -> None:
    """An integer divided by zero is an error; only floats have inf and nan."""
    if not np.all(y) and np.size(x):
        error = InvalidArgumentError(None, None, "Integer division by zero")
        zeros = np.size(y) - np.count_nonzero(y)
        error.why = (
            f"{zeros} of the {np.size(y)} divisors are 0: floats have inf and nan for that, whole numbers have nothing"
        )
        error.fix = "tf.where(tf.equal(y, 0), tf.ones_like(y), y)  # in the place of the divisor"
        raise error


def truncated_quotient(x: Any, y: Any) -> Any:
    """Integer division that drops the fraction, as C does."""
    refuse_zero(x, y)
    return np.floor_divide(np.subtract(x, np.fmod(x, y)), y)


# ---- public functions ----------------------------------------------------------------------------------------------


# What `/` computes in, where the numbers themselves cannot hold the quotient; None: in their own type.
_QUOTIENT_TYPE: dict[DType, DType | None] = {
    uint8: float32, int8: float32, uint16: float32, int16: float32, uint32: float64, int32: float64, uint64: float64,
    int64: float64, float16: None, float32: None, float64: None, complex64: None, complex128: None,
}  # fmt: skip


@export("truediv", "math.truediv")
def truediv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Divide as real numbers: what the operator / does.

    Parameters
    ----------
    x, y : Tensor, numeric
        Same type. 8- and 16-bit integers are divided as float32, larger ones as float64.

    Returns
    -------
    Tensor
        Division by zero gives inf or nan.

    Raises
    ------
    TypeError
        If the types differ, or are not numeric.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.truediv([7, -7], 2))
    array([ 3.5, -3.5])
    """
    composite = first_composite([x, y])
    if composite is not None:
        return composite._map(truediv, [x, y], name=name)
    with name_scope(name, "truediv", [x, y]) as name:
        x = convert(x, name="x")
        y = convert(y, name="y", preferred=x.dtype.base_dtype)
        require_same_type(x, y)
        if x.dtype.base_dtype not in _QUOTIENT_TYPE:
            raise misuse(
                TypeError(
                    f"Invalid dtype {x.dtype.base_dtype!r} in __truediv__. Expected one of "
                    f"{{{', '.join(map(repr, _QUOTIENT_TYPE))}}}."
                ),
                fix="only numbers can be divided: tf.cast(t, tf.float32) makes numbers of truth values",
            )
        wanted = _QUOTIENT_TYPE[x.dtype.base_dtype]
        if wanted is not None:
            x, y = cast(x, wanted), cast(y, wanted)
        return RealDiv()(x, y, name=name)


def require_same_type(x: Tensor, y: Tensor) -> None:
    """Refuse to divide numbers of two types."""
    if x.dtype.base_dtype is not y.dtype.base_dtype:
        raise misuse(
            TypeError(f"x and y must have the same dtype, got {x.dtype.base_dtype!r} != {y.dtype.base_dtype!r}"),
            inputs=f"x = {describe(x)}      y = {describe(y)}",
            fix="types are never converted silently: write tf.cast(t, dtype)",
        )


@export("div")
def div(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Divide as Python 2 did: floats as real numbers, integers rounded down.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.div([7, -7], 2)), float(sess.run(tf.div(7.0, 2.0)))
    (array([ 3, -4], dtype=int32), 3.5)
    """
    with name_scope(name, "div", [x, y]) as name:
        x = convert(x, name="x")
        y = convert(y, x.dtype.base_dtype, name="y")
        require_same_type(x, y)
        if x.dtype.is_floating or x.dtype.is_complex:
            return RealDiv()(x, y, name=name)
        return FloorDiv()(x, y, name=name)


@export("floordiv", "math.floordiv")
def floordiv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Divide and round down: what the operator // does.

    Raises
    ------
    tf.errors.InvalidArgumentError
        When integers are divided by zero.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.floordiv([7, -7], 2))
    array([ 3, -4], dtype=int32)
    """
    with name_scope(name, "floordiv", [x, y]) as name:
        return FloorDiv()(x, y, name=name)


@export("floor_div")
def floor_div(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Divide and round down; `tf.floordiv` under another name."""
    return FloorDiv()(x, y, name=name)


@export("realdiv")
def realdiv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Divide real or complex numbers."""
    return RealDiv()(x, y, name=name)


@export("truncatediv")
def truncatediv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Divide and round toward zero.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.truncatediv([7, -7], 2))
    array([ 3, -3], dtype=int32)
    """
    return TruncateDiv()(x, y, name=name)


@export("mod", "floormod", "math.floormod", "math.mod")
def floormod(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Return the remainder of dividing and rounding down: what the operator % does. It has the sign of `y`.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.mod([7, -7], 3))
    array([1, 2], dtype=int32)
    """
    return FloorMod()(x, y, name=name)


@export("truncatemod")
def truncatemod(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Return the remainder of dividing and rounding toward zero. It has the sign of `x`.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.truncatemod([7, -7], 3))
    array([ 1, -1], dtype=int32)
    """
    return TruncateMod()(x, y, name=name)

"""Softmax: scores become probabilities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph.arguments import as_int
from flowlab._src.graph.convert import convert
from flowlab._src.graph.op import Array, Floating, Spec, Unary, constant_value
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.registry import raw
from flowlab._src.graph.shape import TensorShape, require_rank_at_least
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import softmax as kernels
from flowlab._src.ops.array_shape import rank
from flowlab._src.ops.joining import concat
from flowlab._src.ops.misuse import misuse, old_argument
from flowlab._src.ops.nn_window import brackets
from flowlab._src.ops.reduce import reduce_sum
from flowlab._src.ops.sequences import range_
from flowlab._src.ops.transposing import transpose
from flowlab._src.util.export import export


class OverLastAxis(Unary, abstract=True):
    """A function of each row, that is of the numbers along the last axis."""

    def shape(self, logits: Spec) -> TensorShape:
        """The shape of the input, which must have an axis."""
        require_rank_at_least(logits.shape, 1)
        return logits.shape


def check_rows(logits: Any) -> None:
    """InvalidArgumentError for a scalar."""
    if logits.ndim < 1:
        raise InvalidArgumentError(None, None, f"logits must have >= 1 dimension, got {brackets(logits.shape)}")


class Softmax(OverLastAxis):
    """exp(logits), each row divided by its sum."""

    def kernel(self, logits: Array[Floating]) -> Array[Floating]:
        check_rows(logits)
        return kernels.softmax(logits)

    def grad(self, node: Operation, dy: Tensor) -> Tensor:
        """(dy - sum(dy * y)) * y: what one probability gains, the others lose."""
        y = node.outputs[0]
        total = reduce_sum(dy * y, -1, keepdims=True)
        return (dy - total) * y


class LogSoftmax(OverLastAxis):
    """The logarithm of the softmax, without overflow or log(0)."""

    def kernel(self, logits: Array[Floating]) -> Array[Floating]:
        check_rows(logits)
        return kernels.log_softmax(logits)

    def grad(self, node: Operation, dy: Tensor) -> Tensor:
        """dy - sum(dy) * softmax."""
        softmax = raw.Exp(node.outputs[0])
        return dy - reduce_sum(dy, -1, keepdims=True) * softmax


@export("nn.softmax", "math.softmax")
def softmax(logits: Any, axis: int | None = None, name: str | None = None, dim: int | None = None) -> Tensor:
    """Turn scores into probabilities: exp(logits), divided by their sum along one axis.

    Parameters
    ----------
    logits : Tensor, float16, float32 or float64, with at least one axis
        Scores; adding a constant to all of them changes nothing.
    axis, dim : int, optional
        The axis of the classes, default the last.

    Returns
    -------
    Tensor of the same shape and dtype
        Positive, sums to 1 along `axis`.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.nn.softmax([1.0, 2.0, 3.0])).round(3)
    array([0.09 , 0.245, 0.665], dtype=float32)
    """
    axis = old_argument("axis", axis, "dim", dim)
    return along(Softmax(), logits, -1 if axis is None else axis, name)


@export("nn.log_softmax", "math.log_softmax")
def log_softmax(logits: Any, axis: int | None = None, name: str | None = None, dim: int | None = None) -> Tensor:
    """Compute the logarithm of the softmax: logits - log(sum(exp(logits))), safe for any logits.

    Parameters
    ----------
    logits : Tensor, float16, float32 or float64, with at least one axis
    axis, dim : int, optional
        The axis of the classes, default the last.

    Returns
    -------
    Tensor of the same shape and dtype

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.nn.log_softmax([0.0, 1000.0]))
    array([-1000.,     0.], dtype=float32)
    """
    axis = old_argument("axis", axis, "dim", dim)
    return along(LogSoftmax(), logits, -1 if axis is None else axis, name)


def along(op: Callable[..., Tensor], logits: Any, axis: Any, name: str | None) -> Tensor:
    """Apply an operation on rows along any axis: bring the axis to the end and back."""
    logits = convert(logits)
    shape = logits.shape
    axis = as_int(constant_value(axis) if isinstance(axis, Tensor) else axis, "axis")
    if axis == -1 or (shape.ndims is not None and axis == shape.ndims - 1):
        return op(logits, name=name)
    if shape.ndims is None:
        raise misuse(TypeError("softmax along another axis than the last needs a tensor of known rank"))
    if not -shape.ndims <= axis < shape.ndims:
        raise InvalidArgumentError(
            None,
            None,
            f"`dim` must be in the range [{-shape.ndims}, {shape.ndims}) where {shape.ndims} is the number of "
            f"dimensions in the input. Received: dim={axis}",
        )
    ndims = rank(logits)
    if axis < 0:
        axis = axis + ndims
    count = rank(logits)
    axis = axis % shape.ndims
    logits = swap_axes(logits, axis, raw.Sub(count, 1))
    result = op(logits)
    result = swap_axes(result, axis, raw.Sub(count, 1), name)
    result.set_shape(shape)
    return result


def swap_axes(x: Tensor, a: Any, b: Any, name: str | None = None) -> Tensor:
    """Exchange two axes, the second of them the last."""
    order = concat([range_(a), [b], range_(a + 1, b), [a]], 0)
    return transpose(x, order, name=name or "transpose")

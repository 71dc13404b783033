"""What broadcasting means for gradients: where an input was stretched, its gradient is a sum.

`x + y` stretches axes of size 1 (and missing axes) to a common shape. A stretched element was used several times, so
the gradients of all its uses are added up and put back into the shape the input had.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowlab._src.autodiff.gradients import shape_node
from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph.op import Array, Binary, Index, Op, Spec
from flowlab._src.graph.registry import raw
from flowlab._src.graph.shape import TensorShape, format_dims, unknown_shape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.util import written

Gradient = Any  # Tensor, IndexedSlices or None


class Elementwise(Binary, abstract=True):
    """Two inputs combined element by element, with a hint for shapes that do not fit."""

    def explain_shapes(self, x: Tensor, y: Tensor) -> tuple[str, str]:
        """Say which sizes would fit."""
        a, b = x._shape._dims, y._shape._dims
        if a is None or b is None:
            return "", ""
        pairs = zip(a[::-1], b[::-1], strict=False)
        clash = next((p for p in pairs if None not in p and 1 not in p and p[0] != p[1]), None)
        if clash is None:
            return "", ""
        return (
            f"axes are paired from the right, and each pair must be equal or contain a 1, but {clash[0]} meets {clash[1]}",
            stretched(a, b),
        )


def stretched(a: Any, b: Any) -> str:
    """What to write so that two shapes fit: a new axis, the other way round, or the sizes that are there."""
    call = written.running()
    mine = [call.argument(name) if call is not None else "" for name in "xy"]
    first, second = (written.in_brackets(text) or name for text, name in zip(mine, "xy", strict=True))
    if len(a) == 2 and len(b) == 1 and a[0] == b[0]:
        return f"tf.expand_dims({mine[1] or second}, 1)  # a column: one number for each row of {first}"
    if len(b) == 2 and len(a) == 1 and a[0] == b[0]:
        return f"tf.expand_dims({mine[0] or first}, 1)  # a column: one number for each row of {second}"
    if len(a) == 2 and len(b) == 2 and a == b[::-1]:
        return f"tf.transpose({mine[1] or second})  # {b[1]} x {b[0]}, as {first}"
    if len(a) == 2 and len(b) == 2 and a[1] == b[0]:
        return f"tf.matmul({mine[0] or first}, {mine[1] or second})  # if the product of the two matrices is meant"
    for own, other, name in ((b, a, second), (a, b, first)):
        if len(own) == 1 and other[-1] is not None and name.isidentifier() and len(name) > 1:
            return f"{name} = tf.Variable(tf.zeros([{other[-1]}]))  # one number for each of the {other[-1]} columns"
    return f"print({first}.shape, {second}.shape)  # then tf.reshape or a slice of one of the two"


class BroadcastGradientArgs(Op):
    """From the shapes of two inputs to the axes over which the gradient of each is summed."""

    grad = None

    def kernel(self, s0: Array[Index], s1: Array[Index]) -> tuple[Array[Index], Array[Index]]:
        a, b = s0.tolist(), s1.tolist()
        rank = max(len(a), len(b))
        a, b = [1] * (rank - len(a)) + a, [1] * (rank - len(b)) + b
        first, second = [], []
        for axis, (m, n) in enumerate(zip(a, b, strict=True)):
            if m != n and m != 1 and n != 1:
                raise InvalidArgumentError(
                    None, None, f"Incompatible shapes: {brackets(s0.tolist())} vs. {brackets(s1.tolist())}"
                )
            # Where both are 1 nothing was stretched, yet TensorFlow sums there too: it costs nothing.
            if m == 1:
                first.append(axis)
            if n == 1:
                second.append(axis)
        return np.array(first, s0.dtype), np.array(second, s0.dtype)

    def shape(self, s0: Spec, s1: Spec) -> tuple[TensorShape, TensorShape]:
        s0.ranked(1)
        s1.ranked(1)
        return unknown_shape(1), unknown_shape(1)


def brackets(sizes: Sequence[int | None]) -> str:
    """Write sizes as the runtime's messages do: [?,784]."""
    return format_dims(tuple(sizes))


def same_known_shape(*tensors: Any) -> bool:
    """True when all are tensors of one completely known shape, so that nothing was stretched."""
    first = tensors[0]._shape._dims
    if first is None or None in first:
        return False
    return all(isinstance(t, Tensor) and t._shape._dims == first for t in tensors)


def stretched_axes(x: TensorShape, y: TensorShape) -> tuple[list[int], list[int]] | None:
    """The axes along which each of two shapes is stretched; None when that is known only at run time."""
    if x._dims is None or y._dims is None:
        return None
    rank = max(len(x._dims), len(y._dims))
    a = (1,) * (rank - len(x._dims)) + x._dims
    b = (1,) * (rank - len(y._dims)) + y._dims
    first, second = [], []
    for axis, (m, n) in enumerate(zip(a, b, strict=True)):
        if m == 1 and n != 1:
            first.append(axis)
        elif n == 1 and m != 1:
            second.append(axis)
        elif m is None or n is None:
            return None
    return first, second


def unbroadcast(x: Tensor, y: Tensor, dx: Gradient, dy: Gradient) -> tuple[Gradient, Gradient]:
    """Bring the gradients of the inputs of a broadcasting op back to the shapes of these inputs."""
    x_shape, y_shape = shape_node(x), shape_node(y)
    axes = stretched_axes(x._shape, y._shape)
    if axes is None:
        x_axes, y_axes = raw.BroadcastGradientArgs(x_shape, y_shape)
        sum_x = sum_y = True
    else:
        x_axes, y_axes = axes
        sum_x = bool(x_axes) or len(x._shape) < len(y._shape)
        sum_y = bool(y_axes) or len(y._shape) < len(x._shape)
    if dx is not None and sum_x:
        dx = raw.Reshape(sum_over(dx, x_axes), x_shape)
    if dy is not None and sum_y:
        dy = raw.Reshape(sum_over(dy, y_axes), y_shape)
    return dx, dy


def sum_over(dy: Gradient, axes: Any) -> Tensor:
    """Sum over the given axes, which stay with size 1."""
    return raw.Sum(dy, axes, keep_dims=True)


def broadcast_axes(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Nodes with both shapes and both lists of axes to sum over, for rules that always decide at run time."""
    x_shape, y_shape = shape_node(x), shape_node(y)
    x_axes, y_axes = raw.BroadcastGradientArgs(x_shape, y_shape)
    return x_shape, y_shape, x_axes, y_axes


def sum_parts(shapes: tuple[Tensor, ...], by_x: Any, by_y: Any, dz: Gradient) -> Any:
    """Partial derivatives times the gradient, summed to the shapes of the inputs; None stays None."""
    x_shape, y_shape, x_axes, y_axes = shapes
    dx = None if by_x is None else raw.Reshape(raw.Sum(by_x * dz, x_axes), x_shape)
    dy = None if by_y is None else raw.Reshape(raw.Sum(by_y * dz, y_axes), y_shape)
    return dx, dy

"""Dilation and erosion of images (mathematical morphology): bright parts grow, or shrink."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph.op import Array, Op, RealNumber, Spec
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape, format_dims, merge_dims
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import conv
from flowlab._src.ops.arithmetic import negative
from flowlab._src.ops.misuse import check_choice, old_argument
from flowlab._src.ops.nn_window import border, spatial, windowed_size
from flowlab._src.ops.transposing import reverse
from flowlab._src.util.export import export


class Morphology(Op, abstract=True):
    """What dilation and its gradients share."""

    strides: list[int]
    rates: list[int]
    padding: str

    def __init__(self, *args: Any, **attrs: Any) -> None:
        super().__init__(*args, **attrs)
        check_choice(self.type, "padding", self.padding, ("SAME", "VALID"))

    def best(self, input: Any, filter: Any) -> tuple[Any, Any, Any, Any]:
        """For each window the largest sum of pixel and filter, its place in the filter, and the geometry."""
        if input.ndim != 4 or filter.ndim != 3:
            raise InvalidArgumentError(
                None, None, f"input must be 4-dimensional and filter 3-dimensional, got {format_dims(input.shape)} and "
                f"{format_dims(filter.shape)}",
            )  # fmt: skip
        strides, rates = spatial(self.strides, "NHWC"), spatial(self.rates, "NHWC")
        pairs, counts = border(input.shape[1:3], filter.shape[:2], strides, rates, self.padding)
        lowest = -np.inf if input.dtype.kind == "f" else np.iinfo(input.dtype).min
        value = np.full((len(input), *counts, input.shape[3]), lowest, input.dtype)
        place = np.zeros(value.shape, np.intp)
        padded = conv.pad(input, pairs, lowest)
        for row, column, pixels in conv.taps(padded, filter.shape, counts, strides, rates):
            sums = np.where(pixels == lowest, lowest, pixels + filter[row, column]).astype(input.dtype, copy=False)
            larger = sums > value
            np.copyto(value, sums, where=larger)
            np.copyto(place, row * filter.shape[1] + column, where=larger)
        return value, place, padded, (pairs, counts, strides, rates)


class Dilation2D(Morphology):
    """The largest pixel + filter of each window, channel by channel."""

    def kernel(self, input: Array[RealNumber], filter: Array[RealNumber]) -> Array[RealNumber]:
        return self.best(input, filter)[0]

    def shape(self, input: Spec, filter: Spec) -> TensorShape:
        batch, height, width, depth = input.ranked(4)
        rows, columns, channels = filter.ranked(3)
        strides, rates = spatial(self.strides, "NHWC"), spatial(self.rates, "NHWC")
        depth = merge_dims(depth, channels)
        return TensorShape.of(
            (
                batch,
                windowed_size(height, rows, strides[0], self.padding, rates[0]),
                windowed_size(width, columns, strides[1], self.padding, rates[1]),
                depth,
            )
        )

    def grad(self, node: Operation, dy: Tensor) -> list[Tensor]:
        """Each output's gradient goes to the pixel, and to the filter's number, that made the largest sum."""
        x, w = node.inputs
        return [
            raw.Dilation2DBackpropInput(x, w, dy, **self.attributes()),
            raw.Dilation2DBackpropFilter(x, w, dy, **self.attributes()),
        ]


class Dilation2DBackpropInput(Morphology):
    """The gradient of Dilation2D for the image."""

    def kernel(
        self, input: Array[RealNumber], filter: Array[RealNumber], out_backprop: Array[RealNumber]
    ) -> Array[RealNumber]:
        _, place, padded, (pairs, counts, strides, rates) = self.best(input, filter)
        dx = np.zeros(padded.shape, input.dtype)
        for row, column, target in conv.taps(dx, filter.shape, counts, strides, rates):
            target += np.where(place == row * filter.shape[1] + column, out_backprop, 0).astype(input.dtype, copy=False)
        (top, _), (left, _) = pairs
        return np.ascontiguousarray(dx[:, top : top + input.shape[1], left : left + input.shape[2]])

    def shape(self, input: Spec, filter: Spec, out_backprop: Spec) -> TensorShape:
        return input.shape


class Dilation2DBackpropFilter(Morphology):
    """The gradient of Dilation2D for the filter."""

    def kernel(
        self, input: Array[RealNumber], filter: Array[RealNumber], out_backprop: Array[RealNumber]
    ) -> Array[RealNumber]:
        _, place, _, _ = self.best(input, filter)
        dw = np.zeros(filter.shape, filter.dtype)
        for row in range(filter.shape[0]):
            for column in range(filter.shape[1]):
                chosen = place == row * filter.shape[1] + column
                dw[row, column] = np.where(chosen, out_backprop, 0).sum(axis=(0, 1, 2))
        return dw

    def shape(self, input: Spec, filter: Spec, out_backprop: Spec) -> TensorShape:
        return filter.shape


@export("nn.dilation2d")
def dilation2d(
    input: Any,
    filter: Any = None,
    strides: Any = None,
    rates: Any = None,
    padding: Any = None,
    name: str | None = None,
    filters: Any = None,
    dilations: Any = None,
) -> Tensor:
    """Let the bright parts of images grow: the largest pixel + filter of each window, channel by channel.

    Parameters
    ----------
    input : Tensor, shape (batch, height, width, channels)
    filter, filters : Tensor, shape (filter_height, filter_width, channels)
    strides : list of 4 int
    rates, dilations : list of 4 int
        Distance of the pixels that a filter looks at.
    padding : {"SAME", "VALID"}

    Returns
    -------
    Tensor, shape (batch, out_height, out_width, channels)

    Examples
    --------
    >>> grown = tf.nn.dilation2d([[[[3.0], [1.0], [2.0]]]], tf.zeros([1, 2, 1]), [1] * 4, [1] * 4, "VALID")
    >>> with tf.Session() as sess:
    ...     sess.run(grown).ravel()
    array([3., 2.], dtype=float32)
    """
    filter = old_argument("filters", filters, "filter", filter)
    rates = old_argument("dilations", dilations, "rates", rates)
    return Dilation2D(strides=strides, rates=rates, padding=padding)(input, filter, name=name)


@export("nn.erosion2d")
def erosion2d(value: Any, kernel: Any, strides: Any, rates: Any, padding: str, name: str | None = None) -> Tensor:
    """Let the bright parts of images shrink: the smallest pixel - kernel of each window, channel by channel.

    Parameters
    ----------
    value : Tensor, shape (batch, height, width, channels)
    kernel : Tensor, shape (kernel_height, kernel_width, channels)
    strides, rates : list of 4 int
    padding : {"SAME", "VALID"}

    Returns
    -------
    Tensor, shape (batch, out_height, out_width, channels)

    Examples
    --------
    >>> shrunk = tf.nn.erosion2d([[[[3.0], [1.0], [2.0]]]], tf.zeros([1, 2, 1]), [1] * 4, [1] * 4, "VALID")
    >>> with tf.Session() as sess:
    ...     sess.run(shrunk).ravel()
    array([1., 1.], dtype=float32)
    """
    with name_scope(name, "erosion2d", [value, kernel]) as name:
        op = Dilation2D(strides=strides, rates=rates, padding=padding)
        return negative(op(negative(value), reverse(kernel, [0, 1]), name=name))

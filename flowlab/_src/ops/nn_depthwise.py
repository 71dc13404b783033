"""Depthwise convolution: each channel has filters of its own. With a 1x1 convolution after it: a separable one."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError, UnimplementedError
from flowlab._src.graph.arguments import as_ints
from flowlab._src.graph.convert import convert
from flowlab._src.graph.op import Array, Floating, Spec
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape, format_dims, merge_dims
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import depthwise
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.misuse import old_argument
from flowlab._src.ops.nn_conv import Convolution, conv2d, explain_image
from flowlab._src.ops.nn_convolution import with_space_to_batch
from flowlab._src.ops.nn_window import axes_of, border, check_explicit, layout_of, spatial, split_padding
from flowlab._src.util.export import export


class Depthwise(Convolution, abstract=True):
    """What depthwise convolution and its gradients share: the geometry, and what TensorFlow's CPU kernels refuse."""

    def geometry(self, image: Any, window: Any) -> tuple[Any, Any, Any, tuple[int, int]]:
        """Strides, border and dilations for the kernels, height and width of the result."""
        if self.data_format != "NHWC":
            raise UnimplementedError(None, None, "Depthwise convolution on CPU is only supported for NHWC format")
        if len(image) != 4 or len(window) != 4:
            raise InvalidArgumentError(
                None, None, f"input and filter must be 4-dimensional: {format_dims(image)} and {format_dims(window)}"
            )
        strides, dilations = spatial(self.strides, "NHWC"), spatial(self.dilations, "NHWC")
        if strides[0] != strides[1]:
            raise InvalidArgumentError(
                None,
                None,
                "Current implementation only supports equal length strides in the row and column dimensions.",
            )
        if self.strides[0] != 1 or self.strides[3] != 1:
            raise InvalidArgumentError(
                None, None, "Current implementation does not yet support strides in the batch and depth dimensions."
            )
        if image[3] != window[2]:
            raise InvalidArgumentError(
                None, None, f"input and filter must have the same depth: {image[3]} vs {window[2]}"
            )
        pairs, counts = border(image[1:3], window[:2], strides, dilations, self.padding, self.pairs)
        return strides, pairs, dilations, counts


class DepthwiseConv2dNative(Depthwise):
    """Convolves each channel with its own filters; the results stand side by side."""

    def kernel(self, input: Array[Floating], filter: Array[Floating]) -> Array[Floating]:
        strides, pairs, dilations, counts = self.geometry(input.shape, filter.shape)
        if 0 in counts or not input.size:
            channels = filter.shape[2] * filter.shape[3]
            return np.zeros(input.shape[:1] + counts + (channels,), input.dtype)
        return depthwise.depthwise_conv2d(input, filter, strides, pairs, dilations)

    def shape(self, input: Spec, filter: Spec) -> TensorShape:
        image, window = input.ranked(4), filter.ranked(4)
        check_explicit(self.explicit_paddings, self.padding, self.data_format)
        _, _, channels = axes_of(self.data_format)
        depth = merge_dims(image[channels], window[2])
        return self.convolved(image, window, None if depth is None or window[3] is None else depth * window[3])

    def explain_shapes(self, input: Tensor, filter: Tensor) -> str | tuple[str, str]:
        """Say which of the usual mistakes this is."""
        return explain_image(input, filter, self.data_format)

    def grad(self, node: Operation, dy: Tensor) -> list[Tensor]:
        """As for Conv2D, channel by channel."""
        x, w = node.inputs
        return [
            raw.DepthwiseConv2dNativeBackpropInput(shape_of(x), w, dy, **self.attributes()),
            raw.DepthwiseConv2dNativeBackpropFilter(x, shape_of(w), dy, **self.attributes()),
        ]


class DepthwiseConv2dNativeBackpropInput(Depthwise):
    """The gradient of DepthwiseConv2dNative for the image."""

    reads_values = True

    def kernel(
        self, input_sizes: Array[np.int32], filter: Array[Floating], out_backprop: Array[Floating]
    ) -> Array[Floating]:
        image = tuple(int(d) for d in input_sizes)
        strides, pairs, dilations, _ = self.geometry(image, filter.shape)
        if not out_backprop.size:
            return np.zeros(image, filter.dtype)
        return depthwise.depthwise_input_grad(image, filter, out_backprop, strides, pairs, dilations)

    def shape(self, input_sizes: Spec, filter: Spec, out_backprop: Spec) -> TensorShape:
        sizes = input_sizes.as_shape
        return TensorShape.of((None,) * 4) if sizes._dims is None else sizes

    def grad(self, node: Operation, dy: Tensor) -> list[Tensor | None]:
        """The operation is linear in the filter and in the gradient it was given."""
        _, w, x = node.inputs
        return [
            None,
            raw.DepthwiseConv2dNativeBackpropFilter(dy, shape_of(w), x, **self.attributes()),
            raw.DepthwiseConv2dNative(dy, w, **self.attributes()),
        ]


class DepthwiseConv2dNativeBackpropFilter(Depthwise):
    """The gradient of DepthwiseConv2dNative for the filter."""

    reads_values = True

    def kernel(
        self, input: Array[Floating], filter_sizes: Array[np.int32], out_backprop: Array[Floating]
    ) -> Array[Floating]:
        window = tuple(np.ravel(filter_sizes).tolist())
        strides, pairs, dilations, _ = self.geometry(input.shape, window)
        if not out_backprop.size:
            return np.zeros(window, input.dtype)
        return depthwise.depthwise_filter_grad(input, window, out_backprop, strides, pairs, dilations)

    def shape(self, input: Spec, filter_sizes: Spec, out_backprop: Spec) -> TensorShape:
        sizes = filter_sizes.as_shape
        return TensorShape.of((None,) * 4) if sizes._dims is None else sizes

    def grad(self, node: Operation, dy: Tensor) -> list[Tensor | None]:
        """The operation is linear in the image and in the gradient it was given."""
        x, _, out = node.inputs
        return [
            raw.DepthwiseConv2dNativeBackpropInput(shape_of(x), dy, out, **self.attributes()),
            None,
            raw.DepthwiseConv2dNative(x, dy, **self.attributes()),
        ]


# ---- the functions -------------------------------------------------------------------------------------------------


@export("nn.depthwise_conv2d_native")
def depthwise_conv2d_native(
    input: Any,
    filter: Any,
    strides: Any,
    padding: Any,
    data_format: str | None = "NHWC",
    dilations: Any = [1, 1, 1, 1],  # noqa: B006 - TensorFlow's default; never changed
    name: str | None = None,
) -> Tensor:
    """Convolve each channel with its own filters: the operation itself; see `tf.nn.depthwise_conv2d`.

    Parameters
    ----------
    input : Tensor, shape (batch, height, width, in_channels)
    filter : Tensor, shape (filter_height, filter_width, in_channels, channel_multiplier)
    strides, dilations : list of 4 int
    padding : {"SAME", "VALID"} or list of 4 pairs
    data_format : {"NHWC", "NCHW"}

    Returns
    -------
    Tensor, shape (batch, out_height, out_width, in_channels * channel_multiplier)

    Examples
    --------
    >>> x, w = tf.zeros([8, 28, 28, 3]), tf.zeros([5, 5, 3, 2])
    >>> tf.nn.depthwise_conv2d_native(x, w, [1, 1, 1, 1], "VALID").shape.as_list()
    [8, 24, 24, 6]
    """
    op = DepthwiseConv2dNative(**_attributes(strides, padding, data_format, dilations))
    return op(input, filter, name=name)


@export("nn.depthwise_conv2d_native_backprop_input", "nn.depthwise_conv2d_backprop_input")
def depthwise_conv2d_native_backprop_input(
    input_sizes: Any,
    filter: Any,
    out_backprop: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    dilations: Any = [1, 1, 1, 1],  # noqa: B006
    name: str | None = None,
) -> Tensor:
    """Compute the gradient of `depthwise_conv2d_native` with respect to the image.

    Parameters
    ----------
    input_sizes : vector of 4 int32
        Shape of the image.
    filter : Tensor, shape (filter_height, filter_width, in_channels, channel_multiplier)
    out_backprop : Tensor, shape (batch, out_height, out_width, in_channels * channel_multiplier)
        Gradient of the convolution's output.
    strides, padding, data_format, dilations
        As for `depthwise_conv2d_native`.

    Returns
    -------
    Tensor of shape `input_sizes`

    Examples
    --------
    >>> dy, w = tf.zeros([1, 4, 4, 6]), tf.zeros([3, 3, 3, 2])
    >>> tf.nn.depthwise_conv2d_native_backprop_input([1, 6, 6, 3], w, dy, [1] * 4, "VALID").shape.as_list()
    [1, 6, 6, 3]
    """
    op = DepthwiseConv2dNativeBackpropInput(**_attributes(strides, padding, data_format, dilations))
    return op(input_sizes, filter, out_backprop, name=name)


@export("nn.depthwise_conv2d_native_backprop_filter", "nn.depthwise_conv2d_backprop_filter")
def depthwise_conv2d_native_backprop_filter(
    input: Any,
    filter_sizes: Any,
    out_backprop: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    dilations: Any = [1, 1, 1, 1],  # noqa: B006
    name: str | None = None,
) -> Tensor:
    """Compute the gradient of `depthwise_conv2d_native` with respect to the filter.

    Parameters
    ----------
    input : Tensor, shape (batch, height, width, in_channels)
    filter_sizes : vector of 4 int32
        Shape of the filter.
    out_backprop : Tensor, shape (batch, out_height, out_width, in_channels * channel_multiplier)
        Gradient of the convolution's output.
    strides, padding, data_format, dilations
        As for `depthwise_conv2d_native`.

    Returns
    -------
    Tensor of shape `filter_sizes`

    Examples
    --------
    >>> x, dy = tf.zeros([1, 6, 6, 3]), tf.zeros([1, 4, 4, 6])
    >>> tf.nn.depthwise_conv2d_native_backprop_filter(x, [3, 3, 3, 2], dy, [1] * 4, "VALID").shape.as_list()
    [3, 3, 3, 2]
    """
    op = DepthwiseConv2dNativeBackpropFilter(**_attributes(strides, padding, data_format, dilations))
    return op(input, filter_sizes, out_backprop, name=name)


def _attributes(strides: Any, padding: Any, data_format: str | None, dilations: Any) -> dict[str, Any]:
    padding, explicit = split_padding(padding)
    return {
        "strides": strides,
        "padding": padding,
        "explicit_paddings": explicit,
        "data_format": layout_of(data_format),
        "dilations": dilations,
    }


@export("nn.depthwise_conv2d")
def depthwise_conv2d(
    input: Any,
    filter: Any,
    strides: Any,
    padding: Any,
    rate: Any = None,
    name: str | None = None,
    data_format: str | None = None,
    dilations: Any = None,
) -> Tensor:
    """Convolve each channel with its own filters; nothing is summed over channels.

    Parameters
    ----------
    input : Tensor, shape (batch, height, width, in_channels)
    filter : Tensor, shape (filter_height, filter_width, in_channels, channel_multiplier)
        So many filters for each channel.
    strides : list of 4 int
    padding : {"SAME", "VALID"} or list of 4 pairs
    rate, dilations : list of 2 int, optional
        Distance of the pixels that a filter looks at, in rows and columns.
    data_format : {"NHWC", "NCHW"}, optional

    Returns
    -------
    Tensor, shape (batch, out_height, out_width, in_channels * channel_multiplier)
        Channel k * channel_multiplier + q comes from input channel k and its filter q.

    Examples
    --------
    >>> x, w = tf.zeros([8, 28, 28, 3]), tf.zeros([5, 5, 3, 2])
    >>> tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "SAME").shape.as_list()
    [8, 28, 28, 6]
    """
    rate = old_argument("dilations", dilations, "rate", rate)
    with name_scope(name, "depthwise", [input, filter]) as name:
        input = convert(input, None, "tensor_in")
        filter = convert(filter, None, "filter_in")
        rate = [1, 1] if rate is None else as_ints(rate, "rate")
        strides = as_ints(strides, "strides")
        if any(r > 1 for r in rate) and any(s != 1 for s in strides):
            warnings.warn("When dilation rate is greater than 1, then all values of strides must be 1.", stacklevel=2)

        def one(image: Tensor, padding: Any) -> Tensor:
            return depthwise_conv2d_native(image, filter, strides, padding, data_format, name=name)

        return with_space_to_batch(input, rate, padding, one, shape_of(filter), data_format)


@export("nn.separable_conv2d")
def separable_conv2d(
    input: Any,
    depthwise_filter: Any,
    pointwise_filter: Any,
    strides: Any,
    padding: Any,
    rate: Any = None,
    name: str | None = None,
    data_format: str | None = None,
    dilations: Any = None,
) -> Tensor:
    """Convolve in two steps: each channel by itself, then a 1x1 convolution that mixes the channels.

    Needs far fewer numbers than a full convolution.

    Parameters
    ----------
    input : Tensor, shape (batch, height, width, in_channels)
    depthwise_filter : Tensor, shape (filter_height, filter_width, in_channels, channel_multiplier)
    pointwise_filter : Tensor, shape (1, 1, in_channels * channel_multiplier, out_channels)
    strides : list of 4 int
        For the first step.
    padding : {"SAME", "VALID"} or list of 4 pairs
    rate, dilations : list of 2 int, optional
    data_format : {"NHWC", "NCHW"}, optional

    Returns
    -------
    Tensor, shape (batch, out_height, out_width, out_channels)

    Examples
    --------
    >>> x = tf.zeros([8, 28, 28, 3])
    >>> tf.nn.separable_conv2d(x, tf.zeros([5, 5, 3, 2]), tf.zeros([1, 1, 6, 16]), [1, 1, 1, 1], "SAME").shape.as_list()
    [8, 28, 28, 16]

    References
    ----------
    Chollet, "Xception: deep learning with depthwise separable convolutions" (2017).
    """
    rate = old_argument("dilations", dilations, "rate", rate)
    with name_scope(name, "separable_conv2d", [input, depthwise_filter, pointwise_filter]) as name:
        input = convert(input, None, "tensor_in")
        depthwise_filter = convert(depthwise_filter, None, "depthwise_filter")
        pointwise_filter = convert(pointwise_filter, None, "pointwise_filter")
        dims = pointwise_filter.shape.with_rank(4).dims
        dims[0].assert_is_compatible_with(1)
        dims[1].assert_is_compatible_with(1)

        def one(image: Tensor, padding: Any) -> Tensor:
            return depthwise_conv2d_native(image, depthwise_filter, strides, padding, data_format, name="depthwise")

        rate = [1, 1] if rate is None else as_ints(rate, "rate")
        strides = as_ints(strides, "strides")
        middle = with_space_to_batch(input, rate, padding, one, shape_of(depthwise_filter), data_format)
        return conv2d(middle, pointwise_filter, [1, 1, 1, 1], "VALID", data_format=data_format or "NHWC", name=name)

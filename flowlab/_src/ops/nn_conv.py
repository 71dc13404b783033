"""Convolution of images: the operation and its two gradients, which are convolutions too.

Images are (batch, height, width, channels), filters (height, width, in_channels, out_channels). The work itself is
done in `kernels/conv.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError, UnimplementedError
from flowlab._src.graph.op import Array, Op, Spec
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import Dims, TensorShape, merge_dims
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import conv
from flowlab._src.ops.array_shape import shape_n, shape_of
from flowlab._src.ops.misuse import check_choice, old_argument
from flowlab._src.ops.nn_window import (
    FORMATS,
    PADDINGS,
    Pairs,
    axes_of,
    border,
    brackets,
    check_explicit,
    explicit_pairs,
    image_dims,
    layout_of,
    no_room,
    one_per_axis,
    spatial,
    split_padding,
    windowed_size,
)
from flowlab._src.util import written
from flowlab._src.util.export import export

ConvNumber = TypeVar("ConvNumber", np.float16, np.float32, np.float64, np.int32)


class Convolution(Op, abstract=True):
    """What convolutions of all kinds and their gradients share: the attributes, and the size of the result."""

    strides: list[int]
    padding: str
    explicit_paddings: list[int] = []
    data_format: str = "NHWC"
    dilations: list[int] = [1, 1, 1, 1]

    def __init__(self, *args: Any, **attrs: Any) -> None:
        super().__init__(*args, **attrs)
        check_choice(self.type, "padding", self.padding, PADDINGS)
        check_choice(self.type, "data_format", self.data_format, FORMATS)

    @property
    def pairs(self) -> Pairs:
        """The border that was asked for as a list."""
        if self.padding != "EXPLICIT":
            return (0, 0), (0, 0)
        return explicit_pairs(self.explicit_paddings, self.data_format)

    def convolved(self, image: Dims, window: Dims, channels: int | None) -> TensorShape:
        """The static shape of the result, which has so many channels."""
        height, width, _ = axes_of(self.data_format)
        strides, dilations = spatial(self.strides, self.data_format), spatial(self.dilations, self.data_format)
        pairs = self.pairs
        rows = windowed_size(image[height], window[0], strides[0], self.padding, dilations[0], pairs[0])
        columns = windowed_size(image[width], window[1], strides[1], self.padding, dilations[1], pairs[1])
        return TensorShape.of(image_dims(image[0], rows, columns, channels, self.data_format))


class FullConvolution(Convolution, abstract=True):
    """What Conv2D and its gradients share: each channel of the result looks at all channels of the image."""

    use_cudnn_on_gpu: bool = True

    def check_attributes(self) -> None:
        """Refuse at run time what TensorFlow's CPU kernels refuse."""
        _, _, channels = axes_of(self.data_format)
        if self.strides[0] != 1 or self.strides[channels] != 1:
            raise UnimplementedError(
                None, None, "Current implementation does not yet support strides in the batch and depth dimensions."
            )
        if self.dilations[0] != 1 or self.dilations[channels] != 1:
            raise UnimplementedError(
                None, None, "Current implementation does not yet support dilations in the batch and depth dimensions."
            )

    def geometry(self, image: Sequence[int], window: Sequence[int]) -> tuple[Any, Any, Any, tuple[int, int]]:
        """Strides, border and dilations for the kernels, and height and width of the result."""
        strides, dilations = spatial(self.strides, "NHWC"), spatial(self.dilations, "NHWC")
        pairs, counts = border(image[1:3], window[:2], strides, dilations, self.padding, self.pairs)
        return strides, pairs, dilations, counts


class Conv2D(FullConvolution):
    """Each output pixel is the dot product of a filter with one patch of the image."""

    def kernel(self, input: Array[ConvNumber], filter: Array[ConvNumber]) -> Array[ConvNumber]:
        self.check_attributes()
        if self.data_format != "NHWC":
            raise UnimplementedError(
                None,
                None,
                "The Conv2D op currently only supports the NHWC tensor format on the CPU. "
                "The op was given the format: NCHW",
            )
        if input.ndim != 4:
            raise InvalidArgumentError(None, None, f"convolution input must be 4-dimensional: {brackets(input.shape)}")
        if filter.ndim != 4:
            raise InvalidArgumentError(None, None, f"filter must be 4-dimensional: {brackets(filter.shape)}")
        if input.shape[3] != filter.shape[2]:
            raise InvalidArgumentError(
                None, None, f"input and filter must have the same depth: {input.shape[3]} vs {filter.shape[2]}"
            )
        strides, pairs, dilations, counts = self.geometry(input.shape, filter.shape)
        if 0 in counts or not input.size:
            return np.zeros(input.shape[:1] + counts + filter.shape[3:], input.dtype)
        return conv.conv2d(input, filter, strides, pairs, dilations)

    def shape(self, input: Spec, filter: Spec) -> TensorShape:
        image, window = input.ranked(4), filter.ranked(4)
        if len(self.strides) != 4 or len(self.dilations) != 4:
            wrong = self.strides if len(self.strides) != 4 else self.dilations
            raise ShapeError(f"Conv2D requires the stride attribute to contain 4 values, but got: {len(wrong)}")
        check_explicit(self.explicit_paddings, self.padding, self.data_format)
        _, _, channels = axes_of(self.data_format)
        merge_dims(image[channels], window[2])
        return self.convolved(image, window, window[3])

    def explain_shapes(self, input: Tensor, filter: Tensor) -> str | tuple[str, str]:
        """Say which of the usual mistakes this is."""
        return explain_image(input, filter, self.data_format)

    def grad(self, node: Operation, dy: Tensor) -> list[Tensor]:
        """Spread each output's gradient over its patch; correlate the image with the gradients."""
        x, w = node.inputs
        x_shape, w_shape = shape_n([x, w])
        return [
            raw.Conv2DBackpropInput(x_shape, w, dy, **self.attributes()),
            raw.Conv2DBackpropFilter(x, w_shape, dy, **self.attributes()),
        ]


def explain_image(input: Tensor, filter: Tensor, data_format: str) -> str | tuple[str, str]:
    """A learner's words for an image and a filter that do not fit: the cause and the cure, or the cure alone."""
    image, window = input.shape._dims, filter.shape._dims
    call = written.running("conv2d", "depthwise_conv2d", "depthwise_conv2d_native", "separable_conv2d")
    if image is not None and len(image) == 3:
        batched = image[-1] not in (1, 3, 4)
        mine = (call.argument("input") if call is not None else "") or "x"
        return (
            f"images are (batch, height, width, channels): '{input.name}' has no axis for {'channels' if batched else 'the batch'}",
            f"tf.expand_dims({mine}, {-1 if batched else 0})  # {input.shape} becomes four axes",
        )
    if image is not None and len(image) == 2 and window is not None and len(window) == 4:
        mine = (call.argument("input") if call is not None else "") or "x"
        side = math.isqrt((image[1] or 0) // (window[2] or 1))
        sizes = (
            f"[-1, {side}, {side}, {window[2]}]"
            if window[2] and side * side * window[2] == image[1]
            else "[-1, 28, 28, 1]"
        )
        return (
            f"images are (batch, height, width, channels): '{input.name}' has each image in one row of numbers",
            f"tf.reshape({mine}, {sizes})  # -1: as many images as there are",
        )
    if image is None or window is None or len(image) != 4 or len(window) != 4:
        return (
            "images are (batch, height, width, channels), filters (height, width, in, out): four axes each, but "
            f"here {input.shape.ndims} and {filter.shape.ndims}",
            "tf.Variable(tf.truncated_normal([5, 5, 1, 32]))  # 32 filters of 5x5 for images of 1 channel",
        )
    height, width, channels = axes_of(data_format)
    depth, wanted = image[channels], window[2]
    if depth is not None and wanted is not None and depth != wanted:
        layout = "batch, channels, height, width" if channels == 1 else "batch, height, width, channels"
        return (
            f"images are ({layout}), filters (height, width, in, out): the filter's in is {wanted}, "
            f"but the image has {depth} channel{'s' * (depth != 1)}",
            f"filter = tf.Variable(tf.truncated_normal([{window[0]}, {window[1]}, {depth}, {window[3]}]))",
        )
    return no_room(input, window[:2], (height, width), call)


class Conv2DBackpropInput(FullConvolution):
    """The gradient of Conv2D for the image; used forwards it is the transposed convolution that enlarges images."""

    reads_values = True

    def kernel(
        self, input_sizes: Array[np.int32], filter: Array[ConvNumber], out_backprop: Array[ConvNumber]
    ) -> Array[ConvNumber]:
        self.check_attributes()
        if self.data_format != "NHWC":
            raise InvalidArgumentError(None, None, "Conv2DCustomBackpropInputOp only supports NHWC.")
        name = "Conv2DCustomBackpropInput"
        input_shape: tuple[int, ...] = tuple(input_sizes.tolist())
        if len(input_shape) == 2:  # height and width alone
            input_shape = (out_backprop.shape[0], *input_shape, filter.shape[2])
        check_backprop(name, self, input_shape, filter.shape, out_backprop.shape)
        strides, pairs, dilations, _ = self.geometry(input_shape, filter.shape)
        if not out_backprop.size:
            return np.zeros(input_shape, filter.dtype)
        return conv.conv2d_input_grad(input_shape, filter, out_backprop, strides, pairs, dilations)

    def shape(self, input_sizes: Spec, filter: Spec, out_backprop: Spec) -> TensorShape:
        window, dy = filter.ranked(4), out_backprop.ranked(4)
        _, _, channels = axes_of(self.data_format)
        merge_dims(dy[channels], window[3])
        sizes = input_sizes.as_shape
        if sizes.ndims == 2:
            height, width = sizes.as_list()
            return TensorShape.of(image_dims(dy[0], height, width, window[2], self.data_format))
        if sizes.ndims not in (None, 4):
            raise ShapeError(
                f"Conv2DBackpropInput requires input_sizes to contain 4 values or 2 values, but got: {sizes.ndims}"
            )
        dims = (None,) * 4 if sizes._dims is None else sizes._dims
        return TensorShape.of((dy[0] if dims[0] is None else dims[0], *dims[1:]))

    def grad(self, node: Operation, dy: Tensor) -> list[Tensor | None]:
        """The operation is linear in the filter and in the gradient it was given."""
        _, w, x = node.inputs
        return [
            None,
            raw.Conv2DBackpropFilter(dy, shape_of(w), x, **self.attributes()),
            raw.Conv2D(dy, w, **self.attributes()),
        ]


class Conv2DBackpropFilter(FullConvolution):
    """The gradient of Conv2D for the filter: each weight sums image pixels times gradients."""

    reads_values = True

    def kernel(
        self, input: Array[ConvNumber], filter_sizes: Array[np.int32], out_backprop: Array[ConvNumber]
    ) -> Array[ConvNumber]:
        self.check_attributes()
        if self.data_format != "NHWC":
            raise InvalidArgumentError(None, None, "Conv2DCustomBackpropFilterOp only supports NHWC.")
        filter_shape = tuple(filter_sizes.tolist())
        check_backprop("Conv2DCustomBackpropFilter", self, input.shape, filter_shape, out_backprop.shape)
        strides, pairs, dilations, _ = self.geometry(input.shape, filter_shape)
        if not out_backprop.size or not input.size:
            return np.zeros(filter_shape, input.dtype)
        return conv.conv2d_filter_grad(input, filter_shape, out_backprop, strides, pairs, dilations)

    def shape(self, input: Spec, filter_sizes: Spec, out_backprop: Spec) -> TensorShape:
        sizes = filter_sizes.as_shape
        return TensorShape.of((None,) * 4) if sizes._dims is None else TensorShape.of(_four(sizes))

    def grad(self, node: Operation, dy: Tensor) -> list[Tensor | None]:
        """The operation is linear in the image and in the gradient it was given."""
        x, _, out = node.inputs
        return [
            raw.Conv2DBackpropInput(shape_of(x), dy, out, **self.attributes()),
            None,
            raw.Conv2D(x, dy, **self.attributes()),
        ]


def _four(sizes: TensorShape) -> Any:
    dims = sizes._dims
    assert dims is not None
    if len(dims) != 4:
        raise ShapeError(f"Shape must be rank 4 but is rank {len(dims)}")
    return dims


def check_backprop(
    name: str, op: FullConvolution, input_shape: Sequence[int], filter_shape: Sequence[int], dy_shape: Sequence[int]
) -> None:
    """InvalidArgumentError unless the convolution of these shapes has a result of the gradient's shape."""
    for label, shape in (("input", input_shape), ("filter", filter_shape), ("out_backprop", dy_shape)):
        if len(shape) != 4:
            raise InvalidArgumentError(None, None, f"{name}: {label} must be 4-dimensional")
    if input_shape[0] != dy_shape[0]:
        raise InvalidArgumentError(
            None,
            None,
            f"{name}: input and out_backprop must have the same batch size. Input batch: {input_shape[0]}, "
            f"outbackprop batch: {dy_shape[0]}, batch_dim: 0",
        )
    if input_shape[3] != filter_shape[2]:
        raise InvalidArgumentError(
            None,
            None,
            f"{name}: input and filter must have the same depth: {input_shape[3]} vs {filter_shape[2]}",
        )
    if filter_shape[3] != dy_shape[3]:
        raise InvalidArgumentError(None, None, f"{name}: filter and out_backprop must have the same out_depth")
    strides, _, dilations, counts = op.geometry(input_shape, filter_shape)
    for axis in (1, 2):
        if counts[axis - 1] != dy_shape[axis]:
            raise InvalidArgumentError(
                None,
                None,
                f"{name}: Size of out_backprop doesn't match computed: actual = {dy_shape[axis]}, computed = "
                f"{counts[axis - 1]} spatial_dim: {axis} input: {input_shape[axis]} filter: {filter_shape[axis - 1]} "
                f"output: {dy_shape[axis]} stride: {strides[axis - 1]} dilation: {dilations[axis - 1]}",
            )


# ---- the functions -------------------------------------------------------------------------------------------------


def conv_attributes(
    strides: Any, padding: Any, data_format: Any, dilations: Any, use_cudnn: Any = True
) -> dict[str, Any]:
    """The attributes of a two-dimensional convolution from the arguments of a public function."""
    padding, explicit = split_padding(padding)
    data_format = layout_of(data_format)
    channel_index = 1 if data_format.startswith("NC") else 3
    return {
        "strides": one_per_axis(strides, 2, channel_index, "strides"),
        "dilations": one_per_axis(dilations, 2, channel_index, "dilations"),
        "padding": padding,
        "explicit_paddings": explicit,
        "data_format": data_format,
        "use_cudnn_on_gpu": use_cudnn,
    }


@export("nn.conv2d")
def conv2d(
    input: Any,
    filter: Any = None,
    strides: Any = None,
    padding: Any = None,
    use_cudnn_on_gpu: bool = True,
    data_format: str = "NHWC",
    dilations: Any = [1, 1, 1, 1],  # noqa: B006 - TensorFlow's default; never changed
    name: str | None = None,
    filters: Any = None,
) -> Tensor:
    """Convolve a batch of images with filters: each output pixel is the dot product of a filter with one patch.

    Parameters
    ----------
    input : Tensor, shape (batch, height, width, in_channels), float16, float32 or float64
    filter, filters : Tensor, shape (filter_height, filter_width, in_channels, out_channels)
        Same dtype as `input`.
    strides : int, or list of 2 or 4 int
        Step in each dimension of `input`, in pixels; the first and last are 1.
    padding : {"SAME", "VALID"} or list of 4 pairs
        "VALID": the filter stays inside the image. "SAME": zeros around it. A list: so many zeros before and after,
        for each dimension.
    use_cudnn_on_gpu : bool
        Accepted for compatibility.
    data_format : {"NHWC", "NCHW"}
        "NCHW" can be built, but as on TensorFlow's CPU not be run.
    dilations : int, or list of 2 or 4 int
        Distance of the pixels that a filter looks at.

    Returns
    -------
    Tensor, shape (batch, out_height, out_width, out_channels)
        "SAME": ceil(height / stride). "VALID": ceil((height - filter_height + 1) / stride).

    Raises
    ------
    ValueError
        If `in_channels` differs between `input` and `filter`, or the filter does not fit into the image.

    Examples
    --------
    >>> x, w = tf.zeros([8, 28, 28, 1]), tf.zeros([5, 5, 1, 32])
    >>> tf.nn.conv2d(x, w, strides=[1, 1, 1, 1], padding="SAME").shape.as_list()
    [8, 28, 28, 32]
    >>> edges = tf.nn.conv2d([[[[0.0], [0.0], [1.0], [1.0]]]], [[[[-1.0]], [[1.0]]]], 1, "VALID")
    >>> with tf.Session() as sess:
    ...     sess.run(edges).ravel()
    array([0., 1., 0.], dtype=float32)

    References
    ----------
    TensorFlow 1.15, `tf.nn.conv2d`; Dumoulin and Visin, "A guide to convolution arithmetic for deep learning" (2016).
    """
    filter = old_argument("filters", filters, "filter", filter)
    attrs = conv_attributes(strides, padding, data_format, dilations, use_cudnn_on_gpu)
    return Conv2D(**attrs)(input, filter, name=name)


@export("nn.conv2d_transpose")
def conv2d_transpose(
    value: Any = None,
    filter: Any = None,
    output_shape: Any = None,
    strides: Any = None,
    padding: Any = "SAME",
    data_format: str = "NHWC",
    name: str | None = None,
    input: Any = None,
    filters: Any = None,
    dilations: Any = None,
) -> Tensor:
    """Convolve backwards: each input pixel paints a filter-sized patch, so that images grow by the stride.

    It is the gradient of `conv2d` used as a layer, often called deconvolution.

    Parameters
    ----------
    value, input : Tensor, shape (batch, height, width, in_channels)
    filter, filters : Tensor, shape (filter_height, filter_width, out_channels, in_channels)
        Note the order of the channels: that of the convolution it reverses.
    output_shape : vector of 4 int32
        Several sizes are possible for a stride above 1, so the wanted one is given.
    strides : int, or list of 2 or 4 int
    padding : {"SAME", "VALID"} or list of 4 pairs
    data_format : {"NHWC", "NCHW"}
    dilations : int, or list of 2 or 4 int

    Returns
    -------
    Tensor of shape `output_shape`

    Raises
    ------
    ValueError
        If the channels do not fit.
    tf.errors.InvalidArgumentError
        When run with an `output_shape` from which `conv2d` would not give the size of `value`.

    Examples
    --------
    >>> x, w = tf.zeros([8, 14, 14, 32]), tf.zeros([3, 3, 16, 32])
    >>> tf.nn.conv2d_transpose(x, w, [8, 28, 28, 16], strides=2).shape.as_list()
    [8, 28, 28, 16]

    References
    ----------
    Zeiler et al., "Deconvolutional networks" (2010).
    """
    value = old_argument("input", input, "value", value)
    filter = old_argument("filters", filters, "filter", filter)
    with name_scope(name, "conv2d_transpose", [value, filter, output_shape]) as name:
        attrs = conv_attributes(strides, padding, data_format, dilations)
        return Conv2DBackpropInput(**attrs)(output_shape, filter, value, name=name)


@export("nn.conv2d_backprop_input")
def conv2d_backprop_input(
    input_sizes: Any,
    filter: Any = None,
    out_backprop: Any = None,
    strides: Any = None,
    padding: Any = None,
    use_cudnn_on_gpu: bool = True,
    data_format: str = "NHWC",
    dilations: Any = [1, 1, 1, 1],  # noqa: B006
    name: str | None = None,
    filters: Any = None,
) -> Tensor:
    """Compute the gradient of `conv2d` with respect to the image.

    Parameters
    ----------
    input_sizes : vector of 4 int32
        Shape of the image.
    filter, filters : Tensor, shape (filter_height, filter_width, in_channels, out_channels)
    out_backprop : Tensor, shape (batch, out_height, out_width, out_channels)
        Gradient of the convolution's output.
    strides, padding, use_cudnn_on_gpu, data_format, dilations
        As for `conv2d`.

    Returns
    -------
    Tensor of shape `input_sizes`

    Examples
    --------
    >>> dy, w = tf.zeros([1, 4, 4, 2]), tf.zeros([3, 3, 1, 2])
    >>> tf.nn.conv2d_backprop_input([1, 6, 6, 1], w, dy, 1, "VALID").shape.as_list()
    [1, 6, 6, 1]
    """
    filter = old_argument("filters", filters, "filter", filter)
    attrs = conv_attributes(strides, padding, data_format, dilations, use_cudnn_on_gpu)
    return Conv2DBackpropInput(**attrs)(input_sizes, filter, out_backprop, name=name)


@export("nn.conv2d_backprop_filter")
def conv2d_backprop_filter(
    input: Any,
    filter_sizes: Any,
    out_backprop: Any,
    strides: Any,
    padding: Any,
    use_cudnn_on_gpu: bool = True,
    data_format: str = "NHWC",
    dilations: Any = [1, 1, 1, 1],  # noqa: B006
    name: str | None = None,
) -> Tensor:
    """Compute the gradient of `conv2d` with respect to the filter.

    Parameters
    ----------
    input : Tensor, shape (batch, height, width, in_channels)
    filter_sizes : vector of 4 int32
        Shape of the filter.
    out_backprop : Tensor, shape (batch, out_height, out_width, out_channels)
        Gradient of the convolution's output.
    strides, padding, use_cudnn_on_gpu, data_format, dilations
        As for `conv2d`.

    Returns
    -------
    Tensor of shape `filter_sizes`

    Examples
    --------
    >>> x, dy = tf.zeros([1, 6, 6, 1]), tf.zeros([1, 4, 4, 2])
    >>> tf.nn.conv2d_backprop_filter(x, [3, 3, 1, 2], dy, 1, "VALID").shape.as_list()
    [3, 3, 1, 2]
    """
    attrs = conv_attributes(strides, padding, data_format, dilations, use_cudnn_on_gpu)
    return Conv2DBackpropFilter(**attrs)(input, filter_sizes, out_backprop, name=name)

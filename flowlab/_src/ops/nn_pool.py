"""Pooling: the largest number or the average of each window, channel by channel.

Images are (batch, height, width, channels). The work itself is done in `kernels/pool.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError, UnimplementedError
from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_text
from flowlab._src.graph.dtypes import DType, as_dtype
from flowlab._src.graph.op import Array, Floating, Index, Op, RealNumber, Spec
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape, merge_shapes
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import average_pool, pool as kernels
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.fill import zeros_like
from flowlab._src.ops.misuse import check_choice, misuse, old_argument
from flowlab._src.ops.nn_window import (
    FORMATS,
    Pairs,
    axes_of,
    border,
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


class Pooling(Op, abstract=True):
    """What pooling operations share: window size, step and border."""

    ksize: list[int]
    strides: list[int]
    padding: str
    data_format: str = "NHWC"

    paddings: ClassVar[tuple[str, ...]] = ("SAME", "VALID")
    kind = "Pooling"

    def __init__(self, *args: Any, **attrs: Any) -> None:
        super().__init__(*args, **attrs)
        check_choice(self.type, "padding", self.padding, self.paddings)
        check_choice(self.type, "data_format", self.data_format, FORMATS)

    @property
    def pairs(self) -> Pairs:
        """The border that was asked for as a list."""
        return (0, 0), (0, 0)

    def pooled_shape(self, input: Spec) -> TensorShape:
        """The static shape of the pooled image."""
        image = input.ranked(4)
        for attribute in (self.ksize, self.strides):
            if len(attribute) != 4:
                word = "ksize" if attribute is self.ksize else "stride"
                raise ShapeError(
                    f"{self.type} requires the {word} attribute to contain 4 values, but got: {len(attribute)}"
                )
        height, width, channels = axes_of(self.data_format)
        pairs = self.pairs
        rows = windowed_size(image[height], self.ksize[height], self.strides[height], self.padding, 1, pairs[0])
        columns = windowed_size(image[width], self.ksize[width], self.strides[width], self.padding, 1, pairs[1])
        depth = self.pooled_channels(image[channels], channels)
        return TensorShape.of(image_dims(image[0], rows, columns, depth, self.data_format))

    def pooled_channels(self, count: int | None, axis: int) -> int | None:
        """How many channels come out: by default as many as go in."""
        return count

    def explain_shapes(self, *inputs: Tensor) -> tuple[str, str]:
        """A learner's words for a window that does not fit."""
        dims = inputs[0].shape._dims
        call = written.running("max_pool", "avg_pool")
        if dims is None or len(dims) != 4:
            mine = (call.argument("value") or call.argument("input") if call is not None else "") or "x"
            return (
                f"images are (batch, height, width, channels): '{inputs[0].name}' has {inputs[0].shape.ndims} axes",
                f"tf.expand_dims({mine}, -1)  # adds the axis of the channels",
            )
        height, width, _ = axes_of(self.data_format)
        return no_room(inputs[0], (self.ksize[height], self.ksize[width]), (height, width), call)

    def check_image(self, shape: Sequence[int]) -> None:
        """Refuse at run time what TensorFlow's CPU kernels refuse."""
        if self.data_format != "NHWC":
            raise InvalidArgumentError(None, None, f"Default {self.kind}Op only supports NHWC on device type CPU")
        if len(shape) != 4:
            raise InvalidArgumentError(
                None,
                None,
                f"tensor_in_shape must have 2 spatial dimensions. {len(shape)} {FORMATS.index(self.data_format)}",
            )
        if self.ksize[0] != 1 or self.strides[0] != 1:
            raise UnimplementedError(None, None, "Pooling is not yet supported on the batch dimension.")

    def geometry(self, shape: Sequence[int]) -> tuple[Any, Any, Any, tuple[int, int]]:
        """Window, strides and border for the kernels, and height and width of the result."""
        window, strides = spatial(self.ksize, "NHWC"), spatial(self.strides, "NHWC")
        pairs, counts = border(shape[1:3], window, strides, (1, 1), self.padding, self.pairs)
        return window, strides, pairs, counts


# ---- maximum -------------------------------------------------------------------------------------------------------


class MaxPooling(Pooling, abstract=True):
    """Pooling by the maximum; with a window of 1x1 pixels it may go over the channels instead."""

    explicit_paddings: list[int] = []

    paddings = ("SAME", "VALID", "EXPLICIT")
    kind = "MaxPooling"

    @property
    def pairs(self) -> Pairs:
        """The border that was asked for as a list."""
        if self.padding != "EXPLICIT":
            return (0, 0), (0, 0)
        return explicit_pairs(self.explicit_paddings, self.data_format)

    def check_image(self, shape: Sequence[int]) -> None:
        """Also refuse windows over pixels and channels at once."""
        super().check_image(shape)
        if self.ksize[3] == 1 and self.strides[3] == 1:
            return
        if self.ksize[1] != 1 or self.ksize[2] != 1:
            raise UnimplementedError(
                None, None, "MaxPooling supports exactly one of pooling across depth or pooling across width/height."
            )
        if shape[3] % self.ksize[3]:
            raise UnimplementedError(
                None, None, "Depthwise max pooling requires the depth window to evenly divide the input depth."
            )
        if self.ksize[3] != self.strides[3]:
            raise UnimplementedError(
                None, None, "Depthwise max pooling requires the depth window to equal the depth stride."
            )

    def pooled_channels(self, count: int | None, axis: int) -> int | None:
        """How many channels come out."""
        return windowed_size(count, self.ksize[axis], self.strides[axis], self.padding)

    @property
    def over_channels(self) -> bool:
        """True when groups of channels are pooled instead of pixels."""
        return self.ksize[3] != 1


class MaxPool(MaxPooling):
    """The largest number of each window."""

    def kernel(self, input: Array[RealNumber]) -> Array[RealNumber]:
        self.check_image(input.shape)
        if self.over_channels:
            return np.max(input.reshape(*input.shape[:3], -1, self.ksize[3]), axis=-1)
        window, strides, pairs, counts = self.geometry(input.shape)
        if 0 in counts or not input.size:
            return np.zeros(input.shape[:1] + counts + input.shape[3:], input.dtype)
        return kernels.max_pool(input, window, strides, pairs)

    def shape(self, input: Spec) -> TensorShape:
        check_explicit(self.explicit_paddings, self.padding, self.data_format)
        return self.pooled_shape(input)

    def grad(self, node: Operation, dy: Tensor) -> Tensor:
        """Each window's gradient goes to the pixel it was taken from."""
        return raw.MaxPoolGrad(node.inputs[0], node.outputs[0], dy, **self.attributes())


class MaxPoolGrad(MaxPooling):
    """The gradient of MaxPool: each window's gradient goes to its (first) largest pixel."""

    def kernel(
        self, orig_input: Array[RealNumber], orig_output: Array[RealNumber], grad: Array[RealNumber]
    ) -> Array[RealNumber]:
        self.check_image(orig_input.shape)
        if self.over_channels:
            raise UnimplementedError(None, None, "MaxPoolingGrad is not yet supported on the depth dimension.")
        window, strides, pairs, _ = self.geometry(orig_input.shape)
        if not grad.size or not orig_input.size:
            return np.zeros_like(orig_input)
        return kernels.max_pool_grad(orig_input, orig_output, grad, window, strides, pairs)

    def shape(self, orig_input: Spec, orig_output: Spec, grad: Spec) -> TensorShape:
        return TensorShape.of(orig_input.ranked(4))

    def grad(self, node: Operation, dy: Tensor) -> list[Tensor]:
        """Linear in the incoming gradient; which pixel is the largest does not change."""
        x, y, _ = node.inputs
        shared = {f: self.__dict__[f] for f in Pooling.fields}  # MaxPoolGradGrad has no border of its own
        return [zeros_like(x), zeros_like(y), raw.MaxPoolGradGrad(x, y, dy, **shared)]


class MaxPoolGradGrad(Pooling):
    """The gradient of MaxPoolGrad: of each window, the entry of `grad` at its (first) largest pixel."""

    def kernel(
        self, orig_input: Array[RealNumber], orig_output: Array[RealNumber], grad: Array[RealNumber]
    ) -> Array[RealNumber]:
        self.check_image(orig_input.shape)
        window, strides, pairs, _ = self.geometry(orig_input.shape)
        if not orig_output.size:
            return np.zeros_like(orig_output)
        return kernels.max_pool_grad_grad(orig_input, orig_output, grad, window, strides, pairs)

    def shape(self, orig_input: Spec, orig_output: Spec, grad: Spec) -> TensorShape:
        return merge_shapes(orig_output.shape, self.pooled_shape(orig_input))

    def grad(self, node: Operation, dy: Tensor) -> list[Tensor]:
        """Linear in the incoming gradient."""
        x, y, _ = node.inputs
        return [zeros_like(x), zeros_like(y), raw.MaxPoolGrad(x, y, dy, **self.attributes())]


class MaxPoolWithArgmax(Pooling):
    """The largest number of each window, and where it was found."""

    Targmax: DType = dtypes.int64
    include_batch_in_index: bool = False

    def kernel(self, input: Array[RealNumber]) -> tuple[Array[RealNumber], Array]:
        self.check_image(input.shape)
        window, strides, pairs, _ = self.geometry(input.shape)
        values, places = kernels.max_pool_with_argmax(input, window, strides, pairs, self.include_batch_in_index)
        return values, places.astype(self.Targmax.as_numpy_dtype)

    def dtypes(self, *inputs: Any) -> list[DType]:
        return [inputs[0].dtype.base_dtype, self.Targmax]

    def shape(self, input: Spec) -> list[TensorShape]:
        return [self.pooled_shape(input)] * 2

    def grad(self, node: Operation, dy: Tensor, _: Any) -> Tensor:
        """Each window's gradient goes to the place found."""
        return raw.MaxPoolGradWithArgmax(
            node.inputs[0],
            dy,
            node.outputs[1],
            include_batch_in_index=self.include_batch_in_index,
            **{f: self.__dict__[f] for f in ("ksize", "strides", "padding")},
        )


class MaxPoolGradWithArgmax(Pooling):
    """Adds each entry of `grad` at the place that `argmax` names."""

    include_batch_in_index: bool = False

    def kernel(self, input: Array[RealNumber], grad: Array[RealNumber], argmax: Array[Index]) -> Array[RealNumber]:
        return kernels.max_pool_grad_with_argmax(input.shape, grad, argmax, self.include_batch_in_index)

    def shape(self, input: Spec, grad: Spec, argmax: Spec) -> TensorShape:
        return TensorShape.of(input.ranked(4))


@export("nn.max_pool", "nn.max_pool2d")
def max_pool(
    value: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    name: str | None = None,
    input: Any = None,
) -> Tensor:
    """Shrink images: of each window only the largest number stays, channel by channel.

    Parameters
    ----------
    value, input : Tensor, shape (batch, height, width, channels)
    ksize : int, or list of 2 or 4 int
        Size of the window, in pixels.
    strides : int, or list of 2 or 4 int
        Step from window to window, in pixels.
    padding : {"SAME", "VALID"} or list of 4 pairs
        See `tf.nn.conv2d`. The border never wins.
    data_format : {"NHWC", "NCHW"}
        "NCHW" can be built, but as on TensorFlow's CPU not be run.

    Returns
    -------
    Tensor, shape (batch, out_height, out_width, channels)

    Raises
    ------
    ValueError
        If the window does not fit into the image.

    Examples
    --------
    >>> image = tf.reshape(tf.range(16.0), [1, 4, 4, 1])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.nn.max_pool(image, [1, 2, 2, 1], [1, 2, 2, 1], "SAME"))[0, :, :, 0]
    array([[ 5.,  7.],
           [13., 15.]], dtype=float32)
    """
    value = old_argument("input", input, "value", value)
    with name_scope(name, "MaxPool", [value]) as name:
        attrs = pool_attributes(ksize, strides, data_format)
        padding, explicit = split_padding(padding)
        if 0 in attrs["ksize"]:
            raise misuse(ValueError("ksize cannot be zero."))
        return MaxPool(padding=padding, explicit_paddings=explicit, **attrs)(value, name=name)


def pool_attributes(ksize: Any, strides: Any, data_format: str | None) -> dict[str, Any]:
    """Window size, step and data format as attributes."""
    data_format = layout_of(data_format)
    channel_index = 1 if data_format.startswith("NC") else 3
    return {
        "ksize": one_per_axis(ksize, 2, channel_index, "ksize"),
        "strides": one_per_axis(strides, 2, channel_index, "strides"),
        "data_format": data_format,
    }


@export("nn.max_pool_with_argmax")
def max_pool_with_argmax(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: str,
    data_format: str = "NHWC",
    Targmax: Any = None,
    name: str | None = None,
    output_dtype: Any = None,
    include_batch_in_index: bool = False,
) -> list[Tensor]:
    """Pool by the maximum and tell where each maximum was found.

    Parameters
    ----------
    input : Tensor, shape (batch, height, width, channels)
    ksize, strides : list of 4 int
    padding : {"SAME", "VALID"}
    data_format : {"NHWC"}
    Targmax, output_dtype : {int32, int64}, optional
        Type of the places, default int64.
    include_batch_in_index : bool
        Whether places count on from image to image.

    Returns
    -------
    output : Tensor, shape (batch, out_height, out_width, channels)
    argmax : Tensor of the same shape
        (row * width + column) * channels + channel.

    Examples
    --------
    >>> row = [[[[1.0], [5.0], [2.0], [3.0]]]]
    >>> values, places = tf.nn.max_pool_with_argmax(row, [1, 1, 2, 1], [1, 1, 2, 1], "VALID")
    >>> with tf.Session() as sess:
    ...     sess.run(places).ravel()
    array([1, 3])
    """
    if as_text(data_format, "data_format") != "NHWC":
        raise misuse(ValueError("Data formats other than 'NHWC' are not yet supported"))
    wanted = old_argument("output_dtype", output_dtype, "Targmax", Targmax)
    op = MaxPoolWithArgmax(
        ksize=one_per_axis(ksize, 2, 3, "ksize"),
        strides=one_per_axis(strides, 2, 3, "strides"),
        padding=padding,
        Targmax=as_dtype(dtypes.int64 if wanted is None else wanted),
        include_batch_in_index=include_batch_in_index,
    )
    return op(input, name=name)


# ---- average -------------------------------------------------------------------------------------------------------


class AvgPooling(Pooling, abstract=True):
    """Pooling by the average, over pixels only."""

    kind = "AvgPooling"

    def check_image(self, shape: Sequence[int]) -> None:
        """Also refuse windows over channels."""
        super().check_image(shape)
        if self.ksize[3] != 1 or self.strides[3] != 1:
            raise UnimplementedError(None, None, "Non-spatial pooling is not yet supported. Volunteers? :)")


class AvgPool(AvgPooling):
    """The average of each window, over the pixels that lie in the image."""

    def kernel(self, value: Array[Floating]) -> Array[Floating]:
        self.check_image(value.shape)
        window, strides, pairs, counts = self.geometry(value.shape)
        if 0 in counts or not value.size:
            return np.zeros(value.shape[:1] + counts + value.shape[3:], value.dtype)
        return average_pool.avg_pool(value, window, strides, pairs)

    def shape(self, value: Spec) -> TensorShape:
        return self.pooled_shape(value)

    def grad(self, node: Operation, dy: Tensor) -> Tensor:
        """Each pixel of a window gets its share."""
        return raw.AvgPoolGrad(shape_of(node.inputs[0]), dy, **self.attributes())


class AvgPoolGrad(AvgPooling):
    """The gradient of AvgPool: each window's gradient is shared out among its pixels."""

    reads_values = True

    def kernel(self, orig_input_shape: Array[np.int32], grad: Array[Floating]) -> Array[Floating]:
        shape = tuple(int(d) for d in orig_input_shape)
        self.check_image(shape)
        window, strides, pairs, _ = self.geometry(shape)
        if not grad.size:
            return np.zeros(shape, grad.dtype)
        return average_pool.avg_pool_grad(shape, grad, window, strides, pairs)

    def shape(self, orig_input_shape: Spec, grad: Spec) -> TensorShape:
        shape = orig_input_shape.as_shape
        return TensorShape.of((None,) * 4) if shape._dims is None else shape

    def grad(self, node: Operation, dy: Tensor) -> list[Tensor]:
        """Linear in the incoming gradient."""
        return [raw.StopGradient(node.inputs[0]), raw.AvgPool(dy, **self.attributes())]


@export("nn.avg_pool", "nn.avg_pool2d")
def avg_pool(
    value: Any,
    ksize: Any,
    strides: Any,
    padding: str,
    data_format: str = "NHWC",
    name: str | None = None,
    input: Any = None,
) -> Tensor:
    """Shrink images: each window is replaced by its average, channel by channel.

    Parameters
    ----------
    value, input : Tensor, shape (batch, height, width, channels), float16, float32 or float64
    ksize : int, or list of 2 or 4 int
        Size of the window, in pixels.
    strides : int, or list of 2 or 4 int
        Step from window to window, in pixels.
    padding : {"SAME", "VALID"}
        See `tf.nn.conv2d`. The border does not count in the average.
    data_format : {"NHWC", "NCHW"}
        "NCHW" can be built, but as on TensorFlow's CPU not be run.

    Returns
    -------
    Tensor, shape (batch, out_height, out_width, channels)

    Raises
    ------
    ValueError
        If the window does not fit into the image.

    Examples
    --------
    >>> image = tf.reshape(tf.range(16.0), [1, 4, 4, 1])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.nn.avg_pool(image, 2, 2, "VALID"))[0, :, :, 0]
    array([[ 2.5,  4.5],
           [10.5, 12.5]], dtype=float32)
    """
    with name_scope(name, "AvgPool", [value]) as name:
        value = old_argument("input", input, "value", value)
        return AvgPool(padding=padding, **pool_attributes(ksize, strides, data_format))(value, name=name)

"""Transposed convolutions of signals, with gaps, and of any number of axes; those of images are in nn_conv.py."""

from __future__ import annotations

from collections.abc import Sized
from typing import Any

from flowlab._src.graph.arguments import as_int
from flowlab._src.graph.convert import convert
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.blocks import batch_to_space, space_to_batch
from flowlab._src.ops.joining import concat
from flowlab._src.ops.misuse import misuse, ranked
from flowlab._src.ops.nn_conv import Conv2DBackpropInput, conv2d_transpose
from flowlab._src.ops.nn_conv3d import conv3d_transpose
from flowlab._src.ops.nn_window import one_per_axis
from flowlab._src.ops.reshaping import expand_dims, squeeze
from flowlab._src.util.export import export


@export("nn.conv1d_transpose")
def conv1d_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: Any = "SAME",
    data_format: str | None = "NWC",
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """Convolve signals backwards, so that they grow by the stride: the gradient of `tf.nn.conv1d` used as a layer.

    Parameters
    ----------
    input : Tensor, shape (batch, width, in_channels)
    filters : Tensor, shape (filter_width, out_channels, in_channels)
    output_shape : vector of 3 int32
    strides : int, or list of 1 or 3 int
    padding : {"SAME", "VALID"}
    data_format : {"NWC", "NCW"}

    Returns
    -------
    Tensor of shape `output_shape`

    Examples
    --------
    >>> x, w = tf.zeros([8, 10, 4]), tf.zeros([3, 2, 4])
    >>> tf.nn.conv1d_transpose(x, w, [8, 20, 2], strides=2).shape.as_list()
    [8, 20, 2]
    """
    with name_scope(name, "conv1d_transpose", [input, filters, output_shape]) as name:
        if data_format in (None, "NWC"):
            layout, axis, channels = "NHWC", 1, 2
        elif data_format == "NCW":
            layout, axis, channels = "NCHW", 2, 1
        else:
            raise misuse(ValueError(f"`data_format` must be 'NWC' or 'NCW'. Received: data_format={data_format}"))
        strides = [1, *one_per_axis(strides, 1, channels, "stride")]
        dilations = [1, *one_per_axis(dilations, 1, channels, "dilations")]
        input = expand_dims(input, axis)
        filters = expand_dims(filters, 0)
        sizes = output_shape if isinstance(output_shape, Tensor) else list(output_shape)
        sizes = concat([sizes[:axis], [1], sizes[axis:]], 0)
        op = Conv2DBackpropInput(strides=strides, padding=padding, data_format=layout, dilations=dilations)
        return squeeze(op(sizes, filters, input, name=name), axis)


@export("nn.conv_transpose")
def conv_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: Any = "SAME",
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """Convolve signals, images or volumes backwards; how many axes there are is told by `output_shape`.

    Examples
    --------
    >>> x, w = tf.zeros([8, 14, 14, 32]), tf.zeros([3, 3, 16, 32])
    >>> tf.nn.conv_transpose(x, w, [8, 28, 28, 16], strides=2).shape.as_list()
    [8, 28, 28, 16]
    """
    with name_scope(name, "conv_transpose", [input, output_shape]) as name:
        if isinstance(output_shape, Tensor):
            ranked(output_shape, 1)
            n = (output_shape.shape[0].value or 0) - 2
        elif isinstance(output_shape, Sized):
            n = len(output_shape) - 2
        else:
            raise misuse(ValueError(f"`output_shape` must be a tensor or sized collection. Received: {output_shape}"))
        if not 1 <= n <= 3:
            raise misuse(
                ValueError(f"`output_shape` must be of length 3, 4 or 5. Received: {output_shape} of length {n + 2}.")
            )
        shared = {"strides": strides, "padding": padding, "dilations": dilations, "name": name}
        if n == 1:
            return conv1d_transpose(input, filters, output_shape, data_format=data_format, **shared)
        if n == 2:
            layout = "NHWC" if data_format is None else data_format
            return conv2d_transpose(input, filters, output_shape, data_format=layout, **shared)
        layout = "NDHWC" if data_format is None else data_format
        return conv3d_transpose(input, filters, output_shape, data_format=layout, **shared)


@export("nn.atrous_conv2d_transpose")
def atrous_conv2d_transpose(
    value: Any, filters: Any, output_shape: Any, rate: int, padding: str, name: str | None = None
) -> Tensor:
    """Convolve backwards with gaps of `rate` - 1 pixels: the gradient of `tf.nn.atrous_conv2d` used as a layer.

    Parameters
    ----------
    value : Tensor, shape (batch, height, width, in_channels)
    filters : Tensor, shape (filter_height, filter_width, out_channels, in_channels)
    output_shape : list of 4 int, or vector of 4 int32
    rate : int
    padding : {"SAME", "VALID"}

    Returns
    -------
    Tensor, shape (batch, out_height, out_width, out_channels)

    Raises
    ------
    ValueError
        If the channels do not fit, or `rate` is not positive.

    Examples
    --------
    >>> x, w = tf.zeros([1, 5, 5, 4]), tf.zeros([3, 3, 2, 4])
    >>> tf.nn.atrous_conv2d_transpose(x, w, [1, 9, 9, 2], rate=2, padding="VALID").shape.as_list()
    [1, 9, 9, 2]
    """
    with name_scope(name, "atrous_conv2d_transpose", [value, filters, output_shape]) as name:
        value, filters = convert(value, name="value"), convert(filters, name="filters")
        rate = as_int(rate, "rate")
        if not value.shape.with_rank(4)[3].is_compatible_with(filters.shape.with_rank(4)[3]):
            words = "value's input channels does not match filters' input channels: `value` channel count must be"
            raise misuse(ValueError(f"{words} compatible with `filters`. {value.shape[3]} != {filters.shape[3]}"))
        if rate < 1:
            raise misuse(ValueError(f"`rate` cannot be less than one. Received: rate={rate}"))
        if rate == 1:
            return conv2d_transpose(value, filters, output_shape, strides=[1, 1, 1, 1], padding=padding)
        sizes = convert(output_shape, name="output_shape")
        if not sizes.shape.is_compatible_with(TensorShape([4])):
            raise misuse(ValueError(f"`output_shape` must have shape (4,). Received: output_shape={sizes.shape}"))
        if isinstance(output_shape, tuple):
            output_shape = list(output_shape)
        if isinstance(output_shape, list) and not filters.shape[2].is_compatible_with(output_shape[3]):
            words = "`output_shape` channel count must be compatible with `filters` output channel count."
            raise misuse(ValueError(f"{words} {output_shape[3]} != {filters.shape[2]}"))
        top = bottom = left = right = 0
        if padding == "SAME":
            known = filters.shape.is_fully_defined()
            window: Any = filters.shape.as_list() if known else shape_of(filters)
            rows, columns = window[0], window[1]
            missing_rows = rows + (rows - 1) * (rate - 1) - 1
            missing_columns = columns + (columns - 1) * (rate - 1) - 1
            top = missing_rows // 2
            bottom = missing_rows - top
            left = missing_columns // 2
            right = missing_columns - left
        elif padding != "VALID":
            raise misuse(ValueError(f"`padding` must be either 'VALID' or 'SAME'. Received: padding={padding}"))
        height = output_shape[1] + top + bottom
        width = output_shape[2] + left + right
        more_rows = (rate - height % rate) % rate
        more_columns = (rate - width % rate) % rate
        value = space_to_batch(input=value, paddings=[[0, more_rows], [0, more_columns]], block_size=rate)
        sizes = [
            rate * rate * output_shape[0],
            (height + more_rows) // rate,
            (width + more_columns) // rate,
            output_shape[3],
        ]
        op = Conv2DBackpropInput(strides=[1, 1, 1, 1], padding="VALID", data_format="NHWC")
        value = op(sizes, filters, value)
        crops = [[top, bottom + more_rows], [left, right + more_columns]]
        return batch_to_space(input=value, crops=crops, block_size=rate)

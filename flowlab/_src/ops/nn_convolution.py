"""Convolution and pooling in any number of dimensions, with gaps: functions built on the operations for images.

A window with gaps (dilation, French "à trous") is an ordinary one on a picture that was taken apart: with a rate of 2
the even and odd rows and columns become four smaller pictures in the batch, and are put together again afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_ints, as_text
from flowlab._src.graph.convert import convert
from flowlab._src.graph.op import constant_value
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.joining import concat, stack
from flowlab._src.ops.misuse import misuse, old_argument, ranked
from flowlab._src.ops.nn_conv import Conv2D, conv2d
from flowlab._src.ops.nn_conv3d import conv3d
from flowlab._src.ops.nn_pool import avg_pool, max_pool
from flowlab._src.ops.nn_pool3d import avg_pool3d, max_pool3d
from flowlab._src.ops.nn_window import explicit_pairs, layout_of, one_per_axis, split_padding
from flowlab._src.ops.reshaping import expand_dims, squeeze
from flowlab._src.util.export import export

OneImage = Callable[[Tensor, Any], Tensor]  # (image, padding) -> result


def with_space_to_batch(
    input: Tensor,
    rate: Any,
    padding: Any,
    op: OneImage,
    window: Any = None,
    data_format: str | None = None,
) -> Tensor:
    """Apply `op` with gaps: take the image apart, apply it, put the results together.

    Parameters
    ----------
    input : Tensor
    rate : vector of int, one for each spatial axis
    padding : "SAME", "VALID" or pairs
    op : function of an image and a padding
    window : shape of the filter, at least its spatial axes; only needed for "SAME"
    data_format : str, optional
    """
    rate = convert(rate, dtypes.int32, "dilation_rate")
    known_rate = constant_value(rate)
    if known_rate is not None:
        if (known_rate < 1).any():
            raise misuse(ValueError("dilation_rate must be positive"))
        if (known_rate == 1).all():
            return op(input, padding)
    count = len(rate.shape) and rate.shape.as_list()[0]
    channels_first = data_format is not None and data_format.startswith("NC")
    axes = range(2, count + 2) if channels_first else range(1, count + 1)
    base = _base_paddings(padding, window, count, rate if known_rate is None else known_rate, data_format or "NHWC")
    ranked(input, count + 2)
    sizes: Any = None if input.shape._dims is None else [input.shape._dims[a] for a in axes]
    if sizes is None or None in sizes:
        shape = shape_of(input)
        sizes = stack([shape[a] for a in axes])
    from flowlab._src.ops.blocks import batch_to_space_nd, required_space_to_batch_paddings, space_to_batch_nd

    paddings, crops = required_space_to_batch_paddings(sizes, rate, base_paddings=base)
    block, paddings, crops = (
        _for_all_axes(rate, 1, axes[0]),
        _for_all_axes(paddings, 0, axes[0]),
        _for_all_axes(crops, 0, axes[0]),
    )
    apart = space_to_batch_nd(input, block, paddings)
    return batch_to_space_nd(op(apart, "VALID"), block, crops)


def _base_paddings(padding: Any, window: Any, count: int, rate: Any, data_format: str) -> Any:
    """The border around the whole image, one pair for each spatial axis."""
    padding, explicit = split_padding(padding)
    if as_text(padding, "padding") == "EXPLICIT":
        return np.array(explicit_pairs(explicit, data_format))
    if padding == "VALID":
        return np.zeros((count, 2), np.int32)
    if padding != "SAME":
        raise misuse(ValueError(f"Invalid padding method {padding!r}"))
    if window is None:
        raise misuse(ValueError("filter_shape must be specified for SAME padding"))
    window = convert(window, None, "filter_shape")
    known = constant_value(window)
    if known is not None:
        window = known
        if window.ndim != 1 or len(window) < count:
            raise misuse(ValueError(f"the filter must have at least {count} spatial dimensions"))
    missing = (window[:count] - 1) * rate
    before = missing // 2
    after = missing - before
    return stack([[before[i], after[i]] for i in range(count)])


def _for_all_axes(values: Tensor, fill: int, first: int) -> Any:
    """Values for the axes from 1 on; the operations want them also for a channel axis in front."""
    known = constant_value(values)
    sizes: list[Any] = values.shape.as_list()
    more = np.full([first - 1, *sizes[1:]], fill, np.int32)
    if known is not None:
        return np.concatenate([more, known]) if first > 1 else known
    parts = ([more] if first > 1 else []) + [values[0 : sizes[0]]]
    return concat(parts, 0)


@export("nn.with_space_to_batch")
def with_space_to_batch_op(
    input: Any,
    dilation_rate: Any,
    padding: Any,
    op: Callable[..., Tensor],
    filter_shape: Any = None,
    spatial_dims: Any = None,
    data_format: str | None = None,
) -> Tensor:
    """Apply an operation with gaps between the pixels that it looks at, though it knows nothing of gaps.

    Parameters
    ----------
    input : Tensor, shape (batch, height, width, ...)
    dilation_rate : list of int, one for each spatial axis
        Distance of the pixels that are looked at together; 1 leaves no gaps.
    padding : {"SAME", "VALID"}
    op : callable
        `op(image, num_spatial_dims, padding)` with the number of spatial axes, and "SAME" or "VALID".
    filter_shape : list of int, optional
        Its spatial sizes; needed for "SAME".
    spatial_dims : list of int, optional
        The axes meant, 1, 2 ... if not given; others are not supported.
    data_format : str, optional
        If it begins with "NC" the spatial axes are 2, 3 ...

    Returns
    -------
    Tensor

    Examples
    --------
    >>> image = tf.reshape(tf.range(16.0), [1, 4, 4, 1])
    >>> largest = tf.nn.with_space_to_batch(
    ...     image, [2, 2], "VALID", lambda x, num_spatial_dims, padding: tf.nn.max_pool(x, 2, 1, padding)
    ... )
    >>> with tf.Session() as sess:
    ...     sess.run(largest)[0, :, :, 0]  # of pixels two apart
    array([[10., 11.],
           [14., 15.]], dtype=float32)
    """
    image = convert(input, None, "input")
    rate = convert(dilation_rate, dtypes.int32, "dilation_rate")
    if rate.shape.ndims != 1:
        raise misuse(ValueError("rate must be rank 1"))
    count = rate.shape.as_list()[0]
    first = 2 if data_format is not None and data_format.startswith("NC") else 1
    if spatial_dims is not None and sorted(spatial_dims) != list(range(first, first + count)):
        raise misuse(
            ValueError(
                f"spatial_dims must be {list(range(first, first + count))}, the axes of {count} rates: {spatial_dims}"
            )
        )
    return with_space_to_batch(
        image, rate, padding, lambda each, border: op(each, count, border), filter_shape, data_format
    )


@export("nn.convolution")
def convolution(
    input: Any,
    filter: Any,
    padding: Any,
    strides: Any = None,
    dilation_rate: Any = None,
    name: str | None = None,
    data_format: str | None = None,
    filters: Any = None,
    dilations: Any = None,
) -> Tensor:
    """Convolve signals (1 axis), images (2 axes) or volumes (3 axes), also with gaps in the filter.

    Parameters
    ----------
    input : Tensor, shape (batch, width, in_channels), (batch, height, width, in_channels) or with a depth before
    filter, filters : Tensor, shape (filter_width, in_channels, out_channels),
        (filter_height, filter_width, in_channels, out_channels) or with a depth before
    padding : {"SAME", "VALID"}
    strides : list of int, one for each spatial axis, optional
    dilation_rate, dilations : list of int, one for each spatial axis, optional
        Distance of the pixels that a filter looks at.
    data_format : {"NWC", "NCW", "NHWC", "NCHW"}, optional

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        If both strides and dilations are larger than 1, or the shapes do not fit.

    Examples
    --------
    >>> tf.nn.convolution(tf.zeros([8, 100, 3]), tf.zeros([5, 3, 16]), "VALID").shape.as_list()
    [8, 96, 16]
    """
    filter = old_argument("filters", filters, "filter", filter)
    rate = old_argument("dilations", dilations, "dilation_rate", dilation_rate)
    filter = _as_tensor(filter, "filters")
    input = _as_tensor(input, "input")
    rank = filter.shape.ndims or input.shape.ndims
    if rank is None:
        raise misuse(ValueError("The rank of input or filter must be known while building."))
    for tensor in (input, filter):
        ranked(tensor, rank)
    n = rank - 2
    if n not in (1, 2, 3):
        raise misuse(ValueError(f"the number of spatial dimensions must be 1, 2 or 3, got {n}"))
    data_format = None if data_format is None else as_text(data_format, "data_format")
    channel_index = 1 if data_format is not None and data_format.startswith("NC") else n + 1
    strides = one_per_axis(strides, n, channel_index, "strides")
    rates = one_per_axis(rate, n, channel_index, "dilations")
    _check_rates(strides, rates)
    with name_scope(name, "convolution", [input, filter]) as name:

        def one(image: Tensor, padding: Any) -> Tensor:
            if n == 1:
                return conv1d(image, filter, strides, padding, data_format=data_format, name=name)
            if n == 3:
                return conv3d(image, filter, strides, padding, data_format=data_format or "NDHWC", name=name)
            return conv2d(image, filter, strides, padding, data_format=data_format or "NHWC", name=name)

        if all(r == 1 for r in rates):
            return one(input, padding)
        spatial = rates[2:] if channel_index == 1 else rates[1:-1]
        return with_space_to_batch(input, spatial, padding, one, filter.shape, data_format)


def _as_tensor(value: Any, name: str) -> Tensor:
    if hasattr(value, "graph"):
        return convert(value)
    with name_scope("convolution_internal"):
        return convert(value, None, name)


def _check_rates(strides: Sequence[int], rates: Sequence[int]) -> None:
    if any(s < 1 for s in strides):
        raise misuse(ValueError("all values of strides must be positive"))
    if any(r < 1 for r in rates):
        raise misuse(ValueError("all values of dilation_rate must be positive"))
    if any(s > 1 for s in strides) and any(r > 1 for r in rates):
        raise misuse(ValueError("strides > 1 not supported in conjunction with dilation_rate > 1"))


@export("nn.atrous_conv2d")
def atrous_conv2d(value: Any, filters: Any, rate: int, padding: str, name: str | None = None) -> Tensor:
    """Convolve with gaps of `rate` - 1 pixels between those a filter looks at: a wide view with few weights.

    Parameters
    ----------
    value : Tensor, shape (batch, height, width, in_channels)
    filters : Tensor, shape (filter_height, filter_width, in_channels, out_channels)
    rate : int
    padding : {"SAME", "VALID"}

    Returns
    -------
    Tensor, shape (batch, out_height, out_width, out_channels)
        "SAME": as large as `value`. "VALID": smaller by (filter_height - 1) * rate, (filter_width - 1) * rate.

    Examples
    --------
    >>> tf.nn.atrous_conv2d(tf.zeros([1, 9, 9, 2]), tf.zeros([3, 3, 2, 4]), rate=2, padding="VALID").shape.as_list()
    [1, 5, 5, 4]

    References
    ----------
    Chen et al., "Semantic image segmentation with deep convolutional nets and fully connected CRFs" (2015).
    """
    return convolution(value, filters, padding, dilation_rate=[rate, rate], name=name)


@export("nn.conv1d")
def conv1d(
    value: Any = None,
    filters: Any = None,
    stride: Any = None,
    padding: Any = None,
    use_cudnn_on_gpu: Any = None,
    data_format: str | None = None,
    name: str | None = None,
    input: Any = None,
    dilations: Any = None,
) -> Tensor:
    """Convolve signals with filters: an image convolution on pictures one pixel high.

    Parameters
    ----------
    value, input : Tensor, shape (batch, width, in_channels)
    filters : Tensor, shape (filter_width, in_channels, out_channels)
    stride : int
    padding : {"SAME", "VALID"}
    data_format : {"NWC", "NCW"}, optional
    dilations : int, optional

    Returns
    -------
    Tensor, shape (batch, out_width, out_channels)

    Examples
    --------
    >>> difference = tf.nn.conv1d([[[1.0], [4.0], [9.0]]], [[[-1.0]], [[1.0]]], 1, "VALID")
    >>> with tf.Session() as sess:
    ...     sess.run(difference).ravel()
    array([3., 5.], dtype=float32)
    """
    value = old_argument("input", input, "value", value)
    with name_scope(name, "conv1d", [value, filters]) as name:
        data_format = layout_of(data_format)
        if data_format in ("NHWC", "NWC"):
            data_format, new_axis, channel_index = "NHWC", -3, 2
        elif data_format in ("NCHW", "NCW"):
            data_format, new_axis, channel_index = "NCHW", -2, 1
        else:
            raise misuse(ValueError('data_format must be "NWC" or "NCW".'))
        value = expand_dims(value, new_axis)
        filters = expand_dims(filters, 0)
        strides = [1, *one_per_axis(stride, 1, channel_index, "stride")]
        rates = [1, *one_per_axis(dilations, 1, channel_index, "dilations")]
        word, explicit = split_padding(padding)
        op = Conv2D(
            strides=strides,
            dilations=rates,
            padding=word,
            explicit_paddings=explicit,
            data_format=data_format,
            use_cudnn_on_gpu=True if use_cudnn_on_gpu is None else use_cudnn_on_gpu,
        )
        return squeeze(op(value, filters, name=name), [new_axis])


@export("nn.pool")
def pool(
    input: Any,
    window_shape: Sequence[int],
    pooling_type: str,
    padding: str,
    dilation_rate: Any = None,
    strides: Any = None,
    name: str | None = None,
    data_format: str | None = None,
    dilations: Any = None,
) -> Tensor:
    """Pool signals (1 axis), images (2 axes) or volumes (3 axes), also with gaps in the window.

    Parameters
    ----------
    input : Tensor, shape (batch, width, channels) or (batch, height, width, channels)
    window_shape : list of int, one for each spatial axis
    pooling_type : {"MAX", "AVG"}
    padding : {"SAME", "VALID"}
    dilation_rate, dilations : list of int, one for each spatial axis, optional
        Needs padding "VALID" and strides of 1.
    strides : list of int, one for each spatial axis, optional
        Default 1.
    data_format : {"NWC", "NCW", "NHWC", "NCHW"}, optional

    Returns
    -------
    Tensor

    Examples
    --------
    >>> tf.nn.pool(tf.zeros([8, 28, 28, 3]), [2, 2], "MAX", "SAME", strides=[2, 2]).shape.as_list()
    [8, 14, 14, 3]
    """
    rate = old_argument("dilations", dilations, "dilation_rate", dilation_rate)
    pooling_type = as_text(pooling_type, "pooling_type")
    with name_scope(name, f"{pooling_type.lower()}_pool", [input]) as scope:
        input = convert(input, None, "input")
        window_shape = as_ints(window_shape, "window_shape")
        n = len(window_shape)
        ranked(input, n + 2)
        strides = [1] * n if strides is None else as_ints(strides, "strides")
        rate = np.array([1] * n if rate is None else as_ints(rate, "dilation_rate"))
        for what, values in (("dilation_rate", rate), ("strides", strides)):
            if len(values) != n:
                raise misuse(ValueError(f"len({what})={len(values)} but should be {n}"))
        _check_rates(strides, list(rate))
        padding = as_text(padding, "padding")
        data_format = None if data_format is None else as_text(data_format, "data_format")
        if padding == "SAME" and (rate > 1).any():
            raise misuse(ValueError("pooling with SAME padding is not implemented for dilation_rate > 1"))
        if any(s > w for s, w in zip(strides, window_shape)):
            raise misuse(
                ValueError(
                    "strides > window_shape not supported due to inconsistency between CPU and GPU implementations"
                )
            )
        if pooling_type not in ("MAX", "AVG") or n not in (1, 2, 3):
            raise misuse(ValueError(f"{n}-D {pooling_type} pooling is not supported."))
        channels_first = data_format is not None and data_format.startswith("NC")
        window = [1, 1, *window_shape] if channels_first else [1, *window_shape, 1]
        steps = [1, 1, *strides] if channels_first else [1, *strides, 1]
        if n == 1:
            if data_format not in (None, "NWC", "NCW"):
                raise misuse(ValueError("data_format must be either 'NWC' or 'NCW'."))
            window, steps = [1, *window], [1, *steps]
            if channels_first:  # the new axis of height 1 follows the channels
                window, steps = [1, 1, *window[2:]], [1, 1, *steps[2:]]
        new_axis = 2 if channels_first else 1
        function = max_pool if pooling_type == "MAX" else avg_pool
        layout = "NCHW" if channels_first else "NHWC"

        def one(image: Tensor, padding: Any) -> Tensor:
            if n == 3:
                volumes = max_pool3d if pooling_type == "MAX" else avg_pool3d
                return volumes(image, window, steps, padding, data_format=data_format, name=scope)
            if n == 2:
                return function(image, window, steps, padding, data_format=layout, name=scope)
            flat = function(expand_dims(image, new_axis), window, steps, padding, data_format=layout, name=scope)
            return squeeze(flat, [new_axis])

        return with_space_to_batch(input, rate, padding, one, window_shape)

"""Convolution of volumes: films, scans, anything with three spatial axes. The work is done in `kernels/volumes.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError
from flowlab._src.graph.arguments import as_text
from flowlab._src.graph.op import Array, Floating, Index, Op, Spec
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import Dims, TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import volumes
from flowlab._src.kernels.conv import same_padding
from flowlab._src.ops.array_shape import shape_n, shape_of
from flowlab._src.ops.misuse import check_choice, misuse, old_argument
from flowlab._src.ops.nn_window import one_per_axis, windowed_size
from flowlab._src.util.export import export

FORMATS = ("NDHWC", "NCDHW")


def spatial_axes(data_format: str) -> tuple[int, int, int]:
    """Where depth, height and width stand."""
    return (2, 3, 4) if data_format == "NCDHW" else (1, 2, 3)


def channel_axis(data_format: str) -> int:
    """Where the channels stand."""
    return 1 if data_format == "NCDHW" else 4


def volume_dims(batch: int | None, spatial: Sequence[int | None], channels: int | None, data_format: str) -> Dims:
    """Five sizes in the order of the data format."""
    return (batch, channels, *spatial) if data_format == "NCDHW" else (batch, *spatial, channels)


def volume_format(data_format: Any) -> str:
    """The `data_format` argument as the attribute."""
    return "NDHWC" if data_format is None else as_text(data_format, "data_format") or "NDHWC"


def volume_border(
    sizes: Sequence[int], window: Sequence[int], strides: Sequence[int], padding: str
) -> tuple[list[tuple[int, int]], list[int]]:
    """The border before and after, and how many windows there are, for each spatial axis."""
    pairs: list[tuple[int, int]] = []
    out: list[int] = []
    for size, length, step in zip(sizes, window, strides, strict=True):
        if padding == "SAME":
            pairs.append(same_padding(size, length, step))
            out.append(-(-size // step))
        else:
            pairs.append((0, 0))
            out.append(max((size - length + step) // step, 0))
    return pairs, out


def check_five(op: str, **attributes: Sequence[int]) -> None:
    """ValueError for attributes that do not have one number for each axis."""
    for name, values in attributes.items():
        if len(values) < 5:
            text = f"Attr '{name}' of '{op}' Op passed list of length {len(values)} less than minimum 5."
            raise misuse(ValueError(text), fix="one number each for batch, depth, height, width and channels")


class Convolution3D(Op, abstract=True):
    """What Conv3D and its gradients share."""

    strides: list[int]
    padding: str
    data_format: str = "NDHWC"
    dilations: list[int] = [1, 1, 1, 1, 1]

    def __init__(self, *args: Any, **attrs: Any) -> None:
        super().__init__(*args, **attrs)
        check_five(self.type, strides=self.strides)
        check_choice(self.type, "padding", self.padding, ("SAME", "VALID"))
        check_choice(self.type, "data_format", self.data_format, FORMATS)

    def check_attributes(self) -> None:
        """Refuse at run time what TensorFlow's CPU kernels refuse."""
        channels = channel_axis(self.data_format)
        words = "Current implementation does not yet support"
        if self.strides[0] != 1 or self.strides[channels] != 1:
            raise InvalidArgumentError(None, None, f"{words} strides in the batch and depth dimensions.")
        if self.dilations[0] != 1 or self.dilations[channels] != 1:
            raise InvalidArgumentError(None, None, f"{words} dilation rates in the batch and depth dimensions.")

    def check_layout(self) -> None:
        """Refuse other orders of axes, and dilations, as TensorFlow's CPU kernels do."""
        if self.data_format != "NDHWC":
            raise InvalidArgumentError(
                None, None, "CPU implementation of Conv3D currently only supports the NHWC tensor format."
            )
        if any(d != 1 for d in self.dilations):
            raise InvalidArgumentError(
                None, None, "CPU implementation of Conv3D currently only supports dilated rates of 1."
            )

    def geometry(self, volume: Sequence[int], window: Sequence[int]) -> tuple[Any, Any, list[int]]:
        """Strides, border, and the sizes of the result."""
        strides = self.strides[1:4]
        pairs, out = volume_border(volume[1:4], window[:3], strides, self.padding)
        return strides, pairs, out

    def check_backprop(self, name: str, volume: Sequence[int], window: Sequence[int], dy: Sequence[int]) -> None:
        """InvalidArgumentError unless the convolution of these shapes has a result of the gradient's shape."""
        self.check_attributes()
        self.check_layout()
        for label, shape in (("input", volume), ("filter_sizes", window), ("out_backprop", dy)):
            if len(shape) != 5:
                raise InvalidArgumentError(None, None, f"{label} must be 5-dimensional")
        if volume[0] != dy[0]:
            batches = f"Input batch: {volume[0]}, outbackprop batch: {dy[0]}, batch_dim: 0"
            raise InvalidArgumentError(
                None, None, f"{name}: input and out_backprop must have the same batch size. {batches}"
            )
        for label, found, wanted in (("input", volume[4], window[3]), ("out_backprop", dy[4], window[4])):
            if found != wanted:
                counts = f"Got {found} for {label} and {wanted} for filter_sizes"
                raise InvalidArgumentError(
                    None, None, f"{label} and filter_sizes must have the same number of channels. {counts}"
                )
        strides, _, out = self.geometry(volume, window)
        for axis in (1, 2, 3):
            if out[axis - 1] != dy[axis]:
                raise InvalidArgumentError(
                    None,
                    None,
                    f"{name}: Size of out_backprop doesn't match computed: actual = {dy[axis]}, computed = "
                    f"{out[axis - 1]} spatial_dim: {axis} input: {volume[axis]} filter: {window[axis - 1]} "
                    f"output: {dy[axis]} stride: {strides[axis - 1]} dilation: 1",
                )


class Conv3D(Convolution3D):
    """Each output pixel is the dot product of a filter with one block of the volume."""

    def kernel(self, input: Array[Floating], filter: Array[Floating]) -> Array[Floating]:
        self.check_attributes()
        for label, array in (("input", input), ("filter", filter)):
            if array.ndim != 5:
                raise InvalidArgumentError(None, None, f"{label} must be 5-dimensional")
        channels = input.shape[channel_axis(self.data_format)]
        if channels != filter.shape[3]:
            depths = f"{channels} vs {filter.shape[3]}"
            raise InvalidArgumentError(None, None, f"Input depth must be evenly divisible by filter depth: {depths}")
        self.check_layout()
        sizes: list[int]
        strides, pairs, sizes = self.geometry(input.shape, filter.shape)
        if 0 in sizes or not input.size or not filter.size:
            return np.zeros((len(input), *sizes, filter.shape[4]), input.dtype)
        return volumes.conv(input, filter, strides, pairs, sizes)

    def shape(self, input: Spec, filter: Spec) -> TensorShape:
        volume, window = input.ranked(5), filter.ranked(5)
        channels = channel_axis(self.data_format)
        depth, wanted = volume[channels], window[3]
        if depth is not None and wanted is not None and wanted and depth % wanted:
            raise ShapeError(f"Depth of input ({depth}) is not a multiple of input depth of filter ({wanted})")
        sizes = [
            windowed_size(volume[axis], window[i], self.strides[axis], self.padding, self.dilations[axis])
            for i, axis in enumerate(spatial_axes(self.data_format))
        ]
        return TensorShape.of(volume_dims(volume[0], sizes, window[4], self.data_format))

    def grad(self, node: Operation, dy: Tensor) -> list[Tensor]:
        """Two convolutions: the gradient goes back through each tap for x, and meets each pixel for w."""
        x, w = node.inputs
        x_shape, w_shape = shape_n([x, w])
        return [
            raw.Conv3DBackpropInputV2(x_shape, w, dy, **self.attributes()),
            raw.Conv3DBackpropFilterV2(x, w_shape, dy, **self.attributes()),
        ]


class Conv3DBackpropInputV2(Convolution3D):
    """The gradient of Conv3D for the volume; used forwards the transposed convolution that enlarges volumes."""

    reads_values = True

    def kernel(
        self, input_sizes: Array[Index], filter: Array[Floating], out_backprop: Array[Floating]
    ) -> Array[Floating]:
        shape = tuple(int(n) for n in np.asarray(input_sizes).ravel())
        self.check_backprop("Conv3DBackpropInputOp", shape, filter.shape, out_backprop.shape)
        if not out_backprop.size or not filter.size:
            return np.zeros(shape, filter.dtype)
        strides, pairs, _ = self.geometry(shape, filter.shape)
        return volumes.conv_input_grad(shape, filter, out_backprop, strides, pairs)

    def shape(self, input_sizes: Spec, filter: Spec, out_backprop: Spec) -> TensorShape:
        filter.ranked(5)
        sizes = input_sizes.as_shape
        if sizes._dims is None:
            return TensorShape.of((None,) * 5)
        if len(sizes._dims) != 5:
            raise ShapeError(f"Shape must be rank 5 but is rank {len(sizes._dims)}")
        return sizes

    def grad(self, node: Operation, dy: Tensor) -> list[Tensor | None]:
        """The operation is linear in the filter and in the gradient it was given."""
        _, w, x = node.inputs
        return [
            None,
            raw.Conv3DBackpropFilterV2(dy, shape_of(w), x, **self.attributes()),
            raw.Conv3D(dy, w, **self.attributes()),
        ]


class Conv3DBackpropFilterV2(Convolution3D):
    """The gradient of Conv3D for the filter."""

    reads_values = True

    def kernel(
        self, input: Array[Floating], filter_sizes: Array[np.int32], out_backprop: Array[Floating]
    ) -> Array[Floating]:
        shape = tuple(int(n) for n in np.asarray(filter_sizes).ravel())
        self.check_backprop("Conv3DBackpropFilterOp", input.shape, shape, out_backprop.shape)
        if not out_backprop.size or not input.size:
            return np.zeros(shape, input.dtype)
        strides, pairs, _ = self.geometry(input.shape, shape)
        return volumes.conv_filter_grad(input, shape, out_backprop, strides, pairs)

    def shape(self, input: Spec, filter_sizes: Spec, out_backprop: Spec) -> TensorShape:
        sizes = filter_sizes.as_shape
        if sizes._dims is None:
            return TensorShape.of((None,) * 5)
        if len(sizes._dims) != 5:
            raise ShapeError(f"Shape must be rank 5 but is rank {len(sizes._dims)}")
        return sizes

    def grad(self, node: Operation, dy: Tensor) -> list[Tensor | None]:
        """The operation is linear in the volume and in the gradient it was given."""
        x, _, out = node.inputs
        return [
            raw.Conv3DBackpropInputV2(shape_of(x), dy, out, **self.attributes()),
            None,
            raw.Conv3D(x, dy, **self.attributes()),
        ]


# ---- the functions -------------------------------------------------------------------------------------------------


@export("nn.conv3d")
def conv3d(
    input: Any,
    filter: Any = None,
    strides: Any = None,
    padding: Any = None,
    data_format: str = "NDHWC",
    dilations: Any = [1, 1, 1, 1, 1],  # noqa: B006 - TensorFlow's default; never changed
    name: str | None = None,
    filters: Any = None,
) -> Tensor:
    """Convolve volumes with filters: each output pixel is the dot product of a filter with one block.

    Parameters
    ----------
    input : Tensor, shape (batch, depth, height, width, in_channels), float16, float32 or float64
    filter, filters : Tensor, shape (filter_depth, filter_height, filter_width, in_channels, out_channels)
    strides : list of 5 int
        The first and last are 1.
    padding : {"SAME", "VALID"}
    data_format : {"NDHWC", "NCDHW"}
        "NCDHW" can be built, but as on TensorFlow's CPU not be run; so are dilations other than 1.

    Returns
    -------
    Tensor, shape (batch, out_depth, out_height, out_width, out_channels)

    Raises
    ------
    ValueError
        If `in_channels` differs, or the filter does not fit into the volume.

    Examples
    --------
    >>> film, w = tf.zeros([1, 16, 32, 32, 3]), tf.zeros([3, 3, 3, 3, 8])
    >>> tf.nn.conv3d(film, w, strides=[1, 1, 2, 2, 1], padding="SAME").shape.as_list()
    [1, 16, 16, 16, 8]
    """
    filter = old_argument("filters", filters, "filter", filter)
    attrs = {"strides": strides, "padding": padding, "data_format": data_format, "dilations": dilations}
    return Conv3D(**attrs)(input, filter, name=name)


@export("nn.conv3d_transpose")
def conv3d_transpose(
    value: Any,
    filter: Any = None,
    output_shape: Any = None,
    strides: Any = None,
    padding: Any = "SAME",
    data_format: str = "NDHWC",
    name: str | None = None,
    input: Any = None,
    filters: Any = None,
    dilations: Any = None,
) -> Tensor:
    """Convolve backwards, so that volumes grow by the stride: the gradient of `tf.nn.conv3d` used as a layer.

    Parameters
    ----------
    value, input : Tensor, shape (batch, depth, height, width, in_channels)
    filter, filters : Tensor, shape (filter_depth, filter_height, filter_width, out_channels, in_channels)
    output_shape : vector of 5 int32
    strides : int, or list of 3 or 5 int
    padding : {"SAME", "VALID"}

    Returns
    -------
    Tensor of shape `output_shape`

    Examples
    --------
    >>> x, w = tf.zeros([1, 4, 4, 4, 8]), tf.zeros([3, 3, 3, 5, 8])
    >>> tf.nn.conv3d_transpose(x, w, [1, 8, 8, 8, 5], strides=2).shape.as_list()
    [1, 8, 8, 8, 5]
    """
    filter = old_argument("filters", filters, "filter", filter)
    value = old_argument("input", input, "value", value)
    with name_scope(name, "conv3d_transpose", [value, filter, output_shape]) as name:
        data_format = volume_format(data_format)
        channels = 1 if data_format.startswith("NC") else 4
        strides = one_per_axis(strides, 3, channels, "strides")
        dilations = one_per_axis(dilations, 3, channels, "dilations")
        op = Conv3DBackpropInputV2(strides=strides, padding=padding, data_format=data_format, dilations=dilations)
        return op(output_shape, filter, value, name=name)


@export("nn.conv3d_backprop_filter", "nn.conv3d_backprop_filter_v2")
def conv3d_backprop_filter(
    input: Any,
    filter_sizes: Any,
    out_backprop: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NDHWC",
    dilations: Any = [1, 1, 1, 1, 1],  # noqa: B006
    name: str | None = None,
) -> Tensor:
    """Compute the gradient of `tf.nn.conv3d` with respect to the filter.

    Parameters
    ----------
    input : Tensor, shape (batch, depth, height, width, in_channels)
    filter_sizes : vector of 5 int32
    out_backprop : Tensor, shape (batch, out_depth, out_height, out_width, out_channels)
    strides, padding, data_format, dilations
        As for `tf.nn.conv3d`.

    Returns
    -------
    Tensor of shape `filter_sizes`
    """
    attrs = {"strides": strides, "padding": padding, "data_format": data_format, "dilations": dilations}
    return Conv3DBackpropFilterV2(**attrs)(input, filter_sizes, out_backprop, name=name)

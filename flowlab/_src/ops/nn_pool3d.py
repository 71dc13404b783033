"""Pooling of signals (one spatial axis) and volumes (three): the largest number or the average of each window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError, UnimplementedError
from flowlab._src.graph.arguments import as_text
from flowlab._src.graph.convert import convert
from flowlab._src.graph.op import Array, Floating, Op, Spec
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape, merge_shapes
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import volumes
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.fill import zeros_like
from flowlab._src.ops.identity import stop_gradient
from flowlab._src.ops.misuse import check_choice, misuse
from flowlab._src.ops.nn_conv3d import FORMATS, check_five, spatial_axes, volume_border, volume_dims, volume_format
from flowlab._src.ops.nn_pool import AvgPool, MaxPool, avg_pool, max_pool
from flowlab._src.ops.nn_window import one_per_axis, windowed_size
from flowlab._src.ops.reshaping import expand_dims, squeeze
from flowlab._src.util.export import export

Single = TypeVar("Single", np.float16, np.float32)


class Pooling3D(Op, abstract=True):
    """What pooling operations of volumes share."""

    ksize: list[int]
    strides: list[int]
    padding: str
    data_format: str = "NDHWC"

    def __init__(self, *args: Any, **attrs: Any) -> None:
        super().__init__(*args, **attrs)
        check_five(self.type, ksize=self.ksize, strides=self.strides)
        check_choice(self.type, "padding", self.padding, ("SAME", "VALID"))
        check_choice(self.type, "data_format", self.data_format, FORMATS)

    def pooled_shape(self, input: Spec) -> TensorShape:
        """The static shape of the pooled volumes."""
        volume = input.ranked(5)
        axes = spatial_axes(self.data_format)
        sizes = [windowed_size(volume[a], self.ksize[a], self.strides[a], self.padding) for a in axes]
        channels = volume[1 if self.data_format == "NCDHW" else 4]
        return TensorShape.of(volume_dims(volume[0], sizes, channels, self.data_format))

    def geometry(self, shape: Sequence[int]) -> tuple[Any, Any, Any, list[int]]:
        """Window, strides, border and the sizes of the result; refuses what TensorFlow's CPU kernels refuse."""
        if self.data_format != "NDHWC":
            raise InvalidArgumentError(None, None, "Default Pooling3DOp only supports NDHWC on device type CPU")
        if len(shape) != 5:
            raise InvalidArgumentError(None, None, "tensor_in must be 5-dimensional")
        if any(k <= 0 for k in self.ksize):
            raise InvalidArgumentError(None, None, "Sliding window ksize field must have non-negative dimensions")
        if self.ksize[0] != 1 or self.strides[0] != 1:
            raise UnimplementedError(None, None, "Pooling is not yet supported on the batch dimension.")
        if self.ksize[4] != 1 or self.strides[4] != 1:
            raise UnimplementedError(None, None, "Pooling is not yet supported on the depth dimension.")
        window, strides = self.ksize[1:4], self.strides[1:4]
        pairs, out = volume_border(shape[1:4], window, strides, self.padding)
        return window, strides, pairs, out

    def check_shapes(self, out: Sequence[int], like: Sequence[int], **arrays: Any) -> None:
        """InvalidArgumentError unless arrays have the shape of the pooled volumes."""
        wanted = (like[0], *out, like[4])
        for label, array in arrays.items():
            if array.shape != wanted:
                sizes = ",".join(map(str, wanted)), ",".join(map(str, array.shape))
                raise InvalidArgumentError(
                    None, None, f"Expected {label} shape to be [{sizes[0]}], but got [{sizes[1]}]"
                )


class MaxPool3D(Pooling3D):
    """The largest number of each window."""

    def kernel(self, input: Array[Single]) -> Array[Single]:
        sizes: list[int]
        window, strides, pairs, sizes = self.geometry(input.shape)
        if 0 in sizes or not input.size:
            return np.zeros((len(input), *sizes, input.shape[4]), input.dtype)
        return volumes.max_pool(input, window, strides, pairs, sizes)

    def shape(self, input: Spec) -> TensorShape:
        return self.pooled_shape(input)

    def grad(self, node: Operation, dy: Tensor) -> Tensor:
        """Each window's gradient goes to the pixel it was taken from."""
        return raw.MaxPool3DGrad(node.inputs[0], node.outputs[0], dy, **self.attributes())


class MaxPool3DGrad(Pooling3D):
    """The gradient of MaxPool3D: each window's gradient goes to its largest pixel, or to all that are the largest."""

    def kernel(self, orig_input: Array[Single], orig_output: Array[Single], grad: Array[Single]) -> Array[Single]:
        window, strides, pairs, out = self.geometry(orig_input.shape)
        self.check_shapes(out, orig_input.shape, orig_output=orig_output, grad=grad)
        if not grad.size:
            return np.zeros_like(orig_input)
        return volumes.max_pool_grad(orig_input, orig_output, grad, window, strides, pairs)

    def shape(self, orig_input: Spec, orig_output: Spec, grad: Spec) -> TensorShape:
        return TensorShape.of(orig_input.ranked(5))

    def grad(self, node: Operation, dy: Tensor) -> list[Tensor]:
        """Linear in the incoming gradient."""
        x, y, _ = node.inputs
        return [zeros_like(x), zeros_like(y), raw.MaxPool3DGradGrad(x, y, dy, **self.attributes())]


class MaxPool3DGradGrad(Pooling3D):
    """The gradient of MaxPool3DGrad: of each window, the entry of `grad` at its (first) largest pixel."""

    def kernel(self, orig_input: Array[Single], orig_output: Array[Single], grad: Array[Single]) -> Array[Single]:
        window, strides, pairs, out = self.geometry(orig_input.shape)
        self.check_shapes(out, orig_input.shape, orig_output=orig_output)
        if grad.shape != orig_input.shape:
            raise InvalidArgumentError(None, None, "Expected grad shape to be that of orig_input")
        if not orig_output.size:
            return np.zeros_like(orig_output)
        return volumes.max_pool_grad_grad(orig_input, orig_output, grad, window, strides, pairs)

    def shape(self, orig_input: Spec, orig_output: Spec, grad: Spec) -> TensorShape:
        return merge_shapes(orig_output.shape, self.pooled_shape(orig_input))

    def grad(self, node: Operation, dy: Tensor) -> list[Tensor]:
        """Linear in the incoming gradient."""
        x, y, _ = node.inputs
        return [zeros_like(x), zeros_like(y), raw.MaxPool3DGrad(x, y, dy, **self.attributes())]


class AvgPool3D(Pooling3D):
    """The mean of each window; the border does not count."""

    def kernel(self, input: Array[Floating]) -> Array[Floating]:
        sizes: list[int]
        window, strides, pairs, sizes = self.geometry(input.shape)
        if 0 in sizes or not input.size:
            return np.zeros((len(input), *sizes, input.shape[4]), input.dtype)
        return volumes.avg_pool(input, window, strides, pairs, sizes)

    def shape(self, input: Spec) -> TensorShape:
        return self.pooled_shape(input)

    def grad(self, node: Operation, dy: Tensor) -> Tensor:
        """Each window's gradient is shared among its pixels."""
        return raw.AvgPool3DGrad(shape_of(node.inputs[0]), dy, **self.attributes())


class AvgPool3DGrad(Pooling3D):
    """The gradient of AvgPool3D."""

    reads_values = True

    def kernel(self, orig_input_shape: Array[np.int32], grad: Array[Floating]) -> Array[Floating]:
        shape = tuple(int(n) for n in np.asarray(orig_input_shape).ravel())
        window, strides, pairs, out = self.geometry(shape)
        self.check_shapes(out, shape, grad=grad)
        if not grad.size:
            return np.zeros(shape, grad.dtype)
        return volumes.avg_pool_grad(shape, grad, window, strides, pairs)

    def shape(self, orig_input_shape: Spec, grad: Spec) -> TensorShape:
        sizes = orig_input_shape.as_shape
        return TensorShape.of((None,) * 5) if sizes._dims is None else sizes

    def grad(self, node: Operation, dy: Tensor) -> list[Tensor]:
        """Linear in the incoming gradient."""
        return [stop_gradient(node.inputs[0]), raw.AvgPool3D(dy, **self.attributes())]


# ---- the functions -------------------------------------------------------------------------------------------------


@export("nn.max_pool3d")
def max_pool3d(
    input: Any, ksize: Any, strides: Any, padding: str, data_format: str | None = "NDHWC", name: str | None = None
) -> Tensor:
    """Shrink volumes: of each window only the largest number stays, channel by channel.

    Parameters
    ----------
    input : Tensor, shape (batch, depth, height, width, channels), float16 or float32
    ksize, strides : int, or list of 3 or 5 int
    padding : {"SAME", "VALID"}
    data_format : {"NDHWC", "NCDHW"}
        "NCDHW" can be built, but as on TensorFlow's CPU not be run.

    Returns
    -------
    Tensor, shape (batch, out_depth, out_height, out_width, channels)

    Examples
    --------
    >>> tf.nn.max_pool3d(tf.zeros([1, 8, 8, 8, 3]), 2, 2, "SAME").shape.as_list()
    [1, 4, 4, 4, 3]
    """
    with name_scope(name, "MaxPool3D", [input]) as name:
        data_format = volume_format(data_format)
        channels = 1 if data_format.startswith("NC") else 4
        ksize, strides = one_per_axis(ksize, 3, channels, "ksize"), one_per_axis(strides, 3, channels, "strides")
        op = MaxPool3D(ksize=ksize, strides=strides, padding=padding, data_format=data_format)
        return op(input, name=name)


@export("nn.avg_pool3d")
def avg_pool3d(
    input: Any, ksize: Any, strides: Any, padding: str, data_format: str | None = "NDHWC", name: str | None = None
) -> Tensor:
    """Shrink volumes: each window becomes its mean; the arguments are those of `tf.nn.max_pool3d`.

    Examples
    --------
    >>> tf.nn.avg_pool3d(tf.zeros([1, 9, 9, 9, 3]), 3, 3, "VALID").shape.as_list()
    [1, 3, 3, 3, 3]
    """
    with name_scope(name, "AvgPool3D", [input]) as name:
        data_format = volume_format(data_format)
        channels = 1 if data_format.startswith("NC") else 3
        ksize, strides = one_per_axis(ksize, 3, channels, "ksize"), one_per_axis(strides, 3, channels, "strides")
        op = AvgPool3D(ksize=ksize, strides=strides, padding=padding, data_format=data_format)
        return op(input, name=name)


def _flat_pool(
    op: Any, scope: str, input: Any, ksize: Any, strides: Any, padding: Any, data_format: Any, name: str | None
) -> Tensor:
    """Pool signals as pictures one pixel high."""
    with name_scope(name, scope, [input]) as name:
        data_format = "NWC" if data_format is None else as_text(data_format, "data_format")
        channels = 1 if data_format.startswith("NC") else 2
        ksize = [1, *one_per_axis(ksize, 1, channels, "ksize")]
        strides = [1, *one_per_axis(strides, 1, channels, "strides")]
        axis = 1 if data_format == "NWC" else 2
        layout = "NHWC" if data_format == "NWC" else "NCHW"
        pooling = op(ksize=ksize, strides=strides, padding=padding, data_format=layout)
        return squeeze(pooling(expand_dims(input, axis), name=name), axis)


@export("nn.max_pool1d")
def max_pool1d(
    input: Any, ksize: Any, strides: Any, padding: str, data_format: str | None = "NWC", name: str | None = None
) -> Tensor:
    """Shrink signals: of each window only the largest number stays, channel by channel.

    Parameters
    ----------
    input : Tensor, shape (batch, width, channels)
    ksize, strides : int, or list of 1 or 3 int
    padding : {"SAME", "VALID"}
    data_format : {"NWC", "NCW"}

    Returns
    -------
    Tensor, shape (batch, out_width, channels)

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.nn.max_pool1d([[[1.0], [4.0], [2.0], [3.0]]], 2, 2, "VALID")).ravel()
    array([4., 3.], dtype=float32)
    """
    return _flat_pool(MaxPool, "MaxPool1d", input, ksize, strides, padding, data_format, name)


@export("nn.avg_pool1d")
def avg_pool1d(
    input: Any, ksize: Any, strides: Any, padding: str, data_format: str | None = "NWC", name: str | None = None
) -> Tensor:
    """Shrink signals: each window becomes its mean; the arguments are those of `tf.nn.max_pool1d`."""
    return _flat_pool(AvgPool, "AvgPool1D", input, ksize, strides, padding, data_format, name)


def _by_rank(functions: Sequence[Any], input: Any, data_format: str | None) -> tuple[Any, Tensor, str]:
    """The function for signals, images or volumes, whichever the input is; the input; the layout."""
    input = convert(input, None, "input")
    rank = input.shape.ndims
    if rank is None:
        raise misuse(ValueError("Cannot take the length of shape with unknown rank."))
    if rank not in (3, 4, 5):
        text = f"`input.shape.rank` must be 3, 4 or 5. Received: input.shape={input.shape} of rank {rank}."
        raise misuse(ValueError(text))
    return functions[rank - 3], input, data_format or ("NWC", "NHWC", "NDHWC")[rank - 3]


@export("nn.max_pool_v2")
def max_pool_v2(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: str | None = None, name: str | None = None
) -> Tensor:
    """Shrink signals, images or volumes: of each window only the largest number stays.

    Parameters
    ----------
    input : Tensor, shape (batch, width, channels), with height before width, or with depth and height before it
    ksize, strides : int, or list of int
        See `tf.nn.max_pool1d`, `tf.nn.max_pool2d`, `tf.nn.max_pool3d`.
    padding : {"SAME", "VALID"}
    data_format : str, optional
        "NWC", "NHWC" or "NDHWC", by the rank, if not given.
    name : str, optional

    Raises
    ------
    ValueError
        If the rank is another.

    Examples
    --------
    >>> tf.nn.max_pool_v2(tf.zeros([1, 8, 3]), 2, 2, "VALID").shape.as_list()
    [1, 4, 3]
    """
    function, input, layout = _by_rank((max_pool1d, max_pool, max_pool3d), input, data_format)
    name = name or ("MaxPool2d" if function is max_pool else None)
    return function(input, ksize, strides, padding, layout, name)


@export("nn.avg_pool_v2")
def avg_pool_v2(
    input: Any, ksize: Any, strides: Any, padding: str, data_format: str | None = None, name: str | None = None
) -> Tensor:
    """Shrink signals, images or volumes: each window becomes its mean; the arguments are those of `tf.nn.max_pool_v2`.

    Examples
    --------
    >>> tf.nn.avg_pool_v2(tf.zeros([1, 8, 8, 8, 3]), 2, 2, "VALID").shape.as_list()
    [1, 4, 4, 4, 3]
    """
    function, input, layout = _by_rank((avg_pool1d, avg_pool, avg_pool3d), input, data_format)
    return function(input, ksize, strides, padding, layout, name)

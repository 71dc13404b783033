"""Convolution layers: every output looks at a small window of the input, with the same weights everywhere."""

from __future__ import annotations

from typing import Any

from flowlab._src.errors import add_notes
from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.shape import as_shape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.keras import activations, constraints, initializers, regularizers
from flowlab._src.keras.arguments import named
from flowlab._src.keras.engine.base_layer import Layer
from flowlab._src.keras.engine.input_spec import InputSpec
from flowlab._src.keras.layers.windows import (
    conv_output_length,
    convert_data_format,
    normalize_data_format,
    normalize_padding,
    normalize_tuple,
)
from flowlab._src.ops.nn_conv import conv2d
from flowlab._src.ops.nn_convolution import conv1d, with_space_to_batch
from flowlab._src.ops.nn_linear import bias_add
from flowlab._src.ops.padding import pad
from flowlab._src.ops.reshaping import reshape
from flowlab._src.util import source


def known_channels(input_shape: Any, axis: int, message: str) -> int:
    """The number of channels, which must be known when the filters are made."""
    channels = as_shape(input_shape).with_rank_at_least(3)[axis].value
    if channels is None:
        site = source.caller(3)
        raise add_notes(
            ValueError(message),
            where=site.quote() if site else "",
            why="the filters reach through all channels, so their number must be known while building",
            fix="tf.placeholder(tf.float32, [None, 28, 28, 1]), or x.set_shape([None, 28, 28, 1])",
        )
    return channels


class Conv(Layer):
    """What convolution layers share.

    Parameters
    ----------
    rank : {1, 2, 3}
        Number of axes that the filters move along.
    filters : int
        Number of channels of the output.
    kernel_size : int or sequence of int
        Size of the window.
    strides : int or sequence of int
        Step of the window.
    padding : {"valid", "same", "causal"}
        "causal" (1D only): an output sees no input that comes after it.
    data_format : {"channels_last", "channels_first"}, optional
    dilation_rate : int or sequence of int
        Distance of the inputs that a window looks at.
    activation : callable or name, optional
    use_bias : bool
    kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer
    kernel_constraint, bias_constraint
    """

    channels_message = "The channel dimension of the inputs should be defined. Found `None`."

    def __init__(
        self,
        rank: int,
        filters: Any,
        kernel_size: Any,
        strides: Any = 1,
        padding: Any = "valid",
        data_format: Any = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            trainable=trainable, name=name, activity_regularizer=regularizers.get(activity_regularizer), **kwargs
        )
        self.rank = rank
        self.filters = filters
        self.kernel_size = normalize_tuple(kernel_size, rank, "kernel_size")
        self.strides = normalize_tuple(strides, rank, "strides")
        self.padding = normalize_padding(padding)
        if self.padding == "causal" and rank != 1:
            raise ValueError("Causal padding is only supported for `Conv1D`and ``SeparableConv1D`.")
        self.data_format = normalize_data_format(data_format)
        self.dilation_rate = normalize_tuple(dilation_rate, rank, "dilation_rate")
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @property
    def channels_first(self) -> bool:
        """Whether the axis of the channels comes right after the batch."""
        return self.data_format == "channels_first"

    def build(self, input_shape: Any) -> None:
        axis = 1 if self.channels_first else -1
        channels = known_channels(input_shape, axis, self.channels_message)
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, channels, self.filters),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            trainable=True,
            dtype=self.dtype,
        )
        self.add_bias(self.filters)
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={axis: channels})
        self._rate = convert(self.dilation_rate, dtypes.int32, "dilation_rate")
        check_rates(self.strides, self.dilation_rate)
        self.built = True

    def add_bias(self, size: int) -> None:
        """Make the bias, if the layer has one."""
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(size,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                trainable=True,
                dtype=self.dtype,
            )

    def call(self, inputs: Any) -> Tensor:
        return self.biased(self.convolve(inputs))

    def convolve(self, inputs: Any) -> Tensor:
        """The convolution itself, by way of smaller images where the window has gaps."""
        kernel = self.kernel  # each operation converts it in its own scope
        padding = "valid" if self.padding == "causal" else self.padding
        padding = padding.upper() if isinstance(padding, str) else padding
        layout = convert_data_format(self.data_format, self.rank + 2)

        def one(image: Any, padding: Any) -> Tensor:
            if self.rank == 1:
                return conv1d(image, kernel, self.strides[0], padding, data_format=layout)
            strides = (1, 1, *self.strides) if self.channels_first else (1, *self.strides, 1)
            if self.rank == 2:
                return conv2d(image, kernel, strides, padding, data_format=layout)
            from flowlab._src.ops.nn_conv3d import conv3d

            return conv3d(image, kernel, strides, padding, data_format=layout)

        return with_space_to_batch(inputs, self._rate, padding, one, kernel.shape, layout)

    def biased(self, outputs: Tensor) -> Tensor:
        """Add the bias and apply the activation."""
        if self.use_bias:
            if self.channels_first and self.rank == 1:
                outputs += reshape(self.bias, (1, self.filters, 1))
            else:
                outputs = bias_add(outputs, self.bias, data_format="NCHW" if self.channels_first else "NHWC")
        return self.activation(outputs) if self.activation is not None else outputs

    def causal_padding(self) -> list[list[int]]:
        """As many zeros before a sequence as the window reaches back."""
        left = [self.dilation_rate[0] * (self.kernel_size[0] - 1), 0]
        return [[0, 0], [0, 0], left] if self.channels_first else [[0, 0], left, [0, 0]]

    def compute_output_shape(self, input_shape: Any) -> Any:
        sizes = as_shape(input_shape).with_rank(self.rank + 2).as_list()
        space = sizes[2:] if self.channels_first else sizes[1:-1]
        space = [
            conv_output_length(size, window, self.padding, stride, dilation)
            for size, window, stride, dilation in zip(
                space, self.kernel_size, self.strides, self.dilation_rate, strict=True
            )
        ]
        return as_shape([sizes[0], self.filters, *space] if self.channels_first else [sizes[0], *space, self.filters])

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }


def check_rates(strides: tuple[int, ...], rates: tuple[int, ...]) -> None:
    """ValueError for steps and gaps at once, which the detour over smaller images cannot do."""
    if any(s > 1 for s in strides) and any(r > 1 for r in rates):
        raise add_notes(
            ValueError("strides > 1 not supported in conjunction with dilation_rate > 1"),
            fix="leave strides or dilation_rate at 1",
        )


class Conv1D(Conv):
    """Convolution of sequences."""

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: Any = "valid",
        data_format: Any = "channels_last",
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rank=1, **named(locals()))

    def call(self, inputs: Any) -> Tensor:
        if self.padding == "causal":
            inputs = pad(inputs, self.causal_padding())
        return super().call(inputs)


class Conv2D(Conv):
    """Convolution of images."""

    def __init__(
        self,
        filters: Any,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: Any = "valid",
        data_format: Any = None,
        dilation_rate: Any = (1, 1),
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rank=2, **named(locals()))


class Conv3D(Conv):
    """Convolution of volumes."""

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1, 1),
        padding: Any = "valid",
        data_format: Any = None,
        dilation_rate: Any = (1, 1, 1),
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rank=3, **named(locals()))

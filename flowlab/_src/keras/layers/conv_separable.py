"""Convolutions in two steps: each channel by itself (depthwise), then mixtures of channels (pointwise)."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.shape import as_shape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.keras import constraints, initializers, regularizers
from flowlab._src.keras.arguments import named
from flowlab._src.keras.engine.input_spec import InputSpec
from flowlab._src.keras.layers.convolutional import Conv, Conv2D, known_channels
from flowlab._src.keras.layers.windows import conv_output_length, convert_data_format
from flowlab._src.ops.nn_depthwise import depthwise_conv2d, separable_conv2d
from flowlab._src.ops.nn_linear import bias_add
from flowlab._src.ops.padding import pad
from flowlab._src.ops.reshaping import expand_dims, reshape, squeeze
from flowlab._src.ops.transposing import transpose


class SeparableConv(Conv):
    """What separable convolutions share.

    Parameters
    ----------
    depth_multiplier : int
        How many channels the first step makes of each.
    depthwise_initializer, pointwise_initializer, depthwise_regularizer, pointwise_regularizer
    depthwise_constraint, pointwise_constraint
    """

    def __init__(
        self,
        rank: int,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: Any = "valid",
        data_format: Any = None,
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            rank=rank,
            filters=filters,
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            bias_initializer=bias_initializer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            bias_constraint=bias_constraint,
            trainable=trainable,
            name=name,
            **kwargs,
        )
        self.depth_multiplier = depth_multiplier
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.pointwise_initializer = initializers.get(pointwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.pointwise_regularizer = regularizers.get(pointwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)
        self.pointwise_constraint = constraints.get(pointwise_constraint)

    def build(self, input_shape: Any) -> None:
        axis = 1 if self.channels_first else -1
        channels = known_channels(input_shape, axis, self.channels_message)
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={axis: channels})
        self.depthwise_kernel = self.add_weight(
            name="depthwise_kernel",
            shape=(*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
            trainable=True,
            dtype=self.dtype,
        )
        self.pointwise_kernel = self.add_weight(
            name="pointwise_kernel",
            shape=(*(1,) * self.rank, self.depth_multiplier * channels, self.filters),
            initializer=self.pointwise_initializer,
            regularizer=self.pointwise_regularizer,
            constraint=self.pointwise_constraint,
            trainable=True,
            dtype=self.dtype,
        )
        self.add_bias(self.filters)
        self.built = True

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        for part in ("initializer", "regularizer", "constraint"):
            config.pop(f"kernel_{part}")
        return {
            **config,
            "depth_multiplier": self.depth_multiplier,
            "depthwise_initializer": initializers.serialize(self.depthwise_initializer),
            "pointwise_initializer": initializers.serialize(self.pointwise_initializer),
            "depthwise_regularizer": regularizers.serialize(self.depthwise_regularizer),
            "pointwise_regularizer": regularizers.serialize(self.pointwise_regularizer),
            "depthwise_constraint": constraints.serialize(self.depthwise_constraint),
            "pointwise_constraint": constraints.serialize(self.pointwise_constraint),
        }


class SeparableConv1D(SeparableConv):
    """Separable convolution of sequences: as images of height 1."""

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: Any = "valid",
        data_format: Any = None,
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rank=1, **named(locals()))

    def call(self, inputs: Any) -> Tensor:
        if self.padding == "causal":
            inputs = pad(inputs, self.causal_padding())
        axis = 2 if self.channels_first else 1
        strides = (1, 1, *self.strides * 2) if self.channels_first else (1, *self.strides * 2, 1)
        layout = convert_data_format(self.data_format, 4)
        inputs = expand_dims(inputs, axis)
        outputs = separable_conv2d(
            inputs,
            expand_dims(self.depthwise_kernel, 0),
            expand_dims(self.pointwise_kernel, 0),
            strides=strides,
            padding="VALID" if self.padding == "causal" else self.padding.upper(),
            rate=(1, *self.dilation_rate),
            data_format=layout,
        )
        if self.use_bias:
            outputs = bias_add(outputs, self.bias, data_format=layout)
        outputs = squeeze(outputs, [axis])
        return self.activation(outputs) if self.activation is not None else outputs


class SeparableConv2D(SeparableConv):
    """Separable convolution of images."""

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: Any = "valid",
        data_format: Any = None,
        dilation_rate: Any = (1, 1),
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rank=2, **named(locals()))

    def call(self, inputs: Any) -> Tensor:
        layout = convert_data_format(self.data_format, 4)
        outputs = separable_conv2d(
            inputs,
            self.depthwise_kernel,
            self.pointwise_kernel,
            strides=(1, 1, *self.strides) if self.channels_first else (1, *self.strides, 1),
            padding=self.padding.upper(),
            rate=self.dilation_rate,
            data_format=layout,
        )
        if self.use_bias:
            outputs = bias_add(outputs, self.bias, data_format=layout)
        return self.activation(outputs) if self.activation is not None else outputs


class DepthwiseConv2D(Conv2D):
    """The first step alone: each channel of an image with filters of its own."""

    channels_message = "The channel dimension of the inputs to `DepthwiseConv2D` should be defined. Found `None`."

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: Any = "valid",
        depth_multiplier: int = 1,
        data_format: Any = None,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        own = ("depth_multiplier", "depthwise_initializer", "depthwise_regularizer", "depthwise_constraint")
        super().__init__(filters=None, **named(locals(), "own", *own))
        self.depth_multiplier = depth_multiplier
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)

    def build(self, input_shape: Any) -> None:
        axis = 1 if self.channels_first else 3
        channels = known_channels(input_shape, axis, self.channels_message)
        self.depthwise_kernel = self.add_weight(
            name="depthwise_kernel",
            shape=(*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
        )
        self.add_bias(channels * self.depth_multiplier)
        self.input_spec = InputSpec(ndim=4, axes={axis: channels})
        self.built = True

    def call(self, inputs: Any) -> Tensor:
        # On processors TensorFlow has this operation for channels at the end only.
        inputs = transpose(inputs, (0, 2, 3, 1)) if self.channels_first else inputs
        outputs = depthwise_conv2d(
            inputs, self.depthwise_kernel, (1, *self.strides, 1), padding=self.padding.upper(), rate=self.dilation_rate
        )
        if self.channels_first:
            outputs = transpose(outputs, (0, 3, 1, 2))
        if self.use_bias and self.channels_first:
            outputs = outputs + reshape(self.bias, (1, outputs.shape._dims[1], 1, 1))  # type: ignore[index]  # rank 4
        elif self.use_bias:
            outputs = bias_add(outputs, self.bias, data_format="NHWC")
        return self.activation(outputs) if self.activation is not None else outputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        sizes = as_shape(input_shape).as_list()
        first, channel = (2, 1) if self.channels_first else (1, 3)
        for i in range(2):
            sizes[first + i] = conv_output_length(sizes[first + i], self.kernel_size[i], self.padding, self.strides[i])
        channels = sizes[channel]
        sizes[channel] = None if channels is None else channels * self.depth_multiplier
        return as_shape(sizes)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        for key in ("filters", "kernel_initializer", "kernel_regularizer", "kernel_constraint"):
            config.pop(key)
        return {
            **config,
            "depth_multiplier": self.depth_multiplier,
            "depthwise_initializer": initializers.serialize(self.depthwise_initializer),
            "depthwise_regularizer": regularizers.serialize(self.depthwise_regularizer),
            "depthwise_constraint": constraints.serialize(self.depthwise_constraint),
        }

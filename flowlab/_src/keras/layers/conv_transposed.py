"""Transposed convolution layers: from the output of a convolution to something with the shape of its input."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.shape import as_shape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.keras.arguments import named
from flowlab._src.keras.engine.input_spec import InputSpec
from flowlab._src.keras.layers.convolutional import Conv, known_channels
from flowlab._src.keras.layers.windows import convert_data_format, deconv_output_length, normalize_tuple
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.joining import stack
from flowlab._src.ops.nn_conv import conv2d_transpose
from flowlab._src.ops.nn_linear import bias_add
from flowlab._src.ops.transposing import transpose


class ConvTranspose(Conv):
    """What transposed convolutions share.

    Parameters
    ----------
    filters, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias, ...
        As in a convolution; the strides say how many times larger the output is.
    output_padding : int or sequence of int, optional
        Added to the size of the output: several sizes of input give the same output of a convolution.
    """

    def __init__(self, *args: Any, output_padding: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.output_padding = output_padding
        if output_padding is not None:
            self.output_padding = normalize_tuple(output_padding, self.rank, "output_padding")
            if any(pad >= stride for pad, stride in zip(self.output_padding, self.strides, strict=True)):
                raise ValueError(f"Stride {self.strides} must be greater than output padding {self.output_padding}")

    def build(self, input_shape: Any) -> None:
        shape = as_shape(input_shape)
        if shape.ndims != self.rank + 2:
            raise ValueError(f"Inputs should have rank {self.rank + 2}. Received input shape: {shape}")
        axis = 1 if self.channels_first else -1
        message = self.channels_message
        if self.rank == 3:
            message = f"The channel dimension of the inputs should be defined, found None: {shape}"
        channels = known_channels(shape, axis, message)
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={axis: channels})
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, self.filters, channels),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            trainable=True,
            dtype=self.dtype,
        )
        self.add_bias(self.filters)
        self.built = True

    def call(self, inputs: Any) -> Tensor:
        sizes = shape_of(inputs)
        batch = sizes[0]
        first = 2 if self.channels_first else 1
        space = self.output_sizes([sizes[first + i] for i in range(self.rank)])
        wanted = (batch, self.filters, *space) if self.channels_first else (batch, *space, self.filters)
        outputs = self.transposed(inputs, stack(wanted))
        outputs.set_shape(self.compute_output_shape(inputs.shape))
        if self.use_bias:
            outputs = bias_add(outputs, self.bias, data_format=convert_data_format(self.data_format, 4))
        return self.activation(outputs) if self.activation is not None else outputs

    def transposed(self, inputs: Tensor, output_shape: Tensor) -> Tensor:
        """The transposed convolution itself."""
        raise NotImplementedError

    def output_sizes(self, sizes: list[Any]) -> list[Any]:
        """Sizes of the axes of the output, from numbers or tensors."""
        padding = self.output_padding or (None,) * self.rank
        return [
            deconv_output_length(
                size, self.kernel_size[i], self.padding, padding[i], self.strides[i], self.dilation_rate[i]
            )
            for i, size in enumerate(sizes)
        ]

    def compute_output_shape(self, input_shape: Any) -> Any:
        sizes = as_shape(input_shape).as_list()
        first = 2 if self.channels_first else 1
        sizes[first : first + self.rank] = self.output_sizes(sizes[first : first + self.rank])
        sizes[1 if self.channels_first else -1] = self.filters
        return as_shape(sizes)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "output_padding": self.output_padding}


class Conv2DTranspose(ConvTranspose):
    """Transposed convolution of images."""

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: Any = "valid",
        output_padding: Any = None,
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

    def transposed(self, inputs: Tensor, output_shape: Tensor) -> Tensor:
        # On processors TensorFlow has this operation for channels at the end only.
        turned = self.channels_first
        wanted: Any = output_shape
        if turned:
            inputs = transpose(inputs, (0, 2, 3, 1))
            wanted = (output_shape[0], output_shape[2], output_shape[3], output_shape[1])
        if wanted[0] is None:  # of a tensor this makes a slice, as in TensorFlow; nothing reads it
            raise ValueError("the batch of the output has no size")
        if turned:
            wanted = stack(list(wanted))
        padding = self.padding.upper()
        if self.dilation_rate == (1, 1):
            outputs = conv2d_transpose(inputs, self.kernel, wanted, (1, *self.strides, 1), padding=padding)
        else:
            from flowlab._src.ops.nn_transposed import atrous_conv2d_transpose

            outputs = atrous_conv2d_transpose(inputs, self.kernel, wanted, rate=self.dilation_rate[0], padding=padding)
        return transpose(outputs, (0, 3, 1, 2)) if turned else outputs


class Conv3DTranspose(ConvTranspose):
    """Transposed convolution of volumes."""

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1, 1),
        padding: Any = "valid",
        output_padding: Any = None,
        data_format: Any = None,
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

    def transposed(self, inputs: Tensor, output_shape: Tensor) -> Tensor:
        from flowlab._src.ops.nn_conv3d import conv3d_transpose

        strides = (1, 1, *self.strides) if self.channels_first else (1, *self.strides, 1)
        layout = convert_data_format(self.data_format, 5)
        return conv3d_transpose(
            inputs, self.kernel, output_shape, strides, data_format=layout, padding=self.padding.upper()
        )

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.pop("dilation_rate")
        return config

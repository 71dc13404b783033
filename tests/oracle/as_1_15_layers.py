"""Put the layers of TensorFlow 1.15 back: `tf.layers` of 2.21 is that of the package tf_keras, which has moved on.

As in `as_1_15`, each function stands for one row of `differences.PATCHED`.
"""

from __future__ import annotations

from typing import Any

from .as_1_15 import patch


@patch("layers: convolutions")
def convolutions_of_1_15() -> None:
    import tensorflow.compat.v1 as tf
    from tensorflow.python.ops import nn_ops
    from tf_keras.src.layers.convolutional import base_conv
    from tf_keras.src.utils import conv_utils

    present_build = base_conv.Conv.build

    def build(self: Any, input_shape: Any) -> None:
        present_build(self, input_shape)
        padding = "valid" if self.padding == "causal" else self.padding
        self._convolution_1_15 = nn_ops.Convolution(
            tf.TensorShape(input_shape),
            filter_shape=self.kernel.shape,
            dilation_rate=self.dilation_rate,
            strides=self.strides,
            padding=padding.upper(),
            data_format=conv_utils.convert_data_format(self.data_format, self.rank + 2),
        )

    def call(self: Any, inputs: Any) -> Any:
        if self.padding == "causal":
            inputs = tf.pad(inputs, self._compute_causal_padding(inputs))
        outputs = self._convolution_1_15(inputs, self.kernel)
        if self.use_bias:
            if self.data_format == "channels_first" and self.rank == 1:
                outputs += tf.reshape(self.bias, (1, self.filters, 1))
            else:
                layout = "NCHW" if self.data_format == "channels_first" else "NHWC"
                outputs = tf.nn.bias_add(outputs, self.bias, data_format=layout)
        return outputs if self.activation is None else self.activation(outputs)

    base_conv.Conv.build = build
    base_conv.Conv.call = call


@patch("layers: transposed convolutions")
def transposed_convolutions_of_1_15() -> None:
    import tensorflow.compat.v1 as tf
    from tf_keras.src import backend
    from tf_keras.src.layers.convolutional.conv2d_transpose import Conv2DTranspose
    from tf_keras.src.utils import conv_utils

    def call(self: Any, inputs: Any) -> Any:
        turned = self.data_format == "channels_first"
        sizes = tf.shape(inputs)
        batch, *image = sizes[0], *(sizes[i] for i in ((2, 3) if turned else (1, 2)))
        space = [
            conv_utils.deconv_output_length(
                size, self.kernel_size[i], padding=self.padding, output_padding=None, stride=self.strides[i]
            )
            for i, size in enumerate(image)
        ]
        wanted = tf.stack((batch, self.filters, *space) if turned else (batch, *space, self.filters))
        x = inputs
        if turned:
            x = tf.transpose(x, (0, 2, 3, 1))
            wanted = tf.stack([wanted[i] for i in (0, 2, 3, 1)])
        else:
            wanted[0]  # Keras looks whether it is None, which makes a node
        outputs = tf.nn.conv2d_transpose(x, self.kernel, wanted, (1, *self.strides, 1), padding=self.padding.upper())
        if turned:
            outputs = tf.transpose(outputs, (0, 3, 1, 2))
        outputs.set_shape(self.compute_output_shape(inputs.shape))
        if self.use_bias:
            outputs = tf.nn.bias_add(outputs, self.bias, data_format="NCHW" if turned else "NHWC")
        return outputs if self.activation is None else self.activation(outputs)

    Conv2DTranspose.call = call
    # Asked for the first time in a process, Keras opens a session, whose variables it initializes, which makes nodes.
    backend._has_nchw_support = lambda: False


@patch("layers: dropout")
def dropout_of_1_15() -> None:
    import tensorflow.compat.v1 as tf
    from tensorflow.python.ops import nn_ops
    from tf_keras.src.layers.regularization.dropout import Dropout
    from tf_keras.src.utils import control_flow_util

    def noise_shape_of(self: Any, inputs: Any) -> Any:
        if self.noise_shape is None:
            return None
        sizes = tf.shape(inputs)
        return tf.convert_to_tensor([sizes[i] if n is None else n for i, n in enumerate(self.noise_shape)])

    def call(self: Any, inputs: Any, training: Any = None) -> Any:
        def dropped() -> Any:
            return nn_ops.dropout_v2(inputs, noise_shape=self._get_noise_shape(inputs), seed=self.seed, rate=self.rate)

        return control_flow_util.smart_cond(training, dropped, lambda: tf.identity(inputs))

    Dropout._get_noise_shape = noise_shape_of
    Dropout.call = call


@patch("layers: flatten")
def flatten_of_1_15() -> None:
    import tensorflow.compat.v1 as tf
    from tf_keras.src.layers.reshaping.flatten import Flatten

    def call(self: Any, inputs: Any) -> Any:
        rank = inputs.shape.rank
        if self.data_format == "channels_first" and rank is not None and rank > 1:
            inputs = tf.transpose(inputs, perm=[0, *range(2, rank), 1])
        if inputs.shape[1:].is_fully_defined():
            outputs = tf.reshape(inputs, (-1, inputs.shape[1:].num_elements()))
        else:
            outputs = tf.reshape(inputs, (tf.dimension_value(inputs.shape[0]) or tf.shape(inputs)[0], -1))
        outputs.set_shape(self.compute_output_shape(inputs.shape))
        return outputs

    Flatten.call = call


@patch("layers: batch normalization")
def batch_normalization_of_1_15() -> None:
    import tensorflow.compat.v1 as tf
    from tf_keras.src.layers.normalization.batch_normalization import BatchNormalizationBase
    from tf_keras.src.utils import control_flow_util

    present_build = BatchNormalizationBase.build

    def build(self: Any, input_shape: Any) -> None:
        # The constants that stand for a missing gamma and beta come before the moving averages.
        present = self.add_weight

        def add_weight(*args: Any, **kwargs: Any) -> Any:
            if kwargs["name"] == "beta" or (kwargs["name"] == "moving_mean" and not self.center):
                make_constant("gamma", self.scale, 1.0)
            if kwargs["name"] == "moving_mean":
                make_constant("beta", self.center, 0.0)
            return present(*args, **kwargs)

        def make_constant(name: str, has_weight: bool, value: float) -> None:
            if self.fused and not has_weight and not hasattr(self, f"_{name}_const"):
                shape = self._param_shape if hasattr(self, "_param_shape") else (tf.TensorShape(input_shape)[-1].value,)
                setattr(self, f"_{name}_const", tf.constant(value, dtype=self._param_dtype, shape=shape))

        self.add_weight = add_weight
        present_build(self, input_shape)
        del self.add_weight

    def fused_batch_norm(self: Any, inputs: Any, mask: Any, training: Any) -> Any:
        beta = self.beta if self.center else self._beta_const
        gamma = self.gamma if self.scale else self._gamma_const
        options = {"epsilon": self.epsilon, "data_format": self._data_format}

        def in_training() -> Any:
            return tf.nn.fused_batch_norm(inputs, gamma, beta, **options)

        def in_use() -> Any:
            return tf.nn.fused_batch_norm(
                inputs, gamma, beta, mean=self.moving_mean, variance=self.moving_variance, is_training=False, **options
            )

        output, mean, variance = control_flow_util.smart_cond(training, in_training, in_use)
        known = control_flow_util.constant_value(training)
        if known is None:
            momentum = control_flow_util.smart_cond(training, lambda: self.momentum, lambda: 1.0)
        else:
            momentum = tf.convert_to_tensor(self.momentum)
        if known or known is None:
            self.add_update(lambda: self._assign_moving_average(self.moving_mean, mean, momentum, None))
            self.add_update(lambda: self._assign_moving_average(self.moving_variance, variance, momentum, None))
        return output

    BatchNormalizationBase.build = build
    BatchNormalizationBase._fused_batch_norm = fused_batch_norm


class Overlay:
    """A module with some of its names replaced."""

    def __init__(self, module: Any, **names: Any) -> None:
        self.__dict__.update(names)
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


@patch("recurrent cells")
def recurrent_cells_of_1_15() -> None:
    import tensorflow.compat.v1 as tf1
    import tensorflow.compat.v2 as tf
    from tensorflow.python.ops import nn_ops
    from tf_keras.src.layers.rnn import legacy_cell_wrappers, legacy_cells

    legacy_cells.tf = Overlay(tf, split=tf1.split)
    legacy_cell_wrappers.tf = Overlay(
        tf, nn=Overlay(tf.nn, dropout=nn_ops.dropout_v2), random=Overlay(tf.random, uniform=tf1.random_uniform)
    )

"""`tf.layers.separable_conv1d`, `separable_conv2d`, and the layers behind them."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.tensor import Tensor
from flowlab._src.keras.arguments import named
from flowlab._src.keras.layers import conv_separable
from flowlab._src.layers import base
from flowlab._src.util.export import export
from flowlab._src.variables.initializers import Zeros


@export("layers.SeparableConv1D")
class SeparableConv1D(conv_separable.SeparableConv1D, base.Layer):
    """Convolution of sequences in two steps: each channel by itself, then mixtures of channels.

    Parameters
    ----------
    filters : int
        Number of channels of the output.
    kernel_size : int
        Size of the window.
    strides : int
        Step of the window.
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}
    dilation_rate : int
        Distance of the inputs that a window looks at; not together with strides.
    depth_multiplier : int
        How many channels the first step makes of each.
    activation : callable, optional
        For example `tf.nn.relu`.
    use_bias : bool
    depthwise_initializer, pointwise_initializer, bias_initializer : initializer, optional
    depthwise_regularizer, pointwise_regularizer, bias_regularizer : callable, optional
        Losses of the weights, added to the collection `tf.GraphKeys.REGULARIZATION_LOSSES`.
    activity_regularizer : callable, optional
        Loss of the output.
    depthwise_constraint, pointwise_constraint, bias_constraint : callable, optional
        Applied after each step of an optimizer.
    trainable : bool
    name : str, optional

    Examples
    --------
    >>> tf.layers.SeparableConv1D(16, 5)(tf.zeros([8, 100, 3])).shape.as_list()
    [8, 96, 16]
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = None,
        pointwise_initializer: Any = None,
        bias_initializer: Any = Zeros(),  # noqa: B008  # never changed
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
        super().__init__(**named(locals()))


@export("layers.separable_conv1d")
def separable_conv1d(
    inputs: Any,
    filters: int,
    kernel_size: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: Any = 1,
    depth_multiplier: int = 1,
    activation: Any = None,
    use_bias: bool = True,
    depthwise_initializer: Any = None,
    pointwise_initializer: Any = None,
    bias_initializer: Any = Zeros(),  # noqa: B008  # never changed
    depthwise_regularizer: Any = None,
    pointwise_regularizer: Any = None,
    bias_regularizer: Any = None,
    activity_regularizer: Any = None,
    depthwise_constraint: Any = None,
    pointwise_constraint: Any = None,
    bias_constraint: Any = None,
    trainable: bool = True,
    name: str | None = None,
    reuse: Any = None,
) -> Tensor:
    """Convolve sequences in two steps with new filters: each channel by itself, then mixtures of channels.

    Parameters
    ----------
    inputs : Tensor, shape (batch, width, channels)
    filters : int
        Number of channels of the output.
    kernel_size : int
        Size of the window.
    strides : int
        Step of the window.
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}
    dilation_rate : int
        Distance of the inputs that a window looks at; not together with strides.
    depth_multiplier : int
        How many channels the first step makes of each.
    activation : callable, optional
        For example `tf.nn.relu`.
    use_bias : bool
    depthwise_initializer, pointwise_initializer, bias_initializer : initializer, optional
    depthwise_regularizer, pointwise_regularizer, bias_regularizer : callable, optional
        Losses of the weights, added to the collection `tf.GraphKeys.REGULARIZATION_LOSSES`.
    activity_regularizer : callable, optional
        Loss of the output.
    depthwise_constraint, pointwise_constraint, bias_constraint : callable, optional
        Applied after each step of an optimizer.
    trainable : bool
    name : str, optional
        Name of the variable scope.
    reuse : bool, optional
        Use the weights that were made under this name before.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        If the number of channels is not known, or the rank is not 3.

    Examples
    --------
    >>> tf.layers.separable_conv1d(tf.zeros([8, 100, 3]), 16, 5).shape.as_list()
    [8, 96, 16]
    """
    layer = SeparableConv1D(**named(locals(), "inputs", "reuse"), _scope=name, _reuse=reuse)
    return layer(inputs)


@export("layers.SeparableConv2D")
class SeparableConv2D(conv_separable.SeparableConv2D, base.Layer):
    """Convolution of images in two steps: each channel by itself, then mixtures of channels.

    Parameters
    ----------
    filters : int
        Number of channels of the output.
    kernel_size : int or sequence of 2 int
        Size of the window.
    strides : int or sequence of 2 int
        Step of the window.
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}
    dilation_rate : int or sequence of 2 int
        Distance of the inputs that a window looks at; not together with strides.
    depth_multiplier : int
        How many channels the first step makes of each.
    activation : callable, optional
        For example `tf.nn.relu`.
    use_bias : bool
    depthwise_initializer, pointwise_initializer, bias_initializer : initializer, optional
    depthwise_regularizer, pointwise_regularizer, bias_regularizer : callable, optional
        Losses of the weights, added to the collection `tf.GraphKeys.REGULARIZATION_LOSSES`.
    activity_regularizer : callable, optional
        Loss of the output.
    depthwise_constraint, pointwise_constraint, bias_constraint : callable, optional
        Applied after each step of an optimizer.
    trainable : bool
    name : str, optional

    Examples
    --------
    >>> tf.layers.SeparableConv2D(16, 3)(tf.zeros([8, 28, 28, 3])).shape.as_list()
    [8, 26, 26, 16]
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = (1, 1),
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = None,
        pointwise_initializer: Any = None,
        bias_initializer: Any = Zeros(),  # noqa: B008  # never changed
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
        super().__init__(**named(locals()))


@export("layers.separable_conv2d")
def separable_conv2d(
    inputs: Any,
    filters: int,
    kernel_size: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: Any = (1, 1),
    depth_multiplier: int = 1,
    activation: Any = None,
    use_bias: bool = True,
    depthwise_initializer: Any = None,
    pointwise_initializer: Any = None,
    bias_initializer: Any = Zeros(),  # noqa: B008  # never changed
    depthwise_regularizer: Any = None,
    pointwise_regularizer: Any = None,
    bias_regularizer: Any = None,
    activity_regularizer: Any = None,
    depthwise_constraint: Any = None,
    pointwise_constraint: Any = None,
    bias_constraint: Any = None,
    trainable: bool = True,
    name: str | None = None,
    reuse: Any = None,
) -> Tensor:
    """Convolve images in two steps with new filters: each channel by itself, then mixtures of channels.

    Parameters
    ----------
    inputs : Tensor, shape (batch, height, width, channels)
    filters : int
        Number of channels of the output.
    kernel_size : int or sequence of 2 int
        Size of the window.
    strides : int or sequence of 2 int
        Step of the window.
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}
    dilation_rate : int or sequence of 2 int
        Distance of the inputs that a window looks at; not together with strides.
    depth_multiplier : int
        How many channels the first step makes of each.
    activation : callable, optional
        For example `tf.nn.relu`.
    use_bias : bool
    depthwise_initializer, pointwise_initializer, bias_initializer : initializer, optional
    depthwise_regularizer, pointwise_regularizer, bias_regularizer : callable, optional
        Losses of the weights, added to the collection `tf.GraphKeys.REGULARIZATION_LOSSES`.
    activity_regularizer : callable, optional
        Loss of the output.
    depthwise_constraint, pointwise_constraint, bias_constraint : callable, optional
        Applied after each step of an optimizer.
    trainable : bool
    name : str, optional
        Name of the variable scope.
    reuse : bool, optional
        Use the weights that were made under this name before.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        If the number of channels is not known, or the rank is not 4.

    Examples
    --------
    >>> y = tf.layers.separable_conv2d(tf.zeros([8, 28, 28, 3]), 16, 3, depth_multiplier=2)
    >>> [(v.name, v.shape.as_list()) for v in tf.trainable_variables()[:2]]
    [('separable_conv2d/depthwise_kernel:0', [3, 3, 3, 2]), ('separable_conv2d/pointwise_kernel:0', [1, 1, 6, 16])]
    """
    layer = SeparableConv2D(**named(locals(), "inputs", "reuse"), _scope=name, _reuse=reuse)
    return layer(inputs)

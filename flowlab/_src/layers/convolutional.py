"""`tf.layers.conv1d`, `conv2d`, `conv3d`, and the layers behind them."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.tensor import Tensor
from flowlab._src.keras.arguments import named
from flowlab._src.keras.layers import convolutional
from flowlab._src.layers import base
from flowlab._src.util.export import export
from flowlab._src.variables.initializers import Zeros


@export("layers.Conv1D")
class Conv1D(convolutional.Conv1D, base.Layer):
    """Convolution of sequences: every output looks at a small window of the input, with the same weights everywhere.

    Parameters
    ----------
    filters : int
        Number of channels of the output.
    kernel_size : int
        Size of the window.
    strides : int
        Step of the window.
    padding : {"valid", "same", "causal"}
    data_format : {"channels_last", "channels_first"}
    dilation_rate : int
        Distance of the inputs that a window looks at; not together with strides.
    activation : callable, optional
        For example `tf.nn.relu`.
    use_bias : bool
    kernel_initializer, bias_initializer : initializer, optional
        The kernel's default is the scope's, else Glorot uniform.
    kernel_regularizer, bias_regularizer : callable, optional
        Losses of the weights, added to the collection `tf.GraphKeys.REGULARIZATION_LOSSES`.
    activity_regularizer : callable, optional
        Loss of the output.
    kernel_constraint, bias_constraint : callable, optional
        Applied after each step of an optimizer.
    trainable : bool
    name : str, optional

    Examples
    --------
    >>> tf.layers.Conv1D(16, 5, padding="causal")(tf.zeros([8, 100, 3])).shape.as_list()
    [8, 100, 16]
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = None,
        bias_initializer: Any = Zeros(),  # noqa: B008  # never changed
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**named(locals()))


@export("layers.conv1d")
def conv1d(
    inputs: Any,
    filters: int,
    kernel_size: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: Any = 1,
    activation: Any = None,
    use_bias: bool = True,
    kernel_initializer: Any = None,
    bias_initializer: Any = Zeros(),  # noqa: B008  # never changed
    kernel_regularizer: Any = None,
    bias_regularizer: Any = None,
    activity_regularizer: Any = None,
    kernel_constraint: Any = None,
    bias_constraint: Any = None,
    trainable: bool = True,
    name: str | None = None,
    reuse: Any = None,
) -> Tensor:
    """Convolve sequences with new filters: every output looks at a small window, with the same weights everywhere.

    Parameters
    ----------
    inputs : Tensor, shape (batch, width, channels)
    filters : int
        Number of channels of the output.
    kernel_size : int
        Size of the window.
    strides : int
        Step of the window.
    padding : {"valid", "same", "causal"}
    data_format : {"channels_last", "channels_first"}
    dilation_rate : int
        Distance of the inputs that a window looks at; not together with strides.
    activation : callable, optional
        For example `tf.nn.relu`.
    use_bias : bool
    kernel_initializer, bias_initializer : initializer, optional
        The kernel's default is the scope's, else Glorot uniform.
    kernel_regularizer, bias_regularizer : callable, optional
        Losses of the weights, added to the collection `tf.GraphKeys.REGULARIZATION_LOSSES`.
    activity_regularizer : callable, optional
        Loss of the output.
    kernel_constraint, bias_constraint : callable, optional
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
    >>> tf.layers.conv1d(tf.zeros([8, 100, 3]), 16, 5).shape.as_list()
    [8, 96, 16]
    """
    layer = Conv1D(**named(locals(), "inputs", "reuse"), _scope=name, _reuse=reuse)
    return layer(inputs)


@export("layers.Conv2D")
class Conv2D(convolutional.Conv2D, base.Layer):
    """Convolution of images: every output looks at a small window of the input, with the same weights everywhere.

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
    activation : callable, optional
        For example `tf.nn.relu`.
    use_bias : bool
    kernel_initializer, bias_initializer : initializer, optional
        The kernel's default is the scope's, else Glorot uniform.
    kernel_regularizer, bias_regularizer : callable, optional
        Losses of the weights, added to the collection `tf.GraphKeys.REGULARIZATION_LOSSES`.
    activity_regularizer : callable, optional
        Loss of the output.
    kernel_constraint, bias_constraint : callable, optional
        Applied after each step of an optimizer.
    trainable : bool
    name : str, optional

    Examples
    --------
    >>> layer = tf.layers.Conv2D(32, 5, padding="same", name="conv")
    >>> layer(tf.zeros([8, 28, 28, 1])).shape.as_list(), layer.kernel.shape.as_list()
    ([8, 28, 28, 32], [5, 5, 1, 32])
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = (1, 1),
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = None,
        bias_initializer: Any = Zeros(),  # noqa: B008  # never changed
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**named(locals()))


@export("layers.conv2d")
def conv2d(
    inputs: Any,
    filters: int,
    kernel_size: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: Any = (1, 1),
    activation: Any = None,
    use_bias: bool = True,
    kernel_initializer: Any = None,
    bias_initializer: Any = Zeros(),  # noqa: B008  # never changed
    kernel_regularizer: Any = None,
    bias_regularizer: Any = None,
    activity_regularizer: Any = None,
    kernel_constraint: Any = None,
    bias_constraint: Any = None,
    trainable: bool = True,
    name: str | None = None,
    reuse: Any = None,
) -> Tensor:
    """Convolve images with new filters: every output looks at a small window, with the same weights everywhere.

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
    activation : callable, optional
        For example `tf.nn.relu`.
    use_bias : bool
    kernel_initializer, bias_initializer : initializer, optional
        The kernel's default is the scope's, else Glorot uniform.
    kernel_regularizer, bias_regularizer : callable, optional
        Losses of the weights, added to the collection `tf.GraphKeys.REGULARIZATION_LOSSES`.
    activity_regularizer : callable, optional
        Loss of the output.
    kernel_constraint, bias_constraint : callable, optional
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
    >>> x = tf.placeholder(tf.float32, [None, 28, 28, 1])
    >>> tf.layers.conv2d(x, filters=32, kernel_size=5, padding="same", activation=tf.nn.relu)
    <tf.Tensor 'conv2d/Relu:0' shape=(?, 28, 28, 32) dtype=float32>
    """
    layer = Conv2D(**named(locals(), "inputs", "reuse"), _scope=name, _reuse=reuse)
    return layer(inputs)


@export("layers.Conv3D")
class Conv3D(convolutional.Conv3D, base.Layer):
    """Convolution of volumes: every output looks at a small window of the input, with the same weights everywhere.

    Parameters
    ----------
    filters : int
        Number of channels of the output.
    kernel_size : int or sequence of 3 int
        Size of the window.
    strides : int or sequence of 3 int
        Step of the window.
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}
    dilation_rate : int or sequence of 3 int
        Distance of the inputs that a window looks at; not together with strides.
    activation : callable, optional
        For example `tf.nn.relu`.
    use_bias : bool
    kernel_initializer, bias_initializer : initializer, optional
        The kernel's default is the scope's, else Glorot uniform.
    kernel_regularizer, bias_regularizer : callable, optional
        Losses of the weights, added to the collection `tf.GraphKeys.REGULARIZATION_LOSSES`.
    activity_regularizer : callable, optional
        Loss of the output.
    kernel_constraint, bias_constraint : callable, optional
        Applied after each step of an optimizer.
    trainable : bool
    name : str, optional

    Examples
    --------
    >>> tf.layers.Conv3D(4, 3)(tf.zeros([1, 8, 8, 8, 1])).shape.as_list()
    [1, 6, 6, 6, 4]
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1, 1),
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = (1, 1, 1),
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = None,
        bias_initializer: Any = Zeros(),  # noqa: B008  # never changed
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**named(locals()))


@export("layers.conv3d")
def conv3d(
    inputs: Any,
    filters: int,
    kernel_size: Any,
    strides: Any = (1, 1, 1),
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: Any = (1, 1, 1),
    activation: Any = None,
    use_bias: bool = True,
    kernel_initializer: Any = None,
    bias_initializer: Any = Zeros(),  # noqa: B008  # never changed
    kernel_regularizer: Any = None,
    bias_regularizer: Any = None,
    activity_regularizer: Any = None,
    kernel_constraint: Any = None,
    bias_constraint: Any = None,
    trainable: bool = True,
    name: str | None = None,
    reuse: Any = None,
) -> Tensor:
    """Convolve volumes with new filters: every output looks at a small window, with the same weights everywhere.

    Parameters
    ----------
    inputs : Tensor, shape (batch, depth, height, width, channels)
    filters : int
        Number of channels of the output.
    kernel_size : int or sequence of 3 int
        Size of the window.
    strides : int or sequence of 3 int
        Step of the window.
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}
    dilation_rate : int or sequence of 3 int
        Distance of the inputs that a window looks at; not together with strides.
    activation : callable, optional
        For example `tf.nn.relu`.
    use_bias : bool
    kernel_initializer, bias_initializer : initializer, optional
        The kernel's default is the scope's, else Glorot uniform.
    kernel_regularizer, bias_regularizer : callable, optional
        Losses of the weights, added to the collection `tf.GraphKeys.REGULARIZATION_LOSSES`.
    activity_regularizer : callable, optional
        Loss of the output.
    kernel_constraint, bias_constraint : callable, optional
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
        If the number of channels is not known, or the rank is not 5.

    Examples
    --------
    >>> tf.layers.conv3d(tf.zeros([1, 8, 8, 8, 1]), 4, 3, strides=2).shape.as_list()
    [1, 3, 3, 3, 4]
    """
    layer = Conv3D(**named(locals(), "inputs", "reuse"), _scope=name, _reuse=reuse)
    return layer(inputs)

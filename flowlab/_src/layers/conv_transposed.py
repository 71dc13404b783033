"""`tf.layers.conv2d_transpose`, `conv3d_transpose`, and the layers behind them."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.tensor import Tensor
from flowlab._src.keras.arguments import named
from flowlab._src.keras.layers import conv_transposed
from flowlab._src.layers import base
from flowlab._src.util.export import export
from flowlab._src.variables.initializers import Zeros


@export("layers.Conv2DTranspose")
class Conv2DTranspose(conv_transposed.Conv2DTranspose, base.Layer):
    """Transposed convolution of images: from the output of a convolution to the shape of its input.

    Parameters
    ----------
    filters : int
        Number of channels of the output.
    kernel_size : int or sequence of 2 int
        Size of the window.
    strides : int or sequence of 2 int
        Step of the window; the output is that much larger.
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}
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
    >>> tf.layers.Conv2DTranspose(3, 5, strides=2, padding="same")(tf.zeros([8, 7, 7, 64])).shape.as_list()
    [8, 14, 14, 3]
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        data_format: str = "channels_last",
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


@export("layers.conv2d_transpose")
def conv2d_transpose(
    inputs: Any,
    filters: int,
    kernel_size: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: str = "channels_last",
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
    """Enlarge images by a transposed convolution with new filters.

    Parameters
    ----------
    inputs : Tensor, shape (batch, height, width, channels)
    filters : int
        Number of channels of the output.
    kernel_size : int or sequence of 2 int
        Size of the window.
    strides : int or sequence of 2 int
        Step of the window; the output is that much larger.
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}
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
    >>> tf.layers.conv2d_transpose(tf.zeros([8, 7, 7, 64]), 3, 5, strides=2, padding="same").shape.as_list()
    [8, 14, 14, 3]
    """
    layer = Conv2DTranspose(**named(locals(), "inputs", "reuse"), _scope=name, _reuse=reuse)
    return layer(inputs)


@export("layers.Conv3DTranspose")
class Conv3DTranspose(conv_transposed.Conv3DTranspose, base.Layer):
    """Transposed convolution of volumes: from the output of a convolution to the shape of its input.

    Parameters
    ----------
    filters : int
        Number of channels of the output.
    kernel_size : int or sequence of 3 int
        Size of the window.
    strides : int or sequence of 3 int
        Step of the window; the output is that much larger.
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}
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
    >>> tf.layers.Conv3DTranspose(2, 3, strides=2)(tf.zeros([1, 4, 4, 4, 5])).shape.as_list()
    [1, 9, 9, 9, 2]
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1, 1),
        padding: str = "valid",
        data_format: str = "channels_last",
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


@export("layers.conv3d_transpose")
def conv3d_transpose(
    inputs: Any,
    filters: int,
    kernel_size: Any,
    strides: Any = (1, 1, 1),
    padding: str = "valid",
    data_format: str = "channels_last",
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
    """Enlarge volumes by a transposed convolution with new filters.

    Parameters
    ----------
    inputs : Tensor, shape (batch, depth, height, width, channels)
    filters : int
        Number of channels of the output.
    kernel_size : int or sequence of 3 int
        Size of the window.
    strides : int or sequence of 3 int
        Step of the window; the output is that much larger.
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}
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
    >>> tf.layers.conv3d_transpose(tf.zeros([1, 4, 4, 4, 5]), 2, 3, strides=2).shape.as_list()
    [1, 9, 9, 9, 2]
    """
    layer = Conv3DTranspose(**named(locals(), "inputs", "reuse"), _scope=name, _reuse=reuse)
    return layer(inputs)

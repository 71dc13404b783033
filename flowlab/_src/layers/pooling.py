"""`tf.layers.max_pooling2d` and others, and the layers behind them."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.tensor import Tensor
from flowlab._src.keras.arguments import named
from flowlab._src.keras.layers import pooling
from flowlab._src.layers import base
from flowlab._src.util.export import export


@export("layers.MaxPooling1D")
class MaxPooling1D(pooling.MaxPooling1D, base.Layer):
    """The largest number of each window of sequences, channel by channel.

    Parameters
    ----------
    pool_size : int
        Size of the window.
    strides : int
        Step of the window.
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}
    name : str, optional

    Examples
    --------
    >>> tf.layers.MaxPooling1D(2, 2)(tf.zeros([8, 28, 3])).shape.as_list()
    [8, 14, 3]
    """

    def __init__(
        self,
        pool_size: Any,
        strides: Any,
        padding: str = "valid",
        data_format: str = "channels_last",
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**named(locals()))


@export("layers.max_pooling1d")
def max_pooling1d(
    inputs: Any,
    pool_size: Any,
    strides: Any,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Tensor:
    """Take the largest number of each window of sequences, channel by channel.

    Parameters
    ----------
    inputs : Tensor, shape (batch, width, channels)
    pool_size : int
        Size of the window.
    strides : int
        Step of the window.
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}
    name : str, optional

    Returns
    -------
    Tensor

    Examples
    --------
    >>> tf.layers.max_pooling1d(tf.zeros([8, 28, 3]), pool_size=2, strides=2).shape.as_list()
    [8, 14, 3]
    """
    return MaxPooling1D(**named(locals(), "inputs"))(inputs)


@export("layers.AveragePooling1D")
class AveragePooling1D(pooling.AveragePooling1D, base.Layer):
    """The mean of each window of sequences, channel by channel.

    Parameters
    ----------
    pool_size : int
        Size of the window.
    strides : int
        Step of the window.
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}
    name : str, optional

    Examples
    --------
    >>> tf.layers.AveragePooling1D(2, 2)(tf.zeros([8, 28, 3])).shape.as_list()
    [8, 14, 3]
    """

    def __init__(
        self,
        pool_size: Any,
        strides: Any,
        padding: str = "valid",
        data_format: str = "channels_last",
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**named(locals()))


@export("layers.average_pooling1d")
def average_pooling1d(
    inputs: Any,
    pool_size: Any,
    strides: Any,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Tensor:
    """Take the mean of each window of sequences, channel by channel.

    Parameters
    ----------
    inputs : Tensor, shape (batch, width, channels)
    pool_size : int
        Size of the window.
    strides : int
        Step of the window.
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}
    name : str, optional

    Returns
    -------
    Tensor

    Examples
    --------
    >>> tf.layers.average_pooling1d(tf.zeros([8, 28, 3]), pool_size=2, strides=2).shape.as_list()
    [8, 14, 3]
    """
    return AveragePooling1D(**named(locals(), "inputs"))(inputs)


@export("layers.MaxPooling2D")
class MaxPooling2D(pooling.MaxPooling2D, base.Layer):
    """The largest number of each window of images, channel by channel.

    Parameters
    ----------
    pool_size : int or sequence of 2 int
        Size of the window.
    strides : int or sequence of 2 int
        Step of the window.
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}
    name : str, optional

    Examples
    --------
    >>> tf.layers.MaxPooling2D(2, 2)(tf.zeros([8, 28, 28, 3])).shape.as_list()
    [8, 14, 14, 3]
    """

    def __init__(
        self,
        pool_size: Any,
        strides: Any,
        padding: str = "valid",
        data_format: str = "channels_last",
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**named(locals()))


@export("layers.max_pooling2d")
def max_pooling2d(
    inputs: Any,
    pool_size: Any,
    strides: Any,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Tensor:
    """Take the largest number of each window of images, channel by channel.

    Parameters
    ----------
    inputs : Tensor, shape (batch, height, width, channels)
    pool_size : int or sequence of 2 int
        Size of the window.
    strides : int or sequence of 2 int
        Step of the window.
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}
    name : str, optional

    Returns
    -------
    Tensor

    Examples
    --------
    >>> tf.layers.max_pooling2d(tf.zeros([8, 28, 28, 3]), pool_size=2, strides=2).shape.as_list()
    [8, 14, 14, 3]
    """
    return MaxPooling2D(**named(locals(), "inputs"))(inputs)


@export("layers.AveragePooling2D")
class AveragePooling2D(pooling.AveragePooling2D, base.Layer):
    """The mean of each window of images, channel by channel.

    Parameters
    ----------
    pool_size : int or sequence of 2 int
        Size of the window.
    strides : int or sequence of 2 int
        Step of the window.
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}
    name : str, optional

    Examples
    --------
    >>> tf.layers.AveragePooling2D(2, 2)(tf.zeros([8, 28, 28, 3])).shape.as_list()
    [8, 14, 14, 3]
    """

    def __init__(
        self,
        pool_size: Any,
        strides: Any,
        padding: str = "valid",
        data_format: str = "channels_last",
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**named(locals()))


@export("layers.average_pooling2d")
def average_pooling2d(
    inputs: Any,
    pool_size: Any,
    strides: Any,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Tensor:
    """Take the mean of each window of images, channel by channel.

    Parameters
    ----------
    inputs : Tensor, shape (batch, height, width, channels)
    pool_size : int or sequence of 2 int
        Size of the window.
    strides : int or sequence of 2 int
        Step of the window.
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}
    name : str, optional

    Returns
    -------
    Tensor

    Examples
    --------
    >>> tf.layers.average_pooling2d(tf.zeros([8, 28, 28, 3]), pool_size=2, strides=2).shape.as_list()
    [8, 14, 14, 3]
    """
    return AveragePooling2D(**named(locals(), "inputs"))(inputs)


@export("layers.MaxPooling3D")
class MaxPooling3D(pooling.MaxPooling3D, base.Layer):
    """The largest number of each window of volumes, channel by channel.

    Parameters
    ----------
    pool_size : int or sequence of 3 int
        Size of the window.
    strides : int or sequence of 3 int
        Step of the window.
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}
    name : str, optional

    Examples
    --------
    >>> tf.layers.MaxPooling3D(2, 2)(tf.zeros([1, 8, 8, 8, 3])).shape.as_list()
    [1, 4, 4, 4, 3]
    """

    def __init__(
        self,
        pool_size: Any,
        strides: Any,
        padding: str = "valid",
        data_format: str = "channels_last",
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**named(locals()))


@export("layers.max_pooling3d")
def max_pooling3d(
    inputs: Any,
    pool_size: Any,
    strides: Any,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Tensor:
    """Take the largest number of each window of volumes, channel by channel.

    Parameters
    ----------
    inputs : Tensor, shape (batch, depth, height, width, channels)
    pool_size : int or sequence of 3 int
        Size of the window.
    strides : int or sequence of 3 int
        Step of the window.
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}
    name : str, optional

    Returns
    -------
    Tensor

    Examples
    --------
    >>> tf.layers.max_pooling3d(tf.zeros([1, 8, 8, 8, 3]), pool_size=2, strides=2).shape.as_list()
    [1, 4, 4, 4, 3]
    """
    return MaxPooling3D(**named(locals(), "inputs"))(inputs)


@export("layers.AveragePooling3D")
class AveragePooling3D(pooling.AveragePooling3D, base.Layer):
    """The mean of each window of volumes, channel by channel.

    Parameters
    ----------
    pool_size : int or sequence of 3 int
        Size of the window.
    strides : int or sequence of 3 int
        Step of the window.
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}
    name : str, optional

    Examples
    --------
    >>> tf.layers.AveragePooling3D(2, 2)(tf.zeros([1, 8, 8, 8, 3])).shape.as_list()
    [1, 4, 4, 4, 3]
    """

    def __init__(
        self,
        pool_size: Any,
        strides: Any,
        padding: str = "valid",
        data_format: str = "channels_last",
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**named(locals()))


@export("layers.average_pooling3d")
def average_pooling3d(
    inputs: Any,
    pool_size: Any,
    strides: Any,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Tensor:
    """Take the mean of each window of volumes, channel by channel.

    Parameters
    ----------
    inputs : Tensor, shape (batch, depth, height, width, channels)
    pool_size : int or sequence of 3 int
        Size of the window.
    strides : int or sequence of 3 int
        Step of the window.
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}
    name : str, optional

    Returns
    -------
    Tensor

    Examples
    --------
    >>> tf.layers.average_pooling3d(tf.zeros([1, 8, 8, 8, 3]), pool_size=2, strides=2).shape.as_list()
    [1, 4, 4, 4, 3]
    """
    return AveragePooling3D(**named(locals(), "inputs"))(inputs)

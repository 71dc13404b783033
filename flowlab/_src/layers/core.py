"""`tf.layers.dense`, `dropout`, `flatten`, and the layers behind them."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.tensor import Tensor
from flowlab._src.keras.arguments import named
from flowlab._src.keras.layers import core
from flowlab._src.layers import base
from flowlab._src.util.export import export
from flowlab._src.variables.initializers import Zeros


@export("layers.Dense")
class Dense(core.Dense, base.Layer):
    """Every output is a weighted sum of all inputs: activation(x @ kernel + bias).

    Call the layer on a tensor of shape (batch, inputs); on one of higher rank, it works along the last axis.

    Parameters
    ----------
    units : int
        Number of outputs.
    activation : callable, optional
        Applied to the sums, for example `tf.nn.relu`.
    use_bias : bool
    kernel_initializer : initializer, optional
        The scope's, else Glorot uniform.
    bias_initializer : initializer
    kernel_regularizer, bias_regularizer : callable, optional
        Losses of the weights, added to the collection `tf.GraphKeys.REGULARIZATION_LOSSES`.
    activity_regularizer : callable, optional
        Loss of the output.
    kernel_constraint, bias_constraint : callable, optional
        Applied after each step of an optimizer.
    trainable : bool
    name : str, optional

    Raises
    ------
    ValueError
        If the size of the last axis is not known, or the rank is less than 2.

    Examples
    --------
    >>> layer = tf.layers.Dense(10, activation=tf.nn.relu, name="hidden")
    >>> y = layer(tf.zeros([32, 784]))
    >>> y.shape.as_list(), layer.kernel.shape.as_list(), layer.bias.name
    ([32, 10], [784, 10], 'hidden/bias:0')
    """

    def __init__(
        self,
        units: int,
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


@export("layers.dense")
def dense(
    inputs: Any,
    units: int,
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
    """Connect every output with all inputs: activation(inputs @ kernel + bias), with new weights.

    Parameters
    ----------
    inputs : Tensor, shape (batch, ..., n)
    units : int
        Number of outputs.
    activation : callable, optional
        Applied to the sums, for example `tf.nn.relu`.
    name : str, optional
        Name of the variable scope. Two calls with the same name share weights only with `reuse`.
    reuse : bool, optional
        Use the weights that were made under this name before.
    use_bias, kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer,
    kernel_constraint, bias_constraint, trainable
        See `tf.layers.Dense`.

    Returns
    -------
    Tensor, shape (batch, ..., units)

    Raises
    ------
    ValueError
        If the size of the last axis is not known, or the rank is less than 2.

    Examples
    --------
    >>> x = tf.placeholder(tf.float32, [None, 784], name="x")
    >>> hidden = tf.layers.dense(x, 100, activation=tf.nn.relu)
    >>> logits = tf.layers.dense(hidden, 10)
    >>> logits
    <tf.Tensor 'dense_1/BiasAdd:0' shape=(?, 10) dtype=float32>
    >>> [v.name for v in tf.trainable_variables()]
    ['dense/kernel:0', 'dense/bias:0', 'dense_1/kernel:0', 'dense_1/bias:0']
    """
    layer = Dense(**named(locals(), "inputs", "reuse"), _scope=name, _reuse=reuse)
    return layer(inputs)


@export("layers.Dropout")
class Dropout(core.Dropout, base.Layer):
    """While training, a random part of the numbers is set to zero and the rest scaled up.

    Parameters
    ----------
    rate : float or Tensor
        Share that is set to zero.
    noise_shape : sequence of int or None, optional
        Shape of the random choice; a 1 keeps or drops a whole axis together.
    seed : int, optional
    name : str, optional

    Examples
    --------
    >>> layer = tf.layers.Dropout(rate=0.5)
    >>> training = tf.placeholder_with_default(False, [])
    >>> y = layer(tf.ones([4]), training=training)
    >>> with tf.Session() as sess:
    ...     sess.run(y)
    array([1., 1., 1., 1.], dtype=float32)
    """

    def __init__(
        self, rate: Any = 0.5, noise_shape: Any = None, seed: int | None = None, name: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**named(locals()))

    def call(self, inputs: Any, training: Any = False) -> Any:
        """Drop numbers if `training` is true: a bool, or a tensor that decides in each run."""
        return super().call(inputs, training=training)


@export("layers.dropout")
def dropout(
    inputs: Any,
    rate: Any = 0.5,
    noise_shape: Any = None,
    seed: int | None = None,
    training: Any = False,
    name: str | None = None,
) -> Tensor:
    """While training, set a random part of the numbers to zero and scale the rest up.

    Mind `training`: it is False unless you say otherwise, and nothing is dropped then.

    Parameters
    ----------
    inputs : Tensor
    rate : float or Tensor
        Share that is set to zero.
    noise_shape : sequence of int or None, optional
        Shape of the random choice; a 1 keeps or drops a whole axis together.
    seed : int, optional
    training : bool or Tensor
        A tensor decides in each run: `tf.placeholder_with_default(False, [])`.
    name : str, optional

    Returns
    -------
    Tensor of the shape of `inputs`

    Examples
    --------
    >>> y = tf.layers.dropout(tf.ones([8]), rate=0.5, seed=1, training=True)
    >>> with tf.Session() as sess:
    ...     sess.run(y)
    array([0., 2., 0., 0., 2., 0., 0., 0.], dtype=float32)
    """
    return Dropout(rate, noise_shape=noise_shape, seed=seed, name=name)(inputs, training=training)


@export("layers.Flatten")
class Flatten(core.Flatten, base.Layer):
    """Put all axes but the first into one.

    Parameters
    ----------
    data_format : {"channels_last", "channels_first"}, optional
        With "channels_first" the channels are moved to the end before.

    Examples
    --------
    >>> tf.layers.Flatten()(tf.zeros([8, 28, 28, 3])).shape.as_list()
    [8, 2352]
    """


@export("layers.flatten")
def flatten(inputs: Any, name: str | None = None, data_format: Any = "channels_last") -> Tensor:
    """Put all axes but the first into one: images become rows for `tf.layers.dense`.

    Parameters
    ----------
    inputs : Tensor, shape (batch, ...)
    name : str, optional
    data_format : {"channels_last", "channels_first"}

    Returns
    -------
    Tensor, shape (batch, n)

    Examples
    --------
    >>> x = tf.placeholder(tf.float32, [None, 28, 28, 1])
    >>> tf.layers.flatten(x)
    <tf.Tensor 'flatten/Reshape:0' shape=(?, 784) dtype=float32>
    """
    return Flatten(name=name, data_format=data_format)(inputs)

"""`tf.layers.batch_normalization`, and the layer behind it."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.tensor import Tensor
from flowlab._src.keras.arguments import named
from flowlab._src.keras.layers import normalization
from flowlab._src.layers import base
from flowlab._src.util.export import export
from flowlab._src.variables.initializers import Ones, Zeros


@export("layers.BatchNormalization")
class BatchNormalization(normalization.BatchNormalization, base.Layer):
    """Each channel gets mean 0 and variance 1 over the batch, then a scale gamma and an offset beta of its own.

    While training, mean and variance are the batch's own, and moving averages are kept of them, which take their place
    afterwards. The averages move only when the operations of the collection `tf.GraphKeys.UPDATE_OPS` run.

    Parameters
    ----------
    axis : int or list of int
        The axis of the channels.
    momentum : float
        Share of the moving averages that a step leaves.
    epsilon : float
        Added to the variance.
    center, scale : bool
        Whether there is an offset beta, a scale gamma.
    beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer : initializer
    beta_regularizer, gamma_regularizer : callable, optional
    beta_constraint, gamma_constraint : callable, optional
    renorm : bool
        Batch renormalization: use the moving averages while training, too.
    renorm_clipping : dict with "rmax", "rmin", "dmax", optional
        Limits of the corrections of renormalization.
    renorm_momentum : float
    fused : bool, optional
        False: not in one operation, where that would be possible.
    trainable : bool
    virtual_batch_size : int, optional
        Normalize over parts of the batch of this size.
    adjustment : callable, optional
        Gives a random scale and offset from the shape of the input, used while training only.
    name : str, optional

    Examples
    --------
    >>> layer = tf.layers.BatchNormalization()
    >>> y = layer(tf.zeros([32, 100]), training=True)
    >>> [v.name for v in layer.non_trainable_variables]
    ['batch_normalization/moving_mean:0', 'batch_normalization/moving_variance:0']
    """

    def __init__(
        self,
        axis: Any = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = Zeros(),  # noqa: B008  # never changed
        gamma_initializer: Any = Ones(),  # noqa: B008
        moving_mean_initializer: Any = Zeros(),  # noqa: B008
        moving_variance_initializer: Any = Ones(),  # noqa: B008
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: Any = None,
        renorm_momentum: float = 0.99,
        fused: bool | None = None,
        trainable: bool = True,
        virtual_batch_size: int | None = None,
        adjustment: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**named(locals()))

    def call(self, inputs: Any, training: Any = False) -> Tensor:
        """Normalize with the statistics of the batch if `training` is true: a bool, or a tensor."""
        return super().call(inputs, training=training)


@export("layers.batch_normalization")
def batch_normalization(
    inputs: Any,
    axis: Any = -1,
    momentum: float = 0.99,
    epsilon: float = 1e-3,
    center: bool = True,
    scale: bool = True,
    beta_initializer: Any = Zeros(),  # noqa: B008  # never changed
    gamma_initializer: Any = Ones(),  # noqa: B008
    moving_mean_initializer: Any = Zeros(),  # noqa: B008
    moving_variance_initializer: Any = Ones(),  # noqa: B008
    beta_regularizer: Any = None,
    gamma_regularizer: Any = None,
    beta_constraint: Any = None,
    gamma_constraint: Any = None,
    training: Any = False,
    trainable: bool = True,
    name: str | None = None,
    reuse: Any = None,
    renorm: bool = False,
    renorm_clipping: Any = None,
    renorm_momentum: float = 0.99,
    fused: bool | None = None,
    virtual_batch_size: int | None = None,
    adjustment: Any = None,
) -> Tensor:
    """Give each channel mean 0 and variance 1 over the batch, then a scale gamma and an offset beta of its own.

    Two things are easily forgotten: `training=True` (or a tensor) while training, and running the updates of the moving
    averages together with the training step, which the example shows. Without them, the net fails at test time only.

    Parameters
    ----------
    inputs : Tensor
    training : bool or Tensor
        Whether to use the statistics of the batch, and to make the updates of the moving averages.
    name : str, optional
        Name of the variable scope.
    reuse : bool, optional
        Use the weights that were made under this name before.
    axis, momentum, epsilon, center, scale, beta_initializer, gamma_initializer, moving_mean_initializer,
    moving_variance_initializer, beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint, trainable,
    renorm, renorm_clipping, renorm_momentum, fused, virtual_batch_size, adjustment
        See `tf.layers.BatchNormalization`.

    Returns
    -------
    Tensor of the shape of `inputs`

    Raises
    ------
    ValueError
        If the rank or the number of channels is not known.

    Examples
    --------
    >>> x = tf.placeholder(tf.float32, [None, 4])
    >>> y = tf.layers.dense(tf.layers.batch_normalization(x, training=True), 1)
    >>> updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    >>> [op.name for op in updates]
    ['batch_normalization/AssignMovingAvg', 'batch_normalization/AssignMovingAvg_1']
    >>> with tf.control_dependencies(updates):
    ...     train = tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_mean(y))

    References
    ----------
    Ioffe and Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate
    shift" (2015).
    """
    layer = BatchNormalization(**named(locals(), "inputs", "training", "reuse"), _reuse=reuse, _scope=name)
    return layer(inputs, training=training)

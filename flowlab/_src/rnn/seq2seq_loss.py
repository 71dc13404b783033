"""`tf.contrib.seq2seq.sequence_loss`: how far a sequence of predictions is from the targets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowlab._src.graph.convert import convert
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.cast import cast
from flowlab._src.ops.nn_cross_entropy import sparse_softmax_cross_entropy_with_logits
from flowlab._src.ops.no_nan import div_no_nan
from flowlab._src.ops.reduce import count_nonzero, reduce_sum
from flowlab._src.ops.reshaping import reshape
from flowlab._src.util.export import export


@export("contrib.seq2seq.sequence_loss")
def sequence_loss(
    logits: Any,
    targets: Any,
    weights: Any,
    average_across_timesteps: bool = True,
    average_across_batch: bool = True,
    sum_over_timesteps: bool = False,
    sum_over_batch: bool = False,
    softmax_loss_function: Callable[..., Any] | None = None,
    name: str | None = None,
) -> Tensor:
    """Weighted cross-entropy of sequences of logits.

    The weights are usually 1 for steps of a sequence and 0 for its padding: `tf.sequence_mask(lengths)` as floats.

    Parameters
    ----------
    logits : Tensor, shape (batch, steps, classes), float
    targets : Tensor, shape (batch, steps), int
        The right class of each step.
    weights : Tensor, shape (batch, steps), float
        How much each step counts.
    average_across_timesteps, average_across_batch : bool
        Sum over this axis, and divide by the sum of the weights.
    sum_over_timesteps, sum_over_batch : bool
        Sum over this axis, and divide by the number of weights that are not zero.
    softmax_loss_function : callable, optional
        Called as `f(labels=..., logits=...)` with shapes (batch * steps,) and (batch * steps, classes), in place of the
        cross-entropy; a sampled softmax, for example.
    name : str, optional

    Returns
    -------
    Tensor
        A scalar if both axes are averaged (or summed), a vector for one, shape (batch, steps) for none.

    Raises
    ------
    ValueError
        If the ranks do not fit, or an axis is to be averaged and summed.

    Examples
    --------
    >>> logits = tf.zeros([2, 3, 4])
    >>> weights = tf.sequence_mask([3, 1], dtype=tf.float32)
    >>> loss = tf.contrib.seq2seq.sequence_loss(logits, tf.zeros([2, 3], tf.int32), weights)
    >>> with tf.Session() as sess:
    ...     print("%.4f" % sess.run(loss))  # log(4): all classes look alike
    1.3863
    """
    logits, targets, weights = convert(logits), convert(targets), convert(weights)
    for tensor, rank, words in (
        (logits, 3, "Logits must be a [batch_size x sequence_length x logits] tensor"),
        (targets, 2, "Targets must be a [batch_size x sequence_length] tensor"),
        (weights, 2, "Weights must be a [batch_size x sequence_length] tensor"),
    ):
        if tensor.shape.ndims != rank:
            raise ValueError(words)
    for averaged, summed, axis in (
        (average_across_timesteps, sum_over_timesteps, "timesteps"),
        (average_across_batch, sum_over_batch, "batch"),
    ):
        if averaged and summed:
            raise ValueError(f"average_across_{axis} and sum_over_{axis} cannot be set to True at same time.")
    with name_scope(name, "sequence_loss", [logits, targets, weights]):
        classes = shape_of(logits)[2]
        flat_logits = reshape(logits, [-1, classes])
        flat_targets = reshape(targets, [-1])
        loss_function = softmax_loss_function or sparse_softmax_cross_entropy_with_logits
        crossent = loss_function(labels=flat_targets, logits=flat_logits)
        crossent *= reshape(weights, [-1])
        if average_across_timesteps and average_across_batch:
            return div_no_nan(reduce_sum(crossent), reduce_sum(weights))
        if sum_over_timesteps and sum_over_batch:
            total = reduce_sum(crossent)
            return div_no_nan(total, cast(count_nonzero(weights), total.dtype))
        crossent = reshape(crossent, shape_of(logits)[0:2])
        if average_across_timesteps or average_across_batch:
            axis_ = [0] if average_across_batch else [1]
            return div_no_nan(reduce_sum(crossent, axis=axis_), reduce_sum(weights, axis=axis_))
        if sum_over_timesteps or sum_over_batch:
            axis_ = [0] if sum_over_batch else [1]
            total = reduce_sum(crossent, axis=axis_)
            return div_no_nan(total, cast(count_nonzero(weights, axis=axis_), total.dtype))
        return crossent

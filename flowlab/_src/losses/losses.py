"""The loss functions of `tf.losses`.

Each computes one number for each element (or example), multiplies by weights, reduces to a scalar, and adds that to a
collection. Mind the order: labels come first here.
"""

from __future__ import annotations

from typing import Any

from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_float
from flowlab._src.graph.convert import convert, operand
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.keys import GraphKeys
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.losses.collect import add_loss
from flowlab._src.losses.weights import assert_broadcastable, broadcast_weights
from flowlab._src.ops.arithmetic import add, multiply, squared_difference, subtract
from flowlab._src.ops.array_shape import rank, shape_of, size
from flowlab._src.ops.cast import cast
from flowlab._src.ops.compare import equal
from flowlab._src.ops.fill import ones_like, zeros_like
from flowlab._src.ops.identity import stop_gradient
from flowlab._src.ops.magnitude import abs_, maximum, minimum
from flowlab._src.ops.misuse import misuse, old_argument
from flowlab._src.ops.nn_activation import relu
from flowlab._src.ops.nn_cross_entropy import (
    sigmoid_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits_v2,
    sparse_softmax_cross_entropy_with_logits,
)
from flowlab._src.ops.no_nan import div_no_nan
from flowlab._src.ops.powers import square
from flowlab._src.ops.reduce import reduce_sum
from flowlab._src.ops.selecting import where
from flowlab._src.ops.sequences import range_
from flowlab._src.ops.squeezing import squeeze_with_weights
from flowlab._src.ops.transcendental import log
from flowlab._src.util.export import export


@export("losses.Reduction")
class Reduction:
    """How the losses of the elements become one number.

    The default, `SUM_BY_NONZERO_WEIGHTS`, is the mean over the elements whose weight is not 0.
    """

    NONE = "none"
    SUM = "weighted_sum"
    SUM_OVER_BATCH_SIZE = "weighted_sum_over_batch_size"
    MEAN = "weighted_mean"
    SUM_BY_NONZERO_WEIGHTS = "weighted_sum_by_nonzero_weights"
    SUM_OVER_NONZERO_WEIGHTS = SUM_BY_NONZERO_WEIGHTS

    @classmethod
    def all(cls) -> tuple[str, ...]:
        """Return all reductions."""
        return (
            cls.NONE,
            cls.SUM,
            cls.MEAN,
            cls.SUM_OVER_BATCH_SIZE,
            cls.SUM_OVER_NONZERO_WEIGHTS,
            cls.SUM_BY_NONZERO_WEIGHTS,
        )

    @classmethod
    def validate(cls, key: str) -> None:
        """Raise ValueError unless `key` is a reduction."""
        if not isinstance(key, str) or key not in cls.all():
            raise misuse(ValueError(f"Invalid Reduction Key {key}."))


DEFAULT = Reduction.SUM_BY_NONZERO_WEIGHTS


@export("losses.compute_weighted_loss")
def compute_weighted_loss(
    losses: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """Weight the losses of single elements, reduce them to one number, and collect it.

    Parameters
    ----------
    losses : Tensor
    weights : number or Tensor
        One number, or of the rank of `losses` with in each axis its size or 1. Weight 0 leaves an element out.
    loss_collection : str or None
    reduction : one of tf.losses.Reduction

    Returns
    -------
    Tensor of the dtype of `losses`
        Scalar, except with Reduction.NONE.

    Raises
    ------
    ValueError
        If the weights do not fit, or the reduction is unknown.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     print(sess.run(tf.losses.compute_weighted_loss([1.0, 2.0, 6.0], weights=[1.0, 1.0, 0.0])))
    1.5
    """
    Reduction.validate(reduction)
    with name_scope(scope, "weighted_loss", [losses, weights]):
        check = assert_broadcastable(weights, losses)
        with get_default_graph().control_dependencies([check]):
            losses = convert(losses)
            dtype = losses.dtype
            losses = cast(losses, dtypes.float32)
            weights = cast(weights, dtypes.float32)
            weighted = multiply(losses, weights)
            if reduction == Reduction.NONE:
                loss = weighted
            else:
                loss = reduce_sum(weighted)
                if reduction == Reduction.MEAN:
                    loss = safe_mean(loss, reduce_sum(ones_like(losses) * weights))
                elif reduction == Reduction.SUM_BY_NONZERO_WEIGHTS:
                    loss = safe_mean(loss, num_present(losses, weights))
                elif reduction == Reduction.SUM_OVER_BATCH_SIZE:
                    loss = safe_mean(loss, num_elements(losses))
            loss = cast(loss, dtype)
            add_loss(loss, loss_collection)
            return loss


def safe_mean(losses: Tensor, count: Tensor) -> Tensor:
    """The sum divided by a count, 0 where the count is 0."""
    return div_no_nan(reduce_sum(losses), count, name="value")


def num_elements(losses: Tensor) -> Tensor:
    """How many losses there are, as a float."""
    with name_scope(None, "num_elements", [losses]) as scope:
        return cast(size(losses, name=scope), losses.dtype)


def num_present(losses: Tensor, weights: Any, per_batch: bool = False) -> Tensor:
    """How many losses have a weight other than 0, of all or of each example."""
    if isinstance(weights, float) and weights != 0.0:
        return num_elements(losses)
    with name_scope(None, "num_present", [losses, weights]) as scope:
        weights = cast(weights, dtypes.float32)
        present = where(equal(weights, 0.0), zeros_like(weights), ones_like(weights))
        present = broadcast_weights(present, losses)
        if per_batch:
            return reduce_sum(present, axis=range_(1, rank(present)), keepdims=True, name=scope)
        return reduce_sum(present, name=scope)


def require(**arguments: Any) -> None:
    """ValueError when an argument that has to be given is None."""
    for name, value in arguments.items():
        if value is None:
            raise misuse(ValueError(f"{name} must not be None."))


def as_floats(predictions: Any, labels: Any) -> tuple[Tensor, Tensor]:
    """Both as float32, of compatible shapes."""
    predictions = cast(predictions, dtypes.float32)
    labels = cast(labels, dtypes.float32)
    require_same_shape(predictions, labels)
    return predictions, labels


def require_same_shape(predictions: Tensor, labels: Tensor) -> None:
    """ValueError when the shapes known while building differ."""
    if not predictions.shape.is_compatible_with(labels.shape):
        fix = "give both the same shape"
        if {predictions.shape.ndims, labels.shape.ndims} == {1, 2}:
            fix = "one of them has an extra axis: tf.squeeze(t, 1) or tf.expand_dims(t, 1)"
        raise misuse(ValueError(f"Shapes {predictions.shape} and {labels.shape} are incompatible"), fix=fix)


# ---- regression ----------------------------------------------------------------------------------------------------


@export("losses.absolute_difference")
def absolute_difference(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = DEFAULT,
) -> Tensor:
    """Collect the mean absolute error, |predictions - labels|.

    Parameters
    ----------
    labels, predictions : Tensor of the same shape
    weights : number or Tensor
        See `tf.losses.compute_weighted_loss`, also for the other arguments.

    Returns
    -------
    Tensor, scalar

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     print(sess.run(tf.losses.absolute_difference([1.0, 2.0], [2.0, 5.0])))
    2.0
    """
    require(labels=labels, predictions=predictions)
    with name_scope(scope, "absolute_difference", [predictions, labels, weights]) as scope:
        predictions, labels = as_floats(predictions, labels)
        losses = abs_(subtract(predictions, labels))
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction=reduction)


@export("losses.mean_squared_error")
def mean_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = DEFAULT,
) -> Tensor:
    """Collect the mean squared error, (predictions - labels) ** 2.

    Parameters
    ----------
    labels, predictions : Tensor of the same shape
    weights : number or Tensor
        See `tf.losses.compute_weighted_loss`, also for the other arguments.

    Returns
    -------
    Tensor, scalar

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     print(sess.run(tf.losses.mean_squared_error([1.0, 2.0], [2.0, 5.0])))
    5.0
    """
    require(labels=labels, predictions=predictions)
    with name_scope(scope, "mean_squared_error", [predictions, labels, weights]) as scope:
        predictions, labels = as_floats(predictions, labels)
        losses = squared_difference(predictions, labels)
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction=reduction)


@export("losses.huber_loss")
def huber_loss(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    delta: float = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = DEFAULT,
) -> Tensor:
    """Collect Huber's loss: squared for errors up to `delta`, linear beyond, so that outliers count less.

    Parameters
    ----------
    labels, predictions : Tensor of the same shape
    weights : number or Tensor
        See `tf.losses.compute_weighted_loss`, also for the other arguments.
    delta : float

    Returns
    -------
    Tensor, scalar

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     print(sess.run(tf.losses.huber_loss([0.0, 0.0], [1.0, 5.0])))
    2.5
    """
    require(labels=labels, predictions=predictions)
    with name_scope(scope, "huber_loss", [predictions, labels, weights]) as scope:
        predictions, labels = as_floats(predictions, labels)
        error = abs_(subtract(predictions, labels))
        quadratic = minimum(error, delta)
        linear = subtract(error, quadratic)
        half = convert(0.5, quadratic.dtype)
        losses = add(multiply(half, multiply(quadratic, quadratic)), multiply(delta, linear))
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction=reduction)


@export("losses.mean_pairwise_squared_error")
def mean_pairwise_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
) -> Tensor:
    """Collect the squared error of the differences between all pairs of elements of an example.

    Only differences count: adding a constant to an example's predictions changes nothing.

    Parameters
    ----------
    labels, predictions : Tensor, shape (batch, ...)
    weights : number or Tensor, shape (batch,)
    loss_collection : str or None

    Returns
    -------
    Tensor, scalar

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     print(sess.run(tf.losses.mean_pairwise_squared_error([[0.0, 1.0]], [[5.0, 8.0]])))
    4.0
    """
    require(labels=labels, predictions=predictions)
    with name_scope(scope, "mean_pairwise_squared_error", [predictions, labels, weights]) as scope:
        weights = cast(weights, dtypes.float32)
        labels = cast(labels, dtypes.float32)
        with get_default_graph().control_dependencies([assert_broadcastable(weights, labels)]):
            predictions = cast(predictions, dtypes.float32)
            predictions.shape.assert_is_compatible_with(labels.shape)
            diffs = subtract(predictions, labels)
            axes = range_(1, rank(diffs))
            squares = reduce_sum(square(diffs), axis=axes, keepdims=True)
            count = num_present(diffs, weights, per_batch=True)
            term1 = 2.0 * div_no_nan(squares, maximum(count - 1, 0), name="value")
            total = reduce_sum(diffs, axis=axes, keepdims=True)
            term2 = 2.0 * div_no_nan(square(total), maximum(multiply(count, count - 1), 0), name="value")
            loss = reduce_sum(multiply(term1 - term2, weights))
            mean_loss = where(reduce_sum(count) > 0, loss, zeros_like(loss), name="value")
            add_loss(mean_loss, loss_collection)
            return mean_loss


@export("losses.cosine_distance")
def cosine_distance(
    labels: Any,
    predictions: Any,
    axis: int | None = None,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = DEFAULT,
    dim: int | None = None,
) -> Tensor:
    """Collect 1 - the cosine of the angle between vectors, which must have length 1 already.

    Parameters
    ----------
    labels, predictions : Tensor of the same shape
        See `tf.nn.l2_normalize`.
    axis, dim : int
        The axis along which a vector lies.
    weights : number or Tensor
        See `tf.losses.compute_weighted_loss`, also for the other arguments.

    Returns
    -------
    Tensor, scalar

    Raises
    ------
    ValueError
        If `axis` is missing.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     print(sess.run(tf.losses.cosine_distance([[1.0, 0.0]], [[0.0, 1.0]], axis=1)))
    1.0
    """
    axis = old_argument("axis", axis, "dim", dim)
    if axis is None:
        raise misuse(ValueError("You must specify 'axis'."))
    require(labels=labels, predictions=predictions)
    with name_scope(scope, "cosine_distance_loss", [predictions, labels, weights]) as scope:
        predictions, labels = as_floats(predictions, labels)
        products = multiply(predictions, labels)
        losses = 1 - reduce_sum(products, axis=(axis,), keepdims=True)
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction=reduction)


# ---- classification ------------------------------------------------------------------------------------------------


@export("losses.hinge_loss")
def hinge_loss(
    labels: Any,
    logits: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = DEFAULT,
) -> Tensor:
    """Collect the hinge loss of support vector machines: max(0, 1 - s * logits), with s = 1 or -1.

    Parameters
    ----------
    labels : Tensor of 0 and 1, shape of `logits`
    logits : Tensor
    weights : number or Tensor
        See `tf.losses.compute_weighted_loss`, also for the other arguments.

    Returns
    -------
    Tensor, scalar

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     print(sess.run(tf.losses.hinge_loss([1.0, 0.0], [0.5, 0.5])))
    1.0
    """
    require(labels=labels, logits=logits)
    with name_scope(scope, "hinge_loss", [logits, labels, weights]) as scope:
        logits, labels = as_floats(logits, labels)
        ones = ones_like(labels)
        signs = subtract(2 * labels, ones)
        losses = relu(subtract(ones, multiply(signs, logits)))
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction=reduction)


@export("losses.log_loss")
def log_loss(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    epsilon: float = 1e-7,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = DEFAULT,
) -> Tensor:
    """Collect the cross entropy of yes-or-no questions, from probabilities (not logits).

    Parameters
    ----------
    labels : Tensor of 0 and 1, shape of `predictions`
    predictions : Tensor of probabilities
    weights : number or Tensor
        See `tf.losses.compute_weighted_loss`, also for the other arguments.
    epsilon : float
        Added before the logarithm, against log(0).

    Returns
    -------
    Tensor, scalar

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     print(sess.run(tf.losses.log_loss([1.0, 0.0], [0.5, 0.5])).round(4))
    0.6931
    """
    require(labels=labels, predictions=predictions)
    with name_scope(scope, "log_loss", [predictions, labels, weights]) as scope:
        predictions, labels = as_floats(predictions, labels)
        predictions, epsilon = convert(predictions), operand(epsilon, "epsilon")
        yes = -multiply(labels, log(predictions + epsilon))
        losses = yes - multiply(1 - labels, log(1 - predictions + epsilon))
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction=reduction)


@export("losses.sigmoid_cross_entropy")
def sigmoid_cross_entropy(
    multi_class_labels: Any,
    logits: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = DEFAULT,
) -> Tensor:
    """Collect the cross entropy of independent yes-or-no questions, from logits.

    Parameters
    ----------
    multi_class_labels : Tensor of 0 and 1, shape of `logits`
    logits : Tensor, float
        Raw scores: the sigmoid is applied here.
    weights : number or Tensor
        See `tf.losses.compute_weighted_loss`, also for the other arguments.
    label_smoothing : float
        Draws the labels towards 0.5.

    Returns
    -------
    Tensor, scalar

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     print(sess.run(tf.losses.sigmoid_cross_entropy([1.0, 0.0], [0.0, 0.0])).round(4))
    0.6931
    """
    require(multi_class_labels=multi_class_labels, logits=logits)
    with name_scope(scope, "sigmoid_cross_entropy_loss", [logits, multi_class_labels, weights]) as scope:
        logits = convert(logits)
        labels = cast(multi_class_labels, logits.dtype)
        require_same_shape(logits, labels)
        if as_float(label_smoothing, "label_smoothing") > 0:
            labels = labels * (1 - label_smoothing) + 0.5 * label_smoothing
        losses = sigmoid_cross_entropy_with_logits(labels=labels, logits=logits, name="xentropy")
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction=reduction)


@export("losses.softmax_cross_entropy")
def softmax_cross_entropy(
    onehot_labels: Any,
    logits: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = DEFAULT,
) -> Tensor:
    """Collect the softmax cross entropy with one-hot labels; no gradient flows into the labels.

    Parameters
    ----------
    onehot_labels : Tensor, shape (batch, classes)
    logits : Tensor, shape (batch, classes), float
        Raw scores: the softmax is applied here.
    weights : number or Tensor, shape (batch,)
        See `tf.losses.compute_weighted_loss`, also for the other arguments.
    label_smoothing : float
        Draws the labels towards 1 / classes.

    Returns
    -------
    Tensor, scalar

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     print(sess.run(tf.losses.softmax_cross_entropy([[0, 1]], [[0.0, 0.0]])).round(4))
    0.6931
    """
    require(onehot_labels=onehot_labels, logits=logits)
    with name_scope(scope, "softmax_cross_entropy_loss", [logits, onehot_labels, weights]) as scope:
        logits = convert(logits)
        labels = cast(onehot_labels, logits.dtype)
        require_same_shape(logits, labels)
        if as_float(label_smoothing, "label_smoothing") > 0:
            classes = cast(shape_of(labels)[-1], logits.dtype)
            positives = 1.0 - label_smoothing
            negatives = label_smoothing / classes
            labels = labels * positives + negatives
        labels = stop_gradient(labels, name="labels_stop_gradient")
        losses = softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits, name="xentropy")
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction=reduction)


@export("losses.sparse_softmax_cross_entropy")
def sparse_softmax_cross_entropy(
    labels: Any,
    logits: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = DEFAULT,
) -> Tensor:
    """Collect the softmax cross entropy with class numbers.

    Parameters
    ----------
    labels : Tensor, shape (batch,) or (batch, 1), int32 or int64
    logits : Tensor, shape (batch, classes), float
        Raw scores: the softmax is applied here.
    weights : number or Tensor, shape (batch,) or (batch, 1)
        See `tf.losses.compute_weighted_loss`, also for the other arguments.

    Returns
    -------
    Tensor, scalar

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     print(sess.run(tf.losses.sparse_softmax_cross_entropy([1], [[0.0, 0.0]])).round(4))
    0.6931
    """
    require(labels=labels, logits=logits)
    with name_scope(scope, "sparse_softmax_cross_entropy_loss", [logits, labels, weights]) as scope:
        if convert(logits).shape.ndims == 0:
            raise misuse(ValueError("Logits cannot be scalars - received shape ()."))
        labels, logits, weights = squeeze_with_weights(labels, logits, weights, expected_rank_diff=1)
        losses = sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits, name="xentropy")
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction=reduction)

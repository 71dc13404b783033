"""Metrics that are means: accuracy, errors, distances."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.arguments import as_int
from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.dtypes import float32, float64, int64
from flowlab._src.graph.tensor import Tensor
from flowlab._src.losses.weights import broadcast_weights
from flowlab._src.metrics.accumulate import (
    Collections,
    as_floats,
    matched,
    metric_variable,
    note_update,
    share,
    value_of,
)
from flowlab._src.ops.arithmetic import multiply, squared_difference, subtract
from flowlab._src.ops.array_shape import size
from flowlab._src.ops.cast import cast
from flowlab._src.ops.compare import equal, greater, less, not_equal
from flowlab._src.ops.confusion import confusion_matrix
from flowlab._src.ops.diagonals import diag_part
from flowlab._src.ops.fill import ones, ones_like, zeros_like
from flowlab._src.ops.magnitude import abs_
from flowlab._src.ops.overloads import divide
from flowlab._src.ops.powers import sqrt
from flowlab._src.ops.reduce import reduce_mean, reduce_sum
from flowlab._src.ops.reshaping import reshape
from flowlab._src.ops.selecting import where
from flowlab._src.ops.squeezing import remove_squeezable_dimensions
from flowlab._src.ops.state import assign_add, scatter_add
from flowlab._src.util.export import export
from flowlab._src.variables.scope import variable_scope

Metric = tuple[Any, Any]


@export("metrics.mean")
def mean(
    values: Any, weights: Any = None, metrics_collections: Collections = None, updates_collections: Collections = None,
    name: str | None = None,
) -> Metric:  # fmt: skip
    """Accumulate the mean of all values seen so far.

    Like all of `tf.metrics` it returns two nodes: one to read the metric, one to count the values of a batch. The sums are
    local variables: `tf.local_variables_initializer()` makes them, and sets them back.

    Parameters
    ----------
    values : Tensor, any shape
    weights : Tensor, optional
        Counts each value so many times; one number, or in each axis the size of `values` or 1.
    metrics_collections, updates_collections : list of str, optional
        Collections to add the value and the update operation to.
    name : str, optional
        Name of the variable scope.

    Returns
    -------
    (value, update_op) : Tensor, float32 scalar, each
        `update_op` counts a batch and gives the metric after it.

    Examples
    --------
    >>> x = tf.placeholder(tf.float32, [None])
    >>> value, update = tf.metrics.mean(x)
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     for batch in ([1.0, 2.0], [6.0]):
    ...         print(sess.run(update, {x: batch}))
    ...     print(sess.run(value))
    1.5
    3.0
    3.0
    """
    with variable_scope(name, "mean", [values, weights]):
        values = as_floats(values)
        total = metric_variable([], float32, name="total")
        count = metric_variable([], float32, name="count")
        if weights is None:
            number: Any = as_floats(size(values))
        else:
            values, _, weights = matched(None, values, weights)
            weights = broadcast_weights(as_floats(weights), values)
            values = multiply(values, weights)
            number = reduce_sum(weights)
        update_total = assign_add(total, reduce_sum(values))
        with get_default_graph().control_dependencies([values]):
            update_count = assign_add(count, number)
        value = value_of(lambda: share(total, count, "value"), metrics_collections)
        return value, note_update(share(update_total, update_count, "update_op"), updates_collections)


@export("metrics.mean_tensor")
def mean_tensor(
    values: Any, weights: Any = None, metrics_collections: Collections = None, updates_collections: Collections = None,
    name: str | None = None,
) -> Metric:  # fmt: skip
    """Accumulate the mean of each element over the batches: the metric has the shape of `values`.

    Parameters
    ----------
    values : Tensor, of one shape in all batches
    weights, metrics_collections, updates_collections, name
        As in `tf.metrics.mean`.
    """
    with variable_scope(name, "mean", [values, weights]):
        values = as_floats(values)
        total = metric_variable(values.shape, float32, name="total_tensor")
        count = metric_variable(values.shape, float32, name="count_tensor")
        number: Any = ones_like(values)
        if weights is not None:
            values, _, weights = matched(None, values, weights)
            weights = broadcast_weights(as_floats(weights), values)
            values = multiply(values, weights)
            number = multiply(number, weights)
        update_total = assign_add(total, values)
        with get_default_graph().control_dependencies([values]):
            update_count = assign_add(count, number)
        value = value_of(lambda: share(total, count, "value"), metrics_collections)
        return value, note_update(share(update_total, update_count, "update_op"), updates_collections)


@export("metrics.accuracy")
def accuracy(
    labels: Any, predictions: Any, weights: Any = None, metrics_collections: Collections = None,
    updates_collections: Collections = None, name: str | None = None,
) -> Metric:  # fmt: skip
    """Accumulate how often predictions equal labels.

    Parameters
    ----------
    labels : Tensor
        The true classes.
    predictions : Tensor, same shape
        The predicted classes (not scores: take `tf.argmax` first).
    weights, metrics_collections, updates_collections, name
        As in `tf.metrics.mean`.

    Examples
    --------
    >>> accuracy, update = tf.metrics.accuracy(labels=[1, 2, 3, 4], predictions=[1, 2, 0, 4])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(sess.run(update))
    0.75
    """
    predictions, labels, weights = matched(labels, predictions, weights)
    predictions.shape.assert_is_compatible_with(labels.shape)
    if labels.dtype.base_dtype != predictions.dtype.base_dtype:
        predictions = cast(predictions, labels.dtype)
    correct = as_floats(equal(predictions, labels))
    return mean(correct, weights, metrics_collections, updates_collections, name or "accuracy")


@export("metrics.mean_absolute_error")
def mean_absolute_error(
    labels: Any, predictions: Any, weights: Any = None, metrics_collections: Collections = None,
    updates_collections: Collections = None, name: str | None = None,
) -> Metric:  # fmt: skip
    """Accumulate the mean of |predictions - labels|; arguments as in `tf.metrics.accuracy`."""
    predictions, labels, weights = matched(labels, predictions, weights)
    errors = abs_(predictions - labels)
    return mean(errors, weights, metrics_collections, updates_collections, name or "mean_absolute_error")


@export("metrics.mean_squared_error")
def mean_squared_error(
    labels: Any, predictions: Any, weights: Any = None, metrics_collections: Collections = None,
    updates_collections: Collections = None, name: str | None = None,
) -> Metric:  # fmt: skip
    """Accumulate the mean of (predictions - labels)²; arguments as in `tf.metrics.accuracy`."""
    predictions, labels, weights = matched(labels, predictions, weights)
    squares = squared_difference(labels, predictions)
    return mean(squares, weights, metrics_collections, updates_collections, name or "mean_squared_error")


@export("metrics.root_mean_squared_error")
def root_mean_squared_error(
    labels: Any, predictions: Any, weights: Any = None, metrics_collections: Collections = None,
    updates_collections: Collections = None, name: str | None = None,
) -> Metric:  # fmt: skip
    """Accumulate the root of the mean of (predictions - labels)²; arguments as in `tf.metrics.accuracy`."""
    predictions, labels, weights = matched(labels, predictions, weights)
    squares, update = mean_squared_error(labels, predictions, weights, None, None, name or "root_mean_squared_error")
    value = value_of(lambda: sqrt(squares), metrics_collections)
    return value, note_update(sqrt(update), updates_collections)


@export("metrics.mean_relative_error")
def mean_relative_error(
    labels: Any, predictions: Any, normalizer: Any, weights: Any = None, metrics_collections: Collections = None,
    updates_collections: Collections = None, name: str | None = None,
) -> Metric:  # fmt: skip
    """Accumulate the mean of |labels - predictions| / normalizer, 0 where the normalizer is 0.

    Parameters
    ----------
    labels, predictions, normalizer : Tensor, of one shape
    weights, metrics_collections, updates_collections, name
        As in `tf.metrics.mean`.
    """
    predictions, labels, weights = matched(labels, predictions, weights)
    predictions, normalizer = remove_squeezable_dimensions(predictions, normalizer)
    predictions.shape.assert_is_compatible_with(normalizer.shape)
    errors = where(equal(normalizer, 0.0), zeros_like(labels), divide(abs_(labels - predictions), normalizer))
    return mean(errors, weights, metrics_collections, updates_collections, name or "mean_relative_error")


@export("metrics.mean_cosine_distance")
def mean_cosine_distance(
    labels: Any, predictions: Any, dim: int, weights: Any = None, metrics_collections: Collections = None,
    updates_collections: Collections = None, name: str | None = None,
) -> Metric:  # fmt: skip
    """Accumulate the mean of 1 - cosine of the angle between labels and predictions, both of length 1 along `dim`.

    Parameters
    ----------
    labels, predictions : Tensor, of one shape, unit vectors along `dim`
    dim : int
    weights, metrics_collections, updates_collections, name
        As in `tf.metrics.mean`.
    """
    predictions, labels, weights = matched(labels, predictions, weights)
    cosines = reduce_sum(multiply(predictions, labels), axis=[dim], keepdims=True)
    value, update = mean(cosines, weights, None, None, name or "mean_cosine_distance")
    value, update = subtract(1.0, value), subtract(1.0, update)
    if metrics_collections:
        get_default_graph().add_to_collections(metrics_collections, value)
    return value, note_update(update, updates_collections)


@export("metrics.percentage_below")
def percentage_below(
    values: Any, threshold: Any, weights: Any = None, metrics_collections: Collections = None,
    updates_collections: Collections = None, name: str | None = None,
) -> Metric:  # fmt: skip
    """Accumulate the share of values (0 to 1) that are below a threshold; arguments as in `tf.metrics.mean`."""
    below = as_floats(less(values, threshold))
    return mean(below, weights, metrics_collections, updates_collections, name or "percentage_below_threshold")


@export("metrics.mean_per_class_accuracy")
def mean_per_class_accuracy(
    labels: Any, predictions: Any, num_classes: int, weights: Any = None, metrics_collections: Collections = None,
    updates_collections: Collections = None, name: str | None = None,
) -> Metric:  # fmt: skip
    """Accumulate the accuracy of each class; the metric is their mean, so that rare classes count as much as others.

    Parameters
    ----------
    labels, predictions : Tensor, integer classes
    num_classes : int
    weights, metrics_collections, updates_collections, name
        As in `tf.metrics.mean`. `update_op` gives the accuracies of the single classes.
    """
    with variable_scope(name, "mean_accuracy", [predictions, labels, weights]):
        predictions, num_classes = convert(predictions), as_int(num_classes, "num_classes")
        labels = cast(labels, int64)
        if labels.shape.ndims is not None and labels.shape.ndims > 1:
            labels = reshape(labels, [-1])
        if predictions.shape.ndims is not None and predictions.shape.ndims > 1:
            predictions = reshape(predictions, [-1])
        predictions.shape.assert_is_compatible_with(labels.shape)
        total = metric_variable([num_classes], float32, name="total")
        count = metric_variable([num_classes], float32, name="count")
        each: Any = ones([size(labels)], float32)
        if labels.dtype.base_dtype != predictions.dtype.base_dtype:
            predictions = cast(predictions, labels.dtype)
        correct: Any = as_floats(equal(predictions, labels))
        if weights is not None:
            weights = convert(weights)
            if weights.shape.ndims is not None and weights.shape.ndims > 1:
                weights = reshape(weights, [-1])
            weights = as_floats(weights)
            correct = correct * weights
            each = each * weights
        update_total = scatter_add(total, labels, each)
        update_count = scatter_add(count, labels, correct)
        value = value_of(lambda: reduce_mean(share(count, total), name="mean_accuracy"), metrics_collections)
        return value, note_update(share(update_count, update_total, "update_op"), updates_collections)


@export("metrics.mean_iou")
def mean_iou(
    labels: Any, predictions: Any, num_classes: int, weights: Any = None, metrics_collections: Collections = None,
    updates_collections: Collections = None, name: str | None = None,
) -> Metric:  # fmt: skip
    """Accumulate intersection over union of each class; the metric is the mean over the classes that occur.

    For a class: true positives / (true positives + false positives + false negatives).

    Parameters
    ----------
    labels, predictions : Tensor, integer classes, of one shape
    num_classes : int
    weights, metrics_collections, updates_collections, name
        As in `tf.metrics.mean`. `update_op` gives the confusion matrix.

    Examples
    --------
    >>> iou, update = tf.metrics.mean_iou(tf.constant([0, 0, 1, 1]), tf.constant([0, 1, 1, 1]), num_classes=2)
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     sess.run(update)
    ...     print(sess.run(iou))
    array([[1., 1.],
           [0., 2.]])
    0.5833333
    """
    with variable_scope(name, "mean_iou", [predictions, labels, weights]):
        predictions, labels = convert(predictions), convert(labels)
        weights = None if weights is None else convert(weights)
        num_classes = as_int(num_classes, "num_classes")
        predictions.shape.assert_is_compatible_with(labels.shape)
        matrix, update = _streaming_confusion_matrix(labels, predictions, num_classes, weights)

        def compute() -> Tensor:
            predicted = as_floats(reduce_sum(matrix, 0))
            true = as_floats(reduce_sum(matrix, 1))
            both = as_floats(diag_part(matrix))
            union = predicted + true - both
            present = reduce_sum(as_floats(not_equal(union, 0)))
            union = where(greater(union, 0), union, ones_like(union))
            iou = divide(both, union)
            return where(greater(present, 0), reduce_sum(iou, name="mean_iou") / present, 0.0)

        return value_of(compute, metrics_collections), note_update(update, updates_collections)


def _streaming_confusion_matrix(labels: Any, predictions: Any, num_classes: Any, weights: Any) -> tuple[Any, Any]:
    """The sum of the confusion matrices of all batches."""
    total = metric_variable([num_classes, num_classes], float64, name="total_confusion_matrix")
    predictions, labels, count = cast(predictions, int64), cast(labels, int64), cast(num_classes, int64)
    flat = []
    for tensor in (predictions, labels, weights):
        many = tensor is not None and tensor.shape.ndims is not None and tensor.shape.ndims > 1
        flat.append(reshape(tensor, [-1]) if many else tensor)
    current = confusion_matrix(flat[1], flat[0], count, weights=flat[2], dtype=float64)
    return total, assign_add(total, current)

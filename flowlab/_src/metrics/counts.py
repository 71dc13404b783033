"""Metrics that count: true and false positives and negatives, precision, recall."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.dtypes import bool_, float32
from flowlab._src.graph.tensor import Tensor
from flowlab._src.metrics.accumulate import Collections, as_floats, matched, metric_variable, note_update, value_of
from flowlab._src.ops.arithmetic import multiply
from flowlab._src.ops.array_shape import rank
from flowlab._src.ops.cast import cast
from flowlab._src.ops.checks_shape import assert_rank_in, assert_type
from flowlab._src.ops.compare import equal, greater, logical_and
from flowlab._src.ops.identity import identity
from flowlab._src.ops.overloads import divide
from flowlab._src.ops.reduce import reduce_sum
from flowlab._src.ops.selecting import where
from flowlab._src.ops.state import assign_add
from flowlab._src.util.export import export
from flowlab._src.variables.scope import variable_scope

Metric = tuple[Any, Any]


def _count_where(
    values: Tensor, weights: Any, metrics_collections: Collections, updates_collections: Collections
) -> Metric:
    """Accumulate how many of the values are true, each counting its weight."""
    assert_type(values, bool_)
    count = metric_variable([], float32, name="count")
    numbers: Any = as_floats(values)
    if weights is not None:
        with get_default_graph().control_dependencies([assert_rank_in(weights, (0, rank(numbers)))]):
            numbers = multiply(numbers, as_floats(weights))
    value = value_of(lambda: identity(count), metrics_collections)
    return value, note_update(assign_add(count, reduce_sum(numbers)), updates_collections)


def _count_pairs(
    kind: str, label: bool, prediction: bool, labels: Any, predictions: Any, weights: Any,
    metrics_collections: Collections, updates_collections: Collections, name: str | None,
) -> Metric:  # fmt: skip
    """Accumulate how often a label and its prediction are as given."""
    with variable_scope(name, kind, [predictions, labels, weights]):
        predictions, labels, weights = matched(cast(labels, bool_), cast(predictions, bool_), weights)
        found = logical_and(equal(labels, label), equal(predictions, prediction))
        return _count_where(found, weights, metrics_collections, updates_collections)


@export("metrics.true_positives")
def true_positives(
    labels: Any, predictions: Any, weights: Any = None, metrics_collections: Collections = None,
    updates_collections: Collections = None, name: str | None = None,
) -> Metric:  # fmt: skip
    """Accumulate how many predictions are true and right.

    Parameters
    ----------
    labels, predictions : Tensor, of one shape; taken as truth values
    weights, metrics_collections, updates_collections, name
        As in `tf.metrics.mean`.

    Examples
    --------
    >>> value, update = tf.metrics.true_positives([1, 0, 1, 1], [1, 1, 0, 1])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(sess.run(update))
    2.0
    """
    return _count_pairs(
        "true_positives", True, True, labels, predictions, weights, metrics_collections, updates_collections, name
    )


@export("metrics.false_positives")
def false_positives(
    labels: Any, predictions: Any, weights: Any = None, metrics_collections: Collections = None,
    updates_collections: Collections = None, name: str | None = None,
) -> Metric:  # fmt: skip
    """Accumulate how many predictions are true and wrong; arguments as in `tf.metrics.true_positives`."""
    return _count_pairs(
        "false_positives", False, True, labels, predictions, weights, metrics_collections, updates_collections, name
    )


@export("metrics.true_negatives")
def true_negatives(
    labels: Any, predictions: Any, weights: Any = None, metrics_collections: Collections = None,
    updates_collections: Collections = None, name: str | None = None,
) -> Metric:  # fmt: skip
    """Accumulate how many predictions are false and right; arguments as in `tf.metrics.true_positives`."""
    return _count_pairs(
        "true_negatives", False, False, labels, predictions, weights, metrics_collections, updates_collections, name
    )


@export("metrics.false_negatives")
def false_negatives(
    labels: Any, predictions: Any, weights: Any = None, metrics_collections: Collections = None,
    updates_collections: Collections = None, name: str | None = None,
) -> Metric:  # fmt: skip
    """Accumulate how many predictions are false and wrong; arguments as in `tf.metrics.true_positives`."""
    return _count_pairs(
        "false_negatives", True, False, labels, predictions, weights, metrics_collections, updates_collections, name
    )


def _ratio(part: Any, rest: Any, name: str) -> Tensor:
    """part / (part + rest), 0 where both are 0."""
    return where(greater(part + rest, 0), divide(part, part + rest), 0.0, name)


@export("metrics.precision")
def precision(
    labels: Any, predictions: Any, weights: Any = None, metrics_collections: Collections = None,
    updates_collections: Collections = None, name: str | None = None,
) -> Metric:  # fmt: skip
    """Accumulate the share of true predictions that are right; arguments as in `tf.metrics.true_positives`.

    Examples
    --------
    >>> value, update = tf.metrics.precision([1, 0, 1, 1], [1, 1, 0, 1])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(sess.run(update).round(4))
    0.6667
    """
    with variable_scope(name, "precision", [predictions, labels, weights]):
        predictions, labels, weights = matched(cast(labels, bool_), cast(predictions, bool_), weights)
        right, update_right = true_positives(labels, predictions, weights)
        wrong, update_wrong = false_positives(labels, predictions, weights)
        value = value_of(lambda: _ratio(right, wrong, "value"), metrics_collections)
        return value, note_update(_ratio(update_right, update_wrong, "update_op"), updates_collections)


@export("metrics.recall")
def recall(
    labels: Any, predictions: Any, weights: Any = None, metrics_collections: Collections = None,
    updates_collections: Collections = None, name: str | None = None,
) -> Metric:  # fmt: skip
    """Accumulate the share of true labels that were predicted; arguments as in `tf.metrics.true_positives`.

    Examples
    --------
    >>> value, update = tf.metrics.recall([1, 0, 1, 1], [1, 1, 0, 0])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(sess.run(update).round(4))
    0.3333
    """
    with variable_scope(name, "recall", [predictions, labels, weights]):
        predictions, labels, weights = matched(cast(labels, bool_), cast(predictions, bool_), weights)
        found, update_found = true_positives(labels, predictions, weights)
        missed, update_missed = false_negatives(labels, predictions, weights)
        value = value_of(lambda: _ratio(found, missed, "value"), metrics_collections)
        return value, note_update(_ratio(update_found, update_missed, "update_op"), updates_collections)

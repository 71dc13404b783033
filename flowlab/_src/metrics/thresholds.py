"""Metrics of scores between 0 and 1, judged at many thresholds: the area under a curve, precision at a threshold ..."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flowlab._src.graph.arguments import as_float, as_int, as_list, as_text
from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.dtypes import bool_, float32, int32, int64
from flowlab._src.graph.tensor import Tensor
from flowlab._src.losses.weights import broadcast_weights
from flowlab._src.metrics.accumulate import Collections, as_floats, matched, metric_variable, note_update, value_of
from flowlab._src.ops.argmax import argmax, argmin
from flowlab._src.ops.arithmetic import multiply
from flowlab._src.ops.array_shape import shape
from flowlab._src.ops.cast import cast
from flowlab._src.ops.checks import assert_greater_equal, assert_less_equal
from flowlab._src.ops.compare import equal, greater, logical_and, logical_not
from flowlab._src.ops.constant import constant
from flowlab._src.ops.cumulative import cumsum
from flowlab._src.ops.fill import ones_like
from flowlab._src.ops.identity import identity
from flowlab._src.ops.joining import stack
from flowlab._src.ops.magnitude import abs_, maximum, minimum
from flowlab._src.ops.no_nan import div_no_nan
from flowlab._src.ops.overloads import divide
from flowlab._src.ops.padding import tile
from flowlab._src.ops.reduce import reduce_min, reduce_sum
from flowlab._src.ops.reshaping import expand_dims, reshape
from flowlab._src.ops.selecting import where
from flowlab._src.ops.state import assign_add
from flowlab._src.ops.transcendental import log
from flowlab._src.ops.transposing import transpose
from flowlab._src.util.export import export
from flowlab._src.variables.scope import variable_scope

Metric = tuple[Any, Any]
EPSILON = 1e-7  # thresholds a little below 0 and above 1, so that scores of 0 and 1 count


def confusion_at_thresholds(
    labels: Any, predictions: Any, thresholds: Sequence[float], weights: Any = None, kinds: str = "tp fn tn fp"
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Accumulate counts of true and false positives and negatives, for each threshold.

    Returns
    -------
    values, updates : dict of the kinds ("tp", "fn", "tn", "fp") to a variable or update of shape (thresholds,)
    """
    predictions, labels = convert(predictions), convert(labels)
    thresholds = [as_float(limit, "thresholds") for limit in as_list(thresholds, "thresholds")]
    message = "predictions must be in [0, 1]"
    checks = [
        assert_greater_equal(predictions, cast(0.0, predictions.dtype), message=message),
        assert_less_equal(predictions, cast(1.0, predictions.dtype), message=message),
    ]
    with get_default_graph().control_dependencies(checks):
        predictions, labels, weights = matched(cast(labels, bool_), cast(predictions, float32), weights)
    count = len(thresholds)
    column = reshape(predictions, [-1, 1])
    row = reshape(cast(labels, bool_), [1, -1])
    examples: Any = column.shape.as_list()[0]
    if examples is None:
        examples = shape(column)[0]
    limits = tile(expand_dims(constant(list(thresholds)), [1]), stack([1, examples]))
    positive = greater(tile(transpose(column), [count, 1]), limits)
    negative = logical_not(positive) if "n" in kinds.replace("tp", "").replace("fp", "") else None
    true = tile(row, [count, 1])
    false = logical_not(true) if "fp" in kinds or "tn" in kinds else None
    each = None
    if weights is not None:
        weights = broadcast_weights(as_floats(weights), predictions)
        each = tile(reshape(weights, [1, -1]), [count, 1])
    pairs: dict[str, tuple[str, Any, Any]] = {
        "tp": ("true_positives", true, positive),
        "fn": ("false_negatives", true, negative),
        "tn": ("true_negatives", false, negative),
        "fp": ("false_positives", false, positive),
    }
    values, updates = {}, {}
    for kind, (name, label, prediction) in pairs.items():
        if kind in kinds.split():
            variable = metric_variable([count], float32, name=name)
            found: Any = as_floats(logical_and(label, prediction))
            if each is not None:
                found = found * each
            updates[kind] = assign_add(variable, reduce_sum(found, 1))
            values[kind] = variable
    return values, updates


def evenly_spaced(count: int) -> list[float]:
    """The thresholds between the first and the last."""
    return [(i + 1) * 1.0 / (count - 1) for i in range(count - 2)]


def _measure(
    compute: Callable[..., Tensor], values: dict[str, Any], updates: dict[str, Any],
    metrics_collections: Collections, updates_collections: Collections,
) -> Metric:  # fmt: skip
    """The metric computed from the counts so far, and from those after a batch."""
    value = value_of(lambda: compute(**values, name="value"), metrics_collections)
    return value, note_update(compute(**updates, name="update_op"), updates_collections)


@export("metrics.auc")
def auc(
    labels: Any, predictions: Any, weights: Any = None, num_thresholds: int = 200, metrics_collections: Collections = None,
    updates_collections: Collections = None, curve: str = "ROC", name: str | None = None,
    summation_method: str = "trapezoidal", thresholds: Sequence[float] | None = None,
) -> Metric:  # fmt: skip
    """Accumulate an approximation of the area under the ROC or precision-recall curve.

    Parameters
    ----------
    labels : Tensor, taken as truth values
    predictions : Tensor, same shape, float in [0, 1]
    weights, metrics_collections, updates_collections, name
        As in `tf.metrics.mean`.
    num_thresholds : int
        More give a better approximation.
    curve : {"ROC", "PR"}
    summation_method : {"trapezoidal", "careful_interpolation", "minoring", "majoring"}
    thresholds : list of float, optional
        Instead of evenly spaced ones.

    Raises
    ------
    ValueError
        If `curve` or `summation_method` is none of these.
    tf.errors.InvalidArgumentError
        When run: a prediction is outside of [0, 1].

    Examples
    --------
    >>> value, update = tf.metrics.auc([0, 0, 1, 1], tf.constant([0.1, 0.4, 0.35, 0.8]))
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(sess.run(update).round(3))
    0.75
    """
    with variable_scope(name, "auc", [labels, predictions, weights]):
        if as_text(curve, "curve") not in ("ROC", "PR"):
            raise ValueError(f"curve must be either ROC or PR, {curve} unknown")
        if as_text(summation_method, "summation_method") not in (
            "trapezoidal",
            "careful_interpolation",
            "minoring",
            "majoring",
        ):
            raise ValueError(f"Invalid summation_method: {summation_method}")
        if thresholds is None:
            inner = evenly_spaced(as_int(num_thresholds, "num_thresholds"))
        else:
            inner = sorted(as_float(limit, "thresholds") for limit in as_list(thresholds, "thresholds"))
        limits = [0.0 - EPSILON, *inner, 1.0 + EPSILON]
        last = len(limits) - 1
        values, updates = confusion_at_thresholds(labels, predictions, limits, weights)
        tiny = 1.0e-6

        def compute(tp: Any, fn: Any, tn: Any, fp: Any, name: str) -> Tensor:
            if curve == "PR" and summation_method == "careful_interpolation":
                return _careful_area(tp, fp, fn, last)
            found = divide(tp + tiny, tp + fn + tiny)
            if curve == "ROC":
                x, y = divide(fp, fp + tn + tiny), found
            else:
                x, y = found, divide(tp + tiny, tp + fp + tiny)
            width = x[:last] - x[1:]
            if summation_method == "minoring":
                height: Any = minimum(y[:last], y[1:])
            elif summation_method == "majoring":
                height = maximum(y[:last], y[1:])
            else:
                height = (y[:last] + y[1:]) / 2.0
            return reduce_sum(multiply(width, height), name=name)

        return _measure(compute, values, updates, metrics_collections, updates_collections)


def _careful_area(tp: Any, fp: Any, fn: Any, last: int) -> Tensor:
    """The area under a precision-recall curve whose pieces between two thresholds are hyperbolas.

    References
    ----------
    Davis and Goadrich, "The relationship between precision-recall and ROC curves" (2006).
    """
    gained = tp[:last] - tp[1:]
    p = tp + fp
    slope = div_no_nan(gained, maximum(p[:last] - p[1:], 0), name="prec_slope")
    intercept = tp[1:] - multiply(slope, p[1:])
    ratio = where(
        logical_and(p[:last] > 0, p[1:] > 0),
        div_no_nan(p[:last], maximum(p[1:], 0), name="recall_relative_ratio"),
        ones_like(p[1:]),
    )
    pieces = div_no_nan(slope * (gained + intercept * log(ratio)), maximum(tp[1:] + fn[1:], 0), name="pr_auc_increment")
    return reduce_sum(pieces, name="interpolate_pr_auc")


def _at_thresholds(
    kind: str, name: str, labels: Any, predictions: Any, thresholds: Any, weights: Any,
    metrics_collections: Collections, updates_collections: Collections, scope: str | None,
) -> Metric:  # fmt: skip
    with variable_scope(scope, name, [predictions, labels, weights]):
        values, updates = confusion_at_thresholds(labels, predictions, thresholds, weights, kind)
        value = value_of(lambda: identity(values[kind]), metrics_collections)
        return value, note_update(updates[kind], updates_collections)


@export("metrics.true_positives_at_thresholds")
def true_positives_at_thresholds(
    labels: Any, predictions: Any, thresholds: Sequence[float], weights: Any = None, metrics_collections: Collections = None,
    updates_collections: Collections = None, name: str | None = None,
) -> Metric:  # fmt: skip
    """Accumulate, for each threshold, how many scores above it are right.

    Parameters
    ----------
    labels : Tensor, taken as truth values
    predictions : Tensor, same shape, float in [0, 1]
    thresholds : list of float in [0, 1]
    weights, metrics_collections, updates_collections, name
        As in `tf.metrics.mean`.

    Returns
    -------
    (value, update_op) : Tensor, shape (thresholds,), each
    """
    return _at_thresholds(
        "tp", "true_positives", labels, predictions, thresholds, weights, metrics_collections, updates_collections, name
    )


@export("metrics.false_positives_at_thresholds")
def false_positives_at_thresholds(
    labels: Any, predictions: Any, thresholds: Sequence[float], weights: Any = None, metrics_collections: Collections = None,
    updates_collections: Collections = None, name: str | None = None,
) -> Metric:  # fmt: skip
    """Accumulate, for each threshold, how many scores above it are wrong; as `true_positives_at_thresholds`."""
    return _at_thresholds(
        "fp",
        "false_positives",
        labels,
        predictions,
        thresholds,
        weights,
        metrics_collections,
        updates_collections,
        name,
    )


@export("metrics.true_negatives_at_thresholds")
def true_negatives_at_thresholds(
    labels: Any, predictions: Any, thresholds: Sequence[float], weights: Any = None, metrics_collections: Collections = None,
    updates_collections: Collections = None, name: str | None = None,
) -> Metric:  # fmt: skip
    """Accumulate, for each threshold, how many scores not above it are right; as `true_positives_at_thresholds`."""
    return _at_thresholds(
        "tn", "true_negatives", labels, predictions, thresholds, weights, metrics_collections, updates_collections, name
    )


@export("metrics.false_negatives_at_thresholds")
def false_negatives_at_thresholds(
    labels: Any, predictions: Any, thresholds: Sequence[float], weights: Any = None, metrics_collections: Collections = None,
    updates_collections: Collections = None, name: str | None = None,
) -> Metric:  # fmt: skip
    """Accumulate, for each threshold, how many scores not above it are wrong; as `true_positives_at_thresholds`."""
    return _at_thresholds(
        "fn",
        "false_negatives",
        labels,
        predictions,
        thresholds,
        weights,
        metrics_collections,
        updates_collections,
        name,
    )


@export("metrics.precision_at_thresholds")
def precision_at_thresholds(
    labels: Any, predictions: Any, thresholds: Sequence[float], weights: Any = None, metrics_collections: Collections = None,
    updates_collections: Collections = None, name: str | None = None,
) -> Metric:  # fmt: skip
    """Accumulate precision for each threshold; arguments as in `true_positives_at_thresholds`."""
    with variable_scope(name, "precision_at_thresholds", [predictions, labels, weights]):
        values, updates = confusion_at_thresholds(labels, predictions, thresholds, weights, "tp fp")

        def compute(tp: Any, fp: Any, name: str) -> Tensor:
            return divide(tp, EPSILON + tp + fp, name="precision_" + name)

        return _measure(compute, values, updates, metrics_collections, updates_collections)


@export("metrics.recall_at_thresholds")
def recall_at_thresholds(
    labels: Any, predictions: Any, thresholds: Sequence[float], weights: Any = None, metrics_collections: Collections = None,
    updates_collections: Collections = None, name: str | None = None,
) -> Metric:  # fmt: skip
    """Accumulate recall for each threshold; arguments as in `true_positives_at_thresholds`."""
    with variable_scope(name, "recall_at_thresholds", [predictions, labels, weights]):
        values, updates = confusion_at_thresholds(labels, predictions, thresholds, weights, "tp fn")

        def compute(tp: Any, fn: Any, name: str) -> Tensor:
            return divide(tp, EPSILON + tp + fn, name="recall_" + name)

        return _measure(compute, values, updates, metrics_collections, updates_collections)


def _check_share(value: float, name: str) -> None:
    value = as_float(value, name)
    if value < 0 or value > 1:
        raise ValueError(f"`{name}` must be in the range [0, 1].")


@export("metrics.sensitivity_at_specificity")
def sensitivity_at_specificity(
    labels: Any, predictions: Any, specificity: float, weights: Any = None, num_thresholds: int = 200,
    metrics_collections: Collections = None, updates_collections: Collections = None, name: str | None = None,
) -> Metric:  # fmt: skip
    """Accumulate the sensitivity (recall) at the threshold whose specificity is nearest to the one given.

    Parameters
    ----------
    labels, predictions, weights, num_thresholds, metrics_collections, updates_collections, name
        As in `tf.metrics.auc`.
    specificity : float in [0, 1]
        True negatives / (true negatives + false positives).
    """
    _check_share(specificity, "specificity")
    with variable_scope(name, "sensitivity_at_specificity", [predictions, labels, weights]):
        limits = [0.0 - EPSILON, *evenly_spaced(as_int(num_thresholds, "num_thresholds")), 1.0 + EPSILON]
        values, updates = confusion_at_thresholds(labels, predictions, limits, weights)

        def compute(tp: Any, fn: Any, tn: Any, fp: Any, name: str) -> Tensor:
            specificities = divide(tn, tn + fp + EPSILON)
            nearest = cast(argmin(abs_(specificities - specificity), 0), int32)
            return divide(tp[nearest], tp[nearest] + fn[nearest] + EPSILON, name)

        return _measure(compute, values, updates, metrics_collections, updates_collections)


@export("metrics.specificity_at_sensitivity")
def specificity_at_sensitivity(
    labels: Any, predictions: Any, sensitivity: float, weights: Any = None, num_thresholds: int = 200,
    metrics_collections: Collections = None, updates_collections: Collections = None, name: str | None = None,
) -> Metric:  # fmt: skip
    """Accumulate the specificity at the threshold whose sensitivity (recall) is nearest to the one given.

    Parameters
    ----------
    labels, predictions, weights, num_thresholds, metrics_collections, updates_collections, name
        As in `tf.metrics.auc`.
    sensitivity : float in [0, 1]
        True positives / (true positives + false negatives).
    """
    _check_share(sensitivity, "sensitivity")
    with variable_scope(name, "specificity_at_sensitivity", [predictions, labels, weights]):
        limits = [0.0 - EPSILON, *evenly_spaced(as_int(num_thresholds, "num_thresholds")), 1.0 - EPSILON]
        values, updates = confusion_at_thresholds(labels, predictions, limits, weights)

        def compute(tp: Any, fn: Any, tn: Any, fp: Any, name: str) -> Tensor:
            sensitivities = divide(tp, tp + fn + EPSILON)
            least = reduce_min(abs_(sensitivities - sensitivity))
            nearest = cumsum(cast(equal(abs_(sensitivities - sensitivity), least), int64))
            last = cast(argmax(nearest, 0), int32)  # of several, the highest threshold
            return divide(tn[last], tn[last] + fp[last] + EPSILON, name)

        return _measure(compute, values, updates, metrics_collections, updates_collections)

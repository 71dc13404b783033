"""Metrics of ranked predictions: how many of the k best-scored classes are among the labels."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.arguments import as_int
from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.dtypes import float64, int64
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.sparse_tensor import SparseTensor, convert_to_tensor_or_sparse_tensor
from flowlab._src.graph.tensor import Tensor
from flowlab._src.losses.weights import assert_broadcastable, broadcast_weights
from flowlab._src.metrics.accumulate import Collections, metric_variable, note_update, value_of
from flowlab._src.ops.arithmetic import add, multiply
from flowlab._src.ops.array_shape import rank, shape, size
from flowlab._src.ops.cast import cast
from flowlab._src.ops.compare import equal, greater_equal
from flowlab._src.ops.cond import cond
from flowlab._src.ops.cumulative import cumsum
from flowlab._src.ops.fill import fill, ones_like, zeros_like
from flowlab._src.ops.joining import concat
from flowlab._src.ops.magnitude import minimum
from flowlab._src.ops.no_nan import div_no_nan
from flowlab._src.ops.overloads import divide
from flowlab._src.ops.padding import tile
from flowlab._src.ops.reduce import reduce_max, reduce_sum
from flowlab._src.ops.reshaping import expand_dims, reshape
from flowlab._src.ops.selecting import where
from flowlab._src.ops.sets import set_difference, set_intersection, set_size
from flowlab._src.ops.sorting import top_k
from flowlab._src.ops.sparse_order import sparse_reshape
from flowlab._src.ops.sparse_parts import sparse_concat, sparse_retain
from flowlab._src.ops.state import assign_add
from flowlab._src.util.export import export

Metric = tuple[Any, Any]


def _at_k_name(name: str, k: int | None = None, class_id: int | None = None) -> str:
    name = f"{name}_at_{k}" if k is not None else f"{name}_at_k"
    return name if class_id is None else f"{name}_class{class_id}"


def _with_last_axis(labels: Any, predictions: Any) -> Any:
    """Labels with one class an example get a last axis, so that they are lists of classes as the predictions are."""
    with name_scope(None, "expand_labels", [labels, predictions]) as scope:
        labels = convert_to_tensor_or_sparse_tensor(labels)
        if isinstance(labels, SparseTensor):
            return cond(
                equal(rank(predictions), size(labels.dense_shape) + 1),
                lambda: sparse_reshape(labels, shape=concat([labels.dense_shape, [1]], 0), name=scope),
                lambda: labels,
            )
        given, wanted = labels.shape.ndims, predictions.shape.ndims
        if given is None or wanted is None:
            return cond(
                equal(rank(predictions), rank(labels) + 1), lambda: expand_dims(labels, -1, name=scope), lambda: labels
            )
        if wanted == given:
            return labels
        if wanted == given + 1:
            return expand_dims(labels, -1, name=scope)
        raise ValueError(
            f"Unexpected labels shape {labels.shape} for predictions shape {predictions.shape}. Predictions rank should be "
            "the same rank as labels rank or labels rank plus one ."
        )


def _only_class(labels: Any, predicted: Any, class_id: int | None) -> tuple[Any, Any]:
    if class_id is None:
        return labels, predicted
    return _select_class(labels, class_id), _select_class(predicted, class_id)


def _select_class(ids: Any, class_id: int) -> SparseTensor:
    """Of lists of classes only the entries that are `class_id`."""
    ids = convert_to_tensor_or_sparse_tensor(ids)
    if isinstance(ids, SparseTensor):
        return sparse_retain(ids, equal(ids.values, class_id))
    sizes = shape(ids, out_type=int64)
    last = size(sizes) - 1
    ones_in_last = concat([raw.Slice(sizes, [0], reshape(last, [1])), cast([1], int64)], 0)
    chosen = set_intersection(fill(ones_in_last, cast(class_id, int64)), ids)
    return SparseTensor(chosen.indices, chosen.values, sizes)


def _count(
    kind: str, labels: Any, predicted: Any, k: int | None, class_id: int | None, weights: Any
) -> tuple[Any, Any]:
    """Accumulate true positives, false positives or false negatives among the k best."""
    with name_scope(None, _at_k_name(kind, k, class_id), [predicted, labels, weights]) as scope:
        with name_scope(None, kind + "s", [predicted, labels, weights]):
            labels, predicted = _only_class(labels, predicted, class_id)
            if kind == "true_positive":
                found = set_size(set_intersection(predicted, labels))
            else:
                found = set_size(set_difference(predicted, labels, aminusb=kind == "false_positive"))
            found = cast(found, float64)
            if weights is not None:
                with get_default_graph().control_dependencies([assert_broadcastable(weights, found)]):
                    found = multiply(found, cast(weights, float64))
        total = cast(reduce_sum(found), float64)
        variable = metric_variable([], float64, name=scope)
        return variable, assign_add(variable, total, name="update")


def _share_at_top_k(
    name: str, other: str, labels: Any, predictions_idx: Any, k: int | None, class_id: int | None, weights: Any,
    metrics_collections: Collections, updates_collections: Collections, scope_name: str | None,
) -> Metric:  # fmt: skip
    """True positives as a share of themselves and another count."""
    with name_scope(scope_name, _at_k_name(name, k, class_id), [predictions_idx, labels, weights]) as scope:
        predictions_idx = convert(predictions_idx)
        labels = _with_last_axis(labels, predictions_idx)
        predicted = cast(predictions_idx, int64)
        right, update_right = _count("true_positive", labels, predicted, k, class_id, weights)
        rest, update_rest = _count(other, labels, predicted, k, class_id, weights)
        value = value_of(lambda: divide(right, add(right, rest), name=scope), metrics_collections)
        update = divide(update_right, add(update_right, update_rest), name="update")
        return value, note_update(update, updates_collections)


@export("metrics.precision_at_top_k")
def precision_at_top_k(
    labels: Any, predictions_idx: Any, k: int | None = None, class_id: int | None = None, weights: Any = None,
    metrics_collections: Collections = None, updates_collections: Collections = None, name: str | None = None,
) -> Metric:  # fmt: skip
    """Accumulate the share of the k predicted classes that are among the labels.

    Parameters
    ----------
    labels : int64 Tensor or SparseTensor, shape (..., labels) or (...)
    predictions_idx : int Tensor, shape (..., k)
        The predicted classes.
    k : int, optional
        Only used for names.
    class_id : int, optional
        Count this class only.
    weights, metrics_collections, updates_collections, name
        As in `tf.metrics.mean`.
    """
    return _share_at_top_k(
        "precision", "false_positive", labels, predictions_idx, k, class_id, weights, metrics_collections,
        updates_collections, name,
    )  # fmt: skip


@export("metrics.recall_at_top_k")
def recall_at_top_k(
    labels: Any, predictions_idx: Any, k: int | None = None, class_id: int | None = None, weights: Any = None,
    metrics_collections: Collections = None, updates_collections: Collections = None, name: str | None = None,
) -> Metric:  # fmt: skip
    """Accumulate the share of the labels that are among the k predicted classes; as `precision_at_top_k`."""
    return _share_at_top_k(
        "recall", "false_negative", labels, predictions_idx, k, class_id, weights, metrics_collections,
        updates_collections, name,
    )  # fmt: skip


@export("metrics.precision_at_k", "metrics.sparse_precision_at_k")
def precision_at_k(
    labels: Any, predictions: Any, k: int, class_id: int | None = None, weights: Any = None,
    metrics_collections: Collections = None, updates_collections: Collections = None, name: str | None = None,
) -> Metric:  # fmt: skip
    """Accumulate the share of the k classes with the highest scores that are among the labels.

    Parameters
    ----------
    labels : int64 Tensor or SparseTensor, shape (..., labels) or (...)
    predictions : float Tensor, shape (..., classes)
        Scores.
    k : int
    class_id : int, optional
        Count this class only.
    weights, metrics_collections, updates_collections, name
        As in `tf.metrics.mean`.

    Examples
    --------
    >>> labels = tf.constant([[0], [2]], tf.int64)
    >>> value, update = tf.metrics.precision_at_k(labels, [[0.9, 0.1, 0.0], [0.5, 0.4, 0.1]], k=1)
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     print(sess.run(update))
    0.5
    """
    with name_scope(name, _at_k_name("precision", k, class_id), [predictions, labels, weights]) as scope:
        _, best = top_k(predictions, k)
        return precision_at_top_k(labels, best, k, class_id, weights, metrics_collections, updates_collections, scope)


@export("metrics.recall_at_k")
def recall_at_k(
    labels: Any, predictions: Any, k: int, class_id: int | None = None, weights: Any = None,
    metrics_collections: Collections = None, updates_collections: Collections = None, name: str | None = None,
) -> Metric:  # fmt: skip
    """Accumulate the share of the labels among the k classes with the highest scores; as `precision_at_k`."""
    with name_scope(name, _at_k_name("recall", k, class_id), [predictions, labels, weights]) as scope:
        _, best = top_k(predictions, k)
        return recall_at_top_k(labels, best, k, class_id, weights, metrics_collections, updates_collections, scope)


@export("metrics.average_precision_at_k", "metrics.sparse_average_precision_at_k")
def average_precision_at_k(
    labels: Any, predictions: Any, k: int, weights: Any = None, metrics_collections: Collections = None,
    updates_collections: Collections = None, name: str | None = None,
) -> Metric:  # fmt: skip
    """Accumulate the mean over the examples of the average precision at 1, 2, ... k, where a right class stands.

    Parameters
    ----------
    labels, predictions, k, weights, metrics_collections, updates_collections, name
        As in `precision_at_k`.
    """
    if as_int(k, "k") < 1:
        raise ValueError(f"Invalid k={k}.")
    with name_scope(name, _at_k_name("average_precision", k), [predictions, labels, weights]) as scope:
        _, best = top_k(predictions, k)
        labels = _without_unknown_classes(labels, cast(shape(predictions)[-1], int64))
        return _average_precision(labels, best, weights, metrics_collections, updates_collections, scope)


def _without_unknown_classes(labels: Any, count: Tensor) -> Any:
    """Labels of classes that there are no scores for become -1."""

    def cleaned(values: Tensor) -> Tensor:
        return where(greater_equal(values, count), -1 * ones_like(values), values)

    def clean() -> Any:
        if isinstance(labels, SparseTensor):
            return SparseTensor(labels.indices, cleaned(labels.values), labels.dense_shape)
        return cleaned(labels)

    highest = reduce_max(labels.values if isinstance(labels, SparseTensor) else labels)
    return cond(greater_equal(highest, count), clean, lambda: labels)


def _average_precision(
    labels: Any, best: Any, weights: Any, metrics_collections: Collections, updates_collections: Collections,
    name: str,
) -> Metric:  # fmt: skip
    with name_scope(name, "average_precision_at_top_k", [best, labels, weights]) as scope:
        precisions: Any = _average_precisions(labels, best)
        if weights is not None:
            weights = broadcast_weights(cast(weights, float64), precisions)
            precisions = multiply(precisions, weights)
        with name_scope(None, "max", [precisions]) as inner:
            most = metric_variable([], float64, name=inner)
            if weights is None:
                batch_max: Any = cast(size(precisions, name="batch_max"), float64)
            else:
                batch_max = reduce_sum(weights, name="batch_max")
            update_most = assign_add(most, batch_max, name="update")
        with name_scope(None, "total", [precisions]) as inner:
            total = metric_variable([], float64, name=inner)
            update_total = assign_add(total, reduce_sum(precisions, name="batch_total"), name="update")
        value = value_of(lambda: div_no_nan(total, most, name="mean"), metrics_collections)
        return value, note_update(div_no_nan(update_total, update_most, name=scope), updates_collections)


def _average_precisions(labels: Any, best: Any) -> Tensor:
    """The average precision of each example."""
    with name_scope(None, "average_precision", [best, labels]) as scope:
        best = cast(best, int64, name="predictions_idx")
        if best.shape.ndims == 0:
            raise ValueError("The rank of predictions_idx must be at least 1.")
        k = best.shape.as_list()[-1]
        if k is None:
            raise ValueError("The last dimension of predictions_idx must be set.")
        labels = _with_last_axis(labels, best)
        alone = expand_dims(best, -1, name="predictions_idx_per_k")
        relevant = _relevant(_repeated(labels, k), alone)
        right = cumsum(relevant, axis=-1, name="tp_per_k")
        retrieved = cumsum(ones_like(relevant), axis=-1, name="retrieved_per_k")
        precision = divide(cast(right, float64), cast(retrieved, float64), name="precision_per_k")
        counted = multiply(precision, cast(relevant, float64), name="relevant_precision_per_k")
        total = reduce_sum(counted, axis=(-1,), name="precision_sum")
        average: Tensor = divide(total, cast(_number_relevant(labels, k), float64), name=scope)
        return average


def _relevant(labels: Any, predicted: Any) -> Tensor:
    with name_scope("relevant_per_k", "true_positives", [predicted, labels]):
        return cast(set_size(set_intersection(predicted, labels)), float64)


def _repeated(labels: Any, count: int) -> Any:
    """The labels of each example once for every predicted class."""
    with name_scope("labels_per_k", "expand_and_tile", [labels, count]) as scope:
        labels = convert_to_tensor_or_sparse_tensor(labels)
        if isinstance(labels, SparseTensor):
            place = reshape(size(labels.dense_shape) - 1, [1])
            sizes = concat(
                [raw.Slice(labels.dense_shape, [0], place), [1], raw.Slice(labels.dense_shape, place, [-1])],
                0,
                name="expanded_shape",
            )
            lists = sparse_reshape(labels, shape=sizes, name="expand")
            return lists if count == 1 else sparse_concat(-2, [lists] * count, name=scope)
        wider = expand_dims(labels, -2, name="expand")
        if count == 1:
            return wider
        ones = ones_like(shape(labels))
        return tile(wider, concat([ones[:-1], [count], ones[-1:]], 0, name="multiples"), name=scope)


def _number_relevant(labels: Any, k: int) -> Tensor:
    """How many labels an example has, at most k."""
    with name_scope(None, "num_relevant", [labels]) as scope:
        labels = convert_to_tensor_or_sparse_tensor(labels)
        if isinstance(labels, SparseTensor):
            return minimum(set_size(labels), k, name=scope)
        known = where(greater_equal(labels, 0), ones_like(labels), zeros_like(labels))
        return minimum(reduce_sum(known, axis=-1), k, name=scope)

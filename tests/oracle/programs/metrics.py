"""`tf.metrics`: the nodes of a metric, and its value after several batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..record import program

SCORES = np.array([[0.1, 0.4, 0.35, 0.8, 1.0, 0.0], [0.9, 0.2, 0.6, 0.55, 0.3, 0.7]], np.float32)
TRUTH = np.array([[0, 0, 1, 1, 1, 0], [1, 0, 0, 1, 1, 0]], np.int64)
GUESS = np.array([[0, 1, 1, 1, 0, 0], [1, 1, 0, 1, 1, 0]], np.int64)
CLASSES = np.array([[0, 1, 2, 2, 1, 0], [2, 2, 1, 0, 0, 1]], np.int64)
TAKEN = np.array([[0, 2, 2, 2, 1, 1], [2, 1, 1, 0, 0, 0]], np.int64)
WEIGHTS = np.array([[1.0, 2.0, 0.5, 1.0, 3.0, 0.0], [1.0, 1.0, 2.0, 0.25, 1.0, 4.0]], np.float32)
RANKED = np.array(
    [
        [[0.1, 0.6, 0.2, 0.1], [0.5, 0.1, 0.3, 0.1], [0.0, 0.2, 0.3, 0.5]],
        [[0.3, 0.3, 0.2, 0.2], [0.7, 0.1, 0.1, 0.1], [0.1, 0.2, 0.6, 0.1]],
    ],
    np.float32,
)
LISTS = np.array([[[1, 2], [0, 3], [3, 0]], [[2, 1], [1, 2], [2, 0]]], np.int64)

# Arguments by name: which arrays are fed, batch by batch, for the metric's tensors.
PAIRS: dict[str, tuple[Any, Any]] = {
    "numbers": (SCORES, WEIGHTS),
    "truths": (TRUTH, GUESS),
    "scores": (TRUTH, SCORES),
    "classes": (CLASSES, TAKEN),
}

METRICS: dict[str, tuple[str, Callable[[Any, Any, Any, Any], Any]]] = {
    "mean_absolute_error": ("numbers", lambda m, y, p, w: m.mean_absolute_error(y, p, w)),
    "mean_squared_error": ("numbers", lambda m, y, p, w: m.mean_squared_error(y, p, w)),
    "root_mean_squared_error": ("numbers", lambda m, y, p, w: m.root_mean_squared_error(y, p, w)),
    "mean_relative_error": ("numbers", lambda m, y, p, w: m.mean_relative_error(y, p, p + 1.0, w)),
    "mean_cosine_distance": ("numbers", lambda m, y, p, w: m.mean_cosine_distance(y, p, dim=0)),
    "mean": ("numbers", lambda m, y, p, w: m.mean(y * p, w)),
    "mean_tensor": ("numbers", lambda m, y, p, w: m.mean_tensor(y * p, w)),
    "percentage_below": ("numbers", lambda m, y, p, w: m.percentage_below(y, 0.5, w)),
    "accuracy": ("classes", lambda m, y, p, w: m.accuracy(y, p, w)),
    "mean_per_class_accuracy": ("classes", lambda m, y, p, w: m.mean_per_class_accuracy(y, p, 3, w)),
    "mean_iou": ("classes", lambda m, y, p, w: m.mean_iou(y, p, 3, w)),
    "true_positives": ("truths", lambda m, y, p, w: m.true_positives(y, p, w)),
    "false_positives": ("truths", lambda m, y, p, w: m.false_positives(y, p)),
    "true_negatives": ("truths", lambda m, y, p, w: m.true_negatives(y, p, w)),
    "false_negatives": ("truths", lambda m, y, p, w: m.false_negatives(y, p)),
    "precision": ("truths", lambda m, y, p, w: m.precision(y, p, w)),
    "recall": ("truths", lambda m, y, p, w: m.recall(y, p, w)),
    "true_positives_at_thresholds": ("scores", lambda m, y, p, w: m.true_positives_at_thresholds(y, p, [0.2, 0.6], w)),
    "false_positives_at_thresholds": ("scores", lambda m, y, p, w: m.false_positives_at_thresholds(y, p, [0.2, 0.6])),
    "true_negatives_at_thresholds": ("scores", lambda m, y, p, w: m.true_negatives_at_thresholds(y, p, [0.2, 0.6], w)),
    "false_negatives_at_thresholds": ("scores", lambda m, y, p, w: m.false_negatives_at_thresholds(y, p, [0.2, 0.6])),
    "precision_at_thresholds": ("scores", lambda m, y, p, w: m.precision_at_thresholds(y, p, [0.2, 0.6], w)),
    "recall_at_thresholds": ("scores", lambda m, y, p, w: m.recall_at_thresholds(y, p, [0.2, 0.6], w)),
    "auc": ("scores", lambda m, y, p, w: m.auc(y, p, w, num_thresholds=20)),
    "auc_of_precision_and_recall": (
        "scores",
        lambda m, y, p, w: m.auc(y, p, curve="PR", num_thresholds=10, summation_method="careful_interpolation"),
    ),
    "auc_from_below": ("scores", lambda m, y, p, w: m.auc(y, p, num_thresholds=5, summation_method="minoring")),
    "auc_from_above": ("scores", lambda m, y, p, w: m.auc(y, p, thresholds=[0.3, 0.5], summation_method="majoring")),
    "sensitivity_at_specificity": (
        "scores",
        lambda m, y, p, w: m.sensitivity_at_specificity(y, p, 0.6, w, num_thresholds=9),
    ),
    "specificity_at_sensitivity": (
        "scores",
        lambda m, y, p, w: m.specificity_at_sensitivity(y, p, 0.6, num_thresholds=9),
    ),
}


def make_program(name: str, pair: str, build: Callable[[Any, Any, Any, Any], Any]) -> None:
    """One program: two batches counted, then the metric read."""

    # The confusion matrix of 2.21 is one ScatterNd; 1.15 adds a sparse tensor to zeros.
    keep = ("values",) if name == "mean_iou" else ("skeleton", "values")

    @program(*keep, name=name)
    def run(tf: Any) -> Any:
        first, second = PAIRS[pair]
        y = tf.placeholder(tf.as_dtype(first.dtype), [6], name="y")
        p = tf.placeholder(tf.as_dtype(second.dtype), [6], name="p")
        w = tf.placeholder(tf.float32, [6], name="w")
        value, update = build(tf.metrics, y, p, w)
        names = [v.name for v in tf.get_collection(tf.GraphKeys.METRIC_VARIABLES)]
        with tf.Session() as sess:
            sess.run(tf.local_variables_initializer())
            updates = [sess.run(update, {y: a, p: b, w: c}) for a, b, c in zip(first, second, WEIGHTS, strict=True)]
            return {"updates": [np.asarray(u) for u in updates], "value": np.asarray(sess.run(value)), "names": names}


for _name, (_pair, _build) in METRICS.items():
    make_program(_name, _pair, _build)


RANKINGS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "precision_at_k": lambda m, y, p: m.precision_at_k(y, p, 2),
    "precision_at_k_of_a_class": lambda m, y, p: m.precision_at_k(y, p, 2, class_id=1),
    "recall_at_k": lambda m, y, p: m.recall_at_k(y, p, 2, weights=[1.0, 2.0, 0.5]),
    "average_precision_at_k": lambda m, y, p: m.average_precision_at_k(y, p, 3),
}


def make_ranking(name: str, build: Callable[[Any, Any, Any], Any]) -> None:
    """The same for metrics of ranked classes."""

    @program("values", name=name)
    def run(tf: Any) -> Any:
        y = tf.placeholder(tf.int64, [3, 2], name="y")
        p = tf.placeholder(tf.float32, [3, 4], name="p")
        value, update = build(tf.metrics, y, p)
        names = [v.name for v in tf.get_collection(tf.GraphKeys.METRIC_VARIABLES)]
        with tf.Session() as sess:
            sess.run(tf.local_variables_initializer())
            updates = [sess.run(update, {y: a, p: b}) for a, b in zip(LISTS, RANKED, strict=True)]
            return {"updates": [np.asarray(u) for u in updates], "value": np.asarray(sess.run(value)), "names": names}


for _name, _rank in RANKINGS.items():
    make_ranking(_name, _rank)


@program("values")
def confusion_matrices(tf: Any) -> Any:
    y, p = tf.constant(CLASSES[0]), tf.constant(TAKEN[0])
    return {
        "plain": tf.confusion_matrix(y, p),
        "weighted": tf.confusion_matrix(y, p, 4, tf.float32, weights=tf.constant(WEIGHTS[0])),
    }


@program(error="ValueError", says="must be either ROC or PR")
def auc_of_an_unknown_curve(tf: Any) -> Any:
    tf.metrics.auc(tf.constant([1]), tf.constant([0.5]), curve="XY")


@program(error="InvalidArgumentError", says="predictions must be in [0, 1]")
def auc_of_a_score_above_one(tf: Any) -> Any:
    _, update = tf.metrics.auc(tf.constant([1]), tf.constant([1.5]))
    with tf.Session() as sess:
        sess.run(tf.local_variables_initializer())
        sess.run(update)

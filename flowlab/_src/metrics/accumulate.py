"""What all metrics share: local variables that add up, labels and predictions brought to one form, collections."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.dtypes import float32
from flowlab._src.graph.keys import GraphKeys
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import rank
from flowlab._src.ops.cast import cast
from flowlab._src.ops.compare import equal
from flowlab._src.ops.cond import cond
from flowlab._src.ops.fill import zeros
from flowlab._src.ops.magnitude import maximum
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.no_nan import div_no_nan
from flowlab._src.ops.reshaping import expand_dims, squeeze
from flowlab._src.ops.squeezing import may_be_one, remove_squeezable_dimensions
from flowlab._src.util import source
from flowlab._src.variables.variable import Variable

Collections = Any  # a list of names, or None


def metric_variable(shape: Any, dtype: Any, name: str | None = None) -> Variable:
    """A local variable that starts with zeros; `tf.local_variables_initializer()` sets it back."""
    if get_default_graph().eager:
        metric = source.entry()
        raise misuse(RuntimeError(f"tf.metrics.{metric} is not supported when eager execution is enabled."))
    return Variable(
        lambda: zeros(shape, dtype),
        trainable=False,
        collections=[GraphKeys.LOCAL_VARIABLES, GraphKeys.METRIC_VARIABLES],
        name=name,
    )


def value_of(compute: Callable[[], Any], metrics_collections: Collections) -> Any:
    """Build the nodes that read a metric; they wait for nothing, so that reading does not count a batch."""
    graph = get_default_graph()
    with graph.control_dependencies(None):
        value = compute()
        if metrics_collections is not None:
            graph.add_to_collections(metrics_collections, value)
    return value


def note_update(update: Any, updates_collections: Collections) -> Any:
    """Add the operation that counts a batch to the collections that the caller asked for."""
    if updates_collections:
        get_default_graph().add_to_collections(updates_collections, update)
    return update


def share(part: Any, whole: Any, name: str | None = None) -> Tensor:
    """part / whole, and 0 where nothing has been counted."""
    return div_no_nan(part, maximum(whole, 0), name=name)


def matched(labels: Any, predictions: Any, weights: Any) -> tuple[Tensor, Any, Any]:
    """Predictions, labels and weights of the same rank; a last axis of size 1 is taken off or put on."""
    predictions = convert(predictions)
    if labels is not None:
        labels, predictions = remove_squeezable_dimensions(labels, predictions)
        predictions.shape.assert_is_compatible_with(labels.shape)
    if weights is None:
        return predictions, labels, None
    weights = convert(weights)
    given, wanted = weights.shape.ndims, predictions.shape.ndims
    if given == 0:
        return predictions, labels, weights
    if given is not None and wanted is not None:
        if given - wanted == 1:
            weights = squeeze(weights, [-1])
        elif wanted - given == 1:
            weights = expand_dims(weights, [-1])
        return predictions, labels, weights
    return predictions, labels, _weights_when_run(weights, predictions)


def _weights_when_run(weights: Tensor, predictions: Tensor) -> Tensor:
    """The same for weights whose rank is found out while running."""
    found = rank(weights)
    difference = found - rank(predictions)

    def wider() -> Any:
        return cond(equal(difference, -1), lambda: expand_dims(weights, [-1]), lambda: weights)

    def narrower() -> Tensor:
        fixed = weights.shape.ndims is not None and not may_be_one(weights)
        return weights if fixed else squeeze(weights, [-1])

    result: Tensor = cond(equal(found, 0), lambda: weights, lambda: cond(equal(difference, 1), narrower, wider))
    return result


def as_floats(values: Any) -> Tensor:
    """The values as float32."""
    return cast(values, float32)

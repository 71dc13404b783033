"""Labels, predictions and weights that differ by a last axis of size 1: it is taken off where it is too many."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.convert import convert
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import rank
from flowlab._src.ops.compare import equal
from flowlab._src.ops.cond import cond
from flowlab._src.ops.reshaping import squeeze


def remove_squeezable_dimensions(
    labels: Any, predictions: Any, expected_rank_diff: int = 0, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """Take a last axis of size 1 off labels or predictions if that gives the expected difference of ranks.

    Parameters
    ----------
    labels, predictions : Tensor
    expected_rank_diff : int
        Rank of the predictions minus rank of the labels: 0, or 1 where each class has its own prediction.
    name : str, optional
    """
    with name_scope(name, "remove_squeezable_dimensions", [labels, predictions]):
        predictions, labels = convert(predictions), convert(labels)
        given, wanted = predictions.shape.ndims, labels.shape.ndims
        if given is not None and wanted is not None:
            difference = given - wanted
            if difference == expected_rank_diff + 1 and may_be_one(predictions):
                predictions = squeeze(predictions, [-1])
            elif difference == expected_rank_diff - 1 and may_be_one(labels):
                labels = squeeze(labels, [-1])
            return labels, predictions
        found = rank(predictions) - rank(labels)
        if given is None or may_be_one(predictions):
            predictions = _squeezed_if(equal(expected_rank_diff + 1, found), predictions)
        if wanted is None or may_be_one(labels):
            labels = _squeezed_if(equal(expected_rank_diff - 1, found), labels)
        return labels, predictions


def squeeze_with_weights(
    labels: Any, predictions: Any, weights: Any, expected_rank_diff: int = 0
) -> tuple[Tensor, Tensor, Any]:
    """The same for labels, predictions and their weights, which may have one axis more than the labels."""
    labels, predictions = remove_squeezable_dimensions(labels, predictions, expected_rank_diff)
    if weights is None:
        return labels, predictions, None
    weights = convert(weights)
    given, wanted = weights.shape.ndims, labels.shape.ndims
    if given is not None and wanted is not None:
        return labels, predictions, squeeze(weights, [-1]) if given - wanted == 1 else weights
    found = rank(weights) - rank(labels)
    if given is None or (given > 0 and may_be_one(weights)):
        weights = _squeezed_if(equal(1, found), weights)
    return labels, predictions, weights


def may_be_one(tensor: Tensor) -> bool:
    """True if the last axis may have size 1."""
    dims = tensor.shape.as_list()
    return bool(dims) and dims[-1] in (1, None)


def _squeezed_if(condition: Tensor, tensor: Tensor) -> Tensor:
    result: Tensor = cond(condition, lambda: squeeze(tensor, [-1]), lambda: tensor)
    return result

"""`tf.confusion_matrix`: how often each class was taken for which."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import int32, int64
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.sparse_tensor import SparseTensor
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.cast import cast
from flowlab._src.ops.checks import assert_less, assert_non_negative
from flowlab._src.ops.control import with_dependencies
from flowlab._src.ops.fill import ones_like, zeros
from flowlab._src.ops.joining import stack
from flowlab._src.ops.magnitude import maximum
from flowlab._src.ops.reduce import reduce_max
from flowlab._src.ops.sparse_arithmetic import sparse_add
from flowlab._src.ops.squeezing import remove_squeezable_dimensions
from flowlab._src.util.export import export


@export("confusion_matrix", "math.confusion_matrix")
def confusion_matrix(
    labels: Any,
    predictions: Any,
    num_classes: Any = None,
    dtype: Any = int32,
    name: str | None = None,
    weights: Any = None,
) -> Tensor:
    """Count for each pair of classes how often the first was predicted as the second.

    Parameters
    ----------
    labels : Tensor, shape (n,), integers from 0
        The true classes: rows of the matrix.
    predictions : Tensor, shape (n,)
        The predicted classes: columns.
    num_classes : int, optional
        Without it, one more than the largest class that occurs.
    dtype : DType
        Of the matrix.
    name : str, optional
    weights : Tensor, shape (n,), optional
        What each pair counts, instead of 1.

    Returns
    -------
    Tensor, shape (num_classes, num_classes)

    Raises
    ------
    tf.errors.InvalidArgumentError
        When run: a class is negative, or not below `num_classes`.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.confusion_matrix([1, 2, 2], [1, 0, 2], num_classes=3))
    array([[0, 0, 0],
           [0, 1, 0],
           [1, 0, 1]], dtype=int32)
    """
    with name_scope(name, "confusion_matrix", [predictions, labels, num_classes, weights]):
        labels, predictions = remove_squeezable_dimensions(
            convert(labels, name="labels"), convert(predictions, name="predictions")
        )
        predictions, labels = cast(predictions, int64), cast(labels, int64)
        labels = with_dependencies([assert_non_negative(labels, message="`labels` contains negative values")], labels)
        predictions = with_dependencies(
            [assert_non_negative(predictions, message="`predictions` contains negative values")], predictions
        )
        if num_classes is None:
            num_classes = maximum(reduce_max(predictions), reduce_max(labels)) + 1
        else:
            limit = cast(num_classes, int64)
            labels = with_dependencies([assert_less(labels, limit, message="`labels` out of bound")], labels)
            predictions = with_dependencies(
                [assert_less(predictions, limit, message="`predictions` out of bound")], predictions
            )
        if weights is not None:
            weights = convert(weights, name="weights")
            predictions.shape.assert_is_compatible_with(weights.shape)
            weights = cast(weights, dtype)
        shape = stack([num_classes, num_classes])
        pairs = stack([labels, predictions], axis=1)
        values = ones_like(predictions, dtype) if weights is None else weights
        counts = SparseTensor(pairs, values, cast(shape, int64))
        empty = zeros(cast(shape, int32), dtype)
        matrix: Tensor = sparse_add(empty, counts)
        return matrix

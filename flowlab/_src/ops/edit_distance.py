"""How far sequences are from each other: insertions, deletions and replacements."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError
from flowlab._src.graph.op import Array, Op, Spec, T
from flowlab._src.graph.shape import UNKNOWN, TensorShape
from flowlab._src.graph.sparse_tensor import SparseTensor, SparseTensorValue
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import sparse
from flowlab._src.kernels.edit_distance import edit_distances
from flowlab._src.kernels.memory import require_memory
from flowlab._src.ops.misuse import misuse
from flowlab._src.util.export import export


class EditDistance(Op):
    """Levenshtein distance of the rows of two sparse tensors."""

    normalize: bool = True
    grad = None

    def kernel(
        self,
        hypothesis_indices: Array[np.int64],
        hypothesis_values: Array[T],
        hypothesis_shape: Array[np.int64],
        truth_indices: Array[np.int64],
        truth_values: Array[T],
        truth_shape: Array[np.int64],
    ) -> Array[np.float32]:
        sparse.check_parts(hypothesis_indices, hypothesis_values, hypothesis_shape, "Hypothesis")
        sparse.check_parts(truth_indices, truth_values, truth_shape, "Truth")
        if hypothesis_shape.size != truth_shape.size or hypothesis_shape.size < 2:
            message = "hypothesis and truth must have the same rank, at least 2"
            raise InvalidArgumentError(None, None, f"{message}, got {hypothesis_shape.size} and {truth_shape.size}")
        sparse.check_places(hypothesis_indices, hypothesis_shape, ordered=True)
        sparse.check_places(truth_indices, truth_shape, ordered=True)
        sizes = np.maximum(hypothesis_shape, truth_shape)[:-1].tolist()
        require_memory(sizes, np.float32)
        steps = np.array(sparse.steps_of(sizes), np.int64)
        rows = hypothesis_indices[:, :-1] @ steps, truth_indices[:, :-1] @ steps
        distances = edit_distances(rows, (hypothesis_values, truth_values), self.normalize, math.prod(sizes))
        return distances.reshape(sizes)

    def shape(
        self,
        hypothesis_indices: Spec,
        hypothesis_values: Spec,
        hypothesis_shape: Spec,
        truth_indices: Spec,
        truth_values: Spec,
        truth_shape: Spec,
    ) -> TensorShape:
        for indices, values, shape in (
            (hypothesis_indices, hypothesis_values, hypothesis_shape),
            (truth_indices, truth_values, truth_shape),
        ):
            indices.ranked(2)
            values.ranked(1)
            shape.ranked(1)
        guess, truth = hypothesis_shape.value, truth_shape.value
        if guess is None or truth is None:
            return UNKNOWN
        if guess.size != truth.size:
            message = f"Num elements of hypothesis_shape does not match truth_shape: {guess.size} vs. {truth.size}"
            raise ShapeError(message)
        if guess.size < 2:
            message = (
                f"Input Hypothesis SparseTensors must have rank at least 2, but hypothesis_shape rank is: {guess.size}"
            )
            raise ShapeError(message)
        return TensorShape.of(tuple(np.maximum(guess, truth)[:-1].tolist()))


@export("edit_distance")
def edit_distance(hypothesis: Any, truth: Any, normalize: bool = True, name: str | None = "edit_distance") -> Tensor:
    """Count the insertions, deletions and replacements that lead from one sequence to another.

    Parameters
    ----------
    hypothesis, truth : SparseTensor, shape (..., longest)
        The sequences along the last axis.
    normalize : bool
        Divide by the length of `truth`; infinite where that is empty and `hypothesis` is not.
    name : str, optional

    Returns
    -------
    float32 Tensor, shape (...)

    Raises
    ------
    TypeError
        If one of them is not sparse.

    Examples
    --------
    >>> guess = tf.SparseTensor([[0, 0], [0, 1], [0, 2]], ["c", "a", "r"], [1, 3])
    >>> truth = tf.SparseTensor([[0, 0], [0, 1], [0, 2], [0, 3]], ["c", "a", "t", "s"], [1, 4])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.edit_distance(guess, truth))
    array([0.5], dtype=float32)
    """
    for word, value in (("Hypothesis", hypothesis), ("Truth", truth)):
        if not isinstance(value, (SparseTensor, SparseTensorValue)):
            raise misuse(TypeError(f"{word} must be a SparseTensor."))
    result: Tensor = EditDistance(normalize)(
        hypothesis.indices, hypothesis.values, hypothesis.dense_shape, truth.indices, truth.values, truth.dense_shape,
        name=name,
    )  # fmt: skip
    return result

"""Labels and predictions in whatever form a program has them: class numbers, one-hot rows, logits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowlab._src.graph.arguments import as_int


def as_values(value: Any, name: str) -> np.ndarray:
    """An array of numbers; a tensor is refused with a hint."""
    if hasattr(value, "op") and hasattr(value, "graph"):
        raise TypeError(
            f"{name} got the tensor {value.name!r}: a node of the graph, not numbers. "
            f"Fetch it first: {name} = sess.run(...)."
        )
    array = np.asarray(value)
    if array.dtype.kind not in "fiub" and array.size:
        raise TypeError(f"{name} must be numbers; got dtype {array.dtype}.")
    return array


def class_numbers(value: Any, name: str) -> np.ndarray:
    """Class numbers, (N,), from class numbers, a column of them, one-hot rows or scores (N, K)."""
    array = as_values(value, name)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 2:
        return array.argmax(axis=1)
    if array.ndim != 1:
        raise ValueError(
            f"{name} must be class numbers of shape (N,) or rows of shape (N, K); got shape {array.shape}."
        )
    if array.dtype.kind == "f" and not (array == np.floor(array)).all():
        raise ValueError(
            f"{name} must be class numbers; got {array[array != np.floor(array)][0]:g}. "
            "Round probabilities first: predictions = probabilities > 0.5."
        )
    numbers = array.astype(np.int64)
    if numbers.size and numbers.min() < 0:
        raise ValueError(f"{name} has the class {numbers.min()}: classes are counted from 0.")
    return numbers


def class_names(names: Sequence[Any] | None, num_classes: int | None, *seen: np.ndarray) -> list[str]:
    """One name for each class that may occur."""
    largest = max((int(numbers.max()) for numbers in seen if numbers.size), default=-1)
    number = as_int(num_classes, "num_classes") if num_classes is not None else (len(names) if names else largest + 1)
    if names is not None and len(names) != number:
        raise ValueError(f"{number} classes need {number} names; got {len(names)}.")
    if largest >= number:
        raise ValueError(f"Class {largest} occurs, and there are {number} classes: 0 to {number - 1}.")
    return [str(name) for name in names] if names is not None else [str(k) for k in range(max(1, number))]

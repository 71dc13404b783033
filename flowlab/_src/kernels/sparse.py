"""Arithmetic on the places of sparse tensors: order, grouping, merging; arrays in, arrays out."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from flowlab._src.errors import InvalidArgumentError

_LARGEST_KEY = 2**62


def row_keys(*places: np.ndarray) -> list[np.ndarray]:
    """One number for each row of several (n, rank) arrays, so that rows compare as their numbers do (row by row).

    The number is the row's position in a tensor that is large enough. Where that does not fit 64 bits, it is the rank of
    the row among all rows.
    """
    rank = places[0].shape[1]
    if rank == 0:
        return [np.zeros(len(p), np.int64) for p in places]
    full = [p for p in places if len(p)]
    if not full:
        return [np.zeros(0, np.int64) for _ in places]
    if min(int(p.min()) for p in full) >= 0:
        size = max(int(p.max()) for p in full) + 1
        if size**rank < _LARGEST_KEY:  # a cube: its size is found sooner than that along each axis
            steps = np.array(steps_of([size] * rank), np.int64)
            return [p @ steps for p in places]
    low = np.min([p.min(axis=0) for p in full], axis=0)
    high = np.max([p.max(axis=0) for p in full], axis=0)
    sizes = [int(h) - int(b) + 1 for h, b in zip(high, low, strict=True)]
    if math.prod(sizes) < _LARGEST_KEY:
        steps = np.array(steps_of(sizes), np.int64)
        return [(p - low) @ steps for p in places]
    _, ranks = np.unique(np.concatenate(places), axis=0, return_inverse=True)
    ends = np.cumsum([len(p) for p in places])[:-1]
    return list(np.split(ranks.reshape(-1), ends))


def in_order(places: np.ndarray) -> np.ndarray:
    """The order that brings places into reading order; those that occur twice keep theirs."""
    return np.argsort(row_keys(places)[0], kind="stable")


def text(row: Sequence[int] | np.ndarray) -> str:
    """Write a place or a shape as the runtime's messages do: [0,2]."""
    return "[" + ",".join(str(int(i)) for i in row) + "]"


def check_parts(indices: np.ndarray, values: np.ndarray, shape: np.ndarray, who: str = "Input") -> None:
    """InvalidArgumentError unless the three arrays of a sparse tensor fit each other."""
    if indices.ndim != 2:
        raise InvalidArgumentError(
            None, None, f"{who} indices should be a matrix but received shape: {text(indices.shape)}"
        )
    if values.ndim != 1:
        raise InvalidArgumentError(
            None, None, f"{who} values should be a vector but received shape: {text(values.shape)}"
        )
    if shape.ndim != 1:
        raise InvalidArgumentError(
            None, None, f"{who} shape should be a vector but received shape: {text(shape.shape)}"
        )
    if len(indices) != len(values):
        raise InvalidArgumentError(
            None, None, f"Expected {len(values)} values, got {len(indices)} rows of indices: one place for each value"
        )
    if indices.shape[1] != len(shape):
        raise InvalidArgumentError(
            None, None, f"Dimensions {indices.shape[1]} and {len(shape)} are not compatible: places and shape"
        )


def check_places(indices: np.ndarray, shape: Sequence[int] | np.ndarray, ordered: bool = True) -> None:
    """InvalidArgumentError for the first place outside the shape or, when order matters, out of order or repeated."""
    if well_placed(indices, np.asarray(shape).tolist(), ordered):
        return
    outside = np.asarray(((indices < 0) | (indices >= np.asarray(shape, np.int64))).any(axis=1))
    wrong = outside.copy()
    keys = None
    if ordered and len(indices) > 1:
        keys = row_keys(indices)[0]
        wrong[1:] |= keys[1:] <= keys[:-1]
    if not wrong.any():
        return
    i = int(np.argmax(wrong))
    here = f"indices[{i}] = {text(indices[i])}"
    if outside[i]:
        message = f"{here} is out of bounds: need 0 <= index < {text(shape)}"
    elif keys is not None and keys[i] == keys[i - 1]:
        message = f"{here} is repeated"
    else:
        message = (
            f"{here} is out of order. Many sparse ops require sorted indices.\n"
            "    Use `tf.sparse.reorder` to create a correctly ordered copy.\n\n"
        )
    error = InvalidArgumentError(None, None, message)
    error.fix = "tf.sparse.reorder(x) sorts the places" if "order" in message else ""
    raise error


def well_placed(indices: np.ndarray, sizes: list[int], ordered: bool) -> bool:
    """True if all places surely lie inside a shape and, when order matters, each behind the one before; soon said."""
    if indices.dtype != np.int64 or min(sizes, default=0) < 0:
        return False
    if (indices.view(np.uint64) >= np.array(sizes, np.uint64)).any():  # negative numbers are large ones there
        return False
    if not ordered or len(indices) < 2:
        return True
    if math.prod(sizes) >= _LARGEST_KEY:
        return False
    keys = indices @ np.array(steps_of(sizes), np.int64)
    return bool((keys[1:] > keys[:-1]).all())


def steps_of(sizes: Sequence[int]) -> list[int]:
    """How far apart in reading order the neighbours along each axis are."""
    return [math.prod(sizes[i + 1 :]) for i in range(len(sizes))]


def groups(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The order that brings equal keys together, and where in that order each group starts."""
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])) if len(keys) else np.zeros(0, np.int64)
    return order, starts


def merge(a_keys: np.ndarray, b_keys: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The places that either of two sparse tensors has, in order: for each its row in `a`, in `b`, or -1.

    Returns the keys and the two arrays of rows.
    """
    both = np.concatenate([a_keys, b_keys])
    order = np.argsort(both, kind="stable")
    both = both[order]
    new = np.ones(len(both), bool)
    np.not_equal(both[1:], both[:-1], out=new[1:])
    place = np.empty(len(both), np.int64)
    place[order] = np.cumsum(new) - 1
    keys = both[new]
    rows = []
    for own in (place[: len(a_keys)], place[len(a_keys) :]):
        row = np.full(len(keys), -1, np.int64)
        row[own] = np.arange(len(own))
        rows.append(row)
    return keys, rows[0], rows[1]

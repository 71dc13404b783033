"""The values of features, taken out of the messages and put into arrays: shared by examples and sequences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph.dtypes import DType, float32, int64, string
from flowlab._src.graph.shape import TensorShape, format_dims
from flowlab._src.kernels.strings import collect

LISTS = {int64: "int64_list", float32: "float_list", string: "bytes_list"}
KINDS = {"int64_list": "int64", "float_list": "float", "bytes_list": "string"}


def invalid(message: str) -> InvalidArgumentError:
    """The error of a run."""
    return InvalidArgumentError(None, None, message)


def as_values(items: Any, dtype: DType) -> np.ndarray:
    """The values of a list as a vector."""
    if dtype is string:
        return collect(items, (len(items),))
    return np.array(items, dtype.as_numpy_dtype)


def values_of(feature: Any, dtype: DType) -> np.ndarray | None:
    """The values of a feature; None when it has none of any type. LookupError with the type it has when that differs."""
    kind = feature.WhichOneof("kind")
    if kind is None:
        return None
    if kind != LISTS[dtype]:
        raise LookupError(KINDS[kind])
    return as_values(getattr(feature, kind).value, dtype)


def present(features: Any, key: str) -> Any:
    """A feature by its name, None when there is none. (To look it up directly would make one.)"""
    return features[key] if key in features else None  # noqa: SIM401 - this map has no `get` like that of a dict


def joined(parts: Sequence[np.ndarray], dtype: DType) -> np.ndarray:
    """Several vectors behind each other."""
    return np.concatenate(parts) if parts else np.zeros(0, dtype.as_numpy_dtype)


def places(lengths: Sequence[int]) -> tuple[np.ndarray, int]:
    """Row and number of each value of rows of such lengths, and the greatest length."""
    counts = np.array(lengths, np.int64)
    total = int(counts.sum())
    result = np.empty((total, 2), np.int64)
    result[:, 0] = np.repeat(np.arange(len(counts)), counts)
    result[:, 1] = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
    return result, int(counts.max(initial=0))


def sparse_rows(rows: Sequence[np.ndarray], dtype: DType) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The three parts of the sparse matrix with these rows."""
    indices, longest = places([len(row) for row in rows])
    return indices, joined(rows, dtype), np.array([len(rows), longest], np.int64)


def sizes(shape: TensorShape) -> tuple[int, ...]:
    """The sizes of a shape that is known."""
    return tuple(size or 0 for size in shape.as_list())


def padded(rows: Sequence[np.ndarray], dtype: DType, piece: tuple[int, ...], filler: Any) -> np.ndarray:
    """Rows of pieces as one array, filled up to the longest."""
    size = math.prod(piece)
    counts = [len(row) // size if size else 0 for row in rows]
    longest = max(counts, default=0)
    result = np.full((len(rows), longest * size), filler, dtype.as_numpy_dtype)
    for target, row in zip(result, rows, strict=True):
        target[: len(row)] = row
    return result.reshape((len(rows), longest, *piece))


def shown(shape: TensorShape) -> str:
    """A shape as in messages."""
    return format_dims(shape._dims)


def scalar_bytes(value: Any, what: str) -> bytes:
    """The string of an input that must be one."""
    if np.ndim(value) != 0:
        raise invalid(f"Expected {what} to be a scalar, got shape: {format_dims(np.shape(value))}")
    result: bytes = np.asarray(value, object).item()
    return result


def key_texts(keys: Sequence[Any]) -> list[str]:
    """Names of features from the scalars that hold them."""
    return [scalar_bytes(key, "the name of a feature").decode("utf-8", "replace") for key in keys]


def message_of(kind: str, data: bytes, refusal: str) -> Any:
    """Read an Example or a SequenceExample; InvalidArgumentError with these words when it is none."""
    from flowlab._src.formats import messages

    try:
        return messages.parse(getattr(messages, kind), data, "the string")
    except ValueError:
        raise invalid(refusal) from None


def excerpt(data: bytes) -> str:
    """The begin of a string in printable characters."""
    return data[:60].decode("latin-1").encode("unicode_escape").decode()

"""The first elements of an array as text, the way the runtime's messages and `tf.Print` write them."""

from __future__ import annotations

from typing import Any

import numpy as np


def summarize(array: np.ndarray, count: int) -> str:
    """Write the first `count` elements, rows in brackets; "..." where something is left out; negative: all of them.

    >>> summarize(np.array([[1, 2], [3, 4]]), 3)
    '[1 2][3...]...'
    """
    array = np.asarray(array)
    limit = array.size if count < 0 else count
    elements = [element(v) for v in array.ravel()[:limit]]
    dots = "..." if array.size > limit else ""
    if array.ndim == 0:
        return "".join(elements) + dots
    text: list[str] = []
    _write(array.shape, 0, elements, 0, text)
    return "".join(text) + dots


def _write(shape: tuple[int, ...], axis: int, elements: list[str], position: int, text: list[str]) -> int:
    """Write what lies along the axes from `axis` on; returns the position of the next element."""
    if position >= len(elements):
        return position
    if axis == len(shape) - 1:
        row = elements[position : position + shape[axis]]
        text.append(" ".join(row))
        if axis and len(row) < shape[axis]:
            text.append("...")
        return position + len(row)
    for _ in range(shape[axis]):
        if position >= len(elements):
            break
        text.append("[")
        position = _write(shape, axis + 1, elements, position, text)
        text.append("]")
    return position


def element(value: Any) -> str:
    """One element: floats with as few digits as tell them from their neighbours, but with 6 or 9, 15 or 17."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, (np.bool_, bool)):
        return str(int(value))
    if isinstance(value, np.complexfloating):
        return f"({element(value.real)},{element(value.imag)})"
    if isinstance(value, np.floating):
        few, many = (15, 17) if value.dtype == np.float64 else (6, 9)
        wide = float(value)
        text = f"{wide:.{few}g}"
        if np.isfinite(wide) and value.dtype.type(text) != value:
            text = f"{wide:.{many}g}"
        return text
    return str(value)

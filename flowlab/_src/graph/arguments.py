"""Plain arguments of public functions: what must be a number, a word or a list is made one here, or refused.

Each check names the argument and shows what came instead, so that a mistake is reported where it was made and not as
a puzzle from inside the library. Those that flags and files need as well are in `util/arguments.py`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np

from flowlab._src.util.arguments import (
    LARGEST as LARGEST,
    as_int as as_int,
    as_list as as_list,
    as_text as as_text,
    refused as refused,
)


def as_float(value: Any, name: str) -> float:
    """Return a number that is given while building as a float."""
    if value.__class__ is float:
        return value
    try:
        if isinstance(value, (str, bytes)):
            raise TypeError
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise refused("float", name, value) from None


def as_flag(value: Any, name: str) -> bool:
    """Return a choice between yes and no; None is no. Tensors are refused: the graph is built before they have values."""
    if value is False or value is True:
        return value
    if value is None or isinstance(value, (np.bool_, int)):
        return bool(value)
    raise refused("bool", name, value)


def as_ints(value: Any, name: str) -> list[int]:
    """Return several numbers that are given while building."""
    return [as_int(v, name) for v in as_list(value, name)]


def as_axes(value: Any, name: str) -> list[int]:
    """Return one number or several as a list."""
    several = isinstance(value, Iterable) and not isinstance(value, (str, bytes))
    if isinstance(value, np.ndarray):
        several = value.ndim > 0
    return as_ints(value, name) if several else [as_int(value, name)]


def as_key(value: Any, name: str) -> Hashable:
    """Return something that can be looked up, such as the name of a collection."""
    try:
        hash(value)
    except TypeError:
        raise refused("string", name, value) from None
    return value  # type: ignore[no-any-return]  # hash() has just shown that it is one

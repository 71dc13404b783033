"""Numbers, words and lists that a public function was given: they are made ones here, or refused.

`graph/arguments.py` has more of them, and hands these on.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flowlab._src.util import source
from flowlab._src.util.notes import attach

LARGEST = 2**63 - 1  # attributes are 64 bits wide


def as_int(value: Any, name: str) -> int:
    """Return a number that is given while building as an int; floats lose their fraction, as in TensorFlow."""
    if value.__class__ is int and -LARGEST <= value <= LARGEST:
        return value
    try:
        if isinstance(value, (str, bytes)):
            raise TypeError
        number = int(value)
        if not -LARGEST <= number <= LARGEST:
            raise OverflowError
        return number
    except (TypeError, ValueError, OverflowError):
        raise refused("int", name, value) from None


def as_text(value: Any, name: str) -> str:
    """Return a word such as a data format."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, str):
        return value
    raise refused("string", name, value)


def as_list(value: Any, name: str) -> list[Any]:
    """Return several things as a list; tensors, words and dictionaries are one thing."""
    if isinstance(value, (list, tuple)):
        return list(value)
    if isinstance(value, (str, bytes, dict)) or hasattr(value, "_as_graph_element") or not isinstance(value, Iterable):
        raise refused("list", name, value)
    try:
        return list(value)
    except TypeError:  # a tensor, or an array without axes
        raise refused("list", name, value) from None


def refused(wanted: str, name: str, value: Any) -> BaseException:
    """Make the TypeError for an argument of the wrong kind, in TensorFlow's words."""
    text = repr(value)
    site = source.caller(3)
    return attach(
        TypeError(f"Expected {wanted} for argument '{name}' not {text if len(text) <= 60 else text[:57] + '...'}."),
        where=site.quote() if site else "",
        inputs=f"{name} is a {type(value).__name__}",
    )

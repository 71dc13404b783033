"""How the things in collections are written to files, and names when a part of a graph changes its scope."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class Writer(NamedTuple):
    """How the items of one collection become messages and back."""

    message: str  # the name of the class in formats/messages.py
    to_proto: Callable[..., Any]  # (item, export_scope=...), None for an item that is left out
    from_proto: Callable[..., Any]  # (message, import_scope=...)


WRITERS: dict[str, Writer] = {}


def register_proto_function(
    collection_name: str, message: str, to_proto: Callable[..., Any], from_proto: Callable[..., Any]
) -> None:
    """Say how the items of a collection become messages and back.

    `message` is the name of a class in `formats/messages.py`, which is not loaded before it is needed.
    """
    if collection_name in WRITERS:
        raise KeyError(f"There are two ways to write the collection {collection_name!r}.")
    WRITERS[collection_name] = Writer(message, to_proto, from_proto)


def strip_scope(name: str, scope: str | None) -> str:
    """A name as seen from inside a scope: "a/w:0" in "a" is "w:0"; "^" and "loc:@" stay in front."""
    if not scope:
        return name
    mark, rest = _split_mark(name)
    return mark + rest.removeprefix(scope.rstrip("/") + "/")


def prepend_scope(name: str, scope: str | None) -> str:
    """A name with a scope put before it; "^" and "loc:@" stay in front."""
    if not scope:
        return name
    mark, rest = _split_mark(name)
    return f"{mark}{scope.rstrip('/')}/{rest}"


def _split_mark(name: str) -> tuple[str, str]:
    for mark in ("^", "loc:@"):
        if name.startswith(mark):
            return mark, name[len(mark) :]
    return "", name

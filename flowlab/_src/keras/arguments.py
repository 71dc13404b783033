"""Arguments passed on as they came: layers differ from those they are made of in a few of a dozen arguments only."""

from __future__ import annotations

from typing import Any


def named(scope: dict[str, Any], *without: str) -> dict[str, Any]:
    """The arguments of a function by name, from its `locals()` on its first line: to pass all of them on.

    `**kwargs` are among them, `self` and the names in `without` are not.
    """
    left_out = {"self", "kwargs", "__class__", *without}
    return {**{key: value for key, value in scope.items() if key not in left_out}, **scope.get("kwargs", {})}

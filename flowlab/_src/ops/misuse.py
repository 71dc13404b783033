"""Errors of functions that are called the wrong way: each says where the call is and how to mend it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowlab._src.errors import add_notes
from flowlab._src.graph.tensor import Tensor
from flowlab._src.util import source, written


def misuse(error: BaseException, fix: str = "", inputs: str = "", why: str = "") -> BaseException:
    """Attach the user's line and a hint to an error: `raise misuse(ValueError("..."), fix="...")`."""
    site = source.caller(2)
    return add_notes(error, where=site.quote() if site else "", inputs=inputs, why=why, fix=fix)


def old_argument(new: str, value: Any, old: str, old_value: Any) -> Any:
    """The value given under the new or the old name of an argument; ValueError when both are used."""
    if old_value is None:
        return value
    if value is not None:
        raise misuse(ValueError(f"Cannot specify both '{old}' and '{new}'."), fix=f"{old} is an older name of {new}")
    return old_value


def check_choice(op: str, attribute: str, value: Any, allowed: Sequence[str]) -> None:
    """ValueError when a word is not one of the attribute's values."""
    if not isinstance(value, str) or value not in allowed:
        listed = ", ".join(f'"{a}"' for a in allowed)
        call = written.running()
        near = next((word for word in allowed if word == str(value).upper()), allowed[0])
        fix = call.changed(**{attribute: repr(near)}) if call is not None and attribute in call.parts else ""
        raise misuse(
            ValueError(f"Attr '{attribute}' of '{op}' Op passed string '{value}' not in: {listed}."),
            why=f"{attribute} is one of {', '.join(allowed)}, in capitals",
            fix=fix or f"{attribute}={near!r}",
        )


def ranked_at_least(tensor: Tensor, rank: int) -> None:
    """ValueError when a tensor is known to have fewer axes."""
    try:
        tensor.shape.with_rank_at_least(rank)
    except ValueError as error:
        raise misuse(error) from None


def ranked(tensor: Tensor, rank: int) -> None:
    """ValueError when a tensor is known to have another number of axes."""
    try:
        tensor.shape.with_rank(rank)
    except ValueError as error:
        raise misuse(error) from None

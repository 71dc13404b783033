"""Errors of functions that are called the wrong way: each says where the call is and how to mend it."""

from __future__ import annotations

from flowlab._src.errors import add_notes
from flowlab._src.graph.tensor import Tensor
from flowlab._src.util import source


def misuse(error: BaseException, fix: str = "", inputs: str = "", why: str = "") -> BaseException:
    """Attach the user's line and a hint to an error: `raise misuse(ValueError("..."), fix="...")`."""
    site = source.caller(2)
    return add_notes(error, where=site.quote() if site else "", inputs=inputs, why=why, fix=fix)


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

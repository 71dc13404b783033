"""Who holds the array of a variable: a variable that nobody looks at can be changed where it lies, without a copy."""

from __future__ import annotations

import functools
import sys
from typing import Any

import numpy as np
from numpy import ndarray

Arrays = tuple[Any, ...]
COUNTS = hasattr(sys, "getrefcount")  # other kinds of Python do not count


def held_by_nobody_else(values: list[Any], targets: Arrays) -> bool:
    """Tell whether the session and the running plan alone hold these arrays, so that nobody sees them change.

    Python counts who holds an object, and a view holds the array it looks into. A variable that was fetched, saved
    by the stepper, or read through a handle earlier in this run has more holders than one that was not.
    """
    if not COUNTS:
        return False
    alone = _holders()[values[0] is targets[0]]
    for value in values:
        # Compiled loops take an array as a row of numbers: of one in another order that would be a copy.
        if (
            sys.getrefcount(value) != alone
            or not isinstance(value, ndarray)
            or not (flags := value.flags).owndata
            or not flags.c_contiguous
        ):
            return False
    return True


@functools.cache
def _holders() -> tuple[int, int]:
    """How many holders such an array has, for variables behind handles and for references: Python's versions differ.

    It is found out by an update of a variable of nobody's, called in the way in which plans call it.
    """
    counts = []

    def count(values: list[Any], targets: Arrays) -> None:
        for value in values:
            counts.append(sys.getrefcount(value))

    def apply(variables: dict[str, Any], targets: Arrays) -> None:
        values = [variables.get(name) for name in ("w",)]
        count(values, targets)

    def kernel(variables: dict[str, Any], var: Any) -> None:
        apply(variables, (var,))

    def body(variables: dict[str, Any]) -> None:
        v0 = variables.get("w")
        kernel(variables, v0)

    kernel({"w": np.zeros(1)}, None)
    body({"w": np.zeros(1)})
    return counts[0], counts[1]

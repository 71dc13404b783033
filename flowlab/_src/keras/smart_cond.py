"""Choices between two ways to build: at once where the condition is known while building, by `tf.cond` where not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowlab._src.graph.op import constant_value
from flowlab._src.graph.tensor import Tensor
from flowlab._src.variables.variable import Variable


def known_condition(pred: Any) -> bool | None:
    """The condition as a bool if it is known while building, else None."""
    if isinstance(pred, Variable):
        return None
    if isinstance(pred, (bool, np.bool_)):
        return bool(pred)
    if isinstance(pred, (int, np.integer)) and pred in (0, 1):
        return bool(pred)
    if isinstance(pred, Tensor):
        value = constant_value(pred)
        return None if value is None or value.ndim else bool(value)
    raise TypeError(f"`pred` must be a Tensor, a Python bool, or 1 or 0. Found instead: {type(pred)}")


def smart_cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any], name: str | None = None) -> Any:
    """Call one of two functions if the condition is known while building, else build both in a `tf.cond`."""
    if not callable(true_fn):
        raise TypeError("`true_fn` must be callable.")
    if not callable(false_fn):
        raise TypeError("`false_fn` must be callable.")
    known = known_condition(pred)
    if known is not None:
        return true_fn() if known else false_fn()
    from flowlab._src.ops.cond import cond

    return cond(pred, true_fn=true_fn, false_fn=false_fn, name=name)

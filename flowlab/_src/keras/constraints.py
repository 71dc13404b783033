"""Constraints: functions that put a weight back where it may be, applied after each step of an optimizer."""

from __future__ import annotations

import math
from typing import Any

from flowlab._src.graph.tensor import Tensor
from flowlab._src.keras import config
from flowlab._src.keras.serialization import deserialize_keras_object, serialize_keras_object
from flowlab._src.ops.cast import cast
from flowlab._src.ops.clip import clip_by_value
from flowlab._src.ops.compare import greater_equal
from flowlab._src.ops.constant import constant
from flowlab._src.ops.powers import sqrt, square
from flowlab._src.ops.reduce import reduce_sum


class Constraint:
    """Base class: called with a weight, gives the nearest allowed one."""

    def __call__(self, w: Any) -> Any:
        """Return an allowed weight."""
        return w

    def get_config(self) -> dict[str, Any]:
        """Return the arguments as a dict."""
        return {}


def _length(w: Any, axis: Any) -> Tensor:
    """The lengths of the vectors along an axis; rounding must not make their squares negative."""
    squares = reduce_sum(square(w), axis=axis, keepdims=True)
    return sqrt(_clip(squares, 0.0, math.inf))


def _clip(x: Tensor, low: float, high: float) -> Tensor:
    dtype = x.dtype.base_dtype
    low_value = constant(low, dtype)
    return clip_by_value(x, low_value, constant(max(low, high), dtype))


class MaxNorm(Constraint):
    """The length of each unit's incoming weights is at most `max_value`."""

    def __init__(self, max_value: float = 2, axis: Any = 0) -> None:
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w: Any) -> Tensor:
        norms = _length(w, self.axis)
        desired = _clip(norms, 0.0, self.max_value)
        return w * (desired / (config.epsilon() + norms))

    def get_config(self) -> dict[str, Any]:
        return {"max_value": self.max_value, "axis": self.axis}


class NonNeg(Constraint):
    """No weight is negative."""

    def __call__(self, w: Any) -> Tensor:
        return w * cast(greater_equal(w, 0.0), config.floatx())


class UnitNorm(Constraint):
    """The length of each unit's incoming weights is 1."""

    def __init__(self, axis: Any = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Tensor:
        return w / (config.epsilon() + _length(w, self.axis))

    def get_config(self) -> dict[str, Any]:
        return {"axis": self.axis}


class MinMaxNorm(Constraint):
    """The length of each unit's incoming weights is moved towards [`min_value`, `max_value`] by a share `rate`."""

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0) -> None:
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w: Any) -> Tensor:
        norms = _length(w, self.axis)
        clipped = _clip(norms, self.min_value, self.max_value)
        desired = self.rate * clipped + (1 - self.rate) * norms
        return w * (desired / (config.epsilon() + norms))

    def get_config(self) -> dict[str, Any]:
        return {"min_value": self.min_value, "max_value": self.max_value, "rate": self.rate, "axis": self.axis}


KNOWN: dict[str, Any] = {
    "Constraint": Constraint,
    **dict.fromkeys(["MaxNorm", "max_norm", "maxnorm"], MaxNorm),
    **dict.fromkeys(["NonNeg", "non_neg", "nonneg"], NonNeg),
    **dict.fromkeys(["UnitNorm", "unit_norm", "unitnorm"], UnitNorm),
    **dict.fromkeys(["MinMaxNorm", "min_max_norm"], MinMaxNorm),
}


def serialize(constraint: Any) -> Any:
    """Return the class and arguments of a constraint."""
    return serialize_keras_object(constraint)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """Make a constraint of what `serialize` gave."""
    return deserialize_keras_object(config, KNOWN, custom_objects, "constraint")


def get(identifier: Any) -> Any:
    """Return a constraint from a name, a dict of class and arguments, or a callable."""
    if identifier is None:
        return None
    if isinstance(identifier, (dict, str)):
        return deserialize(identifier)
    if callable(identifier):
        return identifier
    raise ValueError(f"Could not interpret constraint identifier: {identifier}")

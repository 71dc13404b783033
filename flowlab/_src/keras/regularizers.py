"""Regularizers: functions of a weight whose value is added to the loss, so that weights stay small."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.tensor import Tensor
from flowlab._src.keras import config
from flowlab._src.keras.serialization import deserialize_keras_object, serialize_keras_object
from flowlab._src.ops.constant import constant
from flowlab._src.ops.magnitude import abs_
from flowlab._src.ops.powers import square
from flowlab._src.ops.reduce import reduce_sum


class Regularizer:
    """Base class: called with a weight, gives a loss."""

    def __call__(self, x: Any) -> Any:
        """Return the loss of a weight."""
        return 0.0

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Regularizer:
        """Make a regularizer of what `get_config` gave."""
        return cls(**config)


class L1L2(Regularizer):
    """Sum of absolute values times `l1` plus sum of squares times `l2`."""

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1 = config.cast_to_floatx(l1)
        self.l2 = config.cast_to_floatx(l2)

    def __call__(self, x: Any) -> Tensor:
        if not self.l1 and not self.l2:
            return constant(0.0)
        loss: Any = 0.0
        if self.l1:
            loss += reduce_sum(self.l1 * abs_(x))
        if self.l2:
            loss += reduce_sum(self.l2 * square(x))
        return loss

    def get_config(self) -> dict[str, float]:
        """Return the arguments as a dict."""
        return {"l1": float(self.l1), "l2": float(self.l2)}


def l1(l: float = 0.01) -> L1L2:  # noqa: E741
    """Return the sum of absolute values times `l` as a regularizer."""
    return L1L2(l1=l)


def l2(l: float = 0.01) -> L1L2:  # noqa: E741
    """Return the sum of squares times `l` as a regularizer."""
    return L1L2(l2=l)


def l1_l2(l1: float = 0.01, l2: float = 0.01) -> L1L2:
    """Return both as one regularizer."""
    return L1L2(l1=l1, l2=l2)


KNOWN: dict[str, Any] = {"Regularizer": Regularizer, "L1L2": L1L2, "l1": l1, "l2": l2, "l1_l2": l1_l2}


def serialize(regularizer: Any) -> Any:
    """Return the class and arguments of a regularizer."""
    return serialize_keras_object(regularizer)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """Make a regularizer of what `serialize` gave."""
    return deserialize_keras_object(config, KNOWN, custom_objects, "regularizer")


def get(identifier: Any) -> Any:
    """Return a regularizer from a name, a dict of class and arguments, or a callable."""
    if identifier is None:
        return None
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        # Words name the makers l1, l2 and l1_l2 with their default strengths.
        return deserialize({"class_name": identifier, "config": {}})
    if callable(identifier):
        return identifier
    raise ValueError(f"Could not interpret regularizer identifier: {identifier}")

"""Values that may be absent, as one value of dtype variant. Files keep handles in lists by way of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.op import Array, Op, Spec, Variant
from flowlab._src.graph.shape import TensorShape

SCALAR = TensorShape.of(())


class Optional:
    """What flows: the components, or None for an absent value."""

    shape = ()

    def __init__(self, components: list[Any] | None) -> None:
        self.components = components


class OptionalFromValue(Op):
    """A value that is there."""

    grad = None

    def kernel(self, components: Sequence[Array]) -> Array[Variant]:
        return Optional(list(components))

    def shape(self, components: Sequence[Spec]) -> TensorShape:
        return SCALAR


class OptionalNone(Op):
    """An absent value."""

    grad = None

    def kernel(self) -> Array[Variant]:
        return Optional(None)

    def shape(self) -> TensorShape:
        return SCALAR


class OptionalHasValue(Op):
    """Whether the value is there."""

    grad = None

    def kernel(self, optional: Array[Variant]) -> Array[np.bool_]:
        return np.bool_(optional.components is not None)

    def shape(self, optional: Spec) -> TensorShape:
        return SCALAR


class OptionalGetValue(Op):
    """The components of a value that is there."""

    output_types: Sequence[DType]
    output_shapes: Sequence[TensorShape]

    def kernel(self, optional: Array[Variant]) -> Sequence[Array]:
        if optional.components is None:
            raise InvalidArgumentError(None, None, "The given optional does not have a value.")
        return list(optional.components)

    def dtypes(self, *inputs: Any) -> list[DType]:
        return list(self.output_types)

    def shape(self, optional: Spec) -> list[TensorShape]:
        return list(self.output_shapes)

"""`tf.TensorSpec`: what a tensor must be, without one: shape, type and name."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.arguments import refused
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.dtypes import DType, as_dtype, float32
from flowlab._src.graph.shape import TensorShape, as_shape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.graph.type_spec import TypeSpec
from flowlab._src.util.export import export


def described(value: Any, name: str) -> Any:
    """A tensor or a description of one."""
    if not hasattr(value, "dtype") or not hasattr(value, "shape"):
        raise refused("Tensor or TensorSpec", name, value)
    return value


@export("TensorSpec", "contrib.eager.TensorSpec", "contrib.framework.TensorSpec")
class TensorSpec(TypeSpec):
    """Describes a tensor: the `input_signature` of a `tf.function` is made of them.

    Parameters
    ----------
    shape : list of int or None
    dtype : DType
    name : str, optional

    Examples
    --------
    >>> tf.TensorSpec([None, 2], tf.float32, name="x")
    TensorSpec(shape=(?, 2), dtype=tf.float32, name='x')
    """

    __slots__ = ("_dtype", "_name", "_shape")

    def __init__(self, shape: Any, dtype: Any = float32, name: str | None = None) -> None:
        self._shape = as_shape(shape)
        self._dtype = as_dtype(dtype)
        self._name = name

    @classmethod
    def from_spec(cls, spec: Any, name: str | None = None) -> TensorSpec:
        """Return the same description, perhaps with another name."""
        return cls(described(spec, "spec").shape, spec.dtype, getattr(spec, "name", None) if name is None else name)

    @classmethod
    def from_tensor(cls, tensor: Any, name: str | None = None) -> TensorSpec:
        """Return the description of a tensor."""
        own = None if get_default_graph().eager else described(tensor, "tensor").op.name
        return cls(tensor.shape, tensor.dtype, own if name is None else name)

    @property
    def shape(self) -> TensorShape:
        """The shape, as far as it matters."""
        return self._shape

    @property
    def dtype(self) -> DType:
        """The type of the elements."""
        return self._dtype

    @property
    def name(self) -> str | None:
        """The name, or None."""
        return self._name

    @property
    def value_type(self) -> Any:
        """`tf.Tensor`."""
        return Tensor

    def _serialize(self) -> tuple[Any, ...]:
        return self._shape, self._dtype, self._name

    @classmethod
    def from_value(cls, value: Any) -> TensorSpec:
        """Return the description of a tensor, without its name."""
        return cls(described(value, "value").shape, value.dtype)

    def is_compatible_with(self, spec_or_tensor: Any) -> bool:
        """Tell whether a tensor, or what another description says, fits this one; names do not matter."""
        if not hasattr(spec_or_tensor, "dtype") or not hasattr(spec_or_tensor, "shape"):
            return False
        return self._dtype.is_compatible_with(spec_or_tensor.dtype) and self._shape.is_compatible_with(
            spec_or_tensor.shape
        )

    def most_specific_compatible_type(self, other: Any) -> Any:
        """Return the narrowest description that fits what both fit, ValueError if there is none."""
        if isinstance(other, TensorSpec) and self._name != other._name:
            other = TensorSpec(other._shape, other._dtype, self._name)
        return super().most_specific_compatible_type(other)

    def __repr__(self) -> str:
        return f"TensorSpec(shape={self._shape}, dtype={self._dtype!r}, name={self._name!r})"

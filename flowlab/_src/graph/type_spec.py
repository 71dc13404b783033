"""`tf.TypeSpec`: the base of all descriptions of values, such as "a sparse tensor of floats with two columns"."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.shape import TensorShape
from flowlab._src.util.export import export


@export("TypeSpec")
class TypeSpec(ABC):
    """Base class: describes values of one kind without having one.

    Two descriptions of one kind are compared part by part, so a subclass only says what its parts are.

    Examples
    --------
    >>> spec = tf.SparseTensorSpec([None, 2], tf.int32)
    >>> spec.is_compatible_with(tf.sparse.SparseTensor([[0, 1]], [7], [3, 2]))
    True
    """

    __slots__ = ()

    @property
    @abstractmethod
    def value_type(self) -> Any:
        """The class of the values described."""

    @abstractmethod
    def _serialize(self) -> tuple[Any, ...]:
        """The parts of the description, in the order of the constructor's arguments."""

    @classmethod
    def _deserialize(cls, parts: Any) -> Any:
        return cls(*parts)

    @classmethod
    def from_value(cls, value: Any) -> Any:
        """Return the description of a value."""
        raise NotImplementedError(f"{cls.__name__} cannot be read off a value")

    def _of(self, spec_or_value: Any) -> TypeSpec | None:
        """The description as it is, or that of a value of this kind; None for all else."""
        if isinstance(spec_or_value, TypeSpec):
            return spec_or_value if type(spec_or_value) is type(self) else None
        return self.from_value(spec_or_value) if isinstance(spec_or_value, self.value_type) else None

    def is_compatible_with(self, spec_or_value: Any) -> bool:
        """Tell whether a value, or what another description says, fits this one."""
        other = self._of(spec_or_value)
        return other is not None and _compatible(self._serialize(), other._serialize())

    def most_specific_compatible_type(self, other: Any) -> Any:
        """Return the narrowest description that fits what both fit.

        Raises
        ------
        ValueError
            If there is none.

        Examples
        --------
        >>> tf.TensorSpec([2, 3]).most_specific_compatible_type(tf.TensorSpec([2, 5]))
        TensorSpec(shape=(2, ?), dtype=tf.float32, name=None)
        """
        if type(self) is not type(other):
            raise ValueError(f"No TypeSpec is compatible with both {self!r} and {other!r}")
        try:
            return self._deserialize(_joined(self._serialize(), other._serialize()))
        except LookupError:
            raise ValueError(f"No TypeSpec is compatible with both {self!r} and {other!r}") from None

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and _key(self._serialize()) == _key(other._serialize())

    def __hash__(self) -> int:
        return hash((type(self), _key(self._serialize())))

    def __repr__(self) -> str:
        return f"{type(self).__name__}{self._serialize()!r}"


def _key(part: Any) -> Any:
    if isinstance(part, TensorShape):
        return ("shape", part._dims)
    return tuple(_key(p) for p in part) if isinstance(part, (list, tuple)) else part


def _compatible(a: Any, b: Any) -> bool:
    if isinstance(a, (TensorShape, DType, TypeSpec)) and isinstance(b, (TensorShape, DType, TypeSpec)):
        return bool(a.is_compatible_with(b))
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(_compatible(p, q) for p, q in zip(a, b, strict=True))
    return bool(a == b)


def _joined(a: Any, b: Any) -> Any:
    """What a and b have in common; LookupError if they contradict each other."""
    if isinstance(a, TensorShape) and isinstance(b, TensorShape):
        if a._dims is None or b._dims is None or len(a._dims) != len(b._dims):
            return TensorShape(None)
        return TensorShape([m if m == n else None for m, n in zip(a._dims, b._dims, strict=True)])
    if isinstance(a, TypeSpec) and isinstance(b, TypeSpec):
        return a.most_specific_compatible_type(b)
    if isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
        return tuple(_joined(p, q) for p, q in zip(a, b, strict=True))
    if a != b:
        raise LookupError
    return a

"""Static shapes: what is known of a tensor's size while the graph is built."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from flowlab._src.errors import ShapeError
from flowlab._src.graph.arguments import as_int
from flowlab._src.util.export import export

Dims = tuple[int | None, ...]


@export("Dimension")
class Dimension:
    """The size of one axis, or unknown (`value` None, written ?).

    Comparing with an unknown dimension gives None, "cannot say", instead of True or False.

    Examples
    --------
    >>> tf.Dimension(3) + 1, tf.Dimension(None) * 2
    (Dimension(4), Dimension(None))
    >>> (tf.Dimension(3) == tf.Dimension(None)) is None
    True
    """

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        if value is None:
            self._value: int | None = None
        elif isinstance(value, Dimension):
            self._value = value._value
        else:
            try:
                self._value = int(value.__index__())
            except (AttributeError, TypeError):
                raise TypeError(
                    f"Dimension value must be integer or None or have an __index__ method, got {value!r}"
                ) from None
            if self._value < 0:
                raise ValueError(f"Dimension {self._value} must be >= 0")

    @property
    def value(self) -> int | None:
        """The size, or None when unknown."""
        return self._value

    def is_compatible_with(self, other: Any) -> bool:
        """True unless both are known and differ."""
        other = as_dimension(other)
        return self._value is None or other._value is None or self._value == other._value

    def assert_is_compatible_with(self, other: Any) -> None:
        """Raise ValueError unless the two can be the same."""
        if not self.is_compatible_with(other):
            raise ValueError(f"Dimensions {self} and {other} are not compatible")

    def merge_with(self, other: Any) -> Dimension:
        """Return the more definite of the two; ValueError when they differ."""
        other = as_dimension(other)
        self.assert_is_compatible_with(other)
        return Dimension(other._value if self._value is None else self._value)

    def __repr__(self) -> str:
        return f"Dimension({self._value!r})"

    def __str__(self) -> str:
        return "?" if self._value is None else str(self._value)

    def __int__(self) -> Any:
        return self._value

    def __index__(self) -> Any:
        return self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def _compare(self, other: Any) -> tuple[int, int] | None:
        other = as_dimension(other)
        if self._value is None or other._value is None:
            return None
        return self._value, other._value

    def __eq__(self, other: object) -> Any:
        try:
            other = as_dimension(other)
        except (TypeError, ValueError):
            return NotImplemented
        return None if self._value is None or other._value is None else self._value == other._value

    def __ne__(self, other: object) -> Any:
        equal = self.__eq__(other)
        return equal if equal is None or equal is NotImplemented else not equal

    def __lt__(self, other: Any) -> Any:
        pair = self._compare(other)
        return None if pair is None else pair[0] < pair[1]

    def __le__(self, other: Any) -> Any:
        pair = self._compare(other)
        return None if pair is None else pair[0] <= pair[1]

    def __gt__(self, other: Any) -> Any:
        pair = self._compare(other)
        return None if pair is None else pair[0] > pair[1]

    def __ge__(self, other: Any) -> Any:
        pair = self._compare(other)
        return None if pair is None else pair[0] >= pair[1]

    def _calculate(self, other: Any, rule: Any, swap: bool = False) -> Any:
        try:
            other = as_dimension(other)
        except (TypeError, ValueError):
            return NotImplemented
        if self._value is None or other._value is None:
            return Dimension(None)
        a, b = (other._value, self._value) if swap else (self._value, other._value)
        return Dimension(rule(a, b))

    def __add__(self, other: Any) -> Any:
        return self._calculate(other, int.__add__)

    def __radd__(self, other: Any) -> Any:
        return self._calculate(other, int.__add__, swap=True)

    def __sub__(self, other: Any) -> Any:
        return self._calculate(other, int.__sub__)

    def __rsub__(self, other: Any) -> Any:
        return self._calculate(other, int.__sub__, swap=True)

    def __mul__(self, other: Any) -> Any:
        return self._calculate(other, int.__mul__)

    def __rmul__(self, other: Any) -> Any:
        return self._calculate(other, int.__mul__, swap=True)

    def __floordiv__(self, other: Any) -> Any:
        return self._calculate(other, int.__floordiv__)

    def __rfloordiv__(self, other: Any) -> Any:
        return self._calculate(other, int.__floordiv__, swap=True)

    def __mod__(self, other: Any) -> Any:
        return self._calculate(other, int.__mod__)

    def __rmod__(self, other: Any) -> Any:
        return self._calculate(other, int.__mod__, swap=True)

    def __div__(self, other: Any) -> Any:
        return self // other

    def __truediv__(self, other: Any) -> Any:
        raise TypeError(
            f"unsupported operand type(s) for /: 'Dimension' and '{type(other).__name__}', please use // instead"
        )

    def __rtruediv__(self, other: Any) -> Any:
        raise TypeError(
            f"unsupported operand type(s) for /: '{type(other).__name__}' and 'Dimension', please use // instead"
        )

    def __reduce__(self) -> Any:
        return Dimension, (self._value,)


def as_dimension(value: Any) -> Dimension:
    """Return `value` as a Dimension."""
    return value if isinstance(value, Dimension) else Dimension(value)


@export("TensorShape")
class TensorShape:
    """The shape of a tensor as far as it is known while building: complete, partial, or not even the rank.

    Parameters
    ----------
    dims : None, int, TensorShape or sequence of (int, None or Dimension)
        None: nothing is known. Otherwise the size of each axis, None where unknown.

    Examples
    --------
    >>> shape = tf.TensorShape([None, 784])
    >>> shape.as_list(), shape.ndims, shape.is_fully_defined()
    ([None, 784], 2, False)
    >>> print(shape.merge_with([100, None]))
    (100, 784)
    """

    __slots__ = ("_dims",)
    _dims: Dims | None

    def __init__(self, dims: Any) -> None:
        if dims is None:
            self._dims = None
        elif isinstance(dims, TensorShape):
            self._dims = dims._dims
        elif isinstance(dims, (list, tuple)):
            self._dims = tuple([d if d.__class__ is int and d >= 0 else Dimension(d)._value for d in dims])
        elif hasattr(dims, "dim") and hasattr(dims, "unknown_rank"):  # a TensorShapeProto
            self._dims = None if dims.unknown_rank else tuple(None if d.size == -1 else d.size for d in dims.dim)
        else:
            try:
                items = iter(dims)
            except TypeError:
                self._dims = (Dimension(dims)._value,)
            else:
                self._dims = tuple(Dimension(d)._value for d in items)

    @staticmethod
    def of(dims: Dims | None) -> TensorShape:
        """Make a shape of a checked tuple, without looking at it again."""
        self = object.__new__(TensorShape)
        self._dims = dims
        return self

    @property
    def dims(self) -> list[Dimension] | None:
        """The sizes as a list of Dimension, or None when the rank is unknown."""
        return None if self._dims is None else [Dimension(d) for d in self._dims]

    @property
    def ndims(self) -> int | None:
        """Number of axes, None when unknown."""
        return None if self._dims is None else len(self._dims)

    rank = ndims

    def as_list(self) -> list[int | None]:
        """Return the sizes as a list of int, None where unknown; ValueError when the rank is unknown."""
        return list(self._known("as_list() is not defined on an unknown TensorShape."))

    def _known(self, message: str) -> Dims:
        if self._dims is None:
            raise ValueError(message)
        return self._dims

    def num_elements(self) -> int | None:
        """Product of the sizes, None when one is unknown."""
        sizes = self._sizes()
        return None if sizes is None else math.prod(sizes)

    def _sizes(self) -> list[int] | None:
        """The sizes, when every one is known."""
        if self._dims is None:
            return None
        sizes = [d for d in self._dims if d is not None]
        return sizes if len(sizes) == len(self._dims) else None

    def is_fully_defined(self) -> bool:
        """True when every size is known."""
        return self._dims is not None and None not in self._dims

    def assert_is_fully_defined(self) -> None:
        """Raise ValueError unless every size is known."""
        if not self.is_fully_defined():
            raise ValueError(f"Shape {self} is not fully defined")

    def is_compatible_with(self, other: Any) -> bool:
        """True when a tensor could have both shapes."""
        other = as_shape(other)
        if self._dims is None or other._dims is None:
            return True
        return len(self._dims) == len(other._dims) and all(
            a is None or b is None or a == b for a, b in zip(self._dims, other._dims, strict=True)
        )

    def assert_is_compatible_with(self, other: Any) -> None:
        """Raise ValueError unless a tensor could have both shapes."""
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {as_shape(other)} are incompatible")

    def assert_same_rank(self, other: Any) -> None:
        """Raise ValueError when both ranks are known and differ."""
        other = as_shape(other)
        if self.ndims is not None and other.ndims is not None and self.ndims != other.ndims:
            raise ValueError(f"Shapes {self} and {other} must have the same rank")

    def assert_has_rank(self, rank: int | None) -> None:
        """Raise ValueError unless the rank can be `rank`."""
        if self.ndims not in (None, rank):
            raise ValueError(f"Shape {self} must have rank {rank}")

    def merge_with(self, other: Any) -> TensorShape:
        """Return the shape that knows what either knows; ValueError when they disagree."""
        shape: TensorShape = as_shape(other)
        if shape._dims is None or self._dims == shape._dims:
            return self
        if self._dims is None:
            return shape
        if not self.is_compatible_with(shape):
            raise ValueError(f"Shapes {self} and {shape} are not compatible")
        return TensorShape.of(tuple(b if a is None else a for a, b in zip(self._dims, shape._dims, strict=True)))

    def with_rank(self, rank: int) -> TensorShape:
        """Return this shape, knowing now that it has `rank` axes."""
        try:
            return self.merge_with(unknown_shape(as_int(rank, "rank")))
        except ValueError:
            raise ValueError(f"Shape {self} must have rank {rank}") from None

    def with_rank_at_least(self, rank: int) -> TensorShape:
        """Return this shape; ValueError when it has fewer than `rank` axes."""
        if self.ndims is not None and self.ndims < as_int(rank, "rank"):
            raise ValueError(f"Shape {self} must have rank at least {rank}")
        return self

    def with_rank_at_most(self, rank: int) -> TensorShape:
        """Return this shape; ValueError when it has more than `rank` axes."""
        if self.ndims is not None and self.ndims > as_int(rank, "rank"):
            raise ValueError(f"Shape {self} must have rank at most {rank}")
        return self

    def most_specific_compatible_shape(self, other: Any) -> TensorShape:
        """Return what both shapes agree on, None elsewhere."""
        other = as_shape(other)
        if self._dims is None or other._dims is None or len(self._dims) != len(other._dims):
            return unknown_shape()
        return TensorShape.of(tuple(a if a == b else None for a, b in zip(self._dims, other._dims, strict=True)))

    def concatenate(self, other: Any) -> TensorShape:
        """Return the axes of this shape followed by those of `other`."""
        other = as_shape(other)
        if self._dims is None or other._dims is None:
            return unknown_shape()
        return TensorShape.of(self._dims + other._dims)

    def as_proto(self) -> Any:
        """Return the shape as a TensorShapeProto, the form in which files hold it."""
        from flowlab._src.graph.tensor_proto import shape_to_proto

        return shape_to_proto(self)

    def __len__(self) -> int:
        return len(self._known("Cannot take the length of Shape with unknown rank."))

    def __bool__(self) -> bool:
        return self._dims is not None

    def __iter__(self) -> Iterator[Dimension]:
        return iter([Dimension(d) for d in self._known("Cannot iterate over a shape with unknown rank.")])

    def __getitem__(self, key: Any) -> Any:
        if self._dims is not None:
            try:
                found = self._dims[key]
            except IndexError:
                raise IndexError(
                    f"list index out of range: a shape of rank {len(self._dims)} has no axis {key}"
                ) from None
            except (TypeError, ValueError):
                raise TypeError(f"A shape is indexed by an integer or a slice of integers, not {key!r}.") from None
            return TensorShape.of(found) if isinstance(key, slice) else Dimension(found)
        if not isinstance(key, slice):
            return Dimension(None)
        start, stop = key.start or 0, key.stop
        if key.step is not None:
            raise ValueError("Steps are not yet handled")
        if stop is None or start < 0 or stop < 0:
            return unknown_shape()
        return unknown_shape(max(stop - start, 0))

    def __eq__(self, other: object) -> bool:
        try:
            return self._dims == as_shape(other)._dims
        except (TypeError, ValueError):
            return NotImplemented

    def __ne__(self, other: object) -> bool:
        try:
            other = as_shape(other)
        except (TypeError, ValueError):
            return NotImplemented
        if self._dims is None or other._dims is None:
            raise ValueError("The inequality of unknown TensorShapes is undefined.")
        return self._dims != other._dims

    def __hash__(self) -> int:
        return hash(self._dims)

    def __add__(self, other: Any) -> TensorShape:
        return self.concatenate(other)

    def __radd__(self, other: Any) -> TensorShape:
        return as_shape(other).concatenate(self)

    def __str__(self) -> str:
        if self._dims is None:
            return "<unknown>"
        inner = ", ".join("?" if d is None else str(d) for d in self._dims)
        return f"({inner},)" if len(self._dims) == 1 else f"({inner})"

    def __repr__(self) -> str:
        return f"TensorShape({self.dims!r})"

    def __reduce__(self) -> Any:
        return TensorShape, (None if self._dims is None else list(self._dims),)


def as_shape(value: Any) -> TensorShape:
    """Return `value` as a TensorShape."""
    return value if value.__class__ is TensorShape else TensorShape(value)


def unknown_shape(rank: int | None = None) -> TensorShape:
    """Return a shape of which at most the rank is known."""
    return TensorShape.of(None if rank is None else (None,) * rank)


SCALAR = TensorShape.of(())
UNKNOWN = TensorShape.of(None)


def format_dims(dims: Dims | None) -> str:
    """Write a shape as the runtime's messages do: [?,784]."""
    return "<unknown>" if dims is None else "[" + ",".join("?" if d is None else str(d) for d in dims) + "]"


def merge_dims(
    a: int | None, b: int | None, message: str = "Dimensions must be equal, but are {} and {}"
) -> int | None:
    """Return the known one of two sizes that must agree; ShapeError in TensorFlow's words when they differ."""
    if a is None:
        return b
    if b is None or a == b:
        return a
    raise ShapeError(message.format(a, b))


def merge_shapes(a: TensorShape, b: TensorShape, where: str = "") -> TensorShape:
    """Return what either of two shapes that must agree knows; ShapeError in TensorFlow's words when they differ.

    `where` is added to the message.
    """
    if a._dims is None or b._dims is None:
        return b if a._dims is None else a
    if len(a._dims) != len(b._dims):
        raise ShapeError(f"Shapes must be equal rank, but are {len(a._dims)} and {len(b._dims)}{where}")
    for i, (x, y) in enumerate(zip(a._dims, b._dims, strict=True)):
        if x is not None and y is not None and x != y:
            raise ShapeError(
                f"Dimension {i} in both shapes must be equal, but are {x} and {y}. Shapes are "
                f"{format_dims(a._dims)} and {format_dims(b._dims)}.{where}"
            )
    return a.merge_with(b)


def require_rank(shape: TensorShape, rank: int) -> Dims:
    """Return the sizes of a shape that must have `rank` axes, all None when its rank is unknown."""
    if shape._dims is None:
        return (None,) * rank
    if len(shape._dims) != rank:
        raise ShapeError(f"Shape must be rank {rank} but is rank {len(shape._dims)}")
    return shape._dims


def require_rank_at_least(shape: TensorShape, rank: int) -> None:
    """ShapeError unless the shape can have `rank` axes or more."""
    if shape._dims is not None and len(shape._dims) < rank:
        raise ShapeError(f"Shape must be at least rank {rank} but is rank {len(shape._dims)}")


def broadcast_shapes(shapes: Iterable[TensorShape]) -> TensorShape:
    """Return the shape that elementwise operations give: axes aligned from the right, size 1 stretched."""
    result = SCALAR
    for shape in shapes:
        a, b = result._dims, shape._dims
        if a is None or b is None:
            return UNKNOWN
        if a == b or not b:
            continue
        if not a:
            result = shape
            continue
        if len(a) < len(b):
            a = (1,) * (len(b) - len(a)) + a
        elif len(b) < len(a):
            b = (1,) * (len(a) - len(b)) + b
        result = TensorShape.of(tuple(map(_broadcast_dim, a, b)))
    return result


def _broadcast_dim(a: int | None, b: int | None) -> int | None:
    if a is None or b is None:
        # One side unknown: a known size other than 1 decides; 1 or unknown leaves it open.
        known = b if a is None else a
        return known if known is not None and known != 1 else None
    if a == b or b == 1:
        return a
    if a == 1:
        return b
    raise ShapeError(f"Dimensions must be equal, but are {a} and {b}")

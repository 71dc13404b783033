"""Python's operators on tensors: `a + 1`, `1 - a`, `a / b`, `a @ b`, `a < b`, `~a`.

Each adds the node that the function of that kind would add, named after the operator: `a + 1` is `add`, and the
constant it makes is `add/y`. The other operand takes the tensor's type: `a + 1` works for a float tensor too.

`==` is not here: in graph mode two tensors are equal when they are the same object, so that they can be dictionary
keys. Indexing, `a[1:]`, is in `slicing.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowlab._src.autodiff.slices import IndexedSlices
from flowlab._src.errors import add_notes
from flowlab._src.graph import dtypes
from flowlab._src.graph.composite import first_composite
from flowlab._src.graph.convert import convert, operand
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.eager_tensor import EagerTensor
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.sparse_tensor import SparseTensor
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops import arithmetic, compare, division, linalg, magnitude, powers
from flowlab._src.ops.misuse import misuse
from flowlab._src.util import source, written
from flowlab._src.util.export import export

Function = Callable[..., Any]


def override(operator: str, function: Function, nested: bool = False) -> None:
    """Let the operator, with the tensor on either side, call `function(x, y, name=...)`.

    `nested`: the function makes nodes that belong into a scope named after the operator.
    """

    def from_the_left(x: Tensor, y: Any) -> Any:
        if (y.__class__ is Tensor or y.__class__ is EagerTensor) and not nested:
            return function(x, y, name=operator)
        with name_scope(None, operator, [x, y]) as name:
            if not isinstance(y, (Tensor, SparseTensor)):
                try:
                    y = as_operand(y, x._dtype, "y")
                except (TypeError, ValueError):
                    if is_tensor_like(y):
                        return NotImplemented  # a class that knows tensors: its own reversed operator is asked next
                    raise
            return function(x, y, name=name)

    def from_the_right(y: Tensor, x: Any) -> Any:
        with name_scope(None, operator, [x, y]) as name:
            return function(as_operand(x, y._dtype, "x"), y, name=name)

    from_the_left.__doc__ = from_the_right.__doc__ = function.__doc__
    Tensor._override_operator(f"__{operator}__", from_the_left)
    Tensor._override_operator(f"__r{operator}__", from_the_right)


def as_operand(value: Any, dtype: DType, name: str) -> Any:
    """The other operand as a tensor: numbers take the type of the tensor they meet, variables keep theirs."""
    if isinstance(getattr(value, "dtype", None), DType):
        return convert(value, name=name)
    try:
        return convert(value, dtype.base_dtype, name=name)
    except (TypeError, ValueError) as error:
        site = source.caller(2)
        why, fix = kinds_of_numbers(dtype, value, name)
        raise add_notes(error, where=site.quote() if site else "", why=why, fix=fix) from None


def kinds_of_numbers(dtype: DType, value: Any, name: str) -> tuple[str, str]:
    """Why a number does not go with a tensor, and the expression with one of them converted."""
    call = written.running()
    tensor = "y" if name == "x" else "x"
    mine = (call.argument(tensor) if call is not None else "") or "t"
    if dtype.is_integer and isinstance(value, float):
        cast = f"tf.cast({mine}, tf.float32)"
        whole = call.changed(**{tensor: cast}) if call is not None and mine != "t" else ""
        return f"{mine} holds whole numbers ({dtype.name}), and {value!r} is none", whole or cast
    if dtype.base_dtype is dtypes.string:
        text = f"tf.as_string({(call.argument(name) if call is not None else '') or repr(value)})"
        whole = call.changed(**{name: text}) if call is not None and mine != "t" else ""
        return f"{mine} holds text, and {value!r} is none", whole or text
    return "", ""


def is_tensor_like(value: Any) -> bool:
    """True for sparse tensors and other objects with a dtype of ours, which may handle the operator themselves."""
    return isinstance(getattr(value, "dtype", None), DType) and not isinstance(value, IndexedSlices)


def add_or_join(x: Tensor, y: Tensor, name: str) -> Tensor:
    """+ for numbers, and for strings, which `Add` joins."""
    return raw.Add(x, y, name=name) if x._dtype._base is dtypes.string else raw.AddV2(x, y, name=name)


def multiply(x: Tensor, y: Any, name: str) -> Any:
    """*: of a tensor and a sparse one only the elements are computed that the sparse one keeps."""
    if isinstance(y, SparseTensor):
        return SparseTensor(
            y.indices, raw.SparseDenseCwiseMul(y.indices, y.values, y.dense_shape, x, name=name), y.dense_shape
        )
    return arithmetic.multiply(x, y, name=name)


def modulo(x: Tensor, y: Tensor, name: str) -> Tensor:
    """%: the remainder with the sign of y."""
    return raw.FloorMod(x, y, name=name)


def logical_or_bitwise(logical: Function, bitwise: str) -> Function:
    """Make a function that works on truth values by one op and on integers, bit by bit, by another."""

    def apply(x: Tensor, y: Tensor, name: str) -> Tensor:
        if x._dtype._base is dtypes.bool_:
            return logical(x, y, name=name)
        return getattr(raw, bitwise)(x, y)

    return apply


def invert(x: Tensor) -> Tensor:
    """~: not, for truth values; all bits turned over, for integers."""
    if x._dtype._base is dtypes.bool_:
        return raw.LogicalNot(x)
    return raw.Invert(x)


override("add", add_or_join)
override("sub", arithmetic.subtract)
override("mul", multiply)
override("div", division.div)
override("truediv", division.truediv)
override("floordiv", division.floordiv)
override("mod", modulo)
override("pow", powers.pow_)
override("matmul", linalg.matmul)
override("and", logical_or_bitwise(compare.logical_and, "BitwiseAnd"), nested=True)
override("or", logical_or_bitwise(compare.logical_or, "BitwiseOr"), nested=True)
override("xor", logical_or_bitwise(compare.logical_xor, "BitwiseXor"), nested=True)

# One operand, or named after their op even as operators.
Tensor._override_operator("__neg__", arithmetic.negative)
Tensor._override_operator("__abs__", magnitude.abs_)
Tensor._override_operator("__invert__", invert)
Tensor._override_operator("__lt__", compare.less)
Tensor._override_operator("__le__", compare.less_equal)
Tensor._override_operator("__gt__", compare.greater)
Tensor._override_operator("__ge__", compare.greater_equal)


@export("divide", "math.divide")
def divide(x: Any, y: Any, name: str | None = None) -> Any:
    """Divide as Python does: x / y.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.divide(tf.constant([3, 1]), 2))
    array([1.5, 0.5])
    """
    composite = first_composite([x, y])
    if composite is not None:
        return composite._map(divide, [x, y], name=name)
    if name is not None:
        return division.truediv(x, y, name)
    x, y = operand(x, "x"), operand(y, "y")
    try:
        return x / y
    except (ZeroDivisionError, ValueError) as error:
        if isinstance(x, Tensor) or isinstance(y, Tensor):
            raise
        raise misuse(ValueError(f"{x} cannot be divided by {y}: {error}.")) from None

"""What a learner types into a stepper: a value to go on with, a place to stop. Read as data, never run as code."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from flowlab._src.graph.tensor import Tensor
from flowlab._src.util.text import did_you_mean

LONGEST = 20_000  # characters of a typed value
COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "<=": operator.le, ">=": operator.ge, "==": operator.eq, "!=": operator.ne, "<": operator.lt, ">": operator.gt,
}  # fmt: skip
MEASURES: dict[str, Callable[[np.ndarray], Any]] = {
    "value": lambda array: array,
    "max": np.max,
    "min": np.min,
    "mean": np.mean,
    "sum": np.sum,
    "norm": lambda array: np.sqrt(np.sum(np.square(np.abs(array.astype(np.float64))))),
}
CONDITION = re.compile(r"(\w*)\s*(<=|>=|==|!=|<|>)\s*(\S+)")


class TypedError(ValueError):
    """What was typed cannot be understood; the message says what to type."""


def read_value(text: str, tensor: Tensor) -> Any:
    """A typed value as an array of the tensor's dtype: "3.5", "[[1, 2], [3, 4]]", "nan", "'text'".

    Raises
    ------
    TypedError
        If it is no such value, or does not fit the tensor's dtype.
    """
    if len(text) > LONGEST:
        raise TypedError("this value is too long to be typed; use override(tensor, value) in a cell")
    try:
        found = ast.literal_eval(FloatNames().visit(ast.parse(text.strip(), mode="eval")))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise TypedError(f"type a number or a list such as [1.0, 2.0], not {shortened(text)}") from None
    dtype = tensor.dtype.base_dtype
    kind = dtype.name
    leaves = list(flat(found))
    wanted: tuple[type, ...] = (bool, int, float)
    if kind == "string":
        wanted = (str, bytes)
    elif kind == "bool":
        wanted = (bool,)
    elif kind.startswith("complex"):
        wanted = (bool, int, float, complex)
    elif not kind.startswith(("float", "bfloat")):
        wanted = (bool, int)
    wrong = next((leaf for leaf in leaves if not isinstance(leaf, wanted)), None)
    if wrong is not None:
        raise TypedError(f"{tensor.name} holds {kind}; {wrong!r} is none")
    try:
        if kind == "string":
            array = np.array(found, dtype=object)
            return np.vectorize(lambda s: s.encode("utf-8") if isinstance(s, str) else s, otypes=[object])(array)
        return np.array(found, dtype=dtype.as_numpy_dtype)
    except (ValueError, TypeError, OverflowError):
        raise TypedError(f"{shortened(text)} cannot become {kind} in one shape: rows must be of one length") from None


class FloatNames(ast.NodeTransformer):
    """`nan` and `inf` stand for the numbers of that name."""

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in ("nan", "inf"):
            return ast.copy_location(ast.Constant(float(node.id)), node)
        return node


def flat(value: Any) -> Any:
    """The innermost elements of lists and tuples."""
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from flat(item)
    else:
        yield value


def shortened(text: str) -> str:
    text = text.strip()
    return repr(text if len(text) <= 30 else text[:29] + "…")


def read_break(text: str, graph: Any) -> tuple[dict[str, Any], str]:
    """Where to stop, as arguments of `Stepper.break_at`, and the same in words.

    Understood are the name of an operation, an operation type, a condition on the value ("> 100", "max >= 1",
    "mean < 0", "nan"), and both with a condition behind: "MatMul max > 10".

    Raises
    ------
    TypedError
        If the text is none of these.
    """
    words = text.strip()
    if not words:
        raise TypedError("type a name, an operation type, or a condition such as max > 100")
    operations = graph.get_operations()
    names = {op.name for op in operations}
    types = {op.type for op in operations}
    first, _, rest = words.partition(" ")
    first = first.removesuffix(":0")
    where: dict[str, Any] = {"target": first} if first in names else {"op_type": first} if first in types else {}
    if where:
        if not rest.strip():
            return where, f"after {first}" if "target" in where else f"after each {first}"
        return {**where, "when": read_condition(rest)}, f"after {first} if {rest.strip()}"
    try:
        return {"when": read_condition(words)}, f"if {words}"
    except TypedError:
        hint = did_you_mean(words, [*names, *types])
        raise TypedError(f"no operation, type or condition {shortened(words)}. {hint}".rstrip()) from None


def read_condition(text: str) -> Callable[[Any], bool]:
    """A condition on a value: "nan", "> 3", "max > 100"."""
    words = text.strip()
    if words.lower() in ("nan", "inf", "not finite"):
        return lambda value: is_number(value) and not bool(np.isfinite(np.asarray(value)).all())
    found = CONDITION.fullmatch(words)
    if found is None or (found[1] or "value") not in MEASURES:
        raise TypedError(f"a condition is a comparison such as max > 100 or mean < 0, not {shortened(words)}")
    try:
        limit = float(found[3])
    except ValueError:
        raise TypedError(f"compare with a number, not with {shortened(found[3])}") from None
    measure, compare = MEASURES[found[1] or "value"], COMPARISONS[found[2]]

    def holds(value: Any) -> bool:
        array = np.asarray(value)
        return is_number(array) and array.size > 0 and bool(np.all(compare(measure(array), limit)))

    return holds


def is_number(value: Any) -> bool:
    return np.asarray(value).dtype.kind in "fiubc"

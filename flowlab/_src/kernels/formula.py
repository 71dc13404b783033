"""Formulas of elementwise operations: one text, read as scalar Python, as NumPy calls, and as the body of a loop.

An op that works element by element says what it computes, with the names of its kernel's parameters: "x + y",
"dy * (y * (1 - y))", "maximum(features, 0)". Its kernel does the same steps in the same order, so whoever writes a
formula out gets the kernel's numbers to the last bit:

    for single numbers     v3 = v1 + v2                    34 ns; a kernel call with the same addition takes 120
    for arrays             v3 = add(v1, v2, v1)            the result goes into an array that nobody needs any more
    for compiled loops     v3 = v1 + v2                    between reading v1 and writing v3: see `fused.py`
"""

from __future__ import annotations

import ast
import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from flowlab._src.kernels import vector_math

OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide", ast.USub: "negative",
    ast.Lt: "less", ast.LtE: "less_equal", ast.Gt: "greater", ast.GtE: "greater_equal", ast.Eq: "equal",
    ast.NotEq: "not_equal",
}  # fmt: skip
TRUTHS = (
    "less", "less_equal", "greater", "greater_equal", "equal", "not_equal", "logical_and", "logical_or", "logical_not",
)  # fmt: skip

# What depends on the types of single numbers or may fail: for loops over single numbers alone, which look beforehand
# (`scalar_loop.py`). "quotient" rounds toward zero.
OF_SINGLE = frozenset({"cast", "floor_divide", "remainder", "quotient", "fmod"})

# Functions that a compiled loop computes to NumPy's last bit, but for exp and tanh, where those of `vector_math.py` are
# taken for large arrays of float32, by kernels and formulas alike. Others stay between the loops.
IN_LOOPS = {
    "sqrt": "sqrt({})",
    "absolute": "abs({})",
    "negative": "-{}",
    "reciprocal": "one / {}",
    "sign": "(one if {0} > zero else (-one if {0} < zero else {0} + zero))",
    "maximum": "larger({}, {})",
    "minimum": "smaller({}, {})",
    "where": "({1} if {0} else {2})",
    "exp": "exp({})",
    "log1p": "log1p({})",
    "tanh": "tanh({})",
}
VECTOR = {"exp": vector_math.exp, "log1p": vector_math.log1p, "tanh": vector_math.tanh}

Dims = tuple[int, ...]


class Step(NamedTuple):
    """One NumPy function of a formula; arguments are other steps, names of inputs, or numbers."""

    function: str
    arguments: tuple[Any, ...]


@functools.cache
def parse(text: str) -> Any:
    """Read a formula as nested steps."""
    return _step(ast.parse(text, mode="eval").body)


def _step(node: ast.expr) -> Any:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Constant(value=value) if isinstance(value, (int, float)):
            return float(value)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=value)) if isinstance(value, (int, float)):
            return -float(value)
        case ast.UnaryOp(op=op, operand=operand):
            return Step(OPERATORS[type(op)], (_step(operand),))
        case ast.BinOp(left=left, op=op, right=right):
            return Step(OPERATORS[type(op)], (_step(left), _step(right)))
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return Step(OPERATORS[type(op)], (_step(left), _step(right)))
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return Step(name, tuple([_step(each) for each in arguments]))
    raise ValueError(f"no formula: {ast.unparse(node)}")


def with_names(step: Any, names: Mapping[str, str]) -> Any:
    """The formula of other inputs."""
    if isinstance(step, Step):
        return Step(step.function, tuple([with_names(each, names) for each in step.arguments]))
    return names[step] if isinstance(step, str) else step


def names(step: Any) -> set[str]:
    """The inputs that a formula names."""
    if isinstance(step, Step):
        return set().union(*[names(each) for each in step.arguments])
    return {step} if isinstance(step, str) else set()


def functions(step: Any) -> set[str]:
    """The NumPy functions that a formula uses."""
    if not isinstance(step, Step):
        return set()
    return {step.function}.union(*[functions(each) for each in step.arguments])


def has_numbers(step: Any) -> bool:
    """True when numbers are written in the formula: then it is for floats."""
    return (
        any(isinstance(each, float) or has_numbers(each) for each in step.arguments)
        if isinstance(step, Step)
        else False
    )


def gives_truth(step: Any, truths: set[str] | frozenset[str] = frozenset()) -> bool:
    """True when the result is a truth value, `truths` being the inputs that are."""
    if isinstance(step, Step):
        return step.function in TRUTHS
    return step in truths


SYMBOLS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "less": "<", "less_equal": "<=", "greater": ">",
           "greater_equal": ">=", "equal": "==", "not_equal": "!="}  # fmt: skip

Bind = Callable[[str, Any], str]


def scalar_text(step: Any, kind: Any, bind: Bind) -> str:
    """A formula for single numbers of a dtype: Python's operators, and NumPy's functions where there is none."""
    if isinstance(step, str):
        return step
    if isinstance(step, float):
        return bind(_number_name(step, kind), kind(step))
    arguments = [scalar_text(each, kind, bind) for each in step.arguments]
    if step.function in SYMBOLS:
        return f"({arguments[0]} {SYMBOLS[step.function]} {arguments[1]})"
    if step.function == "negative":
        return f"(-{arguments[0]})"
    if step.function == "where":
        return f"({arguments[1]} if {arguments[0]} else {arguments[2]})"
    return f"{bind(step.function, getattr(np, step.function))}({', '.join(arguments)})"


def _number_name(number: float, kind: Any) -> str:
    return f"c{number.hex()}_{kind.__name__}".replace("-", "m").replace(".", "_").replace("+", "p")


class ArrayText:
    """Writes a formula for arrays of known shapes as calls of NumPy's functions.

    `dying` are the inputs that nobody needs afterwards and whose memory may be taken for a result.
    """

    def __init__(self, dims: Mapping[str, Dims], truths: set[str], dying: set[str], kind: Any, bind: Bind) -> None:
        self._dims, self._truths, self._dying, self._kind, self._bind = dims, truths, dying, kind, bind
        self._uses: dict[str, int] = {}
        self.temporaries: list[str] = []

    def write(self, step: Step) -> str:
        """The text of the whole formula."""
        self._count(step)
        return self._write(step)[0]

    def _count(self, step: Any) -> None:
        if isinstance(step, Step):
            for each in step.arguments:
                self._count(each)
        elif isinstance(step, str):
            self._uses[step] = self._uses.get(step, 0) + 1

    def _write(self, step: Any) -> tuple[str, Dims, bool]:
        """Text, shape, and whether it is a new array."""
        if isinstance(step, str):
            return step, self._dims[step], False
        if isinstance(step, float):
            # An array of no axes: NumPy adds it to an array in 360 ns, a NumPy scalar in 530.
            return self._bind("a" + _number_name(step, self._kind), np.array(step, self._kind)), (), False
        parts = [self._write(each) for each in step.arguments]
        dims = np.broadcast_shapes(*[part[1] for part in parts])
        name = self._bind(step.function, VECTOR.get(step.function) or getattr(np, step.function))
        texts = [part[0] for part in parts]
        if step.function == "where":  # no place for the result can be given
            return f"{name}({', '.join(texts)})", dims, True
        truth = gives_truth(step)
        out = "out=" if step.function in ("maximum", "minimum") else ""  # NumPy wants the word there
        for i, (argument, (text, own_dims, new)) in enumerate(zip(step.arguments, parts, strict=True)):
            if own_dims != dims or not dims or gives_truth(argument, self._truths) != truth:
                continue
            if new:
                place = f"w{len(self.temporaries)}"
                self.temporaries.append(place)
                texts[i] = f"({place} := {text})"
                return f"{name}({', '.join(texts)}, {out}{place})", dims, True
            if argument in self._dying and self._uses[argument] == step.arguments.count(argument):
                return f"{name}({', '.join(texts)}, {out}{argument})", dims, True
        return f"{name}({', '.join(texts)})", dims, True


def loop_text(step: Any, numbers: dict[str, str]) -> str:
    """A formula for the elements in a compiled loop.

    Its numbers are made once, before the loop: `numbers` collects how, and the names that stand for them in the text.
    """
    if isinstance(step, str):
        return step
    if isinstance(step, float):
        made = f"kind({step!r})"  # of the dtype of the loop
        return numbers.setdefault(made, f"c{len(numbers)}")
    arguments = [loop_text(each, numbers) for each in step.arguments]
    if step.function in SYMBOLS:
        for i, each in enumerate(step.arguments):
            if gives_truth(each):  # a truth value in a product is 1 or 0
                arguments[i] = f"(one if {arguments[i]} else zero)"
    return function_text(step.function, arguments)


def function_text(function: str, arguments: Sequence[str]) -> str:
    """One function of a formula in a compiled loop."""
    if function in SYMBOLS:
        return f"({arguments[0]} {SYMBOLS[function]} {arguments[1]})"
    return f"({IN_LOOPS[function].format(*arguments)})"


def steps_of(step: Any) -> int:
    """How many NumPy functions a formula takes."""
    return 1 + sum([steps_of(each) for each in step.arguments]) if isinstance(step, Step) else 0


def loops_can(step: Any, kind: Any, dims: Dims | None) -> bool:
    """True when a compiled loop for arrays of this kind and shape gives the numbers of the kernel with this formula.

    Without `dims` exp, log1p and tanh may be those of loops for small arrays too, where the kernel takes NumPy's.
    """
    used = functions(step)
    if not used <= {*IN_LOOPS, *SYMBOLS}:
        return False
    return used.isdisjoint(VECTOR) or (kind is np.float32 and (dims is None or count_of(dims) >= vector_math.LEAST))


def count_of(dims: Dims) -> int:
    """How many elements an array has."""
    return math.prod(dims)

"""Loops over single numbers as machine code: a body of ten operations takes 10 ns, where Python takes 3 us.

`tf.while_loop` with numbers for loop variables spends its time between the operations. Where all of them have formulas
(`formula.py`), condition and body are written as one function, with one statement for each step:

    while turns > 0:
     v1 = (p0 < k0)
     if not v1: break
     v2 = int32(p0 + k1)
     v3 = (p1 * k2)
     p0, p1 = v2, v3
     turns -= 1

Numbers have their types: a float32 is rounded after each step, an int32 wraps around. What such a loop cannot do, a
division by zero for which there is an error to raise, makes it stop *before* that iteration: whoever called it goes on
from there in the ordinary way and meets the error where it belongs. It also stops after some milliseconds, so that
Ctrl-C is heard.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Union

import numpy as np
from numpy import bool_, float32, float64, int32, int64  # noqa: F401  # texts name them

from flowlab._src.kernels import compiling, jit
from flowlab._src.kernels.formula import SYMBOLS, TRUTHS, function_text
from flowlab._src.kernels.fused import larger, smaller  # noqa: F401
from flowlab._src.kernels.jit import part

WHOLE = (np.bool_, np.int32, np.int64)
REAL = (np.float32, np.float64)
STATEMENTS = 4_000_000  # in one call: a few milliseconds
SECONDS = 0.2  # of Python's time in a loop, after which compiling it pays: loops that are long, or run again and again
CALL = 5e-6  # seconds that it takes to hand the numbers over: so long Python goes first
BETWEEN = 1024  # iterations in Python until the compiled loop is tried again

sqrt, floor, ceil, rint, trunc = np.sqrt, np.floor, np.ceil, np.rint, np.trunc
fmod, copysign = np.fmod, np.copysign


class Assign(NamedTuple):
    """`name` becomes the result of a formula, a number of this type."""

    name: str
    kind: Any
    step: Any


class Choice(NamedTuple):
    """One of two blocks runs; then each name becomes the value of one or the other."""

    condition: str
    then: Sequence[Statement]
    otherwise: Sequence[Statement]
    results: Sequence[tuple[str, Any, str, str]]  # name, type, its value in the first case and in the second


Statement = Union[Assign, Choice]  # noqa: UP007  # the names are not known here yet


class Description(NamedTuple):
    """What a loop over single numbers computes; all values have names."""

    variables: Sequence[tuple[str, Any]]  # the loop variables, and their types
    others: Sequence[tuple[str, Any]]  # what stays as it is: constants, numbers from outside
    condition: Sequence[Statement]
    answer: str
    body: Sequence[Statement]
    results: Sequence[str]  # the new values of the loop variables


# ---------------------------------------------------------------- parts: what NumPy does, for one number


@part
def no_quotient(x: Any, y: Any) -> bool:
    """Whether the quotient of two whole numbers is an error, or a number too large."""
    return y == 0 or (y == -1 and x != 0 and x == -x)


@part
def no_int32(x: float) -> bool:
    """Whether a float is none that a cast to int32 can give."""
    return not (x >= -2147483648.0 and x < 2147483648.0)


@part
def no_int64(x: float) -> bool:
    """Whether a float is none that a cast to int64 can give."""
    return not (x >= -9223372036854775808.0 and x < 9223372036854775808.0)


@part
def quotient(x: int, y: int) -> int:
    """Rounded toward zero."""
    q = x // y
    return q + 1 if q < 0 and q * y != x else q


@part
def whole_fmod(x: int, y: int) -> int:
    """The remainder with the sign of x."""
    r = x % y
    return r - y if r != 0 and (r < 0) != (x < 0) else r


@part
def float_remainder(x: Any, y: Any) -> Any:
    """np.mod: the remainder with the sign of y."""
    r = fmod(x, y)
    if y == 0 or r != r:
        return r
    if r != 0:
        return r + y if (y < 0) != (r < 0) else r
    return copysign(r, y)


# ---------------------------------------------------------------- text

AS_IN_ARRAYS = ("add", "subtract", "multiply", "negative", "absolute", "maximum", "minimum")
FLOATS_AS_IN_ARRAYS = (*AS_IN_ARRAYS, "sqrt", "divide")
FLOATS_ONLY = {
    "floor": "floor({})", "ceil": "ceil({})", "rint": "rint({})", "trunc": "trunc({})",
    "reciprocal": "({kind}(1) / {})", "remainder": "float_remainder({}, {})", "fmod": "fmod({}, {})",
}  # fmt: skip
WHOLE_ONLY = {
    "floor_divide": "({} // {})", "remainder": "({} % {})", "quotient": "quotient({}, {})", "fmod": "whole_fmod({}, {})",
}  # fmt: skip
LOGIC = {"logical_and": "({} and {})", "logical_or": "({} or {})", "logical_not": "(not {})"}


class NotScalar(Exception):
    """There is no such loop for this."""


class Writer:
    """Writes statements; `kinds` are the types of the names so far."""

    def __init__(self, kinds: dict[str, Any]) -> None:
        self.kinds = kinds
        self.lines: list[str] = []

    def block(self, statements: Sequence[Statement], indent: str) -> None:
        """Write statements one below the other."""
        for statement in statements:
            if isinstance(statement, Assign):
                checks: list[str] = []
                text, kind = self.formula(statement.step, statement.kind, checks)
                if kind is not statement.kind:
                    raise NotScalar(f"{kind} for {statement.kind}")
                self.lines += [f"{indent}if {check}: break" for check in checks]
                self.lines.append(f"{indent}{statement.name} = {text}")
                self.kinds[statement.name] = kind
                continue
            for word, inner, place in (
                (f"if {statement.condition}:", statement.then, 2),
                ("else:", statement.otherwise, 3),
            ):
                self.lines.append(indent + word)
                self.block(inner, indent + " ")
                self.lines += [f"{indent} {result[0]} = {result[place]}" for result in statement.results]
                self.lines.append(f"{indent} pass")
            self.kinds.update({name: kind for name, kind, *_ in statement.results})

    def formula(self, step: Any, wanted: Any, checks: list[str]) -> tuple[str, Any]:
        """Text and type of a formula. What must not hold of its numbers goes to `checks`."""
        if isinstance(step, str):
            return step, self.kinds[step]
        if isinstance(step, float):
            if wanted not in REAL:
                raise NotScalar("a number in a formula of whole numbers")
            return f"{wanted.__name__}({step!r})", wanted
        name = step.function
        inner = None if name == "cast" or name in TRUTHS else wanted
        given = [self.formula(each, inner, checks) for each in step.arguments if not isinstance(each, float)]
        kinds = [kind for _, kind in given]
        own = kinds[-1]  # of a choice, the condition comes first
        if any(isinstance(each, float) for each in step.arguments):
            given = [self.formula(each, own, checks) for each in step.arguments]
        texts = [text for text, _ in given]
        if name == "cast":
            return self._cast(texts[0], own, wanted, checks), wanted
        if name == "where":
            if given[0][1] is not np.bool_ or given[1][1] is not own:
                raise NotScalar(name)
            return function_text(name, texts), own
        if any(kind is not own for kind in kinds):
            raise NotScalar(f"{name} of {kinds}")
        if name in LOGIC and own is np.bool_:
            return LOGIC[name].format(*texts), np.bool_
        if name in TRUTHS and name in SYMBOLS:
            return function_text(name, texts), np.bool_
        real = own in REAL
        alike = name in (FLOATS_AS_IN_ARRAYS if real else AS_IN_ARRAYS)
        table = FLOATS_ONLY if real else WHOLE_ONLY
        if own is np.bool_ or not (alike or name in table):
            raise NotScalar(f"{name} of {own}")
        if name in WHOLE_ONLY and not real:
            checks.append(f"no_quotient({texts[0]}, {texts[1]})")
        text = function_text(name, texts) if alike else table[name].format(*texts, kind=own.__name__)
        exact = real and name not in ("remainder", "fmod")
        return (text if exact else f"{own.__name__}({text})"), own

    @staticmethod
    def _cast(text: str, kind: Any, wanted: Any, checks: list[str]) -> str:
        if wanted is np.bool_:
            return f"({text} != 0)"
        if kind in REAL and wanted in WHOLE:
            checks.append(f"no_{wanted.__name__}({text})")
        return f"{wanted.__name__}({text})"


def places(values: Sequence[tuple[str, Any]]) -> dict[str, tuple[str, int]]:
    """Where each value is handed over: in an array of whole numbers or in one of floats, and at which place."""
    counts = {"whole": 0, "real": 0}
    result = {}
    for name, kind in values:
        array = "real" if kind in REAL else "whole"
        result[name] = array, counts[array]
        counts[array] += 1
    return result


def write(loop: Description) -> str:
    """Write the loop as a function; raises NotScalar where something has no text."""
    given = [*loop.variables, *loop.others]
    writer = Writer(dict(given))
    writer.block(loop.condition, "  ")
    writer.lines.append(f"  if not {loop.answer}: break")
    writer.block(loop.body, "  ")
    expected = [kind for _, kind in loop.variables]
    if writer.kinds[loop.answer] is not np.bool_ or [writer.kinds[name] for name in loop.results] != expected:
        raise NotScalar("types")
    where = places(given)
    names = ", ".join(name for name, _ in loop.variables)
    head = []
    for name, kind in given:
        array, place = where[name]
        number = f"{array}[{place}]"
        head.append(f" {name} = {f'({number} != 0)' if kind is np.bool_ else f'{kind.__name__}({number})'}")
    tail = [" state[0] = turns"]
    for name, kind in loop.variables:
        array, place = where[name]
        tail.append(f" {array}[{place}] = {f'int64({name})' if kind is np.bool_ else name}")
    turn = [f"  {names}, = {', '.join(loop.results)},", "  turns -= 1"]
    lines = [
        "def run(state, whole, real):",
        *head,
        " turns = state[0]",
        " while turns > 0:",
        *writer.lines,
        *turn,
        *tail,
    ]
    return "\n".join(lines)


class ScalarLoop:
    """A loop over single numbers: called with what it starts from, goes as far as it can."""

    def __init__(self, loop: Description) -> None:
        text = write(loop)
        arrays = {"state": (1, True, "int64"), "whole": (1, True, "int64"), "real": (1, True, "float64")}
        self.loop = jit.written("scalar_loop", text, arrays)
        self._kinds = [kind for _, kind in (*loop.variables, *loop.others)]
        self._count = len(loop.variables)
        self._lines = text.count("\n")
        self._seconds = 5e-7 + 1e-7 * (len(loop.condition) + len(loop.body))  # of an iteration in Python, about
        self.pause = 1 + int(CALL / self._seconds)  # iterations before the compiled loop is tried
        self._spent = 0.0
        self._run: Callable[..., Any] | None = None

    def ready(self, iterations: int) -> bool:
        """Whether the machine code is there; asked for after many iterations without it."""
        if self._run is None:
            self._spent += self._seconds * iterations
            if self._spent >= SECONDS or compiling.compiler.policy == compiling.WAIT:
                self._run = self.loop.ready(np.dtype(np.float64), 1)
        return self._run is not None

    def __call__(self, values: Sequence[Any], others: Sequence[Any]) -> tuple[Sequence[Any], int]:
        """Iterate from the values of the loop variables; returns their new values, and how many iterations that took.

        The condition does not hold any more then, or the next iteration is for the ordinary way.
        """
        run, kinds = self._run, self._kinds
        given = [*values, *others]
        if run is None or any(
            getattr(value, "dtype", None) != kind or value.shape != () for value, kind in zip(given, kinds, strict=True)
        ):
            return values, 0
        whole = np.array([value for value, kind in zip(given, kinds, strict=True) if kind not in REAL], np.int64)
        real = np.array([value for value, kind in zip(given, kinds, strict=True) if kind in REAL], np.float64)
        turns = STATEMENTS // self._lines + 1
        state = np.empty(1, np.int64)
        done = 0
        while True:
            state[0] = turns
            run(state, whole, real)
            done += turns - int(state[0])
            if state[0]:
                break
        wholes, reals = iter(whole.tolist()), iter(real.tolist())
        return [kind(next(reals if kind in REAL else wholes)) for kind in kinds[: self._count]], done

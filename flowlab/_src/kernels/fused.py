"""Runs of elementwise operations as one compiled loop, which reads each input once and writes each result once.

NumPy does one operation at a time: a call costs 0.3 us, and large arrays travel to memory and back for each. A plan
that is run again and again knows which elementwise operations follow each other, so their formulas (`formula.py`) are
put into one loop. The loop is compiled in the background like all others (`jit.py`), is found again by what it computes,
and until it is there NumPy does the same steps. Both give the same numbers: loops have operations that are exact, or
rounded once, as the standard for floating-point numbers says: + - * /, square root, comparisons, choices; and, on large
arrays of float32, exp, log1p and tanh, which differ from NumPy's in the last bit (`vector_math.py`).

Where arrays are cut into columns or joined from them, as the four gates of an LSTM are, the loop reads or writes the
columns of the whole array: a `Value` may lie `within` another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flowlab._src.kernels import compiling, jit
from flowlab._src.kernels.formula import Dims, count_of, loop_text
from flowlab._src.kernels.jit import (  # noqa: F401  # texts name some
    Loop,
    Separate,
    claim,
    matrix_at,
    numbers_at,
    part,
    pieces,
    plain,
    span,
    truths_at,
)
from flowlab._src.kernels.threads import share
from flowlab._src.kernels.vector_math import exp32, log1p32, tanh32

SECONDS = (
    0.2  # of NumPy's time in one run of operations, after which compiling it pays: a program that goes on for long
)

sqrt, exp, log1p, tanh = np.sqrt, exp32, log1p32, tanh32  # texts name them


@part
def larger(x: float, y: float) -> float:
    """np.maximum: nan wins."""
    return x if x >= y or x != x else y


@part
def smaller(x: float, y: float) -> float:
    """np.minimum: nan wins."""
    return x if x <= y or x != x else y


class Value(NamedTuple):
    """An input or result of a run."""

    name: str
    dims: Dims
    truth: bool  # its elements are truth values
    within: tuple[str, int] | None = None  # it is columns of the array of this name, from this one on


class Layout:
    """How the inputs of a loop lie to its results, seen as rows and columns.

    An input is a single number, or has the shape of the results, or is one row for all rows, or a column.
    """

    def __init__(self, dims: Dims) -> None:
        self.dims = dims
        self.split: int | None = None  # so many axes make the rows; None while all inputs are whole or numbers

    def takes(self, dims: Dims) -> bool:
        """Whether an input of this shape fits; it is noted."""
        if dims in ((), self.dims):
            return True
        padded = (1,) * (len(self.dims) - len(dims)) + dims
        for split in range(1, len(self.dims)) if self.split is None else [self.split]:
            if self._kind(padded, split):
                self.split = split
                return True
        return False

    def takes_columns(self) -> bool:
        """Whether inputs may be columns of larger arrays; it is noted that they are."""
        if len(self.dims) < 2 or self.split not in (None, len(self.dims) - 1):
            return False
        self.split = len(self.dims) - 1
        return True

    def _kind(self, padded: Dims, split: int) -> str:
        ones = (1,) * len(padded)
        if padded == ones[:split] + self.dims[split:]:
            return "row"
        return "column" if padded == self.dims[:split] + ones[split:] else ""

    def kind(self, dims: Dims) -> str:
        """What an input of this shape is: "number", "whole", "row" or "column"."""
        if dims in ((), self.dims):
            return "whole" if dims else "number"
        assert self.split is not None
        return self._kind((1,) * (len(self.dims) - len(dims)) + dims, self.split)


def columns_of(parts: Sequence[Value]) -> list[tuple[str, str, int]]:
    """Of values within others: name, name of the whole, first column."""
    return [(part.name, *part.within) for part in parts if part.within is not None]


class LoopText(NamedTuple):
    """The parts of a loop over rows (or elements) from `begin` to `end`, as lines of text."""

    parameters: list[str]
    before: list[str]  # made once
    loop: list[str]


def loop_lines(
    layout: Layout,
    inputs: Sequence[Value],
    steps: Sequence[tuple[str, Any]],
    outputs: Sequence[Value],
    parts: Sequence[Value] = (),
) -> LoopText:
    """Write a loop. `steps` are pairs of a name and a formula in terms of inputs, their parts and earlier names.

    The parts of outputs are written under the names of values: they begin with the output's name.
    """
    wide = {of for _, of, _ in columns_of(parts)}
    kinds = {value.name: "wide" if value.name in wide else layout.kind(value.dims) for value in inputs}
    arrays = [value.name for value in (*inputs, *outputs) if kinds.get(value.name) != "number"]
    like = next(value.name for value in inputs if not value.truth)
    kind = f"type({like})" if kinds[like] == "number" else f"p{like}.dtype.type"
    rows = count_of(layout.dims[: layout.split or 0])
    columns = count_of(layout.dims[layout.split or 0 :])
    parameters = [f"p{value.name}" if value.name in arrays else value.name for value in (*inputs, *outputs)]
    kinds.update({value.name: "wide" for value in outputs if value.name in wide})
    read = {value.name for value in inputs}
    before = [f"kind = {kind}", "one, zero = kind(1), kind(0)"]
    constants: dict[str, str] = {}
    lines = [f"{name} = {loop_text(step, constants)}" for name, step in steps]
    before += [f"{name} = {text}" for text, name in constants.items()]
    whole = [name for name in arrays if kinds.get(name, "whole") == "whole"]
    flat = layout.split is None
    for name in arrays:
        shape = f"({rows}, -1)" if name in wide else "-1" if flat or name not in whole else f"({rows}, {columns})"
        before.append(f"a{name} = p{name}.reshape({shape})")
    if flat:
        body, indent = [f"b{name} = a{name}[begin:end]" for name in whole], ""
    else:
        body, indent = ["for row in range(begin, end):"], " "
        body += [f" b{name} = a{name}[row]" for name in whole]
        body += [f" {name} = a{name}[row]" for name in arrays if kinds.get(name) == "column"]
        body += [f" b{name} = a{name}" for name in arrays if kinds.get(name) == "row"]
        for name, of, begin in columns_of(parts):
            side = "b" if of in read else "o"  # a value may be read from one array and written to another
            body.append(f" {side}{name} = a{of}[row, {begin}:{begin + columns}]")
    body.append(f"{indent}for i in range({columns if not flat else f'b{outputs[0].name}.size'}):")
    looped = [value.name for value in inputs if kinds[value.name] in ("whole", "row")]
    looped += [name for name, of, _ in columns_of(parts) if of in read]
    body += [f"{indent} {name} = b{name}[i]" for name in looped]
    body += [f"{indent} {line}" for line in lines]
    body += [f"{indent} b{value.name}[i] = {value.name}" for value in outputs if value.name not in wide]
    body += [f"{indent} o{name}[i] = {name}" for name, of, _ in columns_of(parts) if of not in read]
    return LoopText(parameters, before, body)


def write_loop(
    layout: Layout,
    inputs: Sequence[Value],
    steps: Sequence[tuple[str, Any]],
    outputs: Sequence[Value],
    parts: Sequence[Value] = (),
) -> str:
    """Write the function of a loop whose pieces threads share."""
    parameters, before, loop = loop_lines(layout, inputs, steps, outputs, parts)
    size = count_of(layout.dims[: layout.split])
    body = [f"def run(turn, pieces, {', '.join(parameters)}):", *[f" {line}" for line in before]]
    body += [" piece = 0 if pieces == 1 else claim(turn)", " while piece < pieces:"]
    body += [f"  begin, end = span(piece, pieces, {size})", *[f"  {line}" for line in loop]]
    body.append("  piece = pieces if pieces == 1 else claim(turn)")
    return "\n".join(body)


def loop_for(
    layout: Layout,
    inputs: Sequence[Value],
    steps: Sequence[tuple[str, Any]],
    outputs: Sequence[Value],
    parts: Sequence[Value] = (),
) -> Loop:
    """The loop of a run; the same object for the same computation on the same layout."""
    text = write_loop(layout, inputs, steps, outputs, parts)
    parameters: dict[str, tuple[int, bool, str | None]] = {"turn": (1, True, "int64"), "pieces": (0, False, "int64")}
    for value, writable in [*[(v, False) for v in inputs], *[(v, True) for v in outputs]]:
        array = writable or value.dims != ()
        kind = "bool" if value.truth else None
        parameters[("p" if array else "") + value.name] = (len(value.dims), writable, kind)
    return jit.written("fused", text, parameters, separate=True)


class Fused:
    """A run of elementwise operations: called with its inputs, returns the list of its results."""

    def __init__(
        self,
        inputs: Sequence[Value],
        steps: Sequence[tuple[str, Any]],
        outputs: Sequence[Value],
        dtype: Any,
        by_numpy: Callable[..., Any],
        parts: Sequence[Value] = (),
    ) -> None:
        self._dtype = np.dtype(dtype)
        layout = Layout(parts[0].dims if parts else outputs[0].dims)
        wide = {of for _, of, _ in columns_of(parts)}
        if parts:
            layout.takes_columns()
        for value in inputs:
            if value.name not in wide:
                layout.takes(value.dims)
        self.loop = loop_for(layout, inputs, steps, outputs, parts)
        self.by_numpy = by_numpy
        self._dims = layout.dims
        self._outputs = [(value.dims, np.dtype(np.bool_) if value.truth else self._dtype) for value in outputs]
        self._shapes = [value.dims for value in inputs]
        size = count_of(self._dims)
        self._pieces = pieces(size)
        self._seconds = len(steps) * (3e-7 + 1e-10 * size)  # about what NumPy takes
        self._spent = 0.0
        self._turn = np.zeros(1, np.int64)
        self._turned = False
        self._run: Callable[..., Any] | None = None

    def __call__(self, *inputs: Any) -> Any:
        run = self._run or self._ready()
        if run is None or [x.shape for x in inputs] != self._shapes:
            return self.by_numpy(*inputs)
        results = [np.empty(dims, kind) for dims, kind in self._outputs]
        if not self._turned:
            try:
                self._call(run, inputs, results)
                return results
            except TypeError:  # an input is not in C order: transposed, or a part of an array
                self._turned = True
        self._call(run, [plain(x) if dims else x for x, dims in zip(inputs, self._shapes, strict=True)], results)
        return results

    def _call(self, run: Any, inputs: Sequence[Any], results: Sequence[NDArray[Any]]) -> None:
        if self._pieces == 1:
            run(self._turn, 1, *inputs, *results)
        else:
            share(run, self._pieces, *inputs, *results)

    def _ready(self) -> Callable[..., Any] | None:
        """The compiled loop, if it is there; asked for when enough time has been spent without."""
        self._spent += self._seconds
        if self._spent < SECONDS and compiling.compiler.policy != compiling.WAIT:
            return None
        self._run = self.loop.ready(self._dtype, 1)
        return self._run

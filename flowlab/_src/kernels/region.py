"""Regions of a plan as one compiled function: elementwise operations of several shapes, and what moves numbers between.

`fused.py` makes one loop of elementwise operations on arrays of one shape. Around them a training step joins arrays and
cuts them, adds up rows for a bias, stretches a column over a matrix: a microsecond or two each, most of which is Python.
A region is a list of such steps, written as one function: loop after loop, in which arrays lie flat, so that another
shape is another name for the same numbers and costs nothing. Inside there are no threads: regions are for arrays of a
few thousand numbers. They give NumPy's numbers to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from flowlab._src.kernels import compiling, fused, jit
from flowlab._src.kernels.formula import Dims, Step, count_of, loop_text
from flowlab._src.kernels.jit import Loop, plain


class Value(NamedTuple):
    """An array (or number) of a region."""

    name: str
    dims: Dims
    truth: bool = False  # its elements are truth values


class Formula(NamedTuple):
    """A formula for each element."""

    output: Value
    step: Step
    inputs: tuple[Value, ...]


class Alias(NamedTuple):
    """Another shape for the same numbers, or for those from `begin` on."""

    output: Value
    input: Value
    begin: int = 0


class Move(NamedTuple):
    """Pieces of arrays put together: columns of one array, seen as rows and columns, into columns of another.

    With `add` they are added to zeros, which stand wherever no piece is.
    """

    output: Value
    rows: int
    pieces: tuple[tuple[Value, int, int, int], ...]  # from where, first column there, first column here, how many
    add: bool = False


class Total(NamedTuple):
    """Rows added up."""

    output: Value
    input: Value
    rows: int


Item = Formula | Alias | Move | Total


class Nest:
    """Formulas for arrays of one shape, in one loop."""

    def __init__(self, dims: Dims) -> None:
        self.layout = fused.Layout(dims)
        self.formulas: list[Formula] = []
        self.made: set[str] = set()

    def takes(self, item: Formula) -> bool:
        """Whether the loop can compute this too; it is noted."""
        dims = self.layout.dims
        if item.output.dims != dims:
            return False
        layout = fused.Layout(dims)
        layout.split = self.layout.split
        if not all(layout.takes(value.dims) for value in item.inputs if value.name not in self.made):
            return False
        self.layout = layout
        self.formulas.append(item)
        self.made.add(item.output.name)
        return True


def nests_of(items: Sequence[Item]) -> list[Nest | Move | Total]:
    """The loops of a region in order; formulas of one shape share a loop as far as what they read allows."""
    nests: list[Nest | Move | Total] = []
    place: dict[str, int] = {}  # of the loop that makes a value
    whole: dict[str, bool] = {}  # only there when that loop is over

    def earliest(value: Value) -> int:
        return place.get(value.name, -1) + whole.get(value.name, False)

    for item in items:
        if isinstance(item, Alias):
            place[item.output.name] = place.get(item.input.name, -1)
            whole[item.output.name] = item.input.name in place
        elif isinstance(item, Formula):
            first = max([0, *map(earliest, item.inputs)])
            for number in range(first, len(nests)):
                nest = nests[number]
                if isinstance(nest, Nest) and nest.takes(item):
                    break
            else:
                number, nest = len(nests), Nest(item.output.dims)
                if not nest.takes(item):
                    raise ValueError("no layout for a formula")
                nests.append(nest)
            place[item.output.name], whole[item.output.name] = number, False
        else:
            place[item.output.name], whole[item.output.name] = len(nests), True
            nests.append(item)
    return nests


def write_region(inputs: Sequence[Value], items: Sequence[Item], outputs: Sequence[Value]) -> str:
    """Write the function. `outputs` are made by items that are no aliases."""
    given, wanted = {value.name for value in inputs}, {value.name for value in outputs}
    arrays = [value for value in inputs if value.dims]
    like = next(value.name for value in arrays if not value.truth)
    parameters = [f"p{v.name}" if v.dims else v.name for v in inputs] + [f"p{v.name}" for v in outputs]
    body = [f"def run({', '.join(parameters)}):", f" kind = p{like}.dtype.type", " one, zero = kind(1), kind(0)"]
    body += [f" a{value.name} = p{value.name}.reshape(-1)" for value in (*arrays, *outputs)]
    base = {value.name: (f"a{value.name}", 0) for value in arrays}
    aliases = {item.output.name: item for item in items if isinstance(item, Alias)}
    nests = nests_of(items)
    read_later: dict[str, list[int]] = {}
    for number, nest in enumerate(nests):
        for value in _reads(nest):
            name = value.name
            while name in aliases:
                name = aliases[name].input.name
            read_later.setdefault(name, []).append(number)
    constants: dict[str, str] = {}
    loops: list[str] = []

    def place_of(name: str) -> str:
        """The flat array in which a value lies."""
        begin = 0
        while name in aliases:
            begin += aliases[name].begin
            name = aliases[name].input.name
        return base[name][0] if not begin else f"{base[name][0]}[{begin}:]"

    def make(value: Value) -> str:
        if value.name not in wanted:
            kind = "np.bool_" if value.truth else f"p{like}.dtype"
            loops.append(f" a{value.name} = np.empty({count_of(value.dims)}, {kind})")
        base[value.name] = (f"a{value.name}", 0)
        return f"a{value.name}"

    for number, nest in enumerate(nests):
        if isinstance(nest, Nest):
            stored = [
                item.output
                for item in nest.formulas
                if item.output.name in wanted or any(n != number for n in read_later.get(item.output.name, ()))
                or any(aliases[a].input.name == item.output.name for a in aliases)
            ]  # fmt: skip
            for value in stored:
                make(value)
            loops += _nest_text(nest, stored, place_of, constants, {v.name for v in inputs if not v.dims})
        elif isinstance(nest, Total):
            loops += _total_text(nest, make(nest.output), place_of(nest.input.name))
        else:
            loops += _move_text(nest, make(nest.output), place_of)
    assert given
    body += [f" {name} = {text}" for text, name in constants.items()]
    return "\n".join(body + loops)


def _reads(nest: Nest | Move | Total) -> list[Value]:
    if isinstance(nest, Nest):
        return [value for item in nest.formulas for value in item.inputs if value.name not in nest.made]
    return [nest.input] if isinstance(nest, Total) else [piece[0] for piece in nest.pieces]


def _nest_text(
    nest: Nest, stored: Sequence[Value], place_of: Callable[[str], str], constants: dict[str, str], numbers: set[str]
) -> list[str]:
    """A loop over the elements, or over rows and in them over columns."""
    layout, lines = nest.layout, []
    for item in nest.formulas:
        line = loop_text(item.step)
        while "kind(" in line:  # numbers of the formulas are made once, before the loops
            begin = line.index("kind(")
            end = line.index(")", begin) + 1
            constant = constants.setdefault(line[begin:end], f"c{len(constants)}")
            line = line[:begin] + constant + line[end:]
        lines.append(f"{item.output.name} = {line}")
    read = {value.name: layout.kind(value.dims) for value in _reads(nest)}
    read = {name: kind for name, kind in read.items() if name not in numbers}
    rows, columns = count_of(layout.dims[: layout.split or 0]), count_of(layout.dims[layout.split or 0 :])
    whole = [name for name, kind in read.items() if kind == "whole"]
    flat, text = layout.split is None, list[str]()
    for name in read:
        text.append(f" d{name} = {place_of(name)}")
    for value in stored:
        text.append(f" s{value.name} = a{value.name}")
    for name, kind in read.items():
        if kind == "row" or (flat and kind == "whole"):
            text.append(f" b{name} = d{name}")
    if flat:
        text += [f" t{value.name} = s{value.name}" for value in stored]
        indent = " "
    else:
        text.append(f" for row in range({rows}):")
        part = f"[row * {columns}:row * {columns} + {columns}]"
        text += [f"  b{name} = d{name}{part}" for name in whole]
        text += [f"  t{value.name} = s{value.name}{part}" for value in stored]
        text += [f"  {name} = d{name}[row]" for name, kind in read.items() if kind == "column"]
        indent = "  "
    text.append(f"{indent}for i in range({columns}):")
    text += [f"{indent} {name} = b{name}[i]" for name, kind in read.items() if kind in ("whole", "row")]
    text += [f"{indent} {line}" for line in lines]
    return text + [f"{indent} t{value.name}[i] = {value.name}" for value in stored]


def _total_text(item: Total, output: str, source: str) -> list[str]:
    columns = count_of(item.output.dims)
    return [
        f" x = {source}",
        f" for i in range({columns}):",
        f"  {output}[i] = zero + x[i]",  # NumPy begins with 0, which makes a difference for -0
        f" for row in range(1, {item.rows}):",
        f"  y = x[row * {columns}:row * {columns} + {columns}]",
        f"  for i in range({columns}):",
        f"   {output}[i] += y[i]",
    ]


def _move_text(item: Move, output: str, place_of: Callable[[str], str]) -> list[str]:
    total = count_of(item.output.dims)
    width = total // item.rows
    text = []
    if item.add and sum(piece[3] for piece in item.pieces) < width:
        text += [f" for i in range({total}):", f"  {output}[i] = zero"]
    for value, begin, there, columns in item.pieces:
        own = count_of(value.dims) // item.rows
        text += [
            f" x = {place_of(value.name)}",
            f" for row in range({item.rows}):",
            f"  y, z = x[row * {own} + {begin}:row * {own} + {begin + columns}], "
            f"{output}[row * {width} + {there}:row * {width} + {there + columns}]",
            f"  for i in range({columns}):",
            f"   z[i] = y[i]{' + zero' if item.add else ''}",
        ]
    return text


def loop_for(inputs: Sequence[Value], items: Sequence[Item], outputs: Sequence[Value]) -> Loop:
    """The function of a region; the same object for the same computation."""
    text = write_region(inputs, items, outputs)
    parameters: dict[str, tuple[int, bool, str | None]] = {}
    for value, writable in [*[(v, False) for v in inputs], *[(v, True) for v in outputs]]:
        kind = "bool" if value.truth else None
        parameters[("p" if value.dims else "") + value.name] = (len(value.dims), writable, kind)
    return jit.written("fused", text, parameters, separate=True)


class Region:
    """A region: called with its inputs, returns the list of its results.

    `results` say for each result which output it is (by number), from which element on, and its shape.
    """

    def __init__(
        self,
        inputs: Sequence[Value],
        items: Sequence[Item],
        outputs: Sequence[Value],
        results: Sequence[tuple[int, int, Dims]],
        dtype: Any,
        by_numpy: Callable[..., Any],
    ) -> None:
        self.loop = loop_for(inputs, items, outputs)
        self.by_numpy = by_numpy
        self._dtype = np.dtype(dtype)
        self._outputs = [(value.dims, np.dtype(np.bool_) if value.truth else self._dtype) for value in outputs]
        whole = [(number, 0, value.dims) for number, value in enumerate(outputs)]
        self._views = None if list(results) == whole else list(results)
        self._shapes = [value.dims for value in inputs]
        self._numbers = [i for i, value in enumerate(inputs) if not value.dims]
        self._seconds = sum([3e-7 + 1e-10 * count_of(item.output.dims) for item in items])  # about what NumPy takes
        self._spent = 0.0
        self._run: Callable[..., Any] | None = None

    def __call__(self, *inputs: Any) -> Any:
        run = self._run or self._ready()
        if run is None or [x.shape for x in inputs] != self._shapes:
            return self.by_numpy(*inputs)
        given = inputs
        if self._numbers:
            given = tuple([x if dims else x[()] for x, dims in zip(inputs, self._shapes, strict=True)])
        empty = np.empty
        outputs = [empty(dims, kind) for dims, kind in self._outputs]
        try:
            run(*given, *outputs)
        except TypeError:  # an input is not in C order: transposed, or a part of an array
            run(*[plain(x) if dims else x for x, dims in zip(given, self._shapes, strict=True)], *outputs)
        if self._views is None:
            return outputs
        return [
            outputs[number].reshape(-1)[begin : begin + count_of(dims)].reshape(dims)
            for number, begin, dims in self._views
        ]

    def _ready(self) -> Callable[..., Any] | None:
        """The compiled function, if it is there; asked for when enough time has been spent without."""
        self._spent += self._seconds
        if self._spent < fused.SECONDS and compiling.compiler.policy != compiling.WAIT:
            return None
        self._run = self.loop.ready(self._dtype, 1)
        return self._run

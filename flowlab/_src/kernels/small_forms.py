"""What operations do on small arrays, and how it is written as code: one class for each kind of step.

An op that works element by element says what it computes by its formula (`formula.py`). Another one says it in
`small_form`, which stands beside its kernel and returns one of these:

    Product    MatMul                            the product of two matrices
    Total      Sum, Mean                         sums over axes
    Same       Reshape, ExpandDims, Squeeze ...  the same numbers with another shape, or a part of them
    Pieces     ConcatV2, Slice, Join             columns of arrays side by side
    Update     Assign, ApplyAdam ...             new values of variables, by formulas

`small_code.py` puts steps together to one function. In it arrays lie flat, so a step is written as loops of known lengths
over `a1[0]`, `a1[1]`, ... Sums that are marked so (`Part`) are added up in any order, which is what makes them fast, and
why `exact` tells them from what gives NumPy's numbers to the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from flowlab._src.kernels import reduction
from flowlab._src.kernels.formula import Dims, count_of
from flowlab._src.kernels.jit import Part

FEW = 8  # terms of a sum that are written one after the other


def never_negative(index: str) -> str:
    """Say to the compiler that an index counts from the beginning of an array, not from its end.

    Where it does not see that by itself, a loop stores one number after the other: 128 rows of 64 numbers into rows of
    65 in 6.1 us instead of 0.7.
    """
    return f"np.uint64({index})"


class Place(NamedTuple):
    """Where the text finds a value: the name of a flat array, or of a number."""

    name: str
    dims: Dims


class Form:
    """What a kernel does with some of its inputs."""

    @property
    def reads(self) -> int:
        """So many of the inputs, from the first on, are arrays that it reads; the others are known sizes and axes."""
        return 1

    def exact(self, dims: Dims) -> bool:
        """Whether the loops give NumPy's numbers to the last bit, the first input having this shape."""
        return True

    def text(self, output: Place, inputs: Sequence[Place]) -> list[str]:
        """The loops."""
        raise NotImplementedError


@dataclass(frozen=True)
class Product(Form):
    """The product of two matrices."""

    transpose_a: bool = False
    transpose_b: bool = False

    @property
    def reads(self) -> int:
        return 2

    def exact(self, dims: Dims) -> bool:
        return False

    def text(self, output: Place, inputs: Sequence[Place]) -> list[str]:
        """Where rows meet rows each element is a sum; else rows are added to rows."""
        (a, m), (b, _), (c, (rows, columns)) = *inputs, output
        depth = m[0] if self.transpose_a else m[1]

        def at_a(i: str, k: str) -> str:
            return f"{a}[{k} * {rows} + {i}]" if self.transpose_a else f"{a}[{i} * {depth} + {k}]"

        def at_b(k: str, j: str) -> str:
            return f"{b}[{j} * {depth} + {k}]" if self.transpose_b else f"{b}[{k} * {columns} + {j}]"

        each = [f"for i in range({rows}):", f" for j in range({columns}):"]
        if depth <= FEW:
            terms = " + ".join(f"{at_a('i', str(k))} * {at_b(str(k), 'j')}" for k in range(depth))
            return [*each, f"  {c}[i * {columns} + j] = {terms}"]
        if (not self.transpose_a or rows == 1) and (self.transpose_b or columns == 1):
            x, y = f"{a}[i * {depth}:(i + 1) * {depth}]", f"{b}[j * {depth}:(j + 1) * {depth}]"
            return [*each, f"  {c}[i * {columns} + j] = dot({x}, {y})"]
        order = [f"for k in range({depth}):", f" for i in range({rows}):"]
        if not self.transpose_a:
            order = [f"for i in range({rows}):", f" for k in range({depth}):"]
        change = f"   {c}[i * {columns} + j] += {at_a('i', 'k')} * {at_b('k', 'j')}"
        return [f"{c}[:] = zero", *order, f"  for j in range({columns}):", change]


@dataclass(frozen=True)
class Total(Form):
    """The sum of the first input over axes that are next to each other, or the mean."""

    axes: tuple[int, ...]
    mean: bool = False

    def exact(self, dims: Dims) -> bool:
        """Where NumPy adds row to row it can only do it in one order."""
        return self.axes == (0,) and not self.mean and count_of(dims[1:]) > 1 and count_of(dims) < reduction.LEAST

    def text(self, output: Place, inputs: Sequence[Place]) -> list[str]:
        (x, own), (y, dims) = inputs[0], output
        first, last = self.axes[0], self.axes[-1] + 1
        outer, count, inner = count_of(own[:first]), count_of(own[first:last]), count_of(own[last:])
        divided = f" / kind({float(count)!r})" if self.mean else ""
        if not dims:
            return [f"{y} = add_up({x}[:{count}]){divided}"]
        if inner == 1:
            return [f"for i in range({outer}):", f" {y}[i] = add_up({x}[i * {count}:(i + 1) * {count}]){divided}"]
        lines = [
            f"for i in range({outer}):",
            f" for j in range({inner}):",
            f"  {y}[i * {inner} + j] = zero + {x}[i * {count * inner} + j]",  # as NumPy begins: -0 becomes 0
            f" for k in range(1, {count}):",
            f"  for j in range({inner}):",
            f"   {y}[i * {inner} + j] += {x}[(i * {count} + k) * {inner} + j]",
        ]
        return lines + ([f"for i in range({outer * inner}):", f" {y}[i] = {y}[i]{divided}"] if divided else [])


@dataclass(frozen=True)
class Same(Form):
    """The numbers of the first input, from `begin` on, with another shape: another name for them, and no code."""

    begin: int = 0


@dataclass(frozen=True)
class Piece:
    """Columns of one array, seen as rows and columns, that become columns of another."""

    source: int  # which input
    begin: int  # the first column there
    there: int  # the first column in the result
    columns: int


@dataclass(frozen=True)
class Pieces(Form):
    """Pieces of arrays side by side. With `add` they are added to zeros, which stand wherever no piece is.

    Without, they are multiplied by a one that the compiler does not know: it would call the C library for each row, which
    takes four times as long for 64 numbers.
    """

    rows: int
    pieces: tuple[Piece, ...]
    add: bool = False
    there_already: int = 0  # columns that need not be written

    @property
    def reads(self) -> int:
        return 1 + max([piece.source for piece in self.pieces])

    def gaps(self, dims: Dims) -> bool:
        """Whether there are columns where no piece is, the result having this shape."""
        return (self.there_already + sum([piece.columns for piece in self.pieces])) * self.rows < count_of(dims)

    def without(self, sources: Sequence[int]) -> Pieces:
        """The same, with the columns from these inputs being there already."""
        left = tuple([piece for piece in self.pieces if piece.source not in sources])
        columns = sum([piece.columns for piece in self.pieces]) - sum([piece.columns for piece in left])
        return Pieces(self.rows, left, self.add, self.there_already + columns)

    def text(self, output: Place, inputs: Sequence[Place]) -> list[str]:
        name, total = output.name, count_of(output.dims)
        width, lines = total // self.rows, list[str]()
        if self.add and self.gaps(output.dims):
            lines += [f"for i in range({total}):", f" {name}[i] = zero"]
        for source, begin, there, columns in [(p.source, p.begin, p.there, p.columns) for p in self.pieces]:
            x, dims = inputs[source]
            own = count_of(dims) // self.rows
            lines += [
                f"for row in range({self.rows}):",
                f" for i in range({columns}):",
                f"  {name}[{never_negative(f'row * {width} + {there} + i')}] = {x}[row * {own} + {begin} + i]"
                + (" + zero" if self.add else " * unit"),
            ]
        return lines


@dataclass(frozen=True)
class Update(Form):
    """New values of variables, by their names among the inputs: formulas, of which each sees the ones before."""

    formulas: tuple[tuple[str, str], ...]


def cut(dims: Dims, part: Sequence[tuple[int, int]]) -> Form | None:
    """The form of a part of an array, given by begin and end along each axis, that is cut along one of them."""
    axes = [axis for axis, n in enumerate(dims) if part[axis] != (0, n)]
    if len(axes) != 1:
        return None
    rows, inner = count_of(dims[: axes[0]]), count_of(dims[axes[0] + 1 :])
    begin, end = part[axes[0]]
    return Same(begin * inner) if rows == 1 else Pieces(rows, (Piece(0, begin * inner, 0, (end - begin) * inner),))


def put(dims: Dims, parts: Sequence[Sequence[tuple[int, int]]]) -> Form | None:
    """The form of arrays put into zeros of a shape, where they lie apart along one axis."""
    axes = {axis for part in parts for axis, n in enumerate(dims) if part[axis] != (0, n)}
    if len(axes) != 1:
        return None
    (axis,) = axes
    rows, inner = count_of(dims[:axis]), count_of(dims[axis + 1 :])
    places = [(begin * inner, (end - begin) * inner) for begin, end in (part[axis] for part in parts)]
    return Pieces(rows, tuple([Piece(source, 0, *place) for source, place in enumerate(places)]), add=True)


def joined(shapes: Sequence[Dims], axis: int) -> Form:
    """The form of arrays joined along an axis."""
    rows, there, pieces = count_of(shapes[0][:axis]), 0, []
    for source, dims in enumerate(shapes):
        columns = count_of(dims[axis:])
        pieces.append(Piece(source, 0, there, columns))
        there += columns
    return Pieces(rows, tuple(pieces))


# ---------------------------------------------------------------- sums in any order


def _add_up(x: Any) -> Any:
    """The sum of an array."""
    total = x[0]
    for i in range(1, x.size):
        total += x[i]
    return total


def _dot(x: Any, y: Any) -> Any:
    """The sum of the products of two arrays."""
    total = x[0] * y[0]
    for i in range(1, x.size):
        total += x[i] * y[i]
    return total


REORDER = ("reassoc", "contract", "nsz")  # here alone: elsewhere numbers shall be NumPy's
add_up, dot = Part(_add_up, REORDER), Part(_dot, REORDER)

"""Steps on small arrays as one compiled function: a whole training step, or a part of a larger plan.

A step of linear regression on 100 points has 12 operations that take NumPy 0.2 to 1.5 us each, nearly all of it for
being called. Here they are parts of one function. Formulas for arrays of one shape share a loop, in which a number that
only they need is never stored; the other steps are written as `small_forms.py` says:

    for i in range(100):
     for j in range(1):
      av4[i * 1 + j] = av0[i * 1 + 0] * av2[0 * 1 + j]
    v3 = av3[0]
    for i0 in range(100):
     v4 = av4[i0]
     v1 = av1[i0]
     v5 = (v4 + v3)
     v6 = (v5 - v1)
     v7 = (v6 * v6)
     av7[i0] = v7
    v9 = add_up(av7[:100]) / kind(100.0)

There are no threads in it: it is for arrays of a few thousand numbers. The arrays that it needs for itself lie in one
piece of memory, which it is given. Formulas give NumPy's numbers to the last bit, but for exp, log1p and tanh, which are
those of `vector_math.py`; of the other steps those do that say so (`Form.exact`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from flowlab._src.kernels import compiling, formula, jit, small_forms
from flowlab._src.kernels.formula import Dims, Step, count_of
from flowlab._src.kernels.fused import SECONDS, exp, larger, log1p, smaller, sqrt, tanh  # noqa: F401  # texts name them
from flowlab._src.kernels.jit import plain
from flowlab._src.kernels.small_forms import Pieces, Place, Same, add_up, dot  # noqa: F401


class Value(NamedTuple):
    """An array of known shape, or a number."""

    name: str
    dims: Dims
    truth: bool = False  # its elements are truth values


class Statement(NamedTuple):
    """A value and what it is: a formula in the names of the inputs (a name alone: a copy), or a form."""

    output: Value
    what: Any
    inputs: tuple[Value, ...]

    @property
    def is_formula(self) -> bool:
        """Whether each element is computed for itself."""
        return isinstance(self.what, (Step, str))

    @property
    def outputs(self) -> list[Value]:
        """The value, as a list of one."""
        return [self.output]

    @property
    def reads(self) -> Sequence[Value]:
        """The inputs."""
        return self.inputs


class Description(NamedTuple):
    """What a function computes. All values have names of their own."""

    inputs: Sequence[Value]
    numbers: Mapping[str, Any]  # single numbers that never change, by name
    statements: Sequence[Statement]
    results: Sequence[Value]  # not inputs; truth values only as arrays


# ---------------------------------------------------------------- loops


class Nest:
    """Formulas for arrays of one shape, in one loop over the elements; for single numbers, without a loop."""

    def __init__(self, dims: Dims) -> None:
        self.dims = dims
        self.statements: list[Statement] = []
        self.made: set[str] = set()

    def add(self, statement: Statement) -> None:
        """Compute this too."""
        self.statements.append(statement)
        self.made.add(statement.output.name)

    @property
    def outputs(self) -> list[Value]:
        """What is computed here."""
        return [statement.output for statement in self.statements]

    @property
    def reads(self) -> list[Value]:
        """What is computed elsewhere."""
        found = {v.name: v for s in self.statements for v in s.inputs if v.name not in self.made}
        return list(found.values())

    def takes(self, statement: Statement) -> bool:
        """Whether a formula fits in: of the same shape; or only as large, and reading no rows or columns of its shape."""
        output, size = statement.output, count_of(self.dims)
        if output.dims == self.dims:
            return True
        others = [value for value in statement.inputs if value.dims and value.name not in self.made]
        return bool(self.dims) and {size} == {count_of(value.dims) for value in (output, *others)}

    def text(self, stored: Sequence[Value], constants: dict[str, str], put: Mapping[str, Put]) -> list[str]:
        """The loop, or loops over rows and columns where one of the inputs is a row or a column.

        What is `stored` goes into its array, or is `put` into another; `constants` are the numbers of formulas, see
        `loop_text`.
        """
        size = count_of(self.dims)
        read = [v._replace(dims=self.dims) if count_of(v.dims) == size else v for v in self.reads if v.dims]
        cuts = {put[value.name].rows for value in stored if value.name in put}
        lines = [f"{s.output.name} = {formula.loop_text(s.what, constants)}" for s in self.statements]
        axes = axes_of(self.dims, read, cuts)
        counters = [f"i{number}" for number in range(len(axes))]
        within: dict[int, list[str]] = defaultdict(list)  # by the number of loops around them: the lines
        for value in read:
            along = [number for number, (_, names) in enumerate(axes) if value.name in names]
            place = index([counters[number] for number in along], [axes[number][0] for number in along])
            within[1 + along[-1] if along else 0].append(f"{value.name} = a{value.name}[{place}]")
        within[len(axes)] += lines
        for value in stored:
            sizes = [each for each, _ in axes]
            into = put.get(value.name)
            place = index(counters, sizes) if into is None else into.place(counters, sizes)
            place = place if into is None and len(axes) < 2 else small_forms.never_negative(place)
            target, more = (value.name, "") if into is None else (into.target, " + zero" * into.add)
            within[len(axes)].append(f"a{target}[{place}] = {value.name}{more}")
        text = within[0]
        for number, (size, _) in enumerate(axes):
            text.append(f"{' ' * number}for {counters[number]} in range({size}):")
            text += [" " * (number + 1) + line for line in within[number + 1]]
        return text


def index(counters: Sequence[str], sizes: Sequence[int]) -> str:
    """Where a flat array has the element with these numbers along its axes."""
    text, stride = list[str](), 1
    for counter, size in zip(reversed(counters), reversed(sizes), strict=True):
        text.append(counter if stride == 1 else f"{counter} * {stride}")
        stride *= size
    return " + ".join(reversed(text)) or "0"


def axes_of(dims: Dims, read: Sequence[Value], cuts: Collection[int] = ()) -> list[tuple[int, set[str]]]:
    """The axes of a loop, with the names of the values that change along each; those alike are one, for they lie so.

    An axis ends where `cuts` say, which count the elements of the axes before.
    """
    axes: list[tuple[int, set[str]]] = []
    for axis, size in enumerate(dims):
        along = {v.name for v in read if axis >= (skip := len(dims) - len(v.dims)) and v.dims[axis - skip] == size}
        if size == 1:
            continue
        if axes and axes[-1][1] == along and count_of(dims[:axis]) not in cuts:
            size *= axes.pop()[0]
        axes.append((size, along))
    return axes


class Put(NamedTuple):
    """Where a value goes that is only made to become columns of another array, see `Pieces`."""

    target: str
    rows: int
    width: int  # of the other array
    there: int  # the first column
    add: bool

    def place(self, counters: Sequence[str], sizes: Sequence[int]) -> str:
        """Where the other array has an element of the value."""
        outer = next(n for n in range(len(sizes) + 1) if count_of(tuple(sizes[:n])) == self.rows)
        column = f"{self.there} + {index(counters[outer:], sizes[outer:])}"
        return index([*counters[:outer], column], [*sizes[:outer], self.width])


def puts_of(loops: Sequence[Nest | Statement], uses: Mapping[str, int]) -> dict[str, Put]:
    """The values that need no array of their own, by name: what a loop makes is put where it is wanted."""
    nests = {value.name: loop for loop in loops if isinstance(loop, Nest) for value in loop.outputs}
    found: dict[str, Put] = {}
    for loop in loops:
        if isinstance(loop, Nest) or not isinstance(loop.what, Pieces) or loop.what.gaps(loop.output.dims):
            continue
        rows, pieces = loop.what.rows, Counter([piece.source for piece in loop.what.pieces])
        for piece in loop.what.pieces:
            value = loop.inputs[piece.source]
            nest, size = nests.get(value.name), count_of(value.dims)
            if nest is None or uses[value.name] > 1 or pieces[piece.source] > 1 or value.truth:
                continue
            if piece.columns * rows != size:  # a part of it
                continue
            if any(count_of(nest.dims[:n]) == rows for n in range(len(nest.dims) + 1)):
                width = count_of(loop.output.dims) // rows
                found[value.name] = Put(loop.output.name, rows, width, piece.there, loop.what.add)
    return found


def loops_of(statements: Sequence[Statement], uses: Mapping[str, int]) -> list[Nest | Statement]:
    """The steps in order; formulas of one shape share a loop as far as what they read allows.

    Where a value is used but once (`uses`), and that for the same numbers with another shape, it gets that shape as it is
    made.
    """
    loops: list[Nest | Statement] = []
    made: dict[str, int] = {}  # the number of the loop that makes a value
    whole: set[str] = set()  # values that are there when that loop is over, and not element by element

    for statement in statements:
        output, inputs = statement.output.name, [value.name for value in statement.inputs]
        if isinstance(statement.what, Same):
            source = statement.inputs[0]
            if source.name in made:
                made[output], nest = made[source.name], loops[made[source.name]]
                if (
                    source.name in whole
                    or uses[source.name] > 1
                    or not isinstance(nest, Nest)
                    or (count_of(source.dims) != count_of(statement.output.dims) or statement.output.truth)
                ):
                    whole.add(output)
                else:
                    nest.add(statement._replace(what=source.name))
            continue
        if not statement.is_formula:
            made[output] = len(loops)
            whole.add(output)
            loops.append(statement)
            continue
        first = max([0, *[made[name] + (name in whole) for name in inputs if name in made]])
        for number in range(first, len(loops)):
            nest = loops[number]
            if isinstance(nest, Nest) and nest.takes(statement):
                break
        else:
            number, nest = len(loops), Nest(statement.output.dims)
            loops.append(nest)
        nest.add(statement)
        made[output] = number
    return loops


# ---------------------------------------------------------------- the function


class Text(NamedTuple):
    """A function as text, and how to call it."""

    text: str
    outputs: list[Value]  # arrays that it writes to, given behind the inputs
    numbers: list[str]  # results that are single numbers: they lie in the memory, from its second number on
    views: dict[str, tuple[str, str]]  # results that lie in an array: in which, and which part of it (an index)
    memory: int  # so many numbers; the first says whether the shapes were others than expected


def write(plan: Description) -> Text:
    """Write the function. Its parameters: memory, constants, the inputs, the outputs; those for arrays begin with "p"."""
    statements = used([as_formula(statement) for statement in plan.statements], plan.results)
    uses = Counter([v.name for s in statements for v in s.inputs] + [v.name for v in plan.results])
    loops = loops_of(statements, uses)
    in_loops = {value.name for loop in loops for value in loop.outputs}
    aliases = {s.output.name: s for s in statements if isinstance(s.what, Same) and s.output.name not in in_loops}
    put = puts_of(loops, uses)

    sizes = {v.name: count_of(v.dims) for v in (*plan.inputs, *[s.output for s in statements])}

    def root(name: str) -> tuple[str, str]:
        """The array in which a value lies, and, as an index, which part of it that is."""
        begin, size = 0, sizes[name]
        while name in aliases:
            begin += aliases[name].what.begin
            name = aliases[name].inputs[0].name
        return name, "" if size == sizes[name] else f"[{begin}:{begin + size}]"

    wanted = {root(value.name)[0] for value in plan.results}
    read = {root(value.name)[0] for loop in loops for value in loop.reads if value.dims}  # by others than its own loop
    stored = [[v for v in loop.outputs if v.dims and (v.name in wanted or v.name in read)] for loop in loops]
    # Truth values do not lie in a memory of numbers: where they are stored they are outputs too.
    outputs = [value for each in stored for value in each if value.name in wanted or value.truth]
    numbers = [value.name for value in plan.results if not value.dims]

    parameters = [*plan.inputs, *outputs]
    names = ", ".join([f"p{v.name}" if v.dims else v.name for v in parameters])
    head = [f"def run(memory, constants, {names}):", " kind = memory.dtype.type"]
    head.append(" one, zero, memory[0] = kind(1), kind(0), kind(0)")
    shapes = [f"(p{v.name}.shape != {v.dims})" for v in plan.inputs if v.dims]
    if shapes:  # "|", not "or": a branch for each would keep LLVM from taking several elements at once in the loops
        head += [f" if {' | '.join(shapes)}:", "  memory[0] = one", "  return"]
    head += [f" {name} = constants[{i}]" for i, name in enumerate([*plan.numbers, "unit"])]
    size, body, constants = 1 + len(numbers), list[str](), dict[str, str]()

    def have(value: Value) -> None:
        """Say where an array lies, and the others that lie in it."""
        nonlocal size
        if value in parameters:
            head.append(f" a{value.name} = p{value.name}.reshape(-1)")
        else:
            head.append(f" a{value.name} = memory[{size}:{size + count_of(value.dims)}]")
            size += count_of(value.dims)
        for alias in aliases:
            name, part = root(alias)
            if name == value.name:
                head.append(f" a{alias} = a{name}{part}")

    for value in plan.inputs:
        if value.dims:
            have(value)
    for loop, values in zip(loops, stored, strict=True):
        for value in values:
            if value.name not in put:
                have(value)
        if isinstance(loop, Nest):
            body += loop.text(values, constants, put)
        else:
            output, *inputs = [Place(f"a{v.name}" if v.dims else v.name, v.dims) for v in (loop.output, *loop.inputs)]
            left = loop.what
            if isinstance(left, Pieces):
                left = left.without([n for n, value in enumerate(loop.inputs) if value.name in put])
            body += left.text(output, inputs)
    head += [f" {name} = {number}" for number, name in constants.items()]
    body += [f"memory[{1 + i}] = {name}" for i, name in enumerate(numbers)]
    views = {value.name: root(value.name) for value in plan.results if value.name in aliases}
    return Text("\n".join([*head, *[f" {line}" for line in body]]), outputs, numbers, views, size)


def as_formula(statement: Statement) -> Statement:
    """A number that becomes an array, or an array of one that becomes a number, is copied."""
    if isinstance(statement.what, Same) and (not statement.output.dims or not statement.inputs[0].dims):
        return statement._replace(what=statement.inputs[0].name)
    return statement


def used(statements: Sequence[Statement], results: Sequence[Value]) -> list[Statement]:
    """The statements without those that nobody needs."""
    needed, found = {value.name for value in results}, list[Statement]()
    for statement in reversed(statements):
        if statement.output.name in needed:
            needed.update([value.name for value in statement.inputs])
            found.append(statement)
    return found[::-1]


class SmallCode:
    """A part of a plan on small arrays: called with its inputs, gives its results, and stores new values of variables.

    `variables` are results that are new values: by name the input that is the old one, and the variable's name in the
    session. `arrays` are those of the inputs that never change. `by_numpy` does the same with NumPy: until the function
    is there, for arrays that are not as expected, and when another thread has changed a variable in the meantime.
    """

    def __init__(
        self, plan: Description, arrays: Mapping[str, Any], variables: Mapping[str, tuple[str, str]], dtype: Any,
        by_numpy: Callable[..., Any], seconds: float,
    ) -> None:  # fmt: skip
        written = write(plan)
        parameters: dict[str, Any] = {"memory": (1, True, None), "constants": (1, False, None)}
        for value, writable in [*[(v, False) for v in plan.inputs], *[(v, True) for v in written.outputs]]:
            kind = "bool" if value.truth else None
            parameters[("p" if value.dims else "") + value.name] = len(value.dims), writable, kind
        self.loop = jit.written("small_code", written.text, parameters, separate=True)
        self.dtype = np.dtype(dtype)
        self.run: Callable[..., Any] | None = None
        self._by_numpy, self._seconds, self._spent = by_numpy, seconds, 0.0
        self.call = self._write_call(plan, written, arrays, variables)

    def _write_call(
        self, plan: Description, written: Text, arrays: Mapping[str, Any], variables: Mapping[str, tuple[str, str]]
    ) -> Callable[..., Any]:
        """The Python around the loops, called with state, frame and inputs; unwritten it would take longer than they do."""
        inputs = ", ".join(["state", "frame", *[value.name for value in plan.inputs if value.name not in arrays]])
        values = {
            "code": self, "empty": np.empty, "array": np.array, "plain": plain, "dtype": self.dtype, "by_numpy": self._by_numpy,
            "constants": np.array([*plan.numbers.values(), 1], self.dtype), **arrays,
        }  # fmt: skip
        otherwise = f"return by_numpy({inputs})"
        given = ", ".join(v.name if v.dims else f"{v.name}[()]" for v in plan.inputs)
        turned = ", ".join(f"plain({v.name}[...])" if v.dims else f"{v.name}[()]" for v in plan.inputs)
        places = "".join(f", {value.name}" for value in written.outputs)
        lines = [
            f"def call({inputs}, {', '.join(f'{name}={name}' for name in values)}):",
            " run = code.run or code.ready()",
            f" if run is None: {otherwise}",
            f" memory = empty({written.memory}, dtype)",
            *[f" {v.name} = empty({v.dims}, {'bool' if v.truth else 'dtype'})" for v in written.outputs],
            " try:",
            f"  run(memory, constants, {given}{places})",
            " except TypeError:",  # an input is not in C order: transposed, or a part of an array; or it is no array
            "  try:",
            f"   run(memory, constants, {turned}{places})",
            "  except (TypeError, AttributeError):",
            f"   {otherwise}",
            f" if memory[0]: {otherwise}",
            *[f" {name} = memory[{1 + i}]" for i, name in enumerate(written.numbers)],
        ]
        dims = {value.name: value.dims for value in plan.results}
        for name, (of, part) in written.views.items():
            lines.append(f" {name} = {of}{part and '.reshape(-1)' + part}.reshape({dims[name]})")
        if variables:
            changed = " or ".join(f"variables.get({key!r}) is not {old}" for old, key in variables.values())
            lines += [" with state.lock:", "  variables = state.variables", f"  if {changed}: {otherwise}"]
            for name, (_, key) in variables.items():
                if not dims[name]:
                    lines.append(f"  {name} = array({name})")
                lines += [f"  {name}.setflags(write=False)", f"  variables[{key!r}] = {name}"]
        lines.append(f" return {', '.join(value.name for value in plan.results)},")
        namespace = dict(values)
        exec(compile("\n".join(lines), "<small code>", "exec"), namespace)  # text made of names and sizes
        function: Callable[..., Any] = namespace["call"]
        return function

    def ready(self) -> Callable[..., Any] | None:
        """The compiled function, if it is there; asked for when enough time has been spent without."""
        self._spent += self._seconds
        if self._spent >= SECONDS or compiling.compiler.policy == compiling.WAIT:
            self.run = self.loop.ready(self.dtype, 1)
        return self.run

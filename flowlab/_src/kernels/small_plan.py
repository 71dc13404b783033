"""A whole training step on small arrays as one compiled loop: products, sums, elementwise steps and updates together.

A step of linear regression on 100 points has 12 operations that take NumPy 0.2 to 1.5 us each, nearly all of it for
being called. Here they are parts of one function, each with loops of known lengths over memory that the function gets
at its beginning:

    for i in range(100):
     a4[i] = a0[i] * a2[0]
    for i in range(100):
     a6[i] = ((a4[i] + a3[0]) - a1[i])

Elementwise steps give NumPy's numbers, but for exp and tanh (`vector_math.py`). Sums and products add up in another order
than NumPy, as all compiled loops for them do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from flowlab._src.kernels import compiling, jit
from flowlab._src.kernels.formula import Dims, gives_truth, loop_text, names, with_names
from flowlab._src.kernels.fused import SECONDS, exp, larger, log1p, smaller, sqrt, tanh  # noqa: F401  # texts name them
from flowlab._src.kernels.jit import Part, plain

MOST_NUMBERS = 4096  # in one array; where there are more, NumPy's calls do not matter
MOST_PRODUCTS = 16384  # in one product of matrices
FEW = 8  # terms of a sum that are written one after the other

# ---------------------------------------------------------------- what an op may say that its kernel does


class Product(NamedTuple):
    """The product of two matrices."""

    transpose_a: bool = False
    transpose_b: bool = False


class Total(NamedTuple):
    """The sum of the first input over axes that are next to each other, or the mean."""

    axes: tuple[int, ...]
    mean: bool = False


class Same(NamedTuple):
    """The first input with another shape."""


class Update(NamedTuple):
    """New values of variables, by their names among the inputs: formulas, of which each sees the ones before."""

    formulas: tuple[tuple[str, str], ...]


# ---------------------------------------------------------------- parts


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


# ---------------------------------------------------------------- text


class Writer:
    """Writes the loops; `dims` are the shapes of the names so far, () for single numbers."""

    def __init__(self, dims: Mapping[str, Dims]) -> None:
        self.dims = dict(dims)
        self.place = {name: f"a{name}" for name, shape in dims.items() if shape}
        self.lines: list[str] = []
        self.memory: list[tuple[str, int]] = []  # arrays that the loop needs for itself, and their sizes

    def new(self, name: str, dims: Dims) -> None:
        """A value that is computed: a number, or an array with memory of its own."""
        self.dims[name] = dims
        if dims:
            self.place[name] = f"a{name}"
            self.memory.append((f"a{name}", math.prod(dims)))

    def same(self, name: str, source: str, dims: Dims) -> None:
        """A value that is another one with another shape."""
        if not dims or not self.dims[source]:
            self.new(name, dims)
            left = f"a{name}[0]" if dims else name
            self.lines.append(f"{left} = {self.element(source, (), '')}")
            return
        self.dims[name], self.place[name] = dims, self.place[source]

    def element(self, name: str, dims: Dims, flat: str) -> str:
        """An element of an input, in a loop over an array of shape `dims`; with `flat`, over all elements as a row."""
        own = self.dims[name]
        if not own:
            return name
        if math.prod(own) == 1:
            return f"{self.place[name]}[0]"
        if own == dims:
            return f"{self.place[name]}[{flat or _index(own, len(dims))}]"
        return f"{self.place[name]}[{_index(own, len(dims))}]"

    def each(self, name: str, dims: Dims, step: Any) -> None:
        """An elementwise formula."""
        self.new(name, dims)
        used = names(step)
        flat = all(self.dims[each] == dims or math.prod(self.dims[each]) == 1 for each in used)
        text = loop_text(with_names(step, {each: self.element(each, dims, "i" if flat else "") for each in used}))
        if gives_truth(step):
            text = f"(one if {text} else zero)"
        if not dims:
            self.lines.append(f"{name} = {text}")
        elif flat:
            self.lines += [f"for i in range({math.prod(dims)}):", f" a{name}[i] = {text}"]
        else:
            for axis, size in enumerate(dims):
                self.lines.append(f"{' ' * axis}for i{axis} in range({size}):")
            self.lines.append(f"{' ' * len(dims)}a{name}[{_index(dims, len(dims))}] = {text}")

    def total(self, name: str, dims: Dims, source: str, what: Total) -> None:
        """A sum over axes."""
        own = self.dims[source]
        first, last = what.axes[0], what.axes[-1] + 1
        outer, count, inner = math.prod(own[:first]), math.prod(own[first:last]), math.prod(own[last:])
        self.new(name, dims)
        divided = f" / kind({float(count)!r})" if what.mean else ""
        place, into = self.place[source], f"a{name}"
        if not dims:
            self.lines.append(f"{name} = add_up({place}[:{count}]){divided}")
        elif inner == 1:
            self.lines += [f"for i in range({outer}):"]
            self.lines.append(f" {into}[i] = add_up({place}[i * {count}:(i + 1) * {count}]){divided}")
        else:
            self.lines += [
                f"for i in range({outer}):",
                f" for j in range({inner}):",
                f"  {into}[i * {inner} + j] = {place}[i * {count * inner} + j]",
                f" for k in range(1, {count}):",
                f"  for j in range({inner}):",
                f"   {into}[i * {inner} + j] += {place}[(i * {count} + k) * {inner} + j]",
            ]
            if divided:
                self.lines += [f"for i in range({outer * inner}):", f" {into}[i] = {into}[i]{divided}"]

    def product(self, name: str, a: str, b: str, what: Product) -> None:
        """A product of matrices."""
        m, n = self.dims[a], self.dims[b]
        rows, depth = (m[1], m[0]) if what.transpose_a else (m[0], m[1])
        columns = n[0] if what.transpose_b else n[1]
        self.new(name, (rows, columns))
        c, a, b = f"a{name}", self.place[a], self.place[b]

        def at_a(i: str, k: str) -> str:
            return f"{a}[{k} * {rows} + {i}]" if what.transpose_a else f"{a}[{i} * {depth} + {k}]"

        def at_b(k: str, j: str) -> str:
            return f"{b}[{j} * {depth} + {k}]" if what.transpose_b else f"{b}[{k} * {columns} + {j}]"

        straight_a = not what.transpose_a or rows == 1  # what is added up lies in a row
        straight_b = what.transpose_b or columns == 1
        if depth <= FEW:
            terms = " + ".join(f"{at_a('i', str(k))} * {at_b(str(k), 'j')}" for k in range(depth))
            self.lines += [
                f"for i in range({rows}):",
                f" for j in range({columns}):",
                f"  {c}[i * {columns} + j] = {terms}",
            ]
        elif straight_a and straight_b:
            self.lines += [
                f"for i in range({rows}):",
                f" for j in range({columns}):",
                f"  {c}[i * {columns} + j] = dot({a}[i * {depth}:(i + 1) * {depth}], {b}[j * {depth}:(j + 1) * {depth}])",
            ]
        else:
            order = f"for k in range({depth}):", f" for i in range({rows}):"
            if not what.transpose_a:
                order = f"for i in range({rows}):", f" for k in range({depth}):"
            self.lines += [f"{c}[:] = zero", *order, f"  for j in range({columns}):"]
            self.lines.append(f"   {c}[i * {columns} + j] += {at_a('i', 'k')} * {at_b('k', 'j')}")


def _index(own: Dims, rank: int) -> str:
    """Where an element lies, by the counters of the axes; along axes of size 1 it is always the first."""
    terms, stride = [], 1
    for axis, size in zip(range(rank - 1, -1, -1), reversed(own), strict=False):
        if size > 1:
            terms.append(f"i{axis} * {stride}" if stride > 1 else f"i{axis}")
        stride *= size
    return " + ".join(reversed(terms)) or "0"


class Description(NamedTuple):
    """What a small plan computes. Names of inputs, of constants and of results; statements are calls of a Writer."""

    inputs: Sequence[tuple[str, Dims]]
    arrays: Mapping[str, Any]  # those of the inputs that never change
    constants: Sequence[tuple[str, Any]]  # single numbers
    statements: Sequence[Callable[[Writer], None]]
    results: Sequence[str]
    truths: frozenset[str]  # inputs and results, arrays, that hold truth values; inside they are ones and zeros


def write(plan: Description, dims: Mapping[str, Dims]) -> tuple[str, list[tuple[str, bool]], int]:
    """Write the loop. Returns its text, its arrays with whether each is written to, and how much memory it needs.

    That memory begins with a number that says whether the shapes were others, then come results that are single numbers.
    """
    writer = Writer({**dict(plan.inputs), **{name: () for name, _ in plan.constants}})
    for statement in plan.statements:
        statement(writer)
    numbers = [name for name in plan.results if not dims[name]]
    arrays = [name for name in plan.results if dims[name]]
    parameters = [(f"p{name}" if shape else name, False) for name, shape in plan.inputs]
    parameters += [(f"o{name}", True) for name in arrays]
    body = [
        "def run(memory, constants, " + ", ".join(name for name, _ in parameters) + "):",
        " kind = memory.dtype.type",
    ]
    body.append(" one, zero, memory[0] = kind(1), kind(0), kind(0)")
    shapes = [f"p{name}.shape != {shape}" for name, shape in plan.inputs if shape]
    if shapes:
        body += [f" if {' or '.join(shapes)}:", "  memory[0] = one", "  return"]
    body += [f" a{name} = p{name}.reshape(-1)" for name, shape in plan.inputs if shape]
    body += [f" {name} = constants[{i}]" for i, (name, _) in enumerate(plan.constants)]
    begin = 1 + len(numbers)
    given: dict[str, str] = {}
    for name in [
        each for each in arrays if each not in plan.truths
    ]:  # a result goes where the caller wants it, unless it is a value under another shape
        given.setdefault(writer.place[name], name)
    own = dict(writer.memory)
    for place, size in own.items():
        if place in given:
            body.append(f" {place} = o{given[place]}.reshape(-1)")
        else:
            body.append(f" {place} = memory[{begin}:{begin + size}]")
            begin += size
    body += [f" {line}" for line in writer.lines]
    body += [f" memory[{1 + i}] = {name}" for i, name in enumerate(numbers)]
    for name in arrays:
        place = writer.place[name]
        if name in plan.truths:
            body += [f" b{name} = o{name}.reshape(-1)", f" for i in range({math.prod(dims[name])}):"]
            body.append(f"  b{name}[i] = {place}[i] != zero")
        elif given[place] != name or place not in own:
            body.append(f" o{name}.reshape(-1)[:] = {place}")
    return "\n".join(body), parameters, begin


class SmallPlan:
    """A part of a plan on small arrays: called with its inputs, gives its results, and stores new values of variables.

    `variables` are the names in the session of results that are new values, with the input that is the old one.
    `by_numpy` does the same with NumPy: until the loop is there, for arrays that are not as expected, and when another
    thread has changed a variable in the meantime.
    """

    def __init__(
        self, plan: Description, dims: Mapping[str, Dims], variables: Mapping[str, tuple[str, str]], dtype: Any,
        by_numpy: Callable[..., Any], seconds: float,
    ) -> None:  # fmt: skip
        text, parameters, memory = write(plan, dims)
        ranks = {f"{letter}{name}": len(shape) for name, shape in dims.items() for letter in ("p", "o")}
        signature: dict[str, Any] = {"memory": (1, True, None), "constants": (1, False, None)}
        for name, writable in parameters:
            signature[name] = ranks.get(name, 0), writable, "bool" if name[1:] in plan.truths else None
        self.loop = jit.written("small_plan", text, signature)
        self.dtype = np.dtype(dtype)
        self.run: Callable[..., Any] | None = None
        self._by_numpy, self._seconds, self._spent = by_numpy, seconds, 0.0
        self._function = self._write_call(plan, dims, variables, memory)

    def _write_call(
        self, plan: Description, dims: Mapping[str, Dims], variables: Mapping[str, tuple[str, str]], memory: int
    ) -> Callable[..., Any]:
        """The Python around the loop, which would take longer than the loop if it were not written for the case."""
        inputs = ", ".join(name for name, _ in plan.inputs if name not in plan.arrays)
        numbers = [name for name in plan.results if not dims[name]]
        arrays = [name for name in plan.results if dims[name]]
        values = {
            "plan": self, "empty": np.empty, "array": np.array, "plain": plain, "dtype": self.dtype,
            "constants": np.array([value for _, value in plan.constants], self.dtype), "by_numpy": self._by_numpy,
            **plan.arrays,
        }  # fmt: skip
        otherwise = f"return by_numpy(state, frame, {inputs})"
        given = ", ".join(name if shape else f"{name}[()]" for name, shape in plan.inputs)
        turned = ", ".join(f"plain({name}[...])" if shape else f"{name}[()]" for name, shape in plan.inputs)
        places = "".join(f", o{name}" for name in arrays)
        lines = [
            f"def call(state, frame, {inputs}, {', '.join(f'{name}={name}' for name in values)}):",
            " run = plan.run or plan.ready()",
            f" if run is None: {otherwise}",
            f" memory = empty({memory}, dtype)",
            *[f" o{name} = empty({dims[name]}, {'bool' if name in plan.truths else 'dtype'})" for name in arrays],
            " try:",
            f"  run(memory, constants, {given}{places})",
            " except TypeError:",  # an input is not in C order: transposed, or a part of an array; or it is no array
            "  try:",
            f"   run(memory, constants, {turned}{places})",
            "  except (TypeError, AttributeError):",
            f"   {otherwise}",
            f" if memory[0]: {otherwise}",
            *[f" o{name} = memory[{1 + i}]" for i, name in enumerate(numbers)],
        ]
        if variables:
            changed = " or ".join(f"variables.get({key!r}) is not {old}" for old, key in variables.values())
            lines += [" with state.lock:", "  variables = state.variables", f"  if {changed}: {otherwise}"]
            for name, (_, key) in variables.items():
                if not dims[name]:
                    lines.append(f"  o{name} = array(o{name})")
                lines += [f"  o{name}.setflags(write=False)", f"  variables[{key!r}] = o{name}"]
        lines.append(f" return {', '.join(f'o{name}' for name in plan.results)},")
        namespace = dict(values)
        exec(compile("\n".join(lines), "<small plan>", "exec"), namespace)  # text made of names and sizes
        function: Callable[..., Any] = namespace["call"]
        return function

    @property
    def call(self) -> Callable[..., Any]:
        """The function to call with state, frame and the inputs."""
        return self._function

    def ready(self) -> Callable[..., Any] | None:
        """The compiled loop, if it is there; asked for when enough time has been spent without."""
        self._spent += self._seconds
        if self._spent >= SECONDS or compiling.compiler.policy == compiling.WAIT:
            self.run = self.loop.ready(self.dtype, 1)
        return self.run

"""Steps on small arrays as one function: each kind alone, and random lists of them, against plain NumPy."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from flowlab._src.kernels import compiling, formula, small_forms
from flowlab._src.kernels.small_code import Description, SmallCode, Statement, Value, write
from flowlab._src.kernels.small_forms import Piece, Pieces, Product, Same, Total
from flowlab._src.runtime.state import SessionState

NAMES = {name: getattr(np, name) for name in ("sqrt", "absolute", "maximum", "where")}


@pytest.fixture(autouse=True)
def compiled(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Compile at the first call; the texts are run as Python where loops are switched off."""
    if compiling.compiler.policy != compiling.NEVER:
        monkeypatch.setattr(compiling.compiler, "policy", compiling.WAIT)
    with np.errstate(all="ignore"):
        yield


def refuse(*values: Any) -> Any:
    raise AssertionError("not by the loops")


def code(
    inputs: Sequence[Value], statements: Sequence[Statement], results: Sequence[Value], dtype: Any = np.float32,
    otherwise: Callable[..., Any] = refuse,
) -> Callable[..., Any]:  # fmt: skip
    """A function of its inputs."""
    made = SmallCode(Description(inputs, {}, statements, results), {}, {}, dtype, otherwise, 0.0)
    if made.ready() is None:
        made.run = made.loop.function
    return lambda *values: made.call(SessionState(), None, *values)


def run(given: dict[str, Any], steps: Sequence[tuple[str, Any, Any, str]], *wanted: str) -> Any:
    """Run steps once, each a name, a shape, what it is, and the names that it reads."""
    values = {name: Value(name, np.shape(x), np.asarray(x).dtype == bool) for name, x in given.items()}
    inputs, statements = list(values.values()), []
    for name, dims, what, reads in steps:
        what = formula.parse(what) if isinstance(what, str) else what
        values[name] = Value(name, dims, formula.gives_truth(what))
        statements.append(Statement(values[name], what, tuple([values[each] for each in reads.split()])))
    dtype = next(np.asarray(x).dtype for x in given.values() if np.asarray(x).dtype != bool)
    return code(inputs, statements, [values[name] for name in wanted], dtype)(*given.values())


def numbers(*shapes: tuple[int, ...], dtype: Any = np.float32) -> list[np.ndarray]:
    random = np.random.RandomState(len(shapes))
    return [np.asarray(random.randn(*shape), dtype) for shape in shapes]


SIZES = [(1, 1, 1), (100, 1, 1), (1, 100, 1), (5, 3, 4), (3, 20, 1), (1, 30, 7), (17, 33, 9)]


@pytest.mark.parametrize(("sizes", "dtype"), [*[(sizes, np.float32) for sizes in SIZES], (SIZES[-1], np.float64)])
def test_products(sizes: tuple[int, int, int], dtype: Any) -> None:
    m, k, n = sizes
    a, b = numbers((m, k), (k, n), dtype=dtype)
    given, steps = {}, []
    for turn_a, turn_b in itertools.product([False, True], repeat=2):
        name = f"c{int(turn_a)}{int(turn_b)}"
        given[f"a{name}"], given[f"b{name}"] = np.copy(a.T if turn_a else a, "C"), np.copy(b.T if turn_b else b, "C")
        steps.append((name, (m, n), Product(turn_a, turn_b), f"a{name} b{name}"))
    for result in run(given, steps, *[step[0] for step in steps]):
        assert result.dtype == dtype
        np.testing.assert_allclose(result, a @ b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(7,), (5, 1), (4, 5), (2, 1, 40, 3)])
def test_totals(shape: tuple[int, ...]) -> None:
    (x,) = numbers(shape)
    axes = [tuple(range(i, j)) for i in range(len(shape)) for j in range(i + 1, len(shape) + 1)]
    steps, expected = [], []
    for each, mean, keep in itertools.product(axes, [False, True], [False, True]):
        value = (np.mean if mean else np.sum)(x, each, keepdims=keep)
        steps.append((f"t{len(steps)}", value.shape, Total(each, mean), "x"))
        expected.append(value)
    for result, value in zip(run({"x": x}, steps, *[step[0] for step in steps]), expected, strict=True):
        assert result.shape == value.shape
        np.testing.assert_allclose(result, value, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_formulas_with_inputs_of_all_shapes_give_the_numbers_of_numpy(dtype: Any) -> None:
    shapes = [(), (1,), (5,), (4, 1), (4, 5), (3, 1, 5), (3, 4, 5)]
    given = {f"x{i}": value for i, value in enumerate(numbers(*shapes, dtype=dtype))}
    given["x0"] = dtype(given["x0"])
    given["x4"].reshape(-1)[:5] = [0.0, -0.0, np.nan, np.inf, -np.inf]
    texts = ["{a} + {b} * {a}", "where({a} > {b}, {a} / {b}, sqrt(absolute({b})))", "maximum({a}, 0) * ({b} <= {a})"]
    steps, expected = [], []
    for i, (a, b) in enumerate(itertools.product(given, repeat=2)):
        text = texts[i % 3].format(a=a, b=b)
        value = np.asarray(eval(text, {}, {**NAMES, **given}))
        steps.append((f"r{i}", value.shape, text, f"{a} {b}" if a != b else a))
        expected.append(value.astype(dtype))
    for begin in range(0, len(steps), 25):
        part = steps[begin : begin + 25]
        found = run(given, part, *[step[0] for step in part])
        for step, result, value in zip(part, found, expected[begin:], strict=False):
            np.testing.assert_array_equal(result, value, err_msg=step[2])


def test_truth_values_come_and_go_as_such() -> None:
    x, y = numbers((6, 2), (6, 2))
    given = {"x": x, "y": y, "chosen": x > 0}
    steps = [
        ("less", (6, 2), "x < y", "x y"),
        ("z", (6, 2), "where(chosen, x, y)", "chosen x y"),
        ("t", (2,), Total((0,)), "z"),
        ("more", (6, 2), "z > x", "z x"),  # is stored, though nobody outside wants it
        ("row", (6, 2), "z - t", "z t"),
        ("sums", (6,), Total((1,)), "row"),
        ("back", (6, 1), Same(), "sums"),
        ("u", (6, 2), "where(less, where(more, back, y), x)", "less more back y x"),
    ]
    less, u = run(given, steps, "less", "u")
    z = np.where(x > 0, x, y)
    back = (z - z.sum(0)).sum(1, keepdims=True)
    assert less.dtype == bool
    np.testing.assert_array_equal(less, x < y)
    np.testing.assert_allclose(u, np.where(x < y, np.where(z > x, back, y), x), rtol=1e-5)


def test_the_same_numbers_with_another_shape() -> None:
    (x,) = numbers((2, 3))
    steps = [
        ("a", (3, 2), Same(), "x"),
        ("b", (3, 2), "a + a", "a"),
        ("c", (6,), Same(), "b"),
        ("d", (2, 2), Same(2), "c"),
        ("e", (1, 2), Same(), "d"),
        ("t", (1,), Total((0,)), "c"),
        ("n", (), Same(), "t"),
        ("m", (1, 1), Same(), "n"),
        ("f", (2, 2), "d * n + e", "d n e"),
    ]
    a, b, c, d, e, n, m, f = run({"x": x}, steps, *"abcdenmf")
    np.testing.assert_array_equal(a, x.reshape(3, 2))
    np.testing.assert_array_equal(b, 2 * a)
    np.testing.assert_array_equal(c, b.reshape(-1))
    np.testing.assert_array_equal(d, b[1:])
    np.testing.assert_array_equal(e, b[1:2])
    np.testing.assert_allclose([n, m[0, 0]], [2 * x.sum()] * 2, rtol=1e-6)
    np.testing.assert_allclose(f, d * n + e, rtol=1e-6)


@pytest.mark.parametrize("add", [False, True])
@pytest.mark.parametrize(("m", "n"), [(1, 7), (5, 1), (5, 33), (4, 64)])
def test_what_is_made_to_be_joined_is_made_in_its_place(m: int, n: int, add: bool) -> None:
    x, y, row = numbers((m, n), (m, 1), (n,))
    x[0, 0], y[0, 0], row[0] = -0.0, np.inf, -0.0
    values = Value("x", (m, n)), Value("y", (m, 1)), Value("row", (n,))
    a, b, c = Value("a", (m, n)), Value("b", (m, 1)), Value("c", (m, n + 1))
    statements = [
        Statement(a, formula.parse("x + row"), (values[0], values[2])),
        Statement(b, formula.parse("-y"), (values[1],)),
        Statement(c, Pieces(m, (Piece(1, 0, 0, 1), Piece(0, 0, 1, n)), add), (a, b)),
    ]
    (got,) = code(values, statements, [c])(x, y, row)
    expected = np.concatenate([-y, x + row], 1) + (np.float32(0) if add else -np.float32(0))
    np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(np.signbit(got), np.signbit(expected))
    written = write(Description(values, {}, statements, [c]))
    assert written.memory == 1
    assert write(Description(values, {}, statements, [c, a])).outputs == [a, c]  # wanted by others too


def test_numbers_that_get_another_shape_stay_in_their_loop() -> None:
    x, y = numbers((6, 1, 4), (6, 4))
    steps = [
        ("a", (6, 1, 4), "x * 2", "x"),
        ("b", (6, 4), Same(), "a"),
        ("c", (6, 4), "b + y", "b y"),
        ("d", (24,), Same(), "c"),
    ]
    c, d = run({"x": x, "y": y}, steps, "c", "d")
    np.testing.assert_array_equal(c, 2 * x[:, 0] + y)
    np.testing.assert_array_equal(d, c.reshape(-1))
    values = {name: Value(name, dims) for name, dims, *_ in [("x", x.shape), ("y", y.shape), *steps]}
    made = []
    for name, _, what, reads in steps:
        what = formula.parse(what) if isinstance(what, str) else what
        made.append(Statement(values[name], what, tuple([values[each] for each in reads.split()])))
    written = write(Description([values["x"], values["y"]], {}, made, [values["c"]]))
    assert written.text.count("for ") == 1
    assert written.memory == 1


def test_other_inputs_than_expected_are_for_numpy() -> None:
    (x,) = numbers((4, 6))
    given, made = Value("x", (4, 6)), Value("y", (4, 6))
    statements = [Statement(made, formula.parse("x * 2"), (given,))]
    call = code([given], statements, [made], np.float32, lambda state, frame, x: ("numpy",))
    for turned in (x, np.asfortranarray(x), np.repeat(x, 2, axis=1)[:, ::2]):
        np.testing.assert_array_equal(call(turned)[0], 2 * x)
    others: list[Any] = [x[:3], x[:, :1].copy()]
    if compiling.compiler.policy != compiling.NEVER:  # the text as Python takes anything
        others += [x.astype(np.float64), x.astype(np.int32), x[0], None, object()]
    for other in others:
        assert call(other) == ("numpy",)


def by_numpy(statement: Statement, values: dict[str, Any], dtype: Any) -> Any:
    """One step by its definition."""
    what, dims, given = statement.what, statement.output.dims, [values[each.name] for each in statement.inputs]
    if isinstance(what, Same):
        size = formula.count_of(dims)
        return given[0].reshape(-1)[what.begin : what.begin + size].reshape(dims)
    if isinstance(what, Total):
        return np.add.reduce(given[0], 0)
    if isinstance(what, Pieces):
        result = np.zeros(dims, dtype)
        table = result.reshape(what.rows, -1)
        for each in what.pieces:
            piece = given[each.source].reshape(what.rows, -1)[:, each.begin : each.begin + each.columns]
            table[:, each.there : each.there + each.columns] = piece + 0 if what.add else piece
        return result

    def compute(step: Any) -> Any:
        if isinstance(step, formula.Step):
            return getattr(np, step.function)(*map(compute, step.arguments))
        return values[step] if isinstance(step, str) else dtype(step)

    return np.broadcast_to(compute(what), dims).copy()


FORMULAS = ["x + y", "x * (1 - y)", "where(x >= y, x, -y)", "sqrt(absolute(x)) - y", "maximum(x, 0.5) / 2 + y"]


def program(random: np.random.RandomState) -> tuple[list[Value], list[Statement]]:
    """Some inputs, and exact steps that read them and each other."""
    m, n = random.randint(1, 6), random.randint(2, 40)
    known = [Value("a", (m, n)), Value("b", (m, n)), Value("c", (m, 1)), Value("d", (n,))]
    inputs, statements = list(known), []
    for number in range(random.randint(3, 9)):
        name = f"v{number}"
        x, y = (known[k] for k in random.randint(0, len(known), 2))
        kind = random.randint(0, 6)
        size = formula.count_of(x.dims)
        what: Any
        reads: tuple[Value, ...] = (x,)
        if kind <= 2:
            try:
                dims: tuple[int, ...] = np.broadcast_shapes(x.dims, y.dims)
            except ValueError:
                continue
            text = FORMULAS[random.randint(len(FORMULAS))]
            what = formula.with_names(formula.parse(text), {"x": x.name, "y": y.name})
            reads = tuple(dict.fromkeys((x, y)))
        elif kind == 3 and size > 1:
            begin = random.randint(0, size - 1)
            what, dims = (Same(begin), (size - begin,)) if random.rand() < 0.5 else (Same(), (1, size))
        elif kind == 4 and len(x.dims) == 2 and x.dims[1] > 1:
            what, dims = Total((0,)), (x.dims[1],)
        elif x.dims[0] == y.dims[0] and len(x.dims) == len(y.dims) == 2:
            add, begin, p, q = bool(random.randint(2)), int(x.dims[1] > 1), x.dims[1], y.dims[1]
            gap = random.randint(3) if add else 0
            pieces = Piece(0, begin, 0, p - begin), Piece(1, 0, p - begin + gap, q)
            what, dims, reads = Pieces(x.dims[0], pieces, add), (x.dims[0], p - begin + gap + q), (x, y)
        else:
            continue
        known.append(Value(name, dims))
        statements.append(Statement(known[-1], what, reads))
    return inputs, statements


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("seed", range(12))
def test_random_programs_of_exact_steps_give_numpys_numbers(seed: int, dtype: Any) -> None:
    random = np.random.RandomState(seed)
    inputs, statements = program(random)
    made = [statement.output for statement in statements]
    results = [value for value in made if random.rand() < 0.6] or made[-1:]
    values = {value.name: random.randn(*value.dims).astype(dtype) for value in inputs}
    values["b"][:, ::3] = -0.0
    given = [values[value.name] for value in inputs]
    for statement in statements:
        values[statement.output.name] = by_numpy(statement, values, dtype)
    call = code(inputs, statements, results, dtype)
    turned = [np.asfortranarray(x) if x.ndim == 2 else np.repeat(x, 2)[::2] for x in given]
    for arrays in (given, turned):
        for got, value in zip(call(*arrays), results, strict=True):
            assert got.dtype == dtype
            np.testing.assert_array_equal(got, values[value.name])
            np.testing.assert_array_equal(np.signbit(got), np.signbit(values[value.name]))


def test_parts_are_named_by_where_they_lie() -> None:
    (x,) = numbers((2, 6, 5))
    parts = {"a": (slice(0, 2), slice(1, 4), slice(0, 5)), "b": (slice(1, 2), slice(0, 6), slice(0, 5))}
    places = {name: [(each.start, each.stop) for each in part] for name, part in parts.items()}
    steps = [(name, x[part].shape, small_forms.cut(x.shape, places[name]), "x") for name, part in parts.items()]
    assert isinstance(steps[1][2], Same)
    assert small_forms.cut(x.shape, [(0, 1), (0, 2), (0, 5)]) is None
    steps.append(("joined", (2, 9, 5), small_forms.joined([x.shape, (2, 3, 5)], 1), "x a"))
    steps.append(("put", (2, 6, 5), small_forms.put(x.shape, [places["a"]]), "a"))
    a, b, joined, put = run({"x": x}, steps, "a", "b", "joined", "put")
    np.testing.assert_array_equal(a, x[parts["a"]])
    np.testing.assert_array_equal(b, x[parts["b"]])
    np.testing.assert_array_equal(joined, np.concatenate([x, a], 1))
    np.testing.assert_array_equal(put, np.pad(a, [(0, 0), (1, 2), (0, 0)]))

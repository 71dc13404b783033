"""Small plans as one loop: products, sums and elementwise steps of all shapes, against plain NumPy."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from flowlab._src.kernels import compiling, formula
from flowlab._src.kernels.small_plan import Description, Product, SmallPlan, Total, Writer
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
    raise AssertionError("not by the loop")


def run(
    inputs: dict[str, Any], statements: list[Callable[[Writer], None]], results: dict[str, tuple[int, ...]],
    truths: frozenset[str] = frozenset(), otherwise: Callable[..., Any] = refuse,
) -> Any:  # fmt: skip
    """Call a small plan once."""
    shapes = {name: np.shape(value) for name, value in inputs.items()}
    kind = next(np.asarray(value).dtype for value in inputs.values() if np.asarray(value).dtype != bool)
    description = Description(list(shapes.items()), {}, [], statements, list(results), truths)
    plan = SmallPlan(description, {**shapes, **results}, {}, kind, otherwise, 0.0)
    if plan.ready() is None:
        plan.run = plan.loop.function
    return plan.call(SessionState(), None, *inputs.values())


def numbers(*shapes: tuple[int, ...], dtype: Any = np.float32) -> list[np.ndarray]:
    random = np.random.RandomState(len(shapes))
    return [np.asarray(random.randn(*shape), dtype) for shape in shapes]


SIZES = [(1, 1, 1), (100, 1, 1), (1, 100, 1), (5, 3, 4), (3, 20, 1), (1, 30, 7), (17, 33, 9)]


@pytest.mark.parametrize(("sizes", "dtype"), [*[(sizes, np.float32) for sizes in SIZES], (SIZES[-1], np.float64)])
def test_products(sizes: tuple[int, int, int], dtype: Any) -> None:
    m, k, n = sizes
    a, b = numbers((m, k), (k, n), dtype=dtype)
    given, statements, results = {}, [], {}
    for turn_a, turn_b in itertools.product([False, True], repeat=2):
        name = f"c{int(turn_a)}{int(turn_b)}"
        given[f"a{name}"], given[f"b{name}"] = np.copy(a.T if turn_a else a, "C"), np.copy(b.T if turn_b else b, "C")
        what = Product(turn_a, turn_b)
        statements.append(partial(Writer.product, name=name, a=f"a{name}", b=f"b{name}", what=what))
        results[name] = (m, n)
    for result in run(given, statements, results):
        assert result.dtype == dtype
        np.testing.assert_allclose(result, a @ b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(7,), (5, 1), (4, 5), (2, 1, 40, 3)])
def test_totals(shape: tuple[int, ...]) -> None:
    (x,) = numbers(shape)
    axes = [tuple(range(i, j)) for i in range(len(shape)) for j in range(i + 1, len(shape) + 1)]
    statements, results, expected = [], {}, []
    for i, (each, mean) in enumerate(itertools.product(axes, [False, True])):
        for keep in (False, True):
            value = (np.mean if mean else np.sum)(x, each, keepdims=keep)
            name = f"t{i}{int(keep)}"
            statements.append(partial(Writer.total, name=name, dims=value.shape, source="x", what=Total(each, mean)))
            results[name] = value.shape
            expected.append(value)
    for result, value in zip(run({"x": x}, statements, results), expected, strict=True):
        assert result.shape == value.shape
        np.testing.assert_allclose(result, value, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_steps_with_inputs_of_all_shapes_give_the_numbers_of_numpy(dtype: Any) -> None:
    shapes = [(), (1,), (5,), (4, 1), (4, 5), (3, 1, 5), (3, 4, 5)]
    given = {f"x{i}": value for i, value in enumerate(numbers(*shapes, dtype=dtype))}
    given["x0"] = dtype(given["x0"])
    given["x4"].reshape(-1)[:5] = [0.0, -0.0, np.nan, np.inf, -np.inf]
    statements, results, expected = [], {}, {}
    texts = ["{a} + {b} * {a}", "where({a} > {b}, {a} / {b}, sqrt(absolute({b})))", "maximum({a}, 0) * ({b} <= {a})"]
    for i, (a, b) in enumerate(itertools.product(given, repeat=2)):
        name, text = f"r{i}", texts[i % 3]
        text = text.format(a=a, b=b)
        value = np.asarray(eval(text, {}, {**NAMES, **given}))
        expected[name], results[name] = value.astype(dtype), value.shape
        statements.append(partial(Writer.each, name=name, dims=value.shape, step=formula.parse(text)))
    for part in range(0, len(results), 25):
        names = list(results)[part : part + 25]
        found = run(given, statements[part : part + 25], {name: results[name] for name in names})
        for name, result in zip(names, found, strict=True):
            np.testing.assert_array_equal(result, expected[name], err_msg=name)


def test_truth_values_come_and_go_as_such() -> None:
    x, y = numbers((6, 2), (6, 2))
    given = {"x": x, "y": y, "chosen": x > 0}
    statements: list[Callable[[Writer], None]] = [
        partial(Writer.each, name="less", dims=(6, 2), step=formula.parse("x < y")),
        partial(Writer.each, name="z", dims=(6, 2), step=formula.parse("where(chosen, x, y)")),
        partial(Writer.each, name="u", dims=(6, 2), step=formula.parse("where(less, z, x)")),
    ]
    less, u = run(given, statements, {"less": (6, 2), "u": (6, 2)}, frozenset({"chosen", "less"}))
    assert less.dtype == bool
    np.testing.assert_array_equal(less, x < y)
    np.testing.assert_array_equal(u, np.where(x < y, np.where(x > 0, x, y), x))


def test_the_same_numbers_with_another_shape() -> None:
    (x,) = numbers((2, 3))
    statements: list[Callable[[Writer], None]] = [
        partial(Writer.same, name="a", source="x", dims=(3, 2)),
        partial(Writer.each, name="b", dims=(3, 2), step=formula.parse("a + a")),
        partial(Writer.same, name="c", source="b", dims=(6,)),
        partial(Writer.total, name="t", dims=(1,), source="c", what=Total((0,))),
        partial(Writer.same, name="n", source="t", dims=()),
        partial(Writer.same, name="m", source="n", dims=(1, 1)),
    ]
    a, b, c, n, m = run({"x": x}, statements, {"a": (3, 2), "b": (3, 2), "c": (6,), "n": (), "m": (1, 1)})
    np.testing.assert_array_equal(a, x.reshape(3, 2))
    np.testing.assert_array_equal(b, 2 * a)
    np.testing.assert_array_equal(c, b.reshape(-1))
    np.testing.assert_allclose([n, m[0, 0]], [2 * x.sum()] * 2, rtol=1e-6)
    assert not np.shares_memory(b, c)
    assert not np.shares_memory(a, x)


def test_other_inputs_than_expected_are_for_numpy() -> None:
    (x,) = numbers((4, 6))
    step: list[Callable[[Writer], None]] = [partial(Writer.each, name="y", dims=(4, 6), step=formula.parse("x * 2"))]
    shapes = {"x": (4, 6), "y": (4, 6)}
    description = Description([("x", (4, 6))], {}, [], step, ["y"], frozenset())
    plan = SmallPlan(description, shapes, {}, np.float32, lambda state, frame, x: ("numpy",), 0.0)
    if plan.ready() is None:
        plan.run = plan.loop.function
    state = SessionState()
    for turned in (x, np.asfortranarray(x), np.repeat(x, 2, axis=1)[:, ::2]):
        np.testing.assert_array_equal(plan.call(state, None, turned)[0], 2 * x)
    others: list[Any] = [x[:3], x[:, :1].copy()]
    if compiling.compiler.policy != compiling.NEVER:  # the text as Python takes anything
        others += [x.astype(np.float64), x.astype(np.int32), x[0], None, object()]
    for other in others:
        assert plan.call(state, None, other) == ("numpy",)

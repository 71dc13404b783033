"""Runs of elementwise operations in one compiled loop: NumPy's numbers, to the last bit, for all layouts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.kernels import compiling, formula
from flowlab._src.kernels.fused import Fused, Layout, Value

NAMES = {name: getattr(np, name) for name in ("sqrt", "absolute", "reciprocal", "maximum", "minimum", "where")}
STEPS = [
    ("u", "x * y + row * 0.5"),
    ("v", "maximum(u, x) - minimum(y, number)"),
    ("w", "where(x > y, u / number, -v)"),
    ("z", "sqrt(absolute(w)) + reciprocal(x) * (y >= number)"),
    ("t", "u < z"),
]
LAYOUTS = {  # shape of the results, of `row`
    "whole": [((37,), (37,)), ((3, 5, 7), (3, 5, 7)), ((70_001,), (70_001,)), ((1, 1), (1, 1))],
    "rows": [((9, 4), (4,)), ((3, 5, 7), (5, 7)), ((3, 5, 7), (1, 1, 7)), ((300, 130), (130,)), ((1, 6), (6,))],
    "columns": [((9, 4), (9, 1)), ((3, 5, 7), (3, 5, 1)), ((3, 5, 7), (3, 1, 1)), ((2, 70_001), (2, 1))],
}
SHAPES = [shapes for layouts in LAYOUTS.values() for shapes in layouts]


@pytest.fixture(autouse=True)
def compiled(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Compile at the first call; where loops are switched off, the NumPy sibling answers."""
    if compiling.compiler.policy != compiling.NEVER:
        monkeypatch.setattr(compiling.compiler, "policy", compiling.WAIT)
    with np.errstate(all="ignore"):
        yield


def values(dims: tuple[int, ...], row: tuple[int, ...], dtype: Any) -> dict[str, Any]:
    random = np.random.RandomState(len(dims))
    x, y = (random.randn(*dims).astype(dtype) for _ in "xy")
    for array in (x, y):
        special = random.permutation([0.0, np.inf, -np.inf, np.nan, 1.0, 1e-30, 1e30])
        array.reshape(-1)[: len(special)] = special[: array.size]
    return {"x": x, "y": y, "row": random.randn(*row).astype(dtype), "number": dtype(0.3)}


def by_numpy(x: Any, y: Any, row: Any, number: Any) -> list[Any]:
    known = {"x": x, "y": y, "row": row, "number": number}
    for name, text in STEPS:
        known[name] = eval(text, {}, {**NAMES, **known})
    return [known["z"], known["t"], known["w"]]


def fused(given: dict[str, Any]) -> Fused:
    dims = given["x"].shape
    inputs = [Value(name, np.shape(value), False) for name, value in given.items()]
    outputs = [Value("z", dims, False), Value("t", dims, True), Value("w", dims, False)]
    steps = [(name, formula.parse(text)) for name, text in STEPS]
    return Fused(inputs, steps, outputs, given["x"].dtype, by_numpy)


def check(results: list[Any], expected: list[Any]) -> None:
    for result, value in zip(results, expected, strict=True):
        assert result.dtype == value.dtype
        np.testing.assert_array_equal(result, value)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("dims", "row"), SHAPES)
def test_one_loop_gives_the_numbers_of_its_steps(dims: tuple[int, ...], row: tuple[int, ...], dtype: Any) -> None:
    given = values(dims, row, dtype)
    copies = {name: np.copy(value) for name, value in given.items()}
    check(fused(given)(*given.values()), by_numpy(**given))
    for name, value in given.items():
        np.testing.assert_array_equal(value, copies[name])


def test_inputs_in_another_order_in_memory_or_of_another_shape() -> None:
    given = values((6, 10), (10,), np.float32)
    run = fused(given)
    turned = {**given, "x": np.asfortranarray(given["x"]), "y": np.repeat(given["y"], 2, axis=1)[:, ::2]}
    for _ in range(2):
        check(run(*turned.values()), by_numpy(**given))
    given["x"].flags.writeable = False
    check(run(*given.values()), by_numpy(**given))
    smaller = values((2, 10), (10,), np.float32)
    check(run(*smaller.values()), by_numpy(**smaller))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("dims", [(9, 4), (3, 5, 7), (300, 130), (1, 1)])
def test_values_may_be_columns_of_others(dims: tuple[int, ...], dtype: Any) -> None:
    random = np.random.RandomState(1)
    width = dims[-1]
    whole, x = random.randn(*dims[:-1], 3 * width).astype(dtype), random.randn(*dims).astype(dtype)
    row = random.randn(width).astype(dtype)

    def by_numpy(whole: Any, x: Any, row: Any) -> list[Any]:
        a, b, c = np.split(whole, 3, -1)
        y = a * b + row
        return [np.concatenate([y, c * x, a], -1), y]

    def columns(of: str, *names: str) -> list[Value]:
        return [Value(name, dims, False, (of, place * width)) for place, name in enumerate(names)]

    run = Fused(
        [Value("whole", whole.shape, False), Value("x", dims, False), Value("row", row.shape, False)],
        [("y", formula.parse("a * b + row")), ("z", formula.parse("c * x"))],
        [Value("joined", (*dims[:-1], 3 * width), False), Value("y", dims, False)],
        dtype,
        by_numpy,
        [*columns("whole", "a", "b", "c"), *columns("joined", "y", "z", "a")],
    )
    check(run(whole, x, row), by_numpy(whole, x, row))
    turned = np.asfortranarray(whole)
    check(run(turned, x, row), by_numpy(whole, x, row))
    wider = np.concatenate([whole, whole], -1)
    check(run(wider[..., : 3 * width], x, row), by_numpy(whole, x, row))


def test_equal_computations_share_their_loop() -> None:
    one, other = fused(values((6, 10), (10,), np.float32)), fused(values((6, 10), (10,), np.float64))
    assert one.loop is other.loop  # compiled for each dtype
    assert fused(values((6, 11), (11,), np.float32)).loop is not fused(values((10,), (10,), np.float32)).loop


def test_layouts_that_do_not_go_together_are_refused() -> None:
    layout = Layout((3, 5, 7))
    assert layout.takes((7,))
    assert layout.takes(())
    assert not layout.takes((5, 7))  # one loop has one meaning of "row"
    assert not layout.takes((1, 5, 1))
    assert not Layout((3, 5)).takes((1,))


def test_nothing_is_compiled_for_a_program_that_does_not_go_on_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling.compiler, "policy", compiling.BACKGROUND)
    given = values((6, 13), (13,), np.float32)
    run = fused(given)
    for _ in range(5):
        check(run(*given.values()), by_numpy(**given))
    assert not run.loop.asked


@pytest.mark.parametrize("shape", [(32, 10), (1,), (5, 1), (70, 300)])
def test_a_plan_with_runs_gives_the_numbers_of_its_instructions(shape: tuple[int, ...]) -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        x, b = tf.placeholder(tf.float32, [None, *shape[1:]]), tf.Variable(tf.ones(shape[-1:]))
        y = x
        for _ in range(6):
            y = tf.nn.relu(y * 1.5 + b) - x / 3.0
        total, less = tf.reduce_sum(y, axis=0), y < x
        last = tf.sqrt(tf.abs(y + tf.exp(x) + total)) * tf.to_float(less)
        fetches = [y, less, last, y - b]
        sess.run(b.initializer)
        fed = np.random.RandomState(0).randn(*shape).astype(np.float32)
        expected = sess.run(fetches, {x: fed})
        for _ in range(6):
            for result, value in zip(sess.run(fetches, {x: fed}), expected, strict=True):
                assert result.dtype == value.dtype
                np.testing.assert_array_equal(result, value)
        np.testing.assert_array_equal(sess.run(b), np.ones(shape[-1:]))

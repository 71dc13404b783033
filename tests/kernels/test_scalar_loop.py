"""Loops over single numbers as machine code: the numbers of the operations' kernels, to the last bit."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.graph import registry
from flowlab._src.graph.op import Spec
from flowlab._src.kernels import compiling, formula
from flowlab._src.kernels.scalar_loop import Assign, Choice, Description, NotScalar, ScalarLoop, write

BOTH = ["AddV2", "Sub", "Mul", "Neg", "Square", "SquaredDifference", "Abs", "Maximum", "Minimum", "SelectV2", "Less",
        "LessEqual", "Greater", "GreaterEqual", "Equal", "NotEqual", "FloorDiv", "FloorMod", "TruncateDiv", "TruncateMod",
        "Div"]  # fmt: skip
FLOATS = [*BOTH, "RealDiv", "Sqrt", "Rsqrt", "Reciprocal", "Floor", "Ceil", "Round", "Rint"]
NUMBERS = {
    np.float32: [0.0, -0.0, 1.0, -2.5, 3.5, 0.1, 1e-30, -1e30, np.inf, -np.inf, np.nan, 16777217.0],
    np.float64: [0.0, -0.0, 1.0, -2.5, 3.5, 0.1, 1e-300, -1e300, np.inf, -np.inf, np.nan],
    np.int32: [1, -1, 7, -7, 2, -3, 46341, 2**31 - 1, -(2**31)],
    np.int64: [1, -1, 7, -7, 2, -3, 3037000500, 2**63 - 1, -(2**63)],
}


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Compile at once; the texts are run as Python where loops are switched off."""
    if compiling.compiler.policy != compiling.NEVER:
        monkeypatch.setattr(compiling.compiler, "policy", compiling.WAIT)
    with np.errstate(all="ignore"):
        yield


def prepared(description: Description) -> ScalarLoop:
    loop = ScalarLoop(description)
    if not loop.ready(1):
        loop._run = loop.loop.function
    return loop


def one_turn(others: list[tuple[str, Any]], steps: list[Assign]) -> ScalarLoop:
    """A loop of one iteration that gives the results of some steps."""
    variables = [("p", np.int32), *[(f"p{step.name}", step.kind) for step in steps]]
    return prepared(
        Description(
            variables,
            [("one", np.int32), *others],
            [Assign("more", np.bool_, formula.parse("p < one"))],
            "more",
            [Assign("next", np.int32, formula.parse("p + one")), *steps],
            ["next", *[step.name for step in steps]],
        )
    )


def same(actual: Any, expected: Any) -> None:
    assert np.asarray(actual).dtype == np.asarray(expected).dtype
    np.testing.assert_array_equal(actual, expected)
    np.testing.assert_array_equal(np.signbit(actual), np.signbit(expected))


@pytest.mark.parametrize("kind", NUMBERS)
def test_steps_give_the_numbers_of_the_kernels(kind: Any) -> None:
    ops = {name: registry.OPS[name]() for name in (FLOATS if kind in (np.float32, np.float64) else BOTH)}
    steps, kernels = [], []
    with tf.Graph().as_default():
        x, c = (tf.placeholder(dtype, []) for dtype in (kind, tf.bool))
        for name, op in ops.items():
            names = [argument.name for argument in op.schema.inputs]
            given = ["c", "x", "y"] if names[0] == "condition" else ["x", "y"][: len(names)]
            specs = [Spec(c if each == "c" else x) for each in given]
            step = formula.with_names(formula.parse(op.formula_for(*specs)), dict(zip(names, given, strict=True)))
            truth = formula.gives_truth(step)
            steps.append(Assign(f"r{name}", np.bool_ if truth else kind, step))
            kernels.append((op.kernel, given))
    loop = one_turn([("x", kind), ("y", kind), ("c", np.bool_)], steps)
    start = [np.int32(0), *[step.kind(0) for step in steps]]
    for a, b in itertools.product(NUMBERS[kind], repeat=2):
        values = {"x": kind(a), "y": kind(b), "c": np.bool_(a < b)}
        (_, *results), turns = loop(start, [np.int32(1), *values.values()])
        limit = kind in (np.int32, np.int64) and b == -1 and a == np.iinfo(kind).min
        assert turns == (0 if limit else 1)
        for (kernel, given), step, result in zip(kernels, steps, results, strict=True):
            if limit:
                continue
            expected = kernel(*[values[name] for name in given])
            if step.name in ("rMaximum", "rMinimum") and result == 0 == expected:
                continue  # of 0 and -0 NumPy takes the one that suits the processor
            try:
                same(result, expected)
            except AssertionError as error:
                raise AssertionError(f"{step} of {a!r}, {b!r}") from error


def test_casts() -> None:
    kinds = [np.bool_, *NUMBERS]
    for kind in kinds:
        steps = [Assign(f"r{wanted.__name__}", wanted, formula.parse("cast(x)")) for wanted in kinds]
        loop = one_turn([("x", kind)], steps)
        for number in NUMBERS.get(kind, [0, 1]) + ([2**53 + 1, 2**62 + 2**37 + 1] if kind is np.int64 else []):
            x = kind(number)
            (_, *results), turns = loop([np.int32(0), *[step.kind(0) for step in steps]], [np.int32(1), x])
            fits = np.isfinite(x) and -(2.0**31) <= x < 2.0**31 if kind in (np.float32, np.float64) else True
            assert turns == fits
            for step, result in zip(steps, results, strict=True):
                if fits:
                    same(result, np.asarray(x).astype(step.kind)[()])


@pytest.mark.parametrize("name", ["floor_divide", "remainder", "quotient", "fmod"])
def test_a_whole_number_divided_by_zero_stops_the_loop_before(name: str) -> None:
    loop = prepared(
        Description(
            [("p", np.int32), ("q", np.int32)],
            [("one", np.int32), ("big", np.int32)],
            [Assign("more", np.bool_, formula.parse("p <= big"))],
            "more",
            [Assign("u", np.int32, formula.parse("p - one")), Assign("v", np.int32, formula.parse(f"{name}(big, p)"))],
            ["u", "v"],
        )
    )
    values, turns = loop([np.int32(5), np.int32(0)], [np.int32(1), np.int32(100)])
    assert turns == 5
    assert values[0] == 0


def test_one_of_two_blocks_runs() -> None:
    def steps(text: str, name: str) -> list[Assign]:
        return [Assign(name, np.int64, formula.parse(text))]

    loop = prepared(
        Description(
            [("n", np.int64), ("count", np.int64)],
            [("one", np.int64), ("two", np.int64), ("three", np.int64)],
            [Assign("more", np.bool_, formula.parse("n > one"))],
            "more",
            [
                Assign("rest", np.int64, formula.parse("remainder(n, two)")),
                Assign("odd", np.bool_, formula.parse("rest == one")),
                Choice(
                    "odd",
                    steps("three * n + one", "a"),
                    steps("floor_divide(n, two)", "b"),
                    [("m", np.int64, "a", "b")],
                ),
                *steps("count + one", "next"),
            ],
            ["m", "next"],
        )
    )
    values, turns = loop([np.int64(27), np.int64(0)], [np.int64(i) for i in (1, 2, 3)])
    assert (values, turns) == ([1, 111], 111)


def test_values_of_other_types_are_left_alone() -> None:
    loop = one_turn([("x", np.float32)], [Assign("r", np.float32, formula.parse("x * x"))])
    start = [np.int32(0), np.float32(0)]
    for x in (np.float64(2), np.ones(1, np.float32), 2.0, None):
        assert loop(start, [np.int32(1), x]) == (start, 0)
    assert loop(start, [np.int32(1), np.array(2, np.float32)]) == ([1, 4.0], 1)


@pytest.mark.parametrize(
    "steps",
    [
        [Assign("r", np.float32, formula.parse("exp(x)"))],  # NumPy's own exp differs in the last bit
        [Assign("r", np.float32, formula.parse("i + i"))],
        [Assign("r", np.float32, formula.parse("x + i"))],
        [Assign("r", np.int32, formula.parse("i * 0.5"))],
    ],
)
def test_what_has_no_text_is_refused(steps: list[Assign]) -> None:
    with pytest.raises(NotScalar):
        one_turn([("x", np.float32), ("i", np.int32)], steps)


def test_equal_computations_share_their_loop() -> None:
    loops = [one_turn([("x", np.float32)], [Assign("r", np.float32, formula.parse("x * x"))]) for _ in range(2)]
    assert loops[0].loop is loops[1].loop
    assert write.__doc__

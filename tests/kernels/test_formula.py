"""Formulas of operations, written out in each way, give the numbers of the kernels, to the last bit."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.graph import registry
from flowlab._src.graph.op import Spec
from flowlab._src.kernels import formula

OPS = sorted(name for name, cls in registry.OPS.items() if cls.formula and not cls.fields)
DTYPES = [np.float32, np.float64]


def arrays(count: int, shape: tuple[int, ...], dtype: Any) -> list[np.ndarray]:
    random = np.random.RandomState(count)
    special = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 1e-30]
    made = []
    for _ in range(count):
        x = random.randn(*shape).astype(dtype)
        x.reshape(-1)[: len(special)] = random.permutation(special)[: x.size]
        made.append(x)
    return made


def namespace() -> tuple[dict[str, Any], Callable[[str, Any], str]]:
    names: dict[str, Any] = {}

    def bind(name: str, value: Any) -> str:
        names[name] = value
        return name

    return names, bind


def inputs_of(name: str, shape: tuple[int, ...], dtype: Any) -> tuple[Any, dict[str, Any]]:
    """An op and values for the parameters of its kernel."""
    op = registry.OPS[name]()
    parameters = [argument.name for argument in op.schema.inputs]
    values = dict(zip(parameters, arrays(len(parameters), shape, dtype), strict=True))
    if "condition" in values:
        values["condition"] = values["condition"] > 0
    return op, values


def same(actual: Any, expected: Any) -> None:
    assert np.asarray(actual).dtype == np.asarray(expected).dtype
    np.testing.assert_array_equal(actual, expected)
    np.testing.assert_array_equal(np.signbit(actual), np.signbit(expected))


@pytest.fixture(autouse=True)
def quiet() -> Any:
    with np.errstate(all="ignore"):
        yield


def test_there_are_formulas() -> None:
    assert {"AddV2", "Sub", "Mul", "RealDiv", "Maximum", "SigmoidGrad", "Less", "Exp"} <= set(OPS)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", OPS)
def test_single_numbers(name: str, dtype: Any) -> None:
    op, values = inputs_of(name, (40,), dtype)
    names, bind = namespace()
    text = formula.scalar_text(formula.parse(op.formula), dtype, bind)
    for i in range(40):
        numbers = {key: value[i] for key, value in values.items()}
        same(eval(text, {}, {**names, **numbers}), op.kernel(*numbers.values()))


@pytest.mark.parametrize("dying", [False, True])
@pytest.mark.parametrize("shape", [(9,), (3, 7), (0, 4), (1, 1), (2, 3, 5)])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", OPS)
def test_arrays(name: str, dtype: Any, shape: tuple[int, ...], dying: bool) -> None:
    op, values = inputs_of(name, shape, dtype)
    expected = op.kernel(*[value.copy() for value in values.values()])
    names, bind = namespace()
    writer = formula.ArrayText(
        {key: value.shape for key, value in values.items()},
        {key for key, value in values.items() if value.dtype == bool},
        set(values) if dying else set(),
        dtype,
        bind,
    )
    text = writer.write(formula.parse(op.formula))
    before = {key: value.copy() for key, value in values.items()}
    same(eval(text, {**names, **values}), expected)
    if not dying:
        for key, value in values.items():
            np.testing.assert_array_equal(value, before[key])


def test_a_result_goes_into_an_array_that_is_not_needed_any_more_if_it_fits() -> None:
    names, bind = namespace()
    x, row = np.ones((3, 4), np.float32), np.ones(4, np.float32)
    step = formula.parse("row * x + 1")

    def text(dying: set[str]) -> str:
        return formula.ArrayText({"x": x.shape, "row": row.shape}, set(), dying, np.float32, bind).write(step)

    assert text({"x"}).count(", x)") == 1
    assert ", row)" not in text({"row"})  # too small for the result
    assert eval(text({"x"}), {**names, "x": x, "row": row}) is x


def test_an_input_that_is_used_once_more_is_not_overwritten() -> None:
    names, bind = namespace()
    x = np.arange(3.0)
    text = formula.ArrayText({"x": (3,)}, set(), {"x"}, np.float64, bind).write(formula.parse("(x + 1) * x"))
    np.testing.assert_array_equal(eval(text, {**names, "x": x}), [0.0, 2.0, 6.0])


def test_what_is_no_formula_is_refused() -> None:
    for text in ("x if y else z", "x.real", "[x]", "x and y", "x < y < z"):
        with pytest.raises(ValueError, match="no formula"):
            formula.parse(text)


def test_large_arrays_stay_with_the_compiled_loops_of_their_operation() -> None:
    with tf.Graph().as_default():
        large, small = tf.zeros([600, 600]), tf.zeros([6, 6])
        assert registry.OPS["Relu"]().formula_for(Spec(small)) == "maximum(features, 0)"
        assert registry.OPS["Relu"]().formula_for(Spec(large)) == ""
        bias = tf.zeros([600])
        assert registry.OPS["AddV2"]().formula_for(Spec(large), Spec(bias)) == ""
        assert registry.OPS["AddV2"]().formula_for(Spec(large), Spec(large)) == "x + y"


@pytest.mark.parametrize("module", ["fused", "small_code"])
def test_texts_find_what_they_name(module: str) -> None:
    """A text is run among the names of a module: each function of a formula must be one of them."""
    known = vars(importlib.import_module(f"flowlab._src.kernels.{module}"))
    texts = [text.format("x", "y", "z") for text in formula.IN_LOOPS.values()]
    named = {name for text in texts for name in re.findall(r"(\w+)\(", text)} - {"abs", "if", "else"}
    assert named
    assert named <= set(known)

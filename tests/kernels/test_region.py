"""Regions: random lists of steps as one compiled function, against NumPy step by step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from flowlab._src.kernels import compiling, formula, region
from flowlab._src.kernels.region import Alias, Formula, Move, Region, Total, Value

FORMULAS = ["x + y", "x * (1 - y)", "where(x >= y, x, -y)", "sqrt(absolute(x)) - y", "maximum(x, 0.5) / 2 + y"]


def by_numpy(item: Any, values: dict[str, Any]) -> Any:
    """One step by its definition."""
    dims = item.output.dims
    if isinstance(item, Alias):
        size = formula.count_of(dims)
        return values[item.input.name].reshape(-1)[item.begin : item.begin + size].reshape(dims)
    if isinstance(item, Total):
        return np.add.reduce(values[item.input.name].reshape(item.rows, -1), 0).reshape(dims)
    if isinstance(item, Move):
        result = np.zeros(dims, values[item.pieces[0][0].name].dtype)
        table = result.reshape(item.rows, -1)
        for source, begin, there, columns in item.pieces:
            piece = values[source.name].reshape(item.rows, -1)[:, begin : begin + columns]
            table[:, there : there + columns] = piece + 0 if item.add else piece
        return result
    names = {"where": np.where, "sqrt": np.sqrt, "absolute": np.abs, "maximum": np.maximum}

    def compute(step: Any) -> Any:
        if isinstance(step, str):
            return values[step]
        if isinstance(step, float):
            return values[item.inputs[0].name].dtype.type(step)
        found = names.get(step.function) or getattr(np, step.function)
        return found(*map(compute, step.arguments))

    return np.broadcast_to(compute(item.step), dims).copy()


def program(random: np.random.RandomState) -> tuple[list[Value], list[Any]]:
    """Some inputs, and steps that read them and each other."""
    m, n = random.randint(1, 6), random.randint(2, 40)
    known = [Value("a", (m, n)), Value("b", (m, n)), Value("c", (m, 1)), Value("d", (n,))]
    inputs, items = list(known), []
    for number in range(random.randint(3, 9)):
        name = f"v{number}"
        x, y = (known[k] for k in random.randint(0, len(known), 2))
        kind = random.randint(0, 6)
        size = formula.count_of(x.dims)
        if kind <= 2:
            try:
                dims = np.broadcast_shapes(x.dims, y.dims)
            except ValueError:
                continue
            layout = region.fused.Layout(dims)
            if not (layout.takes(x.dims) and layout.takes(y.dims)):
                continue
            step = formula.with_names(
                formula.parse(FORMULAS[random.randint(len(FORMULAS))]), {"x": x.name, "y": y.name}
            )
            item: Any = Formula(Value(name, dims), step, tuple(dict.fromkeys((x, y))))
        elif kind == 3 and size > 1:
            begin = random.randint(0, size - 1)
            item = (
                Alias(Value(name, (size - begin,)), x, begin)
                if random.rand() < 0.5
                else Alias(Value(name, (1, size)), x)
            )
        elif kind == 4 and len(x.dims) == 2 and x.dims[1] > 1:
            item = Total(Value(name, (x.dims[1],)), x, x.dims[0])
        elif x.dims[0] == y.dims[0] and len(x.dims) == len(y.dims) == 2:
            add, begin, p, q = bool(random.randint(2)), int(x.dims[1] > 1), x.dims[1], y.dims[1]
            gap = random.randint(3) if add else 0
            pieces = ((x, begin, 0, p - begin), (y, 0, p - begin + gap, q))
            item = Move(Value(name, (x.dims[0], p - begin + gap + q)), x.dims[0], pieces, add)
        else:
            continue
        items.append(item)
        known.append(item.output)
    return inputs, items


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("seed", range(12))
def test_random_regions_give_numpys_numbers(seed: int, dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    if compiling.policy() == compiling.NEVER:
        pytest.skip("FLOWLAB_NUMBA=0")
    monkeypatch.setattr(compiling.compiler, "policy", compiling.WAIT)
    random = np.random.RandomState(seed)
    inputs, items = program(random)
    made = [item for item in items if not isinstance(item, Alias)]
    outputs = [item.output for item in made if random.rand() < 0.6] or [made[-1].output]
    values = {value.name: random.randn(*value.dims).astype(dtype) for value in inputs}
    values["b"][:, ::3] = -0.0
    given = [values[value.name] for value in inputs]
    for item in items:
        values[item.output.name] = by_numpy(item, values)

    def refuse(*arrays: Any) -> Any:
        raise AssertionError("the compiled function is there")

    results = [(number, 0, value.dims) for number, value in enumerate(outputs)]
    call = Region(inputs, items, outputs, results, dtype, refuse)
    turned = [np.asfortranarray(x) if x.ndim == 2 else np.repeat(x, 2)[::2] for x in given]
    for arrays in (given, turned):
        for got, value in zip(call(*arrays), outputs, strict=True):
            assert got.dtype == dtype
            np.testing.assert_array_equal(got, values[value.name])
            np.testing.assert_array_equal(np.signbit(got), np.signbit(values[value.name]))


def test_results_may_be_other_shapes_of_an_output() -> None:
    x, y = Value("x", (4, 3)), Value("y", (4, 3))
    item = Formula(y, formula.parse("x + x"), (x,))
    called = []

    def numpy(x: Any) -> Any:
        called.append(x)
        return [(x + x).reshape(2, 6), (x + x)[2:]]

    call = Region([x], [item], [y], [(0, 0, (2, 6)), (0, 6, (2, 3))], np.float32, numpy)
    array = np.arange(12, dtype=np.float32).reshape(4, 3)
    whole, part = call(array)
    np.testing.assert_array_equal(whole, (array + array).reshape(2, 6))
    np.testing.assert_array_equal(part, (array + array)[2:])
    assert [each.tolist() for each in call(array.T.copy().reshape(4, 3)[:, :3])]

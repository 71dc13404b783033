"""Programs for rows: products, copies and loops of elementwise operations, against plain NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from flowlab._src.kernels import compiling, formula, row_program
from flowlab._src.kernels.fused import Value
from flowlab._src.kernels.row_program import Call, Copy, Multiply, Place, Program

pytestmark = pytest.mark.skipif(compiling.policy() == compiling.NEVER, reason="programs exist as machine code only")


@pytest.fixture(autouse=True)
def compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling.compiler, "policy", compiling.WAIT)


def begins(array: np.ndarray) -> np.ndarray:
    """Where the matrices of a stack begin."""
    return array.ctypes.data + np.arange(len(array)) * array.strides[0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("turned", [False, True], ids=["as it lies", "transposed"])
@pytest.mark.parametrize(
    ("rows", "depth", "columns"), [(8, 1, 1), (37, 5, 70), (64, 33, 32), (50, 801, 31), (131, 48, 8)]
)
def test_products_with_packed_weights(rows: int, depth: int, columns: int, turned: bool, dtype: Any) -> None:
    random = np.random.RandomState(rows)
    a = random.rand(3, rows, depth).astype(dtype)
    w = random.rand(*((columns, depth) if turned else (depth, columns))).astype(dtype)
    c = np.full((3, rows, columns), np.nan, dtype)
    program = Program(rows, [Multiply(Place("a"), depth, Place("w"), columns, Place("c"))], dtype)
    assert program.ready()
    packed = row_program.pack(w, turned)
    program.run(3, {"a": begins(a), "w": packed.ctypes.data, "c": begins(c)})
    np.testing.assert_allclose(c, a @ (w.T if turned else w), rtol=depth * np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_columns_are_cut_and_joined_from_lines_that_lie_apart(dtype: Any) -> None:
    wide = np.random.RandomState(0).rand(20, 4, 9).astype(dtype)  # lines of one matrix are 36 numbers apart
    result = np.zeros((20, 12), dtype)
    steps = [
        Copy(Place("wide"), Place("line"), 2, Place("result"), 12, 0, 7),
        Copy(Place("wide"), Place("line"), 0, Place("result"), 12, 7, 5),
    ]
    program = Program(20, steps, dtype)
    assert program.ready()
    program.run(1, {"wide": wide[:, 1].ctypes.data, "line": 36, "result": result.ctypes.data})
    np.testing.assert_array_equal(result, np.concatenate([wide[:, 1, 2:], wide[:, 1, :5]], 1))


def test_each_turn_reads_what_the_turn_before_has_left() -> None:
    rows, width, turns = 33, 6, 5
    state, w = (
        np.random.RandomState(1).rand(rows, width).astype("f"),
        np.random.RandomState(2).rand(width, width).astype("f"),
    )
    bias, half = np.arange(width, dtype="f"), np.array([[0.5]], "f")
    step = formula.parse("where(y > half, half * y, y + b)")
    dims = (rows, width)
    inputs = [Value("y", dims, False), Value("b", (width,), False), Value("half", (), False)]
    loop = row_program.rows_loop(inputs, [("z", step)], [Value("z", dims, False)], [], np.dtype("f"))
    program = Program(
        rows,
        [
            Multiply(Place("before"), width, Place("w"), width, Place("product")),
            Call(loop, (Place("product"), Place("b"), Place("half"), Place("after"))),
        ],
        np.float32,
    )
    assert program.ready()
    product, after, packed = (
        np.empty((rows, width), "f"),
        np.empty((turns, rows, width), "f"),
        row_program.pack(w, False),
    )
    places = begins(after)
    program.run(turns, {
        "before": np.array([state.ctypes.data, *places[:-1]]), "w": packed.ctypes.data, "product": product.ctypes.data,
        "b": bias.ctypes.data, "half": half.ctypes.data, "after": places,
    })  # fmt: skip
    for turn in range(turns):
        y = state @ w
        state = np.where(y > 0.5, 0.5 * y, y + bias).astype("f")
        np.testing.assert_allclose(after[turn], state, rtol=1e-5)

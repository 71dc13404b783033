"""Steps of optimizers on some rows, compiled, against the same rules on rows that were taken out."""

import numpy as np
import pytest

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.kernels import update, update_rows

RULES = {
    "momentum": (
        lambda v, s, i, g: update_rows.momentum_rows(v, s, i, 0.1, g, 0.9),
        lambda v, s, g: update.momentum(v, s, 0.1, g, 0.9),
    ),
    "nesterov": (
        lambda v, s, i, g: update_rows.momentum_rows(v, s, i, 0.1, g, 0.9, True),
        lambda v, s, g: update.momentum(v, s, 0.1, g, 0.9, True),
    ),
    "adagrad": (
        lambda v, s, i, g: update_rows.adagrad_rows(v, s, i, 0.1, g),
        lambda v, s, g: update.adagrad(v, s, 0.1, g),
    ),
    "adagrad_without_slots": (
        lambda v, s, i, g: update_rows.adagrad_rows(v, s, i, 0.1, g, False, 0.2),
        lambda v, s, g: update.adagrad(v, s, 0.1, g, False, 0.2),
    ),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(1, 1), (9,), (7, 5), (40, 3, 11), (300, 128)], ids=str)
@pytest.mark.parametrize("rule", RULES)
def test_rows_are_changed_in_order_and_others_are_not(rule, shape, dtype, compiled):
    random = np.random.RandomState(0)
    var, slot = random.uniform(0.5, 1, (2, *shape)).astype(dtype)
    indices = random.randint(0, len(var), 5).astype(np.int32)  # some stand there twice
    grad = random.randn(10, *shape[1:]).astype(dtype)[::2]
    expected = var.copy(), slot.copy()
    on_rows, on_all = RULES[rule]
    for row, change in zip(indices, grad, strict=True):
        one = slice(row, row + 1)
        expected[0][one], expected[1][one] = on_all(expected[0][one], expected[1][one], change[None])
    assert on_rows(var, slot, indices, grad)
    for got, wanted in zip((var, slot), expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-6 if dtype == "float32" else 1e-14)


def test_what_the_loops_are_not_for_is_left_to_numpy(compiled):
    table = np.ones((4, 6), np.float32)
    indices, grad = np.array([1]), np.ones((1, 6), np.float32)
    assert not update_rows.momentum_rows(table[:, ::2], table[:, ::2], indices, 0.1, grad[:, ::2], 0.9)
    assert not update_rows.adagrad_rows(table, table, indices, 0.1, grad.astype(np.float16))
    assert (table == 1).all()
    with pytest.raises(InvalidArgumentError, match="a row like var's"):
        update_rows.adagrad_rows(table, table, indices, 0.1, grad[:, :2])

"""Rows added to a table, compiled and not, against one row after the other."""

import numpy as np
import pytest

from flowlab._src.kernels.rows import add_rows, sums_of_rows


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (40, 3, 11), (300, 128), (2, 2000)], ids=str)
@pytest.mark.parametrize("strided", [False, True])
def test_rows_are_added_in_order_to_the_last_bit(shape, dtype, sign, strided, kernels):
    random = np.random.RandomState(0)
    table = (random.randn(*shape) * 100).astype(dtype)
    count = max(1, 9000 // table[0].size)
    indices = random.randint(0, len(table), count).astype(np.int32)
    updates = (random.randn(2 * count, *shape[1:]) * 10).astype(dtype)[::2]
    if not strided:
        updates = updates.copy()
    expected = table.copy()
    for row, change in zip(indices, updates, strict=True):
        expected[row] = expected[row] + change if sign > 0 else expected[row] - change
    for _ in range(3):
        got = table.copy()
        add_rows(got, indices, updates, sign)
        np.testing.assert_array_equal(got, expected)


def test_a_table_with_gaps_between_its_rows():
    memory = np.zeros((50, 80), np.float32)
    add_rows(memory[:, :64], np.arange(50), np.ones((50, 64), np.float32))
    assert memory[:, :64].all()
    assert not memory[:, 64:].any()


def test_no_rows():
    table = np.ones((3, 2000), np.float32)
    add_rows(table, np.zeros(0, np.int64), np.zeros((0, 2000), np.float32))
    assert (table == 1).all()


def test_sums_of_rows_and_numbers_that_are_none(kernels):
    data = np.arange(60, dtype=np.float32).reshape(20, 3)
    numbers = np.arange(20, dtype=np.int32) % 4
    for _ in range(3):
        sums = sums_of_rows(data, numbers, 5)
        if sums is not None:
            np.testing.assert_array_equal(sums[:4], data.reshape(5, 4, 3).sum(axis=0))
            assert not sums[4].any()
        assert sums_of_rows(data, numbers, 3) is None
        assert sums_of_rows(data, numbers - 1, 5) is None
        assert sums_of_rows(data, numbers, 0) is None
        assert sums_of_rows(data[:0], numbers[:0], 5) is None

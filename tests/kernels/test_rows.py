"""Rows added to a table, compiled and not, against one row after the other."""

import numpy as np
import pytest

from flowlab._src.kernels.rows import add_rows, segments, sums_of_rows


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


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("width", [(), (1,), (5, 3), (70,)], ids=str)
@pytest.mark.parametrize("power", [0, 1, 0.5])
def test_segments_of_rows(power, width, dtype, kernels):
    random = np.random.RandomState(0)
    data = random.randn(300, *width).astype(dtype)
    ids = np.sort(random.randint(0, 90, 300)).astype(np.int32)
    ids[ids == 40] = 41  # one without a row
    picked = random.randint(0, 300, 300)
    for rows, places in ((data, None), (data[picked], picked)):
        got = segments(data, places, ids, power)
        if got is None:
            continue  # no loop: the operation asks NumPy
        expected = [rows[ids == i].sum(axis=0) / max(1, (ids == i).sum()) ** power for i in range(ids[-1] + 1)]
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)
        assert got.dtype == dtype
    assert segments(data, None, ids[::-1].copy(), power) is None
    assert segments(data, None, ids - 1000, power) is None
    assert segments(data, picked + 300, ids, power) is None
    assert segments(data, None, ids[1:], power) is None

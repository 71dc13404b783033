"""The largest of each row, compiled and not, against sorting."""

import numpy as np
import pytest

from flowlab._src.kernels import ranking
from flowlab._src.ops.sorting import TopKV2


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32"])
@pytest.mark.parametrize("shape", [(1, 3), (4, 5, 100), (300, 70), (0, 5)], ids=str)
@pytest.mark.parametrize("k", [0, 1, 2, 3])
def test_the_largest_and_of_equal_ones_the_first(shape, k, dtype, kernels):
    x = np.random.RandomState(0).randint(-20, 20, shape).astype(dtype)
    x[..., ::3] = x[..., :1]
    order = np.argsort(-x.astype(np.float64), axis=-1, kind="stable")[..., :k]
    for source in (x, np.asfortranarray(x)):
        values, places = TopKV2().kernel(source, np.int32(k))
        np.testing.assert_array_equal(places, order)
        np.testing.assert_array_equal(values, np.take_along_axis(x, order, -1))
        assert (values.dtype, places.dtype) == (x.dtype, np.int32)


def test_many_infinities_and_nan(compiled):
    x = np.random.RandomState(0).randn(40, 200).astype(np.float32)
    x[1, ::2], x[2, ::2], x[3] = np.inf, -np.inf, -np.inf
    values, places = ranking.top_k(x, 60)
    np.testing.assert_array_equal(values, -np.sort(-x, axis=-1)[:, :60])
    np.testing.assert_array_equal(np.take_along_axis(x, places, -1), values)
    x[5, 100] = np.nan
    assert ranking.top_k(x, 60) is None
    assert ranking.top_k(x, 65) is None


@pytest.mark.parametrize("k", [0, 1, 5, 2**31 - 1])
def test_targets_among_the_largest(k, kernels):
    x = np.random.RandomState(0).randint(-20, 20, (300, 40)).astype(np.float32)
    x[3, 5], x[4, 5], x[5, 5] = np.nan, np.inf, -np.inf
    targets = np.random.RandomState(1).randint(-2, 42, 300)
    expected = [
        0 <= t < 40 and bool(np.isfinite(row).all()) and int((row > row[t]).sum()) < k
        for row, t in zip(x, targets, strict=True)
    ]
    assert ranking.in_top_k(x, targets.astype(np.int32), np.int32(k)).tolist() == expected

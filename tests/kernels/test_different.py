"""The different numbers of an array in the order of their first occurrence, against a dict."""

import numpy as np
import pytest

from flowlab._src.kernels.different import LEAST, different, different_loop

RANGES = {"few": (0, 5), "near": (-300, 300), "far": (-(2**62), 2**62), "same": (7, 8), "int32": (-(2**31), 2**31 - 1)}


@pytest.mark.parametrize("span", RANGES)
@pytest.mark.parametrize("size", [LEAST, 100, 1001, 40_000])
@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_numbers_in_the_order_of_their_first_occurrence(dtype, size, span, kernels):
    low, high = RANGES[span]
    if dtype == "int32":
        low, high = max(low, -(2**31)), min(high, 2**31 - 1)
    x = np.random.RandomState(0).randint(low, high, size=2 * size, dtype=dtype)[::2]
    check(x)


@pytest.mark.parametrize("step", [1, -1, 4096, 2**33, -(2**20), 2**40])
def test_numbers_in_steps_do_not_crowd(step, kernels):
    check(np.arange(5000) * step)


def check(x):
    found = different(x)
    if found is None:
        assert different_loop.ready(np.dtype(np.float32), x.size) is None
        return
    places = {}
    expected = [places.setdefault(value, len(places)) for value in x.tolist()]
    np.testing.assert_array_equal(found[0], list(places))
    np.testing.assert_array_equal(found[1], expected)

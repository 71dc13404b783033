"""The compiled loop gives the numbers of its NumPy siblings, to the last bit, for any size and on any threads."""

from __future__ import annotations

import numpy as np
import pytest

from flowlab._src.kernels import random, random_fill, threads
from flowlab._src.kernels.random import Philox

SIZES = [0, 1, 2, 3, 4, 5, 23, 1023, 1024, 1025, 3 * 4 * random_fill.TOGETHER + 2, 100_003]


pytestmark = pytest.mark.usefixtures("compiled")


@pytest.mark.parametrize("kind", ["uniform", "normal", "truncated_normal"])
@pytest.mark.parametrize("size", SIZES)
def test_numbers_are_those_of_numpy(size: int, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = Philox(2, size), Philox(2, size)
    with monkeypatch.context() as patch:
        patch.setattr(random, "fill", lambda *_: None)
        expected = [getattr(theirs, kind)([size]) for _ in range(2)]
    assert (size == 0) or random_fill.fill_loop.ready(np.dtype(np.float32), size) is not None
    found = [getattr(ours, kind)([size]) for _ in range(2)]
    np.testing.assert_array_equal(found, expected)
    assert ours.counter == theirs.counter
    assert found[0].dtype == np.float32


@pytest.mark.parametrize("kind", ["uniform", "normal", "truncated_normal"])
def test_threads_change_nothing(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    results = []
    for count in (1, 3):
        monkeypatch.setattr(threads.pool, "size", count)
        results.append(getattr(Philox(5, 6), kind)([300, 257]))
    np.testing.assert_array_equal(results[0], results[1])


def test_truncated_numbers_are_never_far_out() -> None:
    numbers = Philox(1, 2).truncated_normal([200_000])
    assert abs(numbers).max() < 2
    assert abs(numbers.mean()) < 0.01
    assert abs(numbers.std() - 0.88) < 0.01  # of a normal distribution cut at 2

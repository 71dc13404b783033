"""Distances of many pairs of sequences at once, in the loop and without."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from flowlab._src.kernels.edit_distance import edit_distance, edit_distances


def as_rows(sequences, dtype):
    rows = np.repeat(np.arange(len(sequences)), [len(s) for s in sequences])
    return rows, np.array([x for s in sequences for x in s], dtype)


@pytest.mark.parametrize("dtype", ["int32", "uint8", "float32", "bool", object])
@pytest.mark.parametrize("normalize", [True, False])
def test_many_pairs_are_compared_as_one_by_one(dtype, normalize, kernels):
    rng = np.random.default_rng(0)
    words = [b"a", b"b", b"cd"] if dtype is object else [0, 1, 2]
    pairs = [
        [[words[i] for i in rng.integers(0, 3, rng.integers(0, 40) * rng.integers(0, 2))] for _ in "ab"]
        for _ in range(60)
    ]
    (first_rows, first), (second_rows, second) = (as_rows(side, dtype) for side in zip(*pairs, strict=True))
    got = edit_distances((first_rows, second_rows), (first, second), normalize, 61)
    for i, (a, b) in enumerate(pairs):
        if dtype == "bool":
            a, b = ([bool(x) for x in s] for s in (a, b))
        expected = plain_distance(a, b)
        if normalize:
            expected = np.float32(expected) / np.float32(len(b)) if b else (np.inf if a else 0)
        assert got[i] == np.float32(expected)
    assert got[60] == 0
    assert got.dtype == np.float32


def plain_distance(a, b):
    table = np.zeros((len(a) + 1, len(b) + 1), int)
    table[:, 0], table[0] = range(len(a) + 1), range(len(b) + 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            table[i + 1, j + 1] = min(table[i, j] + (x != y), table[i, j + 1] + 1, table[i + 1, j] + 1)
    return int(table[-1, -1])


@given(st.lists(st.integers(0, 3), max_size=90), st.lists(st.integers(0, 3), max_size=90))
def test_short_and_long_sequences_of_one_pair(a, b):
    assert edit_distance(a, b) == plain_distance(a, b)

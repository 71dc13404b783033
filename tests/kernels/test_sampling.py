"""Class numbers drawn by the compiled loop, against one draw after the other by definition."""

import math

import numpy as np
import pytest

from flowlab._src.kernels import sampling
from flowlab._src.kernels.random import Philox


def drawn_by_definition(generator, classes, count, unique):
    words = sampling.Words(generator, count)
    result, tries = [], 0
    while len(result) < count:
        first, second = (int(word) for word in words.take(2))
        uniform = ((first & 0xFFFFF) << 32 | second) / 2**52
        value = (int(math.exp(uniform * math.log1p(classes))) - 1) % classes
        tries += 1
        if not (unique and value in result):
            result.append(value)
    return result, tries


def expected(classes, ids, count, tries):
    probability = np.log((ids + 2.0) / (ids + 1.0)) / math.log1p(classes)
    return probability * count if tries == count else -np.expm1(tries * np.log1p(-probability))


@pytest.mark.parametrize("unique", [False, True])
@pytest.mark.parametrize(("classes", "count"), [(1, 1), (2, 2), (50, 50), (7, 3), (1000, 1), (1000, 333), (50_000, 64)])
def test_log_uniform_draws(classes, count, unique, kernels):
    targets = np.arange(6).reshape(3, 2) % classes
    sampler, stream, plain = sampling.LogUniform(classes), Philox(3, 2**64 - 2), Philox(3, 2**64 - 2)
    for _ in range(3):
        ids, of_targets, of_ids = sampling.draw(sampler, stream, count, unique, targets)
        wanted, tries = drawn_by_definition(plain, classes, count, unique)
        assert ids.tolist() == wanted
        assert (ids.dtype, of_targets.dtype, of_ids.dtype) == (np.int64, np.float32, np.float32)
        np.testing.assert_allclose(of_targets, expected(classes, targets, count, tries), rtol=3e-6)
        np.testing.assert_allclose(of_ids, expected(classes, ids, count, tries), rtol=3e-6)
    assert stream.counter == plain.counter


def test_targets_that_are_a_part_of_an_array(kernels):
    targets = np.arange(20).reshape(10, 2)[:, :1]
    whole = sampling.draw(sampling.LogUniform(100), Philox(1, 1), 5, True, targets.copy())
    for one, other in zip(sampling.draw(sampling.LogUniform(100), Philox(1, 1), 5, True, targets), whole, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)

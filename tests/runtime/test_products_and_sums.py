"""Products of which a part is asked for, and sums of many arrays: fewer instructions, the same numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.runtime import prepared
from flowlab._src.runtime.patterns import fused
from flowlab._src.runtime.straight import StraightRun


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run by instructions, and as a function; returns both results and the types of the function's instructions."""

    def run(fetches: Any, feed: dict[Any, Any]) -> tuple[Any, Any, list[str]]:
        results, types = [], []
        for runs in (math.inf, -math.inf):
            monkeypatch.setattr(prepared, "RUNS_BEFORE_WRITING", runs)
            with tf.Session() as sess:
                results.append(sess.run(fetches, feed))
                written = [
                    r for p in sess._prepared.values() for r in p.straight.values() if isinstance(r, StraightRun)
                ]
                types = [i.node.type for r in written for i in fused(r.plan).instructions]
        return results[0], results[1], types

    return run


def arrays(*shapes: tuple[int, ...]) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape).astype(np.float32) for shape in shapes]


@pytest.mark.parametrize(("batch", "cut"), [(96, True), (3, False)])
def test_the_gradient_of_data_beside_a_state_is_not_computed(batch: int, cut: bool, both: Any) -> None:
    x, h = tf.placeholder(tf.float32, [None, 40]), tf.placeholder(tf.float32, [None, 160])
    w = tf.placeholder(tf.float32, [200, 480])
    y = tf.matmul(tf.concat([x, h], 1), w)
    feed = dict(zip([x, h, w], arrays((batch, 40), (batch, 160), (200, 480)), strict=True))
    by_instructions, as_function, types = both(tf.gradients(y * y, [h, w]), feed)
    for a, b in zip(by_instructions, as_function, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-4)
    assert types.count("MatMul") == (2 if cut else 3)  # one has become a part of the slice
    both_grads = both(tf.gradients(y * y, [x, h]), feed)
    for a, b in zip(both_grads[0], both_grads[1], strict=True):
        np.testing.assert_array_equal(b, a)
    assert both_grads[2].count("Slice") == 2


@pytest.mark.parametrize("rows", [2, 200])
def test_a_sum_of_many_is_added_up_as_they_come(rows: int, both: Any) -> None:
    x, y = tf.placeholder(tf.float32, [None, 100]), tf.placeholder(tf.float32, [None, 100])
    square = tf.square(x)
    terms = [tf.sin(x)[:100], x[:100], square[:100], tf.cos(y)[:100], x[:100]]
    wide = [tf.sin(x), x, square, tf.cos(y), y, square]
    fetches = [tf.add_n(terms), tf.add_n(wide), square, tf.add_n([x, x, x]), tf.add_n([y, tf.exp(x)])]
    by_instructions, as_function, _ = both(fetches, dict(zip([x, y], arrays((rows, 100), (rows, 100)), strict=True)))
    for a, b in zip(by_instructions, as_function, strict=True):
        np.testing.assert_array_equal(b, a)


def test_sums_leave_what_they_add_alone(both: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 300])
    parts = [tf.sin(x), tf.cos(x), tf.tan(x)]
    total = tf.add_n(parts)
    by_instructions, as_function, types = both([total, *parts, tf.add_n([total, x, total])], {x: arrays((90, 300))[0]})
    for a, b in zip(by_instructions, as_function, strict=True):
        np.testing.assert_array_equal(b, a)
    assert types.count("AddN") == 4  # two of two steps each

"""Bodies of loops and branches are compiled for known sizes too: same numbers, fewer instructions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.runtime import prepared
from flowlab._src.runtime.plan import Plan
from flowlab._src.runtime.straight import Straight, StraightRun

Runs = Callable[[Any, dict[Any, Any]], tuple[Any, Any]]


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> Runs:
    """Run fetches by the instructions of the graph, and as a function written for the sizes at hand."""

    def run(fetches: Any, feed: dict[Any, Any]) -> tuple[Any, Any]:
        results = []
        for runs in (math.inf, -math.inf):
            monkeypatch.setattr(prepared, "RUNS_BEFORE_WRITING", runs)
            with tf.Session() as sess:
                sess.run(tf.global_variables_initializer())
                results.append(sess.run(fetches, feed))
                written = [
                    r for p in sess._prepared.values() for r in p.straight.values() if isinstance(r, StraightRun)
                ]
                assert bool(written) == (runs < 0)
        return results[0], results[1]

    return run


@pytest.fixture
def bodies(monkeypatch: pytest.MonkeyPatch) -> list[Plan]:
    """The plans of the bodies that become functions."""
    found: list[Plan] = []
    write = Straight._write

    def spy(self: Straight, lines: Any) -> Any:
        found.append(self._part.plan)
        return write(self, lines)

    monkeypatch.setattr(Straight, "_write", spy)
    return found


def assert_same(results: tuple[Any, Any]) -> None:
    for by_instructions, as_function in zip(*results, strict=True):
        np.testing.assert_array_equal(as_function, by_instructions)


@pytest.mark.parametrize("cell", [tf.nn.rnn_cell.BasicRNNCell, tf.nn.rnn_cell.GRUCell, tf.nn.rnn_cell.BasicLSTMCell])
def test_recurrent_nets_ask_for_no_sizes_in_their_loops(cell: Any, both: Runs, bodies: list[Plan]) -> None:
    x = tf.placeholder(tf.float32, [None, 5, 3])
    outputs, _ = tf.nn.dynamic_rnn(cell(4), x, dtype=tf.float32)
    loss = tf.reduce_sum(tf.square(outputs[:, -1]))
    grads = tf.gradients(loss, [*tf.trainable_variables(), x])
    images = np.random.default_rng(0).normal(size=(2, 5, 3)).astype(np.float32)
    tf.set_random_seed(3)
    by_instructions, as_function = both([outputs, loss, *grads], {x: images})
    for a, b in zip(by_instructions, as_function, strict=True):
        assert np.isfinite(a).all()
        if np.shape(a) != (2, 5, 4):  # the seed of the initializers differs from session to session
            assert np.shape(a) == np.shape(b)
    sized = [plan for plan in bodies if plan.sizes is not None]
    types = [i.node.type for plan in sized for i in plan.instructions]
    assert types.count("MatMul") >= 3
    assert not {"Shape", "ShapeN", "BroadcastGradientArgs", "ConcatOffset"} & set(types)


def test_a_loop_variable_that_grows_has_no_size(both: Runs) -> None:
    x = tf.placeholder(tf.float32, [None])
    _, grown, same = tf.while_loop(
        lambda i, v, w: i < 4,
        lambda i, v, w: (i + 1, tf.concat([v, v[:2] * tf.reduce_sum(w)], 0), w * 2.0 + tf.cast(tf.size(v), tf.float32)),
        [tf.constant(0), x, x],
        shape_invariants=[tf.TensorShape([]), tf.TensorShape([None]), tf.TensorShape([None])],
    )
    results = both([grown, same, *tf.gradients(grown, x)], {x: np.arange(3, dtype=np.float32)})
    assert results[0][0].shape == (11,)
    assert_same(results)


def test_sizes_that_depend_on_a_growing_one_are_unknown_too(both: Runs) -> None:
    x = tf.placeholder(tf.float32, [None, None])
    shapes = [tf.TensorShape([]), tf.TensorShape([None]), tf.TensorShape([None]), tf.TensorShape([None, None])]
    _, _, b, c = tf.while_loop(
        lambda i, a, b, c: i < 3,  # b takes the size of a one iteration later, c that of b
        lambda i, a, b, c: (i + 1, tf.concat([a, [1.0]], 0), a + 1.0, c * tf.reduce_sum(b) + tf.zeros(tf.shape(c))),
        [tf.constant(0), tf.zeros([2]), tf.zeros([2]), x],
        shape_invariants=shapes,
    )
    results = both([b, c, tf.shape(b), *tf.gradients(c, x)], {x: np.ones([2, 3], np.float32)})
    assert results[0][2].tolist() == [4]
    assert_same(results)


def test_elements_of_an_array_may_have_different_sizes(both: Runs) -> None:
    x = tf.placeholder(tf.float32, [None])
    array = tf.TensorArray(tf.float32, 3, infer_shape=False)
    _, array = tf.while_loop(
        lambda i, a: i < 3, lambda i, a: (i + 1, a.write(i, x[: i + 1] * 2.0)), [tf.constant(0), array]
    )
    sizes = [tf.shape(array.read(k)) for k in range(3)]
    results = both([array.concat(), *sizes, *tf.gradients(array.concat(), x)], {x: np.arange(4, dtype=np.float32)})
    assert [v.tolist() for v in results[0][1:4]] == [[1], [2], [3]]
    assert_same(results)


def test_elements_of_an_array_that_infers_shapes_have_one_size() -> None:
    x = tf.placeholder(tf.float32, [None])
    array = tf.TensorArray(tf.float32, 2, element_shape=[None]).write(0, x).write(1, x[:1])
    with (
        tf.Session() as sess,
        pytest.raises(tf.errors.InvalidArgumentError, match=r"value shape is .1. which is incomp"),
    ):
        sess.run(array.flow, {x: np.zeros(3, np.float32)})


def test_second_derivatives_through_a_loop(both: Runs) -> None:
    x = tf.placeholder(tf.float32, [None])
    y = tf.while_loop(lambda i, v: i < 3, lambda i, v: (i + 1, tf.sin(v) * x), [tf.constant(0), x])[1]
    (first,) = tf.gradients(y, x)
    results = both([first, *tf.gradients(first, x)], {x: np.linspace(-1, 1, 5, dtype=np.float32)})
    assert_same(results)


def test_loops_and_branches_within_loops(both: Runs) -> None:
    x = tf.placeholder(tf.float32, [None, None])

    def inner(v: Any) -> Any:
        return tf.while_loop(lambda j, u: j < 2, lambda j, u: (j + 1, u * x + tf.tanh(u)), [tf.constant(0), v])[1]

    def body(i: Any, v: Any) -> Any:
        return i + 1, tf.cond(i < 1, lambda: inner(v), lambda: tf.concat([v, v], 0)[: tf.shape(v)[0]] * 3.0)

    y = tf.while_loop(lambda i, v: i < 3, body, [tf.constant(0), x])[1]
    results = both([y, *tf.gradients(y, x)], {x: np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3)})
    assert_same(results)


def test_branches_of_different_sizes_give_no_size(both: Runs) -> None:
    x, yes = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.bool, [])
    y = tf.cond(yes, lambda: x, lambda: tf.concat([x, x], 0))
    for answer in (True, False):
        results = both([y * 2.0, tf.shape(y), *tf.gradients(y, x)], {x: np.ones(2, np.float32), yes: answer})
        assert results[0][1].tolist() == [2 if answer else 4]
        assert_same(results)


def test_no_iteration_at_all(both: Runs) -> None:
    x = tf.placeholder(tf.float32, [None])
    y = tf.while_loop(lambda i, v: i < 0, lambda i, v: (i + 1, v * v), [tf.constant(0), x])[1]
    assert_same(both([y, *tf.gradients(y, x)], {x: np.ones(3, np.float32)}))


@pytest.mark.parametrize("dtype", [tf.float32, tf.float64])
@pytest.mark.parametrize("units", [2, 80])  # 80: loops with exp and tanh
def test_gates_cut_from_one_product_and_gradients_joined(dtype: Any, units: int, both: Runs) -> None:
    rng = np.random.default_rng(2)
    x, w = tf.placeholder(dtype, [None, 4 * units]), tf.placeholder(dtype, [units, 4 * units])

    def step(i: Any, c: Any, h: Any) -> Any:
        a, b, f, o = tf.split(tf.matmul(h, w) + x, 4, axis=1)
        c = c * tf.sigmoid(f + 1.0) + tf.sigmoid(a) * tf.tanh(b)
        return i + 1, c, tf.tanh(c) * tf.sigmoid(o)

    start = tf.zeros([60, units], dtype)
    _, c, h = tf.while_loop(lambda i, c, h: i < 3, step, [tf.constant(0), start, start])
    parts = tf.split(h, 2, axis=1)  # one of them is fetched
    joined = tf.concat([parts[0] * 2.0, parts[1] + parts[0]], 1)
    fetches = [c, h, parts[0], joined, *tf.gradients(tf.reduce_sum(h * h) + tf.reduce_sum(joined), [x, w])]
    kind = dtype.as_numpy_dtype
    feed = {x: rng.normal(size=(60, 4 * units)).astype(kind), w: rng.normal(size=(units, 4 * units)).astype(kind)}
    for by_instructions, as_function in zip(*both(fetches, feed), strict=True):
        if units == 2:
            np.testing.assert_array_equal(as_function, by_instructions)
        np.testing.assert_allclose(as_function, by_instructions, rtol=1e-4, atol=1e-5)

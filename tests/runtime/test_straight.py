"""Plans that are run again are written out for the sizes at hand: same numbers, same errors, fewer instructions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.runtime import prepared
from flowlab._src.runtime.straight import StraightRun

WRITTEN = 8  # runs after which any small plan has been written out


def written(sess: tf.Session) -> list[StraightRun]:
    """The plans of a session that have become functions."""
    return [run for p in sess._prepared.values() for run in p.straight.values() if isinstance(run, StraightRun)]


@pytest.fixture
def by_instructions(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Switch the writing of plans off."""
    return lambda: monkeypatch.setattr(prepared, "RUNS_BEFORE_WRITING", math.inf)


def linear_regression() -> tuple[Any, Any, Any, Any]:
    x, y = tf.placeholder(tf.float32, [None, 1]), tf.placeholder(tf.float32, [None, 1])
    w, b = tf.Variable([[0.5]]), tf.Variable([0.0])
    loss = tf.reduce_mean(tf.square(tf.matmul(x, w) + b - y))
    return x, y, loss, tf.train.GradientDescentOptimizer(0.1).minimize(loss)


def test_a_training_step_asks_for_no_sizes_once_they_are_known() -> None:
    x, y, _, train = linear_regression()
    points = np.arange(6.0, dtype=np.float32).reshape(6, 1)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(WRITTEN):
            sess.run(train, {x: points, y: points})
        (run,) = written(sess)
    types = [i.node.type for i in run.plan.instructions]
    assert not {"Shape", "BroadcastGradientArgs", "Tile", "Prod", "Square", "NoOp"} & set(types)
    assert types.count("ApplyGradientDescent") == 2
    assert types.count("MatMul") == 2


def test_training_gives_the_same_numbers_by_instructions_and_as_a_function(by_instructions: Any) -> None:
    x, y, loss, train = linear_regression()
    rng = np.random.default_rng(1)
    batches = [rng.normal(size=(size, 1)).astype(np.float32) for size in [4, 4, 7, 4, 4, 7, 7, 7, 4, 1, 7, 7]]

    def losses() -> list[float]:
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            return [sess.run([loss, train], {x: batch, y: 3 * batch})[0] for batch in batches]

    as_function = losses()
    by_instructions()
    assert as_function == losses()


def test_random_streams_go_on_as_before(by_instructions: Any) -> None:
    tf.set_random_seed(7)
    x = tf.placeholder(tf.float32, [None])
    noisy = tf.nn.dropout(x, keep_prob=0.5) + tf.random_normal(tf.shape(x))

    def draws() -> list[list[float]]:
        with tf.Session() as sess:
            return [sess.run(noisy, {x: np.ones(5)}).tolist() for _ in range(WRITTEN)]

    as_function = draws()
    by_instructions()
    assert as_function == draws()


def test_an_error_is_told_in_the_same_words_once_the_plan_is_written() -> None:
    rows = tf.placeholder(tf.int32, [None], name="rows")
    picked = tf.gather(tf.sqrt(tf.constant([1.0, 2.0])), rows, name="picked")
    told = []
    with tf.Session() as sess:
        for _ in range(WRITTEN):
            with pytest.raises(tf.errors.InvalidArgumentError) as caught:
                sess.run(picked, {rows: [5]})
            told.append((str(caught.value), getattr(caught.value, "__notes__", None), caught.value.op))
        assert written(sess)
    assert all(words == told[0] for words in told)
    assert "indices[0] = 5 is not in [0, 2)" in told[0][0]


def test_a_variable_without_a_value_is_refused_once_the_plan_is_written() -> None:
    v = tf.Variable(1.0, name="v")
    doubled = v * 2.0
    with tf.Session() as sess:
        sess.run(v.initializer)
        for _ in range(WRITTEN):
            assert sess.run(doubled) == 2.0
        assert written(sess)
        sess._state.variables.clear()
        with pytest.raises(tf.errors.FailedPreconditionError, match="Attempting to use uninitialized value v"):
            sess.run(doubled)


def test_a_variable_whose_shape_may_change_is_asked_for_it_each_time() -> None:
    v = tf.Variable([1.0, 2.0])
    longer = tf.assign(v, [1.0, 2.0, 3.0], validate_shape=False)
    size = tf.raw_ops.Size(input=v.op.outputs[0])
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert [sess.run(size) for _ in range(WRITTEN)] == [2] * WRITTEN
        sess.run(longer)
        assert sess.run(size) == 3


def test_reads_around_a_change_in_one_run_see_what_they_saw(by_instructions: Any) -> None:
    v = tf.Variable(1.0)
    before = v * 1.0
    with tf.control_dependencies([before]):
        change = tf.assign_add(v, 1.0)
    with tf.control_dependencies([change]):
        after = tf.identity(v.op.outputs[0])

    def pairs() -> list[tuple[float, ...]]:
        with tf.Session() as sess:
            sess.run(v.initializer)
            return [tuple(map(float, sess.run([before, after]))) for _ in range(WRITTEN)]

    assert pairs() == [(i + 1.0, i + 2.0) for i in range(WRITTEN)]
    by_instructions()
    assert pairs() == [(i + 1.0, i + 2.0) for i in range(WRITTEN)]


def test_many_shapes_of_feeds_do_not_fill_the_memory_with_functions() -> None:
    x = tf.placeholder(tf.float32, [None])
    total = tf.reduce_sum(tf.sin(x))
    with tf.Session() as sess:
        for size in range(1, 200):
            for _ in range(4):
                np.testing.assert_allclose(sess.run(total, {x: np.ones(size)}), size * np.sin(1.0), rtol=1e-6)
        assert len(written(sess)) < 50


@pytest.mark.parametrize("make", [
    lambda: tf.train.GradientDescentOptimizer(0.1),
    lambda: tf.train.MomentumOptimizer(0.1, 0.9),
    lambda: tf.train.AdamOptimizer(0.1),
    lambda: tf.train.RMSPropOptimizer(0.1),
])  # fmt: skip
@pytest.mark.parametrize("resource", [False, True])
def test_updates_in_place_are_seen_by_nobody_who_holds_an_older_value(make: Any, resource: bool) -> None:
    w = tf.Variable(tf.ones([300, 200]), use_resource=resource)
    view = tf.reshape(w, [200, 300])
    train = make().minimize(tf.reduce_sum(w * w))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        arrays, known = [], []
        for _ in range(WRITTEN):
            sess.run(train)
            value, other = sess.run([w, view])
            arrays += [value, other]
            known += [value.copy(), other.copy()]
            kept = next(iter(sess._state.variables.values()))
            known.append(kept.copy())
            arrays.append(kept)
        for array, before in zip(arrays, known, strict=True):
            np.testing.assert_array_equal(array, before)


def test_a_variable_that_nobody_else_holds_is_updated_where_it_lies() -> None:
    w = tf.Variable(tf.ones([300, 200]))
    train = tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_sum(w * w))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(WRITTEN):
            sess.run(train)
        place = sess._state.variables[w.op.name].__array_interface__["data"][0]
        for _ in range(WRITTEN):
            sess.run(train)
        assert sess._state.variables[w.op.name].__array_interface__["data"][0] == place
        held = sess._state.variables[w.op.name]
        before = held.copy()
        sess.run(train)
        np.testing.assert_array_equal(held, before)
        np.testing.assert_allclose(sess.run(w), before * 0.8, rtol=1e-6)


def test_an_older_reading_of_a_resource_variable_stays_in_the_same_run() -> None:
    w = tf.Variable(tf.ones([300, 200]), use_resource=True)
    before = w.read_value()
    with tf.control_dependencies([before]):
        train = tf.train.GradientDescentOptimizer(1.0).minimize(tf.reduce_sum(w))
    with tf.control_dependencies([train]):
        moved = tf.identity(before) - w.read_value()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(WRITTEN):
            assert (sess.run(moved) == 1).all()


CHANGES = {
    "add": lambda w, rows: tf.scatter_add(w, [1, 2, 1], rows),
    "sub": lambda w, rows: tf.scatter_sub(w, [1, 2, 1], rows),
    "update": lambda w, rows: tf.scatter_update(w, [1, 2, 3], rows),
    "mul": lambda w, rows: tf.scatter_mul(w, [1, 2, 1], rows),
    "momentum": lambda w, rows: tf.train.MomentumOptimizer(0.1, 0.9).minimize(
        tf.reduce_sum(tf.gather(w, [1, 2, 1]) * rows)
    ),
    "adagrad": lambda w, rows: tf.train.AdagradOptimizer(0.1).minimize(tf.reduce_sum(tf.gather(w, [1, 2, 1]) * rows)),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("resource", [False, True])
def test_rows_changed_in_place_are_seen_by_nobody_who_holds_an_older_value(change: str, resource: bool) -> None:
    first = np.arange(300 * 20, dtype=np.float32).reshape(300, 20)
    start = tf.constant(first)
    w = tf.Variable(start, use_resource=resource)
    view = tf.reshape(w, [200, 30])
    step = CHANGES[change](w, np.full((3, 20), 1.5, np.float32))
    step = getattr(step, "op", step)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        arrays, known = [], []
        for k in range(3 * WRITTEN):
            sess.run(step)
            if k % 3 == 2:
                continue  # nobody looks
            value, other = sess.run([w, view])
            kept = next(iter(sess._state.variables.values()))
            arrays += [value, other, kept]
            known += [value.copy(), other.copy(), kept.copy()]
            del kept
        for array, before in zip(arrays, known, strict=True):
            np.testing.assert_array_equal(array, before)
        np.testing.assert_array_equal(sess.run(start), first)


def test_a_large_table_of_which_few_rows_change_is_not_copied() -> None:
    for resource in (False, True):
        w = tf.Variable(tf.zeros([5000, 20]), use_resource=resource)
        train = tf.train.GradientDescentOptimizer(1.0).minimize(tf.reduce_sum(tf.nn.embedding_lookup(w, [3, 3, 7])))
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            places = []
            for _ in range(2 * WRITTEN):
                sess.run(train)
                places.append(sess._state.variables[w.op.name].__array_interface__["data"][0])
            assert len(set(places[-WRITTEN:])) == 1
            expected = np.zeros([5000, 20], np.float32)
            expected[3], expected[7] = -4 * WRITTEN, -2 * WRITTEN
            np.testing.assert_array_equal(sess.run(w), expected)


def test_a_row_out_of_range_leaves_the_table_as_it_was() -> None:
    w, row = tf.Variable(tf.zeros([50, 20])), tf.placeholder(tf.int32, [2])
    step = tf.scatter_add(w, row, tf.ones([2, 20])).op
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(2 * WRITTEN):
            sess.run(step, {row: [0, 1]})
        before = sess.run(w)
        with pytest.raises(tf.errors.InvalidArgumentError, match="50"):
            sess.run(step, {row: [0, 50]})
        np.testing.assert_array_equal(sess.run(w), before)

"""Steps on small arrays as one function: training steps of small models, and parts of larger plans.

In the first the numbers are those of the ordinary way as far as sums in another order can be, in the second to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.kernels import compiling
from flowlab._src.runtime import prepared, small_runs, straight
from flowlab._src.runtime.straight import StraightRun

pytestmark = pytest.mark.skipif(compiling.policy() == compiling.NEVER, reason="FLOWLAB_NUMBA=0")

OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "descent": lambda: tf.train.GradientDescentOptimizer(0.05),
    "momentum": lambda: tf.train.MomentumOptimizer(0.02, 0.9),
    "nesterov": lambda: tf.train.MomentumOptimizer(0.02, 0.9, use_nesterov=True),
    "adam": lambda: tf.train.AdamOptimizer(0.05),
    "adagrad": lambda: tf.train.AdagradOptimizer(0.05),
}


@pytest.fixture(autouse=True)
def compiled(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(compiling.compiler, "policy", compiling.WAIT)
    with tf.Graph().as_default():
        yield


def linear(x: Any, y: Any) -> Any:
    w, b = tf.Variable(tf.zeros([3, 1])), tf.Variable(tf.zeros([1]))
    return tf.reduce_mean(tf.square(tf.matmul(x, w) + b - y))


def logistic(x: Any, y: Any) -> Any:
    w, b = tf.Variable(tf.zeros([3, 1])), tf.Variable(tf.zeros([1]))
    return tf.reduce_mean(
        tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.to_float(y > 0), logits=tf.matmul(x, w) + b)
    )


def two_layers(x: Any, y: Any) -> Any:
    random = np.random.RandomState(1)
    w, v = (tf.Variable(random.randn(*shape).astype(np.float32)) for shape in [(3, 10), (10, 1)])
    b = tf.Variable(np.zeros(10, np.float32))
    return tf.reduce_mean(
        tf.squared_difference(tf.matmul(tf.nn.relu(tf.matmul(x, w) + b), v), y)
    ) + 0.01 * tf.nn.l2_loss(w)


def single_numbers(x: Any, y: Any) -> Any:
    w, b = tf.Variable(0.5), tf.Variable(0.0)
    return tf.reduce_mean((w * tf.reduce_sum(x, 1, keepdims=True) + b - y) ** 2.0)


def small(sess: tf.Session) -> int:
    """How many instructions of the plans of a session are in small runs."""
    runs = [run for p in sess._prepared.values() for run in p.straight.values() if isinstance(run, StraightRun)]
    return sum([len(run._lines.in_small_runs) for run in runs])


def train(loss: Any, step: Any, x: Any, y: Any) -> tuple[list[float], list[Any], int]:
    random = np.random.RandomState(0)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        losses = []
        for i in range(14):
            points = random.randn(5 if i == 6 else 20, 3).astype(np.float32)
            points = np.asfortranarray(points) if i % 5 == 4 else points
            losses.append(sess.run([loss, step], {x: points, y: points.sum(1, keepdims=True) + 1})[0])
        return losses, sess.run(tf.global_variables()), small(sess)


CASES = [
    *[(linear, name) for name in OPTIMIZERS],
    (logistic, "descent"),
    (two_layers, "adam"),
    (single_numbers, "adam"),
]


@pytest.mark.parametrize(("model", "optimizer"), CASES)
def test_training_gives_the_numbers_of_single_instructions(model: Any, optimizer: str, monkeypatch: Any) -> None:
    x, y = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.float32, [None, 1])
    loss = model(x, y)
    step = OPTIMIZERS[optimizer]().minimize(loss, global_step=tf.train.get_or_create_global_step())
    losses, variables, runs = train(loss, step, x, y)
    assert runs
    monkeypatch.setattr(prepared, "RUNS_BEFORE_WRITING", math.inf)
    expected_losses, expected, none = train(loss, step, x, y)
    assert not none
    np.testing.assert_allclose(losses, expected_losses, rtol=2e-5)
    for value, wanted in zip(variables, expected, strict=True):
        assert value.dtype == wanted.dtype
        assert value.shape == wanted.shape
        np.testing.assert_allclose(value, wanted, rtol=2e-4, atol=2e-5)


def regression() -> tuple[Any, Any, Any, Any]:
    x, y = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.float32, [None, 1])
    loss = linear(x, y)
    return x, y, loss, tf.train.GradientDescentOptimizer(0.1).minimize(loss)


def points() -> tuple[Any, Any]:
    x = np.random.RandomState(3).randn(10, 3).astype(np.float32)
    return x, x.sum(1, keepdims=True)


def test_values_that_were_fetched_stay_as_they_were() -> None:
    x, y, _, step = regression()
    w = tf.global_variables()[0]
    xs, ys = points()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(10):
            before = sess.run(w)
            copy = before.copy()
            after = sess.run([step, w], {x: xs, y: ys})[1]
            np.testing.assert_array_equal(before, copy)
            np.testing.assert_array_equal(after, sess.run(w))  # read after the update
            after += 1.0  # the caller's own
            assert not np.array_equal(after, sess.run(w))
        assert small(sess)


def test_a_variable_without_a_value_is_an_error_as_ever() -> None:
    x, y, _, step = regression()
    xs, ys = points()
    w = tf.global_variables()[0]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(8):
            sess.run(step, {x: xs, y: ys})
        assert small(sess)
        del sess._state.variables[w.op.name]
        with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value"):
            sess.run(step, {x: xs, y: ys})


def test_an_update_by_another_thread_in_between_is_not_lost() -> None:
    x, y, _, step = regression()
    xs, ys = points()
    w = tf.global_variables()[0]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(8):
            sess.run(step, {x: xs, y: ys})
        lock = sess._state.lock

        class Meddling:
            """Whoever takes the lock finds that somebody else was faster."""

            def __enter__(self) -> None:
                lock.__enter__()
                sess._state.lock = lock
                sess._state.variables[w.op.name] = sess._state.variables[w.op.name] + np.float32(100)

            def __exit__(self, *rest: Any) -> None:
                lock.__exit__(*rest)

        sess._state.lock = Meddling()
        sess.run(step, {x: xs, y: ys})
        assert (sess.run(w) > 50).all()


@pytest.mark.parametrize("size", [20, 3000])
def test_plans_with_large_arrays_stay_as_they_are(size: int) -> None:
    x, y, _, step = regression()
    xs = np.zeros([size, 3], np.float32)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(8):
            sess.run(step, {x: xs, y: xs[:, :1]})
        assert bool(small(sess)) == (size == 20)


# ---------------------------------------------------------------- parts of larger plans


def sampled(loss_of: Any) -> Any:
    """A loss with sampled classes."""
    x, y = tf.placeholder(tf.int32, [None]), tf.placeholder(tf.int64, [None, 1])
    tables = [tf.Variable(tf.random_uniform(shape, -1, 1, seed=i)) for i, shape in enumerate([[60, 7], [60, 7], [60]])]
    inputs = tf.nn.embedding_lookup(tables[0], x)
    loss = tf.reduce_mean(loss_of(tables[1], tables[2], y, inputs, 5, 60))
    return {x: np.arange(9), y: np.arange(3, 12).reshape(9, 1)}, loss


def joined() -> Any:
    """Columns joined and cut again, and a bias for which rows are added up."""
    x = tf.placeholder(tf.float32, [None, 5])
    w, b = tf.Variable(tf.random_uniform([5, 4], -1, 1, seed=3)), tf.Variable(tf.zeros([9]))
    h = tf.concat([x, tf.nn.relu(tf.matmul(x, w))], 1) + b
    left, right = tf.slice(h, [0, 0], [-1, 3]), tf.slice(h, [0, 3], [-1, 6])
    column = tf.reshape(tf.slice(left, [0, 1], [-1, 1]), [-1])
    loss = tf.reduce_sum(left * left) + tf.reduce_mean(tf.maximum(right, 0.25) * tf.expand_dims(column, 1))
    return {x: np.random.RandomState(1).randn(6, 5).astype(np.float32)}, loss


PROGRAMS = {
    "nce": lambda: sampled(tf.nn.nce_loss),
    "sampled_softmax": lambda: sampled(tf.nn.sampled_softmax_loss),
    "joined": joined,
}


def steps_of(program: str) -> tuple[list[Any], int]:
    """Losses and variables of some steps; how many instructions are in runs."""
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.set_random_seed(1)
        feed, loss = PROGRAMS[program]()
        step = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
        sess.run(tf.global_variables_initializer())
        losses = [sess.run([step, loss], feed)[1] for _ in range(8)]
        return [*losses, *sess.run(tf.trainable_variables())], small(sess)


@pytest.mark.parametrize("policy", [compiling.WAIT, compiling.BACKGROUND], ids=["compiled", "by NumPy"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_parts_of_larger_plans_give_the_same_numbers(program: str, policy: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(compiling.compiler, "policy", policy)
    monkeypatch.setattr(small_runs, "is_small", lambda facts: False)
    ours, inside = steps_of(program)
    monkeypatch.setattr(straight, "small_runs", lambda facts: [*range(len(facts.plan.instructions))])
    theirs, none = steps_of(program)
    assert inside > 0
    assert none == 0
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, other)


def test_nothing_is_put_together_where_nothing_is_compiled(monkeypatch: Any) -> None:
    monkeypatch.setattr(compiling.compiler, "policy", compiling.NEVER)
    assert steps_of("joined")[1] == 0


def test_an_update_waits_for_the_check_before_it() -> None:
    x = tf.placeholder(tf.float32, [4])
    w = tf.Variable(tf.ones([4]))
    y = x * w + 1.0
    with tf.control_dependencies([tf.Assert(tf.reduce_all(y < 9.0), [y])]):
        step = tf.assign(w, w * y - x * 0.5 + y)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(8):
            sess.run(w.initializer)
            sess.run(step, {x: np.ones(4)})
        before = sess.run(w)
        with pytest.raises(tf.errors.InvalidArgumentError):
            sess.run(step, {x: np.full(4, 50.0)})
        np.testing.assert_array_equal(sess.run(w), before)


def test_what_reads_a_variable_before_an_update_keeps_the_old_value() -> None:
    w = tf.Variable(tf.ones([3]))
    x = tf.placeholder(tf.float32, [3])
    before = tf.reduce_sum(w * x + 1.0) * 2.0
    with tf.control_dependencies([before]):
        change = tf.assign(w, w + x * tf.reduce_sum(x))
    with tf.control_dependencies([change]):
        after = tf.reduce_sum(w * x + 1.0) * 2.0
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        value = np.ones(3)
        for _ in range(8):
            found = sess.run([before, after], {x: [0.0, 0.5, 1.0]})
            new = value + np.array([0.0, 0.5, 1.0]) * 1.5
            expected = [2 * ((each * [0.0, 0.5, 1.0]).sum() + 3) for each in (value, new)]
            np.testing.assert_allclose(found, expected, rtol=1e-6)
            value = new
        assert small(sess)

"""Rows of tables: what is fused around them gives the numbers of the single instructions, and changes tables in place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.kernels import compiling, jit
from flowlab._src.runtime import patterns, straight

RUNS = 8  # runs after which any small plan has been written out


@pytest.fixture(params=["numpy", "compiled"])
def way(request: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Compute with the NumPy siblings, or with loops for arrays of any size."""
    if request.param == "compiled" and compiling.policy() == compiling.NEVER:
        pytest.skip("FLOWLAB_NUMBA=0")
    monkeypatch.setattr(
        compiling.compiler, "policy", compiling.WAIT if request.param == "compiled" else compiling.NEVER
    )
    for each in jit.loops:
        monkeypatch.setattr(each, "least", 0)
        if request.param == "numpy":
            monkeypatch.setattr(each, "versions", {})
    return request.param


def words(resource: bool) -> Any:
    """Noise-contrastive estimation on a small vocabulary: a table of vectors, of weights, and of biases."""
    tf.set_random_seed(1)
    x, y = tf.placeholder(tf.int32, [None]), tf.placeholder(tf.int64, [None, 1])
    tables = [
        tf.Variable(tf.random_uniform(shape, -1, 1, seed=i), use_resource=resource)
        for i, shape in enumerate([[60, 7], [60, 7], [60]])
    ]
    inputs = tf.nn.embedding_lookup(tables[0], x)
    loss = tf.reduce_mean(tf.nn.nce_loss(tables[1], tables[2], y, inputs, 5, 60))
    return x, y, loss


def slices(resource: bool) -> Any:
    """Parts of one row-wise lookup used apart, their gradients with zeros of both signs."""
    x, y = tf.placeholder(tf.int32, [None]), tf.placeholder(tf.int64, [None, 1])
    table = tf.Variable(tf.random_uniform([40, 3, 2], -1, 1, seed=2), use_resource=resource)
    rows = tf.nn.embedding_lookup(table, tf.reshape(x, [-1, 1]))
    first, rest = tf.slice(rows, [0, 0, 0, 0], [2, -1, -1, -1]), tf.slice(rows, [3, 0, 1, 0], [-1, -1, -1, 1])
    return x, y, tf.reduce_sum(first * -0.0) + tf.reduce_sum(rest * rest) * tf.cast(tf.reduce_max(y), tf.float32)


@pytest.mark.parametrize("resource", [False, True], ids=["reference", "resource"])
@pytest.mark.parametrize("program", [words, slices], ids=["words", "slices"])
def test_training_gives_the_same_numbers(
    program: Any, resource: bool, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.RandomState(0)
    inputs, labels = random.randint(0, 40, 9), random.randint(0, 40, (9, 1))
    results, counts = [], []
    for fuse in (True, False):
        seen: list[int] = []

        def fused(plan: Any, fuse: bool = fuse, seen: list[int] = seen) -> Any:
            made = patterns.fused(plan) if fuse else plan
            seen.append(len(made.instructions))
            return made

        with monkeypatch.context() as patch, tf.Graph().as_default():
            patch.setattr(straight, "fused", fused)
            x, y, loss = program(resource)
            train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
            with tf.Session() as sess:
                sess.run(tf.global_variables_initializer())
                losses = [sess.run([train, loss], {x: inputs, y: labels})[1] for _ in range(RUNS)]
                results.append([*losses, *sess.run(tf.trainable_variables())])
        counts.append(seen[0])
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)
    assert counts[0] < counts[1]


@pytest.mark.parametrize("resource", [False, True], ids=["reference", "resource"])
def test_an_index_that_is_no_row_is_refused_and_nothing_changes(resource: bool, way: str) -> None:
    x = tf.placeholder(tf.int32, [3])
    table = tf.Variable(tf.ones([5, 4]), use_resource=resource)
    train = tf.scatter_sub(table, x, tf.ones([3, 4]) * tf.reduce_sum(tf.ones([2])) * 0.5)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(RUNS):
            sess.run(train, {x: [1, 1, 2]})
        before = sess.run(table)
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"indices\[2\] = 5 is not in \[0, 5\)"):
            sess.run(train, {x: [0, 1, 5]})
        np.testing.assert_array_equal(sess.run(table), before)
        sess.run(train, {x: [0, 0, 4]})
        np.testing.assert_array_equal(sess.run(table)[[0, 4]], [[-1] * 4, [0] * 4])


def test_tables_stay_where_they_are_while_they_are_trained(way: str) -> None:
    with tf.Session() as sess:
        x, y, loss = words(resource=False)
        train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
        sess.run(tf.global_variables_initializer())
        places = set()
        for k in range(2 * RUNS):
            sess.run(train, {x: [1, 2, 3], y: [[4], [5], [6]]})
            if k >= RUNS:
                places.add(tuple(v.__array_interface__["data"][0] for v in sess._state.variables.values()))
        assert len(places) == 1

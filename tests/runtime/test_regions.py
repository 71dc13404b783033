"""Regions of a plan: found where small arrays are computed, joined and cut; the same numbers as one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.kernels import compiling
from flowlab._src.kernels.region import Region
from flowlab._src.runtime import straight

RUNS = 8  # runs after which any small plan has been written out


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


def train(program: str) -> tuple[list[Any], int]:
    """Losses and variables of some steps; how many regions there were."""
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.set_random_seed(1)
        feed, loss = PROGRAMS[program]()
        step = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
        sess.run(tf.global_variables_initializer())
        losses = [sess.run([step, loss], feed)[1] for _ in range(RUNS)]
        made = [r for p in sess._prepared.values() for r in p.straight.values() if isinstance(r, straight.StraightRun)]
        count = sum(isinstance(i.kernel, Region) for run in made for i in run.plan.instructions)
        return [*losses, *sess.run(tf.trainable_variables())], count


@pytest.mark.parametrize("policy", [compiling.WAIT, compiling.BACKGROUND], ids=["compiled", "by NumPy"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_training_gives_the_same_numbers(program: str, policy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if compiling.policy() == compiling.NEVER:
        pytest.skip("FLOWLAB_NUMBA=0")
    monkeypatch.setattr(compiling.compiler, "policy", policy)
    monkeypatch.setattr(straight, "small_runs", lambda facts: None)  # they add up in another order
    monkeypatch.setattr(straight, "is_better_alone", lambda plan, fused: False)
    ours, regions = train(program)
    monkeypatch.setattr(straight, "grouped", lambda plan, write: plan)
    theirs, none = train(program)
    assert regions > 0
    assert none == 0
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, other)


def test_no_regions_where_nothing_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling.compiler, "policy", compiling.NEVER)
    assert train("joined")[1] == 0

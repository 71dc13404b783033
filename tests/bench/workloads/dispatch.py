"""What it costs to run an operation that has next to nothing to do."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.bench.registry import Step, twin, workload


def _five_nodes(tf: Any, a: Any, b: Any) -> Any:
    return tf.add(tf.multiply(a, b), tf.add(a, b))


@workload("run of the five-node graph, constants", over=(20, 3))
def five_nodes(tf: Any) -> Step:
    """The first program of a course on sessions."""
    e = _five_nodes(tf, tf.constant(5), tf.constant(3))
    sess = tf.Session()
    return Step(lambda: sess.run(e))


@twin
def five_nodes_torch(torch: Any) -> Step:
    a, b = torch.tensor(5), torch.tensor(3)
    return Step(lambda: (a * b) + (a + b))


@workload("run of the five-node graph, two feeds", over=(30, 3))
def five_nodes_fed(tf: Any) -> Step:
    """The same with placeholders."""
    a, b = tf.placeholder(tf.int32, []), tf.placeholder(tf.int32, [])
    e = _five_nodes(tf, a, b)
    sess = tf.Session()
    five, three = np.int32(5), np.int32(3)
    return Step(lambda: sess.run(e, {a: five, b: three}))


@twin
def five_nodes_fed_torch(torch: Any) -> Step:
    def step() -> Any:
        a, b = torch.tensor(5), torch.tensor(3)
        return (a * b) + (a + b)

    return Step(step)


@workload("1,000 chained scalar adds", over=(2, 8))
def scalar_chain(tf: Any) -> Step:
    """A chain that depends on two feeds, so that nothing can be folded."""
    x, one = tf.placeholder(tf.float32, []), tf.placeholder(tf.float32, [])
    y = x
    for _ in range(1000):
        y = tf.add(y, one)
    sess = tf.Session()
    feed = {x: np.float32(0), one: np.float32(1)}
    return Step(lambda: sess.run(y, feed))


@twin
def scalar_chain_torch(torch: Any) -> Step:
    x, one = torch.tensor(0.0), torch.tensor(1.0)

    def step() -> Any:
        y = x
        for _ in range(1000):
            y = y + one
        return y

    return Step(step)


@workload("100 operations on 32x10", over=(2, 4), stretch=(20, 40))
def small_arrays(tf: Any) -> Step:
    """Scale, shift, clip, shift back, 25 times."""
    x = tf.placeholder(tf.float32, [32, 10])
    y = x
    for _ in range(25):
        y = tf.subtract(tf.maximum(tf.add(tf.multiply(y, 1.01), 0.1), 0.0), 0.1)
    sess = tf.Session()
    feed = {x: np.random.RandomState(0).rand(32, 10).astype(np.float32)}
    return Step(lambda: sess.run(y, feed))


@twin
def small_arrays_torch(torch: Any) -> Step:
    x = torch.rand(32, 10)

    def step() -> Any:
        y = x
        for _ in range(25):
            y = torch.relu(y * 1.01 + 0.1) - 0.1
        return y

    return Step(step)

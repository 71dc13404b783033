"""Building graphs and their gradients. What an operation costs must not grow with the graph (linear time)."""

from __future__ import annotations

from typing import Any

from tests.bench.registry import Step, workload


def _chain(tf: Any, count: int) -> tuple[Any, Any, Any]:
    """tanh of tanh of ... of a placeholder."""
    graph = tf.Graph()
    with graph.as_default():
        x = y = tf.placeholder(tf.float32, [])
        for _ in range(count - 1):
            y = tf.tanh(y)
    return graph, x, y


def _with_gradient(tf: Any, count: int) -> tuple[Any, Any, Any]:
    graph, x, y = _chain(tf, count)
    with graph.as_default():
        (dx,) = tf.gradients(y, x)
    return graph, x, dx


def _gradients(tf: Any, count: int) -> Step:
    def differentiate(built: Any) -> Any:
        graph, x, y = built
        with graph.as_default():
            return tf.gradients(y, x)

    return Step(differentiate, count, lambda: _chain(tf, count))


def _first_run(tf: Any, count: int) -> Step:
    def run(built: Any) -> Any:
        graph, x, dx = built
        with tf.Session(graph=graph) as sess:
            return sess.run(dx, {x: 0.5})

    return Step(run, count, lambda: _with_gradient(tf, count // 2))


@workload("building 2,000 operations, each", unit="us an op", over=(13, None), at_most=12)
def build_2000(tf: Any) -> Step:
    """A small graph."""
    return Step(lambda: _chain(tf, 2000), 2000)


@workload("building 20,000 operations, each", unit="us an op", over=(13, None), at_most=12, slow=True)
def build_20000(tf: Any) -> Step:
    """Ten times as large."""
    return Step(lambda: _chain(tf, 20000), 20000)


@workload("gradients through 2,000 operations, each", unit="us an op", over=(25, None), at_most=40)
def gradients_2000(tf: Any) -> Step:
    """tf.gradients alone."""
    return _gradients(tf, 2000)


@workload("gradients through 20,000 operations, each", unit="us an op", over=(25, None), at_most=40, slow=True)
def gradients_20000(tf: Any) -> Step:
    """Ten times as deep: a recursion would end here."""
    return _gradients(tf, 20000)


@workload("first run of 3,000 operations, each", unit="us an op", over=(20, None))
def first_run_3000(tf: Any) -> Step:
    """A chain and its gradient, run once in a new session."""
    return _first_run(tf, 3000)


@workload("first run of 20,000 operations, each", unit="us an op", over=(20, None), slow=True)
def first_run_20000(tf: Any) -> Step:
    """Seven times as large."""
    return _first_run(tf, 20000)

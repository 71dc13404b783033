"""Linear and logistic regression: many operations, hardly any arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.bench.registry import Step, twin, workload


def _points(count: int = 100) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.RandomState(0)
    x = random.randn(count, 1).astype(np.float32)
    return x, (3 * x + 2 + 0.1 * random.randn(count, 1)).astype(np.float32)


@workload("linear regression, a step on 100 points", over=(10, 6), stretch=(30, 20))
def linear_regression(tf: Any) -> Step:
    """w x + b by gradient descent."""
    xs, ys = _points()
    x, y = tf.placeholder(tf.float32, [None, 1]), tf.placeholder(tf.float32, [None, 1])
    w, b = tf.Variable(tf.zeros([1, 1])), tf.Variable(tf.zeros([1]))
    loss = tf.reduce_mean(tf.square(tf.matmul(x, w) + b - y))
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    sess = tf.Session()
    sess.run(tf.global_variables_initializer())
    feed = {x: xs, y: ys}
    return Step(lambda: sess.run([train, loss], feed))


@twin
def linear_regression_torch(torch: Any) -> Step:
    x, y = (torch.from_numpy(v) for v in _points())
    w, b = torch.zeros(1, 1, requires_grad=True), torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([w, b], 0.1)

    def step() -> Any:
        optimizer.zero_grad()
        loss = ((x @ w + b - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        return loss.item()

    return Step(step)


def _classes(count: int = 200) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.RandomState(0)
    x = random.randn(count, 2).astype(np.float32)
    return x, (x.sum(1, keepdims=True) > 0).astype(np.float32)


@workload("logistic regression, a step on 200 points", over=(7, 6))
def logistic_regression(tf: Any) -> Step:
    """Two features, one unit, its cross entropy."""
    xs, ys = _classes()
    x, y = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float32, [None, 1])
    w, b = tf.Variable(tf.zeros([2, 1])), tf.Variable(tf.zeros([1]))
    loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=tf.matmul(x, w) + b))
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    sess = tf.Session()
    sess.run(tf.global_variables_initializer())
    feed = {x: xs, y: ys}
    return Step(lambda: sess.run([train, loss], feed))


@twin
def logistic_regression_torch(torch: Any) -> Step:
    x, y = (torch.from_numpy(v) for v in _classes())
    w, b = torch.zeros(2, 1, requires_grad=True), torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([w, b], 0.1)

    def step() -> Any:
        optimizer.zero_grad()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(x @ w + b, y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return Step(step)

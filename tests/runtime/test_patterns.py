"""Known sequences become one instruction of plans that are written out: same numbers, in fewer steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.kernels import compiling, jit
from flowlab._src.runtime import patterns, straight

RUNS = 8  # runs after which any small plan has been written out
WAYS = ["numpy", "compiled"]


@pytest.fixture(params=WAYS)
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


def net(add: Any, read: bool = False) -> tuple[Any, Any, Any, Any]:
    """A small convolutional net; with `read` somebody else reads what the fused kernel would not keep."""
    tf.set_random_seed(1)
    x, y = tf.placeholder(tf.float32, [None, 12, 12, 2]), tf.placeholder(tf.float32, [None, 3])
    w, b = tf.Variable(tf.truncated_normal([3, 3, 2, 5])), tf.Variable(tf.constant(0.1, shape=[5]))
    h = tf.nn.relu(add(tf.nn.conv2d(x, w, [1, 1, 1, 1], "SAME"), b))
    p = tf.nn.max_pool(h, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
    v, c = tf.Variable(tf.truncated_normal([180, 7])), tf.Variable(tf.constant(0.1, shape=[7]))
    g = tf.nn.relu(add(tf.matmul(tf.reshape(p, [-1, 180]), v), c))
    logits = tf.matmul(g, tf.Variable(tf.truncated_normal([7, 3])))
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits))
    if read:
        loss += tf.reduce_mean(h)
    return x, y, loss, tf.train.GradientDescentOptimizer(0.1).minimize(loss)


@pytest.mark.parametrize("read", [False, True])
@pytest.mark.parametrize("add", [lambda a, b: a + b, tf.nn.bias_add], ids=["add", "bias_add"])
def test_training_gives_the_same_numbers(add: Any, read: bool, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.RandomState(0)
    images, labels = random.rand(6, 12, 12, 2), np.eye(3)[random.randint(0, 3, 6)]
    results, counts = [], []
    for fuse in (True, False):
        seen: list[int] = []

        def fused(plan: Any, fuse: bool = fuse, seen: list[int] = seen) -> Any:
            made = patterns.fused(plan) if fuse else plan
            seen.append(len(made.instructions))
            return made

        with monkeypatch.context() as patch, tf.Graph().as_default():
            patch.setattr(straight, "fused", fused)
            x, y, loss, train = net(add, read)
            with tf.Session() as sess:
                sess.run(tf.global_variables_initializer())
                losses = [sess.run([train, loss], {x: images, y: labels})[1] for _ in range(RUNS)]
                losses.append(sess.run(loss, {x: images[:3], y: labels[:3]}))
                results.append([*losses, *map(np.sum, sess.run(tf.trainable_variables()))])
        counts.append(seen[0])
    np.testing.assert_allclose(results[0], results[1], rtol=2e-5, atol=1e-6)
    # Four and three instructions become one each, and three in the dense layer; with a second reader only the last.
    assert counts[1] - counts[0] == (4 if read else 3 + 2 + 2)


def test_evaluation_needs_no_way_back(way: str) -> None:
    x, y, loss, _ = net(tf.nn.bias_add)
    images, labels = np.ones([2, 12, 12, 2]), np.eye(3)[:2]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        values = [sess.run(loss, {x: images, y: labels}) for _ in range(RUNS)]
    np.testing.assert_allclose(values, values[0], rtol=1e-5)


def test_many_images_are_pooled_a_few_at_a_time(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    x = tf.placeholder(tf.float32, [None, 6, 6, 1])
    w, b = tf.constant(np.random.RandomState(0).randn(3, 3, 1, 2), tf.float32), tf.constant([0.1, -0.1])
    y = tf.nn.max_pool(tf.nn.relu(tf.nn.conv2d(x, w, [1, 1, 1, 1], "SAME") + b), [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
    images = np.random.RandomState(1).rand(2 * patterns.FEW_IMAGES + 3, 6, 6, 1)
    with tf.Session() as sess:
        few = np.concatenate([sess.run(y, {x: images[i : i + 5]}) for i in range(0, len(images), 5)])
        with monkeypatch.context() as patch:
            patch.setattr(patterns.conv_pool, "conv_relu_pool", lambda *_: None)
            for _ in range(RUNS):
                np.testing.assert_allclose(sess.run(y, {x: images}), few, rtol=1e-5, atol=1e-6)


def test_a_bias_written_between_is_the_one_that_is_added(way: str) -> None:
    x = tf.placeholder(tf.float32, [None, 4])
    b = tf.Variable(tf.zeros([4]))
    added = tf.matmul(x, tf.eye(4)) + b
    with tf.control_dependencies([added]), tf.control_dependencies([tf.assign_add(b, tf.ones([4]))]):
        y = tf.nn.relu(added)
    with tf.Session() as sess:
        sess.run(b.initializer)
        for count in range(RUNS):
            assert (sess.run(y, {x: np.zeros([2, 4])}) == count).all()

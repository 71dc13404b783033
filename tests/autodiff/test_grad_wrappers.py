"""`tf.recompute_grad` and `tf.grad_pass_through`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowlab as tf


@pytest.mark.parametrize("use_resource", [False, True])
def test_recomputed_gradients_are_the_ordinary_ones(use_resource: bool) -> None:
    def block(x: Any) -> Any:
        hidden = tf.layers.dense(x, 3, tf.tanh)
        return hidden * tf.get_variable("scale", [3], initializer=tf.ones_initializer())

    def build(f: Any) -> Any:
        tf.set_random_seed(1)
        with tf.variable_scope("net", use_resource=use_resource):
            x = tf.constant([[0.1, 0.2], [0.3, 0.4]])
            y = f(x)
        variables = tf.trainable_variables()
        return [v.name for v in variables], [x, *variables], y

    found = []
    for wrap in (lambda f: f, tf.recompute_grad):
        with tf.Graph().as_default(), tf.Session() as sess:
            names, sources, y = build(wrap(block))
            grads = tf.gradients(tf.square(y), sources)
            sess.run(tf.global_variables_initializer())
            sess.run([v.assign(tf.fill(v.shape, 0.5)) for v in tf.trainable_variables()])
            found.append((names, sess.run([y, *grads])))
    (names, plain), (again, recomputed) = found
    assert names == again == ["net/dense/kernel:0", "net/dense/bias:0", "net/scale:0"]
    for a, b in zip(plain, recomputed, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_two_recomputed_blocks_keep_their_own_layers() -> None:
    block = tf.recompute_grad(lambda x: tf.layers.dense(x, 2, tf.tanh))
    with tf.Graph().as_default():
        y = block(block(tf.constant([[1.0, 2.0]])))
        names = [v.name for v in tf.trainable_variables()]
        grads = tf.gradients(y, tf.trainable_variables())
        assert names == ["dense/kernel:0", "dense/bias:0", "dense_1/kernel:0", "dense_1/bias:0"]
        assert [v.name for v in tf.trainable_variables()] == names  # the gradient has made no more
        assert None not in grads
        assert len([op for op in tf.get_default_graph().get_operations() if op.type == "Tanh"]) == 4


def test_recomputing_waits_for_the_gradient() -> None:
    with tf.Graph().as_default():
        x = tf.constant(0.5)
        (dx,) = tf.gradients(tf.recompute_grad(tf.tanh)(x), x, grad_ys=[tf.constant(2.0, name="dy")])
        second = [op for op in tf.get_default_graph().get_operations() if op.type == "Tanh"][1]
        assert [op.name for op in second.control_inputs] == ["gradients/grad_ys_0"]
        with tf.Session() as sess:
            np.testing.assert_allclose(sess.run(dx), 2 * (1 - np.tanh(0.5) ** 2), rtol=1e-6)


def test_variables_inside_get_nothing_passed_through() -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        v = tf.get_variable("v", [2], initializer=tf.ones_initializer())
        x = tf.constant([1.0, 2.0])
        y = tf.grad_pass_through(lambda x: tf.round(x * v * 0.3))(x)
        dx, dv = tf.gradients(y, [x, v])
        sess.run(tf.global_variables_initializer())
        assert dv is None
        assert sess.run([y, dx])[0].tolist() == [0, 1]
        assert sess.run(dx).tolist() == [1, 1]

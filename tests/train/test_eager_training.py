"""Training in eager mode: optimizers, the step counter, variables by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.runtime.eager import eager_mode

OPTIMIZERS: dict[str, Any] = {
    "descent": lambda: tf.train.GradientDescentOptimizer(0.1),
    "momentum": lambda: tf.train.MomentumOptimizer(0.1, 0.9, use_nesterov=True),
    "adam": lambda: tf.train.AdamOptimizer(0.1),
    "adagrad": lambda: tf.train.AdagradOptimizer(0.1),
    "adadelta": lambda: tf.train.AdadeltaOptimizer(1.0),
    "rmsprop": lambda: tf.train.RMSPropOptimizer(0.1, momentum=0.5, centered=True),
    "ftrl": lambda: tf.train.FtrlOptimizer(0.1, l1_regularization_strength=0.01),
    "proximal": lambda: tf.train.ProximalAdagradOptimizer(0.1, 0.1, 0.01, 0.01),
}
X = np.array([[1.0, 2.0, 3.0], [0.5, -1.0, 2.0]], np.float32)
START = np.array([[0.1, -0.2], [0.3, 0.4], [-0.5, 0.6]], np.float32)


def loss_of(w: Any, table: Any) -> Any:
    rows = tf.nn.embedding_lookup(table, [1, 1, 0])
    return tf.reduce_mean(tf.square(tf.matmul(tf.constant(X), w) - 1.0)) + tf.reduce_sum(tf.square(rows))


def in_graph(make: Any) -> list[Any]:
    with tf.Graph().as_default(), tf.Session() as sess:
        w = tf.Variable(START, use_resource=True)
        table = tf.Variable(START, use_resource=True)
        train = make().minimize(loss_of(w, table))
        sess.run(tf.global_variables_initializer())
        for _ in range(3):
            sess.run(train)
        return sess.run([w.read_value(), table.read_value()])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_three_steps_are_those_of_the_graph(name: str) -> None:
    expected = in_graph(OPTIMIZERS[name])
    with eager_mode():
        w, table = tf.Variable(START), tf.Variable(START)
        optimizer = OPTIMIZERS[name]()
        for _ in range(3):
            assert optimizer.minimize(lambda: loss_of(w, table)) is None
        np.testing.assert_allclose(w.numpy(), expected[0], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(table.numpy(), expected[1], rtol=1e-5, atol=1e-6)


def test_gradients_of_a_tape_are_applied() -> None:
    with eager_mode():
        w = tf.Variable([1.0, -2.0], constraint=lambda v: tf.clip_by_value(v, -1.0, 1.0))
        step = tf.train.get_or_create_global_step()
        before = int(step)
        optimizer = tf.train.GradientDescentOptimizer(0.5)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(w * 3.0)
        optimizer.apply_gradients(zip(tape.gradient(loss, [w]), [w], strict=True), global_step=step)
        np.testing.assert_array_equal(w.numpy(), [-0.5, -1.0])
        assert int(step) == before + 1
        assert tf.train.get_or_create_global_step() is step


def test_a_loss_must_be_a_function() -> None:
    with eager_mode():
        w = tf.Variable(1.0)
        with pytest.raises(RuntimeError, match="should be a function when eager execution is enabled"):
            tf.train.GradientDescentOptimizer(0.1).minimize(w * w)


def test_slots_and_the_optimizers_own_variables() -> None:
    with eager_mode():
        w = tf.Variable([1.0, 2.0], name="w")
        optimizer = tf.train.AdamOptimizer(0.1)
        pairs = optimizer.compute_gradients(lambda: tf.reduce_sum(w * w), var_list=[w])
        optimizer.apply_gradients(pairs)
        assert [v.name for v in optimizer.variables()] == ["beta1_power:0", "beta2_power:0", "w/Adam:0", "w/Adam_1:0"]
        np.testing.assert_allclose(optimizer.get_slot(w, "m").numpy(), [0.2, 0.4], rtol=1e-6)


def test_a_loss_may_be_a_function_in_graphs_too() -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        w = tf.Variable(3.0, use_resource=True)
        train = tf.train.GradientDescentOptimizer(0.5).minimize(lambda: w * w)
        sess.run(w.initializer)
        sess.run(train)
        assert sess.run(w) == 0.0


def test_variables_by_name_are_new_each_time_unless_they_are_kept() -> None:
    with eager_mode():
        first, second = tf.get_variable("w", [2]), tf.get_variable("w", [2])
        assert first is not second
        assert first.name == second.name == "w:0"
        container = tf.contrib.eager.EagerVariableStore()
        made = []
        for _ in range(2):
            with container.as_default(), tf.variable_scope("layer"):
                made += [tf.get_variable("w", [2]), tf.get_variable("b", [1], trainable=False)]
        assert made[0] is made[2]
        assert [v.name for v in container.variables()] == ["layer/b:0", "layer/w:0"]
        assert [v.name for v in container.trainable_variables()] == ["layer/w:0"]
        assert [v.name for v in container.non_trainable_variables()] == ["layer/b:0"]
        copied = container.copy().variables()[1]
        made[0].assign([7.0, 7.0])
        assert copied.numpy().tolist() != [7.0, 7.0]


def test_variables_change_at_once() -> None:
    with eager_mode():
        v = tf.Variable([1.0, 2.0, 3.0], name="v")
        seen = v.read_value()
        v.assign_add([1.0, 1.0, 1.0])
        v[0:1].assign([9.0])
        v.scatter_add(tf.IndexedSlices([10.0], [2]))
        tf.assign_sub(v, [0.0, 1.0, 0.0])
        np.testing.assert_array_equal(v.numpy(), [9.0, 2.0, 14.0])
        np.testing.assert_array_equal(seen, [1.0, 2.0, 3.0])
        with pytest.raises(ValueError, match=r"Shapes \(3,\) and \(2,\) are incompatible"):
            v.assign([1.0, 2.0])
        with pytest.raises(RuntimeError, match="Trying to eval in EAGER mode"):
            v.eval()
        with pytest.raises(RuntimeError, match="initial_value not supported in EAGER mode"):
            v.initial_value
        assert tf.contrib.eager.Variable(2.0).assign(3.0).numpy() == 3.0


def test_schedules_are_functions_that_look_at_the_step_counter() -> None:
    with eager_mode():
        step = tf.Variable(0, dtype=tf.int64)
        rates = {
            "exponential": tf.train.exponential_decay(1.0, step, 2, 0.5),
            "natural": tf.train.natural_exp_decay(1.0, step, 2, 0.5),
            "pieces": tf.train.piecewise_constant(step, [1, 3], [1.0, 0.5, 0.1]),
            "cosine": tf.train.cosine_decay(1.0, step, 4),
        }
        before = {name: float(rate()) for name, rate in rates.items()}
        step.assign(2)
        after = {name: round(float(rate()), 5) for name, rate in rates.items()}
        assert set(before.values()) == {1.0}
        assert after == {"exponential": 0.5, "natural": 0.60653, "pieces": 0.5, "cosine": 0.5}
        w = tf.Variable(4.0)
        tf.train.GradientDescentOptimizer(rates["exponential"]).minimize(lambda: w * 2.0)
        assert w.numpy() == 3.0

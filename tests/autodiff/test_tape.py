"""Gradient tapes, in eager mode and in graphs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.runtime.eager import eager_mode

tfe = tf.contrib.eager


@pytest.fixture(autouse=True)
def eagerly() -> Any:
    with eager_mode():
        yield


def test_only_watched_tensors_have_gradients() -> None:
    x, y = tf.constant(3.0), tf.constant(4.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        z = x * x * y
    assert [g if g is None else float(g) for g in tape.gradient(z, [x, y])] == [24.0, None]


def test_trainable_variables_are_watched_when_they_are_read() -> None:
    a, b, c = tf.Variable(2.0), tf.Variable(3.0, trainable=False), tf.Variable(5.0)
    with tf.GradientTape() as tape:
        z = a * b
        c.assign(7.0)
    assert [v.numpy() for v in tape.watched_variables()] == [2.0]
    assert [g if g is None else float(g) for g in tape.gradient(z, [a, b, c])] == [3.0, None, None]


def test_variables_are_watched_by_hand() -> None:
    a, b = tf.Variable(2.0), tf.Variable(3.0)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(a)
        z = a * b
    assert [g if g is None else float(g) for g in tape.gradient(z, [a, b])] == [3.0, None]


def test_a_structure_of_sources_gives_a_structure_of_gradients() -> None:
    a, b = tf.Variable(2.0), tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = {"product": a * b, "square": a * a}
    grads = tape.gradient(y, {"a": a, "rest": [b]})
    assert float(grads["a"]) == 7.0
    assert float(grads["rest"][0]) == 2.0


def test_output_gradients_weigh_the_targets() -> None:
    x = tf.Variable([1.0, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        y = x * x
    np.testing.assert_array_equal(tape.gradient(y, x, output_gradients=tf.constant([1.0, 10.0])), [2.0, 40.0])
    np.testing.assert_array_equal(
        tape.gradient([y, y], x, output_gradients=[None, tf.constant([1.0, 0.0])]), [4.0, 4.0]
    )
    with pytest.raises(ValueError, match="1 output_gradients for 2 targets"):
        tape.gradient([y, y], x, output_gradients=[None])


def test_unconnected_sources_can_be_zero() -> None:
    x, v = tf.Variable([1.0, 2.0]), tf.Variable([[1.0]])
    with tf.GradientTape() as tape:
        y = x * 2.0
    grads = tape.gradient(y, [x, v], unconnected_gradients=tf.UnconnectedGradients.ZERO)
    np.testing.assert_array_equal(grads[1], [[0.0]])
    with tf.GradientTape() as tape:
        y = x * 2.0
    with pytest.raises(ValueError, match="Unknown value for unconnected_gradients: 'nonsense'"):
        tape.gradient(y, x, unconnected_gradients="nonsense")


def test_a_tape_gives_gradients_once_unless_it_is_persistent() -> None:
    x = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = x * x
    assert float(tape.gradient(y, x)) == 6.0
    with pytest.raises(RuntimeError, match=r"GradientTape.gradient can only be called once on non-persistent tapes"):
        tape.gradient(y, x)
    with tf.GradientTape(persistent=True) as tape:
        y = x * x
        z = y * y
    assert [float(tape.gradient(t, x)) for t in (y, z, y)] == [6.0, 108.0, 6.0]


def test_intermediate_values_are_sources_too() -> None:
    x = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = x * x
        z = y * y
    dx, dy = tape.gradient(z, [x, y])
    assert (float(dx), float(dy)) == (108.0, 18.0)


def test_second_and_third_derivatives() -> None:
    x = tf.constant(2.0)
    with tf.GradientTape() as third:
        third.watch(x)
        with tf.GradientTape() as second:
            second.watch(x)
            with tf.GradientTape() as first:
                first.watch(x)
                y = x * x * x * x
            dy = first.gradient(y, x)
        ddy = second.gradient(dy, x)
    assert [float(v) for v in (dy, ddy, third.gradient(ddy, x))] == [32.0, 48.0, 48.0]


def test_recording_stops_and_starts_again() -> None:
    x = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = x * x
        with tape.stop_recording():
            factor = x * 1.0
        z = y * factor
    assert float(tape.gradient(z, x)) == 18.0
    with tf.GradientTape() as tape:
        x * x
        tape.reset()
        y = x * 2.0
    assert float(tape.gradient(y, x)) == 2.0


def test_wrong_use_of_a_tape() -> None:
    tape = tf.GradientTape()
    with pytest.raises(RuntimeError, match="not recording"):
        tape.watch(tf.constant(1.0))
    with tape, pytest.raises(ValueError, match=r"Passed in object of type <class 'float'>, not tf.Tensor"):
        tape.watch(1.0)
    with tape, pytest.raises(ValueError, match="Tape is already recording"), tape:
        pass
    with (
        pytest.raises(RuntimeError, match="Trying to stop recording a tape which is not recording"),
        tf.GradientTape().stop_recording(),
    ):
        pass


def test_rows_have_sparse_gradients() -> None:
    table = tf.Variable(np.arange(6, dtype=np.float32).reshape(3, 2))
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(tf.nn.embedding_lookup(table, [0, 2, 0]) ** 2)
    grad = tape.gradient(y, table)
    assert isinstance(grad, tf.IndexedSlices)
    np.testing.assert_array_equal(grad.indices, [0, 2, 0])
    np.testing.assert_array_equal(tf.convert_to_tensor(grad), [[0.0, 4.0], [0.0, 0.0], [8.0, 10.0]])


def test_jacobians() -> None:
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    w = tf.Variable([[1.0, 0.0, 2.0], [0.0, 1.0, 1.0]])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = tf.matmul(x, w) ** 2
    by_entry = tape.batch_jacobian(y, x)
    whole, of_w = tape.jacobian(y, [x, w])
    assert by_entry.shape.as_list() == [2, 3, 2]
    assert whole.shape.as_list() == [2, 3, 2, 2]
    assert of_w.shape.as_list() == [2, 3, 2, 3]
    product = x.numpy() @ w.numpy()
    expected = 2 * product[:, :, None] * w.numpy().T[None]
    np.testing.assert_allclose(by_entry, expected)
    np.testing.assert_allclose(whole.numpy()[[0, 1], :, [0, 1]], expected)
    assert not whole.numpy()[0, :, 1].any()
    with pytest.raises(ValueError, match="Need first dimension of target shape"):
        tape.batch_jacobian(y, w[0])


def test_an_operation_without_a_rule_is_named() -> None:
    x = tf.constant([[2.0, 0.0], [0.0, 1.0]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.linalg.expm(x) if hasattr(tf.linalg, "expm") else None
    if y is not None:
        assert tape.gradient(y, x) is not None
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.cast(tf.argmax(x, 0), tf.float32)
    assert tape.gradient(y, x) is None


def test_tapes_work_in_graphs() -> None:
    with tf.Graph().as_default():
        x, other = tf.constant(3.0), tf.constant(2.0)
        v = tf.Variable(5.0, use_resource=True)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = x * x * v * other
        grads = tape.gradient(y, [x, v, other])
        assert grads[2] is None
        with tf.Session() as sess:
            sess.run(v.initializer)
            assert sess.run(grads[:2]) == [60.0, 18.0]


# ---- functions -----------------------------------------------------------------------------------------------------


def test_gradients_of_functions() -> None:
    slope = tfe.gradients_function(lambda x, y: x * x * y)
    assert [float(g) for g in slope(3.0, 2.0)] == [12.0, 9.0]
    assert [float(g) for g in tfe.gradients_function(lambda x, y: x * y, params=["y"])(3.0, 2.0)] == [3.0]
    assert [float(g) for g in tfe.gradients_function(lambda x, y: x * y, params=[0])(3.0, 2.0, dy=10.0)] == [20.0]
    value, grads = tfe.value_and_gradients_function(lambda x: tf.reduce_sum(x * x))([1.0, 2.0])
    assert float(value) == 5.0
    np.testing.assert_array_equal(grads[0], [2.0, 4.0])


def test_implicit_gradients() -> None:
    w, b = tf.Variable(2.0, name="w"), tf.Variable(1.0, name="b")
    value, pairs = tfe.implicit_value_and_gradients(lambda x: w * x + b)(3.0)
    assert float(value) == 7.0
    assert {v.name: float(g) for g, v in pairs} == {"w:0": 3.0, "b:0": 1.0}
    with pytest.raises(ValueError, match="No trainable variables were accessed while the function was being computed"):
        tfe.implicit_gradients(lambda x: x * 2.0)(tf.constant(1.0))
    with pytest.raises(ValueError, match="Cannot differentiate a function that returns None"):
        tfe.implicit_gradients(lambda: None)()


def test_a_gradient_of_ones_own() -> None:
    @tf.custom_gradient
    def log1pexp(x: Any) -> Any:
        e = tf.exp(x)
        return tf.log(1 + e), lambda dy: dy * (1 - 1 / (1 + e))

    slope = tfe.gradients_function(log1pexp)
    assert float(slope(100.0)[0]) == 1.0
    np.testing.assert_allclose(float(tfe.gradients_function(lambda x: slope(x)[0])(1.0)[0]), 0.19661191, rtol=1e-5)


def test_a_gradient_of_ones_own_with_variables() -> None:
    w = tf.Variable(4.0)

    @tf.custom_gradient
    def scaled(x: Any) -> Any:
        def grad(dy: Any, variables: Any = None) -> Any:
            return dy * w, [dy * x * 10.0]

        return x * w, grad

    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = scaled(x)
    assert [float(g) for g in tape.gradient(y, [x, w])] == [4.0, 30.0]

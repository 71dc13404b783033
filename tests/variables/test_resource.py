"""Resource variables: sessions, snapshots, messages, creators, parts."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

import flowlab as tf


@pytest.fixture(autouse=True)
def fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


def test_each_session_has_its_own_value() -> None:
    v = tf.Variable(1.0, use_resource=True)
    with tf.Session() as first, tf.Session() as second:
        first.run(v.initializer)
        second.run(v.initializer)
        first.run(v.assign(7.0))
        assert first.run(v) == 7.0
        assert second.run(v) == 1.0


def test_a_fetched_array_is_a_snapshot() -> None:
    v = tf.Variable([1.0, 2.0], use_resource=True)
    add = v.assign_add([1.0, 1.0])
    with tf.Session() as sess:
        sess.run(v.initializer)
        before = sess.run(v)
        before[0] = 100.0
        sess.run(add)
        np.testing.assert_array_equal(sess.run(v), [2.0, 3.0])
        np.testing.assert_array_equal(before, [100.0, 2.0])


def test_what_was_read_before_an_assignment_stays() -> None:
    v = tf.Variable(1.0, use_resource=True)
    seen = v.value()
    with tf.control_dependencies([seen]):
        change = v.assign(5.0)
    with tf.control_dependencies([change]):
        late = seen + 0.0
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert sess.run(late) == 1.0


def test_waiting_for_a_variable_reads_nothing() -> None:
    v = tf.Variable(1.0, use_resource=True)
    with tf.control_dependencies([v]):
        c = tf.constant(4.0)
    with tf.Session() as sess:
        assert sess.run(c) == 4.0
    assert c.op.control_inputs == [v.op]


def test_feeding_a_variable_feeds_its_reading() -> None:
    v = tf.Variable(1.0, use_resource=True)
    with tf.Session() as sess:
        assert sess.run(v, {v: 6.0}) == 6.0


def test_an_unset_variable_is_explained() -> None:
    v = tf.Variable([1.0, 2.0], name="w", use_resource=True)
    y = v * 2.0
    with tf.Session() as sess, pytest.raises(tf.errors.FailedPreconditionError) as caught:
        sess.run(y)
    message = caught.value.message
    assert message.startswith(
        "Error while reading resource variable w from Container: localhost. This could mean that the "
    )
    notes = "\n".join(caught.value.__notes__)
    assert "'w' (your v) has no value in this session yet" in notes
    assert "y = v * 2.0" in notes
    assert "global_variables_initializer" in notes


def test_another_variable_starts_from_it() -> None:
    a = tf.Variable([1.0, 2.0], name="a", use_resource=True)
    b = tf.Variable(a.initialized_value() * 3.0, name="b", use_resource=True)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        np.testing.assert_array_equal(sess.run(b), [3.0, 6.0])
        sess.run(a.assign([0.0, 1.0]))
        sess.run(b.initializer)
        np.testing.assert_array_equal(sess.run(b), [0.0, 3.0])


def test_moving_averages() -> None:
    w = tf.Variable([1.0, 2.0], name="w", use_resource=True)
    average = tf.train.ExponentialMovingAverage(0.9)
    update = average.apply([w])
    assert average.average(w).op.type == "VarHandleOp"
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(w.assign([3.0, 5.0]))
        sess.run(update)
        np.testing.assert_allclose(sess.run(average.average(w)), [1.2, 2.3], rtol=1e-6)


@pytest.mark.parametrize("use_resource", [False, True])
def test_parts_are_assigned_to_both_kinds(use_resource: bool) -> None:
    v = tf.Variable(np.arange(6).reshape(2, 3), use_resource=use_resource)
    change = v[:, 1:2].assign([[10], [20]])
    with tf.Session() as sess:
        sess.run(v.initializer)
        np.testing.assert_array_equal(sess.run(change), [[0, 10, 2], [3, 20, 5]])
        np.testing.assert_array_equal(sess.run(v[0, ::2]), [0, 2])


def test_only_parts_of_variables_can_be_assigned() -> None:
    with pytest.raises(AttributeError, match="'Tensor' object has no attribute 'assign'"):
        tf.constant([1.0, 2.0])[0].assign(1.0)
    assert not hasattr(tf.constant(1.0), "assign")


def test_a_creator_stands_before_variables() -> None:
    order = []

    def creator(label: str) -> Any:
        def create(next_creator: Any, **kwargs: Any) -> Any:
            order.append((label, kwargs["name"]))
            return next_creator(**{**kwargs, "use_resource": label == "inner"})

        return create

    with tf.variable_creator_scope(creator("outer")):
        a = tf.Variable(1.0, name="a")
        with tf.variable_creator_scope(creator("inner")):
            b = tf.get_variable("b", [2])
    c = tf.Variable(1.0, name="c")
    assert order == [("outer", "a"), ("inner", "b"), ("outer", "b")]
    assert [v.op.type for v in (a, b, c)] == ["VariableV2", "VariableV2", "VariableV2"]


def test_additions_from_threads_all_count() -> None:
    v = tf.Variable(0, use_resource=True)
    add = v.assign_add(1, read_value=False)
    with tf.Session() as sess:
        sess.run(v.initializer)
        threads = [threading.Thread(target=lambda: [sess.run(add) for _ in range(200)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sess.run(v) == 800


def test_what_resource_variables_do_not_have() -> None:
    v = tf.Variable([1.0], use_resource=True)
    with pytest.raises(NotImplementedError, match="does not implement set_shape"):
        v.set_shape([1])
    with pytest.raises(NotImplementedError, match="only available when eager execution is enabled"):
        v.numpy()
    with pytest.raises(TypeError, match="not iterable"):
        iter(v)
    with pytest.raises(TypeError, match="as a Python `bool`"):
        bool(v)


def test_the_kind_is_shared_by_slots_and_powers() -> None:
    w = tf.get_variable("w", [2], use_resource=True)
    tf.train.AdamOptimizer(0.1).minimize(tf.reduce_sum(w * w))
    assert {v.op.type for v in tf.global_variables()} == {"VarHandleOp"}


def test_an_optimizer_of_ones_own_works_on_both_kinds() -> None:
    class Signs(tf.train.Optimizer):
        def __init__(self) -> None:
            super().__init__(False, "Signs")

        def _apply_dense(self, grad: Any, var: Any) -> Any:
            return var.assign_sub(tf.sign(grad), read_value=False)

    for kind in (False, True):
        w = tf.Variable([1.0, -2.0], use_resource=kind)
        train = Signs().minimize(tf.reduce_sum(w * w), var_list=[w])
        with tf.Session() as sess:
            sess.run(w.initializer)
            sess.run(train)
            np.testing.assert_array_equal(sess.run(w), [0.0, -1.0])

"""The stepper walks through the run that `sess.run` makes: same values, and back again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.runtime.stepper import Stepper


@pytest.fixture(autouse=True)
def fresh_graph() -> Iterator[None]:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


def five_nodes() -> Any:
    """The example of the course: e = a * b - (a + b)."""
    a, b = tf.constant(5.0, name="a"), tf.constant(3.0, name="b")
    c, d = tf.multiply(a, b, name="c"), tf.add(a, b, name="d")
    return tf.subtract(c, d, name="e")


def walk(stepper: Stepper) -> list[str]:
    names = []
    while (moment := stepper.step()) is not None:
        names.append(f"{moment.kind} {moment.node.name}")
    return names


def test_steps_are_the_nodes_in_the_order_of_the_run() -> None:
    e = five_nodes()
    with tf.Session() as sess:
        stepper = Stepper(sess, e)
        assert stepper.next_node is not None
        assert stepper.next_node.name == "a"
        assert walk(stepper) == ["run a", "run b", "run c", "run d", "run e"]
        assert stepper.finished
        assert stepper.result() == sess.run(e) == 7.0


def test_going_back_and_forward_again_gives_the_same_values() -> None:
    e = five_nodes()
    with tf.Session() as sess:
        stepper = Stepper(sess, e)
        stepper.finish()
        for _ in range(3):
            stepper.back()
        assert stepper.next_node is not None
        assert stepper.next_node.name == "c"
        assert [stepper.state_of(n) for n in stepper.nodes] == ["run", "run", "next", "waiting", "waiting"]
        with pytest.raises(LookupError, match="has no value yet"):
            stepper.value(e)
        stepper.finish()
        assert stepper.value(e) == 7.0


def test_backward_walk_begins_at_the_fetch_and_says_for_whose_sake() -> None:
    e = five_nodes()
    tf.constant(1.0, name="unused")
    with tf.Session() as sess:
        walk_back = Stepper(sess, e).backward_walk()
    names = [(node.name, None if reason is None else reason.name) for node, reason in walk_back]
    assert names == [("e", None), ("c", "e"), ("d", "e"), ("a", "c"), ("b", "c")]


def test_a_training_step_taken_back_gives_the_variables_their_old_values() -> None:
    w = tf.Variable([1.0, 2.0], name="w")
    loss = tf.reduce_sum(tf.square(w))
    train = tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        stepper = Stepper(sess, [train, loss])
        assert stepper.will_change() == ["w", "w/Momentum"]
        stepper.finish()
        after = sess.run(w)
        np.testing.assert_allclose(after, [0.8, 1.6], rtol=1e-6)
        assert {name: (b.tolist(), a.tolist()) for name, (b, a) in stepper.changes().items()}["w/Momentum"][0] == [
            0.0,
            0.0,
        ]
        stepper.restart()
        np.testing.assert_array_equal(sess.run(w), [1.0, 2.0])
        np.testing.assert_array_equal(sess.run("w/Momentum:0"), [0.0, 0.0])
        stepper.finish()
        np.testing.assert_array_equal(sess.run(w), after)


def test_stepper_goes_into_a_loop_with_the_number_of_the_iteration() -> None:
    _, y = tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * 2.0), (0, 1.0))
    with tf.Session() as sess:
        stepper = Stepper(sess, y)
        seen = []
        while (moment := stepper.step()) is not None:
            if moment.node.name == "while/mul":
                seen.append((moment.frame.iteration, float(moment.outputs[0])))
        assert seen == [(0, 2.0), (1, 4.0), (2, 8.0)]
        assert stepper.result() == sess.run(y) == 8.0


def test_over_runs_a_loop_as_one_step_and_out_leaves_it() -> None:
    _, y = tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * 2.0), (0, 1.0), name="loop")
    with tf.Session() as sess:
        stepper = Stepper(sess, y)
        while stepper.next_node is not None and stepper.next_node.type != "While":
            stepper.step()
        moment = stepper.over()
        assert moment is not None
        assert (moment.kind, moment.node.type, stepper.depth) == ("leave", "While", 0)

        again = Stepper(sess, y)
        again.run_to("loop/mul")
        assert again.depth == 1
        assert [(n.type, i) for n, i in again.iterations()] == [("While", 0)]
        assert again.value(tf.get_default_graph().get_tensor_by_name("loop/mul:0")) == 2.0
        for _ in range(9):
            again.step()
        assert [(n.type, i) for n, i in again.iterations()] == [("While", 1)]
        for _ in range(9):
            again.back()
        assert [(n.type, i) for n, i in again.iterations()] == [("While", 0)]
        left = again.out()
        assert left is not None
        assert (left.kind, again.depth) == ("leave", 0)
        again.finish()
        assert again.result() == 8.0


def test_only_the_chosen_branch_is_walked() -> None:
    x = tf.placeholder(tf.float32, [], name="x")
    y = tf.cond(x < 0, lambda: tf.negative(x, name="minus"), lambda: tf.square(x, name="twice"))
    with tf.Session() as sess:
        names = walk(Stepper(sess, y, {x: -2.0}))
    assert "run cond/minus" in names
    assert "run cond/twice" not in names


def test_an_overridden_value_flows_on() -> None:
    e = five_nodes()
    with tf.Session() as sess:
        stepper = Stepper(sess, e)
        stepper.run_to("c")
        stepper.override("c", 100.0)
        stepper.finish()
        assert stepper.result() == 92.0
        assert stepper.state_of(tf.get_default_graph().get_operation_by_name("c")) == "overridden"
        assert sess.run(e) == 7.0


def test_a_value_replaced_in_the_past_lets_the_rest_be_computed_anew() -> None:
    e = five_nodes()
    with tf.Session() as sess:
        stepper = Stepper(sess, e)
        stepper.finish()
        stepper.back()
        stepper.back()
        stepper.override("c", 1.0)
        assert [m.node.name for m in stepper.log] == ["a", "b", "c", "c"]
        stepper.finish()
        assert stepper.result() == -7.0
        with pytest.raises(LookupError, match="no value yet"):
            Stepper(sess, e).override("c", 1.0)


def test_after_an_error_an_input_can_be_replaced_and_the_run_goes_on() -> None:
    x = tf.placeholder(tf.int32, [], name="x")
    y = tf.gather([1, 2, 3], x, name="picked") + 1
    with tf.Session() as sess:
        stepper = Stepper(sess, y, {x: 7})
        stepper.finish()
        assert stepper.error is not None
        stepper.back()
        stepper.override(x, 1)
        stepper.finish()
        assert stepper.error is None
        assert stepper.result() == 3


def test_values_of_a_loop_cannot_be_replaced_in_its_past() -> None:
    _, y = tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * 2.0), (0, 1.0), name="loop")
    with tf.Session() as sess:
        stepper = Stepper(sess, y)
        stepper.run_to("loop/mul")
        stepper.back()
        with pytest.raises(RuntimeError, match="front of the run"):
            stepper.override("loop/add", 1)
        stepper.step()
        stepper.override("loop/mul", 10.0)
        stepper.finish()
        assert stepper.result() == 40.0


def test_an_endless_loop_pauses_at_the_limit() -> None:
    y = tf.while_loop(lambda i: i >= 0, lambda i: i + 0, [1])
    with tf.Session() as sess:
        stepper = Stepper(sess, y)
        stepper.limit = 50
        stepper.finish()
        assert stepper.paused
        assert stepper.position == 50
        assert not stepper.finished


def test_an_instruction_waits_only_as_long_as_it_may() -> None:
    queue = tf.FIFOQueue(2, [tf.float32], name="queue")
    item = queue.dequeue()
    with tf.Session() as sess:
        stepper = Stepper(sess, item)
        stepper.patience = 0.0
        stepper.finish()
        assert isinstance(stepper.error, tf.errors.DeadlineExceededError)


def test_a_partial_run_is_walked_part_by_part() -> None:
    a, b = tf.placeholder(tf.float32, [], name="a"), tf.placeholder(tf.float32, [], name="b")
    c = tf.multiply(a, 2.0, name="c")
    d = tf.add(c, b, name="d")
    with tf.Session() as sess:
        handle = sess.partial_run_setup([c, d], [a, b])
        first = Stepper(sess, c, {a: 3.0}, handle)
        assert "c" in [node.name for node in first.nodes]
        assert "d" not in [node.name for node in first.nodes]
        first.finish()
        assert first.result() == 6.0
        first.back()
        first.step()
        second = Stepper(sess, d, {b: 4.0}, handle)
        assert [node.name for node in second.nodes] == ["d"]
        assert [t.name for t in second.fed] == ["a:0", "b:0"]
        second.finish()
        assert second.result() == 10.0
        with pytest.raises(tf.errors.InvalidArgumentError, match="Must run 'setup'"):
            sess.partial_run(handle, d)


def test_breakpoints_by_node_by_type_and_by_condition() -> None:
    e = five_nodes()
    with tf.Session() as sess:
        for kwargs, expected in (
            ({"target": "d"}, "d"),
            ({"op_type": "Mul"}, "c"),
            ({"when": lambda value: value == 8.0}, "d"),
        ):
            stepper = Stepper(sess, e)
            stepper.break_at(**kwargs)
            moment = stepper.finish()
            assert moment is not None
            assert moment.node.name == expected
            stepper.clear_breakpoints()
            stepper.finish()
            assert stepper.finished


def test_run_to_nan_stops_at_the_operation_that_made_it() -> None:
    x = tf.placeholder(tf.float32, [2], name="x")
    y = tf.reduce_sum(tf.log(x, name="bad") * 2.0)
    with tf.Session() as sess:
        stepper = Stepper(sess, y, {x: [1.0, -1.0]})
        moment = stepper.run_to_nan()
        assert moment is not None
        assert moment.node.name == "bad"
        assert Stepper(sess, y, {x: [1.0, 2.0]}).run_to_nan() is None


def test_a_failing_operation_ends_the_walk_with_its_error() -> None:
    x = tf.placeholder(tf.int32, [], name="x")
    y = tf.gather([1, 2, 3], x, name="picked") + 1
    with tf.Session() as sess:
        stepper = Stepper(sess, y, {x: 7})
        last = stepper.finish()
        assert last is not None
        assert (last.kind, last.node.name) == ("error", "picked")
        assert isinstance(stepper.error, tf.errors.InvalidArgumentError)
        assert stepper.state_of(last.node) == "error"
        with pytest.raises(RuntimeError, match="not finished"):
            stepper.result()


def test_what_cannot_be_taken_back_is_named() -> None:
    tf.set_random_seed(1)
    r = tf.random_uniform([2], name="draw")
    with tf.Session() as sess:
        stepper = Stepper(sess, r)
        stepper.finish()
        assert stepper.irreversible == ["draw/RandomUniform"]


def test_a_fed_value_is_told_apart_and_has_its_value_from_the_start() -> None:
    x = tf.placeholder(tf.float32, [], name="x")
    y = x * 2.0
    with tf.Session() as sess:
        stepper = Stepper(sess, y, {x: 4.0})
        assert stepper.state_of(x.op) == "fed"
        assert stepper.value(x) == 4.0


def test_unknown_names_get_the_nearest() -> None:
    e = five_nodes()
    with tf.Session() as sess, pytest.raises(KeyError, match="no operation called 'cc'"):
        Stepper(sess, e).watch("cc")

"""Values that a session keeps under handles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowlab as tf


@pytest.fixture
def sess() -> Any:
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def test_a_handle_gives_its_value(sess: Any) -> None:
    handle = sess.run(tf.get_session_handle(tf.constant(10.0) * tf.constant(5.0)))
    assert handle.eval() == 50
    assert isinstance(handle.eval(), np.float32)
    assert handle.to_numpy_array().shape == ()
    assert handle.handle.startswith("GetSessionHandle;")
    assert handle.handle.endswith(";/job:localhost/replica:0/task:0/device:CPU:0")
    assert str(handle) == handle.handle


def test_a_handle_goes_through_its_placeholder(sess: Any) -> None:
    handle = sess.run(tf.get_session_handle(tf.constant([1, 2])))
    holder, value = tf.get_session_tensor(handle.handle, tf.int32)
    assert (holder.dtype, value.dtype, value.shape.ndims) == (tf.string, tf.int32, None)
    assert value.op.type == "GetSessionTensor"
    assert value.device == "/job:localhost/replica:0/task:0/device:CPU:0"
    assert sess.run(value * 2, {holder: handle.handle}).tolist() == [2, 4]


def test_a_handle_is_fed_in_place_of_its_value(sess: Any) -> None:
    handle = sess.run(tf.get_session_handle(tf.constant(4.0)))
    other = tf.constant(1.0) + 1
    assert sess.run(other * 2, {other: handle}) == 8
    assert handle.eval() == 4  # still there


def test_a_loop_outside_the_graph_over_a_kept_value(sess: Any) -> None:
    x = tf.placeholder(tf.float32, [2])
    step = tf.get_session_handle(x * 2)
    handle = sess.run(step, {x: [1.0, 2.0]})
    for _ in range(3):
        handle = sess.run(step, {x: handle})
    assert handle.eval().tolist() == [16, 32]


def test_values_are_forgotten_with_their_handles(sess: Any) -> None:
    make = tf.get_session_handle(tf.constant(4.0))
    handle = sess.run(make)
    name = handle.handle
    holder, value = tf.get_session_tensor(name, tf.float32)
    assert sess.run(value, {holder: name}) == 4
    del handle
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"The tensor with handle '.*' is not in the session store"
    ):
        sess.run(value, {holder: name})


def test_raw_handles_stay_until_they_are_deleted(sess: Any) -> None:
    raw = sess.run(tf.get_session_handle(tf.constant(4.0))).get_raw_handle()
    holder, value = tf.get_session_tensor(raw, tf.float32)
    assert sess.run(value, {holder: raw}) == 4
    to_delete, delete = tf.delete_session_tensor(raw)
    sess.run(delete, {to_delete: raw})
    with pytest.raises(tf.errors.InvalidArgumentError, match="is not in the session store"):
        sess.run(delete, {to_delete: raw})


def test_a_deleted_handle(sess: Any) -> None:
    handle = sess.run(tf.get_session_handle(tf.constant(4.0)))
    handle.delete()
    with pytest.raises(TypeError, match=r"Persistent tensor .* may have already been deleted"):
        handle.delete()
    with pytest.raises(TypeError, match="may have already been deleted"):
        handle.eval()


def test_a_handle_of_another_type(sess: Any) -> None:
    handle = sess.run(tf.get_session_handle(tf.constant(4.0)))
    x = tf.placeholder(tf.int32)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Expects arg\[0\] to be int32 but float is provided"):
        sess.run(x + 1, {x: handle})
    holder, value = tf.get_session_tensor(handle.handle, tf.int32)
    with pytest.raises(tf.errors.InvalidArgumentError, match="float32"):
        sess.run(value, {holder: handle.handle})


def test_handles_are_fetched_in_any_structure(sess: Any) -> None:
    a, b = tf.get_session_handle(tf.constant(1)), tf.get_session_handle(tf.constant([b"x", b"yz"]))
    found = sess.run({"a": a, "rest": [b, (a, tf.constant(3))]})
    assert found["a"].eval() == 1
    assert found["rest"][0].eval().tolist() == [b"x", b"yz"]
    assert found["rest"][1][1] == 3


def test_a_kept_value_is_nobody_elses(sess: Any) -> None:
    handle = sess.run(tf.get_session_handle(tf.constant([1.0, 2.0])))
    handle.eval()[0] = 100
    assert handle.eval().tolist() == [1, 2]


def test_wrong_arguments(sess: Any) -> None:
    with pytest.raises(TypeError, match="`data` must be of type Tensor"):
        tf.get_session_handle([1, 2])
    with pytest.raises(ValueError, match="no handle"):
        tf.get_session_tensor("x", tf.float32)

"""Derivatives of higher order through branches and loops, against finite differences of the same program in Python.

TensorFlow 1.x gives first derivatives of loops only, so it cannot be asked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import flowlab as tf


@pytest.fixture(autouse=True)
def fresh_graph() -> Iterator[None]:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


def loop(tf: Any, x: Any) -> Any:
    return tf.while_loop(lambda i, y: i < 4, lambda i, y: (i + 1, y * x + tf.sin(y)), (0, x))[1]


def loop_in_python(x: float) -> float:
    y = x
    for _ in range(4):
        y = y * x + math.sin(y)
    return y


def cond_in_loop(tf: Any, x: Any) -> Any:
    def body(i: Any, a: Any) -> Any:
        return i + 1, tf.cond(tf.equal(i % 2, 0), lambda: a * x * x, lambda: tf.sin(a) + x)

    return tf.while_loop(lambda i, a: i < 3, body, (0, tf.ones_like(x)))[1]


def cond_in_loop_in_python(x: float) -> float:
    a = 1.0
    for i in range(3):
        a = a * x * x if i % 2 == 0 else math.sin(a) + x
    return a


def loop_in_loop(tf: Any, x: Any) -> Any:
    def body(i: Any, a: Any) -> Any:
        inner = tf.while_loop(lambda j, v: j < i, lambda j, v: (j + 1, tf.tanh(v * x)), (0, a))[1]
        return i + 1, inner + a * x

    return tf.while_loop(lambda i, a: i < 3, body, (0, tf.ones_like(x)))[1]


def loop_in_loop_in_python(x: float) -> float:
    a = 1.0
    for i in range(3):
        v = a
        for _ in range(i):
            v = math.tanh(v * x)
        a = v + a * x
    return a


def loop_in_cond(tf: Any, x: Any) -> Any:
    return tf.cond(x > 0, lambda: loop(tf, x) * x, lambda: x)


def scanned(tf: Any, x: Any) -> Any:
    return tf.reduce_prod(tf.scan(lambda a, r: a * r + x, tf.stack([x, x * x, x + 1.0])))


def scanned_in_python(x: float) -> float:
    first = x
    second = first * x * x + x
    third = second * (x + 1.0) + x
    return first * second * third


PROGRAMS: dict[str, tuple[Callable[..., Any], Callable[[float], float]]] = {
    "loop": (loop, loop_in_python),
    "cond in loop": (cond_in_loop, cond_in_loop_in_python),
    "loop in loop": (loop_in_loop, loop_in_loop_in_python),
    "loop in cond": (loop_in_cond, lambda x: loop_in_python(x) * x),
    "scan": (scanned, scanned_in_python),
}


def differences(f: Callable[[float], float], x: float, order: int) -> float:
    """The derivative of some order by central differences."""
    if order == 0:
        return f(x)
    step = 1e-3
    return (differences(f, x + step, order - 1) - differences(f, x - step, order - 1)) / (2 * step)


@pytest.mark.parametrize("name", PROGRAMS)
def test_derivatives_up_to_the_third(name: str) -> None:
    build, plain = PROGRAMS[name]
    x = tf.placeholder(tf.float64, [], name="x")
    wanted = [build(tf, x)]
    for _ in range(3):
        wanted.append(tf.gradients(wanted[-1], x)[0])
    with tf.Session() as sess:
        found = sess.run(wanted, {x: 0.7})
    for order, value in enumerate(found):
        np.testing.assert_allclose(value, differences(plain, 0.7, order), rtol=1e-3, err_msg=str(order))


def test_variables_read_in_a_body_see_what_the_body_wrote() -> None:
    w = tf.Variable(1.0, name="w")

    def body(i: Any, seen: Any) -> Any:
        with tf.control_dependencies([tf.assign_add(w, 1.0)]):
            return i + 1, seen + tf.identity(w)

    _, seen = tf.while_loop(lambda i, s: i < 3, body, (0, 0.0))
    with tf.control_dependencies([seen]):
        after = tf.identity(w)
    with tf.Session() as sess:
        sess.run(w.initializer)
        assert sess.run([seen, after]) == [2.0 + 3.0 + 4.0, 4.0]


def test_a_gradient_taken_inside_of_a_loop_body() -> None:
    x = tf.placeholder(tf.float32, [], name="x")

    def body(i: Any, v: Any) -> Any:
        loss = tf.square(v - x)
        return i + 1, v - 0.25 * tf.gradients(loss, v)[0]

    _, found = tf.while_loop(lambda i, v: i < 20, body, (0, 0.0))
    with tf.Session() as sess:
        np.testing.assert_allclose(sess.run(found, {x: 3.0}), 3.0, rtol=1e-5)
        np.testing.assert_allclose(sess.run(tf.gradients(found, x)[0], {x: 3.0}), 1.0, rtol=1e-5)


def test_only_the_chosen_branch_runs() -> None:
    ran: list[str] = []

    def note(name: str) -> Any:
        return tf.py_func(lambda: ran.append(name) or np.float32(1.0), [], tf.float32)

    p = tf.placeholder(tf.bool, [])
    y = tf.cond(p, lambda: note("then"), lambda: note("else"))
    with tf.Session() as sess:
        sess.run(y, {p: True})
        sess.run(y, {p: False})
    assert ran == ["then", "else"]

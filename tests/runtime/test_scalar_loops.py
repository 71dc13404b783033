"""`tf.while_loop` over single numbers, as machine code: the results, errors and interruptions of the ordinary way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.kernels import compiling, scalar_loop
from flowlab._src.runtime import scalar_loops

Program = Callable[[], Any]


@pytest.fixture(autouse=True)
def graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Compile at once (as Python, where loops are switched off); lists the iterations of the compiled loops."""
    found: list[int] = []
    call = scalar_loop.ScalarLoop.__call__

    def ready(self: Any, iterations: int) -> bool:
        never = compiling.compiler.policy == compiling.NEVER
        self._run = self.loop.function if never else compiling.compiler.compile(self.loop, np.dtype(np.float64))
        return True

    def counted(self: Any, values: Any, others: Any) -> Any:
        with np.errstate(all="ignore"):
            result = call(self, values, others)
        found.append(result[1])
        return result

    monkeypatch.setattr(scalar_loop.ScalarLoop, "ready", ready)
    monkeypatch.setattr(scalar_loop.ScalarLoop, "__call__", counted)
    return found


def fibonacci() -> Any:
    return tf.while_loop(lambda i, a, b: i < 60, lambda i, a, b: (i + 1, b, a + b), [0, 0, 1])


def collatz() -> Any:
    def step(n: Any, steps: Any) -> Any:
        return [tf.cond(tf.equal(n % 2, 0), lambda: n // 2, lambda: 3 * n + 1), steps + 1]

    return tf.while_loop(lambda n, steps: n > 1, step, [tf.constant(27, tf.int64), 0], maximum_iterations=1000)


def newton() -> Any:
    """The square root of 2 in both precisions; stops when nothing changes any more."""

    def step(x: Any, y: Any, before: Any) -> Any:
        return (x + 2.0 / x) / 2.0, (y + tf.constant(2.0, tf.float64) / y) / 2.0, y

    return tf.while_loop(
        lambda x, y, before: tf.not_equal(y, before), step, [tf.constant(1e6), tf.constant(1e6, tf.float64), 0.0 * tf.constant(1.0, tf.float64)]
    )  # fmt: skip


def logistic_map() -> Any:
    """Chaos: one wrong last bit, and nothing is the same after 60 iterations."""
    rate = tf.placeholder_with_default(3.9, [])
    return tf.while_loop(lambda i, x: i < 500, lambda i, x: (i + 1, rate * x * (1.0 - x)), [0, 0.2])


def wrapping() -> Any:
    """A generator of random numbers as of old: products that wrap around, in 32 and 64 bits."""

    def step(i: Any, x: Any, y: Any, share: Any) -> Any:
        x, y = x * 1103515245 + 12345, y * 6364136223846793005 + 1442695040888963407
        return i + 1, x, y, share + tf.cast(tf.floormod(x, 1000), tf.float32) / 1000.0

    start = [0, 42, tf.constant(42, tf.int64), 0.0]
    return tf.while_loop(lambda i, *rest: tf.logical_and(i < 300, True), step, start)


def chosen() -> Any:
    """tf.where, minimum, abs, truth values as loop variables, one that nobody looks at, one that stays."""

    def step(i: Any, x: Any, up: Any, last: Any, same: Any) -> Any:
        new = tf.where(up, x + 0.75, x - 1.25)
        return i + 1, new, tf.abs(tf.minimum(new, 3.0)) < 2.5, tf.floor(x), same

    return tf.while_loop(
        lambda i, x, up, last, same: tf.logical_or(i < 100, tf.logical_not(up)), step, [0, 0.0, True, 0.0, 7]
    )


def variable() -> Any:
    limit = tf.Variable(50)
    tf.get_default_session().run(limit.initializer)
    return tf.while_loop(lambda i: i < limit, lambda i: i + limit // 25, [0])


def nested() -> Any:
    """Loops in a loop: the inner ones alone become machine code."""

    def row(i: Any, total: Any) -> Any:
        return i + 1, tf.while_loop(lambda j, t: j < i, lambda j, t: (j + 1, t + i * j), [0, total])[1]

    return tf.while_loop(lambda i, t: i < 40, row, [0, 0])


PROGRAMS: list[Program] = [fibonacci, collatz, newton, logistic_map, wrapping, chosen, variable, nested]


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_numbers_are_those_of_the_ordinary_way(program: Program, turns: list[int], monkeypatch: Any) -> None:
    with tf.Session() as sess:
        fetches = program()
        results = sess.run(fetches)
        assert sum(turns) > 10
        monkeypatch.setattr(scalar_loops, "compiled_loop", lambda *parts: None)
        with tf.Session() as other:
            other.run(tf.global_variables_initializer())
            if program is variable:
                other.run(tf.assign(tf.global_variables()[0], 50))
            expected = other.run(fetches)
    for result, value in zip(np.atleast_1d(results), np.atleast_1d(expected), strict=True):
        assert result.dtype == value.dtype
        np.testing.assert_array_equal(result, value)


def error_of(sess: tf.Session, fetches: Any) -> Exception:
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        sess.run(fetches)
    return caught.value


def test_a_division_by_zero_fails_where_it_happens(turns: list[int], monkeypatch: Any) -> None:
    _, y = tf.while_loop(lambda i, y: i > -10, lambda i, y: (i - 1, y + 100 // i), [50, 0])
    with tf.Session() as sess:
        error = error_of(sess, y)
        assert sum(turns) > 30
        assert "Integer division by zero" in str(error)
        assert error.op.name == "while/floordiv"
        monkeypatch.setattr(scalar_loops, "compiled_loop", lambda *parts: None)
        with tf.Session() as other:
            assert str(error_of(other, y)) == str(error)


def test_what_a_cast_cannot_hold_is_left_to_the_ordinary_way(turns: list[int], monkeypatch: Any) -> None:
    total = tf.while_loop(
        lambda i, y, total: i < 2000,
        lambda i, y, total: (i + 1, y * 1.1, total + tf.cast(y, tf.int32) % 7),
        [0, 1.0, 0],
    )[2]
    with tf.Session() as sess, np.errstate(all="ignore"):
        result = sess.run(total)
        assert 100 < sum(turns) < 1000
        monkeypatch.setattr(scalar_loops, "compiled_loop", lambda *parts: None)
        with tf.Session() as other:
            assert other.run(total) == result


@pytest.mark.parametrize("what", ["print", "random", "vector", "assign", "exp", "strings"])
def test_loops_that_do_more_stay_as_they_are(what: str, turns: list[int]) -> None:
    v = tf.Variable(0.0)
    bodies: dict[str, Callable[[Any], Any]] = {
        "print": lambda y: tf.Print(y, [y], first_n=1),
        "random": lambda y: y + tf.random_uniform([]),
        "vector": lambda y: y + tf.reduce_sum(tf.stack([y, y])),
        "assign": lambda y: tf.assign_add(v, 1.0) + y,
        "exp": lambda y: tf.exp(-y),
        "strings": lambda y: y + tf.to_float(tf.equal(tf.as_string(y), "1")),
    }
    _, y = tf.while_loop(lambda i, y: i < 30, lambda i, y: (i + 1, bodies[what](y)), [0, 1.0])
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert np.isfinite(sess.run(y))
    assert not turns


def test_a_recorded_loop_keeps_its_values_for_the_gradient(turns: list[int]) -> None:
    x = tf.placeholder_with_default(1.5, [])
    _, y = tf.while_loop(lambda i, y: i < 50, lambda i, y: (i + 1, y * x), [0, tf.constant(1.0)])
    (dx,) = tf.gradients(y, x)
    with tf.Session() as sess:
        np.testing.assert_allclose(sess.run(dx), 50 * 1.5**49, rtol=1e-5)
        assert not turns
        np.testing.assert_allclose(sess.run(y), 1.5**50, rtol=1e-5)
    assert sum(turns) > 30


@pytest.mark.usefixtures("ctrl_c_is_heard")
def test_an_endless_loop_can_be_interrupted(turns: list[int], monkeypatch: Any) -> None:
    """Ctrl-C is heard between two calls of the machine code."""
    import _thread

    calls = []

    def interrupt(self: Any, values: Any, others: Any) -> Any:
        calls.append(threading.get_ident())
        threading.Thread(target=_thread.interrupt_main).start()
        return original(self, values, others)

    original = scalar_loop.ScalarLoop.__call__
    monkeypatch.setattr(scalar_loop.ScalarLoop, "__call__", interrupt)
    endless = tf.while_loop(lambda i: i >= 0, lambda i: i * 0, [1])
    with tf.Session() as sess, pytest.raises(KeyboardInterrupt):
        sess.run(endless)
    assert calls


@pytest.mark.skipif(compiling.policy() == compiling.NEVER, reason="FLOWLAB_NUMBA=0")
def test_the_machine_code_takes_over_in_the_middle_of_a_long_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling.compiler, "policy", compiling.BACKGROUND)
    monkeypatch.setattr(scalar_loop, "SECONDS", 0.0)
    asked: list[bool] = []
    ready = scalar_loop.ScalarLoop.ready

    def waiting(self: Any, iterations: int) -> bool:
        asked.append(ready(self, iterations))
        compiling.wait()
        return asked[-1]

    monkeypatch.setattr(scalar_loop.ScalarLoop, "ready", waiting)
    total = tf.while_loop(lambda i, t: i < 9000, lambda i, t: (i + 1, t + i * 3), [0, 0])[1]
    with tf.Session() as sess:
        assert sess.run(total) == 3 * 8999 * 9000 // 2
    assert asked[0] is False
    assert asked[-1] is True

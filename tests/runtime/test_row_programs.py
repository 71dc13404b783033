"""Recurrent nets as programs for rows: what the same instructions give one by one, and a definition in NumPy."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.kernels import compiling
from flowlab._src.runtime import row_loops, row_stretches

RUNS = 16  # after which any plan of these tests has been written out
cells = tf.nn.rnn_cell
CELLS: dict[str, Callable[[int], Any]] = {
    "relu": lambda n: cells.BasicRNNCell(n, activation=tf.nn.relu),
    "peepholes": lambda n: cells.LSTMCell(n, use_peepholes=True),
    "projection": lambda n: cells.LSTMCell(n, num_proj=n // 2),
    "two layers": lambda n: cells.MultiRNNCell([cells.BasicLSTMCell(n), cells.GRUCell(n)]),
}
compiled = compiling.policy() != compiling.NEVER


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Compile at once, also programs with little to do; lists the programs that ran."""
    found: list[str] = []
    if compiled:
        monkeypatch.setattr(compiling.compiler, "policy", compiling.WAIT)
    monkeypatch.setattr(row_loops, "LEAST_WORK", 1)
    run, call = row_loops.RowLoop._run, row_stretches.Program.run

    def counted(self: Any, *arguments: Any) -> Any:
        result = run(self, *arguments)
        found.append("loop")
        return result

    def called(self: Any, turns: int, addresses: Any) -> None:
        call(self, turns, addresses)
        found.append("program")

    monkeypatch.setattr(row_loops.RowLoop, "_run", counted)
    monkeypatch.setattr(row_stretches.Program, "run", called)
    return found


def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on nothing is made into programs."""
    monkeypatch.setattr(row_loops, "row_loop", lambda part, condition: None)
    monkeypatch.setattr("flowlab._src.runtime.straight.with_stretches", lambda facts, order: order)


def trained(make: Callable[[Any], Any], x: np.ndarray, steps: int = RUNS) -> list[Any]:
    """Losses of some training steps, and the weights after them."""
    with tf.Graph().as_default():
        tf.set_random_seed(7)
        images = tf.placeholder(tf.float32, [None, *x.shape[1:]])
        outputs = make(images)
        loss = tf.reduce_mean(tf.square(outputs - 0.5)) + tf.reduce_mean(outputs[-1])
        train = tf.train.AdamOptimizer(0.01).minimize(loss)
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            losses = [sess.run([loss, train], {images: x})[0] for _ in range(steps)]
            return [losses, *sess.run(tf.trainable_variables())]


def images(rows: int = 37, times: int = 9, columns: int = 5) -> np.ndarray:
    return np.random.RandomState(rows).rand(rows, times, columns).astype("f")


@pytest.mark.parametrize(
    ("name", "way"),
    [*[(name, "loop") for name in CELLS], ("peepholes", "stretch"), ("two layers", "stretch")],
)
def test_training_gives_the_numbers_of_the_instructions(
    name: str, way: str, programs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    def make(x: Any) -> Any:
        if way == "loop":
            return tf.nn.dynamic_rnn(CELLS[name](16), x, dtype=tf.float32)[0]
        return tf.stack(tf.nn.static_rnn(CELLS[name](16), tf.unstack(x, axis=1), dtype=tf.float32)[0], 1)

    found = trained(make, images())
    if compiled:
        assert programs.count("program") >= 4  # there and back, in two runs at least
        assert bool(programs.count("loop")) == (way == "loop")
    one_by_one(monkeypatch)
    for value, expected in zip(found, trained(make, images()), strict=True):
        np.testing.assert_allclose(value, expected, rtol=2e-4, atol=2e-5)


def test_an_lstm_is_what_its_formulas_say(programs: list[str]) -> None:
    x = images(24, 6, 4)
    data = tf.placeholder(tf.float32, [None, 6, 4])
    outputs, state = tf.nn.dynamic_rnn(cells.BasicLSTMCell(10), data, dtype=tf.float32)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        w, b = sess.run(tf.trainable_variables())
        for _ in range(RUNS):
            found, (c_found, h_found) = sess.run([outputs, state], {data: x})
    c = h = np.zeros((24, 10))

    def sigmoid(v: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-v))

    for t in range(6):
        i, j, f, o = np.split(np.concatenate([x[:, t], h], 1).astype("d") @ w + b, 4, 1)
        c = c * sigmoid(f + 1) + sigmoid(i) * np.tanh(j)
        h = np.tanh(c) * sigmoid(o)
        np.testing.assert_allclose(found[:, t], h, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(c_found, c, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(h_found, h, rtol=1e-4, atol=1e-6)
    assert ("loop" in programs) == compiled


def test_doubles_have_no_loop_for_exp_and_run_turn_by_turn(programs: list[str]) -> None:
    data = tf.constant(images(24, 6, 4).astype("d"))
    outputs, _ = tf.nn.dynamic_rnn(cells.BasicLSTMCell(10), data, dtype=tf.float64)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        first = sess.run(outputs)
        for _ in range(RUNS):
            np.testing.assert_allclose(sess.run(outputs), first, rtol=1e-12)
    assert not programs


def test_other_sizes_come_and_go(programs: list[str]) -> None:
    data = tf.placeholder(tf.float32, [None, None, 4])
    outputs, _ = tf.nn.dynamic_rnn(cells.GRUCell(6), data, dtype=tf.float32)
    gradient = tf.gradients(outputs, tf.trainable_variables()[0])[0]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        whole = images(20, 7, 4)
        for _ in range(RUNS):
            all_rows, everything = sess.run([outputs, gradient], {data: whole})
            some, part = sess.run([outputs, gradient], {data: whole[:9]})
            others, rest = sess.run([outputs, gradient], {data: whole[9:]})
            np.testing.assert_allclose(np.concatenate([some, others]), all_rows, rtol=1e-5, atol=1e-6)
            np.testing.assert_allclose(part + rest, everything, rtol=1e-4, atol=1e-5)
            np.testing.assert_allclose(sess.run(outputs, {data: whole[:, :4]}), all_rows[:, :4], rtol=1e-5, atol=1e-6)


def test_too_much_to_keep_runs_turn_by_turn(programs: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_loops, "MOST_BYTES", 1000)
    expected = trained(lambda x: tf.nn.dynamic_rnn(cells.GRUCell(8), x, dtype=tf.float32)[0], images())
    assert "loop" not in programs
    monkeypatch.setattr(row_loops, "MOST_BYTES", 2**28)
    found = trained(lambda x: tf.nn.dynamic_rnn(cells.GRUCell(8), x, dtype=tf.float32)[0], images())
    assert ("loop" in programs) == compiled
    for value, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(value, other, rtol=2e-4, atol=2e-5)


def loop_with(body: Callable[..., Any], size: int = 4) -> Any:
    """A loop of four turns over 12 rows with an array of tensors and a product."""
    w = tf.Variable(np.random.RandomState(0).rand(8, 8).astype("f") / 4)
    h = tf.placeholder_with_default(np.random.RandomState(1).rand(12, 8).astype("f"), [12, 8])
    array = tf.TensorArray(tf.float32, size)
    return tf.while_loop(lambda i, h, a: i < 4, lambda i, h, a: body(i, h, a, w), [0, h, array])


def test_an_element_that_cannot_be_written_is_refused_as_ever(programs: list[str]) -> None:
    _, h, array = loop_with(lambda i, h, a, w: (i + 1, tf.tanh(tf.matmul(h, w)), a.write(i, h)), size=3)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(RUNS):
            with pytest.raises(tf.errors.InvalidArgumentError, match="Tried to write to index 3 but array is not"):
                sess.run([h, array.stack()])


def test_values_that_are_passed_on_exchanged_or_left_alone(programs: list[str]) -> None:
    w = tf.Variable(np.eye(8, dtype="f")[::-1] * 0.5)
    a, b = (tf.placeholder_with_default(np.random.RandomState(n).rand(12, 8).astype("f"), [12, 8]) for n in (3, 4))
    i, a_last, b_last, same, seen = tf.while_loop(
        lambda i, a, b, same, seen: i < 5,
        lambda i, a, b, same, seen: (i + 1, b, tf.matmul(a, w) + same, same, tf.concat([a[:, :4], b[:, 4:]], 1)),
        [0, a, b, a * 2, b],
    )
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(RUNS):
            found = sess.run([i, a_last, b_last, same, seen, a, b])
    one, two = found[5:]
    keep, matrix = one * 2, np.eye(8, dtype="f")[::-1] * 0.5
    for _ in range(5):
        last = np.concatenate([one[:, :4], two[:, 4:]], 1)
        one, two = two, one @ matrix + keep
    for value, expected in zip(found[:5], (5, one, two, keep, last), strict=True):
        np.testing.assert_allclose(value, expected, rtol=1e-5)
    assert ("loop" in programs) == compiled


def test_second_derivatives_through_a_loop(programs: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def second() -> Any:
        with tf.Graph().as_default():
            _, h, _ = loop_with(lambda i, h, a, w: (i + 1, tf.tanh(tf.matmul(h, w)), a))
            w = tf.trainable_variables()[0]
            first = tf.gradients(tf.reduce_sum(h * h), w)[0]
            result = tf.gradients(tf.reduce_sum(first * first), w)[0]
            with tf.Session() as sess:
                sess.run(tf.global_variables_initializer())
                return [sess.run([first, result]) for _ in range(RUNS)][-1]

    found = second()
    one_by_one(monkeypatch)
    for value, expected in zip(found, second(), strict=True):
        np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-5)


def test_threads_that_run_the_same_plan_do_not_disturb_each_other(programs: list[str]) -> None:
    data = tf.placeholder(tf.float32, [None, 8, 4])
    outputs = tf.nn.dynamic_rnn(cells.BasicLSTMCell(16), data, dtype=tf.float32)[0]
    gradient = tf.gradients(outputs, tf.trainable_variables()[0])[0]
    feeds = [images(30, 8, 4) * scale for scale in (1, -1, 2)]
    wrong: list[int] = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(RUNS):
            expected = [sess.run([outputs, gradient], {data: feed}) for feed in feeds]

        def work(number: int) -> None:
            for _ in range(20):
                found = sess.run([outputs, gradient], {data: feeds[number]})
                if not all(np.array_equal(a, b) for a, b in zip(found, expected[number], strict=True)):
                    wrong.append(number)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong


def test_what_comes_between_the_steps_of_an_unrolled_net_may_be_fetched(programs: list[str]) -> None:
    data = tf.placeholder(tf.float32, [40, 10, 6])
    h, w, u = tf.zeros([40, 70]), tf.Variable(tf.random_normal([70, 70]) / 9), tf.Variable(tf.random_normal([6, 70]))
    between, states = [], []
    for x in tf.unstack(data, axis=1):
        z = tf.matmul(h, w) + tf.matmul(x, u)
        h = tf.tanh(z)
        between.append(tf.reduce_max(z))
        states.append(h)
    update = w.assign_add(0.01 * tf.gradients(tf.reduce_mean(h), w)[0])
    x = images(40, 10, 6)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(RUNS):
            w0, u0 = sess.run([w, u])
            tops, found, w1 = sess.run([between, states, update], {data: x})
            state = np.zeros((40, 70), "f")
            for t in range(10):
                z = state @ w0 + x[:, t] @ u0
                state = np.tanh(z)
                np.testing.assert_allclose(tops[t], z.max(), rtol=1e-4)
                np.testing.assert_allclose(found[t], state, rtol=1e-3, atol=1e-4)
            assert not np.array_equal(w0, w1)
    assert ("program" in programs) == compiled

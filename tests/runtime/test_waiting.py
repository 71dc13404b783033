"""Runs that wait: for elements, for room, for gradients; and what ends their waiting."""

from __future__ import annotations

import _thread
import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.ops import queue_ops
from flowlab._src.util.lazy import FlowlabNote


class Background(threading.Thread):
    """Calls a function in another thread and keeps what it gives or raises."""

    def __init__(self, function: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._function = function
        self.result: Any = None
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self.result = self._function()
        except BaseException as error:
            self.error = error

    def outcome(self) -> Any:
        self.join(20)
        assert not self.is_alive(), "the thread is still waiting"
        return self.error if self.error is not None else self.result


def announce_waits(sess: Any) -> threading.Semaphore:
    """A semaphore that is released whenever a run of the session begins to wait."""
    begun = threading.Semaphore(0)
    wait = sess._state.wait

    def announced(condition: Any, ready: Any, *args: Any, **kwargs: Any) -> None:
        if not ready():
            begun.release()
        wait(condition, ready, *args, **kwargs)

    sess._state.wait = announced
    return begun


def test_dequeue_waits_for_an_enqueue_in_another_thread() -> None:
    q = tf.FIFOQueue(5, tf.float32)
    take, put = q.dequeue(), q.enqueue(7.0)
    with tf.Session() as sess:
        begun = announce_waits(sess)
        waiting = Background(lambda: sess.run(take))
        assert begun.acquire(timeout=20)
        sess.run(put)
        assert waiting.outcome() == 7.0


def test_enqueue_waits_for_room() -> None:
    q = tf.FIFOQueue(2, tf.int32)
    fill, take = q.enqueue_many([[1, 2, 3, 4]]), q.dequeue()
    with tf.Session() as sess:
        begun = announce_waits(sess)
        waiting = Background(lambda: sess.run(fill))
        assert begun.acquire(timeout=20)
        assert [int(sess.run(take)) for _ in range(4)] == [1, 2, 3, 4]
        assert waiting.outcome() is None


def test_requests_are_served_in_the_order_of_their_coming() -> None:
    q = tf.FIFOQueue(20, tf.int32, shapes=[[]])
    many, put = q.dequeue_many(3), [q.enqueue(i) for i in range(4)]
    one = q.dequeue()
    with tf.Session() as sess:
        begun = announce_waits(sess)
        first = Background(lambda: sess.run(many))
        assert begun.acquire(timeout=20)
        sess.run(put[0])
        second = Background(lambda: sess.run(one))
        assert begun.acquire(timeout=20)
        for op in put[1:]:
            sess.run(op)
        assert first.outcome().tolist() == [0, 1, 2]
        assert second.outcome() == 3


@pytest.mark.parametrize("full", [True, False])
def test_closing_the_session_ends_the_waits_of_all_threads(full: bool) -> None:
    q = tf.FIFOQueue(1, tf.float32)
    put, take = q.enqueue(1.0), q.dequeue()
    sess = tf.Session()
    begun = announce_waits(sess)
    if full:
        sess.run(put)
    threads = [Background(lambda: sess.run(put if full else take)) for _ in range(3)]
    for _ in threads:
        assert begun.acquire(timeout=20)
    sess.close()
    for thread in threads:
        error = thread.outcome()
        assert isinstance(error, tf.errors.CancelledError)
        assert error.message == ("Enqueue" if full else "Dequeue") + " operation was cancelled"


def test_closing_the_queue_lets_waiting_enqueues_in_first() -> None:
    q = tf.FIFOQueue(1, tf.int32)
    first, second, close, take = q.enqueue(1), q.enqueue(2), q.close(), q.dequeue()
    with tf.Session() as sess:
        begun = announce_waits(sess)
        sess.run(first)
        waiting = [Background(lambda: sess.run(second))]
        assert begun.acquire(timeout=20)
        waiting.append(Background(lambda: sess.run(close)))
        assert begun.acquire(timeout=20)
        assert not sess.run(q.is_closed())
        assert [int(sess.run(take)), int(sess.run(take))] == [1, 2]
        assert [thread.outcome() for thread in waiting] == [None, None]
        assert sess.run(q.is_closed())
        with pytest.raises(tf.errors.OutOfRangeError, match="insufficient elements"):
            sess.run(take)


def test_closing_the_queue_can_cancel_waiting_enqueues() -> None:
    q = tf.FIFOQueue(1, tf.int32)
    put, close = q.enqueue(1), q.close(cancel_pending_enqueues=True)
    with tf.Session() as sess:
        begun = announce_waits(sess)
        sess.run(put)
        waiting = Background(lambda: sess.run(put))
        assert begun.acquire(timeout=20)
        sess.run(close)
        error = waiting.outcome()
        assert isinstance(error, tf.errors.CancelledError)
        assert error.message == "Enqueue operation was cancelled"
        assert sess.run(q.size()) == 1


@pytest.mark.parametrize(("least", "requested", "left"), [(0, 3, 0), (1, 4, 1)])
def test_what_a_failed_request_has_taken_goes_back(least: int, requested: int, left: int) -> None:
    q = tf.RandomShuffleQueue(9, least, tf.int32, [[]]) if least else tf.FIFOQueue(9, tf.int32, [[]])
    put, many, close, size = q.enqueue_many([[5, 6]]), q.dequeue_many(5), q.close(), q.size()
    with tf.Session() as sess:
        begun = announce_waits(sess)
        waiting = Background(lambda: sess.run(many))
        assert begun.acquire(timeout=20)
        sess.run(put)
        assert sess.run(size) == left
        sess.run(close)
        error = waiting.outcome()
        assert isinstance(error, tf.errors.OutOfRangeError)
        assert f"(requested {requested}, current size {left})" in error.message
        assert sess.run(size) == 2
        assert sorted(sess.run(q.dequeue_up_to(5)).tolist()) == [5, 6]


def test_a_cancelled_request_gives_back_what_it_has_taken() -> None:
    q = tf.FIFOQueue(9, tf.int32, [[]])
    put, many, take = q.enqueue_many([[5, 6]]), q.dequeue_many(5), q.dequeue_many(2)
    with tf.Session() as sess:
        sess.run(put)
        with pytest.raises(tf.errors.DeadlineExceededError):
            sess.run(many, options=tf.RunOptions(timeout_in_ms=20))
        assert sess.run(take).tolist() == [5, 6]


@pytest.mark.usefixtures("ctrl_c_is_heard")
def test_ctrl_c_ends_a_wait() -> None:
    q = tf.FIFOQueue(9, tf.int32)
    take, put = q.dequeue(), q.enqueue(1)
    with tf.Session() as sess:
        begun = announce_waits(sess)

        def interrupt() -> None:
            assert begun.acquire(timeout=20)
            _thread.interrupt_main()

        other = Background(interrupt)
        with pytest.raises(KeyboardInterrupt):
            sess.run(take)
        assert other.outcome() is None
        sess.run(put)  # nobody stands in line any more who would take it
        assert sess.run(q.size()) == 1


def test_a_wait_for_gradients_ends_with_the_session() -> None:
    mean = tf.ConditionalAccumulator(tf.float32).take_grad(1)
    sess = tf.Session()
    begun = announce_waits(sess)
    waiting = Background(lambda: sess.run(mean))
    assert begun.acquire(timeout=20)
    sess.close()
    assert "TakeGrad operation was cancelled" in str(waiting.outcome())


# ---- time limits ---------------------------------------------------------------------------------------------------


def test_a_run_may_take_only_so_long() -> None:
    take = tf.FIFOQueue(9, tf.int32).dequeue()
    with tf.Session() as sess, pytest.raises(tf.errors.DeadlineExceededError) as caught:
        sess.run(take, options=tf.RunOptions(timeout_in_ms=20))
    assert caught.value.message == "Timed out waiting for notification"
    assert caught.value.op is take.op
    assert "Where" in "".join(caught.value.__notes__)


def test_the_limit_of_a_session_holds_for_each_run() -> None:
    q = tf.FIFOQueue(9, tf.int32)
    put, take = q.enqueue(1), q.dequeue()
    with tf.Session(config=tf.ConfigProto(operation_timeout_in_ms=50)) as sess:
        with pytest.raises(tf.errors.DeadlineExceededError):
            sess.run(take)
        sess.run(put)
        assert sess.run(take) == 1


def test_a_loop_without_end_is_ended_by_the_limit() -> None:
    loop = tf.while_loop(lambda i: i >= 0, lambda i: i * 1, [tf.constant(1)])
    with tf.Session() as sess, pytest.raises(tf.errors.DeadlineExceededError):
        sess.run(loop, options=tf.RunOptions(timeout_in_ms=50))


def test_a_limit_that_is_not_reached_changes_nothing() -> None:
    x = tf.constant([1.0, 2.0]) * 2.0
    with tf.Session() as sess:
        metadata = tf.RunMetadata()
        options = tf.RunOptions(timeout_in_ms=60000, trace_level=tf.RunOptions.FULL_TRACE)
        assert sess.run(x, options=options, run_metadata=metadata).tolist() == [2.0, 4.0]
        assert metadata.step_stats.dev_stats[0].node_stats


# ---- the remark on a wait that may last for ever ---------------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch: Any) -> None:
    """Remarks come at once."""
    monkeypatch.setattr(queue_ops, "PATIENCE", 0.0)


SHORT = tf.RunOptions(timeout_in_ms=60)


@pytest.mark.usefixtures("impatient")
def test_waiting_for_a_queue_whose_runner_was_not_started_is_remarked_on() -> None:
    number = tf.train.range_input_producer(3).dequeue()
    with (
        tf.Session() as sess,
        pytest.warns(
            FlowlabNote, match=r"start_queue_runners\(sess\) before this run\. The queue was made in"
        ) as notes,
        pytest.raises(tf.errors.DeadlineExceededError),
    ):
        sess.run(number, options=SHORT)
    assert len(notes) == 1
    assert "input_producer" in str(notes[0].message)
    assert notes[0].filename == __file__


@pytest.mark.usefixtures("impatient")
def test_waiting_for_a_queue_that_nobody_fills_is_remarked_on() -> None:
    q = tf.FIFOQueue(3, tf.int32)
    put, take = q.enqueue(1), q.dequeue()
    with tf.Session() as sess:
        sess.run(put)
        sess.run(take)
        with (
            pytest.warns(
                FlowlabNote, match="holds 0 elements, and no other thread puts anything into it. Run an enqueue"
            ),
            pytest.raises(tf.errors.DeadlineExceededError),
        ):
            sess.run(take, options=SHORT)


@pytest.mark.usefixtures("impatient")
def test_waiting_for_room_that_nobody_makes_is_remarked_on() -> None:
    put = tf.FIFOQueue(1, tf.int32).enqueue(1)
    with tf.Session() as sess:
        sess.run(put)
        with (
            pytest.warns(FlowlabNote, match="is full, and no other thread takes anything out of it"),
            pytest.raises(tf.errors.DeadlineExceededError),
        ):
            sess.run(put, options=SHORT)


@pytest.mark.usefixtures("impatient")
def test_nothing_is_remarked_where_a_runner_or_another_thread_fills_the_queue() -> None:
    q = tf.FIFOQueue(3, tf.int32)
    over = threading.Event()
    gate = tf.py_func(lambda: over.wait(20), [], tf.bool)
    with tf.control_dependencies([gate]):
        runner = tf.train.QueueRunner(q, [q.enqueue(1)])
    put, take = q.enqueue(1), q.dequeue()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with tf.Session() as sess:
            runner.create_threads(sess, daemon=True, start=True)  # a slow one
            with pytest.raises(tf.errors.DeadlineExceededError):
                sess.run(take, options=SHORT)
            over.set()
        with tf.Session() as sess:
            assert Background(lambda: sess.run(put)).outcome() is None
            assert sess.run(take) == 1
            with pytest.raises(tf.errors.DeadlineExceededError):
                sess.run(take, options=SHORT)


# ---- what is in a queue is nobody else's ---------------------------------------------------------------------------


def test_elements_are_copies_of_what_was_fed_and_fetched_arrays_are_the_callers() -> None:
    q = tf.FIFOQueue(9, tf.float32, [[2]])
    x = tf.placeholder(tf.float32, [None, 2])
    made = tf.constant([3.0, 4.0]) * 2.0
    fill, put, take = q.enqueue_many([x]), q.enqueue([made]), q.dequeue()
    with tf.Session() as sess:
        mine = np.ones([2, 2], np.float32)
        sess.run(fill, {x: mine})
        mine[:] = 99.0
        also_mine = sess.run([made, put])[0]
        also_mine[:] = 99.0
        out = sess.run(take)
        out[:] = 99.0
        assert [sess.run(take).tolist() for _ in range(2)] == [[1.0, 1.0], [6.0, 8.0]]


def test_sessions_have_queues_of_their_own_and_shared_names_are_one_queue() -> None:
    a, b = (tf.FIFOQueue(9, tf.int32, shared_name="jobs") for _ in range(2))
    put, take = a.enqueue(1), b.dequeue()
    with tf.Session() as sess, tf.Session() as other:
        sess.run(put)
        assert (sess.run(b.size()), other.run(b.size())) == (1, 0)
        assert sess.run(take) == 1


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: tf.FIFOQueue(3, tf.int32, shared_name="jobs"), "has capacity 2 but requested capacity was 3"),
        (lambda: tf.FIFOQueue(2, tf.float32, shared_name="jobs"), "has component types int32 but requested component"),
        (lambda: tf.FIFOQueue(2, tf.int32, [[]], shared_name="jobs"), "component shapes []"),
        (lambda: tf.RandomShuffleQueue(2, 0, tf.int32, shared_name="jobs"), "Expected RandomShuffleQueueV2, found"),
    ],
)
def test_shared_queues_must_be_alike(make: Callable[[], Any], words: str) -> None:
    first, second = tf.FIFOQueue(2, tf.int32, shared_name="jobs"), make()
    with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError) as caught:
        sess.run([first.size(), second.size()])
    assert words in caught.value.message


def test_many_threads_lose_nothing() -> None:
    q = tf.RandomShuffleQueue(7, 2, tf.int32, [[]])
    x = tf.placeholder(tf.int32, [None])
    put, take, close = q.enqueue_many([x]), q.dequeue_up_to(3), q.close()
    with tf.Session() as sess:
        fillers = [Background(lambda i=i: sess.run(put, {x: range(100 * i, 100 * i + 50)})) for i in range(4)]

        def drain() -> list[int]:
            found: list[int] = []
            try:
                while True:
                    found += sess.run(take).tolist()
            except tf.errors.OutOfRangeError:
                return found

        takers = [Background(drain) for _ in range(3)]
        for thread in fillers:
            assert thread.outcome() is None
        sess.run(close)
        everything = sorted(number for thread in takers for number in thread.outcome())
        assert everything == [100 * i + j for i in range(4) for j in range(50)]

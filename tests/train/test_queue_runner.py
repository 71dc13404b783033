"""Coordinators, queue runners, batches: threads that work together and end together."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.train.coordinator import Coordinator


def start(work: Any) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_join_raises_the_first_error_and_only_that() -> None:
    coord = tf.train.Coordinator()
    first = threading.Event()

    def fail(error: Exception, before: threading.Event, after: threading.Event) -> None:
        assert before.wait(20)
        with coord.stop_on_exception():
            try:
                raise error
            finally:
                threading.Timer(0.0, after.set).start()

    go = threading.Event()
    go.set()
    one = start(lambda: fail(ValueError("first"), go, first))
    one.join(20)
    two = start(lambda: fail(KeyError("second"), first, threading.Event()))
    with pytest.raises(ValueError, match="first"):
        coord.join([one, two])
    assert coord.joined
    with pytest.raises(ValueError, match="first"):
        coord.raise_requested_exception()


def test_the_end_of_the_data_is_no_error() -> None:
    coord = tf.train.Coordinator()
    coord.request_stop(tf.errors.OutOfRangeError(None, None, "the end"))
    coord.join()
    own = tf.train.Coordinator(clean_stop_exception_types=(ZeroDivisionError,))
    own.request_stop(ZeroDivisionError())
    own.join()


def test_threads_that_do_not_end_are_named() -> None:
    coord, over = tf.train.Coordinator(), threading.Event()
    thread = threading.Thread(target=lambda: over.wait(20), name="slow", daemon=True)
    thread.start()
    coord.register_thread(thread)
    coord.request_stop()
    with pytest.raises(RuntimeError, match="Coordinator stopped with threads still running: slow"):
        coord.join(stop_grace_period_secs=0.01)
    coord.register_thread(thread)
    coord.join(stop_grace_period_secs=0.01, ignore_live_threads=True)
    over.set()
    thread.join(20)


def test_a_request_after_join_is_raised_at_once_and_clear_stop_begins_anew() -> None:
    coord = tf.train.Coordinator()
    coord.request_stop()
    coord.join()
    with pytest.raises(ValueError, match="late"):
        coord.request_stop(ValueError("late"))
    coord.clear_stop()
    assert not coord.should_stop()
    assert not coord.joined
    assert not coord.wait_for_stop(0.0)
    coord.request_stop("no exception")
    with pytest.raises(ValueError, match=r"ex must be a tuple or sys\.exc_info"):
        coord.join()


def test_loopers_work_until_the_stop() -> None:
    coord, calls = tf.train.Coordinator(), []

    def work(most: int) -> None:
        calls.append(len(calls))
        if len(calls) >= most:
            coord.request_stop()

    for interval in (None, 0.0):
        calls.clear()
        coord.clear_stop()
        looper = tf.train.LooperThread.loop(coord, interval, work, args=(5,))
        coord.join([looper])
        assert calls == [0, 1, 2, 3, 4]

    class Own(tf.train.LooperThread):
        def start_loop(self) -> None:
            calls.append("start")

        def run_loop(self) -> None:
            calls.append("run")
            raise ValueError("in the loop")

    coord.clear_stop()
    own = Own(coord, None)
    own.start()
    with pytest.raises(ValueError, match="in the loop"):
        coord.join()
    assert calls[-2:] == ["start", "run"]
    with pytest.raises(ValueError, match="must be a Coordinator"):
        tf.train.LooperThread(None, 1.0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="require that you also pass 'target'"):
        tf.train.LooperThread(coord, 1.0, args=(1,))


# ---- queue runners ---------------------------------------------------------------------------------------------------


def counting(limit: int) -> tuple[Any, Any]:
    """A queue, and a runner that puts the numbers below a limit into it."""
    q = tf.FIFOQueue(3, tf.int64, [[]])
    count = tf.Variable(0, dtype=tf.int64)
    return q, tf.train.QueueRunner(q, [q.enqueue(count.count_up_to(limit))])


def test_a_runner_closes_the_queue_at_the_end_of_the_data() -> None:
    q, runner = counting(5)
    take, closed = q.dequeue(), q.is_closed()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        threads = runner.create_threads(sess, start=True)
        assert [t.name for t in threads] == ["QueueRunnerThread-fifo_queue-fifo_queue_enqueue"]
        assert runner.create_threads(sess) == []
        assert [int(sess.run(take)) for _ in range(5)] == [0, 1, 2, 3, 4]
        threads[0].join(20)
        assert sess.run(closed)
        assert runner.exceptions_raised == []


def test_an_error_of_a_runner_comes_out_of_the_coordinator() -> None:
    q = tf.FIFOQueue(3, tf.float32)
    bad = tf.placeholder(tf.float32, [], name="never_fed")
    tf.train.add_queue_runner(tf.train.QueueRunner(q, [q.enqueue(bad)]))
    take = q.dequeue()
    with tf.Session() as sess:
        coord = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(sess, coord)
        with pytest.raises(tf.errors.OutOfRangeError):
            sess.run(take)
        with pytest.raises(tf.errors.InvalidArgumentError, match="You must feed a value for placeholder"):
            coord.join(threads)


def test_without_a_coordinator_the_runner_keeps_the_error(monkeypatch: Any) -> None:
    raised: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", lambda info: raised.append(info.exc_value))
    q = tf.FIFOQueue(3, tf.float32)
    runner = tf.train.QueueRunner(q, [q.enqueue(tf.log(tf.placeholder(tf.float32, [])))])
    with tf.Session() as sess:
        for thread in runner.create_threads(sess, start=True):
            thread.join(20)
    assert len(runner.exceptions_raised) == 1
    assert raised == runner.exceptions_raised
    assert isinstance(raised[0], tf.errors.InvalidArgumentError)


def test_a_closed_session_ends_its_runners_quietly(monkeypatch: Any) -> None:
    raised: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", lambda info: raised.append(info.exc_value))
    number = tf.train.range_input_producer(3).dequeue()
    with tf.Session() as sess:
        threads = tf.train.start_queue_runners(sess)
        sess.run(number)
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    assert raised == []


def test_runners_as_messages() -> None:
    q = tf.FIFOQueue(3, tf.float32, name="q")
    with tf.name_scope("part"):
        p = tf.FIFOQueue(3, tf.float32, name="p")
        put, close, cancel = p.enqueue(1.0, name="put"), p.close(name="close"), p.close(True, name="cancel")
    kinds = (tf.errors.OutOfRangeError, tf.errors.CancelledError)
    runner = tf.train.QueueRunner(p, [put, put], close, cancel, kinds)
    message = runner.to_proto()
    assert message.queue_name == "part/p"
    assert list(message.enqueue_op_name) == ["part/put", "part/put"]
    assert (message.close_op_name, message.cancel_op_name) == ("part/close", "part/cancel")
    assert list(message.queue_closed_exception_types) == [11, 1]
    assert runner.to_proto(export_scope="other") is None
    short = runner.to_proto(export_scope="part")
    assert short.queue_name == "p"
    again = tf.train.QueueRunner.from_proto(short, import_scope="part")
    assert again.enqueue_ops == [put, put]
    assert again.name == "part/p"
    assert again.queue_closed_exception_types == kinds
    with pytest.raises(ValueError, match="mutually exclusive"):
        tf.train.QueueRunner(q, [put], queue_runner_def=short)
    with pytest.raises(ValueError, match="Must provide queue and enqueue_ops"):
        tf.train.QueueRunner(q)
    with pytest.raises(TypeError, match="must be a tuple of tf"):
        tf.train.QueueRunner(p, [put], queue_closed_exception_types=(ValueError,))


def test_starting_runners_needs_a_session(caplog: Any) -> None:
    with pytest.raises(ValueError, match="No default session is registered"):
        tf.train.start_queue_runners()
    with pytest.raises(TypeError, match=r"sess must be a `tf\.Session` object"):
        tf.train.start_queue_runners("session")
    with tf.Session():
        assert tf.train.start_queue_runners() == []
    assert "when no queue runners were defined" in caplog.text


# ---- pipelines -------------------------------------------------------------------------------------------------------


def run_pipeline(fetch: Any, most: int = 100) -> list[Any]:
    """What a pipeline gives until its end."""
    found = []
    with tf.Session() as sess:
        sess.run(tf.local_variables_initializer())
        coord = Coordinator()
        threads = tf.train.start_queue_runners(sess, coord)
        try:
            while len(found) < most:
                found.append(sess.run(fetch))
        except tf.errors.OutOfRangeError:
            pass
        coord.request_stop()
        coord.join(threads)
    return found


def test_shuffled_epochs_hold_each_element_once() -> None:
    tf.set_random_seed(2)
    number = tf.train.range_input_producer(5, num_epochs=3).dequeue()
    found = [int(n) for n in run_pipeline(number)]
    assert len(found) == 15
    assert all(sorted(found[i : i + 5]) == [0, 1, 2, 3, 4] for i in (0, 5, 10))
    assert found != [0, 1, 2, 3, 4] * 3


def test_several_threads_and_sources_lose_no_example() -> None:
    a = tf.train.range_input_producer(20, num_epochs=1).dequeue()
    b = 100 + tf.train.range_input_producer(20, num_epochs=1).dequeue()
    joined = tf.train.batch_join([[a], [b]], 3, allow_smaller_final_batch=True)
    found = np.concatenate(run_pipeline(joined)).tolist()
    assert sorted(found) == [*range(20), *range(100, 120)]


def test_only_chosen_examples_go_into_batches() -> None:
    number = tf.train.range_input_producer(20, num_epochs=1, shuffle=False).dequeue()
    odd = tf.train.maybe_batch([number], tf.equal(number % 2, 1), 3)
    assert np.concatenate(run_pipeline(odd)).tolist() == [1, 3, 5, 7, 9, 11, 13, 15, 17]


def test_only_chosen_rows_go_into_batches() -> None:
    start_at = tf.train.range_input_producer(4, num_epochs=1, shuffle=False).dequeue() * 5
    rows = start_at + tf.range(5)
    batch = tf.train.maybe_shuffle_batch(
        [rows], 4, 30, 0, tf.equal(rows % 3, 0), enqueue_many=True, allow_smaller_final_batch=True
    )
    assert sorted(np.concatenate(run_pipeline(batch)).tolist()) == [0, 3, 6, 9, 12, 15, 18]


def test_examples_of_different_sizes_are_padded() -> None:
    number = tf.train.range_input_producer(4, num_epochs=1, shuffle=False).dequeue()
    batch = tf.train.batch([tf.range(number)], 4, dynamic_pad=True)
    assert batch.shape.as_list() == [4, None]
    assert run_pipeline(batch)[0].tolist() == [[0, 0, 0], [0, 0, 0], [0, 1, 0], [0, 1, 2]]


def test_sparse_examples_and_sparse_rows() -> None:
    number = tf.train.range_input_producer(6, num_epochs=1, shuffle=False).dequeue()
    place = tf.cast(number, tf.int64)
    single = tf.train.batch({"n": number, "s": tf.SparseTensor([[place]], [number], [6])}, 2)
    assert single["s"].get_shape().as_list() in ([None, None], [2, None])
    first = run_pipeline(single)[1]
    assert first["n"].tolist() == [2, 3]
    assert first["s"].indices.tolist() == [[0, 2], [1, 3]]
    assert first["s"].dense_shape.tolist() == [2, 6]
    rows = tf.SparseTensor([[0, 1], [2, 0]], [7, 8], [3, 2])
    many = tf.train.batch([rows], 3, enqueue_many=True)
    value = run_pipeline(many, most=1)[0]
    assert (value.indices.tolist(), value.values.tolist()) == ([[0, 1], [2, 0]], [7, 8])


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: tf.train.string_input_producer([]), ValueError, "requires a non-null input tensor"),
        (lambda: tf.train.limit_epochs(tf.constant(1), 0), ValueError, "num_epochs must be > 0 not 0"),
        (lambda: tf.train.input_producer(tf.placeholder(tf.float32, [3, None])), ValueError, "element_shape"),
        (lambda: tf.train.slice_input_producer([]), ValueError, "at least one tensor in slice_input_producer"),
        (lambda: tf.train.batch([], 3), ValueError, r"at least one tensor in batch\(\)"),
        (lambda: tf.train.batch(tf.constant(1), 3), TypeError, "Expected a list or dictionary of tensors"),
        (lambda: tf.train.batch([tf.placeholder(tf.float32)], 3), ValueError, "Cannot infer Tensor's rank"),
        (lambda: tf.train.shuffle_batch([1], 3, 10, 10), ValueError, "must be bigger than min_after_dequeue 10"),
        (lambda: tf.train.batch_join([[1], [1.0]], 3), TypeError, "types to be consistent: int32 vs. float32"),
        (lambda: tf.train.batch_join([], 3), ValueError, "at least one set of tensors"),
        (lambda: tf.train.maybe_batch([1], [True], 3), ValueError, "cannot be a vector when `enqueue_many=False`"),
        (lambda: tf.train.maybe_batch([1], tf.placeholder(tf.bool), 3), ValueError, "dimensions must be known"),
        (lambda: tf.train.batch_join([{"a": 1}, {"b": 1}], 3), ValueError, "must have the same keys"),
    ],
)
def test_wrong_pipelines_are_refused(make: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        make()
    assert "Where" in "".join(caught.value.__notes__)


def test_an_empty_list_of_files_fails_when_it_runs() -> None:
    names = tf.train.string_input_producer(tf.placeholder_with_default(tf.zeros([0], tf.string), [None]))
    take = names.dequeue()
    with tf.Session() as sess:
        coord = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(sess, coord)
        with pytest.raises(tf.errors.OutOfRangeError):
            sess.run(take)
        with pytest.raises(tf.errors.InvalidArgumentError, match="requires a non-null input tensor"):
            coord.join(threads)

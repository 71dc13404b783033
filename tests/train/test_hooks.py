"""Hooks and the sessions that call them, beyond what the oracle programs say."""

from __future__ import annotations

import json
import logging
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.train import saving_hooks
from flowlab._src.train.hooks import SecondOrStepTimer


@pytest.fixture
def info(caplog: Any) -> Any:
    """The log with what is told about the course of things."""
    caplog.set_level(logging.INFO, logger="tensorflow")
    return caplog


def counter() -> tuple[Any, Any]:
    step = tf.train.get_or_create_global_step()
    return step, tf.assign_add(step, 1)


def run_steps(train: Any, hooks: list[Any], most: int = 100) -> int:
    runs = 0
    with tf.train.MonitoredSession(hooks=hooks) as sess:
        while not sess.should_stop() and runs < most:
            sess.run(train)
            runs += 1
    return runs


def test_values_are_logged_every_so_many_runs_and_at_the_end(info: Any) -> None:
    step, train = counter()
    loss = tf.multiply(tf.cast(step, tf.float32), 0.5, name="loss")
    hook = tf.train.LoggingTensorHook({"half": loss, "step": step}, every_n_iter=3, at_end=True)
    named = tf.train.LoggingTensorHook(["loss"], at_end=True, formatter=lambda values: f"formatted {values['loss']}")
    assert run_steps(train, [hook, named], most=5) == 5
    lines = [r.getMessage() for r in info.records if "half" in r.getMessage() or "formatted" in r.getMessage()]
    assert [line.partition(" (")[0] for line in lines] == [
        "half = 0.5, step = 1", "half = 2.0, step = 4", "half = 2.5, step = 5", "formatted 2.5",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: tf.train.LoggingTensorHook([], every_n_iter=1, every_n_secs=1), "at_end and/or exactly one of"),
        (lambda: tf.train.LoggingTensorHook([]), "at_end and/or exactly one of"),
        (lambda: tf.train.LoggingTensorHook([], every_n_iter=0), "invalid every_n_iter=0"),
        (lambda: tf.train.StopAtStepHook(), "One of num_steps or last_step must be specified"),
        (lambda: tf.train.StopAtStepHook(1, 2), "Only one of num_steps or last_step"),
        (lambda: tf.train.StepCounterHook(every_n_secs=3), "exactly one of every_n_steps and every_n_secs"),
        (lambda: tf.train.SecondOrStepTimer(), "Either every_secs or every_steps"),
        (lambda: tf.train.SecondOrStepTimer(1, 1), "Can not provide both"),
        (lambda: tf.train.SummarySaverHook(save_steps=1), "Exactly one of scaffold or summary_op"),
        (lambda: tf.train.CheckpointSaverHook("d", 1, saver=1, scaffold=2), "cannot provide both saver and scaffold"),
    ],
)
def test_hooks_refuse_wrong_arguments(make: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()


def test_hooks_that_count_need_a_step_counter() -> None:
    x = tf.constant(1)
    for hook in (tf.train.StopAtStepHook(1), tf.train.StepCounterHook(), tf.train.GlobalStepWaiterHook(1)):
        with pytest.raises(RuntimeError, match="Global step should be created to use") as caught:
            run_steps(x, [hook])
        assert "get_or_create_global_step" in "".join(caught.value.__notes__)


def test_names_of_several_outputs_are_ambiguous() -> None:
    tf.split(tf.zeros([4]), 2, name="parts")
    other = tf.Graph()
    with pytest.raises(ValueError, match="ambiguous"):
        run_steps(tf.no_op(), [tf.train.LoggingTensorHook(["parts"], every_n_iter=1)])
    with other.as_default():
        foreign = tf.constant(1.0)
    with pytest.raises(ValueError, match="equal to current graph"):
        run_steps(tf.no_op(), [tf.train.LoggingTensorHook([foreign], every_n_iter=1)])


def test_timers_by_seconds(monkeypatch: Any) -> None:
    now = [100.0]
    monkeypatch.setattr("flowlab._src.train.hooks.time", SimpleNamespace(time=lambda: now[0]))
    timer = SecondOrStepTimer(every_secs=5)
    assert timer.should_trigger_for_step(1)
    assert timer.update_last_triggered_step(1) == (None, None)
    now[0] = 104.0
    assert not timer.should_trigger_for_step(2)
    now[0] = 106.0
    assert not timer.should_trigger_for_step(1)
    assert timer.should_trigger_for_step(2)
    assert timer.update_last_triggered_step(2) == (6.0, 1)
    timer.reset()
    assert timer.last_triggered_step() is None


class Writer:
    """Keeps what is written to an event file."""

    def __init__(self) -> None:
        self.written: list[Any] = []

    def add_summary(self, summary: Any, step: Any) -> None:
        self.written.append(("summary", summary, int(step)))

    def add_session_log(self, log: Any, step: Any = None) -> None:
        self.written.append(("log", log.status, int(step)))

    def add_graph(self, graph: Any) -> None:
        self.written.append(("graph",))

    def add_meta_graph(self, graph: Any) -> None:
        self.written.append(("meta graph",))

    def flush(self) -> None:
        self.written.append(("flush",))


def test_the_rate_of_steps_is_logged_and_written(info: Any, monkeypatch: Any) -> None:
    now = iter(range(100, 1000))
    monkeypatch.setattr("flowlab._src.train.hooks.time", SimpleNamespace(time=lambda: float(next(now))))
    _, train = counter()
    writer = Writer()
    run_steps(train, [tf.train.StepCounterHook(every_n_steps=2, summary_writer=writer)], most=5)
    assert [(step, round(summary.value[0].simple_value, 3)) for _, summary, step in writer.written] == [(3, 2), (5, 2)]
    assert writer.written[0][1].value[0].tag == "global_step/sec"
    assert "global_step/sec: 2" in info.text


def test_a_step_counter_that_stands_still_is_warned_of(info: Any) -> None:
    counter()
    run_steps(tf.constant(1.0), [tf.train.StepCounterHook()], most=9)
    warned = [r for r in info.records if "has not been increased" in r.getMessage()]
    assert len(warned) == 5


def test_summaries_are_written_at_the_steps_of_tensorflow() -> None:
    _, train = counter()
    writer = Writer()
    hook = tf.train.SummarySaverHook(save_steps=3, summary_writer=writer, summary_op=tf.constant("text"))
    run_steps(train, [hook], most=8)
    assert writer.written == [
        ("log", 1, 1), ("summary", b"text", 1), ("summary", b"text", 4), ("summary", b"text", 7), ("flush",),
    ]  # fmt: skip


class FakeSaver:
    """Stands for a saver."""

    saver_def = None

    def __init__(self) -> None:
        self.saved: list[Any] = []

    def build(self) -> None:
        pass

    def save(self, sess: Any, path: str, global_step: Any, write_meta_graph: bool) -> None:
        self.saved.append((Path(path).name, int(global_step), write_meta_graph))


def test_checkpoints_at_the_start_now_and_then_and_at_the_end(monkeypatch: Any, tmp_path: Path) -> None:
    writer, saver, told = Writer(), FakeSaver(), []
    monkeypatch.setattr(saving_hooks, "summary_writer_for", lambda folder: writer)
    monkeypatch.setattr(saving_hooks, "need", lambda *names: lambda *args, **kwargs: None)

    class Listener(tf.train.CheckpointSaverListener):
        def before_save(self, session: Any, global_step_value: int) -> None:
            told.append(("before", int(global_step_value)))

        def after_save(self, session: Any, global_step_value: int) -> bool:
            told.append(("after", int(global_step_value)))
            return bool(global_step_value == 4)

        def end(self, session: Any, global_step_value: int) -> None:
            told.append(("end", int(global_step_value)))

    _, train = counter()
    hook = tf.train.CheckpointSaverHook(str(tmp_path), save_steps=2, saver=saver, listeners=[Listener()])
    assert run_steps(train, [hook]) == 4
    assert saver.saved == [("model.ckpt", 0, True), ("model.ckpt", 2, True), ("model.ckpt", 4, True)]
    assert told == [(when, step) for step in (0, 2, 4) for when in ("before", "after")] + [("end", 4)]
    assert [row for row in writer.written if row[0] == "log"] == [("log", 3, 0), ("log", 3, 2), ("log", 3, 4)]


def test_profiles_of_runs(tmp_path: Path) -> None:
    step, train = counter()
    square = tf.square(tf.cast(step, tf.float32), name="square")
    with tf.control_dependencies([square]):
        both = tf.group(train)
    run_steps(both, [tf.train.ProfilerHook(save_steps=2, output_dir=str(tmp_path))], most=5)
    files = sorted(p.name for p in tmp_path.iterdir())
    assert files == ["timeline-2.json", "timeline-4.json"]
    events = json.loads((tmp_path / "timeline-2.json").read_text(encoding="utf-8"))["traceEvents"]
    assert {"square", "Assign_Add"} & {e["args"]["name"] for e in events if e["ph"] == "X"}


def test_a_wait_for_the_step_of_another_worker(monkeypatch: Any) -> None:
    monkeypatch.setattr("flowlab._src.train.hooks.time", SimpleNamespace(sleep=lambda seconds: None))
    step, train = counter()
    hook = tf.train.GlobalStepWaiterHook(2)
    server = tf.train.Server.create_local_server()
    waiting = threading.Event()
    with tf.Session(server.target) as chief:
        chief.run(tf.global_variables_initializer())
        hook.begin()

        class Session:
            def run(self, fetch: Any) -> Any:
                value = chief.run(fetch)
                waiting.set()
                chief.run(train)
                return value

        hook.before_run(tf.train.SessionRunContext(tf.train.SessionRunArgs(step), Session()))
        assert waiting.is_set()
        assert chief.run(step) == 3
        hook.before_run(tf.train.SessionRunContext(tf.train.SessionRunArgs(step), None))  # no second time


def test_final_ops_that_read_the_data_are_warned_of(info: Any) -> None:
    number = tf.train.range_input_producer(2, num_epochs=1).dequeue()
    with pytest.raises(tf.errors.OutOfRangeError):
        run_steps(number, [tf.train.FinalOpsHook(number)], most=2)
    assert "code in FinalOpsHook" in info.text


# ---- sessions ----------------------------------------------------------------------------------------------------------


class Failing(tf.train.SessionRunHook):
    """Raises an error at the second run, once."""

    def __init__(self, error: Exception) -> None:
        self.error: Exception | None = error
        self.runs = 0
        self.sessions = 0

    def after_create_session(self, session: Any, coord: Any) -> None:
        self.sessions += 1

    def before_run(self, run_context: Any) -> None:
        self.runs += 1
        if self.runs == 2 and self.error is not None:
            error, self.error = self.error, None
            raise error


def test_a_lost_session_is_replaced() -> None:
    _, train = counter()
    hook = Failing(tf.errors.AbortedError(None, None, "preempted"))
    with tf.train.MonitoredSession(hooks=[hook]) as sess:
        values = [int(sess.run(train)) for _ in range(3)]
    assert hook.sessions == 2
    assert values == [1, 1, 2]  # the new session has initialized its variables anew


def test_a_singular_session_is_not_replaced() -> None:
    _, train = counter()
    hook = Failing(tf.errors.UnavailableError(None, None, "gone"))

    def work() -> None:
        with tf.train.SingularMonitoredSession(hooks=[hook]) as sess:
            for _ in range(3):
                sess.run(train)

    with pytest.raises(tf.errors.UnavailableError, match="gone"):
        work()


def test_an_error_in_a_queue_comes_out_of_the_session() -> None:
    q = tf.FIFOQueue(3, tf.float32)
    tf.train.add_queue_runner(tf.train.QueueRunner(q, [q.enqueue(tf.placeholder(tf.float32, []))]))
    take = q.dequeue()

    def work() -> None:
        with tf.train.MonitoredSession() as sess:
            while not sess.should_stop():
                sess.run(take)

    with pytest.raises(tf.errors.InvalidArgumentError, match="You must feed a value"):
        work()


def test_two_hooks_may_not_feed_one_tensor() -> None:
    x = tf.placeholder(tf.float32, [])
    hooks = [tf.train.FeedFnHook(lambda: {x: 1.0}), tf.train.FeedFnHook(lambda: {x: 2.0})]
    with pytest.raises(RuntimeError, match="Same tensor is fed by two hooks"):
        run_steps(x, hooks)


def test_hooks_add_options_to_a_run() -> None:
    seen: list[Any] = []

    class Options(tf.train.SessionRunHook):
        def before_run(self, run_context: Any) -> Any:
            return tf.train.SessionRunArgs(None, options=tf.RunOptions(timeout_in_ms=9000, trace_level=3))

        def after_run(self, run_context: Any, run_values: Any) -> None:
            seen.append((run_values.results, run_values.options.timeout_in_ms, run_values.run_metadata))

    with tf.train.MonitoredSession(hooks=[Options()]) as sess:
        assert sess.run("x:0") == 3.0
    assert seen[0][:2] == (None, 9000)
    assert seen[0][2].step_stats.dev_stats


@pytest.fixture(autouse=True)
def tensor_x() -> None:
    tf.constant(3.0, name="x")


def test_a_closed_monitored_session_says_so() -> None:
    sess = tf.train.MonitoredSession()
    sess.close()
    assert sess.should_stop()
    assert sess.graph is None
    with pytest.raises(RuntimeError, match="closed"):
        sess.run("x:0")
    with pytest.raises(RuntimeError, match="already closed"):
        sess.close()


def test_steps_as_functions_take_one_argument() -> None:
    with tf.train.MonitoredSession() as sess:
        with pytest.raises(ValueError, match="may either have one `step_context` argument"):
            sess.run_step_fn(lambda context: None)
        assert sess.run_step_fn(lambda step_context: float(step_context.run_with_hooks("x:0"))) == 3.0


def test_checkpoints_that_cannot_be_written_yet_say_so(tmp_path: Path) -> None:
    from flowlab._src.train.later import find

    counter()
    if find("summary.writer_cache", "FileWriterCache") is None:
        with pytest.raises(tf.errors.UnimplementedError, match="not there yet"):
            tf.train.MonitoredTrainingSession(checkpoint_dir=str(tmp_path))


def test_scaffolds_use_what_the_graph_has() -> None:
    w = tf.Variable(1.0, name="w")
    init = tf.group(w.assign(5.0))
    tf.add_to_collection(tf.GraphKeys.INIT_OP, init)
    seen: list[Any] = []
    first = tf.train.Scaffold(init_fn=lambda scaffold, sess: seen.append(sess.run(w)))
    copy = tf.train.Scaffold(copy_from_scaffold=first)
    with tf.train.MonitoredTrainingSession(scaffold=copy) as sess:
        assert sess.run(w) == 5.0
    assert copy.init_op is init
    assert seen == [5.0]
    assert copy.local_init_op in tf.get_collection(tf.GraphKeys.LOCAL_INIT_OP)
    tf.add_to_collection(tf.GraphKeys.READY_OP, init)
    tf.add_to_collection(tf.GraphKeys.READY_OP, init)
    with pytest.raises(RuntimeError, match="More than one item in the collection"):
        tf.train.Scaffold().finalize()
    with pytest.raises(TypeError, match="not a Scaffold"):
        tf.train.Scaffold(copy_from_scaffold=1)  # type: ignore[arg-type]


def test_a_worker_waits_for_the_chief() -> None:
    w = tf.Variable(np.float32(2.0), name="w")
    server = tf.train.Server.create_local_server()
    manager = tf.train.SessionManager(ready_op=tf.report_uninitialized_variables(), recovery_wait_secs=0.01)
    with pytest.raises(tf.errors.DeadlineExceededError, match="not ready after waiting 0 secs"):
        manager.wait_for_session(server.target, max_wait_secs=0)
    found: list[Any] = []
    worker = threading.Thread(target=lambda: found.append(manager.wait_for_session(server.target, max_wait_secs=20)))
    worker.start()
    with tf.Session(server.target) as chief:
        chief.run(w.initializer)
        worker.join(20)
        assert found[0].run(w) == 2.0
    found[0].close()
    with pytest.raises(RuntimeError, match="no init_op or init_fn or local_init_op was given"):
        manager.prepare_session("")
    with pytest.raises(RuntimeError, match="Variables not initialized: w"):
        manager.prepare_session("", init_op=tf.no_op())
    session, restored = manager.recover_session(server.target)
    assert not restored
    assert session.run(w) == 2.0
    session.close()


def test_supervisors_stop_their_threads_and_raise_their_errors() -> None:
    w = tf.Variable(1.0)
    double = w.assign(w * 2)
    supervisor = tf.train.Supervisor(saver=None, summary_op=None)

    def work() -> None:
        with supervisor.managed_session() as sess:
            assert sess.run(double) == 2.0
            raise ValueError("in the block")

    with pytest.raises(ValueError, match="in the block"):
        work()
    assert supervisor.should_stop()
    with supervisor.managed_session() as sess:
        looper = supervisor.loop(None, lambda: supervisor.request_stop())
        assert sess.run(w) == 1.0
        supervisor.wait_for_stop()
        looper.join(20)
    with pytest.raises(RuntimeError, match="requires a summary writer"):
        supervisor.summary_computed(None, b"")

"""`tf.train.Supervisor`: the older way to a session that is initialized, saved and ended in order."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

from flowlab._src.errors import AbortedError
from flowlab._src.formats.files import as_path
from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_text
from flowlab._src.graph.default import get_default_graph, graph_or_default
from flowlab._src.graph.keys import GraphKeys
from flowlab._src.ops.control import group
from flowlab._src.ops.misuse import misuse
from flowlab._src.train.coordinator import Coordinator, LooperThread
from flowlab._src.train.global_step import global_step as step_of
from flowlab._src.train.later import find, need, write_scalar
from flowlab._src.train.saving_hooks import session_log
from flowlab._src.train.scaffold import initialize_tables
from flowlab._src.train.session_manager import SessionManager
from flowlab._src.util import log
from flowlab._src.util.export import export
from flowlab._src.variables.variable import (
    global_variables,
    global_variables_initializer,
    local_variables_initializer,
    report_uninitialized_variables,
)


@export("train.Supervisor")
class Supervisor:
    """Makes sessions that are ready, starts the queues, saves now and then, and ends it all in order.

    `tf.train.MonitoredTrainingSession` is the newer way to the same.

    Parameters
    ----------
    graph : Graph, optional
        The default graph if not given; it is finalized.
    ready_op, ready_for_local_init_op, init_op, local_init_op, summary_op, saver, global_step : optional
        Found in the graph's collections or made, where not given; None: none of that kind.
    is_chief : bool
        The chief initializes and saves; others wait for it.
    init_feed_dict : dict, optional
    logdir : str, optional
        Folder of checkpoints and event files; without it nothing is saved.
    save_summaries_secs, save_model_secs : float
        Seconds between two savings; 0: never.
    recovery_wait_secs, stop_grace_secs : float
    checkpoint_basename : str
    session_manager : SessionManager, optional
    summary_writer : FileWriter, optional
    init_fn : callable, optional
        `init_fn(session)`, called after `init_op`.
    local_init_run_options : RunOptions, optional

    Examples
    --------
    >>> w = tf.Variable(1.0)
    >>> double = w.assign(w * 2)
    >>> supervisor = tf.train.Supervisor(saver=None, summary_op=None)
    >>> with supervisor.managed_session() as sess:
    ...     while not supervisor.should_stop():
    ...         if sess.run(double) > 10:
    ...             supervisor.request_stop()
    ...     float(sess.run(w))
    16.0
    """

    USE_DEFAULT = 0

    def __init__(
        self,
        graph: Any = None,
        ready_op: Any = USE_DEFAULT,
        ready_for_local_init_op: Any = USE_DEFAULT,
        is_chief: bool = True,
        init_op: Any = USE_DEFAULT,
        init_feed_dict: Any = None,
        local_init_op: Any = USE_DEFAULT,
        logdir: str | None = None,
        summary_op: Any = USE_DEFAULT,
        saver: Any = USE_DEFAULT,
        global_step: Any = USE_DEFAULT,
        save_summaries_secs: float = 120,
        save_model_secs: float = 600,
        recovery_wait_secs: float = 30,
        stop_grace_secs: float = 120,
        checkpoint_basename: str = "model.ckpt",
        session_manager: SessionManager | None = None,
        summary_writer: Any = USE_DEFAULT,
        init_fn: Callable[[Any], Any] | None = None,
        local_init_run_options: Any = None,
    ) -> None:
        self._graph = graph_or_default(graph)
        with self._graph.as_default():
            self._ready_op = self._choose(ready_op, GraphKeys.READY_OP, report_uninitialized_variables)
            self._ready_for_local_init_op = self._choose(
                ready_for_local_init_op, GraphKeys.READY_FOR_LOCAL_INIT_OP, lambda: None
            )
            self._init_op = self._choose(init_op, GraphKeys.INIT_OP, global_variables_initializer)
            self._local_init_op = self._choose(
                local_init_op,
                GraphKeys.LOCAL_INIT_OP,
                lambda: group(local_variables_initializer(), initialize_tables()),
            )
            self._saver = self._choose(saver, GraphKeys.SAVERS, make_saver)
            merge_all = find("summary.merging", "merge_all") or (lambda: None)
            self._summary_op = self._choose(summary_op, GraphKeys.SUMMARY_OP, merge_all)
            self._global_step = self._choose(global_step, GraphKeys.GLOBAL_STEP, default_step)
        logdir = None if logdir is None else as_path(logdir, "logdir")
        self._init_feed_dict = init_feed_dict
        self._init_fn = init_fn
        self._is_chief = is_chief
        self._coord = Coordinator()
        self._stop_grace_secs = stop_grace_secs
        self._logdir = logdir if is_chief else None
        self._save_summaries_secs = save_summaries_secs if is_chief else None
        self._save_model_secs = save_model_secs if is_chief else None
        self._save_path = (
            os.path.join(logdir, as_text(checkpoint_basename, "checkpoint_basename")) if is_chief and logdir else None
        )
        self._summary_writer: Any = None
        if is_chief:
            if summary_writer is not Supervisor.USE_DEFAULT:
                self._summary_writer = summary_writer
            elif logdir:
                self._summary_writer = need("summary.writer", "FileWriter", "Event files")(logdir)
        self._graph_added_to_summary = False
        self._session_manager = session_manager or SessionManager(
            local_init_op=self._local_init_op,
            ready_op=self._ready_op,
            ready_for_local_init_op=self._ready_for_local_init_op,
            graph=self._graph,
            recovery_wait_secs=recovery_wait_secs,
            local_init_run_options=local_init_run_options,
        )
        if not is_chief:
            for op in self._graph.get_operations():
                if op.type in ("Variable", "VariableV2") and not op.device:
                    raise ValueError(f"When using replicas, all Variables must have their device set: {op}")
        self._graph.finalize()

    @staticmethod
    def _choose(given: Any, key: str, make: Callable[[], Any]) -> Any:
        """What was given; else the first of a collection; else a new one, which goes into the collection."""
        if given is not Supervisor.USE_DEFAULT:
            return given
        graph = get_default_graph()
        found = graph.get_collection(key)
        if found:
            return found[0]
        made = make()
        if made is not None:
            graph.add_to_collection(key, made)
        return made

    # ---- what it is -----------------------------------------------------------------------------------------------

    @property
    def is_chief(self) -> bool:
        """Whether this supervisor initializes and saves."""
        return self._is_chief

    @property
    def session_manager(self) -> SessionManager:
        """What makes the sessions."""
        return self._session_manager

    @property
    def coord(self) -> Coordinator:
        """What stops the threads."""
        return self._coord

    @property
    def init_op(self) -> Any:
        """Initializes the global variables."""
        return self._init_op

    @property
    def init_feed_dict(self) -> Any:
        """What is fed to `init_op`."""
        return self._init_feed_dict

    @property
    def ready_op(self) -> Any:
        """Names of what is not initialized."""
        return self._ready_op

    @property
    def ready_for_local_init_op(self) -> Any:
        """Names of what must be initialized before `local_init_op`."""
        return self._ready_for_local_init_op

    @property
    def summary_writer(self) -> Any:
        """Writes the event file."""
        return self._summary_writer

    @property
    def summary_op(self) -> Any:
        """All summaries in one."""
        return self._summary_op

    @property
    def save_summaries_secs(self) -> Any:
        """Seconds between summaries."""
        return self._save_summaries_secs

    @property
    def global_step(self) -> Any:
        """The step counter."""
        return self._global_step

    @property
    def saver(self) -> Any:
        """Writes and reads checkpoints."""
        return self._saver

    @property
    def save_model_secs(self) -> Any:
        """Seconds between checkpoints."""
        return self._save_model_secs

    @property
    def save_path(self) -> str | None:
        """Where checkpoints are written."""
        return self._save_path

    # ---- sessions -------------------------------------------------------------------------------------------------

    def prepare_or_wait_for_session(
        self,
        master: str = "",
        config: Any = None,
        wait_for_checkpoint: bool = False,
        max_wait_secs: float = 7200,
        start_standard_services: bool = True,
    ) -> Any:
        """Return a session that is ready, with its queues running."""
        self._coord.clear_stop()
        if self._summary_writer:
            self._summary_writer.reopen()
        if self._is_chief:
            session = self._session_manager.prepare_session(
                master,
                init_op=self._init_op,
                saver=self._saver,
                checkpoint_dir=self._logdir,
                wait_for_checkpoint=wait_for_checkpoint,
                max_wait_secs=max_wait_secs,
                config=config,
                init_feed_dict=self._init_feed_dict,
                init_fn=self._init_fn,
            )
            self._write_graph()
            if start_standard_services:
                self.start_standard_services(session)
        else:
            session = self._session_manager.wait_for_session(master, config=config, max_wait_secs=max_wait_secs)
        if start_standard_services:
            self.start_queue_runners(session)
        return session

    @contextlib.contextmanager
    def managed_session(
        self,
        master: str = "",
        config: Any = None,
        start_standard_services: bool = True,
        close_summary_writer: bool = True,
    ) -> Iterator[Any]:
        """Give a session for a `with` block; at its end threads are stopped and the first error is raised."""
        session = None
        try:
            session = self.prepare_or_wait_for_session(
                master=master, config=config, start_standard_services=start_standard_services
            )
            yield session
        except Exception as error:
            self.request_stop(error)
        finally:
            try:
                self.stop(close_summary_writer=close_summary_writer)
            finally:
                if session is not None:
                    with contextlib.suppress(Exception):
                        session.close()

    def _write_graph(self) -> None:
        if self._logdir:
            write_graph = need("train.write_graph", "write_graph", "Graphs in files")
            write_graph(self._graph.as_graph_def(add_shapes=True), self._logdir, "graph.pbtxt")
        if self._summary_writer and not self._graph_added_to_summary:
            self._summary_writer.add_graph(self._graph)
            self._graph_added_to_summary = True

    def start_standard_services(self, sess: Any) -> list[LooperThread] | None:
        """Start the threads that save and log; needs `logdir`."""
        if not self._is_chief:
            raise RuntimeError(
                "Only chief supervisor can start standard services. Because only chief supervisors can write events."
            )
        if not self._logdir:
            log.warning("Standard services need a 'logdir' passed to the SessionManager")
            return None
        if self._global_step is not None and self._summary_writer:
            self._summary_writer.add_session_log(session_log("START"), step_of(sess, self._global_step))
        threads: list[LooperThread] = []
        if self._save_summaries_secs and self._summary_writer:
            if self._summary_op is not None:
                threads.append(_Looper(self, self._save_summaries_secs, lambda: self._save_summary(sess)))
            if self._global_step is not None:
                counter = _StepRate(self, sess)
                threads.append(_Looper(self, self._save_summaries_secs, counter.write))
        if self._saver and self._save_model_secs:
            threads.append(_Looper(self, self._save_model_secs, lambda: self._save_model(sess)))
        for thread in threads:
            thread.start()
        return threads

    def _save_summary(self, sess: Any) -> None:
        if self._global_step is None:
            self._summary_writer.add_summary(sess.run(self._summary_op), None)
        else:
            self._summary_writer.add_summary(*sess.run([self._summary_op, self._global_step]))

    def _save_model(self, sess: Any) -> None:
        self._saver.save(sess, self._save_path, global_step=self._global_step)
        if self._summary_writer and self._global_step is not None:
            step = step_of(sess, self._global_step)
            self._summary_writer.add_session_log(session_log("CHECKPOINT", self._save_path or ""), step)

    def start_queue_runners(self, sess: Any, queue_runners: Any = None) -> list[Any]:
        """Start the threads of the queue runners."""
        runners = self._graph.get_collection(GraphKeys.QUEUE_RUNNERS) if queue_runners is None else queue_runners
        threads: list[Any] = []
        for runner in runners:
            threads += runner.create_threads(sess, coord=self._coord, daemon=True, start=True)
        return threads

    def loop(
        self, timer_interval_secs: float | None, target: Any, args: Any = None, kwargs: Any = None
    ) -> LooperThread:
        """Start a thread that calls `target` again and again until the stop."""
        return LooperThread.loop(self._coord, timer_interval_secs, target, args, kwargs)

    # ---- stopping -------------------------------------------------------------------------------------------------

    def stop(self, threads: Any = None, close_summary_writer: bool = True, ignore_live_threads: bool = False) -> None:
        """Stop the threads and wait for them; raises the first error that one of them reported."""
        self._coord.request_stop()
        try:
            self._coord.join(
                threads, stop_grace_period_secs=self._stop_grace_secs, ignore_live_threads=ignore_live_threads
            )
        finally:
            if close_summary_writer and self._summary_writer:
                self._summary_writer.add_session_log(session_log("STOP"))
                self._summary_writer.close()
                self._graph_added_to_summary = False

    def request_stop(self, ex: Any = None) -> None:
        """Ask all threads to stop."""
        self._coord.request_stop(ex=ex)

    def should_stop(self) -> bool:
        """Whether a stop was asked for."""
        return self._coord.should_stop()

    def stop_on_exception(self) -> Any:
        """Report exceptions of a `with` block as a request to stop."""
        return self._coord.stop_on_exception()

    def wait_for_stop(self) -> None:
        """Wait until a stop is asked for."""
        self._coord.wait_for_stop()

    def summary_computed(self, sess: Any, summary: Any, global_step: Any = None) -> None:
        """Write a summary to the event file."""
        if not self._summary_writer:
            raise RuntimeError("Writing a summary requires a summary writer.")
        if global_step is None and self._global_step is not None:
            global_step = step_of(sess, self._global_step)
        self._summary_writer.add_summary(summary, global_step)

    # Older names
    PrepareSession = prepare_or_wait_for_session
    StartQueueRunners = start_queue_runners
    StartStandardServices = start_standard_services
    Stop = stop
    RequestStop = request_stop
    Loop = loop
    ShouldStop = should_stop
    StopOnException = stop_on_exception
    WaitForStop = wait_for_stop
    SummaryComputed = summary_computed


class _Looper(LooperThread):
    """A thread of a supervisor."""

    def __init__(self, supervisor: Supervisor, seconds: float, work: Callable[[], None]) -> None:
        super().__init__(supervisor.coord, seconds, target=work)


class _StepRate:
    """Writes how many steps are done in a second."""

    def __init__(self, supervisor: Supervisor, sess: Any) -> None:
        self._supervisor, self._sess = supervisor, sess
        self._time, self._step = time.time(), step_of(sess, supervisor.global_step)

    def write(self) -> None:
        """Write the rate since the last time."""
        now, step = time.time(), step_of(self._sess, self._supervisor.global_step)
        rate = (step - self._step) / (now - self._time) if now > self._time else float("inf")
        self._time, self._step = now, step
        tag = f"{self._supervisor.global_step.op.name}/sec"
        write_scalar(self._supervisor.summary_writer, tag, rate, step)
        log.info("%s: %g", tag, rate)


def make_saver() -> Any:
    """A saver of all variables, None where there are none or savers are not there yet."""
    saver = find("train.saver", "Saver")
    return saver() if saver is not None and global_variables() else None


def default_step() -> Any:
    """The tensor called global_step, None when there is none."""
    try:
        step = get_default_graph().get_tensor_by_name("global_step:0")
    except KeyError:
        return None
    if step.dtype.base_dtype in (dtypes.int32, dtypes.int64):
        return step
    log.warning("Found 'global_step' is not an int type: %s", step.dtype)
    return None


@export("train.basic_train_loop")
def basic_train_loop(
    supervisor: Supervisor, train_step_fn: Callable[..., Any], args: Any = None, kwargs: Any = None, master: str = ""
) -> None:
    """Call `train_step_fn(sess, *args, **kwargs)` again and again until the supervisor stops.

    Examples
    --------
    >>> step = tf.train.get_or_create_global_step()
    >>> count = tf.assign_add(step, 1)
    >>> supervisor = tf.train.Supervisor(saver=None, summary_op=None)
    >>> def train_step(sess):
    ...     if sess.run(count) == 3:
    ...         supervisor.request_stop()
    >>> tf.train.basic_train_loop(supervisor, train_step)
    """
    if not isinstance(supervisor, Supervisor):
        raise misuse(TypeError(f"supervisor must be a tf.train.Supervisor, but got {type(supervisor)}"))
    if not callable(train_step_fn):
        raise misuse(TypeError(f"train_step_fn must be callable, but got {train_step_fn!r}"))
    again = True
    while again:
        again = False
        try:
            with supervisor.managed_session(master) as sess:
                while not supervisor.should_stop():
                    train_step_fn(sess, *(args or []), **(kwargs or {}))
        except AbortedError:
            again = True  # the server was started anew

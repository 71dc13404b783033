"""`tf.train.QueueRunner`: threads that fill a queue, and `start_queue_runners`, which starts them all."""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Sequence
from typing import Any

from flowlab._src.errors import (
    CancelledError,
    OpError,
    OutOfRangeError,
    add_notes,
    error_code_from_exception_type,
    exception_type_from_error_code,
)
from flowlab._src.graph.arguments import as_list
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.keys import GraphKeys
from flowlab._src.graph.stacks import default_session
from flowlab._src.ops.misuse import misuse
from flowlab._src.runtime.session import Session
from flowlab._src.util import log, source
from flowlab._src.util.export import export


def prepend_scope(name: str, scope: str | None) -> str:
    """The name of a node inside a scope."""
    return f"{scope.rstrip('/')}/{name}" if scope else name


def strip_scope(name: str, scope: str | None) -> str:
    """The name of a node without the scope around it."""
    prefix = scope.rstrip("/") + "/" if scope else ""
    return name.removeprefix(prefix)


@export("train.QueueRunner", "train.queue_runner.QueueRunner")
class QueueRunner:
    """Fills a queue: one thread for each of several enqueue operations, which it runs again and again.

    Parameters
    ----------
    queue : QueueBase
    enqueue_ops : list of Operation
        One thread runs each of them; the same operation may be listed several times.
    close_op : Operation, optional
        Closes the queue when there is no more to put in.
    cancel_op : Operation, optional
        Closes the queue and ends enqueues that wait, when a thread has failed.
    queue_closed_exception_types : tuple of classes of tf.errors, optional
        What says that there is no more; default `OutOfRangeError`.
    queue_runner_def : QueueRunnerDef message, optional
        Instead of all that: a runner that was written with `to_proto`.
    import_scope : str, optional
        The name scope that the graph of `queue_runner_def` was imported into.

    Examples
    --------
    >>> q = tf.FIFOQueue(10, [tf.float32], shapes=[[]])
    >>> runner = tf.train.QueueRunner(q, [q.enqueue(1.0)] * 2)  # two threads
    >>> with tf.Session() as sess:
    ...     coord = tf.train.Coordinator()
    ...     threads = runner.create_threads(sess, coord=coord, start=True)
    ...     print(sess.run(q.dequeue_many(3)))
    ...     coord.request_stop()
    ...     coord.join(threads)
    [1. 1. 1.]
    """

    def __init__(
        self,
        queue: Any = None,
        enqueue_ops: Any = None,
        close_op: Any = None,
        cancel_op: Any = None,
        queue_closed_exception_types: Any = None,
        queue_runner_def: Any = None,
        import_scope: str | None = None,
    ) -> None:
        self._queue: Any
        if queue_runner_def is not None:
            if queue is not None or enqueue_ops is not None:
                raise ValueError("queue_runner_def and queue are mutually exclusive.")
            self._read(queue_runner_def, import_scope)
        else:
            if queue is None or enqueue_ops is None or not as_list(enqueue_ops, "enqueue_ops"):
                raise ValueError("Must provide queue and enqueue_ops.")
            kinds = queue_closed_exception_types
            if kinds is not None and not (
                isinstance(kinds, tuple)
                and kinds
                and all(isinstance(k, type) and issubclass(k, OpError) for k in kinds)
            ):
                raise TypeError(
                    f"queue_closed_exception_types, when provided, must be a tuple of tf.error types, but saw: {kinds}"
                )
            if not all(hasattr(queue, name) for name in ("close", "name")):
                raise misuse(TypeError(f"queue must be a tf.QueueBase, but got {type(queue)}"))
            self._queue = queue
            self._enqueue_ops: list[Any] = as_list(enqueue_ops, "enqueue_ops")
            self._close_op = close_op if close_op is not None else queue.close()
            self._cancel_op = cancel_op if cancel_op is not None else queue.close(cancel_pending_enqueues=True)
            self._closed_types: tuple[type[OpError], ...] = kinds or (OutOfRangeError,)
        self._lock = threading.Lock()
        self._running: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()  # threads of each session
        self._exceptions_raised: list[BaseException] = []

    def _read(self, message: Any, scope: str | None) -> None:
        graph = get_default_graph()
        if not hasattr(message, "enqueue_op_name"):
            raise misuse(TypeError(f"queue_runner_def must be a QueueRunnerDef message, but got {type(message)}"))

        def find(name: str) -> Any:
            return graph.as_graph_element(prepend_scope(name, scope))

        self._queue = find(message.queue_name)
        self._enqueue_ops = [find(name) for name in message.enqueue_op_name]
        self._close_op, self._cancel_op = find(message.close_op_name), find(message.cancel_op_name)
        codes = message.queue_closed_exception_types
        self._closed_types = tuple(exception_type_from_error_code(code) for code in codes) or (OutOfRangeError,)

    # ---- what it is -----------------------------------------------------------------------------------------------

    @property
    def queue(self) -> Any:
        """The queue that is filled."""
        return self._queue

    @property
    def enqueue_ops(self) -> Sequence[Any]:
        """The operations that fill it."""
        return self._enqueue_ops

    @property
    def close_op(self) -> Any:
        """The operation that closes the queue when there is no more."""
        return self._close_op

    @property
    def cancel_op(self) -> Any:
        """The operation that closes the queue and ends enqueues that wait."""
        return self._cancel_op

    @property
    def queue_closed_exception_types(self) -> tuple[type[OpError], ...]:
        """The errors that say: there is no more."""
        return self._closed_types

    @property
    def exceptions_raised(self) -> list[BaseException]:
        """What the threads have raised, where no coordinator was told of it."""
        return self._exceptions_raised

    @property
    def name(self) -> str:
        """The name of the queue."""
        return self._queue.name

    # ---- running --------------------------------------------------------------------------------------------------

    def create_threads(
        self, sess: Any, coord: Any = None, daemon: bool = False, start: bool = False
    ) -> list[threading.Thread]:
        """Make the threads for a session, none if they are running already.

        Parameters
        ----------
        sess : Session
        coord : Coordinator, optional
            Stops the threads, and gets to know of their errors. One more thread then waits to close the queue.
        daemon : bool
            The program may end while the threads are running.
        start : bool
            Start them at once.
        """
        with self._lock:
            if self._running.get(sess, 0) > 0:
                return []
            self._running[sess] = len(self._enqueue_ops)
            self._exceptions_raised = []
        prefix = f"QueueRunnerThread-{self.name}"
        threads = [
            threading.Thread(target=self._run, args=(sess, op, coord), name=f"{prefix}-{op.name}")
            for op in self._enqueue_ops
        ]
        if coord is not None:
            arguments = (sess, self._cancel_op, coord, list(threads))
            threads.append(threading.Thread(target=self._close_on_stop, args=arguments, name=f"{prefix}-close_on_stop"))
        sess._state.served.add(self.name)  # nobody who waits for this queue need be told to start its runner
        for thread in threads:
            if coord is not None:
                coord.register_thread(thread)
            thread.daemon = thread.daemon or daemon
            if start:
                thread.start()
        return threads

    def _run(self, sess: Any, enqueue_op: Any, coord: Any) -> None:
        """Run an enqueue operation until there is no more, or the coordinator says stop."""
        counted = True
        try:
            enqueue = sess.make_callable(enqueue_op)
            while coord is None or not coord.should_stop():
                try:
                    enqueue()
                except self._closed_types:
                    with self._lock:
                        self._running[sess] -= 1
                        counted = False
                        last = self._running[sess] == 0
                    if last:  # whoever ends last closes the queue; it may have been closed before
                        with contextlib.suppress(Exception):
                            sess.run(self._close_op)
                    return
        except Exception as error:
            stopped = coord is not None and coord.should_stop() and isinstance(error, CancelledError)
            if stopped or ended_with_session(sess, error):
                return  # the end of the work
            sess._state.failures.append(error)
            if coord is not None:
                coord.request_stop(error)
                return
            log.error("Exception in QueueRunner: %s", error)
            with self._lock:
                self._exceptions_raised.append(error)
            raise
        finally:
            sess._state.forgive(threading.get_ident())
            if counted:
                with self._lock:
                    self._running[sess] -= 1

    def _close_on_stop(self, sess: Any, cancel_op: Any, coord: Any, threads: Sequence[threading.Thread]) -> None:
        """Wait for the stop, then close the queue: who waits for room in it must end, too.

        So must those threads of this runner that wait for something else, such as gradients that will not come.
        """
        coord.wait_for_stop()
        with contextlib.suppress(Exception):
            sess.run(cancel_op)
        sess._state.dismiss({t.ident for t in threads if t.ident is not None and t.is_alive()})

    # ---- as a message ---------------------------------------------------------------------------------------------

    def to_proto(self, export_scope: str | None = None) -> Any:
        """Return a QueueRunnerDef message with the names of the operations; None outside of `export_scope`."""
        from flowlab._src.formats.messages import QueueRunnerDef

        if export_scope is not None and not self.name.startswith(export_scope):
            return None
        message = QueueRunnerDef()
        message.queue_name = strip_scope(self.name, export_scope)
        message.enqueue_op_name.extend(strip_scope(op.name, export_scope) for op in self._enqueue_ops)
        message.close_op_name = strip_scope(self._close_op.name, export_scope)
        message.cancel_op_name = strip_scope(self._cancel_op.name, export_scope)
        message.queue_closed_exception_types.extend(error_code_from_exception_type(kind) for kind in self._closed_types)
        return message

    @staticmethod
    def from_proto(queue_runner_def: Any, import_scope: str | None = None) -> QueueRunner:
        """Return the runner that a message describes, of operations of the default graph."""
        return QueueRunner(queue_runner_def=queue_runner_def, import_scope=import_scope)


def ended_with_session(sess: Any, error: BaseException) -> bool:
    """True when a thread has failed only because its session was closed meanwhile: that is the end of its work."""
    return bool(getattr(sess, "_closed", False)) and isinstance(error, (CancelledError, RuntimeError))


@export("train.add_queue_runner", "train.queue_runner.add_queue_runner")
def add_queue_runner(qr: QueueRunner, collection: str = GraphKeys.QUEUE_RUNNERS) -> None:
    """Put a QueueRunner on the list of those that `tf.train.start_queue_runners` starts."""
    get_default_graph().add_to_collection(collection, qr)


@export("train.start_queue_runners", "train.queue_runner.start_queue_runners")
def start_queue_runners(
    sess: Any = None,
    coord: Any = None,
    daemon: bool = True,
    start: bool = True,
    collection: str = GraphKeys.QUEUE_RUNNERS,
) -> list[threading.Thread]:
    """Start the threads of all QueueRunners of the graph, which fill the queues of an input pipeline.

    Parameters
    ----------
    sess : Session, optional
        The default session if not given.
    coord : Coordinator, optional
        Stops the threads: `coord.request_stop()`, then `coord.join(threads)`.
    daemon : bool
        The program may end while the threads are running.
    start : bool
        False: make them only.
    collection : str
        The collection of the graph that lists the runners.

    Returns
    -------
    list of threading.Thread

    Raises
    ------
    ValueError
        If there is no session.
    TypeError
        If `sess` is no session.

    Examples
    --------
    >>> number = tf.train.range_input_producer(3, num_epochs=1, shuffle=False).dequeue()
    >>> with tf.Session() as sess:
    ...     sess.run(tf.local_variables_initializer())
    ...     coord = tf.train.Coordinator()
    ...     threads = tf.train.start_queue_runners(sess, coord)
    ...     try:
    ...         while not coord.should_stop():
    ...             print(sess.run(number))
    ...     except tf.errors.OutOfRangeError:
    ...         print("no more")
    ...     coord.request_stop()
    ...     coord.join(threads)
    0
    1
    2
    no more
    """
    if sess is None:
        sess = default_session()
        if sess is None:
            site = source.caller()
            raise add_notes(
                ValueError(
                    "Cannot start queue runners: No default session is registered. Use `with sess.as_default()` or pass "
                    "an explicit session to tf.start_queue_runners(sess=sess)"
                ),
                where=site.quote() if site else "",
                fix="tf.train.start_queue_runners(sess, coord)",
            )
    if not isinstance(sess, Session):
        if type(sess).__name__ in ("MonitoredSession", "SingularMonitoredSession"):
            return []  # these have started them
        raise TypeError(f"sess must be a `tf.Session` object. Given class: {type(sess)}")
    runners = get_default_graph().get_collection(collection)
    if not runners:
        log.warning(
            "`tf.train.start_queue_runners()` was called when no queue runners were defined. You can safely remove the "
            "call to this deprecated function."
        )
    with sess.graph.as_default():
        threads: list[threading.Thread] = []
        for runner in get_default_graph().get_collection(collection):
            threads += runner.create_threads(sess, coord=coord, daemon=daemon, start=start)
        return threads

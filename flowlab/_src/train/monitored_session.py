"""`tf.train.MonitoredSession`: a session that initializes itself, starts the queues, calls hooks and ends in order.

It is made of three layers around a Session: the innermost calls the hooks, the next one ends when the coordinator says
so, the outermost makes a new session when the old one was lost.
"""

from __future__ import annotations

import abc
import contextlib
import inspect
from collections.abc import Callable
from typing import Any

from flowlab._src.errors import AbortedError, OutOfRangeError, UnavailableError
from flowlab._src.graph.arguments import as_list
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.keys import GraphKeys
from flowlab._src.ops.misuse import misuse
from flowlab._src.runtime.config import RunMetadata, RunOptions
from flowlab._src.train.coordinator import Coordinator
from flowlab._src.train.global_step import READS
from flowlab._src.train.queue_runner import start_queue_runners
from flowlab._src.train.scaffold import Scaffold
from flowlab._src.train.session_manager import SessionManager
from flowlab._src.train.session_run_hook import SessionRunArgs, SessionRunContext, SessionRunValues
from flowlab._src.util import log, nest
from flowlab._src.util.export import export

LOST = (AbortedError, UnavailableError)  # the session was lost, with a new one the work can go on


@export("train.SessionCreator")
class SessionCreator(metaclass=abc.ABCMeta):
    """Makes sessions for a MonitoredSession."""

    @abc.abstractmethod
    def create_session(self) -> Any:
        """Return a session that is ready."""
        raise NotImplementedError(f"create_session is not implemented for {self}.")


class _Creator(SessionCreator):
    def __init__(self, scaffold: Scaffold | None, master: str, config: Any) -> None:
        if scaffold is not None and not isinstance(scaffold, Scaffold):
            raise misuse(TypeError(f"scaffold must be a tf.train.Scaffold, but got {type(scaffold)}"))
        self._scaffold = scaffold or Scaffold()
        self._master = master
        self._config = config
        self._manager: SessionManager | None = None

    def _get_session_manager(self) -> SessionManager:
        if self._manager is None:
            self._manager = SessionManager(
                local_init_op=self._scaffold.local_init_op,
                local_init_feed_dict=self._scaffold.local_init_feed_dict,
                ready_op=self._scaffold.ready_op,
                ready_for_local_init_op=self._scaffold.ready_for_local_init_op,
                graph=get_default_graph(),
            )
        return self._manager


@export("train.ChiefSessionCreator")
class ChiefSessionCreator(_Creator):
    """Makes sessions that initialize the model, or restore it.

    Parameters
    ----------
    scaffold : Scaffold, optional
    master : str
    config : ConfigProto, optional
    checkpoint_dir : str, optional
    checkpoint_filename_with_path : str, optional
    """

    def __init__(
        self,
        scaffold: Scaffold | None = None,
        master: str = "",
        config: Any = None,
        checkpoint_dir: str | None = None,
        checkpoint_filename_with_path: str | None = None,
    ) -> None:
        super().__init__(scaffold, master, config)
        self._checkpoint_dir = checkpoint_dir
        self._checkpoint_filename_with_path = checkpoint_filename_with_path

    def create_session(self) -> Any:
        """Return a session that is ready."""
        self._scaffold.finalize()
        return self._get_session_manager().prepare_session(
            self._master,
            saver=self._scaffold.saver,
            checkpoint_dir=self._checkpoint_dir,
            checkpoint_filename_with_path=self._checkpoint_filename_with_path,
            config=self._config,
            init_op=self._scaffold.init_op,
            init_feed_dict=self._scaffold.init_feed_dict,
            init_fn=self._scaffold.init_fn,
        )


@export("train.WorkerSessionCreator")
class WorkerSessionCreator(_Creator):
    """Makes sessions that wait until the chief has initialized the model.

    Parameters
    ----------
    scaffold : Scaffold, optional
    master : str
    config : ConfigProto, optional
    max_wait_secs : float
    """

    def __init__(
        self, scaffold: Scaffold | None = None, master: str = "", config: Any = None, max_wait_secs: float = 30 * 60
    ) -> None:
        super().__init__(scaffold, master, config)
        self._max_wait_secs = max_wait_secs

    def create_session(self) -> Any:
        """Return a session that is ready."""
        self._scaffold.finalize()
        return self._get_session_manager().wait_for_session(
            self._master, config=self._config, max_wait_secs=self._max_wait_secs
        )


# ---- the three layers ----------------------------------------------------------------------------------------------


class StepContext:
    """What a function given to `run_step_fn` works with.

    Attributes
    ----------
    session : Session
        The session itself: its runs call no hooks.
    """

    def __init__(self, session: Any, run_with_hooks_fn: Callable[..., Any]) -> None:
        self._session = session
        self._run_with_hooks_fn = run_with_hooks_fn

    @property
    def session(self) -> Any:
        """The session itself."""
        return self._session

    def run_with_hooks(self, *args: Any, **kwargs: Any) -> Any:
        """Run as `MonitoredSession.run` does."""
        return self._run_with_hooks_fn(*args, **kwargs)

    def request_stop(self) -> None:
        """Leave the loop of the training."""
        raise StopIteration("step_fn has requested the iterations to stop.")


class _Wrapped:
    """A session around another one."""

    def __init__(self, sess: Any) -> None:
        self._sess = sess

    @property
    def graph(self) -> Any:
        return self._sess.graph

    @property
    def sess_str(self) -> str:
        return str(self._sess.sess_str)

    def should_stop(self) -> bool:
        """Whether this session, or one inside, wants to end."""
        if self._check_stop() or self._sess is None:
            return True
        return isinstance(self._sess, _Wrapped) and self._sess.should_stop()

    def _check_stop(self) -> bool:
        return False

    def close(self) -> None:
        """Close the session inside."""
        if self._sess is not None:
            try:
                self._sess.close()
            except LOST as error:
                log.error("An error occurred when attempting to close the session. Error: %s", error)
            finally:
                self._sess = None

    def run(self, *args: Any, **kwargs: Any) -> Any:
        return self._sess.run(*args, **kwargs)

    def run_step_fn(self, step_fn: Any, raw_session: Any, run_with_hooks: Any) -> Any:
        return step_fn(StepContext(raw_session, run_with_hooks or self.run))


class _Hooked(_Wrapped):
    """Calls the hooks before and after each run, and adds what they fetch and feed."""

    def __init__(self, sess: Any, hooks: list[Any]) -> None:
        super().__init__(sess)
        self._hooks = hooks
        self._stopped = False

    def _check_stop(self) -> bool:
        return self._stopped

    def run(self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None) -> Any:
        """Run what the caller and the hooks ask for, in one run."""
        if self.should_stop():
            raise misuse(
                RuntimeError("Run called even after should_stop requested."),
                "while not sess.should_stop(): sess.run(...)",
            )
        wanted: dict[Any, Any] = {"caller": fetches}
        context = SessionRunContext(SessionRunArgs(fetches, feed_dict), self._sess)
        options = options or RunOptions()
        feeds = self._ask_hooks(context, wanted, feed_dict, options)
        run_metadata = run_metadata or RunMetadata()
        read = self._step_read(wanted)
        step = None if read is None else self._sess.run(read, feeds)
        if read is not None:
            feeds = {**(feeds or {}), read: step}
        values = self._sess.run(wanted, feed_dict=feeds, options=options, run_metadata=run_metadata)
        for hook in self._hooks:
            results = put_step(wanted.get(hook), values.get(hook), read, step)
            hook.after_run(context, SessionRunValues(results, options, run_metadata))
        self._stopped = self._stopped or context.stop_requested
        return values["caller"]

    def _ask_hooks(self, context: SessionRunContext, wanted: dict[Any, Any], user_feeds: Any, options: Any) -> Any:
        hook_feeds: dict[Any, Any] = {}
        for hook in self._hooks:
            request = hook.before_run(context)
            if request is None:
                continue
            if request.fetches is not None:
                wanted[hook] = request.fetches
            if request.feed_dict:
                check_disjoint(hook_feeds, request.feed_dict, "Same tensor is fed by two hooks.")
                hook_feeds.update(request.feed_dict)
            if request.options is not None:
                merge_options(options, request.options)
        if not hook_feeds:
            return user_feeds
        if user_feeds:
            check_disjoint(user_feeds, hook_feeds, "Same tensor is fed by a SessionRunHook and user.")
            hook_feeds.update(user_feeds)
        return hook_feeds

    def _step_read(self, wanted: dict[Any, Any]) -> Any:
        """The tensor that hooks read the step counter from, if one of them asks for it.

        It is run before the rest and fed to that: hooks see the step that the run begins with. In TensorFlow, too, the
        counter is read before the training operation moves it.
        """
        reads = self.graph.get_collection(READS)
        requests = [request for key, request in wanted.items() if key != "caller"]
        return reads[0] if reads and any(leaf is reads[0] for leaf in nest.flatten(requests)) else None


def put_step(request: Any, value: Any, read: Any, step: Any) -> Any:
    """The results of a hook's request with the step as it was read: what is fed comes back as an array."""
    if read is None or request is None:
        return value
    if request is read:
        return step
    if isinstance(request, dict):
        return {key: put_step(request[key], value[key], read, step) for key in request}
    if type(request) in (list, tuple):
        return type(request)(put_step(r, v, read, step) for r, v in zip(request, value, strict=True))
    return value


def check_disjoint(first: Any, second: Any, message: str) -> None:
    """RuntimeError when a tensor is fed twice."""
    both = [key for key in first if key in second]
    if both:
        raise misuse(RuntimeError(f"{message} Conflict(s): {both}"))


def merge_options(options: Any, more: Any) -> None:
    """Add the options that a hook asks for to those of a run."""
    for name in ("trace_level", "timeout_in_ms", "inter_op_thread_pool", "output_partition_graphs"):
        setattr(options, name, max(getattr(options, name), getattr(more, name)))
    options.report_tensor_allocations_upon_oom |= more.report_tensor_allocations_upon_oom


class _Coordinated(_Wrapped):
    """Ends when the coordinator says so, and ends its threads when it is closed."""

    def __init__(self, sess: Any, coord: Coordinator, stop_grace_period_secs: float) -> None:
        super().__init__(sess)
        self._coord = coord
        self._grace = stop_grace_period_secs

    def _check_stop(self) -> bool:
        self._coord.raise_requested_exception()
        return self._coord.should_stop()

    def close(self) -> None:
        """Stop the threads, then close the session, which ends those that still wait."""
        self._coord.request_stop()
        try:
            self._coord.join(stop_grace_period_secs=self._grace, ignore_live_threads=True)
        finally:
            with contextlib.suppress(Exception):  # the coordinator has reported what matters
                super().close()

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Run; an error that a thread has reported before is the cause of the one seen here."""
        try:
            return self._sess.run(*args, **kwargs)
        except LOST:
            raise
        except Exception as error:
            try:
                self._coord.raise_requested_exception()
            except LOST:
                raise
            except Exception:
                raise error from None
            raise


class _Recoverable(_Wrapped):
    """Makes a new session when the old one was lost."""

    def __init__(self, creator: Any) -> None:
        self._creator = creator
        super().__init__(self._create())

    def _create(self) -> Any:
        while True:
            try:
                return self._creator.create_session()
            except LOST as error:
                log.info("An error was raised while a session was being created; trying again. Error: %s", error)

    def _check_stop(self) -> bool:
        try:
            return self._sess is None or self._sess._check_stop()
        except LOST as error:
            self._lost(error)
            self._sess = self._create()
            return False
        except Exception:
            return True  # `should_stop` does not raise: the next run will

    def _lost(self, error: BaseException) -> None:
        log.info("An error was raised. The current session will be closed and a new one created. Error: %s", error)
        self.close()

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Run, in a new session if need be."""
        while True:
            try:
                if self._sess is None:
                    self._sess = self._create()
                return self._sess.run(*args, **kwargs)
            except LOST as error:
                self._lost(error)

    def run_step_fn(self, step_fn: Any, raw_session: Any, run_with_hooks: Any) -> Any:
        """Call the function, again with a new session if need be."""
        while True:
            try:
                if self._sess is None:
                    self._sess = self._create()
                return self._sess.run_step_fn(step_fn, raw_session, self._sess.run)
            except LOST as error:
                self._lost(error)


class _CoordinatedCreator:
    """Makes a session with its coordinator, starts the queue runners, tells the hooks."""

    def __init__(self, creator: Any, hooks: list[Any], stop_grace_period_secs: float) -> None:
        self._creator = creator
        self._hooks = hooks
        self._grace = stop_grace_period_secs
        self.coord: Coordinator | None = None
        self.tf_sess: Any = None

    def create_session(self) -> _Coordinated:
        """Make one."""
        self.tf_sess = self._creator.create_session()
        self.coord = Coordinator(clean_stop_exception_types=[])
        if get_default_graph().get_collection(GraphKeys.QUEUE_RUNNERS):
            start_queue_runners(sess=self.tf_sess, coord=self.coord)
        for hook in self._hooks:
            hook.after_create_session(self.tf_sess, self.coord)
        return _Coordinated(_Hooked(self.tf_sess, self._hooks), self.coord, self._grace)


def as_hooks(hooks: Any, name: str) -> list[Any]:
    """Hooks in a list; TypeError for what is none."""
    result = [] if hooks is None else as_list(hooks, name)
    for hook in result:
        if not all(hasattr(hook, part) for part in ("begin", "before_run", "after_run", "end")):
            raise misuse(
                TypeError(f"{name} must be SessionRunHook objects, but got {hook!r}"),
                "class MyHook(tf.train.SessionRunHook): ..., then hooks=[MyHook()]",
            )
    return result


# ---- the public sessions -------------------------------------------------------------------------------------------


class _Monitored:
    """What both public classes share."""

    def __init__(self, session_creator: Any, hooks: Any, should_recover: bool, stop_grace_period_secs: float) -> None:
        self._graph_was_finalized = get_default_graph().finalized
        self._hooks = as_hooks(hooks, "hooks")
        if session_creator is not None and not hasattr(session_creator, "create_session"):
            raise misuse(TypeError(f"session_creator must be a SessionCreator, but got {type(session_creator)}"))
        for hook in self._hooks:
            hook.begin()
        creator = session_creator or ChiefSessionCreator()
        self._coordinated_creator = _CoordinatedCreator(creator, self._hooks, stop_grace_period_secs)
        make = _Recoverable if should_recover else _CoordinatedCreator.create_session
        self._sess: Any = make(self._coordinated_creator)

    @property
    def graph(self) -> Any:
        """The graph of the session, None once it is closed."""
        session = self._tf_sess()
        return None if session is None else session.graph

    def run(self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None) -> Any:
        """Run as `Session.run`, with the hooks before and after it."""
        if self._sess is None:
            raise misuse(RuntimeError("Attempted to use a closed Session."), "run inside the with block")
        return self._sess.run(fetches, feed_dict=feed_dict, options=options, run_metadata=run_metadata)

    def run_step_fn(self, step_fn: Callable[..., Any]) -> Any:
        """Call `step_fn(step_context)`, which may do several runs, with hooks and without.

        Examples
        --------
        >>> x = tf.placeholder(tf.float32)
        >>> y = x * 2
        >>> def step(step_context):
        ...     half = step_context.session.run(y, {x: 1.0})
        ...     return float(step_context.run_with_hooks(y, {x: half}))
        >>> with tf.train.MonitoredSession() as sess:
        ...     print(sess.run_step_fn(step))
        4.0
        """
        names = [p for p in inspect.signature(step_fn).parameters if p != "self"]
        if names != ["step_context"]:
            raise ValueError(
                "`step_fn` may either have one `step_context` argument, or `self` and `step_context` arguments if it's "
                f"an instance method. Got {names} instead."
            )
        return self._sess.run_step_fn(step_fn, self._tf_sess(), run_with_hooks=None)

    def should_stop(self) -> bool:
        """Whether the loop of the training should be left."""
        return self._sess is None or self._sess.should_stop()

    def close(self) -> None:
        """Call the hooks' `end`, stop the threads and close the session."""
        self._close(None)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> bool:
        if kind in (OutOfRangeError, StopIteration):
            kind = None  # the end of the data is an ordinary end
        self._close(kind)
        return kind is None

    def _close(self, kind: Any) -> None:
        try:
            if kind is None:
                for hook in self._hooks:
                    hook.end(self._coordinated_creator.tf_sess)
        finally:
            try:
                if self._sess is None:
                    raise RuntimeError("Session is already closed.")
                self._sess.close()
            finally:
                self._sess = None
                self._coordinated_creator.tf_sess = None
                self._coordinated_creator.coord = None
                if not self._graph_was_finalized:
                    get_default_graph()._unsafe_unfinalize()

    def _is_closed(self) -> bool:
        return self._coordinated_creator.tf_sess is None

    def _tf_sess(self) -> Any:
        return self._coordinated_creator.tf_sess


@export("train.MonitoredSession")
class MonitoredSession(_Monitored):
    """A session that initializes the model, starts its queues, calls hooks, and makes a new session if one is lost.

    The graph cannot be added to while it is open. `OutOfRangeError` and `StopIteration` leave the `with` block quietly.

    Parameters
    ----------
    session_creator : SessionCreator, optional
        A ChiefSessionCreator if not given.
    hooks : list of SessionRunHook, optional
    stop_grace_period_secs : float
        Seconds that the threads of the queues have for their end.

    Examples
    --------
    >>> w = tf.Variable(3.0)
    >>> y = w * 2
    >>> with tf.train.MonitoredSession() as sess:  # no initializer to be run
    ...     float(sess.run(y))
    6.0
    """

    def __init__(self, session_creator: Any = None, hooks: Any = None, stop_grace_period_secs: float = 120) -> None:
        super().__init__(session_creator, hooks, True, stop_grace_period_secs)


MonitoredSession.StepContext = StepContext  # type: ignore[attr-defined]  # tf.train.MonitoredSession.StepContext


@export("train.SingularMonitoredSession")
class SingularMonitoredSession(_Monitored):
    """A MonitoredSession that does not make a new session when one is lost; it gives the session inside away.

    Parameters
    ----------
    hooks : list of SessionRunHook, optional
    scaffold : Scaffold, optional
    master : str
    config : ConfigProto, optional
    checkpoint_dir : str, optional
    stop_grace_period_secs : float
    checkpoint_filename_with_path : str, optional
    """

    def __init__(
        self,
        hooks: Any = None,
        scaffold: Scaffold | None = None,
        master: str = "",
        config: Any = None,
        checkpoint_dir: str | None = None,
        stop_grace_period_secs: float = 120,
        checkpoint_filename_with_path: str | None = None,
    ) -> None:
        creator = ChiefSessionCreator(scaffold, master, config, checkpoint_dir, checkpoint_filename_with_path)
        super().__init__(creator, hooks, False, stop_grace_period_secs)

    def raw_session(self) -> Any:
        """Return the session inside."""
        return self._tf_sess()


SingularMonitoredSession.StepContext = StepContext  # type: ignore[attr-defined]

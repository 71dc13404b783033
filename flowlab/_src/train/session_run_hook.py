"""`tf.train.SessionRunHook`: what may be done before and after each run of a `MonitoredSession`."""

from __future__ import annotations

from typing import Any, NamedTuple

from flowlab._src.util.export import export


class SessionRunArgs(NamedTuple):
    """What a hook asks for: fetches in addition to the caller's, feeds, options.

    Attributes
    ----------
    fetches : Tensor, Operation, str, or lists and dicts of them
    feed_dict : dict, optional
    options : RunOptions, optional
    """

    fetches: Any
    feed_dict: Any = None
    options: Any = None


export("train.SessionRunArgs")(SessionRunArgs)


class SessionRunValues(NamedTuple):
    """What a hook gets: the values of its fetches, and the options and measurements of the run."""

    results: Any
    options: Any
    run_metadata: Any


export("train.SessionRunValues")(SessionRunValues)


@export("train.SessionRunContext")
class SessionRunContext:
    """One call of `run`: what the caller asked for, the session, and a way to stop.

    Parameters
    ----------
    original_args : SessionRunArgs
    session : Session
    """

    def __init__(self, original_args: SessionRunArgs, session: Any) -> None:
        self._original_args = original_args
        self._session = session
        self._stop_requested = False

    @property
    def original_args(self) -> SessionRunArgs:
        """The arguments of the caller's `run`."""
        return self._original_args

    @property
    def session(self) -> Any:
        """The session that runs."""
        return self._session

    @property
    def stop_requested(self) -> bool:
        """Whether a hook has asked to stop."""
        return self._stop_requested

    def request_stop(self) -> None:
        """Let `should_stop()` of the session be true from now on."""
        self._stop_requested = True


@export("train.SessionRunHook")
class SessionRunHook:
    """Takes part in the runs of a `MonitoredSession`: override what you need.

    The order of calls: `begin`, `after_create_session`, then `before_run` and `after_run` at each run, `end`.

    Examples
    --------
    >>> class Count(tf.train.SessionRunHook):
    ...     def begin(self):
    ...         self.runs = 0
    ...     def after_run(self, run_context, run_values):
    ...         self.runs += 1
    ...         if self.runs == 3:
    ...             run_context.request_stop()
    >>> count, x = Count(), tf.constant(1.0)
    >>> with tf.train.MonitoredSession(hooks=[count]) as sess:
    ...     while not sess.should_stop():
    ...         _ = sess.run(x)
    >>> count.runs
    3
    """

    def begin(self) -> None:
        """Called once before the session is made; the last chance to add to the graph."""

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Called when a session has been made and initialized; the graph is finalized."""

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Called before each run; what it returns is fetched and fed together with what the caller asks for."""
        return None

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Called after each run that did not fail."""

    def end(self, session: Any) -> None:
        """Called once at the end, unless an error ended the work; the session is still open."""

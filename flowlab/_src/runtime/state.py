"""What a session remembers between runs: values of variables, positions of random streams, other resources."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from flowlab._src.errors import CancelledError, DeadlineExceededError


class _Uninitialized:
    """Stands where a variable has no value yet."""

    def __repr__(self) -> str:
        return "<uninitialized>"


UNINITIALIZED = _Uninitialized()

TICK = 0.25  # seconds: waits are woken so often, which lets Ctrl-C through on every system


class SessionState:
    """The mutable part of a session; each session has its own, so two sessions never share a variable.

    Sessions of one server are the exception: they work on what `server` keeps.
    """

    def __init__(self, server: SessionState | None = None) -> None:
        # The lock is held while a value is read, changed and written back.
        self.lock: Any = threading.RLock() if server is None else server.lock
        self.variables: dict[str, Any] = {} if server is None else server.variables
        self._resources: dict[Any, Any] = {} if server is None else server._resources
        self.failures: list[BaseException] = []  # of the threads that fill queues
        self.served: set[Any] = set() if server is None else server.served  # queues that a started QueueRunner fills
        self._server = server
        self.closed = False
        self._waiting: list[threading.Condition] = []
        self._limits = threading.local()  # the time by which the run of this thread must be over
        self._dismissed: set[int] = set()  # threads that shall not wait any more

    def read(self, name: str) -> Any:
        """The value of a variable, or UNINITIALIZED."""
        return self.variables.get(name, UNINITIALIZED)

    def write(self, name: str, value: Any) -> Any:
        """Give a variable a new value and return it; the old array is left as it is."""
        value = owned(value)
        self.variables[name] = value
        return value

    def resource(self, key: Any, make: Callable[[], Any]) -> Any:
        """The object kept under `key` (a random stream, a queue); made on first use."""
        try:
            return self._resources[key]
        except KeyError:
            with self.lock:
                if key not in self._resources:
                    self._resources[key] = make()
                return self._resources[key]

    def release(self, names: set[str]) -> None:
        """Forget what operations of these names keep: positions of random streams, queues. Variables stay."""
        with self.lock:
            for key in [key for key in self._resources if names.intersection((key[1], key[1].partition("/")[2]))]:
                resource = self._resources.pop(key)
                if hasattr(resource, "release"):
                    resource.release()

    def clear(self) -> None:
        """Forget everything, except what belongs to a server, and end the waits of all threads."""
        self.closed = True
        if self._server is None:
            self.forget()
        self._wake()

    def forget(self) -> None:
        """Forget the values of variables, the queues, the positions of random streams."""
        for resource in list(self._resources.values()):
            if hasattr(resource, "release"):
                resource.release()  # a reader closes its file
        self.variables.clear()
        self._resources.clear()
        self.served.clear()

    # ---- waiting ------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def limit(self, seconds: float) -> Iterator[Callable[[], None]]:
        """Give what this thread runs in the block so much time; yields a function that raises when it is over."""
        outer = getattr(self._limits, "deadline", None)
        own = time.monotonic() + seconds
        self._limits.deadline = own if outer is None else min(own, outer)
        try:
            yield self.check_time
        finally:
            self._limits.deadline = outer

    def check_time(self) -> None:
        """DeadlineExceededError once the time of this thread's run is over."""
        deadline = getattr(self._limits, "deadline", None)
        if deadline is not None and time.monotonic() >= deadline:
            raise DeadlineExceededError(None, None, "Timed out waiting for notification")

    def dismiss(self, threads: set[int]) -> None:
        """End the waits of some threads, given by their identity: what they wait for is not wanted any more."""
        self._dismissed |= threads
        self._wake()

    def forgive(self, thread: int) -> None:
        """Let a thread wait again: identities are used anew."""
        self._dismissed.discard(thread)

    def _wake(self) -> None:
        for condition in list(self._waiting):
            with condition:
                condition.notify_all()

    def wait(
        self,
        condition: threading.Condition,
        ready: Callable[[], bool],
        cancelled: str,
        patience: float = 0.0,
        on_long_wait: Callable[[], None] | None = None,
    ) -> None:
        """Wait until `ready()`; the caller holds the condition, others notify it after a change.

        Ends with CancelledError (message `cancelled`) when the session is closed or the thread dismissed, with DeadlineExceededError
        when the time of the run is over, and with KeyboardInterrupt as ever. After `patience` seconds `on_long_wait`
        is called, once.
        """
        if ready():
            return
        deadline = getattr(self._limits, "deadline", None)
        remark_at = time.monotonic() + patience if on_long_wait is not None else None
        self._waiting.append(condition)
        try:
            while not ready():
                if self.closed or threading.get_ident() in self._dismissed:
                    raise CancelledError(None, None, cancelled)
                self.check_time()
                now = time.monotonic()
                if remark_at is not None and now >= remark_at:
                    remark_at = None
                    assert on_long_wait is not None
                    on_long_wait()
                condition.wait(TICK if deadline is None else max(0.0, min(TICK, deadline - now)))
        finally:
            self._waiting.remove(condition)


def owned(value: Any) -> Any:
    """Return a value that nobody else can write to: arrays of the caller's are copied, results taken over."""
    if isinstance(value, np.ndarray):
        if not value.flags.owndata or (value.base is not None and value.flags.writeable):
            value = value.copy()
        value.setflags(write=False)
    return value

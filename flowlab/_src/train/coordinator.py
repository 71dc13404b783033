"""`tf.train.Coordinator`: lets several threads stop together, and brings the error of one of them to the main thread."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flowlab._src.errors import OutOfRangeError
from flowlab._src.graph.arguments import as_list, refused
from flowlab._src.util import log
from flowlab._src.util.export import export


@export("train.Coordinator")
class Coordinator:
    """Helps threads to stop together: any of them may ask for it, all of them look whether one has.

    Parameters
    ----------
    clean_stop_exception_types : tuple of exception classes, optional
        Exceptions that mean an ordinary end and are not raised again; default: the end of the data, `OutOfRangeError`.

    Examples
    --------
    >>> import threading
    >>> coord, done = tf.train.Coordinator(), []
    >>> def work(number):
    ...     while not coord.should_stop():
    ...         done.append(number)
    ...         if len(done) >= 5:
    ...             coord.request_stop()
    >>> threads = [threading.Thread(target=work, args=[i]) for i in range(2)]
    >>> for t in threads:
    ...     t.start()
    >>> coord.join(threads)
    >>> len(done) >= 5
    True
    """

    def __init__(self, clean_stop_exception_types: Iterable[type[BaseException]] | None = None) -> None:
        given = (OutOfRangeError,) if clean_stop_exception_types is None else clean_stop_exception_types
        kinds = tuple(as_list(given, "clean_stop_exception_types"))
        if not all(isinstance(kind, type) and issubclass(kind, BaseException) for kind in kinds):
            raise refused("list of exception classes", "clean_stop_exception_types", kinds)
        self._clean_stop_exception_types: tuple[type[BaseException], ...] = kinds
        self._lock = threading.Lock()
        self._stop_event = threading.Event()
        self._exception: BaseException | None = None  # the first one reported
        self._joined = False
        self._registered_threads: set[threading.Thread] = set()

    def request_stop(self, ex: Any = None) -> None:
        """Ask all threads to stop.

        Parameters
        ----------
        ex : Exception or exc_info tuple, optional
            What went wrong; `join` raises it again. Only the first one counts.
        """
        with self._lock:
            error = ex[1] if isinstance(ex, tuple) else ex
            if isinstance(error, self._clean_stop_exception_types):
                error = None
            if error is not None and not isinstance(error, BaseException):
                error = ValueError(
                    f"ex must be a tuple or sys.exc_info must return the current exception: {sys.exc_info()}"
                )
            if self._joined and error is not None:
                raise error  # nobody would look for it any more
            if not self._stop_event.is_set():
                if error is not None and self._exception is None:
                    log.info("Error reported to Coordinator: %s, %s", type(error), error)
                    self._exception = error
                self._stop_event.set()

    def clear_stop(self) -> None:
        """Forget that a stop was asked for, so that threads can start anew."""
        with self._lock:
            self._joined = False
            self._exception = None
            self._stop_event.clear()

    def should_stop(self) -> bool:
        """Whether a stop was asked for."""
        return self._stop_event.is_set()

    @contextlib.contextmanager
    def stop_on_exception(self) -> Iterator[None]:
        """Report exceptions of the `with` block as a request to stop, instead of raising them."""
        try:
            yield
        except BaseException as error:
            if not isinstance(error, Exception) and not isinstance(error, (KeyboardInterrupt, SystemExit)):
                raise  # the end of a generator is none of our business
            self.request_stop(error)

    def wait_for_stop(self, timeout: float | None = None) -> bool:
        """Wait until a stop is asked for, at most `timeout` seconds; tells whether it was."""
        return self._stop_event.wait(timeout)

    def register_thread(self, thread: threading.Thread) -> None:
        """Let `join` wait for this thread, too."""
        with self._lock:
            self._registered_threads.add(thread)

    def join(
        self,
        threads: Iterable[threading.Thread] | None = None,
        stop_grace_period_secs: float = 120,
        ignore_live_threads: bool = False,
    ) -> None:
        """Wait until the threads have ended, then raise the error that one of them reported, if any.

        Until a stop is asked for this waits without limit; from then on `stop_grace_period_secs`.

        Parameters
        ----------
        threads : list of threading.Thread, optional
            In addition to those registered.
        stop_grace_period_secs : float
            Seconds that threads have for their end.
        ignore_live_threads : bool
            Do not complain of threads that are still running after that time.

        Raises
        ------
        RuntimeError
            If threads are still running after the time of grace.
        """
        with self._lock:
            waiting = set(threads or ()) | self._registered_threads
        while any(t.is_alive() for t in waiting) and not self.wait_for_stop(0.1):
            pass
        end = time.monotonic() + stop_grace_period_secs
        for thread in waiting:
            while thread.is_alive() and (left := end - time.monotonic()) > 0:
                thread.join(min(left, 1.0))
        stragglers = [t.name for t in waiting if t.is_alive()]
        with self._lock:
            self._joined = True
            self._registered_threads = set()
            error = self._exception
        if error is not None:
            raise error
        if stragglers:
            if not ignore_live_threads:
                raise RuntimeError(f"Coordinator stopped with threads still running: {' '.join(sorted(stragglers))}")
            log.info("Coordinator stopped with threads still running: %s", " ".join(sorted(stragglers)))

    @property
    def joined(self) -> bool:
        """Whether `join` is over."""
        return self._joined

    def raise_requested_exception(self) -> None:
        """Raise the error that was reported with `request_stop`, if any."""
        with self._lock:
            if self._exception is not None:
                raise self._exception


@export("train.LooperThread")
class LooperThread(threading.Thread):
    """A thread that does something again and again until the coordinator stops it.

    Parameters
    ----------
    coord : Coordinator
    timer_interval_secs : float or None
        Seconds from one start of the work to the next; None: without pause.
    target : callable, optional
        The work; subclasses may define `run_loop` instead.
    args, kwargs : optional
        For `target`.
    """

    def __init__(
        self,
        coord: Coordinator,
        timer_interval_secs: float | None,
        target: Callable[..., Any] | None = None,
        args: Any = None,
        kwargs: Any = None,
    ) -> None:
        if not isinstance(coord, Coordinator):
            raise ValueError(f"'coord' argument must be a Coordinator: {coord}")
        super().__init__()
        self.daemon = True
        self._coord = coord
        self._interval = timer_interval_secs
        self._work = target
        if target is not None:
            self._arguments: tuple[Any, dict[str, Any]] = (args or (), kwargs or {})
        elif args or kwargs:
            raise ValueError("'args' and 'kwargs' argument require that you also pass 'target'")
        coord.register_thread(self)

    @staticmethod
    def loop(
        coord: Coordinator, timer_interval_secs: float | None, target: Any, args: Any = None, kwargs: Any = None
    ) -> LooperThread:
        """Start a thread that calls `target` again and again."""
        looper = LooperThread(coord, timer_interval_secs, target=target, args=args, kwargs=kwargs)
        looper.start()
        return looper

    def run(self) -> None:
        """Do the work until the coordinator says stop."""
        with self._coord.stop_on_exception():
            self.start_loop()
            if self._interval is None:
                while not self._coord.should_stop():
                    self.run_loop()
            else:
                due = time.monotonic()
                while not self._coord.wait_for_stop(due - time.monotonic()):
                    due += self._interval
                    self.run_loop()
            self.stop_loop()

    def start_loop(self) -> None:
        """Called before the first `run_loop`."""

    def stop_loop(self) -> None:
        """Called after the last `run_loop`."""

    def run_loop(self) -> None:
        """Do the work once."""
        if self._work is not None:
            args, kwargs = self._arguments
            self._work(*args, **kwargs)

"""`tf.logging`: messages with a level, on standard error; what is below the level set with `set_verbosity` is not shown."""

from __future__ import annotations

import itertools
import logging
import sys
import threading
from typing import Any

from flowlab._src.util.export import export

DEBUG = export("logging.DEBUG")(logging.DEBUG)
INFO = export("logging.INFO")(logging.INFO)
WARN = export("logging.WARN")(logging.WARNING)
ERROR = export("logging.ERROR")(logging.ERROR)
FATAL = export("logging.FATAL")(logging.CRITICAL)

_lock = threading.Lock()
_counters: dict[tuple[str, int], itertools.count[int]] = {}


class _StandardError(logging.Handler):
    """Writes to what is standard error at that moment: a notebook replaces it."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record), file=sys.stderr)


@export("get_logger")
def logger() -> logging.Logger:
    """The logger called "tensorflow", which programs may configure as any other."""
    found = logging.getLogger("tensorflow")
    with _lock:
        if not getattr(found, "prepared_by_flowlab", False):
            found.prepared_by_flowlab = True  # type: ignore[attr-defined]  # a mark of our own
            if found.level == logging.NOTSET:
                found.setLevel(logging.WARNING)
            if not found.handlers and not logging.getLogger().handlers:
                handler = _StandardError()
                handler.setFormatter(logging.Formatter(logging.BASIC_FORMAT))
                found.addHandler(handler)
    return found


def as_level(level: Any) -> int:
    """A level given as a number; TypeError for anything else."""
    if isinstance(level, bool) or not isinstance(level, int):
        raise TypeError(f"Expected int for argument 'level' not {level!r}: tf.logging.INFO, for example.")
    return level


@export("logging.log")
def log(level: int, msg: Any, *args: Any, **kwargs: Any) -> None:
    """Write a message of a level; `args` go into it as with the % operator."""
    logger().log(as_level(level), msg, *args, **kwargs)


@export("logging.debug")
def debug(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Write a message for those who look for a fault."""
    logger().debug(msg, *args, **kwargs)


@export("logging.info")
def info(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Write a message about the course of things; shown after `tf.logging.set_verbosity(tf.logging.INFO)`."""
    logger().info(msg, *args, **kwargs)


@export("logging.warning", "logging.warn")
def warning(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Write a warning."""
    logger().warning(msg, *args, **kwargs)


@export("logging.error")
def error(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Write a message about a failure."""
    logger().error(msg, *args, **kwargs)


@export("logging.fatal")
def fatal(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Write a message about the worst."""
    logger().critical(msg, *args, **kwargs)


@export("logging.TaskLevelStatusMessage")
def task_level_status_message(msg: Any) -> None:
    """Write a message about the state of the whole task."""
    logger().error(msg)


@export("logging.vlog")
def vlog(level: int, msg: Any, *args: Any, **kwargs: Any) -> None:
    """Write a message of a level given as a number."""
    logger().log(as_level(level), msg, *args, **kwargs)


@export("logging.flush")
def flush() -> None:
    """Accepted: messages are written at once."""


@export("logging.get_verbosity")
def get_verbosity() -> int:
    """Return the level below which nothing is shown."""
    return logger().getEffectiveLevel()


@export("logging.set_verbosity")
def set_verbosity(v: int) -> None:
    """Show messages of this level and above, for example `tf.logging.INFO`.

    Examples
    --------
    >>> tf.logging.set_verbosity(tf.logging.ERROR)
    >>> tf.logging.get_verbosity() == tf.logging.ERROR
    True
    >>> tf.logging.set_verbosity(tf.logging.WARN)
    """
    logger().setLevel(v if isinstance(v, str) and v in logging.getLevelNamesMapping() else as_level(v))


def _count(msg: Any) -> int:
    """How often the calling line has been here before."""
    frame = sys._getframe(2)
    key = (frame.f_code.co_filename, frame.f_lineno)
    with _lock:
        return next(_counters.setdefault(key, itertools.count()))


@export("logging.log_every_n")
def log_every_n(level: int, msg: Any, n: int, *args: Any) -> None:
    """Write the message at the first, the n + 1st, ... time that this line is reached."""
    if not isinstance(n, int) or n < 1:
        raise ValueError(f"n must be a positive int, got {n!r}.")
    if _count(msg) % n == 0:
        logger().log(as_level(level), msg, *args)


@export("logging.log_first_n")
def log_first_n(level: int, msg: Any, n: int, *args: Any) -> None:
    """Write the message the first `n` times that this line is reached."""
    if not isinstance(n, int):
        raise ValueError(f"n must be an int, got {n!r}.")
    if _count(msg) < n:
        logger().log(as_level(level), msg, *args)


@export("logging.log_if")
def log_if(level: int, msg: Any, condition: Any, *args: Any) -> None:
    """Write the message if the condition holds."""
    try:
        holds = bool(condition)
    except ValueError:
        raise TypeError(f"Expected bool for argument 'condition' not {condition!r}.") from None
    if holds:
        logger().log(as_level(level), msg, *args)

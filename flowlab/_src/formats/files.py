"""Opening files: the operating system's refusals as the errors of `tf.errors`."""

from __future__ import annotations

import os
from typing import Any, BinaryIO

from flowlab._src import errors

_CLASSES: list[tuple[type[OSError], type[errors.OpError]]] = [
    (FileNotFoundError, errors.NotFoundError),
    (FileExistsError, errors.AlreadyExistsError),
    (PermissionError, errors.PermissionDeniedError),
    (IsADirectoryError, errors.FailedPreconditionError),
    (NotADirectoryError, errors.FailedPreconditionError),
]


def file_error(error: OSError, path: Any) -> errors.OpError:
    """The error of `tf.errors` for a refusal of the operating system: "path; No such file or directory"."""
    cls: type[errors.OpError] = next(
        (ours for theirs, ours in _CLASSES if isinstance(error, theirs)), errors.UnknownError
    )
    if os.path.isdir(path) and isinstance(error, PermissionError):  # what Windows says of a folder
        cls, error = errors.FailedPreconditionError, IsADirectoryError(0, "Is a directory")
    return cls(None, None, f"{path}; {error.strerror or error}")


def as_path(path: Any, name: str = "path") -> str:
    """A path given as text, bytes or path object; TypeError for anything else."""
    try:
        return os.fsdecode(path)
    except TypeError:
        raise TypeError(f"{name} must be the path of a file, not {path!r}.") from None


def open_file(path: str, mode: str) -> BinaryIO:
    """Open a file of bytes with a large buffer."""
    try:
        return open(path, mode, buffering=1 << 18)  # type: ignore[return-value]  # the mode is binary
    except OSError as error:
        raise file_error(error, path) from None
    except ValueError as error:  # a zero byte in the path
        raise errors.InvalidArgumentError(None, None, f"{path!r} is no path of a file: {error}") from None

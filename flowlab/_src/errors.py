"""The error classes of `tf.errors`, and the notes that make any error explain itself.

Every message starts with TensorFlow's own words. What a learner needs beyond them (where the node was
made, which values met, what to type) follows as one exception note, written by `add_notes` alone (its form is in `util/notes.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flowlab._src.util.export import export
from flowlab._src.util.notes import attach

OK = export("errors.OK")(0)
CANCELLED = export("errors.CANCELLED")(1)
UNKNOWN = export("errors.UNKNOWN")(2)
INVALID_ARGUMENT = export("errors.INVALID_ARGUMENT")(3)
DEADLINE_EXCEEDED = export("errors.DEADLINE_EXCEEDED")(4)
NOT_FOUND = export("errors.NOT_FOUND")(5)
ALREADY_EXISTS = export("errors.ALREADY_EXISTS")(6)
PERMISSION_DENIED = export("errors.PERMISSION_DENIED")(7)
RESOURCE_EXHAUSTED = export("errors.RESOURCE_EXHAUSTED")(8)
FAILED_PRECONDITION = export("errors.FAILED_PRECONDITION")(9)
ABORTED = export("errors.ABORTED")(10)
OUT_OF_RANGE = export("errors.OUT_OF_RANGE")(11)
UNIMPLEMENTED = export("errors.UNIMPLEMENTED")(12)
INTERNAL = export("errors.INTERNAL")(13)
UNAVAILABLE = export("errors.UNAVAILABLE")(14)
DATA_LOSS = export("errors.DATA_LOSS")(15)
UNAUTHENTICATED = export("errors.UNAUTHENTICATED")(16)


@export("errors.OpError", "OpError")
class OpError(Exception):
    """An error raised while an operation ran.

    Parameters
    ----------
    node_def : object or None
        Description of the failing node; filled in by the executor when a kernel leaves it None.
    op : Operation or None
        The failing operation.
    message : str
        What happened, in TensorFlow's words.
    error_code : int, optional
        One of the constants of `tf.errors`, for example `tf.errors.INVALID_ARGUMENT`.

    Examples
    --------
    >>> error = tf.errors.InvalidArgumentError(None, None, "bad argument")
    >>> error.message, error.error_code
    ('bad argument', 3)
    """

    code = UNKNOWN
    why = fix = ""  # a kernel that knows more of the cause writes it here; they become the lines Why and Try

    def __init__(self, node_def: Any, op: Any, message: str, error_code: int | None = None) -> None:
        super().__init__(message)
        self._node_def = node_def
        self._op = op
        self._message = message
        self._error_code = self.code if error_code is None else error_code

    @property
    def message(self) -> str:
        """What happened."""
        return self._message

    @property
    def op(self) -> Any:
        """The operation that failed, if known."""
        return self._op

    @property
    def node_def(self) -> Any:
        """The description of the node that failed, if known."""
        if self._node_def is None and self._op is not None:
            return getattr(self._op, "node_def", None)
        return self._node_def

    @property
    def error_code(self) -> int:
        """The number of the error class."""
        return self._error_code

    def __str__(self) -> str:
        if self._op is None:
            return self._message
        return f"{self._message}\n\t [[{{{{node {self._op.name}}}}}]]"


@export("errors.CancelledError")
class CancelledError(OpError):
    """The operation was cancelled, for example an enqueue on a closed queue."""

    code = CANCELLED


@export("errors.UnknownError")
class UnknownError(OpError):
    """An error of no other class."""

    code = UNKNOWN


@export("errors.InvalidArgumentError")
class InvalidArgumentError(OpError):
    """An operation got a value, shape or dtype that it cannot work with."""

    code = INVALID_ARGUMENT


@export("errors.DeadlineExceededError")
class DeadlineExceededError(OpError):
    """The time allowed for a run was over before it ended."""

    code = DEADLINE_EXCEEDED


@export("errors.NotFoundError")
class NotFoundError(OpError):
    """A file, variable or key that was asked for does not exist."""

    code = NOT_FOUND


@export("errors.AlreadyExistsError")
class AlreadyExistsError(OpError):
    """Something that was to be made exists already."""

    code = ALREADY_EXISTS


@export("errors.PermissionDeniedError")
class PermissionDeniedError(OpError):
    """The caller may not do this, for example write to a read-only file."""

    code = PERMISSION_DENIED


@export("errors.UnauthenticatedError")
class UnauthenticatedError(OpError):
    """The request carries no valid credentials."""

    code = UNAUTHENTICATED


@export("errors.ResourceExhaustedError")
class ResourceExhaustedError(OpError):
    """Memory or another resource ran out."""

    code = RESOURCE_EXHAUSTED


@export("errors.FailedPreconditionError")
class FailedPreconditionError(OpError):
    """The system is not in the state the operation needs: mostly an uninitialized variable."""

    code = FAILED_PRECONDITION


@export("errors.AbortedError")
class AbortedError(OpError):
    """The operation was given up, mostly because two of them were in each other's way."""

    code = ABORTED


@export("errors.OutOfRangeError")
class OutOfRangeError(OpError):
    """The end of the data was reached."""

    code = OUT_OF_RANGE


@export("errors.UnimplementedError")
class UnimplementedError(OpError):
    """The operation is not implemented for these arguments."""

    code = UNIMPLEMENTED


@export("errors.InternalError")
class InternalError(OpError):
    """The engine broke one of its own rules: a bug in flowlab, please report it."""

    code = INTERNAL


@export("errors.UnavailableError")
class UnavailableError(OpError):
    """The service cannot be reached at the moment."""

    code = UNAVAILABLE


@export("errors.DataLossError")
class DataLossError(OpError):
    """Stored data is damaged or cut off."""

    code = DATA_LOSS


_CLASSES = {cls.code: cls for cls in OpError.__subclasses__()}


@export("errors.exception_type_from_error_code")
def exception_type_from_error_code(error_code: int) -> type[OpError]:
    """Return the class of an error code."""
    try:
        return _CLASSES[error_code]
    except (KeyError, TypeError):
        raise ValueError(f"{error_code!r} is no error code: these go from 1 to {max(_CLASSES)}.") from None


@export("errors.error_code_from_exception_type")
def error_code_from_exception_type(cls: type[OpError]) -> int:
    """Return the code of an error class."""
    if not (isinstance(cls, type) and issubclass(cls, OpError)):
        raise TypeError(f"Expected a class of tf.errors, got {cls!r}.")
    return cls.code


@export("errors.raise_exception_on_not_ok_status")
@contextmanager
def raise_exception_on_not_ok_status() -> Iterator[None]:
    """Accepted, for programs that called TensorFlow's C interface: kernels raise the errors of `tf.errors` themselves."""
    yield


class ShapeError(ValueError):
    """Raised by shape rules; the builder turns it into TensorFlow's ValueError with the node's name."""


class OperatorNotAllowedInGraphError(TypeError):
    """A Python operator that needs a value was used on a symbolic tensor."""


def add_notes(error: BaseException, where: str = "", inputs: str = "", why: str = "", fix: str = "") -> BaseException:
    """Attach the explaining lines to an error, once; empty parts are left out.

    `fix` becomes the line Try. The same parts are kept as the dict `error.flow` for the notebook tools.
    """
    return attach(error, where, inputs, why, fix, error._op if isinstance(error, OpError) else None)

"""Files as operations: read one, write one, find those whose names match."""

from __future__ import annotations

import glob
import os
import re
from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError
from flowlab._src.formats.files import file_error, open_file
from flowlab._src.graph.op import Array, Op, Spec
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels.strings import collect
from flowlab._src.ops.broadcast import brackets
from flowlab._src.util.export import export


def scalar(value: Any, what: str) -> bytes:
    """The string of an input that must be one."""
    if np.ndim(value) != 0:
        message = f"{what} tensor must be scalar, but had shape: {brackets(np.shape(value))}"
        raise InvalidArgumentError(None, None, message)
    result: bytes = np.asarray(value, object).item()
    return result


class ReadFile(Op):
    """The whole content of a file."""

    stateful = True  # a file may change between two runs
    reads_only = True
    grad = None

    def kernel(self, run: Any, filename: Array[np.object_]) -> Array[np.object_]:
        path = os.fsdecode(scalar(filename, "Input filename"))
        try:
            with open_file(path, "rb") as file:
                return collect([file.read()], ())
        except OSError as error:
            raise file_error(error, path) from None

    def shape(self, filename: Spec) -> TensorShape:
        filename.ranked(0)
        return TensorShape.of(())


@export("io.read_file", "read_file")
def read_file(filename: Any, name: str | None = None) -> Tensor:
    """Read a whole file.

    Parameters
    ----------
    filename : string scalar Tensor
    name : str, optional

    Returns
    -------
    string scalar Tensor

    Raises
    ------
    NotFoundError
        If there is no such file.

    Examples
    --------
    >>> path = getfixture("tmp_path") / "note.txt"
    >>> _ = path.write_text("hello")
    >>> with tf.Session() as sess:
    ...     sess.run(tf.read_file(str(path)))
    b'hello'
    """
    result: Tensor = ReadFile()(filename, name=name)
    return result


class WriteFile(Op):
    """Writes a string to a file; folders that lack on the way are made."""

    stateful = True
    grad = None

    def kernel(self, run: Any, filename: Array[np.object_], contents: Array[np.object_]) -> None:
        path = os.fsdecode(scalar(filename, "Input filename"))
        data = scalar(contents, "Contents")
        try:
            if os.path.dirname(path):
                os.makedirs(os.path.dirname(path), exist_ok=True)
            with open_file(path, "wb") as file:
                file.write(data)
        except FileExistsError:  # a file stands where a folder would have to be
            raise file_error(NotADirectoryError(0, "Not a directory"), path) from None
        except ValueError as error:  # a zero byte in the path
            raise InvalidArgumentError(None, None, f"{path!r} is no path of a file: {error}") from None
        except OSError as error:
            raise file_error(error, path) from None

    def shape(self, filename: Spec, contents: Spec) -> list[TensorShape]:
        filename.ranked(0)
        contents.ranked(0)
        return []


@export("io.write_file", "write_file")
def write_file(filename: Any, contents: Any, name: str | None = None) -> Operation:
    """Write a string to a file.

    Parameters
    ----------
    filename : string scalar Tensor
        Folders that do not exist yet are made.
    contents : string scalar Tensor
    name : str, optional

    Returns
    -------
    Operation
        Running it writes the file.

    Examples
    --------
    >>> path = getfixture("tmp_path") / "new" / "note.txt"
    >>> with tf.Session() as sess:
    ...     sess.run(tf.write_file(str(path), "hello"))
    >>> path.read_text()
    'hello'
    """
    result: Operation = WriteFile()(filename, contents, name=name)
    return result


class MatchingFiles(Op):
    """The names of the files that match patterns, sorted."""

    stateful = True
    reads_only = True
    grad = None

    def kernel(self, run: Any, pattern: Array[np.object_]) -> Array[np.object_]:
        found = [os.fsencode(path) for text in np.ravel(pattern).tolist() for path in matching(os.fsdecode(text))]
        return collect(sorted(found), (len(found),))

    def shape(self, pattern: Spec) -> TensorShape:
        if pattern.rank is not None and pattern.rank > 1:
            raise ShapeError(f"Shape must be at most rank 1 but is rank {pattern.rank}")
        return TensorShape.of((None,))


def matching(pattern: str) -> list[str]:
    r"""Files and folders that match a pattern: `*`, `?`, `[a-c]`, and `\` before a sign that means itself.

    Unlike in Python's `glob`, names that begin with a point match as well.
    """
    if "\0" in pattern or not pattern:
        return []
    if os.sep == "\\":
        return glob.glob(pattern, include_hidden=True)
    # In `glob`, only brackets can make a sign mean itself.
    return glob.glob(re.sub(r"\\(.)", lambda found: f"[{found[1]}]", pattern), include_hidden=True)


@export("io.matching_files", "matching_files")
def matching_files(pattern: Any, name: str | None = None) -> Tensor:
    """Find files by patterns.

    Parameters
    ----------
    pattern : string Tensor, scalar or vector
        `*` stands for any characters but "/", `?` for one of them, `[a-c]` for one of several.
    name : str, optional

    Returns
    -------
    string Tensor, shape (n,)
        The paths, sorted.

    Examples
    --------
    >>> folder = getfixture("tmp_path")
    >>> for name in ("b.csv", "a.csv", "notes.txt"):
    ...     _ = (folder / name).write_text("")
    >>> with tf.Session() as sess:
    ...     [path.decode()[-5:] for path in sess.run(tf.matching_files(str(folder / "*.csv")))]
    ['a.csv', 'b.csv']
    """
    result: Tensor = MatchingFiles()(pattern, name=name)
    return result

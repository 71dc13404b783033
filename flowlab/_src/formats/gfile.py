"""`tf.gfile` and `tf.io.gfile`: files and folders, with the errors of `tf.errors`.

Paths are those of the operating system. Schemes such as ``gs://`` and ``hdfs://`` are left out: flowlab opens no network.
"""

from __future__ import annotations

import glob as globbing
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any, NamedTuple

from flowlab._src import errors
from flowlab._src.formats.files import as_path, file_error
from flowlab._src.util.arguments import as_list, as_text
from flowlab._src.util.export import export

MODES = ("r", "w", "a", "r+", "w+", "a+")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")


def local_path(path: Any, name: str = "path") -> str:
    """A path of this computer as text."""
    text = as_path(path, name)
    scheme = _SCHEME.match(text)
    if scheme:
        if scheme[1] == "file":
            return text[len("file://") :]
        message = f"File system scheme '{scheme[1]}' not implemented (file: '{text}')"
        error = errors.UnimplementedError(None, None, message)
        raise errors.add_notes(error, fix="copy the file to this computer first: flowlab opens no network")
    if "\0" in text:
        raise errors.InvalidArgumentError(None, None, f"{text!r} is no path: it has a zero byte")
    return text


@export("gfile.GFile", "gfile.Open", "gfile.FastGFile", "io.gfile.GFile")
class GFile:
    """A file of text or bytes, opened when it is first used.

    Parameters
    ----------
    name : path
    mode : {"r", "w", "a", "r+", "w+", "a+"}, optional
        Read, write, append; with ``+`` both. With a ``b`` behind it the file gives bytes instead of text (UTF-8).

    Raises
    ------
    tf.errors.InvalidArgumentError
        If there is no such mode.
    tf.errors.NotFoundError, tf.errors.PermissionDeniedError, tf.errors.FailedPreconditionError
        On first use: if the file does not exist, may not be opened, or is a folder.

    Examples
    --------
    >>> path = tf.test.get_temp_dir() + "/words.txt"
    >>> with tf.gfile.GFile(path, "w") as file:
    ...     file.write("one\\ntwo\\n")
    >>> with tf.gfile.GFile(path) as file:
    ...     [line.strip() for line in file], file.size()
    (['one', 'two'], 8)
    """

    def __init__(self, name: Any, mode: str = "r") -> None:
        mode = as_text(mode, "mode")
        self._name = name
        self._mode = mode
        self._binary = "b" in mode
        kind = mode.replace("b", "")
        if kind not in MODES:
            raise errors.InvalidArgumentError(None, None, f"mode is not {' or '.join(map(repr, MODES))}")
        self._reads = kind in ("r", "r+", "w+", "a+")
        self._writes = kind != "r"
        # Opened with w+ the file keeps what is in it until the first writing, as in TensorFlow.
        self._truncates = kind in ("w", "w+")
        self._at_end = kind in ("a", "a+")
        self._reader: IO[bytes] | None = None
        self._writer: IO[bytes] | None = None

    @property
    def name(self) -> Any:
        """The path."""
        return self._name

    @property
    def mode(self) -> str:
        """How the file was opened."""
        return self._mode

    def _input(self) -> IO[bytes]:
        if self._reader is None:
            if not self._reads:
                raise errors.PermissionDeniedError(None, None, "File isn't open for reading")
            self.flush()
            self._reader = open_bytes(self._name, "rb")
        return self._reader

    def _output(self) -> IO[bytes]:
        if self._writer is None:
            if not self._writes:
                raise errors.PermissionDeniedError(None, None, "File isn't open for writing")
            path = local_path(self._name, "name")
            mode = "wb" if self._truncates else "ab" if self._at_end or not os.path.exists(path) else "r+b"
            self._writer = open_bytes(path, mode)
        return self._writer

    def _decoded(self, data: bytes) -> Any:
        return data if self._binary else data.decode("utf-8")

    def read(self, n: int = -1) -> Any:
        """Return `n` bytes (as text if the file is one of text), or all that follow.

        Parameters
        ----------
        n : int, optional
            Number of bytes; -1 stands for all.

        Returns
        -------
        str or bytes
        """
        return self._decoded(self._input().read(int(n)))

    def readline(self) -> Any:
        """Return the next line with its end; empty at the end of the file."""
        return self._decoded(self._input().readline())

    def readlines(self) -> list[Any]:
        """Return all lines that follow."""
        return list(iter(self.readline, b"" if self._binary else ""))

    def __iter__(self) -> GFile:
        return self

    def __next__(self) -> Any:
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    next = __next__

    def write(self, file_content: Any) -> None:
        """Write text or bytes.

        Raises
        ------
        TypeError
            If it is neither.
        """
        if isinstance(file_content, str):
            file_content = file_content.encode("utf-8")
        elif not isinstance(file_content, (bytes, bytearray)):
            raise TypeError(f"Expected binary or unicode string, got {file_content!r}")
        out = self._output()
        try:
            out.write(file_content)
        except OSError as error:
            raise file_error(error, self._name) from None

    def seek(self, offset: int | None = None, whence: int = 0, position: int | None = None) -> None:
        """Go to a place: `offset` bytes from the start (0), from here (1) or from the end (2).

        `position` is the old name of `offset`.
        """
        offset = position if offset is None else offset
        if offset is None:
            raise TypeError("seek(): offset argument required")
        if whence not in (0, 1, 2):
            message = f"Invalid whence argument: {whence}. Valid values are 0, 1, or 2."
            raise errors.InvalidArgumentError(None, None, message)
        file = self._input()
        place = offset + (0, file.tell() if whence == 1 else 0, self.size() if whence == 2 else 0)[whence]
        if place < 0:
            raise errors.InvalidArgumentError(None, None, f"Seeking to a negative position: {place}")
        if place > self.size():
            raise errors.OutOfRangeError(None, None, f"Seeking past the end of the file: {place}")
        file.seek(place)

    def seekable(self) -> bool:
        """Return True: one can go to any place."""
        return True

    def tell(self) -> int:
        """Return the place in the file, in bytes."""
        return self._input().tell() if self._reads else self._output().tell()

    def size(self) -> int:
        """Return the size of the file in bytes."""
        return stat(self._name).length

    def flush(self) -> None:
        """Hand what was written to the operating system; others can read it then."""
        if self._writer is not None:
            self._writer.flush()

    def close(self) -> None:
        """Close the file; its next use opens it again."""
        for file in (self._reader, self._writer):
            if file is not None:
                file.close()
        if self._writer is not None:
            self._at_end, self._truncates = True, False
        self._reader = self._writer = None

    def __enter__(self) -> GFile:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_writer"):
            self.close()


def open_bytes(path: Any, mode: str) -> IO[bytes]:
    """Open a file of bytes; the operating system's refusal as an error of `tf.errors`."""
    text = local_path(path, "name")
    try:
        return open(text, mode)
    except OSError as error:
        raise file_error(error, text) from None


def asked(action: Callable[..., Any], path: str, *args: Any) -> Any:
    """Call a function of the operating system; its refusal as an error of `tf.errors`."""
    try:
        return action(path, *args)
    except OSError as error:
        raise file_error(error, path) from None


@export("io.gfile.exists")
def exists(path: Any) -> bool:
    """Tell whether there is a file or folder of this name.

    Examples
    --------
    >>> tf.io.gfile.exists("no/such/file")
    False
    """
    return os.path.exists(local_path(path))


@export("gfile.Exists")
def exists_1(filename: Any) -> bool:
    """Tell whether there is a file or folder of this name."""
    return exists(filename)


@export("io.gfile.isdir")
def isdir(path: Any) -> bool:
    """Tell whether there is a folder of this name."""
    return os.path.isdir(local_path(path))


@export("gfile.IsDirectory")
def is_directory(dirname: Any) -> bool:
    """Tell whether there is a folder of this name."""
    return isdir(dirname)


@export("io.gfile.glob")
def glob(pattern: Any) -> list[str]:
    """Return the files and folders that match a pattern with ``*``, ``?`` and ``[...]``, sorted; or several patterns.

    Hidden files count too, and ``**`` is no more than ``*``, as in TensorFlow.

    Parameters
    ----------
    pattern : path or list of paths

    Examples
    --------
    >>> tf.io.gfile.glob("no_such_folder/*.png")
    []
    """
    patterns = [pattern] if isinstance(pattern, (str, bytes, os.PathLike)) else as_list(pattern, "pattern")
    found: list[str] = []
    for one in patterns:
        found += sorted(globbing.glob(local_path(one, "pattern"), include_hidden=True))
    return found


@export("gfile.Glob")
def glob_1(filename: Any) -> list[str]:
    """Return the files and folders that match a pattern, sorted; or several patterns."""
    return glob(filename)


@export("io.gfile.listdir")
def listdir(path: Any) -> list[str]:
    """Return the names of the files and folders in a folder, sorted.

    Raises
    ------
    tf.errors.NotFoundError
        If there is no such folder.
    """
    folder = local_path(path)
    if not os.path.isdir(folder):
        raise errors.NotFoundError(None, None, f"Could not find directory {folder}")
    return sorted(asked(os.listdir, folder))


@export("gfile.ListDirectory")
def list_directory(dirname: Any) -> list[str]:
    """Return the names of the files and folders in a folder, sorted.

    Raises
    ------
    tf.errors.NotFoundError
        If there is no such folder.
    """
    return listdir(dirname)


@export("io.gfile.mkdir")
def mkdir(path: Any) -> None:
    """Make a folder; the one above it must exist. Nothing happens if there is something of this name.

    Raises
    ------
    tf.errors.NotFoundError
        If the folder above is missing.
    """
    folder = local_path(path)
    if not os.path.lexists(folder):
        asked(os.mkdir, folder)


@export("gfile.MkDir")
def mkdir_1(dirname: Any) -> None:
    """Make a folder; the one above it must exist."""
    mkdir(dirname)


@export("io.gfile.makedirs")
def makedirs(path: Any) -> None:
    """Make a folder and those above it; nothing happens if it is there.

    Raises
    ------
    tf.errors.FailedPreconditionError
        If there is a file of this name.
    """
    folder = local_path(path)
    if os.path.isdir(folder) or not folder:
        return
    if os.path.exists(folder):
        raise errors.FailedPreconditionError(None, None, f"{folder} is not a directory")
    asked(lambda name: os.makedirs(name, exist_ok=True), folder)


@export("gfile.MakeDirs")
def makedirs_1(dirname: Any) -> None:
    """Make a folder and those above it; nothing happens if it is there."""
    makedirs(dirname)


@export("io.gfile.remove")
def remove(path: Any) -> None:
    """Delete a file.

    Raises
    ------
    tf.errors.NotFoundError
        If there is none of this name.
    tf.errors.FailedPreconditionError
        If it is a folder.
    """
    file = local_path(path)
    if os.path.isdir(file) and not os.path.islink(file):
        raise errors.FailedPreconditionError(None, None, f"{file}; Is a directory")
    asked(os.remove, file)


@export("gfile.Remove")
def remove_1(filename: Any) -> None:
    """Delete a file."""
    remove(filename)


@export("io.gfile.rmtree")
def rmtree(path: Any) -> None:
    """Delete a folder and all that is in it.

    Raises
    ------
    tf.errors.NotFoundError
        If there is nothing of this name.
    """
    folder = local_path(path)
    if not os.path.lexists(folder):
        raise errors.NotFoundError(None, None, f"{folder} not found")
    if os.path.isdir(folder) and not os.path.islink(folder):
        asked(shutil.rmtree, folder)
    else:
        asked(os.remove, folder)


@export("gfile.DeleteRecursively")
def delete_recursively(dirname: Any) -> None:
    """Delete a folder and all that is in it."""
    rmtree(dirname)


@export("io.gfile.copy")
def copy(src: Any, dst: Any, overwrite: bool = False) -> None:
    """Copy a file.

    Raises
    ------
    tf.errors.NotFoundError
        If there is no file `src`.
    tf.errors.AlreadyExistsError
        If there is a file `dst`, unless `overwrite`.
    """
    source, target = local_path(src, "src"), local_path(dst, "dst")
    if os.path.exists(target) and not overwrite:
        raise errors.AlreadyExistsError(None, None, "file already exists")
    if os.path.isdir(source):
        raise errors.FailedPreconditionError(None, None, f"{source}; Is a directory")
    with open_bytes(source, "rb") as read, open_bytes(target, "wb") as written:
        shutil.copyfileobj(read, written)


@export("gfile.Copy")
def copy_1(oldpath: Any, newpath: Any, overwrite: bool = False) -> None:
    """Copy a file."""
    copy(oldpath, newpath, overwrite)


@export("io.gfile.rename")
def rename(src: Any, dst: Any, overwrite: bool = False) -> None:
    """Give a file or folder another name.

    Raises
    ------
    tf.errors.NotFoundError
        If there is no `src`.
    tf.errors.AlreadyExistsError
        If there is a `dst`, unless `overwrite`.
    """
    source, target = local_path(src, "src"), local_path(dst, "dst")
    if os.path.exists(target) and not overwrite:
        raise errors.AlreadyExistsError(None, None, "file already exists")
    asked(os.replace, source, target)


@export("gfile.Rename")
def rename_1(oldname: Any, newname: Any, overwrite: bool = False) -> None:
    """Give a file or folder another name."""
    rename(oldname, newname, overwrite)


class FileStatistics(NamedTuple):
    """Size in bytes, time of the last change in nanoseconds, and whether it is a folder."""

    length: int
    mtime_nsec: int
    is_directory: bool


@export("io.gfile.stat")
def stat(path: Any) -> FileStatistics:
    """Return size, time of the last change and kind of a file or folder.

    Raises
    ------
    tf.errors.NotFoundError
        If there is none of this name.
    """
    name = local_path(path)
    found = asked(os.stat, name)
    return FileStatistics(found.st_size, found.st_mtime_ns, os.path.isdir(name))


@export("gfile.Stat")
def stat_1(filename: Any) -> FileStatistics:
    """Return size, time of the last change and kind of a file or folder."""
    return stat(filename)


@export("io.gfile.walk")
def walk(
    top: Any, topdown: bool = True, onerror: Callable[[errors.OpError], Any] | None = None
) -> Iterator[tuple[str, list[str], list[str]]]:
    """Go through a folder and all below it.

    Parameters
    ----------
    top : path
    topdown : bool, optional
        A folder before those in it; otherwise after them.
    onerror : function, optional
        Gets the error if a folder cannot be listed; otherwise such folders are passed over.

    Yields
    ------
    (folder, names of folders in it, names of files in it)
    """
    folder = local_path(top, "top")
    try:
        names = listdir(folder)
    except errors.OpError as error:
        if onerror is not None:
            onerror(error)
        return
    folders = [name for name in names if os.path.isdir(os.path.join(folder, name))]
    here = (folder, folders, [name for name in names if name not in set(folders)])
    if topdown:
        yield here
    for name in folders:
        yield from walk(os.path.join(folder, name), topdown, onerror)
    if not topdown:
        yield here


@export("gfile.Walk")
def walk_1(top: Any, in_order: bool = True) -> Iterable[tuple[str, list[str], list[str]]]:
    """Go through a folder and all below it: (folder, names of folders, names of files); `in_order`: from the top down."""
    return walk(top, in_order)

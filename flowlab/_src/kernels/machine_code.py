"""Where compiled loops are kept between processes, so that most programs never compile anything.

A file holds the machine code of one loop for one dtype. Its folder says for which state of these sources it was made,
its name for which machine: processor, Python, Numba, LLVM and NumPy. So nothing has to be looked after: a program finds
the file of exactly its kind or none, and folders that nobody has used for two weeks are removed.

Files are written under another name first and then renamed, so processes that compile the same loop at the same time do
not disturb each other. Each begins with a checksum; one that was cut short or changed is taken for none.

The places: NUMBA_CACHE_DIR where that is set; else `__pycache__` beside the sources, then the user's cache folder. Code
is read from both and written to the first that can be written to. So someone may fill the folder of a shared
installation once (`flowlab warm`), and all who use it, but cannot write there, have fast kernels at once.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import CodeType

SOURCES = Path(__file__).parent
SUFFIX = ".loop"
MARK = b"flowlab loop 1\n"
DAYS = 14  # a folder that was not used for so long is removed


def places() -> Iterator[Path]:
    """Yield the folders that may hold the code of several states of the sources, the preferred one first."""
    if os.environ.get("NUMBA_CACHE_DIR"):
        yield Path(os.environ["NUMBA_CACHE_DIR"]) / "flowlab"
        return
    yield SOURCES / "__pycache__"
    user = user_folder()
    if user is not None:
        yield user


def user_folder() -> Path | None:
    """Return the folder for files that the user can do without, where this system keeps them."""
    try:
        home = Path.home()
    except RuntimeError:  # no home folder at all
        return None
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "flowlab" / "Cache"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "flowlab"
    wanted = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (wanted if wanted.is_absolute() else home / ".cache") / "flowlab"


def may_write(place: Path) -> bool:
    """Whether new code may go to a place: not beside the sources when Python is told to write nothing there."""
    return place.parent != SOURCES or not (sys.dont_write_bytecode or sys.pycache_prefix is not None)


@cache
def folder_name() -> str:
    """Return the name of the folder for these sources, which contains a digest of them."""
    digest = hashlib.sha256()
    for source in sorted(SOURCES.glob("*.py")):
        digest.update(source.read_bytes())
    return f"loops-{digest.hexdigest()[:12]}"


def digest_of(*words: object) -> str:
    """Return a short name for what the words say."""
    return hashlib.sha256(repr(words).encode()).hexdigest()[:12]


def words_of(code: CodeType) -> list[object]:
    """Return what a function does as words that are the same in each process."""
    constants = [words_of(each) if isinstance(each, CodeType) else repr(each) for each in code.co_consts]
    return [code.co_code.hex(), code.co_names, code.co_varnames, constants]


def trusted(folder: Path) -> bool:
    """Whether nobody else can have put code there: it belongs to us, or to who owns the sources, or to the system."""
    if not hasattr(os, "getuid"):
        return True
    try:
        found = folder.stat()
        owners = {os.getuid(), 0, SOURCES.stat().st_uid}
    except OSError:
        return False
    return found.st_uid in owners and not found.st_mode & stat.S_IWOTH


class Store:
    """The files of one state of the sources."""

    def __init__(self) -> None:
        self._writable: Path | None = None

    def folders(self) -> list[Path]:
        """Return the folders that are there and can be trusted."""
        return [folder for place in places() if trusted(folder := place / folder_name())]

    def files(self) -> list[Path]:
        """Return the files, each name once; the ones nearest come first."""
        found: dict[str, Path] = {}
        for folder in self.folders():
            with suppress(OSError):
                for path in sorted(folder.glob(f"*{SUFFIX}")):
                    found.setdefault(path.name, path)
        return list(found.values())

    def has_some(self, beginning: str) -> bool:
        """Whether there is code for a loop, for whatever machine: the look is cheap, and needs no Numba."""
        return any(path.name.startswith(beginning) for path in self.files())

    def read(self, name: str) -> bytes | None:
        """Return what was written under a name; None if it is not there or not whole."""
        for folder in self.folders():
            path = folder / (name + SUFFIX)
            try:
                content = path.read_bytes()
            except OSError:
                continue
            start = len(MARK) + 32
            if content[:start] == MARK + checksum(name, content[start:]):
                return content[start:]
            with suppress(OSError):
                path.unlink()  # harmed: makes room for a whole one
        return None

    def write(self, name: str, payload: bytes) -> bool:
        """Keep code under a name; False where that is not possible. A loop works without, so this is no error."""
        folder = self.writable()
        if folder is None:
            return False
        try:
            handle, temporary = tempfile.mkstemp(prefix=f"{name}.", suffix=".part", dir=folder)
        except OSError:
            return False
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(MARK + checksum(name, payload) + payload)
            os.chmod(temporary, 0o644)
            os.replace(temporary, folder / (name + SUFFIX))
        except OSError:  # the disk is full, or Windows has the old file open
            with suppress(OSError):
                os.unlink(temporary)
            return False
        return True

    def writable(self) -> Path | None:
        """Return the folder for new code, made when first asked for; None if there is no place to write."""
        if self._writable is not None and self._writable.is_dir():
            return self._writable
        for place in places():
            folder = place / folder_name()
            if not may_write(place):
                continue
            try:
                folder.mkdir(parents=True, exist_ok=True, mode=0o755)
            except OSError:
                continue
            if os.access(folder, os.W_OK) and trusted(folder):
                forget_old(place)
                self._writable = folder
                return folder
        return None

    def used(self) -> None:
        """Note that the folders are in use, so that they are not taken for old."""
        for folder in self.folders():
            with suppress(OSError):
                os.utime(folder)


def checksum(name: str, payload: bytes) -> bytes:
    """Return 32 bytes that only this payload under this name has."""
    return hashlib.sha256(name.encode() + b"\0" + payload).digest()


def forget_old(place: Path) -> None:
    """Remove the code of sources that were replaced a while ago."""
    names: Sequence[str] = ("loops-" + "[0-9a-f]" * 12, "numba-" + "[0-9a-f]" * 12)  # the latter of older versions
    for folder in [each for name in names for each in place.glob(name)]:
        with suppress(OSError):  # another process may be doing the same
            if folder.name != folder_name() and folder.stat().st_mtime < time.time() - DAYS * 86400:
                shutil.rmtree(folder)


store = Store()

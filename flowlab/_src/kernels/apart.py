"""Compiling in a process of its own, so that a program neither shares its interpreter with the compiler nor waits for it.

Numba is written in Python: a thread of the program that compiles takes turns with it, and both get slow; and a program
cannot end while LLVM is at work. So loops that are not on disk yet are compiled by another process. It is told their
names, or the text of those that were written for a graph, a line each, writes the machine code to disk, and answers with
an empty line for each; then the program loads it.
When the program ends first, the other process finishes what it was told to do: the next program finds the code.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = "from flowlab._src.kernels.apart import main; main()"
PIPE = 16384 if os.name == "posix" else 4096  # bytes that a pipe holds at least while nobody reads them


class Apart:
    """The other process, as seen by the program: started with the first name, ended by `close`."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._left = False
        self._open: deque[int] = deque()  # the lengths of the lines that were not answered yet

    def send(self, order: str) -> bool:
        """Ask for a loop; False when there can be no other process, or so much is open that writing might wait."""
        line = order.encode() + b"\n"
        try:
            if sum(self._open) + len(line) > PIPE:
                return False
            if self._process is None:
                if self._left:
                    return False
                self._process = start()
            assert self._process.stdin is not None
            os.write(self._process.stdin.fileno(), line)
        except OSError:
            return False
        self._open.append(len(line))
        return True

    def wait(self) -> bool:
        """Wait for one loop; False when the other process has ended.

        Reads the pipe itself: a thread that holds a file object when the program ends would stop it with an error.
        """
        process = self._process
        try:
            answered = process is not None and process.stdout is not None and os.read(process.stdout.fileno(), 1) != b""
        except OSError:
            return False
        if self._open:
            self._open.popleft()
        return answered

    def close(self) -> None:
        """Let the other process end: nothing more will be asked for."""
        process, self._process = self._process, None
        self._open.clear()
        if process is not None:
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):
                    pipe.close()  # type: ignore[union-attr]  # both are pipes
            process.wait()

    def leave(self, orders: Sequence[str] = ()) -> None:
        """The program ends: the other process, if there is one, goes on alone with what it was told, and some more."""
        self._left = True
        if self._process is not None:
            for order in orders:
                self.send(order)
            self._process.returncode = 0  # else Python would complain that it still runs


def possible() -> bool:
    """Whether this is a Python that can be started once more, and not a program that contains one."""
    return "python" in Path(sys.executable or "").name.lower() and not getattr(sys, "frozen", False)


def start() -> subprocess.Popen[bytes]:
    """Start the other process with this flowlab, whatever folder the program runs in."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    settings = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "FLOWLAB_NUMBA": "1", "FLOWLAB_THREADS": "1"}
    hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    return subprocess.Popen(
        [sys.executable, "-P", "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=settings,
        start_new_session=True,  # Ctrl-C is meant for the program
        creationflags=hidden,
    )


def main() -> None:
    """What the other process does."""
    import numpy as np

    from flowlab._src.kernels import compiling, jit

    by_name = {f"{loop.name} {dtype}": (loop, dtype) for loop in jit.all_loops() for dtype in loop.dtypes}
    for line in sys.stdin:
        if line.startswith("{"):
            order = json.loads(line)
            dtype = np.dtype(order.pop("dtype"))
            compiling.compiler.compile(jit.written(**order), dtype)
        elif (found := by_name.get(line.strip())) is not None:
            compiling.compiler.compile(*found)
        with suppress(OSError):  # nobody listens any more
            os.write(1, b"\n")

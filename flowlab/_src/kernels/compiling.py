"""The compiler's queue: who asks for a loop goes on with NumPy, a thread finds its machine code or has it made.

The thread imports Numba, looks for the machine code of an earlier process on disk (`machine_code.py`), and has another
process compile what is not there (`apart.py`).
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from flowlab._src.kernels import apart, kept, threads
from flowlab._src.kernels.apart import Apart
from flowlab._src.kernels.machine_code import store
from flowlab._src.kernels.memory import give_back

if TYPE_CHECKING:
    from flowlab._src.kernels.jit import Loop

NEVER, BACKGROUND, WAIT = "0", "1", "wait"


def policy() -> str:
    """Return what FLOWLAB_NUMBA asks for; unknown words mean the default."""
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        return NEVER
    word = os.environ.get("FLOWLAB_NUMBA", BACKGROUND).strip().lower()
    return word if word in (NEVER, WAIT) else BACKGROUND


class Compiler:
    """One queue of loops to compile, and the background thread that works it off and then ends."""

    def __init__(self) -> None:
        self.policy = policy()
        self.seconds: dict[str, float] = {}
        self.start_over()

    def start_over(self) -> None:
        """Begin with an empty queue: in a new process, and in a forked one, which inherits no threads."""
        self.queue: deque[tuple[Loop, np.dtype[Any], bool]] = deque()
        self.lock = threading.Lock()
        self.turn = threading.Lock()  # one compilation at a time
        self.thread: threading.Thread | None = None
        self.busy = False  # the thread is in LLVM, or on its way
        self.apart = Apart()
        self.asking = threading.Lock()

    def forked(self) -> None:
        """In a forked child: if the parent was compiling, its locks are held for ever, so leave the compiler alone."""
        if self.turn.locked() or self.thread is not None:
            self.policy = NEVER
        self.apart.leave()
        self.start_over()

    def compile(self, loop: Loop, dtype: np.dtype[Any]) -> Callable[..., Any] | None:
        """Compile or load one version and make it known; a failure is kept for `status`, and NumPy goes on."""
        with self.turn:
            if dtype in loop.versions or loop.state.get(dtype, "").startswith("failed"):
                return loop.versions.get(dtype)
            begin = time.perf_counter()
            try:
                version = loop.make(dtype)
            except Exception as error:
                loop.state[dtype] = f"failed: {type(error).__name__}: {error}"
                if self.policy == WAIT:
                    raise
                return None
            if not self.seconds:
                store.used()
            self.seconds[f"{loop.name} {dtype}"] = time.perf_counter() - begin
            threads.blas.step_aside()
            loop.state[dtype] = "compiled"
            loop.versions[dtype] = version
            return version

    def enqueue(self, loop: Loop, dtype: np.dtype[Any], only_kept: bool = False) -> None:
        """Have a version compiled in the background, soon; with `only_kept` if it lies ready on disk."""
        with self.lock:
            if dtype in loop.state or self.policy == NEVER:
                return
            if not only_kept:
                loop.state[dtype] = "queued"
            self.queue.append((loop, dtype, only_kept))
            if self.thread is None:
                # No lowered priority: a sleepy thread that holds the interpreter lock would make everybody wait.
                self.thread = threading.Thread(target=self.work, name="flowlab-compiler", daemon=True)
                self.thread.start()

    def work(self) -> None:
        """Work off the queue: load what lies on disk, have another process compile the rest."""
        asked: deque[tuple[Loop, np.dtype[Any]]] = deque()  # of the other process, in this order
        with short_turns():
            while True:
                with self.lock:
                    if not self.queue and not asked:
                        self.thread = None
                        break
                    job = self.queue.popleft() if self.queue else None
                if job is None:
                    self.apart.wait()
                    self.compile_here(*asked.popleft())
                    continue
                loop, dtype, only_kept = job
                if self.kept(loop, dtype):
                    self.compile_here(loop, dtype)
                elif not only_kept and self.ask(loop, dtype):
                    asked.append((loop, dtype))
                elif not only_kept:
                    self.compile_here(loop, dtype)
        self.apart.close()
        give_back()

    def kept(self, loop: Loop, dtype: np.dtype[Any]) -> bool:
        """Whether a loop lies on disk. What is there for any machine is seen without Numba; only then it is loaded."""
        beginning = f"{loop.name}.{dtype}."
        if not store.has_some(beginning) or not self.begin():
            return False
        try:
            return store.has_some(beginning + kept.machine())
        except ImportError:
            return False
        finally:
            self.busy = False

    def ask(self, loop: Loop, dtype: np.dtype[Any]) -> bool:
        """Have another process compile a loop; False if it would not find it, or cannot hand its code over."""
        order = loop.order(dtype)
        if order is None or store.writable() is None or not apart.possible():
            return False
        with self.asking:  # the program does not end in the middle of it
            return self.apart.send(order)

    def compile_here(self, loop: Loop, dtype: np.dtype[Any]) -> None:
        """Load or compile a loop in this process, unless the program is ending."""
        if self.begin():
            self.compile(loop, dtype)
            self.busy = False

    def begin(self) -> bool:
        """Load Numba, and say whether to go on: the program may be ending by now."""
        with suppress(ImportError):  # `compile` will meet it again, and note it
            import numba  # noqa: F401
        with self.lock:
            self.busy = self.policy != NEVER
            return self.busy

    def stop(self) -> None:
        """At exit: finish the loop at hand, since a thread cannot be stopped inside LLVM without a crash.

        A thread that is still loading Numba, or waits for the other process, is left where it is.
        """
        with self.lock:
            self.policy = NEVER
            rest = [(loop, dtype) for loop, dtype, only_kept in self.queue if not only_kept]
            self.queue.clear()
            thread = self.thread if self.busy else None
        with self.asking:
            self.apart.leave([order for loop, dtype in rest if (order := loop.order(dtype)) is not None])
        if thread is not None:
            thread.join(timeout=30)


@contextmanager
def short_turns() -> Iterator[None]:
    """Swap threads more often: kernels that drop the interpreter lock would wait 5 ms for it each time they return."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(min(before, 0.0005))
    try:
        yield
    finally:
        sys.setswitchinterval(before)


compiler = Compiler()
atexit.register(compiler.stop)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=compiler.forked)


def wait() -> None:
    """Return when the background thread has nothing left to compile."""
    thread = compiler.thread
    if thread is not None:
        thread.join()

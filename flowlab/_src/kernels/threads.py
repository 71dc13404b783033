"""How many cores are used, and how one kernel is shared among them.

There is one setting, for NumPy's BLAS library and for the compiled kernels, and it never exceeds the cores this process
was given. `share` runs one compiled loop on all of them: the loop is called once by the caller and once by each helper
thread, all on the same arguments, and every call claims piece after piece of the work until none is left. A helper
that wakes late finds less to do; nobody waits for one that has not begun. Plain Python threads are enough, because a
compiled loop runs without the interpreter lock. Before it sleeps, a thread looks for 0.1 ms whether it is needed
(`awake.py`): for no longer, because who keeps looking takes the cores away from other programs.

Two pools at once ruin both: BLAS threads keep spinning for a while after each product and take the cores away from our
helpers (a training step of the MNIST network took twice as long). Beside other busy programs it is worse: the threads of
one product wait for each other, and whoever waits is not running. So BLAS gets one thread as soon as there is a matrix
product or a compiled loop, unless compiling is switched off.
"""

from __future__ import annotations

import ctypes
import glob
import importlib
import math
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np

Loop = Callable[..., None]


def cores() -> int:
    """Return the number of cores this process may use: its affinity, cut by a container's quota."""
    affinity = getattr(os, "sched_getaffinity", None)
    count = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, math.ceil(min(count, quota())))


def quota(folder: Path = Path("/sys/fs/cgroup"), groups: Path = Path("/proc/self/cgroup")) -> float:
    """Return the cores' worth of time that Linux control groups allow, or infinity.

    The limits of a group hold for all groups inside it, so the least on the way up to the top counts. A container sees
    its own group as the top.
    """
    least = math.inf
    for line in read(groups).splitlines() or ["0::/"]:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and "cpu" not in controllers.split(","):
            continue
        top = folder / "cpu" if controllers else folder
        inner = top / path.strip("/")
        for group in [inner, *inner.parents]:
            if group != top and top not in group.parents:
                break
            least = min(least, limit_of(group))
    return least


def limit_of(group: Path) -> float:
    """Return what one control group allows: newer Linux has one file for it, older ones have two."""
    allowed, _, period = read(group / "cpu.max").partition(" ")
    if not allowed:
        allowed, period = (read(group / f"cpu.cfs_{part}_us") for part in ("quota", "period"))
    try:
        return int(allowed) / int(period) if int(allowed) > 0 else math.inf
    except ValueError:  # "max", or no limit is written there
        return math.inf


def read(path: Path) -> str:
    """Return the text of a file, nothing where there is none."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""


def wanted() -> int:
    """Return the setting to start with: FLOWLAB_THREADS where it is a number, else every core."""
    text = os.environ.get("FLOWLAB_THREADS", "")
    return min(int(text), cores()) if text.isdigit() and int(text) > 0 else cores()


class Job:
    """One call of `share`: a loop, its arguments, and who is still at work on it."""

    def __init__(self, loop: Loop, arguments: tuple[Any, ...]) -> None:
        self.loop = loop
        self.arguments = arguments
        self.lock = threading.Lock()
        self.running = 0
        self.closed = False
        self.left = threading.Lock()  # held while helpers may be at work; an Event would take 2 us to make
        self.left.acquire()
        self.error: BaseException | None = None

    def help(self) -> None:
        """Take part, unless the caller has already seen the end of the work."""
        with self.lock:
            if self.closed:
                return
            self.running += 1
        try:
            self.loop(*self.arguments)
        except BaseException as error:  # raised again in the caller's thread
            self.error = error
        with self.lock:
            self.running -= 1
            if self.closed and not self.running:
                self.left.release()

    def finish(self) -> None:
        """Let no helper begin any more, and wait for those that did."""
        with self.lock:
            self.closed = True
            waiting = self.running
        if waiting:
            if awake is not None:
                awake.await_rest(waiting)
            self.left.acquire()
        self.arguments = ()  # a helper that wakes late shall not hold arrays that their owner may want to change
        if self.error is not None:
            raise self.error


class Pool:
    """Helper threads, started when first needed and asleep between jobs; several callers may share at once."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.start_over()

    def start_over(self) -> None:
        """Forget the helpers: after a fork the child process has none."""
        self.jobs: SimpleQueue[Job] = SimpleQueue()
        self.helpers = 0
        self.lock = threading.Lock()

    def enlist(self, count: int) -> None:
        """Start threads until there are `count` helpers."""
        with self.lock:
            while self.helpers < count:
                threading.Thread(target=work, args=(self.jobs,), name="flowlab-helper", daemon=True).start()
                self.helpers += 1


def load_awake() -> None:
    """From now on, wait awake for a moment before sleeping."""
    global awake
    awake = importlib.import_module("flowlab._src.kernels.awake")


def work(jobs: SimpleQueue[Job]) -> None:
    """Help with one job after the other, for ever."""
    while True:
        if awake is not None:
            seen = int(awake.board[awake.JOBS])
            if jobs.empty():
                awake.rest(seen)
        jobs.get().help()


pool = Pool(wanted())
awake: Any = None  # the module of that name, once there are compiled loops: it needs one
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=pool.start_over)


def share(loop: Loop, pieces: int, *arguments: Any) -> None:
    """Run ``loop(turn, pieces, *arguments)`` on all threads; `turn` counts the pieces that were claimed."""
    turn = np.zeros(1, np.int64)
    if pieces <= 1 or pool.size <= 1:
        loop(turn, pieces, *arguments)
        return
    count = min(pool.size, pieces) - 1
    if pool.helpers < count:
        pool.enlist(count)
        load_awake()
    job = Job(loop, (turn, pieces, *arguments))
    for _ in range(count):
        pool.jobs.put(job)
    if awake is not None:
        awake.board[awake.JOBS] += 1
    try:
        job.loop(*job.arguments)
    finally:
        job.finish()


def threads() -> int:
    """Return how many threads a kernel may use."""
    return pool.size


def set_threads(count: int) -> None:
    """Use `count` threads from now on, at least one and never more than the cores at hand."""
    pool.size = max(1, min(int(count), cores()))
    blas.limit(1 if blas.alone else pool.size)


class Blas:
    """The thread setting of the OpenBLAS library that NumPy brings; other libraries are left alone."""

    NAMES = (
        "scipy_openblas_set_num_threads64_",
        "openblas_set_num_threads64_",
        "scipy_openblas_set_num_threads",
        "openblas_set_num_threads",
    )

    def __init__(self) -> None:
        self.alone = False  # True once compiled loops own the cores
        self.setter: Callable[[int], None] | None = None
        self.searched = False

    def find(self) -> Callable[[int], None] | None:
        """Return OpenBLAS's own setter, found through the module of NumPy that is linked with it."""
        if self.searched:
            return self.setter
        self.searched = True
        module = importlib.import_module("numpy._core._multiarray_umath")
        libraries = [str(module.__file__)]
        if sys.platform == "win32":  # there, a library does not show its dependencies' functions
            libraries += glob.glob(str(Path(np.__file__).parents[1] / "numpy.libs" / "*openblas*.dll"))
        for library in libraries:
            try:
                loaded = ctypes.CDLL(library)
            except OSError:
                continue
            for name in self.NAMES:
                if hasattr(loaded, name):
                    self.setter = getattr(loaded, name)
                    return self.setter
        return None

    def limit(self, count: int) -> None:
        """Let BLAS use `count` threads, where it can be told."""
        setter = self.find()
        if setter is not None:
            setter(int(count))

    def step_aside(self) -> None:
        """Give the cores to the compiled loops: one BLAS thread from now on."""
        if not self.alone:
            self.alone = True
            self.limit(1)


blas = Blas()
if pool.size < cores():
    blas.limit(pool.size)

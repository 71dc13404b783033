"""Compiling every loop beforehand, on all cores: `flowlab warm`.

Numba is written in Python, so threads of one process would take turns; the other cores are other processes (`apart.py`).
They write the machine code to disk, from where this one loads it.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from flowlab._src.kernels import apart, jit
from flowlab._src.kernels.apart import Apart
from flowlab._src.kernels.compiling import NEVER, compiler
from flowlab._src.kernels.jit import Loop
from flowlab._src.kernels.machine_code import store
from flowlab._src.kernels.threads import threads

MOST_PROCESSES = 4  # each takes 200 MB
FEW = 8  # loops, for which no process is started


class Warming:
    """The loops that are still to be compiled, handed out to this process and to others."""

    def __init__(self, jobs: list[tuple[Loop, np.dtype[Any]]], seconds: float, tell: Callable[[str], None]) -> None:
        self.waiting = deque(jobs)
        self.late: list[str] = []
        self.begin = time.perf_counter()
        self.seconds = seconds
        self.longest = 0.0
        self.tell = tell
        self.lock = threading.Lock()

    def next(self) -> tuple[Loop, np.dtype[Any]] | None:
        """Hand out a loop that will probably be ready in time."""
        with self.lock:
            while self.waiting:
                loop, dtype = self.waiting.popleft()
                if time.perf_counter() - self.begin + self.longest <= self.seconds:
                    return loop, dtype
                self.late.append(f"{loop.name} {dtype}")
        return None

    def done(self, loop: Loop, dtype: np.dtype[Any], took: float, state: str) -> None:
        with self.lock:
            self.longest = max(self.longest, took)
            self.tell(f"{took:6.2f} s  {loop.name} {dtype}: {state}")

    def here(self) -> None:
        """Compile in this process until nothing waits."""
        while (job := self.next()) is not None:
            begin = time.perf_counter()
            compiler.compile(*job)
            self.done(*job, time.perf_counter() - begin, job[0].state[job[1]])

    def elsewhere(self) -> None:
        """Have another process compile until nothing waits, or that process has ended."""
        process = Apart()
        try:
            while (job := self.next()) is not None:
                begin = time.perf_counter()
                if not process.send(f"{job[0].name} {job[1]}") or not process.wait():
                    with self.lock:
                        self.waiting.appendleft(job)
                    break
                found = store.has_some(f"{job[0].name}.{job[1]}.")
                self.done(*job, time.perf_counter() - begin, "compiled" if found else "not compiled")
        finally:
            process.close()


def warm(*dtypes: DTypeLike, seconds: float = math.inf, tell: Callable[[str], None] = lambda line: None) -> list[str]:
    """Compile every loop now, for float32 or the dtypes given; afterwards large inputs never wait.

    Does nothing when FLOWLAB_NUMBA is "0".

    Parameters
    ----------
    dtypes : "float32", "float64"
    seconds : float
        No loop is begun that would probably not be ready by then.
    tell : function of str
        Is called with a line for each loop.

    Returns
    -------
    list of str
        The loops that were left out for lack of time.
    """
    if compiler.policy == NEVER:
        return []
    loops = jit.all_loops()
    jobs = [(each, np.dtype(dtype)) for dtype in dtypes or ("float32",) for each in loops if dtype in each.dtypes]
    warming = Warming(jobs, seconds, tell)
    others = []
    if len(jobs) > FEW and store.writable() is not None and apart.possible():
        count = min(MOST_PROCESSES, threads()) - 1
        others = [threading.Thread(target=warming.elsewhere, name="flowlab-warm", daemon=True) for _ in range(count)]
    for thread in others:
        thread.start()
    warming.here()
    for thread in others:
        thread.join()
    warming.here()  # what a process that has ended left behind
    for loop, dtype in jobs:
        if f"{loop.name} {dtype}" not in warming.late:
            compiler.compile(loop, dtype)  # loads what lies on disk
    return warming.late

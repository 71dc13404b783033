"""Waiting awake, for a moment: a helper thread that has just worked is likely to be needed again at once.

A thread that sleeps takes 30 to 60 us to wake up, as long as half a matrix product of a recurrent net takes. So a helper
looks for the next job for 0.1 ms before it sleeps, and a caller as long for helpers that finish their last piece. Both
do so without the interpreter lock, and only what is said here depends on them: who looks in vain sleeps as ever.

    board[JOBS]     how many jobs were offered
    board[RESTS]    how often a helper has come to rest, without the interpreter lock
"""

from __future__ import annotations

import time
from functools import cache

import numpy as np

from flowlab._src.kernels.jit import SINGLE, Int, Turn, claim, loop, peek

JOBS, RESTS = 0, 8  # apart, so that they lie in different lines of the cache
PATIENCE = 1e-4  # seconds
HANDOVER = 5e-6  # seconds until the caller is in its loop, and the interpreter lock free
FLOAT32 = np.dtype(np.float32)

board = np.zeros(16, np.int64)


@loop(least=0, calls=50, dtypes=SINGLE)
def rest_loop(turn: Turn, pieces: Int, seen: Int, handover: Int) -> None:
    """Look `pieces` times whether another job than those `seen` is offered; then wait until it has begun."""
    claim(turn[RESTS:])
    for _ in range(pieces):
        if peek(turn, JOBS) != seen:
            for _ in range(handover):
                peek(turn, JOBS)
            break


@loop(least=0, calls=50, dtypes=SINGLE)
def await_loop(turn: Turn, pieces: Int, wanted: Int) -> None:
    """Look `pieces` times whether helpers have come to rest."""
    for _ in range(pieces):
        if peek(turn, RESTS) >= wanted:
            break


def rest(seen: int) -> None:
    """Look for a job before falling asleep."""
    run = rest_loop.versions.get(FLOAT32)
    if run is not None and FLOAT32 in await_loop.versions:
        looks = looks_a_second()
        run(board, int(PATIENCE * looks), seen, int(HANDOVER * looks))


def await_rest(helpers: int) -> None:
    """Look for the end of some helpers' work before falling asleep; it is the caller who asks for the loops."""
    run = await_loop.ready(FLOAT32, 1)
    if run is not None and rest_loop.ready(FLOAT32, 1) is not None:
        run(board, int(PATIENCE * looks_a_second()), int(board[RESTS]) + helpers)


@cache
def looks_a_second() -> float:
    """Measure how often this processor can look."""
    run, count = await_loop.versions[FLOAT32], 1000
    best = 1.0
    for _ in range(5):
        begin = time.perf_counter()
        run(np.zeros(16, np.int64), count, 1)
        best = min(best, time.perf_counter() - begin)
    return count / best

"""Waiting awake changes when threads sleep, and nothing else."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from flowlab._src.kernels import awake, compiling, threads
from tests.kernels.test_threads import counting


@pytest.fixture
def two_threads(compiled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads.pool, "size", 2)
    monkeypatch.setattr(threads, "awake", awake)


@pytest.mark.usefixtures("two_threads")
def test_every_piece_is_done_once_job_after_job() -> None:
    for pieces in range(1, 40):
        done = np.zeros(pieces)
        threads.share(counting(threading.Lock()), pieces, done)
        np.testing.assert_array_equal(done, 1)
    assert threads.pool.jobs.qsize() <= 40


@pytest.mark.usefixtures("two_threads")
def test_helpers_come_to_rest_and_jobs_are_offered() -> None:
    jobs, both = int(awake.board[awake.JOBS]), threading.Barrier(2, timeout=60)

    def loop(turn: Any, pieces: int) -> None:
        both.wait()  # the helper does take part

    for _ in range(20):
        threads.share(loop, 2)
    assert awake.board[awake.JOBS] == jobs + 20


@pytest.mark.usefixtures("compiled")
def test_looking_ends_where_nothing_comes() -> None:
    """Neither a job nor a helper: both give up after their patience."""
    awake.await_rest(1)  # asks for the loops
    awake.rest(int(awake.board[awake.JOBS]))
    awake.await_rest(10**9)
    assert awake.looks_a_second() > 1e5


@pytest.mark.usefixtures("compiled")
def test_a_job_that_is_offered_already_is_seen_at_once() -> None:
    awake.await_rest(1)
    rests = int(awake.board[awake.RESTS])
    awake.rest(int(awake.board[awake.JOBS]) - 1)
    assert awake.board[awake.RESTS] > rests


def test_nothing_waits_awake_without_compiled_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling.compiler, "policy", compiling.NEVER)
    for loop in (awake.rest_loop, awake.await_loop):
        monkeypatch.setattr(loop, "versions", {})
    rests = int(awake.board[awake.RESTS])
    awake.rest(0)
    awake.await_rest(1)
    assert awake.board[awake.RESTS] == rests

"""Sharing work: every piece is done once, by whom ever."""

import math
import threading

import numpy as np
import pytest

from flowlab._src.kernels import compiling, gemm, threads


@pytest.fixture
def four_threads(monkeypatch):
    """Pretend that there are four cores."""
    monkeypatch.setattr(threads, "cores", lambda: 4)
    before = threads.threads()
    threads.set_threads(4)
    yield
    monkeypatch.undo()
    threads.set_threads(before)


def counting(lock):
    """Return a loop in plain Python that counts how often each piece is done."""

    def loop(turn, pieces, done):
        while True:
            with lock:
                piece = turn[0]
                turn[0] += 1
            if piece >= pieces:
                return
            done[piece] += 1

    return loop


@pytest.mark.parametrize("pieces", [0, 1, 2, 100])
def test_every_piece_is_done_once(pieces, four_threads):
    done = np.zeros(pieces)
    threads.share(counting(threading.Lock()), pieces, done)
    np.testing.assert_array_equal(done, 1)


def test_helpers_do_take_part(four_threads):
    everybody = threading.Barrier(4, timeout=60)
    names = set()

    def loop(turn, pieces):
        names.add(threading.current_thread().name)
        everybody.wait()

    threads.share(loop, 4)
    assert len(names) >= 2


def test_several_threads_may_share_at_the_same_time(four_threads):
    results = [np.zeros(200) for _ in range(8)]
    callers = [threading.Thread(target=threads.share, args=(counting(threading.Lock()), 200, done)) for done in results]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    np.testing.assert_array_equal(results, 1)


def test_a_helpers_error_reaches_the_caller(four_threads):
    both = threading.Barrier(2, timeout=60)

    def loop(turn, pieces):
        both.wait()
        if threading.current_thread() is not threading.main_thread():
            raise ArithmeticError("in a helper")

    with pytest.raises(ArithmeticError, match="in a helper"):
        threads.share(loop, 2)


def test_threads_are_never_more_than_cores():
    before = threads.threads()
    threads.set_threads(10**6)
    assert threads.threads() == threads.cores()
    threads.set_threads(0)
    assert threads.threads() == 1
    threads.set_threads(before)


def test_the_setting_comes_from_the_environment(monkeypatch):
    for text, count in {
        "1": 1,
        "": threads.cores(),
        "0": threads.cores(),
        "many": threads.cores(),
        "9999": threads.cores(),
    }.items():
        monkeypatch.setenv("FLOWLAB_THREADS", text)
        assert threads.wanted() == count


@pytest.mark.parametrize(
    ("groups", "files", "cores"),
    [
        ("0::/", {"cpu.max": "max 100000"}, math.inf),
        ("0::/", {"cpu.max": "150000 100000"}, 1.5),
        ("", {"cpu.max": "150000 100000"}, 1.5),
        ("0::/a/b", {"a/cpu.max": "300000 100000", "a/b/cpu.max": "max 100000"}, 3),
        ("0::/a/b", {"cpu.max": "100000 100000", "a/b/cpu.max": "200000 100000"}, 1),
        ("0::/../elsewhere", {"cpu.max": "100000 100000"}, 1),
        ("4:cpu,cpuacct:/", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, math.inf),
        ("4:cpu,cpuacct:/", {"cpu/cpu.cfs_quota_us": "200000", "cpu/cpu.cfs_period_us": "100000"}, 2),
        ("3:cpuset:/x\n4:cpu:/x\n0::/", {"cpu/x/cpu.cfs_quota_us": "50000", "cpu/x/cpu.cfs_period_us": "100000"}, 0.5),
        ("0::/", {"cpu.max": "nonsense"}, math.inf),
        ("nonsense", {}, math.inf),
        ("0::/", {}, math.inf),
    ],
)
def test_quota_of_a_container(groups, files, cores, tmp_path):
    (tmp_path / "groups").write_text(groups, encoding="utf-8")
    for name, text in files.items():
        path = tmp_path / "limits" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    assert threads.quota(tmp_path / "limits", tmp_path / "groups") == cores


def test_a_matrix_product_leaves_the_cores_to_our_threads(monkeypatch):
    told = []
    monkeypatch.setattr(threads.blas, "alone", False)
    monkeypatch.setattr(threads.blas, "limit", told.append)
    x = np.ones((2, 2), "f")
    monkeypatch.setattr(compiling.compiler, "policy", compiling.NEVER)
    gemm.matmul(x, x)
    assert told == []
    monkeypatch.setattr(compiling.compiler, "policy", compiling.BACKGROUND)
    gemm.matmul(x, x)
    gemm.matmul(x, x)
    assert told == [1]

"""Compiling everything beforehand: each loop once, by as many processes as there are cores."""

from __future__ import annotations

from typing import Any

import pytest

from flowlab._src.kernels import compiling, jit, machine_code, warm

NAMES = ["elementwise.relu_loop", "elementwise.relu_grad_loop", "elementwise.bias_add_loop"]


@pytest.fixture
def loops(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> list[jit.Loop]:
    """Three loops that nobody has asked for yet, an empty folder for them, and two cores."""
    if compiling.policy() == compiling.NEVER:
        pytest.skip("FLOWLAB_NUMBA=0")
    found = [loop for loop in jit.all_loops() if loop.name in NAMES]
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(machine_code.store, "_writable", None)
    monkeypatch.setattr(compiling.compiler, "policy", compiling.BACKGROUND)
    monkeypatch.setattr(jit, "all_loops", lambda: found)
    monkeypatch.setattr(warm, "threads", lambda: 2)
    monkeypatch.setattr(warm, "FEW", 0)
    for loop in found:
        for name in ("versions", "state"):
            monkeypatch.setattr(loop, name, {})
    return found


def test_two_processes_share_the_loops(loops: list[jit.Loop], tmp_path: Any) -> None:
    lines: list[str] = []
    assert warm.warm("float32", tell=lines.append) == []
    assert sorted(line.split(" s  ")[1] for line in lines) == sorted(f"{name} float32: compiled" for name in NAMES)
    assert len(list(tmp_path.rglob("*.loop"))) == 3
    assert all(len(loop.versions) == 1 for loop in loops)


def test_what_a_process_that_ended_left_behind_is_done_here(
    loops: list[jit.Loop], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm.Apart, "wait", lambda self: False)
    assert warm.warm("float32") == []
    assert all(list(loop.state.values()) == ["compiled"] for loop in loops)


def test_a_loop_that_would_be_late_is_not_begun(loops: list[jit.Loop]) -> None:
    assert sorted(warm.warm("float32", seconds=-1)) == sorted(f"{name} float32" for name in NAMES)
    assert not any(loop.versions for loop in loops)

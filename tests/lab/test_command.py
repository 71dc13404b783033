"""The command `flowlab`."""

import subprocess
import sys

import pytest

from flowlab._src.kernels import compiling, jit, machine_code
from flowlab._src.lab import command


@pytest.fixture
def relu(monkeypatch):
    """One loop, as if nobody had asked for it yet, and no other."""
    (relu,) = [loop for loop in jit.all_loops() if loop.name == "elementwise.relu_loop"]
    monkeypatch.setattr(jit, "all_loops", lambda: [relu])
    monkeypatch.setattr(jit, "loops", [relu])
    monkeypatch.setattr(compiling.compiler, "policy", compiling.BACKGROUND)
    for name in ("versions", "state"):
        monkeypatch.setattr(relu, name, {})
    return relu


def test_warm_compiles_the_loops_and_says_where_they_are(relu, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(machine_code.store, "_writable", None)
    if compiling.policy() == compiling.NEVER:
        monkeypatch.setattr(relu, "make", lambda dtype: None)
    assert command.main(["warm"]) == 0
    text = capsys.readouterr().out
    assert "elementwise.relu_loop float64: compiled" in text
    assert "2 loops ready" in text
    assert str(tmp_path) in text


def test_warm_stops_in_time(relu, capsys):
    assert command.main(["warm", "--seconds", "-1"]) == 0
    assert "No time for 2 more (elementwise.relu_loop float32, elementwise.relu_loop float64" in capsys.readouterr().out


def test_warm_names_what_cannot_be_compiled(relu, monkeypatch, capsys):
    monkeypatch.setattr(relu, "make", lambda dtype: 1 / 0)
    assert command.main(["warm"]) == 1
    assert "Not compiled: elementwise.relu_loop float32, elementwise.relu_loop float64." in capsys.readouterr().out


def test_warm_says_when_it_can_do_nothing(monkeypatch, capsys):
    monkeypatch.setattr(compiling.compiler, "policy", compiling.NEVER)
    assert command.main(["warm"]) == 1
    assert "switched off" in capsys.readouterr().out
    monkeypatch.setattr(compiling.compiler, "policy", compiling.BACKGROUND)
    monkeypatch.setattr(command.store, "writable", lambda: None)
    assert command.main(["warm"]) == 1
    assert "NUMBA_CACHE_DIR" in capsys.readouterr().out


def test_doctor(capsys):
    assert command.main(["doctor"]) in (0, 1)
    assert "compiler" in capsys.readouterr().out


def test_an_unknown_task_is_refused(capsys):
    with pytest.raises(SystemExit):
        command.main(["warn"])
    assert "warm" in capsys.readouterr().err


def test_it_is_a_program():
    done = subprocess.run([sys.executable, "-m", "flowlab", "--help"], capture_output=True, text=True, check=True)
    assert "warm" in done.stdout

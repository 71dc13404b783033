"""`%flow doctor`: every trouble it looks for, made on purpose."""

import re
import tomllib
from pathlib import Path

import pytest

import flowlab as tf
from flowlab._src.lab import doctor

ROOT = Path(__file__).parents[2]


def found(subject):
    return next(check for check in tf.lab.doctor() if check.subject == subject)


def test_all_is_well_here():
    report = tf.lab.doctor()
    assert [check for check in report if check.state == "wrong"] == []
    assert str(report).endswith("\nall is well")


def test_it_asks_for_the_versions_that_the_project_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = dict(re.match(r"([\w-]+)>=([\d.]+)", line).groups() for line in project["dependencies"])
    assert {name: doctor.parts_of(version) for name, version in wanted.items()} == doctor.NEEDED
    assert doctor.parts_of(project["requires-python"].lstrip(">=")) == doctor.OLDEST_PYTHON


def test_a_package_that_is_missing_or_too_old(monkeypatch):
    versions = {"anywidget": None, "numpy": "1.26.4", "jupyterlab": None}
    plain = doctor.version_of
    monkeypatch.setattr(doctor, "version_of", lambda name: versions[name] if name in versions else plain(name))
    assert found("anywidget").state == "wrong"
    assert "pip install -U anywidget" in found("anywidget").advice
    assert "pictures do not move" in found("anywidget").found
    assert (
        found("numpy").text()
        == "✗ numpy      1.26.4: 2.0 or newer is needed\n             type:  pip install -U 'numpy>=2.0'"
    )
    assert found("jupyterlab").state == "note"
    assert str(tf.lab.doctor()).endswith("\n2 things are wrong")


def test_the_compiler_switched_off(monkeypatch):
    monkeypatch.setenv("FLOWLAB_NUMBA", "0")
    assert found("compiler").state == "note"
    assert "FLOWLAB_NUMBA=0" in found("compiler").found


def test_no_place_for_machine_code(monkeypatch):
    monkeypatch.setattr(doctor.store, "writable", lambda: None)
    monkeypatch.setattr(doctor.store, "files", list)
    monkeypatch.setattr(doctor.compiling, "policy", lambda: "1")
    assert found("compiler").state == "wrong"
    assert "NUMBA_CACHE_DIR" in found("compiler").advice


def test_threads_left_unused(monkeypatch):
    monkeypatch.setattr(doctor.threads, "cores", lambda: 8)
    monkeypatch.setattr(doctor.threads, "threads", lambda: 2)
    monkeypatch.setenv("FLOWLAB_THREADS", "2")
    assert found("threads").state == "note"
    assert found("threads").found.startswith("2 of 8 cores used, as FLOWLAB_THREADS says")


def test_data_that_was_changed_or_lost(monkeypatch, tmp_path):
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "SHA256SUMS").write_text("0" * 64 + "  numbers.csv\n", encoding="utf-8")
    monkeypatch.setattr(doctor, "datasets_folder", lambda: tmp_path)
    assert found("datasets").found == "missing or changed: tiny/numbers.csv"
    (tmp_path / "tiny" / "numbers.csv").write_bytes(b"1,2\n")
    assert found("datasets").state == "wrong"


@pytest.mark.parametrize("broken", ["check_versions", "check_data"])
def test_a_check_that_fails_does_not_stop_the_others(monkeypatch, broken):
    def fail():
        raise OSError("a disk is gone")

    fail.__name__ = broken
    monkeypatch.setattr(doctor, "CHECKS", (fail, doctor.check_threads))
    first, second = tf.lab.doctor()
    assert first.text() == f"✗ {broken.removeprefix('check_'):<10} could not be checked: OSError: a disk is gone"
    assert second.subject == "threads"


def test_in_a_notebook(run):
    text = run("%flow doctor").text
    assert "✓ Python" in text
    assert text.endswith("all is well\n")

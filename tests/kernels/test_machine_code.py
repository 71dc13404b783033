"""Compiled loops on disk: found by their own kind of process alone, whole or not at all, wherever one may write."""

import os
import sys
from pathlib import Path

import pytest

from flowlab._src.kernels import machine_code
from flowlab._src.kernels.machine_code import Store, folder_name


@pytest.fixture
def place(monkeypatch, tmp_path):
    """The one place there is."""
    use(monkeypatch, tmp_path)
    return tmp_path


def use(monkeypatch, *folders):
    monkeypatch.setattr(machine_code, "places", lambda: iter(folders))


def test_what_was_written_is_read(place):
    assert Store().read("conv.float32") is None
    assert Store().write("conv.float32", b"code")
    assert Store().read("conv.float32") == b"code"
    assert Store().read("conv.float64") is None
    assert [path.name for path in Store().files()] == ["conv.float32.loop"]
    assert Store().has_some("conv.")
    assert not Store().has_some("pool.")


@pytest.mark.parametrize(
    "harm",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content[:20],
        lambda content: content[:-1] + b"?",
        lambda content: content + b"?",
        lambda content: b"\x80\x05" + content,
    ],
)
def test_a_harmed_file_counts_as_none_and_goes(harm, place):
    Store().write("conv", b"code" * 9)
    (path,) = Store().files()
    path.write_bytes(harm(path.read_bytes()))
    assert Store().read("conv") is None
    assert not path.exists()
    assert Store().write("conv", b"new")
    assert Store().read("conv") == b"new"


def test_a_file_of_another_machine_under_our_name_counts_as_none(place):
    Store().write("conv.avx512", b"code")
    (path,) = Store().files()
    path.rename(path.with_name("conv.neon.loop"))
    assert Store().read("conv.neon") is None


def test_a_place_that_cannot_be_written_is_passed_over(monkeypatch, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    use(monkeypatch, blocked, tmp_path / "new")
    assert Store().writable() == tmp_path / "new" / folder_name()
    use(monkeypatch, blocked)
    assert Store().writable() is None
    assert not Store().write("conv", b"code")
    assert Store().read("conv") is None


def test_code_is_read_where_it_cannot_be_written(monkeypatch, tmp_path):
    shared, own = tmp_path / "shared", tmp_path / "own"
    use(monkeypatch, shared)
    Store().write("conv", b"shared code")
    use(monkeypatch, shared, own)
    monkeypatch.setattr(machine_code, "may_write", lambda place: place != shared)
    store = Store()
    assert store.read("conv") == b"shared code"
    store.write("pool", b"own code")
    assert [path.parent.parent for path in store.files()] == [shared, own]


def test_nothing_is_written_beside_the_sources_when_python_may_not(monkeypatch):
    beside = machine_code.SOURCES / "__pycache__"
    monkeypatch.setattr(sys, "pycache_prefix", None)
    for forbidden in (True, False):
        monkeypatch.setattr(sys, "dont_write_bytecode", forbidden)
        assert machine_code.may_write(beside) is not forbidden
        assert machine_code.may_write(Path("/elsewhere"))


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="this system has no owners of files")
def test_a_folder_into_which_anybody_may_write_is_not_trusted(place):
    Store().write("conv", b"code")
    (place / folder_name()).chmod(0o777)
    assert Store().read("conv") is None
    assert Store().writable() is None


@pytest.mark.parametrize(
    ("system", "settings", "folder"),
    [
        ("linux", {}, "home/.cache/flowlab"),
        ("linux", {"XDG_CACHE_HOME": "{}/xdg"}, "xdg/flowlab"),
        ("linux", {"XDG_CACHE_HOME": "relative"}, "home/.cache/flowlab"),
        ("darwin", {"XDG_CACHE_HOME": "{}/xdg"}, "home/Library/Caches/flowlab"),
        ("win32", {"LOCALAPPDATA": "{}/local"}, "local/flowlab/Cache"),
        ("win32", {}, "home/AppData/Local/flowlab/Cache"),
    ],
)
def test_the_users_folder_is_where_the_system_keeps_such_things(system, settings, folder, monkeypatch, tmp_path):
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value.format(tmp_path))
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    monkeypatch.setattr(sys, "platform", system)
    assert machine_code.user_folder() == tmp_path / folder


def test_without_a_home_there_is_no_users_folder(monkeypatch):
    def homeless():
        raise RuntimeError("no home")

    monkeypatch.setattr(Path, "home", homeless)
    assert machine_code.user_folder() is None


def test_numbas_own_setting_decides(monkeypatch, tmp_path):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert list(machine_code.places()) == [tmp_path / "flowlab"]


def test_code_of_old_sources_is_removed_after_a_while(place):
    old, recent, foreign = (place / name for name in ("loops-0123456789ab", "loops-ba9876543210", "loops-notes"))
    for folder in (old, recent, foreign):
        folder.mkdir()
        (folder / "code.loop").touch()
    for folder in (old, foreign):
        os.utime(folder, (0, 0))
    current = Store().writable()
    assert {path.name for path in place.iterdir()} == {recent.name, foreign.name, current.name}


def test_a_folder_in_use_does_not_grow_old(place):
    Store().write("conv", b"code")
    folder = place / folder_name()
    os.utime(folder, (0, 0))
    Store().used()
    assert folder.stat().st_mtime > 0

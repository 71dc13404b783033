"""`tf.gfile` and `tf.io.gfile`. The errors and values are those that TensorFlow 2.21's compat.v1 gave for the same calls."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import flowlab as tf

errors = tf.errors


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_bytes(b"one\ntwo\nthree")
    (tmp_path / "dir" / "deep").mkdir(parents=True)
    (tmp_path / "dir" / "b").write_bytes(b"x")
    return tmp_path


@pytest.mark.parametrize("Kind", [tf.gfile.GFile, tf.gfile.Open, tf.gfile.FastGFile, tf.io.gfile.GFile])
def test_reading(Kind: Any) -> None:
    assert Kind("a.txt").read() == "one\ntwo\nthree"
    assert Kind("a.txt", "rb").read(4) == b"one\n"
    assert list(Kind("a.txt")) == Kind("a.txt").readlines() == ["one\n", "two\n", "three"]
    with Kind(Path("a.txt"), mode="r") as file:
        assert (file.readline(), file.tell(), file.size(), file.seekable()) == ("one\n", 4, 13, True)
        file.seek(-5, whence=2)
        assert file.read() == "three"
        file.seek(position=4)
        assert next(file) == file.next().replace("three", "two\n")


def test_writing_and_appending() -> None:
    with tf.gfile.GFile("w.txt", "w") as file:
        file.write("größe")
        assert file.tell() == 7
        file.write(b" and bytes")
        file.flush()
        assert Path("w.txt").read_bytes() == "größe and bytes".encode()
    with tf.gfile.GFile("w.txt", "a") as file:
        file.write("!")
    assert tf.gfile.GFile("w.txt").read() == "größe and bytes!"
    with tf.gfile.GFile("a.txt", "w+") as file:
        assert file.read() == "one\ntwo\nthree"  # emptied by the first writing only
        file.write("new")
    assert Path("a.txt").read_bytes() == b"new"


def test_a_file_is_closed_when_forgotten() -> None:
    tf.gfile.Open("w.txt", "w").write("kept")
    assert Path("w.txt").read_text("utf-8") == "kept"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: tf.gfile.Open("none").read(), errors.NotFoundError, "none; No such file or directory"),
        (lambda: tf.gfile.Open("none").size(), errors.NotFoundError, "none; No such file or directory"),
        (
            lambda: tf.gfile.Open("a.txt", "x"),
            errors.InvalidArgumentError,
            "mode is not 'r' or 'w' or 'a' or 'r+' or 'w+' or 'a+'",
        ),
        (lambda: tf.gfile.Open("a.txt").write("s"), errors.PermissionDeniedError, "File isn't open for writing"),
        (lambda: tf.gfile.Open("n", "w").read(), errors.PermissionDeniedError, "File isn't open for reading"),
        (lambda: tf.gfile.Open("dir").read(), errors.FailedPreconditionError, "dir; Is a directory"),
        (
            lambda: tf.gfile.Open("a.txt").seek(2, 5),
            errors.InvalidArgumentError,
            "Invalid whence argument: 5. Valid values are 0, 1, or 2.",
        ),
        (lambda: tf.gfile.Open("a.txt").seek(-2), errors.InvalidArgumentError, "Seeking to a negative position: -2"),
        (lambda: tf.gfile.Open("a.txt").seek(), TypeError, "seek(): offset argument required"),
        (lambda: tf.gfile.Open("u", "w").write(3), TypeError, "Expected binary or unicode string, got 3"),
        (lambda: tf.gfile.Open(3).read(), TypeError, "name must be the path of a file, not 3."),
        (lambda: tf.gfile.ListDirectory("zz"), errors.NotFoundError, "Could not find directory zz"),
        (lambda: tf.gfile.ListDirectory("a.txt"), errors.NotFoundError, "Could not find directory a.txt"),
        (lambda: tf.gfile.MkDir("p/q"), errors.NotFoundError, "p/q; No such file or directory"),
        (lambda: tf.gfile.MakeDirs("a.txt"), errors.FailedPreconditionError, "a.txt is not a directory"),
        (lambda: tf.gfile.Remove("zz"), errors.NotFoundError, "zz; No such file or directory"),
        (lambda: tf.gfile.Remove("dir"), errors.FailedPreconditionError, "dir; Is a directory"),
        (lambda: tf.gfile.DeleteRecursively("zz"), errors.NotFoundError, "zz not found"),
        (lambda: tf.gfile.Copy("a.txt", "dir/b"), errors.AlreadyExistsError, "file already exists"),
        (lambda: tf.gfile.Copy("zz", "c"), errors.NotFoundError, "zz; No such file or directory"),
        (lambda: tf.gfile.Rename("a.txt", "dir/b"), errors.AlreadyExistsError, "file already exists"),
        (lambda: tf.gfile.Rename("zz", "c"), errors.NotFoundError, "zz; No such file or directory"),
        (lambda: tf.gfile.Stat("zz"), errors.NotFoundError, "zz; No such file or directory"),
        (
            lambda: tf.gfile.Exists("gs://bucket/file"),
            errors.UnimplementedError,
            "File system scheme 'gs' not implemented (file: 'gs://bucket/file')",
        ),
        (lambda: tf.gfile.Open("a\0b").read(), errors.InvalidArgumentError, "'a\\x00b' is no path: it has a zero byte"),
    ],
)
def test_refusals(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == message


def test_folders() -> None:
    assert tf.gfile.Exists("dir")
    assert not tf.io.gfile.exists("zz")
    assert (tf.gfile.IsDirectory("dir"), tf.io.gfile.isdir("a.txt"), tf.gfile.IsDirectory("zz")) == (True, False, False)
    tf.gfile.MkDir("dir")  # already there: no matter
    tf.io.gfile.mkdir("new")
    tf.gfile.MakeDirs("new/p/q")
    tf.io.gfile.makedirs("new/p/q")
    assert tf.gfile.ListDirectory("new") == tf.io.gfile.listdir("new") == ["p"]
    tf.gfile.DeleteRecursively("new")
    assert not os.path.exists("new")
    tf.io.gfile.rmtree("a.txt")
    assert tf.gfile.ListDirectory(".") == ["dir"]


def test_files_copied_renamed_removed() -> None:
    tf.gfile.Copy("a.txt", "c.txt")
    tf.gfile.Copy("dir/b", "c.txt", overwrite=True)
    assert Path("c.txt").read_bytes() == b"x"
    tf.io.gfile.rename("c.txt", "a.txt", overwrite=True)
    assert (tf.gfile.Exists("c.txt"), tf.gfile.Open("a.txt").read()) == (False, "x")
    tf.gfile.Remove("a.txt")
    assert not tf.gfile.Exists("a.txt")


def test_patterns() -> None:
    assert tf.gfile.Glob("*") == ["a.txt", "dir"]
    assert tf.io.gfile.glob(["d*/?", "a*"]) == [os.path.join("dir", "b"), "a.txt"]
    assert tf.gfile.Glob("zz/*") == []


def test_facts_about_a_file() -> None:
    found = tf.gfile.Stat("a.txt")
    assert (found.length, found.is_directory, found.mtime_nsec) == (13, False, os.stat("a.txt").st_mtime_ns)
    assert tf.io.gfile.stat("dir").is_directory


def test_walking() -> None:
    deep = os.path.join("dir", "deep")
    down = [(".", ["dir"], ["a.txt"]), (os.path.join(".", "dir"), ["deep"], ["b"]), (os.path.join(".", deep), [], [])]
    assert list(tf.gfile.Walk(".")) == down
    assert list(tf.io.gfile.walk(".", topdown=False)) == list(tf.gfile.Walk(".", in_order=False)) == down[::-1]
    missing: list[Exception] = []
    assert list(tf.io.gfile.walk("zz", onerror=missing.append)) == []
    assert isinstance(missing[0], errors.NotFoundError)

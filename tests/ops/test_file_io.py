"""Operations that read, write and find files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import flowlab as tf


@pytest.fixture(autouse=True)
def fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


def run(tensor: Any) -> Any:
    with tf.Session() as sess:
        return sess.run(tensor)


def test_a_file_is_written_with_its_folders_and_read_again(tmp_path: Path) -> None:
    path = str(tmp_path / "new" / "deep" / "file.bin")
    write = tf.write_file(path, b"\x00text\xff")
    with tf.control_dependencies([write]):
        content = tf.read_file(path)
    assert write.type == "WriteFile"
    assert content.shape.as_list() == []
    assert run(content) == b"\x00text\xff"


def test_a_file_is_read_anew_in_each_run(tmp_path: Path) -> None:
    path = tmp_path / "file"
    content = tf.io.read_file(str(path))
    with tf.Session() as sess:
        path.write_bytes(b"one")
        assert sess.run(content) == b"one"
        path.write_bytes(b"two")
        assert sess.run(content) == b"two"


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(tf.errors.NotFoundError, match="No such file or directory"):
        run(tf.read_file(str(tmp_path / "missing")))
    with pytest.raises((tf.errors.FailedPreconditionError, tf.errors.PermissionDeniedError)):
        run(tf.read_file(str(tmp_path)))
    with pytest.raises((tf.errors.FailedPreconditionError, tf.errors.PermissionDeniedError)):
        run(tf.write_file(str(tmp_path), "x"))
    (tmp_path / "file").write_text("x")
    with pytest.raises(tf.errors.OpError):
        run(tf.write_file(str(tmp_path / "file" / "inner"), "x"))
    for kind in (tf.read_file, lambda path: tf.write_file(path, "x")):
        with pytest.raises(tf.errors.InvalidArgumentError):
            run(kind("a\0b"))


def test_names_and_contents_are_scalars() -> None:
    several = tf.placeholder(tf.string)
    for made in (tf.read_file(several), tf.write_file(several, "x"), tf.write_file("unused", several)):
        with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError, match="must be scalar, but had shape"):
            sess.run(made, {several: ["a", "b"]})
    with pytest.raises(ValueError, match="Shape must be rank 0 but is rank 1"):
        tf.read_file(["a"])
    with pytest.raises(ValueError, match="Shape must be rank 0 but is rank 1"):
        tf.write_file("a", ["b"])
    with pytest.raises(ValueError, match="Shape must be at most rank 1 but is rank 2"):
        tf.matching_files([["a"]])


def test_files_are_found_by_patterns_in_order(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", ".h.txt", "c.csv", "sub/x.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)

    def found(*patterns: str) -> list[str]:
        paths = run(tf.matching_files([os.path.join(str(tmp_path), p) for p in patterns]))
        return [os.path.relpath(os.fsdecode(path), tmp_path).replace(os.sep, "/") for path in paths]

    assert found("*.txt") == [".h.txt", "a.txt", "b.txt"]
    assert found("?.txt") == ["a.txt", "b.txt"]
    assert found("[!a].txt") == ["b.txt"]
    assert found("*/*.txt") == ["sub/x.txt"]
    assert found("b*", "a*") == ["a.txt", "b.txt"]
    assert found("*", "sub") == [".h.txt", "a.txt", "b.txt", "c.csv", "sub", "sub"]
    assert found("none*") == []
    assert found("a.txt") == ["a.txt"]
    assert tf.io.matching_files("x").shape.as_list() == [None]
    assert run(tf.io.matching_files("")).tolist() == []

"""Readers of files: lines, files as a whole, TFRecords, pieces. Answers were recorded from TensorFlow 2.21."""

from __future__ import annotations

import contextlib
import gzip
import zlib
from pathlib import Path
from typing import Any

import pytest

import flowlab as tf


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.txt").write_bytes(b"one\r\ntwo\n\nlast")
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "c.txt").write_bytes(b"x\ny\n")
    (tmp_path / "bytes.bin").write_bytes(bytes(range(20)))
    return tmp_path


def records(reader: Any, paths: list[Path], up_to: int | None = None) -> list[Any]:
    """All that a reader reads: (key without the folder, value), then its two counts."""
    queue = tf.FIFOQueue(10, tf.string)
    fill, close = queue.enqueue_many([[str(p) for p in paths]]), queue.close()
    record = reader.read(queue) if up_to is None else reader.read_up_to(queue, up_to)
    counts = [reader.num_records_produced(), reader.num_work_units_completed()]
    found: list[Any] = []
    with tf.Session() as sess:
        sess.run(fill)
        sess.run(close)
        try:
            while True:
                key, value = sess.run(record)
                if up_to is None:
                    found.append((Path(key.decode()).name, value))
                else:
                    found.append([(Path(k.decode()).name, v) for k, v in zip(key, value, strict=True)])
        except tf.errors.OutOfRangeError:
            return [*found, tuple(int(n) for n in sess.run(counts))]


def test_text_lines_have_numbered_keys(folder: Path) -> None:
    files = [folder / name for name in ("a.txt", "empty.txt", "c.txt")]
    assert records(tf.TextLineReader(), files) == [
        ("a.txt:1", b"one"), ("a.txt:2", b"two"), ("a.txt:3", b""), ("a.txt:4", b"last"), ("c.txt:1", b"x"),
        ("c.txt:2", b"y"), (6, 3),
    ]  # fmt: skip


def test_header_lines_are_left_out_in_each_file(folder: Path) -> None:
    files = [folder / name for name in ("a.txt", "empty.txt", "c.txt")]
    assert records(tf.TextLineReader(skip_header_lines=1), files) == [
        ("a.txt:2", b"two"), ("a.txt:3", b""), ("a.txt:4", b"last"), ("c.txt:2", b"y"), (4, 3),
    ]  # fmt: skip


def test_several_lines_at_once_end_with_the_file(folder: Path) -> None:
    files = [folder / name for name in ("a.txt", "empty.txt", "c.txt")]
    assert records(tf.TextLineReader(), files, up_to=3) == [
        [("a.txt:1", b"one"), ("a.txt:2", b"two"), ("a.txt:3", b"")], [("a.txt:4", b"last")],
        [("c.txt:1", b"x"), ("c.txt:2", b"y")], (6, 3),
    ]  # fmt: skip


def test_whole_files(folder: Path) -> None:
    files = [folder / "a.txt", folder / "empty.txt"]
    assert records(tf.WholeFileReader(), files) == [("a.txt", b"one\r\ntwo\n\nlast"), ("empty.txt", b""), (2, 2)]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"record_bytes": 4, "header_bytes": 2, "footer_bytes": 3}, [(2, 6), (6, 10), (10, 14)]),
        ({"record_bytes": 4, "hop_bytes": 7}, [(0, 4), (7, 11), (14, 18)]),
        ({"record_bytes": 4, "hop_bytes": 2}, [(i, i + 4) for i in range(0, 17, 2)]),
        ({"record_bytes": 30}, []),
    ],
)
@pytest.mark.parametrize("encoding", ["", "ZLIB", "GZIP"])
def test_pieces_of_fixed_length(
    folder: Path, options: dict[str, int], expected: list[tuple[int, int]], encoding: str
) -> None:
    path, data = folder / "bytes.bin", bytes(range(20))
    path.write_bytes({"": data, "ZLIB": zlib.compress(data), "GZIP": gzip.compress(data)}[encoding])
    found = records(tf.FixedLengthRecordReader(**options, encoding=encoding), [path])
    assert found[:-1] == [(f"bytes.bin:{i}", data[a:b]) for i, (a, b) in enumerate(expected)]
    assert found[-1] == (len(expected), 1)


@pytest.mark.parametrize("compression", ["NONE", "ZLIB", "GZIP"])
def test_tfrecords_have_the_byte_in_their_keys(folder: Path, compression: str) -> None:
    options = tf.python_io.TFRecordOptions(getattr(tf.python_io.TFRecordCompressionType, compression))
    with tf.python_io.TFRecordWriter(str(folder / "r"), options) as writer:
        for record in (b"a", b"bbb", b""):
            writer.write(record)
    assert records(tf.TFRecordReader(options=options), [folder / "r"], up_to=2) == [
        [("r:0", b"a"), ("r:17", b"bbb")], [("r:36", b"")], (3, 1),
    ]  # fmt: skip


def test_a_file_that_is_missing_fails_once_and_the_next_one_follows(folder: Path) -> None:
    queue = tf.FIFOQueue(10, tf.string)
    fill = queue.enqueue_many([[str(folder / "none.txt"), str(folder / "c.txt")]])
    line = tf.TextLineReader().read(queue).value
    with tf.Session() as sess:
        sess.run(fill)
        with pytest.raises(tf.errors.NotFoundError, match=r"none\.txt; No such file or directory") as caught:
            sess.run(line)
        assert caught.value.op is line.op
        assert sess.run(line) == b"x"


def test_a_damaged_file_fails_again_and_again(folder: Path) -> None:
    queue = tf.FIFOQueue(10, tf.string)
    fill = queue.enqueue_many([[str(folder / "a.txt"), str(folder / "c.txt")]])
    record = tf.TFRecordReader().read(queue)
    with tf.Session() as sess:
        sess.run(fill)
        for _ in range(2):
            with pytest.raises(tf.errors.DataLossError, match="corrupted record at 0"):
                sess.run(record)


def test_a_state_is_restored_in_another_session(folder: Path) -> None:
    queue, reader = tf.FIFOQueue(10, tf.string), tf.WholeFileReader()
    fill = queue.enqueue_many([[str(folder / "a.txt"), str(folder / "c.txt")]])
    record, state = reader.read(queue), reader.serialize_state()
    saved = tf.placeholder(tf.string, [])
    restore, reset = reader.restore_state(saved), reader.reset()
    counts = [reader.num_records_produced(), reader.num_work_units_completed()]
    with tf.Session() as sess:
        sess.run(fill)
        sess.run(record)
        written = sess.run(state)
        assert (
            written
            == b'\x08\x01\x10\x01\x18\x01"' + bytes([len(str(folder / "a.txt"))]) + str(folder / "a.txt").encode()
        )
    with tf.Session() as sess:
        sess.run(restore, {saved: written})
        assert [int(n) for n in sess.run(counts)] == [1, 1]
        sess.run(reset)
        assert [int(n) for n in sess.run(counts)] == [0, 0]
        for junk in (b"junk", b"\x08", b'"\x05a', b"\x08\x01\x10\x02", b"\x08" + b"\xff" * 12):
            with pytest.raises(tf.errors.InvalidArgumentError, match="Could not parse state for WholeFileReader"):
                sess.run(restore, {saved: junk})


def test_lines_through_the_whole_pipeline(folder: Path) -> None:
    names = tf.train.string_input_producer(tf.train.match_filenames_once(str(folder / "[ac].txt")), num_epochs=2)
    _, line = tf.TextLineReader().read(names)
    batch = tf.train.shuffle_batch([line], 4, capacity=30, min_after_dequeue=8, allow_smaller_final_batch=True)
    found: list[bytes] = []
    with tf.Session() as sess:
        sess.run(tf.local_variables_initializer())
        coord = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(sess, coord)
        with contextlib.suppress(tf.errors.OutOfRangeError):
            while not coord.should_stop():
                found += sess.run(batch).tolist()
        coord.request_stop()
        coord.join(threads)
    assert sorted(found) == sorted([b"one", b"two", b"", b"last", b"x", b"y"] * 2)


def test_a_reader_wants_a_queue() -> None:
    with pytest.raises(TypeError, match="from a queue, not from a list") as caught:
        tf.TextLineReader().read(["a.txt"])
    assert "string_input_producer" in "".join(caught.value.__notes__)


def test_there_is_no_reader_of_lmdb() -> None:
    with pytest.raises(tf.errors.UnimplementedError, match="LMDB"):
        tf.LMDBReader()

"""Record files: the bytes TensorFlow writes, and what happens to damaged ones."""

import contextlib
import random
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

import flowlab as tf
from flowlab._src.formats.checksum import mask, masked_crc32c, unmask
from flowlab._src.formats.tfrecord import RecordReader

io = tf.python_io
RECORDS = [b"abc", b"", b"\0" * 40, bytes(range(30))]

# What TensorFlow 2.21 wrote for RECORDS.
PLAIN = bytes.fromhex(
    "0300000000000000b099490e6162636e57f121000000000000000029039807d8ea82a22800000000000000ff70164a000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000979d3d121e00000000000000d9dc1232000102030405060708090a0b0c0d0e"
    "0f101112131415161718191a1b1c1de32631c8"
)
GZIP = bytes.fromhex(
    "1f8b0800000000000003636680800d333df9129392f3c23f2a424518349967b0df78d5b44803caff5f20e6c54024983ed756480ecabe7947c88881"
    "91899985958d9d83938b9b87978f5f4050485844544c5c42524a5a46f6b19ae1090089791f2789000000"
)
ZLIB = bytes.fromhex(
    "789c636680800d333df9129392f3c23f2a424518349967b0df78d5b44803caff5f20e6c54024983ed756480ecabe7947c888819189998595"
    "8d"
    "9d83938b9b87978f5f4050485844544c5c42524a5a46f6b19ae10900335c1198"
)


def write(path: Path, records: list[bytes], options: object = None) -> None:
    with io.TFRecordWriter(str(path), options) as writer:
        for record in records:
            writer.write(record)


def test_an_uncompressed_file_is_byte_for_byte_tensorflows(tmp_path: Path) -> None:
    write(tmp_path / "a", RECORDS)
    assert (tmp_path / "a").read_bytes() == PLAIN


@pytest.mark.parametrize(("data", "kind"), [(PLAIN, ""), (GZIP, "GZIP"), (ZLIB, "ZLIB"), (PLAIN, None)])
def test_files_of_tensorflow_are_read(tmp_path: Path, data: bytes, kind: str | None) -> None:
    (tmp_path / "a").write_bytes(data)
    assert list(io.tf_record_iterator(str(tmp_path / "a"), kind)) == RECORDS


@pytest.mark.parametrize("kind", ["GZIP", "ZLIB"])
def test_compressed_files_are_streams_of_zlib(tmp_path: Path, kind: str) -> None:
    write(tmp_path / "a", RECORDS, kind)
    bits = {"GZIP": 31, "ZLIB": 15}[kind]
    assert zlib.decompress((tmp_path / "a").read_bytes(), bits) == PLAIN


@settings(max_examples=25, deadline=None)
@given(st.lists(st.binary(max_size=200), max_size=20), st.sampled_from(["", "GZIP", "ZLIB"]))
def test_records_survive(tmp_path_factory: pytest.TempPathFactory, records: list[bytes], kind: str) -> None:
    path = tmp_path_factory.mktemp("records") / "a"
    write(path, records, kind)
    assert list(io.tf_record_iterator(path, io.TFRecordOptions(kind))) == records


def test_large_compressed_records(tmp_path: Path) -> None:
    records = [random.Random(1).randbytes(700_000), b"\0" * 3_000_000, b"end"]
    write(tmp_path / "a", records, "GZIP")
    assert list(io.tf_record_iterator(tmp_path / "a", "GZIP")) == records


def test_two_compressed_files_joined(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(GZIP + GZIP)
    assert list(io.tf_record_iterator(tmp_path / "a", "GZIP")) == RECORDS * 2


def test_options(tmp_path: Path) -> None:
    kinds = io.TFRecordCompressionType
    assert (kinds.NONE, kinds.ZLIB, kinds.GZIP) == (0, 1, 2)
    name = io.TFRecordOptions.get_compression_type_string
    assert [name(kind) for kind in (0, 1, 2, None, "", "ZLIB", io.TFRecordOptions(2))] == [
        "", "ZLIB", "GZIP", "", "", "ZLIB", "GZIP",
    ]  # fmt: skip
    for bad in (3, "LZ4", "gzip"):
        with pytest.raises(ValueError, match=f'Not a valid compression_type: "{bad}"'):
            io.TFRecordOptions(bad)
    write(tmp_path / "small", [b"abc" * 99], io.TFRecordOptions("ZLIB", compression_level=9, mem_level=1))
    assert list(io.tf_record_iterator(tmp_path / "small", "ZLIB")) == [b"abc" * 99]
    with pytest.raises(ValueError, match="compression_level must be from 0 to 9, got 12"):
        io.TFRecordWriter(tmp_path / "b", io.TFRecordOptions("GZIP", compression_level=12))
    with pytest.raises(ValueError, match="window_bits = 99 is no window"):
        io.TFRecordWriter(tmp_path / "b", io.TFRecordOptions("GZIP", window_bits=99))
    assert not (tmp_path / "b").exists()


def test_writer(tmp_path: Path) -> None:
    writer = io.TFRecordWriter(str(tmp_path / "a"))
    writer.write("abc")  # type: ignore[arg-type]  # text is taken as UTF-8, as TensorFlow does
    with pytest.raises(TypeError, match="SerializeToString"):
        writer.write(tf.train.Example())
    with pytest.raises(TypeError, match="got int"):
        writer.write(5)  # type: ignore[arg-type]
    writer.flush()
    assert (tmp_path / "a").read_bytes() == PLAIN[:19]
    writer.close()
    writer.close()
    for use in (lambda: writer.write(b"x"), writer.flush):
        with pytest.raises(tf.errors.FailedPreconditionError, match="Writer is closed"):
            use()


def test_a_flushed_compressed_file_can_be_read_so_far(tmp_path: Path) -> None:
    writer = io.TFRecordWriter(tmp_path / "a", "ZLIB")
    writer.write(b"abc")
    writer.flush()
    reader = io.tf_record_iterator(tmp_path / "a", "ZLIB")
    assert next(reader) == b"abc"
    writer.close()


def test_files_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(tf.errors.NotFoundError, match="No such file or directory"):
        io.TFRecordWriter(str(tmp_path / "no" / "such"))
    with pytest.raises(tf.errors.NotFoundError, match="No such file or directory"):
        list(io.tf_record_iterator(str(tmp_path / "none")))
    with pytest.raises(tf.errors.FailedPreconditionError, match="Is a directory"):
        list(io.tf_record_iterator(str(tmp_path)))
    with pytest.raises(tf.errors.InvalidArgumentError, match="is no path"):
        io.TFRecordWriter("a\0b")
    with pytest.raises(TypeError, match=r"path must be the path of a file, not 5\.0"):
        io.TFRecordWriter(5.0)


@pytest.mark.parametrize("length", [1, 5, 12, 14, 17, 18])
def test_a_file_that_ends_in_a_record(tmp_path: Path, length: int) -> None:
    (tmp_path / "a").write_bytes(PLAIN[:length])
    with pytest.raises(tf.errors.DataLossError, match="truncated record at 0"):
        list(io.tf_record_iterator(tmp_path / "a"))
    (tmp_path / "a").write_bytes(PLAIN[:19] + PLAIN[:length])
    reader = io.tf_record_iterator(tmp_path / "a")
    assert next(reader) == b"abc"
    with pytest.raises(tf.errors.DataLossError, match="truncated record at 19"):
        next(reader)


@pytest.mark.parametrize(
    ("byte", "message"), [(0, r"at 0 \(Is this even"), (9, r"at 0 \(Is this even"), (13, "at 12"), (16, "at 12")]
)
def test_a_damaged_record(tmp_path: Path, byte: int, message: str) -> None:
    data = bytearray(PLAIN)
    data[byte] ^= 4
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(tf.errors.DataLossError, match=f"corrupted record {message}"):
        list(io.tf_record_iterator(tmp_path / "a"))


def test_a_length_beyond_the_file_asks_for_no_memory(tmp_path: Path) -> None:
    for length in (1 << 40, (1 << 64) - 1):
        header = length.to_bytes(8, "little")
        data = header + masked_crc32c(header).to_bytes(4, "little") + b"abc"
        (tmp_path / "a").write_bytes(data)
        with pytest.raises(tf.errors.DataLossError, match="truncated record"):
            list(io.tf_record_iterator(tmp_path / "a"))
        (tmp_path / "a").write_bytes(zlib.compress(data))
        with pytest.raises(tf.errors.DataLossError, match="truncated record"):
            list(io.tf_record_iterator(tmp_path / "a", "ZLIB"))


def test_what_is_not_compressed_as_said(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(PLAIN)
    for kind in ("GZIP", "ZLIB"):
        with pytest.raises(tf.errors.DataLossError, match=r"inflate\(\) failed with error -3: incorrect header check"):
            list(io.tf_record_iterator(tmp_path / "a", kind))


@pytest.mark.parametrize(("data", "kind"), [(PLAIN, ""), (GZIP, "GZIP"), (ZLIB, "ZLIB")])
def test_damage_anywhere_gives_right_records_or_an_error(tmp_path: Path, data: bytes, kind: str) -> None:
    chance = random.Random(7)
    for _ in range(300):
        damaged = bytearray(data)
        for _ in range(chance.choice([1, 1, 2, 8])):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        if chance.random() < 0.3:
            del damaged[chance.randrange(len(damaged)) :]
        (tmp_path / "a").write_bytes(damaged)
        found = []
        with contextlib.suppress(tf.errors.DataLossError):
            found.extend(io.tf_record_iterator(tmp_path / "a", kind))
        assert found == RECORDS[: len(found)]


def test_positions(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(PLAIN)
    reader = RecordReader(str(tmp_path / "a"))
    positions = []
    for _ in reader:
        positions.append(reader.position)
    reader.close()
    assert positions == [19, 35, 91, 137]


@given(st.integers(0, 2**32 - 1))
def test_masks_are_undone(crc: int) -> None:
    assert unmask(mask(crc)) == crc


def test_checksum_of_a_standard_text() -> None:
    assert unmask(masked_crc32c(b"123456789")) == 0xE3069283  # the check value of CRC-32C

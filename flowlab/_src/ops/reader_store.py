"""The readers that a session keeps: each takes the name of a file from a queue and gives its records one by one."""

from __future__ import annotations

import contextlib
import io
import threading
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, ClassVar

from flowlab._src.errors import DataLossError, InvalidArgumentError, OpError, OutOfRangeError, UnimplementedError
from flowlab._src.formats.files import file_error, open_file
from flowlab._src.formats.tfrecord import RecordReader

Record = tuple[bytes, bytes]  # key and value
OneMore = Callable[[], bytes]  # takes the next name from the queue; may wait


class Reader:
    """A reader at work: the unit in hand (mostly a file), and how much has been read.

    A subclass gives the records of a unit as an iterator.
    """

    kind: ClassVar[str] = "Reader"
    op_type: ClassVar[str] = "Reader"
    saves_state: ClassVar[bool] = False

    def __init__(self, name: str) -> None:
        self.name = name
        self.lock = threading.Lock()
        self._records: Iterator[Record] | None = None  # of the unit in hand; None: it is at its end
        self.reset()

    def reset(self) -> None:
        """Go back to the start: no unit in hand, nothing read."""
        self.started = self.finished = self.produced = 0
        self._unit = b""  # the last one taken from the queue
        self.release()
        self._records = None

    def release(self) -> None:
        """Close the file in hand: the session ends."""
        close = getattr(self._records, "close", None)
        if close is not None:
            with contextlib.suppress(ValueError):  # another thread is reading from it just now
                close()

    def open(self, path: str) -> Iterator[Record]:
        """The records of a unit; what cannot be opened fails here."""
        raise NotImplementedError

    def _next(self, next_unit: OneMore) -> Record | None:
        """The next record of the unit in hand, None at its end; takes up another unit where there is none in hand."""
        if self._records is None:
            unit = next_unit()
            self._records = self.open(unit.decode("utf-8", "surrogateescape"))
            self._unit = unit
            self.started += 1
        try:
            record = next(self._records, None)
        except OpError as error:
            if not self.saves_state:
                self._records = Broken(error)
            raise
        if record is not None:
            self.produced += 1
        if record is None or self.saves_state:  # where the state can be saved, a unit is one record
            self._records = None
            self.finished = self.started
        return record

    def read(self, next_unit: OneMore) -> Record:
        """The next record, with its key; waits for the queue where a unit is at its end."""
        with self.lock:
            while True:
                record = self._next(next_unit)
                if record is not None:
                    return record

    def read_up_to(self, next_unit: OneMore, count: int) -> list[Record]:
        """The next records of one unit, as many as it has, at most `count`."""
        result: list[Record] = []
        with self.lock:
            while len(result) < count:
                record = self._next(next_unit)
                if record is not None:
                    result.append(record)
                if result and self._records is None:
                    break
        return result

    # ---- the state as bytes: a protocol buffer message of three numbers and the unit in hand ----------------------

    def serialize(self) -> bytes:
        """The state of the reader."""
        if not self.saves_state:
            raise UnimplementedError(None, None, "Reader SerializeState")
        with self.lock:
            numbers = (self.started, self.finished, self.produced)
            result = b"".join(bytes([8 * field]) + varint(n) for field, n in enumerate(numbers, 1) if n)
            return result + (b"\x22" + varint(len(self._unit)) + self._unit if self._unit else b"")

    def restore(self, state: bytes) -> None:
        """Take up a state that `serialize` has written."""
        if not self.saves_state:
            raise UnimplementedError(None, None, "Reader RestoreState")
        fields = read_fields(state)
        if fields is None or fields.get(1, 0) < fields.get(2, 0):
            text = state.decode("utf-8", "replace")
            raise InvalidArgumentError(None, None, f"Could not parse state for {self.kind} '{self.name}': {text}")
        with self.lock:
            self.started, self.finished, self.produced = (fields.get(n, 0) for n in (1, 2, 3))
            self._unit = fields.get(4, b"")
            at_work = self.started > self.finished
            self._records = self.open(self._unit.decode("utf-8", "surrogateescape")) if at_work else None


class Broken:
    """The rest of a damaged file: each attempt to read on fails as the first."""

    def __init__(self, error: OpError) -> None:
        self._error = error

    def __iter__(self) -> Broken:
        return self

    def __next__(self) -> Record:
        """Fail."""
        raise type(self._error)(None, None, self._error.message)


def varint(number: int) -> bytes:
    """A number in groups of seven bits, the lowest first."""
    result = bytearray()
    while number > 0x7F:
        result.append(number & 0x7F | 0x80)
        number >>= 7
    result.append(number)
    return bytes(result)


def read_fields(data: bytes) -> dict[int, Any] | None:
    """The fields of a reader's state by number, None when the bytes are no such state."""
    stream = io.BytesIO(data)
    fields: dict[int, Any] = {}
    while tag := stream.read(1):
        number = read_varint(stream)
        if number is None or tag[0] not in (8, 16, 24, 34):
            return None
        if tag[0] == 34:
            text = stream.read(number)
            if len(text) != number:
                return None
            fields[4] = text
        else:
            fields[tag[0] >> 3] = number
    return fields


def read_varint(stream: io.BytesIO) -> int | None:
    """A number as `varint` writes it."""
    result = shift = 0
    while shift < 70 and (byte := stream.read(1)):
        result |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return result
        shift += 7
    return None


# ---- kinds ---------------------------------------------------------------------------------------------------------


class TextLineReader(Reader):
    """The lines of text files, without their ends."""

    kind, op_type = "TextLineReader", "TextLineReaderV2"

    def __init__(self, name: str, skip_header_lines: int) -> None:
        super().__init__(name)
        self._skip = skip_header_lines

    def open(self, path: str) -> Iterator[Record]:
        """Keys are the name of the file and the number of the line, the first is 1."""
        return self._lines(path, open_file(path, "rb"))

    def _lines(self, path: str, file: BinaryIO) -> Iterator[Record]:
        with file:
            for number, line in enumerate(file, 1):
                if number > self._skip:
                    yield key_of(path, number), line.removesuffix(b"\n").removesuffix(b"\r")


class WholeFileReader(Reader):
    """Files as a whole: the key is the name, the value the content."""

    kind, op_type, saves_state = "WholeFileReader", "WholeFileReaderV2", True

    def open(self, path: str) -> Iterator[Record]:
        """One record; the file is opened when it is asked for."""
        return WholeFile(path)


class WholeFile:
    """The content of a file as an iterator of one record, which can be asked again after a failure."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __iter__(self) -> WholeFile:
        return self

    def __next__(self) -> Record:
        """Read the file."""
        with open_file(self._path, "rb") as file:
            try:
                return key_of(self._path), file.read()
            except OSError as error:
                raise file_error(error, self._path) from None


class IdentityReader(Reader):
    """The strings of the queue themselves, as key and as value."""

    kind, op_type, saves_state = "IdentityReader", "IdentityReaderV2", True

    def open(self, path: str) -> Iterator[Record]:
        """One record."""
        return iter([(key_of(path), key_of(path))])


class TFRecordReader(Reader):
    """The records of TFRecord files."""

    kind, op_type = "TFRecordReader", "TFRecordReaderV2"

    def __init__(self, name: str, compression: str) -> None:
        super().__init__(name)
        self._compression = compression

    def open(self, path: str) -> Iterator[Record]:
        """Keys are the name of the file and the byte where the record starts."""
        return self._all(path, RecordReader(path, self._compression))

    def _all(self, path: str, records: RecordReader) -> Iterator[Record]:
        try:
            position = records.position
            for record in records:
                yield key_of(path, position), record
                position = records.position
        finally:
            records.close()


class FixedLengthRecordReader(Reader):
    """Pieces of a fixed length of binary files."""

    kind, op_type = "FixedLengthRecordReader", "FixedLengthRecordReaderV2"

    def __init__(self, name: str, record: int, header: int, footer: int, hop: int, encoding: str) -> None:
        super().__init__(name)
        self._record, self._header, self._footer, self._hop = record, header, footer, hop or record
        self._encoding = encoding

    def open(self, path: str) -> Iterator[Record]:
        """Keys are the name of the file and the number of the record, the first is 0."""
        file: Any = inflate_file(path, self._encoding) if self._encoding else open_file(path, "rb")
        size = file.seek(0, io.SEEK_END)
        if size < self._header:
            file.close()
            raise OutOfRangeError(None, None, "reached end of file")
        return self._pieces(path, file, size - self._footer)

    def _pieces(self, path: str, file: Any, end: int) -> Iterator[Record]:
        with file:
            number, position = 0, self._header
            while position + self._record <= end and position < end:
                file.seek(position)
                yield key_of(path, number), file.read(self._record)
                number, position = number + 1, position + self._hop


def inflate_file(path: str, encoding: str) -> io.BytesIO:
    """The content of a compressed file."""
    with open_file(path, "rb") as file:
        try:
            return io.BytesIO(zlib.decompress(file.read(), zlib.MAX_WBITS + (16 if encoding == "GZIP" else 0)))
        except zlib.error as error:
            raise DataLossError(None, None, f"inflate() failed for {path}: {error}") from None


def key_of(path: str, number: int | None = None) -> bytes:
    """The key of a record: the name of the file, and where in it."""
    return (path if number is None else f"{path}:{number}").encode("utf-8", "surrogateescape")

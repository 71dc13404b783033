"""TFRecord files: `tf.python_io.TFRecordWriter`, `tf.python_io.tf_record_iterator`.

A record is its length (8 bytes), the checksum of those, the data, and the checksum of the data. GZIP and ZLIB wrap
the file as a whole.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from types import TracebackType
from typing import Any, BinaryIO, ClassVar, Protocol

from flowlab._src.errors import DataLossError, FailedPreconditionError, ResourceExhaustedError
from flowlab._src.formats.files import as_path, file_error, open_file
from flowlab._src.util.export import export

_LENGTH = struct.Struct("<Q")
_CRC = struct.Struct("<I")
_HEADER = struct.Struct("<QI")

_CHUNK = 1 << 18
_WINDOW_BITS = {"ZLIB": zlib.MAX_WBITS, "GZIP": zlib.MAX_WBITS + 16}


@export("python_io.TFRecordCompressionType", "io.TFRecordCompressionType")
class TFRecordCompressionType:
    """Numbers of the compressions of a record file; `TFRecordOptions` takes them and the words."""

    NONE = 0
    ZLIB = 1
    GZIP = 2


@export("python_io.TFRecordOptions", "io.TFRecordOptions")
class TFRecordOptions:
    """How a record file is compressed.

    Parameters
    ----------
    compression_type : {"GZIP", "ZLIB", ""} or TFRecordCompressionType
    flush_mode, window_bits, compression_level, compression_method, mem_level, compression_strategy : int, optional
        What the zlib library calls so, for writing; the level goes from 0 (large, quick) to 9 (small, slow).
    input_buffer_size, output_buffer_size : int, optional
        Accepted for compatibility.

    Raises
    ------
    ValueError
        If there is no such compression.

    Examples
    --------
    >>> options = tf.python_io.TFRecordOptions(tf.python_io.TFRecordCompressionType.GZIP)
    >>> tf.python_io.TFRecordOptions.get_compression_type_string(options)
    'GZIP'
    """

    compression_type_map: ClassVar[dict[Any, str]] = {
        TFRecordCompressionType.ZLIB: "ZLIB",
        TFRecordCompressionType.GZIP: "GZIP",
        TFRecordCompressionType.NONE: "",
    }

    def __init__(
        self,
        compression_type: Any = None,
        flush_mode: int | None = None,
        input_buffer_size: int | None = None,
        output_buffer_size: int | None = None,
        window_bits: int | None = None,
        compression_level: int | None = None,
        compression_method: int | None = None,
        mem_level: int | None = None,
        compression_strategy: int | None = None,
    ) -> None:
        self.get_compression_type_string(compression_type)  # refuses what it does not know
        self.compression_type = compression_type
        self.flush_mode = flush_mode
        self.input_buffer_size = input_buffer_size
        self.output_buffer_size = output_buffer_size
        self.window_bits = window_bits
        self.compression_level = compression_level
        self.compression_method = compression_method
        self.mem_level = mem_level
        self.compression_strategy = compression_strategy

    @classmethod
    def get_compression_type_string(cls, options: Any) -> str:
        """Return "GZIP", "ZLIB" or "" for options, a number or a word; None is ""."""
        if isinstance(options, TFRecordOptions):
            return cls.get_compression_type_string(options.compression_type)
        if not options:
            return ""
        if isinstance(options, str) and options in ("GZIP", "ZLIB"):
            return options
        if isinstance(options, int) and options in cls.compression_type_map:
            return cls.compression_type_map[options]
        raise ValueError(f'Not a valid compression_type: "{options}"')

    def _compressor(self, kind: str) -> Any:
        level = _within("compression_level", self.compression_level, 0, 9, zlib.Z_DEFAULT_COMPRESSION)
        memory = _within("mem_level", self.mem_level, 1, 9, zlib.DEF_MEM_LEVEL)
        strategy = _within("compression_strategy", self.compression_strategy, 0, 4, zlib.Z_DEFAULT_STRATEGY)
        bits = _WINDOW_BITS[kind] if self.window_bits is None else self.window_bits
        try:
            return zlib.compressobj(level, zlib.DEFLATED, bits, memory, strategy)
        except (ValueError, TypeError, OverflowError):
            raise ValueError(f"window_bits = {bits!r} is no window that zlib can write.") from None


def _within(name: str, value: int | None, low: int, high: int, default: int) -> int:
    if value is None:
        return default
    if not (isinstance(value, int) and low <= value <= high):
        raise ValueError(f"{name} must be from {low} to {high}, got {value!r}.")
    return value


def as_options(options: Any) -> TFRecordOptions:
    """Options, a number, a word or None as options."""
    return options if isinstance(options, TFRecordOptions) else TFRecordOptions(options)


# ---- writing -------------------------------------------------------------------------------------------------------


def frame(record: bytes) -> bytes:
    """One record with its length and checksums."""
    from flowlab._src.formats.checksum import masked_crc32c

    length = _LENGTH.pack(len(record))
    return b"".join([length, _CRC.pack(masked_crc32c(length)), record, _CRC.pack(masked_crc32c(record))])


@export("python_io.TFRecordWriter", "io.TFRecordWriter")
class TFRecordWriter:
    """Write records, strings of bytes, to a file.

    Parameters
    ----------
    path : str or path
        The file; what it held before is lost.
    options : TFRecordOptions, TFRecordCompressionType or str, optional
        The compression.

    Raises
    ------
    NotFoundError
        If the folder does not exist.

    Examples
    --------
    >>> import tempfile
    >>> path = tempfile.mkdtemp() + "/numbers.tfrecord"
    >>> with tf.python_io.TFRecordWriter(path) as writer:
    ...     for i in range(3):
    ...         feature = tf.train.Feature(int64_list=tf.train.Int64List(value=[i]))
    ...         example = tf.train.Example(features=tf.train.Features(feature={"i": feature}))
    ...         writer.write(example.SerializeToString())
    >>> records = list(tf.python_io.tf_record_iterator(path))
    >>> tf.train.Example.FromString(records[2]).features.feature["i"].int64_list.value[0]
    2
    """

    def __init__(self, path: Any, options: Any = None) -> None:
        options = as_options(options)
        kind = options.get_compression_type_string(options)
        self._compressor = options._compressor(kind) if kind else None
        self._path = as_path(path)
        self._file: BinaryIO | None = open_file(self._path, "wb")

    def __enter__(self) -> TFRecordWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def write(self, record: bytes) -> None:
        """Append one record; text is written as UTF-8."""
        if isinstance(record, str):
            record = record.encode("utf-8")
        if not isinstance(record, (bytes, bytearray, memoryview)):
            hint = "; messages have a method SerializeToString" if hasattr(record, "SerializeToString") else ""
            raise TypeError(f"A record is a string of bytes, got {type(record).__name__}{hint}.")
        data = frame(bytes(record))
        self._put(data if self._compressor is None else self._compressor.compress(data))

    def flush(self) -> None:
        """Hand everything written so far to the operating system."""
        if self._compressor is not None:
            self._put(self._compressor.flush(zlib.Z_SYNC_FLUSH))
        self._put(b"", flush=True)

    def close(self) -> None:
        """Finish the file; a second time does nothing."""
        if self._file is None:
            return
        try:
            if self._compressor is not None:
                self._put(self._compressor.flush(zlib.Z_FINISH))
            self._put(b"", flush=True)
        finally:
            self._file.close()
            self._file = None

    def _put(self, data: bytes, flush: bool = False) -> None:
        if self._file is None:
            raise FailedPreconditionError(None, None, "Writer is closed.")
        try:
            self._file.write(data)
            if flush:
                self._file.flush()
        except OSError as error:
            raise file_error(error, self._path) from None


# ---- reading -------------------------------------------------------------------------------------------------------


class _Readable(Protocol):
    """What records are read from: a file, or one that is being decompressed."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; fewer at the end only."""


class _Inflated:
    """The decompressed bytes of a file."""

    def __init__(self, file: BinaryIO, window_bits: int) -> None:
        self._file = file
        self._bits = window_bits
        self._inflater = zlib.decompressobj(window_bits)
        self._waiting = bytearray()  # decompressed and not read yet
        self._left = b""  # read and not decompressed yet

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; fewer at the end of the stream, whether it was closed properly or cut off."""
        while len(self._waiting) < size:
            data = self._left or self._file.read(_CHUNK)
            if not data:
                break
            if self._inflater.eof:  # one stream after the other, as `cat a.gz b.gz` makes them
                self._inflater = zlib.decompressobj(self._bits)
            try:
                # Bounded, so that a small file which stands for gigabytes is taken in pieces.
                self._waiting += self._inflater.decompress(data, max(size - len(self._waiting), _CHUNK))
            except zlib.error as error:
                reason = str(error).rpartition(": ")[2]
                raise DataLossError(None, None, f"inflate() failed with error -3: {reason}") from None
            self._left = self._inflater.unconsumed_tail or self._inflater.unused_data
        result = bytes(self._waiting[:size])
        del self._waiting[:size]
        return result


class RecordReader:
    """The records of one file in order; `position` is the byte, of the decompressed file, where the next one starts.

    Parameters
    ----------
    path : str
    compression : {"", "GZIP", "ZLIB"}
    """

    def __init__(self, path: str, compression: str = "") -> None:
        from flowlab._src.formats.checksum import masked_crc32c

        self._checksum = masked_crc32c
        self.position = 0
        self._path = path
        self._file = open_file(path, "rb")
        self._source: _Readable = self._file
        self._end: int | None = None
        if compression:
            self._source = _Inflated(self._file, _WINDOW_BITS[compression])
        else:
            self._end = os.fstat(self._file.fileno()).st_size

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """Read one record.

        Raises
        ------
        DataLossError
            If it is damaged, or the file ends in the middle of it.
        """
        try:
            return self._next()
        except OSError as error:
            raise file_error(error, self._path) from None
        except MemoryError:
            message = f"The record at {self.position} of {self._path} does not fit into memory"
            raise ResourceExhaustedError(None, None, message) from None

    def _next(self) -> bytes:
        header = self._source.read(12)
        if not header:
            raise StopIteration
        if len(header) < 12:
            raise self._truncated(self.position)
        length, checksum = _HEADER.unpack(header)
        if self._checksum(header[:8]) != checksum:
            raise self._corrupted(self.position)
        if length > (1 << 62) or (
            self._end is not None and self.position + length + 16 > self._end and not self._grown(length)
        ):
            raise self._truncated(self.position)
        record = self._source.read(length)
        trailer = self._source.read(4) if len(record) == length else b""
        if len(trailer) < 4:
            raise self._truncated(self.position)
        if self._checksum(record) != _CRC.unpack(trailer)[0]:
            raise self._corrupted(self.position + 12)
        self.position += length + 16
        return record

    def _grown(self, length: int) -> bool:
        """Whether the file, which may still be written to, is long enough by now."""
        self._end = os.fstat(self._file.fileno()).st_size
        return self.position + length + 16 <= self._end

    def _truncated(self, position: int) -> DataLossError:
        return DataLossError(
            None, None, f"truncated record at {position} of {self._path}: the file ends in the middle of it"
        )

    def _corrupted(self, position: int) -> DataLossError:
        hint = "" if position else " (Is this even a TFRecord file?)"
        return DataLossError(
            None, None, f"corrupted record at {position}{hint} of {self._path}: its checksum does not match"
        )


@export("python_io.tf_record_iterator", "io.tf_record_iterator")
def tf_record_iterator(path: Any, options: Any = None) -> Iterator[bytes]:
    """Iterate over the records of a file.

    Parameters
    ----------
    path : str or path
    options : TFRecordOptions, TFRecordCompressionType or str, optional
        The compression.

    Returns
    -------
    iterator of bytes

    Raises
    ------
    NotFoundError
        If there is no such file.
    DataLossError
        If a record is damaged, or the file ends in the middle of one.

    Examples
    --------
    >>> import tempfile
    >>> path = tempfile.mkdtemp() + "/words.tfrecord"
    >>> with tf.python_io.TFRecordWriter(path, "GZIP") as writer:
    ...     writer.write(b"graph")
    ...     writer.write(b"session")
    >>> list(tf.python_io.tf_record_iterator(path, "GZIP"))
    [b'graph', b'session']
    """
    reader = RecordReader(as_path(path), TFRecordOptions.get_compression_type_string(options))
    return _records(reader)


def _records(reader: RecordReader) -> Iterator[bytes]:
    try:
        yield from reader
    finally:
        reader.close()

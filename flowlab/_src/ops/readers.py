"""`tf.TextLineReader` and its relatives: nodes that read the files whose names come out of a queue."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np

from flowlab._src.errors import InvalidArgumentError, UnimplementedError
from flowlab._src.formats.tfrecord import TFRecordOptions
from flowlab._src.graph.arguments import as_int
from flowlab._src.graph.dtypes import DType, string
from flowlab._src.graph.op import Array, Op, Resource, Spec
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops import reader_store
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.queue_ops import SCALAR, resource_name, take, unpack
from flowlab._src.ops.reader_store import OneMore, Reader
from flowlab._src.util.export import export

# ---- the readers themselves ----------------------------------------------------------------------------------------


class ReaderHandle(Op, abstract=True):
    """A reader that the session makes when it is used for the first time."""

    container: str = ""
    shared_name: str = ""
    stateful = True
    reads_only = True
    grad: ClassVar[Any] = None

    def shape(self) -> TensorShape:
        return SCALAR

    def get_reader(self, run: Any) -> Reader:
        """The session's reader."""
        node = run.node
        reader: Any = run.state.resource(("resource", resource_name(self, node)), lambda: self.make(node.name))
        if not isinstance(reader, Reader) or reader.op_type != self.type:
            found = getattr(reader, "op_type", type(reader).__name__)
            raise InvalidArgumentError(None, None, f"Expected {self.type}, found {found}")
        return reader

    def make(self, name: str) -> Reader:
        """A new reader."""
        raise NotImplementedError


class TextLineReaderV2(ReaderHandle):
    """Gives the lines of text files."""

    skip_header_lines: int = 0

    def kernel(self, run: Any) -> Array[Resource]:
        return self.get_reader(run)

    def make(self, name: str) -> Reader:
        if self.skip_header_lines < 0:
            raise InvalidArgumentError(None, None, f"skip_header_lines must be >= 0 not {self.skip_header_lines}")
        return reader_store.TextLineReader(name, self.skip_header_lines)


class WholeFileReaderV2(ReaderHandle):
    """Gives files as a whole."""

    def kernel(self, run: Any) -> Array[Resource]:
        return self.get_reader(run)

    def make(self, name: str) -> Reader:
        return reader_store.WholeFileReader(name)


class IdentityReaderV2(ReaderHandle):
    """Gives the strings of the queue themselves."""

    def kernel(self, run: Any) -> Array[Resource]:
        return self.get_reader(run)

    def make(self, name: str) -> Reader:
        return reader_store.IdentityReader(name)


class TFRecordReaderV2(ReaderHandle):
    """Gives the records of TFRecord files."""

    compression_type: str = ""

    def kernel(self, run: Any) -> Array[Resource]:
        return self.get_reader(run)

    def make(self, name: str) -> Reader:
        return reader_store.TFRecordReader(name, self.compression_type)


class FixedLengthRecordReaderV2(ReaderHandle):
    """Gives pieces of a fixed length of binary files."""

    header_bytes: int = 0
    record_bytes: int = 0
    footer_bytes: int = 0
    hop_bytes: int = 0
    encoding: str = ""

    def kernel(self, run: Any) -> Array[Resource]:
        return self.get_reader(run)

    def make(self, name: str) -> Reader:
        for field in ("header_bytes", "record_bytes", "footer_bytes", "hop_bytes"):
            if getattr(self, field) < 0:
                raise InvalidArgumentError(None, None, f"{field} must be >= 0 not {getattr(self, field)}")
        if self.encoding not in ("", "ZLIB", "GZIP"):
            raise InvalidArgumentError(None, None, f"Unsupported encoding: {self.encoding}")
        return reader_store.FixedLengthRecordReader(
            name, self.record_bytes, self.header_bytes, self.footer_bytes, self.hop_bytes, self.encoding
        )


# ---- what is done with readers -------------------------------------------------------------------------------------


def names_from(run: Any, queue: Any) -> OneMore:
    """How a reader gets the next name: out of a queue of single strings, for which the run waits."""

    def next_name() -> bytes:
        if len(queue.dtypes) != 1:
            raise InvalidArgumentError(None, None, "Expected single component queue")
        if queue.dtypes[0] is not string:
            raise InvalidArgumentError(None, None, "Expected queue with single string component")
        value = np.asarray(take(run, queue, 1)[0][0], object)
        if value.size != 1:
            raise InvalidArgumentError(None, None, "Expected to dequeue a one-element string tensor")
        name: bytes = value.item()
        return name

    return next_name


class ReaderReadV2(Op):
    """The next record of a reader: key and value."""

    stateful = True
    grad = None

    def kernel(
        self, run: Any, reader_handle: Array[Resource], queue_handle: Array[Resource]
    ) -> tuple[Array[np.object_], Array[np.object_]]:
        key, value = unpack(reader_handle).read(names_from(run, unpack(queue_handle)))
        return np.array(key, object), np.array(value, object)

    def shape(self, reader_handle: Spec, queue_handle: Spec) -> list[TensorShape]:
        return [SCALAR, SCALAR]


class ReaderReadUpToV2(Op):
    """The next records of a reader, of one file."""

    stateful = True
    grad = None

    def kernel(
        self, run: Any, reader_handle: Array[Resource], queue_handle: Array[Resource], num_records: Array[np.int64]
    ) -> tuple[Array[np.object_], Array[np.object_]]:
        if num_records < 0:
            raise InvalidArgumentError(None, None, f"num_records must be >= 0, got {num_records}")
        records = unpack(reader_handle).read_up_to(names_from(run, unpack(queue_handle)), int(num_records))
        keys, values = np.empty(len(records), object), np.empty(len(records), object)
        for i, (key, value) in enumerate(records):
            keys[i], values[i] = key, value
        return keys, values

    def shape(self, reader_handle: Spec, queue_handle: Spec, num_records: Spec) -> list[TensorShape]:
        num_records.ranked(0)
        return [TensorShape.of((None,)), TensorShape.of((None,))]


class ReaderNumRecordsProducedV2(Op):
    """How many records a reader has given."""

    stateful = True
    grad = None

    def kernel(self, run: Any, reader_handle: Array[Resource]) -> Array[np.int64]:
        return np.int64(unpack(reader_handle).produced)

    def shape(self, reader_handle: Spec) -> TensorShape:
        return SCALAR


class ReaderNumWorkUnitsCompletedV2(Op):
    """How many files a reader has read to the end."""

    stateful = True
    grad = None

    def kernel(self, run: Any, reader_handle: Array[Resource]) -> Array[np.int64]:
        return np.int64(unpack(reader_handle).finished)

    def shape(self, reader_handle: Spec) -> TensorShape:
        return SCALAR


class ReaderSerializeStateV2(Op):
    """The state of a reader as a string."""

    stateful = True
    grad = None

    def kernel(self, run: Any, reader_handle: Array[Resource]) -> Array[np.object_]:
        return np.array(unpack(reader_handle).serialize(), object)

    def shape(self, reader_handle: Spec) -> TensorShape:
        return SCALAR


class ReaderAction(Op, abstract=True):
    """Does something with a reader and gives nothing."""

    stateful = True
    grad: ClassVar[Any] = None

    def shape(self, *inputs: Any) -> list[TensorShape]:
        return []

    def dtypes(self, *inputs: Any) -> list[DType]:
        return []


class ReaderRestoreStateV2(ReaderAction):
    """Put a reader into a state that was written before."""

    def kernel(self, run: Any, reader_handle: Array[Resource], state: Array[np.object_]) -> None:
        if np.ndim(state):
            raise InvalidArgumentError(None, None, f"Reader state must be scalar, but had shape: {list(state.shape)}")
        unpack(reader_handle).restore(np.asarray(state, object).item())


class ReaderResetV2(ReaderAction):
    """Put a reader back to its start."""

    def kernel(self, run: Any, reader_handle: Array[Resource]) -> None:
        reader = unpack(reader_handle)
        with reader.lock:
            reader.reset()


# ---- public classes ------------------------------------------------------------------------------------------------


class ReadResult(NamedTuple):
    """One record: where it comes from, and what it is."""

    key: Tensor
    value: Tensor


class ReadUpToResult(NamedTuple):
    """Several records."""

    keys: Tensor
    values: Tensor


# Fetched records print as TensorFlow's do.
ReadResult.__name__, ReadUpToResult.__name__ = "ReaderReadV2", "ReaderReadUpToV2"


@export("ReaderBase")
class ReaderBase:
    """Reads records of files whose names come out of a queue. Use one of the subclasses.

    Parameters
    ----------
    reader_ref : Tensor, resource
        The output of the reader's node.
    supports_serialize : bool
        Whether `serialize_state` works.
    """

    def __init__(self, reader_ref: Tensor, supports_serialize: bool = False) -> None:
        self._reader_ref = reader_ref
        self._supports_serialize = supports_serialize

    @property
    def reader_ref(self) -> Tensor:
        """The tensor that stands for the reader."""
        return self._reader_ref

    @property
    def supports_serialize(self) -> bool:
        """Whether the state of this reader can be written and restored."""
        return self._supports_serialize

    def read(self, queue: Any, name: str | None = None) -> ReadResult:
        """Return the next record; when a file is at its end the next name is taken out of `queue`.

        Parameters
        ----------
        queue : QueueBase of strings, or its `queue_ref`
        name : str, optional

        Returns
        -------
        key, value : Tensor, string scalars
            Where the record comes from ("lines.txt:3"), and the record.
        """
        return ReadResult(*ReaderReadV2()(self._reader_ref, queue_ref(queue), name=name))

    def read_up_to(self, queue: Any, num_records: Any, name: str | None = None) -> ReadUpToResult:
        """Return the next records of one file, `num_records` of them or as many as it has left.

        Returns
        -------
        keys, values : Tensor, string, shape (n,)
        """
        return ReadUpToResult(*ReaderReadUpToV2()(self._reader_ref, queue_ref(queue), num_records, name=name))

    def num_records_produced(self, name: str | None = None) -> Tensor:
        """Return how many records were read, an int64 scalar tensor."""
        result: Tensor = ReaderNumRecordsProducedV2()(self._reader_ref, name=name)
        return result

    def num_work_units_completed(self, name: str | None = None) -> Tensor:
        """Return how many files were read to the end, an int64 scalar tensor."""
        result: Tensor = ReaderNumWorkUnitsCompletedV2()(self._reader_ref, name=name)
        return result

    def serialize_state(self, name: str | None = None) -> Tensor:
        """Return the state of the reader, a string scalar tensor; not every reader can tell it."""
        result: Tensor = ReaderSerializeStateV2()(self._reader_ref, name=name)
        return result

    def restore_state(self, state: Any, name: str | None = None) -> Operation:
        """Return an operation that puts the reader into a state that `serialize_state` gave."""
        result: Operation = ReaderRestoreStateV2()(self._reader_ref, state, name=name)
        return result

    def reset(self, name: str | None = None) -> Operation:
        """Return an operation that puts the reader back to its start."""
        result: Operation = ReaderResetV2()(self._reader_ref, name=name)
        return result


def queue_ref(queue: Any) -> Any:
    """The tensor that stands for a queue."""
    if isinstance(queue, Tensor):
        return queue
    if not hasattr(queue, "queue_ref"):
        raise misuse(
            TypeError(f"A reader takes the names of files from a queue, not from a {type(queue).__name__}."),
            'tf.train.string_input_producer(["file.txt"]) makes such a queue',
        )
    return queue.queue_ref


@export("TextLineReader")
class TextLineReader(ReaderBase):
    """Reads text files line by line; the ends of the lines are cut off.

    Parameters
    ----------
    skip_header_lines : int, optional
        So many lines at the start of each file are left out.
    name : str, optional

    Examples
    --------
    >>> import os, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = os.path.join(folder.name, "colours.csv")
    >>> with open(path, "w") as file:
    ...     _ = file.write("name,hex\\nred,ff0000\\nblue,0000ff\\n")
    >>> files = tf.train.string_input_producer([path])
    >>> key, value = tf.TextLineReader(skip_header_lines=1).read(files)
    >>> with tf.Session() as sess:
    ...     threads = tf.train.start_queue_runners(sess)
    ...     sess.run(value), sess.run(value)
    (b'red,ff0000', b'blue,0000ff')
    >>> folder.cleanup()
    """

    def __init__(self, skip_header_lines: int | None = None, name: str | None = None) -> None:
        lines = 0 if skip_header_lines is None else as_int(skip_header_lines, "skip_header_lines")
        super().__init__(TextLineReaderV2(skip_header_lines=lines)(name=name))


@export("WholeFileReader")
class WholeFileReader(ReaderBase):
    """Reads files as a whole: the key is the name, the value the content."""

    def __init__(self, name: str | None = None) -> None:
        super().__init__(WholeFileReaderV2()(name=name), supports_serialize=True)


@export("IdentityReader")
class IdentityReader(ReaderBase):
    """Gives the strings of the queue as keys and as values."""

    def __init__(self, name: str | None = None) -> None:
        super().__init__(IdentityReaderV2()(name=name), supports_serialize=True)


@export("TFRecordReader")
class TFRecordReader(ReaderBase):
    """Reads the records of TFRecord files.

    Parameters
    ----------
    name : str, optional
    options : tf.python_io.TFRecordOptions, optional
        How the files are compressed.
    """

    def __init__(self, name: str | None = None, options: Any = None) -> None:
        compression = TFRecordOptions.get_compression_type_string(options)
        super().__init__(TFRecordReaderV2(compression_type=compression)(name=name))


@export("FixedLengthRecordReader")
class FixedLengthRecordReader(ReaderBase):
    """Reads binary files in pieces of the same length.

    Parameters
    ----------
    record_bytes : int
        Length of a record.
    header_bytes, footer_bytes : int, optional
        So many bytes at the start and the end of each file are no records.
    hop_bytes : int, optional
        Bytes from the start of a record to that of the next; default `record_bytes`.
    name : str, optional
    encoding : {"", "ZLIB", "GZIP"}, optional
        How the files are compressed.
    """

    def __init__(
        self,
        record_bytes: int,
        header_bytes: int | None = None,
        footer_bytes: int | None = None,
        hop_bytes: int | None = None,
        name: str | None = None,
        encoding: str | None = None,
    ) -> None:
        op = FixedLengthRecordReaderV2(
            record_bytes=as_int(record_bytes, "record_bytes"),
            header_bytes=header_bytes or 0,
            footer_bytes=footer_bytes or 0,
            hop_bytes=hop_bytes or 0,
            encoding=encoding or "",
        )
        super().__init__(op(name=name))


@export("LMDBReader")
class LMDBReader(ReaderBase):
    """Not there: LMDB databases need a library of their own."""

    def __init__(self, name: str | None = None, options: Any = None) -> None:
        raise misuse(
            UnimplementedError(None, None, "LMDBReader is not part of flowlab: it needs the LMDB library."),
            "write the examples to a TFRecord file (tf.python_io.TFRecordWriter) and use tf.TFRecordReader",
        )

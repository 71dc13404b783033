"""Samples of readers. The one that reads the names themselves needs no files; the others are in tests/ops/test_readers.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.ops.sample import Failure, Sample

NAMES = np.array([b"a.csv", b"", b"\xffz"], object)


def reading(read: Callable[[Any, Any], Any], kind: str = "string") -> Callable[..., Any]:
    """A call that puts names into a queue, then reads."""

    def call(tf: Any, names: Any) -> Any:
        queue = tf.FIFOQueue(10, getattr(tf, kind))
        with tf.control_dependencies([queue.enqueue_many([names])]):
            return read(tf.IdentityReader(), queue)

    return call


def counted(tf: Any, names: Any) -> Any:
    """Two records, what the reader says of itself, and the state restored in another reader."""
    queue, reader, other = tf.FIFOQueue(10, tf.string), tf.IdentityReader(), tf.IdentityReader(name="other")
    with tf.control_dependencies([queue.enqueue_many([names])]):
        first = reader.read(queue)
    with tf.control_dependencies(list(first)):
        keys, values = reader.read_up_to(queue, 2)
    with tf.control_dependencies([keys, values]):
        state = reader.serialize_state()
        numbers = [reader.num_records_produced(), reader.num_work_units_completed()]
    with tf.control_dependencies([other.restore_state(state)]):
        numbers.append(other.num_records_produced())
    return [keys, values, state, *numbers]


SAMPLES = [
    Sample("ReaderReadV2", reading(lambda r, q: list(r.read(q))), (NAMES,), grad=False),
    Sample("ReaderReadUpToV2", reading(lambda r, q: list(r.read_up_to(q, 2))), (NAMES,), grad=False),
    Sample("ReaderReadUpToV2", reading(lambda r, q: list(r.read_up_to(q, 0))), (NAMES,), grad=False),
    Sample("ReaderSerializeStateV2", counted, (NAMES,), grad=False),
]

FAILURES = [
    Failure(
        "ReaderReadV2",
        reading(lambda r, q: list(r.read(q)), "int32"),
        (np.array([1, 2], np.int32),),
        "InvalidArgumentError",
        "Expected queue with single string component",
        run=True,
    ),
    Failure(
        "ReaderSerializeStateV2",
        lambda tf: tf.TextLineReader().serialize_state(),
        (),
        "UnimplementedError",
        "Reader SerializeState",
        run=True,
    ),
    Failure(
        "FixedLengthRecordReaderV2",
        lambda tf: tf.FixedLengthRecordReader(4, header_bytes=-1).num_records_produced(),
        (),
        "InvalidArgumentError",
        "header_bytes must be >= 0 not -1",
        run=True,
    ),
]

"""Samples of the strings: ops/strings.py, string_hash.py, string_regex.py, string_numbers.py, string_splitting.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.ops.sample import Failure, Sample


def texts(*values: Any, shape: Any = None) -> np.ndarray:
    """A string array of bytes."""
    array = np.array([v.encode() if isinstance(v, str) else v for v in values], object)
    return array.reshape(shape) if shape is not None else array


A = texts("a", "b b", "", " Größe ", b"\xff\x00z", "tab\t")
M = texts("a", "b", "c", "d", "e", "f", shape=(2, 3))
ONE = np.array(b"hello world", object)
U = texts("äöüabc", "日本語テキスト", "plain!")
NONE = np.zeros((0,), object)

SAMPLES = [
    Sample("StringJoin", lambda tf, x, y: [tf.string_join([x, y]), tf.strings.join([x, "-", y], "+")], (M, M)),
    Sample("StringJoin", lambda tf, x, y: [tf.strings.join([x, y, "q"]), tf.strings.join([x])], (ONE, A)),
    Sample("StringJoin", lambda tf, x: tf.strings.join([x, x], ":"), (NONE,)),
    Sample("ReduceJoin", lambda tf, x: [tf.reduce_join(x, i, separator=",") for i in (0, 1, -1, [0, 1], [1, 0])], (M,)),
    Sample("ReduceJoin", lambda tf, x: [tf.reduce_join(x), tf.strings.reduce_join(x, keepdims=True)], (M,)),
    Sample("ReduceJoin", lambda tf, x: [tf.reduce_join(x, 0, True), tf.reduce_join(x, reduction_indices=[-2])], (M,)),
    Sample("ReduceJoin", lambda tf, x: [tf.reduce_join(x, []), tf.reduce_join(tf.reshape(x, [3, 1, 2]), [2, 0])], (M,)),
    Sample("ReduceJoin", lambda tf, x, i: tf.reduce_join(x, i, separator="/"), (M, np.array([1], np.int32))),
    Sample("ReduceJoin", lambda tf, x: [tf.reduce_join(x), tf.reduce_join(x, 0, separator="-")], (NONE,)),
    Sample(
        "UnsortedSegmentJoin",
        lambda tf, x, i: tf.strings.unsorted_segment_join(x, i, 4, "-"),
        (M, np.array([2, 0], np.int32)),
    ),
    Sample(
        "UnsortedSegmentJoin",
        lambda tf, x, i, n: tf.strings.unsorted_segment_join(x, i, n),
        (M, np.array([[2, 0, 2], [2, 2, 1]], np.int64), np.array(3, np.int64)),
    ),
    Sample("StringLength", lambda tf, x: [tf.strings.length(x), tf.strings.length(x, unit="UTF8_CHAR")], (A,)),
    Sample("StringLength", lambda tf, x: [tf.strings.length(x), tf.strings.length(x, "n", "UTF8_CHAR")], (U,)),
    Sample("StringLength", lambda tf, x: tf.strings.length(x), (ONE,)),
    Sample("Substr", lambda tf, x: [tf.substr(x, 0, 2), tf.strings.substr(x, -3, 2), tf.substr(x, 1, 100)], (U,)),
    Sample("Substr", lambda tf, x: [tf.substr(x, i, 2, unit="UTF8_CHAR") for i in (0, 3, 5, -1, -6)], (U,)),
    Sample(
        "Substr",
        lambda tf, x, p, n: [tf.substr(x, p, n), tf.substr(x[0], p, n), tf.substr(x, p[:1], n[:1])],
        (U, np.array([0, 2, -2], np.int64), np.array([3, 1, 5], np.int64)),
    ),
    Sample(
        "Substr",
        lambda tf, x, p: tf.substr(x, p, p + 1),
        (texts("thirteen", "fourteen", "fifteen", shape=(1, 3)), np.array([[1], [2], [3]], np.int32)),
    ),
    Sample("Substr", lambda tf, x: [tf.substr(x, 5, 1), tf.substr(x, 11, 3), tf.substr(x, 3, -1)], (ONE,)),
    Sample(
        "StringStrip", lambda tf, x: [tf.string_strip(x), tf.strings.strip(x)], (texts(" \ta\v b\r\n\f", "\x1cc", ""),)
    ),
    Sample(
        "StringLower",
        lambda tf, x: [tf.strings.lower(x), tf.strings.lower(x, "utf-8")],
        (texts("ÄÖ ABC", "İI", b"\xffA"),),
    ),
    Sample(
        "StringUpper",
        lambda tf, x: [tf.strings.upper(x), tf.strings.upper(x, "utf-8")],
        (texts("äö abc ß", "ŉ", b"\xffa"),),
    ),
]

FAILURES = [
    Failure("StringJoin", lambda tf, x, y: tf.string_join([x, y]), (M, A), "ValueError", "must be equal rank"),
    Failure(
        "StringJoin",
        lambda tf, x, y: tf.string_join([x, y]),
        (M, A),
        "InvalidArgumentError",
        "shapes do not match",
        True,
    ),
    Failure(
        "StringJoin", lambda tf, x: tf.string_join([x, 1]), (M,), "TypeError", "Tensors in list passed to 'inputs'"
    ),
    Failure("ReduceJoin", lambda tf, x: tf.reduce_join(x, 2), (M,), "ValueError", "Invalid reduction dimension 2"),
    Failure(
        "ReduceJoin", lambda tf, x: tf.reduce_join(x, 2), (M,), "OutOfRangeError", "Invalid reduction dimension 2", True
    ),
    Failure(
        "ReduceJoin", lambda tf, x: tf.reduce_join(x, [0, 0]), (M,), "InvalidArgumentError", "Duplicate reduction", True
    ),
    Failure(
        "ReduceJoin", lambda tf, x: tf.reduce_join(x, 0, reduction_indices=0), (M,), "ValueError", "Cannot specify both"
    ),
    Failure(
        "ReduceJoin",
        lambda tf: tf.reduce_join([1.0]),
        (),
        "TypeError",
        "type float32 that does not match expected type",
    ),
    Failure(
        "UnsortedSegmentJoin",
        lambda tf, x: tf.strings.unsorted_segment_join(x, [0, 5], 2),
        (M,),
        "InvalidArgumentError",
        "not allowed to exceed num_segments",
        True,
    ),
    Failure(
        "UnsortedSegmentJoin",
        lambda tf, x: tf.strings.unsorted_segment_join(x, [0, 5, 1], 2),
        (M,),
        "ValueError",
        "Dimensions must be equal, but are 2 and 3",
    ),
    Failure(
        "UnsortedSegmentJoin",
        lambda tf, x, n: tf.strings.unsorted_segment_join(x, [0, 0], n),
        (M, np.array(-1, np.int32)),
        "InvalidArgumentError",
        "must be non-negative but got -1",
        True,
    ),
    Failure("StringLength", lambda tf, x: tf.strings.length(x, unit="WORD"), (A,), "ValueError", "'WORD' not in"),
    Failure("StringLength", lambda tf: tf.strings.length(3), (), "TypeError", "int"),
    Failure("Substr", lambda tf, x: tf.substr(x, 0, 1, unit="WORD"), (A,), "ValueError", "'WORD' not in"),
    Failure(
        "Substr", lambda tf, x: tf.substr(x, 2, 1), (A,), "InvalidArgumentError", "pos 2 out of range for string", True
    ),
    Failure("Substr", lambda tf, x: tf.substr(x, [0, 1], [1]), (ONE,), "ValueError", "pos and len shapes must match"),
    Failure("Substr", lambda tf, x: tf.substr(x, [0, 1], 1), (ONE,), "ValueError", "Shape must be rank"),
    Failure(
        "Substr",
        lambda tf, x: tf.substr(x, [0, 0], [1, 1]),
        (U,),
        "InvalidArgumentError",
        r"Incompatible shapes: \[3\] vs. \[2\]",
        True,
    ),
    Failure(
        "Substr",
        lambda tf, x: tf.substr(x, -9, 1, unit="UTF8_CHAR"),
        (U,),
        "InvalidArgumentError",
        "pos -9 out of range for string at index 0",
        True,
    ),
    Failure(
        "StringLower", lambda tf, x: tf.strings.lower(x, "latin-1"), (A,), "InvalidArgumentError", "only utf-8", True
    ),
]

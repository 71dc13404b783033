"""Samples of parsing: ops/parsing.py, parsing_csv.py, parsing_examples.py, parsing_sequences.py."""

from __future__ import annotations

import gzip
import struct
import zlib
from typing import Any

import numpy as np

from tests.ops.sample import Failure, Sample

# ---- messages, written by hand -------------------------------------------------------------------------------------


def varint(number: int) -> bytes:
    """Seven bits in each byte, the lowest first."""
    number &= (1 << 64) - 1
    parts = [number & 127]
    while number := number >> 7:
        parts[-1] |= 128
        parts.append(number & 127)
    return bytes(parts)


def field(number: int, content: bytes) -> bytes:
    """A field of a message that has a length."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def feature(kind: str | None, *values: Any) -> bytes:
    """A tf.train.Feature."""
    if kind is None:
        return b""
    if kind == "bytes":
        return field(1, b"".join(field(1, v) for v in values))
    packed = b"".join(struct.pack("<f", v) if kind == "float" else varint(v) for v in values)
    return field(2 if kind == "float" else 3, field(1, packed) if values else b"")


def features(**content: bytes) -> bytes:
    """A tf.train.Features."""
    return b"".join(field(1, field(1, key.encode()) + field(2, value)) for key, value in content.items())


def example(**content: bytes) -> bytes:
    """A tf.train.Example."""
    return field(1, features(**content))


def sequence(context: dict[str, bytes], lists: dict[str, list[bytes]]) -> bytes:
    """A tf.train.SequenceExample."""
    written = b"".join(
        field(1, field(1, key.encode()) + field(2, b"".join(field(1, step) for step in steps)))
        for key, steps in lists.items()
    )
    return field(1, features(**context)) + field(2, written)


def texts(*values: bytes, shape: Any = None) -> np.ndarray:
    """A string array."""
    array = np.array(values, object)
    return array if shape is None else array.reshape(shape)


def flat(parsed: Any) -> list[Any]:
    """The tensors of dicts, by name; those of a sparse tensor one after the other."""
    if isinstance(parsed, tuple):
        return [tensor for part in parsed for tensor in flat(part)]
    return [
        tensor
        for _, value in sorted(parsed.items())
        for tensor in ([value.indices, value.values, value.dense_shape] if hasattr(value, "dense_shape") else [value])
    ]


ADA = example(age=feature("int64", 36), weights=feature("float", 1.5, -2.5), words=feature("bytes", b"to", b"be"))
BOB = example(age=feature("int64", -7), weights=feature("float", 3, 4), words=feature("bytes", b""), none=feature(None))
EVE = example(weights=feature("float"), places=feature("int64", 3, 1), values=feature("float", 0.5, 1.5))
PEOPLE, THREE = texts(ADA, BOB), texts(ADA, BOB, EVE)
CLIP = sequence(
    {"length": feature("int64", 3), "tags": feature("bytes", b"p", b"q")},
    {
        "word": [feature("int64", 1), feature("int64", 2), feature("int64", 3)],
        "score": [feature("float", 1), feature("float", 2, 3), feature(None)],
        "pair": [feature("float", 1, 2), feature("float", 3, 4)],
        "nothing": [],
    },
)
SHORT = sequence({"length": feature("int64", 1)}, {"word": [feature("int64", 9)], "score": [], "pair": []})
ONE, SCENE = np.array(ADA, object), np.array(CLIP, object)

LINES = texts(b"1,2.5,abc", b' 3 , 4 ,"d,""e"""', b"5,,", b"-6,1e3,\xc3\xa4 b", shape=(2, 2))


def expected(tf: Any) -> dict[str, Any]:
    """Features of all kinds."""
    return {
        "age": tf.FixedLenFeature([], tf.int64, default_value=-1),
        "weights": tf.FixedLenSequenceFeature([], tf.float32, allow_missing=True, default_value=9),
        "words": tf.VarLenFeature(tf.string),
        "pairs": tf.io.FixedLenSequenceFeature([2], tf.float32, allow_missing=True),
    }


def scene(tf: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Features of a sequence."""
    return (
        {"length": tf.FixedLenFeature([], tf.int64), "tags": tf.VarLenFeature(tf.string)},
        {
            "word": tf.FixedLenSequenceFeature([], tf.int64),
            "score": tf.VarLenFeature(tf.float32),
            "pair": tf.FixedLenSequenceFeature([2], tf.float32),
            "lacking": tf.FixedLenSequenceFeature([3], tf.float32, allow_missing=True),
        },
    )


SAMPLES = [
    Sample("DecodeRaw", lambda tf, x: [tf.decode_raw(x, tf.uint8), tf.io.decode_raw(x, tf.int8)], (PEOPLE[:1],)),
    Sample(
        "DecodeRaw",
        lambda tf, x: [
            tf.decode_raw(x, dtype, little_endian=order)
            for dtype in (tf.int16, tf.uint16, tf.int32, tf.float32, tf.float64, tf.int64, tf.float16)
            for order in (True, False)
        ],
        (texts(bytes(range(16)), bytes(range(50, 66)), shape=(2, 1)),),
        grad=False,
    ),
    Sample(
        "DecodeRaw",
        lambda tf, x: [tf.decode_raw(x, tf.bool), tf.decode_raw(bytes=x, out_type=tf.uint8)],
        (texts(b"\0\2\1"),),
    ),
    Sample(
        "DecodeRaw",
        lambda tf, x: [tf.decode_raw(x, tf.complex64, False)],
        (np.array(b"abcdefgh" * 2, object),),
        grad=False,
    ),
    Sample("DecodeRaw", lambda tf, x: tf.decode_raw(x, tf.int32), (texts(b"", b""),)),
    Sample(
        "DecodeCompressed",
        lambda tf, x, y, z: [
            tf.io.decode_compressed(x),
            tf.decode_compressed(y, "ZLIB"),
            tf.decode_compressed(z, "GZIP"),
        ],
        (
            texts(b"plain"),
            texts(zlib.compress(b"hello"), zlib.compress(b"")),
            np.array(gzip.compress(b"a" * 999, mtime=0), object),
        ),
    ),
    Sample(
        "DecodeCompressed",
        lambda tf, x: tf.decode_compressed(x, "ZLIB"),
        (texts(zlib.compress(b"hello") + b"rubbish"),),
    ),
    Sample(
        "DecodeCompressed", lambda tf, x: tf.decode_compressed(x, "GZIP"), (texts(gzip.compress(b"ab", mtime=0) * 2),)
    ),
    Sample(
        "SerializeTensor",
        lambda tf, x: [tf.io.serialize_tensor(x), tf.serialize_tensor(x[0])],
        (np.float32([[1, -2.5]]),),
        grad=False,
    ),
    Sample("SerializeTensor", lambda tf, x: [tf.serialize_tensor(x), tf.serialize_tensor(x[:0])], (PEOPLE,)),
    *[
        Sample(
            "SerializeTensor", lambda tf, x: tf.io.serialize_tensor(x), (np.array([1, 0, 2]).astype(dtype),), grad=False
        )
        for dtype in (np.int8, np.int64, np.uint16, np.float16, np.complex64, np.bool_)
    ],
    *[
        Sample(
            "ParseTensor", lambda tf, x: tf.io.parse_tensor(tf.io.serialize_tensor(x), x.dtype), (value,), grad=False
        )
        for value in (np.float32([[1, 2]]), np.int64(7), np.zeros((0, 3), np.uint8), PEOPLE, np.array([True, False]))
    ],
    Sample(
        "ParseTensor",
        lambda tf: tf.parse_tensor(b"\x08\x01\x12\x04\x12\x02\x08\x03*\x08\0\0\x80?\0\0\0@", tf.float32),
        (),
    ),
    Sample(
        "DecodeJSONExample",
        lambda tf, x: flat(tf.parse_example(tf.reshape(tf.decode_json_example(x), [-1]), expected(tf))),
        (
            texts(
                b'{"features":{"feature":{"age":{"int64List":{"value":["1"]}},"words":{"bytesList":{"value":["YQ=="]}}}}}',
                b"{}",
            ),
        ),
        grad=False,
    ),
    Sample("DecodeJSONExample", lambda tf, x: tf.io.decode_json_example(x), (np.array(b" {} ", object),)),
    Sample("DecodeCSV", lambda tf, x: tf.decode_csv(x, [[0], [0.0], [""]]), (LINES,), grad=False),
    Sample("DecodeCSV", lambda tf, x: tf.io.decode_csv(x, [9, 7.0, "z"], name="csv"), (LINES,), grad=False),
    Sample(
        "DecodeCSV",
        lambda tf, x: tf.decode_csv(x, [tf.constant([], tf.int64), tf.constant(1.0, tf.float64), [""]]),
        (LINES,),
    ),
    Sample("DecodeCSV", lambda tf, x: tf.decode_csv(x, [[0], ["none"]], select_cols=[0, 2]), (LINES,)),
    Sample("DecodeCSV", lambda tf, x: tf.decode_csv(x, [[0.5]], select_cols=[1], na_value="1e3"), (LINES,), grad=False),
    Sample("DecodeCSV", lambda tf, x: tf.decode_csv(x, [[""], ["d"]], ";", False), (texts(b'"a;b"', b";", b'a"b;c'),)),
    Sample("DecodeCSV", lambda tf, x: tf.decode_csv(x, [[""]], "\t"), (np.array(b'"a\nb"', object),)),
    Sample("DecodeCSV", lambda tf, x: tf.decode_csv(x, [["a"], [1]]), (np.zeros((0,), object),)),
    Sample(
        "ParseExample", lambda tf, x: flat(tf.parse_example(tf.reshape(x, [-1]), expected(tf))), (THREE,), grad=False
    ),
    Sample(
        "ParseExample",
        lambda tf, x: flat(
            tf.io.parse_example(
                tf.reshape(x, [-1]),
                {
                    "weights": tf.io.FixedLenFeature([2], tf.float32),
                    "age": tf.io.FixedLenFeature([1, 1], tf.int64),
                    "lacking": tf.io.FixedLenFeature([2], tf.string, ["p", "q"]),
                },
                name="people",
            )
        ),
        (PEOPLE,),
        grad=False,
    ),
    Sample(
        "ParseExample",
        lambda tf, x: flat(
            tf.parse_example(
                tf.reshape(x, [-1]), {"none": tf.VarLenFeature(tf.int64), "age": tf.VarLenFeature(tf.int64)}
            )
        ),
        (THREE,),
    ),
    Sample(
        "ParseExample",
        lambda tf, x: flat(
            tf.parse_example(tf.reshape(x, [-1]), {"words": tf.FixedLenSequenceFeature([], tf.string, True, "pad")})
        ),
        (PEOPLE,),
    ),
    Sample(
        "ParseExample",
        lambda tf, x: flat(tf.parse_example(tf.reshape(x, [-1]), expected(tf), "p", ["a", "b"])),
        (PEOPLE,),
        grad=False,
    ),
    Sample(
        "ParseExample",
        lambda tf, x: flat(tf.parse_example(tf.reshape(x, [-1]), expected(tf))),
        (np.zeros((0,), object),),
        grad=False,
    ),
    Sample(
        "ParseExample",
        lambda tf, x: flat(
            tf.parse_example(
                tf.reshape(x, [-1]),
                {"all": tf.SparseFeature("places", "values", tf.float32, 10), "places": tf.VarLenFeature(tf.int64)},
            )
        ),
        (THREE,),
        grad=False,
    ),
    Sample("ParseSingleExample", lambda tf, x: flat(tf.parse_single_example(x, expected(tf))), (ONE,), grad=False),
    Sample(
        "ParseSingleExample",
        lambda tf, x: flat(tf.parse_single_example(x, expected(tf), "one")),
        (np.array(EVE, object),),
        grad=False,
    ),
    Sample(
        "ParseSingleExample",
        lambda tf, x: flat(tf.io.parse_single_example(x, {"weights": tf.FixedLenFeature([2, 1], tf.float32)})),
        (ONE,),
        grad=False,
    ),
    Sample(
        "ParseSingleExample",
        lambda tf, x: flat(tf.parse_single_example(x, {"all": tf.io.SparseFeature("places", "values", tf.float32, 4)})),
        (np.array(EVE, object),),
        grad=False,
    ),
    Sample("ParseSingleExample", lambda tf: flat(tf.parse_single_example(ADA, expected(tf))), (), grad=False),
    Sample(
        "ParseSingleSequenceExample",
        lambda tf, x: flat(tf.parse_single_sequence_example(x, *scene(tf))),
        (SCENE,),
        grad=False,
    ),
    Sample(
        "ParseSingleSequenceExample",
        lambda tf, x: flat(
            tf.io.parse_single_sequence_example(
                x,
                {"lacking": tf.FixedLenFeature([2], tf.int64, [1, 2]), "tags": tf.FixedLenFeature([2], tf.string)},
                name="scene",
            )
        ),
        (SCENE,),
    ),
    Sample(
        "ParseSingleSequenceExample",
        lambda tf, x: flat(
            tf.parse_single_sequence_example(
                x, None, {"lacking": tf.VarLenFeature(tf.string), "nothing": tf.VarLenFeature(tf.int64)}
            )
        ),
        (SCENE,),
    ),
    Sample(
        "ParseSequenceExample",
        lambda tf, x: flat(tf.io.parse_sequence_example(tf.reshape(x, [-1]), *scene(tf))),
        (texts(CLIP, SHORT),),
        grad=False,
    ),
    Sample(
        "ParseSequenceExample",
        lambda tf, x: flat(
            tf.io.parse_sequence_example(
                tf.reshape(x, [-1]),
                {"tags": tf.FixedLenFeature([2], tf.string, tf.constant(["a", "b"]))},
                {"word": tf.VarLenFeature(tf.int64)},
                ["first", "second"],
            )
        ),
        (texts(CLIP, SHORT),),
    ),
]


def refused(op: str, function: str, kinds: Any, value: Any, match: str, run: bool = True) -> Failure:
    """A call of a parsing function with one expected feature."""
    key, kind, *arguments = kinds

    def call(tf: Any, x: Any) -> Any:
        args = [getattr(tf, a) if a in ("int64", "float32", "string") else a for a in arguments]
        parse = getattr(tf.io, function)
        wanted = {key: getattr(tf, kind)(*args)}
        return flat(
            parse(x, *((None, wanted) if kind == "FixedLenSequenceFeature" and "sequence" in function else (wanted,)))
        )

    return Failure(op, call, (value,), "InvalidArgumentError" if run else "ValueError", match, run)


FIXED, VAR, STEPS = "FixedLenFeature", "VarLenFeature", "FixedLenSequenceFeature"
FAILURES = [
    Failure(
        "DecodeRaw",
        lambda tf, x: tf.decode_raw(x, tf.int16),
        (texts(b"abc"),),
        "InvalidArgumentError",
        "has length 3 that is not a multiple of 2, the size of int16",
        True,
    ),
    Failure(
        "DecodeRaw",
        lambda tf, x: tf.decode_raw(x, tf.int16),
        (texts(b"ab", b"abcd"),),
        "InvalidArgumentError",
        "to all be the same size, but element 1 has size 2 != 4",
        True,
    ),
    Failure(
        "DecodeRaw",
        lambda tf, x: tf.decode_raw(x, tf.string),
        (PEOPLE,),
        "TypeError",
        "DataType string not in list of allowed values",
    ),
    Failure(
        "DecodeRaw",
        lambda tf, x: tf.decode_raw(x),
        (PEOPLE,),
        "ValueError",
        "missing 1 positional argument: 'out_type'",
    ),
    Failure(
        "DecodeRaw", lambda tf, x: tf.decode_raw(x, tf.uint8, bytes=x), (PEOPLE,), "ValueError", "Cannot specify both"
    ),
    Failure(
        "DecodeCompressed",
        lambda tf, x: tf.decode_compressed(x, "ZIP"),
        (PEOPLE,),
        "InvalidArgumentError",
        "are supported compressions",
        True,
    ),
    Failure(
        "DecodeCompressed",
        lambda tf, x: tf.decode_compressed(x, "ZLIB"),
        (PEOPLE,),
        "DataLossError",
        "failed with error -3: incorrect header check",
        True,
    ),
    Failure(
        "DecodeCompressed",
        lambda tf, x: tf.decode_compressed(x, "GZIP"),
        (PEOPLE,),
        "DataLossError",
        "failed with error -3",
        True,
    ),
    Failure(
        "ParseTensor",
        lambda tf, x: tf.parse_tensor(x, tf.int32),
        (np.array(b"\xff", object),),
        "InvalidArgumentError",
        "Could not parse `serialized` as TensorProto",
        True,
    ),
    Failure(
        "ParseTensor",
        lambda tf, x: tf.parse_tensor(x, tf.int32),
        (PEOPLE,),
        "InvalidArgumentError",
        "Expected `serialized` to be a scalar",
        True,
    ),
    Failure(
        "ParseTensor",
        lambda tf, x: tf.parse_tensor(tf.serialize_tensor(x), tf.int32),
        (np.float64(1),),
        "InvalidArgumentError",
        r"parsed tensor \(double\) and dtype \(int32\)",
        True,
    ),
    Failure(
        "ParseTensor",
        lambda tf, x: tf.parse_tensor(x, tf.int32),
        (np.array(b"", object),),
        "InvalidArgumentError",
        "Cannot parse tensor from proto",
        True,
    ),
    Failure(
        "DecodeJSONExample",
        lambda tf, x: tf.decode_json_example(x),
        (texts(b"{"),),
        "InvalidArgumentError",
        "Error while parsing JSON",
        True,
    ),
    *[
        Failure(
            "DecodeCSV",
            lambda tf, x, kinds=kinds: tf.decode_csv(x, kinds),
            (texts(line),),
            "InvalidArgumentError",
            match,
            True,
        )
        for line, kinds, match in (
            (b"1,2", [[0]], "Expect 1 fields but have 2 in record 0"),
            (b"1", [[0], [0]], "Expect 2 fields but have 1 in record 0"),
            (b"", [[0]], "Expect 1 fields but have 0 in record 0"),
            (b"x", [[0]], "Field 0 in record 0 is not a valid int32: x"),
            (b"1.5", [[0]], "is not a valid int32: 1.5"),
            (b"1,x", [[0], [0.0]], "Field 1 in record 0 is not a valid float: x"),
            (b'a"b', [[""]], "Unquoted fields cannot have quotes/CRLFs inside"),
            (b"a\n", [[""]], "Unquoted fields cannot have quotes/CRLFs inside"),
            (b'"a"b', [[""]], "Quote inside a string has to be escaped by another quote"),
            (b'"ab', [[""]], "Quoted field has to end with quote followed by delim or end"),
            (b'"ab""', [[""]], "Quoted field has to end with quote followed by delim or end"),
        )
    ],
    Failure(
        "DecodeCSV",
        lambda tf, x: tf.decode_csv(x, [tf.constant([], tf.int32), [""]]),
        (texts(b",a"),),
        "InvalidArgumentError",
        "Field 0 is required but missing in record 0!",
        True,
    ),
    Failure(
        "DecodeCSV",
        lambda tf, x: tf.decode_csv(x, [[0]], ";;"),
        (texts(b"1"),),
        "InvalidArgumentError",
        "field_delim should be only 1 char",
        True,
    ),
    Failure(
        "DecodeCSV",
        lambda tf, x: tf.decode_csv(x, [[1, 2]]),
        (texts(b"1"),),
        "ValueError",
        "Shape of a default must be a length-0 or length-1 vector, or a scalar",
    ),
    Failure(
        "DecodeCSV",
        lambda tf, x: tf.decode_csv(x, [[0], [0]], select_cols=[1, 0]),
        (texts(b"1"),),
        "ValueError",
        "select_cols is not strictly increasing.",
    ),
    Failure(
        "DecodeCSV",
        lambda tf, x: tf.decode_csv(x, [[0]], select_cols=[-1]),
        (texts(b"1"),),
        "ValueError",
        "select_cols contains negative values.",
    ),
    Failure(
        "DecodeCSV",
        lambda tf, x: tf.decode_csv(x, [[0]], select_cols=[0, 1]),
        (texts(b"1"),),
        "ValueError",
        "Length of select_cols and record_defaults do not match.",
    ),
    Failure(
        "DecodeCSV",
        lambda tf, x: tf.decode_csv(x, []),
        (texts(b"1"),),
        "ValueError",
        "passed list of length 0 less than minimum 1",
    ),
    Failure(
        "DecodeCSV",
        lambda tf, x: tf.decode_csv(x, 1.0),
        (texts(b"1"),),
        "TypeError",
        "Expected list for 'record_defaults'",
    ),
    Failure(
        "DecodeCSV",
        lambda tf, x: tf.decode_csv(x, [[True]]),
        (texts(b"1"),),
        "TypeError",
        "DataType bool not in list of allowed values",
    ),
    refused(
        "ParseExample",
        "parse_example",
        ("age", FIXED, [2], "int64"),
        PEOPLE,
        "Name: <unknown>, Key: age, Index: 0.  Number of int64 values != expected.  Values size: 1 but output shape: .2.",
    ),
    refused("ParseExample", "parse_example", ("words", FIXED, [], "string"), PEOPLE, "Key: words, Index: 0"),
    refused(
        "ParseExample",
        "parse_example",
        ("lacking", FIXED, [], "string"),
        PEOPLE,
        r"Feature: lacking \(data type: string\) is required but could not be found",
    ),
    refused(
        "ParseExample",
        "parse_example",
        ("age", FIXED, [], "float32"),
        PEOPLE,
        "Key: age, Index: 0.  Data types don't match. Data type: int64 but expected type: float",
    ),
    refused(
        "ParseExample",
        "parse_example",
        ("age", VAR, "float32"),
        PEOPLE,
        "Data types don't match. Expected type: float, Actual type: int64",
    ),
    refused(
        "ParseExample",
        "parse_example",
        ("weights", STEPS, [3], "float32", True),
        PEOPLE,
        r"is not a multiple of stride length. Saw 2 values but output shape is: \[\?,3\]",
    ),
    refused(
        "ParseExample", "parse_example", ("age", FIXED, None, "int64"), PEOPLE, "Missing shape for feature age", False
    ),
    refused(
        "ParseExample",
        "parse_example",
        ("age", FIXED, [None], "int64"),
        PEOPLE,
        "First dimension of shape for feature age unknown",
        False,
    ),
    refused(
        "ParseExample",
        "parse_example",
        ("age", FIXED, [2, None], "int64"),
        PEOPLE,
        "All dimensions of shape for feature age need to be known",
        False,
    ),
    refused("ParseExample", "parse_example", ("age", VAR, None), PEOPLE, "Missing type for feature age", False),
    refused(
        "ParseExample", "parse_example", ("age", STEPS, [], "int64"), PEOPLE, "requires allow_missing to be True", False
    ),
    refused(
        "ParseExample",
        "parse_example",
        ("age", STEPS, [None], "int64", True),
        PEOPLE,
        "unknown rank or unknown inner dimensions",
        False,
    ),
    refused(
        "ParseExample",
        "parse_example",
        ("q", FIXED, [2], "float32", 1.0),
        PEOPLE,
        "Cannot reshape a tensor with 1 elements",
        False,
    ),
    refused(
        "ParseExample",
        "parse_example",
        ("q", "SparseFeature", "", "v", "float32", 3),
        PEOPLE,
        "Missing index_key for SparseFeature",
        False,
    ),
    refused(
        "ParseExample",
        "parse_example",
        ("q", "SparseFeature", "v", "", "float32", 3),
        PEOPLE,
        "Missing value_key for SparseFeature",
        False,
    ),
    refused(
        "ParseExample",
        "parse_example",
        ("q", "SparseFeature", "v", "v", "float32", 3),
        PEOPLE,
        "Conflicting type .* for feature v",
        False,
    ),
    Failure(
        "ParseExample",
        lambda tf, x: tf.parse_example(x, {"q": tf.FixedLenFeature([], tf.int32)}),
        (PEOPLE,),
        "TypeError",
        "DataType int32 not in list of allowed values: float32, int64, string",
    ),
    Failure(
        "ParseExample",
        lambda tf, x: tf.parse_example(x, {"q": tf.VarLenFeature(tf.int32)}),
        (PEOPLE,),
        "TypeError",
        "DataType int32 not in list of allowed values: float32, int64, string",
    ),
    Failure("ParseExample", lambda tf, x: tf.parse_example(x, {}), (PEOPLE,), "ValueError", "features"),
    Failure("ParseExample", lambda tf, x: tf.parse_example(x, {"a": 3}), (PEOPLE,), "ValueError", "3"),
    Failure(
        "ParseExample",
        lambda tf, x: flat(
            tf.parse_example(x, {"q": tf.FixedLenFeature([], tf.int64)}, example_names=["first", "second"])
        ),
        (PEOPLE,),
        "InvalidArgumentError",
        "Name: first, Feature: q",
        True,
    ),
    refused("ParseSingleExample", "parse_single_example", ("age", FIXED, [2], "int64"), ONE, "Key: age"),
    refused(
        "ParseSingleExample",
        "parse_single_example",
        ("q", FIXED, [], "int64"),
        ONE,
        r"^Feature: q \(data type: int64\) is required but could not be found",
    ),
    refused(
        "ParseSingleExample",
        "parse_single_example",
        ("age", FIXED, [], "float32"),
        ONE,
        "Key: age.  Data types don't match. Data type: int64 but expected type: float",
    ),
    refused(
        "ParseSingleExample",
        "parse_single_example",
        ("age", VAR, "string"),
        ONE,
        "Key: age.  Data types don't match. Expected type: string, Actual type: int64",
    ),
    refused(
        "ParseSingleExample",
        "parse_single_example",
        ("weights", STEPS, [3], "float32", True),
        ONE,
        "feature with key weights: number of elements should be divisible by 3, found 2 instead",
    ),
    Failure("ParseSingleExample", lambda tf, x: tf.parse_single_example(x, {}), (ONE,), "ValueError", "features"),
    refused(
        "ParseSingleSequenceExample",
        "parse_single_sequence_example",
        ("length", FIXED, [], "float32"),
        SCENE,
        "Context feature: length.  Data types don't match. Expected type: float",
    ),
    refused(
        "ParseSingleSequenceExample",
        "parse_single_sequence_example",
        ("length", VAR, "float32"),
        SCENE,
        "Context feature: length.  Data types don't match. Expected type: float",
    ),
    refused(
        "ParseSingleSequenceExample",
        "parse_single_sequence_example",
        ("q", STEPS, [], "int64"),
        SCENE,
        "Feature list 'q' is required but could not be found.  Did you mean to include",
    ),
    refused(
        "ParseSingleSequenceExample",
        "parse_single_sequence_example",
        ("word", STEPS, [], "float32"),
        SCENE,
        "Feature list: word, Index: 0.  Data types don't match. Expected type: float",
    ),
    refused(
        "ParseSingleSequenceExample",
        "parse_single_sequence_example",
        ("score", STEPS, [], "float32"),
        SCENE,
        "Key: score, Index: 1.  Number of .*values != expected.  values size: 2 but output shape: ",
    ),
    Failure(
        "ParseSingleSequenceExample",
        lambda tf, x: tf.parse_single_sequence_example(x),
        (SCENE,),
        "ValueError",
        "features",
    ),
    Failure(
        "ParseSingleSequenceExample",
        lambda tf, x: tf.parse_single_sequence_example(x, {"a": tf.FixedLenSequenceFeature([], tf.int64)}),
        (SCENE,),
        "ValueError",
        "Unsupported FixedLenSequenceFeature",
    ),
    Failure(
        "ParseSingleSequenceExample",
        lambda tf, x: tf.parse_single_sequence_example(
            x, None, {"a": tf.FixedLenSequenceFeature([], tf.int64, True, 1)}
        ),
        (SCENE,),
        "ValueError",
        r"Value feature_list.dense_defaults\[a\] must be None",
    ),
    refused(
        "ParseSequenceExample",
        "parse_sequence_example",
        ("length", FIXED, [], "float32"),
        texts(CLIP),
        "Name: <unknown>, Context feature: length.  Data types don't match. Expected type: float",
    ),
    refused(
        "ParseSequenceExample",
        "parse_sequence_example",
        ("q", STEPS, [], "int64"),
        texts(CLIP),
        "Name: <unknown>, Feature list 'q' is required but could not be found",
    ),
    Failure(
        "ParseSequenceExample",
        lambda tf, x: flat(
            tf.io.parse_sequence_example(tf.reshape(x, [-1]), {"length": tf.FixedLenFeature([], tf.int64)})
        ),
        (texts(b"\xff"),),
        "InvalidArgumentError",
        "Invalid protocol message input, example id: <unknown>",
        True,
    ),
]

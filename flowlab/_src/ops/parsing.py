"""Bytes to tensors: raw numbers, compressed strings, serialized tensors, examples written in JSON."""

from __future__ import annotations

import base64
import re
import zlib
from typing import Any

import numpy as np

from flowlab._src.errors import DataLossError, InvalidArgumentError, ResourceExhaustedError
from flowlab._src.graph import dtypes
from flowlab._src.graph.dtypes import DType, as_dtype
from flowlab._src.graph.op import Array, Op, Spec, T, Unary
from flowlab._src.graph.shape import UNKNOWN, TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.graph.tensor_proto import from_proto, shape_to_proto
from flowlab._src.kernels.strings import collect, each
from flowlab._src.ops.broadcast import brackets
from flowlab._src.ops.misuse import misuse, old_argument
from flowlab._src.ops.string_numbers import allowed_type
from flowlab._src.util.export import export

RAW_TYPES = (
    dtypes.float16, dtypes.float32, dtypes.float64, dtypes.int32, dtypes.uint16, dtypes.uint8, dtypes.int16, dtypes.int8,
    dtypes.int64, dtypes.complex64, dtypes.complex128, dtypes.bool_,
)  # fmt: skip
MOST_BYTES = 1 << 31  # that a compressed string may grow to


# ---- raw numbers ---------------------------------------------------------------------------------------------------


class DecodeRaw(Op):
    """The bytes of each string, read as numbers."""

    out_type: DType
    little_endian: bool = True
    grad = None

    def kernel(self, bytes: Array[np.object_]) -> Array:
        dtype = np.dtype(self.out_type.as_numpy_dtype)
        strings = bytes.ravel().tolist()
        length = len(strings[0]) if strings else 0
        lengths = list(map(len, strings))
        if lengths.count(length) != len(lengths):
            i, other = next((i, n) for i, n in enumerate(lengths) if n != length)
            message = (
                "DecodeRaw requires input strings to all be the same size, "
                f"but element {i} has size {length} != {other}"
            )
            raise InvalidArgumentError(None, None, message)
        if length % dtype.itemsize:
            message = (
                f"Input to DecodeRaw has length {length} that is not a multiple of {dtype.itemsize}, "
                f"the size of {self.out_type.runtime_name}"
            )
            raise InvalidArgumentError(None, None, message)
        shape = (*bytes.shape, length // dtype.itemsize)
        if dtype == np.bool_:
            return (np.frombuffer(b"".join(strings), np.uint8) != 0).reshape(shape)
        written = dtype.newbyteorder("<" if self.little_endian else ">")
        return np.frombuffer(b"".join(strings), written).astype(dtype).reshape(shape)

    def dtypes(self, bytes: Any) -> DType:
        return self.out_type

    def shape(self, bytes: Spec) -> TensorShape:
        return UNKNOWN if bytes.dims is None else TensorShape.of((*bytes.dims, None))


@export("io.decode_raw", "decode_raw")
def decode_raw(
    input_bytes: Any = None,
    out_type: Any = None,
    little_endian: bool = True,
    name: str | None = None,
    bytes: Any = None,
) -> Tensor:
    """Read the bytes of strings as numbers.

    Parameters
    ----------
    input_bytes : string Tensor
        Strings of one length.
    out_type : DType
        What the bytes are: tf.uint8 for images of MNIST, for example.
    little_endian : bool
        Whether the first byte of a number is its smallest part.
    name : str, optional
    bytes
        Older name of `input_bytes`.

    Returns
    -------
    Tensor of `out_type`, one axis more than `input_bytes`
        The size of the last axis is known only when it runs: `set_shape` or `reshape` tell it.

    Raises
    ------
    ValueError
        If no type is given.
    InvalidArgumentError
        If lengths differ, or are no multiple of the size of a number.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.decode_raw(["\\x01\\x00\\x02\\x00"], tf.int16))
    array([[1, 2]], dtype=int16)
    """
    input_bytes = old_argument("input_bytes", input_bytes, "bytes", bytes)
    if out_type is None:
        raise misuse(
            ValueError("decode_raw_v1() missing 1 positional argument: 'out_type'"), fix="tf.decode_raw(x, tf.uint8)"
        )
    dtype = allowed_type(out_type, "out_type", RAW_TYPES)
    result: Tensor = DecodeRaw(out_type=dtype, little_endian=little_endian)(input_bytes, name=name)
    return result


# ---- compressed strings --------------------------------------------------------------------------------------------

WINDOWS = {"ZLIB": zlib.MAX_WBITS, "GZIP": 16 + zlib.MAX_WBITS}


class DecodeCompressed(Unary):
    """Each string without its compression."""

    compression_type: str = ""
    grad = None

    def kernel(self, bytes: Array[np.object_]) -> Array[np.object_]:
        if self.compression_type not in ("", *WINDOWS):
            raise InvalidArgumentError(None, None, "Only ZLIB, GZIP or NONE are supported compressions")
        if not self.compression_type:
            return bytes.copy()
        window = WINDOWS[self.compression_type]
        return each(lambda data: inflate(data, window), bytes)


def inflate(data: bytes, window: int) -> bytes:
    """Undo the compression; what was cut off is given as far as it goes, several parts are put together."""
    parts, total = [], 0
    try:
        while data:
            reader = zlib.decompressobj(window)
            parts.append(reader.decompress(data, MOST_BYTES - total))
            total += len(parts[-1])
            if total >= MOST_BYTES:
                raise ResourceExhaustedError(None, None, f"a compressed string is longer than {MOST_BYTES} bytes")
            data = reader.unused_data if window > zlib.MAX_WBITS else b""
    except zlib.error as error:
        if parts:
            return b"".join(parts)  # rubbish behind the end
        found = re.match(r"Error (-\d+) while [^:]*:? ?(.*)", str(error))
        text = f"inflate() failed with error {found[1]}: {found[2]}" if found else f"inflate() failed: {error}"
        raise DataLossError(None, None, text) from None
    return b"".join(parts)


@export("io.decode_compressed", "decode_compressed")
def decode_compressed(bytes: Any, compression_type: str = "", name: str | None = None) -> Tensor:
    """Undo the compression of strings.

    Parameters
    ----------
    bytes : string Tensor
    compression_type : {"", "ZLIB", "GZIP"}
    name : str, optional

    Returns
    -------
    string Tensor, shape of `bytes`

    Raises
    ------
    InvalidArgumentError
        For another compression.
    DataLossError
        If a string is not compressed in this way.

    Examples
    --------
    >>> import zlib
    >>> with tf.Session() as sess:
    ...     sess.run(tf.io.decode_compressed(zlib.compress(b"hello"), "ZLIB"))
    b'hello'
    """
    result: Tensor = DecodeCompressed(compression_type=compression_type)(bytes, name=name)
    return result


# ---- serialized tensors --------------------------------------------------------------------------------------------


class SerializeTensor(Op):
    """A tensor as one string, a TensorProto."""

    grad = None

    def kernel(self, tensor: Array[T]) -> Array[np.object_]:
        from flowlab._src.formats import messages

        array = np.asarray(tensor)
        proto = messages.TensorProto(
            dtype=as_dtype(array.dtype).as_datatype_enum, tensor_shape=shape_to_proto(TensorShape.of(array.shape))
        )
        if array.dtype.hasobject:
            proto.string_val.extend(array.ravel().tolist())
        else:
            proto.tensor_content = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
        return collect([proto.SerializeToString()], ())

    def shape(self, tensor: Spec) -> TensorShape:
        return TensorShape.of(())


@export("io.serialize_tensor", "serialize_tensor")
def serialize_tensor(tensor: Any, name: str | None = None) -> Tensor:
    """Write a tensor into one string: type, shape and elements.

    Parameters
    ----------
    tensor : Tensor
    name : str, optional

    Returns
    -------
    string scalar Tensor
        A serialized TensorProto, which `tf.io.parse_tensor` reads.

    Examples
    --------
    >>> text = tf.io.serialize_tensor([[1, 2], [3, 4]])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.io.parse_tensor(text, tf.int32))
    array([[1, 2],
           [3, 4]], dtype=int32)
    """
    result: Tensor = SerializeTensor()(tensor, name=name)
    return result


class ParseTensor(Op):
    """The tensor in a serialized TensorProto."""

    out_type: DType
    grad = None

    def kernel(self, serialized: Array[np.object_]) -> Array:
        from flowlab._src.formats import messages

        if np.ndim(serialized) != 0:
            message = f"Expected `serialized` to be a scalar, got shape: {brackets(np.shape(serialized))}"
            raise InvalidArgumentError(None, None, message)
        data = np.asarray(serialized, object).item()
        try:
            proto = messages.parse(messages.TensorProto, data, "the string")
        except ValueError:
            shown = base64.b64encode(data[:60]).decode()
            message = f"Could not parse `serialized` as TensorProto, base64: {shown}"
            raise InvalidArgumentError(None, None, message) from None
        try:
            array = from_proto(proto)
        except (ValueError, TypeError) as error:
            raise InvalidArgumentError(None, None, f"Cannot parse tensor from proto: {error}") from None
        found = as_dtype(array.dtype)
        if found is not self.out_type:
            message = (
                f"Type mismatch between parsed tensor ({found.runtime_name}) and dtype ({self.out_type.runtime_name})"
            )
            raise InvalidArgumentError(None, None, message)
        return array.copy()

    def dtypes(self, serialized: Any) -> DType:
        return self.out_type


@export("io.parse_tensor", "parse_tensor")
def parse_tensor(serialized: Any, out_type: Any, name: str | None = None) -> Tensor:
    """Read a tensor that `tf.io.serialize_tensor` has written.

    Parameters
    ----------
    serialized : string scalar Tensor
    out_type : DType
        The type that the tensor has.
    name : str, optional

    Returns
    -------
    Tensor of `out_type`, of unknown shape

    Raises
    ------
    InvalidArgumentError
        If the string holds no tensor, or one of another type.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.parse_tensor(tf.make_tensor_proto([1.5, 2.0]).SerializeToString(), tf.float32))
    array([1.5, 2. ], dtype=float32)
    """
    result: Tensor = ParseTensor(out_type=as_dtype(out_type))(serialized, name=name)
    return result


# ---- JSON ----------------------------------------------------------------------------------------------------------


class DecodeJSONExample(Unary):
    """Examples written in JSON, in the binary form."""

    grad = None

    def kernel(self, json_examples: Array[np.object_]) -> Array[np.object_]:
        from google.protobuf import json_format

        from flowlab._src.formats import messages

        def converted(text: bytes) -> bytes:
            try:
                example = json_format.Parse(text, messages.Example(), descriptor_pool=messages.POOL)
            except (json_format.ParseError, UnicodeDecodeError, RecursionError) as error:
                raise InvalidArgumentError(None, None, f"Error while parsing JSON: {error}") from None
            data: bytes = example.SerializeToString(deterministic=True)
            return data

        return each(converted, json_examples)


@export("io.decode_json_example", "decode_json_example")
def decode_json_example(json_examples: Any, name: str | None = None) -> Tensor:
    """Turn examples written in JSON into serialized tf.train.Example messages.

    Parameters
    ----------
    json_examples : string Tensor
        In the JSON form of protocol buffers; bytes are written in base64.
    name : str, optional

    Returns
    -------
    string Tensor, shape of `json_examples`
        For `tf.parse_example`.

    Raises
    ------
    InvalidArgumentError
        If a string is no such JSON.

    Examples
    --------
    >>> text = '{"features": {"feature": {"age": {"int64List": {"value": [7]}}}}}'
    >>> example = tf.parse_single_example(tf.decode_json_example(text), {"age": tf.FixedLenFeature([], tf.int64)})
    >>> with tf.Session() as sess:
    ...     print(sess.run(example["age"]))
    7
    """
    result: Tensor = DecodeJSONExample()(json_examples, name=name)
    return result

"""Sparse tensors as strings, to put several of them into one queue or batch: serialize_sparse and its kin."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError
from flowlab._src.graph import dtypes
from flowlab._src.graph.dtypes import DType, as_dtype
from flowlab._src.graph.op import Array, Op, Spec, T
from flowlab._src.graph.shape import TensorShape, unknown_shape
from flowlab._src.graph.sparse_tensor import SparseTensor, as_sparse
from flowlab._src.graph.tensor import Tensor
from flowlab._src.graph.tensor_proto import from_proto
from flowlab._src.kernels import sparse
from flowlab._src.util.export import export

Parts = tuple[np.ndarray, np.ndarray, np.ndarray]  # indices, values, shape


def _refuse(message: str) -> InvalidArgumentError:
    return InvalidArgumentError(None, None, message)


# ---- one array as a message --------------------------------------------------------------------------------------------


def pack(array: np.ndarray) -> bytes:
    """An array as a serialized TensorProto, its elements in `tensor_content`."""
    from flowlab._src.formats import messages

    proto = messages.TensorProto(dtype=as_dtype(array.dtype).as_datatype_enum)
    proto.tensor_shape.SetInParent()
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    if array.dtype == object:
        strings = array.reshape(-1).tolist()
        content = b"".join(_varint(len(s)) for s in strings) + b"".join(strings)
    else:
        content = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
    proto.tensor_content = content
    return proto.SerializeToString()


def unpack(data: Any) -> np.ndarray:
    """The array in a serialized TensorProto."""
    from flowlab._src.formats import messages

    try:
        proto = messages.TensorProto.FromString(data)
        if proto.dtype == dtypes.string.as_datatype_enum and proto.tensor_content:
            return _strings(proto.tensor_content, tuple(d.size for d in proto.tensor_shape.dim))
        return from_proto(proto)
    except Exception as error:  # a message that cannot be read, or a shape that does not fit the elements
        raise _refuse("Could not parse serialized proto") from error


def _varint(number: int) -> bytes:
    """A number in groups of seven bits, the lowest first."""
    result = bytearray()
    while number > 127:
        result.append(number & 127 | 128)
        number >>= 7
    result.append(number)
    return bytes(result)


def _strings(content: bytes, shape: tuple[int, ...]) -> np.ndarray:
    """Strings that were written as all lengths and then all bytes."""
    lengths, position = [], 0
    for _ in range(math.prod(shape)):
        length = shift = 0
        while True:
            byte = content[position]
            position += 1
            length |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        lengths.append(length)
    if position + sum(lengths) != len(content):
        raise ValueError("the lengths do not add up")
    result = np.empty(len(lengths), object)
    for i, length in enumerate(lengths):
        result[i] = content[position : position + length]
        position += length
    return result.reshape(shape)


# ---- sparse tensors ----------------------------------------------------------------------------------------------------


class Serializing(Op, abstract=True):
    """A sparse tensor as strings or, without being written, as variants."""

    out_type: DType = dtypes.string

    def write(self, array: np.ndarray) -> Any:
        """One part of a sparse tensor."""
        return pack(array) if self.out_type is dtypes.string else array

    def dtypes(self, *inputs: Any) -> DType:
        return self.out_type


class SerializeSparse(Serializing):
    """The three parts of a sparse tensor as a vector."""

    def kernel(self, sparse_indices: Array[np.int64], sparse_values: Array[T], sparse_shape: Array[np.int64]) -> Array:
        parts = [np.asarray(p) for p in (sparse_indices, sparse_values, sparse_shape)]
        sparse.check_parts(parts[0], parts[1], parts[2])
        result = np.empty(3, object)
        for i, part in enumerate(parts):
            result[i] = self.write(part)
        return result

    def shape(self, sparse_indices: Spec, sparse_values: Spec, sparse_shape: Spec) -> TensorShape:
        sparse_indices.ranked(2)
        sparse_values.ranked(1)
        sparse_shape.ranked(1)
        return TensorShape.of((3,))


class SerializeManySparse(Serializing):
    """Each row of a sparse tensor as a sparse tensor of its own, in one row of a matrix."""

    def kernel(self, sparse_indices: Array[np.int64], sparse_values: Array[T], sparse_shape: Array[np.int64]) -> Array:
        places, values, shape = (np.asarray(p) for p in (sparse_indices, sparse_values, sparse_shape))
        sparse.check_parts(places, values, shape)
        if len(shape) < 2:
            raise _refuse(f"Rank of input SparseTensor should be > 1, but saw rank: {len(shape)}")
        rows = int(shape[0])
        sparse.check_places(places, shape, ordered=False)
        result = np.empty((rows, 3), object)
        order, starts = sparse.groups(places[:, 0])
        chosen = (
            dict(zip(places[order[starts], 0].tolist(), np.split(order, starts[1:]), strict=True)) if len(order) else {}
        )
        nothing = np.zeros(0, np.int64)
        for row in range(rows):
            own = chosen.get(row, nothing)
            for i, part in enumerate((places[own, 1:], values[own], shape[1:])):
                result[row, i] = self.write(part)
        return result

    def shape(self, sparse_indices: Spec, sparse_values: Spec, sparse_shape: Spec) -> TensorShape:
        sparse_indices.ranked(2)
        sparse_values.ranked(1)
        sparse_shape.ranked(1)
        return TensorShape.of((None, 3))


class Deserializing(Op, abstract=True):
    """Sparse tensors put together again: one for each three strings, on axes added in front."""

    dtype: DType

    def join(self, serialized: np.ndarray) -> Parts:
        """The parts of the whole."""
        outer = serialized.shape[:-1]
        if not serialized.ndim or serialized.shape[-1] != 3:
            raise _refuse(f"Serialized sparse should have 3 as the last dimension {sparse.text(serialized.shape)}")
        singles = [self.read(row, i) for i, row in enumerate(serialized.reshape(-1, 3))]
        if not outer:
            return singles[0]
        if not singles:
            raise _refuse("Must have at least 1 serialized SparseTensor")
        rank = len(singles[0][2])
        for i, (_, _, shape) in enumerate(singles):
            if len(shape) != rank:
                raise _refuse(
                    f"Inconsistent shape across SparseTensors: rank prior to SparseTensor[{i}] was: {rank} but rank of "
                    f"SparseTensor[{i}] is: {len(shape)}"
                )
        whole = np.array([*outer, *np.max([shape for _, _, shape in singles], axis=0)], np.int64)
        places = [
            np.concatenate([np.broadcast_to(np.array(place, np.int64), (len(indices), len(outer))), indices], axis=1)
            for place, (indices, _, _) in zip(np.ndindex(outer), singles, strict=True)
        ]
        return np.concatenate(places), np.concatenate([values for _, values, _ in singles]), whole

    def read(self, row: Any, number: int) -> Parts:
        """The parts of one sparse tensor."""
        indices, values, shape = (p if isinstance(p, np.ndarray) else unpack(p) for p in row)
        where = f"SparseTensor[{number}]"
        if as_dtype(values.dtype) is not self.dtype:
            raise _refuse(
                f"Requested SparseTensor of type {self.dtype.runtime_name} but {where}.values.dtype() == "
                f"{as_dtype(values.dtype).runtime_name}"
            )
        if indices.dtype != np.int64 or shape.dtype != np.int64:
            raise _refuse(f"Expected {where} indices and shape to be of type int64")
        sparse.check_parts(indices, values, shape)
        return indices, values, shape

    def dtypes(self, serialized_sparse: Any) -> list[DType]:
        return [dtypes.int64, self.dtype, dtypes.int64]


class DeserializeSparse(Deserializing):
    """One sparse tensor, or several put together on axes added in front."""

    def kernel(self, serialized_sparse: Array[T]) -> tuple[Array[np.int64], Array, Array[np.int64]]:
        return self.join(np.asarray(serialized_sparse, object))

    def shape(self, serialized_sparse: Spec) -> list[TensorShape]:
        if serialized_sparse.dims and serialized_sparse.dims[-1] not in (None, 3):
            raise ShapeError(f"Dimension must be 3 but is {serialized_sparse.dims[-1]}")
        return [unknown_shape(2), unknown_shape(1), unknown_shape(1)]


class DeserializeManySparse(Deserializing):
    """Several sparse tensors put together on one axis added in front."""

    def kernel(self, serialized_sparse: Array[np.object_]) -> tuple[Array[np.int64], Array, Array[np.int64]]:
        serialized = np.asarray(serialized_sparse, object)
        if serialized.ndim != 2:
            raise _refuse(f"Serialized sparse should be a matrix but received shape {sparse.text(serialized.shape)}")
        return self.join(serialized)

    def shape(self, serialized_sparse: Spec) -> list[TensorShape]:
        _, count = serialized_sparse.ranked(2)
        if count not in (None, 3):
            raise ShapeError(f"Dimension must be 3 but is {count}")
        return [unknown_shape(2), unknown_shape(1), unknown_shape(1)]


@export("io.serialize_sparse", "serialize_sparse")
def serialize_sparse(sp_input: Any, name: str | None = None, out_type: Any = dtypes.string) -> Tensor:
    """Write a sparse tensor as three strings.

    Parameters
    ----------
    sp_input : SparseTensor
    name : str, optional
    out_type : DType
        string, or variant, which is not written at all.

    Returns
    -------
    Tensor, shape (3,)
    """
    sp_input = as_sparse(sp_input)
    op = SerializeSparse(out_type=as_dtype(out_type))
    result: Tensor = op(sp_input.indices, sp_input.values, sp_input.dense_shape, name=name)
    return result


@export("io.serialize_many_sparse", "serialize_many_sparse")
def serialize_many_sparse(sp_input: Any, name: str | None = None, out_type: Any = dtypes.string) -> Tensor:
    """Write each row of a sparse tensor as a sparse tensor of its own, of three strings.

    Parameters
    ----------
    sp_input : SparseTensor, rank 2 or more
    name : str, optional
    out_type : DType
        string, or variant, which is not written at all.

    Returns
    -------
    Tensor, shape (rows, 3)
    """
    sp_input = as_sparse(sp_input)
    op = SerializeManySparse(out_type=as_dtype(out_type))
    result: Tensor = op(sp_input.indices, sp_input.values, sp_input.dense_shape, name=name)
    return result


def deserialize_sparse(serialized_sparse: Any, dtype: Any, rank: int | None = None, name: str | None = None) -> Any:
    """Put sparse tensors together that `serialize_sparse` wrote, on as many axes in front as there are."""
    return _known_rank(DeserializeSparse(dtype=as_dtype(dtype))(serialized_sparse, name=name), rank)


@export("io.deserialize_many_sparse", "deserialize_many_sparse")
def deserialize_many_sparse(
    serialized_sparse: Any, dtype: Any, rank: int | None = None, name: str | None = None
) -> SparseTensor:
    """Put sparse tensors together that were written as strings, as the rows of a new first axis.

    Parameters
    ----------
    serialized_sparse : Tensor of string, shape (rows, 3)
        From `tf.io.serialize_many_sparse`, or stacked results of `tf.io.serialize_sparse`.
    dtype : DType
        Type of the elements.
    rank : int, optional
        The rank of the result, if it is known while building.
    name : str, optional

    Returns
    -------
    SparseTensor
        Its sizes are the largest among the parts.

    Raises
    ------
    tf.errors.InvalidArgumentError
        When run with strings that are no sparse tensors, or are of another type or rank.

    Examples
    --------
    >>> st = tf.SparseTensor([[0, 1], [2, 0]], ["a", "b"], [3, 2])
    >>> again = tf.io.deserialize_many_sparse(tf.io.serialize_many_sparse(st), tf.string)
    >>> with tf.Session() as sess:
    ...     sess.run(again.values), sess.run(again.dense_shape)
    (array([b'a', b'b'], dtype=object), array([3, 2]))
    """
    return _known_rank(DeserializeManySparse(dtype=as_dtype(dtype))(serialized_sparse, name=name), rank)


def _known_rank(parts: Any, rank: int | None) -> SparseTensor:
    parts[0].set_shape([None, rank])
    parts[2].set_shape([rank])
    return SparseTensor(*parts)

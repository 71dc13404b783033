"""Strings to numbers of buckets: a hash decides where each string goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError
from flowlab._src.graph.arguments import as_int, as_ints
from flowlab._src.graph.op import Array, Op, Spec, T, Unary
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import string_hash as kernels
from flowlab._src.ops.misuse import misuse, old_argument
from flowlab._src.util.export import export


class HashBucket(Unary, abstract=True):
    """The bucket of each string: its hash, modulo the number of buckets."""

    num_buckets: int
    grad = None

    def hash(self, rows: kernels.Rows) -> kernels.Words:
        """The hash of strings of one length."""
        raise NotImplementedError

    def kernel(self, input: Array[np.object_]) -> Array[np.int64]:
        if self.num_buckets < 1:
            raise InvalidArgumentError(None, None, f"num_buckets must be positive, got {self.num_buckets}")
        words = kernels.hash_all(input.ravel().tolist(), self.hash)
        return (words % np.uint64(self.num_buckets)).astype(np.int64).reshape(input.shape)


class StringToHashBucketFast(HashBucket):
    """The bucket of each string by FarmHash's fingerprint, which stays the same for ever."""

    hash = staticmethod(kernels.fingerprint64)


class StringToHashBucketStrong(HashBucket):
    """The bucket of each string by a hash with a secret key."""

    key: list[int]

    def hash(self, rows: kernels.Rows) -> kernels.Words:
        """SipHash-2-4 with the key."""
        if len(self.key) != 2:
            raise InvalidArgumentError(None, None, "Key must have 2 elements")
        return kernels.sip_hash(rows, (self.key[0], self.key[1]))


class StringToHashBucket(HashBucket):
    """The bucket of each string by the oldest of the three hashes."""

    def hash(self, rows: kernels.Rows) -> kernels.Words:
        """A Murmur hash."""
        return kernels.hash64(rows)


def bucket_count(op: str, value: Any) -> int:
    """The number of buckets as the attribute; ValueError when there is none."""
    count = as_int(value, "num_buckets")
    if count < 1:
        raise misuse(ValueError(f"Attr 'num_buckets' of '{op}' Op passed {count} less than minimum 1."))
    return count


@export("strings.to_hash_bucket_fast", "string_to_hash_bucket_fast")
def string_to_hash_bucket_fast(input: Any, num_buckets: int, name: str | None = None) -> Tensor:
    """Sort strings into buckets, always in the same way: by FarmHash.

    Parameters
    ----------
    input : string Tensor
    num_buckets : int
        At least 1.
    name : str, optional

    Returns
    -------
    int64 Tensor, shape of `input`
        Numbers from 0 to `num_buckets - 1`. Different strings may share a bucket.

    Raises
    ------
    ValueError
        If there is no bucket.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.strings.to_hash_bucket_fast(["Hello", "TensorFlow", "2.x"], 3))
    array([0, 2, 2])
    """
    count = bucket_count("StringToHashBucketFast", num_buckets)
    result: Tensor = StringToHashBucketFast(num_buckets=count)(input, name=name)
    return result


@export("strings.to_hash_bucket_strong", "string_to_hash_bucket_strong")
def string_to_hash_bucket_strong(input: Any, num_buckets: int, key: Sequence[int], name: str | None = None) -> Tensor:
    """Sort strings into buckets by a hash with a key, SipHash.

    Who does not know the key cannot make strings that all go into one bucket. Slower than `to_hash_bucket_fast`.

    Parameters
    ----------
    input : string Tensor
    num_buckets : int
        At least 1.
    key : list of 2 int
    name : str, optional

    Returns
    -------
    int64 Tensor, shape of `input`

    Raises
    ------
    ValueError
        If there is no bucket.
    InvalidArgumentError
        If the key has not two numbers.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.strings.to_hash_bucket_strong(["Hello", "TF"], 3, [1, 2]))
    array([2, 0])
    """
    count = bucket_count("StringToHashBucketStrong", num_buckets)
    result: Tensor = StringToHashBucketStrong(num_buckets=count, key=as_ints(key, "key"))(input, name=name)
    return result


@export("strings.to_hash_bucket", "string_to_hash_bucket")
def string_to_hash_bucket(
    string_tensor: Any = None, num_buckets: Any = None, name: str | None = None, input: Any = None
) -> Tensor:
    """Sort strings into buckets by a hash that TensorFlow keeps for old programs.

    Parameters
    ----------
    string_tensor, input : string Tensor
        Two names of one argument.
    num_buckets : int
        At least 1.
    name : str, optional

    Returns
    -------
    int64 Tensor, shape of `input`

    Raises
    ------
    ValueError
        If there is no bucket.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.string_to_hash_bucket(["Hello", "TensorFlow", "2.x"], 3))
    array([2, 0, 1])
    """
    string_tensor = old_argument("input", input, "string_tensor", string_tensor)
    count = bucket_count("StringToHashBucket", num_buckets)
    result: Tensor = StringToHashBucket(num_buckets=count)(string_tensor, name=name)
    return result


class Fingerprint(Op):
    """The fingerprint of each row: 8 bytes, the lowest of the 64-bit number first."""

    grad = None

    def kernel(self, data: Array[T], method: Array[np.object_]) -> Array[np.uint8]:
        name = np.asarray(method, object).ravel()
        if len(name) != 1 or name[0] != b"farmhash64":
            shown = name[0].decode(errors="replace") if len(name) else ""
            raise InvalidArgumentError(None, None, f"Unsupported fingerprint method: {shown}")
        data = np.asarray(data)
        if data.dtype == object:
            words = kernels.hash_all(data.ravel().tolist(), kernels.fingerprint64)
            if data.ndim == 1:
                return words.astype("<u8").view(np.uint8).reshape(len(data), 8)
            data = words.astype("<u8").reshape(data.shape)  # a row of several strings: the fingerprint of theirs
        rows = [row.tobytes() for row in np.ascontiguousarray(data.astype(data.dtype.newbyteorder("<"), copy=False))]
        return kernels.hash_all(rows, kernels.fingerprint64).astype("<u8").view(np.uint8).reshape(len(rows), 8)

    def shape(self, data: Spec, method: Spec) -> TensorShape:
        method.ranked(0)
        if data.rank == 0:
            raise ShapeError("Shape must be at least rank 1 but is rank 0")
        value = method.value
        if value is not None and np.asarray(value, object).item() != b"farmhash64":
            raise ShapeError(f"Unsupported method: {np.asarray(value, object).item().decode(errors='replace')}")
        return TensorShape.of((None if data.dims is None else data.dims[0], 8))


@export("fingerprint")
def fingerprint(data: Any, method: str = "farmhash64", name: str | None = None) -> Tensor:
    """Return a number of 64 bits for each row that tells rows apart: the same row, the same number, for ever.

    Parameters
    ----------
    data : Tensor of rank 1 or more
    method : {"farmhash64"}
    name : str, optional

    Returns
    -------
    Tensor, shape (rows, 8), uint8
        The bytes of the number, the lowest first.

    Raises
    ------
    ValueError
        If `data` is a scalar, or the method another.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.fingerprint(["abc", "d"]))
    array([[105, 243, 231, 116, 160, 179, 165,  36],
           [ 33, 154, 125, 149,  99, 228,  10,  62]], dtype=uint8)
    """
    return Fingerprint()(data, method, name=name)

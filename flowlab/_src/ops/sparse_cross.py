"""Crossed features: every combination of a word of one column with a word of another becomes a word of its own."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_int
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.op import Array, Op, Spec
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.sparse_tensor import SparseTensor
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import sparse
from flowlab._src.kernels.string_hash import fingerprint64, hash_all
from flowlab._src.ops.cast import cast
from flowlab._src.ops.misuse import misuse
from flowlab._src.util.export import export

DEFAULT_HASH_KEY = 0xDECAFCAFFE
_MASK = 2**64 - 1

Column = list[list[Any]]  # the words of each row


def mixed(word: int) -> int:
    """Mix the high bits of a 64-bit word into the low ones."""
    return word ^ (word >> 47)


def joined_fingerprint(first: int, second: int) -> int:
    """TensorFlow's fingerprint of two 64-bit fingerprints; the order matters."""
    mul = 0xC6A4A7935BD1E995
    result = first ^ mul ^ (mixed(second * mul & _MASK) * mul & _MASK)
    result = mixed(result * mul & _MASK) * mul & _MASK
    return mixed(result)


class SparseCross(Op):
    """The combinations of the words of several columns, for each row."""

    N: int
    hashed_output: bool
    num_buckets: int
    hash_key: int
    sparse_types: list[DType]
    dense_types: list[DType]
    out_type: DType
    internal_type: DType

    @property
    def list_sizes(self) -> tuple[int, ...]:
        """How many columns are sparse, and how many dense."""
        return self.N, self.N, self.N, len(self.dense_types)

    def kernel(
        self,
        indices: Sequence[Array[np.int64]],
        values: Sequence[Array],
        shapes: Sequence[Array[np.int64]],
        dense_inputs: Sequence[Array],
    ) -> tuple[Array[np.int64], Array, Array[np.int64]]:
        rows = self.count_rows([np.asarray(s) for s in shapes], [np.asarray(x) for x in dense_inputs])
        columns = [
            self.sparse_column(np.asarray(i), np.asarray(v), np.asarray(s), rows)
            for i, v, s in zip(indices, values, shapes, strict=True)
        ]
        columns += [self.dense_column(np.asarray(x)) for x in dense_inputs]
        crossed = [
            [self.combine(words) for words in itertools.product(*(column[row] for column in columns))]
            for row in range(rows)
        ]
        places = np.array([(r, i) for r, words in enumerate(crossed) for i in range(len(words))], np.int64)
        flat = [word for words in crossed for word in words]
        result = np.empty(len(flat), self.out_type.as_numpy_dtype)
        for i, word in enumerate(flat):
            result[i] = word
        longest = max((len(words) for words in crossed), default=0)
        return places.reshape(-1, 2), result, np.array([rows, longest], np.int64)

    def count_rows(self, shapes: list[np.ndarray], dense: list[np.ndarray]) -> int:
        """The number of rows, which all columns share."""
        for shape in shapes:
            if shape.shape != (2,):
                raise InvalidArgumentError(None, None, f"shape should imply a 2D tensor, but got {sparse.text(shape)}")
        for x in dense:
            if x.ndim != 2:
                raise InvalidArgumentError(
                    None, None, f"Dense inputs should be a matrix but received shape {sparse.text(x.shape)}"
                )
        counts = [int(s[0]) for s in shapes] + [len(x) for x in dense]
        if len(set(counts)) > 1:
            raise InvalidArgumentError(None, None, f"Expected batch size {counts[0]}, got {sorted(set(counts))[-1]}")
        return counts[0] if counts else 0

    def sparse_column(self, indices: np.ndarray, values: np.ndarray, shape: np.ndarray, rows: int) -> Column:
        """The words of each row of a sparse matrix."""
        sparse.check_parts(indices, values, shape)
        sparse.check_places(indices, shape, ordered=False)
        column: Column = [[] for _ in range(rows)]
        for row, word in zip(indices[:, 0].tolist(), self.words(values), strict=True):
            column[row].append(word)
        return column

    def dense_column(self, x: np.ndarray) -> Column:
        """The words of each row of a matrix."""
        words = self.words(x.reshape(-1))
        return [words[i * x.shape[1] : (i + 1) * x.shape[1]] for i in range(len(x))]

    def words(self, values: np.ndarray) -> list[Any]:
        """What is combined: the words themselves, or their fingerprints."""
        if not self.hashed_output:
            return [v if isinstance(v, bytes) else str(v).encode() for v in values.tolist()]
        if values.dtype == object:
            return [int(h) for h in hash_all(values.tolist(), fingerprint64)]
        return [int(v) & _MASK for v in values.tolist()]

    def combine(self, words: tuple[Any, ...]) -> Any:
        """One word of several."""
        if not self.hashed_output:
            return b"_X_".join(words)
        result = self.hash_key & _MASK
        for word in words:
            result = joined_fingerprint(result, word)
        return result % (self.num_buckets if self.num_buckets > 0 else 2**63 - 1)

    def dtypes(self, *inputs: Any) -> list[DType]:
        return [dtypes.int64, self.out_type, dtypes.int64]

    def shape(
        self, indices: Sequence[Spec], values: Sequence[Spec], shapes: Sequence[Spec], dense_inputs: Sequence[Spec]
    ) -> list[TensorShape]:
        return [TensorShape.of((None, 2)), TensorShape.of((None,)), TensorShape.of((2,))]


def _cross(inputs: Any, hashed: bool, num_buckets: int, hash_key: int | None, name: str | None) -> SparseTensor:
    if not isinstance(inputs, (list, tuple)):
        raise misuse(TypeError("Inputs must be a list"))
    if not all(isinstance(x, (SparseTensor, Tensor)) for x in inputs):
        raise misuse(
            TypeError("All inputs must be SparseTensors"), fix="tensors and sparse tensors, no lists or arrays"
        )
    columns = [x for x in inputs if isinstance(x, SparseTensor)]
    internal_type = dtypes.string

    def as_words(x: Tensor) -> Tensor:
        nonlocal internal_type
        if x.dtype.base_dtype is dtypes.string:
            return x
        internal_type = dtypes.int64
        return cast(x, dtypes.int64)

    values = [as_words(x.values) for x in columns]
    dense = [as_words(x) for x in inputs if isinstance(x, Tensor)]
    op = SparseCross(
        N=len(columns),
        hashed_output=hashed,
        num_buckets=num_buckets,
        hash_key=hash_key or DEFAULT_HASH_KEY,
        sparse_types=[v.dtype.base_dtype for v in values],
        dense_types=[x.dtype.base_dtype for x in dense],
        out_type=dtypes.int64 if hashed else dtypes.string,
        internal_type=internal_type,
    )
    return SparseTensor(*op([x.indices for x in columns], values, [x.dense_shape for x in columns], dense, name=name))


@export("sparse.cross")
def sparse_cross(inputs: Any, name: str | None = None) -> SparseTensor:
    """Combine the words of several columns: for each row, every word of one with every word of the others.

    Parameters
    ----------
    inputs : list of SparseTensor and Tensor, shape (rows, words), string or integer
    name : str, optional

    Returns
    -------
    SparseTensor of string, shape (rows, most combinations)
        The words, joined by `_X_`; those of sparse columns come first.

    Raises
    ------
    TypeError
        If the inputs are no list of tensors.

    Examples
    --------
    >>> cities = tf.SparseTensor([[0, 0], [1, 0]], ["Rome", "Oslo"], [2, 1])
    >>> years = tf.constant([[1990, 1991], [2000, 2001]])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sparse.cross([cities, years]).values)
    array([b'Rome_X_1990', b'Rome_X_1991', b'Oslo_X_2000', b'Oslo_X_2001'], dtype=object)
    """
    return _cross(inputs, False, 0, None, name)


@export("sparse.cross_hashed")
def sparse_cross_hashed(
    inputs: Any, num_buckets: int = 0, hash_key: int | None = None, name: str | None = None
) -> SparseTensor:
    """Combine the words of several columns as `tf.sparse.cross`, and give each combination the number of a bucket.

    Parameters
    ----------
    inputs : list of SparseTensor and Tensor, shape (rows, words), string or integer
    num_buckets : int
        How many buckets there are; 0: numbers of 63 bits.
    hash_key : int, optional
        Chooses the hash function.
    name : str, optional

    Returns
    -------
    SparseTensor of int64, shape (rows, most combinations)

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sparse.cross_hashed([tf.constant([["a"]]), tf.constant([["b", "c"]])], num_buckets=100)).dense_shape
    array([1, 2])
    """
    key = None if hash_key is None else as_int(hash_key, "hash_key")
    return _cross(inputs, True, as_int(num_buckets, "num_buckets"), key, name)

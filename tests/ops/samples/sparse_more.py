"""Samples of what is built on sparse tensors: sets, crossed features, serialization."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.ops.sample import Failure, Sample

I64 = np.int64
A = np.array([[1, 2, 9], [3, 4, 5]], np.int32)
B = np.array([[9, 1], [6, 4]], np.int32)
TABLE = np.array([[0.5, 1.0], [2.0, -3.0], [4.0, 5.5], [1.5, 0.25]], np.float32)
WEIGHTS = np.array([0.5, 2.0, 1.0, 3.0], np.float32)
IDS = np.array([0, 2, 1, 0], I64)
LISTS = [[0, 0], [0, 1], [1, 0], [2, 1]]
WORDS = np.array([[b"a", b"b"], [b"c", b"d"]], object)


def parts(x: Any) -> list[Any]:
    """What a sparse tensor is made of."""
    return [x.indices, x.values, x.dense_shape]


def sp(tf: Any, values: Any = (9, 4, 3), places: Any = ((0, 1), (1, 0), (1, 1)), shape: Any = (2, 3)) -> Any:
    """A sparse tensor."""
    return tf.SparseTensor(places, values, shape)


def ids(tf: Any, values: Any) -> Any:
    """The words of three lists."""
    return tf.SparseTensor(LISTS, values, [3, 2])


def hollow(tf: Any, values: Any) -> Any:
    """The words of four lists, of which two have none that counts."""
    return tf.SparseTensor([[0, 0], [0, 1], [1, 0], [3, 1]], values, [4, 2])


SAMPLES = [
    Sample("DenseToDenseSetOperation", lambda tf, a, b: parts(tf.sets.set_intersection(a, b)), (A, B), exact=True),
    Sample("DenseToDenseSetOperation", lambda tf, a, b: parts(tf.sets.set_union(a, b)), (A, B), exact=True),
    Sample("DenseToDenseSetOperation", lambda tf, a, b: parts(tf.sets.set_difference(a, b)), (A, B), exact=True),
    Sample("DenseToDenseSetOperation", lambda tf, a, b: parts(tf.sets.difference(a, b, False)), (A, B), exact=True),
    Sample("DenseToDenseSetOperation", lambda tf: parts(tf.sets.union([["b", "a"]], [["c", "a"]]))),
    Sample(
        "DenseToDenseSetOperation",
        lambda tf: parts(tf.sets.intersection([[[1, 1], [2, 3]]], [[[1, 1], [4, 5]]])),
        exact=True,
    ),
    Sample("DenseToSparseSetOperation", lambda tf, a: parts(tf.sets.intersection(a, sp(tf))), (A,), exact=True),
    Sample("DenseToSparseSetOperation", lambda tf, a: parts(tf.sets.union(sp(tf), a)), (A,), exact=True),
    Sample("DenseToSparseSetOperation", lambda tf, a: parts(tf.sets.difference(sp(tf), a)), (A,), exact=True),
    Sample("DenseToSparseSetOperation", lambda tf, a: parts(tf.sets.difference(a, sp(tf))), (A,), exact=True),
    Sample("SparseToSparseSetOperation", lambda tf: parts(tf.sets.intersection(sp(tf), sp(tf, (4, 4, 7)))), exact=True),
    Sample("SparseToSparseSetOperation", lambda tf: parts(tf.sets.union(sp(tf), sp(tf, (4, 4, 7)))), exact=True),
    Sample("SparseToSparseSetOperation", lambda tf: parts(tf.sets.difference(sp(tf), sp(tf, (4, 4, 7)))), exact=True),
    Sample(
        "SparseToSparseSetOperation",
        lambda tf: parts(tf.sets.difference(sp(tf, ["b", "a", "a"]), sp(tf, ["c", "a", "d"]), aminusb=False)),
    ),
    Sample("SetSize", lambda tf: tf.sets.set_size(sp(tf, (4, 7, 7))), exact=True),
    Sample("SetSize", lambda tf: tf.sets.size(sp(tf, ["a", "b", "a"], shape=(3, 3))), exact=True),
    # crossed features
    Sample(
        "SparseCross",
        lambda tf, w: parts(tf.sparse.cross_hashed([w, tf.constant([["x"], ["y"]])], 100)),
        (WORDS,),
        exact=True,
    ),
    Sample("SparseCross", lambda tf, w: parts(tf.sparse.cross_hashed([w, sp(tf)])), (WORDS,), exact=True),
    Sample(
        "SparseCross", lambda tf, a: parts(tf.sparse.cross_hashed([a, sp(tf), a], 1000, hash_key=7)), (A,), exact=True
    ),
    # as strings
    Sample("SerializeSparse", lambda tf, w: tf.serialize_sparse(ids(tf, w)), (WEIGHTS,), grad=False),
    Sample("SerializeSparse", lambda tf: tf.io.serialize_sparse(sp(tf, ["", "long" * 50, "c"]))),
    Sample("SerializeSparse", lambda tf: tf.io.serialize_sparse(sp(tf, [True, False, True]))),
    Sample("SerializeManySparse", lambda tf, w: tf.serialize_many_sparse(hollow(tf, w)), (WEIGHTS,), grad=False),
    Sample(
        "DeserializeManySparse",
        lambda tf, w: parts(tf.deserialize_many_sparse(tf.serialize_many_sparse(hollow(tf, w)), tf.float32)),
        (WEIGHTS,),
        grad=False,
    ),
    Sample(
        "DeserializeManySparse",
        lambda tf, w: parts(
            tf.io.deserialize_many_sparse(
                tf.stack([tf.io.serialize_sparse(hollow(tf, w)), tf.io.serialize_sparse(ids(tf, w))]),
                tf.float32,
                rank=3,
            )
        ),
        (WEIGHTS,),
        grad=False,
    ),
    Sample(
        "DeserializeManySparse",
        lambda tf: parts(
            tf.io.deserialize_many_sparse([tf.io.serialize_sparse(sp(tf, ["", "long" * 50, "c"]))], tf.string)
        ),
    ),
    Sample(
        "DeserializeSparse",
        lambda tf, w: list(
            tf.raw_ops.DeserializeSparse(
                serialized_sparse=tf.io.serialize_sparse(ids(tf, w), out_type=tf.variant), dtype=tf.float32
            )
        ),
        (WEIGHTS,),
        grad=False,
    ),
    Sample(
        "DeserializeSparse",
        lambda tf, w: list(
            tf.raw_ops.DeserializeSparse(serialized_sparse=tf.io.serialize_many_sparse(ids(tf, w)), dtype=tf.float32)
        ),
        (WEIGHTS,),
        grad=False,
    ),
]

FAILURES = [
    Failure(
        "DenseToDenseSetOperation",
        lambda tf, a: tf.sets.union(a[0], a[0]),
        (A,),
        "ValueError",
        "must be at least rank 2 but is rank 1",
    ),
    Failure(
        "DenseToDenseSetOperation",
        lambda tf, a: tf.sets.union(a, a[:1]),
        (A,),
        "ValueError",
        "Dimension 0 in both shapes must be equal, but are 2 and 1",
    ),
    Failure(
        "DenseToDenseSetOperation",
        lambda tf, a: parts(tf.sets.union(a, [[1]])),
        (A,),
        "InvalidArgumentError",
        "Mismatched shapes \\[2\\] vs \\[1\\]",
        True,
    ),
    Failure(
        "DenseToDenseSetOperation",
        lambda tf, a: parts(tf.sets.union(a, a)),
        (A[0],),
        "InvalidArgumentError",
        "Shape \\[3\\] has rank 1 < 2",
        True,
    ),
    Failure("DenseToDenseSetOperation", lambda tf, x: tf.sets.union(x, x), (TABLE,), "TypeError", "has invalid dtype"),
    Failure(
        "DenseToDenseSetOperation", lambda tf, a: tf.sets.union(a, [["a"]]), (A,), "TypeError", "Types don't match"
    ),
    Failure("SetSize", lambda tf, a: tf.sets.size(a), (A,), "TypeError", "Expected `SparseTensor`, got"),
    Failure("SparseCross", lambda tf, a: tf.sparse.cross_hashed(a), (A,), "TypeError", "Inputs must be a list"),
    Failure("SparseCross", lambda tf, a: tf.sparse.cross_hashed([[["a"]]]), (A,), "TypeError", "All inputs must be"),
    Failure(
        "DeserializeManySparse",
        lambda tf, w: parts(tf.io.deserialize_many_sparse([["a", "b", "c"]], tf.string)),
        (WEIGHTS,),
        "InvalidArgumentError",
        "Could not parse serialized proto",
        True,
    ),
    Failure(
        "DeserializeManySparse",
        lambda tf, w: parts(
            tf.io.deserialize_many_sparse(tf.io.serialize_many_sparse(tf.SparseTensor(LISTS, w, [3, 2])), tf.int32)
        ),
        (WEIGHTS,),
        "InvalidArgumentError",
        "Requested SparseTensor of type int32 but SparseTensor\\[0\\].values.dtype\\(\\) == float",
        True,
    ),
    Failure(
        "DeserializeManySparse",
        lambda tf, w: tf.io.deserialize_many_sparse([["a", "b"]], tf.string),
        (WEIGHTS,),
        "ValueError",
        "Dimension must be 3 but is 2",
    ),
]

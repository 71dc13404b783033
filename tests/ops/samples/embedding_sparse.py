"""Samples of embeddings of several words: ops/nn_embedding_sparse.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.ops.sample import Failure, Sample

TABLE = np.array([[0.5, 1.0], [2.0, -3.0], [4.0, 5.5], [1.5, 0.25]], np.float32)
WEIGHTS = np.array([0.5, 2.0, 1.0, 3.0], np.float32)
IDS = np.array([0, 2, 1, 0], np.int64)
LISTS = [[0, 0], [0, 1], [1, 0], [2, 1]]


def ids(tf: Any, values: Any) -> Any:
    """The words of three lists."""
    return tf.SparseTensor(LISTS, values, [3, 2])


def hollow(tf: Any, values: Any) -> Any:
    """The words of four lists, of which two have none that counts."""
    return tf.SparseTensor([[0, 0], [0, 1], [1, 0], [3, 1]], values, [4, 2])


SAMPLES = [
    Sample(
        "SparseSegmentMean",
        lambda tf, t, i: tf.nn.embedding_lookup_sparse(t, ids(tf, i), None),
        (TABLE, IDS),
        second=False,
    ),
    Sample(
        "SparseSegmentSum",
        lambda tf, t, i: tf.nn.embedding_lookup_sparse(t, ids(tf, i), None, combiner="sum"),
        (TABLE, IDS),
        second=False,
    ),
    Sample(
        "SparseSegmentSqrtN",
        lambda tf, t, i: tf.nn.embedding_lookup_sparse([t, t + 1.0], ids(tf, i), None, combiner="sqrtn"),
        (TABLE, IDS),
        second=False,
    ),
    Sample(
        "SegmentSum",
        lambda tf, t, i, w: tf.nn.embedding_lookup_sparse(t, ids(tf, i), ids(tf, w), combiner="sum"),
        (TABLE, IDS, WEIGHTS),
        second=False,
    ),
    Sample(
        "SegmentSum",
        lambda tf, t, i, w: tf.nn.embedding_lookup_sparse(t, ids(tf, i), ids(tf, w), combiner="mean"),
        (TABLE, IDS, WEIGHTS),
        second=False,
    ),
    Sample(
        "SegmentSum",
        lambda tf, t, i, w: tf.nn.embedding_lookup_sparse(t, ids(tf, i), ids(tf, w), combiner="sqrtn", max_norm=3.0),
        (TABLE, IDS, WEIGHTS),
        second=False,
    ),
    Sample(
        "Select", lambda tf, t, i: tf.nn.safe_embedding_lookup_sparse(t, hollow(tf, i - 1)), (TABLE, IDS), second=False
    ),
    Sample(
        "SparseFillEmptyRows",
        lambda tf, t, i: tf.nn.safe_embedding_lookup_sparse(t, hollow(tf, i), default_id=3),
        (TABLE, IDS),
        second=False,
    ),
    Sample(
        "Select",
        lambda tf, t, i, w: tf.nn.safe_embedding_lookup_sparse(
            [t, t], hollow(tf, i), hollow(tf, w - 1.0), combiner="sum"
        ),
        (TABLE, IDS, WEIGHTS),
        second=False,
    ),
]

FAILURES = [
    Failure(
        "SparseSegmentMean",
        lambda tf, t: tf.nn.embedding_lookup_sparse(t, [0], None),
        (TABLE,),
        "TypeError",
        "sp_ids must be SparseTensor",
    ),
    Failure(
        "SparseSegmentMean",
        lambda tf, t: tf.nn.embedding_lookup_sparse(t, ids(tf, IDS), [1.0]),
        (TABLE,),
        "TypeError",
        "sp_weights must be either None or SparseTensor",
    ),
    Failure(
        "SparseSegmentMean",
        lambda tf, t: tf.nn.embedding_lookup_sparse(t, ids(tf, IDS), None, combiner="max"),
        (TABLE,),
        "ValueError",
        "combiner must be one of 'mean', 'sqrtn' or 'sum'",
    ),
    Failure(
        "Select",
        lambda tf, t: tf.nn.safe_embedding_lookup_sparse(None, ids(tf, IDS)),
        (TABLE,),
        "ValueError",
        "Missing embedding_weights",
    ),
]

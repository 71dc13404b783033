"""Samples of ragged tensors: ops/ragged_*.py. A ragged tensor is compared by its innermost values and splits."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.ops.sample import Failure, Sample

V = np.array([1.5, -2.0, 0.5, 4.0, 3.0, -1.0], np.float32)
N = np.array([3, -1, 7, 2, 5, 4], np.int32)
SPLITS = [0, 2, 2, 5, 6]
OUTER = [0, 1, 3, 4]
DENSE = np.array([[1.0, 2.0, 0.0], [3.0, 0.0, 0.0], [0.0, 4.0, 5.0]], np.float32)
ROWS = np.array([[1.0], [10.0], [100.0], [1000.0]], np.float32)


def rt(tf: Any, values: Any, splits: Any = SPLITS) -> Any:
    """Four rows, the second empty."""
    return tf.RaggedTensor.from_row_splits(values, splits)


def deep(tf: Any, values: Any) -> Any:
    """Three rows of rows."""
    return tf.RaggedTensor.from_nested_row_splits(values, [OUTER, SPLITS])


def wide(tf: Any, values: Any) -> Any:
    """Rows of pairs."""
    return tf.RaggedTensor.from_row_splits(tf.stack([values, values * 2.0], 1), SPLITS)


def parts(x: Any) -> list[Any]:
    """What a ragged tensor, or a list of them, is made of."""
    if isinstance(x, (list, tuple)):
        return [p for item in x for p in parts(item)]
    if hasattr(x, "flat_values"):
        return [x.flat_values, *x.nested_row_splits]
    return [x.indices, x.values, x.dense_shape] if hasattr(x, "dense_shape") else [x]


def untold(tf: Any, results: Any) -> list[Any]:
    """The parts of results, with nothing told of their static shapes: TensorFlow 2 knows others than 1.15 did."""
    return [tf.placeholder_with_default(t, None) for t in parts(results)]


def plain(op: str, call: Any, *arrays: Any) -> Sample:
    """A sample that is compared exactly, without gradients."""
    return Sample(op, lambda tf: untold(tf, call(tf, *arrays)), exact=True)


def smooth(op: str, call: Any, array: Any, *others: Any) -> Sample:
    """A sample with gradients with respect to the array, whose shape is always known."""
    return Sample(op, lambda tf, x: untold(tf, call(tf, tf.reshape(x, array.shape), *others)), (array,), second=False)


SAMPLES = [
    # making
    plain("Identity", lambda tf, v: rt(tf, v), V),
    plain("Identity", lambda tf, v, s: rt(tf, v, s), N, np.array(SPLITS, np.int32)),
    plain("Identity", lambda tf, v: deep(tf, v), N),
    plain("Bincount", lambda tf, v: tf.RaggedTensor.from_value_rowids(v, [0, 0, 2, 2, 2, 3]), N),
    plain(
        "Bincount", lambda tf, v, r: tf.RaggedTensor.from_value_rowids(v, r, nrows=6), N, np.array([0, 0, 2, 2, 2, 3])
    ),
    plain("Bincount", lambda tf, v, r: tf.RaggedTensor.from_value_rowids(v, r), N, np.array([0, 0, 2, 2, 2, 3])),
    plain("Bincount", lambda tf, v: tf.RaggedTensor.from_nested_value_rowids(v, [[0, 1, 1], [0, 0, 0, 1, 2, 2]]), N),
    plain("Cumsum", lambda tf, v: tf.RaggedTensor.from_row_lengths(v, [2, 0, 3, 1]), N),
    plain("Cumsum", lambda tf, v: tf.RaggedTensor.from_nested_row_lengths(v, [[1, 2], [2, 3, 1]]), N),
    plain("ConcatV2", lambda tf, v: tf.RaggedTensor.from_row_starts(v, [0, 2, 2, 5]), N),
    plain("ConcatV2", lambda tf, v: tf.RaggedTensor.from_row_limits(v, [2, 2, 5, 6]), N),
    plain("Const", lambda tf: tf.ragged.constant([[1, 2], [], [3]])),
    plain("Const", lambda tf: tf.ragged.constant([["a"], ["bc", "d"]])),
    plain("Const", lambda tf: tf.ragged.constant([[[1.5], []], [], [[2.5, 3.5]]], row_splits_dtype=tf.int32)),
    plain("Const", lambda tf: tf.ragged.constant([[[1, 2], [3, 4]], [[5, 6]]], ragged_rank=1)),
    plain("Const", lambda tf: tf.ragged.constant([[[1, 2], [3, 4]], [[5, 6]]], inner_shape=(2,), dtype=tf.int64)),
    plain("Const", lambda tf: tf.ragged.constant([[], []], dtype=tf.float32)),
    plain("Const", lambda tf: tf.ragged.constant([1, 2, 3])),
    plain("Const", lambda tf: tf.ragged.constant([[1, 2], [3, 4]], ragged_rank=0)),
    smooth("Reshape", lambda tf, x: tf.RaggedTensor.from_tensor(x), DENSE),
    smooth("Reshape", lambda tf, x: tf.RaggedTensor.from_tensor(x, lengths=[1, 0, 3]), DENSE),
    plain("Reshape", lambda tf, x: tf.RaggedTensor.from_tensor(x, padding=0.0), DENSE),
    plain("Reshape", lambda tf, x: tf.RaggedTensor.from_tensor(x, padding=[3.0, 0.0, 0.0]), DENSE[None]),
    plain("Reshape", lambda tf, x: tf.RaggedTensor.from_tensor(x, ragged_rank=2), DENSE[None]),
    plain(
        "Reshape",
        lambda tf, x: tf.RaggedTensor.from_tensor(x, padding=0.0, ragged_rank=2, row_splits_dtype=tf.int32),
        DENSE[None],
    ),
    plain("Reshape", lambda tf, x: tf.RaggedTensor.from_tensor(x, lengths=([2], [3, 1])), DENSE[None]),
    # there and back
    smooth("GatherV2", lambda tf, v: rt(tf, v).to_tensor(), V),
    smooth("GatherV2", lambda tf, v: rt(tf, v).to_tensor(-1.0), V),
    smooth("GatherV2", lambda tf, v: deep(tf, v).to_tensor(), V),
    smooth("GatherV2", lambda tf, v: wide(tf, v).to_tensor([7.0, 8.0]), V),
    plain("GatherV2", lambda tf: tf.ragged.constant([["a"], ["bc", "d"]]).to_tensor("-")),
    smooth("RaggedTensorToSparse", lambda tf, v: rt(tf, v).to_sparse(), V),
    smooth("RaggedTensorToSparse", lambda tf, v: deep(tf, v).to_sparse(), V),
    smooth("RaggedTensorToSparse", lambda tf, v: wide(tf, v).to_sparse(), V),
    plain(
        "Bincount",
        lambda tf, v: tf.RaggedTensor.from_sparse(tf.SparseTensor([[0, 0], [0, 1], [2, 0]], v[:3], [4, 3])),
        N,
    ),
    # what it tells
    plain("Sub", lambda tf, v: [rt(tf, v).row_lengths(), rt(tf, v).row_starts(), rt(tf, v).row_limits()], N),
    plain("Sub", lambda tf, v: [rt(tf, v).nrows(), rt(tf, v).nrows(out_type=tf.int32), rt(tf, v).value_rowids()], N),
    plain("Sub", lambda tf, v: [deep(tf, v).row_lengths(axis=2), *deep(tf, v).nested_row_lengths()], N),
    plain("Sub", lambda tf, v: list(deep(tf, v).nested_value_rowids()), N),
    plain("Max", lambda tf, v: [deep(tf, v).bounding_shape(), rt(tf, v).bounding_shape(axis=1)], N),
    plain(
        "Max",
        lambda tf, v: [wide(tf, v).bounding_shape(), deep(tf, v).bounding_shape(axis=[0, 2], out_type=tf.int32)],
        V,
    ),
    plain("Cast", lambda tf, v: deep(tf, v).with_row_splits_dtype(tf.int32), N),
    plain(
        "Size", lambda tf, v: [tf.size(deep(tf, v)), tf.rank(deep(tf, v)), tf.rank(wide(tf, tf.cast(v, tf.float32)))], N
    ),
    # indexing
    plain("StridedSlice", lambda tf, v: [rt(tf, v)[2], rt(tf, v)[-1], rt(tf, v)[1]], N),
    plain("StridedSlice", lambda tf, v: [rt(tf, v)[1:], rt(tf, v)[:2], rt(tf, v)[1:3], rt(tf, v)[-2:]], N),
    plain("StridedSlice", lambda tf, v: [rt(tf, v)[2, 1], rt(tf, v)[2, 1:]], N),
    plain("RaggedRange", lambda tf, v: [rt(tf, v)[:, :1], rt(tf, v)[:, 1:], rt(tf, v)[:, -1:], rt(tf, v)[:, :-1]], N),
    plain("RaggedRange", lambda tf, v: [rt(tf, v)[:, ::2], rt(tf, v)[:, ::-1], rt(tf, v)[::2], rt(tf, v)[::-1]], N),
    plain(
        "RaggedRange", lambda tf, v: [deep(tf, v)[1], deep(tf, v)[1, 0], deep(tf, v)[:, 1:], deep(tf, v)[:, :, :1]], N
    ),
    plain("RaggedRange", lambda tf, v: [wide(tf, v)[:, :1, 1], wide(tf, v)[..., 0], wide(tf, v)[2]], V),
    smooth("RaggedRange", lambda tf, v: rt(tf, v)[:, 1:], V),
    # element by element
    smooth("AddV2", lambda tf, v: rt(tf, v) + rt(tf, v * 2.0), V),
    smooth("Mul", lambda tf, v: 3.0 * rt(tf, v) - 1.0, V),
    smooth("Mul", lambda tf, v, c: rt(tf, v) * c, V, ROWS),
    smooth("RealDiv", lambda tf, v: 1.0 / rt(tf, v) + rt(tf, v) / 2.0, V),
    plain("FloorDiv", lambda tf, v: [rt(tf, v) // 2, rt(tf, v) % 3, -rt(tf, v), abs(rt(tf, v)), rt(tf, v) ** 2], N),
    plain("RealDiv", lambda tf, v: rt(tf, v) / 2, N),
    plain("Less", lambda tf, v: [rt(tf, v) < 3, rt(tf, v) >= 3, (rt(tf, v) > 2) & (rt(tf, v) <= 5)], N),
    plain(
        "LogicalNot",
        lambda tf, v: [~(rt(tf, v) < 3), (rt(tf, v) < 3) | (rt(tf, v) > 5), (rt(tf, v) < 5) ^ (rt(tf, v) > 2)],
        N,
    ),
    smooth(
        "Tanh", lambda tf, v: [tf.tanh(rt(tf, v)), tf.exp(deep(tf, v)), tf.square(wide(tf, v)), tf.abs(rt(tf, v))], V
    ),
    plain("Cast", lambda tf, v: [tf.cast(rt(tf, v), tf.int32), tf.ones_like(rt(tf, v)), tf.identity(rt(tf, v))], V),
    plain(
        "Maximum",
        lambda tf, v: [
            tf.maximum(rt(tf, v), 2),
            tf.add(1, rt(tf, v)),
            tf.equal(rt(tf, v), 3),
            tf.multiply(rt(tf, v), rt(tf, v)),
        ],
        N,
    ),
    smooth("AddN", lambda tf, v: tf.add_n([rt(tf, v), rt(tf, v), rt(tf, v)]), V),
    plain(
        "StringLength",
        lambda tf: [
            tf.strings.length(tf.ragged.constant([["a"], ["bcd", ""]])),
            tf.strings.join([tf.ragged.constant([["a"], ["b", "c"]]), "-"]),
        ],
    ),
    smooth("Mul", lambda tf, v: tf.ragged.map_flat_values(lambda x: x * x, rt(tf, v)), V),
    smooth("Mul", lambda tf, v: tf.ragged.map_flat_values(tf.multiply, rt(tf, v), rt(tf, v)), V),
    # sums
    smooth("UnsortedSegmentSum", lambda tf, v: [tf.reduce_sum(rt(tf, v), axis=1), tf.reduce_sum(rt(tf, v), axis=0)], V),
    smooth(
        "UnsortedSegmentSum", lambda tf, v: [tf.reduce_sum(deep(tf, v), axis=1), tf.reduce_sum(deep(tf, v), axis=2)], V
    ),
    smooth(
        "UnsortedSegmentSum",
        lambda tf, v: [tf.reduce_sum(deep(tf, v), axis=0), tf.reduce_sum(deep(tf, v), axis=[1, 2])],
        V,
    ),
    smooth("Sum", lambda tf, v: [tf.reduce_sum(rt(tf, v)), tf.reduce_mean(rt(tf, v)), tf.reduce_max(deep(tf, v))], V),
    smooth("UnsortedSegmentSum", lambda tf, v: tf.reduce_mean(rt(tf, v, [0, 2, 3, 6]), axis=1), V),
    smooth("UnsortedSegmentProd", lambda tf, v: tf.reduce_prod(rt(tf, v), axis=1), V),
    plain(
        "UnsortedSegmentMax",
        lambda tf, v: [tf.reduce_max(rt(tf, v, [0, 2, 3, 6]), axis=-1), tf.reduce_min(rt(tf, v), axis=0)],
        N,
    ),
    plain(
        "UnsortedSegmentProd",
        lambda tf, v: [tf.reduce_all(rt(tf, v) > 0, axis=1), tf.reduce_any(rt(tf, v) > 6, axis=1)],
        N,
    ),
    smooth("UnsortedSegmentSum", lambda tf, v: tf.reduce_sum(wide(tf, v), axis=1), V),
    smooth("UnsortedSegmentSum", lambda tf, v: tf.reduce_sum(wide(tf, v), axis=2), V),
    # picking and joining
    smooth("RaggedGather", lambda tf, v: tf.gather(rt(tf, v), [2, 0, 2]), V),
    smooth("RaggedGather", lambda tf, v: tf.gather(deep(tf, v), [1, 0]), V),
    plain("RaggedGather", lambda tf, v: tf.gather(rt(tf, v), [[2, 0], [1, 3]]), N),
    plain("RaggedGather", lambda tf, v: tf.gather(rt(tf, v), tf.ragged.constant([[2], [0, 1]])), N),
    plain("GatherV2", lambda tf, v: tf.gather(v, tf.ragged.constant([[2], [], [0, 1]])), N),
    smooth("ConcatV2", lambda tf, v: tf.concat([rt(tf, v), rt(tf, v * 2.0)], axis=0), V),
    smooth("RaggedGather", lambda tf, v: tf.concat([rt(tf, v), rt(tf, v * 2.0)], axis=1), V),
    plain("ConcatV2", lambda tf, v: tf.concat([rt(tf, v), [[9], [8]]], axis=0), N),
    plain("ConcatV2", lambda tf, v: tf.concat([wide(tf, v), wide(tf, v)], axis=2), V),
    plain("ConcatV2", lambda tf, v: tf.stack([rt(tf, v), rt(tf, v, [0, 6])]), N),
    plain("RaggedGather", lambda tf, v: tf.stack([rt(tf, v), rt(tf, v)], axis=1), N),
    plain("Cumsum", lambda tf, v: [tf.ragged.stack([v, v[:2]]), tf.ragged.stack([v[:1], [5, 6]])], N),
    plain(
        "ExpandDims",
        lambda tf, v: [tf.expand_dims(rt(tf, v), 0), tf.expand_dims(rt(tf, v), 1), tf.expand_dims(rt(tf, v), -1)],
        N,
    ),
    smooth("GatherV2", lambda tf, x: tf.ragged.boolean_mask(x, x > 1.5), DENSE),
    plain(
        "GatherV2",
        lambda tf, v: [
            tf.ragged.boolean_mask(rt(tf, v), rt(tf, v) > 2),
            tf.ragged.boolean_mask(rt(tf, v), [True, False, True, False]),
        ],
        N,
    ),
    plain(
        "GatherV2",
        lambda tf, v: [tf.ragged.boolean_mask(deep(tf, v), deep(tf, v) > 2), tf.ragged.boolean_mask(v, v > 2)],
        N,
    ),
    # ranges and rows
    plain(
        "RaggedRange", lambda tf: [tf.ragged.range([3, 0, 2]), tf.ragged.range([0, 5], [3, 8], 2), tf.ragged.range(4)]
    ),
    plain(
        "RaggedRange",
        lambda tf: [
            tf.ragged.range([5, 2], [0, 2], -2),
            tf.ragged.range([0.0, 1.0], [1.0, 2.5], 0.5),
            tf.ragged.range([1, 2], 4, row_splits_dtype=tf.int32),
        ],
    ),
    plain("RaggedRange", lambda tf, a: tf.ragged.range(a, a + 2), N),
    plain(
        "Tile",
        lambda tf: [
            tf.ragged.row_splits_to_segment_ids([0, 3, 3, 5]),
            tf.ragged.row_splits_to_segment_ids([0, 2], out_type=tf.int32),
        ],
    ),
    plain(
        "Bincount",
        lambda tf: [
            tf.ragged.segment_ids_to_row_splits([0, 0, 2]),
            tf.ragged.segment_ids_to_row_splits([0, 1], num_segments=4),
        ],
    ),
]

FAILURES = [
    Failure(
        "Identity", lambda tf, v: tf.RaggedTensor(v, tf.constant(SPLITS)), (N,), "ValueError", "constructor is private"
    ),
    Failure("Identity", lambda tf, v: rt(tf, v, []), (N,), "ValueError", "may not be empty"),
    Failure("Identity", lambda tf, v: rt(tf, v, [0.5, 6.0]), (N,), "ValueError", "must have dtype int32 or int64"),
    Failure(
        "Identity",
        lambda tf, v: parts(rt(tf, v, tf.constant([0, 7]) + 0)),
        (N,),
        "InvalidArgumentError",
        "do not form a valid RaggedTensor",
        True,
    ),
    Failure(
        "Identity",
        lambda tf, v, s: parts(rt(tf, v, s)),
        (N, np.array([0, 3, 2, 6])),
        "InvalidArgumentError",
        "do not form a valid RaggedTensor",
        True,
    ),
    Failure(
        "Cumsum",
        lambda tf, v, s: parts(tf.RaggedTensor.from_row_lengths(v, s)),
        (N, np.array([3, 2])),
        "InvalidArgumentError",
        "do not form a valid RaggedTensor",
        True,
    ),
    Failure(
        "Bincount",
        lambda tf, v: tf.RaggedTensor.from_value_rowids(v, [0, 0, 0, 1, 1, 2], nrows=2),
        (N,),
        "ValueError",
        "Expected nrows >= value_rowids",
    ),
    Failure(
        "Bincount",
        lambda tf, v: tf.RaggedTensor.from_value_rowids(v, [0, 0, 0, 1, 1, 2], nrows=-2),
        (N,),
        "ValueError",
        "Expected nrows >= 0",
    ),
    Failure("Const", lambda tf, v: tf.ragged.constant([1, [2]]), (N,), "ValueError", "same nesting depth"),
    Failure(
        "Const",
        lambda tf, v: tf.ragged.constant([[1], [[]]]),
        (N,),
        "ValueError",
        "empty list nesting is greater than scalar value nesting",
    ),
    Failure(
        "Const",
        lambda tf, v: tf.ragged.constant([[1]], ragged_rank=3),
        (N,),
        "ValueError",
        "max depth smaller than ragged_rank=3",
    ),
    Failure(
        "Const",
        lambda tf, v: tf.ragged.constant([[[1], [2, 3]]], ragged_rank=1),
        (N,),
        "ValueError",
        "inner values have inconsistent shape",
    ),
    Failure(
        "Reshape",
        lambda tf, x: tf.RaggedTensor.from_tensor(x, [1, 1, 1], 0.0),
        (DENSE,),
        "ValueError",
        "Specify argument `?lengths`? or `?padding`?|Specify lengths or padding, but not both",
    ),
    Failure(
        "Reshape",
        lambda tf, x: tf.RaggedTensor.from_tensor(x, ragged_rank=0),
        (DENSE,),
        "ValueError",
        "ragged_rank.? must be greater than 0",
    ),
    Failure(
        "Bincount",
        lambda tf, v: parts(tf.RaggedTensor.from_sparse(tf.SparseTensor([[0, 0], [0, 2]], v, [4, 3]))),
        (N[:2],),
        "InvalidArgumentError",
        "SparseTensor is not right-ragged",
        True,
    ),
    Failure(
        "RaggedRange", lambda tf, v: rt(tf, v)[:, 1], (N,), "ValueError", "Cannot index into an inner ragged dimension"
    ),
    Failure(
        "RaggedRange",
        lambda tf, v: parts(tf.ragged.range(v, v, 0)),
        (N,),
        "InvalidArgumentError",
        "Requires delta != 0",
        True,
    ),
    Failure(
        "RaggedRange",
        lambda tf, v: parts(tf.ragged.range(v, [1, 2])),
        (N,),
        "InvalidArgumentError",
        "starts, limits, and deltas must have the same shape",
        True,
    ),
    Failure(
        "RaggedGather",
        lambda tf, v: parts(tf.gather(tf.ragged.constant([[1], [2, 3]]), [0, 2])),
        (N,),
        "InvalidArgumentError",
        "is not in \\[0, 2\\)",
        True,
    ),
    Failure("ConcatV2", lambda tf, v: tf.concat([rt(tf, v), rt(tf, v)], axis=3), (N,), "ValueError", "out of bounds"),
    Failure("GatherV2", lambda tf, v: tf.ragged.boolean_mask(v, True), (N,), "ValueError", "mask cannot be scalar"),
    Failure(
        "Tile",
        lambda tf, v: tf.ragged.row_splits_to_segment_ids([0.0, 1.0]),
        (N,),
        "ValueError",
        "splits must have dtype int32 or int64",
    ),
    Failure(
        "Mul",
        lambda tf, v: tf.ragged.map_flat_values(tf.add, rt(tf, v), deep(tf, v)),
        (N,),
        "ValueError",
        "same ragged_rank",
    ),
]

"""Samples of sparse tensors: ops/sparse_*.py. A sparse tensor is given and compared by its parts."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.ops.sample import Failure, Sample

V = np.array([1.5, -2.0, 0.5, 4.0], np.float32)
W = np.array([0.25, 3.0, -1.0], np.float32)
N = np.array([3, -1, 7, 2], np.int32)
PLACES = [[0, 1], [0, 3], [2, 0], [2, 2]]
OTHERS = [[0, 1], [1, 1], [2, 2]]
LOOSE = [[2, 2], [0, 1], [2, 0], [0, 3]]
SHAPE = [3, 4]
DEEP = [[0, 0, 1], [0, 2, 0], [1, 1, 1], [1, 2, 0]]
DENSE = np.array([[1.0, 2.0, -1.0, 0.5], [2.5, 1.5, 3.0, -2.0], [4.0, 0.25, 1.0, 2.0]], np.float32)
TURNED = np.ascontiguousarray(DENSE.T)
LEFT = np.ascontiguousarray(DENSE[:, :3])
I64 = np.int64


def st(tf: Any, values: Any, places: Any = PLACES, shape: Any = SHAPE) -> Any:
    """A sparse tensor of constants around the values."""
    return tf.SparseTensor(places, values, shape)


def parts(x: Any) -> list[Any]:
    """What a sparse tensor, or a list of them, is made of."""
    if isinstance(x, (list, tuple)):
        return [p for item in x for p in parts(item)]
    return [x.indices, x.values, x.dense_shape] if hasattr(x, "dense_shape") else [x]


def fed(tf: Any, i: Any, v: Any, s: Any) -> Any:
    """A sparse tensor whose three parts are fed."""
    return tf.SparseTensor(i, v, s)


P = np.array(PLACES, I64)
S = np.array(SHAPE, I64)

SAMPLES = [
    # dense
    Sample("SparseToDense", lambda tf, v: tf.sparse.to_dense(st(tf, v)), (V,), second=False),
    Sample("SparseToDense", lambda tf, v: tf.sparse.to_dense(st(tf, v), default_value=-1), (N,), exact=True),
    Sample("SparseToDense", lambda tf, i, v, s: tf.sparse.to_dense(fed(tf, i, v, s)), (P, V, S), grad=False),
    Sample("SparseToDense", lambda tf: tf.sparse.to_dense(st(tf, ["a", "b", "", "d"]))),
    Sample(
        "SparseToDense", lambda tf: tf.sparse.to_dense(st(tf, [1, 2], [[0], [3]], [5]), default_value=9), exact=True
    ),
    Sample(
        "SparseToDense", lambda tf, v: tf.sparse.to_dense(st(tf, v, LOOSE), validate_indices=False), (N,), exact=True
    ),
    Sample("SparseToDense", lambda tf, v: tf.sparse_to_dense(PLACES, SHAPE, v, 1.0), (V,), second=False),
    Sample("SparseToDense", lambda tf: tf.sparse_to_dense([1, 3], [5], 7), exact=True),
    Sample("SparseToDense", lambda tf: tf.sparse_to_dense(2, [4], 7), exact=True),
    Sample(
        "SparseToDense", lambda tf: tf.sparse_to_dense(tf.zeros([0, 2], tf.int64), [2, 2], tf.zeros([0])), exact=True
    ),
    Sample("Where", lambda tf, x: parts(tf.sparse.from_dense(x)), (DENSE * (DENSE > 1),), grad=False),
    Sample("Where", lambda tf: parts(tf.sparse.from_dense([[0, 7], [8, 0]])), exact=True),
    Sample("Where", lambda tf: parts(tf.sparse.from_dense(["a", "", "c"]))),
    Sample("SparseToDense", lambda tf: tf.sparse.to_indicator(st(tf, [1, 0, 3, 3]), 5), exact=True),
    Sample("SparseToDense", lambda tf, v: tf.sparse_to_indicator(st(tf, v, LOOSE), 9), (abs(N),), exact=True),
    Sample(
        "SparseReorder", lambda tf, v: parts(tf.sparse_merge(st(tf, [1, 0, 3, 3]), st(tf, v), 5)), (V,), second=False
    ),
    Sample(
        "SparseReorder", lambda tf, v: parts(tf.sparse.merge(st(tf, v), st(tf, v), 9, already_sorted=True)), (abs(N),)
    ),
    Sample(
        "SparseReorder",
        lambda tf, v: parts(tf.sparse.merge([st(tf, [1, 0, 3, 3]), st(tf, [0, 1, 1, 0])], st(tf, v), [5, 2])),
        (V,),
        second=False,
    ),
    # order
    Sample("SparseReorder", lambda tf, v: parts(tf.sparse.reorder(st(tf, v, LOOSE))), (V,), second=False),
    Sample(
        "SparseReorder", lambda tf, i, v, s: parts(tf.sparse.reorder(fed(tf, i, v, s))), (P[::-1], N, S), exact=True
    ),
    Sample(
        "SparseReorder", lambda tf, v: parts(tf.sparse.reorder(st(tf, v, [[1], [0], [1], [0]], [2]))), (N,), exact=True
    ),
    Sample("SparseReorder", lambda tf, v: parts(tf.sparse.transpose(st(tf, v))), (V,), second=False),
    Sample("SparseReorder", lambda tf, v: parts(tf.sparse.transpose(st(tf, v, DEEP, [2, 3, 2]), [2, 0, 1])), (N,)),
    Sample("SparseReorder", lambda tf, i, v, s: parts(tf.sparse.transpose(fed(tf, i, v, s), [1, 0])), (P, N, S)),
    Sample("SparseReshape", lambda tf, v: parts(tf.sparse.reshape(st(tf, v), [2, 6])), (V,), second=False),
    Sample("SparseReshape", lambda tf, v: parts(tf.sparse.reshape(st(tf, v), [-1, 2])), (N,), exact=True),
    Sample("SparseReshape", lambda tf, i, v, s: parts(tf.sparse.reshape(fed(tf, i, v, s), [2, -1, 3])), (P, N, S)),
    Sample("SparseReshape", lambda tf, v: parts(tf.sparse.reshape(st(tf, v), [12])), (N,), exact=True),
    Sample(
        "SparseReshape", lambda tf, v, s: parts(tf.sparse.reshape(st(tf, v), s)), (N, np.array([4, 3], I64)), exact=True
    ),
    Sample("ConcatV2", lambda tf, v: parts(tf.sparse.expand_dims(st(tf, v))), (V,), second=False),
    Sample("ConcatV2", lambda tf, v: parts(tf.sparse.expand_dims(st(tf, v), 1)), (N,), exact=True),
    Sample("ConcatV2", lambda tf, v: parts(tf.sparse.expand_dims(st(tf, v), -3)), (N,), exact=True),
    Sample("Pack", lambda tf: parts(tf.sparse.eye(3)), exact=True),
    Sample("Pack", lambda tf: parts(tf.sparse.eye(2, 4, dtype=tf.int32)), exact=True),
    Sample("Identity", lambda tf, v: parts(tf.sparse.reset_shape(st(tf, v, PLACES, [5, 9]))), (N,), exact=True),
    Sample("Identity", lambda tf, v: parts(tf.sparse.reset_shape(st(tf, v), [5, 9])), (V,), second=False),
    # parts
    Sample("SparseConcat", lambda tf, v, w: parts(tf.sparse.concat(0, [st(tf, v), st(tf, w, OTHERS)])), (N, N[:3])),
    Sample(
        "SparseConcat",
        lambda tf, v, w: parts(tf.sparse.concat(1, [st(tf, v), st(tf, w, OTHERS, [3, 2 + 1])])),
        (N, N[:3]),
    ),
    Sample("SparseConcat", lambda tf, v: parts(tf.sparse_concat(-1, [st(tf, v), st(tf, v)])), (N,), exact=True),
    Sample("SparseConcat", lambda tf, v: parts(tf.sparse.concat(0, [st(tf, v)])), (N,), exact=True),
    Sample(
        "SparseConcat",
        lambda tf, v, w: parts(tf.sparse.concat(1, [st(tf, v), st(tf, w, OTHERS, [5, 3])], expand_nonconcat_dim=True)),
        (N, N[:3]),
        exact=True,
    ),
    Sample(
        "SparseConcat",
        lambda tf, i, v, s: parts(tf.sparse.concat(0, [fed(tf, i, v, s), fed(tf, i, v, s)])),
        (P, N, S),
        exact=True,
    ),
    Sample(
        "SparseSplit", lambda tf, v: parts(tf.sparse.split(sp_input=st(tf, v), num_split=2, axis=1)), (N,), exact=True
    ),
    Sample(
        "SparseSplit", lambda tf, v: parts(tf.sparse_split(sp_input=st(tf, v), num_split=2, axis=0)), (N,), exact=True
    ),
    Sample(
        "SparseSplit", lambda tf, v: parts(tf.sparse.split(sp_input=st(tf, v), num_split=3, axis=-1)), (N,), exact=True
    ),
    Sample("SparseSlice", lambda tf, v: parts(tf.sparse.slice(st(tf, v), [0, 1], [3, 2])), (V,)),
    Sample("SparseSlice", lambda tf, v: parts(tf.sparse.slice(st(tf, v), [1, 0], [9, 3])), (N,), exact=True),
    Sample("SparseSlice", lambda tf, i, v, s: parts(tf.sparse_slice(fed(tf, i, v, s), [0, 2], [1, 2])), (P, N, S)),
    Sample(
        "SparseSliceGrad",
        lambda tf, v: tf.gradients(tf.sparse.slice(st(tf, v), [0, 1], [3, 2]).values ** 2, v),
        (V,),
        grad=False,
    ),
    Sample(
        "GatherV2", lambda tf, v: parts(tf.sparse.retain(st(tf, v), [True, False, False, True])), (V,), second=False
    ),
    Sample("GatherV2", lambda tf, v, k: parts(tf.sparse.retain(st(tf, v), k)), (N, N > 2), exact=True),
    Sample("SparseFillEmptyRows", lambda tf, v: parts(tf.sparse.fill_empty_rows(st(tf, v), 9.0)), (V,), second=False),
    Sample(
        "SparseFillEmptyRows",
        lambda tf, v: parts(tf.sparse.fill_empty_rows(st(tf, v, LOOSE, [5, 4]), 9)),
        (N,),
        exact=True,
    ),
    Sample("SparseFillEmptyRows", lambda tf, i, v, s: parts(tf.sparse.fill_empty_rows(fed(tf, i, v, s), 0)), (P, N, S)),
    Sample(
        "SparseFillEmptyRows", lambda tf: parts(tf.sparse.fill_empty_rows(st(tf, ["a", "b"], [[1], [2]], [4]), "-"))
    ),
    Sample(
        "SparseFillEmptyRowsGrad",
        lambda tf, v, d: tf.gradients(tf.sparse.fill_empty_rows(st(tf, v), d)[0].values ** 2, [v, d]),
        (V, np.float32(2.0)),
        grad=False,
    ),
    Sample(
        "ListDiff",
        lambda tf, x: parts(
            tf.sparse.mask(tf.IndexedSlices(x, tf.constant([12, 26, 37]), tf.constant([45, 4])), [12, 37])
        ),
        (DENSE,),
        second=False,
    ),
    # sums
    Sample("SparseAdd", lambda tf, v, w: parts(tf.sparse.add(st(tf, v), st(tf, w, OTHERS))), (V, W)),
    Sample("SparseAdd", lambda tf, v: parts(tf.sparse_add(st(tf, v), st(tf, -v))), (V,), grad=False, exact=True),
    Sample("SparseAdd", lambda tf, v: parts(tf.sparse.add(st(tf, v), st(tf, -v), threshold=1)), (N,), exact=True),
    Sample(
        "SparseAdd",
        lambda tf, v, w: parts(tf.sparse.add(st(tf, v), st(tf, w, OTHERS), thresh=1.8)),
        (V, W),
        second=False,
    ),
    Sample("SparseAdd", lambda tf, i, v, s: parts(tf.sparse.add(fed(tf, i, v, s), fed(tf, i, v, s))), (P, N, S)),
    Sample(
        "SparseAdd", lambda tf, v: parts(tf.sparse.add(st(tf, v), st(tf, tf.zeros([0]), np.zeros([0, 2], I64)))), (V,)
    ),
    Sample(
        "SparseAddGrad",
        lambda tf, v, w: tf.gradients(tf.sparse.add(st(tf, v), st(tf, w, OTHERS)).values ** 2, [v, w]),
        (V, W),
        grad=False,
    ),
    Sample("SparseTensorDenseAdd", lambda tf, v, x: tf.sparse.add(st(tf, v), x), (V, DENSE), second=False),
    Sample("SparseTensorDenseAdd", lambda tf, v, x: tf.sparse_add(x, st(tf, v)), (V, DENSE), second=False),
    Sample("SparseDenseCwiseMul", lambda tf, v, x: parts(st(tf, v) * x), (V, DENSE), second=False),
    Sample("SparseDenseCwiseMul", lambda tf, v, x: parts(x * st(tf, v)), (V, DENSE), second=False),
    Sample("SparseDenseCwiseMul", lambda tf, v, x: parts(st(tf, v) * x), (V, DENSE[:1]), second=False),
    Sample("SparseDenseCwiseMul", lambda tf, v, x: parts(st(tf, v) * x), (V, DENSE[0]), second=False),
    Sample("SparseDenseCwiseMul", lambda tf, v: parts(st(tf, v) * 2), (N,), exact=True),
    Sample(
        "SparseDenseCwiseMul", lambda tf, v, x: parts(st(tf, v, DEEP, [2, 3, 2]) * x), (V, DENSE[:, :1]), second=False
    ),
    Sample("SparseDenseCwiseDiv", lambda tf, v, x: parts(st(tf, v) / x), (V, DENSE), second=False),
    Sample("SparseDenseCwiseDiv", lambda tf, v, x: parts(st(tf, v) / x), (V, DENSE[:, :1]), second=False),
    Sample("SparseDenseCwiseDiv", lambda tf, v: parts(st(tf, v) / 2), (N,), exact=True),
    Sample("SparseDenseCwiseDiv", lambda tf, v: parts(st(tf, v).__div__(2)), (N,), exact=True),
    Sample(
        "SparseSparseMaximum",
        lambda tf, v, w: parts(tf.sparse.maximum(st(tf, v), st(tf, w, OTHERS))),
        (V, W),
        grad=False,
    ),
    Sample("SparseSparseMaximum", lambda tf, v: parts(tf.sparse_maximum(st(tf, v), st(tf, -v))), (N,), exact=True),
    Sample(
        "SparseSparseMinimum",
        lambda tf, v, w: parts(tf.sparse.minimum(st(tf, v), st(tf, w, OTHERS))),
        (V, W),
        grad=False,
    ),
    Sample("SparseSparseMinimum", lambda tf, v: parts(tf.sparse_minimum(st(tf, v), st(tf, -v))), (N,), exact=True),
    Sample(
        "SparseDenseCwiseAdd", lambda tf, v: tf.gradients(tf.sparse.softmax(st(tf, v)).values ** 2, v), (V,), grad=False
    ),
    # reductions
    Sample("SparseReduceSum", lambda tf, v: tf.sparse.reduce_sum(st(tf, v)), (V,), second=False),
    Sample("SparseReduceSum", lambda tf, v: tf.sparse.reduce_sum(st(tf, v), 0), (V,), second=False),
    Sample("SparseReduceSum", lambda tf, v: tf.sparse.reduce_sum(st(tf, v), [1], keepdims=True), (V,), second=False),
    Sample("SparseReduceSum", lambda tf, v: tf.sparse_reduce_sum(st(tf, v), -1, keep_dims=True), (N,), exact=True),
    Sample("SparseReduceSum", lambda tf, v: tf.sparse_reduce_sum(st(tf, v), reduction_axes=[0, 1]), (N,), exact=True),
    Sample(
        "SparseReduceSum", lambda tf, v: tf.sparse.reduce_sum(st(tf, v, DEEP, [2, 3, 2]), [0, 2]), (V,), second=False
    ),
    Sample("SparseReduceSum", lambda tf, i, v, s: tf.sparse.reduce_sum(fed(tf, i, v, s), 1), (P, N, S), exact=True),
    Sample("SparseReduceSum", lambda tf, i, v, s: tf.sparse.reduce_sum(fed(tf, i, v, s)), (P, N, S), exact=True),
    Sample("SparseReduceMax", lambda tf, v: tf.sparse.reduce_max(st(tf, v)), (N,), exact=True),
    Sample("SparseReduceMax", lambda tf, v: tf.sparse.reduce_max(st(tf, v), 1), (-N,), exact=True),
    Sample(
        "SparseReduceMax", lambda tf, v: tf.sparse_reduce_max(st(tf, v, LOOSE), 0, keep_dims=True), (N,), exact=True
    ),
    Sample("SparseReduceSumSparse", lambda tf, v: parts(tf.sparse.reduce_sum_sparse(st(tf, v), 1)), (N,), exact=True),
    Sample(
        "SparseReduceSumSparse", lambda tf, v: parts(tf.sparse.reduce_sum_sparse(st(tf, v), 0, keepdims=True)), (N,)
    ),
    Sample("SparseReduceSumSparse", lambda tf, v: parts(tf.sparse_reduce_sum_sparse(st(tf, v))), (N,), exact=True),
    Sample("SparseReduceMaxSparse", lambda tf, v: parts(tf.sparse.reduce_max_sparse(st(tf, v), 1)), (-N,), exact=True),
    Sample("SparseReduceMaxSparse", lambda tf, v: parts(tf.sparse_reduce_max_sparse(st(tf, v), keepdims=True)), (N,)),
    Sample("SparseSoftmax", lambda tf, v: parts(tf.sparse.softmax(st(tf, v))), (V,), second=False),
    Sample("SparseSoftmax", lambda tf, v: parts(tf.sparse_softmax(st(tf, v, DEEP, [2, 3, 2]))), (V,), second=False),
    # products
    Sample("SparseTensorDenseMatMul", lambda tf, v, b: tf.sparse.sparse_dense_matmul(st(tf, v), b), (V, TURNED)),
    Sample("SparseTensorDenseMatMul", lambda tf, v, b: tf.sparse.matmul(st(tf, v), b, adjoint_a=True), (V, DENSE)),
    Sample(
        "SparseTensorDenseMatMul",
        lambda tf, v, b: tf.sparse_tensor_dense_matmul(st(tf, v), b, adjoint_b=True),
        (V, DENSE),
    ),
    Sample("SparseTensorDenseMatMul", lambda tf, v, b: tf.sparse.matmul(st(tf, v), b, True, True), (V, TURNED)),
    Sample("SparseTensorDenseMatMul", lambda tf, v, b: tf.sparse.matmul(b, st(tf, v)), (V, LEFT)),
    Sample(
        "SparseTensorDenseMatMul", lambda tf, i, v, s, b: tf.sparse.matmul(fed(tf, i, v, s), b), (P, N, S, N[:, None])
    ),
    Sample(
        "SparseTensorDenseMatMul",
        lambda tf, v, b: tf.sparse.matmul(st(tf, tf.complex(v, -v)), tf.complex(b, b), adjoint_a=True),
        (V, DENSE),
        grad=False,
    ),
    # functions of tensors that take sparse ones
    Sample("Abs", lambda tf, v: parts(tf.abs(st(tf, v))), (V,), second=False),
    Sample("Neg", lambda tf, v: parts(tf.negative(st(tf, v))), (V,), second=False),
    Sample("Square", lambda tf, v: parts(tf.square(st(tf, v))), (V,)),
    Sample("Sqrt", lambda tf, v: parts(tf.sqrt(st(tf, v + 3.0), name="root")), (V,)),
    Sample("Tanh", lambda tf, v: parts(tf.tanh(st(tf, v))), (V,)),
    Sample("Erf", lambda tf, v: parts(tf.erf(st(tf, v))), (V,)),
    Sample("Cast", lambda tf, v: parts(tf.cast(st(tf, v), tf.int32)), (V,), grad=False, exact=True),
    Sample("Cast", lambda tf, v: tf.shape(st(tf, v)), (N,), exact=True),
    Sample("Prod", lambda tf, v: tf.size(st(tf, v)), (N,), exact=True),
    Sample("Size", lambda tf, v: tf.rank(st(tf, v)), (N,), exact=True),
]

FAILURES = [
    Failure(
        "SparseToDense",
        lambda tf, v: tf.sparse.to_dense(st(tf, v, LOOSE)),
        (N,),
        "InvalidArgumentError",
        "is out of order",
        True,
    ),
    Failure(
        "SparseToDense",
        lambda tf, v: tf.sparse.to_dense(st(tf, v, [[0], [1], [1], [2]], [3])),
        (N,),
        "InvalidArgumentError",
        "is repeated",
        True,
    ),
    Failure(
        "SparseToDense",
        lambda tf, v: tf.sparse.to_dense(st(tf, v, PLACES, [3, 3])),
        (N,),
        "InvalidArgumentError",
        "is out of bounds: need 0 <= index < \\[3,3\\]",
        True,
    ),
    Failure("SparseToDense", lambda tf, v: tf.sparse.to_dense(v), (N,), "TypeError", "Input must be a SparseTensor"),
    Failure(
        "SparseToDense", lambda tf, v: tf.SparseTensor([[0, 0]], v, [2, 2]), (N,), "ValueError", "are not compatible"
    ),
    Failure(
        "SparseReshape",
        lambda tf, v: tf.sparse.reshape(st(tf, v), [-1, -1]),
        (N,),
        "ValueError",
        "At most one dimension can be inferred",
    ),
    Failure(
        "SparseReshape",
        lambda tf, v: tf.sparse.reshape(st(tf, v), [5, 3]),
        (N,),
        "ValueError",
        "Cannot reshape a tensor with 12 elements",
    ),
    Failure(
        "SparseReshape",
        lambda tf, s: parts(tf.sparse.reshape(tf.SparseTensor(PLACES, [1, 2, 3, 4], s), [5, 3])),
        (S,),
        "InvalidArgumentError",
        "Input to reshape is a tensor with 12 dense values, but the requested shape has 15",
        True,
    ),
    Failure(
        "SparseReshape",
        lambda tf, s: parts(tf.sparse.reshape(tf.SparseTensor(PLACES, [1, 2, 3, 4], s), [5, -1])),
        (S,),
        "InvalidArgumentError",
        "requires a multiple of 5",
        True,
    ),
    Failure("SparseConcat", lambda tf, v: tf.sparse.concat(0, st(tf, v)), (N,), "TypeError", "Inputs must be a list"),
    Failure(
        "SparseConcat",
        lambda tf, s: parts(
            tf.sparse.concat(0, [tf.SparseTensor(PLACES, [1, 2, 3, 4], s), tf.SparseTensor([[0, 0]], [1], [1, 9])])
        ),
        (S,),
        "InvalidArgumentError",
        "Input shapes must match: expected 4 for dimension 1 but got 9 at position 1",
        True,
    ),
    Failure(
        "SparseSplit",
        lambda tf, v: tf.sparse.split(st(tf, v), 2, 0),
        (N,),
        "ValueError",
        "Keyword arguments are required",
    ),
    Failure(
        "SparseSplit",
        lambda tf, v: tf.sparse.split(sp_input=st(tf, v), axis=0),
        (N,),
        "ValueError",
        "num_split is required",
    ),
    Failure(
        "SparseSplit",
        lambda tf, v: parts(tf.sparse.split(sp_input=st(tf, v), num_split=5, axis=0)),
        (N,),
        "InvalidArgumentError",
        "Input num_split should be between 1 and the splitting dimension size \\(3\\), got 5",
        True,
    ),
    Failure("GatherV2", lambda tf, v: tf.sparse.retain(st(tf, v), [True]), (N,), "ValueError", "are not compatible"),
    Failure(
        "SparseAdd", lambda tf, v: tf.sparse.add(v, v), (N,), "TypeError", "At least one input should be SparseTensor"
    ),
    Failure(
        "SparseAdd",
        lambda tf, v: tf.sparse.add(st(tf, v), st(tf, v, PLACES, [5, 5])),
        (N,),
        "ValueError",
        "are incompatible",
    ),
    Failure(
        "SparseAdd",
        lambda tf, s: parts(
            tf.sparse.add(tf.SparseTensor(PLACES, [1, 2, 3, 4], s), tf.SparseTensor([[0, 0]], [1], [3, 9]))
        ),
        (S,),
        "InvalidArgumentError",
        "Operands' shapes do not match: got 4 and 9 for dimension 1",
        True,
    ),
    Failure(
        "SparseTensorDenseAdd",
        lambda tf, x: tf.sparse.add(st(tf, [1.0, 2.0, 3.0, 4.0]), x),
        (DENSE[:, :3],),
        "InvalidArgumentError",
        "Dimension 1 does not equal \\(no broadcasting is supported\\)",
        True,
    ),
    Failure(
        "SparseDenseCwiseMul",
        lambda tf, x: parts(st(tf, [1.0, 2.0, 3.0, 4.0]) * x),
        (DENSE[:, :3],),
        "InvalidArgumentError",
        "broadcasts dense to sparse only; got incompatible shapes",
        True,
    ),
    Failure(
        "SparseReduceSum",
        lambda tf, v: tf.sparse.reduce_sum(st(tf, v), 2),
        (N,),
        "InvalidArgumentError",
        "Invalid reduction dimension 2, for input with 2 dimensions",
        True,
    ),
    Failure(
        "SparseReduceSum",
        lambda tf, v: tf.sparse.reduce_sum(st(tf, v), 0, reduction_axes=0),
        (N,),
        "ValueError",
        "Cannot specify both",
    ),
    Failure(
        "SparseTensorDenseMatMul",
        lambda tf, v, b: tf.sparse.matmul(st(tf, v), b),
        (V, DENSE),
        "ValueError",
        "Dimensions must be equal, but are 4 and 3",
    ),
    Failure(
        "SparseTensorDenseMatMul",
        lambda tf, s, b: tf.sparse.matmul(tf.SparseTensor(PLACES, [1.0, 2.0, 3.0, 4.0], s), b),
        (S, DENSE),
        "InvalidArgumentError",
        "Cannot multiply A and B because inner dimension does not match: 4 vs. 3",
        True,
    ),
    Failure(
        "SparseTensorDenseMatMul",
        lambda tf, b: tf.sparse.matmul(st(tf, [1.0, 2.0, 3.0, 4.0], PLACES, [3, 3]), b),
        (DENSE,),
        "InvalidArgumentError",
        "k \\(3\\) from index\\[1,1\\] out of bounds \\(>=3\\)",
        True,
    ),
    Failure(
        "SparseFillEmptyRows",
        lambda tf, i: parts(tf.sparse.fill_empty_rows(tf.SparseTensor(i, [1, 2, 3, 4], [2, 4]), 0)),
        (P,),
        "InvalidArgumentError",
        "indices\\(2, 0\\) is invalid: 2 >= 2",
        True,
    ),
]

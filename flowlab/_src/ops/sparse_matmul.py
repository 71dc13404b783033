"""The product of a sparse matrix and a dense one."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph.arguments import as_flag
from flowlab._src.graph.convert import convert
from flowlab._src.graph.op import Array, Index, Op, Spec
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape, merge_dims, require_rank
from flowlab._src.graph.sparse_tensor import as_sparse, is_sparse
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import sparse
from flowlab._src.kernels.memory import require_memory
from flowlab._src.ops.gather import gather
from flowlab._src.ops.linalg import matmul
from flowlab._src.ops.reshaping import expand_dims, squeeze
from flowlab._src.ops.segments import reduce_rows
from flowlab._src.ops.transposing import matrix_transpose, transpose
from flowlab._src.util.export import export

MatrixNumber = TypeVar("MatrixNumber", np.float16, np.float32, np.float64, np.int32, np.complex64, np.complex128)


class SparseTensorDenseMatMul(Op):
    """A sparse matrix times a dense one: only the elements that the sparse one keeps are multiplied."""

    adjoint_a: bool = False
    adjoint_b: bool = False

    def kernel(
        self,
        a_indices: Array[Index],
        a_values: Array[MatrixNumber],
        a_shape: Array[np.int64],
        b: Array[MatrixNumber],
    ) -> Array[MatrixNumber]:
        places, values, sizes, b = (np.asarray(x) for x in (a_indices, a_values, a_shape, b))
        if b.ndim != 2:
            raise InvalidArgumentError(None, None, f"Tensor 'b' is not a matrix: {sparse.text(b.shape)}")
        if sizes.shape != (2,):
            raise InvalidArgumentError(None, None, "Tensor 'a_shape' must have 2 elements")
        sparse.check_parts(places, values, sizes)
        rows, columns = places[:, 0], places[:, 1]
        m, k = (int(s) for s in sizes)
        if self.adjoint_a:
            rows, columns, m, k, values = columns, rows, k, m, values.conj()
        if self.adjoint_b:
            b = b.T.conj()
        if k != b.shape[0]:
            raise InvalidArgumentError(
                None, None, f"Cannot multiply A and B because inner dimension does not match: {k} vs. {b.shape[0]}.  "
                "Did you forget a transpose?  Dimensions of A: "
                f"[{m}, {k}).  Dimensions of B: {sparse.text(b.shape)}",
            )  # fmt: skip
        for name, number, limit in (("k", columns, k), ("m", rows, m)):
            outside = (number < 0) | (number >= limit)
            if outside.any():
                i = int(np.argmax(outside))
                position = int((name == "k") != self.adjoint_a)
                raise InvalidArgumentError(
                    None, None, f"{name} ({number[i]}) from index[{i},{position}] out of bounds (>={limit})"
                )
        require_memory((m, b.shape[1]), b.dtype)
        return reduce_rows(np.add, values[:, None] * b[columns], rows, m, 0)

    def shape(self, a_indices: Spec, a_values: Spec, a_shape: Spec, b: Spec) -> TensorShape:
        a_indices.ranked(2)
        a_values.ranked(1)
        k, n = b.ranked(2)
        m, inner = require_rank(a_shape.as_shape, 2)
        if self.adjoint_a:
            m, inner = inner, m
        if self.adjoint_b:
            k, n = n, k
        merge_dims(inner, k)
        return TensorShape.of((m, n))

    def grad(self, node: Any, dy: Tensor) -> Any:
        """As for a product of matrices; of the gradient of the sparse one only the elements it keeps are computed."""
        indices, values, sizes, b = node.inputs
        db = raw.SparseTensorDenseMatMul(indices, values, sizes, dy, adjoint_a=not self.adjoint_a)
        if self.adjoint_b:
            db = matrix_transpose(db, conjugate=True)
        rows, columns = indices[:, 0], indices[:, 1]
        if self.adjoint_a:
            rows, columns = columns, rows
        # The element (r, c) is the product of row r of dy with row c of b: one small product for each element.
        x = gather(dy, rows)
        y = gather(transpose(b) if self.adjoint_b else b, columns)
        if not self.adjoint_a:
            x = expand_dims(x, -2)
            y = expand_dims(y, -1 if self.adjoint_b else -2)
            product = matmul(x, y, adjoint_b=not self.adjoint_b)
        else:
            x = expand_dims(x, -1)
            y = expand_dims(y, -2 if self.adjoint_b else -1)
            product = matmul(x, y, adjoint_a=True, adjoint_b=self.adjoint_b)
        return [None, squeeze(product, axis=[-2, -1]), None, db]


@export("sparse.sparse_dense_matmul", "sparse.matmul", "sparse_tensor_dense_matmul")
def sparse_tensor_dense_matmul(
    sp_a: Any, b: Any, adjoint_a: bool = False, adjoint_b: bool = False, name: str | None = None
) -> Tensor:
    """Multiply a sparse matrix by a dense one.

    Parameters
    ----------
    sp_a : SparseTensor, shape (rows, inner)
    b : Tensor, shape (inner, columns)
        Same dtype. Either may be the sparse one.
    adjoint_a, adjoint_b : bool
        Exchange rows and columns first, and take the complex conjugate.
    name : str, optional

    Returns
    -------
    Tensor, shape (rows, columns)

    Examples
    --------
    >>> st = tf.SparseTensor([[0, 2], [1, 0]], [1.0, 2.0], [2, 3])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.sparse.sparse_dense_matmul(st, [[1.0], [10.0], [100.0]]))
    array([[100.],
           [  2.]], dtype=float32)
    """
    if is_sparse(b):  # a b = (bᵀ aᵀ)ᵀ
        if as_flag(adjoint_a, "adjoint_a") != as_flag(adjoint_b, "adjoint_b"):
            return transpose(sparse_tensor_dense_matmul(b, sp_a, adjoint_a, adjoint_b))
        return transpose(sparse_tensor_dense_matmul(b, sp_a, not adjoint_a, not adjoint_b))
    sp_a = as_sparse(sp_a)
    with name_scope(name, "SparseTensorDenseMatMul", [sp_a.indices, sp_a.values, b]):
        b = convert(b, name="b")
        op = SparseTensorDenseMatMul(adjoint_a=adjoint_a, adjoint_b=adjoint_b)
        result: Tensor = op(sp_a.indices, sp_a.values, sp_a.dense_shape, b)
        return result

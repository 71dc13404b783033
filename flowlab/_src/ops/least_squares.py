"""Linear equations solved as well as possible: the operation, and the same in smaller operations."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import complex128
from flowlab._src.graph.op import Array, FloatingOrComplex, Op, Spec
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import UNKNOWN, TensorShape, merge_dims, require_rank_at_least
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.broadcast import Gradient
from flowlab._src.ops.cast import cast
from flowlab._src.ops.cond import cond
from flowlab._src.ops.diagonals import eye
from flowlab._src.ops.linalg import matmul
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.solving import Cholesky, cholesky_solve, flipped
from flowlab._src.ops.transposing import matrix_transpose

CACHE = 256_000  # bytes; TensorFlow's guess of what a core keeps near


class MatrixSolveLs(Op):
    """The x with the least sum of squares of matrix x - rhs, or the shortest x without any rest.

    `fast` solves the normal equations by their Cholesky factor. Otherwise singular values are used, which also copes
    with columns that depend on each other; the regularizer is not looked at.
    """

    fast: bool = True

    def kernel(
        self, matrix: Array[FloatingOrComplex], rhs: Array[FloatingOrComplex], l2_regularizer: Array[np.float64]
    ) -> Array[FloatingOrComplex]:
        if matrix.ndim < 2 or rhs.ndim < 2:
            raise InvalidArgumentError(None, None, f"Input must have rank >= 2, got {min(matrix.ndim, rhs.ndim)}")
        if matrix.shape[-2] != rhs.shape[-2]:
            raise InvalidArgumentError(None, None, "Input matrix and rhs are incompatible.")
        if l2_regularizer < 0:
            raise InvalidArgumentError(None, None, f"l2_regularizer must be >= 0, got {l2_regularizer}")
        rows, columns = matrix.shape[-2:]
        if not self.fast:
            return np.matmul(np.linalg.pinv(matrix), rhs).astype(matrix.dtype, copy=False)
        left = flipped(matrix)
        tall = rows >= columns
        gram = np.matmul(left, matrix) if tall else np.matmul(matrix, left)
        gram = gram + (l2_regularizer * np.eye(min(rows, columns))).astype(matrix.dtype)
        try:
            np.linalg.cholesky(gram)
        except np.linalg.LinAlgError:
            message = (
                "Input matrix was rank deficient or ill-conditioned. "
                "Try setting fast=False or provide a larger l2_regularizer > 0."
            )
            raise InvalidArgumentError(None, None, message) from None
        if tall:
            return np.linalg.solve(gram, np.matmul(left, rhs))
        return np.matmul(left, np.linalg.solve(gram, rhs))

    def shape(self, matrix: Spec, rhs: Spec, l2_regularizer: Spec) -> TensorShape:
        l2_regularizer.ranked(0)
        require_rank_at_least(matrix.shape, 2)
        require_rank_at_least(rhs.shape, 2)
        if matrix.dims is None or rhs.dims is None:
            return UNKNOWN
        merge_dims(matrix.dims[-2], rhs.dims[-2])
        batch = TensorShape.of(matrix.dims[:-2]).merge_with(TensorShape.of(rhs.dims[:-2]))
        return batch.concatenate(TensorShape.of((matrix.dims[-1], rhs.dims[-1])))

    def grad(self, node: Any, dy: Gradient) -> Any:
        """Through the normal equations; Golub and Pereyra (1973) for the matrix."""
        if not self.fast:
            raise ValueError("Gradient not defined for fast=False")
        a, b, l2 = node.inputs
        x = node.outputs[0]

        def tall() -> tuple[Tensor, Tensor]:
            z = cholesky_solve(gram_factor(a, cast(l2, a.dtype.base_dtype), True), dy)
            mixed = matmul(x, z, adjoint_b=True)
            both = mixed + matrix_transpose(mixed)
            return -matmul(a, both) + matmul(b, z, adjoint_b=True), matmul(a, z)

        def wide() -> tuple[Tensor, Tensor]:
            factor = gram_factor(a, cast(l2, a.dtype.base_dtype), False)
            db = cholesky_solve(factor, matmul(a, dy))
            solution = cholesky_solve(factor, b)
            first = -matmul(db, matmul(solution, a, adjoint_a=True))
            rest = dy - matmul(a, db, adjoint_a=True)
            return first + matmul(solution, rest, adjoint_b=True), db

        return *by_form(a, tall, wide), None


def by_form(matrix: Tensor, tall: Any, wide: Any) -> Any:
    """One way for matrices with at least as many rows as columns, another for the others."""
    rows, columns = matrix._shape._dims[-2:] if matrix._shape._dims is not None else (None, None)
    if rows is not None and columns is not None:
        return tall() if rows >= columns else wide()
    sizes = shape_of(matrix)[-2:]
    return cond(sizes[-2] >= sizes[-1], tall, wide)


def gram_factor(matrix: Tensor, l2_regularizer: Any, tall: bool) -> Tensor:
    """The Cholesky factor of AᵀA (or AAᵀ) with a little more on its diagonal."""
    gram = matmul(matrix, matrix, adjoint_a=tall, adjoint_b=not tall)
    if isinstance(l2_regularizer, Tensor) or l2_regularizer != 0:
        sizes = shape_of(matrix)
        batch = sizes[:-2]
        unit = eye(sizes[-1 if tall else -2], batch_shape=batch, dtype=matrix.dtype.base_dtype)
        if matrix.shape.ndims is not None:
            side = matrix.shape[-1 if tall else -2]
            unit.set_shape(matrix.shape[:-2].concatenate([side, side]))
        gram += l2_regularizer * unit
    return Cholesky()(gram)


def solve_ls(matrix: Any, rhs: Any, l2_regularizer: Any, fast: bool, name: str | None) -> Tensor:
    """`tf.matrix_solve_ls`, whose words are in ops/solving.py."""
    matrix = convert(matrix, name="matrix")
    if matrix.dtype.base_dtype is complex128 and (isinstance(l2_regularizer, Tensor) or l2_regularizer != 0):
        message = "matrix_solve_ls is currently disabled for complex128 and l2_regularizer != 0 due to poor accuracy."
        raise misuse(NotImplementedError(message))
    shape = matrix.shape
    in_parts = fast is not False
    if in_parts and shape.is_fully_defined():
        sizes = shape.as_list()
        large = int(np.prod(sizes)) * matrix.dtype.size > CACHE
        in_parts = not (large and int(np.prod(sizes[:-2])) > min(sizes[-2:]))
    if not in_parts:
        return MatrixSolveLs(fast=fast)(matrix, rhs, l2_regularizer, name=name)
    with name_scope(name, "matrix_solve_ls", [matrix, rhs, l2_regularizer]):
        shape.with_rank_at_least(2)

        def tall() -> Tensor:
            return cholesky_solve(gram_factor(matrix, l2_regularizer, True), matmul(matrix, rhs, adjoint_a=True))

        def wide() -> Tensor:
            return matmul(matrix, cholesky_solve(gram_factor(matrix, l2_regularizer, False), rhs), adjoint_a=True)

        result: Tensor = by_form(matrix, tall, wide)
        return result

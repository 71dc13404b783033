"""Samples of decompositions and what is made of them: ops/decompose.py, ops/matrix_functions.py, ops/factorized.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.ops.sample import Failure, Sample

TALL = np.array([[1.5, -2.0], [0.5, 4.0], [-1.0, 0.75]])
WIDE = TALL.T.copy()
SQUARE = np.array([[4.0, 1.0, -0.5], [2.0, 3.0, 0.25], [-1.0, 0.5, 2.0]])
STACK = np.stack([SQUARE, SQUARE.T - np.eye(3) * 0.5])
COMPLEX = np.array([[1 + 2j, -0.5 + 1j], [2 - 1.5j, 1j]], np.complex64)


SMALL = np.array([[0.5, -1.0], [0.25, 0.75]])
JORDAN = np.array([[2.0, 1.0, 0.0], [0.0, 2.0, 1.0], [0.0, 0.0, 2.0]])
ORDER = np.array([2, 0, 1], np.int32)
BANDS = np.array([[1.0, -0.5, 2.0, 0.25], [4.0, 3.0, 5.0, -4.0], [0.5, 1.0, -1.5, 2.0]])
LONG = np.linspace(-1, 2, 8).reshape(4, 2) ** 2


def ls(tf: Any, x: Any, b: Any, l2: float = 0.0) -> Any:
    """Least squares in one operation."""
    return tf.raw_ops.MatrixSolveLs(matrix=x, rhs=b, l2_regularizer=tf.constant(l2, tf.float64), fast=True)


def singular(tf: Any, x: Any, full: bool = False) -> Any:
    """What does not depend on the signs of the vectors."""
    s, u, v = tf.svd(x, full_matrices=full)
    return [s, tf.square(u), tf.square(v), tf.matmul(u[..., :, :2] * 2.0, v[..., :, :2], adjoint_b=True)]


SAMPLES = [
    Sample("Qr", lambda tf, x: [tf.abs(t) for t in tf.qr(x)], (TALL,), second=False),
    Sample("Qr", lambda tf, x: [tf.abs(t) for t in tf.qr(x)], (STACK,)),
    Sample("Qr", lambda tf, x: [tf.abs(t) for t in tf.linalg.qr(x, full_matrices=True)], (WIDE,), second=False),
    Sample("Qr", lambda tf, x: tf.matmul(*tf.qr(x)), (WIDE,), second=False),
    Sample("Qr", lambda tf, x: tf.matmul(*tf.qr(x)), (COMPLEX,), grad=False),
    Sample("Qr", lambda tf, x: tf.gradients(tf.abs(tf.qr(x)[1]), x), (COMPLEX,), grad=False, tolerance=20),
    Sample("Svd", lambda tf, x: tf.svd(x, compute_uv=False), (TALL,), second=False),
    Sample("Svd", lambda tf, x: tf.linalg.svd(x, compute_uv=False), (STACK,)),
    Sample("Svd", lambda tf, x: singular(tf, x), (TALL,)),
    Sample("Svd", lambda tf, x: singular(tf, x), (WIDE,)),
    Sample("Svd", lambda tf, x: singular(tf, x), (STACK,), second=False),
    Sample("Svd", lambda tf, x: singular(tf, x, True), (WIDE,), second=False),
    Sample("Svd", lambda tf, x: singular(tf, x, True), (TALL,), second=False),
    Sample("Svd", lambda tf, x: tf.gradients(tf.abs(tf.svd(x)[1]), x), (COMPLEX,), grad=False, tolerance=50),
    Sample(
        "Svd",
        lambda tf, x: tf.svd(x, compute_uv=False),
        (np.array([[[1, 2], [3, np.nan]], [[1, 2], [3, 4]]], np.float32),),
        grad=False,
    ),
    # functions of matrices
    Sample("MatrixSolve", lambda tf, x: tf.linalg.expm(x), (SMALL,), second=False, tolerance=10),
    Sample("MatrixSolve", lambda tf, x: tf.linalg.expm(x), (SMALL.astype(np.float32) * 3,), grad=False, tolerance=100),
    Sample("MatrixSolve", lambda tf, x: tf.linalg.expm(x), (STACK,), second=False, tolerance=10),
    Sample(
        "MatrixSolve", lambda tf, x: tf.linalg.expm(x), (np.stack([SMALL, SMALL * 1e-3, SMALL * 1e-1]),), second=False
    ),
    Sample("MatrixSolve", lambda tf, x: tf.linalg.expm(x), (COMPLEX,), grad=False, tolerance=20),
    Sample("MatrixSolve", lambda tf, x: tf.linalg.expm(x), (np.array([[np.inf, 1], [1, 1]], np.float32),), grad=False),
    Sample("MatrixLogarithm", lambda tf, x: tf.linalg.logm(x), (COMPLEX,), grad=False, tolerance=20),
    Sample("MatrixLogarithm", lambda tf, x: tf.linalg.logm(x), (STACK.astype(np.complex128),), grad=False),
    Sample("MatrixLogarithm", lambda tf, x: tf.linalg.logm(x), (JORDAN.astype(np.complex128),), grad=False),
    Sample(
        "MatrixLogarithm",
        lambda tf, x: tf.linalg.logm(x),
        (np.array([[[4, 1], [0, -1]], [[0, 0], [0, 0]], [[2, 0], [0, 3]]], np.complex64),),
        grad=False,
        tolerance=4,
    ),
    Sample("MatrixSquareRoot", lambda tf, x: tf.linalg.sqrtm(x), (SQUARE,), second=False),
    Sample("MatrixSquareRoot", lambda tf, x: tf.matrix_square_root(x), (STACK,), second=False),
    Sample("MatrixSquareRoot", lambda tf, x: tf.linalg.sqrtm(x), (JORDAN,), second=False),
    Sample("MatrixSquareRoot", lambda tf, x: tf.linalg.sqrtm(x), (COMPLEX,), grad=False, tolerance=10),
    Sample("MatrixSquareRoot", lambda tf, x: tf.linalg.sqrtm(x), (np.array([[4.0, 1.0], [0.0, -1.0]]),), grad=False),
    # LU factors
    Sample("Lu", lambda tf, x: tf.linalg.lu(x), (SQUARE,), grad=False),
    Sample("Lu", lambda tf, x: tf.linalg.lu(x, output_idx_type=tf.int64), (STACK[:, ::-1].copy(),), grad=False),
    Sample("Lu", lambda tf, x: tf.linalg.lu(x), (COMPLEX,), grad=False),
    Sample("MatMul", lambda tf, x, p: tf.linalg.lu_reconstruct(x, p), (SQUARE, ORDER)),
    Sample("BatchMatMulV2", lambda tf, x: tf.linalg.lu_reconstruct(*tf.linalg.lu(x)), (STACK,), grad=False),
    Sample(
        "BatchMatMulV2",
        lambda tf, x: tf.linalg.lu_reconstruct(*tf.linalg.lu(x), validate_args=True),
        (STACK,),
        grad=False,
    ),
    Sample(
        "MatrixTriangularSolve", lambda tf, x, p, b: tf.linalg.lu_solve(x, p, b), (SQUARE, ORDER, TALL), second=False
    ),
    Sample(
        "MatrixTriangularSolve",
        lambda tf, x, p, b: tf.linalg.lu_solve(x, p, b),
        (STACK, np.stack([ORDER, ORDER[::-1]]), np.stack([TALL, TALL * 2])),
        second=False,
    ),
    Sample(
        "MatrixTriangularSolve",
        lambda tf, x, p, b: tf.linalg.lu_solve(x, p, b, validate_args=True),
        (STACK, np.stack([ORDER, ORDER]), TALL),
        grad=False,
    ),
    Sample("MatrixTriangularSolve", lambda tf, x, p: tf.linalg.lu_matrix_inverse(x, p), (SQUARE, ORDER), second=False),
    Sample("MatrixTriangularSolve", lambda tf, x: tf.linalg.lu_matrix_inverse(*tf.linalg.lu(x)), (STACK,), grad=False),
    # by singular values
    Sample("Svd", lambda tf, x: tf.linalg.pinv(x), (TALL,), second=False, tolerance=10),
    Sample("Svd", lambda tf, x: tf.linalg.pinv(x, rcond=0.4, validate_args=True), (STACK,), grad=False, tolerance=10),
    Sample(
        "Svd",
        lambda tf, x: tf.linalg.pinv(x),
        (np.outer([1, 2, 3], [1, -1, 2]).astype(np.float32),),
        grad=False,
        tolerance=10,
    ),
    Sample("Svd", lambda tf, x: tf.linalg.matrix_rank(x), (STACK,)),
    Sample("Svd", lambda tf, x: tf.linalg.matrix_rank(x, tol=1e-3), (np.ones((2, 3, 4), np.float32),), grad=False),
    Sample("Sqrt", lambda tf, x: tf.linalg.normalize(x), (TALL,)),
    Sample("Sum", lambda tf, x: tf.linalg.normalize(x, ord=1, axis=1), (TALL,)),
    # three diagonals
    Sample("TridiagonalSolve", lambda tf, d, b: tf.linalg.tridiagonal_solve(d, b), (BANDS, LONG)),
    Sample(
        "TridiagonalSolve", lambda tf, d, b: tf.linalg.tridiagonal_solve(d, b, partial_pivoting=False), (BANDS, LONG)
    ),
    Sample("TridiagonalSolve", lambda tf, d, b: tf.linalg.tridiagonal_solve(d, b), (BANDS * [[3], [0.1], [1]], LONG)),
    Sample(
        "TridiagonalSolve",
        lambda tf, d, b: tf.linalg.tridiagonal_solve(d, b, transpose_rhs=True, conjugate_rhs=True),
        (np.stack([BANDS, BANDS[:, ::-1]]), np.stack([LONG.T, LONG.T * 2]).copy("C")),
    ),
    Sample(
        "TridiagonalSolve",
        lambda tf, d, b: tf.linalg.tridiagonal_solve(d, b, diagonals_format="matrix"),
        (np.diag(BANDS[1]) + np.diag(BANDS[0, :-1], 1) + np.diag(BANDS[2, 1:], -1), LONG),
        second=False,
    ),
    Sample(
        "TridiagonalSolve",
        lambda tf, b, c, r: tf.linalg.tridiagonal_solve(
            (tf.constant(BANDS[0, :-1]), tf.reshape(b, [4]), c), r, diagonals_format="sequence"
        ),
        (BANDS[1], BANDS[2], LONG),
        second=False,
    ),
    Sample("TridiagonalMatMul", lambda tf, d, b: tf.linalg.tridiagonal_matmul(d, b), (BANDS, LONG)),
    Sample(
        "TridiagonalMatMul",
        lambda tf, d, b: tf.linalg.tridiagonal_matmul(d, b),
        (np.stack([BANDS, BANDS[:, ::-1]]), np.stack([LONG, LONG * 2])),
    ),
    Sample(
        "TridiagonalMatMul",
        lambda tf, d, b: tf.linalg.tridiagonal_matmul(d, b, diagonals_format="matrix"),
        (np.diag(BANDS[1]) + np.diag(BANDS[0, :-1], 1) + np.diag(BANDS[2, 1:], -1), LONG),
    ),
    Sample(
        "TridiagonalMatMul",
        lambda tf, a, b, c, r: tf.linalg.tridiagonal_matmul([a, b, c], r, diagonals_format="sequence"),
        (BANDS[0], BANDS[1], BANDS[2], LONG.astype(np.float64)),
    ),
    # least squares
    Sample("Cholesky", lambda tf, x, b: tf.linalg.lstsq(x, b), (TALL, SQUARE), second=False, tolerance=10),
    Sample("Cholesky", lambda tf, x, b: tf.matrix_solve_ls(x, b, l2_regularizer=0.5), (TALL, SQUARE), second=False),
    Sample("Cholesky", lambda tf, x, b: tf.matrix_solve_ls(x, b, 0.25), (WIDE, TALL[:2]), second=False, tolerance=10),
    Sample("MatrixSolveLs", lambda tf, x, b: tf.matrix_solve_ls(x, b, fast=False), (TALL, SQUARE), grad=False),
    Sample(
        "MatrixSolveLs",
        lambda tf, x, b: tf.matrix_solve_ls(x, b, fast=False),
        (np.ones((2, 3, 2)), np.ones((2, 3, 1))),
        grad=False,
    ),
    Sample("MatrixSolveLs", lambda tf, x, b: ls(tf, x, b), (TALL, SQUARE), second=False, tolerance=10),
    Sample("MatrixSolveLs", lambda tf, x, b: ls(tf, x, b, 0.5), (WIDE, TALL[:2]), second=False, tolerance=10),
]

FAILURES = [
    Failure(
        "Lu",
        lambda tf, x: tf.linalg.lu(x),
        (np.ones((2, 2)),),
        "InvalidArgumentError",
        "Input is not invertible",
        run=True,
    ),
    Failure("Lu", lambda tf, x: tf.linalg.lu(x), (TALL,), "ValueError", "Dimensions must be equal, but are 3 and 2"),
    Failure(
        "Lu", lambda tf, x: tf.linalg.lu(x), (TALL,), "InvalidArgumentError", "Input matrix must be square", run=True
    ),
    Failure(
        "MatrixLogarithm", lambda tf, x: tf.linalg.logm(x), (SQUARE,), "TypeError", "not in list of allowed values"
    ),
    Failure(
        "MatrixSquareRoot",
        lambda tf, x: tf.linalg.sqrtm(x),
        (TALL,),
        "ValueError",
        "Dimensions must be equal, but are 3 and 2",
    ),
    Failure(
        "MatrixSolve",
        lambda tf, x: tf.linalg.expm(x),
        (ORDER.reshape(3, 1) * ORDER,),
        "ValueError",
        "does not support matrices of type",
    ),
    Failure(
        "MatrixSolve",
        lambda tf, x, p: tf.linalg.lu_solve(x, p, p),
        (SQUARE, ORDER),
        "ValueError",
        "must have at least 2 dimensions",
    ),
    Failure(
        "MatrixSolve",
        lambda tf, x, p, b: tf.linalg.lu_solve(x, p, b),
        (SQUARE, ORDER, TALL[:2]),
        "ValueError",
        "must equal `rhs.shape",
    ),
    Failure(
        "MatrixSolve",
        lambda tf, x, p: tf.linalg.lu_reconstruct(x, p),
        (TALL, ORDER),
        "ValueError",
        "must be square|have at least",
    ),
    Failure(
        "MatrixSolve", lambda tf, x, p: tf.linalg.lu_reconstruct(x, p), (STACK, ORDER), "ValueError", "must equal `rank"
    ),
    Failure("Svd", lambda tf, x: tf.linalg.matrix_rank(x), (ORDER,), "TypeError", "must have `float`-like `dtype`"),
    Failure("Svd", lambda tf, x: tf.linalg.pinv(x), (TALL[0],), "ValueError", "must have at least 2 dimensions"),
    Failure(
        "TridiagonalSolve",
        lambda tf, d, b: tf.linalg.tridiagonal_solve(d, b),
        (BANDS[:2], LONG),
        "ValueError",
        "Expected 3 diagonals got 2",
    ),
    Failure(
        "TridiagonalSolve",
        lambda tf, d, b: tf.linalg.tridiagonal_solve(d, b),
        (BANDS, LONG[:2]),
        "ValueError",
        "Expected number of left-hand sided",
    ),
    Failure(
        "TridiagonalSolve",
        lambda tf, d, b: tf.linalg.tridiagonal_solve(d, b),
        (BANDS[0], LONG),
        "ValueError",
        "rank at least 2, got 1",
    ),
    Failure(
        "TridiagonalSolve",
        lambda tf, d, b: tf.linalg.tridiagonal_solve(d, b, "dense"),
        (BANDS, LONG),
        "ValueError",
        "Unrecognized diagonals_format",
    ),
    Failure(
        "TridiagonalMatMul",
        lambda tf, d, b: tf.linalg.tridiagonal_matmul(d, b),
        (BANDS, LONG[:2]),
        "ValueError",
        "Dimensions must be equal",
    ),
    Failure(
        "TridiagonalMatMul",
        lambda tf, d, b: tf.linalg.tridiagonal_matmul(d, b, "dense"),
        (BANDS, LONG),
        "ValueError",
        "Unrecognized diagonals_format",
    ),
    Failure(
        "MatrixSolveLs",
        lambda tf, x, b: ls(tf, x, b),
        (np.ones((3, 2)), np.ones((3, 1))),
        "InvalidArgumentError",
        "rank deficient or ill-conditioned",
        run=True,
    ),
    Failure("Qr", lambda tf, x: tf.qr(x), (TALL[0],), "ValueError", "must be at least rank 2 but is rank 1"),
    Failure("Svd", lambda tf, x: tf.svd(x), (TALL[0],), "ValueError", "must be at least rank 2 but is rank 1"),
]

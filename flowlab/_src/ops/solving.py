"""Linear algebra with square matrices: inverse, determinant, linear equations, Cholesky factor, eigenvalues.

All work on stacks of matrices, shape (..., n, n). Formulas of the gradients: Giles, "An extended collection of matrix
derivative results for forward and reverse mode automatic differentiation" (2008).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError
from flowlab._src.graph.convert import convert
from flowlab._src.graph.op import Array, FloatingOrComplex, Number, Op, Spec
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import control_dependencies, name_scope
from flowlab._src.graph.shape import UNKNOWN, Dims, TensorShape, broadcast_shapes, merge_dims, require_rank_at_least
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import triangles
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.broadcast import Gradient
from flowlab._src.ops.cast import real
from flowlab._src.ops.diagonals import eye, matrix_band_part, matrix_diag, matrix_diag_part, matrix_set_diag
from flowlab._src.ops.linalg import matmul
from flowlab._src.ops.reshaping import expand_dims
from flowlab._src.util.export import export


def square(matrix: Spec) -> Dims | None:
    """The sizes of a stack of square matrices with what both sides know; None when the rank is unknown."""
    require_rank_at_least(matrix.shape, 2)
    if matrix.dims is None:
        return None
    *batch, m, n = matrix.dims
    side = merge_dims(m, n)
    return (*batch, side, side)


def refuse_unless_square(matrix: Any) -> None:
    """The same check for real arrays."""
    if matrix.ndim < 2:
        raise InvalidArgumentError(None, None, f"Input tensor 0 must have rank >= 2, got {matrix.ndim}")
    if matrix.shape[-1] != matrix.shape[-2]:
        raise InvalidArgumentError(None, None, "Input matrix must be square.")


def flipped(matrix: Any) -> Any:
    """The adjoint of an array."""
    return np.conjugate(matrix.swapaxes(-1, -2))


class MatrixInverse(Op):
    """The inverse of each matrix, or of its adjoint."""

    adjoint: bool = False

    def kernel(self, input: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        refuse_unless_square(input)
        try:
            return np.linalg.inv(flipped(input) if self.adjoint else input)
        except np.linalg.LinAlgError:
            raise InvalidArgumentError(None, None, "Input is not invertible.") from None

    def shape(self, input: Spec) -> TensorShape:
        return TensorShape.of(square(input))

    def grad(self, node: Any, dy: Gradient) -> Any:
        """-Yᵀ dY Yᵀ, where Y is the inverse."""
        y = node.outputs[0]
        inner = matmul(dy, y, adjoint_a=self.adjoint, adjoint_b=not self.adjoint)
        return -matmul(y, inner, adjoint_a=not self.adjoint)


class MatrixDeterminant(Op):
    """The determinant of each matrix."""

    def kernel(self, input: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        refuse_unless_square(input)
        return np.linalg.det(input).astype(input.dtype, copy=False)

    def shape(self, input: Spec) -> TensorShape:
        dims = square(input)
        return UNKNOWN if dims is None else TensorShape.of(dims[:-2])

    def grad(self, node: Any, dy: Gradient) -> Any:
        """dy det(A) times the inverse of Aᵀ."""
        x, y = node.inputs[0], node.outputs[0]
        inverse = MatrixInverse(adjoint=True)(x)
        return as_matrices(dy * y, y) * inverse


class LogMatrixDeterminant(Op):
    """Sign and logarithm of the absolute value of each determinant."""

    def kernel(self, input: Array[FloatingOrComplex]) -> tuple[Array[FloatingOrComplex], Array[FloatingOrComplex]]:
        refuse_unless_square(input)
        sign, log = np.linalg.slogdet(input)
        return sign.astype(input.dtype, copy=False), log.astype(input.dtype, copy=False)

    def shape(self, input: Spec) -> list[TensorShape]:
        dims = square(input)
        return [UNKNOWN if dims is None else TensorShape.of(dims[:-2])] * 2

    def grad(self, node: Any, _: Gradient, dy: Gradient) -> Any:
        """dy times the inverse of Aᵀ."""
        x, y = node.inputs[0], node.outputs[1]
        inverse = MatrixInverse(adjoint=True)(x)
        return as_matrices(dy, y) * inverse


def as_matrices(x: Tensor, like: Tensor) -> Tensor:
    """Give numbers, one for each matrix, two more axes of size 1."""
    from flowlab._src.ops.joining import concat

    return raw.Reshape(x, concat([shape_of(like), [1, 1]], 0))


class Cholesky(Op):
    """The lower triangular L with L Lᵀ = input, for symmetric matrices with positive eigenvalues."""

    def kernel(self, input: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        refuse_unless_square(input)
        try:
            return np.linalg.cholesky(input)
        except np.linalg.LinAlgError:
            message = "Cholesky decomposition was not successful. The input might not be valid."
            raise InvalidArgumentError(None, None, message) from None

    def shape(self, input: Spec) -> TensorShape:
        return TensorShape.of(square(input))

    def grad(self, node: Any, dy: Gradient) -> Any:
        """L⁻ᵀ P(Lᵀ dL) L⁻¹, made symmetric; P halves the diagonal and drops what is above it (Murray 2016)."""
        y = node.outputs[0]
        rows, batch = shape_of(y)[-1], shape_of(y)[:-2]
        inverse = matrix_triangular_solve(y, eye(rows, batch_shape=batch, dtype=y.dtype.base_dtype))
        middle = matmul(y, dy, adjoint_a=True)
        middle = matrix_set_diag(middle, 0.5 * matrix_diag_part(middle))
        middle = matrix_band_part(middle, -1, 0)
        dx = matmul(matmul(inverse, middle, adjoint_a=True), inverse)
        dx += adjoint_of(dx)
        return dx * 0.5


class Solve(Op, abstract=True):
    """Linear equations with a matrix of coefficients on the left."""

    def shape(self, matrix: Spec, rhs: Spec) -> TensorShape:
        """The shape of the right side."""
        dims = square(matrix)
        require_rank_at_least(rhs.shape, 2)
        if dims is None or rhs.dims is None:
            return UNKNOWN
        rows = merge_dims(dims[-1], rhs.dims[-2])
        batch = broadcast_shapes((TensorShape.of(dims[:-2]), TensorShape.of(rhs.dims[:-2])))
        return TensorShape.of((*(batch._dims or ()), rows, rhs.dims[-1]))


def solve(matrix: Any, rhs: Any) -> Any:
    """The x with matrix x = rhs."""
    refuse_unless_square(matrix)
    if matrix.shape[-1] != rhs.shape[-2]:
        raise InvalidArgumentError(None, None, "Input matrix and rhs are incompatible.")
    try:
        return np.linalg.solve(matrix, rhs)
    except np.linalg.LinAlgError:
        raise InvalidArgumentError(None, None, "Input matrix is not invertible.") from None


class MatrixSolve(Solve):
    """Solve matrix x = rhs, or adjoint(matrix) x = rhs."""

    adjoint: bool = False

    def kernel(self, matrix: Array[FloatingOrComplex], rhs: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        return solve(flipped(matrix) if self.adjoint else matrix, rhs)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """The equations with the adjoint for rhs; from its solution that for the matrix."""
        matrix, y = node.inputs[0], node.outputs[0]
        drhs = MatrixSolve(adjoint=not self.adjoint)(matrix, dy)
        if self.adjoint:
            return -matmul(y, drhs, adjoint_b=True), drhs
        return -matmul(drhs, y, adjoint_b=True), drhs


class MatrixTriangularSolve(Solve):
    """Solve equations whose matrix is taken as triangular: the other half is not looked at."""

    lower: bool = True
    adjoint: bool = False

    def kernel(self, matrix: Array[FloatingOrComplex], rhs: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        refuse_unless_square(matrix)
        if matrix.dtype.kind == "f" and matrix.shape[:-2] == rhs.shape[:-2] and matrix.shape[-1] == rhs.shape[-2]:
            if not np.diagonal(matrix, axis1=-2, axis2=-1).all():
                raise InvalidArgumentError(None, None, "Input matrix is not invertible.")
            stack, n = math.prod(matrix.shape[:-2]), matrix.shape[-1]
            half = (flipped(matrix) if self.adjoint else matrix).reshape(stack, n, n)
            x = triangles.solve_triangles(half, rhs.reshape(stack, n, rhs.shape[-1]), self.lower is not self.adjoint)
            if x is not None:
                return x.reshape(rhs.shape)
        triangle = np.tril(matrix) if self.lower else np.triu(matrix)
        return solve(flipped(triangle) if self.adjoint else triangle, rhs)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """As for MatrixSolve, for the half that was looked at."""
        matrix, rhs = node.inputs
        y = node.outputs[0]
        drhs = matrix_triangular_solve(matrix, dy, lower=self.lower, adjoint=not self.adjoint)
        dmatrix = -matmul(y, drhs, adjoint_b=True) if self.adjoint else -matmul(drhs, y, adjoint_b=True)
        dmatrix = matrix_band_part(dmatrix, -1, 0) if self.lower else matrix_band_part(dmatrix, 0, -1)
        a, b = matrix._shape._dims, rhs._shape._dims
        if a is not None and b is not None and None not in a + b and a[:-2] == b[:-2]:
            return dmatrix, drhs
        matrix_shape, rhs_shape = shape_of(matrix), shape_of(rhs)
        matrix_axes, rhs_axes = raw.BroadcastGradientArgs(matrix_shape[:-2], rhs_shape[:-2])
        dmatrix = raw.Reshape(raw.Sum(dmatrix, matrix_axes), matrix_shape)
        return dmatrix, raw.Reshape(raw.Sum(drhs, rhs_axes), rhs_shape)


class SelfAdjointEigV2(Op):
    """Eigenvalues, from small to large, and eigenvectors (as columns) of symmetric matrices."""

    compute_v: bool = True

    def kernel(self, input: Array[FloatingOrComplex]) -> tuple[Array[FloatingOrComplex], Array[FloatingOrComplex]]:
        refuse_unless_square(input)
        if not self.compute_v:
            return np.linalg.eigvalsh(input).astype(input.dtype, copy=False), np.empty(0, input.dtype)
        values, vectors = np.linalg.eigh(input)
        return values.astype(input.dtype, copy=False), vectors

    def shape(self, input: Spec) -> list[TensorShape]:
        dims = square(input)
        if dims is None:
            return [UNKNOWN, UNKNOWN if self.compute_v else TensorShape.of((0,))]
        return [TensorShape.of(dims[:-1]), TensorShape.of(dims if self.compute_v else (0,))]

    def grad(self, node: Any, de: Gradient, dv: Gradient) -> Any:
        """V (diag(de) + F * (Vᵀ dV)) Vᵀ with F = 1 / differences of eigenvalues, made symmetric.

        Where two eigenvalues are equal, F is 0: 1 / d is written d / (d² + a little).
        """
        from flowlab._src.ops.fill import zeros_like

        e = node.outputs[0]
        with control_dependencies([de.op, dv.op]):
            if self.compute_v:
                v = node.outputs[1]
                gaps = expand_dims(e, -2) - expand_dims(e, -1)
                factor = matrix_set_diag(gaps * raw.Reciprocal(gaps * gaps + 1e-20), zeros_like(e))
                inner = matrix_diag(de) + factor * matmul(v, dv, adjoint_a=True)
                dx = matmul(v, matmul(inner, v, adjoint_b=True))
            else:
                _, v = SelfAdjointEigV2()(node.inputs[0])
                dx = matmul(v, matmul(matrix_diag(de), v, adjoint_b=True))
            # Only the lower half of the input was looked at.
            dx = matrix_band_part(dx + adjoint_of(dx), -1, 0)
            return matrix_set_diag(dx, 0.5 * matrix_diag_part(dx))


class Cross(Op):
    """The vector at right angles to two vectors in space."""

    def kernel(self, a: Array[Number], b: Array[Number]) -> Array[Number]:
        if a.shape != b.shape or a.shape[-1] != 3:
            raise InvalidArgumentError(None, None, "cross-products are only defined for 3-element vectors.")
        return np.cross(a, b).astype(a.dtype, copy=False)

    def shape(self, a: Spec, b: Spec) -> TensorShape:
        for spec in (a, b):
            require_rank_at_least(spec.shape, 1)
            if spec.dims is not None and spec.dims[-1] not in (None, 3):
                raise ShapeError(f"Dimension must be 3 but is {spec.dims[-1]}")
        return a.shape.merge_with(b.shape)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """b x dy for a, dy x a for b."""
        a, b = node.inputs
        return Cross()(b, dy), Cross()(dy, a)


# ---- public functions ----------------------------------------------------------------------------------------------


@export("matrix_inverse", "linalg.inv")
def matrix_inverse(input: Any, adjoint: bool = False, name: str | None = None) -> Tensor:
    """Invert square matrices.

    Parameters
    ----------
    input : Tensor, shape (..., n, n)
    adjoint : bool
        Invert the adjoint (conjugate transpose) instead.

    Raises
    ------
    ValueError
        If the matrices are not square.
    tf.errors.InvalidArgumentError
        When a matrix has no inverse.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.matrix_inverse([[2.0, 0.0], [0.0, 4.0]]))
    array([[0.5 , 0.  ],
           [0.  , 0.25]], dtype=float32)
    """
    return MatrixInverse(adjoint=adjoint)(input, name=name)


@export("matrix_determinant", "linalg.det")
def matrix_determinant(input: Any, name: str | None = None) -> Tensor:
    """Return the determinants of square matrices.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     float(sess.run(tf.matrix_determinant([[2.0, 1.0], [1.0, 3.0]])).round(4))
    5.0
    """
    return MatrixDeterminant()(input, name=name)


@export("log_matrix_determinant", "linalg.slogdet")
def log_matrix_determinant(input: Any, name: str | None = None) -> Any:
    """Return the signs of determinants and the logarithms of their absolute values."""
    return LogMatrixDeterminant()(input, name=name)


@export("linalg.logdet")
def logdet(matrix: Any, name: str | None = None) -> Tensor:
    """Return the logarithm of the determinants of symmetric matrices with positive eigenvalues."""
    from flowlab._src.ops.reduce import reduce_sum

    with name_scope(name, "logdet", [matrix]):
        diagonal = matrix_diag_part(Cholesky()(matrix))
        return 2.0 * reduce_sum(raw.Log(real(diagonal)), axis=[-1])


@export("cholesky", "linalg.cholesky")
def cholesky(input: Any, name: str | None = None) -> Tensor:
    """Factor symmetric matrices with positive eigenvalues: the lower triangular L with L Lᵀ = input.

    Raises
    ------
    tf.errors.InvalidArgumentError
        When there is no such factor.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.cholesky([[4.0, 2.0], [2.0, 5.0]]))
    array([[2., 0.],
           [1., 2.]], dtype=float32)
    """
    return Cholesky()(input, name=name)


@export("cholesky_solve", "linalg.cholesky_solve")
def cholesky_solve(chol: Any, rhs: Any, name: str | None = None) -> Tensor:
    """Solve L Lᵀ x = rhs, given the Cholesky factor L."""
    with name_scope(name, "cholesky_solve", [chol, rhs]):
        y = MatrixTriangularSolve(lower=True, adjoint=False)(chol, rhs)
        return MatrixTriangularSolve(lower=True, adjoint=True)(chol, y)


@export("matrix_solve", "linalg.solve")
def matrix_solve(matrix: Any, rhs: Any, adjoint: bool = False, name: str | None = None) -> Tensor:
    """Solve systems of linear equations: matrix x = rhs.

    Parameters
    ----------
    matrix : Tensor, shape (..., n, n)
    rhs : Tensor, shape (..., n, k)
    adjoint : bool
        Take the adjoint of `matrix` instead.

    Returns
    -------
    Tensor, shape (..., n, k)

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.matrix_solve([[2.0, 0.0], [0.0, 4.0]], [[1.0], [2.0]]))
    array([[0.5],
           [0.5]], dtype=float32)
    """
    return MatrixSolve(adjoint=adjoint)(matrix, rhs, name=name)


@export("matrix_triangular_solve", "linalg.triangular_solve")
def matrix_triangular_solve(
    matrix: Any, rhs: Any, lower: bool = True, adjoint: bool = False, name: str | None = None
) -> Tensor:
    """Solve equations whose matrix is triangular; the arguments are those of `tf.matrix_solve`, and which half."""
    with name_scope(name, "triangular_solve", [matrix, rhs]):
        return MatrixTriangularSolve(lower=lower, adjoint=adjoint)(matrix, rhs)


@export("matrix_solve_ls", "linalg.lstsq")
def matrix_solve_ls(
    matrix: Any, rhs: Any, l2_regularizer: Any = 0.0, fast: bool = True, name: str | None = None
) -> Tensor:
    """Solve linear equations as well as possible: the x with the least sum of squares of matrix x - rhs.

    Parameters
    ----------
    matrix : Tensor, shape (..., m, n)
    rhs : Tensor, shape (..., m, k)
    l2_regularizer : float
        Adds this times the sum of squares of x.
    fast : bool
        Solve the normal equations by their Cholesky factor. If False, by singular values, without the regularizer:
        slower, but right also where columns depend on each other.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.matrix_solve_ls([[1.0], [1.0]], [[1.0], [3.0]]))
    array([[2.]], dtype=float32)
    """
    from flowlab._src.ops.least_squares import solve_ls

    return solve_ls(matrix, rhs, l2_regularizer, fast, name)


@export("self_adjoint_eig", "linalg.eigh")
def self_adjoint_eig(tensor: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
    """Return eigenvalues, from small to large, and eigenvectors (as columns) of symmetric matrices.

    Examples
    --------
    >>> e, v = tf.self_adjoint_eig([[2.0, 0.0], [0.0, 1.0]])
    >>> with tf.Session() as sess:
    ...     sess.run(e)
    array([1., 2.], dtype=float32)
    """
    e, v = SelfAdjointEigV2(compute_v=True)(tensor, name=name)
    return e, v


@export("self_adjoint_eigvals", "linalg.eigvalsh")
def self_adjoint_eigvals(tensor: Any, name: str | None = None) -> Tensor:
    """Return the eigenvalues of symmetric matrices, from small to large."""
    return SelfAdjointEigV2(compute_v=False)(tensor, name=name)[0]


@export("svd", "linalg.svd")
def svd(tensor: Any, full_matrices: bool = False, compute_uv: bool = True, name: str | None = None) -> Any:
    """Split matrices into singular values and vectors: tensor = u diag(s) vᵀ.

    Parameters
    ----------
    tensor : Tensor, shape (..., m, n)
    full_matrices : bool
        Make u and v square.
    compute_uv : bool
        Return (s, u, v); otherwise s alone.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.svd([[3.0, 0.0], [0.0, 4.0]], compute_uv=False))
    array([4., 3.], dtype=float32)
    """
    s, u, v = raw.Svd(tensor, compute_uv=compute_uv, full_matrices=full_matrices, name=name)
    return (real(s), u, v) if compute_uv else real(s)


@export("qr", "linalg.qr")
def qr(input: Any, full_matrices: bool = False, name: str | None = None) -> Any:
    """Split matrices into one with orthogonal columns and an upper triangular one: input = q r."""
    return raw.Qr(input, full_matrices=full_matrices, name=name)


@export("cross", "linalg.cross")
def cross(a: Any, b: Any, name: str | None = None) -> Tensor:
    """Return the cross products of vectors in space.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.cross([1, 0, 0], [0, 1, 0]))
    array([0, 0, 1], dtype=int32)
    """
    return Cross()(a, b, name=name)


@export("linalg.adjoint")
def adjoint_of(matrix: Any, name: str | None = None) -> Tensor:
    """Exchange rows and columns and take the complex conjugate."""
    from flowlab._src.ops.transposing import matrix_transpose

    with name_scope(name, "adjoint", [matrix]):
        return matrix_transpose(convert(matrix, name="matrix"), conjugate=True)

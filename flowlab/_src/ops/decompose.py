"""Matrix decompositions: QR, singular values, LU."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph.op import Array, FloatingOrComplex, Op, Spec
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import control_dependencies
from flowlab._src.graph.shape import UNKNOWN, TensorShape, require_rank_at_least
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.broadcast import Gradient
from flowlab._src.ops.cast import cast, real
from flowlab._src.ops.diagonals import eye, matrix_band_part, matrix_diag, matrix_diag_part, matrix_set_diag
from flowlab._src.ops.fill import zeros_like
from flowlab._src.ops.joining import concat
from flowlab._src.ops.linalg import matmul
from flowlab._src.ops.reshaping import expand_dims
from flowlab._src.ops.solving import adjoint_of, flipped, matrix_triangular_solve


def refuse_unless_matrices(x: Any) -> None:
    """A decomposition needs two axes at least."""
    if x.ndim < 2:
        raise InvalidArgumentError(None, None, f"Input tensor 0 must have rank >= 2, got {x.ndim}")


class Qr(Op):
    """QR decomposition: input = q r with orthogonal columns of q and r upper triangular."""

    full_matrices: bool = False

    def kernel(self, input: Array[FloatingOrComplex]) -> tuple[Array[FloatingOrComplex], Array[FloatingOrComplex]]:
        refuse_unless_matrices(input)
        q, r = np.linalg.qr(input, mode="complete" if self.full_matrices else "reduced")
        return q.astype(input.dtype, copy=False), r.astype(input.dtype, copy=False)

    def shape(self, input: Spec) -> list[TensorShape]:
        require_rank_at_least(input.shape, 2)
        if input.dims is None:
            return [UNKNOWN, UNKNOWN]
        *batch, m, n = input.dims
        short = None if m is None or n is None else min(m, n)
        inner = m if self.full_matrices else short
        return [TensorShape.of((*batch, m, inner)), TensorShape.of((*batch, inner, n))]

    def grad(self, node: Any, dq: Gradient, dr: Gradient) -> Any:
        """Roberts and Roberts, "QR and LQ decomposition matrix backpropagation algorithms" (2020).

        A wide matrix [x, y] is q [u, v]: its left square x has the rule of square ones, and y = q v gives the rest.
        """
        q, r = node.outputs
        sizes = r._shape._dims
        if sizes is None or sizes[-2] is None or sizes[-1] is None:
            raise NotImplementedError(f"QrGrad not implemented with dynamic shapes. Received r.shape: {r.shape}")
        rows, columns = q._shape._dims[-2], sizes[-1]
        if sizes[-2] > columns and rows == q._shape._dims[-1]:
            raise NotImplementedError(
                "QrGrad not implemented when nrows > ncols and full_matrices is true. "
                f"Received r.shape={r.shape} with nrows={sizes[-2]} and ncols={columns}."
            )
        if rows >= columns:
            return qr_grad_of_tall(q, r, dq, dr)
        y = node.inputs[0][..., :, rows:]
        u = r[..., :, :rows]
        dv = dr[..., :, rows:]
        du = dr[..., :, :rows]
        dy = matmul(q, dv)
        dx = qr_grad_of_tall(q, u, dq + matmul(y, dv, adjoint_b=True), du)
        return concat([dx, dy], axis=-1)


def qr_grad_of_tall(q: Tensor, r: Tensor, dq: Tensor, dr: Tensor) -> Tensor:
    """The gradient of the QR decomposition of matrices that have as many rows as columns, or more."""

    def divided(x: Tensor) -> Tensor:
        """X times the inverse of the adjoint of r."""
        return adjoint_of(matrix_triangular_solve(r, adjoint_of(x), lower=False, adjoint=False))

    q_dq = matmul(q, dq, adjoint_a=True)
    q_part = q_dq - adjoint_of(q_dq)
    r_dr = matmul(r, dr, adjoint_b=True)
    r_part = r_dr - adjoint_of(r_dr)
    lower = matrix_band_part(q_part + r_part, -1, 0)
    along = matmul(q, dr + divided(lower))
    across = divided(dq - matmul(q, q_dq))
    dx = along + across
    if q.dtype.is_complex:  # the diagonal of r is real: what has been counted of its imaginary part is taken back
        m = r_dr - adjoint_of(q_dq)
        diagonal = matrix_set_diag(zeros_like(m), matrix_diag_part(m))
        correction = diagonal - cast(real(diagonal), q.dtype)
        dx = dx + divided(matmul(q, adjoint_of(correction)))
    return dx


class Svd(Op):
    """Singular values, from large to small, with left and right singular vectors (as columns)."""

    compute_uv: bool = True
    full_matrices: bool = False

    def kernel(
        self, input: Array[FloatingOrComplex]
    ) -> tuple[Array[FloatingOrComplex], Array[FloatingOrComplex], Array[FloatingOrComplex]]:
        refuse_unless_matrices(input)
        finite = np.isfinite(input).all((-2, -1), keepdims=True)
        clean = input if finite.all() else np.where(finite, input, input.dtype.type(0))  # LAPACK would give up at NaN
        parts: tuple[Any, ...]
        if self.compute_uv:
            u, values, vh = np.linalg.svd(clean, full_matrices=self.full_matrices)
            parts = values.astype(input.dtype, copy=False), u, flipped(vh)
        else:
            nothing = np.empty(0, input.dtype)
            parts = np.linalg.svd(clean, compute_uv=False).astype(input.dtype, copy=False), nothing, nothing
        if clean is not input:
            nan = input.dtype.type(np.nan)
            values, *vectors = parts
            vectors = [np.where(finite, part, nan) if part.ndim > 1 else part for part in vectors]
            parts = np.where(finite[..., 0], values, nan), *vectors
        return parts

    def shape(self, input: Spec) -> list[TensorShape]:
        require_rank_at_least(input.shape, 2)
        nothing = TensorShape.of((0,))
        if input.dims is None:
            return [UNKNOWN, UNKNOWN, UNKNOWN] if self.compute_uv else [UNKNOWN, nothing, nothing]
        *batch, m, n = input.dims
        short = None if m is None or n is None else min(m, n)
        values = TensorShape.of((*batch, short))
        if not self.compute_uv:
            return [values, nothing, nothing]
        left, right = (m, n) if self.full_matrices else (short, short)
        return [values, TensorShape.of((*batch, m, left)), TensorShape.of((*batch, n, right))]

    def grad(self, node: Any, ds: Gradient, du: Gradient, dv: Gradient) -> Any:
        """Giles (2008), for vectors Townsend, "Differentiating the singular value decomposition" (2016).

        Equal singular values have no vectors of their own: the gradient of the vectors grows without bound there.
        """
        x = node.inputs[0]
        dtype = x.dtype.base_dtype
        ds = cast(ds, dtype)
        ds_matrix = matrix_diag(ds)
        if not self.compute_uv:
            _, u, v = Svd(compute_uv=True, full_matrices=False)(x)
            return matmul(u, matmul(ds_matrix, v, adjoint_b=True))
        m, n = (None, None) if x._shape._dims is None else x._shape._dims[-2:]
        if m is None or n is None:
            raise NotImplementedError(
                "SVD gradient has not been implemented for input with unknown inner matrix shape."
            )
        s, u, v = node.outputs
        s = cast(s, dtype)
        tall = m > n
        if tall:  # then the rule for the adjoint, turned back at the end
            m, n, u, v, du, dv = n, m, v, u, dv, du
        with control_dependencies([ds, du, dv]):
            if self.full_matrices and n - m > 1:
                raise NotImplementedError(
                    "svd gradient is not implemented for abs(m - n) > 1 when full_matrices is True. "
                    f"Received: m={m} and n={n} from op input={x} with shape={x.shape}."
                )
            dx = svd_grad_of_wide(s, u, v, ds_matrix, du, dv, m, n, self.full_matrices)
            return adjoint_of_plain(dx) if tall else dx


def svd_grad_of_wide(
    s: Tensor, u: Tensor, v: Tensor, ds: Tensor, du: Tensor, dv: Tensor, m: int, n: int, full: bool
) -> Tensor:
    """The gradient of the decomposition of matrices with m rows and n >= m columns; `ds` as diagonal matrices."""
    s_matrix = matrix_diag(s)
    squares = raw.Square(s)
    s_shape = shape_of(s)
    gaps = expand_dims(squares, -2) - expand_dims(squares, -1)
    factor = matrix_set_diag(safe_reciprocal(gaps), zeros_like(s))
    s_inverse = matrix_diag(safe_reciprocal(s))
    v1 = v[..., :, :m]
    dv1 = dv[..., :, :m]
    turn_u = matmul(u, du, adjoint_a=True)
    turn_v = matmul(v1, dv1, adjoint_a=True)
    f_u = factor * turn_u
    f_v = factor * turn_v
    inner = ds + matmul(f_u + adjoint_of(f_u), s_matrix) + matmul(s_matrix, f_v + adjoint_of(f_v))
    dx = matmul(u, matmul(inner, v1, adjoint_b=True))
    if m != n:  # what leaves the space that the rows span
        dv1_flipped = adjoint_of_plain(dv1)
        off = dv1_flipped - matmul(matmul(dv1_flipped, v1), v1, adjoint_b=True)
        if full:
            v2 = v[..., :, m:n]
            dv2 = dv[..., :, m:n]
            off -= matmul(matmul(v1, dv2, adjoint_a=True), v2, adjoint_b=True)
        dx = dx + matmul(matmul(u, s_inverse), off)
    if s.dtype.is_complex:
        unit = eye(s_shape[-1], batch_shape=s_shape[:-1], dtype=s.dtype)
        phase = unit * turn_v
        spin = matmul(s_inverse, adjoint_of(phase) - phase)
        dx += 0.5 * matmul(u, matmul(spin, v1, adjoint_b=True))
    return dx


def safe_reciprocal(x: Tensor) -> Tensor:
    """1 / x, and 0 where x is 0."""
    return x * raw.Reciprocal(x * x + 1e-20)


def adjoint_of_plain(matrix: Tensor) -> Tensor:
    """The adjoint, without a scope of its own."""
    from flowlab._src.ops.transposing import matrix_transpose

    return matrix_transpose(matrix, conjugate=True)

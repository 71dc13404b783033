"""Square roots and logarithms of matrices, LU factors and tridiagonal equations, in NumPy, for stacks of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.complex128]

EPSILON = 2.0**-52
MOST_SWEEPS = 40  # for each eigenvalue
NODES, WEIGHTS = (0.5 + 0.5 * v if i == 0 else 0.5 * v for i, v in enumerate(np.polynomial.legendre.leggauss(8)))


def schur(matrix: Matrix) -> tuple[Matrix, Matrix]:
    """T and Q with matrix = Q T Q*, T upper triangular and Q unitary, by the QR algorithm with Wilkinson's shifts.

    The matrix is not brought into Hessenberg form first: simple, and good enough for the sizes of lessons.
    """
    t, n = matrix.astype(np.complex128), len(matrix)
    q = np.eye(n, dtype=np.complex128)
    smallest = EPSILON * max(float(np.linalg.norm(t)), np.finfo(float).tiny)
    end, sweeps = n, 0
    while end > 1:
        if np.linalg.norm(t[end - 1, : end - 1]) <= smallest or sweeps > MOST_SWEEPS:
            t[end - 1, : end - 1] = 0
            end, sweeps = end - 1, 0
            continue
        corner = t[end - 2 : end, end - 2 : end]
        both = np.linalg.eigvals(corner)
        shift = both[np.argmin(np.abs(both - corner[1, 1]))]
        if sweeps % 10 == 9:  # going round in circles: an odd shift leads out
            shift = shift + np.linalg.norm(t[end - 1, : end - 1])
        unit = shift * np.eye(end)
        turn, rest = np.linalg.qr(t[:end, :end] - unit)
        t[:end, :end] = rest @ turn + unit
        t[:end, end:] = turn.conj().T @ t[:end, end:]
        q[:, :end] = q[:, :end] @ turn
        sweeps += 1
    return np.triu(t), q


def triangular_sqrt(t: Matrix) -> Matrix:
    """The square root of an upper triangular matrix, column by column (Higham, "Functions of matrices", 6.2)."""
    root = np.diag(np.sqrt(np.diag(t)))
    for j in range(1, len(t)):
        for i in range(j - 1, -1, -1):
            known = root[i, i + 1 : j] @ root[i + 1 : j, j]
            root[i, j] = (t[i, j] - known) / (root[i, i] + root[j, j])
    return root


def square_root(matrix: NDArray[Any]) -> Matrix:
    """The principal square root of one matrix; NaN for a real one without a real root."""
    if not np.isfinite(matrix).all():
        return np.full(matrix.shape, np.nan, np.complex128)
    t, q = schur(matrix)
    if matrix.dtype.kind == "f":
        values, limit = np.diag(t), 1e-12 * (1 + np.linalg.norm(t))
        if ((np.abs(values.imag) <= limit) & (values.real < -limit)).any():
            return np.full(matrix.shape, np.nan, np.complex128)
    return q @ triangular_sqrt(t) @ q.conj().T


def logarithm(matrix: NDArray[Any]) -> Matrix:
    """The principal logarithm of one matrix: roots are taken until it is near 1, then a Padé approximant is exact.

    Higham, "Functions of matrices", chapter 11. The approximant is the integral of X / (1 + t X) by Gauss's rule.
    """
    if not np.isfinite(matrix).all():
        return np.full(matrix.shape, complex(np.nan, np.nan))
    t, q = schur(matrix)
    values, unit, roots = np.log(np.diag(t)), np.eye(len(t)), 0
    if not np.isfinite(values).all():  # 0 has no logarithm
        return np.full(matrix.shape, complex(np.nan, np.nan))
    while np.linalg.norm(t - unit) > 0.25 and roots < 100:
        t, roots = triangular_sqrt(t), roots + 1
    x = t - unit
    result = sum(w * np.linalg.solve(unit + node * x, x) for node, w in zip(NODES, WEIGHTS, strict=True))
    result = np.triu(result * 2.0**roots)
    np.fill_diagonal(result, values)  # exactly
    return q @ result @ q.conj().T


def each_matrix(function: Any, matrices: NDArray[Any]) -> NDArray[Any]:
    """Apply a function to each matrix of a stack; the result has the type of the stack."""
    with np.errstate(all="ignore"):
        results = [function(m) for m in matrices.reshape(-1, *matrices.shape[-2:])]
        stacked = np.array(results, np.complex128).reshape(matrices.shape)
    return (stacked if matrices.dtype.kind == "c" else stacked.real).astype(matrices.dtype)


def lu_factors(matrices: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """L (below its diagonal of ones) and U in one array, and the order of rows p with matrix[p] = L U.

    Gaussian elimination with the largest element of each column as pivot, side by side for all matrices.
    """
    n = matrices.shape[-1]
    lu = matrices.reshape(-1, n, n).copy()
    order = np.tile(np.arange(n), (len(lu), 1))
    every = np.arange(len(lu))
    with np.errstate(all="ignore"):
        for k in range(n):
            pivot = k + np.argmax(np.abs(lu[:, k:, k]), axis=1)
            for array in (lu, order):
                array[every, k], array[every, pivot] = array[every, pivot], array[every, k].copy()
            lu[:, k + 1 :, k] /= lu[:, k, k, None]
            lu[:, k + 1 :, k + 1 :] -= lu[:, k + 1 :, k, None] * lu[:, k, None, k + 1 :]
    return lu.reshape(matrices.shape), order.reshape(matrices.shape[:-1])


def tridiagonal_solve(diagonals: NDArray[Any], rhs: NDArray[Any], pivoting: bool) -> NDArray[Any]:
    """The x with A x = rhs for the A with these three diagonals (above, main, below); NaN where A has no inverse.

    Elimination exchanges neighbouring rows at most, so that U has two diagonals above its main one.
    """
    n = diagonals.shape[-1]
    above, main, below = (diagonals[..., i, :] for i in range(3))
    u0, u1, u2 = main.copy(), above.copy(), np.zeros_like(above)
    x = rhs.copy()
    if n == 0:
        return x
    u1[..., -1] = 0
    with np.errstate(all="ignore"):
        for i in range(n - 1):
            here: Any = u0[..., i], u1[..., i], u2[..., i]
            past = above[..., i + 1] if i + 2 < n else np.zeros_like(main[..., 0])
            there: Any = below[..., i + 1], main[..., i + 1], past
            rows = x[..., i, :], x[..., i + 1, :]
            if pivoting:
                swap = np.abs(there[0]) > np.abs(here[0])
                here, there = (
                    [np.where(swap, q, p) for p, q in zip(here, there, strict=True)],
                    [np.where(swap, p, q) for p, q in zip(here, there, strict=True)],
                )
                turned = swap[..., None]
                rows = np.where(turned, rows[1], rows[0]), np.where(turned, rows[0], rows[1])
            factor = there[0] / here[0]
            u0[..., i], u1[..., i], u2[..., i] = here
            u0[..., i + 1] = there[1] - factor * here[1]
            u1[..., i + 1] = there[2] - factor * here[2]
            x[..., i, :], x[..., i + 1, :] = rows[0], rows[1] - factor[..., None] * rows[0]
        for i in range(n - 1, -1, -1):
            total = x[..., i, :]
            if i + 1 < n:
                total = total - u1[..., i, None] * x[..., i + 1, :]
            if i + 2 < n:
                total = total - u2[..., i, None] * x[..., i + 2, :]
            x[..., i, :] = total / u0[..., i, None]
    singular = (u0 == 0).any(-1)[..., None, None]
    return np.where(singular, rhs.dtype.type(np.nan), x)

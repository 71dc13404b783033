"""Matrices with three diagonals: products with them, equations with them."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError
from flowlab._src.graph.arguments import as_text
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import int32
from flowlab._src.graph.op import Array, Op, Spec
from flowlab._src.graph.registry import raw
from flowlab._src.graph.shape import UNKNOWN, TensorShape, merge_dims, require_rank_at_least
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import matrix_functions as kernels
from flowlab._src.ops.array_shape import rank
from flowlab._src.ops.broadcast import Gradient
from flowlab._src.ops.cast import conj
from flowlab._src.ops.constant import constant
from flowlab._src.ops.diagonals import matrix_diag_part
from flowlab._src.ops.fill import zeros
from flowlab._src.ops.gather import gather_nd
from flowlab._src.ops.joining import concat, stack
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.padding import pad
from flowlab._src.ops.reduce import reduce_sum
from flowlab._src.ops.reshaping import expand_dims, squeeze
from flowlab._src.ops.transposing import matrix_transpose, transpose
from flowlab._src.util.export import export

Precise = TypeVar("Precise", np.float32, np.float64, np.complex64, np.complex128)


class TridiagonalMatMul(Op):
    """Products of matrices with three diagonals, given as rows, and other matrices."""

    def kernel(
        self, superdiag: Array[Precise], maindiag: Array[Precise], subdiag: Array[Precise], rhs: Array[Precise]
    ) -> Array[Precise]:
        if rhs.ndim < 2:
            raise InvalidArgumentError(None, None, f"Input must have rank >= 2, but got {rhs.ndim}")
        row = (*rhs.shape[:-2], 1, rhs.shape[-2])
        for diagonal in (superdiag, maindiag, subdiag):
            if diagonal.shape != row:
                message = f"The diagonals must have the shape {list(row)}, not {list(diagonal.shape)}"
                raise InvalidArgumentError(None, None, message)
        above, main, below = (np.moveaxis(d, -1, -2) for d in (superdiag, maindiag, subdiag))
        result = main * rhs
        result[..., :-1, :] += above[..., :-1, :] * rhs[..., 1:, :]
        result[..., 1:, :] += below[..., 1:, :] * rhs[..., :-1, :]
        return result

    def shape(self, superdiag: Spec, maindiag: Spec, subdiag: Spec, rhs: Spec) -> TensorShape:
        diagonals = TensorShape.of(None)
        for spec in (superdiag, maindiag, subdiag):
            require_rank_at_least(spec.shape, 2)
            diagonals = diagonals.merge_with(spec.shape)
        require_rank_at_least(rhs.shape, 2)
        if diagonals._dims is None or rhs.dims is None:
            return rhs.shape
        *batch, one, n = diagonals._dims
        if one not in (None, 1):
            raise ShapeError(f"Dimension must be 1 but is {one}")
        rows = merge_dims(n, rhs.dims[-2])
        leading = TensorShape.of(tuple(batch)).merge_with(TensorShape.of(rhs.dims[:-2]))
        return leading.concatenate(TensorShape.of((rows, rhs.dims[-1])))

    def grad(self, node: Any, dy: Gradient) -> Any:
        """A row of the product mixes three neighbouring rows of rhs, each times an element of a diagonal."""
        above, main, below = (matrix_transpose(t, conjugate=True) for t in node.inputs[:3])
        rhs = conj(node.inputs[3])
        dabove = reduce_sum(shifted_up(rhs) * dy, axis=-1)
        dmain = reduce_sum(rhs * dy, axis=-1)
        dbelow = reduce_sum(shifted_down(rhs) * dy, axis=-1)
        drhs = shifted_down(above * dy) + main * dy + shifted_up(below * dy)
        return expand_dims(dabove, -2), expand_dims(dmain, -2), expand_dims(dbelow, -2), drhs


def shifted_up(x: Tensor) -> Tensor:
    """Each row takes the place of the one above it; zeros come in from below."""
    leading = zeros((rank(x) - 2, 2), dtype=int32)
    paddings = concat([leading, constant([[0, 1], [0, 0]])], axis=0)
    return pad(x[..., 1:, :], paddings)


def shifted_down(x: Tensor) -> Tensor:
    """Each row takes the place of the one below it; zeros come in from above."""
    leading = zeros((rank(x) - 2, 2), dtype=int32)
    paddings = concat([leading, constant([[1, 0], [0, 0]])], axis=0)
    return pad(x[..., :-1, :], paddings)


class TridiagonalSolve(Op):
    """Solve A x = rhs for matrices A with the three diagonals (above, main, below)."""

    partial_pivoting: bool = True

    def kernel(self, diagonals: Array[Precise], rhs: Array[Precise]) -> Array[Precise]:
        if diagonals.ndim < 2 or rhs.ndim < 2:
            raise InvalidArgumentError(
                None, None, f"Input must have rank >= 2, but got {min(diagonals.ndim, rhs.ndim)}"
            )
        if diagonals.shape[-2] != 3:
            raise InvalidArgumentError(None, None, f"Expected 3 diagonals got {diagonals.shape[-2]}")
        if diagonals.shape[-1] != rhs.shape[-2]:
            message = (
                "Expected the same number of left-hand sides and right-hand sides, "
                f"got {diagonals.shape[-1]} and {rhs.shape[-2]}"
            )
            raise InvalidArgumentError(None, None, message)
        if diagonals.shape[:-2] != rhs.shape[:-2]:
            message = f"Batch shapes {diagonals.shape[:-2]} and {rhs.shape[:-2]} are incompatible"
            raise InvalidArgumentError(None, None, message)
        return kernels.tridiagonal_solve(diagonals, rhs, self.partial_pivoting)

    def shape(self, diagonals: Spec, rhs: Spec) -> TensorShape:
        require_rank_at_least(diagonals.shape, 2)
        require_rank_at_least(rhs.shape, 2)
        if diagonals.dims is not None and diagonals.dims[-2] not in (None, 3):
            raise ShapeError(f"Dimension must be 3 but is {diagonals.dims[-2]}")
        if diagonals.dims is None or rhs.dims is None:
            return UNKNOWN if rhs.dims is None else rhs.shape
        merge_dims(diagonals.dims[-1], rhs.dims[-2])
        TensorShape.of(diagonals.dims[:-2]).merge_with(TensorShape.of(rhs.dims[:-2]))
        return rhs.shape

    def grad(self, node: Any, dy: Gradient) -> Any:
        """As for MatrixSolve; of the gradient for the matrix only three diagonals are computed."""
        x = node.outputs[0]
        drhs = TridiagonalSolve(self.partial_pivoting)(turned_diagonals(node.inputs[0]), dy)
        return -diagonals_of_product(drhs, x), drhs


def turned_diagonals(diagonals: Tensor) -> Tensor:
    """The diagonals of the transposed matrices."""
    main = diagonals[..., 1, :]
    if diagonals.shape.is_fully_defined():
        nothing = zeros([*diagonals.shape[:-2].as_list(), 1], dtype=diagonals.dtype.base_dtype)
        above = concat((diagonals[..., 2, 1:], nothing), axis=-1)
        below = concat((nothing, diagonals[..., 0, :-1]), axis=-1)
    else:
        leading = zeros((rank(diagonals) - 2, 2), dtype=int32)
        end = concat((leading, constant([[0, 1]])), axis=0)
        above = pad(diagonals[..., 2, 1:], end)
        start = concat((leading, constant([[1, 0]])), axis=0)
        below = pad(diagonals[..., 0, :-1], start)
    return stack([above, main, below], axis=-2)


def diagonals_of_product(x: Tensor, y: Tensor) -> Tensor:
    """The three diagonals of x yᵀ."""
    main = reduce_sum(x * y, axis=-1)
    if y.shape.is_fully_defined():
        sizes = x.shape.as_list()
        nothing = zeros([*sizes[:-2], 1, sizes[-1]], dtype=x.dtype.base_dtype)
        above = reduce_sum(x * concat((y[..., 1:, :], nothing), axis=-2), axis=-1)
        below = reduce_sum(x * concat((nothing, y[..., :-1, :]), axis=-2), axis=-1)
    else:
        leading = zeros((rank(y) - 2, 2), dtype=int32)
        end = concat((leading, constant([[0, 1], [0, 0]])), axis=0)
        above = reduce_sum(x * pad(y[..., 1:, :], end), axis=-1)
        start = concat((leading, constant([[1, 0], [0, 0]])), axis=0)
        below = reduce_sum(x * pad(y[..., :-1, :], start), axis=-1)
    return stack([above, main, below], axis=-2)


# ---- public functions ----------------------------------------------------------------------------------------------


def _side(matrix: Tensor) -> int:
    """The size of square matrices."""
    dims = matrix._shape._dims
    columns, rows = (None, None) if dims is None else (dims[-1], dims[-2])
    if rows and columns and rows != columns:
        message = f"Expected last two dimensions of diagonals to be same, got {columns} and {rows}"
        raise misuse(ValueError(message))
    if not (columns or rows):
        raise misuse(ValueError('The size of the matrix needs to be known for diagonals_format="matrix"'))
    return int(columns or rows or 0)


@export("linalg.tridiagonal_solve")
def tridiagonal_solve(
    diagonals: Any,
    rhs: Any,
    diagonals_format: str = "compact",
    transpose_rhs: bool = False,
    conjugate_rhs: bool = False,
    name: str | None = None,
    partial_pivoting: bool = True,
) -> Tensor:
    """Solve linear equations whose matrices have three diagonals: in a time that grows with n, not with n³.

    Parameters
    ----------
    diagonals : Tensor, or sequence of 3 Tensor
        "compact": shape (..., 3, n), the diagonals above, in and below the main one; the last element of the first and
        the first of the last are not used. "sequence": the three by themselves, also without those elements.
        "matrix": shape (..., n, n).
    rhs : Tensor, shape (..., n) or (..., n, k)
    diagonals_format : {"compact", "sequence", "matrix"}
    transpose_rhs : bool
        Transpose `rhs` first; vectors stay as they are.
    conjugate_rhs : bool
    name : str, optional
    partial_pivoting : bool
        Exchange rows to keep rounding errors small; without it the elimination is faster.

    Returns
    -------
    Tensor of the shape of `rhs`
        NaN where a matrix has no inverse.

    Raises
    ------
    ValueError
        If the shapes do not fit or the format is another one.

    Examples
    --------
    >>> x = tf.linalg.tridiagonal_solve([[1.0, 1.0, 0.0], [4.0, 4.0, 4.0], [0.0, 1.0, 1.0]], [5.0, 6.0, 5.0])
    >>> with tf.Session() as sess:
    ...     sess.run(x).round(3)
    array([1., 1., 1.], dtype=float32)
    """
    diagonals_format = as_text(diagonals_format, "diagonals_format")
    if diagonals_format == "sequence":
        diagonals = _compact(diagonals)
    elif diagonals_format == "matrix":
        diagonals = _taken_from(convert(diagonals, name="diagonals"))
    elif diagonals_format != "compact":
        raise misuse(ValueError(f"Unrecognized diagonals_format: {diagonals_format}"))
    diagonals = convert(diagonals, name="diagonals")
    rhs = convert(rhs, name="rhs", preferred=diagonals.dtype.base_dtype)
    of_vectors = _check_ranks(diagonals, rhs)
    if of_vectors:
        rhs = expand_dims(conj(rhs) if conjugate_rhs else rhs, -1)
    elif transpose_rhs:
        rhs = matrix_transpose(rhs, conjugate=conjugate_rhs)
    elif conjugate_rhs:
        rhs = conj(rhs)
    sizes, rhs_sizes = diagonals._shape._dims, rhs._shape._dims
    if sizes is not None and rhs_sizes is not None:
        columns, rows = sizes[-1], rhs_sizes[-2]
        if columns and rows and columns != rows:
            message = f"Expected number of left-hand sided and right-hand sides to be equal, got {columns} and {rows}"
            raise misuse(ValueError(message))
    result = TridiagonalSolve(partial_pivoting=partial_pivoting)(diagonals, rhs, name=name)
    return squeeze(result, -1) if of_vectors else result


def _check_ranks(diagonals: Tensor, rhs: Tensor) -> bool:
    """Whether the right sides are vectors; refuse what cannot fit."""
    sizes, rhs_rank = diagonals._shape._dims, rhs.shape.ndims
    if sizes is None:
        return False
    count = len(sizes)
    if count < 2:
        raise misuse(ValueError(f"Expected diagonals to have rank at least 2, got {count}"))
    if rhs_rank and rhs_rank not in (count, count - 1):
        raise misuse(ValueError(f"Expected the rank of rhs to be {count - 1} or {count}, got {rhs_rank}"))
    if rhs_rank and not diagonals.shape[:-2].is_compatible_with(rhs.shape[: count - 2]):
        message = f"Batch shapes {diagonals.shape[:-2]} and {rhs.shape[: count - 2]} are incompatible"
        raise misuse(ValueError(message))
    if sizes[-2] not in (None, 3):
        raise misuse(ValueError(f"Expected 3 diagonals got {sizes[-2]}"))
    return rhs_rank is not None and rhs_rank == count - 1


def _compact(diagonals: Any) -> Tensor:
    """Three diagonals in one tensor; those beside the main one are filled up to its length."""
    if not isinstance(diagonals, (tuple, list)) or len(diagonals) != 3:
        raise misuse(ValueError("Expected diagonals to be a sequence of length 3."))
    above, main, below = (convert(d) for d in diagonals)
    leading = [d.shape[:-1] for d in (below, main, above)]
    if not (leading[0].is_compatible_with(leading[1]) and leading[2].is_compatible_with(leading[1])):
        message = (
            "Tensors representing the three diagonals must have the same shape,except for the last dimension, "
            f"got {below.shape}, {main.shape}, {above.shape}"
        )
        raise misuse(ValueError(message))
    length = None if main._shape._dims is None else main._shape._dims[-1]

    def filled(diagonal: Tensor, words: str, padding: list[int]) -> Tensor:
        dims = diagonal._shape._dims
        if dims is None or length is None or not dims[-1] or dims[-1] == length:
            return diagonal
        if dims[-1] != length - 1:
            message = f"Expected {words} to be have length {length} or {length - 1}, got {dims[-1]}."
            raise misuse(ValueError(message))
        return pad(diagonal, [[0, 0]] * (len(dims) - 1) + [padding])

    below = filled(below, "subdiagonal", [1, 0])
    above = filled(above, "superdiagonal", [0, 1])
    return stack((above, main, below), axis=-2)


def _taken_from(matrix: Tensor) -> Tensor:
    """The three diagonals of matrices, in one tensor; elements that no diagonal has are taken from the corner."""
    m = _side(matrix)
    nobody = [0, 0]
    places = [
        [[i + 1, i] if i + 1 < m else nobody, [i, i], [i - 1, i] if i else nobody] for i in range(m)
    ]  # of the transposed matrix: gather_nd reads along the first axes
    return transpose(gather_nd(transpose(matrix), places))


@export("linalg.tridiagonal_matmul")
def tridiagonal_matmul(diagonals: Any, rhs: Any, diagonals_format: str = "compact", name: str | None = None) -> Tensor:
    """Multiply matrices that have three diagonals by other matrices.

    Parameters
    ----------
    diagonals : Tensor, or sequence of 3 Tensor
        "compact": shape (..., 3, n), the diagonals above, in and below the main one; the last element of the first and
        the first of the last are not used. "sequence": the three by themselves, shape (..., n) each.
        "matrix": shape (..., n, n).
    rhs : Tensor, shape (..., n, k)
    diagonals_format : {"compact", "sequence", "matrix"}
    name : str, optional

    Returns
    -------
    Tensor, shape (..., n, k)

    Raises
    ------
    ValueError
        If the shapes do not fit or the format is another one.

    Examples
    --------
    >>> x = tf.linalg.tridiagonal_matmul([[1.0, 1.0, 0.0], [4.0, 4.0, 4.0], [0.0, 1.0, 1.0]], tf.ones([3, 1]))
    >>> with tf.Session() as sess:
    ...     sess.run(x).ravel()
    array([5., 6., 5.], dtype=float32)
    """
    if diagonals_format == "compact":
        diagonals = convert(diagonals, name="diagonals")
        above, main, below = (diagonals[..., i, :] for i in range(3))
    elif diagonals_format == "sequence":
        above, main, below = diagonals
    elif diagonals_format == "matrix":
        matrix = convert(diagonals, name="diagonals")
        m = _side(matrix)
        main = matrix_diag_part(matrix)
        turned = transpose(matrix)
        above = transpose(gather_nd(turned, [*([i + 1, i] for i in range(m - 1)), [0, 0]]))
        below = transpose(gather_nd(turned, [[0, 0], *([i - 1, i] for i in range(1, m))]))
    else:
        raise misuse(ValueError(f"Unrecognized diagonals_format: {diagonals_format}"))
    above, main, below = (expand_dims(d, -2) for d in (above, main, below))
    return raw.TridiagonalMatMul(above, main, below, rhs, name=name)

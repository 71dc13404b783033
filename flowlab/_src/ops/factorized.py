"""LU factors and what is done with them; pseudo-inverse and rank."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import DType, as_dtype, float32, int32
from flowlab._src.graph.op import Array, FloatingOrComplex, Op, Spec
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import control_dependencies, name_scope
from flowlab._src.graph.shape import UNKNOWN, TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import matrix_functions as kernels
from flowlab._src.ops.array_shape import rank, shape_of
from flowlab._src.ops.broadcast_to import broadcast_dynamic_shape, broadcast_to
from flowlab._src.ops.cast import cast
from flowlab._src.ops.checks import assert_equal
from flowlab._src.ops.checks_shape import assert_rank, assert_rank_at_least
from flowlab._src.ops.diagonals import eye, matrix_band_part, matrix_set_diag
from flowlab._src.ops.fill import ones
from flowlab._src.ops.functional import map_fn
from flowlab._src.ops.gather import gather, gather_nd
from flowlab._src.ops.identity import identity
from flowlab._src.ops.joining import concat, stack
from flowlab._src.ops.linalg import matmul
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.reduce import reduce_max, reduce_prod, reduce_sum
from flowlab._src.ops.reshaping import expand_dims, reshape
from flowlab._src.ops.selecting import where_v2
from flowlab._src.ops.sequences import range_
from flowlab._src.ops.solving import matrix_triangular_solve, refuse_unless_square, square, svd
from flowlab._src.ops.splitting import split
from flowlab._src.ops.transposing import invert_permutation
from flowlab._src.util.export import export


class Lu(Op):
    """LU factors of square matrices, with the order in which the rows were taken."""

    output_idx_type: DType = int32

    def kernel(self, input: Array[FloatingOrComplex]) -> tuple[Array[FloatingOrComplex], Array]:
        refuse_unless_square(input)
        lu, order = kernels.lu_factors(input)
        if (np.diagonal(lu, axis1=-2, axis2=-1) == 0).any():
            raise InvalidArgumentError(None, None, "Input is not invertible.")
        return lu, order.astype(self.output_idx_type.as_numpy_dtype)

    def dtypes(self, input: Any) -> list[DType]:
        return [input.dtype, self.output_idx_type]

    def shape(self, input: Spec) -> list[TensorShape]:
        dims = square(input)
        if dims is None:
            return [UNKNOWN, UNKNOWN]
        return [TensorShape.of(dims), TensorShape.of(dims[:-1])]


@export("linalg.lu")
def lu(input: Any, output_idx_type: Any = int32, name: str | None = None) -> Any:
    """Split square matrices into a lower and an upper triangular one, by Gaussian elimination.

    Parameters
    ----------
    input : Tensor, shape (..., n, n), float or complex
    output_idx_type : {int32, int64}
    name : str, optional

    Returns
    -------
    lu : Tensor of the shape of `input`
        U in its upper half; L below: the ones on the diagonal of L are left out.
    p : Tensor, shape (..., n)
        The order of the rows: row p[i] of `input` is row i of L U.

    Raises
    ------
    tf.errors.InvalidArgumentError
        When a matrix has no inverse.

    Examples
    --------
    >>> lu, p = tf.linalg.lu([[1.0, 2.0], [4.0, 6.0]])
    >>> with tf.Session() as sess:
    ...     sess.run(lu)
    ...     sess.run(p)
    array([[4.  , 6.  ],
           [0.25, 0.5 ]], dtype=float32)
    array([1, 0], dtype=int32)
    """
    return Lu(output_idx_type=as_dtype(output_idx_type))(input, name=name)


def _size(tensor: Tensor, axis: int) -> int | None:
    dims = tensor._shape._dims
    return None if dims is None or len(dims) < -axis else dims[axis]


def lu_checks(lower_upper: Tensor, perm: Tensor, validate_args: bool) -> list[Any]:
    """Refuse shapes that do not fit; what is not known yet is checked when it runs, if that is asked for."""
    checks: list[Any] = []
    ndims = lower_upper.shape.ndims
    message = "Input `lower_upper` must have at least 2 dimensions."
    if ndims is not None:
        if ndims < 2:
            raise misuse(ValueError(message))
    elif validate_args:
        checks.append(assert_rank_at_least(lower_upper, rank=2, message=message))
    message = "`rank(lower_upper)` must equal `rank(perm) + 1`"
    if ndims is not None and perm.shape.ndims is not None:
        if ndims != perm.shape.ndims + 1:
            raise misuse(ValueError(message))
    elif validate_args:
        checks.append(assert_rank(lower_upper, rank=rank(perm) + 1, message=message))
    message = "`lower_upper` must be square."
    rows, columns = _size(lower_upper, -2), _size(lower_upper, -1)
    if rows is not None and columns is not None:
        if rows != columns:
            raise misuse(ValueError(message))
    elif validate_args:
        m, n = split(shape_of(lower_upper)[-2:], num_or_size_splits=2)
        checks.append(assert_equal(m, n, message=message))
    return checks


def after(checks: list[Any], *tensors: Tensor) -> list[Tensor]:
    """The tensors, to be read after the checks."""
    if not checks:
        return list(tensors)
    with control_dependencies(checks):
        return [identity(t) for t in tensors]


@export("linalg.lu_solve")
def lu_solve(lower_upper: Any, perm: Any, rhs: Any, validate_args: bool = False, name: str | None = None) -> Tensor:
    """Solve linear equations, given the LU factors of their matrix.

    Parameters
    ----------
    lower_upper : Tensor, shape (..., n, n)
    perm : Tensor, shape (..., n)
        As `tf.linalg.lu` returns them.
    rhs : Tensor, shape (..., n, k)
    validate_args : bool
        Check when it runs what is not known of the shapes now.
    name : str, optional

    Returns
    -------
    Tensor, shape (..., n, k)

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> lu, p = tf.linalg.lu([[1.0, 2.0], [4.0, 6.0]])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.linalg.lu_solve(lu, p, [[3.0], [10.0]]))
    array([[1.],
           [1.]], dtype=float32)
    """
    with name_scope(name or "lu_solve"):
        lower_upper = convert(lower_upper, name="lower_upper", preferred=float32)
        perm = convert(perm, name="perm", preferred=int32)
        rhs = convert(rhs, name="rhs", preferred=lower_upper.dtype.base_dtype)
        checks = lu_checks(lower_upper, perm, validate_args)
        message = "Input `rhs` must have at least 2 dimensions."
        if rhs.shape.ndims is not None:
            if rhs.shape.ndims < 2:
                raise misuse(ValueError(message), fix="tf.expand_dims(rhs, -1) makes a column of a vector")
        elif validate_args:
            checks.append(assert_rank_at_least(rhs, rank=2, message=message))
        message = "`lower_upper.shape[-1]` must equal `rhs.shape[-1]`."
        columns, rows = _size(lower_upper, -1), _size(rhs, -2)
        if columns is not None and rows is not None:
            if columns != rows:
                raise misuse(ValueError(message))
        elif validate_args:
            checks.append(assert_equal(shape_of(lower_upper)[-1], shape_of(rhs)[-2], message=message))
        lower_upper, perm, rhs = after(checks, lower_upper, perm, rhs)
        if rhs.shape.ndims == 2 and perm.shape.ndims == 1:
            permuted = gather(rhs, perm, axis=-2)
        else:
            permuted = _permuted_in_batches(rhs, perm)
        unit = ones(shape_of(lower_upper)[:-1], dtype=lower_upper.dtype.base_dtype)
        lower = matrix_set_diag(matrix_band_part(lower_upper, num_lower=-1, num_upper=0), unit)
        return matrix_triangular_solve(lower_upper, matrix_triangular_solve(lower, permuted), lower=False)


def _permuted_in_batches(rhs: Tensor, perm: Tensor) -> Tensor:
    """The rows of each matrix of `rhs` in their order; batches are broadcast."""
    rhs_shape = shape_of(rhs)
    batch = broadcast_dynamic_shape(rhs_shape[:-2], shape_of(perm)[:-1])
    d, m = rhs_shape[-2], rhs_shape[-1]
    full = concat([batch, [d, m]], axis=0)
    rows = reshape(broadcast_to(rhs, full), [-1, d, m])
    order = reshape(broadcast_to(perm, full[:-1]), [-1, d])
    count = reduce_prod(batch)
    which = broadcast_to(range_(count)[:, None], [count, d])
    order = stack([which, order], axis=-1)
    return reshape(gather_nd(rows, order), full)


@export("linalg.lu_matrix_inverse")
def lu_matrix_inverse(lower_upper: Any, perm: Any, validate_args: bool = False, name: str | None = None) -> Tensor:
    """Return the inverse of matrices, given their LU factors.

    Parameters
    ----------
    lower_upper, perm, validate_args, name
        See `tf.linalg.lu_solve`.

    Returns
    -------
    Tensor of the shape of `lower_upper`

    Examples
    --------
    >>> lu, p = tf.linalg.lu([[0.0, 2.0], [4.0, 0.0]])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.linalg.lu_matrix_inverse(lu, p))
    array([[0.  , 0.25],
           [0.5 , 0.  ]], dtype=float32)
    """
    with name_scope(name or "lu_matrix_inverse"):
        lower_upper = convert(lower_upper, name="lower_upper", preferred=float32)
        perm = convert(perm, name="perm", preferred=int32)
        lower_upper, perm = after(lu_checks(lower_upper, perm, validate_args), lower_upper, perm)
        shape = shape_of(lower_upper)
        unit = eye(shape[-1], batch_shape=shape[:-2], dtype=lower_upper.dtype.base_dtype)
        return lu_solve(lower_upper, perm, rhs=unit, validate_args=False)


@export("linalg.lu_reconstruct")
def lu_reconstruct(lower_upper: Any, perm: Any, validate_args: bool = False, name: str | None = None) -> Tensor:
    """Multiply LU factors and put the rows back in order: the matrix that `tf.linalg.lu` was given.

    Parameters
    ----------
    lower_upper, perm, validate_args, name
        See `tf.linalg.lu_solve`.

    Returns
    -------
    Tensor of the shape of `lower_upper`

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.linalg.lu_reconstruct(*tf.linalg.lu([[1.0, 2.0], [4.0, 6.0]])))
    array([[1., 2.],
           [4., 6.]], dtype=float32)
    """
    with name_scope(name if name is not None else "lu_reconstruct"):
        lower_upper = convert(lower_upper, name="lower_upper", preferred=float32)
        perm = convert(perm, name="perm", preferred=int32)
        lower_upper, perm = after(lu_checks(lower_upper, perm, validate_args), lower_upper, perm)
        shape = shape_of(lower_upper)
        unit = ones(shape[:-1], dtype=lower_upper.dtype.base_dtype)
        lower = matrix_set_diag(matrix_band_part(lower_upper, num_lower=-1, num_upper=0), unit)
        upper = matrix_band_part(lower_upper, num_lower=0, num_upper=-1)
        x = matmul(lower, upper)
        if lower_upper.shape.ndims == 2:
            x = gather(x, invert_permutation(perm))
        else:
            count, d = reduce_prod(shape[:-2]), shape[-1]
            x = reshape(x, [count, d, d])
            back = map_fn(invert_permutation, reshape(perm, [count, d]))
            which = broadcast_to(range_(count)[:, None], [count, d])
            x = reshape(gather_nd(x, stack([which, back], axis=-1)), shape)
        x.set_shape(lower_upper.shape)
        return x


# ---- by singular values --------------------------------------------------------------------------------------------


def _matrix(a: Any, validate_args: bool) -> Tensor:
    """A tensor of floats with two axes at least."""
    if not a.dtype.is_floating:
        raise misuse(TypeError(f"Input `a` must have `float`-like `dtype` (saw {a.dtype.name})."))
    checks: list[Any] = []
    if a.shape.ndims is not None:
        if a.shape.ndims < 2:
            raise misuse(ValueError(f"Input `a` must have at least 2 dimensions (saw: {a.shape.ndims})."))
    elif validate_args:
        checks.append(assert_rank_at_least(a, rank=2, message="Input `a` must have at least 2 dimensions."))
    return after(checks, a)[0]


@export("linalg.matrix_rank")
def matrix_rank(a: Any, tol: Any = None, validate_args: bool = False, name: str | None = None) -> Tensor:
    """Return how many singular values of matrices are not (nearly) zero.

    Parameters
    ----------
    a : Tensor, shape (..., m, n), float
    tol : number or Tensor, optional
        What counts as zero; by default the largest singular value times max(m, n) times the precision of the dtype.
    validate_args : bool
        Check when it runs what is not known of the shape now.
    name : str, optional

    Returns
    -------
    Tensor, shape (...), int32

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     int(sess.run(tf.linalg.matrix_rank([[1.0, 2.0], [2.0, 4.0]])))
    1
    """
    with name_scope(name or "matrix_rank"):
        a = _matrix(convert(a, name="a", preferred=float32), validate_args)
        s = svd(a, compute_uv=False)
        if tol is None:
            m, n = _size(a, -2), _size(a, -1)
            longest: Any = reduce_max(shape_of(a)[-2:]) if m is None or n is None else np.int64(max(m, n))
            precision = np.finfo(a.dtype.as_numpy_dtype).eps
            tol = precision * cast(longest, a.dtype.base_dtype) * reduce_max(s, axis=-1, keepdims=True)
        return reduce_sum(cast(s > tol, int32), axis=-1)


@export("linalg.pinv")
def pinv(a: Any, rcond: Any = None, validate_args: bool = False, name: str | None = None) -> Tensor:
    """Return the pseudo-inverse of matrices: x = pinv(a) b solves a x = b as well as possible, with the shortest x.

    Parameters
    ----------
    a : Tensor, shape (..., m, n), float
    rcond : number or Tensor, optional
        Singular values below this part of the largest count as zero; default 10 max(m, n) times the precision.
    validate_args : bool
        Check when it runs what is not known of the shape now.
    name : str, optional

    Returns
    -------
    Tensor, shape (..., n, m)

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.linalg.pinv([[2.0, 0.0], [0.0, 0.0], [0.0, 4.0]])).round(3)
    array([[0.5 , 0.  , 0.  ],
           [0.  , 0.  , 0.25]], dtype=float32)

    References
    ----------
    Strang, "Linear algebra and its applications" (1980), pages 139 to 142.
    """
    with name_scope(name or "pinv"):
        a = _matrix(convert(a, name="a"), validate_args)
        dtype = a.dtype.base_dtype
        if rcond is None:
            rows, columns = (
                shape_of(a)[axis] if size is None else size for axis, size in ((i, _size(a, i)) for i in (-2, -1))
            )
            if isinstance(rows, int) and isinstance(columns, int):
                longest: Any = float(max(rows, columns))
            else:
                longest = cast(raw.Maximum(rows, columns), dtype)
            rcond = 10.0 * longest * np.finfo(dtype.as_numpy_dtype).eps
        rcond = convert(rcond, dtype, name="rcond")
        s, u, v = svd(a, full_matrices=False, compute_uv=True)
        cutoff = rcond * reduce_max(s, axis=-1)
        # Dividing by infinity gives 0, with a gradient of 0.
        s = where_v2(s > expand_dims(cutoff, -1), s, np.array(np.inf, dtype.as_numpy_dtype))
        result = matmul(v / expand_dims(s, -2), u, adjoint_b=True)
        if a.shape.ndims is not None:
            result.set_shape(a.shape[:-2].concatenate([a.shape[-1], a.shape[-2]]))
        return result

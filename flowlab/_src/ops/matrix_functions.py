"""Functions of whole matrices: the exponential, the logarithm, the square root."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import complex64, complex128, float16, float32, float64
from flowlab._src.graph.op import Array, FloatingOrComplex, Op, Spec
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import matrix_functions as kernels
from flowlab._src.ops.array_shape import shape_of, size
from flowlab._src.ops.broadcast import Gradient
from flowlab._src.ops.cast import cast
from flowlab._src.ops.cond import cond
from flowlab._src.ops.constant import make_constant
from flowlab._src.ops.diagonals import eye
from flowlab._src.ops.fill import fill
from flowlab._src.ops.joining import concat
from flowlab._src.ops.linalg import matmul
from flowlab._src.ops.magnitude import abs_
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.reduce import reduce_max, reduce_prod, reduce_sum
from flowlab._src.ops.reshaping import reshape
from flowlab._src.ops.selecting import where_v2
from flowlab._src.ops.solving import matrix_solve, refuse_unless_square, square
from flowlab._src.ops.transposing import matrix_transpose
from flowlab._src.ops.while_loop import while_loop
from flowlab._src.util.export import export

Complex = TypeVar("Complex", np.complex64, np.complex128)


class MatrixLogarithm(Op):
    """The principal logarithm of each matrix."""

    def kernel(self, input: Array[Complex]) -> Array[Complex]:
        refuse_unless_square(input)
        return kernels.each_matrix(kernels.logarithm, input)

    def shape(self, input: Spec) -> TensorShape:
        return TensorShape.of(square(input))


class MatrixSquareRoot(Op):
    """The principal square root of each matrix: root root = input."""

    def kernel(self, input: Array[FloatingOrComplex]) -> Array[FloatingOrComplex]:
        refuse_unless_square(input)
        return kernels.each_matrix(kernels.square_root, input)

    def shape(self, input: Spec) -> TensorShape:
        return TensorShape.of(square(input))

    def grad(self, node: Any, dy: Gradient) -> Any:
        """From dX = R dR + dR R: these are linear equations for dR, n² of them for each matrix."""
        root = node.outputs[0]
        shape = shape_of(root)
        order = shape[-1]
        count = reduce_prod(shape[0:-2])
        unit = reshape(eye(order, dtype=root.dtype.base_dtype), [-1])
        units = reshape(raw.Tile(unit, [count]), shape)
        turned = matrix_transpose(root)
        equations = raw.AddV2(kronecker(units, turned), kronecker(root, units), name="Add")
        batch = raw.Slice(shape, [0], [raw.Sub(size(shape), 2)])
        columns = concat([batch, [order * order], [1]], 0)
        right = reshape(matrix_transpose(dy), columns)
        return matrix_transpose(reshape(matrix_solve(equations, right), shape))


def kronecker(a: Tensor, b: Tensor) -> Tensor:
    """The Kronecker products of two stacks of square matrices."""
    a_shape, b_shape = shape_of(a), shape_of(b)
    m, n = a_shape[-1], b_shape[-1]
    batch = raw.Slice(a_shape, [0], [raw.Sub(size(a_shape), 2)])
    a_sizes = concat([batch, [m], [1], [m], [1]], 0)
    b_sizes = concat([batch, [1], [n], [1], [n]], 0)
    a, b = reshape(a, a_sizes), reshape(b, b_sizes)
    side = m * n
    sizes = concat([batch, [side], [side]], 0)
    return reshape(a * b, sizes)


# Coefficients of the Padé approximants of exp, from the constant on (Higham 2005), by their order; beside them the
# norms up to which each is exact, in single and in double precision. Beyond the last one the matrix is halved first.
PADE = {
    3: [120.0, 60.0, 12.0],
    5: [30240.0, 15120.0, 3360.0, 420.0, 30.0],
    7: [17297280.0, 8648640.0, 1995840.0, 277200.0, 25200.0, 1512.0, 56.0],
    9: [17643225600.0, 8821612800.0, 2075673600.0, 302702400.0, 30270240.0, 2162160.0, 110880.0, 3960.0, 90.0],
    13: [
        64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0, 129060195264000.0,
        10559470521600.0, 670442572800.0, 33522128640.0, 1323241920.0, 40840800.0, 960960.0, 16380.0, 182.0,
    ],
}  # fmt: skip
SINGLE: tuple[tuple[int, ...], tuple[float, ...], float] = (
    (3, 5, 7),
    (4.258730016922831e-001, 1.880152677804762e000),
    3.925724783138660,
)
DOUBLE: tuple[tuple[int, ...], tuple[float, ...], float] = (
    (3, 5, 7, 9, 13),
    (1.495585217958292e-002, 2.539398330063230e-001, 9.504178996162932e-001, 2.097847961257068e000),
    5.371920351148152,
)


def pade(matrix: Tensor, order: int) -> tuple[Tensor, Tensor]:
    """U and V with exp(matrix) = (V - U)⁻¹ (V + U): the odd and the even powers of the approximant."""
    b = [make_constant(c, matrix.dtype.base_dtype) for c in PADE[order]]
    unit = eye(shape_of(matrix)[-2], batch_shape=shape_of(matrix)[:-2], dtype=matrix.dtype.base_dtype)
    powers = {2: matmul(matrix, matrix)}
    for k in range(4, min(order, 7), 2):
        powers[k] = matmul(powers[k - 2], powers[2])
    if order == 13:  # higher powers from those up to 6
        high, x4, x2 = powers[6], powers[4], powers[2]
        u = matmul(high, high + b[11] * x4 + b[9] * x2) + b[7] * high + b[5] * x4 + b[3] * x2 + b[1] * unit
        u = matmul(matrix, u)
        v = b[12] * high + b[10] * x4 + b[8] * x2
        return u, matmul(high, v) + b[6] * high + b[4] * x4 + b[2] * x2 + b[0] * unit
    if order == 9:
        powers[8] = matmul(powers[6], powers[2])
    u = powers[order - 1]
    for k in range(order - 3, 0, -2):
        u = u + b[k + 1] * powers[k]
    u = matmul(matrix, u + b[1] * unit)
    v = b[order - 1] * powers[order - 1]
    for k in range(order - 3, 0, -2):
        v = v + b[k] * powers[k]
    return u, v + b[0] * unit


@export("linalg.expm")
def matrix_exponential(input: Any, name: str | None = None) -> Tensor:
    """Return the exponential of square matrices: 1 + A + A²/2! + A³/3! ...

    Parameters
    ----------
    input : Tensor, shape (..., n, n), float or complex
    name : str, optional

    Returns
    -------
    Tensor of the shape and dtype of `input`

    Raises
    ------
    ValueError
        If the matrices are not square, or no floats.

    Examples
    --------
    >>> with tf.Session() as sess:  # a turn by a right angle
    ...     sess.run(tf.linalg.expm([[0.0, -np.pi / 2], [np.pi / 2, 0.0]])).round(3)
    array([[ 0., -1.],
           [ 1.,  0.]], dtype=float32)

    References
    ----------
    Higham, "The scaling and squaring method for the matrix exponential revisited" (2005).
    """
    with name_scope(name, "matrix_exponential", [input]):
        matrix = convert(input, name="input")
        if matrix.shape.ndims is not None and matrix.shape[-2:].as_list() == [0, 0]:
            return matrix
        batch: Any = matrix.shape[:-2]
        if not batch.is_fully_defined():
            batch = shape_of(matrix)[:-2]
        matrix = reshape(matrix, concat(([-1], shape_of(matrix)[-2:]), axis=0))
        sums = reduce_sum(abs_(matrix), axis=size(shape_of(matrix)) - 2)
        norm = reduce_max(sums, axis=-1)[..., None, None]
        dtype, real = matrix.dtype.base_dtype, norm.dtype.base_dtype
        if dtype in (float16, float32, complex64):
            orders, limits, largest = SINGLE
        elif dtype in (float64, complex128):
            orders, limits, largest = DOUBLE
        else:
            raise misuse(ValueError(f"tf.linalg.expm does not support matrices of type {dtype!r}"))
        most = make_constant(largest, real)
        halvings = raw.Maximum(raw.Floor(raw.Log(norm / most) / raw.Log(make_constant(2.0, real))), 0)
        parts = [pade(matrix, order) for order in orders[:-1]]
        halved = matrix / cast(raw.Pow(make_constant(2.0, real), halvings), dtype)
        parts.append(pade(halved, orders[-1]))

        def choose(cases: list[Tensor], limits: Any) -> Tensor:
            if len(cases) == 1:
                return cases[0]
            fits = raw.Less(norm, make_constant(limits[0], real))
            return where_v2(fits, cases[0], choose(cases[1:], limits[1:]))

        u, v = (choose(list(cases), limits) for cases in zip(*parts, strict=True))
        finite = raw.IsFinite(reduce_max(norm))
        nan = make_constant(np.nan, dtype)
        result = cond(finite, lambda: matrix_solve(-u + v, u + v), lambda: fill(shape_of(matrix), nan))
        times = reduce_max(halvings)

        def more(i: Tensor, _: Tensor) -> Tensor:
            return cond(finite, lambda: raw.Less(i, times), lambda: make_constant(False))

        def squared(i: Tensor, r: Tensor) -> Any:
            return i + 1, where_v2(raw.Less(i, halvings), matmul(r, r), r)

        _, result = while_loop(more, squared, [make_constant(0.0, real), result])
        if matrix.shape.is_fully_defined():
            return reshape(result, batch.concatenate(result.shape[-2:]))
        return reshape(result, concat((batch, shape_of(result)[-2:]), axis=0))


@export("linalg.logm")
def matrix_logarithm(input: Any, name: str | None = None) -> Tensor:
    """Return the logarithm of square matrices: the matrix whose exponential they are.

    Parameters
    ----------
    input : Tensor, shape (..., n, n), complex64 or complex128
    name : str, optional

    Returns
    -------
    Tensor of the shape and dtype of `input`
        The principal logarithm: imaginary parts of its eigenvalues lie between -pi and pi. NaN for singular matrices.

    Examples
    --------
    >>> x = tf.linalg.logm(tf.constant([[1.0, 2.0], [0.0, 1.0]], tf.complex64))
    >>> with tf.Session() as sess:
    ...     sess.run(tf.real(x)).round(3)
    array([[0., 2.],
           [0., 0.]], dtype=float32)
    """
    return MatrixLogarithm()(input, name=name)


@export("linalg.sqrtm", "matrix_square_root")
def matrix_square_root(input: Any, name: str | None = None) -> Tensor:
    """Return the square root of square matrices: the matrix whose product with itself they are.

    Parameters
    ----------
    input : Tensor, shape (..., n, n), float or complex
    name : str, optional

    Returns
    -------
    Tensor of the shape and dtype of `input`
        NaN for real matrices that have no real root.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.linalg.sqrtm([[2.0, 1.0], [1.0, 2.0]])).round(3)
    array([[1.366, 0.366],
           [0.366, 1.366]], dtype=float32)
    """
    return MatrixSquareRoot()(input, name=name)

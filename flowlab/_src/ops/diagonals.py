"""Diagonals of matrices: eye, diag, diag_part, set_diag, band_part."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError, add_notes
from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_list
from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.op import Array, Index, Op, Spec, T
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import UNKNOWN, TensorShape, format_dims, merge_dims, merge_shapes, require_rank_at_least
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import triangles
from flowlab._src.kernels.memory import require_memory
from flowlab._src.ops.array_shape import rank, shape
from flowlab._src.ops.fill import ones, zeros, zeros_like
from flowlab._src.ops.joining import concat
from flowlab._src.ops.misuse import misuse
from flowlab._src.util import source
from flowlab._src.util.export import export


class MatrixDiag(Op):
    """Each row of numbers as the diagonal of a square matrix."""

    def kernel(self, diagonal: Array[T]) -> Array[T]:
        diagonal = np.asarray(diagonal)
        if diagonal.ndim < 1:
            raise InvalidArgumentError(None, None, "input must be at least 1-dim, received shape: []")
        n = diagonal.shape[-1]
        require_memory((*diagonal.shape, n), diagonal.dtype)
        result = np.zeros((*diagonal.shape, n), diagonal.dtype)
        result[..., np.arange(n), np.arange(n)] = diagonal
        return result

    def shape(self, diagonal: Spec) -> TensorShape:
        require_rank_at_least(diagonal.shape, 1)
        return UNKNOWN if diagonal.dims is None else TensorShape.of((*diagonal.dims, diagonal.dims[-1]))

    def grad(self, node: Any, dy: Tensor) -> Tensor:
        """The diagonal of the gradient."""
        return matrix_diag_part(dy)


class MatrixDiagPart(Op):
    """The main diagonal of each matrix."""

    def kernel(self, input: Array[T]) -> Array[T]:
        if np.ndim(input) < 2:
            raise InvalidArgumentError(
                None, None, f"input must be at least 2-dim, received shape: {format_dims(np.shape(input))}"
            )
        return np.diagonal(input, axis1=-2, axis2=-1)

    def shape(self, input: Spec) -> TensorShape:
        require_rank_at_least(input.shape, 2)
        if input.dims is None:
            return UNKNOWN
        rows, columns = input.dims[-2:]
        size = 0 if 0 in (rows, columns) else None if rows is None or columns is None else min(rows, columns)
        return TensorShape.of((*input.dims[:-2], size))

    def grad(self, node: Any, dy: Tensor) -> Tensor:
        """The gradient on the diagonal, zeros elsewhere."""
        x = node.inputs[0]
        sizes = x.shape[-2:]
        if sizes.is_fully_defined() and sizes._dims[0] == sizes._dims[1]:
            return matrix_diag(dy)
        return matrix_set_diag(zeros_like(x), dy)


class MatrixSetDiag(Op):
    """Each matrix with another main diagonal."""

    def kernel(self, input: Array[T], diagonal: Array[T]) -> Array[T]:
        result = np.array(input)
        n = min(result.shape[-2:])
        if np.shape(diagonal) != (*result.shape[:-2], n):
            raise InvalidArgumentError(
                None, None, f"must have diagonal.shape == input.shape[:-2] + min(input.shape[-2:]), but received input shape: "
                f"{format_dims(result.shape)} and diagonal shape: {format_dims(np.shape(diagonal))}",
            )  # fmt: skip
        result[..., np.arange(n), np.arange(n)] = diagonal
        return result

    def shape(self, input: Spec, diagonal: Spec) -> TensorShape:
        require_rank_at_least(input.shape, 2)
        require_rank_at_least(diagonal.shape, 1)
        if input.dims is None:
            return UNKNOWN
        rows, columns = input.dims[-2:]
        if diagonal.dims is not None:
            smaller = None if rows is None or columns is None else min(rows, columns)
            merge_dims(smaller, diagonal.dims[-1])
            batch = merge_shapes(TensorShape.of(input.dims[:-2]), TensorShape.of(diagonal.dims[:-1]))
            return batch.concatenate([rows, columns])
        return input.shape

    def grad(self, node: Any, dy: Tensor) -> Any:
        """To the matrix all but the diagonal, to the diagonal the diagonal."""
        input, diagonal = node.inputs
        whole = input.shape.merge_with(dy.shape)
        batch, sizes = whole[:-2].merge_with(diagonal.shape[:-1]), whole[-2:]
        if batch.is_fully_defined() and sizes.is_fully_defined():
            diag_shape: Any = [*batch.as_list(), min(sizes.as_list())]
        else:
            with get_default_graph().colocate_with(dy.op):
                dy_shape, count = shape(dy), rank(dy)
                batch = raw.Slice(dy_shape, [0], [count - 2])
                sizes = raw.Slice(dy_shape, [count - 2], [2])
                smaller = raw.Min(sizes, np.arange(1, dtype=np.int32))
                diag_shape = concat([batch, [smaller]], 0)
        return [matrix_set_diag(dy, zeros(diag_shape, dtype=dy.dtype)), matrix_diag_part(dy)]


def _main_diagonal_only(given: dict[str, tuple[Any, Any]]) -> None:
    """ValueError when one of TensorFlow's arguments for other diagonals is used."""
    for name, (value, default) in given.items():
        try:
            differs = bool(np.any(np.asarray(value) != default))
        except (TypeError, ValueError):
            differs = True
        if differs:
            site = source.caller(3)
            raise add_notes(
                ValueError(f"{name}={value!r} is not supported: only the main diagonal can be set and read."),
                why="TensorFlow 1.15 accepts the argument and then ignores it",
                where=site.quote() if site else "",
                fix="tf.pad the diagonal matrix, or tf.matrix_band_part",
            )


@export("matrix_diag", "linalg.diag")
def matrix_diag(
    diagonal: Any, name: str = "diag", k: Any = 0, num_rows: int = -1, num_cols: int = -1, padding_value: Any = 0
) -> Tensor:
    """Return a matrix with `diagonal` on its main diagonal and zeros elsewhere, for each row of a batch.

    Parameters
    ----------
    diagonal : Tensor, shape (..., n)
    name : str
    k, num_rows, num_cols, padding_value : int
        Must have their defaults.

    Returns
    -------
    Tensor, shape (..., n, n)

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.matrix_diag([1, 2]))
    array([[1, 0],
           [0, 2]], dtype=int32)
    """
    _main_diagonal_only(
        {"k": (k, 0), "num_rows": (num_rows, -1), "num_cols": (num_cols, -1), "padding_value": (padding_value, 0)}
    )
    return MatrixDiag()(diagonal, name=name)


@export("matrix_diag_part", "linalg.diag_part")
def matrix_diag_part(input: Any, name: str = "diag_part", k: Any = 0, padding_value: Any = 0) -> Tensor:
    """Return the main diagonal of a matrix, or of each matrix of a batch.

    Parameters
    ----------
    input : Tensor, shape (..., m, n)
    name : str
    k, padding_value : int
        Must have their defaults.

    Returns
    -------
    Tensor, shape (..., min(m, n))

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.matrix_diag_part([[1, 2], [3, 4]]))
    array([1, 4], dtype=int32)
    """
    _main_diagonal_only({"k": (k, 0), "padding_value": (padding_value, 0)})
    return MatrixDiagPart()(input, name=name)


@export("matrix_set_diag", "linalg.set_diag")
def matrix_set_diag(input: Any, diagonal: Any, name: str = "set_diag", k: Any = 0) -> Tensor:
    """Return a matrix with another main diagonal, for each matrix of a batch.

    Parameters
    ----------
    input : Tensor, shape (..., m, n)
    diagonal : Tensor, shape (..., min(m, n))
    name : str
    k : int
        Must have its default.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.matrix_set_diag([[1, 2], [3, 4]], [9, 9]))
    array([[9, 2],
           [3, 9]], dtype=int32)
    """
    _main_diagonal_only({"k": (k, 0)})
    return MatrixSetDiag()(input, diagonal, name=name)


class Diag(Op):
    """A tensor as the diagonal of one of twice the rank."""

    def kernel(self, diagonal: Array[T]) -> Array[T]:
        diagonal = np.asarray(diagonal)
        if diagonal.ndim < 1:
            raise InvalidArgumentError(None, None, "Input must be at least rank 1, got 0")
        require_memory((diagonal.size, diagonal.size), diagonal.dtype)
        result = np.zeros((diagonal.size, diagonal.size), diagonal.dtype)
        result[np.arange(diagonal.size), np.arange(diagonal.size)] = diagonal.reshape(-1)
        return result.reshape(diagonal.shape * 2)

    def shape(self, diagonal: Spec) -> TensorShape:
        require_rank_at_least(diagonal.shape, 1)
        return diagonal.shape.concatenate(diagonal.shape)

    def grad(self, node: Any, dy: Tensor) -> Tensor:
        """The diagonal of the gradient."""
        return raw.DiagPart(dy)


class DiagPart(Op):
    """The diagonal of a tensor whose second half of axes is like the first."""

    def kernel(self, input: Array[T]) -> Array[T]:
        input = np.asarray(input)
        half = input.ndim // 2
        if input.ndim % 2 or input.ndim == 0:
            raise InvalidArgumentError(
                None, None, f"The rank of the tensor should be even and positive, got shape {format_dims(input.shape)}"
            )
        if input.shape[:half] != input.shape[half:]:
            raise InvalidArgumentError(
                None, None, f"Invalid shape {format_dims(input.shape)}: dimensions 0 and {half} do not match."
            )
        count = int(np.prod(input.shape[:half]))
        return np.diagonal(input.reshape(count, count)).reshape(input.shape[:half])

    def shape(self, input: Spec) -> TensorShape:
        if input.dims is None:
            return UNKNOWN
        if len(input.dims) % 2 or not input.dims:
            raise ShapeError(f"Input must have even and non-zero rank, input rank is {len(input.dims)}")
        half = len(input.dims) // 2
        return TensorShape.of(
            tuple(merge_dims(a, b) for a, b in zip(input.dims[:half], input.dims[half:], strict=True))
        )

    def grad(self, node: Any, dy: Tensor) -> Tensor:
        """The gradient on the diagonal."""
        return raw.Diag(dy)


@export("diag", "linalg.tensor_diag")
def diag(diagonal: Any, name: str | None = None) -> Tensor:
    """Return a tensor with `diagonal` on its diagonal and zeros elsewhere; a vector gives a matrix.

    Parameters
    ----------
    diagonal : Tensor, shape (n1, ..., nk)
    name : str, optional

    Returns
    -------
    Tensor, shape (n1, ..., nk, n1, ..., nk)

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.diag([1.0, 2.0]))
    array([[1., 0.],
           [0., 2.]], dtype=float32)
    """
    return Diag()(diagonal, name=name)


@export("diag_part", "linalg.tensor_diag_part")
def diag_part(input: Any, name: str | None = None) -> Tensor:
    """Return the diagonal of a tensor whose second half of axes is like the first.

    Parameters
    ----------
    input : Tensor, shape (n1, ..., nk, n1, ..., nk)
    name : str, optional

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.diag_part([[1.0, 2.0], [3.0, 4.0]]))
    array([1., 4.], dtype=float32)
    """
    return DiagPart()(input, name=name)


class MatrixBandPart(Op):
    """Each matrix with zeros outside a band around the main diagonal."""

    preferred_dtypes = {"num_lower": dtypes.int64}

    def kernel(self, input: Array[T], num_lower: Array[Index], num_upper: Array[Index]) -> Array[T]:
        input = np.asarray(input)
        rows, columns = input.shape[-2:]
        lower, upper = int(num_lower), int(num_upper)
        if lower > rows:
            raise InvalidArgumentError(
                None, None, f"num_lower must be negative or less or equal to number of rows ({rows}) got: {lower}"
            )
        if upper > columns:
            raise InvalidArgumentError(
                None, None, f"num_upper must be negative or less or equal to number of columns ({columns}) got: {upper}"
            )
        return triangles.band(input, lower, upper)

    def shape(self, input: Spec, num_lower: Spec, num_upper: Spec) -> TensorShape:
        require_rank_at_least(input.shape, 2)
        num_lower.ranked(0)
        num_upper.ranked(0)
        return input.shape

    def grad(self, node: Any, dy: Tensor) -> Any:
        """The same band of the gradient."""
        return [raw.MatrixBandPart(dy, *node.inputs[1:]), None, None]


@export("matrix_band_part", "linalg.band_part")
def matrix_band_part(input: Any, num_lower: Any, num_upper: Any, name: str | None = None) -> Tensor:
    """Set everything outside a band around the main diagonal to zero.

    Parameters
    ----------
    input : Tensor, shape (..., m, n)
    num_lower, num_upper : int
        How many diagonals below and above the main one to keep; negative: all. `(-1, 0)` is the lower triangle,
        `(0, -1)` the upper one.
    name : str, optional

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.matrix_band_part(tf.ones([3, 3]), -1, 0))
    array([[1., 0., 0.],
           [1., 1., 0.],
           [1., 1., 1.]], dtype=float32)
    """
    return MatrixBandPart()(input, num_lower, num_upper, name=name)


@export("eye", "linalg.eye")
def eye(
    num_rows: Any,
    num_columns: Any = None,
    batch_shape: Any = None,
    dtype: Any = dtypes.float32,
    name: str | None = None,
) -> Tensor:
    """Return an identity matrix, or a batch of them.

    Parameters
    ----------
    num_rows : int
    num_columns : int, default `num_rows`
    batch_shape : list of int, optional
        The shape of the batch.
    dtype : DType
    name : str, optional

    Returns
    -------
    Tensor, shape (*batch_shape, num_rows, num_columns)

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.eye(2))
    array([[1., 0.],
           [0., 1.]], dtype=float32)
    """
    with name_scope(name, "eye", [num_rows, num_columns, batch_shape]):
        is_square = num_columns is None
        num_columns = num_rows if num_columns is None else num_columns
        batch_shape = [] if batch_shape is None else batch_shape
        if isinstance(num_rows, Tensor) or isinstance(num_columns, Tensor):
            diag_size: Any = raw.Minimum(num_rows, num_columns)
        else:
            if not isinstance(num_rows, (int, np.integer)) or not isinstance(num_columns, (int, np.integer)):
                raise misuse(
                    TypeError("num_rows and num_columns must be positive integer values."), fix="tf.eye(int(n))"
                )
            is_square = num_rows == num_columns
            diag_size = min(int(num_rows), int(num_columns))
        if isinstance(batch_shape, Tensor) or isinstance(diag_size, Tensor):
            batch_shape = convert(batch_shape, dtypes.int32, "shape")
            diag_shape: Any = concat((batch_shape, [diag_size]), axis=0)
            whole: Any = None if is_square else concat((batch_shape, [num_rows, num_columns]), axis=0)
        else:
            batch_shape = as_list(batch_shape, "batch_shape")
            diag_shape = [*batch_shape, diag_size]
            whole = [*batch_shape, num_rows, num_columns]
        diagonal = ones(diag_shape, dtype=dtype)
        if is_square:
            return matrix_diag(diagonal)
        return matrix_set_diag(zeros(whole, dtype=dtype), diagonal)

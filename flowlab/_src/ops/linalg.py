"""Matrix products and what is composed of them: matmul, tensordot, einsum, trace, norm."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_flag, as_ints
from flowlab._src.graph.convert import convert
from flowlab._src.graph.op import Array, Op, Spec
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import UNKNOWN, TensorShape, broadcast_shapes, merge_dims, require_rank_at_least
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import gemm, known_products
from flowlab._src.kernels.small_forms import Product
from flowlab._src.ops.array_shape import rank, shape_of
from flowlab._src.ops.broadcast import Gradient, brackets
from flowlab._src.ops.cast import conj
from flowlab._src.ops.diagonals import matrix_diag_part
from flowlab._src.ops.magnitude import abs_
from flowlab._src.ops.misuse import misuse, old_argument
from flowlab._src.ops.reduce import reduce_max, reduce_prod, reduce_sum
from flowlab._src.ops.reshaping import expand_dims, reshape, squeeze
from flowlab._src.ops.sequences import range_
from flowlab._src.util import written
from flowlab._src.util.export import export

MatrixNumber = TypeVar(
    "MatrixNumber", np.float16, np.float32, np.float64, np.int32, np.int64, np.complex64, np.complex128
)


LARGE = 1 << 18  # multiplications; fewer are over before a compiled loop has been looked up


def explain_inner(a: Tensor, b: Tensor, flip_a: bool, flip_b: bool) -> tuple[str, str]:
    """Why two matrices do not fit, and what to write, in the learner's words."""
    m, n = a._shape._dims, b._shape._dims
    if m is None or n is None or len(m) < 2 or len(n) < 2:
        flat = a if m is not None and len(m) < 2 else b
        name, axis = "ab"[flat is b], int(flat is b)
        call = written.running("matmul", "MatMult")
        mine = call.argument(name) if call is not None else ""
        vector = f"tf.expand_dims({mine or name}, {axis})"
        if flat.shape.ndims != 1 or (m is not None and n is not None and len(m) < 2 and len(n) < 2):
            both = [(call.argument(side) if call is not None else "") or side for side in "ab"]
            product = " * ".join(map(written.in_brackets, both))
            return (
                f"matrices have two axes, '{flat.name}' has {flat.shape.ndims}",
                f"tf.reduce_sum({product})  # of two vectors",
            )
        return (
            f"matrices have two axes, '{flat.name}' has 1: a vector must become a {'column' if axis else 'row'} first",
            (call.changed(**{name: vector}) if call is not None and mine else "") or vector,
        )
    inner = (m[-2] if flip_a else m[-1], n[-1] if flip_b else n[-2])
    side_a, side_b = "rows" if flip_a else "columns", "columns" if flip_b else "rows"
    hint = f"the {side_a} of a must be as many as the {side_b} of b, but {inner[0]} meets {inner[1]}"
    flipped = n[-2] if flip_b else n[-1]
    if inner[0] is not None and inner[0] == flipped:
        call = written.running("matmul", "MatMult")
        first, second = (call.argument("a"), call.argument("b")) if call is not None else ("", "")
        cure = f"tf.matmul({first or 'a'}, {second or 'b'}, transpose_b={not flip_b})"
        return (
            hint,
            f"{cure}  # or element by element: {written.in_brackets(first or 'a')} * {written.in_brackets(second or 'b')}",
        )
    if inner[0] is None:
        return hint, ""
    columns = n[-2] if flip_b else n[-1]
    sizes = [columns, inner[0]] if flip_b else [inner[0], columns]
    call = written.running("matmul", "MatMult")
    mine = call.argument("b") if call is not None else ""
    name = mine if mine.isidentifier() else "b"
    return hint, f"{name} = tf.Variable(tf.truncated_normal({sizes}))  # {inner[0]} {side_b}; or reshape a"


class MatMul(Op):
    """The product of two matrices, each transposed first if asked for."""

    apart = True
    transpose_a: bool = False
    transpose_b: bool = False

    def small_form(self, node: Any, a: Spec, b: Spec) -> Any:
        """A product."""
        return Product(self.transpose_a, self.transpose_b) if type(self) is MatMul and a.rank == b.rank == 2 else None

    def bound(self, node: Any, a: Spec, b: Spec) -> Any:
        """Of small products nothing is left to decide but which of the two is transposed, of large ones not much."""
        m: Any = a.dims
        n: Any = b.dims
        if m is None or n is None or None in (*m, *n) or type(self) is not MatMul:
            return None
        if m[not self.transpose_a] != n[self.transpose_b]:
            return None
        work, floats = math.prod(m) * n[not self.transpose_b], a.dtype in (dtypes.float32, dtypes.float64)
        if floats and work >= gemm.LEAST:
            flips = self.transpose_a, self.transpose_b
            return known_products.product(m, n, flips, np.dtype(a.dtype.as_numpy_dtype))
        if work >= LARGE and (not floats or m[not self.transpose_a] == 1):
            return None
        return gemm.small(self.transpose_a, self.transpose_b, m, n)

    def kernel(self, a: Array[MatrixNumber], b: Array[MatrixNumber]) -> Array[MatrixNumber]:
        if a.ndim == 2 == b.ndim and a.shape[not self.transpose_a] == b.shape[self.transpose_b]:
            if a.dtype.kind == "f" and a.size * b.shape[not self.transpose_b] >= LARGE:
                return gemm.matmul(a, b, self.transpose_a, self.transpose_b)
            # `dot`, not `matmul`: for matrices the same, and on small ones 0.3 instead of 1 us.
            return (a.T if self.transpose_a else a).dot(b.T if self.transpose_b else b)
        for i, x in enumerate((a, b)):
            if x.ndim != 2:
                message = f"In[{i}] is not a matrix. Instead it has shape {brackets(x.shape)}"
                raise InvalidArgumentError(None, None, message)
        message = f"Matrix size-incompatible: In[0]: {brackets(a.shape)}, In[1]: {brackets(b.shape)}"
        raise InvalidArgumentError(None, None, message)

    def shape(self, a: Spec, b: Spec) -> TensorShape:
        m, k = a.ranked(2)
        k2, n = b.ranked(2)
        if self.transpose_a:
            m, k = k, m
        if self.transpose_b:
            k2, n = n, k2
        merge_dims(k, k2)
        return TensorShape.of((m, n))

    def explain_shapes(self, a: Tensor, b: Tensor) -> tuple[str, str]:
        """Name the sizes that have to agree."""
        return explain_inner(a, b, self.transpose_a, self.transpose_b)

    def grad(self, node: Any, dc: Gradient) -> Any:
        """dA = dC Bᵀ, dB = Aᵀ dC; for a transposed input the transpose of that."""
        a, b = conj(node.inputs[0]), conj(node.inputs[1])
        if not self.transpose_a and not self.transpose_b:
            return raw.MatMul(dc, b, transpose_b=True), raw.MatMul(a, dc, transpose_a=True)
        if not self.transpose_a:
            return raw.MatMul(dc, b), raw.MatMul(dc, a, transpose_a=True)
        if not self.transpose_b:
            return raw.MatMul(b, dc, transpose_b=True), raw.MatMul(a, dc)
        both = {"transpose_a": True, "transpose_b": True}
        return raw.MatMul(b, dc, **both), raw.MatMul(dc, a, **both)


class SparseMatMul(MatMul):
    """A matrix product of which the caller says that an input is mostly zeros; computed like any other."""

    a_is_sparse: bool = False
    b_is_sparse: bool = False

    def kernel(self, a: Array[np.float32], b: Array[np.float32]) -> Array[np.float32]:
        return MatMul(self.transpose_a, self.transpose_b).kernel(a, b)

    def grad(self, node: Any, dc: Gradient) -> Any:
        """As for MatMul, passing on which tensors are sparse."""
        from flowlab._src.ops.transposing import transpose

        a, b = node.inputs
        sparse = {a: self.a_is_sparse, b: self.b_is_sparse, dc: dc.op.type == "ReluGrad"}

        def times(x: Tensor, y: Tensor, flip_x: bool = False, flip_y: bool = False) -> Tensor:
            turned = transpose(y) if flip_y else y
            return matmul(x, turned, transpose_a=flip_x, a_is_sparse=sparse[x], b_is_sparse=sparse[y])

        if not self.transpose_a and not self.transpose_b:
            return times(dc, b, flip_y=True), times(a, dc, flip_x=True)
        if not self.transpose_a:
            return times(dc, b), times(dc, a, flip_x=True)
        if not self.transpose_b:
            return times(b, dc, flip_y=True), times(a, dc)
        return times(b, dc, True, True), times(dc, a, True, True)


class BatchMatMulV2(Op):
    """Matrix products of two stacks of matrices; the axes before the last two are broadcast."""

    adj_x: bool = False
    adj_y: bool = False

    def kernel(self, x: Array[MatrixNumber], y: Array[MatrixNumber]) -> Array[MatrixNumber]:
        for i, t in enumerate((x, y)):
            if t.ndim < 2:
                raise InvalidArgumentError(None, None, f"In[{i}] ndims must be >= 2: {t.ndim}")
        shapes = brackets(x.shape), brackets(y.shape)
        if self.adj_x:
            x = np.conjugate(x.swapaxes(-1, -2)) if x.dtype.kind == "c" else x.swapaxes(-1, -2)
        if self.adj_y:
            y = np.conjugate(y.swapaxes(-1, -2)) if y.dtype.kind == "c" else y.swapaxes(-1, -2)
        if x.shape[-1] != y.shape[-2]:
            raise InvalidArgumentError(None, None, f"Matrix size-incompatible: In[0]: {shapes[0]}, In[1]: {shapes[1]}")
        try:
            return np.matmul(x, y)
        except ValueError:
            raise InvalidArgumentError(
                None, None, f"In[0] and In[1] must have compatible batch dimensions: {shapes[0]} vs. {shapes[1]}"
            ) from None

    def shape(self, x: Spec, y: Spec) -> TensorShape:
        require_rank_at_least(x.shape, 2)
        require_rank_at_least(y.shape, 2)
        if x.dims is None or y.dims is None:
            return UNKNOWN
        m, k = x.dims[:-3:-1] if self.adj_x else x.dims[-2:]
        k2, n = y.dims[:-3:-1] if self.adj_y else y.dims[-2:]
        merge_dims(k, k2)
        batch = broadcast_shapes((TensorShape.of(x.dims[:-2]), TensorShape.of(y.dims[:-2])))
        assert batch._dims is not None
        return TensorShape.of((*batch._dims, m, n))

    def explain_shapes(self, x: Tensor, y: Tensor) -> tuple[str, str]:
        """Name the sizes that have to agree."""
        return explain_inner(x, y, self.adj_x, self.adj_y)

    def grad(self, node: Any, dz: Gradient) -> Any:
        """As for MatMul, summed over the axes that were stretched."""
        x, y = node.inputs
        dx, dy = self.unreduced(x, y, dz)
        a, b = x._shape._dims, y._shape._dims
        if a is not None and b is not None and a[:-2] == b[:-2] and None not in a[:-2]:
            return dx, dy
        x_shape, y_shape = shape_of(x), shape_of(y)
        x_axes, y_axes = raw.BroadcastGradientArgs(x_shape[:-2], y_shape[:-2])
        dx = raw.Reshape(raw.Sum(dx, x_axes), x_shape)
        dy = raw.Reshape(raw.Sum(dy, y_axes), y_shape)
        return dx, dy

    def unreduced(self, x: Tensor, y: Tensor, dz: Gradient) -> tuple[Tensor, Tensor]:
        """The gradients for x and y as if nothing had been stretched."""
        if not self.adj_x and not self.adj_y:
            return matmul(dz, y, adjoint_b=True), matmul(x, dz, adjoint_a=True)
        if not self.adj_x:
            return matmul(dz, y), matmul(dz, x, adjoint_a=True)
        if not self.adj_y:
            return matmul(y, dz, adjoint_b=True), matmul(x, dz)
        return matmul(y, dz, adjoint_a=True, adjoint_b=True), matmul(dz, x, adjoint_a=True, adjoint_b=True)


class BatchMatMul(BatchMatMulV2):
    """Matrix products of two stacks of matrices with the same leading axes."""

    def grad(self, node: Any, dz: Gradient) -> Any:
        """As for MatMul."""
        x, y = node.inputs
        return self.unreduced(x, y, dz)


@export("matmul", "linalg.matmul")
def matmul(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: str | None = None,
) -> Tensor:
    """Multiply matrix `a` by matrix `b`: element (i, j) is the dot product of row i of `a` and column j of `b`.

    Also the operator `a @ b`. `a * b` multiplies element by element instead.

    Parameters
    ----------
    a : Tensor, shape (..., rows, inner)
    b : Tensor, shape (..., inner, columns)
        Same dtype as `a`. With more than two axes these are stacks of matrices, multiplied pair by pair.
    transpose_a, transpose_b : bool
        Exchange rows and columns first.
    adjoint_a, adjoint_b : bool
        Exchange them and take the complex conjugate.
    a_is_sparse, b_is_sparse : bool
        The matrix is mostly zeros.
    name : str, optional

    Returns
    -------
    Tensor, shape (..., rows, columns)

    Raises
    ------
    ValueError
        If the inner sizes differ, the rank is less than 2, or `transpose` and `adjoint` are both asked for.
    TypeError
        If the types differ.

    Examples
    --------
    >>> a = tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    >>> b = tf.constant([[1.0], [10.0], [100.0]])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.matmul(a, b))
    array([[321.],
           [654.]], dtype=float32)
    """
    with name_scope(name, "MatMul", [a, b]) as name:
        transpose_a, adjoint_a = as_flag(transpose_a, "transpose_a"), as_flag(adjoint_a, "adjoint_a")
        transpose_b, adjoint_b = as_flag(transpose_b, "transpose_b"), as_flag(adjoint_b, "adjoint_b")
        if transpose_a and adjoint_a:
            raise misuse(ValueError("Only one of transpose_a and adjoint_a can be True."))
        if transpose_b and adjoint_b:
            raise misuse(ValueError("Only one of transpose_b and adjoint_b can be True."))
        a = convert(a, name="a")
        b = convert(b, name="b", preferred=a.dtype.base_dtype)
        ranks = a._shape.ndims, b._shape.ndims
        sparse = as_flag(a_is_sparse, "a_is_sparse") or as_flag(b_is_sparse, "b_is_sparse")
        if not sparse and any(r is None or r > 2 for r in ranks):
            # Here conjugate and transpose go together, so a mere transpose is conjugated twice.
            if transpose_a:
                a, adjoint_a = conj(a), True
            if transpose_b:
                b, adjoint_b = conj(b), True
            return BatchMatMulV2(adj_x=adjoint_a, adj_y=adjoint_b)(a, b, name=name)
        if adjoint_a:
            a, transpose_a = conj(a), True
        if adjoint_b:
            b, transpose_b = conj(b), True
        if sparse and a.dtype.base_dtype is dtypes.float32 and b.dtype.base_dtype is dtypes.float32:
            op: Any = SparseMatMul(transpose_a, transpose_b, a_is_sparse, b_is_sparse)
            return op(a, b, name=name)
        return MatMul(transpose_a=transpose_a, transpose_b=transpose_b)(a, b, name=name)


@export("sparse_matmul")
def sparse_matmul(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: str | None = None,
) -> Tensor:
    """Multiply two matrices of which one is mostly zeros; the same numbers as `tf.matmul`."""
    return SparseMatMul(transpose_a, transpose_b, a_is_sparse, b_is_sparse)(a, b, name=name)


@export("linalg.matvec")
def matvec(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    adjoint_a: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: str | None = None,
) -> Tensor:
    """Multiply a matrix by a vector.

    Parameters
    ----------
    a : Tensor, shape (..., rows, inner)
    b : Tensor, shape (..., inner)

    Returns
    -------
    Tensor, shape (..., rows)

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.linalg.matvec([[1.0, 2.0], [3.0, 4.0]], [1.0, 10.0]))
    array([21., 43.], dtype=float32)
    """
    with name_scope(name, "MatVec", [a, b]) as name:
        column = expand_dims(b, axis=-1)
        output = matmul(a, column, transpose_a, False, adjoint_a, False, a_is_sparse, b_is_sparse)
        return squeeze(output, axis=-1)


# ---- tensordot -----------------------------------------------------------------------------------------------------


@export("tensordot", "linalg.tensordot")
def tensordot(a: Any, b: Any, axes: Any, name: str | None = None) -> Tensor:
    """Multiply two tensors and sum over pairs of axes, one of each.

    Parameters
    ----------
    a, b : Tensor, float32 or float64
    axes : int or [axes of a, axes of b]
        An int n: the last n axes of `a` with the first n of `b`.
    name : str, optional

    Returns
    -------
    Tensor
        The remaining axes of `a`, then those of `b`.

    Raises
    ------
    ValueError
        If `axes` does not fit.

    Examples
    --------
    >>> a, b = tf.ones([2, 3, 4]), tf.ones([4, 3, 5])
    >>> tf.tensordot(a, b, 1).shape.as_list(), tf.tensordot(a, b, [[1, 2], [1, 0]]).shape.as_list()
    ([2, 3, 3, 5], [2, 5])
    """
    with name_scope(name, "Tensordot", [a, b]) as name:
        a, b = convert(a, name="a"), convert(b, name="b")
        a_axes, b_axes = _paired_axes(a, axes)
        a_matrix, a_free, a_static = _as_matrix(a, a_axes, inner_first=False)
        b_matrix, b_free, b_static = _as_matrix(b, b_axes, inner_first=True)
        result = matmul(a_matrix, b_matrix)
        if isinstance(a_free, list) and isinstance(b_free, list):
            if result._shape._dims == tuple(a_free + b_free) and None not in result._shape._dims:
                return result
            return reshape(result, a_free + b_free, name=name)
        from flowlab._src.ops.joining import concat

        a_free = convert(a_free, dtypes.int32)
        b_free = convert(b_free, dtypes.int32)
        result = reshape(result, concat([a_free, b_free], 0), name=name)
        if a_static is not None and b_static is not None:
            result.set_shape(a_static + b_static)
        return result


def _paired_axes(a: Tensor, axes: Any) -> tuple[Any, Any]:
    """The axes of both tensors that are summed over."""
    if isinstance(axes, (int, np.integer)):
        ndims = a.shape.ndims
        if axes < 0:
            raise misuse(ValueError("'axes' must be at least 0."))
        if ndims is not None:
            if axes > ndims:
                raise misuse(ValueError(f"'axes' must not be larger than the number of dimensions of tensor {a}."))
            return list(range(ndims - axes, ndims)), list(range(axes))
        count = rank(a)
        return range_(count - axes, count, dtype=dtypes.int32), range_(axes, dtype=dtypes.int32)
    if isinstance(axes, (list, tuple)):
        if len(axes) != 2:
            raise misuse(
                ValueError("'axes' must be an integer or have length 2."),
                fix="[[axes of a], [axes of b]]",
            )
        a_axes, b_axes = axes
        if isinstance(a_axes, (int, np.integer)) and isinstance(b_axes, (int, np.integer)):
            a_axes, b_axes = [a_axes], [b_axes]
        if not isinstance(a_axes, Tensor) and not isinstance(b_axes, Tensor):
            a_axes, b_axes = as_ints(a_axes, "axes"), as_ints(b_axes, "axes")
        if len(a_axes) != len(b_axes):
            counts = f"{len(a_axes)} != {len(b_axes)}"
            raise misuse(ValueError(f"Different number of contraction axes 'a' and 'b', {counts}."))
        return a_axes, b_axes
    axes = convert(axes, dtypes.int32, name="axes")
    return axes[0], axes[1]


def _as_matrix(t: Tensor, axes: Any, inner_first: bool) -> tuple[Tensor, Any, list[int | None] | None]:
    """Turn and reshape a tensor to a matrix: the axes to sum over on one side, the free ones on the other.

    Returns the matrix, the sizes of the free axes (list or tensor), and what is known of them while building.
    """
    from flowlab._src.ops.transposing import transpose

    dims = t._shape._dims
    listed = isinstance(axes, (list, tuple))
    if dims is not None and listed and any(not -len(dims) <= i < len(dims) for i in axes):
        raise misuse(ValueError(f"'axes' must name dimensions of tensor {t}, got {list(axes)}."))
    if dims is not None and None not in dims and listed:
        axes = [i if i >= 0 else i + len(dims) for i in axes]
        free = [i for i in range(len(dims)) if i not in axes]
        order = axes + free if inner_first else free + axes
        free_dims = [dims[i] for i in free]
        outer, inner = _count(free_dims), _count([dims[i] for i in axes])
        matrix_shape = [inner, outer] if inner_first else [outer, inner]
        if order != list(range(len(dims))):
            t = transpose(t, order)
        if t.shape.as_list() != matrix_shape:
            t = reshape(t, matrix_shape)
        return t, free_dims, free_dims
    static = None
    if dims is not None and listed:
        positive = [i if i >= 0 else i + len(dims) for i in axes]
        others = [i for i in range(len(dims)) if i not in positive]
        static = [dims[i] for i in others]
        axes = convert(positive, dtypes.int32, name="axes")
        free = convert(others, dtypes.int32, name="free")
        sizes = raw.Shape(t)
    else:
        sizes, count = shape_of(t), rank(t)
        axes = convert(axes, dtypes.int32, name="axes")
        axes = raw.Select(axes >= 0, axes, axes + count)
        free, _ = raw.ListDiff(range_(count), axes)
    from flowlab._src.ops.joining import concat, stack

    free_sizes, axes_sizes = raw.GatherV2(sizes, free, 0), raw.GatherV2(sizes, axes, 0)
    outer_size, inner_size = reduce_prod(free_sizes), reduce_prod(axes_sizes)
    if inner_first:
        perm, matrix_sizes = concat([axes, free], 0), stack([inner_size, outer_size])
    else:
        perm, matrix_sizes = concat([free, axes], 0), stack([outer_size, inner_size])
    return reshape(transpose(t, perm), matrix_sizes), free_sizes, static


def _count(sizes: Sequence[Any]) -> int:
    return int(np.prod(sizes, dtype=np.int64))


# ---- trace and norm ------------------------------------------------------------------------------------------------


@export("trace", "linalg.trace")
def trace(x: Any, name: str | None = None) -> Tensor:
    """Add up the diagonal of a matrix, or of each matrix in a stack.

    Parameters
    ----------
    x : Tensor, shape (..., rows, columns)

    Returns
    -------
    Tensor, shape (...)

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     int(sess.run(tf.trace([[1, 2], [3, 4]])))
    5
    """
    with name_scope(name, "Trace", [x]) as name:
        x = convert(x, name="x")
        return reduce_sum(matrix_diag_part(x), [-1], name=name)


@export("norm", "linalg.norm")
def norm(
    tensor: Any,
    ord: Any = "euclidean",
    axis: Any = None,
    keepdims: bool | None = None,
    name: str | None = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """Return the length of vectors, or a norm of matrices.

    Parameters
    ----------
    tensor : Tensor, float or complex
    ord : {"euclidean", "fro", 1, 2, np.inf} or a positive number
        "euclidean": square root of the sum of squares. 1: sum of absolute values. np.inf: the largest of them.
        For matrices 1 and np.inf are the largest sum of a column and of a row.
    axis : int or pair of int, optional
        The axis of the vectors, or the two axes of the matrices; if not given, all elements are one vector.
    keepdims : bool, optional
        Keep the axes with size 1.

    Raises
    ------
    ValueError
        If `ord` or `axis` is not one of these.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     float(sess.run(tf.norm([3.0, 4.0]))), float(sess.run(tf.norm([3.0, -4.0], ord=1)))
    (5.0, 7.0)
    """
    keepdims = as_flag(old_argument("keepdims", keepdims, "keep_dims", keep_dims), "keepdims")
    if not isinstance(ord, (str, int, float, np.integer, np.floating)):
        raise misuse(
            ValueError(f"'ord' must be a supported norm: 'euclidean', np.inf or a positive number, got {ord!r}")
        )
    of_matrices = isinstance(axis, (tuple, list)) and len(axis) == 2
    if of_matrices:
        axis = tuple(axis)
        if not all(isinstance(a, int) for a in axis) or axis[0] == axis[1]:
            raise misuse(ValueError("'axis' must be None, an integer, or a tuple of 2 unique integers"))
        if ord not in ("euclidean", "fro", 1, 2, np.inf):
            supported = "['euclidean', 'fro', 1, 2, inf]"
            raise misuse(ValueError(f"'ord' must be a supported matrix norm in {supported}, got {ord}"))
    else:
        if not (isinstance(axis, int) or axis is None):
            raise misuse(ValueError("'axis' must be None, an integer, or a tuple of 2 unique integers"))
        if ord not in ("euclidean", 1, 2, np.inf) and (isinstance(ord, str) or not np.isreal(ord) or ord <= 0):
            raise misuse(
                ValueError(f"'ord' must be a supported vector norm, got {ord}"),
                fix="'euclidean', np.inf or a positive number",
            )
        if axis is not None:
            axis = (axis,)
    with name_scope(name, "norm", [tensor]):
        tensor = convert(tensor)
        if of_matrices and ord == 2:
            result = _largest_singular_value(tensor, axis)
        elif ord in ("fro", "euclidean", 2):
            result = raw.Sqrt(reduce_sum(tensor * conj(tensor), axis, keepdims=True))
        else:
            result = abs_(tensor)
            if ord == 1:
                result = reduce_sum(result, None if axis is None else axis[0], keepdims=True)
                if of_matrices:
                    result = reduce_max(result, axis[-1], keepdims=True)
            elif ord == np.inf:
                if of_matrices:
                    result = reduce_sum(result, axis[1], keepdims=True)
                result = reduce_max(result, None if axis is None else axis[0], keepdims=True)
            else:
                result = raw.Pow(reduce_sum(raw.Pow(result, ord), axis, keepdims=True), 1.0 / float(ord))
        return result if keepdims else squeeze(result, axis)


@export("linalg.normalize")
def normalize(tensor: Any, ord: Any = "euclidean", axis: Any = None, name: str | None = None) -> tuple[Tensor, Tensor]:
    """Divide a tensor by its norm; see `tf.norm` for the arguments.

    Returns
    -------
    normalized : Tensor of the shape of `tensor`
    norm : Tensor
        The norms, with the axes that were summed kept as 1.

    Examples
    --------
    >>> unit, length = tf.linalg.normalize([3.0, 4.0])
    >>> with tf.Session() as sess:
    ...     sess.run([unit, length])
    [array([0.6, 0.8], dtype=float32), array([5.], dtype=float32)]
    """
    from flowlab._src.ops.cast import cast

    with name_scope(name, "normalize", [tensor]) as name:
        tensor = convert(tensor)
        lengths = cast(norm(tensor, ord, axis, keepdims=True), tensor.dtype.base_dtype)
        return tensor / lengths, lengths


def _largest_singular_value(tensor: Tensor, axis: tuple[int, int]) -> Tensor:
    """The 2-norm of matrices, with both axes kept as 1."""
    from flowlab._src.ops.transposing import transpose

    ndims = tensor.shape.ndims
    if ndims is None:
        raise ValueError("the 2-norm of matrices needs a tensor of known rank")
    pair = [a % ndims for a in axis]
    order = [i for i in range(ndims) if i not in pair] + pair
    values = raw.Svd(transpose(tensor, order), compute_uv=False, full_matrices=False)[0]
    largest = reduce_max(abs_(values), -1, keepdims=True)
    back = [order.index(i) for i in range(ndims)]
    return transpose(expand_dims(largest, -1), back)

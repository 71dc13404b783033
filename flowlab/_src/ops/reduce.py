"""Sums, means, extremes and other reductions over axes of a tensor."""

from __future__ import annotations

import math
import weakref
from typing import Any, ClassVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError
from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_flag
from flowlab._src.graph.composite import Composite
from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.graph import Graph
from flowlab._src.graph.op import Array, Index, Number, Op, RealNumber, Spec, constant_value
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import UNKNOWN, TensorShape, unknown_shape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import reduction
from flowlab._src.kernels.elementwise import LEAST, bias_grad
from flowlab._src.kernels.small_forms import Total
from flowlab._src.ops.array_shape import rank, shape_of, size as size_of
from flowlab._src.ops.broadcast import Gradient
from flowlab._src.ops.cast import cast, conj
from flowlab._src.ops.constant import make_constant
from flowlab._src.ops.cumulative import cumprod
from flowlab._src.ops.division import truediv
from flowlab._src.ops.fill import ones, zeros, zeros_like
from flowlab._src.ops.misuse import misuse, old_argument
from flowlab._src.ops.reshaping import reshape
from flowlab._src.ops.sequences import range_
from flowlab._src.util import written
from flowlab._src.util.export import export


def axes_of(x: Any, reduction_indices: Any) -> tuple[int, ...]:
    """The axes to reduce, as NumPy takes them; checked in TensorFlow's words."""
    axes = reduction_indices.tolist()
    if isinstance(axes, int):
        axes = [axes]
    count = x.ndim
    for axis in axes:
        if not -count <= axis < count:
            message = f"Invalid reduction dimension ({axis} for input with {count} dimension(s)"
            raise InvalidArgumentError(None, None, message)
    if len(axes) > 1 and len({axis % count for axis in axes}) < len(axes):
        twice = next(a for i, a in enumerate(axes) if a % count in [b % count for b in axes[:i]])
        raise InvalidArgumentError(
            None, None, f"Invalid reduction arguments: Axes contains duplicate dimension: {twice}"
        )
    return tuple(axes)


class Reduction(Op, abstract=True):
    """One number instead of all those along some axes; these go, or stay with size 1 (`keep_dims`)."""

    same_if_same_shape = True
    apart = True
    keep_dims: bool = False
    reads_values = True
    preferred_dtypes: ClassVar[dict[str, DType]] = {"reduction_indices": dtypes.int32}

    def shape(self, input: Spec, reduction_indices: Spec) -> TensorShape:
        """The sizes of the axes that stay."""
        if reduction_indices.rank is not None and reduction_indices.rank > 1:
            raise ShapeError(f"Shape must be at most rank 1 but is rank {reduction_indices.rank}")
        dims, axes = input.dims, reduction_indices.value
        if dims is None:
            return UNKNOWN
        if axes is None:
            return unknown_shape(len(dims)) if self.keep_dims else UNKNOWN
        reduced = set()
        for axis in np.ravel(axes).tolist():
            if not -len(dims) <= axis < len(dims):
                raise ShapeError(f"Invalid reduction dimension {axis} for input with {len(dims)} dimensions.")
            reduced.add(axis % len(dims))
        if self.keep_dims:
            return TensorShape.of(tuple(1 if i in reduced else d for i, d in enumerate(dims)))
        return TensorShape.of(tuple(d for i, d in enumerate(dims) if i not in reduced))

    def explain_shapes(self, input: Tensor, reduction_indices: Tensor) -> tuple[str, str]:
        """Name the axes there are."""
        count = input.shape.ndims
        if not count:
            return (f"'{input.name}' is a single number: it has no axes", "")
        call = written.running()
        key = "axis" if call is None or "reduction_indices" not in call.parts else "reduction_indices"
        cure = call.changed(**{key: str(count - 1)}) if call is not None and call.function.startswith("reduce") else ""
        return f"the axes of '{input.name}' are numbered 0 to {count - 1}, or -{count} to -1 from the end", cure


def known_axes(input: Spec, reduction_indices: Spec) -> tuple[int, ...] | None:
    """The axes of a reduction of known sizes, all within range and different; else None."""
    dims, axes = input.dims, reduction_indices.value
    if dims is None or None in dims or axes is None:
        return None
    found = tuple(sorted({axis % len(dims) for axis in np.ravel(axes).tolist()})) if dims else ()
    return found if len(found) == np.size(axes) else None


class Sum(Reduction):
    """The sum over axes."""

    def small_form(self, node: Any, input: Spec, reduction_indices: Spec) -> Any:
        """A sum."""
        axes = known_axes(input, reduction_indices)
        return Total(axes) if axes else None

    def bound(self, node: Any, input: Spec, reduction_indices: Spec) -> Any:
        """The axes need not be checked again."""
        axes, reduce, keep = known_axes(input, reduction_indices), np.add.reduce, self.keep_dims
        dtype = input.dtype.as_numpy_dtype
        if axes is None or math.prod(input.dims) >= reduction.LEAST:  # type: ignore[arg-type]  # no None
            return None
        return lambda x, _: reduce(x, axes, dtype, None, keep)

    def kernel(self, input: Array[Number], reduction_indices: Array[Index]) -> Array[Number]:
        axes = axes_of(input, reduction_indices)
        if input.size >= LEAST and input.dtype.kind == "f" and axes == tuple(range(input.ndim - 1)):
            total = bias_grad(input)  # what is left is the last axis: the compiled loop adds up whole rows
            return total.reshape((1,) * len(axes) + total.shape) if self.keep_dims else total
        return reduction.add_up(input, axes, self.keep_dims)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """Every element that was added gets the gradient of its sum."""
        return spread(node, dy), None


def spread(node: Any, dy: Gradient) -> Tensor:
    """Repeat the gradient of a reduction along the axes that were reduced."""
    x, axes = node.inputs
    dims, known_axes = x._shape._dims, constant_value(axes)
    if dims is not None and known_axes is not None:
        if np.array_equal(known_axes, np.arange(len(dims))):  # all axes, in order
            dy = raw.Reshape(dy, [1] * len(dims))
            return raw.Tile(dy, make_constant(np.array(dims, np.int32)) if None not in dims else shape_of(x))
        if None not in dims:
            kept = kept_shape(dims, known_axes)
            multiples = repeats(dims, kept)
            return raw.Tile(raw.Reshape(dy, kept), multiples)
    x_shape = shape_of(x)
    if not node.definition.keep_dims:
        dy = raw.Reshape(dy, kept_shape(x_shape, axes))
    return raw.BroadcastTo(dy, x_shape)


# For each graph the (sizes, kept sizes) whose quotients have been worked out.
_divided: weakref.WeakKeyDictionary[Graph, set[Any]] = weakref.WeakKeyDictionary()


def repeats(dims: Any, kept: np.ndarray) -> list[int]:
    """How often a reduced tensor is to be repeated along each axis.

    TensorFlow lets nodes compute this, evaluates them while building and uses the result. They stay in the graph, once
    for each pair of shapes, and nobody reads them; they are made here as well, so that the graphs are the same.
    """
    graph = get_default_graph()
    done = _divided.setdefault(graph, set())
    if (key := (dims, tuple(kept.tolist()))) not in done:
        done.add(key)
        raw.FloorDiv(list(dims), raw.Maximum(kept, 1), name="floordiv")
    return [d // max(k, 1) for d, k in zip(dims, kept.tolist(), strict=True)]


def known(value: Any) -> Any:
    """The value of a tensor if it is known while building; anything else is known."""
    return constant_value(value) if isinstance(value, Tensor) else value


def kept_shape(x_shape: Any, axes: Any) -> Any:
    """The shape of a reduction's result with the reduced axes kept as 1: an array, or nodes that compute it."""
    sizes, known_axes = known(x_shape), known(axes)
    if sizes is not None and known_axes is not None:
        sizes = np.array(sizes, np.int32)
        sizes[known_axes] = 1
        return sizes
    count = size_of(x_shape, out_type=axes.dtype.base_dtype)
    axes = (axes + count) % count
    axes_shape = shape_of(axes)
    return raw.DynamicStitch([range_(count), axes], [x_shape, ones(axes_shape, x_shape.dtype.base_dtype)])


class Mean(Reduction):
    """The mean over axes."""

    def small_form(self, node: Any, input: Spec, reduction_indices: Spec) -> Any:
        """A sum, divided."""
        axes = known_axes(input, reduction_indices)
        return Total(axes, mean=True) if axes else None

    def bound(self, node: Any, input: Spec, reduction_indices: Spec) -> Any:
        """Sum and count are known; the quotient of single numbers needs no NumPy function."""
        axes, reduce, keep = known_axes(input, reduction_indices), np.add.reduce, self.keep_dims
        dtype = input.dtype.base_dtype
        if axes is None or dtype not in (dtypes.float32, dtypes.float64):
            return None
        if math.prod(input.dims) >= reduction.LEAST:  # type: ignore[arg-type]  # no None
            return None
        kind = dtype.as_numpy_dtype
        count = kind(math.prod([input.dims[axis] for axis in axes]))  # type: ignore[index,misc]  # known
        return lambda x, _: reduce(x, axes, kind, None, keep) / count

    def kernel(self, input: Array[Number], reduction_indices: Array[Index]) -> Array[Number]:
        axes = axes_of(input, reduction_indices)
        total = reduction.add_up(input, axes, self.keep_dims)
        count = 1
        for axis in axes:
            count *= input.shape[axis]
        if input.dtype.kind in "iu":
            return np.trunc(np.divide(total, count)).astype(input.dtype) if count else np.zeros_like(total)
        return np.divide(total, count)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """As for a sum, divided by the number of elements that were averaged."""
        x, y = node.inputs[0], node.outputs[0]
        dx = spread(node, dy)
        before, after = x._shape.num_elements(), y._shape.num_elements()
        if before is not None and after is not None:
            count = make_constant(before // max(after, 1), dx.dtype.base_dtype)
        else:
            x_shape = shape_of(x)
            ndims = size_of(x_shape)
            axes = (cast(node.inputs[1], ndims.dtype) + ndims) % ndims
            count = reduce_prod(raw.GatherV2(x_shape, axes, 0))
        return truediv(dx, cast(count, dx.dtype)), None


class Prod(Reduction):
    """The product over axes."""

    def kernel(self, input: Array[Number], reduction_indices: Array[Index]) -> Array[Number]:
        return reduction.product(input, axes_of(input, reduction_indices), self.keep_dims)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """For each factor the product of all others: those before it times those after it, so that zeros do no harm."""
        from flowlab._src.ops.joining import concat
        from flowlab._src.ops.transposing import transpose

        x, axes = node.inputs
        x_shape = shape_of(x)
        flat_axes = reshape(axes, [-1])
        if not self.keep_dims:
            dy = raw.Reshape(dy, kept_shape(x_shape, axes))
        dy = raw.BroadcastTo(dy, x_shape)
        # Bring the reduced axes to the front and make them one.
        ndims = rank(x)
        reduced = (cast(flat_axes, ndims.dtype) + ndims) % ndims
        other, _ = raw.ListDiff(range_(0, ndims), reduced)
        order = concat([reduced, other], 0)
        reduced_size = reduce_prod(raw.GatherV2(x_shape, reduced, 0))
        other_size = reduce_prod(raw.GatherV2(x_shape, other, 0))
        turned = transpose(x, order)
        turned_shape = shape_of(turned)
        table = raw.Reshape(turned, [reduced_size, other_size])
        before = cumprod(table, axis=0, exclusive=True)
        after = cumprod(table, axis=0, exclusive=True, reverse=True)
        others = raw.Reshape(conj(before) * conj(after), turned_shape)
        dx = dy * transpose(others, raw.InvertPermutation(order))
        return raw.Reshape(dx, x_shape), None


class Max(Reduction):
    """The largest element over axes; of nothing, the lowest number of the type."""

    def kernel(self, input: Array[RealNumber], reduction_indices: Array[Index]) -> Array[RealNumber]:
        axes = axes_of(input, reduction_indices)
        if input.size == 0:
            return np.maximum.reduce(input, axes, None, None, self.keep_dims, lowest(input.dtype))
        return reduction.largest(input, axes, self.keep_dims)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """The elements equal to the largest share the gradient."""
        return share_among_equal(node, dy), None


class Min(Reduction):
    """The smallest element over axes; of nothing, the highest number of the type."""

    def kernel(self, input: Array[RealNumber], reduction_indices: Array[Index]) -> Array[RealNumber]:
        axes = axes_of(input, reduction_indices)
        if input.size == 0:
            return np.minimum.reduce(input, axes, None, None, self.keep_dims, highest(input.dtype))
        return reduction.smallest(input, axes, self.keep_dims)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """The elements equal to the smallest share the gradient."""
        return share_among_equal(node, dy), None


def lowest(dtype: np.dtype) -> Any:
    """-inf, or the lowest integer."""
    return dtype.type(-np.inf) if dtype.kind == "f" else np.iinfo(dtype).min


def highest(dtype: np.dtype) -> Any:
    """inf, or the highest integer."""
    return dtype.type(np.inf) if dtype.kind == "f" else np.iinfo(dtype).max


def share_among_equal(node: Any, dy: Gradient) -> Tensor:
    """The gradient of an extreme: divided equally among the elements that reach it."""
    x, axes = node.inputs
    x_shape = shape_of(x)
    y = node.outputs[0]
    if node.definition.keep_dims:
        kept = shape_of(y)
    else:
        kept = kept_shape(x_shape, axes)
        y, dy = raw.Reshape(y, kept), raw.Reshape(dy, kept)
    reaches = cast(raw.Equal(y, x), dy.dtype)
    count = raw.Reshape(raw.Sum(reaches, axes), kept)
    return reaches / count * dy


class All(Reduction):
    """Whether all elements over axes are true; of nothing, true."""

    grad = None

    def kernel(self, input: Array[np.bool_], reduction_indices: Array[Index]) -> Array[np.bool_]:
        return np.logical_and.reduce(input, axes_of(input, reduction_indices), None, None, self.keep_dims)


class Any_(Reduction):
    """Whether any element over axes is true; of nothing, false."""

    type = "Any"
    grad = None

    def kernel(self, input: Array[np.bool_], reduction_indices: Array[Index]) -> Array[np.bool_]:
        return np.logical_or.reduce(input, axes_of(input, reduction_indices), None, None, self.keep_dims)


class EuclideanNorm(Reduction):
    """The square root of the sum of squares over axes."""

    same_if_same_shape = False  # it has no sign

    def kernel(self, input: Array[Number], reduction_indices: Array[Index]) -> Array[Number]:
        squares = np.multiply(np.conjugate(input), input)
        total = np.add.reduce(squares, axes_of(input, reduction_indices), input.dtype, None, self.keep_dims)
        return np.sqrt(total).astype(input.dtype, copy=False)

    def grad(self, node: Any, dy: Gradient) -> Any:
        """dy x / norm."""
        x, axes = node.inputs
        y = node.outputs[0]
        if not self.keep_dims:
            kept = kept_shape(shape_of(x), axes)
            y, dy = raw.Reshape(y, kept), raw.Reshape(dy, kept)
        return truediv(x, y / dy), None


# ---- public functions ----------------------------------------------------------------------------------------------


def default_axes(x: Any, axis: Any) -> Any:
    """The axes asked for, or all of them."""
    if axis is not None:
        return axis
    known = getattr(getattr(x, "shape", None), "rank", None)
    if known:
        return make_constant(np.arange(known, dtype=np.int32))
    return range_(0, rank(x))


def reduce(
    op: type[Reduction],
    x: Any,
    axis: Any,
    keepdims: Any,
    name: str | None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
) -> Tensor:
    """Add the node of a reduction; the last two are `axis` and `keepdims` under their older names."""
    axis = old_argument("axis", axis, "reduction_indices", reduction_indices)
    keep = as_flag(old_argument("keepdims", keepdims, "keep_dims", keep_dims), "keep_dims")
    if isinstance(x, Composite):
        total: Tensor = x._call("reduce", op.type, x, axis, keep, name)
        return total
    result: Tensor = op(keep_dims=keep)(x, default_axes(x, axis), name=name)
    if axis is None and not keep and not result._shape.is_fully_defined():
        result.set_shape(())
    return result


@export("reduce_sum", "math.reduce_sum")
def reduce_sum(
    input_tensor: Any,
    axis: Any = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """Add up the elements of a tensor along axes.

    Parameters
    ----------
    input_tensor : Tensor, numeric
    axis : int, list of int or Tensor, optional
        The axes to sum over, negative ones counted from the end; all, if not given.
    keepdims : bool, optional
        Keep the axes with size 1.
    name : str, optional
    reduction_indices, keep_dims : optional
        Older names of `axis` and `keepdims`.

    Returns
    -------
    Tensor
        Without the axes, or with size 1 there. The sum of nothing is 0.

    Raises
    ------
    ValueError
        If there is no such axis, or an argument is given under both its names.

    Examples
    --------
    >>> x = tf.constant([[1, 1, 1], [1, 1, 1]])
    >>> with tf.Session() as sess:
    ...     int(sess.run(tf.reduce_sum(x))), sess.run(tf.reduce_sum(x, 0)), sess.run(tf.reduce_sum(x, 1, keepdims=True))
    (6, array([2, 2, 2], dtype=int32), array([[3],
           [3]], dtype=int32))
    """
    return reduce(Sum, input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


@export("reduce_mean", "math.reduce_mean")
def reduce_mean(
    input_tensor: Any,
    axis: Any = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """Average the elements of a tensor along axes.

    The arguments are those of `tf.reduce_sum`. The type stays: the mean of integers is an integer, without its
    fraction.

    Examples
    --------
    >>> x = tf.constant([[1.0, 1.0], [2.0, 2.0]])
    >>> with tf.Session() as sess:
    ...     float(sess.run(tf.reduce_mean(x))), sess.run(tf.reduce_mean(x, 1))
    (1.5, array([1., 2.], dtype=float32))
    """
    return reduce(Mean, input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


@export("reduce_prod", "math.reduce_prod")
def reduce_prod(
    input_tensor: Any,
    axis: Any = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """Multiply the elements of a tensor along axes. The arguments are those of `tf.reduce_sum`.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     int(sess.run(tf.reduce_prod([2, 3, 4])))
    24
    """
    return reduce(Prod, input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


@export("reduce_max", "math.reduce_max")
def reduce_max(
    input_tensor: Any,
    axis: Any = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """Take the largest element along axes. The arguments are those of `tf.reduce_sum`.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.reduce_max([[1, 5], [7, 2]], axis=1))
    array([5, 7], dtype=int32)
    """
    return reduce(Max, input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


@export("reduce_min", "math.reduce_min")
def reduce_min(
    input_tensor: Any,
    axis: Any = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """Take the smallest element along axes. The arguments are those of `tf.reduce_sum`.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.reduce_min([[1, 5], [7, 2]], axis=0))
    array([1, 2], dtype=int32)
    """
    return reduce(Min, input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


@export("reduce_all", "math.reduce_all")
def reduce_all(
    input_tensor: Any,
    axis: Any = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """Tell whether all elements along axes are true. The arguments are those of `tf.reduce_sum`.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.reduce_all([[True, True], [True, False]], axis=1))
    array([ True, False])
    """
    return reduce(All, input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


@export("reduce_any", "math.reduce_any")
def reduce_any(
    input_tensor: Any,
    axis: Any = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """Tell whether any element along axes is true. The arguments are those of `tf.reduce_sum`.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.reduce_any([[False, False], [True, False]], axis=1))
    array([False,  True])
    """
    return reduce(Any_, input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


@export("reduce_logsumexp", "math.reduce_logsumexp")
def reduce_logsumexp(
    input_tensor: Any,
    axis: Any = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """Return log(sum(exp(x))) along axes, without overflow: the largest element is taken out first.

    The arguments are those of `tf.reduce_sum`.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     round(float(sess.run(tf.reduce_logsumexp([1000.0, 1000.0]))), 3)
    1000.693
    """
    axis = old_argument("axis", axis, "reduction_indices", reduction_indices)
    keepdims = as_flag(old_argument("keepdims", keepdims, "keep_dims", keep_dims), "keep_dims")
    with name_scope(name, "ReduceLogSumExp", [input_tensor]):
        x = convert(input_tensor)
        largest = reduce_max(x, axis=axis, keepdims=True)
        # Without the largest if it is infinite: inf - inf would be nan.
        largest = raw.StopGradient(raw.Select(raw.IsFinite(largest), largest, zeros_like(largest)))
        result = raw.Log(reduce_sum(raw.Exp(x - largest), axis=axis, keepdims=keepdims))
        if not keepdims:
            largest = raw.Reshape(largest, shape_of(result))
        result = raw.Add(result, largest)
        if axis is None and not keepdims and not result._shape.is_fully_defined():
            result.set_shape(())
        return result


@export("math.reduce_euclidean_norm")
def reduce_euclidean_norm(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """Return the square root of the sum of squares along axes.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     float(sess.run(tf.math.reduce_euclidean_norm([3.0, 4.0])))
    5.0
    """
    return reduce(EuclideanNorm, input_tensor, axis, keepdims, name)


@export("math.reduce_variance")
def reduce_variance(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Tensor:
    """Return the mean squared distance from the mean along axes.

    Raises
    ------
    TypeError
        If the tensor holds integers.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     float(sess.run(tf.math.reduce_variance([1.0, 3.0])))
    1.0
    """
    with name_scope(name, "reduce_variance"):
        x = convert(input_tensor)
        means = reduce_mean(x, axis=axis, keepdims=True)
        if means.dtype.is_integer:
            raise misuse(TypeError("Input must be either real or complex"), fix="tf.cast(t, tf.float32)")
        difference = x - means
        if difference.dtype.is_complex:
            from flowlab._src.ops.cast import real

            squares = real(raw.Mul(raw.Conj(difference), difference))
        else:
            squares = raw.Square(difference)
        return reduce_mean(squares, axis=axis, keepdims=keepdims)


@export("math.reduce_std")
def reduce_std(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Tensor:
    """Return the standard deviation along axes: the square root of `tf.math.reduce_variance`.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     float(sess.run(tf.math.reduce_std([1.0, 3.0])))
    1.0
    """
    with name_scope(name, "reduce_std"):
        return raw.Sqrt(reduce_variance(convert(input_tensor), axis=axis, keepdims=keepdims))


@export("count_nonzero", "math.count_nonzero")
def count_nonzero(
    input_tensor: Any = None,
    axis: Any = None,
    keepdims: bool | None = None,
    dtype: Any = dtypes.int64,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: bool | None = None,
    input: Any = None,
) -> Tensor:
    """Count the elements that are not zero along axes.

    The arguments are those of `tf.reduce_sum`, and `dtype`, the type of the result.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.count_nonzero([[0, 1, 0], [1, 1, 0]], axis=1))
    array([1, 2])
    """
    keepdims = old_argument("keepdims", keepdims, "keep_dims", keep_dims)
    input_tensor = old_argument("input_tensor", input_tensor, "input", input)
    axis = old_argument("axis", axis, "reduction_indices", reduction_indices)
    with name_scope(name, "count_nonzero", [input_tensor]):
        x = convert(input_tensor, name="input")
        differs = x if x.dtype.is_bool else raw.NotEqual(x, zeros([], x.dtype.base_dtype))
        return cast(reduce_sum(cast(differs, dtypes.int64), axis=axis, keepdims=keepdims), dtype)

"""The same elements in the same order in another shape: reshaped, or with axes of size 1 put in or taken out."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from flowlab._src.autodiff.slices import IndexedSlices
from flowlab._src.errors import InvalidArgumentError, ShapeError
from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_axes
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.op import Array, Index, Op, Spec, T, constant_value
from flowlab._src.graph.registry import raw
from flowlab._src.graph.shape import UNKNOWN, TensorShape, format_dims
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import copying
from flowlab._src.kernels.small_forms import Same
from flowlab._src.ops.array_shape import shape
from flowlab._src.ops.misuse import misuse, old_argument
from flowlab._src.util import written
from flowlab._src.util.export import export


class Reshape(Op):
    """The same elements in the same order, cut into other axes."""

    same_if_same_shape = True
    preferred_dtypes: ClassVar[dict[str, DType]] = {"shape": dtypes.int32}

    def small_form(self, node: Any, tensor: Spec, shape: Spec) -> Any:
        """The same numbers."""
        return Same()

    def bound(self, node: Any, tensor: Spec, shape: Spec) -> Any:
        """The sizes are known."""
        dims, wanted = tensor.dims, self.shape(tensor, shape)._dims
        if not dims or wanted is None or None in (*dims, *wanted) or shape.value is None:
            return None
        if math.prod(dims) != math.prod(wanted):  # type: ignore[arg-type]  # no None
            return None
        if math.prod(wanted) >= copying.LEAST:  # type: ignore[arg-type]  # no None
            return lambda x, _: copying.reshaped(x, wanted)  # type: ignore[arg-type]
        return lambda x, _: x.reshape(wanted)

    def kernel(self, tensor: Array[T], shape: Array[Index]) -> Array[T]:
        tensor = np.asarray(tensor)
        sizes = np.asarray(shape).tolist()
        if not isinstance(sizes, list):
            raise InvalidArgumentError(None, None, "sizes input must be 1-D, not []")
        if sizes.count(-1) > 1:
            first = sizes.index(-1)
            raise InvalidArgumentError(
                None, None, f"Only one input size may be -1, not both {first} and {sizes.index(-1, first + 1)}"
            )
        for axis, count in enumerate(sizes):
            if count < -1:
                raise InvalidArgumentError(None, None, f"Size {axis} must be non-negative, not {count}")
        if -1 in sizes:
            # Where a size of 0 is asked for, it stands for the empty axes: -1 is worked out from the other sizes.
            keep_zeros = 0 not in sizes
            count = _product(d for d in tensor.shape if d or keep_zeros)
            known = _product(d for d in sizes if d != -1 and (d or keep_zeros))
            if tensor.size and count % known:
                error = InvalidArgumentError(
                    None, None, f"Input to reshape is a tensor with {count} values, but the requested shape requires a "
                    f"multiple of {known}",
                )  # fmt: skip
                error.why, error.fix = explain_sizes(count, known)
                raise error
            sizes[sizes.index(-1)] = count // known
        if _product(sizes) != tensor.size:
            error = InvalidArgumentError(
                None,
                None,
                f"Input to reshape is a tensor with {tensor.size} values, but the requested shape has {_product(sizes)}",
            )
            if tensor.size < 10**9:
                error.why, error.fix = explain_sizes(tensor.size, _product(sizes))
            raise error
        return copying.reshaped(tensor, sizes)

    def shape(self, tensor: Spec, shape: Spec) -> TensorShape:
        shape.ranked(1)
        wanted = shape.as_shape
        if wanted._dims is None or tensor.dims is None:
            return wanted
        mine, asked = _known_product(tensor.dims), _known_product(wanted._dims)
        unknown, open_axes = wanted._dims.count(None), tensor.dims.count(None)
        if not unknown and not open_axes:
            if mine != asked:
                raise ShapeError(
                    f"Cannot reshape a tensor with {mine} elements to shape {format_dims(wanted._dims)} ({asked} elements)"
                )
        elif unknown == 1 and not open_axes and asked:
            dims = list(wanted._dims)
            dims[dims.index(None)] = _divide(mine, asked)
            return TensorShape.of(tuple(dims))
        elif open_axes == 1 and not unknown and mine and asked:
            _divide(asked, mine)
        return wanted

    def grad(self, node: Any, dy: Any) -> Any:
        """Give the gradient the shape of the input again."""
        x = node.inputs[0]
        dims = x.shape._dims
        if dims is not None and dims.count(None) == 1 and 0 not in dims:
            return [Reshape()(dense(dy), [-1 if d is None else d for d in dims]), None]
        return [reshape_like(dy, x), None]

    def explain_shapes(self, tensor: Tensor, shape: Tensor) -> tuple[str, str]:
        count = tensor.shape.num_elements()
        asked = constant_value(shape)
        known = _product(size for size in asked.tolist() if size > 0) if asked is not None and asked.ndim else 0
        return explain_sizes(count, known, written.running("reshape")) if count else ("", "")


def explain_sizes(count: int, wanted: int = 0, call: written.Written | None = None) -> tuple[str, str]:
    """Why so many values do not take a shape, and one that they do take: rows of nearly the size that was asked for."""
    rows = (
        [(size, count // size) for size in range(1, math.isqrt(count) + 1) if count % size == 0]
        if count < 10**9
        else []
    )
    divisors = sorted({size for pair in rows for size in pair})
    near = min(divisors, key=lambda size: abs(size - wanted)) if divisors and wanted else count
    mine = (call.argument("tensor") if call is not None else "") or "t"
    told = f": {count} / {wanted} = {count / wanted:.4g}" if wanted else ""
    fix = f"[-1, {near}]"
    return (
        f"reshaping keeps every value, and {count} values do not fill the new shape{told}",
        ((call.changed(shape=fix) if call is not None else "") or f"tf.reshape({mine}, {fix})")
        + f"  # {count // max(near, 1)} of {near}",
    )


def _known_product(dims: Any) -> int:
    return _product(d for d in dims if d is not None)


def _divide(count: int, parts: int) -> int:
    if count % parts:
        raise ShapeError(f"Dimension size must be evenly divisible by {parts} but is {count}")
    return count // parts


def _product(sizes: Any) -> int:
    result = 1
    for d in sizes:
        result *= int(d)
    return result


def dense(dy: Any) -> Tensor:
    """A gradient as one tensor: IndexedSlices are spread over zeros."""
    if not isinstance(dy, IndexedSlices):
        return dy
    if dy.dense_shape is None:
        raise ValueError(f"Tensor conversion requested for IndexedSlices without dense_shape: {dy}")
    return raw.UnsortedSegmentSum(dy.values, dy.indices, dy.dense_shape[0])


def reshape_like(dy: Any, x: Tensor) -> Tensor:
    """Give `dy` the shape of `x`."""
    dy = dense(dy)
    return Reshape()(dy, shape(x))


@export("reshape", "manip.reshape")
def reshape(tensor: Any, shape: Any, name: str | None = None) -> Tensor:
    """Return the elements of a tensor, in the same order, in another shape.

    Parameters
    ----------
    tensor : Tensor
    shape : list of int, or Tensor of int32 or int64
        The new sizes; one of them may be -1 and is worked out from the number of elements.
    name : str, optional

    Returns
    -------
    Tensor
        Same dtype and number of elements.

    Raises
    ------
    ValueError
        If the numbers of elements differ and both are known while building.
    InvalidArgumentError
        If they turn out to differ at run time.

    Examples
    --------
    >>> images = tf.placeholder(tf.float32, [None, 28, 28])
    >>> tf.reshape(images, [-1, 784]).shape.as_list()
    [None, 784]
    """
    return Reshape()(tensor, shape, name=name)


class ExpandDims(Op):
    """The input with one more axis of size 1."""

    preferred_dtypes: ClassVar[dict[str, DType]] = {"dim": dtypes.int32}

    def small_form(self, node: Any, input: Spec, dim: Spec) -> Any:
        """The same numbers."""
        return Same()

    def bound(self, node: Any, input: Spec, dim: Spec) -> Any:
        """The sizes are known."""
        wanted = self.shape(input, dim)._dims
        if not input.dims or wanted is None or None in wanted:
            return None
        return lambda x, _: x.reshape(wanted)

    def kernel(self, input: Array[T], dim: Array[Index]) -> Array[T]:
        input = np.asarray(input)
        axis = int(np.asarray(dim).reshape(-1)[0]) if np.size(dim) == 1 else None
        if axis is None:
            raise InvalidArgumentError(None, None, "'dim' must be a tensor with a single value")
        if not -1 - input.ndim <= axis <= input.ndim:
            raise InvalidArgumentError(
                None, None, f"Tried to expand dim index {axis} for tensor with {input.ndim} dimensions."
            )
        return np.expand_dims(input, axis)

    def shape(self, input: Spec, dim: Spec) -> TensorShape:
        if input.dims is None:
            return UNKNOWN
        value = dim.value
        if value is None:
            return UNKNOWN
        if np.size(value) != 1:
            raise ShapeError("'dim' input must be a tensor with a single value")
        axis, rank = int(np.asarray(value).reshape(-1)[0]), len(input.dims)
        if not -1 - rank <= axis <= rank:
            raise ShapeError(f"dim {axis} not in the interval [{-1 - rank}, {rank}].")
        if axis < 0:
            axis += rank + 1
        return TensorShape.of((*input.dims[:axis], 1, *input.dims[axis:]))

    def grad(self, node: Any, dy: Any) -> Any:
        """Take the axis away again."""
        return [reshape_like(dy, node.inputs[0]), None]


@export("expand_dims")
def expand_dims(input: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Tensor:
    """Return a tensor with one more axis, of size 1.

    Parameters
    ----------
    input : Tensor
    axis : int or Tensor
        Where the new axis goes, from -rank - 1 to rank; -1 is behind the last one.
    name : str, optional
    dim : int
        Old name of `axis`.

    Raises
    ------
    ValueError
        If no axis is given, or one out of range.

    Examples
    --------
    >>> tf.expand_dims(tf.zeros([28, 28]), 0).shape.as_list()
    [1, 28, 28]
    """
    axis = old_argument("axis", axis, "dim", dim)
    if axis is None:
        raise misuse(
            ValueError("Must specify an axis argument to tf.expand_dims()"),
            fix="tf.expand_dims(t, 0) makes a batch of one; -1 puts the new axis last",
        )
    return ExpandDims()(input, axis, name=name)


class Squeeze(Op):
    """The input without its axes of size 1, or without those named."""

    same_if_same_shape = True
    squeeze_dims: tuple[int, ...] = ()

    def small_form(self, node: Any, input: Spec) -> Any:
        """The same numbers."""
        return Same()

    def kernel(self, input: Array[T]) -> Array[T]:
        input = np.asarray(input)
        if not self.squeeze_dims:
            return input.reshape([d for d in input.shape if d != 1])
        for axis in self.squeeze_dims:
            if not -input.ndim <= axis < input.ndim:
                raise InvalidArgumentError(
                    None, None, f"Tried to squeeze dim index {axis} for tensor with {input.ndim} dimensions."
                )
            if input.shape[axis] != 1:
                raise InvalidArgumentError(
                    None,
                    None,
                    f"Can not squeeze dim[{axis % input.ndim}], expected a dimension of 1, got {input.shape[axis]}",
                )
        gone = {axis % input.ndim for axis in self.squeeze_dims}
        return input.reshape([d for i, d in enumerate(input.shape) if i not in gone])

    def shape(self, input: Spec) -> TensorShape:
        if input.dims is None:
            return UNKNOWN
        rank = len(input.dims)
        if not self.squeeze_dims:
            # Whether an axis of unknown size goes is not known, so neither is the rank.
            return UNKNOWN if None in input.dims else TensorShape.of(tuple(d for d in input.dims if d != 1))
        gone = set()
        for axis in self.squeeze_dims:
            if not -rank <= axis < rank:
                raise ShapeError(f"squeeze_dims[{self.squeeze_dims.index(axis)}] not in [{-rank},{rank}).")
            gone.add(axis % rank)
        for axis in sorted(gone):
            if input.dims[axis] not in (None, 1):
                raise ShapeError(f"Can not squeeze dim[{axis}], expected a dimension of 1, got {input.dims[axis]}")
        return TensorShape.of(tuple(d for i, d in enumerate(input.dims) if i not in gone))

    def grad(self, node: Any, dy: Any) -> Any:
        """Put the axes of size 1 back."""
        return reshape_like(dy, node.inputs[0])


@export("squeeze")
def squeeze(input: Any, axis: Any = None, name: str | None = None, squeeze_dims: Any = None) -> Tensor:
    """Return a tensor without its axes of size 1.

    Parameters
    ----------
    input : Tensor
    axis : int or list of int, optional
        Only these axes; each must have size 1. Without it all of size 1 go.
    name : str, optional
    squeeze_dims : int or list of int
        Old name of `axis`.

    Raises
    ------
    ValueError, InvalidArgumentError
        If an axis named is not of size 1.

    Examples
    --------
    >>> t = tf.zeros([1, 2, 1, 3, 1])
    >>> tf.squeeze(t).shape.as_list(), tf.squeeze(t, [2, 4]).shape.as_list()
    ([2, 3], [1, 2, 3])
    """
    axis = old_argument("axis", axis, "squeeze_dims", squeeze_dims)
    return Squeeze(squeeze_dims=() if axis is None else tuple(as_axes(axis, "axis")))(input, name=name)

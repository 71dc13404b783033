"""Tensors made larger: padded with constants or mirror images, repeated by tiling."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from flowlab._src.autodiff.slices import IndexedSlices
from flowlab._src.errors import InvalidArgumentError, ShapeError
from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_text
from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.op import Array, Index, Op, Spec, T, constant_value
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import UNKNOWN, TensorShape, format_dims, require_rank
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels.memory import require_memory
from flowlab._src.ops.array_shape import rank, shape, size
from flowlab._src.ops.joining import concat, stack
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.reshaping import reshape
from flowlab._src.ops.transposing import transpose
from flowlab._src.util.export import export


class Padding(Op, abstract=True):
    """What the ways of padding have in common: a table with two numbers for each axis, before and behind."""

    preferred_dtypes: ClassVar[dict[str, DType]] = {"paddings": dtypes.int32}

    def grad(self, node: Any, dy: Tensor) -> Any:
        """Cut the padding off again."""
        x, paddings = node.inputs[:2]
        before = raw.Slice(paddings, [0, 0], stack([rank(x), 1]))
        begin = reshape(before, [-1])
        return [raw.Slice(dy, begin, shape(x, out_type=begin.dtype)), *[None] * (len(node.inputs) - 1)]


class Pad(Padding):
    """The input with zeros around it."""

    same_if_same_shape = True
    apart = True

    def bound(self, node: Any, input: Spec, paddings: Spec) -> Any:
        """How much goes where is known."""
        wanted, kind, zeros = self.shape(input, paddings)._dims, input.dtype.base_dtype, np.zeros
        if paddings.value is None or not input.dims or wanted is None or None in (*input.dims, *wanted):
            return None
        if kind.as_numpy_dtype is object or (paddings.value < 0).any():
            return None
        dtype, starts = kind.as_numpy_dtype, paddings.value[:, 0].tolist()
        place = tuple([slice(b, b + n) for b, n in zip(starts, input.dims, strict=True)])

        def pad(x: Any, _: Any) -> Any:
            result = zeros(wanted, dtype)
            result[place] = x
            return result

        return pad

    def kernel(self, input: Array[T], paddings: Array[Index]) -> Array[T]:
        input = np.asarray(input)
        return _pad_constant(input, paddings, b"" if input.dtype.hasobject else input.dtype.type(0))

    def shape(self, input: Spec, paddings: Spec) -> TensorShape:
        return padded_shape(input, paddings)


class PadV2(Padding):
    """The input with a constant value around it."""

    same_if_same_shape = True

    def kernel(self, input: Array[T], paddings: Array[Index], constant_values: Array[T]) -> Array[T]:
        return _pad_constant(np.asarray(input), paddings, np.asarray(constant_values)[()])

    def shape(self, input: Spec, paddings: Spec, constant_values: Spec) -> TensorShape:
        constant_values.ranked(0)
        return padded_shape(input, paddings)


def _pad_constant(input: np.ndarray, paddings: Any, value: Any) -> np.ndarray:
    table = _check_paddings(input, paddings).tolist()  # plain numbers: an array of few is slower than its parts
    for before, behind in table:
        if before < 0 or behind < 0:
            raise InvalidArgumentError(None, None, f"Paddings must be non-negative: {before} {behind}")
    sizes = [n + before + behind for n, (before, behind) in zip(input.shape, table, strict=True)]
    require_memory(sizes, input.dtype)
    result = np.empty(sizes, input.dtype)
    result.fill(value)
    result[tuple([slice(before, before + n) for n, (before, _) in zip(input.shape, table, strict=True)])] = input
    return result


def _check_paddings(input: np.ndarray, paddings: Any) -> np.ndarray:
    table = np.asarray(paddings)
    if table.ndim != 2 or table.shape[1] != 2:
        raise InvalidArgumentError(None, None, f"paddings must be a matrix with 2 columns: {format_dims(table.shape)}")
    if table.shape[0] != input.ndim:
        raise InvalidArgumentError(
            None, None, "The first dimension of paddings must be the rank of inputs"
            f"{format_dims(table.shape)} {format_dims(input.shape)}",
        )  # fmt: skip
    return table


def padded_shape(input: Spec, paddings: Spec) -> TensorShape:
    """The sizes plus what is added before and behind."""
    rows, columns = paddings.ranked(2)
    if columns not in (None, 2):
        raise ShapeError(f"Dimension must be 2 but is {columns}")
    if input.dims is not None and rows is not None and rows != len(input.dims):
        raise ShapeError(f"Shape must be rank {rows} but is rank {len(input.dims)}")
    table = paddings.value
    if table is None:
        count = rows if input.dims is None else len(input.dims)
        return UNKNOWN if count is None else TensorShape.of((None,) * count)
    dims = input.dims or (None,) * len(table)
    if (table < 0).any():
        raise ShapeError("Paddings must be non-negative")
    return TensorShape.of(
        tuple(None if n is None else n + int(b) + int(e) for n, (b, e) in zip(dims, table, strict=True))
    )


class MirrorPad(Padding):
    """The input continued by its mirror image; SYMMETRIC repeats the elements at the border, REFLECT does not."""

    mode: str

    def kernel(self, input: Array[T], paddings: Array[Index]) -> Array[T]:
        input = np.asarray(input)
        table = _check_paddings(input, paddings)
        if (table < 0).any():
            before, behind = table[(table < 0).any(axis=1)][0]
            raise InvalidArgumentError(None, None, f"paddings must be non-negative: {before} {behind}")
        offset = self.mode == "REFLECT"
        for axis, (before, behind) in enumerate(table.tolist()):
            if max(before, behind) > input.shape[axis] - offset:
                raise InvalidArgumentError(
                    None, None, f"paddings must be {'less than' if offset else 'no greater than'} the dimension size: "
                    f"{before}, {behind} {'not less than' if offset else 'greater than'} {input.shape[axis]}",
                )  # fmt: skip
        return np.pad(input, table, mode="reflect" if offset else "symmetric")

    def shape(self, input: Spec, paddings: Spec) -> TensorShape:
        return padded_shape(input, paddings)

    def grad(self, node: Any, dy: Tensor) -> Any:
        """Fold the mirror images back onto what they are images of."""
        return [MirrorPadGrad(mode=self.mode)(dy, node.inputs[1]), None]


class MirrorPadGrad(Op):
    """The opposite of MirrorPad: every element gets the sum over its images."""

    mode: str

    def kernel(self, input: Array[T], paddings: Array[Index]) -> Array[T]:
        result = np.array(input)
        offset = int(self.mode == "REFLECT")
        for axis, (before, behind) in enumerate(np.asarray(paddings).tolist()):
            moved = np.moveaxis(result, axis, 0)
            n = len(moved) - before - behind
            core = moved[before : before + n].copy()
            if before:
                core[offset : offset + before] += moved[:before][::-1]
            if behind:
                core[n - offset - behind : n - offset] += moved[before + n :][::-1]
            result = np.moveaxis(core, 0, axis)
        return np.ascontiguousarray(result)

    def shape(self, input: Spec, paddings: Spec) -> TensorShape:
        (rows, _), table = paddings.ranked(2), paddings.value
        if rows is not None:
            input.ranked(rows)
        if input.dims is None or table is None:
            count = rows if input.dims is None else len(input.dims)
            return UNKNOWN if count is None else TensorShape.of((None,) * count)
        return TensorShape.of(
            tuple(None if n is None else n - int(b) - int(e) for n, (b, e) in zip(input.dims, table, strict=True))
        )

    def grad(self, node: Any, dy: Tensor) -> Any:
        """Mirror the gradient again."""
        return [MirrorPad(mode=self.mode)(dy, node.inputs[1]), None]


@export("pad")
def pad(
    tensor: Any, paddings: Any, mode: str = "CONSTANT", name: str | None = None, constant_values: Any = 0
) -> Tensor:
    """Return a tensor with a border around it.

    Parameters
    ----------
    tensor : Tensor
    paddings : Tensor, shape (rank, 2), int32 or int64
        For each axis how many elements to add before and behind.
    mode : {"CONSTANT", "REFLECT", "SYMMETRIC"}
        Fill with `constant_values`, or with the mirror image: without (REFLECT) or with (SYMMETRIC) the border
        itself.
    name : str, optional
    constant_values : scalar, default 0

    Raises
    ------
    ValueError
        If the mode is none of these.
    InvalidArgumentError
        When run, if a mirror image is longer than the axis.

    Examples
    --------
    >>> t = tf.constant([[1, 2, 3], [4, 5, 6]])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.pad(t, [[1, 0], [0, 2]]))
    array([[0, 0, 0, 0, 0],
           [1, 2, 3, 0, 0],
           [4, 5, 6, 0, 0]], dtype=int32)
    """
    mode = as_text(mode, "mode").upper()
    if mode == "CONSTANT":
        plain = not isinstance(constant_values, Tensor) and np.ndim(constant_values) == 0 and constant_values == 0
        result = Pad()(tensor, paddings, name=name) if plain else PadV2()(tensor, paddings, constant_values, name=name)
    elif mode in ("REFLECT", "SYMMETRIC"):
        result = MirrorPad(mode=mode)(tensor, paddings, name=name)
    else:
        raise misuse(ValueError(f"Unknown padding mode: {mode}"), fix="one of CONSTANT, REFLECT and SYMMETRIC")
    _add_partial_shape(result)
    return result


def _add_partial_shape(result: Tensor) -> None:
    """Tell the sizes of those axes whose paddings are known, though others are not."""
    if get_default_graph().eager:
        return
    input, paddings = result.op.inputs[:2]
    dims = input.shape._dims
    if dims is None or result.shape.is_fully_defined() or paddings.op.type != "Pack" or paddings.op.get_attr("axis"):
        return
    sizes: list[int | None] = []
    for size_, row in zip(dims, paddings.op.inputs, strict=True):
        pair = [constant_value(t) for t in row.op.inputs] if row.op.type == "Pack" else constant_value(row)
        if size_ is None or pair is None or any(p is None for p in pair):
            sizes.append(None)
        else:
            sizes.append(size_ + sum(int(p) for p in pair))
    result.set_shape(sizes)


class Tile(Op):
    """The input repeated along its axes."""

    same_if_same_shape = True
    preferred_dtypes: ClassVar[dict[str, DType]] = {"multiples": dtypes.int32}

    def kernel(self, input: Array[T], multiples: Array[Index]) -> Array[T]:
        if np.ndim(multiples) != 1:
            raise InvalidArgumentError(
                None, None, f"Expected multiples to be 1-D, but got shape {format_dims(np.shape(multiples))}"
            )
        counts = np.asarray(multiples).tolist()
        if len(counts) != np.ndim(input):
            raise InvalidArgumentError(
                None,
                None,
                f"Expected multiples argument to be a vector of length {np.ndim(input)} but got length {len(counts)}",
            )
        for i, count in enumerate(counts):
            if count < 0:
                raise InvalidArgumentError(None, None, f"Expected multiples[{i}] >= 0, but got {count}")
        require_memory([n * count for n, count in zip(np.shape(input), counts, strict=True)], np.asarray(input).dtype)
        return np.tile(input, counts)

    def shape(self, input: Spec, multiples: Spec) -> TensorShape:
        counts = multiples.as_shape
        if counts._dims is None:
            return UNKNOWN if input.dims is None else TensorShape.of((None,) * len(input.dims))
        if input.dims is None:
            return TensorShape.of((None,) * len(counts._dims))
        require_rank(counts, len(input.dims))
        return TensorShape.of(
            tuple(None if n is None or m is None else n * m for n, m in zip(input.dims, counts._dims, strict=True))
        )

    def grad(self, node: Any, dy: Any) -> Any:
        """Cut the gradient into the repetitions and add them up."""
        x, multiples = node.inputs
        x_shape = shape(x, out_type=multiples.dtype)
        # Each axis becomes two, the repetitions and the axis itself; the sum goes over the former.
        split_shape = reshape(transpose(stack([multiples, x_shape])), [-1])
        axes = raw.Range(0, size(split_shape), 2, name="range")
        if isinstance(dy, IndexedSlices):
            rows = x_shape[0]
            rows = rows if rows.dtype is dy.indices.dtype else raw.Cast(rows, DstT=dy.indices.dtype)
            dy = raw.UnsortedSegmentSum(dy.values, raw.FloorMod(dy.indices, rows, name="mod"), rows)
            split_shape = concat([[1], split_shape[1:]], axis=0)
        dx = raw.Sum(reshape(dy, split_shape), axes)
        dx.set_shape(x.shape)
        return [dx, None]


@export("tile", "manip.tile")
def tile(input: Any, multiples: Any, name: str | None = None) -> Tensor:
    """Return a tensor repeated along its axes.

    Parameters
    ----------
    input : Tensor
    multiples : list of int, or Tensor of int32 or int64
        How often along each axis.
    name : str, optional

    Raises
    ------
    ValueError
        If there is not one number for each axis.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.tile([[1, 2]], [2, 3]))
    array([[1, 2, 1, 2, 1, 2],
           [1, 2, 1, 2, 1, 2]], dtype=int32)
    """
    return Tile()(input, multiples, name=name)


def _int_tensor(value: Any, name: str) -> Tensor:
    value = convert(value, name=name, preferred=dtypes.int32)
    if not value.dtype.is_integer:
        raise misuse(TypeError(f"{value} must be an integer tensor; dtype={value.dtype}"))
    return raw.Cast(value, DstT=dtypes.int32)


@export("repeat")
def repeat(input: Any, repeats: Any, axis: int | None = None, name: str | None = None) -> Tensor:
    """Repeat the elements of a tensor, each so many times in a row.

    Parameters
    ----------
    input : Tensor
    repeats : int or list of int
        One number for all, or one for each position along `axis`.
    axis : int, optional
        Without it the input is flattened.
    name : str, optional

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.repeat([3, 5], repeats=[2, 1]))
    array([3, 3, 5], dtype=int32)
    """
    from flowlab._src.ops.broadcast_to import broadcast_to
    from flowlab._src.ops.reshaping import expand_dims
    from flowlab._src.ops.selecting import all_axes, boolean_mask, sequence_mask

    if axis is None:
        input, axis = reshape(input, [-1]), 0
    if not isinstance(axis, int):
        raise misuse(TypeError(f"axis must be an int; got {type(axis).__name__}"))
    with name_scope(name, "Repeat", [input, repeats]):
        data = convert(input, name="data")
        repeats = _int_tensor(repeats, "repeats")
        repeats.shape.with_rank_at_most(1)
        if data.shape.ndims is None:
            data_shape = shape(data)
            data = reshape(data, concat([[1], data_shape], axis=0)[-rank(data) :])
        elif data.shape.ndims == 0:
            data = stack([data])
        data_shape = shape(data)
        ndims = data.shape.ndims
        if ndims is not None and not -ndims <= axis < ndims:
            raise misuse(ValueError(f"axis={axis} out of bounds: expected {-ndims}<=axis<{ndims}"))
        if ndims is None and axis < 0:
            raise misuse(ValueError(f"axis={axis} may only be negative if rank(data) is statically known."))
        axis = axis % ndims if ndims is not None else axis
        if repeats.shape.num_elements() == 1:
            repeats = reshape(repeats, [])
            tiled = _tile_axis(expand_dims(data, axis + 1), axis + 1, repeats)
            return reshape(
                tiled, concat([data_shape[:axis], [repeats * data_shape[axis]], data_shape[axis + 1 :]], axis=0)
            )
        if repeats.shape.ndims == 1:
            if ndims is None:
                raise misuse(TypeError("repeat with a number for each element needs a tensor of known rank."))
            data.shape.dims[axis].assert_is_compatible_with(repeats.shape[0])
        repeats = broadcast_to(repeats, [data_shape[axis]])
        each = repeats
        if repeats.shape.ndims != axis + 1:
            repeats_shape, count = shape(repeats), rank(repeats)
            repeats = broadcast_to(repeats, concat([data_shape[: axis + 1 - count], repeats_shape], axis=0))
            repeats.set_shape([None] * (axis + 1))
        most = raw.Max(repeats, all_axes(repeats))
        most = raw.Maximum(convert(0, most.dtype, name="zero"), most)
        mask = sequence_mask(repeats, most)
        masked = boolean_mask(_tile_axis(expand_dims(data, axis + 1), axis + 1, most), mask)
        if axis == 0:
            result = masked
        else:
            total = raw.Sum(each, raw.Range(0, rank(each), 1))
            result = reshape(masked, concat([data_shape[:axis], [total], data_shape[axis + 1 :]], axis=0))
        if ndims is not None:
            result.set_shape(data.shape[:axis].concatenate([None]).concatenate(data.shape[axis + 1 :]))
        return result


def _tile_axis(data: Tensor, axis: int, multiple: Any) -> Tensor:
    from flowlab._src.ops.fill import ones

    if data.shape.ndims is not None:
        multiples: Any = [1] * data.shape.ndims
        multiples[axis] = multiple
    else:
        single = ones(rank(data), dtypes.int32)
        multiples = concat([single[:axis], [multiple], single[axis + 1 :]], axis=0)
    return tile(data, multiples)

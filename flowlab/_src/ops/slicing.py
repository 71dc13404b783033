"""Parts of a tensor by position: `t[1:, ..., None]`, strided_slice, slice."""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError, add_notes
from flowlab._src.graph import dtypes
from flowlab._src.graph.dtypes import as_dtype
from flowlab._src.graph.op import Array, Index, Op, Spec, T, constant_value, constant_value_as_shape
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import UNKNOWN, Dimension, Dims, TensorShape, format_dims, merge_dims, merge_shapes
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import small_forms
from flowlab._src.ops.array_shape import rank, shape
from flowlab._src.ops.constant import make_constant
from flowlab._src.ops.joining import concat, stack
from flowlab._src.ops.reshaping import reshape
from flowlab._src.util import source, written
from flowlab._src.util.export import export

newaxis = export("newaxis")(None)


class Masks(NamedTuple):
    """What bit `i` of each mask says about entry `i` of a strided slice."""

    begin: int  # the begin given is to be ignored: from the start
    end: int  # the end given is to be ignored: to the end
    ellipsis: int  # stands for as many axes as are left
    new_axis: int  # makes an axis of size 1
    shrink: int  # takes one position, and the axis goes


class StridedSliceOp(Op, abstract=True):
    """The attributes of a strided slice and what both the op and its gradient do with them."""

    begin_mask: int = 0
    end_mask: int = 0
    ellipsis_mask: int = 0
    new_axis_mask: int = 0
    shrink_axis_mask: int = 0

    @property
    def masks(self) -> Masks:
        """The five masks."""
        return Masks(self.begin_mask, self.end_mask, self.ellipsis_mask, self.new_axis_mask, self.shrink_axis_mask)

    def assigned(self, old: Any, begin: Any, end: Any, strides: Any, value: Any) -> np.ndarray:
        """A copy of `old` in which the part has a new value: what assigning to a part of a variable does."""
        result = np.array(old)
        try:
            place = index_of(self.masks, result.shape, begin, end, strides)
        except ShapeError as error:
            raise InvalidArgumentError(None, None, str(error)) from None
        try:
            result[place] = value
        except ValueError:
            raise InvalidArgumentError(
                None, None, f"Cannot broadcast input shape {format_dims(np.shape(value))} into final shape "
                f"{format_dims(result[place].shape)}",
            ) from None  # fmt: skip
        return result


class StridedSlice(StridedSliceOp):
    """Part of a tensor: from begin to end in steps, for each axis."""

    def bound(self, node: Any, input: Spec, *bounds: Spec) -> Any:
        """What stands between the brackets is known."""
        dims, numbers = input.dims, [spec.value for spec in bounds]
        if dims is None or None in dims or any(number is None for number in numbers):
            return None
        index, asarray = index_of(self.masks, dims, *numbers), np.asarray
        return lambda input, begin, end, strides: asarray(input[index])

    def kernel(self, input: Array[T], begin: Array[Index], end: Array[Index], strides: Array[Index]) -> Array[T]:
        input = np.asarray(input)
        try:
            index = index_of(self.masks, input.shape, begin, end, strides)
        except ShapeError as error:
            raise InvalidArgumentError(None, None, str(error)) from None
        return np.asarray(input[index])

    def shape(self, input: Spec, begin: Spec, end: Spec, strides: Spec) -> TensorShape:
        lengths = [spec.ranked(1)[0] for spec in (begin, end, strides)]
        for length in lengths[1:]:
            merge_dims(lengths[0], length)
        if input.dims is None or lengths[0] is None or strides.value is None:
            return UNKNOWN
        return TensorShape.of(sliced_dims(self.masks, input.dims, begin.value, end.value, strides.value))

    def explain_shapes(self, input: Tensor, begin: Tensor, end: Tensor, strides: Tensor) -> tuple[str, str]:
        size = input.shape
        first = size.as_list()[0] if size.ndims else None
        why = f"'{input.name}' has shape {size}; indices begin at 0"
        return why, f"{own_sliced()}[-1]  # the last one, number {first - 1}" if first else ""

    def known_value(self, node: Any) -> np.ndarray | None:
        """One size picked out of a shape that is known in part."""
        if node.outputs[0].shape.ndims != 0 or constant_value(node.inputs[0]) is not None:
            return None
        picked = self.partial_value(node)
        if picked is None or None in picked:
            return None
        return np.array(picked[0], node.outputs[0].dtype.base_dtype.as_numpy_dtype)

    def partial_value(self, node: Any) -> list[int | None] | None:
        """The part of a vector that is known in part."""
        if node.inputs[0].shape.ndims != 1 or not node.inputs[0].dtype.base_dtype.is_integer:
            return None
        bounds = [constant_value(t) for t in node.inputs[1:]]
        dims = constant_value_as_shape(node.inputs[0])._dims
        if dims is None or any(b is None for b in bounds):
            return None
        sizes = np.empty(len(dims), object)
        sizes[:] = dims
        try:
            return np.ravel(sizes[index_of(self.masks, sizes.shape, *bounds)]).tolist()
        except ShapeError:
            return None

    def grad(self, node: Any, dy: Tensor) -> Any:
        """Zeros, with the gradient in the place of the part that was taken."""
        input, *bounds = node.inputs
        masks = {f: getattr(self, f) for f in self.fields}
        numbers = [_known(t) for t in (shape(input, out_type=bounds[0].dtype), *bounds)]
        return [raw.StridedSliceGrad(*numbers, dy, **masks), None, None, None]


_TOLD = {"Cast", "ConcatV2", "Fill", "Identity", "Pack", "Range", "StopGradient"}


def _known(tensor: Tensor) -> Any:
    """The value of a constant, or of what TensorFlow can tell from constants in Python; another tensor as it is."""

    def is_told(t: Tensor) -> bool:
        if t.op.type in ("Const", "Shape", "Size", "Rank"):
            return constant_value(t) is not None
        return t.op.type in _TOLD and all(is_told(x) for x in t.op.inputs)

    return constant_value(tensor) if is_told(tensor) else tensor


class StridedSliceGrad(StridedSliceOp):
    """Zeros of a given shape with `dy` in the place that a strided slice takes."""

    def kernel(
        self, shape: Array[Index], begin: Array[Index], end: Array[Index], strides: Array[Index], dy: Array[T]
    ) -> Array[T]:
        result = np.zeros(shape.tolist(), np.asarray(dy).dtype)
        place = index_of(self.masks, result.shape, begin, end, strides)
        if result[place].shape != np.shape(dy):
            raise InvalidArgumentError(
                None, None, f"shape of dy was {format_dims(np.shape(dy))} instead of {format_dims(result[place].shape)}"
            )
        result[place] = dy
        return result

    def shape(self, shape: Spec, begin: Spec, end: Spec, strides: Spec, dy: Spec) -> TensorShape:
        return shape.as_shape

    def grad(self, node: Any, dy: Tensor) -> Any:
        """The part of the gradient that stands where `dy` stood."""
        return [None, None, None, None, self._slice_like(dy, node.inputs[1:4])]

    def _slice_like(self, value: Tensor, bounds: Sequence[Tensor]) -> Tensor:
        return StridedSlice(**{f: getattr(self, f) for f in self.fields})(value, *bounds)


def index_of(masks: Masks, dims: Sequence[int | None], begin: Any, end: Any, strides: Any) -> tuple[Any, ...]:
    """Translate begin, end, strides and masks to what is written between the brackets; ShapeError when out of range.

    Sizes that are None are not checked against.
    """
    result: list[Any] = []
    axis = 0
    seen_ellipsis = False
    begin, end, strides = (np.asarray(b).tolist() for b in (begin, end, strides))
    left = len(dims) - sum(not (masks.ellipsis | masks.new_axis) >> i & 1 for i in range(len(begin)))
    for i, (first, stop, step) in enumerate(zip(begin, end, strides, strict=True)):
        bit = 1 << i
        if masks.ellipsis & bit:
            if seen_ellipsis:
                raise ShapeError("Multiple ellipses in slice spec not allowed")
            seen_ellipsis = True
            result.append(Ellipsis)
            axis += max(left, 0)
            continue
        if masks.new_axis & bit:
            result.append(None)
            continue
        if axis >= len(dims):
            raise ShapeError(f"Index out of range using input dim {axis}; input has only {len(dims)} dims")
        if step == 0:
            raise ShapeError(f"strides[{i}] must be non-zero")
        if masks.shrink & bit:
            if step <= 0:
                raise ShapeError("only stride 1 allowed on non-range indexing.")
            size = dims[axis]
            if size is not None and not -size <= first < size:
                raise ShapeError(
                    f"slice index {first + size if first < 0 else first} of dimension {axis} out of bounds."
                )
            result.append(first)
        else:
            result.append(slice(None if masks.begin & bit else first, None if masks.end & bit else stop, step))
        axis += 1
    return tuple(result)


def sliced_dims(masks: Masks, dims: Dims, begin: Any, end: Any, strides: Any) -> Dims:
    """The sizes a strided slice gives, as far as they can be told; ShapeError when out of range."""
    bounded = begin is not None and end is not None
    count = len(strides)
    if not bounded:
        # Without the bounds each slice is of unknown length, but which axes there are can be told.
        begin = end = np.zeros(count, np.int64)
    index = index_of(masks, dims if bounded else (None,) * len(dims), begin, end, strides)
    if Ellipsis not in index:
        index = (*index, Ellipsis)
    left = len(dims) - sum(entry is not None and entry is not Ellipsis for entry in index)
    result: list[int | None] = []
    axis = 0
    for i, entry in enumerate(index):
        if entry is None:
            result.append(1)
            continue
        if entry is Ellipsis:
            result.extend(dims[axis : axis + left])
            axis += left
            continue
        if isinstance(entry, slice):
            size = dims[axis]
            whole = masks.begin >> i & 1 and masks.end >> i & 1
            result.append(len(range(size)[entry]) if size is not None and (bounded or whole) else None)
        axis += 1
    return tuple(result)


@export("strided_slice")
def strided_slice(
    input_: Any,
    begin: Any,
    end: Any,
    strides: Any = None,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
    var: Any = None,
    name: str | None = None,
) -> Tensor:
    """Return the part of a tensor from `begin` to `end` in steps of `strides`: what `t[a:b:s, ...]` is made of.

    Parameters
    ----------
    input_ : Tensor
    begin, end, strides : list of int, or Tensor
        For each axis where to start, where to stop (not included) and how far to go in each step.
    begin_mask, end_mask : int
        Bit `i` set: ignore entry `i` and start at the beginning, go on to the end.
    ellipsis_mask : int
        Bit `i` set: entry `i` stands for all axes not mentioned.
    new_axis_mask : int
        Bit `i` set: entry `i` makes a new axis of size 1.
    shrink_axis_mask : int
        Bit `i` set: take the single position `begin[i]`, the axis goes.
    var : Variable, optional
        The result gets a method `assign` that changes this part of the variable.
    name : str, optional

    Raises
    ------
    ValueError, InvalidArgumentError
        If a single position is out of range, or a stride is 0.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.strided_slice([10, 11, 12, 13, 14], [1], [5], [2]))
    array([11, 13], dtype=int32)
    """
    if strides is None:
        from flowlab._src.ops.fill import ones_like

        strides = ones_like(begin)
    masks = {
        "begin_mask": begin_mask, "end_mask": end_mask, "ellipsis_mask": ellipsis_mask, "new_axis_mask": new_axis_mask,
        "shrink_axis_mask": shrink_axis_mask,
    }  # fmt: skip
    result: Tensor = StridedSlice(**masks)(input_, begin, end, strides, name=name)
    if var is not None:
        own_name = result.op.name

        def assign(value: Any, name: str | None = None) -> Any:
            """Change this part of the variable; gives the whole variable after it."""
            name = own_name + "/_assign" if name is None else name
            return var._strided_slice_assign(begin, end, strides, value, name, masks)

        result.assign = assign
    return result


_NOT_AN_INDEX = "Only integers, slices (`:`), ellipsis (`...`), tf.newaxis (`None`) and scalar tf.int32/tf.int64 tensors are valid indices"


def own_sliced() -> str:
    """What the program calls the tensor that it takes a part of."""
    asked = written.running()
    if asked is None or not isinstance(asked.tree, ast.Subscript):
        return "t"
    return asked.of(asked.tree.value)


def own_index(index: Any) -> str:
    """What to write in the place of `x[1.5]` or `x[[0, 2]]`."""
    asked = written.running()
    tree = asked.tree if asked is not None else None
    mine, key = ("t", "indices")
    if asked is not None and isinstance(tree, ast.Subscript):
        mine, key = asked.of(tree.value), asked.of(tree.slice)
    if isinstance(index, float):
        return f"{mine}[{int(index)}]"
    return f"tf.gather({mine}, {key})"


def _check_index(index: Any) -> None:
    if isinstance(index, (int, np.integer, Dimension)):
        return
    dtype = getattr(index, "dtype", None)
    shape = getattr(index, "shape", None)
    if dtype is None or as_dtype(dtype).base_dtype not in (dtypes.int32, dtypes.int64) or (shape and len(shape) == 1):
        site = source.caller(3)
        raise add_notes(
            TypeError(f"{_NOT_AN_INDEX}, got {index!r}"),
            where=site.quote() if site else "",
            why="an index is a whole number; a list picks rows by tf.gather, truth values by tf.boolean_mask",
            fix=own_index(index),
        )


def getitem(tensor: Tensor, slice_spec: Any, var: Any = None) -> Tensor:
    """`tensor[slice_spec]`, as for NumPy arrays: integers, slices, `...`, None, scalar tensors, or one boolean mask.

    Lists of positions are not understood: use `tf.gather`.
    """
    if (
        isinstance(slice_spec, bool)
        or (isinstance(slice_spec, Tensor) and slice_spec.dtype.base_dtype is dtypes.bool_)
        or (isinstance(slice_spec, np.ndarray) and slice_spec.dtype == bool)
    ):
        from flowlab._src.ops.selecting import boolean_mask

        return boolean_mask(tensor, slice_spec)
    entries = list(slice_spec) if isinstance(slice_spec, (list, tuple)) else [slice_spec]
    begin: list[Any] = []
    end: list[Any] = []
    strides: list[Any] = []
    masks: dict[str, Any] = dict.fromkeys(
        ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"), 0
    )
    for i, entry in enumerate(entries):
        bit = 1 << i
        first: Any = 0
        stop: Any = 0
        step: Any = 1
        if isinstance(entry, slice):
            first, stop = (_bound(entry.start), _bound(entry.stop))
            if first is None:
                masks["begin_mask"] |= bit
            if stop is None:
                masks["end_mask"] |= bit
            if entry.step is not None:
                _check_index(entry.step)
                step = entry.step
        elif entry is Ellipsis:
            masks["ellipsis_mask"] |= bit
        elif entry is None:
            masks["new_axis_mask"] |= bit
        else:
            _check_index(entry)
            first, stop = entry, entry + 1
            masks["shrink_axis_mask"] |= bit
        begin.append(0 if first is None else first)
        end.append(0 if stop is None else stop)
        strides.append(step)
    with name_scope(None, "strided_slice", [tensor, *begin, *end, *strides]) as name:
        if begin:
            packed = [stack(begin), stack(end), stack(strides)]
            if any(t.dtype.base_dtype is dtypes.int64 for t in packed):
                packed = [t if t.dtype.base_dtype is dtypes.int64 else raw.Cast(t, DstT=dtypes.int64) for t in packed]
        else:
            packed = [make_constant(np.zeros(0, np.int32), None, None, "Const")] * 3
        first, stop, step = packed
        return strided_slice(tensor, first, stop, step, **masks, var=var, name=name)


def _bound(value: Any) -> Any:
    """The start or stop of a slice, None when it is open."""
    if value is None or (not isinstance(value, Tensor) and _is_open(value)):
        return None
    _check_index(value)
    return value


def _is_open(value: Any) -> bool:
    return (isinstance(value, Dimension) and value.value is None) or (isinstance(value, int) and value == sys.maxsize)


Tensor._override_operator("__getitem__", getitem)


class Slice(Op):
    """Part of a tensor: `size` elements from `begin`, for each axis."""

    same_if_same_shape = True

    def small_form(self, node: Any, input: Spec, begin: Spec, size: Spec) -> Any:
        """A part that is cut along one axis."""
        if not input.dims or None in input.dims or begin.value is None or size.value is None:
            return None
        part = _part(input.dims, begin.value.tolist(), size.value.tolist())  # type: ignore[arg-type]  # no None
        return small_forms.cut(input.dims, [(each.start, each.stop) for each in part])  # type: ignore[arg-type]

    def bound(self, node: Any, input: Spec, begin: Spec, size: Spec) -> Any:
        """Where the part lies is known."""
        if not input.dims or None in input.dims or begin.value is None or size.value is None:
            return None
        part = _part(input.dims, begin.value.tolist(), size.value.tolist())  # type: ignore[arg-type]  # no None
        return lambda x, _, __: x[part]

    def kernel(self, input: Array[T], begin: Array[Index], size: Array[Index]) -> Array[T]:
        input = np.asarray(input)
        return input[_part(input.shape, np.asarray(begin).tolist(), np.asarray(size).tolist())]

    def shape(self, input: Spec, begin: Spec, size: Spec) -> TensorShape:
        begin.ranked(1)
        size.ranked(1)
        (count,) = merge_shapes(begin.shape, size.shape)._dims or (None,)
        if count is not None:
            input.ranked(count)
        first = begin.as_shape
        sizes, partial = size.value, size.as_shape
        if sizes is not None:
            first = first.with_rank(len(sizes))
            assert first._dims is not None
            wholes = input.dims or (None,) * len(sizes)
            pairs = zip(wholes, first._dims, sizes.tolist(), strict=True)
            return TensorShape.of(tuple(_rest(whole, b) if s == -1 else s for whole, b, s in pairs))
        if partial._dims is None:
            return UNKNOWN if input.dims is None else TensorShape.of((None,) * len(input.dims))
        return partial

    def grad(self, node: Any, dy: Tensor) -> Any:
        """Zeros around the gradient: as many as were left out before and behind the part."""
        x, begin = node.inputs[:2]
        count = rank(x)
        size = shape(node.outputs[0], out_type=begin.dtype)
        column = stack([count, 1])
        before = reshape(begin, column)
        after = reshape(shape(x, out_type=begin.dtype) - size - begin, column)
        return [raw.Pad(dy, concat([before, after], 1)), None, None]


def _part(dims: Sequence[int], begin: Sequence[int], size: Sequence[int]) -> tuple[slice, ...]:
    """The index of a part, checked."""
    if len(begin) != len(dims) or len(size) != len(dims):
        raise InvalidArgumentError(
            None, None, f"Expected begin and size arguments to be 1-D tensors of size {len(dims)}, but got shapes "
            f"[{len(begin)}] and [{len(size)}] instead.",
        )  # fmt: skip
    index = []
    for i, (b, s, d) in enumerate(zip(begin, size, dims, strict=True)):
        if s == -1:
            s = d - b
        if not 0 <= b <= d:
            raise InvalidArgumentError(None, None, f"Expected begin[{i}] in [0, {d}], but got {b}")
        if s < 0 or b + s > d:
            raise InvalidArgumentError(None, None, f"Expected size[{i}] in [0, {d - b}], but got {s}")
        index.append(slice(b, b + s))
    return tuple(index)


def _rest(whole: int | None, begin: int | None) -> int | None:
    """What is left of an axis behind `begin`."""
    if whole is None or begin is None:
        return None
    if begin > whole:
        raise ShapeError(f"Negative dimension size caused by subtracting {begin} from {whole}")
    return whole - begin


@export("slice")
def slice_(input_: Any, begin: Any, size: Any, name: str | None = None) -> Tensor:
    """Return the part of a tensor that starts at `begin` and has `size` elements along each axis.

    Parameters
    ----------
    input_ : Tensor
    begin : list of int, or Tensor
        First position along each axis.
    size : list of int, or Tensor
        How many; -1 takes all that are left.
    name : str, optional

    Raises
    ------
    InvalidArgumentError
        When run, if the part reaches outside.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.slice([[1, 2, 3], [4, 5, 6]], [0, 1], [2, -1]))
    array([[2, 3],
           [5, 6]], dtype=int32)
    """
    return Slice()(input_, begin, size, name=name)

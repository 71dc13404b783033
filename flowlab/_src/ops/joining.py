"""Tensors put together: stack (and unstack, its opposite), concat, and lists with tensors in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from flowlab._src.autodiff.slices import IndexedSlices
from flowlab._src.errors import InvalidArgumentError, ShapeError
from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_int, as_list
from flowlab._src.graph.composite import first_composite
from flowlab._src.graph.convert import convert, register_tensor_conversion_function
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.op import Array, Index, Op, Spec, T, constant_value, constant_value_as_shape, repeated
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import UNKNOWN, Dimension, TensorShape, format_dims, merge_dims, merge_shapes
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import small_forms
from flowlab._src.ops.array_shape import rank, shape, shape_n
from flowlab._src.ops.constant import make_constant
from flowlab._src.ops.fill import zeros
from flowlab._src.ops.identity import identity
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.reshaping import expand_dims, squeeze
from flowlab._src.util import written
from flowlab._src.util.export import export
from flowlab._src.util.old_arguments import taking_old_arguments

# ---- stack and unstack ---------------------------------------------------------------------------------------------


class Pack(Op):
    """Tensors of one shape put behind each other along a new axis."""

    axis: int = 0

    def kernel(self, values: Sequence[Array[T]]) -> Array[T]:
        first = np.shape(values[0])
        for i, value in enumerate(values):
            if np.shape(value) != first:
                raise InvalidArgumentError(
                    None, None, f"Shapes of all inputs must match: values[0].shape = {format_dims(first)} != values[{i}].shape = "
                    f"{format_dims(np.shape(value))}",
                )  # fmt: skip
        return np.stack(values, self.axis)

    def shape(self, values: Sequence[Spec]) -> TensorShape:
        dims: Any = None
        for i, value in reversed(list(enumerate(values))):
            dims = _merge_alike(value.dims, dims, i)
        if dims is None:
            return UNKNOWN
        count = len(dims) + 1
        if not -count <= self.axis < count:
            raise ShapeError(f"Invalid axis: {self.axis}; must be in [{-count},{count})")
        axis = self.axis % count
        return TensorShape.of((*dims[:axis], len(values), *dims[axis:]))

    def explain_shapes(self, *values: Tensor) -> tuple[str, str]:
        return (
            "tf.stack makes a new axis, and all its parts have one shape",
            "tf.concat(values, 0)  # joins along an axis that is there, with parts of several sizes",
        )

    def partial_value(self, node: Any) -> list[int | None] | None:
        """A vector of scalars: each is known or not."""
        if node.outputs[0].shape.ndims != 1:
            return None
        values = [constant_value(t) for t in node.inputs]
        return [None if v is None else int(v) for v in values]

    def grad(self, node: Any, dy: Any) -> Any:
        """Each input gets its own slice of the gradient."""
        return unstack(dy, num=len(node.inputs), axis=self.axis)


def _merge_alike(a: Any, b: Any, index: int) -> Any:
    """Merge two shapes that must agree, in the words used for lists of inputs."""
    if a is None or b is None:
        return a if b is None else b
    if len(a) != len(b):
        raise ShapeError(
            f"Shapes must be equal rank, but are {len(a)} and {len(b)}\n\tFrom merging shape {index} with other shapes."
        )
    merged = []
    for axis, (x, y) in enumerate(zip(a, b, strict=True)):
        merged.append(
            merge_dims(x, y, f"Dimension {axis} in both shapes must be equal, but are {{}} and {{}}. Shapes are "
                       f"{format_dims(a)} and {format_dims(b)}.\n\tFrom merging shape {index} with other shapes.")
        )  # fmt: skip
    return tuple(merged)


class Unpack(Op):
    """A tensor taken apart along an axis, which is gone afterwards."""

    num: int
    axis: int = 0

    def kernel(self, value: Array[T]) -> tuple[Array[T], ...]:
        value = np.asarray(value)
        if value.shape[self.axis] != self.num:
            raise InvalidArgumentError(
                None,
                None,
                f"Input shape axis {self.axis % value.ndim} must equal {self.num}, got shape {format_dims(value.shape)}",
            )
        moved = np.moveaxis(value, self.axis, 0)
        return tuple(moved[i] for i in range(self.num))

    def dtypes(self, value: Any) -> list[DType]:
        return repeated(value.dtype.base_dtype, self.num)

    def shape(self, value: Spec) -> list[TensorShape]:
        if value.dims is None:
            return [UNKNOWN] * self.num
        count = len(value.dims)
        if not -count <= self.axis < count:
            raise ShapeError(f"Invalid axis: {self.axis}; must be in [{-count},{count})")
        axis = self.axis % count
        if value.dims[axis] not in (None, self.num):
            raise ShapeError(f"Dimension must be {self.num} but is {value.dims[axis]}")
        return [TensorShape.of((*value.dims[:axis], *value.dims[axis + 1 :]))] * self.num

    def known_value(self, node: Any) -> tuple[np.ndarray | None, ...] | None:
        """The elements of a vector that is known in part, such as the shape of a batch of unknown size."""
        vector = node.inputs[0]
        if vector.shape.ndims != 1 or not vector.dtype.base_dtype.is_integer or constant_value(vector) is not None:
            return None
        kind = vector.dtype.base_dtype.as_numpy_dtype
        dims = constant_value_as_shape(vector)._dims or (None,) * self.num
        return tuple(None if d is None else np.array(d, kind) for d in dims)

    def grad(self, node: Any, *dys: Any) -> Any:
        """Put the gradients behind each other again."""
        return stack(list(dys), axis=self.axis)


@export("stack")
def stack(values: Any, axis: int = 0, name: str = "stack") -> Tensor:
    """Put tensors of one shape behind each other along a new axis.

    Parameters
    ----------
    values : list of Tensor, all of one shape and dtype
    axis : int
        Where the new axis goes, from -rank - 1 to rank.
    name : str

    Returns
    -------
    Tensor
        Rank one higher; size `len(values)` along `axis`.

    Raises
    ------
    ValueError
        If the axis is out of range, or the shapes differ.

    See Also
    --------
    concat : joins along an axis that is there already.

    Examples
    --------
    >>> x, y = tf.constant([1, 4]), tf.constant([2, 5])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.stack([x, y])), sess.run(tf.stack([x, y], axis=1))
    (array([[1, 4],
           [2, 5]], dtype=int32), array([[1, 2],
           [4, 5]], dtype=int32))
    """
    composite = first_composite([values])
    if composite is not None:
        joined: Tensor = composite._call("stack", values, axis, name)
        return joined
    if isinstance(axis, int) and axis == 0:
        try:
            return convert(values, name=name)  # numbers become one constant, a list with tensors in it one Pack node
        except (TypeError, ValueError):
            pass  # the op below says more precisely what is wrong
    axis = as_int(axis, "axis")
    values = as_list(values, "values")
    if not values:
        raise misuse(ValueError("stack needs at least one tensor."))
    first = convert(values[0], name=name).shape.ndims
    if first is not None and not -first - 1 <= axis <= first:
        raise misuse(ValueError(f"axis = {axis} not in [{-first - 1}, {first + 1})"))
    return Pack(axis=axis)(values, name=name)


@export("unstack")
def unstack(value: Any, num: int | None = None, axis: int = 0, name: str = "unstack") -> list[Tensor]:
    """Take a tensor apart along an axis.

    Parameters
    ----------
    value : Tensor
    num : int, optional
        Size of that axis; needed when it is not known while building.
    axis : int
    name : str

    Returns
    -------
    list of Tensor
        `num` tensors of one rank less.

    Raises
    ------
    ValueError
        If `num` is not known, or the axis is out of range.

    Examples
    --------
    >>> [row.shape.as_list() for row in tf.unstack(tf.zeros([2, 5]))]
    [[5], [5]]
    """
    axis = as_int(axis, "axis")
    if num is None:
        value = convert(value)
        ndims = value.shape.ndims
        if ndims is not None:
            if not -ndims <= axis < ndims:
                raise misuse(ValueError(f"axis = {axis} not in [{-ndims}, {ndims})"))
            num = value.shape._dims[axis]
        if num is None:
            raise misuse(
                ValueError(f"Cannot infer num from shape {value.shape}"),
                fix="give num=..., or make the size of that axis known with t.set_shape",
            )
    return Unpack(num=num, axis=axis)(value, name=name)


class ParallelConcat(Op):
    """Rows joined to a table of known shape."""

    shape_: TensorShape

    def kernel(self, values: Sequence[Array[T]]) -> Array[T]:
        return np.concatenate(values)

    def shape(self, values: Sequence[Spec]) -> TensorShape:
        if not self.shape_.is_fully_defined():
            raise ShapeError("shape attr must be fully defined.")
        return self.shape_


@export("parallel_stack")
def parallel_stack(values: Any, name: str = "parallel_stack") -> Tensor:
    """Put tensors of one shape, known while building, behind each other along a new first axis.

    Parameters
    ----------
    values : list of Tensor
    name : str

    Examples
    --------
    >>> tf.parallel_stack([tf.constant([1, 4]), tf.constant([2, 5])]).shape.as_list()
    [2, 2]
    """
    values = as_list(values, "values")
    if not values:
        raise misuse(ValueError("parallel_stack needs at least one tensor."))
    with name_scope(name):
        first = convert(values[0]).shape
        rows = [expand_dims(value, 0) for value in values]
        return ParallelConcat(shape_=TensorShape([len(values)]).concatenate(first))(rows)


# ---- lists with tensors inside -------------------------------------------------------------------------------------


def _pack_list(value: Any, dtype: DType | None = None, name: str | None = None, as_ref: bool = False) -> Any:
    """Turn a nested list with at least one tensor in it into Pack nodes: `[x, 1, [y, 2]]` is a tensor."""
    own = None if as_ref else _dtype_inside(value)
    if own is None:
        return NotImplemented
    if dtype is not None and dtype.base_dtype is not own:
        value = _cast_inside(value, dtype.base_dtype)
    return _pack(value, own if dtype is None else dtype.base_dtype, name or "packed")


def _dtype_inside(value: Any) -> DType | None:
    """The dtype of the first tensor in a nested list, None when there is no tensor."""
    for item in value:
        if isinstance(item, Tensor) or _is_variable(item):
            return item.dtype.base_dtype
        if isinstance(item, (list, tuple)):
            found = _dtype_inside(item)
            if found is not None:
                return found
    return None


def _is_variable(value: Any) -> bool:
    return hasattr(value, "_as_graph_element") and isinstance(getattr(value, "dtype", None), DType)


def _cast_inside(value: Any, dtype: DType) -> Any:
    if isinstance(value, (list, tuple)):
        return [_cast_inside(v, dtype) for v in value]
    if isinstance(value, Tensor) and value.dtype.base_dtype is not dtype:
        return raw.Cast(value, DstT=dtype)
    return value


def _pack(value: Any, dtype: DType, name: str) -> Any:
    """One level of the list; the inner levels are packed first, in scopes named by their position."""
    with name_scope(name) as scope:
        items = []
        for i, item in enumerate(value):
            if _is_variable(item):
                item = convert(item)
            if isinstance(item, Tensor):
                if item.dtype.base_dtype is not dtype:
                    raise TypeError(
                        f"Cannot convert a list containing a tensor of dtype {item.dtype} to {dtype} (Tensor is: {item!r})"
                    )
            elif isinstance(item, (list, tuple)):
                item = _pack(item, dtype, str(i))
            items.append(item)
        if not any(isinstance(item, Tensor) for item in items):
            return items
        tensors = [
            item if isinstance(item, Tensor) else convert(_plain(item), dtype, str(i)) for i, item in enumerate(items)
        ]
        return Pack()(tensors, name=scope)


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Dimension) else value


# Asked before the conversion of plain lists (100).
register_tensor_conversion_function((list, tuple), _pack_list, 99)


# ---- concat ----------------------------------------------------------------------------------------------


class ConcatV2(Op):
    """Tensors joined along an axis that they have already."""

    preferred_dtypes: ClassVar[dict[str, DType]] = {"axis": dtypes.int32}
    apart = True

    def small_form(self, node: Any, values: Sequence[Spec], axis: Spec) -> Any:
        """Side by side."""
        if axis.value is None or any(value.dims is None or None in value.dims for value in values):
            return None
        shapes = [value.dims for value in values]
        return small_forms.joined(shapes, int(axis.value) % len(shapes[0]))  # type: ignore[arg-type]  # no None

    def bound(self, node: Any, values: Sequence[Spec], axis: Spec) -> Any:
        """The shapes fit, as `shape` has seen."""
        if axis.value is None or any(value.dims is None or None in value.dims for value in values):
            return None
        along, concatenate = int(axis.value), np.concatenate
        if self.shape(values, axis).num_elements() is None:
            return None
        if len(values) == 2:
            return lambda x, y, _: concatenate((x, y), along)
        return lambda *arrays: concatenate(arrays[:-1], along)

    def kernel(self, values: Sequence[Array[T]], axis: Array[Index]) -> Array[T]:
        axis, first = int(axis), np.shape(values[0])
        if not -len(first) <= axis < len(first):
            raise InvalidArgumentError(
                None,
                None,
                f"ConcatOp : Expected concatenating dimensions in the range [{-len(first)}, {len(first)}), but got {axis}",
            )
        kept = _without(first, axis)
        for i, value in enumerate(values):
            if len(np.shape(value)) != len(first):
                raise InvalidArgumentError(
                    None, None, f"ConcatOp : Ranks of all input tensors should match: shape[0] = {format_dims(first)} vs. shape[{i}] = "
                    f"{format_dims(np.shape(value))}",
                )  # fmt: skip
            if _without(np.shape(value), axis) != kept:
                raise InvalidArgumentError(
                    None, None, f"ConcatOp : Dimension {_differing(first, np.shape(value), axis)} in both shapes must be equal: "
                    f"shape[0] = {format_dims(first)} vs. shape[{i}] = {format_dims(np.shape(value))}",
                )  # fmt: skip
        return np.concatenate(values, axis)

    def shape(self, values: Sequence[Spec], axis: Spec) -> TensorShape:
        axis.ranked(0)
        known = [v.dims for v in values if v.dims is not None]
        if not known:
            return UNKNOWN
        rank = len(known[0])
        for dims in known:
            if len(dims) != rank:
                raise ShapeError(f"Shape must be rank {rank} but is rank {len(dims)}")
        if rank == 0:
            raise ShapeError("Can't concatenate scalars (use tf.stack instead)")
        if axis.value is None:
            return TensorShape.of((None,) * rank)
        where = int(axis.value)
        if not -rank <= where < rank:
            raise ShapeError(f"Shape must be at least rank {where + 1 if where >= 0 else -where} but is rank {rank}")
        where %= rank
        before, after = UNKNOWN, UNKNOWN
        for dims in reversed(known):
            before = merge_shapes(TensorShape.of(dims[:where]), before)
            after = merge_shapes(TensorShape.of(dims[where + 1 :]), after)
        sizes = [size for dims in known if (size := dims[where]) is not None]
        total = sum(sizes) if len(sizes) == len(values) else None
        assert before._dims is not None
        assert after._dims is not None
        return TensorShape.of((*before._dims, total, *after._dims))

    def partial_value(self, node: Any) -> list[int | None] | None:
        """Vectors behind each other: what is known of each."""
        result: list[int | None] = []
        for tensor in node.inputs[:-1]:
            dims = constant_value_as_shape(tensor)._dims
            if dims is None:
                return None
            result.extend(dims)
        return result

    def grad(self, node: Any, dy: Any) -> Any:
        """Cut the gradient where the inputs were joined."""
        if len(node.inputs) == 2:
            return [dy, None]
        values, axis = node.inputs[:-1], node.inputs[-1]
        if isinstance(dy, IndexedSlices):
            return [*_concat_grad_of_rows(dy, values, axis), None]
        axis = _non_negative(axis, values[0])
        sizes = _shapes_of(values)
        if len(sizes) > 16:
            joined = raw.Slice(stack(sizes, axis=1), [axis, 0], [1, -1])
            return [*raw.SplitV(dy, squeeze(joined), axis, num_split=len(values), name="split"), None]
        begins = raw.ConcatOffset(axis, sizes)
        return [*[raw.Slice(dy, begin, size) for begin, size in zip(begins, sizes, strict=True)], None]

    def explain_shapes(self, *tensors: Tensor) -> tuple[str, str]:
        return (
            "all sizes must agree except the one along the axis of joining",
            self.other_axis([t.shape._dims for t in tensors if t.shape.ndims]),
        )

    @staticmethod
    def other_axis(shapes: list[Any]) -> str:
        """The call with an axis along which the parts can be joined, if there is one."""
        call = written.running("concat")
        ranks = {len(dims) for dims in shapes}
        if call is None or len(ranks) != 1:
            return "tf.stack(values)  # makes a new axis; the parts then have one shape"
        for axis in range(ranks.pop()):
            if len({dims[:axis] + dims[axis + 1 :] for dims in shapes}) == 1:
                return call.changed(axis=str(axis))
        return "tf.reshape(t, shape)  # of a part, so that all other sizes agree"


def _without(dims: Any, axis: int) -> tuple[Any, ...]:
    axis %= len(dims)
    return tuple(dims[:axis]) + tuple(dims[axis + 1 :])


def _differing(a: Any, b: Any, axis: int) -> int:
    return next(i for i, (x, y) in enumerate(zip(a, b, strict=True)) if x != y and i != axis % len(a))


def _non_negative(axis: Tensor, value: Tensor) -> Tensor:
    """The axis counted from the start, as a node."""
    return raw.FloorMod(axis, rank(value), name="mod")


def _shapes_of(values: Sequence[Tensor]) -> list[Tensor]:
    """The shapes as constants, or as one ShapeN node where one is not known while building."""
    sizes = []
    for value in values:
        size = shape(value)
        if size.op.type != "Const":
            return shape_n(values)
        sizes.append(size)
    return sizes


def _concat_grad_of_rows(dy: IndexedSlices, values: Sequence[Tensor], axis: Tensor) -> list[IndexedSlices]:
    """The gradient of a join, when it came as rows: every input gets the rows, or parts of rows, that are its own."""
    from flowlab._src.ops.gather import gather

    where = _non_negative(axis, values[0])
    position = constant_value(axis)
    if position is None:
        raise ValueError("Can only compute IndexedSlices gradient with statically-known concat_dim")
    if position < 0:
        if values[0].shape.ndims is None:
            raise ValueError(
                "Can only compute IndexedSlices gradient with negative concat_dim when first value rank is statically-known."
            )
        position = position % values[0].shape.ndims
    sizes = [shape(value) for value in values]
    result = []
    if position > 0:
        length = shape(sizes[0])
        mask = concat([zeros(expand_dims(where, 0), dtypes.int32), [1], zeros(length - where - 1, dtypes.int32)], 0)
        begin = zeros(length, dtypes.int32)
        for size in sizes:
            part = raw.Slice(dy.values, begin, concat([[-1], raw.Slice(size, [1], [-1])], 0))
            result.append(IndexedSlices(part, dy.indices, size))
            begin = raw.AddV2(begin, size * mask, name="Add")
        return result
    start = make_constant(0, dy.indices.dtype)
    for size in sizes:
        rows = gather(size, where)
        if rows.dtype != dy.indices.dtype:
            rows = raw.Cast(rows, DstT=dy.indices.dtype)
        end = start + rows
        inside = raw.LogicalAnd(dy.indices >= start, dy.indices < end)
        chosen = squeeze(raw.Where(inside), axis=[1])
        own = gather(dy.indices, chosen) - start
        result.append(IndexedSlices(gather(dy.values, chosen), own, size))
        start = end
    return result


@export("concat")
@taking_old_arguments("concat", concat_dim="axis")
def concat(values: Any, axis: Any, name: str = "concat") -> Tensor:
    """Join tensors along an axis that they have already.

    Parameters
    ----------
    values : list of Tensor
        Equal in all sizes but the one along `axis`.
    axis : int
        From -rank to rank - 1.
    name : str

    Raises
    ------
    ValueError
        If the shapes do not fit, with both of them named.

    See Also
    --------
    stack : joins along a new axis.

    Examples
    --------
    >>> a, b = [[1, 2], [3, 4]], [[5, 6], [7, 8]]
    >>> with tf.Session() as sess:
    ...     sess.run(tf.concat([a, b], 1))
    array([[1, 2, 5, 6],
           [3, 4, 7, 8]], dtype=int32)
    """
    if not isinstance(values, (list, tuple)):
        values = [values]
    if not values:
        raise misuse(
            ValueError("List argument 'values' to 'ConcatV2' Op with length 0 shorter than minimum length 2."),
            fix="tf.concat([a, b], axis)",
        )
    if len(values) == 1:
        # The scope is left again before the Identity is made, which therefore has a name of its own: concat_1.
        with name_scope(name):
            try:
                convert(axis, dtypes.int32, "concat_dim").shape.assert_has_rank(0)
            except (TypeError, ValueError) as error:
                call = written.running("concat")
                mine = [call.argument(key) for key in ("values", "axis")] if call is not None else ["axis", "values"]
                raise misuse(
                    error,
                    why="since TensorFlow 1.0 the values come first, then the axis",
                    fix=f"tf.concat({mine[1] or 'values'}, {mine[0] or 'axis'})",
                ) from None
            return identity(values[0], name=name)
    return ConcatV2()(list(values), axis, name=name)


class ConcatOffset(Op):
    """Where each of several tensors begins when they are joined along an axis."""

    grad = None

    def kernel(self, concat_dim: Array[np.int32], shape: Sequence[Array[np.int32]]) -> tuple[Array[np.int32], ...]:
        result, position = [], 0
        if np.ndim(concat_dim):
            raise InvalidArgumentError(None, None, "Concat dim tensor should be a scalar integer")
        for i, sizes in enumerate(shape):
            if np.ndim(sizes) != 1 or len(sizes) != np.size(shape[0]):
                raise InvalidArgumentError(
                    None, None, f"input {i} should be a vector of {np.size(shape[0])} elements, but got shape "
                    f"{format_dims(np.shape(sizes))}",
                )  # fmt: skip
        axis, first = int(concat_dim), np.asarray(shape[0]).tolist()
        if not -len(first) <= axis < len(first):
            raise InvalidArgumentError(
                None, None, f"Concat dim is out of range: {axis} must be in [{-len(first)}, {len(first)})"
            )
        for i, sizes in enumerate(shape):
            if _without(sizes, axis) != _without(shape[0], axis):
                listed = " ".join(str(d) for d in np.asarray(sizes).tolist())
                raise InvalidArgumentError(
                    None, None, f"All dimensions except {axis} must match. Input {i} has shape [{listed}] and doesn't match "
                    f"input 0 with shape [{' '.join(str(d) for d in first)}].",
                )  # fmt: skip
            begin = np.zeros(len(sizes), np.int32)
            begin[axis] = position
            position += int(sizes[axis])
            result.append(begin)
        return tuple(result)

    def dtypes(self, *inputs: Any) -> list[DType]:
        return [dtypes.int32] * (len(inputs) - 1)

    def shape(self, concat_dim: Spec, shape: Sequence[Spec]) -> list[TensorShape]:
        return [s.shape for s in shape]

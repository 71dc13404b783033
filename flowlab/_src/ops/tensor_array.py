"""`tf.TensorArray` as nodes: a list of tensors that loops write to and read from.

In TensorFlow the list lives in a resource and the *flow*, a float scalar, only keeps the operations in order. Here the
flow carries the list itself (`kernels/array_list.py`), so nothing is changed in place: a write gives a new flow, loops
can be stepped back.

The gradient of an array is an array of its own, which `TensorArrayGradV3` names: what is written there adds up. Its
entries travel in a flow as well, under keys of their own, so that one flow may hold those of several arrays.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.op import Array, Op, Resource, Spec, T
from flowlab._src.graph.registry import raw
from flowlab._src.graph.shape import UNKNOWN, TensorShape, format_dims
from flowlab._src.kernels.array_list import ArrayList, as_array_list

SCALAR = TensorShape.of(())


class TensorArrayHandle(NamedTuple):
    """What all operations on one TensorArray know of it."""

    name: str
    dtype: DType
    dynamic_size: bool
    element_shape: TensorShape
    infer_shape: bool
    shapes: dict[int, tuple[int, ...]]  # of the elements that were written: zeros in the gradient are shaped like them
    source: str = ""  # whose gradient the array holds; "" for an array that is no gradient

    @property
    def shape(self) -> tuple[int, ...]:
        """That of the two names which a handle is in TensorFlow."""
        return (2,)

    def key(self, position: int) -> Hashable:
        """Where a list keeps the element at a position."""
        return (self.source, position) if self.source else position

    def size(self, array: ArrayList) -> int:
        """The number of positions; a gradient that nothing was written to has as many as what it is the gradient of."""
        return max(self.shapes, default=-1) + 1 if self.source and not array.size else array.size


def refuse(handle: TensorArrayHandle, message: str) -> InvalidArgumentError:
    """The error of an operation on a TensorArray."""
    return InvalidArgumentError(None, None, f"TensorArray {handle.name}: {message}")


class TensorArrayV3(Op):
    """A new, empty TensorArray."""

    dtype: DType
    element_shape: TensorShape = UNKNOWN
    dynamic_size: bool = False
    clear_after_read: bool = True
    identical_element_shapes: bool = False
    tensor_array_name: str = ""
    stateful = True
    reads_only = True
    grad = None

    def kernel(self, run: Any, size: Array[np.int32]) -> tuple[Array[Resource], Array[np.float32]]:
        count = int(size)
        if count < 0:
            raise InvalidArgumentError(None, None, "Size should be >= 0.")
        name = self.tensor_array_name or run.node.name
        handle = TensorArrayHandle(
            name, self.dtype, self.dynamic_size, self.element_shape, self.identical_element_shapes, {}
        )
        return handle, ArrayList(count)

    def shape(self, size: Spec) -> list[TensorShape]:
        size.ranked(0)
        return [TensorShape.of((2,)), SCALAR]


class TensorArrayGradV3(Op):
    """The array that holds the gradients of another one's elements."""

    source_: str
    grad = None
    like_elements = True

    def kernel(self, handle: Array[Resource], flow_in: Array[np.float32]) -> tuple[Array[Resource], Array[np.float32]]:
        source = f"{handle.source}:{self.source_}" if handle.source else self.source_
        return handle._replace(source=source), flow_in

    def shape(self, handle: Spec, flow_in: Spec) -> list[TensorShape]:
        return [TensorShape.of((2,)), SCALAR]


class _OnArray(Op, abstract=True):
    """An operation on a TensorArray: handle first, flow last."""


def gradient_array(node: Any, dy: Any, flow: Any, dtype: DType) -> Any:
    """The array of the gradients that `dy` brings to the one that `node` works on."""
    from flowlab._src.ops.tensor_array_class import TensorArray

    array = TensorArray(dtype, handle=node.inputs[0], flow=flow, colocate_with_first_write_call=False)
    return array.grad(gradient_source(dy), flow)


def gradient_source(dy: Any) -> str:
    """What tells one call of `tf.gradients` from others: its name scope, such as "train/gradients_1"."""
    graph = get_default_graph()
    for name in () if graph.eager else (dy.op.name, graph.scopes.name):
        parts = name.split("/")
        found = next((i for i, part in enumerate(parts) if re.fullmatch(r"gradients(_\d+)?", part)), None)
        if found is not None:
            return "/".join(parts[: found + 1])
    return "gradients"


def after_writing(node: Any, dflow: Any) -> Any:
    """The gradient that arrives at a flow, for who reads it once the array has been written."""
    flow_out = raw.Identity(node.outputs[0], name="flow_out")
    with get_default_graph().control_dependencies([flow_out]):
        return raw.Identity(dflow, name="write_barrier")


def check_position(handle: TensorArrayHandle, array: ArrayList, position: int, verb: str) -> None:
    """Refuse positions outside of the array."""
    if position < 0 or position >= handle.size(array):
        if verb == "write":
            if position >= 0 and handle.dynamic_size:
                return
            raise refuse(
                handle,
                f"Tried to write to index {position} but array is not resizeable and size is: {handle.size(array)}",
            )
        raise refuse(handle, f"Tried to read from index {position} but array size is: {handle.size(array)}")


def written(handle: TensorArrayHandle, array: ArrayList, position: int, value: Any) -> ArrayList:
    """The array with one more element."""
    check_position(handle, array, position, "write")
    if handle.source:
        array, before = array.only(handle.source), array.get(handle.key(position))
        return array.having(handle.key(position), value if before is None else before + value)
    if array.get(position) is not None:
        raise refuse(handle, f"Could not write to TensorArray index {position} because it has already been written to.")
    handle.shapes[position] = check_shape(handle, position, np.shape(value))
    return array.having(position, value)


def check_shape(handle: TensorArrayHandle, position: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of an element that may be written."""
    first = next(iter(handle.shapes.values()), None)
    if shape == first:
        return shape
    alike = first if handle.infer_shape and first is not None else shape  # of those written before
    if alike != shape or not handle.element_shape.is_compatible_with(shape):
        wanted = handle.element_shape if alike == shape else format_dims(alike)
        raise refuse(
            handle,
            f"Could not write to TensorArray index {position} because the value shape is {format_dims(shape)} "
            f"which is incompatible with the TensorArray's inferred element shape: {wanted} (consider setting "
            "infer_shape=False).",
        )
    return shape


def stacked(values: list[Any]) -> Any:
    """Arrays of one shape on top of each other: 100 small ones in 10 us, for 45 with `np.stack`."""
    first = values[0]
    if first.__class__ is not np.ndarray or not first.ndim or first.dtype == object:
        return np.stack(values)
    return np.concatenate(values).reshape(len(values), *first.shape)


def written_rows(handle: TensorArrayHandle, array: ArrayList, positions: Sequence[int], rows: Array) -> ArrayList:
    """The array with the rows of a tensor as elements: what `written` does with one after the other."""
    if handle.source:
        array = array.only(handle.source)
    keys = [handle.key(position) for position in positions]
    if 0 < len(keys) == len(set(keys)):
        check_position(handle, array, min(positions), "write")
        check_position(handle, array, max(positions), "write")
        result = array.having_rows(keys, rows)
        if result is not None:
            if not handle.source:
                shape = check_shape(handle, positions[0], rows.shape[1:])
                handle.shapes.update(dict.fromkeys(positions, shape))
            return result
    for position, row in zip(positions, rows, strict=True):
        array = written(handle, array, position, row)
    return array


def element(handle: TensorArrayHandle, array: ArrayList, position: int) -> Any:
    """The element at a position."""
    check_position(handle, array, position, "read")
    value = array.get(handle.key(position))
    if value is None:
        if handle.source and position in handle.shapes:
            return np.zeros(handle.shapes[position], handle.dtype.as_numpy_dtype)
        if (
            handle.infer_shape
            and (other := next((v for k, v in array.items() if k == handle.key(k)), None)) is not None
        ):
            return np.zeros_like(other)
        if handle.element_shape.is_fully_defined():
            return np.zeros(handle.element_shape.as_list(), handle.dtype.as_numpy_dtype)
        raise refuse(
            handle,
            f"Could not read from TensorArray index {position}.  Furthermore, the element shape is not fully defined: "
            f"{handle.element_shape}.  It is possible you are working with a resizeable TensorArray and stop_gradients is not "
            "allowing the gradients to be written.  If you set the full element_shape property on the forward TensorArray, the "
            "proper all-zeros tensor will be returned instead of incurring this error.",
        )
    return value


class TensorArrayWriteV3(_OnArray):
    """Put a tensor at a position."""

    def kernel(
        self, handle: Array[Resource], index: Array[np.int32], value: Array[T], flow_in: Array[np.float32]
    ) -> Array[np.float32]:
        return written(handle, as_array_list(flow_in), int(index), value)

    def put_rows(self, handle: TensorArrayHandle, positions: Sequence[Any], rows: Array, flow_in: Any) -> ArrayList:
        """What the kernel does with the rows of an array, one after the other."""
        return written_rows(handle, as_array_list(flow_in), [int(position) for position in positions], rows)

    def shape(self, handle: Spec, index: Spec, value: Spec, flow_in: Spec) -> TensorShape:
        index.ranked(0)
        return SCALAR

    def elements_put(self, handle: Spec, index: Spec, value: Spec, flow_in: Spec) -> TensorShape:
        return value.shape

    def grad(self, node: Any, dflow: Any) -> Any:
        """The element's gradient stands at that position of the array of gradients."""
        dflow = after_writing(node, dflow)
        gradients = gradient_array(node, dflow, dflow, node.inputs[2].dtype)
        return None, None, gradients.read(node.inputs[1]), dflow


class TensorArrayReadV3(_OnArray):
    """The tensor at a position."""

    dtype: DType

    def kernel(self, handle: Array[Resource], index: Array[np.int32], flow_in: Array[np.float32]) -> Array:
        return element(handle, as_array_list(flow_in), int(index))

    def take_rows(self, handle: TensorArrayHandle, positions: Sequence[Any], flow_in: Any) -> Sequence[Array]:
        """What the kernel gives for one position after the other."""
        array, places = as_array_list(flow_in), [int(position) for position in positions]
        rows = array.rows_at([handle.key(place) for place in places])
        return [element(handle, array, place) for place in places] if rows is None else rows

    def dtypes(self, *inputs: Any) -> DType:
        return self.dtype

    def shape(self, handle: Spec, index: Spec, flow_in: Spec) -> TensorShape:
        index.ranked(0)
        return handle.elements

    def grad(self, node: Any, dy: Any) -> Any:
        """The gradient is written at that position of the array of gradients."""
        gradients = gradient_array(node, dy, node.inputs[2], self.dtype)
        return None, None, gradients.write(node.inputs[1], dy).flow


class TensorArrayGatherV3(_OnArray):
    """The tensors at several positions, stacked."""

    dtype: DType
    element_shape: TensorShape = UNKNOWN

    def kernel(self, handle: Array[Resource], indices: Array[np.int32], flow_in: Array[np.float32]) -> Array:
        array = as_array_list(flow_in)
        if len(indices) == 0:
            known = self.element_shape.merge_with(handle.element_shape)
            if not known.is_fully_defined():
                raise refuse(
                    handle,
                    f"TensorArray has size zero, but element shape {known} is not fully defined. Currently only static shapes "
                    "are supported when packing zero-size TensorArrays.",
                )
            return np.zeros([0, *known.as_list()], self.dtype.as_numpy_dtype)
        positions = indices.tolist()
        if not handle.source and (rows := array.rows_at(positions)) is not None:
            return rows
        try:
            values = [] if handle.source else [array.get(i) for i in positions]
            shapes = [value.shape for value in values]
        except AttributeError:  # some were not written
            shapes = []
        if not shapes:
            values = [element(handle, array, i) for i in positions]
            shapes = [np.shape(value) for value in values]
        if shapes.count(shapes[0]) != len(shapes):
            i, shape = next((i, shape) for i, shape in zip(positions, shapes, strict=True) if shape != shapes[0])
            raise refuse(
                handle,
                f"TensorArray has inconsistent shapes.  Index {positions[0]} has shape: {format_dims(shapes[0])} but index {i} "
                f"has shape: {format_dims(shape)}",
            )
        return stacked(values)

    def dtypes(self, *inputs: Any) -> DType:
        return self.dtype

    def shape(self, handle: Spec, indices: Spec, flow_in: Spec) -> TensorShape:
        (count,) = indices.ranked(1)
        if handle.elements.is_fully_defined():
            return TensorShape.of((count,)).concatenate(handle.elements)
        return TensorShape.of((None,)).concatenate(self.element_shape)

    def grad(self, node: Any, dy: Any) -> Any:
        """The rows are written into the array of gradients."""
        gradients = gradient_array(node, dy, node.inputs[2], self.dtype)
        return None, None, gradients.scatter(node.inputs[1], dy).flow


class TensorArrayScatterV3(_OnArray):
    """Put the rows of a tensor at several positions."""

    def kernel(
        self, handle: Array[Resource], indices: Array[np.int32], value: Array[T], flow_in: Array[np.float32]
    ) -> Array[np.float32]:
        if np.ndim(value) < 1 or len(indices) != len(value):
            raise InvalidArgumentError(
                None, None, "Expected len(indices) == values.shape[0], but saw: "
                f"{len(indices)} vs. {np.shape(value)[0] if np.ndim(value) else 'a scalar'}",
            )  # fmt: skip
        return written_rows(handle, as_array_list(flow_in), np.asarray(indices).tolist(), value)

    def shape(self, handle: Spec, indices: Spec, value: Spec, flow_in: Spec) -> TensorShape:
        indices.ranked(1)
        return SCALAR

    def elements_put(self, handle: Spec, indices: Spec, value: Spec, flow_in: Spec) -> TensorShape | None:
        return None if value.dims is None else TensorShape.of(value.dims[1:])

    def grad(self, node: Any, dflow: Any) -> Any:
        """The rows stand in the array of gradients."""
        dflow = after_writing(node, dflow)
        gradients = gradient_array(node, dflow, dflow, node.inputs[2].dtype)
        return None, None, gradients.gather(node.inputs[1]), dflow


class TensorArrayConcatV3(_OnArray):
    """All elements joined along the first axis, and their lengths."""

    dtype: DType
    element_shape_except0: TensorShape = UNKNOWN

    def kernel(self, handle: Array[Resource], flow_in: Array[np.float32]) -> tuple[Array, Array[np.int64]]:
        array = as_array_list(flow_in)
        if handle.size(array) == 0:
            if not self.element_shape_except0.is_fully_defined():
                raise refuse(
                    handle,
                    f"TensorArray has size zero, but element_shape_except0 {self.element_shape_except0} is not fully defined. "
                    "Currently only static shapes are supported when concatenating zero-size TensorArrays.",
                )
            rows = [0, *self.element_shape_except0.as_list()]
            return np.zeros(rows, self.dtype.as_numpy_dtype), np.zeros(0, np.int64)
        values = [element(handle, array, i) for i in range(handle.size(array))]
        for i, value in enumerate(values):
            if np.ndim(value) == 0:
                raise refuse(handle, f"Concat saw a scalar shape at index {i} but requires at least vectors.")
            if np.shape(value)[1:] != np.shape(values[0])[1:]:
                raise refuse(
                    handle,
                    f"TensorArray has inconsistent shapes.  Index 0 has (excepting dimension 0) shape: "
                    f"{format_dims(np.shape(values[0])[1:])} but index {i} has (excepting dimension 0) shape: "
                    f"{format_dims(np.shape(value)[1:])}",
                )
        return np.concatenate(values), np.array([len(v) for v in values], np.int64)

    def dtypes(self, *inputs: Any) -> list[DType]:
        from flowlab._src.graph.dtypes import int64

        return [self.dtype, int64]

    def shape(self, handle: Spec, flow_in: Spec) -> list[TensorShape]:
        return [TensorShape.of((None,)).concatenate(self.element_shape_except0), TensorShape.of((None,))]

    def grad(self, node: Any, dy: Any, dlengths: Any) -> Any:
        """The pieces are written into the array of gradients."""
        gradients = gradient_array(node, dy, node.inputs[1], self.dtype)
        return None, gradients.split(dy, lengths=node.outputs[1]).flow


class TensorArraySplitV3(_OnArray):
    """Cut a tensor along its first axis into the elements."""

    def kernel(
        self, handle: Array[Resource], value: Array[T], lengths: Array[np.int64], flow_in: Array[np.float32]
    ) -> Array[np.float32]:
        array = as_array_list(flow_in)
        if np.ndim(lengths) != 1:
            raise InvalidArgumentError(
                None, None, f"Expected lengths to be a vector, received shape: {format_dims(np.shape(lengths))}"
            )
        if np.ndim(value) == 0 or int(lengths.sum()) != len(value):
            raise InvalidArgumentError(
                None, None, f"Expected sum of lengths to be equal to values.shape[0], but sum of lengths is {int(lengths.sum())} "
                f"and value's shape is: {format_dims(np.shape(value))}",
            )  # fmt: skip
        if not handle.dynamic_size and handle.size(array) != len(lengths):
            raise refuse(
                handle,
                f"TensorArray's size is not equal to the size of lengths ({handle.size(array)} vs. {len(lengths)}), and the TensorArray "
                "is not marked as dynamically resizeable",
            )
        for i, piece in enumerate(np.split(value, np.cumsum(lengths)[:-1]) if len(lengths) else []):
            array = written(handle, array, i, piece)
        return array

    def shape(self, handle: Spec, value: Spec, lengths: Spec, flow_in: Spec) -> TensorShape:
        lengths.ranked(1)
        return SCALAR

    def grad(self, node: Any, dflow: Any) -> Any:
        """What stands in the array of gradients, joined."""
        dflow = after_writing(node, dflow)
        gradients = gradient_array(node, dflow, dflow, node.inputs[1].dtype)
        return None, gradients.concat(), None, dflow


class TensorArraySizeV3(_OnArray):
    """The number of positions."""

    grad = None

    def kernel(self, handle: Array[Resource], flow_in: Array[np.float32]) -> Array[np.int32]:
        return np.int32(as_array_list(flow_in).size)

    def shape(self, handle: Spec, flow_in: Spec) -> TensorShape:
        return SCALAR


class TensorArrayCloseV3(_OnArray):
    """Does nothing: the list goes when nobody holds it."""

    grad = None

    def kernel(self, handle: Array[Resource]) -> None:
        return None

    def shape(self, handle: Spec) -> list[TensorShape]:
        return []

    def dtypes(self, *inputs: Any) -> list[DType]:
        return []

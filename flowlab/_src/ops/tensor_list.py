"""Lists of tensors that flow as one value of dtype variant.

In files they hold what a branch or loop computed until its gradient needs it (`graph/graphdef_tapes.py` writes them, and
so does TensorFlow 2). A list never changes: to push or to set an element gives a new one.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from flowlab._src.errors import InvalidArgumentError, UnimplementedError
from flowlab._src.graph import dtypes
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.op import Array, Index, Op, Spec, T, Variant
from flowlab._src.graph.shape import UNKNOWN, TensorShape, as_shape
from flowlab._src.kernels.array_list import ArrayList

SCALAR = TensorShape.of(())


class TensorList(NamedTuple):
    """What flows: the elements by position, of which there are `size`."""

    elements: ArrayList
    size: int
    dtype: DType
    element_shape: TensorShape

    @property
    def shape(self) -> tuple[int, ...]:
        """That of a scalar, whatever it holds."""
        return ()

    def get(self, position: int) -> Any:
        """The element at a position, None where nothing was set."""
        if not 0 <= position < self.size:
            raise InvalidArgumentError(
                None, None, f"Trying to access element {position} in a list with {self.size} elements."
            )
        return self.elements.get(position)

    def having(self, position: int, value: Any) -> TensorList:
        """The list with another element at a position, which may be the first one past the end."""
        is_array = self.dtype not in (dtypes.variant, dtypes.resource)
        if is_array and not self.element_shape.is_compatible_with(np.shape(value)):
            raise InvalidArgumentError(
                None, None, "Tried to append a tensor with incompatible shape to a list. Op element shape: "
                f"{as_shape(np.shape(value))} list shape: {self.element_shape}",
            )  # fmt: skip
        elements = self.elements.having(position, value)
        return self._replace(elements=elements, size=max(self.size, position + 1))

    def values(self, element_shape: Any) -> list[Any]:
        """All elements, zeros of the known shape where nothing was set."""
        return [self.filled(i, element_shape) for i in range(self.size)]

    def filled(self, position: int, element_shape: Any) -> Any:
        """The element at a position, zeros of the known shape where nothing was set."""
        value = self.get(position)
        if value is not None:
            return value
        shape = self.element_shape.merge_with(shape_from(element_shape))
        if not shape.is_fully_defined():
            other = next((v for i in range(self.size) if (v := self.elements.get(i)) is not None), None)
            if other is None:
                raise InvalidArgumentError(
                    None, None, "Trying to read an uninitialized tensor but element_shape is not fully defined: "
                    f"{shape}",
                )  # fmt: skip
            return np.zeros_like(other)
        return np.zeros(shape.as_list(), self.dtype.as_numpy_dtype)


def shape_from(array: Any) -> TensorShape:
    """The shape that a vector of sizes tells; -1 for what is not known, the number -1 alone for nothing at all."""
    if np.ndim(array) == 0:
        if int(array) != -1:
            raise InvalidArgumentError(
                None, None, "The only valid scalar shape tensor is the fully unknown shape specified as -1."
            )
        return UNKNOWN
    return TensorShape([None if size < 0 else int(size) for size in array])


def known(spec: Spec) -> TensorShape:
    """The shape that an input tells, as far as it is known while building."""
    return UNKNOWN if spec.value is None else shape_from(spec.value)


def empty(dtype: DType, element_shape: Any, size: int = 0) -> TensorList:
    """A list whose elements are not set."""
    return TensorList(ArrayList(size), size, dtype, shape_from(element_shape))


class _GivesList(Op, abstract=True):
    """An operation whose only output is a list."""

    def shape(self, *inputs: Spec) -> TensorShape:
        return SCALAR


class EmptyTensorList(_GivesList):
    """A list without elements."""

    element_dtype: DType
    grad = None

    def kernel(self, element_shape: Array[Index], max_num_elements: Array[np.int32]) -> Array[Variant]:
        return empty(self.element_dtype, element_shape)


class TensorListReserve(_GivesList):
    """A list of elements that are not set yet."""

    element_dtype: DType
    grad = None

    def kernel(self, element_shape: Array[Index], num_elements: Array[np.int32]) -> Array[Variant]:
        if int(num_elements) < 0:
            raise InvalidArgumentError(None, None, "The num_elements to reserve must be a non negative number")
        return empty(self.element_dtype, element_shape, int(num_elements))


class TensorListPushBack(_GivesList):
    """The list with one more element at its end."""

    def kernel(self, input_handle: Array[Variant], tensor: Array[T]) -> Array[Variant]:
        return input_handle.having(input_handle.size, tensor)


class TensorListSetItem(_GivesList):
    """The list with another element at a position."""

    resize_if_index_out_of_bounds: bool = False

    def kernel(self, input_handle: Array[Variant], index: Array[np.int32], item: Array[T]) -> Array[Variant]:
        if int(index) < 0 or (int(index) >= input_handle.size and not self.resize_if_index_out_of_bounds):
            raise InvalidArgumentError(
                None, None, f"Trying to modify element {int(index)} in a list with {input_handle.size} elements."
            )
        return input_handle.having(int(index), item)


class TensorListFromTensor(_GivesList):
    """The list of the rows of a tensor."""

    def kernel(self, tensor: Array[T], element_shape: Array[Index]) -> Array[Variant]:
        if np.ndim(tensor) == 0:
            raise InvalidArgumentError(None, None, "Tensor must be at least a vector, but saw shape: []")
        result = empty(dtypes.as_dtype(tensor.dtype), element_shape)
        for i, row in enumerate(tensor):
            result = result.having(i, np.asarray(row))
        return result


class TensorListLength(Op):
    """The number of elements."""

    grad = None

    def kernel(self, input_handle: Array[Variant]) -> Array[np.int32]:
        return np.int32(input_handle.size)

    def shape(self, input_handle: Spec) -> TensorShape:
        return SCALAR


def check_type(values: TensorList, dtype: DType) -> None:
    """Refuse a list of another type."""
    if values.dtype is not dtype:
        raise InvalidArgumentError(
            None, None, f"Invalid data types; op elements {dtype.name} but list elements {values.dtype.name}"
        )


class TensorListGetItem(Op):
    """The element at a position."""

    element_dtype: DType

    def kernel(self, input_handle: Array[Variant], index: Array[np.int32], element_shape: Array[np.int32]) -> Array:
        check_type(input_handle, self.element_dtype)
        return input_handle.filled(int(index), element_shape)

    def dtypes(self, *inputs: Any) -> DType:
        return self.element_dtype

    def shape(self, input_handle: Spec, index: Spec, element_shape: Spec) -> TensorShape:
        return known(element_shape)


class TensorListPopBack(Op):
    """The list without its last element, and that element."""

    element_dtype: DType

    def kernel(self, input_handle: Array[Variant], element_shape: Array[np.int32]) -> tuple[Array[Variant], Array]:
        check_type(input_handle, self.element_dtype)
        if not input_handle.size:
            raise InvalidArgumentError(None, None, "Trying to pop from an empty list.")
        last = input_handle.size - 1
        return input_handle._replace(size=last), input_handle.filled(last, element_shape)

    def dtypes(self, *inputs: Any) -> list[DType]:
        return [dtypes.variant, self.element_dtype]

    def shape(self, input_handle: Spec, element_shape: Spec) -> list[TensorShape]:
        return [SCALAR, known(element_shape)]


class TensorListStack(Op):
    """All elements, stacked along a new first axis."""

    element_dtype: DType
    num_elements: int = -1

    def kernel(self, input_handle: Array[Variant], element_shape: Array[np.int32]) -> Array:
        check_type(input_handle, self.element_dtype)
        if self.num_elements not in (-1, input_handle.size):
            raise InvalidArgumentError(
                None, None, f"Operation expected a list with {self.num_elements} elements but got a list with "
                f"{input_handle.size} elements.",
            )  # fmt: skip
        if self.element_dtype in (dtypes.variant, dtypes.resource):
            raise UnimplementedError(None, None, "Lists of lists cannot be stacked.")
        values = input_handle.values(element_shape)
        if values:
            if any(np.shape(value) != np.shape(values[0]) for value in values):
                raise InvalidArgumentError(None, None, "Tried to stack elements of a list with different shapes.")
            return np.stack(values)
        shape = input_handle.element_shape.merge_with(shape_from(element_shape))
        if not shape.is_fully_defined():
            raise InvalidArgumentError(
                None, None, f"Tried to stack elements of an empty list with non-fully-defined element_shape: {shape}"
            )
        return np.zeros([0, *shape.as_list()], self.element_dtype.as_numpy_dtype)

    def dtypes(self, *inputs: Any) -> DType:
        return self.element_dtype

    def shape(self, input_handle: Spec, element_shape: Spec) -> TensorShape:
        first = self.num_elements if self.num_elements >= 0 else None
        return TensorShape.of((first,)).concatenate(known(element_shape))

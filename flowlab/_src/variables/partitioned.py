"""Variables cut into parts along one axis, and the partitioners that say how."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from flowlab._src.graph.arguments import as_int
from flowlab._src.graph.convert import register_tensor_conversion_function
from flowlab._src.graph.dtypes import DType, as_dtype
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape, as_shape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.control import group
from flowlab._src.util.export import export
from flowlab._src.variables.variable import Variable


class PartitionInfo:
    """Tells an initializer which part of the whole it fills."""

    def __init__(self, full_shape: list[int], var_offset: list[int]) -> None:
        self.full_shape = full_shape
        self.var_offset = var_offset


class PartitionedVariable:
    """A list of variables that together are one; as a tensor it is their concatenation."""

    def __init__(
        self, name: str, shape: list[int], dtype: DType, variable_list: list[Variable], partitions: list[int]
    ) -> None:
        self._name = name
        self._shape = shape
        self._dtype = dtype
        self._variables = variable_list
        self._partitions = partitions

    @property
    def name(self) -> str:
        """Name of the whole."""
        return self._name

    @property
    def dtype(self) -> DType:
        """Type of the elements."""
        return self._dtype

    @property
    def shape(self) -> TensorShape:
        """Shape of the whole."""
        return TensorShape(self._shape)

    def get_shape(self) -> TensorShape:
        """Return the shape of the whole."""
        return TensorShape(self._shape)

    @property
    def graph(self) -> Any:
        """The graph of the parts."""
        return self._variables[0].graph

    @property
    def initializer(self) -> Operation:
        """The operation that initializes all parts."""
        return group(*[v.initializer for v in self._variables])

    def _axis(self) -> int:
        cut = [i for i, n in enumerate(self._partitions) if n > 1]
        return cut[0] if cut else 0

    def as_tensor(self) -> Tensor:
        """Return the parts joined."""
        if len(self._variables) == 1:
            with name_scope(None):
                return raw.Identity(self._variables[0], name=self._name)
        with name_scope(self._name + "/ConcatPartitions/"):
            joined = raw.ConcatV2(list(self._variables), self._axis(), name="concat")
        with name_scope(None):
            return raw.Identity(joined, name=self._name)

    def __iter__(self) -> Iterator[Variable]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)

    def __getitem__(self, index: int) -> Variable:
        if not isinstance(index, slice):
            index = as_int(index, "index")
            if not -len(self._variables) <= index < len(self._variables):
                raise IndexError(f"list index out of range: {index} of {len(self._variables)} parts")
        return self._variables[index]

    def __repr__(self) -> str:
        return f"<PartitionedVariable '{self._name}' shape={tuple(self._shape)} dtype={self._dtype.name} in {len(self._variables)} parts>"


def _convert(value: PartitionedVariable, dtype: Any = None, name: str | None = None, as_ref: bool = False) -> Any:
    if dtype is not None and not as_dtype(dtype).is_compatible_with(value.dtype):
        raise ValueError(
            f"Incompatible type conversion requested to type '{as_dtype(dtype).name}' for variable of type '{value.dtype.name}'"
        )
    return value.as_tensor()


register_tensor_conversion_function(PartitionedVariable, _convert, 50)


def make_partitioned(
    name: str,
    shape: list[int],
    dtype: DType,
    partitioner: Callable[..., Any],
    initial: Any,
    make_part: Callable[..., Variable],
) -> PartitionedVariable:
    """Cut a variable as the partitioner says and make its parts `name/part_0`, `name/part_1` ..."""
    if not callable(partitioner):
        raise ValueError(f"Partitioner must be callable, but received: {partitioner}")
    partitions = list(partitioner(shape=as_shape(shape), dtype=dtype))
    if len(partitions) != len(shape):
        raise ValueError(
            f"Partitioner returned a partition list that does not match the Variable's rank: {partitions} vs. {as_shape(shape)}"
        )
    if any(p < 1 for p in partitions):
        raise ValueError(f"Partitioner returned zero partitions for some axes: {partitions}")
    cut = [i for i, p in enumerate(partitions) if p > 1]
    if len(cut) > 1:
        text = f"Can only slice a variable along one dimension: shape: {as_shape(shape)}, partitioning: {partitions}"
        raise ValueError(text)
    axis = cut[0] if cut else 0
    count = partitions[axis] if shape else 1
    if shape and count > max(shape[axis], 1):
        start = [shape[axis] if k == axis else 0 for k in range(len(shape))]
        raise ValueError(
            f"Expected 0 <= offset < shape but found offset={shape[axis]}, shape={shape[axis]} for var_offset={start}, "
            f"full_shape={shape}: there are more parts than rows"
        )
    sizes = [shape[axis] // count + (i < shape[axis] % count) for i in range(count)] if shape else [0]
    parts: list[Variable] = []
    offset = 0
    for i, size in enumerate(sizes):
        part_shape = [size if k == axis else d for k, d in enumerate(shape)]
        start = [offset if k == axis else 0 for k in range(len(shape))]
        with name_scope(f"{name}/part_{i}/PartitionedInitializer"):
            piece = None if initial is None else raw.Slice(initial, start, part_shape)
        part = make_part(f"{name}/part_{i}", part_shape, piece, PartitionInfo(shape, start))
        part._set_save_slice_info(Variable.SaveSliceInfo(name, shape, start, part_shape))
        parts.append(part)
        offset += size
    return PartitionedVariable(name, shape, dtype, parts, partitions)


Partitioner = Callable[..., list[int]]


@export("fixed_size_partitioner")
def fixed_size_partitioner(num_shards: int, axis: int = 0) -> Partitioner:
    """Return a partitioner that cuts variables into `num_shards` parts along `axis`.

    Examples
    --------
    >>> w = tf.get_variable("w", [10, 4], partitioner=tf.fixed_size_partitioner(3))
    >>> [v.shape.as_list() for v in w]
    [[4, 4], [3, 4], [3, 4]]
    """

    def partitioner(shape: TensorShape, dtype: Any = None, **_: Any) -> list[int]:
        result = [1] * len(shape)
        size = shape[axis].value
        result[axis] = min(num_shards, size) if size is not None else num_shards
        return result

    return partitioner


@export("variable_axis_size_partitioner")
def variable_axis_size_partitioner(
    max_shard_bytes: int, axis: int = 0, bytes_per_string_element: int = 16, max_shards: int | None = None
) -> Partitioner:
    """Return a partitioner that keeps each part at or below `max_shard_bytes` bytes."""
    max_shard_bytes = as_int(max_shard_bytes, "max_shard_bytes")
    bytes_per_string_element = as_int(bytes_per_string_element, "bytes_per_string_element")
    max_shards = None if max_shards is None else as_int(max_shards, "max_shards")
    if max_shard_bytes < 1 or bytes_per_string_element < 1:
        raise ValueError("Both max_shard_bytes and bytes_per_string_element must be positive.")
    if max_shards is not None and max_shards < 1:
        raise ValueError("max_shards must be positive.")

    def partitioner(shape: TensorShape, dtype: DType, **_: Any) -> list[int]:
        if not shape.is_fully_defined():
            raise ValueError(f"shape is not fully defined: {shape}")
        result = [1] * len(shape)
        size = bytes_per_string_element if dtype.base_dtype.name == "string" else dtype.size
        length = shape[axis].value
        slice_bytes = max(1, size * (shape.num_elements() or 0) // max(length, 1))
        per_shard = max(1, max_shard_bytes // slice_bytes)
        shards = math.ceil(length / per_shard)
        result[axis] = max(1, min(shards, max_shards) if max_shards is not None else shards)
        return result

    return partitioner


@export("min_max_variable_partitioner")
def min_max_variable_partitioner(
    max_partitions: int = 1, axis: int = 0, min_slice_size: int = 256 << 10, bytes_per_string_element: int = 16
) -> Partitioner:
    """Return a partitioner that makes parts of at least `min_slice_size` bytes, at most `max_partitions` of them."""

    def partitioner(shape: TensorShape, dtype: DType, **_: Any) -> list[int]:
        if not shape.is_fully_defined():
            raise ValueError(f"Shape not fully defined, got: {shape}")
        size = bytes_per_string_element if dtype.base_dtype.name == "string" else dtype.size
        total = (shape.num_elements() or 0) * size
        result = [1] * len(shape)
        if total >= min_slice_size:
            result[axis] = max(1, min(max_partitions, shape[axis].value, math.ceil(total / min_slice_size)))
        return result

    return partitioner

"""The voxels under a sliding window: extract_volume_patches."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.errors import ShapeError, UnimplementedError
from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_ints
from flowlab._src.graph.op import Array, Op, RealNumber, Spec
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.registry import raw
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.sparse_tensor import SparseTensor
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels.memory import require_memory
from flowlab._src.ops.array_shape import shape as shape_of
from flowlab._src.ops.fill import ones
from flowlab._src.ops.joining import concat
from flowlab._src.ops.misuse import check_choice, misuse
from flowlab._src.ops.reshaping import dense, expand_dims, reshape
from flowlab._src.ops.sequences import range_
from flowlab._src.ops.transposing import transpose
from flowlab._src.util.export import export


class ExtractVolumePatches(Op):
    """The voxels under a window as channels, for each position of the window."""

    ksizes: tuple[int, ...]
    strides: tuple[int, ...]
    padding: str

    def __init__(self, *args: Any, **attrs: Any) -> None:
        super().__init__(*args, **attrs)
        check_choice(self.type, "padding", self.padding, ("SAME", "VALID"))
        for name in ("ksizes", "strides"):
            count = len(getattr(self, name))
            if count < 5:
                message = f"Attr '{name}' of '{self.type}' Op passed list of length {count} less than minimum 5."
                raise misuse(ValueError(message))

    def kernel(self, input: Array[RealNumber]) -> Array[RealNumber]:
        counts: list[int] = []
        border: list[tuple[int, int]] = [(0, 0)]
        for axis in (1, 2, 3):
            size, window, stride = input.shape[axis], self.ksizes[axis], self.strides[axis]
            count = self.positions(size, axis)
            missing = max((count - 1) * stride + window - size, 0) if self.padding == "SAME" else 0
            border.append((missing // 2, missing - missing // 2))
            counts.append(count)
        windows: tuple[int, ...] = self.ksizes[1:4]
        shape = (input.shape[0], *counts, *windows, input.shape[4])
        require_memory(shape, input.dtype)
        padded = np.pad(input, [*border, (0, 0)])
        result = np.empty(shape, input.dtype)
        offset: tuple[int, ...]
        for offset in np.ndindex(*windows):
            # One voxel of the window at a time: a strided slice of the padded volume.
            places: tuple[Any, ...] = tuple(
                slice(first, first + (count - 1) * stride + 1, stride)
                for first, count, stride in zip(offset, counts, self.strides[1:4], strict=True)
            )
            target: Any = (..., *offset, slice(None))
            result[target] = padded[(slice(None), *places)] if min(counts, default=0) else 0
        return result.reshape(input.shape[0], *counts, int(np.prod(windows)) * input.shape[4])

    def positions(self, size: int, axis: int) -> int:
        """How many positions the window has along an axis."""
        window, stride = self.ksizes[axis], self.strides[axis]
        return -(-size // stride) if self.padding == "SAME" else max((size - window + stride) // stride, 0)

    def shape(self, input: Spec) -> TensorShape:
        batch, *volume, depth = input.ranked(5)
        for name, values in (("ksizes", self.ksizes), ("strides", self.strides)):
            if len(values) != 5:
                raise ShapeError(
                    f"ExtractVolumePatches requires the {name} attribute to contain 5 values, but got: {len(values)}"
                )
            if min(values) < 1:
                raise ShapeError(f"{name} must be > 0, got {list(values)}")
            if values[0] != 1 or values[4] != 1:
                raise UnimplementedError(
                    None, None, f"Only support {name} across space, got {list(values)}: the first and last must be 1."
                )
        counts = []
        for axis, size in enumerate(volume, 1):
            if size is not None and self.padding == "VALID" and size + self.strides[axis] < self.ksizes[axis]:
                window, stride = self.ksizes[axis], self.strides[axis]
                left = (size - window + stride) // stride
                where = f"[input_size: {size}, effective_filter_size: {window}, stride: {stride}]"
                raise ShapeError(f"Computed output size would be negative: {left} {where}")
            counts.append(None if size is None else self.positions(size, axis))
        window = self.ksizes[1] * self.ksizes[2] * self.ksizes[3]
        return TensorShape.of((batch, *counts, None if depth is None else depth * window))

    def grad(self, node: Operation, dy: Tensor) -> list[Tensor]:
        """Add the gradient of every patch up in the voxels it came from.

        A sparse matrix tells which element of the patches is which voxel: voxels are numbered from 1 and cut into
        patches in the same way; row 0, the border, is left out.
        """
        from flowlab._src.ops.sparse_matmul import sparse_tensor_dense_matmul
        from flowlab._src.ops.sparse_parts import sparse_slice

        x = node.inputs[0]
        inner: list[Any] = x.shape.as_list()
        outer: list[Any] = node.outputs[0].shape.as_list()
        (_, planes, rows, columns, _), (_, planes_out, rows_out, columns_out, _) = inner, outer
        sizes = shape_of(x)
        batch, channels = sizes[0], sizes[4]
        voxels = 1 + planes * rows * columns
        numbers = reshape(range_(1, voxels, dtype=dtypes.int64), (1, planes, rows, columns, 1))
        patched = raw.ExtractVolumePatches(numbers, ksizes=self.ksizes, strides=self.strides, padding=self.padding)
        deep, high, wide = self.ksizes[1:4]
        window = deep * high * wide
        count = planes_out * rows_out * columns_out * window
        places = reshape(range_(count, dtype=dtypes.int64), (1, planes_out, rows_out, columns_out, window))
        pairs = concat([expand_dims(patched, axis=-1), expand_dims(places, axis=-1)], axis=-1)
        whole = SparseTensor(reshape(pairs, (-1, 2)), ones([count], dtype=dy.dtype), (voxels, count))
        matrix = sparse_slice(whole, (1, 0), (voxels - 1, count))
        dy = reshape(dense(dy), (batch, planes_out, rows_out, columns_out, deep, high, wide, channels))
        flat = reshape(transpose(dy, (1, 2, 3, 4, 5, 6, 0, 7)), (-1, batch * channels))
        summed = reshape(sparse_tensor_dense_matmul(matrix, flat), (planes, rows, columns, batch, channels))
        return [transpose(summed, (3, 0, 1, 2, 4))]


@export("extract_volume_patches")
def extract_volume_patches(input: Any, ksizes: Any, strides: Any, padding: str, name: str | None = None) -> Tensor:
    """Cut volumes into blocks: the voxels under a sliding window become channels.

    Parameters
    ----------
    input : Tensor, shape (batch, planes, rows, columns, channels)
    ksizes : list of 5 int
        Size of the window; the first and last are 1.
    strides : list of 5 int
        Step of the window; the first and last are 1.
    padding : {"SAME", "VALID"}
    name : str, optional

    Returns
    -------
    Tensor, shape (batch, out_planes, out_rows, out_columns, window size * channels)

    Examples
    --------
    >>> volume = tf.ones([1, 4, 4, 4, 2])
    >>> tf.extract_volume_patches(volume, [1, 2, 2, 2, 1], [1, 2, 2, 2, 1], "VALID").shape.as_list()
    [1, 2, 2, 2, 16]
    """
    result: Tensor = ExtractVolumePatches(
        tuple(as_ints(ksizes, "ksizes")), tuple(as_ints(strides, "strides")), padding
    )(input, name=name)
    return result

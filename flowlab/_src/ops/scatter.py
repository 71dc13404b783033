"""Putting elements at positions given as numbers: scatter_nd and the tensor_scatter functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError
from flowlab._src.graph.op import Array, Index, Op, Spec, T
from flowlab._src.graph.registry import raw
from flowlab._src.graph.shape import TensorShape, format_dims, merge_shapes
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import rows
from flowlab._src.kernels.memory import require_memory
from flowlab._src.ops.fill import zeros_like
from flowlab._src.ops.gather import flat_positions
from flowlab._src.ops.identity import identity
from flowlab._src.util.export import export


class ScatterNd(Op):
    """Zeros of a given shape with slices added at the positions given."""

    def kernel(self, indices: Array[Index], updates: Array[T], shape: Array[Index]) -> Array[T]:
        indices, updates = np.asarray(indices), np.asarray(updates)
        dims = tuple(np.asarray(shape).tolist())
        places = _check_scatter(indices, updates, dims)
        require_memory(dims, updates.dtype)
        result = np.zeros(dims, updates.dtype)
        add_at(result, places, indices.shape[-1], updates)
        return result

    def shape(self, indices: Spec, updates: Spec, shape: Spec) -> TensorShape:
        dims = shape.as_shape
        check_static_scatter(indices.dims, updates.dims, dims._dims, "output")
        return dims

    def grad(self, node: Any, dy: Tensor) -> Any:
        """Each slice gets the gradient from where it was put."""
        return [None, raw.GatherNd(dy, node.inputs[0]), None]


def add_at(result: np.ndarray, places: np.ndarray, depth: int, updates: np.ndarray, sign: int = 1) -> None:
    """Add slices in place, at the places that `flat_positions` found."""
    rest = result.shape[depth:]
    rows.add_rows(
        result.reshape(math.prod(result.shape[:depth]), *rest), places, updates.reshape(len(places), *rest), sign
    )


def _check_scatter(indices: np.ndarray, updates: np.ndarray, dims: tuple[int, ...]) -> np.ndarray:
    """Check sizes and coordinates; returns the places of the slices."""
    if not indices.ndim or indices.shape[-1] > len(dims):
        raise InvalidArgumentError(
            None, None, f"indices of shape {format_dims(indices.shape)} cannot point into shape {format_dims(dims)}"
        )
    depth = indices.shape[-1]
    if updates.shape != indices.shape[:-1] + dims[depth:]:
        raise InvalidArgumentError(
            None, None, f"Must have updates.shape = indices.shape[:batch_dim] + params_shape[slice_dim:], got updates.shape: "
            f"{format_dims(updates.shape)}, indices.shape: {format_dims(indices.shape)}, params_shape: {format_dims(dims)}, slice_dim: {depth}, "
            f"and batch_dim: {indices.ndim - 1}",
        )  # fmt: skip
    return flat_positions(indices, dims, "shape")


def check_static_scatter(indices: Any, updates: Any, dims: Any, whole: str) -> None:
    """The outer axes of the updates are those of the indices, the inner ones those of a slice of the result."""
    if indices is None or updates is None or dims is None or not indices or indices[-1] is None:
        return
    depth, outer = indices[-1], len(indices) - 1
    try:
        merge_shapes(TensorShape.of(indices[:-1]), TensorShape.of(updates[:outer]))
    except ShapeError as error:
        raise ShapeError(
            f"The outer {outer} dimensions of indices.shape={format_dims(indices)} must match the outer {outer} dimensions of "
            f"updates.shape={format_dims(updates)}: {error}"
        ) from None
    try:
        merge_shapes(TensorShape.of(dims[depth:]), TensorShape.of(updates[outer:]))
    except ShapeError as error:
        raise ShapeError(
            f"The inner {len(dims) - depth} dimensions of {whole}.shape={format_dims(dims)} must match the inner "
            f"{len(updates) - outer} dimensions of updates.shape={format_dims(updates)}: {error}"
        ) from None


@export("scatter_nd", "manip.scatter_nd")
def scatter_nd(indices: Any, updates: Any, shape: Any, name: str | None = None) -> Tensor:
    """Return zeros of `shape` with `updates` added at the positions `indices`.

    Parameters
    ----------
    indices : Tensor, shape (..., k), int32 or int64
        Each row of `k` numbers is a position along the first `k` axes of the result. Positions that occur twice
        get the sum.
    updates : Tensor
        The elements or slices to put there.
    shape : Tensor, same dtype as `indices`
    name : str, optional

    Raises
    ------
    InvalidArgumentError
        When run, if a position is out of range.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.scatter_nd([[4], [1]], [9, 10], [6]))
    array([ 0, 10,  0,  0,  9,  0], dtype=int32)
    """
    return ScatterNd()(indices, updates, shape, name=name)


class TensorScatter(Op, abstract=True):
    """A tensor with slices changed at the positions given."""

    def kernel(self, tensor: Array[T], indices: Array[Index], updates: Array[T]) -> Array[T]:
        result, indices, updates = np.array(tensor, order="C"), np.asarray(indices), np.asarray(updates)
        places = _check_scatter(indices, updates, result.shape)
        self.change(result, places, indices.shape[-1], updates)
        return result

    def change(self, result: np.ndarray, places: np.ndarray, depth: int, updates: np.ndarray) -> None:
        """Change `result` in place, its first `depth` axes being counted as one."""
        raise NotImplementedError

    def shape(self, tensor: Spec, indices: Spec, updates: Spec) -> TensorShape:
        check_static_scatter(indices.dims, updates.dims, tensor.dims, "input")
        return tensor.shape


class TensorScatterUpdate(TensorScatter):
    """A tensor with slices replaced."""

    def change(self, result: np.ndarray, places: np.ndarray, depth: int, updates: np.ndarray) -> None:
        rest = result.shape[depth:]
        table = result.reshape(math.prod(result.shape[:depth]), *rest)
        table[places] = updates.reshape(len(places), *rest)

    def grad(self, node: Any, dy: Tensor) -> Any:
        """What was replaced has no influence, what replaced it has all."""
        _, indices, updates = node.inputs
        dupdates = raw.GatherNd(dy, indices)
        rest = raw.TensorScatterUpdate(identity(dy), indices, zeros_like(updates, dtype=dy.dtype))
        return [rest, None, dupdates]


class TensorScatterAdd(TensorScatter):
    """A tensor with slices added."""

    def change(self, result: np.ndarray, places: np.ndarray, depth: int, updates: np.ndarray) -> None:
        add_at(result, places, depth, updates)

    def grad(self, node: Any, dy: Tensor) -> Any:
        """Both summands get the gradient."""
        dupdates = raw.GatherNd(dy, node.inputs[1])
        return [identity(dy), None, dupdates]


class TensorScatterSub(TensorScatter):
    """A tensor with slices subtracted."""

    def change(self, result: np.ndarray, places: np.ndarray, depth: int, updates: np.ndarray) -> None:
        add_at(result, places, depth, updates, -1)

    def grad(self, node: Any, dy: Tensor) -> Any:
        """Both get the gradient, what is subtracted with the sign turned."""
        dupdates = raw.GatherNd(dy, node.inputs[1])
        return [identity(dy), None, -dupdates]


@export("tensor_scatter_update", "tensor_scatter_nd_update")
def tensor_scatter_update(tensor: Any, indices: Any, updates: Any, name: str | None = None) -> Tensor:
    """Return a tensor with the elements or slices at `indices` replaced.

    Parameters
    ----------
    tensor : Tensor
    indices : Tensor, shape (..., k), int32 or int64
    updates : Tensor, same dtype as `tensor`
    name : str, optional

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.tensor_scatter_update([1, 1, 1], [[2], [0]], [9, 8]))
    array([8, 1, 9], dtype=int32)
    """
    return TensorScatterUpdate()(tensor, indices, updates, name=name)


@export("tensor_scatter_add", "tensor_scatter_nd_add")
def tensor_scatter_add(tensor: Any, indices: Any, updates: Any, name: str | None = None) -> Tensor:
    """Return a tensor with `updates` added at `indices`; positions that occur twice get both.

    Parameters
    ----------
    tensor : Tensor
    indices : Tensor, shape (..., k), int32 or int64
    updates : Tensor, same dtype as `tensor`
    name : str, optional
    """
    return TensorScatterAdd()(tensor, indices, updates, name=name)


@export("tensor_scatter_sub", "tensor_scatter_nd_sub")
def tensor_scatter_sub(tensor: Any, indices: Any, updates: Any, name: str | None = None) -> Tensor:
    """Return a tensor with `updates` subtracted at `indices`; positions that occur twice get both.

    Parameters
    ----------
    tensor : Tensor
    indices : Tensor, shape (..., k), int32 or int64
    updates : Tensor, same dtype as `tensor`
    name : str, optional
    """
    return TensorScatterSub()(tensor, indices, updates, name=name)

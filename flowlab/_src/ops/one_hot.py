"""Indices as vectors with a single 1: one_hot."""

from __future__ import annotations

import math
from typing import Any, ClassVar, TypeVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError
from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import DType, as_dtype
from flowlab._src.graph.op import Array, Op, Spec, T
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import UNKNOWN, TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels.memory import require_memory
from flowlab._src.ops.misuse import misuse
from flowlab._src.util.export import export

OneHotIndex = TypeVar("OneHotIndex", np.uint8, np.int32, np.int64)


class OneHot(Op):
    """For each index a vector with `on_value` at that position and `off_value` elsewhere."""

    axis: int = -1
    grad = None
    preferred_dtypes: ClassVar[dict[str, DType]] = {"indices": dtypes.int64}

    def kernel(
        self, indices: Array[OneHotIndex], depth: Array[np.int32], on_value: Array[T], off_value: Array[T]
    ) -> Array[T]:
        indices, depth = np.asarray(indices), int(depth)
        if depth < 0:
            raise InvalidArgumentError(None, None, f"depth must be non-negative, got: {depth}")
        axis = indices.ndim if self.axis == -1 else self.axis
        if not 0 <= axis <= indices.ndim:
            raise InvalidArgumentError(
                None, None, f"Expected axis to be -1 or between [0, {indices.ndim + 1}).  But received: {self.axis}"
            )
        require_memory([*indices.shape, depth], np.asarray(on_value).dtype)
        return _place(indices, depth, on_value, off_value, axis)

    def shape(self, indices: Spec, depth: Spec, on_value: Spec, off_value: Spec) -> TensorShape:
        if self.axis < -1:
            raise ShapeError(f"axis must be >= -1 but got {self.axis}")
        count = size_from(depth, 1)
        on_value.ranked(0)
        off_value.ranked(0)
        if indices.dims is None:
            return UNKNOWN
        axis = len(indices.dims) if self.axis == -1 else self.axis
        return TensorShape.of((*indices.dims[:axis], count, *indices.dims[axis:]))


def _place(indices: np.ndarray, depth: int, on_value: Any, off_value: Any, axis: int) -> np.ndarray:
    """An array full of `off_value` with `on_value` put where the indices say; those outside say nothing.

    A million elements in 50 us, for 1,250 when each is compared with its index.
    """
    on, off = np.asarray(on_value), np.asarray(off_value)
    before, behind = math.prod(indices.shape[:axis]), math.prod(indices.shape[axis:])
    shape = (*indices.shape[:axis], depth, *indices.shape[axis:])
    is_zero = off.dtype.kind in "fiu" and not off.tobytes().strip(b"\0")
    result = np.zeros(shape, off.dtype) if is_zero else np.full(shape, off[()], off.dtype)
    if not result.size:
        return result
    wanted = indices.reshape(before, behind).astype(np.int64)
    places = wanted * behind
    places += np.arange(before)[:, None] * (depth * behind)
    if behind > 1:
        places += np.arange(behind)
    if wanted.min() < 0 or wanted.max() >= depth:
        places = places[(wanted >= 0) & (wanted < depth)]
    result.reshape(-1)[places] = on
    return result


def size_from(spec: Spec, position: int) -> int | None:
    """A size that is given as an input; ShapeError when it is not a number or negative."""
    if spec.value is None:
        return None
    if np.ndim(spec.value):
        raise ShapeError(f"Input must be scalar but has rank {np.ndim(spec.value)}")
    if spec.value < 0:
        raise ShapeError(f"Dimension size, given by scalar input {position}, must be non-negative but is {spec.value}")
    return int(spec.value)


@export("one_hot")
def one_hot(
    indices: Any,
    depth: Any,
    on_value: Any = None,
    off_value: Any = None,
    axis: int | None = None,
    dtype: Any = None,
    name: str | None = None,
) -> Tensor:
    """Return for each index a vector that is 1 at that position and 0 elsewhere.

    Parameters
    ----------
    indices : Tensor, uint8, int32 or int64
        An index out of range gives a vector of `off_value` only.
    depth : int
        Length of the vectors.
    on_value, off_value : scalar, default 1 and 0
    axis : int, default -1
        Where the new axis goes; -1 is behind the last one.
    dtype : DType, default that of the values given, else float32
    name : str, optional

    Raises
    ------
    TypeError
        If the dtypes of the values differ, or are not `dtype`.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.one_hot([0, 2, -1], depth=3))
    array([[1., 0., 0.],
           [0., 0., 1.],
           [0., 0., 0.]], dtype=float32)
    """
    with name_scope(name, "one_hot", [indices, depth, on_value, off_value, axis, dtype]) as scope:
        # TensorFlow converts the values here once to learn their dtypes, and a second time for the node itself.
        on_dtype = None if on_value is None else convert(on_value).dtype.base_dtype
        off_dtype = None if off_value is None else convert(off_value).dtype.base_dtype
        if on_dtype is not None or off_dtype is not None:
            if dtype is not None:
                dtype = as_dtype(dtype)
                for which, own in (("on_value", on_dtype), ("off_value", off_dtype)):
                    if own is not None and own != dtype:
                        raise misuse(
                            TypeError(f"dtype {own} of {which} does not match dtype parameter {dtype}"),
                            fix="give on_value and off_value one dtype: 1.0 and 0.0",
                        )
            else:
                dtype = on_dtype if on_dtype is not None else off_dtype
        dtype = dtypes.float32 if dtype is None else as_dtype(dtype)
        if on_dtype is None:
            on_value, on_dtype = convert(1, dtype, name="on_value"), dtype
        if off_dtype is None:
            off_value, off_dtype = convert(0, dtype, name="off_value"), dtype
        if on_dtype != off_dtype:
            raise misuse(
                TypeError(f"dtype {on_dtype} of on_value does not match dtype {off_dtype} of off_value"),
                fix="give on_value and off_value one dtype: 1.0 and 0.0",
            )
        return OneHot(axis=-1 if axis is None else axis)(indices, depth, on_value, off_value, name=scope)

"""Tensors cut into parts: split."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import DType, int32
from flowlab._src.graph.op import Array, Index, Op, Spec, T, constant_value, repeated
from flowlab._src.graph.shape import UNKNOWN, Dimension, TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.joining import concat
from flowlab._src.ops.misuse import misuse
from flowlab._src.util import written
from flowlab._src.util.export import export
from flowlab._src.util.old_arguments import taking_old_arguments


def _check_axis(axis: int, rank: int) -> None:
    if not -rank <= axis < rank:
        raise ShapeError(f"Dimension size, given by scalar input {axis} must be in range [{-rank}, {rank})")


FEW = 2**14  # numbers


class Split(Op):
    """A tensor cut into equal parts along an axis."""

    num_split: int

    def bound(self, node: Any, split_dim: Spec, value: Spec) -> Any:
        """Where to cut is known. Small parts of rows are copied: what comes next reads them faster than it reads gaps."""
        dims = value.dims
        if dims is None or None in dims or split_dim.value is None or not value.dtype.is_numpy_compatible:
            return None
        axis, ndarray = int(split_dim.value) % len(dims), np.ndarray
        size = dims[axis] // self.num_split  # type: ignore[operator]  # not None
        before = (slice(None),) * axis
        cuts = [(*before, slice(i * size, (i + 1) * size)) for i in range(self.num_split)]
        if math.prod(dims[:axis]) == 1 or math.prod(dims) > FEW:  # type: ignore[arg-type]  # no None
            return lambda axis, x: [x[cut] for cut in cuts]
        return lambda axis, x: [ndarray.copy(x[cut]) for cut in cuts]

    def kernel(self, split_dim: Array[np.int32], value: Array[T]) -> tuple[Array[T], ...]:
        axis, value = int(split_dim), np.asarray(value)
        if not -value.ndim <= axis < value.ndim:
            raise InvalidArgumentError(
                None, None, f"-input rank(-{value.ndim}) <= split_dim < input rank ({value.ndim}), but got {axis}"
            )
        if value.shape[axis] % self.num_split:
            raise InvalidArgumentError(
                None, None, "Number of ways to split should evenly divide the split dimension, but got split_dim "
                f"{axis % value.ndim} (size = {value.shape[axis]}) and num_split {self.num_split}",
            )  # fmt: skip
        return tuple(np.split(value, self.num_split, axis))

    def dtypes(self, split_dim: Any, value: Any) -> list[DType]:
        return repeated(value.dtype.base_dtype, self.num_split)

    def shape(self, split_dim: Spec, value: Spec) -> list[TensorShape]:
        if split_dim.value is None or value.dims is None:
            part = UNKNOWN if value.dims is None else TensorShape.of((None,) * len(value.dims))
            return [part] * self.num_split
        split_dim.ranked(0)
        where, dims = int(split_dim.value), list(value.dims)
        _check_axis(where, len(dims))
        size = dims[where]
        if size is not None:
            if size % self.num_split:
                raise ShapeError(
                    f"Dimension size must be evenly divisible by {self.num_split} but is {size}\n\t"
                    "Number of ways to split should evenly divide the split dimension"
                )
            dims[where] = size // self.num_split
        return [TensorShape.of(tuple(dims))] * self.num_split

    def grad(self, node: Any, *dys: Any) -> Any:
        """Join the gradients of the parts."""
        return [None, concat(list(dys), node.inputs[0])]

    def explain_shapes(self, split_dim: Tensor, value: Tensor) -> tuple[str, str]:
        call = written.running("split")
        axis = constant_value(split_dim)
        size = value.shape.as_list()[int(axis)] if axis is not None and value.shape.ndims else None
        why = "a number of parts cuts the axis into equal ones; a list says the size of each part"
        if call is None or not isinstance(size, int):
            return why, "tf.split(value, [3, 2], axis=0)  # parts of the sizes 3 and 2"
        part = -(-size // self.num_split)
        sizes = [part] * (size // part) + ([size % part] if size % part else [])
        return why, call.changed(num_or_size_splits=str(sizes))


class SplitV(Op):
    """A tensor cut into parts of given sizes along an axis."""

    num_split: int

    def kernel(self, value: Array[T], size_splits: Array[Index], split_dim: Array[np.int32]) -> tuple[Array[T], ...]:
        value, axis, sizes = np.asarray(value), int(split_dim), np.asarray(size_splits).tolist()
        whole = value.shape[axis]
        if len(sizes) != self.num_split:
            raise InvalidArgumentError(None, None, f"size_splits must have {self.num_split} elements, got {len(sizes)}")
        if sizes.count(-1) > 1:
            raise InvalidArgumentError(None, None, "There can only be one -1 in the input.")
        known = sum(s for s in sizes if s != -1)
        if (-1 in sizes and known > whole) or (-1 not in sizes and known != whole):
            raise InvalidArgumentError(
                None, None, "Determined shape must either match input shape along split_dim exactly if fully specified, or be "
                f"less than the size of the input along split_dim if not fully specified.  Got: {known}",
            )  # fmt: skip
        sizes = [whole - known if s == -1 else s for s in sizes]
        return tuple(np.split(value, np.cumsum(sizes)[:-1], axis))

    def dtypes(self, value: Any, size_splits: Any, split_dim: Any) -> list[DType]:
        return repeated(value.dtype.base_dtype, self.num_split)

    def shape(self, value: Spec, size_splits: Spec, split_dim: Spec) -> list[TensorShape]:
        given = size_splits.value
        if split_dim.value is None or value.dims is None:
            part = UNKNOWN if value.dims is None else TensorShape.of((None,) * len(value.dims))
            return [part] * self.num_split
        split_dim.ranked(0)
        where = int(split_dim.value)
        _check_axis(where, len(value.dims))
        sizes: list[Any] = list(size_splits.as_shape._dims or ()) if given is None else given.tolist()
        if len(sizes) != self.num_split:
            raise ShapeError(f"Length of size_splits should be equal to num_outputs: {len(sizes)} vs {self.num_split}")
        whole = value.dims[where]
        if given is None:
            sizes = [None] * self.num_split
        elif whole is not None:
            known = sum(s for s in sizes if s != -1)
            if -1 in sizes and known > whole:
                raise ShapeError(f"Split size at index {sizes.index(-1)} must be >= 0. Got: {whole - known}")
            if -1 not in sizes and known != whole:
                raise ShapeError(
                    f"can't split axis of size {whole} into pieces of size [{','.join(str(s) for s in sizes)}]"
                )
            sizes = [whole - known if s == -1 else s for s in sizes]
        else:
            sizes = [None if s == -1 else s for s in sizes]
        if self.num_split == 1 and whole is not None:
            sizes = [whole]
        where %= len(value.dims)
        return [TensorShape.of((*value.dims[:where], s, *value.dims[where + 1 :])) for s in sizes]

    def grad(self, node: Any, *dys: Any) -> Any:
        """Join the gradients of the parts."""
        return [concat(list(dys), node.inputs[2]), None, None]


def refuse_old_order(axis: Any) -> None:
    """TypeError when the axis is what should be split: so the arguments stood before TensorFlow 1.0."""
    fix = "tf.split(value, num_or_size_splits, axis): since TensorFlow 1.0 the value comes first"
    if isinstance(axis, Tensor):
        if axis.dtype != int32:
            found = axis.dtype.base_dtype.name
            message = f"Input 'split_dim' of 'Split' Op has type {found} that does not match expected type of int32."
            raise misuse(TypeError(message), fix=fix)
        return
    try:
        convert(axis, int32, "split_dim").shape.assert_has_rank(0)
    except (TypeError, ValueError) as error:
        raise misuse(error, fix=fix) from None


@export("split")
@taking_old_arguments("split", split_dim="axis", num_split="num_or_size_splits")
def split(
    value: Any, num_or_size_splits: Any, axis: Any = 0, num: int | None = None, name: str = "split"
) -> list[Tensor]:
    """Cut a tensor into parts along an axis.

    Parameters
    ----------
    value : Tensor
    num_or_size_splits : int or list of int
        The number of equal parts, or the size of each part; one size may be -1, the rest.
    axis : int
    num : int, optional
        Number of parts, where the sizes are a tensor of unknown length.
    name : str

    Returns
    -------
    list of Tensor

    Raises
    ------
    ValueError
        If the size of the axis cannot be divided so.

    Examples
    --------
    >>> value = tf.zeros([5, 30])
    >>> [part.shape.as_list() for part in tf.split(value, 3, axis=1)]
    [[5, 10], [5, 10], [5, 10]]
    >>> [part.shape.as_list() for part in tf.split(value, [4, 15, 11], 1)]
    [[5, 4], [5, 15], [5, 11]]
    """
    if isinstance(value, (int, np.integer)) and not isinstance(axis, (int, np.integer)):
        refuse_old_order(axis)
    sizes = convert(num_or_size_splits)  # TensorFlow makes this node even where only the number is needed
    if isinstance(num_or_size_splits, (int, np.integer, Dimension)):
        count = int(num_or_size_splits)
        if count < 1:
            raise misuse(ValueError(f"Attr 'num_split' of 'Split' Op passed {count} less than minimum 1."))
        return Split(num_split=count)(axis, value, name=name)
    if sizes.shape.ndims == 0:
        raise misuse(
            ValueError(
                "Rank-0 tensors are not supported as the num_or_size_splits argument to split. Argument provided: "
                f"{num_or_size_splits}"
            ),
            fix="a Python number for equal parts, a list for parts of given sizes",
        )
    if num is None:
        num = sizes.shape._dims[0] if sizes.shape._dims else None
        if num is None:
            raise misuse(
                ValueError(f"Cannot infer num from shape {num_or_size_splits}"),
                fix="give num=..., or make the size of that axis known with t.set_shape",
            )
    return SplitV(num_split=num)(value, sizes, axis, name=name)

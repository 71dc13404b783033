"""Ragged tensors of nested lists, and placeholders for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_int, as_list
from flowlab._src.graph.dtypes import as_dtype
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape
from flowlab._src.ops.constant import constant
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.placeholder import placeholder as tensor_placeholder
from flowlab._src.ops.ragged_tensor import RaggedTensor, is_ragged
from flowlab._src.ops.ragged_value import RaggedTensorValue
from flowlab._src.util.export import export


@export("ragged.constant")
def ragged_constant(
    pylist: Any,
    dtype: Any = None,
    ragged_rank: int | None = None,
    inner_shape: Any = None,
    name: str | None = None,
    row_splits_dtype: Any = dtypes.int64,
) -> Any:
    """Make a ragged tensor of nested lists.

    Parameters
    ----------
    pylist : nested list
        All numbers or words at one depth.
    dtype : DType, optional
    ragged_rank : int, optional
        How many axes shall be ragged; all but the first, if not given.
    inner_shape : tuple of int, optional
        The sizes of the axes that are not ragged.
    name : str, optional
    row_splits_dtype : DType
        int32 or int64.

    Returns
    -------
    RaggedTensor
        Or a Tensor, where no axis is ragged.

    Raises
    ------
    ValueError
        If the numbers are at different depths, or `ragged_rank` and `inner_shape` do not fit.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.ragged.constant([["a", "b"], [], ["c"]])).to_list()
    [[b'a', b'b'], [], [b'c']]
    """
    splits_dtype = as_dtype(row_splits_dtype)

    def cut(values: Any, splits: list[int]) -> RaggedTensor:
        return RaggedTensor.from_row_splits(values, constant(splits, splits_dtype), validate=False)

    with name_scope(name, "RaggedConstant"):
        return _build(cut, constant, pylist, dtype, ragged_rank, inner_shape)


@export("ragged.constant_value")
def ragged_constant_value(
    pylist: Any,
    dtype: Any = None,
    ragged_rank: int | None = None,
    inner_shape: Any = None,
    row_splits_dtype: Any = "int64",
) -> Any:
    """Make a RaggedTensorValue of nested lists, for example to feed one; the arguments are those of `tf.ragged.constant`.

    Examples
    --------
    >>> tf.ragged.constant_value([[1, 2], [3]]).flat_values
    array([1, 2, 3])
    """
    kind = None if dtype is None else as_dtype(dtype).as_numpy_dtype
    splits_kind = as_dtype(row_splits_dtype).as_numpy_dtype

    def cut(values: Any, splits: list[int]) -> RaggedTensorValue:
        return RaggedTensorValue(values, np.array(splits, splits_kind))

    def inner(values: Any, dtype: Any, shape: Any, name: str | None = None) -> Any:
        try:
            return np.reshape(np.array(values, dtype), shape if shape is not None else np.shape(values))
        except (TypeError, ValueError, OverflowError) as error:
            raise misuse(ValueError(f"Invalid pylist={pylist!r}: {error}")) from None

    return _build(cut, inner, pylist, kind, ragged_rank, inner_shape)


def _is_nested(item: Any) -> bool:
    return isinstance(item, (list, tuple)) or np.ndim(item) != 0


def _build(
    cut: Callable[..., Any], inner: Callable[..., Any], pylist: Any, dtype: Any, ragged_rank: Any, inner_shape: Any
) -> Any:
    """Cut nested lists into splits and values; `cut` makes a ragged tensor of these, `inner` a plain one."""
    if is_ragged(pylist):
        raise misuse(TypeError("pylist may not be a RaggedTensor or RaggedTensorValue."))
    ragged_rank = None if ragged_rank is None else as_int(ragged_rank, "ragged_rank")
    inner_shape = None if inner_shape is None else tuple(as_list(inner_shape, "inner_shape"))

    def refuse(why: str) -> BaseException:
        return misuse(ValueError(f"Invalid pylist={pylist!r}: {why}"))

    if not _is_nested(pylist):
        if ragged_rank:
            raise refuse(f"incompatible with ragged_rank={ragged_rank}")
        if inner_shape:
            raise refuse(f"incompatible with dim(inner_shape)={len(inner_shape)}")
        return inner(pylist, dtype, ())
    if ragged_rank is not None and ragged_rank < 0:
        raise misuse(ValueError(f"Invalid ragged_rank={ragged_rank!r}: must be nonnegative"))
    scalar_depth, depth = _depths(pylist)
    if scalar_depth is not None:
        if depth > scalar_depth:
            raise refuse("empty list nesting is greater than scalar value nesting")
        if ragged_rank is not None and depth < ragged_rank:
            raise misuse(ValueError(f"Invalid pylist={pylist}, max depth smaller than ragged_rank={ragged_rank}"))
    if inner_shape is not None and ragged_rank is not None:
        wanted = ragged_rank + len(inner_shape) + 1
        if (scalar_depth is not None and wanted != scalar_depth) or (scalar_depth is None and wanted < depth):
            raise refuse(f"incompatible with ragged_rank={ragged_rank} and dim(inner_shape)={len(inner_shape)}")
    flat = depth < 2 or (inner_shape is not None and depth - len(inner_shape) < 2)
    if ragged_rank == 0 or (ragged_rank is None and flat):
        return inner(pylist, dtype, inner_shape)
    if inner_shape is None:
        inner_shape = () if ragged_rank is None else _inner_shape(pylist, ragged_rank)
    if ragged_rank is None:
        ragged_rank = max(1, depth - 1 if scalar_depth is None else scalar_depth - 1 - len(inner_shape))
    nested_splits, values = [], pylist
    for _ in range(ragged_rank):
        splits, joined = [0], []
        for row in values:
            splits.append(splits[-1] + len(row))
            joined.extend(row)
        nested_splits.append(splits)
        values = joined
    result = inner(values, dtype=dtype, shape=(len(values), *inner_shape), name="values")
    for splits in reversed(nested_splits):
        result = cut(result, splits)
    return result


def _depths(pylist: Any) -> tuple[int | None, int]:
    """How deep the numbers are, None when there is none; and how deep the lists are."""
    if not _is_nested(pylist):
        return 0, 0
    scalar_depth, depth = None, 1
    for child in pylist:
        child_scalar, child_depth = _depths(child)
        if child_scalar is not None:
            if scalar_depth not in (None, child_scalar + 1):
                raise misuse(ValueError("all scalar values must have the same nesting depth"))
            scalar_depth = child_scalar + 1
        depth = max(depth, child_depth + 1)
    return scalar_depth, depth


def _inner_shape(pylist: Any, ragged_rank: int) -> tuple[int, ...]:
    """The sizes of the axes inside `ragged_rank` ragged ones, which must be the same everywhere."""
    flat = pylist
    for dim in range(ragged_rank):
        if not all(_is_nested(item) for item in flat):
            raise misuse(
                ValueError(
                    f"pylist has scalar values depth {dim + 1}, but ragged_rank={ragged_rank} requires scalar value depth "
                    f"greater than {ragged_rank}"
                )
            )
        flat = [child for item in flat for child in item]
    shapes, level = [], flat
    while level and _is_nested(level[0]):
        sizes = {len(item) if _is_nested(item) else None for item in level}
        if len(sizes) > 1:
            raise misuse(ValueError("inner values have inconsistent shape"))
        shapes.append(len(level[0]))
        level = [child for item in level for child in item]
    if any(_is_nested(item) for item in level):
        raise misuse(ValueError("inner values have inconsistent shape"))
    return tuple(shapes)


@export("ragged.placeholder")
def ragged_placeholder(dtype: Any, ragged_rank: int, value_shape: Any = None, name: str | None = None) -> Any:
    """Make a ragged tensor whose value is given with each run, in `feed_dict`.

    Parameters
    ----------
    dtype : DType
    ragged_rank : int
        The number of ragged axes; 0 gives an ordinary placeholder.
    value_shape : list of int or None, optional
        The axes inside the ragged ones.
    name : str, optional

    Returns
    -------
    RaggedTensor
        Fed with a RaggedTensorValue: `tf.ragged.constant_value` makes one.

    Examples
    --------
    >>> x = tf.ragged.placeholder(tf.int32, ragged_rank=1, value_shape=[])
    >>> lengths = x.row_lengths()
    >>> with tf.Session() as sess:
    ...     sess.run(lengths, {x: tf.ragged.constant_value([[1, 2], [], [3]], tf.int32)})
    array([2, 0, 1])
    """
    ragged_rank = as_int(ragged_rank, "ragged_rank")
    if ragged_rank == 0:
        return tensor_placeholder(dtype, value_shape, name)
    if ragged_rank < 0:
        raise misuse(ValueError(f"ragged_rank must be nonnegative, got {ragged_rank}"))
    with name_scope(name, "RaggedPlaceholder", []):
        result: Any = tensor_placeholder(dtype, TensorShape([None]).concatenate(value_shape), "flat_values")
        for i in reversed(range(ragged_rank)):
            splits = tensor_placeholder(dtypes.int64, [None], f"row_splits_{i}")
            result = RaggedTensor.from_row_splits(result, splits, validate=False)
        return result

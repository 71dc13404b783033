"""Ways to say where rows begin and end: splits, lengths, starts, limits, and the number of its row for each value."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import as_dtype
from flowlab._src.graph.op import constant_value
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.cast import cast
from flowlab._src.ops.counting import bincount
from flowlab._src.ops.cumulative import cumsum
from flowlab._src.ops.joining import concat
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.padding import repeat
from flowlab._src.ops.sequences import range_
from flowlab._src.util.export import export


def lengths_to_splits(lengths: Tensor) -> Tensor:
    """Where rows of given lengths begin and end."""
    return concat([[0], cumsum(lengths)], axis=-1)


def as_row_tensor(value: Any, name: str, dtype: Any = None) -> Tensor:
    """Row splits, lengths and the like as a tensor of int32 or int64: int64, where nothing says otherwise."""
    result: Tensor = convert(value, None, name, None if isinstance(value, np.ndarray) else dtype or dtypes.int64)
    if result.dtype.base_dtype not in (dtypes.int32, dtypes.int64):
        raise misuse(ValueError(f"{name} must have dtype int32 or int64"), inputs=f"got {result.dtype.name}")
    return result


@export("ragged.row_splits_to_segment_ids")
def row_splits_to_segment_ids(splits: Any, name: str | None = None, out_type: Any = None) -> Tensor:
    """Return for each value the number of the row that it is in.

    Parameters
    ----------
    splits : Tensor of int32 or int64, shape (rows + 1,)
        Where rows begin and end.
    name : str, optional
    out_type : DType, optional
        That of `splits`, if not given.

    Returns
    -------
    Tensor, shape (values,)

    Raises
    ------
    ValueError
        If there are no splits, or they are not int32 or int64.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.ragged.row_splits_to_segment_ids([0, 3, 3, 5]))
    array([0, 0, 0, 2, 2])
    """
    with name_scope(name, "RaggedSplitsToSegmentIds", [splits]):
        splits = convert(splits, name="splits", preferred=dtypes.int64)
        if splits.dtype.base_dtype not in (dtypes.int32, dtypes.int64):
            raise misuse(ValueError("splits must have dtype int32 or int64"))
        splits.shape.assert_has_rank(1)
        if splits.shape.ndims is not None and splits.shape[0].value == 0:
            raise misuse(ValueError("Invalid row_splits: []"))
        out_type = splits.dtype.base_dtype if out_type is None else as_dtype(out_type)
        lengths = splits[1:] - splits[:-1]
        rows = shape_of(splits, out_type=out_type)[-1] - 1
        return repeat(range_(rows), repeats=lengths, axis=0)


@export("ragged.segment_ids_to_row_splits")
def segment_ids_to_row_splits(
    segment_ids: Any, num_segments: Any = None, out_type: Any = None, name: str | None = None
) -> Tensor:
    """Return where rows begin and end, given the number of its row for each value.

    Parameters
    ----------
    segment_ids : Tensor, integer, shape (values,)
        Must not fall.
    num_segments : int or Tensor, optional
        The number of rows; up to the last one that occurs, if not given.
    out_type : DType, optional
        That of `segment_ids`, if it is a tensor; else int64.
    name : str, optional

    Returns
    -------
    Tensor, shape (rows + 1,)

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.ragged.segment_ids_to_row_splits([0, 0, 0, 2, 2]))
    array([0, 3, 3, 5])
    """
    if out_type is None:
        given = [x for x in (segment_ids, num_segments) if isinstance(x, Tensor)]
        out_type = given[0].dtype.base_dtype if given else dtypes.int64
    out_type = as_dtype(out_type)
    with name_scope(name, "SegmentIdsToRaggedSplits", [segment_ids]):
        segment_ids = as_int32(segment_ids, "segment_ids")
        segment_ids.shape.assert_has_rank(1)
        count = None
        if num_segments is not None:
            num_segments = as_int32(num_segments, "num_segments")
            num_segments.shape.assert_has_rank(0)
            count = constant_value(num_segments)
        lengths = bincount(segment_ids, minlength=num_segments, maxlength=num_segments, dtype=out_type)
        splits = concat([[0], cumsum(lengths)], axis=0)
        if count is not None:
            splits.set_shape([int(count) + 1])
        return splits


def as_int32(value: Any, name: str) -> Tensor:
    """An integer tensor as int32."""
    if not isinstance(value, Tensor):
        return convert(value, dtypes.int32, name)
    if not value.dtype.is_integer:
        raise misuse(TypeError(f"{name} must be integer, got {value.dtype.name}"))
    result: Tensor = cast(value, dtypes.int32)
    return result

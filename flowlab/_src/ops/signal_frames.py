"""Signals cut into frames that overlap, and frames added up to a signal again."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flowlab._src.graph.arguments import as_int
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import int32
from flowlab._src.graph.op import constant_value
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import rank, shape_of, size
from flowlab._src.ops.constant import make_constant
from flowlab._src.ops.fill import zeros, zeros_like
from flowlab._src.ops.gather import gather
from flowlab._src.ops.joining import concat
from flowlab._src.ops.magnitude import maximum
from flowlab._src.ops.misuse import misuse, ranked_at_least
from flowlab._src.ops.padding import pad
from flowlab._src.ops.reduce import reduce_sum
from flowlab._src.ops.reshaping import reshape
from flowlab._src.ops.sequences import range_
from flowlab._src.ops.slicing import strided_slice
from flowlab._src.ops.splitting import split
from flowlab._src.ops.transposing import transpose
from flowlab._src.util.export import export


def scalar(value: Any, name: str) -> Tensor:
    """An argument that must have no axes, as a tensor."""
    tensor: Tensor = convert(value, name=name)
    tensor.shape.assert_has_rank(0)
    return tensor


def known_or(tensor: Any) -> Any:
    """The value where it is known while building, else the tensor."""
    value = constant_value(tensor)
    return tensor if value is None else value


@export("signal.frame")
def frame(
    signal: Any,
    frame_length: Any,
    frame_step: Any,
    pad_end: bool = False,
    pad_value: Any = 0,
    axis: Any = -1,
    name: str | None = None,
) -> Tensor:
    """Cut a signal into frames of `frame_length` samples, one beginning every `frame_step` samples.

    Parameters
    ----------
    signal : Tensor, shape (..., samples, ...)
    frame_length, frame_step : int or int32 scalar Tensor
    pad_end : bool
        Fill the end up with `pad_value`, so that no sample is lost.
    axis : int
        The axis of the samples.

    Returns
    -------
    Tensor, shape (..., frames, frame_length, ...)

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.signal.frame([1, 2, 3, 4, 5], 3, 2))
    array([[1, 2, 3],
           [3, 4, 5]], dtype=int32)
    """
    with name_scope(name, "frame", [signal, frame_length, frame_step, pad_value]):
        signal = convert(signal, name="signal")
        frame_length = convert(frame_length, name="frame_length")
        frame_step = convert(frame_step, name="frame_step")
        axis = convert(axis, name="axis")
        ranked_at_least(signal, 1)
        for argument in (frame_length, frame_step, axis):
            argument.shape.assert_has_rank(0)
        static = _framed_shape(signal, frame_length, frame_step, pad_end, axis)
        before: Any
        samples: Any
        after: Any
        sizes, axis = known_or(shape_of(signal)), known_or(axis)
        if not isinstance(sizes, Tensor) and not isinstance(axis, Tensor):
            axis = range(len(sizes))[int(axis)]
            before, samples, after = np.split(sizes, [axis, axis + 1])
            samples = samples.item()
        else:
            count = rank(signal)
            axis = range_(count)[axis]
            before, samples, after = split(sizes, [axis, 1, count - 1 - axis])
            samples = reshape(samples, [])
        count_before, count_after = size(before), size(after)
        if pad_end:
            pad_value = convert(pad_value, signal.dtype.base_dtype)
            pad_value.shape.assert_has_rank(0)
            frames = -(-samples // frame_step)
            missing = maximum(0, frame_length + frame_step * (frames - 1) - samples)
            none_before = zeros([count_before, 2], missing.dtype.base_dtype)
            paddings = [none_before, convert([[0, missing]]), zeros([count_after, 2], missing.dtype.base_dtype)]
            signal = pad(signal, concat(paddings, 0), constant_values=pad_value)
            sizes = shape_of(signal)
            samples = sizes[axis]
        else:
            frames = maximum(make_constant(0, frame_length.dtype), 1 + (samples - frame_length) // frame_step)
        # Frames are put together from the largest pieces that fit both the length and the step.
        piece = known_or(_common_divisor(frame_length, frame_step))
        per_frame, per_step = frame_length // piece, frame_step // piece
        pieces = samples // piece
        used = concat([before, [pieces * piece], after], 0)
        cut = concat([before, [pieces, piece], after], 0)
        parts = reshape(strided_slice(signal, zeros_like(sizes), used), cut)
        starts = reshape(range_(frames, dtype=frame_length.dtype) * per_step, [frames, 1])
        steps = reshape(range_(per_frame, dtype=frame_length.dtype), [1, per_frame])
        places = starts + steps
        before = convert(before)
        after = convert(after, before.dtype)
        middle = convert([frames, frame_length], before.dtype)
        result = reshape(gather(parts, places, axis=axis), concat([before, middle, after], 0))
        if static:
            result.set_shape(static)
        return result


def as_known_int(value: Any, name: str) -> int | None:
    """A number, where it is known."""
    return None if value is None else as_int(value, name)


def _framed_shape(signal: Tensor, frame_length: Any, frame_step: Any, pad_end: bool, axis: Any) -> Any:
    """The static shape of frames; None when even the rank is unknown."""
    known = {"frame_length": frame_length, "frame_step": frame_step, "axis": axis}
    length, step, axis = (as_known_int(constant_value(t), name) for name, t in known.items())
    if step == 0:
        raise misuse(ValueError("frame_step must not be 0: all frames would be the same."))
    dims = signal.shape._dims
    if dims is None:
        return None
    if axis is None:
        return [None] * (len(dims) + 1)
    axis = range(len(dims))[axis]
    samples, frames = dims[axis], None
    if samples is not None and step is not None:
        if pad_end:
            frames = max(0, -(-samples // step))
        elif length is not None:
            frames = max(0, (samples - length + step) // step)
    return [*dims[:axis], frames, length, *dims[axis + 1 :]]


def _common_divisor(a: Tensor, b: Tensor) -> Tensor:
    """The largest number that divides both; 1, which always does, where they are known only later."""
    with name_scope(None, "gcd", [a, b]):
        for tensor in (a, b):
            if not tensor.dtype.is_integer:
                raise misuse(ValueError(f"a must be an integer type. Got: {tensor.dtype!r}"))
        values = constant_value(a), constant_value(b)
        both = values[0] is not None and values[1] is not None
        result: Tensor = convert(math.gcd(int(values[0]), int(values[1])) if both else 1)
        return result


@export("signal.overlap_and_add")
def overlap_and_add(signal: Any, frame_step: Any, name: str | None = None) -> Tensor:
    """Lay frames over one another, each `frame_step` samples after the last, and add up.

    Parameters
    ----------
    signal : Tensor, shape (..., frames, frame_length)
    frame_step : int or integer scalar Tensor

    Returns
    -------
    Tensor, shape (..., (frames - 1) * frame_step + frame_length)

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.signal.overlap_and_add([[1, 2, 3], [10, 20, 30]], 2))
    array([ 1,  2, 13, 20, 30], dtype=int32)
    """
    with name_scope(name, "overlap_and_add", [signal, frame_step]):
        signal = convert(signal, name="signal")
        ranked_at_least(signal, 2)
        frame_step = scalar(frame_step, "frame_step")
        if not frame_step.dtype.is_integer:
            raise misuse(ValueError(f"frame_step must be an integer. Got {frame_step.dtype!r}"))
        frame_step = known_or(frame_step)
        sizes = known_or(shape_of(signal))
        outer = sizes[:-2]
        outer_rank = known_or(size(outer))

        def with_outer(inner: Any) -> Tensor:
            return concat([outer, inner], 0)

        length, frames = sizes[-1], sizes[-2]
        samples = length + frame_step * (frames - 1)
        dims = signal.shape._dims
        if not isinstance(frame_step, Tensor) and dims is not None and frame_step == dims[-1]:
            return reshape(signal, with_outer([samples]), name="fast_path")
        # Each frame is cut into segments of one step. Padded by as many frames and read off one step further per
        # frame, the segments that overlap come to stand below one another.
        segments = -(-length // frame_step)
        paddings: Any = [[0, segments], [0, segments * frame_step - length]]
        paddings = concat([zeros([outer_rank, 2], int32), paddings], 0)
        signal = reshape(pad(signal, paddings), with_outer([frames + segments, segments, frame_step]))
        order = concat([range_(outer_rank), outer_rank + [1, 0, 2]], 0)
        signal = transpose(signal, known_or(order))
        signal = reshape(signal, with_outer([(frames + segments) * segments, frame_step]))
        signal = signal[..., : (frames + segments - 1) * segments, :]
        signal = reshape(signal, with_outer([segments, frames + segments - 1, frame_step]))
        signal = reduce_sum(signal, -3)
        signal = reshape(signal, with_outer([(frames + segments - 1) * frame_step]))
        return signal[..., :samples]

"""Floats as small integers: an integer range stands for a range of floats. Arrays in, arrays out.

Three ways to lay the integers over the floats, by TensorFlow's names:

- MIN_COMBINED: the smallest integer stands for `min`, the largest for `max`.
- MIN_FIRST: the same, but the grid is shifted so that 0.0 lies exactly on it.
- SCALED: one factor and no shift, 0 stands for 0.0.

All steps are in single precision, as in TensorFlow: values half way between two integers come out alike.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlab._src.errors import InvalidArgumentError

Array = NDArray[Any]
Floats = NDArray[np.float32]
f32 = np.float32
LARGEST = np.finfo(np.float32).max


def plain(values: Array) -> Array:
    """Quantized numbers as plain integers; fed values come as records of one field."""
    values = np.asarray(values)
    return values.view(values.dtype[0]) if values.dtype.fields else values


def as_integers(values: Floats, dtype: np.dtype[Any]) -> Array:
    """Cut off fractions as the processor does: what does not fit 32 bits becomes the smallest 32-bit integer."""
    fits = (values >= -(2.0**31)) & (values < 2.0**31)
    return np.where(fits, values, f32(-(2.0**31))).astype(np.int64).astype(dtype)


def round_away(values: Any) -> Any:
    """Round to the nearest integer, halves away from zero."""
    wide = np.asarray(values, np.float64)
    return np.copysign(np.floor(np.abs(wide) + 0.5), wide).astype(np.float32)


def nudged_range(low: Any, high: Any, least: float = 0.01) -> tuple[np.float32, np.float32]:
    """The range that is used for one asked for: it holds 0 and is not too narrow."""
    low, high = f32(low), f32(high)
    if high < low:
        raise InvalidArgumentError(None, None, "input_max_range must be larger than input_min_range.")
    gap = np.maximum(f32(1), np.maximum(np.abs(low), np.abs(high))) * f32(least)
    low = np.minimum(f32(0), low)
    return low, np.maximum(f32(0), np.maximum(high, low + gap))


def scaled_range(low: np.float32, high: np.float32, least: int, most: int) -> tuple[np.float32, np.float32, np.float32]:
    """One factor from floats to integers, so that the range fits on both sides of 0; and the range it covers."""
    with np.errstate(over="ignore"):
        from_low = f32(least) / low if least * float(low) > 0 else LARGEST
        from_high = f32(most) / high if most * float(high) > 0 else LARGEST
    factor = np.minimum(f32(from_low), f32(from_high))
    return factor, f32(least) / factor, f32(most) / factor


def quantize(
    x: Floats, low: Any, high: Any, dtype: np.dtype[Any], mode: str, half_to_even: bool
) -> tuple[Array, np.float32, np.float32]:
    """Turn floats to integers of `dtype`; what lies outside of the range becomes its edge."""
    if half_to_even and mode != "SCALED":
        message = f"Round mode 'HALF_TO_EVEN' only supported for mode 'SCALED', but mode is '{mode}'."
        raise InvalidArgumentError(None, None, message)
    low, high = nudged_range(low, high)
    info = np.iinfo(dtype)
    with np.errstate(invalid="ignore", over="ignore"):
        if mode == "SCALED":
            factor, low, high = scaled_range(low, high, int(info.min), int(info.max))
            scaled = np.maximum(np.minimum(x, high), low) * factor
            rounded = np.rint(scaled) if half_to_even else round_away(scaled)
            return as_integers(rounded, dtype), low, high
        if mode == "MIN_FIRST":
            return to_grid(x, low, high, dtype), low, high
        factor = f32((float(info.max) - float(info.min)) / float(high - low))
        shifted = (np.maximum(np.minimum(x, high), low) - low) * factor
        if info.min < 0:
            half = f32((float(info.max) - float(info.min) + 1) / 2)
            return as_integers(round_away(shifted - half), dtype), low, high
        return as_integers(shifted + f32(0.5), dtype), low, high


def steps(dtype: np.dtype[Any]) -> float:
    """The number of steps between the smallest and the largest integer."""
    return float(2 ** (8 * dtype.itemsize) - 1)


def to_grid(x: Floats, low: np.float32, high: np.float32, dtype: np.dtype[Any]) -> Array:
    """Floats to integers by MIN_FIRST."""
    info = np.iinfo(dtype)
    factor = f32(0) if high == low else f32(steps(dtype) / float(high - low))
    start = round_away(f32(low * factor)) - f32(info.min)
    most = np.nextafter(f32(info.max), f32(0)) if float(f32(info.max)) > info.max else f32(info.max)
    return as_integers(np.minimum(np.maximum(round_away(x * factor) - start, f32(info.min)), most), dtype)


def from_grid(values: Array, low: np.float32, high: np.float32) -> Floats:
    """Integers to floats by MIN_FIRST."""
    factor = f32(float(f32(high) - f32(low)) / steps(values.dtype))
    start = f32(low) if high == low else f32(round_away(f32(low) / factor) * factor)
    return (start - f32(np.iinfo(values.dtype).min) * factor) + values.astype(np.float32) * factor


def dequantize(values: Array, low: Any, high: Any, mode: str) -> Floats:
    """Turn integers back to floats."""
    low, high = f32(low), f32(high)
    info = np.iinfo(values.dtype)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        if mode == "SCALED":
            factor = high / f32(info.max)
            if info.min < 0:
                factor = np.maximum(low / f32(info.min), factor)
            return values.astype(np.float32) * factor
        if mode == "MIN_FIRST":
            return from_grid(values, low, high)
        half = f32(0) if info.min == 0 else f32((float(info.max) - float(info.min) + 1) / 2)
        factor = (high - low) / f32(float(info.max) - float(info.min))
        return (values.astype(np.float32) + half) * factor + low


def joined_range(lows: list[Array], highs: list[Array], signed: bool) -> tuple[np.float32, np.float32]:
    """One range for several quantized arrays; for signed integers 0 is in its middle."""
    low = f32(min(0.0, *(float(v) for v in lows)))
    high = f32(max(float(v) for v in highs))
    if signed:
        largest = np.maximum(np.abs(low), np.abs(high))
        return -largest, largest
    return low, high


def to_new_range(values: Array, old: tuple[Any, Any], new: tuple[Any, Any]) -> Array:
    """The integers that stand for the same floats in another range."""
    if (f32(old[0]), f32(old[1])) == new:
        return values
    return to_grid(from_grid(values, f32(old[0]), f32(old[1])), new[0], new[1], values.dtype)


# ---- there and back: what is lost by quantizing --------------------------------------------------------------------


def there_and_back(
    x: Array, low: Any, high: Any, signed: bool, bits: int, range_given: bool, half_to_even: bool, narrow: bool
) -> Array:
    """Round floats to what so many bits can tell."""
    if bits <= 0 or bits >= (62 if signed else 63):
        message = f"num_bits is out of range: {bits} with signed_input_ {int(signed)}"
        raise InvalidArgumentError(None, None, message)
    kind = x.dtype.type
    if range_given:
        low, high = kind(low), kind(high)
        if low > high:
            message = f"Invalid range: input_min {low:g} > input_max {high:g}"
            raise InvalidArgumentError(None, None, message)
    elif x.size:
        low, high = x.min(), x.max()
    else:
        return x.copy()
    least = -(2 ** (bits - 1)) + int(narrow) if signed else 0
    most = 2 ** (bits - 1) - 1 if signed else 2**bits - 1
    largest = np.finfo(kind).max
    with np.errstate(all="ignore"):
        from_low = kind(least) / low if least * float(low) > 0 else largest
        from_high = kind(most) / high if most * float(high) > 0 else largest
        # The side that sets the scale keeps its end of the range exactly.
        if from_low < from_high:
            scale, back = from_low, low / kind(least)
            high = kind(most) * back
        else:
            scale, back = from_high, high / kind(most) if most else kind(0)
            low = kind(least) * back
        scaled = (np.maximum(np.minimum(x, high), low) if range_given else x) * scale
        rounded = np.rint(scaled) if half_to_even else np.floor(scaled + kind(0.5))
        result: Array = (rounded * back).astype(x.dtype, copy=False)
        return result


# ---- fake quantization: floats rounded to a grid while training ----------------------------------------------------


def fake_grid(low: Any, high: Any, bits: int, narrow: bool) -> tuple[Floats, Floats, Floats]:
    """The range shifted a little so that 0.0 is on the grid, and the distance between two points of it."""
    least, most = f32(1 if narrow else 0), f32(2**bits - 1)
    low, high = np.asarray(low, np.float32), np.asarray(high, np.float32)
    with np.errstate(all="ignore"):
        step = (high - low) / (most - least)
        zero = round_away(np.clip(least - low / step, least, most))
        return (least - zero) * step, (most - zero) * step, step


def fake_quantize(x: Floats, low: Any, high: Any, bits: int, narrow: bool) -> Floats:
    """Round to the grid; `low` and `high` are numbers or one for each channel. The range [0, 0] gives zeros."""
    first, last, step = fake_grid(low, high, bits, narrow)
    with np.errstate(all="ignore"):
        inverse = f32(1) / step
        zero = np.floor(-first * inverse + f32(0.5))
        shifted = np.maximum(np.minimum(x, last), first) - first
        result = np.floor(shifted * inverse - zero + f32(0.5)) * step
    empty = (np.asarray(low) == 0) & (np.asarray(high) == 0)
    return np.where(empty, f32(0), result).astype(np.float32)


def fake_quantize_grads(
    dy: Floats, x: Floats, low: Any, high: Any, bits: int, narrow: bool
) -> tuple[Floats, Floats, Floats]:
    """Gradients as if nothing was rounded: inside to the input, what was cut off to the two ends, element by element."""
    first, last, _ = fake_grid(low, high, bits, narrow)
    empty = (np.asarray(low) == 0) & (np.asarray(high) == 0)
    below, above = (x < first) & ~empty, (x > last) & ~empty
    zero = f32(0)
    inside = ((x >= first) & (x <= last)) | empty
    return np.where(inside, dy, zero), np.where(below, dy, zero), np.where(above, dy, zero)

"""Colours: hue, saturation and value of each pixel, and changes of them. The last axis holds the channels.

Hue is the angle on the colour wheel, from 0 (red) by 1/3 (green) and 2/3 (blue) back to 1; saturation is the distance
from grey; value is the largest of red, green and blue.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

SECTORS = 6  # of the colour wheel: in each, one of the three components rises or falls


def rgb_to_hsv(rgb: Array) -> Array:
    """Red, green, blue to hue, saturation, value; grey has the hue 0."""
    kind = rgb.dtype.type
    red, green, blue = np.moveaxis(rgb, -1, 0)
    value = rgb.max(axis=-1)
    spread = value - rgb.min(axis=-1)
    with np.errstate(all="ignore"):
        saturation = np.where(value > 0, spread / value, kind(0))
        norm = kind(1) / spread * kind(1 / SECTORS)
        hue = np.where(
            red == value,
            norm * (green - blue),
            np.where(green == value, norm * (blue - red) + kind(2 / SECTORS), norm * (red - green) + kind(4 / SECTORS)),
        )
    hue = np.where(spread > 0, hue, kind(0))
    hue = np.where(hue < 0, hue + kind(1), hue)
    return np.stack([hue, saturation, value], -1).astype(rgb.dtype, copy=False)


def hsv_to_rgb(hsv: Array) -> Array:
    """Hue, saturation, value to red, green, blue."""
    kind = hsv.dtype.type
    hue, saturation, value = np.moveaxis(hsv, -1, 0)
    angle = hue * kind(SECTORS)
    pure = (
        np.clip(np.abs(angle - kind(3)) - kind(1), 0, 1),
        np.clip(kind(2) - np.abs(angle - kind(2)), 0, 1),
        np.clip(kind(2) - np.abs(angle - kind(4)), 0, 1),
    )
    grey = kind(1) - saturation
    return np.stack([(grey + saturation * part) * value for part in pure], -1).astype(hsv.dtype, copy=False)


def adjust_hue(rgb: Array, delta: Any) -> Array:
    """Turn the colour wheel by `delta`; the largest and the smallest component of each pixel stay what they are."""
    x = rgb.astype(np.float32)
    red, green, blue = np.moveaxis(x, -1, 0)
    low, middle, high = np.moveaxis(np.sort(x, axis=-1), -1, 0)
    sector = np.select(
        [(red < green) & (blue < red), (red < green) & (blue > green), red < green, blue < green, blue > red],
        [1, 3, 2, 0, 4],
        5,
    ).astype(np.float32)
    with np.errstate(all="ignore"):
        part = (middle - low) / (high - low)
    rising = sector % 2 == 0
    angle = sector + np.where(rising, part, np.float32(1) - part)
    angle = np.where(high == low, np.float32(0), angle)
    with np.errstate(invalid="ignore"):
        angle = np.mod(angle + np.float32(delta) * np.float32(SECTORS), np.float32(SECTORS))
    angle = np.where(angle >= SECTORS, np.float32(0), angle)  # what the remainder rounds up to
    sector = np.floor(np.where(np.isfinite(angle), angle, 0)).astype(np.intp)
    part = angle - sector.astype(np.float32)
    part = np.where(sector % 2 == 0, part, np.float32(1) - part)
    middle = low + part * (high - low)
    levels = np.stack([low, middle, high], -1)
    # For each sector, which level red, green and blue get: 0 low, 1 middle, 2 high.
    order = np.array([[2, 1, 0], [1, 2, 0], [0, 2, 1], [0, 1, 2], [1, 0, 2], [2, 0, 1]])[sector]
    return np.take_along_axis(levels, order, -1).astype(rgb.dtype, copy=False)


def adjust_saturation(rgb: Array, scale: Any) -> Array:
    """Multiply the saturation of each pixel by `scale`, up to 1."""
    hsv = rgb_to_hsv(rgb.astype(np.float32))
    hue, value = hsv[..., 0], hsv[..., 2]
    saturation = np.clip(hsv[..., 1] * np.float32(scale), np.float32(0), np.float32(1))
    chroma = saturation * value
    angle = hue * np.float32(SECTORS)
    between = chroma * (np.float32(1) - np.abs(np.mod(angle, np.float32(2)) - np.float32(1)))
    none = np.zeros_like(chroma)
    levels = np.stack([none, between, chroma], -1)
    sector = np.clip(angle, 0, SECTORS).astype(np.intp)
    order = np.array([[2, 1, 0], [1, 2, 0], [0, 2, 1], [0, 1, 2], [1, 0, 2], [2, 0, 1], [0, 0, 0]])[sector]
    result = np.take_along_axis(levels, order, -1) + (value - chroma)[..., None]
    return result.astype(rgb.dtype, copy=False)


def adjust_contrast(images: Array, factor: Any) -> Array:
    """Move each pixel away from the mean of its channel, `factor` times as far as it was."""
    x = images.astype(np.float32)
    mean = x.mean(axis=(-3, -2), keepdims=True, dtype=np.float32)
    return ((x - mean) * np.float32(factor) + mean).astype(images.dtype, copy=False)

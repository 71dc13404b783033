"""Colours: hue, saturation and value of each pixel, and changes of them. The last axis holds the channels.

Hue is the angle on the colour wheel, from 0 (red) by 1/3 (green) and 2/3 (blue) back to 1; saturation is the distance
from grey; value is the largest of red, green and blue.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlab._src.kernels import image_loops

Array = NDArray[Any]

SECTORS = 6  # of the colour wheel: in each, one of the three components rises or falls


def rgb_to_hsv(rgb: Array) -> Array:
    """Red, green, blue to hue, saturation, value; grey has the hue 0."""
    kind = rgb.dtype.type
    red, green, blue = np.moveaxis(rgb, -1, 0)
    value = np.maximum(np.maximum(red, green), blue)
    spread = value - np.minimum(np.minimum(red, green), blue)
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
    pixels = image_loops.hsv_to_rgb(hsv)
    if pixels is not None:
        return pixels
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
    x = rgb.astype(np.float32, copy=False)
    turned = image_loops.adjust_hue(x, delta)
    if turned is not None:
        return turned.astype(rgb.dtype, copy=False)
    red, green, blue = np.moveaxis(x, -1, 0)
    less, more = np.minimum(red, green), np.maximum(red, green)
    low, middle, high = np.minimum(less, blue), np.maximum(less, np.minimum(more, blue)), np.maximum(more, blue)
    sector = np.where(
        red < green,
        np.where(blue < red, np.float32(1), np.where(blue > green, np.float32(3), np.float32(2))),
        np.where(blue < green, np.float32(0), np.where(blue > red, np.float32(4), np.float32(5))),
    )
    with np.errstate(all="ignore"):
        part = (middle - low) / (high - low)
    rising = (sector == 0) | (sector == 2) | (sector == 4)
    angle = sector + np.where(rising, part, np.float32(1) - part)
    angle = np.where(high == low, np.float32(0), angle)
    angle = around(angle + np.float32(delta) * np.float32(SECTORS))
    return from_wheel(angle, low, high).astype(rgb.dtype, copy=False)


def around(angle: Array) -> Array:
    """The same angle within one turn of the wheel."""
    with np.errstate(invalid="ignore"):
        turns = np.floor(angle / np.float32(SECTORS))
        angle = np.where(turns == 0, angle, angle - turns * np.float32(SECTORS))
    return np.where((angle >= 0) & (angle < SECTORS), angle, np.float32(0))  # what rounding has put outside


def from_wheel(angle: Array, low: Array, high: Array) -> Array:
    """Red, green and blue of an angle on the wheel, from 0 to 6, and the smallest and largest component.

    Red lies at 0 and 6, green at 2, blue at 4. Up to a distance of 1 a component is the largest, from 2 on the smallest,
    and between them it falls.
    """
    one, two = np.float32(1), np.float32(2)
    spread = high - low
    rgb = np.empty((*angle.shape, 3), np.float32)
    for channel in range(3):
        away = np.abs(angle - two * np.float32(channel)) if channel else np.minimum(angle, np.float32(SECTORS) - angle)
        rgb[..., channel] = np.where(away <= one, high, np.where(away >= two, low, low + (two - away) * spread))
    return rgb


def adjust_saturation(rgb: Array, scale: Any) -> Array:
    """Multiply the saturation of each pixel by `scale`, up to 1."""
    x = rgb.astype(np.float32, copy=False)
    adjusted = image_loops.adjust_saturation(x, scale)
    if adjusted is not None:
        return adjusted.astype(rgb.dtype, copy=False)
    hsv = rgb_to_hsv(x)
    hue, value = hsv[..., 0], hsv[..., 2]
    saturation = np.clip(hsv[..., 1] * np.float32(scale), np.float32(0), np.float32(1))
    low = value - saturation * value
    return from_wheel(around(hue * np.float32(SECTORS)), low, value).astype(rgb.dtype, copy=False)


def adjust_contrast(images: Array, factor: Any) -> Array:
    """Move each pixel away from the mean of its channel, `factor` times as far as it was."""
    x = images.astype(np.float32, copy=False)
    adjusted = image_loops.adjust_contrast(x, factor)
    if adjusted is not None:
        return adjusted.astype(images.dtype, copy=False)
    height, width, _ = x.shape[-3:]
    # Rows are added to rows first, and the mean is repeated for a whole row: NumPy is slow with three numbers at a time.
    mean = x.sum(axis=-3, keepdims=True).sum(axis=-2, keepdims=True) / np.float32(height * width)
    mean = np.repeat(mean, width, axis=-2)
    y = x - mean
    y *= np.float32(factor)
    y += mean
    return y.astype(images.dtype, copy=False)

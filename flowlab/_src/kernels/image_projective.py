"""Images seen through projective transforms."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def project(images: Array, transforms: Array, height: int, width: int, bilinear: bool) -> Array:
    """Take each pixel (x, y) of the result from its place in the image; 0 where that is outside.

    Parameters
    ----------
    images : (batch, rows, columns, channels)
    transforms : (batch or 1, 8) float32
    height, width : size of the result
    bilinear : interpolate between four pixels instead of taking the nearest
    """
    y, x = np.meshgrid(np.arange(height, dtype=np.float32), np.arange(width, dtype=np.float32), indexing="ij")
    result = np.empty((len(images), height, width, images.shape[3]), images.dtype)
    for number, image in enumerate(images):
        a0, a1, a2, b0, b1, b2, c0, c1 = transforms[number if len(transforms) > 1 else 0]
        with np.errstate(all="ignore"):
            depth = c0 * x + c1 * y + np.float32(1)
            from_x, from_y = (a0 * x + a1 * y + a2) / depth, (b0 * x + b1 * y + b2) / depth
        lost = ~(np.isfinite(from_x) & np.isfinite(from_y)) | (depth == 0)
        from_x, from_y = np.where(lost, -9, from_x), np.where(lost, -9, from_y)
        # Far outside is as good as just outside, and its number fits into an integer.
        from_x = np.clip(from_x, -9, image.shape[1] + 9).astype(np.float32)
        from_y = np.clip(from_y, -9, image.shape[0] + 9).astype(np.float32)
        result[number] = (between if bilinear else nearest)(image, from_y, from_x)
    return result


def read(image: Array, row: Array, column: Array) -> Array:
    """Pixels of an image, 0 outside."""
    rows, columns = image.shape[:2]
    inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    pixels = image[np.clip(row, 0, rows - 1), np.clip(column, 0, columns - 1)]
    pixels[~inside] = 0
    return pixels


def nearest(image: Array, y: Array, x: Array) -> Array:
    """The nearest pixel; a half is rounded away from 0."""

    def rounded(v: Array) -> Array:
        return (np.sign(v) * np.floor(np.abs(v) + np.float32(0.5))).astype(np.intp)

    return read(image, rounded(y), rounded(x))


def between(image: Array, y: Array, x: Array) -> Array:
    """In proportion between four pixels."""
    top, left = np.floor(y), np.floor(x)
    down, along = (y - top)[:, :, None], (x - left)[:, :, None]
    row, column = top.astype(np.intp), left.astype(np.intp)
    kind = (
        np.float64
        if (image.dtype.kind == "i" and image.dtype.itemsize > 2) or image.dtype == np.float64
        else np.float32
    )

    def corner(below: int, right: int) -> Array:
        return read(image, row + below, column + right).astype(kind)

    upper = (1 - along) * corner(0, 0) + along * corner(0, 1)
    lower = (1 - along) * corner(1, 0) + along * corner(1, 1)
    return ((1 - down) * upper + down * lower).astype(image.dtype)

"""BMP images: rows of pixels as they are, mostly from the lowest to the highest, as blue, green, red."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"BM"
HEADER = 32  # bytes that are read


class BmpError(ValueError):
    """The bytes are no BMP, or one of a kind that cannot be read."""


def decode(contents: bytes, channels: int = 0) -> NDArray[np.uint8]:
    """Decode to an array of shape (height, width, channels).

    Parameters
    ----------
    contents : bytes
        With 8 bits for each pixel (grey), 24 or 32.
    channels : {0, 1, 3, 4}
        0: as many as there are. Otherwise it must fit.
    """
    if len(contents) < HEADER:
        raise BmpError(
            f"Incomplete bmp content, requires at least {HEADER} bytes to find the header size, width, height, and bpp, got {len(contents)} bytes"
        )
    start, _, width, height, _, bits = struct.unpack("<IIiiHH", contents[10:30])
    if bits not in (8, 24, 32):
        raise BmpError(f"Number of bits per pixel must be 8, 24 or 32, got {bits}")
    found = bits // 8
    if channels and channels != found:
        raise BmpError(f"channels attribute {channels} does not match bits per pixel from file {found}")
    if width <= 0 or height == 0:
        raise BmpError(f"Width and height must be positive, got {width} and {height}")
    rows = abs(height)
    stride = (bits * width + 31) // 32 * 4
    needed = start + stride * (rows - 1) + found * width
    if needed > len(contents):
        raise BmpError(f"Incomplete bmp content, requires at least {needed} bytes, got {len(contents)} bytes")
    padded = contents[start : start + stride * rows].ljust(stride * rows, b"\0")
    lines = np.frombuffer(padded, np.uint8).reshape(rows, stride)[:, : width * found].reshape(rows, width, found)
    if height > 0:
        lines = lines[::-1]
    order = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[found]
    return np.ascontiguousarray(lines[:, :, order])

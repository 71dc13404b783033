"""GIF images: the frames as pixels. The blocks of the file are read here, the compressed numbers by Pillow.

A GIF is a canvas, a palette, and frames: rectangles of palette numbers, each with its place on the canvas. TensorFlow
puts each frame on top of the one before, whatever the file says of disposal.
"""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flowlab._src.formats.pillow import opened

Array = NDArray[np.uint8]
MOST_PIXELS = 1 << 29  # of all frames


class GifError(ValueError):
    """The bytes are no GIF, or a broken one."""


class Frame(NamedTuple):
    """A rectangle of the canvas, its palette and its compressed numbers."""

    left: int
    top: int
    width: int
    height: int
    interlaced: bool
    palette: Array
    transparent: int  # this number leaves what is below as it is; -1: none
    data: bytes


class Reader:
    """Reads bytes from the front; GifError when there are too few."""

    def __init__(self, contents: bytes) -> None:
        self.contents = contents
        self.position = 0

    def take(self, count: int) -> bytes:
        """The next bytes."""
        taken = self.contents[self.position : self.position + count]
        if len(taken) < count:
            raise GifError("it ends too early")
        self.position += count
        return taken

    def blocks(self) -> bytes:
        """A row of sub-blocks up to the empty one, with their lengths."""
        start = self.position
        while size := self.take(1)[0]:
            self.take(size)
        return self.contents[start : self.position]

    def palette(self, flags: int) -> Array:
        """A table of colours, if the flags say that there is one."""
        if not flags & 0x80:
            return np.zeros((0, 3), np.uint8)
        count = 2 << (flags & 7)
        return np.frombuffer(self.take(3 * count), np.uint8).reshape(count, 3)


def read_frames(contents: bytes) -> tuple[int, int, list[Frame]]:
    """Width and height of the canvas, and the frames."""
    reader = Reader(contents)
    if reader.take(6) not in (b"GIF87a", b"GIF89a"):
        raise GifError("no GIF signature")
    width, height, flags, _, _ = struct.unpack("<HHBBB", reader.take(7))
    shared = reader.palette(flags)
    frames: list[Frame] = []
    transparent = -1
    while True:
        kind = reader.take(1)
        if kind == b";":
            break
        if kind == b"!":
            is_control = reader.take(1) == b"\xf9"
            block = reader.blocks()
            if is_control and len(block) >= 5:
                transparent = block[4] if block[1] & 1 else -1
        elif kind == b",":
            left, top, columns, rows, flags = struct.unpack("<HHHHB", reader.take(9))
            own = reader.palette(flags)
            data = reader.take(1) + reader.blocks()
            palette = own if len(own) else shared
            frames.append(Frame(left, top, columns, rows, bool(flags & 0x40), palette, transparent, data))
            transparent = -1
        else:
            raise GifError("unknown block")
    return width, height, frames


def decode(contents: bytes) -> Array:
    """Decode to an array of shape (frames, height, width, 3)."""
    width, height, frames = read_frames(contents)
    if not frames:
        raise GifError("gif file does not contain any image")
    if len(frames) * width * height > MOST_PIXELS:
        raise GifError(f"image too large: {len(frames)} frames of {height} x {width}")
    result = np.zeros((len(frames), height, width, 3), np.uint8)
    for i, frame in enumerate(frames):
        if i:
            result[i] = result[i - 1]
        rows = min(frame.top + frame.height, height) - frame.top
        columns = min(frame.left + frame.width, width) - frame.left
        if rows <= 0 or columns <= 0:
            continue
        if not len(frame.palette):
            raise GifError(f"missing color map for frame {i}")
        numbers = palette_numbers(frame)[:rows, :columns]
        shown = numbers != frame.transparent
        if (numbers[shown] >= len(frame.palette)).any():
            message = f"found color index {numbers.max()} outside of color map range {len(frame.palette)}"
            raise GifError(message)
        result[i, frame.top : frame.top + rows, frame.left : frame.left + columns][shown] = frame.palette[
            numbers[shown]
        ]
    return result


def palette_numbers(frame: Frame) -> Array:
    """Uncompress a frame: Pillow gets a file with this frame alone and a palette of greys, which are the numbers."""
    greys = np.repeat(np.arange(256, dtype=np.uint8), 3).tobytes()
    size = struct.pack("<HH", frame.width, frame.height)
    head = b"GIF89a" + size + b"\xf7\0\0" + greys
    place = b"," + struct.pack("<HH", 0, 0) + size + (b"\x40" if frame.interlaced else b"\0")
    with opened(head + place + frame.data + b";", "GIF", GifError) as image:
        numbers: Any = np.array(image)
    if numbers.shape != (frame.height, frame.width):
        raise GifError("a frame is not complete")
    return numbers

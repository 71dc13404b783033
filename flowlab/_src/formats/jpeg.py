"""JPEG images: bytes to pixels and back, by the JPEG library that Pillow brings.

A JPEG keeps brightness (Y) and two differences of colour (Cb, Cr), the latter often with half the rows and columns.
To decode is to undo the cosine transform of the blocks, widen Cb and Cr, and convert to red, green and blue. There are
a fast and an accurate cosine transform, and a plain and a "fancy" way to widen. TensorFlow takes the fast transform and
the fancy way, which Pillow cannot combine: here Pillow does the transform, and `widen` and `to_rgb` the rest, in the
JPEG library's own whole numbers.
"""

from __future__ import annotations

import io
import struct
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flowlab._src.formats.pillow import opened

Array = NDArray[np.uint8]
SIGNATURE = b"\xff\xd8\xff"
MOST_PIXELS = 1 << 29

# A frame header begins with one of these; it holds the sizes and the number of components.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


class Header(NamedTuple):
    """What the frame header of a JPEG says."""

    height: int
    width: int
    components: int


class JpegError(ValueError):
    """The bytes are no JPEG, or a broken one."""


def read_header(contents: bytes) -> Header:
    """Find the frame header and read the sizes, without decoding."""
    if contents[:2] != b"\xff\xd8":
        raise JpegError("no start of image")
    position = 2
    while position + 4 <= len(contents):
        if contents[position] != 0xFF:
            position += 1
            continue
        marker = contents[position + 1]
        if marker == 0xFF or marker == 0 or 0xD0 <= marker <= 0xD8 or marker == 1:  # fill bytes; markers without length
            position += 1 if marker == 0xFF else 2
            continue
        if marker == 0xD9:
            break
        (length,) = struct.unpack(">H", contents[position + 2 : position + 4])
        if marker in FRAMES:
            if position + 10 > len(contents):
                break
            height, width, components = struct.unpack(">HHB", contents[position + 5 : position + 10])
            return Header(height, width, components)
        position += 2 + length
    raise JpegError("no frame header")


def decode(
    contents: bytes, channels: int = 0, ratio: int = 1, fancy: bool = True, fast: bool = True, recover: bool = False
) -> Array:
    """Decode to an array of shape (height, width, channels).

    Parameters
    ----------
    contents : bytes
    channels : {0, 1, 3}
        0: as many as there are.
    ratio : {1, 2, 4, 8}
        Make the image smaller by that, which is cheaper than to resize it later.
    fancy : bool
        Interpolate the colours that were stored with fewer pixels.
    fast : bool
        Take the fast cosine transform.
    recover : bool
        Fill the rest of a truncated image with grey instead of an error.
    """
    header = read_header(contents)
    if header.height * header.width > MOST_PIXELS:
        raise JpegError(f"image too large: {header.width} by {header.height}")
    with opened(contents, "JPEG", JpegError) as image:
        found = len(image.getbands())
        mode = {1: "L", 3: "RGB"}[channels or (1 if found == 1 else 3)]
        pixels = _decode(image, mode, ratio, fancy, fast, contents, recover)
    return pixels if pixels.ndim == 3 else pixels[:, :, None]


def _decode(image: Any, mode: str, ratio: int, fancy: bool, fast: bool, contents: bytes, recover: bool) -> Array:
    if image.mode == "CMYK":
        inks = _load(image, "CMYK", ratio, fast, contents, recover).astype(np.int32)
        # Pillow gives ink; what light remains is the product of the parts let through.
        light = (255 - inks[:, :, :3]) * (255 - inks[:, :, 3:]) // 255
        if mode == "L":
            raise JpegError("an image in four inks cannot be decoded to one channel")
        return light.astype(np.uint8)
    if mode == "L" or image.mode == "L":
        grey = _load(image, "L", ratio, fast, contents, recover)
        return grey if mode == "L" else np.repeat(grey[:, :, None], 3, axis=2)
    across, down = _sampling(image)
    if (across, down) == (1, 1) or fast != fancy or ratio > 1:
        # The library itself: with the fast transform it widens plainly, with the accurate one in the fancy way.
        return _load(image, "RGB", ratio, fast, contents, recover)
    if (across, down) not in ((2, 1), (2, 2), (1, 2)):
        return _load(image, "RGB", ratio, fast, contents, recover)
    y, cb, cr = np.moveaxis(_load(image, "YCbCr", ratio, True, contents, recover), -1, 0)
    if fancy:
        height, width = y.shape
        blue, red = (widen(part[::down, ::across], across, down)[:height, :width] for part in (cb, cr))
        return to_rgb(y, blue, red)
    # Brightness from the accurate transform; the colours, which that would widen, stay those of the fast one.
    with opened(contents, "JPEG", JpegError) as again:
        return to_rgb(_load(again, "YCbCr", ratio, False, contents, recover)[:, :, 0], cb, cr)


def _sampling(image: Any) -> tuple[int, int]:
    """How many columns and rows of the image share one value of Cb and Cr; (1, 1) where it is no YCbCr image."""
    layers = getattr(image, "layer", [])
    if len(layers) != 3 or image.info.get("adobe_transform") == 0:
        return 1, 1
    (_, y_across, y_down, *_), (_, *cb, _), (_, *cr, _) = layers
    return (
        (y_across, y_down) if list(cb) == list(cr) == [1, 1] else (1, 1) if [y_across, y_down] == list(cb) else (0, 0)
    )


def _load(image: Any, mode: str, ratio: int, fast: bool, contents: bytes, recover: bool) -> Array:
    """Let Pillow decode; its "draft" flag stands for the fast transform and for widening plainly."""
    if mode != image.mode:
        image._mode = mode
        image.tile = [image.tile[0]._replace(args=(mode, ""))]
    if ratio > 1:
        width, height = image.size
        image._size = -(-width // ratio), -(-height // ratio)
        image.tile = [image.tile[0]._replace(extents=(0, 0, *image._size))]
    image.decoderconfig = (ratio, int(fast))
    if recover and not contents.rstrip(b"\0").endswith(b"\xff\xd9"):
        image.fp.close()
        image.fp = io.BytesIO(contents + b"\xff\xd9")  # an end where it was cut off: the rest stays grey
    image.load()
    return np.array(image)


def widen(part: Array, across: int, down: int) -> Array:
    """Interpolate between rows, then between columns: three parts of the nearer, one of the farther value.

    The JPEG library rounds up and down in turns, so that the image gets neither darker nor brighter.
    """
    x = part.astype(np.int16)
    if part.shape[1] <= 2 and across == 2:
        return part.repeat(down, axis=0).repeat(across, axis=1)  # too narrow: the library copies
    scale = 0  # the numbers are `4 ** scale` times too large
    if down == 2:
        above, below = np.concatenate([x[:1], x[:-1]]), np.concatenate([x[1:], x[-1:]])
        x = np.stack([3 * x + above, 3 * x + below], 1).reshape(-1, x.shape[1])
        scale = 1
        if across == 1:
            bias = np.tile(np.array([[1], [2]]), (len(x) // 2, 1))
            return ((x + bias) >> 2).astype(np.uint8)
    left, right = np.concatenate([x[:, :1], x[:, :-1]], 1), np.concatenate([x[:, 1:], x[:, -1:]], 1)
    even, odd = (8, 7) if scale else (1, 2)
    shift = 4 if scale else 2
    result = np.stack([(3 * x + left + even) >> shift, (3 * x + right + odd) >> shift], 2)
    return result.reshape(len(x), -1).astype(np.uint8)


def _fixed(x: float) -> int:
    return int(x * 65536 + 0.5)


# What each value of Cb and Cr adds to red, green and blue, in fixed-point numbers of 16 bits.
CHROMA = np.arange(256, dtype=np.int32) - 128
CR_RED = ((_fixed(1.402) * CHROMA + (1 << 15)) >> 16).astype(np.int16)
CB_BLUE = ((_fixed(1.772) * CHROMA + (1 << 15)) >> 16).astype(np.int16)
CR_GREEN = -_fixed(0.71414) * CHROMA
CB_GREEN = -_fixed(0.34414) * CHROMA + (1 << 15)


def to_rgb(y: Array, cb: Array, cr: Array) -> Array:
    """Red, green and blue as the JPEG library computes them."""
    light = y.astype(np.int16)
    rgb = np.empty((*y.shape, 3), np.uint8)
    green = CB_GREEN.take(cb)
    green += CR_GREEN.take(cr)
    green >>= 16
    for channel, difference in enumerate((CR_RED.take(cr), green.astype(np.int16), CB_BLUE.take(cb))):
        difference += light
        np.maximum(difference, 0, out=difference)
        rgb[:, :, channel] = np.minimum(difference, 255, out=difference)
    return rgb


# ---- encoding ------------------------------------------------------------------------------------------------------

UNITS = {"in": 1, "cm": 2}


def encode(
    pixels: Array,
    quality: int = 95,
    progressive: bool = False,
    optimize: bool = False,
    downsample: bool = True,
    unit: str = "in",
    density: tuple[int, int] = (300, 300),
    xmp: bytes = b"",
) -> bytes:
    """Encode an array of shape (height, width, 1 or 3).

    Parameters
    ----------
    pixels : uint8 array
    quality : int, 0 to 100
    progressive : bool
        Store a coarse image first and refine it.
    optimize : bool
        Spend time on a smaller file.
    downsample : bool
        Store colours with half the rows and columns.
    unit : {"in", "cm"}
        What `density`, across and down, counts pixels per.
    xmp : bytes
        Metadata to store.
    """
    from PIL import Image

    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    file = io.BytesIO()
    image.save(
        file,
        "JPEG",
        quality=quality if quality > 0 else 1,  # Pillow takes 0 for its own choice
        progressive=progressive,
        optimize=optimize,
        subsampling="4:2:0" if downsample and pixels.shape[2] == 3 else "4:4:4",
        dpi=density,
    )
    contents = bytearray(file.getvalue())
    contents[13] = UNITS[unit]  # the unit in the JFIF header
    if xmp:
        block = b"http://ns.adobe.com/xap/1.0/\0" + xmp
        end = 4 + struct.unpack(">H", contents[4:6])[0]
        contents[end:end] = b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block
    return bytes(contents)

"""PNG images: bytes to pixels and back.

A PNG is a list of chunks; the pixels lie in the `IDAT` chunks, compressed by zlib. Before that each row is *filtered*:
a byte is replaced by its difference from a guess, made of the bytes to the left and above, because small numbers
compress well. Images of 8 bits are decoded by Pillow; those of 16 bits, which Pillow would cut to 8, here.

References: Portable Network Graphics specification (W3C), sections 7 (interlacing), 9 (filtering).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from flowlab._src.formats.pillow import opened

Array = NDArray[Any]
SIGNATURE = b"\x89PNG\r\n\x1a\n"

GREY, COLOUR, ALPHA, PALETTE = 0, 2, 4, 3  # kinds of colour; grey and colour may come with alpha
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
PIECE = 8192  # bytes of an IDAT chunk
MOST_PIXELS = 1 << 29
# Interlaced images come in seven passes: first column, first row, step right, step down.
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


class PngError(ValueError):
    """The bytes are no PNG, or a broken one."""


class Header(NamedTuple):
    """What the first chunk of a PNG says."""

    width: int
    height: int
    bits: int
    kind: int
    interlaced: bool


def chunks(contents: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names and contents of the chunks."""
    position = len(SIGNATURE)
    while position + 8 <= len(contents):
        (length,) = struct.unpack(">I", contents[position : position + 4])
        name = contents[position + 4 : position + 8]
        data = contents[position + 8 : position + 8 + length]
        if len(data) < length:
            raise PngError("it ends within a chunk")
        yield name, data
        if name == b"IEND":
            return
        position += 12 + length


def read_header(contents: bytes) -> Header:
    """Read the first chunk."""
    if not contents.startswith(SIGNATURE):
        raise PngError("no PNG header")
    name, data = next(chunks(contents), (b"", b""))
    if name != b"IHDR" or len(data) != 13:
        raise PngError("no PNG header")
    width, height, bits, kind, _, _, interlaced = struct.unpack(">IIBBBBB", data)
    if width == 0 or height == 0 or kind not in CHANNELS:
        raise PngError("no PNG header")
    if width * height > MOST_PIXELS:
        raise PngError(f"PNG size too large for int: {width} by {height}")
    return Header(width, height, bits, kind, bool(interlaced))


def decode(contents: bytes, channels: int = 0, dtype: DTypeLike = np.uint8) -> Array:
    """Decode to an array of shape (height, width, channels).

    Parameters
    ----------
    contents : bytes
    channels : {0, 1, 2, 3, 4}
        Grey, grey with alpha, colours, colours with alpha; 0: as they are stored, a palette as colours.
    dtype : uint8 or uint16
        Images of 8 bits are scaled up to 16 bits; of 16 bits the upper 8 are taken.
    """
    header = read_header(contents)
    dtype = np.dtype(dtype)
    pixels = _decode_wide(contents, header) if header.bits == 16 else _decode_narrow(contents, header)
    pixels = with_channels(pixels, channels, header.bits)
    if pixels.dtype == np.uint16 and dtype == np.uint8:
        return (pixels >> 8).astype(np.uint8)
    return pixels.astype(np.uint16) * np.uint16(257) if pixels.dtype != dtype else pixels


def with_channels(pixels: Array, channels: int, bits: int) -> Array:
    """Add or leave away colours and alpha; as with TensorFlow, opaque is the largest number of the stored bits."""
    found = pixels.shape[2]
    if channels in (0, found):
        return pixels
    colours = pixels[:, :, : found - 1] if found % 2 == 0 else pixels
    if channels <= 2 and colours.shape[2] == 3:
        colours = to_grey(colours)
    elif channels > 2 and colours.shape[2] == 1:
        colours = np.repeat(colours, 3, axis=2)
    if channels % 2 == 1:
        return np.ascontiguousarray(colours)
    opaque = np.full((*pixels.shape[:2], 1), (1 << bits) - 1, pixels.dtype)
    return np.concatenate([colours, pixels[:, :, -1:] if found % 2 == 0 else opaque], axis=2)


def to_grey(colours: Array) -> Array:
    """Brightness by the PNG library's weights, which are fractions of 32768; grey pixels stay as they are."""
    red, green = int(0.299 * 32768), int(0.587 * 32768)
    r, g, b = np.moveaxis(colours.astype(np.int64), -1, 0)
    grey = red * r + green * g + (32768 - red - green) * b
    grey = grey + 16384 if colours.dtype == np.uint16 else grey
    grey = np.where((r == g) & (r == b), r, grey >> 15)
    return grey.astype(colours.dtype)[:, :, None]


def _decode_narrow(contents: bytes, header: Header) -> Array:
    with opened(contents, "PNG", PngError) as image:
        transparent = "transparency" in image.info
        mode = {0: "L", 2: "RGB", 3: "RGBA" if transparent else "RGB", 4: "LA", 6: "RGBA"}[header.kind]
        pixels = np.array(image.convert(mode))
    return pixels if pixels.ndim == 3 else pixels[:, :, None]


# ---- 16 bits -------------------------------------------------------------------------------------------------------


def _decode_wide(contents: bytes, header: Header) -> Array:
    data = b"".join(data for name, data in chunks(contents) if name == b"IDAT")
    count = CHANNELS[header.kind]
    step = 2 * count
    passes = [(x, y, dx, dy) for x, y, dx, dy in PASSES if x < header.width and y < header.height]
    if not header.interlaced:
        passes = [(0, 0, 1, 1)]
    sizes = [(-(-(header.height - y) // dy), -(-(header.width - x) // dx)) for x, y, dx, dy in passes]
    total = sum(rows * (1 + columns * step) for rows, columns in sizes)
    engine = zlib.decompressobj()
    try:
        raw = engine.decompress(data, total)
    except zlib.error as error:
        raise PngError(str(error)) from None
    if len(raw) < total:
        raise PngError("too few pixels")
    pixels = np.empty((header.height, header.width, count), np.uint16)
    position = 0
    for (x, y, dx, dy), (rows, columns) in zip(passes, sizes, strict=True):
        length = rows * (1 + columns * step)
        lines = np.frombuffer(raw, np.uint8, length, position).reshape(rows, 1 + columns * step)
        position += length
        plain = unfilter(lines[:, 0], lines[:, 1:].reshape(rows, columns, step))
        pixels[y::dy, x::dx] = plain.view(">u2").reshape(rows, columns, count)
    return pixels


def paeth(left: Array, above: Array, corner: Array) -> Array:
    """Of three neighbours the one nearest to left + above - corner.

    It is chosen by products with 0 or 1: NumPy's `where` looks at each truth value and guesses wrong as often as not.
    """
    by_left, by_above = above - corner, left - corner  # how far the guess is from each
    by_corner = np.abs(by_left + by_above)
    best = corner + by_left * (np.abs(by_above) <= by_corner)
    nearest = np.abs(by_left)
    nearest = (nearest <= by_corner) & (nearest <= np.abs(by_above))
    return best + (left - best) * nearest


def unfilter(filters: Array, lines: Array) -> Array:
    """Undo the filters of all rows at once.

    A pixel needs those to the left and above, so pixels on one falling diagonal are independent of each other: the
    image is worked off diagonal by diagonal.
    """
    rows, columns, step = lines.shape
    if (filters > 4).any():
        raise PngError("unknown filter")
    done = np.zeros((rows + 1, columns + 1, step), np.int16)  # with an empty row above and column to the left
    for diagonal in range(rows + columns - 1):
        row = np.arange(max(0, diagonal - columns + 1), min(rows, diagonal + 1))
        column = diagonal - row
        left, above, corner = done[row + 1, column], done[row, column + 1], done[row, column]
        kind = filters[row][:, None]
        guess = np.select(
            [kind == 1, kind == 2, kind == 3, kind == 4],
            [left, above, (left + above) >> 1, paeth(left, above, corner)],
            0,
        )
        done[row + 1, column + 1] = (lines[row, column] + guess) & 255
    return done[1:, 1:].astype(np.uint8)


# ---- encoding ------------------------------------------------------------------------------------------------------


def encode(pixels: Array, compression: int = -1) -> bytes:
    """Encode an array of shape (height, width, channels) of uint8 or uint16; 1 to 4 channels.

    The filters are chosen as the PNG library chooses them: for each row the one with the smallest sum of differences.
    """
    height, width, count = pixels.shape
    kind = {1: GREY, 2: GREY | ALPHA, 3: COLOUR, 4: COLOUR | ALPHA}[count]
    step = count * pixels.dtype.itemsize
    data = np.ascontiguousarray(pixels.astype(pixels.dtype.newbyteorder(">"))).view(np.uint8)
    raw = filtered(data.reshape(height, width * step), step)
    engine = zlib.compressobj(compression, zlib.DEFLATED, zlib.MAX_WBITS, 9, zlib.Z_FILTERED)
    packed = smallest_window(engine.compress(raw) + engine.flush(), len(raw))
    parts = [packed[i : i + PIECE] for i in range(0, len(packed), PIECE)]
    header = struct.pack(">IIBBBBB", width, height, 8 * pixels.dtype.itemsize, kind, 0, 0, 0)
    return SIGNATURE + b"".join(
        chunk(name, content) for name, content in [(b"IHDR", header), *[(b"IDAT", p) for p in parts], (b"IEND", b"")]
    )


def chunk(name: bytes, content: bytes) -> bytes:
    """A chunk with its length and checksum."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def filtered(lines: Array, step: int) -> bytes:
    """Filter each row in the way that leaves the smallest numbers, read with a sign."""
    left, above, corner = np.zeros_like(lines), np.zeros_like(lines), np.zeros_like(lines)
    left[:, step:] = lines[:, :-step]
    above[1:] = lines[:-1]
    corner[:, step:] = above[:, :-step]
    # Unsigned bytes wrap around as the filters want it; the mean of two is taken without the ninth bit of their sum.
    coded = {
        0: lines,
        1: lines - left,
        2: lines - above,
        3: lines - ((left & above) + ((left ^ above) >> np.uint8(1))),
        4: lines - paeth(*(each.astype(np.int16) for each in (left, above, corner))).astype(np.uint8),
    }
    if len(lines) == 1 or lines.shape[1] == step:  # one row or column: there is nothing above, or nothing to the left
        possible = {0, 1, 2} - ({2} if len(lines) == 1 else set()) - ({1} if lines.shape[1] == step else set())
        coded = {kind: coded[kind] for kind in sorted(possible)}
    costs = [np.minimum(each, -each).sum(axis=1, dtype=np.uint32) for each in coded.values()]
    best = np.argmin(costs, axis=0)
    rows = np.empty((len(lines), 1 + lines.shape[1]), np.uint8)
    rows[:, 0] = np.array(list(coded))[best]
    rows[:, 1:] = np.stack(list(coded.values()), 1)[np.arange(len(lines)), best]
    return rows.tobytes()


def smallest_window(packed: bytes, size: int) -> bytes:
    """Write into the zlib header that a decoder needs to remember no more bytes than there are."""
    bits = 7
    while bits > 0 and size <= 1 << (bits + 7):
        bits -= 1
    first = packed[0] & 0x0F | bits << 4
    second = packed[1] & 0xE0
    return bytes([first, second + (31 - (first * 256 + second) % 31)]) + packed[2:]

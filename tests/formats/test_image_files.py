"""Image files: what is written is read again, what is broken is refused in words."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image

from flowlab._src.formats import bmp, gif, jpeg, png
from tests.ops import image_files

ROWS, COLUMNS = np.mgrid[:21, :26]
WAVES = np.stack([127 + 90 * np.sin(ROWS / 3 + k) + 30 * np.cos(COLUMNS / 2 - k) for k in range(4)], -1).astype(
    np.uint8
)


def pillow(pixels: Any, kind: str, **options: Any) -> bytes:
    """The bytes of a file that Pillow writes."""
    file = io.BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(file, kind, **options)
    return file.getvalue()


# ---- PNG -----------------------------------------------------------------------------------------------------------

sizes = st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 4))


@given(sizes, st.sampled_from([np.uint8, np.uint16]), st.integers(0, 2**32 - 1), st.integers(-1, 9))
def test_png_gives_back_what_was_encoded(size: Any, dtype: Any, seed: int, compression: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, size, dtype, endpoint=True)
    if seed % 2:
        pixels //= 64  # rows that differ little, for which other filters are chosen
    found = png.decode(png.encode(pixels, compression), 0, dtype)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, pixels)


def test_png_of_8_bits_is_read_by_pillow_too() -> None:
    for channels in (3, 4):
        pixels = np.ascontiguousarray(WAVES[:, :, :channels])
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(png.encode(pixels)))), pixels)


def test_png_of_16_bits_as_8_bits_keeps_the_upper_ones() -> None:
    wide = np.array([[[0x1234, 0xFFEE, 0x00FF]]], np.uint16)
    assert png.decode(png.encode(wide)).tolist() == [[[0x12, 0xFF, 0x00]]]


def test_png_of_8_bits_as_16_bits_is_scaled() -> None:
    assert png.decode(png.encode(np.uint8([[[0], [1], [255]]])), 0, np.uint16).ravel().tolist() == [0, 257, 65535]


@pytest.mark.parametrize("kind", [1, 2, 3, 4])
def test_each_filter_of_png_can_be_undone(kind: int) -> None:
    pixels = (np.arange(5 * 6 * 3) * 7919 % 65536).reshape(5, 6, 3).astype(np.uint16)
    plain = pixels.astype(">u2").tobytes()
    step, stride = 6, 36
    lines = []
    for y in range(5):  # the definition of the specification, byte by byte
        row = bytearray([kind])
        for i in range(stride):
            left = plain[y * stride + i - step] if i >= step else 0
            above = plain[(y - 1) * stride + i] if y else 0
            corner = plain[(y - 1) * stride + i - step] if y and i >= step else 0
            nearest = min((left, above, corner), key=lambda n: abs(left + above - corner - n))
            guess = {1: left, 2: above, 3: (left + above) // 2, 4: nearest}[kind]
            row.append((plain[y * stride + i] - guess) % 256)
        lines.append(bytes(row))
    header = struct.pack(">IIBBBBB", 6, 5, 16, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(b"".join(lines))), (b"IEND", b"")]
    contents = png.SIGNATURE + b"".join(png.chunk(*part) for part in parts)
    np.testing.assert_array_equal(png.decode(contents, 0, np.uint16), pixels)


def test_png_in_seven_passes() -> None:
    pixels = (np.arange(9 * 11) * 641 % 65536).reshape(9, 11, 1).astype(np.uint16)
    lines = b""
    for x, y, dx, dy in png.PASSES:
        for row in pixels[y::dy, x::dx, 0].astype(">u2"):
            lines += b"\0" + row.tobytes()
    header = struct.pack(">IIBBBBB", 11, 9, 16, 0, 0, 0, 1)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b"")]
    contents = png.SIGNATURE + b"".join(png.chunk(*part) for part in parts)
    np.testing.assert_array_equal(png.decode(contents, 0, np.uint16), pixels)


def test_png_with_a_palette_is_in_colour_and_opaque_unless_it_says_otherwise() -> None:
    picture = Image.fromarray(WAVES[:, :, :3]).quantize(200)
    colours = np.asarray(picture.convert("RGB"))
    np.testing.assert_array_equal(png.decode(pillow(picture, "PNG")), colours)
    seen = png.decode(pillow(picture, "PNG", transparency=3))
    np.testing.assert_array_equal(seen[:, :, :3], colours)
    np.testing.assert_array_equal(seen[:, :, 3] == 0, np.asarray(picture) == 3)


def test_grey_of_png_has_the_weights_of_the_png_library() -> None:
    # TensorFlow 2.21: tf.image.decode_png(contents, channels=1)
    pixels = np.uint8([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [10, 200, 90], [7, 7, 7]]])
    assert png.decode(png.encode(pixels), 1).ravel().tolist() == [76, 149, 29, 130, 7]


# ---- JPEG ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("subsampling", ["4:2:0", "4:2:2", "4:4:4"])
@pytest.mark.parametrize("shape", [(21, 26), (16, 16), (9, 5), (1, 1), (2, 25)])
def test_fast_and_accurate_jpeg_differ_by_little(subsampling: str, shape: tuple[int, int]) -> None:
    # With the accurate transform the JPEG library widens the colours itself, with the fast one `widen` does.
    contents = pillow(WAVES[: shape[0], : shape[1], :3], "JPEG", subsampling=subsampling, quality=90)
    fast, accurate = jpeg.decode(contents), jpeg.decode(contents, fast=False)
    assert fast.shape == (*shape, 3)
    assert np.abs(fast.astype(int) - accurate).max() <= 12
    plain = jpeg.decode(contents, fancy=False, fast=False)
    assert np.abs(jpeg.decode(contents, fancy=False).astype(int) - plain).max() <= 12


def test_widened_colours_are_between_their_neighbours() -> None:
    part = np.uint8([[10, 20, 200], [10, 40, 0]])
    assert jpeg.widen(part, 2, 1)[0].tolist() == [10, 13, 17, 65, 155, 200]
    assert jpeg.widen(part, 1, 2)[:, 2].tolist() == [200, 150, 50, 0]
    assert jpeg.widen(part, 2, 2).shape == (4, 6)
    assert jpeg.widen(np.full((3, 4), 77, np.uint8), 2, 2).tolist() == [[77] * 8] * 6


def test_jpeg_made_smaller_while_decoding() -> None:
    contents = jpeg.encode(WAVES[:, :, :3])
    assert [jpeg.decode(contents, ratio=r).shape for r in (1, 2, 4, 8)] == [
        (21, 26, 3),
        (11, 13, 3),
        (6, 7, 3),
        (3, 4, 3),
    ]


def test_jpeg_in_four_inks_becomes_colours() -> None:
    contents = pillow(cmyk(WAVES), "JPEG")
    light = (255 - WAVES[:, :, :3].astype(int)) * (255 - WAVES[:, :, 3:]) // 255
    assert np.abs(jpeg.decode(contents).astype(int) - light).mean() < 8
    with pytest.raises(jpeg.JpegError, match=r"four inks"):
        jpeg.decode(contents, 1)


def cmyk(pixels: np.ndarray) -> Image.Image:
    """Pixels as an image in four inks."""
    return Image.merge("CMYK", [Image.fromarray(np.ascontiguousarray(pixels[:, :, i])) for i in range(4)])


def test_truncated_jpeg_is_refused_or_filled_up() -> None:
    large = np.tile(WAVES[:, :, :3], (4, 4, 1))
    contents = jpeg.encode(large, 95)
    short = contents[: len(contents) // 2]
    with pytest.raises(jpeg.JpegError, match="truncated"):
        jpeg.decode(short)
    recovered = jpeg.decode(short, recover=True)
    assert recovered.shape == large.shape
    np.testing.assert_array_equal(recovered[:30], jpeg.decode(contents)[:30])


def test_header_of_jpeg_with_metadata() -> None:
    contents = jpeg.encode(WAVES[:, :, :1], unit="cm", density=(100, 50), xmp=b"<x/>")
    assert jpeg.read_header(contents) == (21, 26, 1)
    assert contents[13:18] == b"\x02\x00\x64\x00\x32"
    assert b"http://ns.adobe.com/xap/1.0/\0<x/>" in contents
    np.testing.assert_array_equal(jpeg.decode(contents), jpeg.decode(jpeg.encode(WAVES[:, :, :1])))


# ---- GIF and BMP ---------------------------------------------------------------------------------------------------


def test_gif_puts_frames_on_top_of_each_other() -> None:
    frames = gif.decode(image_files.GIF)
    assert frames.shape == (3, 3, 4, 3)
    changed = np.argwhere((frames[0] != frames[1]).any(axis=2))
    assert set(map(tuple, changed.tolist())) <= {(1, 1), (1, 2)}
    numbers = np.arange(12).reshape(3, 4) * 3 % 4
    np.testing.assert_array_equal(frames[2][numbers == 1], frames[1][numbers == 1])  # 1 is transparent


def test_gif_with_frames_by_pillow() -> None:
    pictures = [Image.fromarray(np.roll(WAVES[:, :, :3], k, 1)).quantize(64) for k in range(3)]
    contents = pillow(pictures[0], "GIF", save_all=True, append_images=pictures[1:])
    expected = np.stack([np.asarray(p.convert("RGB")) for p in pictures])
    np.testing.assert_array_equal(gif.decode(contents), expected)


@pytest.mark.parametrize("bands", ["RGB", "RGBA", "L"])
def test_bmp_by_pillow(bands: str) -> None:
    pixels = {"RGB": WAVES[:, :, :3], "RGBA": WAVES, "L": WAVES[:, :, 0]}[bands]
    found = bmp.decode(pillow(np.ascontiguousarray(pixels), "BMP"))
    np.testing.assert_array_equal(found.reshape(pixels.shape), pixels)


def test_bmp_from_the_top() -> None:
    contents = bytearray(image_files.BMP)
    upside_down = bmp.decode(bytes(contents))[::-1]
    contents[22:26] = struct.pack("<i", -2)
    np.testing.assert_array_equal(bmp.decode(bytes(contents)), upside_down)


# ---- broken files --------------------------------------------------------------------------------------------------

FILES: list[tuple[bytes, Callable[[bytes], Any], type[ValueError]]] = [
    (image_files.PNG, png.decode, png.PngError),
    (image_files.LONG_PNG, png.decode, png.PngError),
    (image_files.JPEG, jpeg.decode, jpeg.JpegError),
    (image_files.FULL_JPEG, jpeg.decode, jpeg.JpegError),
    (image_files.GIF, gif.decode, gif.GifError),
    (image_files.BMP, bmp.decode, bmp.BmpError),
]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(FILES), st.data())
def test_broken_files_are_read_or_refused(file: Any, data: Any) -> None:
    contents, decode, error = file
    broken = bytearray(contents)
    for _ in range(data.draw(st.integers(1, 3))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(broken)))
    with contextlib.suppress(error):  # any other exception is a fault
        assert decode(bytes(broken[:end] if data.draw(st.booleans()) else broken)).dtype == np.uint8


@pytest.mark.parametrize("decode", [png.decode, jpeg.decode, gif.decode, bmp.decode])
def test_no_bytes_at_all(decode: Any) -> None:
    with pytest.raises(ValueError, match=r"no |Incomplete|early"):
        decode(b"")


def test_sizes_that_nobody_can_hold() -> None:
    header = struct.pack(">IIBBBBB", 2**30, 2**30, 16, 2, 0, 0, 0)
    with pytest.raises(png.PngError, match="too large"):
        png.decode(png.SIGNATURE + png.chunk(b"IHDR", header) + png.chunk(b"IEND", b""))
    canvas = b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0x91, 0, 0)
    with pytest.raises(gif.GifError, match="too large"):
        gif.decode(canvas + image_files.GIF[13:])

"""Image files decoded: JPEG, PNG, GIF and BMP to pixels.

The operations look at the first bytes: `decode_png` reads a JPEG as well, and the other way round.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError
from flowlab._src.formats import bmp, gif, jpeg, png
from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_text
from flowlab._src.graph.dtypes import DType, as_dtype
from flowlab._src.graph.op import Array, Op, Spec
from flowlab._src.graph.scopes import control_dependencies, name_scope
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.assertion import assert_
from flowlab._src.ops.compare import equal, logical_and, not_equal
from flowlab._src.ops.cond import cond
from flowlab._src.ops.gather import gather
from flowlab._src.ops.image_color import convert_image_dtype
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.strings import substr
from flowlab._src.util.export import export

GIF_SIGNATURE = b"GIF8"


def refused(message: str) -> InvalidArgumentError:
    """The error for contents or attributes that cannot be."""
    return InvalidArgumentError(None, None, message)


def one_string(contents: Any, what: str = "contents") -> bytes:
    """The bytes of a scalar string."""
    if np.ndim(contents) != 0:
        raise refused(f"{what} must be scalar but got shape {list(np.shape(contents))}")
    value = np.asarray(contents, object)[()]
    return bytes(value)


class Decoding(Op, abstract=True):
    """Bytes of an image file to pixels."""

    def _decode(self, contents: Any, channels: int, dtype: Any = np.uint8, **options: Any) -> tuple[np.ndarray, str]:
        """The pixels and the name of the format; frames come first where there are several."""
        data = one_string(contents)
        if channels not in (0, 1, 3, 4) and not (channels == 2 and data.startswith(png.SIGNATURE)):
            raise refused(f"channels must be 0, 1, 3 or 4 but got {channels}")
        try:
            if data.startswith(jpeg.SIGNATURE):
                if channels == 4:
                    raise refused("JPEG does not support 4 channels: channels must be 0, 1 or 3")
                pixels = jpeg.decode(data, channels, **options)
                return _in_bits(pixels, dtype), "JPEG"
            if data.startswith(png.SIGNATURE[:4]):
                return png.decode(data, channels, dtype), "PNG"
            if data.startswith(GIF_SIGNATURE):
                if channels not in (0, 3):
                    raise refused(f"channels must be 0 or 3 for GIF, got {channels}")
                return _in_bits(gif.decode(data), dtype), "GIF"
        except jpeg.JpegError as error:
            raise refused(f"Invalid JPEG data or crop window, data size {len(data)}: {error}") from None
        except png.PngError as error:
            raise refused(f"Invalid PNG data, size {len(data)}: {error}") from None
        except gif.GifError as error:
            raise refused(f"Invalid GIF data (size {len(data)}), {error}") from None
        raise _unknown(data, self.type)


def image_shape(contents: Spec, channels: int) -> TensorShape:
    """Height and width are not known before the file has been read."""
    contents.ranked(0)
    if channels < 0:
        raise ShapeError(f"channels must be non-negative, got {channels}")
    return TensorShape.of((None, None, channels or None))


def _in_bits(pixels: np.ndarray, dtype: Any) -> np.ndarray:
    return pixels if pixels.dtype == dtype else pixels.astype(dtype) * np.dtype(dtype).type(256)


def _unknown(data: bytes, op: str) -> InvalidArgumentError:
    if not data:
        return refused("Input is empty. Expected image (JPEG, PNG, or GIF), got empty file")
    if data.startswith(bmp.SIGNATURE):
        return refused(
            f"Trying to decode BMP format using a wrong op. Use `decode_bmp` or `decode_image` instead. Op used: {op}"
        )
    start = data[:8].decode("latin-1")
    return refused(
        "Unknown image file format. One of JPEG, PNG, GIF, BMP required. "
        f"Expected image (JPEG, PNG, or GIF), got unknown format starting with '{start}'"
    )


def _only_frame(pixels: np.ndarray, kind: str) -> np.ndarray:
    if kind != "GIF":
        return pixels
    if len(pixels) != 1:
        message = (
            f"Got {len(pixels)} frames, but animated gifs can only be decoded by tf.io.decode_gif or tf.io.decode_image"
        )
        raise refused(message)
    return pixels[0]


class JpegDecoding(Decoding, abstract=True):
    """The pixels of a JPEG, or of a part of it."""

    channels: int = 0
    ratio: int = 1
    fancy_upscaling: bool = True
    try_recover_truncated: bool = False
    acceptable_fraction: float = 1.0
    dct_method: str = ""

    def _pixels(self, contents: Any) -> np.ndarray:
        if self.ratio not in (1, 2, 4, 8):
            raise refused(f"ratio must be 1, 2, 4, or 8, got {self.ratio}")
        if self.dct_method not in ("", "INTEGER_FAST", "INTEGER_ACCURATE"):
            raise refused("dct_method must be one of {'', 'INTEGER_FAST', 'INTEGER_ACCURATE'}")
        options = {
            "ratio": self.ratio,
            "fancy": self.fancy_upscaling,
            "fast": self.dct_method != "INTEGER_ACCURATE",
            "recover": self.try_recover_truncated,
        }
        return _only_frame(*self._decode(contents, self.channels, **options))


class DecodeJpeg(JpegDecoding):
    """The pixels of a JPEG."""

    def kernel(self, contents: Array[np.object_]) -> Array[np.uint8]:
        return self._pixels(contents)

    def shape(self, contents: Spec) -> TensorShape:
        return image_shape(contents, self.channels)


class DecodeAndCropJpeg(JpegDecoding):
    """The pixels of a part of a JPEG."""

    def kernel(self, contents: Array[np.object_], crop_window: Array[np.int32]) -> Array[np.uint8]:
        if np.ndim(crop_window) != 1:
            raise refused(f"crop_window must be 1-D, got shape {list(np.shape(crop_window))}")
        if np.size(crop_window) != 4:
            raise refused(f"crop_size must have four elements {list(np.shape(crop_window))}")
        top, left, height, width = (int(n) for n in crop_window)
        data = one_string(contents)
        if not data.startswith(jpeg.SIGNATURE):
            raise refused(
                f"Expected image (JPEG), got another format: Invalid JPEG data or crop window, data size {len(data)}"
            )
        pixels = self._pixels(contents)
        inside = top >= 0 and left >= 0 and top + height <= pixels.shape[0] and left + width <= pixels.shape[1]
        if not inside or height <= 0 or width <= 0:
            raise refused(f"Invalid JPEG data or crop window, data size {len(data)}")
        return np.ascontiguousarray(pixels[top : top + height, left : left + width])

    def shape(self, contents: Spec, crop_window: Spec) -> TensorShape:
        whole = image_shape(contents, self.channels)
        (length,) = crop_window.ranked(1)
        if length not in (None, 4):
            raise ShapeError(f"Dimension must be 4 but is {length}")
        if crop_window.value is None:
            return whole
        height, width = (int(n) for n in crop_window.value[2:])
        return TensorShape.of((height, width, self.channels or None))


class DecodePng(Decoding):
    """The pixels of a PNG."""

    channels: int = 0
    dtype: DType = dtypes.uint8

    def kernel(self, contents: Array[np.object_]) -> Array:
        return _only_frame(*self._decode(contents, self.channels, self.dtype.as_numpy_dtype))

    def dtypes(self, *inputs: Any) -> DType:
        return self.dtype

    def shape(self, contents: Spec) -> TensorShape:
        return image_shape(contents, self.channels)


class DecodeGif(Decoding):
    """The frames of a GIF, each put on top of the one before."""

    def kernel(self, contents: Array[np.object_]) -> Array[np.uint8]:
        pixels, kind = self._decode(contents, 3)
        return pixels if kind == "GIF" else pixels[None]

    def shape(self, contents: Spec) -> TensorShape:
        contents.ranked(0)
        return TensorShape.of((None, None, None, 3))


class DecodeBmp(Decoding):
    """The pixels of a BMP."""

    channels: int = 0

    def kernel(self, contents: Array[np.object_]) -> Array[np.uint8]:
        data = one_string(contents)
        if self.channels not in (0, 1, 3, 4):
            raise refused(f"channels must be 0, 1, 3 or 4, got {self.channels}")
        for signature, name in ((jpeg.SIGNATURE, "JPEG"), (png.SIGNATURE, "PNG"), (GIF_SIGNATURE, "GIF")):
            if data.startswith(signature):
                use = f"Use `decode_{name.lower()}` or `decode_image` instead."
                raise refused(f"Trying to decode {name} format using DecodeBmp op. {use}")
        if not data:
            raise refused("Input is empty. Incomplete bmp content, got 0 bytes")
        try:
            return bmp.decode(data, self.channels)
        except bmp.BmpError as error:
            raise refused(str(error)) from None

    def shape(self, contents: Spec) -> TensorShape:
        return image_shape(contents, self.channels)


class ExtractJpegShape(Op):
    """Height, width and channels of a JPEG, which is not decoded for it."""

    output_type: DType = dtypes.int32

    def kernel(self, contents: Array[np.object_]) -> Array:
        data = one_string(contents)
        try:
            header = jpeg.read_header(data)
        except jpeg.JpegError:
            raise refused(f"Invalid JPEG data, size {len(data)}") from None
        return np.array(header, self.output_type.as_numpy_dtype)

    def dtypes(self, *inputs: Any) -> DType:
        return self.output_type

    def shape(self, contents: Spec) -> TensorShape:
        contents.ranked(0)
        return TensorShape.of((3,))


def _allowed_dtype(parameter: str, dtype: Any, allowed: tuple[DType, ...]) -> DType:
    dtype = as_dtype(dtype)
    if dtype not in allowed:
        names = ", ".join(d.name for d in allowed)
        message = (
            f"Value passed to parameter '{parameter}' has DataType {dtype.name} not in list of allowed values: {names}"
        )
        raise misuse(TypeError(message))
    return dtype


# ---- decoding ------------------------------------------------------------------------------------------------------


@export("image.decode_jpeg", "io.decode_jpeg")
def decode_jpeg(
    contents: Any,
    channels: int = 0,
    ratio: int = 1,
    fancy_upscaling: bool = True,
    try_recover_truncated: bool = False,
    acceptable_fraction: float = 1,
    dct_method: str = "",
    name: str | None = None,
) -> Tensor:
    """Decode a JPEG file.

    Parameters
    ----------
    contents : string scalar Tensor
        The bytes of the file; a PNG or a GIF with one frame will do, too.
    channels : {0, 1, 3}
        1: grey, 3: colours, 0: as in the file.
    ratio : {1, 2, 4, 8}
        Make the image smaller by that while decoding, which is fast.
    fancy_upscaling : bool
        Interpolate the colours, which are mostly stored with fewer pixels.
    try_recover_truncated : bool
        Fill up an image of which the end is missing, instead of failing.
    acceptable_fraction : float
        Kept with the operation; a truncated image is refused unless `try_recover_truncated` is set.
    dct_method : {"", "INTEGER_FAST", "INTEGER_ACCURATE"}
        Which cosine transform to take; "" is the fast one.
    name : str, optional

    Returns
    -------
    Tensor, shape (height, width, channels), uint8
        Only the channels are known while building, if they are given.

    Raises
    ------
    tf.errors.InvalidArgumentError
        When run with bytes that are no image.

    Examples
    --------
    >>> encoded = tf.image.encode_jpeg(np.full([8, 8, 1], 200, np.uint8))
    >>> with tf.Session() as sess:
    ...     sess.run(tf.image.decode_jpeg(encoded))[0, :3, 0]
    array([200, 200, 200], dtype=uint8)
    """
    op = DecodeJpeg(
        channels, ratio, fancy_upscaling, try_recover_truncated, acceptable_fraction, as_text(dct_method, "dct_method")
    )
    return op(contents, name=name)


@export("image.decode_and_crop_jpeg", "io.decode_and_crop_jpeg")
def decode_and_crop_jpeg(
    contents: Any,
    crop_window: Any,
    channels: int = 0,
    ratio: int = 1,
    fancy_upscaling: bool = True,
    try_recover_truncated: bool = False,
    acceptable_fraction: float = 1,
    dct_method: str = "",
    name: str | None = None,
) -> Tensor:
    """Decode a part of a JPEG file.

    Parameters
    ----------
    contents : string scalar Tensor
    crop_window : four int32, [top, left, height, width]
    channels, ratio, fancy_upscaling, try_recover_truncated, acceptable_fraction, dct_method
        See `tf.image.decode_jpeg`.
    name : str, optional

    Returns
    -------
    Tensor, shape (crop_height, crop_width, channels), uint8
    """
    op = DecodeAndCropJpeg(
        channels, ratio, fancy_upscaling, try_recover_truncated, acceptable_fraction, as_text(dct_method, "dct_method")
    )
    return op(contents, crop_window, name=name)


@export("image.decode_png", "io.decode_png")
def decode_png(contents: Any, channels: int = 0, dtype: Any = dtypes.uint8, name: str | None = None) -> Tensor:
    """Decode a PNG file.

    Parameters
    ----------
    contents : string scalar Tensor
        The bytes of the file; a JPEG or a GIF with one frame will do, too.
    channels : {0, 1, 3, 4}
        1: grey, 3: colours, 4: colours and opacity, 0: as in the file, where a palette counts as colours.
    dtype : {uint8, uint16}
    name : str, optional

    Returns
    -------
    Tensor, shape (height, width, channels), of `dtype`

    Raises
    ------
    tf.errors.InvalidArgumentError
        When run with bytes that are no image.

    Examples
    --------
    >>> encoded = tf.image.encode_png(np.uint8([[[1], [2]]]))
    >>> with tf.Session() as sess:
    ...     sess.run(tf.image.decode_png(encoded, channels=3))
    array([[[1, 1, 1],
            [2, 2, 2]]], dtype=uint8)
    """
    dtype = _allowed_dtype("dtype", dtype, (dtypes.uint8, dtypes.uint16))
    return DecodePng(channels=channels, dtype=dtype)(contents, name=name)


@export("image.decode_gif", "io.decode_gif")
def decode_gif(contents: Any, name: str | None = None) -> Tensor:
    """Decode all frames of a GIF file.

    Parameters
    ----------
    contents : string scalar Tensor
    name : str, optional

    Returns
    -------
    Tensor, shape (frames, height, width, 3), uint8

    Raises
    ------
    tf.errors.InvalidArgumentError
        When run with bytes that are no image.
    """
    return DecodeGif()(contents, name=name)


@export("image.decode_bmp", "io.decode_bmp")
def decode_bmp(contents: Any, channels: int = 0, name: str | None = None) -> Tensor:
    """Decode a BMP file.

    Parameters
    ----------
    contents : string scalar Tensor
    channels : {0, 1, 3, 4}
        Must be that of the file; 0: whatever it is.
    name : str, optional

    Returns
    -------
    Tensor, shape (height, width, channels), uint8

    Raises
    ------
    tf.errors.InvalidArgumentError
        When run with bytes that are no BMP.
    """
    return DecodeBmp(channels=channels)(contents, name=name)


@export("image.is_jpeg", "io.is_jpeg")
def is_jpeg(contents: Any, name: str | None = None) -> Tensor:
    """Say whether bytes begin as those of a JPEG file do.

    Parameters
    ----------
    contents : string scalar Tensor
    name : str, optional

    Returns
    -------
    bool scalar Tensor

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     bool(sess.run(tf.image.is_jpeg(tf.image.encode_png(np.uint8([[[1]]])))))
    False
    """
    with name_scope(name, "is_jpeg"):
        return equal(substr(contents, 0, 3), jpeg.SIGNATURE, name=name)


def _is_png(contents: Any) -> Tensor:
    with name_scope(None, "is_png"):
        return equal(substr(contents, 0, 3), png.SIGNATURE[:3])


@export("image.decode_image", "io.decode_image")
def decode_image(
    contents: Any,
    channels: int | None = None,
    dtype: Any = dtypes.uint8,
    name: str | None = None,
    expand_animations: bool = True,
) -> Tensor:
    """Decode a JPEG, PNG, GIF or BMP file, whichever it is.

    Parameters
    ----------
    contents : string scalar Tensor
    channels : {None, 0, 1, 3, 4}
        None and 0: as in the file.
    dtype : DType
        Other types than uint8 are scaled, see `tf.image.convert_image_dtype`.
    name : str, optional
    expand_animations : bool
        Return all frames of a GIF, with an axis for them; False: the first frame.

    Returns
    -------
    Tensor of `dtype`, shape (height, width, channels), of a GIF (frames, height, width, 3)
        Nothing of the shape is known while building: call `set_shape` before `tf.image.resize_images`.

    Raises
    ------
    ValueError
        If `channels` is another number.
    tf.errors.InvalidArgumentError
        When run with bytes that are no image, or with channels that the format does not have.

    Examples
    --------
    >>> encoded = tf.image.encode_png(np.uint8([[[51], [255]]]))
    >>> image = tf.image.decode_image(encoded, dtype=tf.float32)
    >>> with tf.Session() as sess:
    ...     sess.run(image).ravel()
    array([0.2, 1. ], dtype=float32)
    """
    dtype = as_dtype(dtype)
    with name_scope(name, "decode_image"):
        if channels not in (None, 0, 1, 3, 4):
            raise misuse(ValueError("channels must be in (None, 0, 1, 3, 4)"), inputs=f"channels = {channels}")
        count = channels or 0
        start = substr(contents, 0, 3)

        def decode_as_bmp() -> Tensor:
            signature = substr(contents, 0, 2)
            is_bmp = equal(signature, "BM", name="is_bmp")
            known = assert_(is_bmp, ["Unable to decode bytes as JPEG, PNG, GIF, or BMP"])
            fitting = not_equal(count, 1, name="check_channels")
            fits = assert_(fitting, ["Channels must be in (None, 0, 3) when decoding BMP images"])
            with control_dependencies([known, fits]):
                return convert_image_dtype(decode_bmp(contents), dtype)

        def decode_as_gif() -> Tensor:
            fitting = logical_and(
                not_equal(count, 1, name="check_gif_channels"), not_equal(count, 4, name="check_gif_channels")
            )
            fits = assert_(fitting, ["Channels must be in (None, 0, 3) when decoding GIF images"])
            with control_dependencies([fits]):
                frames = convert_image_dtype(decode_gif(contents), dtype)
                return frames if expand_animations else gather(frames, 0)

        def decode_as_gif_or_bmp() -> Tensor:
            is_gif = equal(start, b"GIF", name="is_gif")
            return cond(is_gif, decode_as_gif, decode_as_bmp, name="cond_gif")

        def decode_as_png() -> Tensor:
            read_as = dtypes.uint8 if dtype == dtypes.uint8 else dtypes.uint16
            return convert_image_dtype(decode_png(contents, count, dtype=read_as), dtype)

        def decode_as_another() -> Tensor:
            return cond(_is_png(contents), decode_as_png, decode_as_gif_or_bmp, name="cond_png")

        def decode_as_jpeg() -> Tensor:
            fitting = not_equal(count, 4, name="check_jpeg_channels")
            fits = assert_(fitting, ["Channels must be in (None, 0, 1, 3) when decoding JPEG images"])
            with control_dependencies([fits]):
                return convert_image_dtype(decode_jpeg(contents, count), dtype)

        return cond(is_jpeg(contents), decode_as_jpeg, decode_as_another, name="cond_jpeg")


@export("image.extract_jpeg_shape", "io.extract_jpeg_shape")
def extract_jpeg_shape(contents: Any, output_type: Any = dtypes.int32, name: str | None = None) -> Tensor:
    """Read the sizes of a JPEG file without decoding it.

    Parameters
    ----------
    contents : string scalar Tensor
    output_type : {int32, int64}
    name : str, optional

    Returns
    -------
    Tensor, shape (3,)
        Height, width, channels.

    Examples
    --------
    >>> encoded = tf.image.encode_jpeg(np.zeros([8, 6, 3], np.uint8))
    >>> with tf.Session() as sess:
    ...     sess.run(tf.image.extract_jpeg_shape(encoded))
    array([8, 6, 3], dtype=int32)
    """
    output_type = _allowed_dtype("output_type", output_type, (dtypes.int32, dtypes.int64))
    return ExtractJpegShape(output_type=output_type)(contents, name=name)

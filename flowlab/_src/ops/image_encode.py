"""Pixels as the bytes of image files: PNG, which loses nothing, and JPEG, which is small."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.formats import jpeg, png
from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_text
from flowlab._src.graph.convert import convert
from flowlab._src.graph.op import Array, Op, Spec
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.misuse import misuse
from flowlab._src.util.export import export

Sample = TypeVar("Sample", np.uint8, np.uint16)


def refused(message: str) -> InvalidArgumentError:
    """The error for pixels or attributes that cannot be."""
    return InvalidArgumentError(None, None, message)


class EncodePng(Op):
    """Pixels as the bytes of a PNG."""

    compression: int = -1
    grad = None

    def kernel(self, image: Array[Sample]) -> Array[np.object_]:
        image = np.asarray(image)
        if not -1 <= self.compression <= 9:
            raise refused(f"compression should be in [-1,9], got {self.compression}")
        if image.ndim != 3:
            raise refused(f"image must be 3-dimensional{list(image.shape)}")
        if image.shape[2] not in (1, 2, 3, 4):
            raise refused(f"image must have 1, 2, 3, or 4 channels, got {image.shape[2]}")
        if image.size == 0:
            raise refused(f"image must not be empty, got {list(image.shape)}")
        return np.array(png.encode(image, self.compression), object)

    def shape(self, image: Spec) -> TensorShape:
        image.ranked(3)
        return TensorShape.of(())


class JpegEncoding(Op, abstract=True):
    """Pixels as the bytes of a JPEG."""

    grad: ClassVar[Any] = None

    def _encode(self, image: np.ndarray, quality: int, kind: str = "", **options: Any) -> np.ndarray:
        brackets = "[" + ",".join(str(n) for n in image.shape) + "]"
        if image.ndim != 3:
            raise refused(f"image must be 3-dimensional{brackets}")
        if not 0 <= quality <= 100:
            raise refused(f"quality must be in [0,100], got {quality}")
        wanted = {"grayscale": (1,), "rgb": (3,)}.get(kind, (1, 3))
        if image.shape[2] not in wanted:
            if kind:
                raise refused(f"format {kind} expects {wanted[0]} channels, got {brackets}")
            raise refused(f"image must have 1 or 3 channels, got {brackets}")
        if image.size == 0 or max(image.shape) > 65500:
            raise refused(f"JPEG encoding failed: an image has from 1 to 65500 rows and columns, got {brackets}")
        return np.array(jpeg.encode(image, quality, **options), object)

    def shape(self, images: Spec, *others: Spec) -> TensorShape:
        """One string."""
        images.ranked(3)
        for other in others:
            other.ranked(0)
        return TensorShape.of(())


class EncodeJpeg(JpegEncoding):
    """Pixels as the bytes of a JPEG, the quality given while building."""

    format: str = ""
    quality: int = 95
    progressive: bool = False
    optimize_size: bool = False
    chroma_downsampling: bool = True
    density_unit: str = "in"
    x_density: int = 300
    y_density: int = 300
    xmp_metadata: str = ""

    def kernel(self, image: Array[np.uint8]) -> Array[np.object_]:
        return self._encode(
            np.asarray(image),
            self.quality,
            self.format,
            progressive=self.progressive,
            optimize=self.optimize_size,
            downsample=self.chroma_downsampling,
            unit=self.density_unit,
            density=(self.x_density, self.y_density),
            xmp=self.xmp_metadata.encode(),
        )


class EncodeJpegVariableQuality(JpegEncoding):
    """Pixels as the bytes of a JPEG, the quality given when the graph runs."""

    def kernel(self, images: Array[np.uint8], quality: Array[np.int32]) -> Array[np.object_]:
        if np.ndim(quality) != 0:
            raise refused(f"quality must be scalar: {list(np.shape(quality))}")
        return self._encode(np.asarray(images), int(quality))


def _allowed(op: str, attribute: str, value: Any, allowed: tuple[str, ...]) -> str:
    """A word that must be one of several."""
    text = as_text(value, attribute)
    if text not in allowed:
        names = ", ".join(f'"{name}"' for name in allowed)
        raise misuse(ValueError(f"Attr '{attribute}' of '{op}' Op passed string '{text}' not in: {names}."))
    return text


@export("image.encode_png", "io.encode_png")
def encode_png(image: Any, compression: int = -1, name: str | None = None) -> Tensor:
    """Encode an image as PNG: nothing is lost.

    Parameters
    ----------
    image : uint8 or uint16 Tensor, shape (height, width, channels)
        1 channel: grey, 2: grey and opacity, 3: colours, 4: colours and opacity.
    compression : int, -1 to 9
        0: none, 9: slow and small, -1: the usual compromise.
    name : str, optional

    Returns
    -------
    string scalar Tensor

    Raises
    ------
    ValueError
        If `image` has not 3 axes.
    tf.errors.InvalidArgumentError
        When run with another number of channels, or another `compression`.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.image.encode_png(np.uint8([[[1], [2]]])))[:8]
    b'\\x89PNG\\r\\n\\x1a\\n'
    """
    image = (
        convert(image, None, "image")
        if hasattr(image, "_as_graph_element")
        else convert(image, None, "image", dtypes.uint8)
    )
    return EncodePng(compression=compression)(image, name=name)


@export("image.encode_jpeg", "io.encode_jpeg")
def encode_jpeg(
    image: Any,
    format: str = "",
    quality: int = 95,
    progressive: bool = False,
    optimize_size: bool = False,
    chroma_downsampling: bool = True,
    density_unit: str = "in",
    x_density: int = 300,
    y_density: int = 300,
    xmp_metadata: str = "",
    name: str | None = None,
) -> Tensor:
    """Encode an image as JPEG: small, and not quite the same.

    Parameters
    ----------
    image : uint8 Tensor, shape (height, width, 1 or 3)
    format : {"", "grayscale", "rgb"}
        "": by the number of channels, which otherwise must fit.
    quality : int, 0 to 100
    progressive : bool
        Store a coarse image first and refine it.
    optimize_size : bool
        Spend time on a smaller file.
    chroma_downsampling : bool
        Store colours with half the rows and columns.
    density_unit : {"in", "cm"}
        Unit of `x_density` and `y_density`, the pixels per unit in print.
    xmp_metadata : str
        Stored with the image.
    name : str, optional

    Returns
    -------
    string scalar Tensor

    Raises
    ------
    ValueError
        If `image` has not 3 axes, or a word is none of those above.
    tf.errors.InvalidArgumentError
        When run with another number of channels, or another `quality`.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.image.encode_jpeg(np.zeros([8, 8, 3], np.uint8)))[:3]
    b'\\xff\\xd8\\xff'
    """
    return EncodeJpeg(
        format=_allowed("EncodeJpeg", "format", format, ("", "grayscale", "rgb")),
        quality=quality,
        progressive=progressive,
        optimize_size=optimize_size,
        chroma_downsampling=chroma_downsampling,
        density_unit=_allowed("EncodeJpeg", "density_unit", density_unit, ("in", "cm")),
        x_density=x_density,
        y_density=y_density,
        xmp_metadata=xmp_metadata,
    )(image, name=name)

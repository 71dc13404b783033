"""Images made brighter, paler, of another hue: by a given amount, or by chance to make more of few training images."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_float, as_int
from flowlab._src.graph.convert import convert
from flowlab._src.graph.op import Array, Op, Spec
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape, require_rank_at_least
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import image_color as kernels
from flowlab._src.ops.arithmetic import add
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.cast import cast
from flowlab._src.ops.control import with_dependencies
from flowlab._src.ops.division import div
from flowlab._src.ops.image_checks import at_least_3d, check, is_tensor
from flowlab._src.ops.image_color import convert_image_dtype
from flowlab._src.ops.image_decode import DecodeJpeg
from flowlab._src.ops.image_encode import EncodeJpegVariableQuality
from flowlab._src.ops.magnitude import maximum
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.powers import rsqrt
from flowlab._src.ops.random import random_uniform
from flowlab._src.ops.reduce import reduce_mean, reduce_prod, reduce_std
from flowlab._src.util.export import export

Colour = TypeVar("Colour", np.float16, np.float32)

NARROW_FLOATS = (dtypes.float16, dtypes.float32)


class Adjustment(Op, abstract=True):
    """Images with a scalar that says how much to change."""

    def shape(self, images: Spec, amount: Spec) -> TensorShape:
        """The shape of the images."""
        require_rank_at_least(images.shape, 3)
        return images.shape


def _check(images: np.ndarray, amount: Any, what: str, channels: int | None = None) -> None:
    if images.ndim < 3:
        sizes = "[" + ",".join(str(n) for n in images.shape) + "]"
        raise InvalidArgumentError(None, None, f"input must be at least 3-D, got shape{sizes}")
    if np.ndim(amount) != 0:
        raise InvalidArgumentError(None, None, f"{what} must be scalar: {list(np.shape(amount))}")
    if channels is not None and images.shape[-1] != channels:
        message = f"input must have {channels} channels but instead has {images.shape[-1]} channels."
        raise InvalidArgumentError(None, None, message)


class AdjustContrastv2(Adjustment):
    """Pixels moved away from the mean of their channel, or towards it."""

    def kernel(self, images: Array[Colour], contrast_factor: Array[np.float32]) -> Array[Colour]:
        images = np.asarray(images)
        _check(images, contrast_factor, "contrast_factor")
        return kernels.adjust_contrast(images, contrast_factor)


class AdjustHue(Adjustment):
    """Colours turned on the colour wheel."""

    def kernel(self, images: Array[Colour], delta: Array[np.float32]) -> Array[Colour]:
        images = np.asarray(images)
        _check(images, delta, "delta", channels=3)
        return kernels.adjust_hue(images, delta)


class AdjustSaturation(Adjustment):
    """Colours made stronger or paler."""

    def kernel(self, images: Array[Colour], scale: Array[np.float32]) -> Array[Colour]:
        images = np.asarray(images)
        _check(images, scale, "scale", channels=3)
        return kernels.adjust_saturation(images, scale)


# ---- by a given amount ---------------------------------------------------------------------------------------------


@export("image.adjust_brightness")
def adjust_brightness(image: Any, delta: Any) -> Tensor:
    """Add the same number to all pixels.

    Parameters
    ----------
    image : Tensor
        Whole numbers are converted to floats in [0, 1) and back.
    delta : float or scalar Tensor
        For images in [0, 1).

    Returns
    -------
    Tensor of the type and shape of `image`

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.image.adjust_brightness(np.uint8([[[0], [100], [250]]]), 0.1)).ravel()
    array([ 25, 125, 255], dtype=uint8)
    """
    with name_scope(None, "adjust_brightness", [image, delta]) as name:
        image = convert(image, None, "image")
        given = image.dtype.base_dtype
        floats = image if given in NARROW_FLOATS else convert_image_dtype(image, dtypes.float32)
        adjusted = add(floats, cast(delta, floats.dtype), name=name)
        return convert_image_dtype(adjusted, given, saturate=True)


@export("image.adjust_contrast")
def adjust_contrast(images: Any, contrast_factor: Any) -> Tensor:
    """Move pixels away from the mean of their channel (factor above 1), or towards it (below 1).

    Parameters
    ----------
    images : Tensor, shape (..., height, width, channels)
    contrast_factor : float or scalar Tensor
        Each pixel x becomes (x - mean) * contrast_factor + mean.

    Returns
    -------
    Tensor of the type and shape of `images`

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.image.adjust_contrast([[[1.0], [3.0]]], 2)).ravel()
    array([0., 4.], dtype=float32)
    """
    with name_scope(None, "adjust_contrast", [images, contrast_factor]) as name:
        images = convert(images, None, "images")
        given = images.dtype.base_dtype
        floats = images if given in NARROW_FLOATS else convert_image_dtype(images, dtypes.float32)
        adjusted = AdjustContrastv2()(floats, contrast_factor, name=name)
        return convert_image_dtype(adjusted, given, saturate=True)


@export("image.adjust_gamma")
def adjust_gamma(image: Any, gamma: Any = 1, gain: Any = 1) -> Tensor:
    """Raise all pixels to a power: above 1 darkens the middle of the scale, below 1 brightens it.

    Parameters
    ----------
    image : Tensor
        Whole numbers are converted to floats in [0, 1) and back.
    gamma : float or scalar Tensor
        The power, not negative.
    gain : float or scalar Tensor
        A factor for the result.

    Returns
    -------
    Tensor of the type and shape of `image`

    Raises
    ------
    ValueError
        If `gamma` is negative.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.image.adjust_gamma([0.0, 0.5, 1.0], 2.0))
    array([0.  , 0.25, 1.  ], dtype=float32)
    """
    with name_scope(None, "adjust_gamma", [image, gamma, gain]):
        image = convert(image, None, "image")
        given = image.dtype.base_dtype
        floats = image if given in NARROW_FLOATS else convert_image_dtype(image, dtypes.float32)
        checks = check(
            (gamma if is_tensor(gamma) else as_float(gamma, "gamma")) >= 0,
            "Gamma should be a non-negative real number.",
        )
        if checks:
            gamma = with_dependencies(checks, gamma)
        return convert_image_dtype(gain * floats**gamma, given, saturate=True)


@export("image.adjust_hue")
def adjust_hue(image: Any, delta: Any, name: str | None = None) -> Tensor:
    """Turn the colours of images on the colour wheel.

    Parameters
    ----------
    image : Tensor, shape (..., height, width, 3)
    delta : float or scalar Tensor
        Part of a full turn, in [-1, 1]: 1/3 makes red green.
    name : str, optional

    Returns
    -------
    Tensor of the type and shape of `image`

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.image.adjust_hue([[[1.0, 0.5, 0.0]]], 0.5)).ravel()
    array([0. , 0.5, 1. ], dtype=float32)
    """
    with name_scope(name, "adjust_hue", [image]):
        image = convert(image, None, "image")
        given = image.dtype.base_dtype
        floats = image if given in NARROW_FLOATS else convert_image_dtype(image, dtypes.float32)
        return convert_image_dtype(AdjustHue()(floats, delta), given)


@export("image.adjust_saturation")
def adjust_saturation(image: Any, saturation_factor: Any, name: str | None = None) -> Tensor:
    """Make colours stronger (factor above 1) or paler (below 1; 0 is grey).

    Parameters
    ----------
    image : Tensor, shape (..., height, width, 3)
    saturation_factor : float or scalar Tensor
    name : str, optional

    Returns
    -------
    Tensor of the type and shape of `image`

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.image.adjust_saturation([[[1.0, 0.5, 0.0]]], 0.5)).ravel()
    array([1.  , 0.75, 0.5 ], dtype=float32)
    """
    with name_scope(name, "adjust_saturation", [image]):
        image = convert(image, None, "image")
        given = image.dtype.base_dtype
        floats = image if given in NARROW_FLOATS else convert_image_dtype(image, dtypes.float32)
        return convert_image_dtype(AdjustSaturation()(floats, saturation_factor), given)


@export("image.adjust_jpeg_quality")
def adjust_jpeg_quality(image: Any, jpeg_quality: Any, name: str | None = None) -> Tensor:
    """Encode images as JPEG and decode them again: what is lost at this quality is lost.

    Parameters
    ----------
    image : Tensor, shape (height, width, channels)
        With 1 or 3 channels.
    jpeg_quality : int or scalar int32 Tensor
        From 0 to 100.
    name : str, optional

    Returns
    -------
    Tensor of the type and shape of `image`
    """
    with name_scope(name, "adjust_jpeg_quality", [image]):
        image = convert(image, None, "image")
        given = image.dtype.base_dtype
        image = convert_image_dtype(image, dtypes.uint8)
        if not is_tensor(jpeg_quality):
            jpeg_quality = convert(jpeg_quality, dtypes.int32)
        image = DecodeJpeg()(EncodeJpegVariableQuality()(image, jpeg_quality))
        return convert_image_dtype(image, given)


@export("image.per_image_standardization")
def per_image_standardization(image: Any) -> Tensor:
    """Give each image the mean 0 and the variance 1.

    Parameters
    ----------
    image : Tensor, shape (..., height, width, channels)

    Returns
    -------
    Tensor of the type and shape of `image`
        (image - mean) / max(deviation, 1 / sqrt(pixels)): the minimum keeps even images from a division by 0.

    Raises
    ------
    ValueError
        If `image` has fewer than 3 axes.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.image.per_image_standardization([[[1.0], [2.0], [3.0]]])).ravel()
    array([-1.2247449,  0.       ,  1.2247449], dtype=float32)
    """
    with name_scope(None, "per_image_standardization", [image]) as scope:
        image = at_least_3d(convert(image, None, "image"))
        given = image.dtype.base_dtype
        if given not in NARROW_FLOATS:
            image = convert_image_dtype(image, dtypes.float32)
        pixels = reduce_prod(shape_of(image)[-3:])
        mean = reduce_mean(image, axis=[-1, -2, -3], keepdims=True)
        deviation = reduce_std(image, axis=[-1, -2, -3], keepdims=True)
        least = rsqrt(cast(pixels, image.dtype))
        divisor = maximum(deviation, least)
        image = div(image - mean, divisor, name=scope)
        return convert_image_dtype(image, given, saturate=True)


# ---- by chance -----------------------------------------------------------------------------------------------------


@export("image.random_brightness")
def random_brightness(image: Any, max_delta: float, seed: int | None = None) -> Tensor:
    """Adjust the brightness by a random number from [-max_delta, max_delta).

    Parameters
    ----------
    image : Tensor
    max_delta : float
        Not negative.
    seed : int, optional
        See `tf.set_random_seed`.

    Returns
    -------
    Tensor of the type and shape of `image`

    Raises
    ------
    ValueError
        If `max_delta` is negative.

    Examples
    --------
    >>> tf.image.random_brightness(tf.zeros([32, 32, 3]), 0.2).shape.as_list()
    [32, 32, 3]
    """
    if as_float(max_delta, "max_delta") < 0:
        raise misuse(ValueError("max_delta must be non-negative."), inputs=f"max_delta = {max_delta}")
    return adjust_brightness(image, random_uniform([], -max_delta, max_delta, seed=seed))


@export("image.random_contrast")
def random_contrast(image: Any, lower: float, upper: float, seed: int | None = None) -> Tensor:
    """Adjust the contrast by a random factor from [lower, upper).

    Parameters
    ----------
    image : Tensor, shape (..., height, width, channels)
    lower, upper : float
        With 0 <= lower < upper.
    seed : int, optional
        See `tf.set_random_seed`.

    Returns
    -------
    Tensor of the type and shape of `image`

    Raises
    ------
    ValueError
        If `upper` is not above `lower`, or `lower` is negative.
    """
    _check_range(lower, upper)
    return adjust_contrast(image, random_uniform([], lower, upper, seed=seed))


@export("image.random_saturation")
def random_saturation(image: Any, lower: float, upper: float, seed: int | None = None) -> Tensor:
    """Adjust the saturation by a random factor from [lower, upper).

    Parameters
    ----------
    image : Tensor, shape (..., height, width, 3)
    lower, upper : float
        With 0 <= lower < upper.
    seed : int, optional
        See `tf.set_random_seed`.

    Returns
    -------
    Tensor of the type and shape of `image`

    Raises
    ------
    ValueError
        If `upper` is not above `lower`, or `lower` is negative.
    """
    _check_range(lower, upper)
    return adjust_saturation(image, random_uniform([], lower, upper, seed=seed))


def _check_range(lower: float, upper: float) -> None:
    if as_float(upper, "upper") <= as_float(lower, "lower"):
        raise misuse(ValueError("upper must be > lower."), inputs=f"lower = {lower}, upper = {upper}")
    if lower < 0:
        raise misuse(ValueError("lower must be non-negative."), inputs=f"lower = {lower}")


@export("image.random_hue")
def random_hue(image: Any, max_delta: float, seed: int | None = None) -> Tensor:
    """Turn the colours by a random part of the colour wheel from [-max_delta, max_delta).

    Parameters
    ----------
    image : Tensor, shape (..., height, width, 3)
    max_delta : float
        From 0 to 0.5.
    seed : int, optional
        See `tf.set_random_seed`.

    Returns
    -------
    Tensor of the type and shape of `image`

    Raises
    ------
    ValueError
        If `max_delta` is another number.
    """
    if as_float(max_delta, "max_delta") > 0.5:
        raise misuse(ValueError("max_delta must be <= 0.5."), inputs=f"max_delta = {max_delta}")
    if max_delta < 0:
        raise misuse(ValueError("max_delta must be non-negative."), inputs=f"max_delta = {max_delta}")
    return adjust_hue(image, random_uniform([], -max_delta, max_delta, seed=seed))


@export("image.random_jpeg_quality")
def random_jpeg_quality(
    image: Any, min_jpeg_quality: int, max_jpeg_quality: int, seed: int | None = None
) -> Tensor:  # fmt: skip
    """Encode images as JPEG and decode them again at a random quality from [min_jpeg_quality, max_jpeg_quality).

    Parameters
    ----------
    image : Tensor, shape (height, width, channels)
    min_jpeg_quality, max_jpeg_quality : int
        From 0 to 100.
    seed : int, optional
        See `tf.set_random_seed`.

    Returns
    -------
    Tensor of the type and shape of `image`

    Raises
    ------
    ValueError
        If one is out of range, or the minimum is not below the maximum.
    """
    min_jpeg_quality = as_int(min_jpeg_quality, "min_jpeg_quality")
    max_jpeg_quality = as_int(max_jpeg_quality, "max_jpeg_quality")
    if not (0 <= min_jpeg_quality <= 100 and 0 <= max_jpeg_quality <= 100):
        raise misuse(ValueError("jpeg encoding range must be between 0 and 100."))
    if min_jpeg_quality >= max_jpeg_quality:
        raise misuse(ValueError("`min_jpeg_quality` must be less than `max_jpeg_quality`."))
    quality = random_uniform([], min_jpeg_quality, max_jpeg_quality, seed=seed, dtype=dtypes.int32)
    return adjust_jpeg_quality(image, quality)

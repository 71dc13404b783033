"""Colours of images: element types, grey, and the colour spaces HSV, YIQ and YUV."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from flowlab._src.errors import FailedPreconditionError, InvalidArgumentError, ShapeError
from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import DType, as_dtype
from flowlab._src.graph.op import Array, Op, Spec
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import image_color as kernels
from flowlab._src.ops.arithmetic import add, multiply
from flowlab._src.ops.array_shape import rank
from flowlab._src.ops.cast import cast, saturate_cast
from flowlab._src.ops.division import div
from flowlab._src.ops.fill import ones
from flowlab._src.ops.identity import identity
from flowlab._src.ops.image_checks import as_grayscale
from flowlab._src.ops.joining import concat, stack
from flowlab._src.ops.linalg import tensordot
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.no_nan import div_no_nan
from flowlab._src.ops.padding import tile
from flowlab._src.ops.powers import square
from flowlab._src.ops.reshaping import expand_dims
from flowlab._src.util.export import export

Colour = TypeVar("Colour", np.float16, np.float32, np.float64)


def _require_rgb(images: Any) -> None:
    if np.ndim(images) < 1:
        raise InvalidArgumentError(None, None, "input must be at least 1D")
    if images.shape[-1] != 3:
        message = f"input must have 3 channels but input only has {images.shape[-1]} channels."
        raise FailedPreconditionError(None, None, message)


def rgb_shape(images: Spec) -> TensorShape:
    """The shape of the input, of which the last axis has three channels."""
    dims = images.dims
    if dims is None:
        return images.shape
    if not dims:
        raise ShapeError(f"Shape must be at least rank 1 but is rank {len(dims)}")
    if dims[-1] not in (None, 3):
        raise ShapeError(f"Dimension must be 3 but is {dims[-1]}")
    return TensorShape.of((*dims[:-1], 3))


class RGBToHSV(Op):
    """Red, green and blue as hue, saturation and value."""

    def kernel(self, images: Array[Colour]) -> Array[Colour]:
        images = np.asarray(images)
        _require_rgb(images)
        return kernels.rgb_to_hsv(images)

    def shape(self, images: Spec) -> TensorShape:
        return rgb_shape(images)

    def grad(self, node: Any, dy: Any) -> Any:
        """Each of hue, saturation and value is another formula for each order of red, green and blue."""
        return hsv_gradient(node.inputs[0], node.outputs[0], dy)


class HSVToRGB(Op):
    """Hue, saturation and value as red, green and blue."""

    grad = None

    def kernel(self, images: Array[Colour]) -> Array[Colour]:
        images = np.asarray(images)
        _require_rgb(images)
        return kernels.hsv_to_rgb(images)

    def shape(self, images: Spec) -> TensorShape:
        return rgb_shape(images)


def hsv_gradient(rgb: Tensor, hsv: Tensor, dy: Tensor) -> Tensor:
    """The gradient of RGBToHSV; where components are equal, red is taken to be the largest, then green.

    Value is the largest component. Saturation is 1 - smallest / largest. Hue is a difference of two components over
    largest - smallest; it is worked out in degrees.
    """
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    saturation, value = hsv[..., 1], hsv[..., 2]
    dtype = rgb.dtype

    def flag(condition: Tensor) -> Tensor:
        return cast(condition, dtype)

    def inverse(x: Tensor) -> Tensor:
        return div_no_nan(cast(1.0, x.dtype), x)

    red_biggest = flag((red >= blue) & (red >= green))
    green_biggest = flag((green > red) & (green >= blue))
    blue_biggest = flag((blue > red) & (blue > green))
    red_smallest = flag((red < blue) & (red < green))
    green_smallest = flag((green <= red) & (green < blue))
    blue_smallest = flag((blue <= red) & (blue <= green))

    ds_dr = flag(red > 0) * add(
        red_biggest * add(green_smallest * green, blue_smallest * blue) * inverse(square(red)),
        red_smallest * -1 * inverse((green_biggest * green) + (blue_biggest * blue)),
    )
    ds_dg = flag(green > 0) * add(
        green_biggest * add(red_smallest * red, blue_smallest * blue) * inverse(square(green)),
        green_smallest * -1 * inverse((red_biggest * red) + (blue_biggest * blue)),
    )
    ds_db = flag(blue > 0) * add(
        blue_biggest * add(green_smallest * green, red_smallest * red) * inverse(square(blue)),
        blue_smallest * -1 * inverse((green_biggest * green) + (red_biggest * red)),
    )

    def of_biggest(x: Tensor, x_biggest: Tensor, difference: Any) -> Tensor:
        top = flag(x > 0) * x_biggest * -1
        return 60 * (top * difference() * inverse(square(saturation)) * inverse(square(value)))

    def of_smallest(top: Tensor, top_biggest: Tensor, x_smallest: Tensor, difference: Any, apart: Any) -> Tensor:
        return 60 * (flag(top > 0) * top_biggest * x_smallest * difference() * inverse(square(apart())))

    def of_middle(top: Tensor, top_biggest: Tensor, low: Tensor, low_smallest: Tensor, falls: bool) -> Tensor:
        part = flag(top > 0) * top_biggest * low_smallest
        return 60 * ((part * -1 if falls else part) * inverse(top - low))

    def in_turns(*parts: Tensor) -> Tensor:
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return total / 360

    # The differences are functions because the order in which nodes are made is TensorFlow's.
    dh_dr = in_turns(
        of_biggest(red, red_biggest, lambda: green - blue),
        of_smallest(green, green_biggest, red_smallest, lambda: blue - green, lambda: red - green),
        of_middle(green, green_biggest, blue, blue_smallest, True),
        of_smallest(blue, blue_biggest, red_smallest, lambda: blue - green, lambda: blue - red),
        of_middle(blue, blue_biggest, green, green_smallest, False),
    )
    dh_dg = in_turns(
        of_biggest(green, green_biggest, lambda: blue - red),
        of_smallest(red, red_biggest, green_smallest, lambda: red - blue, lambda: red - green),
        of_middle(red, red_biggest, blue, blue_smallest, False),
        of_smallest(blue, blue_biggest, green_smallest, lambda: red - blue, lambda: blue - green),
        of_middle(blue, blue_biggest, red, red_smallest, True),
    )
    dh_db = in_turns(
        of_biggest(blue, blue_biggest, lambda: red - green),
        of_smallest(red, red_biggest, blue_smallest, lambda: green - red, lambda: red - blue),
        of_middle(red, red_biggest, green, green_smallest, True),
        of_smallest(green, green_biggest, blue_smallest, lambda: green - red, lambda: green - blue),
        of_middle(green, green_biggest, red, red_smallest, False),
    )
    by_value = stack([dy[..., 2] * part for part in (red_biggest, green_biggest, blue_biggest)], axis=-1)
    by_saturation = stack([dy[..., 1] * part for part in (ds_dr, ds_dg, ds_db)], axis=-1)
    by_hue = stack([dy[..., 0] * part for part in (dh_dr, dh_dg, dh_db)], axis=-1)
    return add(add(by_value, by_saturation), by_hue)


@export("image.rgb_to_hsv")
def rgb_to_hsv(images: Any, name: str | None = None) -> Tensor:
    """Turn red, green and blue into hue, saturation and value.

    Parameters
    ----------
    images : Tensor of floats in [0, 1], shape (..., 3)
    name : str, optional

    Returns
    -------
    Tensor of the same type and shape, values in [0, 1]

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.image.rgb_to_hsv([[1.0, 0, 0], [0, 0.5, 0], [0.5, 0.5, 0.5]]))
    array([[0.        , 1.        , 1.        ],
           [0.33333334, 1.        , 0.5       ],
           [0.        , 0.        , 0.5       ]], dtype=float32)
    """
    return RGBToHSV()(images, name=name)


@export("image.hsv_to_rgb")
def hsv_to_rgb(images: Any, name: str | None = None) -> Tensor:
    """Turn hue, saturation and value into red, green and blue: `tf.image.rgb_to_hsv` backwards.

    Parameters
    ----------
    images : Tensor of floats in [0, 1], shape (..., 3)
    name : str, optional

    Returns
    -------
    Tensor of the same type and shape

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.image.hsv_to_rgb([[0.5, 1.0, 1.0]]))
    array([[0., 1., 1.]], dtype=float32)
    """
    return HSVToRGB()(images, name=name)


# ---- element types -------------------------------------------------------------------------------------------------


@export("image.convert_image_dtype")
def convert_image_dtype(image: Any, dtype: Any, saturate: bool = False, name: str | None = None) -> Tensor:
    """Convert to another element type and scale: floats lie in [0, 1), whole numbers from 0 to their largest.

    Parameters
    ----------
    image : Tensor
    dtype : DType
        A type of floats or whole numbers.
    saturate : bool
        Replace what lies outside the new range by its ends, instead of letting it wrap around.
    name : str, optional

    Returns
    -------
    Tensor of `dtype`

    Raises
    ------
    AttributeError
        If `dtype` is neither.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     print(sess.run(tf.image.convert_image_dtype([0.0, 0.5, 1.0], tf.uint8)))
    ...     print(sess.run(tf.image.convert_image_dtype(np.uint8([0, 51, 255]), tf.float32)))
    [  0 127 255]
    [0.  0.2 1. ]
    """
    image = convert(image, None, "image")
    dtype = as_dtype(dtype)
    if not dtype.is_floating and not dtype.is_integer:
        raise misuse(AttributeError("dtype must be either floating point or integer"), inputs=f"dtype = {dtype.name}")
    given: DType = image.dtype.base_dtype
    if not given.is_floating and not given.is_integer:
        raise misuse(TypeError(f"Images are made of floating point numbers or integers, not of {given.name}."))
    if dtype == given:
        return identity(image, name=name)
    with name_scope(name, "convert_image", [image]) as name:
        if given.is_integer and dtype.is_integer:
            if given.max > dtype.max:
                # First scaled, then converted: the largest number becomes a little more than the largest, cut off.
                scaled = div(image, (given.max + 1) // (dtype.max + 1))
                return _cast_to(scaled, dtype, saturate, name)
            # First converted, then scaled: there and back again changes nothing.
            wide = _cast_to(image, dtype, saturate, None)
            return multiply(wide, (dtype.max + 1) // (given.max + 1), name=name)
        if given.is_floating and dtype.is_floating:
            return cast(image, dtype, name=name)
        if given.is_integer:
            return multiply(cast(image, dtype), 1.0 / given.max, name=name)
        return _cast_to(multiply(image, dtype.max + 0.5), dtype, saturate, name)


def _cast_to(x: Tensor, dtype: DType, saturate: bool, name: str | None) -> Tensor:
    return saturate_cast(x, dtype, name=name) if saturate else cast(x, dtype, name=name)


# ---- grey ----------------------------------------------------------------------------------------------------------


@export("image.rgb_to_grayscale")
def rgb_to_grayscale(images: Any, name: str | None = None) -> Tensor:
    """Turn colours into grey of the same brightness.

    Parameters
    ----------
    images : Tensor, shape (..., 3)
    name : str, optional

    Returns
    -------
    Tensor of the same type, shape (..., 1)
        0.2989 red + 0.5870 green + 0.1140 blue: the eye is most sensitive to green.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.image.rgb_to_grayscale([[[1.0, 0, 0], [0, 1, 0], [0, 0, 1]]])).ravel()
    array([0.2989, 0.587 , 0.114 ], dtype=float32)
    """
    with name_scope(name, "rgb_to_grayscale", [images]) as name:
        images = convert(images, None, "images")
        given = images.dtype.base_dtype
        floats = convert_image_dtype(images, dtypes.float32)
        grey = tensordot(floats, [0.2989, 0.5870, 0.1140], [-1, -1])
        grey = expand_dims(grey, -1)
        return convert_image_dtype(grey, given, name=name)


@export("image.grayscale_to_rgb")
def grayscale_to_rgb(images: Any, name: str | None = None) -> Tensor:
    """Repeat the one channel of grey images three times.

    Parameters
    ----------
    images : Tensor, shape (..., 1)
    name : str, optional

    Returns
    -------
    Tensor of the same type, shape (..., 3)

    Raises
    ------
    ValueError
        If the last axis has more than one channel.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.image.grayscale_to_rgb(tf.constant([[[1], [2]]])))
    array([[[1, 1, 1],
            [2, 2, 2]]], dtype=int32)
    """
    with name_scope(name, "grayscale_to_rgb", [images]) as name:
        if not hasattr(images, "_as_graph_element") and not isinstance(images, Tensor):
            images = convert(images, None, "images")
        images = as_grayscale(images)
        before = expand_dims(rank(images) - 1, 0)
        multiples = concat([ones(before, dtype=dtypes.int32), expand_dims(3, 0)], 0)
        rgb = tile(images, multiples, name=name)
        rgb.set_shape(images.shape[:-1].concatenate([3]))
        return rgb


# ---- linear colour spaces ------------------------------------------------------------------------------------------

RGB_TO_YIQ = [[0.299, 0.59590059, 0.2115], [0.587, -0.27455667, -0.52273617], [0.114, -0.32134392, 0.31119955]]
YIQ_TO_RGB = [[1, 1, 1], [0.95598634, -0.27201283, -1.10674021], [0.6208248, -0.64720424, 1.70423049]]
RGB_TO_YUV = [[0.299, -0.14714119, 0.61497538], [0.587, -0.28886916, -0.51496512], [0.114, 0.43601035, -0.10001026]]
YUV_TO_RGB = [[1, 1, 1], [0, -0.394642334, 2.03206185], [1.13988303, -0.58062185, 0]]


def _mix_channels(images: Any, matrix: Any) -> Tensor:
    images = convert(images, None, "images")
    matrix = convert(matrix, images.dtype.base_dtype, "kernel")
    dims = images._shape._dims
    if dims is None:
        raise misuse(
            TypeError("unsupported operand type(s) for -: 'NoneType' and 'int': 'images' has no known rank."),
            fix="tell the rank: images.set_shape([None, None, None, 3])",
        )
    return tensordot(images, matrix, axes=[[len(dims) - 1], [0]])


@export("image.rgb_to_yiq")
def rgb_to_yiq(images: Any) -> Tensor:
    """Turn red, green and blue into brightness (Y) and two differences of colour (I, Q), as in old television.

    Parameters
    ----------
    images : Tensor of floats in [0, 1], shape (..., 3)

    Returns
    -------
    Tensor of the same type and shape

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.image.rgb_to_yiq([[1.0, 1.0, 1.0]])).round(3)[:, 0]
    array([1.], dtype=float32)
    """
    return _mix_channels(images, RGB_TO_YIQ)


@export("image.yiq_to_rgb")
def yiq_to_rgb(images: Any) -> Tensor:
    """Turn YIQ into red, green and blue: `tf.image.rgb_to_yiq` backwards.

    Parameters
    ----------
    images : Tensor of floats, shape (..., 3)

    Returns
    -------
    Tensor of the same type and shape
    """
    return _mix_channels(images, YIQ_TO_RGB)


@export("image.rgb_to_yuv")
def rgb_to_yuv(images: Any) -> Tensor:
    """Turn red, green and blue into brightness (Y) and the differences of blue (U) and red (V) from it.

    Parameters
    ----------
    images : Tensor of floats in [0, 1], shape (..., 3)

    Returns
    -------
    Tensor of the same type and shape

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.image.rgb_to_yuv([[0.0, 0.0, 1.0]])).round(3)
    array([[ 0.114,  0.436, -0.1  ]], dtype=float32)
    """
    return _mix_channels(images, RGB_TO_YUV)


@export("image.yuv_to_rgb")
def yuv_to_rgb(images: Any) -> Tensor:
    """Turn YUV into red, green and blue: `tf.image.rgb_to_yuv` backwards.

    Parameters
    ----------
    images : Tensor of floats, shape (..., 3)

    Returns
    -------
    Tensor of the same type and shape
    """
    return _mix_channels(images, YUV_TO_RGB)

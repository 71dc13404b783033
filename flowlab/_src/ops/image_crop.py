"""Images cut out and padded: boxes, centres, and boxes resized to one size (`crop_and_resize`)."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError
from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_float
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.op import Array, Op, Spec
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape, merge_dims
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import image_crop as kernels
from flowlab._src.kernels.memory import require_memory
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.cast import cast
from flowlab._src.ops.control import with_dependencies
from flowlab._src.ops.image_checks import (
    as_batch,
    at_least_3d,
    check,
    check_at_least_3d,
    image_dimensions,
    is_tensor,
    positive,
)
from flowlab._src.ops.image_resize import Pixel, ResizeMethod, resize_images, size_dims
from flowlab._src.ops.joining import stack
from flowlab._src.ops.misuse import misuse, old_argument
from flowlab._src.ops.padding import pad
from flowlab._src.ops.reshaping import reshape, squeeze
from flowlab._src.ops.slicing import slice_
from flowlab._src.util.export import export

# ---- the operations ------------------------------------------------------------------------------------------------


class CropAndResize(Op):
    """Boxes cut out of images and brought to one size."""

    method: str = "bilinear"
    extrapolation_value: float = 0.0
    preferred_dtypes: ClassVar[dict[str, DType]] = {"crop_size": dtypes.int32}

    def kernel(
        self, image: Array[Pixel], boxes: Array[np.float32], box_ind: Array[np.int32], crop_size: Array[np.int32]
    ) -> Array[np.float32]:
        image, boxes, box_ind = np.asarray(image), np.asarray(boxes), np.asarray(box_ind)
        _check_method(self.method)
        if image.ndim != 4:
            raise InvalidArgumentError(None, None, "input image must be 4-D")
        if image.shape[1] <= 0 or image.shape[2] <= 0:
            raise InvalidArgumentError(None, None, "image dimensions must be positive")
        if np.ndim(crop_size) != 1 or np.size(crop_size) != 2:
            raise InvalidArgumentError(None, None, "crop_size must have two elements")
        kernels.check_boxes(boxes, box_ind, image.shape[0])
        rows, columns = (int(n) for n in crop_size)
        if rows <= 0 or columns <= 0:
            raise InvalidArgumentError(None, None, "crop dimensions must be positive")
        require_memory((len(boxes), rows, columns, image.shape[3]), np.float32)
        return kernels.crop_and_resize(image, boxes, box_ind, rows, columns, self.method, self.extrapolation_value)

    def shape(self, image: Spec, boxes: Spec, box_ind: Spec, crop_size: Spec) -> TensorShape:
        _, _, _, depth = image.ranked(4)
        count = _count(boxes, box_ind)
        return TensorShape.of((count, *size_dims(crop_size), depth))

    def grad(self, node: Any, dy: Any) -> Any:
        """To the pixels that were taken, and to the boxes: how the crops change when their edges move."""
        image, boxes, box_ind, _ = node.inputs
        to_image = None
        if image.dtype.is_floating:
            size = image.shape.as_list() if image.shape.is_fully_defined() else shape_of(image)
            to_image = raw.CropAndResizeGradImage(dy, boxes, box_ind, size, T=image.dtype, method=self.method)
        else:
            shape_of(image) if not image.shape.is_fully_defined() else None
        return [to_image, raw.CropAndResizeGradBoxes(dy, image, boxes, box_ind), None, None]


class CropAndResizeGradImage(Op):
    """The gradient of CropAndResize with respect to the images."""

    T: DType = dtypes.float32
    method: str = "bilinear"

    def kernel(
        self, grads: Array[np.float32], boxes: Array[np.float32], box_ind: Array[np.int32], image_size: Array[np.int32]
    ) -> Array:
        _check_method(self.method)
        if np.ndim(grads) != 4:
            raise InvalidArgumentError(None, None, "grads image must be 4-D")
        if np.ndim(image_size) != 1 or np.size(image_size) != 4:
            raise InvalidArgumentError(None, None, "image_size must have 4 elements")
        if min(image_size[1:]) <= 0:
            raise InvalidArgumentError(None, None, "image dimensions must be positive")
        kernels.check_boxes(boxes, box_ind, int(image_size[0]))
        if len(boxes) != len(grads):
            raise InvalidArgumentError(None, None, "boxes and grads have incompatible shape")
        dtype = self.T.as_numpy_dtype
        require_memory([int(n) for n in image_size], dtype)
        return kernels.crop_and_resize_grad_image(grads, boxes, box_ind, image_size, self.method, dtype)

    def dtypes(self, *inputs: Any) -> DType:
        return self.T

    def shape(self, grads: Spec, boxes: Spec, box_ind: Spec, image_size: Spec) -> TensorShape:
        result = image_size.as_shape
        return result.with_rank(4)


class CropAndResizeGradBoxes(Op):
    """The gradient of CropAndResize with respect to the boxes."""

    method: str = "bilinear"

    def kernel(
        self, grads: Array[np.float32], image: Array[Pixel], boxes: Array[np.float32], box_ind: Array[np.int32]
    ) -> Array[np.float32]:
        image = np.asarray(image)
        if self.method != "bilinear":
            raise InvalidArgumentError(None, None, f"method must be 'bilinear'{self.method}")
        if np.ndim(grads) != 4 or image.ndim != 4:
            raise InvalidArgumentError(None, None, "grads image must be 4-D")
        kernels.check_boxes(boxes, box_ind, image.shape[0])
        if len(boxes) != len(grads):
            raise InvalidArgumentError(None, None, "boxes and grads have incompatible shape")
        if grads.shape[3] != image.shape[3]:
            raise InvalidArgumentError(None, None, "image, grads depth differ")
        return kernels.crop_and_resize_grad_boxes(grads, image, boxes, box_ind)

    def shape(self, grads: Spec, image: Spec, boxes: Spec, box_ind: Spec) -> TensorShape:
        return boxes.shape


def _check_method(method: str) -> None:
    if method not in ("bilinear", "nearest"):
        raise InvalidArgumentError(None, None, f"method must be 'bilinear' or 'nearest'{method}")


def _count(boxes: Spec, box_ind: Spec) -> int | None:
    count, four = boxes.ranked(2)
    (indices,) = box_ind.ranked(1)
    if four not in (None, 4):
        raise ShapeError(f"Dimension must be 4 but is {four}")
    return merge_dims(count, indices)


class ExtractGlimpse(Op):
    """A window around a point of each image; what lies outside is noise."""

    centered: bool = True
    normalized: bool = True
    uniform_noise: bool = True
    noise: str = "uniform"
    grad: ClassVar[Any] = None
    stateful = True  # noise differs from run to run
    preferred_dtypes: ClassVar[dict[str, DType]] = {"size": dtypes.int32}

    def kernel(
        self, run: Any, input: Array[np.float32], size: Array[np.int32], offsets: Array[np.float32]
    ) -> Array[np.float32]:
        if self.uniform_noise and self.noise not in ("", "uniform"):
            message = "The uniform_noise and noise could not be specified at the same time"
            raise InvalidArgumentError(None, None, message)
        noise = self.noise or ("uniform" if self.uniform_noise else "gaussian")
        if noise not in ("uniform", "gaussian", "zero"):
            raise InvalidArgumentError(None, None, f"The noise could only be uniform, gaussian, or zero, got{noise}")
        if np.ndim(input) != 4:
            message = "input must be 4-dimensional (batch_size, height, width, depth)"
            raise InvalidArgumentError(None, None, message)
        if np.ndim(size) != 1 or np.size(size) != 2:
            raise InvalidArgumentError(None, None, "input must be a vector of size 2 (height, width)")
        if np.ndim(offsets) != 2:
            raise InvalidArgumentError(None, None, "input must be a matrix")
        if offsets.shape[0] != input.shape[0]:
            raise InvalidArgumentError(None, None, "first dimension should be batch")
        if offsets.shape[1] != 2:
            raise InvalidArgumentError(None, None, "second dimension should be of size 2 (y,x)")
        height, width = (int(n) for n in size)
        if min(height, width) < 0:
            raise InvalidArgumentError(None, None, f"size must be non-negative, got [{height}, {width}]")
        require_memory((input.shape[0], height, width, input.shape[3]), np.float32)
        return kernels.extract_glimpses(input, height, width, offsets, self.centered, self.normalized, noise)

    def shape(self, input: Spec, size: Spec, offsets: Spec) -> TensorShape:
        batch, _, _, depth = input.ranked(4)
        rows, two = offsets.ranked(2)
        batch = merge_dims(batch, rows)
        if two not in (None, 2):
            raise ShapeError(f"Dimension must be 2 but is {two}")
        return TensorShape.of((batch, *size_dims(size), depth))


# ---- boxes of a given place and size -------------------------------------------------------------------------------


@export("image.crop_to_bounding_box")
def crop_to_bounding_box(
    image: Any, offset_height: Any, offset_width: Any, target_height: Any, target_width: Any
) -> Tensor:
    """Cut a rectangle out of images.

    Parameters
    ----------
    image : Tensor, shape (batch, height, width, channels) or (height, width, channels)
    offset_height, offset_width : int or scalar int32 Tensor
        Row and column of the top left corner, in pixels.
    target_height, target_width : int or scalar int32 Tensor
        Size of the rectangle.

    Returns
    -------
    Tensor, shape (batch, target_height, target_width, channels) or without the batch

    Raises
    ------
    ValueError
        If the rectangle is empty or does not lie within the image.

    Examples
    --------
    >>> image = tf.reshape(tf.range(12), [3, 4, 1])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.image.crop_to_bounding_box(image, 1, 1, 2, 2))[:, :, 0]
    array([[ 5,  6],
           [ 9, 10]], dtype=int32)
    """
    with name_scope(None, "crop_to_bounding_box", [image]):
        image, is_batch = as_batch(image)
        checks = check_at_least_3d(image)
        batch, height, width, depth = image_dimensions(image, 4)
        checks += check(offset_width >= 0, "offset_width must be >= 0.")
        checks += check(offset_height >= 0, "offset_height must be >= 0.")
        checks += check(positive(target_width, "target_width"), "target_width must be > 0.")
        checks += check(positive(target_height, "target_height"), "target_height must be > 0.")
        checks += check(width >= (target_width + offset_width), "width must be >= target + offset.")
        checks += check(height >= (target_height + offset_height), "height must be >= target + offset.")
        image = with_dependencies(checks, image)
        begin = stack([0, offset_height, offset_width, 0])
        cropped = slice_(image, begin, stack([-1, target_height, target_width, -1]))
        _tell_shape(cropped, [batch, target_height, target_width, depth])
        return cropped if is_batch else squeeze(cropped, axis=[0])


@export("image.pad_to_bounding_box")
def pad_to_bounding_box(
    image: Any, offset_height: Any, offset_width: Any, target_height: Any, target_width: Any
) -> Tensor:
    """Put images on a larger canvas of zeros.

    Parameters
    ----------
    image : Tensor, shape (batch, height, width, channels) or (height, width, channels)
    offset_height, offset_width : int or scalar int32 Tensor
        Rows above and columns to the left of the image.
    target_height, target_width : int or scalar int32 Tensor
        Size of the canvas.

    Returns
    -------
    Tensor, shape (batch, target_height, target_width, channels) or without the batch

    Raises
    ------
    ValueError
        If the image does not fit on the canvas at that place.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.image.pad_to_bounding_box([[[7]]], 0, 1, 2, 3))[:, :, 0]
    array([[0, 7, 0],
           [0, 0, 0]], dtype=int32)
    """
    with name_scope(None, "pad_to_bounding_box", [image]):
        image, is_batch = as_batch(image)
        checks = check_at_least_3d(image)
        batch, height, width, depth = image_dimensions(image, 4)
        right = target_width - offset_width - width
        below = target_height - offset_height - height
        checks += check(offset_height >= 0, "offset_height must be >= 0")
        checks += check(offset_width >= 0, "offset_width must be >= 0")
        checks += check(right >= 0, "width must be <= target - offset")
        checks += check(below >= 0, "height must be <= target - offset")
        image = with_dependencies(checks, image)
        paddings = reshape(stack([0, 0, offset_height, below, offset_width, right, 0, 0]), [4, 2])
        padded = pad(image, paddings)
        _tell_shape(padded, [batch, target_height, target_width, depth])
        return padded if is_batch else squeeze(padded, axis=[0])


def _tell_shape(result: Tensor, sizes: list[Any]) -> None:
    result.set_shape([None if is_tensor(n) else n for n in sizes])


@export("image.central_crop")
def central_crop(image: Any, central_fraction: float) -> Tensor:
    """Cut the centre out of images: the same fraction of the height and of the width.

    Parameters
    ----------
    image : Tensor, shape (batch, height, width, channels) or (height, width, channels)
    central_fraction : float
        Above 0, up to 1: how much of each side stays.

    Returns
    -------
    Tensor of the rank of `image`

    Raises
    ------
    ValueError
        If the fraction is another number, or `image` has not 3 or 4 axes.

    Examples
    --------
    >>> tf.image.central_crop(tf.zeros([8, 6, 3]), 0.5).shape.as_list()
    [4, 4, 3]
    """
    with name_scope(None, "central_crop", [image]):
        image = convert(image, None, "image")
        fraction = as_float(central_fraction, "central_fraction")
        if not 0.0 < fraction <= 1.0:
            raise misuse(ValueError("central_fraction must be within (0, 1]"), inputs=f"central_fraction = {fraction}")
        if fraction == 1.0:
            return image
        at_least_3d(image)
        dims = image._shape._dims
        if dims is None or len(dims) not in (3, 4):
            rank = None if dims is None else len(dims)
            message = f"`image` should either be a Tensor with rank = 3 or rank = 4. Had rank = {rank}."
            raise misuse(ValueError(message))
        first = len(dims) - 3
        sides = [shape_of(image)[first + i] if dims[first + i] is None else dims[first + i] for i in (0, 1)]
        starts = [_margin(side, fraction) for side in sides]
        sizes = [side - start * 2 for side, start in zip(sides, starts, strict=True)]
        begin = stack([*[0] * first, *starts, 0])
        size = stack([*[-1] * first, *sizes, -1])
        image = slice_(image, begin, size)
        known = [None if is_tensor(side) else size for side, size in zip(sides, sizes, strict=True)]
        image.set_shape([*dims[:first], *known, dims[-1]])
        return image


def _margin(side: Any, fraction: float) -> Any:
    """How much to leave away at each end of a side."""
    if is_tensor(side):
        whole = cast(side, dtypes.float64)
        return cast((whole - whole * fraction) / 2, dtypes.int32)
    return int((float(side) - float(side) * fraction) / 2)


# ---- to a size, by cropping and padding ----------------------------------------------------------------------------


def _maximum(x: Any, y: Any) -> Any:
    return raw.Maximum(x, y) if is_tensor(x) or is_tensor(y) else max(x, y)


def _minimum(x: Any, y: Any) -> Any:
    return raw.Minimum(x, y) if is_tensor(x) or is_tensor(y) else min(x, y)


@export("image.resize_image_with_crop_or_pad", "image.resize_with_crop_or_pad")
def resize_image_with_crop_or_pad(image: Any, target_height: Any, target_width: Any) -> Tensor:
    """Bring images to a size by cutting off what is too much on both sides, or by padding with zeros.

    Parameters
    ----------
    image : Tensor, shape (batch, height, width, channels) or (height, width, channels)
    target_height, target_width : int or scalar int32 Tensor

    Returns
    -------
    Tensor, shape (batch, target_height, target_width, channels) or without the batch

    Raises
    ------
    ValueError
        If a target is not positive, or `image` has not 3 or 4 axes.

    Examples
    --------
    >>> tf.image.resize_image_with_crop_or_pad(tf.zeros([32, 20, 3]), 24, 24).shape.as_list()
    [24, 24, 3]
    """
    with name_scope(None, "resize_image_with_crop_or_pad", [image]):
        image, is_batch = as_batch(image)
        checks = check_at_least_3d(image)
        checks += check(positive(target_width, "target_width"), "target_width must be > 0.")
        checks += check(positive(target_height, "target_height"), "target_height must be > 0.")
        image = with_dependencies(checks, image)
        # The functions below check, too; these checks come first because their messages are clearer.
        if is_tensor(target_height):
            target_height = with_dependencies(checks, target_height)
        if is_tensor(target_width):
            target_width = with_dependencies(checks, target_width)
        _, height, width, _ = image_dimensions(image, 4)
        more_width = target_width - width
        crop_left = _maximum(-more_width // 2, 0)
        pad_left = _maximum(more_width // 2, 0)
        more_height = target_height - height
        crop_top = _maximum(-more_height // 2, 0)
        pad_top = _maximum(more_height // 2, 0)
        cropped = crop_to_bounding_box(
            image, crop_top, crop_left, _minimum(target_height, height), _minimum(target_width, width)
        )  # fmt: skip
        resized = pad_to_bounding_box(cropped, pad_top, pad_left, target_height, target_width)
        _, new_height, new_width, _ = image_dimensions(resized, 4)
        checks = check(_equal(new_height, target_height), "resized height is not correct.")
        checks += check(_equal(new_width, target_width), "resized width is not correct.")
        resized = with_dependencies(checks, resized)
        return resized if is_batch else squeeze(resized, axis=[0])


def _equal(x: Any, y: Any) -> Any:
    return raw.Equal(x, y) if is_tensor(x) or is_tensor(y) else x == y


@export("image.resize_image_with_pad")
def resize_image_with_pad(
    image: Any,
    target_height: Any,
    target_width: Any,
    method: Any = ResizeMethod.BILINEAR,
    align_corners: bool = False,
) -> Tensor:
    """Bring images to a size without distortion: resized to fit, then padded with zeros on two sides.

    Parameters
    ----------
    image : Tensor, shape (batch, height, width, channels) or (height, width, channels)
    target_height, target_width : int or scalar int32 Tensor
    method, align_corners
        See `tf.image.resize_images`.

    Returns
    -------
    Tensor, shape (batch, target_height, target_width, channels) or without the batch

    Raises
    ------
    ValueError
        If a target is not positive, or `image` has not 3 or 4 axes.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.image.resize_image_with_pad(tf.ones([1, 2, 1]), 4, 4))[:, :, 0]
    array([[0., 0., 0., 0.],
           [1., 1., 1., 1.],
           [1., 1., 1., 1.],
           [0., 0., 0., 0.]], dtype=float32)
    """
    with name_scope(None, "resize_image_with_pad", [image]):
        image, is_batch = as_batch(image)
        checks = check_at_least_3d(image)
        checks += check(positive(target_width, "target_width"), "target_width must be > 0.")
        checks += check(positive(target_height, "target_height"), "target_height must be > 0.")
        image = with_dependencies(checks, image)
        _, height, width, _ = image_dimensions(image, 4)
        f_height, f_width = cast(height, dtypes.float64), cast(width, dtypes.float64)
        f_target_height, f_target_width = cast(target_height, dtypes.float64), cast(target_width, dtypes.float64)
        ratio = raw.Maximum(f_width / f_target_width, f_height / f_target_height)
        f_new_height = f_height / ratio
        f_new_width = f_width / ratio
        new_height = cast(raw.Floor(f_new_height), dtypes.int32)
        new_width = cast(raw.Floor(f_new_width), dtypes.int32)
        f_top = (f_target_height - f_new_height) / 2
        f_left = (f_target_width - f_new_width) / 2
        f_top, f_left = raw.Floor(f_top), raw.Floor(f_left)
        top = raw.Maximum(0, cast(f_top, dtypes.int32))
        left = raw.Maximum(0, cast(f_left, dtypes.int32))
        resized = resize_images(image, [new_height, new_width], method, align_corners=align_corners)
        padded = pad_to_bounding_box(resized, top, left, target_height, target_width)
        image_dimensions(padded, 4)
        return padded if is_batch else squeeze(padded, axis=[0])


# ---- boxes by fractions of the image -------------------------------------------------------------------------------


@export("image.crop_and_resize")
def crop_and_resize(
    image: Any,
    boxes: Any,
    box_ind: Any = None,
    crop_size: Any = None,
    method: str = "bilinear",
    extrapolation_value: float = 0,
    name: str | None = None,
    box_indices: Any = None,
) -> Tensor:
    """Cut boxes out of images and resize each to the same size.

    Parameters
    ----------
    image : Tensor, shape (batch, height, width, channels)
    boxes : float32 Tensor, shape (boxes, 4)
        [y1, x1, y2, x2] of each, as fractions: 0 is the centre of the first pixel, 1 that of the last. Boxes may
        reach beyond the image, and be upside down.
    box_ind : int32 Tensor, shape (boxes,)
        The number of the image that each box is cut from; also called `box_indices`.
    crop_size : two int32, [crop_height, crop_width]
    method : {"bilinear", "nearest"}
    extrapolation_value : float
        Pixels outside of the image become that.
    name : str, optional

    Returns
    -------
    Tensor, shape (boxes, crop_height, crop_width, channels), float32

    Examples
    --------
    >>> image = tf.reshape(tf.range(9.0), [1, 3, 3, 1])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.image.crop_and_resize(image, [[0, 0, 0.5, 1]], [0], [2, 3]))[0, :, :, 0]
    array([[0., 1., 2.],
           [3., 4., 5.]], dtype=float32)
    """
    box_ind = old_argument("box_indices", box_indices, "box_ind", box_ind)
    op = CropAndResize(method=method, extrapolation_value=extrapolation_value)
    return op(image, boxes, box_ind, crop_size, name=name)


@export("image.extract_glimpse")
def extract_glimpse(
    input: Any,
    size: Any,
    offsets: Any,
    centered: bool = True,
    normalized: bool = True,
    uniform_noise: bool = True,
    name: str | None = None,
) -> Tensor:
    """Cut a window around one point out of each image, as an eye that looks there; outside of the image is noise.

    Parameters
    ----------
    input : float32 Tensor, shape (batch, height, width, channels)
    size : two int32, [glimpse_height, glimpse_width]
    offsets : float32 Tensor, shape (batch, 2)
        The y and x of each point.
    centered : bool
        (0, 0) is the middle of the image, not its corner.
    normalized : bool
        The edges lie at -1 and 1 (at 0 and 1 when not centered); otherwise distances are in pixels.
    uniform_noise : bool
        Kind of the noise: uniform between the smallest and the largest pixel, or normal.
    name : str, optional

    Returns
    -------
    Tensor, shape (batch, glimpse_height, glimpse_width, channels), float32

    Examples
    --------
    >>> image = tf.reshape(tf.range(16.0), [1, 4, 4, 1])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.image.extract_glimpse(image, [2, 2], [[0.0, 0.0]]))[0, :, :, 0]
    array([[ 5.,  6.],
           [ 9., 10.]], dtype=float32)
    """
    op = ExtractGlimpse(centered=centered, normalized=normalized, uniform_noise=uniform_noise)
    return op(input, size, offsets, name=name)

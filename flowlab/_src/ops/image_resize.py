"""Images of another size: bilinear, nearest neighbor, bicubic, by area, or by any curve."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError
from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.op import Array, Op, Spec, constant_value_as_shape
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import image_resize as kernels
from flowlab._src.kernels.memory import require_memory
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.cast import cast
from flowlab._src.ops.image_checks import image_dimensions
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.reshaping import expand_dims, squeeze
from flowlab._src.util.export import export
from flowlab._src.util.old_arguments import taking_old_arguments

Pixel = TypeVar(
    "Pixel", np.int8, np.uint8, np.int16, np.uint16, np.int32, np.int64, np.float16, np.float32, np.float64
)  # fmt: skip
FloatPixel = TypeVar("FloatPixel", np.float32, np.float16, np.float64)
WideFloatPixel = TypeVar("WideFloatPixel", np.float32, np.float64)
SomePixel = TypeVar("SomePixel", np.uint8, np.int8, np.int32, np.float16, np.float32, np.float64)


def size_dims(size: Spec) -> tuple[int | None, int | None]:
    """Height and width as far as the input `size` tells them."""
    (length,) = size.ranked(1)
    if length not in (None, 2):
        raise ShapeError(f"Dimension must be 2 but is {length}")
    if size.value is None:
        return None, None
    height, width = (int(n) for n in size.value)
    for n in (height, width):
        if n < 0:
            raise ShapeError(f"Dimension {n} must be >= 0")
    return height, width


def resized_shape(images: Spec, size: Spec) -> TensorShape:
    """Batch and channels stay."""
    batch, _, _, channels = images.ranked(4)
    return TensorShape.of((batch, *size_dims(size), channels))


class Resizing(Op, abstract=True):
    """A batch of images brought to another size, with a choice of where the new pixels lie among the old ones."""

    align_corners: bool = False
    half_pixel_centers: bool = False
    preferred_dtypes: ClassVar[dict[str, DType]] = {"size": dtypes.int32}

    def _sizes(self, images: Any, size: Any) -> tuple[int, int]:
        self._check_centers()
        height, width = kernels.new_sizes(images, size)
        require_memory((images.shape[0], height, width, images.shape[3]), np.float32)
        return height, width

    def _check_centers(self) -> None:
        if self.align_corners and self.half_pixel_centers:
            raise InvalidArgumentError(None, None, "If half_pixel_centers is True, align_corners must be False.")

    @property
    def _alignment(self) -> dict[str, Any]:
        return {"align_corners": self.align_corners, "half_pixel_centers": self.half_pixel_centers}


class ResizeBilinear(Resizing):
    """Each new pixel between its four neighbours, in proportion to the distances."""

    def kernel(self, images: Array[Pixel], size: Array[np.int32]) -> Array[np.float32]:
        images = np.asarray(images)
        return kernels.resize_bilinear(images, *self._sizes(images, size), **self._alignment)

    def shape(self, images: Spec, size: Spec) -> TensorShape:
        return resized_shape(images, size)

    def grad(self, node: Any, dy: Any) -> Any:
        """Hand each gradient back to the four neighbours."""
        return [raw.ResizeBilinearGrad(dy, node.inputs[0], **self._alignment), None]


class ResizeBilinearGrad(Resizing):
    """The gradient of ResizeBilinear."""

    grad = None

    def kernel(self, grads: Array[np.float32], original_image: Array[FloatPixel]) -> Array[FloatPixel]:
        self._check_centers()
        image = np.asarray(original_image)
        _check_gradients(grads, image.shape)
        _, height, width, _ = image.shape
        return kernels.resize_bilinear_grad(grads, height, width, dtype=image.dtype, **self._alignment)

    def shape(self, grads: Spec, original_image: Spec) -> TensorShape:
        return original_image.shape


class ResizeBicubic(Resizing):
    """Each new pixel from its sixteen neighbours by cubic convolution."""

    def kernel(self, images: Array[Pixel], size: Array[np.int32]) -> Array[np.float32]:
        images = np.asarray(images)
        return kernels.resize_bicubic(images, *self._sizes(images, size), **self._alignment)

    def shape(self, images: Spec, size: Spec) -> TensorShape:
        return resized_shape(images, size)

    def grad(self, node: Any, dy: Any) -> Any:
        """Hand each gradient back to the sixteen neighbours; only for images of float32 and float64."""
        image = node.inputs[0]
        if image.dtype not in (dtypes.float32, dtypes.float64):
            return [None, None]
        return [raw.ResizeBicubicGrad(dy, image, **self._alignment), None]


class ResizeBicubicGrad(Resizing):
    """The gradient of ResizeBicubic."""

    def kernel(self, grads: Array[np.float32], original_image: Array[WideFloatPixel]) -> Array[WideFloatPixel]:
        self._check_centers()
        image = np.asarray(original_image)
        _check_gradients(grads, image.shape)
        _, height, width, _ = image.shape
        return kernels.resize_bicubic_grad(grads, height, width, dtype=image.dtype, **self._alignment)

    def shape(self, grads: Spec, original_image: Spec) -> TensorShape:
        return original_image.shape


class ResizeNearestNeighbor(Resizing):
    """Each new pixel a copy of the nearest old one."""

    def kernel(self, images: Array[Pixel], size: Array[np.int32]) -> Array[Pixel]:
        images = np.asarray(images)
        height, width = self._sizes(images, size)
        rows = kernels.nearest(images.shape[1], height, **self._alignment)
        columns = kernels.nearest(images.shape[2], width, **self._alignment)
        # Pixels are copied one by one within a row, rows as a whole: so the one with fewer pixels comes first.
        if height < images.shape[1]:
            return images.take(rows, 1).take(columns, 2)
        return images.take(columns, 2).take(rows, 1)

    def shape(self, images: Spec, size: Spec) -> TensorShape:
        return resized_shape(images, size)

    def grad(self, node: Any, dy: Any) -> Any:
        """Add the gradients of the copies up."""
        image = node.inputs[0]
        dims = image._shape._dims
        known = dims is not None and None not in dims[1:3]
        size = list(dims[1:3]) if known else shape_of(image)[1:3]
        return [raw.ResizeNearestNeighborGrad(dy, size, **self._alignment), None]


class ResizeNearestNeighborGrad(Resizing):
    """The gradient of ResizeNearestNeighbor."""

    def kernel(self, grads: Array[SomePixel], size: Array[np.int32]) -> Array[SomePixel]:
        grads = np.asarray(grads)
        self._check_centers()
        height, width = kernels.new_sizes(grads, size)
        require_memory((grads.shape[0], height, width, grads.shape[3]), grads.dtype)
        rows = kernels.nearest(height, grads.shape[1], **self._alignment)
        columns = kernels.nearest(width, grads.shape[2], **self._alignment)
        return kernels.add_up(kernels.add_up(grads, rows, height, 1), columns, width, 2)

    def shape(self, grads: Spec, size: Spec) -> TensorShape:
        return resized_shape(grads, size)


class ResizeArea(Op):
    """Each new pixel the mean of the old ones that it covers, whole or in part."""

    align_corners: bool = False
    preferred_dtypes: ClassVar[dict[str, DType]] = {"size": dtypes.int32}

    def kernel(self, images: Array[Pixel], size: Array[np.int32]) -> Array[np.float32]:
        images = np.asarray(images)
        height, width = kernels.new_sizes(images, size)
        require_memory((images.shape[0], height, width, images.shape[3]), np.float32)
        return kernels.resize_area(images, height, width, self.align_corners)

    def shape(self, images: Spec, size: Spec) -> TensorShape:
        return resized_shape(images, size)


class Spreading(Op, abstract=True):
    """Each new pixel is mixed from the old ones around its place by a curve."""

    kernel_type: str = "lanczos3"
    antialias: bool = True
    preferred_dtypes: ClassVar[dict[str, DType]] = {"size": dtypes.int32}

    def _check(self, scale: Any, translation: Any) -> None:
        if self.kernel_type not in kernels.CURVES:
            raise InvalidArgumentError(None, None, f"Unrecognized kernel type: {self.kernel_type}")
        for pair in (scale, translation):
            kernels.require(np.ndim(pair) == 1, "t must be 1-dimensional")
            kernels.require(np.size(pair) == 2, "t must have two elements")
        kernels.require((scale > 0).all(), "Scale must be greater than zero.")


class ScaleAndTranslate(Spreading):
    """Images stretched and moved."""

    def kernel(
        self, images: Array[Pixel], size: Array[np.int32], scale: Array[np.float32], translation: Array[np.float32]
    ) -> Array[np.float32]:
        images = np.asarray(images)
        height, width = kernels.new_sizes(images, size)
        require_memory((images.shape[0], height, width, images.shape[3]), np.float32)
        self._check(scale, translation)
        return kernels.scale_and_translate(
            images, height, width, scale, translation, self.kernel_type, self.antialias
        )  # fmt: skip

    def shape(self, images: Spec, size: Spec, scale: Spec, translation: Spec) -> TensorShape:
        for pair in (scale, translation):
            (length,) = pair.ranked(1)
            if length not in (None, 2):
                raise ShapeError(f"Dimension must be 2 but is {length}")
        return resized_shape(images, size)

    def grad(self, node: Any, dy: Any) -> Any:
        """Hand each gradient back to the pixels it was mixed from."""
        image, _, scale, translation = node.inputs
        attributes = {"kernel_type": self.kernel_type, "antialias": self.antialias}
        return [raw.ScaleAndTranslateGrad(dy, image, scale, translation, **attributes), None, None, None]


class ScaleAndTranslateGrad(Spreading):
    """The gradient of ScaleAndTranslate."""

    def kernel(
        self,
        grads: Array[np.float32],
        original_image: Array[np.float32],
        scale: Array[np.float32],
        translation: Array[np.float32],
    ) -> Array[np.float32]:
        image = np.asarray(original_image)
        _check_gradients(grads, image.shape)
        self._check(scale, translation)
        _, height, width, _ = image.shape
        return kernels.scale_and_translate_grad(
            grads, height, width, scale, translation, self.kernel_type, self.antialias
        )  # fmt: skip

    def shape(self, grads: Spec, original_image: Spec, scale: Spec, translation: Spec) -> TensorShape:
        return original_image.shape


def _check_gradients(grads: Any, image: tuple[int, ...]) -> None:
    brackets = "[" + ",".join(str(n) for n in np.shape(grads)) + "]"
    kernels.require(np.ndim(grads) == 4, f"input_grad must be 4-dimensional{brackets}")
    kernels.require(len(image) == 4, f"original_image must be 4-dimensional[{','.join(str(n) for n in image)}]")
    kernels.require(image[1] > 0 and image[2] > 0, "input image must be of non-zero size")
    kernels.require(grads.shape[1] > 0 and grads.shape[2] > 0, "resized image must be of non-zero size")


# ---- the functions -------------------------------------------------------------------------------------------------


@export("image.ResizeMethod")
class ResizeMethod:
    """Ways to resize: the values of `method` of `tf.image.resize_images`."""

    BILINEAR = 0
    NEAREST_NEIGHBOR = 1
    BICUBIC = 2
    AREA = 3


METHODS: dict[Any, int] = {"bilinear": 0, "nearest": 1, "bicubic": 2, "area": 3}


@export("image.resize_images", "image.resize")
@taking_old_arguments("image.resize_images", new_height="size=[height, width]", new_width="size=[height, width]")
def resize_images(
    images: Any,
    size: Any,
    method: Any = ResizeMethod.BILINEAR,
    align_corners: bool = False,
    preserve_aspect_ratio: bool = False,
    name: str | None = None,
) -> Tensor:
    """Bring images to another size.

    Parameters
    ----------
    images : Tensor, shape (batch, height, width, channels) or (height, width, channels)
    size : two int32, [new_height, new_width]
        In pixels.
    method : ResizeMethod, or one of "bilinear", "nearest", "bicubic", "area"
    align_corners : bool
        Let the centres of the corner pixels stay where they are. By default only those at the top left do, and the
        image moves by up to half a pixel.
    preserve_aspect_ratio : bool
        Take the largest size inside `size` that does not distort the image.
    name : str, optional

    Returns
    -------
    Tensor, shape (batch, new_height, new_width, channels) or without the batch
        float32; for the nearest neighbor method, and where the size is known to stay the same, of the type of `images`.

    Raises
    ------
    ValueError
        If `images` has not 3 or 4 axes, `size` not 2 elements, or there is no such method.

    Examples
    --------
    >>> image = tf.constant([[[0.0], [2.0]], [[4.0], [6.0]]])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.image.resize_images(image, [4, 4]))[:, :, 0]
    array([[0., 1., 2., 2.],
           [2., 3., 4., 4.],
           [4., 5., 6., 6.],
           [4., 5., 6., 6.]], dtype=float32)
    """

    def resizer(images: Tensor, size: Tensor) -> Tensor:
        chosen = METHODS.get(method, method) if isinstance(method, (str, int, np.integer)) else None
        if chosen == ResizeMethod.BILINEAR:
            return ResizeBilinear(align_corners=align_corners)(images, size)
        if chosen == ResizeMethod.NEAREST_NEIGHBOR:
            return ResizeNearestNeighbor(align_corners=align_corners)(images, size)
        if chosen == ResizeMethod.BICUBIC:
            return ResizeBicubic(align_corners=align_corners)(images, size)
        if chosen == ResizeMethod.AREA:
            return ResizeArea(align_corners=align_corners)(images, size)
        raise misuse(
            ValueError("Resize method is not implemented."),
            fix="method is one of tf.image.ResizeMethod.BILINEAR, NEAREST_NEIGHBOR, BICUBIC, AREA",
        )

    return resize_by(images, resizer, size, preserve_aspect_ratio, name)


def resize_by(
    images: Any, resizer: Callable[[Tensor, Tensor], Tensor], size: Any, preserve_aspect_ratio: bool, name: str | None
) -> Tensor:
    """Check images and size, and add an axis for the batch while `resizer` works."""
    with name_scope(name, "resize", [images, size]):
        images = convert(images, None, "images")
        dims = images._shape._dims
        if dims is None:
            raise misuse(ValueError("'images' contains no shape."), fix="tell the rank: images.set_shape([None] * 4)")
        is_batch = len(dims) == 4
        if len(dims) == 3:
            images = expand_dims(images, 0)
        elif len(dims) != 4:
            raise misuse(ValueError("'images' must have either 3 or 4 dimensions."))
        height, width = images._shape._dims[1:3]
        try:
            size = convert(size, dtypes.int32, "size")
        except (TypeError, ValueError):
            raise misuse(ValueError("'size' must be a 1-D int32 Tensor")) from None
        if not size.shape.is_compatible_with([2]):
            raise misuse(
                ValueError("'size' must be a 1-D Tensor of 2 elements: new_height, new_width"),
                fix="tf.image.resize_images(images, [height, width]): one list of two numbers",
            )
        new_height, new_width = _sizes_known(size)
        if preserve_aspect_ratio:
            size = _undistorted(images, new_height, new_width)
            new_height = new_width = None  # the rule for static shapes may still find them
        if None not in (height, width) and (height, width) == (new_height, new_width):
            return images if is_batch else squeeze(images, axis=[0])
        images = resizer(images, size)
        images.set_shape([None, new_height, new_width, None])
        return images if is_batch else squeeze(images, axis=[0])


def _sizes_known(size: Tensor) -> tuple[int | None, int | None]:
    dims = constant_value_as_shape(size)._dims
    return (None, None) if dims is None else (dims[0], dims[1])


def _undistorted(images: Tensor, new_height: int | None, new_width: int | None) -> Tensor:
    """The largest size inside the given one with the sides in the same proportion."""
    if new_height is None or new_width is None:
        raise misuse(ValueError("preserve_aspect_ratio needs a size that is known while building."))
    _, height, width, _ = image_dimensions(images, 4)
    by_height = cast(new_height, dtypes.float32) / cast(height, dtypes.float32)
    by_width = cast(new_width, dtypes.float32) / cast(width, dtypes.float32)
    scale = raw.Minimum(by_height, by_width)
    scaled_height = cast(raw.Round(scale * cast(height, dtypes.float32)), dtypes.int32)
    scaled_width = cast(raw.Round(scale * cast(width, dtypes.float32)), dtypes.int32)
    return convert([scaled_height, scaled_width], dtypes.int32, "size")


@export("image.resize_bilinear")
def resize_bilinear(
    images: Any, size: Any, align_corners: bool = False, name: str | None = None, half_pixel_centers: bool = False
) -> Tensor:
    """Resize by bilinear interpolation: each new pixel lies between four old ones.

    Parameters
    ----------
    images : Tensor, shape (batch, height, width, channels)
    size : two int32, [new_height, new_width]
    align_corners : bool
        Let the centres of the corner pixels stay where they are.
    name : str, optional
    half_pixel_centers : bool
        Let the corners of the images coincide, as other image programs do.

    Returns
    -------
    Tensor, shape (batch, new_height, new_width, channels), float32

    Examples
    --------
    >>> row = tf.reshape([0.0, 4.0], [1, 1, 2, 1])
    >>> with tf.Session() as sess:
    ...     for options in ({}, {"align_corners": True}, {"half_pixel_centers": True}):
    ...         print(sess.run(tf.image.resize_bilinear(row, [1, 4], **options)).ravel())
    [0. 2. 4. 4.]
    [0.        1.3333334 2.6666667 4.       ]
    [0. 1. 3. 4.]
    """
    return ResizeBilinear(align_corners=align_corners, half_pixel_centers=half_pixel_centers)(images, size, name=name)


@export("image.resize_nearest_neighbor")
def resize_nearest_neighbor(
    images: Any, size: Any, align_corners: bool = False, name: str | None = None, half_pixel_centers: bool = False
) -> Tensor:
    """Resize by copying, for each new pixel, the nearest old one; keeps the type, and labels stay labels.

    Parameters
    ----------
    images : Tensor, shape (batch, height, width, channels)
    size : two int32, [new_height, new_width]
    align_corners, half_pixel_centers : bool
        See `tf.image.resize_bilinear`.
    name : str, optional

    Returns
    -------
    Tensor, shape (batch, new_height, new_width, channels), of the type of `images`

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.image.resize_nearest_neighbor([[[[1], [2]]]], [2, 4]))[0, :, :, 0]
    array([[1, 1, 2, 2],
           [1, 1, 2, 2]], dtype=int32)
    """
    attributes = {"align_corners": align_corners, "half_pixel_centers": half_pixel_centers}
    return ResizeNearestNeighbor(**attributes)(images, size, name=name)


@export("image.resize_bicubic")
def resize_bicubic(
    images: Any, size: Any, align_corners: bool = False, name: str | None = None, half_pixel_centers: bool = False
) -> Tensor:
    """Resize by cubic convolution of sixteen neighbours: smoother than bilinear, may exceed the range of the image.

    Parameters
    ----------
    images : Tensor, shape (batch, height, width, channels)
    size : two int32, [new_height, new_width]
    align_corners, half_pixel_centers : bool
        See `tf.image.resize_bilinear`.
    name : str, optional

    Returns
    -------
    Tensor, shape (batch, new_height, new_width, channels), float32

    References
    ----------
    Keys, "Cubic convolution interpolation for digital image processing", 1981.
    """
    return ResizeBicubic(align_corners=align_corners, half_pixel_centers=half_pixel_centers)(images, size, name=name)


@export("image.resize_area")
def resize_area(images: Any, size: Any, align_corners: bool = False, name: str | None = None) -> Tensor:
    """Resize by taking, for each new pixel, the mean of what it covers: the method to make images smaller.

    Parameters
    ----------
    images : Tensor, shape (batch, height, width, channels)
    size : two int32, [new_height, new_width]
    align_corners : bool
        See `tf.image.resize_bilinear`.
    name : str, optional

    Returns
    -------
    Tensor, shape (batch, new_height, new_width, channels), float32

    Examples
    --------
    >>> image = tf.reshape(tf.range(16), [1, 4, 4, 1])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.image.resize_area(image, [2, 2]))[0, :, :, 0]
    array([[ 2.5,  4.5],
           [10.5, 12.5]], dtype=float32)
    """
    return ResizeArea(align_corners=align_corners)(images, size, name=name)

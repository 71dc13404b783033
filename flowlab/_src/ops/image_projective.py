"""Images rotated, moved and seen at an angle: `tf.contrib.image`.

A projective transform is eight numbers a0, a1, a2, b0, b1, b2, c0, c1. The pixel (x, y) of the result is taken from the
place ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k) of the image, with k = c0 x + c1 y + 1. It maps from the result
back to the image, so that every pixel of the result gets a value.
"""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_text
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.op import Array, Op, Spec, constant_value
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels.image_projective import project
from flowlab._src.kernels.memory import require_memory
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.cast import cast
from flowlab._src.ops.fill import ones, zeros
from flowlab._src.ops.image_resize import size_dims
from flowlab._src.ops.joining import concat
from flowlab._src.ops.linalg import matmul
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.reshaping import reshape
from flowlab._src.ops.transcendental import cos, sin
from flowlab._src.util.export import export

Pixel = TypeVar("Pixel", np.uint8, np.int32, np.int64, np.float16, np.float32, np.float64)

INTERPOLATIONS = ("NEAREST", "BILINEAR")


class ImageProjectiveTransformV2(Op):
    """Each pixel of the result is taken from the place that a projective transform says; 0 where that is outside."""

    interpolation: str
    preferred_dtypes: ClassVar[dict[str, DType]] = {"output_shape": dtypes.int32}

    def kernel(
        self, images: Array[Pixel], transforms: Array[np.float32], output_shape: Array[np.int32]
    ) -> Array[Pixel]:
        images = np.asarray(images)
        if images.ndim != 4:
            raise InvalidArgumentError(None, None, "Input images must have rank 4")
        if self.interpolation not in INTERPOLATIONS:
            raise InvalidArgumentError(
                None, None, f"Invalid interpolation {self.interpolation}. Supported types: NEAREST, BILINEAR"
            )
        if np.ndim(transforms) != 2 or transforms.shape[0] not in (1, len(images)) or transforms.shape[1] != 8:
            message = f"Input transform should be num_images x 8 or 1 x 8, got {list(np.shape(transforms))}"
            raise InvalidArgumentError(None, None, message)
        if np.ndim(output_shape) != 1 or np.size(output_shape) != 2:
            raise InvalidArgumentError(
                None, None, "output shape must be a vector of two numbers, new_height, new_width"
            )
        height, width = (int(n) for n in output_shape)
        if height <= 0 or width <= 0:
            raise InvalidArgumentError(None, None, "output dimensions must be positive")
        require_memory((len(images), height, width, images.shape[3]), images.dtype)
        return project(images, transforms, height, width, self.interpolation == "BILINEAR")

    def shape(self, images: Spec, transforms: Spec, output_shape: Spec) -> TensorShape:
        batch, _, _, channels = images.ranked(4)
        transforms.ranked(2)
        return TensorShape.of((batch, *size_dims(output_shape), channels))

    def grad(self, node: Any, dy: Any) -> Any:
        """The gradient moved back by the inverse transform, as tf.contrib.image approximates it."""
        images, transforms, _ = node.inputs
        inverse = raw.MatrixInverse(flat_transforms_to_matrices(transforms))
        size = raw.Shape(images)[1:3]
        back = raw.ImageProjectiveTransformV2(
            dy, matrices_to_flat_transforms(inverse), size, interpolation=self.interpolation
        )
        return back, None, None


IMAGE_DTYPES = (dtypes.uint8, dtypes.int32, dtypes.int64, dtypes.float16, dtypes.float32, dtypes.float64)


def _as_batch(images: Any) -> tuple[Tensor, Tensor]:
    """An image, with or without channels, or a batch: as it is, and as a batch."""
    given = convert(images, None, "images")
    if given.dtype.base_dtype not in IMAGE_DTYPES:
        raise misuse(TypeError(f"Invalid dtype {given.dtype!r}."))
    rank = given.shape.ndims
    if rank is None:
        raise misuse(TypeError("image_or_images rank must be statically known"))
    if rank == 2:
        return given, given[None, :, :, None]
    if rank == 3:
        return given, given[None, :, :, :]
    if rank == 4:
        return given, given
    raise misuse(TypeError("Images should have rank between 2 and 4."))


def _as_given(result: Tensor, given: Tensor) -> Tensor:
    if given.shape.ndims == 2:
        return result[0, :, :, 0]
    return result[0, :, :, :] if given.shape.ndims == 3 else result


@export("contrib.image.transform")
def transform(
    images: Any, transforms: Any, interpolation: str = "NEAREST", output_shape: Any = None, name: str | None = None
) -> Tensor:
    """Apply projective transforms to images.

    Parameters
    ----------
    images : Tensor, shape (batch, height, width, channels), (height, width, channels) or (height, width)
    transforms : float32 Tensor, shape (8,) or (batch, 8)
        From pixels of the result to places of the image, see the top of this module.
    interpolation : {"NEAREST", "BILINEAR"}
    output_shape : two int32, [new_height, new_width], optional
        Default: the size of the images.
    name : str, optional

    Returns
    -------
    Tensor of the type and rank of `images`

    Raises
    ------
    TypeError
        If images or transforms have another rank, or a rank that is not known.

    Examples
    --------
    >>> moved = tf.contrib.image.transform([[1, 2, 3]], [1, 0, 1, 0, 1, 0, 0, 0])
    >>> with tf.Session() as sess:
    ...     sess.run(moved)
    array([[2, 3, 0]], dtype=int32)
    """
    with name_scope(name, "transform"):
        given, batch = _as_batch(images)
        transforms = convert(transforms, dtypes.float32, "transforms")
        if output_shape is None:
            output_shape = shape_of(batch)[1:3]
            known = constant_value(output_shape)
            output_shape = output_shape if known is None else known
        output_shape = convert(output_shape, dtypes.int32, "output_shape")
        if not output_shape.shape.is_compatible_with([2]):
            raise misuse(ValueError("output_shape must be a 1-D Tensor of 2 elements: new_height, new_width"))
        rank = transforms.shape.ndims
        if rank is None:
            raise misuse(TypeError("transform_or_transforms rank must be statically known"))
        if rank not in (1, 2):
            raise misuse(TypeError("Transforms should have rank 1 or 2."))
        if rank == 1:
            transforms = transforms[None]
        op = ImageProjectiveTransformV2(interpolation=as_text(interpolation, "interpolation").upper())
        return _as_given(op(batch, transforms, output_shape), given)


@export("contrib.image.rotate")
def rotate(images: Any, angles: Any, interpolation: str = "NEAREST", name: str | None = None) -> Tensor:
    """Rotate images about their middle, counter-clockwise.

    Parameters
    ----------
    images : Tensor, shape (batch, height, width, channels), (height, width, channels) or (height, width)
    angles : float, or float32 Tensor, shape (batch,)
        In radians.
    interpolation : {"NEAREST", "BILINEAR"}
    name : str, optional

    Returns
    -------
    Tensor of the type and shape of `images`
        0 where no pixel lands.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.contrib.image.rotate([[1, 2, 3], [4, 5, 6], [7, 8, 9]], np.pi / 2))
    array([[3, 6, 9],
           [2, 5, 8],
           [1, 4, 7]], dtype=int32)
    """
    with name_scope(name, "rotate"):
        given, batch = _as_batch(images)
        height = cast(shape_of(batch)[1], dtypes.float32)[None]
        width = cast(shape_of(batch)[2], dtypes.float32)[None]
        transforms = angles_to_projective_transforms(angles, height, width)
        return _as_given(transform(batch, transforms, interpolation), given)


@export("contrib.image.translate")
def translate(images: Any, translations: Any, interpolation: str = "NEAREST", name: str | None = None) -> Tensor:
    """Move images to the right and down.

    Parameters
    ----------
    images : Tensor, shape (batch, height, width, channels), (height, width, channels) or (height, width)
    translations : float32 Tensor, shape (2,) or (batch, 2)
        dx and dy, in pixels.
    interpolation : {"NEAREST", "BILINEAR"}
    name : str, optional

    Returns
    -------
    Tensor of the type and shape of `images`

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.contrib.image.translate([[1, 2, 3], [4, 5, 6]], [1, 1]))
    array([[0, 0, 0],
           [0, 1, 2]], dtype=int32)
    """
    with name_scope(name, "translate"):
        return transform(images, translations_to_projective_transforms(translations), interpolation)


# ---- transforms ----------------------------------------------------------------------------------------------------


@export("contrib.image.angles_to_projective_transforms")
def angles_to_projective_transforms(
    angles: Any, image_height: Any, image_width: Any, name: str | None = None
) -> Tensor:
    """Return the transforms that rotate images of a size about their middle, counter-clockwise.

    Parameters
    ----------
    angles : float, or float32 Tensor, shape (batch,)
        In radians.
    image_height, image_width : float or Tensor
    name : str, optional

    Returns
    -------
    Tensor, shape (batch, 8)
    """
    with name_scope(name, "angles_to_projective_transforms"):
        angles = convert(angles, dtypes.float32, "angles")
        if angles.shape.ndims == 0:
            angles = angles[None]
        elif angles.shape.ndims != 1:
            raise misuse(TypeError("Angles should have rank 0 or 1."))
        across, down = image_width - 1, image_height - 1
        x_offset = (across - (cos(angles) * across - sin(angles) * down)) / 2.0
        y_offset = (down - (sin(angles) * across + cos(angles) * down)) / 2.0
        count = shape_of(angles)[0]
        columns = [
            cos(angles)[:, None], -sin(angles)[:, None], x_offset[:, None],
            sin(angles)[:, None], cos(angles)[:, None], y_offset[:, None],
        ]  # fmt: skip
        return concat([*columns, zeros((count, 2), dtypes.float32)], axis=1)


@export("contrib.image.translations_to_projective_transforms")
def translations_to_projective_transforms(translations: Any, name: str | None = None) -> Tensor:
    """Return the transforms that move images to the right and down.

    Parameters
    ----------
    translations : float32 Tensor, shape (2,) or (batch, 2)
        dx and dy, in pixels.
    name : str, optional

    Returns
    -------
    Tensor, shape (batch, 8)

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.contrib.image.translations_to_projective_transforms([3, 4]))
    array([[ 1.,  0., -3.,  0.,  1., -4.,  0.,  0.]], dtype=float32)
    """
    with name_scope(name, "translations_to_projective_transforms"):
        translations = convert(translations, dtypes.float32, "translations")
        rank = translations.shape.ndims
        if rank is None:
            raise misuse(TypeError("translation_or_translations rank must be statically known"))
        if rank not in (1, 2):
            raise misuse(TypeError("Translations should have rank 1 or 2."))
        if rank == 1:
            translations = translations[None]
        count = shape_of(translations)[0]

        def fixed(make: Any, columns: int = 1) -> Tensor:
            return make((count, columns), dtypes.float32)

        across, down = -translations[:, 0, None], -translations[:, 1, None]
        columns = [fixed(ones), fixed(zeros), across, fixed(zeros), fixed(ones), down, fixed(zeros, 2)]
        return concat(columns, axis=1)


@export("contrib.image.flat_transforms_to_matrices")
def flat_transforms_to_matrices(transforms: Any, name: str | None = None) -> Tensor:
    """Write each transform as a matrix of three rows, its last number 1.

    Parameters
    ----------
    transforms : float32 Tensor, shape (8,) or (batch, 8)
    name : str, optional

    Returns
    -------
    Tensor, shape (batch, 3, 3)
    """
    with name_scope(name, "flat_transforms_to_matrices"):
        transforms = convert(transforms, None, "transforms")
        if transforms.shape.ndims not in (1, 2):
            raise misuse(ValueError(f"Transforms should be 1D or 2D, got: {transforms}"))
        transforms = reshape(transforms, [-1, 8])
        last = ones([shape_of(transforms)[0], 1])
        return reshape(concat([transforms, last], axis=1), [-1, 3, 3])


@export("contrib.image.matrices_to_flat_transforms")
def matrices_to_flat_transforms(transform_matrices: Any, name: str | None = None) -> Tensor:
    """Write matrices as transforms: divided by their last number, which is left out.

    Parameters
    ----------
    transform_matrices : float32 Tensor, shape (3, 3) or (batch, 3, 3)
    name : str, optional

    Returns
    -------
    Tensor, shape (batch, 8)
    """
    with name_scope(name, "matrices_to_flat_transforms"):
        matrices = convert(transform_matrices, None, "transform_matrices")
        if matrices.shape.ndims not in (2, 3):
            raise misuse(ValueError(f"Matrices should be 2D or 3D, got: {matrices}"))
        flat = reshape(matrices, [-1, 9])
        flat = flat / flat[:, 8:9]
        return flat[:, :8]


@export("contrib.image.compose_transforms")
def compose_transforms(*transforms: Any) -> Tensor:
    """Return the transforms that do the same as several, applied one after the other.

    Parameters
    ----------
    *transforms : float32 Tensor, shape (8,) or (batch, 8)

    Returns
    -------
    Tensor, shape (batch, 8)

    Examples
    --------
    >>> right = tf.contrib.image.translations_to_projective_transforms([1, 0])
    >>> down = tf.contrib.image.translations_to_projective_transforms([0, 2])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.contrib.image.compose_transforms(right, down))
    array([[ 1.,  0., -1.,  0.,  1., -2.,  0.,  0.]], dtype=float32)
    """
    if not transforms:
        raise misuse(ValueError("transforms cannot be empty"))
    with name_scope(None, "compose_transforms"):
        composed = flat_transforms_to_matrices(transforms[0])
        for following in transforms[1:]:
            composed = matmul(composed, flat_transforms_to_matrices(following))
        return matrices_to_flat_transforms(composed)

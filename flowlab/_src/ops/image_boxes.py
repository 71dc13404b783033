"""Bounding boxes: drawn on images, and sampled at random. Choosing among many is in `image_suppression.py`."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from flowlab._src.errors import ShapeError
from flowlab._src.graph.arguments import as_flag, as_list
from flowlab._src.graph.op import Array, Op, Spec
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import image_boxes as kernels
from flowlab._src.ops.image_suppression import brackets, refused
from flowlab._src.ops.random import RandomOp
from flowlab._src.util.export import export

Colour = TypeVar("Colour", np.float32, np.float16)
Whole = TypeVar("Whole", np.uint8, np.int8, np.int16, np.int32, np.int64)

# ---- drawing -------------------------------------------------------------------------------------------------------


class Drawing(Op, abstract=True):
    """Images with the outlines of boxes."""

    def _draw(self, images: np.ndarray, boxes: np.ndarray, colours: np.ndarray | None) -> np.ndarray:
        if images.ndim != 4:
            raise refused("The rank of the images should be 4")
        if boxes.ndim != 3:
            raise refused("The rank of the boxes tensor should be 3")
        if images.shape[0] != boxes.shape[0]:
            raise refused("The batch sizes should be the same")
        if images.shape[3] not in (1, 3, 4):
            raise refused("Channel depth should be either 1 (GRY), 3 (RGB), or 4 (RGBA)")
        if boxes.shape[2] != 4:
            raise refused(f"The size of the third dimension of the box must be 4. Received: {boxes.shape[2]}")
        if colours is not None:
            if colours.ndim != 2:
                raise refused(f"colors must be a 2-D matrix{brackets(colours)}")
            if colours.shape[1] < images.shape[3]:
                raise refused(f"colors must have equal or more channels than the image provided: {brackets(colours)}")
        return kernels.draw_boxes(images, boxes, colours)

    def shape(self, images: Spec, boxes: Spec, *colours: Spec) -> TensorShape:
        images.ranked(4)
        _, _, four = boxes.ranked(3)
        if four not in (None, 4):
            raise ShapeError(f"Dimension must be 4 but is {four}")
        return images.shape


class DrawBoundingBoxes(Drawing):
    """Images with the outlines of boxes, in ten colours."""

    grad = None

    def kernel(self, images: Array[Colour], boxes: Array[np.float32]) -> Array[Colour]:
        return self._draw(np.asarray(images), np.asarray(boxes), None)


class DrawBoundingBoxesV2(Drawing):
    """Images with the outlines of boxes, in given colours."""

    def kernel(self, images: Array[Colour], boxes: Array[np.float32], colors: Array[np.float32]) -> Array[Colour]:
        return self._draw(np.asarray(images), np.asarray(boxes), np.asarray(colors))


@export("image.draw_bounding_boxes")
def draw_bounding_boxes(images: Any, boxes: Any, name: str | None = None, colors: Any = None) -> Tensor:
    """Draw boxes on images, as outlines of one pixel.

    Parameters
    ----------
    images : float32 or float16 Tensor, shape (batch, height, width, channels)
        1, 3 or 4 channels.
    boxes : float32 Tensor, shape (batch, boxes, 4)
        [y_min, x_min, y_max, x_max] of each, as fractions of the image.
    name : str, optional
    colors : float32 Tensor, shape (colors, channels), optional
        Taken in turns.

    Returns
    -------
    Tensor of the type and shape of `images`

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.image.draw_bounding_boxes(tf.zeros([1, 4, 5, 1]), [[[0, 0.25, 0.67, 1]]]))[0, :, :, 0]
    array([[0., 1., 1., 1., 1.],
           [0., 1., 0., 0., 1.],
           [0., 1., 1., 1., 1.],
           [0., 0., 0., 0., 0.]], dtype=float32)
    """
    if colors is None:
        return DrawBoundingBoxes()(images, boxes, name=name)
    return DrawBoundingBoxesV2()(images, boxes, colors, name=name)


# ---- sampling ------------------------------------------------------------------------------------------------------


class SampledBox(RandomOp, abstract=True):
    """A random part of an image that shows enough of an object."""

    aspect_ratio_range: Any = (0.75, 1.33)
    area_range: Any = (0.05, 1.0)
    max_attempts: int = 100
    use_image_if_no_bounding_boxes: bool = False

    def _sample(self, run: Any, image_size: np.ndarray, boxes: np.ndarray, covered: Any) -> Any:
        self._check_ranges()
        if image_size.ndim != 1:
            raise refused(f"image_size must be 1-dimensional{brackets(image_size)}")
        if image_size.size != 3:
            raise refused(f"image_size must contain 3 elements{brackets(image_size)}")
        height, width = (int(n) for n in image_size[:2])
        if not 0 <= height < 2**31 - 1:
            raise refused("image height cannot be >= int32 max")
        if not 0 <= width < 2**31 - 1:
            raise refused("image width cannot be >= int32 max")
        if boxes.ndim != 3:
            raise refused(f"input boxes must be 3-dimensional [batch, num_boxes, coords]: {brackets(boxes)}")
        if boxes.shape[2] != 4:
            raise refused(f"bounding boxes must have shape [4] or [*, 4], got {brackets(boxes)}")
        if np.ndim(covered) != 0:
            raise refused(f"min_object_covered must be 0-D, got shape {brackets(covered)}")
        if not covered >= 0:
            raise refused(f"Min object covered must be non-negative: {covered}")
        boxes = boxes.reshape(-1, 4)
        outside = ~((boxes >= 0) & (boxes <= 1))
        if outside.any():
            raise refused(f"All bounding box coordinates must be in [0.0, 1.0]: {boxes[outside][0]:g}")
        scale = np.array([width, height, width, height], np.float32)
        objects = (boxes[:, [1, 0, 3, 2]] * scale).astype(np.int64)
        if not len(objects):
            if not self.use_image_if_no_bounding_boxes:
                raise refused(
                    "No bounding boxes provided as input. One must enable use_image_if_no_bounding_boxes if you wish "
                    "to not provide any bounding boxes."
                )
            objects = np.array([[0, 0, width, height]])
        left, top, right, bottom = kernels.sample_distorted_box(
            self.stream(run), width, height, objects, np.float32(covered), self.aspect_ratio_range, self.area_range,
            self.max_attempts,
        )  # fmt: skip
        with np.errstate(divide="ignore", invalid="ignore"):
            corners = np.array([top, left, bottom, right], np.float32) / scale[[1, 0, 3, 2]]
        begin, size = np.array([top, left, 0]), np.array([bottom - top, right - left, -1])
        return begin.astype(image_size.dtype), size.astype(image_size.dtype), corners.reshape(1, 1, 4)

    def _check_ranges(self) -> None:
        aspects, areas = self.aspect_ratio_range, self.area_range
        if len(aspects) != 2:
            raise refused("Aspect ratio range field must specify 2 dimensions")
        if not (aspects[0] > 0 and aspects[1] > 0):
            raise refused(f"Aspect ratio range must be non-negative: [{aspects[0]:g}, {aspects[1]:g}]")
        if len(areas) != 2:
            raise refused("Area range field must specify 2 dimensions")
        if not (areas[0] > 0 and areas[1] > 0):
            raise refused(f"Area range must be non-negative: [{areas[0]:g}, {areas[1]:g}]")
        if not (areas[0] <= 1 and areas[1] <= 1):
            raise refused(f"Area range must be less then or equal to 1.0: [{areas[0]:g}, {areas[1]:g}]")
        if self.max_attempts <= 0:
            raise refused(f"Max attempts must be non-negative: {self.max_attempts}")

    def shape(self, image_size: Spec, bounding_boxes: Spec, *others: Spec) -> list[TensorShape]:
        (count,) = image_size.ranked(1)
        _, _, four = bounding_boxes.ranked(3)
        for other in others:
            other.ranked(0)
        if count not in (None, 3):
            raise ShapeError(f"Dimension must be 3 but is {count}")
        if four not in (None, 4):
            raise ShapeError(f"Dimension must be 4 but is {four}")
        return [TensorShape.of((3,)), TensorShape.of((3,)), TensorShape.of((1, 1, 4))]


class SampleDistortedBoundingBoxV2(SampledBox):
    """The least part of an object is an input."""

    def kernel(
        self,
        run: Any,
        image_size: Array[Whole],
        bounding_boxes: Array[np.float32],
        min_object_covered: Array[np.float32],
    ) -> tuple[Array[Whole], Array[Whole], Array[np.float32]]:
        return self._sample(run, np.asarray(image_size), np.asarray(bounding_boxes), min_object_covered)


class SampleDistortedBoundingBox(SampledBox):
    """The least part of an object is an attribute."""

    min_object_covered: float = 0.1

    def kernel(
        self, run: Any, image_size: Array[Whole], bounding_boxes: Array[np.float32]
    ) -> tuple[Array[Whole], Array[Whole], Array[np.float32]]:
        return self._sample(run, np.asarray(image_size), np.asarray(bounding_boxes), self.min_object_covered)


@export("image.sample_distorted_bounding_box")
def sample_distorted_bounding_box(
    image_size: Any,
    bounding_boxes: Any,
    seed: int | None = None,
    seed2: int | None = None,
    min_object_covered: Any = 0.1,
    aspect_ratio_range: Any = None,
    area_range: Any = None,
    max_attempts: int | None = None,
    use_image_if_no_bounding_boxes: bool | None = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Choose a random part of an image that shows enough of an object: to make many training images of one.

    Parameters
    ----------
    image_size : Tensor of whole numbers, shape (3,)
        [height, width, channels].
    bounding_boxes : float32 Tensor, shape (batch, boxes, 4)
        Where the objects are: [y_min, x_min, y_max, x_max] as fractions of the image.
    seed, seed2 : int, optional
        Both 0 or None: chance itself chooses.
    min_object_covered : float or scalar Tensor
        The part must contain this fraction of one of the boxes.
    aspect_ratio_range : two floats, optional
        Least and largest width / height, default 0.75 and 1.33.
    area_range : two floats, optional
        Least and largest fraction of the image, default 0.05 and 1.
    max_attempts : int, optional
        So often is tried, default 100; then the whole image is returned.
    use_image_if_no_bounding_boxes : bool, optional
        Without boxes take the image as one, instead of failing.
    name : str, optional

    Returns
    -------
    (Tensor, Tensor, Tensor)
        `begin` and `size` for `tf.slice`, and the part as a box, shape (1, 1, 4), for `tf.image.draw_bounding_boxes`.

    Examples
    --------
    >>> begin, size, box = tf.image.sample_distorted_bounding_box([48, 64, 3], [[[0.25, 0.25, 0.75, 0.75]]], seed=1)
    >>> with tf.Session() as sess:
    ...     print(*sess.run([begin, size]))
    [11  3  0] [21 26 -1]
    """
    with name_scope(name, "sample_distorted_bounding_box"):
        aspects = (0.75, 1.33) if aspect_ratio_range is None else aspect_ratio_range
        areas = (0.05, 1.0) if area_range is None else area_range
        op = SampleDistortedBoundingBoxV2(
            seed=seed or 0,
            seed2=seed2 or 0,
            aspect_ratio_range=tuple(float(a) for a in as_list(aspects, "aspect_ratio_range")),
            area_range=tuple(float(a) for a in as_list(areas, "area_range")),
            max_attempts=100 if max_attempts is None else max_attempts,
            use_image_if_no_bounding_boxes=as_flag(use_image_if_no_bounding_boxes, "use_image_if_no_bounding_boxes"),
        )
        return tuple(op(image_size, bounding_boxes, min_object_covered, name=name))

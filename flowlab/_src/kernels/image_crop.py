"""Boxes cut out of images and brought to one size: `crop_and_resize` and its gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from flowlab._src.errors import InvalidArgumentError, OutOfRangeError
from flowlab._src.kernels import image_loops
from flowlab._src.kernels.image_resize import HALF, ONE, round_half_up

Array = NDArray[Any]
Floats = NDArray[np.float32]


def check_boxes(boxes: Array, box_ind: Array, batch: int) -> None:
    """Each box has four numbers and belongs to an image that is there."""
    if boxes.size == 0 and box_ind.size == 0:
        return
    sizes = "[" + ",".join(str(n) for n in boxes.shape) + "]"
    if boxes.ndim != 2:
        raise InvalidArgumentError(None, None, f"boxes must be 2-D{sizes}")
    if boxes.shape[1] != 4:
        raise InvalidArgumentError(None, None, "boxes must have 4 columns")
    if box_ind.ndim != 1:
        raise InvalidArgumentError(None, None, f"box_index must be 1-D[{','.join(str(n) for n in box_ind.shape)}]")
    if box_ind.shape[0] != boxes.shape[0]:
        raise InvalidArgumentError(None, None, "box_index has incompatible shape")
    if ((box_ind < 0) | (box_ind >= batch)).any():
        raise OutOfRangeError(None, None, "box_index has values outside [0, batch_size)")


def sample_places(low: Floats, high: Floats, size: int, new_size: int) -> Floats:
    """Where the pixels of the crops lie along one axis: a row for each box, which spans from `low` to `high`."""
    last = np.float32(size - 1)
    if new_size > 1:
        step = (high - low) * last / np.float32(new_size - 1)
        return (low * last)[:, None] + np.arange(new_size, dtype=np.float32) * step[:, None]
    return (HALF * (low + high) * last)[:, None]


class Samples:
    """The pixels of all crops: their places in the images, and which of them lie inside.

    Attributes
    ----------
    inside : (boxes, rows, columns) bool
    top, bottom : (boxes, rows); left, right : (boxes, columns)
        The neighbours among the pixels of the image.
    down, along : the way from the upper and the left neighbour, as parts of a pixel
    """

    def __init__(self, boxes: Floats, image: Array, rows: int, columns: int) -> None:
        height, width = image[1], image[2]
        y = sample_places(boxes[:, 0], boxes[:, 2], height, rows)
        x = sample_places(boxes[:, 1], boxes[:, 3], width, columns)
        with np.errstate(invalid="ignore"):
            y_inside, x_inside = (y >= 0) & (y <= height - 1), (x >= 0) & (x <= width - 1)
        y, x = np.where(y_inside, y, np.float32(0)), np.where(x_inside, x, np.float32(0))
        self.inside = y_inside[:, :, None] & x_inside[:, None, :]
        self.top, self.bottom = np.floor(y).astype(np.intp), np.ceil(y).astype(np.intp)
        self.left, self.right = np.floor(x).astype(np.intp), np.ceil(x).astype(np.intp)
        self.down, self.along = y - np.floor(y), x - np.floor(x)
        self.row, self.column = round_half_up(y).astype(np.intp), round_half_up(x).astype(np.intp)

    def corners(self, image: Floats, box_ind: Array) -> tuple[Floats, Floats, Floats, Floats]:
        """The neighbours of each sample: top left, top right, bottom left, bottom right."""
        which = box_ind[:, None, None]
        top, bottom = self.top[:, :, None], self.bottom[:, :, None]
        left, right = self.left[:, None, :], self.right[:, None, :]
        return (
            image[which, top, left],
            image[which, top, right],
            image[which, bottom, left],
            image[which, bottom, right],
        )


def crop_and_resize(
    image: Array, boxes: Floats, box_ind: Array, rows: int, columns: int, method: str, outside: float
) -> Floats:
    """Cut the boxes out of the images; what lies outside of an image becomes `outside`."""
    image = image.astype(np.float32, copy=False)
    if method == "bilinear":
        y = sample_places(boxes[:, 0], boxes[:, 2], image.shape[1], rows)
        x = sample_places(boxes[:, 1], boxes[:, 3], image.shape[2], columns)
        found = image_loops.crop(image, box_ind, y, x, outside)
        if found is not None:
            return found
    samples = Samples(boxes, np.array(image.shape), rows, columns)
    if method == "nearest":
        result = image[box_ind[:, None, None], samples.row[:, :, None], samples.column[:, None, :]]
    else:
        top_left, top_right, bottom_left, bottom_right = samples.corners(image, box_ind)
        along, down = samples.along[:, None, :, None], samples.down[:, :, None, None]
        top = top_left + (top_right - top_left) * along
        result = bottom_left + (bottom_right - bottom_left) * along
        result = top + (result - top) * down
    result[~samples.inside] = outside
    return result


def crop_and_resize_grad_image(
    dy: Floats, boxes: Floats, box_ind: Array, image_size: Array, method: str, dtype: DTypeLike
) -> Array:
    """The gradient of every pixel of the crops, added up in the pixels that it came from."""
    batch, height, width, depth = (int(n) for n in image_size)
    result = np.zeros(batch * height * width * depth, dtype)
    samples = Samples(boxes, image_size, *dy.shape[1:3])
    dy = np.where(samples.inside[..., None], dy, np.float32(0))

    def add(rows: Array, columns: Array, part: Array) -> None:
        pixel = (box_ind[:, None, None] * height + rows[:, :, None]) * width + columns[:, None, :]
        index = pixel[..., None] * depth + np.arange(depth)
        np.add.at(result, index.reshape(-1), part.astype(dtype).reshape(-1))

    if method == "nearest":
        add(samples.row, samples.column, dy)
    else:
        down, along = samples.down[:, :, None, None], samples.along[:, None, :, None]
        upper, lower = (ONE - down) * dy, down * dy
        add(samples.top, samples.left, (ONE - along) * upper)
        add(samples.top, samples.right, along * upper)
        add(samples.bottom, samples.left, (ONE - along) * lower)
        add(samples.bottom, samples.right, along * lower)
    return result.reshape(batch, height, width, depth)


def crop_and_resize_grad_boxes(dy: Floats, image: Array, boxes: Floats, box_ind: Array) -> Floats:
    """How the crops change when the edges of their boxes move: the slope of the image at each sample."""
    image = image.astype(np.float32)
    rows, columns = dy.shape[1:3]
    samples = Samples(boxes, np.array(image.shape), rows, columns)
    top_left, top_right, bottom_left, bottom_right = samples.corners(image, box_ind)
    down, along = samples.down[:, :, None, None], samples.along[:, None, :, None]
    dy = np.where(samples.inside[..., None], dy, np.float32(0))
    slope_y = (ONE - along) * (bottom_left - top_left) + along * (bottom_right - top_right)
    slope_x = (ONE - down) * (top_right - top_left) + down * (bottom_right - bottom_left)
    by_row = (slope_y * dy).sum(axis=(2, 3), dtype=np.float32)
    by_column = (slope_x * dy).sum(axis=(1, 3), dtype=np.float32)
    result = np.empty_like(boxes)
    for slopes, count, size, low in ((by_row, rows, image.shape[1], 0), (by_column, columns, image.shape[2], 1)):
        last = np.float32(size - 1)
        if count > 1:
            high_part = np.arange(count, dtype=np.float32) * (last / np.float32(count - 1))
            low_part = last - high_part
        else:
            low_part = high_part = np.array([HALF * last])
        result[:, low] = (slopes * low_part).sum(axis=1, dtype=np.float32)
        result[:, low + 2] = (slopes * high_part).sum(axis=1, dtype=np.float32)
    return result


# ---- glimpses ------------------------------------------------------------------------------------------------------


def extract_glimpses(
    images: Floats, height: int, width: int, offsets: Floats, centered: bool, normalized: bool, noise: str
) -> Floats:
    """A window of each image around a point; pixels outside of the image are noise from NumPy's own generator."""
    batch, rows, columns, depth = images.shape
    result = np.empty((batch, height, width, depth), np.float32)
    for image, offset, glimpse in zip(images, offsets, result, strict=True):
        corner = []
        for place, size, window in zip(offset, (rows, columns), (height, width), strict=True):
            if normalized:
                place = place * np.float32(size)
            if centered:
                place = place / np.float32(2) + np.float32(size / 2)
            place = place - np.float32(window / 2)
            if not np.isfinite(place):
                raise InvalidArgumentError(None, None, f"offsets must be finite, got {offset}")
            corner.append(int(place))
        top, left = corner
        inside = (
            slice(max(top, 0), min(max(top + height, 0), rows)),
            slice(max(left, 0), min(max(left + width, 0), columns)),
        )
        taken = image[inside]
        if taken.shape != glimpse.shape:
            _fill_with_noise(glimpse, image, noise)
        begin = max(-top, 0), max(-left, 0)
        glimpse[begin[0] : begin[0] + taken.shape[0], begin[1] : begin[1] + taken.shape[1]] = taken
    return result


def _fill_with_noise(glimpse: Floats, image: Floats, noise: str) -> None:
    """Noise that spans the same values as the image, or is spread as they are in each channel."""
    generator = np.random.default_rng()
    if noise == "zero" or image.size == 0:
        glimpse[...] = 0
    elif noise == "uniform":
        low, high = image.min(), image.max()
        glimpse[...] = low + generator.random(glimpse.shape, np.float32) * (high - low)
    else:
        mean, deviation = image.mean(axis=(0, 1)), image.std(axis=(0, 1))
        normal = mean + generator.standard_normal(glimpse.shape, np.float32) * deviation
        glimpse[...] = np.clip(normal, image.min(axis=(0, 1)), image.max(axis=(0, 1)))

"""Images of another size: where each new pixel lies among the old ones, and how these are mixed.

Every method works along one axis at a time. It comes down to two tables with a row for each new pixel: which old
pixels it takes (`pixel`), and how much of each (`weight`). `mix` applies the tables, `unmix` applies them backwards,
which is the gradient. What differs between the methods is how the tables are made.

The places follow TensorFlow's three conventions. `scale` is the size of a new pixel, in old ones:

- by default new pixel i lies at ``i * scale``: the corners at the top left coincide, the others do not;
- `align_corners`: the same with a scale that lets the centres of all four corner pixels coincide;
- `half_pixel_centers`: at ``(i + 0.5) * scale - 0.5``, where it lies when pixels are squares and not points.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.kernels import image_loops

Array = NDArray[Any]
Floats = NDArray[np.float32]

KEPT = 16  # tables of each kind: images mostly come in one size, and a table takes as long as a small image
HALF, ONE = np.float32(0.5), np.float32(1)


class Mixture(NamedTuple):
    """The tables of one axis: a row for each new pixel, a column for each old one that it is mixed from."""

    pixel: NDArray[np.intp]
    weight: Floats


def pixel_scale(size: int, new_size: int, align_corners: bool) -> np.float32:
    """The size of a new pixel along one axis, in old pixels."""
    if align_corners and new_size > 1:
        return np.float32(size - 1) / np.float32(new_size - 1)
    return np.float32(size) / np.float32(new_size)


def places(new_size: int, scale: np.float32, half_pixel_centers: bool) -> Floats:
    """Where the new pixels lie among the old ones."""
    i = np.arange(new_size, dtype=np.float32)
    return (i + HALF) * scale - HALF if half_pixel_centers else i * scale


def round_half_up(x: Floats) -> Floats:
    """Round to the nearest whole number, 0.5 up; for numbers that are not negative."""
    whole = np.floor(x)
    return whole + (x - whole >= HALF)


# ---- mixing --------------------------------------------------------------------------------------------------------


def mix(x: Floats, table: Mixture, axis: int) -> Floats:
    """Each new pixel as the weighted sum of old ones along an axis, added up from the first column to the last."""
    mixed = image_loops.mix(x, *table, axis)
    if mixed is not None:
        return mixed
    shape = [1] * x.ndim
    shape[axis] = -1
    result = None
    for index, weight in zip(table.pixel.T, table.weight.T, strict=True):
        part = np.take(x, index, axis) * weight.reshape(shape)
        result = part if result is None else np.add(result, part, out=result)
    assert result is not None
    return result


def unmix(dy: Array, table: Mixture, size: int, axis: int) -> Array:
    """Give each old pixel its share of the gradients of the new ones that it went into."""
    added = image_loops.unmix(dy, *table, size, axis)
    if added is not None:
        return added
    shape = [1] * dy.ndim
    shape[axis] = -1
    result: Array | None = None
    for index, weight in zip(table.pixel.T, table.weight.T, strict=True):
        part = add_up(dy * weight.reshape(shape).astype(dy.dtype), index, size, axis)
        result = part if result is None else np.add(result, part, out=result)
    assert result is not None
    return result


def add_up(x: Array, index: NDArray[np.intp], size: int, axis: int) -> Array:
    """Sum the slices of `x` that have the same index, which must not decrease; slices without one are 0."""
    shape = list(x.shape)
    shape[axis] = size
    result = np.zeros(shape, x.dtype)
    if index.size and result.size:
        starts = np.flatnonzero(np.diff(index, prepend=-1))
        selection: list[Any] = [slice(None)] * x.ndim
        selection[axis] = index[starts]
        result[tuple(selection)] = np.add.reduceat(x, starts, axis, dtype=x.dtype)
    return result


# ---- nearest neighbor ----------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=KEPT)
def nearest(size: int, new_size: int, align_corners: bool, half_pixel_centers: bool) -> NDArray[np.intp]:
    """The old pixel that each new one is a copy of."""
    scale = pixel_scale(size, new_size, align_corners)
    i = np.arange(new_size, dtype=np.float32)
    x = (i + HALF) * scale if half_pixel_centers else i * scale
    x = round_half_up(x) if align_corners else np.floor(x)
    return np.clip(x.astype(np.intp), 0, size - 1)


# ---- bilinear ------------------------------------------------------------------------------------------------------


class Between(NamedTuple):
    """New pixels between two old ones: the numbers of both, and how far each is from the lower one."""

    lower: NDArray[np.intp]
    upper: NDArray[np.intp]
    way: Floats

    def table(self) -> Mixture:
        """The same as a mixture of two."""
        return Mixture(np.stack([self.lower, self.upper], 1), np.stack([ONE - self.way, self.way], 1))


@functools.lru_cache(maxsize=KEPT)
def between(size: int, new_size: int, align_corners: bool, half_pixel_centers: bool) -> Between:
    """Find the two neighbours of each new pixel; at the border both are the last old pixel."""
    x = places(new_size, pixel_scale(size, new_size, align_corners), half_pixel_centers)
    floor = np.floor(x)
    lower = np.maximum(floor.astype(np.intp), 0)
    upper = np.minimum(np.ceil(x).astype(np.intp), size - 1)
    return Between(lower, upper, x - floor)


def interpolate(x: Floats, pixels: Between, axis: int) -> Floats:
    """Go from the lower neighbour the given part of the way to the upper one."""
    mixed = image_loops.between_rows(x, *pixels, axis)
    if mixed is not None:
        return mixed
    shape = [1] * x.ndim
    shape[axis] = -1
    low = np.take(x, pixels.lower, axis)
    step = np.take(x, pixels.upper, axis)
    step -= low
    step *= pixels.way.reshape(shape)
    low += step
    return low


def resize_bilinear(images: Array, height: int, width: int, align_corners: bool, half_pixel_centers: bool) -> Floats:
    """Interpolate in each row between columns, then between rows."""
    x = images.astype(np.float32, copy=False)
    if (height, width) == x.shape[1:3]:
        return x.copy()
    # Rows that no new pixel lies next to need not be widened first.
    rows = between(x.shape[1], height, align_corners, half_pixel_centers)
    used, place = np.unique(np.concatenate([rows.lower, rows.upper]), return_inverse=True)
    x = interpolate(x[:, used], between(x.shape[2], width, align_corners, half_pixel_centers), 2)
    return interpolate(x, Between(place[:height], place[height:], rows.way), 1)


def resize_bilinear_grad(
    dy: Floats, height: int, width: int, align_corners: bool, half_pixel_centers: bool, dtype: DTypeLike
) -> Array:
    """Give each old pixel its share of the gradients."""
    dy = dy.astype(dtype)
    if (height, width) == dy.shape[1:3]:
        return dy
    dy = unmix(dy, between(height, dy.shape[1], align_corners, half_pixel_centers).table(), height, 1)
    return unmix(dy, between(width, dy.shape[2], align_corners, half_pixel_centers).table(), width, 2)


# ---- bicubic -------------------------------------------------------------------------------------------------------

STEPS = 1024  # the cubic curves are read from a table with so many places between two pixels


def cubic_table(a: float) -> tuple[Floats, Floats]:
    """The curve of cubic convolution for distances from 0 to 1, and for those from 1 to 2.

    `a` is its slope at distance 1: -0.5 is Keys's choice, which is exact for parabolas.
    """
    x = (np.arange(STEPS + 1) / STEPS).astype(np.float32).astype(np.float64)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    x = x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return near.astype(np.float32), far.astype(np.float32)


@functools.lru_cache(maxsize=KEPT)
def cubic(size: int, new_size: int, align_corners: bool, half_pixel_centers: bool) -> Mixture:
    """The four neighbours of each new pixel and their weights.

    Beyond the border the last pixel is repeated; with `half_pixel_centers` it is left out instead, and the other
    weights are scaled to the sum 1.
    """
    x = places(new_size, pixel_scale(size, new_size, align_corners), half_pixel_centers)
    floor = np.floor(x)
    step = np.rint((x - floor) * np.float32(STEPS)).astype(np.intp)
    near, far = cubic_table(-0.5 if half_pixel_centers else -0.75)
    weight = np.stack([far[step], near[step], near[STEPS - step], far[STEPS - step]], 1)
    wanted = floor.astype(np.intp)[:, None] + np.arange(-1, 3)
    index = np.clip(wanted, 0, size - 1)
    if half_pixel_centers:
        weight[index != wanted] = 0
        total = weight[:, 0] + weight[:, 1] + weight[:, 2] + weight[:, 3]
        weight *= (ONE / total)[:, None]
    return Mixture(index, weight)


def resize_bicubic(images: Array, height: int, width: int, align_corners: bool, half_pixel_centers: bool) -> Floats:
    """Mix four rows, then four columns."""
    x = images.astype(np.float32)
    x = mix(x, cubic(x.shape[1], height, align_corners, half_pixel_centers), 1)
    return mix(x, cubic(x.shape[2], width, align_corners, half_pixel_centers), 2)


def resize_bicubic_grad(
    dy: Floats, height: int, width: int, align_corners: bool, half_pixel_centers: bool, dtype: DTypeLike
) -> Array:
    """Give each old pixel its share of the gradients."""
    dy = dy.astype(dtype)
    dy = unmix(dy, cubic(height, dy.shape[1], align_corners, half_pixel_centers), height, 1)
    return unmix(dy, cubic(width, dy.shape[2], align_corners, half_pixel_centers), width, 2)


# ---- area ----------------------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=KEPT)
def area(size: int, new_size: int, align_corners: bool) -> Mixture:
    """New pixels as stretches of the axis: an old pixel counts as far as it lies in the stretch."""
    scale = pixel_scale(size, new_size, align_corners)
    i = np.arange(new_size, dtype=np.float32)
    begin, end = i * scale, (i + ONE) * scale
    first = np.floor(begin).astype(np.intp)
    last = np.ceil(end).astype(np.intp)  # the one behind it
    wanted = first[:, None] + np.arange(max(int((last - first).max()), 1))
    left, right = np.maximum(wanted, begin[:, None]), np.minimum(wanted + 1, end[:, None])
    weight = np.where(wanted < last[:, None], right - left, 0).astype(np.float32) / scale
    return Mixture(np.clip(wanted, 0, size - 1), weight)


def resize_area(images: Array, height: int, width: int, align_corners: bool) -> Floats:
    """Average the old pixels under each new one."""
    x = images.astype(np.float32)
    x = mix(x, area(x.shape[2], width, align_corners), 2)
    return mix(x, area(x.shape[1], height, align_corners), 1)


# ---- any curve -----------------------------------------------------------------------------------------------------


def _lanczos(radius: int) -> Any:
    def curve(x: Floats) -> Floats:
        at = np.pi * np.maximum(x, np.float32(1e-3)).astype(np.float64)
        value = radius * np.sin(at) * np.sin(at / radius) / (at * at)
        return np.where(x > radius, 0, np.where(x <= 1e-3, 1, value)).astype(np.float32)

    return radius, curve


def _gaussian(x: Floats) -> Floats:
    sigma = 1.5 / 3
    return np.where(x >= 1.5, 0, np.exp(-(x.astype(np.float64) ** 2) / (2 * sigma * sigma))).astype(np.float32)


def _box(x: Floats) -> Floats:
    return np.where(x < HALF, 1, np.where(x == HALF, 0.5, 0)).astype(np.float32)


def _triangle(x: Floats) -> Floats:
    return np.maximum(ONE - x, np.float32(0))


def _keys(x: Floats) -> Floats:
    near = ((np.float32(1.5) * x - np.float32(2.5)) * x) * x + ONE
    far = ((np.float32(-0.5) * x + np.float32(2.5)) * x - np.float32(4)) * x + np.float32(2)
    return np.where(x >= 2, 0, np.where(x >= 1, far, near)).astype(np.float32)


def _mitchell(x: Floats) -> Floats:
    near = ((np.float32(7 / 6) * x - np.float32(2)) * x) * x + np.float32(8 / 9)
    far = ((np.float32(-7 / 18) * x + np.float32(2)) * x - np.float32(10 / 3)) * x + np.float32(16 / 9)
    return np.where(x >= 2, 0, np.where(x >= 1, far, near)).astype(np.float32)


# How far a curve reaches, and its height at a distance.
CURVES: dict[str, tuple[float, Any]] = {
    "lanczos1": _lanczos(1),
    "lanczos3": _lanczos(3),
    "lanczos5": _lanczos(5),
    "gaussian": (1.5, _gaussian),
    "box": (1.0, _box),
    "triangle": (1.0, _triangle),
    "keyscubic": (2.0, _keys),
    "mitchellcubic": (2.0, _mitchell),
}


def spread(
    size: int, new_size: int, scale: np.float32, translation: np.float32, curve: str, antialias: bool
) -> Mixture:
    """The old pixels within reach of a curve around each new one.

    With `antialias` the curve is widened where the image becomes smaller, so that no old pixel is passed over.
    """
    radius, height = CURVES[curve]
    inverse = ONE / scale
    stretch = max(inverse, ONE) if antialias else ONE
    x = (np.arange(new_size, dtype=np.float32) + HALF) * inverse - inverse * translation
    reach = np.float32(radius) * stretch
    first = np.clip(np.ceil(x - reach - HALF).astype(np.intp), 0, size - 1)
    last = np.clip(np.floor(x + reach - HALF).astype(np.intp), 0, size - 1)
    wanted = first[:, None] + np.arange(int((last - first).max(initial=0)) + 1)
    weight = height(np.abs((wanted.astype(np.float32) + HALF - x[:, None]) * (ONE / stretch)))
    weight[(wanted > last[:, None]) | (x < 0)[:, None] | (x > size)[:, None]] = 0
    total = weight.sum(axis=1, dtype=np.float32)
    solid = np.abs(total) >= 1000 * np.finfo(np.float32).tiny
    weight *= np.where(solid, ONE / np.where(solid, total, ONE), np.float32(0))[:, None]
    return Mixture(np.clip(wanted, 0, size - 1), weight)


def scale_and_translate(
    images: Array, height: int, width: int, scale: Floats, translation: Floats, curve: str, antialias: bool
) -> Floats:
    """Mix rows, then columns, by a curve."""
    x = images.astype(np.float32)
    x = mix(x, spread(x.shape[1], height, scale[0], translation[0], curve, antialias), 1)
    return mix(x, spread(x.shape[2], width, scale[1], translation[1], curve, antialias), 2)


def scale_and_translate_grad(
    dy: Floats, height: int, width: int, scale: Floats, translation: Floats, curve: str, antialias: bool
) -> Floats:
    """Give each old pixel its share of the gradients."""
    dy = unmix(dy, spread(height, dy.shape[1], scale[0], translation[0], curve, antialias), height, 1)
    return unmix(dy, spread(width, dy.shape[2], scale[1], translation[1], curve, antialias), width, 2)


# ---- checks --------------------------------------------------------------------------------------------------------


def require(condition: Any, message: str) -> None:
    """InvalidArgumentError unless the condition holds."""
    if not condition:
        raise InvalidArgumentError(None, None, message)


def new_sizes(images: Array, size: Array) -> tuple[int, int]:
    """Check an image and the size it is to get; return height and width."""
    brackets = "[" + ",".join(str(n) for n in images.shape) + "]"
    require(images.ndim == 4, f"input must be 4-dimensional{brackets}")
    shape = "[" + ",".join(str(n) for n in np.shape(size)) + "]"
    require(np.ndim(size) == 1, f"shape_t must be 1-dimensional{shape}")
    require(np.size(size) == 2, f"shape_t must have two elements{shape}")
    height, width = (int(n) for n in size)
    require(height > 0 and width > 0, "output dimensions must be positive")
    require(images.shape[3] > 0, "image must have at least one channel")
    require(images.shape[1] > 0 and images.shape[2] > 0, "input image must be of non-zero size")
    return height, width

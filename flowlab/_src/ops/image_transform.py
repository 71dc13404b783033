"""Images flipped, turned and transposed."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops import transposing
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.cast import cast
from flowlab._src.ops.compare import equal, less
from flowlab._src.ops.cond import case, cond
from flowlab._src.ops.division import floormod
from flowlab._src.ops.image_checks import at_least_3d, wrong_rank
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.random import random_uniform
from flowlab._src.ops.reshaping import reshape
from flowlab._src.ops.transcendental import round_
from flowlab._src.ops.transposing import reverse
from flowlab._src.util.export import export


@export("image.flip_left_right")
def flip_left_right(image: Any) -> Tensor:
    """Mirror images: left becomes right.

    Parameters
    ----------
    image : Tensor, shape (batch, height, width, channels) or (height, width, channels)

    Returns
    -------
    Tensor of the same type and shape

    Raises
    ------
    ValueError
        If `image` has not 3 or 4 axes.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.image.flip_left_right([[[1], [2], [3]]])).ravel()
    array([3, 2, 1], dtype=int32)
    """
    return _flip(image, 1, "flip_left_right")


@export("image.flip_up_down")
def flip_up_down(image: Any) -> Tensor:
    """Turn images upside down, as in a mirror on the floor.

    Parameters
    ----------
    image : Tensor, shape (batch, height, width, channels) or (height, width, channels)

    Returns
    -------
    Tensor of the same type and shape

    Raises
    ------
    ValueError
        If `image` has not 3 or 4 axes.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.image.flip_up_down([[[1]], [[2]]])).ravel()
    array([2, 1], dtype=int32)
    """
    return _flip(image, 0, "flip_up_down")


def _flip(image: Any, axis: int, scope: str) -> Tensor:
    with name_scope(None, scope, [image]):
        image = at_least_3d(convert(image, None, "image"))
        if image.shape.ndims in (3, None):
            return _with_known_rank(image, reverse(image, [axis]))
        if image.shape.ndims == 4:
            return reverse(image, [axis + 1])
        raise wrong_rank(image)


def _with_known_rank(image: Tensor, result: Tensor) -> Tensor:
    """A result of which nothing is known has at least three axes."""
    result.set_shape([None] * 3 if image.shape.ndims is None else image.shape)
    return result


@export("image.random_flip_left_right")
def random_flip_left_right(image: Any, seed: int | None = None) -> Tensor:
    """Mirror images with the chance 1/2, each image of a batch by itself.

    Parameters
    ----------
    image : Tensor, shape (batch, height, width, channels) or (height, width, channels)
    seed : int, optional
        See `tf.set_random_seed`.

    Returns
    -------
    Tensor of the same type and shape

    Raises
    ------
    ValueError
        If `image` has not 3 or 4 axes.

    Examples
    --------
    >>> image = tf.image.random_flip_left_right([[[1], [2], [3]]], seed=1)
    >>> with tf.Session() as sess:
    ...     for _ in range(4):
    ...         print(sess.run(image).ravel())
    [3 2 1]
    [3 2 1]
    [3 2 1]
    [1 2 3]
    """
    return _random_flip(image, 1, seed, "random_flip_left_right")


@export("image.random_flip_up_down")
def random_flip_up_down(image: Any, seed: int | None = None) -> Tensor:
    """Turn images upside down with the chance 1/2, each image of a batch by itself.

    Parameters
    ----------
    image : Tensor, shape (batch, height, width, channels) or (height, width, channels)
    seed : int, optional
        See `tf.set_random_seed`.

    Returns
    -------
    Tensor of the same type and shape

    Raises
    ------
    ValueError
        If `image` has not 3 or 4 axes.
    """
    return _random_flip(image, 0, seed, "random_flip_up_down")


def _random_flip(image: Any, axis: int, seed: int | None, scope: str) -> Tensor:
    with name_scope(None, scope, [image]) as scope:
        image = at_least_3d(convert(image, None, "image"))
        if image.shape.ndims in (3, None):
            drawn = random_uniform([], 0, 1.0, seed=seed)
            mirror = less(drawn, 0.5)
            return _with_known_rank(image, cond(mirror, lambda: reverse(image, [axis]), lambda: image, name=scope))
        if image.shape.ndims == 4:
            batch = shape_of(image)[0]
            drawn = random_uniform([batch], 0, 1.0, seed=seed)
            flips = round_(reshape(drawn, [batch, 1, 1, 1]))
            flips = cast(flips, image.dtype)
            flipped = reverse(image, [axis + 1])
            return flips * flipped + (1 - flips) * image
        raise wrong_rank(image)


@export("image.rot90")
def rot90(image: Any, k: Any = 1, name: str | None = None) -> Tensor:
    """Turn images counter-clockwise by quarters.

    Parameters
    ----------
    image : Tensor, shape (batch, height, width, channels) or (height, width, channels)
    k : int or scalar int32 Tensor
        How many quarters; any whole number.
    name : str, optional

    Returns
    -------
    Tensor of the same type
        Height and width are not known while building: they change places when `k` is odd.

    Raises
    ------
    ValueError
        If `image` has not 3 or 4 axes.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.image.rot90([[[1], [2]], [[3], [4]]]))[:, :, 0]
    array([[2, 4],
           [1, 3]], dtype=int32)
    """
    with name_scope(name, "rot90", [image, k]) as scope:
        image = at_least_3d(convert(image, None, "image"))
        k = convert(k, dtypes.int32, "k")
        if k.shape.ndims not in (0, None):
            raise misuse(ValueError(f"Shape {k.shape} must have rank 0"), inputs=f"k = '{k.name}' {k.shape}")
        k = floormod(k, 4, name="mod")
        dims = image._shape._dims
        if dims is not None and len(dims) not in (3, 4):
            raise wrong_rank(image)
        rows = 1 if dims is not None and len(dims) == 4 else 0
        exchanged = [0, 2, 1, 3] if rows else [1, 0, 2]
        quarters = [
            (equal(k, 1), lambda: transposing.transpose(reverse(image, [rows + 1]), exchanged)),
            (equal(k, 2), lambda: reverse(image, [rows, rows + 1])),
            (equal(k, 3), lambda: reverse(transposing.transpose(image, exchanged), [rows + 1])),
        ]
        result: Tensor = case(quarters, default=lambda: image, exclusive=True, name=scope)
        result.set_shape([None, None, None] if dims is None else [*dims[:-3], None, None, dims[-1]])
        return result


@export("image.transpose_image", "image.transpose")
def transpose_image(image: Any, name: str | None = None) -> Tensor:
    """Exchange the rows and the columns of images.

    Parameters
    ----------
    image : Tensor, shape (batch, height, width, channels) or (height, width, channels)
    name : str, optional

    Returns
    -------
    Tensor, shape (batch, width, height, channels) or (width, height, channels)

    Raises
    ------
    ValueError
        If `image` has not 3 or 4 axes.

    Examples
    --------
    >>> tf.image.transpose_image(tf.zeros([8, 6, 3])).shape.as_list()
    [6, 8, 3]
    """
    with name_scope(name, "transpose", [image]):
        image = at_least_3d(convert(image, None, "image"))
        if image.shape.ndims in (3, None):
            return transposing.transpose(image, [1, 0, 2], name=name or "transpose")
        if image.shape.ndims == 4:
            return transposing.transpose(image, [0, 2, 1, 3], name=name or "transpose")
        raise wrong_rank(image)

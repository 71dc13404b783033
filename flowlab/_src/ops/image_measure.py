"""Measures of images: how much two differ (PSNR, SSIM), how rough one is, where its edges are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.scopes import control_dependencies, name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.arithmetic import squared_difference, subtract
from flowlab._src.ops.array_shape import shape_n, shape_of, size
from flowlab._src.ops.assertion import assert_
from flowlab._src.ops.cast import cast
from flowlab._src.ops.compare import equal, greater_equal, not_equal
from flowlab._src.ops.cond import cond
from flowlab._src.ops.constant import constant
from flowlab._src.ops.fill import zeros
from flowlab._src.ops.identity import identity
from flowlab._src.ops.image_color import convert_image_dtype
from flowlab._src.ops.joining import concat, stack, unstack
from flowlab._src.ops.magnitude import abs_
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.nn_activation import relu
from flowlab._src.ops.nn_depthwise import depthwise_conv2d
from flowlab._src.ops.nn_pool import avg_pool
from flowlab._src.ops.nn_softmax import softmax
from flowlab._src.ops.padding import pad, tile
from flowlab._src.ops.powers import pow_, square
from flowlab._src.ops.reduce import reduce_all, reduce_any, reduce_mean, reduce_prod, reduce_sum
from flowlab._src.ops.reshaping import expand_dims, reshape
from flowlab._src.ops.sequences import range_
from flowlab._src.ops.transcendental import log
from flowlab._src.util.export import export

# ---- one image -----------------------------------------------------------------------------------------------------


@export("image.total_variation")
def total_variation(images: Any, name: str | None = None) -> Tensor:
    """Sum the absolute differences of neighbouring pixels: a measure of noise, and a loss that smooths.

    Parameters
    ----------
    images : Tensor, shape (batch, height, width, channels) or (height, width, channels)
    name : str, optional

    Returns
    -------
    Tensor, shape (batch,) or ()

    Raises
    ------
    ValueError
        If `images` has not 3 or 4 axes.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     print(sess.run(tf.image.total_variation(tf.constant([[[0.0], [1.0]], [[3.0], [1.0]]]))))
    6.0
    """
    with name_scope(name, "total_variation"):
        images = images if hasattr(images, "get_shape") else convert(images, None, "images")
        axes: list[int] | None = None
        if images.shape.ndims == 3:
            down = images[1:, :, :] - images[:-1, :, :]
            along = images[:, 1:, :] - images[:, :-1, :]
        elif images.shape.ndims == 4:
            down = images[:, 1:, :, :] - images[:, :-1, :, :]
            along = images[:, :, 1:, :] - images[:, :, :-1, :]
            axes = [1, 2, 3]
        else:
            raise misuse(
                ValueError("'images' must be either 3 or 4-dimensional."), inputs=f"images has the shape {images.shape}"
            )
        result = reduce_sum(abs_(down), axis=axes) + reduce_sum(abs_(along), axis=axes)
    return result


@export("image.image_gradients")
def image_gradients(image: Any) -> tuple[Tensor, Tensor]:
    """Return the differences from each pixel to the next, downwards and to the right.

    Parameters
    ----------
    image : Tensor, shape (batch, height, width, channels)

    Returns
    -------
    (Tensor, Tensor)
        dy and dx, of the shape of `image`: the last row of dy and the last column of dx are 0.

    Raises
    ------
    ValueError
        If `image` has not 4 axes.

    Examples
    --------
    >>> dy, dx = tf.image.image_gradients(tf.reshape(tf.range(4.0), [1, 2, 2, 1]))
    >>> with tf.Session() as sess:
    ...     print(*[v.ravel() for v in sess.run([dy, dx])])
    [2. 2. 0. 0.] [1. 0. 1. 0.]
    """
    image = image if hasattr(image, "get_shape") else convert(image, None, "image")
    if image.shape.ndims != 4:
        message = f"image_gradients expects a 4D tensor [batch_size, h, w, d], not {image.shape}."
        raise misuse(ValueError(message))
    sizes = shape_of(image)
    batch, height, width, depth = unstack(sizes)
    dy = image[:, 1:, :, :] - image[:, :-1, :, :]
    dx = image[:, :, 1:, :] - image[:, :, :-1, :]
    last_row = stack([batch, 1, width, depth])
    dy = reshape(concat([dy, zeros(last_row, image.dtype)], 1), sizes)
    last_column = stack([batch, height, 1, depth])
    dx = reshape(concat([dx, zeros(last_column, image.dtype)], 2), sizes)
    return dy, dx


SOBEL = [[[-1, -2, -1], [0, 0, 0], [1, 2, 1]], [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]]


@export("image.sobel_edges")
def sobel_edges(image: Any) -> Tensor:
    """Return how steeply the brightness changes, downwards and to the right, by Sobel's filters.

    Parameters
    ----------
    image : float32 or float64 Tensor, shape (batch, height, width, channels)

    Returns
    -------
    Tensor, shape (batch, height, width, channels, 2)
        dy and dx of each channel.

    Examples
    --------
    >>> image = tf.reshape([0.0, 0, 1, 0, 0, 1, 0, 0, 1], [1, 3, 3, 1])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.image.sobel_edges(image))[0, 1, :, 0, 1]  # dx along the middle row
    array([0., 4., 0.], dtype=float32)
    """
    image = image if hasattr(image, "get_shape") else convert(image, None, "image")
    static = image.shape
    sizes = shape_of(image)
    pattern = np.expand_dims(np.transpose(np.asarray(SOBEL), (1, 2, 0)), -2)
    filters = constant(pattern, dtype=image.dtype.base_dtype)
    filters = tile(filters, [1, 1, sizes[-1], 1], name="sobel_filters")
    padded = pad(image, [[0, 0], [1, 1], [1, 1], [0, 0]], mode="REFLECT")
    edges = depthwise_conv2d(padded, filters, [1, 1, 1, 1], "VALID")
    edges = reshape(edges, concat([sizes, [len(SOBEL)]], 0))
    edges.set_shape(static.concatenate([len(SOBEL)]))
    return edges


# ---- two images ----------------------------------------------------------------------------------------------------


def _comparable(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor, list[Operation]]:
    """The shapes of two batches of images, and the checks that the images have the same sizes."""
    shapes = []
    for image in (a, b):
        dims = image.shape._dims
        if dims is not None and len(dims) < 3:
            raise misuse(ValueError(f"Shape {image.shape} must have rank at least 3"))
        shapes.append(dims)
    first, second = shapes
    if first is not None and second is not None:
        if not a.shape[-3:].is_compatible_with(b.shape[-3:]):
            raise misuse(ValueError(f"Shapes {a.shape[-3:]} and {b.shape[-3:]} are incompatible"))
        for m, n in zip(reversed(first[:-3]), reversed(second[:-3]), strict=False):
            if m != 1 and n != 1 and None not in (m, n) and m != n:
                raise misuse(ValueError(f"Two images are not compatible: {a.shape} and {b.shape}"))
    shape_a, shape_b = shape_n([a, b])
    checks = [
        assert_(greater_equal(size(shape_a), 3), [shape_a, shape_b], summarize=10),
        assert_(reduce_all(equal(shape_a[-3:], shape_b[-3:])), [shape_a, shape_b], summarize=10),
    ]
    return shape_a, shape_b, checks


@export("image.psnr")
def psnr(a: Any, b: Any, max_val: Any, name: str | None = None) -> Tensor:
    """Return the peak signal-to-noise ratio of two images, in decibels: the more the better.

    Parameters
    ----------
    a, b : Tensor, shape (..., height, width, channels)
    max_val : float
        The difference between the largest and the smallest value that pixels can have.
    name : str, optional

    Returns
    -------
    Tensor, shape (...), float32
        10 log10(max_val² / mean squared error).

    Raises
    ------
    ValueError
        If the shapes are known not to fit.

    Examples
    --------
    >>> a, b = tf.zeros([1, 2, 2, 1]), tf.fill([1, 2, 2, 1], 0.1)
    >>> with tf.Session() as sess:
    ...     sess.run(tf.image.psnr(a, b, max_val=1.0))
    array([20.], dtype=float32)
    """
    with name_scope(name, "PSNR", [a, b]):
        a = a if hasattr(a, "dtype") else convert(a, None, "a")
        max_val = cast(max_val, a.dtype)
        max_val = convert_image_dtype(max_val, dtypes.float32)
        a = convert_image_dtype(a, dtypes.float32)
        b = convert_image_dtype(b, dtypes.float32)
        mse = reduce_mean(squared_difference(a, b), [-3, -2, -1])
        ratio = subtract(
            20 * log(max_val) / log(10.0), np.float32(10 / np.log(10)) * log(mse), name="psnr"
        )  # fmt: skip
        _, _, checks = _comparable(a, b)
        with control_dependencies(checks):
            return identity(ratio)


def _luminance_and_structure(
    x: Tensor, y: Tensor, mean: Callable[[Tensor], Tensor], max_val: Any, k1: float, k2: float
) -> tuple[Tensor, Tensor]:
    """The two factors of SSIM: do the windows agree in brightness, and in contrast and structure?"""
    c1 = (k1 * max_val) ** 2
    c2 = (k2 * max_val) ** 2
    mean_x = mean(x)
    mean_y = mean(y)
    product = mean_x * mean_y * 2.0
    squares = square(mean_x) + square(mean_y)
    luminance = (product + c1) / (squares + c1)
    covariance = mean(x * y) * 2.0
    variances = mean(square(x) + square(y))
    c2 *= 1.0  # TensorFlow makes this node: a place to compensate for the bias of the variances
    structure = (covariance - product + c2) / (variances - squares + c2)
    return luminance, structure


def _gaussian(size: Tensor, sigma: Tensor) -> Tensor:
    """A window of weights that fall off from its middle and have the sum 1; shape (size, size, 1, 1)."""
    size = convert(size, dtypes.int32)
    sigma = convert(sigma)
    places = cast(range_(size), sigma.dtype)
    places -= cast(size - 1, sigma.dtype) / 2.0
    g = square(places)
    g *= -0.5 / square(sigma)
    g = reshape(g, shape=[1, -1]) + reshape(g, shape=[-1, 1])
    g = reshape(g, shape=[1, -1])
    g = softmax(g)
    return reshape(g, shape=[size, size, 1, 1])


def _ssim_per_channel(
    a: Tensor, b: Tensor, max_val: Any, filter_size: int, filter_sigma: float, k1: float, k2: float
) -> tuple[Tensor, Tensor]:
    """SSIM and its factor for structure, means over all windows."""
    width = constant(filter_size, dtype=dtypes.int32)
    sigma = constant(filter_sigma, dtype=a.dtype)
    shape_a, shape_b = shape_n([a, b])
    checks = [
        assert_(reduce_all(greater_equal(shape[-3:-1], width)), [shape, width], summarize=8)
        for shape in (shape_a, shape_b)
    ]
    with control_dependencies(checks):
        a = identity(a)
    window = _gaussian(width, sigma)
    window = tile(window, multiples=[1, 1, shape_a[-1], 1])

    def mean(x: Tensor) -> Tensor:
        shape = shape_of(x)
        flat = reshape(x, shape=concat([[-1], shape[-3:]], 0))
        y = depthwise_conv2d(flat, window, strides=[1, 1, 1, 1], padding="VALID")
        return reshape(y, concat([shape[:-3], shape_of(y)[1:]], 0))

    luminance, structure = _luminance_and_structure(a, b, mean, max_val, k1, k2)
    axes = constant([-3, -2], dtype=dtypes.int32)
    return reduce_mean(luminance * structure, axes), reduce_mean(structure, axes)


@export("image.ssim")
def ssim(
    img1: Any,
    img2: Any,
    max_val: Any,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
) -> Tensor:
    """Return the structural similarity of two images: 1 for equal ones, nearer to what the eye sees than PSNR.

    Parameters
    ----------
    img1, img2 : Tensor, shape (..., height, width, channels)
        At least `filter_size` pixels wide and high.
    max_val : float
        The difference between the largest and the smallest value that pixels can have.
    filter_size, filter_sigma : int, float
        Size of the windows compared, and how their weights fall off, in pixels.
    k1, k2 : float
        Keep small means and variances from being divided by.

    Returns
    -------
    Tensor, shape (...), float32
        From -1 to 1, the mean over windows and channels.

    Raises
    ------
    ValueError
        If the shapes are known not to fit.
    tf.errors.InvalidArgumentError
        When run with images smaller than the window.

    Examples
    --------
    >>> a = tf.random_uniform([1, 16, 16, 3], seed=1)
    >>> with tf.Session() as sess:
    ...     sess.run(tf.image.ssim(a, a, max_val=1.0))
    array([1.], dtype=float32)

    References
    ----------
    Wang and others, "Image quality assessment: from error visibility to structural similarity", 2004.
    """
    img1 = img1 if hasattr(img1, "get_shape") else convert(img1, None, "img1")
    img2 = img2 if hasattr(img2, "get_shape") else convert(img2, None, "img2")
    _, _, checks = _comparable(img1, img2)
    with control_dependencies(checks):
        img1 = identity(img1)
    max_val = cast(max_val, img1.dtype)
    max_val = convert_image_dtype(max_val, dtypes.float32)
    img1 = convert_image_dtype(img1, dtypes.float32)
    img2 = convert_image_dtype(img2, dtypes.float32)
    per_channel, _ = _ssim_per_channel(img1, img2, max_val, filter_size, filter_sigma, k1, k2)
    return reduce_mean(per_channel, [-1])


MSSSIM_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


@export("image.ssim_multiscale")
def ssim_multiscale(
    img1: Any,
    img2: Any,
    max_val: Any,
    power_factors: Sequence[float] = MSSSIM_WEIGHTS,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
) -> Tensor:
    """Return the structural similarity of two images, compared at several sizes: each half the one before.

    Parameters
    ----------
    img1, img2 : Tensor, shape (..., height, width, channels)
        The smallest size must still have `filter_size` rows and columns: 176 by default.
    max_val, filter_size, filter_sigma, k1, k2
        See `tf.image.ssim`.
    power_factors : sequence of float
        The weight of each size, the largest first.

    Returns
    -------
    Tensor, shape (...), float32
        From 0 to 1.

    Raises
    ------
    ValueError
        If the shapes are known not to fit.
    tf.errors.InvalidArgumentError
        When run with images that are too small.

    References
    ----------
    Wang, Simoncelli and Bovik, "Multiscale structural similarity for image quality assessment", 2003.
    """
    with name_scope(None, "MS-SSIM", [img1, img2]):
        img1 = convert(img1, None, "img1")
        img2 = convert(img2, None, "img2")
        shape1, shape2, checks = _comparable(img1, img2)
        with control_dependencies(checks):
            img1 = identity(img1)
        max_val = cast(max_val, img1.dtype)
        max_val = convert_image_dtype(max_val, dtypes.float32)
        images = [convert_image_dtype(img1, dtypes.float32), convert_image_dtype(img2, dtypes.float32)]
        batches = [shape[:-3] for shape in (shape1, shape2)]
        sizes = [shape[-3:] for shape in (shape1, shape2)]
        halves = [1, 2, 2, 1]
        divisor = constant(halves[1:], dtype=dtypes.int32)
        structures: list[Tensor] = []
        for k in range(len(power_factors)):
            with name_scope(None, f"Scale{k}", images):
                if k > 0:
                    flat = [reshape(x, concat([[-1], t], 0)) for x, t in zip(images, sizes, strict=True)]
                    remainder = sizes[0] % divisor
                    is_odd = reduce_any(not_equal(remainder, 0))
                    padded = cond(is_odd, lambda f=flat, r=remainder: _made_even(f, r), lambda f=flat: f)  # type: ignore[misc]
                    smaller = [avg_pool(x, ksize=halves, strides=halves, padding="VALID") for x in padded]
                    sizes = [shape[1:] for shape in shape_n(smaller)]
                    images = [
                        reshape(x, concat([h, t], 0)) for x, h, t in zip(smaller, batches, sizes, strict=True)
                    ]  # fmt: skip
                per_channel, structure = _ssim_per_channel(
                    images[0], images[1], max_val, filter_size, filter_sigma, k1, k2
                )
                structures.append(relu(structure))
        structures.pop()  # the last size counts with its whole similarity
        factors = stack([*structures, relu(per_channel)], axis=-1)
        product = reduce_prod(pow_(factors, power_factors), [-1])
        return reduce_mean(product, [-1])


def _made_even(images: list[Tensor], remainder: Tensor) -> list[Tensor]:
    """Images with the last row and column repeated where their number is odd."""
    paddings = expand_dims(remainder, -1)
    paddings = pad(paddings, [[1, 0], [1, 0]])
    return [pad(x, paddings, mode="SYMMETRIC") for x in images]

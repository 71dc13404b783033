"""Samples of images of another size: ops/image_resize.py and `crop_and_resize` of ops/image_crop.py."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from tests.ops.sample import Failure, Sample

X = np.sin(np.arange(2 * 5 * 4 * 2) * 1.7).reshape(2, 5, 4, 2).astype(np.float32)
ONE = np.linspace(-1, 1, 18, dtype=np.float32).reshape(3, 3, 2)
BYTES = (np.arange(1 * 4 * 6 * 3) * 37 % 256).reshape(1, 4, 6, 3).astype(np.uint8)
WHOLE = (np.arange(3 * 5).reshape(1, 3, 5, 1) * 7 - 40).astype(np.int32)
DOUBLE = X[:1].astype(np.float64)
BOXES = np.array([[0.1, 0.2, 0.8, 0.9], [0.9, 0.0, 0.3, 1.2], [-0.4, 0.5, 0.6, 0.5], [0.0, 0.0, 1.0, 1.0]], np.float32)
WHICH = np.array([0, 1, 1, 0], np.int32)

SIZES = [(8, 9), (2, 3), (5, 4), (1, 1), (3, 7)]
ALIGNMENTS: list[dict[str, bool]] = [{}, {"align_corners": True}, {"half_pixel_centers": True}]
METHODS = {
    "ResizeBilinear": "resize_bilinear",
    "ResizeNearestNeighbor": "resize_nearest_neighbor",
    "ResizeBicubic": "resize_bicubic",
}


def resized(op: str, size: tuple[int, int], options: dict[str, bool]) -> Any:
    """A call of one of the functions that resize."""
    return lambda tf, x: getattr(tf.image, METHODS[op])(x, size, **options)


def backward(op: str, size: tuple[int, int], options: dict[str, bool]) -> Any:
    """The gradient of such a call, each pixel of the result with its own weight."""

    def call(tf: Any, x: Any) -> Any:
        y = getattr(tf.image, METHODS[op])(x, size, **options)
        weights = tf.cast(tf.reshape(tf.range(2 * size[0] * size[1] * 2), [2, *size, 2]), y.dtype) * 0.1 - 3
        return tf.gradients(y, x, grad_ys=weights)

    return call


def batch(tf: Any, x: Any) -> Any:
    """A tensor that is known to have four axes: of unknown rank it would be taken for one image."""
    return tf.ensure_shape(x, [None] * 4)


SAMPLES = [
    *[
        Sample(op, resized(op, size, options), (X,), second=False)
        for op, size, options in itertools.product(METHODS, SIZES, ALIGNMENTS)
    ],
    *[
        Sample(f"{op}Grad", backward(op, size, options), (X,), grad=False)
        for op, size, options in itertools.product(METHODS, SIZES[:3], ALIGNMENTS)
    ],
    *[Sample(op, resized(op, (3, 8), {}), (BYTES,)) for op in METHODS],
    *[Sample(op, resized(op, (2, 2), {"align_corners": True}), (WHOLE,)) for op in METHODS],
    *[Sample(op, resized(op, (4, 7), {"half_pixel_centers": True}), (DOUBLE,), second=False) for op in METHODS],
    *[Sample("ResizeArea", lambda tf, x, size=size: tf.image.resize_area(x, size), (X,), grad=False) for size in SIZES],
    Sample("ResizeArea", lambda tf, x: tf.image.resize_area(x, [3, 4]), (BYTES,), grad=False),
    Sample("ResizeArea", lambda tf, x: tf.image.resize_area(x, [3, 3], align_corners=True), (X,), grad=False),
    # resize_images: one image or several, sizes that stay, methods by number and by word
    Sample("ResizeBilinear", lambda tf, x: tf.image.resize_images(x, [4, 5]), (ONE,), second=False),
    Sample("ResizeBilinear", lambda tf, x: tf.image.resize(x, [2, 2], align_corners=True), (X,), second=False),
    Sample("ResizeBilinear", lambda tf, x: tf.image.resize_images(x, [5, 4]), (X,), second=False),
    Sample("ResizeBilinear", lambda tf, x: tf.image.resize_images(x, [3, 3]), (ONE,), second=False),
    Sample("ResizeNearestNeighbor", lambda tf, x: tf.image.resize_images(x, [4, 5], method=1), (BYTES,), exact=True),
    Sample("ResizeBicubic", lambda tf, x: tf.image.resize_images(x, [4, 5], method="bicubic"), (BYTES,)),
    Sample(
        "ResizeArea",
        lambda tf, x: tf.image.resize_images(x, [4, 5], method=tf.image.ResizeMethod.AREA),
        (X,),
        grad=False,
    ),
    Sample("ResizeBilinear", lambda tf, x, size: tf.image.resize_images(x, size), (X, np.array([3, 6], np.int32))),
    Sample("ResizeBilinear", lambda tf, x: tf.image.resize_images(x, [10, 4], preserve_aspect_ratio=True), (X,)),
    Sample("ResizeBilinear", lambda tf, x: tf.image.resize_images(x, [2, 9], preserve_aspect_ratio=True), (ONE,)),
    Sample("Pad", lambda tf, x: tf.image.resize_image_with_pad(batch(tf, x), 7, 6), (X,), second=False),
    Sample("Pad", lambda tf, x: tf.image.resize_image_with_pad(batch(tf, x), 2, 9, method=1), (BYTES,)),
    Sample("Pad", lambda tf, x: tf.image.resize_image_with_pad(x, 5, 2, align_corners=True), (ONE,)),
    *[
        Sample(
            "ScaleAndTranslate",
            lambda tf, x, kind=kind, antialias=antialias: tf.raw_ops.ScaleAndTranslate(
                images=x,
                size=[3, 6],
                scale=[0.6, 1.5],
                translation=[0.25, -0.5],
                kernel_type=kind,
                antialias=antialias,
            ),
            (X,),
            second=False,
        )
        for kind in ("lanczos1", "lanczos3", "lanczos5", "gaussian", "box", "triangle", "keyscubic", "mitchellcubic")
        for antialias in (True, False)
    ],
    Sample(
        "ScaleAndTranslateGrad",
        lambda tf, x: tf.gradients(
            tf.raw_ops.ScaleAndTranslate(images=x, size=[3, 6], scale=[0.6, 1.5], translation=[0.0, 1.0]), x
        ),
        (X,),
        grad=False,
    ),
    # boxes
    Sample(
        "CropAndResize", lambda tf, x, b, i: tf.image.crop_and_resize(x, b, i, [3, 4]), (X, BOXES, WHICH), second=False
    ),
    Sample(
        "CropAndResize",
        lambda tf, x, b, i: tf.image.crop_and_resize(x, b, box_indices=i, crop_size=[1, 5], extrapolation_value=-9),
        (X, BOXES, WHICH),
        second=False,
    ),
    Sample(
        "CropAndResize",
        lambda tf, x, b, i: tf.image.crop_and_resize(x, b, i, [4, 2], method="nearest"),
        (X, BOXES, WHICH),
        second=False,
    ),
    Sample("CropAndResize", lambda tf, x, b: tf.image.crop_and_resize(x, b, [0, 0, 0, 0], [2, 2]), (BYTES, BOXES)),
    Sample(
        "CropAndResize",
        lambda tf, x, b, i: tf.image.crop_and_resize(x, b, i, [2, 3]),
        (X, np.zeros((0, 4), np.float32), np.zeros(0, np.int32)),
        grad=False,
    ),
    *[
        Sample(
            f"CropAndResizeGrad{what}",
            lambda tf, x, b, i, which=which, method=method: tf.gradients(
                tf.image.crop_and_resize(x, b, i, [3, 4], method=method) ** 2, (x, b)[which]
            ),
            (X, BOXES, WHICH),
            grad=False,
        )
        for method in ("bilinear", "nearest")
        for which, what in enumerate(("Image", "Boxes"))
    ],
    Sample(
        "CropAndResizeGradBoxes",
        lambda tf, x, b, i: tf.gradients(tf.image.crop_and_resize(x, b, i, [1, 1]), b),
        (X, BOXES, WHICH),
        grad=False,
    ),
]

FAILURES = [
    Failure(
        "ResizeBilinear",
        lambda tf, x: tf.image.resize_bilinear(x, [0, 3]),
        (X,),
        "InvalidArgumentError",
        "output dimensions must be positive",
        run=True,
    ),
    Failure(
        "ResizeBilinear",
        lambda tf, x: tf.image.resize_bilinear(x, [2, 3, 4]),
        (X,),
        "ValueError",
        "Dimension must be 2 but is 3",
    ),
    Failure(
        "ResizeBilinear",
        lambda tf, x: tf.image.resize_bilinear(x, [2, 3]),
        (ONE,),
        "ValueError",
        "Shape must be rank 4 but is rank 3",
    ),
    Failure(
        "ResizeBilinear",
        lambda tf, x: tf.image.resize_bilinear(x, [2, 3]),
        (ONE,),
        "InvalidArgumentError",
        "must be 4-dimensional|rank 4",
        run=True,
    ),
    Failure(
        "ResizeBilinear",
        lambda tf, x: tf.image.resize_bilinear(x, [2, 3], align_corners=True, half_pixel_centers=True),
        (X,),
        "InvalidArgumentError",
        "If half_pixel_centers is True, align_corners must be False",
        run=True,
    ),
    Failure(
        "ResizeBilinear",
        lambda tf, x: tf.image.resize_images(x, [2]),
        (X,),
        "ValueError",
        "'size' must be a 1-D Tensor of 2 elements",
    ),
    Failure(
        "ResizeBilinear",
        lambda tf, x: tf.image.resize_images(x, [2, 2], method=9),
        (X,),
        "ValueError",
        "Resize method is not implemented",
    ),
    Failure(
        "ResizeBilinear",
        lambda tf, x: tf.image.resize_images(x, [2, 2]),
        (X[0, 0],),
        "ValueError",
        "'images' must have either 3 or 4 dimensions",
    ),
    Failure(
        "ResizeBilinear",
        lambda tf, x: tf.image.resize_images(x, [2, 2]),
        (X,),
        "ValueError",
        "'images' contains no shape",
        run=True,
    ),
    Failure(
        "ResizeBilinear",
        lambda tf, x: tf.image.resize_image_with_pad(x, 0, 3),
        (X,),
        "ValueError",
        "target_height must be > 0",
    ),
    Failure(
        "ScaleAndTranslate",
        lambda tf, x: tf.raw_ops.ScaleAndTranslate(
            images=x, size=[3, 6], scale=[0.6, 1.5], translation=[0.0, 0.0], kernel_type="x"
        ),
        (X,),
        "InvalidArgumentError",
        "Unrecognized kernel type: x",
        run=True,
    ),
    Failure(
        "CropAndResize",
        lambda tf, x, b: tf.image.crop_and_resize(x, b, [0, 0, 2, 0], [3, 4]),
        (X, BOXES),
        "OutOfRangeError",
        r"has values outside \[0, batch_size\)",
        run=True,
    ),
    Failure(
        "CropAndResize",
        lambda tf, x, b: tf.image.crop_and_resize(x, b, [0, 0], [3, 4]),
        (X, BOXES),
        "ValueError",
        "Dimensions must be equal, but are 4 and 2",
    ),
    Failure(
        "CropAndResize",
        lambda tf, x, b: tf.image.crop_and_resize(x, b, [0, 0, 0, 0], [0, 4]),
        (X, BOXES),
        "InvalidArgumentError",
        "crop dimensions must be positive",
        run=True,
    ),
    Failure(
        "CropAndResize",
        lambda tf, x, b: tf.image.crop_and_resize(x, b[:, :3], [0, 0, 0, 0], [2, 4]),
        (X, BOXES),
        "ValueError",
        "Dimension must be 4 but is 3",
    ),
]

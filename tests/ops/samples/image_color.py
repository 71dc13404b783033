"""Samples of colours: ops/image_color.py, ops/image_adjust.py."""

from __future__ import annotations

import numpy as np

from tests.ops.sample import Failure, Sample

BYTES = (np.arange(4 * 5 * 3) * 53 % 256).reshape(4, 5, 3).astype(np.uint8)
FLOATS = (BYTES / 255).astype(np.float32)
BATCH = np.stack([FLOATS, FLOATS[::-1] * 0.7]).astype(np.float32)
HALF = FLOATS.astype(np.float16)
GREY = BYTES[:, :, :1].copy()
SPECIAL = np.array(
    [[0, 0, 0], [1, 1, 1], [0.5, 0.5, 0.2], [0.2, 0.5, 0.5], [0.5, 0.2, 0.5], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
)
# No two components of a pixel equal, none 0: here the colour functions are smooth.
SMOOTH = np.array(
    [[0.2, 0.5, 0.9], [0.9, 0.4, 0.3], [0.3, 0.8, 0.6], [0.7, 0.1, 0.4], [0.5, 0.9, 0.2], [0.4, 0.35, 0.95]]
)
WIDE = np.array([[[-3.0, 0.25, 1.5], [0.4, 300.0, -0.1]]], np.float32)
SIGNED = np.array([[[-120, 0, 127], [5, 60, -1]]], np.int8)
LONG = np.array([[[0, 30000, 65535], [257, 12, 40000]]], np.uint16)

SAMPLES = [
    Sample("RGBToHSV", lambda tf, x: tf.image.rgb_to_hsv(x), (FLOATS,), grad=False),
    Sample("RGBToHSV", lambda tf, x: tf.image.rgb_to_hsv(x), (BATCH,), grad=False),
    Sample("RGBToHSV", lambda tf, x: tf.image.rgb_to_hsv(x), (SPECIAL,), grad=False),
    Sample("RGBToHSV", lambda tf, x: tf.image.rgb_to_hsv(x), (SMOOTH,), second=False),
    Sample("RGBToHSV", lambda tf, x: tf.image.rgb_to_hsv(x), (HALF,), grad=False),
    Sample(
        "RGBToHSV", lambda tf, x: tf.gradients(tf.image.rgb_to_hsv(x), x), (SPECIAL.astype(np.float32),), grad=False
    ),
    Sample("HSVToRGB", lambda tf, x: tf.image.hsv_to_rgb(x), (FLOATS,), grad=False),
    Sample("HSVToRGB", lambda tf, x: tf.image.hsv_to_rgb(x), (SPECIAL,), grad=False),
    Sample("HSVToRGB", lambda tf, x: tf.image.hsv_to_rgb(tf.image.rgb_to_hsv(x)), (BATCH,), grad=False),
    # element types
    *[
        Sample("Cast", lambda tf, x, to=to, s=s: tf.image.convert_image_dtype(x, to, saturate=s), (value,), grad=False)
        for value in (BYTES, SIGNED, LONG, FLOATS)
        for to in ("uint8", "int8", "int16", "uint16", "int32", "float16", "float32", "float64")
        for s in (False, True)
        if value.dtype != "float32" or s or to in ("uint8", "float16", "float64")
    ],
    Sample("Cast", lambda tf, x: tf.image.convert_image_dtype(x, tf.uint8, saturate=True), (WIDE,), exact=True),
    Sample("Cast", lambda tf, x: tf.image.convert_image_dtype(x, tf.float64, name="wide"), (FLOATS,)),
    # grey and linear colour spaces
    Sample("Mul", lambda tf, x: tf.image.rgb_to_grayscale(x), (BYTES,), exact=True),
    Sample("MatMul", lambda tf, x: tf.image.rgb_to_grayscale(x), (FLOATS,), grad=False),
    Sample("MatMul", lambda tf, x: tf.image.rgb_to_grayscale(x, name="grey"), (BATCH,), grad=False),
    Sample("Tile", lambda tf, x: tf.image.grayscale_to_rgb(x), (GREY,), exact=True),
    Sample("Tile", lambda tf, x: tf.image.grayscale_to_rgb(x), (BATCH[..., :1].copy(),), second=False),
    *[
        Sample("MatMul", lambda tf, x, f=f: getattr(tf.image, f)(tf.ensure_shape(x, [None] * 3)), (FLOATS,))
        for f in ("rgb_to_yiq", "yiq_to_rgb", "rgb_to_yuv", "yuv_to_rgb")
    ],
    Sample("MatMul", lambda tf, x: tf.image.rgb_to_yuv(tf.ensure_shape(x, [None] * 4)), (BATCH,), second=False),
    # adjustments
    *[
        Sample("AddV2", lambda tf, x, d=d: tf.image.adjust_brightness(x, d), (value,), grad=False)
        for value in (BYTES, FLOATS, HALF)
        for d in (0.3, -0.25)
    ],
    *[
        Sample("AdjustContrastv2", lambda tf, x, c=c: tf.image.adjust_contrast(x, c), (value,), grad=False)
        for value in (BYTES, FLOATS, BATCH)
        for c in (0.4, 2.0)
    ],
    *[
        Sample("Pow", lambda tf, x, g=g: tf.image.adjust_gamma(x, *g), (value,), grad=False)
        for value in (BYTES, FLOATS)
        for g in ((), (2.2,), (0.5, 0.8))
    ],
    Sample("Pow", lambda tf, x, g: tf.image.adjust_gamma(x, g), (FLOATS, np.float32(1.5)), grad=False),
    *[
        Sample("AdjustHue", lambda tf, x, d=d: tf.image.adjust_hue(x, d), (value,), grad=False)
        for value in (BYTES, FLOATS, BATCH)
        for d in (0.0, 0.2, -0.7, 1.0)
    ],
    Sample("AdjustHue", lambda tf, x: tf.image.adjust_hue(x, 0.5), (SPECIAL[None].astype(np.float32),), grad=False),
    *[
        Sample("AdjustSaturation", lambda tf, x, c=c: tf.image.adjust_saturation(x, c), (value,), grad=False)
        for value in (BYTES, FLOATS, BATCH)
        for c in (0.0, 0.5, 3.0)
    ],
    Sample(
        "AdjustSaturation",
        lambda tf, x: tf.image.adjust_saturation(x, 0.5),
        (SPECIAL[None].astype(np.float32),),
        grad=False,
    ),
    Sample("RealDiv", lambda tf, x: tf.image.per_image_standardization(x), (FLOATS,), grad=False),
    Sample("RealDiv", lambda tf, x: tf.image.per_image_standardization(x), (BATCH,), grad=False),
    Sample(
        "RealDiv",
        lambda tf, x: tf.image.per_image_standardization(x),
        (np.full((3, 3, 1), 7.0, np.float32),),
        grad=False,
    ),
]

FAILURES = [
    Failure(
        "RGBToHSV",
        lambda tf, x: tf.image.rgb_to_hsv(x),
        (GREY.astype(np.float32),),
        "ValueError",
        "Dimension must be 3 but is 1",
    ),
    Failure(
        "RGBToHSV",
        lambda tf, x: tf.image.rgb_to_hsv(x),
        (GREY.astype(np.float32),),
        "FailedPreconditionError",
        "must have 3 channels but input only has 1 channels",
        run=True,
    ),
    Failure("RGBToHSV", lambda tf, x: tf.image.rgb_to_hsv(x), (BYTES,), "TypeError", "not in list of allowed values"),
    Failure(
        "AdjustHue",
        lambda tf, x: tf.image.adjust_hue(x, 0.1),
        (BATCH[..., :1].copy(),),
        "InvalidArgumentError",
        "must have 3 channels but instead has 1 channels",
        run=True,
    ),
    Failure(
        "AdjustHue",
        lambda tf, x: tf.image.adjust_hue(x, 0.1),
        (SMOOTH.astype(np.float32),),
        "ValueError",
        "Shape must be at least rank 3 but is rank 2",
    ),
    Failure(
        "AdjustSaturation",
        lambda tf, x: tf.image.adjust_saturation(x, [0.1, 0.2]),
        (FLOATS,),
        "InvalidArgumentError",
        "scale must be scalar",
        run=True,
    ),
    Failure(
        "AdjustContrastv2",
        lambda tf, x: tf.image.adjust_contrast(x, 2),
        (SMOOTH.astype(np.float32),),
        "ValueError",
        "Shape must be at least rank 3 but is rank 2",
    ),
    Failure(
        "Pow",
        lambda tf, x: tf.image.adjust_gamma(x, -1),
        (FLOATS,),
        "ValueError",
        "Gamma should be a non-negative real number",
    ),
    Failure(
        "Pow",
        lambda tf, x, g: tf.image.adjust_gamma(x, g),
        (FLOATS, np.float32(-1)),
        "InvalidArgumentError",
        "Gamma should be a non-negative real number",
        run=True,
    ),
    Failure(
        "Tile",
        lambda tf, x: tf.image.grayscale_to_rgb(x),
        (FLOATS,),
        "ValueError",
        "Last dimension of a grayscale image should be size 1",
    ),
    Failure(
        "Tile",
        lambda tf, x: tf.image.grayscale_to_rgb(x),
        (FLOATS,),
        "InvalidArgumentError",
        "Last dimension of a grayscale image should be size 1",
        run=True,
    ),
    Failure(
        "Tile",
        lambda tf, x: tf.image.grayscale_to_rgb(x),
        (FLOATS[0, 0],),
        "ValueError",
        "must be at least two-dimensional",
    ),
    Failure(
        "RealDiv",
        lambda tf, x: tf.image.per_image_standardization(x),
        (SMOOTH,),
        "ValueError",
        "must be at least three-dimensional",
    ),
    Failure("RealDiv", lambda tf, x: tf.image.random_hue(x, 0.6), (FLOATS,), "ValueError", "max_delta must be <= 0.5"),
    Failure(
        "RealDiv",
        lambda tf, x: tf.image.random_brightness(x, -1),
        (FLOATS,),
        "ValueError",
        "max_delta must be non-negative",
    ),
    Failure(
        "RealDiv", lambda tf, x: tf.image.random_contrast(x, 1, 1), (FLOATS,), "ValueError", "upper must be > lower"
    ),
    Failure(
        "RealDiv",
        lambda tf, x: tf.image.random_saturation(x, -1, 1),
        (FLOATS,),
        "ValueError",
        "lower must be non-negative",
    ),
    Failure(
        "RealDiv",
        lambda tf, x: tf.image.random_jpeg_quality(x, 10, 101),
        (FLOATS,),
        "ValueError",
        "jpeg encoding range must be between 0 and 100",
    ),
    Failure(
        "RealDiv",
        lambda tf, x: tf.image.random_jpeg_quality(x, 10, 10),
        (FLOATS,),
        "ValueError",
        "`min_jpeg_quality` must be less than `max_jpeg_quality`",
    ),
]

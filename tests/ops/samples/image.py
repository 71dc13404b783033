"""Samples of images cut, turned, compared and coded: the other modules ops/image_*.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.ops.image_files import BMP, FULL_JPEG, GIF, GREY_JPEG, GREY_PNG, JPEG, LONG_PNG, PNG
from tests.ops.sample import Failure, Sample

X = np.sin(np.arange(5 * 4 * 2) * 1.7).reshape(5, 4, 2).astype(np.float32)
BATCH = np.stack([X, X[::-1] * 0.5, X + 1]).astype(np.float32)
BYTES = (np.arange(4 * 6 * 3) * 37 % 256).reshape(4, 6, 3).astype(np.uint8)
ROWS, COLUMNS = np.mgrid[:19, :23]
WAVES = np.stack([127 + 90 * np.sin(ROWS / 3 + k) + 30 * np.cos(COLUMNS / 2 - k) for k in range(3)], -1).astype(
    np.uint8
)
LONG = (np.arange(3 * 4 * 4) * 1367 % 65536).reshape(3, 4, 4).astype(np.uint16)
NOISE = np.random.RandomState(5).rand(2, 14, 15, 2).astype(np.float32)
OTHER = np.clip(NOISE + np.random.RandomState(6).randn(2, 14, 15, 2) * 0.1, 0, 1).astype(np.float32)
LARGE = np.random.RandomState(7).rand(1, 25, 26, 1).astype(np.float32)


def text(value: bytes) -> np.ndarray:
    """Bytes as a scalar string."""
    return np.array(value, object)


def batch(tf: Any, x: Any) -> Any:
    """A tensor that is known to have four axes: of unknown rank it would be taken for one image."""
    return tf.ensure_shape(x, [None] * 4)


def image(tf: Any, x: Any) -> Any:
    """A tensor that is known to have three axes."""
    return tf.ensure_shape(x, [None] * 3)


SAMPLES = [
    # flips and turns
    *[
        Sample("ReverseV2", lambda tf, x, f=f: getattr(tf.image, f)(image(tf, x)), (X,), second=False)
        for f in ("flip_left_right", "flip_up_down")
    ],
    *[
        Sample("ReverseV2", lambda tf, x, f=f: getattr(tf.image, f)(batch(tf, x)), (BATCH,), second=False)
        for f in ("flip_left_right", "flip_up_down")
    ],
    Sample("Transpose", lambda tf, x: tf.image.transpose_image(image(tf, x)), (X,), second=False),
    Sample("Transpose", lambda tf, x: tf.image.transpose(batch(tf, x), name="turned"), (BATCH,), second=False),
    *[
        Sample("If", lambda tf, x, k=k: tf.image.rot90(image(tf, x), k), (X,), second=False)
        for k in (0, 1, 2, 3, -1, 6)
    ],
    *[Sample("If", lambda tf, x, k=k: tf.image.rot90(batch(tf, x), k), (BATCH,), second=False) for k in (1, 2, 3)],
    Sample("If", lambda tf, x, k: tf.image.rot90(image(tf, x), k), (BYTES, np.int32(3)), exact=True),
    Sample("If", lambda tf, x: tf.image.random_flip_left_right(image(tf, x), seed=1), (X,), exact=True, grad=False),
    Sample("If", lambda tf, x: tf.image.random_flip_up_down(image(tf, x), seed=2), (BYTES,), exact=True),
    Sample("AddV2", lambda tf, x: tf.image.random_flip_left_right(batch(tf, x), seed=3), (BATCH,), grad=False),
    Sample("AddV2", lambda tf, x: tf.image.random_flip_up_down(batch(tf, x), seed=4), (BATCH,), grad=False),
    # crops and pads
    *[
        Sample("Slice", lambda tf, x, f=f: tf.image.central_crop(image(tf, x), f), (X,), second=False)
        for f in (0.5, 0.3, 1.0, 0.99)
    ],
    Sample("Slice", lambda tf, x: tf.image.central_crop(batch(tf, x), 0.5), (BATCH,), second=False),
    Sample("Slice", lambda tf, x: tf.image.crop_to_bounding_box(image(tf, x), 1, 2, 3, 2), (X,), second=False),
    Sample("Slice", lambda tf, x: tf.image.crop_to_bounding_box(batch(tf, x), 0, 0, 5, 1), (BATCH,), second=False),
    Sample(
        "Slice",
        lambda tf, x, top: tf.image.crop_to_bounding_box(image(tf, x), top, 1, 2, tf.constant(2)),
        (X, np.int32(2)),
        second=False,
    ),
    Sample("Pad", lambda tf, x: tf.image.pad_to_bounding_box(image(tf, x), 1, 2, 7, 7), (X,), second=False),
    Sample("Pad", lambda tf, x: tf.image.pad_to_bounding_box(batch(tf, x), 0, 0, 5, 4), (BATCH,), second=False),
    Sample(
        "Pad",
        lambda tf, x, n: tf.image.pad_to_bounding_box(image(tf, x), 1, 0, n, 4),
        (BYTES[:, :4].copy(), np.int32(9)),
        exact=True,
    ),
    *[
        Sample("Pad", lambda tf, x, s=s: tf.image.resize_image_with_crop_or_pad(image(tf, x), *s), (X,), second=False)
        for s in ((3, 7), (8, 2), (5, 4), (9, 9), (2, 1))
    ],
    Sample("Pad", lambda tf, x: tf.image.resize_with_crop_or_pad(batch(tf, x), 4, 5), (BATCH,), second=False),
    Sample(
        "Pad",
        lambda tf, x, n: tf.image.resize_image_with_crop_or_pad(image(tf, x), n, 3),
        (X, np.int32(7)),
        second=False,
    ),
    *[
        Sample(
            "ExtractGlimpse",
            lambda tf, x, o=o, k=k: tf.image.extract_glimpse(x, [2, 3], o, **k),
            (BATCH,),
            grad=False,
            exact=True,
        )
        for o, k in (
            ([[0.0, 0.0], [0.2, -0.2], [-0.3, 0.1]], {}),
            ([[2.0, 1.6], [3.0, 2.0], [2.0, 2.0]], {"centered": False, "normalized": False}),
            ([[0.4, 0.5], [0.5, 0.6], [0.6, 0.45]], {"centered": False}),
        )
    ],
    Sample(
        "ExtractGlimpse",
        lambda tf, x: tf.raw_ops.ExtractGlimpse(
            input=x, size=[4, 6], offsets=[[-0.8, 0.9], [0.0, 0.0], [5.0, 0.0]], uniform_noise=False, noise="zero"
        ),
        (BATCH,),
        grad=False,
        exact=True,
    ),
    # measures
    Sample("Sum", lambda tf, x: tf.image.total_variation(image(tf, x)), (X,), second=False),
    Sample("Sum", lambda tf, x: tf.image.total_variation(batch(tf, x)), (BATCH,), second=False),
    Sample("ConcatV2", lambda tf, x: list(tf.image.image_gradients(batch(tf, x))), (BATCH,), second=False),
    Sample("DepthwiseConv2dNative", lambda tf, x: tf.image.sobel_edges(batch(tf, x)), (BATCH,), second=False),
    Sample("Sub", lambda tf, a, b: tf.image.psnr(a, b, 1.0), (NOISE, OTHER), grad=False),
    Sample("Sub", lambda tf, a: tf.image.psnr(a, a // 2, max_val=255), (BYTES,), grad=False),
    Sample("Mean", lambda tf, a, b: tf.image.ssim(batch(tf, a), batch(tf, b), 1.0), (NOISE, OTHER), grad=False),
    Sample(
        "Mean",
        lambda tf, a, b: tf.image.ssim(
            batch(tf, a), batch(tf, b), 1.0, filter_size=5, filter_sigma=1.0, k1=0.02, k2=0.05
        ),
        (NOISE, OTHER),
        grad=False,
    ),
    Sample("Mean", lambda tf, a: tf.image.ssim(image(tf, a), image(tf, a // 3), 255), (WAVES,), grad=False),
    Sample(
        "Mean",
        lambda tf, a: tf.image.ssim_multiscale(batch(tf, a), batch(tf, a) ** 2, 1.0, power_factors=(0.4, 0.6)),
        (LARGE,),
        grad=False,
    ),
    # projective transforms
    *[
        Sample(
            "ImageProjectiveTransformV2",
            lambda tf, x, t=t, m=m, size=size: tf.raw_ops.ImageProjectiveTransformV2(
                images=x, transforms=t, output_shape=size, interpolation=m
            ),
            (value,),
            grad=False,
        )
        for value in (BATCH, (np.abs(BATCH) * 60).astype(np.uint8), (BATCH * 60).astype(np.int32))
        for m in ("NEAREST", "BILINEAR")
        for t, size in (
            ([[0.9, -0.3, 1.2, 0.25, 1.1, -0.7, 0.0, 0.0]], (5, 4)),
            ([[1.0, 0.0, 0.4, 0.0, 1.0, 0.6, 0.05, -0.02]] * 3, (6, 7)),
            ([[0.5, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0]], (9, 8)),
        )
    ],
    # files
    *[
        Sample("DecodeJpeg", lambda tf, x, o=o: tf.image.decode_jpeg(x, **o), (text(contents),), exact=True)
        for contents in (JPEG, GREY_JPEG, FULL_JPEG)
        for o in (
            {},
            {"channels": 1},
            {"channels": 3, "ratio": 2},
            {"dct_method": "INTEGER_ACCURATE"},
            {"fancy_upscaling": False, "dct_method": "INTEGER_FAST"},
            {"ratio": 8},
        )
    ],
    Sample("DecodeJpeg", lambda tf, x: tf.io.decode_jpeg(x, 3), (text(PNG),), exact=True),
    Sample(
        "DecodeAndCropJpeg", lambda tf, x: tf.image.decode_and_crop_jpeg(x, [0, 0, 19, 23]), (text(JPEG),), exact=True
    ),
    Sample(
        "DecodeAndCropJpeg",
        lambda tf, x: tf.io.decode_and_crop_jpeg(x, [3, 8, 5, 9], channels=3),
        (text(FULL_JPEG),),
        exact=True,
    ),
    Sample("ExtractJpegShape", lambda tf, x: tf.image.extract_jpeg_shape(x), (text(JPEG),), exact=True),
    Sample(
        "ExtractJpegShape",
        lambda tf, x: tf.io.extract_jpeg_shape(x, output_type=tf.int64),
        (text(GREY_JPEG),),
        exact=True,
    ),
    *[
        Sample("DecodePng", lambda tf, x, o=o: tf.image.decode_png(x, **o), (text(contents),), exact=True)
        for contents in (PNG, LONG_PNG, GREY_PNG)
        for o in ({}, {"channels": 1}, {"channels": 3}, {"channels": 4}, {"dtype": "uint16"})
    ],
    Sample("DecodePng", lambda tf, x: tf.io.decode_png(x, dtype=tf.uint16), (text(GREY_JPEG),), exact=True),
    Sample("DecodeGif", lambda tf, x: tf.image.decode_gif(x), (text(GIF),), exact=True),
    Sample("DecodeGif", lambda tf, x: tf.io.decode_gif(x), (text(PNG),), exact=True),
    Sample("DecodeBmp", lambda tf, x: tf.image.decode_bmp(x), (text(BMP),), exact=True),
    Sample("DecodeBmp", lambda tf, x: tf.io.decode_bmp(x, channels=3), (text(BMP),), exact=True),
    *[
        Sample("Substr", lambda tf, x, o=o: tf.image.decode_image(x, **o), (text(contents),), grad=False)
        for contents in (JPEG, PNG, GIF, BMP, LONG_PNG)
        for o in ({}, {"channels": 3, "dtype": "float32"}, {"dtype": "uint16", "expand_animations": False})
    ],
    *[Sample("Equal", lambda tf, x: tf.image.is_jpeg(x), (text(c),), exact=True) for c in (JPEG, PNG, b"")],
    *[
        Sample("EncodePng", lambda tf, x: tf.image.encode_png(image(tf, x)), (value,), grad=False)
        for value in (BYTES, LONG, BYTES[:, :, :1].copy())
    ],
    *[
        Sample("EncodeJpeg", lambda tf, x, o=o: tf.image.encode_jpeg(x, **o), (value,), grad=False)
        for value in (WAVES, WAVES[:, :, :1].copy())
        for o in (
            {},
            {"quality": 20, "optimize_size": True},
            {"progressive": True, "chroma_downsampling": False},
            {"density_unit": "cm", "x_density": 100, "y_density": 50, "xmp_metadata": "<x/>"},
        )
    ],
    Sample(
        "EncodeJpegVariableQuality",
        lambda tf, x, q: tf.raw_ops.EncodeJpegVariableQuality(images=x, quality=q),
        (WAVES, np.int32(35)),
        grad=False,
    ),
]

FAILURES = [
    Failure(
        "ImageProjectiveTransformV2",
        lambda tf, x: tf.raw_ops.ImageProjectiveTransformV2(
            images=x, transforms=[[1.0] * 7], output_shape=[2, 2], interpolation="NEAREST"
        ),
        (BATCH,),
        "InvalidArgumentError",
        "Input transform should be num_images x 8 or 1 x 8",
        run=True,
    ),
    Failure(
        "ImageProjectiveTransformV2",
        lambda tf, x: tf.raw_ops.ImageProjectiveTransformV2(
            images=x, transforms=[[1.0] * 8], output_shape=[2, 0], interpolation="NEAREST"
        ),
        (BATCH,),
        "InvalidArgumentError",
        "output dimensions must be positive",
        run=True,
    ),
    Failure(
        "ReverseV2",
        lambda tf, x: tf.image.flip_left_right(x),
        (X[0],),
        "ValueError",
        "must be at least three-dimensional",
    ),
    Failure(
        "ReverseV2",
        lambda tf, x: tf.image.flip_left_right(x),
        (BATCH[None],),
        "ValueError",
        "'image' .*must have either 3 or 4 dimensions",
    ),
    Failure(
        "ReverseV2",
        lambda tf, x: tf.image.flip_up_down(x),
        (X[:0],),
        "ValueError",
        "dims of .+image.shape.+ must be > 0",
    ),
    Failure(
        "ReverseV2",
        lambda tf, x: tf.image.flip_up_down(x),
        (X[:0],),
        "InvalidArgumentError",
        "dims of .+image.shape.+ must be > 0",
        run=True,
    ),
    Failure("If", lambda tf, x: tf.image.rot90(x, [1, 2]), (X,), "ValueError", "must have rank 0"),
    Failure(
        "Slice",
        lambda tf, x: tf.image.central_crop(x, 1.5),
        (X,),
        "ValueError",
        r"central_fraction must be within \(0, 1\]",
    ),
    Failure(
        "Slice",
        lambda tf, x: tf.image.crop_to_bounding_box(x, 0, 0, 9, 2),
        (X,),
        "ValueError",
        "height must be >= target",
    ),
    Failure(
        "Slice",
        lambda tf, x: tf.image.crop_to_bounding_box(image(tf, x), 0, 0, 9, 2),
        (X,),
        "InvalidArgumentError",
        "height must be >= target",
        run=True,
    ),
    Failure(
        "Slice",
        lambda tf, x: tf.image.crop_to_bounding_box(x, -1, 0, 2, 2),
        (X,),
        "ValueError",
        "offset_height must be >= 0",
    ),
    Failure(
        "Slice",
        lambda tf, x: tf.image.crop_to_bounding_box(x, 0, 0, 2, 0),
        (X,),
        "ValueError",
        "target_width must be > 0",
    ),
    Failure(
        "Pad",
        lambda tf, x: tf.image.pad_to_bounding_box(x, 0, 0, 3, 9),
        (X,),
        "ValueError",
        "height must be <= target - offset",
    ),
    Failure(
        "Pad",
        lambda tf, x: tf.image.pad_to_bounding_box(x, 0, -1, 9, 9),
        (X,),
        "ValueError",
        "offset_width must be >= 0",
    ),
    Failure(
        "Pad",
        lambda tf, x: tf.image.resize_image_with_crop_or_pad(x, 0, 9),
        (X,),
        "ValueError",
        "target_height must be > 0",
    ),
    Failure(
        "ExtractGlimpse",
        lambda tf, x: tf.image.extract_glimpse(x, [2, 2, 2], [[0.0, 0]]),
        (BATCH[:1],),
        "ValueError",
        "Dimension must be 2 but is 3",
    ),
    Failure(
        "ExtractGlimpse",
        lambda tf, x: tf.image.extract_glimpse(x, [2, 2], [[0.0, 0]]),
        (BATCH,),
        "ValueError",
        "Dimensions must be equal, but are 3 and 1",
    ),
    Failure(
        "Sum",
        lambda tf, x: tf.image.total_variation(x),
        (X[0],),
        "ValueError",
        "'images' must be either 3 or 4-dimensional",
    ),
    Failure(
        "ConcatV2",
        lambda tf, x: tf.image.image_gradients(x)[0],
        (X,),
        "ValueError",
        "image_gradients expects a 4D tensor",
    ),
    Failure(
        "Mean",
        lambda tf, a, b: tf.image.ssim(a, b, 1.0),
        (NOISE, OTHER[:, 1:].copy()),
        "ValueError",
        "are incompatible",
    ),
    Failure(
        "Mean",
        lambda tf, a, b: tf.image.ssim(batch(tf, a), batch(tf, b), 1.0),
        (NOISE[:, :9].copy(), OTHER[:, :9].copy()),
        "InvalidArgumentError",
        "assertion failed",
        run=True,
    ),
    Failure(
        "Sub",
        lambda tf, a, b: tf.image.psnr(a, b, 1.0),
        (NOISE, np.tile(OTHER, (2, 1, 1, 1))[:3]),
        "ValueError",
        "Dimensions must be equal|not compatible",
    ),
    Failure(
        "DecodeJpeg",
        lambda tf, x: tf.image.decode_jpeg(x),
        (text(b"no image"),),
        "InvalidArgumentError",
        "Unknown image file format. One of JPEG, ",
        run=True,
    ),
    Failure(
        "DecodeJpeg",
        lambda tf, x: tf.image.decode_jpeg(x),
        (text(b""),),
        "InvalidArgumentError",
        "Input is empty",
        run=True,
    ),
    Failure(
        "DecodeJpeg",
        lambda tf, x: tf.image.decode_jpeg(x),
        (text(JPEG[:60]),),
        "InvalidArgumentError",
        "Invalid JPEG data",
        run=True,
    ),
    Failure(
        "DecodeJpeg",
        lambda tf, x: tf.image.decode_jpeg(x, ratio=3),
        (text(JPEG),),
        "InvalidArgumentError",
        "ratio must be 1, 2, 4, or 8, got 3",
        run=True,
    ),
    Failure(
        "DecodeJpeg",
        lambda tf, x: tf.image.decode_jpeg(x, dct_method="slow"),
        (text(JPEG),),
        "InvalidArgumentError",
        "dct_method must be one of",
        run=True,
    ),
    Failure(
        "DecodeJpeg",
        lambda tf, x: tf.image.decode_jpeg(x, channels=2),
        (text(JPEG),),
        "InvalidArgumentError",
        "must be 0, 1, 3 or 4 but got 2",
        run=True,
    ),
    Failure(
        "DecodeJpeg",
        lambda tf, x: tf.image.decode_jpeg(x),
        (np.array([JPEG, JPEG], object),),
        "ValueError",
        "Shape must be rank 0 but is rank 1",
    ),
    Failure(
        "DecodeAndCropJpeg",
        lambda tf, x: tf.image.decode_and_crop_jpeg(x, [0, 0, 99, 2]),
        (text(JPEG),),
        "InvalidArgumentError",
        "Invalid JPEG data or crop window",
        run=True,
    ),
    Failure(
        "DecodeAndCropJpeg",
        lambda tf, x: tf.image.decode_and_crop_jpeg(x, [0, 0, 9]),
        (text(JPEG),),
        "ValueError",
        "Dimension must be 4 but is 3",
    ),
    Failure(
        "ExtractJpegShape",
        lambda tf, x: tf.image.extract_jpeg_shape(x),
        (text(PNG),),
        "InvalidArgumentError",
        "Invalid JPEG data, size",
        run=True,
    ),
    Failure(
        "DecodePng",
        lambda tf, x: tf.image.decode_png(x),
        (text(PNG[:-30]),),
        "InvalidArgumentError",
        "Invalid PNG data, size",
        run=True,
    ),
    Failure(
        "DecodePng",
        lambda tf, x: tf.image.decode_png(x),
        (text(GIF),),
        "InvalidArgumentError",
        "Got 3 frames, but animated gifs can only be decoded by tf.io.decode_gif",
        run=True,
    ),
    Failure(
        "DecodePng",
        lambda tf, x: tf.image.decode_png(x),
        (text(BMP),),
        "InvalidArgumentError",
        "Trying to decode BMP format using a wrong op",
        run=True,
    ),
    Failure(
        "DecodePng",
        lambda tf, x: tf.image.decode_png(x, dtype=tf.float32),
        (text(PNG),),
        "TypeError",
        "has DataType float32 not in list of allowed values: uint8, uint16",
    ),
    Failure(
        "DecodeGif",
        lambda tf, x: tf.image.decode_gif(x),
        (text(GIF[:20]),),
        "InvalidArgumentError",
        "Invalid GIF data",
        run=True,
    ),
    Failure(
        "DecodeBmp",
        lambda tf, x: tf.image.decode_bmp(x),
        (text(BMP[:20]),),
        "InvalidArgumentError",
        "Incomplete bmp content, requires at least 32 bytes",
        run=True,
    ),
    Failure(
        "DecodeBmp",
        lambda tf, x: tf.image.decode_bmp(x),
        (text(JPEG),),
        "InvalidArgumentError",
        "Trying to decode JPEG format using DecodeBmp op",
        run=True,
    ),
    Failure(
        "EncodePng",
        lambda tf, x: tf.image.encode_png(x),
        (np.zeros((2, 2, 5), np.uint8),),
        "InvalidArgumentError",
        "image must have 1, 2, 3, or 4 channels, got 5",
        run=True,
    ),
    Failure(
        "EncodePng",
        lambda tf, x: tf.image.encode_png(x, compression=10),
        (BYTES,),
        "InvalidArgumentError",
        r"compression should be in \[-1,9\], got 10",
        run=True,
    ),
    Failure(
        "EncodePng",
        lambda tf, x: tf.image.encode_png(x),
        (BYTES[0],),
        "ValueError",
        "Shape must be .*rank 3 but is rank 2",
    ),
    Failure(
        "EncodePng",
        lambda tf, x: tf.image.encode_png(x),
        (X,),
        "TypeError",
        "has DataType float32 not in list of allowed values: uint8, uint16",
    ),
    Failure(
        "EncodeJpeg",
        lambda tf, x: tf.image.encode_jpeg(x),
        (LONG[:, :, :3].astype(np.uint8)[:, :, :2],),
        "InvalidArgumentError",
        "image must have 1 or 3 channels",
        run=True,
    ),
    Failure(
        "EncodeJpeg",
        lambda tf, x: tf.image.encode_jpeg(x, quality=101),
        (BYTES,),
        "InvalidArgumentError",
        r"quality must be in \[0,100\], got 101",
        run=True,
    ),
    Failure(
        "EncodeJpeg",
        lambda tf, x: tf.image.encode_jpeg(x, format="grayscale"),
        (BYTES,),
        "InvalidArgumentError",
        "format grayscale expects 1 channels",
        run=True,
    ),
    Failure(
        "EncodeJpeg",
        lambda tf, x: tf.image.encode_jpeg(x, format="x"),
        (BYTES,),
        "ValueError",
        "passed string 'x' not in",
    ),
    Failure(
        "EncodeJpegVariableQuality",
        lambda tf, x: tf.raw_ops.EncodeJpegVariableQuality(images=x, quality=-1),
        (BYTES,),
        "InvalidArgumentError",
        r"quality must be in \[0,100\]",
        run=True,
    ),
]

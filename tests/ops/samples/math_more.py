"""Samples of gradients of second order and functions of mathematics that other families do not have."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.ops.sample import Failure, Sample

IMAGES = np.linspace(-2, 3, 24, dtype=np.float32).reshape(2, 2, 2, 3) ** 2
SCALE = np.array([1.0, 0.5, -2.0], np.float32)
OFFSET = np.array([0.25, -1.0, 0.0], np.float32)
VARIANCE = np.array([1.0, 0.5, 2.0], np.float32)

VALUES = np.array([-1.0, 0.0, 1.5, 2.0, 5.0, 15.0], np.float32)
COUNTS = np.array([[-1, 0, 3], [4, 10, 99]], np.int32)


def second_of_batch_norm(tf: Any, x: Any, s: Any, o: Any, **options: Any) -> Any:
    """Second derivatives with respect to images and scale."""
    y = tf.nn.fused_batch_norm(x, s, o, **options)[0]
    dx, ds = tf.gradients(y**3, [x, s])
    return tf.gradients([dx * x, ds**2], [x, s])


SAMPLES = [
    Sample("FusedBatchNormGradV3", second_of_batch_norm, (IMAGES, SCALE, OFFSET), grad=False, tolerance=500),
    Sample(
        "FusedBatchNormGradV3",
        lambda tf, x, s, o, v: second_of_batch_norm(tf, x, s, o, mean=o, variance=v, is_training=False),
        (IMAGES, SCALE, OFFSET, VARIANCE),
        grad=False,
        tolerance=100,
    ),
    Sample(
        "RandomGammaGrad",
        lambda tf, a, x: tf.raw_ops.RandomGammaGrad(alpha=a, sample=x),
        (np.array([0.5, 0.5, -1, 100, 1e-3, 2, 1e4, 3.5]), np.array([0, np.inf, 1, 50, 1e-30, -1, 1.1e4, 2.5])),
        grad=False,
        tolerance=1e4,
    ),
    Sample(
        "HistogramFixedWidth", lambda tf, x: tf.histogram_fixed_width(x, [0.0, 5.0], nbins=5), (VALUES,), grad=False
    ),
    Sample(
        "HistogramFixedWidth",
        lambda tf, x: tf.histogram_fixed_width(x, [-1.0, 1.0], dtype=tf.int64),
        (IMAGES,),
        grad=False,
    ),
    Sample("HistogramFixedWidth", lambda tf, x: tf.histogram_fixed_width(x, [0, 10], 3), (COUNTS,), grad=False),
    Sample(
        "HistogramFixedWidth",
        lambda tf, x, n: tf.histogram_fixed_width(x, [0, 10], n),
        (COUNTS, np.int32(4)),
        grad=False,
    ),
    Sample("Floor", lambda tf, x: tf.histogram_fixed_width_bins(x, [0.0, 5.0], nbins=5), (VALUES,), grad=False),
    Sample("Floor", lambda tf, x: tf.histogram_fixed_width_bins(x, [-1.0, 1.0], nbins=7), (IMAGES,), grad=False),
]

FAILURES = [
    Failure(
        "HistogramFixedWidth",
        lambda tf, x: tf.histogram_fixed_width(x, [0, 10], 0),
        (COUNTS,),
        "ValueError",
        "Requires nbins > 0: 0",
    ),
    Failure(
        "HistogramFixedWidth",
        lambda tf, x, n: tf.histogram_fixed_width(x, [0, 10], n),
        (COUNTS, np.int32(0)),
        "InvalidArgumentError",
        "nbins should be a positive number, but got '0'",
        run=True,
    ),
    Failure(
        "HistogramFixedWidth",
        lambda tf, x: tf.histogram_fixed_width(x, [10, 0], 4),
        (COUNTS,),
        "InvalidArgumentError",
        r"value_range should satisfy value_range\[0\] < value_range\[1\], but got '\[10, 0\]'",
        run=True,
    ),
    Failure(
        "Floor",
        lambda tf, x: tf.histogram_fixed_width_bins(x, [0.0, 5.0], 0),
        (VALUES,),
        "InvalidArgumentError",
        "must > 0",
        run=True,
    ),
]

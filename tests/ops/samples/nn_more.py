"""Samples of fractional pooling, and derivatives of operations that other families use without: ops/nn_fractional.py."""

from __future__ import annotations

import numpy as np

from tests.ops.sample import Failure, Sample

IMAGE = np.random.default_rng(1).permutation(2 * 7 * 6 * 3).reshape(2, 7, 6, 3).astype(np.float32) / np.float32(50)
FACTORS = np.array([[0.5, 2.0], [0.0, -1.5], [3.0, 0.25], [0.0, 1.0], [1.5, 0.0]])
WHOLE = np.arange(36, dtype=np.int64).reshape(1, 6, 6, 1)
RATIO = [1.0, 1.44, 1.73, 1.0]


def fixed(seed, seed2=7, **options):  # type: ignore[no-untyped-def]
    """Options of pooling with seeds."""
    return {"deterministic": True, "seed": seed, "seed2": seed2, **options}


def told(tf, pooled):  # type: ignore[no-untyped-def]
    """The pooled image, and numbers that tell the edges: TensorFlow takes their static shape for one less."""
    output, rows, columns = pooled
    return [output, tf.reduce_sum(rows * rows * rows), tf.reduce_sum(columns * columns * columns)]


SAMPLES = [
    *[
        Sample(
            "FractionalMaxPool",
            lambda tf, x, o=options: told(tf, tf.nn.fractional_max_pool(x, RATIO, **o)),
            (IMAGE,),
            second=False,
        )
        for options in (
            fixed(1),
            fixed(5, overlapping=True),
            fixed(2, pseudo_random=True),
            fixed(9, 3, pseudo_random=True, overlapping=True, name="p"),
        )
    ],
    *[
        Sample(
            "FractionalAvgPool",
            lambda tf, x, o=options: told(tf, tf.nn.fractional_avg_pool(x, RATIO, **o)),
            (IMAGE,),
            second=False,
        )
        for options in (
            fixed(1),
            fixed(5, overlapping=True),
            fixed(2, pseudo_random=True),
            fixed(9, 3, pseudo_random=True, overlapping=True, name="p"),
        )
    ],
    Sample(
        "FractionalMaxPool",
        lambda tf, x: told(tf, tf.nn.fractional_max_pool(x, [1, 2, 3, 1])),
        (IMAGE[:, :6],),
        second=False,
    ),
    Sample(
        "FractionalMaxPool",
        lambda tf, x: told(tf, tf.nn.fractional_max_pool(x, RATIO, **fixed(3))),
        (WHOLE,),
        grad=False,
    ),
    Sample(
        "FractionalAvgPool",
        lambda tf, x: told(tf, tf.nn.fractional_avg_pool(x, RATIO, **fixed(3))),
        (WHOLE,),
        grad=False,
    ),
    Sample("SegmentProd", lambda tf, x: tf.segment_prod(x, [0, 0, 0, 1, 3]), (FACTORS,), second=False),
    Sample("SegmentProd", lambda tf, x: tf.segment_prod(x, [0, 0, 1, 1, 1]), (FACTORS[:, 0],), second=False),
    Sample("Cast", lambda tf, x: tf.real(tf.cast(x, tf.complex128) * (1 + 2j)), (FACTORS,)),
    Sample("Cast", lambda tf, x: tf.cast(tf.cast(x, tf.complex128) ** 2, tf.float64), (FACTORS,), grad=False),
    Sample(
        "FractionalMaxPoolGrad",
        lambda tf, x: tf.gradients(tf.nn.fractional_max_pool(x, RATIO, **fixed(4, overlapping=True))[0], x),
        (IMAGE,),
        grad=False,
    ),
    Sample(
        "FractionalAvgPoolGrad",
        lambda tf, x: tf.gradients(tf.nn.fractional_avg_pool(x, RATIO, **fixed(4, overlapping=True))[0] ** 2, x),
        (IMAGE.astype(np.float64),),
        grad=False,
    ),
]

FAILURES = [
    Failure("FractionalMaxPool", lambda tf, x: tf.nn.fractional_max_pool(x, [1, 1.5, 1.5]), (IMAGE,), "ValueError", "Attr 'pooling_ratio' of 'FractionalMaxPool' Op passed list of length 3 less than minimum 4"),
    Failure("FractionalMaxPool", lambda tf, x: tf.nn.fractional_max_pool(x, [1, 0.5, 1.5, 1]), (IMAGE,), "ValueError", "pooling_ratio cannot be smaller than 1, got: 0.5"),
    Failure("FractionalMaxPool", lambda tf, x: tf.nn.fractional_max_pool(x, [1, 1.5, 1.5, 1]), (IMAGE[0],), "ValueError", "Shape must be rank 4 but is rank 3"),
    Failure("FractionalAvgPool", lambda tf, x: told(tf, tf.nn.fractional_avg_pool(x, [2, 1.5, 1.5, 1])), (IMAGE,), "UnimplementedError", "is not yet supported on the batch nor channel dimension", run=True),
    Failure("FractionalMaxPool", lambda tf, x: told(tf, tf.nn.fractional_max_pool(x, RATIO, seed=3)), (IMAGE,), "InvalidArgumentError", "Both seed and seed2 should be 0 if deterministic is false", run=True),
]  # fmt: skip

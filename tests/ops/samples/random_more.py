"""Samples of gradients with respect to the parameters of random numbers; the streams themselves are in `random`."""

from __future__ import annotations

import numpy as np

from tests.ops.sample import Sample

ALPHA = np.array([0.5, 1.0, 2.5, 40.0], np.float32)

SAMPLES = [
    Sample(
        "RandomGamma",
        lambda tf, a: tf.gradients(tf.random_gamma([3], a, seed=1), a),
        (ALPHA,),
        grad=False,
        tolerance=20,
    ),
    Sample(
        "RandomGamma",
        lambda tf, a: tf.gradients(tf.random.gamma([2, 2], a, beta=3.0, seed=2, dtype=tf.float64), a),
        (ALPHA.astype(np.float64).reshape(2, 2),),
        grad=False,
        tolerance=1e4,
    ),
    Sample("RandomPoissonV2", lambda tf, a: tf.random_poisson(a, [6], seed=1), (ALPHA,), grad=False, exact=True),
    Sample("Multinomial", lambda tf, a: tf.multinomial([a, -a], 5, seed=1), (ALPHA / 10,), grad=False, exact=True),
    Sample(
        "RandomUniformInt",
        lambda tf, n: tf.random_uniform([7], -3, n, tf.int32, seed=1),
        (np.int32(40),),
        grad=False,
        exact=True,
    ),
]

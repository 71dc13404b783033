"""Samples of decompositions and what is made of them: ops/decompose.py, ops/matrix_functions.py, ops/factorized.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.ops.sample import Failure, Sample

TALL = np.array([[1.5, -2.0], [0.5, 4.0], [-1.0, 0.75]])
WIDE = TALL.T.copy()
SQUARE = np.array([[4.0, 1.0, -0.5], [2.0, 3.0, 0.25], [-1.0, 0.5, 2.0]])
STACK = np.stack([SQUARE, SQUARE.T - np.eye(3) * 0.5])
COMPLEX = np.array([[1 + 2j, -0.5 + 1j], [2 - 1.5j, 1j]], np.complex64)


def singular(tf: Any, x: Any, full: bool = False) -> Any:
    """What does not depend on the signs of the vectors."""
    s, u, v = tf.svd(x, full_matrices=full)
    return [s, tf.square(u), tf.square(v), tf.matmul(u[..., :, :2] * 2.0, v[..., :, :2], adjoint_b=True)]


SAMPLES = [
    Sample("Qr", lambda tf, x: [tf.abs(t) for t in tf.qr(x)], (TALL,), second=False),
    Sample("Qr", lambda tf, x: [tf.abs(t) for t in tf.qr(x)], (STACK,)),
    Sample("Qr", lambda tf, x: [tf.abs(t) for t in tf.linalg.qr(x, full_matrices=True)], (WIDE,), second=False),
    Sample("Qr", lambda tf, x: tf.matmul(*tf.qr(x)), (WIDE,), second=False),
    Sample("Qr", lambda tf, x: tf.matmul(*tf.qr(x)), (COMPLEX,), grad=False),
    Sample("Qr", lambda tf, x: tf.gradients(tf.abs(tf.qr(x)[1]), x), (COMPLEX,), grad=False, tolerance=20),
    Sample("Svd", lambda tf, x: tf.svd(x, compute_uv=False), (TALL,), second=False),
    Sample("Svd", lambda tf, x: tf.linalg.svd(x, compute_uv=False), (STACK,)),
    Sample("Svd", lambda tf, x: singular(tf, x), (TALL,)),
    Sample("Svd", lambda tf, x: singular(tf, x), (WIDE,)),
    Sample("Svd", lambda tf, x: singular(tf, x), (STACK,), second=False),
    Sample("Svd", lambda tf, x: singular(tf, x, True), (WIDE,), second=False),
    Sample("Svd", lambda tf, x: singular(tf, x, True), (TALL,), second=False),
    Sample("Svd", lambda tf, x: tf.gradients(tf.abs(tf.svd(x)[1]), x), (COMPLEX,), grad=False, tolerance=50),
    Sample(
        "Svd",
        lambda tf, x: tf.svd(x, compute_uv=False),
        (np.array([[[1, 2], [3, np.nan]], [[1, 2], [3, 4]]], np.float32),),
        grad=False,
    ),
]

FAILURES = [
    Failure("Qr", lambda tf, x: tf.qr(x), (TALL[0],), "ValueError", "must be at least rank 2 but is rank 1"),
    Failure("Svd", lambda tf, x: tf.svd(x), (TALL[0],), "ValueError", "must be at least rank 2 but is rank 1"),
]

"""Linear algebra and random numbers at work: least squares, principal axes, heat, gamma samples, gradient penalties."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..record import program

POINTS = np.array([[1.0, 2.0], [2.0, 2.5], [3.0, 4.0], [4.0, 4.5], [5.0, 7.0]], np.float32)


@program("graph", "values")
def principal_axes(tf: Any) -> Any:
    x = tf.constant(POINTS, name="points")
    centered = x - tf.reduce_mean(x, axis=0)
    s, u, v = tf.svd(centered, name="svd")
    return {"variances": tf.square(s) / 4.0, "projected": tf.abs(u * s), "axes": tf.abs(v)}


@program("graph", "values")
def gradient_through_singular_values(tf: Any) -> Any:
    x = tf.constant(POINTS, name="x")
    nuclear = tf.reduce_sum(tf.svd(x, compute_uv=False))
    return tf.gradients(nuclear, x)


@program("graph", "values")
def gradient_through_qr(tf: Any) -> Any:
    x = tf.constant(POINTS, name="x")
    _, r = tf.qr(x)
    return {"sizes": tf.abs(r), "slope": tf.gradients(tf.reduce_sum(tf.abs(r)), x)}


@program("skeleton", "values")
def line_through_points(tf: Any) -> Any:
    points = tf.placeholder_with_default(POINTS, [None, 2], name="points")
    x = tf.stack([points[:, 0], tf.ones_like(points[:, 0])], axis=1)
    line = tf.matrix_solve_ls(x, points[:, 1:], l2_regularizer=0.01)
    exact = tf.matrix_solve_ls(x, points[:, 1:], fast=False)
    return {"line": line, "exact": exact}


@program("skeleton", "values")
def rotation_by_exponential(tf: Any) -> Any:
    angle = tf.constant([0.1, 1.0, 10.0], name="angle")
    generator = tf.constant([[0.0, -1.0], [1.0, 0.0]], name="generator")
    return tf.linalg.expm(angle[:, None, None] * generator)


@program("graph", "values")
def heat_in_a_rod(tf: Any) -> Any:
    u = tf.constant([0.0, 0.0, 1.0, 0.0, 0.0], name="u")
    main, side = tf.fill([5], 3.0), tf.fill([5], -1.0)
    for _ in range(2):
        u = tf.linalg.tridiagonal_solve(tf.stack([side, main, side]), u)
    return u


@program("graph", "values")
def roots_and_logarithms(tf: Any) -> Any:
    a = tf.constant([[2.0, 1.0], [1.0, 3.0]], name="a")
    log = tf.linalg.logm(tf.cast(a, tf.complex64))
    return {
        "root": tf.linalg.sqrtm(a),
        "log": tf.real(log),
        "trace": tf.trace(tf.real(log)),
        "det": tf.linalg.logdet(a),
    }


@program("graph", "values")
def gamma_samples_move_with_alpha(tf: Any) -> Any:
    alpha = tf.constant([0.5, 2.0, 30.0], name="alpha")
    samples = tf.random_gamma([4], alpha, beta=2.0, seed=3)
    return {"samples": samples, "slope": tf.gradients(tf.reduce_mean(samples, 0), alpha)}


@program("values")
def gradient_penalty_through_batch_norm(tf: Any) -> Any:
    x = tf.constant(np.linspace(-1, 2, 16, dtype=np.float32).reshape(2, 2, 2, 2) ** 2)
    scale = tf.constant([1.0, 2.0])
    y = tf.nn.fused_batch_norm(x, scale, [0.0, 0.5])[0]
    slope = tf.gradients(tf.reduce_sum(tf.sigmoid(y)), x)[0]
    penalty = tf.reduce_sum(slope**2)
    return {"penalty": penalty, "gradient": tf.gradients(penalty, scale)}


@program("graph", "values")
def histogram_of_measurements(tf: Any) -> Any:
    values = tf.constant(POINTS, name="values")
    return {
        "counts": tf.histogram_fixed_width(values, [0.0, 8.0], nbins=4),
        "bins": tf.histogram_fixed_width_bins(values, [0.0, 8.0], nbins=4),
    }


@program("graph", "values")
def unit_vectors(tf: Any) -> Any:
    unit, length = tf.linalg.normalize(tf.constant(POINTS, name="points"), axis=1)
    return {"unit": unit, "length": length, "rank": tf.linalg.matrix_rank(POINTS), "pinv": tf.linalg.pinv(POINTS)}

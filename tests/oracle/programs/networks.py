"""Layers written by hand: activations, cross entropies, convolution, pooling, dropout, normalization."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..record import program

LOGITS = [[1.0, 2.0, 3.0], [1.0, -1.0, 0.0]]


def image(batch: int, height: int, width: int, channels: int) -> np.ndarray:
    """A fixed image without structure, values between -1 and 1."""
    size = batch * height * width * channels
    values = np.arange(size) * 7919 % 1009 / 504.5 - 1
    return values.reshape(batch, height, width, channels).astype(np.float32)


@program("graph", "values")
def activations(tf: Any) -> Any:
    x = tf.constant([-2.0, -0.5, 0.0, 0.5, 2.0, 8.0], name="x")
    return {
        "relu": tf.nn.relu(x),
        "relu6": tf.nn.relu6(x),
        "elu": tf.nn.elu(x),
        "selu": tf.nn.selu(x),
        "leaky": tf.nn.leaky_relu(x),
        "leaky alpha": tf.nn.leaky_relu(x, alpha=0.1, name="leak"),
        "softplus": tf.nn.softplus(x),
        "softsign": tf.nn.softsign(x),
        "sigmoid": tf.nn.sigmoid(x),
        "tanh": tf.nn.tanh(x),
        "crelu": tf.nn.crelu(tf.reshape(x, [1, 6])),
    }


@program("graph", "values")
def softmax(tf: Any) -> Any:
    x = tf.constant(LOGITS, name="x")
    cube = tf.constant(np.arange(12, dtype=np.float32).reshape(2, 3, 2) / 4, name="cube")
    return {
        "softmax": tf.nn.softmax(x),
        "log": tf.nn.log_softmax(x),
        "rank 3": tf.nn.softmax(cube),
        "axis": tf.nn.softmax(cube, axis=1),
        "large": tf.nn.softmax([1000.0, 1001.0]),
    }


@program("graph", "values")
def cross_entropy_of_softmax(tf: Any) -> Any:
    labels = tf.constant([[0.0, 0.0, 1.0], [0.5, 0.5, 0.0]], name="labels")
    logits = tf.constant(LOGITS, name="logits")
    return {
        "v1": tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits),
        "v2": tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits),
    }


@program("graph")
def cross_entropy_of_unknown_batch(tf: Any) -> None:
    labels = tf.placeholder(tf.float32, [None, 10], name="labels")
    logits = tf.placeholder(tf.float32, [None, 10], name="logits")
    tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits))
    tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits))


@program("graph", "values")
def cross_entropy_of_class_numbers(tf: Any) -> Any:
    logits = tf.constant(LOGITS, name="logits")
    entropy = tf.nn.sparse_softmax_cross_entropy_with_logits
    return {
        "plain": entropy(labels=[2, 0], logits=logits),
        "long": entropy(labels=tf.constant([1, 1], tf.int64), logits=logits, name="x"),
        "rank 3": entropy(labels=[[0, 1]], logits=[[[1.0, 2.0], [3.0, 1.0]]]),
    }


@program("graph", "values")
def cross_entropy_of_sigmoid(tf: Any) -> Any:
    logits = tf.constant([-50.0, -1.0, 0.0, 2.0, 50.0], name="logits")
    labels = tf.constant([0.0, 1.0, 0.5, 1.0, 0.0], name="labels")
    return {
        "plain": tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits),
        "weighted": tf.nn.weighted_cross_entropy_with_logits(labels, logits, 2.0),
    }


@program("graph", "values")
def convolution(tf: Any) -> Any:
    x = tf.constant(image(2, 5, 6, 3), name="x")
    w = tf.constant(image(3, 2, 3, 4), name="w")
    return {
        "same": tf.nn.conv2d(x, w, strides=[1, 1, 1, 1], padding="SAME"),
        "valid": tf.nn.conv2d(x, w, strides=[1, 1, 1, 1], padding="VALID"),
        "strides": tf.nn.conv2d(x, w, [1, 2, 2, 1], "SAME", name="strided"),
        "dilated": tf.nn.conv2d(x, w, [1, 1, 1, 1], "VALID", dilations=[1, 2, 2, 1]),
    }


@program("values")
def other_convolutions(tf: Any) -> Any:
    x = tf.constant(image(1, 4, 4, 2), name="x")
    w = tf.constant(image(2, 2, 2, 3), name="w")
    return {
        "transpose": tf.nn.conv2d_transpose(x, image(2, 2, 3, 2), [1, 8, 8, 3], [1, 2, 2, 1]),
        "depthwise": tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "SAME"),
        "one dimension": tf.nn.conv1d(tf.constant(image(1, 1, 6, 2)[0]), image(1, 3, 2, 2)[0], 1, "SAME"),
    }


@program("graph", "values")
def pooling(tf: Any) -> Any:
    x = tf.constant(image(2, 5, 5, 2), name="x")
    return {
        "max": tf.nn.max_pool(x, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME"),
        "max valid": tf.nn.max_pool(x, [1, 3, 3, 1], [1, 1, 1, 1], "VALID", name="p"),
        "average": tf.nn.avg_pool(x, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME"),
        "average valid": tf.nn.avg_pool(x, [1, 2, 3, 1], [1, 2, 1, 1], "VALID"),
    }


@program("graph", "values")
def bias(tf: Any) -> Any:
    x = tf.constant(image(1, 2, 2, 3), name="x")
    return {"image": tf.nn.bias_add(x, [1.0, 2.0, 3.0]), "matrix": tf.nn.bias_add([[1.0, 2.0]], [3.0, 4.0], name="b")}


@program("graph")
def dropout_of_a_fixed_share(tf: Any) -> None:
    x = tf.constant(np.ones([4, 5], np.float32), name="x")
    tf.nn.dropout(x, 0.5, seed=1)
    tf.nn.dropout(x, keep_prob=0.8, seed=2, name="again")
    tf.nn.dropout(x, rate=0.25, seed=3)


@program("graph")
def dropout_of_a_fed_share(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 1024], name="x")
    keep_prob = tf.placeholder(tf.float32, name="keep_prob")
    tf.nn.dropout(x, keep_prob, seed=1)


@program("values")
def dropout_values(tf: Any) -> Any:
    tf.set_random_seed(5)
    x = tf.ones([4, 6])
    keep_prob = tf.placeholder_with_default(0.5, [])
    return {
        "half": tf.nn.dropout(x, 0.5, seed=1),
        "fed": tf.nn.dropout(x, keep_prob, seed=2),
        "rate": tf.nn.dropout(x, rate=0.25, seed=3),
        "noise shape": tf.nn.dropout(x, 0.5, noise_shape=[4, 1], seed=4),
        "keep all": tf.nn.dropout(x, 1.0),
    }


@program("graph", "values")
def moments_and_normalization(tf: Any) -> Any:
    x = tf.constant(image(2, 3, 3, 2), name="x")
    mean, variance = tf.nn.moments(x, [0, 1, 2])
    kept = tf.nn.moments(x, axes=[0], keep_dims=True, name="kept")
    return {
        "moments": [mean, variance],
        "kept": list(kept),
        "normalized": tf.nn.batch_normalization(x, mean, variance, [0.5, 1.0], [2.0, 3.0], 1e-3),
        "plain": tf.nn.batch_normalization(x, mean, variance, None, None, 1e-3),
    }


@program("values", factor=10)
def fused_normalization(tf: Any) -> Any:
    x = tf.constant(image(2, 3, 3, 2))
    training = tf.nn.fused_batch_norm(x, [1.0, 2.0], [0.5, 0.0])
    inference = tf.nn.fused_batch_norm(x, [1.0, 2.0], [0.5, 0.0], [0.0, 0.1], [1.0, 2.0], is_training=False)
    return {"training": training[0], "mean": training[1], "inference": inference[0]}


@program("graph", "values")
def losses_by_hand(tf: Any) -> Any:
    y = tf.constant([1.0, 2.0, 3.0], name="y")
    y_hat = tf.constant([1.5, 1.0, 20.0], name="y_hat")
    residual = tf.abs(y - y_hat)
    return {
        "mse": tf.reduce_mean(tf.square(y - y_hat)),
        "l2": tf.nn.l2_loss(y - y_hat),
        "huber": tf.where(residual < 14.0, 0.5 * tf.square(residual), 14.0 * residual - 0.5 * 14.0**2),
        "cross entropy": tf.reduce_mean(-tf.reduce_sum(tf.constant([[0.0, 1.0]]) * tf.log([[0.25, 0.75]]), axis=[1])),
    }


@program("graph", "values")
def normalizing_vectors(tf: Any) -> Any:
    x = tf.constant([[3.0, 4.0], [0.0, 0.5]], name="x")
    return {
        "l2": tf.nn.l2_normalize(x, 1),
        "lrn": tf.nn.local_response_normalization(tf.constant(image(1, 1, 2, 6)), 2, 1.0, 0.5, 0.75),
    }


@program("skeleton", "values")
def zero_fraction(tf: Any) -> Any:
    return tf.nn.zero_fraction([[3.0, 4.0], [0.0, 0.5]])


@program("graph", "values")
def accuracy(tf: Any) -> Any:
    y = tf.constant([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]], name="y")
    labels = tf.constant([[0.0, 1.0], [0.0, 1.0], [0.0, 1.0]], name="labels")
    correct = tf.equal(tf.argmax(y, 1), tf.argmax(labels, 1))
    return tf.reduce_mean(tf.cast(correct, tf.float32))

"""Time single operations of the graph language beside TensorFlow's, in alternation: where is flowlab slow?

    python -m tests.bench.operators --tensorflow /path/to/python-with-tensorflow [--threads 1] [--only WORD,...]

Each row is a small graph of TensorFlow 1.x whose inputs are variables, run again and again by `sess.run`; both
libraries run it in a process of their own and take turns. With one thread the processor's time counts, with more the
clock's. The ratio is TensorFlow's time over flowlab's: above 1 flowlab is faster.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

Program = Callable[[Any, "Inputs"], Any]


class Inputs:
    """Variables of any shape, filled with the same numbers for every library."""

    def __init__(self, tf: Any) -> None:
        self.tf = tf
        self.random = np.random.RandomState(0)

    def __call__(self, *shape: int, low: float = -1, high: float = 1, dtype: str = "float32") -> Any:
        values = self.random.uniform(low, high, shape).astype(dtype)
        return self.tf.Variable(values, trainable=dtype == "float32").value()

    def ints(self, *shape: int, below: int, dtype: str = "int32") -> Any:
        return self.tf.Variable(self.random.randint(0, below, shape).astype(dtype), trainable=False).value()


def unary(name: str, low: float = -1, high: float = 1) -> tuple[str, Program]:
    """An elementwise function of a million numbers."""

    def program(tf: Any, v: Inputs) -> Any:
        function = tf
        for part in name.split("."):
            function = getattr(function, part)
        return function(v(1000, 1000, low=low, high=high))

    return f"{name} 1M", program


def with_gradient(program: Program) -> Program:
    """The program's result, and the gradients of its sum for all variables."""

    def both(tf: Any, v: Inputs) -> Any:
        y = program(tf, v)
        return [y, [g for g in tf.gradients(tf.reduce_sum(y), tf.trainable_variables()) if g is not None]]

    return both


def gelu(tf: Any, x: Any) -> Any:
    return 0.5 * x * (1 + tf.tanh(0.79788 * (x + 0.044715 * x**3)))


def deep(tf: Any, v: Inputs) -> Any:
    x = v(32, 100)
    for _ in range(6):
        x = tf.nn.relu(tf.matmul(x, v(100, 100)) + v(100))
    return x


def gru(tf: Any, v: Inputs) -> Any:
    cell = tf.nn.rnn_cell.GRUCell(64)
    return tf.nn.dynamic_rnn(cell, v(32, 20, 32), dtype=tf.float32)[0]


def batch_norm(tf: Any, v: Inputs) -> Any:
    return tf.nn.fused_batch_norm(v(64, 28, 28, 32), v(32, low=0.5), v(32))[0]


def moments_norm(tf: Any, v: Inputs) -> Any:
    x = v(128, 256)
    mean, variance = tf.nn.moments(x, [0])
    return tf.nn.batch_normalization(x, mean, variance, v(256), v(256), 1e-3)


def layer(tf: Any, v: Inputs) -> Any:
    return tf.nn.conv2d(v(32, 28, 28, 32), v(3, 3, 32, 64), [1, 2, 2, 1], "SAME")


def optimizer(name: str, *arguments: float) -> tuple[str, Program]:
    def program(tf: Any, v: Inputs) -> Any:
        w = tf.Variable(np.ones((1000, 1000), np.float32))
        make = getattr(tf.train, f"{name}Optimizer")(*arguments)
        return make.apply_gradients([(v(1000, 1000), w)])

    return f"{name} 1M", program


def sparse_optimizer(name: str, *arguments: float) -> tuple[str, Program]:
    def program(tf: Any, v: Inputs) -> Any:
        table = tf.Variable(np.ones((10000, 64), np.float32))
        loss = tf.reduce_sum(tf.nn.embedding_lookup(table, v.ints(128, below=10000)) ** 2)
        return getattr(tf.train, f"{name}Optimizer")(*arguments).minimize(loss)

    return f"{name}, 128 rows of 10,000x64", program


def trained(loss: Callable[[Any, Inputs], Any], name: str = "Adam", *arguments: float) -> Program:
    """A training step of a whole net."""

    def program(tf: Any, v: Inputs) -> Any:
        return getattr(tf.train, f"{name}Optimizer")(*arguments or (0.001,)).minimize(loss(tf, v))

    return program


def dense(tf: Any, v: Inputs, x: Any, size: int, activation: Any = None) -> Any:
    w, b = v(int(x.shape[1]), size, low=-0.1, high=0.1), v(size)
    y = tf.matmul(x, w) + b
    return y if activation is None else activation(y)


def given(tf: Any, *shape: int) -> Any:
    """Data that is not trained."""
    return tf.Variable(np.random.RandomState(1).rand(*shape).astype(np.float32), trainable=False).value()


def cross_entropy(tf: Any, v: Inputs, logits: Any) -> Any:
    labels = v.ints(int(logits.shape[0]), below=int(logits.shape[1]))
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))


def autoencoder(tf: Any, v: Inputs) -> Any:
    x = y = given(tf, 100, 784)
    for size in (256, 128, 256, 784):
        y = dense(tf, v, y, size, tf.nn.sigmoid)
    return tf.reduce_mean(tf.square(x - y))


def variational(tf: Any, v: Inputs) -> Any:
    x = given(tf, 100, 784)
    h = dense(tf, v, x, 400, tf.nn.tanh)
    mean, deviation = dense(tf, v, h, 20), dense(tf, v, h, 20)
    z = mean + tf.exp(0.5 * deviation) * tf.random_normal([100, 20])
    logits = dense(tf, v, dense(tf, v, z, 400, tf.nn.tanh), 784)
    fit = tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(labels=x, logits=logits), 1)
    return tf.reduce_mean(fit - 0.5 * tf.reduce_sum(1 + deviation - tf.square(mean) - tf.exp(deviation), 1))


def adversaries(tf: Any, v: Inputs) -> Any:
    picture = dense(tf, v, dense(tf, v, tf.random_normal([64, 100]), 128, tf.nn.relu), 784, tf.nn.sigmoid)
    w, u = v(784, 128, low=-0.1, high=0.1), v(128, 1, low=-0.1, high=0.1)
    real, fake = (tf.matmul(tf.nn.leaky_relu(tf.matmul(x, w)), u) for x in (given(tf, 64, 784), picture))
    entropy = tf.nn.sigmoid_cross_entropy_with_logits
    return tf.reduce_mean(
        entropy(labels=tf.ones_like(real), logits=real) + entropy(labels=tf.zeros_like(fake), logits=fake)
    )


def lenet(tf: Any, v: Inputs) -> Any:
    y = given(tf, 100, 28, 28, 1)
    for before, channels, padding in ((1, 6, "SAME"), (6, 16, "VALID")):
        y = tf.nn.relu(tf.nn.conv2d(y, v(5, 5, before, channels), [1, 1, 1, 1], padding) + v(channels))
        y = tf.nn.max_pool(y, [1, 2, 2, 1], [1, 2, 2, 1], "VALID")
    y = tf.reshape(y, [100, 400])
    return cross_entropy(tf, v, dense(tf, v, dense(tf, v, dense(tf, v, y, 120, tf.nn.relu), 84, tf.nn.relu), 10))


def normalized_cnn(tf: Any, v: Inputs) -> Any:
    y = given(tf, 32, 32, 32, 3)
    for before, channels in ((3, 32), (32, 64), (64, 64)):
        y = tf.nn.conv2d(y, v(3, 3, before, channels), [1, 1, 1, 1], "SAME")
        y = tf.nn.relu(tf.nn.fused_batch_norm(y, v(channels, low=0.5), v(channels))[0])
        y = tf.nn.max_pool(y, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
    return cross_entropy(tf, v, dense(tf, v, tf.reduce_mean(y, [1, 2]), 10))


def residual(tf: Any, v: Inputs) -> Any:
    y = given(tf, 32, 16, 16, 32)
    for _ in range(3):
        z = tf.nn.relu(tf.nn.conv2d(y, v(3, 3, 32, 32, low=-0.1, high=0.1), [1, 1, 1, 1], "SAME"))
        y = tf.nn.relu(y + tf.nn.conv2d(z, v(3, 3, 32, 32, low=-0.1, high=0.1), [1, 1, 1, 1], "SAME"))
    return cross_entropy(tf, v, dense(tf, v, tf.reduce_mean(y, [1, 2]), 10))


def deep_q(tf: Any, v: Inputs) -> Any:
    y = given(tf, 32, 84, 84, 4)
    for size, stride, before, channels in ((8, 4, 4, 32), (4, 2, 32, 64), (3, 1, 64, 64)):
        w = v(size, size, before, channels, low=-0.1, high=0.1)
        y = tf.nn.relu(tf.nn.conv2d(y, w, [1, stride, stride, 1], "VALID") + v(channels))
    q = dense(tf, v, dense(tf, v, tf.reshape(y, [32, 3136]), 512, tf.nn.relu), 6)
    taken = tf.reduce_sum(q * tf.one_hot(v.ints(32, below=6), 6), 1)
    return tf.reduce_mean(tf.square(given(tf, 32) - taken))


def sentences(tf: Any, v: Inputs) -> Any:
    words = tf.expand_dims(tf.nn.embedding_lookup(v(5000, 64), v.ints(64, 50, below=5000)), -1)
    pooled = []
    for width in (3, 4, 5):
        y = tf.nn.relu(tf.nn.conv2d(words, v(width, 64, 1, 64, low=-0.1, high=0.1), [1, 1, 1, 1], "VALID") + v(64))
        pooled.append(tf.nn.max_pool(y, [1, 51 - width, 1, 1], [1, 1, 1, 1], "VALID"))
    y = tf.nn.dropout(tf.reshape(tf.concat(pooled, 3), [64, 192]), 0.5)
    return cross_entropy(tf, v, dense(tf, v, y, 2))


def language_model(tf: Any, v: Inputs) -> Any:
    words = tf.nn.embedding_lookup(v(2000, 200), v.ints(20, 20, below=2000))
    make = tf.nn.rnn_cell.BasicLSTMCell
    outputs, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.MultiRNNCell([make(200), make(200)]), words, dtype=tf.float32)
    return cross_entropy(tf, v, dense(tf, v, tf.reshape(outputs, [400, 200]), 2000))


def character_net(tf: Any, v: Inputs) -> Any:
    letters = tf.one_hot(v.ints(32, 40, below=60), 60)
    outputs, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.GRUCell(128), letters, dtype=tf.float32)
    return cross_entropy(tf, v, dense(tf, v, tf.reshape(outputs, [1280, 128]), 60))


def factors(tf: Any, v: Inputs) -> Any:
    user, item = v.ints(256, below=1000), v.ints(256, below=2000)
    look = tf.nn.embedding_lookup
    found = (
        tf.reduce_sum(look(v(1000, 32), user) * look(v(2000, 32), item), 1) + look(v(1000), user) + look(v(2000), item)
    )
    return tf.reduce_mean(tf.square(found - given(tf, 256)))


def attention(tf: Any, v: Inputs) -> Any:
    x = given(tf, 32 * 40, 64)
    q, k, u = (tf.transpose(tf.reshape(dense(tf, v, x, 64), [32, 40, 4, 16]), [0, 2, 1, 3]) for _ in range(3))
    weights = tf.nn.softmax(tf.matmul(q, k, transpose_b=True) / 4.0)
    y = tf.reshape(tf.transpose(tf.matmul(weights, u), [0, 2, 1, 3]), [32 * 40, 64]) + x
    return tf.reduce_mean(tf.square(dense(tf, v, dense(tf, v, y, 256, tf.nn.relu), 64) - x))


OPERATORS: dict[str, Program] = dict([
    *[unary(name) for name in ("exp", "tanh", "sigmoid", "sin", "erf", "nn.relu", "nn.elu", "nn.softplus", "square", "abs", "floor", "sign")],
    *[unary(name, 0.1, 4) for name in ("log", "sqrt", "rsqrt", "lgamma", "log1p", "reciprocal")],
    ("pow 1M", lambda tf, v: v(1000, 1000, low=0.1) ** v(1000, 1000)),
    ("add 1M", lambda tf, v: v(1000, 1000) + v(1000, 1000)),
    ("divide 1M", lambda tf, v: v(1000, 1000) / v(1000, 1000, low=1, high=2)),
    ("add a row 1M", lambda tf, v: v(1000, 1000) + v(1000)),
    ("add a column 1M", lambda tf, v: v(1000, 1000) + v(1000, 1)),
    ("where 1M", lambda tf, v: tf.where(v(1000, 1000) > 0, v(1000, 1000), v(1000, 1000))),
    ("int32 floordiv 1M", lambda tf, v: v.ints(1000, 1000, below=99) // (v.ints(1000, 1000, below=9) + 1)),
    ("cast int32 1M", lambda tf, v: tf.cast(v(1000, 1000), tf.int32)),
    ("gelu by hand 1M", lambda tf, v: gelu(tf, v(1000, 1000))),
    ("reduce_sum 1M", lambda tf, v: tf.reduce_sum(v(1000, 1000))),
    ("reduce_mean rows 1M", lambda tf, v: tf.reduce_mean(v(1000, 1000), 1)),
    ("reduce_mean columns 1M", lambda tf, v: tf.reduce_mean(v(1000, 1000), 0)),
    ("reduce_max 1M", lambda tf, v: tf.reduce_max(v(1000, 1000), 1)),
    ("reduce_sum middle", lambda tf, v: tf.reduce_sum(v(100, 100, 100), 1)),
    ("reduce_logsumexp", lambda tf, v: tf.reduce_logsumexp(v(1000, 1000), 1)),
    ("reduce_all", lambda tf, v: tf.reduce_all(v(1000, 1000) > -2)),
    ("cumsum 1M", lambda tf, v: tf.cumsum(v(1000, 1000), 1)),
    ("argmax 1M", lambda tf, v: tf.argmax(v(1000, 1000), 1)),
    ("argmax columns", lambda tf, v: tf.argmax(v(1000, 1000), 0)),
    ("top_k 10 of 1000", lambda tf, v: tf.nn.top_k(v(1000, 1000), 10)),
    ("sort rows", lambda tf, v: tf.sort(v(1000, 1000))),
    ("in_top_k", lambda tf, v: tf.nn.in_top_k(v(1000, 1000), v.ints(1000, below=1000), 5)),
    ("softmax 1000x1000", lambda tf, v: tf.nn.softmax(v(1000, 1000))),
    ("log_softmax 1000x1000", lambda tf, v: tf.nn.log_softmax(v(1000, 1000))),
    ("sparse cross entropy and gradient", with_gradient(lambda tf, v: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=v.ints(256, below=1000), logits=v(256, 1000)))),
    ("sigmoid cross entropy and gradient", with_gradient(lambda tf, v: tf.nn.sigmoid_cross_entropy_with_logits(labels=v(256, 1000), logits=v(256, 1000)))),
    ("l2_normalize", lambda tf, v: tf.nn.l2_normalize(v(1000, 1000), 1)),
    ("transpose 1000x1000", lambda tf, v: tf.transpose(v(1000, 1000))),
    ("transpose NHWC to NCHW", lambda tf, v: tf.transpose(v(32, 28, 28, 32), [0, 3, 1, 2])),
    ("concat", lambda tf, v: tf.concat([v(1000, 300), v(1000, 700)], 1)),
    ("split", lambda tf, v: tf.split(v(1000, 1000), 4, 1)),
    ("stack", lambda tf, v: tf.stack([v(1000, 100) for _ in range(10)], 1)),
    ("pad", lambda tf, v: tf.pad(v(32, 28, 28, 32), [[0, 0], [2, 2], [2, 2], [0, 0]])),
    ("tile", lambda tf, v: tf.tile(v(100, 100), [10, 10])),
    ("reverse", lambda tf, v: tf.reverse(v(1000, 1000), [1])),
    ("strided slice", lambda tf, v: v(1000, 1000)[::2, 1:-1:3] + 0.0),
    ("gather 1000 rows", lambda tf, v: tf.gather(v(10000, 64), v.ints(1000, below=10000))),
    ("gather_nd", lambda tf, v: tf.gather_nd(v(1000, 1000), v.ints(10000, 2, below=1000))),
    ("scatter_nd", lambda tf, v: tf.scatter_nd(v.ints(1000, 1, below=1000), v(1000, 64), [1000, 64])),
    ("one_hot 1000x1000", lambda tf, v: tf.one_hot(v.ints(1000, below=1000), 1000)),
    ("segment_sum", lambda tf, v: tf.unsorted_segment_sum(v(10000, 64), v.ints(10000, below=100), 100)),
    ("unique", lambda tf, v: tf.unique(v.ints(10000, below=1000))),
    ("boolean_mask", lambda tf, v: tf.boolean_mask(v(10000, 64), v.ints(10000, below=2) > 0)),
    ("range and reshape", lambda tf, v: tf.reshape(tf.range(v.ints(below=1) + 1000000), [1000, 1000])),
    ("random_uniform 1M", lambda tf, v: tf.random_uniform([1000, 1000])),
    ("random_normal 1M", lambda tf, v: tf.random_normal([1000, 1000])),
    ("truncated_normal 1M", lambda tf, v: tf.truncated_normal([1000, 1000])),
    ("multinomial", lambda tf, v: tf.multinomial(v(100, 1000), 10)),
    ("random_shuffle", lambda tf, v: tf.random_shuffle(v(10000, 64))),
    ("dropout 1M", lambda tf, v: tf.nn.dropout(v(1000, 1000), 0.5)),
    ("dropout and gradient 1M", with_gradient(lambda tf, v: tf.nn.dropout(v(1000, 1000), 0.5))),
    ("matmul 64", lambda tf, v: tf.matmul(v(64, 64), v(64, 64))),
    ("matmul 256", lambda tf, v: tf.matmul(v(256, 256), v(256, 256))),
    ("matmul 1024", lambda tf, v: tf.matmul(v(1024, 1024), v(1024, 1024))),
    ("matmul 512 double", lambda tf, v: tf.matmul(v(512, 512, dtype="float64"), v(512, 512, dtype="float64"))),
    ("matmul 256 turned", lambda tf, v: tf.matmul(v(256, 256), v(256, 256), transpose_a=True, transpose_b=True)),
    ("matmul vector", lambda tf, v: tf.matmul(v(1000, 1000), v(1000, 1))),
    ("batch matmul 32 of 64", lambda tf, v: tf.matmul(v(32, 64, 64), v(32, 64, 64))),
    ("batch matmul 8 heads", lambda tf, v: tf.matmul(v(16, 8, 50, 32), v(16, 8, 50, 32), transpose_b=True)),
    ("einsum", lambda tf, v: tf.einsum("bij,bjk->bik", v(32, 64, 64), v(32, 64, 64))),
    ("tensordot", lambda tf, v: tf.tensordot(v(50, 20, 30), v(30, 40), 1)),
    ("inverse 128", lambda tf, v: tf.matrix_inverse(v(128, 128))),
    ("solve 128", lambda tf, v: tf.matrix_solve(v(128, 128), v(128, 10))),
    ("svd 64", lambda tf, v: tf.svd(v(64, 64))),
    ("cholesky 128", lambda tf, v: tf.cholesky(tf.eye(128) + tf.square(v(128, 1)) * 0.0)),
    ("conv2d 3x3, 64 to 64", lambda tf, v: tf.nn.conv2d(v(32, 28, 28, 64), v(3, 3, 64, 64), [1, 1, 1, 1], "SAME")),
    ("conv2d 3x3 and gradient", with_gradient(lambda tf, v: tf.nn.conv2d(v(32, 28, 28, 32), v(3, 3, 32, 32), [1, 1, 1, 1], "SAME"))),
    ("conv2d 3x3, stride 2", layer),
    ("conv2d stride 2 and gradient", with_gradient(layer)),
    ("conv2d 1x1", lambda tf, v: tf.nn.conv2d(v(32, 28, 28, 64), v(1, 1, 64, 128), [1, 1, 1, 1], "SAME")),
    ("conv2d dilated", lambda tf, v: tf.nn.conv2d(v(32, 28, 28, 32), v(3, 3, 32, 32), [1, 1, 1, 1], "SAME", dilations=[1, 2, 2, 1])),
    ("conv2d 3 channels, 7x7, stride 2", lambda tf, v: tf.nn.conv2d(v(8, 112, 112, 3), v(7, 7, 3, 64), [1, 2, 2, 1], "SAME")),
    ("conv2d of few channels", lambda tf, v: tf.nn.conv2d(v(64, 28, 28, 8), v(3, 3, 8, 16), [1, 1, 1, 1], "SAME")),
    ("depthwise conv2d and gradient", with_gradient(lambda tf, v: tf.nn.depthwise_conv2d(v(32, 28, 28, 32), v(3, 3, 32, 1), [1, 1, 1, 1], "SAME"))),
    ("conv2d_transpose", lambda tf, v: tf.nn.conv2d_transpose(v(32, 14, 14, 64), v(3, 3, 32, 64), [32, 28, 28, 32], [1, 2, 2, 1])),
    ("conv1d", lambda tf, v: tf.nn.conv1d(v(32, 200, 32), v(5, 32, 64), 1, "SAME")),
    ("conv3d", lambda tf, v: tf.nn.conv3d(v(4, 16, 16, 16, 8), v(3, 3, 3, 8, 16), [1, 1, 1, 1, 1], "SAME")),
    ("max_pool 2x2", lambda tf, v: tf.nn.max_pool(v(50, 28, 28, 32), [1, 2, 2, 1], [1, 2, 2, 1], "SAME")),
    ("max_pool 3x3, stride 2, and gradient", with_gradient(lambda tf, v: tf.nn.max_pool(v(50, 28, 28, 32), [1, 3, 3, 1], [1, 2, 2, 1], "SAME"))),
    ("avg_pool 2x2 and gradient", with_gradient(lambda tf, v: tf.nn.avg_pool(v(50, 28, 28, 32), [1, 2, 2, 1], [1, 2, 2, 1], "SAME"))),
    ("lrn", lambda tf, v: tf.nn.lrn(v(16, 28, 28, 64))),
    ("fused batch norm", batch_norm),
    ("fused batch norm and gradient", with_gradient(batch_norm)),
    ("batch norm by moments and gradient", with_gradient(moments_norm)),
    ("GRU, 20 steps", gru),
    ("GRU and gradient", with_gradient(gru)),
    optimizer("GradientDescent", 0.01), optimizer("Momentum", 0.01, 0.9), optimizer("Adam"), optimizer("RMSProp", 0.01),
    optimizer("Adagrad", 0.01), optimizer("Adadelta"), optimizer("Ftrl", 0.01),
    sparse_optimizer("GradientDescent", 0.01), sparse_optimizer("Adagrad", 0.01), sparse_optimizer("Adam"),
    sparse_optimizer("Momentum", 0.01, 0.9),
    ("clip_by_global_norm", lambda tf, v: tf.clip_by_global_norm([v(500, 500), v(500, 10), v(10)], 1.0)[0]),
    ("resize_bilinear", lambda tf, v: tf.image.resize_bilinear(v(8, 64, 64, 3), [128, 128])),
    ("adjust_hue", lambda tf, v: tf.image.adjust_hue(v(100, 100, 3, low=0), 0.1)),
    ("adjust_contrast", lambda tf, v: tf.image.adjust_contrast(v(8, 64, 64, 3, low=0), 1.5)),
    ("flip_left_right", lambda tf, v: tf.image.flip_left_right(v(64, 64, 3))),
    ("sparse matmul", lambda tf, v: tf.sparse_tensor_dense_matmul(tf.SparseTensor(np.stack([np.arange(1000), np.arange(1000) * 7 % 1000], 1), v(1000), [1000, 1000]), v(1000, 64))),
    ("map_fn", lambda tf, v: tf.map_fn(lambda x: x * 2 + 1, v(100, 10))),
    ("scan", lambda tf, v: tf.scan(lambda a, x: a + x, v(100, 10))),
    ("cond", lambda tf, v: tf.cond(v() > 0, lambda: v(10) + 1, lambda: v(10) - 1)),
    ("fft 1024x64", lambda tf, v: tf.signal.fft(tf.cast(v(64, 1024), tf.complex64))),
    ("reduce_prod", lambda tf, v: tf.reduce_prod(v(1000, 1000), 1)),
    ("reduce_min columns", lambda tf, v: tf.reduce_min(v(1000, 1000), 0)),
    ("maximum 1M", lambda tf, v: tf.maximum(v(1000, 1000), v(1000, 1000))),
    ("clip_by_value 1M", lambda tf, v: tf.clip_by_value(v(1000, 1000), -0.5, 0.5)),
    ("leaky_relu 1M", lambda tf, v: tf.nn.leaky_relu(v(1000, 1000))),
    ("selu 1M", lambda tf, v: tf.nn.selu(v(1000, 1000))),
    ("relu6 1M", lambda tf, v: tf.nn.relu6(v(1000, 1000) * 8)),
    ("squared_difference 1M", lambda tf, v: tf.squared_difference(v(1000, 1000), v(1000, 1000))),
    ("greater and logical_and 1M", lambda tf, v: tf.logical_and(v(1000, 1000) > 0, v(1000, 1000) < 0.5)),
    ("floormod 1M", lambda tf, v: tf.floormod(v(1000, 1000), 0.3)),
    ("atan2 1M", lambda tf, v: tf.atan2(v(1000, 1000), v(1000, 1000))),
    ("round 1M", lambda tf, v: tf.round(v(1000, 1000) * 9)),
    ("is_nan 1M", lambda tf, v: tf.is_nan(v(1000, 1000))),
    ("digamma 1M", lambda tf, v: tf.digamma(v(1000, 1000, low=0.5, high=4))),
    ("bitwise 1M", lambda tf, v: tf.bitwise.bitwise_xor(v.ints(1000, 1000, below=99), v.ints(1000, 1000, below=99))),
    ("complex product 250k", lambda tf, v: tf.complex(v(500, 500), v(500, 500)) * tf.complex(v(500, 500), v(500, 500))),
    ("cast to float64", lambda tf, v: tf.cast(v(1000, 1000), tf.float64)),
    ("broadcast_to", lambda tf, v: tf.broadcast_to(v(1000), [1000, 1000])),
    ("meshgrid", lambda tf, v: tf.meshgrid(v(1000), v(1000))),
    ("unstack", lambda tf, v: tf.unstack(v(20, 1000), axis=0)),
    ("dynamic_partition", lambda tf, v: tf.dynamic_partition(v(10000, 16), v.ints(10000, below=4), 4)),
    ("dynamic_stitch", lambda tf, v: tf.dynamic_stitch([np.arange(0, 1000, 2), np.arange(1, 1000, 2)], [v(500, 64), v(500, 64)])),
    ("space_to_depth", lambda tf, v: tf.space_to_depth(v(16, 32, 32, 16), 2)),
    ("extract_image_patches", lambda tf, v: tf.extract_image_patches(v(8, 32, 32, 3), [1, 3, 3, 1], [1, 1, 1, 1], [1, 1, 1, 1], "SAME")),
    ("matrix_band_part", lambda tf, v: tf.matrix_band_part(v(1000, 1000), -1, 0)),
    ("matrix_diag", lambda tf, v: tf.matrix_diag(v(100, 100))),
    ("trace and diag_part", lambda tf, v: tf.trace(v(1000, 1000))),
    ("where indices", lambda tf, v: tf.where(v(1000, 1000) > 0.5)),
    ("segment_mean", lambda tf, v: tf.segment_mean(v(10000, 64), np.arange(10000) // 100)),
    ("bincount", lambda tf, v: tf.bincount(v.ints(100000, below=100))),
    ("histogram_fixed_width", lambda tf, v: tf.histogram_fixed_width(v(100000), [-1.0, 1.0])),
    ("confusion_matrix", lambda tf, v: tf.math.confusion_matrix(v.ints(1000, below=10), v.ints(1000, below=10), 10)),
    ("searchsorted", lambda tf, v: tf.searchsorted(tf.sort(v(1, 10000)), v(1, 1000))),
    ("setdiff1d", lambda tf, v: tf.setdiff1d(v.ints(10000, below=9999), v.ints(5000, below=9999))),
    ("qr 64", lambda tf, v: tf.qr(v(64, 64))),
    ("self_adjoint_eig 64", lambda tf, v: tf.self_adjoint_eig(tf.matmul(v(64, 8), v(64, 8), transpose_b=True) * 0 + tf.eye(64))),
    ("determinant 64", lambda tf, v: tf.matrix_determinant(v(64, 64))),
    ("triangular solve 128", lambda tf, v: tf.matrix_triangular_solve(tf.eye(128) + tf.matrix_band_part(v(128, 128), -1, 0) * 0.01, v(128, 128))),
    ("solves of 1000 3x3", lambda tf, v: tf.matrix_solve(v(1000, 3, 3), v(1000, 3, 1))),
    ("rgb_to_hsv", lambda tf, v: tf.image.rgb_to_hsv(v(100, 100, 3, low=0))),
    ("rgb_to_grayscale", lambda tf, v: tf.image.rgb_to_grayscale(v(8, 64, 64, 3, low=0))),
    ("adjust_saturation", lambda tf, v: tf.image.adjust_saturation(v(100, 100, 3, low=0), 0.5)),
    ("adjust_brightness", lambda tf, v: tf.image.adjust_brightness(v(100, 100, 3, low=0), 0.1)),
    ("per_image_standardization", lambda tf, v: tf.image.per_image_standardization(v(64, 64, 3))),
    ("resize_nearest", lambda tf, v: tf.image.resize_nearest_neighbor(v(8, 64, 64, 3), [128, 128])),
    ("resize_bicubic", lambda tf, v: tf.image.resize_bicubic(v(8, 64, 64, 3), [128, 128])),
    ("crop_and_resize", lambda tf, v: tf.image.crop_and_resize(v(4, 64, 64, 3), [[0.1, 0.1, 0.9, 0.9]] * 8, [0, 1, 2, 3] * 2, [32, 32])),
    ("non_max_suppression", lambda tf, v: tf.image.non_max_suppression(tf.concat([v(500, 2, low=0, high=0.5), v(500, 2, low=0.5, high=1)], 1), v(500), 50)),
    ("decode_png", lambda tf, v: tf.image.decode_png(tf.image.encode_png(v.ints(100, 100, 3, below=255, dtype="uint8")))),
    ("decode_jpeg", lambda tf, v: tf.image.decode_jpeg(tf.image.encode_jpeg(v.ints(100, 100, 3, below=255, dtype="uint8")))),
    ("stft", lambda tf, v: tf.signal.stft(v(1, 16000), 512, 256)),
    ("sparse_to_dense", lambda tf, v: tf.sparse_to_dense(np.arange(1000), [1000], v(1000))),
    ("embedding_lookup_sparse", lambda tf, v: tf.nn.embedding_lookup_sparse(v(1000, 64), tf.SparseTensor(np.stack([np.arange(400) // 4, np.arange(400) % 4], 1), v.ints(400, below=1000, dtype="int64"), [100, 4]), None, combiner="mean")),
    ("ctc_loss", lambda tf, v: tf.nn.ctc_loss(tf.SparseTensor(np.stack([np.arange(40) // 5, np.arange(40) % 5], 1), v.ints(40, below=10), [8, 5]), v(30, 8, 12), np.full(8, 30))),
    ("edit_distance", lambda tf, v: tf.edit_distance(*[tf.SparseTensor(np.stack([np.arange(400) // 4, np.arange(400) % 4], 1), v.ints(400, below=9), [100, 4]) for _ in range(2)])),
    ("as_string", lambda tf, v: tf.as_string(v(1000))),
    ("string_to_number", lambda tf, v: tf.string_to_number(tf.as_string(v(1000)))),
    ("string_join", lambda tf, v: tf.string_join([tf.as_string(v.ints(1000, below=9)), tf.as_string(v.ints(1000, below=9))], " ")),
    ("regex_replace", lambda tf, v: tf.regex_replace(tf.as_string(v(1000)), "0[.]", "x")),
    ("decode_csv", lambda tf, v: tf.decode_csv(tf.string_join([tf.as_string(v(1000)), tf.as_string(v.ints(1000, below=99))], ","), [[0.0], [0]])),
    ("unicode_decode", lambda tf, v: tf.strings.unicode_decode(tf.as_string(v(1000)), "UTF-8").values),
    ("ctc_beam_search_decoder", lambda tf, v: tf.nn.ctc_beam_search_decoder(v(30, 8, 12, low=-3, high=3), np.full(8, 30), beam_width=10)[0][0].values),
    ("resize_bilinear and gradient", with_gradient(lambda tf, v: tf.image.resize_bilinear(v(8, 64, 64, 3), [128, 128]))),
    ("resize_area", lambda tf, v: tf.image.resize_area(v(8, 64, 64, 3), [20, 20])),
    ("hsv_to_rgb", lambda tf, v: tf.image.hsv_to_rgb(v(100, 100, 3, low=0))),
    ("reduce_join", lambda tf, v: tf.reduce_join(tf.as_string(v.ints(100, 10, below=9)), 1)),
    ("decode_raw", lambda tf, v: tf.decode_raw(tf.as_string(v.ints(100, below=1) + 1000), tf.uint8)),
    ("py_func", lambda tf, v: tf.py_func(np.sin, [v(100)], tf.float32)),
    ("metrics.accuracy", lambda tf, v: tf.metrics.accuracy(v.ints(100, below=3), v.ints(100, below=3))[1]),
    ("while_loop with arrays", lambda tf, v: tf.while_loop(lambda i, x: i < 100, lambda i, x: (i + 1, tf.matmul(x, x) * 0.1), [0, v(10, 10)])[1]),
    ("case of 3", lambda tf, v: tf.case([(v() > 2, lambda: v(10)), (v() > 3, lambda: v(10) * 2)], default=lambda: v(10) + 1)),
    ("gradients of a deep net, batch 1", with_gradient(deep)),
    ("dense net of 100 inputs, batch 32, Adam", lambda tf, v: tf.train.AdamOptimizer().minimize(tf.reduce_mean(tf.square(deep(tf, v))))),
    *[(f"net: {net.__name__}, Adam", trained(net)) for net in (autoencoder, variational, adversaries, lenet, deep_q, attention,
      normalized_cnn, residual, sentences, character_net, factors)],
    ("net: language_model, descent", trained(language_model, "GradientDescent", 1.0)),
    ("net: autoencoder, RMSProp", trained(autoencoder, "RMSProp", 0.01)),
    ("net: factors, Adagrad", trained(factors, "Adagrad", 0.01)),
    ("string_split and hash", lambda tf, v: tf.string_to_hash_bucket_fast(tf.string_split(tf.string_join([tf.as_string(v.ints(100, below=9)), "quick brown fox"], " ")).values, 1000)),
])  # fmt: skip


def calls(library: str, threads: int) -> Iterator[tuple[str, Callable[[], Any] | None]]:
    """Make the programs of a library, one at a time as they are asked for; yields None where it cannot."""
    from tests.bench.worker import load

    tf = load(library, threads)
    for line in sys.stdin:
        name = json.loads(line)
        try:
            with tf.Graph().as_default(), tf.Session() as sess:
                tf.set_random_seed(1)
                fetches = OPERATORS[name](tf, Inputs(tf))
                sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
                yield name, sess.make_callable(fetches)
        except Exception as error:
            print(f"{library}: {name}: {type(error).__name__}: {error}", file=sys.stderr)
            yield name, None


def answer(library: str, threads: int, seconds: float) -> None:
    """Be a library's process: read names, print times in microseconds."""
    clock = time.process_time if threads == 1 else time.perf_counter
    print("{}", flush=True)
    for _, call in calls(library, threads):
        best = None
        if call is not None:
            for _ in range(12):
                call()
            begin = time.perf_counter()
            call()
            often = max(1, int(0.01 / max(1e-7, time.perf_counter() - begin)))
            end = time.perf_counter() + seconds
            best = float("inf")
            while time.perf_counter() < end:
                start = clock()
                for _ in range(often):
                    call()
                best = min(best, (clock() - start) / often * 1e6)
        print(json.dumps(best), flush=True)


class Peer:
    """A library in a process of its own."""

    def __init__(self, python: str, library: str, threads: int, seconds: float) -> None:
        command = [python, __file__, "--answer", library, "--threads", str(threads), "--seconds", str(seconds)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self._process.stdout.readline()

    def time(self, name: str) -> float | None:
        """Microseconds of a call; None where it fails."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(name) + "\n")
        self._process.stdin.flush()
        found = json.loads(self._process.stdout.readline())
        return None if found is None else float(found)

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tensorflow", help="a Python that has TensorFlow")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=0.1)
    parser.add_argument("--only", help="parts of names, separated by commas")
    parser.add_argument("--answer", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.answer:
        answer(options.answer, options.threads, options.seconds)
        return
    pythons = {"flowlab": sys.executable, **({"tensorflow": options.tensorflow} if options.tensorflow else {})}
    peers = {lib: Peer(python, lib, options.threads, options.seconds) for lib, python in pythons.items()}
    names = [n for n in OPERATORS if not options.only or any(part in n for part in options.only.split(","))]
    print(f"{'operation (microseconds)':42}{'flowlab':>10}{'TensorFlow':>12}{'ratio':>8}")
    for name in names:
        best: dict[str, float] = {}
        for _ in range(options.rounds):
            for lib, peer in peers.items():
                found = peer.time(name)
                if found is not None:
                    best[lib] = min(best.get(lib, found), found)
        own, other = best.get("flowlab"), best.get("tensorflow")
        texts = [f"{value:.1f}" if value is not None else "-" for value in (own, other)]
        print(f"{name:42}{texts[0]:>10}{texts[1]:>12}{f'{other / own:.2f}' if own and other else '-':>8}", flush=True)
    for peer in peers.values():
        peer.close()


if __name__ == "__main__":
    main()

"""Samples of branches, loops and TensorArrays: ops/cond.py, ops/while_loop.py, ops/tensor_array.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.ops.sample import Failure, Sample

X = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.0]], np.float32)
V = np.array([0.5, -1.5, 2.0, 1.0], np.float32)
P = np.array(True)
N = np.array(3, np.int32)


def loop(tf: Any, x: Any, n: Any) -> Any:
    return tf.while_loop(lambda i, v: i < n, lambda i, v: (i + 1, tf.sin(v) * x + v), (0, x))[1]


def filled(tf: Any, x: Any, **options: Any) -> Any:
    return tf.TensorArray(x.dtype, size=tf.shape(x)[0], **options).unstack(x)


SAMPLES = [
    Sample("If", lambda tf, p, x: tf.cond(p, lambda: tf.exp(x) * 2.0, lambda: x * x), (P, X)),
    Sample("If", lambda tf, p, x: tf.cond(tf.logical_not(p), lambda: [x, x * 3.0], lambda: [x * x * x, x]), (P, X)),
    Sample("If", lambda tf, p, n: tf.cond(p, lambda: n + 1, lambda: tf.constant(7)), (P, N), exact=True),
    Sample("If", lambda tf, x: tf.case([(x[0] > 1.0, lambda: x), (x[1] < 0.0, lambda: x * x)], lambda: -x), (V,)),
    Sample("While", loop, (X, N)),
    Sample(
        "While", lambda tf, x: tf.while_loop(lambda v: tf.reduce_sum(v) < 37.0, lambda v: v * 2.0, [x]), (np.abs(V),)
    ),
    Sample("While", lambda tf, n: tf.while_loop(lambda i: i < 9, lambda i: i + 2, [n]), (N,), exact=True),
    Sample("WhileGrad", lambda tf, x, n: tf.gradients(loop(tf, x, n), x), (X, N)),
    Sample("TensorArrayV3", lambda tf, n: tf.TensorArray(tf.float32, n).size(), (N,), exact=True),
    Sample(
        "TensorArrayWriteV3", lambda tf, x: tf.TensorArray(tf.float32, 2).write(1, x).write(0, x * 2.0).stack(), (V,)
    ),
    Sample("TensorArrayReadV3", lambda tf, x: filled(tf, x, clear_after_read=False).read(1), (X,)),
    Sample("TensorArrayReadV3", lambda tf, x: filled(tf, x).read(0) * filled(tf, x).read(1), (X,)),
    Sample("TensorArrayGatherV3", lambda tf, x: filled(tf, x).gather([2, 0]) ** 2, (V,)),
    Sample("TensorArrayScatterV3", lambda tf, x: tf.TensorArray(tf.float32, 4).scatter([3, 1, 0, 2], x).stack(), (V,)),
    Sample("TensorArraySplitV3", lambda tf, x: tf.TensorArray(tf.float32, 2).split(x, [2, 2]).stack(), (V,)),
    Sample("TensorArrayConcatV3", lambda tf, x: filled(tf, x).concat() ** 2, (X,)),
    Sample(
        "TensorArraySizeV3", lambda tf, x: tf.TensorArray(tf.float32, 0, dynamic_size=True).write(4, x).size(), (V,)
    ),
    Sample("TensorArrayCloseV3", lambda tf, x: with_closed(tf, x), (V,)),
    Sample("TensorArrayGradV3", lambda tf, x: tf.gradients(filled(tf, x).read(1) ** 2, x), (X,)),
    Sample(
        "TensorArrayGradV3", lambda tf, x: tf.gradients(tf.TensorArray(tf.float32, 1).write(0, x).stack() ** 2, x), (V,)
    ),
    Sample("TensorArrayGradV3", lambda tf, x: tf.gradients(filled(tf, x).concat() ** 3, x), (X,)),
    Sample(
        "TensorArrayGradV3",
        lambda tf, x: tf.gradients(tf.TensorArray(tf.float32, 2).split(x, [2, 2]).read(1) ** 2, x),
        (V,),
    ),
    Sample("If", lambda tf, p, x: tf.gradients(tf.cond(p, lambda: x**3, lambda: x), x), (P, X)),
    Sample("BodyInput", lambda tf, p, x: tf.cond(p, lambda: x, lambda: -x), (P, V)),
]


def with_closed(tf: Any, x: Any) -> Any:
    array = filled(tf, x)
    with tf.control_dependencies([array.close()]):
        return tf.identity(x)


FAILURES = [
    Failure("If", lambda tf, p, x: tf.cond(p, lambda: x, lambda: x), (V, V), "TypeError", "expected type of bool"),
    Failure("While", lambda tf, x: tf.while_loop(lambda v: v, lambda v: v, [x]), (V,), "TypeError", "bool"),
    Failure("While", lambda tf, x: tf.while_loop(lambda v: True, lambda v: [v, v], [x]), (V,), "ValueError", "same n"),
    Failure("While", lambda tf, x: tf.while_loop(lambda v: v[0] < 1, lambda v: v[0], [x]), (V,), "ValueError", "enters the loop"),
    Failure(
        "TensorArrayReadV3", lambda tf, x: filled(tf, x).read(9), (V,), "InvalidArgumentError",
        "Tried to read from index 9 but array size is", run=True,
    ),
    Failure(
        "TensorArrayReadV3", lambda tf, x: tf.TensorArray(tf.float32, 2, infer_shape=False).write(0, x).read(1), (V,),
        "InvalidArgumentError", "Could not read from TensorArray index 1", run=True,
    ),
    Failure(
        "TensorArrayWriteV3", lambda tf, x: tf.TensorArray(tf.float32, 2).write(5, x).stack(), (V,),
        "InvalidArgumentError", "Tried to write to index 5 but array is not resizeable", run=True,
    ),
    Failure(
        "TensorArrayWriteV3", lambda tf, x: tf.TensorArray(tf.float32, 2).write(0, x).write(0, x).flow, (V,),
        "InvalidArgumentError", "has already been written to", run=True,
    ),
    Failure(
        "TensorArraySplitV3", lambda tf, x: tf.TensorArray(tf.float32, 2).split(x, [2, 1]).flow, (V,),
        "InvalidArgumentError", "sum of lengths", run=True,
    ),
]  # fmt: skip

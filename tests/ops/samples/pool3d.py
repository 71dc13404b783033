"""Samples of pooling of signals and volumes: ops/nn_pool3d.py."""

from __future__ import annotations

import numpy as np

from tests.ops.sample import Failure, Sample
from tests.ops.samples.nn import numbers

VOLUME = numbers(1, 3, 4, 3, 2, seed=1)
TWO = numbers(2, 4, 3, 5, 1, seed=2)
SIGNAL = numbers(2, 6, 2, seed=4)


def raw_grad_grad(tf, x, g):  # type: ignore[no-untyped-def]
    """MaxPool3DGradGrad as a node of its own."""
    y = tf.nn.max_pool3d(x, 2, 1, "SAME")
    attrs = {"ksize": [1, 2, 2, 2, 1], "strides": [1, 1, 1, 1, 1], "padding": "SAME"}
    return tf.raw_ops.MaxPool3DGradGrad(orig_input=x, orig_output=y, grad=g, **attrs)


SAMPLES = [
    Sample("MaxPool3D", lambda tf, x: tf.nn.max_pool3d(x, 2, 2, "SAME"), (VOLUME,)),
    Sample("MaxPool3D", lambda tf, x: tf.nn.max_pool3d(x, [1, 2, 3, 2, 1], [1, 1, 2, 1, 1], "VALID"), (TWO,)),
    Sample("MaxPool3D", lambda tf, x: tf.nn.max_pool3d(x, [3, 1, 2], 1, "SAME", name="p"), (TWO,)),
    Sample("MaxPool3D", lambda tf, x: tf.nn.max_pool3d(x, 2, 1, "SAME"), (VOLUME[:0],), grad=False),
    Sample("MaxPool3DGrad", lambda tf, x: tf.gradients(tf.nn.max_pool3d(x, 2, 2, "SAME") ** 2, x), (VOLUME,)),
    Sample("MaxPool3DGrad", lambda tf, x: tf.gradients(tf.nn.max_pool3d(x, 2, 1, "SAME") ** 2, x), (TWO,)),
    Sample(
        "MaxPool3DGrad",
        lambda tf, x: tf.gradients(tf.nn.max_pool3d(x, 3, 1, "SAME") ** 2, x),
        (np.round(TWO),),
        grad=False,
    ),
    Sample("MaxPool3DGradGrad", raw_grad_grad, (VOLUME, VOLUME[:, ::-1].copy())),
    Sample(
        "MaxPool3DGradGrad",
        lambda tf, x: tf.gradients(tf.gradients(tf.nn.max_pool3d(x, 2, 1, "VALID") ** 3, x), x),
        (TWO,),
    ),
    Sample("AvgPool3D", lambda tf, x: tf.nn.avg_pool3d(x, 2, 2, "SAME"), (VOLUME,)),
    Sample("AvgPool3D", lambda tf, x: tf.nn.avg_pool3d(x, [1, 2, 3, 2, 1], [1, 1, 2, 1, 1], "VALID"), (TWO,)),
    Sample("AvgPool3D", lambda tf, x: tf.nn.avg_pool3d(x, [3, 1, 2], 1, "SAME", name="p"), (TWO,)),
    Sample("AvgPool3DGrad", lambda tf, x: tf.gradients(tf.nn.avg_pool3d(x, 2, 2, "SAME") ** 2, x), (VOLUME,)),
    Sample("AvgPool3DGrad", lambda tf, x: tf.gradients(tf.nn.avg_pool3d(x, 3, 1, "SAME") ** 2, x), (TWO,)),
    Sample("MaxPool", lambda tf, x: tf.nn.max_pool1d(x, 2, 2, "VALID"), (SIGNAL,)),
    Sample("MaxPool", lambda tf, x: tf.nn.max_pool1d(x, [3], [1], "SAME", name="p"), (SIGNAL,)),
    Sample("AvgPool", lambda tf, x: tf.nn.avg_pool1d(x, 2, 2, "VALID"), (SIGNAL,)),
    Sample("AvgPool", lambda tf, x: tf.nn.avg_pool1d(x, [1, 3, 1], 1, "SAME", name="p"), (SIGNAL,)),
    Sample("MaxPool3D", lambda tf, x: tf.nn.pool(x, [2, 2, 2], "MAX", "SAME", strides=[2, 1, 2]), (VOLUME,)),
    Sample("AvgPool3D", lambda tf, x: tf.nn.pool(x, [2, 2, 2], "AVG", "VALID", dilation_rate=[1, 2, 1]), (VOLUME,)),
    Sample("AvgPool3D", lambda tf, x: tf.nn.pool(x, [2, 2, 2], "AVG", "SAME"), (VOLUME,)),
]

FAILURES = [
    Failure("MaxPool3D", lambda tf, x: tf.nn.max_pool3d(x, 2, 2, "SAME"), (SIGNAL,), "ValueError", "must be rank 5 but is rank 3"),
    Failure("MaxPool3D", lambda tf, x: tf.nn.max_pool3d(x, 2, 2, "SAME"), (SIGNAL,), "InvalidArgumentError", "tensor_in must be 5-dimensional", run=True),
    Failure("MaxPool3D", lambda tf, x: tf.nn.max_pool3d(x, [2, 2, 2, 2, 1], 1, "SAME"), (VOLUME,), "UnimplementedError", "Pooling is not yet supported on the batch dimension", run=True),
    Failure("MaxPool3D", lambda tf, x: tf.nn.avg_pool3d(x, [1, 1, 1, 1, 2], 1, "SAME"), (VOLUME,), "UnimplementedError", "Pooling is not yet supported on the depth dimension", run=True),
    Failure("MaxPool3D", lambda tf, x: tf.nn.max_pool3d(x, 4, 1, "VALID"), (VOLUME,), "ValueError", "Negative dimension size caused by subtracting 4 from 3"),
    Failure("MaxPool3D", lambda tf, x: tf.nn.max_pool3d(x, 2, 1, "SAME", data_format="NCDHW"), (VOLUME,), "InvalidArgumentError", "Default Pooling3DOp only supports NDHWC", run=True),
    Failure("MaxPool3D", lambda tf, x: tf.nn.max_pool3d(x, 2, 1, "SAME"), (VOLUME.astype(np.int32),), "TypeError", "has DataType int32 not in list of allowed values"),
    Failure("MaxPool3D", lambda tf, x: tf.nn.max_pool3d(x, 2, 0, "SAME"), (VOLUME,), "ValueError", "Stride must be > 0, but got 0"),
    Failure("Pool", lambda tf, x: tf.nn.pool(x, [2, 2, 2, 2], "MAX", "SAME"), (VOLUME,), "ValueError", "[Rr]ank|length 4"),
]  # fmt: skip

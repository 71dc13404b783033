"""Samples of convolutions of volumes and transposed convolutions: ops/nn_conv3d.py, ops/nn_transposed.py."""

from __future__ import annotations

import numpy as np

from tests.ops.sample import Failure, Sample
from tests.ops.samples.nn import numbers

VOLUME = numbers(1, 3, 4, 3, 2, seed=1)
TWO = numbers(2, 2, 3, 3, 1, seed=2)
FILTER = numbers(2, 2, 2, 2, 2, seed=3)
ONE = numbers(1, 2, 1, 1, 3, seed=4)
ODD = numbers(3, 1, 2, 1, 2, seed=5)
IMAGE = numbers(1, 5, 4, 2, seed=6)
WINDOW = numbers(2, 2, 3, 2, seed=7)
SIGNAL = numbers(2, 5, 3, seed=8)
TAPS = numbers(3, 2, 3, seed=9)
ONES = [1, 1, 1, 1, 1]
SIZES = np.array([1, 3, 4, 3, 2], np.int32)

SAMPLES = [
    Sample("Conv3D", lambda tf, x, w: tf.nn.conv3d(x, w, ONES, "SAME"), (VOLUME, FILTER)),
    Sample("Conv3D", lambda tf, x, w: tf.nn.conv3d(x, w, ONES, "VALID", name="c"), (VOLUME, FILTER)),
    Sample("Conv3D", lambda tf, x, w: tf.nn.conv3d(x, w, [1, 2, 1, 2, 1], "SAME"), (VOLUME, FILTER)),
    Sample("Conv3D", lambda tf, x, w: tf.nn.conv3d(x, w, [1, 2, 2, 2, 1], "VALID"), (TWO, ONE)),
    Sample("Conv3D", lambda tf, x, w: tf.nn.conv3d(x, filters=w, strides=ONES, padding="SAME"), (TWO, ODD)),
    Sample(
        "Conv3D",
        lambda tf, x, w: tf.nn.conv3d(x, w, ONES, "SAME"),
        (VOLUME.astype(np.float16), FILTER.astype(np.float16)),
        grad=False,
    ),
    Sample("Conv3D", lambda tf, x, w: tf.nn.conv3d(x, w, ONES, "SAME"), (VOLUME[:0], FILTER), grad=False),
    Sample(
        "Conv3DBackpropInputV2",
        lambda tf, w, y: tf.nn.conv3d_transpose(y, w, [1, 3, 4, 3, 2], 1),
        (FILTER, VOLUME),
    ),
    Sample(
        "Conv3DBackpropInputV2",
        lambda tf, w, y: tf.nn.conv3d_transpose(y, w, [1, 6, 7, 6, 2], [2, 2, 2], name="up"),
        (FILTER, VOLUME),
    ),
    Sample(
        "Conv3DBackpropInputV2",
        lambda tf, w, y: tf.nn.conv3d_transpose(y, w, [1, 4, 5, 4, 2], ONES, "VALID"),
        (FILTER, VOLUME),
    ),
    Sample(
        "Conv3DBackpropInputV2",
        lambda tf, s, w, y: tf.nn.conv3d_transpose(y, w, s, 1),
        (SIZES, FILTER, VOLUME),
    ),
    Sample(
        "Conv3DBackpropFilterV2",
        lambda tf, x, y: tf.nn.conv3d_backprop_filter(x, [2, 2, 2, 2, 2], y, ONES, "SAME"),
        (VOLUME, VOLUME),
    ),
    Sample(
        "Conv3DBackpropFilterV2",
        lambda tf, x, y: tf.nn.conv3d_backprop_filter_v2(x, [1, 2, 1, 2, 2], y[:, :, :3], ONES, "VALID"),
        (VOLUME, VOLUME),
    ),
    Sample("Conv3D", lambda tf, x, w: tf.nn.convolution(x, w, "SAME"), (VOLUME, FILTER)),
    Sample("Conv3D", lambda tf, x, w: tf.nn.convolution(x, w, "VALID", strides=[1, 2, 1]), (VOLUME, FILTER)),
    Sample("Conv3D", lambda tf, x, w: tf.nn.convolution(x, w, "VALID", dilation_rate=[2, 1, 2]), (VOLUME, FILTER)),
    Sample("Conv3D", lambda tf, x, w: tf.nn.convolution(x, w, "SAME", dilation_rate=[1, 2, 1]), (TWO, ODD)),
    Sample("Conv2DBackpropInput", lambda tf, x, w: tf.nn.conv1d_transpose(x, w, [2, 5, 2], 1), (SIGNAL, TAPS)),
    Sample("Conv2DBackpropInput", lambda tf, x, w: tf.nn.conv1d_transpose(x, w, [2, 10, 2], [2]), (SIGNAL, TAPS)),
    Sample(
        "Conv2DBackpropInput",
        lambda tf, x, w: tf.nn.conv1d_transpose(x, w, tf.constant([2, 7, 2]), 1, "VALID", name="up"),
        (SIGNAL, TAPS),
    ),
    Sample("Conv2DBackpropInput", lambda tf, x, w: tf.nn.conv_transpose(x, w, [2, 10, 2], 2), (SIGNAL, TAPS)),
    Sample("Conv2DBackpropInput", lambda tf, x, w: tf.nn.conv_transpose(x, w, [1, 10, 8, 3], 2), (IMAGE, WINDOW)),
    Sample("Conv3DBackpropInputV2", lambda tf, y, w: tf.nn.conv_transpose(y, w, [1, 3, 4, 3, 2], 1), (VOLUME, FILTER)),
    Sample(
        "Conv2DBackpropInput",
        lambda tf, x, w: tf.nn.atrous_conv2d_transpose(x, w, [1, 7, 6, 3], 2, "VALID"),
        (IMAGE, WINDOW),
    ),
    Sample(
        "Conv2DBackpropInput",
        lambda tf, x, w: tf.nn.atrous_conv2d_transpose(x, w, [1, 5, 4, 3], 3, "SAME", name="up"),
        (IMAGE, WINDOW),
    ),
    Sample(
        "Conv2DBackpropInput",
        lambda tf, x, w: tf.nn.atrous_conv2d_transpose(x, w, [1, 5, 4, 3], 1, "SAME"),
        (IMAGE, WINDOW),
    ),
]

FAILURES = [
    Failure("Conv3D", lambda tf, x, w: tf.nn.conv3d(x, w, ONES, "SAME"), (IMAGE, FILTER), "ValueError", "must be rank 5 but is rank 4"),
    Failure("Conv3D", lambda tf, x, w: tf.nn.conv3d(x, w, ONES, "SAME"), (IMAGE, FILTER), "InvalidArgumentError", "input must be 5-dimensional", run=True),
    Failure("Conv3D", lambda tf, x, w: tf.nn.conv3d(x, w, ONES, "SAME"), (TWO, FILTER), "ValueError", r"Depth of input \(1\) is not a multiple of input depth of filter \(2\)"),
    Failure("Conv3D", lambda tf, x, w: tf.nn.conv3d(x, w, ONES, "SAME"), (TWO, FILTER), "InvalidArgumentError", "Input depth must be evenly divisible by filter depth: 1 vs 2", run=True),
    Failure("Conv3D", lambda tf, x, w: tf.nn.conv3d(x, w, [2, 1, 1, 1, 1], "SAME"), (VOLUME, FILTER), "InvalidArgumentError", "strides in the batch and depth dimensions", run=True),
    Failure("Conv3D", lambda tf, x, w: tf.nn.conv3d(x, w, [1, 0, 1, 1, 1], "SAME"), (VOLUME, FILTER), "ValueError", "Stride must be > 0, but got 0"),
    Failure("Conv3D", lambda tf, x, w: tf.nn.conv3d(x, w, [1, 1, 1], "SAME"), (VOLUME, FILTER), "ValueError", "passed list of length 3 less than minimum 5"),
    Failure("Conv3D", lambda tf, x, w: tf.nn.conv3d(x, w, ONES, "SAME", dilations=[1, 2, 2, 2, 1]), (VOLUME, FILTER), "InvalidArgumentError", "currently only supports dilated rates of 1", run=True),
    Failure("Conv3D", lambda tf, x, w: tf.nn.conv3d(x, w, ONES, "SAME", data_format="NCDHW"), (VOLUME.transpose(0, 4, 1, 2, 3).copy(), FILTER), "InvalidArgumentError", "currently only supports the NHWC tensor format", run=True),
    Failure("Conv3D", lambda tf, x, w: tf.nn.conv3d(x, w, ONES, "VALID"), (VOLUME[:, :1], FILTER), "ValueError", "Negative dimension size caused by subtracting 2 from 1"),
    Failure("Conv3D", lambda tf, x, w: tf.nn.conv3d(x, w, ONES, "FULL"), (VOLUME, FILTER), "ValueError", "passed string 'FULL' not in: \"SAME\", \"VALID\""),
    Failure("Conv3D", lambda tf, y, w: tf.nn.conv3d_transpose(y, w, [1, 5, 4, 3, 2], 1), (VOLUME, FILTER), "InvalidArgumentError", "Size of out_backprop doesn't match computed: actual = 3, computed = 5", run=True),
    Failure("Conv3D", lambda tf, y, w: tf.nn.conv3d_transpose(y, w, [1, 3, 4, 3, 4], 1), (VOLUME, FILTER), "InvalidArgumentError", "input and filter_sizes must have the same number of channels. Got 4 for input and 2 for filter_sizes", run=True),
    Failure("Conv3D", lambda tf, y, w: tf.nn.conv3d_transpose(y, w, [3, 4, 3, 2], 1), (VOLUME, FILTER), "ValueError", "must be rank 5 but is rank 4"),
    Failure("Conv3D", lambda tf, x, w: tf.nn.conv1d_transpose(x, w, [2, 5, 2], 1, data_format="NHWC"), (SIGNAL, TAPS), "ValueError", "data_format.? must be"),
    Failure("Conv3D", lambda tf, x, w: tf.nn.conv_transpose(x, w, [2, 2], 1), (SIGNAL, TAPS), "ValueError", "must be of length 3, 4 or 5"),
    Failure("Conv3D", lambda tf, x, w: tf.nn.atrous_conv2d_transpose(x, w, [1, 5, 4, 3], 0, "SAME"), (IMAGE, WINDOW), "ValueError", "rate.? cannot be less than one"),
    Failure("Conv3D", lambda tf, x, w: tf.nn.convolution(x, w, "SAME"), (ROW := numbers(2, 3, seed=1), ROW), "ValueError", "must be 1, 2,? or 3"),
]  # fmt: skip

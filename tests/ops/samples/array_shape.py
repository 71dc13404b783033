"""Samples of shapes, identities and tensors of one value.

They are of ops/array_shape.py, reshaping.py, broadcast_to.py, identity.py, fill.py and transposing.py.
"""

from __future__ import annotations

import numpy as np

from tests.ops.sample import Failure, Sample

A = np.array([[1.5, -2.0, 3.25], [0.5, 4.0, -1.25]], np.float32)
C = np.linspace(-2, 2, 24, dtype=np.float32).reshape(2, 3, 4)
Z = np.array([[1 + 2j, 3 - 1j]], np.complex64)
I = np.array([2, 0, 1], np.int32)  # noqa: E741

SAMPLES = [
    Sample("Shape", lambda tf, x: [tf.shape(x), tf.shape(x, out_type=tf.int64)], (C,), grad=False, exact=True),
    Sample("Shape", lambda tf, x: tf.shape(tf.boolean_mask(x, [True, False])), (A,), grad=False, exact=True),
    Sample("ShapeN", lambda tf, x: tf.shape_n([x, x[0]]), (C,), grad=False, exact=True),
    Sample("ShapeN", lambda tf, x: tf.shape_n([x, x], tf.int64), (A,), grad=False, exact=True),
    Sample("Size", lambda tf, x: tf.size(x), (C,), grad=False, exact=True),
    Sample("Size", lambda tf, x: tf.size(tf.where(x > 0), out_type=tf.int64), (A,), grad=False, exact=True),
    Sample("Rank", lambda tf, x: tf.rank(x), (C,), grad=False, exact=True),
    Sample("Rank", lambda tf, x: tf.rank(tf.reduce_sum(x)), (A,), grad=False, exact=True),
    Sample("Reshape", lambda tf, x: tf.reshape(x, [4, -1]), (C,), exact=True),
    Sample(
        "Reshape", lambda tf, x: [tf.reshape(x, [-1]), tf.reshape(x, tf.stack([3, tf.shape(x)[0]]))], (A,), exact=True
    ),
    Sample("Reshape", lambda tf, x: tf.reshape(x[0, 0], []), (A,), exact=True),
    Sample("ExpandDims", lambda tf, x: [tf.expand_dims(x, 0), tf.expand_dims(x, -1)], (A,), exact=True),
    Sample("ExpandDims", lambda tf, x: tf.expand_dims(x, axis=2), (C,), exact=True),
    Sample("Squeeze", lambda tf, x: tf.squeeze(x[:, :1]), (A,), exact=True),
    Sample("Squeeze", lambda tf, x: tf.squeeze(x[:1, :, 2:3], [0, -1]), (C,), exact=True),
    Sample("BroadcastTo", lambda tf, x: tf.broadcast_to(x, [4, 2, 3]), (A,), exact=True),
    Sample("BroadcastTo", lambda tf, x: tf.broadcast_to(x, [2, 3]), (A[:1],), exact=True),
    Sample("BroadcastArgs", lambda tf, x: tf.broadcast_dynamic_shape(x, [3, 1, 1]), (I[:1],), exact=True),
    Sample(
        "BroadcastArgs", lambda tf, x: tf.broadcast_dynamic_shape(tf.shape(x), [1, 3]), (A,), grad=False, exact=True
    ),
    Sample("Identity", lambda tf, x: tf.identity(x), (A,), exact=True),
    Sample("Identity", lambda tf, x: tf.identity(x), (I,), exact=True),
    Sample("IdentityN", lambda tf, x, y: tf.identity_n([x, y]), (A, C), exact=True),
    Sample("IdentityN", lambda tf, x, y: tf.identity_n([x, y]), (A, I), exact=True),
    Sample("StopGradient", lambda tf, x: tf.stop_gradient(x), (A,), grad=False, exact=True),
    Sample("StopGradient", lambda tf, x: tf.stop_gradient(x), (I,), exact=True),
    Sample(
        "PreventGradient",
        lambda tf, x: tf.raw_ops.PreventGradient(input=x, message="none"),
        (A,),
        grad=False,
        exact=True,
    ),
    Sample("PreventGradient", lambda tf, x: tf.raw_ops.PreventGradient(input=x, message="none"), (I,), exact=True),
    Sample("CheckNumerics", lambda tf, x: tf.check_numerics(x, "x"), (A,), exact=True),
    Sample("CheckNumerics", lambda tf, x: tf.check_numerics(tf.cast(x, tf.float64), "x"), (C,), exact=True),
    Sample("Fill", lambda tf, x: tf.fill([2, 3], x[0, 0]), (A,), exact=True),
    Sample("Fill", lambda tf, x: [tf.fill(tf.shape(x), 7), tf.fill(x, True)], (I + 1,), exact=True),
    Sample("ZerosLike", lambda tf, x: [tf.zeros_like(x), tf.zeros_like(x, tf.int32)], (A,), grad=False, exact=True),
    Sample("ZerosLike", lambda tf, x: tf.zeros_like(x, optimize=False), (I,), exact=True),
    Sample("OnesLike", lambda tf, x: [tf.ones_like(x), tf.ones_like(x, tf.bool)], (A,), grad=False, exact=True),
    Sample("OnesLike", lambda tf, x: tf.ones_like(x, optimize=False), (I,), exact=True),
    Sample("Fill", lambda tf, x: [tf.zeros(x, tf.string), tf.ones(x, tf.float64)], (I,), exact=True),
    Sample(
        "Fill", lambda tf, x: [tf.zeros([40, 30]), tf.ones([2000], tf.int64), tf.zeros(3)], (A,), grad=False, exact=True
    ),
    Sample("Transpose", lambda tf, x: tf.transpose(x), (A,), exact=True),
    Sample("Transpose", lambda tf, x: [tf.transpose(x, [1, 0, 2]), tf.matrix_transpose(x)], (C,), exact=True),
    Sample("ConjugateTranspose", lambda tf, x: tf.transpose(x, conjugate=True), (Z,), grad=False, exact=True),
    Sample("ConjugateTranspose", lambda tf, x: tf.matrix_transpose(x, conjugate=True), (Z,), grad=False, exact=True),
    Sample("InvertPermutation", lambda tf, x: tf.invert_permutation(x), (I,), exact=True),
    Sample(
        "InvertPermutation", lambda tf, x: tf.invert_permutation(x), (np.array([3, 0, 1, 2], np.int64),), exact=True
    ),
    Sample("ReverseV2", lambda tf, x: tf.reverse(x, [1]), (A,), exact=True),
    Sample("ReverseV2", lambda tf, x: tf.reverse(x, [0, -1]), (C,), exact=True),
    Sample("ReverseSequence", lambda tf, x: tf.reverse_sequence(x, [3, 2], seq_axis=1), (A,), exact=True),
    Sample(
        "ReverseSequence", lambda tf, x: tf.reverse_sequence(x, [1, 2, 0], seq_axis=2, batch_axis=1), (C,), exact=True
    ),
    Sample("Roll", lambda tf, x: tf.roll(x, 1, 1), (A,), exact=True),
    Sample("Roll", lambda tf, x: tf.roll(x, [1, -2], [0, 2]), (C,), exact=True),
]

FAILURES = [
    Failure(
        "Reshape",
        lambda tf, x: tf.reshape(x, [4]),
        (A,),
        "ValueError",
        r"Cannot reshape a tensor with 6 elements to shape \[4\] \(4 elements\)",
    ),
    Failure(
        "Reshape",
        lambda tf, x: tf.reshape(x, [5, -1]),
        (C,),
        "ValueError",
        "Dimension size must be evenly divisible by 5 but is 24",
    ),
    Failure(
        "Reshape",
        lambda tf, x: tf.reshape(x, [784]),
        (np.zeros(1200, np.float32),),
        "InvalidArgumentError",
        "Input to reshape is a tensor with 1200 values, but the requested shape has 784",
        run=True,
    ),
    Failure(
        "Reshape",
        lambda tf, x: tf.reshape(x, [7, -1]),
        (A,),
        "InvalidArgumentError",
        "but the requested shape requires a multiple of 7",
        run=True,
    ),
    Failure(
        "Reshape",
        lambda tf, x: tf.reshape(x, [-1, -1]),
        (A,),
        "InvalidArgumentError",
        "Only one input size may be -1, not both 0 and 1",
        run=True,
    ),
    Failure(
        "ExpandDims", lambda tf, x: tf.expand_dims(x, 5), (A,), "ValueError", r"dim 5 not in the interval \[-3, 2\]"
    ),
    Failure("ExpandDims", lambda tf, x: tf.expand_dims(x), (A,), "ValueError", "Must specify an axis argument"),
    Failure(
        "ExpandDims",
        lambda tf, x: tf.expand_dims(x, 4),
        (A,),
        "InvalidArgumentError",
        "Tried to expand dim index 4 for tensor with 2 dimensions",
        run=True,
    ),
    Failure(
        "Squeeze",
        lambda tf, x: tf.squeeze(x, [1]),
        (A,),
        "ValueError",
        r"Can not squeeze dim\[1\], expected a dimension of 1, got 3",
    ),
    Failure(
        "Squeeze",
        lambda tf, x: tf.squeeze(x, [0]),
        (A,),
        "InvalidArgumentError",
        r"Can not squeeze dim\[0\], expected a dimension of 1, got 2",
        run=True,
    ),
    Failure(
        "BroadcastTo",
        lambda tf, x: tf.broadcast_to(x, [2, 2]),
        (A,),
        "ValueError",
        "Dimensions must be equal, but are 3 and 2",
    ),
    Failure(
        "BroadcastTo",
        lambda tf, x: tf.broadcast_to(x, [2, 2]),
        (A,),
        "InvalidArgumentError",
        r"Incompatible shapes: \[2,3\] vs. \[2,2\]",
        run=True,
    ),
    Failure(
        "CheckNumerics",
        lambda tf, x: tf.check_numerics(x, "the loss"),
        (np.array([np.nan], np.float32),),
        "InvalidArgumentError",
        "the loss : Tensor had NaN",
        run=True,
    ),
    Failure("Fill", lambda tf, x: tf.fill([2], x), (A,), "ValueError", "Shape must be rank 0 but is rank 2"),
    Failure("Fill", lambda tf, x: tf.fill([-1, 2], x[0, 0]), (A,), "ValueError", "Fill dimensions must be >= 0"),
    Failure(
        "Fill", lambda tf, x: tf.fill(x, 1.0), (-I,), "InvalidArgumentError", "Dimension -2 must be >= 0", run=True
    ),
    Failure("Transpose", lambda tf, x: tf.transpose(x, [1, 0]), (C,), "ValueError", "Dimension must be 3 but is 2"),
    Failure(
        "Transpose",
        lambda tf, x: tf.transpose(x, [1, 3, 0]),
        (C,),
        "ValueError",
        "perm dim 3 is out of range of input rank 3",
    ),
    Failure(
        "Transpose",
        lambda tf, x: tf.transpose(x, tf.cast(x[0] * 0, tf.int32)),
        (A,),
        "InvalidArgumentError",
        r"transpose expects a vector of size 2. But input\(1\) is a vector of size 3",
        run=True,
    ),
    Failure(
        "InvertPermutation",
        lambda tf, x: tf.invert_permutation(x),
        (I * 5,),
        "InvalidArgumentError",
        "10 is not between 0 and 3",
        run=True,
    ),
    Failure(
        "ReverseV2",
        lambda tf, x: tf.reverse(x, [4]),
        (A,),
        "ValueError",
        r"'axis'\[0\] = 4 is out of valid range \[0, 1",
    ),
    Failure("ReverseV2", lambda tf, x: tf.reverse(x, [1, 1]), (A,), "ValueError", "axis 1 specified more than once"),
    Failure(
        "ReverseSequence",
        lambda tf, x: tf.reverse_sequence(x, [1, 2, 3], seq_axis=1),
        (A,),
        "ValueError",
        "Dimensions must be equal, but are 2 and 3",
    ),
]

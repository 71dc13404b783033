"""Errors inside loops that carry TensorArrays."""

from __future__ import annotations

import pytest

import flowlab as tf


def test_an_error_in_a_loop_with_a_tensor_array_is_told_as_itself() -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        # Elements of different shapes, and an index that fails in the second step.
        filled = tf.TensorArray(tf.float32, size=5, infer_shape=False).write(0, tf.zeros([2])).write(1, tf.zeros([3]))
        _, last = tf.while_loop(
            lambda i, a: i < 3, lambda i, a: (i + 1, a.write(i + 2, tf.gather(tf.ones([1]), [i]))), [0, filled]
        )
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"indices\[0\] = 1 is not in \[0, 1\)"):
            sess.run(last.read(0))

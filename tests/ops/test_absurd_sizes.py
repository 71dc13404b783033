"""Sizes that no machine could hold: refused before memory is asked for, in TensorFlow's words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowlab as tf

HUGE = 2**50


def fed(value: Any, dtype: Any = np.int64) -> Any:
    """A value of which nothing is known while building."""
    return tf.placeholder_with_default(np.array(value, dtype), None)


CALLS: dict[str, Any] = {
    "scatter_nd": lambda: tf.scatter_nd(fed([[1]]), fed([1.0], np.float32), fed([HUGE])),
    "scatter_nd in a plane": lambda: tf.scatter_nd(fed([[1, 1]]), fed([1.0], np.float32), fed([HUGE, HUGE])),
    "segment_sum": lambda: tf.segment_sum([1.0], fed([HUGE])),
    "segment_mean": lambda: tf.segment_mean([1.0], fed([HUGE])),
    "segment_max": lambda: tf.segment_max([1.0], fed([HUGE])),
    "segment_prod": lambda: tf.segment_prod([1.0], fed([HUGE])),
    "unsorted_segment_sum": lambda: tf.unsorted_segment_sum([1.0], [0], fed(HUGE)),
    "unsorted_segment_min": lambda: tf.unsorted_segment_min([1.0], [0], fed(HUGE)),
    "matrix_diag": lambda: tf.matrix_diag(tf.zeros(fed([10**8], np.int32))),
    "diag": lambda: tf.diag(tf.zeros(fed([10**8], np.int32))),
    "eye": lambda: tf.eye(fed(10**8, np.int32)),
    "eye in a batch": lambda: tf.eye(3, batch_shape=fed([10**9, 10**9], np.int32)),
}


@pytest.mark.parametrize("call", CALLS)
def test_it_is_an_error_of_the_run(call: str) -> None:
    with tf.Graph().as_default():
        result = CALLS[call]()
        with (
            tf.Session() as sess,
            pytest.raises(tf.errors.ResourceExhaustedError, match="OOM when allocating tensor with"),
        ):
            sess.run(result)


@pytest.mark.parametrize("count", [-1, -HUGE])
def test_numbers_of_segments_below_zero_are_refused(count: int) -> None:
    with tf.Graph().as_default():
        result = tf.unsorted_segment_sum([1.0], [0], fed(count))
        with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError, match="must not be negative"):
            sess.run(result)

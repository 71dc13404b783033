"""Python and NumPy values beside tensors: which become what, and what is lost without a word."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..record import program


@program("graph", "values")
def numbers_beside_tensors(tf: Any) -> Any:
    whole, real = tf.constant([1, 2], name="whole"), tf.constant([1.0, 2.0], name="real")
    return {
        "a truth value": [real + True, whole * True],
        "NumPy's numbers are cast": [whole + np.float32(1.5), whole + np.array([1.5, 2.5]), real - np.array([1, 2])],
        "Python's numbers follow": [real * 2, 2 - whole, whole**2, 0.5 / real],
    }


@program("graph", "values")
def constants_of_mixed_lists(tf: Any) -> Any:
    return {
        "truth values and numbers": [tf.constant([True, 1]), tf.constant([1.0, True]), tf.constant(True, tf.float32)],
        "arrays with a dtype": [tf.constant(np.array([1.5, -1.5]), tf.int32), tf.constant(np.float64(2.5), tf.int64)],
        "arrays of truth": tf.constant(np.array([0, 2, 1]), tf.bool),
        "NumPy's numbers in a list": tf.constant([np.float64(1), 2.0]),
    }


@program("graph", "values")
def given_gradients_become_constants(tf: Any) -> Any:
    x = tf.constant([1.0, 2.0], name="x")
    return tf.gradients([x * x, tf.exp(x)], x, grad_ys=[[1.0, 3.0], np.array([0.5, 0.0], np.float32)])


@program("values")
def strings_start_empty(tf: Any) -> Any:
    return [tf.get_variable("text", [2], tf.string), tf.get_variable("count", [2], tf.int32)]

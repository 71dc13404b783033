"""Learning-rate schedules, moving averages, clipping."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..record import program

SCHEDULES: dict[str, Callable[[Any, Any], Any]] = {
    "exponential_decay": lambda t, step: t.exponential_decay(0.1, step, 10, 0.9),
    "exponential_decay_staircase": lambda t, step: t.exponential_decay(0.1, step, 10, 0.9, staircase=True),
    "piecewise_constant": lambda t, step: t.piecewise_constant(step, [5, 20], [1.0, 0.5, 0.1]),
    "polynomial_decay": lambda t, step: t.polynomial_decay(0.1, step, 15, 0.01, power=0.5),
    "polynomial_decay_cycle": lambda t, step: t.polynomial_decay(0.1, step, 15, 0.01, cycle=True),
    "natural_exp_decay": lambda t, step: t.natural_exp_decay(0.1, step, 10, 0.5),
    "natural_exp_decay_staircase": lambda t, step: t.natural_exp_decay(0.1, step, 10, 0.5, staircase=True),
    "inverse_time_decay": lambda t, step: t.inverse_time_decay(0.1, step, 10, 0.5),
    "inverse_time_decay_staircase": lambda t, step: t.inverse_time_decay(0.1, step, 10, 0.5, staircase=True),
    "cosine_decay": lambda t, step: t.cosine_decay(0.1, step, 25, alpha=0.1),
    "cosine_decay_restarts": lambda t, step: t.cosine_decay_restarts(0.1, step, 7, t_mul=2.0, m_mul=0.5, alpha=0.05),
    "linear_cosine_decay": lambda t, step: t.linear_cosine_decay(0.1, step, 25),
}


def make_schedule_program(name: str) -> None:
    @program("values", name=name)
    def schedule(tf: Any) -> Any:
        step = tf.placeholder(tf.int32, [], name="step")
        rate = SCHEDULES[name](tf.train, step)
        with tf.Session() as sess:
            rates = np.array([sess.run(rate, {step: i}) for i in range(0, 40, 3)])
        return {"name": rate.name, "rates": rates}


for _name in SCHEDULES:
    make_schedule_program(_name)


@program("graph")
def decay_graphs(tf: Any) -> None:
    step = tf.Variable(0, trainable=False, name="step")
    tf.train.exponential_decay(0.1, step, 10, 0.9)
    tf.train.exponential_decay(0.1, step, 10, 0.9, staircase=True)
    tf.train.polynomial_decay(0.1, step, 10)
    tf.train.natural_exp_decay(0.1, step, 10, 0.9)
    tf.train.inverse_time_decay(0.1, step, 10, 0.9)
    tf.train.cosine_decay(0.1, step, 10)
    tf.train.linear_cosine_decay(0.1, step, 10)


@program("skeleton")
def decay_with_branches(tf: Any) -> None:
    step = tf.Variable(0, trainable=False, name="step")
    tf.train.piecewise_constant(step, [5, 20], [1.0, 0.5, 0.1])
    tf.train.cosine_decay_restarts(0.1, step, 10)


@program("values")
def noisy_linear_cosine_decay(tf: Any) -> Any:
    step = tf.placeholder(tf.int32, [], name="step")
    rate = tf.train.noisy_linear_cosine_decay(0.1, step, 25, initial_variance=0.0)
    with tf.Session() as sess:
        return np.array([sess.run(rate, {step: i}) for i in range(0, 30, 3)])


@program("values")
def moving_average(tf: Any) -> Any:
    v = tf.Variable([1.0, 10.0], name="v")
    average = tf.train.ExponentialMovingAverage(0.9)
    keep = average.apply([v])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        seen = []
        for i in range(4):
            sess.run(v.assign([1.0 + i, 10.0 - i]))
            sess.run(keep)
            seen.append(sess.run(average.average(v)))
    return {
        "seen": np.array(seen),
        "shadow": average.average(v).name,
        "checkpoint name": average.average_name(v),
        "restore": sorted(average.variables_to_restore()),
    }


@program("graph", "values")
def moving_average_of_a_tensor(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [], name="x")
    step = tf.Variable(3, trainable=False, name="step")
    average = tf.train.ExponentialMovingAverage(0.99, num_updates=step, name="Smooth")
    keep = average.apply([x])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        seen = []
        for value in (1.0, 2.0, 3.0):
            sess.run(keep, {x: value})
            seen.append(sess.run(average.average(x)))
        return np.array(seen)


@program("graph", "values")
def clipping(tf: Any) -> Any:
    a = tf.constant([[-3.0, 0.5], [4.0, 1.0]], name="a")
    b = tf.constant([1.0, 2.0], name="b")
    many, norm = tf.clip_by_global_norm([a, None, b], 2.0)
    return {
        "value": tf.clip_by_value(a, -1.0, 1.0),
        "norm": tf.clip_by_norm(a, 2.0),
        "norm by rows": tf.clip_by_norm(a, 2.0, axes=[1]),
        "average norm": tf.clip_by_average_norm(a, 0.5),
        "global": [many[0], many[2]],
        "global norm": norm,
        "only norm": tf.global_norm([a, b]),
        "left alone": tf.clip_by_norm(b, 100.0),
    }

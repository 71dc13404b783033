"""tf.random.experimental.Generator: streams of TensorFlow, their state in a variable. Numbers recorded from 2.21."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import flowlab as tf

Generator = tf.random.experimental.Generator


@pytest.fixture(autouse=True)
def fresh_graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def started() -> Any:
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    return session


def test_streams_are_tensorflows_and_move_the_state_on() -> None:
    g = Generator.from_state([1, 2, 3], 1)
    shape = [5]
    draws = [g.normal(shape), g.uniform(shape), g.truncated_normal(shape), g.uniform(shape, 0, 10, tf.int64)]
    draws += [g.uniform_full_int(shape, tf.int32), g.uniform_full_int(shape, tf.int64)]
    expected = [
        np.array([-0.26016375, -1.220522, -0.26770854, -0.06486105, 1.9196734], np.float32),
        np.array([0.7652527, 0.63538945, 0.89801574, 0.990808, 0.94784045], np.float32),
        np.array([1.3286412, 0.17138542, -1.5286876, -0.8044088, -0.41422427], np.float32),
        np.array([0, 3, 0, 8, 2], np.int64),
        np.array([-1014943890, 1919944912, -1004105326, -2055357873, -100846395], np.int32),
        np.array(
            [-5993835115961572089, 6271814313070154503, -2000900989652824253, -1633616433371627219, 1434095501307844320]
        ),
    ]
    with started() as sess:
        for i, (draw, values) in enumerate(zip(draws, expected, strict=True)):
            actual = sess.run(draw)
            assert actual.dtype == values.dtype
            np.testing.assert_array_equal(actual, values)
            assert sess.run(g.state).tolist() == [1 + 1280 * (i + 1), 2, 3]
        sess.run(g.skip(7))
        assert sess.run(g.state).tolist() == [9473, 2, 3]


def test_a_state_set_back_gives_the_same_numbers_again() -> None:
    g = Generator.from_seed(5)
    draw, back = g.uniform([4]), g.reset_from_seed(5)
    with started() as sess:
        first = sess.run(draw)
        assert not (sess.run(draw) == first).all()
        sess.run(back)
        np.testing.assert_array_equal(sess.run(draw), first)


def test_seeds_of_any_size_become_states() -> None:
    make = tf.random.experimental.create_rng_state
    assert make(5, 1).tolist() == [5, 0, 0]
    assert make((7 << 64) + 2**63, 1).tolist() == [-(2**63), 7, 0]
    assert make([5, 6, 7, 8], 1).tolist() == [5, 6, 7]
    assert make([9], 1).tolist() == [0, 0, 9]
    with pytest.raises(ValueError, match="Unsupported algorithm id: 9"):
        make(1, 9)


def test_split_streams_differ_and_copies_agree() -> None:
    g = Generator.from_seed(1)
    first, second = g.split(2)
    copy = Generator(copy_from=first)
    draws = [x.normal([3]) for x in (first, second, copy)]
    with tf.Session() as sess:
        for x in (g, first, second, copy):
            sess.run(x.state.initializer)
        keys = [sess.run(x.key) for x in (first, second)]
        assert keys[0] != keys[1]
        a, b, c = sess.run(draws)
        assert not (a == b).any()
        np.testing.assert_array_equal(a, c)


def test_the_global_generator_is_the_graphs() -> None:
    g = tf.random.experimental.get_global_generator()
    assert tf.random.experimental.get_global_generator() is g
    with tf.Graph().as_default():
        assert tf.random.experimental.get_global_generator() is not g
    other = Generator.from_seed(1)
    tf.random.experimental.set_global_generator(other)
    assert tf.random.experimental.get_global_generator() is other


def test_misuse_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="either copy_from"):
        Generator()
    with pytest.raises(ValueError, match="Must specify maxval"):
        Generator.from_seed(1).uniform([2], dtype=tf.int32)
    g = Generator.from_seed(1)
    draw = g.uniform([2], 5, 5, tf.int32)
    with started() as sess, pytest.raises(tf.errors.InvalidArgumentError, match="Need minval < maxval"):
        sess.run(draw)

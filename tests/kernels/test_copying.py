"""Arrays brought into order, compiled and not, against NumPy's copies."""

import itertools

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.kernels import copying


def numbers(dtype, *shape):
    return (np.arange(np.prod(shape, dtype=int)).reshape(shape) % 251).astype(dtype)


def check(x):
    got = copying.in_order(x)
    assert got.flags.c_contiguous
    assert got.dtype == x.dtype
    assert got.base is None
    np.testing.assert_array_equal(got, x)


@pytest.fixture
def any_size(monkeypatch):
    monkeypatch.setattr(copying, "LEAST", 0)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "complex64", "float16", "complex128", "bool"])
@pytest.mark.parametrize("shape", [(8, 8), (9, 17), (64, 3), (1, 5), (100, 41), (3, 70)], ids=str)
def test_transposed_tables(shape, dtype, any_size, kernels):
    check(numbers(dtype, *shape).T)
    check(numbers(dtype, 5, *shape).swapaxes(1, 2))


@pytest.mark.parametrize("order", [*itertools.permutations(range(4))], ids=str)
@pytest.mark.parametrize("shape", [(3, 9, 10, 11), (2, 8, 16, 24), (1, 20, 1, 9)], ids=str)
def test_axes_in_any_order(shape, order, any_size, kernels):
    check(numbers("float32", *shape).transpose(order))


@pytest.mark.parametrize("shape", [(8, 8), (9, 17), (4, 6, 3), (5, 33, 1), (2, 3, 4, 5)], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "int64", "uint8"])
def test_arrays_read_backwards(shape, dtype, any_size, kernels):
    x = numbers(dtype, *shape)
    for count in (1, 2):
        for axes in itertools.combinations(range(x.ndim), count):
            check(np.flip(x, axes))


def test_parts_of_arrays_strings_and_nothing(any_size, kernels):
    x = numbers("float32", 40, 50)
    for part in (x[::2, 1:-1].T, x[:, 3:20].T, x.T[::-1], np.broadcast_to(x[0], (30, 50)).T, x[:0].T):
        check(part)
    words = np.array([[b"a", b"b"], [b"c", b"d"]], object)
    assert copying.in_order(words.T).tolist() == [[b"a", b"c"], [b"b", b"d"]]


def test_other_axes_are_a_view_where_that_can_be(any_size, kernels):
    x = numbers("float32", 20, 30)
    assert copying.reshaped(x, [600]).base is x
    np.testing.assert_array_equal(copying.reshaped(x.T, [2, 300]), x.T.reshape(2, 300))
    np.testing.assert_array_equal(copying.reshaped(x.T, [30, 1, 20]), x.T[:, None])


def test_a_reshaped_result_is_handed_over_and_shared_ones_are_copied(any_size):
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.float32, [6])
        y = x * 2.0
        z = tf.reshape(y, [2, 3])
        w = tf.Variable(np.zeros(6, np.float32))
        sess.run(w.initializer)
        put = tf.assign(w, y)
        fetches = [y, z, tf.reshape(z, [3, 2]), tf.reshape(x, [3, 2]), tf.reshape(w, [6, 1]), put]
        for _ in range(20):
            given = np.ones(6, np.float32)
            values = sess.run(fetches, {x: given})
            for i, value in enumerate(values):
                value += 10 * (i + 1)
                assert value.flags.writeable
            assert given.tolist() == [1] * 6
            assert [value.ravel()[0] for value in values[:4]] == [12, 22, 32, 41]
            assert sess.run(w).tolist() == [2] * 6
            alone = sess.run(tf.reshape(y, [2, 3]) if _ == 0 else fetches[1], {x: given})
            alone[:] = 7
            assert sess.run(z, {x: given}).tolist() == [[2] * 3] * 2

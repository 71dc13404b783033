"""Operations that take another way for many elements than for few: the same results."""

import numpy as np
import pytest

import flowlab as tf


@pytest.fixture
def run():
    with tf.Graph().as_default(), tf.Session() as sess:
        yield sess.run


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8", "float32"])
@pytest.mark.parametrize("size", [0, 1, 50, 3000])
@pytest.mark.parametrize("below", [2, 100, 10**6])
def test_unique_keeps_the_order_of_occurrence(size, below, dtype, run):
    x = (np.random.RandomState(0).randint(0, below, size) - (0 if dtype == "uint8" else below // 2)).astype(dtype)
    y, idx, count = run(tf.unique_with_counts(tf.constant(x)))
    assert y.tolist() == [*dict.fromkeys(x.tolist())]
    np.testing.assert_array_equal(y[idx], x)
    assert count.tolist() == [x.tolist().count(each) for each in y.tolist()]
    assert (y.dtype, idx.dtype, count.dtype) == (x.dtype, np.int32, np.int32)


def test_unique_of_the_whole_range(run):
    x = np.tile(np.array([2**31 - 1, -(2**31), 0], np.int32), 100)
    assert run(tf.unique(tf.constant(x)).y).tolist() == x[:3].tolist()


@pytest.mark.parametrize("axis", [-1, 0, 1, 2])
@pytest.mark.parametrize(("on", "off"), [(1.0, 0.0), (3.0, -1.0), (1.0, -0.0), (5, 0), (True, False), (b"yes", b"no")])
def test_one_hot_on_every_axis(axis, on, off, run):
    indices = np.random.RandomState(0).randint(-2, 8, (40, 30))
    got = run(tf.one_hot(tf.constant(indices), 6, on, off, axis))
    expected = np.where(np.expand_dims(indices, axis) == np.arange(6).reshape([6] + [1] * ((2 - axis) % 3)), on, off)
    np.testing.assert_array_equal(got, expected)
    if off == 0 and isinstance(off, float):
        assert np.signbit(got[got == 0]).all() == np.signbit(off)


def test_one_hot_of_nothing(run):
    assert run(tf.one_hot(np.zeros([0, 3], np.int32), 4)).shape == (0, 3, 4)
    assert run(tf.one_hot([1, 2], 0)).shape == (2, 0)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_coordinates(depth, dtype, run):
    random = np.random.RandomState(0)
    dims = (20, 30, 8)
    table = random.randint(-99, 99, dims).astype(dtype)
    indices = np.stack([random.randint(0, n, (50, 12)) for n in dims[:depth]] or [np.zeros((50, 12))], -1)[..., :depth]
    indices = indices.astype(np.int32)
    where = tuple(np.moveaxis(indices, -1, 0))
    picked = run(tf.gather_nd(table, indices))
    np.testing.assert_array_equal(picked, table[where] if depth else np.broadcast_to(table, (50, 12, *dims)))
    updates = random.randint(-9, 9, (50, 12, *dims[depth:])).astype(dtype)
    expected = np.zeros(dims, np.float64)
    np.add.at(expected, where if depth else ..., updates if depth else updates.sum((0, 1)))
    for _ in range(3):
        np.testing.assert_array_equal(run(tf.scatter_nd(indices, updates, dims)), expected)
        np.testing.assert_array_equal(run(tf.tensor_scatter_add(table, indices, updates)), table + expected)
        np.testing.assert_array_equal(run(tf.tensor_scatter_sub(table, indices, updates)), table - expected)
    turned = tf.transpose(tf.constant(table.transpose(2, 1, 0)))
    if depth:
        np.testing.assert_array_equal(run(tf.gather_nd(turned, indices)), table[where])


def test_coordinates_outside(run):
    indices = tf.placeholder(tf.int32, [None, 2])
    for bad in ([[0, 0], [1, 3]], [[-1, 0]], [[2, 0]]):
        for made in (tf.gather_nd(np.zeros((2, 3)), indices), tf.scatter_nd(indices, tf.ones([len(bad)]), [2, 3])):
            with pytest.raises(tf.errors.InvalidArgumentError, match="does not index into"):
                run_with(made, {indices: bad})


def run_with(fetch, feeds):
    with tf.Session() as sess:
        return sess.run(fetch, feeds)


@pytest.mark.parametrize("dtype", ["float32", "int32"])
def test_segments(dtype, run):
    random = np.random.RandomState(0)
    data, ids = random.randint(-9, 9, (700, 7)).astype(dtype), random.randint(-1, 50, 700)
    expected = np.stack([data[ids == i].sum(0) for i in range(52)])
    for _ in range(4):
        np.testing.assert_array_equal(run(tf.unsorted_segment_sum(data, ids, 52)), expected)
    kept = np.sort(ids[ids >= 0])
    np.testing.assert_array_equal(
        run(tf.segment_sum(data[: len(kept)], kept)), [data[: len(kept)][kept == i].sum(0) for i in range(kept[-1] + 1)]
    )

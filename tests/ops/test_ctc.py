"""Connectionist temporal classification against its definition, all ways through time, and recorded answers."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import flowlab as tf
from flowlab._src.kernels import ctc
from flowlab._src.kernels.edit_distance import edit_distance


@pytest.fixture(autouse=True)
def fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


def labelling(way: tuple[int, ...], blank: int) -> tuple[int, ...]:
    """What a way through time reads as."""
    return tuple(label for label, _ in itertools.groupby(way) if label != blank)


def probabilities(scores: np.ndarray) -> dict[tuple[int, ...], float]:
    """The probability of each labelling, by adding up all ways through time."""
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    result: dict[tuple[int, ...], float] = {}
    for way in itertools.product(range(scores.shape[1]), repeat=len(scores)):
        key = labelling(way, scores.shape[1] - 1)
        result[key] = result.get(key, 0.0) + float(np.prod([p[t, label] for t, label in enumerate(way)]))
    return result


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), time=st.integers(1, 5), classes=st.integers(2, 4))
def test_loss_adds_up_all_ways(seed: int, time: int, classes: int) -> None:
    scores = np.random.default_rng(seed).standard_normal((time, 1, classes))
    for labels, chance in probabilities(scores[:, 0]).items():
        loss, _ = ctc.loss_and_grad(scores, [list(labels)], np.array([time]), True, np.array([False]))
        np.testing.assert_allclose(np.exp(-loss[0]), chance, rtol=1e-9)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), time=st.integers(1, 5), classes=st.integers(2, 4))
def test_a_wide_beam_finds_the_best_labellings(seed: int, time: int, classes: int) -> None:
    scores = np.random.default_rng(seed).standard_normal((time, 1, classes))
    best = sorted(probabilities(scores[:, 0]).items(), key=lambda item: -item[1])[:2]
    found = ctc.beam_search(scores, np.array([time]), 1000, 2, merge_repeated=False)
    assert found is not None
    paths, totals = found
    assert [tuple(path) for path in paths[0]] == [labels for labels, _ in best]
    np.testing.assert_allclose(np.exp(totals[0]), [chance for _, chance in best], rtol=1e-9)


@given(st.lists(st.integers(0, 3), max_size=6), st.lists(st.integers(0, 3), max_size=6))
def test_edit_distance_is_levenshteins(a: list[int], b: list[int]) -> None:
    def distance(x: list[int], y: list[int]) -> int:
        if not x or not y:
            return len(x) + len(y)
        replaced = distance(x[1:], y[1:]) + (x[0] != y[0])
        return replaced if x[0] == y[0] else min(replaced, distance(x[1:], y) + 1, distance(x, y[1:]) + 1)

    assert edit_distance(a, b) == distance(a, b)


# TensorFlow's answers for the losses of three sequences, the last one without labels, by the number of the blank.
SCORES = (np.random.RandomState(0).randint(-20, 20, (5, 3, 4)) / 10).astype(np.float32)
DENSE = {
    None: [7.1721, 5.1972, 2.4163],
    0: [7.1721, 5.1972, 2.4163],
    3: [1.6601, 3.4597, 5.4163],
    1: [7.0761, 4.4612, 6.3163],
}


@pytest.mark.parametrize("blank", DENSE)
def test_losses_of_dense_labels_are_tensorflows(blank: int | None) -> None:
    labels = [[1, 2, 0], [2, 2, 1], [0, 0, 0]] if blank in (None, 0) else [[0, 2, 0], [2, 2, 0], [0, 0, 0]]
    loss = tf.nn.ctc_loss_v2(tf.constant(labels), tf.constant(SCORES), [2, 3, 0], [5, 5, 3], blank_index=blank)
    with tf.Session() as sess:
        np.testing.assert_allclose(sess.run(loss), DENSE[blank], atol=6e-5)


def test_unique_labels_of_rows() -> None:
    with tf.Session() as sess:
        unique, places = sess.run(list(tf.nn.ctc_unique_labels([[3, 4, 4, 3], [0, 0, 0, 1]])))
    assert unique.tolist() == [[3, 4, 0, 0], [0, 1, 0, 0]]
    assert places.tolist() == [[0, 1, 1, 0], [0, 0, 0, 1]]


def test_second_derivatives_are_refused() -> None:
    scores = tf.constant(SCORES)
    labels = tf.SparseTensor([[0, 0], [1, 0], [2, 0]], [1, 0, 2], [3, 1])
    slope = tf.gradients(tf.nn.ctc_loss(labels, scores, [5, 5, 5]), scores)
    with pytest.raises(LookupError, match="Gradient explicitly disabled"):
        tf.gradients(slope, scores)


def test_an_absurd_shape_of_distances_is_refused() -> None:
    far = tf.SparseTensor([[0, 0]], [1], [2**50, 1])
    with tf.Session() as sess, pytest.raises(tf.errors.ResourceExhaustedError, match="OOM when allocating"):
        sess.run(tf.edit_distance(far, far))

"""Candidate samplers over several runs and sessions, against what TensorFlow drew; files of weights; sums of chances."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.kernels import sampling
from flowlab._src.kernels.random import Philox


@pytest.fixture(autouse=True)
def fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


# Three runs in one session, as TensorFlow gives them with seed=1 and no graph seed.
STORED = {
    "uniform": [[91, 5, 1, 54, 67, 56], [27, 61, 69, 36, 93, 24], [3, 26, 22, 39, 8, 77]],
    "log_uniform": [[66, 5, 22, 24, 1, 2], [2, 4, 7, 57, 0, 6], [70, 0, 53, 28, 7, 22]],
}


@pytest.mark.parametrize("kind", STORED)
def test_runs_go_on_in_the_stream_and_sessions_start_anew(kind: str) -> None:
    make = getattr(tf.nn, f"{kind}_candidate_sampler")
    sampled = make([[2]], 1, 6, True, 100, seed=1).sampled_candidates
    for _ in range(2):
        with tf.Session() as sess:
            assert [sess.run(sampled).tolist() for _ in range(3)] == STORED[kind]


def test_learned_sampler_counts_the_true_classes_of_a_session() -> None:
    result = tf.nn.learned_unigram_candidate_sampler([[2], [2]], 1, 5, False, 4, seed=1)
    for _ in range(2):
        with tf.Session() as sess:
            runs = [sess.run(result) for _ in range(3)]
        assert [run[0].tolist() for run in runs] == [[3, 3, 1, 2, 1], [0, 2, 2, 0, 3], [1, 3, 2, 2, 2]]
        np.testing.assert_allclose([run[1][0, 0] for run in runs], [5 / 4, 5 * 3 / 6, 5 * 5 / 8])


def test_weights_are_the_last_entries_of_the_lines_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "words.csv"
    path.write_text('the,30\nof,14\n\n"a, b",2\n', encoding="utf-8")
    result = tf.nn.fixed_unigram_candidate_sampler([[2], [0]], 1, 6, False, 3, vocab_file=str(path), seed=1)
    with tf.Session() as sess:
        sampled, expected, _ = sess.run(list(result))
    assert sampled.tolist() == [0, 1, 0, 2, 0, 0]
    np.testing.assert_allclose(expected, [[6 * 2 / 46], [6 * 30 / 46]], rtol=1e-6)


def test_a_line_without_a_weight_is_named(tmp_path: Path) -> None:
    path = tmp_path / "words.csv"
    path.write_text("the,30\nof\n", encoding="utf-8")
    result = tf.nn.fixed_unigram_candidate_sampler([[0]], 1, 1, False, 2, vocab_file=str(path))
    with (
        tf.Session() as sess,
        pytest.raises(tf.errors.InvalidArgumentError, match="Wrong vocabulary format at line: of"),
    ):
        sess.run(result.sampled_candidates)


def test_more_different_classes_than_have_a_chance_are_refused() -> None:
    result = tf.nn.fixed_unigram_candidate_sampler([[0]], 1, 3, True, 4, unigrams=[1.0, 0.0, 2.0, 0.0])
    with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError, match="range is too small"):
        sess.run(result.sampled_candidates)


@pytest.mark.parametrize("weights", [[0.0, 0.0], [1.0, -1.0], [1.0, float("nan")]])
def test_weights_that_are_no_distribution_are_refused(weights: list[float]) -> None:
    result = tf.nn.fixed_unigram_candidate_sampler([[0]], 1, 1, False, 2, unigrams=weights)
    with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError, match="finite and not negative"):
        sess.run(result.sampled_candidates)


@pytest.mark.parametrize("classes", [1, 2, 7, 1000])
def test_probabilities_sum_to_one(classes: int) -> None:
    ids = np.arange(classes)
    for sampler in (
        sampling.Uniform(classes),
        sampling.LogUniform(classes),
        sampling.Learned(classes),
        sampling.Fixed([i + 0.5 for i in range(classes)], classes),
    ):
        assert sampler.probability(ids).sum(dtype=np.float64) == pytest.approx(1, rel=1e-5)


def test_samples_follow_the_probabilities() -> None:
    for sampler in (sampling.LogUniform(6), sampling.Fixed([1.0, 0.0, 4.0, 2.0, 0.5, 3.0], 6)):
        ids, _ = sampling.sample(sampler, Philox(3, 4), 20000, unique=False)
        share = np.bincount(ids, minlength=6) / ids.size
        np.testing.assert_allclose(share, sampler.probability(np.arange(6)), atol=0.015)


def test_refused_words_shift_the_stream_by_one() -> None:
    words = sampling.Words(Philox(1, 2), 1)
    words.left = np.array([0, 0, 5, 0x400000, 4, 9, 9], np.uint32)  # with 3 classes the word 0 does not count
    ids = sampling.Fixed([1.0, 1.0, 1.0], 3).draw(words, 2)
    assert ids.tolist() == [5 % 3, 4 % 3]
    assert words.left.tolist()[:2] == [9, 9]


def test_absurd_sizes_are_refused() -> None:
    many = tf.nn.uniform_candidate_sampler([[0]], 1, 2**60, False, 10)
    learned = tf.nn.learned_unigram_candidate_sampler([[0]], 1, 2, False, 2**60)
    with tf.Session() as sess:
        for result in (many, learned):
            with pytest.raises(tf.errors.ResourceExhaustedError, match="OOM when allocating"):
                sess.run(result.sampled_candidates)

"""Samples of candidate samplers and the losses built on them: ops/candidate_sampling.py, ops/nn_sampled.py.

The sampled classes must be TensorFlow's; the expected counts may differ in the last bit.
"""

from __future__ import annotations

import numpy as np

from tests.ops.sample import Failure, Sample
from tests.ops.samples.nn import numbers

TARGETS = np.array([[1, 2], [0, 5], [9, 3]], np.int64)
ONE_EACH = np.array([[4], [1], [0]], np.int64)
WEIGHTS = [1.0, 2.0, 3.0, 4.0, 5.0, 0.5, 0.0, 7.0, 8.0, 0.25, 3.0, 3.0]
TABLE = numbers(12, 4, seed=1)
OFFSETS = numbers(12, seed=2)
INPUTS = numbers(3, 4, seed=3)


def drawn(op, call, *inputs):  # type: ignore[no-untyped-def]
    """A sample without gradient."""
    return Sample(op, call, inputs, grad=False)


def softmax(tf, table, offsets, inputs, labels, **options):  # type: ignore[no-untyped-def]
    """A loss with samples that are fixed by a seed."""
    return tf.nn.sampled_softmax_loss(table, offsets, labels, inputs, 5, 12, seed=7, **options)


def nce(tf, table, offsets, inputs, labels, num_true=1, **options):  # type: ignore[no-untyped-def]
    """The other loss, likewise."""
    values = tf.nn.uniform_candidate_sampler(labels, num_true, 5, True, 12, seed=3)
    return tf.nn.nce_loss(table, offsets, labels, inputs, 5, 12, num_true, sampled_values=values, **options)


SAMPLES = [
    drawn("UniformCandidateSampler", lambda tf, y: tf.nn.uniform_candidate_sampler(y, 2, 8, True, 12, seed=1), TARGETS),
    drawn("UniformCandidateSampler", lambda tf, y: tf.random.uniform_candidate_sampler(y, 2, 64, True, 64, 2), TARGETS),
    drawn("UniformCandidateSampler", lambda tf, y: tf.nn.uniform_candidate_sampler(y, 2, 30, False, 12, 3), TARGETS),
    drawn("UniformCandidateSampler", lambda tf, y: tf.nn.uniform_candidate_sampler(y, 2, 3, True, 10**12, 4), TARGETS),
    drawn("UniformCandidateSampler", lambda tf: tf.nn.uniform_candidate_sampler([[0]], 1, 1, True, 1, 3, "one")),
    drawn(
        "LogUniformCandidateSampler", lambda tf, y: tf.nn.log_uniform_candidate_sampler(y, 2, 8, True, 12, 1), TARGETS
    ),
    drawn(
        "LogUniformCandidateSampler",
        lambda tf, y: tf.random.log_uniform_candidate_sampler(y, 2, 40, True, 1000, 2),
        TARGETS,
    ),
    drawn(
        "LogUniformCandidateSampler", lambda tf, y: tf.nn.log_uniform_candidate_sampler(y, 2, 40, False, 50, 3), TARGETS
    ),
    drawn(
        "LogUniformCandidateSampler", lambda tf, y: tf.nn.log_uniform_candidate_sampler(y, 2, 12, True, 12, 4), TARGETS
    ),
    drawn(
        "LearnedUnigramCandidateSampler",
        lambda tf, y: tf.nn.learned_unigram_candidate_sampler(y, 2, 8, True, 12, seed=1),
        TARGETS,
    ),
    drawn(
        "LearnedUnigramCandidateSampler",
        lambda tf, y: tf.random.learned_unigram_candidate_sampler(y, 2, 20, False, 12, seed=2),
        TARGETS,
    ),
    drawn(
        "FixedUnigramCandidateSampler",
        lambda tf, y: tf.nn.fixed_unigram_candidate_sampler(y, 2, 8, True, 12, unigrams=WEIGHTS, seed=1),
        TARGETS,
    ),
    drawn(
        "FixedUnigramCandidateSampler",
        lambda tf, y: tf.random.fixed_unigram_candidate_sampler(
            y, 2, 40, False, 12, distortion=0.75, unigrams=WEIGHTS, seed=2
        ),
        TARGETS,
    ),
    drawn(
        "FixedUnigramCandidateSampler",
        lambda tf, y: tf.nn.fixed_unigram_candidate_sampler(
            y, 2, 5, True, 14, num_reserved_ids=2, unigrams=WEIGHTS, seed=3
        ),
        TARGETS,
    ),
    drawn(
        "FixedUnigramCandidateSampler",
        lambda tf, y: tf.nn.fixed_unigram_candidate_sampler(
            y, 1, 4, True, 6, num_shards=2, shard=1, unigrams=WEIGHTS, seed=4
        ),
        ONE_EACH,
    ),
    drawn("AllCandidateSampler", lambda tf, y: tf.nn.all_candidate_sampler(y, 2, 12, True, seed=1), TARGETS),
    drawn("AllCandidateSampler", lambda tf, y: tf.random.all_candidate_sampler(y, 2, 12, False, name="all"), TARGETS),
    drawn("ComputeAccidentalHits", lambda tf, y: tf.nn.compute_accidental_hits(y, [5, 1, 2, 2], 2), TARGETS),
    drawn(
        "ComputeAccidentalHits", lambda tf, y: tf.nn.compute_accidental_hits(y, [7, 8], 2, seed=1, name="h"), TARGETS
    ),
    Sample(
        "LogUniformCandidateSampler", lambda tf, t, b, x, y: softmax(tf, t, b, x, y), (TABLE, OFFSETS, INPUTS, ONE_EACH)
    ),
    Sample(
        "ComputeAccidentalHits",
        lambda tf, t, b, x, y: softmax(tf, t, b, x, y, num_true=2, name="s"),
        (TABLE, OFFSETS, INPUTS, TARGETS),
    ),
    Sample(
        "LogUniformCandidateSampler",
        lambda tf, t, b, x, y: softmax(tf, t, b, x, y, remove_accidental_hits=False, partition_strategy="div"),
        (TABLE, OFFSETS, INPUTS, ONE_EACH.astype(np.int32)),
        grad=False,
    ),
    Sample(
        "LogUniformCandidateSampler",
        lambda tf, t, b, x, y: softmax(tf, [t[:6], t[6:]], [b[:6], b[6:]], x, y, partition_strategy="div"),
        (TABLE, OFFSETS, INPUTS, ONE_EACH),
        grad=False,
    ),
    Sample("UniformCandidateSampler", lambda tf, t, b, x, y: nce(tf, t, b, x, y), (TABLE, OFFSETS, INPUTS, ONE_EACH)),
    Sample(
        "UniformCandidateSampler",
        lambda tf, t, b, x, y: nce(tf, t, b, x, y, 2, remove_accidental_hits=True, name="n"),
        (TABLE, OFFSETS, INPUTS, TARGETS),
    ),
]

FAILURES = [
    Failure(
        "UniformCandidateSampler",
        lambda tf, y: tf.nn.uniform_candidate_sampler(y, 2, 9, True, 6),
        (TARGETS,),
        "InvalidArgumentError",
        "Sampler's range is too small",
        run=True,
    ),
    Failure(
        "UniformCandidateSampler",
        lambda tf, y: tf.nn.uniform_candidate_sampler(y, 1, 2, True, 16),
        (TARGETS,),
        "InvalidArgumentError",
        "true_classes must have num_true columns",
        run=True,
    ),
    Failure(
        "UniformCandidateSampler",
        lambda tf: tf.nn.uniform_candidate_sampler([1, 2], 1, 2, True, 16),
        (),
        "ValueError",
        "Shape must be rank 2 but is rank 1",
    ),
    Failure(
        "UniformCandidateSampler",
        lambda tf: tf.nn.uniform_candidate_sampler([[1]], 1, 0, True, 16),
        (),
        "ValueError",
        "Attr 'num_sampled' of 'UniformCandidateSampler' Op passed 0 less than minimum 1",
    ),
    Failure(
        "LogUniformCandidateSampler",
        lambda tf, y: tf.nn.log_uniform_candidate_sampler(y, 2, 2, True, 6),
        (TARGETS,),
        "InvalidArgumentError",
        r"`true_candidate` out of range \[0, 6\), received 9",
        run=True,
    ),
    Failure(
        "LearnedUnigramCandidateSampler",
        lambda tf, y: tf.nn.learned_unigram_candidate_sampler(y, 2, 2, True, 6),
        (TARGETS,),
        "InvalidArgumentError",
        r"`true_candidate` out of range \[0, 6\), received 9",
        run=True,
    ),
    Failure(
        "FixedUnigramCandidateSampler",
        lambda tf, y: tf.nn.fixed_unigram_candidate_sampler(y, 2, 2, True, 16),
        (TARGETS,),
        "InvalidArgumentError",
        "Must provide either vocab_file or unigrams",
        run=True,
    ),
    Failure(
        "FixedUnigramCandidateSampler",
        lambda tf, y: tf.nn.fixed_unigram_candidate_sampler(y, 2, 2, True, 11, unigrams=WEIGHTS),
        (TARGETS,),
        "InvalidArgumentError",
        "range is 11 must be equal to weights size  12",
        run=True,
    ),
    Failure(
        "FixedUnigramCandidateSampler",
        lambda tf, y: tf.nn.fixed_unigram_candidate_sampler(y, 2, 2, True, 12, vocab_file="no/such/file"),
        (TARGETS,),
        "NotFoundError",
        "No such file or directory",
        run=True,
    ),
    Failure(
        "AllCandidateSampler",
        lambda tf, y: tf.nn.all_candidate_sampler(y, 2, 5, True),
        (TARGETS,),
        "InvalidArgumentError",
        r"`true_candidate` out of range \[0, 5\), received 5|received 9",
        run=True,
    ),
    Failure(
        "ComputeAccidentalHits",
        lambda tf, y: tf.nn.compute_accidental_hits(y, [1, 2], 1),
        (TARGETS,),
        "InvalidArgumentError",
        "true_candidates must be a batch_size . num_true matrix",
        run=True,
    ),
]

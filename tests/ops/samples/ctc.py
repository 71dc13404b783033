"""Samples of connectionist temporal classification and of edit distances: ops/ctc.py, ops/edit_distance.py."""

from __future__ import annotations

import numpy as np

from tests.ops.sample import Failure, Sample
from tests.ops.samples.nn import numbers

SCORES = numbers(5, 2, 4, seed=1)
LONG = numbers(12, 3, 6, seed=2) * np.float32(2)
FIVE, THREE = np.array([5, 4], np.int32), np.array([12, 7, 9], np.int32)
WORDS = np.array([[1, 1, 2, 2, 1], [1, 2, 3, 4, 4], [0, 0, 0, 7, 0]], np.int32)
NAMES = np.array([b"a", b"b", b"c", b"a"], object)


def rows(tf, lists, longest=None):  # type: ignore[no-untyped-def]
    """Labels as a sparse tensor."""
    places = [(b, i) for b, row in enumerate(lists) for i in range(len(row))]
    values = np.array([v for row in lists for v in row], np.int32)
    return tf.SparseTensor(
        np.array(places, np.int64).reshape(-1, 2), values, [len(lists), longest or max(map(len, lists))]
    )


def lost(labels, **options):  # type: ignore[no-untyped-def]
    """The loss of some labels."""
    return lambda tf, x, n: tf.nn.ctc_loss(rows(tf, labels), x, n, **options)


def decoded(result):  # type: ignore[no-untyped-def]
    """The parts of decoded labellings, and their scores."""
    found, scores = result
    return [part for s in found for part in (s.indices, s.values, s.dense_shape)] + [scores]


def both(x):  # type: ignore[no-untyped-def]
    """Scores as double precision."""
    return x.astype(np.float64)


SAMPLES = [
    Sample("CTCLoss", lost([[0, 1], [2]]), (SCORES, FIVE), second=False),
    Sample("CTCLoss", lost([[0, 0], [2, 1, 2]]), (both(SCORES), FIVE), second=False, tolerance=1e4),
    Sample("CTCLoss", lost([[0, 0, 0], [2, 2]]), (SCORES, FIVE), second=False),
    Sample("CTCLoss", lost([[0, 0], [2, 2, 1]], ctc_merge_repeated=False), (SCORES, FIVE), second=False),
    Sample("CTCLoss", lost([[0, 0], [2, 2, 1]], preprocess_collapse_repeated=True), (SCORES, FIVE), second=False),
    Sample(
        "CTCLoss",
        lost([[0, 0, 1, 0, 1, 1], [2]], ignore_longer_outputs_than_inputs=True),
        (SCORES, FIVE),
        second=False,
    ),
    Sample("CTCLoss", lost([[0, 3], [2, 1]]), (SCORES, FIVE), second=False),  # 3 is the blank: no more labels
    Sample("CTCLoss", lost([[0, 1], [2]], time_major=False), (SCORES.swapaxes(0, 1).copy(), FIVE), second=False),
    Sample("CTCLoss", lost([[0, 4, 4, 1, 2, 3], [2], [1, 2, 1, 2]]), (LONG, THREE), second=False),
    Sample(
        "CTCLoss",
        lambda tf, x: tf.nn.ctc_loss(rows(tf, [[1], [2]]), logits=x, sequence_length=[5, 1]),
        (SCORES,),
        second=False,
    ),
    Sample(
        "CTCLoss",
        lambda tf, x, n: tf.gradients(tf.nn.ctc_loss(rows(tf, [[0, 0, 0, 0], [1]]), x, n), x),  # no way at all
        (SCORES, FIVE),
        grad=False,
    ),
    Sample(
        "CTCLoss",
        lambda tf, x, n: tf.nn.ctc_loss_v2(rows(tf, [[1, 2], [3]]), x, None, n, blank_index=0),
        (SCORES, FIVE),
        second=False,
    ),
    Sample(
        "CTCLoss",
        lambda tf, x, n: tf.nn.ctc_loss_v2(rows(tf, [[1, 2], [0]]), x, None, n, blank_index=-1),
        (SCORES, FIVE),
        second=False,
    ),
    Sample("CTCGreedyDecoder", lambda tf, x, n: decoded(tf.nn.ctc_greedy_decoder(x, n)), (LONG, THREE), grad=False),
    Sample(
        "CTCGreedyDecoder",
        lambda tf, x, n: decoded(tf.nn.ctc_greedy_decoder(x, n, False)),
        (both(LONG), THREE),
        grad=False,
    ),
    Sample("CTCGreedyDecoder", lambda tf, x: decoded(tf.nn.ctc_greedy_decoder(x, [0, 0])), (SCORES,), grad=False),
    *[
        Sample(
            "CTCBeamSearchDecoder",
            lambda tf, x, n, o=options: decoded(tf.nn.ctc_beam_search_decoder(x, n, **o)),
            inputs,
            grad=False,
        )
        for inputs in ((SCORES, FIVE), (LONG, THREE))
        for options in (
            {},
            {"beam_width": 4, "top_paths": 3},
            {"beam_width": 10, "top_paths": 5, "merge_repeated": False},
            {"beam_width": 1},
        )
    ],
    Sample(
        "CTCBeamSearchDecoder",
        lambda tf, x, n: decoded(tf.nn.ctc_beam_search_decoder_v2(x, n, 20, 2)),
        (both(LONG), THREE),
        grad=False,
        tolerance=1e4,  # TensorFlow computes the scores in single precision
    ),
    Sample("NotEqual", lambda tf, w: tf.nn.collapse_repeated(w, [5, 5, 4]), (WORDS,), grad=False),
    Sample("NotEqual", lambda tf, w: tf.nn.collapse_repeated(w, [2, 0, 3], name="c"), (WORDS,), grad=False),
    Sample("EditDistance", lambda tf: tf.edit_distance(rows(tf, [[1, 2, 3], [1]]), rows(tf, [[1, 3], [2, 2]]))),
    Sample("EditDistance", lambda tf: tf.edit_distance(rows(tf, [[1, 2, 3], []]), rows(tf, [[], [2, 2]]), name="e")),
    Sample("EditDistance", lambda tf: tf.edit_distance(rows(tf, [[1, 2, 3], []]), rows(tf, [[], [2, 2]]), False)),
    Sample("EditDistance", lambda tf: tf.edit_distance(rows(tf, [[1], [2], [3]]), rows(tf, [[1]]))),
    Sample(
        "EditDistance",
        lambda tf, v: tf.edit_distance(
            tf.SparseTensor([[0, 0, 0], [1, 0, 0]], v[:2], [2, 1, 1]),
            tf.SparseTensor([[0, 0, 0], [0, 1, 0], [1, 0, 0], [1, 0, 1]], v, [2, 2, 2]),
        ),
        (NAMES,),
        grad=False,
    ),
]

FAILURES = [
    Failure("CTCLoss", lost([[0, 1], []]), (SCORES, FIVE), "InvalidArgumentError", "Labels length is zero in batch 1", run=True),
    Failure("CTCLoss", lost([[3, 1], [1]]), (SCORES, FIVE), "InvalidArgumentError", r"Saw a non-null label \(index >= num_classes - 1\) following a null label, batch: 0 num_classes: 4 labels: 3,1", run=True),
    Failure("CTCLoss", lost([[-1], [1]]), (SCORES, FIVE), "InvalidArgumentError", "All labels must be nonnegative integers, batch: 0 labels: -1", run=True),
    Failure("CTCLoss", lost([[0] * 6, [1]]), (SCORES, FIVE), "InvalidArgumentError", r"Not enough time for target transition sequence \(required: 6, available: 5\)", run=True),
    Failure("CTCLoss", lost([[0], [1]]), (SCORES, np.array([6, 1], np.int32)), "InvalidArgumentError", r"sequence_length\(0\) <= 5", run=True),
    Failure("CTCLoss", lost([[0], [1], [1]]), (SCORES, FIVE), "InvalidArgumentError", "label SparseTensor is not valid", run=True),
    Failure("CTCLoss", lambda tf, x: tf.nn.ctc_loss(rows(tf, [[1]]), x, [5]), (SCORES,), "ValueError", "Dimensions must be equal, but are 2 and 1"),
    Failure("CTCLoss", lambda tf, x: tf.nn.ctc_loss([[1]], x, [5, 5]), (SCORES,), "TypeError", "to be a SparseTensor"),
    Failure("CTCLoss", lambda tf, x: tf.nn.ctc_loss_v2(rows(tf, [[1]]), x, None, [5, 5]), (SCORES,), "ValueError", "must be (given|provided)"),
    Failure("CTCGreedyDecoder", lambda tf, x: decoded(tf.nn.ctc_greedy_decoder(x, [6, 1])), (SCORES,), "FailedPreconditionError", r"sequence_length\(0\) <= 5", run=True),
    Failure("CTCBeamSearchDecoder", lambda tf, x: decoded(tf.nn.ctc_beam_search_decoder(x, [5, 5], 2, 3)), (SCORES,), "InvalidArgumentError", "requested more paths than the beam width", run=True),
    Failure("CTCBeamSearchDecoder", lambda tf, x: decoded(tf.nn.ctc_beam_search_decoder(x, [0, 5], 5, 3)), (SCORES,), "InvalidArgumentError", "Less leaves in the beam search than requested", run=True),
    Failure("CTCBeamSearchDecoder", lambda tf, x: decoded(tf.nn.ctc_beam_search_decoder(x, [5, 5], 0)), (SCORES,), "ValueError", "Attr 'beam_width' of 'CTCBeamSearchDecoder' Op passed 0 less than minimum 1"),
    Failure("EditDistance", lambda tf, x: tf.edit_distance(x, x), (SCORES,), "TypeError", "Hypothesis must be a SparseTensor"),
    Failure("EditDistance", lambda tf: tf.edit_distance(tf.SparseTensor([[0]], [1], [1]), tf.SparseTensor([[0]], [1], [1])), (), "ValueError", "must have rank at least 2"),
    Failure("EditDistance", lambda tf: tf.edit_distance(rows(tf, [[1]]), tf.SparseTensor([[0]], [1], [1])), (), "ValueError", "Num elements of hypothesis_shape does not match truth_shape: 2 vs. 1"),
]  # fmt: skip

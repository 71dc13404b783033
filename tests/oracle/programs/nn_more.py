"""Sampled losses, quantized numbers, connectionist temporal classification, searches in sorted rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..record import program

WORDS = np.array([[3], [1], [0], [7]], np.int64)
HIDDEN = (np.arange(16, dtype=np.float32).reshape(4, 4) - 7) / 10
SCORES = np.sin(np.arange(40, dtype=np.float32)).reshape(5, 2, 4)


def table(tf: Any) -> tuple[Any, Any]:
    """Word vectors and offsets of 20 words."""
    vectors = tf.Variable(np.cos(np.arange(80, dtype=np.float32)).reshape(20, 4), name="vectors")
    return vectors, tf.Variable(tf.zeros([20]), name="offsets")


@program("graph", "values")
def samplers(tf: Any) -> Any:
    labels = tf.constant(WORDS, name="labels")
    return {
        "uniform": list(tf.nn.uniform_candidate_sampler(labels, 1, 5, True, 20, seed=1)),
        "zipf": list(tf.nn.log_uniform_candidate_sampler(labels, 1, 5, True, 20, seed=2, name="zipf")),
        "learned": list(tf.nn.learned_unigram_candidate_sampler(labels, 1, 5, False, 20, seed=3)),
        "fixed": list(
            tf.nn.fixed_unigram_candidate_sampler(
                labels, 1, 5, True, 20, distortion=0.75, unigrams=[float(20 - i) for i in range(20)], seed=4
            )
        ),
        "all": list(tf.nn.all_candidate_sampler(labels, 1, 8, True)),
        "hits": list(tf.nn.compute_accidental_hits(labels, [0, 5, 3], 1)),
    }


@program("graph", "values")
def samplers_with_a_graph_seed(tf: Any) -> Any:
    tf.set_random_seed(11)
    labels = tf.constant(WORDS)
    first = tf.nn.log_uniform_candidate_sampler(labels, 1, 6, True, 1000)
    second = tf.random.uniform_candidate_sampler(labels, 1, 6, True, 1000)
    return [first.sampled_candidates, second.sampled_candidates]


@program("graph", "values")
def word_vectors(tf: Any) -> Any:
    tf.set_random_seed(3)
    vectors, offsets = table(tf)
    losses = tf.nn.nce_loss(vectors, offsets, tf.constant(WORDS), tf.constant(HIDDEN), num_sampled=6, num_classes=20)
    return {"losses": losses, "loss": tf.reduce_mean(losses)}


@program("graph", "values")
def sampled_softmax(tf: Any) -> Any:
    vectors, offsets = table(tf)
    loss = tf.nn.sampled_softmax_loss(
        vectors,
        offsets,
        tf.constant(WORDS.astype(np.int32)),
        tf.constant(HIDDEN),
        6,
        20,
        seed=5,
        partition_strategy="div",
    )
    return {"loss": loss, "slopes": tf.gradients(loss, offsets)[0].values}


@program("values")
def training_word_vectors(tf: Any) -> Any:
    tf.set_random_seed(3)
    vectors, offsets = table(tf)
    loss = tf.reduce_mean(tf.nn.nce_loss(vectors, offsets, tf.constant(WORDS), tf.constant(HIDDEN), 6, 20))
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    with tf.control_dependencies([train]):
        return {"loss": loss, "first": tf.identity(vectors.read_value())[:4]}


@program("graph", "values")
def quantizing(tf: Any) -> Any:
    x = tf.constant([-1.5, 0.0, 0.3, 2.7], name="x")
    q = tf.quantize(x, -1.0, 3.0, tf.quint8, name="q")
    return {
        "low": q.output_min,
        "back": tf.dequantize(q.output, q.output_min, q.output_max, name="back"),
        "scaled": tf.dequantize(*tf.quantize(x, -1.0, 3.0, tf.qint8, mode="SCALED"), mode="SCALED"),
        "rounded": tf.quantization.quantize_and_dequantize(x, -1.0, 3.0, num_bits=4, range_given=True),
    }


@program("graph", "values")
def training_for_quantized_weights(tf: Any) -> Any:
    x, w = tf.constant(HIDDEN, name="x"), tf.constant(HIDDEN.T.copy(), name="w")
    rough = tf.fake_quant_with_min_max_args(w, -0.5, 0.5, num_bits=4)
    y = tf.fake_quant_with_min_max_vars(tf.matmul(x, rough), -1.0, 1.0)
    return {"y": y, "slope": tf.gradients(y, w)[0]}


@program("graph", "values")
def labels_without_places(tf: Any) -> Any:
    labels = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], [0, 2, 1], [2, 2])
    scores = tf.constant(SCORES, name="scores")
    loss = tf.nn.ctc_loss(labels, scores, [5, 4])
    return {"loss": loss, "slope": tf.gradients(tf.reduce_mean(loss), scores)[0]}


@program("graph", "values")
def decoding(tf: Any) -> Any:
    scores = tf.constant(SCORES * 3, name="scores")
    (greedy,), total = tf.nn.ctc_greedy_decoder(scores, [5, 4])
    (best, second), chances = tf.nn.ctc_beam_search_decoder(scores, [5, 4], beam_width=8, top_paths=2)
    truth = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], tf.constant([0, 2, 1], tf.int64), [2, 2])
    return {
        "greedy": [greedy.values, total],
        "beam": [best.values, second.values, chances],
        "mistakes": tf.reduce_mean(tf.edit_distance(greedy, truth)),
    }


@program("values")
def shrinking_by_a_fraction(tf: Any) -> Any:
    image = tf.constant(np.arange(49, dtype=np.float32).reshape(1, 7, 7, 1), name="image")
    pooled = tf.nn.fractional_max_pool(image, [1.0, 1.5, 1.4, 1.0], deterministic=True, seed=2, seed2=3)
    return pooled.output


@program("graph", "values")
def searching(tf: Any) -> Any:
    ages, known = tf.constant([5.0, 18.0, 40.0, 99.0]), tf.constant([10.0, 18.0, 65.0])
    return {
        "left": tf.searchsorted(known, ages),
        "right": tf.searchsorted(known, ages, side="right", name="above"),
        "places": tf.unravel_index([5, 11], [3, 4]),
    }


@program("skeleton", "values")
def share_of_silent_units(tf: Any) -> Any:
    return tf.nn.zero_fraction(tf.nn.relu(tf.constant(HIDDEN)), name="silent")

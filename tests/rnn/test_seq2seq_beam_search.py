"""`tf.contrib.seq2seq.BeamSearchDecoder` against a plain search over all hypotheses, and monotonic attention."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import flowlab as tf

seq2seq = tf.contrib.seq2seq
RANDOM = np.random.RandomState(3)
END = 0
TOKENS = 4
EMBEDDING = RANDOM.randn(TOKENS, 3).astype(np.float32)
KERNEL = RANDOM.randn(3 + 5, 5).astype(np.float32)
WIDE_KERNEL = RANDOM.randn(3 + 5 + 5, 5).astype(np.float32)  # with the attention among the inputs
OUTPUT = RANDOM.randn(5, TOKENS).astype(np.float32) * 2
STATES = RANDOM.randn(2, 5).astype(np.float32)
START = [1, 2]


@pytest.fixture(autouse=True)
def fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


def cell() -> Any:
    return tf.nn.rnn_cell.BasicRNNCell(5, name="cell")


def layer() -> Any:
    return tf.layers.Dense(TOKENS, use_bias=False, name="out")


def run(tensors: Any, **weights: Any) -> Any:
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for v in tf.global_variables():
            for part, value in {"cell/kernel": KERNEL, "out/kernel": OUTPUT, **weights}.items():
                if v.op.name.endswith(part):
                    v.load(value, sess)
        return sess.run(tensors)


def log_probability(state: Any, token: int, hypothesis: Any) -> float:
    """The logarithm of the probability of tokens, one after the other, up to the first end token."""
    total = 0.0
    for following in hypothesis:
        state = np.tanh(np.concatenate([EMBEDDING[token], state]) @ KERNEL)
        logits = state @ OUTPUT
        total += logits[following] - np.log(np.exp(logits).sum())
        token = following
        if token == END:
            break
    return total


def search_by_hand(state: Any, start: int, width: int, steps: int, weight: float = 0.0) -> list[Any]:
    """(score, hypothesis, log probability) of the best ones: each step goes on with `width` of them."""
    beams: list[Any] = [(0.0, (), 0.0)]
    for _ in range(steps):
        found = []
        for _, hypothesis, _ in beams:
            ended = END in hypothesis
            for token in [END] if ended else range(TOKENS):
                longer = (*hypothesis, token)
                log_prob = log_probability(state, start, longer)
                # TensorFlow counts the end token only in the steps after it.
                length = longer.index(END) + ended if END in longer else len(longer)
                found.append((log_prob / ((5 + length) / 6) ** weight, longer, log_prob))
        beams = sorted(found, key=lambda each: -each[0])[:width]
        if all(END in hypothesis for _, hypothesis, _ in beams):
            break
    return beams


def decode(width: int, steps: int, **options: Any) -> Any:
    decoder = seq2seq.BeamSearchDecoder(
        cell(), EMBEDDING, START, END, seq2seq.tile_batch(tf.constant(STATES), width), width,
        output_layer=layer(), **options,
    )  # fmt: skip
    return seq2seq.dynamic_decode(decoder, maximum_iterations=steps)


@pytest.mark.parametrize(
    ("width", "steps", "weight"), [(1, 4, 0.0), (3, 5, 0.0), (3, 5, 1.0), (4, 3, 2.5), (2, 1, 0.0)]
)
def test_beams_are_those_of_a_search_by_hand(width: int, steps: int, weight: float) -> None:
    outputs, state, _ = decode(width, steps, length_penalty_weight=weight)
    ids, log_probs, scores = run([outputs.predicted_ids, state.log_probs, outputs.beam_search_decoder_output.scores])
    assert ids.dtype == np.int32
    for b in range(2):
        wanted = search_by_hand(STATES[b], START[b], width, steps, weight)
        for k, (score, hypothesis, log_prob) in enumerate(wanted):
            end = list(hypothesis) + [END] * (ids.shape[1] - len(hypothesis))
            assert ids[b, :, k].tolist() == end
            np.testing.assert_allclose(log_probs[b, k], log_prob, rtol=1e-3, atol=1e-5)
            np.testing.assert_allclose(scores[b, -1, k], score, rtol=1e-3, atol=1e-5)


def test_a_beam_as_wide_as_all_hypotheses_finds_the_best_of_all() -> None:
    outputs, state, _ = decode(TOKENS**2, 3)
    ids, log_probs = run([outputs.predicted_ids, state.log_probs])
    for b in range(2):
        everything = {log_probability(STATES[b], START[b], h): h for h in itertools.product(range(TOKENS), repeat=3)}
        best = everything[max(everything)]
        np.testing.assert_allclose(log_probs[b, 0], max(everything), rtol=1e-3, atol=1e-5)
        end = best.index(END) + 1 if END in best else 3
        assert ids[b, :end, 0].tolist() == list(best[:end])


def test_lengths_count_the_tokens_of_each_beam() -> None:
    outputs, state, lengths = decode(3, 6)
    ids, counted, finished, by_decode = run([outputs.predicted_ids, state.lengths, state.finished, lengths])
    for b, k in itertools.product(range(2), range(3)):
        hypothesis = ids[b, :, k].tolist()
        assert counted[b, k] == (hypothesis.index(END) + 1 if finished[b, k] else len(hypothesis))
    assert by_decode.shape == (2, 3)
    assert counted.dtype == np.int64


def test_static_shapes_and_dtypes() -> None:
    outputs, state, lengths = decode(3, 6)
    assert outputs.predicted_ids.shape.as_list() == [2, None, 3]
    assert outputs.predicted_ids.dtype == tf.int32
    assert state.cell_state.shape.as_list() == [2, 3, 5]
    assert lengths.shape.as_list() == [2, 3]


def test_time_major_outputs() -> None:
    decoder = seq2seq.BeamSearchDecoder(
        cell(), EMBEDDING, START, END, seq2seq.tile_batch(tf.constant(STATES), 2), 2, layer()
    )
    outputs, _, _ = seq2seq.dynamic_decode(decoder, output_time_major=True, maximum_iterations=3)
    assert run(outputs.predicted_ids).shape[1:] == (2, 2)


@pytest.mark.parametrize("shape", [[2, 5], [4, 6]])
def test_a_state_that_was_not_tiled_is_refused(shape: list[int]) -> None:
    with pytest.raises(ValueError, match=r"Perhaps you forgot to create a zero_state"):
        seq2seq.BeamSearchDecoder(cell(), EMBEDDING, START, END, tf.zeros(shape), 2)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"cell": "no cell"}, TypeError, "cell"),
        ({"output_layer": 3}, TypeError, "output_layer must be a Layer"),
        ({"start_tokens": 1}, ValueError, "start_tokens must be a vector"),
        ({"end_token": [1]}, ValueError, "end_token must be a scalar"),
        ({"beam_width": 0}, ValueError, "beam_width"),
        ({"beam_width": 2.0}, TypeError, "beam_width"),
    ],
)
def test_wrong_arguments(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    arguments = {
        "cell": cell(), "embedding": EMBEDDING, "start_tokens": START, "end_token": END,
        "initial_state": tf.zeros([4, 5]), "beam_width": 2,
    }  # fmt: skip
    with pytest.raises(error, match=message):
        seq2seq.BeamSearchDecoder(**{**arguments, **changes})


def attention_decoder(width: int, memory: Any, **options: Any) -> Any:
    tiled = seq2seq.tile_batch(tf.constant(memory), width)
    wrapped = seq2seq.AttentionWrapper(cell(), seq2seq.LuongAttention(5, tiled), 5, alignment_history=True)
    start = wrapped.zero_state(2 * width, tf.float32).clone(cell_state=seq2seq.tile_batch(tf.constant(STATES), width))
    return seq2seq.BeamSearchDecoder(wrapped, EMBEDDING, START, END, start, width, output_layer=layer(), **options)


def test_alignment_histories_follow_the_hypotheses() -> None:
    memory = RANDOM.randn(2, 3, 4).astype(np.float32)
    outputs, state, _ = seq2seq.dynamic_decode(attention_decoder(3, memory), maximum_iterations=4)
    weights = tf.trainable_variables()
    plain = attention_decoder(3, memory, reorder_tensor_arrays=False)
    _, unsorted, _ = seq2seq.dynamic_decode(plain, maximum_iterations=4)
    others = tf.trainable_variables()[len(weights) :]
    wanted = [
        state.cell_state.alignment_history.stack(),
        unsorted.cell_state.alignment_history.stack(),
        outputs.beam_search_decoder_output.parent_ids,
        state.lengths,
    ]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run([theirs.assign(ours) for theirs, ours in zip(others, weights, strict=True)])
        followed, raw, parents, lengths = sess.run(wanted)
    steps = raw.shape[0]
    assert followed.shape == raw.shape
    raw = raw.reshape(steps, 2, 3, 3)
    followed = followed.reshape(steps, 2, 3, 3)
    for b, k in itertools.product(range(2), range(3)):
        beam = k
        for t in reversed(range(lengths[b].max())):
            if t < lengths[b, k]:
                np.testing.assert_allclose(followed[t, b, k], raw[t, b, beam], rtol=1e-5)
            beam = parents[b, t, beam]


def test_coverage_needs_attention() -> None:
    with pytest.raises(ValueError, match="AttentionWrapper"):
        decode(2, 3, coverage_penalty_weight=1.0)


def test_coverage_is_summed_over_the_steps_of_a_hypothesis() -> None:
    memory = RANDOM.randn(2, 3, 4).astype(np.float32)
    decoder = attention_decoder(2, memory, coverage_penalty_weight=0.5)
    outputs, state, _ = seq2seq.dynamic_decode(decoder, maximum_iterations=3)
    wanted = [state.accumulated_attention_probs, state.lengths, outputs.predicted_ids]
    covered, lengths, ids = run(wanted, **{"cell/kernel": WIDE_KERNEL})
    assert ids.shape[2] == 2
    np.testing.assert_allclose(covered.sum(-1), lengths, rtol=1e-5)  # each step looks at 1 in all


# Monotonic attention


def monotonic_by_hand(p: Any, before: Any) -> Any:
    """The recursion of Raffel et al. (2017), equation 9, entry by entry."""
    out, q = np.zeros_like(p), 0.0
    for j in range(len(p)):
        q = (1 - (p[j - 1] if j else 0)) * q + before[j]
        out[j] = p[j] * q
    return out


@pytest.mark.parametrize("mode", ["recursive", "parallel"])
def test_monotonic_attention(mode: str) -> None:
    p = RANDOM.uniform(0.1, 0.9, [3, 5]).astype(np.float32)
    before = RANDOM.dirichlet(np.ones(5), 3).astype(np.float32)
    found = run(seq2seq.monotonic_attention(p, before, mode))
    np.testing.assert_allclose(found, [monotonic_by_hand(*row) for row in zip(p, before)], rtol=1e-4)


def test_hard_monotonic_attention_takes_the_first_entry_chosen_from_where_it_was() -> None:
    p = np.array([[1, 0, 1, 1], [0, 1, 0, 0], [0, 0, 0, 0]], np.float32)
    before = np.array([[0, 1, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0]], np.float32)
    found = run(seq2seq.monotonic_attention(tf.constant(p), tf.constant(before), "hard"))
    assert found.tolist() == [[0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0]]


def test_monotonic_attention_of_another_mode() -> None:
    with pytest.raises(ValueError, match="mode must be 'recursive', 'parallel', or 'hard'"):
        seq2seq.monotonic_attention(tf.ones([1, 2]), tf.ones([1, 2]), "soft")


def test_safe_cumprod_does_not_end_in_nan() -> None:
    x = np.array([[0.5, 0.0, 2.0, 0.5]], np.float32)
    found, gradient = run([t := seq2seq.safe_cumprod(tf.constant(x), axis=1, exclusive=True), tf.gradients(t, t)[0]])
    np.testing.assert_allclose(found, [[1, 0.5, 0, 0]], atol=1e-30)
    assert np.isfinite(gradient).all()


MECHANISMS = [
    (seq2seq.LuongMonotonicAttention, "luong_monotonic_attention"),
    (seq2seq.BahdanauMonotonicAttention, "bahdanau_monotonic_attention"),
]


@pytest.mark.parametrize(("kind", "scope"), MECHANISMS)
@pytest.mark.parametrize("mode", ["parallel", "recursive", "hard"])
def test_monotonic_mechanisms_begin_at_the_first_entry_and_go_on(kind: Any, scope: str, mode: str) -> None:
    memory = RANDOM.randn(2, 4, 3).astype(np.float32)
    mechanism = kind(5, tf.constant(memory), [4, 3], mode=mode, score_bias_init=1.0)
    start = mechanism.initial_alignments(2, tf.float32)
    alignments, state = mechanism(tf.constant(RANDOM.randn(2, 5).astype(np.float32)), state=start)
    assert f"{scope}/attention_score_bias" in [v.op.name for v in tf.trainable_variables()]
    first, found, after = run([start, alignments, state])
    assert first.tolist() == [[1, 0, 0, 0]] * 2
    assert (found == after).all()
    assert (found >= 0).all()
    assert (found.sum(1) <= 1 + 1e-5).all()
    assert found[1, 3] == 0  # behind the end


def test_noise_before_the_sigmoid_changes_what_is_chosen() -> None:
    mechanism = seq2seq.LuongMonotonicAttention(3, tf.ones([1, 4, 2]), sigmoid_noise=5.0, sigmoid_noise_seed=1)
    alignments, _ = mechanism(tf.zeros([1, 3]), state=mechanism.initial_alignments(1, tf.float32))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert (sess.run(alignments) != sess.run(alignments)).any()

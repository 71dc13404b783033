"""`tf.contrib.seq2seq` against plain NumPy: losses, decoders, helpers, attention."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowlab as tf

seq2seq = tf.contrib.seq2seq
RANDOM = np.random.RandomState(0)
INPUTS = RANDOM.randn(3, 5, 4).astype(np.float32)
LENGTHS = [5, 2, 3]
STATE = RANDOM.randn(3, 4).astype(np.float32)
KERNEL = RANDOM.randn(8, 4).astype(np.float32)
EMBEDDING = RANDOM.randn(4, 4).astype(np.float32)


@pytest.fixture(autouse=True)
def fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


def run(tensors: Any) -> Any:
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return sess.run(tensors)


def cell() -> Any:
    """tanh([x, h] @ KERNEL)"""
    return tf.nn.rnn_cell.BasicRNNCell(4, name="cell")


def step_of_cell(x: Any, h: Any) -> Any:
    return np.tanh(np.concatenate([x, h], 1) @ KERNEL)


def run_with_kernel(tensors: Any) -> Any:
    """Run with the kernel of the cell above."""
    kernel = next(v for v in tf.global_variables() if v.name.endswith("cell/kernel:0"))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(kernel.assign(KERNEL))
        return sess.run(tensors)


def decode(helper: Any, state: Any = STATE, **options: Any) -> Any:
    decoder = seq2seq.BasicDecoder(cell(), helper, tf.constant(state))
    return seq2seq.dynamic_decode(decoder, **options)


# The loss


def crossent(logits: Any, targets: Any) -> Any:
    log_sum = np.log(np.exp(logits).sum(-1))
    return log_sum - np.take_along_axis(logits, targets[..., None], -1)[..., 0]


@pytest.mark.parametrize(
    ("flags", "axis", "by_count"),
    [
        ({}, (0, 1), False),
        ({"average_across_batch": False}, 1, False),
        ({"average_across_timesteps": False}, 0, False),
        (
            {
                "average_across_timesteps": False,
                "average_across_batch": False,
                "sum_over_timesteps": True,
                "sum_over_batch": True,
            },
            (0, 1),
            True,
        ),
        ({"average_across_timesteps": False, "average_across_batch": False, "sum_over_batch": True}, 0, True),
        ({"average_across_timesteps": False, "average_across_batch": False, "sum_over_timesteps": True}, 1, True),
    ],
)
def test_sequence_loss_divides_by_weights_or_by_their_count(flags: Any, axis: Any, by_count: bool) -> None:
    targets = RANDOM.randint(0, 4, [3, 5])
    weights = np.abs(RANDOM.randn(3, 5)).astype(np.float32) * (np.arange(5) < np.array(LENGTHS)[:, None])
    loss = run(seq2seq.sequence_loss(INPUTS, targets, weights, **flags))
    total = (crossent(INPUTS, targets) * weights).sum(axis)
    size = (weights != 0).sum(axis) if by_count else weights.sum(axis)
    # Steps without weights count nothing, and give no NaN.
    np.testing.assert_allclose(loss, np.where(size == 0, 0, total / np.where(size == 0, 1, size)), rtol=1e-5)


def test_sequence_loss_as_it_is_for_each_step_and_with_another_function() -> None:
    targets, weights = RANDOM.randint(0, 4, [3, 5]), np.ones([3, 5], np.float32)
    none = {"average_across_timesteps": False, "average_across_batch": False}
    loss = run(seq2seq.sequence_loss(INPUTS, targets, weights, **none))
    np.testing.assert_allclose(loss, crossent(INPUTS, targets), rtol=1e-4, atol=1e-6)
    largest = seq2seq.sequence_loss(
        INPUTS, targets, weights, softmax_loss_function=lambda labels, logits: tf.reduce_max(logits, -1), **none
    )
    np.testing.assert_allclose(run(largest), INPUTS.max(-1))


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        (([3, 4], [3, 5], [3, 5]), "Logits must be a"),
        (([3, 5, 4], [3], [3, 5]), "Targets must be a"),
        (([3, 5, 4], [3, 5], [3]), "Weights must be a"),
    ],
)
def test_sequence_loss_wants_sequences(shapes: Any, words: str) -> None:
    logits, targets, weights = shapes
    with pytest.raises(ValueError, match=words):
        seq2seq.sequence_loss(tf.zeros(logits), tf.zeros(targets, tf.int32), tf.zeros(weights))


def test_sequence_loss_does_not_average_and_sum() -> None:
    with pytest.raises(ValueError, match="cannot be set to True at same time"):
        seq2seq.sequence_loss(tf.zeros([3, 5, 4]), tf.zeros([3, 5], tf.int32), tf.ones([3, 5]), sum_over_batch=True)


# Decoding


def teacher_forcing(impute: bool) -> Any:
    """Outputs and last states, step by step."""
    state, outputs = STATE, []
    for time in range(5):
        done = (time >= np.array(LENGTHS))[:, None]
        new = step_of_cell(INPUTS[:, time], state)
        outputs.append(np.where(done, 0, new) if impute else new)
        state = np.where(done, state, new) if impute else new
    return np.stack(outputs, 1), state


@pytest.mark.parametrize("impute", [False, True])
@pytest.mark.parametrize("time_major", [False, True])
def test_training_helper_feeds_the_inputs(impute: bool, time_major: bool) -> None:
    x = INPUTS.transpose(1, 0, 2) if time_major else INPUTS
    helper = seq2seq.TrainingHelper(x, LENGTHS, time_major=time_major)
    outputs, state, lengths = decode(helper, impute_finished=impute, output_time_major=time_major)
    assert isinstance(outputs, seq2seq.BasicDecoderOutput)
    (got, samples), last, steps = run_with_kernel((outputs, state, lengths))
    if time_major:
        got, samples = got.transpose(1, 0, 2), samples.T
    expected, expected_state = teacher_forcing(impute)
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(last, expected_state, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(samples, expected.argmax(-1))
    np.testing.assert_array_equal(steps, LENGTHS)
    assert samples.dtype == np.int32


def test_decoding_agrees_with_dynamic_rnn_and_so_do_its_gradients() -> None:
    x, start = tf.constant(INPUTS), tf.constant(STATE)
    shared = cell()
    decoder = seq2seq.BasicDecoder(shared, seq2seq.TrainingHelper(x, LENGTHS), start)
    outputs, state, _ = seq2seq.dynamic_decode(decoder, impute_finished=True)
    expected, expected_state = tf.nn.dynamic_rnn(shared, x, LENGTHS, initial_state=start)
    results = []
    for out, last in ((outputs.rnn_output, state), (expected, expected_state)):
        loss = tf.reduce_sum(out**2) + tf.reduce_sum(last**3)
        results.append([out, last, *tf.gradients(loss, [x, start, *tf.trainable_variables()])])
    first, second = run(results)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_static_shapes_of_outputs() -> None:
    x = tf.placeholder(tf.float32, [None, None, 4])
    made = cell()
    helper = seq2seq.TrainingHelper(x, tf.placeholder(tf.int32, [None]))
    decoder = seq2seq.BasicDecoder(
        made, helper, made.zero_state(tf.shape(x)[0], tf.float32), output_layer=tf.layers.Dense(7)
    )
    outputs, state, lengths = seq2seq.dynamic_decode(decoder)
    assert outputs.rnn_output.shape.as_list() == [None, None, 7]
    assert outputs.sample_id.shape.as_list() == [None, None]
    assert (state.shape.as_list(), lengths.shape.as_list()) == ([None, 4], [None])
    assert {v.op.name for v in tf.trainable_variables()} >= {"decoder/dense/kernel", "decoder/dense/bias"}


def test_output_layer_is_trained() -> None:
    made, layer = cell(), tf.layers.Dense(3, name="project")
    helper = seq2seq.TrainingHelper(INPUTS, LENGTHS)
    outputs, _, _ = seq2seq.dynamic_decode(seq2seq.BasicDecoder(made, helper, tf.constant(STATE), layer))
    (gradient,) = tf.gradients(tf.reduce_sum(outputs.rnn_output), layer.kernel)
    got, gradient = run_with_kernel([outputs.rnn_output, gradient])
    assert got.shape == (3, 5, 3)
    hidden, _ = teacher_forcing(impute=False)
    np.testing.assert_allclose(gradient, np.repeat(hidden.sum((0, 1))[:, None], 3, 1), rtol=1e-4, atol=1e-4)


def test_greedy_helper_feeds_the_best_token_until_the_end_token() -> None:
    helper = seq2seq.GreedyEmbeddingHelper(EMBEDDING, start_tokens=[0, 1, 2], end_token=3)
    outputs, _, lengths = decode(helper, maximum_iterations=8)
    samples, lengths = run_with_kernel([outputs.sample_id, lengths])
    state, tokens, done = STATE, np.array([0, 1, 2]), np.zeros(3, bool)
    expected, steps = [], np.zeros(3, int)
    for _ in range(8):
        if done.all():
            break
        state = step_of_cell(EMBEDDING[tokens], state)
        tokens = state.argmax(1)
        steps += ~done
        done |= tokens == 3
        expected.append(tokens)
    np.testing.assert_array_equal(samples, np.stack(expected, 1))
    np.testing.assert_array_equal(lengths, steps)


@pytest.mark.parametrize("limit", [0, 1, 3])
def test_maximum_iterations_stops(limit: int) -> None:
    helper = seq2seq.TrainingHelper(INPUTS, LENGTHS)
    outputs, _, lengths = decode(helper, maximum_iterations=tf.constant(limit))
    got, lengths = run_with_kernel([outputs.rnn_output, lengths])
    assert got.shape == (3, limit, 4)
    np.testing.assert_array_equal(lengths, np.minimum(LENGTHS, limit))


def test_sequences_of_no_steps() -> None:
    outputs, state, lengths = decode(seq2seq.TrainingHelper(INPUTS, [0, 2, 0]), impute_finished=True)
    got, state, lengths = run_with_kernel([outputs.rnn_output, state, lengths])
    assert got.shape == (3, 2, 4)
    np.testing.assert_array_equal(got[[0, 2]], 0)
    np.testing.assert_array_equal(state[[0, 2]], STATE[[0, 2]])
    np.testing.assert_array_equal(lengths, [0, 2, 0])


def test_states_of_several_parts() -> None:
    cells = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.LSTMCell(4), tf.nn.rnn_cell.GRUCell(3)])
    helper = seq2seq.TrainingHelper(INPUTS, LENGTHS)
    decoder = seq2seq.BasicDecoder(cells, helper, cells.zero_state(3, tf.float32))
    outputs, state, _ = seq2seq.dynamic_decode(decoder, impute_finished=True)
    assert isinstance(state[0], tf.nn.rnn_cell.LSTMStateTuple)
    assert run(outputs.rnn_output).shape == (3, 5, 3)


def test_sample_helper_at_low_temperature_is_greedy_and_repeats_with_its_seed() -> None:
    logits = tf.constant(RANDOM.randn(50, 4).astype(np.float32))
    cold = seq2seq.SampleEmbeddingHelper(EMBEDDING, [0] * 50, 3, softmax_temperature=1e-4, seed=1)
    np.testing.assert_array_equal(run(cold.sample(0, logits, ())), run(tf.argmax(logits, 1)))
    warm = seq2seq.SampleEmbeddingHelper(EMBEDDING, [0] * 50, 3, seed=5)
    same = tf.reshape(tf.multinomial(logits, 1, seed=5), [-1])
    samples, same = run([warm.sample(0, logits, ()), same])
    np.testing.assert_array_equal(samples, same)
    assert samples.dtype == np.int32


def test_inference_helper_feeds_samples_of_any_shape() -> None:
    helper = seq2seq.InferenceHelper(
        sample_fn=lambda outputs: outputs * 2,
        sample_shape=[4],
        sample_dtype=tf.float32,
        start_inputs=INPUTS[:, 0],
        end_fn=lambda samples: tf.fill([3], False),
        next_inputs_fn=lambda samples: samples + 1,
    )
    outputs, state, _ = decode(helper, maximum_iterations=3)
    samples, state = run_with_kernel([outputs.sample_id, state])
    h, x, expected = STATE, INPUTS[:, 0], []
    for _ in range(3):
        h = step_of_cell(x, h)
        expected.append(h * 2)
        x = h * 2 + 1
    np.testing.assert_allclose(samples, np.stack(expected, 1), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(state, h, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_scheduled_embeddings(probability: float) -> None:
    helper = seq2seq.ScheduledEmbeddingTrainingHelper(INPUTS, [5, 5, 5], EMBEDDING, probability, seed=1)
    outputs, _, _ = decode(helper)
    got, samples = run_with_kernel(outputs)
    assert np.all((samples == -1) if probability == 0 else (samples >= 0))
    state, x = STATE, INPUTS[:, 0]
    for time in range(5):
        state = step_of_cell(x, state)
        np.testing.assert_allclose(got[:, time], state, rtol=1e-4, atol=1e-5)
        if time < 4:
            x = INPUTS[:, time + 1] if probability == 0 else EMBEDDING[samples[:, time]]


@pytest.mark.parametrize("with_auxiliary", [False, True])
def test_scheduled_outputs(with_auxiliary: bool) -> None:
    chosen = np.array([1.0, 0.0, 1.0], np.float32)
    given, extra = (INPUTS[..., :3], INPUTS[..., 3:]) if with_auxiliary else (INPUTS, None)
    helper = seq2seq.ScheduledOutputTrainingHelper(
        given,
        [5, 5, 5],
        chosen,
        next_inputs_fn=lambda outputs: -outputs[:, : given.shape[-1]],
        auxiliary_inputs=extra,
    )
    outputs, _, _ = decode(helper)
    got, samples = run_with_kernel(outputs)
    np.testing.assert_array_equal(samples, np.repeat(chosen[:, None], 5, 1))
    state, x = STATE, INPUTS[:, 0]
    for time in range(5):
        state = step_of_cell(x, state)
        np.testing.assert_allclose(got[:, time], state, rtol=1e-4, atol=1e-5)
        if time < 4:
            x = np.where(chosen[:, None] == 1, -state, INPUTS[:, time + 1])
            if with_auxiliary:
                x[:, 3:] = INPUTS[:, time + 1, 3:]


def test_what_is_no_decoder_helper_or_vector_is_said() -> None:
    with pytest.raises(TypeError, match="Expected decoder to be type Decoder"):
        seq2seq.dynamic_decode(cell())
    with pytest.raises(TypeError, match="helper must be a Helper"):
        seq2seq.BasicDecoder(cell(), None, tf.constant(STATE))
    with pytest.raises(TypeError, match="not an RNNCell"):
        seq2seq.BasicDecoder(None, None, tf.constant(STATE))
    with pytest.raises(TypeError, match="output_layer must be a Layer"):
        seq2seq.BasicDecoder(cell(), seq2seq.TrainingHelper(INPUTS, LENGTHS), tf.constant(STATE), lambda x: x)
    with pytest.raises(ValueError, match="Expected sequence_length to be a vector"):
        seq2seq.TrainingHelper(INPUTS, 5)
    with pytest.raises(ValueError, match="start_tokens must be a vector"):
        seq2seq.GreedyEmbeddingHelper(EMBEDDING, 0, 3)
    with pytest.raises(ValueError, match="end_token must be a scalar"):
        seq2seq.GreedyEmbeddingHelper(EMBEDDING, [0], [3])
    with pytest.raises(ValueError, match="must be either a scalar or a vector"):
        seq2seq.ScheduledOutputTrainingHelper(INPUTS, LENGTHS, [[0.5]])
    with pytest.raises(ValueError, match="maximum_iterations must be a scalar"):
        decode(seq2seq.TrainingHelper(INPUTS, LENGTHS), maximum_iterations=[3])
    custom = seq2seq.CustomHelper(lambda: None, lambda **_: None, lambda **_: None)
    with pytest.raises(ValueError, match="batch_size accessed before initialize"):
        _ = custom.batch_size


# Beams


def test_tile_batch_repeats_each_example() -> None:
    known, unknown = tf.constant(INPUTS), tf.placeholder_with_default(INPUTS, [None, None, 4])
    for x, shape in ((known, [6, 5, 4]), (unknown, [None, None, 4])):
        tiled = seq2seq.tile_batch(x, multiplier=2)
        assert tiled.shape.as_list() == shape
        np.testing.assert_array_equal(run(tiled), np.repeat(INPUTS, 2, 0))
    state = tf.nn.rnn_cell.LSTMStateTuple(tf.constant(STATE), tf.constant(STATE[:, 0]))
    c, h = run(seq2seq.tile_batch(state, tf.constant(3)))
    np.testing.assert_array_equal(c, np.repeat(STATE, 3, 0))
    np.testing.assert_array_equal(h, np.repeat(STATE[:, 0], 3, 0))
    with pytest.raises(ValueError, match="must have statically known rank"):
        seq2seq.tile_batch(tf.placeholder(tf.float32), 2)


def hypotheses(step_ids: Any, parent_ids: Any, lengths: Any, end: int) -> Any:
    steps, batch, beams = step_ids.shape
    out = np.full_like(step_ids, end)
    for b in range(batch):
        last = min(steps, lengths[b]) - 1
        for k in range(beams):
            beam = k
            for t in range(last, -1, -1):
                out[t, b, k], beam = step_ids[t, b, beam], parent_ids[t, b, beam]
            ends = np.flatnonzero(out[:, b, k] == end)
            if len(ends):
                out[ends[0] :, b, k] = end
    return out


def test_gather_tree_reads_hypotheses_backwards() -> None:
    random = np.random.RandomState(3)
    step_ids = random.randint(0, 6, [7, 4, 3]).astype(np.int32)
    parent_ids = random.randint(0, 3, [7, 4, 3]).astype(np.int32)
    lengths = np.array([7, 3, 0, 9], np.int32)
    tree = seq2seq.gather_tree(step_ids, parent_ids, lengths, end_token=5)
    assert tree.shape.as_list() == [7, 4, 3]
    np.testing.assert_array_equal(run(tree), hypotheses(step_ids, parent_ids, lengths, 5))


def test_gather_tree_needs_parents_that_exist() -> None:
    tree = seq2seq.gather_tree(np.zeros([2, 1, 2], np.int32), np.full([2, 1, 2], 7, np.int32), [2], 5)
    with pytest.raises(tf.errors.InvalidArgumentError):
        run(tree)


# Attention

MEMORY = RANDOM.randn(3, 6, 5).astype(np.float32)
MEMORY_LENGTHS = np.array([6, 2, 4])


def softmax(x: Any) -> Any:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def masked_softmax(score: Any) -> Any:
    return softmax(np.where(np.arange(6) < MEMORY_LENGTHS[:, None], score, -np.inf))


@pytest.mark.parametrize("scale", [False, True])
def test_luong_attention(scale: bool) -> None:
    mechanism = seq2seq.LuongAttention(4, MEMORY, MEMORY_LENGTHS, scale=scale)
    alignments, state = mechanism(tf.constant(STATE), mechanism.initial_state(3, tf.float32))
    names = [v.op.name for v in tf.trainable_variables()]
    assert names == ["memory_layer/kernel", *(["luong_attention/attention_g"] if scale else [])]
    got, kept, keys, kernel = run([alignments, state, mechanism.keys, mechanism.memory_layer.kernel])
    masked = MEMORY * (np.arange(6) < MEMORY_LENGTHS[:, None])[..., None]
    np.testing.assert_allclose(keys, masked @ kernel, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(got, masked_softmax(np.einsum("bu,btu->bt", STATE, keys)), rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(got, kept)
    assert (mechanism.alignments_size, mechanism.batch_size) == (6, 3)


@pytest.mark.parametrize("normalize", [False, True])
def test_bahdanau_attention(normalize: bool) -> None:
    mechanism = seq2seq.BahdanauAttention(7, MEMORY, MEMORY_LENGTHS, normalize=normalize)
    alignments, _ = mechanism(tf.constant(STATE), state=None)
    weights = {v.op.name.rsplit("/", 1)[-1]: v for v in tf.trainable_variables() if "attention_" in v.op.name}
    assert set(weights) == ({"attention_v", "attention_g", "attention_b"} if normalize else {"attention_v"})
    (gradient,) = tf.gradients(alignments[0, 0], weights["attention_v"])
    got, keys, queries, w, gradient = run([alignments, mechanism.keys, mechanism.query_layer.kernel, weights, gradient])
    v = w["attention_v"]
    net = keys + (STATE @ queries)[:, None]
    if normalize:
        v = w["attention_g"] * v / np.sqrt((v**2).sum())
        net = net + w["attention_b"]
        np.testing.assert_allclose(w["attention_g"], np.sqrt(1 / 7), rtol=1e-6)
    np.testing.assert_allclose(got, masked_softmax((v * np.tanh(net)).sum(2)), rtol=1e-4, atol=1e-6)
    assert np.isfinite(gradient).all()


def test_hardmax_and_other_probabilities() -> None:
    scores = tf.constant([[0.1, 3.0, 2.0], [5.0, 1.0, 1.0]])
    np.testing.assert_array_equal(run(seq2seq.hardmax(scores)), [[0, 1, 0], [1, 0, 0]])
    mechanism = seq2seq.LuongAttention(4, MEMORY, probability_fn=seq2seq.hardmax)
    alignments, _ = mechanism(tf.constant(STATE), None)
    np.testing.assert_array_equal(run(alignments).sum(1), 1)


def attention_by_hand(w: Any, output_attention: bool, steps: int) -> Any:
    """Luong's attention around the cell, with a layer that joins output and context."""
    masked = MEMORY * (np.arange(6) < MEMORY_LENGTHS[:, None])[..., None]
    h, attention, outputs, history = STATE, np.zeros([3, 3]), [], []
    for time in range(steps):
        h = np.tanh(np.concatenate([INPUTS[:, time], attention, h], 1) @ w["cell"])
        alignments = masked_softmax(np.einsum("bu,btu->bt", h, masked @ w["memory"]))
        context = np.einsum("bt,bts->bs", alignments, masked)
        attention = np.concatenate([h, context], 1) @ w["attention"]
        outputs.append(attention if output_attention else h)
        history.append(alignments)
    return np.stack(outputs, 1), h, np.stack(history)


@pytest.mark.parametrize("output_attention", [True, False])
def test_attention_wrapper(output_attention: bool) -> None:
    mechanism = seq2seq.LuongAttention(4, MEMORY, MEMORY_LENGTHS)
    wrapped = seq2seq.AttentionWrapper(
        cell(), mechanism, attention_layer_size=3, alignment_history=True, output_attention=output_attention
    )
    start = wrapped.zero_state(3, tf.float32).clone(cell_state=tf.constant(STATE))
    helper = seq2seq.TrainingHelper(INPUTS, [5, 5, 5])
    outputs, state, _ = seq2seq.dynamic_decode(seq2seq.BasicDecoder(wrapped, helper, start), impute_finished=True)
    names = {v.op.name: v for v in tf.trainable_variables()}
    kernels = {
        part: next(v for name, v in names.items() if name.endswith(end))
        for part, end in (
            ("cell", "cell/kernel"),
            ("memory", "memory_layer/kernel"),
            ("attention", "attention_layer/kernel"),
        )
    }
    assert len(names) == 4  # and the offset of the cell
    gradients = tf.gradients(tf.reduce_sum(outputs.rnn_output**2), list(kernels.values()))
    assert all(g is not None for g in gradients)
    w, got, last, history, time, changes = run(
        [kernels, outputs.rnn_output, state.cell_state, state.alignment_history.stack(), state.time, gradients]
    )
    expected, expected_last, expected_history = attention_by_hand(w, output_attention, 5)
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(last, expected_last, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(history, expected_history, rtol=1e-4, atol=1e-5)
    assert time == 5
    # Finite differences, along the gradient of each kernel.
    for (part, value), change in zip(w.items(), changes, strict=True):
        direction = change / np.linalg.norm(change)
        sides = [
            (
                attention_by_hand({**w, part: value.astype(np.float64) + e * direction}, output_attention, 5)[0] ** 2
            ).sum()
            for e in (1e-5, -1e-5)
        ]
        np.testing.assert_allclose(np.linalg.norm(change), (sides[0] - sides[1]) / 2e-5, rtol=1e-3)


def test_attention_wrapper_of_two_mechanisms() -> None:
    mechanisms = [seq2seq.LuongAttention(4, MEMORY), seq2seq.BahdanauAttention(6, MEMORY[:, :2])]
    wrapped = seq2seq.AttentionWrapper(cell(), mechanisms)
    assert wrapped.output_size == 10
    outputs, state = tf.nn.dynamic_rnn(
        wrapped, tf.constant(INPUTS), initial_state=wrapped.zero_state(3, tf.float32), dtype=tf.float32
    )
    got, alignments = run([outputs, state.alignments])
    assert got.shape == (3, 5, 10)
    assert [a.shape for a in alignments] == [(3, 6), (3, 2)]


def test_attention_wrapper_on_batches_of_unknown_size() -> None:
    memory = tf.placeholder_with_default(MEMORY, [None, None, 5])
    mechanism = seq2seq.BahdanauAttention(6, memory, tf.placeholder_with_default(MEMORY_LENGTHS, [None]))
    wrapped = seq2seq.AttentionWrapper(cell(), mechanism, initial_cell_state=tf.constant(STATE))
    start = wrapped.zero_state(tf.shape(memory)[0], tf.float32)
    helper = seq2seq.GreedyEmbeddingHelper(EMBEDDING, tf.zeros(tf.shape(memory)[:1], tf.int32), end_token=9)
    decoder = seq2seq.BasicDecoder(wrapped, helper, start, output_layer=tf.layers.Dense(4))
    outputs, _, _ = seq2seq.dynamic_decode(decoder, maximum_iterations=4)
    assert run(outputs.rnn_output).shape == (3, 4, 4)


def test_attention_wrapper_says_what_does_not_fit() -> None:
    mechanism = seq2seq.LuongAttention(4, MEMORY)
    with pytest.raises(TypeError, match="attention_mechanism must be an AttentionMechanism"):
        seq2seq.AttentionWrapper(cell(), cell())
    with pytest.raises(ValueError, match="exactly one integer per attention_mechanism, saw: 2 vs 1"):
        seq2seq.AttentionWrapper(cell(), mechanism, attention_layer_size=[3, 4])
    with pytest.raises(ValueError, match="Only one of attention_layer_size"):
        seq2seq.AttentionWrapper(cell(), mechanism, 3, attention_layer=tf.layers.Dense(3))
    with pytest.raises(ValueError, match="Incompatible or unknown inner dimensions between query and keys"):
        mechanism(tf.zeros([3, 9]), None)
    wrapped = seq2seq.AttentionWrapper(cell(), mechanism)
    with pytest.raises(tf.errors.InvalidArgumentError, match="tile_batch"):
        wrapped.zero_state(6, tf.float32)
    with pytest.raises(TypeError, match="Expected state to be instance of AttentionWrapperState"):
        wrapped(tf.constant(INPUTS[:, 0]), tf.constant(STATE))
    with pytest.raises(ValueError, match="shape of the AttentionWrapperState is expected to be same"):
        wrapped.zero_state(3, tf.float32).clone(cell_state=tf.zeros([3, 9]))
    with pytest.raises(ValueError, match="to have fully defined inner dims"):
        seq2seq.LuongAttention(4, tf.placeholder(tf.float32, [None, None, None]))


# All together


def test_a_net_with_attention_learns_to_say_sequences_backwards() -> None:
    tf.set_random_seed(1)
    x, lengths = tf.placeholder(tf.int32, [None, None]), tf.placeholder(tf.int32, [None])
    embedding = tf.get_variable("embedding", [12, 16])
    memory, encoded = tf.nn.dynamic_rnn(
        tf.nn.rnn_cell.GRUCell(32), tf.nn.embedding_lookup(embedding, x), lengths, dtype=tf.float32, scope="encoder"
    )
    mechanism = seq2seq.LuongAttention(32, memory, lengths)
    wrapped = seq2seq.AttentionWrapper(tf.nn.rnn_cell.GRUCell(32), mechanism, attention_layer_size=32)
    project = tf.layers.Dense(12, name="project")
    start = wrapped.zero_state(tf.shape(x)[0], tf.float32).clone(cell_state=encoded)
    first = tf.fill(tf.shape(x)[:1], 1)
    targets = tf.reverse_sequence(x, lengths, seq_axis=1)
    fed = tf.nn.embedding_lookup(embedding, tf.concat([first[:, None], targets[:, :-1]], 1))
    teacher = seq2seq.BasicDecoder(wrapped, seq2seq.TrainingHelper(fed, lengths), start, project)
    outputs, _, _ = seq2seq.dynamic_decode(teacher, scope="decoder")
    mask = tf.sequence_mask(lengths, tf.shape(x)[1], dtype=tf.float32)
    loss = seq2seq.sequence_loss(outputs.rnn_output, targets, mask)
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
    greedy = seq2seq.BasicDecoder(wrapped, seq2seq.GreedyEmbeddingHelper(embedding, first, 2), start, project)
    with tf.variable_scope("decoder", reuse=True) as scope:
        said, _, _ = seq2seq.dynamic_decode(greedy, maximum_iterations=tf.reduce_max(lengths), scope=scope)
    names = {v.op.name for v in tf.trainable_variables()}
    assert {
        "memory_layer/kernel",
        "decoder/attention_wrapper/gru_cell/gates/kernel",
        "decoder/attention_wrapper/attention_layer/kernel",
        "decoder/project/kernel",
    } < names
    assert len(names) == 13
    random = np.random.RandomState(0)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(250):
            # Token 2 ends what is said, and is never in a sequence.
            feed = {x: random.randint(3, 12, [32, 4]), lengths: np.append(4, random.randint(2, 5, 31))}
            value, _ = sess.run([loss, train], feed)
        spoken, wanted, where = sess.run([said.sample_id, targets, mask], feed)
    assert value < 0.3
    assert np.mean((spoken == wanted)[where == 1]) > 0.9

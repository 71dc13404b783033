"""Cells and nets of `tf.contrib.rnn`, against their definitions or against the cells they stand for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowlab as tf

rnn = tf.contrib.rnn
X = np.random.RandomState(0).randn(3, 4).astype(np.float32)
STATE = np.random.RandomState(1).randn(3, 5).astype(np.float32)


@pytest.fixture(autouse=True)
def fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


def run(tensors: Any) -> Any:
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return sess.run(tensors)


def assert_all_close(first: Any, second: Any) -> None:
    for a, b in zip(tf.nest.flatten(first), tf.nest.flatten(second), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("make", "make_block"),
    [
        (lambda: rnn.LSTMCell(5, name="cell"), lambda: rnn.LSTMBlockCell(5, name="cell")),
        (
            lambda: rnn.LSTMCell(5, use_peepholes=True, forget_bias=0.5, name="cell"),
            lambda: rnn.LSTMBlockCell(5, use_peephole=True, forget_bias=0.5, name="cell"),
        ),
        (lambda: rnn.GRUCell(5, name="cell"), lambda: rnn.GRUBlockCellV2(5, name="cell")),
    ],
)
def test_cells_of_one_operation_compute_what_the_others_do(make: Any, make_block: Any) -> None:
    state = STATE if make().state_size == 5 else rnn.LSTMStateTuple(tf.constant(STATE), tf.constant(STATE[::-1]))
    x = tf.constant(X)
    results = []
    with tf.variable_scope("net", reuse=tf.AUTO_REUSE, initializer=tf.random_normal_initializer(seed=1)):
        for cell in (make(), make_block()):
            output, new = cell(x, tf.nest.map_structure(tf.convert_to_tensor, state), scope="cell")
            loss = tf.add_n([tf.reduce_sum(tf.square(part)) for part in tf.nest.flatten(new)])
            weights = sorted(tf.trainable_variables(), key=lambda v: v.name)
            results.append([output, new, tf.gradients(loss, [x, *weights])])
    first, second = run(results)
    assert_all_close(first, second)


def test_sequences_in_one_operation() -> None:
    x = np.random.RandomState(2).randn(6, 3, 4).astype(np.float32)
    lengths = [6, 2, 4]
    with tf.variable_scope("net", reuse=tf.AUTO_REUSE, initializer=tf.random_normal_initializer(seed=1)):
        with tf.variable_scope("rnn"):
            fused = rnn.LSTMBlockFusedCell(5, name="lstm_cell")(x, dtype=tf.float32, sequence_length=lengths)
        looped = tf.nn.dynamic_rnn(rnn.LSTMBlockCell(5), x, lengths, dtype=tf.float32, time_major=True)
    assert len(tf.trainable_variables()) == 2
    first, second = run([tf.nest.flatten(fused), tf.nest.flatten(looped)])
    assert_all_close(first, second)


def test_sequences_in_one_operation_as_lists() -> None:
    outputs, state = rnn.LSTMBlockFusedCell(5)([tf.zeros([2, 3])] * 4, dtype=tf.float32)
    assert len(outputs) == 4
    assert run(state.h).shape == (2, 5)
    with pytest.raises(ValueError, match="Either initial_state or dtype"):
        rnn.LSTMBlockFusedCell(5)(tf.zeros([4, 2, 3]))


def test_more_steps_than_there_are() -> None:
    zeros = tf.zeros([2, 5])
    outputs = tf.raw_ops.BlockLSTM(
        seq_len_max=tf.constant(9, tf.int64), x=tf.zeros([4, 2, 3]), cs_prev=zeros, h_prev=zeros, w=tf.zeros([8, 20]),
        wci=tf.zeros([5]), wcf=tf.zeros([5]), wco=tf.zeros([5]), b=tf.zeros([20]),
    )  # fmt: skip
    with pytest.raises(tf.errors.InvalidArgumentError, match="seq_len_max must be at most"):
        run(outputs[0])


def normalized(x: np.ndarray) -> np.ndarray:
    return (x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def test_layer_normalization_inside_an_lstm_cell() -> None:
    cell = rnn.LayerNormBasicLSTMCell(5)
    c, h = STATE, STATE[::-1]
    with tf.variable_scope("net", initializer=tf.random_normal_initializer(seed=1)):
        output, state = cell(tf.constant(X), rnn.LSTMStateTuple(tf.constant(c), tf.constant(h)))
    kernel = next(v for v in tf.trainable_variables() if v.name.endswith("kernel:0"))
    got, new_c, w = run([output, state.c, kernel])
    i, j, f, o = (normalized(part) for part in np.split(np.concatenate([X, h], 1) @ w, 4, axis=1))
    memory = normalized(c * sigmoid(f + 1.0) + sigmoid(i) * np.tanh(j))
    np.testing.assert_allclose(new_c, memory, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(got, np.tanh(memory) * sigmoid(o), rtol=1e-4, atol=1e-5)
    assert sorted({v.name.rpartition("/")[0] for v in cell.trainable_weights}) == [
        f"net/layer_norm_basic_lstm_cell{part}" for part in ("", "/forget", "/input", "/output", "/state", "/transform")
    ]


def test_update_gate_cell() -> None:
    cell = rnn.UGRNNCell(5, initializer=tf.random_normal_initializer(seed=1))
    output, _ = cell(tf.constant(X), tf.constant(STATE))
    got, w = run([output, cell.trainable_weights[0]])
    g, c = np.split(np.concatenate([X, STATE], 1) @ w, 2, axis=1)
    g = sigmoid(g + 1.0)
    np.testing.assert_allclose(got, g * STATE + (1 - g) * np.tanh(c), rtol=1e-4, atol=1e-5)


def test_convolutional_lstm_cells() -> None:
    for cell, shape in (
        (rnn.Conv1DLSTMCell(input_shape=[6, 2], output_channels=3, kernel_shape=[3], skip_connection=True), [2, 6, 2]),
        (rnn.Conv2DLSTMCell(input_shape=[4, 5, 2], output_channels=3, kernel_shape=[3, 3]), [2, 4, 5, 2]),
        (rnn.Conv3DLSTMCell(input_shape=[3, 3, 3, 1], output_channels=2, kernel_shape=[2, 2, 2]), [2, 3, 3, 3, 1]),
    ):
        output, state = cell(tf.zeros(shape), cell.zero_state(2, tf.float32))
        assert run(output).shape == (2, *cell.output_size.as_list())
        assert state.c.shape.as_list() == [2, *cell.state_size.c.as_list()]
    with pytest.raises(ValueError, match="Invalid input_shape"):
        rnn.ConvLSTMCell(2, [4, 1], 2, [3, 3])


def test_words_as_inputs() -> None:
    cell = rnn.EmbeddingWrapper(rnn.GRUCell(5), embedding_classes=10, embedding_size=4)
    outputs, _ = tf.nn.static_rnn(cell, [tf.constant([1, 3])] * 3, dtype=tf.float32)
    assert run(outputs[-1]).shape == (2, 5)
    assert tf.trainable_variables()[0].shape.as_list() == [10, 4]
    with pytest.raises(ValueError, match="must be > 0"):
        rnn.EmbeddingWrapper(rnn.GRUCell(5), 0, 4)


def test_projections() -> None:
    inner = rnn.InputProjectionWrapper(rnn.BasicRNNCell(5), 3, activation=tf.nn.relu)
    cell = rnn.OutputProjectionWrapper(inner, output_size=2)
    outputs, state = tf.nn.dynamic_rnn(cell, tf.zeros([2, 7, 4]), dtype=tf.float32)
    assert outputs.shape.as_list() == [2, 7, 2]
    assert state.shape.as_list() == [2, 5]
    shapes = sorted(tuple(v.shape.as_list()) for v in tf.trainable_variables())
    assert shapes == [(2,), (3,), (4, 3), (5,), (5, 2), (8, 5)]


def test_highway_lets_the_input_past() -> None:
    for coupled in (True, False):
        cell = rnn.HighwayWrapper(rnn.BasicRNNCell(4), couple_carry_transform_gates=coupled, carry_bias_init=50.0)
        with tf.variable_scope(f"net_{coupled}"):
            output, _ = cell(tf.constant(X), tf.zeros([3, 4]))
        np.testing.assert_allclose(run(output), X, atol=1e-5)


def test_bidirectional_nets_on_top_of_each_other() -> None:
    x = np.random.RandomState(3).randn(2, 4, 3).astype(np.float32)

    def cells() -> list[Any]:
        return [rnn.GRUCell(2), rnn.GRUCell(3)]

    with tf.variable_scope("net", reuse=tf.AUTO_REUSE, initializer=tf.constant_initializer(0.2)):
        unrolled, forward, _ = rnn.stack_bidirectional_rnn(cells(), cells(), tf.unstack(x, axis=1), dtype=tf.float32)
        looped, states, _ = rnn.stack_bidirectional_dynamic_rnn(cells(), cells(), x, dtype=tf.float32, scope="looped")
    a, b, p, q = run([tf.stack(unrolled, 1), looped, forward, states])
    np.testing.assert_allclose(a, b, rtol=1e-5)
    assert_all_close(p, q)
    with pytest.raises(ValueError, match="must have the same depth"):
        rnn.stack_bidirectional_rnn(cells(), cells()[:1], [x[:, 0]], dtype=tf.float32)
    with pytest.raises(ValueError, match="at least one fw cell"):
        rnn.stack_bidirectional_dynamic_rnn([], cells(), x, dtype=tf.float32)


def test_exchange_of_batch_and_time() -> None:
    x = np.arange(6).reshape(2, 3)
    assert run(rnn.transpose_batch_time(tf.constant(x))).tolist() == x.T.tolist()

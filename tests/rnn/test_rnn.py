"""What the programs against TensorFlow do not show of recurrent nets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowlab as tf

cells = tf.nn.rnn_cell


@pytest.fixture(autouse=True)
def fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


def run(tensors: Any, feeds: Any = None) -> Any:
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return sess.run(tensors, feeds)


@pytest.mark.parametrize("make", [cells.BasicRNNCell, cells.GRUCell, cells.BasicLSTMCell, cells.LSTMCell])
def test_loop_and_unrolled_net_give_the_same(make: Any) -> None:
    x = np.random.RandomState(0).randn(3, 5, 2).astype(np.float32)
    lengths = [5, 2, 4]
    with tf.variable_scope("net", reuse=tf.AUTO_REUSE, initializer=tf.constant_initializer(0.3)):
        looped, last = tf.nn.dynamic_rnn(make(4), x, lengths, dtype=tf.float32)
        unrolled, state = tf.nn.static_rnn(make(4), tf.unstack(x, axis=1), dtype=tf.float32, sequence_length=lengths)
    a, b, p, q = run([looped, tf.stack(unrolled, 1), tf.nest.flatten(last), tf.nest.flatten(state)])
    np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    for left, right in zip(p, q, strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-5, atol=1e-6)
    assert a[1, 2:].tolist() == [[0] * 4] * 3


def test_number_of_steps_may_change_from_run_to_run() -> None:
    x = tf.placeholder(tf.float32, [None, None, 2])
    outputs, _ = tf.nn.dynamic_rnn(cells.GRUCell(3), x, dtype=tf.float32)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for batch, steps in ((1, 4), (3, 2)):
            assert sess.run(outputs, {x: np.zeros((batch, steps, 2))}).shape == (batch, steps, 3)


def test_a_net_learns_to_remember() -> None:
    rng = np.random.RandomState(0)
    x = tf.placeholder(tf.float32, [None, 4, 1])
    tf.set_random_seed(1)
    _, state = tf.nn.dynamic_rnn(cells.LSTMCell(8), x, dtype=tf.float32)
    prediction = tf.layers.dense(state.h, 1)
    loss = tf.losses.mean_squared_error(x[:, 0], prediction)
    train = tf.train.AdamOptimizer(0.03).minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        data = rng.rand(64, 4, 1)
        first = sess.run(loss, {x: data})
        for _ in range(60):
            sess.run(train, {x: data})
        assert sess.run(loss, {x: data}) < first / 10


def test_lengths_of_another_number_are_refused_when_run() -> None:
    lengths = tf.placeholder(tf.int32, [None])
    outputs, _ = tf.nn.dynamic_rnn(cells.GRUCell(3), tf.zeros([2, 4, 2]), lengths, dtype=tf.float32)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Expected shape for Tensor"):
        run(outputs, {lengths: [1, 2, 3]})


def test_structures_of_inputs() -> None:
    class Pairs(cells.RNNCell):
        state_size = output_size = 2

        def call(self, inputs: Any, state: Any) -> Any:
            new = state + inputs["a"] + inputs["b"]
            return new, new

    inputs = {"a": tf.ones([1, 3, 2]), "b": tf.ones([1, 3, 2])}
    outputs, _ = tf.nn.dynamic_rnn(Pairs(), inputs, dtype=tf.float32)
    assert run(outputs).tolist() == [[[2, 2], [4, 4], [6, 6]]]


def test_saved_states() -> None:
    class Saver:
        def __init__(self) -> None:
            self.variable = tf.Variable(tf.ones([2, 3]), trainable=False)

        def state(self, name: str) -> Any:
            return self.variable

        def save_state(self, name: str, value: Any) -> Any:
            return tf.assign(self.variable, value)

    saver, cell = Saver(), cells.BasicRNNCell(3)
    outputs, state = tf.nn.static_state_saving_rnn(cell, [tf.ones([2, 1])] * 2, saver, "h")
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        last = sess.run(outputs[-1])
        np.testing.assert_array_equal(sess.run(saver.variable), last)
    with pytest.raises(ValueError, match="state_name should be the same type as"):
        tf.nn.static_state_saving_rnn(cells.LSTMCell(3), [tf.ones([2, 1])], saver, "h")
    assert state.shape.as_list() == [2, 3]


def test_dropout_can_be_fed() -> None:
    keep = tf.placeholder_with_default(1.0, [])
    cell = cells.DropoutWrapper(cells.BasicRNNCell(50), output_keep_prob=keep, state_keep_prob=keep)
    output, _ = cell(tf.ones([1, 2]), cell.zero_state(1, tf.float32))
    assert run(output).min() != 0
    assert (run(output, {keep: 0.5}) == 0).sum() > 5


def test_variational_dropout_drops_the_same_in_all_steps() -> None:
    cell = cells.DropoutWrapper(
        cells.BasicRNNCell(40), input_keep_prob=0.5, output_keep_prob=0.5, variational_recurrent=True, input_size=3,
        dtype=tf.float32,
    )  # fmt: skip
    outputs, _ = tf.nn.dynamic_rnn(cell, tf.ones([2, 5, 3]), dtype=tf.float32)
    dropped = run(outputs) == 0
    assert dropped.any()
    assert (dropped == dropped[:1, :1]).all()


@pytest.mark.parametrize(
    ("options", "phrase"),
    [
        ({"input_keep_prob": 1.5}, "Parameter input_keep_prob must be between 0 and 1"),
        ({"variational_recurrent": True}, "dtype must be provided"),
        ({"variational_recurrent": True, "dtype": tf.float32, "input_keep_prob": 0.5}, "input_size must be provided"),
    ],
)
def test_dropout_refuses(options: dict[str, Any], phrase: str) -> None:
    with pytest.raises(ValueError, match=phrase):
        cells.DropoutWrapper(cells.GRUCell(2), **options)


def test_initial_states() -> None:
    cell = cells.MultiRNNCell([cells.LSTMCell(3), cells.GRUCell(2)])
    state = cell.get_initial_state(inputs=tf.zeros([4, 1]))
    assert [s.shape.as_list() for s in tf.nest.flatten(state)] == [[4, 3], [4, 3], [4, 2]]
    with pytest.raises(ValueError, match="batch_size and dtype cannot be None"):
        cell.get_initial_state(batch_size=3)
    with pytest.raises(ValueError, match="batch size from input tensor is different"):
        cell.get_initial_state(inputs=tf.zeros([4, 1]), batch_size=5)


def test_cells_of_tuples_need_a_tuple_on_top() -> None:
    with pytest.raises(ValueError, match="Some cells return tuples of states"):
        cells.MultiRNNCell([cells.LSTMCell(3)], state_is_tuple=False)
    with pytest.raises(TypeError, match="cells must be a list or tuple"):
        cells.MultiRNNCell(cells.LSTMCell(3))


def test_state_of_two_dtypes() -> None:
    state = cells.LSTMStateTuple(tf.zeros([1]), tf.zeros([1], tf.float64))
    with pytest.raises(TypeError, match="Inconsistent internal state"):
        _ = state.dtype


def test_config_makes_a_cell_like_it() -> None:
    cell = cells.LSTMCell(3, use_peepholes=True, forget_bias=0.5, activation="relu")
    again = cells.LSTMCell.from_config(cell.get_config())
    assert again.get_config() == cell.get_config()


def test_static_nets_want_a_list() -> None:
    with pytest.raises(TypeError, match="inputs must be a sequence"):
        tf.nn.static_rnn(cells.GRUCell(2), tf.zeros([2, 3, 4]), dtype=tf.float32)
    with pytest.raises(ValueError, match="inputs must not be empty"):
        tf.nn.static_rnn(cells.GRUCell(2), [], dtype=tf.float32)

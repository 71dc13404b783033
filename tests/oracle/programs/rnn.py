"""Recurrent nets: cells, unrolled nets node for node, and nets in a loop by their values and gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..record import program
from .layers import names, numbers


def weights(tf: Any) -> list[list[Any]]:
    return [[v.name, v.shape.as_list()] for v in tf.global_variables()]


@program("graph", "values")
def basic_cells(tf: Any) -> Any:
    tf.set_random_seed(1)
    x = tf.constant(numbers(2, 3), name="x")
    cells = tf.nn.rnn_cell
    result: dict[str, Any] = {}
    for cell in (cells.BasicRNNCell(4), cells.GRUCell(4, activation=tf.nn.relu), cells.BasicLSTMCell(4)):
        output, state = cell(x, cell.zero_state(2, tf.float32))
        output, state = cell(output[:, :3], state)
        result[type(cell).__name__] = [output, *tf.nest.flatten(state)]
    return {"outputs": result, "weights": weights(tf)}


@program("graph", "values")
def lstm_cells_with_extras(tf: Any) -> Any:
    tf.set_random_seed(2)
    x = tf.constant(numbers(2, 3), name="x")
    batch = tf.placeholder_with_default(2, [], name="batch")
    make = tf.nn.rnn_cell.LSTMCell
    result = {}
    for name, cell in {
        "plain": make(4),
        "peepholes": make(4, use_peepholes=True, cell_clip=0.1, initializer=tf.ones_initializer()),
        "projected": make(4, num_proj=2, proj_clip=0.05, forget_bias=0.5, name="projected"),
    }.items():
        result[name] = tf.nest.flatten(cell(x, cell.zero_state(batch, tf.float32), scope=name))
    return {"outputs": result, "weights": weights(tf)}


@program("graph", "values")
def states_side_by_side(tf: Any) -> Any:
    tf.set_random_seed(3)
    x = tf.constant(numbers(2, 3), name="x")
    cells = tf.nn.rnn_cell
    one, two = cells.BasicLSTMCell(2, state_is_tuple=False), cells.LSTMCell(3, state_is_tuple=False, num_proj=2)
    both = cells.MultiRNNCell([one, two], state_is_tuple=False)
    output, state = both(x, both.zero_state(2, tf.float32))
    return {"output": output, "state": tf.nest.flatten(state), "sizes": [both.state_size, both.output_size]}


@program("graph", "values")
def unrolled_net(tf: Any) -> Any:
    tf.set_random_seed(4)
    x = tf.constant(numbers(2, 3, 4), name="x")
    cell = tf.nn.rnn_cell.BasicLSTMCell(3, forget_bias=0.0)
    outputs, state = tf.nn.static_rnn(cell, tf.unstack(x, axis=1), dtype=tf.float32)
    loss = tf.reduce_sum(tf.square(outputs[-1]))
    return {
        "outputs": outputs,
        "state": tf.nest.flatten(state),
        "gradients": tf.gradients(loss, [x, *tf.trainable_variables()]),
    }


@program("graph", "values")
def unrolled_net_of_cells_on_top_of_each_other(tf: Any) -> Any:
    tf.set_random_seed(5)
    steps = [tf.constant(numbers(2, 3), name=f"x{i}") for i in range(3)]
    cell = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.GRUCell(n) for n in (4, 2)])
    with tf.variable_scope("net"):
        outputs, state = tf.nn.static_rnn(cell, steps, initial_state=cell.zero_state(2, tf.float32))
    return {
        "outputs": outputs,
        "state": tf.nest.flatten(state),
        "weights": weights(tf),
        "cell": names(cell.trainable_weights),
    }


@program("values")
def unrolled_sequences_of_several_lengths(tf: Any) -> Any:
    tf.set_random_seed(6)
    x = tf.constant(numbers(3, 4, 2), name="x")
    steps = tf.unstack(x, axis=1)
    cell = tf.nn.rnn_cell.BasicLSTMCell(3)
    outputs, state = tf.nn.static_rnn(cell, steps, dtype=tf.float32, sequence_length=[2, 4, 1])
    both = tf.nn.static_bidirectional_rnn(
        tf.nn.rnn_cell.GRUCell(2), tf.nn.rnn_cell.GRUCell(3), steps, dtype=tf.float32, sequence_length=[2, 4, 1]
    )
    loss = tf.reduce_sum(tf.square(outputs[-1])) + tf.reduce_sum(both[0][0])
    return {
        "outputs": outputs,
        "state": tf.nest.flatten(state),
        "both": tf.nest.flatten(both),
        "weights": weights(tf),
        "gradients": tf.gradients(loss, [x, *tf.trainable_variables()]),
    }


@program("graph", "values")
def unrolled_both_ways(tf: Any) -> Any:
    tf.set_random_seed(7)
    steps = [tf.constant(numbers(2, 3), name=f"x{i}") for i in range(2)]
    forward, backward = tf.nn.rnn_cell.BasicRNNCell(2), tf.nn.rnn_cell.BasicRNNCell(3)
    outputs, last, first = tf.nn.static_bidirectional_rnn(forward, backward, steps, dtype=tf.float32)
    return {"outputs": outputs, "states": [last, first], "weights": weights(tf)}


@program("values")
def net_in_a_loop(tf: Any) -> Any:
    tf.set_random_seed(8)
    x = tf.placeholder_with_default(numbers(2, 5, 3), [None, None, 3], name="x")
    outputs, state = tf.nn.dynamic_rnn(tf.nn.rnn_cell.BasicRNNCell(4), x, dtype=tf.float32)
    loss = tf.reduce_sum(tf.square(outputs))
    return {
        "outputs": outputs,
        "state": tf.nest.flatten(state),
        "static": [outputs.shape.as_list(), state.shape.as_list()],
        "names": [outputs.name, state.name],
        "weights": weights(tf),
        "gradients": tf.gradients(loss, [x, *tf.trainable_variables()]),
    }


@program("values")
def sequences_of_several_lengths_in_a_loop(tf: Any) -> Any:
    tf.set_random_seed(9)
    x = tf.constant(numbers(3, 4, 2), name="x")
    lengths = tf.placeholder_with_default([2, 4, 1], [None], name="lengths")
    layers = [tf.nn.rnn_cell.LSTMCell(3), tf.nn.rnn_cell.LSTMCell(2, num_proj=3)]
    outputs, state = tf.nn.dynamic_rnn(
        tf.nn.rnn_cell.MultiRNNCell(layers), x, sequence_length=lengths, dtype=tf.float32, scope="net"
    )
    loss = tf.reduce_sum(tf.square(state[-1].h)) + tf.reduce_sum(outputs)
    return {
        "outputs": outputs,
        "state": tf.nest.flatten(state),
        "weights": weights(tf),
        "gradients": tf.gradients(loss, [x, *tf.trainable_variables()]),
    }


@program("values")
def both_ways_in_a_loop(tf: Any) -> Any:
    tf.set_random_seed(10)
    x = tf.constant(numbers(3, 4, 2), name="x")
    cells = [tf.nn.rnn_cell.GRUCell(2), tf.nn.rnn_cell.GRUCell(3)]
    outputs, states = tf.nn.bidirectional_dynamic_rnn(*cells, x, sequence_length=[4, 2, 3], dtype=tf.float32)
    loss = tf.reduce_sum(tf.square(tf.concat(outputs, 2)))
    return {
        "outputs": outputs,
        "states": states,
        "weights": weights(tf),
        "gradients": tf.gradients(loss, [x, *tf.trainable_variables()]),
    }


@program("values")
def steps_first_with_a_state_given(tf: Any) -> Any:
    tf.set_random_seed(11)
    x = tf.constant(numbers(4, 2, 3), name="x")
    cell = tf.nn.rnn_cell.GRUCell(3, kernel_initializer=tf.ones_initializer())
    outputs, state = tf.nn.dynamic_rnn(cell, x, initial_state=tf.constant(numbers(2, 3)), time_major=True)
    return {"outputs": outputs, "state": tf.nest.flatten(state)}


@program("values")
def loop_that_feeds_itself(tf: Any) -> Any:
    tf.set_random_seed(12)
    cell = tf.nn.rnn_cell.LSTMCell(3)
    start = tf.constant(numbers(2, 3))
    lengths = tf.constant([4, 2])

    def loop_fn(time: Any, output: Any, state: Any, loop_state: Any) -> Any:
        if output is None:
            return time >= lengths, start, cell.zero_state(2, tf.float32), tf.zeros([3]), tf.constant(0.0)
        return time >= lengths, output, state, output + 1.0, loop_state + tf.reduce_sum(output)

    emitted, state, total = tf.nn.raw_rnn(cell, loop_fn)
    return {
        "emitted": emitted.stack(),
        "state": tf.nest.flatten(state),
        "total": total,
        "gradients": tf.gradients(total, start),
    }


@program("graph", "values")
def dropout_of_a_cell(tf: Any) -> Any:
    tf.set_random_seed(13)
    x = tf.constant(np.ones([2, 4], np.float32), name="x")
    cells = tf.nn.rnn_cell
    inputs = cells.DropoutWrapper(cells.BasicRNNCell(4), input_keep_prob=0.5, seed=3)
    state = cells.DropoutWrapper(cells.LSTMCell(4, initializer=tf.zeros_initializer()), state_keep_prob=0.5, seed=4)
    same = cells.DropoutWrapper(
        cells.GRUCell(4, kernel_initializer=tf.zeros_initializer()),
        output_keep_prob=0.5,
        variational_recurrent=True,
        dtype=tf.float32,
        seed=5,
    )
    ones = tf.ones([2, 4])
    return {
        "inputs": inputs(x, ones, scope="a")[1].shape.as_list(),
        "state": state(x, cells.LSTMStateTuple(ones, ones), scope="b")[1].c.shape.as_list(),
        "same": same(x, ones, scope="c"),
        "sizes": [state.state_size, state.output_size],
        "weights": weights(tf),
    }


@program("graph", "values")
def past_a_cell(tf: Any) -> Any:
    tf.set_random_seed(14)
    x = tf.constant(numbers(2, 3), name="x")
    cells = tf.nn.rnn_cell
    past = cells.ResidualWrapper(cells.BasicRNNCell(3))
    twice = cells.ResidualWrapper(cells.BasicRNNCell(3, name="own"), residual_fn=lambda i, o: i + 2.0 * o)
    away = cells.DeviceWrapper(cells.GRUCell(2), "/cpu:0")
    return {
        "past": past(x, past.zero_state(2, tf.float32)),
        "twice": twice(x, twice.zero_state(2, tf.float32)),
        "away": away(x, away.zero_state(2, tf.float32)),
        "weights": weights(tf),
    }


@program("graph", "values")
def cell_of_ones_own(tf: Any) -> Any:
    class Leaky(tf.nn.rnn_cell.RNNCell):  # type: ignore[misc,name-defined]
        def __init__(self, size: int) -> None:
            super().__init__()
            self._size = size

        state_size = output_size = property(lambda self: self._size)

        def call(self, inputs: Any, state: Any) -> Any:
            w = tf.get_variable("w", [inputs.shape[1], self._size], initializer=tf.ones_initializer())
            new = 0.5 * state + tf.matmul(inputs, w)
            return new, new

    cell = Leaky(2)
    outputs, state = tf.nn.static_rnn(cell, [tf.constant(numbers(2, 3))] * 2, dtype=tf.float32)
    return {
        "outputs": outputs,
        "state": tf.nest.flatten(state),
        "weights": weights(tf),
        "own": names(cell.trainable_weights),
    }


@program(error="ValueError", says="If ")
def neither_state_nor_dtype(tf: Any) -> None:
    tf.nn.dynamic_rnn(tf.nn.rnn_cell.GRUCell(2), tf.zeros([2, 3, 4]))


@program(error="TypeError", says=("is not an RNNCell", "'output_size' property is missing"))
def inputs_in_the_place_of_the_cell(tf: Any) -> None:
    tf.nn.dynamic_rnn(tf.zeros([2, 3, 4]), tf.nn.rnn_cell.GRUCell(2), dtype=tf.float32)


@program(error="ValueError", says="must be accessible via shape inference, but saw value None")
def inputs_of_unknown_size(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 3, None])
    tf.nn.dynamic_rnn(tf.nn.rnn_cell.GRUCell(2), x, dtype=tf.float32)


@program(error="ValueError", says="rnn/gru_cell/gates/kernel already exists, disallowed.")
def two_nets_in_one_scope(tf: Any) -> None:
    for _ in range(2):
        tf.nn.dynamic_rnn(tf.nn.rnn_cell.GRUCell(2), tf.zeros([2, 3, 4]), dtype=tf.float32)


@program(error="ValueError", says="Must specify at least one cell for MultiRNNCell.")
def no_cells_on_top_of_each_other(tf: Any) -> None:
    tf.nn.rnn_cell.MultiRNNCell([])


@program(error="ValueError", says="RNN cell only supports floating point inputs, but")
def cell_of_integers(tf: Any) -> None:
    cell = tf.nn.rnn_cell.BasicRNNCell(2)
    cell(tf.zeros([2, 3], tf.int32), tf.zeros([2, 2], tf.int32))


@program(error="ValueError", says="must be a vector of length")
def lengths_in_a_matrix(tf: Any) -> None:
    tf.nn.dynamic_rnn(tf.nn.rnn_cell.GRUCell(2), tf.zeros([2, 3, 4]), [[3, 3]], dtype=tf.float32)

"""Recurrent nets unrolled: each time step has nodes of its own."""

from __future__ import annotations

from typing import Any

from flowlab._src.errors import add_notes
from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.scopes import control_dependencies
from flowlab._src.graph.shape import Dimension, TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.cast import cast
from flowlab._src.ops.fill import zeros
from flowlab._src.ops.identity import identity
from flowlab._src.ops.joining import concat, stack, unstack
from flowlab._src.ops.reduce import reduce_max, reduce_min
from flowlab._src.ops.transposing import reverse_sequence
from flowlab._src.rnn.cell import assert_like_rnncell
from flowlab._src.rnn.sizes import dtype_of_state, joined_sizes, set_joined_shape
from flowlab._src.rnn.step import initial_state_of, share_device, step
from flowlab._src.util import nest, source
from flowlab._src.util.export import export
from flowlab._src.variables.scope import variable_scope


def check_inputs(inputs: Any) -> None:
    """TypeError or ValueError unless there is a list with an input for each time step."""
    if not nest.is_sequence(inputs):
        site = source.caller(3)
        raise add_notes(
            TypeError("inputs must be a sequence"),
            where=site.quote() if site else "",
            inputs=f"{inputs!r}",
            fix="one tensor for each time step: tf.unstack(x, axis=1); or tf.nn.dynamic_rnn, which takes one tensor",
        )
    if not inputs:
        raise ValueError("inputs must not be empty")


@export("nn.static_rnn", "contrib.rnn.static_rnn")
def static_rnn(
    cell: Any,
    inputs: Any,
    initial_state: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[Any], Any]:
    """Run a cell over a list of time steps; each becomes a part of the graph.

    Parameters
    ----------
    cell : RNNCell
    inputs : list of Tensor, shape (batch, input size)
        One for each time step.
    initial_state : Tensor or structure, optional
        Zeros if not given.
    dtype : DType, optional
        Needed without `initial_state`.
    sequence_length : vector of int, optional
        Length of each sequence; behind it, outputs are zeros and the state stays.
    scope : str or VariableScope, optional
        "rnn" if not given.

    Returns
    -------
    outputs : list of Tensor, shape (batch, output size)
    state
        After the last time step.

    Raises
    ------
    TypeError
        If `cell` is no cell, or `inputs` no list.
    ValueError
        If the size of the inputs is not known, or neither `initial_state` nor `dtype` is given.

    Examples
    --------
    >>> x = tf.placeholder(tf.float32, [None, 7, 3])
    >>> cell = tf.nn.rnn_cell.BasicRNNCell(5)
    >>> outputs, state = tf.nn.static_rnn(cell, tf.unstack(x, axis=1), dtype=tf.float32)
    >>> len(outputs), outputs[-1] is state
    (7, True)
    """
    assert_like_rnncell("cell", cell)
    check_inputs(inputs)
    outputs = []
    with variable_scope(scope or "rnn") as varscope:
        share_device(varscope)
        first = inputs
        while nest.is_sequence(first):
            first = first[0]
        known_batch = _common_batch(inputs, first)
        batch_size = known_batch.value or shape_of(first)[0]
        state = initial_state if initial_state is not None else initial_state_of(cell, batch_size, dtype)
        if sequence_length is not None:
            sequence_length = convert(sequence_length, name="sequence_length")
            if sequence_length.shape.ndims not in (None, 1):
                raise ValueError(f"sequence_length must be a vector of length {batch_size}")

            def zero(size: Any) -> Tensor:
                result = zeros(joined_sizes(batch_size, size), dtype_of_state(dtype, state))
                set_joined_shape(result, known_batch.value, size)
                return result

            sizes = cell.output_size
            zero_output = nest.pack_sequence_as(sizes, [zero(size) for size in nest.flatten(sizes)])
            sequence_length = cast(sequence_length, dtypes.int32)
            shortest, longest = reduce_min(sequence_length), reduce_max(sequence_length)
        for time, input_ in enumerate(inputs):
            if time > 0:
                varscope.reuse_variables()
            call_cell = lambda input_=input_, state=state: cell(input_, state)  # noqa: E731
            if sequence_length is None:
                output, state = call_cell()
            else:
                output, state = step(time, sequence_length, shortest, longest, zero_output, state, call_cell)
            outputs.append(output)
    return outputs, state


def _common_batch(inputs: Any, first: Tensor) -> Dimension:
    """The number of examples, as far as it is known while building."""
    if first.shape.ndims == 1:
        return first.shape.with_rank_at_least(1)[0]
    batch = first.shape.with_rank_at_least(2)[0]
    for tensor in nest.flatten(inputs):
        shape = tensor.shape.with_rank_at_least(2)
        batch.assert_is_compatible_with(shape[0])
        for i, size in enumerate(shape[1:].as_list()):
            if size is None:
                raise ValueError(
                    f"Input size (dimension {i} of inputs) must be accessible via shape inference, but saw value None."
                )
    return batch


@export("nn.static_state_saving_rnn", "contrib.rnn.static_state_saving_rnn")
def static_state_saving_rnn(
    cell: Any,
    inputs: Any,
    state_saver: Any,
    state_name: Any,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[Any], Any]:
    """Run a cell over a list of time steps, from a state that was saved, and save the last one.

    Parameters
    ----------
    cell : RNNCell
    inputs : list of Tensor, shape (batch, input size)
    state_saver : object with methods `state(name)` and `save_state(name, value)`
    state_name : str, or a structure of str in the form of the state
    sequence_length : vector of int, optional
    scope : str or VariableScope, optional

    Returns
    -------
    outputs : list of Tensor
        The last one waits until the state is saved.
    state
    """
    assert_like_rnncell("cell", cell)
    sizes = cell.state_size
    several = nest.is_sequence(sizes)
    if several != nest.is_sequence(state_name):
        raise ValueError(
            "state_name should be the same type as cell.state_size.  "
            f"state_name: {state_name}, cell.state_size: {sizes}"
        )
    names = nest.flatten(state_name)
    if several and len(names) != len(nest.flatten(sizes)):
        raise ValueError(f"#elems(state_name) != #elems(state_size): {len(names)} vs. {len(nest.flatten(sizes))}")
    initial_state = nest.pack_sequence_as(sizes, [state_saver.state(name) for name in names])
    outputs, state = static_rnn(cell, inputs, initial_state=initial_state, sequence_length=sequence_length, scope=scope)
    flat_state = nest.flatten(state)
    saved = [state_saver.save_state(name, part) for name, part in zip(names, flat_state, strict=True)]
    with control_dependencies(saved):
        outputs[-1] = nest.map_structure(identity, outputs[-1])
        state = nest.pack_sequence_as(state, [identity(part) for part in flat_state])
    return outputs, state


@export("nn.static_bidirectional_rnn", "contrib.rnn.static_bidirectional_rnn")
def static_bidirectional_rnn(
    cell_fw: Any,
    cell_bw: Any,
    inputs: Any,
    initial_state_fw: Any = None,
    initial_state_bw: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[Any], Any, Any]:
    """Run one cell forwards and one backwards over a list of time steps, and join their outputs.

    Parameters
    ----------
    cell_fw, cell_bw : RNNCell
    inputs : list of Tensor, shape (batch, input size)
    initial_state_fw, initial_state_bw : optional
    dtype : DType, optional
    sequence_length : vector of int, optional
        The backward cell starts at the end of each sequence.
    scope : str or VariableScope, optional
        "bidirectional_rnn" if not given.

    Returns
    -------
    outputs : list of Tensor, shape (batch, output size of both)
    output_state_fw, output_state_bw

    Examples
    --------
    >>> steps = tf.unstack(tf.zeros([2, 7, 3]), axis=1)
    >>> cells = [tf.nn.rnn_cell.GRUCell(5), tf.nn.rnn_cell.GRUCell(4)]
    >>> outputs, forward, backward = tf.nn.static_bidirectional_rnn(*cells, steps, dtype=tf.float32)
    >>> outputs[0].shape.as_list()
    [2, 9]
    """
    assert_like_rnncell("cell_fw", cell_fw)
    assert_like_rnncell("cell_bw", cell_bw)
    check_inputs(inputs)
    with variable_scope(scope or "bidirectional_rnn"):
        with variable_scope("fw") as fw_scope:
            output_fw, state_fw = static_rnn(cell_fw, inputs, initial_state_fw, dtype, sequence_length, scope=fw_scope)
        with variable_scope("bw") as bw_scope:
            turned = reverse_steps(inputs, sequence_length)
            output_bw, state_bw = static_rnn(cell_bw, turned, initial_state_bw, dtype, sequence_length, scope=bw_scope)
    output_bw = reverse_steps(output_bw, sequence_length)
    joined = [concat([a, b], 1) for a, b in zip(nest.flatten(output_fw), nest.flatten(output_bw), strict=True)]
    return nest.pack_sequence_as(output_fw, joined), state_fw, state_bw


def reverse_steps(steps: Any, lengths: Any) -> list[Any]:
    """The time steps in reverse order, each sequence up to its length."""
    if lengths is None:
        return list(reversed(steps))
    columns = []
    for sequence in zip(*(nest.flatten(part) for part in steps), strict=True):
        common = (
            TensorShape([None] * sequence[0].shape.ndims) if sequence[0].shape.ndims is not None else TensorShape(None)
        )
        for tensor in sequence:
            common.assert_is_compatible_with(tensor.shape)
            tensor.set_shape(common)
        rows = unstack(reverse_sequence(stack(sequence), lengths, 0, 1))
        for row in rows:
            row.set_shape(common)
        columns.append(rows)
    return [
        nest.pack_sequence_as(like, list(parts)) for like, parts in zip(steps, zip(*columns, strict=True), strict=True)
    ]

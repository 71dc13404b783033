"""Recurrent nets as loops: one step in the graph, repeated as often as the sequences are long."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowlab._src.errors import add_notes
from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.op import constant_value
from flowlab._src.graph.scopes import control_dependencies, name_scope
from flowlab._src.graph.shape import TensorShape, as_shape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import rank, shape_of
from flowlab._src.ops.assertion import assert_
from flowlab._src.ops.cast import cast
from flowlab._src.ops.compare import equal, logical_not, logical_or
from flowlab._src.ops.constant import constant
from flowlab._src.ops.fill import zeros
from flowlab._src.ops.identity import identity
from flowlab._src.ops.joining import concat, stack
from flowlab._src.ops.magnitude import maximum, minimum
from flowlab._src.ops.reduce import reduce_all, reduce_max, reduce_min
from flowlab._src.ops.sequences import range_
from flowlab._src.ops.tensor_array_class import TensorArray
from flowlab._src.ops.transposing import reverse, reverse_sequence, transpose
from flowlab._src.ops.while_loop import while_loop
from flowlab._src.rnn.cell import assert_like_rnncell
from flowlab._src.rnn.sizes import dtype_of_state, joined_shape, joined_sizes, set_joined_shape
from flowlab._src.rnn.step import copy_through, initial_state_of, share_device, step
from flowlab._src.util import nest, source
from flowlab._src.util.export import export
from flowlab._src.variables.scope import variable_scope


@export("nn.dynamic_rnn")
def dynamic_rnn(
    cell: Any,
    inputs: Any,
    sequence_length: Any = None,
    initial_state: Any = None,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: Any = None,
) -> tuple[Any, Any]:
    """Run a cell over sequences in a loop; the number of steps need not be known while building.

    Parameters
    ----------
    cell : RNNCell
    inputs : Tensor, shape (batch, steps, input size), or a structure of them
    sequence_length : vector of int, optional
        Length of each sequence; behind it, outputs are zeros and the state stays.
    initial_state : Tensor or structure, optional
        Zeros if not given.
    dtype : DType, optional
        Needed without `initial_state`.
    parallel_iterations, swap_memory
        Accepted for compatibility.
    time_major : bool
        The first axis of inputs and outputs is the steps, the second the batch.
    scope : str or VariableScope, optional
        "rnn" if not given.

    Returns
    -------
    outputs : Tensor, shape (batch, steps, output size)
    state
        After the last step of each sequence.

    Raises
    ------
    TypeError
        If `cell` is no cell.
    ValueError
        If the size of the inputs is not known, or neither `initial_state` nor `dtype` is given.

    Examples
    --------
    >>> x = tf.placeholder(tf.float32, [None, None, 3])
    >>> outputs, state = tf.nn.dynamic_rnn(tf.nn.rnn_cell.LSTMCell(5), x, dtype=tf.float32)
    >>> outputs.shape.as_list(), state.h.shape.as_list()
    ([None, None, 5], [None, 5])
    >>> [v.name for v in tf.trainable_variables()]
    ['rnn/lstm_cell/kernel:0', 'rnn/lstm_cell/bias:0']
    """
    assert_like_rnncell("cell", cell)
    with variable_scope(scope or "rnn") as varscope:
        share_device(varscope)
        flat = [convert(tensor) for tensor in nest.flatten(inputs)]
        if not time_major:
            flat = [transpose_batch_time(tensor) for tensor in flat]
        if sequence_length is not None:
            sequence_length = cast(sequence_length, dtypes.int32)
            if sequence_length.shape.ndims not in (None, 1):
                raise ValueError(
                    f"sequence_length must be a vector of length batch_size, but saw shape: {sequence_length.shape}"
                )
            sequence_length = identity(sequence_length, name="sequence_length")
        batch_size = best_known_batch(flat)
        state = initial_state if initial_state is not None else initial_state_of(cell, batch_size, dtype)
        if sequence_length is not None:
            with control_dependencies([_assert_has_shape(sequence_length, [batch_size])]):
                sequence_length = identity(sequence_length, name="CheckSeqLen")
        inputs = nest.pack_sequence_as(inputs, flat)
        outputs, state = _loop(cell, inputs, state, parallel_iterations or 32, swap_memory, sequence_length, dtype)
        if not time_major:
            outputs = nest.map_structure(transpose_batch_time, outputs)
    return outputs, state


def transpose_batch_time(x: Any) -> Tensor:
    """Exchange the first two axes."""
    static = x.shape._dims
    if static is not None and len(static) < 2:
        return x
    count = rank(x)
    turned = transpose(x, concat(([1, 0], range_(2, count)), axis=0))
    if static is not None:
        turned.set_shape([static[1], static[0], *static[2:]])
    return turned


def best_known_batch(flat: list[Any]) -> Any:
    """The number of examples: a number if one of the inputs knows it, else a tensor."""
    for tensor in flat:
        dims = tensor.shape._dims
        if dims is None:
            continue
        if len(dims) < 2:
            site = source.caller(3)
            raise add_notes(
                ValueError(f"Expected input tensor {tensor.name} to have rank at least 2"),
                where=site.quote() if site else "",
                fix="the inputs have shape (batch, steps, input size): tf.expand_dims(x, -1) gives the last axis",
            )
        if dims[1] is not None:
            return dims[1]
    return shape_of(flat[0])[1]


def _assert_has_shape(x: Tensor, shape: list[Any]) -> Any:
    x_shape = shape_of(x)
    wanted = stack(shape)
    return assert_(
        reduce_all(equal(x_shape, wanted)),
        [f"Expected shape for Tensor {x.name} is ", wanted, " but saw shape: ", x_shape],
    )


def _loop(
    cell: Any, inputs: Any, state: Any, parallel_iterations: int, swap_memory: bool, sequence_length: Any, dtype: Any
) -> tuple[Any, Any]:
    """The loop over the first axis of the inputs."""
    flat = nest.flatten(inputs)
    output_sizes = nest.flatten(cell.output_size)
    steps = shape_of(flat[0])[0]
    batch_size = best_known_batch(flat)
    shapes = [tensor.shape.with_rank_at_least(3) for tensor in flat]
    known_steps, known_batch = _check_shapes(shapes)
    zero_outputs = [zeros(joined_sizes(batch_size, size), dtype_of_state(dtype, state)) for size in output_sizes]
    zero_output = nest.pack_sequence_as(cell.output_size, zero_outputs)
    shortest, longest = None, steps
    if sequence_length is not None:
        shortest, longest = reduce_min(sequence_length), reduce_max(sequence_length)
    time = constant(0, dtype=dtypes.int32, name="time")
    with name_scope("dynamic_rnn") as base_name:
        pass

    def array(name: str, element_shape: Any, dtype: Any) -> TensorArray:
        return TensorArray(dtype=dtype, size=steps, element_shape=element_shape, tensor_array_name=base_name + name)

    output_arrays = tuple(
        array(f"output_{i}", joined_shape(known_batch, _known(size)), dtype_of_state(dtype, state))
        for i, size in enumerate(output_sizes)
    )
    made = [array(f"input_{i}", tensor.shape[1:], tensor.dtype) for i, tensor in enumerate(flat)]
    input_arrays = [a.unstack(tensor) for a, tensor in zip(made, flat, strict=True)]

    def time_step(time: Any, arrays: Any, state: Any) -> Any:
        parts = [a.read(time) for a in input_arrays]
        for part, shape in zip(parts, shapes, strict=True):
            part.set_shape(shape[1:])
        input_t = nest.pack_sequence_as(inputs, parts)
        call_cell = lambda: cell(input_t, state)  # noqa: E731
        if sequence_length is not None:
            output, new_state = step(
                time, sequence_length, shortest, longest, zero_output, state, call_cell, skip_conditionals=True
            )
        else:
            output, new_state = call_cell()
        written = tuple(a.write(time, part) for a, part in zip(arrays, nest.flatten(output), strict=True))
        return time + 1, written, new_state

    # At least one step, so that the arrays of outputs know their shape.
    bound = minimum(steps, maximum(1, longest))
    _, final_arrays, final_state = while_loop(
        cond=lambda time, *_: time < bound,
        body=time_step,
        loop_vars=(time, output_arrays, state),
        parallel_iterations=parallel_iterations,
        maximum_iterations=steps,
        swap_memory=swap_memory,
    )
    outputs = [a.stack() for a in final_arrays]
    for output, size in zip(outputs, output_sizes, strict=True):
        set_joined_shape(output, [known_steps, known_batch], size)
    return nest.pack_sequence_as(cell.output_size, outputs), final_state


def _known(size: Any) -> Any:
    """A size given as a tensor, as far as it is known."""
    return as_shape(constant_value(size)) if isinstance(size, Tensor) else size


def _check_shapes(shapes: list[TensorShape]) -> tuple[int | None, int | None]:
    """Number of steps and of examples, as far as they are known; all inputs must agree."""
    known_steps, known_batch = shapes[0].as_list()[:2]
    for shape in shapes:
        if not shape[2:].is_fully_defined():
            site = source.caller(4)
            raise add_notes(
                ValueError("Input size (depth of inputs) must be accessible via shape inference, but saw value None."),
                where=site.quote() if site else "",
                fix="tf.placeholder(tf.float32, [None, None, size]) with a number for size",
            )
        steps, batch = shape.as_list()[:2]
        if steps != known_steps:
            raise ValueError("Time steps is not the same for all the elements in the input in a batch.")
        if batch != known_batch:
            raise ValueError("Batch_size is not the same for all the elements in the input.")
    return known_steps, known_batch


@export("nn.bidirectional_dynamic_rnn")
def bidirectional_dynamic_rnn(
    cell_fw: Any,
    cell_bw: Any,
    inputs: Any,
    sequence_length: Any = None,
    initial_state_fw: Any = None,
    initial_state_bw: Any = None,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: Any = None,
) -> tuple[Any, Any]:
    """Run one cell forwards and one backwards over sequences.

    Parameters
    ----------
    cell_fw, cell_bw : RNNCell
    inputs : Tensor, shape (batch, steps, input size), or a structure of them
    sequence_length : vector of int, optional
        The backward cell starts at the end of each sequence.
    initial_state_fw, initial_state_bw : optional
    dtype : DType, optional
        Needed without initial states.
    parallel_iterations, swap_memory
        Accepted for compatibility.
    time_major : bool
    scope : str or VariableScope, optional
        "bidirectional_rnn" if not given.

    Returns
    -------
    outputs : pair of Tensor
        Of the forward and of the backward cell; `tf.concat(outputs, 2)` joins them.
    states : pair

    Examples
    --------
    >>> cells = [tf.nn.rnn_cell.GRUCell(5), tf.nn.rnn_cell.GRUCell(4)]
    >>> outputs, states = tf.nn.bidirectional_dynamic_rnn(*cells, tf.zeros([2, 7, 3]), dtype=tf.float32)
    >>> tf.concat(outputs, 2).shape.as_list()
    [2, 7, 9]
    """
    assert_like_rnncell("cell_fw", cell_fw)
    assert_like_rnncell("cell_bw", cell_bw)
    time_axis, batch_axis = (0, 1) if time_major else (1, 0)

    def reversed_in_time(tensor: Any) -> Tensor:
        if sequence_length is None:
            return reverse(tensor, axis=[time_axis])
        return reverse_sequence(tensor, seq_lengths=sequence_length, seq_axis=time_axis, batch_axis=batch_axis)

    options: dict[str, Any] = {
        "sequence_length": sequence_length, "dtype": dtype, "parallel_iterations": parallel_iterations,
        "swap_memory": swap_memory, "time_major": time_major,
    }  # fmt: skip
    with variable_scope(scope or "bidirectional_rnn"):
        with variable_scope("fw") as fw_scope:
            output_fw, state_fw = dynamic_rnn(
                cell_fw, inputs, initial_state=initial_state_fw, scope=fw_scope, **options
            )
        with variable_scope("bw") as bw_scope:
            turned = nest.map_structure(reversed_in_time, inputs)
            output_bw, state_bw = dynamic_rnn(
                cell_bw, turned, initial_state=initial_state_bw, scope=bw_scope, **options
            )
    return (output_fw, reversed_in_time(output_bw)), (state_fw, state_bw)


@export("nn.raw_rnn")
def raw_rnn(
    cell: Any,
    loop_fn: Callable[..., Any],
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    scope: Any = None,
) -> tuple[Any, Any, Any]:
    """Run a cell in a loop that decides itself what comes next: when to stop, and what to feed.

    Parameters
    ----------
    cell : RNNCell
    loop_fn : callable
        `f(time, cell_output, cell_state, loop_state)` gives `(finished, next_input, next_state, emit, next_loop_state)`.
        It is called once with None for the output and the states, before the first step, where `finished` is a
        vector of bool, `emit` has the form of what will be emitted (or is None: the outputs of the cell).
    parallel_iterations, swap_memory
        Accepted for compatibility.
    scope : str or VariableScope, optional
        "rnn" if not given.

    Returns
    -------
    emit_ta : TensorArray, or a structure of them
        What was emitted, step by step.
    final_state
    final_loop_state

    Examples
    --------
    >>> cell = tf.nn.rnn_cell.GRUCell(3)
    >>> def loop_fn(time, output, state, loop_state):
    ...     start = cell.zero_state(2, tf.float32) if output is None else state
    ...     return tf.fill([2], time >= 4), tf.zeros([2, 3]), start, output, None
    >>> emitted, state, _ = tf.nn.raw_rnn(cell, loop_fn)
    >>> with tf.Session() as sess:
    ...     sess.run(tf.global_variables_initializer())
    ...     sess.run(emitted.stack()).shape
    (4, 2, 3)
    """
    assert_like_rnncell("cell", cell)
    if not callable(loop_fn):
        raise TypeError("loop_fn must be a callable")
    with variable_scope(scope or "rnn") as varscope:
        share_device(varscope)
        time = constant(0, dtype=dtypes.int32)
        finished, next_input, state, emit_structure, first_loop_state = loop_fn(time, None, None, None)
        flat_input = nest.flatten(next_input)
        loop_state = constant(0, dtype=dtypes.int32) if first_loop_state is None else first_loop_state
        known_batch = flat_input[0].shape[0]
        for tensor in flat_input:
            known_batch.assert_is_compatible_with(tensor.shape[0])
        batch_size = known_batch.value if known_batch.value is not None else shape_of(flat_input[0])[0]
        nest.assert_same_structure(state, cell.state_size)
        state = nest.map_structure(convert, state)
        if emit_structure is not None:
            emitted = nest.flatten(emit_structure)
            sizes: list[Any] = [e.shape if e.shape.is_fully_defined() else shape_of(e) for e in emitted]
            kinds = [e.dtype for e in emitted]
        else:
            emit_structure = cell.output_size
            sizes = nest.flatten(emit_structure)
            kinds = [nest.flatten(state)[0].dtype] * len(sizes)
        arrays = nest.pack_sequence_as(
            emit_structure,
            [
                TensorArray(
                    dtype=kind,
                    dynamic_size=True,
                    element_shape=joined_shape(known_batch.value, _known(size)),
                    size=0,
                    name=f"rnn_output_{i}",
                )
                for i, (kind, size) in enumerate(zip(kinds, sizes, strict=True))
            ],
        )
        zero = [zeros(joined_sizes(batch_size, size), kind) for size, kind in zip(sizes, kinds, strict=True)]
        zero_emit = nest.pack_sequence_as(emit_structure, zero)

        def body(time: Any, finished: Any, current: Any, arrays: Any, state: Any, loop_state: Any) -> Any:
            output, cell_state = cell(current, state)
            nest.assert_same_structure(state, cell_state)
            nest.assert_same_structure(cell.output_size, output)
            next_time = time + 1
            next_finished, next_input, next_state, emit, next_loop_state = loop_fn(
                next_time, output, cell_state, loop_state
            )
            nest.assert_same_structure(state, next_state)
            nest.assert_same_structure(current, next_input)
            nest.assert_same_structure(arrays, emit)
            loop_state = loop_state if next_loop_state is None else next_loop_state
            emit = nest.map_structure(lambda old, new: copy_through(finished, old, new), zero_emit, emit)
            next_state = nest.map_structure(lambda old, new: copy_through(finished, old, new), state, next_state)
            arrays = nest.map_structure(lambda a, part: a.write(time, part), arrays, emit)
            return next_time, logical_or(finished, next_finished), next_input, arrays, next_state, loop_state

        *_, arrays, final_state, final_loop_state = while_loop(
            lambda time, finished, *_: logical_not(reduce_all(finished)),
            body,
            loop_vars=[time, finished, next_input, arrays, state, loop_state],
            parallel_iterations=parallel_iterations or 32,
            swap_memory=swap_memory,
        )
    return arrays, final_state, None if first_loop_state is None else final_loop_state

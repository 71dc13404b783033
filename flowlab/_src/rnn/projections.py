"""`tf.contrib.rnn`: cells around a cell that change what goes in or comes out, and ways to stack nets."""

from __future__ import annotations

import math
from typing import Any

from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.joining import concat
from flowlab._src.ops.linalg import matmul
from flowlab._src.ops.nn_embedding import embedding_lookup
from flowlab._src.ops.nn_linear import bias_add, xw_plus_b
from flowlab._src.ops.reshaping import reshape
from flowlab._src.ops.transcendental import sigmoid
from flowlab._src.rnn.cell import RNNCell, assert_like_rnncell
from flowlab._src.rnn.dynamic import best_known_batch, bidirectional_dynamic_rnn, transpose_batch_time
from flowlab._src.rnn.static import static_bidirectional_rnn
from flowlab._src.util import nest
from flowlab._src.util.export import export
from flowlab._src.variables.initializers import Constant, RandomUniform, Zeros
from flowlab._src.variables.scope import get_variable, get_variable_scope, variable_scope

export("contrib.rnn.transpose_batch_time")(transpose_batch_time)
export("contrib.rnn.best_effort_input_batch_size")(best_known_batch)


class Linear:
    """x @ kernel + bias, with weights made at the first use in the scope that is open then."""

    def __init__(self, size: int, with_bias: bool = True) -> None:
        self._size = size
        self._with_bias = with_bias
        self._kernel: Any = None

    def __call__(self, x: Tensor) -> Tensor:
        if self._kernel is None:
            depth = x.shape.with_rank(2).as_list()[1]
            if depth is None:
                raise ValueError(f"linear expects shape[1] to be provided for shape {x.shape}, but saw None")
            with variable_scope(get_variable_scope()) as scope:
                self._kernel = get_variable("kernel", [depth, self._size], dtype=x.dtype)
                if self._with_bias:
                    with variable_scope(scope) as inner:
                        inner.set_partitioner(None)
                        self._bias = get_variable("bias", [self._size], dtype=x.dtype, initializer=Zeros(dtype=x.dtype))
        result = matmul(x, self._kernel)
        return bias_add(result, self._bias) if self._with_bias else result


class Around(RNNCell):
    """What these cells share: the state is that of the cell inside."""

    def __init__(self, cell: Any, reuse: Any = None) -> None:
        super().__init__(_reuse=reuse)
        assert_like_rnncell("cell", cell)
        self._cell = cell

    @property
    def state_size(self) -> Any:
        """That of the cell inside."""
        return self._cell.state_size

    @property
    def output_size(self) -> Any:
        """That of the cell inside."""
        return self._cell.output_size

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """Return zeros in the form of the state."""
        with name_scope(type(self).__name__ + "ZeroState"):
            return self._cell.zero_state(batch_size, dtype)


@export("contrib.rnn.EmbeddingWrapper")
class EmbeddingWrapper(Around):
    """A cell that takes numbers of words: each is looked up in a table of vectors, which is trained, too.

    `tf.nn.embedding_lookup` before the net does the same for all steps at once and is quicker.

    Parameters
    ----------
    cell : RNNCell
    embedding_classes : int
        Number of words.
    embedding_size : int
        Size of their vectors.
    initializer : initializer, optional
    reuse : bool, optional

    Examples
    --------
    >>> cell = tf.contrib.rnn.EmbeddingWrapper(tf.nn.rnn_cell.GRUCell(5), 100, 8)
    >>> output, state = cell(tf.constant([[3], [7]]), cell.zero_state(2, tf.float32))
    >>> output.shape.as_list()
    [2, 5]
    """

    def __init__(
        self, cell: Any, embedding_classes: int, embedding_size: int, initializer: Any = None, reuse: Any = None
    ) -> None:
        super().__init__(cell, reuse)
        if embedding_classes <= 0 or embedding_size <= 0:
            raise ValueError(
                f"Both embedding_classes and embedding_size must be > 0: {embedding_classes}, {embedding_size}."
            )
        self._embedding_classes = embedding_classes
        self._embedding_size = embedding_size
        self._initializer = initializer

    def call(self, inputs: Any, state: Any) -> Any:
        """One time step."""
        initializer = self._initializer or get_variable_scope().initializer
        if initializer is None:
            initializer = RandomUniform(-math.sqrt(3), math.sqrt(3))  # variance 1
        table = get_variable(
            "embedding",
            [self._embedding_classes, self._embedding_size],
            initializer=initializer,
            dtype=nest.flatten(state)[0].dtype,
        )
        return self._cell(embedding_lookup(table, reshape(inputs, [-1])), state)


@export("contrib.rnn.InputProjectionWrapper")
class InputProjectionWrapper(Around):
    """A cell whose input goes through a linear layer first.

    Parameters
    ----------
    cell : RNNCell
    num_proj : int
        Size of the input of the cell inside.
    activation : callable, optional
    input_size : optional
        Accepted for compatibility.
    reuse : bool, optional

    Examples
    --------
    >>> cell = tf.contrib.rnn.InputProjectionWrapper(tf.nn.rnn_cell.GRUCell(5), 4)
    >>> output, state = cell(tf.zeros([2, 3]), cell.zero_state(2, tf.float32))
    >>> tf.trainable_variables()[0]
    <tf.Variable 'input_projection_wrapper/kernel:0' shape=(3, 4) dtype=float32_ref>
    """

    def __init__(
        self, cell: Any, num_proj: int, activation: Any = None, input_size: Any = None, reuse: Any = None
    ) -> None:
        super().__init__(cell, reuse)
        self._linear = Linear(num_proj)
        self._activation = activation

    def call(self, inputs: Any, state: Any) -> Any:
        """One time step."""
        projected = self._linear(inputs)
        return self._cell(self._activation(projected) if self._activation else projected, state)


@export("contrib.rnn.OutputProjectionWrapper")
class OutputProjectionWrapper(Around):
    """A cell whose output goes through a linear layer.

    A linear layer on the outputs of the whole net, reshaped to rows, does the same and is quicker.

    Parameters
    ----------
    cell : RNNCell
    output_size : int
    activation : callable, optional
    reuse : bool, optional

    Examples
    --------
    >>> cell = tf.contrib.rnn.OutputProjectionWrapper(tf.nn.rnn_cell.BasicRNNCell(100), output_size=1)
    >>> outputs, state = tf.nn.dynamic_rnn(cell, tf.zeros([2, 20, 1]), dtype=tf.float32)
    >>> outputs.shape.as_list(), state.shape.as_list()
    ([2, 20, 1], [2, 100])
    """

    def __init__(self, cell: Any, output_size: int, activation: Any = None, reuse: Any = None) -> None:
        super().__init__(cell, reuse)
        if output_size < 1:
            raise ValueError(f"Parameter output_size must be > 0: {output_size}.")
        self._output_size = output_size
        self._linear = Linear(output_size)
        self._activation = activation

    @property
    def output_size(self) -> int:
        """Size of the output."""
        return self._output_size

    def call(self, inputs: Any, state: Any) -> Any:
        """One time step."""
        output, new_state = self._cell(inputs, state)
        projected = self._linear(output)
        return self._activation(projected) if self._activation else projected, new_state


@export("contrib.rnn.HighwayWrapper")
class HighwayWrapper(Around):
    """A cell with a gate that decides how much of the input goes past it.

    Parameters
    ----------
    cell : RNNCell
    couple_carry_transform_gates : bool
        One gate for both: what does not go past goes through.
    carry_bias_init : float
        How much goes past in the beginning.

    References
    ----------
    Srivastava et al., "Highway networks" (2015).
    """

    def __init__(self, cell: Any, couple_carry_transform_gates: bool = True, carry_bias_init: float = 1.0) -> None:
        super().__init__(cell)
        self._couple_carry_transform_gates = couple_carry_transform_gates
        self._carry_bias_init = carry_bias_init

    def _highway(self, inputs: Tensor, output: Tensor) -> Tensor:
        size = inputs.shape.with_rank(2).as_list()[1]
        weight = get_variable("carry_w", [size, size])
        bias = get_variable("carry_b", [size], initializer=Constant(self._carry_bias_init))
        carry = sigmoid(xw_plus_b(inputs, weight, bias))
        if self._couple_carry_transform_gates:
            transform = 1 - carry
        else:
            weight = get_variable("transform_w", [size, size])
            bias = get_variable("transform_b", [size], initializer=Constant(-self._carry_bias_init))
            transform = sigmoid(xw_plus_b(inputs, weight, bias))
        return inputs * carry + output * transform

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """Build one time step: `output, new_state = cell(inputs, state)`."""
        outputs, new_state = self._cell(inputs, state, scope=scope)
        nest.assert_same_structure(inputs, outputs)
        nest.map_structure(lambda a, b: a.shape.assert_is_compatible_with(b.shape), inputs, outputs)
        return nest.map_structure(self._highway, inputs, outputs), new_state


def _check_stack(cells_fw: Any, cells_bw: Any, initial_states_fw: Any, initial_states_bw: Any) -> None:
    if not cells_fw:
        raise ValueError("Must specify at least one fw cell for BidirectionalRNN.")
    if not cells_bw:
        raise ValueError("Must specify at least one bw cell for BidirectionalRNN.")
    for name, cells in (("fw", cells_fw), ("bw", cells_bw)):
        if not isinstance(cells, list):
            raise ValueError(f"cells_{name} must be a list of RNNCells (one per layer).")
    if len(cells_fw) != len(cells_bw):
        raise ValueError("Forward and Backward cells must have the same depth.")
    for name, states in (("fw", initial_states_fw), ("bw", initial_states_bw)):
        if states is not None and (not isinstance(states, list) or len(states) != len(cells_fw)):
            raise ValueError(f"initial_states_{name} must be a list of state tensors (one per layer).")


@export("contrib.rnn.stack_bidirectional_rnn")
def stack_bidirectional_rnn(
    cells_fw: Any,
    cells_bw: Any,
    inputs: Any,
    initial_states_fw: Any = None,
    initial_states_bw: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[Any], tuple[Any, ...], tuple[Any, ...]]:
    """Several bidirectional nets, unrolled, each on the joined outputs of the one below.

    Parameters
    ----------
    cells_fw, cells_bw : list of RNNCell
    inputs : list of Tensor, shape (batch, input size)
    initial_states_fw, initial_states_bw : list, optional
    dtype : DType, optional
    sequence_length : vector of int, optional
    scope : str or VariableScope, optional

    Returns
    -------
    outputs : list of Tensor, shape (batch, output size of both cells)
    output_states_fw, output_states_bw : tuple
    """
    _check_stack(cells_fw, cells_bw, initial_states_fw, initial_states_bw)
    states_fw, states_bw, outputs = [], [], inputs
    with variable_scope(scope or "stack_bidirectional_rnn"):
        for i, (cell_fw, cell_bw) in enumerate(zip(cells_fw, cells_bw, strict=True)):
            with variable_scope(f"cell_{i}") as cell_scope:
                outputs, state_fw, state_bw = static_bidirectional_rnn(
                    cell_fw,
                    cell_bw,
                    outputs,
                    initial_state_fw=initial_states_fw[i] if initial_states_fw else None,
                    initial_state_bw=initial_states_bw[i] if initial_states_bw else None,
                    sequence_length=sequence_length,
                    dtype=dtype,
                    scope=cell_scope,
                )
            states_fw.append(state_fw)
            states_bw.append(state_bw)
    return outputs, tuple(states_fw), tuple(states_bw)


@export("contrib.rnn.stack_bidirectional_dynamic_rnn")
def stack_bidirectional_dynamic_rnn(
    cells_fw: Any,
    cells_bw: Any,
    inputs: Any,
    initial_states_fw: Any = None,
    initial_states_bw: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    parallel_iterations: int | None = None,
    time_major: bool = False,
    scope: Any = None,
    swap_memory: bool = False,
) -> tuple[Tensor, tuple[Any, ...], tuple[Any, ...]]:
    """Several bidirectional nets in loops, each on the joined outputs of the one below.

    Parameters
    ----------
    cells_fw, cells_bw : list of RNNCell
    inputs : Tensor, shape (batch, steps, input size)
    initial_states_fw, initial_states_bw : list, optional
    dtype : DType, optional
    sequence_length : vector of int, optional
    parallel_iterations, swap_memory
        Accepted for compatibility.
    time_major : bool
    scope : str or VariableScope, optional

    Returns
    -------
    outputs : Tensor, shape (batch, steps, output size of both cells)
    output_states_fw, output_states_bw : tuple

    Examples
    --------
    >>> cells = [[tf.nn.rnn_cell.GRUCell(5) for _ in range(2)] for _ in range(2)]
    >>> outputs, _, _ = tf.contrib.rnn.stack_bidirectional_dynamic_rnn(*cells, tf.zeros([2, 7, 3]), dtype=tf.float32)
    >>> outputs.shape.as_list()
    [2, 7, 10]
    """
    _check_stack(cells_fw, cells_bw, initial_states_fw, initial_states_bw)
    states_fw, states_bw, outputs = [], [], inputs
    with variable_scope(scope or "stack_bidirectional_rnn"):
        for i, (cell_fw, cell_bw) in enumerate(zip(cells_fw, cells_bw, strict=True)):
            with variable_scope(f"cell_{i}"):
                pair, (state_fw, state_bw) = bidirectional_dynamic_rnn(
                    cell_fw,
                    cell_bw,
                    outputs,
                    initial_state_fw=initial_states_fw[i] if initial_states_fw else None,
                    initial_state_bw=initial_states_bw[i] if initial_states_bw else None,
                    sequence_length=sequence_length,
                    parallel_iterations=parallel_iterations,
                    dtype=dtype,
                    swap_memory=swap_memory,
                    time_major=time_major,
                )
                outputs = concat(pair, 2)
            states_fw.append(state_fw)
            states_bw.append(state_bw)
    return outputs, tuple(states_fw), tuple(states_bw)

"""The cells of everyday use: plain, gated (GRU), and with long short-term memory (LSTM)."""

from __future__ import annotations

from typing import Any, NamedTuple

from flowlab._src.graph import dtypes
from flowlab._src.graph.tensor import Tensor
from flowlab._src.keras import activations, initializers
from flowlab._src.keras.engine.input_spec import InputSpec
from flowlab._src.ops.arithmetic import add, multiply
from flowlab._src.ops.clip import clip_by_value
from flowlab._src.ops.constant import constant
from flowlab._src.ops.joining import concat
from flowlab._src.ops.linalg import matmul
from flowlab._src.ops.nn_linear import bias_add
from flowlab._src.ops.slicing import slice_
from flowlab._src.ops.splitting import split
from flowlab._src.ops.transcendental import sigmoid, tanh
from flowlab._src.rnn.cell import LayerRNNCell, known_depth
from flowlab._src.rnn.sizes import check_floating, check_inputs
from flowlab._src.util.export import export
from flowlab._src.variables.initializers import Constant, Zeros
from flowlab._src.variables.partitioned import fixed_size_partitioner


def activation_or_tanh(activation: Any) -> Any:
    """The activation of a name or function; None is tanh."""
    return activations.get(activation) if activation else tanh


def zeros_of(dtype: Any) -> Zeros:
    """The initializer of biases."""
    return Zeros() if dtype is None else Zeros(dtype=dtype)


class SimpleCell(LayerRNNCell):
    """What the cells of this module share.

    Parameters
    ----------
    num_units : int
        Size of the output.
    activation : callable or name, optional
    reuse, name, dtype
        As in a layer.
    """

    def __init__(
        self, num_units: int, activation: Any, reuse: Any, name: Any, dtype: Any, kwargs: dict[str, Any]
    ) -> None:
        super().__init__(_reuse=reuse, name=name, dtype=dtype, **kwargs)
        check_floating(self.dtype)
        self.input_spec = InputSpec(ndim=2)
        self._num_units = num_units
        self._activation = activation_or_tanh(activation)

    @property
    def state_size(self) -> Any:
        """Size of the state."""
        return self._num_units

    @property
    def output_size(self) -> int:
        """Size of the output."""
        return self._num_units

    def build(self, input_shape: Any) -> None:
        depth = known_depth(input_shape)
        check_floating(self.dtype)
        self.make_weights(depth)
        self.built = True

    def make_weights(self, depth: int) -> None:
        """Make the weights for inputs of a size."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_units": self._num_units,
            "activation": activations.serialize(self._activation),
            "reuse": self._reuse,
        }


@export("nn.rnn_cell.BasicRNNCell", "contrib.rnn.BasicRNNCell")
class BasicRNNCell(SimpleCell):
    """The plain cell: output = new state = tanh(kernel applied to input and state, plus bias).

    Parameters
    ----------
    num_units : int
        Size of the state and of the output.
    activation : callable or name, optional
        tanh if not given.
    reuse : bool, optional
    name : str, optional
    dtype : DType, optional

    Examples
    --------
    >>> cell = tf.nn.rnn_cell.BasicRNNCell(5)
    >>> output, state = cell(tf.zeros([2, 3]), cell.zero_state(2, tf.float32))
    >>> [(v.name, v.shape.as_list()) for v in cell.weights]
    [('basic_rnn_cell/kernel:0', [8, 5]), ('basic_rnn_cell/bias:0', [5])]
    """

    def __init__(
        self,
        num_units: int,
        activation: Any = None,
        reuse: Any = None,
        name: Any = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_units, activation, reuse, name, dtype, kwargs)

    def make_weights(self, depth: int) -> None:
        self._kernel = self.add_variable("kernel", shape=[depth + self._num_units, self._num_units])
        self._bias = self.add_variable("bias", shape=[self._num_units], initializer=zeros_of(self.dtype))

    def call(self, inputs: Any, state: Any) -> tuple[Tensor, Tensor]:
        """One time step."""
        check_inputs(inputs, state)
        gate_inputs = bias_add(matmul(concat([inputs, state], 1), self._kernel), self._bias)
        output = self._activation(gate_inputs)
        return output, output


@export("nn.rnn_cell.GRUCell", "contrib.rnn.GRUCell")
class GRUCell(SimpleCell):
    """Gated recurrent unit: one gate says how much of the state to forget, one how much to replace.

    Parameters
    ----------
    num_units : int
        Size of the state and of the output.
    activation : callable or name, optional
        tanh if not given.
    reuse : bool, optional
    kernel_initializer, bias_initializer : initializer, optional
        The biases of the gates are 1 if not given, the other 0.
    name : str, optional
    dtype : DType, optional

    Examples
    --------
    >>> cell = tf.nn.rnn_cell.GRUCell(5)
    >>> output, state = cell(tf.zeros([2, 3]), cell.zero_state(2, tf.float32))
    >>> [(v.name, v.shape.as_list()) for v in cell.weights[:2]]
    [('gru_cell/gates/kernel:0', [8, 10]), ('gru_cell/gates/bias:0', [10])]

    References
    ----------
    Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical machine translation" (2014).
    """

    def __init__(
        self,
        num_units: int,
        activation: Any = None,
        reuse: Any = None,
        kernel_initializer: Any = None,
        bias_initializer: Any = None,
        name: Any = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_units, activation, reuse, name, dtype, kwargs)
        self._kernel_initializer = initializers.get(kernel_initializer)
        self._bias_initializer = initializers.get(bias_initializer)

    def make_weights(self, depth: int) -> None:
        n, bias = self._num_units, self._bias_initializer
        self._gate_kernel = self.add_variable(
            "gates/kernel", shape=[depth + n, 2 * n], initializer=self._kernel_initializer
        )
        ones = Constant(1.0) if self.dtype is None else Constant(1.0, dtype=self.dtype)
        self._gate_bias = self.add_variable("gates/bias", shape=[2 * n], initializer=ones if bias is None else bias)
        self._candidate_kernel = self.add_variable(
            "candidate/kernel", shape=[depth + n, n], initializer=self._kernel_initializer
        )
        self._candidate_bias = self.add_variable(
            "candidate/bias", shape=[n], initializer=zeros_of(self.dtype) if bias is None else bias
        )

    def call(self, inputs: Any, state: Any) -> tuple[Tensor, Tensor]:
        """One time step."""
        check_inputs(inputs, state)
        gate_inputs = bias_add(matmul(concat([inputs, state], 1), self._gate_kernel), self._gate_bias)
        r, u = split(value=sigmoid(gate_inputs), num_or_size_splits=2, axis=1)
        r_state = r * state
        candidate = bias_add(matmul(concat([inputs, r_state], 1), self._candidate_kernel), self._candidate_bias)
        c = self._activation(candidate)
        new_h = u * state + (1 - u) * c
        return new_h, new_h

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "kernel_initializer": initializers.serialize(self._kernel_initializer),
            "bias_initializer": initializers.serialize(self._bias_initializer),
        }


class _CAndH(NamedTuple):
    c: Any
    h: Any


@export("nn.rnn_cell.LSTMStateTuple", "contrib.rnn.LSTMStateTuple")
class LSTMStateTuple(_CAndH):
    """The two parts of the state of an LSTM cell: the memory `c`, and `h`, which is the last output as well."""

    __slots__ = ()

    @property
    def dtype(self) -> Any:
        """The dtype of both; TypeError if they differ."""
        if self.c.dtype != self.h.dtype:
            raise TypeError(f"Inconsistent internal state: {self.c.dtype} vs {self.h.dtype}")
        return self.c.dtype


@export("nn.rnn_cell.BasicLSTMCell", "contrib.rnn.BasicLSTMCell")
class BasicLSTMCell(SimpleCell):
    """Long short-term memory: gates say what of the memory to forget, what to add, and what to show.

    Parameters
    ----------
    num_units : int
        Size of the memory and of the output.
    forget_bias : float
        Added to the forget gate, so that a new cell remembers.
    state_is_tuple : bool
        The state is an `LSTMStateTuple`; if False, one tensor with both parts side by side.
    activation : callable or name, optional
        tanh if not given.
    reuse : bool, optional
    name : str, optional
    dtype : DType, optional

    Examples
    --------
    >>> cell = tf.nn.rnn_cell.BasicLSTMCell(5)
    >>> output, state = cell(tf.zeros([2, 3]), cell.zero_state(2, tf.float32))
    >>> output is state.h, [(v.name, v.shape.as_list()) for v in cell.weights]
    (True, [('basic_lstm_cell/kernel:0', [8, 20]), ('basic_lstm_cell/bias:0', [20])])

    References
    ----------
    Hochreiter and Schmidhuber, "Long short-term memory" (1997); Zaremba et al., "Recurrent neural network
    regularization" (2014).
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Any = None,
        reuse: Any = None,
        name: Any = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_units, activation, reuse, name, dtype, kwargs)
        self._forget_bias = forget_bias
        self._state_is_tuple = state_is_tuple

    @property
    def state_size(self) -> Any:
        """Sizes of the memory and the output."""
        return LSTMStateTuple(self._num_units, self._num_units) if self._state_is_tuple else 2 * self._num_units

    def make_weights(self, depth: int) -> None:
        self._kernel = self.add_variable("kernel", shape=[depth + self._num_units, 4 * self._num_units])
        self._bias = self.add_variable("bias", shape=[4 * self._num_units], initializer=zeros_of(self.dtype))

    def call(self, inputs: Any, state: Any) -> tuple[Tensor, Any]:
        """One time step."""
        check_inputs(inputs, state)
        one = constant(1, dtype=dtypes.int32)
        if self._state_is_tuple:
            c, h = state
        else:
            c, h = split(value=state, num_or_size_splits=2, axis=one)
        gate_inputs = bias_add(matmul(concat([inputs, h], 1), self._kernel), self._bias)
        i, j, f, o = split(value=gate_inputs, num_or_size_splits=4, axis=one)  # input, new, forget, output
        forget_bias = constant(self._forget_bias, dtype=f.dtype)
        kept = multiply(c, sigmoid(add(f, forget_bias)))
        new_c = add(kept, multiply(sigmoid(i), self._activation(j)))
        new_h = multiply(self._activation(new_c), sigmoid(o))
        return new_h, LSTMStateTuple(new_c, new_h) if self._state_is_tuple else concat([new_c, new_h], 1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "forget_bias": self._forget_bias, "state_is_tuple": self._state_is_tuple}


@export("nn.rnn_cell.LSTMCell", "contrib.rnn.LSTMCell")
class LSTMCell(SimpleCell):
    """Long short-term memory with extras: peepholes, limits, and a projection of the output.

    Parameters
    ----------
    num_units : int
        Size of the memory.
    use_peepholes : bool
        Let the gates see the memory.
    cell_clip : float, optional
        The memory is kept within -cell_clip and cell_clip.
    initializer : initializer, optional
        Of the kernels.
    num_proj : int, optional
        Size of the output, if it is projected to another size.
    proj_clip : float, optional
        The projected output is kept within -proj_clip and proj_clip.
    num_unit_shards, num_proj_shards : int, optional
        Number of parts to cut the kernels into.
    forget_bias : float
        Added to the forget gate, so that a new cell remembers.
    state_is_tuple : bool
        The state is an `LSTMStateTuple`; if False, one tensor with both parts side by side.
    activation : callable or name, optional
        tanh if not given.
    reuse : bool, optional
    name : str, optional
    dtype : DType, optional

    Examples
    --------
    >>> cell = tf.nn.rnn_cell.LSTMCell(5, num_proj=2)
    >>> cell.state_size, cell.output_size
    (LSTMStateTuple(c=5, h=2), 2)

    References
    ----------
    Sak et al., "Long short-term memory recurrent neural network architectures for large scale acoustic modeling"
    (2014).
    """

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        cell_clip: float | None = None,
        initializer: Any = None,
        num_proj: int | None = None,
        proj_clip: float | None = None,
        num_unit_shards: int | None = None,
        num_proj_shards: int | None = None,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Any = None,
        reuse: Any = None,
        name: Any = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_units, activation, reuse, name, dtype, kwargs)
        self._use_peepholes = use_peepholes
        self._cell_clip = cell_clip
        self._initializer = initializers.get(initializer)
        self._num_proj = num_proj
        self._proj_clip = proj_clip
        self._num_unit_shards = num_unit_shards
        self._num_proj_shards = num_proj_shards
        self._forget_bias = forget_bias
        self._state_is_tuple = state_is_tuple

    @property
    def output_size(self) -> int:
        """Size of the output."""
        return self._num_proj if self._num_proj else self._num_units

    @property
    def state_size(self) -> Any:
        """Sizes of the memory and the output."""
        sizes = (self._num_units, self.output_size)
        return LSTMStateTuple(*sizes) if self._state_is_tuple else sum(sizes)

    def make_weights(self, depth: int) -> None:
        n, h = self._num_units, self._num_units if self._num_proj is None else self._num_proj
        self._kernel = self.add_variable(
            "kernel", shape=[depth + h, 4 * n], initializer=self._initializer, partitioner=_parts(self._num_unit_shards)
        )
        self._bias = self.add_variable("bias", shape=[4 * n], initializer=zeros_of(self.dtype))
        if self._use_peepholes:
            self._w_f_diag = self.add_variable("w_f_diag", shape=[n], initializer=self._initializer)
            self._w_i_diag = self.add_variable("w_i_diag", shape=[n], initializer=self._initializer)
            self._w_o_diag = self.add_variable("w_o_diag", shape=[n], initializer=self._initializer)
        if self._num_proj is not None:
            self._proj_kernel = self.add_variable(
                "projection/kernel",
                shape=[n, self._num_proj],
                initializer=self._initializer,
                partitioner=_parts(self._num_proj_shards),
            )

    def call(self, inputs: Any, state: Any) -> tuple[Tensor, Any]:
        """One time step."""
        check_inputs(inputs, state)
        if self._state_is_tuple:
            c_prev, m_prev = state
        else:
            c_prev = slice_(state, [0, 0], [-1, self._num_units])
            m_prev = slice_(state, [0, self._num_units], [-1, self.output_size])
        if inputs.shape.with_rank(2).as_list()[1] is None:
            raise ValueError("Could not infer input size from inputs.get_shape()[-1]")
        gates = bias_add(matmul(concat([inputs, m_prev], 1), self._kernel), self._bias)
        i, j, f, o = split(value=gates, num_or_size_splits=4, axis=1)  # input, new, forget, output
        if self._use_peepholes:
            kept = sigmoid(f + self._forget_bias + self._w_f_diag * c_prev) * c_prev
            c = kept + sigmoid(i + self._w_i_diag * c_prev) * self._activation(j)
        else:
            kept = sigmoid(f + self._forget_bias) * c_prev
            c = kept + sigmoid(i) * self._activation(j)
        if self._cell_clip is not None:
            c = clip_by_value(c, -self._cell_clip, self._cell_clip)
        if self._use_peepholes:
            m = sigmoid(o + self._w_o_diag * c) * self._activation(c)
        else:
            m = sigmoid(o) * self._activation(c)
        if self._num_proj is not None:
            m = matmul(m, self._proj_kernel)
            if self._proj_clip is not None:
                m = clip_by_value(m, -self._proj_clip, self._proj_clip)
        return m, LSTMStateTuple(c, m) if self._state_is_tuple else concat([c, m], 1)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "use_peepholes": self._use_peepholes,
            "cell_clip": self._cell_clip,
            "initializer": initializers.serialize(self._initializer),
            "num_proj": self._num_proj,
            "proj_clip": self._proj_clip,
            "num_unit_shards": self._num_unit_shards,
            "num_proj_shards": self._num_proj_shards,
            "forget_bias": self._forget_bias,
            "state_is_tuple": self._state_is_tuple,
        }


def _parts(count: int | None) -> Any:
    return None if count is None else fixed_size_partitioner(count)

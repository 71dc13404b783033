"""`tf.contrib.rnn`: LSTM and GRU cells whose time step is a single operation."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.keras.engine.input_spec import InputSpec
from flowlab._src.layers.base import Layer
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.cast import cast
from flowlab._src.ops.fill import zeros
from flowlab._src.ops.gather import gather_nd
from flowlab._src.ops.joining import concat, stack, unstack
from flowlab._src.ops.reduce import reduce_max
from flowlab._src.ops.selecting import sequence_mask
from flowlab._src.ops.sequences import range_
from flowlab._src.ops.transposing import transpose
from flowlab._src.rnn.cell import LayerRNNCell
from flowlab._src.rnn.cells import LSTMStateTuple
from flowlab._src.util.export import export
from flowlab._src.variables.initializers import Constant


@export("contrib.rnn.LSTMBlockCell")
class LSTMBlockCell(LayerRNNCell):
    """An LSTM cell whose time step is one operation; its weights are named as those of `tf.nn.rnn_cell.LSTMCell`.

    Parameters
    ----------
    num_units : int
        Size of the memory and of the output.
    forget_bias : float
        Added to the forget gate, so that a new cell remembers.
    cell_clip : float, optional
        The memory is kept within -cell_clip and cell_clip.
    use_peephole : bool
        Let the gates see the memory.
    dtype : DType, optional
    reuse : bool, optional
    name : str

    Examples
    --------
    >>> cell = tf.contrib.rnn.LSTMBlockCell(5)
    >>> output, state = cell(tf.zeros([2, 3]), cell.zero_state(2, tf.float32))
    >>> output.op.type, [v.name for v in cell.weights]
    ('LSTMBlockCell', ['lstm_cell/kernel:0', 'lstm_cell/bias:0'])
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        cell_clip: float | None = None,
        use_peephole: bool = False,
        dtype: Any = None,
        reuse: Any = None,
        name: Any = "lstm_cell",
    ) -> None:
        super().__init__(_reuse=reuse, dtype=dtype, name=name)
        self._num_units = num_units
        self._forget_bias = forget_bias
        self._use_peephole = use_peephole
        self._cell_clip = cell_clip if cell_clip is not None else -1
        self.input_spec = InputSpec(ndim=2)

    _kernel: Any
    _bias: Any

    @property
    def state_size(self) -> Any:
        """Sizes of the memory and the output."""
        return LSTMStateTuple(self._num_units, self._num_units)

    @property
    def output_size(self) -> int:
        """Size of the output."""
        return self._num_units

    def build(self, input_shape: Any) -> None:
        size = input_shape.as_list()[1]
        if not size:
            raise ValueError(f"Expecting inputs_shape[1] to be set: {input_shape}")
        make_lstm_weights(self, size, self._num_units, self._use_peephole)
        self.built = True

    def call(self, inputs: Any, state: Any) -> tuple[Tensor, Any]:
        """One time step."""
        if len(state) != 2:
            raise ValueError("Expecting state to be a tuple with length 2.")
        wci, wcf, wco = peepholes_of(self, self._num_units, inputs.dtype)
        cs_prev, h_prev = state
        _, cs, _, _, _, _, h = raw.LSTMBlockCell(
            inputs, cs_prev, h_prev, self._kernel, wci, wcf, wco, self._bias,
            forget_bias=float(self._forget_bias), cell_clip=float(self._cell_clip), use_peephole=self._use_peephole,
        )  # fmt: skip
        return h, LSTMStateTuple(cs, h)


def make_lstm_weights(layer: Any, size: int, units: int, peepholes: bool) -> None:
    """The weights of an LSTM in one operation."""
    layer._kernel = layer.add_variable("kernel", [size + units, units * 4])
    layer._bias = layer.add_variable("bias", [units * 4], initializer=Constant(0.0))
    if peepholes:
        layer._w_i_diag = layer.add_variable("w_i_diag", [units])
        layer._w_f_diag = layer.add_variable("w_f_diag", [units])
        layer._w_o_diag = layer.add_variable("w_o_diag", [units])


def peepholes_of(layer: Any, units: int, dtype: Any) -> tuple[Any, Any, Any]:
    """The weights through which the gates see the memory; zeros if they do not."""
    if layer._use_peephole:
        return layer._w_i_diag, layer._w_f_diag, layer._w_o_diag
    nothing = zeros([units], dtype=dtype)
    return nothing, nothing, nothing


@export("contrib.rnn.GRUBlockCell")
class GRUBlockCell(LayerRNNCell):
    """A GRU cell whose time step is one operation; see `GRUBlockCellV2` for names of weights like those of GRUCell.

    Parameters
    ----------
    num_units, cell_size : int
        Size of the state and of the output; `cell_size` is the old name.
    reuse : bool, optional
    name : str

    Examples
    --------
    >>> cell = tf.contrib.rnn.GRUBlockCell(5)
    >>> output, state = cell(tf.zeros([2, 3]), cell.zero_state(2, tf.float32))
    >>> output.op.type, [v.name for v in cell.weights]
    ('GRUBlockCell', ['gru_cell/w_ru:0', 'gru_cell/b_ru:0', 'gru_cell/w_c:0', 'gru_cell/b_c:0'])
    """

    _names = ("w_ru", "b_ru", "w_c", "b_c")

    def __init__(
        self, num_units: int | None = None, cell_size: int | None = None, reuse: Any = None, name: Any = "gru_cell"
    ) -> None:
        super().__init__(_reuse=reuse, name=name)
        if (cell_size is None) == (num_units is None):
            raise ValueError("Exactly one of num_units or cell_size must be provided.")
        self._cell_size: int = cell_size if num_units is None else num_units  # type: ignore[assignment]  # one of them
        self.input_spec = InputSpec(ndim=2)

    @property
    def state_size(self) -> int:
        """Size of the state."""
        return self._cell_size

    @property
    def output_size(self) -> int:
        """Size of the output."""
        return self._cell_size

    def build(self, input_shape: Any) -> None:
        size, n = input_shape.as_list()[1], self._cell_size
        if size is None:
            raise ValueError("Expecting input_size to be set.")
        w_ru, b_ru, w_c, b_c = self._names
        self._gate_kernel = self.add_variable(w_ru, [size + n, n * 2])
        self._gate_bias = self.add_variable(b_ru, [n * 2], initializer=Constant(1.0))
        self._candidate_kernel = self.add_variable(w_c, [size + n, n])
        self._candidate_bias = self.add_variable(b_c, [n], initializer=Constant(0.0))
        self.built = True

    def call(self, inputs: Any, h_prev: Any) -> tuple[Tensor, Tensor]:
        """One time step."""
        if h_prev.shape.with_rank(2).as_list()[1] != self._cell_size:
            raise ValueError(f"Shape of h_prev[1] incorrect: cell_size {self._cell_size} vs {h_prev.shape[1]}")
        *_, new_h = raw.GRUBlockCell(
            inputs, h_prev, self._gate_kernel, self._candidate_kernel, self._gate_bias, self._candidate_bias
        )
        return new_h, new_h


@export("contrib.rnn.GRUBlockCellV2")
class GRUBlockCellV2(GRUBlockCell):
    """A GRU cell whose time step is one operation; its weights are named as those of `tf.nn.rnn_cell.GRUCell`."""

    _names = ("gates/kernel", "gates/bias", "candidate/kernel", "candidate/bias")


@export("contrib.rnn.LSTMBlockFusedCell")
class LSTMBlockFusedCell(Layer):
    """An LSTM over whole sequences in one operation.

    Call it on a tensor of shape (steps, batch, input size), or on a list of steps.

    Parameters
    ----------
    num_units : int
        Size of the memory and of the output.
    forget_bias : float
    cell_clip : float, optional
    use_peephole : bool
    reuse : bool, optional
    dtype : DType, optional
    name : str

    Examples
    --------
    >>> lstm = tf.contrib.rnn.LSTMBlockFusedCell(5)
    >>> outputs, state = lstm(tf.zeros([7, 2, 3]), dtype=tf.float32)
    >>> outputs.shape.as_list(), state.h.shape.as_list()
    ([7, 2, 5], [2, 5])
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        cell_clip: float | None = None,
        use_peephole: bool = False,
        reuse: Any = None,
        dtype: Any = None,
        name: Any = "lstm_fused_cell",
    ) -> None:
        super().__init__(_reuse=reuse, name=name, dtype=dtype)
        self._num_units = num_units
        self._forget_bias = forget_bias
        self._cell_clip = cell_clip if cell_clip is not None else -1
        self._use_peephole = use_peephole
        self.input_spec = InputSpec(ndim=3)

    _kernel: Any
    _bias: Any

    @property
    def num_units(self) -> int:
        """Size of the memory and of the output."""
        return self._num_units

    def build(self, input_shape: Any) -> None:
        make_lstm_weights(self, input_shape.as_list()[2], self._num_units, self._use_peephole)
        self.built = True

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Run over sequences; `initial_state`, `dtype` and `sequence_length` as in `tf.nn.dynamic_rnn`."""
        as_list = isinstance(inputs, list)
        outputs, state = super().__call__(stack(inputs) if as_list else inputs, *args, **kwargs)
        if as_list:
            outputs = unstack(outputs)
        return outputs, state

    def call(
        self, inputs: Any, initial_state: Any = None, dtype: Any = None, sequence_length: Any = None
    ) -> tuple[Tensor, Any]:
        """All time steps."""
        steps, known_batch, _ = inputs.shape.with_rank(3).as_list()
        batch = known_batch if known_batch is not None else shape_of(inputs)[1]
        steps = steps if steps is not None else shape_of(inputs)[0]
        if initial_state is None:
            if dtype is None:
                raise ValueError("Either initial_state or dtype needs to be specified")
            nothing = zeros(stack([batch, self._num_units]), dtype=dtype)
            initial_state = (nothing, nothing)
        elif len(initial_state) != 2:
            raise ValueError("Expecting initial_state to be a tuple with length 2 or None")
        if dtype is None:
            dtype = initial_state[0].dtype
        if sequence_length is not None:
            sequence_length = convert(sequence_length)
            longest = cast(reduce_max(sequence_length), dtypes.int64)
        else:
            longest = cast(steps, dtypes.int64)
        wci, wcf, wco = peepholes_of(self, self._num_units, dtype)
        c0, h0 = initial_state
        _, cs, _, _, _, _, h = raw.BlockLSTM(
            longest, inputs, c0, h0, self._kernel, wci, wcf, wco, self._bias,
            forget_bias=float(self._forget_bias), cell_clip=float(self._cell_clip), use_peephole=self._use_peephole,
        )  # fmt: skip
        if sequence_length is None:
            return h, LSTMStateTuple(cs[-1], h[-1])
        # The state of each sequence is the one after its own last step; steps behind it are zeros.
        mask = transpose(sequence_mask(sequence_length, steps, dtype=dtype), [1, 0])
        with name_scope("mask"):
            h = h * raw.ExpandDims(mask, -1)
        where = stack([cast(sequence_length, dtypes.int32), range_(batch)], axis=1)
        final_c = gather_nd(concat([raw.ExpandDims(c0, 0), cs], 0), where)
        final_h = gather_nd(concat([raw.ExpandDims(h0, 0), h], 0), where)
        return h, LSTMStateTuple(final_c, final_h)

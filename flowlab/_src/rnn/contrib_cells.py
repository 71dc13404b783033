"""`tf.contrib.rnn`: cells with normalization, with convolutions, and of other designs."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph import dtypes
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.joining import concat
from flowlab._src.ops.linalg import matmul
from flowlab._src.ops.nn_conv import conv2d
from flowlab._src.ops.nn_convolution import conv1d
from flowlab._src.ops.nn_dropout import dropout
from flowlab._src.ops.nn_linear import bias_add
from flowlab._src.ops.nn_normalize import batch_normalization, moments
from flowlab._src.ops.splitting import split
from flowlab._src.ops.transcendental import sigmoid, tanh
from flowlab._src.rnn.cell import RNNCell
from flowlab._src.rnn.cells import LSTMStateTuple
from flowlab._src.rnn.projections import Linear
from flowlab._src.util.export import export
from flowlab._src.variables.initializers import Constant
from flowlab._src.variables.scope import get_variable, get_variable_scope, variable_scope


@export("contrib.rnn.LayerNormBasicLSTMCell")
class LayerNormBasicLSTMCell(RNNCell):
    """LSTM with layer normalization and dropout of what is added to the memory.

    Parameters
    ----------
    num_units : int
        Size of the memory and of the output.
    forget_bias : float
    input_size : optional
        Accepted for compatibility.
    activation : callable
    layer_norm : bool
        Normalize the gates and the memory of each example.
    norm_gain, norm_shift : float
        What scale and offset of the normalizations begin with.
    dropout_keep_prob : float or Tensor
        Share of the new memory that is KEPT.
    dropout_prob_seed : int, optional
    reuse : bool, optional

    Examples
    --------
    >>> cell = tf.contrib.rnn.LayerNormBasicLSTMCell(5, dropout_keep_prob=0.9)
    >>> outputs, state = tf.nn.dynamic_rnn(cell, tf.zeros([2, 7, 3]), dtype=tf.float32)
    >>> len(cell.trainable_weights)
    11

    References
    ----------
    Ba et al., "Layer normalization" (2016); Semeniuta et al., "Recurrent dropout without memory loss" (2016).
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        input_size: Any = None,
        activation: Any = tanh,
        layer_norm: bool = True,
        norm_gain: float = 1.0,
        norm_shift: float = 0.0,
        dropout_keep_prob: Any = 1.0,
        dropout_prob_seed: int | None = None,
        reuse: Any = None,
    ) -> None:
        super().__init__(_reuse=reuse)
        self._num_units = num_units
        self._activation = activation
        self._forget_bias = forget_bias
        self._keep_prob = dropout_keep_prob
        self._seed = dropout_prob_seed
        self._layer_norm = layer_norm
        self._norm_gain = norm_gain
        self._norm_shift = norm_shift
        self._reuse = reuse

    @property
    def state_size(self) -> Any:
        """Sizes of the memory and the output."""
        return LSTMStateTuple(self._num_units, self._num_units)

    @property
    def output_size(self) -> int:
        """Size of the output."""
        return self._num_units

    def _norm(self, x: Tensor, scope: str) -> Tensor:
        """Mean 0 and variance 1 for each example, then scale and offset."""
        size = x.shape[-1:]
        with variable_scope(scope):
            gamma = get_variable("gamma", shape=size, initializer=Constant(self._norm_gain), dtype=x.dtype)
            beta = get_variable("beta", shape=size, initializer=Constant(self._norm_shift), dtype=x.dtype)
        with variable_scope(scope, "LayerNorm", [x], reuse=True):
            mean, variance = moments(x, [1], keep_dims=True)
            epsilon = 1e-12 if x.dtype != dtypes.float16 else 1e-3
            result = batch_normalization(x, mean, variance, offset=beta, scale=gamma, variance_epsilon=epsilon)
            result.set_shape(x.shape)
        return result

    def _linear(self, args: Tensor) -> Tensor:
        size = 4 * self._num_units
        weights = get_variable("kernel", [args.shape.as_list()[-1], size], dtype=args.dtype)
        out = matmul(args, weights)
        return out if self._layer_norm else bias_add(out, get_variable("bias", [size], dtype=args.dtype))

    def call(self, inputs: Any, state: Any) -> tuple[Tensor, Any]:
        """One time step."""
        c, h = state
        i, j, f, o = split(value=self._linear(concat([inputs, h], 1)), num_or_size_splits=4, axis=1)
        if self._layer_norm:
            i, j = self._norm(i, "input"), self._norm(j, "transform")
            f, o = self._norm(f, "forget"), self._norm(o, "output")
        g = self._activation(j)
        if not isinstance(self._keep_prob, float) or self._keep_prob < 1:
            g = dropout(g, self._keep_prob, seed=self._seed)
        new_c = c * sigmoid(f + self._forget_bias) + sigmoid(i) * g
        if self._layer_norm:
            new_c = self._norm(new_c, "state")
        new_h = self._activation(new_c) * sigmoid(o)
        return new_h, LSTMStateTuple(new_c, new_h)


@export("contrib.rnn.UGRNNCell")
class UGRNNCell(RNNCell):
    """Update gate cell: between a plain cell and a GRU, with one gate.

    Parameters
    ----------
    num_units : int
        Size of the state and of the output.
    initializer : initializer, optional
    forget_bias : float
    activation : callable
    reuse : bool, optional

    References
    ----------
    Collins et al., "Capacity and trainability in recurrent neural networks" (2016).
    """

    def __init__(
        self,
        num_units: int,
        initializer: Any = None,
        forget_bias: float = 1.0,
        activation: Any = tanh,
        reuse: Any = None,
    ) -> None:
        super().__init__(_reuse=reuse)
        self._num_units = num_units
        self._initializer = initializer
        self._forget_bias = forget_bias
        self._activation = activation
        self._linear = Linear(2 * num_units)

    @property
    def state_size(self) -> int:
        """Size of the state."""
        return self._num_units

    @property
    def output_size(self) -> int:
        """Size of the output."""
        return self._num_units

    def call(self, inputs: Any, state: Any) -> tuple[Tensor, Tensor]:
        """One time step."""
        if inputs.shape.with_rank(2).as_list()[1] is None:
            raise ValueError("Could not infer input size from inputs.get_shape()[-1]")
        with variable_scope(get_variable_scope(), initializer=self._initializer):
            g, c = split(axis=1, num_or_size_splits=2, value=self._linear(concat([inputs, state], 1)))
            c = self._activation(c)
            g = sigmoid(g + self._forget_bias)
            new_state = g * state + (1.0 - g) * c
        return new_state, new_state


@export("contrib.rnn.ConvLSTMCell")
class ConvLSTMCell(RNNCell):
    """LSTM on images: states are images, gates look at windows of them.

    Parameters
    ----------
    conv_ndims : {1, 2, 3}
        Number of axes of the images.
    input_shape : list of int
        Shape of an input, without the batch: its axes, then the channels.
    output_channels : int
    kernel_shape : list of int
        Size of the window.
    use_bias : bool
    skip_connection : bool
        Join the input to the output.
    forget_bias : float
    initializers : optional
        Accepted for compatibility.
    name : str

    Examples
    --------
    >>> cell = tf.contrib.rnn.Conv2DLSTMCell(input_shape=[8, 8, 3], output_channels=4, kernel_shape=[3, 3])
    >>> output, state = cell(tf.zeros([2, 8, 8, 3]), cell.zero_state(2, tf.float32))
    >>> output.shape.as_list()
    [2, 8, 8, 4]

    References
    ----------
    Shi et al., "Convolutional LSTM network: a machine learning approach for precipitation nowcasting" (2015).
    """

    def __init__(
        self,
        conv_ndims: int,
        input_shape: Any,
        output_channels: int,
        kernel_shape: Any,
        use_bias: bool = True,
        skip_connection: bool = False,
        forget_bias: float = 1.0,
        initializers: Any = None,
        name: Any = "conv_lstm_cell",
    ) -> None:
        super().__init__(name=name)
        if conv_ndims != len(input_shape) - 1:
            raise ValueError(f"Invalid input_shape {input_shape} for conv_ndims={conv_ndims}.")
        self._conv_ndims = conv_ndims
        self._image_shape = list(input_shape)
        self._output_channels = output_channels
        self._kernel_shape = list(kernel_shape)
        self._use_bias = use_bias
        self._forget_bias = forget_bias
        self._skip_connection = skip_connection

    @property
    def output_size(self) -> TensorShape:
        """Shape of an output, without the batch."""
        channels = self._output_channels + (self._image_shape[-1] if self._skip_connection else 0)
        return TensorShape([*self._image_shape[:-1], channels])

    @property
    def state_size(self) -> Any:
        """Shapes of the memory and the output."""
        shape = TensorShape([*self._image_shape[:-1], self._output_channels])
        return LSTMStateTuple(shape, shape)

    def _convolve(self, x: Tensor) -> Tensor:
        channels, rank = 4 * self._output_channels, self._conv_ndims + 2
        kernel = get_variable("kernel", [*self._kernel_shape, x.shape.as_list()[-1], channels], dtype=x.dtype)
        if rank == 3:
            result = conv1d(x, kernel, 1, padding="SAME")
        elif rank == 4:
            result = conv2d(x, kernel, [1] * 4, padding="SAME")
        else:
            from flowlab._src.ops.nn_conv3d import conv3d

            result = conv3d(x, kernel, [1] * 5, padding="SAME")
        if not self._use_bias:
            return result
        bias = get_variable("biases", [channels], dtype=x.dtype, initializer=Constant(0.0, dtype=x.dtype))
        return result + bias

    def call(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Tensor, Any]:
        """One time step."""
        cell, hidden = state
        gates = self._convolve(concat(axis=self._conv_ndims + 1, values=[inputs, hidden]))
        i, j, f, o = split(value=gates, num_or_size_splits=4, axis=self._conv_ndims + 1)
        new_cell = sigmoid(f + self._forget_bias) * cell
        new_cell += sigmoid(i) * tanh(j)
        output = tanh(new_cell) * sigmoid(o)
        if self._skip_connection:
            output = concat([output, inputs], axis=-1)
        return output, LSTMStateTuple(new_cell, output)


@export("contrib.rnn.Conv1DLSTMCell")
class Conv1DLSTMCell(ConvLSTMCell):
    """LSTM on sequences of signals; see `ConvLSTMCell`."""

    def __init__(self, name: Any = "conv_1d_lstm_cell", **kwargs: Any) -> None:
        super().__init__(conv_ndims=1, name=name, **kwargs)


@export("contrib.rnn.Conv2DLSTMCell")
class Conv2DLSTMCell(ConvLSTMCell):
    """LSTM on sequences of images; see `ConvLSTMCell`."""

    def __init__(self, name: Any = "conv_2d_lstm_cell", **kwargs: Any) -> None:
        super().__init__(conv_ndims=2, name=name, **kwargs)


@export("contrib.rnn.Conv3DLSTMCell")
class Conv3DLSTMCell(ConvLSTMCell):
    """LSTM on sequences of volumes; see `ConvLSTMCell`."""

    def __init__(self, name: Any = "conv_3d_lstm_cell", **kwargs: Any) -> None:
        super().__init__(conv_ndims=3, name=name, **kwargs)

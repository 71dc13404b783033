"""`tf.contrib.seq2seq`: decoding, a loop that runs a decoder until all its sequences are finished."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import suppress
from typing import Any, NamedTuple

from flowlab._src.errors import add_notes
from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.op import constant_value
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.keras.engine.base_layer import Layer
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.compare import logical_not, logical_or
from flowlab._src.ops.constant import constant
from flowlab._src.ops.fill import fill, zeros_like
from flowlab._src.ops.reduce import reduce_all
from flowlab._src.ops.selecting import where
from flowlab._src.ops.tensor_array_class import TensorArray
from flowlab._src.ops.while_loop import while_loop
from flowlab._src.rnn.cell import assert_like_rnncell
from flowlab._src.rnn.dynamic import transpose_batch_time
from flowlab._src.rnn.seq2seq_helpers import Helper
from flowlab._src.rnn.sizes import joined_shape, zero_tensors
from flowlab._src.rnn.step import share_device
from flowlab._src.util import nest, source
from flowlab._src.util.export import export
from flowlab._src.variables.scope import variable_scope


@export("contrib.seq2seq.Decoder")
class Decoder(ABC):
    """Base class of what `tf.contrib.seq2seq.dynamic_decode` can run.

    A subclass names the size and dtype of its outputs, says in `initialize` what to begin with, and in `step` what one
    step does.

    Examples
    --------
    >>> class Countdown(tf.contrib.seq2seq.Decoder):
    ...     batch_size = 2
    ...     output_size = tf.TensorShape([])
    ...     output_dtype = tf.int32
    ...
    ...     def initialize(self, name=None):
    ...         start = tf.constant([3, 1])
    ...         return tf.equal(start, 0), start, start
    ...
    ...     def step(self, time, inputs, state, name=None):
    ...         return state, state - 1, inputs, state <= 1
    >>> outputs, _, lengths = tf.contrib.seq2seq.dynamic_decode(Countdown(), impute_finished=True)
    >>> with tf.Session() as sess:
    ...     sess.run(outputs).tolist(), sess.run(lengths).tolist()
    ([[3, 2, 1], [1, 0, 0]], [3, 1])
    """

    @property
    def batch_size(self) -> Any:
        """Number of sequences."""
        raise NotImplementedError

    @property
    def output_size(self) -> Any:
        """Size of the outputs of one step for one sequence: int, TensorShape, or a structure of them."""
        raise NotImplementedError

    @property
    def output_dtype(self) -> Any:
        """Dtype of the outputs, in the structure of `output_size`."""
        raise NotImplementedError

    @abstractmethod
    def initialize(self, name: str | None = None) -> Any:
        """Return `(finished, first_inputs, first_state)`; `finished` is a bool for each sequence."""

    @abstractmethod
    def step(self, time: Any, inputs: Any, state: Any, name: str | None = None) -> Any:
        """Return `(outputs, next_state, next_inputs, finished)` of one step."""

    def finalize(self, outputs: Any, final_state: Any, sequence_lengths: Any) -> Any:
        """Return `(outputs, final_state)` as the caller shall get them; optional."""
        raise NotImplementedError

    @property
    def tracks_own_finished(self) -> bool:
        """True if a sequence that was finished may be unfinished later: beams that change their places."""
        return False


@export("contrib.seq2seq.BasicDecoderOutput")
class BasicDecoderOutput(NamedTuple):
    """What a `tf.contrib.seq2seq.BasicDecoder` emits: the outputs of the cell, and what was sampled from them."""

    rnn_output: Any
    sample_id: Any


@export("contrib.seq2seq.BasicDecoder")
class BasicDecoder(Decoder):
    """A cell that is fed what a helper chooses: the targets in training, its own outputs afterwards.

    Parameters
    ----------
    cell : RNNCell
    helper : tf.contrib.seq2seq.Helper
    initial_state : Tensor or structure
        State of the cell to begin with, usually the last one of the encoder.
    output_layer : Layer, optional
        Applied to the outputs of the cell before sampling: `tf.layers.Dense(vocabulary)`.

    Raises
    ------
    TypeError
        If an argument is none of these.

    Examples
    --------
    >>> cell = tf.nn.rnn_cell.GRUCell(8)
    >>> helper = tf.contrib.seq2seq.TrainingHelper(tf.zeros([2, 5, 3]), sequence_length=[5, 3])
    >>> decoder = tf.contrib.seq2seq.BasicDecoder(
    ...     cell, helper, cell.zero_state(2, tf.float32), output_layer=tf.layers.Dense(10)
    ... )
    >>> outputs, state, lengths = tf.contrib.seq2seq.dynamic_decode(decoder)
    >>> with tf.Session() as sess:
    ...     sess.run(tf.global_variables_initializer())
    ...     sess.run(outputs).rnn_output.shape, sess.run(lengths).tolist()
    ((2, 5, 10), [5, 3])
    """

    def __init__(self, cell: Any, helper: Any, initial_state: Any, output_layer: Any = None) -> None:
        assert_like_rnncell("cell", cell)
        if not isinstance(helper, Helper):
            raise TypeError(f"helper must be a Helper, received: {type(helper)}")
        if output_layer is not None and not isinstance(output_layer, Layer):
            raise TypeError(f"output_layer must be a Layer, received: {type(output_layer)}")
        self._cell = cell
        self._helper = helper
        self._initial_state = initial_state
        self._output_layer = output_layer

    @property
    def batch_size(self) -> Any:
        """Number of sequences, as the helper says."""
        return self._helper.batch_size

    def _rnn_output_size(self) -> Any:
        size, layer = self._cell.output_size, self._output_layer
        if layer is None:
            return size
        return nest.map_structure(lambda s: layer.compute_output_shape(joined_shape(None, s))[1:], size)

    @property
    def output_size(self) -> BasicDecoderOutput:
        """Sizes of the outputs and of the samples."""
        return BasicDecoderOutput(rnn_output=self._rnn_output_size(), sample_id=self._helper.sample_ids_shape)

    @property
    def output_dtype(self) -> BasicDecoderOutput:
        """Dtypes of the outputs (that of the state) and of the samples."""
        dtype = nest.flatten(self._initial_state)[0].dtype
        return BasicDecoderOutput(
            nest.map_structure(lambda _: dtype, self._rnn_output_size()), self._helper.sample_ids_dtype
        )

    def initialize(self, name: str | None = None) -> Any:
        """Return `(finished, first_inputs, initial_state)`."""
        return (*self._helper.initialize(), self._initial_state)

    def step(self, time: Any, inputs: Any, state: Any, name: str | None = None) -> Any:
        """Run the cell, sample from its outputs, and ask the helper for the next inputs."""
        with name_scope(name, "BasicDecoderStep", (time, inputs, state)):
            outputs, cell_state = self._cell(inputs, state)
            if self._output_layer is not None:
                outputs = self._output_layer(outputs)
            sample_ids = self._helper.sample(time=time, outputs=outputs, state=cell_state)
            finished, next_inputs, next_state = self._helper.next_inputs(
                time=time, outputs=outputs, state=cell_state, sample_ids=sample_ids
            )
        return BasicDecoderOutput(outputs, sample_ids), next_state, next_inputs, finished


@export("contrib.seq2seq.dynamic_decode")
def dynamic_decode(
    decoder: Any,
    output_time_major: bool = False,
    impute_finished: bool = False,
    maximum_iterations: Any = None,
    parallel_iterations: int = 32,
    swap_memory: bool = False,
    scope: Any = None,
) -> tuple[Any, Any, Tensor]:
    """Run a decoder step by step, until all its sequences are finished.

    Parameters
    ----------
    decoder : tf.contrib.seq2seq.Decoder
    output_time_major : bool
        The first axis of the outputs is the steps, the second the batch.
    impute_finished : bool
        Behind the end of a sequence, outputs are zeros and the state stays; gradients ignore these steps.
    maximum_iterations : int or scalar Tensor of int32, optional
        Stop after so many steps in any case.
    parallel_iterations, swap_memory
        Accepted for compatibility.
    scope : str or VariableScope, optional
        "decoder" if not given.

    Returns
    -------
    final_outputs : Tensor of shape (batch, steps, ...), or a structure of them
    final_state
    final_sequence_lengths : Tensor, shape (batch,), int32
        Steps of each sequence, the one that finished it included.

    Raises
    ------
    TypeError
        If `decoder` is no Decoder.
    ValueError
        If `maximum_iterations` is no scalar.

    Examples
    --------
    >>> cell = tf.nn.rnn_cell.GRUCell(4)
    >>> helper = tf.contrib.seq2seq.GreedyEmbeddingHelper(tf.eye(4), start_tokens=[0, 0], end_token=3)
    >>> decoder = tf.contrib.seq2seq.BasicDecoder(cell, helper, cell.zero_state(2, tf.float32))
    >>> outputs, _, lengths = tf.contrib.seq2seq.dynamic_decode(decoder, maximum_iterations=6)
    >>> outputs.sample_id.shape.as_list(), lengths.shape.as_list()
    ([2, None], [2])
    """
    if not isinstance(decoder, Decoder):
        site = source.caller(2)
        raise add_notes(
            TypeError(f"Expected decoder to be type Decoder, but saw: {type(decoder)}"),
            where=site.quote() if site else "",
            fix="tf.contrib.seq2seq.BasicDecoder(cell, helper, initial_state)",
        )
    with variable_scope(scope, "decoder") as varscope:
        share_device(varscope)
        if maximum_iterations is not None:
            maximum_iterations = convert(maximum_iterations, dtype=dtypes.int32, name="maximum_iterations")
            if maximum_iterations.shape.ndims != 0:
                raise ValueError("maximum_iterations must be a scalar")
        finished, first_inputs, first_state = decoder.initialize()
        sizes, kinds = decoder.output_size, decoder.output_dtype
        zero_outputs = nest.map_structure(
            lambda size, dtype: zero_tensors(size, decoder.batch_size, dtype), sizes, kinds
        )
        if maximum_iterations is not None:
            finished = logical_or(finished, maximum_iterations <= 0)
        lengths = zeros_like(finished, dtype=dtypes.int32)
        time = constant(0, dtype=dtypes.int32)

        def array(size: Any, dtype: Any) -> TensorArray:
            return TensorArray(
                dtype=dtype, size=0, dynamic_size=True, element_shape=_element_shape(decoder.batch_size, size)
            )

        arrays = nest.map_structure(array, sizes, kinds)

        def go_on(time: Any, arrays: Any, state: Any, inputs: Any, finished: Any, lengths: Any) -> Tensor:
            return logical_not(reduce_all(finished))

        def step(time: Any, arrays: Any, state: Any, inputs: Any, finished: Any, lengths: Any) -> Any:
            outputs, next_state, next_inputs, now_finished = decoder.step(time, inputs, state)
            next_finished = now_finished if decoder.tracks_own_finished else logical_or(now_finished, finished)
            next_lengths = where(logical_not(finished), fill(shape_of(lengths), time + 1), lengths)
            nest.assert_same_structure(state, next_state)
            nest.assert_same_structure(arrays, outputs)
            nest.assert_same_structure(inputs, next_inputs)
            if impute_finished:
                outputs = nest.map_structure(lambda out, zero: where(finished, zero, out), outputs, zero_outputs)
                next_state = nest.map_structure(lambda new, old: _keep_finished(finished, old, new), next_state, state)
            arrays = nest.map_structure(lambda a, out: a.write(time, out), arrays, outputs)
            return time + 1, arrays, next_state, next_inputs, next_finished, next_lengths

        result = while_loop(
            go_on,
            step,
            loop_vars=(time, arrays, first_state, first_inputs, finished, lengths),
            parallel_iterations=parallel_iterations,
            maximum_iterations=maximum_iterations,
            swap_memory=swap_memory,
        )
        final_state, final_lengths = result[2], result[5]
        outputs = nest.map_structure(lambda a: a.stack(), result[1])
        with suppress(NotImplementedError):
            outputs, final_state = decoder.finalize(outputs, final_state, final_lengths)
        if not output_time_major:
            outputs = nest.map_structure(transpose_batch_time, outputs)
    return outputs, final_state, final_lengths


def _element_shape(batch_size: Any, size: Any) -> TensorShape:
    """What is known of the outputs of one step."""
    if isinstance(batch_size, Tensor):
        known = constant_value(batch_size)
        batch_size = None if known is None else int(known)
    return joined_shape(batch_size, size)


def _keep_finished(finished: Tensor, old: Any, new: Any) -> Any:
    """The old state where a sequence is finished; arrays and scalars belong to no sequence and go through."""
    if isinstance(old, TensorArray):
        return new
    new.set_shape(old.shape)
    return new if new.shape.ndims == 0 else where(finished, old, new)

"""`tf.contrib.seq2seq`: helpers, which choose what a decoder is fed in each step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape, as_shape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.argmax import argmax
from flowlab._src.ops.array_shape import shape_of, size
from flowlab._src.ops.cast import cast
from flowlab._src.ops.compare import equal
from flowlab._src.ops.cond import cond
from flowlab._src.ops.fill import fill, zeros_like
from flowlab._src.ops.nn_embedding import embedding_lookup
from flowlab._src.ops.reduce import reduce_all
from flowlab._src.ops.tensor_array_class import TensorArray
from flowlab._src.rnn.dynamic import transpose_batch_time
from flowlab._src.util import nest
from flowlab._src.util.export import export


def unstack_steps(x: Tensor) -> TensorArray:
    """The steps of a time-major tensor, one by one."""
    return TensorArray(dtype=x.dtype, size=shape_of(x)[0], element_shape=x.shape[1:]).unstack(x)


def embedding_function(embedding: Any) -> Callable[[Any], Any]:
    """What turns numbers of tokens into vectors: a function as it is, a matrix by looking its rows up."""
    return embedding if callable(embedding) else lambda ids: embedding_lookup(embedding, ids)


def check_single(outputs: Any) -> None:
    """TypeError unless the outputs of a cell are one tensor of logits."""
    if not isinstance(outputs, Tensor):
        raise TypeError(f"Expected outputs to be a single Tensor, got: {type(outputs)}")


@export("contrib.seq2seq.Helper")
class Helper(ABC):
    """Base class: a helper samples from the outputs of a step, and chooses the inputs of the next.

    See `tf.contrib.seq2seq.CustomHelper` for one that is made of functions.
    """

    @property
    @abstractmethod
    def batch_size(self) -> Any:
        """Number of sequences."""

    @property
    @abstractmethod
    def sample_ids_shape(self) -> TensorShape:
        """Shape of a sample of one sequence."""

    @property
    @abstractmethod
    def sample_ids_dtype(self) -> Any:
        """Dtype of the samples."""

    @abstractmethod
    def initialize(self, name: str | None = None) -> Any:
        """Return `(finished, first_inputs)`."""

    @abstractmethod
    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        """Return the samples of a step."""

    @abstractmethod
    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None) -> Any:
        """Return `(finished, next_inputs, next_state)`."""


class TokenHelper(Helper):
    """What most helpers share: a sample is the number of a token."""

    _batch_size: Any

    @property
    def batch_size(self) -> Any:
        """Number of sequences: scalar int32 Tensor."""
        return self._batch_size

    @property
    def sample_ids_shape(self) -> TensorShape:
        """A sample is one number."""
        return TensorShape([])

    @property
    def sample_ids_dtype(self) -> Any:
        """Numbers of tokens are int32."""
        return dtypes.int32


@export("contrib.seq2seq.CustomHelper")
class CustomHelper(Helper):
    """A helper made of three functions.

    Parameters
    ----------
    initialize_fn : callable
        `f()` returns `(finished, first_inputs)`; `finished` is a bool for each sequence.
    sample_fn : callable
        `f(time=, outputs=, state=)` returns the samples of a step.
    next_inputs_fn : callable
        `f(time=, outputs=, state=, sample_ids=)` returns `(finished, next_inputs, next_state)`.
    sample_ids_shape : list of int, optional
        Shape of the sample of one sequence; a scalar if not given.
    sample_ids_dtype : DType, optional
        int32 if not given.

    Examples
    --------
    >>> helper = tf.contrib.seq2seq.CustomHelper(
    ...     initialize_fn=lambda: (tf.fill([2], False), tf.zeros([2, 3])),
    ...     sample_fn=lambda time, outputs, state: tf.argmax(outputs, -1, output_type=tf.int32),
    ...     next_inputs_fn=lambda time, outputs, state, sample_ids: (tf.fill([2], time >= 3), outputs, state),
    ... )
    >>> cell = tf.nn.rnn_cell.GRUCell(3)
    >>> decoder = tf.contrib.seq2seq.BasicDecoder(cell, helper, cell.zero_state(2, tf.float32))
    >>> outputs, state, lengths = tf.contrib.seq2seq.dynamic_decode(decoder)
    >>> with tf.Session() as sess:
    ...     sess.run(tf.global_variables_initializer())
    ...     sess.run(lengths)
    array([4, 4], dtype=int32)
    """

    def __init__(
        self,
        initialize_fn: Callable[..., Any],
        sample_fn: Callable[..., Any],
        next_inputs_fn: Callable[..., Any],
        sample_ids_shape: Any = None,
        sample_ids_dtype: Any = None,
    ) -> None:
        self._initialize_fn = initialize_fn
        self._sample_fn = sample_fn
        self._next_inputs_fn = next_inputs_fn
        self._batch_size: Any = None
        self._sample_ids_shape = as_shape(sample_ids_shape or [])
        self._sample_ids_dtype = sample_ids_dtype or dtypes.int32

    @property
    def batch_size(self) -> Any:
        """Number of sequences, known after `initialize`."""
        if self._batch_size is None:
            raise ValueError("batch_size accessed before initialize was called")
        return self._batch_size

    @property
    def sample_ids_shape(self) -> TensorShape:
        """Shape of the sample of one sequence."""
        return self._sample_ids_shape

    @property
    def sample_ids_dtype(self) -> Any:
        """Dtype of the samples."""
        return self._sample_ids_dtype

    def initialize(self, name: str | None = None) -> Any:
        """Return `(finished, first_inputs)`."""
        with name_scope(name, f"{type(self).__name__}Initialize"):
            finished, next_inputs = self._initialize_fn()
            if self._batch_size is None:
                self._batch_size = size(finished)
        return finished, next_inputs

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        """Return what the function samples."""
        with name_scope(name, f"{type(self).__name__}Sample", (time, outputs, state)):
            return self._sample_fn(time=time, outputs=outputs, state=state)

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None) -> Any:
        """Return what the function chooses."""
        with name_scope(name, f"{type(self).__name__}NextInputs", (time, outputs, state)):
            return self._next_inputs_fn(time=time, outputs=outputs, state=state, sample_ids=sample_ids)


@export("contrib.seq2seq.TrainingHelper")
class TrainingHelper(TokenHelper):
    """Feed given inputs, whatever the decoder says: teacher forcing, for training.

    The samples are the most probable tokens; they are reported and not used.

    Parameters
    ----------
    inputs : Tensor, shape (batch, steps, input size), or a structure of them
        Usually the embedded targets, shifted by one step.
    sequence_length : vector of int32, shape (batch,)
    time_major : bool
        The first axis of the inputs is the steps.
    name : str, optional

    Raises
    ------
    ValueError
        If `sequence_length` is no vector.

    Examples
    --------
    >>> cell = tf.nn.rnn_cell.GRUCell(4)
    >>> helper = tf.contrib.seq2seq.TrainingHelper(tf.zeros([2, 5, 3]), sequence_length=[5, 2])
    >>> decoder = tf.contrib.seq2seq.BasicDecoder(cell, helper, cell.zero_state(2, tf.float32))
    >>> outputs, state, lengths = tf.contrib.seq2seq.dynamic_decode(decoder, impute_finished=True)
    >>> with tf.Session() as sess:
    ...     sess.run(tf.global_variables_initializer())
    ...     sess.run(lengths)
    array([5, 2], dtype=int32)
    """

    def __init__(self, inputs: Any, sequence_length: Any, time_major: bool = False, name: str | None = None) -> None:
        with name_scope(name, "TrainingHelper", [inputs, sequence_length]):
            inputs = nest.map_structure(lambda x: convert(x, name="inputs"), inputs)
            self._inputs = inputs
            if not time_major:
                inputs = nest.map_structure(transpose_batch_time, inputs)
            self._input_arrays = nest.map_structure(unstack_steps, inputs)
            self._sequence_length = convert(sequence_length, name="sequence_length")
            if self._sequence_length.shape.ndims != 1:
                raise ValueError(
                    f"Expected sequence_length to be a vector, but received shape: {self._sequence_length.shape}"
                )
            self._zero_inputs = nest.map_structure(lambda x: zeros_like(x[0, :]), inputs)
            self._batch_size = size(self._sequence_length)

    @property
    def inputs(self) -> Any:
        """The inputs as they were given."""
        return self._inputs

    @property
    def sequence_length(self) -> Tensor:
        """Length of each sequence."""
        return self._sequence_length

    def initialize(self, name: str | None = None) -> Any:
        """Return `(finished, first_inputs)`; sequences of length 0 are finished."""
        with name_scope(name, "TrainingHelperInitialize"):
            finished = equal(0, self._sequence_length)
            return finished, self._read(finished, 0)

    def _read(self, finished: Tensor, time: Any) -> Any:
        """The inputs of a step; zeros when all sequences are at their end, where there are none left."""
        return cond(
            reduce_all(finished),
            lambda: self._zero_inputs,
            lambda: nest.map_structure(lambda array: array.read(time), self._input_arrays),
        )

    def sample(self, time: Any, outputs: Any, state: Any = None, name: str | None = None) -> Any:
        """Return the most probable tokens."""
        with name_scope(name, "TrainingHelperSample", [time, outputs]):
            return cast(argmax(outputs, axis=-1), dtypes.int32)

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any = None, name: str | None = None) -> Any:
        """Return the inputs of the next step."""
        with name_scope(name, "TrainingHelperNextInputs", [time, outputs, state]):
            next_time = time + 1
            finished = next_time >= self._sequence_length
            return finished, self._read(finished, next_time), state


@export("contrib.seq2seq.GreedyEmbeddingHelper")
class GreedyEmbeddingHelper(TokenHelper):
    """Feed the most probable token of the last step: for using a trained decoder.

    Parameters
    ----------
    embedding : Tensor, shape (tokens, input size), or callable
        Rows to look up, or a function from numbers of tokens to inputs.
    start_tokens : vector of int32, shape (batch,)
    end_token : scalar of int32
        The token that finishes a sequence.

    Raises
    ------
    ValueError
        If `start_tokens` is no vector or `end_token` no scalar.

    Examples
    --------
    >>> embedding = tf.get_variable("embedding", [10, 3])
    >>> helper = tf.contrib.seq2seq.GreedyEmbeddingHelper(embedding, start_tokens=tf.fill([2], 1), end_token=2)
    >>> finished, inputs = helper.initialize()
    >>> inputs.shape.as_list()
    [2, 3]
    """

    def __init__(self, embedding: Any, start_tokens: Any, end_token: Any) -> None:
        self._embedding_fn = embedding_function(embedding)
        self._start_tokens = convert(start_tokens, dtype=dtypes.int32, name="start_tokens")
        self._end_token = convert(end_token, dtype=dtypes.int32, name="end_token")
        if self._start_tokens.shape.ndims != 1:
            raise ValueError("start_tokens must be a vector")
        self._batch_size = size(start_tokens)
        if self._end_token.shape.ndims != 0:
            raise ValueError("end_token must be a scalar")
        self._start_inputs = self._embedding_fn(self._start_tokens)

    def initialize(self, name: str | None = None) -> Any:
        """Return `(finished, first_inputs)`: no sequence is finished."""
        return fill([self._batch_size], False), self._start_inputs

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        """Return the most probable tokens."""
        check_single(outputs)
        return argmax(outputs, axis=-1, output_type=dtypes.int32)

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None) -> Any:
        """Return the embedded samples; a sequence is finished by the end token."""
        finished = equal(sample_ids, self._end_token)
        # When all are finished, it does not matter what comes next.
        inputs = cond(reduce_all(finished), lambda: self._start_inputs, lambda: self._embedding_fn(sample_ids))
        return finished, inputs, state


@export("contrib.seq2seq.InferenceHelper")
class InferenceHelper(Helper):
    """Feed what a function samples, for outputs that are no tokens.

    Parameters
    ----------
    sample_fn : callable
        `f(outputs)` returns the samples of a step.
    sample_shape : list of int or TensorShape
        Shape of the sample of one sequence.
    sample_dtype : DType
    start_inputs : Tensor, shape (batch, input size)
    end_fn : callable
        `f(samples)` returns a bool for each sequence: finished.
    next_inputs_fn : callable, optional
        `f(samples)` returns the next inputs; the samples themselves if not given.

    Examples
    --------
    >>> helper = tf.contrib.seq2seq.InferenceHelper(
    ...     sample_fn=tf.sigmoid, sample_shape=[3], sample_dtype=tf.float32,
    ...     start_inputs=tf.zeros([2, 3]), end_fn=lambda samples: tf.reduce_any(samples > 0.9, axis=1),
    ... )
    >>> cell = tf.nn.rnn_cell.GRUCell(3)
    >>> decoder = tf.contrib.seq2seq.BasicDecoder(cell, helper, cell.zero_state(2, tf.float32))
    >>> outputs, state, lengths = tf.contrib.seq2seq.dynamic_decode(decoder, maximum_iterations=7)
    >>> outputs.sample_id.shape.as_list()
    [2, None, 3]
    """

    def __init__(
        self,
        sample_fn: Callable[..., Any],
        sample_shape: Any,
        sample_dtype: Any,
        start_inputs: Any,
        end_fn: Callable[..., Any],
        next_inputs_fn: Callable[..., Any] | None = None,
    ) -> None:
        self._sample_fn = sample_fn
        self._end_fn = end_fn
        self._sample_shape = as_shape(sample_shape)
        self._sample_dtype = sample_dtype
        self._next_inputs_fn = next_inputs_fn
        self._start_inputs = convert(start_inputs, name="start_inputs")
        self._batch_size = shape_of(self._start_inputs)[0]

    @property
    def batch_size(self) -> Any:
        """Number of sequences: scalar int32 Tensor."""
        return self._batch_size

    @property
    def sample_ids_shape(self) -> TensorShape:
        """Shape of the sample of one sequence."""
        return self._sample_shape

    @property
    def sample_ids_dtype(self) -> Any:
        """Dtype of the samples."""
        return self._sample_dtype

    def initialize(self, name: str | None = None) -> Any:
        """Return `(finished, first_inputs)`: no sequence is finished."""
        return fill([self._batch_size], False), self._start_inputs

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        """Return what the function samples."""
        return self._sample_fn(outputs)

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None) -> Any:
        """Return the samples as the next inputs."""
        inputs = sample_ids if self._next_inputs_fn is None else self._next_inputs_fn(sample_ids)
        return self._end_fn(sample_ids), inputs, state

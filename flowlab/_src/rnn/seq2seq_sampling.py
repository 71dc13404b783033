"""`tf.contrib.seq2seq`: helpers that draw at random what a decoder is fed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.cast import cast
from flowlab._src.ops.compare import logical_not, logical_or
from flowlab._src.ops.cond import cond
from flowlab._src.ops.fill import fill
from flowlab._src.ops.joining import concat
from flowlab._src.ops.magnitude import maximum
from flowlab._src.ops.random import multinomial, random_uniform
from flowlab._src.ops.reduce import reduce_all, reduce_any
from flowlab._src.ops.reshaping import reshape
from flowlab._src.ops.selecting import where
from flowlab._src.rnn.dynamic import transpose_batch_time
from flowlab._src.rnn.seq2seq_helpers import (
    GreedyEmbeddingHelper,
    TrainingHelper,
    check_single,
    embedding_function,
    unstack_steps,
)
from flowlab._src.util.export import export


def draw_tokens(logits: Tensor, seed: int | None) -> Tensor:
    """One token for each row, with the probabilities softmax(row)."""
    return reshape(multinomial(logits, 1, seed=seed, output_dtype=dtypes.int32), [-1])


def draw_coins(probability: Tensor, count: Any, seed: int | None) -> Tensor:
    """`count` coins that are True with a probability."""
    return random_uniform([count], seed=seed, dtype=probability.dtype) < probability


def probability_tensor(probability: Any) -> Tensor:
    """A probability for all sequences, or one for each."""
    result = convert(probability, name="sampling_probability")
    if result.shape.ndims not in (0, 1):
        raise ValueError(f"sampling_probability must be either a scalar or a vector. saw shape: {result.shape}")
    return result


@export("contrib.seq2seq.SampleEmbeddingHelper")
class SampleEmbeddingHelper(GreedyEmbeddingHelper):
    """Feed a token drawn with the probabilities of the last step.

    Parameters
    ----------
    embedding : Tensor, shape (tokens, input size), or callable
        Rows to look up, or a function from numbers of tokens to inputs.
    start_tokens : vector of int32, shape (batch,)
    end_token : scalar of int32
        The token that finishes a sequence.
    softmax_temperature : float, optional
        The logits are divided by it: near 0 the most probable token wins, large values make all tokens alike.
    seed : int, optional
        See `tf.set_random_seed`.

    Examples
    --------
    >>> helper = tf.contrib.seq2seq.SampleEmbeddingHelper(tf.eye(4), start_tokens=[0, 0], end_token=3, seed=1)
    >>> helper.sample(time=0, outputs=tf.zeros([2, 4]), state=()).shape.as_list()
    [2]
    """

    def __init__(
        self,
        embedding: Any,
        start_tokens: Any,
        end_token: Any,
        softmax_temperature: Any = None,
        seed: int | None = None,
    ) -> None:
        super().__init__(embedding, start_tokens, end_token)
        self._softmax_temperature = softmax_temperature
        self._seed = seed

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        """Draw a token for each sequence."""
        check_single(outputs)
        logits = outputs if self._softmax_temperature is None else outputs / self._softmax_temperature
        sample_ids = draw_tokens(logits, self._seed)
        sample_ids.set_shape(outputs.shape[:1])
        return sample_ids


@export("contrib.seq2seq.ScheduledEmbeddingTrainingHelper")
class ScheduledEmbeddingTrainingHelper(TrainingHelper):
    """Feed the given inputs, but now and then a token drawn from the last outputs: scheduled sampling.

    The samples are -1 where the given input is fed.

    Parameters
    ----------
    inputs : Tensor, shape (batch, steps, input size)
    sequence_length : vector of int32, shape (batch,)
    embedding : Tensor, shape (tokens, input size), or callable
    sampling_probability : scalar or vector of float32
        How often a token is drawn; raised from 0 to 1 during training.
    time_major : bool
    seed : int, optional
        Of the tokens.
    scheduling_seed : int, optional
        Of the choice between token and input.
    name : str, optional

    Raises
    ------
    ValueError
        If `sampling_probability` is neither scalar nor vector.

    Examples
    --------
    >>> cell = tf.nn.rnn_cell.GRUCell(4)
    >>> helper = tf.contrib.seq2seq.ScheduledEmbeddingTrainingHelper(
    ...     tf.zeros([2, 5, 4]), [5, 5], embedding=tf.eye(4), sampling_probability=0.0
    ... )
    >>> decoder = tf.contrib.seq2seq.BasicDecoder(cell, helper, cell.zero_state(2, tf.float32))
    >>> outputs, _, _ = tf.contrib.seq2seq.dynamic_decode(decoder)
    >>> with tf.Session() as sess:
    ...     sess.run(tf.global_variables_initializer())
    ...     sess.run(outputs.sample_id[0])
    array([-1, -1, -1, -1, -1], dtype=int32)

    References
    ----------
    Bengio et al., "Scheduled sampling for sequence prediction with recurrent neural networks" (2015).
    """

    def __init__(
        self,
        inputs: Any,
        sequence_length: Any,
        embedding: Any,
        sampling_probability: Any,
        time_major: bool = False,
        seed: int | None = None,
        scheduling_seed: int | None = None,
        name: str | None = None,
    ) -> None:
        with name_scope(name, "ScheduledEmbeddingSamplingWrapper", [embedding, sampling_probability]):
            self._embedding_fn = embedding_function(embedding)
            self._sampling_probability = probability_tensor(sampling_probability)
            self._seed = seed
            self._scheduling_seed = scheduling_seed
            super().__init__(inputs=inputs, sequence_length=sequence_length, time_major=time_major, name=name)

    def sample(self, time: Any, outputs: Any, state: Any = None, name: str | None = None) -> Any:
        """Draw a token where the coin says so; -1 elsewhere."""
        with name_scope(name, "ScheduledEmbeddingTrainingHelperSample", [time, outputs, state]):
            chosen = draw_coins(self._sampling_probability, self.batch_size, self._scheduling_seed)
            return where(chosen, draw_tokens(outputs, self._seed), fill([self.batch_size], -1))

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any = None, name: str | None = None) -> Any:
        """Return the embedded tokens where some were drawn, the given inputs elsewhere."""
        with name_scope(name, "ScheduledEmbeddingTrainingHelperNextInputs", [time, outputs, state, sample_ids]):
            finished, given, state = super().next_inputs(time, outputs, state, sample_ids=sample_ids)

            def drawn_or_given() -> Tensor:
                return where(sample_ids > -1, self._embedding_fn(maximum(sample_ids, 0)), given)

            return finished, cond(reduce_all(finished), lambda: given, drawn_or_given), state


@export("contrib.seq2seq.ScheduledOutputTrainingHelper")
class ScheduledOutputTrainingHelper(TrainingHelper):
    """Feed the given inputs, but now and then the last outputs themselves.

    The samples are 1 where the outputs are fed, 0 elsewhere.

    Parameters
    ----------
    inputs : Tensor, shape (batch, steps, input size)
    sequence_length : vector of int32, shape (batch,)
    sampling_probability : scalar or vector of float32
        How often the outputs are fed.
    time_major : bool
    seed : int, optional
    next_inputs_fn : callable, optional
        Applied to the outputs that are fed.
    auxiliary_inputs : Tensor, shape (batch, steps, any), optional
        Joined to what is fed in each step, along the last axis.
    name : str, optional

    Raises
    ------
    ValueError
        If `sampling_probability` is neither scalar nor vector.

    Examples
    --------
    >>> cell = tf.nn.rnn_cell.GRUCell(4)
    >>> helper = tf.contrib.seq2seq.ScheduledOutputTrainingHelper(tf.zeros([2, 5, 4]), [5, 5], 1.0)
    >>> decoder = tf.contrib.seq2seq.BasicDecoder(cell, helper, cell.zero_state(2, tf.float32))
    >>> outputs, _, _ = tf.contrib.seq2seq.dynamic_decode(decoder)
    >>> with tf.Session() as sess:
    ...     sess.run(tf.global_variables_initializer())
    ...     sess.run(outputs.sample_id[0])
    array([1, 1, 1, 1, 1], dtype=int32)
    """

    def __init__(
        self,
        inputs: Any,
        sequence_length: Any,
        sampling_probability: Any,
        time_major: bool = False,
        seed: int | None = None,
        next_inputs_fn: Callable[..., Any] | None = None,
        auxiliary_inputs: Any = None,
        name: str | None = None,
    ) -> None:
        with name_scope(name, "ScheduledOutputTrainingHelper", [inputs, auxiliary_inputs, sampling_probability]):
            self._sampling_probability = probability_tensor(sampling_probability)
            self._auxiliary_arrays: Any = None
            if auxiliary_inputs is not None:
                inputs = convert(inputs, name="inputs")
                extra = convert(auxiliary_inputs, name="auxiliary_inputs")
                inputs = concat((inputs, extra), -1)
                self._auxiliary_arrays = unstack_steps(extra if time_major else transpose_batch_time(extra))
            self._seed = seed
            self._next_inputs_fn = next_inputs_fn
            super().__init__(inputs=inputs, sequence_length=sequence_length, time_major=time_major, name=name)

    def sample(self, time: Any, outputs: Any, state: Any = None, name: str | None = None) -> Any:
        """Throw a coin for each sequence."""
        with name_scope(name, "ScheduledOutputTrainingHelperSample", [time, outputs, state]):
            return cast(draw_coins(self._sampling_probability, self.batch_size, self._seed), dtypes.int32)

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any = None, name: str | None = None) -> Any:
        """Return the outputs where the coin says so, the given inputs elsewhere."""
        with name_scope(name, "ScheduledOutputTrainingHelperNextInputs", [time, outputs, state, sample_ids]):
            finished, given, state = super().next_inputs(time, outputs, state, sample_ids=sample_ids)
            chosen = cast(sample_ids, dtypes.bool_)

            def output_or_given() -> Tensor:
                fed = outputs if self._next_inputs_fn is None else self._next_inputs_fn(outputs)
                if self._auxiliary_arrays is not None:
                    fed = concat((fed, self._auxiliary_arrays.read(time + 1)), -1)
                return where(chosen, fed, given)

            as_given = logical_or(reduce_all(finished), logical_not(reduce_any(chosen)))
            return finished, cond(as_given, lambda: given, output_or_given), state

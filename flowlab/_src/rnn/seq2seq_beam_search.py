"""`tf.contrib.seq2seq.BeamSearchDecoder`: the likeliest hypotheses of each example, carried along side by side.

Inside a step all beams of all examples are one large batch, (batch * beams, ...), as the cell wants it. Between steps they
are (batch, beams, ...), so that the beams of an example can be compared and change places.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.op import constant_value
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.keras.engine.base_layer import Layer
from flowlab._src.ops.arithmetic import add
from flowlab._src.ops.array_shape import shape_of, size
from flowlab._src.ops.cast import cast
from flowlab._src.ops.compare import equal, logical_not, logical_or
from flowlab._src.ops.cond import cond
from flowlab._src.ops.fill import fill, ones_like, zeros, zeros_like
from flowlab._src.ops.gather import gather
from flowlab._src.ops.joining import concat
from flowlab._src.ops.magnitude import minimum
from flowlab._src.ops.nn_softmax import log_softmax
from flowlab._src.ops.one_hot import one_hot
from flowlab._src.ops.padding import tile
from flowlab._src.ops.reduce import reduce_all, reduce_max, reduce_mean, reduce_sum
from flowlab._src.ops.reshaping import expand_dims, reshape
from flowlab._src.ops.selecting import sequence_mask, where
from flowlab._src.ops.sequences import range_
from flowlab._src.ops.sorting import top_k
from flowlab._src.ops.tensor_array_class import TensorArray
from flowlab._src.ops.transcendental import log
from flowlab._src.ops.transposing import transpose
from flowlab._src.rnn.cell import assert_like_rnncell
from flowlab._src.rnn.seq2seq_attention_cell import AttentionWrapperState
from flowlab._src.rnn.seq2seq_beams import gather_tree
from flowlab._src.rnn.seq2seq_decoder import Decoder
from flowlab._src.rnn.seq2seq_helpers import embedding_function
from flowlab._src.rnn.sizes import joined_shape, known_sizes
from flowlab._src.util import nest
from flowlab._src.util.export import export


@export("contrib.seq2seq.BeamSearchDecoderState")
class BeamSearchDecoderState(NamedTuple):
    """What a `tf.contrib.seq2seq.BeamSearchDecoder` carries from step to step; each part has shape (batch, beams, ...)."""

    cell_state: Any
    log_probs: Any
    finished: Any
    lengths: Any
    accumulated_attention_probs: Any


@export("contrib.seq2seq.BeamSearchDecoderOutput")
class BeamSearchDecoderOutput(NamedTuple):
    """What each step of a beam search emits: scores, tokens, and the beam of the last step that each one goes on."""

    scores: Any
    predicted_ids: Any
    parent_ids: Any


@export("contrib.seq2seq.FinalBeamSearchDecoderOutput")
class FinalBeamSearchDecoderOutput(NamedTuple):
    """The result of a beam search: whole hypotheses, the best one first, and what the steps emitted."""

    predicted_ids: Any
    beam_search_decoder_output: Any


@export("contrib.seq2seq.BeamSearchDecoder")
class BeamSearchDecoder(Decoder):
    """Keep the `beam_width` likeliest hypotheses of each example in every step, not only the best one.

    A hypothesis that has emitted `end_token` is finished: it keeps its score and its place among the others.

    Parameters
    ----------
    cell : RNNCell
    embedding : Tensor, shape (tokens, input size), or callable
        Rows to look up, or a function from numbers of tokens, shape (batch, beams), to inputs.
    start_tokens : vector of int32, shape (batch,)
    end_token : scalar of int32
    initial_state : Tensor or structure, shape (batch * beam_width, ...)
        A state of the cell for each beam: `tf.contrib.seq2seq.tile_batch(encoder_state, beam_width)`.
    beam_width : int
        Hypotheses for each example.
    output_layer : Layer, optional
        Makes logits, shape (..., tokens), of the outputs of the cell.
    length_penalty_weight : float
        The log probability of n tokens is divided by ((5 + n) / 6) to this power, so that longer hypotheses may win.
    coverage_penalty_weight : float
        Weight of a penalty for entries of the memory that nobody looked at; the cell must be an AttentionWrapper.
    reorder_tensor_arrays : bool
        In the final state, alignment histories of an AttentionWrapper follow the hypotheses.

    Raises
    ------
    TypeError
        If an argument is none of these.
    ValueError
        If `start_tokens` is no vector, `end_token` no scalar, or `initial_state` was not tiled.

    Examples
    --------
    A net that always gives token 1 the probability 0.6 and the end token 0.4:

    >>> cell = tf.nn.rnn_cell.BasicRNNCell(2)
    >>> decoder = tf.contrib.seq2seq.BeamSearchDecoder(
    ...     cell, embedding=tf.zeros([2, 1]), start_tokens=[1], end_token=0, beam_width=2,
    ...     initial_state=cell.zero_state(1 * 2, tf.float32),
    ...     output_layer=tf.layers.Dense(2, bias_initializer=tf.constant_initializer(np.log([0.4, 0.6]))),
    ... )
    >>> outputs, state, lengths = tf.contrib.seq2seq.dynamic_decode(decoder, maximum_iterations=3)
    >>> with tf.Session() as sess:
    ...     sess.run(tf.global_variables_initializer())
    ...     ids, log_probs = sess.run([outputs.predicted_ids, state.log_probs])
    >>> ids[0].T.tolist(), np.exp(log_probs[0]).round(3).tolist()
    ([[0, 0, 0], [1, 1, 1]], [0.4, 0.216])

    References
    ----------
    TensorFlow 1.15, `tf.contrib.seq2seq.BeamSearchDecoder`; Wu et al., "Google's neural machine translation system"
    (2016), for the penalties.
    """

    def __init__(
        self,
        cell: Any,
        embedding: Any,
        start_tokens: Any,
        end_token: Any,
        initial_state: Any,
        beam_width: int,
        output_layer: Any = None,
        length_penalty_weight: float = 0.0,
        coverage_penalty_weight: float = 0.0,
        reorder_tensor_arrays: bool = True,
    ) -> None:
        assert_like_rnncell("cell", cell)
        if output_layer is not None and not isinstance(output_layer, Layer):
            raise TypeError(f"output_layer must be a Layer, received: {type(output_layer)}")
        if isinstance(beam_width, bool) or not isinstance(beam_width, (int, np.integer)):
            raise TypeError(f"beam_width must be an integer, received: {type(beam_width)}")
        if beam_width < 1:
            raise ValueError(f"beam_width must be at least 1, received: {beam_width}")
        self._cell = cell
        self._output_layer = output_layer
        self._reorder_tensor_arrays = reorder_tensor_arrays
        self._embedding_fn = embedding_function(embedding)
        tokens = convert(start_tokens, dtype=dtypes.int32, name="start_tokens")
        if tokens.shape.ndims != 1:
            raise ValueError("start_tokens must be a vector")
        self._end_token = convert(end_token, dtype=dtypes.int32, name="end_token")
        if self._end_token.shape.ndims != 0:
            raise ValueError("end_token must be a scalar")
        self._batch_size = size(tokens)
        self._beam_width = int(beam_width)
        self._length_penalty_weight = length_penalty_weight
        self._coverage_penalty_weight = coverage_penalty_weight
        self._initial_cell_state = nest.map_structure(self._split, initial_state, cell.state_size)
        self._start_tokens = tile(expand_dims(tokens, 1), [1, self._beam_width])
        self._start_inputs = self._embedding_fn(self._start_tokens)
        # In the first step all beams of an example are alike. All but one are finished, so that they do not count.
        self._finished = one_hot(
            zeros([self._batch_size], dtype=dtypes.int32),
            depth=self._beam_width, on_value=False, off_value=True, dtype=dtypes.bool_,
        )  # fmt: skip

    @property
    def batch_size(self) -> Any:
        """Number of examples."""
        return self._batch_size

    @property
    def tracks_own_finished(self) -> bool:
        """True: beams change their places from step to step."""
        return True

    @property
    def output_size(self) -> BeamSearchDecoderOutput:
        """One score, token and parent for each beam."""
        beams = TensorShape([self._beam_width])
        return BeamSearchDecoderOutput(scores=beams, predicted_ids=beams, parent_ids=beams)

    @property
    def output_dtype(self) -> BeamSearchDecoderOutput:
        """Dtype of the scores (that of the state); tokens and parents are int32."""
        return BeamSearchDecoderOutput(self._dtype(), dtypes.int32, dtypes.int32)

    def _dtype(self) -> Any:
        return next(t.dtype for t in nest.flatten(self._initial_cell_state) if not isinstance(t, TensorArray))

    # ---- batch * beams and (batch, beams) -------------------------------------------------------------------------

    def _known_batch(self) -> int | None:
        batch = constant_value(self._batch_size)
        return None if batch is None else int(batch)

    def _split(self, t: Any, s: Any) -> Any:
        """(batch * beams, ...) as (batch, beams, ...); scalars and arrays go through."""
        if isinstance(t, TensorArray):
            return t
        _check_rank(t)
        if t.shape.ndims == 0:
            return t
        batch = self._known_batch()
        rows = None if batch is None else batch * self._beam_width
        merged = TensorShape([rows]).concatenate(known_sizes(s, "state_size"))
        if not t.shape.is_compatible_with(merged):
            raise ValueError(
                "Unexpected behavior when reshaping between beam width and batch size.  The tensor has shape: "
                f"{t.shape}.  We expected it to have shape (batch_size * beam_width, depth) == {merged}.  Perhaps "
                "you forgot to create a zero_state with batch_size=encoder_batch_size * beam_width?"
            )
        parts = reshape(t, concat(([self._batch_size, self._beam_width], shape_of(t)[1:]), 0))
        expected = TensorShape([batch, self._beam_width]).concatenate(merged[1:])
        parts.set_shape(expected)
        return parts

    def _merge(self, t: Any, s: Any) -> Any:
        """(batch, beams, ...) as (batch * beams, ...); scalars and arrays go through."""
        if isinstance(t, TensorArray):
            return t
        _check_rank(t)
        if t.shape.ndims < 2:
            return t
        merged = reshape(t, concat(([self._batch_size * self._beam_width], shape_of(t)[2:]), 0))
        batch = self._known_batch()
        merged.set_shape(joined_shape(None if batch is None else batch * self._beam_width, s))
        return merged

    def _follow(self, t: Any, beams: Tensor) -> Any:
        """Of (batch, beams, ...) the beams given by number, shape (batch, beams); scalars and arrays go through."""
        if isinstance(t, TensorArray) or t.shape.ndims is None or t.shape.ndims < 2:
            return t
        followed = gather(t, beams, axis=1, batch_dims=1)
        followed.set_shape(t.shape)
        return followed

    # ---- the three parts of a decoder -----------------------------------------------------------------------------

    def initialize(self, name: str | None = None) -> Any:
        """Return `(finished, first_inputs, first_state)`."""
        dtype = self._dtype()
        # The log probability 0 for the beam that counts, minus infinity for its copies.
        log_probs = one_hot(
            zeros([self._batch_size], dtype=dtypes.int32),
            depth=self._beam_width, on_value=convert(0.0, dtype=dtype), off_value=convert(-np.inf, dtype=dtype),
            dtype=dtype,
        )  # fmt: skip
        covered = attention_of(self._initial_cell_state, self._coverage_penalty_weight)
        state = BeamSearchDecoderState(
            cell_state=self._initial_cell_state,
            log_probs=log_probs,
            finished=self._finished,
            lengths=zeros([self._batch_size, self._beam_width], dtype=dtypes.int64),
            accumulated_attention_probs=() if covered is None else zeros_like(covered),
        )
        return self._finished, self._start_inputs, state

    def step(self, time: Any, inputs: Any, state: Any, name: str | None = None) -> Any:
        """Run the cell for all beams, and keep the best continuations of each example."""
        with name_scope(name, "BeamSearchDecoderStep", (time, inputs, state)):
            inputs = nest.map_structure(lambda t: self._merge(t, t.shape[2:]), inputs)
            cell_state = nest.map_structure(self._merge, state.cell_state, self._cell.state_size)
            logits, next_cell_state = self._cell(inputs, cell_state)
            if self._output_layer is not None:
                logits = self._output_layer(logits)
            logits = self._split(logits, logits.shape[1:])
            next_cell_state = nest.map_structure(self._split, next_cell_state, self._cell.state_size)
            outputs, next_state = self._choose(logits, next_cell_state, state)
            finished = next_state.finished
            tokens = outputs.predicted_ids
            next_inputs = cond(reduce_all(finished), lambda: self._start_inputs, lambda: self._embedding_fn(tokens))
        return outputs, next_state, next_inputs, finished

    def _choose(self, logits: Tensor, cell_state: Any, state: Any) -> tuple[Any, Any]:
        """The best continuations: of beams * tokens candidates as many as there are beams."""
        token_count = logits.shape.as_list()[-1] or shape_of(logits)[-1]
        log_probs = only_the_end(log_softmax(logits), state.finished, self._end_token)
        totals = expand_dims(state.log_probs, 2) + log_probs
        # Every token but the end makes a hypothesis longer.
        longer = one_hot(
            fill([self._batch_size, self._beam_width], self._end_token),
            depth=token_count, on_value=np.int64(0), off_value=np.int64(1), dtype=dtypes.int64,
        )  # fmt: skip
        running = cast(logical_not(state.finished), dtypes.int64)
        lengths = add(longer * expand_dims(running, 2), expand_dims(state.lengths, 2))
        attention = attention_of(cell_state, self._coverage_penalty_weight)
        covered: Any = state.accumulated_attention_probs
        if attention is not None:
            covered = covered + attention * expand_dims(cast(running, attention.dtype), 2)
        scores = self._scores(totals, lengths, state.finished, covered)
        flat = reshape(scores, [self._batch_size, -1])
        best, position = top_k(flat, k=self._beam_width)
        beams = TensorShape([self._known_batch(), self._beam_width])
        best.set_shape(beams)
        position.set_shape(beams)
        tokens = position % token_count
        parents = position // token_count
        was_finished = self._follow(state.finished, parents)
        next_state = BeamSearchDecoderState(
            cell_state=nest.map_structure(lambda t: self._follow(t, parents), cell_state),
            log_probs=gather(reshape(totals, [self._batch_size, -1]), position, axis=1, batch_dims=1),
            finished=logical_or(was_finished, equal(tokens, self._end_token), name="next_beam_finished"),
            lengths=self._follow(state.lengths, parents) + cast(logical_not(was_finished), dtypes.int64),
            accumulated_attention_probs=covered if attention is None else self._follow(covered, parents),
        )
        next_state.log_probs.set_shape(beams)
        return BeamSearchDecoderOutput(scores=best, predicted_ids=tokens, parent_ids=parents), next_state

    def _scores(self, log_probs: Tensor, lengths: Tensor, finished: Tensor, covered: Any) -> Tensor:
        """The log probabilities, in favour of long hypotheses and of those that looked at the whole memory."""
        scores = log_probs / length_penalty(lengths, self._length_penalty_weight, log_probs.dtype)
        weight = convert(self._coverage_penalty_weight, name="coverage_penalty_weight")
        if weight.shape.ndims != 0:
            raise ValueError(f"coverage_penalty_weight should be a scalar, but saw shape: {weight.shape}")
        if not is_used(self._coverage_penalty_weight):
            return scores
        # Entries behind the end of the memory are never looked at: they are no fault.
        seen = where(equal(covered, 0.0), ones_like(covered), covered)
        penalty = reduce_sum(log(minimum(seen, 1.0)), 2) * cast(finished, seen.dtype)
        return scores + expand_dims(penalty * weight, 2)

    def finalize(self, outputs: Any, final_state: Any, sequence_lengths: Any) -> Any:
        """Read the hypotheses from their ends, and let alignment histories follow them."""
        longest = cast(reduce_max(final_state.lengths, axis=1), dtypes.int32)
        predicted_ids = gather_tree(
            outputs.predicted_ids, outputs.parent_ids, max_sequence_lengths=longest, end_token=self._end_token
        )
        if self._reorder_tensor_arrays:
            final_state = final_state._replace(
                cell_state=nest.map_structure(
                    lambda t: self._sort_array(t, outputs.parent_ids, final_state.lengths), final_state.cell_state
                )
            )
        return FinalBeamSearchDecoderOutput(predicted_ids, outputs), final_state

    def _sort_array(self, array: Any, parent_ids: Tensor, lengths: Tensor) -> Any:
        """What a TensorArray holds of each step, (batch * beams, ...), in the order of the hypotheses."""
        if not isinstance(array, TensorArray):
            return array
        steps = array.stack()
        if steps.shape.ndims is None or steps.shape.ndims < 2:
            return array
        whole = shape_of(steps)
        apart = concat(([whole[0], self._batch_size, self._beam_width], whole[2:]), 0)
        parts = gather_tree_from_array(reshape(steps, apart), parent_ids, lengths)
        merged = reshape(parts, whole)
        merged.set_shape(steps.shape)
        result = TensorArray(array.dtype, size=shape_of(merged)[0])
        return result.unstack(merged)


def gather_tree_from_array(t: Tensor, parent_ids: Tensor, lengths: Tensor) -> Tensor:
    """Values of all beams, shape (steps, batch, beams, ...), in the order of the hypotheses; `lengths` are theirs."""
    sizes = shape_of(parent_ids)
    steps, batch, beams = sizes[0], sizes[1], sizes[2]
    own = tile(reshape(range_(beams), [1, 1, -1]), [steps, batch, 1])
    longest = cast(reduce_max(lengths, axis=1), dtypes.int32)
    path = gather_tree(own, parent_ids, longest, end_token=beams + 1)
    inside = transpose(sequence_mask(lengths, maxlen=steps), [2, 0, 1])
    return gather(t, where(inside, path, own), axis=2, batch_dims=2)


def _check_rank(t: Tensor) -> None:
    if t.shape.ndims is None:
        raise ValueError(f"Expected tensor ({t}) to have known rank, but ndims == None.")


def only_the_end(log_probs: Tensor, finished: Tensor, end_token: Tensor) -> Tensor:
    """The log probabilities, but a finished beam can only go on with the end token, at no cost."""
    sizes = shape_of(log_probs)
    ending = one_hot(
        end_token, log_probs.shape.as_list()[-1] or sizes[2],
        on_value=convert(0.0, dtype=log_probs.dtype), off_value=convert(log_probs.dtype.min, dtype=log_probs.dtype),
        dtype=log_probs.dtype,
    )  # fmt: skip
    ending = tile(reshape(ending, [1, 1, -1]), concat([sizes[:2], [1]], 0))
    return where(tile(expand_dims(finished, 2), concat([[1, 1], sizes[2:]], 0)), ending, log_probs)


def length_penalty(lengths: Tensor, weight: Any, dtype: Any) -> Any:
    """((5 + length) / 6) to the power of the weight; 1.0 where the weight is 0."""
    weight = convert(weight, name="penalty_factor")
    if weight.shape.ndims != 0:
        raise ValueError(f"penalty_factor should be a scalar, but saw shape: {weight.shape}")
    known = constant_value(weight)
    if known is not None and known == 0:
        return 1.0
    weight = cast(weight, dtype)
    return (cast(lengths, dtype) + 5.0) ** weight / convert(6.0, dtype=dtype) ** weight


def is_used(weight: Any) -> bool:
    """Whether a weight is anything but the number 0."""
    return isinstance(weight, Tensor) or float(weight) != 0.0


def attention_of(state: Any, weight: Any) -> Tensor | None:
    """What the cell looked at in this step, shape (batch, beams, entries); None if coverage does not matter."""
    if not is_used(weight):
        return None
    wrappers = [state] if isinstance(state, AttentionWrapperState) else []
    if not wrappers and isinstance(state, (list, tuple)):
        wrappers = [part for part in state if isinstance(part, AttentionWrapperState)]
    if not wrappers:
        raise ValueError(
            "coverage_penalty_weight needs what the cell looked at: the cell must be a "
            f"tf.contrib.seq2seq.AttentionWrapper, its state is {type(state).__name__}"
        )
    alignments = [mean_alignments(wrapper.alignments) for wrapper in wrappers]
    return alignments[0] if len(alignments) == 1 else concat(alignments, -1)


def mean_alignments(alignments: Any) -> Tensor:
    """The alignments of one mechanism, or the mean of those of several."""
    if not isinstance(alignments, tuple):
        return alignments
    return reduce_mean(concat([expand_dims(each, -1) for each in alignments], -1), -1)

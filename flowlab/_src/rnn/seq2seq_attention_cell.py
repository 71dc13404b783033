"""`tf.contrib.seq2seq.AttentionWrapper`: a cell that looks at a memory in each step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from flowlab._src.graph import dtypes
from flowlab._src.graph.scopes import control_dependencies, name_scope
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.layers.core import Dense
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.checks import assert_equal
from flowlab._src.ops.fill import zeros
from flowlab._src.ops.identity import identity
from flowlab._src.ops.joining import concat
from flowlab._src.ops.linalg import matmul
from flowlab._src.ops.reshaping import expand_dims, squeeze
from flowlab._src.ops.tensor_array_class import TensorArray
from flowlab._src.rnn.cell import RNNCell, assert_like_rnncell
from flowlab._src.rnn.seq2seq_attention import AttentionMechanism
from flowlab._src.rnn.sizes import zero_tensors
from flowlab._src.util import nest
from flowlab._src.util.export import export


@export("contrib.seq2seq.AttentionWrapperState")
class AttentionWrapperState(NamedTuple):
    """State of a `tf.contrib.seq2seq.AttentionWrapper`: that of the cell inside, and what it looked at last."""

    cell_state: Any
    attention: Any
    time: Any
    alignments: Any
    alignment_history: Any
    attention_state: Any

    def clone(self, **kwargs: Any) -> AttentionWrapperState:
        """Return a copy with other parts, of the same shapes: `state.clone(cell_state=encoder_state)`.

        Examples
        --------
        >>> attention = tf.contrib.seq2seq.LuongAttention(4, tf.ones([2, 3, 5]))
        >>> cell = tf.contrib.seq2seq.AttentionWrapper(tf.nn.rnn_cell.GRUCell(4), attention)
        >>> state = cell.zero_state(2, tf.float32).clone(cell_state=tf.ones([2, 4]))
        >>> state.cell_state.shape.as_list()
        [2, 4]
        """

        def checked(old: Any, new: Any) -> Any:
            if isinstance(old, Tensor) and isinstance(new, Tensor):
                if not new.shape.is_compatible_with(old.shape):
                    raise ValueError(
                        "The shape of the AttentionWrapperState is expected to be same as the one to clone. "
                        f"self.shape: {old.shape}, input.shape: {new.shape}"
                    )
                new.set_shape(old.shape)
            return new

        return nest.map_structure(checked, self, self._replace(**kwargs))


def look_at_memory(mechanism: Any, output: Tensor, state: Any, layer: Any) -> tuple[Tensor, Tensor, Any]:
    """The entries of the memory, weighted by their alignments with the output of the cell."""
    alignments, next_state = mechanism(output, state=state)
    context = squeeze(matmul(expand_dims(alignments, 1), mechanism.values), [1])
    attention = context if layer is None else layer(concat([output, context], 1))
    return attention, alignments, next_state


@export("contrib.seq2seq.AttentionWrapper")
class AttentionWrapper(RNNCell):
    """A cell with attention: it is fed the inputs and what it looked at in the last step.

    Parameters
    ----------
    cell : RNNCell
    attention_mechanism : tf.contrib.seq2seq.AttentionMechanism, or a list of them
    attention_layer_size : int, or a list of int, optional
        Size of a layer without offset that joins what was looked at with the output of the cell.
    alignment_history : bool
        Keep the alignments of all steps in the state, as a TensorArray: `state.alignment_history.stack()`.
    cell_input_fn : callable, optional
        `f(inputs, attention)` returns the inputs of the cell; they are joined if not given.
    output_attention : bool
        The output is the attention, as Luong has it; if False that of the cell, as Bahdanau has it.
    initial_cell_state : Tensor or structure, optional
        What `zero_state` gives the cell.
    name : str, optional
    attention_layer : Layer, or a list of them, optional
        In place of `attention_layer_size`.
    attention_fn : callable, optional
        `f(mechanism, cell_output, attention_state, attention_layer)` returns
        `(attention, alignments, next_attention_state)`.
    dtype : DType, optional

    Raises
    ------
    TypeError
        If `cell` is no cell or `attention_mechanism` no mechanism.
    ValueError
        If there are not as many layers as mechanisms.

    Examples
    --------
    >>> attention = tf.contrib.seq2seq.LuongAttention(8, memory=tf.zeros([2, 7, 5]))
    >>> cell = tf.contrib.seq2seq.AttentionWrapper(tf.nn.rnn_cell.GRUCell(8), attention, attention_layer_size=6)
    >>> helper = tf.contrib.seq2seq.TrainingHelper(tf.zeros([2, 4, 3]), [4, 4])
    >>> decoder = tf.contrib.seq2seq.BasicDecoder(cell, helper, cell.zero_state(2, tf.float32))
    >>> outputs, state, _ = tf.contrib.seq2seq.dynamic_decode(decoder)
    >>> outputs.rnn_output.shape.as_list(), state.alignments.shape.as_list()
    ([2, None, 6], [2, 7])
    """

    def __init__(
        self,
        cell: Any,
        attention_mechanism: Any,
        attention_layer_size: Any = None,
        alignment_history: bool = False,
        cell_input_fn: Callable[..., Any] | None = None,
        output_attention: bool = True,
        initial_cell_state: Any = None,
        name: str | None = None,
        attention_layer: Any = None,
        attention_fn: Callable[..., Any] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        assert_like_rnncell("cell", cell)
        self._is_multi = isinstance(attention_mechanism, (list, tuple))
        mechanisms = tuple(attention_mechanism) if self._is_multi else (attention_mechanism,)
        for mechanism in mechanisms:
            if not isinstance(mechanism, AttentionMechanism):
                raise TypeError(
                    "attention_mechanism must be an AttentionMechanism or list of multiple AttentionMechanism "
                    f"instances, saw type: {type(mechanism).__name__}"
                )
        if cell_input_fn is not None and not callable(cell_input_fn):
            raise TypeError(f"cell_input_fn must be callable, saw type: {type(cell_input_fn).__name__}")
        if attention_layer_size is not None and attention_layer is not None:
            raise ValueError("Only one of attention_layer_size and attention_layer should be set")
        self._cell = cell
        self._attention_mechanisms = mechanisms
        self._cell_input_fn = cell_input_fn or (lambda inputs, attention: concat([inputs, attention], -1))
        self._output_attention = output_attention
        self._alignment_history = alignment_history
        self._attention_fn = attention_fn or look_at_memory
        self._attention_layers: tuple[Any, ...] | None = None
        depths = [mechanism.values.shape.as_list()[-1] for mechanism in mechanisms]
        if attention_layer_size is not None:
            sizes = self._one_for_each(attention_layer_size, "attention_layer_size", "integer")
            self._attention_layers = tuple(
                Dense(size, name="attention_layer", use_bias=False, dtype=mechanism.dtype)
                for size, mechanism in zip(sizes, mechanisms, strict=True)
            )
            self._attention_layer_size = sum(sizes)
        elif attention_layer is not None:
            self._attention_layers = self._one_for_each(attention_layer, "attention_layer", "layer")
            self._attention_layer_size = sum(
                TensorShape(layer.compute_output_shape(TensorShape([None, cell.output_size + depth]))).as_list()[-1]
                for layer, depth in zip(self._attention_layers, depths, strict=True)
            )
        else:
            self._attention_layer_size = sum(depths)
        self._initial_cell_state = None
        if initial_cell_state is not None:
            with name_scope(name, "AttentionWrapperInit"):
                last = nest.flatten(initial_cell_state)[-1]
                batch_size = last.shape.as_list()[0] or shape_of(last)[0]
                self._initial_cell_state = self._checked(
                    initial_cell_state, batch_size, "When constructing AttentionWrapper", "initial_cell_state"
                )

    def _one_for_each(self, given: Any, argument: str, what: str) -> tuple[Any, ...]:
        parts = tuple(given) if isinstance(given, (list, tuple)) else (given,)
        if len(parts) != len(self._attention_mechanisms):
            raise ValueError(
                f"If provided, {argument} must contain exactly one {what} per attention_mechanism, saw: "
                f"{len(parts)} vs {len(self._attention_mechanisms)}"
            )
        return parts

    def _checked(self, tensors: Any, batch_size: Any, when: str, other: str) -> Any:
        """The tensors, after a look whether the memory has as many examples."""
        message = (
            f"{when} {self.name}: Non-matching batch sizes between the memory (encoder output) and the {other}.  Are "
            "you using the BeamSearchDecoder?  You may need to tile your memory or state via the "
            "tf.contrib.seq2seq.tile_batch function with argument multiplier=beam_width."
        )
        checks = [assert_equal(batch_size, m.batch_size, message=message) for m in self._attention_mechanisms]
        with control_dependencies(checks):
            return nest.map_structure(lambda t: identity(t, name="checked_cell_state"), tensors)

    def _item_or_tuple(self, parts: Any) -> Any:
        """A tuple if the mechanisms were given as a list, else the only part."""
        parts = tuple(parts)
        return parts if self._is_multi else parts[0]

    @property
    def output_size(self) -> Any:
        """Size of the attention, or of the output of the cell."""
        return self._attention_layer_size if self._output_attention else self._cell.output_size

    @property
    def state_size(self) -> AttentionWrapperState:
        """Sizes of the parts of the state."""
        mechanisms = self._attention_mechanisms
        return AttentionWrapperState(
            cell_state=self._cell.state_size,
            attention=self._attention_layer_size,
            time=TensorShape([]),
            alignments=self._item_or_tuple(m.alignments_size for m in mechanisms),
            alignment_history=self._item_or_tuple(
                m.alignments_size if self._alignment_history else () for m in mechanisms
            ),
            attention_state=self._item_or_tuple(m.state_size for m in mechanisms),
        )

    def zero_state(self, batch_size: Any, dtype: Any) -> AttentionWrapperState:
        """Return the state to begin with: zeros, or `initial_cell_state` for the cell.

        Parameters
        ----------
        batch_size : int or Tensor
            The memory must have as many examples.
        dtype : DType
        """
        mechanisms = self._attention_mechanisms
        with name_scope(type(self).__name__ + "ZeroState", values=[batch_size]):
            cell_state = self._initial_cell_state
            if cell_state is None:
                cell_state = self._cell.zero_state(batch_size, dtype)
            cell_state = self._checked(
                cell_state, batch_size, "When calling zero_state of AttentionWrapper", "requested batch size"
            )
            alignments = [m.initial_alignments(batch_size, dtype) for m in mechanisms]
            return AttentionWrapperState(
                cell_state=cell_state,
                attention=zero_tensors(self._attention_layer_size, batch_size, dtype),
                time=zeros([], dtype=dtypes.int32),
                alignments=self._item_or_tuple(alignments),
                alignment_history=self._item_or_tuple(
                    TensorArray(dtype, size=0, dynamic_size=True, element_shape=first.shape)
                    if self._alignment_history
                    else ()
                    for first in alignments
                ),
                attention_state=self._item_or_tuple(m.initial_state(batch_size, dtype) for m in mechanisms),
            )

    def call(self, inputs: Any, state: Any) -> tuple[Tensor, AttentionWrapperState]:
        """One step: run the cell, compare its output with the memory, take what fits."""
        if not isinstance(state, AttentionWrapperState):
            raise TypeError(
                f"Expected state to be instance of AttentionWrapperState. Received type {type(state)} instead."
            )
        cell_inputs = self._cell_input_fn(inputs, state.attention)
        output, cell_state = self._cell(cell_inputs, state.cell_state)
        batch_size = output.shape.as_list()[0] or shape_of(output)[0]
        query = self._checked(output, batch_size, "When applying AttentionWrapper", "query (decoder output)")
        if self._is_multi:
            states, histories = state.attention_state, state.alignment_history
        else:
            states, histories = (state.attention_state,), (state.alignment_history,)
        attentions, all_alignments, next_states, next_histories = [], [], [], []
        for i, mechanism in enumerate(self._attention_mechanisms):
            layer = self._attention_layers[i] if self._attention_layers else None
            attention, alignments, next_state = self._attention_fn(mechanism, query, states[i], layer)
            attentions.append(attention)
            all_alignments.append(alignments)
            next_states.append(next_state)
            next_histories.append(histories[i].write(state.time, alignments) if self._alignment_history else ())
        attention = concat(attentions, 1)
        new_state = AttentionWrapperState(
            cell_state=cell_state,
            attention=attention,
            time=state.time + 1,
            alignments=self._item_or_tuple(all_alignments),
            alignment_history=self._item_or_tuple(next_histories),
            attention_state=self._item_or_tuple(next_states),
        )
        return (attention if self._output_attention else query), new_state

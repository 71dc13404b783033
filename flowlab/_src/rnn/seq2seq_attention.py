"""`tf.contrib.seq2seq`: attention, how well a query fits each entry of a memory."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import as_dtype
from flowlab._src.graph.scopes import control_dependencies, name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.keras.engine.base_layer import Layer
from flowlab._src.layers.core import Dense
from flowlab._src.ops.argmax import argmax
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.checks import assert_positive
from flowlab._src.ops.fill import ones_like
from flowlab._src.ops.linalg import matmul
from flowlab._src.ops.nn_softmax import softmax
from flowlab._src.ops.one_hot import one_hot
from flowlab._src.ops.powers import rsqrt, square
from flowlab._src.ops.reduce import reduce_sum
from flowlab._src.ops.reshaping import expand_dims, squeeze
from flowlab._src.ops.selecting import sequence_mask, where
from flowlab._src.ops.transcendental import tanh
from flowlab._src.rnn.sizes import zero_tensors
from flowlab._src.util.export import export
from flowlab._src.variables.initializers import Constant, Zeros
from flowlab._src.variables.scope import get_variable, variable_scope


@export("contrib.seq2seq.hardmax")
def hardmax(logits: Any, name: str | None = None) -> Tensor:
    """Return 1 at the largest logit of each row and 0 elsewhere: attention to one entry only.

    Parameters
    ----------
    logits : Tensor, shape (..., entries), float
    name : str, optional

    Returns
    -------
    Tensor
        Like `logits`. No gradient flows through it.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.contrib.seq2seq.hardmax([[1.0, 3.0, 2.0]]))
    array([[0., 1., 0.]], dtype=float32)
    """
    with name_scope(name, "Hardmax", [logits]):
        logits = convert(logits, name="logits")
        depth = logits.shape.as_list()[-1]
        return one_hot(argmax(logits, -1), shape_of(logits)[-1] if depth is None else depth, dtype=logits.dtype)


@export("contrib.seq2seq.AttentionMechanism")
class AttentionMechanism:
    """Base class of what `tf.contrib.seq2seq.AttentionWrapper` can use."""

    @property
    def alignments_size(self) -> Any:
        """Entries of the memory."""
        raise NotImplementedError

    @property
    def state_size(self) -> Any:
        """Size of what the mechanism remembers from step to step."""
        raise NotImplementedError


class MemoryAttention(AttentionMechanism):
    """What Luong's and Bahdanau's attention share: a memory, the keys made of it, and masks for its padding."""

    def __init__(
        self,
        query_layer: Any,
        memory_layer: Any,
        memory: Any,
        probability_fn: Callable[..., Any] | None,
        memory_sequence_length: Any,
        score_mask_value: Any,
        custom_key_value_fn: Callable[..., Any] | None,
        name: str | None,
    ) -> None:
        for layer, what in ((query_layer, "query_layer"), (memory_layer, "memory_layer")):
            if layer is not None and not isinstance(layer, Layer):
                raise TypeError(f"{what} is not a Layer: {type(layer).__name__}")
        if probability_fn is not None and not callable(probability_fn):
            raise TypeError(f"probability_fn must be callable, saw type: {type(probability_fn).__name__}")
        self._query_layer = query_layer
        self._memory_layer = memory_layer
        self._probabilities = softmax if probability_fn is None else probability_fn
        self.dtype = as_dtype(memory_layer.dtype)
        self._score_mask_value = -np.inf if score_mask_value is None else score_mask_value
        self._name = name
        with name_scope(name, "BaseAttentionMechanismInit", [memory]):
            memory = convert(memory, name="memory")
            if memory.shape.ndims is None or not memory.shape[2:].is_fully_defined():
                raise ValueError(
                    f"Expected memory {memory.name} to have fully defined inner dims, but saw shape: {memory.shape}"
                )
            self._lengths = None
            if memory_sequence_length is not None:
                self._lengths = convert(memory_sequence_length, name="memory_sequence_length")
                mask = sequence_mask(self._lengths, maxlen=shape_of(memory)[1], dtype=memory.dtype)
                for _ in range(memory.shape.ndims - 2):
                    mask = expand_dims(mask, -1)
                memory = memory * mask
            self._values = memory
            self._keys = memory_layer(memory)
            if custom_key_value_fn is not None:
                self._keys, self._values = custom_key_value_fn(self._keys, self._values)
            batch, entries = self._keys.shape.as_list()[:2]
            self._batch_size = shape_of(self._keys)[0] if batch is None else batch
            self._alignments_size = shape_of(self._keys)[1] if entries is None else entries

    @property
    def memory_layer(self) -> Any:
        """The layer that makes keys of the memory."""
        return self._memory_layer

    @property
    def query_layer(self) -> Any:
        """The layer applied to queries; None if they are compared as they are."""
        return self._query_layer

    @property
    def values(self) -> Tensor:
        """The memory, zeros behind the end of each sequence."""
        return self._values

    @property
    def keys(self) -> Tensor:
        """What queries are compared with: shape (batch, entries, units)."""
        return self._keys

    @property
    def batch_size(self) -> Any:
        """Number of examples."""
        return self._batch_size

    @property
    def alignments_size(self) -> Any:
        """Entries of the memory."""
        return self._alignments_size

    @property
    def state_size(self) -> Any:
        """The state is the last alignments."""
        return self._alignments_size

    def initial_alignments(self, batch_size: Any, dtype: Any) -> Tensor:
        """Return zeros, shape (batch, entries)."""
        return zero_tensors(self._alignments_size, batch_size, dtype)

    def initial_state(self, batch_size: Any, dtype: Any) -> Tensor:
        """Return the initial alignments."""
        return self.initial_alignments(batch_size, dtype)

    def _score(self, query: Tensor) -> Tensor:
        raise NotImplementedError

    def __call__(self, query: Any, state: Any = None) -> tuple[Tensor, Tensor]:
        """Return `(alignments, next_state)`: how much of each entry to take; the two are the same here."""
        score = self._score(query)
        if self._lengths is not None:
            message = "All values in memory_sequence_length must be greater than zero."
            with control_dependencies([assert_positive(self._lengths, message=message)]):
                mask = sequence_mask(self._lengths, maxlen=shape_of(score)[1])
            score = where(mask, score, self._score_mask_value * ones_like(score))
        alignments = self._align(score, state)
        return alignments, alignments

    def _align(self, score: Tensor, state: Any) -> Tensor:
        return self._probabilities(score)


@export("contrib.seq2seq.LuongAttention")
class LuongAttention(MemoryAttention):
    """Attention by products: the score of an entry is the scalar product of query and key.

    Parameters
    ----------
    num_units : int
        Size of the keys, and so of the queries.
    memory : Tensor, shape (batch, entries, size)
        Usually the outputs of an encoder.
    memory_sequence_length : vector of int32, shape (batch,), optional
        Entries of each example; those behind are not looked at.
    scale : bool
        Learn a factor of the scores.
    probability_fn : callable, optional
        From scores to alignments; `tf.nn.softmax` if not given.
    score_mask_value : float, optional
        Score of the entries behind the end; minus infinity if not given.
    dtype : DType, optional
        Of the layer that makes the keys; float32 if not given.
    custom_key_value_fn : callable, optional
        `f(keys, values)` returns those to use.
    name : str

    Raises
    ------
    ValueError
        If the size of the memory is not known, or that of a query is not `num_units`.

    Examples
    --------
    >>> attention = tf.contrib.seq2seq.LuongAttention(4, tf.ones([1, 3, 5]), memory_sequence_length=[2])
    >>> alignments, _ = attention(tf.ones([1, 4]), attention.initial_state(1, tf.float32))
    >>> with tf.Session() as sess:
    ...     sess.run(tf.global_variables_initializer())
    ...     sess.run(alignments)
    array([[0.5, 0.5, 0. ]], dtype=float32)

    References
    ----------
    Luong et al., "Effective approaches to attention-based neural machine translation" (2015).
    """

    def __init__(
        self,
        num_units: int,
        memory: Any,
        memory_sequence_length: Any = None,
        scale: bool = False,
        probability_fn: Callable[..., Any] | None = None,
        score_mask_value: Any = None,
        dtype: Any = None,
        custom_key_value_fn: Callable[..., Any] | None = None,
        name: str = "LuongAttention",
    ) -> None:
        layer = Dense(num_units, name="memory_layer", use_bias=False, dtype=dtypes.float32 if dtype is None else dtype)
        super().__init__(
            None, layer, memory, probability_fn, memory_sequence_length, score_mask_value, custom_key_value_fn, name
        )
        self._num_units = num_units
        self._scale = scale

    def _score(self, query: Tensor) -> Tensor:
        with variable_scope(None, "luong_attention", [query]):
            return self._products(query)

    def _products(self, query: Tensor) -> Tensor:
        """The scores; the caller has opened the scope of the variables."""
        depth, units = query.shape.as_list()[-1], self._keys.shape.as_list()[-1]
        if depth != units:
            raise ValueError(
                f"Incompatible or unknown inner dimensions between query and keys.  Query ({query}) has units: "
                f"{depth}.  Keys ({self._keys}) have units: {units}.  Perhaps you need to set num_units to the "
                f"keys' dimension ({units})?"
            )
        score = squeeze(matmul(expand_dims(query, 1), self._keys, transpose_b=True), [1])
        if self._scale:
            score = get_variable("attention_g", dtype=query.dtype, initializer=Constant(1.0), shape=()) * score
        return score


@export("contrib.seq2seq.BahdanauAttention")
class BahdanauAttention(MemoryAttention):
    """Attention by a small net: the score of an entry is v * tanh(key + W query), summed.

    Parameters
    ----------
    num_units : int
        Size of the keys and of the net.
    memory : Tensor, shape (batch, entries, size)
        Usually the outputs of an encoder.
    memory_sequence_length : vector of int32, shape (batch,), optional
        Entries of each example; those behind are not looked at.
    normalize : bool
        Learn the length and the direction of v one by one, and an offset.
    probability_fn : callable, optional
        From scores to alignments; `tf.nn.softmax` if not given.
    score_mask_value : float, optional
        Score of the entries behind the end; minus infinity if not given.
    dtype : DType, optional
        Of the layers; float32 if not given.
    custom_key_value_fn : callable, optional
        `f(keys, values)` returns those to use.
    name : str

    Examples
    --------
    >>> attention = tf.contrib.seq2seq.BahdanauAttention(4, tf.ones([1, 3, 5]))
    >>> alignments, _ = attention(tf.ones([1, 6]), attention.initial_state(1, tf.float32))
    >>> alignments.shape.as_list(), [v.op.name for v in tf.trainable_variables()][-1]
    ([1, 3], 'bahdanau_attention/attention_v')

    References
    ----------
    Bahdanau et al., "Neural machine translation by jointly learning to align and translate" (2015); Salimans and
    Kingma, "Weight normalization" (2016).
    """

    def __init__(
        self,
        num_units: int,
        memory: Any,
        memory_sequence_length: Any = None,
        normalize: bool = False,
        probability_fn: Callable[..., Any] | None = None,
        score_mask_value: Any = None,
        dtype: Any = None,
        custom_key_value_fn: Callable[..., Any] | None = None,
        name: str = "BahdanauAttention",
    ) -> None:
        dtype = dtypes.float32 if dtype is None else dtype
        query_layer = Dense(num_units, name="query_layer", use_bias=False, dtype=dtype)
        memory_layer = Dense(num_units, name="memory_layer", use_bias=False, dtype=dtype)
        super().__init__(
            query_layer, memory_layer, memory, probability_fn, memory_sequence_length, score_mask_value,
            custom_key_value_fn, name,
        )  # fmt: skip
        self._num_units = num_units
        self._normalize = normalize

    def _score(self, query: Tensor) -> Tensor:
        with variable_scope(None, "bahdanau_attention", [query]):
            return self._net(query)

    def _net(self, query: Tensor) -> Tensor:
        """The scores; the caller has opened the scope of the variables."""
        queries = expand_dims(self._query_layer(query), 1)
        units, dtype = self._keys.shape.as_list()[2], queries.dtype
        v = get_variable("attention_v", [units], dtype=dtype)
        if not self._normalize:
            return reduce_sum(v * tanh(self._keys + queries), [2])
        start = Constant(math.sqrt(1.0 / units))
        g = get_variable("attention_g", dtype=dtype, initializer=start, shape=())
        b = get_variable("attention_b", [units], dtype=dtype, initializer=Zeros())
        direction = g * v * rsqrt(reduce_sum(square(v)))
        return reduce_sum(direction * tanh(self._keys + queries + b), [2])

"""`tf.contrib.seq2seq`: monotonic attention, which reads a memory from left to right and never goes back."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.cast import cast
from flowlab._src.ops.clip import clip_by_value
from flowlab._src.ops.compare import greater
from flowlab._src.ops.cumulative import cumprod, cumsum
from flowlab._src.ops.fill import ones, zeros
from flowlab._src.ops.functional import scan
from flowlab._src.ops.joining import concat
from flowlab._src.ops.one_hot import one_hot
from flowlab._src.ops.random import random_normal
from flowlab._src.ops.transcendental import exp, log, sigmoid
from flowlab._src.ops.transposing import transpose
from flowlab._src.rnn.seq2seq_attention import BahdanauAttention, LuongAttention, MemoryAttention
from flowlab._src.util.export import export
from flowlab._src.variables.initializers import Constant
from flowlab._src.variables.scope import get_variable, variable_scope


@export("contrib.seq2seq.safe_cumprod")
def safe_cumprod(x: Any, *args: Any, **kwargs: Any) -> Tensor:
    """Return products of growing parts, as `tf.cumprod` does, by adding logarithms: no gradient is infinite.

    Parameters
    ----------
    x : Tensor, float
        Factors from 0 to 1; others are clipped.
    *args, **kwargs
        Those of `tf.cumsum`: axis, exclusive, reverse.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.contrib.seq2seq.safe_cumprod([0.5, 0.5, 1.0])).round(3).tolist()
    [0.5, 0.25, 0.25]
    """
    with name_scope(None, "SafeCumprod", [x]):
        x = convert(x, name="x")
        tiny = float(np.finfo(x.dtype.as_numpy_dtype).tiny)
        return exp(cumsum(log(clip_by_value(x, tiny, 1)), *args, **kwargs))


@export("contrib.seq2seq.monotonic_attention")
def monotonic_attention(p_choose_i: Any, previous_attention: Any, mode: str) -> Tensor:
    """Return how likely each entry is the one looked at, when reading goes from left to right.

    From the entry of the last step on, each entry is taken with its probability, or passed by for ever.

    Parameters
    ----------
    p_choose_i : Tensor, shape (batch, entries), float
        Probability that an entry is taken when it is come upon.
    previous_attention : Tensor, shape (batch, entries)
        The result of the last step; in the first step 1 for the first entry, 0 for the others.
    mode : {"recursive", "parallel", "hard"}
        Entry after entry: exact, slow. By sums of logarithms: fast, less exact if probabilities are near 0 or 1. Or for
        probabilities that are 0 or 1, and attention to one entry only.

    Returns
    -------
    Tensor, shape (batch, entries)
        The rest of the sum to 1 is the probability that no entry was taken.

    Raises
    ------
    ValueError
        If `mode` is another.

    Examples
    --------
    >>> attention = tf.contrib.seq2seq.monotonic_attention([[0.5, 0.5, 0.5]], [[1.0, 0.0, 0.0]], "recursive")
    >>> with tf.Session() as sess:
    ...     sess.run(attention)
    array([[0.5  , 0.25 , 0.125]], dtype=float32)

    References
    ----------
    Raffel et al., "Online and linear-time attention by enforcing monotonic alignments" (2017).
    """
    p = convert(p_choose_i, name="p_choose_i")
    before = convert(previous_attention, name="previous_attention")
    if mode == "recursive":
        batch = p.shape.as_list()[0] or shape_of(p)[0]
        # What reaches an entry: what was there before, and what passed the entry to its left.
        passed = concat([ones([batch, 1], dtype=p.dtype), 1 - p[:, :-1]], 1)
        arriving = scan(
            lambda left, now: now[0] * left + now[1],
            (transpose(passed), transpose(before)),
            zeros([batch], dtype=p.dtype),
        )
        attention = p * transpose(arriving)
    elif mode == "parallel":
        passed_by = safe_cumprod(1 - p, axis=1, exclusive=True)
        # Clipped: the product of many factors may be 0.
        attention = p * passed_by * cumsum(before / clip_by_value(passed_by, 1e-10, 1.0), axis=1)
    elif mode == "hard":
        attention = p * cumsum(before, axis=1)
        attention = attention * cumprod(1 - attention, axis=1, exclusive=True)
    else:
        raise ValueError(f"mode must be 'recursive', 'parallel', or 'hard', not {mode!r}.")
    attention.set_shape(p.shape)
    return attention


class MonotonicAttention(MemoryAttention):
    """What the two kinds share: where reading begins, and how scores become alignments."""

    _mode: str
    _sigmoid_noise: float
    _sigmoid_noise_seed: int | None
    _score_bias_init: float

    def _read_on(self, mode: str, sigmoid_noise: float, seed: int | None, score_bias_init: float) -> None:
        self._mode = mode
        self._sigmoid_noise = sigmoid_noise
        self._sigmoid_noise_seed = seed
        self._score_bias_init = score_bias_init

    def initial_alignments(self, batch_size: Any, dtype: Any) -> Tensor:
        """Return the first entry for all examples, shape (batch, entries)."""
        return one_hot(zeros((batch_size,), dtype=dtypes.int32), self._alignments_size, dtype=dtype)

    def _score_in_scope(self, query: Tensor, score: Any) -> Tensor:
        bias = get_variable(
            "attention_score_bias", dtype=query.dtype, initializer=Constant(self._score_bias_init), shape=()
        )
        return score + bias

    def _align(self, score: Tensor, state: Any) -> Tensor:
        if self._sigmoid_noise > 0:
            noise = random_normal(shape_of(score), dtype=score.dtype, seed=self._sigmoid_noise_seed)
            score = score + self._sigmoid_noise * noise
        chosen = cast(greater(score, 0), score.dtype) if self._mode == "hard" else sigmoid(score)
        return monotonic_attention(chosen, state, self._mode)


@export("contrib.seq2seq.LuongMonotonicAttention")
class LuongMonotonicAttention(MonotonicAttention, LuongAttention):
    """Monotonic attention whose scores are scalar products: see `tf.contrib.seq2seq.LuongAttention`.

    Parameters
    ----------
    num_units : int
        Size of the keys, and so of the queries.
    memory : Tensor, shape (batch, entries, size)
    memory_sequence_length : vector of int32, shape (batch,), optional
    scale : bool
        Learn a factor of the scores.
    score_mask_value : float, optional
        Score of the entries behind the end; minus infinity if not given.
    sigmoid_noise : float
        Standard deviation of noise added to the scores: in training it makes the probabilities go to 0 or 1.
    sigmoid_noise_seed : int, optional
    score_bias_init : float
        First value of what is added to all scores: negative, so that reading does not end too soon.
    mode : {"parallel", "recursive", "hard"}
        See `tf.contrib.seq2seq.monotonic_attention`; "hard" is for use after training.
    dtype : DType, optional
    name : str

    Examples
    --------
    >>> attention = tf.contrib.seq2seq.LuongMonotonicAttention(4, tf.ones([1, 3, 5]), scale=True)
    >>> alignments, _ = attention(tf.zeros([1, 4]), attention.initial_state(1, tf.float32))
    >>> with tf.Session() as sess:
    ...     sess.run(tf.global_variables_initializer())
    ...     sess.run(alignments)
    array([[0.5  , 0.25 , 0.125]], dtype=float32)
    """

    def __init__(
        self,
        num_units: int,
        memory: Any,
        memory_sequence_length: Any = None,
        scale: bool = False,
        score_mask_value: Any = None,
        sigmoid_noise: float = 0.0,
        sigmoid_noise_seed: int | None = None,
        score_bias_init: float = 0.0,
        mode: str = "parallel",
        dtype: Any = None,
        name: str = "LuongMonotonicAttention",
    ) -> None:
        super().__init__(num_units, memory, memory_sequence_length, scale, None, score_mask_value, dtype, None, name)
        self._read_on(mode, sigmoid_noise, sigmoid_noise_seed, score_bias_init)

    def _score(self, query: Tensor) -> Tensor:
        with variable_scope(None, "luong_monotonic_attention", [query]):
            return self._score_in_scope(query, self._products(query))


@export("contrib.seq2seq.BahdanauMonotonicAttention")
class BahdanauMonotonicAttention(MonotonicAttention, BahdanauAttention):
    """Monotonic attention whose scores come from a small net: see `tf.contrib.seq2seq.BahdanauAttention`.

    Parameters
    ----------
    num_units : int
        Size of the keys and of the net.
    memory : Tensor, shape (batch, entries, size)
    memory_sequence_length : vector of int32, shape (batch,), optional
    normalize : bool
        Learn the length and the direction of v one by one, and an offset.
    score_mask_value, sigmoid_noise, sigmoid_noise_seed, score_bias_init, mode, dtype, name
        As for `tf.contrib.seq2seq.LuongMonotonicAttention`.

    Examples
    --------
    >>> attention = tf.contrib.seq2seq.BahdanauMonotonicAttention(4, tf.ones([1, 3, 5]), mode="hard")
    >>> alignments, _ = attention(tf.ones([1, 6]), attention.initial_state(1, tf.float32))
    >>> alignments.shape.as_list()
    [1, 3]
    """

    def __init__(
        self,
        num_units: int,
        memory: Any,
        memory_sequence_length: Any = None,
        normalize: bool = False,
        score_mask_value: Any = None,
        sigmoid_noise: float = 0.0,
        sigmoid_noise_seed: int | None = None,
        score_bias_init: float = 0.0,
        mode: str = "parallel",
        dtype: Any = None,
        name: str = "BahdanauMonotonicAttention",
    ) -> None:
        super().__init__(
            num_units, memory, memory_sequence_length, normalize, None, score_mask_value, dtype, None, name
        )
        self._read_on(mode, sigmoid_noise, sigmoid_noise_seed, score_bias_init)

    def _score(self, query: Tensor) -> Tensor:
        with variable_scope(None, "bahdanau_monotonic_attention", [query]):
            return self._score_in_scope(query, self._net(query))

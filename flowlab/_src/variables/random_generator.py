"""`tf.random.experimental.Generator`: random numbers from a stream whose position is a variable."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.dtypes import as_dtype, float32, int64, uint64
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.random_stateful import (
    PHILOX,
    NonDeterministicInts,
    RngSkip,
    StatefulStandardNormalV2,
    StatefulTruncatedNormal,
    StatefulUniform,
    StatefulUniformFullInt,
    StatefulUniformInt,
    to_signed,
)
from flowlab._src.util.export import export
from flowlab._src.variables.resource import ResourceVariable

STATE_SIZES = {PHILOX: 3}


def _state_size(alg: Any) -> int:
    if alg not in STATE_SIZES:
        raise misuse(
            ValueError(f"Unsupported algorithm id: {alg}"), fix="the algorithm of random numbers here is 1, Philox"
        )
    return STATE_SIZES[alg]


@export("random.experimental.create_rng_state")
def create_rng_state(seed: Any, alg: int) -> np.ndarray:
    """Make the state of a random number generator from a seed.

    Parameters
    ----------
    seed : int, or sequence of int
        An int of any size; of a sequence the first numbers that the state has room for.
    alg : int
        1, for Philox.

    Returns
    -------
    numpy.ndarray of int64
        For Philox: the two halves of the counter, then the key.

    Examples
    --------
    >>> tf.random.experimental.create_rng_state(1234, 1)
    array([1234,    0,    0])
    """
    size = _state_size(alg)
    if isinstance(seed, (int, np.integer)):
        numbers = [int(seed) >> 64 * i for i in range(size)]
    else:
        if np.ndim(seed) != 1:
            raise misuse(ValueError(f"seed should only have one dimension; got shape: {np.shape(seed)}"))
        numbers = [int(n) for n in seed][:size]
        numbers = [0] * (size - len(numbers)) + numbers  # so that a short seed is a key, not a place in the stream
    return np.array([to_signed(n) for n in numbers], np.int64)


@export("random.experimental.Generator")
class Generator:
    """A stream of random numbers whose position is kept in a variable.

    The variable (`state`) can be saved, restored and set like any other, and it starts with the graph's initializers.

    Parameters
    ----------
    copy_from : Generator, optional
        Take state and algorithm from this one.
    state : vector of int64, optional
    alg : int, optional
        1, for Philox; needed with `state`.

    Examples
    --------
    >>> g = tf.random.experimental.Generator.from_seed(1234)
    >>> x = g.normal([3])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.global_variables_initializer())
    ...     sess.run(x).round(3)
    ...     sess.run(g.state)
    array([ 0.936,  1.085, -0.938], dtype=float32)
    array([2002,    0,    0])
    """

    def __init__(self, copy_from: Generator | None = None, state: Any = None, alg: int | None = None) -> None:
        if copy_from is not None:
            if state is not None or alg is not None:
                raise misuse(ValueError("copy_from and (state or alg) can't be both given"))
            state, alg = copy_from.state.initialized_value(), copy_from.algorithm
        if state is None or alg is None:
            raise misuse(
                ValueError("either copy_from, or state and alg must be given"),
                fix="tf.random.experimental.Generator.from_seed(1)",
            )
        _state_size(alg)
        if not isinstance(state, Tensor):
            state = np.array([to_signed(int(n)) for n in np.asarray(state, object).ravel()], np.int64)
        self._alg = alg
        self._state_var = ResourceVariable(state, dtype=int64, trainable=False)
        self._state_var.shape.assert_is_compatible_with([_state_size(alg)])

    @classmethod
    def from_state(cls, state: Any, alg: int) -> Generator:
        """Make a generator with this state."""
        return cls(state=state, alg=alg)

    @classmethod
    def from_seed(cls, seed: Any, alg: int | None = None) -> Generator:
        """Make a generator from a seed: the same one gives the same numbers in every session."""
        alg = PHILOX if alg is None else alg
        return cls(state=create_rng_state(seed, alg), alg=alg)

    @classmethod
    def from_non_deterministic_state(cls, alg: int | None = None) -> Generator:
        """Make a generator that starts anywhere: its numbers differ from session to session."""
        alg = PHILOX if alg is None else alg
        return cls(state=NonDeterministicInts(dtype=int64)([_state_size(alg)]), alg=alg)

    @classmethod
    def from_key_counter(cls, key: Any, counter: Any, alg: int) -> Generator:
        """Make a generator from a key and the place in its stream, a vector of two numbers."""
        _state_size(alg)
        return cls(state=[*np.ravel(counter).tolist(), int(key)], alg=alg)

    @property
    def state(self) -> ResourceVariable:
        """The variable."""
        return self._state_var

    @property
    def algorithm(self) -> int:
        """1, for Philox."""
        return self._alg

    @property
    def key(self) -> Tensor:
        """The number that tells this stream from others."""
        return self._state_var.read_value()[-1]

    def reset(self, state: Any) -> Any:
        """Set the state; gives the operation that does it."""
        if not isinstance(state, Tensor):
            state = np.asarray(state, np.int64)
        return self._state_var.assign(state)

    def reset_from_seed(self, seed: Any) -> Any:
        """Set the state to what `from_seed` would give."""
        return self.reset(create_rng_state(seed, self._alg))

    def reset_from_key_counter(self, key: Any, counter: Any) -> Any:
        """Set the key and the place in its stream."""
        return self.reset([to_signed(int(n)) for n in [*np.ravel(counter).tolist(), key]])

    def skip(self, delta: Any) -> Any:
        """Move on as if `delta` numbers had been drawn; gives the operation that does it."""
        return RngSkip()(self._state_var.handle, self._alg, convert(delta, int64, "delta"))

    def _draw(self, op: Any, shape: Any, *others: Any, name: str | None = None) -> Tensor:
        result: Tensor = op(self._state_var.handle, convert(self._alg, int64), shape, *others, name=name)
        return result

    def normal(
        self, shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = float32, name: str | None = None
    ) -> Tensor:
        """Draw normal numbers; see `tf.random_normal`."""
        return self._scaled(StatefulStandardNormalV2, "stateful_normal", shape, mean, stddev, dtype, name)

    def truncated_normal(
        self, shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = float32, name: str | None = None
    ) -> Tensor:
        """Draw normal numbers that are less than two standard deviations from the mean; see `tf.truncated_normal`."""
        return self._scaled(StatefulTruncatedNormal, "truncated_normal", shape, mean, stddev, dtype, name)

    def _scaled(
        self, op: Any, default: str, shape: Any, mean: Any, stddev: Any, dtype: Any, name: str | None
    ) -> Tensor:
        dtype = as_dtype(dtype)
        with name_scope(name, default, [shape, mean, stddev]) as name:
            shape = _shape_tensor(shape)
            mean = convert(mean, dtype, "mean")
            stddev = convert(stddev, dtype, "stddev")
            result: Tensor = raw.AddV2(self._draw(op(dtype=dtype), shape) * stddev, mean, name=name)
            return result

    def uniform(
        self, shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = float32, name: str | None = None
    ) -> Tensor:
        """Draw numbers from `minval` up to, not including, `maxval`; see `tf.random_uniform`."""
        dtype = as_dtype(dtype)
        if maxval is None:
            if dtype.is_integer:
                raise misuse(ValueError(f"Must specify maxval for integer dtype {dtype!r}"))
            maxval = 1
        with name_scope(name, "stateful_uniform", [shape, minval, maxval]) as name:
            shape = _shape_tensor(shape)
            minval = convert(minval, dtype, "min")
            maxval = convert(maxval, dtype, "max")
            if dtype.is_integer:
                return self._draw(StatefulUniformInt(), shape, minval, maxval, name=name)
            random = self._draw(StatefulUniform(dtype=dtype), shape)
            result: Tensor = raw.AddV2(random * (maxval - minval), minval, name=name)
            return result

    def uniform_full_int(self, shape: Any, dtype: Any = uint64, name: str | None = None) -> Tensor:
        """Draw whole numbers of any size that `dtype` can hold."""
        dtype = as_dtype(dtype)
        with name_scope(name, "stateful_uniform_full_int", [shape]) as name:
            return self._draw(StatefulUniformFullInt(dtype=dtype), _shape_tensor(shape), name=name)

    def make_seeds(self, count: int = 1) -> Tensor:
        """Draw seeds for the `tf.random.stateless_*` functions, shape (2, count)."""
        from flowlab._src.ops.fill import zeros_like
        from flowlab._src.ops.joining import stack

        keys = self.uniform_full_int([count], int64)
        return stack([keys, zeros_like(keys)])

    def split(self, count: int = 1) -> list[Generator]:
        """Make `count` generators with streams of their own, drawn from this one."""
        from flowlab._src.ops.joining import stack, unstack

        keys = unstack(self.uniform_full_int([count], int64), num=count)
        zero = convert(0, int64)
        return [Generator(state=stack([zero, zero, key]), alg=self._alg) for key in keys]


def _shape_tensor(shape: Any) -> Tensor:
    empty = isinstance(shape, (list, tuple)) and not shape
    return convert(shape, int64 if empty else None, "shape")


_global: list[Generator] = []


@export("random.experimental.get_global_generator")
def get_global_generator() -> Generator:
    """Return the generator that everybody shares; the first call in a graph makes it, with a state left to chance."""
    if not _global or _global[0].state.graph is not get_default_graph():
        _global[:] = [Generator.from_non_deterministic_state()]
    return _global[0]


@export("random.experimental.set_global_generator")
def set_global_generator(generator: Generator) -> None:
    """Let `get_global_generator` return this one."""
    _global[:] = [generator]

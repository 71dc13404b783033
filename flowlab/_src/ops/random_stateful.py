"""Random numbers whose position in the stream is the value of a variable: it can be read, saved and set.

The state of Philox is three numbers of 64 bits: two for the counter, the lower half first, and the key.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph.dtypes import DType, float32, int64, uint64
from flowlab._src.graph.op import Array, Index, Op, Resource, Spec, T
from flowlab._src.graph.shape import TensorShape
from flowlab._src.kernels.philox import MASK32, MASK64
from flowlab._src.kernels.random import BLOCKS_PER_OUTPUT, Philox
from flowlab._src.ops.random import sizes
from flowlab._src.ops.resource_state import current

PHILOX = 1


def to_signed(number: int) -> int:
    """The 64 bits of a number, read as a signed one."""
    number &= MASK64
    return number - (1 << 64) if number >> 63 else number


class Stateful(Op, abstract=True):
    """Draws from the stream whose position a variable holds, and moves it on."""

    stateful = True
    reads_values = True

    def draw(self, run: Any, resource: Any, algorithm: Any, take: Any) -> Any:
        """What `take` makes of the generator; the variable gets the new position."""
        if int(algorithm) != PHILOX:
            raise InvalidArgumentError(None, None, f"Unsupported algorithm id: {int(algorithm)}")
        with run.state.lock:
            state = current(run, resource)
            if state.dtype != np.int64 or state.ndim != 1:
                message = f"RNG state must be one-dimensional of int64, not {state.dtype} {list(state.shape)}"
                raise InvalidArgumentError(None, None, message)
            if len(state) < 3:
                message = f"For the Philox algorithm, the size of state must be at least 3; got {len(state)}"
                raise InvalidArgumentError(None, None, message)
            low, high, key = (int(n) & MASK64 for n in state[:3].tolist())
            generator = Philox(1)
            generator.key, generator.counter = (key & MASK32, key >> 32), high << 64 | low
            result = take(generator)
            counter = generator.counter
            moved = [to_signed(counter), to_signed(counter >> 64), to_signed(key), *state[3:].tolist()]
            run.state.write(resource.name, np.array(moved, np.int64))
        return result


class StatefulFilled(Stateful, abstract=True):
    """A random array of a given shape and type."""

    dtype: DType = float32

    def dtypes(self, *inputs: Any) -> DType:
        """As the attribute says."""
        return self.dtype

    def shape(self, resource: Spec, algorithm: Spec, shape: Spec) -> TensorShape:
        """The shape asked for, as far as it is known while building."""
        algorithm.ranked(0)
        shape.ranked(1)
        return shape.as_shape


class StatefulStandardNormalV2(StatefulFilled):
    """Normal numbers with mean 0 and standard deviation 1."""

    def kernel(self, run: Any, resource: Array[Resource], algorithm: Array[np.int64], shape: Array[Index]) -> Array:
        wanted, dtype = sizes(shape), self.dtype.as_numpy_dtype
        return self.draw(run, resource, algorithm, lambda stream: stream.normal(wanted, dtype))


class StatefulTruncatedNormal(StatefulFilled):
    """Normal numbers, those 2 or more from the mean drawn again."""

    def kernel(self, run: Any, resource: Array[Resource], algorithm: Array[np.int64], shape: Array[Index]) -> Array:
        wanted, dtype = sizes(shape), self.dtype.as_numpy_dtype
        return self.draw(run, resource, algorithm, lambda stream: stream.truncated_normal(wanted, dtype))


class StatefulUniform(StatefulFilled):
    """Numbers from 0 up to, not including, 1."""

    def kernel(self, run: Any, resource: Array[Resource], algorithm: Array[np.int64], shape: Array[Index]) -> Array:
        wanted, dtype = sizes(shape), self.dtype.as_numpy_dtype
        return self.draw(run, resource, algorithm, lambda stream: stream.uniform(wanted, dtype))


class StatefulUniformFullInt(StatefulFilled):
    """Whole numbers of any size that the type can hold."""

    dtype: DType = uint64

    def kernel(self, run: Any, resource: Array[Resource], algorithm: Array[np.int64], shape: Array[Index]) -> Array:
        wanted, dtype = sizes(shape), np.dtype(self.dtype.as_numpy_dtype)

        def from_words(words: Any) -> Any:
            bits = words if dtype.itemsize == 4 else words[:, 0::2] | words[:, 1::2].astype(np.uint64) << np.uint64(32)
            return bits.view(dtype)

        return self.draw(run, resource, algorithm, lambda stream: stream.fill(wanted, dtype, from_words))


class StatefulUniformInt(Stateful):
    """Whole numbers from `minval` up to, not including, `maxval`."""

    def kernel(
        self,
        run: Any,
        resource: Array[Resource],
        algorithm: Array[np.int64],
        shape: Array[Index],
        minval: Array[T],
        maxval: Array[T],
    ) -> Array[T]:
        if np.ndim(minval) or np.ndim(maxval):
            raise InvalidArgumentError(None, None, f"minval and maxval must be scalars, got {minval} and {maxval}")
        if minval >= maxval:
            raise InvalidArgumentError(None, None, f"Need minval < maxval, got {minval} >= {maxval}")
        wanted, low, high, dtype = sizes(shape), int(minval), int(maxval), minval.dtype
        return self.draw(run, resource, algorithm, lambda stream: stream.uniform_int(wanted, low, high, dtype))

    def shape(self, resource: Spec, algorithm: Spec, shape: Spec, minval: Spec, maxval: Spec) -> TensorShape:
        for spec in (algorithm, minval, maxval):
            spec.ranked(0)
        shape.ranked(1)
        return shape.as_shape


class RngSkip(Stateful):
    """Move on as if `delta` numbers had been drawn."""

    def kernel(self, run: Any, resource: Array[Resource], algorithm: Array[np.int64], delta: Array[np.int64]) -> None:
        self.draw(run, resource, algorithm, lambda stream: stream.reserve(int(delta) * BLOCKS_PER_OUTPUT))

    def shape(self, resource: Spec, algorithm: Spec, delta: Spec) -> list[TensorShape]:
        algorithm.ranked(0)
        delta.ranked(0)
        return []


class NonDeterministicInts(Op):
    """Whole numbers that differ in each run, from the operating system's source of chance."""

    dtype: DType = int64
    stateful = True
    reads_values = True

    def kernel(self, run: Any, shape: Array[Index]) -> Array:
        numbers = np.random.default_rng().integers(0, MASK64, sizes(shape), np.uint64, endpoint=True)
        return np.asarray(numbers).astype(self.dtype.as_numpy_dtype)

    def dtypes(self, shape: Any) -> DType:
        return self.dtype

    def shape(self, shape: Spec) -> TensorShape:
        shape.ranked(1)
        return shape.as_shape

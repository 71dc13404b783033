"""TensorFlow's random numbers, bit for bit: arrays out, no graph.

All of TensorFlow's random operations draw from one function, Philox (`philox.py`), which encrypts a counter: a block
number 0, 1, 2, ... goes in with a key, four 32-bit words come out.

How TensorFlow uses it, and how this module does:

- The key is the graph seed; the op seed is the upper half of the 128-bit counter; the lower half starts at 0.
- An operation owns one generator per session. Each run takes its blocks and moves the counter on, by 256 blocks for
  each number drawn, far more than it needs: so a run may reject and redraw without ever meeting the next run's blocks.
- Words become numbers by rules fixed below, in the order of the blocks, whatever the number of threads.

Read :func:`philox.philox_block` first, then :class:`Philox`.
"""

import math
import secrets
import threading
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.kernels import libm
from flowlab._src.kernels.jit import SINGLE, Int, Ints1, Parameter, Turn, loop
from flowlab._src.kernels.philox import MASK32, MASK64, MASK128, Words, philox_block, philox_blocks
from flowlab._src.kernels.random_fill import NORMAL_FLOATS, TRUNCATED_FLOATS, UNIFORM_FLOATS, fill

Array = NDArray[Any]
Order = Annotated[NDArray[np.int64], Parameter(1, True, "int64")]

DEFAULT_GRAPH_SEED = 87654321
MAX_SEED = 2**31 - 1

BLOCKS_PER_OUTPUT = 256  # how far TensorFlow moves the counter for each number drawn
CHUNK = 16384  # blocks made at a time: the working arrays stay in the processor's cache


def op_seeds(graph_seed: int | None, op_seed: int | None, last_id: int) -> tuple[int, int] | tuple[None, None]:
    """Combine the seed of the graph with the seed of one operation, by TensorFlow 1.x's rule.

    Parameters
    ----------
    graph_seed : int or None
        What ``tf.set_random_seed`` was given.
    op_seed : int or None
        The operation's own ``seed`` argument.
    last_id : int
        Number of operations already in the graph. With a graph seed alone it becomes the op seed: every operation gets
        numbers of its own, and the same program gets the same numbers each time.

    Returns
    -------
    tuple of two int, or (None, None)
        The attributes ``seed`` and ``seed2``; None stands for "different numbers in every session".

    Examples
    --------
    >>> op_seeds(2, None, last_id=3)
    (2, 3)
    >>> op_seeds(None, 5, last_id=3)
    (87654321, 5)
    >>> op_seeds(None, None, last_id=3)
    (None, None)
    """
    if graph_seed is None and op_seed is None:
        return None, None
    first = DEFAULT_GRAPH_SEED if graph_seed is None else graph_seed % MAX_SEED
    second = (last_id if op_seed is None else op_seed) % MAX_SEED
    if (first, second) == (0, 0):
        return 0, MAX_SEED  # two zeros would ask the kernel for unpredictable numbers
    return first, second


@loop(least=2**9, calls=200, dtypes=SINGLE)
def swap_loop(turn: Turn, pieces: Int, order: Order, places: Ints1) -> None:
    """Exchange entry after entry with the one at its place: 10,000 in 20 us, for 1 ms in Python."""
    for here in range(places.size):
        there = places[here]
        order[here], order[there] = order[there], order[here]


class Philox:
    """The generator of one random operation: a key, and a counter that moves on with every call.

    Calls from several threads are safe; each gets blocks of its own.

    Parameters
    ----------
    seed, seed2 : int
        The operation's seed attributes (64 bits each). Both 0: unpredictable numbers.

    Examples
    --------
    >>> generator = Philox(2, 3)
    >>> generator.uniform([], np.float32) * 20 - 10
    np.float32(-4.007516)
    >>> Philox(2, 10).uniform([2], np.float32)
    array([0.35083032, 0.5170926 ], dtype=float32)
    """

    def __init__(self, seed: int = 0, seed2: int = 0) -> None:
        if seed == 0 and seed2 == 0:
            seed, seed2 = secrets.randbits(64), secrets.randbits(64)
        self.key = seed & MASK32, seed >> 32 & MASK32
        self.counter = (seed2 & MASK64) << 64
        self.lock = threading.Lock()

    @classmethod
    def stateless(cls, seeds: Sequence[int]) -> "Philox":
        """Return the generator that the ``stateless_random_*`` operations make afresh, in each run, from two seeds."""
        first, second = (int(seed) & MASK64 for seed in seeds)
        mixed = philox_block(second << 64 | first, (0x3EC8F720, 0x02461E29))
        generator = cls(1)
        generator.key, generator.counter = mixed[:2], (mixed[3] << 32 | mixed[2]) << 64
        return generator

    def uniform(self, shape: Sequence[int], dtype: DTypeLike = np.float32) -> Array:
        """Numbers from 0 up to, not including, 1; float16, float32 or float64."""
        dtype = np.dtype(dtype)
        return self.fill(shape, dtype, converter(UNIFORM, dtype), UNIFORM_FLOATS)

    def uniform_int(self, shape: Sequence[int], minval: int, maxval: int, dtype: DTypeLike = np.int32) -> Array:
        """Whole numbers from `minval` up to, not including, `maxval`; int32 or int64.

        The remainder of a random word: slightly uneven unless ``maxval - minval`` is a power of two, as in TensorFlow.
        """
        if not minval < maxval:
            raise InvalidArgumentError(None, None, f"Need minval < maxval, got {minval} >= {maxval}")
        dtype = np.dtype(dtype)
        unsigned = np.dtype(f"u{dtype.itemsize}")
        span, start = int(maxval) - int(minval), np.array(minval, dtype).view(unsigned)

        def from_words(words: Words) -> Array:
            bits = words if dtype.itemsize == 4 else words[:, 0::2] | words[:, 1::2].astype(np.uint64) << 32
            return (bits % span + start).view(dtype)  # sums that wrap around are right in two's complement

        return self.fill(shape, dtype, from_words)

    def normal(self, shape: Sequence[int], dtype: DTypeLike = np.float32) -> Array:
        """Numbers with mean 0 and standard deviation 1; float16, float32 or float64."""
        dtype = np.dtype(dtype)
        return self.fill(shape, dtype, converter(NORMAL, dtype), NORMAL_FLOATS)

    def truncated_normal(self, shape: Sequence[int], dtype: DTypeLike = np.float32) -> Array:
        """Normal numbers, those at 2 or more from the mean drawn again; float16, float32 or float64.

        Every group of 4 numbers (2 of float64) has a reserve of blocks to itself and takes from it, in order, the
        first numbers that fit. A group therefore never depends on how often another one had to draw again.
        """
        dtype = np.dtype(dtype)
        box_muller = converter(NORMAL, dtype)
        group = 2 if dtype == np.float64 else 4
        size = math.prod(shape)
        start = self.reserve(size * BLOCKS_PER_OUTPUT)
        stride = group * BLOCKS_PER_OUTPUT // 4
        if dtype == np.float32 and (compiled := fill(size, TRUNCATED_FLOATS, start, stride, self.key)) is not None:
            return compiled.reshape(shape)
        groups = -(-size // group)
        result = np.empty((groups, group), dtype)
        for first in range(0, groups, CHUNK):
            rows = np.arange(first, min(first + CHUNK, groups))
            numbers = box_muller(self.blocks(start, rows * stride))
            result[rows] = numbers  # five groups out of six are complete, the others are written over:
            fits = np.abs(numbers) < 2
            short = np.flatnonzero(~fits.all(axis=1))
            rows, numbers, fits = rows[short], numbers[short], fits[short]
            filled = np.zeros(rows.size, np.intp)
            block = 0
            while rows.size:
                place = filled[:, None] + fits.cumsum(axis=1) - 1
                row, column = np.nonzero(fits & (place < group))
                result[rows[row], place[row, column]] = numbers[row, column]
                filled = place[:, -1] + 1
                rows, filled, block = rows[filled < group], filled[filled < group], block + 1
                numbers = box_muller(self.blocks(start, rows * stride + block))
                fits = np.abs(numbers) < 2
        return result.reshape(-1)[:size].reshape(shape)

    def shuffle(self, values: ArrayLike) -> Array:
        """Return the rows of `values` (its parts along axis 0) in random order: Fisher and Yates's shuffle."""
        values = np.asarray(values)
        if values.size <= 1 or len(values) <= 1:
            return values.copy()
        rows = len(values)
        start = self.reserve(-(-(rows - 1) // 4))
        words = self.blocks(start, np.arange(-(-(rows - 1) // 4))).reshape(-1)[: rows - 1]
        steps = words % np.arange(rows, 1, -1, dtype=np.uint32)
        places = steps + np.arange(rows - 1)
        order = np.arange(rows)
        if (run := swap_loop.ready(SINGLE[0], rows)) is not None:
            run(np.zeros(1, np.int64), 1, order, places)
        else:
            numbers = order.tolist()
            for here, there in enumerate(places.tolist()):
                numbers[here], numbers[there] = numbers[there], numbers[here]
            order = np.array(numbers)
        return values.take(order, 0)

    def multinomial(self, logits: ArrayLike, num_samples: int, dtype: DTypeLike = np.int64) -> Array:
        """For each row of `logits`, draw `num_samples` class numbers with probabilities softmax(row).

        These are the numbers of one thread. TensorFlow shares large batches out among its threads, and then which
        blocks a row gets depends on how many threads there are.
        """
        logits = np.asarray(logits)
        batch, classes = logits.shape
        if num_samples < 0:
            raise InvalidArgumentError(None, None, f"num_samples should be nonnegative, got {num_samples}")
        if classes == 0 and batch * num_samples > 0:
            raise InvalidArgumentError(None, None, f"num_classes should be positive, got {classes}")
        result = np.empty((batch, num_samples), dtype)
        if result.size == 0:
            return result
        start = self.reserve(batch * -(-num_samples // 4) * 8 * BLOCKS_PER_OUTPUT)
        draws = uniform_float64(self.blocks(start, np.arange(-(-result.size // 2)))).reshape(-1)
        draws = draws[: result.size].reshape(result.shape)
        finite = np.isfinite(logits)
        some: Any = True if finite.all() else finite
        top = np.max(logits, axis=1, keepdims=True, where=some, initial=np.finfo(logits.dtype).min)
        weights = logits.astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            weights -= top
            np.exp(weights, out=weights)
        if some is not True:
            weights[~finite] = 0
        cumulated = np.cumsum(weights, axis=1, out=weights)
        for row, edges, draw in zip(result, cumulated, draws * cumulated[:, -1:], strict=True):
            row[:] = edges.searchsorted(draw, "right")
        return result

    def gamma(self, shape: Sequence[int], alpha: ArrayLike) -> Array:
        """Gamma numbers with scale 1: for each `alpha`, an array of `shape`. The result is `shape` + `alpha.shape`.

        Marsaglia and Tsang, "A simple method for generating gamma variables", 2000; computed in double precision.
        """
        alpha = np.asarray(alpha)
        if not (alpha >= 0).all():
            raise InvalidArgumentError(
                None, None, "alpha must not be negative or NaN: there is no such gamma distribution."
            )
        lanes = Lanes(self, math.prod(shape), alpha)
        alphas = lanes.parameter
        result = np.empty(alphas.size)

        exponential = np.flatnonzero(alphas == 1)
        result[exponential] = -each(math.log1p, -lanes.uniform(exponential))

        active = np.flatnonzero(alphas != 1)
        while active.size:
            shape_of = alphas[active]
            small = shape_of < 1  # drawn for alpha + 1, then scaled down
            d = shape_of + np.where(small, 2.0 / 3, -1.0 / 3)
            x = lanes.normal(active)
            v = 1 + 1.0 / 3 / np.sqrt(d) * x
            tried = v > 0
            rows, d, x, v, small = active[tried], d[tried], x[tried], v[tried], small[tried]
            v = v * v * v
            u = lanes.uniform(rows)
            with np.errstate(divide="ignore", invalid="ignore"):
                fits = (u < 1 - 0.0331 * (x * x) * (x * x)) | (np.log(u) < 0.5 * x * x + d * (1 - v + np.log(v)))
            value = d[fits] * v[fits]
            done, small = rows[fits], small[fits]
            with np.errstate(divide="ignore"):
                power = 1 / alphas[done[small]]
            value[small] *= each(math.pow, lanes.uniform(done[small]), power)
            result[done] = value
            active = np.setdiff1d(active, done, assume_unique=True)
        return lanes.arrange(result, shape, alpha, alpha.dtype)

    def poisson(self, shape: Sequence[int], rate: ArrayLike, dtype: DTypeLike | None = None) -> Array:
        """Counts of events at a mean `rate`: for each rate, an array of `shape`. The result is `shape` + `rate.shape`.

        Below a rate of 10, Knuth's method: multiply uniforms until the product is below exp(-rate). From 10 on, from
        Hormann, "The transformed rejection method for generating Poisson random variables", 1993.
        """
        rate = np.asarray(rate)
        dtype = np.dtype(rate.dtype if dtype is None else dtype)
        lanes = Lanes(self, math.prod(shape), rate)
        rates = lanes.parameter
        result = rates.copy()  # NaN and infinity stay what they are; TensorFlow would draw for ever
        knuth(lanes, result, np.flatnonzero(rates < 10))
        largest = float(np.finfo(dtype).max if dtype.kind == "f" else np.iinfo(dtype).max)
        hormann(lanes, result, np.flatnonzero((rates >= 10) & (rates < np.inf)), largest)
        return lanes.arrange(result, shape, rate, dtype)

    def reserve(self, blocks: int) -> int:
        """Move the counter on by `blocks` and return where it stood: those blocks now belong to the caller."""
        with self.lock:
            start = self.counter
            self.counter = (start + blocks) & MASK128
        return start

    def blocks(self, start: int, offsets: NDArray[np.integer]) -> Words:
        """Return the blocks with the numbers ``start + offsets``, one row each."""
        low = np.uint64(start & MASK64) + offsets.astype(np.uint64)
        return philox_blocks(low, start >> 64, self.key)

    def fill(
        self, shape: Sequence[int], dtype: np.dtype[Any], from_words: "Converter", kind: int | None = None
    ) -> Array:
        """Make an array from consecutive blocks; `from_words` turns rows of four words into rows of numbers.

        For float32 numbers of a `kind` there may be a compiled loop that does the same.
        """
        size = math.prod(shape)
        per_block = 16 // max(dtype.itemsize, 4)
        start = self.reserve(size * BLOCKS_PER_OUTPUT)
        if kind is not None and dtype == np.float32 and (compiled := fill(size, kind, start, 1, self.key)) is not None:
            return compiled.reshape(shape)
        result = np.empty(size, dtype)
        for first in range(0, -(-size // per_block), CHUNK):
            part = result[first * per_block : (first + CHUNK) * per_block]
            words = self.blocks(start, np.arange(first, first + -(-part.size // per_block)))
            part[:] = from_words(words).reshape(-1)[: part.size]
        return result.reshape(shape)


def uniform_float16(words: Words) -> Array:
    """10 random bits as the fraction of a number in [1, 2), minus 1."""
    return (words.astype(np.uint16) & np.uint16(0x3FF) | np.uint16(0x3C00)).view(np.float16) - np.float16(1)


def uniform_float32(words: Words) -> NDArray[np.float32]:
    """23 random bits as the fraction of a number in [1, 2), minus 1."""
    bits = words & np.uint32(0x7FFFFF)
    bits |= np.uint32(0x3F800000)
    numbers = bits.view(np.float32)
    numbers -= np.float32(1)
    return numbers


def uniform_float64(words: Words) -> NDArray[np.float64]:
    """52 random bits, 20 from one word and 32 from the next, as the fraction of a number in [1, 2), minus 1."""
    bits = (words[:, 0::2] & np.uint32(0xFFFFF)).astype(np.uint64) << np.uint64(32)
    bits |= words[:, 1::2]
    bits |= np.uint64(0x3FF0000000000000)
    return bits.view(np.float64) - 1.0


def normal_float32(words: Words) -> NDArray[np.float32]:
    """Box and Muller's method: a random radius and a random angle give two independent normal numbers."""
    uniform = uniform_float32(words)
    radius = np.sqrt(np.float32(-2) * libm.log(np.maximum(uniform[:, 0::2], np.float32(1e-7))))
    angle = np.multiply(uniform[:, 1::2], 2 * np.pi, dtype=np.float64).astype(np.float32)
    sine, cosine = libm.sin_cos(angle)
    result = np.empty_like(uniform)
    np.multiply(sine, radius, out=result[:, 0::2])
    np.multiply(cosine, radius, out=result[:, 1::2])
    return result


def normal_float64(words: Words) -> NDArray[np.float64]:
    """The same in double precision, with the C library's functions, which NumPy's own differ from in the last bit."""
    uniform = uniform_float64(words)
    radius = np.sqrt(-2.0 * each(math.log, np.maximum(uniform[:, 0], 1e-7)))
    angle = 2 * np.pi * uniform[:, 1]
    return np.stack([each(math.sin, angle) * radius, each(math.cos, angle) * radius], axis=1)


def each(function: Callable[..., float], *values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Apply a function of Python's ``math``, which is the C library's, to every element."""
    return np.fromiter(map(function, *(array.tolist() for array in values)), np.float64, values[0].size)


Converter = Callable[[Words], Array]

UNIFORM: dict[str, Converter] = {"float16": uniform_float16, "float32": uniform_float32, "float64": uniform_float64}
# Half precision numbers are made in single precision and rounded when they are stored.
NORMAL: dict[str, Converter] = {"float16": normal_float32, "float32": normal_float32, "float64": normal_float64}


def converter(table: dict[str, Converter], dtype: np.dtype[Any]) -> Converter:
    """Look up how words become numbers of this dtype."""
    if dtype.name not in table:
        raise TypeError(f"Random numbers of this kind are {', '.join(table)}; got dtype {dtype.name}.")
    return table[dtype.name]


class Lanes:
    """One independent stream of uniform and normal numbers for every number of the result, used side by side.

    Rejection methods draw an unknown number of times. Giving each result its own blocks (256 of them) keeps it
    independent of the others, and lets NumPy run one attempt for all unfinished results at once.

    Parameters
    ----------
    generator : Philox
    samples : int
        How many results are wanted for each parameter.
    parameters : array
        The distribution's parameters; lane number ``i * samples + j`` is sample j of parameter i.
    """

    def __init__(self, generator: Philox, samples: int, parameters: Array) -> None:
        self.generator = generator
        self.parameter = np.repeat(parameters.reshape(-1).astype(np.float64), samples)
        lanes = self.parameter.size
        self.start = generator.reserve(lanes * BLOCKS_PER_OUTPUT)
        self.next_block = np.arange(lanes, dtype=np.int64) * BLOCKS_PER_OUTPUT
        # A block gives two numbers; the second is used first, the other one waits here.
        self.waiting = {"uniform": np.zeros(lanes), "normal": np.zeros(lanes)}
        self.has_waiting = {"uniform": np.zeros(lanes, bool), "normal": np.zeros(lanes, bool)}

    def uniform(self, lanes: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the next uniform number of each of `lanes`."""
        return self.draw("uniform", uniform_float64, lanes)

    def normal(self, lanes: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the next normal number of each of `lanes`."""
        return self.draw("normal", normal_float64, lanes)

    def draw(
        self, kind: str, from_words: Callable[[Words], NDArray[np.float64]], lanes: NDArray[np.intp]
    ) -> NDArray[np.float64]:
        """Take the waiting number of a lane, or make two from its next block."""
        waiting, has_waiting = self.waiting[kind], self.has_waiting[kind]
        numbers = waiting[lanes]
        empty = ~has_waiting[lanes]
        fresh = lanes[empty]
        pairs = from_words(self.generator.blocks(self.start, self.next_block[fresh]))
        self.next_block[fresh] += 1
        numbers[empty] = pairs[:, 1]
        waiting[fresh] = pairs[:, 0]
        has_waiting[lanes] = empty
        return numbers

    def arrange(self, results: Array, shape: Sequence[int], parameters: Array, dtype: np.dtype[Any]) -> Array:
        """Bring lane order into the shape of the output: samples first, then the shape of the parameters."""
        table = results.reshape(parameters.size, -1).T if results.size else results
        with np.errstate(invalid="ignore", over="ignore"):
            if dtype == np.float16:
                table = table.astype(np.float32)  # TensorFlow rounds twice on the way from double to half precision
            return table.astype(dtype).reshape(*shape, *parameters.shape)


def knuth(lanes: Lanes, result: NDArray[np.float64], active: NDArray[np.intp]) -> None:
    """Poisson counts for small rates: how many uniforms can be multiplied before the product falls to exp(-rate)?"""
    limit = np.exp(-lanes.parameter)
    product = np.ones(result.size)
    count = 0
    while active.size:
        product[active] *= lanes.uniform(active)
        done = product[active] <= limit[active]
        result[active[done]] = count
        active = active[~done]
        count += 1


def hormann(lanes: Lanes, result: NDArray[np.float64], active: NDArray[np.intp], largest: float) -> None:
    """Poisson counts for large rates: propose from a curve close to the inverse distribution, accept or try again."""
    while active.size:
        rate = lanes.parameter[active]
        b = 0.931 + 2.53 * np.sqrt(rate)
        a = -0.059 + 0.02483 * b
        u = lanes.uniform(active) - 0.5
        v = lanes.uniform(active)
        edge = 0.5 - np.abs(u)
        with np.errstate(divide="ignore"):
            k = np.floor((2 * a / edge + b) * u + rate + 0.43)
        at_once = (edge >= 0.07) & (v <= 0.9277 - 3.6224 / (b - 2))
        hopeless = (k < 0) | ((edge < 0.013) & (v > edge))
        fits = at_once.copy()
        unsure = np.flatnonzero(~at_once & ~hopeless & (k <= largest))
        inverse_alpha = 1.1239 + 1.1328 / (b[unsure] - 3.4)
        with np.errstate(divide="ignore"):
            s = np.log(v[unsure] * inverse_alpha / (a[unsure] / edge[unsure] ** 2 + b[unsure]))
        t = -rate[unsure] + k[unsure] * np.log(rate[unsure]) - each(math.lgamma, k[unsure] + 1)
        fits[unsure] = s <= t
        fits &= k <= largest
        result[active[fits]] = k[fits]
        active = active[~fits]

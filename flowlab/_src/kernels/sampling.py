"""Drawing class numbers at random, as TensorFlow's candidate samplers do: the same words of the stream, the same ids.

A sampler is a rule that turns random 32-bit words into class numbers, and knows how probable each class is. How often
a class is expected among the samples follows from that, see :func:`expected_counts`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.kernels.jit import SINGLE, Int, Ints1, Parameter, Turn, loop
from flowlab._src.kernels.philox import FLOAT32, MASK32, block_of
from flowlab._src.kernels.random import Philox

Ids = NDArray[np.int64]
Floats = NDArray[np.float32]

OutIds = Annotated[NDArray[np.int64], Parameter(1, True, "int64")]
OutFloats = Annotated[NDArray[np.float32], Parameter(1, True, "float32")]
Double = Annotated[float, Parameter(0, False, "float64")]

WORDS_PER_SAMPLE = 2048  # how far TensorFlow moves the stream on for each sample wanted
MOST_AT_ONCE = 1 << 16
MOST_KEPT = 1 << 20  # classes of which something is kept


class Words:
    """The 32-bit words of a stream, one after the other."""

    def __init__(self, generator: Philox, samples: int) -> None:
        self.generator = generator
        self.next_block = generator.reserve(-(-WORDS_PER_SAMPLE * samples // 4))
        self.left = np.empty(0, np.uint32)

    def take(self, count: int) -> NDArray[np.uint32]:
        """Return the next `count` words."""
        missing = count - self.left.size
        if missing > 0:
            blocks = -(-missing // 4)
            fresh = self.generator.blocks(self.next_block, np.arange(blocks)).reshape(-1)
            self.next_block += blocks
            self.left = np.concatenate([self.left, fresh])
        result, self.left = self.left[:count], self.left[count:]
        return result

    def take_pairs(self, count: int) -> NDArray[np.uint64]:
        """Return the next `count` pairs of words as 64-bit numbers, the first word being the lower half."""
        pairs = self.take(2 * count).reshape(-1, 2).astype(np.uint64)
        return pairs[:, 0] | pairs[:, 1] << np.uint64(32)


def below(draws: NDArray[np.unsignedinteger], limit: int) -> tuple[Ids, NDArray[np.bool_]]:
    """Turn random bits into numbers from 0 up to `limit`, all equally likely; the mask says which draws count.

    The remainder alone would favour small numbers: as many of the smallest draws as fit no whole round are refused.
    """
    bits = 8 * draws.dtype.itemsize
    refused = 0 if limit & (limit - 1) == 0 else (2**bits - 1) % limit + 1
    return (draws % draws.dtype.type(limit)).astype(np.int64), draws >= draws.dtype.type(refused)


class Uniform:
    """All classes are equally likely."""

    def __init__(self, classes: int) -> None:
        self.classes = self.possible = classes

    def draw(self, words: Words, count: int) -> Ids:
        """Draw some class numbers, about `count`."""
        ids, good = below(words.take_pairs(count), self.classes)
        return ids[good]

    def probability(self, ids: Ids) -> Floats:
        """How likely each of these classes is."""
        return np.full(ids.shape, 1.0 / self.classes, np.float32)


class LogUniform:
    """Zipf's law, as words of a language follow it: class k has the probability log((k + 2) / (k + 1)) / log(n + 1)."""

    def __init__(self, classes: int) -> None:
        self.classes = self.possible = classes
        self.log_classes = math.log1p(classes)
        # What the loop has found out about classes: the logarithm of the chance not to be drawn at one try.
        self.never = np.full(classes if classes <= MOST_KEPT else 0, np.nan, np.float32)

    def draw(self, words: Words, count: int) -> Ids:
        """Draw `count` class numbers: the distribution function, inverted."""
        bits = words.take(2 * count).reshape(-1, 2).astype(np.uint64)
        bits = (bits[:, 0] & np.uint64(0xFFFFF)) << np.uint64(32) | bits[:, 1] | np.uint64(0x3FF << 52)
        exponents = (bits.view(np.float64) - 1.0) * self.log_classes
        ids = np.fromiter(map(math.exp, exponents.tolist()), np.float64, count).astype(np.int64) - 1
        return ids % self.classes  # rounding may give `classes` itself

    def probability(self, ids: Ids) -> Floats:
        """How likely each of these classes is."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return (np.log((ids + 2.0) / (ids + 1.0)) / self.log_classes).astype(np.float32)


class Learned:
    """As likely as a class has been a target so far, plus one."""

    def __init__(self, classes: int) -> None:
        self.classes = self.possible = classes
        self.weights = np.ones(classes, np.int32)

    def draw(self, words: Words, count: int) -> Ids:
        """Draw some class numbers, about `count`."""
        edges = np.cumsum(self.weights, dtype=np.int64)
        places, good = below(words.take(count), int(edges[-1]))
        return np.searchsorted(edges, places[good], side="right").astype(np.int64)

    def probability(self, ids: Ids) -> Floats:
        """How likely each of these classes is."""
        self.check(ids)
        return self.weights[ids].astype(np.float32) / np.float32(self.weights.sum(dtype=np.int64))

    def learn(self, ids: Ids) -> None:
        """Count targets."""
        room = np.iinfo(np.int32).max - int(self.weights.sum(dtype=np.int64))
        np.add.at(self.weights, ids.reshape(-1)[: max(room, 0)], 1)

    def check(self, ids: Ids) -> None:
        """Refuse targets that are no class; TensorFlow would end the program."""
        wrong = (ids < 0) | (ids >= self.classes)
        if wrong.any():
            raise InvalidArgumentError(
                None, None, f"true_classes must be in [0, {self.classes}), got {int(ids[wrong][0])}"
            )


class Fixed:
    """As likely as given weights say.

    Drawn by Walker's alias method: each class has a column of the same width, filled up to its own share with itself
    and above with one other class. A random column and a random height decide.
    """

    def __init__(self, weights: Sequence[float], classes: int) -> None:
        given = np.asarray(weights, np.float32)
        if given.size != classes:
            raise InvalidArgumentError(None, None, f"range is {classes} must be equal to weights size  {given.size}")
        if not np.isfinite(given).all() or (given < 0).any() or not given.any():
            raise InvalidArgumentError(
                None,
                None,
                "the weights of classes must be finite and not negative, and one of them must be more than 0",
            )
        self.classes, self.weights = classes, given
        self.possible = int(np.count_nonzero(given))
        self.total = given.cumsum(dtype=np.float32)[-1]
        self.share, self.other = alias_table(given)

    def draw(self, words: Words, count: int) -> Ids:
        """Draw `count` class numbers."""
        heights, columns = np.empty(count, np.uint32), np.empty(count, np.int64)
        done = 0
        while done < count:  # a refused word shifts all that come after it: go on one by one from there
            pairs = words.take(2 * (count - done)).reshape(-1, 2)
            ids, good = below(pairs[:, 1], self.classes)
            first_refused = len(pairs) if good.all() else int(np.argmin(good))
            stop = done + first_refused
            heights[done:stop], columns[done:stop] = pairs[:first_refused, 0], ids[:first_refused]
            done = stop
            if done < count:
                heights[done] = pairs[first_refused, 0]
                words.left = np.concatenate([pairs[first_refused + 1 :].reshape(-1), words.left])
                while True:
                    one, fits = below(words.take(1), self.classes)
                    if fits[0]:
                        break
                columns[done] = one[0]
                done += 1
        height = (heights & np.uint32(0x7FFFFF) | np.uint32(0x3F800000)).view(np.float32) - np.float32(1)
        return np.where(height < self.share[columns], columns, self.other[columns])

    def probability(self, ids: Ids) -> Floats:
        """How likely each of these classes is; what is no class has no chance."""
        inside = (ids >= 0) & (ids < self.classes)
        return np.where(inside, self.weights[np.where(inside, ids, 0)] / self.total, np.float32(0))


def alias_table(weights: Floats) -> tuple[Floats, Ids]:
    """For each column: the height up to which it belongs to its own class, and the class above.

    A column that is too short is filled up from one that is too tall, until all have the height 1.
    """
    total = float(np.cumsum(weights, dtype=np.float64)[-1])
    heights = (weights * np.float32(weights.size)).astype(np.float64) / total
    share, other = heights.tolist(), list(range(weights.size))
    low = [i for i, height in enumerate(share) if height < 1]
    high = [i for i, height in enumerate(share) if height >= 1]
    while low and high:
        short, tall = low.pop(), high.pop()
        other[short] = tall
        share[tall] -= 1.0 - share[short]
        (low if share[tall] < 1 else high).append(tall)
    for i in low + high:
        share[i] = 1.0
    return np.array(share, np.float64).astype(np.float32), np.array(other, np.int64)


Sampler = Uniform | LogUniform | Learned | Fixed


def sample(sampler: Sampler, generator: Philox, count: int, unique: bool) -> tuple[Ids, int]:
    """Draw `count` class numbers; also tell how many tries it took.

    With `unique`, a class that was drawn before is drawn again until there are enough different ones.
    """
    if unique and count > sampler.possible:
        raise InvalidArgumentError(None, None, "Sampler's range is too small.")
    words = Words(generator, count)
    if not unique:
        parts: list[Ids] = []
        while (missing := count - sum(part.size for part in parts)) > 0:
            parts.append(sampler.draw(words, missing)[:missing])
        return np.concatenate(parts), count
    found: dict[int, None] = {}  # keeps the order in which the classes came
    tries = 0
    for value in endless(sampler, words, count):
        tries += 1
        if value not in found:
            found[value] = None
            if len(found) == count:
                break
    return np.fromiter(found, np.int64, count), tries


def endless(sampler: Sampler, words: Words, count: int) -> Iterator[int]:
    """Class numbers without end, drawn many at a time: some of the first come twice."""
    size = count + count // 2
    while True:
        yield from sampler.draw(words, size).tolist()
        size = min(2 * size, MOST_AT_ONCE)


def expected_counts(probability: Floats, count: int, tries: int) -> Floats:
    """How often classes of this probability are expected among the samples.

    Without rejection that is `probability` times the samples; with it, the chance to be drawn at least once.
    """
    if tries == count:
        return probability * np.float32(count)
    with np.errstate(divide="ignore", invalid="ignore"):
        never = np.log1p(-probability.astype(np.float64)).astype(np.float32)  # logarithm of the chance at one try
        never *= np.float32(tries)
    return (-np.expm1(never.astype(np.float64))).astype(np.float32)


def draw(sampler: Sampler, generator: Philox, count: int, unique: bool, targets: Ids) -> tuple[Ids, Floats, Floats]:
    """Draw `count` class numbers; also tell how often the targets, and the classes drawn, are expected among them."""
    fits = targets.flags.c_contiguous and not (unique and count > sampler.possible)
    if isinstance(sampler, LogUniform) and fits:
        run = log_uniform_loop.ready(FLOAT32, count)
        if run is not None:
            start, (k0, k1) = generator.reserve(-(-WORDS_PER_SAMPLE * count // 4)), generator.key
            ids, expected_ids = np.empty(count, np.int64), np.empty(count, np.float32)
            expected_targets = np.empty(targets.shape, np.float32)
            run(_TURN, 1, targets.reshape(-1), ids, expected_targets.reshape(-1), expected_ids, start & MASK32,
                start >> 32 & MASK32, start >> 64 & MASK32, start >> 96, k0, k1, sampler.classes, sampler.log_classes,
                int(unique), sampler.never)  # fmt: skip
            return ids, expected_targets, expected_ids
    sampled, tries = sample(sampler, generator, count, unique)
    expected = [expected_counts(sampler.probability(ids), count, tries) for ids in (targets, sampled)]
    return sampled, expected[0], expected[1]


_TURN = np.zeros(1, np.int64)  # of a loop that is never shared


@loop(least=1, calls=100, dtypes=SINGLE)
def log_uniform_loop(
    turn: Turn, pieces: Int, targets: Ints1, ids: OutIds, expected_targets: OutFloats, expected_ids: OutFloats,
    c0: Int, c1: Int, c2: Int, c3: Int, k0: Int, k1: Int, classes: Int, log_classes: Double, unique: Int,
    never: OutFloats,
) -> None:  # fmt: skip
    """`LogUniform`, one class after the other: 64 different ones of 50,000 and 192 counts in 5 us, for 190 with NumPy.

    Classes drawn so far stand in a table at the place that their number leads to, or at the next one that was free.
    """
    mask, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    exponent, high_bits = np.uint64(0x3FF << 52), np.uint64(0xFFFFF)
    bits, number = np.empty(2, np.uint64), np.empty(1, np.uint64)
    as_float = number.view(np.float64)
    size = 2
    while size < 2 * ids.size:
        size *= 2
    seen = np.empty(size if unique else 0, np.int64)
    for i in range(seen.size):
        seen[i] = -1
    counter = np.uint64(c1) << half | np.uint64(c0)
    tries, found = 0, 0
    while found < ids.size:
        w0, w1, w2, w3 = block_of(
            counter & mask, counter >> half, np.uint64(c2), np.uint64(c3), np.uint64(k0), np.uint64(k1)
        )
        counter += np.uint64(1)
        bits[0], bits[1] = (w0 & high_bits) << half | w1, (w2 & high_bits) << half | w3
        for i in range(2):
            if found == ids.size:
                break
            number[0] = bits[i] | exponent
            value = (np.int64(math.exp((as_float[0] - 1.0) * log_classes)) - 1) % classes
            tries += 1
            if unique:
                place = value & (size - 1)
                while seen[place] != -1 and seen[place] != value:
                    place = (place + 1) & (size - 1)
                if seen[place] == value:
                    continue
                seen[place] = value
            ids[found] = value
            found += 1
    for part in range(2):
        classes_of, expected = (targets, expected_targets) if part == 0 else (ids, expected_ids)
        for i in range(classes_of.size):
            value = classes_of[i]
            at_one_try = never[value] if never.size else np.float32(np.nan)
            if tries == ids.size or at_one_try != at_one_try:
                probability = np.float32(math.log((value + 2.0) / (value + 1.0)) / log_classes)
                if tries == ids.size:
                    expected[i] = probability * np.float32(tries)
                    continue
                at_one_try = np.float32(math.log1p(-np.float64(probability)))
                if never.size:
                    never[value] = at_one_try
            expected[i] = np.float32(-math.expm1(np.float64(at_one_try * np.float32(tries))))


def accidental_hits(targets: Ids, sampled: Ids) -> tuple[NDArray[np.int32], Ids]:
    """Where sampled classes are targets: the row of the target, and the place among the samples."""
    place = {value: i for i, value in enumerate(sampled.tolist())}  # of equal samples the last one counts
    hits = [(row, place[value]) for row, values in enumerate(targets.tolist()) for value in values if value in place]
    pairs = np.array(hits, np.int64).reshape(-1, 2)
    return pairs[:, 0].astype(np.int32), pairs[:, 1].copy()

"""Candidate samplers: a few classes drawn at random to stand for all the wrong ones.

With a million classes (the words of a language) the exact softmax is too dear. `tf.nn.nce_loss` and
`tf.nn.sampled_softmax_loss` compare the right class with a random few instead; these operations draw them. The streams
are TensorFlow's: the same seeds give the same classes.
"""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.formats.files import file_error, open_file
from flowlab._src.graph.arguments import as_int
from flowlab._src.graph.op import Array, Op, Spec
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import sampling
from flowlab._src.kernels.memory import require_memory
from flowlab._src.kernels.random import Philox
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.random import RandomOp, seed_attributes
from flowlab._src.util.export import export


class Candidates(NamedTuple):
    """What a candidate sampler returns."""

    sampled_candidates: Tensor
    true_expected_count: Tensor
    sampled_expected_count: Tensor


class CandidateSampler(RandomOp, abstract=True):
    """Draws `num_sampled` classes; tells how often they, and the true classes, are expected among so many."""

    num_true: int = 0  # too small: the three have to be given
    num_sampled: int = 0
    unique: bool = False

    grad: ClassVar[Any] = NotImplemented
    at_least: ClassVar[dict[str, int]] = {"num_true": 1, "num_sampled": 1, "range_max": 1, "num_shards": 1, "shard": 0}

    def __init__(self, *args: Any, **attrs: Any) -> None:
        super().__init__(*args, **attrs)
        for name, least in self.at_least.items():
            value = getattr(self, name, least)
            if value < least:
                raise misuse(ValueError(f"Attr '{name}' of '{self.type}' Op passed {value} less than minimum {least}."))

    def make_sampler(self) -> sampling.Sampler:
        """The rule by which classes are drawn."""
        raise NotImplementedError

    def sampler(self, run: Any) -> sampling.Sampler:
        """The rule of the running node, with what it has learned in this session."""
        return run.state.resource(("sampler", run.node.name), self.make_sampler)

    def check(self, true_classes: np.ndarray, classes: int) -> None:
        """Refuse what is no matrix of classes."""
        if true_classes.ndim != 2:
            raise InvalidArgumentError(None, None, "true_classes must be a matrix")
        if true_classes.shape[1] != self.num_true:
            columns = f"expected: {self.num_true} was: {true_classes.shape[1]}"
            raise InvalidArgumentError(None, None, f"true_classes must have num_true columns, {columns}")
        if self.unique and self.num_sampled > classes:
            raise InvalidArgumentError(None, None, "Sampler's range is too small.")
        # Read without a sign, negative numbers are larger than any class: one look instead of three.
        if true_classes.size and np.maximum.reduce(np.asarray(true_classes).view(np.uint64), None) >= classes:
            wrong = (true_classes < 0) | (true_classes >= classes)
            value = true_classes[wrong][0]
            message = f"`true_candidate` out of range [0, {classes}), received {value}"
            raise InvalidArgumentError(None, None, message)

    def kernel(
        self, run: Any, true_classes: Array[np.int64]
    ) -> tuple[Array[np.int64], Array[np.float32], Array[np.float32]]:
        require_memory([self.num_sampled], np.int64)
        return self.draw(self.sampler(run), self.stream(run), true_classes)

    def draw(
        self, sampler: sampling.Sampler, stream: Philox, true_classes: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Check the true classes, then draw and learn."""
        self.check(true_classes, sampler.classes)
        drawn = sampling.draw(sampler, stream, self.num_sampled, self.unique, true_classes)
        if isinstance(sampler, sampling.Learned):
            sampler.learn(true_classes)
        return drawn

    def shape(self, true_classes: Spec) -> list[TensorShape]:
        """As many samples as asked for; a count for each of them, and for each true class."""
        rows, _ = true_classes.ranked(2)
        samples = TensorShape.of((self.num_sampled,))
        return [samples, TensorShape.of((rows, self.num_true)), samples]


class RangedSampler(CandidateSampler, abstract=True):
    """Draws from the classes 0 up to, not including, `range_max`."""

    range_max: int = 0

    def bound(self, node: Any, true_classes: Spec) -> Any:
        """For a node that is known: what it keeps in a session has names, and the memory was asked for."""
        require_memory([self.num_sampled], np.int64)
        sampler, stream = ("sampler", node.name), ("random", node.name)

        def draw(run: Any, true_classes: Any) -> Any:
            kept = run.state.resource
            return self.draw(kept(sampler, self.make_sampler), kept(stream, self.new_stream), true_classes)

        return draw if true_classes.rank == 2 else None


class UniformCandidateSampler(RangedSampler):
    """Classes that are all equally likely."""

    def make_sampler(self) -> sampling.Sampler:
        return sampling.Uniform(self.range_max)


class LogUniformCandidateSampler(RangedSampler):
    """Classes by Zipf's law: class 0 most often, the last one least."""

    def make_sampler(self) -> sampling.Sampler:
        return sampling.LogUniform(self.range_max)


class LearnedUnigramCandidateSampler(RangedSampler):
    """Classes as often as they have been true classes so far in this session, plus one."""

    def make_sampler(self) -> sampling.Sampler:
        require_memory([self.range_max], np.int64)
        return sampling.Learned(self.range_max)


class FixedUnigramCandidateSampler(RangedSampler):
    """Classes as often as given weights say."""

    vocab_file: str = ""
    distortion: float = 1.0
    num_reserved_ids: int = 0
    num_shards: int = 1
    shard: int = 0
    unigrams: Any = ()

    def __init__(self, *args: Any, **attrs: Any) -> None:
        super().__init__(*args, **attrs)
        try:
            weights = tuple(float(w) for w in self.unigrams)
        except (TypeError, ValueError):
            message = f"Expected list of float for argument 'unigrams', got {self.unigrams!r}"
            raise misuse(TypeError(message)) from None
        self.__dict__["unigrams"] = weights

    def make_sampler(self) -> sampling.Sampler:
        if not self.vocab_file and not self.unigrams:
            raise InvalidArgumentError(None, None, "Must provide either vocab_file or unigrams.")
        if self.vocab_file and self.unigrams:
            raise InvalidArgumentError(None, None, "Must only provide one of vocab_file and unigrams.")
        require_memory([self.num_reserved_ids], np.float64)
        given = read_weights(self.vocab_file) if self.vocab_file else self.unigrams
        weights = [0.0] * self.num_reserved_ids
        for i, weight in enumerate(given, len(weights)):
            if i % self.num_shards == self.shard:
                weights.append(self.distorted(weight))
        return sampling.Fixed(weights, self.range_max)

    def distorted(self, weight: float) -> float:
        """The weight to the power of `distortion`, in single precision."""
        with np.errstate(all="ignore"):
            return float(np.float32(np.float64(np.float32(weight)) ** np.float32(self.distortion)))


def read_weights(path: str) -> list[float]:
    """The last entry of each line of a file, entries being separated by commas."""
    weights = []
    try:
        with open_file(path, "rb") as file:
            for line in file.read().decode("utf-8", "replace").splitlines():
                if not line:
                    continue
                try:
                    weights.append(float(line.split(",")[-1]))
                except ValueError:
                    message = f"Wrong vocabulary format at line: {line}"
                    raise InvalidArgumentError(None, None, message) from None
    except OSError as error:
        raise file_error(error, path) from None
    return weights


class AllCandidateSampler(CandidateSampler):
    """All the classes there are: to see what a loss by sampling would give without sampling."""

    def kernel(
        self, run: Any, true_classes: Array[np.int64]
    ) -> tuple[Array[np.int64], Array[np.float32], Array[np.float32]]:
        require_memory([self.num_sampled], np.int64)
        self.check(true_classes, self.num_sampled)
        ones = np.ones(self.num_sampled, np.float32)
        return np.arange(self.num_sampled), np.ones(true_classes.shape, np.float32), ones


class ComputeAccidentalHits(Op):
    """Where sampled classes are true classes."""

    num_true: int
    seed: int = 0
    seed2: int = 0

    def kernel(
        self, true_classes: Array[np.int64], sampled_candidates: Array[np.int64]
    ) -> tuple[Array[np.int32], Array[np.int64], Array[np.float32]]:
        if true_classes.ndim != 2 or true_classes.shape[1] != self.num_true:
            raise InvalidArgumentError(None, None, "true_candidates must be a batch_size * num_true matrix")
        if sampled_candidates.ndim != 1:
            message = "sampled_candidates must be a vector, which is typically an output from CandidateSampler"
            raise InvalidArgumentError(None, None, message)
        rows, places = sampling.accidental_hits(true_classes, sampled_candidates)
        return rows, places, np.full(rows.shape, np.finfo(np.float32).min, np.float32)

    def shape(self, true_classes: Spec, sampled_candidates: Spec) -> list[TensorShape]:
        true_classes.ranked(2)
        sampled_candidates.ranked(1)
        return [TensorShape.of((None,))] * 3


# ---- the functions -------------------------------------------------------------------------------------------------


def common_attributes(num_true: Any, num_sampled: Any, unique: Any, seed: Any) -> dict[str, Any]:
    """The attributes that all samplers have."""
    return {"num_true": num_true, "num_sampled": num_sampled, "unique": unique, **seed_attributes(seed)}


@export("nn.uniform_candidate_sampler", "random.uniform_candidate_sampler")
def uniform_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: int | None = None,
    name: str | None = None,
) -> Candidates:
    """Draw classes that are all equally likely.

    Parameters
    ----------
    true_classes : int64 Tensor, shape (batch, num_true)
        The right classes of each example. They are not left out of the samples; only their expected counts are told.
    num_true : int
    num_sampled : int
        How many classes to draw, once for the whole batch.
    unique : bool
        Draw no class twice.
    range_max : int
        The number of classes.
    seed : int, optional
        See `tf.set_random_seed`.
    name : str, optional

    Returns
    -------
    sampled_candidates : int64 Tensor, shape (num_sampled,)
    true_expected_count : float32 Tensor, shape (batch, num_true)
        How often each true class is expected among so many samples.
    sampled_expected_count : float32 Tensor, shape (num_sampled,)

    Raises
    ------
    InvalidArgumentError
        If more classes are to be drawn than there are (`unique`), or a true class is not in the range.

    Examples
    --------
    >>> sampled, expected, _ = tf.nn.uniform_candidate_sampler([[2], [0]], 1, 4, True, 10, seed=1)
    >>> with tf.Session() as sess:
    ...     sess.run(sampled).shape, sess.run(expected).shape
    ((4,), (2, 1))
    """
    attributes = common_attributes(num_true, num_sampled, unique, seed)
    return Candidates(*UniformCandidateSampler(range_max=range_max, **attributes)(true_classes, name=name))


@export("nn.log_uniform_candidate_sampler", "random.log_uniform_candidate_sampler")
def log_uniform_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: int | None = None,
    name: str | None = None,
) -> Candidates:
    """Draw classes by Zipf's law: class k with the probability log((k + 2) / (k + 1)) / log(range_max + 1).

    For words numbered from the most to the least frequent, as vocabularies are.

    Parameters and results are those of `tf.nn.uniform_candidate_sampler`.

    Examples
    --------
    >>> sampled, _, _ = tf.nn.log_uniform_candidate_sampler([[0]], 1, 3, True, 1000, seed=1)
    >>> sampled
    <tf.Tensor 'LogUniformCandidateSampler:0' shape=(3,) dtype=int64>
    """
    attributes = common_attributes(num_true, num_sampled, unique, seed)
    return Candidates(*LogUniformCandidateSampler(range_max=range_max, **attributes)(true_classes, name=name))


@export("nn.learned_unigram_candidate_sampler", "random.learned_unigram_candidate_sampler")
def learned_unigram_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: int | None = None,
    name: str | None = None,
) -> Candidates:
    """Draw classes as often as they have been true classes so far.

    Every class starts with a count of 1; each run adds the true classes after it has drawn. A new session starts anew.

    Parameters and results are those of `tf.nn.uniform_candidate_sampler`.

    Examples
    --------
    >>> _, expected, _ = tf.nn.learned_unigram_candidate_sampler([[2]], 1, 1, False, 3, seed=1)
    >>> with tf.Session() as sess:
    ...     [sess.run(expected).item() for _ in range(2)]  # 1/3, then 2/4
    [0.3333333432674408, 0.5]
    """
    attributes = common_attributes(num_true, num_sampled, unique, seed)
    return Candidates(*LearnedUnigramCandidateSampler(range_max=range_max, **attributes)(true_classes, name=name))


@export("nn.fixed_unigram_candidate_sampler", "random.fixed_unigram_candidate_sampler")
def fixed_unigram_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    vocab_file: str = "",
    distortion: float = 1.0,
    num_reserved_ids: int = 0,
    num_shards: int = 1,
    shard: int = 0,
    unigrams: Any = (),
    seed: int | None = None,
    name: str | None = None,
) -> Candidates:
    """Draw classes as often as given weights say, for example the counts of words in a text.

    Parameters
    ----------
    true_classes, num_true, num_sampled, unique, range_max
        As for `tf.nn.uniform_candidate_sampler`.
    vocab_file : str, optional
        A file with one class in each line; the last entry after a comma is its weight.
    distortion : float
        The weights are raised to this power: 1 leaves them, 0 makes all classes equally likely, and 0.75 is what
        word2vec took.
    num_reserved_ids : int
        So many classes come before the first weight; they are never drawn.
    num_shards, shard : int
        Take only each `num_shards`-th weight, beginning with number `shard`.
    unigrams : list of float
        The weights. Give either these or a file.
    seed : int, optional
    name : str, optional

    Returns
    -------
    (sampled_candidates, true_expected_count, sampled_expected_count)

    Raises
    ------
    InvalidArgumentError
        If there are not as many weights as `range_max` says.

    Examples
    --------
    >>> weights = [1.0, 0.0, 3.0]
    >>> sampled, expected, _ = tf.nn.fixed_unigram_candidate_sampler([[2]], 1, 4, False, 3, unigrams=weights, seed=1)
    >>> with tf.Session() as sess:
    ...     float(sess.run(expected)[0, 0]), bool((sess.run(sampled) != 1).all())
    (3.0, True)
    """
    op = FixedUnigramCandidateSampler(
        range_max=range_max, vocab_file=vocab_file, distortion=distortion, num_reserved_ids=num_reserved_ids,
        num_shards=num_shards, shard=shard, unigrams=unigrams, **common_attributes(num_true, num_sampled, unique, seed),
    )  # fmt: skip
    return Candidates(*op(true_classes, name=name))


@export("nn.all_candidate_sampler", "random.all_candidate_sampler")
def all_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    seed: int | None = None,
    name: str | None = None,
) -> Candidates:
    """Give all classes from 0 up to `num_sampled`, each expected once.

    Parameters and results are those of `tf.nn.uniform_candidate_sampler`.

    Examples
    --------
    >>> sampled, _, _ = tf.nn.all_candidate_sampler([[2]], 1, 4, True)
    >>> with tf.Session() as sess:
    ...     sess.run(sampled)
    array([0, 1, 2, 3])
    """
    return Candidates(
        *AllCandidateSampler(**common_attributes(num_true, num_sampled, unique, seed))(true_classes, name=name)
    )


class AccidentalHits(NamedTuple):
    """What `tf.nn.compute_accidental_hits` returns."""

    indices: Tensor
    ids: Tensor
    weights: Tensor


@export("nn.compute_accidental_hits")
def compute_accidental_hits(
    true_classes: Any,
    sampled_candidates: Any,
    num_true: int,
    seed: int | None = None,
    name: str | None = None,
) -> AccidentalHits:
    """Find the samples that are true classes: they must not count as wrong.

    Parameters
    ----------
    true_classes : int64 Tensor, shape (batch, num_true)
    sampled_candidates : int64 Tensor, shape (num_sampled,)
    num_true : int
    seed, name : optional

    Returns
    -------
    indices : int32 Tensor, shape (hits,)
        The row of the true class.
    ids : int64 Tensor, shape (hits,)
        The place among the samples.
    weights : float32 Tensor, shape (hits,)
        The smallest float: added to a logit, it makes the class impossible.

    Examples
    --------
    >>> rows, places, _ = tf.nn.compute_accidental_hits([[7], [3]], [1, 3, 5], num_true=1)
    >>> with tf.Session() as sess:
    ...     sess.run([rows, places])
    [array([1], dtype=int32), array([1])]
    """
    op = ComputeAccidentalHits(num_true=as_int(num_true, "num_true"), **seed_attributes(seed))
    return AccidentalHits(*op(true_classes, sampled_candidates, name=name))

"""Random numbers: the streams are TensorFlow's, bit for bit.

Every operation draws from a stream of its own, fixed by two seeds: the graph's (`tf.set_random_seed`) and the
operation's. An operation without a `seed` takes the number of operations already in the graph: that is why the same
program gives the same numbers again, and why one more node near the top of a program changes all that come after it.

A session keeps the position in each stream: the next run goes on where the last one stopped, a new session starts anew.
"""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError
from flowlab._src.graph.arguments import as_int
from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.dtypes import DType, as_dtype, float16, float32, float64, int32, int64
from flowlab._src.graph.op import Array, Floating, Index, Op, RealNumber, Spec, T
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import control_dependencies, name_scope
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels.memory import require_memory
from flowlab._src.kernels.random import Philox, op_seeds
from flowlab._src.kernels.special import gamma_sample_grad_a
from flowlab._src.ops.broadcast import Elementwise
from flowlab._src.ops.misuse import misuse
from flowlab._src.util.export import export

Whole = TypeVar("Whole", np.int32, np.int64)
Rate = TypeVar("Rate", np.float16, np.float32, np.float64, np.int32, np.int64)

FLOATS = (float16, float32, float64)
UNIFORM_DTYPES = (*FLOATS, int32, int64)


# ---- seeds ---------------------------------------------------------------------------------------------------------


@export("set_random_seed", "random.set_random_seed")
def set_random_seed(seed: int) -> None:
    """Set the random seed of the default graph.

    It counts for operations made from now on; those made before keep the seeds they have. With it the same program
    gives the same numbers in every new session. Two runs in one session still give different numbers: the second takes
    the next ones of the stream.

    Parameters
    ----------
    seed : int

    Examples
    --------
    >>> tf.set_random_seed(2)
    >>> a, b = tf.random_uniform([], -10, 10), tf.random_uniform([], -10, 10)
    >>> with tf.Session() as sess:
    ...     print(sess.run([a, b]))
    ...     print(sess.run(a))
    [np.float32(-4.007516), np.float32(-2.9833937)]
    -2.9970837
    >>> with tf.Session() as sess:  # a new session: the streams start anew
    ...     print(sess.run(a))
    -4.007516
    """
    get_default_graph().seed = seed


@export("get_seed", "random.get_seed")
def get_seed(op_seed: int | None) -> tuple[int, int] | tuple[None, None]:
    """Return the two seeds that an operation made now would get: the graph's and its own.

    Parameters
    ----------
    op_seed : int or None
        The `seed` argument of the operation.

    Returns
    -------
    tuple of two int, or (None, None)
        None when neither the graph nor the operation has a seed: the numbers differ from session to session.

    Examples
    --------
    >>> tf.get_seed(None), tf.get_seed(7)
    ((None, None), (87654321, 7))
    >>> tf.set_random_seed(1)
    >>> c = tf.constant(0.0)
    >>> tf.get_seed(None)  # there is one operation in the graph
    (1, 1)
    """
    graph = get_default_graph()
    return op_seeds(
        graph.seed,
        op_seed if op_seed is None or isinstance(op_seed, int) else as_int(op_seed, "seed"),
        graph.node_count if op_seed is None and graph.seed is not None else 0,
    )


def seed_attributes(op_seed: int | None) -> dict[str, int]:
    """The attributes `seed` and `seed2` of an operation that is made now."""
    first, second = get_seed(op_seed)
    return {"seed": first or 0, "seed2": second or 0}


# ---- the operations ------------------------------------------------------------------------------------------------


class RandomOp(Op, abstract=True):
    """An operation with a random stream: both seeds 0 means that chance itself chooses the stream."""

    seed: int = 0
    seed2: int = 0
    stateful = True
    reads_values = True
    grad: ClassVar[Any] = None

    def stream(self, run: Any) -> Philox:
        """The stream of the running node, as far as this session has drawn from it."""
        return run.state.resource(("random", run.node.name), self.new_stream)

    def new_stream(self) -> Philox:
        """The stream from its beginning."""
        return Philox(self.seed, self.seed2)


class RandomFilled(RandomOp, abstract=True):
    """A random array of a given shape."""

    def shape(self, shape: Spec, *others: Spec) -> TensorShape:
        """The shape asked for, as far as it is known while building."""
        shape.ranked(1)
        for other in others:
            other.ranked(0)
        return shape.as_shape


def sizes(shape: Any) -> tuple[int, ...]:
    """The shape a kernel is asked for, checked."""
    shape = np.asarray(shape)
    if shape.ndim != 1:
        raise InvalidArgumentError(
            None, None, f"shape must be a vector of {{int32,int64}}, got shape {list(shape.shape)}"
        )
    if (shape < 0).any():
        raise InvalidArgumentError(None, None, f"Dimension {shape[shape < 0][0]} must be >= 0")
    require_memory(shape.tolist(), np.float16)  # the smallest type that there can be
    return tuple(shape.tolist())


class RandomFloats(RandomFilled, abstract=True):
    """A random array of floats of a given type."""

    dtype: DType = float32

    def dtypes(self, *inputs: Any) -> DType:
        """As the attribute says."""
        return self.dtype


class RandomUniform(RandomFloats):
    """Numbers from 0 up to, not including, 1, all equally likely."""

    def kernel(self, run: Any, shape: Array[Index]) -> Array:
        return self.stream(run).uniform(sizes(shape), self.dtype.as_numpy_dtype)


class RandomUniformInt(RandomFilled):
    """Whole numbers from `minval` up to, not including, `maxval`."""

    def kernel(self, run: Any, shape: Array[Index], minval: Array[Whole], maxval: Array[Whole]) -> Array[Whole]:
        if minval >= maxval:
            raise InvalidArgumentError(None, None, f"Need minval < maxval, got {minval} >= {maxval}")
        return self.stream(run).uniform_int(sizes(shape), int(minval), int(maxval), minval.dtype)


class RandomStandardNormal(RandomFloats):
    """Normal numbers with mean 0 and standard deviation 1."""

    def kernel(self, run: Any, shape: Array[Index]) -> Array:
        return self.stream(run).normal(sizes(shape), self.dtype.as_numpy_dtype)


class TruncatedNormal(RandomFloats):
    """Normal numbers, those 2 or more from the mean drawn again: no outliers among initial weights."""

    def kernel(self, run: Any, shape: Array[Index]) -> Array:
        return self.stream(run).truncated_normal(sizes(shape), self.dtype.as_numpy_dtype)


class RandomShuffle(RandomOp):
    """The rows of a tensor in random order."""

    def kernel(self, run: Any, value: Array[T]) -> Array[T]:
        return self.stream(run).shuffle(value) if np.ndim(value) else np.copy(value)

    def shape(self, value: Spec) -> TensorShape:
        return value.shape


class Multinomial(RandomOp):
    """Class numbers drawn with the probabilities softmax(logits), `num_samples` for each row."""

    output_dtype: DType = int64

    def kernel(self, run: Any, logits: Array[RealNumber], num_samples: Array[np.int32]) -> Array:
        if logits.ndim != 2:
            raise InvalidArgumentError(None, None, f"logits should be a matrix, got shape {list(logits.shape)}")
        if num_samples < 0:
            raise InvalidArgumentError(None, None, f"num_samples should be nonnegative, got {num_samples}")
        if logits.shape[1] == 0 and logits.shape[0] * num_samples > 0:
            raise InvalidArgumentError(None, None, "num_classes should be positive, got 0")
        if logits.dtype.kind != "f":
            logits = logits.astype(np.float64)
        return self.stream(run).multinomial(logits, int(num_samples), self.output_dtype.as_numpy_dtype)

    def dtypes(self, *inputs: Any) -> DType:
        return self.output_dtype

    def shape(self, logits: Spec, num_samples: Spec) -> TensorShape:
        batch, _ = logits.ranked(2)
        num_samples.ranked(0)
        count = None if num_samples.value is None else int(num_samples.value)
        if count is not None and count < 0:
            raise ShapeError(f"Dimension size, given by scalar input 1, must be non-negative but is {count}")
        return TensorShape.of((batch, count))


class RandomGamma(RandomOp):
    """Gamma numbers with scale 1: for each `alpha` an array of `shape`."""

    def kernel(self, run: Any, shape: Array[Index], alpha: Array[Floating]) -> Array[Floating]:
        allowed = alpha >= 0
        result = self.stream(run).gamma(sizes(shape), np.where(allowed, alpha, 0).astype(alpha.dtype))
        return np.where(allowed, result, alpha.dtype.type(np.nan))  # there is no gamma distribution for the others

    def shape(self, shape: Spec, alpha: Spec) -> TensorShape:
        shape.ranked(1)
        return shape.as_shape.concatenate(alpha.shape)

    def grad(self, node: Any, dy: Any) -> Any:
        """How a sample moves with alpha if its place in the distribution stays (Figurnov and others, 2018)."""
        from flowlab._src.ops.array_shape import shape_of
        from flowlab._src.ops.fill import ones
        from flowlab._src.ops.joining import concat
        from flowlab._src.ops.reduce import reduce_sum
        from flowlab._src.ops.reshaping import reshape
        from flowlab._src.ops.sequences import range_

        shape, alpha = node.inputs
        sample = node.outputs[0]
        with control_dependencies([dy]):
            rank = shape_of(shape)[0]
            leading = concat([ones([rank], dtype=int32), shape_of(alpha)], axis=0)
            slope = RandomGammaGrad()(reshape(alpha, leading), sample)
            return None, reduce_sum(dy * slope, axis=range_(rank))


class RandomGammaGrad(Elementwise):
    """The derivative of gamma samples by alpha."""

    def kernel(self, alpha: Array[Floating], sample: Array[Floating]) -> Array[Floating]:
        return gamma_sample_grad_a(alpha, sample)


class RandomPoissonV2(RandomOp):
    """Counts of events at a mean `rate`: for each rate an array of `shape`."""

    dtype: DType = int64
    preferred_dtypes: ClassVar[dict[str, DType]] = {"rate": float64}
    grad: ClassVar[Any] = NotImplemented

    def kernel(self, run: Any, shape: Array[Index], rate: Array[Rate]) -> Array:
        return self.stream(run).poisson(sizes(shape), rate, self.dtype.as_numpy_dtype)

    def dtypes(self, *inputs: Any) -> DType:
        return self.dtype

    def shape(self, shape: Spec, rate: Spec) -> TensorShape:
        shape.ranked(1)
        return shape.as_shape.concatenate(rate.shape)


# ---- the functions -------------------------------------------------------------------------------------------------


def shape_tensor(shape: Any) -> Tensor:
    """The `shape` argument as a tensor: int32, also for an empty list, which would be float32 by itself."""
    if isinstance(shape, (list, tuple)) and not shape:
        return convert(shape, int32, "shape")
    return convert(shape, None, "shape")


@export("random_uniform", "random.uniform")
def random_uniform(
    shape: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Make a tensor of random numbers that are all equally likely, from `minval` up to, not including, `maxval`.

    Parameters
    ----------
    shape : vector of int32 or int64
    minval : number or Tensor of `dtype`
    maxval : number or Tensor of `dtype`, optional
        Default 1; must be given for whole numbers.
    dtype : {float16, float32, float64, int32, int64}
    seed : int, optional
        See `tf.set_random_seed`.

    Returns
    -------
    Tensor of `shape` and `dtype`

    Raises
    ------
    ValueError
        If `dtype` is another one, or `maxval` is missing for whole numbers.
    tf.errors.InvalidArgumentError
        When run with `minval` not below `maxval` (whole numbers).

    Examples
    --------
    >>> x = tf.random_uniform([2, 3], minval=-1, maxval=1, seed=1)
    >>> with tf.Session() as sess:
    ...     sess.run(x).round(3)
    array([[-0.522,  0.841, -0.899],
           [-0.009,  0.671, -0.947]], dtype=float32)
    >>> dice = tf.random_uniform([5], 1, 7, tf.int32, seed=3)
    >>> with tf.Session() as sess:
    ...     sess.run(dice)
    array([6, 2, 5, 3, 6], dtype=int32)
    """
    dtype = as_dtype(dtype)
    if dtype not in UNIFORM_DTYPES:
        raise misuse(
            ValueError(f"Invalid dtype {dtype!r}: random_uniform makes {', '.join(d.name for d in UNIFORM_DTYPES)}.")
        )
    if maxval is None:
        if dtype.is_integer:
            raise misuse(ValueError(f"Must specify maxval for integer dtype {dtype!r}"))
        maxval = 1
    with name_scope(name, "random_uniform", [shape, minval, maxval]) as name:
        shape = shape_tensor(shape)
        minval = convert(minval, dtype, "min")
        maxval = convert(maxval, dtype, "max")
        seeds = seed_attributes(seed)
        if dtype.is_integer:
            return RandomUniformInt(**seeds)(shape, minval, maxval, name=name)
        random = RandomUniform(dtype=dtype, **seeds)(shape)
        return raw.AddV2(random * (maxval - minval), minval, name=name)


@export("random_normal", "random.normal")
def random_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Make a tensor of normally distributed random numbers.

    Parameters
    ----------
    shape : vector of int32 or int64
    mean, stddev : number or Tensor of `dtype`
        Stretched over `shape`.
    dtype : {float16, float32, float64}
    seed : int, optional
        See `tf.set_random_seed`.

    Returns
    -------
    Tensor of `shape` and `dtype`

    Examples
    --------
    >>> x = tf.random_normal([3], mean=10, stddev=2, seed=1)
    >>> with tf.Session() as sess:
    ...     sess.run(x).round(3)
    array([ 8.377, 12.969, 10.131], dtype=float32)
    """
    return _scaled_normal(RandomStandardNormal, "random_normal", shape, mean, stddev, dtype, seed, name)


@export("truncated_normal", "random.truncated_normal")
def truncated_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Make a tensor of normally distributed numbers, none of them two or more standard deviations from the mean.

    What lies farther out is drawn again. The usual choice for initial weights.

    Parameters
    ----------
    shape : vector of int32 or int64
    mean, stddev : number or Tensor of `dtype`
        Stretched over `shape`; those of the normal distribution before it was cut.
    dtype : {float16, float32, float64}
    seed : int, optional
        See `tf.set_random_seed`.

    Returns
    -------
    Tensor of `shape` and `dtype`

    Examples
    --------
    >>> w = tf.truncated_normal([5, 5, 1, 32], stddev=0.1, seed=1)
    >>> with tf.Session() as sess:
    ...     bool(abs(sess.run(w)).max() < 0.2)
    True
    """
    return _scaled_normal(TruncatedNormal, "truncated_normal", shape, mean, stddev, dtype, seed, name)


def _scaled_normal(
    op: Any, default_name: str, shape: Any, mean: Any, stddev: Any, dtype: Any, seed: int | None, name: str | None
) -> Tensor:
    dtype = as_dtype(dtype)
    with name_scope(name, default_name, [shape, mean, stddev]) as name:
        shape = shape_tensor(shape)
        mean = convert(mean, dtype, "mean")
        stddev = convert(stddev, dtype, "stddev")
        random = op(dtype=dtype, **seed_attributes(seed))(shape)
        return raw.AddV2(random * stddev, mean, name=name)


@export("random_shuffle", "random.shuffle")
def random_shuffle(value: Any, seed: int | None = None, name: str | None = None) -> Tensor:
    """Return the rows of a tensor (its parts along axis 0) in random order.

    Parameters
    ----------
    value : Tensor
    seed : int, optional
        See `tf.set_random_seed`.

    Returns
    -------
    Tensor of the same shape and dtype

    Examples
    --------
    >>> x = tf.random_shuffle([[1, 1], [2, 2], [3, 3], [4, 4]], seed=1)
    >>> with tf.Session() as sess:
    ...     sess.run(x)
    array([[4, 4],
           [1, 1],
           [2, 2],
           [3, 3]], dtype=int32)
    """
    return RandomShuffle(**seed_attributes(seed))(value, name=name)


@export("random_crop", "image.random_crop")
def random_crop(value: Any, size: Any, seed: int | None = None, name: str | None = None) -> Tensor:
    """Cut a piece of a given size out of a tensor, at a random place.

    Parameters
    ----------
    value : Tensor
    size : vector of int32, one number for each axis of `value`
        An axis that must stay whole gets its full size: `[24, 24, 3]` for colour images.
    seed : int, optional
        See `tf.set_random_seed`.

    Returns
    -------
    Tensor of shape `size`

    Raises
    ------
    tf.errors.InvalidArgumentError
        When run with a `size` that is larger than `value`.

    Examples
    --------
    >>> tf.random_crop(tf.zeros([32, 32, 3]), [24, 24, 3]).shape.as_list()
    [24, 24, 3]
    """
    from flowlab._src.ops.array_shape import shape_of
    from flowlab._src.ops.assertion import assert_
    from flowlab._src.ops.control import with_dependencies
    from flowlab._src.ops.reduce import reduce_all

    with name_scope(name, "random_crop", [value, size]) as name:
        value = convert(value, None, "value")
        size = convert(size, int32, "size")
        shape = shape_of(value)
        check = assert_(reduce_all(shape >= size), ["Need value.shape >= size, got ", shape, size], summarize=1000)
        shape = with_dependencies([check], shape)
        limit = shape - size + 1
        offset = random_uniform(shape_of(shape), dtype=size.dtype, maxval=size.dtype.max, seed=seed) % limit
        return raw.Slice(value, offset, size, name=name)


@export("multinomial", "random.multinomial")
def multinomial(
    logits: Any, num_samples: Any, seed: int | None = None, name: str | None = None, output_dtype: Any = None
) -> Tensor:
    """Draw class numbers: for each row of `logits`, `num_samples` of them with the probabilities softmax(row).

    Parameters
    ----------
    logits : Tensor, shape (batch, classes)
        Logarithms of the probabilities, up to a constant for each row.
    num_samples : int or scalar Tensor
    seed : int, optional
        See `tf.set_random_seed`.
    output_dtype : {int32, int64}, optional
        Default int64.

    Returns
    -------
    Tensor, shape (batch, num_samples)

    Raises
    ------
    ValueError
        If `logits` is not a matrix or `num_samples` negative.

    Examples
    --------
    >>> heads_or_tails = tf.multinomial(tf.log([[0.5, 0.5]]), 8, seed=1)
    >>> with tf.Session() as sess:
    ...     sess.run(heads_or_tails)
    array([[1, 0, 1, 1, 0, 0, 0, 0]])
    """
    with name_scope(name, "multinomial", [logits]):
        return _draw_classes(logits, num_samples, output_dtype, seed)


@export("random.categorical")
def categorical(
    logits: Any, num_samples: Any, dtype: Any = None, seed: int | None = None, name: str | None = None
) -> Tensor:
    """Draw class numbers: `tf.multinomial` under its newer name.

    Parameters
    ----------
    logits : Tensor, shape (batch, classes)
    num_samples : int or scalar Tensor
    dtype : {int32, int64}, optional
        Default int64.
    seed : int, optional

    Returns
    -------
    Tensor, shape (batch, num_samples)

    Examples
    --------
    >>> tf.random.categorical([[0.0, 1.0], [1.0, 0.0]], 5).shape.as_list()
    [2, 5]
    """
    with name_scope(name, "categorical", [logits]):
        return _draw_classes(logits, num_samples, dtype, seed)


def _draw_classes(logits: Any, num_samples: Any, dtype: Any, seed: int | None) -> Tensor:
    logits = convert(logits, None, "logits")
    return Multinomial(output_dtype=as_dtype(int64 if dtype is None else dtype), **seed_attributes(seed))(
        logits, num_samples
    )


@export("random_gamma", "random.gamma")
def random_gamma(
    shape: Any,
    alpha: Any,
    beta: Any = None,
    dtype: Any = float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Draw from gamma distributions: for each pair of parameters an array of `shape`.

    Parameters
    ----------
    shape : vector of int32
    alpha : Tensor of `dtype`
        Shape parameter(s).
    beta : Tensor of `dtype`, optional
        Inverse scale parameter(s), default 1; combined with `alpha` by broadcasting.
    dtype : {float16, float32, float64}
    seed : int, optional
        See `tf.set_random_seed`.

    Returns
    -------
    Tensor, shape `shape` + the shape of `alpha + beta`

    Examples
    --------
    >>> tf.random_gamma([10], [0.5, 1.5]).shape.as_list()
    [10, 2]
    """
    from flowlab._src.ops.array_shape import shape_of
    from flowlab._src.ops.broadcast_to import broadcast_dynamic_shape, broadcast_to

    with name_scope(name, "random_gamma", [shape, alpha, beta]):
        shape = convert(shape, int32, "shape")
        alpha = convert(alpha, dtype, "alpha")
        beta = convert(1 if beta is None else beta, dtype, "beta")
        alpha = broadcast_to(alpha, broadcast_dynamic_shape(shape_of(alpha), shape_of(beta)))
        gamma = RandomGamma(**seed_attributes(seed))(shape, alpha)
        return raw.Maximum(np.finfo(alpha.dtype.as_numpy_dtype).tiny, gamma / beta)


@export("random_poisson", "random.poisson")
def random_poisson(
    lam: Any, shape: Any, dtype: Any = float32, seed: int | None = None, name: str | None = None
) -> Tensor:
    """Draw from Poisson distributions: counts of events that happen at a known mean rate.

    Parameters
    ----------
    lam : Tensor
        The mean rate(s).
    shape : vector of int32
        How many numbers to draw for each rate.
    dtype : {float16, float32, float64, int32, int64}
    seed : int, optional
        See `tf.set_random_seed`.

    Returns
    -------
    Tensor, shape `shape` + the shape of `lam`

    Examples
    --------
    >>> tf.random_poisson([0.5, 1.5], [10]).shape.as_list()
    [10, 2]
    """
    with name_scope(name, "random_poisson", [lam, shape]):
        shape = convert(shape, int32, "shape")
        return RandomPoissonV2(dtype=as_dtype(dtype), **seed_attributes(seed))(shape, lam)

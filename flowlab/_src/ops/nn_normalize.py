"""Normalization from its parts: means and variances, unit length, brightness relative to the neighbours."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_flag, as_ints
from flowlab._src.graph.convert import convert, operand
from flowlab._src.graph.op import Array, Op, Spec
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape, merge_shapes
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels.neighbours import neighbour_sums
from flowlab._src.ops.arithmetic import add, multiply, squared_difference, subtract
from flowlab._src.ops.array_shape import rank, shape_of
from flowlab._src.ops.cast import cast, complex_, imag, real
from flowlab._src.ops.constant import constant
from flowlab._src.ops.fill import zeros_like
from flowlab._src.ops.identity import stop_gradient
from flowlab._src.ops.magnitude import maximum
from flowlab._src.ops.misuse import misuse, old_argument
from flowlab._src.ops.no_nan import div_no_nan
from flowlab._src.ops.powers import reciprocal, rsqrt, square
from flowlab._src.ops.reduce import reduce_mean, reduce_prod, reduce_sum
from flowlab._src.ops.reshaping import squeeze
from flowlab._src.util.export import export

SmallFloat = TypeVar("SmallFloat", np.float16, np.float32)


# ---- means and variances -------------------------------------------------------------------------------------------


@export("nn.moments")
def moments(
    x: Any, axes: Any, shift: Any = None, name: str | None = None, keep_dims: Any = None, keepdims: Any = None
) -> tuple[Tensor, Tensor]:
    """Compute mean and variance over some axes.

    Parameters
    ----------
    x : Tensor
    axes : list of int
        [0] for vectors in a batch, [0, 1, 2] for images: one mean for each channel.
    shift : None
        Not used, as in TensorFlow.
    keepdims, keep_dims : bool, optional
        Keep the axes, with size 1.

    Returns
    -------
    mean, variance : Tensor
        The variance with n in the denominator.

    Examples
    --------
    >>> mean, variance = tf.nn.moments(tf.constant([[1.0, 2.0], [3.0, 6.0]]), [0])
    >>> with tf.Session() as sess:
    ...     sess.run([mean, variance])
    [array([2., 4.], dtype=float32), array([1., 4.], dtype=float32)]
    """
    keep = as_flag(old_argument("keepdims", keepdims, "keep_dims", keep_dims), "keep_dims")
    with name_scope(name, "moments", [x, axes]):
        x = convert(x)
        half = x.dtype.base_dtype == dtypes.float16
        y = cast(x, dtypes.float32) if half else x
        mean = reduce_mean(y, axes, keepdims=True, name="mean")
        variance = reduce_mean(squared_difference(y, stop_gradient(mean)), axes, keepdims=True, name="variance")
        if not keep:
            mean, variance = squeeze(mean, axes), squeeze(variance, axes)
        return (cast(mean, dtypes.float16), cast(variance, dtypes.float16)) if half else (mean, variance)


@export("nn.weighted_moments")
def weighted_moments(
    x: Any, axes: Any, frequency_weights: Any, name: str | None = None, keep_dims: Any = None, keepdims: Any = None
) -> tuple[Tensor, Tensor]:
    """Compute mean and variance over some axes, where some numbers count more than others.

    Parameters
    ----------
    x : Tensor
    axes : list of int
    frequency_weights : Tensor
        How often each number counts; broadcast against `x`.
    keepdims, keep_dims : bool, optional
        Keep the axes, with size 1.

    Returns
    -------
    mean, variance : Tensor

    Examples
    --------
    >>> mean, variance = tf.nn.weighted_moments([1.0, 4.0], [0], [3.0, 0.0])
    >>> with tf.Session() as sess:
    ...     sess.run([mean, variance])
    [np.float32(1.0), np.float32(0.0)]
    """
    keep = as_flag(old_argument("keepdims", keepdims, "keep_dims", keep_dims), "keep_dims")
    with name_scope(name, "weighted_moments", [x, frequency_weights, axes]):
        x = convert(x, None, "x")
        weights = convert(frequency_weights, None, "frequency_weights")
        half = x.dtype.base_dtype == dtypes.float16
        if half:
            x = cast(x, dtypes.float32)
        if weights.dtype.base_dtype != x.dtype.base_dtype:
            weights = cast(weights, x.dtype)
        weighted_sum = reduce_sum(weights * x, axes, name="weighted_input_sum", keepdims=True)
        total = reduce_sum(weights + zeros_like(x), axes, name="sum_of_weights", keepdims=True)
        mean = div_no_nan(weighted_sum, total)
        squares = reduce_sum(weights * squared_difference(x, mean), axes, name="weighted_distsq", keepdims=True)
        variance = div_no_nan(squares, total)
        if not keep:
            mean, variance = squeeze(mean, axis=axes), squeeze(variance, axis=axes)
        return (cast(mean, dtypes.float16), cast(variance, dtypes.float16)) if half else (mean, variance)


@export("nn.sufficient_statistics")
def sufficient_statistics(
    x: Any, axes: Any, shift: Any = None, keep_dims: Any = None, name: str | None = None, keepdims: Any = None
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """Compute what mean and variance need to know: count, sum and sum of squares.

    Parameters
    ----------
    x : Tensor
    axes : list of int
    shift : Tensor, optional
        A number near the mean, subtracted first: then the sums keep more digits.
    keepdims, keep_dims : bool, optional
        Keep the axes, with size 1.

    Returns
    -------
    count, mean_ss, variance_ss : Tensor
        Number of elements, sum of x - shift, sum of its squares. See `tf.nn.normalize_moments`.
    shift : Tensor or None

    Examples
    --------
    >>> count, total, squares, _ = tf.nn.sufficient_statistics(tf.constant([1.0, 2.0, 3.0]), [0])
    >>> with tf.Session() as sess:
    ...     sess.run([count, total, squares])
    [np.float32(3.0), np.float32(6.0), np.float32(14.0)]
    """
    axes = list(set(as_ints(axes, "axes")))
    keep = as_flag(old_argument("keepdims", keepdims, "keep_dims", keep_dims), "keep_dims")
    with name_scope(name, "sufficient_statistics", [x, shift]):
        x = convert(x, None, "x")
        dims = x.shape._dims
        if dims is not None and any(not -len(dims) <= d < len(dims) for d in axes):
            raise misuse(
                ValueError(f"Invalid reduction dimension: axes {axes} of an input with {len(dims)} dimension(s)")
            )
        if dims is not None and all(dims[d] is not None for d in axes):
            count = constant(np.prod([dims[d] for d in axes], dtype=np.int64).item(), dtype=x.dtype)
        else:
            from flowlab._src.ops.gather import gather

            ndims = rank(x)
            positive = [axis + ndims if axis < 0 else axis for axis in axes]
            count = reduce_prod(gather(cast(shape_of(x), x.dtype), positive), name="count")
        if shift is None:
            sums, squares = x, square(x)
        else:
            shift = convert(shift, None, "shift")
            sums, squares = subtract(x, shift), squared_difference(x, shift)
        sums = reduce_sum(sums, axes, keepdims=keep, name="mean_ss")
        squares = reduce_sum(squares, axes, keepdims=keep, name="var_ss")
    return count, sums, squares, shift


@export("nn.normalize_moments")
def normalize_moments(
    counts: Any, mean_ss: Any, variance_ss: Any, shift: Any, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """Compute mean and variance from the sums of `tf.nn.sufficient_statistics`.

    Parameters
    ----------
    counts, mean_ss, variance_ss : Tensor
    shift : Tensor or None

    Returns
    -------
    mean, variance : Tensor

    Examples
    --------
    >>> mean, variance = tf.nn.normalize_moments(tf.constant(3.0), tf.constant(6.0), tf.constant(14.0), None)
    >>> with tf.Session() as sess:
    ...     print(sess.run(mean), sess.run(variance).round(4))
    2.0 0.6667
    """
    with name_scope(name, "normalize", [counts, mean_ss, variance_ss, shift]):
        divisor = reciprocal(counts, name="divisor")
        if shift is None:
            shifted = mean = multiply(mean_ss, divisor, name="mean")
        else:
            shifted = multiply(mean_ss, divisor, name="shifted_mean")
            mean = add(shifted, shift, name="mean")
        variance = subtract(multiply(variance_ss, divisor), square(shifted), name="variance")
    return mean, variance


# ---- batch normalization, from its parts ---------------------------------------------------------------------------


@export("nn.batch_normalization")
def batch_normalization(
    x: Any, mean: Any, variance: Any, offset: Any, scale: Any, variance_epsilon: Any, name: str | None = None
) -> Tensor:
    """Normalize with given statistics, then scale and shift: scale * (x - mean) / sqrt(variance + epsilon) + offset.

    Parameters
    ----------
    x : Tensor
    mean, variance : Tensor
        For example of `tf.nn.moments`; shapes that broadcast against `x`.
    offset, scale : Tensor or None
        None leaves the step out.
    variance_epsilon : float
        Against division by 0.

    Returns
    -------
    Tensor of the shape and dtype of `x`

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.nn.batch_normalization([1.0, 3.0], 2.0, 1.0, None, None, 0.0))
    array([-1.,  1.], dtype=float32)

    References
    ----------
    Ioffe and Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate
    shift" (2015).
    """
    with name_scope(name, "batchnorm", [x, mean, variance, scale, offset]):
        x = convert(x)
        inverse = rsqrt(operand(variance, "variance") + operand(variance_epsilon, "variance_epsilon"))
        if scale is not None:
            inverse = inverse * scale
        scaled = x * cast(inverse, x.dtype)
        shift = offset - mean * inverse if offset is not None else -operand(mean, "mean") * inverse
        return scaled + cast(shift, x.dtype)


@export("nn.batch_norm_with_global_normalization")
def batch_norm_with_global_normalization(
    t: Any = None,
    m: Any = None,
    v: Any = None,
    beta: Any = None,
    gamma: Any = None,
    variance_epsilon: Any = None,
    scale_after_normalization: Any = None,
    name: str | None = None,
    input: Any = None,
    mean: Any = None,
    variance: Any = None,
) -> Tensor:
    """Normalize with given statistics: `tf.nn.batch_normalization` as it was called first.

    Parameters
    ----------
    t, input : Tensor
    m, mean, v, variance : Tensor, shape (channels,)
    beta : Tensor, shape (channels,)
        The offset.
    gamma : Tensor, shape (channels,)
        The scale, used if `scale_after_normalization`.
    variance_epsilon : float
    scale_after_normalization : bool

    Returns
    -------
    Tensor of the shape of `t`

    Examples
    --------
    >>> y = tf.nn.batch_norm_with_global_normalization([1.0, 3.0], 2.0, 1.0, 10.0, 5.0, 0.0, True)
    >>> with tf.Session() as sess:
    ...     sess.run(y)
    array([ 5., 15.], dtype=float32)
    """
    t = old_argument("input", input, "t", t)
    m = old_argument("mean", mean, "m", m)
    v = old_argument("variance", variance, "v", v)
    return batch_normalization(
        t,
        m,
        v,
        beta,
        gamma if as_flag(scale_after_normalization, "scale_after_normalization") else None,
        variance_epsilon,
        name,
    )


# ---- length and brightness -----------------------------------------------------------------------------------------


@export("nn.l2_normalize", "math.l2_normalize", "linalg.l2_normalize")
def l2_normalize(x: Any, axis: Any = None, epsilon: float = 1e-12, name: str | None = None, dim: Any = None) -> Tensor:
    """Scale to length 1 along some axes: x / sqrt(max(sum(x ** 2), epsilon)).

    Parameters
    ----------
    x : Tensor, float or complex
    axis, dim : int or list of int, optional
        Default all axes: the tensor as a whole gets length 1.
    epsilon : float
        Smallest square that is divided by.

    Returns
    -------
    Tensor of the shape and dtype of `x`

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.nn.l2_normalize([[3.0, 4.0], [0.0, 2.0]], axis=1))
    array([[0.6, 0.8],
           [0. , 1. ]], dtype=float32)
    """
    axis = old_argument("axis", axis, "dim", dim)
    with name_scope(name, "l2_normalize", [x]) as name:
        x = convert(x, None, "x")
        if x.dtype.is_complex:
            squares = square(real(x)) + square(imag(x))
            total = real(reduce_sum(squares, axis, keepdims=True))
            inverse = rsqrt(maximum(total, epsilon))
            return complex_(multiply(real(x), inverse), multiply(imag(x), inverse), name=name)
        total = reduce_sum(square(x), axis, keepdims=True)
        inverse = rsqrt(maximum(total, epsilon))
        return multiply(x, inverse, name=name)


class ResponseNormalization(Op, abstract=True):
    """What LRN and its gradient share: the attributes."""

    depth_radius: int = 5
    bias: float = 1.0
    alpha: float = 1.0
    beta: float = 0.5

    def strength(self, x: Any) -> Any:
        """bias + alpha * the sum of squares of the channels within `depth_radius`."""
        return neighbour_sums(x, self.depth_radius, True, self.alpha, self.bias)

    def damped(self, x: Any, strength: Any) -> Any:
        """x / strength ** beta; `strength` may be written to."""
        if self.beta == 0.5:
            np.sqrt(strength, out=strength)
        elif self.beta != 1:
            np.power(strength, np.float32(self.beta), out=strength)
        return np.divide(x, strength, out=strength)


class LRN(ResponseNormalization):
    """Each pixel divided by the strength of its neighbours among the channels."""

    def kernel(self, input: Array[SmallFloat]) -> Array[SmallFloat]:
        x = input.astype(np.float32, copy=False)
        return self.damped(x, self.strength(x)).astype(input.dtype, copy=False)

    def shape(self, input: Spec) -> TensorShape:
        return TensorShape.of(input.ranked(4))

    def grad(self, node: Operation, dy: Tensor) -> Tensor:
        """LRNGrad does it."""
        return raw.LRNGrad(dy, node.inputs[0], node.outputs[0], **self.attributes())


class LRNGrad(ResponseNormalization):
    """The gradient of LRN."""

    def kernel(
        self, input_grads: Array[SmallFloat], input_image: Array[SmallFloat], output_image: Array[SmallFloat]
    ) -> Array[SmallFloat]:
        dy, x, y = (a.astype(np.float32, copy=False) for a in (input_grads, input_image, output_image))
        strength = self.strength(x)
        # y_i = x_i * s_i^-beta; every s_i near channel j contains x_j squared.
        shares = dy * y
        shares /= strength
        through_strength = neighbour_sums(shares, self.depth_radius, scale=2 * self.alpha * self.beta)
        through_strength *= x
        dx = self.damped(dy, strength)
        dx -= through_strength
        return dx.astype(input_grads.dtype, copy=False)

    def shape(self, input_grads: Spec, input_image: Spec, output_image: Spec) -> TensorShape:
        return merge_shapes(merge_shapes(input_grads.shape, input_image.shape), output_image.shape)


@export("nn.local_response_normalization", "nn.lrn")
def local_response_normalization(
    input: Any,
    depth_radius: int = 5,
    bias: float = 1,
    alpha: float = 1,
    beta: float = 0.5,
    name: str | None = None,
) -> Tensor:
    """Divide each pixel by the strength of its neighbours among the channels: bright ones stand out.

    input / (bias + alpha * sum of squares over the channels from d - depth_radius to d + depth_radius) ** beta

    Parameters
    ----------
    input : Tensor, shape (batch, height, width, channels), float16 or float32
    depth_radius : int
        Neighbours on each side.
    bias, alpha, beta : float

    Returns
    -------
    Tensor of the shape and dtype of `input`

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.nn.lrn([[[[0.0, 3.0, 4.0]]]], depth_radius=1)).ravel().round(3)
    array([0.   , 0.588, 0.784], dtype=float32)

    References
    ----------
    Krizhevsky et al., "ImageNet classification with deep convolutional neural networks" (2012).
    """
    return LRN(depth_radius=depth_radius, bias=bias, alpha=alpha, beta=beta)(input, name=name)

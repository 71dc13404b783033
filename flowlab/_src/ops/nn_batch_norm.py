"""Batch normalization in one operation: each channel of a batch gets mean 0 and variance 1, then a scale and an offset.

While training, mean and variance are those of the batch, and the operation also hands them out: a layer keeps moving
averages of them, which take their place afterwards (`is_training=False`). An update operation that is never run leaves
those averages at 0 and 1, and the net fails at test time only: see `tf.GraphKeys.UPDATE_OPS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph.arguments import as_flag, as_float
from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.dtypes import float32
from flowlab._src.graph.op import Array, Op, Spec
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.registry import raw
from flowlab._src.graph.shape import UNKNOWN, TensorShape, merge_dims
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import batch_norm
from flowlab._src.ops.constant import constant
from flowlab._src.ops.misuse import check_choice, misuse
from flowlab._src.ops.nn_window import FORMATS, axes_of, brackets
from flowlab._src.ops.transposing import transpose
from flowlab._src.util.export import export

Image = TypeVar("Image", np.float16, np.float32)  # of the images
Param = TypeVar("Param", np.float32, np.float32)  # of scale, offset and statistics: single precision at least

MIN_EPSILON = 1.001e-5  # what TensorFlow 1.x raises a smaller epsilon to


class BatchNorm(Op, abstract=True):
    """What the operation and its gradient share."""

    epsilon: float = 0.0001
    data_format: str = "NHWC"
    is_training: bool = True

    def __init__(self, *args: Any, **attrs: Any) -> None:
        super().__init__(*args, **attrs)
        check_choice(self.type, "data_format", self.data_format, FORMATS)

    def channels_last(self, x: Any) -> Any:
        """Images as (batch, height, width, channels), in single precision."""
        if x.ndim != 4:
            raise InvalidArgumentError(None, None, f"input must be 4-dimensional{brackets(x.shape)}")
        x = x.astype(np.float32, copy=False)
        return x if self.data_format == "NHWC" else np.moveaxis(x, 1, -1)

    def restored(self, x: Any, like: Any) -> Any:
        """Images in the layout and dtype they came in."""
        x = x if self.data_format == "NHWC" else np.moveaxis(x, -1, 1)
        return np.ascontiguousarray(x, dtype=like.dtype)


def channel_shapes(op: BatchNorm, x: Spec, *vectors: Spec) -> tuple[TensorShape, TensorShape]:
    """The shape of the images and of a vector with one number for each channel."""
    dims = list(x.ranked(4))
    _, _, axis = axes_of(op.data_format)
    for vector in vectors:
        (size,) = vector.ranked(1)
        dims[axis] = merge_dims(dims[axis], size)
    return TensorShape.of(tuple(dims)), TensorShape.of((dims[axis],))


class FusedBatchNormV3(BatchNorm):
    """(x - mean) / sqrt(variance + epsilon) * scale + offset, channel by channel."""

    exponential_avg_factor: float = 1.0

    def kernel(
        self, x: Array[Image], scale: Array[Param], offset: Array[Param], mean: Array[Param], variance: Array[Param]
    ) -> tuple[Array[Image], Array[Param], Array[Param], Array[Param], Array[Param], Array[Param]]:
        images = self.channels_last(x)
        rows = images.reshape(-1, images.shape[3])
        count = len(rows)
        if not self.is_training:
            used_mean, used_variance = mean, variance
            new_mean, new_variance = mean, variance
        else:
            used_mean, used_variance = batch_norm.statistics(rows)
            unbiased = used_variance * np.float32(count / max(count - 1, 1))
            share = np.float32(self.exponential_avg_factor)
            if share == 1:
                new_mean, new_variance = used_mean, unbiased
            else:
                new_mean = (1 - share) * mean + share * used_mean
                new_variance = (1 - share) * variance + share * unbiased
        factor = scale / np.sqrt(used_variance + np.float32(self.epsilon))
        y = batch_norm.normalized(rows, used_mean, factor, offset).reshape(images.shape)
        empty = np.zeros((), np.float32)
        return self.restored(y, x), new_mean, new_variance, used_mean, used_variance, empty

    def shape(self, x: Spec, scale: Spec, offset: Spec, mean: Spec, variance: Spec) -> list[TensorShape]:
        vectors = (scale, offset) if self.is_training else (scale, offset, mean, variance)
        image, vector = channel_shapes(self, x, *vectors)
        return [image, vector, vector, vector, vector, UNKNOWN]

    def grad(self, node: Operation, dy: Tensor, *others: Any) -> Sequence[Tensor | None]:
        """FusedBatchNormGradV3 does it; given statistics count as constants."""
        x, scale, _, mean, variance = node.inputs
        layout = self.data_format
        if self.is_training:
            mean, variance = node.outputs[3:5]
        elif layout == "NCHW":
            x, dy, layout = transpose(x, [0, 2, 3, 1]), transpose(dy, [0, 2, 3, 1]), "NHWC"
        dx, dscale, doffset, _, _ = raw.FusedBatchNormGradV3(
            dy,
            x,
            scale,
            mean,
            variance,
            node.outputs[5],
            epsilon=self.epsilon,
            data_format=layout,
            is_training=self.is_training,
        )
        if layout != self.data_format:
            dx = transpose(dx, [0, 3, 1, 2])
        return [dx, dscale, doffset, None, None]


class FusedBatchNormGradV3(BatchNorm):
    """The gradient of FusedBatchNormV3: while training, mean and variance depend on the images too."""

    def kernel(
        self,
        y_backprop: Array[Image],
        x: Array[Image],
        scale: Array[np.float32],
        reserve_space_1: Array[Param],
        reserve_space_2: Array[Param],
        reserve_space_3: Array[Param],
    ) -> tuple[Array[Image], Array[Param], Array[Param], Array[Param], Array[Param]]:
        images, dy = self.channels_last(x), self.channels_last(y_backprop)
        rows, flat = images.reshape(-1, images.shape[3]), dy.reshape(-1, images.shape[3])
        mean = reserve_space_1
        inverse = 1 / np.sqrt(reserve_space_2 + np.float32(self.epsilon))
        doffset, projection = batch_norm.sums_back(flat, rows, mean)
        dscale = projection * inverse
        if self.is_training:
            count = np.float32(max(len(rows), 1))
            slope = projection / count * inverse * inverse
            dx = batch_norm.led_back(flat, rows, mean, doffset / count, slope, scale * inverse).reshape(images.shape)
        else:
            dx = dy * (scale * inverse)
        empty = np.zeros(0, np.float32)
        return self.restored(dx, x), dscale, doffset, empty, empty

    def shape(
        self,
        y_backprop: Spec,
        x: Spec,
        scale: Spec,
        reserve_space_1: Spec,
        reserve_space_2: Spec,
        reserve_space_3: Spec,
    ) -> list[TensorShape]:
        image, vector = channel_shapes(self, y_backprop, scale)
        _, vector = channel_shapes(self, x, scale)
        nothing = TensorShape.of((0,))
        return [image, vector, vector, nothing, nothing]

    def grad(self, node: Operation, *grads: Any) -> Sequence[Tensor | None]:
        """The second derivative: the gradient written in small operations, and the gradient of those."""
        from flowlab._src.autodiff.gradient_tape import GradientTape
        from flowlab._src.autodiff.gradients import gradients

        dy, x, scale, mean, variance = node.inputs[:5]
        sources, starts = [dy, x, scale], list(grads[:3])
        if not get_default_graph().eager:
            targets = self.in_small_steps(dy, x, scale, mean, variance)
            # dy may have been computed from x: how is not asked here.
            return [*gradients(targets, sources, starts, stop_gradients=sources), None, None, None]
        with GradientTape() as tape:
            for source in sources:
                tape.watch(source)
            targets = self.in_small_steps(dy, x, scale, mean, variance)
        return [*tape.gradient(targets, sources, starts), None, None, None]

    def in_small_steps(self, dy: Tensor, x: Tensor, scale: Tensor, mean: Tensor, variance: Tensor) -> list[Tensor]:
        """What the kernel computes, in the operations that everybody has."""
        from flowlab._src.ops.array_shape import size
        from flowlab._src.ops.cast import cast
        from flowlab._src.ops.identity import stop_gradient
        from flowlab._src.ops.reduce import reduce_mean, reduce_sum
        from flowlab._src.ops.reshaping import reshape, squeeze

        dtype = x.dtype.base_dtype
        if dtype.size < 4:
            x, dy = cast(x, float32), cast(dy, float32)
        last = self.data_format == "NHWC"
        axes = [0, 1, 2] if last else [0, 2, 3]
        if not self.is_training:
            if not last:
                channels = [1, size(mean), 1, 1]
                mean, variance, scale = (reshape(t, channels) for t in (mean, variance, scale))
            doffset = reduce_sum(dy, axis=axes)
            inverse = raw.Rsqrt(variance + self.epsilon)
            dscale = reduce_sum(dy * (x - mean) * inverse, axis=axes)
            return [cast(dy * scale * inverse, dtype), dscale, doffset]
        if not last:
            scale = reshape(scale, [1, size(scale), 1, 1])
        mean_dy = reduce_mean(dy, axes, keepdims=not last)
        mean = reduce_mean(x, axes, keepdims=not last)
        variance = reduce_mean(raw.SquaredDifference(x, stop_gradient(mean)), axes, keepdims=not last)
        centered_dy, centered = dy - mean_dy, x - mean
        slope = reduce_mean(dy * centered, axis=axes, keepdims=not last)
        factor = scale * raw.Rsqrt(variance + self.epsilon)
        dx = factor * (centered_dy - raw.Reciprocal(variance + self.epsilon) * slope * centered)
        inverse = raw.Rsqrt(variance + self.epsilon)
        dscale = inverse * reduce_sum(dy * centered, axis=axes, keepdims=not last)
        if not last:
            dscale = squeeze(dscale)
        return [cast(dx, dtype), dscale, reduce_sum(dy, axis=axes)]


@export("nn.fused_batch_norm")
def fused_batch_norm(
    x: Any,
    scale: Any,
    offset: Any,
    mean: Any = None,
    variance: Any = None,
    epsilon: float = 0.001,
    data_format: str = "NHWC",
    is_training: bool = True,
    name: str | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Normalize each channel of a batch of images, then scale and shift it.

    Parameters
    ----------
    x : Tensor, shape (batch, height, width, channels), float16 or float32
    scale, offset : Tensor, shape (channels,), float32
    mean, variance : Tensor, shape (channels,), optional
        The statistics to use when not training.
    epsilon : float
        Added to the variance, at least 1.001e-5.
    data_format : {"NHWC", "NCHW"}
    is_training : bool
        Use the batch's own statistics.

    Returns
    -------
    y : Tensor of the shape and dtype of `x`
    batch_mean, batch_variance : Tensor, shape (channels,)
        Those of the batch, the variance with n - 1 in the denominator; the given ones when not training.

    Raises
    ------
    ValueError
        If `mean` or `variance` is missing when not training.

    Examples
    --------
    >>> y, mean, variance = tf.nn.fused_batch_norm([[[[1.0], [3.0]]]], [1.0], [0.0], epsilon=1e-5)
    >>> with tf.Session() as sess:
    ...     sess.run(y).round(3).ravel()
    ...     sess.run([mean, variance])
    array([-1.,  1.], dtype=float32)
    [array([2.], dtype=float32), array([2.], dtype=float32)]

    References
    ----------
    Ioffe and Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate
    shift" (2015).
    """
    if not as_flag(is_training, "is_training") and (mean is None or variance is None):
        raise misuse(
            ValueError(
                "Both 'mean' and 'variance' must be 1D tensors when is_training is False. "
                f"Got mean={mean!r}, variance={variance!r}."
            )
        )
    x = convert(x, None, "input")
    scale = convert(scale, None, "scale")
    offset = convert(offset, None, "offset")
    mean = constant([]) if mean is None else mean
    variance = constant([]) if variance is None else variance
    op = FusedBatchNormV3(
        epsilon=max(as_float(epsilon, "epsilon"), MIN_EPSILON), data_format=data_format, is_training=is_training
    )
    y, new_mean, new_variance, *_ = op(x, scale, offset, mean, variance, name=name)
    return y, new_mean, new_variance

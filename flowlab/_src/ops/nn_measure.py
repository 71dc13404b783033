"""Numbers that describe tensors: half the squared length, the share of zeros, whether the truth is in the top k."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.op import Array, Floating, Index, Op, Scalar, Spec
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape, merge_dims
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import ranking
from flowlab._src.ops.array_shape import size as size_of
from flowlab._src.ops.cast import cast
from flowlab._src.ops.compare import not_equal
from flowlab._src.ops.cond import cond
from flowlab._src.ops.fill import zeros
from flowlab._src.ops.identity import identity
from flowlab._src.ops.reduce import reduce_sum
from flowlab._src.util.export import export


class L2Loss(Scalar):
    """Half the sum of the squares."""

    def kernel(self, t: Array[Floating]) -> Array[Floating]:
        flat = np.ravel(t)
        if t.dtype == np.float16:
            flat = flat.astype(np.float32)
        return t.dtype.type(np.dot(flat, flat) / 2)

    def grad(self, node: Operation, dy: Tensor) -> Tensor:
        """The half makes the gradient x itself."""
        return node.inputs[0] * dy


@export("nn.l2_loss")
def l2_loss(t: Any, name: str | None = None) -> Tensor:
    """Compute half the sum of the squares: sum(t ** 2) / 2, the usual penalty for large weights.

    Parameters
    ----------
    t : Tensor, float16, float32 or float64, any shape

    Returns
    -------
    Tensor, scalar

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     print(sess.run(tf.nn.l2_loss([3.0, 4.0])))
    12.5
    """
    return L2Loss()(t, name=name)


class InTopKV2(Op):
    """For each row whether the target's score is among the k largest; ties count."""

    grad = None

    def kernel(self, predictions: Array[np.float32], targets: Array[Index], k: Array[Index]) -> Array[np.bool_]:
        if predictions.ndim != 2 or targets.ndim != 1:
            what = "predictions must be 2-dimensional" if predictions.ndim != 2 else "targets must be 1-dimensional"
            raise InvalidArgumentError(None, None, what)
        if predictions.shape[0] != targets.shape[0]:
            raise InvalidArgumentError(
                None,
                None,
                f"First dimension of predictions {predictions.shape[0]} must match length of targets "
                f"{targets.shape[0]}",
            )
        return ranking.in_top_k(predictions, targets, k)

    def shape(self, predictions: Spec, targets: Spec, k: Spec) -> TensorShape:
        batch, _ = predictions.ranked(2)
        (count,) = targets.ranked(1)
        k.ranked(0)
        return TensorShape.of((merge_dims(batch, count),))


@export("nn.in_top_k", "math.in_top_k")
def in_top_k(predictions: Any, targets: Any, k: Any, name: str | None = None) -> Tensor:
    """Say for each example whether the true class is among the k with the largest scores.

    Parameters
    ----------
    predictions : Tensor, shape (batch, classes), float32
    targets : Tensor, shape (batch,), int32 or int64
        The true class numbers; a number that is no class gives False.
    k : int

    Returns
    -------
    Tensor, shape (batch,), bool
        A tie at the border counts as in.

    Examples
    --------
    >>> scores = [[0.1, 0.7, 0.2], [0.5, 0.1, 0.4]]
    >>> with tf.Session() as sess:
    ...     sess.run(tf.nn.in_top_k(scores, [1, 2], 1))
    array([ True, False])
    """
    with name_scope(name, "in_top_k"):
        return InTopKV2()(predictions, targets, k, name=name)


@export("nn.zero_fraction", "math.zero_fraction")
def zero_fraction(value: Any, name: str | None = None) -> Tensor:
    """Compute the share of zeros in a tensor: how many relus are silent.

    Parameters
    ----------
    value : Tensor of numbers

    Returns
    -------
    Tensor, scalar float32
        NaN for an empty tensor.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     print(sess.run(tf.nn.zero_fraction(tf.nn.relu([-1.0, -2.0, 3.0, 4.0]))))
    0.5
    """
    with name_scope(name, "zero_fraction", [value]):
        value = convert(value, None, "value")
        size = size_of(value, out_type=dtypes.int64)
        # Short integers are enough for all but huge tensors.
        nonzero = cond(
            size <= dtypes.int32.max,
            true_fn=lambda: cast(count_of_nonzero(value, dtypes.int32), dtypes.int64),
            false_fn=lambda: count_of_nonzero(value, dtypes.int64),
        )
        with name_scope("counts_to_fraction"):
            fraction = cast(size - nonzero, dtypes.float32) / cast(size, dtypes.float32)
        return identity(fraction, "fraction")


def count_of_nonzero(value: Tensor, dtype: DType) -> Tensor:
    """How many elements are not 0, counted in `dtype`."""
    with name_scope("count_nonzero", values=[value]):
        zero = zeros([], dtype=value.dtype.base_dtype)
        return reduce_sum(cast(not_equal(value, zero), dtype), name="nonzero_count")

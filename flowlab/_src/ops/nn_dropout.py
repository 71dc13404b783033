"""Dropout: while training, a random part of the numbers is set to zero, so that none can be relied upon too much."""

from __future__ import annotations

import numbers
from typing import Any

from flowlab._src.graph.convert import convert
from flowlab._src.graph.op import constant_value
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape, as_shape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.cast import cast
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.random import random_uniform
from flowlab._src.util.export import export


@export("nn.dropout")
def dropout(
    x: Any,
    keep_prob: Any = None,
    noise_shape: Any = None,
    seed: int | None = None,
    name: str | None = None,
    rate: Any = None,
) -> Tensor:
    """Set a random part of `x` to zero and scale the rest up, so that the expected sum stays the same.

    Mind the two ways to say how much: `keep_prob` is the share that is KEPT, `rate` the share that is dropped;
    `tf.keras.layers.Dropout` and `tf.layers.dropout` take a rate.

    Parameters
    ----------
    x : Tensor, float16, float32 or float64
    keep_prob : float or scalar Tensor, optional
        Probability that a number is kept. Feed 1.0 when you are not training.
    noise_shape : vector of int32, optional
        Shape of the random choice; where it has a 1, the whole axis is kept or dropped together.
    seed : int, optional
        See `tf.set_random_seed`.
    rate : float or scalar Tensor, optional
        Probability that a number is dropped: 1 - keep_prob. Give one of the two.

    Returns
    -------
    Tensor of the shape and dtype of `x`

    Raises
    ------
    ValueError
        If the share is not in the right range, missing or given twice, or `x` is not a float.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.nn.dropout(tf.ones([8]), keep_prob=0.5, seed=1))
    array([0., 2., 0., 0., 2., 0., 0., 0.], dtype=float32)

    References
    ----------
    Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting" (2014).
    """
    try:
        from_keep_prob = None if keep_prob is None else 1.0 - keep_prob
    except TypeError:
        raise misuse(ValueError(f"keep_prob must be a floating point number or Tensor (got {keep_prob!r})")) from None
    if rate is not None and keep_prob is not None:
        raise misuse(
            ValueError("Cannot specify both 'keep_prob' and 'rate'."), fix="rate is 1 - keep_prob: give one of them"
        )
    rate = from_keep_prob if rate is None else rate
    if rate is None:
        raise misuse(
            ValueError("You must provide a rate to dropout."),
            fix="tf.nn.dropout(x, keep_prob=0.5), or rate=0.5",
        )
    with name_scope(name, "dropout", [x]):
        known = isinstance(rate, numbers.Real)
        if known and not 0 <= rate < 1:
            raise misuse(
                ValueError(f"rate must be a scalar tensor or a float in the range [0, 1), got {rate:g}"),
                why="keep_prob is the share that is kept, rate = 1 - keep_prob the share that is dropped",
            )
        x = convert(x, None, "x")
        dtype = x.dtype.base_dtype
        if not dtype.is_floating:
            raise misuse(
                ValueError(
                    f"x has to be a floating point tensor since it's going to be scaled. Got a {dtype!r} tensor instead."
                )
            )
        if known and rate == 0:
            return x
        if not known and not isinstance(rate, Tensor) and not hasattr(rate, "graph"):
            raise misuse(ValueError(f"rate is neither scalar nor scalar tensor {rate!r}"))
        rate = convert(rate, dtype, "rate")
        rate.shape.assert_has_rank(0)
        if constant_value(rate) == 0:
            return x
        chance = random_uniform(choice_shape(x, noise_shape), seed=seed, dtype=dtype)
        scale = 1 / (1 - rate)
        is_kept = chance >= rate
        result = x * scale * cast(is_kept, dtype)
        result.set_shape(x.shape)
        return result


def choice_shape(x: Tensor, noise_shape: Any) -> Any:
    """The shape of the random choice; a None in it stands for the size of `x`."""
    if noise_shape is None:
        return shape_of(x)
    try:
        wanted = as_shape(noise_shape)
    except (TypeError, ValueError):
        return noise_shape
    dims = x.shape._dims
    if dims is None or wanted._dims is None or len(dims) != len(wanted._dims):
        return noise_shape
    return TensorShape.of(tuple([d if w is None else w for d, w in zip(dims, wanted._dims, strict=True)]))

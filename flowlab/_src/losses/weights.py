"""Weights of examples: they must fit the losses they multiply, without stretching them."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.op import constant_value
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.arithmetic import multiply
from flowlab._src.ops.array_shape import rank, shape_of, size
from flowlab._src.ops.assertion import assert_
from flowlab._src.ops.compare import equal
from flowlab._src.ops.cond import cond
from flowlab._src.ops.control import no_op
from flowlab._src.ops.fill import ones_like
from flowlab._src.ops.joining import concat
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.reshaping import expand_dims
from flowlab._src.ops.sets import set_difference

MESSAGE = "weights can not be broadcast to values."


def assert_broadcastable(weights: Any, values: Any) -> Operation:
    """Check that weights are one number, or have in each axis the size of `values` or 1.

    Raises
    ------
    ValueError
        If the shapes known while building tell that they do not.
    """
    with name_scope(None, "assert_broadcastable", [weights, values]) as scope:
        with name_scope(None, "weights", [weights]) as weights_scope:
            weights = convert(weights, None, weights_scope)
            weights_shape = shape_of(weights, name="shape")
            weights_rank = rank(weights, name="rank")
        with name_scope(None, "values", [values]) as values_scope:
            values = convert(values, None, values_scope)
            values_shape = shape_of(values, name="shape")
            values_rank = rank(values, name="rank")
        known_weights, known_values = constant_value(weights_rank), constant_value(values_rank)
        if known_weights is not None and known_values is not None:
            if known_weights == 0:
                return no_op(name="static_scalar_check_success")
            if known_weights != known_values:
                raise misuse(
                    ValueError(
                        f"{MESSAGE} values.rank={known_values}. weights.rank={known_weights}. "
                        f"values.shape={values.shape}. weights.shape={weights.shape}."
                    )
                )
            if _fits(constant_value(weights_shape), constant_value(values_shape)):
                return no_op(name="static_dims_check_success")
        is_scalar = equal(0, weights_rank, name="is_scalar")
        data = [
            MESSAGE, "weights.shape=", weights.name, weights_shape, "values.shape=", values.name, values_shape,
            "is_scalar=", is_scalar,
        ]  # fmt: skip
        valid = cond(
            is_scalar,
            lambda: is_scalar,
            lambda: _fits_when_run(weights_rank, weights_shape, values_rank, values_shape),
            name="is_valid_shape",
        )
        return assert_(valid, data, name=scope)


def _fits_when_run(weights_rank: Tensor, weights_shape: Tensor, values_rank: Tensor, values_shape: Tensor) -> Tensor:
    """True when the ranks are equal and each size of the weights is 1 or that of the values."""
    with name_scope(
        None, "has_valid_nonscalar_shape", [weights_rank, weights_shape, values_rank, values_shape]
    ) as scope:
        same_rank = equal(values_rank, weights_rank, name="is_same_rank")
        result: Tensor = cond(same_rank, lambda: _sizes_fit(weights_shape, values_shape), lambda: same_rank, name=scope)
        return result


def _sizes_fit(weights_shape: Tensor, values_shape: Tensor) -> Tensor:
    """True when no size of the weights is other than 1 and the size of the values in that axis."""
    with name_scope(None, "has_invalid_dims", [weights_shape, values_shape]) as scope:
        column = expand_dims(values_shape, -1)
        valid = concat([column, ones_like(column)], axis=1)
        invalid = set_difference(expand_dims(weights_shape, -1), valid)
        return equal(0, size(invalid.values, name="num_invalid_dims"), name=scope)


def _fits(weights: Any, values: Any) -> bool:
    """True when both shapes are known and fit, False when they are not known yet; ValueError when they do not fit."""
    if weights is None or values is None:
        return False
    for i, (w, v) in enumerate(zip(weights, values, strict=True)):
        if w not in (1, v):
            raise misuse(ValueError(f"{MESSAGE} Mismatch at dim {i}. values.shape={values}, weights.shape={weights}."))
    return True


def broadcast_weights(weights: Any, values: Any) -> Tensor:
    """Return weights in the shape of `values`: one for each element."""
    with name_scope(None, "broadcast_weights", [weights, values]) as scope:
        values = convert(values, None, "values")
        weights = convert(weights, values.dtype.base_dtype, "weights")
        if (
            weights.shape.is_fully_defined()
            and values.shape.is_fully_defined()
            and weights.shape.is_compatible_with(values.shape)
        ):
            return weights
        with get_default_graph().control_dependencies([assert_broadcastable(weights, values)]):
            return multiply(weights, ones_like(values), name=scope)

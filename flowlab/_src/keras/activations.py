"""Activations by name: what the word "relu" of a layer's arguments stands for."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.tensor import Tensor
from flowlab._src.keras import config
from flowlab._src.keras.serialization import deserialize_keras_object, serialize_keras_object
from flowlab._src.ops import nn_activation, nn_softmax
from flowlab._src.ops.arithmetic import add, multiply
from flowlab._src.ops.cast import cast
from flowlab._src.ops.clip import clip_by_value
from flowlab._src.ops.compare import greater
from flowlab._src.ops.constant import constant
from flowlab._src.ops.reduce import reduce_max, reduce_sum
from flowlab._src.ops.selecting import where
from flowlab._src.ops.transcendental import exp as exponential_of, sigmoid as logistic, tanh as hyperbolic


def softmax(x: Any, axis: int = -1) -> Tensor:
    """Turn scores along an axis into probabilities."""
    ndim = x.shape.ndims
    if ndim == 2:
        return nn_softmax.softmax(x)
    if ndim is not None and ndim > 2:
        e = exponential_of(x - reduce_max(x, axis=axis, keepdims=True))
        return e / reduce_sum(e, axis=axis, keepdims=True)
    raise ValueError("Cannot apply softmax to a tensor that is 1D")


def elu(x: Any, alpha: float = 1.0) -> Tensor:
    """x where positive, alpha * (exp(x) - 1) elsewhere."""
    result = nn_activation.elu(x)
    return result if alpha == 1 else where(x > 0, result, alpha * result)


def selu(x: Any) -> Tensor:
    """Scaled exponential linear unit: keeps mean 0 and variance 1 from layer to layer."""
    alpha = 1.6732632423543772848170429916717
    scale = 1.0507009873554804934193349852946
    return scale * elu(x, alpha)


def softplus(x: Any) -> Tensor:
    """log(1 + exp(x))."""
    return nn_activation.softplus(x)


def softsign(x: Any) -> Tensor:
    """x / (1 + |x|)."""
    return nn_activation.softsign(x)


def relu(x: Any, alpha: float = 0.0, max_value: float | None = None, threshold: float = 0) -> Tensor:
    """x where positive, else 0; with slope `alpha` below `threshold`, and never above `max_value`."""
    if alpha != 0.0:
        if max_value is None and threshold == 0:
            return nn_activation.leaky_relu(x, alpha=alpha)
        negative = nn_activation.relu(-x + threshold) if threshold != 0 else nn_activation.relu(-x)
    clip_max = max_value is not None
    if threshold != 0:
        x = x * cast(greater(x, threshold), config.floatx())
    elif max_value == 6:
        x, clip_max = nn_activation.relu6(x), False
    else:
        x = nn_activation.relu(x)
    if clip_max:
        highest = constant(max_value, x.dtype.base_dtype)
        x = clip_by_value(x, constant(0.0, x.dtype.base_dtype), highest)
    if alpha != 0.0:
        x -= constant(alpha, x.dtype.base_dtype) * negative
    return x


def tanh(x: Any) -> Tensor:
    """Hyperbolic tangent."""
    return hyperbolic(x)


def sigmoid(x: Any) -> Tensor:
    """1 / (1 + exp(-x))."""
    return logistic(x)


def exponential(x: Any) -> Tensor:
    """exp(x)."""
    return exponential_of(x)


def hard_sigmoid(x: Any) -> Tensor:
    """0.2 * x + 0.5, cut off at 0 and 1: quicker than the sigmoid."""
    dtype = x.dtype.base_dtype
    slope, middle = constant(0.2, dtype), constant(0.5, dtype)
    return clip_by_value(add(multiply(x, slope), middle), 0.0, 1.0)


def linear(x: Any) -> Any:
    """x itself."""
    return x


KNOWN: dict[str, Any] = {
    f.__name__: f
    for f in (softmax, elu, selu, softplus, softsign, relu, tanh, sigmoid, exponential, hard_sigmoid, linear)
}


def serialize(activation: Any) -> Any:
    """Return the name of an activation."""
    return serialize_keras_object(activation)


def deserialize(name: Any, custom_objects: Any = None) -> Any:
    """Find the activation of a name."""
    return deserialize_keras_object(name, KNOWN, custom_objects, "activation function")


def get(identifier: Any) -> Any:
    """Return an activation from its name or itself; None is `linear`."""
    if identifier is None:
        return linear
    if isinstance(identifier, str):
        return deserialize(identifier)
    if isinstance(identifier, dict):
        return deserialize_keras_object(identifier, KNOWN, None, "activation")
    if callable(identifier):
        return identifier
    raise TypeError(f"Could not interpret activation function identifier: {identifier!r}")

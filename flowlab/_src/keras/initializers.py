"""Initializers by name: what the words "glorot_uniform" or "zeros" of a layer's arguments stand for."""

from __future__ import annotations

import inspect
from typing import Any

from flowlab._src.graph import dtypes
from flowlab._src.keras.serialization import deserialize_keras_object, serialize_keras_object
from flowlab._src.variables import initializers as plain
from flowlab._src.variables.initializers import (
    Constant,
    GlorotNormal,
    GlorotUniform,
    Identity,
    Initializer,
    Ones,
    Orthogonal,
    VarianceScaling,
    Zeros,
    he_normal,
    he_uniform,
    lecun_normal,
    lecun_uniform,
)


class TruncatedNormal(plain.TruncatedNormal):
    """Draw around `mean`, by default with the small standard deviation 0.05, without values far from the mean."""

    def __init__(
        self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None, dtype: Any = dtypes.float32
    ) -> None:
        super().__init__(mean, stddev, seed, dtype)


class RandomUniform(plain.RandomUniform):
    """Draw uniformly, by default from [-0.05, 0.05)."""

    def __init__(
        self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None, dtype: Any = dtypes.float32
    ) -> None:
        super().__init__(minval, maxval, seed, dtype)


class RandomNormal(plain.RandomNormal):
    """Draw from the normal distribution, by default with the small standard deviation 0.05."""

    def __init__(
        self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None, dtype: Any = dtypes.float32
    ) -> None:
        super().__init__(mean, stddev, seed, dtype)


KNOWN: dict[str, Any] = {
    "Initializer": Initializer,
    **dict.fromkeys(["Zeros", "zeros", "zero"], Zeros),
    **dict.fromkeys(["Ones", "ones", "one"], Ones),
    **dict.fromkeys(["Constant", "constant"], Constant),
    **dict.fromkeys(["RandomUniform", "random_uniform", "uniform"], RandomUniform),
    **dict.fromkeys(["RandomNormal", "random_normal", "normal"], RandomNormal),
    **dict.fromkeys(["TruncatedNormal", "truncated_normal"], TruncatedNormal),
    "VarianceScaling": VarianceScaling,
    **dict.fromkeys(["Orthogonal", "orthogonal"], Orthogonal),
    **dict.fromkeys(["Identity", "identity"], Identity),
    **dict.fromkeys(["GlorotUniform", "glorot_uniform"], GlorotUniform),
    **dict.fromkeys(["GlorotNormal", "glorot_normal"], GlorotNormal),
    "lecun_normal": lecun_normal,
    "lecun_uniform": lecun_uniform,
    "he_normal": he_normal,
    "he_uniform": he_uniform,
}
MAKERS = (lecun_normal, lecun_uniform, he_normal, he_uniform)


def serialize(initializer: Any) -> Any:
    """Return the class and arguments of an initializer."""
    return serialize_keras_object(initializer)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """Make an initializer of what `serialize` gave."""
    return deserialize_keras_object(config, KNOWN, custom_objects, "initializer")


def get(identifier: Any) -> Any:
    """Return an initializer from a name, a dict of class and arguments, an initializer, or its class."""
    if identifier is None:
        return None
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        found = deserialize(identifier)
        return found() if found in MAKERS else found
    if callable(identifier):
        return identifier() if inspect.isclass(identifier) else identifier
    raise ValueError(f"Could not interpret initializer identifier: {identifier}")

"""Activations, initializers, regularizers and constraints by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.keras import activations, constraints, initializers, regularizers
from flowlab._src.keras.serialization import custom_object_scope

X = np.array([[-3.0, -0.5, 0.0], [0.25, 2.0, 7.0]], np.float32)


@pytest.fixture(autouse=True)
def fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


def run(tensor: Any) -> Any:
    with tf.Session() as sess:
        return sess.run(tensor)


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


@pytest.mark.parametrize(
    ("name", "definition"),
    [
        ("relu", lambda x: np.maximum(x, 0)),
        ("sigmoid", lambda x: 1 / (1 + np.exp(-x))),
        ("tanh", np.tanh),
        ("softmax", softmax),
        ("elu", lambda x: np.where(x > 0, x, np.exp(x) - 1)),
        ("selu", lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * (np.exp(x) - 1))),
        ("softplus", lambda x: np.log1p(np.exp(x))),
        ("softsign", lambda x: x / (1 + np.abs(x))),
        ("exponential", np.exp),
        ("hard_sigmoid", lambda x: np.clip(0.2 * x + 0.5, 0, 1)),
        ("linear", lambda x: x),
    ],
)
def test_activations(name: str, definition: Any) -> None:
    found = activations.get(name)
    np.testing.assert_allclose(run(found(tf.constant(X))), definition(X), rtol=1e-5, atol=1e-6)
    assert activations.serialize(found) == name


def test_relu_with_slope_threshold_and_limit() -> None:
    x = tf.constant(X)
    leaky = np.where(X > 0, X, 0.1 * X)
    np.testing.assert_allclose(run(activations.relu(x, alpha=0.1)), leaky, rtol=1e-6)
    np.testing.assert_allclose(run(activations.relu(x, max_value=6)), np.clip(X, 0, 6))
    cut = np.clip(np.where(X > 1, X, 0.5 * (X - 1)), None, 5)
    np.testing.assert_allclose(run(activations.relu(x, alpha=0.5, max_value=5.0, threshold=1)), cut, rtol=1e-6)


def test_softmax_along_another_axis_and_of_a_vector() -> None:
    cube = np.arange(8, dtype=np.float32).reshape(2, 2, 2)
    moved = np.moveaxis(softmax(np.moveaxis(cube, 1, -1)), -1, 1)
    np.testing.assert_allclose(run(activations.softmax(tf.constant(cube), axis=1)), moved, rtol=1e-6)
    with pytest.raises(ValueError, match="Cannot apply softmax to a tensor that is 1D"):
        activations.softmax(tf.zeros([3]))


def test_unknown_names_are_refused_with_a_suggestion() -> None:
    with pytest.raises(ValueError, match="Unknown activation function: rellu") as caught:
        activations.get("rellu")
    assert "'relu'" in caught.value.__notes__[0]
    with pytest.raises(TypeError, match="Could not interpret activation function identifier"):
        activations.get(3)
    for module in (initializers, regularizers, constraints):
        with pytest.raises(ValueError, match="Could not interpret"):
            module.get(3)


@pytest.mark.parametrize(
    "name", ["zeros", "ones", "glorot_uniform", "he_normal", "lecun_uniform", "orthogonal", "uniform"]
)
def test_initializers(name: str) -> None:
    found = initializers.get(name)
    assert run(found([4, 3], dtype=tf.float32)).shape == (4, 3)
    again = initializers.get(initializers.serialize(found))
    assert again.get_config() == found.get_config()
    assert type(again) is type(found)


def test_random_initializers_of_keras_are_small() -> None:
    assert initializers.get("normal").stddev == 0.05
    assert (initializers.get("uniform").minval, initializers.get("uniform").maxval) == (-0.05, 0.05)


def test_regularizers() -> None:
    x = tf.constant(X)
    expected = 0.1 * np.abs(X).sum() + 0.2 * np.square(X).sum()
    assert run(regularizers.l1_l2(0.1, 0.2)(x)) == pytest.approx(expected, rel=1e-6)
    assert run(regularizers.get("l1")(x)) == pytest.approx(0.01 * np.abs(X).sum(), rel=1e-6)
    assert run(regularizers.L1L2()(x)) == 0
    config = regularizers.serialize(regularizers.l2(0.5))
    assert config == {"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.5}}
    assert regularizers.get(config).get_config() == {"l1": 0.0, "l2": 0.5}


def test_constraints() -> None:
    x, lengths = tf.constant(X), np.sqrt(np.square(X).sum(0, keepdims=True))
    np.testing.assert_allclose(run(constraints.get("non_neg")(x)), np.where(X >= 0, X, 0))
    np.testing.assert_allclose(run(constraints.UnitNorm()(x)), X / lengths, rtol=1e-5)
    np.testing.assert_allclose(run(constraints.MaxNorm(1.0)(x)), X * np.clip(lengths, 0, 1) / lengths, rtol=1e-5)
    halfway = 0.5 * np.clip(lengths, 1, 2) + 0.5 * lengths
    np.testing.assert_allclose(run(constraints.MinMaxNorm(1.0, 2.0, rate=0.5)(x)), X * halfway / lengths, rtol=1e-5)
    config = constraints.serialize(constraints.MinMaxNorm(rate=0.5))
    assert constraints.get(config).get_config()["rate"] == 0.5


def test_names_of_ones_own() -> None:
    def third(x: Any) -> Any:
        return x / 3

    with custom_object_scope({"third": third}):
        assert activations.get("third") is third
    with pytest.raises(ValueError, match="Unknown activation function"):
        activations.get("third")

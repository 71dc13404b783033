"""What the programs against TensorFlow do not show of `tf.layers`."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import flowlab as tf
from flowlab._src.layers import base


@pytest.fixture(autouse=True)
def fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


def run(tensor: Any, feeds: Any = None) -> Any:
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return sess.run(tensor, feeds)


SIZES = st.integers(1, 7)


@given(
    size=st.tuples(SIZES, SIZES),
    window=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    strides=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    padding=st.sampled_from(["valid", "same"]),
    kind=st.sampled_from(["Conv2D", "Conv2DTranspose", "SeparableConv2D", "MaxPooling2D"]),
)
@settings(max_examples=40, deadline=None)
def test_static_shapes_are_those_of_the_values(size: Any, window: Any, strides: Any, padding: str, kind: str) -> None:
    if padding == "valid":
        size = tuple(max(s, w) for s, w in zip(size, window, strict=True))
    if kind == "SeparableConv2D":
        strides = (strides[0],) * 2
    with tf.Graph().as_default():
        arguments = (window, strides, padding) if kind == "MaxPooling2D" else (2, window, strides, padding)
        layer = getattr(tf.layers, kind)(*arguments)
        y = layer(tf.ones([3, *size, 2]))
        value = run(y)
        assert list(value.shape) == y.shape.as_list()
        assert layer.compute_output_shape([3, *size, 2]).as_list() == list(value.shape)


def test_a_layer_learns() -> None:
    x = np.random.RandomState(0).randn(50, 3).astype(np.float32)
    goal = x @ np.array([[1.0], [-2.0], [0.5]], np.float32) + 3.0
    loss = tf.losses.mean_squared_error(goal, tf.layers.dense(tf.constant(x), 1))
    train = tf.train.GradientDescentOptimizer(0.2).minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(150):
            sess.run(train)
        kernel, bias = sess.run(tf.trainable_variables())
    np.testing.assert_allclose(kernel.ravel(), [1.0, -2.0, 0.5], atol=1e-3)
    np.testing.assert_allclose(bias, [3.0], atol=1e-3)


def test_moving_averages_move_only_when_their_updates_run() -> None:
    x = tf.placeholder(tf.float32, [None, 2])
    training = tf.placeholder_with_default(False, [])
    y = tf.layers.batch_normalization(x, momentum=0.5, training=training)
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    mean, variance = tf.global_variables()[2:]
    data = np.array([[0.0, 2.0], [4.0, 2.0]], np.float32)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(y, {x: data, training: True})
        assert sess.run(mean).tolist() == [0, 0]
        sess.run(updates, {x: data})
        assert sess.run(mean).tolist() == [0, 0]
        sess.run(updates, {x: data, training: True})
        assert sess.run(mean).tolist() == [1, 1]
        assert sess.run(variance).tolist() == [2.5, 0.5]


def test_fused_and_step_by_step_agree() -> None:
    x = tf.constant(np.random.RandomState(1).randn(4, 3, 3, 2).astype(np.float32))
    a = tf.layers.batch_normalization(x, training=True)
    b = tf.layers.batch_normalization(x, training=True, fused=False)
    first, second = run([a, b])
    np.testing.assert_allclose(first, second, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "phrase"),
    [
        ({"axis": 4}, "Invalid axis: 4"),
        ({"axis": [1, 1]}, r"Duplicate axis: \[1, 1\]"),
        ({"renorm": True, "renorm_clipping": {"rmox": 1}}, "contains keys not in"),
        ({"virtual_batch_size": 0}, "virtual_batch_size must be a positive integer"),
        ({"virtual_batch_size": 2, "axis": 0}, "axis cannot include 0"),
        ({"axis": 2}, "fused batch norm only supports axis"),
    ],
)
def test_batch_normalization_refuses(options: dict[str, Any], phrase: str) -> None:
    with pytest.raises(ValueError, match=phrase):
        tf.layers.batch_normalization(tf.zeros([2, 3, 4, 5]), training=True, **options)


def test_batch_normalization_of_unknown_sizes() -> None:
    with pytest.raises(ValueError, match="undefined `axis` dimension"):
        tf.layers.batch_normalization(tf.placeholder(tf.float32, [None, None]))
    with pytest.raises(ValueError, match="undefined rank"):
        tf.layers.batch_normalization(tf.placeholder(tf.float32))


def test_a_copied_layer_shares_its_variables() -> None:
    layer = tf.layers.Dense(2)
    layer(tf.zeros([1, 3]))
    again = copy.deepcopy(layer)
    y = again(tf.zeros([4, 3]))
    assert again is not layer
    assert len(tf.global_variables()) == 2
    assert y.shape.as_list() == [4, 2]


def test_two_graphs_count_by_themselves() -> None:
    tf.layers.dense(tf.zeros([1, 3]), 2)
    with tf.Graph().as_default():
        assert tf.layers.dense(tf.zeros([1, 3]), 2).name == "dense/BiasAdd:0"


def test_keras_style_layers_own_their_weights() -> None:
    with tf.layers.experimental.keras_style_scope():
        first, second = tf.layers.Dense(2, name="a"), tf.layers.Dense(2, name="a")
        with pytest.raises(ValueError, match="reuse argument not allowed"):
            tf.layers.Dense(2, _reuse=True)
    x = tf.zeros([1, 3])
    first(x)
    second(x)
    assert first.kernel is not second.kernel
    with pytest.raises(ValueError, match="scope argument not allowed"):
        first(x, scope="b")
    base._keras_style[0] = False


def test_scope_given_at_the_first_call() -> None:
    layer = tf.layers.Dense(2)
    layer(tf.zeros([1, 3]), scope="outer")
    assert layer.scope_name == "outer"
    assert layer.kernel.name == "outer/kernel:0"


def test_sparse_inputs() -> None:
    sparse = tf.SparseTensor([[0, 1], [1, 0]], [2.0, 3.0], [2, 2])
    layer = tf.layers.Dense(2, kernel_initializer=tf.constant_initializer([[1.0, 2.0], [3.0, 4.0]]))
    assert run(layer(sparse)).tolist() == [[6, 8], [3, 6]]


def test_losses_are_counted_once_for_shared_weights() -> None:
    x = tf.zeros([1, 3])
    for reuse in (None, True):
        tf.layers.dense(x, 2, name="fc", reuse=reuse, kernel_regularizer=tf.nn.l2_loss)
    assert len(tf.losses.get_regularization_losses()) == 1


def test_sum_of_weights_of_a_trained_net_is_kept_in_bounds() -> None:
    y = tf.layers.dense(tf.ones([4, 3]), 2, kernel_constraint=lambda w: tf.clip_by_value(w, -0.1, 0.1))
    train = tf.train.GradientDescentOptimizer(1.0).minimize(tf.reduce_sum(tf.square(y - 5.0)))
    kernel = tf.trainable_variables()[0]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(train)
        assert np.abs(sess.run(kernel)).max() <= np.float32(0.1)


def test_messages_explain_themselves() -> None:
    with pytest.raises(ValueError, match="expected ndim=4, found ndim=3") as caught:
        tf.layers.conv2d(tf.zeros([8, 28, 28]), 3, 5)
    assert "tf.expand_dims(x, -1)" in "".join(caught.value.__notes__)
    with pytest.raises(ValueError, match="The last dimension of the inputs to `Dense`") as caught:
        tf.layers.dense(tf.placeholder(tf.float32, [None, None]), 3)
    assert "test_layers.py" in "".join(caught.value.__notes__)


def test_convolutions_refuse() -> None:
    x = tf.zeros([1, 8, 8, 1])
    with pytest.raises(ValueError, match="strides > 1 not supported in conjunction with dilation_rate > 1"):
        tf.layers.conv2d(x, 3, 3, strides=2, dilation_rate=2)
    with pytest.raises(ValueError, match="Causal padding is only supported"):
        tf.layers.conv2d(x, 3, 3, padding="causal")
    with pytest.raises(ValueError, match='must be one of "channels_first", "channels_last"'):
        tf.layers.conv2d(x, 3, 3, data_format="NHWC")
    with pytest.raises(ValueError, match="The `padding` argument must be"):
        tf.layers.conv2d(x, 3, 3, padding="full")

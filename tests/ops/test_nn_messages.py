"""What a learner reads after the usual mistakes with nets: TensorFlow's words first, then where, and how to mend it."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.util.lazy import FlowlabNote


@pytest.fixture(autouse=True)
def fresh_graph():
    with tf.Graph().as_default():
        yield


def notes(caught):
    """The parts of an error's notes."""
    return caught.value.flow


def test_a_window_larger_than_its_image_says_both_sizes():
    with pytest.raises(ValueError, match="Negative dimension size caused by subtracting 5 from 3 for 'Conv2D'") as e:
        tf.nn.conv2d(tf.zeros([1, 3, 3, 1]), tf.zeros([5, 5, 1, 1]), 1, "VALID")
    assert notes(e)["Why"] == "a 5x5 window does not fit a 3x3 map with padding='VALID'"
    assert notes(e)["Try"] == "tf.nn.conv2d(tf.zeros([1, 3, 3, 1]), tf.zeros([5, 5, 1, 1]), 1, 'SAME')"
    assert "test_nn_messages.py" in notes(e)["Where"]
    with pytest.raises(ValueError, match="Negative dimension size") as e:
        tf.nn.max_pool(tf.zeros([1, 3, 3, 1]), 4, 2, "VALID")
    assert notes(e)["Why"].startswith("a 4x4 window does not fit a 3x3 map")
    assert notes(e)["Try"] == "tf.nn.max_pool(tf.zeros([1, 3, 3, 1]), 4, 2, 'SAME')"


def test_the_sizes_that_led_to_a_small_map_are_listed():
    maps = tf.zeros([1, 12, 12, 1])
    for _ in range(3):
        maps = tf.nn.max_pool(maps, 2, 2, "VALID")
    with pytest.raises(ValueError, match="Negative dimension size") as e:
        tf.nn.max_pool(maps, 2, 2, "VALID")
    assert notes(e)["Why"].endswith("heights so far: 12 -> 6 -> 3 -> 1")


def test_channels_that_differ_are_explained_with_the_layout_of_image_and_filter():
    with pytest.raises(ValueError, match="Dimensions must be equal, but are 1 and 32 for 'Conv2D'") as e:
        tf.nn.conv2d(tf.zeros([8, 28, 28, 1]), tf.zeros([5, 5, 32, 64]), 1, "SAME")
    assert notes(e)["Why"] == (
        "images are (batch, height, width, channels), filters (height, width, in, out): the filter's in is 32, but "
        "the image has 1 channel"
    )
    assert notes(e)["Try"] == "filter = tf.Variable(tf.truncated_normal([5, 5, 1, 64]))"


def test_an_image_without_channels_is_told_how_to_get_them():
    with pytest.raises(ValueError, match="Shape must be rank 4 but is rank 3 for 'Conv2D'") as e:
        tf.nn.conv2d(tf.zeros([8, 28, 28]), tf.zeros([5, 5, 1, 64]), 1, "SAME")
    assert notes(e)["Try"].startswith("tf.expand_dims(tf.zeros([8, 28, 28]), -1)")


def test_cross_entropy_wants_names_and_says_what_the_arguments_look_like():
    scores = tf.matmul(tf.zeros([2, 3]), tf.zeros([3, 4]))
    truth = tf.one_hot([0, 1], 4)
    with pytest.raises(ValueError) as e:
        tf.nn.softmax_cross_entropy_with_logits(scores, truth)
    assert str(e.value) == (
        "Only call `softmax_cross_entropy_with_logits` with named arguments (labels=..., logits=..., ...)"
    )
    assert notes(e)["Why"].endswith("your first argument looks like scores (MatMul), the second like labels (OneHot)")
    assert notes(e)["Try"] == "tf.nn.softmax_cross_entropy_with_logits(labels=truth, logits=scores)"


def test_one_hot_labels_for_the_sparse_loss():
    with pytest.raises(ValueError) as e:
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tf.ones([6, 10], tf.int32), logits=tf.ones([6, 10]))
    assert str(e.value) == (
        "Rank mismatch: Rank of labels (received 2) should equal rank of logits minus 1 (received 2)."
    )
    assert notes(e)["Try"] == (
        "tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tf.argmax(tf.ones([6, 10], tf.int32), 1), logits=tf.ones([6, 10]))"
    )


def test_labels_that_start_at_one():
    labels, logits = tf.placeholder(tf.int64, [None]), tf.ones([3, 10])
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError) as e:
        sess.run(loss, {labels: [1, 10, 5]})
    assert e.value.message == (
        "Received a label value of 10 which is outside the valid range of [0, 10).  Label values: 1 10 5"
    )
    assert notes(e)["Why"] == "10 classes are numbered 0 to 9, the labels run from 1 to 10 (1 of 3 are no class)"
    assert notes(e)["Try"] == "labels - 1"


def test_softmax_before_a_loss_that_applies_it_is_remarked_on():
    z = tf.placeholder(tf.float32, [None, 3])
    labels = tf.placeholder(tf.float32, [None, 3])
    with pytest.warns(FlowlabNote, match="`logits` of softmax_cross_entropy_with_logits is the output of 'Softmax'"):
        tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=tf.identity(tf.nn.softmax(z)))
    with pytest.warns(FlowlabNote, match="applies the sigmoid itself: pass what went into 'Sigmoid'"):
        tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=tf.nn.sigmoid(z))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=z)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: tf.nn.conv2d(x, np.ones((1, 1, 5, 2), "f"), 1, "SAME", data_format="NCHW"), "UnimplementedError",
         "The Conv2D op currently only supports the NHWC tensor format on the CPU. The op was given the format: NCHW"),
        (lambda x: tf.nn.max_pool(x, 2, 2, "SAME", data_format="NCHW"), "InvalidArgumentError",
         "Default MaxPoolingOp only supports NHWC on device type CPU"),
        (lambda x: tf.nn.avg_pool(x, 2, 2, "SAME", data_format="NCHW"), "InvalidArgumentError",
         "Default AvgPoolingOp only supports NHWC on device type CPU"),
    ],
)  # fmt: skip
def test_channels_first_can_be_built_but_not_run(call, error, words):
    x = tf.placeholder(tf.float32, [1, 5, 4, 4])
    y = call(x)
    assert y.shape.ndims == 4
    with tf.Session() as sess, pytest.raises(getattr(tf.errors, error)) as e:
        sess.run(y, {x: np.ones((1, 5, 4, 4))})
    assert e.value.message == words

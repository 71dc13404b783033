"""Arguments of functions under the names that they had before TensorFlow 1.0."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.util import lazy

X = [[1.0, 2.0], [3.0, 4.0]]

OLD_CALLS: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    "concat(concat_dim)": (lambda: tf.concat(concat_dim=1, values=[X, X]), lambda: tf.concat([X, X], 1)),
    "split(split_dim)": (lambda: tf.split(value=X, num_or_size_splits=2, split_dim=1), lambda: tf.split(X, 2, 1)),
    "split(num_split)": (lambda: tf.split(X, num_split=2), lambda: tf.split(X, 2)),
    "reverse(dims)": (lambda: tf.reverse(X, dims=[0]), lambda: tf.reverse(X, [0])),
    "nn.sigmoid_cross_entropy_with_logits(targets)": (
        lambda: tf.nn.sigmoid_cross_entropy_with_logits(logits=X, targets=X),
        lambda: tf.nn.sigmoid_cross_entropy_with_logits(logits=X, labels=X),
    ),
    "SparseTensor(shape)": (
        lambda: tf.SparseTensor(indices=[[0]], values=[1.0], shape=[2]).dense_shape,
        lambda: tf.SparseTensor([[0]], [1.0], [2]).dense_shape,
    ),
}


@pytest.mark.parametrize("name", OLD_CALLS)
def test_an_old_name_works_with_one_note(name: str) -> None:
    old, new = OLD_CALLS[name]
    lazy.noted.discard(name)
    with pytest.warns(lazy.FlowlabNote, match="since TensorFlow 1.0; the old name still works here") as notes:
        found = old()
    assert [note.filename for note in notes] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        old()  # no second note
    with tf.Session() as sess:
        np.testing.assert_array_equal(*sess.run([found, new()]))


def test_the_old_and_the_new_name_together_are_refused() -> None:
    with pytest.raises(TypeError, match=r"concat\(\) got 'axis' twice: 'concat_dim' is its old name"):
        tf.concat([X], 0, concat_dim=0)


def test_an_old_form_that_cannot_be_translated_says_the_new_one() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'new_height'") as caught:
        tf.image.resize_images(tf.zeros([1, 2, 2, 1]), new_height=4, new_width=4)
    assert "size=[height, width]" in "".join(caught.value.__notes__)


OLD_ORDERS: dict[str, tuple[Callable[[], Any], str]] = {
    "concat": (lambda: tf.concat(1, [X, X]), "the values come first"),
    "split": (lambda: tf.split(0, 2, X), "the value comes first"),
    "reverse": (lambda: tf.reverse(X, [False, True]), r"tf.reverse(tensor, [1])"),
    "resize_images": (lambda: tf.image.resize_images(tf.zeros([1, 2, 2, 1]), 4, 4), "one list of two numbers"),
    "ctc_loss": (
        lambda: tf.nn.ctc_loss(np.ones([2, 1, 3], np.float32), tf.SparseTensor([[0, 0]], [1], [1, 1]), [2]),
        "the labels come first",
    ),
}


@pytest.mark.parametrize("name", OLD_ORDERS)
def test_the_order_of_old_is_refused_with_the_new_one(name: str) -> None:
    call, hint = OLD_ORDERS[name]
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    assert hint in "".join(caught.value.__notes__)

"""A plot that takes part in the trainings of others: as a hook of sessions, as a callback of `fit`."""

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.lab.histograms import histograms
from flowlab._src.lab.plot import plot


def training(steps, *hooks, counter=True):
    """A model of one number that is halved at each step."""
    w = tf.Variable(8.0, name="w")
    loss = tf.square(w, name="loss")
    step = tf.train.get_or_create_global_step() if counter else None
    train = tf.train.GradientDescentOptimizer(0.25).minimize(loss, global_step=step)
    with tf.train.MonitoredSession(hooks=hooks) as sess:
        for _ in range(steps):
            sess.run(train)


def test_a_hook_fetches_tensors_by_their_names():
    curves = plot("loss")
    training(3, curves)
    assert isinstance(curves, tf.train.SessionRunHook)
    assert curves.steps("loss").tolist() == [0, 1, 2]
    assert curves.values("loss")[0] == 64
    assert len(curves.values("loss")) == 3


def test_a_hook_takes_labels_and_every_nth_run():
    w = tf.placeholder_with_default(2.0, [], name="x")
    curves = plot(tensors={"the value": w}, every=2)
    with tf.train.MonitoredSession(hooks=[curves]) as sess:
        for k in range(5):
            sess.run(w, {w: float(k)})
    assert curves.values("the value").tolist() == [0, 2, 4]
    assert curves.steps("the value").tolist() == [0, 2, 4]


def test_a_second_training_is_a_second_run():
    curves = plot("loss")
    for _ in range(2):
        with tf.Graph().as_default():
            training(2, curves)
    assert curves.runs == ["run 1", "run 2"]
    assert curves.values("loss", "run 1").tolist() == curves.values("loss", "run 2").tolist()


def test_a_hook_that_knows_no_tensor_says_what_to_give():
    with pytest.raises(ValueError, match=r"tensors=\{'loss': loss\}"):
        training(1, plot())
    with pytest.raises(ValueError, match="every is a number of steps"):
        plot("loss", every=0)


def test_histograms_are_a_hook_too():
    spread = histograms("w", "gradients/loss_grad/Mul_1")
    training(2, spread)
    assert repr(spread).splitlines()[1].startswith("  w: 2 steps, the last from ")


def test_a_callback_puts_training_and_validation_into_one_panel():
    curves = plot()
    curves.set_params({"epochs": 2})
    curves.set_model(None)
    curves.on_train_begin()
    for epoch in range(2):
        curves.on_epoch_begin(epoch)
        curves.on_train_batch_begin(0, {})
        curves.on_train_batch_end(0, {"loss": 3.0})
        curves.on_epoch_end(epoch, {"loss": np.float32(1 / (epoch + 1)), "val_loss": 2.0, "lr": 0.1})
    curves.on_train_end()
    assert curves.names == ["loss/training", "loss/validation", "lr"]
    assert curves.values("loss/training").tolist() == [1, 0.5]
    curves.on_train_begin()
    curves.on_epoch_end(0, {"loss": 1.0})
    assert curves.runs == ["run 1", "run 2"]

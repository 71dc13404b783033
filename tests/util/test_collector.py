"""The garbage collector rests in a block, and works afterwards as before it."""

import gc

import pytest

import flowlab as tf
from flowlab._src.util.collector import resting


def test_the_collector_rests_inside_and_works_again_afterwards() -> None:
    assert gc.isenabled()
    with resting():
        assert not gc.isenabled()
        with resting():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_collector_that_the_program_has_switched_off_stays_off() -> None:
    gc.disable()
    try:
        with resting():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_it_works_again_after_a_gradient_that_fails() -> None:
    with tf.Graph().as_default():
        x = tf.constant(1.0)

        @tf.custom_gradient
        def wrong(x: tf.Tensor) -> object:
            def grad(dy: tf.Tensor) -> tf.Tensor:
                raise ZeroDivisionError

            return tf.identity(x), grad

        with pytest.raises(ZeroDivisionError):
            tf.gradients(wrong(x), x)
    assert gc.isenabled()

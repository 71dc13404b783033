"""Every sample once more in eager mode: the values must be those of the graph, the gradients too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.runtime.eager import eager_mode
from tests.ops.make_golden import build, flatten
from tests.ops.registry import all_samples
from tests.tolerance import assert_close

# Samples whose point is something that only graphs have, and what. Those that call `tf.gradients` notice it themselves.
GRAPHS_ONLY = {
    "losses-AddN-0": "collections",
    "queues-SparseConditionalAccumulator-0": "accumulators are references",
    "tables-LookupTableSizeV2-1": "a table that is not filled yet",
    "tables-StringToHashBucketFast-1": "a table that is not filled yet",
}

SAMPLES = [pytest.param(s, id=name) for name, s in all_samples() if name not in GRAPHS_ONLY]


def eager_input(value: Any) -> Any:
    array = np.asarray(value)
    return tf.constant(array, tf.string if array.dtype == object else tf.as_dtype(array.dtype))


def loss_of(outputs: list[Any]) -> Any:
    """One number of all float outputs; None where there are none."""
    terms = [tf.reduce_sum(tf.cast(t, tf.float64)) for t in outputs if t.dtype in (tf.float32, tf.float64)]
    return tf.add_n(terms) if terms else None


def in_graph(sample: Any) -> tuple[list[Any], list[Any] | None]:
    """Values, and gradients with respect to the float inputs, by a graph."""
    with tf.Graph().as_default(), tf.Session() as sess:
        holders, outputs = build(tf, sample)
        feeds = dict(zip(holders, sample.inputs, strict=True))
        floats = [h for h in holders if h.dtype in (tf.float32, tf.float64)]
        grads = None
        if sample.grad and floats:
            loss = loss_of(outputs)
            grads = None if loss is None else tf.gradients(loss, floats)
        there = {i: tf.convert_to_tensor(g) for i, g in enumerate(grads or ()) if g is not None}
        values, found = sess.run([outputs, there], feeds)  # in one run: both see the same random numbers
        return values, None if grads is None else [found.get(i) for i in range(len(grads))]


def eagerly(sample: Any) -> tuple[list[Any], list[Any] | None]:
    """The same in eager mode."""
    with eager_mode():
        tf.get_default_graph().seed = None  # all random streams begin anew
        inputs = [eager_input(v) for v in sample.inputs]
        floats = [x for x in inputs if x.dtype in (tf.float32, tf.float64)]
        with tf.GradientTape() as tape:
            tape.watch(floats)
            outputs = flatten(sample.call(tf, *inputs))
            loss = loss_of(outputs) if sample.grad and floats else None
        grads = None if loss is None else tape.gradient(loss, floats)
        return (
            [t.numpy() for t in outputs],
            grads and [None if g is None else tf.convert_to_tensor(g).numpy() for g in grads],
        )


@pytest.mark.parametrize("sample", SAMPLES)
def test_eager_mode_gives_what_the_graph_gives(sample: Any) -> None:
    try:
        values, grads = eagerly(sample)
    except RuntimeError as error:
        if "tf.gradients is not supported when eager execution is enabled" in str(error):
            return  # by design
        raise
    expected, expected_grads = in_graph(sample)
    for value, right in zip(values, expected, strict=True):
        same(value, right)
    if expected_grads is None:
        return
    assert grads is not None
    for grad, right in zip(grads, expected_grads, strict=True):
        assert (grad is None) == (right is None)
        if right is not None:
            same(grad, right)


def same(value: Any, right: Any) -> None:
    assert np.asarray(value).dtype == np.asarray(right).dtype
    if np.asarray(right).dtype == object:
        assert np.asarray(value, object).tolist() == np.asarray(right, object).tolist()
    else:
        assert_close(value, right)

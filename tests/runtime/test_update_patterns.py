"""A gradient that only its update reads is computed there: same numbers, whoever else looks at the variable."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.kernels import compiling, jit, product_steps
from flowlab._src.runtime import straight

RUNS = 8  # runs after which any small plan has been written out


@pytest.fixture(params=["numpy", "compiled"])
def way(request: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Compute with the NumPy siblings, or with loops for arrays of any size."""
    if request.param == "compiled" and compiling.policy() == compiling.NEVER:
        pytest.skip("FLOWLAB_NUMBA=0")
    monkeypatch.setattr(
        compiling.compiler, "policy", compiling.WAIT if request.param == "compiled" else compiling.NEVER
    )
    for each in jit.loops:
        monkeypatch.setattr(each, "least", 0)
        if request.param == "numpy":
            monkeypatch.setattr(each, "versions", {})
    return request.param


def trained(
    fuse: bool, resource: bool, fetch: Any, make: Any, monkeypatch: pytest.MonkeyPatch
) -> tuple[list[Any], int]:  # fmt: skip
    """Everything that was fetched in some steps, the weights after them, and how many products were left to updates."""
    random = np.random.RandomState(0)
    images, targets = random.rand(20, 30).astype("f"), random.rand(20, 40).astype("f")
    made = []

    class Counted(product_steps.Product):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            made.append(self.shape)

    with monkeypatch.context() as patch, tf.Graph().as_default():
        patch.setattr(product_steps, "Product", Counted)
        patch.setattr("flowlab._src.kernels.update.Product", Counted)
        if not fuse:
            patch.setattr(straight, "fused", lambda plan: plan)
        x, y = tf.placeholder(tf.float32, [None, 30]), tf.placeholder(tf.float32, [None, 40])
        w = tf.Variable(tf.constant(0.01, shape=[30, 40]), use_resource=resource)
        loss = tf.reduce_mean((tf.matmul(x, w) - y) ** 2)
        optimizer = make(0.1)
        [(gradient, _)] = pairs = optimizer.compute_gradients(loss)
        train = optimizer.apply_gradients(pairs)
        fetches = {"loss": loss, "gradient": gradient, "weights": w}[fetch]
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            results = [sess.run([train, fetches], {x: images, y: targets})[1] for _ in range(RUNS)]
            kept = np.array(sess.run(w))
            assert np.shape(results[-1]) == fetches.shape
            return [*results, kept], len(made)


@pytest.mark.parametrize("make", [tf.train.GradientDescentOptimizer, tf.train.AdamOptimizer], ids=["descent", "adam"])
@pytest.mark.parametrize("resource", [False, True])
@pytest.mark.parametrize("fetch", ["loss", "gradient", "weights"])
def test_training_gives_the_same_numbers(
    fetch: str, resource: bool, make: Any, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr("flowlab._src.kernels.update_loops.gradient_descent_loop.least", 0)
    fused, count = trained(True, resource, fetch, make, monkeypatch)
    plain, none = trained(False, resource, fetch, make, monkeypatch)
    for a, b in zip(fused, plain, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7)
    assert none == 0
    assert (count > 0) == (fetch != "gradient")  # who fetches the gradient gets it

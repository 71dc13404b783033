"""Kernels against TensorFlow's stored answers; make_golden.py made them."""

import json
from pathlib import Path

import numpy as np
import pytest

from flowlab._src.kernels import average_pool, conv, depthwise, pool, softmax, update
from tests.kernels import cases

GOLDEN = json.loads((Path(__file__).parent / "golden" / "kernels.json").read_text(encoding="utf-8"))


def answers(name):
    return [np.array(entry["values"]).reshape(entry["shape"]) for entry in GOLDEN[name]]


def paddings(x_shape, window, stride, padding, dilation=1):
    if padding == "VALID":
        return (0, 0), (0, 0)
    return tuple(conv.same_padding(x_shape[1 + axis], window[axis], stride, dilation) for axis in range(2))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", cases.UPDATES)
def test_update(name, dtype, kernels):
    function, _, slots, hyper = cases.UPDATES[name]
    values = cases.slots(dtype, *slots)
    grad = values.pop("grad")
    before = [value.copy() for value in values.values()]
    got = getattr(update, function)(**values, **hyper, **{"delta" if "alpha" in hyper else "grad": grad})
    for new, expected in zip(got if isinstance(got, tuple) else (got,), answers(f"update {name} {dtype}"), strict=True):
        assert new.dtype == dtype
        # TensorFlow takes reciprocal roots with a fast instruction, and pow() rounds differently in each library.
        np.testing.assert_allclose(new, expected, rtol=3e-6 if dtype == "float32" else 1e-12, atol=1e-7)
    for value, old in zip(values.values(), before):
        np.testing.assert_array_equal(value, old)


@pytest.mark.parametrize("name", cases.POOLS)
def test_pool(name, kernels):
    size, stride, padding = cases.POOLS[name]
    x = cases.TIED
    where = (size, size), (stride, stride), paddings(x.shape, (size, size), stride, padding)
    y, mean, dx, mean_dx, second, argmax = answers(f"pool {name}")
    dy = 1 + np.arange(y.size, dtype=np.float32).reshape(y.shape)
    np.testing.assert_array_equal(pool.max_pool(x, *where), y)
    np.testing.assert_array_equal(pool.max_pool_grad(x, y.astype(np.float32), dy, *where), dx)
    np.testing.assert_array_equal(pool.max_pool_with_argmax(x, *where)[1], argmax)
    ddx = np.arange(16, dtype=np.float32).reshape(x.shape)
    np.testing.assert_array_equal(pool.max_pool_grad_grad(x, y.astype(np.float32), ddx, *where), second)
    np.testing.assert_allclose(average_pool.avg_pool(x, *where), mean, rtol=1e-6)
    np.testing.assert_allclose(average_pool.avg_pool_grad(x.shape, dy, *where), mean_dx, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", cases.CONVOLUTIONS)
def test_convolution(name, dtype, kernels):
    x_shape, w_shape, stride, padding, dilation = cases.CONVOLUTIONS[name]
    x, w, _ = cases.images(name, dtype)
    where = (stride, stride), paddings(x_shape, w_shape, stride, padding, dilation), (dilation, dilation)
    for kind, module, prefix in (("full", conv, "conv2d"), ("depthwise", depthwise, "depthwise")):
        y, dy, dx, dw = answers(f"{kind} convolution {name}")
        forward = conv.conv2d if kind == "full" else depthwise.depthwise_conv2d
        np.testing.assert_array_equal(forward(x, w, *where), y)
        dy = dy.astype(dtype)
        np.testing.assert_array_equal(getattr(module, f"{prefix}_input_grad")(x.shape, w, dy, *where), dx)
        np.testing.assert_array_equal(getattr(module, f"{prefix}_filter_grad")(x, w.shape, dy, *where), dw)


def test_softmax_and_cross_entropies(kernels):
    x, labels, classes = cases.logits()
    near = {"rtol": 2e-6, "atol": 1e-6}
    for function, expected in zip((softmax.softmax, softmax.log_softmax, softmax.sigmoid), answers("softmax")):
        np.testing.assert_allclose(function(x), expected, **near)
    got = *softmax.softmax_cross_entropy(x, labels), *softmax.sparse_softmax_cross_entropy(x, classes)
    for array, expected in zip(got, answers("cross entropy"), strict=True):
        np.testing.assert_allclose(array, expected, **near)

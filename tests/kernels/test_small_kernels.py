"""Rectifier, bias, softmax, matrix products and updates: against NumPy in float64, at sizes around the pieces."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.kernels import elementwise, gemm, jit, known_products, product_steps, softmax, update, update_loops

NEAR = {"float16": 2e-3, "float32": 2e-6, "float64": 1e-14}


def uniform(seed, dtype, *shape):
    return np.random.RandomState(seed).uniform(-1, 1, shape).astype(dtype)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(0,), (1,), (5, 7), (3, 4, 5, 33), (2, 100, 128)], ids=str)
def test_relu_and_its_gradient(shape, dtype, kernels):
    x, dy = uniform(0, dtype, *shape), uniform(1, dtype, *shape)
    y = elementwise.relu(x)
    np.testing.assert_array_equal(y, np.where(x > 0, x, 0))
    np.testing.assert_array_equal(elementwise.relu_grad(dy, y), np.where(x > 0, dy, 0))
    assert y.dtype == elementwise.relu_grad(dy, y).dtype == dtype


def test_relu_keeps_nan_and_integers(kernels):
    np.testing.assert_array_equal(elementwise.relu(np.array([np.nan, -1, 1], "f")), np.array([np.nan, 0, 1], "f"))
    assert elementwise.relu(np.array([-3, 3])).tolist() == [0, 3]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(0, 3), (1, 1), (50, 10), (3, 4, 5, 33), (2, 3000, 7), (7, 5000)], ids=str)
def test_bias_and_its_gradient(shape, dtype, kernels):
    x, b = uniform(0, dtype, *shape), uniform(1, dtype, shape[-1])
    np.testing.assert_array_equal(elementwise.bias_add(x, b), x + b)
    got = elementwise.bias_grad(x)
    assert got.dtype == dtype
    expected = x.astype(np.float64).sum(axis=tuple(range(x.ndim - 1)))
    np.testing.assert_allclose(got, expected, rtol=NEAR[dtype], atol=NEAR[dtype] * 100)


def check_product(m, n, k, transpose_a, transpose_b, dtype):
    a = uniform(0, dtype, *((k, m) if transpose_a else (m, k)))
    b = uniform(1, dtype, *((n, k) if transpose_b else (k, n)))
    got = gemm.matmul(a, b, transpose_a, transpose_b)
    wide_a, wide_b = a.astype(np.float64), b.astype(np.float64)
    expected = (wide_a.T if transpose_a else wide_a) @ (wide_b.T if transpose_b else wide_b)
    assert got.dtype == dtype
    np.testing.assert_allclose(got, expected, rtol=0, atol=NEAR[dtype] * max(k, 1))


SIZES = [(1, 1, 1), (14, 32, 8), (15, 33, 7), (50, 70, 300), (3, 200, 600), (300, 5, 17), (0, 3, 4), (3, 4, 0)]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("transpose_b", [False, True])
@pytest.mark.parametrize("transpose_a", [False, True])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_product(size, transpose_a, transpose_b, dtype, kernels):
    check_product(*size, transpose_a, transpose_b, dtype)


@pytest.mark.usefixtures("compiled")
@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    size=st.tuples(st.integers(1, 70), st.integers(1, 140), st.integers(1, 600)),
    transpose_a=st.booleans(),
    transpose_b=st.booleans(),
    dtype=st.sampled_from(["float32", "float64"]),
)
def test_product_of_any_size(size, transpose_a, transpose_b, dtype):
    check_product(*size, transpose_a, transpose_b, dtype)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [(16, 1024, 40), (40, 40, 1024), (1024, 33, 1024), (260, 600, 810)], ids=str)
@pytest.mark.parametrize("transpose", [(False, False), (True, False), (False, True)], ids=str)
def test_product_of_matrices_whose_lines_meet_in_the_cache(size, transpose, dtype):
    check_product(*size, *transpose, dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [(128, 128, 64), (15, 33, 70), (4, 900, 5), (1, 3, 200)], ids=str)
@pytest.mark.parametrize("flips", [(False, False), (True, False), (False, True), (True, True)], ids=str)
def test_product_of_known_sizes_is_the_product(size, flips, dtype, kernels):
    m, k, n = size
    a, b = uniform(0, dtype, m, k), uniform(1, dtype, k, n)
    a, b = np.ascontiguousarray(a.T) if flips[0] else a, np.ascontiguousarray(b.T) if flips[1] else b
    multiply = known_products.product(a.shape, b.shape, flips, np.dtype(dtype))
    expected = gemm.matmul(a, b, *flips)
    np.testing.assert_array_equal(multiply(a, b), expected)
    turned = multiply(np.asfortranarray(a), np.asfortranarray(b))
    np.testing.assert_allclose(turned, expected, rtol=0, atol=NEAR[dtype] * k)
    with pytest.raises(ValueError, match="matmul"):
        multiply(a[1:, 1:], b[2:, 2:])


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [(50, 784, 256), (15, 33, 70), (4, 900, 5), (300, 16, 200)], ids=str)
def test_layer_is_product_bias_and_rectifier_to_the_last_bit(size, dtype):
    m, k, n = size
    x, w, b = uniform(0, dtype, m, k), uniform(1, dtype, k, n), uniform(2, dtype, n)
    expected = np.maximum(gemm.matmul(x, w) + b, 0)
    np.testing.assert_array_equal(gemm.layer(x, w, b), expected)
    np.testing.assert_array_equal(gemm.layer(np.ascontiguousarray(x.T), w, b, True), expected)
    assert gemm.layer(x, w, b[1:]) is None
    assert gemm.layer(x, w[1:], b) is None
    x[0, 0] = np.nan
    assert np.isnan(gemm.layer(x, w, b)[0]).all()


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [(784, 50, 256), (33, 15, 70), (5, 300, 40), (1024, 16, 1024)], ids=str)
@pytest.mark.parametrize("transpose", [(True, False), (False, False), (False, True)], ids=str)
def test_descent_along_a_product_is_that_of_the_two_one_after_the_other(size, transpose, dtype):
    m, k, n = size
    a = uniform(0, dtype, *((k, m) if transpose[0] else (m, k)))
    b = uniform(1, dtype, *((n, k) if transpose[1] else (k, n)))
    var = uniform(2, dtype, m, n)
    product = product_steps.Product(a, b, *transpose)
    expected = var - var.dtype.type(0.1) * product.value()
    assert product_steps.descend_along(var, 0.1, product)
    np.testing.assert_array_equal(var, expected)
    assert not product_steps.descend_along(var[1:], 0.1, product)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [(784, 50, 256), (33, 15, 70), (300, 16, 1100)], ids=str)
@pytest.mark.parametrize("use_nesterov", [False, True])
def test_adam_along_a_product_is_that_of_the_two_one_after_the_other(size, use_nesterov, dtype):
    m, k, n = size
    product = product_steps.Product(uniform(0, dtype, k, m), uniform(1, dtype, k, n), True, False)
    slots = uniform(2, dtype, m, n), uniform(3, dtype, m, n), np.abs(uniform(4, dtype, m, n))
    hyper = 0.9, 0.999, 1e-3, 0.9, 0.999, 1e-8
    expected = update.adam(*slots, *hyper, product.value(), use_nesterov)
    kept = update.adam(*slots, *hyper, product, use_nesterov)
    got = update.adam(*[slot.copy() for slot in slots], *hyper, product, use_nesterov, in_place=True)
    for one, other, third in zip(expected, got, kept, strict=True):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(one, third)


def test_product_of_shapes_that_do_not_fit(kernels):
    with pytest.raises(ValueError, match="mismatch"):
        gemm.matmul(np.zeros((300, 400), "f"), np.zeros((300, 400), "f"))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(1, 1), (6, 10), (50, 1000), (0, 4), (4, 0)], ids=str)
def test_softmax_and_cross_entropy(shape, dtype, kernels):
    logits = uniform(0, dtype, *shape) * 20
    wide = logits.astype(np.float64)
    exps = np.exp(wide)
    p = exps / exps.sum(axis=1, keepdims=True)
    near = {"rtol": NEAR[dtype] * 10, "atol": NEAR[dtype] * 40}
    np.testing.assert_allclose(softmax.softmax(logits), p, **near)
    np.testing.assert_allclose(softmax.log_softmax(logits), np.log(p), **near)
    labels = np.abs(uniform(1, dtype, *shape))
    loss, backprop = softmax.softmax_cross_entropy(logits, labels)
    np.testing.assert_allclose(loss, -(labels * np.log(p)).sum(axis=1), rtol=NEAR[dtype] * 100, atol=NEAR[dtype] * 100)
    np.testing.assert_allclose(backprop, p - labels, **near)
    assert loss.dtype == backprop.dtype == softmax.softmax(logits).dtype == dtype


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_sparse_cross_entropy_is_cross_entropy_with_one_hot_labels(dtype, kernels):
    logits = uniform(0, dtype, 30, 11) * 5
    classes = np.random.RandomState(2).randint(0, 11, 30)
    dense = softmax.softmax_cross_entropy(logits, np.eye(11, dtype=dtype)[classes])
    for got, expected in zip(softmax.sparse_softmax_cross_entropy(logits, classes), dense):
        np.testing.assert_allclose(got, expected, rtol=NEAR[dtype] * 5, atol=NEAR[dtype] * 5)
    loss, backprop = softmax.sparse_softmax_cross_entropy(logits[:2], np.array([11, -1]))
    assert np.isnan(loss).all()
    assert np.isnan(backprop).all()


def test_softmax_of_hidden_and_of_infinite_logits(kernels):
    hidden = np.array([[0, -np.inf, 0, -200], [-300, -np.inf, -np.inf, -300]], "f")
    np.testing.assert_array_equal(softmax.softmax(hidden), [[0.5, 0, 0.5, 0], [0.5, 0, 0, 0.5]])
    with np.errstate(invalid="ignore"):
        for bad in (np.nan, np.inf):
            assert np.isnan(softmax.softmax(np.array([[0, bad, 1]], "f"))).all()
        assert np.isnan(softmax.softmax(np.full((1, 3), -np.inf, "f"))).all()


def test_sigmoid_needs_no_large_exponentials(kernels):
    x = np.linspace(-200, 200, 4001).astype("f")
    with np.errstate(all="raise", under="ignore"):
        y = softmax.sigmoid(x)
    np.testing.assert_allclose(y, 1 / (1 + np.exp(-x.astype(np.float64))), rtol=1e-6, atol=1e-37)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [1, 15, 1000, 100_001])
@pytest.mark.parametrize("use_nesterov", [False, True])
def test_adam_is_the_same_to_the_last_bit_however_it_is_computed(size, use_nesterov, dtype, compiled, monkeypatch):
    var, m, v, grad = (uniform(seed, dtype, size) for seed in range(4))
    arguments = var, m, v * v, 0.5, 0.9, 1e-2, 0.9, 0.999, 1e-8, grad, use_nesterov
    got = update.adam(*arguments)
    monkeypatch.setattr(update_loops.adam_loop, "least", 10**9)
    for array, expected in zip(got, update.adam(*arguments), strict=True):
        np.testing.assert_array_equal(array, expected)


RULES = {
    "gradient_descent": lambda a, **k: (update.gradient_descent(a[0], 0.1, a[3], **k),),
    "momentum": lambda a, **k: update.momentum(a[0], a[1], 0.1, a[3], 0.9, **k),
    "nesterov": lambda a, **k: update.momentum(a[0], a[1], 0.1, a[3], 0.9, True, **k),
    "adam": lambda a, **k: update.adam(a[0], a[1], a[2], 0.5, 0.9, 1e-2, 0.9, 0.999, 1e-8, a[3], **k),
    "rmsprop": lambda a, **k: update.rmsprop(a[0], a[2], a[1], 1e-2, 0.9, 0.5, 1e-8, a[3], **k),
    "adagrad": lambda a, **k: update.adagrad(a[0], a[1], 0.1, a[3], **k),
    "adagrad_epsilon": lambda a, **k: update.adagrad(a[0], a[1], 0.1, a[3], False, 0.1, **k),
    "adadelta": lambda a, **k: update.adadelta(a[0], a[1], a[2], 0.1, 0.9, 1e-6, a[3], **k),
    "ftrl": lambda a, **k: update.ftrl(a[0], a[1], a[2], a[3], 0.1, 0.2, 0.3, **k),
    "ftrl_shrinkage": lambda a, **k: update.ftrl(a[0], a[1], a[2], a[3], 0.1, 0.2, 0.3, -0.5, 0.4, **k),
    "ftrl_power": lambda a, **k: update.ftrl(a[0], a[1], a[2], a[3], 0.1, 0.2, 0.3, -0.7, **k),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [1, 33, 40_001])
@pytest.mark.parametrize("rule", RULES)
def test_an_update_in_place_gives_the_numbers_of_one_that_leaves_its_arguments_alone(
    rule, size, dtype, kernels, monkeypatch
):
    arrays = [np.abs(uniform(seed, dtype, size)) for seed in range(4)]
    before = [array.copy() for array in arrays]
    got = RULES[rule](arrays)
    for array, old in zip(arrays, before):
        np.testing.assert_array_equal(array, old)
    within = RULES[rule](arrays, in_place=True)
    for each in jit.loops:
        monkeypatch.setattr(each, "least", 10**9)
    for array, other, expected in zip(got, within, RULES[rule](before), strict=True):
        np.testing.assert_allclose(array, expected, rtol=NEAR[dtype], atol=NEAR[dtype])
        np.testing.assert_array_equal(other, array)
    np.testing.assert_array_equal(arrays[3], before[3])


@pytest.mark.parametrize("shape", [(1, 1), (7, 10), (100, 10), (3, 1000), (2000, 17)], ids=str)
def test_cross_entropy_in_one_pass(shape, kernels):
    logits, labels = uniform(0, "float32", *shape) * 20, np.abs(uniform(1, "float32", *shape))
    labels /= labels.sum(axis=1, keepdims=True)
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=1, keepdims=True)
    sums = np.exp(wide).sum(axis=1, keepdims=True)
    loss, backprop = softmax.softmax_cross_entropy(logits, labels)
    assert loss.dtype == backprop.dtype == np.float32
    np.testing.assert_allclose(loss, (labels * (np.log(sums) - wide)).sum(axis=1), rtol=3e-6, atol=1e-6)
    np.testing.assert_allclose(backprop, np.exp(wide) / sums - labels, atol=1e-6)


def test_cross_entropy_of_infinite_logits_is_no_number(kernels):
    with np.errstate(invalid="ignore"):
        for bad in (np.nan, np.inf):
            loss, backprop = softmax.softmax_cross_entropy(np.array([[0, bad, 1]], "f"), np.full((1, 3), 1 / 3, "f"))
            assert np.isnan(loss).all()
            assert np.isnan(backprop).all()


def test_updates_refuse_shapes_that_differ(kernels):
    with pytest.raises(InvalidArgumentError, match=r"same shape: \(3,\) \(2,\)"):
        update.adam(np.ones(3), np.ones(3), np.ones(3), 0.5, 0.5, 1, 0.9, 0.999, 1e-8, np.ones(2))
    with pytest.raises(InvalidArgumentError, match="same shape"):
        update.gradient_descent(np.ones(3), 1, np.ones(1))

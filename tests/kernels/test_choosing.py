"""Choices, signs, roots, powers and special functions, compiled and not, against plain NumPy and the standard library."""

import math

import numpy as np
import pytest

from flowlab._src.kernels import choosing, special, special_loops

SHAPES = [(0,), (1,), (5, 7), (3, 4, 5, 33), (100, 170), (3, 70000)]
EDGES = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-30, -1e-30, 1.0, -1.0]


def numbers(dtype, shape, turned=False):
    x = np.random.RandomState(0).uniform(-6, 6, shape).astype(dtype)
    if np.dtype(dtype).kind == "f" and x.size > len(EDGES):
        x.reshape(-1)[: len(EDGES)] = EDGES
    return x[..., ::-1].swapaxes(0, -1) if turned else x


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32", "int64", "complex64", "bool"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("turned", [False, True])
def test_choices(shape, dtype, turned, kernels):
    x, y = numbers(dtype, shape, turned), np.ascontiguousarray(numbers(dtype, shape, turned))[::-1]
    condition = np.random.RandomState(1).rand(*x.shape) < 0.4
    got = choosing.choose(condition, x, y)
    assert got.dtype == x.dtype
    np.testing.assert_array_equal(got, np.where(condition, x, y))
    rows = np.random.RandomState(1).rand(len(x)) < 0.4
    got = choosing.choose_rows(rows, x, y)
    assert got.dtype == x.dtype
    np.testing.assert_array_equal(got, np.where(rows.reshape((-1,) + (1,) * (x.ndim - 1)), x, y))


def test_choices_of_strings_and_of_stretched_arrays(kernels):
    words = np.array([b"a", b"bc"], object)
    assert choosing.choose(np.array([True, False]), words, words[::-1]).tolist() == [b"a", b"a"]
    assert choosing.choose(np.array([[True], [False]]), np.arange(2.0), np.float64(9)).tolist() == [[0, 1], [9, 9]]


@pytest.mark.parametrize("name", ["sign", "sqrt", "rsqrt", "reciprocal"])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("turned", [False, True])
def test_signs_and_roots_have_the_bits_of_numpy(shape, dtype, name, turned, kernels):
    x = numbers(dtype, shape, turned)
    plain = {"rsqrt": lambda x: np.reciprocal(np.sqrt(x))}.get(name, getattr(np, name, None))
    with np.errstate(all="ignore"):
        got, expected = getattr(choosing, name)(x), plain(x)
    np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(np.signbit(got[~np.isnan(x)]), np.signbit(expected[~np.isnan(x)]))
    assert got.dtype == dtype


def test_reciprocals_and_signs_of_integers(kernels):
    assert choosing.reciprocal(np.array([1, 2, -1])).tolist() == [1, 0, -1]
    assert choosing.sign(np.array([-5, 0, 7])).tolist() == [-1, 0, 1]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_smooth_rectifiers(shape, dtype, kernels):
    x = numbers(dtype, shape)
    wide = x.astype(np.float64)
    near = {"float16": 2e-3, "float32": 5e-7, "float64": 1e-15}[dtype]
    with np.errstate(all="ignore"):
        elu, selu, softplus = choosing.elu(x), choosing.elu(x, 1.75, 1.05), choosing.softplus(x)
        assert elu.dtype == selu.dtype == softplus.dtype == dtype
        np.testing.assert_allclose(elu, np.where(wide < 0, np.expm1(wide), wide), rtol=near)
        np.testing.assert_allclose(selu, np.where(wide < 0, 1.75 * np.expm1(wide), 1.05 * wide), rtol=2 * near)
        np.testing.assert_allclose(
            softplus, np.logaddexp(wide, 0), rtol=2 * near, atol=1e-7 if dtype == "float16" else 0
        )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("exponent", [-3, -1, 0, 0.5, 1, 2, 3, 4, 7, 100])
def test_powers_with_one_exponent(exponent, dtype, kernels):
    x = numbers(dtype, (5, 70))
    kind = np.dtype(dtype).type
    with np.errstate(all="ignore"):
        got = choosing.power(x, kind(exponent))
        np.testing.assert_allclose(got, np.power(x, kind(exponent)), rtol=4e-7 if dtype == "float32" else 4e-15)
        if exponent in (2, 3, 4):  # products: the same bits for few numbers and for many
            np.testing.assert_array_equal(choosing.power(x[:, :3], kind(exponent)), got[:, :3])
            np.testing.assert_array_equal(choosing.power(x[3, 3], kind(exponent)), got[3, 3])
    assert got.dtype == dtype


def test_powers_of_integers_and_with_many_exponents():
    assert choosing.power(np.array([2, -3]), np.array(3)).tolist() == [8, -27]
    assert choosing.power(np.array([2.0, 3.0]), np.array([3.0, 2.0])).tolist() == [8, 9]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_error_function(dtype, kernels):
    x = np.concatenate([numbers(dtype, 3000), np.linspace(-0.1, 0.1, 999).astype(dtype)])
    got = special_loops.erf(x, special.erf)
    expected = [math.erf(each) for each in x.tolist()]
    near = {"float32": 4e-7, "float64": 3e-16}[dtype]
    np.testing.assert_allclose(got, expected, rtol=near, atol=0)
    assert got.dtype == dtype
    assert (np.abs(got[~np.isnan(got)]) <= 1).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_logarithm_of_the_gamma_function(dtype, kernels):
    x = np.concatenate([numbers(dtype, 3000), np.linspace(1, 90, 999).astype(dtype)])
    got = special_loops.lgamma(x, special.lgamma)
    expected = special.lgamma(x.astype(np.float64))
    near = {"float32": 3e-7, "float64": 1e-14}[dtype]
    np.testing.assert_allclose(got, expected, rtol=near, atol=near)
    assert got.dtype == dtype


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_digamma_and_the_rest_of_the_error_function(dtype, kernels):
    x = np.concatenate([numbers(dtype, 3000), np.linspace(-20, 90, 999).astype(dtype), np.array([0, -1, -0.0], dtype)])
    near = {"float32": 3e-7, "float64": 1e-14}[dtype]
    for name in ("digamma", "erfc"):
        plain = getattr(special, name)
        got = getattr(special_loops, name)(x, plain)
        np.testing.assert_allclose(got, plain(x.astype(np.float64)).astype(dtype), rtol=near, atol=near)
        assert got.dtype == dtype

"""Convolution by way of frequencies: against the definition in double precision, and as close to it as direct sums."""

import numpy as np
import pytest

from flowlab._src.kernels import conv, conv_fourier, fourier

ONE = (1, 1)
SAME3, SAME5, NONE = ((1, 1), (1, 1)), ((2, 2), (2, 2)), ((0, 0), (0, 0))
CASES = [
    # images, filter, padding
    ((3, 14, 14, 16), (5, 5, 16, 32), SAME5),  # one tile, which wraps around
    ((17, 14, 14, 32), (5, 5, 32, 16), SAME5),  # more tiles than the rows of a product
    ((2, 28, 17, 16), (5, 5, 16, 16), SAME5),  # several tiles, of different sizes
    ((2, 15, 15, 48), (3, 3, 48, 16), SAME3),
    ((1, 30, 13, 16), (3, 2, 16, 48), ((1, 0), (0, 2))),
    ((2, 16, 16, 16), (8, 8, 16, 16), NONE),
    ((2, 18, 21, 16), (1, 7, 16, 16), ((2, 3), (4, 0))),  # more padding than the window has
    ((70, 9, 9, 16), (3, 3, 16, 16), NONE),  # more tiles than the spectra of a filter gradient
]


def uniform(seed, *shape):
    return np.random.RandomState(seed).uniform(-1, 1, shape).astype(np.float32)


def far(got, expected):
    """Return the largest and the typical error, in sizes of a typical number."""
    typical = np.sqrt(np.mean(expected**2))
    return np.abs(got - expected).max() / typical, np.sqrt(np.mean((got - expected) ** 2)) / typical


def three(x, w, dy, out, padding):
    """Return output, image gradient and filter gradient, each with its value in double precision."""
    back = conv_fourier.padding_back(w.shape, padding, x.shape[1:3], dy.shape)
    double = [array.astype(np.float64) for array in (x, w, dy)]
    return [
        (conv_fourier.convolve(x, w, out, padding), conv.numpy_conv2d(*double[:2], out, ONE, padding, ONE)),
        (
            conv_fourier.convolve(dy, w, x.shape[1:3], back, turned=True) if min(map(min, back)) >= 0 else None,
            conv.numpy_input_grad(x.shape, *double[1:], out, ONE, padding, ONE),
        ),
        (
            conv_fourier.filter_grad(x, w.shape, dy, padding),
            conv.numpy_filter_grad(double[0], w.shape, double[2], out, ONE, padding, ONE),
        ),
    ]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_convolution_and_both_gradients_follow_the_definition(case, compiled):
    shape, size, padding = case
    out = conv.output_sizes(shape[1:3], size, ONE, padding, ONE)
    x, w, dy = uniform(0, *shape), uniform(1, *size), uniform(2, shape[0], *out, size[3])
    for got, expected in three(x, w, dy, out, padding):
        if got is None:  # the turned filter would need negative padding: the direct way is taken
            assert any(max(border) >= window for border, window in zip(padding, size))
            continue
        assert got.shape == expected.shape
        assert got.dtype == np.float32
        largest, typical = far(got, expected)
        assert largest < 5e-6
        assert typical < 5e-7


def test_the_layer_of_the_mnist_network_is_as_exact_as_direct_sums(compiled):
    """Measured: typical error 1.9e-7, 2.5e-7 and 2.2e-7, against 1.6e-7, 3.2e-7 and 1.8e-7 of the direct loops."""
    x, w, dy = np.maximum(uniform(0, 8, 14, 14, 32), 0), uniform(1, 5, 5, 32, 64) * 0.1, uniform(2, 8, 14, 14, 64)
    for got, expected in three(x, w, dy, (14, 14), SAME5):
        largest, typical = far(got, expected)
        assert largest < 2e-6
        assert typical < 4e-7


def test_it_is_taken_where_it_pays(compiled):
    def fits(batch, size, window, channels, strides=ONE, dtype=np.float32):
        border = (window // 2, window // 2)
        shape = batch, size, size, channels
        where = (size, size), strides, (border, border), ONE, np.dtype(dtype)
        return conv_fourier.fits(shape, (window, window, channels, 64), *where)

    assert fits(50, 14, 5, 32)
    assert fits(50, 28, 5, 64)
    assert not fits(1, 14, 5, 32)  # the filters have to be transformed for it
    assert not fits(50, 14, 5, 1)
    assert not fits(50, 14, 5, 24)
    assert not fits(50, 14, 1, 32)
    assert not fits(50, 14, 5, 32, strides=(2, 2))
    assert not fits(50, 14, 5, 32, dtype=np.float64)


def test_the_kernels_take_it(compiled, monkeypatch):
    x, w, dy = uniform(0, 16, 14, 14, 32), uniform(1, 5, 5, 32, 32), uniform(2, 16, 14, 14, 32)
    taken = []
    for name in ("convolve", "filter_grad"):
        inner = getattr(conv_fourier, name)
        monkeypatch.setattr(
            conv_fourier,
            name,
            lambda *given, inner=inner, name=name, **more: taken.append(name) or inner(*given, **more),
        )
    y = conv.conv2d(x, w, ONE, SAME5)
    dx = conv.conv2d_input_grad(x.shape, w, dy, ONE, SAME5)
    dw = conv.conv2d_filter_grad(x, w.shape, dy, ONE, SAME5)
    assert taken == ["convolve", "convolve", "filter_grad"]
    # Both are gradients of sum(y * dy), which is linear in x and in w.
    whole = np.sum(y * dy, dtype=np.float64)
    np.testing.assert_allclose(np.sum(dx * x, dtype=np.float64), whole, rtol=1e-4)
    np.testing.assert_allclose(np.sum(dw * w, dtype=np.float64), whole, rtol=1e-4)


def test_every_frequency_has_its_place():
    """Rows 0 and half have their own places, all others follow; none is taken twice."""
    singles = [fourier.single_places(number) for number in range(2)]
    assert sorted(place for real, _ in singles for place in real) == list(range(fourier.REAL_BINS))
    places = [place for _, bins in singles for place in bins]
    assert sorted(places) == list(range(fourier.FIRST_PAIR))
    assert fourier.FIRST_PAIR + (fourier.HALF - 1) * fourier.PAIR == fourier.COMPLEX_BINS


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_no_number_reaches_only_the_windows_over_it(bad, compiled):
    x, w = uniform(0, 20, 14, 14, 32), uniform(1, 5, 5, 32, 32)
    assert conv_fourier.fits(x.shape, w.shape, (14, 14), ONE, SAME5, ONE, x.dtype)
    x[3, 6, 7, 5] = bad
    y = conv.conv2d(x, w, ONE, SAME5)
    dx = conv.conv2d_input_grad(x.shape, w, x, ONE, SAME5)
    dw = conv.conv2d_filter_grad(uniform(2, *x.shape), w.shape, x, ONE, SAME5)
    expected = np.zeros(x.shape, bool)
    expected[3, 4:9, 5:10] = True
    np.testing.assert_array_equal(~np.isfinite(y), expected)
    np.testing.assert_array_equal(~np.isfinite(dx), expected)
    assert (~np.isfinite(dw)).all(axis=(0, 1, 2)).tolist() == [i == 5 for i in range(32)]
    assert np.isfinite(np.delete(dw, 5, 3)).all()

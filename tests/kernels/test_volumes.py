"""Convolution of volumes, whose planes are stacked, against its definition; in parts too."""

import itertools

import numpy as np
import pytest

from flowlab._src.kernels import conv, volumes

# batch, depth, height, width, channels; window; out channels; strides; border
CASES = [
    ((2, 5, 6, 7, 3), (3, 3, 3), 4, (1, 1, 1), ((1, 1), (1, 1), (1, 1))),
    ((3, 6, 5, 4, 2), (2, 3, 1), 5, (2, 1, 2), ((0, 0), (1, 0), (0, 0))),
    ((1, 4, 8, 8, 1), (4, 2, 3), 17, (3, 2, 2), ((2, 1), (0, 1), (1, 1))),
    ((2, 2, 3, 3, 8), (5, 1, 1), 3, (1, 1, 1), ((2, 2), (0, 0), (0, 0))),
]


def visits(shape, window, strides, pairs):
    out = [(n + sum(pair) - k) // s + 1 for n, pair, k, s in zip(shape[1:4], pairs, window, strides, strict=True)]
    for o in itertools.product(*map(range, out)):
        for k in itertools.product(*map(range, window)):
            at = tuple(i * s - pair[0] + p for i, s, pair, p in zip(o, strides, pairs, k, strict=True))
            if all(0 <= i < n for i, n in zip(at, shape[1:4], strict=True)):
                yield o, k, at


@pytest.mark.parametrize("small", [False, True], ids=["at once", "in parts"])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_convolution_and_its_gradients(case, dtype, small, kernels, monkeypatch):
    shape, window, channels, strides, pairs = case
    if small:
        monkeypatch.setattr(conv, "PATCH_BYTES", 1)
    out = [(n + sum(pair) - k) // s + 1 for n, pair, k, s in zip(shape[1:4], pairs, window, strides, strict=True)]
    random = np.random.RandomState(0)
    x = random.randint(-2, 3, shape).astype(dtype)
    w = random.randint(-2, 3, (*window, shape[4], channels)).astype(dtype)
    dy = random.randint(-2, 3, (shape[0], *out, channels)).astype(dtype)
    y, dx, dw = np.zeros(dy.shape), np.zeros(shape), np.zeros(w.shape)
    for o, k, at in visits(shape, window, strides, pairs):
        a, b = (slice(None), *o), (slice(None), *at)
        y[a] += x[b].astype("d") @ w[k].astype("d")
        dx[b] += dy[a].astype("d") @ w[k].astype("d").T
        dw[k] += x[b].astype("d").T @ dy[a].astype("d")
    for got, expected in (
        (volumes.conv(x, w, strides, pairs, out), y),
        (volumes.conv_input_grad(shape, w, dy, strides, pairs), dx),
        (volumes.conv_filter_grad(x, w.shape, dy, strides, pairs), dw),
    ):
        assert got.dtype == dtype
        np.testing.assert_allclose(got, expected, rtol=1e-3 if dtype == "float16" else 1e-6)

"""Convolutions against their definition, over sizes that fit no tile."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.kernels import conv, depthwise
from tests.kernels import plain

TOLERANCE = {"float16": 2e-2, "float32": 2e-5, "float64": 1e-12}

# batch, height, width, in, out, filter, strides, padding, dilations
CASES = [
    (2, 7, 9, 3, 5, (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1)),
    (3, 14, 14, 8, 64, (5, 5), (1, 1), ((2, 2), (2, 2)), (1, 1)),
    (1, 28, 28, 1, 32, (5, 5), (1, 1), ((2, 2), (2, 2)), (1, 1)),
    (2, 11, 8, 4, 33, (3, 2), (2, 2), ((0, 1), (1, 0)), (1, 1)),
    (2, 11, 8, 4, 7, (3, 3), (3, 1), ((0, 0), (0, 0)), (1, 1)),
    (2, 12, 13, 5, 17, (3, 3), (1, 1), ((2, 2), (2, 2)), (2, 2)),
    (1, 12, 13, 2, 40, (2, 3), (1, 1), ((0, 0), (0, 0)), (3, 2)),
    (1, 9, 9, 3, 6, (1, 1), (2, 3), ((0, 0), (0, 0)), (1, 1)),
    (1, 6, 5, 3, 6, (6, 5), (1, 1), ((0, 0), (0, 0)), (1, 1)),
    (3, 8, 5, 2, 7, (3, 5), (2, 1), ((1, 1), (0, 0)), (2, 1)),
    (1, 5, 5, 2, 3, (2, 2), (4, 4), ((3, 3), (3, 3)), (1, 1)),
    (2, 9, 7, 3, 4, (3, 3), (2, 2), ((1, 1), (1, 1)), (2, 3)),
    (1, 1, 40, 1, 1, (1, 9), (1, 2), ((0, 0), (4, 4)), (1, 1)),
    (0, 7, 7, 3, 4, (3, 3), (1, 1), ((0, 0), (0, 0)), (1, 1)),
    (2, 3, 3, 2, 4, (5, 5), (1, 1), ((0, 0), (0, 0)), (1, 1)),
]


def numbers(case, dtype):
    batch, height, width, channels, filters, size, strides, padding, dilations = case
    random = np.random.RandomState(0)
    x = random.uniform(-1, 1, (batch, height, width, channels)).astype(dtype)
    w = random.uniform(-1, 1, (*size, channels, filters)).astype(dtype)
    out = tuple(max(size, 0) for size in plain.sizes(x.shape, w.shape, strides, padding, dilations))
    dy = random.uniform(-1, 1, (batch, *out, filters)).astype(dtype)
    return x, w, dy, strides, padding, dilations


def assert_near(got, expected, dtype):
    assert got.dtype == dtype
    assert got.shape == expected.shape
    assert got.flags.c_contiguous
    scale = np.abs(expected).max(initial=1.0)
    np.testing.assert_allclose(got, expected, rtol=0, atol=TOLERANCE[np.dtype(dtype).name] * scale)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_convolution_and_both_gradients_follow_the_definition(case, dtype, kernels):
    x, w, dy, *where = numbers(case, dtype)
    if 0 not in dy.shape:
        assert_near(conv.conv2d(x, w, *where), plain.conv2d(x, w, *where), dtype)
    else:
        assert conv.conv2d(x, w, *where).shape == dy.shape
    assert_near(conv.conv2d_input_grad(x.shape, w, dy, *where), plain.conv2d_input_grad(x.shape, w, dy, *where), dtype)
    assert_near(
        conv.conv2d_filter_grad(x, w.shape, dy, *where), plain.conv2d_filter_grad(x, w.shape, dy, *where), dtype
    )


@st.composite
def any_case(draw):
    """Draw any size, stride, padding and dilation with which at least one window fits."""
    small = st.integers(1, 4)
    size, strides, dilations = (draw(st.tuples(small, small)) for _ in range(3))
    pads = st.tuples(st.integers(0, 3), st.integers(0, 3))
    padding = (draw(pads), draw(pads))
    needed = [(size[axis] - 1) * dilations[axis] + 1 - sum(padding[axis]) for axis in range(2)]
    height, width = (draw(st.integers(max(1, least), max(1, least) + 20)) for least in needed)
    channels, filters = draw(st.integers(1, 20)), draw(st.integers(1, 40))
    return draw(st.integers(1, 3)), height, width, channels, filters, size, strides, padding, dilations


def check_case(case):
    x, w, dy, *where = numbers(case, "float32")
    assert_near(conv.conv2d(x, w, *where), plain.conv2d(x, w, *where), "float32")
    dx = plain.conv2d_input_grad(x.shape, w, dy, *where)
    assert_near(conv.conv2d_input_grad(x.shape, w, dy, *where), dx, "float32")
    dw = plain.conv2d_filter_grad(x, w.shape, dy, *where)
    assert_near(conv.conv2d_filter_grad(x, w.shape, dy, *where), dw, "float32")


@settings(deadline=None, max_examples=30)
@given(case=any_case())
def test_any_case(case):
    check_case(case)


@pytest.mark.usefixtures("compiled")
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=any_case())
def test_any_case_compiled(case):
    check_case(case)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("multiplier", [1, 3])
@pytest.mark.parametrize("case", CASES[:-2], ids=str)
def test_depthwise_convolution_is_a_convolution_with_a_sparse_filter(case, multiplier, dtype, kernels):
    channels = case[3]
    x, _, _, *where = numbers(case, dtype)
    w = np.random.RandomState(1).uniform(-1, 1, (*case[5], channels, multiplier)).astype(dtype)
    full = plain.as_full_filter(w)
    y = plain.conv2d(x, full, *where)
    dy = np.random.RandomState(2).uniform(-1, 1, y.shape).astype(dtype)
    assert_near(depthwise.depthwise_conv2d(x, w, *where), y, dtype)
    assert_near(
        depthwise.depthwise_input_grad(x.shape, w, dy, *where),
        plain.conv2d_input_grad(x.shape, full, dy, *where),
        dtype,
    )
    dw = plain.from_full_filter(plain.conv2d_filter_grad(x, full.shape, dy, *where), multiplier)
    assert_near(depthwise.depthwise_filter_grad(x, w.shape, dy, *where), dw, dtype)


def test_inputs_may_be_read_only_views_and_are_not_written_to(kernels):
    x, w, dy, *where = numbers(CASES[1], "float32")
    views = [array[::-1, ::-1] for array in (x, w, dy)]
    before = [view.copy() for view in views]
    for view in views:
        view.setflags(write=False)
    x, w, dy = views
    assert_near(conv.conv2d(x, w, *where), plain.conv2d(x, w, *where), "float32")
    assert_near(
        conv.conv2d_input_grad(x.shape, w, dy, *where), plain.conv2d_input_grad(x.shape, w, dy, *where), "float32"
    )
    assert_near(
        conv.conv2d_filter_grad(x, w.shape, dy, *where), plain.conv2d_filter_grad(x, w.shape, dy, *where), "float32"
    )
    for view, old in zip(views, before):
        np.testing.assert_array_equal(view, old)


def test_shapes_that_do_not_fit_are_refused_before_memory_is_touched(kernels):
    x, w, dy, *where = numbers(CASES[0], "float32")
    with pytest.raises(InvalidArgumentError, match="3 channels, the filter 4"):
        conv.conv2d(x, np.zeros((3, 3, 4, 5), "f"), *where)
    with pytest.raises(InvalidArgumentError, match="the gradient has shape"):
        conv.conv2d_input_grad(x.shape, w, dy[:, 1:], *where)
    with pytest.raises(InvalidArgumentError, match="the gradient has shape"):
        conv.conv2d_filter_grad(x, w.shape, dy[..., :2], *where)
    with pytest.raises(InvalidArgumentError, match="the gradient has shape"):
        depthwise.depthwise_input_grad(x.shape, np.zeros((3, 3, 3, 2), "f"), dy, *where)


def test_same_padding_fits_ceil_of_size_by_stride_windows():
    for size, window, stride, dilation in np.ndindex(12, 5, 4, 3):
        before, after = conv.same_padding(size + 1, window + 1, stride + 1, dilation + 1)
        assert 0 <= after - before <= 1
        windows = conv.output_size(size + 1, window + 1, stride + 1, (before, after), dilation + 1)
        assert windows == -(-(size + 1) // (stride + 1)) or before + after == 0


def test_many_images_are_taken_in_parts(kernels, monkeypatch):
    monkeypatch.setattr(conv, "PATCH_BYTES", 5000)
    x, w, dy, *where = numbers(CASES[1], "float32")
    assert_near(conv.conv2d(x, w, *where), plain.conv2d(x, w, *where), "float32")
    assert_near(
        conv.conv2d_input_grad(x.shape, w, dy, *where), plain.conv2d_input_grad(x.shape, w, dy, *where), "float32"
    )
    assert_near(
        conv.conv2d_filter_grad(x, w.shape, dy, *where), plain.conv2d_filter_grad(x, w.shape, dy, *where), "float32"
    )

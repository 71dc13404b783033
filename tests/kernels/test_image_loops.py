"""Loops for images give what their siblings in NumPy give, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from flowlab._src.kernels import image_boxes, image_color, image_crop, image_loops, image_resize


def images(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def both(monkeypatch, loop, function):
    """The result with the loop, and without it."""
    got = function()
    monkeypatch.setattr(image_loops, loop, lambda *arguments: None)
    return got, function()


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 17])
@pytest.mark.parametrize("size", [(5, 7), (1, 1), (40, 3)])
@pytest.mark.parametrize("alignment", [(False, False), (True, False), (False, True)])
def test_four_by_four_pixels_are_mixed(channels, size, alignment, compiled, monkeypatch):
    x = images(2, 6, 9, channels)[:, ::-1]
    got, expected = both(monkeypatch, "mix", lambda: image_resize.resize_bicubic(x, *size, *alignment))
    np.testing.assert_array_equal(got, expected, strict=True)


@pytest.mark.parametrize("channels", [1, 3, 20])
def test_any_number_of_pixels_is_mixed(channels, compiled, monkeypatch):
    x = images(2, 13, 9, channels)
    got, expected = both(monkeypatch, "mix", lambda: image_resize.resize_area(x, 4, 5, False))
    np.testing.assert_array_equal(got, expected, strict=True)


def test_tables_that_are_kept_are_not_changed():
    first = image_resize.cubic(5, 8, False, True)
    again = image_resize.cubic.__wrapped__(5, 8, False, True)
    image_resize.resize_bicubic(images(1, 5, 5, 3), 8, 8, False, True)
    np.testing.assert_array_equal(first.weight, again.weight)
    np.testing.assert_array_equal(first.pixel, again.pixel)


@pytest.mark.parametrize("channels", [1, 3, 5])
@pytest.mark.parametrize("size", [(4, 6), (1, 3), (9, 1)])
def test_crops(channels, size, compiled, monkeypatch):
    x = images(3, 6, 7, channels)
    boxes = np.float32(
        [[0, 0, 1, 1], [0.1, 0.2, 0.8, 0.7], [-0.5, 0.3, 1.4, 2], [0.9, 0.9, 0.1, 0.1], [np.nan, 0, 1, 1]]
    )
    which = np.int32([0, 2, 1, 2, 0])
    got, expected = both(
        monkeypatch, "crop", lambda: image_crop.crop_and_resize(x, boxes, which, *size, "bilinear", 7.0)
    )
    np.testing.assert_array_equal(got, expected, strict=True)
    assert (got[4] == 7).all()


@pytest.mark.parametrize("threshold", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("most", [0, 1, 9, 200])
def test_boxes_kept(threshold, most, compiled, monkeypatch):
    boxes = images(120, 4)
    boxes[5] = boxes[4]
    boxes[7, 2] = boxes[7, 0]  # no area
    boxes[9, 1], boxes[10, 0] = np.nan, np.inf
    scores = np.round(images(120, seed=1), 1)  # many are equal
    scores[3] = np.nan
    got, expected = both(
        monkeypatch, "keep_boxes", lambda: image_boxes.suppress_boxes(boxes, scores, most, threshold, -0.5)
    )
    assert got == expected
    assert all(scores[i] > -0.5 for i in got[0])


@pytest.mark.parametrize("name", ["adjust_hue", "adjust_saturation"])
@pytest.mark.parametrize("amount", [-0.7, 0.0, 0.3, 1.9])
def test_colours(name, amount, compiled, monkeypatch):
    x = np.abs(images(3, 20, 31, 3))
    x[0] = np.round(x[0])  # many components are equal
    x[1, 0, :9] = [
        [0, 0, 0],
        [1, 1, 1],
        [np.nan, 0, 1],
        [np.inf, 0, 1],
        [-1, 0, 1],
        [-0.0, 0, 0],
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
    ]
    with np.errstate(all="ignore"):
        got, expected = both(monkeypatch, name, lambda: getattr(image_color, name)(x, np.float32(amount)))
    np.testing.assert_array_equal(got, expected, strict=True)


def test_hue_saturation_and_value_as_colours(compiled, monkeypatch):
    x = images(3, 20, 31, 3)
    x[1, 0, :4] = [[0, 0, 0], [np.nan, 1, 1], [np.inf, 0, 1], [1, 1, 1]]
    with np.errstate(all="ignore"):
        got, expected = both(monkeypatch, "hsv_to_rgb", lambda: image_color.hsv_to_rgb(x))
    np.testing.assert_array_equal(got, expected, strict=True)


@pytest.mark.parametrize("channels", [1, 3, 20])
@pytest.mark.parametrize("kind", ["bilinear", "bicubic"])
def test_gradients_of_new_sizes(channels, kind, compiled, monkeypatch):
    dy = images(2, 13, 9, channels)[:, ::-1]
    grad = getattr(image_resize, f"resize_{kind}_grad")
    got, expected = both(monkeypatch, "unmix", lambda: grad(dy, 5, 20, True, False, np.float32))
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)
    assert got.dtype == expected.dtype

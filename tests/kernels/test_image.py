"""Kernels of images against their definitions, pixel by pixel and box by box."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from flowlab._src.kernels import compiling, image_boxes, image_color, image_crop, image_resize, jit
from flowlab._src.kernels.random import Philox

sides = st.tuples(st.integers(1, 7), st.integers(1, 7))
alignments = st.sampled_from([(False, False), (True, False), (False, True)])


def image_of(size: tuple[int, int], seed: int = 0, channels: int = 2) -> np.ndarray:
    """A batch of two random images."""
    return np.random.default_rng(seed).normal(size=(2, *size, channels)).astype(np.float32)


def place_of(i: int, scale: float, half_pixel_centers: bool) -> float:
    """Where new pixel i lies, in double precision."""
    return (i + 0.5) * scale - 0.5 if half_pixel_centers else i * scale


def scale_of(size: int, new_size: int, align_corners: bool) -> float:
    """The size of a new pixel, in double precision."""
    return (size - 1) / (new_size - 1) if align_corners and new_size > 1 else size / new_size


@settings(deadline=None)
@given(sides, sides, alignments)
def test_bilinear_lies_between_four_neighbours(size: Any, new: Any, alignment: Any) -> None:
    x = image_of(size)
    found = image_resize.resize_bilinear(x, *new, *alignment)
    expected = np.zeros((2, *new, 2))
    for i, j in np.ndindex(*new):
        y, z = (
            np.clip(place_of(k, scale_of(n, m, alignment[0]), alignment[1]), 0, n - 1)
            for k, n, m in zip((i, j), size, new, strict=True)
        )
        top, left = int(y), int(z)
        bottom, right = min(top + 1, size[0] - 1), min(left + 1, size[1] - 1)
        upper = x[:, top, left] * (1 - (z - left)) + x[:, top, right] * (z - left)
        lower = x[:, bottom, left] * (1 - (z - left)) + x[:, bottom, right] * (z - left)
        expected[:, i, j] = upper * (1 - (y - top)) + lower * (y - top)
    np.testing.assert_allclose(found, expected, atol=2e-5)


@settings(deadline=None)
@given(sides, sides)
def test_area_is_the_mean_of_what_is_covered(size: Any, new: Any) -> None:
    x = image_of(size)
    # Old and new pixels both consist of small squares that are whole in number.
    fine = np.repeat(np.repeat(x, new[0], 1), new[1], 2)
    expected = fine.reshape(2, new[0], size[0], new[1], size[1], 2).mean(axis=(2, 4))
    np.testing.assert_allclose(image_resize.resize_area(x, *new, False), expected, atol=3e-6)


@settings(deadline=None)
@given(sides, sides, alignments, st.sampled_from(["bilinear", "bicubic"]))
def test_gradients_of_resizing_are_the_transposed_map(size: Any, new: Any, alignment: Any, method: str) -> None:
    x, dy = image_of(size, 1), image_of(new, 2)
    y = getattr(image_resize, f"resize_{method}")(x, *new, *alignment)
    dx = getattr(image_resize, f"resize_{method}_grad")(dy, *size, *alignment, np.float32)
    assert dx.shape == x.shape
    np.testing.assert_allclose(np.vdot(y, dy), np.vdot(x, dx), rtol=1e-3, atol=1e-3)


@settings(deadline=None)
@given(sides, sides, st.sampled_from(sorted(image_resize.CURVES)), st.booleans())
def test_gradients_of_scale_and_translate_are_the_transposed_map(
    size: Any, new: Any, curve: str, antialias: bool
) -> None:
    x, dy = image_of(size, 1), image_of(new, 2)
    scale, shift = np.array(new, np.float32) / np.array(size, np.float32), np.float32([0.3, -0.2])
    y = image_resize.scale_and_translate(x, *new, scale, shift, curve, antialias)
    dx = image_resize.scale_and_translate_grad(dy, *size, scale, shift, curve, antialias)
    np.testing.assert_allclose(np.vdot(y, dy), np.vdot(x, dx), rtol=1e-3, atol=1e-3)


def test_a_flat_image_stays_flat() -> None:
    flat = np.full((1, 5, 6, 1), 3.0, np.float32)
    for method in ("bilinear", "bicubic"):
        for alignment in ((False, False), (True, False), (False, True)):
            found = getattr(image_resize, f"resize_{method}")(flat, 8, 3, *alignment)
            np.testing.assert_allclose(found, 3, rtol=1e-6)


def test_crops_on_the_pixels_are_copies() -> None:
    x = image_of((5, 5), channels=1)
    boxes = np.float32([[0.25, 0.25, 0.75, 1.0], [1.0, 0.0, 0.0, 1.0]])
    found = image_crop.crop_and_resize(x, boxes, np.int32([0, 1]), 3, 4, "bilinear", 0.0)
    np.testing.assert_allclose(found[0], x[0, 1:4, 1:5], atol=1e-6)
    flipped = image_crop.crop_and_resize(x, boxes[1:], np.int32([1]), 5, 5, "nearest", 0.0)
    np.testing.assert_array_equal(flipped[0], x[1, ::-1])


@pytest.mark.parametrize("noise", ["uniform", "gaussian"])
def test_noise_of_glimpses_keeps_to_the_range_of_the_image(noise: str) -> None:
    x = image_of((6, 6))
    found = image_crop.extract_glimpses(x, 4, 4, np.float32([[-1, -1], [1, 1]]), True, True, noise)
    for image, glimpse in zip(x, found, strict=True):
        assert image.min() - 1e-6 <= glimpse.min()
        assert glimpse.max() <= image.max() + 1e-6
    np.testing.assert_array_equal(found[0, 2:, 2:], x[0, :2, :2])
    np.testing.assert_array_equal(found[1, :2, :2], x[1, 4:, 4:])


# ---- colours -------------------------------------------------------------------------------------------------------

colours = st.lists(st.tuples(*[st.floats(0, 1, width=32, allow_subnormal=False)] * 3), min_size=1, max_size=5)


@settings(deadline=None)
@given(colours)
def test_hsv_and_back_again(pixels: Any) -> None:
    rgb = np.array(pixels, np.float32)
    hsv = image_color.rgb_to_hsv(rgb)
    assert hsv.min() >= 0
    assert hsv.max() <= 1
    np.testing.assert_allclose(image_color.hsv_to_rgb(hsv), rgb, atol=1e-5)


@settings(deadline=None)
@given(colours, st.floats(-1, 1))
def test_hue_is_turned_on_the_wheel(pixels: Any, delta: float) -> None:
    rgb = np.array(pixels, np.float64)
    hsv = image_color.rgb_to_hsv(rgb)
    hsv[:, 0] = (hsv[:, 0] + delta) % 1
    found = image_color.adjust_hue(rgb.astype(np.float32), np.float32(delta))
    np.testing.assert_allclose(found, image_color.hsv_to_rgb(hsv), atol=1e-4)


@settings(deadline=None)
@given(colours, st.floats(0, 4))
def test_saturation_is_multiplied(pixels: Any, factor: float) -> None:
    rgb = np.array(pixels, np.float64)
    hsv = image_color.rgb_to_hsv(rgb)
    hsv[:, 1] = np.minimum(hsv[:, 1] * factor, 1)
    found = image_color.adjust_saturation(rgb.astype(np.float32), np.float32(factor))
    np.testing.assert_allclose(found, image_color.hsv_to_rgb(hsv), atol=1e-4)


# ---- boxes ---------------------------------------------------------------------------------------------------------


def overlap_of(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union, by its definition."""
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    common = np.prod(np.maximum(high - low, 0))
    return float(common / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - common))


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 25), st.sampled_from([0.2, 0.5, 0.8]), st.integers(0, 12))
def test_kept_boxes_overlap_with_no_better_one(seed: int, count: int, threshold: float, most: int) -> None:
    generator = np.random.default_rng(seed)
    corners = generator.random((count, 2))
    boxes = np.concatenate([corners, corners + 0.1 + generator.random((count, 2)) / 2], 1).astype(np.float32)
    scores = generator.permutation(count).astype(np.float32)
    kept, kept_scores = image_boxes.suppress(scores, most, image_boxes.overlap_with(boxes), threshold, float("-inf"))
    expected: list[int] = []
    for box in np.argsort(-scores):
        if len(expected) < most and all(overlap_of(boxes[box], boxes[other]) <= threshold for other in expected):
            expected.append(int(box))
    assert kept == expected
    assert kept_scores == [scores[i] for i in kept]


def test_scores_of_overlapping_boxes_are_lowered() -> None:
    boxes = np.float32([[0, 0, 1, 1], [0, 0, 1, 1], [3, 3, 4, 4]])
    overlap = image_boxes.overlap_with(boxes)
    kept, scores = image_boxes.suppress(np.float32([0.9, 0.8, 0.5]), 3, overlap, 0.5, 0.0, sigma=0.5)
    assert kept == [0, 2, 1]
    np.testing.assert_allclose(scores, [0.9, 0.5, 0.8 * np.exp(-1)], rtol=1e-6)


def test_outlines_stay_within_the_image() -> None:
    canvas = np.zeros((1, 5, 6, 1), np.float32)
    drawn = image_boxes.draw_boxes(canvas, np.float32([[[-1.0, 0.4, 0.5, 7.0]]]), None)
    assert drawn[0, :, :, 0].tolist() == [
        [0, 0, 1, 0, 0, 0],
        [0, 0, 1, 0, 0, 0],
        [0, 0, 1, 1, 1, 1],
        [0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0],
    ]
    assert not canvas.any()


@settings(deadline=None)
@given(st.integers(1, 2**31), st.integers(1, 60), st.integers(1, 60))
def test_random_boxes_keep_to_the_wishes(seed: int, width: int, height: int) -> None:
    objects = np.array([[0, 0, width, height]])
    box = image_boxes.sample_distorted_box(
        Philox(seed, 1), width, height, objects, np.float32(0.1), (0.5, 2.0), (0.2, 0.9), 50
    )
    left, top, right, bottom = box
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    area = (right - left) * (bottom - top)
    assert box == (0, 0, width, height) or 0.19 * width * height <= area <= 0.91 * width * height


def test_whole_numbers_below_a_limit_are_even() -> None:
    words = image_boxes.Words(Philox(3, 4), 3000)
    counts = np.bincount([words.below(6) for _ in range(6000)], minlength=6)
    assert counts.min() > 850


def test_loops_give_the_numbers_of_their_siblings(monkeypatch):
    if compiling.policy() == compiling.NEVER:
        pytest.skip("FLOWLAB_NUMBA=0")
    x = np.random.RandomState(0).uniform(0, 1, (3, 40, 50, 3)).astype(np.float32)
    x[0, :3] = 0.5
    x[0, 3, :, 0], x[0, 4, :, 1], x[0, 5, :, 0] = x[0, 3, :, 1], x[0, 4, :, 2], x[0, 5, :, 2]
    x[0, 6, 0], x[0, 7, 0, 1] = np.nan, np.inf

    def everything():
        hues = [image_color.adjust_hue(x[:, ::step], delta) for delta in (0.1, -0.7, 0.5, 0) for step in (1, 2)]
        sizes = [(90, 110), (13, 7), (40, 60), (1, 1)]
        ways = [(False, False), (True, False), (False, True)]
        contrasts = [image_color.adjust_contrast(x[..., :count], np.float32(1.7)) for count in (1, 2, 3)]
        saturations = [image_color.adjust_saturation(x[1:], scale) for scale in (0.0, 0.5, 1.0, 3.0)]
        return [*hues, *contrasts, *saturations] + [
            image_resize.resize_bilinear(images, *size, *way)
            for images in (x, x[..., :1], x[:, ::2, :, ::2], np.tile(x, 8))
            for size in sizes
            for way in ways
        ]

    results = {}
    for word in (compiling.WAIT, compiling.NEVER):
        monkeypatch.setattr(compiling.compiler, "policy", word)
        for each in jit.loops:
            monkeypatch.setattr(each, "least", 0)
            if word == compiling.NEVER:
                monkeypatch.setattr(each, "versions", {})
        with np.errstate(all="ignore"):
            results[word] = everything()
    for ours, numpys in zip(results[compiling.WAIT], results[compiling.NEVER], strict=True):
        np.testing.assert_allclose(ours, numpys, rtol=1e-5, atol=1e-6)

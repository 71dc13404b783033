"""Images: what samples cannot show, because TensorFlow 2.21 does it otherwise or because chance decides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowlab as tf
from tests.ops import image_files

PICTURE = (np.arange(6 * 5 * 3) * 53 % 256).reshape(6, 5, 3).astype(np.uint8)


@pytest.fixture(autouse=True)
def fresh_graph() -> Any:
    """Each test starts with an empty graph."""
    with tf.Graph().as_default():
        yield


def run(fetches: Any, feeds: Any = None) -> Any:
    """The values of some tensors in a session of their own."""
    with tf.Session() as sess:
        return sess.run(fetches, feeds)


def test_padded_suppression_gives_numbers_and_their_count() -> None:
    boxes = [[0.0, 0, 1, 1], [0, 0.1, 1, 1.1], [0, 3, 1, 4]]
    short = tf.image.non_max_suppression_padded(boxes, [0.9, 0.8, 0.7], 5)
    padded = tf.image.non_max_suppression_padded(boxes, [0.9, 0.8, 0.7], 5, pad_to_max_output_size=True)
    assert [t.shape.as_list() for t in (*short, *padded)] == [[None], [], [5], []]
    (numbers, count), (padded_numbers, padded_count) = run([short, padded])
    assert (numbers.tolist(), int(count)) == ([0, 2], 2)
    assert (padded_numbers.tolist(), int(padded_count)) == ([0, 2, 0, 0, 0], 2)


def test_standardized_whole_numbers_keep_their_type() -> None:
    # 1.15 converts back: what is negative becomes 0, what is above 1 the largest number.
    found = tf.image.per_image_standardization(PICTURE)
    assert found.dtype == tf.uint8
    value = run(found)
    assert set(np.unique(value[PICTURE.mean() > PICTURE])) == {0}
    assert value[PICTURE.mean() + 1.1 * PICTURE.std() < PICTURE].min() == 255


def test_quality_of_jpeg_leaves_the_channels_open() -> None:
    found = tf.image.adjust_jpeg_quality(PICTURE, 50)
    assert found.shape.as_list() == [None, None, None]
    wide = np.tile(PICTURE, (3, 3, 1))
    encoded = tf.image.encode_jpeg(wide, quality=50)
    again, direct = run([tf.image.adjust_jpeg_quality(wide, tf.constant(50)), tf.image.decode_jpeg(encoded)])
    np.testing.assert_array_equal(again, direct)


def test_unknown_rank_is_taken_for_one_image() -> None:
    x = tf.placeholder(tf.uint8)
    assert tf.image.flip_left_right(x).shape.as_list() == [None, None, None]
    assert tf.image.resize_image_with_crop_or_pad(x, 4, 7).shape.as_list() == [4, 7, None]
    flipped, cropped = run([tf.image.flip_left_right(x), tf.image.crop_to_bounding_box(x, 1, 2, 3, 2)], {x: PICTURE})
    np.testing.assert_array_equal(flipped, PICTURE[:, ::-1])
    np.testing.assert_array_equal(cropped, PICTURE[1:4, 2:4])


def test_flips_by_chance_are_flips_half_of_the_time() -> None:
    found = tf.image.random_flip_up_down(PICTURE, seed=8)
    with tf.Session() as sess:
        flipped = [bool((sess.run(found) == PICTURE[::-1]).all()) for _ in range(60)]
    assert 18 <= sum(flipped) <= 42
    batch = run(tf.image.random_flip_left_right(np.stack([PICTURE] * 60), seed=9))
    turned = sum(bool((image == PICTURE[:, ::-1]).all()) for image in batch)
    assert turned + sum(bool((image == PICTURE).all()) for image in batch) == 60
    assert 18 <= turned <= 42


def test_random_boxes_go_on_where_the_last_run_stopped() -> None:
    # TensorFlow 2.21: tf.compat.v1.image.sample_distorted_bounding_box with the same arguments
    begin, size, _ = tf.image.sample_distorted_bounding_box([48, 64, 3], [[[0.25, 0.25, 0.75, 0.75]]], seed=1)
    with tf.Session() as sess:
        first, second = sess.run([begin, size]), sess.run([begin, size])
    assert [v.tolist() for v in first] == [[11, 3, 0], [21, 26, -1]]
    assert [v.tolist() for v in second] != [v.tolist() for v in first]


def test_images_of_any_format_are_decoded() -> None:
    contents = tf.placeholder(tf.string, [])
    image = tf.image.decode_image(contents)
    first = tf.image.decode_image(contents, expand_animations=False)
    with tf.Session() as sess:
        shapes = [
            [v.shape for v in sess.run([image, first], {contents: data})]
            for data in (image_files.JPEG, image_files.PNG, image_files.GIF, image_files.BMP)
        ]
    assert shapes == [[(19, 23, 3)] * 2, [(4, 6, 3)] * 2, [(3, 3, 4, 3), (3, 4, 3)], [(2, 3, 3)] * 2]


@pytest.mark.parametrize(
    ("contents", "channels", "words"),
    [
        (b"no image at all", 0, "Unable to decode bytes as JPEG, PNG, GIF, or BMP"),
        (image_files.JPEG, 4, r"Channels must be in \(None, 0, 1, 3\) when decoding JPEG images"),
        (image_files.GIF, 1, r"Channels must be in \(None, 0, 3\) when decoding GIF images"),
        (image_files.BMP, 1, r"Channels must be in \(None, 0, 3\) when decoding BMP images"),
    ],
)
def test_what_cannot_be_decoded_says_why(contents: bytes, channels: int, words: str) -> None:
    image = tf.image.decode_image(contents, channels)
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        run(image)


def test_channels_of_decode_image_are_checked_while_building() -> None:
    with pytest.raises(ValueError, match=r"channels must be in \(None, 0, 1, 3, 4\)") as caught:
        tf.image.decode_image(image_files.PNG, channels=2)
    assert "Where" in "\n".join(caught.value.__notes__)


def test_bmp_has_the_channels_of_the_file() -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="does not match bits per pixel from file 3"):
        run(tf.image.decode_bmp(image_files.BMP, channels=4))


@pytest.mark.parametrize("method", ["bilinear", "nearest", "bicubic", "area"])
def test_sizes_that_nobody_can_hold(method: str) -> None:
    image = tf.image.resize_images(tf.placeholder(tf.float32, [None, 2, 2, 1]), [2**30, 2**30], method)
    with pytest.raises(tf.errors.ResourceExhaustedError, match="OOM when allocating"):
        run(image, {image.graph.get_operations()[0].outputs[0]: np.zeros((1, 2, 2, 1))})


def test_empty_images_cannot_be_encoded() -> None:
    for encode in (tf.image.encode_png, tf.image.encode_jpeg):
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"empty|from 1"):
            run(encode(np.zeros((0, 3, 3), np.uint8)))


def test_noise_of_a_glimpse_changes_from_run_to_run() -> None:
    image = np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1)
    glimpse = tf.image.extract_glimpse(image, [4, 4], [[-1.0, -1.0]])
    with tf.Session() as sess:
        first, second = sess.run(glimpse), sess.run(glimpse)
    assert (first != second).any()
    np.testing.assert_array_equal(first[0, 2:, 2:], image[0, :2, :2])


def test_unknown_method_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="Resize method is not implemented") as caught:
        tf.image.resize_images(PICTURE, [2, 2], method="linear")
    assert "ResizeMethod.BILINEAR" in "\n".join(caught.value.__notes__)


def test_preserved_proportions_need_a_known_size() -> None:
    with pytest.raises(ValueError, match="preserve_aspect_ratio"):
        tf.image.resize_images(PICTURE, tf.placeholder(tf.int32, [2]), preserve_aspect_ratio=True)


def test_images_of_both_rank_and_size_unknown_are_checked_when_they_run() -> None:
    x = tf.placeholder(tf.float32)
    found = tf.image.flip_left_right(x)
    with pytest.raises(tf.errors.InvalidArgumentError, match="must be at least three-dimensional"):
        run(found, {x: np.zeros((3, 3))})

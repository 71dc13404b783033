"""`tf.contrib.image`, which TensorFlow 2 does not have: against turns, moves and matrices in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowlab as tf

PICTURE = np.arange(5 * 5 * 2, dtype=np.float32).reshape(5, 5, 2) + 1


@pytest.fixture(autouse=True)
def fresh_graph() -> Any:
    """Each test starts with an empty graph."""
    with tf.Graph().as_default():
        yield


def run(fetches: Any) -> Any:
    """The values of some tensors in a session of their own."""
    with tf.Session() as sess:
        return sess.run(fetches)


@pytest.mark.parametrize("quarters", [0, 1, 2, 3, -1])
def test_quarters_of_a_turn(quarters: int) -> None:
    found = run(tf.contrib.image.rotate(PICTURE, quarters * np.pi / 2))
    np.testing.assert_array_equal(found, np.rot90(PICTURE, quarters))


def test_each_image_of_a_batch_has_its_own_angle() -> None:
    batch = np.stack([PICTURE, PICTURE])
    found = tf.contrib.image.rotate(batch, [np.pi, np.pi / 2])
    assert found.shape.as_list() == [2, 5, 5, 2]
    np.testing.assert_array_equal(run(found), [np.rot90(PICTURE, 2), np.rot90(PICTURE)])


def test_a_small_turn_and_back_keeps_the_middle() -> None:
    smooth = np.add.outer(np.arange(20.0), np.arange(20.0)).astype(np.float32)
    turned = tf.contrib.image.rotate(smooth, 0.2, "BILINEAR")
    back = run(tf.contrib.image.rotate(turned, -0.2, "BILINEAR"))
    np.testing.assert_allclose(back[6:14, 6:14], smooth[6:14, 6:14], atol=1e-3)


def test_moves_by_parts_of_a_pixel() -> None:
    row = np.float32([[2, 4, 8]])
    assert run(tf.contrib.image.translate(row, [0.5, 0.0], "BILINEAR")).tolist() == [[1, 3, 6]]
    assert run(tf.contrib.image.translate(row, [-1.0, 0.0])).tolist() == [[4, 8, 0]]


def test_another_size_of_the_result() -> None:
    found = tf.contrib.image.transform(PICTURE, [0.5, 0, 0, 0, 0.5, 0, 0, 0], output_shape=[9, 9])
    assert found.shape.as_list() == [9, 9, 2]
    np.testing.assert_array_equal(run(found)[::2, ::2], PICTURE)


def test_transforms_and_matrices() -> None:
    flat = np.float32([[1, 2, 3, 4, 5, 6, 7, 8]])
    matrices = tf.contrib.image.flat_transforms_to_matrices(flat)
    again = tf.contrib.image.matrices_to_flat_transforms(matrices * 2.0)
    values = run([matrices, again])
    np.testing.assert_array_equal(values[0], [[[1, 2, 3], [4, 5, 6], [7, 8, 1]]])
    np.testing.assert_array_equal(values[1], flat)


def test_composed_transforms_do_the_same_as_both() -> None:
    turn = tf.contrib.image.angles_to_projective_transforms(np.pi / 2, 5.0, 5.0)
    move = tf.contrib.image.translations_to_projective_transforms([1.0, 0.0])
    both = tf.contrib.image.transform(PICTURE, tf.contrib.image.compose_transforms(turn, move))
    one_by_one = tf.contrib.image.transform(tf.contrib.image.transform(PICTURE, turn), move)
    together, apart = run([both, one_by_one])
    np.testing.assert_array_equal(together, apart)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda image: image.rotate(tf.placeholder(tf.float32), 1.0), "rank must be statically known"),
        (lambda image: image.rotate([1.0, 2.0], 1.0), "Images should have rank between 2 and 4"),
        (lambda image: image.rotate(PICTURE, [[1.0]]), "Angles should have rank 0 or 1"),
        (lambda image: image.rotate(PICTURE.astype(np.int16), 1.0), "Invalid dtype"),
        (lambda image: image.translate(PICTURE, 1.0), "Translations should have rank 1 or 2"),
        (lambda image: image.transform(PICTURE, [[[1.0] * 8]]), "Transforms should have rank 1 or 2"),
    ],
)
def test_wrong_ranks_are_refused(call: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words) as caught:
        call(tf.contrib.image)
    assert "Where" in "\n".join(caught.value.__notes__)

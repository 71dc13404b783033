"""Descriptions of tensors and of what is made of tensors; answers of TensorFlow."""

from __future__ import annotations

from typing import Any

import pytest

import flowlab as tf


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: tf.TensorSpec([None, 2]), "TensorSpec(shape=(?, 2), dtype=tf.float32, name=None)"),
        (
            lambda: tf.SparseTensorSpec([None, 2], tf.int32),
            "SparseTensorSpec(TensorShape([Dimension(None), Dimension(2)]), tf.int32)",
        ),
        (lambda: tf.SparseTensorSpec(), "SparseTensorSpec(TensorShape(None), tf.float32)"),
        (
            lambda: tf.RaggedTensorSpec([2, None], tf.int32),
            "RaggedTensorSpec(TensorShape([Dimension(2), Dimension(None)]), tf.int32, 1, tf.int64)",
        ),
        (
            lambda: tf.RaggedTensorSpec(None, tf.int32, 2, tf.int32),
            "RaggedTensorSpec(TensorShape(None), tf.int32, 2, tf.int32)",
        ),
        (
            lambda: tf.TensorArraySpec([2], tf.int32),
            "TensorArraySpec(TensorShape([Dimension(2)]), tf.int32, False, True)",
        ),
        (
            lambda: tf.IndexedSlicesSpec(),
            "IndexedSlicesSpec(TensorShape(None), tf.float32, tf.int64, None, TensorShape([Dimension(None)]))",
        ),
        (
            lambda: tf.RaggedTensorSpec.from_value(tf.ragged.constant([[1], [2, 3]])),
            "RaggedTensorSpec(TensorShape([Dimension(2), Dimension(None)]), tf.int32, 1, tf.int64)",
        ),
        (
            lambda: tf.SparseTensorSpec.from_value(tf.SparseTensor([[0, 1]], [1], [3, 2])),
            "SparseTensorSpec(TensorShape([Dimension(3), Dimension(2)]), tf.int32)",
        ),
        (
            lambda: tf.TensorArraySpec.from_value(tf.TensorArray(tf.float32, 3)),
            "TensorArraySpec(TensorShape(None), tf.float32, False, True)",
        ),
        (
            lambda: tf.SparseTensorSpec([None, 2]).most_specific_compatible_type(tf.SparseTensorSpec([4, 3])),
            "SparseTensorSpec(TensorShape([Dimension(None), Dimension(None)]), tf.float32)",
        ),
        (
            lambda: tf.TensorSpec([2], name="x").most_specific_compatible_type(tf.TensorSpec([3])),
            "TensorSpec(shape=(?,), dtype=tf.float32, name='x')",
        ),
        (
            lambda: tf.TensorArraySpec([2, 3]).most_specific_compatible_type(tf.TensorArraySpec([2])),
            "TensorArraySpec(TensorShape(None), tf.float32, False, True)",
        ),
    ],
)
def test_how_they_are_written(make: Any, text: str) -> None:
    assert repr(make()) == text


@pytest.mark.parametrize(
    ("spec", "value", "fits"),
    [
        (lambda: tf.SparseTensorSpec([None, 2], tf.int32), lambda: tf.SparseTensor([[0, 1]], [1], [3, 2]), True),
        (lambda: tf.SparseTensorSpec([None, 3], tf.int32), lambda: tf.SparseTensor([[0, 1]], [1], [3, 2]), False),
        (lambda: tf.SparseTensorSpec([None, 2]), lambda: tf.SparseTensor([[0, 1]], [1], [3, 2]), False),
        (lambda: tf.SparseTensorSpec(), lambda: 3, False),
        (lambda: tf.SparseTensorSpec(), lambda: tf.TensorSpec([2]), False),
        (lambda: tf.RaggedTensorSpec([2, None], tf.int32), lambda: tf.ragged.constant([[1], [2, 3]]), True),
        (lambda: tf.RaggedTensorSpec([3, None], tf.int32), lambda: tf.ragged.constant([[1], [2, 3]]), False),
        (lambda: tf.RaggedTensorSpec([2, None], tf.int32), lambda: 3, False),
        (lambda: tf.TensorSpec([2], name="x"), lambda: tf.constant([1.0, 2.0]), True),
        (lambda: tf.TensorSpec([]), lambda: 3, False),
        (lambda: tf.TensorArraySpec(), lambda: tf.TensorArray(tf.float32, 3), True),
        (lambda: tf.TensorArraySpec(dynamic_size=True), lambda: tf.TensorArray(tf.float32, 3), False),
    ],
)
def test_what_fits(spec: Any, value: Any, fits: bool) -> None:
    assert spec().is_compatible_with(value()) is fits


def test_equal_descriptions_are_one_key() -> None:
    assert tf.SparseTensorSpec([2]) == tf.SparseTensorSpec([2])
    assert tf.SparseTensorSpec([2]) != tf.SparseTensorSpec([3])
    assert len({tf.RaggedTensorSpec([2, None]), tf.RaggedTensorSpec([2, None]), tf.SparseTensorSpec([2, None])}) == 2


def test_value_types() -> None:
    specs = [tf.TensorSpec([]), tf.SparseTensorSpec(), tf.RaggedTensorSpec([2, None]), tf.TensorArraySpec()]
    assert [s.value_type for s in specs] == [tf.Tensor, tf.SparseTensor, tf.RaggedTensor, tf.TensorArray]
    assert tf.IndexedSlicesSpec().value_type is tf.IndexedSlices


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: tf.TypeSpec(), TypeError, "abstract"),
        (
            lambda: tf.RaggedTensorSpec(None, tf.int32),
            ValueError,
            "Must specify ragged_rank or a shape with a known rank.",
        ),
        (
            lambda: tf.RaggedTensorSpec([2], ragged_rank=1),
            ValueError,
            r"`ragged_rank` \(1\) must be less than rank \(1\)",
        ),
        (
            lambda: tf.RaggedTensorSpec([2, None], ragged_rank="a"),
            TypeError,
            "`ragged_rank` must be an int. Received a.",
        ),
        (
            lambda: tf.TensorSpec([2]).most_specific_compatible_type(tf.TensorSpec([3], tf.int32)),
            ValueError,
            "No TypeSpec is compatible with both",
        ),
        (
            lambda: tf.TensorSpec([2]).most_specific_compatible_type(tf.SparseTensorSpec([2])),
            ValueError,
            "No TypeSpec is compatible with both",
        ),
    ],
)
def test_refused(call: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        call()

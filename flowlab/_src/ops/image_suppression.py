"""Non-maximum suppression: of many boxes that show the same things, those with the best scores."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError
from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.op import Array, Op, Spec
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape, merge_dims
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import image_boxes as kernels
from flowlab._src.kernels.memory import require_memory
from flowlab._src.util.export import export

Score = TypeVar("Score", np.float16, np.float32)
Threshold = TypeVar("Threshold", np.float16, np.float32)

LOWEST = float("-inf")


def refused(message: str) -> InvalidArgumentError:
    """The error of a kernel for inputs that cannot be."""
    return InvalidArgumentError(None, None, message)


def brackets(x: Any) -> str:
    """The shape of a value as the runtime writes it."""
    return "[" + ",".join(str(n) for n in np.shape(x)) + "]"


# ---- the operations ------------------------------------------------------------------------------------------------


class Suppression(Op, abstract=True):
    """Boxes with scores, of which those are kept that overlap with no better one."""

    preferred_dtypes: ClassVar[dict[str, DType]] = {"max_output_size": dtypes.int32}
    pads = False  # the result can be filled up with zeros

    def _choose(
        self, boxes: Any, scores: Any, most: Any, threshold: Any, least_score: Any = LOWEST, sigma: Any = 0.0
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Boxes kept, their scores, and how many they are."""
        boxes = np.asarray(boxes)
        if boxes.ndim != 2:
            raise refused(f"boxes must be 2-D{brackets(boxes)} (Shape must be rank 2 but is rank {boxes.ndim})")
        if boxes.shape[1] != 4:
            raise refused(f"boxes must have 4 columns (Dimension must be 4 but is {boxes.shape[1]})")
        _check_thresholds(most, threshold, least_score, sigma)
        if not 0 <= threshold <= 1:
            raise refused("iou_threshold must be in [0, 1]")
        _check_scores(scores, boxes.shape[0])
        scores = np.asarray(scores)
        if most < 0:
            raise refused("output size must be non-negative")
        kept, kept_scores = kernels.suppress_boxes(
            boxes, scores, int(most), float(threshold), float(least_score), float(sigma)
        )  # fmt: skip
        count = len(kept)
        if self.pads and getattr(self, "pad_to_max_output_size", False):
            require_memory([int(most)], np.int32)
            kept += [0] * (int(most) - count)
            kept_scores += [0] * (int(most) - count)
        return np.array(kept, np.int32), np.array(kept_scores, scores.dtype), np.array(count, np.int32)

    def _kept_shape(self, boxes: Spec, scores: Spec, most: Spec, thresholds: tuple[Spec, ...]) -> TensorShape:
        count, four = boxes.ranked(2)
        (length,) = scores.ranked(1)
        for scalar in (most, *thresholds):
            scalar.ranked(0)
        merge_dims(count, length)
        if four not in (None, 4):
            raise ShapeError(f"Dimension must be 4 but is {four}")
        return TensorShape.of((None,))


def _check_scores(scores: Any, count: int) -> None:
    if np.ndim(scores) != 1:
        raise refused(f"scores must be 1-D{brackets(scores)} (Shape must be rank 1 but is rank {np.ndim(scores)})")
    if len(scores) != count:
        message = f"scores has incompatible shape (Dimensions must be equal, but are {count} and {len(scores)})"
        raise refused(message)


def _check_thresholds(most: Any, threshold: Any, least_score: Any, sigma: Any) -> None:
    for name, value in (
        ("max_output_size", most), ("iou_threshold", threshold), ("score_threshold", least_score),
        ("soft_nms_sigma", sigma),
    ):  # fmt: skip
        if np.ndim(value) != 0:
            words = f"(Shape must be rank 0 but is rank {np.ndim(value)})"
            raise refused(f"{name} must be 0-D, got shape {brackets(value)} {words}")


class NonMaxSuppression(Suppression):
    """The oldest form: the threshold is an attribute."""

    iou_threshold: float = 0.5

    def kernel(
        self, boxes: Array[np.float32], scores: Array[np.float32], max_output_size: Array[np.int32]
    ) -> Array[np.int32]:
        return self._choose(boxes, scores, max_output_size, self.iou_threshold)[0]

    def shape(self, boxes: Spec, scores: Spec, max_output_size: Spec) -> TensorShape:
        return self._kept_shape(boxes, scores, max_output_size, ())


class NonMaxSuppressionV2(Suppression):
    """The threshold is an input."""

    def kernel(
        self,
        boxes: Array[Score],
        scores: Array[Score],
        max_output_size: Array[np.int32],
        iou_threshold: Array[Threshold],
    ) -> Array[np.int32]:
        return self._choose(boxes, scores, max_output_size, iou_threshold)[0]

    def shape(self, boxes: Spec, scores: Spec, max_output_size: Spec, *thresholds: Spec) -> TensorShape:
        return self._kept_shape(boxes, scores, max_output_size, thresholds)


class NonMaxSuppressionV3(Suppression):
    """With a least score."""

    def kernel(
        self,
        boxes: Array[Score],
        scores: Array[Score],
        max_output_size: Array[np.int32],
        iou_threshold: Array[Threshold],
        score_threshold: Array[Threshold],
    ) -> Array[np.int32]:
        return self._choose(boxes, scores, max_output_size, iou_threshold, score_threshold)[0]

    def shape(self, boxes: Spec, scores: Spec, max_output_size: Spec, *thresholds: Spec) -> TensorShape:
        return self._kept_shape(boxes, scores, max_output_size, thresholds)


class NonMaxSuppressionV4(Suppression):
    """Says how many boxes are kept, and can fill the list up with zeros."""

    pad_to_max_output_size: bool = False
    pads = True

    def kernel(
        self,
        boxes: Array[Score],
        scores: Array[Score],
        max_output_size: Array[np.int32],
        iou_threshold: Array[Threshold],
        score_threshold: Array[Threshold],
    ) -> tuple[Array[np.int32], Array[np.int32]]:
        kept, _, count = self._choose(boxes, scores, max_output_size, iou_threshold, score_threshold)
        return kept, count

    def shape(self, boxes: Spec, scores: Spec, max_output_size: Spec, *thresholds: Spec) -> list[TensorShape]:
        kept = self._kept_shape(boxes, scores, max_output_size, thresholds)
        return [_padded(kept, max_output_size) if self.pad_to_max_output_size else kept, TensorShape.of(())]


def _padded(kept: TensorShape, most: Spec) -> TensorShape:
    if most.value is None:
        return kept
    count = int(most.value)
    if count < 0:
        raise ShapeError(f"Dimension size, given by scalar input 2, must be non-negative but is {count}")
    return TensorShape.of((count,))


class NonMaxSuppressionV5(Suppression):
    """With lowered scores instead of dropped boxes, if `soft_nms_sigma` is above 0."""

    pad_to_max_output_size: bool = False
    pads = True

    def kernel(
        self,
        boxes: Array[Score],
        scores: Array[Score],
        max_output_size: Array[np.int32],
        iou_threshold: Array[Score],
        score_threshold: Array[Score],
        soft_nms_sigma: Array[Score],
    ) -> tuple[Array[np.int32], Array[Score], Array[np.int32]]:
        if np.ndim(soft_nms_sigma) == 0 and soft_nms_sigma < 0:
            raise refused("soft_nms_sigma_val must be >= 0")
        return self._choose(boxes, scores, max_output_size, iou_threshold, score_threshold, soft_nms_sigma)

    def shape(self, boxes: Spec, scores: Spec, max_output_size: Spec, *thresholds: Spec) -> list[TensorShape]:
        kept = self._kept_shape(boxes, scores, max_output_size, thresholds)
        kept = _padded(kept, max_output_size) if self.pad_to_max_output_size else kept
        return [kept, kept, TensorShape.of(())]


class NonMaxSuppressionWithOverlaps(Suppression):
    """The overlaps are given, of every box with every other one."""

    grad: ClassVar[Any] = None

    def kernel(
        self,
        overlaps: Array[np.float32],
        scores: Array[np.float32],
        max_output_size: Array[np.int32],
        overlap_threshold: Array[np.float32],
        score_threshold: Array[np.float32],
    ) -> Array[np.int32]:
        overlaps = np.asarray(overlaps)
        if overlaps.ndim != 2:
            raise refused(f"overlaps must be 2-D{brackets(overlaps)}")
        if overlaps.shape[0] != overlaps.shape[1]:
            raise refused(f"overlaps must be square{brackets(overlaps)}")
        _check_thresholds(max_output_size, overlap_threshold, score_threshold, 0.0)
        _check_scores(scores, len(overlaps))

        def overlap(one: int, others: Any) -> Any:
            return overlaps[one, list(others)]

        if max_output_size < 0:
            raise refused("output size must be non-negative")
        kept, _ = kernels.suppress(
            np.asarray(scores), int(max_output_size), overlap, float(overlap_threshold), float(score_threshold)
        )
        return np.array(kept, np.int32)

    def shape(self, overlaps: Spec, scores: Spec, max_output_size: Spec, *thresholds: Spec) -> TensorShape:
        rows, columns = overlaps.ranked(2)
        (length,) = scores.ranked(1)
        for scalar in (max_output_size, *thresholds):
            scalar.ranked(0)
        merge_dims(rows, length)
        merge_dims(rows, columns)
        return TensorShape.of((None,))


class CombinedNonMaxSuppression(Op):
    """Suppression for each class of each image, the results put together."""

    pad_per_class: bool = False
    clip_boxes: bool = True
    preferred_dtypes: ClassVar[dict[str, DType]] = {
        "max_output_size_per_class": dtypes.int32,
        "max_total_size": dtypes.int32,
    }

    def kernel(
        self,
        boxes: Array[np.float32],
        scores: Array[np.float32],
        max_output_size_per_class: Array[np.int32],
        max_total_size: Array[np.int32],
        iou_threshold: Array[np.float32],
        score_threshold: Array[np.float32],
    ) -> tuple[Array[np.float32], Array[np.float32], Array[np.float32], Array[np.int32]]:
        boxes, scores = np.asarray(boxes), np.asarray(scores)
        for name, value in (("max_size_per_class", max_output_size_per_class), ("max_total_size", max_total_size),
                            ("iou_threshold", iou_threshold), ("score_threshold", score_threshold)):  # fmt: skip
            if np.ndim(value) != 0:
                raise refused(f"{name} must be 0-D, got shape {brackets(value)}")
        per_class, total = int(max_output_size_per_class), int(max_total_size)
        if per_class <= 0:
            raise refused("max_size_per_class must be positive")
        if total <= 0:
            raise refused(f"max_total_size must be > 0{total}")
        if not 0 <= iou_threshold <= 1:
            raise refused("iou_threshold must be in [0, 1]")
        if boxes.ndim != 4 or boxes.shape[3] != 4:
            raise refused(f"boxes must be 4-D with 4 columns{brackets(boxes)}")
        if scores.ndim != 3 or scores.shape[:2] != boxes.shape[:2]:
            raise refused(f"scores has incompatible shape {brackets(scores)} for boxes {brackets(boxes)}")
        batch, classes = len(boxes), scores.shape[2]
        if boxes.shape[2] not in (1, classes):
            raise refused(f"third dimension of boxes must be either 1 or num classes: {brackets(boxes)}")
        rows = min(total, per_class * classes) if self.pad_per_class else total
        require_memory((batch, rows, 4), np.float32)
        result = np.zeros((batch, rows, 4), np.float32), np.zeros((batch, rows), np.float32)
        numbers, counts = np.zeros((batch, rows), np.float32), np.zeros(batch, np.int32)
        for i in range(batch):
            found = kernels.suppress_classes(
                boxes[i], scores[i], per_class, float(iou_threshold), float(score_threshold)
            )
            count = counts[i] = min(len(found[1]), rows)
            kept = np.clip(found[0], 0, 1) if self.clip_boxes else found[0]
            result[0][i, :count], result[1][i, :count], numbers[i, :count] = (x[:count] for x in (kept, *found[1:]))
        return *result, numbers, counts

    def shape(self, boxes: Spec, scores: Spec, per_class: Spec, total: Spec, *thresholds: Spec) -> list[TensorShape]:
        batch, count, classes, four = boxes.ranked(4)
        score_batch, score_count, score_classes = scores.ranked(3)
        for scalar in (per_class, total, *thresholds):
            scalar.ranked(0)
        if four not in (None, 4):
            raise ShapeError(f"Dimension must be 4 but is {four}")
        merge_dims(batch, score_batch)
        merge_dims(count, score_count)
        if None not in (classes, score_classes) and classes not in (1, score_classes):
            raise ShapeError(
                f"third dimension of boxes must be either 1 or equal to the third dimension of scores, got {classes} and {score_classes}"
            )
        rows = None
        if total.value is not None:
            rows = int(total.value)
            if rows <= 0:
                raise ShapeError("max_total_size should be > 0 ")
            if self.pad_per_class:
                rows = None
                if per_class.value is not None and score_classes is not None:
                    rows = min(int(total.value), int(per_class.value) * score_classes)
        return [
            TensorShape.of((batch, rows, 4)), TensorShape.of((batch, rows)), TensorShape.of((batch, rows)),
            TensorShape.of((batch,)),
        ]  # fmt: skip


# ---- the functions -------------------------------------------------------------------------------------------------


@export("image.non_max_suppression")
def non_max_suppression(
    boxes: Any,
    scores: Any,
    max_output_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = LOWEST,
    name: str | None = None,
) -> Tensor:
    """Choose boxes that do not show the same thing: the best first, then the best that overlaps with none before it.

    Parameters
    ----------
    boxes : float32 or float16 Tensor, shape (boxes, 4)
        [y1, x1, y2, x2], any two opposite corners, in any unit.
    scores : Tensor of the same type, shape (boxes,)
    max_output_size : int or scalar int32 Tensor
        Take no more than that.
    iou_threshold : float or scalar Tensor
        Two boxes overlap when their intersection is more than this part of their union.
    score_threshold : float or scalar Tensor
        Leave out boxes with this score or less.
    name : str, optional

    Returns
    -------
    Tensor, shape (chosen,), int32
        The numbers of the boxes chosen, best first.

    Examples
    --------
    >>> boxes = [[0.0, 0, 1, 1], [0, 0.1, 1, 1.1], [0, 3, 1, 4]]
    >>> chosen = tf.image.non_max_suppression(boxes, [0.9, 0.8, 0.7], 3)
    >>> with tf.Session() as sess:
    ...     sess.run(chosen)
    array([0, 2], dtype=int32)
    """
    with name_scope(name, "non_max_suppression"):
        iou_threshold = convert(iou_threshold, None, "iou_threshold")
        score_threshold = convert(score_threshold, None, "score_threshold")
        return NonMaxSuppressionV3()(boxes, scores, max_output_size, iou_threshold, score_threshold)


@export("image.non_max_suppression_with_scores")
def non_max_suppression_with_scores(
    boxes: Any,
    scores: Any,
    max_output_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = LOWEST,
    soft_nms_sigma: Any = 0.0,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Choose boxes as `tf.image.non_max_suppression` does, or lower the scores of boxes that overlap with better ones.

    Parameters
    ----------
    boxes, scores, max_output_size, iou_threshold, score_threshold
        See `tf.image.non_max_suppression`.
    soft_nms_sigma : float or scalar Tensor
        Above 0: no box is dropped for overlapping; its score is multiplied by exp(-overlap² / (2 sigma)).
    name : str, optional

    Returns
    -------
    (Tensor, Tensor)
        The numbers of the boxes chosen, and their scores.

    References
    ----------
    Bodla and others, "Soft-NMS: improving object detection with one line of code", 2017.
    """
    with name_scope(name, "non_max_suppression_with_scores"):
        iou_threshold = convert(iou_threshold, None, "iou_threshold")
        score_threshold = convert(score_threshold, None, "score_threshold")
        soft_nms_sigma = convert(soft_nms_sigma, None, "soft_nms_sigma")
        chosen, chosen_scores, _ = NonMaxSuppressionV5(pad_to_max_output_size=False)(
            boxes, scores, max_output_size, iou_threshold, score_threshold, soft_nms_sigma
        )
        return chosen, chosen_scores


@export("image.non_max_suppression_padded")
def non_max_suppression_padded(
    boxes: Any,
    scores: Any,
    max_output_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = LOWEST,
    pad_to_max_output_size: bool = False,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Choose boxes as `tf.image.non_max_suppression` does, and say how many they are.

    Parameters
    ----------
    boxes, scores, max_output_size, iou_threshold, score_threshold
        See `tf.image.non_max_suppression`.
    pad_to_max_output_size : bool
        Fill the numbers up with zeros to `max_output_size`.
    name : str, optional

    Returns
    -------
    (Tensor, Tensor)
        The numbers of the boxes chosen, and how many of them count.
    """
    with name_scope(name, "non_max_suppression_padded"):
        iou_threshold = convert(iou_threshold, None, "iou_threshold")
        score_threshold = convert(score_threshold, None, "score_threshold")
        chosen, count = NonMaxSuppressionV4(pad_to_max_output_size=pad_to_max_output_size)(
            boxes, scores, max_output_size, iou_threshold, score_threshold
        )
        return chosen, count


@export("image.non_max_suppression_overlaps")
def non_max_suppression_overlaps(
    overlaps: Any,
    scores: Any,
    max_output_size: Any,
    overlap_threshold: Any = 0.5,
    score_threshold: Any = LOWEST,
    name: str | None = None,
) -> Tensor:
    """Choose things that do not overlap when it is known how much each overlaps with each.

    Parameters
    ----------
    overlaps : float32 Tensor, shape (things, things)
    scores : float32 Tensor, shape (things,)
    max_output_size, score_threshold
        See `tf.image.non_max_suppression`.
    overlap_threshold : float or scalar Tensor
        More than that is too much.
    name : str, optional

    Returns
    -------
    Tensor, shape (chosen,), int32
    """
    with name_scope(name, "non_max_suppression_overlaps"):
        overlap_threshold = convert(overlap_threshold, None, "overlap_threshold")
        return NonMaxSuppressionWithOverlaps()(overlaps, scores, max_output_size, overlap_threshold, score_threshold)


@export("image.combined_non_max_suppression")
def combined_non_max_suppression(
    boxes: Any,
    scores: Any,
    max_output_size_per_class: Any,
    max_total_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = LOWEST,
    pad_per_class: bool = False,
    clip_boxes: bool = True,
    name: str | None = None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Choose boxes for each class of each image of a batch.

    Parameters
    ----------
    boxes : float32 Tensor, shape (batch, boxes, classes or 1, 4)
    scores : float32 Tensor, shape (batch, boxes, classes)
    max_output_size_per_class, max_total_size : int or scalar int32 Tensor
        Take no more than that.
    iou_threshold, score_threshold
        See `tf.image.non_max_suppression`.
    pad_per_class : bool
        The results have max_output_size_per_class * classes rows, if that is less than `max_total_size`.
    clip_boxes : bool
        Cut the boxes off at 0 and 1.
    name : str, optional

    Returns
    -------
    (Tensor, Tensor, Tensor, Tensor)
        Boxes (batch, rows, 4), scores and class numbers (batch, rows), filled up with zeros; the counts (batch,).
    """
    with name_scope(name, "combined_non_max_suppression"):
        iou_threshold = convert(iou_threshold, dtypes.float32, "iou_threshold")
        score_threshold = convert(score_threshold, dtypes.float32, "score_threshold")
        result = CombinedNonMaxSuppression(pad_per_class=pad_per_class, clip_boxes=clip_boxes)(
            boxes, scores, max_output_size_per_class, max_total_size, iou_threshold, score_threshold
        )
        return tuple(result)

"""Samples of bounding boxes: ops/image_boxes.py, ops/image_suppression.py."""

from __future__ import annotations

import numpy as np

from tests.ops.sample import Failure, Sample

GENERATOR = np.random.RandomState(3)
CORNERS = GENERATOR.rand(30, 2)
BOXES = np.concatenate([CORNERS, CORNERS + 0.1 + 0.3 * GENERATOR.rand(30, 2)], 1).astype(np.float32)
BOXES[4] = BOXES[4, [2, 3, 0, 1]]  # upside down
BOXES[7] = 0.5  # empty
SCORES = (GENERATOR.permutation(30) / 30).astype(np.float32)
SCORES[[3, 9]] = SCORES[3]  # a tie
OVERLAPS = GENERATOR.rand(12, 12).astype(np.float32)
CLASSES = GENERATOR.permutation(2 * 30 * 3).reshape(2, 30, 3).astype(np.float32) / 180
MANY = np.stack([BOXES, BOXES[::-1] - 0.2])[:, :, None]
EACH = np.stack([MANY[:, :, 0], MANY[:, :, 0] * 0.9, MANY[:, :, 0] + 0.05], 2)
IMAGES = np.linspace(0, 0.4, 2 * 7 * 9 * 3, dtype=np.float32).reshape(2, 7, 9, 3)
DRAWN = np.array(
    [
        [[0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1], [-0.5, 0.3, 0.4, 1.6]],
        [[0.9, 0.1, 0.2, 0.5], [2, 2, 3, 3], [0.5, 0.5, 0.5, 0.5]],
    ],
    np.float32,
)

SAMPLES = [
    Sample("NonMaxSuppressionV3", lambda tf, b, s: tf.image.non_max_suppression(b, s, 10), (BOXES, SCORES), exact=True),
    *[
        Sample(
            "NonMaxSuppressionV3",
            lambda tf, b, s, o=o: tf.image.non_max_suppression(b, s, *o),
            (BOXES, SCORES),
            exact=True,
        )
        for o in ((3, 0.2), (100, 0.0), (100, 1.0), (20, 0.3, 0.5), (0,), (5, 0.5, 2.0))
    ],
    Sample(
        "NonMaxSuppressionV3",
        lambda tf, b, s, n: tf.image.non_max_suppression(b, s, n, 0.3),
        (BOXES, SCORES, np.int32(6)),
        exact=True,
    ),
    Sample(
        "NonMaxSuppressionV3",
        lambda tf, b, s: tf.image.non_max_suppression(b, s, 4),
        (np.zeros((0, 4), np.float32), np.zeros(0, np.float32)),
        exact=True,
    ),
    Sample(
        "NonMaxSuppression",
        lambda tf, b, s: tf.raw_ops.NonMaxSuppression(boxes=b, scores=s, max_output_size=9, iou_threshold=0.25),
        (BOXES, SCORES),
        exact=True,
    ),
    Sample(
        "NonMaxSuppressionV2",
        lambda tf, b, s: tf.raw_ops.NonMaxSuppressionV2(boxes=b, scores=s, max_output_size=9, iou_threshold=0.25),
        (BOXES, SCORES),
        exact=True,
    ),
    *[
        Sample(
            "NonMaxSuppressionV4",
            lambda tf, b, s, p=p: list(
                tf.raw_ops.NonMaxSuppressionV4(
                    boxes=b,
                    scores=s,
                    max_output_size=25,
                    iou_threshold=0.3,
                    score_threshold=0.0,
                    pad_to_max_output_size=p,
                )
            ),
            (BOXES, SCORES),
            exact=True,
        )
        for p in (False, True)
    ],
    *[
        Sample(
            "NonMaxSuppressionV5",
            lambda tf, b, s, o=o: tf.image.non_max_suppression_with_scores(b, s, 25, 0.3, *o),
            (BOXES, SCORES),
            grad=False,
        )
        for o in ((), (0.2,), (0.2, 0.5), (0.4, 0.1))
    ],
    Sample(
        "NonMaxSuppressionV5",
        lambda tf, b, s: tf.raw_ops.NonMaxSuppressionV5(
            boxes=b,
            scores=s,
            max_output_size=25,
            iou_threshold=0.3,
            score_threshold=0.1,
            soft_nms_sigma=0.2,
            pad_to_max_output_size=True,
        ),
        (BOXES, SCORES),
        grad=False,
    ),
    *[
        Sample(
            "NonMaxSuppressionWithOverlaps",
            lambda tf, o, s, p=p: tf.image.non_max_suppression_overlaps(o, s, *p),
            (OVERLAPS, SCORES[:12].copy()),
            exact=True,
        )
        for p in ((5,), (12, 0.9), (12, 0.8, 0.3))
    ],
    *[
        Sample(
            "CombinedNonMaxSuppression",
            lambda tf, b, s, o=o: tf.image.combined_non_max_suppression(b, s, 4, 9, 0.3, **o),
            (boxes, CLASSES),
            grad=False,
        )
        for boxes in (MANY, EACH)
        for o in ({}, {"pad_per_class": True}, {"clip_boxes": False, "score_threshold": 0.9})
    ],
    Sample("DrawBoundingBoxes", lambda tf, x, b: tf.image.draw_bounding_boxes(x, b), (IMAGES, DRAWN)),
    Sample("DrawBoundingBoxes", lambda tf, x, b: tf.image.draw_bounding_boxes(x, b), (IMAGES[..., :1].copy(), DRAWN)),
    Sample(
        "DrawBoundingBoxes",
        lambda tf, x, b: tf.image.draw_bounding_boxes(x, b),
        (IMAGES.astype(np.float16), np.tile(DRAWN, (1, 4, 1))),
    ),
    Sample(
        "DrawBoundingBoxesV2",
        lambda tf, x, b: tf.image.draw_bounding_boxes(x, b, colors=[[1.0, 0.5, 0.25], [0.0, 1.0, 0.0]]),
        (IMAGES, DRAWN),
        grad=False,
    ),
    *[
        Sample(
            "SampleDistortedBoundingBoxV2",
            lambda tf, b, o=o: list(tf.image.sample_distorted_bounding_box([48, 64, 3], b, 3, 4, **o)),
            (np.clip(BOXES[None, :3], 0, 1),),
            exact=True,
        )
        for o in (
            {},
            {"min_object_covered": 0.9, "max_attempts": 30},
            {"area_range": [0.5, 1.0], "aspect_ratio_range": [0.3, 3.0], "min_object_covered": 0.0},
        )
    ],
    Sample(
        "SampleDistortedBoundingBoxV2",
        lambda tf, b: list(
            tf.image.sample_distorted_bounding_box(
                tf.constant([200, 100, 1], tf.int64), b, 5, use_image_if_no_bounding_boxes=True
            )
        ),
        (np.zeros((1, 0, 4), np.float32),),
        exact=True,
    ),
    Sample(
        "SampleDistortedBoundingBox",
        lambda tf, b: list(
            tf.raw_ops.SampleDistortedBoundingBox(image_size=[48, 64, 3], bounding_boxes=b, seed=3, seed2=4)
        ),
        (np.clip(BOXES[None, :3], 0, 1),),
        exact=True,
    ),
]

FAILURES = [
    Failure(
        "NonMaxSuppressionV3",
        lambda tf, b, s: tf.image.non_max_suppression(b, s, 3, 1.5),
        (BOXES, SCORES),
        "InvalidArgumentError",
        r"iou_threshold must be in \[0, 1\]",
        run=True,
    ),
    Failure(
        "NonMaxSuppressionV3",
        lambda tf, b, s: tf.image.non_max_suppression(b, s, -1),
        (BOXES, SCORES),
        "InvalidArgumentError",
        "output size must be non-negative",
        run=True,
    ),
    Failure(
        "NonMaxSuppressionV3",
        lambda tf, b, s: tf.image.non_max_suppression(b, s, 3),
        (BOXES, OVERLAPS[0]),
        "ValueError",
        "Dimensions must be equal, but are 30 and 12",
    ),
    Failure(
        "NonMaxSuppressionV3",
        lambda tf, b, s: tf.image.non_max_suppression(b, s, 3),
        (BOXES, OVERLAPS[0]),
        "InvalidArgumentError",
        "scores has incompatible shape|Dimensions must be equal",
        run=True,
    ),
    Failure(
        "NonMaxSuppressionV3",
        lambda tf, b, s: tf.image.non_max_suppression(b, s, 3),
        (BOXES[:, :3].copy(), SCORES),
        "ValueError",
        "Dimension must be 4 but is 3",
    ),
    Failure(
        "NonMaxSuppressionV3",
        lambda tf, b, s: tf.image.non_max_suppression(b, s, [3]),
        (BOXES, SCORES),
        "ValueError",
        "Shape must be rank 0 but is rank 1",
    ),
    Failure(
        "NonMaxSuppressionWithOverlaps",
        lambda tf, o, s: tf.image.non_max_suppression_overlaps(o, s, 3),
        (OVERLAPS[:, :9].copy(), SCORES[:12].copy()),
        "ValueError",
        "Dimensions must be equal, but are 12 and 9",
    ),
    Failure(
        "CombinedNonMaxSuppression",
        lambda tf, b, s: tf.image.combined_non_max_suppression(b, s, 0, 9),
        (MANY, CLASSES),
        "InvalidArgumentError",
        "max_size_per_class must be positive",
        run=True,
    ),
    Failure(
        "CombinedNonMaxSuppression",
        lambda tf, b, s: tf.image.combined_non_max_suppression(b, s, 3, 9),
        (EACH[:, :, :2].copy(), CLASSES),
        "ValueError",
        "third dimension of boxes must be either 1 or equal to",
    ),
    Failure(
        "DrawBoundingBoxes",
        lambda tf, x, b: tf.image.draw_bounding_boxes(x, b),
        (IMAGES[..., :2].copy(), DRAWN),
        "InvalidArgumentError",
        "Channel depth should be either 1",
        run=True,
    ),
    Failure(
        "DrawBoundingBoxes",
        lambda tf, x, b: tf.image.draw_bounding_boxes(x, b),
        (IMAGES[:1], DRAWN),
        "InvalidArgumentError",
        "The batch sizes should be the same",
        run=True,
    ),
    Failure(
        "DrawBoundingBoxes",
        lambda tf, x, b: tf.image.draw_bounding_boxes(x, b),
        (IMAGES[0], DRAWN),
        "ValueError",
        "Shape must be rank 4 but is rank 3",
    ),
    Failure(
        "SampleDistortedBoundingBoxV2",
        lambda tf, b: tf.image.sample_distorted_bounding_box([8, 8, 3], b)[0],
        (BOXES[None] + 1,),
        "InvalidArgumentError",
        r"All bounding box coordinates must be in \[0.0, 1.0\]",
        run=True,
    ),
    Failure(
        "SampleDistortedBoundingBoxV2",
        lambda tf, b: tf.image.sample_distorted_bounding_box([8, 8, 3], b)[0],
        (np.zeros((1, 0, 4), np.float32),),
        "InvalidArgumentError",
        "No bounding boxes provided as input",
        run=True,
    ),
    Failure(
        "SampleDistortedBoundingBoxV2",
        lambda tf, b: tf.image.sample_distorted_bounding_box([8, 8, 3], b, area_range=[0.5, 1.5])[0],
        (DRAWN[:, :1],),
        "InvalidArgumentError",
        "Area range must be less then or equal to 1.0",
        run=True,
    ),
    Failure(
        "SampleDistortedBoundingBoxV2",
        lambda tf, b: tf.image.sample_distorted_bounding_box([8, 8], b)[0],
        (DRAWN,),
        "ValueError",
        "Dimension must be 3 but is 2",
    ),
]

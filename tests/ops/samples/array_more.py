"""Samples of searches, promised constants and patches of volumes: ops/searching.py, ops/identity.py."""

from __future__ import annotations

import numpy as np

from tests.ops.sample import Failure, Sample

ROW, WANTED = np.array([1.0, 3.0, 3.0, 5.0], np.float32), np.array([0.0, 3.0, 9.0, 4.0, np.nan], np.float32)
ROWS, EACH = np.array([[1, 3, 8], [4, 5, 5]], np.int64), np.array([[0, 8], [5, 5]], np.int64)
VOLUME = (np.arange(72, dtype=np.float32).reshape(2, 3, 3, 4, 1) - 30) / 7
WHOLE = np.array([[1, 2, 0], [3, 9, -4]], np.int32)


def plain(op, call, *inputs):  # type: ignore[no-untyped-def]
    """A sample without gradient."""
    return Sample(op, call, inputs, grad=False)


SAMPLES = [
    plain("LowerBound", lambda tf, s, v: tf.searchsorted(s, v), ROW, WANTED),
    plain("LowerBound", lambda tf, s, v: tf.searchsorted(s, v, out_type=tf.int64, name="n"), ROWS, EACH),
    plain("LowerBound", lambda tf, s, v: tf.searchsorted(s, v), ROWS[:, :0], EACH),
    plain("UpperBound", lambda tf, s, v: tf.searchsorted(s, v, side="right"), ROW, WANTED),
    plain("UpperBound", lambda tf, s, v: tf.searchsorted(s, v, "right", tf.int64), ROWS, EACH),
    plain("UpperBound", lambda tf, s, v: tf.searchsorted(s, v, "right"), ROWS[None], EACH[None]),
    plain("UnravelIndex", lambda tf, i: tf.unravel_index(i, [3, 3]), np.array([2, 5, 7], np.int32)),
    plain("UnravelIndex", lambda tf, i: tf.unravel_index(i, [3, 4, 2], name="u"), np.array(17, np.int64)),
    plain("UnravelIndex", lambda tf, i, d: tf.unravel_index(i, d), np.array([3], np.int32), np.array([9], np.int32)),
    Sample(
        "ExtractVolumePatches",
        lambda tf, x: tf.extract_volume_patches(x, [1, 2, 2, 3, 1], [1, 1, 2, 1, 1], "VALID"),
        (VOLUME,),
    ),
    Sample(
        "ExtractVolumePatches",
        lambda tf, x: tf.extract_volume_patches(x, [1, 3, 2, 2, 1], [1, 2, 1, 2, 1], "SAME", name="v"),
        (VOLUME,),
    ),
    plain(
        "ExtractVolumePatches",
        lambda tf, x: tf.extract_volume_patches(x, [1, 1, 3, 3, 1], [1, 1, 1, 1, 1], "SAME"),
        np.arange(54).reshape(2, 1, 3, 3, 3),
    ),
    plain("GuaranteeConst", lambda tf, v: tf.guarantee_const(v, name="sure"), WHOLE),
    plain("GuaranteeConst", lambda tf: tf.guarantee_const(["a", "b"])),
]

FAILURES = [
    Failure(
        "LowerBound",
        lambda tf, s, v: tf.searchsorted(s, v),
        (ROWS, EACH[:1]),
        "InvalidArgumentError",
        "Leading dim_size of both tensors must match",
        run=True,
    ),
    Failure(
        "LowerBound", lambda tf, s: tf.searchsorted(s, s, "middle"), (ROW,), "ValueError", "must be either 'right' or"
    ),
    Failure(
        "UpperBound",
        lambda tf, s: tf.searchsorted(s, s, "right", tf.float32),
        (ROW,),
        "TypeError",
        "has DataType float32 not in list of allowed values: int32, int64",
    ),
    Failure(
        "UnravelIndex",
        lambda tf, i: tf.unravel_index(i, [3, 3]),
        (np.array([2, 9]),),
        "InvalidArgumentError",
        "index is out of bound as with dims",
        run=True,
    ),
    Failure(
        "UnravelIndex",
        lambda tf, i: tf.unravel_index(i, [3, 0]),
        (np.array([2, 9], np.int32),),
        "InvalidArgumentError",
        "Input dims cannot contain a dim of zero, but dims contains zero at index 1",
        run=True,
    ),
    Failure(
        "UnravelIndex", lambda tf, i: tf.unravel_index(i, [[3]]), (WHOLE[0],), "ValueError", "Shape must be rank 1"
    ),
    Failure(
        "ExtractVolumePatches",
        lambda tf, x: tf.extract_volume_patches(x, [1, 5, 1, 1, 1], [1, 1, 1, 1, 1], "VALID"),
        (VOLUME,),
        "ValueError",
        "Computed output size would be negative: -1",
    ),
    Failure(
        "ExtractVolumePatches",
        lambda tf, x: tf.extract_volume_patches(x, [1, 2, 1, 1], [1, 1, 1, 1, 1], "SAME"),
        (VOLUME,),
        "ValueError",
        "Attr 'ksizes' of 'ExtractVolumePatches' Op passed list of length 4 less than minimum 5",
    ),
    Failure(
        "ExtractVolumePatches",
        lambda tf, x: tf.extract_volume_patches(x[0], [1, 2, 1, 1, 1], [1, 1, 1, 1, 1], "SAME"),
        (VOLUME,),
        "ValueError",
        "Shape must be rank 5 but is rank 4",
    ),
    Failure(
        "ExtractVolumePatches",
        lambda tf, x: tf.extract_volume_patches(x, [1, 2, 1, 1, 1], [1, 1, 1, 1, 1], "FULL"),
        (VOLUME,),
        "ValueError",
        "Attr 'padding' of 'ExtractVolumePatches' Op passed string 'FULL' not in",
    ),
]

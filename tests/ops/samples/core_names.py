"""Samples of fingerprints: ops/string_hash.py."""

from __future__ import annotations

import numpy as np

from tests.ops.sample import Failure, Sample

WORDS = np.array([b"abc", b"d", b"", b"a longer text, of more than thirty-two letters, to be sure"], object)


def prints(*inputs):  # type: ignore[no-untyped-def]
    """The fingerprints of rows."""
    return Sample("Fingerprint", lambda tf, x: tf.fingerprint(x), inputs, grad=False, exact=True)


SAMPLES = [
    prints(WORDS),
    prints(WORDS.reshape(2, 2)),
    prints(WORDS.reshape(1, 2, 2)),
    prints(np.arange(6).reshape(3, 2)),
    prints(np.arange(6, dtype=np.int32)),
    prints(np.ones([2, 2, 2], np.float32)),
    prints(np.array([True, False])),
    prints(np.zeros([0, 3], np.float32)),
    prints(np.array([1 + 2j, 0], np.complex64)),
]

FAILURES = [
    Failure(
        "Fingerprint", lambda tf: tf.fingerprint(3), (), "ValueError", "Shape must be at least rank 1 but is rank 0"
    ),
    Failure("Fingerprint", lambda tf: tf.fingerprint([1], method="md5"), (), "ValueError", "Unsupported method: md5"),
    Failure(
        "Fingerprint",
        lambda tf, m: tf.fingerprint([1], method=m),
        (np.array(b"md5", object),),
        "InvalidArgumentError",
        "Unsupported (fingerprint )?method: md5",
        run=True,
    ),
]

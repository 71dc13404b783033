"""Samples of strings taken apart into rows of different lengths: ops/string_ragged.py, string_splitting.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.ops.sample import Failure, Sample


def texts(*values: Any) -> np.ndarray:
    """A string array of bytes."""
    return np.array([v.encode() if isinstance(v, str) else v for v in values], object)


WORDS = texts("a b", "c", "", "d e f").reshape(2, 2)
LETTERS = np.array([71, 246, 98, 0x1F600], np.int32)
RAGGED = (
    ("StringSplit", lambda tf, x: tf.strings.bytes_split(x)),
    ("UnicodeDecode", lambda tf, x: tf.strings.unicode_decode(x, "UTF-8")),
    ("UnicodeDecodeWithOffsets", lambda tf, x: tf.strings.unicode_decode_with_offsets(x, "UTF-8")),
    ("UnicodeEncode", lambda tf, x: tf.strings.unicode_split(x, "UTF-8", name="characters")),
    ("UnicodeEncode", lambda tf, x: tf.strings.unicode_split_with_offsets(x, "UTF-8")),
)


def flat(result: Any) -> list[Any]:
    """The tensors of ragged and sparse tensors."""
    if isinstance(result, tuple) and not hasattr(result, "flat_values"):
        return [tensor for part in result for tensor in flat(part)]
    if hasattr(result, "dense_shape"):
        return [result.indices, result.values, result.dense_shape]
    return [result.flat_values, *result.nested_row_splits] if hasattr(result, "flat_values") else [result]


SAMPLES = [
    *[
        Sample(op, lambda tf, x, call=call: flat(call(tf, x)), (value,))
        for op, call in RAGGED
        for value in (np.array("Größe 😊".encode(), object), texts("Gööd day", "", "ab"), WORDS, WORDS.reshape(2, 1, 2))
    ],
    *[
        Sample(
            op, lambda tf, x, call=call: flat(call(tf, tf.RaggedTensor.from_row_splits(x, [0, 1, 4]))), (WORDS.ravel(),)
        )
        for op, call in RAGGED
    ],
    *[
        Sample(
            "StringSplitV2",
            lambda tf, x, kind=kind, shape=value.shape: flat(tf.strings.split(tf.reshape(x, shape), result_type=kind)),
            (value,),
        )
        for kind in ("RaggedTensor", "SparseTensor")
        for value in (np.array(b"a b", object), texts("a b", "", "c"), WORDS)
    ],
    Sample(
        "StringSplitV2",
        lambda tf, x: flat(tf.strings.split(tf.RaggedTensor.from_row_splits(x, [0, 1, 4]))),
        (WORDS.ravel(),),
    ),
    Sample("StringSplit", lambda tf, x: flat(tf.string_split(x, result_type="RaggedTensor")), (texts("a b", "", "c"),)),
    *[
        Sample(
            "UnicodeEncode",
            lambda tf, x, shape=shape: tf.strings.unicode_encode(tf.reshape(x, shape), "UTF-8"),
            (LETTERS,),
        )
        for shape in ([4], [2, 2], [1, 2, 2])
    ],
    Sample(
        "UnicodeEncode",
        lambda tf, x: flat(tf.strings.unicode_encode(tf.RaggedTensor.from_row_splits(x, [0, 1, 1, 4]), "UTF-16-BE")),
        (LETTERS,),
    ),
    Sample(
        "UnicodeEncode",
        lambda tf, x: flat(
            tf.strings.unicode_encode(tf.RaggedTensor.from_nested_row_splits(x, [[0, 2, 3], [0, 1, 1, 4]]), "UTF-8")
        ),
        (LETTERS,),
    ),
    *[
        Sample("StringNGrams", lambda tf, x, how=how: flat(tf.strings.ngrams(x, *how)), (value,))
        for how in ((2,), ([1, 2], "-", ("<", ">")), (3, " ", "x", 1), (9, " ", None, None, True))
        for value in (texts("to", "be", "or", "not"), WORDS)
    ],
]

FAILURES = [
    *[
        Failure(op, lambda tf, x, call=call: flat(call(tf, x)), (np.array(value),), error, match)
        for op, call, value, error, match in (
            (
                "UnicodeEncode",
                lambda tf, x: tf.strings.unicode_encode(x, "UTF-8"),
                np.int32(7),
                "ValueError",
                "rank must be at least 1",
            ),
            (
                "UnicodeEncode",
                lambda tf, x: tf.strings.unicode_encode(x, "latin1"),
                LETTERS,
                "ValueError",
                "'latin1' not in",
            ),
            (
                "UnicodeEncode",
                lambda tf, x: tf.strings.unicode_encode(x, "UTF-8", "mend"),
                LETTERS,
                "ValueError",
                "'mend' not in",
            ),
            (
                "UnicodeDecode",
                lambda tf, x: tf.strings.unicode_decode(x, "UTF-8", "mend"),
                WORDS,
                "ValueError",
                "'mend' not in",
            ),
            (
                "StringNGrams",
                lambda tf, x: tf.strings.ngrams(x, 0),
                WORDS,
                "ValueError",
                "ngram_widths must be greater than 0",
            ),
            (
                "StringNGrams",
                lambda tf, x: tf.strings.ngrams(x, 2, " ", 3),
                WORDS,
                "TypeError",
                "pad_values must be a string",
            ),
            (
                "StringNGrams",
                lambda tf, x: tf.strings.ngrams(x, 2, " ", "x", 0),
                WORDS,
                "ValueError",
                "padding_width must be",
            ),
            (
                "StringNGrams",
                lambda tf, x: tf.strings.ngrams(x, 2, " ", None, 1),
                WORDS,
                "ValueError",
                "pad_values must be provided",
            ),
            (
                "StringNGrams",
                lambda tf, x: tf.strings.ngrams(x, 2),
                np.array(b"a", object),
                "ValueError",
                "Data must have rank>0",
            ),
        )
    ],
    Failure(
        "StringSplit",
        lambda tf: flat(tf.strings.bytes_split(tf.placeholder(tf.string))),
        (),
        "ValueError",
        "must have a statically-known rank",
    ),
    Failure(
        "UnicodeDecode",
        lambda tf: flat(tf.strings.unicode_decode(tf.placeholder(tf.string), "UTF-8")),
        (),
        "ValueError",
        "Rank of `input` must be statically known",
    ),
    Failure(
        "UnicodeEncode",
        lambda tf: flat(tf.strings.unicode_encode(tf.placeholder(tf.int32), "UTF-8")),
        (),
        "ValueError",
        "Rank of input_tensor must be statically known",
    ),
    Failure(
        "StringNGrams",
        lambda tf: flat(tf.strings.ngrams(tf.placeholder(tf.string), 2)),
        (),
        "ValueError",
        "Rank of data must be known",
    ),
]

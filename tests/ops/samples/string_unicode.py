"""Samples of characters: ops/string_unicode.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.ops.sample import Failure, Sample


def texts(*values: Any) -> np.ndarray:
    """A string array of bytes."""
    return np.array([v.encode() if isinstance(v, str) else v for v in values], object)


GOOD = texts("aäβ日😀", "", "plain", "\x00\x01\n\x7f")
BAD = texts(
    b"\xff\xfea\x80",
    b"\xe6\x97",
    b"\xed\xa0\x80x",
    b"\xf4\x90\x80\x80",
    b"\xc0\x80",
    b"\xf0\x9f\x98a",
    b"\xe6\x97x\xe6",
)
CODES = np.array([97, 228, 0x1F600, 98, -1, 0xD800, 0x110000, 0xFFFE], np.int32)
SPLITS = np.array([0, 2, 2, 3, 8], np.int64)


def decoded(tf: Any, text: Any, encoding: str, **how: Any) -> list[Any]:
    """Row splits, code points and offsets of strings."""
    result = tf.raw_ops.UnicodeDecodeWithOffsets(input=text, input_encoding=encoding, **how)
    return list(result)


SAMPLES = [
    Sample(
        "UnicodeScript", lambda tf, x: tf.strings.unicode_script(x), (np.array([[65, 0x3B1], [0x65E5, 48]], np.int32),)
    ),
    Sample(
        "UnicodeScript",
        lambda tf, x: tf.strings.unicode_script(x),
        (np.array([-1, 0x110000, 0xD800, 0x378], np.int32),),
    ),
    Sample("UnicodeScript", lambda tf, x: tf.strings.unicode_script(x), (np.arange(0, 0x30000, 37, dtype=np.int32),)),
    *[
        Sample("UnicodeDecodeWithOffsets", lambda tf, x, how=how: decoded(tf, x, "UTF-8", **how), (value,))
        for value in (GOOD, BAD)
        for how in (
            {},
            {"errors": "ignore"},
            {"replacement_char": 65},
            {"replace_control_characters": True, "replacement_char": 0},
            {"errors": "ignore", "replace_control_characters": True},
        )
    ],
    Sample("UnicodeDecodeWithOffsets", lambda tf, x: decoded(tf, x, "UTF-8", errors="strict"), (GOOD,)),
    *[
        Sample("UnicodeDecodeWithOffsets", lambda tf, x, encoding=encoding: decoded(tf, x, encoding), (texts(*values),))
        for encoding, values in (
            ("UTF-16-BE", ["aä😀".encode("utf-16-be"), b"\xd8\x00\x00a", b"a", b"\xdc\x00"]),
            ("UTF-16-LE", ["aä😀".encode("utf-16-le")]),
            ("UTF-16", [b"\xff\xfea\x00\xe4\x00"]),
            ("UTF-16", [b"\x00a\x00b"]),
            ("UTF-32-BE", ["aä😀".encode("utf-32-be"), b"\x00\x11\x00\x00", b"abc", b"\x00\x00\xd8\x00"]),
            ("ISO-8859-1", [b"a\xe4\x80"]),
            ("US-ASCII", [b"a\xe4b"]),
            ("windows-1252", [b"a\x80\x81\xff"]),
            ("shift-jis", ["日本".encode("shift-jis")]),
            ("KOI8-R", ["дом".encode("koi8-r")]),
        )
    ],
    Sample(
        "UnicodeDecode",
        lambda tf, x: list(tf.raw_ops.UnicodeDecode(input=x, input_encoding="UTF-8")),
        (GOOD.reshape(2, 2),),
    ),
    *[
        Sample(
            "UnicodeEncode",
            lambda tf, x, s, how=how: tf.raw_ops.UnicodeEncode(input_values=x, input_splits=s, **how),
            (CODES, splits),
        )
        for splits in (SPLITS, SPLITS.astype(np.int32))
        for how in (
            {"output_encoding": "UTF-8"},
            {"output_encoding": "UTF-16-BE", "replacement_char": 63},
            {"output_encoding": "UTF-32-BE", "errors": "ignore"},
        )
    ],
    Sample(
        "UnicodeTranscode",
        lambda tf, x: [tf.strings.unicode_transcode(x, "UTF-8", e) for e in ("UTF-8", "UTF-16-BE", "UTF-32-BE")],
        (GOOD,),
    ),
    Sample(
        "UnicodeTranscode",
        lambda tf, x: [
            tf.strings.unicode_transcode(x, "UTF-8", "UTF-8", errors, 63, control)
            for errors in ("replace", "ignore")
            for control in (False, True)
        ],
        (np.concatenate([BAD, GOOD]),),
    ),
    Sample(
        "UnicodeTranscode",
        lambda tf, x: tf.strings.unicode_transcode(x, "latin1", "UTF-8"),
        (np.array(b"\xe4\xf6", object),),
    ),
]

FAILURES = [
    *[
        Failure("UnicodeTranscode", lambda tf, x, a=a: tf.strings.unicode_transcode(x, *a), (BAD,), error, match, run)
        for a, error, match, run in (
            (("UTF-8", "UTF-16-LE"), "ValueError", "'UTF-16-LE' not in", False),
            (("UTF-8", "UTF-8", "mend"), "ValueError", "'mend' not in", False),
            (
                ("no such", "UTF-8"),
                "InvalidArgumentError",
                "Could not create converter for input encoding: no such",
                True,
            ),
            (("UTF-8", "UTF-8", "strict"), "InvalidArgumentError", "Invalid formatting on input string", True),
            (
                ("UTF-8", "UTF-8", "replace", 0x110000),
                "InvalidArgumentError",
                "replacement_char out of unicode codepoint range",
                True,
            ),
        )
    ],
    Failure(
        "UnicodeDecodeWithOffsets",
        lambda tf, x: decoded(tf, x, "UTF-8", errors="strict"),
        (BAD,),
        "InvalidArgumentError",
        "Invalid formatting on input string",
        True,
    ),
    Failure(
        "UnicodeDecodeWithOffsets",
        lambda tf, x: decoded(tf, x, "idna"),
        (GOOD,),
        "InvalidArgumentError",
        "Could not create converter for input encoding: idna",
        True,
    ),
    *[
        Failure(
            "UnicodeEncode",
            lambda tf, x, s, errors=errors: tf.raw_ops.UnicodeEncode(
                input_values=x, input_splits=s, output_encoding="UTF-8", errors=errors
            ),
            (CODES, np.array(splits, np.int64)),
            "InvalidArgumentError",
            match,
            True,
        )
        for splits, errors, match in (
            ([0, 8], "strict", "Code point is out of range for Unicode, or is a surrogate."),
            ([1, 8], "replace", "First value in input_splits must be zero."),
            ([0, 5, 2, 8], "replace", "Values in input_splits must be equal or in ascending order."),
            ([0, 7], "replace", "Last value in input_splits must be equal to length of input_tensor."),
            ([], "replace", "Input_splits should contain elements"),
        )
    ],
]

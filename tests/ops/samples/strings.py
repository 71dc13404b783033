"""Samples of the strings: ops/strings.py, string_hash.py, string_regex.py, string_numbers.py, string_splitting.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.ops.sample import Failure, Sample


def texts(*values: Any, shape: Any = None) -> np.ndarray:
    """A string array of bytes."""
    array = np.array([v.encode() if isinstance(v, str) else v for v in values], object)
    return array.reshape(shape) if shape is not None else array


A = texts("a", "b b", "", " Größe ", b"\xff\x00z", "tab\t")
M = texts("a", "b", "c", "d", "e", "f", shape=(2, 3))
ONE = np.array(b"hello world", object)
U = texts("äöüabc", "日本語テキスト", "plain!")
NONE = np.zeros((0,), object)

PROSE = texts("hello world", " two,  three ", "", "o", "x=1, y=22", "Größe und Maß\n", "aaa bbb")
LENGTHS = np.array(
    [bytes((i * 7 + j * 31) % 256 for j in range(i)) for i in [*range(70), 127, 128, 129, 200, 1000]], object
)
PATTERNS = (
    "a", "a*", "", ".", "(?s).*", "[a-zö]+", r"\w+\s?", r"\d", r"\bb", "^.|.$", "(?i)H|A", "[^a-z ]", "(o|ö)+?", r"\pL\PL",
    r"[[:alpha:]\d]+", r"\p{Latin}", "(?m)^|$", "(?U)a+", "a{2,}", "a{,2}|=", r"\Q.\E", r"[\W]", r"\x{f6}|\xdf", "(?:l|(?i)W)",
    "(?P<name>l)o", r"\Ah|\z", "[]a-]", "(a|b|)",
)  # fmt: skip
WRONG_PATTERNS = {
    "(": "missing", "a)": "unexpected", "[a": "missing", "a**": "bad repetition operator", "*": "no argument for repetition",
    "(?=a)": "invalid perl operator", r"(a)\1": "invalid escape sequence", "a{2,1}": "invalid repetition size", "[b-a]": "invalid "
    "character class range", "\\": "trailing", r"\pX": "invalid character class range", "(?P<n": "invalid named capture group",
}  # fmt: skip
FLOATS = np.array(
    [0.1, 1 / 3, 1e20, -1e-20, np.nan, np.inf, -np.inf, 0, -0.0, 123456789, 2, 1e-5, 1e5, 1e6, -7.25], np.float32
)
FLOAT_FORMS: list[dict[str, Any]] = [
    {}, {"shortest": True}, {"scientific": True}, {"precision": 3}, {"precision": 0}, {"scientific": True, "precision": 2},
    {"shortest": True, "precision": 3}, {"width": 12}, {"width": 12, "fill": "0"}, {"width": 8, "fill": " "},
    {"width": 8, "fill": "-"}, {"width": 8, "fill": "+"}, {"width": 8, "fill": "#", "shortest": True},
]  # fmt: skip
INT_FORMS: list[dict[str, Any]] = [{}, {"width": 5}, *[{"width": 5, "fill": f} for f in "0-+ #"], {"fill": "+"}]
NUMBERS = texts(
    "1.5",
    " 2 ",
    "-inf",
    "nan",
    "1e40",
    "1e-50",
    "+3",
    "INFINITY",
    ".5",
    "5.",
    "1E5",
    "0x1A",
    "0.1",
    "16777217",
    "\t-7\n",
)
INTEGERS = texts("12", " 12 ", "+12", "-12", "-2147483648", "2147483647", "0", "012", "-0")
HALFWAY = texts(
    "1.00000017881393432617187499", "1.000000178813934326171875", "1.00000017881393432617187501", "3.4028236e38"
)
WRONG_NUMBERS = {
    "float32": ("", "a", "1.5x", "1 2", "1_0", "--1", "1e", "infx"),
    "int32": ("1.0", "2147483648", "0x10", "", "-", "- 1"),
    "int64": ("9223372036854775808",),
}
WRONG_BASE64 = {
    "Y": "cannot be 1 modulo 4", "YQ=": "Invalid character", "Y=": "Invalid character", "a+b/": "Invalid character",
    "YWJj=": "cannot be 1 modulo 4", "YWJ j": "Invalid character", "====": "Invalid character", "YQ=a": "Invalid character",
}  # fmt: skip


def parts(sparse: Any) -> list[Any]:
    """The three tensors of a sparse tensor."""
    return [sparse.indices, sparse.values, sparse.dense_shape]


def ngrams(tf: Any, data: Any, splits: Any, widths: Any, pads: int, keep: bool) -> list[Any]:
    """The words and the rows of n-grams."""
    how = {"separator": "|", "ngram_widths": widths, "left_pad": "<", "right_pad": ">", "pad_width": pads}
    result = tf.raw_ops.StringNGrams(data=data, data_splits=splits, preserve_short_sequences=keep, **how)
    return list(result)


SAMPLES = [
    Sample("StringJoin", lambda tf, x, y: [tf.string_join([x, y]), tf.strings.join([x, "-", y], "+")], (M, M)),
    Sample("StringJoin", lambda tf, x, y: [tf.strings.join([x, y, "q"]), tf.strings.join([x])], (ONE, A)),
    Sample("StringJoin", lambda tf, x: tf.strings.join([x, x], ":"), (NONE,)),
    Sample("ReduceJoin", lambda tf, x: [tf.reduce_join(x, i, separator=",") for i in (0, 1, -1, [0, 1], [1, 0])], (M,)),
    Sample("ReduceJoin", lambda tf, x: [tf.reduce_join(x), tf.strings.reduce_join(x, keepdims=True)], (M,)),
    Sample("ReduceJoin", lambda tf, x: [tf.reduce_join(x, 0, True), tf.reduce_join(x, reduction_indices=[-2])], (M,)),
    Sample("ReduceJoin", lambda tf, x: [tf.reduce_join(x, []), tf.reduce_join(tf.reshape(x, [3, 1, 2]), [2, 0])], (M,)),
    Sample("ReduceJoin", lambda tf, x, i: tf.reduce_join(x, i, separator="/"), (M, np.array([1], np.int32))),
    Sample("ReduceJoin", lambda tf, x: [tf.reduce_join(x), tf.reduce_join(x, 0, separator="-")], (NONE,)),
    Sample(
        "UnsortedSegmentJoin",
        lambda tf, x, i: tf.strings.unsorted_segment_join(x, i, 4, "-"),
        (M, np.array([2, 0], np.int32)),
    ),
    Sample(
        "UnsortedSegmentJoin",
        lambda tf, x, i, n: tf.strings.unsorted_segment_join(x, i, n),
        (M, np.array([[2, 0, 2], [2, 2, 1]], np.int64), np.array(3, np.int64)),
    ),
    Sample("StringLength", lambda tf, x: [tf.strings.length(x), tf.strings.length(x, unit="UTF8_CHAR")], (A,)),
    Sample("StringLength", lambda tf, x: [tf.strings.length(x), tf.strings.length(x, "n", "UTF8_CHAR")], (U,)),
    Sample("StringLength", lambda tf, x: tf.strings.length(x), (ONE,)),
    Sample("Substr", lambda tf, x: [tf.substr(x, 0, 2), tf.strings.substr(x, -3, 2), tf.substr(x, 1, 100)], (U,)),
    Sample("Substr", lambda tf, x: [tf.substr(x, i, 2, unit="UTF8_CHAR") for i in (0, 3, 5, -1, -6)], (U,)),
    Sample(
        "Substr",
        lambda tf, x, p, n: [tf.substr(x, p, n), tf.substr(x[0], p, n), tf.substr(x, p[:1], n[:1])],
        (U, np.array([0, 2, -2], np.int64), np.array([3, 1, 5], np.int64)),
    ),
    Sample(
        "Substr",
        lambda tf, x, p: tf.substr(x, p, p + 1),
        (texts("thirteen", "fourteen", "fifteen", shape=(1, 3)), np.array([[1], [2], [3]], np.int32)),
    ),
    Sample("Substr", lambda tf, x: [tf.substr(x, 5, 1), tf.substr(x, 11, 3), tf.substr(x, 3, -1)], (ONE,)),
    Sample(
        "StringStrip", lambda tf, x: [tf.string_strip(x), tf.strings.strip(x)], (texts(" \ta\v b\r\n\f", "\x1cc", ""),)
    ),
    Sample(
        "StringLower",
        lambda tf, x: [tf.strings.lower(x), tf.strings.lower(x, "utf-8")],
        (texts("ÄÖ ABC", "İI", b"\xffA"),),
    ),
    Sample(
        "StringUpper",
        lambda tf, x: [tf.strings.upper(x), tf.strings.upper(x, "utf-8")],
        (texts("äö abc ß", "ŉ", b"\xffa"),),
    ),
    Sample("StringToHashBucketFast", lambda tf, x: tf.string_to_hash_bucket_fast(x, 1 << 40), (LENGTHS,)),
    Sample("StringToHashBucketFast", lambda tf, x: [tf.strings.to_hash_bucket_fast(x, n) for n in (1, 3, 1000)], (M,)),
    Sample("StringToHashBucketFast", lambda tf, x: tf.string_to_hash_bucket_fast(x, 7), (NONE,)),
    Sample("StringToHashBucketStrong", lambda tf, x: tf.string_to_hash_bucket_strong(x, 1 << 40, [1, 2]), (LENGTHS,)),
    Sample("StringToHashBucketStrong", lambda tf, x: tf.strings.to_hash_bucket_strong(x, 10, [-1, 2**62]), (M,)),
    Sample("StringToHashBucket", lambda tf, x: tf.string_to_hash_bucket(x, 1 << 40), (LENGTHS,)),
    Sample("StringToHashBucket", lambda tf, x: tf.strings.to_hash_bucket(input=x, num_buckets=10), (ONE,)),
    Sample("StaticRegexFullMatch", lambda tf, x: [tf.strings.regex_full_match(x, p) for p in PATTERNS], (A,)),
    Sample("StaticRegexFullMatch", lambda tf, x: [tf.strings.regex_full_match(x, p) for p in PATTERNS], (PROSE,)),
    Sample("RegexFullMatch", lambda tf, x, p: tf.strings.regex_full_match(x, p), (M, np.array(b"[a-c]", object))),
    Sample("StaticRegexReplace", lambda tf, x: [tf.regex_replace(x, p, "<\\0>") for p in PATTERNS], (A,)),
    Sample("StaticRegexReplace", lambda tf, x: [tf.strings.regex_replace(x, p, r"\\x-") for p in PATTERNS], (PROSE,)),
    Sample(
        "StaticRegexReplace",
        lambda tf, x: [
            tf.regex_replace(x, r"(\w)(\w*)", rewrite, replace_global=everywhere)
            for rewrite in (r"\2\1ay", r"\3", r"no \escape", r"\\1", "")
            for everywhere in (True, False)
        ],
        (PROSE,),
    ),
    Sample(
        "RegexReplace",
        lambda tf, x, p, r: tf.regex_replace(x, p, r),
        (PROSE, np.array(b"[aeiou]+", object), np.array(b"[\\0]", object)),
    ),
    Sample("RegexReplace", lambda tf, x: tf.regex_replace(x, tf.constant("o"), "0", replace_global=False), (PROSE,)),
    Sample("AsString", lambda tf, x: [tf.as_string(x, **how) for how in FLOAT_FORMS], (FLOATS,), grad=False),
    Sample(
        "AsString",
        lambda tf, x: [tf.as_string(x, **how) for how in FLOAT_FORMS],
        (FLOATS.astype(np.float64),),
        grad=False,
    ),
    Sample(
        "AsString",
        lambda tf, x: [tf.as_string(x), tf.as_string(x, precision=2, width=7)],
        (np.complex64([1 + 2j, 0.1 - 3j]),),
    ),
    Sample(
        "AsString",
        lambda tf, x: tf.strings.as_string(x, shortest=True, fill="0", width=6),
        (np.complex128([[1e9 + 2j]]),),
    ),
    Sample(
        "AsString",
        lambda tf, x: [tf.as_string(x, **how) for how in INT_FORMS],
        (np.array([[1, -5], [0, 123456789]], np.int32),),
    ),
    Sample(
        "AsString",
        lambda tf, x: [tf.as_string(x, **how) for how in INT_FORMS],
        (np.array([2**62, -(2**63)], np.int64),),
    ),
    Sample(
        "AsString",
        lambda tf, x: [tf.as_string(x), tf.as_string(tf.cast(x, tf.int16), width=4)],
        (np.array([1, -5], np.int8),),
    ),
    Sample("AsString", lambda tf, x: [tf.as_string(x), tf.as_string(x, width=7, fill="0")], (np.array([True, False]),)),
    Sample("StringToNumber", lambda tf, x: [tf.string_to_number(x), tf.strings.to_number(x, tf.float64)], (NUMBERS,)),
    Sample(
        "StringToNumber",
        lambda tf, x: [tf.string_to_number(input=x, out_type=t) for t in (tf.int32, tf.int64)],
        (INTEGERS,),
    ),
    Sample("StringToNumber", lambda tf, x: tf.string_to_number(x), (HALFWAY,), exact=True),
    Sample(
        "StringFormat",
        lambda tf, x: [tf.strings.format("a {} b", x, summarize=n) for n in (3, 1, 0, -1)],
        (FLOATS,),
        grad=False,
    ),
    Sample(
        "StringFormat", lambda tf, x, y: [tf.strings.format("{}|{}", [x, y]), tf.strings.format("$$", y, "$$")], (A, M)
    ),
    Sample(
        "StringFormat",
        lambda tf, x: [tf.strings.format("{}", [x], summarize=n) for n in (2, 3, -1)],
        (np.arange(2 * 7 * 9).reshape(2, 7, 9),),
    ),
    Sample(
        "StringFormat",
        lambda tf, x: [tf.strings.format("{}{}", [x, x > 1]), tf.strings.format("none", [])],
        (np.uint8([[1, 2]]),),
    ),
    Sample("StringFormat", lambda tf, x: tf.strings.format("{}", [x]), (np.float64(1 / 3),), grad=False),
    Sample("EncodeBase64", lambda tf, x: [tf.encode_base64(x), tf.io.encode_base64(x, pad=True)], (A,)),
    Sample(
        "DecodeBase64",
        lambda tf, x: [tf.decode_base64(x), tf.io.decode_base64(x)],
        (texts("", "YQ", "YQ==", "__79", "YR", "YWI="),),
    ),
    Sample(
        "StringSplit", lambda tf, x: [parts(tf.string_split(x)), parts(tf.string_split(x, skip_empty=False))], (PROSE,)
    ),
    Sample(
        "StringSplit",
        lambda tf, x: [parts(tf.string_split(x, s, e)) for s in ("", "o", " ,o") for e in (True, False)],
        (PROSE,),
    ),
    Sample("StringSplit", lambda tf, x: parts(tf.string_split(x, delimiter=",")), (NONE,)),
    Sample(
        "StringSplitV2",
        lambda tf, x: [parts(tf.strings.split(tf.reshape(x, [-1]), maxsplit=n)) for n in (-1, 0, 1, 2, 9)],
        (PROSE,),
    ),
    Sample(
        "StringSplitV2",
        lambda tf, x: [parts(tf.strings.split(tf.reshape(x, [-1]), "o", n)) for n in (-1, 0, 1)],
        (PROSE,),
    ),
    Sample("StringSplitV2", lambda tf, x: parts(tf.strings.split(source=tf.reshape(x, [-1]), sep=", ")), (PROSE,)),
    Sample(
        "StringSplitV2", lambda tf: [parts(tf.strings.split("one string")), parts(tf.strings.split([], name="n"))], ()
    ),
    *[
        Sample(
            "StringNGrams",
            lambda tf, x, s, widths=widths, pads=pads, keep=keep: ngrams(tf, x, s, widths, pads, keep),
            (texts(*"abcde"), splits),
        )
        for splits in (np.array([0, 3, 3, 5], np.int64), np.array([0, 1, 5], np.int32))
        for widths, pads, keep in (
            ([2], -1, False),
            ([1, 2, 3], 0, False),
            ([4], 0, True),
            ([3, 2], 1, False),
            ([9], 1, True),
        )
    ],
]

FAILURES = [
    Failure("StringJoin", lambda tf, x, y: tf.string_join([x, y]), (M, A), "ValueError", "must be equal rank"),
    Failure(
        "StringJoin",
        lambda tf, x, y: tf.string_join([x, y]),
        (M, A),
        "InvalidArgumentError",
        "shapes do not match",
        True,
    ),
    Failure(
        "StringJoin", lambda tf, x: tf.string_join([x, 1]), (M,), "TypeError", "Tensors in list passed to 'inputs'"
    ),
    Failure("ReduceJoin", lambda tf, x: tf.reduce_join(x, 2), (M,), "ValueError", "Invalid reduction dimension 2"),
    Failure(
        "ReduceJoin", lambda tf, x: tf.reduce_join(x, 2), (M,), "OutOfRangeError", "Invalid reduction dimension 2", True
    ),
    Failure(
        "ReduceJoin", lambda tf, x: tf.reduce_join(x, [0, 0]), (M,), "InvalidArgumentError", "Duplicate reduction", True
    ),
    Failure(
        "ReduceJoin", lambda tf, x: tf.reduce_join(x, 0, reduction_indices=0), (M,), "ValueError", "Cannot specify both"
    ),
    Failure(
        "ReduceJoin",
        lambda tf: tf.reduce_join([1.0]),
        (),
        "TypeError",
        "type float32 that does not match expected type",
    ),
    Failure(
        "UnsortedSegmentJoin",
        lambda tf, x: tf.strings.unsorted_segment_join(x, [0, 5], 2),
        (M,),
        "InvalidArgumentError",
        "not allowed to exceed num_segments",
        True,
    ),
    Failure(
        "UnsortedSegmentJoin",
        lambda tf, x: tf.strings.unsorted_segment_join(x, [0, 5, 1], 2),
        (M,),
        "ValueError",
        "Dimensions must be equal, but are 2 and 3",
    ),
    Failure(
        "UnsortedSegmentJoin",
        lambda tf, x, n: tf.strings.unsorted_segment_join(x, [0, 0], n),
        (M, np.array(-1, np.int32)),
        "InvalidArgumentError",
        "must be non-negative but got -1",
        True,
    ),
    Failure("StringLength", lambda tf, x: tf.strings.length(x, unit="WORD"), (A,), "ValueError", "'WORD' not in"),
    Failure("StringLength", lambda tf: tf.strings.length(3), (), "TypeError", "int"),
    Failure("Substr", lambda tf, x: tf.substr(x, 0, 1, unit="WORD"), (A,), "ValueError", "'WORD' not in"),
    Failure(
        "Substr", lambda tf, x: tf.substr(x, 2, 1), (A,), "InvalidArgumentError", "pos 2 out of range for string", True
    ),
    Failure("Substr", lambda tf, x: tf.substr(x, [0, 1], [1]), (ONE,), "ValueError", "pos and len shapes must match"),
    Failure("Substr", lambda tf, x: tf.substr(x, [0, 1], 1), (ONE,), "ValueError", "Shape must be rank"),
    Failure(
        "Substr",
        lambda tf, x: tf.substr(x, [0, 0], [1, 1]),
        (U,),
        "InvalidArgumentError",
        r"Incompatible shapes: \[3\] vs. \[2\]",
        True,
    ),
    Failure(
        "Substr",
        lambda tf, x: tf.substr(x, -9, 1, unit="UTF8_CHAR"),
        (U,),
        "InvalidArgumentError",
        "pos -9 out of range for string at index 0",
        True,
    ),
    Failure(
        "StringLower", lambda tf, x: tf.strings.lower(x, "latin-1"), (A,), "InvalidArgumentError", "only utf-8", True
    ),
    Failure(
        "StringToHashBucketFast",
        lambda tf, x: tf.string_to_hash_bucket_fast(x, 0),
        (A,),
        "ValueError",
        "passed 0 less than minimum 1",
    ),
    Failure(
        "StringToHashBucketFast",
        lambda tf, x: tf.string_to_hash_bucket_fast(x, None),
        (A,),
        "TypeError",
        "Expected int for argument 'num_buckets'",
    ),
    Failure("StringToHashBucketFast", lambda tf: tf.string_to_hash_bucket_fast(1, 2), (), "TypeError", "1"),
    Failure(
        "StringToHashBucketStrong",
        lambda tf, x: tf.string_to_hash_bucket_strong(x, 3, [1]),
        (A,),
        "InvalidArgumentError",
        "Key must have 2 elements",
        True,
    ),
    Failure(
        "StringToHashBucket",
        lambda tf, x: tf.string_to_hash_bucket(x, -2),
        (A,),
        "ValueError",
        "passed -2 less than minimum 1",
    ),
    *[
        Failure(
            "StaticRegexReplace",
            lambda tf, x, p=pattern: tf.regex_replace(x, p, ""),
            (A,),
            "InvalidArgumentError",
            f"^Invalid pattern: .*, error: {words}",
            True,
        )
        for pattern, words in WRONG_PATTERNS.items()
    ],
    Failure(
        "RegexReplace",
        lambda tf, x, p: tf.regex_replace(x, p, ""),
        (A, M),
        "InvalidArgumentError",
        "Pattern must be scalar",
        True,
    ),
    Failure(
        "RegexReplace",
        lambda tf, x, p: tf.regex_replace(x, p, ""),
        (A, M),
        "ValueError",
        "must be rank 0 but is rank 2",
    ),
    Failure(
        "RegexReplace",
        lambda tf, x, r: tf.regex_replace(x, "a", r),
        (A, M),
        "InvalidArgumentError",
        "Rewrite must be scalar",
        True,
    ),
    Failure(
        "RegexFullMatch",
        lambda tf, x, p: tf.strings.regex_full_match(x, p),
        (A, M),
        "ValueError",
        "must be rank 0 but is rank 2",
    ),
    Failure(
        "StaticRegexFullMatch",
        lambda tf, x: tf.strings.regex_full_match(x, "(a"),
        (A,),
        "InvalidArgumentError",
        r"Invalid pattern: \(a, error: missing \)",
        True,
    ),
    Failure(
        "AsString",
        lambda tf, x: tf.as_string(x, precision=2),
        (np.int32(1),),
        "InvalidArgumentError",
        "precision not supported",
        True,
    ),
    Failure(
        "AsString",
        lambda tf, x: tf.as_string(x, scientific=True),
        (np.int32(1),),
        "InvalidArgumentError",
        "scientific and shortest",
        True,
    ),
    Failure(
        "AsString",
        lambda tf, x: tf.as_string(x, scientific=True, shortest=True),
        (FLOATS,),
        "InvalidArgumentError",
        "Cannot select both",
        True,
    ),
    Failure(
        "AsString",
        lambda tf, x: tf.as_string(x, fill="x"),
        (FLOATS,),
        "InvalidArgumentError",
        "Fill argument not supported",
        True,
    ),
    Failure(
        "AsString",
        lambda tf, x: tf.as_string(x, fill="00"),
        (FLOATS,),
        "InvalidArgumentError",
        "one or fewer characters",
        True,
    ),
    *[
        Failure(
            "StringToNumber",
            lambda tf, x, kind=kind: tf.string_to_number(x, kind),
            (texts(text),),
            "InvalidArgumentError",
            "could not correctly convert string",
            True,
        )
        for kind, wrong in WRONG_NUMBERS.items()
        for text in wrong
    ],
    Failure(
        "StringToNumber",
        lambda tf, x: tf.string_to_number(x, tf.int16),
        (A,),
        "TypeError",
        "int16 not in list of allowed values",
    ),
    Failure(
        "StringFormat",
        lambda tf, x: tf.strings.format("{}{}", x),
        (A,),
        "ValueError",
        "expects 2 tensors, but the inputs only has 1",
    ),
    *[
        Failure("DecodeBase64", lambda tf, x: tf.decode_base64(x), (texts(text),), "InvalidArgumentError", words, True)
        for text, words in WRONG_BASE64.items()
    ],
    Failure("StringSplit", lambda tf, x: tf.string_split(x).values, (M,), "ValueError", "must be rank 1 but is rank 2"),
    Failure(
        "StringSplit",
        lambda tf, x: tf.string_split(x).values,
        (M,),
        "InvalidArgumentError",
        "input must be a vector",
        True,
    ),
    Failure(
        "StringSplit",
        lambda tf, x: tf.string_split(x, [" "]).values,
        (A,),
        "ValueError",
        "must be rank 0 but is rank 1",
    ),
    Failure(
        "StringSplit", lambda tf, x: tf.string_split(x, ",", delimiter=","), (A,), "ValueError", "Cannot specify both"
    ),
    Failure(
        "StringSplit", lambda tf, x: tf.string_split(x, result_type="list"), (A,), "ValueError", "result_type must be"
    ),
    Failure("StringSplit", lambda tf: tf.string_split(None), (), "ValueError", "None values not supported"),
    Failure(
        "StringSplitV2",
        lambda tf, x: tf.strings.split(tf.reshape(x, [-1]), [" "]).values,
        (A,),
        "ValueError",
        "must be rank 0 but is rank 1",
    ),
    Failure(
        "StringSplitV2",
        lambda tf, x: tf.strings.split(x, result_type="list"),
        (A,),
        "ValueError",
        "result_type must be",
    ),
    *[
        Failure(
            "StringNGrams",
            lambda tf, x, s, widths=widths: ngrams(tf, x, s, widths, 0, False),
            (texts(*"abcde"), np.array(splits, np.int64)),
            "InvalidArgumentError",
            match,
            True,
        )
        for splits, widths, match in (
            ([1, 5], [2], "First split value must be 0, got 1"),
            ([0, 4], [2], "Last split value must be data size. Expected 5, got 4"),
            ([0, 3, 2, 5], [2], "Invalid split value 2, must be in .3, 5."),
            ([0, 5], [0], "ngram_widths must contain positive values"),
        )
    ],
]

"""Patterns of RE2 in Python's form: what the samples of ops do not reach."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, strategies as st

from flowlab._src.kernels import re2


def matches(pattern: str, text: str) -> bool:
    return re2.compiled(pattern.encode()).fullmatch(text) is not None


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (r"\d", "٣", False),  # an Arabic digit: \d is ASCII
        (r"\pN", "٣", True),
        (r"\w", "ä", False),
        (r"\p{L}+", "äΩж", True),
        (r"\p{^L}", "ä", False),
        (r"\P{Greek}", "Ω", False),
        (r"[^\d\s]+", "a٣", True),
        (r"a$", "a\n", False),  # only the very end
        (r"(?m)a$\n", "a\n", True),
        (r".", "\n", False),
        (r"(?s).", "\n", True),
        (r"a(?i)b|c", "C", True),  # the flag holds for the rest of the group
        (r"(a(?i)b)c", "aBC", False),
        (r"(?-i)a", "A", False),
        (r"(?i)[a-c]", "B", True),
        (r"(?i)[^a]", "A", False),
        (r"[[:^alpha:]]", "1", True),
        (r"[\]\-x]+", "]-x", True),
        (r"\x{1F600}", "😀", True),
        (r"\101\n", "A\n", True),
        (r"a{,2}", "a{,2}", True),
        (r"a{2}", "aa", True),
        (r"a{1,}?", "aaa", True),
        (r"^*a", "a", True),
        (r"\Q[a]\E+", "[a]]", True),
        (r"(?P<year>\d{4})-(?:\d\d)", "2019-10", True),
    ],
)
def test_patterns_mean_what_they_mean_in_re2(pattern: str, text: str, expected: bool) -> None:
    assert matches(pattern, text) is expected


@pytest.mark.parametrize(
    "pattern", [r"\Z", r"(?<a>b)", r"(?=a)", r"(?#a)", r"a{1001}", r"[[:word]", r"\pX", r"[a-\d]", "(?i", r"\C"]
)
def test_what_re2_refuses_is_refused(pattern: str) -> None:
    if pattern == r"[[:word]":  # a class that is not closed is no class: RE2 reads the characters
        assert matches(pattern, "w")
        return
    with pytest.raises(re2.PatternError):
        re2.compiled(pattern.encode())


def test_a_pattern_that_is_nested_too_deeply_is_refused() -> None:
    with pytest.raises(re2.PatternError):
        re2.compiled(b"(" * 5000 + b")" * 5000)


@given(st.text(alphabet="ab1 .\nä", max_size=12), st.sampled_from(["a", "ab|b", "[ab]+", "a*b", "(a)(b)?", "ä", "1."]))
def test_plain_patterns_agree_with_python(text: str, pattern: str) -> None:
    ours = re2.compiled(pattern.encode())
    assert [m.span() for m in ours.finditer(text)] == [m.span() for m in re.finditer(pattern, text)]


@given(st.binary(max_size=20))
def test_any_bytes_survive_a_replacement_that_finds_nothing(data: bytes) -> None:
    assert re2.replace_all(re2.compiled(b"\\x{10FFFF}"), b"x", [data], everywhere=True) == [data]
    assert re2.replace_all(re2.compiled(b""), b"", [data], everywhere=True) == [data]


@given(
    st.lists(st.text("ab1 \n").map(str.encode) | st.binary(max_size=3), max_size=6),
    st.sampled_from(
        ["a", "a|b1", "(a)(b)?", "[^a]+", r"\bab", r"b\B", "a*", "^a", "a$", "(?m)^b", "x", "(?i)A1?", r"a\b|b*"]
    ),
    st.sampled_from([rb"<\1\0>", b"", b"\\\\", b"\xff", b"z"]),
)
def test_many_texts_at_once_are_replaced_as_one_by_one(texts: list[bytes], pattern: str, rewrite: bytes) -> None:
    found = re2.compiled(pattern.encode())
    single = [re2.replace_all(found, rewrite, [text], everywhere=True)[0] for text in texts]
    assert re2.replace_all(found, rewrite, texts, everywhere=True) == single
    pieces = re2.rewrite_pieces(rewrite)
    if found.groups or b"1" not in rewrite:
        assert [re2.replace(found, pieces, text, everywhere=True) for text in texts] == single
    assert re2.full_matches(found, texts) == [found.fullmatch(re2.decoded(text)) is not None for text in texts]

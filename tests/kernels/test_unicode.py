"""Many strings at once are read as one by one."""

from __future__ import annotations

import numpy as np
from hypothesis import given, strategies as st

from flowlab._src.kernels import strings, unicode

texts = st.lists(st.text("aä€😀\n", max_size=4).map(str.encode) | st.binary(max_size=3), max_size=5)


@given(texts, st.sampled_from(unicode.ERRORS[1:]), st.booleans())
def test_code_points_of_many_strings(given_texts, errors, replace_control):
    policy = unicode.Policy(errors, 0xFFFD, replace_control)
    splits, codes, begins = unicode.decode_all(given_texts, "UTF-8", policy)
    rows = [unicode.decode(text, "UTF-8", policy) for text in given_texts]
    assert splits.tolist() == np.cumsum([0, *map(len, rows)]).tolist()
    assert list(zip(codes.tolist(), begins.tolist(), strict=True)) == [pair for row in rows for pair in row]


def test_halves_of_a_character_are_two_errors():
    halves = ["ä".encode()[:1], "ä".encode()[1:]]
    assert unicode.decode_all(halves, "UTF-8", unicode.Policy("replace", 1, False))[1].tolist() == [1, 1]


@given(st.binary(max_size=12))
def test_characters_are_counted_by_their_first_bytes(text):
    assert strings.count_characters(text) == sum(not strings.is_trail(byte) for byte in text)


@given(texts, st.integers(-3, 5), st.integers(-2, 4))
def test_one_part_of_many_strings(given_texts, start, length):
    parts = [strings.byte_substring(text, start, length) for text in given_texts]
    found = strings.substrings(given_texts, start, length)
    assert found is None or found == parts

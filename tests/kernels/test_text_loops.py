"""Numbers to text and back, and hashes of short texts, in loops and without."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from flowlab._src.kernels import string_hash, string_numbers, text_loops

both_ways = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("form", ["%f", "%.0f", "%.1f", "%.12f", "%.13f"])
def test_single_numbers_are_written_as_python_writes_them(form, kernels):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2**32, 3000, dtype=np.uint32).view(np.float32)
    halves = np.arange(-50, 50, dtype=np.float32) / 2  # midway between two texts
    for some in (x[np.isfinite(x)], x[np.abs(x) < 1e5], halves, halves[:0], np.float32([0.0, -0.0, -1e-9, 0.5e-6])):
        assert string_numbers.write_numbers(some, form) == [(form % v).encode() for v in some.tolist()]


def test_what_is_not_finite_is_written_one_by_one(kernels):
    x = np.float32([1.5, np.nan, -np.inf])
    assert string_numbers.write_numbers(x, "%f") == [b"1.500000", b"nan", b"-inf"]


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32", "int64", "uint32", "uint64"])
def test_whole_numbers_are_written_as_python_writes_them(dtype, kernels):
    limits = np.iinfo(dtype)
    x = np.random.default_rng(0).integers(limits.min, limits.max, 500, dtype)
    x[:5] = [limits.min, limits.max, 0, 7, 10]
    for form in ("%d", "%05d"):
        assert string_numbers.write_numbers(x, form) == [(form % v).encode() for v in x.tolist()]


TEXTS = [
    b"0", b"-0", b"+7", b" 12\t", b"\n3.5\n", b".5", b"5.", b"-.25e2", b"1e22", b"1e-22", b"1E23", b"1e-30", b"1e5", b"1_0",
    b"123456789012345", b"1234567890123456", b"0.1234567890123456789", b"000000000000000000012", b"1e400", b"-1e400", b"inf",
    b"-Infinity", b"0x1p3", b"NaN(7)", b"2147483647", b"2147483648", b"-2147483648", b"9223372036854775807", b"16777217",
    b"9223372036854775808", b"1.00000017881393432617187499", b"0.000000000000000000000000001", b"33554435.0000001",
]  # fmt: skip
NONE = [
    b"",
    b" ",
    b"-",
    b".",
    b"e5",
    b"1e",
    b"1e+",
    b"1 2",
    b"--1",
    b"1.2.3",
    b"abc",
    b"1a",
    b"0x",
    b"1\0",
    b"1..",
    b"\xb2",
    b"1f",
]


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64"])
def test_many_texts_are_read_as_one_by_one(dtype, kernels):
    kind = np.dtype(dtype)
    read = string_numbers.parser(kind)
    for text in TEXTS + NONE:
        single = read(text)
        found, wrong = string_numbers.read_numbers([b"1", text, b"2"], kind)
        if single is None:
            assert wrong == 1, text
        else:
            assert wrong is None, text
            np.testing.assert_array_equal(found, np.array([1, single, 2], kind), strict=True)
            assert np.signbit(found[1]) == np.signbit(single)


@both_ways
@given(numbers=st.lists(st.floats(width=32) | st.floats(), min_size=1, max_size=5), digits=st.integers(1, 17))
def test_what_is_written_is_read_again_as_python_does(kernels, numbers, digits):
    texts = [f"{x:.{digits}g}".encode() for x in numbers]
    found, _ = string_numbers.read_numbers(texts, np.dtype("float64"))
    np.testing.assert_array_equal(found, [float(text) for text in texts])


def test_nothing_is_neither_written_nor_read(kernels):
    assert string_numbers.write_numbers(np.int32([]), "%d") == []
    assert string_numbers.read_numbers([], np.dtype("float32"))[0].shape == (0,)


def test_hashes_of_short_texts(kernels):
    rng = random.Random(0)
    texts = [rng.randbytes(n % 41) for n in range(300)]
    alone = [string_hash.fingerprint64(string_hash.Rows([text], len(text)))[0] for text in texts]
    np.testing.assert_array_equal(string_hash.hash_all(texts, string_hash.fingerprint64), alone)


def test_loops_are_used(compiled):
    assert text_loops.read_numbers([b"1.5", b"x", b"2"])[1].tolist() == [
        text_loops.BROKEN, text_loops.ODD, text_loops.WHOLE,
    ]  # fmt: skip
    assert text_loops.write_floats(np.float32([1.5]), 1) == [b"1.5"]

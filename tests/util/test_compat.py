"""`tf.compat`: text, bytes and kinds of numbers."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

import flowlab as tf


def test_text_and_bytes_become_each_other() -> None:
    assert tf.compat.as_bytes("ä") == b"\xc3\xa4"
    assert tf.compat.as_bytes(bytearray(b"x")) == b"x"
    assert tf.compat.as_bytes("ä", "latin-1") == b"\xe4"
    assert tf.compat.as_text(b"\xc3\xa4") == tf.compat.as_str("ä") == "ä"
    assert tf.compat.as_str_any(b"x") == "x"
    assert tf.compat.as_str_any(1.5) == "1.5"
    assert tf.compat.path_to_str(pathlib.PurePosixPath("a/b")) == "a/b"


@pytest.mark.parametrize("convert", ["as_bytes", "as_text", "as_str"])
def test_anything_else_is_refused(convert: str) -> None:
    with pytest.raises(TypeError, match="Expected binary or unicode string, got 1"):
        getattr(tf.compat, convert)(1)


def test_kinds_of_numbers_include_those_of_numpy() -> None:
    assert isinstance(np.int8(1), tf.compat.integral_types)
    assert isinstance(np.float16(1), tf.compat.real_types)
    assert isinstance(1j, tf.compat.complex_types)
    assert not isinstance(1.5, tf.compat.integral_types)
    assert isinstance(b"", tf.compat.bytes_or_text_types)


def test_the_horizon_moves_within_a_block() -> None:
    assert not tf.compat.forward_compatible(2100, 1, 1)
    with tf.compat.forward_compatibility_horizon(2100, 1, 2):
        assert tf.compat.forward_compatible(2100, 1, 1)
    assert not tf.compat.forward_compatible(2100, 1, 1)

"""Numbers to text and back, with the spelling of C's printf and the strictness of TensorFlow's parsers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from flowlab._src.kernels.strings import WHITE

DECIMAL = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
HEXADECIMAL = re.compile(rb"[+-]?0[xX]([0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)([pP][+-]?\d+)?", re.ASCII)
WORD = re.compile(rb"[+-]?(inf|infinity|nan(\(\w*\))?)", re.IGNORECASE)
INTEGER = re.compile(rb"[+-]?\d+", re.ASCII)


def parse_float(text: bytes, dtype: Any) -> Any:
    """Read a floating-point number; None when the text is none. What is too large becomes infinite."""
    text = text.strip(WHITE)
    if HEXADECIMAL.fullmatch(text):
        try:
            return dtype(float.fromhex(text.decode()))
        except OverflowError:
            return dtype("-inf" if text.startswith(b"-") else "inf")
    if not DECIMAL.fullmatch(text) and not WORD.fullmatch(text):
        return None
    value = float(text.partition(b"(")[0])
    if dtype is np.float32 and math.isfinite(value):
        value = _nearest_single(value, text)
    with np.errstate(over="ignore"):
        return dtype(value)


def _nearest_single(value: float, text: bytes) -> float:
    """Keep rounding twice (to double, then to single) from going wrong where the double lies midway between singles."""
    if int(np.float64(value).view(np.uint64)) & 0x1FFFFFFF == 0x10000000:
        exact = Fraction(text.decode())
        if exact != Fraction(value):
            return math.nextafter(value, math.inf if exact > Fraction(value) else -math.inf)
    return value


def parse_int(text: bytes, dtype: Any) -> Any:
    """Read an integer; None when the text is none or the number does not fit."""
    text = text.strip(WHITE)
    if not INTEGER.fullmatch(text) or len(text.lstrip(b"+-0")) > 20:
        return None
    value, limits = int(text), np.iinfo(dtype)
    return dtype(value) if limits.min <= value <= limits.max else None


def parser(dtype: np.dtype) -> Callable[[bytes], Any]:
    """The function that reads numbers of a type."""
    kind = dtype.type
    return (lambda text: parse_float(text, kind)) if dtype.kind == "f" else (lambda text: parse_int(text, kind))


def float_text(value: float, form: str) -> str:
    """Write a number as C does; zeros fill up only what is finite, and a nan shows its sign."""
    if math.isfinite(value):
        return form % value
    head = form.replace("%0", "%", 1)
    if math.isnan(value) and math.copysign(1, value) < 0:
        return (head % -math.inf).replace("inf", "nan")
    return head % value


def complex_text(value: complex, form: str) -> str:
    """Write both parts in parentheses."""
    return f"({float_text(value.real, form)},{float_text(value.imag, form)})"


def shortest(value: Any) -> str:
    """The shortest of two usual spellings of a floating-point number that is read back as the same number."""
    few, many = ("%.6g", "%.9g") if value.dtype == np.float32 else ("%.15g", "%.17g")
    number = float(value)
    if not math.isfinite(number):
        return str(number)
    text = few % number
    return text if value.dtype.type(text) == value else many % number


ESCAPES = {10: "\\n", 13: "\\r", 9: "\\t", 34: '\\"', 39: "\\'", 92: "\\\\"}


def quoted(text: bytes) -> bytes:
    """A string in quotes, with what cannot be printed escaped; characters beyond ASCII stay."""
    parts = [
        ESCAPES[byte].encode() if byte in ESCAPES else b"\\%03o" % byte if byte < 32 or byte == 127 else bytes([byte])
        for byte in text
    ]
    return b'"' + b"".join(parts) + b'"'


def element_writer(dtype: np.dtype) -> Callable[[Any], bytes]:
    """The function that writes one element of an array for `summary`."""
    if dtype.kind == "O":
        return quoted
    if dtype.kind == "f":
        wide = np.float32 if dtype == np.float16 else dtype.type
        return lambda value: shortest(wide(value)).encode()
    if dtype.kind in "iub":
        return lambda value: b"%d" % int(value)
    return lambda value: b"?"


def summary(array: np.ndarray, at_ends: int) -> bytes:
    """Write an array in brackets; of each axis only the first and last elements, negative: all of them."""
    write = element_writer(array.dtype)
    at_ends = array.size if at_ends < 0 else min(at_ends, array.size)

    def level(part: Any, axis: int) -> bytes:
        if axis == array.ndim:
            return write(part)
        space = b" " if axis == array.ndim - 1 else b"\n" * (array.ndim - axis - 1) + b" " * (axis + 1)
        count = len(part)
        shown = [level(part[i], axis + 1) for i in range(min(at_ends, count))]
        text = space.join(shown)
        if count > 2 * at_ends:
            text += space + b"..."
        return (
            b"["
            + text
            + b"".join(space + level(part[i], axis + 1) for i in range(max(at_ends, count - at_ends), count))
            + b"]"
        )

    return level(array if array.ndim else array[()], 0)

"""Numbers to text and back, with the spelling of C's printf and the strictness of TensorFlow's parsers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from flowlab._src.kernels import text_loops
from flowlab._src.kernels.strings import WHITE

HEXADECIMAL = re.compile(rb"[+-]?0[xX]([0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)([pP][+-]?\d+)?", re.ASCII)
NAN = re.compile(rb"[+-]?nan\(\w*\)", re.IGNORECASE)
INTEGER = re.compile(rb"[+-]?\d+", re.ASCII)
MIDWAY_BITS, MIDWAY = 0x1FFFFFFF, 0x10000000  # of a double that lies midway between two singles


def parse_float(text: bytes, dtype: Any) -> Any:
    """Read a floating-point number; None when the text is none. What is too large becomes infinite."""
    try:
        value = float(text)
    except ValueError:
        return _parse_rare(text.strip(WHITE), dtype)
    if b"_" in text:  # Python takes 1_000 for a number
        return None
    if dtype is np.float32 and math.isfinite(value):
        value = _nearest_single(value, text)
    with np.errstate(over="ignore"):
        return dtype(value)


def _parse_rare(text: bytes, dtype: Any) -> Any:
    """Numbers that C reads, and Python does not: 0x1.8p3, nan(of some kind)."""
    if HEXADECIMAL.fullmatch(text):
        try:
            return dtype(float.fromhex(text.decode()))
        except OverflowError:
            return dtype("-inf" if text.startswith(b"-") else "inf")
    return dtype(text.partition(b"(")[0]) if NAN.fullmatch(text) else None


def _nearest_single(value: float, text: bytes) -> float:
    """Keep rounding twice (to double, then to single) from going wrong where the double lies midway between singles."""
    if int(np.float64(value).view(np.uint64)) & MIDWAY_BITS == MIDWAY:
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


def read_numbers(texts: Sequence[bytes], dtype: np.dtype) -> tuple[np.ndarray, int | None]:
    """Read many numbers; also the place of the first text that is none."""
    read = parser(dtype)
    found = text_loops.read_numbers(texts)
    if found is None:
        result, places = np.empty(len(texts), dtype), list(range(len(texts)))
    else:
        values, kinds = found
        with np.errstate(over="ignore", invalid="ignore"):
            result = values.astype(dtype)
        if dtype.kind == "f":
            odd = kinds == text_loops.ODD
            if dtype == np.float32:
                odd |= values.view(np.uint64) & MIDWAY_BITS == MIDWAY
        else:
            odd = (kinds != text_loops.WHOLE) | (result != values)
        places = np.flatnonzero(odd).tolist()
    for i in places:
        value = read(texts[i])
        if value is None:
            return result, i
        result[i] = value
    return result, None


def write_numbers(x: np.ndarray, form: str) -> list[bytes]:
    """Write integers or floating-point numbers, each by the same form."""
    lines = None
    if form == "%d":
        lines = text_loops.write_integers(x)
    elif form == "%f":
        lines = text_loops.write_floats(x, 6)
    elif form[:2] == "%." and form[-1] == "f":
        lines = text_loops.write_floats(x, int(form[2:-1]))
    if lines is not None:
        return lines
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        return [float_text(value, form).encode() for value in x.tolist()]
    # One large form for all of them takes Python less time than many small ones.
    return ((form + "\n") * x.size % tuple(x.tolist())).encode().splitlines()


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

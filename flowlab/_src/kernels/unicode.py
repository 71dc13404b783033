"""Characters: bytes of many encodings to code points, with the places where they begin, and back.

Wrong bytes are told apart as the Unicode standard advises (and Python does): the longest part that could have begun a
character is one error.
"""

from __future__ import annotations

import codecs
from typing import NamedTuple

import numpy as np

ERRORS = ("strict", "replace", "ignore")
OUTPUT_ENCODINGS = ("UTF-8", "UTF-16-BE", "UTF-32-BE")
LARGEST = 0x10FFFF
NOT_TEXT = frozenset(
    ["idna", "punycode", "raw_unicode_escape", "unicode_escape", "undefined", "utf_8_sig", "mbcs", "oem"]
)
MARK = 0xDC00  # a lone surrogate with this much added to it stands for so many wrong bytes


class EncodingError(ValueError):
    """There is no such encoding, or the bytes break its rules; the message is TensorFlow's."""


class Policy(NamedTuple):
    """What to do about characters that are wrong."""

    errors: str
    replacement: int
    replace_control: bool


class Character(NamedTuple):
    """One character of a string."""

    code: int
    begin: int
    is_error: bool


def _mark(error: UnicodeError) -> tuple[str, int]:
    """Tell later how many bytes were wrong here."""
    assert isinstance(error, UnicodeDecodeError)
    return chr(MARK + min(error.end - error.start, 255)), error.end


codecs.register_error("flowlab-mark", _mark)


def codec_for(encoding: str) -> str:
    """Python's name of an encoding; EncodingError when there is none."""
    try:
        name = codecs.lookup(encoding).name.replace("-", "_") if encoding else ""
        "".encode(encoding)
    except (LookupError, UnicodeError, ValueError):
        name = ""
    if not name or name in NOT_TEXT:
        raise EncodingError(f"Could not create converter for input encoding: {encoding}")
    return name


def characters(text: bytes, encoding: str) -> list[Character]:
    """Read the characters of a string, and where each begins."""
    codec = codec_for(encoding)
    begin = 0  # of the next character
    if codec in ("utf_16", "utf_32"):  # with a byte order mark, else the highest byte first
        size = 2 if codec == "utf_16" else 4
        little, big = (bytes([255, 254, 0, 0][:size]), bytes([0, 0, 254, 255][-size:]))
        mark = text[:size] in (little, big)
        codec += "_le" if text[:size] == little else "_be"
        text, begin = (text[size:], -size) if mark else (text, 0)
        offset = -begin
    else:
        offset = 0
    result = []
    at = 0
    for character in text.decode(codec, "flowlab-mark"):
        code = ord(character)
        wrong = 0xDC00 < code <= 0xDCFF
        size = code - MARK if wrong else _size(character, codec)
        if wrong and size == 1 and codec.startswith("cp125"):
            code, wrong = text[at], False  # bytes without a meaning stay what they are
        result.append(Character(code, at + offset if at else 0, wrong))
        at += size
    return result


def _size(character: str, codec: str) -> int:
    """How many bytes a character takes."""
    code = ord(character)
    if codec == "utf_8":
        return 1 + (code > 0x7F) + (code > 0x7FF) + (code > 0xFFFF)
    if codec.startswith("utf_16"):
        return 4 if code > 0xFFFF else 2
    if codec.startswith("utf_32"):
        return 4
    try:
        return len(character.encode(codec))
    except UnicodeEncodeError:
        return 1


def decode(text: bytes, encoding: str, policy: Policy) -> list[tuple[int, int]]:
    """Code points and where they begin, wrong ones treated by the policy."""
    result = []
    for code, begin, is_error in characters(text, encoding):
        if is_error and policy.errors == "strict":
            raise EncodingError("Invalid formatting on input string")
        if is_error or (policy.replace_control and code <= 0x1F):
            if policy.errors == "ignore":
                continue
            code = policy.replacement
        result.append((code, begin))
    return result


def decode_all(texts: list[bytes], encoding: str, policy: Policy) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row splits, code points, and where these begin in their string, for many strings."""
    codec = codec_for(encoding)
    found = _decode_valid(texts, policy) if codec == "utf_8" else None
    if found is not None:
        return found
    rows = [decode(text, encoding, policy) for text in texts]
    splits = np.cumsum([0, *map(len, rows)])
    pairs = np.array([pair for row in rows for pair in row], np.int64).reshape(-1, 2)
    return splits, pairs[:, 0], pairs[:, 1]


def _decode_valid(texts: list[bytes], policy: Policy) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """The same for UTF-8 without errors: all strings at once. None if there are errors, or signs to be replaced."""
    whole = b"".join(texts)
    try:
        codes = np.frombuffer(whole.decode().encode("utf-32-le"), np.uint32)
    except UnicodeDecodeError:
        return None
    sizes = np.fromiter(map(len, texts), np.int64, len(texts))
    ends = np.cumsum(sizes)
    is_first = np.frombuffer(whole, np.uint8) & 0xC0 != 0x80  # byte of a character
    begins = np.flatnonzero(is_first)
    splits = np.searchsorted(begins, np.concatenate([[0], ends]))
    if not is_first[(ends - sizes)[sizes > 0]].all() or (policy.replace_control and (codes <= 0x1F).any()):
        return None  # or bytes of two strings, each of them wrong, make a character
    return splits, codes, begins - np.repeat(ends - sizes, np.diff(splits))


def transcode(text: bytes, encoding: str, output_encoding: str, policy: Policy) -> bytes:
    """Write a string in another encoding."""
    codes = []
    for code, _, is_error in characters(text, encoding):
        if is_error or (policy.replace_control and code <= 0x1F):
            if policy.errors == "strict":
                raise EncodingError("Invalid formatting on input string")
            if policy.errors == "ignore":
                continue
            code = policy.replacement
        codes.append(code)
    return written(codes, output_encoding)


def encode(codes: list[int], output_encoding: str, policy: Policy) -> bytes:
    """Write code points as a string, wrong ones treated by the policy."""
    result = []
    for code in codes:
        if not is_character(code):
            if policy.errors == "strict":
                raise EncodingError("Code point is out of range for Unicode, or is a surrogate.")
            if policy.errors == "ignore":
                continue
            code = policy.replacement
        result.append(code)
    return written(result, output_encoding)


def is_character(code: int) -> bool:
    """True for code points that text may hold."""
    return 0 <= code <= LARGEST and not 0xD800 <= code <= 0xDFFF


def written(codes: list[int], encoding: str) -> bytes:
    """Code points in one of the encodings of Unicode; what is no character becomes U+FFFD."""
    text = "".join(chr(code) if is_character(code) else "\ufffd" for code in codes)
    return text.encode(encoding)

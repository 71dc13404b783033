r"""The regular expressions of RE2, which TensorFlow uses, translated for Python's `re`.

The two languages look alike and differ in many small things: `\d` and `\w` mean ASCII in RE2, `$` is the very end of the
text, `a{,2}` is no repetition, `(?U)` makes repetitions short, `\pL` and `[[:alpha:]]` exist, look-ahead and back
references do not. A pattern is read by RE2's rules and written anew, and what RE2 refuses is refused in its words.

Texts are UTF-8. A byte that belongs to no character is carried along as a lone surrogate ("surrogateescape"), which no
class and no dot matches, as in RE2. One thing is not RE2's: Python may take very long for nested repetitions such as
`(a+)+b`, where RE2 takes time proportional to the text.
"""

from __future__ import annotations

import functools
import re
import sys
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from flowlab._src.kernels import unicode_scripts

Range = tuple[int, int]
Ranges = tuple[Range, ...]

LARGEST_REPETITION = 1000
LAST = sys.maxunicode
NO_CHARACTER: Range = (0xD800, 0xDFFF)  # surrogates stand for stray bytes


def simple(text: str) -> Ranges:
    """Ranges written as "09azAZ"."""
    return tuple((ord(text[i]), ord(text[i + 1])) for i in range(0, len(text), 2))


PERL = {"d": simple("09"), "w": simple("09AZ__az"), "s": simple("\t\n\f\r  ")}
POSIX = {
    "alnum": simple("09AZaz"), "alpha": simple("AZaz"), "ascii": simple("\0\x7f"), "blank": simple("\t\t  "),
    "cntrl": simple("\0\x1f\x7f\x7f"), "digit": simple("09"), "graph": simple("!~"), "lower": simple("az"),
    "print": simple(" ~"), "punct": simple("!/:@[`{~"), "space": simple("\t\r  "), "upper": simple("AZ"),
    "word": simple("09AZ__az"), "xdigit": simple("09AFaf"),
}  # fmt: skip
CONTROL = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
WIDTHLESS = {"A": r"(?:\A)", "z": r"(?:\Z)", "b": r"(?a:\b)", "B": r"(?a:\B)"}


class PatternError(ValueError):
    """The pattern is not one of RE2's; the message is RE2's."""


class Flags(NamedTuple):
    """What `(?imsU)` switches."""

    i: bool = False  # upper and lower case are alike
    m: bool = False  # ^ and $ match at lines
    s: bool = False  # the dot matches a line end
    U: bool = False  # repetitions are short unless a question mark follows


@functools.lru_cache(maxsize=512)
def compiled(pattern: bytes) -> re.Pattern[str]:
    """Compile a pattern of RE2; PatternError in its words."""
    try:
        text = pattern.decode()
    except UnicodeDecodeError:
        raise PatternError("invalid UTF-8") from None
    try:
        return re.compile(Translator(text).translate())
    except RecursionError:
        raise PatternError("expression nests too deeply") from None
    except (re.error, OverflowError) as error:
        raise PatternError(f"{error} (in Python's form of the pattern)") from None


class Translator:
    """Reads a pattern from left to right and writes Python's form of it."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.flags = Flags()
        self.parts: list[str] = []  # of the innermost open group
        self.open: list[tuple[list[str], Flags, str]] = []  # outer parts, their flags, how the group begins
        self.repeated_from: int | None = None  # where the repetition begins that has just been read

    def translate(self) -> str:
        """Return the pattern in Python's form."""
        atom = False  # there is something that can be repeated
        while self.at < len(self.pattern):
            start, c = self.at, self.pattern[self.at]
            if c in "*+?" or (c == "{" and self.repetition_size() is not None):
                self.repeat(atom)
                continue
            self.repeated_from = None
            atom = True
            if c == "(":
                atom = self.begin_group()
            elif c == ")":
                self.end_group()
            elif c == "|":
                self.at += 1
                self.parts.append("|")
                atom = False
            elif c == "[":
                self.parts.append(self.bracket())
            elif c == "\\":
                atom = self.escape()
            elif c in ".^$":
                self.at += 1
                self.parts.append(self.sign(c))
            else:
                self.at += 1
                self.parts.append(self.literal(c))
            assert self.at > start
        if self.open:
            raise PatternError(f"missing ): {self.pattern}")
        return "".join(self.parts)

    # ---- single characters ----

    def literal(self, character: str) -> str:
        escaped = re.escape(character)
        return f"(?i:{escaped})" if self.flags.i and character.lower() != character.upper() else escaped

    def sign(self, c: str) -> str:
        if c == ".":
            return written(() if self.flags.s else ((10, 10),), negated=True)
        if self.flags.m:
            return f"(?m:{c})"
        return WIDTHLESS["A" if c == "^" else "z"]

    def escape(self) -> bool:
        """Read what begins with a backslash; return whether it can be repeated."""
        start = self.at
        following = self.pattern[start + 1 : start + 2]
        if following == "Q":
            end = self.pattern.find("\\E", start + 2)
            quoted = self.pattern[start + 2 : end if end >= 0 else None]
            self.at = end + 2 if end >= 0 else len(self.pattern)
            self.parts.extend(self.literal(c) for c in quoted)
            return bool(quoted)
        if following == "C":
            raise PatternError(r"\C, a single byte, is not supported here")
        if following in WIDTHLESS and following:
            self.at += 2
            self.parts.append(WIDTHLESS[following])
            return True
        group = self.class_escape()
        if group is not None:
            self.parts.append(self.with_case(written(*group)))
        else:
            self.parts.append(self.literal(self.character_escape()))
        return True

    def with_case(self, text: str) -> str:
        return f"(?i:{text})" if self.flags.i else text

    def class_escape(self) -> tuple[Ranges, bool] | None:
        r"""Read \d, \W, \pL, \P{Greek} and the like: the ranges, and whether they are negated."""
        p, start = self.pattern, self.at
        following = p[start + 1 : start + 2]
        if following and following in "dDwWsS":
            self.at += 2
            return PERL[following.lower()], following.isupper()
        if following not in ("p", "P"):
            return None
        if p[start + 2 : start + 3] == "{":
            end = p.find("}", start)
            if end < 0:
                raise PatternError(f"invalid character class range: {p[start:]}")
            name, self.at = p[start + 3 : end], end + 1
        else:
            name, self.at = p[start + 2 : start + 3], start + 3
        ranges = property_ranges(name.removeprefix("^"))
        if ranges is None:
            raise PatternError(f"invalid character class range: {p[start : self.at]}")
        return ranges, (following == "P") != name.startswith("^")

    def character_escape(self) -> str:
        r"""Read an escaped character: \n, \x41, \x{1F600}, \012, or a sign that would mean something else."""
        start = self.at
        following = self.pattern[start + 1 : start + 2]
        if not following:
            raise PatternError("trailing \\")
        if following in CONTROL:
            self.at += 2
            return CONTROL[following]
        for form, base in (
            (r"x([0-9A-Fa-f]{2})", 16), (r"x\{([0-9A-Fa-f]+)\}", 16), (r"([1-7][0-7]{1,2})", 8), (r"(0[0-7]{0,2})", 8),
        ):  # fmt: skip
            found = re.compile(form).match(self.pattern, start + 1)
            if found and int(found[1], base) <= LAST:
                self.at = found.end()
                return chr(int(found[1], base))
        if following < "\x80" and not following.isalnum():
            self.at += 2
            return following
        raise PatternError(f"invalid escape sequence: \\{following}")

    # ---- classes in brackets ----

    def bracket(self) -> str:
        p, start = self.pattern, self.at
        self.at += 1
        negated = p[self.at : self.at + 1] == "^"
        self.at += negated
        ranges: list[Range] = []
        first = True
        while first or p[self.at : self.at + 1] != "]":
            if self.at >= len(p):
                raise PatternError(f"missing ]: {p[start:]}")
            ranges.extend(self.bracket_item())
            first = False
        self.at += 1
        return self.with_case(written(tuple(ranges), negated))

    def bracket_item(self) -> Ranges:
        p, start = self.pattern, self.at
        if p.startswith("[:", start):
            end = p.find(":]", start)
            if end >= 0:
                name = p[start + 2 : end]
                if name.removeprefix("^") not in POSIX:
                    raise PatternError(f"invalid character class range: {p[start : end + 2]}")
                self.at = end + 2
                inside = POSIX[name.removeprefix("^")]
                return complement(inside) if name.startswith("^") else inside
        if p.startswith("\\", start):
            group = self.class_escape()
            if group is not None:
                return complement(group[0]) if group[1] else group[0]
        low = high = self.bracket_character()
        if p.startswith("-", self.at) and p[self.at + 1 : self.at + 2] not in ("]", ""):
            self.at += 1
            high = self.bracket_character()
            if high < low:
                raise PatternError(f"invalid character class range: {p[start : self.at]}")
        return ((ord(low), ord(high)),)

    def bracket_character(self) -> str:
        if self.pattern[self.at] == "\\":
            return self.character_escape()
        self.at += 1
        return self.pattern[self.at - 1]

    # ---- groups and repetitions ----

    def begin_group(self) -> bool:
        p, start = self.pattern, self.at
        flags, begin = self.flags, "("
        if not p.startswith("(?", start):
            self.at += 1
        elif p.startswith("(?P<", start):
            named = re.compile(r"\(\?P<(\w+)>", re.ASCII).match(p, start)
            if not named:
                end = p.find(">", start)
                raise PatternError(f"invalid named capture group: {p[start : end + 1 if end >= 0 else None]}")
            self.at = named.end()
        else:
            change = re.compile(r"\(\?([imsU]*)(?:-([imsU]+))?([:)])").match(p, start)
            if not change or (change[3] == ")" and not change[1] and not change[2]):
                raise PatternError(f"invalid perl operator: {self.wrong_operator()}")
            flags = flags._replace(**dict.fromkeys(change[1], True), **dict.fromkeys(change[2] or "", False))
            self.at = change.end()
            if change[3] == ")":
                self.flags = flags  # until the group that is open ends
                return False
            begin = "(?:"
        self.open.append((self.parts, self.flags, begin))
        self.parts, self.flags = [], flags
        return False

    def wrong_operator(self) -> str:
        """The part of the pattern up to the letter that is not one of the flags."""
        end = self.at + 2
        while end < len(self.pattern) and self.pattern[end] in "imsU-":
            end += 1
        return self.pattern[self.at : end + 1]

    def end_group(self) -> None:
        if not self.open:
            raise PatternError(f"unexpected ): {self.pattern}")
        self.at += 1
        inner = "".join(self.parts)
        self.parts, self.flags, begin = self.open.pop()
        self.parts.append(f"{begin}{inner})")

    def repetition_size(self) -> re.Match[str] | None:
        return re.compile(r"\{(\d+)(,(\d*))?\}", re.ASCII).match(self.pattern, self.at)

    def repeat(self, atom: bool) -> None:
        """Read a repetition of what stands before it."""
        p, start = self.pattern, self.at
        size = self.repetition_size() if p[start] == "{" else None
        self.at = size.end() if size else start + 1
        sign = p[start : self.at]
        short = p.startswith("?", self.at)
        self.at += short
        if not atom:
            raise PatternError(f"no argument for repetition operator: {p[start : self.at]}")
        if self.repeated_from is not None:
            raise PatternError(f"bad repetition operator: {p[self.repeated_from : self.at]}")
        if size:
            low, high = int(size[1]), int(size[3] or size[1])
            if max(low, high) > LARGEST_REPETITION or high < low:
                raise PatternError(f"invalid repetition size: {sign}")
        self.parts[-1] += sign + ("?" if short != self.flags.U else "")
        self.repeated_from = start


# ---- sets of characters --------------------------------------------------------------------------------------------


def complement(ranges: Ranges) -> Ranges:
    """The characters that are in none of the ranges; stray bytes are no characters."""
    result, begin = [], 0
    for low, high in sorted((*ranges, NO_CHARACTER)):
        if low > begin:
            result.append((begin, low - 1))
        begin = max(begin, high + 1)
    return (*result, (begin, LAST)) if begin <= LAST else tuple(result)


def written(ranges: Ranges, negated: bool = False) -> str:
    """A class in Python's form. What is negated by Python does not match stray bytes either."""
    if negated:
        ranges = (*ranges, NO_CHARACTER)
    if not ranges:
        return "(?!)"
    body = "".join(_point(low) if low == high else f"{_point(low)}-{_point(high)}" for low, high in ranges)
    return f"[{'^' if negated else ''}{body}]"


def _point(code: int) -> str:
    return chr(code) if code < 128 and chr(code).isalnum() else f"\\U{code:08x}"


@functools.cache
def property_ranges(name: str) -> Ranges | None:
    """The characters of a general category ("L", "Lu") or of a script ("Greek"); None for other names."""
    if name == "Any":
        return complement(())
    if name in unicode_scripts.scripts():
        return unicode_scripts.scripts()[name].ranges
    if not name or len(name) > 2 or name not in _categories():
        return None
    result: list[Range] = []
    for code in range(LAST + 1):
        if unicodedata.category(chr(code)).startswith(name):
            if result and result[-1][1] == code - 1:
                result[-1] = (result[-1][0], code)
            else:
                result.append((code, code))
    return tuple(result)


def _categories() -> set[str]:
    minor = {"C": "cfos", "L": "lmotu", "M": "cen", "N": "dlo", "P": "cdefios", "S": "ckmo", "Z": "lps"}
    return {major + small for major, letters in minor.items() for small in ("", *letters)}


# ---- matching and replacing -----------------------------------------------------------------------------------------------------


def decoded(text: bytes) -> str:
    """UTF-8 to characters; stray bytes become lone surrogates."""
    return text.decode("utf-8", "surrogateescape")


BETWEEN = b"\xff"  # texts of UTF-8 have no such byte, and as a stray byte nothing matches it


def full_matches(pattern: re.Pattern[str], texts: Sequence[bytes]) -> list[bool]:
    """Which texts match as a whole."""
    joined = BETWEEN.join(texts)
    if joined.count(BETWEEN) == len(texts) - 1:
        parts = decoded(joined).split(decoded(BETWEEN))  # all at once: half the time
    else:
        parts = [decoded(text) for text in texts]
    return [found is not None for found in map(pattern.fullmatch, parts)]


def replace_all(pattern: re.Pattern[str], rewrite: bytes, texts: Sequence[bytes], everywhere: bool) -> list[bytes]:
    """`replace` for each text. Where matches cannot be empty, nor depend on where a text ends, for all of them at once."""
    pieces = rewrite_pieces(rewrite)
    if max((p for p in pieces if isinstance(p, int)), default=0) > pattern.groups:
        return list(texts)  # a group that the pattern does not have
    if everywhere and None not in pieces and BETWEEN not in rewrite and is_local(pattern):
        template = "".join(f"\\g<{p}>" if isinstance(p, int) else str(p).replace("\\", r"\\") for p in pieces)
        joined = BETWEEN.join(texts)
        if joined.count(BETWEEN) == len(texts) - 1:
            found = pattern.sub(template, decoded(joined))
            return found.encode("utf-8", "surrogateescape").split(BETWEEN)
    return [replace(pattern, pieces, text, everywhere) for text in texts]


@functools.lru_cache(maxsize=512)
def is_local(pattern: re.Pattern[str]) -> bool:
    """True if the pattern matches no empty text and does not ask where a text or line begins or ends."""
    text = pattern.pattern
    if any(sign in text for sign in (WIDTHLESS["A"], WIDTHLESS["z"], "(?m:")):
        return False
    for sign in (WIDTHLESS["b"], WIDTHLESS["B"]):
        text = text.replace(sign, "(?:)")
    return re.fullmatch(text, "") is None


def replace(pattern: re.Pattern[str], pieces: list[str | int | None], text: bytes, everywhere: bool) -> bytes:
    """Replace the first match or all by the pieces of a rewrite: texts and numbers of groups."""
    source = decoded(text)
    out: list[str] = []
    at, last_end, count = 0, -1, 0
    while at <= len(source):
        found = pattern.search(source, at)
        if not found:
            break
        out.append(source[at : found.start()])
        if found.start() == last_end and found.end() == last_end:
            # No empty match where the last match ended: go on behind the next character.
            out.append(source[last_end : last_end + 1])
            at = last_end + 1
            continue
        if not everywhere and pieces and pieces[-1] is None:
            return text
        out.extend(p if isinstance(p, str) else found[p] or "" for p in pieces if p is not None)
        at = last_end = found.end()
        count += 1
        if not everywhere:
            break
    if not count:
        return text
    out.append(source[at:])
    return "".join(out).encode("utf-8", "surrogateescape")


def rewrite_pieces(rewrite: bytes) -> list[str | int | None]:
    """Text and numbers of groups; None marks where RE2 stops reading, at a backslash that escapes nothing."""
    text = decoded(rewrite)
    pieces: list[str | int | None] = []
    at = 0
    while at < len(text):
        end = text.find("\\", at)
        pieces.append(text[at:] if end < 0 else text[at:end])
        if end < 0:
            break
        following = text[end + 1 : end + 2]
        if following == "\\":
            pieces.append("\\")
        elif following and following in "0123456789":
            pieces.append(int(following))
        else:
            return [*pieces, None]
        at = end + 2
    return pieces

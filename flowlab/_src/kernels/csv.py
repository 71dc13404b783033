"""Records of comma-separated values (RFC 4180), cut into fields as strictly as TensorFlow does."""

from __future__ import annotations

from collections.abc import Sequence


class CsvError(ValueError):
    """A record breaks the rules; the message is TensorFlow's."""


QUOTE = b'"'


def plain_columns(
    records: Sequence[bytes], delimiter: bytes, quotes: bool, chosen: list[int], count: int
) -> list[list[bytes]] | None:
    """The same as `fields_of`, column by column, for many records at once.

    None if it takes a closer look: where there are quotes or line ends, or not `count` fields in each record.
    """
    width = records[0].count(delimiter) + 1 if records else 0
    numbers = chosen or range(width)
    if len(numbers) != count or max(numbers, default=0) >= width or delimiter in b'"\r\n' or b"" in records:
        return None
    # Between two records stands a field with a line end in it, which then has to be at every (width + 1)-th place.
    text = (delimiter + b"\n" + delimiter).join(records)
    fields = text.split(delimiter)
    ends = len(records) - 1
    if (
        text.count(b"\n") != ends
        or fields[width :: width + 1].count(b"\n") != ends
        or len(fields) % (width + 1) != width
    ):
        return None
    if b"\r" in text or (quotes and QUOTE in text):
        return None
    return [fields[i :: width + 1] for i in numbers]


def fields_of(record: bytes, delimiter: bytes, quotes: bool, chosen: list[int]) -> list[bytes]:
    """Cut a record into its fields; with `chosen` (rising numbers) only into those, reading no further than needed."""
    result: list[bytes] = []
    at, number = 0, 0
    while at < len(record):
        if record[at : at + 1] in (b"\n", b"\r"):
            at += 1
            continue
        if quotes and record[at : at + 1] == QUOTE:
            field, at = _quoted(record, at + 1, delimiter)
        else:
            end = record.find(delimiter, at)
            field = record[at : len(record) if end < 0 else end]
            if b"\n" in field or b"\r" in field or (quotes and QUOTE in field):
                raise CsvError("Unquoted fields cannot have quotes/CRLFs inside")
            at += len(field) + 1
        if not chosen or chosen[len(result)] == number:
            result.append(field)
            if len(result) == len(chosen):
                return result
        number += 1
    if record.endswith(delimiter) and (not chosen or chosen[len(result)] == number):
        result.append(b"")
    return result


def _quoted(record: bytes, at: int, delimiter: bytes) -> tuple[bytes, int]:
    """Read a field behind its opening quote; return it and where the next one begins."""
    parts = []
    while True:
        end = record.find(QUOTE, at)
        if end < 0:
            raise CsvError("Quoted field has to end with quote followed by delim or end")
        parts.append(record[at:end])
        following = record[end + 1 : end + 2]
        if following in (b"", delimiter):
            return b"".join(parts), end + 2
        if following != QUOTE:
            raise CsvError("Quote inside a string has to be escaped by another quote")
        if end + 2 >= len(record):
            raise CsvError("Quoted field has to end with quote followed by delim or end")
        parts.append(QUOTE)
        at = end + 2

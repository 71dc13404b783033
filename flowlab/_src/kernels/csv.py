"""Records of comma-separated values (RFC 4180), cut into fields as strictly as TensorFlow does."""

from __future__ import annotations


class CsvError(ValueError):
    """A record breaks the rules; the message is TensorFlow's."""


QUOTE = b'"'


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

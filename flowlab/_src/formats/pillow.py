"""Pillow, loaded where it is used, and its many errors made one."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# What broken files make of Pillow's readers.
FAILURES = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError, AttributeError,
    struct.error, zlib.error,
)  # fmt: skip


@contextmanager
def opened(contents: bytes, kind: str, refusal: type[ValueError]) -> Iterator[Any]:
    """An image of one format, opened from bytes; what goes wrong with it becomes a `refusal`."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(contents), formats=[kind]) as image:
            yield image
    except refusal:
        raise
    except (*FAILURES, Image.DecompressionBombError) as error:
        raise refusal(str(error) or f"no {kind} image") from None

"""`tf.compat`: text and bytes, kinds of numbers, sizes of shapes, and how far ahead graphs are to be understood."""

from __future__ import annotations

import datetime
import numbers
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from flowlab._src.util.arguments import as_text as given_text, refused
from flowlab._src.util.export import export

bytes_or_text_types = export("compat.bytes_or_text_types")((bytes, str))
integral_types = export("compat.integral_types")((numbers.Integral, np.integer))
real_types = export("compat.real_types")((numbers.Real, np.integer, np.floating))
complex_types = export("compat.complex_types")((numbers.Complex, np.number))


@export("compat.as_bytes")
def as_bytes(bytes_or_text: Any, encoding: str = "utf-8") -> bytes:
    """Return text as bytes; bytes stay as they are.

    Parameters
    ----------
    bytes_or_text : bytes, bytearray or str
    encoding : str

    Raises
    ------
    TypeError
        If it is neither.

    Examples
    --------
    >>> tf.compat.as_bytes("Größe")
    b'Gr\\xc3\\xb6\\xc3\\x9fe'
    """
    if isinstance(bytes_or_text, (bytes, bytearray)):
        return bytes(bytes_or_text)
    if isinstance(bytes_or_text, str):
        return bytes_or_text.encode(given_text(encoding, "encoding"))
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


@export("compat.as_text", "compat.as_str")
def as_text(bytes_or_text: Any, encoding: str = "utf-8") -> str:
    """Return bytes as text; text stays as it is.

    Parameters
    ----------
    bytes_or_text : bytes or str
    encoding : str

    Raises
    ------
    TypeError
        If it is neither.

    Examples
    --------
    >>> tf.compat.as_str(b"words")
    'words'
    """
    if isinstance(bytes_or_text, str):
        return bytes_or_text
    if isinstance(bytes_or_text, bytes):
        return bytes_or_text.decode(given_text(encoding, "encoding"))
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


@export("compat.as_str_any")
def as_str_any(value: Any) -> str:
    """Return anything as text: bytes are decoded, all else goes through `str`.

    Examples
    --------
    >>> tf.compat.as_str_any(b"words"), tf.compat.as_str_any(7)
    ('words', '7')
    """
    return as_text(value) if isinstance(value, bytes) else str(value)


@export("compat.path_to_str")
def path_to_str(path: Any) -> Any:
    """Return a path object as text; anything else as it is.

    Examples
    --------
    >>> import pathlib
    >>> tf.compat.path_to_str(pathlib.PurePosixPath("data/train"))
    'data/train'
    """
    return as_str_any(path.__fspath__()) if hasattr(path, "__fspath__") else path


@export("compat.dimension_value", "dimension_value")
def dimension_value(dimension: Any) -> Any:
    """Return the size that a Dimension stands for, None when it is unknown; numbers stay as they are.

    Examples
    --------
    >>> shape = tf.TensorShape([None, 3])
    >>> tf.compat.dimension_value(shape[0]), tf.compat.dimension_value(shape[1])
    (None, 3)
    """
    return dimension.value if hasattr(dimension, "value") else dimension


@export("compat.dimension_at_index", "dimension_at_index")
def dimension_at_index(shape: Any, index: int) -> Any:
    """Return the Dimension of an axis; an unknown one when even the rank is unknown.

    Examples
    --------
    >>> tf.compat.dimension_at_index(tf.TensorShape([2, 3]), 1)
    Dimension(3)
    """
    if not hasattr(shape, "ndims") or not hasattr(shape, "dims"):
        raise refused("TensorShape", "shape", shape)
    return type(shape)([None])[0] if shape.ndims is None else shape[index]


_HORIZON = datetime.date(2019, 11, 6)  # three weeks after TensorFlow 1.15: nodes made today are understood from then on
_days_ahead = [_HORIZON]


def day_of(year: Any, month: Any, day: Any) -> datetime.date:
    """A day of the calendar; ValueError when there is none."""
    try:
        return datetime.date(year, month, day)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{year!r}, {month!r}, {day!r} is no day: {error}") from None


@export("compat.forward_compatible")
def forward_compatible(year: int, month: int, day: int) -> bool:
    """Tell whether nodes may be made that readers understand since this day only.

    Examples
    --------
    >>> tf.compat.forward_compatible(2019, 1, 1)
    True
    """
    return _days_ahead[-1] > day_of(year, month, day)


@export("compat.forward_compatibility_horizon")
@contextmanager
def forward_compatibility_horizon(year: int, month: int, day: int) -> Iterator[None]:
    """Pretend within a block that readers understand the nodes known on this day.

    Examples
    --------
    >>> with tf.compat.forward_compatibility_horizon(2030, 1, 1):
    ...     tf.compat.forward_compatible(2029, 1, 1)
    True
    """
    _days_ahead.append(day_of(year, month, day))
    try:
        yield
    finally:
        _days_ahead.pop()

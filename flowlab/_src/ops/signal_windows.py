"""Windows: weights that let a frame of a signal fade in and out."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import DType, as_dtype, bool_, float32, int32
from flowlab._src.graph.op import constant_value
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.cast import cast
from flowlab._src.ops.compare import equal
from flowlab._src.ops.constant import make_constant
from flowlab._src.ops.division import FloorMod
from flowlab._src.ops.fill import ones
from flowlab._src.ops.joining import concat
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.sequences import range_
from flowlab._src.ops.special import bessel_i0e
from flowlab._src.util.export import export


@export("signal.hann_window")
def hann_window(window_length: Any, periodic: Any = True, dtype: Any = float32, name: str | None = None) -> Tensor:
    """Return Hann's window: one arch of a cosine, from 0 up to 1 and back.

    Parameters
    ----------
    window_length : int or int32 scalar Tensor
    periodic : bool
        A window of even length does not come back to 0, because the next frame begins there.
    dtype : floating-point DType

    Returns
    -------
    Tensor, shape (window_length,)

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.signal.hann_window(4)).round(2)
    array([0. , 0.5, 1. , 0.5], dtype=float32)
    """
    return _raised_cosine(name, "hann_window", window_length, periodic, dtype, 0.5, 0.5)


@export("signal.hamming_window")
def hamming_window(window_length: Any, periodic: Any = True, dtype: Any = float32, name: str | None = None) -> Tensor:
    """Return Hamming's window: as Hann's, from 0.08 up to 1, with lower side lobes.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.signal.hamming_window(4)).round(2)
    array([0.08, 0.54, 1.  , 0.54], dtype=float32)
    """
    return _raised_cosine(name, "hamming_window", window_length, periodic, dtype, 0.54, 0.46)


def _require_floating(dtype: Any) -> DType:
    dtype = as_dtype(dtype)
    if not dtype.is_floating:
        raise misuse(ValueError(f"dtype must be a floating point type. Found {dtype!r}"))
    return dtype


def _raised_cosine(
    name: str | None, default_name: str, window_length: Any, periodic: Any, dtype: Any, a: float, b: float
) -> Tensor:
    """a - b cos(2 pi k / n)."""
    dtype = _require_floating(dtype)
    with name_scope(name, default_name, [window_length, periodic]):
        window_length = convert(window_length, int32, "window_length")
        window_length.shape.assert_has_rank(0)
        known = constant_value(window_length)
        if known is not None and known == 1:
            return ones([1], dtype)
        periodic = cast(convert(periodic, bool_, "periodic"), int32)
        periodic.shape.assert_has_rank(0)
        even = 1 - FloorMod()(window_length, 2, name="mod")
        n = cast(window_length + periodic * even - 1, dtype)
        count = cast(range_(window_length), dtype)
        angle = make_constant(2 * np.pi, dtype) * count / n
        window = a - b * raw.Cos(angle)
        if known is None:  # of length 1: 0 / 0
            window = raw.Select(equal(window_length, 1), ones([window_length], dtype), window)
        return window


@export("signal.kaiser_window")
def kaiser_window(window_length: Any, beta: Any = 12.0, dtype: Any = float32, name: str | None = None) -> Tensor:
    """Return Kaiser's window; a larger `beta` gives a wider main lobe and lower side lobes.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.signal.kaiser_window(3, beta=2.0)).round(3)
    array([0.439, 1.   , 0.439], dtype=float32)
    """
    with name_scope(name, "kaiser_window"):
        dtype, window_length = _length_of(window_length, dtype)
        known = constant_value(window_length)
        if known is not None and known == 1:
            return ones([1], dtype)
        half = (cast(window_length, float32) - 1.0) / 2.0
        places = cast(range_(-half, half + 0.1, dtype=float32), dtype)
        beta, one, half = cast(beta, dtype), cast(1.0, dtype), cast(half, dtype)
        height = beta * raw.Sqrt(raw.Relu(one - raw.Square(places / half)))
        return raw.Exp(height - beta) * (bessel_i0e(height) / bessel_i0e(beta))


def _length_of(window_length: Any, dtype: Any) -> tuple[DType, Tensor]:
    dtype = _require_floating(dtype)
    window_length = convert(window_length, int32)
    window_length.shape.assert_has_rank(0)
    return dtype, window_length


@export("signal.kaiser_bessel_derived_window")
def kaiser_bessel_derived_window(
    window_length: Any, beta: Any = 12.0, dtype: Any = float32, name: str | None = None
) -> Tensor:
    """Return the window of audio codecs made by adding up Kaiser's: overlapping squares sum to 1."""
    from flowlab._src.ops.cumulative import cumsum

    with name_scope(name, "kaiser_bessel_derived_window"):
        dtype, window_length = _length_of(window_length, dtype)
        sums = cumsum(kaiser_window(window_length // 2 + 1, beta, dtype=dtype))
        half = raw.Sqrt(sums[:-1] / sums[-1])
        return concat((half, half[::-1]), axis=0)


@export("signal.vorbis_window")
def vorbis_window(window_length: Any, dtype: Any = float32, name: str | None = None) -> Tensor:
    """Return the window of the Vorbis codec: overlapping squares sum to 1."""
    with name_scope(name, "vorbis_window"):
        dtype, window_length = _length_of(window_length, dtype)
        places = cast(range_(window_length), dtype)
        return raw.Sin(np.pi / 2.0 * raw.Pow(raw.Sin(np.pi / cast(window_length, dtype) * (places + 0.5)), 2.0))

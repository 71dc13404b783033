"""Spectra that change over time, cosine transforms, and what speech recognition makes of them (mel scale, MFCC)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from flowlab._src.graph.arguments import as_float, as_int
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import as_dtype, float32, int32
from flowlab._src.graph.op import constant_value
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import rank, shape_of
from flowlab._src.ops.cast import cast, complex_, real
from flowlab._src.ops.constant import make_constant
from flowlab._src.ops.fft import irfft, real_type, rfft
from flowlab._src.ops.fill import zeros, zeros_like
from flowlab._src.ops.joining import concat
from flowlab._src.ops.magnitude import maximum, minimum
from flowlab._src.ops.misuse import misuse, ranked_at_least
from flowlab._src.ops.padding import pad, tile
from flowlab._src.ops.reduce import reduce_sum
from flowlab._src.ops.reshaping import expand_dims, reshape
from flowlab._src.ops.sequences import linspace, range_
from flowlab._src.ops.signal_frames import frame, overlap_and_add, scalar
from flowlab._src.ops.signal_windows import hann_window, vorbis_window
from flowlab._src.ops.splitting import split
from flowlab._src.ops.transposing import reverse
from flowlab._src.util.export import export

Window = Callable[..., Tensor]


# ---- cosine transforms -----------------------------------------------------------------------------------------------


@export("signal.dct", "spectral.dct")
def dct(
    input: Any, type: int = 2, n: int | None = None, axis: int = -1, norm: str | None = None, name: str | None = None
) -> Tensor:
    """Return the cosine transform of each row: how much of each cosine it holds.

    Parameters
    ----------
    input : Tensor, shape (..., samples), float32 or float64
    type : {1, 2, 3, 4}
        2 is the usual one, 3 its inverse.
    n : int, optional
        Cut rows to this length, or fill them up with zeros.
    axis : {-1}
    norm : {None, "ortho"}
        "ortho" makes the transform orthogonal: lengths are kept.

    Returns
    -------
    Tensor, shape (..., n)

    Raises
    ------
    ValueError
        If `type`, `n` or `norm` is not one of these.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.signal.dct([1.0, 1.0, 1.0, 1.0], norm="ortho")).round(3) + 0.0
    array([2., 0., 0., 0.], dtype=float32)
    """
    _check_dct(input, type, n, axis, norm)
    return _dct(input, type, n, norm, name)


@export("signal.idct", "spectral.idct")
def idct(
    input: Any, type: int = 2, n: int | None = None, axis: int = -1, norm: str | None = None, name: str | None = None
) -> Tensor:
    """Return the inverse of the cosine transform of this type; without `norm` up to a factor, as in SciPy.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.signal.idct(tf.signal.dct([1.0, 2.0, 4.0], norm="ortho"), norm="ortho")).round(3)
    array([1., 2., 4.], dtype=float32)
    """
    _check_dct(input, type, n, axis, norm)
    return _dct(input, {1: 1, 2: 3, 3: 2, 4: 4}[type], n, norm, name)


def _check_dct(input: Any, type: int, n: int | None, axis: int, norm: str | None) -> None:
    if isinstance(axis, np.ndarray) or axis != -1:
        raise misuse(NotImplementedError(f"axis must be -1. Got: {axis}"))
    if n is not None and as_int(n, "n") < 1:
        raise misuse(ValueError("n should be a positive integer or None"))
    if not isinstance(type, (int, np.integer)) or type not in (1, 2, 3, 4):
        raise misuse(ValueError("Types I, II, III and IV (I)DCT are supported."))
    if type == 1:
        if isinstance(norm, str) and norm == "ortho":
            raise misuse(ValueError("Normalization is not supported for the Type-I DCT."))
        last = convert(input).shape[-1].value
        if last is not None and last < 2:
            raise misuse(ValueError("Type-I DCT requires the dimension to be greater than one."))
    if norm is not None and (not isinstance(norm, str) or norm != "ortho"):
        raise misuse(ValueError(f"Unknown normalization. Expected None or 'ortho', got: {norm}"))


def _last(x: Tensor) -> Any:
    """The length of the last axis, as a number where it is known."""
    return x.shape[-1].value or shape_of(x)[-1]


def _dct(input: Any, type: int, n: Any, norm: str | None, name: str | None = None) -> Tensor:
    with name_scope(name, "dct", [input]):
        x = convert(input)
        ranked_at_least(x, 1)
        dtype = x.dtype.base_dtype
        zero = convert(0.0, dtype)
        samples = _last(x)
        if n is not None:
            x = _resized(x, n, samples)
        length = _last(x)
        count = cast(length, dtype)
        if type == 1:
            return real(rfft(concat([x, x[..., -2:0:-1]], axis=-1)))
        if type == 2:
            turn = 2.0 * raw.Exp(complex_(zero, -range_(count) * math.pi * 0.5 / count))
            result = real(rfft(x, fft_length=[2 * length])[..., :length] * turn)
            if norm == "ortho":
                first = 0.5 * raw.Rsqrt(count)
                result *= _first_and_others(first, first * math.sqrt(2.0), length)
            return result
        if type == 3:
            if norm == "ortho":
                first = raw.Sqrt(count)
                x *= _first_and_others(first, first * math.sqrt(0.5), length)
            else:
                x *= count
            turn = 2.0 * raw.Exp(complex_(zero, range_(count) * math.pi * 0.5 / count))
            return real(irfft(turn * complex_(x, zero), fft_length=[2 * length]))[..., :length]
        result = _dct(x, 2, 2 * length, None)[..., 1::2]
        if norm == "ortho":
            result *= math.sqrt(0.5) * raw.Rsqrt(count)
        return result


def _first_and_others(first: Tensor, others: Tensor, length: Any) -> Tensor:
    """Weights: one for the first number, the other for the rest."""
    return pad(expand_dims(first, 0), [[0, length - 1]], constant_values=others)


def _resized(x: Tensor, n: Any, samples: Any) -> Tensor:
    """Rows cut to n numbers, or filled up with zeros."""
    if not isinstance(n, Tensor) and not isinstance(samples, Tensor):
        if n <= samples:
            return x[..., 0:n]
        return _filled_up(x, n - samples)
    # One of the two does nothing.
    return _filled_up(x[..., 0:n], maximum(n - samples, 0))


def _filled_up(x: Tensor, count: Any) -> Tensor:
    dims = x.shape._dims
    if dims is None:
        raise misuse(ValueError("dct needs a tensor of known rank to change its length"))
    more: list[Any] = [[0, 0] for _ in dims]
    more[-1][1] = count
    return pad(x, paddings=convert(more, int32))


# ---- spectra over time -----------------------------------------------------------------------------------------------


@export("signal.stft")
def stft(
    signals: Any,
    frame_length: Any,
    frame_step: Any,
    fft_length: Any = None,
    window_fn: Window | None = hann_window,
    pad_end: bool = False,
    name: str | None = None,
) -> Tensor:
    """Return the spectrum of each frame of a signal: which frequencies sound when.

    Parameters
    ----------
    signals : Tensor, shape (..., samples), float32 or float64
    frame_length, frame_step : int or int32 scalar Tensor
        See `tf.signal.frame`.
    fft_length : int, optional
        By default the smallest power of 2 that holds a frame.
    window_fn : function (length, dtype=...) -> Tensor, optional
        Each frame is multiplied by it.
    pad_end : bool

    Returns
    -------
    Tensor, shape (..., frames, fft_length // 2 + 1), complex

    Examples
    --------
    >>> tf.signal.stft(tf.zeros([16000]), frame_length=400, frame_step=160).shape.as_list()
    [98, 257]
    """
    with name_scope(name, "stft", [signals, frame_length, frame_step]):
        signals = convert(signals, name="signals")
        ranked_at_least(signals, 1)
        frame_length, frame_step = scalar(frame_length, "frame_length"), scalar(frame_step, "frame_step")
        fft_length = _next_power(frame_length) if fft_length is None else convert(fft_length, name="fft_length")
        frames = frame(signals, frame_length, frame_step, pad_end=pad_end)
        if window_fn is not None:
            frames *= window_fn(frame_length, dtype=frames.dtype)
        return rfft(frames, [fft_length])


def _next_power(value: Tensor) -> Tensor:
    """The smallest power of 2 that is not less."""
    known = constant_value(value)
    if known is not None:
        return make_constant(int(2 ** np.ceil(np.log(known) / np.log(2.0))), value.dtype)
    exponent = raw.Log(cast(value, float32)) / raw.Log(convert(2.0, name="x"))
    return cast(raw.Pow(2.0, raw.Ceil(exponent)), value.dtype)


@export("signal.inverse_stft_window_fn")
def inverse_stft_window_fn(
    frame_step: Any, forward_window_fn: Window = hann_window, name: str | None = None
) -> Callable[[Any, Any], Tensor]:
    """Return the window function with which `tf.signal.inverse_stft` undoes `tf.signal.stft` exactly.

    Parameters
    ----------
    frame_step : int
    forward_window_fn : function
        The window used forwards.

    Returns
    -------
    function (frame_length, dtype) -> Tensor
    """

    def window(frame_length: Any, dtype: Any) -> Tensor:
        with name_scope(name, "inverse_stft_window_fn", [forward_window_fn]):
            step, length = scalar(frame_step, "frame_step"), scalar(frame_length, "frame_length")
            forward = forward_window_fn(length, dtype=dtype)
            total = raw.Square(forward)
            overlaps = -(-length // step)
            total = pad(total, [(0, overlaps * step - length)])
            total = reduce_sum(reshape(total, [overlaps, step]), 0, keepdims=True)
            total = reshape(tile(total, [overlaps, 1]), [overlaps * step])[:length]
            return raw.Select(raw.Equal(total, 0.0), zeros_like(forward), forward / total)

    return window


@export("signal.inverse_stft")
def inverse_stft(
    stfts: Any,
    frame_length: Any,
    frame_step: Any,
    fft_length: Any = None,
    window_fn: Window | None = hann_window,
    name: str | None = None,
) -> Tensor:
    """Return signals from the spectra of their frames.

    Parameters
    ----------
    stfts : Tensor, shape (..., frames, fft_length // 2 + 1), complex
    frame_length, frame_step, fft_length
        As for `tf.signal.stft`.
    window_fn : function, optional
        For the original signal: `tf.signal.inverse_stft_window_fn(frame_step)`.

    Returns
    -------
    Tensor, shape (..., samples)

    Examples
    --------
    >>> tf.signal.inverse_stft(tf.zeros([98, 257], tf.complex64), 400, 160).shape.as_list()
    [15920]
    """
    with name_scope(name, "inverse_stft", [stfts]):
        stfts = convert(stfts, name="stfts")
        ranked_at_least(stfts, 2)
        frame_length, frame_step = scalar(frame_length, "frame_length"), scalar(frame_step, "frame_step")
        fft_length = _next_power(frame_length) if fft_length is None else scalar(fft_length, "fft_length")
        frames = irfft(stfts, [fft_length])
        length, dims = constant_value(frame_length), frames.shape._dims
        if length is None or dims is None or dims[-1] is None:
            frames = frames[..., :frame_length]
            count, sizes = rank(frames), shape_of(frames)
            before = zeros([count - 1, 2], frame_length.dtype)
            frames = pad(frames, concat([before, [[0, maximum(0, frame_length - sizes[-1])]]], 0))
        elif dims[-1] > length:
            frames = frames[..., : int(length)]
        elif dims[-1] < length:
            frames = pad(frames, [[0, 0]] * (len(dims) - 1) + [[0, int(length) - dims[-1]]])
        if length is not None and frames.shape._dims is not None:
            frames.set_shape([None] * (len(frames.shape._dims) - 1) + [int(length)])
        if window_fn is not None:
            frames *= window_fn(frame_length, dtype=real_type(stfts.dtype.base_dtype))
        return overlap_and_add(frames, frame_step)


@export("signal.mdct")
def mdct(
    signals: Any,
    frame_length: Any,
    window_fn: Window | None = vorbis_window,
    pad_end: bool = False,
    norm: str | None = None,
    name: str | None = None,
) -> Tensor:
    """Return the cosine transform of frames that overlap by half, folded to half their length: what codecs store.

    Parameters
    ----------
    signals : Tensor, shape (..., samples)
    frame_length : int, a multiple of 4
    norm : {None, "ortho"}

    Returns
    -------
    Tensor, shape (..., frames, frame_length // 2)
    """
    with name_scope(name, "mdct", [signals, frame_length]):
        signals = convert(signals, name="signals")
        ranked_at_least(signals, 1)
        frame_length = scalar(frame_length, "frame_length")
        known = constant_value(frame_length)
        if known is not None:
            if as_int(known, "frame_length") % 4:
                raise misuse(ValueError("The frame length must be a multiple of 4."))
            frame_step = convert(int(known) // 2, frame_length.dtype)
        else:
            frame_step = frame_length // 2
        frames = frame(signals, frame_length, frame_step, pad_end=pad_end)
        frames *= 1.0 / np.sqrt(2) if window_fn is None else window_fn(frame_length, dtype=frames.dtype)
        a, b, c, d = split(frames, 4, axis=-1)
        first = -reverse(c, [-1]) - d
        second = a - reverse(b, [-1])
        return dct(concat((first, second), axis=-1), type=4, norm=norm)


@export("signal.inverse_mdct")
def inverse_mdct(
    mdcts: Any, window_fn: Window | None = vorbis_window, norm: str | None = None, name: str | None = None
) -> Tensor:
    """Return signals from what `tf.signal.mdct` made of them."""
    with name_scope(name, "inverse_mdct", [mdcts]):
        mdcts = convert(mdcts, name="mdcts")
        ranked_at_least(mdcts, 2)
        half = cast(mdcts.shape[-1].value, int32)
        if norm is None:
            result = 0.5 / cast(half, mdcts.dtype) * dct(mdcts, type=4)
        elif norm == "ortho":
            result = dct(mdcts, type=4, norm="ortho")
        else:
            raise misuse(ValueError(f"Unknown normalization. Expected None or 'ortho', got: {norm}"))
        first, second = split(result, 2, axis=-1)
        frames = concat((second, -reverse(second, [-1]), -reverse(first, [-1]), -first), axis=-1)
        frames *= 1.0 / np.sqrt(2) if window_fn is None else window_fn(2 * half, dtype=mdcts.dtype)
        return overlap_and_add(frames, half)


# ---- the mel scale ---------------------------------------------------------------------------------------------------


def _mel(hertz: Any) -> Tensor:
    """Frequencies on the mel scale, on which equal steps sound equal."""
    with name_scope(None, "hertz_to_mel", [hertz]):
        return 1127.0 * raw.Log(1.0 + convert(hertz) / 700.0)


@export("signal.linear_to_mel_weight_matrix")
def linear_to_mel_weight_matrix(
    num_mel_bins: int = 20,
    num_spectrogram_bins: int = 129,
    sample_rate: Any = 8000,
    lower_edge_hertz: float = 125.0,
    upper_edge_hertz: float = 3800.0,
    dtype: Any = float32,
    name: str | None = None,
) -> Tensor:
    """Return the matrix that sums a spectrum into overlapping bands of equal width on the mel scale.

    Parameters
    ----------
    num_mel_bins, num_spectrogram_bins : int
        Bands, and numbers of a spectrum.
    sample_rate : number
        Samples per second.
    lower_edge_hertz, upper_edge_hertz : float
    dtype : floating-point DType

    Returns
    -------
    Tensor, shape (num_spectrogram_bins, num_mel_bins)

    Raises
    ------
    ValueError
        If the bands do not fit between 0 and half the sample rate.

    Examples
    --------
    >>> tf.signal.linear_to_mel_weight_matrix(20, 129).shape.as_list()
    [129, 20]
    """
    with name_scope(name, "linear_to_mel_weight_matrix") as name:
        if isinstance(sample_rate, Tensor):
            known = constant_value(sample_rate)
            sample_rate = sample_rate if known is None else known
        dtype = as_dtype(dtype)
        _check_bands(num_mel_bins, sample_rate, lower_edge_hertz, upper_edge_hertz, dtype)
        sample_rate = cast(sample_rate, dtype, name="sample_rate")
        low = convert(lower_edge_hertz, dtype, "lower_edge_hertz")
        high = convert(upper_edge_hertz, dtype, "upper_edge_hertz")
        zero = convert(0.0, dtype)
        frequencies = linspace(zero, sample_rate / 2.0, num_spectrogram_bins)[1:]  # 0 Hz belongs to no band
        mels = expand_dims(_mel(frequencies), 1)
        edges = frame(linspace(_mel(low), _mel(high), num_mel_bins + 2), frame_length=3, frame_step=1)
        left, centre, right = (reshape(t, [1, num_mel_bins]) for t in split(edges, 3, axis=1))
        rising = (mels - left) / (centre - left)
        falling = (right - mels) / (right - centre)
        weights = maximum(zero, minimum(rising, falling))
        return pad(weights, [[1, 0], [0, 0]], name=name)


def _check_bands(count: int, sample_rate: Any, low: float, high: float, dtype: Any) -> None:
    low, high = as_float(low, "lower_edge_hertz"), as_float(high, "upper_edge_hertz")
    if as_int(count, "num_mel_bins") <= 0:
        raise misuse(ValueError(f"num_mel_bins must be positive. Got: {count}"))
    if low < 0.0:
        raise misuse(ValueError(f"lower_edge_hertz must be non-negative. Got: {low}"))
    if low >= high:
        raise misuse(ValueError(f"lower_edge_hertz {low:.1f} >= upper_edge_hertz {high:.1f}"))
    if not isinstance(sample_rate, Tensor):
        sample_rate = as_float(sample_rate, "sample_rate")
        if sample_rate <= 0.0:
            raise misuse(ValueError(f"sample_rate must be positive. Got: {sample_rate}"))
        if high > sample_rate / 2:
            limit = "upper_edge_hertz must not be larger than the Nyquist frequency (sample_rate / 2)."
            raise misuse(ValueError(f"{limit} Got {high} for sample_rate: {sample_rate}"))
    if not dtype.is_floating:
        raise misuse(ValueError(f"dtype must be a floating point type. Got: {dtype!r}"))


@export("signal.mfccs_from_log_mel_spectrograms")
def mfccs_from_log_mel_spectrograms(log_mel_spectrograms: Any, name: str | None = None) -> Tensor:
    """Return the cosine transform of logarithms of mel bands: the features of classical speech recognition.

    Parameters
    ----------
    log_mel_spectrograms : Tensor, shape (..., bands)

    Returns
    -------
    Tensor of the same shape
        The first 13 numbers or so are what is usually kept.
    """
    with name_scope(name, "mfccs_from_log_mel_spectrograms", [log_mel_spectrograms]):
        x = convert(log_mel_spectrograms)
        bands: Any = x.shape[-1].value if x.shape._dims else None
        if bands == 0:
            raise misuse(ValueError(f"num_mel_bins must be positive. Got: {x}"))
        if bands is None:
            bands = shape_of(x)[-1]
        result = dct(x, type=2)
        return result * raw.Rsqrt(cast(bands, result.dtype) * 2.0)

"""Samples of signals in frames, windows, spectra over time, cosine transforms: ops/signal_*.py."""

from __future__ import annotations

import numpy as np

from tests.ops.sample import Failure, Sample
from tests.ops.samples.nn import numbers

SIGNAL = numbers(12, seed=1)
TWO = numbers(2, 10, seed=2)
FRAMES = numbers(3, 4, seed=3)
STACK = numbers(2, 3, 4, seed=4)
INTS = np.arange(20, dtype=np.int32).reshape(2, 10)


def parts(tf, y):  # type: ignore[no-untyped-def]
    """Real and imaginary part."""
    return [tf.real(y), tf.imag(y)]


SAMPLES = [
    Sample("GatherV2", lambda tf, x: tf.signal.frame(x, 4, 2), (SIGNAL,)),
    Sample("GatherV2", lambda tf, x: tf.signal.frame(x, 4, 3), (TWO,)),
    Sample("GatherV2", lambda tf, x: tf.signal.frame(x, 4, 3, pad_end=True, pad_value=7), (INTS,), exact=True),
    Sample("GatherV2", lambda tf, x: tf.signal.frame(x, 5, 2, axis=0), (SIGNAL,)),
    Sample("GatherV2", lambda tf, x: tf.signal.frame(x, 20, 2), (SIGNAL,), grad=False),
    Sample("Sum", lambda tf, x: tf.signal.overlap_and_add(x, 2), (FRAMES,)),
    Sample("Sum", lambda tf, x: tf.signal.overlap_and_add(x, 3), (STACK,)),
    Sample("Reshape", lambda tf, x: tf.signal.overlap_and_add(x, 4), (STACK,)),
    Sample("Sum", lambda tf, x: tf.signal.overlap_and_add(x, 6), (FRAMES,)),
    *[
        Sample("Cos", lambda tf, n=n, p=p, f=f: getattr(tf.signal, f)(n, periodic=p))
        for f in ("hann_window", "hamming_window")
        for n in (1, 4, 5)
        for p in (True, False)
    ],
    Sample("Cos", lambda tf: tf.signal.hann_window(8, dtype=tf.float64)),
    Sample("BesselI0e", lambda tf: tf.signal.kaiser_window(7, beta=3.0)),
    Sample("BesselI0e", lambda tf: tf.signal.kaiser_bessel_derived_window(8, beta=3.0)),
    Sample("Sin", lambda tf: tf.signal.vorbis_window(8)),
    Sample("RFFT", lambda tf, x: parts(tf, tf.signal.stft(x, 6, 2)), (SIGNAL,), second=False),
    Sample("RFFT", lambda tf, x: parts(tf, tf.signal.stft(x, 4, 3, 8, None, pad_end=True)), (TWO,), second=False),
    Sample("IRFFT", lambda tf, x: tf.signal.inverse_stft(tf.signal.stft(x, 8, 4), 8, 4), (SIGNAL,), second=False),
    Sample(
        "IRFFT",
        lambda tf, x: tf.signal.inverse_stft(
            tf.signal.stft(x, 4, 2), 4, 2, window_fn=tf.signal.inverse_stft_window_fn(2)
        ),
        (TWO,),
        second=False,
    ),
    Sample("IRFFT", lambda tf, x: tf.signal.inverse_stft(tf.signal.stft(x, 6, 2), 6, 2, 8, None), (TWO,), second=False),
    Sample("RFFT", lambda tf, x: tf.signal.mdct(x, 4), (SIGNAL,), second=False),
    Sample("RFFT", lambda tf, x: tf.signal.mdct(x, 4, None, norm="ortho", pad_end=True), (SIGNAL,), second=False),
    Sample("RFFT", lambda tf, x: tf.signal.inverse_mdct(x), (FRAMES,), second=False),
    Sample("RFFT", lambda tf, x: tf.signal.inverse_mdct(x, None, norm="ortho"), (FRAMES,), second=False),
    *[Sample("RFFT", lambda tf, x, t=t: tf.signal.dct(x, type=t), (FRAMES,), second=False) for t in (1, 2, 3, 4)],
    *[Sample("RFFT", lambda tf, x, t=t: tf.signal.idct(x, type=t), (FRAMES,), second=False) for t in (1, 2, 3, 4)],
    *[
        Sample("RFFT", lambda tf, x, t=t: tf.spectral.dct(x, type=t, norm="ortho"), (SIGNAL,), second=False)
        for t in (2, 3, 4)
    ],
    Sample("RFFT", lambda tf, x: tf.signal.dct(x, n=3), (FRAMES,), second=False),
    Sample("RFFT", lambda tf, x: tf.signal.dct(x, n=6, type=3), (FRAMES,), second=False),
    Sample("Pad", lambda tf: tf.signal.linear_to_mel_weight_matrix(5, 17)),
    Sample("Pad", lambda tf: tf.signal.linear_to_mel_weight_matrix(4, 9, 16000, 80.0, 7600.0, dtype=tf.float64)),
    Sample("Roll", lambda tf, x: tf.signal.fftshift(x), (STACK,)),
    Sample("Roll", lambda tf, x: tf.signal.fftshift(x, [0, -1]), (FRAMES,)),
    Sample("Roll", lambda tf, x: tf.signal.ifftshift(x), (FRAMES,)),
    Sample("Roll", lambda tf, x: tf.signal.ifftshift(x, 0), (FRAMES,)),
    Sample("Roll", lambda tf, x: tf.signal.ifftshift(x, (0, 1)), (FRAMES,)),
    Sample("RFFT", lambda tf, x: tf.signal.mfccs_from_log_mel_spectrograms(x), (FRAMES,), second=False),
]

FAILURES = [
    Failure("Frame", lambda tf, x: tf.signal.overlap_and_add(x, 2), (SIGNAL,), "ValueError", "must have rank at least 2"),
    Failure("Frame", lambda tf, x: tf.signal.overlap_and_add(x, 2.0), (FRAMES,), "ValueError", "frame_step must be an integer"),
    Failure("Frame", lambda tf: tf.signal.hann_window(4, dtype=tf.int32), (), "ValueError", "dtype must be a floating point type"),
    Failure("Dct", lambda tf, x: tf.signal.dct(x, type=5), (SIGNAL,), "ValueError", "Types I, II, III and IV .* are supported"),
    Failure("Dct", lambda tf, x: tf.signal.dct(x, norm="other"), (SIGNAL,), "ValueError", "Unknown normalization"),
    Failure("Dct", lambda tf, x: tf.signal.dct(x, type=1, norm="ortho"), (SIGNAL,), "ValueError", "not supported for the Type-I DCT"),
    Failure("Mdct", lambda tf, x: tf.signal.mdct(x, 6), (SIGNAL,), "ValueError", "multiple of 4"),
    Failure("Mel", lambda tf: tf.signal.linear_to_mel_weight_matrix(0), (), "ValueError", "num_mel_bins must be positive"),
    Failure("Mel", lambda tf: tf.signal.linear_to_mel_weight_matrix(5, upper_edge_hertz=5000.0), (), "ValueError", "Nyquist frequency"),
]  # fmt: skip

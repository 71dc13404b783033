"""Samples of Fourier transforms and what is built on them: ops/fft.py, ops/signal_*.py."""

from __future__ import annotations

import numpy as np

from tests.ops.sample import Failure, Sample
from tests.ops.samples.nn import numbers

ROW = numbers(6, seed=1)
ROWS = numbers(2, 5, seed=2)
CUBE = numbers(2, 3, 4, seed=3)
BLOCK = numbers(1, 2, 3, 4, seed=4)
Z = (numbers(2, 4, seed=5) + 1j * numbers(2, 4, seed=6)).astype(np.complex64)
Z3 = (numbers(2, 3, 4, seed=7) + 1j * numbers(2, 3, 4, seed=8)).astype(np.complex128)
FOUR = np.array([4], np.int32)


def spectrum(tf, f, x):  # type: ignore[no-untyped-def]
    """A transform of real numbers, with a real result, so that it can be differentiated."""
    y = f(tf.complex(x, x * 0.5))
    return [tf.real(y), tf.imag(y)]


def parts(tf, y):  # type: ignore[no-untyped-def]
    """Real and imaginary part."""
    return [tf.real(y), tf.imag(y)]


SAMPLES = [
    Sample("FFT", lambda tf, z: tf.fft(z), (Z,), grad=False),
    Sample("FFT", lambda tf, z: tf.signal.fft(z, name="f"), (Z3,), grad=False),
    Sample("FFT", lambda tf, x: spectrum(tf, tf.fft, x), (ROWS,)),
    Sample("FFT", lambda tf, z: tf.fft(z), (Z[:, :0],), grad=False),
    Sample("IFFT", lambda tf, z: tf.ifft(z), (Z,), grad=False),
    Sample("IFFT", lambda tf, x: spectrum(tf, tf.signal.ifft, x), (ROW,)),
    Sample("FFT2D", lambda tf, z: tf.fft2d(z), (Z3,), grad=False),
    Sample("FFT2D", lambda tf, x: spectrum(tf, tf.spectral.fft2d, x), (ROWS,)),
    Sample("IFFT2D", lambda tf, z: tf.ifft2d(z), (Z3,), grad=False),
    Sample("IFFT2D", lambda tf, x: spectrum(tf, tf.ifft2d, x), (ROWS,)),
    Sample("FFT3D", lambda tf, z: tf.fft3d(z), (Z3,), grad=False),
    Sample("FFT3D", lambda tf, x: spectrum(tf, tf.fft3d, x), (CUBE,)),
    Sample("IFFT3D", lambda tf, z: tf.ifft3d(z), (Z3,), grad=False),
    Sample("IFFT3D", lambda tf, x: spectrum(tf, tf.ifft3d, x), (CUBE,)),
    Sample("RFFT", lambda tf, x: parts(tf, tf.signal.rfft(x)), (ROW,)),
    Sample("RFFT", lambda tf, x: parts(tf, tf.signal.rfft(x)), (ROWS,)),
    Sample("RFFT", lambda tf, x: parts(tf, tf.spectral.rfft(x, [4])), (ROWS,), grad=False),
    Sample("RFFT", lambda tf, x: parts(tf, tf.signal.rfft(x, [8])), (ROWS,)),
    Sample("RFFT", lambda tf, x, n: parts(tf, tf.signal.rfft(x, n)), (ROWS, FOUR), grad=False),
    Sample("RFFT", lambda tf, x: tf.signal.rfft(x), (ROWS.astype(np.float64),), grad=False),
    Sample("RFFT", lambda tf: tf.signal.rfft([1, 2, 3.5])),
    Sample("IRFFT", lambda tf, z: tf.signal.irfft(z), (Z,), grad=False),
    Sample("IRFFT", lambda tf, z: tf.signal.irfft(z, [7]), (Z,), grad=False),
    Sample("IRFFT", lambda tf, z, n: tf.signal.irfft(z, n, name="back"), (Z, FOUR), grad=False),
    Sample("IRFFT", lambda tf, z: tf.signal.irfft(z, [12]), (Z3,), grad=False),
    Sample("IRFFT", lambda tf, x: tf.signal.irfft(tf.complex(x, x * x)), (ROWS,)),
    Sample("IRFFT", lambda tf, x: tf.signal.irfft(tf.complex(x, x * x), [9]), (ROWS,)),
    Sample("RFFT2D", lambda tf, x: parts(tf, tf.signal.rfft2d(x)), (ROWS,), second=False),
    Sample("RFFT2D", lambda tf, x: parts(tf, tf.signal.rfft2d(x)), (CUBE,), second=False),
    Sample("RFFT2D", lambda tf, x: tf.signal.rfft2d(x, [3, 6]), (CUBE,), grad=False),
    Sample("IRFFT2D", lambda tf, z: tf.signal.irfft2d(z), (Z3,), grad=False),
    Sample("IRFFT2D", lambda tf, z: tf.signal.irfft2d(z, [2, 5]), (Z3,), grad=False),
    Sample("IRFFT2D", lambda tf, x: tf.signal.irfft2d(tf.complex(x, x * x)), (CUBE,), second=False),
    Sample("RFFT3D", lambda tf, x: tf.signal.rfft3d(x), (CUBE,), grad=False),
    Sample("RFFT3D", lambda tf, x: tf.signal.rfft3d(x, [2, 2, 2]), (BLOCK,), grad=False),
    Sample("IRFFT3D", lambda tf, z: tf.signal.irfft3d(z), (Z3,), grad=False),
    Sample("IRFFT3D", lambda tf, z: tf.signal.irfft3d(z, [3, 3, 5]), (Z3,), grad=False),
]

FAILURES = [
    Failure("FFT", lambda tf, x: tf.fft(x), (ROW,), "TypeError", "not in list of allowed values: complex64, complex128"),
    Failure("FFT2D", lambda tf, z: tf.fft2d(z), (Z[0],), "ValueError", "must be at least rank 2 but is rank 1"),
    Failure("FFT3D", lambda tf, z: tf.fft3d(z), (Z,), "InvalidArgumentError", "Input must have rank of at least 3 but got: .*2,4", run=True),
    Failure("RFFT", lambda tf, x: tf.signal.rfft(x), (Z,), "ValueError", "RFFT requires tf.float32 or tf.float64 inputs"),
    Failure("IRFFT", lambda tf, x: tf.signal.irfft(x), (ROW,), "ValueError", "IRFFT requires tf.complex64 or tf.complex128 inputs"),
    Failure("RFFT", lambda tf, x: tf.raw_ops.RFFT(input=x, fft_length=[9]), (ROW,), "InvalidArgumentError", "Input dimension 0 must have length of at least 9 but got: 6", run=True),
    Failure("RFFT", lambda tf, x: tf.raw_ops.RFFT(input=x, fft_length=[2, 2]), (ROWS,), "ValueError", "must be 1 but is 2"),
    Failure("RFFT", lambda tf, x, n: tf.raw_ops.RFFT(input=x, fft_length=n), (ROWS, -FOUR), "InvalidArgumentError", r"fft_length\[0\] must >= 0, but got: -4", run=True),
]  # fmt: skip

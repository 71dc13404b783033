"""Fourier transforms over the last one, two or three axes.

`fft` takes complex numbers to complex numbers. The spectrum of real numbers repeats itself, mirrored and conjugated,
so `rfft` returns only the half that says all: n real numbers give n // 2 + 1 complex ones. `irfft` goes back, and must be
told n where it was odd.
"""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import DType, complex64, complex128, float32, float64, int32
from flowlab._src.graph.op import Array, Complex, Op, Spec, Unary, constant_value, constant_value_as_shape
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import UNKNOWN, TensorShape, merge_dims, require_rank_at_least
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels.memory import require_memory
from flowlab._src.ops.array_shape import rank, shape_of
from flowlab._src.ops.cast import cast, conj, real
from flowlab._src.ops.division import FloorMod
from flowlab._src.ops.fill import ones, zeros, zeros_like
from flowlab._src.ops.joining import concat, stack, unstack
from flowlab._src.ops.linalg import matmul
from flowlab._src.ops.magnitude import maximum
from flowlab._src.ops.misuse import misuse, ranked_at_least
from flowlab._src.ops.padding import pad, tile
from flowlab._src.ops.reduce import reduce_prod
from flowlab._src.ops.reshaping import expand_dims
from flowlab._src.ops.sequences import range_
from flowlab._src.ops.transposing import transpose
from flowlab._src.util.export import export

Treal = TypeVar("Treal", np.float32, np.float64)


# ---- complex to complex ----------------------------------------------------------------------------------------------


class Fourier(Unary, abstract=True):
    """A transform of the last `axes` axes, forwards or backwards."""

    axes: ClassVar[int] = 1
    inverse: ClassVar[bool] = False

    def kernel(self, input: Array[Complex]) -> Array[Complex]:
        if input.ndim < self.axes:
            raise InvalidArgumentError(
                None, None, f"Input must have rank of at least {self.axes} but got: {list(input.shape)}"
            )
        if not input.size:
            return input.copy()
        if self.axes == 1:
            return (np.fft.ifft if self.inverse else np.fft.fft)(input).astype(input.dtype, copy=False)
        transform = np.fft.ifftn if self.inverse else np.fft.fftn
        return transform(input, axes=tuple(range(-self.axes, 0))).astype(input.dtype, copy=False)

    def shape(self, input: Spec) -> TensorShape:
        require_rank_at_least(input.shape, self.axes)
        return input.shape

    def grad(self, node: Any, dy: Any) -> Any:
        """The other direction, without its factor of 1 / n or with it once more."""
        prefix, suffix = "FFT" if self.inverse else "IFFT", "" if self.axes == 1 else f"{self.axes}D"
        dtype = dy.dtype.base_dtype
        size = count_of(dy, self.axes)
        if self.inverse:
            factor = cast(1.0 / cast(size, real_type(dtype)), dtype)
        else:
            factor = cast(size, dtype)
        return getattr(raw, prefix + suffix)(dy) * factor


def count_of(x: Tensor, axes: int) -> Tensor:
    """How many numbers are transformed together."""
    return reduce_prod(shape_of(x)[-axes:])


def real_type(dtype: DType) -> DType:
    """The type of the parts of a complex number."""
    return float64 if dtype is complex128 else float32


def complex_type(dtype: DType) -> DType:
    """The type of complex numbers with parts of this type."""
    return complex128 if dtype is float64 else complex64


class FFT(Fourier):
    """The spectrum of each row: sums of x[n] exp(-2 pi i k n / N)."""


class IFFT(Fourier):
    """From spectra back to rows."""

    inverse = True


class FFT2D(Fourier):
    """The spectrum over the last two axes."""

    axes = 2


class IFFT2D(Fourier):
    """Back from a spectrum over the last two axes."""

    axes, inverse = 2, True


class FFT3D(Fourier):
    """The spectrum over the last three axes."""

    axes = 3


class IFFT3D(Fourier):
    """Back from a spectrum over the last three axes."""

    axes, inverse = 3, True


# ---- real to complex and back ----------------------------------------------------------------------------------------


def lengths_of(fft_length: Any, axes: int) -> list[int]:
    """The lengths a kernel is asked for, checked."""
    lengths = np.asarray(fft_length)
    if lengths.ndim != 1 or lengths.size != axes:
        raise InvalidArgumentError(None, None, f"fft_length must have shape [{axes}]")
    if (lengths < 0).any():
        first = int(np.argmax(lengths < 0))
        raise InvalidArgumentError(None, None, f"fft_length[{first}] must >= 0, but got: {lengths[first]}")
    require_memory(lengths.tolist(), np.float32)
    return [int(n) for n in lengths]


def half_spectrum(n: int | None) -> int | None:
    """How many numbers say all about the spectrum of n real ones."""
    return None if n is None else 0 if n == 0 else n // 2 + 1


def transformed_shape(input: Spec, fft_length: Spec, axes: int, halved: bool) -> TensorShape:
    """The static shape of a transform with given lengths."""
    require_rank_at_least(input.shape, axes)
    (count,) = fft_length.ranked(1)
    merge_dims(count, axes)
    if input.dims is None:
        return UNKNOWN
    lengths: list[int | None] = [None] * axes
    if fft_length.value is not None:
        if (fft_length.value < 0).any():
            raise ShapeError(f"Dimension must be >= 0, got {fft_length.value.tolist()}")
        lengths = [*map(int, fft_length.value)]
        if halved:
            lengths[-1] = half_spectrum(lengths[-1])
    return TensorShape.of((*input.dims[:-axes], *lengths))


def require_length(shape: tuple[int, ...], lengths: list[int]) -> None:
    """InvalidArgumentError where an axis is shorter than what is to be taken from it."""
    if len(shape) < len(lengths):
        raise InvalidArgumentError(
            None, None, f"Input must have rank of at least {len(lengths)} but got: {list(shape)}"
        )
    for axis in range(-len(lengths), 0):
        if shape[axis] < lengths[axis] and 0 not in shape:
            raise InvalidArgumentError(
                None,
                None,
                f"Input dimension {len(shape) + axis} must have length of at least {lengths[axis]} but got: {shape[axis]}",
            )


class RealFourier(Op, abstract=True):
    """The half spectrum of real numbers, cut to `fft_length` before."""

    axes: ClassVar[int] = 1
    Tcomplex: DType = complex64
    reads_values = True

    def kernel(self, input: Array[Treal], fft_length: Array[np.int32]) -> Array:
        lengths: list[int] = lengths_of(fft_length, self.axes)
        require_length(input.shape, lengths)
        dtype = self.Tcomplex.as_numpy_dtype
        if not input.size or 0 in lengths:
            return np.zeros((*input.shape[: -self.axes], *lengths[:-1], half_spectrum(lengths[-1]) or 0), dtype)
        return np.fft.rfftn(input, lengths, axes=tuple(range(-self.axes, 0))).astype(dtype, copy=False)

    def dtypes(self, *inputs: Any) -> DType:
        """The complex type."""
        return self.Tcomplex

    def shape(self, input: Spec, fft_length: Spec) -> TensorShape:
        return transformed_shape(input, fft_length, self.axes, halved=True)


class InverseRealFourier(Op, abstract=True):
    """From half spectra back to real numbers."""

    axes: ClassVar[int] = 1
    Treal: DType = float32
    reads_values = True

    def kernel(self, input: Array[Complex], fft_length: Array[np.int32]) -> Array:
        lengths: list[int] = lengths_of(fft_length, self.axes)
        require_length(input.shape, [*lengths[:-1], half_spectrum(lengths[-1]) or 0])
        dtype = self.Treal.as_numpy_dtype
        if not input.size or 0 in lengths:
            return np.zeros((*input.shape[: -self.axes], *lengths), dtype)
        return np.fft.irfftn(input, lengths, axes=tuple(range(-self.axes, 0))).astype(dtype, copy=False)

    def dtypes(self, *inputs: Any) -> DType:
        """The real type."""
        return self.Treal

    def shape(self, input: Spec, fft_length: Spec) -> TensorShape:
        return transformed_shape(input, fft_length, self.axes, halved=False)


class RFFT(RealFourier):
    """The half spectrum of each row."""

    def grad(self, node: Any, dy: Any) -> Any:
        """The inverse transform; the first and the last number of a half spectrum have no mirror image."""
        return rfft_grad(node, dy, irfft, 1)


class RFFT2D(RealFourier):
    """The half spectrum over the last two axes."""

    axes = 2

    def grad(self, node: Any, dy: Any) -> Any:
        """As for RFFT; the first and the last column are spectra of their own."""
        return rfft_grad(node, dy, irfft2d, 2)


class RFFT3D(RealFourier):
    """The half spectrum over the last three axes."""

    axes = 3


class IRFFT(InverseRealFourier):
    """From half spectra back to rows."""

    def grad(self, node: Any, dy: Any) -> Any:
        """The transform; all but the first and the last number of a half spectrum stand for two."""
        return irfft_grad(node, dy, rfft, 1)


class IRFFT2D(InverseRealFourier):
    """Back from a half spectrum over the last two axes."""

    axes = 2

    def grad(self, node: Any, dy: Any) -> Any:
        """As for IRFFT."""
        return irfft_grad(node, dy, rfft2d, 2)


class IRFFT3D(InverseRealFourier):
    """Back from a half spectrum over the last three axes."""

    axes = 3


# ---- gradients -------------------------------------------------------------------------------------------------------


def rfft_grad(node: Any, dy: Tensor, inverse: Any, axes: int) -> Any:
    """Half of the inverse transform, plus what the first and last columns lack there, because they count only once."""
    x, fft_length = node.inputs
    dtype = dy.dtype.base_dtype
    x_shape = shape_of(x)
    is_even = cast(1 - (fft_length[-1] % 2), dtype)
    first = dy[..., 0:1]
    if axes == 1:
        last = dy[..., -1:]
        lone = first + is_even * last * alternating(x_shape[-1], dtype)
    else:
        waves = for_each(waves_of(x_shape[-2], dtype), first)
        lone = matmul(waves, conj(first))
        last = dy[..., -1:]
        columns = matmul(waves, conj(last))
        width = x_shape[-1]
        repeats = concat([ones([rank(dy) - 1], int32), [width]], 0)
        columns = tile(columns, repeats) * alternating(width, dtype)
        lone += is_even * columns
    size = cast(count_of(x, axes), real_type(dtype))
    back = inverse(dy, fft_length)
    return 0.5 * (back * size + real(lone)), None


def alternating(length: Tensor, dtype: DType) -> Tensor:
    """1, -1, 1, -1 ...: the fastest wave."""
    return cast(1 - 2 * (range_(length) % 2), dtype)


def waves_of(length: Tensor, dtype: DType) -> Tensor:
    """The matrix of exp(-2 pi i j k / length)."""
    a = tile(expand_dims(range_(length), 0), (length, 1))
    b = transpose(a, [1, 0])
    return raw.Exp(-2j * np.pi * cast(a * b, dtype) / cast(length, dtype))


def for_each(matrix: Tensor, like: Tensor) -> Tensor:
    """One copy of a matrix for each matrix of a stack."""
    more = concat([ones([rank(like) - 2], int32), shape_of(matrix)], 0)
    expanded = raw.Reshape(matrix, more)
    return tile(expanded, concat([shape_of(like)[:-2], [1, 1]], 0))


def irfft_grad(node: Any, dy: Tensor, forward: Any, axes: int) -> Any:
    """The transform over the number of elements; twice where a number stands for itself and its mirror image."""
    x, fft_length = node.inputs
    known = constant_value(fft_length)
    if known is not None:
        fft_length = known
    dtype = dy.dtype.base_dtype
    is_odd = FloorMod()(fft_length[-1], 2, name="mod")
    columns = shape_of(x)[-1]
    mask = concat([[1.0], 2.0 * ones([columns - 2 + is_odd], dtype), ones([1 - is_odd], dtype)], 0)
    share = raw.Reciprocal(cast(count_of(dy, axes), dtype))
    return forward(dy, fft_length) * cast(share * mask, complex_type(dtype)), None


# ---- the functions ---------------------------------------------------------------------------------------------------


@export("fft", "signal.fft", "spectral.fft")
def fft(input: Any, name: str | None = None) -> Tensor:
    """Return the spectrum of each row: how much of each frequency it holds.

    Parameters
    ----------
    input : Tensor, shape (..., n), complex64 or complex128

    Returns
    -------
    Tensor of the same shape and dtype
        Number k is the sum of input[j] exp(-2 pi i j k / n) over j.

    Examples
    --------
    >>> wave = tf.constant([1, 0, -1, 0], tf.complex64)
    >>> with tf.Session() as sess:
    ...     sess.run(tf.fft(wave)).real
    array([0., 2., 0., 2.], dtype=float32)
    """
    return FFT()(input, name=name)


@export("ifft", "signal.ifft", "spectral.ifft")
def ifft(input: Any, name: str | None = None) -> Tensor:
    """Return rows from their spectra: the inverse of `tf.fft`."""
    return IFFT()(input, name=name)


@export("fft2d", "signal.fft2d", "spectral.fft2d")
def fft2d(input: Any, name: str | None = None) -> Tensor:
    """Return the spectrum over the last two axes of complex numbers, for example of images."""
    return FFT2D()(input, name=name)


@export("ifft2d", "signal.ifft2d", "spectral.ifft2d")
def ifft2d(input: Any, name: str | None = None) -> Tensor:
    """Return the inverse of `tf.fft2d`."""
    return IFFT2D()(input, name=name)


@export("fft3d", "signal.fft3d", "spectral.fft3d")
def fft3d(input: Any, name: str | None = None) -> Tensor:
    """Return the spectrum over the last three axes of complex numbers."""
    return FFT3D()(input, name=name)


@export("ifft3d", "signal.ifft3d", "spectral.ifft3d")
def ifft3d(input: Any, name: str | None = None) -> Tensor:
    """Return the inverse of `tf.fft3d`."""
    return IFFT3D()(input, name=name)


@export("signal.rfft", "spectral.rfft")
def rfft(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
    """Return the half spectrum of each row of real numbers; the other half is its mirror image.

    Parameters
    ----------
    input_tensor : Tensor, shape (..., m), float32 or float64
    fft_length : vector of 1 int32, optional
        Cut rows to this length, or fill them up with zeros; by default m.

    Returns
    -------
    Tensor, shape (..., fft_length // 2 + 1), complex

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     abs(sess.run(tf.signal.rfft([1.0, 0.0, -1.0, 0.0])))
    array([0., 2., 0.], dtype=float32)
    """
    return forwards(RFFT, 1, "rfft", input_tensor, fft_length, name)


@export("signal.irfft", "spectral.irfft")
def irfft(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
    """Return rows of real numbers from their half spectra.

    Parameters
    ----------
    input_tensor : Tensor, shape (..., m), complex64 or complex128
    fft_length : vector of 1 int32, optional
        How many numbers to return; by default 2 * (m - 1).

    Returns
    -------
    Tensor, shape (..., fft_length), float32 or float64

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.signal.irfft(tf.signal.rfft([1.0, 2.0, 3.0]), [3])).round(4)
    array([1., 2., 3.], dtype=float32)
    """
    return backwards(IRFFT, 1, "irfft", input_tensor, fft_length, name)


@export("signal.rfft2d", "spectral.rfft2d")
def rfft2d(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
    """Return the half spectrum over the last two axes of real numbers; `fft_length` has two numbers."""
    return forwards(RFFT2D, 2, "rfft2d", input_tensor, fft_length, name)


@export("signal.irfft2d", "spectral.irfft2d")
def irfft2d(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
    """Return the inverse of `tf.signal.rfft2d`."""
    return backwards(IRFFT2D, 2, "irfft2d", input_tensor, fft_length, name)


@export("signal.rfft3d", "spectral.rfft3d")
def rfft3d(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
    """Return the half spectrum over the last three axes of real numbers; `fft_length` has three numbers."""
    return forwards(RFFT3D, 3, "rfft3d", input_tensor, fft_length, name)


@export("signal.irfft3d", "spectral.irfft3d")
def irfft3d(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
    """Return the inverse of `tf.signal.rfft3d`."""
    return backwards(IRFFT3D, 3, "irfft3d", input_tensor, fft_length, name)


def forwards(op: Any, axes: int, word: str, x: Any, fft_length: Any, name: str | None) -> Tensor:
    """A transform of real numbers."""
    with name_scope(name, word, [x, fft_length]) as name:
        x = convert(x, preferred=float32)
        dtype = x.dtype.base_dtype
        if dtype not in (float32, float64):
            raise misuse(ValueError(f"RFFT requires tf.float32 or tf.float64 inputs, got: {x}"))
        ranked_at_least(x, axes)
        if fft_length is None:
            sizes = x.shape[-axes:]
            known = sizes.is_fully_defined()
            fft_length = convert(sizes.as_list(), int32) if known else shape_of(x)[-axes:]
        else:
            fft_length = convert(fft_length, int32)
        x = filled_up(x, axes, fft_length, half=False)
        return op(Tcomplex=complex_type(dtype))(x, value_or_tensor(fft_length), name=name)


def backwards(op: Any, axes: int, word: str, x: Any, fft_length: Any, name: str | None) -> Tensor:
    """A transform back to real numbers."""
    with name_scope(name, word, [x, fft_length]) as name:
        x = convert(x, preferred=complex64)
        ranked_at_least(x, axes)
        dtype = x.dtype.base_dtype
        if dtype not in (complex64, complex128):
            raise misuse(ValueError(f"IRFFT requires tf.complex64 or tf.complex128 inputs, got: {x}"))
        if fft_length is None:
            fft_length = usual_length(x, axes)
        else:
            fft_length = convert(fft_length, int32)
        x = filled_up(x, axes, fft_length, half=True)
        return op(Treal=real_type(dtype))(x, value_or_tensor(fft_length), name=name)


def value_or_tensor(fft_length: Tensor) -> Any:
    """The lengths as numbers where they are known."""
    known = constant_value(fft_length)
    return fft_length if known is None else known


def usual_length(x: Tensor, axes: int) -> Tensor:
    """The lengths of real numbers with such a half spectrum, if the last one is even."""
    sizes = x.shape[-axes:]
    if sizes.is_fully_defined():
        lengths: Any = sizes.as_list()
        lengths[-1] = max(0, 2 * (lengths[-1] - 1))
        return convert(lengths, int32)
    lengths = unstack(shape_of(x)[-axes:])
    lengths[-1] = maximum(0, 2 * (lengths[-1] - 1))
    return stack(lengths)


def filled_up(x: Tensor, axes: int, fft_length: Tensor, half: bool) -> Tensor:
    """Zeros behind the last axes, where they are too short."""
    if x.shape._dims is not None and 0 in x.shape._dims:
        return x
    wanted = constant_value_as_shape(fft_length)
    if wanted.is_fully_defined() and x.shape._dims is not None:
        lengths: Any = wanted.as_list()
        present = x.shape[-len(lengths) :]
        if present.is_fully_defined():
            if half:
                lengths[-1] = lengths[-1] // 2 + 1
            more = [[0, max(n - size, 0)] for n, size in zip(lengths, present.as_list(), strict=True)]
            if not any(after for _, after in more):
                return x
            return pad(x, [[0, 0]] * max(len(x.shape._dims) - len(lengths), 0) + more)
    count = rank(x)
    present = shape_of(x)[-axes:]
    others = maximum(0, count - axes)
    before = zeros([others], fft_length.dtype)
    if half:
        fft_length = concat([fft_length[:-1], fft_length[-1:] // 2 + 1], 0)
    missing = maximum(0, fft_length - present)
    after = concat([before, missing], 0)
    return pad(x, stack([zeros_like(after), after], axis=1))

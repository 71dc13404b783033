"""Other element types: cast and its short forms, bits read as another type, complex numbers and their parts."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.autodiff.slices import IndexedSlices
from flowlab._src.errors import ShapeError, UnimplementedError
from flowlab._src.graph.composite import Composite, first_composite
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import (
    DType,
    as_dtype,
    bfloat16,
    complex64,
    complex128,
    float32,
    float64,
    int32,
    int64,
    string,
)  # fmt: skip
from flowlab._src.graph.op import Array, Complex, Floating, Op, Spec, T, Unary
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import control_dependencies, name_scope
from flowlab._src.graph.shape import UNKNOWN, Dims, TensorShape
from flowlab._src.graph.sparse_tensor import is_sparse
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.broadcast import Elementwise, unbroadcast
from flowlab._src.ops.constant import make_constant
from flowlab._src.ops.fill import ones_like, zeros_like
from flowlab._src.ops.misuse import misuse
from flowlab._src.util.export import export


class Cast(Unary):
    """The same numbers in another type; floats lose their fraction on the way to integers."""

    apart = True
    formula = "cast(x)"
    DstT: DType
    Truncate: bool = False

    def bound(self, node: Any, x: Spec) -> Any:
        """Between the usual types NumPy's conversion does."""
        usual = (float32, float64, int32, int64)
        if x.dtype.base_dtype not in usual or self.DstT not in usual or not x.dims:
            return None
        wanted = np.dtype(self.DstT.as_numpy_dtype)
        return lambda values: values.astype(wanted)

    def kernel(self, x: Array[T]) -> Array:
        source = as_dtype(x.dtype)
        if string in (source, self.DstT) or bfloat16 in (source, self.DstT):
            raise UnimplementedError(
                None, None, f"Cast {source.runtime_name} to {self.DstT.runtime_name} is not supported"
            )
        return cast_array(x, self.DstT.as_numpy_dtype)

    def dtypes(self, x: Any) -> DType:
        return self.DstT

    def attributes(self, node: Any = None) -> dict[str, Any]:
        """The attributes, with the type of the input under its own name."""
        own = {"DstT": self.DstT, "Truncate": self.Truncate}
        return own if node is None else {"SrcT": node._inputs[0]._dtype._base, **own}

    def partial_value(self, node: Any) -> list[int | None] | None:
        """A cast from one integer type to another keeps what is known of a shape."""
        x = node._inputs[0]
        if not (self.DstT.is_integer and x._dtype.is_integer):
            return None
        dims = Spec(x).as_shape._dims
        return None if dims is None else list(dims)

    def grad(self, node: Any, dy: Any) -> Any:
        """Cast back, between types that gradients flow through."""
        source = node.inputs[0].dtype.base_dtype
        if not (is_continuous(source) and is_continuous(dy.dtype.base_dtype)):
            return None
        return cast(dy, source)


def is_continuous(dtype: DType) -> bool:
    """True for floating-point and complex types."""
    return dtype.is_floating or dtype.is_complex


def cast_array(x: Any, dtype: Any) -> Any:
    """Convert an array as C does: floats to integers toward zero, integers that are too large wrap around."""
    x = np.asarray(x)
    kind, wanted = x.dtype.kind, np.dtype(dtype)
    if kind == "c" and wanted.kind != "c":
        x = x.real  # the imaginary part is dropped, and for bool it does not count either
        kind = "f"
    if wanted.kind == "u" and kind == "f":
        # Through a signed type: C leaves negative numbers open, processors let them wrap around.
        if wanted.itemsize < 8:
            return x.astype(np.int64).astype(wanted)
        return np.where(x < 0, x.astype(np.int64).astype(wanted), x.astype(wanted))
    return x.astype(wanted)


@export("cast", "dtypes.cast")
def cast(x: Any, dtype: Any, name: str | None = None) -> Any:
    """Convert the elements of a tensor to another type.

    Parameters
    ----------
    x : Tensor, IndexedSlices or anything that can become a tensor, numeric or bool
    dtype : DType
        Float to integer drops the fraction (toward zero); numbers to bool say whether they differ from 0.
    name : str, optional

    Returns
    -------
    Tensor
        Same shape. `x` itself, when it has the type already.

    Raises
    ------
    TypeError
        If `dtype` is not a type, or `x` cannot become a tensor.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.cast([1.8, -2.7, 0.0], tf.int32)), sess.run(tf.cast([2, 0], tf.bool))
    (array([ 1, -2,  0], dtype=int32), array([ True, False]))
    """
    if isinstance(x, Composite) and not is_sparse(x):
        return x._map(cast, [x], dtype, name=name)
    try:
        wanted = as_dtype(dtype).base_dtype
    except TypeError as error:
        raise misuse(error, fix="name a type: tf.float32, tf.int32, tf.bool ...") from None
    if (isinstance(x, Tensor) and x._dtype is wanted) or (getattr(x, "handle", None) is not None and x.dtype is wanted):
        return x  # a resource variable is read later, where it is used
    with name_scope(name, "Cast", [x]) as name:
        if isinstance(x, IndexedSlices):
            return IndexedSlices(cast(x.values, wanted, name=name), x.indices, x.dense_shape)
        if hasattr(x, "dense_shape") and hasattr(x, "values"):  # a SparseTensor keeps its indices
            return type(x)(x.indices, cast(x.values, wanted, name=name), x.dense_shape)
        x = convert(x, name="x")
        if x.dtype.base_dtype is wanted:
            return x
        return Cast(DstT=wanted)(x, name=name)


@export("to_float")
def to_float(x: Any, name: str = "ToFloat") -> Any:
    """Convert to float32; the same as `tf.cast(x, tf.float32)`.

    Examples
    --------
    >>> tf.to_float([1, 2])
    <tf.Tensor 'ToFloat:0' shape=(2,) dtype=float32>
    """
    return cast(x, float32, name=name)


@export("to_double")
def to_double(x: Any, name: str = "ToDouble") -> Any:
    """Convert to float64; the same as `tf.cast(x, tf.float64)`."""
    return cast(x, float64, name=name)


@export("to_int32")
def to_int32(x: Any, name: str = "ToInt32") -> Any:
    """Convert to int32, dropping fractions; the same as `tf.cast(x, tf.int32)`."""
    return cast(x, int32, name=name)


@export("to_int64")
def to_int64(x: Any, name: str = "ToInt64") -> Any:
    """Convert to int64, dropping fractions; the same as `tf.cast(x, tf.int64)`."""
    return cast(x, int64, name=name)


@export("to_bfloat16")
def to_bfloat16(x: Any, name: str = "ToBFloat16") -> Any:
    """Convert to bfloat16; the same as `tf.cast(x, tf.bfloat16)`."""
    return cast(x, bfloat16, name=name)


@export("to_complex64")
def to_complex64(x: Any, name: str = "ToComplex64") -> Any:
    """Convert to complex64; the same as `tf.cast(x, tf.complex64)`."""
    return cast(x, complex64, name=name)


@export("to_complex128")
def to_complex128(x: Any, name: str = "ToComplex128") -> Any:
    """Convert to complex128; the same as `tf.cast(x, tf.complex128)`."""
    return cast(x, complex128, name=name)


@export("saturate_cast", "dtypes.saturate_cast")
def saturate_cast(value: Any, dtype: Any, name: str | None = None) -> Tensor:
    """Convert to another type, replacing values outside its range by the nearest one inside.

    Parameters
    ----------
    value : Tensor
    dtype : DType

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.saturate_cast([-5.0, 100.0, 300.0], tf.uint8))
    array([  0, 100, 255], dtype=uint8)
    """
    if isinstance(value, Composite):
        return value._map(saturate_cast, [value], dtype, name=name)
    with name_scope(name, "saturate_cast", [value]) as name:
        value = convert(value, name="value")
        dtype = as_dtype(dtype).base_dtype
        source = value.dtype.base_dtype
        if source.min < dtype.min:
            value = raw.Maximum(value, make_constant(_nearest_inside(dtype.min, source), source, name="min"))
        if source.max > dtype.max:
            value = raw.Minimum(value, make_constant(_nearest_inside(dtype.max, source), source, name="max"))
        return cast(value, dtype, name=name)


def _nearest_inside(limit: Any, dtype: DType) -> Any:
    """The value of a floating-point type that is nearest to `limit` without passing it."""
    numpy_type = dtype.base_dtype.as_numpy_dtype
    value = numpy_type(limit)
    if dtype.is_floating and abs(float(value)) > abs(limit):
        value = np.nextafter(value, numpy_type(0))
    return value


class Bitcast(Op):
    """The same bytes read as another type."""

    type_: DType

    def kernel(self, input: Array[T]) -> Array:
        source, wanted = np.asarray(input), np.dtype(self.type_.as_numpy_dtype)
        if source.dtype.itemsize > wanted.itemsize:
            return np.ascontiguousarray(source)[..., np.newaxis].view(wanted)
        if source.dtype.itemsize == wanted.itemsize:
            return source.view(wanted)
        return np.ascontiguousarray(source).view(wanted)[..., 0]

    def dtypes(self, input: Any) -> DType:
        for name, dtype in (("input", input.dtype.base_dtype), ("type", self.type_)):
            if not (dtype.is_integer or dtype.is_quantized or is_continuous(dtype)):
                raise TypeError(
                    f"Value for attr '{name}' of {dtype.name} is not in the list of allowed values: numbers"
                )
        return self.type_

    def shape(self, input: Spec) -> TensorShape:
        dims: Dims | None = input.dims
        if dims is None:
            return UNKNOWN
        here, there = input.dtype.size, self.type_.size
        if here > there:
            return TensorShape.of((*dims, here // there))
        if here == there:
            return TensorShape.of(dims)
        if not dims or (dims[-1] is not None and dims[-1] != there // here):
            raise ShapeError(
                f"Cannot bitcast from {input.dtype.base_dtype.name} to {self.type_.name}: the last dimension must be "
                f"{there // here}"
            )
        return TensorShape.of(dims[:-1])


@export("bitcast")
def bitcast(input: Any, type: Any, name: str | None = None) -> Tensor:
    """Read the bytes of a tensor as another type, without converting the numbers.

    Parameters
    ----------
    input : Tensor
    type : DType
        A smaller type adds a last axis for the parts of each element; a larger one takes the last axis away.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     hex(sess.run(tf.bitcast(1.0, tf.int32)))
    '0x3f800000'
    """
    return Bitcast(type_=as_dtype(type).base_dtype)(input, name=name)


# ---- complex numbers -----------------------------------------------------------------------------------------------


class Complex_(Elementwise):
    """A complex number from its real and imaginary part."""

    type = "Complex"
    Tout: DType = complex64

    def kernel(self, real: Array[Floating], imag: Array[Floating]) -> Array:
        result = np.empty(np.broadcast_shapes(np.shape(real), np.shape(imag)), self.Tout.as_numpy_dtype)
        result.real = real
        result.imag = imag
        return result

    def dtypes(self, real: Any, imag: Any) -> DType:
        return self.Tout

    def grad(self, node: Any, dy: Any) -> Any:
        """The parts of the gradient."""
        x, y = node.inputs
        return unbroadcast(x, y, real(dy), imag(dy))


class Real(Unary):
    """The real part."""

    Tout: DType = float32

    def kernel(self, input: Array[Complex]) -> Array:
        return np.real(input).copy()

    def dtypes(self, input: Any) -> DType:
        return self.Tout

    def grad(self, node: Any, dy: Any) -> Any:
        """The gradient with an imaginary part of zero."""
        return complex_(dy, make_constant(0, dy.dtype.base_dtype))


class Imag(Unary):
    """The imaginary part."""

    Tout: DType = float32

    def kernel(self, input: Array[Complex]) -> Array:
        return np.imag(input).copy()

    def dtypes(self, input: Any) -> DType:
        return self.Tout

    def grad(self, node: Any, dy: Any) -> Any:
        """The gradient as an imaginary part."""
        return complex_(make_constant(0, dy.dtype.base_dtype), dy)


class Conj(Unary):
    """The complex conjugate: the sign of the imaginary part is changed."""

    def kernel(self, input: Array[Complex]) -> Array[Complex]:
        return np.conjugate(input)

    def grad(self, node: Any, dy: Any) -> Any:
        """The conjugate of the gradient."""
        return conj(dy)


class Angle(Unary):
    """The angle of a complex number with the positive real axis, in radians."""

    Tout: DType = float32

    def kernel(self, input: Array[Complex]) -> Array:
        return np.angle(input).astype(self.Tout.as_numpy_dtype, copy=False)

    def dtypes(self, input: Any) -> DType:
        return self.Tout

    def grad(self, node: Any, dy: Any) -> Any:
        """-dy / (imaginary part + i real part)."""
        x = node.inputs[0]
        with control_dependencies([dy.op]):
            real_part, imaginary_part = real(x), imag(x)
            z = raw.Reciprocal(complex_(imaginary_part, real_part))
            return -complex_(dy, make_constant(0, dy.dtype.base_dtype)) * z


class ComplexAbs(Unary):
    """The length of a complex number as an arrow in the plane."""

    Tout: DType = float32

    def kernel(self, x: Array[Complex]) -> Array:
        return np.abs(x)

    def dtypes(self, x: Any) -> DType:
        return self.Tout

    def grad(self, node: Any, dy: Any) -> Any:
        """dy x / |x|, and 0 at 0."""

        x, y = node.inputs[0], node.outputs[0]
        return raw.DivNoNan(complex_(dy, zeros_like(dy)) * x, complex_(y, zeros_like(y)), name="div_no_nan")


@export("complex", "dtypes.complex")
def complex_(real: Any, imag: Any, name: str | None = None) -> Tensor:
    """Make complex numbers of their real and imaginary parts.

    Parameters
    ----------
    real, imag : Tensor, float32 or float64
        Both of the same type.

    Returns
    -------
    Tensor, complex64 or complex128

    Raises
    ------
    TypeError
        If the types differ or are no floating-point types.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.complex([2.25, 3.25], [4.75, 5.75]))
    array([2.25+4.75j, 3.25+5.75j], dtype=complex64)
    """
    composite = first_composite([real, imag])
    if composite is not None:
        return composite._map(complex_, [real, imag], name=name)
    real = convert(real, name="real")
    imag = convert(imag, name="imag")
    with name_scope(name, "Complex", [real, imag]) as name:
        types = (real.dtype.base_dtype, imag.dtype.base_dtype)
        if types not in ((float32, float32), (float64, float64)):
            raise misuse(
                TypeError(f"real and imag have incorrect types: {types[0].name} {types[1].name}"),
                fix="both must be float32, or both float64: tf.cast(t, dtype)",
            )
        return Complex_(Tout=complex64 if types[0] is float32 else complex128)(real, imag, name=name)


@export("real", "math.real")
def real(input: Any, name: str | None = None) -> Tensor:
    """Return the real part; a real tensor comes back as it is.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.real([1 + 2j, 3 - 4j])).tolist()
    [1.0, 3.0]
    """
    if isinstance(input, Composite):
        return input._map(real, [input], name=name)
    with name_scope(name, "Real", [input]) as name:
        input = convert(input, name="input")
        if not input.dtype.is_complex:
            return input
        return Real(Tout=input.dtype.real_dtype)(input, name=name)


@export("imag", "math.imag")
def imag(input: Any, name: str | None = None) -> Tensor:
    """Return the imaginary part: zeros for a real tensor.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.imag([1 + 2j, 3 - 4j])).tolist()
    [2.0, -4.0]
    """
    if isinstance(input, Composite):
        return input._map(imag, [input], name=name)
    with name_scope(name, "Imag", [input]) as name:
        input = convert(input, name="input")
        if input.dtype.is_complex:
            return Imag(Tout=input.dtype.real_dtype)(input, name=name)

        return zeros_like(input)


@export("conj", "math.conj")
def conj(x: Any, name: str | None = None) -> Any:
    """Return the complex conjugate; a real tensor comes back as it is.

    Raises
    ------
    TypeError
        If `x` is not numeric.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     complex(sess.run(tf.conj(1 + 2j)))
    (1-2j)
    """
    if isinstance(x, Composite):
        return x._map(conj, [x], name=name)
    if isinstance(x, Tensor) and (x._dtype.is_floating or x._dtype.is_integer):
        return x
    with name_scope(name, "Conj", [x]) as name:
        x = convert(x, name="x")
        if x.dtype.is_complex:
            return Conj()(x, name=name)
        if x.dtype.is_floating or x.dtype.is_integer:
            return x
        raise misuse(TypeError(f"Expected numeric or variant tensor, got dtype {x.dtype!r}"))


@export("angle", "math.angle")
def angle(input: Any, name: str | None = None) -> Tensor:
    """Return the angle of complex numbers with the positive real axis, in radians: between -pi and pi.

    For a real tensor it is 0 where the number is not negative, pi elsewhere.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.angle([1j, -1 + 0j])).round(4)
    array([1.5708, 3.1416])
    """
    if isinstance(input, Composite):
        return input._map(angle, [input], name=name)
    with name_scope(name, "Angle", [input]) as name:
        input = convert(input, name="input")
        if input.dtype.is_complex:
            return Angle(Tout=input.dtype.real_dtype)(input, name=name)

        return raw.Select(input < 0, np.pi * ones_like(input), zeros_like(input))

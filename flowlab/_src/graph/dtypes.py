"""The element types of tensors: `tf.float32` and its relatives."""

from __future__ import annotations

import functools
from typing import Any, ClassVar

import numpy as np

from flowlab._src.errors import add_notes
from flowlab._src.util import source, written
from flowlab._src.util.export import export

# Quantized numbers are integers whose meaning is given by a range kept elsewhere; NumPy sees a one-field record.
_QINT8 = np.dtype([("qint8", np.int8)])
_QUINT8 = np.dtype([("quint8", np.uint8)])
_QINT16 = np.dtype([("qint16", np.int16)])
_QUINT16 = np.dtype([("quint16", np.uint16)])
_QINT32 = np.dtype([("qint32", np.int32)])
_RESOURCE = np.dtype([("resource", np.ubyte)])

# name -> (number in DataType of TensorFlow's files, NumPy type)
_TABLE: dict[str, tuple[int, Any]] = {
    "float32": (1, np.float32),
    "float64": (2, np.float64),
    "int32": (3, np.int32),
    "uint8": (4, np.uint8),
    "int16": (5, np.int16),
    "int8": (6, np.int8),
    "string": (7, object),
    "complex64": (8, np.complex64),
    "int64": (9, np.int64),
    "bool": (10, np.bool_),
    "qint8": (11, _QINT8),
    "quint8": (12, _QUINT8),
    "qint32": (13, _QINT32),
    "bfloat16": (14, None),
    "qint16": (15, _QINT16),
    "quint16": (16, _QUINT16),
    "uint16": (17, np.uint16),
    "complex128": (18, np.complex128),
    "float16": (19, np.float16),
    "resource": (20, _RESOURCE),
    "variant": (21, np.object_),
    "uint32": (22, np.uint32),
    "uint64": (23, np.uint64),
}
_NAMES = {number: name for name, (number, _) in _TABLE.items()}
_REF = 100  # a reference type (the output of a variable) has the number of its base type plus 100
_ENUM_NAMES = {"float32": "DT_FLOAT", "float64": "DT_DOUBLE", "float16": "DT_HALF"}
# How the runtime's messages call the types: "dtype float", "dtype double".
_RUNTIME_NAMES = {"float32": "float", "float64": "double", "float16": "half"}


@export("DType", "dtypes.DType")
class DType:
    """The type of the elements of a tensor.

    There is one object for each type, so `is` and `==` agree.

    Examples
    --------
    >>> tf.float32.size, tf.float32.is_floating, tf.int8.max
    (4, True, 127)
    >>> tf.as_dtype("int64")
    tf.int64
    >>> tf.DType(1) is tf.float32
    True
    """

    __slots__ = ("_base", "_number", "_numpy", "_reference", "name")
    _base: DType
    _number: int
    _numpy: Any
    _reference: DType
    name: str
    _known: ClassVar[dict[int, DType]] = {}

    def __new__(cls, type_enum: int) -> DType:
        try:
            return cls._known[int(type_enum)]
        except (KeyError, TypeError, ValueError, OverflowError):
            raise TypeError(f"type_enum is not a valid types_pb2.DataType, got {type_enum!r}") from None

    @classmethod
    def _make(cls, number: int) -> DType:
        self = object.__new__(cls)
        self._number = number
        name = _NAMES[number % _REF]
        self.name = name + "_ref" if number > _REF else name
        numpy_type = _TABLE[name][1]
        self._numpy = numpy_type
        self._base = cls._known[number % _REF] if number > _REF else self
        self._reference = self
        cls._known[number] = self
        if number > _REF:
            self._base._reference = self
        return self

    @property
    def as_numpy_dtype(self) -> Any:
        """The NumPy type of the elements; strings are Python `bytes` in object arrays."""
        if self._numpy is None:
            raise TypeError("tf.bfloat16 has no NumPy type here: cast to tf.float32 first.")
        return self._numpy

    @property
    def as_datatype_enum(self) -> int:
        """The number of this type in TensorFlow's files."""
        return self._number

    @property
    def enum_name(self) -> str:
        """The name in TensorFlow's files, for example 'DT_FLOAT'."""
        base = self._base.name
        return _ENUM_NAMES.get(base, "DT_" + base.upper()) + ("_REF" if self._is_ref_dtype else "")

    @property
    def runtime_name(self) -> str:
        """The name in the messages of TensorFlow's runtime, for example 'float'."""
        base = self._base.name
        return _RUNTIME_NAMES.get(base, base) + ("_ref" if self._is_ref_dtype else "")

    @property
    def _is_ref_dtype(self) -> bool:
        return self._number > _REF

    @property
    def base_dtype(self) -> DType:
        """This type without the reference mark."""
        return self._base

    @property
    def _as_ref(self) -> DType:
        return self._reference

    @property
    def real_dtype(self) -> DType:
        """The type of the real part of a complex number; any other type is its own."""
        return {complex64: float32, complex128: float64}.get(self._base, self)

    @property
    def is_bool(self) -> bool:
        """True for `tf.bool`."""
        return self._base is bool_

    @property
    def is_floating(self) -> bool:
        """True for real floating-point types."""
        return self._base._number in _FLOATING

    @property
    def is_complex(self) -> bool:
        """True for complex types."""
        return self._base._number in _COMPLEX

    @property
    def is_integer(self) -> bool:
        """True for integers that are not quantized."""
        return self._base._number in _INTEGERS

    @property
    def is_unsigned(self) -> bool:
        """True for integers without a sign."""
        return self._base in (uint8, uint16, uint32, uint64)

    @property
    def is_quantized(self) -> bool:
        """True for quantized types."""
        return self._base._number in _QUANTIZED

    @property
    def is_numpy_compatible(self) -> bool:
        """True where NumPy has a type for the elements."""
        return self._base not in (resource, variant)

    @property
    def size(self) -> int:
        """Bytes of one element; 1 for resources and variants."""
        if self._base in (variant, resource):
            return 1
        if self._base is bfloat16:
            return 2
        return int(np.dtype(self._numpy).itemsize)

    @property
    def min(self) -> Any:
        """Smallest finite value."""
        return self._limit("min")

    @property
    def max(self) -> Any:
        """Largest finite value."""
        return self._limit("max")

    @functools.cache  # noqa: B019 - there are few types, and they live for ever
    def _limit(self, which: str) -> Any:
        if self._base is bool_ or self._base in (complex64, complex128, string, resource, variant):
            raise TypeError(f"Cannot find {which}imum value of {self!r}.")
        if self._base is bfloat16:
            return float.fromhex("-0x1.FEp127" if which == "min" else "0x1.FEp127")
        numpy_type = np.dtype(self._numpy)
        if numpy_type.fields:
            numpy_type = numpy_type[0]
        info = np.finfo(numpy_type) if numpy_type.kind == "f" else np.iinfo(numpy_type)
        return getattr(info, which)

    @property
    def limits(self) -> tuple[float, float]:
        """The range of an image of this type: (0, 255) for `tf.uint8`, (0, 1) for floats."""
        return self._image_range(clip_negative=True)

    def _image_range(self, clip_negative: bool = True) -> tuple[float, float]:
        if self._base is bool_:
            return (0, 1)
        if self.is_floating:
            return (0.0, 1.0)
        low, high = int(self.min), int(self.max)
        return (0 if clip_negative else low, high)

    def is_compatible_with(self, other: Any) -> bool:
        """Tell whether a tensor of type `other` can stand where this type is wanted (a reference may)."""
        other = as_dtype(other)
        return self._number in (other._number, other._base._number)

    def __eq__(self, other: object) -> bool:
        if other is self:
            return True
        if other is None:
            return False
        try:
            return as_dtype(other) is self
        except TypeError:
            return False

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return self._number

    def __int__(self) -> int:
        return self._number

    def __reduce__(self) -> Any:
        return as_dtype, (self.name,)

    def __str__(self) -> str:
        return f"<dtype: {self.name!r}>"

    def __repr__(self) -> str:
        return "tf." + self.name


for _number in sorted(_NAMES):
    DType._make(_number)
for _number in sorted(_NAMES):
    DType._make(_number + _REF)

float16 = export("float16", "half", "dtypes.float16", "dtypes.half")(DType(19))
float32 = export("float32", "dtypes.float32")(DType(1))
float64 = export("float64", "double", "dtypes.float64", "dtypes.double")(DType(2))
bfloat16 = export("bfloat16", "dtypes.bfloat16")(DType(14))
int8 = export("int8", "dtypes.int8")(DType(6))
int16 = export("int16", "dtypes.int16")(DType(5))
int32 = export("int32", "dtypes.int32")(DType(3))
int64 = export("int64", "dtypes.int64")(DType(9))
uint8 = export("uint8", "dtypes.uint8")(DType(4))
uint16 = export("uint16", "dtypes.uint16")(DType(17))
uint32 = export("uint32", "dtypes.uint32")(DType(22))
uint64 = export("uint64", "dtypes.uint64")(DType(23))
complex64 = export("complex64", "dtypes.complex64")(DType(8))
complex128 = export("complex128", "dtypes.complex128")(DType(18))
bool_ = export("bool", "dtypes.bool")(DType(10))
string = export("string", "dtypes.string")(DType(7))
qint8 = export("qint8", "dtypes.qint8")(DType(11))
quint8 = export("quint8", "dtypes.quint8")(DType(12))
qint16 = export("qint16", "dtypes.qint16")(DType(15))
quint16 = export("quint16", "dtypes.quint16")(DType(16))
qint32 = export("qint32", "dtypes.qint32")(DType(13))
resource = export("resource", "dtypes.resource")(DType(20))
variant = export("variant", "dtypes.variant")(DType(21))
QUANTIZED_DTYPES = export("QUANTIZED_DTYPES", "dtypes.QUANTIZED_DTYPES")(
    frozenset([qint8, quint8, qint16, quint16, qint32])
)


def numbers_of(*kinds: DType) -> frozenset[int]:
    """Several types as a set that is searched in C: it is asked at each node of a gradient."""
    return frozenset(kind._number for kind in kinds)


_FLOATING = numbers_of(float16, float32, float64, bfloat16)
_COMPLEX = numbers_of(complex64, complex128)
_INTEGERS = numbers_of(int8, int16, int32, int64, uint8, uint16, uint32, uint64)
_QUANTIZED = numbers_of(*QUANTIZED_DTYPES)

_FROM_NUMPY: dict[Any, DType] = {
    np.dtype(dtype._numpy): dtype for dtype in DType._known.values() if dtype._number < _REF and dtype._numpy
}
_FROM_NUMPY[np.dtype(np.object_)] = string
_FROM_NAME = {dtype.name: dtype for dtype in DType._known.values()} | {
    "half": float16,
    "float": float32,
    "double": float64,
}
_FROM_PYTHON: dict[Any, DType] = {float: float32, bool: bool_, object: string}
_SAY_WHICH: dict[Any, str] = {
    int: "int32' or 'int64",
    complex: "complex64' or 'complex128",
    str: "string",
    bytes: "string",
}


@export("as_dtype", "dtypes.as_dtype")
def as_dtype(type_value: Any) -> DType:
    """Return the `tf.DType` that a name, number, NumPy type or Python type stands for.

    Parameters
    ----------
    type_value : DType, str, int, numpy.dtype or type

    Raises
    ------
    TypeError
        If nothing fits, naming the nearest known name.

    Examples
    --------
    >>> tf.as_dtype(np.float64), tf.as_dtype("bool"), tf.as_dtype(float)
    (tf.float64, tf.bool, tf.float32)
    """
    if type_value.__class__ is DType:
        return type_value
    if isinstance(type_value, np.dtype) and type_value in _FROM_NUMPY:
        return _FROM_NUMPY[type_value]
    if isinstance(type_value, str) and type_value in _FROM_NAME:
        return _FROM_NAME[type_value]
    if isinstance(type_value, int) and type_value in DType._known:
        return DType._known[type_value]
    if isinstance(type_value, type) and type_value in _FROM_PYTHON:
        return _FROM_PYTHON[type_value]
    try:
        by_python = isinstance(type_value, str) or (isinstance(type_value, type) and type_value in _SAY_WHICH)
        numpy_type = None if by_python else np.dtype(type_value)
    except (TypeError, ValueError):
        numpy_type = None
    if numpy_type is not None and type_value is not None:
        if numpy_type in _FROM_NUMPY:
            return _FROM_NUMPY[numpy_type]
        if numpy_type.kind in "SU":
            return string
    raise no_dtype(type_value)


def no_dtype(value: Any) -> BaseException:
    """The error for what is no dtype: a name that was misspelt, or an argument in the wrong place."""
    from flowlab._src.util.text import did_you_mean, nearest

    hint = fix = ""
    call = written.running()
    if isinstance(value, type) and value in _SAY_WHICH:
        hint = f" Did you mean '{_SAY_WHICH[value]}'?"
    if isinstance(value, str):
        hint = " " + did_you_mean(value, _FROM_NAME)
        near = [name for name in nearest(value, _FROM_NAME) if name in _FROM_NAME][:1]
        if near and call is not None and "dtype" in call.parts:
            fix = call.changed(dtype=f"tf.{near[0]}")
    elif isinstance(value, (list, tuple)) and call is not None and "dtype" in call.parts:
        fix = call.changed(dtype=f"tf.float32, {call.argument('dtype')}")
    site = source.caller(2)
    return add_notes(
        TypeError(f"Cannot convert value {value!r} to a TensorFlow DType.{hint}"),
        why="a dtype is tf.float32, tf.int32, tf.string ... or its name"
        + ("; the shape comes after it" if fix and not hint else ""),
        where=site.quote() if site else "",
        fix=fix or (f"tf.{near[0]}" if isinstance(value, str) and near else "tf.float32"),
    )

"""Arrays in files: `tf.make_tensor_proto`, `tf.make_ndarray`, and shapes likewise."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flowlab._src.graph.arguments import refused
from flowlab._src.graph.dtypes import DType, as_dtype
from flowlab._src.graph.literals import as_array
from flowlab._src.graph.shape import UNKNOWN, TensorShape, as_shape
from flowlab._src.util.export import export

LARGEST_TENSOR = 2**31  # bytes

# Which list of a TensorProto holds the elements of a type, and as what NumPy type they lie there.
_LISTS: dict[str, tuple[str, Any]] = {
    "float32": ("float_val", np.float32), "float64": ("double_val", np.float64), "float16": ("half_val", np.uint16),
    "bfloat16": ("half_val", np.uint16), "int8": ("int_val", np.int8), "int16": ("int_val", np.int16),
    "int32": ("int_val", np.int32), "uint8": ("int_val", np.uint8), "uint16": ("int_val", np.uint16),
    "uint32": ("uint32_val", np.uint32), "uint64": ("uint64_val", np.uint64), "int64": ("int64_val", np.int64),
    "bool": ("bool_val", np.bool_), "complex64": ("scomplex_val", np.float32), "complex128": ("dcomplex_val", np.float64),
    "qint8": ("int_val", np.int8), "quint8": ("int_val", np.uint8), "qint16": ("int_val", np.int16),
    "quint16": ("int_val", np.uint16), "qint32": ("int_val", np.int32), "string": ("string_val", np.object_),
}  # fmt: skip
_NOT_AS_BYTES = frozenset(["bool", "uint16", "complex64", "complex128", "string"])  # TensorFlow writes these as lists


@export("make_tensor_proto", "contrib.util.make_tensor_proto")
def make_tensor_proto(
    values: Any, dtype: Any = None, shape: Any = None, verify_shape: bool = False, allow_broadcast: bool = False
) -> Any:
    """Make the message that holds a tensor in files and requests.

    Parameters
    ----------
    values : number, str, nested list or numpy.ndarray
    dtype : DType, optional
        Type of the elements; by default that of the values, as for `tf.constant`.
    shape : list of int, optional
        A shorter list of values is continued by its last element.
    verify_shape : bool
        If True, `values` must have exactly `shape`.
    allow_broadcast : bool
        Accepted for compatibility.

    Returns
    -------
    TensorProto

    Raises
    ------
    TypeError
        If a value does not fit `dtype`, or `verify_shape` is True and the shape differs.
    ValueError
        If there are more values than `shape` has room for.

    Examples
    --------
    >>> proto = tf.make_tensor_proto([1.5, 2.0], shape=[3])
    >>> tf.make_ndarray(proto)
    array([1.5, 2. , 2. ], dtype=float32)
    """
    from flowlab._src.formats import messages

    if isinstance(values, messages.TensorProto):
        return values
    array = as_array(values, None if dtype is None else as_dtype(dtype).base_dtype)
    if shape is None:
        dims: tuple[int, ...] = array.shape
    else:
        wanted = as_shape(shape)
        wanted.assert_is_fully_defined()
        dims = tuple(size or 0 for size in wanted.as_list())
        if verify_shape and dims != array.shape:
            raise TypeError(f"Expected Tensor's shape: {dims}, but got {array.shape}.")
        if not math.prod(dims) and not isinstance(values, np.ndarray):
            array = np.empty(dims, array.dtype)
        if array.size > math.prod(dims):
            raise ValueError(f"Too many elements provided. Takes at most {math.prod(dims)}, but got {array.size}.")
    return to_proto(array, as_dtype(array.dtype) if dtype is None else as_dtype(dtype).base_dtype, dims)


def to_proto(array: np.ndarray, dtype: DType, dims: tuple[int, ...] | None = None) -> Any:
    """The message of an array; with `dims` the shape to write, into which the last element is repeated."""
    from flowlab._src.formats import messages

    dims = array.shape if dims is None else dims
    if array.size > 1 and not any(array.strides):  # one value, spread over a shape
        array = array.reshape(-1)[:1]
    count = math.prod(dims)
    if array.dtype != object and array.nbytes >= LARGEST_TENSOR:
        raise ValueError("Cannot create a tensor proto whose content is larger than 2GB.")
    name = dtype.name
    if name not in _LISTS:
        raise TypeError(f"Values of type {name} cannot be written to a file.")
    proto = messages.TensorProto(dtype=dtype.as_datatype_enum)
    proto.tensor_shape.SetInParent()
    for size in dims:
        proto.tensor_shape.dim.add(size=size)
    field, kind = _LISTS[name]
    if name == "string":
        proto.string_val.extend(array.reshape(-1).tolist())
    elif array.size == count > 1 and name not in _NOT_AS_BYTES:
        proto.tensor_content = _little(array).tobytes()
    else:
        flat = np.ascontiguousarray(array).reshape(-1)
        getattr(proto, field).extend(flat.view(kind).tolist())
    return proto


def _little(array: np.ndarray) -> np.ndarray:
    return array.astype(array.dtype.newbyteorder("<"), copy=False)


@export("make_ndarray", "contrib.util.make_ndarray")
def make_ndarray(tensor: Any) -> Any:
    """Return the array that a TensorProto holds.

    Parameters
    ----------
    tensor : TensorProto

    Raises
    ------
    TypeError
        If the elements are of a type that NumPy does not have.
    ValueError
        If the number of elements does not fit the shape.

    Examples
    --------
    >>> tf.make_ndarray(tf.make_tensor_proto([[1, 2], [3, 4]]))
    array([[1, 2],
           [3, 4]], dtype=int32)
    """
    return from_proto(tensor).copy()


def from_proto(proto: Any) -> np.ndarray:
    """The array of a TensorProto, read-only; a value that is repeated takes no more memory than one."""
    if not hasattr(proto, "tensor_content"):
        raise refused("TensorProto", "tensor", proto)
    try:
        dtype = DType(proto.dtype).base_dtype
    except TypeError:
        raise TypeError(f"Unsupported type: {proto.dtype} is the number of no element type.") from None
    name = dtype.name
    if name not in _LISTS or name == "bfloat16":
        raise TypeError(f"Unsupported type: a tensor of {name} cannot be read from a file.")
    dims = tuple(dim.size for dim in proto.tensor_shape.dim)
    if proto.tensor_shape.unknown_rank or any(size < 0 for size in dims):
        raise ValueError(f"A tensor in a file needs a known shape, not {read_shape(proto.tensor_shape)}.")
    field, kind = _LISTS[name]
    numpy_type = np.dtype(dtype.as_numpy_dtype)
    count = math.prod(dims)
    if count > 2**62:
        raise ValueError(f"A tensor of shape {list(dims)} has more elements than memory can hold.")
    if proto.tensor_content:
        return _from_content(proto.tensor_content, numpy_type, dims)
    array = _from_list(getattr(proto, field), name, np.dtype(kind)).view(numpy_type)
    if array.size > count:
        raise ValueError(f"A tensor of shape {list(dims)} holds {array.size} values, more than the shape has room for.")
    if array.size == 0:  # zeros are not written
        array = np.array([b""], dtype=object) if name == "string" else np.zeros(1, numpy_type)
    if array.size == 1:
        return np.broadcast_to(array.reshape(()), dims)
    if array.size < count:
        if count * numpy_type.itemsize >= LARGEST_TENSOR:
            raise ValueError(f"A tensor of shape {list(dims)} is larger than 2GB.")
        array = np.concatenate([array, np.broadcast_to(array[-1:], count - array.size)])
    result: np.ndarray = array.reshape(dims)
    result.flags.writeable = False
    return result


def _from_list(values: Any, name: str, kind: np.dtype) -> np.ndarray:
    """The elements of one of the lists."""
    if name == "string":
        array = np.empty(len(values), dtype=object)
        array[:] = list(values)
        return array
    if kind.itemsize >= 4 or kind == np.bool_:
        return np.array(values, dtype=kind)
    wide = np.array(values, dtype=np.int32)  # small integers lie in a list of larger ones
    narrow = wide.astype(kind)
    if not np.array_equal(narrow, wide):
        raise ValueError(f"A tensor of {name} holds {wide[narrow != wide][0]}, which is no {name}.")
    return narrow


def _from_content(content: bytes, numpy_type: np.dtype, dims: tuple[int, ...]) -> np.ndarray:
    if numpy_type.hasobject or len(content) != math.prod(dims) * numpy_type.itemsize:
        kind = "string" if numpy_type.hasobject else numpy_type.name
        raise ValueError(f"A tensor of {kind} and shape {list(dims)} cannot be read from {len(content)} bytes.")
    return np.frombuffer(content, _little_type(numpy_type)).astype(numpy_type, copy=False).reshape(dims)


def _little_type(numpy_type: np.dtype) -> np.dtype:
    return numpy_type.newbyteorder("<")


# ---- shapes --------------------------------------------------------------------------------------------------------


def shape_to_proto(shape: TensorShape) -> Any:
    """The message of a static shape."""
    from flowlab._src.formats import messages

    if shape.ndims is None:
        return messages.TensorShapeProto(unknown_rank=True)
    proto = messages.TensorShapeProto()
    for size in shape.as_list():
        proto.dim.add(size=-1 if size is None else size)
    return proto


def read_shape(proto: Any) -> TensorShape:
    """The static shape of a message."""
    if proto.unknown_rank:
        return UNKNOWN
    return TensorShape([None if dim.size < 0 else dim.size for dim in proto.dim])

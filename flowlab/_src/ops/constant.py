"""Constants, and the conversion of Python and NumPy values to them."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from flowlab._src.errors import add_notes
from flowlab._src.graph.arguments import as_text
from flowlab._src.graph.convert import register_tensor_conversion_function
from flowlab._src.graph.dtypes import DType, as_dtype
from flowlab._src.graph.literals import as_array
from flowlab._src.graph.op import Array, Op
from flowlab._src.graph.shape import Dimension, TensorShape, as_shape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.util import source, written
from flowlab._src.util.export import export

LARGEST_CONSTANT = 2**31  # bytes


class Const(Op):
    """A value stored in the graph itself."""

    value: np.ndarray
    dtype: DType
    is_constant = True
    grad = None

    def kernel(self) -> Array:
        return self.value

    def dtypes(self) -> DType:
        return self.dtype

    def shape(self) -> TensorShape:
        return TensorShape.of(self.value.shape)


def make_constant(
    value: Any, dtype: Any = None, shape: Any = None, name: str | None = None, exact_shape: bool = False
) -> Tensor:
    """Add a Const node; with `shape` a single value is spread over it, a shorter list continued by its last element."""
    array = as_array(value, None if dtype is None else as_dtype(dtype))
    if shape is not None:
        array = _fill_shape(array, tuple(as_shape(shape).as_list()), value, exact_shape)
    if array.flags.writeable or not array.flags.owndata:
        array = array.copy()
        array.flags.writeable = False
    return Const(value=array, dtype=as_dtype(array.dtype) if dtype is None else as_dtype(dtype).base_dtype)(
        name="Const" if name is None else as_text(name, "name") or "Const"
    )


def _fill_shape(array: np.ndarray, shape: Any, value: Any, exact: bool) -> np.ndarray:
    if exact and array.shape != shape:
        raise TypeError(f"Expected Tensor's shape: {shape}, got {array.shape}.")
    if None in shape:
        raise ValueError(f"A constant needs a shape that is fully known, not {TensorShape(shape)}.")
    count = math.prod(shape)
    if max((count, *shape)) * array.itemsize > LARGEST_CONSTANT:
        raise ValueError("Cannot create a tensor proto whose content is larger than 2GB.")
    if count == 0 and not isinstance(value, np.ndarray):
        return np.empty(shape, array.dtype)
    if array.size == count:
        return array.reshape(shape)
    if array.size > count:
        raise ValueError(f"Too many elements provided. Needed at most {count}, but received {array.size}")
    if array.size == 0:
        raise ValueError(f"An empty list cannot fill the shape {list(shape)}: give at least one value.")
    result = np.empty(count, array.dtype)
    result[: array.size] = array.ravel()
    result[array.size :] = array.ravel()[-1]
    return result.reshape(shape)


@export("constant")
def constant(
    value: Any, dtype: Any = None, shape: Any = None, name: str = "Const", verify_shape: bool = False
) -> Tensor:
    """Make a constant: a value that is stored in the graph itself.

    Parameters
    ----------
    value : number, str, nested list or numpy.ndarray
        Python floats give float32, ints int32; NumPy values keep their type.
    dtype : DType, optional
        Type of the elements.
    shape : list of int, optional
        A single value is repeated over it; a shorter list is continued by its last element.
    name : str
    verify_shape : bool
        If True, `value` must have exactly `shape`.

    Returns
    -------
    Tensor

    Raises
    ------
    TypeError
        If an element does not fit `dtype`.
    ValueError
        If nested lists are ragged, or there are more values than `shape` has room for.

    Examples
    --------
    >>> tf.constant([[1, 2, 3], [4, 5, 6]])
    <tf.Tensor 'Const:0' shape=(2, 3) dtype=int32>
    >>> with tf.Session() as sess:
    ...     sess.run(tf.constant(-1.0, shape=[2, 3]))
    array([[-1., -1., -1.],
           [-1., -1., -1.]], dtype=float32)
    """
    try:
        return make_constant(value, dtype, shape, name, verify_shape)
    except (TypeError, ValueError) as error:
        site = source.caller(2)
        fix = ""
        if "of type 'float' instead" in str(error):
            fix = "give the constant a float dtype, or an integer value"
        elif "lists of different lengths" in str(error):
            fix = "pad the short rows"
        raise add_notes(error, where=site.quote() if site else "", fix=fix) from None


def _convert_constant(value: Any, dtype: Any = None, name: str | None = None, as_ref: bool = False) -> Tensor:
    return make_constant(value, dtype, None, name)


def size_of_the_run() -> str:
    """The call with `tf.shape(x)` in the place of `x.shape`."""
    call = written.running()
    line = (
        re.sub(r"\b([A-Za-z_]\w*)(\.get_shape\(\)|\.shape)(?!\w)", r"tf.shape(\1)", call.text)
        if call is not None
        else ""
    )
    return f"{written.one_line(line) or 'tf.zeros(tf.shape(x))'}  # tf.shape gives a tensor with the sizes of the run"


def _convert_shape(value: Any, dtype: Any = None, name: str | None = None, as_ref: bool = False) -> Any:
    """A fully known TensorShape stands for the vector of its sizes."""
    if not value.is_fully_defined():
        site = source.caller(2)
        raise add_notes(
            ValueError(f"Cannot convert a partially known TensorShape to a Tensor: {value}"),
            why="the sizes shown as ? are known only while running",
            where=site.quote() if site else "",
            fix=size_of_the_run(),
        )
    sizes = value.as_list()
    wanted = np.int32 if not sizes or max(sizes) < 2**31 else np.int64
    if dtype is not None:
        dtype = as_dtype(dtype)
        if dtype.name not in ("int32", "int64"):
            raise TypeError(f"Cannot convert a TensorShape to dtype: {dtype}")
        wanted = dtype.as_numpy_dtype
    if sizes and max(sizes) > np.iinfo(wanted).max:
        raise ValueError(
            f"Cannot convert a TensorShape to dtype {as_dtype(wanted).name}; a dimension is too large ({max(sizes)})"
        )
    return make_constant(np.array(sizes, wanted), None, None, name or "shape_as_tensor")


def _convert_dimension(value: Any, dtype: Any = None, name: str | None = None, as_ref: bool = False) -> Tensor:
    if value.value is None:
        raise ValueError(f"Cannot convert an unknown Dimension to a Tensor: {value}")
    return make_constant(value.value, dtype or "int32", None, name or "shape_as_tensor")


def _convert_list(value: Any, dtype: Any = None, name: str | None = None, as_ref: bool = False) -> Any:
    """Lists of numbers; `joining.py` takes those with tensors in them before they come here."""
    return make_constant(_plain(value), dtype, None, name)


def _plain(value: Any) -> Any:
    """Dimensions inside a list become ints."""
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value.value if isinstance(value, Dimension) else value


register_tensor_conversion_function(object, _convert_constant, 200)
register_tensor_conversion_function(TensorShape, _convert_shape, 100)
register_tensor_conversion_function(Dimension, _convert_dimension, 100)
register_tensor_conversion_function((list, tuple), _convert_list, 100)

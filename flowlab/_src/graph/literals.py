"""Python values to arrays, by TensorFlow's rules: [1, 2.5] is float32, [1, 2] int32, NumPy arrays keep their type."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np

from flowlab._src.errors import add_notes
from flowlab._src.graph.dtypes import (
    DType,
    as_dtype,
    bool_,
    complex64,
    complex128,
    float16,
    float32,
    float64,
    int32,
    int64,
    string,
)  # fmt: skip
from flowlab._src.util import source, written


def as_array(value: Any, dtype: DType | None = None) -> np.ndarray:
    """Return `value` as an array of `dtype`, or of the type it has by itself.

    Raises
    ------
    TypeError
        If an element does not fit the type: "Expected int32, got 1.5 of type 'float' instead."
    ValueError
        If nested lists are ragged, or there is None where a number should be.
    """
    if isinstance(value, (np.ndarray, np.generic)):
        return _from_numpy(np.asarray(value), dtype)
    if value is None:
        raise ValueError("None values not supported.")
    if dtype is not None:
        check_elements(value, dtype)
    array = _build(value)
    if array.dtype == np.object_ and (dtype is None or dtype is string):
        return _as_bytes(array)
    if dtype is None:
        return _python_default(array)
    wanted = np.dtype(dtype.as_numpy_dtype)
    if dtype.is_integer and array.dtype.kind in "iu" and array.size:
        low, high = (value, value) if value.__class__ is int else (int(array.min()), int(array.max()))
        if low < dtype.min or high > dtype.max:
            bad = low if low < dtype.min else high
            raise TypeError(f"Expected {dtype.name}, got {bad} of type 'int' instead: too large for the type.")
    if wanted.fields:  # quantized: the integers themselves
        return array.astype(wanted[0]).view(wanted)
    return array.astype(wanted, copy=False)


def _from_numpy(array: np.ndarray, dtype: DType | None) -> np.ndarray:
    if array.dtype.kind in "SU" or array.dtype == np.object_:
        if dtype is not None and dtype is not string:
            check_elements(array.ravel().tolist()[0] if array.size else "", dtype)
        return _as_bytes(array.astype(object))
    if dtype is None:
        as_dtype(array.dtype)
        return array
    wanted = np.dtype(dtype.as_numpy_dtype)
    if array.dtype == wanted:
        return array
    if dtype is string:
        raise TypeError(
            f"Expected string, got {array.ravel()[0] if array.size else array!r} of type '{array.dtype}' instead."
        )
    if wanted.fields:
        return array.astype(wanted[0]).view(wanted)
    with warnings.catch_warnings():  # arrays are cast as NumPy casts them, even where something is lost
        warnings.simplefilter("ignore")
        return array.astype(wanted)


def _build(value: Any) -> np.ndarray:
    try:
        array = np.array(value)
    except ValueError:
        raise ValueError(_ragged(value)) from None
    except OverflowError:
        raise TypeError(f"{value!r} does not fit any integer type (64 bits).") from None
    if array.dtype.kind in "SU":
        return np.array(value, dtype=object)
    if array.dtype == np.object_:
        for element in array.ravel():
            if element is None:
                raise without_value(
                    TypeError(
                        f"Failed to convert object of type {type(value)} to Tensor. Contents: {value}. Consider casting "
                        "elements to a supported type: None values not supported."
                    )
                )
            if isinstance(element, (list, tuple, np.ndarray)):
                raise ValueError(_ragged(value))
            if not isinstance(element, (str, bytes)):
                if isinstance(element, int):
                    raise TypeError(f"{element!r} does not fit any integer type (64 bits).")
                raise TypeError(
                    f"Failed to convert object of type {type(element)} to Tensor. Contents: {element!r}. "
                    "Consider casting elements to a supported type."
                )
    elif isinstance(value, (list, tuple)) and array.ndim != _depth(value):  # arrays inside lists
        raise ValueError(_ragged(value))
    return array


def _depth(value: Any) -> int:
    """How many lists are nested in each other, along the first elements."""
    depth = 0
    while isinstance(value, (list, tuple)):
        depth += 1
        value = value[0] if value else None
    return depth


def _ragged(value: Any) -> str:
    wanted, first, level = [], value, [value]
    while isinstance(first, (list, tuple)):
        wanted.append(len(first))
        first = first[0] if first else None
    got: list[int] = []
    while level and all(isinstance(v, (list, tuple, np.ndarray)) for v in level) and len({len(v) for v in level}) == 1:
        got.append(len(level[0]))
        level = [item for v in level for item in v]
    return f"Argument must be a dense tensor: {_short(value)} - got shape {got}, but wanted {wanted}."


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 120 else text[:117] + "..."


def _python_default(array: np.ndarray) -> np.ndarray:
    """Floats are float32, integers int32 unless they are too big: those of lists, even when the lists hold NumPy scalars."""
    if array.dtype == np.float64:
        return array.astype(np.float32)
    if array.dtype == np.int64:
        shorter = array.astype(np.int32)
        return shorter if np.array_equal(shorter, array) else array
    return array


def _as_bytes(array: np.ndarray) -> np.ndarray:
    result = np.empty(array.shape, dtype=object)
    flat = result.reshape(-1)
    for i, element in enumerate(array.reshape(-1)):
        if isinstance(element, str):
            flat[i] = element.encode("utf-8")
        elif isinstance(element, bytes):
            flat[i] = bytes(element)
        else:
            raise TypeError(f"Expected binary or unicode string, got {element!r}")
    return result


def leaves(value: Any) -> Any:
    """Walk through the elements of nested lists, tuples and arrays."""
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from leaves(item)
    elif isinstance(value, np.ndarray):
        yield from value.reshape(-1)
    else:
        yield value


_INTEGERS = (int, np.integer)  # truth values are numbers, too, for Python as for TensorFlow
_FLOATS = (float, int, np.floating, np.integer)
_COMPLEX = (complex, float, int, np.number)
_STRINGS = (str, bytes)
_ACCEPTS: dict[DType, tuple[type, ...]] = {
    float16: _FLOATS, float32: _FLOATS, float64: _FLOATS, complex64: _COMPLEX, complex128: _COMPLEX,
    string: _STRINGS, bool_: (bool, np.bool_), int32: _INTEGERS, int64: _INTEGERS,
}  # fmt: skip


def check_elements(value: Any, dtype: DType) -> None:
    """TypeError in TensorFlow's words for the first element that is not of a kind `dtype` accepts."""
    allowed = _ACCEPTS.get(dtype, _INTEGERS if dtype.is_integer or dtype.is_quantized else None)
    if allowed is None or value.__class__ in allowed:
        return
    for element in leaves(value):
        if not isinstance(element, allowed):
            if element is None:
                raise without_value(TypeError("None values not supported."))
            raise TypeError(
                f"Expected {dtype.name}, got {_describe(element)} of type '{type(element).__name__}' instead."
            )


def _describe(element: Any) -> str:
    return repr(element) if isinstance(element, (str, bytes)) else str(element)


def without_value(error: BaseException) -> BaseException:
    """The error for None where a number should be, with the lines that explain it."""
    site = source.caller(2)
    why, fix = open_size()
    return add_notes(error, why=why, where=site.quote() if site else "", fix=fix)


def open_size() -> tuple[str, str]:
    """None among the sizes: say whose size it is, and write the size of the run in its place."""
    why = "None stands for a size that is known only while running"
    call = written.running()
    asked = (
        re.search(r"\b([A-Za-z_]\w*)(\.get_shape\(\)|\.shape)(\.as_list\(\))?\[(-?\d+)\](\.value)?", call.text)
        if call
        else None
    )
    if call is None or asked is None:
        return why, "tf.shape(x)[0]  # the size of the run; or -1 in tf.reshape"
    line = call.text.replace(asked[0], "-1" if call.function == "reshape" else f"tf.shape({asked[1]})[{asked[4]}]")
    return f"{asked[0]} is what is known while building: None, a size that differs from run to run", written.one_line(
        line
    )

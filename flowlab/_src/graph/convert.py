"""Anything that can stand for a tensor (number, list, array, variable) becomes one here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowlab._src.errors import add_notes
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.dtypes import as_dtype
from flowlab._src.graph.eager_tensor import EagerTensor
from flowlab._src.graph.tensor import Tensor
from flowlab._src.util import source
from flowlab._src.util.export import export

Converter = Callable[..., Any]
_converters: dict[int, list[tuple[Any, Converter]]] = {}
_by_type: dict[type, list[Converter]] = {}


@export("register_tensor_conversion_function")
def register_tensor_conversion_function(base_type: Any, conversion_func: Converter, priority: int = 100) -> None:
    """Teach `tf.convert_to_tensor` a new type.

    Parameters
    ----------
    base_type : type or tuple of type
    conversion_func : callable
        `f(value, dtype=None, name=None, as_ref=False)`, returns a Tensor or NotImplemented.
    priority : int
        Smaller numbers are asked first.
    """
    if not callable(conversion_func):
        raise TypeError("conversion_func must be callable.")
    _converters.setdefault(priority, []).append((base_type, conversion_func))
    _by_type.clear()


def _find(kind: type) -> list[Converter]:
    found = _by_type.get(kind)
    if found is None:
        found = _by_type[kind] = [
            function
            for priority in sorted(_converters)
            for base_type, function in _converters[priority]
            if issubclass(kind, base_type)
        ]
    return found


@export("convert_to_tensor")
def convert_to_tensor(
    value: Any, dtype: Any = None, name: str | None = None, preferred_dtype: Any = None, dtype_hint: Any = None
) -> Tensor:
    """Return `value` as a tensor; numbers, lists and arrays become constants.

    Parameters
    ----------
    value : Tensor, Variable, number, str, nested list or numpy.ndarray
    dtype : DType, optional
        The type the tensor must have.
    name : str, optional
        Name of the constant, if one is made.
    preferred_dtype, dtype_hint : DType, optional
        A type to try first; any other will do.

    Raises
    ------
    TypeError, ValueError
        If the value cannot become a tensor of that type. Tensors are never cast silently.

    Examples
    --------
    >>> tf.convert_to_tensor([1, 2])
    <tf.Tensor 'Const:0' shape=(2,) dtype=int32>
    """
    result: Tensor = convert(value, dtype, name, preferred_dtype if preferred_dtype is not None else dtype_hint)
    return result


def convert(value: Any, dtype: Any = None, name: str | None = None, preferred: Any = None, as_ref: bool = False) -> Any:
    """`convert_to_tensor` for use inside: also gives references and IndexedSlices when asked to."""
    if dtype is not None:
        dtype = as_dtype(dtype)
    if isinstance(value, Tensor):
        if value.__class__ is EagerTensor and not get_default_graph().eager:
            raise add_notes(
                RuntimeError("Attempting to capture an EagerTensor without building a function."),
                why="a graph keeps recipes, and this tensor is a value that eager mode has computed",
                where=(site.quote() if (site := source.caller(2)) else ""),
                fix="t.numpy() makes an array of it, which becomes a constant of the graph",
            )
        if dtype is not None and not dtype.is_compatible_with(value.dtype):
            raise ValueError(
                f"Tensor conversion requested dtype {dtype.name} for Tensor with dtype {value.dtype.name}: {str(value)!r}"
            )
        return value
    if preferred is not None and dtype is None:
        preferred = as_dtype(preferred)
    for function in _find(type(value)):
        result: Any = NotImplemented
        if dtype is None and preferred is not None:
            try:
                result = function(value, dtype=preferred, name=name, as_ref=as_ref)
            except (TypeError, ValueError):
                result = NotImplemented  # the preference could not be met
            else:
                if result is not NotImplemented and result.dtype.base_dtype != preferred.base_dtype:
                    raise TypeError(
                        f"convert_to_tensor did not convert to the preferred dtype: {result.dtype.base_dtype} vs {preferred.base_dtype}"
                    )
        if result is NotImplemented:
            result = function(value, dtype=dtype, name=name, as_ref=as_ref)
        if result is not NotImplemented:
            return result
    site = source.caller(2)
    raise add_notes(
        TypeError(
            f"Cannot convert {value!r} with type {type(value)} to Tensor: no supported conversion function has been registered."
        ),
        where=site.quote() if site else "",
        fix="pass a number, a list, a NumPy array, a tensor or a variable",
    )


def convert_n(
    values: Any, dtype: Any = None, name: str | None = None, preferred: Any = None, as_ref: bool = False
) -> list[Any]:
    """Convert each of several values; names get _0, _1 ..."""
    return [convert(value, dtype, f"{name}_{i}" if name else None, preferred, as_ref) for i, value in enumerate(values)]


def operand(value: Any, name: str) -> Any:
    """Return something that Python can calculate with: tensors and numbers as they are, anything else converted."""
    if isinstance(value, (Tensor, int, float, np.number)) or hasattr(value, "_as_graph_element"):
        return value
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return value
    return convert(value, name=name)

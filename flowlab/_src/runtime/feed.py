"""Feeds: checking and converting what the caller puts into `feed_dict`."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError, add_notes
from flowlab._src.graph import dtypes
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.graph import Graph
from flowlab._src.graph.literals import as_array
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.shape import Dims
from flowlab._src.graph.tensor import Tensor
from flowlab._src.runtime.fetch import expansion_of, foreign, own_name, session_for
from flowlab._src.runtime.tensor_handle import TensorHandle
from flowlab._src.util import source, written
from flowlab._src.util.text import nearest


def check_feed_dict(feed_dict: Any) -> None:
    """TypeError for feeds that are not in a dictionary."""
    if isinstance(feed_dict, dict):
        return
    site = source.caller(3)
    call = written.running("run")
    both = [call.argument(name) for name in ("fetches", "feed_dict")] if call is not None else ["a", "b"]
    cure = f"sess.run([{', '.join(text or name for text, name in zip(both, 'ab', strict=True))}])"
    if isinstance(feed_dict, Tensor):
        feed_dict._refuse(
            "using a `tf.Tensor` as a Python `bool`",
            cure,
            f"the second argument of run is feed_dict, and {feed_dict.name!r} is a tensor",
        )
    fetched = isinstance(feed_dict, Operation)
    raise add_notes(
        TypeError(f"feed_dict must be a dictionary, not {type(feed_dict).__name__}: {_short(feed_dict)}"),
        why="the second argument of run is feed_dict; several fetches go into one list"
        if fetched
        else "feed_dict maps placeholders to values",
        where=site.quote() if site else "",
        fix=cure if fetched else "feed_dict={x: value}",
    )


def flatten_feeds(feed_dict: dict[Any, Any], graph: Graph) -> dict[Tensor, Any]:
    """Return tensor -> value for all keys; composite keys (sparse tensors) are taken apart."""
    flat: dict[Tensor, Any] = {}
    for key, value in flat_items(feed_dict):
        row = expansion_of(key)
        pairs = row[2](key, value) if row is not None and row[2] is not None else [(key, value)]
        for part, part_value in pairs:
            flat[resolve_key(part, graph)] = part_value
    return flat


def flat_items(feed_dict: dict[Any, Any]) -> Iterator[tuple[Any, Any]]:
    """The (key, value) pairs; a key that is a tuple of tensors goes with a value of the same form."""
    for key, value in feed_dict.items():
        if isinstance(key, tuple) and not hasattr(key, "_as_graph_element") and expansion_of(key) is None:
            if not isinstance(value, (list, tuple)) or len(value) != len(key):
                raise ValueError(
                    f"Could not flatten dictionary. Key had {len(key)} elements, but value had {np.size(value)} elements."
                )
            yield from flat_items(dict(zip(key, value, strict=True)))
        else:
            yield key, value


def resolve_key(key: Any, graph: Graph) -> Tensor:
    """Return the tensor that a key of a feed_dict stands for."""
    try:
        tensor: Tensor = graph.as_graph_element(key, allow_operation=False)
    except Exception as error:
        text = str(error.args[0]) if error.args else ""
        site = source.caller(2)
        own = getattr(key, "graph", None)
        hint = why = ""
        if own is not None and own is not graph:
            why = foreign(key, graph)
            hint = session_for(key)
        elif isinstance(key, str):
            placeholders = [t.name for op in graph._operations if op.definition.must_be_fed for t in op._outputs]
            if f"{key}:0" in placeholders:
                why, hint = (
                    f"'{key}' is the operation; the tensor that it gives is '{key}:0'",
                    f"feed_dict={{'{key}:0': value}}",
                )
            else:
                near = nearest(key, placeholders, 1)
                why = f"the graph has no tensor {key!r}" + (
                    "" if near else "; keys are placeholders, or names such as 'x:0'"
                )
                hint = (
                    f"feed_dict={{{near[0]!r}: value}}" if near else "feed_dict={x: value}  # x = tf.placeholder(...)"
                )
        elif isinstance(key, (int, float, np.generic)):
            name = next(iter(source.names_of(key)), "")
            line = source.assigned(name) if name else None
            why = f"keys are placeholders, and {name or repr(key)} is a number" + (
                f" since {line.describe()}" if line else ""
            )
            hint = f"feed_dict={{x: {name or repr(key)}}}  # x = tf.placeholder(...)"
        raise add_notes(
            TypeError(f"Cannot interpret feed_dict key as Tensor: {text}"),
            why=why,
            where=site.quote() if site else "",
            fix=hint,
        ) from None
    if not graph.is_feedable(tensor):
        site = source.caller(2)
        raise add_notes(ValueError(f"Tensor {tensor} may not be fed."), where=site.quote() if site else "")
    return tensor


Check = Callable[[Any], Any]


def feed_converter(tensor: Tensor) -> Check:
    """Return the function that checks and converts values for one fed tensor; made once for a plan."""
    dtype = tensor.dtype.base_dtype
    wanted = None if not dtype.is_numpy_compatible else np.dtype(dtype.as_numpy_dtype)
    is_text = wanted == np.dtype(object)
    dims = tensor._shape._dims
    whole = dims is not None and None not in dims
    number: Any = {np.dtype(np.float32): np.float32, np.dtype(np.float64): np.float64}.get(
        wanted
    )  # of the usual dtypes
    if dims:
        number = None  # a single number does not fit, or is stretched by nobody

    def convert(value: Any) -> Any:
        if value.__class__ is np.ndarray and value.dtype is wanted and not is_text:
            array = value
        elif value.__class__ is float and number is not None and -1e38 < value < 1e38:
            return number(value)
        else:
            array = _convert(tensor, dtype, wanted, value)
        shape = array.shape
        if dims is not None and shape != dims and (whole or not _fits(shape, dims)):
            raise _wrong_shape(tensor, shape)
        if array.ndim == 0:
            return array[()] if not is_text else array
        view = array.view()
        view.flags.writeable = False  # kernels see the caller's memory, but nobody here may write to it
        return view

    return convert


def _fits(shape: tuple[int, ...], dims: Dims) -> bool:
    return len(shape) == len(dims) and all(b is None or a == b for a, b in zip(shape, dims, strict=True))


def _convert(tensor: Tensor, dtype: DType, wanted: Any, value: Any) -> Any:
    if isinstance(value, Tensor) or hasattr(value, "_as_graph_element"):
        site = source.caller(3)
        raise add_notes(
            TypeError(
                "The value of a feed cannot be a tf.Tensor object. Acceptable feed values include Python scalars, strings, "
                f"lists, numpy ndarrays, or TensorHandles. For reference, the tensor object was {value} which was passed to "
                f"the feed with key {tensor}."
            ),
            why=f"feeds are data, tensors are recipes; '{tensor.name}' was given a tensor",
            where=site.quote() if site else "",
            fix=f"feed_dict={{{own_name(tensor)}: sess.run({own_name(value)})}}  # or prepare the array with NumPy",
        )
    if isinstance(value, TensorHandle):
        if value.dtype is not dtype:
            text = f"Expects arg[0] to be {dtype.runtime_name} but {value.dtype.runtime_name} is provided"
            raise add_notes(
                InvalidArgumentError(None, None, text),
                why=f"'{tensor.name}' takes {dtype.name}, the value behind the handle is {value.dtype.name}",
                fix="feed_dict={holder: handle.handle}  # where the tensor takes the handle itself"
                if dtype.name == "string"
                else "",
            )
        return np.asarray(value.value())
    if wanted is None:
        return np.asarray(value, dtype=object)
    if (
        isinstance(value, int)
        and not isinstance(value, bool)
        and dtype.is_integer
        and not dtype.min <= value <= dtype.max
    ):
        raise add_notes(
            TypeError(
                f"Type of feed value {value} with type {type(value)} is not compatible with Tensor type {wanted}. Try "
                "explicitly setting the type of the feed tensor to a larger type (e.g. int64)."
            ),
            why=f"{own_name(tensor)} is {dtype.name}, which holds {dtype.min} to {dtype.max}",
            where=site.quote() if (site := source.caller(3)) else "",
            fix=f"{own_name(tensor)} = tf.placeholder(tf.int64)  # holds larger numbers",
        )
    try:
        if wanted == np.dtype(object):
            return as_array(value, dtype)
        with np.errstate(all="ignore"):
            return np.asarray(value, dtype=wanted)
    except (TypeError, ValueError, OverflowError) as error:
        site = source.caller(3)
        kind = ValueError if isinstance(error, ValueError) else TypeError
        raise add_notes(
            kind(f"Cannot feed {_short(value)} to Tensor {tensor.name!r} of type {dtype.name}: {error}"),
            why=why_no_array(own_name(tensor), dtype, value),
            where=site.quote() if site else "",
            fix=array_of(own_name(tensor), dtype, value),
        ) from None


def why_no_array(name: str, dtype: DType, value: Any) -> str:
    """Why a value cannot become the array that a placeholder takes."""
    if value is None:
        return f"None was fed to {name}: no value"
    if isinstance(value, (list, tuple)) and len({np.shape(row) for row in value if not isinstance(row, str)}) > 1:
        lengths = sorted({len(row) for row in value if hasattr(row, "__len__")})
        return f"{name} takes an array, and the rows fed are of several lengths: {', '.join(map(str, lengths[:4]))}"
    if isinstance(value, dict):
        return f"{name} takes an array, and a dictionary was fed"
    return f"{name} takes {dtype.name}, and not every value fed can become one"


def array_of(name: str, dtype: DType, value: Any) -> str:
    """What to feed instead."""
    text = fed_text(name) or "value"
    if isinstance(value, (str, bytes)):
        return f"{name} = tf.placeholder(tf.string)  # if text is meant"
    if value is None:
        return f"print({text})  # then look where it is made"
    if isinstance(value, (list, tuple)) and any(
        hasattr(row, "__len__") and not isinstance(row, (str, bytes)) for row in value
    ):
        return f"max(len(row) for row in {text})  # the length that all rows need: fill them up, with 0 for example"
    if isinstance(value, dict):
        return f"feed_dict={{{name}: list({written.in_brackets(text)}.values())}}"
    return (
        f"feed_dict={{{name}: np.array({text}, np.{dtype.as_numpy_dtype.__name__})}}" if dtype != dtypes.string else ""
    )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _wrong_shape(tensor: Tensor, shape: tuple[int, ...]) -> BaseException:
    site = source.caller(3)
    made = tensor.op.site
    dims = tensor._shape._dims or ()
    name = own_name(tensor)
    why = f"{name} takes {size_words(dims)}, the value is {size_words(shape)}"
    value = fed_text(name) or "value"
    whole = written.in_brackets(value)
    if len(shape) == 1 and len(dims) == 2 and dims[1] not in (None, 1) and dims[1] != shape[0]:
        why += ": class numbers, not one-hot rows?"
        fix = f"np.eye({dims[1]})[{value}]  # the value: whole numbers, 0 to {dims[1] - 1}"
    elif len(shape) == 1 and len(dims) == 2 and dims[1] == 1:
        why += ": a row of numbers, not a column"
        fix = f"{whole}.reshape(-1, 1)"
    elif len(shape) == len(dims) - 1 and _fits(shape, dims[1:]):
        why += ": one item, and no axis for the batch"
        fix = f"[{value}]"
    elif len(shape) == len(dims) - 1 and dims[-1] == 1 and _fits(shape, dims[:-1]):
        why += ": there is no axis for the channels"
        fix = f"{whole}[..., None]"
    elif len(dims) == len(shape) - 1 and shape[-1] == 1 and _fits(shape[:-1], dims):
        why += ": a column, not a row of numbers"
        fix = f"np.squeeze({value}, -1)"
    elif len(dims) == len(shape) == 2 and _fits(shape[::-1], dims):
        why += ": rows and columns are the other way round"
        fix = f"{whole}.T"
    elif (
        dims
        and None not in dims[1:]
        and len(shape) > len(dims)
        and math.prod(shape[1:]) == math.prod(d for d in dims[1:] if d is not None)
    ):
        why += ": the same numbers, laid out in another way"
        fix = f"{whole}.reshape({', '.join(map(str, [-1, *dims[1:]]))})"
    elif len(shape) == len(dims) and len(dims) and _fits(shape[1:], dims[1:]):
        why += ": the size of the batch is fixed"
        fix = (
            f"{name} = tf.placeholder(tf.{tensor.dtype.name}, [{', '.join(map(str, [None, *dims[1:]]))}])  # any batch"
        )
    else:
        fix = (
            f"np.reshape({value}, {tuple(-1 if d is None else d for d in dims)})"
            if dims.count(None) < 2
            else f"print(np.shape({value}))"
        )
    if fix.startswith((value, whole, "np.", "[")) and not fix.startswith(f"{name} ="):
        cure, comment, rest = fix.partition("  # ")
        fix = f"feed_dict={{{name}: {cure}}}{comment}{rest}"
    return add_notes(
        ValueError(
            f"Cannot feed value of shape {shape!r} for Tensor {tensor.name!r}, which has shape {str(tensor.shape)!r}"
        ),
        where=site.quote() if site else "",
        inputs=f"'{tensor.name}' built at {made.quote()}" if made else "",
        why=why,
        fix=fix,
    )


def fed_text(name: str) -> str:
    """What the program writes as the value of a feed: `x: images` in the call that is running."""
    call = written.running("run", "eval", "partial_run")
    feeds = call.parts.get("feed_dict") if call is not None else None
    if call is None or not isinstance(feeds, ast.Dict):
        return ""
    for key, value in zip(feeds.keys, feeds.values, strict=True):
        if key is not None and call.of(key) == name:
            return written.one_line(call.of(value))
    return ""


def size_words(shape: Dims) -> str:
    """A shape as learners say it: (any, 10)."""
    sizes = ", ".join("any" if size is None else str(size) for size in shape)
    return f"({sizes},)" if len(shape) == 1 else f"({sizes})"

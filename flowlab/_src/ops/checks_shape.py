"""Checks of ranks, shapes and types; most are decided while building, and then nothing is left to run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from flowlab._src.graph.arguments import as_list, refused
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import DType, as_dtype, bool_, float32, int32, string
from flowlab._src.graph.op import constant_value
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.scopes import control_dependencies, name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import rank as rank_of, shape_of
from flowlab._src.ops.assertion import assert_
from flowlab._src.ops.checks import prefix
from flowlab._src.ops.compare import equal, greater_equal, logical_or
from flowlab._src.ops.control import group, no_op, with_dependencies
from flowlab._src.ops.misuse import misuse
from flowlab._src.util.export import export


def is_sparse(x: Any) -> bool:
    """True for a SparseTensor."""
    return hasattr(x, "dense_shape") and hasattr(x, "indices")


def listed(values: Any, name: str = "data") -> list[Any]:
    """The values of an optional list."""
    return [] if values is None else as_list(values, name)


# ---- ranks -----------------------------------------------------------------------------------------------------------


def _check_rank(
    x: Any,
    ranks: list[Any],
    allows: Callable[[int, list[int]], bool],
    condition: Callable[[Tensor, list[Any]], Tensor],
    words: str,
    data: Any,
    summarize: int | None,
    message: str,
    several: bool = False,
) -> Operation:
    """Decide at once where the ranks are known, else with an Assert."""
    for rank in ranks:
        assert_type(rank, int32)
    values = [constant_value(rank) for rank in ranks]
    known = [v for v in values if v is not None]
    if len(known) == len(values):
        if any(np.ndim(v) for v in known):
            raise misuse(ValueError("Rank must be a scalar."))
        numbers = [int(v) for v in known]
        shape = x.shape
        if shape.ndims is not None:
            if not allows(shape.ndims, numbers):
                wanted = str(tuple(numbers)) if several else str(numbers[0])
                name = "" if is_sparse(x) else x.name
                text = f"{message}Tensor {name} {words} {wanted}.  Received rank {shape.ndims}, shape {shape}"
                raise misuse(ValueError(text))
            return no_op(name="static_checks_determined_all_ok")
    result = condition(rank_of(x), ranks)
    for rank, value in zip(ranks, values, strict=True):
        if value is None:
            check = assert_rank(rank, 0, data=["Rank must be a scalar. Received rank: ", rank])
            result = with_dependencies([check], result)
    return assert_(result, data, summarize=summarize)


def _prepared(x: Any, ranks: Iterable[Any], words: str, data: Any, message: str) -> tuple[Any, list[Tensor], Any]:
    """The tensor, the ranks as tensors and what an error shows."""
    if not is_sparse(x):
        x = convert(x, name="x")
    ranks = [convert(rank, name="rank") for rank in ranks]
    if data is None:
        name = "" if is_sparse(x) else x.name
        data = [message, f"Tensor {name} {words}", *ranks, "Received shape: ", shape_of(x)]
    return x, ranks, data


@export("assert_rank", "debugging.assert_rank")
def assert_rank(
    x: Any, rank: Any, data: Any = None, summarize: int | None = None, message: Any = None, name: str | None = None
) -> Operation:
    """Fail unless a tensor has so many axes.

    Parameters
    ----------
    x : Tensor or SparseTensor
    rank : int or int32 scalar Tensor
    data, summarize, message
        As for `tf.assert_equal`.

    Returns
    -------
    Operation
        That does nothing, where the rank is known while building.

    Raises
    ------
    ValueError
        If the rank is known to be another one.

    Examples
    --------
    >>> try:
    ...     tf.assert_rank(tf.zeros([2, 3]), 4)
    ... except ValueError as error:
    ...     print(error)
    Tensor zeros:0 must have rank 4.  Received rank 2, shape (2, 3)
    """
    with name_scope(name, "assert_rank", [x, rank, *listed(data)]):
        message = prefix(message)
        x, ranks, data = _prepared(x, [rank], "must have rank", data, message)
        return _check_rank(
            x, ranks, lambda n, r: n == r[0], lambda n, r: equal(n, r[0]), "must have rank", data, summarize, message
        )


@export("assert_rank_at_least", "debugging.assert_rank_at_least")
def assert_rank_at_least(
    x: Any, rank: Any, data: Any = None, summarize: int | None = None, message: Any = None, name: str | None = None
) -> Operation:
    """Fail unless a tensor has at least so many axes; the arguments are those of `tf.assert_rank`."""
    with name_scope(name, "assert_rank_at_least", [x, rank, *listed(data)]):
        message = prefix(message)
        words = "must have rank at least"
        x, ranks, data = _prepared(x, [rank], words, data, message)
        return _check_rank(
            x, ranks, lambda n, r: n >= r[0], lambda n, r: greater_equal(n, r[0]), words, data, summarize, message
        )


@export("assert_rank_in", "debugging.assert_rank_in")
def assert_rank_in(
    x: Any, ranks: Any, data: Any = None, summarize: int | None = None, message: Any = None, name: str | None = None
) -> Operation:
    """Fail unless the number of axes is one of `ranks`; the other arguments are those of `tf.assert_rank`."""
    ranks = as_list(ranks, "ranks")
    with name_scope(name, "assert_rank_in", [x, *ranks, *listed(data)]):
        message = prefix(message)
        words = "must have rank in"
        x, ranks, data = _prepared(x, ranks, words, data, message)

        def one_of(count: Tensor, ranks: list[Any]) -> Tensor:
            if not ranks:
                return convert(False)
            result = equal(ranks[0], count)
            for rank in ranks[1:]:
                result = logical_or(result, equal(rank, count))
            return result

        return _check_rank(x, ranks, lambda n, r: n in r, one_of, words, data, summarize, message, several=True)


@export("assert_scalar", "debugging.assert_scalar")
def assert_scalar(tensor: Any, name: str | None = None, message: Any = None) -> Tensor:
    """Return a tensor that is known to have no axes; ValueError otherwise."""
    with name_scope(name, "assert_scalar", [tensor]) as scope:
        tensor = convert(tensor, name=scope)
        if tensor.shape.ndims != 0:
            text = f"{prefix(message)}Expected scalar shape for {tensor.name}, saw shape: {tensor.shape}."
            raise misuse(ValueError(text))
        return tensor


# ---- types -----------------------------------------------------------------------------------------------------------


@export("assert_type", "debugging.assert_type")
def assert_type(tensor: Any, tf_type: Any, message: Any = None, name: str | None = None) -> Operation:
    """Fail at once unless a tensor has this dtype.

    Raises
    ------
    TypeError
        If the dtype is another one.

    Examples
    --------
    >>> tf.assert_type(tf.constant(1), tf.int32).type
    'NoOp'
    """
    dtype = as_dtype(tf_type)
    with name_scope(name, "assert_type", [tensor]):
        if not is_sparse(tensor):
            tensor = convert(tensor, name="tensor")
        if tensor.dtype.base_dtype is not dtype:
            name = getattr(tensor, "name", "tensor")
            text = f"{prefix(message)}{name} must be of type {dtype!r}; got {tensor.dtype!r}"
            raise misuse(TypeError(text), fix="tf.cast(t, dtype) converts")
        return no_op("statically_determined_correct_type")


@export("assert_integer", "debugging.assert_integer")
def assert_integer(x: Any, message: Any = None, name: str | None = None) -> Operation:
    """Fail at once, with a TypeError, unless a tensor holds integers."""
    with name_scope(name, "assert_integer", [x]):
        x = convert(x, name="x")
        if not x.dtype.is_integer:
            text = f'{prefix(message)}Expected "x" to be integer type.  Found: {x.name} of dtype {x.dtype!r}'
            raise misuse(TypeError(text), fix="tf.cast(x, tf.int32)")
        return no_op("statically_determined_was_integer")


@export("is_numeric_tensor", "debugging.is_numeric_tensor")
def is_numeric_tensor(tensor: Any) -> bool:
    """Tell whether this is a tensor of numbers: not of strings or truth values, and not an array or a list.

    Examples
    --------
    >>> tf.is_numeric_tensor(tf.constant(1)), tf.is_numeric_tensor(tf.constant("a")), tf.is_numeric_tensor(1)
    (True, False, False)
    """
    if not isinstance(tensor, Tensor):
        return False
    dtype = tensor.dtype
    if dtype is string or dtype is bool_:
        return False
    return dtype.is_integer or dtype.is_floating or dtype.is_complex or dtype.is_quantized


@export("assert_same_float_dtype", "debugging.assert_same_float_dtype")
def assert_same_float_dtype(tensors: Any = None, dtype: Any = None) -> DType:
    """Return the one floating-point dtype of several tensors.

    Parameters
    ----------
    tensors : list of Tensor, optional
        None among them does not count.
    dtype : DType, optional
        What it must be.

    Raises
    ------
    ValueError
        If they differ, or the type is no floating-point one.

    Examples
    --------
    >>> tf.assert_same_float_dtype([tf.zeros([2]), tf.ones([])])
    tf.float32
    """
    expected, first = (None if dtype is None else as_dtype(dtype)), None
    for tensor in listed(tensors, "tensors"):
        if tensor is None:
            continue
        if not hasattr(tensor, "dtype"):
            raise refused("Tensor", "tensors", tensor)
        found = as_dtype(tensor.dtype).base_dtype
        if expected is None:
            expected, first = found, getattr(tensor, "name", str(tensor))
        elif found is not expected:
            name = getattr(tensor, "name", str(tensor))
            as_which = f" as {first}" if first else ""
            raise misuse(ValueError(f"{name}, type={found!r}, must be of the same type ({expected!r}){as_which}."))
    if expected is None:
        return float32
    if not expected.is_floating:
        raise misuse(ValueError(f"Expected floating point type, got {expected!r}."))
    return expected


@export("assert_proper_iterable", "debugging.assert_proper_iterable")
def assert_proper_iterable(values: Any) -> None:
    """Fail at once, with a TypeError, unless this is a list or the like: tensors, arrays and strings are not."""
    if isinstance(values, (Tensor, np.ndarray, str, bytes)) or is_sparse(values):
        raise misuse(TypeError(f'Expected argument "values" to be a "proper" iterable.  Found: {type(values)}'))
    if not hasattr(values, "__iter__"):
        raise misuse(TypeError(f'Expected argument "values" to be iterable.  Found: {type(values)}'))


# ---- shapes ----------------------------------------------------------------------------------------------------------


@export("debugging.assert_shapes")
def assert_shapes(
    shapes: Any, data: Any = None, summarize: int | None = None, message: Any = None, name: str | None = None
) -> Operation:
    """Fail unless tensors have the shapes given, in which a word stands for the same size everywhere.

    Parameters
    ----------
    shapes : dict or list of pairs, Tensor -> tuple
        Entries of a shape: a number; a word; None or "." for any size; `...` or "*" in front for any number of axes.
    data, summarize, message
        As for `tf.assert_equal`.

    Returns
    -------
    Operation

    Raises
    ------
    ValueError
        If shapes that are known while building do not fit.

    Examples
    --------
    >>> x, y = tf.zeros([8, 3]), tf.zeros([8])
    >>> tf.debugging.assert_shapes({x: ("N", 3), y: ("N",)}).type
    'NoOp'
    """
    pairs = list(shapes.items()) if isinstance(shapes, dict) else as_list(shapes, "shapes")
    if not all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in pairs):
        raise misuse(TypeError(f"`shapes` must be a dict or a list of pairs (tensor, shape). Received: {shapes!r}"))
    start = prefix(message)
    with name_scope(name, "assert_shapes", [data]):
        pairs = [(x if is_sparse(x) else convert(x), s) for x, s in pairs if s is not None]
        wanted = [_Wanted(x, s, start) for x, s in pairs]
        checks = [w.check_rank(data, summarize, message, name) for w in wanted]
        checks = [c for c in checks if c is not None]
        found: dict[Any, tuple[Any, Tensor, int]] = {}
        more: list[Operation] = []
        for w in wanted:
            for i, symbol in enumerate(w.symbols):
                if symbol is None or symbol == ".":
                    continue
                axis = i - len(w.symbols) if w.innermost else i
                with control_dependencies(checks):
                    actual = w.sizes[axis]
                if _is_number(symbol):
                    size, why = int(symbol), "Specified explicitly"
                elif symbol in found:
                    size, by, at = found[symbol]
                    why = f"Specified by tensor {by.name} dimension {at}"
                else:
                    found[symbol] = (actual, w.x, axis)
                    continue
                if _is_number(actual) and _is_number(size):
                    if int(actual) != int(size):
                        text = f"{start}{why}.  Tensor {w.x.name} dimension {axis} must have size {size}.  "
                        raise misuse(ValueError(f"{text}Received size {actual}, shape {w.x.shape}"))
                    continue
                condition = equal(convert(actual), convert(size))
                shown = data
                if shown is None:
                    shown = [start, why, f"Tensor {w.x.name} dimension", axis, "must have size", size]
                    shown += ["Received shape: ", shape_of(w.x)]
                more.append(assert_(condition, shown, summarize=summarize))
    with control_dependencies(checks):
        return group(more)


def _is_number(size: Any) -> bool:
    if isinstance(size, Tensor):
        return False
    try:
        int(size)
    except (TypeError, ValueError):
        return False
    return True


class _Wanted:
    """A tensor, the sizes it has and the symbols they must fit."""

    def __init__(self, x: Tensor, shape: Any, start: str) -> None:
        if not hasattr(shape, "__iter__") and not hasattr(shape, "__getitem__"):
            text = f"{start}Tensor {x.name}.  Specified shape must be an iterable.  "
            how = "An iterable has the attribute `__iter__` or `__getitem__`.  "
            raise misuse(ValueError(f"{text}{how}Received specified shape: {shape}"))
        symbols = tuple(shape)
        for i, symbol in enumerate(symbols):
            if i and (symbol is Ellipsis or symbol == "*"):
                only = (
                    "Symbol `...` or `*` for a variable number of unspecified dimensions is only allowed as the first"
                )
                raise misuse(ValueError(f"{start}Tensor {x.name} specified shape index {i}.  {only} entry"))
        self.innermost = bool(symbols) and (symbols[0] is Ellipsis or symbols[0] == "*")
        self.symbols = (symbols[1:] if self.innermost else symbols) or (1,)
        self.x = x
        self.sizes: Any = _sizes(x)

    def check_rank(self, data: Any, summarize: int | None, message: Any, name: str | None) -> Operation | None:
        """The check of the number of axes; a number without axes passes for one of size 1."""
        count = len(self.symbols)
        if self.innermost:
            return None if count < 2 else assert_rank_at_least(self.x, count, data, summarize, message, name)
        if count < 2:
            return assert_rank_in(self.x, [0, 1], data, summarize, message, name)
        return assert_rank(self.x, count, data, summarize, message, name)


def _sizes(x: Tensor) -> Any:
    """The sizes, as numbers where they are known; those of a number without axes are taken as (1,)."""
    sizes = shape_of(x)
    dims = x.shape._dims
    if dims is not None:
        return [sizes[i] if d is None else d for i, d in enumerate(dims)] or (1,)
    from flowlab._src.ops.cond import cond
    from flowlab._src.ops.constant import constant

    return cond(equal(rank_of(x), 0), lambda: constant([1]), lambda: sizes)

"""Checks of values: `tf.assert_equal` and its relatives.

Each gives an operation that fails when the graph runs and the condition does not hold. Where both sides are known while
building, it fails then. What depends on a check must say so: `with tf.control_dependencies([tf.assert_positive(x)]):`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph.arguments import as_list
from flowlab._src.graph.convert import convert
from flowlab._src.graph.op import constant_value
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.assertion import assert_
from flowlab._src.ops.cast import is_continuous
from flowlab._src.ops.compare import equal, greater, greater_equal, less, less_equal, not_equal
from flowlab._src.ops.control import no_op
from flowlab._src.ops.magnitude import abs_
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.reduce import reduce_all
from flowlab._src.ops.reshaping import reshape
from flowlab._src.ops.slicing import strided_slice
from flowlab._src.util.export import export


def prefix(message: Any) -> str:
    """The caller's words as the beginning of a message."""
    return "" if message is None or (isinstance(message, str) and not message) else f"{message}.  "


def _compare(
    symbol: str,
    scope: str,
    compare: Callable[[Any, Any], Tensor],
    known: Callable[[Any, Any], Any],
    x: Any,
    y: Any,
    data: Any,
    summarize: int | None,
    message: Any,
    name: str | None,
) -> Operation:
    """Check that a comparison of two tensors holds for all elements."""
    with name_scope(name, scope, [x, y, data]):
        x, y = convert(x, name="x"), convert(y, name="y")
        if data is None:
            data = [f"Condition x {symbol} y did not hold element-wise:"]
            data += [f"x ({x.name}) = ", x, f"y ({y.name}) = ", y]
        if message is not None:
            data = [message, *as_list(data, "data")]
        condition = reduce_all(compare(x, y))
        values = constant_value(x), constant_value(y)
        if values[0] is not None and values[1] is not None and not np.all(known(*values)):
            raise misuse(InvalidArgumentError(None, None, "\n".join(map(_shown, as_list(data, "data")))))
        return assert_(condition, data, summarize=summarize)


def _shown(item: Any) -> str:
    """The value of a tensor where it is known, anything else as text."""
    value = constant_value(item) if isinstance(item, Tensor) else None
    return str(item if value is None else value)


@export("assert_equal", "debugging.assert_equal")
def assert_equal(
    x: Any, y: Any, data: Any = None, summarize: int | None = None, message: Any = None, name: str | None = None
) -> Operation:
    """Fail unless x == y for all elements.

    Parameters
    ----------
    x, y : Tensor
        Of one dtype; shapes are stretched to fit.
    data : list of Tensor, optional
        Shown in the message; by default x and y.
    summarize : int, optional
        So many elements of each are shown, default 3.
    message : str, optional
        Put before the message.

    Returns
    -------
    Operation

    Raises
    ------
    tf.errors.InvalidArgumentError
        When it runs and the condition does not hold; at once, when both are constants.

    Examples
    --------
    >>> rows, labels = tf.placeholder(tf.int32), tf.placeholder(tf.int32)
    >>> with tf.control_dependencies([tf.assert_equal(rows, labels, message="a label for each row")]):
    ...     checked = tf.identity(rows)
    >>> with tf.Session() as sess:
    ...     int(sess.run(checked, {rows: 3, labels: 3}))
    3
    """
    with name_scope(name, "assert_equal", [x, y, data]):
        if x is y:
            return no_op()
    return _compare("==", "assert_equal", equal, np.equal, x, y, data, summarize, message, name)


@export("assert_none_equal", "debugging.assert_none_equal")
def assert_none_equal(
    x: Any, y: Any, data: Any = None, summarize: int | None = None, message: Any = None, name: str | None = None
) -> Operation:
    """Fail unless x != y for all elements; the arguments are those of `tf.assert_equal`."""
    return _compare("!=", "assert_none_equal", not_equal, np.not_equal, x, y, data, summarize, message, name)


@export("assert_less", "debugging.assert_less")
def assert_less(
    x: Any, y: Any, data: Any = None, summarize: int | None = None, message: Any = None, name: str | None = None
) -> Operation:
    """Fail unless x < y for all elements; the arguments are those of `tf.assert_equal`."""
    return _compare("<", "assert_less", less, np.less, x, y, data, summarize, message, name)


@export("assert_less_equal", "debugging.assert_less_equal")
def assert_less_equal(
    x: Any, y: Any, data: Any = None, summarize: int | None = None, message: Any = None, name: str | None = None
) -> Operation:
    """Fail unless x <= y for all elements; the arguments are those of `tf.assert_equal`."""
    return _compare("<=", "assert_less_equal", less_equal, np.less_equal, x, y, data, summarize, message, name)


@export("assert_greater", "debugging.assert_greater")
def assert_greater(
    x: Any, y: Any, data: Any = None, summarize: int | None = None, message: Any = None, name: str | None = None
) -> Operation:
    """Fail unless x > y for all elements; the arguments are those of `tf.assert_equal`."""
    return _compare(">", "assert_greater", greater, np.greater, x, y, data, summarize, message, name)


@export("assert_greater_equal", "debugging.assert_greater_equal")
def assert_greater_equal(
    x: Any, y: Any, data: Any = None, summarize: int | None = None, message: Any = None, name: str | None = None
) -> Operation:
    """Fail unless x >= y for all elements; the arguments are those of `tf.assert_equal`."""
    scope = "assert_greater_equal"
    return _compare(">=", scope, greater_equal, np.greater_equal, x, y, data, summarize, message, name)


def _against_zero(
    scope: str, words: list[str], x: Any, data: Any, message: Any, name: str | None, check: Callable[..., Operation]
) -> Operation:
    """A check of one tensor against 0; a `{}` in the words is the tensor's name."""
    with name_scope(name, scope, [x, data]):
        x = convert(x, name="x")
        if data is None:
            data = [prefix(message), *(word.format(x.name) for word in words), x]
        data = as_list(data, "data")
        return check(x, convert(0, x.dtype.base_dtype), data)


@export("assert_negative", "debugging.assert_negative")
def assert_negative(
    x: Any, data: Any = None, summarize: int | None = None, message: Any = None, name: str | None = None
) -> Operation:
    """Fail unless x < 0 for all elements.

    Parameters
    ----------
    x : Tensor
    data, summarize, message
        As for `tf.assert_equal`.
    """
    words = ["Condition x < 0 did not hold element-wise:", "x ({}) = "]
    return _against_zero(
        "assert_negative", words, x, data, message, name, lambda x, zero, data: assert_less(x, zero, data, summarize)
    )


@export("assert_positive", "debugging.assert_positive")
def assert_positive(
    x: Any, data: Any = None, summarize: int | None = None, message: Any = None, name: str | None = None
) -> Operation:
    """Fail unless x > 0 for all elements.

    Parameters
    ----------
    x : Tensor
    data, summarize, message
        As for `tf.assert_equal`.

    Examples
    --------
    >>> x = tf.placeholder(tf.float32)
    >>> with tf.control_dependencies([tf.assert_positive(x)]):
    ...     y = tf.log(x)
    >>> with tf.Session() as sess:
    ...     float(sess.run(y, {x: 1.0}))
    0.0
    """
    words = ["Condition x > 0 did not hold element-wise:", "x ({}) = "]
    return _against_zero(
        "assert_positive", words, x, data, message, name, lambda x, zero, data: assert_less(zero, x, data, summarize)
    )


@export("assert_non_negative", "debugging.assert_non_negative")
def assert_non_negative(
    x: Any, data: Any = None, summarize: int | None = None, message: Any = None, name: str | None = None
) -> Operation:
    """Fail unless x >= 0 for all elements; the arguments are those of `tf.assert_positive`."""
    words = ["Condition x >= 0 did not hold element-wise:", "x ({}) = "]

    def check(x: Tensor, zero: Tensor, data: Any) -> Operation:
        return assert_less_equal(zero, x, data, summarize)

    return _against_zero("assert_non_negative", words, x, data, message, name, check)


@export("assert_non_positive", "debugging.assert_non_positive")
def assert_non_positive(
    x: Any, data: Any = None, summarize: int | None = None, message: Any = None, name: str | None = None
) -> Operation:
    """Fail unless x <= 0 for all elements; the arguments are those of `tf.assert_positive`."""
    words = ["Condition x <= 0 did not hold element-wise:x ({}) = "]

    def check(x: Tensor, zero: Tensor, data: Any) -> Operation:
        return assert_less_equal(x, zero, data, summarize)

    return _against_zero("assert_non_positive", words, x, data, message, name, check)


@export("assert_near", "debugging.assert_near")
def assert_near(
    x: Any,
    y: Any,
    rtol: Any = None,
    atol: Any = None,
    data: Any = None,
    summarize: int | None = None,
    message: Any = None,
    name: str | None = None,
) -> Operation:
    """Fail unless |x - y| < atol + rtol |y| for all elements.

    Parameters
    ----------
    x, y : Tensor, floating-point or complex
    rtol, atol : number or Tensor, optional
        By default 10 times the distance from 1 to the next number of this type.
    data, summarize, message
        As for `tf.assert_equal`.
    """
    message = prefix(message)
    with name_scope(name, "assert_near", [x, y, rtol, atol, data]):
        x = convert(x, name="x")
        y = convert(y, x.dtype.base_dtype, "y")
        dtype = x.dtype.base_dtype
        if not is_continuous(dtype):
            raise misuse(ValueError(f"data type {dtype.as_numpy_dtype} not inexact"), fix="tf.assert_equal")
        part = np.zeros(0, dtype.as_numpy_dtype).real.dtype
        usual = 10 * np.finfo(part).eps
        rtol = convert(usual if rtol is None else rtol, part, "rtol")
        atol = convert(usual if atol is None else atol, part, "atol")
        if data is None:
            data = [message, f"x and y not equal to tolerance rtol = {rtol}, atol = {atol}"]
            data += [f"x ({x.name}) = ", x, f"y ({y.name}) = ", y]
        allowed = atol + rtol * abs_(y)
        difference = abs_(x - y)
        return assert_(reduce_all(less(difference, allowed)), data, summarize=summarize)


# ---- order -----------------------------------------------------------------------------------------------------------


@export("is_non_decreasing", "math.is_non_decreasing", "debugging.is_non_decreasing")
def is_non_decreasing(x: Any, name: str | None = None) -> Tensor:
    """Tell whether no element, read row by row, is less than the one before it.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     bool(sess.run(tf.is_non_decreasing([1, 1, 2])))
    True
    """
    with name_scope(name, "is_non_decreasing", [x]):
        return reduce_all(_neighbours(x, greater_equal))


@export("is_strictly_increasing", "math.is_strictly_increasing", "debugging.is_strictly_increasing")
def is_strictly_increasing(x: Any, name: str | None = None) -> Tensor:
    """Tell whether each element, read row by row, is greater than the one before it.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     bool(sess.run(tf.is_strictly_increasing([1, 1, 2])))
    False
    """
    with name_scope(name, "is_strictly_increasing", [x]):
        return reduce_all(_neighbours(x, greater))


def _neighbours(x: Any, compare: Callable[[Any, Any], Tensor]) -> Tensor:
    """Compare each element with the one before it; fewer than two give no comparison at all."""
    from flowlab._src.ops.checks_shape import is_numeric_tensor

    x = reshape(x, [-1])
    if not is_numeric_tensor(x):
        raise misuse(TypeError(f"Expected x to be numeric, instead found: {x}"))
    steps = shape_of(x) - 1
    return compare(strided_slice(x, [1], [1] + steps), strided_slice(x, [0], steps))

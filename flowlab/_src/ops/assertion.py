"""`tf.Assert`: a condition that must hold when the graph runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph.arguments import as_list
from flowlab._src.graph.convert import convert, convert_n
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.dtypes import int32, string
from flowlab._src.graph.op import Array, Op
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.compare import equal
from flowlab._src.ops.cond import cond
from flowlab._src.ops.control import no_op
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.reduce import reduce_all
from flowlab._src.util.export import export


class Assert(Op):
    """Does nothing when the condition is true; fails with the data when it is not."""

    summarize: int = 3
    checks = True
    grad = None

    def kernel(self, condition: Array[np.bool_], data: Sequence[Array]) -> None:
        if np.ndim(condition) != 0:
            raise InvalidArgumentError(None, None, f"In[0] should be a scalar: {list(np.shape(condition))}")
        if not condition:
            shown = "".join(f" [{summary(np.asarray(value), self.summarize)}]" for value in data)
            raise InvalidArgumentError(None, None, f"assertion failed:{shown}")

    def shape(self, *inputs: Any) -> list[Any]:
        return []

    def dtypes(self, *inputs: Any) -> list[Any]:
        return []


def summary(value: np.ndarray, count: int) -> str:
    """The first `count` elements, rows in brackets, as the runtime writes them."""
    if count < 0:
        count = value.size
    shown = [_text(v) for v in value.ravel()[:count].tolist()]
    dots = "..." if value.size > count else ""
    if value.ndim <= 1:
        return " ".join(shown) + dots
    return _rows(value.shape, iter(shown)) + dots


def _rows(shape: tuple[int, ...], elements: Any) -> str:
    if len(shape) == 1:
        row = [e for _, e in zip(range(shape[0]), elements, strict=False)]
        return " ".join(row)
    parts = [_rows(shape[1:], elements) for _ in range(shape[0])]
    return "".join(f"[{part}]" for part in parts if part)


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, bool):
        return str(int(value))
    return f"{value:g}" if isinstance(value, float) else str(value)


@export("Assert", "debugging.Assert")
def assert_(condition: Any, data: Any, summarize: int | None = None, name: str | None = None) -> Any:
    """Fail when a condition is false at run time.

    The operation must run to check anything: make what matters depend on it with `tf.control_dependencies`.

    Parameters
    ----------
    condition : bool scalar Tensor
    data : list of Tensor
        Shown in the message.
    summarize : int, optional
        So many elements of each tensor are shown, default 3.

    Returns
    -------
    Operation

    Raises
    ------
    tf.errors.InvalidArgumentError
        When it runs and `condition` is false.

    Examples
    --------
    >>> x = tf.placeholder(tf.float32)
    >>> with tf.control_dependencies([tf.Assert(x > 0, ["x must be positive:", x])]):
    ...     y = tf.log(x)
    >>> with tf.Session() as sess:
    ...     try:
    ...         sess.run(y, {x: -2.0})
    ...     except tf.errors.InvalidArgumentError as error:
    ...         print(error.message)
    assertion failed: [x must be positive:] [-2]
    """
    data = as_list(data, "data")
    if get_default_graph().eager:
        _assert_now(condition, data, 3 if summarize is None else summarize)
        return None
    with name_scope(name, "Assert", [condition, *data]):
        shown = convert_n(data)  # TensorFlow converts here, and the operation does so once more
        check = Assert(summarize=3 if summarize is None else summarize)
        if all(t.dtype.base_dtype in (string, int32) for t in shown):
            return check(condition, data)
        # Other data is only brought together when the condition is false.
        condition = convert(condition, name="Condition")
        guarded: Operation = cond(condition, no_op, lambda: check(condition, data), name="AssertGuard").op
        return guarded


def _assert_now(condition: Any, data: list[Any], summarize: int) -> None:
    """Fail at once: in eager mode."""
    if condition:
        return
    lines = []
    for tensor in convert_n(data):
        flat = np.ravel(tensor.numpy())
        count = len(flat) if summarize < 0 else summarize
        lines.append(", ".join([*map(str, flat[:count]), *(["..."] if len(flat) > count else [])]))
    message = f"Expected '{condition}' to be true. Summarized data: {chr(10).join(lines)}"
    raise misuse(InvalidArgumentError(None, None, message))


def assert_equal(x: Tensor, y: Tensor) -> Operation:
    """Fail at run time when two tensors differ in an element, and show both."""
    with name_scope(None, "assert_equal", [x, y]):
        pass  # TensorFlow opens this scope and leaves it again: the nodes are in assert_equal_1
    with name_scope(None, "assert_equal", [x, y]):
        data = ["Condition x == y did not hold element-wise:", f"x ({x.name}) = ", x, f"y ({y.name}) = ", y]
        return assert_(reduce_all(equal(x, y)), data)

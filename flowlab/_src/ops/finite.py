"""Checks that no element is infinite or not a number."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.dtypes import float16, float32, float64
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.scopes import colocate_with, control_dependencies, name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.control import group, with_dependencies
from flowlab._src.ops.identity import check_numerics
from flowlab._src.ops.misuse import misuse, old_argument
from flowlab._src.util.export import export


@export("verify_tensor_all_finite", "debugging.assert_all_finite")
def verify_tensor_all_finite(
    t: Any = None, msg: str | None = None, name: str | None = None, x: Any = None, message: str | None = None
) -> Tensor:
    """Return a tensor that, when it is computed, must hold neither NaN nor infinity.

    Parameters
    ----------
    t, x : Tensor, float16, float32 or float64
        Two names of one argument.
    msg, message : str
        The beginning of the error's message; two names as well.

    Raises
    ------
    tf.errors.InvalidArgumentError
        When it runs and an element is not finite.

    Examples
    --------
    >>> x = tf.placeholder(tf.float32)
    >>> y = tf.verify_tensor_all_finite(tf.log(x), "log")
    >>> with tf.Session() as sess:
    ...     try:
    ...         sess.run(y, {x: 0.0})
    ...     except tf.errors.InvalidArgumentError as error:
    ...         print(error.message)
    log : Tensor had Inf values
    """
    x = old_argument("x", x, "t", t)
    message = old_argument("message", message, "msg", msg)
    with name_scope(name, "VerifyFinite", [x]):
        x = convert(x, name="x")
        with colocate_with(x):
            return with_dependencies([check_numerics(x, message=message)], x)


@export("add_check_numerics_ops")
def add_check_numerics_ops() -> Operation:
    """Return an operation that looks at all floating-point tensors of the graph, in the order they were made.

    Run it beside what is to be computed: `sess.run([train, check])`. The first tensor with NaN or infinity ends the
    run, and the error says which one it was.

    Raises
    ------
    ValueError
        If the graph holds `tf.cond` or `tf.while_loop`: what is inside runs at other times.

    Examples
    --------
    >>> x = tf.placeholder(tf.float32, name="x")
    >>> y = tf.log(x, name="y")
    >>> check = tf.add_check_numerics_ops()
    >>> with tf.Session() as sess:
    ...     try:
    ...         sess.run([y, check], {x: -1.0})
    ...     except tf.errors.InvalidArgumentError as error:
    ...         print(error.message)
    y:0 : Tensor had NaN values
    """
    check: list[Tensor] = []
    for operation in get_default_graph().get_operations():
        for index, output in enumerate(operation.outputs):
            if output.dtype not in (float16, float32, float64):
                continue
            if operation._body is not None or operation.definition.nested:
                words = "`tf.add_check_numerics_ops() is not compatible with TensorFlow control flow operations"
                raise misuse(ValueError(f"{words} such as `tf.cond()` or `tf.while_loop()`."))
            with control_dependencies(check):
                check = [check_numerics(output, message=f"{operation.name}:{index}")]
    return group(*check)

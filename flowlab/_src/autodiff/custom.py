"""`tf.custom_gradient`."""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable
from typing import Any

from flowlab._src.autodiff.tape import Record, Tape, record, tapes
from flowlab._src.graph import registry
from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.op import Op
from flowlab._src.graph.registry import raw
from flowlab._src.graph.tensor import Tensor
from flowlab._src.util import nest
from flowlab._src.util.export import export

_numbers = itertools.count()


@export("custom_gradient", "contrib.eager.custom_gradient")
def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: use your own gradient for a function.

    Parameters
    ----------
    f : callable
        `f(*x)` returns a tuple (y, grad_fn); `grad_fn(*dy)` returns the gradients with respect to the x.

    Examples
    --------
    >>> @tf.custom_gradient
    ... def log1pexp(x):
    ...     e = tf.exp(x)
    ...     def grad(dy):
    ...         return dy * (1 - 1 / (1 + e))  # exact even where e is infinite
    ...     return tf.log(1 + e), grad
    >>> x = tf.constant(100.0)
    >>> with tf.Session() as sess:
    ...     float(sess.run(tf.gradients(log1pexp(x), x)[0]))
    1.0
    """

    @functools.wraps(f)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        if get_default_graph().eager:
            return _call_eagerly(f, args, kwargs)
        if kwargs:
            raise ValueError(
                "The custom_gradient decorator currently supports keywords arguments only when eager execution is enabled."
            )
        xs = [convert(a) for a in args]
        result, grad_fn = f(*xs)
        outputs = list(result) if isinstance(result, (list, tuple)) else [result]
        variables = _variables_between(outputs, xs)
        takes_variables = "variables" in inspect.signature(grad_fn).parameters or any(
            p.kind is p.VAR_KEYWORD for p in inspect.signature(grad_fn).parameters.values()
        )
        if variables and not takes_variables:
            raise TypeError(
                f"If using @custom_gradient with a function that uses variables, then grad_fn must accept a 'variables' keyword argument: {variables}"
            )

        def rule(node: Any, *dys: Any) -> list[Any]:
            own = list(dys[: len(outputs)])
            if variables:
                dxs, dvs = grad_fn(*own, variables=variables)
            else:
                dxs, dvs = grad_fn(*own), []
            dxs = list(dxs) if isinstance(dxs, (list, tuple)) else [dxs]
            return [None] * len(outputs) + dxs + list(dvs)

        name = f"CustomGradient-{next(_numbers)}"
        registry.register_gradient(name, rule)
        everything = [convert(o) for o in outputs] + xs + [convert(v) for v in variables]
        with get_default_graph().gradient_override_map({"IdentityN": name}):
            passed = raw.IdentityN(everything)
        for a, b in zip(passed, everything, strict=True):
            a._shape = b._shape
        results = passed[: len(outputs)]
        if isinstance(result, (list, tuple)):
            return type(result)(results) if not hasattr(result, "_fields") else type(result)(*results)
        return results[0]

    return decorated


@export("grad_pass_through")
def grad_pass_through(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function like `f` whose gradient is that of the identity: what comes in from behind is handed on.

    Functions whose own gradient is zero everywhere, as rounding is, can be trained through this way.

    Parameters
    ----------
    f : callable
        Takes as many tensors as it returns. Variables it uses get no gradient.

    Returns
    -------
    callable

    Examples
    --------
    >>> x = tf.constant([0.2, 1.7])
    >>> y = tf.grad_pass_through(tf.round)(x) * 3
    >>> with tf.Session() as sess:
    ...     sess.run([y, *tf.gradients(y, x)])
    [array([0., 6.], dtype=float32), array([3., 3.], dtype=float32)]
    """

    @custom_gradient
    @functools.wraps(f)
    def passing(*args: Any, **kwargs: Any) -> Any:
        def grad(*dys: Any, variables: Any = None) -> Any:
            return (dys, [None] * len(variables)) if variables else dys

        return f(*args, **kwargs), grad

    return passing


class CustomGradient(Op, abstract=True):
    """What a tape writes down for a function with a gradient of its own."""


def _call_eagerly(f: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Call the function, and write it down as one operation.

    The tapes record what it does inside as well: second derivatives go through what the gradient function uses of it.
    """
    xs = [convert(a) for a in args]
    watcher = Tape()
    tapes.active.append(watcher)
    try:
        result, grad_fn = f(*xs, **kwargs)
    finally:
        tapes.active.remove(watcher)
    variables = [v for v in watcher.watched_variables() if all(v is not a for a in args)]
    accepts = inspect.signature(grad_fn).parameters.values()
    if variables and not any(p.name == "variables" or p.kind is p.VAR_KEYWORD for p in accepts):
        raise TypeError(
            "If using @custom_gradient with a function that uses variables, then grad_fn must accept a 'variables' keyword argument."
        )
    # The same values under new names: what the function made inside must not be taken for its result.
    outputs = [raw.Identity(convert(t)) for t in nest.flatten(result)]

    def backward(*dys: Any) -> list[Any]:
        if variables:
            dxs, dvs = grad_fn(*dys, variables=variables)
            if len(dvs) != len(variables):
                raise ValueError("Must return gradient for each variable from @custom_gradient grad_fn.")
        else:
            dxs, dvs = grad_fn(*dys), []
        return nest.flatten(dxs) + list(dvs)

    node = Record(CustomGradient(), [*xs, *[v.handle for v in variables]], backward)
    node._outputs = tuple(outputs)
    record(node)
    return nest.pack_sequence_as(result, outputs)


def _variables_between(outputs: list[Any], inputs: list[Tensor]) -> list[Any]:
    """The trainable variables that a function reads between its inputs and outputs."""
    graph = get_default_graph()
    by_op = {v.op: v for v in graph.get_collection("trainable_variables")}
    stop = {t.op for t in inputs}
    found: dict[Any, None] = {}
    seen = set()
    stack = [convert(o).op for o in outputs]
    while stack:
        node = stack.pop()
        if node in seen or node in stop:
            continue
        seen.add(node)
        if node in by_op:
            found[by_op[node]] = None
        stack.extend(t.op for t in node.inputs)
    return sorted(found, key=lambda v: v.name)

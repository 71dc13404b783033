"""`tf.recompute_grad`: computing a part of a net twice, so that its inner values need not be kept for the gradient."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from flowlab._src.autodiff.custom import custom_gradient
from flowlab._src.autodiff.gradient_tape import GradientTape
from flowlab._src.autodiff.gradients import gradients
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.scopes import control_dependencies
from flowlab._src.util import nest
from flowlab._src.util.export import export
from flowlab._src.variables.scope import called_again, get_variable_scope, variable_scope


@export("recompute_grad")
def recompute_grad(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function like `f` whose gradient computes `f` once more, instead of keeping its inner values.

    Training takes less memory, and more time.

    Parameters
    ----------
    f : callable
        Takes tensors, returns a tensor or a sequence of them. Variables it makes with `tf.get_variable` are made once.

    Returns
    -------
    callable

    Examples
    --------
    >>> @tf.recompute_grad
    ... def block(x):
    ...     return tf.tanh(x) * tf.get_variable("w", [], initializer=tf.ones_initializer())
    >>> x = tf.constant(0.0)
    >>> dx = tf.gradients(block(x), x)[0]
    >>> sum(op.type == "Tanh" for op in tf.get_default_graph().get_operations())  # there and back
    2
    """

    @custom_gradient
    @functools.wraps(f)
    def recomputed(*args: Any, **kwargs: Any) -> Any:
        scope = get_variable_scope()
        again = called_again()
        result = f(*args, **kwargs)

        def grad(*dys: Any, variables: Any = None) -> Any:
            sources = list(args) + list(variables or ())
            if get_default_graph().eager:
                with GradientTape() as tape:
                    for source in sources:
                        tape.watch(source)
                    once_more = f(*args, **kwargs)
                grads = tape.gradient(nest.flatten(once_more), sources, output_gradients=list(dys))
            else:
                # Not before its gradient is there: only then is the memory needed.
                with control_dependencies(list(dys)), again(), variable_scope(scope, reuse=True):
                    once_more = f(*args, **kwargs)
                grads = gradients(nest.flatten(once_more), sources, grad_ys=list(dys))
            own, others = grads[: len(args)], grads[len(args) :]
            return (own, others) if variables else own

        return result, grad

    return recomputed

"""Gradients of Python functions: `tf.contrib.eager.gradients_function` and its relatives."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from flowlab._src.autodiff.tape import Tape, tapes
from flowlab._src.errors import add_notes
from flowlab._src.graph.convert import convert
from flowlab._src.util import nest, source
from flowlab._src.util.export import export

Function = Callable[..., Any]


def _misuse(error: Exception, fix: str = "") -> BaseException:
    site = source.caller(3)
    return add_notes(error, where=site.quote() if site else "", fix=fix)


def _under(tape: Tape, f: Function, args: Any, kwargs: Any) -> Any:
    """What a function returns while a tape runs."""
    tapes.active.append(tape)
    try:
        result = f(*args, **kwargs)
    finally:
        tapes.active.remove(tape)
    if result is None:
        name = getattr(f, "__name__", repr(f))
        raise _misuse(
            ValueError(
                f"Cannot differentiate a function that returns None; did you forget to return a value from {name}?"
            )
        )
    return result


def _implicit(f: Function, args: Any, kwargs: Any) -> tuple[Any, list[tuple[Any, Any]]]:
    """The value of a function, and its gradients with respect to the trainable variables that it reads."""
    tape = Tape()
    value = _under(tape, f, args, kwargs)
    variables = tape.watched_variables()
    if not variables:
        raise _misuse(ValueError("No trainable variables were accessed while the function was being computed."))
    targets = [convert(t) for t in nest.flatten(value)]
    grads = tape.gradient(targets, [v.handle for v in variables], [None] * len(targets))
    return value, list(zip(grads, variables, strict=True))


@export("contrib.eager.implicit_value_and_gradients")
def implicit_value_and_gradients(f: Function) -> Function:
    """Return a function that gives the value of `f` and its gradients with respect to the variables it reads.

    Parameters
    ----------
    f : callable
        Returns a scalar tensor, mostly.

    Returns
    -------
    callable
        Takes the arguments of `f`; gives (value, list of (gradient, variable)).
    """

    @functools.wraps(f)
    def both(*args: Any, **kwargs: Any) -> Any:
        return _implicit(f, args, kwargs)

    return both


@export("contrib.eager.implicit_gradients")
def implicit_gradients(f: Function) -> Function:
    """Return a function that gives the gradients of `f` with respect to the variables it reads.

    Examples
    --------
    >>> from flowlab._src.runtime.eager import eager_mode
    >>> with eager_mode():
    ...     w = tf.Variable(2.0)
    ...     pairs = tf.contrib.eager.implicit_gradients(lambda x: w * w * x)(3.0)
    ...     [float(grad) for grad, variable in pairs]
    [12.0]
    """

    @functools.wraps(f)
    def grads(*args: Any, **kwargs: Any) -> Any:
        return _implicit(f, args, kwargs)[1]

    return grads


def _positions(f: Function, params: Any, args: Sequence[Any]) -> list[int]:
    """Which arguments are meant, by number."""
    if params is None:
        return list(range(len(args)))
    names = [
        p.name
        for p in inspect.signature(f).parameters.values()
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    if all(isinstance(p, str) for p in params):
        unknown = [p for p in params if p not in names]
        if unknown:
            raise _misuse(ValueError(f"params must be all strings or all integers; got {unknown} not among {names}."))
        return [names.index(p) for p in params]
    if all(isinstance(p, int) for p in params):
        return list(params)
    raise _misuse(ValueError(f"params must be all strings or all integers; got {list(params)}."))


def _explicit(f: Function, params: Any, args: Any, kwargs: Any) -> tuple[Any, list[Any]]:
    dy = kwargs.pop("dy", None)
    given = list(args)
    tape = Tape()
    sources = []
    for i in _positions(f, params, args):
        if getattr(given[i], "handle", None) is not None:
            raise _misuse(
                ValueError("Cannot differentiate with respect to a variable; use implicit_gradients."),
                "tf.contrib.eager.implicit_gradients(f)",
            )
        given[i] = convert(given[i])
        sources.append(given[i])
        tape.watch(given[i])
    value = _under(tape, f, given, kwargs)
    targets = [convert(t) for t in nest.flatten(value)]
    starts = [None] * len(targets) if dy is None else [convert(g) for g in nest.flatten(dy)]
    return value, tape.gradient(targets, sources, starts)


@export("contrib.eager.value_and_gradients_function")
def value_and_gradients_function(f: Function, params: Any = None) -> Function:
    """Return a function that gives the value of `f` and its gradients with respect to its arguments.

    Parameters
    ----------
    f : callable
    params : list of str or list of int, optional
        Names or numbers of the arguments that matter; all positional ones if not given.

    Returns
    -------
    callable
        Takes the arguments of `f` and perhaps `dy`, the gradient to start with; gives (value, list of gradients).
    """

    @functools.wraps(f)
    def both(*args: Any, **kwargs: Any) -> Any:
        return _explicit(f, params, args, kwargs)

    return both


@export("contrib.eager.gradients_function")
def gradients_function(f: Function, params: Any = None) -> Function:
    """Return a function that gives the gradients of `f` with respect to its arguments.

    Parameters
    ----------
    f : callable
    params : list of str or list of int, optional
        Names or numbers of the arguments that matter; all positional ones if not given.

    Examples
    --------
    >>> from flowlab._src.runtime.eager import eager_mode
    >>> slope = tf.contrib.eager.gradients_function(lambda x: x * x)
    >>> curvature = tf.contrib.eager.gradients_function(lambda x: slope(x)[0])
    >>> with eager_mode():
    ...     float(slope(3.0)[0]), float(curvature(3.0)[0])
    (6.0, 2.0)
    """

    @functools.wraps(f)
    def grads(*args: Any, **kwargs: Any) -> Any:
        return _explicit(f, params, args, kwargs)[1]

    return grads

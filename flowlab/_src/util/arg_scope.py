"""`tf.contrib.framework.arg_scope`: default arguments for calls within a block, as slim's nets are written."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from flowlab._src.util.export import export

F = TypeVar("F", bound=Callable[..., Any])
Scope = dict[str, dict[str, Any]]  # key of a function -> its default arguments

_scopes: list[Scope] = [{}]
_decorated: dict[str, tuple[str, ...]] = {}  # key of a function -> the arguments that have defaults


@export("contrib.framework.arg_scope_func_key")
def arg_scope_func_key(op: Any) -> str:
    """Return the key under which a scope keeps the arguments of a function."""
    return str(getattr(op, "_key_op", op))


@export("contrib.framework.current_arg_scope")
def current_arg_scope() -> Scope:
    """Return the default arguments that hold here, by the keys of functions."""
    return _scopes[-1]


@export("contrib.framework.has_arg_scope")
def has_arg_scope(func: Any) -> bool:
    """Tell whether a function takes part in scopes: it was decorated with `add_arg_scope`."""
    return arg_scope_func_key(func) in _decorated


@export("contrib.framework.arg_scoped_arguments")
def arg_scoped_arguments(func: Any) -> tuple[str, ...]:
    """Return the names of the arguments of a decorated function that have defaults."""
    if not has_arg_scope(func):
        raise ValueError(f"{spoken(func)} is not decorated with @add_arg_scope")
    return _decorated[arg_scope_func_key(func)]


def spoken(func: Any) -> tuple[str, str]:
    """Module and name of a function, as TensorFlow's messages give them."""
    return (getattr(func, "__module__", ""), getattr(func, "__name__", repr(func)))


@export("contrib.framework.add_arg_scope")
def add_arg_scope(func: F) -> F:
    """Let a function take default arguments from the scopes around its calls.

    Examples
    --------
    >>> @tf.contrib.framework.add_arg_scope
    ... def layer(x, units, activation=None):
    ...     return x, units, activation
    >>> with tf.contrib.framework.arg_scope([layer], activation="relu", units=10):
    ...     layer("x"), layer("x", activation=None)
    (('x', 10, 'relu'), ('x', 10, None))
    """

    @functools.wraps(func)
    def func_with_args(*args: Any, **kwargs: Any) -> Any:
        defaults = current_arg_scope().get(key)
        if defaults:
            kwargs = {**defaults, **kwargs}
        return func(*args, **kwargs)

    key = str(func)
    func_with_args._key_op = key  # type: ignore[attr-defined]  # a mark of our own
    parameters = inspect.signature(func).parameters.values()
    _decorated[key] = tuple(p.name for p in parameters if p.default is not p.empty)
    return cast(F, func_with_args)


@export("contrib.framework.arg_scope")
@contextmanager
def arg_scope(list_ops_or_scope: Sequence[Any] | Scope, **kwargs: Any) -> Iterator[Scope]:
    """Set default arguments of functions for the calls within a block.

    Parameters
    ----------
    list_ops_or_scope : list of functions, or dict
        Functions decorated with `add_arg_scope`; or what an earlier ``with arg_scope(...) as scope`` gave, to use it again.
    **kwargs
        The arguments. A call within the block may give others.

    Raises
    ------
    TypeError, ValueError
        If it is neither; if a function is not decorated; if a scope is used again with further arguments.

    Examples
    --------
    >>> @tf.contrib.framework.add_arg_scope
    ... def conv(x, padding="SAME", stride=1):
    ...     return padding, stride
    >>> with tf.contrib.framework.arg_scope([conv], padding="VALID") as scope:
    ...     with tf.contrib.framework.arg_scope([conv], stride=2):
    ...         conv("x")
    ('VALID', 2)
    >>> with tf.contrib.framework.arg_scope(scope):
    ...     conv("x")
    ('VALID', 1)
    """
    if isinstance(list_ops_or_scope, dict):
        if kwargs:
            raise ValueError("When attempting to re-use a scope by suppling a dictionary, kwargs must be empty.")
        scope = dict(list_ops_or_scope)
    elif isinstance(list_ops_or_scope, (list, tuple)):
        scope = dict(current_arg_scope())
        for op in list_ops_or_scope:
            if not has_arg_scope(op):
                raise ValueError(f"{spoken(op)} is not decorated with @add_arg_scope")
            key = arg_scope_func_key(op)
            scope[key] = {**scope.get(key, {}), **kwargs}
    else:
        raise TypeError("list_ops_or_scope must either be a list/tuple or reused scope (i.e. dict)")
    _scopes.append(scope)
    try:
        yield scope
    finally:
        _scopes.pop()

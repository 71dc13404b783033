"""`tf.function` and `defun`: here a function stays a Python function.

TensorFlow calls the function once, to make a graph of it, and runs that graph from then on. What is computed is the
same. What differs: here Python's own effects (`print`, `append`) happen at every call, as one would expect of Python, and
a call in eager mode is as fast as its operations.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from flowlab._src.errors import add_notes
from flowlab._src.graph.convert import convert
from flowlab._src.util import nest, source
from flowlab._src.util.export import export


class Function:
    """A Python function that may be called with tensors."""

    def __init__(self, python_function: Callable[..., Any], input_signature: Any = None) -> None:
        functools.update_wrapper(self, python_function)
        self._python_function = python_function
        self._input_signature = None if input_signature is None else tuple(input_signature)

    @property
    def python_function(self) -> Callable[..., Any]:
        """The function itself."""
        return self._python_function

    @property
    def input_signature(self) -> Any:
        """What the arguments must be, or None."""
        return self._input_signature

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._input_signature is not None:
            args = self._checked(args, kwargs)
        return self._python_function(*args, **kwargs)

    def __get__(self, instance: Any, owner: Any) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def _checked(self, args: Any, kwargs: Any) -> tuple[Any, ...]:
        """The arguments as tensors; ValueError when one is not what the signature says."""
        signature = self._input_signature
        given = list(args)
        if kwargs:
            raise _misuse(
                ValueError(
                    "Cannot define a TensorFlow function from a Python function with keyword arguments when input_signature is provided."
                )
            )
        offset = len(given) - len(signature or ())  # a method's own object comes first
        if offset not in (0, 1) or (offset == 1 and "self" not in inspect.signature(self._python_function).parameters):
            raise _misuse(
                ValueError(
                    f"Structure of Python function inputs does not match input_signature: {len(given)} arguments, {len(signature or ())} in the signature."
                )
            )
        for i, spec in enumerate(signature or ()):
            for value, wanted in zip(nest.flatten(given[i + offset]), nest.flatten(spec), strict=True):
                tensor = convert(value, wanted.dtype)
                if not wanted.shape.is_compatible_with(tensor.shape):
                    raise _misuse(
                        ValueError(
                            f"Python inputs incompatible with input_signature: inputs: {value!r}, input_signature: {signature}"
                        )
                    )
        return tuple(given)


def _misuse(error: Exception) -> BaseException:
    site = source.caller(4)
    return add_notes(error, where=site.quote() if site else "")


@export("function")
def function(
    func: Callable[..., Any] | None = None,
    input_signature: Any = None,
    autograph: bool = True,
    experimental_autograph_options: Any = None,
    experimental_relax_shapes: bool = False,
    experimental_compile: Any = None,
) -> Any:
    """Decorator: mark a function of tensors; TensorFlow makes a graph of it, here it stays a Python function.

    In eager mode each call runs the function, `if` and `while` on tensors included. In graph mode each call adds its
    operations to the graph.

    Parameters
    ----------
    func : callable
    input_signature : list of TensorSpec, optional
        What the arguments must be.
    autograph, experimental_autograph_options, experimental_relax_shapes, experimental_compile
        Accepted for compatibility.

    Examples
    --------
    >>> from flowlab._src.runtime.eager import eager_mode
    >>> @tf.function
    ... def collatz(n):
    ...     steps = 0
    ...     while n > 1:
    ...         n = n // 2 if n % 2 < 1 else 3 * n + 1
    ...         steps += 1
    ...     return steps
    >>> with eager_mode():
    ...     collatz(tf.constant(6))
    8
    """
    if func is None:
        return functools.partial(function, input_signature=input_signature, autograph=autograph)
    if not callable(func):
        raise TypeError(f"{func!r} is not a callable object")
    return Function(func, input_signature)


@export("contrib.eager.defun", "contrib.eager.function")
def defun(
    func: Callable[..., Any] | None = None,
    input_signature: Any = None,
    autograph: bool = True,
    experimental_autograph_options: Any = None,
    experimental_relax_shapes: bool = False,
) -> Any:
    """Decorator: the older name of `tf.function`."""
    return function(func, input_signature, autograph, experimental_autograph_options, experimental_relax_shapes)

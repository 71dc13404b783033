"""`tf.py_func`: a Python function as an operation of the graph.

The graph keeps a name, the token; the function itself stays in this process. So such a graph cannot be run by another.
"""

from __future__ import annotations

import itertools
import traceback
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from flowlab._src.errors import (
    InvalidArgumentError,
    OpError,
    OutOfRangeError,
    ResourceExhaustedError,
    UnimplementedError,
    UnknownError,
)
from flowlab._src.graph.arguments import as_list
from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.dtypes import DType, as_dtype
from flowlab._src.graph.op import Array, Op, Spec
from flowlab._src.graph.shape import UNKNOWN, TensorShape
from flowlab._src.ops.misuse import misuse
from flowlab._src.util import nest
from flowlab._src.util.export import export

_tokens = itertools.count()
_functions: weakref.WeakValueDictionary[str, _Held] = weakref.WeakValueDictionary()
_held_by_graph: weakref.WeakKeyDictionary[Any, list[_Held]] = weakref.WeakKeyDictionary()

# What an exception of the user's function becomes; any other is an UnknownError.
_ERRORS: list[tuple[type[BaseException], type[OpError]]] = [
    (TypeError, InvalidArgumentError),
    (ValueError, InvalidArgumentError),
    (StopIteration, OutOfRangeError),
    (MemoryError, ResourceExhaustedError),
    (NotImplementedError, UnimplementedError),
]


class _Held:
    """A function, kept alive by the graphs that use it."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function


def function_of(token: str) -> Callable[..., Any]:
    """The function that an operation names."""
    held = _functions.get(token)
    if held is None:
        raise UnknownError(None, None, f"ValueError: Could not find callback with key={token} in the registry.")
    return held.function


def as_error(error: Exception) -> OpError:
    """What an exception of the user's function becomes."""
    if isinstance(error, OpError):
        return error
    kind = next((to for of, to in _ERRORS if isinstance(error, of)), UnknownError)
    return kind(None, None, f"{type(error).__name__}: {error}\n{traceback.format_exc()}")


def keep_function(function: Callable[..., Any]) -> str:
    """Keep a function as long as the default graph; returns the name that operations know it by."""
    held = _Held(function)
    token = f"pyfunc_{next(_tokens)}"
    _functions[token] = held
    _held_by_graph.setdefault(get_default_graph(), []).append(held)
    return token


class PyFuncStateless(Op):
    """Calls a Python function with arrays; its results are the outputs."""

    token: str
    Tout: list[DType]
    grad = None

    def call(self, arrays: Sequence[Any]) -> list[Any]:
        """Call the function and check what it returns."""
        function = function_of(self.token)
        # Copies: values in flight belong to all that use them, and the function may write.
        arguments = [_own(a) for a in arrays]
        try:
            returned = function(*arguments)
            results = [_as_array(r) for r in ([returned] if not isinstance(returned, (tuple, list)) else returned)]
        except Exception as error:
            raise as_error(error) from error
        if returned is None:
            results = []
        if len(results) != len(self.Tout):
            counts = f"returns {len(results)} values, but expects to see {len(self.Tout)} values."
            raise InvalidArgumentError(None, None, f"{self.token} {counts}")
        for i, (result, wanted) in enumerate(zip(results, self.Tout, strict=True)):
            found = as_dtype(result.dtype)
            if found is not wanted:
                names = f"{found.runtime_name}, but expects {wanted.runtime_name}"
                raise InvalidArgumentError(None, None, f"{i}-th value returned by {self.token} is {names}")
        return results

    def kernel(self, input: Sequence[Array]) -> tuple[Array, ...]:
        return self.call(input)  # type: ignore[return-value]  # a sequence of outputs

    def dtypes(self, *inputs: Any) -> list[DType]:
        return list(self.Tout)

    def attributes(self, node: Any = None) -> dict[str, Any]:
        """The attributes and the list of the inputs' types."""
        own: dict[str, Any] = {"token": self.token, "Tout": list(self.Tout)}
        return own if node is None else {**own, "Tin": [t._dtype._base for t in node._inputs]}

    def shape(self, *inputs: Spec) -> list[TensorShape]:
        return [UNKNOWN] * len(self.Tout)


class PyFunc(PyFuncStateless):
    """The same for a function that may give something else each time: it is called in every run."""

    stateful = True

    def kernel(  # type: ignore[override]  # a stateful kernel gets the running frame first
        self, run: Any, input: Sequence[Array]
    ) -> tuple[Array, ...]:
        return self.call(input)  # type: ignore[return-value]


def _own(value: Any) -> Any:
    """A copy that the function may write to; a number or a text without axes as such."""
    value = np.array(value, copy=True)
    if value.ndim:
        return value
    element = value[()]
    return bytes(element) if isinstance(element, bytes) else element


def _as_array(value: Any) -> np.ndarray:
    """A result as an array; text becomes bytes."""
    array = np.asarray(value)
    if array.dtype.kind == "U":
        return np.vectorize(lambda text: text.encode("utf-8"), otypes=[object])(array)
    if array.dtype.kind == "S":
        return np.asarray(value, object)
    return np.array(array, order="C", copy=True)


def _make(function: Any, inputs: Any, output_types: Any, stateful: bool, name: str | None) -> Any:
    if not callable(function):
        raise misuse(ValueError(f"Expected func to be callable. Received func={function} of type {type(function)}."))
    several = isinstance(output_types, (list, tuple))
    dtypes = [as_dtype(t) for t in (output_types if several else [output_types])]
    arguments = as_list(inputs, "inp")
    if get_default_graph().eager:
        return _call_now(function, arguments)
    op = (PyFunc if stateful else PyFuncStateless)(token=keep_function(function), Tout=dtypes)
    results = op(arguments, name=name)
    if not dtypes:
        return get_default_graph().get_operations()[-1]
    return results if several else results[0]


def _call_now(function: Callable[..., Any], arguments: list[Any]) -> Any:
    """In eager mode: the function is called with the values, and what it returns becomes tensors."""
    returned = function(*[convert(a).numpy() for a in arguments])
    results = [r if r is None else convert(r) for r in nest.flatten(returned)]
    return results[0] if len(results) == 1 else results


@export("py_func")
def py_func(func: Any, inp: Any, Tout: Any, stateful: bool = True, name: str | None = None) -> Any:
    """Make an operation that calls a Python function with the values of tensors.

    No gradient flows through it, and the shapes of its results are unknown: `set_shape` tells them.

    Parameters
    ----------
    func : function
        Called with one NumPy array for each input (a NumPy number for a scalar); returns an array, or a list of them.
    inp : list of Tensor
    Tout : DType or list of DType
        The types of the results; they must be exactly these.
    stateful : bool
        Whether the function may give something else for the same inputs.

    Returns
    -------
    Tensor, list of Tensor if `Tout` is a list, Operation if the list is empty

    Raises
    ------
    tf.errors.InvalidArgumentError
        When run, if the results are not of these types, or the function raises ValueError or TypeError.
    tf.errors.UnknownError
        When run, if it raises another exception.

    Examples
    --------
    >>> def halves(x):
    ...     return x // 2
    >>> y = tf.py_func(halves, [tf.constant([4, 5])], tf.int32)
    >>> with tf.Session() as sess:
    ...     sess.run(y)
    array([2, 2], dtype=int32)
    """
    return _make(func, inp, Tout, stateful, name)


@export("numpy_function")
def numpy_function(func: Any, inp: Any, Tout: Any, name: str | None = None) -> Any:
    """Make an operation that calls a Python function with NumPy arrays: `tf.py_func` under its newer name."""
    return _make(func, inp, Tout, True, name)

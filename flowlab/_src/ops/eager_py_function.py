"""`tf.py_function`: a Python function that gets tensors with values, as an operation with a gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowlab._src.autodiff.tape import Tape, tapes
from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph.arguments import as_list
from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import eager_graph, get_default_graph
from flowlab._src.graph.dtypes import DType, as_dtype
from flowlab._src.graph.eager_tensor import EagerTensor
from flowlab._src.graph.op import Array, Op, Spec
from flowlab._src.graph.registry import raw
from flowlab._src.graph.shape import UNKNOWN, TensorShape
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.py_function import as_error, function_of, keep_function
from flowlab._src.util.export import export


def call_eagerly(token: str, tensors: Sequence[Any], output_types: Sequence[DType]) -> list[Any]:
    """What the function returns, as tensors of the types that were announced."""
    function = function_of(token)
    try:
        returned = function(*tensors)
    except Exception as error:
        raise as_error(error) from error
    results = [] if returned is None else list(returned) if isinstance(returned, (list, tuple)) else [returned]
    if len(results) != len(output_types):
        counts = f"returns {len(results)} values, but expects to see {len(output_types)} values."
        raise InvalidArgumentError(None, None, f"{token} {counts}")
    return [convert(result, wanted) for result, wanted in zip(results, output_types, strict=True)]


class EagerPyFunc(Op):
    """Calls a Python function in eager mode."""

    token: str
    Tout: list[DType]
    is_async: bool = False
    stateful = True

    def kernel(self, run: Any, input: Sequence[Array]) -> tuple[Array, ...]:
        tensors = [EagerTensor(v, t.dtype.base_dtype) for v, t in zip(input, run.node._inputs, strict=True)]
        with eager_graph().as_default():
            results = call_eagerly(self.token, tensors, self.Tout)
        return [t._value for t in results]  # type: ignore[return-value]  # a sequence of outputs

    def dtypes(self, *inputs: Any) -> list[DType]:
        return list(self.Tout)

    def shape(self, input: Sequence[Spec]) -> list[TensorShape]:
        return [UNKNOWN] * len(self.Tout)

    def grad(self, node: Any, *dys: Any) -> Any:
        """The function is called once more, under a tape."""
        kinds = [t.dtype.base_dtype for t in node.inputs]
        grads: Any = EagerPyFuncGrad(token=self.token, Tout=kinds, outputs=self.Tout)([*node.inputs, *dys])
        return grads

    def attributes(self, node: Any = None) -> dict[str, Any]:
        """The attributes and the list of the inputs' types."""
        own: dict[str, Any] = {"token": self.token, "Tout": list(self.Tout), "is_async": self.is_async}
        return own if node is None else {**own, "Tin": [t._dtype._base for t in node._inputs]}


class EagerPyFuncGrad(Op):
    """The gradients of a Python function: inputs are its own and the gradients of its outputs."""

    token: str
    Tout: list[DType]
    outputs: list[DType]
    stateful = True

    def kernel(self, run: Any, input: Sequence[Array]) -> tuple[Array, ...]:
        tensors = [EagerTensor(v, t.dtype.base_dtype) for v, t in zip(input, run.node._inputs, strict=True)]
        own, dys = tensors[: len(self.Tout)], tensors[len(self.Tout) :]
        tape = Tape()
        for tensor in own:
            tape.watch(tensor)
        with eager_graph().as_default():
            tapes.active.append(tape)
            try:
                results = call_eagerly(self.token, own, self.outputs)
            finally:
                tapes.active.remove(tape)
            grads = tape.gradient(results, own, dys)
            values = [raw.ZerosLike(t) if g is None else convert(g) for g, t in zip(grads, own, strict=True)]
        return [t._value for t in values]  # type: ignore[return-value]  # a sequence of outputs

    def dtypes(self, *inputs: Any) -> list[DType]:
        return list(self.Tout)

    def shape(self, input: Sequence[Spec]) -> list[TensorShape]:
        return [spec.shape for spec in input[: len(self.Tout)]]


@export("py_function", "contrib.eager.py_func")
def py_function(func: Any, inp: Any, Tout: Any, name: str | None = None) -> Any:
    """Make an operation that calls a Python function in eager mode: it gets tensors with values.

    Gradients flow through it; to compute them the function is called once more.

    Parameters
    ----------
    func : callable
        Called with one eager tensor for each input; returns a tensor, an array, or a list of them.
    inp : list of Tensor
    Tout : DType or list of DType
        The types of the results.
    name : str, optional

    Returns
    -------
    Tensor, list of Tensor if `Tout` is a list

    Examples
    --------
    >>> def absolute(x):
    ...     return x if x > 0 else -x
    >>> x = tf.placeholder(tf.float32, [])
    >>> y = tf.py_function(absolute, [x], tf.float32)
    >>> dx = tf.gradients(y, x)[0]
    >>> with tf.Session() as sess:
    ...     [float(v) for v in sess.run([y, dx], {x: -3.0})]
    [3.0, -1.0]
    """
    if not callable(func):
        raise misuse(ValueError(f"Expected func to be callable. Received func={func} of type {type(func)}."))
    several = isinstance(Tout, (list, tuple))
    kinds = [as_dtype(t) for t in (Tout if several else [Tout])]
    arguments = as_list(inp, "inp")
    if get_default_graph().eager:
        returned = func(*[convert(a) for a in arguments])
        if returned is None:
            return None
        results = list(returned) if isinstance(returned, (list, tuple)) else [returned]
        results = [convert(r, t) for r, t in zip(results, kinds, strict=False)]
    else:
        results = EagerPyFunc(token=keep_function(func), Tout=kinds)(arguments, name=name)
        if not kinds:
            return get_default_graph().get_operations()[-1]
    return results if several else results[0]

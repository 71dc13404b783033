"""Nodes that hand their input on as it is, and differ in what happens to the gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowlab._src.autodiff.slices import IndexedSlices
from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph import dtypes
from flowlab._src.graph.op import Array, Floating, Op, Spec, T, Unary
from flowlab._src.graph.registry import raw
from flowlab._src.graph.shape import TensorShape, as_shape, format_dims, merge_shapes
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels.small_forms import Same
from flowlab._src.util.export import export


class Identity(Unary):
    """The input itself."""

    is_identity = True

    def kernel(self, input: Array[T]) -> Array[T]:
        return input

    def grad(self, node: Any, dy: Any) -> Any:
        """The gradient passes unchanged."""
        return dy


class IdentityN(Op):
    """Several tensors as they are, each available only when all are computed."""

    def kernel(self, input: Sequence[Array]) -> tuple[Array, ...]:
        return tuple(input)

    def dtypes(self, *input: Any) -> list[dtypes.DType]:
        return [t.dtype.base_dtype for t in input]

    def shape(self, input: Sequence[Spec]) -> list[TensorShape]:
        return [t.shape for t in input]

    def grad(self, node: Any, *dys: Any) -> Any:
        """Each gradient passes unchanged."""
        return list(dys)


class StopGradient(Unary):
    """The input itself, a constant in the eyes of the gradient."""

    grad = None

    def small_form(self, node: Any, input: Spec) -> Any:
        """The same numbers."""
        return Same()

    def kernel(self, input: Array[T]) -> Array[T]:
        return input


class PreventGradient(Unary):
    """The input itself; asking for a gradient through it is an error."""

    message: str = ""

    def kernel(self, input: Array[T]) -> Array[T]:
        return input

    def grad(self, node: Any, dy: Any) -> Any:
        """Refuse, saying why."""
        raise LookupError(f"Gradient explicitly disabled. Reason: {self.message.encode()!r}")


class GuaranteeConst(Unary):
    """The input itself, and a promise that it never changes."""

    def kernel(self, input: Array[T]) -> Array[T]:
        return input


@export("guarantee_const")
def guarantee_const(input: Any, name: str | None = None) -> Tensor:
    """Return the input, and promise that its value never changes; nothing relies on it here."""
    result: Tensor = GuaranteeConst()(input, name=name)
    return result


class CheckNumerics(Unary):
    """The input itself, after a look at it: inf or nan end the run with an error."""

    message: str
    checks = True

    def kernel(self, tensor: Array[Floating]) -> Array[Floating]:
        if not np.isfinite(tensor).all():
            nan, inf = np.isnan(tensor).any(), np.isinf(tensor).any()
            found = "Inf and NaN" if nan and inf else "NaN" if nan else "Inf"
            error = InvalidArgumentError(None, None, f"{self.message} : Tensor had {found} values")
            error.why = (
                f"{np.size(tensor) - np.count_nonzero(np.isfinite(tensor))} of {np.size(tensor)} values are nan or infinite: "
                "log(0), 0 / 0 or a step too large came before"
            )
            error.fix = "tf.lab.step(sess, fetch, feed_dict)  # then run to the first NaN or Inf"
            raise error
        return tensor

    def grad(self, node: Any, dy: Tensor) -> Tensor:
        """The gradient is looked at as well."""
        message = f"Not a number (NaN) or infinity (Inf) values detected in gradient. {self.message.encode()!r}"
        return raw.CheckNumerics(dy, message=message)


class EnsureShape(Op):
    """The input itself, once its shape has turned out to be the one expected."""

    shape_: TensorShape
    stateful = True  # the kernel names its input when the shape is wrong

    def kernel(self, run: Any, input: Array[T]) -> Array[T]:
        found = TensorShape.of(np.shape(input))
        if not self.shape_.is_compatible_with(found):
            raise InvalidArgumentError(
                None, None, f"Shape of tensor {run.node.inputs[0].op.name} {format_dims(found._dims)} is not compatible with expected shape "
                f"{format_dims(self.shape_._dims)}.",
            )  # fmt: skip
        return input

    def shape(self, input: Spec) -> TensorShape:
        return merge_shapes(self.shape_, input.shape)

    def grad(self, node: Any, dy: Any) -> Any:
        """The gradient passes unchanged."""
        return dy


@export("identity")
def identity(input: Any, name: str | None = None) -> Any:
    """Return a tensor with the same values as `input`, as a node of its own.

    Useful to give a tensor a name, and inside `tf.control_dependencies`, where only nodes made in the block wait.

    Parameters
    ----------
    input : Tensor
    name : str, optional

    Examples
    --------
    >>> tf.identity([1, 2], name="numbers")
    <tf.Tensor 'numbers:0' shape=(2,) dtype=int32>
    """
    if isinstance(input, IndexedSlices):
        parts = [input.values, input.indices, input.dense_shape]
        return IndexedSlices(*[None if part is None else identity(part) for part in parts])
    return Identity()(input, name=name)


@export("identity_n")
def identity_n(input: Any, name: str | None = None) -> list[Tensor]:
    """Return tensors with the same values as those in the list `input`, in one node.

    Parameters
    ----------
    input : list of Tensor, of any dtypes and shapes
    name : str, optional

    Examples
    --------
    >>> [t.name for t in tf.identity_n([tf.constant(1.0), tf.constant(2)])]
    ['IdentityN:0', 'IdentityN:1']
    """
    return IdentityN()(input, name=name)


@export("stop_gradient")
def stop_gradient(input: Any, name: str | None = None) -> Tensor:
    """Return `input` as it is, but treat it as a constant when gradients are taken.

    Parameters
    ----------
    input : Tensor
    name : str, optional

    Examples
    --------
    >>> x = tf.constant(3.0)
    >>> tf.gradients(tf.stop_gradient(x * x), x)
    [None]
    """
    return StopGradient()(input, name=name)


def prevent_gradient(input: Any, message: str = "", name: str | None = None) -> Tensor:
    """Return `input` as it is; a gradient through it raises LookupError with `message`."""
    return PreventGradient(message=message)(input, name=name)


@export("check_numerics", "debugging.check_numerics")
def check_numerics(tensor: Any, message: str, name: str | None = None) -> Tensor:
    """Return `tensor` as it is, but end the run with an error if it holds an inf or a nan.

    Parameters
    ----------
    tensor : Tensor, float16, float32 or float64
    message : str
        Start of the error message.
    name : str, optional

    Raises
    ------
    InvalidArgumentError
        When run: "message : Tensor had NaN values", or Inf.

    Examples
    --------
    >>> y = tf.check_numerics(tf.log([-1.0]), "the log of x")
    >>> with tf.Session() as sess:
    ...     sess.run(y)
    Traceback (most recent call last):
    flowlab._src.errors.InvalidArgumentError: the log of x : Tensor had NaN values
    ...
    """
    return CheckNumerics(message=message)(tensor, name=name)


@export("ensure_shape")
def ensure_shape(x: Any, shape: Any, name: str | None = None) -> Tensor:
    """Return `x`, whose shape is checked when it runs and known from here on while building.

    Parameters
    ----------
    x : Tensor
    shape : list of int or None
    name : str, optional

    Raises
    ------
    InvalidArgumentError
        When run, if the value has another shape.

    Examples
    --------
    >>> x = tf.placeholder(tf.float32)
    >>> tf.ensure_shape(x, [None, 3]).shape.as_list()
    [None, 3]
    """
    return EnsureShape(shape_=as_shape(shape))(x, name=name)

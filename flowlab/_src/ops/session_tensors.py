"""Tensors that a session keeps under a handle: a value goes from run to run without passing through Python.

The session holds them in a dictionary from handle to value. What `sess.run` gives for a handle is an object that knows the
session, too (`runtime/tensor_handle.py`).
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph import dtypes
from flowlab._src.graph.dtypes import DType, as_dtype
from flowlab._src.graph.op import Array, Op, Spec, T
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.scopes import device
from flowlab._src.graph.shape import UNKNOWN, TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels.strings import collect
from flowlab._src.ops.file_io import scalar
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.placeholder import placeholder
from flowlab._src.util.export import export

DEVICE = "/job:localhost/replica:0/task:0/device:CPU:0"
KEPT = "session tensors"  # what a session keeps the dictionary under
_numbers = itertools.count()


class GetSessionHandle(Op):
    """Keeps a value with the session and returns its handle: the name of the node, a number, the device."""

    stateful = True
    gives_handle = KEPT
    grad = None

    def kernel(self, run: Any, value: Array[T]) -> Array[np.object_]:
        handle = f"{run.node.name};{next(_numbers)};{DEVICE}"
        # A copy: what was fed is the memory of the caller, who may write to it.
        run.state.resource(KEPT, dict)[handle] = value.copy() if isinstance(value, np.ndarray) else value
        return collect([handle.encode()], ())

    def shape(self, value: Spec) -> TensorShape:
        return TensorShape.of(())


def lost(handle: str) -> InvalidArgumentError:
    """The error for a handle behind which there is nothing (any more)."""
    return InvalidArgumentError(None, None, f"The tensor with handle '{handle}' is not in the session store.")


class GetSessionTensor(Op):
    """The value behind a handle."""

    dtype: DType
    stateful = True
    reads_only = True
    grad = None

    def kernel(self, run: Any, handle: Array[np.object_]) -> Array:
        key = scalar(handle, "handle").decode()
        kept = run.state.resource(KEPT, dict)
        if key not in kept:
            raise lost(key)
        value = kept[key]
        held = value.dtype if isinstance(value, (np.ndarray, np.generic)) else np.dtype(object)
        if held != np.dtype(self.dtype.as_numpy_dtype):
            raise InvalidArgumentError(
                None, None, f"The tensor with handle '{key}' is of type {held}, but {self.dtype.name} was asked for."
            )
        return value

    def dtypes(self, *inputs: Any) -> DType:
        return self.dtype

    def shape(self, handle: Spec) -> TensorShape:
        handle.ranked(0)
        return UNKNOWN


class DeleteSessionTensor(Op):
    """Lets the session forget the value behind a handle."""

    stateful = True
    grad = None

    def kernel(self, run: Any, handle: Array[np.object_]) -> None:
        key = scalar(handle, "handle").decode()
        if run.state.resource(KEPT, dict).pop(key, None) is None:
            raise lost(key)

    def shape(self, handle: Spec) -> list[TensorShape]:
        handle.ranked(0)
        return []


@export("get_session_handle")
def get_session_handle(data: Tensor, name: str | None = None) -> Tensor:
    """Keep the value of a tensor with the session, and return a handle to it.

    Run, the handle is an object whose `eval()` gives the value, and which may be fed in place of the value.

    Parameters
    ----------
    data : Tensor
    name : str, optional

    Returns
    -------
    Tensor, shape (), string

    Raises
    ------
    TypeError
        If `data` is no tensor.

    Examples
    --------
    >>> x = tf.placeholder(tf.float32, [2])
    >>> kept = tf.get_session_handle(tf.sqrt(x))
    >>> with tf.Session() as sess:
    ...     handle = sess.run(kept, {x: [4.0, 9.0]})
    ...     sess.run(x + 1, {x: handle})
    array([3., 4.], dtype=float32)
    """
    if not isinstance(data, Tensor):
        raise misuse(TypeError("`data` must be of type Tensor."))
    return GetSessionHandle()(data, name=name)


def _device_of(handle: Any) -> str:
    text = handle.decode() if isinstance(handle, bytes) else str(getattr(handle, "handle", handle))
    if text.count(";") < 2:
        raise misuse(
            ValueError(f"{text!r} is no handle: run the result of tf.get_session_handle, and take its .handle")
        )
    return text.rsplit(";", 1)[1]


@export("get_session_tensor")
def get_session_tensor(handle: Any, dtype: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
    """Return a placeholder for a handle, and the tensor of the value behind it.

    Parameters
    ----------
    handle : str
        The `.handle` of what `tf.get_session_handle` has given in a run. Any other handle may be fed later.
    dtype : DType
        Of the value.
    name : str, optional

    Returns
    -------
    (Tensor of string, Tensor of `dtype`)

    Examples
    --------
    >>> kept = tf.get_session_handle(tf.constant([4.0, 9.0]))
    >>> with tf.Session() as sess:
    ...     handle = sess.run(kept)
    ...     holder, value = tf.get_session_tensor(handle.handle, tf.float32)
    ...     sess.run(value * 2, {holder: handle.handle})
    array([ 8., 18.], dtype=float32)
    """
    with device(_device_of(handle)):
        holder = placeholder(dtypes.string)
        return holder, GetSessionTensor(dtype=as_dtype(dtype))(holder, name=name)


@export("delete_session_tensor")
def delete_session_tensor(handle: Any, name: str | None = None) -> tuple[Tensor, Operation]:
    """Return a placeholder for a handle, and the operation that makes the session forget the value behind it.

    Parameters
    ----------
    handle : str
        The `.handle` of what `tf.get_session_handle` has given in a run.
    name : str, optional

    Examples
    --------
    >>> kept = tf.get_session_handle(tf.constant([4.0, 9.0]))
    >>> with tf.Session() as sess:
    ...     raw_handle = sess.run(kept).get_raw_handle()  # from now on the value is kept until it is deleted
    ...     holder, delete = tf.delete_session_tensor(raw_handle)
    ...     sess.run(delete, {holder: raw_handle})
    """
    with device(_device_of(handle)):
        holder = placeholder(dtypes.string)
        return holder, DeleteSessionTensor()(holder, name=name)

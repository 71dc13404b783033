"""Placeholders: the doors through which data enters a graph."""

from __future__ import annotations

from typing import Any

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.dtypes import DType, as_dtype
from flowlab._src.graph.op import Array, Op, Spec, T
from flowlab._src.graph.shape import UNKNOWN, TensorShape, as_shape, format_dims, merge_shapes
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.misuse import misuse
from flowlab._src.util import source, written
from flowlab._src.util.export import export


class Placeholder(Op):
    """A tensor whose value the caller gives in `feed_dict`."""

    dtype: DType
    shape_: TensorShape = UNKNOWN
    stateful = True  # the kernel looks at the run to say what was fed instead
    must_be_fed = True
    grad = None

    def kernel(self, run: Any) -> Array:
        node = run.node
        detail = f" and shape {format_dims(self.shape_._dims)}" if self.shape_._dims else ""
        dtype = self.dtype.base_dtype.enum_name.removeprefix("DT_").lower()
        error = InvalidArgumentError(
            None, None, f"You must feed a value for placeholder tensor '{node.name}' with dtype {dtype}{detail}"
        )
        names = source.python_names()
        mine = names.get(node.name, node.name.rpartition("/")[2])
        fed = sorted(names.get(t.name, t.name) for t, slot in run.plan.slots.items() if slot in run.plan.feeds)
        told = f"feed_dict has only {', '.join(fed)}" if fed else "nothing was fed"
        error.why = f"what is fetched needs placeholder '{node.name}', and {told}"
        dims = self.shape_._dims
        example = f"np.zeros({[d or 1 for d in dims]})" if dims else "value" if dims is None else "0"
        error.fix = with_feed(mine, example)
        raise error

    def dtypes(self) -> DType:
        return self.dtype

    def shape(self) -> TensorShape:
        return self.shape_


def with_feed(name: str, value: str) -> str:
    """The call that is running, with one more feed."""
    call = written.running("run", "eval")
    feeds = call.argument("feed_dict") if call is not None else ""
    if call is not None and (not feeds or feeds.startswith("{")):
        inner = feeds.strip("{} ").rstrip(",")
        line = call.changed(feed_dict=f"{{{f'{inner}, ' if inner else ''}{name}: {value}}}")
        if line:
            return line
    return f"sess.run(..., feed_dict={{{name}: {value}}})"


class PlaceholderWithDefault(Op):
    """A tensor that may be fed; if it is not, it has the value of its input."""

    shape_: TensorShape
    stateful = True  # its value is not known while building, even when the default is

    def kernel(self, run: Any, input: Array[T]) -> Array[T]:
        return input

    def shape(self, input: Spec) -> TensorShape:
        merge_shapes(input.shape, self.shape_)
        return self.shape_

    def grad(self, node: Any, dy: Tensor) -> Tensor:
        """The gradient reaches the default value unchanged."""
        return dy


def refuse_eagerly() -> None:
    """RuntimeError in eager mode, where nothing is fed."""
    if get_default_graph().eager:
        raise misuse(
            RuntimeError("tf.placeholder() is not compatible with eager execution."),
            fix="pass the value itself: a function of tensors takes the place of a graph with placeholders",
        )


@export("placeholder")
def placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> Tensor:
    """Make a tensor whose value is given with each run, in `feed_dict`.

    Parameters
    ----------
    dtype : DType
        Type of the elements.
    shape : list of int or None, optional
        None as a size stands for any size; no shape at all accepts everything. The more is said here, the
        more mistakes are found while building.
    name : str, optional

    Returns
    -------
    Tensor
        Running it without a feed is an `InvalidArgumentError`.

    Examples
    --------
    >>> x = tf.placeholder(tf.float32, [None, 2], name="x")
    >>> x
    <tf.Tensor 'x:0' shape=(?, 2) dtype=float32>
    >>> with tf.Session() as sess:
    ...     sess.run(x + 1, feed_dict={x: [[1, 2], [3, 4]]})
    array([[2., 3.],
           [4., 5.]], dtype=float32)
    """
    refuse_eagerly()
    return Placeholder(dtype=as_dtype(dtype).base_dtype, shape_=as_shape(shape))(name=name)


@export("placeholder_with_default")
def placeholder_with_default(input: Any, shape: Any, name: str | None = None) -> Tensor:
    """Make a tensor that may be fed, and otherwise has the value of `input`.

    Parameters
    ----------
    input : Tensor
        The default value.
    shape : list of int or None
        Shape of the values that may be fed; the default must fit it.
    name : str, optional

    Examples
    --------
    >>> rate = tf.placeholder_with_default(0.5, [])
    >>> with tf.Session() as sess:
    ...     float(sess.run(rate)), float(sess.run(rate, {rate: 0.25}))
    (0.5, 0.25)
    """
    return PlaceholderWithDefault(shape_=as_shape(shape))(input, name=name)

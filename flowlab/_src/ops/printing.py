"""Looking at tensors while the graph runs: `tf.Print` and `tf.print`; and the time, `tf.timestamp`."""

from __future__ import annotations

import os
import pprint
import random
import sys
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph.arguments import as_int, as_list, as_text
from flowlab._src.graph.dtypes import string
from flowlab._src.graph.op import Array, Op, Scalar, Spec, T
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.registry import raw
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels.summaries import summarize as summarize_array
from flowlab._src.ops.misuse import misuse
from flowlab._src.util import nest
from flowlab._src.util.export import export


class Print(Op):
    """The input itself; prints other tensors on the way."""

    message: str = ""
    first_n: int = -1
    summarize: int = 3
    stateful = True

    def kernel(self, run: Any, input: Array[T], data: Sequence[Array]) -> Array[T]:
        if self.first_n >= 0:
            count = run.state.resource(("print", run.node.name), lambda: [0])
            if count[0] >= self.first_n:
                return input
            count[0] += 1
        text = self.message + "".join(f"[{summarize_array(value, self.summarize)}]" for value in data)
        print(text, file=sys.stderr, flush=True)
        return input

    def shape(self, input: Spec, data: Sequence[Spec]) -> TensorShape:
        return input.shape

    def grad(self, node: Any, dy: Tensor) -> Any:
        """The gradient passes unchanged; what is printed gets none."""
        return [dy] + [None] * (len(node.inputs) - 1)


class PrintV2(Op):
    """Prints a text."""

    output_stream: str = "stderr"
    end: str = "\n"
    stateful = True

    def kernel(self, run: Any, input: Array[np.object_]) -> None:
        if np.ndim(input):
            raise InvalidArgumentError(None, None, "Input is expected to be scalar")
        text = bytes(np.asarray(input, object)[()]).decode(errors="replace") + self.end
        if self.output_stream.startswith("file://"):
            with open(self.output_stream.removeprefix("file://"), "a", encoding="utf-8") as file:
                file.write(text)
            return
        if self.output_stream.startswith("log("):
            text = f"{self.output_stream[4].upper()} {text}"
        stream = sys.stdout if self.output_stream == "stdout" else sys.stderr
        stream.write(text)
        stream.flush()

    def shape(self, input: Spec) -> list[TensorShape]:
        return []

    def dtypes(self, *inputs: Any) -> list[Any]:
        return []


class Timestamp(Scalar):
    """Seconds since the beginning of 1970."""

    stateful = True

    def kernel(self, run: Any) -> Array[np.float64]:
        return np.array(time.time())


@export("Print")
def Print_(
    input_: Any,
    data: Any,
    message: str | None = None,
    first_n: int | None = None,
    summarize: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Return a tensor that, whenever it is computed, prints others to the standard error stream.

    Use what it returns in place of `input_`: only what is needed for a fetch runs, and prints.

    Parameters
    ----------
    input_ : Tensor
    data : list of Tensor
        What is printed.
    message : str, optional
        Printed before them.
    first_n : int, optional
        Only print so many times.
    summarize : int, optional
        Only print so many elements of each tensor, default 3; negative: all.

    Returns
    -------
    Tensor
        The same as `input_`.

    Examples
    --------
    >>> x = tf.constant([1.0, 2.0])
    >>> y = tf.Print(x, [tf.reduce_sum(x)], message="sum: ") * 2  # prints: sum: [3]
    >>> with tf.Session() as sess:
    ...     sess.run(y)
    array([2., 4.], dtype=float32)
    """
    op = Print(
        message="" if message is None else as_text(message, "message"),
        first_n=-1 if first_n is None else as_int(first_n, "first_n"),
        summarize=3 if summarize is None else as_int(summarize, "summarize"),
    )
    return op(input_, as_list(data, "data"), name=name)


@export("print")
def print_(*inputs: Any, **kwargs: Any) -> Operation:
    """Return an operation that prints tensors, and anything else, when it runs.

    Nothing is printed while building. Run the operation, or make what runs anyway depend on it with
    `tf.control_dependencies`.

    Parameters
    ----------
    *inputs : Tensor, or anything, also lists and dictionaries of them
    output_stream : sys.stderr, sys.stdout or "file://" and a path
        Default sys.stderr.
    summarize : int
        The first and last so many elements of each axis are printed, default 3; -1: all.
    sep : str
        Between the inputs, default " ".
    end : str
        After the last, default a new line.
    name : str, optional

    Returns
    -------
    Operation

    Raises
    ------
    ValueError
        If there is no such argument or stream.

    Examples
    --------
    >>> import sys
    >>> x = tf.range(10)
    >>> with tf.control_dependencies([tf.print("x =", x, output_stream=sys.stdout)]):
    ...     total = tf.reduce_sum(x)
    >>> with tf.Session() as sess:
    ...     int(sess.run(total))
    x = [0 1 2 ... 7 8 9]
    45
    """
    stream = kwargs.pop("output_stream", sys.stderr)
    name = kwargs.pop("name", None)
    summarize = kwargs.pop("summarize", 3)
    sep, end = kwargs.pop("sep", " "), kwargs.pop("end", os.linesep)
    if kwargs:
        raise misuse(ValueError(f"Unrecognized keyword arguments for tf.print: {kwargs}"))
    target = _stream_name(stream)
    text = inputs[0] if len(inputs) == 1 else None
    if not (isinstance(text, Tensor) and text.shape.ndims == 0 and text.dtype.base_dtype is string):
        template, tensors, placeholder = _template(inputs, sep)
        text = raw.StringFormat(
            tensors,
            template=template,
            placeholder=placeholder,
            summarize=as_int(summarize, "summarize"),
            name=f"{name}_format" if name else None,
        )
    return PrintV2(output_stream=target, end=end)(text, name=name)


def _stream_name(stream: Any) -> str:
    """The attribute for a stream."""
    if isinstance(stream, str) and stream.startswith("file://"):
        return stream
    if stream is sys.stdout or stream is sys.__stdout__:
        return "stdout"
    if stream is sys.stderr or stream is sys.__stderr__:
        return "stderr"
    # Levels and functions of a logger, by their names: `tf.logging.info`, `logging.WARNING`.
    level = {20: "info", 30: "warning", 40: "error"}.get(stream) if isinstance(stream, int) else None
    level = level or {"info": "info", "warn": "warning", "warning": "warning", "error": "error"}.get(
        getattr(stream, "__name__", "")
    )
    if level is None:
        streams = "sys.stdout, sys.stderr, tf.logging.info, tf.logging.warning, tf.logging.error"
        raise misuse(
            ValueError(
                f"Unsupported output stream, logging level, or file.{stream}. Supported streams are {streams}. "
                "File needs to be in the form of 'file://<filepath>'."
            )
        )
    return f"log({level})"


def _template(inputs: Sequence[Any], sep: str) -> tuple[str, list[Tensor], str]:
    """The text with a placeholder for each tensor, the tensors and the placeholder."""
    ordered = [OrderedDict(sorted(i.items())) if isinstance(i, OrderedDict) else i for i in inputs]
    bare = nest.map_structure(lambda x: "" if _is_tensor(x) else x, ordered)
    placeholder = _unused(" ".join(pprint.pformat(x) for x in bare))
    tensors: list[Tensor] = []
    texts: list[str] = []
    for item in inputs:
        leaves: list[Any] = []
        for leaf in nest.flatten(item):
            if hasattr(leaf, "dense_shape") and hasattr(leaf, "indices"):
                tensors += [leaf.indices, leaf.values, leaf.dense_shape]
                leaves.append(f"SparseTensor(indices={placeholder}, values={placeholder}, shape={placeholder})")
            elif _is_tensor(leaf):
                tensors.append(leaf if isinstance(leaf, Tensor) else leaf._as_graph_element())
                leaves.append(placeholder)
            else:
                leaves.append(leaf)
        texts.append(item if isinstance(item, str) else pprint.pformat(nest.pack_sequence_as(item, leaves)))
    return sep.join(texts).replace(f"'{placeholder}'", placeholder), tensors, placeholder


def _is_tensor(x: Any) -> bool:
    return isinstance(x, Tensor) or hasattr(x, "_as_graph_element") or hasattr(x, "dense_shape")


def _unused(text: str) -> str:
    """A placeholder that does not occur in the text."""
    placeholder, chance = "{}", random.Random(5)
    while placeholder in text:
        placeholder += str(chance.randint(0, 9))
    return placeholder


@export("timestamp")
def timestamp(name: str | None = None) -> Tensor:
    """Return the time at which the operation runs, in seconds since the beginning of 1970.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     bool(sess.run(tf.timestamp()) > 1.5e9)
    True
    """
    return Timestamp()(name=name)

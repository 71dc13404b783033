"""`tf.contrib.util.constant_value`: what is known of a tensor's value while the graph is built; `tf.is_tensor`."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.graph.arguments import as_flag
from flowlab._src.graph.composite import Composite
from flowlab._src.graph.eager_tensor import EagerTensor
from flowlab._src.graph.op import constant_value as computed_value
from flowlab._src.graph.sparse_tensor import SparseTensor
from flowlab._src.graph.tensor import Tensor
from flowlab._src.util.export import export

# TensorFlow looks through these operations only, though the values of others could be computed as well.
TRANSPARENT = frozenset(
    [
        "Const", "Shape", "Size", "Rank", "Range", "Cast", "Concat", "ConcatV2", "ConcatOffset", "Pack", "Fill", "Equal",
        "NotEqual",
    ]
)  # fmt: skip
ASKING_FOR_SHAPES = ("Shape", "Size", "Rank")  # what these give does not depend on the value of their input


@export("get_static_value", "contrib.util.constant_value")
def constant_value(tensor: Any, partial: bool = False) -> Any:
    """Return the value of a tensor that is known while the graph is built, None if it is not.

    Parameters
    ----------
    tensor : Tensor
    partial : bool, optional
        For a vector made by `tf.stack`: return an object array with None where an element is unknown.

    Returns
    -------
    numpy.ndarray or None

    Notes
    -----
    As in TensorFlow this looks through constants, shapes, casts, ranges, stacks and concatenations, not through arithmetic.

    Examples
    --------
    >>> x = tf.placeholder(tf.float32, [None, 3])
    >>> tf.contrib.util.constant_value(tf.rank(x)), tf.contrib.util.constant_value(x)
    (array(2, dtype=int32), None)
    >>> tf.contrib.util.constant_value(tf.stack([tf.shape(x)[0], 7]), partial=True)
    array([None, 7], dtype=object)
    """
    if isinstance(tensor, EagerTensor):
        return tensor.numpy()
    if not isinstance(tensor, Tensor):
        return tensor if isinstance(tensor, (int, float, np.ndarray)) else None
    if as_flag(partial, "partial") and tensor.op.type == "Pack" and tensor.shape.ndims == 1:
        return np.array([plain(constant_value(item)) for item in tensor.op.inputs], dtype=object)
    return computed_value(tensor) if looked_through(tensor) else None


def looked_through(tensor: Tensor) -> bool:
    """Whether TensorFlow would find the value: all that it is computed from are operations it looks through."""
    todo = [tensor]
    seen = set()
    while todo:
        node = todo.pop()._op
        if node.type not in TRANSPARENT:
            return False
        if node not in seen and node.type not in ASKING_FOR_SHAPES:
            todo += node._inputs
        seen.add(node)
    return True


def plain(value: Any) -> Any:
    """A known scalar as a Python number."""
    return None if value is None else np.asarray(value).item()


@export("is_tensor", "contrib.framework.is_tensor")
def is_tensor(x: Any) -> bool:
    """Tell whether this is a tensor of TensorFlow's: dense, sparse or ragged, or a variable.

    Examples
    --------
    >>> tf.is_tensor(tf.constant(1)), tf.is_tensor(tf.Variable(1)), tf.is_tensor(np.ones(3))
    (True, True, False)
    """
    return isinstance(x, (Tensor, SparseTensor, Composite)) or hasattr(x, "_as_graph_element")

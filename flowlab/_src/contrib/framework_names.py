"""Names that `tf.contrib.framework` gives to what is defined elsewhere, and a few functions of its own."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.default import get_default_graph, graph_of
from flowlab._src.graph.graph import Graph
from flowlab._src.graph.sparse_tensor import convert_to_tensor_or_sparse_tensor
from flowlab._src.keras.smart_cond import known_condition, smart_cond
from flowlab._src.ops.arithmetic import add_n
from flowlab._src.ops.checks_shape import assert_same_float_dtype, assert_scalar
from flowlab._src.ops.py_function import py_func
from flowlab._src.ops.reduce import reduce_sum
from flowlab._src.ops.sorting import argsort, sort
from flowlab._src.train.global_step import (
    assert_global_step,
    create_global_step,
    get_global_step,
    get_or_create_global_step,
)
from flowlab._src.util.export import export

export("contrib.framework.argsort")(argsort)
export("contrib.framework.assert_global_step")(assert_global_step)
export("contrib.framework.assert_same_float_dtype")(assert_same_float_dtype)
export("contrib.framework.assert_scalar")(assert_scalar)
export("contrib.framework.convert_to_tensor_or_sparse_tensor")(convert_to_tensor_or_sparse_tensor)
export("contrib.framework.create_global_step")(create_global_step)
export("contrib.framework.get_global_step")(get_global_step)
export("contrib.framework.get_or_create_global_step")(get_or_create_global_step)
export("contrib.framework.py_func")(py_func)
export("contrib.framework.smart_cond")(smart_cond)
export("contrib.framework.smart_constant_value")(known_condition)
export("contrib.framework.sort")(sort)


@export("contrib.framework.assert_or_get_global_step")
def assert_or_get_global_step(graph: Graph | None = None, global_step_tensor: Any = None) -> Any:
    """Return the counter of steps: the one given, once it is checked, or that of the graph."""
    if global_step_tensor is None:
        return get_global_step(graph)
    assert_global_step(global_step_tensor)
    return global_step_tensor


@export("contrib.framework.assert_scalar_int")
def assert_scalar_int(tensor: Any, name: str | None = None) -> Any:
    """Return a scalar tensor of whole numbers; ValueError for another."""
    if not tensor.dtype.base_dtype.is_integer:
        raise ValueError(f"Expected integer type for {tensor.name}, received type: {tensor.dtype.name}.")
    return assert_scalar(tensor, name=name)


@export("contrib.framework.reduce_sum_n")
def reduce_sum_n(tensors: Any, name: str | None = None) -> Any:
    """Return the sum of all elements of several tensors.

    Examples
    --------
    >>> total = tf.contrib.framework.reduce_sum_n([tf.constant([1, 2]), tf.constant(4)])
    >>> with tf.Session() as sess:
    ...     int(sess.run(total))
    7
    """
    parts = list(tensors)
    if not parts:
        raise ValueError("No tensors provided.")
    sums = [part if part.shape.ndims == 0 else reduce_sum(part) for part in parts]
    return sums[0] if len(sums) == 1 else add_n(sums, name=name)


@export("contrib.framework.get_graph_from_inputs")
def get_graph_from_inputs(op_input_list: Any, graph: Graph | None = None) -> Graph:
    """Return the graph of tensors; ValueError if they are of several."""
    return graph or graph_of(op_input_list)


@export("contrib.framework.get_placeholders")
def get_placeholders(graph: Graph | None = None) -> list[Any]:
    """Return the placeholders of a graph, in the order in which they were made."""
    nodes = (graph or get_default_graph()).get_operations()
    return [node.outputs[0] for node in nodes if node.type == "Placeholder"]


@export("contrib.framework.prepend_name_scope")
def prepend_name_scope(name: str, import_scope: str | None) -> str:
    """Return a name with a scope before it.

    Examples
    --------
    >>> tf.contrib.framework.prepend_name_scope("w", "model"), tf.contrib.framework.strip_name_scope("model/w", "model")
    ('model/w', 'w')
    """
    return f"{import_scope.rstrip('/')}/{name}" if import_scope else name


@export("contrib.framework.strip_name_scope")
def strip_name_scope(name: str, export_scope: str | None) -> str:
    """Return a name without a scope that it begins with."""
    return name.removeprefix(export_scope.rstrip("/") + "/") if export_scope else name

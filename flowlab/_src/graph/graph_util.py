"""`tf.graph_util`: GraphDefs cut down to what is needed, with constants in place of variables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from flowlab._src.graph.arguments import as_flag, as_list, as_text, refused
from flowlab._src.graph.dtypes import as_dtype
from flowlab._src.graph.graphdef_attributes import attribute
from flowlab._src.graph.graphdef_freeze import freeze
from flowlab._src.graph.operation import Operation
from flowlab._src.util.export import export
from flowlab._src.util.text import did_you_mean

_VARIABLE_OPS = frozenset(
    ["Assign", "AssignAdd", "AssignSub", "Queue", "ScatterAdd", "ScatterSub", "ScatterUpdate", "TruncatedNormal",
     "Variable", "VariableV2"]
)  # fmt: skip


def node_name(text: str) -> str:
    """The node that an input such as "node:1" or "^node" names."""
    text = text.removeprefix("^")
    name, colon, index = text.rpartition(":")
    return name if colon and index.isdigit() else text


def _checked(graph_def: Any) -> Any:
    from flowlab._src.formats import messages

    if not isinstance(graph_def, messages.GraphDef):
        raise TypeError(f"graph_def must be a graph_pb2.GraphDef proto, but got type {type(graph_def)}.")
    return graph_def


def _names(nodes: Any, argument: str) -> list[str]:
    if isinstance(nodes, (str, bytes)) or not isinstance(nodes, Iterable):
        raise TypeError(f"{argument} must be an iterable of strings, but got type {type(nodes)}.")
    return [as_text(name, argument) for name in as_list(nodes, argument)]


@export("graph_util.extract_sub_graph")
def extract_sub_graph(graph_def: Any, dest_nodes: Sequence[str]) -> Any:
    """Return the part of a GraphDef that some nodes need.

    Parameters
    ----------
    graph_def : GraphDef
    dest_nodes : list of str
        Names of operations.

    Returns
    -------
    GraphDef
        Those nodes and all that they depend on, in the order of `graph_def`.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    AssertionError
        If `graph_def` has no node of such a name.

    Examples
    --------
    >>> a = tf.constant(1.0, name="a")
    >>> b = tf.add(a, 2.0, name="b")
    >>> c = tf.exp(a, name="c")
    >>> small = tf.graph_util.extract_sub_graph(a.graph.as_graph_def(), ["c"])
    >>> [node.name for node in small.node]
    ['a', 'c']
    """
    from flowlab._src.formats import messages

    nodes = {node.name: node for node in _checked(graph_def).node}
    waiting = _names(dest_nodes, "dest_nodes")
    for name in waiting:
        if name not in nodes:
            raise AssertionError(f"{name} is not in graph. {did_you_mean(name, nodes)}".rstrip())
    needed = set(waiting)
    while waiting:
        for text in nodes[waiting.pop()].input:
            name = node_name(text)
            if name not in needed:
                if name not in nodes:
                    raise AssertionError(f"{name} is not in graph")
                needed.add(name)
                waiting.append(name)
    result = messages.GraphDef()
    result.node.extend(node for node in graph_def.node if node.name in needed)
    result.library.CopyFrom(graph_def.library)
    result.versions.CopyFrom(graph_def.versions)
    return result


@export("graph_util.convert_variables_to_constants")
def convert_variables_to_constants(
    sess: Any,
    input_graph_def: Any,
    output_node_names: Sequence[str],
    variable_names_whitelist: Sequence[str] | None = None,
    variable_names_blacklist: Sequence[str] | None = None,
) -> Any:
    """Return a GraphDef with the variables' present values as constants, to run without a checkpoint.

    Parameters
    ----------
    sess : Session
        The session that holds the values.
    input_graph_def : GraphDef
    output_node_names : list of str
        Names of the operations whose results are wanted; what they do not need is left out.
    variable_names_whitelist, variable_names_blacklist : list of str, optional
        Names of the only variables to replace, and of those not to replace.

    Returns
    -------
    GraphDef

    Examples
    --------
    >>> w = tf.Variable([2.0, 3.0], name="w")
    >>> y = tf.reduce_sum(w * 10.0, name="y")
    >>> with tf.Session() as sess:
    ...     sess.run(w.initializer)
    ...     frozen = tf.graph_util.convert_variables_to_constants(sess, sess.graph.as_graph_def(), ["y"])
    >>> sorted({node.op for node in frozen.node})
    ['Const', 'Identity', 'Mul', 'Sum']
    """
    part = extract_sub_graph(input_graph_def, _names(output_node_names, "output_node_names"))
    return freeze(part, _variable_values(sess, part, variable_names_whitelist, variable_names_blacklist))


def _variable_values(sess: Any, part: Any, only: Any, but: Any) -> dict[str, Any]:
    """The values of the variables in a graph, by the names of their nodes."""
    names, tensors = [], []
    for node in part.node:
        if node.op not in ("Variable", "VariableV2", "VarHandleOp"):
            continue
        if (only is not None and node.name not in only) or (but is not None and node.name in but):
            continue
        names.append(node.name)
        tensors.append(f"{node.name}:0" if node.op != "VarHandleOp" else _reading(sess.graph, node.name))
    return dict(zip(names, map(np.asarray, sess.run(tensors) if tensors else []), strict=True))


def _reading(graph: Any, name: str) -> Any:
    """A tensor that reads a resource variable."""
    handle = graph.get_tensor_by_name(f"{name}:0")
    for consumer in handle.consumers():
        if consumer.type == "ReadVariableOp":
            return consumer.outputs[0]
    raise ValueError(f"The variable {name!r} is never read in the graph of the session.")


@export("graph_util.remove_training_nodes")
def remove_training_nodes(input_graph: Any, protected_nodes: Sequence[str] | None = None) -> Any:
    """Return a GraphDef without the nodes that only pass values on: CheckNumerics and Identity.

    Parameters
    ----------
    input_graph : GraphDef
    protected_nodes : list of str, optional
        Names of nodes to keep, such as the outputs.

    Returns
    -------
    GraphDef
        Identity nodes with control inputs, or that others wait for, are kept too.
    """
    from flowlab._src.formats import messages

    nodes = _checked(input_graph).node
    keep = set(protected_nodes or ())
    waited_for = {text[1:] for node in nodes for text in node.input if text.startswith("^")}
    instead: dict[str, str] = {}
    for node in nodes:
        if node.op not in ("Identity", "CheckNumerics") or node.name in keep or node.name in waited_for:
            continue
        if not any(text.startswith("^") for text in node.input):
            instead[node.name] = node.input[0]
    result = messages.GraphDef()
    for node in nodes:
        if node.name in instead:
            continue
        copy = result.node.add()
        copy.CopyFrom(node)
        del copy.input[:]
        for text in node.input:
            while not text.startswith("^") and node_name(text) in instead:
                text = instead[node_name(text)]
            copy.input.append(text)
    result.library.CopyFrom(input_graph.library)
    result.versions.CopyFrom(input_graph.versions)
    return result


@export("graph_util.must_run_on_cpu")
def must_run_on_cpu(node: Any, pin_variables_on_cpu: bool = False) -> bool:
    """Tell whether TensorFlow would refuse to place a node, an Operation or NodeDef, on a GPU.

    Examples
    --------
    >>> tf.graph_util.must_run_on_cpu(tf.constant("text").op)
    True
    """
    node_def = node.node_def if isinstance(node, Operation) else node
    if not isinstance(getattr(node_def, "op", None), str) or not hasattr(node_def, "attr"):
        raise refused("Operation or NodeDef", "node", node)
    if as_flag(pin_variables_on_cpu, "pin_variables_on_cpu") and node_def.op in _VARIABLE_OPS:
        return True
    key = {"Const": "dtype", "DynamicStitch": "T", "ParallelDynamicStitch": "T", "Cast": "SrcT"}.get(node_def.op)
    if key is None:
        return False
    found = as_dtype(attribute(node_def, key).type)
    return found == as_dtype("int32") or (node_def.op == "Const" and found == as_dtype("string"))


@export("graph_util.tensor_shape_from_node_def_name")
def tensor_shape_from_node_def_name(graph: Any, input_name: str) -> Any:
    """Return the static shape of a tensor by its name in a NodeDef's inputs: "node" is "node:0"."""
    name = as_text(input_name, "input_name")
    if not hasattr(graph, "get_tensor_by_name"):
        raise refused("Graph", "graph", graph)
    return graph.get_tensor_by_name(name if ":" in name else f"{name}:0").get_shape()

"""Variables in files become constants: whoever took the handle of a variable takes its value then.

Branches and loops take handles as inputs and read the variable inside, so their functions are rewritten as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from flowlab._src.graph.dtypes import as_dtype
from flowlab._src.graph.graphdef import attr_value
from flowlab._src.graph.graphdef_attributes import attribute
from flowlab._src.graph.tensor_proto import to_proto

LOOPS = frozenset(["While", "StatelessWhile"])
BRANCHES = frozenset(["If", "StatelessIf"])


def freeze(graph_def: Any, values: dict[str, np.ndarray]) -> Any:
    """A GraphDef with constants in place of the variables whose values are given by their names."""
    from flowlab._src.formats import messages

    result = messages.GraphDef()
    result.library.CopyFrom(graph_def.library)
    result.versions.CopyFrom(graph_def.versions)
    functions = {function.signature.name: function for function in result.library.function}
    handles = {
        node.name: values[node.name].dtype
        for node in graph_def.node
        if node.op == "VarHandleOp" and node.name in values
    }
    freezer = _Freezer(functions)
    for node in freezer.nodes(graph_def.node, {name: as_dtype(dtype) for name, dtype in handles.items()}, False):
        result.node.append(constant(node.name, values[node.name]) if node.name in values else node)
    return result


def constant(name: str, value: np.ndarray) -> Any:
    """A NodeDef with a value."""
    from flowlab._src.formats import messages

    node = messages.NodeDef(name=name, op="Const")
    dtype = as_dtype(value.dtype)
    node.attr["dtype"].CopyFrom(attr_value("type", dtype))
    node.attr["value"].tensor.CopyFrom(to_proto(value, dtype))
    return node


class _Freezer:
    """Rewrites nodes, and the functions that they call."""

    def __init__(self, functions: dict[str, Any]) -> None:
        self.functions = functions
        self.done: set[str] = set()

    def nodes(self, nodes: Iterable[Any], known: dict[str, Any], inside: bool) -> list[Any]:
        """The nodes with values for handles; `known` are the types of the variables, by the texts of their handles."""
        result: list[Any] = []
        for node in nodes:
            taken = {i: known[text] for i, text in enumerate(node.input) if text in known}
            if not taken:
                result.append(node)
            elif node.op == "ReadVariableOp":
                result.append(_identity(node, taken[0]))
            elif node.op == "ResourceGather":
                result += _gather(node, taken[0], inside)
            elif node.op == "Identity":
                result.append(_identity(node, taken[0]))
                known[f"{node.name}:output:0" if inside else node.name] = taken[0]
            elif node.op in LOOPS or node.op in BRANCHES:
                result.append(self.control_flow(node, taken))
            else:
                result.append(node)
        return result

    def control_flow(self, node: Any, taken: dict[int, Any]) -> Any:
        """A branch or loop that takes values."""
        copy = type(node)()
        copy.CopyFrom(node)
        loop = node.op in LOOPS
        positions = taken if loop else {i - 1: dtype for i, dtype in taken.items()}
        types = copy.attr["T" if loop else "Tin"].list
        for i, dtype in positions.items():
            types.type[i] = dtype.as_datatype_enum
            if loop and i < len(attribute(copy, "output_shapes").list.shape):
                copy.attr["output_shapes"].list.shape[i].Clear()
                copy.attr["output_shapes"].list.shape[i].unknown_rank = True
        for field in ("cond", "body") if loop else ("then_branch", "else_branch"):
            self.function(copy.attr[field].func.name, positions, loop and field == "body")
        return copy

    def function(self, name: str, positions: dict[int, Any], is_body: bool) -> None:
        """Let a function take values at these positions; a loop's body hands them on."""
        function = self.functions.get(name)
        if function is None or name in self.done:
            return
        self.done.add(name)
        known = {}
        for i, dtype in positions.items():
            function.signature.input_arg[i].type = dtype.as_datatype_enum
            known[function.signature.input_arg[i].name] = dtype
            if is_body:
                function.signature.output_arg[i].type = dtype.as_datatype_enum
        reads = {node.name for node in function.node_def if node.op == "ReadVariableOp" and node.input[0] in known}
        nodes = self.nodes(list(function.node_def), known, True)
        del function.node_def[:]
        function.node_def.extend(nodes)
        renamed = {f"{name}:value:0": f"{name}:output:0" for name in reads}
        for node in function.node_def:
            for i, text in enumerate(node.input):
                node.input[i] = renamed.get(text, text)
        for key, text in function.ret.items():
            function.ret[key] = renamed.get(text, text)


def _identity(node: Any, dtype: Any) -> Any:
    """What hands a value on, in place of a node that read the variable or handed on its handle."""
    from flowlab._src.formats import messages

    result = messages.NodeDef(name=node.name, op="Identity", input=node.input, device=node.device)
    result.attr["T"].CopyFrom(attr_value("type", dtype))
    if "_class" in node.attr:
        result.attr["_class"].CopyFrom(node.attr["_class"])
    return result


def _gather(node: Any, dtype: Any, inside: bool) -> list[Any]:
    """Rows of a value, in place of rows of a variable."""
    from flowlab._src.formats import messages

    batch_dims = attribute(node, "batch_dims").i
    axis = constant(f"{node.name}/axis", np.array(batch_dims, np.int32))
    result = messages.NodeDef(name=node.name, op="GatherV2", device=node.device)
    result.input.extend([*node.input[:2], f"{axis.name}:output:0" if inside else axis.name, *node.input[2:]])
    result.attr["Tparams"].CopyFrom(attr_value("type", dtype))
    result.attr["Tindices"].CopyFrom(node.attr["Tindices"])
    result.attr["Taxis"].CopyFrom(attr_value("type", "int32"))
    result.attr["batch_dims"].i = batch_dims
    return [axis, result]

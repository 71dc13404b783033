"""Graphs as messages: `graph.as_graph_def()`, `operation.node_def`, `operation.op_def`.

The attributes of a node come from `op_table.attributes_of`; here they become the messages of TensorFlow's files.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from flowlab._src.graph.dtypes import as_dtype
from flowlab._src.graph.op_table import NO_DEFAULT, Argument, Definition, attributes_of, declared, definition_of
from flowlab._src.graph.shape import as_shape
from flowlab._src.graph.tensor_proto import shape_to_proto, to_proto

if TYPE_CHECKING:
    from flowlab._src.graph.graph import Graph
    from flowlab._src.graph.op import Op
    from flowlab._src.graph.operation import Operation
    from flowlab._src.graph.tensor import Tensor

PRODUCER = 134  # the version of the format that TensorFlow 1.15 writes
FUNCTIONS = 12  # the oldest version that has functions


# ---- attributes ----------------------------------------------------------------------------------------------------


def attr_value(kind: str, value: Any) -> Any:
    """The message of one attribute."""
    from flowlab._src.formats import messages

    result = messages.AttrValue()
    if kind.startswith("list("):
        element = kind[5:-1]
        result.list.SetInParent()
        items = [plain(element, item) for item in (() if value is None else value)]
        getattr(result.list, _FIELDS[element]).extend(items)
    elif kind in _MESSAGES:
        getattr(result, _FIELDS[kind]).CopyFrom(plain(kind, value))
    else:
        setattr(result, _FIELDS[kind], plain(kind, value))
    return result


_FIELDS = {"string": "s", "int": "i", "float": "f", "bool": "b", "type": "type", "shape": "shape", "tensor": "tensor",
           "func": "func"}  # fmt: skip
_MESSAGES = frozenset(["shape", "tensor", "func"])


def plain(kind: str, value: Any) -> Any:
    """A value of an attribute as its message field takes it."""
    if kind == "string":
        return value if isinstance(value, bytes) else str(value).encode("utf-8")
    if kind == "type":
        return as_dtype(value).base_dtype.as_datatype_enum
    if kind == "shape":
        return shape_to_proto(as_shape(value))
    if kind == "tensor":
        array = np.asarray(value)
        return to_proto(array, as_dtype(array.dtype))
    if kind == "func":
        from flowlab._src.formats import messages

        return value if isinstance(value, messages.NameAttrList) else messages.NameAttrList(name=str(value))
    return {"int": int, "float": float, "bool": bool}[kind](value)


def attribute_messages(node: Operation) -> dict[str, Any]:
    """The attributes of a node as messages, those included that every kind of node may have."""
    definition = definition_of(type(node.definition))
    result = {}
    for name, value in attributes_of(node).items():
        declaration = definition.attributes.get(name)
        if value is None:
            continue
        if declaration is None:  # a field that TensorFlow has not; it lets names pass that start with an underscore
            if value != node.definition.defaults.get(name):
                result[f"_{name}"] = attr_value(guess_kind(value), value)
            continue
        result[name] = attr_value(declaration.kind, value)
    if node.definition.is_constant:
        result["value"].tensor.CopyFrom(to_proto(node.definition.value, node.definition.dtype))  # type: ignore[attr-defined]
    return {**result, **common_attributes(node)}


def common_attributes(node: Operation) -> dict[str, Any]:
    """The attributes that every kind of node may have."""
    result = {}
    if node._colocation:
        result["_class"] = attr_value("list(string)", sorted(set(node._colocation)))
    if node._gradient_name is not None:
        result["_gradient_op_type"] = attr_value("string", node._gradient_name)
    return result


def guess_kind(value: Any) -> str:
    """The kind of attribute that a value would be."""
    if isinstance(value, (list, tuple)):
        return f"list({guess_kind(value[0]) if value else 'int'})"
    kinds = [(bool, "bool"), (int, "int"), (float, "float"), (np.ndarray, "tensor")]
    return next((kind for cls, kind in kinds if isinstance(value, cls)), "string")


def read_attribute(node: Operation, name: str) -> Any:
    """An attribute as `operation.get_attr` gives it; KeyError when there is none of that name.

    Text is bytes, shapes and tensors are messages, types are DTypes.
    """
    from flowlab._src.formats import messages

    definition = definition_of(type(node.definition))
    values = attributes_of(node)
    if name in values and name in definition.attributes:
        kind, value = definition.attributes[name].kind, values[name]
        if kind in ("int", "float", "bool", "type") and value is not None:
            return value
    elif name in definition.attributes and definition.attributes[name].default is not NO_DEFAULT:
        kind, value = definition.attributes[name].kind, definition.attributes[name].default
        message = attr_value(kind, value)
        return _from_message(message)
    found = attribute_messages(node).get(name)
    if found is None:
        raise KeyError(name)
    assert isinstance(found, messages.AttrValue)
    return _from_message(found)


def _from_message(message: Any) -> Any:
    kind = message.WhichOneof("value")
    if kind == "list":
        fields = ("s", "i", "f", "b", "type", "shape", "tensor", "func")
        found = next((field for field in fields if getattr(message.list, field)), None)
        items = list(getattr(message.list, found)) if found else []
        return [as_dtype(item) for item in items] if found == "type" else items
    value = getattr(message, kind)
    return as_dtype(value) if kind == "type" else value


# ---- nodes ---------------------------------------------------------------------------------------------------------


def node_def(node: Operation, add_shapes: bool = False) -> Any:
    """The message of one node."""
    from flowlab._src.formats import messages

    if node.definition.nested:
        return _control_flow_defs(node)[-1]
    result = messages.NodeDef(name=node.name, op=node.type, device=node.device)
    result.input.extend(_input_text(tensor) for tensor in node._inputs)
    result.input.extend(f"^{other.name}" for other in node._control_inputs)
    for name, message in attribute_messages(node).items():
        result.attr[name].CopyFrom(message)
    if add_shapes and node._outputs:
        shapes = [tensor._shape for tensor in node._outputs]
        result.attr["_output_shapes"].CopyFrom(attr_value("list(shape)", shapes))
    return result


def _control_flow_defs(node: Operation) -> list[Any]:
    """The messages of a node that has bodies, and of what files need besides; its own is the last."""
    from flowlab._src.graph.graphdef_functions import control_flow_defs
    from flowlab._src.graph.graphdef_tapes import Page

    return control_flow_defs(node, Page())


def _input_text(tensor: Tensor) -> str:
    """A tensor as the inputs of a NodeDef name it: "node", "node:1"."""
    if tensor._op.definition.nested:
        from flowlab._src.graph.graphdef_tapes import Page

        return Page().text(tensor)
    return tensor._as_node_def_input()


def op_def(op: type[Op] | str) -> Any:
    """The message that declares a kind of operation, by its class or name; LookupError for an unknown name."""
    from flowlab._src.formats import messages

    definition = declared(op) if isinstance(op, str) else definition_of(op)
    if definition is None:
        raise LookupError(op)
    result = messages.OpDef(name=definition.name)
    for argument in definition.inputs:
        result.input_arg.append(_argument_def(argument, definition))
    for argument in definition.outputs:
        result.output_arg.append(_argument_def(argument, definition))
    for attribute in definition.attributes.values():
        entry = result.attr.add(name=attribute.name, type=attribute.kind)
        if attribute.minimum is not None:
            entry.has_minimum, entry.minimum = True, attribute.minimum
        if attribute.allowed is not None:
            kind = attribute.kind.removeprefix("list(").removesuffix(")")
            entry.allowed_values.CopyFrom(attr_value(f"list({kind})", attribute.allowed))
        if attribute.default is not NO_DEFAULT:
            entry.default_value.CopyFrom(attr_value(attribute.kind, attribute.default))
    result.is_stateful = "stateful" in definition.flags
    result.is_commutative = "commutative" in definition.flags
    result.is_aggregate = "aggregate" in definition.flags
    result.allows_uninitialized_input = "uninitialized" in definition.flags
    return result


def _argument_def(argument: Argument, definition: Definition) -> Any:
    from flowlab._src.formats import messages

    result = messages.OpDef.ArgDef(name=argument.name, is_ref=argument.is_ref)
    result.number_attr, result.type_list_attr = argument.number, argument.types
    if argument.type in definition.attributes:
        result.type_attr = argument.type
    elif argument.type:
        result.type = as_dtype(argument.type).as_datatype_enum
    return result


# ---- graphs --------------------------------------------------------------------------------------------------------


def graph_def(operations: Iterable[Operation], add_shapes: bool = False) -> Any:
    """The message of some nodes."""
    from flowlab._src.formats import messages

    result = messages.GraphDef()
    result.versions.producer = PRODUCER
    for node in operations:
        if node._body is not None:
            continue
        if not node.definition.nested:
            result.node.append(node_def(node, add_shapes))
        else:
            from flowlab._src.graph.graphdef_functions import function_defs

            result.node.extend(_control_flow_defs(node))
            result.library.function.extend(function_defs(node))
            result.versions.min_consumer = FUNCTIONS
    return result


def graph_to_def(graph: Graph, from_version: Any = None, add_shapes: bool = False) -> Any:
    """The message of a graph, or of what was added to it since a version."""
    start = 0
    if from_version is not None:
        if not isinstance(from_version, int):
            raise TypeError(f"from_version must be a number, the version that a graph had, not {from_version!r}.")
        start = max(from_version, 0)
    return graph_def(graph.get_operations()[start:], add_shapes)

"""Attributes read from files: from the messages of a NodeDef to the op of one of our classes."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from flowlab._src.errors import UnimplementedError
from flowlab._src.graph import registry
from flowlab._src.graph.dtypes import DType, as_dtype
from flowlab._src.graph.op import Op
from flowlab._src.graph.op_table import NO_DEFAULT, Argument, Attribute, Definition, definition_of
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor_proto import from_proto, read_shape

# Attributes that change how fast a node runs and never what it gives: a class may lack them.
WITHOUT_EFFECT = frozenset(
    ["parallel_iterations", "swap_memory", "use_cudnn_on_gpu", "use_locking", "validate_shape", "container", "shared_name", "grad_a",
     "grad_b", "lower_using_switch_merge", "config_proto", "executor_type", "config", "debug_name",
     "allowed_devices", "_num_original_outputs", "_read_only_resource_inputs", "use_node_name_sharing", "sparse_gradient"]
)  # fmt: skip


def attribute(node: Any, name: str) -> Any:
    """The message of one attribute, an empty one when there is none. (`node.attr[name]` would add it to the node.)"""
    from flowlab._src.formats import messages

    return node.attr[name] if name in node.attr else messages.AttrValue()


def read_attributes(node: Any, definition: Definition) -> dict[str, Any]:
    """The attributes of a NodeDef as plain values, defaults included; ValueError in TensorFlow's words."""
    result = {}
    for declaration in definition.attributes.values():
        if declaration.name in node.attr:
            result[declaration.name] = read_value(node.attr[declaration.name], declaration, node)
        elif declaration.default is not NO_DEFAULT:
            result[declaration.name] = default_value(declaration)
        elif declaration.kind != "func":
            raise ValueError(
                f"NodeDef missing attr '{declaration.name}' from Op<name={definition.name}>; NodeDef: {{{{node {node.name}}}}}"
            )
    return result


_FIELDS = {"s": "string", "i": "int", "f": "float", "b": "bool", "type": "type", "shape": "shape", "tensor": "tensor",
           "func": "func", "placeholder": "placeholder"}  # fmt: skip
_LIST_FIELDS = {kind: field for field, kind in _FIELDS.items()}


def read_value(message: Any, declaration: Attribute, node: Any) -> Any:
    """The value of one attribute, checked against its declaration."""
    field = message.WhichOneof("value")
    if declaration.kind.startswith("list("):
        kind = declaration.kind[5:-1]
        if field != "list":
            raise _wrong_kind(field, declaration, node)
        found = [name for name in _FIELDS if name != "placeholder" and len(getattr(message.list, name))]
        if found and found != [_LIST_FIELDS[kind]]:
            raise _wrong_kind(f"list({_FIELDS[found[0]]})", declaration, node)
        value: Any = [plain(kind, item, node) for item in getattr(message.list, _LIST_FIELDS[kind])]
        size = len(value)
    else:
        if field is None or _FIELDS.get(field) != declaration.kind:
            raise _wrong_kind(_FIELDS.get(field or "", field), declaration, node)
        value = plain(declaration.kind, getattr(message, field), node)
        size = value if declaration.kind == "int" else 0
    if declaration.minimum is not None and size < declaration.minimum:
        raise ValueError(
            f"Value for attr '{declaration.name}' of {size} must be at least minimum {declaration.minimum}; "
            f"NodeDef: {{{{node {node.name}}}}}"
        )
    if declaration.allowed is not None:
        for item in value if isinstance(value, list) else [value]:
            written = item.decode("utf-8", "replace") if isinstance(item, bytes) else getattr(item, "name", item)
            if written not in declaration.allowed:
                allowed = ", ".join(map(str, declaration.allowed))
                raise ValueError(
                    f"Value for attr '{declaration.name}' of {written} is not in the list of allowed values: {allowed}; "
                    f"NodeDef: {{{{node {node.name}}}}}"
                )
    return value


def _wrong_kind(found: Any, declaration: Attribute, node: Any) -> ValueError:
    return ValueError(
        f"AttrValue had value with type '{found}' when '{declaration.kind}' expected for attr '{declaration.name}'; "
        f"NodeDef: {{{{node {node.name}}}}}"
    )


def plain(kind: str, item: Any, node: Any) -> Any:
    """One value out of its message."""
    if kind == "type":
        try:
            return as_dtype(int(item)).base_dtype
        except TypeError:
            raise ValueError(f"{item} is the number of no element type; NodeDef: {{{{node {node.name}}}}}") from None
    if kind == "shape":
        return read_shape(item)
    if kind == "tensor":
        try:
            return from_proto(item)
        except (ValueError, TypeError) as error:
            raise ValueError(f"Cannot parse tensor from proto: {error} NodeDef: {{{{node {node.name}}}}}") from None
    if kind == "float":  # files hold 32 bits: 0.2 is the number meant by 0.20000000298
        return float(str(np.float32(item)))
    return item


def default_value(declaration: Attribute) -> Any:
    """The default of an attribute, in the same form as a value that was read."""

    def convert(kind: str, item: Any) -> Any:
        if kind == "type":
            return as_dtype(item)
        if kind == "shape":
            return TensorShape(None if item is None else [None if size < 0 else size for size in item])
        return item.encode("utf-8") if kind == "string" else item

    value = declaration.default
    if declaration.kind.startswith("list("):
        return [convert(declaration.kind[5:-1], item) for item in value or ()]
    return convert(declaration.kind, value)


# ---- the op --------------------------------------------------------------------------------------------------------


def make_op(node: Any, values: dict[str, Any], definition: Definition) -> Op:
    """The op of a NodeDef whose attributes were read.

    Raises
    ------
    UnimplementedError
        If an attribute asks for something that the class knows nothing of.
    """
    cls = registry.lookup(node.op)
    fields = {}
    for field in cls.fields:
        name = field.rstrip("_")
        if name in values:
            fields[field] = _for_field(cls, field, values[name])
        elif f"_{name}" in node.attr:  # an attribute that TensorFlow does not have
            message = node.attr[f"_{name}"]
            fields[field] = _for_field(cls, field, _anything(message))
    for name, value in values.items():
        declaration = definition.attributes[name]
        if (
            name in node.attr
            and name not in cls.fields
            and f"{name}_" not in cls.fields
            and name not in WITHOUT_EFFECT
            and name not in _told_by_tensors(definition)
            and (declaration.default is NO_DEFAULT or value != default_value(declaration))
        ):
            raise UnimplementedError(
                None,
                None,
                f"{node.op} with the attribute {name} = {value!r} is not implemented here: node '{node.name}'.",
            )
    if cls.is_constant and as_dtype(fields["value"].dtype) is not fields["dtype"]:
        found = as_dtype(fields["value"].dtype).name
        raise ValueError(
            f"A constant of {fields['dtype'].name} holds a tensor of {found}; NodeDef: {{{{node {node.name}}}}}"
        )
    try:
        return cls(**fields)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{error}; NodeDef: {{{{node {node.name}}}}}") from None


def op_of_messages(op_type: str, attributes: dict[str, Any], name: str) -> Op:
    """The op of a kind whose attributes are given as messages."""
    from flowlab._src.formats import messages

    node = messages.NodeDef(name=name, op=op_type)
    for key, value in attributes.items():
        node.attr[key].CopyFrom(value)
    definition = definition_of(registry.lookup(op_type))
    return make_op(node, read_attributes(node, definition), definition)


def _anything(message: Any) -> Any:
    kind = message.WhichOneof("value")
    if kind == "list":
        return next((list(getattr(message.list, field)) for field in _FIELDS if getattr(message.list, field, None)), [])
    return getattr(message, kind) if kind else None


def _told_by_tensors(definition: Definition) -> set[str]:
    """The attributes that follow from the inputs and outputs of a node."""
    arguments = definition.inputs + definition.outputs
    return {name for argument in arguments for name in (argument.type, argument.number, argument.types)}


def _for_field(cls: type[Op], field: str, value: Any) -> Any:
    """A value in the form that the field of a class has: text instead of bytes, say."""
    hints = [inspect.get_annotations(base) for base in cls.__mro__]
    hint = next(str(each[field]) for each in hints if field in each)
    if isinstance(value, bytes) and "bytes" not in hint:
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, list):
        items = [
            item.decode("utf-8", "surrogateescape") if isinstance(item, bytes) and "bytes" not in hint else item
            for item in value
        ]
        return tuple(items) if hint.startswith("tuple") else items
    return value


# ---- what a node's inputs must be ----------------------------------------------------------------------------------


def expected_inputs(arguments: tuple[Argument, ...], values: dict[str, Any]) -> list[tuple[DType, bool]]:
    """The types of all inputs, or outputs, of a node with these attributes, and whether each is a reference."""
    result: list[tuple[DType, bool]] = []
    for argument in arguments:
        if argument.types:
            result += [(dtype, argument.is_ref) for dtype in values[argument.types]]
            continue
        dtype = values[argument.type] if argument.type in values else as_dtype(argument.type)
        result += [(dtype, argument.is_ref)] * (values[argument.number] if argument.number else 1)
    return result

"""Branches and loop bodies in files: each becomes a function of the GraphDef's library, which the node calls by name.

`If` and `While` are written as TensorFlow's operations of these names: what a body captures becomes inputs of the node
and arguments of its functions. Two things are ours alone, and TensorFlow does not load a file that has them: loops that
run backwards (`WhileGrad`) and the tape from which they read what a forward body had computed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flowlab._src.graph.body import Body, BodyInput
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.graphdef import attr_value, attribute_messages, common_attributes, node_def
from flowlab._src.graph.op_table import definition_of, group_outputs
from flowlab._src.graph.tensor import Tensor

if TYPE_CHECKING:
    from flowlab._src.graph.operation import Operation

OWN_NAMES = "_flowlab_names"  # marks a function whose nodes have the names that they had in the graph
TAPE = "_flowlab_tape"  # how many inputs of a node, the first ones, are tapes


def function_name(node: Operation, attribute: str) -> str:
    """The name of the function that holds a body of a node."""
    return f"{node.name.replace('/', '__')}_{attribute}"


def bodies_of(node: Operation) -> dict[str, Body]:
    """The bodies of a control-flow node by the attribute that names them in files."""
    definition = node.definition
    found = {f: definition.__dict__[f] for f in definition.fields if isinstance(definition.__dict__[f], Body)}
    return {"cond" if field == "condition" else field: body for field, body in found.items()}


def operations_of(body: Body) -> list[Operation]:
    """The operations that belong to a body, in the order of their making."""
    return [op for op in body.graph.get_operations() if op._body is body]


# ---- the node ------------------------------------------------------------------------------------------------------


def output_index(tensor: Tensor) -> int:
    """The number of an output in files. A While has as many as it has inputs there; the tape comes after those."""
    node = tensor._op
    if node.definition.nested and tensor is node._outputs[-1] and node.type == "While":
        return len(node._inputs)
    return tensor._value_index


def is_tape(tensor: Tensor) -> bool:
    """Whether a tensor is the tape of a control-flow node, as seen from anywhere."""
    definition = tensor._op.definition
    if isinstance(definition, BodyInput) and definition.source is not None:
        return is_tape(definition.source)
    return definition.nested and tensor is tensor._op._outputs[-1]


def control_flow_def(node: Operation, write_input: Any) -> Any:
    """The NodeDef of `If`, `While` or `WhileGrad`; `write_input` gives the text of an input."""
    from flowlab._src.formats import messages

    bodies = bodies_of(node)
    stateful = any(_has_state(body) for body in bodies.values())
    kind = node.type if stateful or node.type == "WhileGrad" else f"Stateless{node.type}"
    result = messages.NodeDef(name=node.name, op=kind, device=node.device)
    result.input.extend(write_input(tensor) for tensor in node._inputs)
    result.input.extend(f"^{other.name}" for other in node._control_inputs)
    for attribute in bodies:
        result.attr[attribute].func.name = function_name(node, attribute)
    inputs = [tensor._dtype._base for tensor in node._inputs]
    outputs = list(node._outputs[:-1])
    if node.type == "If":
        result.attr["Tcond"].CopyFrom(attr_value("type", inputs[0]))
        result.attr["Tin"].CopyFrom(attr_value("list(type)", inputs[1:]))
        result.attr["Tout"].CopyFrom(attr_value("list(type)", [tensor._dtype._base for tensor in outputs]))
    else:
        result.attr["T"].CopyFrom(attr_value("list(type)", inputs))
    if node.type == "While":
        result.attr["parallel_iterations"].i = node.definition.parallel_iterations  # type: ignore[attr-defined]
        outputs += list(node._inputs[len(outputs) :])  # what stays the same in all iterations comes out as it is
    if node.type == "WhileGrad":
        result.attr["tapes"].i = node.definition.tapes  # type: ignore[attr-defined]
        result.attr["reverse"].b = node.definition.reverse  # type: ignore[attr-defined]
    else:
        result.attr["output_shapes"].CopyFrom(attr_value("list(shape)", [tensor._shape for tensor in outputs]))
    tapes = sum(is_tape(tensor) for tensor in node._inputs)
    if tapes and node.type != "WhileGrad":
        result.attr[TAPE].i = tapes
    for name, message in common_attributes(node).items():
        result.attr[name].CopyFrom(message)
    return result


def _has_state(body: Body) -> bool:
    """Whether something in a body has an effect, or gives another value each time."""
    operations = operations_of(body)
    inner = [part for op in operations if op.definition.nested for part in bodies_of(op).values()]
    return any(op.definition.stateful for op in operations) or any(map(_has_state, inner))


# ---- its functions -------------------------------------------------------------------------------------------------


def function_defs(node: Operation) -> Iterator[Any]:
    """The functions of a control-flow node, and of those inside them."""
    for attribute, body in bodies_of(node).items():
        yield _function_def(node, attribute, body)
        for inner in operations_of(body):
            if inner.definition.nested:
                yield from function_defs(inner)


def _function_def(node: Operation, attribute: str, body: Body) -> Any:
    from flowlab._src.formats import messages

    result = messages.FunctionDef()
    result.signature.name = function_name(node, attribute)
    result.attr[OWN_NAMES].b = True
    arguments: dict[Tensor, str] = {}  # the inputs of the body by the names of the function's arguments
    inputs = node._inputs[1:] if node.type == "If" else node._inputs
    first = node.definition.tapes if node.type == "WhileGrad" else 0  # type: ignore[attr-defined]
    for i, tensor in enumerate(inputs):
        entry = result.signature.input_arg.add(name=f"arg_{i}", type=tensor._dtype._base.as_datatype_enum)
        entry.is_ref = tensor._dtype._is_ref_dtype
        position = i - first
        if node.type != "If" and 0 <= position < len(body.parameters):
            arguments[body.parameters[position]] = entry.name
            result.arg_attr[i].attr[OWN_NAMES].s = body.parameters[position]._op.name.encode()
        elif tensor in body.captured:
            arguments[body.captured[tensor]] = entry.name
    for op in operations_of(body):
        if op._outputs and op._outputs[0] in arguments:
            continue
        result.node_def.append(_inner_node(op, arguments))
    returns = [_reference(tensor, arguments) for tensor in body.outputs]
    dtypes: list[DType] = [tensor._dtype._base for tensor in body.outputs]
    if node.type == "While" and attribute == "body":
        for i, tensor in enumerate(node._inputs[len(body.parameters) :], start=len(body.parameters)):
            returns.append(f"arg_{i}")
            dtypes.append(tensor._dtype._base)
    for i, (text, dtype) in enumerate(zip(returns, dtypes, strict=True)):
        result.signature.output_arg.add(name=f"output_{i}", type=dtype.as_datatype_enum)
        result.ret[f"output_{i}"] = text
    result.signature.is_stateful = _has_state(body)
    return result


def _inner_node(op: Operation, arguments: dict[Tensor, str]) -> Any:
    """The NodeDef of an operation inside a function."""
    from flowlab._src.formats import messages

    if op.definition.nested:
        return control_flow_def(op, lambda tensor: _reference(tensor, arguments))
    if isinstance(op.definition, BodyInput):  # what a forward body had computed
        result = messages.NodeDef(name=op.name, op="BodyInput")
        result.attr["dtype"].CopyFrom(attr_value("type", op.definition.dtype))
        result.attr["shape"].CopyFrom(attr_value("shape", op.definition.shape_))
        if op.definition.recorded is not None:
            result.attr["recorded"].s = op.definition.recorded.name.encode()
        return result
    result = node_def(op)
    del result.input[:]
    result.input.extend(_reference(tensor, arguments) for tensor in op._inputs)
    result.input.extend(f"^{other.name}" for other in op._control_inputs if not _is_argument(other, arguments))
    assert attribute_messages(op).keys() <= set(result.attr)
    return result


def _is_argument(op: Operation, arguments: dict[Tensor, str]) -> bool:
    return bool(op._outputs) and op._outputs[0] in arguments


def _reference(tensor: Tensor, arguments: dict[Tensor, str]) -> str:
    """A tensor as the nodes of a function name it: "arg_0", "node:output:0"."""
    if tensor in arguments:
        return arguments[tensor]
    op = tensor._op
    if op.definition.nested:
        name = "tape" if tensor is op._outputs[-1] else "output"
        return f"{op.name}:{name}:{0 if name == 'tape' else tensor._value_index}"
    definition = definition_of(type(op.definition))
    for argument, group in zip(definition.outputs, group_outputs(op, definition), strict=False):
        if tensor in group:
            return f"{op.name}:{argument.name}:{group.index(tensor)}"
    return f"{op.name}:output:{tensor._value_index}"

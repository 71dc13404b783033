"""Tapes in files: what a branch or loop computed and its gradient looks at, as lists of tensors.

In a graph of flowlab the last output of `If` and `While` is the tape, one value with all that was recorded. TensorFlow
knows no such value. In files a tape is several tensors, its *members*: for each recorded tensor a list (TensorList) with
an element for each iteration, or for a branch with one element if that branch ran; and before the lists of a loop the
number of its iterations. A recorded tensor that is itself a tape, of a loop inside of a loop, has a list for each member.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from flowlab._src.graph.body import Body, BodyInput
from flowlab._src.graph.dtypes import DType, as_dtype, int32, resource, variant
from flowlab._src.graph.graphdef import attr_value
from flowlab._src.graph.op_table import definition_of, group_outputs
from flowlab._src.graph.shape import UNKNOWN
from flowlab._src.graph.tensor import Tensor
from flowlab._src.graph.tensor_proto import to_proto

if TYPE_CHECKING:
    from flowlab._src.graph.operation import Operation


def bodies_of(node: Operation) -> dict[str, Body]:
    """The bodies of a control-flow node by the attribute that names them in files."""
    definition = node.definition
    found = {f: definition.__dict__[f] for f in definition.fields if isinstance(definition.__dict__[f], Body)}
    return {"cond" if field == "condition" else field: body for field, body in found.items()}


def owner_of(tensor: Tensor) -> Operation | None:
    """The control-flow node whose tape a tensor is, as seen from anywhere; None for all other tensors."""
    definition = tensor._op.definition
    if isinstance(definition, BodyInput):
        origin = definition.source if definition.source is not None else definition.recorded
        return None if origin is None else owner_of(origin)
    return tensor._op if definition.nested and tensor is tensor._op._outputs[-1] else None


def is_read(node: Operation) -> bool:
    """Whether somebody reads the tape of a control-flow node."""
    tape = node._outputs[-1]
    return bool(tape._consumers) or (node._body is not None and tape in node._body.recorded)


def recorded_by(node: Operation) -> list[Tensor]:
    """What a tape holds, in order."""
    return [tensor for name, body in bodies_of(node).items() if name != "cond" for tensor in body.recorded]


def kinds(tensor: Tensor) -> list[DType]:
    """The types of the tensors that stand for a tensor in files: one, or the members of a tape."""
    owner = owner_of(tensor)
    return [tensor._dtype._base] if owner is None else members(owner)


def members(node: Operation) -> list[DType]:
    """The types of the members of a tape."""
    lists = [variant for tensor in recorded_by(node) for _ in kinds(tensor)]
    return lists if node.type == "If" else [int32, *lists]


def first_member(node: Operation, recorded: Tensor) -> int:
    """The position among the members of a tape at which the lists of a recorded tensor begin."""
    position = 0 if node.type == "If" else 1
    for tensor in recorded_by(node):
        if tensor is recorded:
            return position
        position += len(kinds(tensor))
    raise AssertionError(f"{recorded.name} is not on the tape of {node.name}")


def stored(kind: DType) -> DType:
    """The type of a list's elements: TensorFlow has no lists of handles, they are wrapped up."""
    return variant if kind is resource else kind


class Page:
    """Where nodes are written: a graph, or a function, in which tensors have other names.

    `arguments` are the texts of the tensors that stand for arguments of the function or for what is read from a tape.
    """

    def __init__(self, arguments: dict[Tensor, list[str]] | None = None) -> None:
        self.is_function = arguments is not None
        self.arguments = {} if arguments is None else arguments
        self.nodes: list[Any] = []

    def texts(self, tensor: Tensor) -> list[str]:
        """A tensor as the inputs of nodes name it: one text, or those of the members of a tape."""
        if tensor in self.arguments:
            return self.arguments[tensor]
        op = tensor._op
        if op.definition.nested:
            return self._of_control_flow(op, tensor)
        if not self.is_function:
            return [tensor._as_node_def_input()]
        definition = definition_of(type(op.definition))
        for argument, group in zip(definition.outputs, group_outputs(op, definition), strict=False):
            if tensor in group:
                return [self.made(op.name, argument.name, group.index(tensor))]
        return [self.made(op.name, "output", tensor._value_index)]

    def text(self, tensor: Tensor) -> str:
        """A tensor that is no tape."""
        (text,) = self.texts(tensor)
        return text

    def _of_control_flow(self, node: Operation, tensor: Tensor) -> list[str]:
        """An output of `If`, `While` or `WhileGrad`, whose places differ in files."""
        values = len(node._outputs) - 1
        shift = 1 if node.type == "WhileGrad" else 0  # the iteration
        if tensor is not node._outputs[-1]:
            return [self.made(node.name, "output", tensor._value_index + shift)]
        first = values + shift
        if node.type == "While":  # what it captures comes out as well
            first = sum(len(kinds(t)) for t in node._inputs)
        count = len(members(node))
        if node.type != "WhileGrad":
            return [self.made(node.name, "output", first + i) for i in range(count)]
        iterations = self.texts(node._inputs[0])[0]
        return [iterations, *(self.made(node.name, "output", first + i) for i in range(count - 1))]

    def made(self, name: str, argument: str, index: int = 0) -> str:
        """An output of a node."""
        if self.is_function:
            return f"{name}:{argument}:{index}"
        return f"{name}:{index}" if index else name

    def add(self, name: str, op: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """Write a node; returns the text of its first output. Attributes are types."""
        from flowlab._src.formats import messages

        node = messages.NodeDef(name=name, op=op)
        node.input.extend(inputs)
        for key, value in attributes.items():
            node.attr[key].CopyFrom(attr_value("type", value))
        self.nodes.append(node)
        return self.made(name, output)

    def constant(self, name: str, value: Any) -> str:
        """Write a constant of int32."""
        text = self.add(name, "Const", [], "output", dtype=int32)
        self.nodes[-1].attr["value"].tensor.CopyFrom(to_proto(np.asarray(value, np.int32), as_dtype("int32")))
        return text

    def empty_list(self, name: str, kind: DType, size: str = "") -> str:
        """Write an empty list, or with `size` one whose elements are set later."""
        shape = self.constant(f"{name}/element_shape", -1)
        types = {"element_dtype": stored(kind), "shape_type": int32}
        if size:
            return self.add(name, "TensorListReserve", [shape, size], "handle", **types)
        most = self.constant(f"{name}/max_num_elements", -1)
        return self.add(name, "EmptyTensorList", [shape, most], "handle", **types)

    def put(self, name: str, values: str, text: str, kind: DType, position: str = "") -> str:
        """Write the list with one more element, or with another one at a position."""
        if stored(kind) is not kind:
            text = self.add(f"{name}/value", "OptionalFromValue", [text], "optional")
            self.nodes[-1].attr["Toutput_types"].CopyFrom(attr_value("list(type)", [kind]))
        op, inputs = ("TensorListSetItem", [values, position]) if position else ("TensorListPushBack", [values])
        return self.add(name, op, [*inputs, text], "output_handle", element_dtype=stored(kind))

    def read(self, inner: Tensor, lists: Sequence[str], position: str) -> list[str]:
        """Write what `inner` stands for: the elements of lists at a position."""
        sizes = inner._shape._dims
        known = -1 if sizes is None else [-1 if size is None else size for size in sizes]
        result = []
        for i, (values, kind) in enumerate(zip(lists, kinds(inner), strict=True)):
            name = f"{inner._op.name}/{i}" if i else inner._op.name
            direct = stored(kind) is kind
            shape = self.constant(f"{name}/element_shape", known if direct and len(lists) == 1 else -1)
            found = name if direct else f"{name}/optional"
            text = self.add(found, "TensorListGetItem", [values, position, shape], "item", element_dtype=stored(kind))
            if not direct:
                text = self.add(name, "OptionalGetValue", [text], "components")
                self.nodes[-1].attr["output_types"].CopyFrom(attr_value("list(type)", [kind]))
                self.nodes[-1].attr["output_shapes"].CopyFrom(attr_value("list(shape)", [UNKNOWN]))
            result.append(text)
        return result

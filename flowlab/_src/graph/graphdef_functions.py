"""Branches and loop bodies in files: each becomes a function of the GraphDef's library, which the node calls by name.

`If` and `While` are written as TensorFlow's operations of these names: what a body captures becomes inputs of the node
and arguments of its functions. A loop that runs backwards (`WhileGrad`) is a `While` that counts the iterations and looks
their values up in lists, see `graphdef_tapes.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from flowlab._src.graph.body import Body, BodyInput
from flowlab._src.graph.dtypes import DType, int32, variant
from flowlab._src.graph.graphdef import attr_value, attribute_messages, common_attributes, node_def
from flowlab._src.graph.graphdef_tapes import Page, bodies_of, first_member, is_read, kinds, members, recorded_by
from flowlab._src.graph.op_table import definition_of
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor

if TYPE_CHECKING:
    from flowlab._src.graph.operation import Operation

OWN_NAMES = "_flowlab_names"  # marks a function whose nodes have the names that they had in the graph
SCALAR = TensorShape.of(())


def function_name(node: Operation, attribute: str) -> str:
    """The name of the function that holds a body of a node."""
    return f"{node.name.replace('/', '__')}_{attribute}"


def operations_of(body: Body) -> list[Operation]:
    """The operations that belong to a body, in the order of their making."""
    return [op for op in body.graph.get_operations() if op._body is body]


# ---- the node ------------------------------------------------------------------------------------------------------


def control_flow_defs(node: Operation, page: Page) -> list[Any]:
    """The NodeDefs of `If`, `While` or `WhileGrad`: the node, the last one, and before it what it needs besides."""
    from flowlab._src.formats import messages

    before = len(page.nodes)
    stateful = any(_has_state(body) for body in bodies_of(node).values())
    kind = "If" if node.type == "If" else "While"
    result = messages.NodeDef(name=node.name, op=kind if stateful else f"Stateless{kind}", device=node.device)
    if kind == "If":
        _write_if(node, page, result)
    else:
        _write_loop(node, page, result)
    result.input.extend(
        f"^{other.name}"
        for other in node._control_inputs
        if not other._outputs or other._outputs[0] not in page.arguments
    )
    for name, message in common_attributes(node).items():
        result.attr[name].CopyFrom(message)
    page.nodes.append(result)
    return page.nodes[before:]


def _write_if(node: Operation, page: Page, result: Any) -> None:
    result.input.extend(text for tensor in node._inputs for text in page.texts(tensor))
    for attribute in bodies_of(node):
        result.attr[attribute].func.name = function_name(node, attribute)
    inputs = [kind for tensor in node._inputs for kind in kinds(tensor)]
    lists = members(node) if is_read(node) else []
    outputs = [tensor._dtype._base for tensor in node._outputs[:-1]]
    shapes = [tensor._shape for tensor in node._outputs[:-1]]
    result.attr["Tcond"].CopyFrom(attr_value("type", inputs[0]))
    result.attr["Tin"].CopyFrom(attr_value("list(type)", inputs[1:]))
    result.attr["Tout"].CopyFrom(attr_value("list(type)", outputs + lists))
    result.attr["output_shapes"].CopyFrom(attr_value("list(shape)", shapes + [SCALAR] * len(lists)))


def _write_loop(node: Operation, page: Page, result: Any) -> None:
    """A loop has as many outputs as inputs: what stays the same in all iterations comes out as it is."""
    texts, types, shapes = [], [], []

    def enter(text: str, kind: DType, shape: TensorShape) -> None:
        texts.append(text)
        types.append(kind)
        shapes.append(shape)

    definition: Any = node.definition
    backward = node.type == "WhileGrad"
    tapes = node._inputs[: definition.tapes] if backward else []
    values = node._inputs[len(tapes) :]
    if backward:
        iterations = page.texts(tapes[0])[0]
        start = page.constant(f"{node.name}/first", 1 if definition.reverse else 0)
        if definition.reverse:
            start = page.add(f"{node.name}/last", "Sub", [iterations, start], "z", T=int32)
        enter(start, int32, SCALAR)
    count = len(node._outputs) - 1
    for i, tensor in enumerate(values[:count]):
        enter(page.text(tensor), tensor._dtype._base, node._outputs[i]._shape)
    lists = [kind for tensor in recorded_by(node) for kind in kinds(tensor)] if is_read(node) else []
    if backward:
        for i, kind in enumerate(lists):
            enter(page.empty_list(f"{node.name}/list_{i}", kind, iterations), variant, SCALAR)
    for tensor in [*values[count:], *tapes]:
        for text, kind in zip(page.texts(tensor), kinds(tensor), strict=True):
            enter(text, kind, tensor._shape)
    if not backward and is_read(node):
        enter(page.constant(f"{node.name}/count", 0), int32, SCALAR)
        for i, kind in enumerate(lists):
            enter(page.empty_list(f"{node.name}/list_{i}", kind), variant, SCALAR)
    result.input.extend(texts)
    result.attr["T"].CopyFrom(attr_value("list(type)", types))
    for attribute in ("cond", "body"):
        result.attr[attribute].func.name = function_name(node, attribute)
    result.attr["output_shapes"].CopyFrom(attr_value("list(shape)", shapes))
    result.attr["parallel_iterations"].i = 10 if backward else definition.parallel_iterations


def _has_state(body: Body) -> bool:
    """Whether something in a body has an effect, or gives another value each time."""
    operations = operations_of(body)
    inner = [part for op in operations if op.definition.nested for part in bodies_of(op).values()]
    return any(map(_is_stateful, operations)) or any(map(_has_state, inner))


def _is_stateful(op: Operation) -> bool:
    return op.definition.stateful or "stateful" in definition_of(type(op.definition)).flags


# ---- its functions -------------------------------------------------------------------------------------------------


def function_defs(node: Operation) -> Iterator[Any]:
    """The functions of a control-flow node, and of those inside them."""
    if node.type == "WhileGrad":
        yield _countdown(node)
    for attribute, body in bodies_of(node).items():
        yield _function_def(node, attribute, body)
        for inner in operations_of(body):
            if inner.definition.nested:
                yield from function_defs(inner)


class _Function:
    """A function while it is written."""

    def __init__(self, name: str) -> None:
        from flowlab._src.formats import messages

        self.message = messages.FunctionDef()
        self.message.signature.name = name
        self.message.attr[OWN_NAMES].b = True
        self.page = Page({})

    def take(self, kind: DType, own_name: str = "", is_ref: bool = False) -> str:
        """Add an argument; `own_name` is that of the loop variable it is."""
        arguments = self.message.signature.input_arg
        name = f"arg_{len(arguments)}"
        arguments.add(name=name, type=kind.as_datatype_enum).is_ref = is_ref
        if own_name:
            self.message.arg_attr[len(arguments) - 1].attr[OWN_NAMES].s = own_name.encode()
        return name

    def take_all(self, tensors: Sequence[Tensor]) -> dict[Tensor, list[str]]:
        """Add arguments for tensors of the surroundings, for the members of those that are tapes."""
        return {t: [self.take(kind, is_ref=t._dtype._is_ref_dtype) for kind in kinds(t)] for t in tensors}

    def give(self, text: str, kind: DType) -> None:
        """Add a result."""
        results = self.message.signature.output_arg
        name = f"output_{len(results)}"
        results.add(name=name, type=kind.as_datatype_enum)
        self.message.ret[name] = text

    def finish(self, stateful: bool) -> Any:
        """The message."""
        self.message.node_def.extend(self.page.nodes)
        self.message.signature.is_stateful = stateful
        return self.message


def _function_def(node: Operation, attribute: str, body: Body) -> Any:
    function = _Function(function_name(node, attribute))
    page = function.page
    definition: Any = node.definition
    backward, is_loop = node.type == "WhileGrad", node.type != "If"
    tapes = node._inputs[: definition.tapes] if backward else []
    values = node._inputs[len(tapes) if is_loop else 1 :]
    iteration = function.take(int32, f"{node.name}/iteration") if backward else ""
    count = len(body.parameters)
    for parameter in body.parameters:
        page.arguments[parameter] = [function.take(parameter._dtype._base, parameter._op.name)]
    listed = [(tensor, kind) for tensor in recorded_by(node) for kind in kinds(tensor)] if is_read(node) else []
    lists = [function.take(variant) for _ in listed] if backward else []
    outer = function.take_all([*values[count:], *tapes])
    for tensor, texts in outer.items():
        if tensor in body.captured:
            page.arguments[body.captured[tensor]] = texts
    if is_loop and not backward and is_read(node):
        iteration = function.take(int32)
        lists = [function.take(variant) for _ in listed]
    position = iteration if backward else ""
    for op in operations_of(body):
        if op._outputs and op._outputs[0] in page.arguments:
            continue
        if not isinstance(op.definition, BodyInput):
            _write_inner(op, page)
            continue
        recorded = op.definition.recorded  # what a forward body had computed
        owner = recorded._op._body
        tape = outer[body.outside(owner.tape)]
        first = first_member(owner.tape._op, recorded)
        position = position or page.constant(f"{node.name}/{attribute}/only", 0)
        page.arguments[op._outputs[0]] = page.read(op._outputs[0], tape[first : first + len(kinds(recorded))], position)
    results = [(page.text(tensor), tensor._dtype._base) for tensor in body.outputs]
    if attribute == "cond":
        function.give(*results[0])
        return function.finish(_has_state(body))
    if backward:
        step = page.constant(f"{node.name}/step", -1 if definition.reverse else 1)
        function.give(page.add(f"{node.name}/next", "AddV2", [iteration, step], "z", T=int32), int32)
    for text, kind in results:
        function.give(text, kind)
    unchanged = [(text, kind) for t, texts in outer.items() for text, kind in zip(texts, kinds(t), strict=True)]
    if is_loop and not backward:
        for text, kind in unchanged:
            function.give(text, kind)
        if is_read(node):
            step = page.constant(f"{node.name}/step", 1)
            function.give(page.add(f"{node.name}/next", "AddV2", [iteration, step], "z", T=int32), int32)
    here = {tensor: page.texts(tensor) for tensor in body.recorded} if listed else {}
    seen: dict[Tensor, int] = {}
    for i, (tensor, kind) in enumerate(listed):
        k = seen[tensor] = seen.get(tensor, -1) + 1
        name = f"{node.name}/{attribute}/list_{i}"
        if backward:
            function.give(page.put(name, lists[i], here[tensor][k], kind, iteration), variant)
        elif is_loop:
            function.give(page.put(name, lists[i], here[tensor][k], kind), variant)
        else:  # the list of the branch that does not run stays empty
            values_of = page.empty_list(f"{name}/empty", kind)
            text = page.put(name, values_of, here[tensor][k], kind) if tensor in here else values_of
            function.give(text, variant)
    if backward:
        for text, kind in unchanged:
            function.give(text, kind)
    return function.finish(_has_state(body))


def _countdown(node: Operation) -> Any:
    """The condition of a loop over the iterations of a tape."""
    function = _Function(function_name(node, "cond"))
    page = function.page
    definition: Any = node.definition
    iteration = function.take(int32, f"{node.name}/countdown")
    for tensor in node._outputs[:-1]:
        function.take(tensor._dtype._base)
    for _ in range(len(members(node)) - 1 if is_read(node) else 0):
        function.take(variant)
    outer = function.take_all(
        [*node._inputs[definition.tapes + len(node._outputs) - 1 :], *node._inputs[: definition.tapes]]
    )
    if definition.reverse:
        last = page.constant(f"{node.name}/cond/zero", 0)
        text = page.add(f"{node.name}/cond/holds", "GreaterEqual", [iteration, last], "z", T=int32)
    else:
        iterations = outer[node._inputs[0]][0]
        text = page.add(f"{node.name}/cond/holds", "Less", [iteration, iterations], "z", T=int32)
    from flowlab._src.graph.dtypes import bool_

    function.give(text, bool_)
    return function.finish(False)


def _write_inner(op: Operation, page: Page) -> None:
    """Write an operation inside a function."""
    if op.definition.nested:
        control_flow_defs(op, page)
        return
    result = node_def(op)
    del result.input[:]
    result.input.extend(page.text(tensor) for tensor in op._inputs)
    result.input.extend(
        f"^{other.name}"
        for other in op._control_inputs
        if not other._outputs or other._outputs[0] not in page.arguments
    )
    assert attribute_messages(op).keys() <= set(result.attr)
    result.attr.pop("_class", None)  # what it shares a device with is outside, perhaps
    page.nodes.append(result)

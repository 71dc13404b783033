"""Functions read from files: branches and loop bodies become bodies again, calls are replaced by what they call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowlab._src.errors import UnimplementedError
from flowlab._src.graph import dtypes, registry
from flowlab._src.graph.body import Body
from flowlab._src.graph.dtypes import as_dtype
from flowlab._src.graph.graph import _ControlDependencies
from flowlab._src.graph.graphdef_attributes import attribute, expected_inputs, read_attributes
from flowlab._src.graph.graphdef_functions import OWN_NAMES
from flowlab._src.graph.graphdef_import import Importer, Input
from flowlab._src.graph.op_table import declared, definition_of
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.shape import UNKNOWN, TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.graph.tensor_proto import read_shape

DEEPEST = 50  # functions inside functions
Made = tuple[Operation, Sequence[Tensor]]


def make_special(importer: Importer, node: Any) -> Made:
    """Add a node that has functions, or that stands in one."""
    kind = node.op.removeprefix("Stateless")
    if kind == "If":
        return make_if(importer, node)
    if kind == "While":
        return make_while(importer, node)
    return make_call(importer, node)


def function_of(importer: Importer, node: Any, field: str) -> Any:
    """The function that an attribute of a node names; of a call by name, the one of that name."""
    name = attribute(node, field).func.name or node.op
    function = importer.whole.functions.get(name)
    if function is None:
        raise ValueError(f"Function '{name}' is not defined; NodeDef: {{{{node {node.name}}}}}")
    return function


# ---- what a function holds -----------------------------------------------------------------------------------------


class FunctionReader:
    """The nodes of a function, with inputs written as those of a graph are."""

    def __init__(self, importer: Importer, function: Any) -> None:
        self.whole = importer.whole
        self.function = function
        self.nodes = {node.name: node for node in function.node_def}
        self.arguments = {argument.name for argument in function.signature.input_arg}
        self.inputs = {name: [self.parse(text) for text in node.input] for name, node in self.nodes.items()}

    def parse(self, text: str) -> Input:
        """Take "argument", "node:output:1" or "^node" apart."""
        if text.startswith("^"):
            return Input(text[1:], -1)
        name, *rest = text.split(":")
        if name in self.arguments and name not in self.nodes:
            return Input(name, 0)
        if name not in self.nodes:
            raise ValueError(f"Function '{self.function.signature.name}': Unknown input node '{text}'")
        number = int(rest[1]) if len(rest) > 1 and rest[1].isdigit() else 0
        return Input(name, self._first(self.nodes[name], rest[0]) + number if rest else 0)

    def _first(self, node: Any, output: str) -> int:
        """The number of the first tensor of one output of a node."""
        if output.isdigit():
            return int(output)
        called = self.whole.functions.get(node.op)
        if called is not None:
            names = [argument.name for argument in called.signature.output_arg]
            return names.index(output) if output in names else 0
        definition = declared(node.op) or definition_of(registry.lookup(node.op))
        values = read_attributes(node, definition)
        position = 0
        for argument in definition.outputs:
            if argument.name == output:
                return position
            position += len(expected_inputs((argument,), values))
        raise ValueError(f"Node '{node.name}' has no output '{output}'")


def run_function(importer: Importer, function: Any, prefix: str, arguments: dict[str, Tensor]) -> list[Tensor]:
    """Add the nodes of a function; returns what it returns, after all that it must do has been done."""
    whole, name = importer.whole, function.signature.name
    if name in whole.open or len(whole.open) >= DEEPEST:
        raise UnimplementedError(None, None, f"The function '{name}' calls itself, or functions are nested too deep.")
    if OWN_NAMES in function.attr:
        prefix = whole.prefix
    reader = FunctionReader(importer, function)
    inner = Importer(importer.graph, function.node_def, prefix, whole, None, arguments, reader.inputs)
    whole.open.append(name)
    try:
        inner.run()
    finally:
        whole.open.pop()
    results = []
    for argument in function.signature.output_arg:
        if argument.name not in function.ret:
            raise ValueError(f"Function '{name}' does not say what its output '{argument.name}' is")
        results.append(inner.tensor(name, reader.parse(function.ret[argument.name])))
    effects = [inner.operations[node] for node in function.control_ret.values() if node in inner.operations]
    if not effects:
        return results
    importer.graph.scopes.control = [_ControlDependencies(importer.graph, effects)]
    if not results:  # something to wait for
        results = [importer.create(_free(importer, prefix, "done"), _constant_true(), ())._outputs[0]]
        return results
    identity = registry.lookup("Identity")()
    return [importer.create(_free(importer, prefix, "after"), identity, (t,))._outputs[0] for t in results]


def _free(importer: Importer, prefix: str, name: str) -> str:
    with importer.graph.name_scope(None):
        return importer.graph.unique_name(f"{prefix}/{name}" if prefix else name)


def _constant_true() -> Any:
    import numpy as np

    value = np.array(True)
    value.flags.writeable = False
    return registry.lookup("Const")(value=value, dtype=dtypes.bool_)


def read_body(
    importer: Importer,
    node: Any,
    field: str,
    kind: str,
    inputs: Sequence[Tensor],
    variables: dict[int, TensorShape],
) -> Body:
    """The body that a function becomes; `variables` says which arguments are loop variables, and their shapes."""
    function = function_of(importer, node, field)
    expected = [as_dtype(argument.type).base_dtype for argument in function.signature.input_arg]
    if len(expected) != len(inputs) or any(t._dtype._base is not d for t, d in zip(inputs, expected, strict=True)):
        raise ValueError(
            f"The function '{function.signature.name}' takes ({', '.join(d.name for d in expected)}) and gets "
            f"({', '.join(t.dtype.base_dtype.name for t in inputs)}); NodeDef: {{{{node {node.name}}}}}"
        )
    prefix = f"{importer.names[node.name]}/{field}"
    body = Body(importer.graph, kind)
    scopes = importer.graph.scopes
    outer = (scopes.devices, scopes.colocation, scopes.gradient_overrides)
    with body.building():
        arguments = {}
        for i, argument in enumerate(function.signature.input_arg):
            tensor = inputs[i]
            if i in variables:
                own = attribute(function.arg_attr[i], OWN_NAMES).s.decode() if i in function.arg_attr else ""
                name = f"{importer.whole.prefix}/{own}".lstrip("/") if own else f"{prefix}/{argument.name}"
                tensor = body.parameter(expected[i], variables[i], name)
                if own:
                    importer.whole.made[own] = tensor._op
            arguments[argument.name] = tensor
        results = run_function(importer, function, prefix, arguments)
        scopes.control = []
        body.outputs = [body.inside(tensor, prefix) for tensor in results]
    scopes.devices, scopes.colocation, scopes.gradient_overrides = outer
    return body


def _as_condition(importer: Importer, tensor: Tensor, prefix: str) -> Tensor:
    """A predicate: numbers are true unless they are 0."""
    if tensor._dtype._base is dtypes.bool_:
        return tensor
    cast = registry.lookup("Cast")(DstT=dtypes.bool_)
    return importer.create(_free(importer, prefix, "condition"), cast, (tensor,))._outputs[0]


# ---- the nodes -----------------------------------------------------------------------------------------------------


def make_if(importer: Importer, node: Any) -> Made:
    """`If`: what its bodies capture is found out anew."""
    control = importer.graph.scopes.control
    tensors = importer.tensors(node)
    if not tensors:
        raise ValueError(f"If needs a condition; NodeDef: {{{{node {node.name}}}}}")
    bodies = [read_body(importer, node, field, "cond", tensors[1:], {}) for field in ("then_branch", "else_branch")]
    then, other = bodies
    kinds = [[t._dtype._base for t in body.outputs] for body in bodies]
    if kinds[0] != kinds[1] and all(attribute(node, "Tout").list.type):
        raise ValueError(f"The branches of '{node.name}' give different types; NodeDef: {{{{node {node.name}}}}}")
    importer.graph.scopes.control = control
    name = importer.names[node.name]
    condition = _as_condition(importer, tensors[0], name)
    inputs = dict.fromkeys([*then.tapes(), *other.tapes(), *then.captured, *other.captured])
    op = registry.lookup("If")(then_branch=then, else_branch=other)
    operation = importer.create(name, op, [condition, *inputs])
    then.tape = other.tape = operation._outputs[-1]
    count = len(attribute(node, "Tout").list.type)
    importer.merge_shapes(name, operation._outputs[:count], attribute(node, "output_shapes").list.shape)
    return operation, operation._outputs[:count]


def make_while(importer: Importer, node: Any) -> Made:
    """`While`: an argument that the body hands on as it is becomes something captured."""
    control = importer.graph.scopes.control
    inputs = importer.tensors(node)
    signature = function_of(importer, node, "body").signature
    returned = function_of(importer, node, "body").ret
    if len(signature.output_arg) != len(inputs) or len(signature.input_arg) != len(inputs):
        raise ValueError(f"The body of '{node.name}' must give as many values as it takes, {len(inputs)}.")
    pairs = zip(signature.input_arg, signature.output_arg, strict=True)
    changing = [i for i, (taken, given) in enumerate(pairs) if returned.get(given.name) != taken.name]
    changing = changing or list(range(len(inputs)))
    known = [read_shape(shape) for shape in attribute(node, "output_shapes").list.shape]
    shapes = {i: known[i] if i < len(known) else UNKNOWN for i in changing}
    condition = read_body(importer, node, "cond", "while", inputs, shapes)
    body = read_body(importer, node, "body", "while", inputs, shapes)
    with condition.building():
        condition.outputs = [_as_condition(importer, t, importer.names[node.name]) for t in condition.outputs]
    if len(condition.outputs) != 1:
        raise ValueError(f"The condition of '{node.name}' must give one value.")
    body.outputs = [body.outputs[i] for i in changing]
    importer.graph.scopes.control = control
    captured = dict.fromkeys([*condition.tapes(), *body.tapes(), *condition.captured, *body.captured])
    parallel = node.attr["parallel_iterations"].i if "parallel_iterations" in node.attr else 10
    op = registry.lookup("While")(condition=condition, body=body, parallel_iterations=int(parallel))
    operation = importer.create(importer.names[node.name], op, [*(inputs[i] for i in changing), *captured])
    condition.tape = body.tape = operation._outputs[-1]
    outputs = list(inputs)
    for i, tensor in zip(changing, operation._outputs, strict=False):
        outputs[i] = tensor
    return operation, outputs


def make_call(importer: Importer, node: Any) -> Made:
    """A call: the nodes of the function, and one of the call's own name that hands on what it returns."""
    function = function_of(importer, node, "f")
    inputs = importer.tensors(node)
    expected = function.signature.input_arg
    if len(expected) != len(inputs):
        raise ValueError(
            f"The function '{function.signature.name}' takes {len(expected)} inputs and gets {len(inputs)}; "
            f"NodeDef: {{{{node {node.name}}}}}"
        )
    control = importer.graph.scopes.control
    importer.graph.scopes.control = []
    name = importer.names[node.name]
    arguments = {argument.name: tensor for argument, tensor in zip(expected, inputs, strict=True)}
    results = run_function(importer, function, f"{name}/call", arguments)
    importer.graph.scopes.control = control
    if not function.signature.output_arg:
        waits = [tensor._op for tensor in results]
        importer.graph.scopes.control = [*control, _ControlDependencies(importer.graph, waits)]
        return importer.create(name, registry.lookup("NoOp")(), ()), ()
    operation = importer.create(name, registry.lookup("IdentityN")(), results)
    return operation, operation._outputs

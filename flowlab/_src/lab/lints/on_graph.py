"""Lints on the graph alone: what can be seen without a run."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from flowlab._src.graph.body import bodies_of
from flowlab._src.graph.graph import Graph
from flowlab._src.graph.operation import Operation, variable_behind
from flowlab._src.graph.tensor import Tensor
from flowlab._src.lab.lints.finding import Finding, found
from flowlab._src.ops.random import RandomOp
from flowlab._src.variables.scope import graph_store

SAME_VALUES = frozenset({"Identity", "Reshape", "StopGradient", "Squeeze", "ExpandDims"})
LARGE_CONSTANT = 32 * 2**20  # bytes
ACTIVATIONS = frozenset({"Relu", "Relu6", "Sigmoid", "Tanh", "Elu", "Selu", "Softplus", "LeakyRelu"})

Names = dict[str, str]


def lint_graph(graph: Graph, names: Names) -> Iterator[Finding]:
    """All findings on a graph; `names` are the program's own names of nodes."""
    operations = graph.get_operations()
    for operation in operations:
        rule = RULES.get(operation.type)
        if rule is not None:
            yield from rule(operation, names)
    yield from seed_too_late(graph, operations, names)
    yield from shared_by_accident(graph, names)


def through(tensor: Tensor) -> Operation:
    """The operation that made a value, seen through those that only pass it on."""
    node = tensor.op
    while node.type in SAME_VALUES:
        node = node.inputs[0].op
    return node


def stretched_difference(node: Operation, names: Names) -> Iterator[Finding]:
    """FL111: a column minus a vector of the same length, reduced to a loss."""
    for column, vector in (node.inputs, reversed(node.inputs)):
        a, b = column.shape._dims, vector.shape._dims
        if a is None or b is None or len(a) != 2 or len(b) != 1 or a[1] != 1 or a[0] != b[0] or a[0] == 1:
            continue
        if column.op.type in ("ExpandDims", "StridedSlice", "Reshape") or not becomes_one_number(node):
            return  # asked for: all pairs
        size = "n" if a[0] is None else a[0]
        yield found(
            "FL111",
            node.name,
            f"'{column.name}' is ({size}, 1) and '{vector.name}' is ({size},): their difference '{node.name}' became "
            f"({size}, {size}), each against each",
            node.site,
            f"tf.squeeze({names.get(column.name, 'prediction')}, 1)  # or reshape the other to ({size}, 1)",
            names,
        )


def becomes_one_number(node: Operation) -> bool:
    """Whether a result goes through element-wise operations into a mean or sum over everything."""
    stack, seen = [node], {node}
    while stack:
        for tensor in stack.pop().outputs:
            for user in tensor.consumers():
                if user.type in ("Mean", "Sum") and user.outputs[0].shape.ndims == 0:
                    return True
                if user not in seen and user.type in ("Square", "Abs", "Pow", "Mul", "RealDiv", "Identity", "Sqrt"):
                    seen.add(user)
                    stack.append(user)
    return False


def softmax_twice(node: Operation, names: Names) -> Iterator[Finding]:
    """FL113: the logits of a loss are probabilities already."""
    if node.type == "GreaterEqual" and not re.search(r"(^|/)logistic_loss(_\d+)?/GreaterEqual$", node.name):
        return
    wanted = "Sigmoid" if node.type == "GreaterEqual" else "Softmax"
    source = through(node.inputs[0])
    if source.type == wanted:
        yield found(
            "FL113",
            node.name,
            f"logits= got the output of '{source.outputs[0].name}'; the loss applies {wanted.lower()} itself, a second time",
            node.site,
            f"logits={names.get(source.inputs[0].name, source.inputs[0].name)}",
            names,
        )


def outside_of_branches(node: Operation, names: Names) -> Iterator[Finding]:
    """FL124: a branch only hands on what a state-changing operation outside of it gives."""
    for body in bodies_of(node):
        inner = [
            op for op in node.graph.get_operations() if op._body is body and op.type not in ("BodyInput", "Identity")
        ]
        if inner:
            continue
        for outer in body.captured:
            if changes_state(outer.op):
                yield found(
                    "FL124",
                    outer.op.name,
                    f"'{outer.op.name}' was built outside of the functions of '{node.name.rpartition('/')[0] or node.name}': "
                    "it runs whichever branch is taken",
                    outer.op.site,
                    f"tf.cond(..., lambda: {call_text(outer.op)}, ...)  # built inside of the function",
                    names,
                )


def changes_state(node: Operation) -> bool:
    """Whether running a node changes a variable."""
    return bool(node.definition.forwards_ref) or node.type.startswith(("Assign", "ResourceApply"))


def call_text(node: Operation) -> str:
    """The right side of the line that made a node."""
    text = node.site.text if node.site else ""
    return text.partition("=")[2].strip() or text or "..."


def seed_too_late(graph: Graph, operations: list[Operation], names: Names) -> Iterator[Finding]:
    """FL139: random operations without a seed in a graph that has one."""
    if graph.seed is None:
        return
    early = [
        op
        for op in operations
        if isinstance(op.definition, RandomOp) and not op.definition.seed and not op.definition.seed2
    ]
    if early:
        count = len(early)
        yield found(
            "FL139",
            early[0].name,
            f"the seed was set after {count} random operation{'s' * (count > 1)} ('{early[0].name}' first), which "
            f"{'keep' if count > 1 else 'keeps'} none",
            early[0].site,
            f"tf.set_random_seed({graph.seed})  # before the first operation is built",
            names,
        )


def shared_by_accident(graph: Graph, names: Names) -> Iterator[Finding]:
    """FL141: one variable, asked for under several name scopes outside of any variable scope."""
    for name, asked in graph_store(graph).asked.items():
        scopes = [scope for scope in asked if scope]
        if "/" not in name and len(scopes) > 1:
            yield found(
                "FL141",
                name,
                f"'{name}' is one variable for the name scopes {' and '.join(scopes[:3])}: name_scope does not prefix it",
                asked[scopes[1]],
                f'with tf.variable_scope("{scopes[1]}"):  # names and separates variables',
                names,
            )


def large_constant(node: Operation, names: Names) -> Iterator[Finding]:
    """FL157: data inside of the graph."""
    definition: Any = node.definition
    value = definition.value
    if isinstance(value, np.ndarray) and value.nbytes >= LARGE_CONSTANT and value.strides != (0,) * value.ndim:
        yield found(
            "FL157",
            node.name,
            f"constant '{node.name}' of {value.nbytes / 2**20:.0f} MB is stored in the graph itself, and in every file of it",
            node.site,
            f"tf.placeholder(tf.{node.outputs[0].dtype.name}, {list(value.shape)})  # and feed the array",
            names,
        )


def equal_hidden_weights(node: Operation, names: Names) -> Iterator[Finding]:
    """FL159: the weights of a hidden layer all begin with 0, so that every unit learns the same."""
    weights = behind(node.inputs[1])
    if weights is None or not begins_with_zeros(weights):
        return
    after = node.outputs[0]
    activated = False
    for _ in range(6):  # bias, activation, dropout ... up to the next layer
        users = [user for user in after.consumers() if not user.name.startswith("gradients")]
        following = next(
            (u for u in users if u.type in ("MatMul", "Add", "AddV2", "BiasAdd", "Identity", *ACTIVATIONS)), None
        )
        if following is None:
            return
        if following.type == "MatMul":
            break
        activated = activated or following.type in ACTIVATIONS
        after = following.outputs[0]
    else:
        return
    outer = behind(following.inputs[1])
    if activated and outer is not None and trained(weights):
        yield found(
            "FL159",
            weights.name,
            f"all weights '{weights.name}' of a hidden layer begin with 0: every unit learns the same",
            weights.site,
            f"tf.truncated_normal({weights.outputs[0].shape.as_list()}, stddev=0.1)",
            names,
        )


def behind(tensor: Tensor) -> Operation | None:
    """The variable that a tensor reads, None for computed ones."""
    node = tensor.op
    if node.type == "Identity" and node.inputs[0].dtype._is_ref_dtype:
        return variable_behind(node.inputs[0])
    if node.type == "ReadVariableOp":
        return node.inputs[0].op
    return None


def begins_with_zeros(variable: Operation) -> bool:
    """Whether the initial value is known to be 0 everywhere."""
    for user in variable.outputs[0].consumers():
        if user.name == variable.name + "/Assign":
            start = through(user.inputs[1])
            if start.type == "Fill":
                start = through(start.inputs[1])
            definition: Any = start.definition
            return start.type == "Const" and not np.any(definition.value != 0)
    return False


def trained(variable: Operation) -> bool:
    return any("Apply" in user.type for user in variable.outputs[0].consumers())


def printed_recipe(node: Operation) -> Finding | None:
    """FL118: `print(tf.add(2, 3))`, of a node just made and thrown away."""
    site = node.site
    if site is None or not site.text.startswith("print(") or any(t.consumers() for t in node.outputs):
        return None
    try:
        call: Any = ast.parse(site.text).body[0]
        inner: Any = call.value.args[0]
        function: Any = inner.func  # AttributeError for anything but a call
        printed = call.value.func.id == "print" and function.value.id == "tf"
    except (SyntaxError, AttributeError, IndexError):
        return None
    if not printed or len(call.value.args) != 1:
        return None
    asked = ast.unparse(inner)
    return found(
        "FL118",
        node.name,
        f"print shows the node '{node.name}', not its value: the value is made by sess.run",
        site,
        f"with tf.Session() as sess: print(sess.run({asked}))",
        {},
    )


Rule = Callable[[Operation, Names], Iterator[Finding]]
RULES: dict[str, Rule] = {
    "Sub": stretched_difference,
    "SquaredDifference": stretched_difference,
    "SoftmaxCrossEntropyWithLogits": softmax_twice,
    "SparseSoftmaxCrossEntropyWithLogits": softmax_twice,
    "GreaterEqual": softmax_twice,
    "If": outside_of_branches,
    "Const": large_constant,
    "MatMul": equal_hidden_weights,
}

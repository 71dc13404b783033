"""Initial values that read other variables: they use the initial values of those, where these have no value yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flowlab._src.graph.keys import GraphKeys
from flowlab._src.graph.op import group_inputs
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.tensor import Tensor
from flowlab._src.variables.variable import Variable

# What lies behind these needs no guard: they do not fail, or (reading a resource) TensorFlow leaves them as they are.
SAFE = ("IsVariableInitialized", "VarIsInitializedOp", "ReadVariableOp", "If")


def guard_initial_value(value: Tensor) -> Tensor:
    """Let an initial value that reads other variables use their initial values where they have no value yet.

    The nodes between those variables and `value` are made once more, on the guarded readings.
    """
    copies: dict[Operation, Operation | None] = {}
    graph = value.graph

    def safe(tensor: Tensor) -> Tensor:
        node = tensor.op
        if node.type in SAFE:
            return tensor
        if node.definition.is_variable:
            variable = find_variable(node)
            return tensor if variable is None else variable.initialized_value()
        inputs = [safe(t) for t in node.inputs]
        if all(a is b for a, b in zip(inputs, node.inputs, strict=True)):
            return tensor
        if node.definition.forwards_ref:
            return tensor
        if node not in copies:
            grouped = list(_regroup(node, inputs))
            result = node.definition(*grouped, name=node.name.replace("/", "_") + "_guarded")
            outputs = result if isinstance(result, list) else [result]
            copies[node] = outputs[0].op
        copied = copies[node]
        assert copied is not None
        return copied.outputs[tensor.value_index]

    def find_variable(node: Operation) -> Variable | None:
        for key in (GraphKeys.GLOBAL_VARIABLES, GraphKeys.LOCAL_VARIABLES):
            for variable in graph.get_collection(key):
                if isinstance(variable, Variable) and variable.op is node:
                    return variable
        return None

    return safe(value) if _reads_variable(value) else value


def _regroup(node: Operation, inputs: list[Tensor]) -> Iterator[Any]:
    return group_inputs(node.definition, inputs)


def _reads_variable(value: Tensor) -> bool:
    seen: set[Operation] = set()
    stack = [value.op]
    while stack:
        node = stack.pop()
        if node in seen or node.type in SAFE:
            continue
        seen.add(node)
        if node.definition.is_variable:
            return True
        stack.extend(t.op for t in node.inputs)
    return False

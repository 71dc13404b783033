"""Initial values that read other variables: they use the initial values of those, where these have no value yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flowlab._src.graph.graph import Graph
from flowlab._src.graph.keys import GraphKeys
from flowlab._src.graph.op import group_inputs
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.registry import raw
from flowlab._src.graph.tensor import Tensor
from flowlab._src.variables.variable import Variable

# What lies behind these needs no guard: they do not fail, or (reading a resource) TensorFlow leaves them as they are.
SAFE = ("IsVariableInitialized", "VarIsInitializedOp", "ReadVariableOp", "If")


def guard_initial_value(value: Tensor, scope: str) -> Tensor:
    """Let an initial value that reads other variables use their initial values where they have no value yet.

    The nodes between those variables and `value` are made once more, on the guarded readings. Their names end in
    that of the variable to be initialized, whose `scope` is given.
    """
    return _Guard(value.graph, scope.rstrip("/")).safe(value) if _reads_variable(value) else value


class _Guard:
    """Makes nodes once more for one variable; each of them once."""

    def __init__(self, graph: Graph, suffix: str) -> None:
        self.graph, self.suffix = graph, suffix
        self.copies: dict[Operation, Tensor | Operation] = {}

    def safe(self, tensor: Tensor) -> Tensor:
        node = tensor.op
        if node not in self.copies:
            self.copies[node] = self._copy(node)
        copied = self.copies[node]
        return copied if isinstance(copied, Tensor) else copied.outputs[tensor.value_index]

    def _copy(self, node: Operation) -> Tensor | Operation:
        if node.type in SAFE:
            return node
        if node.definition.is_variable:
            variable = self._variable_of(node)
            return node if variable is None else variable.initialized_value()
        if node.type == "Identity" and node.inputs[0].op.type == "If":
            return self._initialized_value(node)
        inputs = [self.safe(t) for t in node.inputs]
        if all(a is b for a, b in zip(inputs, node.inputs, strict=True)):
            return node
        if node.definition.forwards_ref:
            return node
        result = node.definition(*_regroup(node, inputs), name=self._name(node.name))
        return (result[0] if isinstance(result, list) else result).op

    def _initialized_value(self, merge: Operation) -> Tensor | Operation:
        """Copy an `initialized_value`: TensorFlow makes its nodes once more, too, though it needs no guard itself."""
        choice = merge.inputs[0].op
        pred, *read = choice.inputs
        asked = pred.op.inputs[0].op if pred.op.type == "Identity" else pred.op
        variable = self._variable_of(asked.inputs[0].op) if asked.type == "IsVariableInitialized" else None
        if variable is None:
            return merge
        initial = variable.initial_value
        guarded = self.safe(initial)
        scope = choice.name.rpartition("/")[0]
        if guarded is not initial:
            self._count(f"{scope}/Switch_1")
        self.safe(variable.op.outputs[0])
        self._count(f"{scope}/read/Switch")
        inputs = [guarded if t is initial else t for t in read]
        again = choice.definition(pred, inputs, name=self._name(choice.name))
        self.graph.count_nodes([], more=-1)  # `If` itself is a node of ours
        result: Tensor = raw.Identity(again[0], name=self._name(f"{scope}/read"))
        self._count(f"{scope}/Merge")
        return result

    def _name(self, name: str) -> str:
        return f"{name}_{self.suffix}/"  # the stroke at the end: as it stands, outside of the current scope

    def _count(self, name: str) -> None:
        with self.graph.name_scope(None):
            self.graph.count_nodes([f"{name}_{self.suffix}"])

    def _variable_of(self, node: Operation) -> Variable | None:
        for key in (GraphKeys.GLOBAL_VARIABLES, GraphKeys.LOCAL_VARIABLES):
            for variable in self.graph.get_collection(key):
                if isinstance(variable, Variable) and variable.op is node:
                    return variable
        return None


def _regroup(node: Operation, inputs: list[Tensor]) -> Iterator[Any]:
    return group_inputs(node.definition, inputs)


def _reads_variable(value: Tensor) -> bool:
    seen: set[Operation] = set()
    stack = [value.op]
    while stack:
        node = stack.pop()
        if node in seen or (node.type in SAFE and node.type != "If"):
            continue
        seen.add(node)
        if node.definition.is_variable:
            return True
        stack.extend(t.op for t in node.inputs)
    return False

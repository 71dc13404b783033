"""A graph as plain records: all that the pictures know of it.

`graph_view` is the one place where the notebook tools touch a `tf.Graph`; layout, SVG, PNG and text work on the records
alone, so they can be tested with graphs read from a file and drawn where no engine runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from flowlab._src.graph.body import bodies_of
from flowlab._src.graph.graph import Graph

Dims = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class TensorRecord:
    """One output of a node. `shape` is None when not even the rank is known."""

    dtype: str
    shape: Dims | None


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """One operation. `inputs` are (name of the producing operation, which of its outputs)."""

    name: str
    type: str
    inputs: tuple[tuple[str, int], ...] = ()
    controls: tuple[str, ...] = ()
    outputs: tuple[TensorRecord, ...] = ()
    device: str = ""
    site: str = ""
    value: str = ""  # of a small constant


@dataclass(frozen=True)
class GraphView:
    """All operations of a graph in order of creation (so inputs come before their consumers)."""

    nodes: tuple[NodeRecord, ...]

    @cached_property
    def by_name(self) -> dict[str, NodeRecord]:
        return {node.name: node for node in self.nodes}

    def without(self, names: Iterable[str]) -> GraphView:
        """The view with some nodes, and the edges that touch them, left out."""
        gone = set(names)
        return GraphView(
            tuple(
                NodeRecord(
                    node.name,
                    node.type,
                    tuple(source for source in node.inputs if source[0] not in gone),
                    tuple(control for control in node.controls if control not in gone),
                    node.outputs,
                    node.device,
                    node.site,
                    node.value,
                )
                for node in self.nodes
                if node.name not in gone
            )
        )


def graph_view(graph: Graph) -> GraphView:
    """Record every operation of `graph`, those left out that only bring a tensor into a branch or loop."""
    operations = [op for op in graph.get_operations() if origin_of(op) is None]
    entering = {parameter.op: start for op in operations for parameter, start in loop_variables(op)}
    return GraphView(tuple(node_record(op, entering.get(op)) for op in operations))


def node_record(op: Any, start: Any = None) -> NodeRecord:
    """Record one operation; `start` is the tensor that a loop variable starts with."""
    return NodeRecord(
        name=op.name,
        type=op.type,
        inputs=tuple((tensor.op.name, tensor.value_index) for tensor in map(outermost, drawn_inputs(op, start))),
        controls=tuple(control.name for control in op.control_inputs),
        outputs=tuple(TensorRecord(tensor.dtype.name, static_dims(tensor.shape)) for tensor in op.outputs),
        device=op.device or "",
        site=op.site.describe() if op.site else "",
        value=constant_text(op) if op.type == "Const" else "",
    )


def loop_variables(op: Any) -> list[tuple[Any, Any]]:
    """The inputs of a loop's bodies, each with the tensor that it has in the first iteration."""
    first = getattr(op.definition, "tapes", 0)
    return [(parameter, op.inputs[first + k]) for body in bodies_of(op) for k, parameter in enumerate(body.parameters)]


def drawn_inputs(op: Any, start: Any = None) -> list[Any]:
    """What an arrow leads from: values flow into a branch or loop body, and from its results to If or While."""
    bodies = bodies_of(op)
    if bodies:
        predicate = [op.inputs[0]] if op.type == "If" else []
        return predicate + [tensor for body in bodies for tensor in body.outputs]
    return op.inputs if start is None else [start]


def origin_of(op: Any) -> Any:
    """The tensor that an input of a branch or loop body stands for, None for other operations and loop variables."""
    captured = getattr(op.definition, "source", None)
    return captured if captured is not None else getattr(op.definition, "recorded", None)


def outermost(tensor: Any) -> Any:
    """A tensor as it was computed: not the inputs of bodies by which it came in."""
    while (origin := origin_of(tensor.op)) is not None:
        tensor = origin
    return tensor


def static_dims(shape: Any) -> Dims | None:
    """A static shape as a tuple, None for each unknown dimension."""
    return None if shape.ndims is None else tuple(shape.as_list())


def constant_text(op: Any) -> str:
    """The value of a constant with at most four elements, in a few characters; "" for larger ones."""
    value = op.definition.value
    if getattr(value, "size", 5) > 4:
        return ""
    text = str(value[()]) if value.ndim == 0 else np.array2string(value, separator=", ").replace("\n", "")
    return text if len(text) <= 24 else text[:23] + "…"


def shape_text(shape: Dims | None) -> str:
    """A shape as `repr` of a tensor writes it, "(?, 784)", or in words: "scalar", "any shape"."""
    if shape is None:
        return "any shape"
    sizes = ", ".join("?" if size is None else str(size) for size in shape)
    return f"({sizes},)" if len(shape) == 1 else f"({sizes})" if shape else "scalar"

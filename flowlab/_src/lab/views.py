"""A graph as plain records: all that the pictures know of it.

`graph_view` is the one place where the notebook tools touch a `tf.Graph`; layout, SVG, PNG and text work on the records
alone, so they can be tested with graphs read from a file and drawn where no engine runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
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
    """Record every operation of `graph`."""
    return GraphView(tuple(node_record(op) for op in graph.get_operations()))


def node_record(op: Any) -> NodeRecord:
    """Record one operation."""
    return NodeRecord(
        name=op.name,
        type=op.type,
        inputs=tuple((tensor.op.name, tensor.value_index) for tensor in op.inputs),
        controls=tuple(control.name for control in op.control_inputs),
        outputs=tuple(TensorRecord(tensor.dtype.name, static_dims(tensor.shape)) for tensor in op.outputs),
        device=op.device or "",
        site=op.site.describe() if op.site else "",
        value=constant_text(op) if op.type == "Const" else "",
    )


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

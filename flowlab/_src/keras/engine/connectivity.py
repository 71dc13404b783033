"""The part of a layer that knows its calls in a model: `layer.input`, `layer.output`, `layer.get_output_at(1)`."""

from __future__ import annotations

from typing import Any

from flowlab._src.keras.engine.history import mask_of
from flowlab._src.keras.engine.node import Node


class Connectivity:
    """The calls of a layer as nodes, in the order they were made."""

    name: Any
    _inbound_nodes: list[Node]
    _outbound_nodes: list[Node]

    @property
    def inbound_nodes(self) -> list[Node]:
        """The calls of this layer."""
        return self._inbound_nodes

    @property
    def outbound_nodes(self) -> list[Node]:
        """The calls of other layers on outputs of this one."""
        return self._outbound_nodes

    def _node_attribute(self, node_index: int, attribute: str, words: str) -> Any:
        if not self._inbound_nodes:
            raise RuntimeError(f"The layer has never been called and thus has no defined {words}.")
        if not len(self._inbound_nodes) > node_index:
            raise ValueError(
                f"Asked to get {words} at node {node_index}, but the layer has only {len(self._inbound_nodes)} inbound nodes."
            )
        values = getattr(self._inbound_nodes[node_index], attribute)
        return values[0] if isinstance(values, list) and len(values) == 1 else values

    def get_input_at(self, node_index: int) -> Any:
        """Return the input of a call: 0 is the first."""
        return self._node_attribute(node_index, "input_tensors", "input")

    def get_output_at(self, node_index: int) -> Any:
        """Return the output of a call."""
        return self._node_attribute(node_index, "output_tensors", "output")

    def get_input_shape_at(self, node_index: int) -> Any:
        """Return the static shape of the input of a call, as a tuple."""
        return self._node_attribute(node_index, "input_shapes", "input shape")

    def get_output_shape_at(self, node_index: int) -> Any:
        """Return the static shape of the output of a call, as a tuple."""
        return self._node_attribute(node_index, "output_shapes", "output shape")

    def get_input_mask_at(self, node_index: int) -> Any:
        """Return the mask of the input of a call."""
        return _masks(self.get_input_at(node_index))

    def get_output_mask_at(self, node_index: int) -> Any:
        """Return the mask of the output of a call."""
        return _masks(self.get_output_at(node_index))

    @property
    def input(self) -> Any:
        """The input of the first call."""
        if not self._inbound_nodes:
            raise AttributeError(f"Layer {self.name} is not connected, no input to return.")
        return self._node_attribute(0, "input_tensors", "input")

    @property
    def output(self) -> Any:
        """The output of the first call."""
        if not self._inbound_nodes:
            raise AttributeError(f"Layer {self.name} has no inbound nodes.")
        return self._node_attribute(0, "output_tensors", "output")

    @property
    def input_mask(self) -> Any:
        """The mask of the input."""
        return _masks(self.input)

    @property
    def output_mask(self) -> Any:
        """The mask of the output."""
        return _masks(self.output)

    @property
    def input_shape(self) -> Any:
        """The static shape of the input, as a tuple, if it is the same in all calls."""
        return self._common_shape("input")

    @property
    def output_shape(self) -> Any:
        """The static shape of the output, as a tuple, if it is the same in all calls."""
        return self._common_shape("output")

    def _common_shape(self, which: str) -> Any:
        if not self._inbound_nodes:
            raise AttributeError(f"The layer has never been called and thus has no defined {which} shape.")
        shapes = [getattr(node, f"{which}_shapes") for node in self._inbound_nodes]
        if len({str(shape) for shape in shapes}) == 1:
            return shapes[0]
        raise AttributeError(
            f'The layer "{self.name}" has multiple inbound nodes, with different {which} shapes. Hence the notion of '
            f'"{which} shape" is ill-defined for the layer. Use `get_{which}_shape_at(node_index)` instead.'
        )


def _masks(tensors: Any) -> Any:
    return [mask_of(t) for t in tensors] if isinstance(tensors, list) else mask_of(tensors)

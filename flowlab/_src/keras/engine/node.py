"""`Node`: one call of a layer in a model; links the layers whose outputs it took to the tensors it gave."""

from __future__ import annotations

from typing import Any

from flowlab._src.keras.engine.history import KerasHistory, history_of
from flowlab._src.util import nest


class Node:
    """One call of a layer on tensors that other layers made.

    The node is appended to `_inbound_nodes` of the called layer and to `_outbound_nodes` of the layers it took from.
    """

    def __init__(self, outbound_layer: Any, input_tensors: Any, output_tensors: Any, arguments: Any = None) -> None:
        self.outbound_layer = outbound_layer
        self.input_tensors = input_tensors
        self.output_tensors = output_tensors
        self.arguments = arguments or {}
        self.inbound_layers = nest.map_structure(lambda t: _history(t).layer, input_tensors)
        self.node_indices = nest.map_structure(lambda t: _history(t).node_index, input_tensors)
        self.tensor_indices = nest.map_structure(lambda t: _history(t).tensor_index, input_tensors)
        self.input_shapes = nest.map_structure(_static_shape, input_tensors)
        self.output_shapes = nest.map_structure(_static_shape, output_tensors)
        for layer in nest.flatten(self.inbound_layers):
            if layer is not None:
                layer._outbound_nodes.append(self)
        outbound_layer._inbound_nodes.append(self)

    def iterate_inbound(self) -> Any:
        """Yield (layer, node index, tensor index, tensor) for each input."""
        yield from zip(
            nest.flatten(self.inbound_layers),
            nest.flatten(self.node_indices),
            nest.flatten(self.tensor_indices),
            nest.flatten(self.input_tensors),
            strict=True,
        )

    def get_config(self) -> dict[str, Any]:
        """Return the names and numbers of the layers linked."""
        return {
            "outbound_layer": self.outbound_layer.name,
            "inbound_layers": nest.map_structure(lambda layer: layer.name, self.inbound_layers),
            "node_indices": self.node_indices,
            "tensor_indices": self.tensor_indices,
        }


def _history(tensor: Any) -> KerasHistory:
    return history_of(tensor) or KerasHistory(None, 0, 0)


def _static_shape(tensor: Any) -> tuple[int | None, ...] | None:
    return tensor.shape._dims

"""What Keras knows of a tensor: the layer that made it, and its mask.

Tensors keep nothing but what the graph needs, so this is kept in tables of their graph.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from flowlab._src.util import nest


class KerasHistory(NamedTuple):
    """The layer that made a tensor, which of its calls it was, and which of its outputs."""

    layer: Any
    node_index: int
    tensor_index: int


def _table(tensor: Any, name: str) -> dict[Any, Any] | None:
    graph = getattr(tensor, "graph", None)
    return None if graph is None else graph.__dict__.setdefault(name, {})


def history_of(tensor: Any) -> KerasHistory | None:
    """The layer that made a tensor, or None for tensors made outside of Keras models."""
    table = _table(tensor, "_keras_history")
    return table.get(tensor) if table else None


def set_history(tensor: Any, history: KerasHistory) -> None:
    """Note which layer made a tensor."""
    table = _table(tensor, "_keras_history")
    if table is not None:
        table[tensor] = history


def mask_of(tensor: Any) -> Any:
    """The mask of a tensor: which time steps count; None if all do."""
    table = _table(tensor, "_keras_mask")
    return table.get(tensor) if table else None


def set_mask(tensor: Any, mask: Any) -> None:
    """Note the mask of a tensor."""
    if mask is None and mask_of(tensor) is None:
        return
    table = _table(tensor, "_keras_mask")
    if table is not None:
        table[tensor] = mask


def all_have_history(structure: Any) -> bool:
    """Tell whether all tensors of a structure were made by layers of a model."""
    tensors = nest.flatten(structure)
    return bool(tensors) and all(history_of(t) is not None for t in tensors)

"""The learning phase: one switch in a graph that tells dropout and batch normalization whether the model is training."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.scopes import name_scope
from flowlab._src.ops.placeholder import placeholder_with_default


def _phases() -> dict[str, Any]:
    return get_default_graph().__dict__


def learning_phase() -> Any:
    """Return the switch of the default graph: 0 or 1 if it was set, else a placeholder that is False unless fed."""
    state = _phases()
    if state.get("_keras_learning_phase") is None:
        with get_default_graph().control_dependencies(None), name_scope(""):
            state["_keras_learning_phase"] = placeholder_with_default(False, shape=(), name="keras_learning_phase")
    return state["_keras_learning_phase"]


def global_learning_phase_is_set() -> bool:
    """Tell whether the default graph has a switch already."""
    return _phases().get("_keras_learning_phase") is not None


def set_learning_phase(value: int | bool) -> None:
    """Fix the switch of the default graph: 1 for training, 0 for use."""
    if value not in {0, 1}:
        raise ValueError("Expected learning phase to be 0 or 1.")
    _phases()["_keras_learning_phase"] = value

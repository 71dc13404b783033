"""Pictures of things that are not graphs themselves: a model of layers, say, drawn as one box per layer.

Whoever makes such things registers a function that turns one into records; `tf.lab.graph(model)` then draws it:

    @conceptual_view.register(Model)
    def model_view(model: Model) -> GraphView: ...
"""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from flowlab._src.lab.views import GraphView


@singledispatch
def conceptual_view(thing: Any) -> GraphView | None:
    """The records of a thing, by its class; None for classes that nobody has registered."""
    return None


@conceptual_view.register
def as_it_is(view: GraphView) -> GraphView:
    """Records are drawn as they are."""
    return view

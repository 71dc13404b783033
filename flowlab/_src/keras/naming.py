"""Names of layers: `Conv2D` is called `conv2d`, the next one `conv2d_1`; counted in each graph by itself."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

from flowlab._src.graph.default import get_default_graph


def to_snake_case(name: str) -> str:
    """Return the name of a class as the name of a layer: `MaxPooling2D` is `max_pooling2d`."""
    spaced = re.sub("(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    snake = re.sub("([a-z])([A-Z])", r"\1_\2", spaced).lower()
    # A class that begins with an underscore would give a name that is no scope.
    return snake if not snake.startswith("_") else "private" + snake


def name_counts(graph: Any = None) -> dict[tuple[str, str], int]:
    """How often each name was given in a graph."""
    return (graph or get_default_graph()).__dict__.setdefault("_keras_name_counts", defaultdict(int))


def unique_object_name(
    name: str,
    name_uid_map: Any = None,
    avoid_names: Any = None,
    namespace: str = "",
    zero_based: bool = False,
) -> str:
    """Return `name` with a number that no object of the default graph has yet; counting from 0, the 0 is left out."""
    counts = name_counts() if name_uid_map is None else name_uid_map
    taken = avoid_names or ()
    key = (namespace, name)
    while True:
        counts[key] += 1
        number = counts[key] - (1 if zero_based else 0)
        proposed = f"{name}_{number}" if number or not zero_based else name
        if proposed not in taken:
            return proposed

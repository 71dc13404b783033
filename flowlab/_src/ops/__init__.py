"""The operations, a module for each family. A family is imported when its first function or node is asked for."""

from __future__ import annotations

from flowlab._src.graph import registry
from flowlab._src.ops.index import MODULES

registry.OPS.announce({kind: f"{__name__}.{module}" for kind, module in MODULES.items()})

# What every tensor needs at once: constants from Python values, and the operators +, @, [] ...
from flowlab._src.ops import constant, joining, overloads, sequences, slicing, sparse_overloads  # noqa: E402, F401

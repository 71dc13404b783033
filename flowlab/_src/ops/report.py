"""The report of variables without a value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.constant import constant
from flowlab._src.ops.selecting import boolean_mask
from flowlab._src.ops.state import is_variable_initialized


def uninitialized_names(variables: Sequence[Any], name: str) -> Tensor:
    """A string vector: the names of those variables that have no value when it runs."""
    with name_scope(name), get_default_graph().control_dependencies(None):
        if not variables:
            return constant(np.array([], object), name="Const")
        flags = [is_variable_initialized(v) for v in variables]
        missing = raw.LogicalNot(raw.Pack(flags, axis=0, name="stack"))
        names = constant([v.op.name for v in variables])
        return boolean_mask(names, missing)

"""Which kind of variable is made where nobody says: references, as in TensorFlow 1.x, or resources."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.default import get_default_graph
from flowlab._src.util.export import export

_resources_are_default = [False]


@export("enable_resource_variables")
def enable_resource_variables() -> None:
    """Make resource variables from now on where `use_resource` is not given.

    A resource variable is read by an operation of its own, and what was read stays as it is when the variable changes
    later. With reference variables a reader sees changes made in the same run.

    Examples
    --------
    >>> tf.enable_resource_variables()
    >>> tf.Variable(1.0, name="w").op.type
    'VarHandleOp'
    >>> tf.disable_resource_variables()
    """
    _resources_are_default[0] = True


@export("disable_resource_variables")
def disable_resource_variables() -> None:
    """Make reference variables from now on where `use_resource` is not given: the default."""
    _resources_are_default[0] = False


@export("resource_variables_enabled")
def resource_variables_enabled() -> bool:
    """Tell whether resource variables are made where `use_resource` is not given."""
    return _resources_are_default[0]


def wants_resource(use_resource: bool | None) -> bool:
    """Whether to make a resource variable: the caller, then the variable scope, then the default decides."""
    graph = get_default_graph()
    if graph.eager:
        return True
    if use_resource is None:
        scopes: Any = graph.__dict__.get("_variable_scopes")
        use_resource = scopes.scope.use_resource if scopes is not None else None
    return resource_variables_enabled() if use_resource is None else bool(use_resource)

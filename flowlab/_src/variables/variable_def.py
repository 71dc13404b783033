"""Variables in files: how a VariableDef names a variable's tensors and operations, and back."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.arguments import as_text
from flowlab._src.graph.collections_in_files import prepend_scope, register_proto_function, strip_scope
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.keys import GraphKeys


def variable_to_proto(variable: Any, snapshot_name: str, export_scope: str | None = None) -> Any:
    """The VariableDef of a variable; None when it lies outside `export_scope`."""
    from flowlab._src.formats import messages

    export_scope = None if export_scope is None else as_text(export_scope, "export_scope")
    if export_scope is not None and not variable.name.startswith(export_scope.rstrip("/") + "/"):
        return None
    result = messages.VariableDef(
        variable_name=strip_scope(variable.name, export_scope),
        initializer_name=strip_scope(variable.initializer.name, export_scope),
        snapshot_name=strip_scope(snapshot_name, export_scope),
        trainable=variable.trainable,
        is_resource=hasattr(variable, "handle"),
    )
    if variable._initial_value is not None:
        result.initial_value_name = strip_scope(variable._initial_value.name, export_scope)
    info = variable._save_slice_info
    if info is not None:
        result.save_slice_info_def.full_name = info.full_name
        result.save_slice_info_def.full_shape.extend(info.full_shape)
        result.save_slice_info_def.var_offset.extend(info.var_offset)
        result.save_slice_info_def.var_shape.extend(info.var_shape)
    return result


class NamedParts:
    """The nodes of the default graph that a VariableDef names."""

    def __init__(self, proto: Any, import_scope: str | None = None) -> None:
        graph = get_default_graph()

        def element(name: str) -> Any:
            return graph.as_graph_element(prepend_scope(name, import_scope)) if name else None

        self.variable = element(proto.variable_name)
        self.initializer = element(proto.initializer_name)
        self.snapshot = element(proto.snapshot_name)
        self.initial_value = element(proto.initial_value_name)


def slice_info(variable_class: Any, proto: Any, import_scope: str | None = None) -> Any:
    """The part of a partitioned variable that a VariableDef is, or None."""
    if not proto.HasField("save_slice_info_def"):
        return None
    info = proto.save_slice_info_def
    return variable_class.SaveSliceInfo(
        prepend_scope(info.full_name, import_scope), list(info.full_shape), list(info.var_offset), list(info.var_shape)
    )


def to_proto(variable: Any, export_scope: str | None = None) -> Any:
    """The VariableDef of any variable."""
    return variable.to_proto(export_scope=export_scope)


def from_proto(proto: Any, import_scope: str | None = None) -> Any:
    """The variable that a VariableDef describes."""
    from flowlab._src.variables.variable import Variable

    return Variable.from_proto(proto, import_scope=import_scope)


VARIABLE_COLLECTIONS = (
    GraphKeys.GLOBAL_VARIABLES, GraphKeys.TRAINABLE_VARIABLES, GraphKeys.MOVING_AVERAGE_VARIABLES,
    GraphKeys.LOCAL_VARIABLES, GraphKeys.MODEL_VARIABLES, GraphKeys.METRIC_VARIABLES, GraphKeys.GLOBAL_STEP,
)  # fmt: skip

for _key in VARIABLE_COLLECTIONS:
    register_proto_function(_key, "VariableDef", to_proto, from_proto)

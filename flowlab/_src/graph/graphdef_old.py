"""Kinds of operations that newer ones have replaced: files of early versions are read as if written with the new ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from flowlab._src.graph.dtypes import as_dtype
from flowlab._src.graph.graphdef import attr_value
from flowlab._src.graph.graphdef_attributes import attribute
from flowlab._src.graph.tensor_proto import to_proto


def renew(graph_def: Any) -> Any:
    """The GraphDef with present kinds of operations; itself where it has no old ones."""
    from flowlab._src.formats import messages

    if not any(node.op in _RENEWED for node in graph_def.node):
        return graph_def
    result = messages.GraphDef()
    for node in graph_def.node:
        result.node.extend(_RENEWED[node.op](node) if node.op in _RENEWED else [node])
    result.library.CopyFrom(graph_def.library)
    result.versions.CopyFrom(graph_def.versions)
    return result


def _constant(name: str, value: int) -> Any:
    from flowlab._src.formats import messages

    node = messages.NodeDef(name=name, op="Const")
    node.attr["dtype"].CopyFrom(attr_value("type", "int32"))
    node.attr["value"].tensor.CopyFrom(to_proto(np.array(value, np.int32), as_dtype("int32")))
    return node


def _called(op: str) -> Callable[[Any], Iterable[Any]]:
    """A kind that has only another name by now."""

    def rename(node: Any) -> Iterable[Any]:
        copy = type(node)()
        copy.CopyFrom(node)
        copy.op = op
        return [copy]

    return rename


def _with_inputs(node: Any, op: str, inputs: Iterable[str], without: Iterable[str] = ()) -> Any:
    copy = type(node)()
    copy.CopyFrom(node)
    copy.op = op
    control = [text for text in node.input if text.startswith("^")]
    del copy.input[:]
    copy.input.extend([*inputs, *control])
    for name in without:
        copy.attr.pop(name, None)
    return copy


def _data(node: Any) -> list[str]:
    return [text for text in node.input if not text.startswith("^")]


def _gather(node: Any) -> Iterable[Any]:
    """Rows; now the axis is an input."""
    axis = _constant(f"{node.name}/axis", 0)
    new = _with_inputs(node, "GatherV2", [*_data(node), axis.name], ["validate_indices"])
    new.attr["Taxis"].CopyFrom(attr_value("type", "int32"))
    return [axis, new]


def _top_k(node: Any) -> Iterable[Any]:
    """The number of values to find was an attribute."""
    k = _constant(f"{node.name}/k", attribute(node, "k").i)
    return [k, _with_inputs(node, "TopKV2", [*_data(node), k.name], ["k"])]


def _concat(node: Any) -> Iterable[Any]:
    """The axis stood before the values."""
    axis, *values = _data(node) or [""]
    new = _with_inputs(node, "ConcatV2", [*values, axis])
    new.attr["Tidx"].CopyFrom(attr_value("type", "int32"))
    return [new]


_RENEWED: dict[str, Callable[[Any], Iterable[Any]]] = {
    "Variable": _called("VariableV2"),
    "PlaceholderV2": _called("Placeholder"),
    "Gather": _gather,
    "TopK": _top_k,
    "Concat": _concat,
}

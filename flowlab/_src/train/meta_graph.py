"""`tf.train.export_meta_graph` and `tf.train.import_meta_graph`: a graph with its collections, in one message."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from flowlab._src.errors import NotFoundError
from flowlab._src.formats.files import as_path, file_error
from flowlab._src.graph.arguments import as_text, refused
from flowlab._src.graph.collections_in_files import WRITERS, prepend_scope, register_proto_function, strip_scope
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.graph import Graph
from flowlab._src.graph.graph_io import message_bytes, write_file
from flowlab._src.graph.graphdef import attr_value, op_def
from flowlab._src.graph.graphdef_import import import_graph_def, parse_input
from flowlab._src.graph.keys import GraphKeys
from flowlab._src.graph.op_table import NO_DEFAULT, declared
from flowlab._src.graph.registry import OPS
from flowlab._src.util import log
from flowlab._src.util.export import export
from flowlab._src.util.version import GIT_VERSION, VERSION
from flowlab._src.variables.variable_def import VARIABLE_COLLECTIONS

UNBOUND = "$unbound_inputs_"


def _runner_to_proto(runner: Any, export_scope: str | None = None) -> Any:
    return runner.to_proto(export_scope=export_scope)


def _runner_from_proto(proto: Any, import_scope: str | None = None) -> Any:
    from flowlab._src.train.queue_runner import QueueRunner

    return QueueRunner.from_proto(proto, import_scope=import_scope)


register_proto_function(GraphKeys.QUEUE_RUNNERS, "QueueRunnerDef", _runner_to_proto, _runner_from_proto)


# ---- writing -------------------------------------------------------------------------------------------------------


@export("train.export_meta_graph")
def export_meta_graph(
    filename: str | None = None,
    meta_info_def: Any = None,
    graph_def: Any = None,
    saver_def: Any = None,
    collection_list: Sequence[str] | None = None,
    as_text: bool = False,
    graph: Graph | None = None,
    export_scope: str | None = None,
    clear_devices: bool = False,
    clear_extraneous_savers: bool = False,
    strip_default_attrs: bool = False,
    save_debug_info: bool = False,
) -> Any:
    """Return a graph and its collections as a `tf.MetaGraphDef`, and write it to a file if one is named.

    Parameters
    ----------
    filename : str, optional
    meta_info_def, graph_def, saver_def : messages, optional
        Parts to use in place of those that would be made.
    collection_list : list of str, optional
        Names of the collections to write; all by default.
    as_text : bool
        Write the file as text.
    graph : Graph, optional
        The default graph if not given.
    export_scope : str, optional
        Write the nodes of this name scope only, with the scope taken off their names.
    clear_devices : bool
        Leave out on which devices nodes are to run.
    clear_extraneous_savers, save_debug_info : bool
        Accepted for compatibility.
    strip_default_attrs : bool
        Leave out attributes that have their default value, so that older programs read the file.

    Returns
    -------
    MetaGraphDef
        Variables are written as VariableDefs, tensors and operations by name, and numbers and text as they are.
        A collection of anything else is left out, with a warning.

    Examples
    --------
    >>> w = tf.Variable([1.0, 2.0], name="w")
    >>> tf.add_to_collection("limits", 3)
    >>> meta = tf.train.export_meta_graph()
    >>> sorted(meta.collection_def)
    ['limits', 'trainable_variables', 'variables']
    """
    from flowlab._src.formats import messages

    graph = get_default_graph() if graph is None else graph
    parts = {"graph_def": graph_def, "saver_def": saver_def, "meta_info_def": meta_info_def}
    for (name, part), kind in zip(parts.items(), ("GraphDef", "SaverDef", "MetaGraphDef.MetaInfoDef"), strict=True):
        if part is not None and getattr(getattr(part, "DESCRIPTOR", None), "name", "") != kind.rpartition(".")[2]:
            raise refused(kind, name, part)
    if not isinstance(graph, Graph):
        raise TypeError(f"graph must be a Graph, not {type(graph).__name__}.")
    result = messages.MetaGraphDef()
    unbound: list[str] = []
    if graph_def is None:
        graph_def = _scoped_graph_def(graph, export_scope, unbound)
    result.graph_def.CopyFrom(graph_def)
    for node in result.graph_def.node:
        if clear_devices:
            node.device = ""
        if strip_default_attrs:
            _strip_defaults(node)
    if meta_info_def is not None:
        result.meta_info_def.CopyFrom(meta_info_def)
    _describe(result, strip_default_attrs)
    if saver_def is not None:
        result.saver_def.CopyFrom(saver_def)
    for name in graph.get_all_collection_keys() if collection_list is None else collection_list:
        _write_collection(result, name, graph.get_collection(name), export_scope)
    if unbound:
        result.collection_def["unbound_inputs"].bytes_list.value.extend(name.encode() for name in unbound)
    if filename:
        write_file(as_path(filename, "filename"), message_bytes(result, as_text))
    return result


def _describe(result: Any, stripped: bool) -> None:
    """Fill in which program has written a message, and the kinds of its operations."""
    info = result.meta_info_def
    info.tensorflow_version = info.tensorflow_version or VERSION
    info.tensorflow_git_version = info.tensorflow_git_version or GIT_VERSION
    info.stripped_default_attrs = stripped
    if not info.stripped_op_list.op:
        nodes = [*result.graph_def.node, *(n for f in result.graph_def.library.function for n in f.node_def)]
        for op in sorted({node.op for node in nodes}):
            if op in OPS or declared(op) is not None:
                info.stripped_op_list.op.append(op_def(OPS.get(op, op)))


def _scoped_graph_def(graph: Graph, scope: str | None, unbound: list[str]) -> Any:
    """The GraphDef of a graph, or of a name scope in it; inputs from outside are renamed and noted in `unbound`."""
    from flowlab._src.formats import messages

    whole = graph.as_graph_def(add_shapes=True)
    if not scope:
        return whole
    inside = as_text(scope, "export_scope").rstrip("/") + "/"
    names = {node.name for node in whole.node if node.name.startswith(inside)}
    result = messages.GraphDef(versions=whole.versions, library=whole.library)
    for node in whole.node:
        if node.name not in names:
            continue
        copy = result.node.add()
        copy.CopyFrom(node)
        copy.name = strip_scope(node.name, inside)
        del copy.input[:]
        for text in node.input:
            if parse_input(text).name in names:
                copy.input.append(strip_scope(text, inside))
            elif not text.startswith("^"):
                copy.input.append(f"{UNBOUND}{text}")
                if copy.input[-1] not in unbound:
                    unbound.append(copy.input[-1])
        if "_class" in node.attr:
            groups = [text.decode() for text in node.attr["_class"].list.s]
            kept = [strip_scope(text, inside) for text in groups if text.removeprefix("loc:@") in names]
            del copy.attr["_class"]
            if kept:
                copy.attr["_class"].CopyFrom(attr_value("list(string)", kept))
    return result


def _strip_defaults(node: Any) -> None:
    """Leave out the attributes of a NodeDef that have their default value."""
    definition = declared(node.op)
    for declaration in definition.attributes.values() if definition is not None else ():
        if declaration.name in node.attr and declaration.default is not NO_DEFAULT:
            default = attr_value(declaration.kind, declaration.default)
            if node.attr[declaration.name] == default:
                del node.attr[declaration.name]


def _write_collection(result: Any, name: str, items: list[Any], scope: str | None) -> None:
    """Write a collection, or warn that it cannot be written."""
    from flowlab._src.formats import messages

    entry = messages.CollectionDef()
    try:
        if name in WRITERS:
            found = [WRITERS[name].to_proto(item, export_scope=scope) for item in items]
            entry.bytes_list.value.extend(message.SerializeToString() for message in found if message is not None)
        else:
            _write_plain(entry, items, scope)
    except (TypeError, ValueError, AttributeError) as error:
        log.warning(
            f"Issue encountered when serializing {name}. Type is unsupported, or the types of the items don't match field "
            f"type in CollectionDef. Note this is a warning and probably safe to ignore. {error}"
        )
        return
    kind = entry.WhichOneof("kind")
    if kind and len(getattr(entry, kind).value):
        result.collection_def[name].CopyFrom(entry)


def _write_plain(entry: Any, items: list[Any], scope: str | None) -> None:
    """Write numbers, text and the names of tensors and operations; the first item decides for all."""
    first = items[0] if items else None
    if isinstance(first, bool):
        raise TypeError(f"{first!r} is neither a number nor a name.")
    if isinstance(first, int):
        entry.int64_list.value.extend(items)
    elif isinstance(first, float):
        entry.float_list.value.extend(items)
    elif isinstance(first, (str, bytes)):
        entry.bytes_list.value.extend(item.encode("utf-8") if isinstance(item, str) else item for item in items)
    else:
        names = [item.name for item in items]
        inside = "" if not scope else scope.rstrip("/") + "/"
        entry.node_list.value.extend(strip_scope(name, scope) for name in names if name.startswith(inside))


# ---- reading -------------------------------------------------------------------------------------------------------


@export("train.import_meta_graph")
def import_meta_graph(
    meta_graph_or_file: Any, clear_devices: bool = False, import_scope: str | None = None, **kwargs: Any
) -> None:
    """Add the graph and the collections of a `tf.MetaGraphDef` to the default graph.

    Parameters
    ----------
    meta_graph_or_file : MetaGraphDef or str
        The message, or the path of a file with it, binary or text.
    clear_devices : bool
        Forget on which devices nodes are to run.
    import_scope : str, optional
        A name scope to put everything in.
    **kwargs
        `input_map`: tensors to use in place of those of these names, as for `tf.import_graph_def`.

    Returns
    -------
    None
        TensorFlow returns a `Saver` that restores the variables; there is none here yet.

    Raises
    ------
    OSError
        If there is no such file.
    ValueError
        If the file cannot be read, or the graph is not whole.

    Examples
    --------
    >>> with tf.Graph().as_default():
    ...     w = tf.Variable([1.0, 2.0], name="w")
    ...     meta = tf.train.export_meta_graph()
    >>> tf.train.import_meta_graph(meta)
    >>> tf.global_variables()
    [<tf.Variable 'w:0' shape=(2,) dtype=float32_ref>]
    """
    import_scoped_meta_graph(meta_graph_or_file, clear_devices, import_scope=import_scope, **kwargs)


def read_meta_graph(path: Any) -> Any:
    """Read a MetaGraphDef from a binary file or one in text format."""
    from flowlab._src.formats import messages

    path = as_path(path, "meta_graph_or_file")
    if not os.path.exists(path):
        raise OSError(f"File does not exist. Received: {path}.")
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise file_error(error, path) from None
    try:
        return messages.parse(messages.MetaGraphDef, data, path)
    except ValueError as binary:
        try:
            return messages.parse_text(messages.MetaGraphDef, data.decode("utf-8"), path)
        except ValueError:
            raise binary from None


def import_scoped_meta_graph(
    meta_graph_or_file: Any,
    clear_devices: bool = False,
    graph: Graph | None = None,
    import_scope: str | None = None,
    input_map: Mapping[str, Any] | None = None,
    unbound_inputs_col_name: str = "unbound_inputs",
    restore_collections_predicate: Any = None,
    return_elements: Sequence[str] | None = None,
) -> list[Any] | None:
    """Add a MetaGraphDef to a graph; returns the `return_elements`."""
    from flowlab._src.formats import messages

    if isinstance(meta_graph_or_file, messages.MetaGraphDef):
        meta = meta_graph_or_file
    elif getattr(getattr(meta_graph_or_file, "DESCRIPTOR", None), "full_name", "") == "tensorflow.MetaGraphDef":
        meta = messages.parse(messages.MetaGraphDef, meta_graph_or_file.SerializeToString(), "the message")
    else:
        meta = read_meta_graph(meta_graph_or_file)
    graph = get_default_graph() if graph is None else graph
    _check_unbound(meta, unbound_inputs_col_name, input_map)
    graph_def = messages.GraphDef()
    graph_def.CopyFrom(meta.graph_def)
    if clear_devices:
        for node in graph_def.node:
            node.device = ""
    with graph.as_default():
        scope = ""
        if import_scope:
            with graph.name_scope(as_text(import_scope, "import_scope")) as opened:
                scope = opened[:-1]
        # A scope that ends in a slash is opened as it is.
        elements = import_graph_def(
            graph_def,
            input_map,
            return_elements,
            name=f"{scope}/" if scope else "",
            producer_op_list=meta.meta_info_def.stripped_op_list,
        )
        variables: dict[bytes, Any] = {}
        for key, entry in sorted(meta.collection_def.items()):
            if key != unbound_inputs_col_name and (
                restore_collections_predicate is None or restore_collections_predicate(key)
            ):
                _read_collection(graph, key, entry, scope, variables)
    return elements


def _check_unbound(meta: Any, name: str, input_map: Any) -> None:
    """A part of a graph that was cut out needs tensors in place of what was outside."""
    if name not in meta.collection_def:
        return
    missing = [text.decode() for text in meta.collection_def[name].bytes_list.value]
    missing = [text for text in missing if text not in (input_map or {})]
    if missing:
        raise ValueError(
            f"Graph contains unbound inputs: {', '.join(missing)}. Must provide these inputs through input_map."
        )


def _read_collection(graph: Graph, key: str, entry: Any, scope: str, variables: dict[bytes, Any]) -> None:
    from flowlab._src.formats import messages

    if key in (GraphKeys.COND_CONTEXT, GraphKeys.WHILE_CONTEXT):
        return  # they name nodes that have become parts of an If or a While
    kind = entry.WhichOneof("kind")
    if kind is None:
        log.warning(f"Cannot identify data type for collection {key}. Skipping.")
        return
    if kind == "bytes_list" and key in WRITERS:
        writer = WRITERS[key]
        for data in entry.bytes_list.value:
            if key in VARIABLE_COLLECTIONS and data in variables:  # one variable may be in several collections
                graph.add_to_collection(key, variables[data])
                continue
            message = messages.parse(getattr(messages, writer.message), data, f"An item of the collection {key!r}")
            try:
                item = writer.from_proto(message, import_scope=scope or None)
            except KeyError as error:
                raise NotFoundError(
                    None, None, f"The collection {key!r} names what the graph does not have: {error.args[0]}"
                ) from None
            graph.add_to_collection(key, item)
            if key in VARIABLE_COLLECTIONS:
                variables[data] = item
    elif kind == "node_list":
        for name in entry.node_list.value:
            graph.add_to_collection(key, graph.as_graph_element(prepend_scope(name, scope)))
    elif kind != "any_list":
        for value in getattr(entry, kind).value:
            graph.add_to_collection(key, int(value) if kind == "int64_list" else value)

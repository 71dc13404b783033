"""Messages in files: `tf.train.write_graph`."""

from __future__ import annotations

import os
import tempfile
from typing import Any

from flowlab._src.formats.files import as_path, file_error
from flowlab._src.graph.graph import Graph
from flowlab._src.util.export import export


def write_file(path: str, data: bytes) -> None:
    """Write a file as a whole or not at all."""
    folder = os.path.dirname(path) or "."
    try:
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=os.path.basename(path) + ".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise file_error(error, path) from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def message_bytes(message: Any, as_text: bool) -> bytes:
    """A message in text format, or in binary with the entries of its maps in order."""
    from flowlab._src.formats import messages

    if as_text:
        return messages.to_text(message).encode("utf-8")
    data: bytes = message.SerializeToString(deterministic=True)
    return data


@export("train.write_graph", "io.write_graph")
def write_graph(graph_or_graph_def: Any, logdir: str, name: str, as_text: bool = True) -> str:
    """Write a graph to a file.

    Parameters
    ----------
    graph_or_graph_def : Graph or GraphDef
    logdir : str
        The folder; it is made if it does not exist.
    name : str
        The file's name, by custom with the ending .pbtxt or, in binary, .pb.
    as_text : bool
        Write text that people can read, or the shorter binary form.

    Returns
    -------
    str
        The path of the file.

    Examples
    --------
    >>> import tempfile
    >>> c = tf.constant(1.0)
    >>> path = tf.train.write_graph(c.graph, tempfile.mkdtemp(), "graph.pbtxt")
    >>> with open(path) as file:
    ...     print(file.read()[:38])
    node {
      name: "Const"
      op: "Const"
    """
    graph_def = graph_or_graph_def.as_graph_def() if isinstance(graph_or_graph_def, Graph) else graph_or_graph_def
    if not hasattr(graph_def, "SerializeToString"):
        raise TypeError(f"Expected a Graph or a GraphDef, got {type(graph_def).__name__}.")
    folder = as_path(logdir, "logdir")
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise file_error(error, folder) from None
    path = os.path.join(folder, as_path(name, "name"))
    write_file(path, message_bytes(graph_def, as_text))
    return path

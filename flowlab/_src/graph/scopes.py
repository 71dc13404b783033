"""Scopes opened in the default graph by `with` blocks: names, control dependencies, devices."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.default import get_default_graph, graph_of, graph_of_tensors
from flowlab._src.util.export import export


@export("name_scope")
class name_scope:
    """Group operations under a name: `with tf.name_scope("layer1"):` calls them `layer1/...`.

    Parameters
    ----------
    name : str or None
        A name ending in '/' opens that very scope again.
    default_name : str, optional
        Used when `name` is None.
    values : list of Tensor, optional
        The tensors passed to a function: the scope is opened in their graph.

    Examples
    --------
    >>> with tf.name_scope("layer1") as scope:
    ...     c = tf.constant(1.0, name="c")
    >>> scope, c.name
    ('layer1/', 'layer1/c:0')
    """

    __slots__ = ("_default_name", "_entered", "_name", "_values")

    def __init__(self, name: str | None, default_name: str | None = None, values: Any = None) -> None:
        if not (name is None or isinstance(name, str)):
            raise TypeError("`name` for name_scope must be a string.")
        self._name = default_name if name is None else name
        self._default_name = default_name
        self._values = values
        self._entered: list[
            tuple[Any, Any]
        ] = []  # the block in the graph, and the one that makes the graph the default

    @property
    def name(self) -> str | None:
        """The name asked for."""
        return self._name

    def __enter__(self) -> str:
        if self._name is None and self._values is not None:
            raise ValueError(
                f"At least one of name ({self._name}) and default_name ({self._default_name}) must be provided."
            )
        present = get_default_graph()
        values = list(self._values or ())
        graph = graph_of_tensors(values) or graph_of(values)
        block, around = graph.name_scope(self._name), None
        if graph is not present:
            around = graph.as_default()
            around.__enter__()
        try:
            scope = block.__enter__()
        except BaseException:
            if around is not None:
                around.__exit__(None, None, None)
            raise
        self._entered.append((block, around))
        return scope

    def __exit__(self, *exc: Any) -> None:
        block, around = self._entered.pop()
        block.__exit__()
        if around is not None:
            around.__exit__(None, None, None)


@export("op_scope")
def op_scope(values: Any, name: str | None, default_name: str | None = None) -> name_scope:
    """Open a name scope, with the arguments in the order of TensorFlow 0.x; write `tf.name_scope`."""
    return name_scope(name, default_name, values)


@export("control_dependencies")
def control_dependencies(control_inputs: Any) -> Any:
    """Let the operations made in a `with` block run only after the given ones.

    Parameters
    ----------
    control_inputs : list of Operation, Tensor or Variable, or None
        None forgets all outer control dependencies.

    Examples
    --------
    >>> w = tf.Variable(1.0)
    >>> with tf.control_dependencies([w.assign(5.0)]):
    ...     y = tf.identity(w)
    >>> with tf.Session() as sess:
    ...     sess.run(w.initializer)
    ...     float(sess.run(y))
    5.0
    """
    return get_default_graph().control_dependencies(control_inputs)


@export("device")
def device(device_name_or_function: Any) -> Any:
    """Place the operations made in a `with` block on a device, for example `tf.device('/cpu:0')`."""
    return get_default_graph().device(device_name_or_function)


@export("colocate_with")
def colocate_with(op: Any, ignore_existing: bool = False) -> Any:
    """Ask for the operations made in a `with` block to be on the device of `op`."""
    return get_default_graph().colocate_with(op, ignore_existing)


@export("container")
def container(container_name: str) -> Any:
    """Accepted for compatibility: a session keeps its state in one place."""
    return get_default_graph().container(container_name)

"""Nodes that order others: no_op, group, tuple, and the functions around them."""

from __future__ import annotations

from typing import Any

from flowlab._src.autodiff.gradients import gate_together
from flowlab._src.autodiff.slices import IndexedSlices
from flowlab._src.errors import add_notes
from flowlab._src.graph.arguments import as_list
from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.op import Op
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.util import source
from flowlab._src.util.export import export


class NoOp(Op):
    """Does nothing: a place to tie control dependencies to."""

    grad = None

    def kernel(self) -> None:
        return None

    def shape(self) -> list[Any]:
        return []

    def dtypes(self) -> list[Any]:
        return []


class ControlTrigger(NoOp):
    """Does nothing, whichever of the nodes before it have run: files of TensorFlow 1 have it in gradients of loops."""


@export("no_op")
def no_op(name: str | None = None) -> Operation:
    """Add an operation that does nothing.

    Examples
    --------
    >>> tf.no_op()
    <tf.Operation 'NoOp' type=NoOp>
    """
    return NoOp()(name=name)


def flatten(values: Any) -> list[Any]:
    """The leaves of nested lists, tuples and dicts; the parts of IndexedSlices."""
    if isinstance(values, (list, tuple)):
        return [leaf for v in values for leaf in flatten(v)]
    if isinstance(values, dict):
        return [leaf for key in sorted(values) for leaf in flatten(values[key])]
    if isinstance(values, IndexedSlices):
        return [v for v in (values.values, values.indices, values.dense_shape) if v is not None]
    return [values]


@export("group")
def group(*inputs: Any, **kwargs: Any) -> Any:
    """Return one operation that is done when all `inputs` are.

    Parameters
    ----------
    *inputs : Operation, Tensor or Variable, also in lists
    name : str, optional

    Examples
    --------
    >>> a, b = tf.Variable(1.0), tf.Variable(2.0)
    >>> both = tf.group(a.initializer, b.initializer)
    >>> [op.name for op in both.control_inputs]
    ['Variable/Assign', 'Variable_1/Assign']
    """
    name = kwargs.pop("name", None)
    if kwargs:
        raise ValueError("Unknown keyword arguments: " + ", ".join(kwargs))
    if get_default_graph().eager:
        return None  # all of it is done
    leaves = flatten(inputs)
    with name_scope(name, "group_deps", [leaf for leaf in leaves if hasattr(leaf, "graph")]) as scope:
        for leaf in leaves:
            if not hasattr(leaf, "device"):
                site = source.caller(2)
                raise add_notes(
                    TypeError(f"Expected tf.group() expected Tensor objects not None being '{type(leaf)}'"),
                    where=site.quote() if site else "",
                    fix="pass operations, tensors or variables; a function without a return gives None",
                )
        by_device: dict[str, list[Any]] = {}
        for leaf in leaves:
            by_device.setdefault(leaf.device, []).append(leaf)
        graph = get_default_graph()
        if len(by_device) <= 1:
            with graph.control_dependencies(leaves):
                return no_op(name=scope)
        parts = []
        for device in sorted(by_device):
            with graph.device(device or None), graph.control_dependencies(by_device[device]):
                parts.append(no_op())
        with graph.control_dependencies(parts):
            return no_op(name=scope)


@export("tuple")
def tuple_(tensors: Any, name: str | None = None, control_inputs: Any = None) -> list[Any]:
    """Return the same tensors, each available only when all of them are computed.

    Parameters
    ----------
    tensors : list of Tensor, IndexedSlices, Operation or None
    name : str, optional
    control_inputs : list of Operation or Tensor, optional
        Must be done as well.

    Raises
    ------
    ValueError
        If there is nothing but None.
    """
    control = []
    for item in () if control_inputs is None else as_list(control_inputs, "control_inputs"):
        if isinstance(item, Tensor):
            item = item.op
        if not isinstance(item, Operation):
            raise TypeError(f"Control input must be Operation or Tensor: {item}")
        control.append(item)
    tensors = as_list(tensors, "tensors")
    tensors = [t if t is None or isinstance(t, (Operation, IndexedSlices)) else convert(t) for t in tensors]
    if not control and all(t is None for t in tensors):
        raise ValueError(f"Must have at least one Tensor: {tensors}")
    with name_scope(name, "tuple", [t for t in tensors if t is not None]) as scope:
        return gate_together(tensors, control, scope)


def with_dependencies(dependencies: Any, output: Any, name: str | None = None) -> Any:
    """Return `output`, available only when `dependencies` are done."""
    with (
        name_scope(name, "control_dependency", [d for d in dependencies if hasattr(d, "graph")] + [output]) as scope,
        get_default_graph().control_dependencies(dependencies),
    ):
        output = convert(output) if not isinstance(output, IndexedSlices) else output
        if isinstance(output, IndexedSlices):
            return IndexedSlices(raw.Identity(output.values, name=scope), output.indices, output.dense_shape)
        result = raw.Identity(output, name=scope)
        result._shape = output._shape
        return result

"""The variable that counts training steps."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph import dtypes
from flowlab._src.graph.default import graph_or_default
from flowlab._src.graph.graph import Graph
from flowlab._src.graph.keys import GraphKeys
from flowlab._src.graph.tensor import Tensor
from flowlab._src.util.export import export
from flowlab._src.variables.initializers import Zeros
from flowlab._src.variables.scope import get_variable
from flowlab._src.variables.variable import Variable


@export("train.global_step")
def global_step(sess: Any, global_step_tensor: Any) -> int:
    """Return the number of steps done in a session."""
    if not hasattr(sess, "run"):
        raise TypeError(f"sess must be a tf.Session, but got {type(sess)}")
    return int(sess.run(global_step_tensor))


@export("train.get_global_step")
def get_global_step(graph: Graph | None = None) -> Any:
    """Return the step counter of the graph, or None."""
    graph = graph_or_default(graph)
    known = graph.get_collection(GraphKeys.GLOBAL_STEP)
    if len(known) == 1:
        step = known[0]
    elif not known:
        try:
            step = graph.get_tensor_by_name("global_step:0")
        except KeyError:
            return None
    else:
        return None
    assert_global_step(step)
    return step


@export("train.create_global_step")
def create_global_step(graph: Graph | None = None) -> Variable:
    """Make the step counter `global_step` (int64, starts at 0); ValueError when there is one.

    Examples
    --------
    >>> tf.train.create_global_step()
    <tf.Variable 'global_step:0' shape=() dtype=int64_ref>
    """
    graph = graph_or_default(graph)
    if get_global_step(graph) is not None:
        raise ValueError('"global_step" already exists.')
    with graph.as_default(), graph.name_scope(None):
        return get_variable(
            GraphKeys.GLOBAL_STEP, shape=[], dtype=dtypes.int64, initializer=Zeros(), trainable=False,
            collections=[GraphKeys.GLOBAL_VARIABLES, GraphKeys.GLOBAL_STEP],
        )  # fmt: skip


@export("train.get_or_create_global_step")
def get_or_create_global_step(graph: Graph | None = None) -> Any:
    """Return the step counter, made if there is none."""
    step = get_global_step(graph)
    return create_global_step(graph) if step is None else step


@export("train.assert_global_step")
def assert_global_step(global_step_tensor: Any) -> None:
    """TypeError unless the argument is an integer scalar variable or tensor."""
    if not isinstance(global_step_tensor, (Variable, Tensor)):
        raise TypeError(f'Existing "global_step" must be a Variable or Tensor: {global_step_tensor}.')
    if not global_step_tensor.dtype.base_dtype.is_integer:
        raise TypeError(f'Existing "global_step" does not have integer type: {global_step_tensor.dtype}')
    shape = global_step_tensor.shape
    if shape.ndims != 0 and shape.is_fully_defined():
        raise TypeError(f'Existing "global_step" is not scalar: {shape}')


READS = "global_step_read_op_cache"  # the collection with the tensor that hooks read the counter from


def get_global_step_read(graph: Graph | None = None) -> Any:
    """A tensor with the step counter as it was before the run, made on first use; None when there is no counter.

    A run of a `MonitoredSession` reads it before anything else, so that hooks see the step that the run begins with.
    """
    graph = graph_or_default(graph)
    known = graph.get_collection(READS)
    if known:
        return known[0]
    step = get_global_step(graph)
    if step is None:
        return None
    with graph.as_default(), graph.name_scope(None), graph.name_scope(step.op.name + "/"):
        value = step.initialized_value() if isinstance(step, Variable) else step
        read = value + 0
        graph.add_to_collection(READS, read)
        return read

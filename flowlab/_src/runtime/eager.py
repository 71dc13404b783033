"""Eager mode: operations run when they are called.

What takes the place of the graph is an `EagerGraph`: the default graph while eager mode is on. `apply_op` hands it the
operation, and it runs the kernel that a session would run, at once, and writes the operation on the tapes.
"""

from __future__ import annotations

import contextlib
import itertools
import random
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from flowlab._src.autodiff.tape import Record, record, tapes
from flowlab._src.errors import InternalError, InvalidArgumentError, OpError, ResourceExhaustedError, add_notes
from flowlab._src.graph import default
from flowlab._src.graph.build import convert_inputs, solve_dtypes
from flowlab._src.graph.composite import first_composite
from flowlab._src.graph.default import eager_graph, get_default_graph
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.eager_tensor import EagerTensor
from flowlab._src.graph.graph import Graph
from flowlab._src.graph.keys import GraphKeys
from flowlab._src.graph.op import Op
from flowlab._src.graph.stacks import graphs
from flowlab._src.runtime.eager_options import ASYNC, DEVICE_POLICIES, SYNC, callbacks
from flowlab._src.runtime.explain import from_library, is_too_big, run_time_message
from flowlab._src.runtime.plan import PLAIN, bind_kernel
from flowlab._src.runtime.state import SessionState
from flowlab._src.util import source
from flowlab._src.util.export import export


class EagerFrame:
    """What a kernel may ask of the run it is part of: the state, and its node with the values that flow in."""

    __slots__ = ("node", "state", "values")

    parent = None
    iteration = 0
    unseen = False  # whoever called may hold the arrays

    def __init__(self, node: Record, state: SessionState, values: Sequence[Any]) -> None:
        self.node = node
        self.state = state
        self.values = values

    @property
    def instruction(self) -> EagerFrame:
        """What runs: this very operation."""
        return self

    @property
    def inputs(self) -> range:
        """Where the values of the inputs are."""
        return range(len(self.values))


def frozen(value: Any) -> Any:
    """A result that nobody will write to."""
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    return value


def explained(error: Exception, node: Record, values: Sequence[Any]) -> BaseException:
    """A kernel's failure as an error of `tf.errors` that names the operation, the user's line and the values."""
    if isinstance(error, OpError):
        message = error.message
    elif isinstance(error, MemoryError) or is_too_big(error):
        error, message = ResourceExhaustedError(None, None, ""), f"OOM when allocating the result of {node.type}"
    elif getattr(error, "flow", None) is not None or not from_library(error):
        return error  # raised by the user's own Python function, or explained already
    elif isinstance(error, (AssertionError, AttributeError, NotImplementedError)):
        error, message = InternalError(None, None, ""), f"the kernel of {node.type} failed: {error!r}"
    else:
        error, message = InvalidArgumentError(None, None, ""), run_time_message(node, list(values), error)
    if "[Op:" not in message:
        message = f"{message} [Op:{node.type}]"
    error._message, error.args = message, (message,)
    site = source.caller(4)
    inputs = "      ".join(describe(t) for t in node._inputs)
    return add_notes(error, where=site.quote() if site else "", inputs=inputs, fix=error.fix)


def describe(tensor: Any) -> str:
    """Dtype and shape of a tensor; a small value is shown."""
    text = f"{tensor.dtype.name} {tensor.shape}"
    return f"{text} = {np.asarray(tensor._value).tolist()}" if (tensor.shape.num_elements() or 0) <= 4 else text


def graph_tensor(tensor: Any) -> BaseException:
    """The error for a tensor of a graph among the inputs."""
    site = source.caller(4)
    return add_notes(
        TypeError(
            'An op outside of the function building code is being passed a "Graph" tensor. It is possible to have Graph tensors '
            "leak out of the function building context by including a tf.init_scope in your function building code. The graph "
            f"tensor has name: {tensor.name}"
        ),
        why="it was made inside `with graph.as_default():` and has no value until a session runs",
        where=site.quote() if site else "",
        fix="work with it inside that block, or hand over the number that sess.run gives",
    )


class EagerGraph(Graph):
    """Runs operations instead of keeping them. Name scopes count for the names of variables alone."""

    eager = True

    def __init__(self) -> None:
        super().__init__()
        self.state = SessionState()
        self.uids = itertools.count()
        self._random = random.Random()

    def apply(self, op: Op, inputs: Sequence[Any]) -> Any:
        """Run an operation; gives its output, a list of outputs, or None when it has none."""
        schema = op.schema
        if schema.has_list or len(inputs) != len(schema.inputs) or any(i.__class__ is not EagerTensor for i in inputs):
            composite = first_composite(inputs)
            if composite is not None:
                given = composite._apply_elementwise(op, inputs, op.type)
                if given is not NotImplemented:
                    return given
            with self.as_default():
                inputs = convert_inputs(op, schema, inputs)
            for tensor in inputs:
                if tensor.__class__ is not EagerTensor:
                    raise graph_tensor(tensor)
        node: Any = Record(op, inputs)  # it looks like a node to kernels and rules
        if op.is_constant:
            results: Sequence[Any] = (op.value,)  # type: ignore[attr-defined]  # a constant has one
            dtypes: Sequence[DType] = [op.dtype]  # type: ignore[attr-defined]
        else:
            dtypes = solve_dtypes(op, schema, inputs)
            values = [t._value for t in inputs]
            frame = EagerFrame(node, self.state, values)
            kernel, mode = bind_kernel(node)
            try:
                with np.errstate(all="ignore"):
                    result = kernel(*values) if mode == PLAIN else kernel(frame, *values)
            except Exception as error:
                raise explained(error, node, values) from None
            results = result if len(dtypes) != 1 or schema.outputs[0].is_list else (result,)
        if not dtypes:
            return [] if schema.outputs else None
        outputs = [EagerTensor(frozen(v), d.base_dtype) for v, d in zip(results, dtypes, strict=True)]
        if tapes.active:
            node._outputs = tuple(outputs)
            record(node)
        for callback in callbacks:
            callback(op.type, "", op.attributes(), list(inputs), outputs)
        return outputs[0] if len(outputs) == 1 and not schema.outputs[0].is_list else outputs

    # ---- what a graph does, and what is left of it --------------------------------------------------------------

    def unique_name(self, name: str, mark_as_used: bool = True) -> str:
        """Return `name` inside the current name scope: in eager mode names need not be unique."""
        return f"{self.scopes.name}/{name}" if self.scopes.name else name

    @contextlib.contextmanager
    def control_dependencies(self, control_inputs: Any) -> Iterator[None]:  # type: ignore[override]
        """Nothing to do: operations run in the order they are called in."""
        if callable(control_inputs):
            control_inputs()
        yield

    @contextlib.contextmanager
    def colocate_with(self, op: Any, ignore_existing: bool = False) -> Iterator[None]:
        """Nothing to do: there is one device."""
        yield

    def add_to_collection(self, name: Any, value: Any) -> None:
        """Only the step counter is kept: whoever makes anything else keeps it."""
        if name == GraphKeys.GLOBAL_STEP:
            super().add_to_collection(name, value)

    def create_op(self, *args: Any, **kwargs: Any) -> Any:
        """Refused: there is no graph that an operation could be added to."""
        raise RuntimeError("Graph.create_op is not supported when eager execution is enabled.")

    # ---- random numbers -----------------------------------------------------------------------------------------

    @property
    def seed(self) -> int | None:
        """The seed set by `tf.set_random_seed`, or None."""
        return self._seed

    @seed.setter
    def seed(self, seed: int | None) -> None:
        """Set the seed: all streams begin anew."""
        self._seed = seed
        self._random = random.Random(seed)
        for key in [key for key in self.state._resources if key[0] == "random"]:
            del self.state._resources[key]

    @property
    def node_count(self) -> int:
        """The seed of the next operation that has none of its own: drawn by Python's own generator, as in TensorFlow."""
        return self._random.randint(0, 2**31 - 1)


default.register_eager_graph(EagerGraph)


@export("executing_eagerly", "contrib.eager.executing_eagerly", "contrib.eager.in_eager_mode")
def executing_eagerly() -> bool:
    """Tell whether operations run when they are called.

    Examples
    --------
    >>> tf.executing_eagerly()
    False
    """
    return get_default_graph().eager


@contextlib.contextmanager
def eager_mode() -> Iterator[None]:
    """Run operations eagerly in a `with` block."""
    with graphs.entered(eager_graph()):
        yield


@export("enable_eager_execution", "contrib.eager.enable_eager_execution")
def enable_eager_execution(config: Any = None, device_policy: Any = None, execution_mode: Any = None) -> None:
    """Run operations when they are called, from now on, instead of building a graph.

    Tensors then have values (`t.numpy()`), Python's `if` and `while` can look at them, and gradients come from
    `tf.GradientTape`. There are no sessions and no placeholders. Inside `with tf.Graph().as_default():` graphs are built
    as ever.

    Parameters
    ----------
    config : ConfigProto, optional
        Accepted for compatibility.
    device_policy : optional
        One of `tf.contrib.eager.DEVICE_PLACEMENT_...`; accepted, there is one device.
    execution_mode : optional
        `tf.contrib.eager.SYNC` or `ASYNC`; operations are always done when the call returns.

    Raises
    ------
    ValueError
        If operations were added to the default graph already.

    Examples
    --------
    What it does for the whole program, `eager_mode` does here for a block:

    >>> from flowlab._src.runtime.eager import eager_mode
    >>> with eager_mode():
    ...     print(tf.constant(2) + 3)
    tf.Tensor(5, shape=(), dtype=int32)
    """
    from flowlab._src.runtime.config import ConfigProto

    if config is not None and not isinstance(config, ConfigProto):
        raise TypeError(f"config must be a tf.ConfigProto, but got {type(config)}")
    if execution_mode not in (None, SYNC, ASYNC):
        raise ValueError("execution_mode must be one of None, tf.contrib.eager.SYNC, tf.contrib.eager.ASYNC")
    if device_policy not in (None, *DEVICE_POLICIES):
        raise ValueError(
            "device_policy must be one of None, tf.contrib.eager.DEVICE_PLACEMENT_EXPLICIT, "
            "tf.contrib.eager.DEVICE_PLACEMENT_WARN, tf.contrib.eager.DEVICE_PLACEMENT_SILENT, "
            "tf.contrib.eager.DEVICE_PLACEMENT_SILENT_FOR_INT32"
        )
    present = default.global_default_graph()
    if present is not None and present.eager:
        return
    if graphs.stack or (present is not None and present._operations):
        site = source.caller(2)
        raise add_notes(
            ValueError("tf.enable_eager_execution must be called at program startup."),
            why="operations were added to the default graph already",
            where=site.quote() if site else "",
            fix="call it right after the import; in a notebook: restart, or tf.reset_default_graph() first",
        )
    default.set_global_default_graph(eager_graph())


@export("disable_eager_execution")
def disable_eager_execution() -> None:
    """Build graphs again from now on."""
    present = default.global_default_graph()
    if present is not None and present.eager:
        default.set_global_default_graph(Graph())


@export("init_scope")
@contextlib.contextmanager
def init_scope() -> Iterator[None]:
    """Leave functions, loops and branches that are being built, for operations that make or initialize variables.

    In eager mode what is made inside runs at once; in graph mode it is added to the outermost graph, without control
    dependencies.

    Examples
    --------
    >>> with tf.init_scope():
    ...     w = tf.Variable(1.0, name="w")
    """
    outer = get_default_graph()
    scope = outer.get_name_scope()
    present = default.global_default_graph()
    target = present if present is not None and present.eager else outer
    with target.as_default(), target.control_dependencies(None), target.name_scope(scope + "/" if scope else None):
        yield

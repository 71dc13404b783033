"""`tf.gradients`: reverse-mode differentiation that adds ordinary nodes to the graph.

1. Mark the nodes between the xs and the ys.
2. Start with dy/dy = 1 and walk backwards. A node is visited when the gradients of all its outputs that matter
   have arrived; they are added up, and the node's own rule gives the gradients of its inputs.
3. What has arrived at the xs is the answer.

The walk visits nodes in the same order as TensorFlow's, so the nodes it adds have the same names.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

import numpy as np

from flowlab._src.autodiff.slices import IndexedSlices, convert_to_tensor_or_indexed_slices, sum_slices
from flowlab._src.autodiff.tape_gradient import TapeGradient
from flowlab._src.errors import add_notes
from flowlab._src.graph import dtypes, registry
from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.handle import Handle, handle_behind
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.util import source
from flowlab._src.util.collector import resting
from flowlab._src.util.export import export

Gradient = Any  # Tensor, IndexedSlices or None

_TRAINABLE = dtypes.numbers_of(
    dtypes.float16,
    dtypes.float32,
    dtypes.float64,
    dtypes.bfloat16,
    dtypes.complex64,
    dtypes.complex128,
    dtypes.resource,
    dtypes.variant,
)


@export("AggregationMethod")
class AggregationMethod:
    """How several gradients of one tensor are added up."""

    ADD_N = 0  # one AddN over all of them
    DEFAULT = 0
    EXPERIMENTAL_TREE = 1  # pair by pair
    EXPERIMENTAL_ACCUMULATE_N = 2


@export("UnconnectedGradients")
class UnconnectedGradients(Enum):
    """What `tf.gradients` gives for an x that the ys do not depend on."""

    NONE = "none"
    ZERO = "zero"


@export("RegisterGradient")
class RegisterGradient:
    """Decorator: register a gradient function under a name, for `Graph.gradient_override_map`.

    The function gets the operation and the gradients of its outputs and returns those of its inputs.

    Examples
    --------
    >>> @tf.RegisterGradient("DocClipped")
    ... def clipped(op, dy):
    ...     return tf.clip_by_value(dy, -0.1, 0.1)
    >>> g = tf.get_default_graph()
    >>> x = tf.constant(2.0)
    >>> with g.gradient_override_map({"Square": "DocClipped"}):
    ...     y = tf.square(x)
    >>> with tf.Session() as sess:
    ...     float(sess.run(tf.gradients(y, x)[0]))
    0.10000000149011612
    """

    def __init__(self, op_type: str) -> None:
        if not isinstance(op_type, str):
            raise TypeError("op_type must be a string")
        self._op_type = op_type

    def __call__(self, f: Callable[..., Any]) -> Callable[..., Any]:
        registry.register_gradient(self._op_type, f)
        return f


@export("NotDifferentiable", "NoGradient", "no_gradient")
def not_differentiable(op_type: str) -> None:
    """Declare that no gradient flows through operations of this type."""
    if not isinstance(op_type, str):
        raise TypeError("op_type must be a string")
    registry.register_gradient(op_type, None)


def is_trainable(tensor: Tensor) -> bool:
    """True for element types that can change a little: floating point and complex."""
    return tensor._dtype._base._number in _TRAINABLE


@export("gradients")
def gradients(
    ys: Any,
    xs: Any,
    grad_ys: Any = None,
    name: str = "gradients",
    colocate_gradients_with_ops: bool = False,
    gate_gradients: bool = False,
    aggregation_method: int | None = None,
    stop_gradients: Any = None,
    unconnected_gradients: Any = UnconnectedGradients.NONE,
) -> list[Any]:
    """Add nodes that compute the derivatives of the sum of `ys` with respect to each of `xs`.

    Parameters
    ----------
    ys : Tensor or list of Tensor
    xs : Tensor, Variable or list of them
    grad_ys : list of Tensor, optional
        Gradients to start with, one for each y; ones if not given.
    name : str
        Name scope of the new nodes.
    colocate_gradients_with_ops : bool
        Put each gradient node on the device of its forward node.
    gate_gradients : bool
        Let no gradient of a node be used before all of them are computed.
    aggregation_method : int, optional
        One of `tf.AggregationMethod`.
    stop_gradients : Tensor or list, optional
        Tensors to treat as constants.
    unconnected_gradients : UnconnectedGradients
        What to return for an x that the ys do not depend on: None or zeros.

    Returns
    -------
    list of Tensor, IndexedSlices or None
        One for each x: same shape as the x.

    Raises
    ------
    LookupError
        If an operation on the way has no gradient declared.
    ValueError
        If the arguments do not fit each other.

    Examples
    --------
    >>> x = tf.constant(3.0)
    >>> dx, = tf.gradients(x * x, x)
    >>> dx
    <tf.Tensor 'gradients/AddN:0' shape=() dtype=float32>
    >>> with tf.Session() as sess:
    ...     float(sess.run(dx))
    6.0

    References
    ----------
    Baydin et al., "Automatic differentiation in machine learning: a survey" (2018), section 3.2: reverse mode.
    """
    if get_default_graph().eager:
        site = source.caller(2)
        raise add_notes(
            RuntimeError("tf.gradients is not supported when eager execution is enabled. Use tf.GradientTape instead."),
            where=site.quote() if site else "",
            fix="with tf.GradientTape() as tape: y = f(x), then tape.gradient(y, x)",
        )
    ys, xs = _as_list(ys), _as_list(xs)
    stops = [] if stop_gradients is None else _as_list(stop_gradients)
    starts: list[Any] = [None] * len(ys) if grad_ys is None else _as_list(grad_ys)
    try:
        unconnected = UnconnectedGradients(unconnected_gradients)
    except ValueError:
        raise ValueError(f"Unknown value for unconnected_gradients: {unconnected_gradients!r}") from None
    if not (aggregation_method is None or (isinstance(aggregation_method, int) and 0 <= aggregation_method <= 2)):
        raise ValueError(f"Invalid aggregation_method specified {aggregation_method}.")
    with name_scope(name, "gradients", [*ys, *xs, *stops, *[s for s in starts if s is not None]]):
        get_default_graph().unique_name("uid")  # TensorFlow takes this name; ours stay equal to its
        ys = [convert_to_tensor_or_indexed_slices(y, name="y") for y in ys]
        xs = [x if isinstance(x, IndexedSlices) else convert(x, name="x", as_ref=True) for x in xs]
        ys, xs = [_dense_part(y) for y in ys], [_dense_part(x) for x in xs]
        stop_ops = [(s if isinstance(s, Tensor) else convert(s)).op for s in stops]
        with resting():
            walk = Walk(ys, xs, stop_ops, gate_gradients, aggregation_method)
            walk.start(ys, default_grad_ys(starts, ys))
            walk.run()
    return [walk.result(x, unconnected) for x in xs]


def _dense_part(value: Any) -> Tensor:
    tensor: Tensor = value.values if isinstance(value, IndexedSlices) else value
    return tensor


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def shape_node(tensor: Tensor) -> Tensor:
    """A node with the shape of a tensor: a constant when it is known while building."""
    if tensor._shape.is_fully_defined():
        return _constant(np.array(tensor._shape._dims, np.int32), "Shape")
    shape: Tensor = raw.Shape(tensor)
    return shape


def default_grad_ys(grad_ys: Sequence[Any], ys: Sequence[Tensor]) -> list[Any]:
    """The gradients to start with: ones where none is given."""
    if len(grad_ys) != len(ys):
        raise ValueError(f"Passed {len(grad_ys)} grad_ys for {len(ys)} ys")
    given = [
        None if grad is None else convert_to_tensor_or_indexed_slices(grad, name=f"grad_y_{i}")
        for i, grad in enumerate(grad_ys)
    ]
    result: list[Any] = []
    for i, (y, grad_y) in enumerate(zip(ys, given, strict=True)):
        if grad_y is None:
            result.append(_ones_like(y, f"grad_ys_{i}"))
            continue
        _check_grad_dtype(y, grad_y)
        if isinstance(grad_y, IndexedSlices):
            result.append(
                IndexedSlices(
                    raw.Identity(grad_y.values, name=f"grad_ys_{i}_values"),
                    raw.Identity(grad_y.indices, name=f"grad_ys_{i}_indices"),
                    None if grad_y.dense_shape is None else raw.Identity(grad_y.dense_shape, name=f"grad_ys_{i}_shape"),
                )
            )
        else:
            result.append(raw.Identity(grad_y, name=f"grad_ys_{i}"))
    return result


def _ones_like(y: Tensor, name: str) -> Tensor:
    if y.dtype.is_complex:
        raise TypeError(f"Gradients of complex tensors must set grad_ys (y.dtype = {y.dtype.base_dtype!r})")
    if not (y.dtype.is_floating or y.dtype.is_integer):
        raise TypeError(f"Tensor {y} with type {y.dtype.name} must be numeric to obtain a default gradient")
    shape = shape_node(y)
    with name_scope(name, values=[y]) as scope:
        one = _constant(np.ones((), y.dtype.base_dtype.as_numpy_dtype), "Const")
        ones: Tensor = raw.Fill(shape, one, name=scope)
        return ones


def zeros_for_source(x: Tensor) -> Tensor:
    """Zeros for an x that no gradient has reached, by the nodes of `tf.zeros_like`."""
    handle = handle_behind(x)
    if handle is not None:
        return _zeros_of_variable(x, handle)
    shape, dtype = x._shape._sizes(), x.dtype.base_dtype
    if shape is None:
        zeros: Tensor = raw.ZerosLike(x, name="zeros_like")
    elif math.prod(shape) < 1000:
        zeros = _constant(np.zeros(shape, dtype.as_numpy_dtype), "zeros_like")
    else:
        with name_scope(None, "zeros_like", [x]) as scope:
            sizes = _constant(np.array(shape, np.int32), "shape_as_tensor")
            zeros = raw.Fill(sizes, _constant(np.zeros((), dtype.as_numpy_dtype), "Const"), name=scope)
    return zeros


def _zeros_of_variable(x: Tensor, handle: Handle) -> Tensor:
    """Zeros of the shape of a resource variable, by the nodes of `tf.zeros`."""
    sizes = handle.static_shape._sizes()
    shape = raw.VariableShape(x) if sizes is None else _constant(np.array(sizes, np.int32), "Const")
    with name_scope(None, "zeros", [x]) as scope:
        zeros: Tensor = raw.Fill(shape, _constant(np.zeros((), handle.dtype.as_numpy_dtype), "Const"), name=scope)
    return zeros


def _constant(value: np.ndarray, name: str) -> Tensor:
    value.flags.writeable = False
    constant: Tensor = raw.Const(value=value, dtype=dtypes.as_dtype(value.dtype), name=name)
    return constant


def _check_grad_dtype(y: Tensor, grad_y: Any) -> None:
    if y.dtype.is_floating or y.dtype.is_integer:
        if not grad_y.dtype.is_floating and not grad_y.dtype.is_integer:
            raise TypeError(
                f"Gradient type {grad_y.dtype.name} generated for real or integer-valued tensor {y} with type "
                f"{y.dtype.name} must be real or integer"
            )
    elif y.dtype.is_complex and not grad_y.dtype.is_complex:
        raise TypeError(
            f"Gradient type {grad_y.dtype.name} generated for complex-valued tensor {y} with type {y.dtype.name} must be real"
        )


class Walk:
    """One backward walk over the graph."""

    def __init__(
        self,
        ys: Sequence[Tensor],
        xs: Sequence[Tensor],
        stop_ops: Sequence[Operation],
        gate: bool,
        aggregation: int | None,
    ) -> None:
        self._graph = get_default_graph()
        self._scopes = self._graph.scopes
        self._gate = gate
        self._aggregation = aggregation
        self._grads: dict[Tensor, list[Any]] = {}  # the gradients that have arrived, and once added up just their sum
        self._queue: deque[Operation] = deque()
        from_ops = [x.op for x in xs]
        self._to_ops = [y.op for y in ys]
        reached = self._reached = reached_from(from_ops)
        self._reachable = {op for op in self._to_ops if op in reached}
        self._pending = _count_pending(self._to_ops, reached)
        self._stop = {op for op in from_ops if all(self._pending.get(t._op, 0) <= 0 for t in sources(op))} | set(
            stop_ops
        )

    def start(self, ys: Sequence[Tensor], grad_ys: Sequence[Gradient]) -> None:
        """Put the first gradients in place."""
        for y, grad_y in zip(ys, grad_ys, strict=True):
            self._receive(y, grad_y)
        for op in dict.fromkeys(self._to_ops):
            if op in self._reachable and self._pending.get(op, 0) == 0:
                self._queue.append(op)

    def run(self) -> None:
        """Visit nodes until nothing is left to do."""
        queue, pending, arrived = self._queue, self._pending, self._grads
        while queue:
            node = queue.popleft()
            inputs = node._inputs if node._body is None else sources(node)
            in_grads = self._apply_rule(node, inputs, self._sum_up(node))
            for tensor, grad in zip(inputs, in_grads, strict=True):
                if grad is not None:
                    if isinstance(grad, Tensor) and grad._shape is not tensor._shape:
                        _refine_shape(node, tensor, grad)
                    if tensor in arrived:
                        arrived[tensor].append(grad)
                    else:
                        arrived[tensor] = [grad]
                producer = tensor._op
                waiting = pending[producer] = pending.get(producer, 0) - 1
                if waiting == 0:
                    queue.append(producer)

    def result(self, x: Tensor, unconnected: UnconnectedGradients) -> Gradient:
        """What has arrived at `x`."""
        grad = self.received(x)
        if grad is None and unconnected is UnconnectedGradients.ZERO:
            return zeros_for_source(x)
        return grad

    def received(self, x: Tensor) -> Gradient:
        """The sum of what has arrived at `x`, or None."""
        grads = self._grads.get(x)
        if grads is None or len(grads) == 1:
            return None if grads is None else grads[0]
        return self._add(grads, x._op)  # a node that was never visited

    def _receive(self, tensor: Tensor, grad: Gradient) -> None:
        grads = self._grads.get(tensor)
        if grads is None:
            self._grads[tensor] = [grad]
        else:
            grads.append(grad)

    def _sum_up(self, node: Operation) -> list[Gradient]:
        """The gradients of a node's outputs, or an empty list if there are none."""
        outputs = node._outputs
        if len(outputs) == 1 and (grads := self._grads.get(outputs[0])) is not None and len(grads) == 1:
            return grads[:]  # as nearly always
        sums: list[Gradient] = []
        arrived = False
        for tensor in outputs:
            grads = self._grads.get(tensor)
            if grads is None:
                sums.append(None)
                continue
            if len(grads) > 1:
                grads[:] = [self._add(grads, node)]
            sums.append(grads[0])
            arrived = True
        return sums if arrived else []

    def _add(self, grads: list[Any], node: Operation) -> Gradient:
        if isinstance(grads[0], TapeGradient):
            return TapeGradient(pair for grad in grads for pair in grad)
        if not all(isinstance(g, Tensor) for g in grads):
            return sum_slices(grads)
        if not self._aggregation:
            return raw.AddN(grads)
        with name_scope(node.name + "_gradient_sum"):
            total = grads[0]
            for grad in grads[1:]:
                total = raw.AddN([total, grad])
            return total

    def _apply_rule(self, node: Operation, inputs: Sequence[Tensor], out_grads: list[Gradient]) -> list[Gradient]:
        """The gradients of a node's inputs by the node's own rule; None for each where nothing flows."""
        if node in self._stop or not out_grads:
            return [None] * len(inputs)
        if node.definition.nested:
            return self._backward(node, out_grads)
        try:
            rule = registry.gradient_function(node)
        except LookupError as error:
            raise _no_rule(node, error) from None
        if rule is None:
            return [None] * len(inputs)
        if len(out_grads) > 1:
            for i, grad in enumerate(out_grads):
                if grad is None and is_trainable(node._outputs[i]):
                    out_grads[i] = raw.ZerosLike(node._outputs[i], name="zeros_like")
        graph, scopes, outer = self._graph, self._scopes, self._scopes.name
        scopes.name = graph.unique_name(node._name + "_grad")  # as name_scope() does, in a third of its time
        try:
            in_grads = _as_list(rule(node, *out_grads))
            if len(in_grads) != len(inputs):
                raise ValueError(
                    f"Num gradients {len(in_grads)} generated for op {node.node_def} do not match num inputs {len(inputs)}"
                )
            if self._gate and sum(g is not None for g in in_grads) > 1:
                in_grads = gate_together(in_grads)
        finally:
            scopes.name = outer
        return in_grads

    def _backward(self, node: Operation, out_grads: list[Gradient]) -> list[Gradient]:
        """The gradients of a control-flow node's inputs: its bodies are run backwards by a node of the same kind."""
        for i, grad in enumerate(out_grads[:-1]):
            tensor = node._outputs[i]
            if grad is None and is_trainable(tensor):
                out_grads[i] = zeros_for_source(tensor)
        wanted = [t._op in self._reached and is_trainable(t) for t in node._inputs]
        backward: list[Gradient] = node.definition.backward(node, out_grads, wanted)  # type: ignore[attr-defined]
        return backward


def sources(node: Operation) -> tuple[Tensor, ...]:
    """What flows into a node: its inputs; for an input of a branch or loop body, the tensor that it stands for."""
    if node._body is None:
        return node._inputs
    origin = getattr(node.definition, "source", None)
    return node._inputs if origin is None else (origin,)


def gate_together(
    values: Sequence[Gradient], control: Sequence[Operation] = (), scope: str | None = None
) -> list[Gradient]:
    """Give the same values, each available only when all of them (and `control`) are computed."""
    graph = get_default_graph()
    with name_scope(scope, "tuple", [v for v in values if v is not None]):
        gates = sorted(
            {v if isinstance(v, Operation) else v.op for v in values if v is not None} | set(control),
            key=lambda o: o._id,
        )
        with graph.control_dependencies(gates):
            gate = raw.NoOp(name="group_deps")
        with graph.control_dependencies([gate]):
            return [_with_dependencies(v) for v in values]


def _with_dependencies(value: Gradient) -> Gradient:
    if value is None:
        return None
    if isinstance(value, Operation):
        return raw.NoOp(name="group_deps")
    if isinstance(value, IndexedSlices):
        with name_scope(None, "control_dependency", [value.values]) as scope:
            return IndexedSlices(raw.Identity(value.values, name=scope), value.indices, value.dense_shape)
    result = raw.Identity(value, name="control_dependency")
    result._shape = value._shape
    return result


def _refine_shape(node: Operation, tensor: Tensor, grad: Tensor) -> None:
    """A gradient has the shape of its tensor, except that of a handle, which has the shape of what is behind it."""
    if tensor._dtype._base is dtypes.resource:
        return
    try:
        grad._shape = grad._shape.merge_with(tensor._shape)
    except ValueError:
        raise ValueError(
            f"Incompatible shapes between op input and calculated input gradient. Forward operation: {node.name}. Input "
            f"index: {node._inputs.index(tensor)}. Original input shape: {tensor.shape}. Calculated input gradient shape: {grad.shape}"
        ) from None


def _no_rule(node: Operation, error: LookupError) -> BaseException:
    if "registry has no entry" in str(error):
        return error
    return add_notes(
        LookupError(f"No gradient defined for operation '{node.name}' (op type: {node.type})"),
        why="each operation between the loss and the variables needs a rule for its derivative; this one has none yet",
        where=node.site.quote() if node.site else "",
        fix="tf.stop_gradient(t) treats it as a constant; @tf.RegisterGradient gives it a rule",
    )


def reached_from(from_ops: Sequence[Operation]) -> set[Operation]:
    """The nodes that depend on `from_ops` by a path along which gradients can flow."""
    reached: set[Operation] = set()
    stack = list(from_ops)
    while stack:
        node = stack.pop()
        if node in reached:
            continue
        reached.add(node)
        for tensor in node._outputs:
            if tensor._consumers and is_trainable(tensor):
                stack.extend(tensor._consumers)
    return reached


def _count_pending(to_ops: Sequence[Operation], reached: set[Operation]) -> dict[Operation, int]:
    """For each node between the ends: how many gradients it waits for."""
    pending: dict[Operation, int] = defaultdict(int)
    between: set[Operation] = set()
    stack = [op for op in to_ops if op in reached]
    while stack:
        node = stack.pop()
        if node in between:
            continue
        between.add(node)
        for tensor in sources(node):
            if (producer := tensor._op) in reached:
                pending[producer] += 1
                stack.append(producer)
    return pending


def why_unconnected(loss: Tensor, variables: Sequence[Any]) -> str:
    """Say where the path from the loss back to the variables is cut: for the error of `minimize`."""
    targets = {getattr(v, "op", v) for v in variables}
    seen: set[Operation] = set()
    stack: list[tuple[Operation, bool]] = [(loss.op, True)]
    cuts: list[Operation] = []
    while stack:
        node, flows = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        if node in targets:
            continue
        try:
            rule = registry.gradient_function(node)
        except LookupError:
            rule = None
        if (rule is None or not any(is_trainable(t) for t in node._outputs)) and node._inputs and flows:
            cuts.append(node)
        stack.extend((t._op, flows and node not in cuts) for t in node._inputs)
    if targets & seen and cuts:
        cut = min(cuts, key=lambda n: n._id)
        return f"no path with a derivative joins the loss to the variables: it is cut at '{cut.name}', as {cut.type} has no derivative"
    return "the loss does not depend on any of the variables"

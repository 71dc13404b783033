"""`tf.cond` and `tf.case`: one of several branches runs, chosen while the graph runs.

Each branch is a `Body`; the operation `If` runs one of them in a frame of its own. Around it stand the nodes that
TensorFlow 1.x programs know by name: `cond/pred_id` before, `cond/Merge` after.
"""

from __future__ import annotations

import ast
import functools
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from flowlab._src.autodiff.gradients import is_trainable
from flowlab._src.autodiff.nested import TapeGradient, gradients_inside
from flowlab._src.errors import ShapeError, add_notes
from flowlab._src.graph import dtypes
from flowlab._src.graph.body import Body
from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.handle import handle_behind
from flowlab._src.graph.op import Array, Op, Spec
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import control_dependencies, name_scope
from flowlab._src.graph.shape import UNKNOWN, TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.control import with_dependencies
from flowlab._src.util import nest, source, written
from flowlab._src.util.export import export


class If(Op):
    """Runs one of two bodies. Its last output is the tape: which branch ran, and the values that gradients ask for."""

    then_branch: Body
    else_branch: Body
    nested = True

    def kernel(self, run: Any, cond: Array[np.bool_], input: Sequence[Array]) -> tuple[Array, ...]:
        raise NotImplementedError("bound by `bind`")

    def bind(self, node: Operation, compile_body: Callable[[Body], Any]) -> Callable[..., Any]:
        """The kernel for one place in a plan."""
        then, other = compile_body(self.then_branch), compile_body(self.else_branch)

        def kernel(run: Any, cond: Any, *inputs: Any) -> Any:
            part = then if cond else other
            if not run.watched:
                values, kept = run.straight(part)(run, (cond, *inputs), (), lambda position: inputs[position - 1])
                return [*values, kept]
            frame = yield from run.run_part(part, (cond, *inputs), tapes=lambda position: inputs[position - 1])
            values = frame.values
            return [*[values[i] for i in part.outputs], tuple([values[i] for i in part.recorded])]

        kernel.branches = (then, other)  # type: ignore[attr-defined]  # a loop over single numbers reads them
        return kernel

    def dtypes(self, *inputs: Any) -> list[dtypes.DType]:
        return [*[t.dtype.base_dtype for t in self.then_branch.outputs], dtypes.variant]

    def shape(self, cond: Spec, input: Sequence[Spec]) -> list[TensorShape]:
        if cond.rank not in (None, 0):
            raise ShapeError(f"Shape must be rank 0 but is rank {cond.rank}")
        pairs = zip(self.then_branch.outputs, self.else_branch.outputs, strict=True)
        return [*[common_shape(a._shape, b._shape) for a, b in pairs], TensorShape.of(())]

    def grad(self, node: Operation, *dys: Any) -> list[Any]:
        """The bodies run backwards, see `backward`."""
        return self.backward(node, list(dys), [is_trainable(t) for t in node._inputs])

    def explain_shapes(self, cond: Tensor, *inputs: Tensor) -> tuple[str, str]:
        call = written.running("cond")
        branches = [call.parts.get(name) for name in ("true_fn", "false_fn")] if call is not None else []
        cure = "tf.where(condition, a, b)  # chooses element by element"
        if call is not None and all(isinstance(branch, ast.Lambda) for branch in branches):
            chosen = ", ".join(call.of(branch.body) for branch in branches if isinstance(branch, ast.Lambda))
            cure = written.one_line(f"tf.where({call.argument('pred')}, {chosen})") or cure
        return f"tf.cond takes one true or false, '{cond.name}' holds {cond.shape.num_elements() or 'many'}", cure

    def backward(self, node: Operation, dys: list[Any], wanted: list[bool]) -> list[Any]:
        """The gradient is an `If` on the same predicate: each branch runs its own operations backwards."""
        from_tape = dys[-1] if dys[-1] is not None else TapeGradient()
        inputs = node._inputs
        chosen = [i for i, use in enumerate(wanted) if use and carries_gradient(inputs[i])]
        bodies: list[Body] = []
        contributions: list[list[tuple[Tensor, Any]]] = []
        for branch in (self.then_branch, self.else_branch):
            here = [(t, g) for t, g in from_tape if t._op._body is branch]
            body = Body(node.graph, "cond", forward=family(branch, here))
            with body.building():
                ys, starts = [], []
                for y, dy in zip(branch.outputs, dys, strict=False):
                    if dy is not None:
                        ys.append(y)
                        starts.append(dy)
                for recorded, grad in here:
                    ys.append(recorded)
                    starts.append(grad)
                starts = [start_inside(body, s) for s in starts]
                reads = (
                    branch.reads if any(wanted[i] for i, t in enumerate(inputs) if t.dtype is dtypes.variant) else {}
                )
                sources = [branch.captured.get(inputs[i]) for i in chosen]
                grads = gradients_inside(ys, [*sources, *reads.values()], starts)
                body.outputs = [
                    dense(g) if g is not None else raw.ZerosLike(value_behind(body.inside(inputs[i])))
                    for i, g in zip(chosen, grads, strict=False)
                ]
                later = zip(reads, grads[len(chosen) :], strict=True)
                contributions.append([(recorded, as_gradient(g)) for recorded, g in later if g is not None])
            bodies.append(body)
        results = make_if(node._inputs[0], bodies)
        back: list[Any] = [None] * len(inputs)
        for i, grad in zip(chosen, results, strict=False):
            back[i] = grad
        for i, tensor in enumerate(inputs):
            if tensor.dtype is dtypes.variant and wanted[i]:
                back[i] = TapeGradient(
                    pair
                    for pairs in contributions
                    for pair in pairs
                    if self.then_branch.outside(pair[0]._op._body.tape) is tensor  # type: ignore[union-attr, arg-type]
                )
        return back


def family(body: Body, contributions: Sequence[tuple[Tensor, Any]] = ()) -> set[Body]:
    """The bodies whose recorded values the backward form of `body` may look at."""
    others = {other for _, grad in contributions for other in bodies_behind(grad)}
    return {body, *body.forward, *others, *[b for other in others for b in other.forward]}


def bodies_behind(grad: Any) -> list[Body]:
    """The bodies in which a gradient was computed; that of a tape was computed in bodies inside of those."""
    if isinstance(grad, TapeGradient):
        inner = [body for _, g in grad for body in bodies_behind(g)]
        return [*inner, *[body.parent for body in inner if body.parent is not None]]
    return [] if grad._op._body is None else [grad._op._body]


def as_gradient(value: Any) -> Any:
    """A gradient as one tensor; that of a tape as it is."""
    return value if isinstance(value, TapeGradient) else dense(value)


def start_inside(body: Body, grad: Any) -> Any:
    """A gradient to start with, as seen inside of a backward body."""
    return grad if isinstance(grad, TapeGradient) else body.inside(dense(grad))


def carries_gradient(tensor: Tensor) -> bool:
    """True for tensors of numbers: tapes have gradients of their own kind, handles of arrays and queues have none."""
    if tensor.dtype.base_dtype is dtypes.resource:  # the handle of a variable has the gradient of the variable
        return handle_behind(tensor) is not None
    return tensor.dtype.base_dtype is not dtypes.variant


def value_behind(tensor: Tensor) -> Tensor:
    """The tensor itself; of the handle of a variable, the variable's value."""
    handle = handle_behind(tensor)
    value: Tensor = tensor if handle is None else raw.ReadVariableOp(tensor, dtype=handle.dtype)
    return value


def dense(value: Any) -> Tensor:
    """A gradient as one tensor: IndexedSlices are added up."""
    tensor: Tensor = convert(value)
    return tensor


def common_shape(a: TensorShape, b: TensorShape) -> TensorShape:
    """What is known of a tensor that has either of two shapes."""
    if a._dims is None or b._dims is None or len(a._dims) != len(b._dims):
        return UNKNOWN
    return TensorShape.of(tuple([m if m == n else None for m, n in zip(a._dims, b._dims, strict=True)]))


def make_if(pred: Tensor, bodies: Sequence[Body]) -> list[Tensor]:
    """Add the `If` for two complete bodies; returns its outputs, the tape left out."""
    then, other = bodies
    inputs = dict.fromkeys([*then.tapes(), *other.tapes(), *then.captured, *other.captured])
    graph = pred.graph
    with graph.control_dependencies([*then.outer_control, *other.outer_control]):
        outputs: list[Tensor] = If(then_branch=then, else_branch=other)(pred, list(inputs))
    then.tape = other.tape = outputs[-1]
    return outputs[:-1]


# ---- public functions ----------------------------------------------------------------------------------------------


def with_lambdas() -> str:
    """The call of tf.cond with functions for branches."""
    call = written.running("cond")
    if call is None:
        return "tf.cond(pred, lambda: a, lambda: b)"
    plain = {
        key: call.argument(key) for key in ("true_fn", "false_fn") if not isinstance(call.parts.get(key), ast.Lambda)
    }
    return call.changed(**{key: f"lambda: {text}" for key, text in plain.items() if text})


@export("cond")
def cond(
    pred: Any,
    true_fn: Callable[[], Any] | None = None,
    false_fn: Callable[[], Any] | None = None,
    strict: bool = False,
    name: str | None = None,
    fn1: Callable[[], Any] | None = None,
    fn2: Callable[[], Any] | None = None,
) -> Any:
    """Return `true_fn()` if `pred` is true when the graph runs, else `false_fn()`.

    Both functions are called once, now, to build their branches. Operations made *inside* them run only if their
    branch is chosen; operations made before run in any case.

    Parameters
    ----------
    pred : bool scalar Tensor
    true_fn, false_fn : callable
        Take nothing; return a tensor, or lists, tuples and dicts of tensors. Both must return the same structure with
        the same dtypes. An operation counts as a tensor that tells which branch ran.
    strict : bool
        Keep a list of one tensor a list, instead of returning the tensor.
    name : str, optional
    fn1, fn2 : callable
        Older names of `true_fn` and `false_fn`.

    Returns
    -------
    Tensor, or the structure that the functions return

    Raises
    ------
    TypeError
        If `pred` is a Python bool, a function is not callable, or the structures differ in kind.
    ValueError
        If a function returns nothing, or the numbers or dtypes of the results differ.

    Examples
    --------
    >>> x = tf.placeholder(tf.float32, [])
    >>> y = tf.cond(x < 0, lambda: -x, lambda: x * 10)
    >>> y
    <tf.Tensor 'cond/Merge:0' shape=() dtype=float32>
    >>> with tf.Session() as sess:
    ...     float(sess.run(y, {x: -3.0})), float(sess.run(y, {x: 2.0}))
    (3.0, 20.0)
    """
    if fn1 is not None:
        if true_fn is not None:
            raise TypeError("cond(): true_fn and fn1 may not be set simultaneously.")
        true_fn = fn1
    if fn2 is not None:
        if false_fn is not None:
            raise TypeError("cond(): false_fn and fn2 may not be set simultaneously.")
        false_fn = fn2
    for function, argument in ((true_fn, "true_fn"), (false_fn, "false_fn")):
        if function is None:
            raise TypeError(f"cond(): {argument} argument required")
        if not callable(function):
            raise add_notes(
                TypeError(f"{argument} must be callable."),
                where=site.quote() if (site := source.caller(2)) else "",
                why=f"{argument} is called while building, so that only its own operations wait for the choice",
                fix=with_lambdas(),
            )
    assert true_fn is not None
    assert false_fn is not None
    with name_scope(name, "cond", [pred]):
        if get_default_graph().eager:  # the predicate has a value: Python can choose
            chosen = true_fn() if pred else false_fn()
            return chosen if strict else unpack_single(chosen)
        if isinstance(pred, bool):
            raise add_notes(
                TypeError("pred must not be a Python bool"),
                where=site.quote() if (site := source.caller(2)) else "",
                fix="a Python bool is known while building: use Python's own if. For a tensor: tf.constant(True)",
            )
        pred = convert(pred, name="data")
        if pred.dtype.base_dtype is not dtypes.bool_:
            raise add_notes(
                TypeError(
                    f"Input 'pred' of 'Switch' Op has type {pred.dtype.base_dtype.name} that does not match expected type of bool."
                ),
                where=site.quote() if (site := source.caller(2)) else "",
                inputs=f"pred = '{pred.name}' {pred.dtype.name} {pred.shape}",
                fix="compare it with something: tf.cond(x > 0, ...), tf.cond(tf.equal(n, 1), ...)",
            )
        graph = get_default_graph()
        graph.count_nodes(["Switch", "switch_t", "switch_f"])
        pred = raw.Identity(pred, name="pred_id")
        bodies, originals, flats = [], [], []
        for function, argument in ((true_fn, "true_fn"), (false_fn, "false_fn")):
            body = Body(graph, "cond")
            with body.building():
                original, flat = branch_results(body, function, argument, pred)
            body.outputs = flat
            bodies.append(body)
            originals.append(unpack_single(original) if not strict else original)
            flats.append(flat)
        check_agreement(originals, flats)
        results = make_if(pred, bodies)
        graph.count_nodes([], more=-1)  # `If` itself is a node of ours
        merges = [raw.Identity(t, name="Merge") for t in results]
        for merge, result in zip(merges, results, strict=True):
            merge._shape = result._shape
        packed = nest.pack_sequence_as(originals[0], merges, expand_composites=True)
        return packed if strict else unpack_single(packed)


def unpack_single(structure: Any) -> Any:
    """The one element of a list or tuple of one, anything else as it is."""
    return structure[0] if isinstance(structure, (list, tuple)) and len(structure) == 1 else structure


def branch_results(body: Body, function: Callable[[], Any], argument: str, pred: Tensor) -> tuple[Any, list[Tensor]]:
    """Call the function of a branch; returns the structure that it gave and its tensors as seen inside the body."""
    original = function()
    if original is None:
        site = source.caller(3)
        raise add_notes(
            ValueError(f"{argument} must have a return value."),
            where=site.quote() if site else "",
            fix="return the tensor or operation that the branch is made for; tf.no_op() does nothing",
        )
    leaves = []
    for leaf in nest.flatten(original, expand_composites=True):
        if isinstance(leaf, Operation):  # stands for itself: true in one branch, false in the other
            body.graph.count_nodes(
                [], more=0 if pred in body.captured else -1
            )  # there, switch_t is in the branch already
            leaf = with_dependencies([leaf], pred)
        leaves.append(body.inside(convert(leaf), _scope(body) + _last(leaf)))
    if isinstance(original, Operation):
        return leaves[0], leaves
    return nest.map_structure(lambda leaf: leaf, original), leaves


def _scope(body: Body) -> str:
    scope = body.graph.scopes.name
    return scope + "/" if scope else ""


def _last(leaf: Any) -> str:
    name: str = getattr(leaf, "name", "value").split(":")[0]
    return name.rsplit("/", 1)[-1]


def check_agreement(originals: Sequence[Any], flats: Sequence[Sequence[Tensor]]) -> None:
    """Raise unless both branches give the same structure of the same dtypes."""
    try:
        nest.assert_same_structure(originals[0], originals[1], expand_composites=True)
    except TypeError as error:
        raise TypeError(f"Incompatible return types of true_fn and false_fn: {error}") from None
    except ValueError as error:
        raise ValueError(f"Incompatible return values of true_fn and false_fn: {error}") from None
    if not flats[0]:
        raise ValueError("true_fn and false_fn must return at least one result.")
    for x, y in zip(*flats, strict=True):
        if x.dtype.base_dtype is not y.dtype.base_dtype:
            site = source.caller(3)
            raise add_notes(
                ValueError(f"Outputs of true_fn and false_fn must have the same type: {x.dtype.name}, {y.dtype.name}"),
                where=site.quote() if site else "",
                inputs=f"true_fn: '{x.name}' {x.dtype.name} {x.shape}      false_fn: '{y.name}' {y.dtype.name} {y.shape}",
                fix="the result of tf.cond has one dtype, whichever branch runs: cast one of the two with tf.cast",
            )


@export("case")
def case(
    pred_fn_pairs: Any,
    default: Callable[[], Any] | None = None,
    exclusive: bool = False,
    strict: bool = False,
    name: str = "case",
) -> Any:
    """Return the result of the first function whose predicate is true when the graph runs.

    Parameters
    ----------
    pred_fn_pairs : list of (bool scalar Tensor, callable), or dict of them
    default : callable, optional
        Used when no predicate is true; without it that is an error.
    exclusive : bool
        Fail when more than one predicate is true.
    strict : bool
        Keep a list of one tensor a list.
    name : str, optional

    Raises
    ------
    TypeError
        If the pairs are not (tensor, callable).
    tf.errors.InvalidArgumentError
        When run: no predicate is true and there is no default, or several are and `exclusive` is set.

    Examples
    --------
    >>> x = tf.placeholder(tf.float32, [])
    >>> y = tf.case([(x < 0, lambda: tf.constant("negative")), (x > 0, lambda: tf.constant("positive"))],
    ...             default=lambda: tf.constant("zero"))
    >>> with tf.Session() as sess:
    ...     sess.run(y, {x: 5.0}), sess.run(y, {x: 0.0})
    (b'positive', b'zero')
    """
    predicates, actions = _check_pairs(pred_fn_pairs)
    with name_scope(name, "case", [predicates]):
        if default is not None and not callable(default):
            raise TypeError("default must be callable.")
        if default is None:
            default, predicates, actions = _last_as_default(predicates, actions)
        function = default
        for predicate, action in reversed(list(zip(predicates, actions, strict=True))):
            function = functools.partial(cond, predicate, true_fn=action, false_fn=function, strict=strict)
        if not exclusive:
            return function()
        with control_dependencies([_assert_at_most(predicates, 1, "Input error: exclusive=True")]):
            return function()


def _check_pairs(pairs: Any) -> tuple[list[Tensor], list[Callable[[], Any]]]:
    if not isinstance(pairs, (list, tuple, dict)):
        raise TypeError("pred_fn_pairs must be a list, tuple, or dict")
    if isinstance(pairs, OrderedDict):
        pairs = list(pairs.items())
    elif isinstance(pairs, dict):
        pairs = sorted(pairs.items(), key=lambda item: getattr(item[0], "name", ""))
    for pair in pairs:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError("Each entry in pred_fn_pairs must be a 2-tuple")
        predicate, action = pair
        if not isinstance(predicate, Tensor):
            raise TypeError(f"pred must be a Tensor, got: {predicate}")
        if predicate.dtype.base_dtype is not dtypes.bool_:
            raise TypeError(f"pred must be Tensor of type bool: {predicate.name}")
        if not callable(action):
            raise TypeError(f"fn for pred {predicate.name} must be callable.")
    if not pairs:
        raise ValueError("tf.case needs at least one (predicate, function) pair.")
    return [p for p, _ in pairs], [a for _, a in pairs]


def _last_as_default(
    predicates: list[Tensor], actions: list[Callable[[], Any]]
) -> tuple[Callable[[], Any], list[Tensor], list[Callable[[], Any]]]:
    """Without a default the last function takes its place, after a check that its predicate is true."""
    from flowlab._src.ops.assertion import assert_
    from flowlab._src.ops.joining import stack

    last = len(predicates) - 1
    others = predicates[:last]

    def default_action() -> Any:
        message = (
            f"Implementation error: selected default action #{last} was called, but some of other predicates are True: "
        )
        none_true = ["Input error: None of conditions evaluated as True:", stack(predicates, name="preds_c")]
        checks = [_assert_at_most(others, 0, message)] if others else []
        with control_dependencies([*checks, assert_(predicates[last], none_true)]):
            return actions[last]()

    return default_action, others, actions[:last]


def _assert_at_most(predicates: list[Tensor], count: int, message: str) -> Operation:
    from flowlab._src.ops.assertion import assert_
    from flowlab._src.ops.cast import cast
    from flowlab._src.ops.compare import less_equal
    from flowlab._src.ops.constant import constant
    from flowlab._src.ops.joining import stack
    from flowlab._src.ops.reduce import reduce_sum

    stacked = stack(predicates, name="preds_c")
    true_ones = reduce_sum(cast(stacked, dtypes.int32), name="num_true_conds")
    condition = less_equal(true_ones, constant(count, name="n_true_conds"))
    names = ", ".join(p.name for p in predicates)
    shown = [f"{message}: more than {count} conditions ({names}) evaluated as True:", stacked]
    return assert_(condition, shown, summarize=len(predicates))

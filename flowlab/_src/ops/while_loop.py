"""`tf.while_loop`: a body that runs again and again as long as a condition holds.

The condition and the body are `Body`s; the operation `While` runs them in turn, each time in a frame of its own. The
gradient is `WhileGrad`: the backward body runs as often as the forward body did, from the last iteration to the first,
and looks at what the forward body had computed in the same iteration (the tape).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from flowlab._src.autodiff.gradients import is_trainable
from flowlab._src.autodiff.nested import TapeGradient, gradients_inside
from flowlab._src.errors import InvalidArgumentError, add_notes
from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_list
from flowlab._src.graph.body import Body
from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.handle import handle_behind
from flowlab._src.graph.op import Array, Op, Spec
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape, as_shape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels.scalar_loop import BETWEEN
from flowlab._src.ops.cond import as_gradient, carries_gradient, dense, family, start_inside, value_behind
from flowlab._src.ops.control import with_dependencies
from flowlab._src.util import nest, source
from flowlab._src.util.export import export


class While(Op):
    """Runs `body` on the loop variables while `condition` holds. The last output is the tape of the iterations."""

    condition: Body
    body: Body
    parallel_iterations: int = 10
    nested = True

    def kernel(self, run: Any, input: Sequence[Array]) -> tuple[Array, ...]:
        raise NotImplementedError("bound by `bind`")

    def bind(self, node: Operation, compile_body: Any) -> Callable[..., Any]:
        """The kernel for one place in a plan."""
        body = compile_body.loop(self.body, 0)
        condition = compile_body.condition(self.condition)
        records = compile_body.records
        count = len(self.body.parameters)
        (answer,) = condition.outputs
        outputs, recorded = body.outputs, body.recorded
        compiled: list[Any] = []  # the loop as machine code, or None, once it has been looked for

        def kernel(run: Any, *inputs: Any) -> Any:
            values: Any = list(inputs[:count])
            tape: list[tuple[Any, ...]] = []
            iteration = 0
            if not run.watched:
                holds, step = run.straight(condition), run.straight(body)
                rows = run.row_loop(body, condition)
                if rows is not None:
                    done = rows(
                        run,
                        inputs,
                        values,
                        lambda values, turn: truth(holds(run, inputs, values, None, turn)[0][0], node),
                    )
                    if done is not None:
                        return done
                inputs, values = step.numbers(inputs), step.numbers(values)
                if not compiled:
                    compiled.append(None if records else run.compiled_loop(condition, body))
                turns = compiled[0]
                pause = -1 if turns is None else turns.pause
                while truth(holds(run, inputs, values, None, iteration)[0][0], node):
                    values, kept = step(run, inputs, values, None, iteration)
                    if records:
                        tape.append(kept)
                    iteration += 1
                    if iteration == pause:
                        if turns.ready(BETWEEN):
                            values, done = turns(run.state, values, inputs)
                            iteration += done
                        pause = iteration + BETWEEN
                return [*values, tape]
            while True:
                frame = yield from run.run_part(condition, inputs, values, None, iteration)
                if not truth(frame.values[answer], node):
                    break
                frame = yield from run.run_part(body, inputs, values, None, iteration)
                new = frame.values
                values = [new[i] for i in outputs]
                if records:
                    tape.append(tuple([new[i] for i in recorded]))
                iteration += 1
            return [*values, tape]

        return kernel

    def dtypes(self, *inputs: Any) -> list[dtypes.DType]:
        return [*[t.dtype for t in self.body.parameters], dtypes.variant]

    def shape(self, input: Sequence[Spec]) -> list[TensorShape]:
        return [*[t._shape for t in self.body.parameters], TensorShape.of(())]

    def grad(self, node: Operation, *dys: Any) -> list[Any]:
        """The bodies run backwards, see `backward`."""
        return self.backward(node, list(dys), [is_trainable(t) for t in node._inputs])

    def backward(self, node: Operation, dys: list[Any], wanted: list[bool]) -> list[Any]:
        """The gradient is a loop over the same iterations in the opposite order."""
        return backward_loop(node, self.body, dys, wanted, first_variable=0, reverse=True)


def truth(value: Any, node: Operation) -> bool:
    """The answer of a loop's condition."""
    if value.__class__ is np.bool_:
        return bool(value)
    if getattr(value, "shape", ()) != ():
        raise InvalidArgumentError(
            None, node, f"The loop condition of {node.name} must be a scalar, but has shape {list(value.shape)}."
        )
    return bool(value)


class WhileGrad(Op):
    """Runs `body` once for each iteration on a tape. Inputs: tapes, then loop variables, then what is captured."""

    body: Body
    tapes: int
    reverse: bool = True
    nested = True

    def kernel(self, run: Any, input: Sequence[Array]) -> tuple[Array, ...]:
        raise NotImplementedError("bound by `bind`")

    def bind(self, node: Operation, compile_body: Any) -> Callable[..., Any]:
        """The kernel for one place in a plan."""
        body = compile_body.loop(self.body, self.tapes)
        first, count, reverse = self.tapes, len(self.body.parameters), self.reverse
        outputs, recorded = body.outputs, body.recorded

        def kernel(run: Any, *inputs: Any) -> Any:
            values: Any = list(inputs[first : first + count])
            iterations = len(inputs[0])
            tape: list[tuple[Any, ...]] = [()] * iterations
            order = range(iterations - 1, -1, -1) if reverse else range(iterations)
            if not run.watched:
                step = run.straight(body)
                rows = None if recorded else run.row_loop(body)
                if rows is not None:
                    done = rows(run, inputs, values, None, order)
                    if done is not None:
                        return done
                for iteration in order:
                    values, tape[iteration] = step(
                        run, inputs, values, lambda position, i=iteration: inputs[position][i], iteration
                    )
                return [*values, tape]
            for iteration in order:
                frame = yield from run.run_part(
                    body, inputs, values, lambda position, i=iteration: inputs[position][i], iteration
                )
                new = frame.values
                values = [new[i] for i in outputs]
                if recorded:
                    tape[iteration] = tuple([new[i] for i in recorded])
            return [*values, tape]

        return kernel

    def dtypes(self, *inputs: Any) -> list[dtypes.DType]:
        return [*[t.dtype for t in self.body.parameters], dtypes.variant]

    def shape(self, input: Sequence[Spec]) -> list[TensorShape]:
        return [*[t._shape for t in self.body.parameters], TensorShape.of(())]

    def grad(self, node: Operation, *dys: Any) -> list[Any]:
        """The bodies run backwards, see `backward`."""
        return self.backward(node, list(dys), [is_trainable(t) for t in node._inputs])

    def backward(self, node: Operation, dys: list[Any], wanted: list[bool]) -> list[Any]:
        """The gradient of a backward loop is a forward loop, and so on."""
        return backward_loop(node, self.body, dys, wanted, first_variable=self.tapes, reverse=not self.reverse)


def backward_loop(
    node: Operation, body: Body, dys: list[Any], wanted: list[bool], first_variable: int, reverse: bool
) -> list[Any]:
    """Build the loop that runs `body` backwards; returns the gradients of the inputs of `node`.

    Its loop variables are the gradients of the forward loop variables, and for each captured tensor the sum of what the
    iterations contribute.
    """
    graph, inputs = node.graph, node._inputs
    count = len(body.parameters)
    from_tape = dys[-1] if dys[-1] is not None else TapeGradient()
    trainable = [k for k in range(count) if is_trainable(body.parameters[k])]
    captured = [
        t
        for i, t in enumerate(inputs)
        if wanted[i] and t in body.captured and i >= first_variable + count and carries_gradient(t)
    ]
    tapes = [i for i, t in enumerate(inputs[:first_variable]) if wanted[i]]
    backward = Body(graph, "while", forward=family(body, from_tape))
    with backward.building():
        arriving = {
            k: backward.parameter(body.parameters[k].dtype.base_dtype, node._outputs[k]._shape, "Identity")
            for k in trainable
        }
        sums = [backward.parameter(dtype, shape, "b_acc") for dtype, shape in map(gradient_kind, captured)]
        ys = [body.outputs[k] for k in trainable] + [recorded for recorded, _ in from_tape]
        starts = [arriving[k] for k in trainable] + [start_inside(backward, g) for _, g in from_tape]
        xs = [body.parameters[k] for k in trainable] + [body.captured[t] for t in captured]
        reads = body.reads if tapes else {}
        grads = gradients_inside(ys, [*xs, *reads.values()], starts)
        leaving = [
            no_gradient(backward, body.parameters[k]) if g is None else dense(g)
            for k, g in zip(trainable, grads, strict=False)
        ]
        parts = grads[len(trainable) : len(xs)]
        totals = [
            s if g is None else raw.AddV2(s, dense(g), name="b_acc_add") for s, g in zip(sums, parts, strict=True)
        ]
        later = [(t, as_gradient(g)) for t, g in zip(reads, grads[len(xs) :], strict=True) if g is not None]
        backward.outputs = [backward.inside(t) for t in (*leaving, *totals)]
    for parameter, output in zip(backward.parameters, backward.outputs, strict=True):
        if not parameter._shape.is_compatible_with(output._shape):
            parameter._shape = TensorShape(None)
    starting = [dense(dys[k]) for k in trainable] + [zeros_for(t) for t in captured]
    all_tapes = dict.fromkeys([backward.outside(node._outputs[-1]), *backward.tapes()])
    outer = [t for t in backward.captured if t not in all_tapes]
    op = WhileGrad(body=backward, tapes=len(all_tapes), reverse=reverse)
    results = op([*all_tapes, *starting, *outer])
    backward.tape = results[-1]
    back: list[Any] = [None] * len(inputs)
    for k, grad in zip(trainable, results, strict=False):
        back[first_variable + k] = grad
    for tensor, grad in zip(captured, results[len(trainable) : -1], strict=True):
        back[inputs.index(tensor)] = grad
    for i in tapes:
        back[i] = TapeGradient(pair for pair in later if body.outside(pair[0]._op._body.tape) is inputs[i])  # type: ignore[union-attr, arg-type]
    return back


def no_gradient(backward: Body, parameter: Tensor) -> Tensor:
    """Zeros of a loop variable's shape, inside the backward body."""
    zeros: Tensor = zeros_for(backward.inside(parameter) if parameter._shape.num_elements() is None else parameter)
    return zeros


def gradient_kind(tensor: Tensor) -> tuple[dtypes.DType, TensorShape]:
    """Dtype and static shape of the gradient of a tensor: of a handle, those of its variable."""
    handle = handle_behind(tensor)
    return (tensor.dtype.base_dtype, tensor._shape) if handle is None else (handle.dtype, handle.static_shape)


def zeros_for(tensor: Tensor) -> Tensor:
    """Zeros of the shape of a tensor; a constant when the shape is known."""
    from flowlab._src.ops.fill import zeros

    dtype, shape = gradient_kind(tensor)
    if shape.is_fully_defined():
        return zeros(shape, dtype)
    result: Tensor = raw.ZerosLike(value_behind(tensor))
    return result


# ---- public function -----------------------------------------------------------------------------------------------


@export("while_loop")
def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    shape_invariants: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
    maximum_iterations: Any = None,
    return_same_structure: bool = False,
) -> Any:
    """Repeat `body` while `cond` is true, as part of the graph.

    Both functions are called once, now, to build their parts of the graph; what they compute is repeated in each run.

    Parameters
    ----------
    cond : callable
        Takes the loop variables, returns a bool scalar Tensor.
    body : callable
        Takes the loop variables, returns the new ones: as many, with the same dtypes.
    loop_vars : list or tuple, nested as you like, of Tensor, TensorArray, SparseTensor or values for tensors
        What the loop starts with.
    shape_invariants : structure of TensorShape like `loop_vars`, optional
        What is known of the shapes in all iterations; needed where a shape changes from one to the next.
    parallel_iterations : int
        Accepted; iterations run one after the other.
    back_prop : bool
        If False, no gradient can be taken through the loop.
    swap_memory : bool
        Accepted for compatibility.
    name : str, optional
    maximum_iterations : int or scalar Tensor, optional
        Stop after so many iterations in any case.
    return_same_structure : bool
        Return a list also for a single loop variable.

    Returns
    -------
    The loop variables after the last iteration; a single one as it is.

    Raises
    ------
    TypeError
        If `cond` or `body` is not callable, or `body` returns another structure or dtype.
    ValueError
        If there are no loop variables, or a shape is not the same in all iterations.

    Examples
    --------
    >>> i, total = tf.constant(1), tf.constant(0)
    >>> last = tf.while_loop(lambda i, s: i <= 10, lambda i, s: [i + 1, s + i], [i, total])
    >>> with tf.Session() as sess:
    ...     [int(v) for v in sess.run(last)]
    [11, 55]
    """
    with name_scope(name, "while", loop_vars if isinstance(loop_vars, (list, tuple)) else [loop_vars]):
        if isinstance(loop_vars, (list, tuple)) and not loop_vars:
            raise ValueError("No loop variables provided")
        if not callable(cond):
            raise TypeError("cond must be callable.")
        if not callable(body):
            raise TypeError("body must be callable.")
        if not isinstance(parallel_iterations, int) or isinstance(parallel_iterations, bool) or parallel_iterations < 1:
            raise TypeError("parallel_iterations must be a positive integer.")
        loop_vars = as_list(loop_vars, "loop_vars") if not isinstance(loop_vars, (list, tuple)) else loop_vars
        single = len(loop_vars) == 1 and not return_same_structure
        if maximum_iterations is None:
            return _build_loop(cond, body, loop_vars, shape_invariants, parallel_iterations, back_prop, not single)
        limit = convert(maximum_iterations, name="maximum_iterations")
        if limit.shape.ndims != 0:
            raise ValueError(f"maximum_iterations must be a scalar, saw shape: {limit.shape}")
        counter = raw_constant(0, limit.dtype, "iteration_counter")
        if shape_invariants is not None:
            shape_invariants = (TensorShape([]), shape_invariants[0] if single else shape_invariants)
        if single:
            variables: Any = (counter, loop_vars[0])

            def counted_cond(i: Any, value: Any) -> Any:
                return both(i < limit, cond(value))

            def counted_body(i: Any, value: Any) -> Any:
                return i + 1, body(value)
        else:
            variables = (counter, loop_vars)

            def counted_cond(i: Any, value: Any) -> Any:
                return both(i < limit, cond(*value))

            def counted_body(i: Any, value: Any) -> Any:
                following = i + 1
                new = body(*value)
                return following, new if nest.is_nested(new) else [new]

        result = _build_loop(
            counted_cond, counted_body, variables, shape_invariants, parallel_iterations, back_prop, True
        )
        return result[1]


def both(a: Any, b: Any) -> Tensor:
    """The logical and."""
    result: Tensor = raw.LogicalAnd(a, b)
    return result


def raw_constant(value: Any, dtype: Any, name: str) -> Tensor:
    """A constant of a given dtype and name."""
    from flowlab._src.ops.constant import constant

    return constant(value, dtype=dtype, name=name)


def _build_loop(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    shape_invariants: Any,
    parallel_iterations: int,
    back_prop: bool,
    keep_list: bool,
) -> Any:
    """Trace condition and body, add the loop and pack what it returns."""
    graph = get_default_graph()
    if graph.eager:
        return _run_loop(cond, body, loop_vars, keep_list)
    structure = nest.map_structure(_as_variable, loop_vars)
    start = nest.flatten(structure, expand_composites=True)
    invariants = _invariants(structure, shape_invariants, start)
    here = graph.scopes.body
    if here is not None:
        start = [here.inside(t, f"{graph.scopes.name}/Enter") for t in start]
    enters = []
    for value, shape in zip(start, invariants, strict=True):
        if not _fits(value._shape, shape):
            raise _bad_start(value, shape)
        with graph.control_dependencies(None):
            graph.scopes.body = here
            enter = raw.Identity(value, name="Enter")
        enter._shape = shape
        enters.append(enter)
    condition_body, loop_body = Body(graph, "while"), Body(graph, "while")
    with condition_body.building():
        merges = [condition_body.parameter(t.dtype.base_dtype, t._shape, "Merge") for t in enters]
        answer = convert(cond(*nest.pack_sequence_as(structure, merges, expand_composites=True)))
        if answer.dtype.base_dtype is not dtypes.bool_:
            raise _bad_condition(answer)
        condition_body.outputs = [raw.Identity(answer, name="LoopCond")]
    graph.count_nodes(["Switch"] * len(enters))
    loop_body.sibling = condition_body
    with loop_body.building():
        parameters = [loop_body.parameter(t.dtype.base_dtype, t._shape, "Identity") for t in enters]
        packed = nest.pack_sequence_as(structure, parameters, expand_composites=True)
        result = body(*packed)
        result = list(result) if isinstance(result, (list, tuple)) and not hasattr(result, "_fields") else result
        result = result if nest.is_nested(result) else [result]
        result = nest.map_structure(_as_variable, result)
        _check_structure(packed, result)
        new = []
        for leaf, before in zip(nest.flatten(result, expand_composites=True), parameters, strict=True):
            tensor = loop_body.inside(convert(leaf), f"{graph.scopes.name}/NextIteration")
            _check_next(tensor, before)
            new.append(raw.Identity(tensor, name="NextIteration"))
        loop_body.outputs = new
    inputs = [*enters, *dict.fromkeys([*condition_body.captured, *loop_body.captured])]
    with graph.control_dependencies([*condition_body.outer_control, *loop_body.outer_control]):
        op = While(condition=condition_body, body=loop_body, parallel_iterations=parallel_iterations)
        outputs = op(inputs)
    graph.count_nodes([], more=-1)  # `While` itself is a node of ours
    condition_body.tape = loop_body.tape = outputs[-1]
    exits = []
    for tensor in outputs[:-1]:
        exit_ = raw.Identity(tensor if back_prop else raw.StopGradient(tensor), name="Exit")
        exit_._shape = tensor._shape
        exits.append(exit_)
    final = nest.pack_sequence_as(result, exits, expand_composites=True)
    return final if keep_list or (len(exits) != 1 and len(final) != 1) else final[0]


def _run_loop(cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any, keep_list: bool) -> Any:
    """The loop in eager mode, where conditions have values: Python's own."""
    values = list(loop_vars)
    structure = nest.map_structure(_as_variable, values)
    result: Any = structure
    while cond(*values):
        result = body(*values)
        if not isinstance(result, (list, tuple)) or hasattr(result, "_fields"):
            result = [result]
        values = list(result)
        _check_structure(structure, values)
    final = nest.map_structure(_as_variable, result)
    return final if keep_list or len(final) != 1 else final[0]


def _as_variable(value: Any) -> Any:
    """A leaf of the loop variables as a tensor, or a value made of tensors as it is."""
    if isinstance(value, Operation):
        return with_dependencies([value], raw_constant(True, dtypes.bool_, "Const"))
    if nest.flatten(value, expand_composites=True) != [value] or hasattr(value, "flow"):
        return value
    return convert(value)


def _invariants(structure: Any, given: Any, tensors: Sequence[Tensor]) -> list[TensorShape]:
    """What is known of the shape of each loop tensor in all iterations."""
    if given is None:
        return [t._shape for t in tensors]
    leaves = nest.flatten(structure)
    if isinstance(given, (list, tuple)) and not isinstance(given, TensorShape):
        nest.assert_same_structure(list(structure), _as_structure(given), check_types=False)
    shapes: list[Any] = _flatten_shapes(given)
    if len(shapes) != len(leaves):
        raise ValueError(
            f"shape_invariants must have one shape for each of the {len(leaves)} loop variables, not {len(shapes)}."
        )
    result: list[TensorShape] = []
    position = 0
    for leaf, shape in zip(leaves, shapes, strict=True):
        parts = nest.flatten(leaf, expand_composites=True)
        if len(parts) == 1:
            if not isinstance(shape, TensorShape):
                raise TypeError(
                    "'shape_invariants' must be a (possibly nested) structure of TensorShape, got: " + repr(shape)
                )
            result.append(shape)
        elif len(parts) == 3:  # a SparseTensor: the invariant is its dense shape
            rank = as_shape(shape).ndims
            result += [TensorShape([None, rank]), TensorShape([None]), TensorShape([rank])]
        else:
            result += [t._shape for t in parts]
        position += len(parts)
    return result


def _as_structure(given: Any) -> list[Any]:
    return [_as_structure(g) if isinstance(g, (list, tuple)) else 0 for g in given]


def _flatten_shapes(given: Any) -> list[Any]:
    if isinstance(given, TensorShape):
        return [given]
    if isinstance(given, dict):
        return [s for key in sorted(given) for s in _flatten_shapes(given[key])]
    if isinstance(given, (list, tuple)):
        return [s for g in given for s in _flatten_shapes(g)]
    return [given]


def _fits(shape: TensorShape, invariant: TensorShape) -> bool:
    """True when all that `invariant` says is true of `shape`."""
    if invariant._dims is None:
        return True
    if shape._dims is None or len(shape._dims) != len(invariant._dims):
        return False
    return all(i is None or s == i for s, i in zip(shape._dims, invariant._dims, strict=True))


def _bad_start(tensor: Tensor, shape: TensorShape) -> BaseException:
    site = source.caller(3)
    return add_notes(
        ValueError(
            f"The shape invariant specified for {tensor.name} is not compatible with the initial shape of the loop variable. It "
            f"enters the loop with shape {tensor.shape}, but the specified shape invariant is {shape}."
        ),
        where=site.quote() if site else "",
        why="a shape invariant may only leave sizes open (None) that the first value has",
        fix=f"tf.TensorShape({[None] * (tensor.shape.ndims or 0)})  # fits every value of so many axes",
    )


def _bad_condition(answer: Tensor) -> BaseException:
    site = source.caller(3)
    return add_notes(
        TypeError(
            f"Input 'input' of 'LoopCond' Op has type {answer.dtype.name} that does not match expected type of bool."
        ),
        where=site.quote() if site else "",
        inputs=f"cond returned '{answer.name}' {answer.dtype.name} {answer.shape}",
        why="cond must say whether to go on: true or false",
        fix="cond=lambda i, *rest: i < 10  # a comparison",
    )


def _check_structure(before: Any, after: Any) -> None:
    """Raise unless the body returned what it was given: as many values in the same structure."""
    ours, theirs = list(before), list(after) if isinstance(after, (list, tuple)) else after
    try:
        nest.assert_same_structure(ours, theirs, expand_composites=True)
    except (ValueError, TypeError) as error:
        site = source.caller(3)
        counts = [len(nest.flatten(s, expand_composites=True)) for s in (ours, theirs)]
        raise add_notes(
            error,
            why=f"the body takes {counts[0]} loop variables and returned {counts[1]}" if counts[0] != counts[1] else "",
            where=site.quote() if site else "",
            fix="return the new value of every loop variable, in the same order and nesting; also of those that stay",
        ) from None


def opened(new: Tensor, before: Tensor) -> list[Any]:
    """The sizes that stay, None for those that change."""
    dims = (
        zip(before.shape.as_list(), new.shape.as_list(), strict=True) if before.shape.ndims == new.shape.ndims else ()
    )
    return [a if a == b else None for a, b in dims] if before.shape.ndims else []


def _check_next(new: Tensor, before: Tensor) -> None:
    """Raise unless the body's result can be the loop variable of the next iteration."""
    site = source.caller(3)
    where = site.quote() if site else ""
    if new.dtype.base_dtype is not before.dtype.base_dtype:
        raise add_notes(
            TypeError(
                f"Input tensor '{new.name}' enters the loop with type {before.dtype.name}, but has type {new.dtype.name} after 1 iteration."
            ),
            where=where,
            fix=f"cast it back: tf.cast(t, tf.{before.dtype.base_dtype.name}); a Python float makes an int loop variable float",
        )
    if not _fits(new._shape, before._shape):
        name = before.name.replace("Identity", "Merge")
        raise add_notes(
            ValueError(
                f"The shape for {name} is not an invariant for the loop. It enters the loop with shape {before.shape}, but has shape "
                f"{new.shape} after one iteration. Provide shape invariants using either the `shape_invariants` argument of "
                "tf.while_loop or set_shape() on the loop variables."
            ),
            where=where,
            why="the body gives it another shape, and a loop variable keeps its shape unless a size is left open",
            fix=f"shape_invariants=[..., tf.TensorShape({opened(new, before)}), ...]  # one for each loop variable",
        )

"""Variables as nodes: VariableV2 and the operations that read and change it.

A variable is a node without inputs whose value the session keeps. Assignments take it by reference (`Ref`),
store the new value with the session and hand the reference on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import numpy as np

from flowlab._src.autodiff.slices import IndexedSlices
from flowlab._src.errors import FailedPreconditionError, InvalidArgumentError, OutOfRangeError, ShapeError
from flowlab._src.graph.arguments import as_flag
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.op import Array, Index, Number, Op, Ref, Spec, T
from flowlab._src.graph.operation import variable_behind
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape, as_shape, merge_shapes
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels.small_forms import Update
from flowlab._src.ops import changing
from flowlab._src.ops.array_shape import shape
from flowlab._src.ops.fill import ones_like
from flowlab._src.ops.holders import held_by_nobody_else
from flowlab._src.ops.joining import concat
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.reshaping import expand_dims, reshape
from flowlab._src.util import written
from flowlab._src.util.export import export

Counter = TypeVar("Counter", np.int32, np.int64)


class VariableV2(Op):
    """A value that the session keeps from run to run."""

    shape_: TensorShape
    dtype: DType
    container: str = ""
    shared_name: str = ""
    stateful = True
    reads_only = True
    is_variable = True
    grad = None

    def kernel(self, run: Any) -> Ref:
        return run.state.read(run.node.name)

    def dtypes(self) -> DType:
        return self.dtype._as_ref

    def shape(self) -> TensorShape:
        return self.shape_


def variable_name(run: Any) -> str:
    """The name under which the session keeps the variable that the running node changes."""
    return variable_behind(run.node._inputs[0]).name


def initialized_value(run: Any, ref: Any) -> Any:
    """The current value of a variable that must have one."""
    if _is_missing(ref):
        name = variable_name(run)
        raise FailedPreconditionError(
            None, variable_behind(run.node._inputs[0]), f"Attempting to use uninitialized value {name}"
        )
    return ref


def _is_missing(ref: Any) -> bool:
    return ref is None or not isinstance(ref, (np.ndarray, np.generic))


class Assign(Op):
    """Give a variable a new value."""

    validate_shape: bool = True
    use_locking: bool = True
    stateful = True
    forwards_ref = 1
    grad = None

    def small_form(self, node: Any, ref: Spec, value: Spec) -> Any:
        """The value, where the variable has its shape."""
        return Update((("ref", "value"),)) if self.validate_shape and ref.dims == value.dims else None

    def bound(self, node: Any, ref: Spec, value: Spec) -> Any:
        """The variable and its shape are known."""
        variable, dims = variable_behind(node._inputs[0]), value.dims
        if dims is None or None in dims or not variable.outputs[0].shape.is_compatible_with(dims):
            return None
        name, kernel = variable.name, self.kernel

        def assign(run: Any, ref: Any, value: Any) -> Any:
            if value.shape != dims:
                return kernel(run, ref, value)
            return run.state.write(name, value)

        return assign

    def kernel(self, run: Any, ref: Ref[T], value: Array[T]) -> Ref[T]:
        wanted = variable_behind(run.node._inputs[0]).outputs[0].shape
        if self.validate_shape and not wanted.is_compatible_with(np.shape(value)):
            raise InvalidArgumentError(
                None,
                None,
                f"Assign requires shapes of both tensors to match. lhs shape= [{_sizes(wanted.as_list())}] rhs shape= "
                f"[{_sizes(np.shape(value))}]",
            )
        return run.state.write(variable_name(run), value)

    def shape(self, ref: Spec, value: Spec) -> TensorShape:
        return merge_shapes(ref.shape, value.shape) if self.validate_shape else value.shape

    def explain_shapes(self, ref: Tensor, value: Tensor) -> tuple[str, str]:
        call = written.running("assign")
        mine = [(call.argument(name) if call is not None else "") or name for name in ("ref", "value")]
        if call is not None and "ref" not in call.parts:
            mine[0] = call.text.partition(".assign")[0]
        return (
            f"a variable keeps its shape, '{ref.op.name}' has {ref.shape}",
            f"tf.assign({mine[0]}, {mine[1]}, validate_shape=False)  # lets it change; or reshape the value",
        )


def _sizes(dims: Any) -> str:
    return ",".join(str(d) for d in dims)


class _Update(Op, abstract=True):
    """Change a variable by a value of the same shape."""

    use_locking: bool = False
    stateful = True
    forwards_ref = 1
    grad = None

    def shape(self, ref: Spec, value: Spec) -> TensorShape:
        return merge_shapes(ref.shape, value.shape)


class AssignAdd(_Update):
    """Add to a variable."""

    apart = True
    rule: ClassVar[Any] = np.add

    def bound(self, node: Any, ref: Spec, value: Spec) -> Any:
        """The variable is known, and changed where it lies if nobody looks."""
        name, dims, kernel, rule = variable_behind(node._inputs[0]).name, value.dims, self.kernel, type(self).rule
        if dims is None or None in dims:
            return None

        def change(run: Any, ref: Any, value: Any) -> Any:
            state = run.state
            with state.lock:
                values = [state.variables.get(name)]
                if values[0] is None or not (values[0].shape == value.shape == dims):
                    return kernel(run, ref, value)
                if not (dims and run.unseen and held_by_nobody_else(values, (ref,))):
                    return state.write(name, rule(values[0], value))
                variable = values[0]
                variable.setflags(write=True)
                rule(variable, value, variable)
                variable.setflags(write=False)
                return variable

        return change

    def kernel(self, run: Any, ref: Ref[Number], value: Array[Number]) -> Ref[Number]:
        with run.state.lock:
            current = initialized_value(run, run.state.read(variable_name(run)))
            return run.state.write(variable_name(run), type(self).rule(current, value))


class AssignSub(AssignAdd):
    """Subtract from a variable."""

    rule = np.subtract


class IsVariableInitialized(Op):
    """Tell whether a variable has a value in this session."""

    dtype: DType
    stateful = True
    reads_only = True
    grad = None

    def kernel(self, run: Any, ref: Ref[T]) -> Array[np.bool_]:
        return np.bool_(not _is_missing(ref))

    def shape(self, ref: Spec) -> TensorShape:
        return TensorShape.of(())


class CountUpTo(Op):
    """Add 1 to a variable until it reaches a limit; gives the value before."""

    limit: int
    stateful = True
    grad = None

    def kernel(self, run: Any, ref: Ref[Counter]) -> Array[Counter]:
        with run.state.lock:
            current = initialized_value(run, run.state.read(variable_name(run)))
            if current >= self.limit:
                raise OutOfRangeError(None, None, f"Reached limit of {self.limit}")
            run.state.write(variable_name(run), current + current.dtype.type(1))
            return current

    def shape(self, ref: Spec) -> TensorShape:
        if ref.rank not in (None, 0):
            raise ShapeError(f"Shape must be rank 0 but is rank {ref.rank}")
        return TensorShape.of(())


# ---- changing some rows --------------------------------------------------------------------------------------------


class _Scatter(Op, abstract=True):
    """Change the rows `indices` of a variable."""

    use_locking: bool = False
    stateful = True
    forwards_ref = 1
    rule: ClassVar[changing.Rule]
    apart = True

    def bound(self, node: Any, ref: Spec, indices: Spec, updates: Spec, factor: Any = None) -> Any:
        """Rows added to a table where it lies. With a `factor` the updates are multiplied by it on the way."""
        name, rule, kind = variable_behind(node._inputs[0]).name, type(self).rule, ref.dtype.base_dtype.as_numpy_dtype
        add = changing.adder_of_rows(rule, ref.dims, kind, indices, updates, 1.0 if factor is None else factor)
        if add is None:
            return None

        def change(run: Any, ref: Any, indices: Any, updates: Any) -> Any:
            state = run.state
            with state.lock:
                values = [state.variables.get(name)]
                in_place = run.unseen and held_by_nobody_else(values, (ref,))
                if in_place and add(values[0], indices, updates):
                    return values[0]
                updates = updates if factor is None else updates * factor
                value = initialized_value(run, values[0])
                return state.write(name, changing.change_rows(value, indices, updates, rule, in_place))

        return change

    def kernel(self, run: Any, ref: Ref[Number], indices: Array[Index], updates: Array[Number]) -> Ref[Number]:
        return self.change(run, (ref,), indices, updates)

    def change(self, run: Any, targets: tuple[Any, ...], indices: Any, updates: Any) -> Any:
        """A table of words is large and a step changes few of its rows, so they are changed in place if nobody looks."""
        name = variable_name(run)
        with run.state.lock:
            values = [initialized_value(run, run.state.read(name))]
            in_place = run.unseen and held_by_nobody_else(values, targets)
            return run.state.write(name, changing.change_rows(values[0], indices, updates, type(self).rule, in_place))

    def shape(self, ref: Spec, indices: Spec, updates: Spec) -> TensorShape:
        changing.row_shapes(ref.shape, indices, updates)
        return ref.shape


class ScatterUpdate(_Scatter):
    """Replace rows; of a row named twice the last value stays."""

    rule = changing.replace

    def kernel(self, run: Any, ref: Ref[T], indices: Array[Index], updates: Array[T]) -> Ref[T]:
        return self.change(run, (ref,), indices, updates)


class ScatterAdd(_Scatter):
    """Add to rows."""

    rule = changing.add
    grad = None


class ScatterSub(_Scatter):
    """Subtract from rows."""

    rule = changing.subtract
    grad = None


class ScatterMul(_Scatter):
    """Multiply rows."""

    rule = changing.multiply
    grad = None


class ScatterDiv(_Scatter):
    """Divide rows."""

    rule = changing.divide
    grad = None


class ScatterMin(_Scatter):
    """Keep the smaller of row and update."""

    rule = changing.minimum


class ScatterMax(_Scatter):
    """Keep the larger of row and update."""

    rule = changing.maximum


class _ScatterNd(Op, abstract=True):
    """Change single elements or slices of a variable, named by index tuples."""

    use_locking: bool = True
    stateful = True
    forwards_ref = 1
    grad = None
    rule: ClassVar[changing.Rule]

    def kernel(self, run: Any, ref: Ref[T], indices: Array[Index], updates: Array[T]) -> Ref[T]:
        name = variable_name(run)
        with run.state.lock:
            value = initialized_value(run, run.state.read(name))
            return run.state.write(name, changing.change_elements(value, indices, updates, type(self).rule))

    def shape(self, ref: Spec, indices: Spec, updates: Spec) -> TensorShape:
        return ref.shape


class ScatterNdUpdate(_ScatterNd):
    """Replace elements."""

    rule = changing.replace


class ScatterNdAdd(_ScatterNd):
    """Add to elements."""

    rule = changing.add


class ScatterNdSub(_ScatterNd):
    """Subtract from elements."""

    rule = changing.subtract


# ---- public functions ----------------------------------------------------------------------------------------------


def variable_op(shape: Any, dtype: DType, name: str = "Variable", container: str = "", shared_name: str = "") -> Tensor:
    """Add the node of a variable."""
    return VariableV2(shape_=as_shape(shape), dtype=dtype.base_dtype, container=container, shared_name=shared_name)(
        name=name
    )


def _ref(value: Any) -> Any:
    """The reference behind a variable object; anything else as it is."""
    return value._ref() if hasattr(value, "_ref") else value


def is_resource(value: Any) -> bool:
    """True for resource variables, which change by operations of their own."""
    return getattr(value, "handle", None) is not None


@export("assign")
def assign(
    ref: Any, value: Any, validate_shape: bool | None = None, use_locking: bool | None = None, name: str | None = None
) -> Tensor:
    """Add an operation that gives a variable a new value when it runs.

    Parameters
    ----------
    ref : Variable
    value : Tensor or array, same dtype as the variable
    validate_shape : bool
        If False, the value may have another shape.
    use_locking : bool
        Accepted; assignments are always whole.

    Returns
    -------
    Tensor
        The variable after the assignment.

    Examples
    --------
    >>> w = tf.Variable(10)
    >>> to_100 = tf.assign(w, 100)
    >>> with tf.Session() as sess:
    ...     sess.run(w.initializer)
    ...     int(sess.run(w)), int(sess.run(to_100)), int(sess.run(w))
    (10, 100, 100)
    """
    if is_resource(ref):
        return ref.assign(value, name=name)
    op = Assign(
        validate_shape=True if validate_shape is None else validate_shape,
        use_locking=True if use_locking is None else use_locking,
    )
    return op(_ref(ref), value, name=name)


@export("assign_add")
def assign_add(ref: Any, value: Any, use_locking: bool | None = None, name: str | None = None) -> Tensor:
    """Add an operation that adds `value` to a variable when it runs; gives the variable after it.

    Examples
    --------
    >>> w = tf.Variable(10)
    >>> with tf.Session() as sess:
    ...     sess.run(w.initializer)
    ...     int(sess.run(tf.assign_add(w, 5)))
    15
    """
    if is_resource(ref):
        return ref.assign_add(value)  # without the name, as in TensorFlow
    return AssignAdd(use_locking=as_flag(use_locking, "use_locking"))(_ref(ref), value, name=name)


@export("assign_sub")
def assign_sub(ref: Any, value: Any, use_locking: bool | None = None, name: str | None = None) -> Tensor:
    """Add an operation that subtracts `value` from a variable when it runs; gives the variable after it."""
    if is_resource(ref):
        return ref.assign_sub(value)
    return AssignSub(use_locking=as_flag(use_locking, "use_locking"))(_ref(ref), value, name=name)


@export("is_variable_initialized")
def is_variable_initialized(ref: Any, name: str | None = None) -> Tensor:
    """Return a tensor that tells whether a variable has a value in the session that runs it."""
    if is_resource(ref):
        return ref.is_initialized(name=name)
    ref = convert(_ref(ref), name="ref", as_ref=True)
    return IsVariableInitialized(dtype=ref.dtype.base_dtype)(ref, name=name)


@export("count_up_to")
def count_up_to(ref: Any, limit: int, name: str | None = None) -> Tensor:
    """Add 1 to an integer variable at each run; OutOfRangeError once it has reached `limit`."""
    if is_resource(ref):
        return raw.ResourceCountUpTo(ref.handle, limit=limit, T=ref.dtype, name=name)
    return CountUpTo(limit=limit)(_ref(ref), name=name)


def scatter(kind: str, ref: Any, indices: Any, updates: Any, use_locking: bool, name: str | None) -> Any:
    """Add one of the scatter operations for either kind of variable; gives the variable after it."""
    if not is_resource(ref):
        return getattr(raw, kind)(_ref(ref), indices, updates, use_locking=use_locking, name=name)
    with ref._in_order():
        done = getattr(raw, f"Resource{kind}")(ref.handle, indices, ref._as_value(updates), name=name)
        return ref._lazy_read(done)


@export("scatter_update")
def scatter_update(ref: Any, indices: Any, updates: Any, use_locking: bool = True, name: str | None = None) -> Tensor:
    """Replace the rows `indices` of a variable by `updates`.

    Parameters
    ----------
    ref : Variable, shape (rows, ...)
    indices : Tensor, int32 or int64
    updates : Tensor, shape indices.shape + ref.shape[1:]

    Examples
    --------
    >>> w = tf.Variable([1, 2, 3])
    >>> with tf.Session() as sess:
    ...     sess.run(w.initializer)
    ...     sess.run(tf.scatter_update(w, [0, 2], [10, 30]))
    array([10,  2, 30], dtype=int32)
    """
    return scatter("ScatterUpdate", ref, indices, updates, use_locking, name)


@export("scatter_add")
def scatter_add(ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
    """Add `updates` to the rows `indices` of a variable; repeated indices add up."""
    return scatter("ScatterAdd", ref, indices, updates, use_locking, name)


@export("scatter_sub")
def scatter_sub(ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
    """Subtract `updates` from the rows `indices` of a variable; repeated indices add up."""
    return scatter("ScatterSub", ref, indices, updates, use_locking, name)


@export("scatter_mul")
def scatter_mul(ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
    """Multiply the rows `indices` of a variable by `updates`."""
    return scatter("ScatterMul", ref, indices, updates, use_locking, name)


@export("scatter_div")
def scatter_div(ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
    """Divide the rows `indices` of a variable by `updates`."""
    return scatter("ScatterDiv", ref, indices, updates, use_locking, name)


@export("scatter_min")
def scatter_min(ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
    """Keep the smaller of the rows `indices` and `updates`."""
    return scatter("ScatterMin", ref, indices, updates, use_locking, name)


@export("scatter_max")
def scatter_max(ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
    """Keep the larger of the rows `indices` and `updates`."""
    return scatter("ScatterMax", ref, indices, updates, use_locking, name)


@export("scatter_nd_update")
def scatter_nd_update(
    ref: Any, indices: Any, updates: Any, use_locking: bool = True, name: str | None = None
) -> Tensor:
    """Replace single elements or slices of a variable, named by the tuples in the last axis of `indices`."""
    return scatter("ScatterNdUpdate", ref, indices, updates, use_locking, name)


@export("scatter_nd_add")
def scatter_nd_add(ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
    """Add to single elements or slices of a variable."""
    return scatter("ScatterNdAdd", ref, indices, updates, use_locking, name)


@export("scatter_nd_sub")
def scatter_nd_sub(ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
    """Subtract from single elements or slices of a variable."""
    return scatter("ScatterNdSub", ref, indices, updates, use_locking, name)


@export("batch_scatter_update")
def batch_scatter_update(
    ref: Any, indices: Any, updates: Any, use_locking: bool = True, name: str | None = None
) -> Tensor:
    """Replace elements along the last axis of `indices`, each batch entry in its own part of the variable.

    Parameters
    ----------
    ref : Variable, shape (batch..., n, ...)
    indices : Tensor, shape (batch..., k), int32 or int64
    updates : Tensor, shape indices.shape + ref.shape[indices.ndim:]

    Examples
    --------
    >>> w = tf.Variable([[0, 0, 0], [0, 0, 0]])
    >>> with tf.Session() as sess:
    ...     sess.run(w.initializer)
    ...     sess.run(tf.batch_scatter_update(w, [[0], [2]], [[7], [8]]))
    array([[7, 0, 0],
           [0, 0, 8]], dtype=int32)
    """
    with name_scope(name):
        indices = convert(indices, name="indices")
        indices_shape = shape(indices)
        ndims = indices.shape.ndims
        if ndims is None:
            raise misuse(ValueError("batch_gather does not allow indices with unknown shape."))
        positions = expand_dims(indices, axis=-1)
        coordinates = []
        for axis in range(ndims - 1):  # the place in the batch, spread over the indices
            count = indices_shape[axis]
            sizes: list[Any] = [1] * (ndims + 1)
            sizes[axis] = count
            along = reshape(raw.Range(0, count, 1), sizes)
            if along.dtype.base_dtype != positions.dtype:
                along = raw.Cast(along, DstT=positions.dtype)
            coordinates.append(along * ones_like(positions))
        return scatter_nd_update(ref, concat([*coordinates, positions], axis=-1), updates, use_locking=use_locking)


def scatter_slices(
    function: Callable[..., Tensor], ref: Any, slices: IndexedSlices, use_locking: bool, name: str | None
) -> Tensor:
    """Apply one of the scatter functions to IndexedSlices."""
    if not isinstance(slices, IndexedSlices):
        raise TypeError(f"sparse_delta is not IndexedSlices: {slices}")
    return function(ref, slices.indices, slices.values, use_locking=use_locking, name=name)

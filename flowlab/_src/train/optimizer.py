"""`tf.train.Optimizer`: gradients of a loss, and the operation that applies them to the variables."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from flowlab._src.autodiff.gradient_tape import GradientTape
from flowlab._src.autodiff.gradients import gradients, why_unconnected
from flowlab._src.autodiff.slices import IndexedSlices, convert_to_tensor_or_indexed_slices
from flowlab._src.errors import add_notes
from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_flag, as_key, as_list, as_text
from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.keys import GraphKeys
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.cast import cast
from flowlab._src.ops.control import group, tuple_
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.state import assign_add
from flowlab._src.train.slots import create_slot, create_zeros_slot
from flowlab._src.util import source
from flowlab._src.util.export import export
from flowlab._src.variables.partitioned import PartitionedVariable
from flowlab._src.variables.resource import ResourceVariable
from flowlab._src.variables.scope import get_variable, variable_scope
from flowlab._src.variables.variable import Variable, trainable_variables

GradientsAndVariables = Sequence[tuple[Any, Any]]


def deduplicate(slices: IndexedSlices) -> IndexedSlices:
    """Add up the rows that have the same index."""
    unique, positions = raw.Unique(slices.indices, out_idx=dtypes.int32)
    count = raw.Shape(unique)[0]
    return IndexedSlices(raw.UnsortedSegmentSum(slices.values, positions, count), unique, slices.dense_shape)


def not_smooth(tensor: Any, message: str) -> BaseException:
    """The error for a loss or a variable of whole numbers."""
    site = source.caller(2)
    names = source.python_names()
    seen, stack = {tensor.op}, [tensor.op]
    while stack and not stack[-1].definition.is_variable:  # the loss is whole because something behind it is
        for before in stack.pop().inputs:
            if before.op not in seen and before.dtype.base_dtype == tensor.dtype.base_dtype:
                seen.add(before.op)
                stack.append(before.op)
    first = stack[-1] if stack else tensor.op
    made = first.site.text if stack and first.site is not None else ""
    number = re.search(r"Variable\(\s*(-?\d+)\s*[,)]", made)
    fix = made.replace(number[0], number[0].replace(number[1], number[1] + ".0")) if number else ""
    return add_notes(
        ValueError(message),
        why=f"{first.outputs[0].name!r} holds whole numbers ({tensor.dtype.base_dtype.name}), and steps along a gradient need fractions",
        where=site.quote() if site else "",
        fix=f"{fix}  # float32" if fix and len(fix) < 100 else f"tf.cast({names.get(tensor.name, 'x')}, tf.float32)",
    )


def smooth_loss(loss: Any, variables: list[Any]) -> str:
    """A loss that gives the variables gradients."""
    names = source.python_names()
    mine = next((names[v.op.name] for v in variables if hasattr(v, "op") and v.op.name in names), "")
    depends = not callable(loss) and "does not depend" in why_unconnected(loss, variables)
    if depends and mine:
        return f"loss = tf.reduce_mean(tf.square({mine} * x - target))  # a way from {mine} to the loss"
    return "loss = tf.reduce_mean(tf.square(prediction - target))  # smooth; argmax is for the accuracy"


@export("train.Optimizer")
class Optimizer:
    """Base class of all optimizers: `minimize` is `compute_gradients` followed by `apply_gradients`.

    Parameters
    ----------
    use_locking : bool
        Accepted for compatibility; updates are always whole.
    name : str
        Name of the operations and slots.
    """

    GATE_NONE = 0
    GATE_OP = 1
    GATE_GRAPH = 2

    def __init__(self, use_locking: bool, name: str, use_own_namescope_for_non_slot_vars: bool = False) -> None:
        if name is None or not as_text(name, "name"):
            raise ValueError("Must specify the optimizer name")
        self._use_locking = use_locking
        self._name = name
        self._slots: dict[str, dict[Any, Variable]] = {}
        self._non_slots: dict[Any, Variable] = {}
        self._own_scope: Any = None
        if as_flag(use_own_namescope_for_non_slot_vars, "use_own_namescope_for_non_slot_vars"):
            with variable_scope(None, default_name=name) as scope:
                self._own_scope = scope

    def get_name(self) -> str:
        """Return the name."""
        return self._name

    # ---- the two halves -----------------------------------------------------------------------------------------

    def minimize(
        self,
        loss: Any,
        global_step: Any = None,
        var_list: Any = None,
        gate_gradients: int = GATE_OP,
        aggregation_method: int | None = None,
        colocate_gradients_with_ops: bool = False,
        name: str | None = None,
        grad_loss: Any = None,
    ) -> Operation:
        """Return an operation that does one training step: it changes the variables so that `loss` falls.

        Parameters
        ----------
        loss : Tensor
        global_step : Variable, optional
            Goes up by one after each step.
        var_list : list of Variable, optional
            The variables to change; all trainable ones if not given.
        gate_gradients : {GATE_NONE, GATE_OP, GATE_GRAPH}
        aggregation_method : int, optional
            See `tf.gradients`.
        name : str, optional
        grad_loss : Tensor, optional
            Gradient to start with, instead of one.

        Raises
        ------
        ValueError
            If there are no variables, or the loss gives none of them a gradient.

        Examples
        --------
        >>> w = tf.Variable(5.0)
        >>> step = tf.train.GradientDescentOptimizer(0.1).minimize(tf.square(w - 3.0))
        >>> with tf.Session() as sess:
        ...     sess.run(tf.global_variables_initializer())
        ...     for _ in range(50):
        ...         sess.run(step)
        ...     round(float(sess.run(w)), 3)
        3.0
        """
        pairs = self.compute_gradients(
            loss, var_list=var_list, gate_gradients=gate_gradients, aggregation_method=aggregation_method,
            colocate_gradients_with_ops=colocate_gradients_with_ops, grad_loss=grad_loss,
        )  # fmt: skip
        if all(g is None for g, _ in pairs):
            site = source.caller(2)
            raise add_notes(
                ValueError(
                    "No gradients provided for any variable, check your graph for ops that do not support gradients, between "
                    f"variables {[str(v) for _, v in pairs]} and loss {loss}."
                ),
                why="" if callable(loss) else why_unconnected(loss, [v for _, v in pairs]),
                where=site.quote() if site else "",
                fix=smooth_loss(loss, [v for _, v in pairs]),
            )
        return self.apply_gradients(pairs, global_step=global_step, name=name)

    def compute_gradients(
        self,
        loss: Any,
        var_list: Any = None,
        gate_gradients: int = GATE_OP,
        aggregation_method: int | None = None,
        colocate_gradients_with_ops: bool = False,
        grad_loss: Any = None,
    ) -> list[tuple[Any, Any]]:
        """Return a list of (gradient, variable) pairs; a gradient is None where the loss does not depend on it.

        Change the gradients (clip them, say) before handing them to `apply_gradients`.
        """
        if as_key(gate_gradients, "gate_gradients") not in (self.GATE_NONE, self.GATE_OP, self.GATE_GRAPH):
            raise ValueError(
                f"gate_gradients must be one of: Optimizer.GATE_NONE, Optimizer.GATE_OP, Optimizer.GATE_GRAPH.  Not {gate_gradients}"
            )
        if callable(loss):
            return self._gradients_of_function(loss, var_list, grad_loss)
        if get_default_graph().eager:
            raise misuse(
                RuntimeError(
                    "`loss` passed to Optimizer.compute_gradients should be a function when eager execution is enabled."
                ),
                fix="opt.minimize(lambda: loss_of(x)), or tf.GradientTape and opt.apply_gradients",
            )
        self._assert_valid_dtypes([loss] if grad_loss is None else [loss, grad_loss])
        variables = trainable_variables() if var_list is None else _flat_variables(var_list)
        for variable in variables:
            if not isinstance(variable, (Variable, Tensor)):
                raise NotImplementedError("Trying to optimize unsupported type ", variable)
        if not variables:
            site = source.caller(2)
            raise add_notes(
                ValueError("No variables to optimize."),
                where=site.quote() if site else "",
                why="an optimizer changes variables, and the graph has none that may be trained",
                fix="w = tf.Variable(tf.zeros([3]))  # trainable, made before minimize",
            )
        grads = gradients(
            loss, [v._ref() if isinstance(v, Variable) else v for v in variables], grad_ys=grad_loss,
            gate_gradients=gate_gradients == self.GATE_OP, aggregation_method=aggregation_method,
            colocate_gradients_with_ops=colocate_gradients_with_ops,
        )  # fmt: skip
        if gate_gradients == self.GATE_GRAPH:
            grads = tuple_(grads)
        pairs = list(zip(grads, variables, strict=True))
        self._assert_valid_dtypes([v for g, v in pairs if g is not None])
        return pairs

    def _gradients_of_function(self, loss: Callable[[], Any], var_list: Any, grad_loss: Any) -> list[tuple[Any, Any]]:
        """The pairs for a loss that is computed by a function: it is called once, under a tape."""
        with GradientTape() as tape:
            if var_list is not None:
                tape.watch(var_list)
            value = loss()
        variables = _flat_variables(tape.watched_variables() if var_list is None else var_list)
        grads = tape.gradient(value, variables, grad_loss)
        return list(zip(grads, variables, strict=True))

    def apply_gradients(self, grads_and_vars: Any, global_step: Any = None, name: str | None = None) -> Any:
        """Return an operation that applies gradients to variables.

        Parameters
        ----------
        grads_and_vars : list of (Tensor, IndexedSlices or None, Variable)
            As `compute_gradients` gives them.
        global_step : Variable, optional
            Goes up by one after the update.
        name : str, optional

        Raises
        ------
        ValueError
            If no variable has a gradient.
        """
        pairs = []
        given = as_list(grads_and_vars, "grads_and_vars")
        if not given:
            raise ValueError("No variables provided.")
        for pair in given:
            if not isinstance(pair, (list, tuple)) or len(pair) != 2:
                raise TypeError(f"grads_and_vars must be a list of (gradient, variable) pairs, got {pair!r}.")
            grad, variable = pair
            if not isinstance(variable, (Variable, Tensor)):
                raise NotImplementedError("Trying to optimize unsupported type ", variable)
            if grad is not None:
                try:
                    grad = convert_to_tensor_or_indexed_slices(grad)
                except TypeError:
                    raise TypeError(
                        f"Gradient must be convertible to a Tensor or IndexedSlices, or None: {grad}"
                    ) from None
            pairs.append((grad, variable))
        changed = [v for g, v in pairs if g is not None]
        if not changed:
            raise ValueError(f"No gradients provided for any variable: {[str(v) for _, v in pairs]}.")
        graph = get_default_graph()
        with graph.control_dependencies(None):
            self._create_slots(changed)
        updates = []
        with name_scope(self._name if name is None else as_text(name, "name") or self._name) as scope:
            self._prepare()
            for grad, variable in pairs:
                if grad is None:
                    continue
                own = "" if graph.eager else variable.op.name
                with name_scope("update_" + own), graph.colocate_with(variable.op):
                    updates.append(self._update(grad, variable))
            if not (global_step is None or isinstance(global_step, (Variable, Tensor))):
                raise TypeError(f"global_step must be a variable, got {global_step!r}.")
            if global_step is None:
                result = self._finish(updates, scope)
            else:
                done = self._finish(updates, "update")
                with graph.control_dependencies([done]), graph.colocate_with(global_step.op):
                    if isinstance(global_step, ResourceVariable):
                        result = global_step.assign_add(1, name=scope, read_value=False)
                    else:
                        result = assign_add(global_step, 1, name=scope)
        if graph.eager:
            return None
        result = result.op if isinstance(result, Tensor) else result
        train_ops = graph.get_collection_ref(GraphKeys.TRAIN_OP)
        if result not in train_ops:
            train_ops.append(result)
        return result

    def _update(self, grad: Any, variable: Any) -> Any:
        if isinstance(variable, Tensor):
            raise NotImplementedError("Trying to update a Tensor ", variable)
        is_resource = isinstance(variable, ResourceVariable)
        if isinstance(grad, IndexedSlices):
            if variable.constraint is not None:
                raise RuntimeError("Cannot use a constraint function on a sparse variable.")
            if is_resource:
                return self._resource_apply_sparse_duplicate_indices(grad.values, variable, grad.indices)
            return self._apply_sparse_duplicate_indices(grad, variable)
        update = (self._resource_apply_dense if is_resource else self._apply_dense)(grad, variable)
        if variable.constraint is None:
            return update
        with get_default_graph().control_dependencies([update]):
            return variable.assign(variable.constraint(variable))

    # ---- slots --------------------------------------------------------------------------------------------------

    def get_slot(self, var: Any, name: str) -> Any:
        """Return the slot of a variable, or None.

        Examples
        --------
        >>> w = tf.Variable(1.0, name="w")
        >>> opt = tf.train.MomentumOptimizer(0.1, 0.9)
        >>> train = opt.minimize(w * w)
        >>> opt.get_slot(w, "momentum")
        <tf.Variable 'w/Momentum:0' shape=() dtype=float32_ref>
        """
        return self._slots.get(as_text(name, "name"), {}).get(_key(var))

    def get_slot_names(self) -> list[str]:
        """Return the names of the slots that this optimizer keeps."""
        return sorted(self._slots)

    def variables(self) -> list[Variable]:
        """Return the optimizer's own variables in the default graph, by name."""
        graph = get_default_graph()
        own = [*self._non_slots.values(), *[v for slots in self._slots.values() for v in slots.values()]]
        return sorted((v for v in own if _graph_of(v) is (None if graph.eager else graph)), key=lambda v: v.name)

    def _slot(self, var: Any, slot_name: str, make: Callable[[], Variable]) -> Variable:
        slots = self._slots.setdefault(slot_name, {})
        if _key(var) not in slots:
            slots[_key(var)] = make()
        return slots[_key(var)]

    def _get_or_make_slot(self, var: Any, val: Any, slot_name: str, op_name: str) -> Variable:
        return self._slot(var, slot_name, lambda: create_slot(var, val, op_name))

    def _get_or_make_slot_with_initializer(
        self, var: Any, initializer: Any, shape: Any, dtype: Any, slot_name: str, op_name: str
    ) -> Variable:
        return self._slot(var, slot_name, lambda: create_slot(var, initializer, op_name, shape, dtype))

    def _zeros_slot(self, var: Any, slot_name: str, op_name: str) -> Variable:
        return self._slot(var, slot_name, lambda: create_zeros_slot(var, op_name))

    def _create_non_slot_variable(self, initial_value: Any, name: str, colocate_with: Any) -> Variable:
        """Make a variable of the optimizer as a whole; one in each graph."""
        key = (name, _graph_of(colocate_with))
        if key not in self._non_slots:
            if self._own_scope is not None:
                with name_scope(""), variable_scope(self._own_scope):
                    variable = get_variable(name, initializer=initial_value, trainable=False)
            else:
                use_resource = isinstance(colocate_with, ResourceVariable)
                variable = Variable(initial_value, name=name, trainable=False, use_resource=use_resource)
            self._non_slots[key] = variable
        return self._non_slots[key]

    def _get_non_slot_variable(self, name: str, graph: Any = None) -> Any:
        return self._non_slots.get((name, None if graph is not None and graph.eager else graph))

    # ---- for subclasses -----------------------------------------------------------------------------------------

    def _valid_dtypes(self) -> set[DType]:
        return {dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64}

    def _assert_valid_dtypes(self, tensors: Sequence[Any]) -> None:
        valid = self._valid_dtypes()
        for tensor in tensors:
            if not isinstance(tensor, (Tensor, Variable)):
                raise TypeError(f"The loss and its gradient must be tensors, got {tensor!r}.")
            dtype = tensor.dtype.base_dtype
            if dtype not in valid:
                raise not_smooth(
                    tensor,
                    f"Invalid type {dtype!r} for {tensor.name}, expected: {sorted(valid, key=lambda d: d.name)}.",
                )

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        """Make the slots of these variables."""

    def _prepare(self) -> None:
        """Make the tensors of the learning rate and the like."""

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        """Add the operation that applies a dense gradient."""
        raise NotImplementedError()

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        """Add the operation that applies rows; their indices are all different."""
        raise NotImplementedError()

    def _apply_sparse_duplicate_indices(self, grad: IndexedSlices, var: Any) -> Any:
        """Add the operation that applies rows, of which some may have the same index."""
        return self._apply_sparse(deduplicate(grad), var)

    def _resource_apply_dense(self, grad: Tensor, handle: Any) -> Any:
        """Add the operation that applies a dense gradient to a resource variable."""
        return self._apply_dense(grad, handle)

    def _resource_apply_sparse(self, grad: Tensor, handle: Any, indices: Tensor) -> Any:
        """Add the operation that applies rows to a resource variable; their indices are all different."""
        return self._apply_sparse(IndexedSlices(grad, indices), handle)

    def _resource_apply_sparse_duplicate_indices(self, grad: Tensor, handle: Any, indices: Tensor) -> Any:
        """Add the operation that applies rows to a resource variable; some may have the same index."""
        summed = deduplicate(IndexedSlices(grad, indices))
        return self._resource_apply_sparse(summed.values, handle, summed.indices)

    def _finish(self, update_ops: list[Any], name_scope: str) -> Any:
        """Join the updates in one operation."""
        return group(*update_ops, name=name_scope)

    def _call_if_callable(self, value: Any) -> Any:
        return value() if callable(value) else value

    def _tensor(self, value: Any, name: str) -> Tensor:
        """The tensor of a hyperparameter: a number, a tensor or a function without arguments."""
        return convert(self._call_if_callable(value), name=name)


def _key(var: Any) -> tuple[Any, str]:
    """What a slot is found by."""
    if not isinstance(var, (Variable, Tensor)):
        raise TypeError(f"Slots belong to variables, not to {var!r}.")
    graph = _graph_of(var)
    name: str = getattr(var, "_unique_id", "") if graph is None else var.op.name
    return graph, name


def _graph_of(var: Any) -> Any:
    """The graph that a variable belongs to; None for one of eager mode."""
    return var.graph if getattr(var, "_in_graph_mode", True) else None


def _flat_variables(var_list: Any) -> list[Any]:
    if isinstance(var_list, (list, tuple, PartitionedVariable)):
        return [v for item in var_list for v in _flat_variables(item)]
    if isinstance(var_list, dict):
        return [v for key in sorted(var_list) for v in _flat_variables(var_list[key])]
    return [var_list]


def update(kind: str, variables: Sequence[Any], *inputs: Any, **attrs: Any) -> Operation:
    """Add the update operation of a kind (ApplyAdam) for a variable and its slots, which are all of one kind."""
    if isinstance(variables[0], ResourceVariable):
        return getattr(raw, f"Resource{kind}")(*[v.handle for v in variables], *inputs, **attrs)
    return getattr(raw, kind)(*[v._ref() for v in variables], *inputs, **attrs).op


@export("contrib.eager.get_optimizer_variables")
def get_optimizer_variables(optimizer: Optimizer) -> list[Variable]:
    """Return the variables that an optimizer keeps for itself: `optimizer.variables()`."""
    return optimizer.variables()


def like(tensor: Any, var: Any) -> Any:
    """A hyperparameter in the variable's dtype."""
    return cast(tensor, var.dtype.base_dtype)

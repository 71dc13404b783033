"""Reference variables, the default of TensorFlow 1.x: whoever reads one sees what the same run has assigned to it."""

from __future__ import annotations

from typing import Any

from flowlab._src.errors import add_notes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape, as_shape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops import state
from flowlab._src.ops.cond import cond
from flowlab._src.variables.guard import guard_initial_value
from flowlab._src.variables.variable import Variable


def initial_tensor(initial_value: Any, dtype: Any) -> Tensor:
    """The initial value as a tensor; what a function makes stands in the scope Initializer."""
    if not callable(initial_value):
        tensor: Tensor = convert(initial_value, dtype, name="initial_value")
        return tensor
    with name_scope("Initializer"), get_default_graph().device(None):
        made: Tensor = convert(initial_value(), dtype, name="initial_value")
        return made


def require_known_shape(initial_value: Tensor, validate_shape: bool) -> None:
    """ValueError for an initial value whose shape may change."""
    if validate_shape and not initial_value.shape.is_fully_defined():
        raise add_notes(
            ValueError(f"initial_value must have a shape specified: {initial_value}"),
            fix="give the initial value a known shape, or validate_shape=False",
        )


class RefVariable(Variable):
    """A variable whose tensor is a reference to its current value."""

    def _build(
        self, initial_value: Any, name: str | None, dtype: Any, validate_shape: bool, shape: Any, caching_device: Any
    ) -> None:
        graph = get_default_graph()
        values = [] if callable(initial_value) else [initial_value]
        with graph.control_dependencies(None), name_scope(name, "Variable", values) as scope:
            self._initial_value = initial_tensor(initial_value, dtype)
            static = self._initial_value.shape if validate_shape else TensorShape(None)
            static = static if shape is None else as_shape(shape)
            self._variable = state.variable_op(static, self._initial_value.dtype.base_dtype, name=scope)
            require_known_shape(self._initial_value, validate_shape)
            initial = guard_initial_value(self._initial_value, scope)
            self._initializer = state.assign(self._variable, initial, validate_shape=validate_shape).op
            with graph.colocate_with(self._variable.op):
                self._snapshot: Tensor = raw.Identity(self._variable, name="read")
        self._name = self._variable.name

    def _take_nodes(self, parts: Any) -> None:
        self._variable, self._snapshot = parts.variable, parts.snapshot
        self._name = self._variable.name

    def _snapshot_name(self) -> str:
        return self._snapshot.name

    def set_shape(self, shape: Any) -> None:
        """Add to what is known of the shape."""
        self._variable.set_shape(shape)
        self._snapshot.set_shape(shape)

    def initialized_value(self) -> Tensor:
        """Return the variable's value, or its initial value where it has none yet: to start another variable from."""
        with get_default_graph().control_dependencies(None):  # not in the branch or loop that is being built
            value: Tensor = cond(
                state.is_variable_initialized(self._variable), self.read_value, lambda: self._initial_value
            )
        return value

    def _ref(self) -> Tensor:
        return self._variable

    def _as_graph_element(self) -> Tensor:
        return self._variable

    def value(self) -> Tensor:
        """Return the tensor that reads the variable."""
        return self._snapshot

    def read_value(self) -> Tensor:
        """Return a new tensor that reads the variable after the current control dependencies."""
        value: Tensor = raw.Identity(self._variable, name="read")
        return value

    def assign(self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True) -> Any:
        """Return an operation that gives the variable a new value when it runs."""
        result = state.assign(self._variable, value, use_locking=use_locking, name=name)
        return result if read_value else result.op

    def assign_add(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        """Return an operation that adds to the variable when it runs."""
        result = state.assign_add(self._variable, delta, use_locking=use_locking, name=name)
        return result if read_value else result.op

    def assign_sub(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        """Return an operation that subtracts from the variable when it runs."""
        result = state.assign_sub(self._variable, delta, use_locking=use_locking, name=name)
        return result if read_value else result.op

    def _strided_slice_assign(self, begin: Any, end: Any, strides: Any, value: Any, name: str, masks: Any) -> Tensor:
        result: Tensor = raw.StridedSliceAssign(self._variable, begin, end, strides, value, name=name, **masks)
        return result

"""Resource variables: reading is an operation of its own, and what it gives stays as it is.

With a reference variable a reader sees what the same run has assigned, whenever that was. Here each use makes a node
that reads (`ReadVariableOp`), which takes part in the order of operations like any other: control dependencies say
whether it comes before or after an assignment.
"""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np

from flowlab._src.autodiff.tape import variable_accessed
from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape, as_shape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.cond import cond
from flowlab._src.ops.identity import identity
from flowlab._src.ops.misuse import misuse
from flowlab._src.util.export import export
from flowlab._src.variables.guard import guard_initial_value
from flowlab._src.variables.variable import Variable


@export("contrib.eager.Variable")
class ResourceVariable(Variable):
    """A variable behind a handle.

    Made by `tf.Variable(..., use_resource=True)`, by `tf.get_variable(..., use_resource=True)`, or by both without the
    argument after `tf.enable_resource_variables()`.

    Examples
    --------
    >>> w = tf.Variable(1.0, name="w", use_resource=True)
    >>> before = w.read_value()
    >>> with tf.control_dependencies([before]):
    ...     change = w.assign(5.0)
    >>> with tf.Session() as sess:
    ...     sess.run(w.initializer)
    ...     [float(v) for v in sess.run([before, change])]
    [1.0, 5.0]
    """

    _handle: Tensor
    _graph_element: Any
    _cached_value: Any = None
    _in_graph_mode = True
    _unique_id: str
    _dtype: DType
    _shape: TensorShape

    def _build(
        self, initial_value: Any, name: str | None, dtype: Any, validate_shape: bool, shape: Any, caching_device: Any
    ) -> None:
        graph = get_default_graph()
        self._in_graph_mode = not graph.eager
        if graph.eager:
            self._build_eagerly(initial_value, name, dtype, shape)
            return
        values = [] if callable(initial_value) else [initial_value]
        with graph.control_dependencies(None), name_scope(name, "Variable", values) as scope:
            with name_scope("Initializer"), graph.device(None):
                given = initial_value() if callable(initial_value) else initial_value
                self._initial_value = convert(given, dtype, name="initial_value")
            self._dtype = self._initial_value.dtype.base_dtype
            self._shape = self._initial_value.shape if shape is None else as_shape(shape)
            name = scope[:-1]
            self._handle = raw.VarHandleOp(dtype=self._dtype, shape_=self._shape, shared_name=name, name=scope)
            with name_scope("IsInitialized"):
                self._is_initialized_op = raw.VarIsInitializedOp(self._handle)
            with name_scope("Assign") as assign_scope, self._on_its_device():
                initial = guard_initial_value(self._initial_value, scope)
                self._initializer = raw.AssignVariableOp(self._handle, initial, name=assign_scope)
            with name_scope("Read"), graph.device(self._handle.device or None):
                self._graph_element = raw.ReadVariableOp(self._handle, dtype=self._dtype)
                if caching_device is not None:
                    with graph.colocate_with(None, ignore_existing=True), graph.device(caching_device):
                        self._cached_value = identity(self._graph_element)
        self._name = name + ":0"

    def _take_nodes(self, parts: Any) -> None:
        self._handle = parts.variable
        definition: Any = self._handle.op.definition
        self._dtype, self._shape = definition.dtype, definition.shape_
        self._graph_element = parts.snapshot
        asked = (op for op in self._handle.consumers() if op.type == "VarIsInitializedOp")
        self._is_initialized_op = next((op.outputs[0] for op in asked), None)
        self._name = self._handle.op.name + ":0"

    def _snapshot_name(self) -> str:
        name: str = self._graph_element.name
        return name

    def _build_eagerly(self, initial_value: Any, name: str | None, dtype: Any, shape: Any) -> None:
        """Give the variable its value at once; it is forgotten when nobody holds its handle any more."""
        with name_scope(name, "Variable") as scope:
            with name_scope("Initializer"):
                given = initial_value() if callable(initial_value) else initial_value
                initial = convert(given, dtype, name="initial_value")
            self._dtype = initial.dtype.base_dtype
            self._shape = initial.shape if shape is None else as_shape(shape)
            context: Any = get_default_graph()
            shared_name = f"{scope[:-1]}_{next(context.uids)}"
            self._handle = raw.VarHandleOp(dtype=self._dtype, shape_=self._shape, shared_name=shared_name)
            raw.AssignVariableOp(self._handle, initial)
        weakref.finalize(self._handle, context.state.variables.pop, shared_name, None).atexit = False
        self._unique_id = shared_name
        self._initializer = self._initial_value = self._graph_element = None
        self._name = scope[:-1] + ":0"

    @contextlib.contextmanager
    def _on_its_device(self) -> Iterator[None]:
        graph = get_default_graph()
        with graph.colocate_with(None, ignore_existing=True), graph.device(self._handle.device or None):
            yield

    # ---- what it is ---------------------------------------------------------------------------------------------

    @property
    def handle(self) -> Tensor:
        """The tensor that names the variable: operations that read or change it take it."""
        return self._handle

    @property
    def dtype(self) -> DType:
        """Type of the elements."""
        return self._dtype

    @property
    def shape(self) -> TensorShape:
        """The static shape."""
        return self._shape

    @property
    def initial_value(self) -> Any:
        """The tensor that the initializer assigns; not in eager mode."""
        if not self._in_graph_mode:
            raise misuse(RuntimeError("initial_value not supported in EAGER mode."))
        return self._initial_value

    @property
    def create(self) -> Any:
        """The operation that gives the variable its initial value."""
        return self._initializer

    def set_shape(self, shape: Any) -> None:
        """Not for resource variables: their shape is fixed when they are made."""
        raise NotImplementedError("ResourceVariable does not implement set_shape()")

    def initialized_value(self) -> Tensor:
        """Return the variable's value, or its initial value where it has none yet: to start another variable from."""
        value: Tensor = cond(self.is_initialized(), self.read_value, lambda: self.initial_value)
        return value

    def is_initialized(self, name: str | None = None) -> Tensor:
        """Return a tensor that tells whether the variable has a value in the session that runs it."""
        result: Tensor = raw.VarIsInitializedOp(self._handle, name=name)
        return result

    # ---- reading ------------------------------------------------------------------------------------------------

    def _ref(self) -> Tensor:
        return self._handle

    def _as_graph_element(self) -> Tensor:
        element: Tensor = self._graph_element
        return element

    def _control_input(self) -> Operation:
        """Whoever waits for a variable waits for its handle and reads nothing."""
        return self.op

    def value(self) -> Tensor:
        """Return a new tensor that reads the variable."""
        if self._cached_value is not None:
            cached: Tensor = self._cached_value
            return cached
        with get_default_graph().colocate_with(None, ignore_existing=True):
            return self._read_variable_op()

    def read_value(self) -> Tensor:
        """Return a new tensor that reads the variable after the current control dependencies."""
        with name_scope("Read"):
            value = self._read_variable_op()
        return identity(value)

    def _read_variable_op(self) -> Tensor:
        variable_accessed(self)
        value: Tensor = raw.ReadVariableOp(self._handle, dtype=self._dtype)
        return value

    def sparse_read(self, indices: Any, name: str | None = None) -> Tensor:
        """Return rows of the variable without reading all of it; `tf.gather` and `tf.nn.embedding_lookup` do so."""
        variable_accessed(self)
        with name_scope("Gather" if name is None else name) as scope:
            rows: Tensor = raw.ResourceGather(self._handle, indices, dtype=self._dtype, name=scope)
        return rows

    def gather_nd(self, indices: Any, name: str | None = None) -> Tensor:
        """Return elements or slices of the variable by their coordinates, without reading all of it."""
        variable_accessed(self)
        with name_scope("GatherNd" if name is None else name) as scope:
            slices = raw.ResourceGatherNd(self._handle, indices, dtype=self._dtype, name=scope)
        return identity(slices)

    # ---- changing -----------------------------------------------------------------------------------------------

    def assign(
        self, value: Any, use_locking: bool | None = None, name: str | None = None, read_value: bool = True
    ) -> Any:
        """Return an operation that gives the variable a new value when it runs."""
        with self._in_order():
            value = self._as_value(value)
            try:
                self._shape.assert_is_compatible_with(value.shape)
            except ValueError as error:
                raise misuse(error, why=f"{self.name!r} keeps its shape {self._shape}") from None
            done = raw.AssignVariableOp(self._handle, value, name=name)
            return self._lazy_read(done) if read_value else done

    def assign_add(
        self, delta: Any, use_locking: bool | None = None, name: str | None = None, read_value: bool = True
    ) -> Any:
        """Return an operation that adds to the variable when it runs."""
        with self._in_order():
            done = raw.AssignAddVariableOp(self._handle, self._as_value(delta), name=name)
            return self._lazy_read(done) if read_value else done

    def assign_sub(
        self, delta: Any, use_locking: bool | None = None, name: str | None = None, read_value: bool = True
    ) -> Any:
        """Return an operation that subtracts from the variable when it runs."""
        with self._in_order():
            done = raw.AssignSubVariableOp(self._handle, self._as_value(delta), name=name)
            return self._lazy_read(done) if read_value else done

    def _as_value(self, value: Any) -> Tensor:
        """A value for the variable as a tensor of its type."""
        try:
            tensor: Tensor = convert(value, self._dtype)
        except (TypeError, ValueError) as error:
            raise misuse(error, inputs=f"{self.name!r} holds {self._dtype.name}") from None
        return tensor

    def _strided_slice_assign(self, begin: Any, end: Any, strides: Any, value: Any, name: str, masks: Any) -> Any:
        with self._in_order():
            value = self._as_value(value)
            done = raw.ResourceStridedSliceAssign(self._handle, begin, end, strides, value, name=name, **masks)
            return self._lazy_read(done)

    @contextlib.contextmanager
    def _in_order(self) -> Iterator[None]:
        """Around operations on the variable: in its graph, and after what this object stands for."""
        with self._handle.graph.as_default() if self._in_graph_mode else contextlib.nullcontext():
            yield

    def _lazy_read(self, done: Operation) -> UnreadVariable:
        """The variable as it is after an operation that has changed it: read where the result is used."""
        return UnreadVariable(self, done)

    # ---- as a Python value --------------------------------------------------------------------------------------

    def numpy(self) -> Any:
        """Return the value as a NumPy array, or as a number where there are no axes; in eager mode only."""
        if self._in_graph_mode:
            raise misuse(
                NotImplementedError("numpy() is only available when eager execution is enabled."), "sess.run(w)"
            )
        value: Any = self.read_value()
        return value.numpy()

    def eval(self, session: Any = None) -> Any:
        """Return the value in the default session, or in the one given; not in eager mode."""
        if not self._in_graph_mode:
            raise misuse(RuntimeError("Trying to eval in EAGER mode"), "w.numpy()")
        return super().eval(session)

    def load(self, value: Any, session: Any = None) -> None:
        """Write a new value into a session without adding anything to the graph; in eager mode an assignment."""
        if self._in_graph_mode:
            super().load(value, session)
        else:
            self.assign(value)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.asarray(self.numpy(), dtype)

    def __bool__(self) -> bool:
        return bool(self.read_value())

    def __int__(self) -> int:
        return int(self.numpy())

    def __float__(self) -> float:
        return float(self.numpy())

    def __index__(self) -> int:
        index: int = self.numpy().__index__()
        return index

    def __repr__(self) -> str:
        if self._in_graph_mode:
            return super().__repr__()
        value: Any = self.read_value()
        return f"<tf.Variable '{self.name}' shape={self.shape} dtype={self.dtype.name}, numpy={value._written(True)}>"


class UnreadVariable(ResourceVariable):
    """What an assignment returns: the same variable, to be read after the assignment."""

    def __init__(self, variable: ResourceVariable, done: Operation) -> None:
        vars(self).update(vars(variable))
        self._cached_value = None
        self._done = done
        if self._in_graph_mode:
            self._graph_element = self._read_variable_op()

    @property
    def name(self) -> str:
        """Name of the operation that has changed the variable."""
        return self._done.name if self._in_graph_mode else "UnreadVariable"

    @property
    def op(self) -> Operation:
        """The operation that has changed the variable."""
        return self._done

    @contextlib.contextmanager
    def _in_order(self) -> Iterator[None]:
        graph = self._handle.graph if self._in_graph_mode else get_default_graph()
        with super()._in_order(), graph.control_dependencies([self._done]):
            yield

    def _read_variable_op(self) -> Tensor:
        with self._in_order():
            return super()._read_variable_op()

    def value(self) -> Tensor:
        """Return a new tensor that reads the variable after the change."""
        return self._read_variable_op()

    def read_value(self) -> Tensor:
        """Return a new tensor that reads the variable after the change."""
        return self._read_variable_op()

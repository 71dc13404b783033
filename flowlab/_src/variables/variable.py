"""`tf.Variable`: a value that lives in a session and changes from run to run."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

from flowlab._src.errors import add_notes
from flowlab._src.graph.arguments import as_flag, as_list, refused
from flowlab._src.graph.convert import register_tensor_conversion_function
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.dtypes import as_dtype
from flowlab._src.graph.keys import GraphKeys
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.registry import raw
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.stacks import default_session
from flowlab._src.graph.tensor import OVERLOADABLE, Tensor
from flowlab._src.ops import state
from flowlab._src.ops.control import group
from flowlab._src.ops.joining import stack
from flowlab._src.ops.slicing import getitem
from flowlab._src.util import source, written
from flowlab._src.util.export import export
from flowlab._src.variables.mode import wants_resource


@export("VariableSynchronization")
class VariableSynchronization:
    """Accepted for compatibility: there is one device."""

    AUTO, NONE, ON_WRITE, ON_READ = 0, 1, 2, 3


@export("VariableAggregation")
class VariableAggregation:
    """Accepted for compatibility: there is one device."""

    NONE, SUM, MEAN, ONLY_FIRST_REPLICA = 0, 1, 2, 3


class VariableKinds(type):
    """Makes `tf.Variable(...)` an object of one of its kinds: a reference variable or a resource variable."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls is not Variable:
            return super().__call__(*args, **kwargs)
        defaults = arguments_of_variables()
        names = list(defaults)[: len(args)]
        arguments = {**defaults, **dict(zip(names, args, strict=False)), **kwargs}
        if len(args) > len(names) or arguments.keys() != defaults.keys() or not kwargs.keys().isdisjoint(names):
            inspect.signature(Variable.__init__).bind(None, *args, **kwargs)  # says what does not fit
        make: Callable[..., Any] = make_of_default_kind
        for creator in get_default_graph().__dict__.get("_variable_creators", ()):
            make = _behind(creator, make)
        return make(**arguments)


@functools.cache
def arguments_of_variables() -> dict[str, Any]:
    """What `tf.Variable` can be called with, in order, and what stands for what is not given."""
    parameters = list(inspect.signature(Variable.__init__).parameters.values())
    return {parameter.name: parameter.default for parameter in parameters[1:]}


def _behind(creator: Callable[..., Any], make: Callable[..., Any]) -> Callable[..., Any]:
    return lambda **kwargs: creator(make, **kwargs)


def make_of_default_kind(use_resource: bool | None = None, **kwargs: Any) -> Any:
    """Make a variable of the kind asked for, or of the one that is the default here."""
    from flowlab._src.variables.reference import RefVariable
    from flowlab._src.variables.resource import ResourceVariable

    if kwargs.get("variable_def") is not None:
        if not hasattr(kwargs["variable_def"], "is_resource"):
            raise refused("VariableDef", "variable_def", kwargs["variable_def"])
        use_resource = kwargs["variable_def"].is_resource
    return (ResourceVariable if wants_resource(use_resource) else RefVariable)(use_resource=use_resource, **kwargs)


@export("Variable")
class Variable(metaclass=VariableKinds):
    """A tensor that keeps its value between runs; each session has its own copy.

    Making a variable adds four nodes: the initial value, the variable itself, the assignment that initializes
    it (`w/Assign`) and a node that reads it (`w/read`). It has no value until a session has run the assignment.

    Parameters
    ----------
    initial_value : Tensor, value that can become one, or callable without arguments
    trainable : bool
        Add it to the variables that optimizers change.
    collections : list of str, optional
        Collections of the graph it is added to; `[tf.GraphKeys.GLOBAL_VARIABLES]` if not given.
    validate_shape : bool
        If False, the shape may stay unknown and change.
    caching_device : str, optional
        Where readers find a copy: a resource variable is then read once in a run.
    name : str, optional
    dtype : DType, optional
        Type that the initial value is converted to.
    constraint : callable, optional
        Applied to the value after each optimizer step.
    use_resource : bool, optional
        True: a resource variable. Each use of it reads the value at that point of the run; False: a reference variable,
        whose readers see what the same run has assigned. If not given, the variable scope decides, then
        `tf.enable_resource_variables`.

    Raises
    ------
    ValueError
        If there is no initial value, or its shape is not known and `validate_shape` is True.

    Examples
    --------
    >>> w = tf.Variable([1.0, 2.0], name="w")
    >>> w
    <tf.Variable 'w:0' shape=(2,) dtype=float32_ref>
    >>> [op.name for op in tf.get_default_graph().get_operations()]
    ['w/initial_value', 'w', 'w/Assign', 'w/read']
    >>> with tf.Session() as sess:
    ...     sess.run(w.initializer)
    ...     sess.run(w * 10.0)
    array([10., 20.], dtype=float32)
    >>> tf.Variable(1.0, name="r", use_resource=True)
    <tf.Variable 'r:0' shape=() dtype=float32>
    """

    __array_priority__ = 100
    _name: str
    _initializer: Any
    _initial_value: Any

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool | None = None,
        collections: Any = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: Any = None,
        dtype: Any = None,
        expected_shape: Any = None,
        import_scope: str | None = None,
        constraint: Callable[..., Any] | None = None,
        use_resource: bool | None = None,
        synchronization: Any = VariableSynchronization.AUTO,
        aggregation: Any = VariableAggregation.NONE,
        shape: Any = None,
    ) -> None:
        if variable_def is not None:
            if initial_value is not None:
                raise ValueError("variable_def and initial_value are mutually exclusive.")
            self._take(variable_def, import_scope)
            return
        if initial_value is None:
            site = source.caller(2)
            raise add_notes(
                ValueError("initial_value must be specified."),
                where=site.quote() if site else "",
                why="a variable is made from its first value, which also says its shape and dtype",
                fix="tf.Variable(tf.zeros([784, 10]))  # or tf.get_variable('w', [784, 10])",
            )
        collections = [GraphKeys.GLOBAL_VARIABLES] if collections is None else collections
        if not isinstance(collections, (list, tuple, set)):
            raise ValueError(
                f"collections argument to Variable constructor must be a list, tuple, or set. Got {collections} of type {type(collections)}"
            )
        if constraint is not None and not callable(constraint):
            raise ValueError("The `constraint` argument must be a callable.")
        self._trainable = True if trainable is None else as_flag(trainable, "trainable")
        self._constraint = constraint
        self._save_slice_info: Any = None
        self._synchronization = synchronization
        self._aggregation = aggregation
        collections = list(collections)
        if self._trainable and GraphKeys.TRAINABLE_VARIABLES not in collections:
            collections.append(GraphKeys.TRAINABLE_VARIABLES)
        validate_shape = as_flag(validate_shape, "validate_shape")
        self._build(initial_value, name, dtype, validate_shape, shape, caching_device)
        self._register(collections)

    def _build(
        self, initial_value: Any, name: str | None, dtype: Any, validate_shape: bool, shape: Any, caching_device: Any
    ) -> None:
        """Make the nodes."""
        raise NotImplementedError

    def _take(self, proto: Any, import_scope: str | None) -> None:
        """Become the variable that a VariableDef describes; its nodes are in the graph already."""
        from flowlab._src.variables.variable_def import NamedParts, slice_info

        parts = NamedParts(proto, import_scope)
        self._trainable = bool(proto.trainable)
        self._constraint = None
        self._save_slice_info = slice_info(Variable, proto, import_scope)
        self._synchronization, self._aggregation = proto.synchronization, proto.aggregation
        self._initializer, self._initial_value = parts.initializer, parts.initial_value
        self._take_nodes(parts)

    def _take_nodes(self, parts: Any) -> None:
        """Find the nodes of this kind of variable."""
        raise NotImplementedError

    def _register(self, collections: list[Any]) -> None:
        """Add the variable to collections of the graph."""
        get_default_graph().add_to_collections(collections, self)

    # ---- what it is ---------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """Name of the variable's tensor: 'w:0'."""
        return self._name

    @property
    def dtype(self) -> Any:
        """Type of the elements: of a reference variable with the mark of a reference, float32_ref."""
        return self._ref().dtype

    @property
    def _shared_name(self) -> str:
        """The name without the number of the output."""
        return self.name.partition(":")[0]

    @property
    def op(self) -> Operation:
        """The variable's own operation."""
        operation: Operation = self._ref().op
        return operation

    @property
    def graph(self) -> Any:
        """The graph the variable belongs to."""
        return self._ref().graph

    @property
    def device(self) -> str:
        """The device asked for."""
        return str(self._ref().device)

    @property
    def shape(self) -> TensorShape:
        """The static shape."""
        shape: TensorShape = self._ref().shape
        return shape

    def get_shape(self) -> TensorShape:
        """Return the static shape."""
        return self.shape

    @property
    def trainable(self) -> bool:
        """Whether optimizers change it."""
        return self._trainable

    @property
    def synchronization(self) -> Any:
        """Accepted for compatibility."""
        return self._synchronization

    @property
    def aggregation(self) -> Any:
        """Accepted for compatibility."""
        return self._aggregation

    @property
    def constraint(self) -> Any:
        """The function applied after each optimizer step, or None."""
        return self._constraint

    @property
    def initializer(self) -> Any:
        """The operation that gives the variable its initial value."""
        return self._initializer

    @property
    def initial_value(self) -> Any:
        """The tensor that the initializer assigns."""
        return self._initial_value

    def initialized_value(self) -> Tensor:
        """Return the variable's value, or its initial value where it has none yet: to start another variable from.

        Examples
        --------
        >>> w1 = tf.Variable(3.0)
        >>> w2 = tf.Variable(w1.initialized_value() * 2.0)
        >>> with tf.Session() as sess:
        ...     sess.run(tf.global_variables_initializer())
        ...     float(sess.run(w2))
        6.0
        """
        raise NotImplementedError

    # ---- reading ------------------------------------------------------------------------------------------------

    def _ref(self) -> Any:
        """The tensor that stands for the variable where it is changed: a reference, or a handle."""
        raise NotImplementedError

    def _as_graph_element(self) -> Tensor:
        """The tensor that stands for the variable in fetches and feeds."""
        raise NotImplementedError

    def value(self) -> Tensor:
        """Return the tensor that reads the variable."""
        raise NotImplementedError

    def read_value(self) -> Tensor:
        """Return a new tensor that reads the variable after the current control dependencies."""
        raise NotImplementedError

    def eval(self, session: Any = None) -> Any:
        """Return the value in the default session, or in the one given."""
        return self._as_graph_element().eval(session=session)

    def numpy(self) -> Any:
        """Return the value as a NumPy array; in eager mode only."""
        raise NotImplementedError("numpy() is only available when eager execution is enabled.")

    # ---- changing -----------------------------------------------------------------------------------------------

    def assign(self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True) -> Any:
        """Return an operation that gives the variable a new value when it runs."""
        raise NotImplementedError

    def assign_add(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        """Return an operation that adds to the variable when it runs."""
        raise NotImplementedError

    def assign_sub(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        """Return an operation that subtracts from the variable when it runs."""
        raise NotImplementedError

    def scatter_sub(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        """Subtract IndexedSlices from the variable."""
        return state.scatter_slices(state.scatter_sub, self, sparse_delta, use_locking, name)

    def scatter_add(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        """Add IndexedSlices to the variable."""
        return state.scatter_slices(state.scatter_add, self, sparse_delta, use_locking, name)

    def scatter_max(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        """Keep the larger of the variable's rows and those of IndexedSlices."""
        return state.scatter_slices(state.scatter_max, self, sparse_delta, use_locking, name)

    def scatter_min(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        """Keep the smaller of the variable's rows and those of IndexedSlices."""
        return state.scatter_slices(state.scatter_min, self, sparse_delta, use_locking, name)

    def scatter_mul(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        """Multiply rows of the variable by IndexedSlices."""
        return state.scatter_slices(state.scatter_mul, self, sparse_delta, use_locking, name)

    def scatter_div(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        """Divide rows of the variable by IndexedSlices."""
        return state.scatter_slices(state.scatter_div, self, sparse_delta, use_locking, name)

    def scatter_update(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        """Replace rows of the variable by IndexedSlices."""
        return state.scatter_slices(state.scatter_update, self, sparse_delta, use_locking, name)

    def batch_scatter_update(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        """Replace rows of the variable by IndexedSlices, each batch entry in its own part."""
        return state.scatter_slices(state.batch_scatter_update, self, sparse_delta, use_locking, name)

    def scatter_nd_sub(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        """Subtract from single elements or slices."""
        return state.scatter_nd_sub(self, indices, updates, use_locking=True, name=name)

    def scatter_nd_add(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        """Add to single elements or slices."""
        return state.scatter_nd_add(self, indices, updates, use_locking=True, name=name)

    def scatter_nd_update(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        """Replace single elements or slices."""
        return state.scatter_nd_update(self, indices, updates, use_locking=True, name=name)

    def count_up_to(self, limit: int) -> Tensor:
        """Add 1 at each run until `limit` is reached."""
        return state.count_up_to(self, limit)

    def load(self, value: Any, session: Any = None) -> None:
        """Write a new value into a session without adding anything to the graph."""
        session = default_session() if session is None else session
        if session is not None and not hasattr(session, "run"):
            raise refused("Session", "session", session)
        if session is None:
            raise ValueError(
                "Either session argument should be provided or default session should be established to load a variable"
            )
        session.run(self._initializer, {self._initializer.inputs[1]: value})

    # ---- in files -----------------------------------------------------------------------------------------------

    def to_proto(self, export_scope: str | None = None) -> Any:
        """Return a VariableDef with the names of the variable's nodes; None outside of `export_scope`."""
        from flowlab._src.variables.variable_def import variable_to_proto

        return variable_to_proto(self, self._snapshot_name(), export_scope)

    def _snapshot_name(self) -> str:
        """The name of the tensor that reads the variable."""
        raise NotImplementedError

    @staticmethod
    def from_proto(variable_def: Any, import_scope: str | None = None) -> Any:
        """Return the variable that a VariableDef describes; its nodes must be in the default graph."""
        return Variable(variable_def=variable_def, import_scope=import_scope)

    # ---- as a Python value --------------------------------------------------------------------------------------

    def __setitem__(self, key: Any, value: Any) -> None:
        site = source.caller(2)
        name = (source.names_of(self) or ["w"])[0]
        asked = written.running()
        place = asked.text if asked is not None and asked.text.startswith(f"{name}[") else f"{name}[0]"
        raise add_notes(
            TypeError(f"'{type(self).__name__}' object does not support item assignment"),
            why="a variable changes when an operation that assigns to it is run, not while the graph is built",
            where=site.quote() if site else "",
            fix=f"sess.run({place}.assign(...))",
        )

    def __iter__(self) -> Any:
        site = source.caller(2)
        raise add_notes(
            TypeError("'Variable' object is not iterable."),
            where=site.quote() if site else "",
            fix="tf.unstack(w), or loop over sess.run(w)",
        )

    def __bool__(self) -> bool:
        return bool(self.value())

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __repr__(self) -> str:
        return f"<tf.Variable '{self.name}' shape={self.shape} dtype={self.dtype.name}>"

    def __getitem__(self, key: Any) -> Tensor:
        """A part of the variable; its method `assign` changes that part."""
        return getitem(self.value(), key, var=self)

    class SaveSliceInfo:
        """Which part of a partitioned variable a variable is."""

        def __init__(self, full_name: str, full_shape: list[int], var_offset: list[int], var_shape: list[int]) -> None:
            self.full_name = full_name
            self.full_shape = full_shape
            self.var_offset = var_offset
            self.var_shape = var_shape

        @property
        def spec(self) -> str:
            """The part as text, for checkpoints."""
            sizes = " ".join(str(d) for d in self.full_shape)
            parts = ":".join(f"{o},{s}" for o, s in zip(self.var_offset, self.var_shape, strict=True))
            return f"{sizes} {parts}"

    def _set_save_slice_info(self, info: Any) -> None:
        self._save_slice_info = info

    def _get_save_slice_info(self) -> Any:
        return self._save_slice_info


def _install_operators() -> None:
    """A variable takes part in expressions by its reading tensor: `w + 1` is `w.value() + 1`."""

    def forward(operator: str) -> Callable[..., Any]:
        def method(self: Variable, *args: Any) -> Any:
            return getattr(Tensor, operator)(self.value(), *args)

        method.__name__ = operator
        return method

    for operator in OVERLOADABLE - {"__getitem__"}:
        setattr(Variable, operator, forward(operator))


_install_operators()


def _convert_variable(value: Variable, dtype: Any = None, name: str | None = None, as_ref: bool = False) -> Any:
    if dtype is not None and not as_dtype(dtype).is_compatible_with(value.dtype):
        raise ValueError(
            f"Incompatible type conversion requested to type '{as_dtype(dtype).name}' for variable of type '{value.dtype.name}'"
        )
    return value._ref() if as_ref else value.value()


register_tensor_conversion_function(Variable, _convert_variable, 50)


# ---- collections ---------------------------------------------------------------------------------------------------


@export("global_variables")
def global_variables(scope: str | None = None) -> list[Any]:
    """Return the variables shared by the whole program; with `scope`, those whose name matches it from the start."""
    return get_default_graph().get_collection(GraphKeys.GLOBAL_VARIABLES, scope)


@export("local_variables")
def local_variables(scope: str | None = None) -> list[Any]:
    """Return the local variables: counters of metrics and input pipelines, not saved in checkpoints."""
    return get_default_graph().get_collection(GraphKeys.LOCAL_VARIABLES, scope)


@export("model_variables")
def model_variables(scope: str | None = None) -> list[Any]:
    """Return the variables of the model collection."""
    return get_default_graph().get_collection(GraphKeys.MODEL_VARIABLES, scope)


@export("trainable_variables")
def trainable_variables(scope: str | None = None) -> list[Any]:
    """Return the variables that optimizers change.

    Examples
    --------
    >>> w, step = tf.Variable(1.0, name="w"), tf.Variable(0, trainable=False, name="step")
    >>> tf.trainable_variables()
    [<tf.Variable 'w:0' shape=() dtype=float32_ref>]
    """
    return get_default_graph().get_collection(GraphKeys.TRAINABLE_VARIABLES, scope)


@export("moving_average_variables")
def moving_average_variables(scope: str | None = None) -> list[Any]:
    """Return the variables that have a moving average."""
    return get_default_graph().get_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, scope)


@export("variables_initializer", "initializers.variables")
def variables_initializer(var_list: Any, name: str = "init") -> Operation:
    """Return an operation that initializes the given variables.

    Examples
    --------
    >>> a, b = tf.Variable(1.0), tf.Variable(2.0)
    >>> with tf.Session() as sess:
    ...     sess.run(tf.variables_initializer([a, b]))
    ...     [float(v) for v in sess.run([a, b])]
    [1.0, 2.0]
    """
    return group(*[v.initializer for v in as_variables(var_list)], name=name)


def as_variables(var_list: Any) -> list[Any]:
    """The variables given to a function; TypeError for anything else."""
    variables = as_list(var_list, "var_list") if var_list is not None else []
    for v in variables:
        if not (hasattr(v, "initializer") or (isinstance(v, Tensor) and v.op.definition.is_variable)):
            raise TypeError(f"Variable or list of variables expected for argument 'var_list', got {v!r}.")
    return variables


@export("global_variables_initializer", "initializers.global_variables")
def global_variables_initializer() -> Operation:
    """Return an operation that initializes all global variables.

    Run it once in each session, before anything reads a variable.
    """
    return variables_initializer(global_variables())


@export("local_variables_initializer", "initializers.local_variables")
def local_variables_initializer() -> Operation:
    """Return an operation that initializes all local variables."""
    return variables_initializer(local_variables())


@export("report_uninitialized_variables")
def report_uninitialized_variables(var_list: Any = None, name: str = "report_uninitialized_variables") -> Tensor:
    """Return a tensor with the names of the variables that have no value yet in the session that runs it.

    Examples
    --------
    >>> w = tf.Variable(1.0, name="w")
    >>> missing = tf.report_uninitialized_variables()
    >>> with tf.Session() as sess:
    ...     sess.run(missing)
    array([b'w'], dtype=object)
    """
    if var_list is None:
        var_list = global_variables() + local_variables()
        if not var_list:
            var_list = [op.outputs[0] for op in get_default_graph().get_operations() if op.definition.is_variable]
    from flowlab._src.ops.report import uninitialized_names

    return uninitialized_names(as_variables(var_list), name)


@export("assert_variables_initialized")
def assert_variables_initialized(var_list: Any = None) -> Any:
    """Return a tensor that fails with FailedPreconditionError when a variable has no value; None without variables."""
    if var_list is None:
        var_list = global_variables() + local_variables()
    ranks = []
    for v in as_variables(var_list):
        with get_default_graph().colocate_with(v.op):
            ranks.append(raw.Rank(v))
    if not ranks:
        return None
    return ranks[0] if len(ranks) == 1 else stack(ranks)


@export("is_variable")
def is_variable(value: Any) -> bool:
    """Tell whether a value is a variable."""
    return isinstance(value, Variable)


@export("variable_creator_scope")
@contextlib.contextmanager
def variable_creator_scope(variable_creator: Callable[..., Any]) -> Iterator[None]:
    """Let a function stand before `tf.Variable` in a `with` block.

    Parameters
    ----------
    variable_creator : callable
        `f(next_creator, **kwargs)` gets the arguments of `tf.Variable` and returns a variable, usually that of
        `next_creator(**kwargs)`. The function of the innermost block is asked first.

    Examples
    --------
    >>> def frozen(next_creator, **kwargs):
    ...     return next_creator(**{**kwargs, "trainable": False})
    >>> with tf.variable_creator_scope(frozen):
    ...     w = tf.Variable(1.0)
    >>> w.trainable
    False
    """
    creators = get_default_graph().__dict__.setdefault("_variable_creators", [])
    creators.append(variable_creator)
    try:
        yield
    finally:
        creators.remove(variable_creator)

"""`tf.variable_scope` and `tf.get_variable`: variables found again by name."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any

from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_ints, as_list
from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph, graph_of
from flowlab._src.graph.dtypes import as_dtype
from flowlab._src.graph.graph import Graph
from flowlab._src.graph.keys import GraphKeys
from flowlab._src.graph.scopes import name_scope
from flowlab._src.util import source
from flowlab._src.util.export import export
from flowlab._src.variables.store import VariableStore, get_from_store
from flowlab._src.variables.variable import Variable, VariableAggregation, VariableSynchronization


class _ReuseMode(Enum):
    AUTO_REUSE = 1


AUTO_REUSE = export("AUTO_REUSE")(_ReuseMode.AUTO_REUSE)


class _ScopeState(VariableStore):
    """What a graph knows of its variable scopes: the variables by name, the current scope, how often each was opened."""

    def __init__(self) -> None:
        super().__init__()
        self.scope = VariableScope(False)
        self.opened: dict[str, int] = {}
        self.asked: dict[str, dict[str, Any]] = {}  # variable -> name scopes that shared it by AUTO_REUSE -> line
        self.eager_store: VariableStore | None = None

    def open(self, name: str) -> None:
        self.opened[name] = self.opened.get(name, 0) + 1

    def close_inside(self, name: str) -> None:
        """Forget how often the scopes inside `name` were opened, so that default names start again."""
        prefix = name + "/" if name else ""
        for key in self.opened:
            if not name or key.startswith(prefix):
                self.opened[key] = 0


def _state(graph: Graph | None = None) -> _ScopeState:
    graph = graph or get_default_graph()
    state = graph.__dict__.get("_variable_scopes")
    if state is None:
        state = graph.__dict__["_variable_scopes"] = _ScopeState()
    return state


def graph_store(graph: Graph) -> _ScopeState:
    """What a graph knows of its variables by name."""
    return _state(graph)


@export("VariableScope")
class VariableScope:
    """The defaults of `tf.get_variable` inside a scope: name prefix, reuse, initializer and so on.

    Objects of this class come from `with tf.variable_scope(...) as scope`.
    """

    def __init__(
        self,
        reuse: Any,
        name: str = "",
        initializer: Any = None,
        regularizer: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        custom_getter: Any = None,
        name_scope: str = "",
        dtype: Any = dtypes.float32,
        use_resource: bool | None = None,
        constraint: Any = None,
    ) -> None:
        self._name = name
        self._initializer = initializer
        self._regularizer = regularizer
        self._reuse = reuse
        self._caching_device = caching_device
        self._partitioner = partitioner
        self._custom_getter = custom_getter
        self._name_scope = name_scope
        self._dtype = dtype
        self._use_resource = use_resource
        self._constraint = constraint

    @property
    def name(self) -> str:
        """The prefix of variable names."""
        return self._name

    @property
    def original_name_scope(self) -> str:
        """The name scope that was opened with this variable scope."""
        return self._name_scope

    @property
    def reuse(self) -> Any:
        """False or None: make new variables; True: find existing ones; tf.AUTO_REUSE: find or make."""
        return self._reuse

    @property
    def initializer(self) -> Any:
        """The default initializer."""
        return self._initializer

    @property
    def dtype(self) -> Any:
        """The default type."""
        return self._dtype

    @property
    def use_resource(self) -> Any:
        """Whether resource variables are made."""
        return self._use_resource

    @property
    def regularizer(self) -> Any:
        """The default regularizer."""
        return self._regularizer

    @property
    def caching_device(self) -> Any:
        """Where readers of resource variables find a copy."""
        return self._caching_device

    @property
    def partitioner(self) -> Any:
        """The default partitioner."""
        return self._partitioner

    @property
    def custom_getter(self) -> Any:
        """The function that stands before `tf.get_variable`."""
        return self._custom_getter

    @property
    def constraint(self) -> Any:
        """The default constraint."""
        return self._constraint

    def reuse_variables(self) -> None:
        """From now on find existing variables in this scope instead of making new ones."""
        self._reuse = True

    def set_initializer(self, initializer: Any) -> None:
        """Change the default initializer."""
        self._initializer = initializer

    def set_dtype(self, dtype: Any) -> None:
        """Change the default type."""
        self._dtype = dtype

    def set_use_resource(self, use_resource: bool) -> None:
        """Change whether resource variables are made."""
        self._use_resource = use_resource

    def set_regularizer(self, regularizer: Any) -> None:
        """Change the default regularizer."""
        self._regularizer = regularizer

    def set_caching_device(self, caching_device: Any) -> None:
        """Accepted for compatibility."""
        self._caching_device = caching_device

    def set_partitioner(self, partitioner: Any) -> None:
        """Change the default partitioner."""
        self._partitioner = partitioner

    def set_custom_getter(self, custom_getter: Any) -> None:
        """Change the function that stands before `tf.get_variable`."""
        self._custom_getter = custom_getter

    def get_collection(self, name: str) -> list[Any]:
        """Return the items of a collection whose name begins with this scope."""
        return get_default_graph().get_collection(name, self._name + "/" if self._name else "")

    def trainable_variables(self) -> list[Any]:
        """Return the trainable variables of this scope."""
        return self.get_collection(GraphKeys.TRAINABLE_VARIABLES)

    def global_variables(self) -> list[Any]:
        """Return the global variables of this scope."""
        return self.get_collection(GraphKeys.GLOBAL_VARIABLES)

    def local_variables(self) -> list[Any]:
        """Return the local variables of this scope."""
        return self.get_collection(GraphKeys.LOCAL_VARIABLES)

    def get_variable(self, var_store: Any, name: str, shape: Any = None, dtype: Any = None, **options: Any) -> Any:
        """Find or make a variable whose name begins with this scope."""
        if options.get("regularizer") is None:
            options["regularizer"] = self._regularizer
        if options.get("caching_device") is None:
            options["caching_device"] = self._caching_device
        if options.get("partitioner") is None:
            options["partitioner"] = self._partitioner
        if options.get("custom_getter") is None:
            options["custom_getter"] = self._custom_getter
        if options.get("constraint") is None:
            options["constraint"] = self._constraint
        if options.get("reuse") is None:
            options["reuse"] = self._reuse
        full_name = f"{self._name}/{name}" if self._name else name
        if options["reuse"] is AUTO_REUSE:
            asked = _state().asked.setdefault(full_name, {})
            asked.setdefault(get_default_graph().get_name_scope(), source.caller(2))
        initializer = options.get("initializer")
        # Variable names depend on variable scopes alone, so name scopes are left for the time of making one.
        with name_scope(None):
            if dtype is not None and initializer is not None and not callable(initializer):
                own = convert(initializer).dtype.base_dtype
                if own != as_dtype(dtype):
                    raise ValueError(f"Initializer type '{own}' and explicit dtype '{as_dtype(dtype)}' don't match.")
            if initializer is None:
                options["initializer"] = self._initializer
            store = getattr(var_store, "eager_store", None) or var_store
            return get_from_store(store, full_name, shape, self._dtype if dtype is None else dtype, **options)


@export("get_variable_scope")
def get_variable_scope() -> VariableScope:
    """Return the current variable scope."""
    return _state().scope


@export("get_variable")
def get_variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool | None = None,
    collections: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    validate_shape: bool = True,
    use_resource: bool | None = None,
    custom_getter: Any = None,
    constraint: Any = None,
    synchronization: Any = VariableSynchronization.AUTO,
    aggregation: Any = VariableAggregation.NONE,
) -> Any:
    """Make a variable in the current variable scope, or find the existing one where the scope says reuse.

    Parameters
    ----------
    name : str
        Prefixed by the variable scopes around (never by name scopes).
    shape : list of int
        Not needed when `initializer` is a value.
    dtype : DType, optional
        `tf.float32` if not given.
    initializer : initializer object, value or tensor, optional
        The scope's, else Glorot uniform for floats and zeros for integers.
    regularizer : callable, optional
        `f(variable)` gives a loss, added to the collection `tf.GraphKeys.REGULARIZATION_LOSSES`.
    trainable : bool
    collections : list of str, optional
    partitioner : callable, optional
        Cuts the variable into parts, see `tf.fixed_size_partitioner`.
    use_resource : bool, optional
        Make a resource variable; see `tf.Variable`.
    custom_getter : callable, optional
        Called instead, with this function as its argument `getter`.

    Returns
    -------
    Variable or PartitionedVariable

    Raises
    ------
    ValueError
        If the variable exists and the scope does not reuse, or the other way round, or the shapes differ.

    Examples
    --------
    >>> with tf.variable_scope("layer"):
    ...     w = tf.get_variable("w", [3, 2])
    >>> w.name
    'layer/w:0'
    >>> with tf.variable_scope("layer", reuse=True):
    ...     tf.get_variable("w") is w
    True
    """
    state = _state()
    return state.scope.get_variable(
        state, name, shape=shape, dtype=dtype, initializer=initializer, regularizer=regularizer, trainable=trainable,
        collections=collections, caching_device=caching_device, partitioner=partitioner, validate_shape=validate_shape,
        use_resource=use_resource, custom_getter=custom_getter, constraint=constraint, synchronization=synchronization,
        aggregation=aggregation,
    )  # fmt: skip


@export("get_local_variable")
def get_local_variable(name: str, shape: Any = None, dtype: Any = None, initializer: Any = None, regularizer: Any = None,
                       trainable: bool = False, collections: Any = None, caching_device: Any = None, partitioner: Any = None,
                       validate_shape: bool = True, use_resource: bool | None = None, custom_getter: Any = None,
                       constraint: Any = None, synchronization: Any = VariableSynchronization.AUTO,
                       aggregation: Any = VariableAggregation.NONE) -> Any:  # fmt: skip
    """Make or find a local variable: not trained and not saved, initialized by `tf.local_variables_initializer()`."""
    given = [] if collections is None else as_list(collections, "collections")
    collections = [*given, GraphKeys.LOCAL_VARIABLES]
    return get_variable(
        name, shape=shape, dtype=dtype, initializer=initializer, regularizer=regularizer, trainable=False,
        collections=collections, caching_device=caching_device, partitioner=partitioner, validate_shape=validate_shape,
        use_resource=use_resource, custom_getter=custom_getter, constraint=constraint,
    )  # fmt: skip


def _chain_getters(outer: Any, inner: Any) -> Any:
    """The inner scope's getter calls the outer scope's, which calls `get_variable` itself."""
    if outer is None or inner is None:
        return inner or outer

    def both(getter: Any, *args: Any, **kwargs: Any) -> Any:
        return inner(lambda *a, **k: outer(getter, *a, **k), *args, **kwargs)

    return both


@contextlib.contextmanager
def _pure_variable_scope(
    name_or_scope: Any, old_name_scope: str | None = None, **settings: Any
) -> Iterator[VariableScope]:
    """Change the variable scope without touching the name scope."""
    state = _state()
    outer = state.scope
    given = {key: value for key, value in settings.items() if value is not None}
    if isinstance(name_or_scope, VariableScope):
        base, name = name_or_scope, name_or_scope.name
        original = old_name_scope if old_name_scope is not None else base.original_name_scope
        reuse = given.pop("reuse", None) or base.reuse
        saved = dict(state.opened)
        getter = _chain_getters(base.custom_getter, given.pop("custom_getter", None))
    else:
        base, name = outer, f"{outer.name}/{name_or_scope}" if outer.name else name_or_scope
        original = old_name_scope if old_name_scope is not None else name
        reuse = given.pop("reuse", None) or outer.reuse
        saved = None
        getter = _chain_getters(outer.custom_getter, given.pop("custom_getter", None))
    keep = {
        "initializer": base.initializer, "regularizer": base.regularizer, "caching_device": base.caching_device,
        "partitioner": base.partitioner, "dtype": base.dtype, "use_resource": base.use_resource, "constraint": base.constraint,
    }  # fmt: skip
    scope = VariableScope(reuse, name=name, name_scope=original, custom_getter=getter, **{**keep, **given})
    state.open(name)
    state.scope = scope
    try:
        yield scope
    finally:
        state.close_inside(name)
        if saved is not None:
            state.opened = saved
        state.scope = outer


def _unique_scope_name(prefix: str) -> str:
    state = _state()
    base = f"{state.scope.name}/{prefix}" if state.scope.name else prefix
    if not state.opened.get(base):
        return prefix
    index = 1
    while state.opened.get(f"{base}_{index}"):
        index += 1
    return f"{prefix}_{index}"


def called_again() -> Callable[[], contextlib.AbstractContextManager[None]]:
    """Remember how often scopes have been opened; in a block of the result, default names are those of this moment.

    A function that is called in the block finds the variables that it has made when it was called now.
    """
    then = dict(_state().opened)

    @contextlib.contextmanager
    def as_then() -> Iterator[None]:
        state = _state()
        now, state.opened = state.opened, type(state.opened)(then)
        try:
            yield
        finally:
            state.opened = now

    return as_then


@export("variable_scope")
class variable_scope:
    """Prefix the names of variables made by `tf.get_variable`, and set defaults for them.

    Opens a name scope as well, so operations made inside are grouped too.

    Parameters
    ----------
    name_or_scope : str or VariableScope
        A scope object opens that very scope again.
    default_name : str, optional
        Used, and made unique, when `name_or_scope` is None.
    values : list of Tensor, optional
        Tensors of the graph to use.
    initializer, regularizer, caching_device, partitioner, custom_getter, dtype, use_resource, constraint
        Defaults for `tf.get_variable`.
    reuse : None, True or tf.AUTO_REUSE
        True: find existing variables. tf.AUTO_REUSE: find or make. None: as the scope around.

    Examples
    --------
    >>> with tf.variable_scope("net", reuse=tf.AUTO_REUSE):
    ...     a = tf.get_variable("w", [2])
    ...     b = tf.get_variable("w", [2])
    >>> a is b, a.name
    (True, 'net/w:0')
    """

    def __init__(
        self, name_or_scope: Any, default_name: str | None = None, values: Any = None, initializer: Any = None,
        regularizer: Any = None, caching_device: Any = None, partitioner: Any = None, custom_getter: Any = None,
        reuse: Any = None, dtype: Any = None, use_resource: bool | None = None, constraint: Any = None,
        auxiliary_name_scope: bool = True,
    ) -> None:  # fmt: skip
        if default_name is None and name_or_scope is None:
            raise TypeError("If default_name is None then name_or_scope is required")
        if not isinstance(auxiliary_name_scope, bool):
            raise TypeError(f"The auxiliary_name_scope must be `True` or `False`, while get {auxiliary_name_scope}")
        if name_or_scope is not None and not isinstance(name_or_scope, (str, VariableScope)):
            raise TypeError("VariableScope: name_or_scope must be a string or VariableScope.")
        self._name_or_scope = name_or_scope
        self._default_name = default_name
        self._values = values
        self._reuse = None if reuse is False else reuse
        self._auxiliary = auxiliary_name_scope
        self._settings = {
            "initializer": initializer, "regularizer": regularizer, "caching_device": caching_device, "partitioner": partitioner,
            "custom_getter": custom_getter, "dtype": dtype, "use_resource": use_resource, "constraint": constraint,
        }  # fmt: skip
        self._entered: list[contextlib.ExitStack] = []

    def __enter__(self) -> VariableScope:
        with contextlib.ExitStack() as stack:
            if self._values:
                graph = graph_of(self._values)
                if graph is not get_default_graph():
                    stack.enter_context(graph.as_default())
            scope = self._enter(stack)
            self._entered.append(stack.pop_all())
        return scope

    def _enter(self, stack: contextlib.ExitStack) -> VariableScope:
        here = get_default_graph().get_name_scope()
        stay = name_scope(here + "/" if here else None)
        target = self._name_or_scope
        if target is None:
            if self._reuse:
                raise ValueError("reuse=True cannot be used without a name_or_scope")
            assert self._default_name is not None
            path = stack.enter_context(name_scope(self._default_name) if self._auxiliary else stay)
            unique = _unique_scope_name(self._default_name)
            return stack.enter_context(_pure_variable_scope(unique, old_name_scope=path, reuse=None, **self._settings))
        part = target if isinstance(target, str) else target.name.split("/")[-1]
        if part or not self._auxiliary:
            path = stack.enter_context(name_scope(part) if self._auxiliary else stay)
            original = path if isinstance(target, str) else target.original_name_scope
            return stack.enter_context(
                _pure_variable_scope(target, old_name_scope=original, reuse=self._reuse, **self._settings)
            )
        return stack.enter_context(_pure_variable_scope(target, reuse=self._reuse, **self._settings))

    def __exit__(self, *exc: Any) -> Any:
        return self._entered.pop().__exit__(*exc)


@export("create_partitioned_variables")
def create_partitioned_variables(
    shape: Any,
    slicing: Any,
    initializer: Any,
    dtype: Any = dtypes.float32,
    trainable: bool = True,
    collections: Any = None,
    name: str | None = None,
    reuse: Any = None,
) -> list[Any]:
    """Make the parts of a variable that is cut along one axis; `tf.get_variable` with a partitioner does the same.

    Parameters
    ----------
    shape : list of int
        Of the whole.
    slicing : list of int
        Number of parts along each axis; more than 1 for one axis only.
    initializer : Tensor of that shape, or callable
    dtype : DType
    trainable : bool
    collections : list of str, optional
    name : str, optional
        "PartitionedVariable" if not given.
    reuse : None, True or tf.AUTO_REUSE

    Returns
    -------
    list of tf.Variable

    Raises
    ------
    ValueError
        If the lengths of `shape` and `slicing` differ, or several axes are cut.

    Examples
    --------
    >>> parts = tf.create_partitioned_variables([5, 4], [2, 1], tf.zeros_initializer(), name="table")
    >>> [(v.name, v.shape.as_list()) for v in parts]
    [('table/part_0:0', [3, 4]), ('table/part_1:0', [2, 4])]
    """
    shape, slicing = as_ints(shape, "shape"), as_ints(slicing, "slicing")
    if len(shape) != len(slicing):
        raise ValueError(
            f"The 'shape' and 'slicing' of a partitioned Variable must have the length: shape: {shape}, slicing: {slicing}"
        )
    if not shape:
        raise ValueError(f"A partitioned Variable must have rank at least 1: shape: {shape}")
    with variable_scope(name, "PartitionedVariable", reuse=reuse) as scope, name_scope(None):
        parts = get_from_store(
            _state(), scope.name, shape, dtype, initializer=initializer, trainable=trainable, collections=collections,
            partitioner=lambda **_: slicing, reuse=scope.reuse,
        )  # fmt: skip
    return list(parts)


@export("variable_op_scope")
def variable_op_scope(values: Any, name_or_scope: Any, default_name: str | None = None, **settings: Any) -> Any:
    """Old spelling of `tf.variable_scope`, with the values first."""
    return variable_scope(name_or_scope, default_name=default_name, values=values, **settings)


@export("no_regularizer")
def no_regularizer(_: Any) -> None:
    """Use as a regularizer to switch an outer one off."""
    return None


def variable_names() -> list[str]:
    """The names of all variables that `tf.get_variable` made in the default graph."""
    return list(_state().variables)


@export("contrib.eager.EagerVariableStore")
class EagerVariableStore:
    """Keeps the variables that `tf.get_variable` makes in eager mode, so that they are found again by name.

    Parameters
    ----------
    store : VariableStore, optional
        The variables to start with.

    Examples
    --------
    >>> from flowlab._src.runtime.eager import eager_mode
    >>> with eager_mode():
    ...     container = tf.contrib.eager.EagerVariableStore()
    ...     for _ in range(3):
    ...         with container.as_default():
    ...             w = tf.get_variable("w", [2])
    >>> len(container.variables())
    1
    """

    def __init__(self, store: VariableStore | None = None) -> None:
        if store is not None and not isinstance(store, VariableStore):
            raise ValueError(
                "Cannot construct EagerVariableStore from a VariableStore object that does not hold eager variables."
            )
        self._store = VariableStore() if store is None else store
        self._store.keeps = True

    @contextlib.contextmanager
    def as_default(self) -> Iterator[EagerVariableStore]:
        """Find and keep variables here in a `with` block."""
        state = _state()
        outer, state.eager_store = state.eager_store, self._store
        try:
            yield self
        finally:
            state.eager_store = outer

    def variables(self) -> list[Any]:
        """Return the variables, by name."""
        return sorted(self._store.variables.values(), key=lambda v: v.name)

    def trainable_variables(self) -> list[Any]:
        """Return those that optimizers change."""
        return [v for v in self.variables() if v.trainable]

    def non_trainable_variables(self) -> list[Any]:
        """Return those that optimizers leave alone."""
        return [v for v in self.variables() if not v.trainable]

    def copy(self) -> EagerVariableStore:
        """Return a store of new variables with the same names and values."""
        result = EagerVariableStore()
        for name, variable in self._store.variables.items():
            result._store.variables[name] = Variable(
                variable.read_value(), name=variable._shared_name, trainable=variable.trainable, dtype=variable.dtype
            )
        return result

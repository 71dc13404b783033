"""`tf.contrib.framework`: variables as slim and contrib.layers make them, and finding variables by their names."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from flowlab._src.graph.default import get_collection, get_default_graph
from flowlab._src.graph.keys import GraphKeys
from flowlab._src.graph.scopes import device as on_device
from flowlab._src.ops.control import group
from flowlab._src.ops.placeholder import placeholder
from flowlab._src.util.arg_scope import add_arg_scope
from flowlab._src.util.export import export
from flowlab._src.util.text import did_you_mean
from flowlab._src.variables.scope import VariableScope, get_variable, get_variable_scope
from flowlab._src.variables.variable import Variable, VariableAggregation, VariableSynchronization


@export("contrib.framework.variable")
@add_arg_scope
def variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    collections: Iterable[str] | None = None,
    caching_device: Any = None,
    device: Any = None,
    partitioner: Any = None,
    custom_getter: Any = None,
    use_resource: bool | None = None,
    synchronization: Any = VariableSynchronization.AUTO,
    aggregation: Any = VariableAggregation.NONE,
) -> Any:
    """Make a variable as `tf.get_variable` does, on a device; takes defaults from `arg_scope`.

    Examples
    --------
    >>> tf.contrib.framework.variable("w", shape=[2], device="/cpu:0").op.device
    '/device:CPU:0'
    """
    kept = [GraphKeys.GLOBAL_VARIABLES] if collections is None else list(dict.fromkeys(collections))
    getter: Callable[..., Any] = get_variable
    if custom_getter is not None:
        getter = functools.partial(custom_getter, get_variable, reuse=get_variable_scope().reuse)
    with on_device(device or ""):
        return getter(
            name,
            shape=shape,
            dtype=dtype,
            initializer=initializer,
            regularizer=regularizer,
            trainable=trainable,
            collections=kept,
            caching_device=caching_device,
            partitioner=partitioner,
            use_resource=use_resource,
            synchronization=synchronization,
            aggregation=aggregation,
        )


@export("contrib.framework.model_variable")
@add_arg_scope
def model_variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    collections: Iterable[str] | None = None,
    caching_device: Any = None,
    device: Any = None,
    partitioner: Any = None,
    custom_getter: Any = None,
    use_resource: bool | None = None,
    synchronization: Any = VariableSynchronization.AUTO,
    aggregation: Any = VariableAggregation.NONE,
) -> Any:
    """Make a variable that belongs to the model: one that is in the collection MODEL_VARIABLES too.

    Examples
    --------
    >>> w = tf.contrib.framework.model_variable("w", shape=[2])
    >>> tf.contrib.framework.get_model_variables() == [w]
    True
    """
    return variable(
        name,
        shape=shape,
        dtype=dtype,
        initializer=initializer,
        regularizer=regularizer,
        trainable=trainable,
        collections=[*(collections or ()), GraphKeys.GLOBAL_VARIABLES, GraphKeys.MODEL_VARIABLES],
        caching_device=caching_device,
        device=device,
        partitioner=partitioner,
        custom_getter=custom_getter,
        use_resource=use_resource,
        synchronization=synchronization,
        aggregation=aggregation,
    )


@export("contrib.framework.add_model_variable")
def add_model_variable(var: Any) -> None:
    """Put a variable into the collection MODEL_VARIABLES."""
    if var not in get_collection(GraphKeys.MODEL_VARIABLES):
        get_default_graph().add_to_collection(GraphKeys.MODEL_VARIABLES, var)


@export("contrib.framework.local_variable")
def local_variable(
    initial_value: Any, validate_shape: bool = True, name: str | None = None, use_resource: bool | None = None
) -> Any:
    """Make a variable of this process: not trained, not saved, in the collection LOCAL_VARIABLES."""
    return untrained(initial_value, GraphKeys.LOCAL_VARIABLES, validate_shape, name, use_resource)


@export("contrib.framework.global_variable")
def global_variable(
    initial_value: Any, validate_shape: bool = True, name: str | None = None, use_resource: bool | None = None
) -> Any:
    """Make a variable that is saved but not trained."""
    return untrained(initial_value, GraphKeys.GLOBAL_VARIABLES, validate_shape, name, use_resource)


def untrained(initial_value: Any, collection: str, validate_shape: bool, name: str | None, use_resource: Any) -> Any:
    """A variable of one collection that optimizers leave alone."""
    return Variable(
        initial_value,
        trainable=False,
        collections=[collection],
        validate_shape=validate_shape,
        name=name,
        use_resource=use_resource,
    )


# Finding variables


@export("contrib.framework.get_variables")
def get_variables(
    scope: Any = None, suffix: str | None = None, collection: str = GraphKeys.GLOBAL_VARIABLES
) -> list[Any]:
    """Return the variables of a collection whose names begin with a scope and end with a suffix.

    Parameters
    ----------
    scope : str or VariableScope, optional
        Matched as a regular expression at the beginning of the name.
    suffix : str, optional
    collection : str, optional

    Examples
    --------
    >>> with tf.variable_scope("a"):
    ...     w = tf.get_variable("w", [2])
    >>> [v.name for v in tf.contrib.framework.get_variables("a")]
    ['a/w:0']
    """
    if isinstance(scope, VariableScope):
        scope = scope.name
    if suffix is not None:
        scope = f"{scope or ''}.*{suffix if ':' in suffix else suffix + ':'}"
    return get_collection(collection, scope)


@export("contrib.framework.get_local_variables")
def get_local_variables(scope: Any = None, suffix: str | None = None) -> list[Any]:
    """Return the local variables of a scope."""
    return get_variables(scope, suffix, GraphKeys.LOCAL_VARIABLES)


@export("contrib.framework.get_model_variables")
def get_model_variables(scope: Any = None, suffix: str | None = None) -> list[Any]:
    """Return the variables of the model in a scope."""
    return get_variables(scope, suffix, GraphKeys.MODEL_VARIABLES)


@export("contrib.framework.get_trainable_variables")
def get_trainable_variables(scope: Any = None, suffix: str | None = None) -> list[Any]:
    """Return the trainable variables of a scope."""
    return get_variables(scope, suffix, GraphKeys.TRAINABLE_VARIABLES)


@export("contrib.framework.get_variables_by_suffix")
def get_variables_by_suffix(suffix: str, scope: Any = None) -> list[Any]:
    """Return the variables whose names end with a suffix."""
    return get_variables(scope, suffix)


@export("contrib.framework.get_variables_by_name")
def get_variables_by_name(given_name: str, scope: Any = None) -> list[Any]:
    """Return the variables of this name, in whatever scope they are."""
    return get_variables(scope, f"/{given_name}:|^{given_name}:")


@export("contrib.framework.get_unique_variable")
def get_unique_variable(var_op_name: str) -> Any:
    """Return the variable of this full name.

    Raises
    ------
    ValueError
        If there is none.
    """
    candidates = get_variables(scope=var_op_name)
    for candidate in candidates:
        if candidate.op.name == var_op_name:
            return candidate
    if candidates:
        raise ValueError(f"Variable {var_op_name} does not uniquely identify a variable")
    hint = did_you_mean(var_op_name, [v.op.name for v in get_variables()])
    raise ValueError(f"Couldn't find variable {var_op_name}. {hint}".rstrip(" ."))


@export("contrib.framework.get_variable_full_name")
def get_variable_full_name(var: Any) -> str:
    """Return the name of a variable; of a part of a partitioned one, that of the whole."""
    slice_info = getattr(var, "_save_slice_info", None)
    return slice_info.full_name if slice_info else var.op.name


@export("contrib.framework.get_variables_to_restore")
def get_variables_to_restore(include: Any = None, exclude: Any = None) -> list[Any]:
    """Return the variables of some scopes without those of others.

    Parameters
    ----------
    include, exclude : list of str, optional
        Scopes; all are included if not given.

    Raises
    ------
    TypeError
        If one of them is no list.
    """
    for name, given in (("include", include), ("exclude", exclude)):
        if given is not None and not isinstance(given, (list, tuple)):
            raise TypeError(f"{name} is provided but is not a list or a tuple.")
    found = [v for scope in include for v in get_variables(scope)] if include is not None else get_variables()
    without = {id(v) for scope in exclude or () for v in get_variables(scope)}
    return [v for v in dict.fromkeys(found) if id(v) not in without]


@export("contrib.framework.filter_variables")
def filter_variables(
    var_list: Iterable[Any], include_patterns: Any = None, exclude_patterns: Any = None, reg_search: bool = True
) -> list[Any]:
    """Return the variables whose names fit one of the patterns, in the order of the patterns, without those excluded.

    Parameters
    ----------
    var_list : list of Variable
    include_patterns, exclude_patterns : list of str, optional
        Regular expressions.
    reg_search : bool, optional
        Look for a pattern anywhere in the name; otherwise at its beginning.
    """
    variables = list(var_list)
    fits = re.search if reg_search else re.match
    if include_patterns is not None:
        chosen = [v for pattern in include_patterns for v in variables if fits(pattern, v.op.name)]
        variables = list(dict.fromkeys(chosen))
    return [v for v in variables if not any(fits(pattern, v.op.name) for pattern in exclude_patterns or ())]


# Giving values to variables


@export("contrib.framework.assign_from_values")
def assign_from_values(var_names_to_values: Mapping[str, Any]) -> tuple[Any, dict[Any, Any]]:
    """Return an operation that assigns arrays to variables, and what to feed when it runs.

    Examples
    --------
    >>> w = tf.get_variable("w", [2])
    >>> assign, feeds = tf.contrib.framework.assign_from_values({"w": np.array([1.0, 2.0])})
    >>> with tf.Session() as sess:
    ...     sess.run(assign, feeds)
    ...     sess.run(w).tolist()
    [1.0, 2.0]
    """
    assignments, feeds = [], {}
    for name, value in var_names_to_values.items():
        var = get_unique_variable(name)
        given = np.asarray(value)
        if not var.get_shape().is_compatible_with(given.shape) and given.size != var.get_shape().num_elements():
            raise ValueError(f"Variable {name} has shape {var.get_shape()}, but the value has shape {given.shape}.")
        place = placeholder(var.dtype.base_dtype, var.get_shape(), name=f"placeholder/{var.op.name}")
        assignments.append(var.assign(place))
        feeds[place] = given.reshape(var.get_shape().as_list())
    return group(*[getattr(assign, "op", assign) for assign in assignments]), feeds


@export("contrib.framework.assign_from_values_fn")
def assign_from_values_fn(var_names_to_values: Mapping[str, Any]) -> Callable[[Any], None]:
    """Return a function of a session that assigns arrays to variables."""
    assign, feeds = assign_from_values(var_names_to_values)

    def assign_values(session: Any) -> None:
        session.run(assign, feeds)

    return assign_values


@export("contrib.framework.VariableDeviceChooser")
class VariableDeviceChooser:
    """Gives each variable the next of several tasks: a function for `tf.device`.

    Examples
    --------
    >>> choose = tf.contrib.framework.VariableDeviceChooser(num_tasks=2)
    >>> choose(None), choose(None), choose(None)
    ('/job:ps/task:0/device:CPU:0', '/job:ps/task:1/device:CPU:0', '/job:ps/task:0/device:CPU:0')
    """

    def __init__(
        self,
        num_tasks: int = 0,
        job_name: str = "ps",
        device_type: str = "CPU",
        device_index: int = 0,
        replica: int | None = None,
    ) -> None:
        self._job, self._replica = job_name, replica
        self._device = f"/device:{device_type}:{device_index}"
        self._tasks, self._next = num_tasks, 0

    def __call__(self, op: Any) -> str:
        """Return the device of the next variable."""
        if not self._tasks:
            return self._device
        task, self._next = self._next, (self._next + 1) % self._tasks
        replica = "" if self._replica is None else f"/replica:{self._replica}"
        return f"/job:{self._job}{replica}/task:{task}{self._device}"

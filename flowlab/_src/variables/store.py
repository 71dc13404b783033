"""The variables of a graph by name: `tf.get_variable` finds them here, or makes them."""

from __future__ import annotations

import inspect
import linecache
from collections.abc import Callable
from typing import Any

from flowlab._src.errors import add_notes
from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_text
from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.dtypes import DType, as_dtype
from flowlab._src.graph.keys import GraphKeys
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import as_shape
from flowlab._src.util import source
from flowlab._src.util.text import nearest
from flowlab._src.variables import initializers
from flowlab._src.variables.partitioned import PartitionedVariable, make_partitioned
from flowlab._src.variables.variable import Variable, VariableAggregation, VariableSynchronization


class VariableStore:
    """The variables that `tf.get_variable` made in a graph, by name."""

    def __init__(self) -> None:
        self.variables: dict[str, Variable] = {}
        self.keeps = not get_default_graph().eager  # in eager mode whoever made a variable keeps it
        self.partitioned: dict[str, PartitionedVariable] = {}


def get_from_store(
    store: VariableStore,
    name: str,
    shape: Any,
    dtype: Any,
    initializer: Any = None,
    regularizer: Any = None,
    reuse: Any = None,
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
    """Find or make the variable of a full name, asking a custom getter first."""
    name = as_text(name, "name")
    if custom_getter is not None and not callable(custom_getter):
        raise ValueError(f"Passed a custom_getter which is not callable: {custom_getter}")

    def getter(name: str, shape: Any = None, dtype: Any = dtypes.float32, initializer: Any = None, regularizer: Any = None,
               reuse: Any = None, trainable: bool | None = None, collections: Any = None, caching_device: Any = None,
               partitioner: Any = None, validate_shape: bool = True, use_resource: Any = None, constraint: Any = None,
               synchronization: Any = VariableSynchronization.AUTO, aggregation: Any = VariableAggregation.NONE) -> Any:  # fmt: skip
        options = (shape, dtype, initializer, regularizer, reuse, trainable, collections, caching_device, validate_shape,
                   use_resource, constraint)  # fmt: skip
        if partitioner is not None:
            if get_default_graph().eager:
                raise NotImplementedError(
                    "Partitioned variables are not yet supported when eager execution is enabled."
                )
            return _get_partitioned(store, name, partitioner, *options)
        if f"{name}/part_0" in store.variables:
            raise ValueError(
                f"No partitioner was provided, but a partitioned version of the variable was found: {name}/part_0. Perhaps a "
                "variable of the same name was already created with partitioning?"
            )
        return _get_single(store, name, *options)

    arguments: dict[str, Any] = {
        "name": name, "shape": shape, "dtype": as_dtype(dtype).base_dtype, "initializer": initializer, "regularizer": regularizer,
        "reuse": reuse, "trainable": trainable, "collections": collections, "caching_device": caching_device,
        "partitioner": partitioner, "validate_shape": validate_shape, "use_resource": use_resource,
        "synchronization": synchronization, "aggregation": aggregation,
    }  # fmt: skip
    if custom_getter is None:
        return getter(**arguments, constraint=constraint)
    accepts = inspect.signature(custom_getter).parameters
    if "constraint" in accepts or any(p.kind is p.VAR_KEYWORD for p in accepts.values()):
        arguments["constraint"] = constraint
    return custom_getter(getter=getter, **arguments)


def _where(depth: int = 2) -> str:
    site = source.caller(depth)
    return site.quote() if site else ""


def _get_single(
    store: VariableStore, name: str, shape: Any, dtype: DType, initializer: Any, regularizer: Any, reuse: Any,
    trainable: bool | None, collections: Any, caching_device: Any, validate_shape: bool, use_resource: bool | None, constraint: Any,
    partition: Any = None,
) -> Variable:  # fmt: skip
    eager = get_default_graph().eager
    from_value = initializer is not None and not callable(initializer)
    if from_value and shape is not None:
        raise ValueError("If initializer is a constant, do not specify shape.")
    shape = as_shape(shape)
    found = store.variables.get(name) if store.keeps else None
    if found is not None:
        return _share(found, name, shape, dtype, reuse or eager, check_dtype=not from_value)
    if reuse is True and not eager:
        near = nearest(name, store.variables) or list(store.variables)[:3]
        raise add_notes(
            ValueError(
                f"Variable {name} does not exist, or was not created with tf.get_variable(). Did you mean to set reuse=tf.AUTO_REUSE in VarScope?"
            ),
            why="reuse=True only finds what tf.get_variable made"
            + (f"; known here: {', '.join(near)}" if near else ", never what tf.Variable did"),
            where=_where(),
            fix=f"with tf.variable_scope({name.rpartition('/')[0]!r}, reuse=tf.AUTO_REUSE):  # finds the variable or makes it",
        )
    if initializer is None:
        initializer = default_initializer(name, dtype)
    if from_value:
        initial: Any = initializer
        variable_dtype: Any = None
    else:
        if isinstance(initializer, type):
            initializer = initializer()
        variable_dtype = dtype
        if shape.is_fully_defined():
            if _takes_partition(initializer):
                initial = lambda: initializer(shape.as_list(), dtype=dtype, partition_info=partition)  # noqa: E731
            else:
                initial = lambda: initializer(shape.as_list(), dtype=dtype)  # noqa: E731
        elif _takes_no_arguments(initializer):
            initial = initializer
        else:
            raise add_notes(
                ValueError(
                    "The initializer passed is not valid. It should be a callable with no arguments and the shape should not be "
                    "provided or an instance of `tf.keras.initializers.*' and `shape` should be fully defined."
                ),
                why=f"the shape of the new variable {name!r} is {shape}: not all of it is known",
                where=_where(),
                fix=f"tf.get_variable({name.rpartition('/')[2]!r}, [3])  # its sizes, all of them known",
            )
    variable = Variable(
        initial_value=initial, name=name, trainable=trainable, collections=collections, dtype=variable_dtype,
        caching_device=caching_device, validate_shape=validate_shape, use_resource=use_resource, constraint=constraint,
    )  # fmt: skip
    if store.keeps:
        store.variables[name] = variable
    if regularizer is not None and not eager:
        graph = get_default_graph()
        with graph.colocate_with(variable.op), name_scope(name + "/Regularizer/"), graph.control_dependencies(None):
            loss = regularizer(variable)
        if loss is not None:
            graph.add_to_collection(GraphKeys.REGULARIZATION_LOSSES, loss)
    return variable


def same_source(one: source.Site, other: source.Site) -> bool:
    """Whether two lines are the same line of the same cell, run twice."""
    lines = [linecache.getlines(site.filename) for site in (one, other)]
    return one.line == other.line and lines[0] == lines[1]


def _share(found: Variable, name: str, shape: Any, dtype: DType, reuse: Any, check_dtype: bool = True) -> Variable:
    if not reuse:
        site = found.op.site
        here = source.caller(2)
        again = site is not None and here is not None and site.cell is not None and same_source(site, here)
        raise add_notes(
            ValueError(
                f"Variable {name} already exists, disallowed. Did you mean to set reuse=True or reuse=tf.AUTO_REUSE in VarScope? "
                f"Originally defined at:\n\n{site.quote() if site else '(unknown)'}\n"
            ),
            why="this cell built it already: running a cell again adds to the same graph"
            if again
            else f"'{name}' was made before, and get_variable makes a new one unless told to share",
            where=_where(),
            fix="%%flow  # as the first line of the cell; or tf.reset_default_graph()"
            if again
            else "with tf.variable_scope(tf.get_variable_scope(), reuse=tf.AUTO_REUSE):  # to share; or give it another name",
        )
    if not shape.is_compatible_with(found.shape):
        raise add_notes(
            ValueError(f"Trying to share variable {name}, but specified shape {shape} and found shape {found.shape}."),
            why=f"'{name}' is shared, and what is shared keeps its shape",
            where=_where(),
            fix=f"tf.get_variable({name.rpartition('/')[2]!r}, {found.shape.as_list() if found.shape.ndims is not None else '...'})"
            "  # or another name",
        )
    if check_dtype and not dtype.is_compatible_with(found.dtype.base_dtype):
        raise add_notes(
            ValueError(
                f"Trying to share variable {name}, but specified dtype {dtype.name} and found dtype {found.dtype.name}."
            ),
            why=f"{name!r} is shared, and what is shared keeps its dtype",
            where=_where(),
            fix=f"tf.get_variable({name.rpartition('/')[2]!r}, dtype=tf.{found.dtype.base_dtype.name})  # or another name",
        )
    return found


def default_initializer(name: str, dtype: DType) -> Any:
    """Glorot uniform for floating point, zeros for integers and truth values, empty strings."""
    if dtype.is_floating:
        return initializers.GlorotUniform()
    if dtype.is_integer or dtype.is_bool or dtype.base_dtype is dtypes.string:
        return initializers.Zeros()
    raise ValueError(f"An initializer for variable {name} of {dtype.base_dtype} is required")


def _takes_no_arguments(initializer: Any) -> bool:
    if initializer is None or isinstance(initializer, type) or not callable(initializer):
        return False
    try:
        parameters = inspect.signature(initializer).parameters.values()
    except (TypeError, ValueError):
        return False
    return not any(p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)


def _takes_partition(initializer: Any) -> bool:
    try:
        return "partition_info" in inspect.signature(initializer).parameters
    except (TypeError, ValueError):
        return False


def _get_partitioned(
    store: VariableStore, name: str, partitioner: Callable[..., Any], shape: Any, dtype: DType, initializer: Any, regularizer: Any,
    reuse: Any, trainable: bool | None, collections: Any, caching_device: Any, validate_shape: bool, use_resource: bool | None,
    constraint: Any,
) -> PartitionedVariable:  # fmt: skip
    from_value = initializer is not None and not callable(initializer)
    shape = as_shape(shape)
    if from_value:
        initializer = convert(initializer)
        shape = shape.merge_with(initializer.shape)
    known = store.partitioned.get(name)
    if known is not None:
        if not reuse:
            raise ValueError(
                f"Partitioned variable with name {name} already exists. Did you mean to set reuse=True or reuse=tf.AUTO_REUSE in VarScope?"
            )
        if not shape.is_compatible_with(known.get_shape()):
            raise ValueError(
                f"Trying to reuse partitioned variable {name}, but specified shape {shape} and found shape {known.get_shape()}."
            )
        return known
    if reuse is True:
        raise ValueError(
            f"PartitionedVariable {name} does not exist, or was not created with tf.get_variable(). Did you mean to set reuse=False or reuse=tf.AUTO_REUSE in VarScope?"
        )
    if not shape.is_fully_defined():
        raise ValueError(
            f"Shape of a new partitioned variable ({name}) must be fully defined, but instead was {shape}."
        )

    def make_part(part_name: str, part_shape: list[int], initial: Any, info: Any) -> Variable:
        return _get_single(
            store, part_name, None if initial is not None else part_shape, dtype, initial if initial is not None else initializer,
            regularizer, reuse, trainable, collections, caching_device, validate_shape, use_resource, constraint, partition=info,
        )  # fmt: skip

    result = make_partitioned(name, shape.as_list(), dtype, partitioner, initializer if from_value else None, make_part)
    store.partitioned[name] = result
    return result

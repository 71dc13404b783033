"""`tf.layers.Layer`: a Keras layer whose weights are variables of variable scopes, as `tf.get_variable` makes them."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from typing import Any

from flowlab._src.graph.arguments import as_flag, as_text
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.dtypes import as_dtype, float32
from flowlab._src.graph.keys import GraphKeys
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.keras import naming
from flowlab._src.keras.engine import base_layer
from flowlab._src.keras.engine.base_layer import checked_trainable
from flowlab._src.util import nest
from flowlab._src.util.export import export
from flowlab._src.variables.partitioned import PartitionedVariable
from flowlab._src.variables.scope import VariableScope, get_variable, variable_scope
from flowlab._src.variables.variable import (
    Variable,
    VariableAggregation,
    VariableSynchronization,
    global_variables,
    trainable_variables,
)

_keras_style = [False]


@export("layers.experimental.keras_style_scope")
@contextlib.contextmanager
def keras_style_scope() -> Iterator[None]:
    """Let layers and recurrent cells that are made inside own their weights, as those of Keras do.

    Their variables are in no variable scope then, and cannot be shared by name; `scope` and `reuse` are refused.

    Examples
    --------
    >>> with tf.layers.experimental.keras_style_scope():
    ...     layer = tf.layers.Dense(3, name="out")
    >>> y = layer(tf.zeros([2, 4]))
    >>> [v.name for v in layer.weights]
    ['out/kernel:0', 'out/bias:0']
    """
    before, _keras_style[0] = _keras_style[0], True
    try:
        yield
    finally:
        _keras_style[0] = before


@export("layers.experimental.set_keras_style")
def set_keras_style() -> None:
    """Let all layers and recurrent cells made from now on own their weights; see `keras_style_scope`."""
    _keras_style[0] = True


@export("layers.Layer")
class Layer(base_layer.Layer):
    """Base class of the layers of `tf.layers` and of recurrent cells.

    Its weights are made with `tf.get_variable` in a variable scope of the layer's name, so scopes with `reuse`,
    initializers, regularizers, partitioners and custom getters work on them. Losses go to the collection
    `tf.GraphKeys.REGULARIZATION_LOSSES`, updates to `tf.GraphKeys.UPDATE_OPS`.

    Parameters
    ----------
    trainable : bool
        Whether optimizers change the weights.
    name : str, optional
        Name of the variable scope; made from the name of the class if not given.
    dtype : DType, optional
        That of the weights; if not given, that of the first input.

    Examples
    --------
    >>> class Scale(tf.layers.Layer):
    ...     def build(self, input_shape):
    ...         self.factor = self.add_weight("factor", shape=[], initializer=tf.ones_initializer())
    ...         self.built = True
    ...
    ...     def call(self, inputs):
    ...         return inputs * self.factor
    >>> y = Scale()(tf.constant([1.0, 2.0]))
    >>> tf.trainable_variables()
    [<tf.Variable 'scale/factor:0' shape=() dtype=float32_ref>]
    """

    def __init__(self, trainable: bool = True, name: Any = None, dtype: Any = None, **kwargs: Any) -> None:
        self._use_resource_variables = False
        scope = kwargs.pop("_scope", None)
        self._reuse = kwargs.pop("_reuse", None)
        self._trainable_weights: list[Any] = []
        self.built = False
        super().__init__(trainable=trainable, name=name, dtype=dtype, **kwargs)
        self._keras_style = _keras_style[0]
        if self._keras_style:
            refuse_in_keras_style("scope", scope)
            refuse_in_keras_style("reuse", self._reuse)
        self._scope: Any = None
        if scope:
            with variable_scope(scope) as captured:
                self._scope = captured
        self._current_scope: Any = None

    def __setattr__(self, name: str, value: Any) -> None:
        # Layers inside are layers of the variable scope; nothing is tracked by attribute.
        object.__setattr__(self, name, value)

    @property
    def graph(self) -> None:
        """Accepted for compatibility: layers keep no graph."""
        return None

    @property
    def scope_name(self) -> str:
        """Name of the layer's variable scope, known once the layer was called."""
        if not self._scope:
            raise ValueError(
                f'No name available for layer scope because the layer "{self._name}" has not been used yet. The scope '
                "name  is determined the first time the layer instance is called. You must therefore call the layer "
                "before querying `scope_name`."
            )
        return self._scope.name

    def _init_set_name(self, name: Any, zero_based: bool = True) -> None:
        """The name, which counts layers of a class, and the base of the scope, which the scope makes unique itself."""
        base = naming.to_snake_case(type(self).__name__)
        name = name if name is None or isinstance(name, VariableScope) else as_text(name, "name")
        if isinstance(name, VariableScope):
            self._base_name: Any = name.name
            self._name = naming.unique_object_name(base)
        elif name:
            self._base_name = self._name = name
        else:
            self._base_name = base
            self._name = naming.unique_object_name(base)

    def _name_scope(self) -> str:
        if self._keras_style:
            return super()._name_scope()
        return self._current_scope.original_name_scope

    def _set_scope(self, scope: Any = None) -> None:
        """Decide on the variable scope, the first time that it matters."""
        if self._scope is not None:
            return
        if self._reuse:
            opened = variable_scope(scope if scope is not None else self._base_name)
        else:
            opened = variable_scope(scope, default_name=self._base_name)
        with opened as captured:
            self._scope = captured

    def add_loss(self, losses: Any, inputs: Any = None) -> None:
        """Add losses, also to the collection of regularization losses."""
        known, known_makers = len(self._losses), len(self._callable_losses)
        super().add_loss(losses, inputs=inputs)
        new = self._losses[known:]
        new += [loss for loss in (make() for make in self._callable_losses[known_makers:]) if loss is not None]
        add_to_collection(new, GraphKeys.REGULARIZATION_LOSSES)

    def add_weight(  # type: ignore[override]  # the order of arguments is that of tf.layers
        self,
        name: str,
        shape: Any,
        dtype: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        trainable: bool | None = None,
        constraint: Any = None,
        use_resource: bool | None = None,
        synchronization: Any = VariableSynchronization.AUTO,
        aggregation: Any = VariableAggregation.NONE,
        partitioner: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Make a weight in the layer's variable scope, or find it there where the scope says reuse.

        Parameters
        ----------
        name : str
        shape : list of int
        dtype : DType, optional
            That of the layer if not given.
        initializer : initializer, optional
            The scope's, else Glorot uniform for floats and zeros for others.
        regularizer : callable, optional
            Its loss is added to the losses of the layer, once for each variable.
        trainable : bool, optional
        constraint : callable, optional
        use_resource, synchronization, aggregation, partitioner
            As in `tf.get_variable`.

        Returns
        -------
        Variable or PartitionedVariable
        """
        for key in kwargs:
            if key != "experimental_autocast":
                raise TypeError("Unknown keyword argument:", key)
        if self._keras_style:
            return super().add_weight(
                name=name,
                shape=shape,
                dtype=dtype,
                initializer=initializer,
                regularizer=regularizer,
                trainable=(trainable is None or trainable) and self.trainable,
                constraint=constraint,
                use_resource=use_resource,
                partitioner=partitioner,
            )
        trainable = checked_trainable(trainable, synchronization)
        existing = set(global_variables())
        dtype = self.dtype or float32 if dtype is None else dtype
        self._set_scope(None)
        own = len(self._trainable_weights)
        with variable_scope(self._scope, reuse=self.built or self._reuse, auxiliary_name_scope=False) as scope:
            self._current_scope = scope
            with name_scope(self._name_scope()):
                variable = super().add_weight(
                    name,
                    shape,
                    dtype=as_dtype(dtype),
                    initializer=scope.initializer if initializer is None else initializer,
                    trainable=trainable and self.trainable,
                    constraint=constraint,
                    partitioner=partitioner,
                    use_resource=as_flag(use_resource, "use_resource")
                    or self._use_resource_variables
                    or scope.use_resource,
                    synchronization=synchronization,
                    aggregation=aggregation,
                    getter=get_variable,
                )
                parts = list(variable) if isinstance(variable, PartitionedVariable) else [variable]
                if regularizer and not any(part in existing for part in parts):
                    self._handle_weight_regularization(name, variable, regularizer)
                if trainable and self.trainable and not any(part in trainable_variables() for part in parts):
                    # A custom getter made it one that is not trained.
                    self._non_trainable_weights += self._trainable_weights[own:]
                    del self._trainable_weights[own:]
        return variable

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Build the output for an input; `scope=` names the variable scope the first time."""
        scope = kwargs.pop("scope", None)
        if self._keras_style:
            refuse_in_keras_style("scope", scope)
            return super().__call__(inputs, *args, **kwargs)
        self._set_scope(scope)
        reuse = True if self.built else self._reuse
        with variable_scope(self._scope, reuse=reuse, auxiliary_name_scope=False) as current:
            self._current_scope = current
            if self._takes("scope"):
                kwargs["scope"] = current
            outputs = super().__call__(inputs, *args, **kwargs)
        add_to_collection(self.updates, GraphKeys.UPDATE_OPS)
        return outputs

    def __deepcopy__(self, memo: dict[int, Any]) -> Layer:
        """A layer of its own with the same variables and scope."""
        result = type(self).__new__(type(self))
        memo[id(self)] = result
        # What belongs to the graph is shared: variables, tensors, operations.
        for value in nest.flatten([list(self.__dict__.values()), list(self._unconditional)]):
            if isinstance(value, (Variable, PartitionedVariable, Tensor, Operation)):
                memo[id(value)] = value
        for key, value in self.__dict__.items():
            copied = copy.copy(value) if key == "_scope" else copy.deepcopy(value, memo)
            object.__setattr__(result, key, copied)
        return result


def refuse_in_keras_style(argument: str, value: Any) -> None:
    """ValueError for arguments that have no meaning where layers own their weights."""
    if value is not None:
        raise ValueError(f"{argument} argument not allowed when keras style layers are enabled, but saw: {value}")


def add_to_collection(elements: Any, name: str) -> None:
    """Add what is not there yet."""
    collection = get_default_graph().get_collection_ref(name)
    for element in nest.flatten(elements):
        if not any(element is known for known in collection):
            collection.append(element)

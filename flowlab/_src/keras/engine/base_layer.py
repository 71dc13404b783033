"""`Layer`: weights and what to do with an input, in one object that is called like a function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from flowlab._src.errors import add_notes
from flowlab._src.graph.arguments import as_list, as_text, refused
from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.dtypes import as_dtype
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.keras import config, constraints, initializers, learning_phase, naming, regularizers, session
from flowlab._src.keras.engine.call_context import call_context
from flowlab._src.keras.engine.connectivity import Connectivity
from flowlab._src.keras.engine.history import KerasHistory, all_have_history, mask_of, set_history, set_mask
from flowlab._src.keras.engine.input_spec import InputSpec, assert_input_compatibility
from flowlab._src.keras.engine.node import Node
from flowlab._src.keras.engine.side_effects import SideEffects
from flowlab._src.ops.cast import cast
from flowlab._src.ops.identity import identity
from flowlab._src.util import nest
from flowlab._src.util.text import did_you_mean
from flowlab._src.variables.initializers import GlorotUniform, Zeros
from flowlab._src.variables.variable import Variable, VariableAggregation, VariableSynchronization

ALLOWED_KEYWORDS = (
    "input_shape", "batch_input_shape", "batch_size", "weights", "activity_regularizer", "autocast",
)  # fmt: skip


class Layer(Connectivity, SideEffects):
    """Base class of all layers: makes weights when it sees its first input, and builds the same nodes for each input.

    A subclass writes `build(input_shape)`, which makes the weights with `add_weight`, and `call(inputs)`, which builds
    the output. Calling the layer does the rest: it checks the input, opens a name scope, builds the weights once, and
    collects losses and updates.

    Parameters
    ----------
    trainable : bool
        Whether optimizers change the weights.
    name : str, optional
        Made from the name of the class if not given.
    dtype : DType, optional
        That of the weights; if not given, that of the first input.
    dynamic : bool
        Accepted for compatibility.
    **kwargs
        `input_shape`, `batch_input_shape`, `batch_size`, `weights`, `activity_regularizer`, `autocast`.
    """

    def __init__(
        self, trainable: bool = True, name: str | None = None, dtype: Any = None, dynamic: bool = False, **kwargs: Any
    ) -> None:
        for key in kwargs:
            if key not in ALLOWED_KEYWORDS:
                raise add_notes(
                    TypeError("Keyword argument not understood:", key),
                    fix="leave input_size away: a cell finds it out when it is called"
                    if key == "input_size"
                    else did_you_mean(key, [*ALLOWED_KEYWORDS, *inspect.signature(type(self).__init__).parameters]),
                )
        self._parts: dict[str, None] = {}  # attributes that hold layers or containers of layers
        self._trainable = trainable
        self.stateful = False
        self.built = False
        self.input_spec = None
        self.supports_masking = False
        self._init_set_name(name)
        self._activity_regularizer = kwargs.get("activity_regularizer")
        if not hasattr(self, "_trainable_weights"):
            self._trainable_weights: list[Any] = []
        if not hasattr(self, "_non_trainable_weights"):
            self._non_trainable_weights: list[Any] = []
        self._updates = []
        self._losses = []
        self._callable_losses = []
        self._unconditional = set()
        self._metrics: list[Any] = []
        self._dtype = None if dtype is None else as_dtype(dtype).base_dtype.name
        self._autocast = kwargs.get("autocast", False)
        self._inbound_nodes = []
        self._outbound_nodes = []
        self._call_arguments: list[str] | None = None
        self._dynamic = dynamic
        if "batch_input_shape" in kwargs:
            self._batch_input_shape = tuple(kwargs["batch_input_shape"])
        elif "input_shape" in kwargs:
            self._batch_input_shape = (kwargs.get("batch_size"), *kwargs["input_shape"])
        self._initial_weights = kwargs.get("weights")

    # ---- what subclasses write ------------------------------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Make the weights for inputs of a static shape (or of a structure of shapes)."""
        self.built = True

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Build the output for an input."""
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the static shape of the output for an input of a static shape."""
        raise NotImplementedError

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the mask of the output; None if all of it counts."""
        if self.supports_masking:
            return mask
        if any(m is not None for m in nest.flatten(mask)):
            raise TypeError(f"Layer {self.name} does not support masking, but was passed an input_mask: {mask}")
        return None

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the layer as a dict: enough to make another one like it."""
        given = [p for p in inspect.signature(type(self).__init__).parameters.values() if p.kind is not p.VAR_KEYWORD]
        result: dict[str, Any] = {"name": self.name, "trainable": self.trainable}
        if hasattr(self, "_batch_input_shape"):
            result["batch_input_shape"] = self._batch_input_shape
        result["dtype"] = self.dtype
        if self._dynamic:
            result["dynamic"] = self._dynamic
        more = [p.name for p in given if p.name not in {*result, "self", "dynamic"} and p.kind is not p.VAR_POSITIONAL]
        if more and type(self).get_config is Layer.get_config:
            raise NotImplementedError("Layers with arguments in `__init__` must override `get_config`.")
        return result

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        """Make a layer of what `get_config` gave; the weights are new."""
        if not isinstance(config, dict):
            raise refused("dict", "config", config)
        missing = [
            name
            for name, parameter in inspect.signature(cls).parameters.items()
            if parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        ]
        missing = [name for name in missing if name not in config]
        if missing:
            raise add_notes(
                TypeError(
                    f"{cls.__name__}.from_config() needs {', '.join(map(repr, missing))} in the config, got {config}"
                ),
                fix="give it what the get_config() of such a layer returned",
            )
        return cls(**config)

    # ---- weights --------------------------------------------------------------------------------------------------

    def add_weight(
        self,
        name: str | None = None,
        shape: Any = None,
        dtype: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        trainable: bool | None = None,
        constraint: Any = None,
        partitioner: Any = None,
        use_resource: bool | None = None,
        synchronization: Any = VariableSynchronization.AUTO,
        aggregation: Any = VariableAggregation.NONE,
        **kwargs: Any,
    ) -> Any:
        """Make a weight.

        Parameters
        ----------
        name : str
        shape : list of int
            Default: a single number.
        dtype : DType, optional
            That of the layer if not given.
        initializer : initializer or its name, optional
            Glorot uniform for floats, zeros for others.
        regularizer : callable or its name, optional
            Gives a loss of the layer.
        trainable : bool, optional
            Whether optimizers change it; True if not given.
        constraint : callable or its name, optional
            Applied after each step of an optimizer.
        partitioner, use_resource, synchronization, aggregation
            As in `tf.get_variable`.

        Returns
        -------
        Variable
        """
        for key in kwargs:
            if key not in ("getter", "collections", "experimental_autocast"):
                raise TypeError("Unknown keyword argument:", key)
        dtype = as_dtype(self.dtype or config.floatx() if dtype is None else dtype)
        if self._dtype is None:
            self._dtype = dtype.base_dtype.name
        initializer = initializers.get(initializer)
        regularizer = regularizers.get(regularizer)
        trainable = checked_trainable(trainable, synchronization)
        if initializer is None:
            if dtype.is_floating:
                initializer = GlorotUniform()
            elif dtype.is_integer or dtype.is_bool:
                initializer = Zeros()
            else:
                raise ValueError(
                    f"An initializer for variable {name} of type {dtype.base_dtype} is required for layer {self.name}"
                )
        getter = kwargs.get("getter") or make_variable
        variable = getter(
            name=name,
            shape=() if shape is None else shape,
            dtype=dtype,
            initializer=initializer,
            constraint=constraints.get(constraint),
            trainable=trainable,
            partitioner=partitioner,
            use_resource=use_resource,
            collections=kwargs.get("collections"),
            synchronization=synchronization,
            aggregation=aggregation,
        )
        session.track_variable(variable)
        if regularizer is not None:
            self._handle_weight_regularization(variable.name.partition(":")[0], variable, regularizer)
        (self._trainable_weights if trainable else self._non_trainable_weights).append(variable)
        return variable

    def add_variable(self, *args: Any, **kwargs: Any) -> Any:
        """Old name of `add_weight`."""
        return self.add_weight(*args, **kwargs)

    @property
    def trainable_weights(self) -> list[Any]:
        """The weights that optimizers change; none if the layer is frozen."""
        return self._trainable_weights + self._gather("trainable_weights") if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Any]:
        """The weights that optimizers leave alone."""
        if self.trainable:
            return self._non_trainable_weights + self._gather("non_trainable_weights")
        return self._trainable_weights + self._non_trainable_weights + self._gather("weights")

    @property
    def weights(self) -> list[Any]:
        """All weights, the trainable ones first."""
        return self.trainable_weights + self.non_trainable_weights

    @property
    def variables(self) -> list[Any]:
        """All weights, the trainable ones first."""
        return self.weights

    @property
    def trainable_variables(self) -> list[Any]:
        """The weights that optimizers change."""
        return self.trainable_weights

    @property
    def non_trainable_variables(self) -> list[Any]:
        """The weights that optimizers leave alone."""
        return self.non_trainable_weights

    def get_weights(self) -> list[Any]:
        """Return the values of the weights as arrays."""
        return session.batch_get_value(self.weights)

    def set_weights(self, weights: Any) -> None:
        """Give the weights new values, as arrays in the order of `weights`."""
        params, weights = self.weights, as_list(weights, "weights")
        if len(params) != len(weights):
            raise ValueError(
                f'You called `set_weights(weights)` on layer "{self.name}" with a  weight list of length {len(weights)}, '
                f"but the layer was expecting {len(params)} weights. Provided weights: {str(weights)[:50]}..."
            )
        for variable, value in zip(params, weights, strict=True):
            if not variable.shape.is_compatible_with(np.shape(value)):
                raise ValueError(
                    f"Layer weight shape {variable.shape} not compatible with provided weight shape {np.shape(value)}"
                )
        session.batch_set_value(list(zip(params, weights, strict=True)))

    def count_params(self) -> int:
        """Return how many numbers the weights hold."""
        if not self.built:
            raise ValueError(
                f"You tried to call `count_params` on {self.name}, but the layer isn't built. "
                f"You can build it manually via: `{self.name}.build(batch_input_shape)`."
            )
        return sum(int(np.prod(v.shape.as_list())) for v in self.weights)

    # ---- what it is -----------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """Name of the layer, and of the scope of its operations."""
        return self._name

    @property
    def dtype(self) -> str | None:
        """Name of the type of the weights; None until it is known."""
        return self._dtype

    @property
    def dynamic(self) -> bool:
        """Accepted for compatibility."""
        return self._dynamic

    @property
    def trainable(self) -> bool:
        """Whether optimizers change the weights; setting it sets it for the layers inside, too."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = value
        for layer in self._sublayers():
            layer.trainable = value

    @property
    def activity_regularizer(self) -> Any:
        """A function of the output whose value is added to the losses."""
        return self._activity_regularizer

    @activity_regularizer.setter
    def activity_regularizer(self, regularizer: Any) -> None:
        self._activity_regularizer = regularizer

    @property
    def input_spec(self) -> Any:
        """What the layer asks of its inputs."""
        return self._input_spec

    @input_spec.setter
    def input_spec(self, value: Any) -> None:
        for spec in nest.flatten(value):
            if spec is not None and not isinstance(spec, InputSpec):
                raise TypeError(f"Layer input_spec must be an instance of InputSpec. Got: {spec}")
        self._input_spec = value

    @property
    def metrics(self) -> list[Any]:
        """The metrics of the layer."""
        return self._metrics + self._gather("metrics")

    # ---- calling it -----------------------------------------------------------------------------------------------

    def apply(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Old name of calling the layer."""
        return self(inputs, *args, **kwargs)

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Build the output for an input: tensor, array, number, or a structure of them."""
        if any(isinstance(x, (np.ndarray, float, int)) for x in nest.flatten(inputs)):
            inputs = nest.map_structure(lambda x: convert(x) if isinstance(x, (np.ndarray, float, int)) else x, inputs)
        masks, given = self._masks_for(inputs, args, kwargs), set()
        if self._takes("mask") and masks is not None and not self._was_given("mask", args, kwargs):
            kwargs["mask"] = masks
            given.add("mask")
        training = self._training_for(args, kwargs, given)
        with call_context().enter(self, inputs, training):
            assert_input_compatibility(self.input_spec, inputs, self.name)
            with name_scope(self._name_scope()):
                self._maybe_build(inputs)
                outputs = self.call(self._maybe_cast(inputs), *args, **kwargs)
                if outputs is None:
                    raise add_notes(
                        ValueError(
                            "A layer's `call` method should return a Tensor or a list of Tensors, not None "
                            f"(layer: {self.name})."
                        ),
                        fix="end the method `call` with return",
                    )
                if all_have_history(inputs):
                    outputs = self._connect(inputs, outputs, args, {k: v for k, v in kwargs.items() if k not in given})
                self._handle_activity_regularization(inputs, outputs)
                self._set_masks(inputs, outputs, masks)
        return outputs

    def _name_scope(self) -> str:
        return self.name

    def _arguments_of_call(self) -> list[str]:
        """Names of the arguments of `call`, without `self`."""
        if self._call_arguments is None:
            self._call_arguments = list(inspect.signature(self.call).parameters)
        return self._call_arguments

    def _takes(self, argument: str) -> bool:
        return argument in self._arguments_of_call()

    def _was_given(self, argument: str, args: Any, kwargs: dict[str, Any]) -> bool:
        return argument in kwargs or argument in dict(zip(self._arguments_of_call()[1:], args, strict=False))

    def _training_for(self, args: Any, kwargs: dict[str, Any], given: set[str]) -> Any:
        """The argument `training`: the caller's, else that of the layer around, else the switch of the graph."""
        if self._was_given("training", args, kwargs):
            positional = dict(zip(self._arguments_of_call()[1:], args, strict=False))
            value = kwargs.get("training", positional.get("training"))
            if not self._takes("training"):
                kwargs.pop("training", None)
            return value
        value = call_context().training
        if value is None and learning_phase.global_learning_phase_is_set():
            value = learning_phase.learning_phase()
        if value is not None and self._takes("training"):
            kwargs["training"] = cast(value, "bool") if isinstance(value, Tensor) else bool(value)
            given.add("training")
        return value

    def _maybe_build(self, inputs: Any) -> None:
        if not self.built:
            assert_input_compatibility(self.input_spec, inputs, self.name)
            tensors = nest.flatten(inputs)
            if tensors and self._dtype is None and hasattr(tensors[0], "dtype"):
                self._dtype = tensors[0].dtype.base_dtype.name
            shapes = None
            if all(hasattr(x, "shape") for x in tensors):
                shapes = nest.map_structure(lambda x: x.shape, inputs)
            self.build(shapes)
            self.built = True
        if self._initial_weights is not None:
            weights, self._initial_weights = self._initial_weights, None
            self.set_weights(weights)

    def _maybe_cast(self, inputs: Any) -> Any:
        if not self._autocast or self._dtype is None or not as_dtype(self._dtype).is_floating:
            return inputs
        dtype = as_dtype(self._dtype)
        return nest.map_structure(
            lambda x: cast(x, dtype) if isinstance(x, Tensor) and x.dtype.is_floating and x.dtype != dtype else x,
            inputs,
        )

    def _connect(self, inputs: Any, outputs: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """Note this call of a model: which layer made the outputs, and from what."""
        flat = nest.flatten(outputs)
        taken = set(nest.flatten(inputs))
        for i, tensor in enumerate(flat):
            if tensor in taken:  # an output needs a history of its own
                with name_scope(self.name):
                    flat[i] = identity(tensor)
        outputs = nest.pack_sequence_as(outputs, flat)
        arguments = {**dict(zip(self._arguments_of_call()[1:], args, strict=False)), **kwargs}
        self._add_inbound_node(inputs, outputs, arguments)
        return outputs

    def _add_inbound_node(self, input_tensors: Any, output_tensors: Any, arguments: Any = None) -> None:
        Node(self, input_tensors, output_tensors, arguments)
        for i, tensor in enumerate(nest.flatten(output_tensors)):
            set_history(tensor, KerasHistory(self, len(self._inbound_nodes) - 1, i))

    def _masks_for(self, inputs: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        if self._was_given("mask", args, kwargs):
            return kwargs.get("mask", dict(zip(self._arguments_of_call()[1:], args, strict=False)).get("mask"))
        if not (self.supports_masking or self._takes("mask") or type(self).compute_mask is not Layer.compute_mask):
            return None
        flat = [mask_of(t) for t in nest.flatten(inputs)]
        return None if all(m is None for m in flat) else nest.pack_sequence_as(inputs, flat)

    def _set_masks(self, inputs: Any, outputs: Any, masks: Any) -> None:
        tensors = nest.flatten(outputs)
        if all(mask_of(t) is not None for t in tensors):
            return
        if self.supports_masking or type(self).compute_mask is not Layer.compute_mask:
            made = self.compute_mask(inputs, masks)
            for tensor, mask in zip(tensors, nest.flatten(made) if made is not None else [], strict=False):
                set_mask(tensor, mask)

    # ---- layers inside --------------------------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        """Keep track of layers and variables that become attributes: their weights are weights of this layer."""
        object.__setattr__(self, name, value)
        if name in _OWN or "_parts" not in self.__dict__:
            return
        if isinstance(value, (Layer, list, tuple, dict)):
            self._parts[name] = None
        else:
            self._parts.pop(name, None)
        for part in nest.flatten(value) if isinstance(value, (list, tuple, dict, Variable)) else ():
            if isinstance(part, Variable) and not any(part is v for v in self._own_weights()):
                (self._trainable_weights if part.trainable else self._non_trainable_weights).append(part)
                session.track_variable(part)

    def __delattr__(self, name: str) -> None:
        self.__dict__.get("_parts", {}).pop(name, None)
        object.__delattr__(self, name)

    def _own_weights(self) -> list[Any]:
        return [*self.__dict__.get("_trainable_weights", ()), *self.__dict__.get("_non_trainable_weights", ())]

    def _sublayers(self) -> list[Layer]:
        """The layers that are attributes, or stand in lists, tuples and dicts that are."""
        found: list[Layer] = []
        for name in self.__dict__.get("_parts", ()):
            for layer in _layers_in(self.__dict__.get(name)):
                if not any(layer is other for other in found):
                    found.append(layer)
        return found

    def _gather(self, attribute: str) -> list[Any]:
        return [item for layer in self._sublayers() for item in getattr(layer, attribute)]

    def _init_set_name(self, name: str | None, zero_based: bool = True) -> None:
        base = naming.to_snake_case(type(self).__name__)
        name = None if name is None else as_text(name, "name")
        self._name = name or naming.unique_object_name(base, zero_based=zero_based)


_OWN = frozenset(
    [
        "_parts", "_trainable_weights", "_non_trainable_weights", "_updates", "_losses", "_callable_losses", "_metrics",
        "_inbound_nodes", "_outbound_nodes", "_call_arguments", "_batch_input_shape", "_initial_weights", "_input_spec",
        "_unconditional",
    ]
)  # fmt: skip


def _layers_in(value: Any) -> Iterator[Layer]:
    if isinstance(value, Layer):
        yield value
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _layers_in(part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from _layers_in(part)


def checked_trainable(trainable: bool | None, synchronization: Any) -> bool:
    """Whether a weight is trainable: yes, unless it says no or is summed up when read."""
    if synchronization == VariableSynchronization.ON_READ:
        if trainable:
            raise ValueError(
                "Synchronization value can be set to VariableSynchronization.ON_READ only for non-trainable variables. "
                "You have specified trainable=True and synchronization=VariableSynchronization.ON_READ."
            )
        return False
    return True if trainable is None else trainable


def make_variable(
    name: str | None,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    trainable: bool | None = None,
    use_resource: bool | None = None,
    collections: Any = None,
    constraint: Any = None,
    partitioner: Any = None,
    **options: Any,
) -> Variable:
    """Make a variable of its own, whatever variable scopes are open: what layers of Keras take their weights from."""
    from_value = initializer is not None and not callable(initializer)
    if isinstance(initializer, type):
        initializer = initializer(dtype=dtype)
    build: Callable[[], Any] = lambda: initializer(TensorShape(shape).as_list(), dtype=dtype)  # noqa: E731
    with get_default_graph().control_dependencies(None):
        return Variable(
            initial_value=initializer if from_value else build,
            name=name,
            trainable=trainable,
            collections=collections,
            dtype=None if from_value else dtype.base_dtype,
            constraint=constraint,
            use_resource=True if use_resource is None else use_resource,
        )

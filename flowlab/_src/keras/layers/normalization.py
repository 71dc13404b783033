"""Batch normalization: each channel gets mean 0 and variance 1 over the batch, then a scale and an offset of its own."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.dtypes import as_dtype
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape, as_shape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.keras import constraints, initializers, learning_phase, regularizers
from flowlab._src.keras.engine.base_layer import Layer
from flowlab._src.keras.engine.input_spec import InputSpec
from flowlab._src.keras.layers.renorm import Renorm
from flowlab._src.keras.smart_cond import known_condition, smart_cond
from flowlab._src.ops import state
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.cast import cast
from flowlab._src.ops.compare import logical_and
from flowlab._src.ops.constant import constant
from flowlab._src.ops.fill import ones_like, zeros_like
from flowlab._src.ops.identity import stop_gradient
from flowlab._src.ops.nn_batch_norm import fused_batch_norm
from flowlab._src.ops.nn_normalize import batch_normalization, moments
from flowlab._src.ops.powers import sqrt
from flowlab._src.ops.reduce import reduce_mean
from flowlab._src.ops.reshaping import reshape
from flowlab._src.variables.variable import VariableAggregation, VariableSynchronization


class BatchNormalization(Renorm, Layer):
    """Normalize each channel; with the batch's own mean and variance while training, else with their moving averages.

    Parameters
    ----------
    axis : int or list of int
        The axis of the channels.
    momentum : float
        Share of the moving averages that a step leaves.
    epsilon : float
        Added to the variance.
    center, scale : bool
        Whether there is an offset beta, a scale gamma.
    beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer
    beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint
    renorm : bool
        Batch renormalization: use the moving averages while training, too.
    renorm_clipping : dict with "rmax", "rmin", "dmax", optional
    renorm_momentum : float
    fused : bool, optional
        Whether to do it in one operation; by default, where that is possible.
    trainable : bool
    virtual_batch_size : int, optional
        Normalize over parts of the batch.
    adjustment : callable, optional
        Gives a random scale and offset from the shape of the input, used while training only.
    """

    # The second version of the layer, which Keras of TensorFlow 2 has, normalizes by moving averages when frozen.
    second_version = False

    def __init__(
        self,
        axis: Any = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: Any = None,
        renorm_momentum: float = 0.99,
        fused: bool | None = None,
        trainable: bool = True,
        virtual_batch_size: int | None = None,
        adjustment: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, trainable=trainable, **kwargs)
        if not isinstance(axis, (int, list, tuple)):
            raise TypeError(f"axis must be int or list, type given: {type(axis)}")
        self.axis: Any = axis if isinstance(axis, int) else list(axis)
        self.momentum = momentum
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.renorm = renorm
        self.virtual_batch_size = virtual_batch_size
        self.adjustment = adjustment
        problem = self._obstacle_to_fusing() if self.second_version else ""
        if fused and problem:
            raise ValueError(problem)
        # None: decided when the rank of the input is known.
        self.fused = False if fused is None and problem else None if fused is None and self.second_version else fused
        if fused is None and not self.second_version:
            self.fused = True
        self.supports_masking = True
        if renorm:
            clipping = renorm_clipping or {}
            if set(clipping) - {"rmax", "rmin", "dmax"}:
                raise ValueError(f"renorm_clipping {clipping} contains keys not in {['rmax', 'rmin', 'dmax']}")
            self.renorm_clipping = clipping
            self.renorm_momentum = renorm_momentum

    # ---- weights --------------------------------------------------------------------------------------------------

    @property
    def _param_dtype(self) -> Any:
        """Half precision is too coarse for averages."""
        return dtypes.float32 if self.dtype in ("float16", "bfloat16") else as_dtype(self.dtype or "float32")

    def _obstacle_to_fusing(self) -> str:
        """Why the one operation cannot do it; empty if it can."""
        if self.renorm:
            return "Passing both fused=True and renorm=True is unsupported"
        if not isinstance(self.axis, int) and len(self.axis) > 1:
            return "Passing fused=True is only supported when operating over a single axis."
        if self.virtual_batch_size is not None:
            return "Passing fused=True is unsupported when virtual_batch_size is specified."
        if self.adjustment is not None:
            return "Passing fused=True is unsupported when adjustment is specified."
        return ""

    def build(self, input_shape: Any) -> None:
        shape = as_shape(input_shape)
        if not shape.ndims:
            raise ValueError("Input has undefined rank:", shape)
        self._check_axes(shape.ndims)
        self._check_virtual_batches()
        self._decide_fused(shape.ndims)
        sizes = {axis: shape.as_list()[axis] for axis in self.axis}
        if None in sizes.values():
            raise ValueError("Input has undefined `axis` dimension. Input shape: ", shape)
        self.input_spec = InputSpec(ndim=shape.ndims, axes=sizes)
        params = self._shape_of_params(shape.ndims, sizes)
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self._weight(
                "gamma", params, self.gamma_initializer, regularizer=self.gamma_regularizer, constraint=self.gamma_constraint,
                trainable=True,
            )  # fmt: skip
        elif self.fused:
            self._gamma_const = constant(1.0, dtype=self._param_dtype, shape=params)
        if self.center:
            self.beta = self._weight(
                "beta", params, self.beta_initializer, regularizer=self.beta_regularizer, constraint=self.beta_constraint,
                trainable=True,
            )  # fmt: skip
        elif self.fused:
            self._beta_const = constant(0.0, dtype=self._param_dtype, shape=params)
        # Averages are small and assigned to as a whole: a partitioner of the scope is not for them.
        scope: Any = getattr(self, "_scope", None)
        partitioner = scope.partitioner if scope else None
        if partitioner is not None:
            scope.set_partitioner(None)
        try:
            self.moving_mean = self._average("moving_mean", params, self.moving_mean_initializer)
            self.moving_variance = self._average("moving_variance", params, self.moving_variance_initializer)
            if self.renorm:
                self._build_renorm(params)
        finally:
            if partitioner is not None:
                scope.set_partitioner(partitioner)
        self.built = True

    def _check_axes(self, rank: int) -> None:
        axes = [self.axis] if isinstance(self.axis, int) else list(self.axis)
        self.axis = [rank + axis if axis < 0 else axis for axis in axes]
        for axis in self.axis:
            if axis < 0 or axis >= rank:
                raise ValueError(f"Invalid axis: {axis}")
        if len(self.axis) != len(set(self.axis)):
            raise ValueError(f"Duplicate axis: {self.axis}")

    def _check_virtual_batches(self) -> None:
        if self.virtual_batch_size is None:
            return
        if self.virtual_batch_size <= 0:
            raise ValueError(
                "virtual_batch_size must be a positive integer that divides the true batch size of the input Tensor"
            )
        if 0 in self.axis:
            raise ValueError(
                "When using virtual_batch_size, the batch dimension must be 0 and thus axis cannot include 0"
            )
        if self.adjustment is not None:
            raise ValueError("When using virtual_batch_size, adjustment cannot be specified")

    def _decide_fused(self, rank: int) -> None:
        """The one operation takes images only, with their channels first or last."""
        if self.fused is False:
            return
        if self.second_version and self.fused and rank != 4:
            raise ValueError("Batch normalization layers with fused=True only support 4D input tensors.")
        self.fused = rank == 4 and (self.second_version or not self._obstacle_to_fusing())
        if self.fused and self.axis not in ([1], [3]):
            raise ValueError("Unsupported axis, fused batch norm only supports axis == [1] or axis == [3]")

    def _shape_of_params(self, rank: int, sizes: dict[int, Any]) -> Any:
        if len(sizes) == 1 and self.virtual_batch_size is None:
            return tuple(sizes.values())
        shape = [sizes.get(axis, 1) for axis in range(rank)]
        if self.virtual_batch_size is not None:
            shape.insert(1, 1)  # virtual batches are one more axis
            self.axis = [axis + 1 for axis in self.axis]
        return shape

    def _weight(self, name: str, shape: Any, initializer: Any, **options: Any) -> Any:
        return self.add_weight(
            name=name,
            shape=shape,
            dtype=self._param_dtype,
            initializer=initializer,
            experimental_autocast=False,
            **options,
        )

    def _average(self, name: str, shape: Any, initializer: Any) -> Any:
        return self._weight(
            name, shape, initializer, trainable=False, synchronization=VariableSynchronization.ON_READ,
            aggregation=VariableAggregation.MEAN,
        )  # fmt: skip

    # ---- moving averages ------------------------------------------------------------------------------------------

    def _assign_moving_average(self, variable: Any, value: Any, momentum: Any) -> Tensor:
        """Move an average towards a value."""
        with name_scope("AssignMovingAvg") as scope, get_default_graph().colocate_with(variable):
            dtype = variable.dtype.base_dtype
            decay = convert(1.0 - momentum, name="decay")
            if decay.dtype != dtype:
                decay = cast(decay, dtype)
            step = (variable - cast(value, dtype)) * decay
            return state.assign_sub(variable, step, name=scope)

    def _assign_new_value(self, variable: Any, value: Any) -> Tensor:
        with name_scope("AssignNewValue") as scope, get_default_graph().colocate_with(variable):
            return state.assign(variable, value, name=scope)

    # ---- calling --------------------------------------------------------------------------------------------------

    def _training_value(self, training: Any) -> Any:
        training = learning_phase.learning_phase() if training is None else training
        if self.second_version:
            training = bool(training) if isinstance(training, int) else training
            training = logical_and(training, self.trainable)
        return training

    def call(self, inputs: Any, training: Any = None) -> Tensor:
        training = self._training_value(training)
        if self.fused:
            return self._normalize_fused(inputs, training)
        if self.virtual_batch_size is None:
            return self._normalize(inputs, training)
        sizes = [-1, *inputs.shape.as_list()[1:]]
        parts = reshape(inputs, [self.virtual_batch_size, -1, *sizes[1:]])
        return reshape(self._normalize(parts, training), sizes)

    def _normalize_fused(self, inputs: Tensor, training: Any) -> Tensor:
        """All of it in one operation, which takes images only."""
        beta = self.beta if self.center else self._beta_const
        gamma = self.gamma if self.scale else self._gamma_const
        layout = "NCHW" if self.axis == [1] else "NHWC"

        def in_training() -> Any:
            return fused_batch_norm(inputs, gamma, beta, epsilon=self.epsilon, data_format=layout)

        def in_use() -> Any:
            return fused_batch_norm(
                inputs, gamma, beta, mean=self.moving_mean, variance=self.moving_variance, epsilon=self.epsilon,
                is_training=False, data_format=layout,
            )  # fmt: skip

        output, mean, variance = smart_cond(training, in_training, in_use)
        known = known_condition(training)
        if known is None:
            # Without training the averages stay: 1 of them is left.
            momentum = smart_cond(training, lambda: self.momentum, lambda: 1.0)
        else:
            momentum = convert(self.momentum)
        if known is not False:
            self.add_update(lambda: self._assign_moving_average(self.moving_mean, mean, momentum))
            self.add_update(lambda: self._assign_moving_average(self.moving_variance, variance, momentum))
        return output

    def _normalize(self, inputs: Tensor, training: Any) -> Tensor:
        """Step by step: moments, moving averages, and what they make of the input."""
        rank = len(inputs.shape)
        reduced = [i for i in range(rank) if i not in self.axis]
        if self.virtual_batch_size is not None:
            del reduced[1]  # the number of the virtual batch
        scale, offset = self._broadcast(self.gamma, inputs, reduced), self._broadcast(self.beta, inputs, reduced)
        if known_condition(training) is False:
            mean, variance = self.moving_mean, self.moving_variance
        else:
            if self.adjustment:
                scale, offset = compose(*self._adjustment_for(inputs, training), scale, offset)
            keep = self.virtual_batch_size is not None or len(self.axis) > 1
            batch_mean, batch_variance = moments(cast(inputs, self._param_dtype), reduced, keep_dims=keep)
            mean = smart_cond(training, lambda: batch_mean, lambda: convert(self.moving_mean))
            variance = smart_cond(training, lambda: batch_variance, lambda: convert(self.moving_variance))
            new_mean, new_variance = mean, variance
            if self.virtual_batch_size is not None:
                new_mean = reduce_mean(mean, axis=1, keepdims=True)
                new_variance = reduce_mean(variance, axis=1, keepdims=True)
            if self.renorm:
                r, d, new_mean, new_variance = self._corrections(new_mean, new_variance, training)
                r = self._broadcast(stop_gradient(r, name="renorm_r"), inputs, reduced)
                d = self._broadcast(stop_gradient(d, name="renorm_d"), inputs, reduced)
                scale, offset = compose(r, d, scale, offset)
            self._add_updates(new_mean, new_variance, training)
        mean, variance = cast(mean, inputs.dtype), cast(variance, inputs.dtype)
        offset = None if offset is None else cast(offset, inputs.dtype)
        scale = None if scale is None else cast(scale, inputs.dtype)
        outputs = batch_normalization(
            inputs,
            self._broadcast(mean, inputs, reduced),
            self._broadcast(variance, inputs, reduced),
            offset,
            scale,
            self.epsilon,
        )
        outputs.set_shape(inputs.shape)
        return outputs

    def _broadcast(self, v: Any, inputs: Tensor, reduced: list[int]) -> Any:
        """Give a vector the rank of the input, where its channels are not at the end."""
        rank = len(inputs.shape)
        if v is None or len(v.shape) == rank or reduced == list(range(rank - 1)):
            return v
        shape = [1] * rank
        shape[self.axis[0]] = inputs.shape.as_list()[self.axis[0]]
        return reshape(v, shape)

    def _adjustment_for(self, inputs: Tensor, training: Any) -> tuple[Any, Any]:
        scale, bias = self.adjustment(shape_of(inputs))
        return (
            smart_cond(training, lambda: scale, lambda: ones_like(scale)),
            smart_cond(training, lambda: bias, lambda: zeros_like(bias)),
        )

    def _add_updates(self, mean: Any, variance: Any, training: Any) -> None:
        def update_mean() -> Any:
            return smart_cond(
                training,
                lambda: self._assign_moving_average(self.moving_mean, mean, self.momentum),
                lambda: self.moving_mean,
            )

        def move_variance() -> Any:
            if not self.renorm:
                return self._assign_moving_average(self.moving_variance, variance, self.momentum)
            stddev = self._assign_moving_average(self.moving_stddev, sqrt(variance + self.epsilon), self.momentum)
            return self._assign_new_value(self.moving_variance, self._variance_of(stddev))

        self.add_update(update_mean)
        self.add_update(lambda: smart_cond(training, move_variance, lambda: self.moving_variance))

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        return as_shape(input_shape)

    def get_config(self) -> dict[str, Any]:
        config = {
            **super().get_config(),
            "axis": self.axis,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "beta_initializer": initializers.serialize(self.beta_initializer),
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
            "moving_mean_initializer": initializers.serialize(self.moving_mean_initializer),
            "moving_variance_initializer": initializers.serialize(self.moving_variance_initializer),
            "beta_regularizer": regularizers.serialize(self.beta_regularizer),
            "gamma_regularizer": regularizers.serialize(self.gamma_regularizer),
            "beta_constraint": constraints.serialize(self.beta_constraint),
            "gamma_constraint": constraints.serialize(self.gamma_constraint),
        }
        if self.renorm:
            config.update(renorm=True, renorm_clipping=self.renorm_clipping, renorm_momentum=self.renorm_momentum)
        if self.virtual_batch_size is not None:
            config["virtual_batch_size"] = self.virtual_batch_size
        return config


def compose(scale: Any, offset: Any, then_scale: Any, then_offset: Any) -> tuple[Any, Any]:
    """One scale and offset that do what two pairs do, one after the other."""
    if then_scale is not None:
        scale *= then_scale
        offset *= then_scale
    if then_offset is not None:
        offset += then_offset
    return scale, offset

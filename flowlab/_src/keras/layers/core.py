"""Layers without windows: Dense, Dropout, Flatten, Activation and others."""

from __future__ import annotations

import math
from typing import Any

from flowlab._src.errors import add_notes
from flowlab._src.graph.arguments import as_int
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import as_dtype
from flowlab._src.graph.registry import raw
from flowlab._src.graph.shape import as_shape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.keras import activations, config, constraints, initializers, learning_phase, regularizers
from flowlab._src.keras.engine.base_layer import Layer
from flowlab._src.keras.engine.input_spec import InputSpec
from flowlab._src.keras.layers.windows import normalize_data_format
from flowlab._src.keras.smart_cond import smart_cond
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.cast import cast
from flowlab._src.ops.identity import identity
from flowlab._src.ops.linalg import tensordot
from flowlab._src.ops.nn_dropout import dropout
from flowlab._src.ops.nn_linear import bias_add
from flowlab._src.ops.reshaping import reshape
from flowlab._src.ops.transposing import transpose
from flowlab._src.util import source


class Dense(Layer):
    """Every output is a weighted sum of all inputs: activation(x @ kernel + bias).

    Parameters
    ----------
    units : int
        Number of outputs.
    activation : callable or name, optional
    use_bias : bool
    kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer
    kernel_constraint, bias_constraint
    """

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        if "input_shape" not in kwargs and "input_dim" in kwargs:
            kwargs["input_shape"] = (kwargs.pop("input_dim"),)
        super().__init__(activity_regularizer=regularizers.get(activity_regularizer), **kwargs)
        self.units = as_int(units, "units")
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.supports_masking = True
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape: Any) -> None:
        dtype = as_dtype(self.dtype or config.floatx())
        if not (dtype.is_floating or dtype.is_complex):
            raise add_notes(
                TypeError(f"Unable to build `Dense` layer with non-floating point dtype {dtype!r}"),
                fix="convert the input first: tf.cast(x, tf.float32)",
            )
        last = as_shape(input_shape)._dims[-1]  # type: ignore[index]  # the input spec has checked the rank
        if last is None:
            site = source.caller(2)
            raise add_notes(
                ValueError("The last dimension of the inputs to `Dense` should be defined. Found `None`."),
                where=site.quote() if site else "",
                why="the kernel has one row for each input, so their number must be known while building",
                fix="tf.placeholder(tf.float32, [None, 784]), x.set_shape([None, 784]), or tf.reshape(x, [-1, 784])",
            )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: last})
        self.kernel = self.add_weight(
            "kernel",
            shape=[last, self.units],
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            dtype=self.dtype,
            trainable=True,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                shape=[self.units],
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                dtype=self.dtype,
                trainable=True,
            )
        self.built = True

    def call(self, inputs: Any) -> Tensor:
        dims = inputs.shape._dims
        if len(dims) > 2:
            outputs = tensordot(inputs, self.kernel, [[len(dims) - 1], [0]])
            outputs.set_shape([*dims[:-1], self.units])
        elif isinstance(inputs, Tensor):
            outputs = raw.MatMul(cast(inputs, as_dtype(self.dtype)), self.kernel)
        else:
            from flowlab._src.ops.sparse_matmul import sparse_tensor_dense_matmul

            outputs = sparse_tensor_dense_matmul(inputs, self.kernel)
        if self.use_bias:
            outputs = bias_add(outputs, self.bias)
        return self.activation(outputs) if self.activation is not None else outputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        shape = as_shape(input_shape).with_rank_at_least(2)
        if shape[-1].value is None:
            raise ValueError(f"The innermost dimension of input_shape must be defined, but saw: {shape}")
        return shape[:-1].concatenate(self.units)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }


class Dropout(Layer):
    """While training, a random part of the numbers is set to zero and the rest scaled up.

    Parameters
    ----------
    rate : float
        Share that is set to zero.
    noise_shape : sequence of int or None, optional
        Shape of the random choice; None stands for the size of the input, 1 keeps or drops a whole axis together.
    seed : int, optional
    """

    def __init__(self, rate: Any, noise_shape: Any = None, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = rate
        self.noise_shape = noise_shape
        self.seed = seed
        self.supports_masking = True

    def _get_noise_shape(self, inputs: Any) -> Any:
        if self.noise_shape is None:
            return None
        sizes = shape_of(inputs)
        return convert([sizes[i] if n is None else n for i, n in enumerate(self.noise_shape)])

    def call(self, inputs: Any, training: Any = None) -> Any:
        if training is None:
            training = learning_phase.learning_phase()

        def dropped() -> Tensor:
            return dropout(inputs, noise_shape=self._get_noise_shape(inputs), seed=self.seed, rate=self.rate)

        return smart_cond(training, dropped, lambda: identity(inputs))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate, "noise_shape": self.noise_shape, "seed": self.seed}


class SpatialDropout(Dropout):
    """Dropout of whole channels of an image."""

    axes = 1

    def __init__(self, rate: Any, data_format: Any = None, **kwargs: Any) -> None:
        super().__init__(rate, **kwargs)
        self.data_format = normalize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.axes + 2)

    def _get_noise_shape(self, inputs: Any) -> Any:
        sizes = shape_of(inputs)
        ones = (1,) * self.axes
        if self.data_format == "channels_first":
            return (sizes[0], sizes[1], *ones)
        return (sizes[0], *ones, sizes[self.axes + 1])


class SpatialDropout1D(SpatialDropout):
    """Dropout of whole channels of a sequence."""

    def __init__(self, rate: Any, **kwargs: Any) -> None:
        super().__init__(rate, "channels_last", **kwargs)


class SpatialDropout2D(SpatialDropout):
    """Dropout of whole channels of an image."""

    axes = 2


class SpatialDropout3D(SpatialDropout):
    """Dropout of whole channels of a volume."""

    axes = 3


class Activation(Layer):
    """Apply an activation function.

    Parameters
    ----------
    activation : callable or name
    """

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.activation = activations.get(activation)

    def call(self, inputs: Any) -> Any:
        return self.activation(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "activation": activations.serialize(self.activation)}


class Flatten(Layer):
    """Put all axes but the first into one.

    Parameters
    ----------
    data_format : {"channels_last", "channels_first"}, optional
        With "channels_first" the channels are moved to the end before.
    """

    def __init__(self, data_format: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = normalize_data_format(data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Any) -> Tensor:
        rank = inputs.shape.ndims
        if self.data_format == "channels_first" and rank is not None and rank > 1:
            inputs = transpose(inputs, perm=[0, *range(2, rank), 1])
        batch, *rest = inputs.shape._dims
        if None not in rest:
            outputs = reshape(inputs, (-1, math.prod(rest)))
        else:
            outputs = reshape(inputs, (batch or shape_of(inputs)[0], -1))
        outputs.set_shape(self.compute_output_shape(inputs.shape))
        return outputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        sizes: list[Any] = as_shape(input_shape).as_list() or [1]
        batch, *rest = sizes
        return as_shape([batch, None if None in rest or 0 in rest else math.prod(rest)])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "data_format": self.data_format}


class Reshape(Layer):
    """Give the examples of a batch another shape.

    Parameters
    ----------
    target_shape : sequence of int
        Without the batch; one number may be -1, the rest.
    """

    def __init__(self, target_shape: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target_shape = tuple(target_shape)

    def call(self, inputs: Any) -> Tensor:
        return reshape(inputs, (shape_of(inputs)[0], *self.target_shape))

    def compute_output_shape(self, input_shape: Any) -> Any:
        sizes: list[Any] = as_shape(input_shape).as_list()
        batch, *rest = sizes
        if None in rest:
            return as_shape([batch, *(None if n == -1 else n for n in self.target_shape)])
        known = math.prod(n for n in self.target_shape if n != -1)
        total = math.prod(rest)
        if self.target_shape.count(-1) > 1:
            raise ValueError("Can only specify one unknown dimension.")
        if (known == 0 or total % known) if -1 in self.target_shape else total != known:
            raise ValueError("total size of new array must be unchanged")
        return as_shape([batch, *(total // known if n == -1 else n for n in self.target_shape)])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "target_shape": self.target_shape}


class Permute(Layer):
    """Put the axes of the examples into another order.

    Parameters
    ----------
    dims : sequence of int
        The new order; the first axis after the batch is 1.
    """

    def __init__(self, dims: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(
                f"Invalid permutation `dims` for Permute Layer: {dims}. The set of indices in `dims` must be "
                "consecutive and start from 1."
            )
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs: Any) -> Tensor:
        return transpose(inputs, perm=(0, *self.dims))

    def compute_output_shape(self, input_shape: Any) -> Any:
        sizes = as_shape(input_shape).as_list()
        return as_shape([sizes[0], *(sizes[d] for d in self.dims)])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "dims": self.dims}


class ActivityRegularization(Layer):
    """Pass the input on and add its size to the losses.

    Parameters
    ----------
    l1, l2 : float
        Factors on absolute values and on squares.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.supports_masking = True
        self.l1 = l1
        self.l2 = l2

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "l1": self.l1, "l2": self.l2}

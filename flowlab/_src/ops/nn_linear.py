"""The linear part of a layer: adding a bias to every example, and the sum of weighted inputs."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph.arguments import as_text
from flowlab._src.graph.convert import convert
from flowlab._src.graph.op import Array, Number, Op, Spec
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape, merge_dims, require_rank_at_least
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import elementwise
from flowlab._src.ops.linalg import matmul
from flowlab._src.ops.misuse import check_choice, misuse
from flowlab._src.ops.nn_window import FORMATS, brackets
from flowlab._src.util import written
from flowlab._src.util.export import export


class BiasOp(Op, abstract=True):
    """An operation on a bias: one number for each channel, and the channels are axis 1 or the last."""

    data_format: str = "NHWC"

    def __init__(self, *args: Any, **attrs: Any) -> None:
        super().__init__(*args, **attrs)
        check_choice(self.type, "data_format", self.data_format, FORMATS)

    @property
    def channels(self) -> int:
        """The axis of the channels."""
        return 1 if self.data_format == "NCHW" else -1


def biased_shape(value: Spec, bias: Spec, channels: int) -> TensorShape:
    """The shape of `value`, knowing now how many channels it has."""
    require_rank_at_least(value.shape, 2)
    (size,) = bias.ranked(1)
    if value.dims is None:
        return value.shape
    dims = list(value.dims)
    dims[channels] = merge_dims(dims[channels], size)
    return TensorShape.of(tuple(dims))


def explain_bias(value: Tensor, bias: Tensor, channels: int) -> tuple[str, str]:
    """A learner's words for a bias that does not fit."""
    dims = value.shape._dims
    call = written.running("bias_add", "xw_plus_b", "relu_layer")
    mine = [(call.argument(name) if call is not None else "") or name for name in ("value", "bias")]
    if dims is None or len(dims) < 2:
        return "the first axis is the batch, and there is none", f"tf.expand_dims({mine[0]}, 0)"
    name = mine[1] if mine[1].isidentifier() else "bias"
    return (
        f"there is one bias for each channel, and '{value.name}' has {dims[channels]}",
        f"{name} = tf.Variable(tf.zeros([{dims[channels]}]))",
    )


class BiasAdd(BiasOp):
    """Adds a vector to every row: one number for each channel."""

    def kernel(self, value: Array[Number], bias: Array[Number]) -> Array[Number]:
        if value.ndim < 2:
            raise InvalidArgumentError(None, None, f"Input tensor must be at least 2D: {brackets(value.shape)}")
        if bias.ndim != 1:
            raise InvalidArgumentError(None, None, f"Biases must be 1D: {brackets(bias.shape)}")
        if value.shape[self.channels] != bias.shape[0]:
            raise InvalidArgumentError(
                None,
                None,
                "Must provide as many biases as the "
                + ("last dimension" if self.channels == -1 else "channel dimension")
                + f" of the input tensor: {brackets(bias.shape)} vs. {brackets(value.shape)}",
            )
        if self.channels == 1:
            return value + bias.reshape(-1, *(1,) * (value.ndim - 2))
        return elementwise.bias_add(value, bias)

    def formula_for(self, value: Spec, bias: Spec) -> str:
        """Channels last; large arrays have a compiled loop."""
        return "" if self.channels == 1 or elementwise.is_large(value.dims) else "value + bias"

    def shape(self, value: Spec, bias: Spec) -> TensorShape:
        return biased_shape(value, bias, self.channels)

    def explain_shapes(self, value: Tensor, bias: Tensor) -> tuple[str, str]:
        """How many numbers the bias must have."""
        return explain_bias(value, bias, self.channels)

    def grad(self, node: Operation, dy: Tensor) -> list[Tensor]:
        """The values' gradient as it is; the bias sums over all examples."""
        return [dy, raw.BiasAddGrad(dy, data_format=self.data_format)]


class BiasAddV1(Op):
    """BiasAdd of old graphs: the channels are the last axis."""

    def kernel(self, value: Array[Number], bias: Array[Number]) -> Array[Number]:
        return BiasAdd().kernel(value, bias)

    def shape(self, value: Spec, bias: Spec) -> TensorShape:
        return biased_shape(value, bias, -1)

    def grad(self, node: Operation, dy: Tensor) -> list[Tensor]:
        """The values' gradient as it is; the bias sums over all other axes."""
        from flowlab._src.ops.array_shape import rank
        from flowlab._src.ops.reduce import reduce_sum
        from flowlab._src.ops.sequences import range_

        return [dy, reduce_sum(dy, range_(rank(dy) - 1))]


class BiasAddGrad(BiasOp):
    """The gradient of BiasAdd for the bias: a sum over everything but the channels."""

    def kernel(self, out_backprop: Array[Number]) -> Array[Number]:
        if out_backprop.ndim < 2:
            raise InvalidArgumentError(None, None, f"Input tensor must be at least 2D: {brackets(out_backprop.shape)}")
        if self.channels == 1:
            axes = (0, *range(2, out_backprop.ndim))
            return np.sum(out_backprop, axis=axes, dtype=out_backprop.dtype)
        return elementwise.bias_grad(out_backprop)

    def shape(self, out_backprop: Spec) -> TensorShape:
        require_rank_at_least(out_backprop.shape, 2)
        return TensorShape.of((None if out_backprop.dims is None else out_backprop.dims[self.channels],))

    def grad(self, node: Operation, dy: Tensor) -> Tensor:
        """Every example gets the bias's gradient."""
        from flowlab._src.ops.array_shape import shape_of
        from flowlab._src.ops.fill import ones_like
        from flowlab._src.ops.joining import concat
        from flowlab._src.ops.reshaping import reshape

        shape, bias_shape = shape_of(node.inputs[0]), shape_of(dy)
        if self.channels == 1:
            expanded = concat([ones_like(shape[:1]), bias_shape, ones_like(shape[2:])], 0)
            repeats = concat([shape[:1], [1], shape[2:]], 0)
        else:
            expanded = concat([ones_like(shape[:-1]), bias_shape], 0)
            repeats = concat([shape[:-1], [1]], 0)
        return raw.Tile(reshape(dy, expanded), repeats)


@export("nn.bias_add")
def bias_add(value: Any, bias: Any, data_format: str | None = None, name: str | None = None) -> Tensor:
    """Add a bias: one number for each channel, the same for every example (and every pixel).

    Parameters
    ----------
    value : Tensor, shape (batch, ..., channels)
    bias : Tensor, shape (channels,)
        Same dtype as `value`.
    data_format : {"NHWC", "NCHW"}, optional
        Where the channels are: last (default), or axis 1. "N...C" and "NC..." will do.

    Returns
    -------
    Tensor of the shape and dtype of `value`

    Raises
    ------
    ValueError
        If `bias` is not a vector with one number for each channel.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.nn.bias_add([[1.0, 2.0], [3.0, 4.0]], [10.0, 20.0]))
    array([[11., 22.],
           [13., 24.]], dtype=float32)
    """
    with name_scope(name, "BiasAdd", [value, bias]) as name:
        if data_format is not None:
            data_format = as_text(data_format, "data_format")
            if data_format.startswith("NC"):
                data_format = "NCHW"
            elif data_format.startswith("N") and data_format.endswith("C"):
                data_format = "NHWC"
            else:
                raise misuse(ValueError("data_format must be of the form `N...C` or `NC...`"))
        value = convert(value, None, "input")
        bias = convert(bias, value.dtype, "bias")
        return BiasAdd(data_format=data_format or "NHWC")(value, bias, name=name)


@export("nn.xw_plus_b")
def xw_plus_b(x: Any, weights: Any, biases: Any, name: str | None = None) -> Tensor:
    """Compute a linear layer: matmul(x, weights) + biases.

    Parameters
    ----------
    x : Tensor, shape (batch, in_units)
    weights : Tensor, shape (in_units, out_units)
    biases : Tensor, shape (out_units,)

    Returns
    -------
    Tensor, shape (batch, out_units)

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.nn.xw_plus_b([[1.0, 2.0]], [[3.0], [4.0]], [0.5]))
    array([[11.5]], dtype=float32)
    """
    with name_scope(name, "xw_plus_b", [x, weights, biases]) as name:
        x, weights = convert(x, None, "x"), convert(weights, None, "weights")
        biases = convert(biases, None, "biases")
        return bias_add(matmul(x, weights), biases, name=name)


@export("nn.relu_layer")
def relu_layer(x: Any, weights: Any, biases: Any, name: str | None = None) -> Tensor:
    """Compute a linear layer and its relu: relu(matmul(x, weights) + biases).

    Parameters
    ----------
    x : Tensor, shape (batch, in_units)
    weights : Tensor, shape (in_units, out_units)
    biases : Tensor, shape (out_units,)

    Returns
    -------
    Tensor, shape (batch, out_units)

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.nn.relu_layer([[1.0, 2.0]], [[3.0, -3.0], [4.0, -4.0]], [0.5, 0.5]))
    array([[11.5,  0. ]], dtype=float32)
    """
    with name_scope(name, "relu_layer", [x, weights, biases]) as name:
        x, weights = convert(x, None, "x"), convert(weights, None, "weights")
        biases = convert(biases, None, "biases")
        return raw.Relu(bias_add(matmul(x, weights), biases), name=name)

"""Quantized numbers: floats as small integers with a range, and training with the rounding that this brings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError
from flowlab._src.graph import dtypes
from flowlab._src.graph.dtypes import DType, as_dtype
from flowlab._src.graph.op import Array, Floating, Op, Spec
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.registry import raw
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import quantize as kernels
from flowlab._src.ops.misuse import check_choice, misuse
from flowlab._src.util.export import export

QUANTIZED = (dtypes.qint8, dtypes.quint8, dtypes.qint32, dtypes.qint16, dtypes.quint16)
MODES = ("MIN_COMBINED", "MIN_FIRST", "SCALED")
SCALAR = TensorShape.of(())


def check_quantized(name: str, dtype: DType) -> None:
    """TypeError for a type that is no quantized one."""
    if dtype.base_dtype not in QUANTIZED:
        allowed = ", ".join(d.name for d in QUANTIZED)
        message = (
            f"Value passed to parameter '{name}' has DataType {dtype.name} not in list of allowed values: {allowed}"
        )
        raise misuse(TypeError(message), fix="tf.quantize makes quantized numbers of floats")


class QuantizeV2(Op):
    """Floats to integers that stand for them."""

    T: DType
    mode: str = "MIN_COMBINED"
    round_mode: str = "HALF_AWAY_FROM_ZERO"

    def __init__(self, *args: Any, **attrs: Any) -> None:
        super().__init__(*args, **attrs)
        check_quantized("T", self.T)
        check_choice(self.type, "mode", self.mode, MODES)
        check_choice(self.type, "round_mode", self.round_mode, ("HALF_AWAY_FROM_ZERO", "HALF_TO_EVEN"))

    def kernel(
        self, input: Array[np.float32], min_range: Array[np.float32], max_range: Array[np.float32]
    ) -> tuple[Array, Array[np.float32], Array[np.float32]]:
        check_scalars(min_range=min_range, max_range=max_range)
        half_to_even = self.round_mode == "HALF_TO_EVEN"
        dtype = np.dtype(self.T.as_numpy_dtype)[0]
        return kernels.quantize(input, min_range[()], max_range[()], dtype, self.mode, half_to_even)

    def dtypes(self, *inputs: Any) -> list[DType]:
        return [self.T, dtypes.float32, dtypes.float32]

    def shape(self, input: Spec, min_range: Spec, max_range: Spec) -> list[TensorShape]:
        min_range.ranked(0)
        max_range.ranked(0)
        return [input.shape, SCALAR, SCALAR]


class Dequantize(Op):
    """Integers back to the floats they stand for."""

    mode: str = "MIN_COMBINED"

    def __init__(self, *args: Any, **attrs: Any) -> None:
        super().__init__(*args, **attrs)
        check_choice(self.type, "mode", self.mode, MODES)

    def kernel(self, input: Array, min_range: Array[np.float32], max_range: Array[np.float32]) -> Array:
        check_scalars(min_range=min_range, max_range=max_range)
        return kernels.dequantize(kernels.plain(input), min_range[()], max_range[()], self.mode)

    def dtypes(self, input: Any, *ranges: Any) -> DType:
        check_quantized("input", input.dtype)
        return dtypes.float32

    def shape(self, input: Spec, min_range: Spec, max_range: Spec) -> TensorShape:
        min_range.ranked(0)
        max_range.ranked(0)
        return input.shape


class QuantizedConcat(Op):
    """Quantized tensors joined along an axis, brought to one range."""

    def kernel(
        self,
        concat_dim: Array[np.int32],
        values: Sequence[Array],
        input_mins: Sequence[Array[np.float32]],
        input_maxes: Sequence[Array[np.float32]],
    ) -> tuple[Array, Array[np.float32], Array[np.float32]]:
        arrays = [kernels.plain(v) for v in values]
        rank = arrays[0].ndim
        axis = int(concat_dim)
        if not -rank <= axis < rank:
            message = f"ConcatOp : Expected concatenating dimensions in the range [{-rank}, {rank}), but got {axis}"
            raise InvalidArgumentError(None, None, message)
        for low, high in zip(input_mins, input_maxes, strict=True):
            check_scalars(input_min=low, input_max=high)
        new = kernels.joined_range(list(input_mins), list(input_maxes), arrays[0].dtype.kind == "i")
        ranges = zip(input_mins, input_maxes, strict=True)
        parts = [
            kernels.to_new_range(v, (low[()], high[()]), new) for v, (low, high) in zip(arrays, ranges, strict=True)
        ]
        try:
            return np.concatenate(parts, axis), *new
        except ValueError:
            shapes = ", ".join(str(list(p.shape)) for p in parts)
            message = f"ConcatOp : Dimensions of inputs should match, but have the shapes {shapes}"
            raise InvalidArgumentError(None, None, message) from None

    def dtypes(self, concat_dim: Any, *others: Any) -> list[DType]:
        values = others[: len(others) // 3]
        first = values[0].dtype.base_dtype
        check_quantized("values", first)
        for value in values[1:]:
            if value.dtype.base_dtype is not first:
                names = ", ".join(v.dtype.base_dtype.name for v in values)
                message = f"Tensors in list passed to 'values' of 'QuantizedConcat' Op have types [{names}]"
                raise misuse(TypeError(message + " that don't all match."))
        return [first, dtypes.float32, dtypes.float32]

    def shape(
        self, concat_dim: Spec, values: Sequence[Spec], input_mins: Sequence[Spec], input_maxes: Sequence[Spec]
    ) -> list[TensorShape]:
        from flowlab._src.ops.joining import ConcatV2

        if len(values) < 2:
            raise ShapeError(f"List argument 'values' to 'QuantizedConcat' Op with length {len(values)} shorter than 2")
        for spec in (*input_mins, *input_maxes):
            spec.ranked(0)
        return [ConcatV2().shape(values, concat_dim), SCALAR, SCALAR]


class QuantizeAndDequantizeV2(Op):
    """Floats rounded to what so many bits can tell."""

    signed_input: bool = True
    num_bits: int = 8
    range_given: bool = False
    round_mode: str = "HALF_TO_EVEN"
    narrow_range: bool = False

    def __init__(self, *args: Any, **attrs: Any) -> None:
        super().__init__(*args, **attrs)
        check_choice(self.type, "round_mode", self.round_mode, ("HALF_TO_EVEN", "HALF_UP"))

    def kernel(self, input: Array[Floating], input_min: Array[Floating], input_max: Array[Floating]) -> Array[Floating]:
        check_scalars(input_min=input_min, input_max=input_max)
        half_to_even = self.round_mode == "HALF_TO_EVEN"
        return kernels.there_and_back(
            input, input_min[()], input_max[()], self.signed_input, self.num_bits, self.range_given, half_to_even,
            self.narrow_range,
        )  # fmt: skip

    def shape(self, input: Spec, input_min: Spec, input_max: Spec) -> TensorShape:
        input_min.ranked(0)
        input_max.ranked(0)
        return input.shape

    def grad(self, node: Operation, dy: Tensor) -> list[Tensor | None]:
        """As if nothing was rounded."""
        return [dy, None, None]


def check_scalars(**values: Any) -> None:
    """InvalidArgumentError for a range that is not a single number."""
    for name, value in values.items():
        if np.ndim(value):
            raise InvalidArgumentError(None, None, f"{name} must be a scalar, but has shape {list(np.shape(value))}")


# ---- fake quantization ---------------------------------------------------------------------------------------------


class FakeQuantization(Op, abstract=True):
    """Floats rounded to a grid of 2^num_bits points (one less with `narrow_range`)."""

    num_bits: int = 8
    narrow_range: bool = False

    def check_bits(self) -> None:
        """Refuse numbers of bits that TensorFlow's kernels refuse."""
        if not 2 <= self.num_bits <= 16:
            raise InvalidArgumentError(None, None, "num_bits must be between 2 and 16, inclusive")


class RangeOfAttributes(FakeQuantization, abstract=True):
    """The range is fixed when the graph is built."""

    min: float = -6.0
    max: float = 6.0

    def check_range(self) -> None:
        """Refuse an empty range."""
        self.check_bits()
        if self.min >= self.max:
            message = f"min has to be smaller than max, was: {self.min:g} >= {self.max:g}"
            raise InvalidArgumentError(None, None, message)


class FakeQuantWithMinMaxArgs(RangeOfAttributes):
    """Floats rounded to a grid over a fixed range."""

    def kernel(self, inputs: Array[np.float32]) -> Array[np.float32]:
        self.check_range()
        return kernels.fake_quantize(inputs, self.min, self.max, self.num_bits, self.narrow_range)

    def shape(self, inputs: Spec) -> TensorShape:
        return inputs.shape

    def grad(self, node: Operation, dy: Tensor) -> Tensor:
        """As if nothing was rounded; nothing outside of the range."""
        return raw.FakeQuantWithMinMaxArgsGradient(
            dy, node.inputs[0], min=self.min, max=self.max, num_bits=self.num_bits, narrow_range=self.narrow_range
        )


class FakeQuantWithMinMaxArgsGradient(RangeOfAttributes):
    """The gradient of FakeQuantWithMinMaxArgs."""

    grad = None

    def kernel(self, gradients: Array[np.float32], inputs: Array[np.float32]) -> Array[np.float32]:
        self.check_range()
        same_size(gradients, inputs)
        return kernels.fake_quantize_grads(gradients, inputs, self.min, self.max, self.num_bits, self.narrow_range)[0]

    def shape(self, gradients: Spec, inputs: Spec) -> TensorShape:
        return merged(gradients, inputs)


class FakeQuantWithMinMaxVars(FakeQuantization):
    """Floats rounded to a grid over a range that can be learned."""

    channels: ClassVar[bool] = False

    def kernel(self, inputs: Array[np.float32], min: Array[np.float32], max: Array[np.float32]) -> Array[np.float32]:
        self.check_bits()
        check_ends(self.channels, inputs, min=min, max=max)
        return kernels.fake_quantize(inputs, min, max, self.num_bits, self.narrow_range)

    def shape(self, inputs: Spec, min: Spec, max: Spec) -> TensorShape:
        min.ranked(0)
        max.ranked(0)
        return inputs.shape

    def grad(self, node: Operation, dy: Tensor) -> list[Tensor]:
        """As if nothing was rounded; what was cut off goes to the two ends of the range."""
        gradient = (
            raw.FakeQuantWithMinMaxVarsPerChannelGradient if self.channels else raw.FakeQuantWithMinMaxVarsGradient
        )
        result: list[Tensor] = gradient(dy, *node.inputs, num_bits=self.num_bits, narrow_range=self.narrow_range)
        return result


class FakeQuantWithMinMaxVarsGradient(FakeQuantization):
    """The gradient of FakeQuantWithMinMaxVars: for the input, and for both ends of the range."""

    grad = None

    channels: ClassVar[bool] = False

    def kernel(
        self, gradients: Array[np.float32], inputs: Array[np.float32], min: Array[np.float32], max: Array[np.float32]
    ) -> tuple[Array[np.float32], Array[np.float32], Array[np.float32]]:
        self.check_bits()
        same_size(gradients, inputs)
        check_ends(self.channels, inputs, min=min, max=max)
        inside, below, above = kernels.fake_quantize_grads(
            gradients, inputs, min, max, self.num_bits, self.narrow_range
        )
        axes = tuple(range(inputs.ndim - 1 if self.channels else inputs.ndim))
        return inside, below.sum(axes, dtype=np.float32), above.sum(axes, dtype=np.float32)

    def shape(self, gradients: Spec, inputs: Spec, min: Spec, max: Spec) -> list[TensorShape]:
        min.ranked(0)
        max.ranked(0)
        return [merged(gradients, inputs), SCALAR, SCALAR]


class FakeQuantWithMinMaxVarsPerChannel(FakeQuantWithMinMaxVars):
    """Floats rounded to a grid, each channel with a range of its own."""

    channels = True

    def shape(self, inputs: Spec, min: Spec, max: Spec) -> TensorShape:
        per_channel(inputs.shape, min, max)
        return inputs.shape


class FakeQuantWithMinMaxVarsPerChannelGradient(FakeQuantWithMinMaxVarsGradient):
    """The gradient of FakeQuantWithMinMaxVarsPerChannel."""

    channels = True
    grad = None

    def shape(self, gradients: Spec, inputs: Spec, min: Spec, max: Spec) -> list[TensorShape]:
        shape = merged(gradients, inputs)
        ends = per_channel(shape, min, max)
        return [shape, ends, ends]


def same_size(gradients: Any, inputs: Any) -> None:
    """InvalidArgumentError for a gradient of another size."""
    if gradients.shape != inputs.shape:
        raise InvalidArgumentError(None, None, "gradient and input must be the same size")


def check_ends(channels: bool, inputs: Any, **ends: Any) -> None:
    """InvalidArgumentError for a range of the wrong shape."""
    if not channels:
        check_scalars(**ends)
        return
    if inputs.ndim == 0:
        raise InvalidArgumentError(None, None, "inputs must be at least rank 1, got a scalar")
    for name, value in ends.items():
        if value.shape != inputs.shape[-1:]:
            message = f"{name} has incorrect size, expected {inputs.shape[-1]} was {value.size}"
            raise InvalidArgumentError(None, None, message)


def merged(gradients: Spec, inputs: Spec) -> TensorShape:
    """The shape of a gradient and its input, which are alike."""
    return gradients.shape.merge_with(inputs.shape)


def per_channel(shape: TensorShape, low: Spec, high: Spec) -> TensorShape:
    """The shape of the ranges: one number for each channel."""
    if shape._dims is not None and not shape._dims:
        raise ShapeError("Shape must be at least rank 1 but is rank 0")
    count = None if shape._dims is None else shape._dims[-1]
    for (size,) in (low.ranked(1), high.ranked(1)):
        if size is not None and count is not None and size != count:
            raise ShapeError(f"Dimensions must be equal, but are {count} and {size}")
        count = size if count is None else count
    return TensorShape.of((count,))


# ---- the functions -------------------------------------------------------------------------------------------------


class Quantized(NamedTuple):
    """A quantized tensor and the range that its integers stand for."""

    output: Tensor
    output_min: Tensor
    output_max: Tensor


@export("quantize", "quantization.quantize")
def quantize(
    input: Any,
    min_range: Any,
    max_range: Any,
    T: Any,
    mode: str = "MIN_COMBINED",
    round_mode: str = "HALF_AWAY_FROM_ZERO",
    name: str | None = None,
) -> Quantized:
    """Turn floats to small integers that stand for them.

    Parameters
    ----------
    input : float32 Tensor
    min_range, max_range : float32 scalar Tensor
        What the smallest and the largest integer stand for. Values outside become these.
    T : {tf.qint8, tf.quint8, tf.qint16, tf.quint16, tf.qint32}
    mode : {"MIN_COMBINED", "MIN_FIRST", "SCALED"}
        "MIN_COMBINED": integers from end to end of the range. "MIN_FIRST": so that 0.0 is met exactly. "SCALED": one
        factor and no shift.
    round_mode : {"HALF_AWAY_FROM_ZERO", "HALF_TO_EVEN"}
        The second for "SCALED" only.
    name : str, optional

    Returns
    -------
    output : Tensor of type `T`, shape of `input`
    output_min, output_max : float32 scalar Tensor
        The range that was used: it holds 0, and is at least a hundredth wide.

    Raises
    ------
    InvalidArgumentError
        When run with `max_range` below `min_range`.

    Examples
    --------
    >>> q, low, high = tf.quantize([0.0, 1.0, 2.5], 0.0, 3.0, tf.quint8)
    >>> with tf.Session() as sess:
    ...     sess.run(q), sess.run(tf.dequantize(q, low, high)).round(3)
    (array([  0,  85, 213], dtype=uint8), array([0.   , 1.   , 2.506], dtype=float32))
    """
    return quantize_v2(input, min_range, max_range, T, mode, name, round_mode)


@export("quantize_v2")
def quantize_v2(
    input: Any,
    min_range: Any,
    max_range: Any,
    T: Any,
    mode: str = "MIN_COMBINED",
    name: str | None = None,
    round_mode: str = "HALF_AWAY_FROM_ZERO",
) -> Quantized:
    """`tf.quantize` with the arguments in an older order."""
    op = QuantizeV2(T=as_dtype(T), mode=mode, round_mode=round_mode)
    return Quantized(*op(input, min_range, max_range, name=name))


@export("dequantize", "quantization.dequantize")
def dequantize(
    input: Any, min_range: Any, max_range: Any, mode: str = "MIN_COMBINED", name: str | None = None
) -> Tensor:
    """Turn quantized numbers back to floats.

    Parameters
    ----------
    input : Tensor of a quantized type
    min_range, max_range : float32 scalar Tensor
        As `tf.quantize` returned them.
    mode : {"MIN_COMBINED", "MIN_FIRST", "SCALED"}
        As it was quantized.

    Returns
    -------
    float32 Tensor, shape of `input`
    """
    result: Tensor = Dequantize(mode=mode)(input, min_range, max_range, name=name)
    return result


@export("quantized_concat", "quantization.quantized_concat")
def quantized_concat(
    concat_dim: Any, values: Any, input_mins: Any, input_maxes: Any, name: str | None = None
) -> Quantized:
    """Join quantized tensors along an axis; the result has a range that holds theirs.

    Parameters
    ----------
    concat_dim : int
    values : list of Tensor of one quantized type
    input_mins, input_maxes : list of float32 scalar Tensor
        Their ranges.
    """
    return Quantized(*QuantizedConcat()(concat_dim, values, input_mins, input_maxes, name=name))


@export("quantization.quantize_and_dequantize")
def quantize_and_dequantize(
    input: Any,
    input_min: Any,
    input_max: Any,
    signed_input: bool = True,
    num_bits: int = 8,
    range_given: bool = False,
    round_mode: str = "HALF_TO_EVEN",
    name: str | None = None,
    narrow_range: bool = False,
) -> Tensor:
    """Round floats to what `num_bits` can tell, as if they had been quantized and turned back.

    Parameters
    ----------
    input : Tensor of float16, float32 or float64
    input_min, input_max : scalar Tensor
        The range; used with `range_given` only, else it is that of the values.
    signed_input : bool
        Negative integers too.
    num_bits : int
    round_mode : {"HALF_TO_EVEN", "HALF_UP"}
    narrow_range : bool
        Leave out the smallest integer, so that there are as many on both sides of 0.

    Returns
    -------
    Tensor, shape and dtype of `input`

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.quantization.quantize_and_dequantize([0.1, 0.34, 1.0], 0.0, 1.0, num_bits=3, range_given=True))
    array([0.       , 0.3333333, 1.       ], dtype=float32)
    """
    op = QuantizeAndDequantizeV2(signed_input, num_bits, range_given, round_mode, narrow_range)
    result: Tensor = op(input, input_min, input_max, name=name)
    return result


@export("fake_quant_with_min_max_args", "quantization.fake_quant_with_min_max_args")
def fake_quant_with_min_max_args(
    inputs: Any, min: float = -6, max: float = 6, num_bits: int = 8, narrow_range: bool = False, name: str | None = None
) -> Tensor:
    """Round floats to a grid over a fixed range, to train a net for being quantized later.

    The gradient is that of clipping: as if nothing was rounded, and 0 outside of the range.

    Parameters
    ----------
    inputs : float32 Tensor
    min, max : float
        The ends of the grid; both are shifted a little so that 0.0 lies on it.
    num_bits : int
        From 2 to 16; the grid has 2^num_bits points.
    narrow_range : bool
        One point less.

    Returns
    -------
    float32 Tensor, shape of `inputs`

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.fake_quant_with_min_max_args([-9.0, 0.3, 0.6], min=-1.0, max=2.0, num_bits=2))
    array([-1.,  0.,  1.], dtype=float32)
    """
    op = FakeQuantWithMinMaxArgs(min=min, max=max, num_bits=num_bits, narrow_range=narrow_range)
    result: Tensor = op(inputs, name=name)
    return result


@export("fake_quant_with_min_max_args_gradient", "quantization.fake_quant_with_min_max_args_gradient")
def fake_quant_with_min_max_args_gradient(
    gradients: Any,
    inputs: Any,
    min: float = -6,
    max: float = 6,
    num_bits: int = 8,
    narrow_range: bool = False,
    name: str | None = None,
) -> Tensor:
    """Return the gradient of `tf.fake_quant_with_min_max_args`: that of the output, where the input was in the range."""
    op = FakeQuantWithMinMaxArgsGradient(min=min, max=max, num_bits=num_bits, narrow_range=narrow_range)
    result: Tensor = op(gradients, inputs, name=name)
    return result


@export("fake_quant_with_min_max_vars", "quantization.fake_quant_with_min_max_vars")
def fake_quant_with_min_max_vars(
    inputs: Any, min: Any, max: Any, num_bits: int = 8, narrow_range: bool = False, name: str | None = None
) -> Tensor:
    """Round floats to a grid whose ends are tensors, so that they can be learned; see `tf.fake_quant_with_min_max_args`."""
    op = FakeQuantWithMinMaxVars(num_bits=num_bits, narrow_range=narrow_range)
    result: Tensor = op(inputs, min, max, name=name)
    return result


@export("fake_quant_with_min_max_vars_gradient", "quantization.fake_quant_with_min_max_vars_gradient")
def fake_quant_with_min_max_vars_gradient(
    gradients: Any,
    inputs: Any,
    min: Any,
    max: Any,
    num_bits: int = 8,
    narrow_range: bool = False,
    name: str | None = None,
) -> list[Tensor]:
    """Return the gradients of `tf.fake_quant_with_min_max_vars`: for the inputs, for `min`, for `max`."""
    op = FakeQuantWithMinMaxVarsGradient(num_bits=num_bits, narrow_range=narrow_range)
    result: list[Tensor] = op(gradients, inputs, min, max, name=name)
    return result


@export("fake_quant_with_min_max_vars_per_channel", "quantization.fake_quant_with_min_max_vars_per_channel")
def fake_quant_with_min_max_vars_per_channel(
    inputs: Any, min: Any, max: Any, num_bits: int = 8, narrow_range: bool = False, name: str | None = None
) -> Tensor:
    """Round floats to a grid for each channel, the last axis; `min` and `max` are vectors, one number for each."""
    op = FakeQuantWithMinMaxVarsPerChannel(num_bits=num_bits, narrow_range=narrow_range)
    result: Tensor = op(inputs, min, max, name=name)
    return result


@export(
    "fake_quant_with_min_max_vars_per_channel_gradient",
    "quantization.fake_quant_with_min_max_vars_per_channel_gradient",
)
def fake_quant_with_min_max_vars_per_channel_gradient(
    gradients: Any,
    inputs: Any,
    min: Any,
    max: Any,
    num_bits: int = 8,
    narrow_range: bool = False,
    name: str | None = None,
) -> list[Tensor]:
    """Return the gradients of `tf.fake_quant_with_min_max_vars_per_channel`: for the inputs, for `min`, for `max`."""
    op = FakeQuantWithMinMaxVarsPerChannelGradient(num_bits=num_bits, narrow_range=narrow_range)
    result: list[Tensor] = op(gradients, inputs, min, max, name=name)
    return result

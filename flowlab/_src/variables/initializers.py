"""Initializers: objects that give a new variable its first value, from its shape and dtype."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_float, as_text
from flowlab._src.graph.dtypes import DType, as_dtype
from flowlab._src.graph.registry import raw
from flowlab._src.graph.shape import as_shape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.constant import constant
from flowlab._src.ops.diagonals import eye
from flowlab._src.ops.fill import ones, zeros
from flowlab._src.ops.random import random_normal, random_uniform, truncated_normal
from flowlab._src.ops.reshaping import reshape
from flowlab._src.ops.transposing import matrix_transpose
from flowlab._src.util.export import export


class Initializer:
    """Called with a shape, gives the initial value of a variable of that shape."""

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        """Return a tensor of the given shape (list of int) and dtype."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """Return the arguments as a dict."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        """Make an initializer of what `get_config` gave."""
        if not isinstance(config, dict):
            raise TypeError(f"config must be a dictionary, not {type(config)}")
        return cls(**config)


def _whole(shape: Any, partition_info: Any) -> list[Any]:
    """The shape of the whole variable, of which `shape` may be a part."""
    return list(partition_info.full_shape) if partition_info is not None else as_shape(shape).as_list()


@export("zeros_initializer", "initializers.zeros")
class Zeros(Initializer):
    """Fill with zeros.

    Examples
    --------
    >>> b = tf.get_variable("b", [3], initializer=tf.zeros_initializer())
    """

    def __init__(self, dtype: Any = dtypes.float32) -> None:
        self.dtype = as_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        return zeros(shape, self.dtype if dtype is None else dtype)

    def get_config(self) -> dict[str, Any]:
        return {"dtype": self.dtype.name}


@export("ones_initializer", "initializers.ones")
class Ones(Initializer):
    """Fill with ones."""

    def __init__(self, dtype: Any = dtypes.float32) -> None:
        self.dtype = as_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        return ones(shape, self.dtype if dtype is None else dtype)

    def get_config(self) -> dict[str, Any]:
        return {"dtype": self.dtype.name}


@export("constant_initializer", "initializers.constant")
class Constant(Initializer):
    """Fill with a number, or with the numbers of a list or array of as many elements.

    Parameters
    ----------
    value : number, list or array
    dtype : DType
    verify_shape : bool
        If True, `value` must have exactly the variable's shape.
    """

    def __init__(self, value: Any = 0, dtype: Any = dtypes.float32, verify_shape: bool = False) -> None:
        if not (np.isscalar(value) or isinstance(value, (list, tuple, np.ndarray))):
            raise TypeError(
                f"Invalid type for initial value: {type(value)} (expected Python scalar, list or tuple of values, or numpy.ndarray)."
            )
        self.value = value
        self.dtype = as_dtype(dtype)
        self._verify_shape = verify_shape

    def __call__(
        self, shape: Any, dtype: Any = None, partition_info: Any = None, verify_shape: bool | None = None
    ) -> Tensor:
        check = self._verify_shape if verify_shape is None else verify_shape
        return constant(self.value, dtype=self.dtype if dtype is None else dtype, shape=shape, verify_shape=check)

    def get_config(self) -> dict[str, Any]:
        return {"value": self.value, "dtype": self.dtype.name}


@export("random_uniform_initializer", "initializers.random_uniform")
class RandomUniform(Initializer):
    """Draw from the uniform distribution over [minval, maxval).

    Parameters
    ----------
    minval, maxval : float
    seed : int, optional
    dtype : DType
    """

    def __init__(
        self, minval: Any = 0.0, maxval: Any = None, seed: int | None = None, dtype: Any = dtypes.float32
    ) -> None:
        self.minval = minval
        self.maxval = maxval
        self.seed = seed
        self.dtype = as_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        return random_uniform(shape, self.minval, self.maxval, self.dtype if dtype is None else dtype, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        return {"minval": self.minval, "maxval": self.maxval, "seed": self.seed, "dtype": self.dtype.name}


class _Normal(Initializer):
    """Draw around a mean with a standard deviation."""

    def __init__(
        self, mean: Any = 0.0, stddev: Any = 1.0, seed: int | None = None, dtype: Any = dtypes.float32
    ) -> None:
        self.mean = mean
        self.stddev = stddev
        self.seed = seed
        self.dtype = _float_dtype(dtype)

    def get_config(self) -> dict[str, Any]:
        return {"mean": self.mean, "stddev": self.stddev, "seed": self.seed, "dtype": self.dtype.name}


@export("random_normal_initializer", "initializers.random_normal")
class RandomNormal(_Normal):
    """Draw from the normal distribution.

    Parameters
    ----------
    mean, stddev : float
    seed : int, optional
    dtype : DType
    """

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        return random_normal(shape, self.mean, self.stddev, self.dtype if dtype is None else dtype, seed=self.seed)


@export("truncated_normal_initializer", "initializers.truncated_normal")
class TruncatedNormal(_Normal):
    """Draw from the normal distribution, without values farther than two standard deviations from the mean.

    Parameters
    ----------
    mean, stddev : float
    seed : int, optional
    dtype : DType
    """

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        return truncated_normal(shape, self.mean, self.stddev, self.dtype if dtype is None else dtype, seed=self.seed)


@export("uniform_unit_scaling_initializer", "initializers.uniform_unit_scaling")
class UniformUnitScaling(Initializer):
    """Draw uniformly from [-sqrt(3 / n), sqrt(3 / n)) times `factor`, n inputs: keeps the scale of the signal.

    References
    ----------
    Sussillo and Abbott, "Random walk initialization for training very deep feedforward networks" (2014).
    """

    def __init__(self, factor: float = 1.0, seed: int | None = None, dtype: Any = dtypes.float32) -> None:
        self.factor = factor
        self.seed = seed
        self.dtype = _float_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        inputs = 1.0
        for size in _whole(shape, partition_info)[:-1]:
            inputs *= float(size)
        bound = math.sqrt(3 / max(inputs, 1.0)) * self.factor
        return random_uniform(shape, -bound, bound, self.dtype if dtype is None else dtype, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        return {"factor": self.factor, "seed": self.seed, "dtype": self.dtype.name}


@export("variance_scaling_initializer", "initializers.variance_scaling")
class VarianceScaling(Initializer):
    """Draw with variance scale / n, where n counts inputs, outputs or their mean.

    Parameters
    ----------
    scale : float
    mode : {"fan_in", "fan_out", "fan_avg"}
        What n counts. For a convolution filter each is multiplied by the filter's area.
    distribution : {"truncated_normal", "untruncated_normal", "uniform"}
        "normal" is an old name of the first.
    seed : int, optional
    dtype : DType

    References
    ----------
    He et al., "Delving deep into rectifiers" (2015).
    """

    def __init__(
        self, scale: float = 1.0, mode: str = "fan_in", distribution: str = "truncated_normal", seed: int | None = None,
        dtype: Any = dtypes.float32,
    ) -> None:  # fmt: skip
        mode, distribution = as_text(mode, "mode"), as_text(distribution, "distribution")
        if as_float(scale, "scale") <= 0.0:
            raise ValueError("`scale` must be positive float.")
        if mode not in {"fan_in", "fan_out", "fan_avg"}:
            raise ValueError(f"Invalid `mode` argument: {mode}")
        if distribution.lower() not in {"normal", "uniform", "truncated_normal", "untruncated_normal"}:
            raise ValueError(f"Invalid `distribution` argument: {distribution.lower()}")
        self.scale = scale
        self.mode = mode
        self.distribution = distribution.lower()
        self.seed = seed
        self.dtype = _float_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        dtype = self.dtype if dtype is None else dtype
        inputs, outputs = fans(_whole(shape, partition_info))
        n = {"fan_in": inputs, "fan_out": outputs, "fan_avg": (inputs + outputs) / 2.0}[self.mode]
        scale = self.scale / max(1.0, n)
        if self.distribution in ("normal", "truncated_normal"):
            # Cutting the tails makes the spread smaller: the divisor is the standard deviation of what is left.
            return truncated_normal(shape, 0.0, math.sqrt(scale) / 0.87962566103423978, dtype, seed=self.seed)
        if self.distribution == "untruncated_normal":
            return random_normal(shape, 0.0, math.sqrt(scale), dtype, seed=self.seed)
        limit = math.sqrt(3.0 * scale)
        return random_uniform(shape, -limit, limit, dtype, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        return {
            "scale": self.scale, "mode": self.mode, "distribution": self.distribution, "seed": self.seed, "dtype": self.dtype.name,
        }  # fmt: skip


def fans(shape: Sequence[int]) -> tuple[float, float]:
    """Number of inputs and outputs of a unit, from the shape of a weight matrix or convolution filter."""
    if len(shape) < 1:
        return 1, 1
    if len(shape) == 1:
        return shape[0], shape[0]
    area = math.prod(shape[:-2])
    return shape[-2] * area, shape[-1] * area


@export("glorot_uniform_initializer", "initializers.glorot_uniform")
class GlorotUniform(VarianceScaling):
    """Draw uniformly with variance 2 / (inputs + outputs): the default of `tf.get_variable`.

    References
    ----------
    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks" (2010).
    """

    def __init__(self, seed: int | None = None, dtype: Any = dtypes.float32) -> None:
        super().__init__(scale=1.0, mode="fan_avg", distribution="uniform", seed=seed, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed, "dtype": self.dtype.name}


@export("glorot_normal_initializer", "initializers.glorot_normal")
class GlorotNormal(VarianceScaling):
    """Draw from a truncated normal distribution with variance 2 / (inputs + outputs)."""

    def __init__(self, seed: int | None = None, dtype: Any = dtypes.float32) -> None:
        super().__init__(scale=1.0, mode="fan_avg", distribution="truncated_normal", seed=seed, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed, "dtype": self.dtype.name}


@export("initializers.lecun_normal")
def lecun_normal(seed: int | None = None) -> VarianceScaling:
    """Truncated normal with variance 1 / inputs."""
    return VarianceScaling(scale=1.0, mode="fan_in", distribution="truncated_normal", seed=seed)


@export("initializers.lecun_uniform")
def lecun_uniform(seed: int | None = None) -> VarianceScaling:
    """Uniform with variance 1 / inputs."""
    return VarianceScaling(scale=1.0, mode="fan_in", distribution="uniform", seed=seed)


@export("initializers.he_normal")
def he_normal(seed: int | None = None) -> VarianceScaling:
    """Truncated normal with variance 2 / inputs: for layers with relu."""
    return VarianceScaling(scale=2.0, mode="fan_in", distribution="truncated_normal", seed=seed)


@export("initializers.he_uniform")
def he_uniform(seed: int | None = None) -> VarianceScaling:
    """Uniform with variance 2 / inputs: for layers with relu."""
    return VarianceScaling(scale=2.0, mode="fan_in", distribution="uniform", seed=seed)


@export("orthogonal_initializer", "initializers.orthogonal")
class Orthogonal(Initializer):
    """A matrix with orthogonal rows or columns: the Q of the QR decomposition of random normal numbers.

    Parameters
    ----------
    gain : float
        Factor on the result.
    seed : int, optional
    dtype : DType

    References
    ----------
    Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks" (2014).
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None, dtype: Any = dtypes.float32) -> None:
        self.gain = gain
        self.seed = seed
        self.dtype = _float_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        dtype = self.dtype if dtype is None else as_dtype(dtype)
        sizes: list[Any] = as_shape(shape).as_list()
        if len(sizes) < 2:
            raise ValueError("The tensor to initialize must be at least two-dimensional")
        rows, columns = math.prod(sizes[:-1]), sizes[-1]
        flat = (max(columns, rows), min(columns, rows))
        q, r = raw.Qr(random_normal(flat, dtype=dtype, seed=self.seed), full_matrices=False)
        # QR leaves the signs open; fixing them by R's diagonal makes the result uniformly distributed.
        q *= raw.Sign(raw.DiagPart(r))
        if rows < columns:
            q = matrix_transpose(q)
        return self.gain * reshape(q, shape)

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain, "seed": self.seed, "dtype": self.dtype.name}


@export("initializers.identity")
class Identity(Initializer):
    """The identity matrix times `gain`."""

    def __init__(self, gain: float = 1.0, dtype: Any = dtypes.float32) -> None:
        self.gain = gain
        self.dtype = _float_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        whole = _whole(shape, partition_info)
        if len(whole) != 2:
            raise ValueError("Identity matrix initializer can only be used for 2D matrices.")
        result = eye(whole[0], whole[1], dtype=self.dtype if dtype is None else dtype)
        if partition_info is not None:
            result = raw.Slice(result, partition_info.var_offset, list(shape))
        return self.gain * result

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain, "dtype": self.dtype.name}


def _float_dtype(dtype: Any) -> DType:
    dtype = as_dtype(dtype)
    if not dtype.is_floating:
        raise ValueError(f"Expected floating point type, got {dtype}.")
    return dtype

"""Pooling layers: the largest or the mean number of each window."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.shape import as_shape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.keras.engine.base_layer import Layer
from flowlab._src.keras.engine.input_spec import InputSpec
from flowlab._src.keras.layers.windows import (
    conv_output_length,
    convert_data_format,
    normalize_data_format,
    normalize_padding,
    normalize_tuple,
)
from flowlab._src.ops import nn_pool
from flowlab._src.ops.reshaping import expand_dims, squeeze
from flowlab._src.ops.transposing import transpose


def pool_op(kind: str, rank: int) -> Any:
    """The operation that pools images or volumes."""
    if rank == 2:
        return nn_pool.max_pool if kind == "max" else nn_pool.avg_pool
    from flowlab._src.ops.nn_pool3d import avg_pool3d, max_pool3d

    return max_pool3d if kind == "max" else avg_pool3d


class Pooling(Layer):
    """What pooling layers share.

    Parameters
    ----------
    pool_size : int or sequence of int
        Size of the window.
    strides : int or sequence of int, optional
        Distance of the windows; their size if not given.
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}, optional
    """

    rank = 2
    kind = "max"

    def __init__(
        self,
        pool_size: Any = 2,
        strides: Any = None,
        padding: str = "valid",
        data_format: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        strides = pool_size if strides is None else strides
        self.pool_size = normalize_tuple(pool_size, self.rank, "pool_size")
        self.strides = normalize_tuple(strides, self.rank, "strides")
        self.padding = normalize_padding(padding)
        self.data_format = normalize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _whole(self, values: tuple[int, ...]) -> tuple[int, ...]:
        """Numbers for all axes, from those for the axes of the image."""
        return (1, *values, 1) if self.data_format == "channels_last" else (1, 1, *values)

    def call(self, inputs: Any) -> Tensor:
        return pool_op(self.kind, self.rank)(
            inputs,
            ksize=self._whole(self.pool_size),
            strides=self._whole(self.strides),
            padding=self.padding.upper(),
            data_format=convert_data_format(self.data_format, self.rank + 2),
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        sizes = as_shape(input_shape).with_rank(self.rank + 2).as_list()
        first = 1 if self.data_format == "channels_last" else 2
        for i, (window, stride) in enumerate(zip(self.pool_size, self.strides, strict=True)):
            sizes[first + i] = conv_output_length(sizes[first + i], window, self.padding, stride)
        return as_shape(sizes)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "padding": self.padding,
            "strides": self.strides,
            "data_format": self.data_format,
        }


class Pooling1D(Pooling):
    """Pooling of sequences: as an image of width 1."""

    rank = 1

    def __init__(
        self,
        pool_size: Any = 2,
        strides: Any = None,
        padding: str = "valid",
        data_format: Any = "channels_last",
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)

    def call(self, inputs: Any) -> Tensor:
        first = self.data_format == "channels_first"
        axis = 3 if first else 2
        image = expand_dims(inputs, axis)
        # On processors TensorFlow pools images with the channels at the end only.
        image = transpose(image, (0, 2, 3, 1)) if first else image
        pooled = pool_op(self.kind, 2)(
            image,
            (1, *self.pool_size, 1, 1),
            (1, *self.strides, 1, 1),
            padding=self.padding.upper(),
            data_format="NHWC",
        )
        pooled = transpose(pooled, (0, 3, 1, 2)) if first else pooled
        return squeeze(pooled, axis)


class MaxPooling1D(Pooling1D):
    """The largest number of each window of a sequence."""


class AveragePooling1D(Pooling1D):
    """The mean of each window of a sequence."""

    kind = "average"


class MaxPooling2D(Pooling):
    """The largest number of each window of an image, channel by channel."""


class AveragePooling2D(Pooling):
    """The mean of each window of an image, channel by channel."""

    kind = "average"


class Pooling3D(Pooling):
    """Pooling of volumes: always with the channels at the end, where the operations have them."""

    rank = 3

    def call(self, inputs: Any) -> Tensor:
        first = self.data_format == "channels_first"
        inputs = transpose(inputs, (0, 2, 3, 4, 1)) if first else inputs
        pooled = pool_op(self.kind, 3)(
            inputs, (1, *self.pool_size, 1), strides=(1, *self.strides, 1), padding=self.padding.upper()
        )
        return transpose(pooled, (0, 4, 1, 2, 3)) if first else pooled


class MaxPooling3D(Pooling3D):
    """The largest number of each window of a volume, channel by channel."""


class AveragePooling3D(Pooling3D):
    """The mean of each window of a volume, channel by channel."""

    kind = "average"

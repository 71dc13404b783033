"""Fractional pooling: windows of two sizes at random, so that images shrink by a factor that is no whole number.

Graham, "Fractional max-pooling", 2015. The sequences of windows are TensorFlow's for the same seeds.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple, TypeVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError, UnimplementedError
from flowlab._src.graph.op import Array, Op, Spec
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.registry import raw
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels.random import Philox, uniform_float64
from flowlab._src.ops.misuse import misuse
from flowlab._src.util.export import export

Pooled = TypeVar("Pooled", np.float32, np.float64, np.int32, np.int64)


def window_starts(size: int, count: int, generator: Philox, pseudo_random: bool) -> list[int]:
    """Where the `count` windows over `size` pixels start, and the end of the last: steps of two neighbouring sizes."""
    small, extra = divmod(size, count)
    if not extra:
        return [small * i for i in range(count + 1)]
    if pseudo_random:
        ratio = size / count
        most = min((small + 2) / ratio - 1, (size + 1 - small) / ratio - (count - 1))
        words = generator.blocks(generator.reserve(1), np.arange(1))
        u = float(uniform_float64(words)[0, 0]) * most
        return [0, *(math.ceil(ratio * (i + u)) - 1 for i in range(1, count)), size]
    steps = [small + 1] * extra + [small] * (count - extra)
    blocks = -(-count // 4)
    words = generator.blocks(generator.reserve(blocks), np.arange(blocks)).reshape(-1)
    for i in range(count - 1):
        j = i + int(words[i]) % (count - i)
        steps[i], steps[j] = steps[j], steps[i]
    return [0, *np.cumsum(steps).tolist()]


def windows(rows: Any, columns: Any, overlapping: bool) -> Iterator[tuple[int, int, slice, slice]]:
    """The places of the result with the rows and columns of their window; overlapping ones share their edge."""
    more = int(overlapping)
    for i in range(len(rows) - 1):
        for j in range(len(columns) - 1):
            yield i, j, slice(rows[i], rows[i + 1] + more), slice(columns[j], columns[j + 1] + more)


class FractionalPool(Op, abstract=True):
    """One number for each window, and the edges of the windows."""

    pooling_ratio: Any
    pseudo_random: bool = False
    overlapping: bool = False
    deterministic: bool = False
    seed: int = 0
    seed2: int = 0

    stateful = True  # other windows in each run, unless it is deterministic
    kind: ClassVar[str] = ""

    def __init__(self, *args: Any, **attrs: Any) -> None:
        super().__init__(*args, **attrs)
        try:
            ratio = tuple(float(r) for r in self.pooling_ratio)
        except (TypeError, ValueError):
            message = f"Expected list of float for argument 'pooling_ratio', got {self.pooling_ratio!r}"
            raise misuse(TypeError(message)) from None
        if len(ratio) < 4:
            message = (
                f"Attr 'pooling_ratio' of '{self.type}' Op passed list of length {len(ratio)} less than minimum 4."
            )
            raise misuse(ValueError(message), fix="one ratio for each axis: [1, rows, columns, 1]")
        self.__dict__["pooling_ratio"] = ratio

    def pool(self, values: np.ndarray) -> np.ndarray:
        """Reduce the window, axes 1 and 2, to one number."""
        raise NotImplementedError

    def kernel(self, run: Any, value: Array[Pooled]) -> tuple[Array[Pooled], Array[np.int64], Array[np.int64]]:
        if value.ndim != 4:
            raise InvalidArgumentError(None, None, "value must be 4-dimensional")
        ratio = self.pooling_ratio
        if ratio[0] != 1 or ratio[3] != 1:
            message = f"Fractional {self.kind} pooling is not yet supported on the batch nor channel dimension."
            raise UnimplementedError(None, None, message)
        if not self.deterministic and (self.seed or self.seed2):
            raise InvalidArgumentError(None, None, "Both seed and seed2 should be 0 if deterministic is false.")
        counts = [math.floor(size / r) for size, r in zip(value.shape, ratio, strict=True)]
        for axis in (1, 2):
            if counts[axis] < 1:
                message = f"value has {value.shape[axis]} pixels along axis {axis}: too few for the pooling ratio {ratio[axis]}"
                raise InvalidArgumentError(None, None, message)
        generator = self.generator(run)
        rows = window_starts(value.shape[1], counts[1], generator, self.pseudo_random)
        columns = window_starts(value.shape[2], counts[2], generator, self.pseudo_random)
        result = np.empty((value.shape[0], counts[1], counts[2], value.shape[3]), value.dtype)
        for i, j, down, across in windows(rows, columns, self.overlapping):
            result[:, i, j] = self.pool(value[:, down, across])
        return result, np.array(rows, np.int64), np.array(columns, np.int64)

    def generator(self, run: Any) -> Philox:
        """Begins anew in each run if it is deterministic: always the same windows."""
        if self.deterministic and not (self.seed or self.seed2):
            seeds: Any = run.state.resource(
                ("seeds", run.node.name), lambda: np.random.default_rng().integers(1, 2**62, 2)
            )
            return Philox(int(seeds[0]), int(seeds[1]))
        return Philox(self.seed, self.seed2)

    def shape(self, value: Spec) -> list[TensorShape]:
        dims = value.ranked(4)
        for r in self.pooling_ratio:
            if not r >= 1:
                raise ShapeError(f"pooling_ratio cannot be smaller than 1, got: {r:g}")
        counts = [None if d is None else math.floor(d / r) for d, r in zip(dims, self.pooling_ratio, strict=False)]
        edges = [TensorShape.of((None if count is None else count + 1,)) for count in counts[1:3]]
        return [TensorShape.of(tuple(counts)), *edges]


class FractionalMaxPool(FractionalPool):
    """The largest number of each window."""

    kind = "max"

    def pool(self, values: np.ndarray) -> np.ndarray:
        result: np.ndarray = values.max(axis=(1, 2))
        return result

    def grad(self, node: Operation, dy: Tensor, *_: Any) -> Tensor:
        """To the largest pixel of each window."""
        return raw.FractionalMaxPoolGrad(
            node.inputs[0], node.outputs[0], dy, node.outputs[1], node.outputs[2], overlapping=self.overlapping
        )


class FractionalAvgPool(FractionalPool):
    """The average of each window."""

    kind = "average"

    def pool(self, values: np.ndarray) -> np.ndarray:
        total = values.sum(axis=(1, 2), dtype=np.float64 if values.dtype.kind == "f" else values.dtype)
        count = values.shape[1] * values.shape[2]
        result: np.ndarray = (total / count if values.dtype.kind == "f" else total // count).astype(values.dtype)
        return result

    def grad(self, node: Operation, dy: Tensor, *_: Any) -> Tensor:
        """In equal shares to the pixels of the window."""
        return raw.FractionalAvgPoolGrad(
            node.inputs[0].shape, dy, node.outputs[1], node.outputs[2], overlapping=self.overlapping
        )


def checked_edges(edges: Any, size: int, count: int) -> list[int]:
    """The edges of the windows; InvalidArgumentError unless they rise from 0 to the size."""
    if edges.ndim != 1 or edges.size != count + 1:
        raise InvalidArgumentError(None, None, f"{count} windows have {count + 1} edges, got shape {list(edges.shape)}")
    values: list[int] = edges.tolist()
    if values[0] < 0 or values[-1] > size or any(a >= b for a, b in itertools.pairwise(values)):
        raise InvalidArgumentError(None, None, f"the edges of windows must rise from 0 to {size}, got {values}")
    return values


class FractionalMaxPoolGrad(Op):
    """Each gradient to the largest pixel of its window, the first of equal ones."""

    overlapping: bool = False

    def kernel(
        self,
        orig_input: Array[Pooled],
        orig_output: Array[Pooled],
        out_backprop: Array[Pooled],
        row_pooling_sequence: Array[np.int64],
        col_pooling_sequence: Array[np.int64],
    ) -> Array[Pooled]:
        if orig_input.ndim != 4 or orig_output.ndim != 4 or out_backprop.shape != orig_output.shape:
            raise InvalidArgumentError(
                None, None, "orig_input, orig_output and out_backprop must be 4-dimensional and fit"
            )
        rows = checked_edges(row_pooling_sequence, orig_input.shape[1], orig_output.shape[1])
        columns = checked_edges(col_pooling_sequence, orig_input.shape[2], orig_output.shape[2])
        result = np.zeros(orig_input.shape, orig_input.dtype)
        batch, channel = np.indices((orig_input.shape[0], orig_input.shape[3]))
        for i, j, down, across in windows(rows, columns, self.overlapping):
            part = orig_input[:, down, across]
            best = part.reshape(part.shape[0], -1, part.shape[3]).argmax(axis=1)
            y, x = np.divmod(best, part.shape[2])
            result[batch, y + down.start, x + across.start, channel] += out_backprop[:, i, j]
        return result

    def shape(self, orig_input: Spec, *others: Spec) -> TensorShape:
        return TensorShape.of(orig_input.ranked(4))


class FractionalAvgPoolGrad(Op):
    """Each gradient in equal shares to the pixels of its window."""

    overlapping: bool = False

    def kernel(
        self,
        orig_input_tensor_shape: Array[np.int64],
        out_backprop: Array[Pooled],
        row_pooling_sequence: Array[np.int64],
        col_pooling_sequence: Array[np.int64],
    ) -> Array[Pooled]:
        if orig_input_tensor_shape.shape != (4,) or out_backprop.ndim != 4:
            raise InvalidArgumentError(None, None, "original input tensor shape must be 1-dimensional and 4 elements")
        shape = orig_input_tensor_shape.tolist()
        if [shape[0], shape[3]] != [out_backprop.shape[0], out_backprop.shape[3]] or min(shape) < 0:
            raise InvalidArgumentError(
                None, None, f"a gradient of shape {list(out_backprop.shape)} does not fit {shape}"
            )
        rows = checked_edges(row_pooling_sequence, shape[1], out_backprop.shape[1])
        columns = checked_edges(col_pooling_sequence, shape[2], out_backprop.shape[2])
        wide = np.float64 if out_backprop.dtype.kind == "f" else out_backprop.dtype
        result = np.zeros(shape, wide)
        for i, j, down, across in windows(rows, columns, self.overlapping):
            part = result[:, down, across]
            count = part.shape[1] * part.shape[2]
            gradient = out_backprop[:, i, j].astype(wide)
            part += (gradient / count if gradient.dtype.kind == "f" else gradient // count)[:, None, None]
        return result.astype(out_backprop.dtype)

    def shape(self, orig_input_tensor_shape: Spec, *others: Spec) -> TensorShape:
        known = orig_input_tensor_shape.as_shape
        return known if known._dims is not None else TensorShape.of((None,) * 4)


# ---- the functions -------------------------------------------------------------------------------------------------


class FractionallyPooled(NamedTuple):
    """What fractional pooling returns."""

    output: Tensor
    row_pooling_sequence: Tensor
    col_pooling_sequence: Tensor


@export("nn.fractional_max_pool")
def fractional_max_pool(
    value: Any,
    pooling_ratio: Any,
    pseudo_random: bool = False,
    overlapping: bool = False,
    deterministic: bool = False,
    seed: int = 0,
    seed2: int = 0,
    name: str | None = None,
) -> FractionallyPooled:
    """Shrink images by a factor that need not be whole: the largest number of windows of two sizes, at random.

    Parameters
    ----------
    value : Tensor, shape (batch, height, width, channels)
    pooling_ratio : list of 4 float
        How many times smaller the result is along each axis: [1.0, 1.44, 1.73, 1.0]. The first and last must be 1.
    pseudo_random : bool
        Windows of both sizes take turns as evenly as can be; else their order is shuffled.
    overlapping : bool
        Neighbouring windows share the pixels at their edge.
    deterministic : bool
        The same windows in each run; then `seed` and `seed2` may be given.
    seed, seed2 : int
    name : str, optional

    Returns
    -------
    output : Tensor, shape (batch, floor(height / ratio), floor(width / ratio), channels)
    row_pooling_sequence, col_pooling_sequence : int64 Tensor
        Where the windows start, and the end of the last one.

    Examples
    --------
    >>> image = tf.reshape(tf.range(36.0), [1, 6, 6, 1])
    >>> output, rows, columns = tf.nn.fractional_max_pool(
    ...     image, [1, 1.44, 1.73, 1], deterministic=True, seed=1, seed2=7)
    >>> with tf.Session() as sess:
    ...     sess.run(output)[0, :, :, 0], sess.run(rows)
    (array([[ 7.,  9., 11.],
           [13., 15., 17.],
           [19., 21., 23.],
           [31., 33., 35.]], dtype=float32), array([0, 2, 3, 4, 6]))
    """
    op = FractionalMaxPool(pooling_ratio, pseudo_random, overlapping, deterministic, seed, seed2)
    return FractionallyPooled(*op(value, name=name))


@export("nn.fractional_avg_pool")
def fractional_avg_pool(
    value: Any,
    pooling_ratio: Any,
    pseudo_random: bool = False,
    overlapping: bool = False,
    deterministic: bool = False,
    seed: int = 0,
    seed2: int = 0,
    name: str | None = None,
) -> FractionallyPooled:
    """Shrink images by a factor that need not be whole: the averages of windows, see `tf.nn.fractional_max_pool`."""
    op = FractionalAvgPool(pooling_ratio, pseudo_random, overlapping, deterministic, seed, seed2)
    return FractionallyPooled(*op(value, name=name))

"""Blocks of pixels moved between the axes: space to depth, space to batch."""

from __future__ import annotations

import math
from typing import Any, ClassVar, TypeVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError
from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_int, as_text
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.op import Array, Index, Op, Spec, T, constant_value
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import UNKNOWN, TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.fill import zeros
from flowlab._src.ops.joining import stack
from flowlab._src.ops.misuse import misuse, old_argument
from flowlab._src.util.export import export

CropIndex = TypeVar("CropIndex", np.int32, np.int64)

# ---- space and depth -----------------------------------------------------------------------------------------------


class BlocksAndChannels(Op, abstract=True):
    """What both directions share: the side of a block, in pixels, and the order of axes."""

    block_size: int
    data_format: str = "NHWC"

    def __init__(self, *args: Any, **attrs: Any) -> None:
        super().__init__(*args, **attrs)
        if self.block_size < 2:
            raise misuse(
                ValueError(f"Attr 'block_size' of '{self.type}' Op passed {self.block_size} less than minimum 2.")
            )


class SpaceToDepth(BlocksAndChannels):
    """Square blocks of pixels laid behind each other as channels."""

    def kernel(self, input: Array[T]) -> Array[T]:
        x, n = _channels_last(input, self.data_format), self.block_size
        batch, height, width, depth = x.shape
        if height % n or width % n:
            raise InvalidArgumentError(
                None, None, f"Image width {width} and height {height} should be divisible by block_size: {n}"
            )
        blocks = x.reshape(batch, height // n, n, width // n, n, depth).transpose(0, 1, 3, 2, 4, 5)
        return _back(blocks.reshape(batch, height // n, width // n, n * n * depth), self.data_format)

    def shape(self, input: Spec) -> TensorShape:
        batch, height, width, depth = _nhwc(input.ranked(4), self.data_format)
        n = self.block_size
        for size in (height, width):
            if size is not None and size % n:
                raise ShapeError(f"Dimension size must be evenly divisible by {n} but is {size}")
        dims = (batch, _quotient(height, n), _quotient(width, n), None if depth is None else depth * n * n)
        return TensorShape.of(_in_format(dims, self.data_format))

    def grad(self, node: Any, dy: Tensor) -> Tensor:
        """Lay the channels out as blocks again."""
        return DepthToSpace(block_size=self.block_size, data_format=self.data_format)(dy)


class DepthToSpace(BlocksAndChannels):
    """Channels laid out as square blocks of pixels."""

    def kernel(self, input: Array[T]) -> Array[T]:
        x, n = _channels_last(input, self.data_format), self.block_size
        batch, height, width, depth = x.shape
        if depth % (n * n):
            raise InvalidArgumentError(None, None, f"Input depth dimension {depth} should be divisible by: {n * n}")
        blocks = x.reshape(batch, height, width, n, n, depth // (n * n)).transpose(0, 1, 3, 2, 4, 5)
        return _back(blocks.reshape(batch, height * n, width * n, depth // (n * n)), self.data_format)

    def shape(self, input: Spec) -> TensorShape:
        batch, height, width, depth = _nhwc(input.ranked(4), self.data_format)
        n = self.block_size
        if depth is not None and depth % (n * n):
            raise ShapeError(f"Dimension size must be evenly divisible by {n * n} but is {depth}")
        dims = (
            batch, None if height is None else height * n, None if width is None else width * n, _quotient(depth, n * n)
        )  # fmt: skip
        return TensorShape.of(_in_format(dims, self.data_format))

    def grad(self, node: Any, dy: Tensor) -> Tensor:
        """Lay the blocks behind each other again."""
        return SpaceToDepth(block_size=self.block_size, data_format=self.data_format)(dy)


def _channels_last(x: Any, data_format: str) -> np.ndarray:
    x = np.asarray(x)
    return x if data_format == "NHWC" else np.moveaxis(x, 1, -1)


def _back(x: np.ndarray, data_format: str) -> np.ndarray:
    return x if data_format == "NHWC" else np.ascontiguousarray(np.moveaxis(x, -1, 1))


def _nhwc(dims: Any, data_format: str) -> Any:
    return dims if data_format == "NHWC" else (dims[0], dims[2], dims[3], dims[1])


def _in_format(dims: Any, data_format: str) -> Any:
    return dims if data_format == "NHWC" else (dims[0], dims[3], dims[1], dims[2])


def _quotient(size: int | None, n: int) -> int | None:
    return None if size is None else size // n


def _check_format(data_format: str) -> None:
    if as_text(data_format, "data_format") not in ("NHWC", "NCHW"):
        raise misuse(
            ValueError(f"Attr 'data_format' of this op passed string '{data_format}' not in: \"NHWC\", \"NCHW\".")
        )


@export("space_to_depth", "nn.space_to_depth")
def space_to_depth(input: Any, block_size: int, name: str | None = None, data_format: str = "NHWC") -> Tensor:
    """Lay square blocks of pixels behind each other as channels.

    Parameters
    ----------
    input : Tensor, shape (batch, height, width, channels)
    block_size : int
        Side of a block in pixels; must divide height and width.
    name : str, optional
    data_format : {"NHWC", "NCHW"}

    Returns
    -------
    Tensor, shape (batch, height / block_size, width / block_size, channels * block_size ** 2)

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.space_to_depth([[[[1], [2]], [[3], [4]]]], 2))
    array([[[[1, 2, 3, 4]]]], dtype=int32)
    """
    _check_format(data_format)
    return SpaceToDepth(block_size=block_size, data_format=data_format)(input, name=name)


@export("depth_to_space", "nn.depth_to_space")
def depth_to_space(input: Any, block_size: int, name: str | None = None, data_format: str = "NHWC") -> Tensor:
    """Lay channels out as square blocks of pixels: the opposite of `tf.space_to_depth`.

    Parameters
    ----------
    input : Tensor, shape (batch, height, width, channels)
    block_size : int
        Side of a block in pixels; its square must divide the channels.
    name : str, optional
    data_format : {"NHWC", "NCHW"}

    Examples
    --------
    >>> tf.depth_to_space(tf.zeros([8, 14, 14, 12]), 2).shape.as_list()
    [8, 28, 28, 3]
    """
    _check_format(data_format)
    return DepthToSpace(block_size=block_size, data_format=data_format)(input, name=name)


# ---- space and batch -----------------------------------------------------------------------------------------------


class SpaceToBatchND(Op):
    """Positions within blocks moved to the batch: every block position becomes an image of its own."""

    preferred_dtypes: ClassVar[dict[str, DType]] = {"block_shape": dtypes.int32, "paddings": dtypes.int32}

    def kernel(self, input: Array[T], block_shape: Array[Index], paddings: Array[CropIndex]) -> Array[T]:
        block: list[int] = np.asarray(block_shape).tolist()
        count: int = len(block)
        pads: list[Any] = [(0, 0), *np.asarray(paddings).tolist(), *[(0, 0)] * (np.ndim(input) - 1 - count)]
        x = np.pad(np.asarray(input), pads)
        sizes = x.shape[1 : count + 1]
        for i, (size, n) in enumerate(zip(sizes, block, strict=True)):
            if size % n:
                raise InvalidArgumentError(
                    None, None, f"padded_shape[{i}]={size} is not divisible by block_shape[{i}]={n}"
                )
        split = [d for size, n in zip(sizes, block, strict=True) for d in (size // n, n)]
        cut: np.ndarray = x.reshape(x.shape[0], *split, *x.shape[count + 1 :])
        order = [*range(2, 2 * count + 1, 2), 0, *range(1, 2 * count, 2), *range(2 * count + 1, cut.ndim)]
        moved = cut.transpose(order)
        return moved.reshape(math.prod(moved.shape[: count + 1]), *moved.shape[count + 1 :])

    def shape(self, input: Spec, block_shape: Spec, paddings: Spec) -> TensorShape:
        (count,) = block_shape.ranked(1)
        rows, columns = paddings.ranked(2)
        if columns not in (None, 2):
            raise ShapeError(f"Dimension must be 2 but is {columns}")
        if count is not None and rows is not None and count != rows:
            raise ShapeError(f"Dimensions must be equal, but are {count} and {rows}")
        return _batch_shape(input, block_shape, paddings, to_batch=True)

    def grad(self, node: Any, dy: Tensor) -> Any:
        """Move the block positions back."""
        return [raw.BatchToSpaceND(dy, node.inputs[1], node.inputs[2]), None, None]


class BatchToSpaceND(Op):
    """Images moved from the batch to positions within blocks: the opposite of SpaceToBatchND."""

    preferred_dtypes: ClassVar[dict[str, DType]] = {"block_shape": dtypes.int32, "crops": dtypes.int32}

    def kernel(self, input: Array[T], block_shape: Array[Index], crops: Array[CropIndex]) -> Array[T]:
        x = np.asarray(input)
        block: list[int] = np.asarray(block_shape).tolist()
        count: int = len(block)
        product = math.prod(block)
        if product < 1 or min(block) < 1:
            raise InvalidArgumentError(None, None, f"Product of block sizes must be positive, got {product}")
        if x.shape[0] % product:
            raise InvalidArgumentError(
                None,
                None,
                f"Input batch dimension ({x.shape[0]}) is not divisible by product of block sizes ({product})",
            )
        sizes, rest = x.shape[1 : count + 1], x.shape[count + 1 :]
        split: np.ndarray = x.reshape(*block, x.shape[0] // product, *sizes, *rest)
        order: list[int] = [count]
        for i in range(count):
            order += [count + 1 + i, i]
        moved = split.transpose([*order, *range(2 * count + 1, split.ndim)])
        whole = moved.reshape(moved.shape[0], *[s * n for s, n in zip(sizes, block, strict=True)], *rest)
        kept: list[Any] = [slice(None)]
        for size, (before, behind) in zip(whole.shape[1:], np.asarray(crops).tolist()):
            kept.append(slice(before, size - behind))
        return whole[tuple(kept)]

    def shape(self, input: Spec, block_shape: Spec, crops: Spec) -> TensorShape:
        (count,) = block_shape.ranked(1)
        rows, columns = crops.ranked(2)
        if columns not in (None, 2):
            raise ShapeError(f"Dimension must be 2 but is {columns}")
        if count is not None and rows is not None and count != rows:
            raise ShapeError(f"Dimensions must be equal, but are {count} and {rows}")
        return _batch_shape(input, block_shape, crops, to_batch=False)

    def grad(self, node: Any, dy: Tensor) -> Any:
        """Move the block positions to the batch again."""
        return [raw.SpaceToBatchND(dy, node.inputs[1], node.inputs[2]), None, None]


def _batch_shape(input: Spec, block_shape: Spec, table: Spec, to_batch: bool) -> TensorShape:
    """The sizes after moving block positions into the batch or out of it."""
    if input.dims is None:
        return UNKNOWN
    block, pads = block_shape.value, table.value
    count = block_shape.dims[0] if block_shape.dims else None
    if count is None:
        return TensorShape.of((None,) * len(input.dims))
    if len(input.dims) < count + 1:
        raise ShapeError(f"Shape must be at least rank {count + 1} but is rank {len(input.dims)}")
    rest = input.dims[count + 1 :]
    if block is None:
        return TensorShape.of((None,) * (count + 1) + tuple(rest))
    block = block.tolist()
    product = int(np.prod(block))
    batch = input.dims[0]
    if batch is not None:
        if not to_batch and batch % product:
            raise ShapeError(f"Dimension size must be evenly divisible by {product} but is {batch}")
        batch = batch * product if to_batch else batch // product
    sizes: list[int | None] = []
    for i, (size, n) in enumerate(zip(input.dims[1 : count + 1], block, strict=True)):
        if size is None or pads is None:
            sizes.append(None)
            continue
        around = int(pads[i].sum())
        if to_batch:
            if (size + around) % n:
                raise ShapeError(f"Dimension size must be evenly divisible by {n} but is {size + around}")
            sizes.append((size + around) // n)
        else:
            if size * n < around:
                raise ShapeError(f"Negative dimension size caused by subtracting {around} from {size * n}")
            sizes.append(size * n - around)
    return TensorShape.of((batch, *sizes, *rest))


@export("space_to_batch_nd", "manip.space_to_batch_nd")
def space_to_batch_nd(input: Any, block_shape: Any, paddings: Any, name: str | None = None) -> Tensor:
    """Pad the spatial axes, cut them into blocks, and move the position within the block to the batch.

    Parameters
    ----------
    input : Tensor, shape (batch, spatial..., rest...)
    block_shape : Tensor, shape (m,), int32 or int64
        Size of a block along each of the `m` spatial axes.
    paddings : Tensor, shape (m, 2)
        Zeros to add before and behind each spatial axis.
    name : str, optional

    Returns
    -------
    Tensor, shape (batch * prod(block_shape), spatial / block_shape..., rest...)

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.space_to_batch_nd([[[[1], [2]], [[3], [4]]]], [2, 2], [[0, 0], [0, 0]])).ravel()
    array([1, 2, 3, 4], dtype=int32)
    """
    return SpaceToBatchND()(input, block_shape, paddings, name=name)


@export("batch_to_space_nd", "manip.batch_to_space_nd")
def batch_to_space_nd(input: Any, block_shape: Any, crops: Any, name: str | None = None) -> Tensor:
    """Move block positions from the batch to the spatial axes: the opposite of `tf.space_to_batch_nd`.

    Parameters
    ----------
    input : Tensor, shape (batch, spatial..., rest...)
    block_shape : Tensor, shape (m,), int32 or int64
    crops : Tensor, shape (m, 2)
        How much to cut off before and behind each spatial axis.
    name : str, optional

    Examples
    --------
    >>> tf.batch_to_space_nd(tf.zeros([4, 1, 1, 3]), [2, 2], [[0, 0], [0, 0]]).shape.as_list()
    [1, 2, 2, 3]
    """
    return BatchToSpaceND()(input, block_shape, crops, name=name)


@export("space_to_batch", "nn.space_to_batch")
def space_to_batch(
    input: Any, paddings: Any, block_size: int | None = None, name: str | None = None, block_shape: int | None = None
) -> Tensor:
    """Move the position within square blocks of pixels to the batch; see `tf.space_to_batch_nd`.

    Parameters
    ----------
    input : Tensor, shape (batch, height, width, channels)
    paddings : Tensor, shape (2, 2)
    block_size : int
    name : str, optional
    block_shape : int
        Another name of `block_size`.
    """
    n = as_int(old_argument("block_shape", block_shape, "block_size", block_size), "block_size")
    result = space_to_batch_nd(input, paddings=paddings, block_shape=np.array([n, n], np.int64), name=name)
    result.set_shape(result.shape.with_rank(4))
    return result


@export("batch_to_space")
def batch_to_space(
    input: Any, crops: Any, block_size: int | None = None, name: str | None = None, block_shape: int | None = None
) -> Tensor:
    """Move block positions from the batch back to the image: the opposite of `tf.space_to_batch`.

    Parameters
    ----------
    input : Tensor, shape (batch, height, width, channels)
    crops : Tensor, shape (2, 2)
    block_size : int
    name : str, optional
    block_shape : int
        Another name of `block_size`.
    """
    n = as_int(old_argument("block_shape", block_shape, "block_size", block_size), "block_size")
    result = batch_to_space_nd(input, crops=crops, block_shape=np.array([n, n], np.int64), name=name)
    result.set_shape(result.shape.with_rank(4))
    return result


@export("required_space_to_batch_paddings")
def required_space_to_batch_paddings(
    input_shape: Any, block_shape: Any, base_paddings: Any = None, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """Work out the paddings that make blocks fit, for `tf.space_to_batch_nd`, and the crops that undo them.

    Parameters
    ----------
    input_shape : Tensor, shape (m,), int32
        The spatial sizes.
    block_shape : Tensor, shape (m,), int32
    base_paddings : Tensor, shape (m, 2), optional
        What to add at least.
    name : str, optional

    Returns
    -------
    (paddings, crops) : Tensor, shape (m, 2)
    """
    with name_scope(name, "required_space_to_batch_paddings", [input_shape, block_shape]):
        input_shape = convert(input_shape, dtypes.int32, "input_shape")
        block_shape = convert(block_shape, dtypes.int32, "block_shape")
        block_shape.shape.assert_is_fully_defined()
        block_shape.shape.assert_has_rank(1)
        count = block_shape.shape.as_list()[0]
        if count == 0:
            return zeros([0, 2], dtypes.int32), zeros([0, 2], dtypes.int32)
        input_shape.shape.assert_is_compatible_with([count])
        if base_paddings is not None:
            base_paddings = convert(base_paddings, dtypes.int32, "base_paddings")
            base_paddings.shape.assert_is_compatible_with([count, 2])
        else:
            base_paddings = zeros([count, 2], dtypes.int32)
        known = [constant_value(t) for t in (block_shape, input_shape, base_paddings)]
        if all(value is not None for value in known):
            block_shape, input_shape, base_paddings = known  # the same expressions, in numbers
        before, behind = base_paddings[:, 0], base_paddings[:, 1]
        whole = input_shape + before + behind
        extra = (block_shape - whole % block_shape) % block_shape
        behind = behind + extra
        paddings = stack([[before[i], behind[i]] for i in range(count)], name="paddings")
        return paddings, stack([[0, extra[i]] for i in range(count)], name="crops")

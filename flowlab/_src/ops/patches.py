"""The pixels under a sliding window: extract_image_patches."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.errors import ShapeError
from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_text
from flowlab._src.graph.op import Array, Op, RealNumber, Spec
from flowlab._src.graph.registry import raw
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import shape
from flowlab._src.ops.joining import unstack
from flowlab._src.ops.misuse import misuse, old_argument
from flowlab._src.ops.reshaping import dense, reshape
from flowlab._src.ops.sequences import range_
from flowlab._src.ops.transposing import transpose
from flowlab._src.util.export import export


class ExtractImagePatches(Op):
    """The pixels under a window as channels, for each position of the window."""

    ksizes: tuple[int, ...]
    strides: tuple[int, ...]
    rates: tuple[int, ...]
    padding: str

    def kernel(self, images: Array[RealNumber]) -> Array[RealNumber]:
        images = np.asarray(images)
        batch, height, width, depth = images.shape
        (rows, top), (columns, left) = self._places(height, 1), self._places(width, 2)
        # One pixel of the window at a time: a strided slice of the padded image.
        bottom = max((rows - 1) * self.strides[1] + self._reach(1) - top - height, 0)
        right = max((columns - 1) * self.strides[2] + self._reach(2) - left - width, 0)
        padded = np.pad(images, [(0, 0), (top, bottom), (left, right), (0, 0)])
        result = np.empty((batch, rows, columns, self.ksizes[1], self.ksizes[2], depth), images.dtype)
        for i in range(self.ksizes[1]):
            for j in range(self.ksizes[2]):
                y, x = i * self.rates[1], j * self.rates[2]
                result[:, :, :, i, j] = padded[
                    :, y : y + (rows - 1) * self.strides[1] + 1 : self.strides[1],
                    x : x + (columns - 1) * self.strides[2] + 1 : self.strides[2],
                ]  # fmt: skip
        return result.reshape(batch, rows, columns, -1)

    def _reach(self, axis: int) -> int:
        """Size of the window with its holes."""
        return self.ksizes[axis] + (self.ksizes[axis] - 1) * (self.rates[axis] - 1)

    def _places(self, size: int, axis: int) -> tuple[int, int]:
        """How many positions the window has along an axis, and the padding before the first."""
        stride, reach = self.strides[axis], self._reach(axis)
        if self.padding == "VALID":
            return max((size - reach + stride) // stride, 0), 0
        count = -(-size // stride)
        return count, max((count - 1) * stride + reach - size, 0) // 2

    def shape(self, images: Spec) -> TensorShape:
        batch, height, width, depth = images.ranked(4)
        for what, values in (("ksizes", self.ksizes), ("strides", self.strides), ("rates", self.rates)):
            if len(values) != 4:
                raise ShapeError(
                    f"ExtractImagePatches requires the {what} attribute to contain 4 values, but got: {len(values)}"
                )
        sizes = []
        for axis, size in ((1, height), (2, width)):
            if size is not None and self.padding == "VALID" and size < self._reach(axis):
                raise ShapeError(f"Negative dimension size caused by subtracting {self._reach(axis)} from {size}")
            sizes.append(None if size is None else self._places(size, axis)[0])
        return TensorShape.of((batch, *sizes, None if depth is None else depth * self.ksizes[1] * self.ksizes[2]))

    def grad(self, node: Any, dy: Any) -> Any:
        """Add the gradient of every patch up in the pixels it came from.

        The numbers of the pixels are cut into patches in the same way; they are the segment ids of the sum. Pixel
        numbers start at 1, since 0 marks the padding, which then gets the id -1 and is left out.
        """
        x = node.inputs[0]
        batch, rows_in, columns_in, depth = unstack(shape(x, out_type=dtypes.int64), 4)
        rows_out, columns_out = unstack(shape(node.outputs[0], out_type=dtypes.int64)[1:3], 2)
        _, k_rows, k_columns, _ = self.ksizes
        count = rows_in * columns_in
        numbers = reshape(range_(1, count + 1, dtype=dtypes.float32), (1, rows_in, columns_in, 1))
        patched = raw.ExtractImagePatches(
            numbers, ksizes=self.ksizes, strides=self.strides, rates=self.rates, padding=self.padding
        )
        patched = raw.Cast(patched, DstT=dtypes.int64)
        dy = reshape(dense(dy), (batch, rows_out, columns_out, k_rows, k_columns, depth))
        flat = reshape(transpose(dy, (1, 2, 3, 4, 0, 5)), (-1, batch * depth))
        ids = reshape(patched, [-1]) - 1
        summed = raw.UnsortedSegmentSum(flat, ids, count)
        return [transpose(reshape(summed, (rows_in, columns_in, batch, depth)), (2, 0, 1, 3))]


@export("extract_image_patches", "image.extract_image_patches")
def extract_image_patches(
    images: Any,
    ksizes: Any = None,
    strides: Any = None,
    rates: Any = None,
    padding: str | None = None,
    name: str | None = None,
    sizes: Any = None,
) -> Tensor:
    """Slide a window over images and return the pixels under it as channels.

    Parameters
    ----------
    images : Tensor, shape (batch, height, width, channels)
    ksizes : list of 4 int
        Size of the window, [1, rows, columns, 1], in pixels.
    strides : list of 4 int
        How far to move it, [1, rows, columns, 1].
    rates : list of 4 int
        Distance between the pixels of the window, [1, rows, columns, 1].
    padding : {"SAME", "VALID"}
    name : str, optional
    sizes : list of 4 int
        Another name of `ksizes`.

    Returns
    -------
    Tensor, shape (batch, out_height, out_width, rows * columns * channels)

    Examples
    --------
    >>> images = tf.reshape(tf.range(16), [1, 4, 4, 1])
    >>> patches = tf.extract_image_patches(images, [1, 2, 2, 1], [1, 2, 2, 1], [1, 1, 1, 1], "VALID")
    >>> with tf.Session() as sess:
    ...     sess.run(patches)[0, 0]
    array([[0, 1, 4, 5],
           [2, 3, 6, 7]], dtype=int32)
    """
    ksizes = old_argument("sizes", sizes, "ksizes", ksizes)
    padding = as_text(padding, "padding")
    if padding not in ("SAME", "VALID"):
        raise misuse(
            ValueError(
                f"Attr 'padding' of 'ExtractImagePatches' Op passed string '{padding}' not in: \"SAME\", \"VALID\"."
            )
        )
    return ExtractImagePatches(
        ksizes=ksizes, strides=strides, rates=rates, padding=padding
    )(images, name=name)  # fmt: skip


@export("image.extract_patches")
def extract_patches(images: Any, sizes: Any, strides: Any, rates: Any, padding: str, name: str | None = None) -> Tensor:
    """Slide a window over images and return the pixels under it as channels; see `tf.extract_image_patches`.

    Parameters
    ----------
    images : Tensor, shape (batch, height, width, channels)
    sizes, strides, rates : list of 4 int
        Size of the window, how far to move it, distance between its pixels: [1, rows, columns, 1].
    padding : {"SAME", "VALID"}
    name : str, optional

    Returns
    -------
    Tensor, shape (batch, out_height, out_width, rows * columns * channels)

    Examples
    --------
    >>> tf.image.extract_patches(tf.zeros([1, 9, 9, 2]), [1, 3, 3, 1], [1, 3, 3, 1], [1, 1, 1, 1], "VALID").shape.as_list()
    [1, 3, 3, 18]
    """
    return extract_image_patches(images, sizes, strides, rates, padding, name)

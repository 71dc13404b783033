"""Strings, byte by byte and character by character: join, length, substrings, stripping, upper and lower case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError, OutOfRangeError, ShapeError
from flowlab._src.graph.convert import convert
from flowlab._src.graph.op import Array, Index, Op, Spec, Unary
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import UNKNOWN, TensorShape, broadcast_shapes, format_dims, merge_dims, merge_shapes
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import strings as kernels
from flowlab._src.ops.array_shape import rank
from flowlab._src.ops.broadcast import brackets
from flowlab._src.ops.constant import constant
from flowlab._src.ops.misuse import check_choice, old_argument
from flowlab._src.ops.sequences import range_
from flowlab._src.util.export import export

UNITS = ("BYTE", "UTF8_CHAR")
Count = TypeVar("Count", np.int32, np.int64)  # beside `Index`, which is another type


# ---- join ----------------------------------------------------------------------------------------------------------


class StringJoin(Op):
    """Strings put behind each other, element by element, with a separator between them."""

    separator: str = ""
    grad = None

    def kernel(self, inputs: Sequence[Array[np.object_]]) -> Array[np.object_]:
        shapes = [np.shape(x) for x in inputs if np.ndim(x)]
        for shape in shapes:
            if shape != shapes[0]:
                message = f"Input shapes do not match: {brackets(shapes[0])} vs. {brackets(shape)}"
                raise InvalidArgumentError(None, None, message)
        shape = shapes[0] if shapes else ()
        separator = self.separator.encode()
        if len(inputs) == 2 and shape:  # sums of bytes take two thirds of the time
            first, second = (x if np.ndim(x) else kernels.collect([np.asarray(x, object).item()], (1,)) for x in inputs)
            between = kernels.collect([separator], (1,))
            if len(first) == 1:
                first = first + between if separator else first
            else:
                second = between + second if separator else second
            return np.asarray(first + second)
        columns = [np.broadcast_to(x, shape).ravel().tolist() for x in inputs]
        rows = zip(*columns, strict=True) if columns else [()]
        return kernels.collect(map(separator.join, rows), shape)

    def shape(self, inputs: Sequence[Spec]) -> TensorShape:
        if all(x.rank == 0 for x in inputs):
            return TensorShape.of(())
        result = UNKNOWN
        for x in inputs:
            if x.rank is not None and x.rank != 0:
                result = merge_shapes(result, x.shape)
        return result


@export("strings.join", "string_join")
def string_join(inputs: Any, separator: str = "", name: str | None = None) -> Tensor:
    """Join several string tensors element by element.

    Parameters
    ----------
    inputs : list of string Tensor
        Of one shape; scalars are joined to every element of the others.
    separator : str
    name : str, optional

    Returns
    -------
    string Tensor

    Raises
    ------
    ValueError, InvalidArgumentError
        If the shapes differ.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.strings.join([["red", "blue"], "ball"], separator=" ")).tolist()
    [b'red ball', b'blue ball']
    """
    result: Tensor = StringJoin(separator=separator)(inputs, name=name)
    return result


class ReduceJoin(Op):
    """Strings joined along axes."""

    keep_dims: bool = False
    separator: str = ""
    grad = None

    def kernel(self, inputs: Array[np.object_], reduction_indices: Array[np.int32]) -> Array[np.object_]:
        axes = []
        for axis in np.ravel(reduction_indices).tolist():
            if not -inputs.ndim <= axis < inputs.ndim:
                message = f"Invalid reduction dimension {axis} for input with {inputs.ndim} dimension(s)"
                raise OutOfRangeError(None, None, message)
            if axis % inputs.ndim in axes:
                raise InvalidArgumentError(None, None, f"Duplicate reduction dimension {axis % inputs.ndim}")
            axes.append(axis % inputs.ndim)
        kept = [axis for axis in range(inputs.ndim) if axis not in axes]
        turned = inputs.transpose(kept + axes[::-1])  # the first axis named changes fastest
        sizes = turned.shape[: len(kept)]
        rows = turned.reshape(
            int(np.prod(sizes, dtype=np.int64)), int(np.prod(turned.shape[len(kept) :], dtype=np.int64))
        )
        separator = self.separator.encode()
        result = kernels.collect(map(separator.join, rows.tolist()), sizes)
        return np.expand_dims(result, tuple(sorted(axes))) if self.keep_dims else result

    def shape(self, inputs: Spec, reduction_indices: Spec) -> TensorShape:
        axes = reduction_indices.value
        dims = inputs.dims
        if axes is None or dims is None:
            return UNKNOWN if dims is None or not self.keep_dims else TensorShape.of((None,) * len(dims))
        reduced = set()
        for axis in np.ravel(axes).tolist():
            if not -len(dims) <= axis < len(dims):
                raise ShapeError(f"Invalid reduction dimension {axis} for input with {len(dims)} dimensions.")
            reduced.add(axis % len(dims))
        if self.keep_dims:
            return TensorShape.of(tuple(1 if i in reduced else d for i, d in enumerate(dims)))
        return TensorShape.of(tuple(d for i, d in enumerate(dims) if i not in reduced))


@export("strings.reduce_join", "reduce_join")
def reduce_join(
    inputs: Any,
    axis: Any = None,
    keep_dims: bool | None = None,
    separator: str = "",
    name: str | None = None,
    reduction_indices: Any = None,
    keepdims: bool | None = None,
) -> Tensor:
    """Join the strings of a tensor along axes.

    Parameters
    ----------
    inputs : string Tensor
    axis : int, list of int or int32 Tensor, optional
        The axes to join; several are joined in this order. Default: all, in reading order.
    keepdims : bool
        Keep the joined axes, with size 1.
    separator : str
    name : str, optional
    reduction_indices, keep_dims
        Older names of `axis` and `keepdims`.

    Returns
    -------
    string Tensor

    Raises
    ------
    ValueError, OutOfRangeError
        If there is no such axis.

    Examples
    --------
    >>> words = [["a", "b"], ["c", "d"]]
    >>> with tf.Session() as sess:
    ...     print(sess.run(tf.reduce_join(words)), sess.run(tf.reduce_join(words, 0, separator="+")))
    b'abcd' [b'a+c' b'b+d']
    """
    keep = old_argument("keepdims", keepdims, "keep_dims", keep_dims)
    axis = old_argument("axis", axis, "reduction_indices", reduction_indices)
    with name_scope(None, "ReduceJoin", [inputs, axis]):
        inputs = convert(inputs)
        if axis is None:
            count = inputs.shape.ndims
            # The first axis named changes fastest while joining: so the last axis comes first.
            axis = (
                range_(rank(inputs) - 1, -1, -1)
                if count is None
                else constant(np.arange(count - 1, -1, -1, dtype=np.int32))
            )
        result: Tensor = ReduceJoin(keep_dims=keep, separator=separator)(inputs, axis, name=name)
    return result


class UnsortedSegmentJoin(Op):
    """Strings joined that have the same segment number."""

    separator: str = ""
    grad = None

    def kernel(
        self, inputs: Array[np.object_], segment_ids: Array[Index], num_segments: Array[Count]
    ) -> Array[np.object_]:
        count = int(num_segments)
        if count < 0:
            raise InvalidArgumentError(None, None, f"Number of segments must be non-negative but got {count}")
        for axis, size in enumerate(np.shape(segment_ids)):
            if axis >= inputs.ndim or inputs.shape[axis] != size:
                given = inputs.shape[axis] if axis < inputs.ndim else 0
                message = f"Segment dimension is {size} while input dimension is {given} in rank {axis}"
                raise InvalidArgumentError(None, None, message)
        ids = np.ravel(segment_ids)
        if ids.size and (ids.min() < 0 or ids.max() >= count):
            message = "segment_ids are not allowed to exceed num_segments or to have negative values."
            raise InvalidArgumentError(None, None, message)
        inner: tuple[int, ...] = inputs.shape[np.ndim(segment_ids) :]
        result = np.full((count, int(np.prod(inner, dtype=np.int64))), b"", object)
        rows = inputs.reshape(ids.size, result.shape[1])
        separator = self.separator.encode()
        for segment in np.unique(ids).tolist():
            result[segment] = [separator.join(column) for column in rows[ids == segment].T.tolist()]
        return result.reshape((count, *inner))

    def shape(self, inputs: Spec, segment_ids: Spec, num_segments: Spec) -> TensorShape:
        data, ids = inputs.dims, segment_ids.dims
        if data is None or ids is None:
            return UNKNOWN
        if len(ids) > len(data):
            raise ShapeError(f"Shape must be at least rank {len(ids)} but is rank {len(data)}")
        for a, b in zip(data, ids, strict=False):
            merge_dims(a, b)
        count = num_segments.value
        return TensorShape.of((None if count is None else int(count), *data[len(ids) :]))


@export("strings.unsorted_segment_join")
def unsorted_segment_join(
    inputs: Any, segment_ids: Any, num_segments: Any, separator: str = "", name: str | None = None
) -> Tensor:
    """Join the strings that have the same segment number.

    Parameters
    ----------
    inputs : string Tensor
    segment_ids : int32 or int64 Tensor
        The segment of each string, or of each row; its shape begins that of `inputs`.
    num_segments : int32 or int64 scalar
    separator : str
    name : str, optional

    Returns
    -------
    string Tensor, shape (num_segments, ...)
        Segments without strings are empty strings.

    Raises
    ------
    InvalidArgumentError
        If a segment number is negative or too large.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.strings.unsorted_segment_join(["this", "a", "test", "is"], [0, 1, 1, 0], 2, " ")).tolist()
    [b'this is', b'a test']
    """
    result: Tensor = UnsortedSegmentJoin(separator=separator)(inputs, segment_ids, num_segments, name=name)
    return result


# ---- length and parts ----------------------------------------------------------------------------------------------


class StringLength(Unary):
    """How many bytes, or characters of UTF-8, each string has."""

    unit: str = "BYTE"
    grad = None

    def kernel(self, input: Array[np.object_]) -> Array[np.int32]:
        count = len if self.unit == "BYTE" else kernels.count_characters
        return kernels.each(count, input, np.int32)


@export("strings.length")
def string_length(input: Any, name: str | None = None, unit: str = "BYTE") -> Tensor:
    """Count the bytes or the characters of each string.

    Parameters
    ----------
    input : string Tensor
    name : str, optional
    unit : {"BYTE", "UTF8_CHAR"}

    Returns
    -------
    int32 Tensor, shape of `input`

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     print(sess.run(tf.strings.length("Größe")), sess.run(tf.strings.length("Größe", unit="UTF8_CHAR")))
    7 5
    """
    check_choice("StringLength", "unit", unit, UNITS)
    result: Tensor = StringLength(unit=unit)(input, name=name)
    return result


class Substr(Op):
    """A part of each string, given by its begin and length."""

    unit: str = "BYTE"
    grad = None

    def kernel(self, input: Array[np.object_], pos: Array[Index], len: Array[Index]) -> Array[np.object_]:
        pos, len = np.asarray(pos), np.asarray(len)
        if pos.shape != len.shape:
            message = f"pos and len should have the same shape, got: {brackets(pos.shape)} vs. {brackets(len.shape)}"
            raise InvalidArgumentError(None, None, message)
        if self.unit == "BYTE" and pos.ndim == 0:
            parts = kernels.substrings(input.ravel().tolist(), int(pos), int(len))
            if parts is not None:
                return kernels.collect(parts, input.shape)
        try:
            input, pos, len = np.broadcast_arrays(input, pos, len)
        except ValueError:
            message = f"Incompatible shapes: {brackets(input.shape)} vs. {brackets(pos.shape)}"
            raise InvalidArgumentError(None, None, message) from None
        cut = kernels.byte_substring if self.unit == "BYTE" else kernels.character_substring
        result = []
        arguments = zip(input.ravel().tolist(), pos.ravel().tolist(), len.ravel().tolist(), strict=True)
        for i, (text, begin, length) in enumerate(arguments):
            part = cut(text, begin, length)
            if part is None:
                shown = f" b'{text.decode('latin-1')}'" if self.unit == "BYTE" else ""
                raise InvalidArgumentError(None, None, f"pos {begin} out of range for string{shown} at index {i}")
            result.append(part)
        return kernels.collect(result, input.shape)

    def shape(self, input: Spec, pos: Spec, len: Spec) -> TensorShape:
        merge_ranks(pos, len)
        for a, b in zip(pos.dims or (), len.dims or (), strict=False):
            if a is not None and b is not None and a != b:
                message = f"pos and len shapes must match: {format_dims(pos.dims)} vs. {format_dims(len.dims)}"
                raise ShapeError(message)
        return broadcast_shapes((input.shape, pos.shape))


def merge_ranks(a: Spec, b: Spec) -> None:
    """ShapeError unless two inputs can have as many axes as each other."""
    if a.rank is not None and b.rank is not None and a.rank != b.rank:
        raise ShapeError(f"Shape must be rank {b.rank} but is rank {a.rank}")


@export("strings.substr", "substr")
def substr(input: Any, pos: Any, len: Any, name: str | None = None, unit: str = "BYTE") -> Tensor:
    """Cut a part out of each string.

    Parameters
    ----------
    input : string Tensor
    pos : int32 or int64 Tensor
        Where the part begins; negative numbers count from the end. Broadcast with `input`.
    len : Tensor, type and shape of `pos`
        How long the part is at most.
    name : str, optional
    unit : {"BYTE", "UTF8_CHAR"}
        What is counted.

    Returns
    -------
    string Tensor

    Raises
    ------
    InvalidArgumentError
        If `pos` lies outside of a string.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.substr(["Hello", "World"], 1, 3)).tolist()
    [b'ell', b'orl']
    """
    check_choice("Substr", "unit", unit, UNITS)
    result: Tensor = Substr(unit=unit)(input, pos, len, name=name)
    return result


# ---- white space and case ------------------------------------------------------------------------------------------


class StringStrip(Unary):
    """Each string without white space at its ends."""

    grad = None

    def kernel(self, input: Array[np.object_]) -> Array[np.object_]:
        return kernels.each(bytes.strip, input)


@export("strings.strip", "string_strip")
def string_strip(input: Any, name: str | None = None) -> Tensor:
    """Remove white space from both ends of each string.

    Parameters
    ----------
    input : string Tensor
    name : str, optional

    Returns
    -------
    string Tensor, shape of `input`

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.strings.strip(["  a word\\n"])).tolist()
    [b'a word']
    """
    result: Tensor = StringStrip()(input, name=name)
    return result


class StringCase(Unary, abstract=True):
    """Letters changed to one case: those of ASCII, or with the encoding "utf-8" those of all scripts."""

    encoding: str = ""
    grad = None

    def kernel(self, input: Array[np.object_]) -> Array[np.object_]:
        if self.encoding not in ("", "utf-8"):
            message = f"only utf-8 or '' (no encoding) is supported, received {self.encoding}"
            raise InvalidArgumentError(None, None, message)
        name = type(self).__name__.removeprefix("String").lower()  # str and bytes have methods `lower` and `upper`
        if not self.encoding:
            return kernels.each(getattr(bytes, name), input)
        change = getattr(str, name)
        return kernels.each(lambda text: change(text.decode(errors="replace")).encode(), input)


class StringLower(StringCase):
    """Each string in lower case."""


class StringUpper(StringCase):
    """Each string in upper case."""


@export("strings.lower")
def string_lower(input: Any, encoding: str = "", name: str | None = None) -> Tensor:
    """Change upper case letters to lower case.

    Parameters
    ----------
    input : string Tensor
    encoding : {"", "utf-8"}
        Without an encoding, only the letters A to Z change.
    name : str, optional

    Returns
    -------
    string Tensor, shape of `input`

    Raises
    ------
    InvalidArgumentError
        For another encoding.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.strings.lower("CamelCase string and ALL CAPS"))
    b'camelcase string and all caps'
    """
    result: Tensor = StringLower(encoding=encoding)(input, name=name)
    return result


@export("strings.upper")
def string_upper(input: Any, encoding: str = "", name: str | None = None) -> Tensor:
    """Change lower case letters to upper case.

    Parameters
    ----------
    input : string Tensor
    encoding : {"", "utf-8"}
        Without an encoding, only the letters a to z change.
    name : str, optional

    Returns
    -------
    string Tensor, shape of `input`

    Raises
    ------
    InvalidArgumentError
        For another encoding.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.strings.upper("CamelCase string and ALL CAPS"))
    b'CAMELCASE STRING AND ALL CAPS'
    """
    result: Tensor = StringUpper(encoding=encoding)(input, name=name)
    return result

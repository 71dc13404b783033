"""The same elements in another order: transpose, reverse, roll."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError
from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_flag
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.op import Array, Index, Op, Spec, T, Unary
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import UNKNOWN, TensorShape, require_rank_at_least
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import rank
from flowlab._src.ops.misuse import misuse, old_argument
from flowlab._src.util import written
from flowlab._src.util.export import export
from flowlab._src.util.old_arguments import taking_old_arguments

AxisIndex = TypeVar("AxisIndex", np.int32, np.int64)
ShiftIndex = TypeVar("ShiftIndex", np.int32, np.int64)


class Transpose(Op):
    """The axes in another order."""

    preferred_dtypes: ClassVar[dict[str, DType]] = {"perm": dtypes.int32}

    def kernel(self, x: Array[T], perm: Array[Index]) -> Array[T]:
        return np.transpose(x, _permutation(np.asarray(perm).tolist(), np.ndim(x)))

    def shape(self, x: Spec, perm: Spec) -> TensorShape:
        (count,) = perm.ranked(1)
        order = None if perm.value is None else perm.value.tolist()
        if x.dims is None:
            return UNKNOWN if count is None else TensorShape.of((None,) * count)
        if count is not None and count != len(x.dims):
            raise ShapeError(f"Dimension must be {len(x.dims)} but is {count}")
        if order is None:
            # A single axis can only stay where it is.
            return x.shape if len(x.dims) <= 1 else TensorShape.of((None,) * len(x.dims))
        for axis in order:
            if not -len(x.dims) <= axis < len(x.dims):
                raise ShapeError(f"perm dim {axis} is out of range of input rank {len(x.dims)}")
        return TensorShape.of(tuple(x.dims[axis] for axis in order))

    def explain_shapes(self, x: Tensor, perm: Tensor) -> tuple[str, str]:
        """How many axes have to be named."""
        count = x.shape.ndims or 2
        call = written.running("transpose", "matrix_transpose")
        order = str([*range(count)][::-1])
        line = call.changed(perm=order) if call is not None else ""
        return f"perm names all {count} axes of '{x.name}' once, in their new order", line or f"perm={order}"

    def grad(self, node: Any, dy: Tensor) -> Any:
        """Put the axes back."""
        return [transpose(dy, invert_permutation(node.inputs[1])), None]


class ConjugateTranspose(Transpose):
    """The axes in another order, the elements conjugated."""

    def kernel(self, x: Array[T], perm: Array[Index]) -> Array[T]:
        return np.conj(np.transpose(x, _permutation(np.asarray(perm).tolist(), np.ndim(x))))

    def grad(self, node: Any, dy: Tensor) -> Any:
        """Put the axes back and conjugate."""
        return [transpose(dy, invert_permutation(node.inputs[1]), conjugate=True), None]


def _permutation(order: list[int], count: int) -> list[int]:
    if len(order) != count:
        raise InvalidArgumentError(
            None, None, f"transpose expects a vector of size {count}. But input(1) is a vector of size {len(order)}"
        )
    seen = set()
    for axis in order:
        if not -count <= axis < count:
            raise InvalidArgumentError(None, None, f"{axis} is out of range [0 .. {count})")
        seen.add(axis % count)
    for axis in range(count):
        if axis not in seen:
            listed = ",".join(str(a) for a in order)
            raise InvalidArgumentError(None, None, f"{axis} is missing from {{{listed}}}.")
    return order


@export("transpose")
def transpose(a: Any, perm: Any = None, name: str = "transpose", conjugate: bool = False) -> Tensor:
    """Return a tensor with its axes in another order.

    Parameters
    ----------
    a : Tensor
    perm : list of int, optional
        Axis `i` of the result is axis `perm[i]` of `a`. Without it the order is reversed: a matrix is transposed.
    name : str
    conjugate : bool
        Conjugate complex elements as well.

    Raises
    ------
    ValueError
        If `perm` does not name every axis.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.transpose([[1, 2, 3], [4, 5, 6]]))
    array([[1, 4],
           [2, 5],
           [3, 6]], dtype=int32)
    >>> tf.transpose(tf.zeros([8, 28, 32, 3]), [0, 3, 1, 2]).shape.as_list()
    [8, 3, 28, 32]
    """
    with name_scope(name, "transpose", [a]) as scope:
        op = ConjugateTranspose() if as_flag(conjugate, "conjugate") and _is_complex(a) else Transpose()
        if perm is not None:
            return op(a, perm, name=scope)
        a = convert(a, name="a")
        if not a.shape.ndims:
            count = raw.Rank(a)
            return op(a, (count - 1) - raw.Range(0, count, 1, name="Range"), name=scope)
        return op(a, np.arange(a.shape.ndims - 1, -1, -1, dtype=np.int32), name=scope)


def _is_complex(value: Any) -> bool:
    """True for tensors of complex numbers; what is no tensor yet is real."""
    return isinstance(value, Tensor) and value.dtype.is_complex


@export("matrix_transpose", "linalg.transpose", "linalg.matrix_transpose")
def matrix_transpose(a: Any, name: str = "matrix_transpose", conjugate: bool = False) -> Tensor:
    """Exchange the last two axes of a tensor: transpose each matrix of a batch.

    Parameters
    ----------
    a : Tensor, shape (..., rows, columns)
    name : str
    conjugate : bool
        Conjugate complex elements as well.

    Raises
    ------
    ValueError
        If `a` has fewer than two axes.

    Examples
    --------
    >>> tf.matrix_transpose(tf.zeros([8, 2, 3])).shape.as_list()
    [8, 3, 2]
    """
    with name_scope(name, None, [a]):
        a = convert(a, name="a")
        ndims = a.shape.ndims
        if ndims is None:
            from flowlab._src.ops.joining import concat

            count = rank(a)
            perm: Any = concat([raw.Range(0, count - 2, 1, name="Range"), [count - 1, count - 2]], 0)
        elif ndims < 2:
            raise misuse(
                ValueError(f"Argument 'a' should be a (batch) matrix, with rank >= 2.  Found: {a.shape}"),
                fix="tf.transpose(a) for tensors of any rank",
            )
        else:
            perm = [*range(ndims - 2), ndims - 1, ndims - 2]
        return transpose(a, perm=perm, conjugate=conjugate)


class InvertPermutation(Unary):
    """The permutation that undoes the input."""

    grad = None

    def kernel(self, x: Array[Index]) -> Array[Index]:
        x = np.asarray(x)
        if x.ndim != 1:
            raise InvalidArgumentError(None, None, "invert_permutation expects a 1D vector.")
        result = np.full(len(x), -1, x.dtype)
        for i, d in enumerate(x.tolist()):
            if not 0 <= d < len(x):
                raise InvalidArgumentError(None, None, f"{d} is not between 0 and {len(x)}")
            if result[d] != -1:
                raise InvalidArgumentError(None, None, f"{d} is duplicated in the input.")
            result[d] = i
        return result

    def shape(self, x: Spec) -> TensorShape:
        return TensorShape.of(x.ranked(1))


@export("invert_permutation", "math.invert_permutation")
def invert_permutation(x: Any, name: str | None = None) -> Tensor:
    """Return the permutation that undoes `x`: if `x[i]` is `j`, the result at `j` is `i`.

    Parameters
    ----------
    x : Tensor, shape (n,), int32 or int64
        The numbers 0 to n - 1, each once.
    name : str, optional

    Raises
    ------
    InvalidArgumentError
        If a number is out of range or comes twice.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.invert_permutation([3, 0, 1, 2]))
    array([1, 2, 3, 0], dtype=int32)
    """
    return InvertPermutation()(x, name=name)


class ReverseV2(Op):
    """The input read backwards along some axes."""

    preferred_dtypes: ClassVar[dict[str, DType]] = {"axis": dtypes.int32}

    def kernel(self, tensor: Array[T], axis: Array[Index]) -> Array[T]:
        tensor = np.asarray(tensor)
        axes = np.asarray(axis).reshape(-1).tolist()
        for i, a in enumerate(axes):
            if not -tensor.ndim <= a < tensor.ndim:
                raise InvalidArgumentError(None, None, f"'axis'[{i}] = {a} is out of valid range [0, {tensor.ndim - 1}")
        if len({a % tensor.ndim for a in axes}) < len(axes):
            twice = next(a for i, a in enumerate(axes) if a % tensor.ndim in {b % tensor.ndim for b in axes[:i]})
            raise InvalidArgumentError(None, None, f"axis {twice % tensor.ndim} specified more than once.")
        return np.flip(tensor, axes)

    def shape(self, tensor: Spec, axis: Spec) -> TensorShape:
        axis.ranked(1)
        if axis.value is not None and tensor.rank is not None:
            seen = set()
            for i, a in enumerate(axis.value.tolist()):
                if not -tensor.rank <= a < tensor.rank:
                    raise ShapeError(f"'axis'[{i}] = {a} is out of valid range [0, {tensor.rank - 1}")
                if a % tensor.rank in seen:
                    raise ShapeError(f"axis {a % tensor.rank} specified more than once.")
                seen.add(a % tensor.rank)
        return tensor.shape

    def grad(self, node: Any, dy: Tensor) -> Any:
        """Read the gradient backwards along the same axes."""
        return [raw.ReverseV2(dy, node.inputs[1]), None]


@export("reverse", "reverse_v2", "manip.reverse")
@taking_old_arguments("reverse", dims="axis")
def reverse(tensor: Any, axis: Any, name: str | None = None) -> Tensor:
    """Return a tensor read backwards along the given axes.

    Parameters
    ----------
    tensor : Tensor
    axis : list of int
        From -rank to rank - 1.
    name : str, optional

    Raises
    ------
    ValueError
        If an axis is out of range or named twice.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.reverse([[1, 2, 3], [4, 5, 6]], [1]))
    array([[3, 2, 1],
           [6, 5, 4]], dtype=int32)
    """
    if isinstance(axis, (list, tuple)) and axis and all(isinstance(choice, bool) for choice in axis):
        chosen = [i for i, choice in enumerate(axis) if choice]
        raise misuse(
            TypeError("Value passed to parameter 'axis' has DataType bool not in list of allowed values: int32, int64"),
            fix=f"tf.reverse(tensor, {chosen}): since TensorFlow 1.0 the axes are given by their numbers",
        )
    return ReverseV2()(tensor, axis, name=name)


class ReverseSequence(Op):
    """Each sequence of a batch read backwards up to its own length."""

    seq_dim: int
    batch_dim: int = 0
    preferred_dtypes: ClassVar[dict[str, DType]] = {"seq_lengths": dtypes.int64}

    def kernel(self, input: Array[T], seq_lengths: Array[Index]) -> Array[T]:
        input = np.asarray(input)
        steps, batch = input.shape[self.seq_dim], input.shape[self.batch_dim]
        lengths = np.asarray(seq_lengths)
        if len(lengths) != batch:
            raise InvalidArgumentError(
                None, None, f"Length of seq_lengths != input.dims({self.batch_dim}), ({len(lengths)} vs. {batch})"
            )
        if (lengths < 0).any() or (lengths > steps).any():
            i = int(np.flatnonzero((lengths < 0) | (lengths > steps))[0])
            problem = f"seq_lens({i}) < 0" if lengths[i] < 0 else f"seq_lens({i}) > input.dims({self.seq_dim})"
            raise InvalidArgumentError(None, None, problem)
        # Position t of a sequence of length n comes from n - 1 - t; behind the end everything stays.
        t = np.arange(steps)
        source = np.where(t < lengths[:, None], lengths[:, None] - 1 - t, t)
        moved = np.moveaxis(input, (self.batch_dim, self.seq_dim), (0, 1))
        result = moved[np.arange(batch)[:, None], source]
        return np.ascontiguousarray(np.moveaxis(result, (0, 1), (self.batch_dim, self.seq_dim)))

    def shape(self, input: Spec, seq_lengths: Spec) -> TensorShape:
        (batch,) = seq_lengths.ranked(1)
        if input.dims is None:
            return UNKNOWN
        if self.batch_dim >= len(input.dims):
            raise ShapeError(f"batch_dim must be < input rank: {self.batch_dim} vs. {len(input.dims)}")
        if self.seq_dim >= len(input.dims):
            raise ShapeError(f"seq_dim must be < input rank: {self.seq_dim} vs. {len(input.dims)}")
        from flowlab._src.graph.shape import merge_dims

        dims = list(input.dims)
        dims[self.batch_dim] = merge_dims(dims[self.batch_dim], batch)
        return TensorShape.of(tuple(dims))

    def grad(self, node: Any, dy: Tensor) -> Any:
        """Turn the same stretches of the gradient around."""
        return [ReverseSequence(seq_dim=self.seq_dim, batch_dim=self.batch_dim)(dy, node.inputs[1]), None]


@export("reverse_sequence")
def reverse_sequence(
    input: Any,
    seq_lengths: Any,
    seq_axis: int | None = None,
    batch_axis: int | None = None,
    name: str | None = None,
    seq_dim: int | None = None,
    batch_dim: int | None = None,
) -> Tensor:
    """Reverse each sequence of a batch up to its own length; the padding behind it stays where it is.

    Parameters
    ----------
    input : Tensor
    seq_lengths : Tensor, shape (batch,), int32 or int64
        How many steps of each sequence to turn around.
    seq_axis : int
        The axis of time.
    batch_axis : int, default 0
        The axis of the batch.
    name : str, optional
    seq_dim, batch_dim : int
        Old names of the axes.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.reverse_sequence([[1, 2, 3, 0], [4, 5, 0, 0]], [3, 2], seq_axis=1))
    array([[3, 2, 1, 0],
           [5, 4, 0, 0]], dtype=int32)
    """
    seq_axis = old_argument("seq_axis", seq_axis, "seq_dim", seq_dim)
    batch_axis = old_argument("batch_axis", batch_axis, "batch_dim", batch_dim)
    if seq_axis is None:
        raise misuse(
            ValueError("seq_axis is missing: the number of the axis along which the sequences run."),
            fix="seq_axis=1 for a batch of sequences, (batch, time, ...)",
        )
    return ReverseSequence(seq_dim=seq_axis, batch_dim=0 if batch_axis is None else batch_axis)(
        input, seq_lengths, name=name
    )


class Roll(Op):
    """The elements moved along some axes; what leaves at the end comes in again at the start."""

    def kernel(self, input: Array[T], shift: Array[ShiftIndex], axis: Array[AxisIndex]) -> Array[T]:
        if np.ndim(input) < 1:
            raise InvalidArgumentError(None, None, "input must be 1-D or higher")
        shifts, axes = np.reshape(shift, -1).tolist(), np.reshape(axis, -1).tolist()
        if len(shifts) != len(axes):
            raise InvalidArgumentError(None, None, "shift and axis must have the same size")
        for a in axes:
            if not -np.ndim(input) <= a < np.ndim(input):
                raise InvalidArgumentError(None, None, f"axis {a} is out of range")
        return np.roll(input, shifts, axes)

    def shape(self, input: Spec, shift: Spec, axis: Spec) -> TensorShape:
        require_rank_at_least(input.shape, 1)
        for spec in (shift, axis):
            if spec.rank is not None and spec.rank > 1:
                raise ShapeError(f"Shape must be at most rank 1 but is rank {spec.rank}")
        return input.shape

    def grad(self, node: Any, dy: Tensor) -> Any:
        """Roll the gradient the other way."""
        _, shift, axis = node.inputs
        return [raw.Roll(dy, raw.Neg(shift), axis), None, None]


@export("roll", "manip.roll")
def roll(input: Any, shift: Any, axis: Any, name: str | None = None) -> Tensor:
    """Move the elements along an axis; those that leave at the end come in again at the start.

    Parameters
    ----------
    input : Tensor
    shift : int or list of int
        By how many places; negative moves towards the start.
    axis : int or list of int
        Along which axes, one for each shift.
    name : str, optional

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.roll([0, 1, 2, 3, 4], shift=2, axis=0))
    array([3, 4, 0, 1, 2], dtype=int32)
    """
    return Roll()(input, shift, axis, name=name)

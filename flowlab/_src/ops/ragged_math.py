"""Calculating with ragged tensors: element by element, sums along axes, ranges."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import as_dtype
from flowlab._src.graph.op import Binary, Unary
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import control_dependencies, name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops import reduce as reductions, segments
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.cast import cast
from flowlab._src.ops.checks import assert_equal
from flowlab._src.ops.cumulative import cumsum
from flowlab._src.ops.division import truediv
from flowlab._src.ops.fill import ones_like, zeros
from flowlab._src.ops.gather import gather
from flowlab._src.ops.joining import concat
from flowlab._src.ops.magnitude import maximum
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.ragged_making import HANDLERS
from flowlab._src.ops.ragged_ops import RaggedRange
from flowlab._src.ops.ragged_rows import row_splits_to_segment_ids
from flowlab._src.ops.ragged_tensor import RaggedTensor, as_ragged_or_tensor, is_ragged, match_row_splits
from flowlab._src.ops.reshaping import reshape
from flowlab._src.util.export import export

# Of the shape of their input, but not element by element.
_WHOLE = frozenset(["Where", "InvertPermutation", "Softmax", "LogSoftmax", "DecodeJSONExample"])
# One value for each element of their first input; the others say how.
_FIRST = frozenset(["ClipByValue", "RegexReplace", "RegexFullMatch", "Substr"])

_NUMBERS = (dtypes.int32, dtypes.int64, dtypes.float32, dtypes.float64)


# ---- element by element ----------------------------------------------------------------------------------------------


def elementwise(op: Any, inputs: Sequence[Any], name: str) -> Any:
    """Apply an operation to the elements of ragged tensors."""
    if op.type in _WHOLE:
        return NotImplemented
    if op.type in HANDLERS:
        return HANDLERS[op.type](op, inputs, name)
    if len(inputs) == 1 and isinstance(inputs[0], (list, tuple)) and op.type in ("AddN", "StringJoin"):
        items = [as_ragged_or_tensor(item) for item in inputs[0]]
        return _joined(lambda *flat: op(list(flat), name=name), items)
    if op.type in _FIRST or (isinstance(op, Unary) and len(inputs) == 1):
        return inputs[0].with_flat_values(op(inputs[0].flat_values, *inputs[1:], name=name))
    if isinstance(op, Binary) and len(inputs) == 2:
        dtype = next(x.dtype.base_dtype for x in inputs if is_ragged(x))
        x, y = (
            as_ragged_or_tensor(value, name=argument, preferred=dtype)
            for value, argument in zip(inputs, ("x", "y"), strict=True)
        )
        return _binary(functools.partial(op, name=name), x, y)
    return NotImplemented


def map_elements(function: Callable[..., Any], arguments: Sequence[Any], others: Any, options: Any) -> Any:
    """Apply a function of one argument, a list or two arguments to the elements of ragged tensors."""
    first = arguments[0]
    if len(arguments) == 1 and isinstance(first, (list, tuple)):
        items = [as_ragged_or_tensor(item) for item in first]
        return _joined(lambda *flat: function(list(flat), *others, **options), items)
    if len(arguments) == 1:
        return first.with_flat_values(function(first.flat_values, *others, **options))
    dtype = next(x.dtype.base_dtype for x in arguments if is_ragged(x))
    x, y = (as_ragged_or_tensor(value, preferred=dtype) for value in arguments)
    return _binary(lambda a, b: function(a, b, *others, **options), x, y)


def _joined(function: Callable[..., Any], items: Sequence[Any]) -> RaggedTensor:
    """Apply a function to the innermost values of ragged tensors of the same rows."""
    items = match_row_splits(*items)
    ragged = [item for item in items if isinstance(item, RaggedTensor)]
    with control_dependencies(assert_same_rows(ragged)):
        return ragged[0].with_flat_values(function(*[flat_values(item) for item in items]))


def assert_same_rows(ragged: Sequence[RaggedTensor]) -> list[Any]:
    """Operations that fail unless ragged tensors have the same rows; ValueError for different numbers of axes."""
    message = "Inputs must have identical ragged splits"
    if len({rt.ragged_rank for rt in ragged}) > 1:
        raise misuse(ValueError(message))
    return [
        assert_equal(a, b, message=message)
        for other in ragged[1:]
        for a, b in zip(ragged[0].nested_row_splits, other.nested_row_splits, strict=True)
        if a is not b
    ]


def flat_values(x: Any) -> Any:
    """The innermost values of a ragged tensor, anything else as it is."""
    return x.flat_values if isinstance(x, RaggedTensor) else x


def _binary(function: Callable[..., Any], x: Any, y: Any) -> RaggedTensor:
    """Apply a function of two arguments; a tensor beside a ragged one is stretched over its rows."""
    if isinstance(x, RaggedTensor) and isinstance(y, RaggedTensor):
        return _joined(function, [x, y])
    if isinstance(x, RaggedTensor):
        return x.with_flat_values(function(x.flat_values, _stretched(y, x)))
    return y.with_flat_values(function(_stretched(x, y), y.flat_values))


def _stretched(x: Tensor, like: RaggedTensor) -> Tensor:
    """A tensor so that it can be combined with the innermost values of a ragged one."""
    rank, inner = x.shape.ndims, like.flat_values.shape.ndims
    if rank is None or inner is None:
        raise misuse(ValueError("Unable to broadcast: the rank of the tensor beside a RaggedTensor must be known"))
    if rank < inner:
        return x  # stretched over the innermost axes, as always
    if rank > inner + like.ragged_rank:
        raise misuse(
            ValueError(
                f"Unable to broadcast: a tensor of rank {rank} with a RaggedTensor of rank {inner + like.ragged_rank}"
            )
        )
    sizes: list[int | None] = x.shape.as_list()
    if rank < inner + like.ragged_rank:  # axes of size 1 are put in front
        added = inner + like.ragged_rank - rank
        x = reshape(x, concat([[1] * added, shape_of(x)], axis=0))
        sizes = [*[1] * added, *sizes]
        x.set_shape(sizes)
    # The ragged axes, outermost first: one of size 1 serves all elements of the row, others must be like the rows.
    for level, splits in enumerate(like.nested_row_splits):
        outer = shape_of(x)[:1]
        if sizes[level + 1] == 1:
            x = reshape(x, concat([outer, shape_of(x)[2:]], axis=0))
            x.set_shape([sizes[0], *sizes[level + 2 :]])
            if sizes[0] != 1:
                x = gather(x, row_splits_to_segment_ids(splits))
                x.set_shape([None, *sizes[level + 2 :]])
                sizes[0] = None
            continue
        even = RaggedTensor.from_tensor(x, row_splits_dtype=splits.dtype.base_dtype)
        if sizes[0] == 1:
            raise misuse(ValueError("Unable to broadcast: dimension size mismatch in dimension " + str(level + 1)))
        with control_dependencies(
            [assert_equal(even.row_splits, splits, message="Unable to broadcast: dimension size mismatch")]
        ):
            x = raw.Identity(even.values)
        x.set_shape([None, *sizes[level + 2 :]])
        sizes[0] = None
    return x


@export("ragged.map_flat_values")
def map_flat_values(op: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Apply a function to the innermost values of ragged tensors.

    Parameters
    ----------
    op : callable
        Gets the arguments with the innermost values in the place of ragged tensors; its result has as many rows.
    *args, **kwargs
        Ragged tensors of the same rows, and anything else.

    Returns
    -------
    RaggedTensor
        Of the same rows. Without a ragged argument: just the result.

    Raises
    ------
    ValueError
        If the ragged tensors have different numbers of axes, or the result has another length.

    Examples
    --------
    >>> rt = tf.ragged.constant([[1, 2, 3], [], [4, 5]])
    >>> with tf.Session() as sess:
    ...     sess.run(tf.ragged.map_flat_values(tf.ones_like, rt)).to_list()
    [[1, 1, 1], [], [1, 1]]
    """
    if not callable(op):
        raise misuse(TypeError(f"op must be a function, got {type(op).__name__}"))
    found: list[RaggedTensor] = []

    def inside(value: Any) -> Any:
        if is_ragged(value):
            rt = as_ragged_or_tensor(value)
            found.append(rt)
            return rt.flat_values
        if isinstance(value, (list, tuple)):
            return type(value)(inside(v) for v in value)
        if isinstance(value, dict):
            return {key: inside(v) for key, v in value.items()}
        return value

    inner_args, inner_kwargs = inside(list(args)), inside(kwargs)
    if not found:
        return op(*args, **kwargs)
    found = match_row_splits(*found)
    if len({rt.ragged_rank for rt in found}) > 1:
        raise misuse(ValueError("All ragged inputs must have the same ragged_rank."))
    with control_dependencies(assert_same_rows(found)):
        result = op(*inner_args, **inner_kwargs)
    if not result.shape[:1].is_compatible_with(found[0].flat_values.shape[:1]):
        raise misuse(
            ValueError(
                "tf.ragged.map_flat_values requires that the output of `op` have the same outer-dimension size as "
                f"flat_values of any ragged inputs. (output shape: {result.shape}; expected outer dimension size: "
                f"{found[0].flat_values.shape[0]})"
            )
        )
    return found[0].with_flat_values(result)


# ---- sums along axes -------------------------------------------------------------------------------------------------


def _segment(op: Callable[..., Any], data: Any, ids: Tensor, count: Any) -> Any:
    """Combine the rows of each segment; where rows are ragged, their elements position by position."""
    if not isinstance(data, RaggedTensor):
        return op(data, ids, count)
    lengths = data.row_splits[1:] - data.row_splits[:-1]
    out_lengths = maximum(segments.unsorted_segment_max(lengths, ids, count), 0)
    out_splits = concat([zeros([1], out_lengths.dtype.base_dtype), cumsum(out_lengths)], axis=0)
    starts = gather(out_splits, ids)
    places = ragged_range(starts, starts + lengths, row_splits_dtype=data.row_splits.dtype.base_dtype).values
    values = _segment(op, data.values, places, out_splits[-1])
    return RaggedTensor.from_row_splits(values, out_splits, validate=False)


def _aggregate(
    whole: Callable[..., Any], segment: Callable[..., Any], rt: RaggedTensor, axis: Any, keepdims: bool
) -> Any:
    """Reduce a ragged tensor along an axis, or several one after another."""
    if axis is None:
        return whole(rt.flat_values, None, keepdims)
    if isinstance(axis, Tensor):
        raise misuse(ValueError("axis must be known at graph construction time."))
    if isinstance(axis, (list, tuple)):
        if not axis:
            return rt
        if len(axis) > 1:
            if any(a < 0 for a in axis):
                raise misuse(ValueError("Negative axis values are not supported when axis is a list"))
            inner_first = sorted(axis, reverse=True)
            result: Any = rt
            for a in inner_first:
                result = _again(whole, segment, result, a, keepdims)
            return result
        axis = axis[0]
    rank = rt.shape.ndims
    if axis < 0:
        if rank is None:
            raise misuse(ValueError("axis may only be negative if rank(input_tensor) is statically known"))
        axis += rank
    if axis < 0 or (rank is not None and axis >= rank):
        raise misuse(ValueError(f"axis={axis} out of bounds: expected 0<=axis<{rank}"))
    kind = rt.row_splits.dtype.base_dtype
    if axis == 0:
        lengths = rt.row_lengths()
        count = maximum(reductions.reduce_max(lengths), 0)
        ids = ragged_range(lengths, row_splits_dtype=kind).values
        result = _segment(segment, rt.values, ids, count)
        return raw.ExpandDims(result, 0) if keepdims and isinstance(result, Tensor) else result
    if axis == 1:
        count = shape_of(rt.row_splits, out_type=kind)[0] - 1
        result = _segment(segment, rt.values, row_splits_to_segment_ids(rt.row_splits), count)
        if keepdims:
            result = raw.ExpandDims(result, 1) if isinstance(result, Tensor) else HANDLERS["expand_dims"](result, 1)
        return result
    return rt.with_values(_again(whole, segment, rt.values, axis - 1, keepdims))


def _again(whole: Callable[..., Any], segment: Callable[..., Any], x: Any, axis: int, keepdims: bool) -> Any:
    if isinstance(x, RaggedTensor):
        return _aggregate(whole, segment, x, axis, keepdims)
    return whole(x, axis, keepdims)


_SEGMENTS = {
    "Sum": (reductions.reduce_sum, segments.unsorted_segment_sum),
    "Prod": (reductions.reduce_prod, segments.unsorted_segment_prod),
    "Max": (reductions.reduce_max, segments.unsorted_segment_max),
    "Min": (reductions.reduce_min, segments.unsorted_segment_min),
}


def reduce_ragged(op_type: str, x: RaggedTensor, axis: Any, keepdims: bool, name: str | None) -> Any:
    """`tf.reduce_sum` and its kin for ragged tensors."""
    with name_scope(name, f"RaggedReduce{op_type.rstrip('_')}", [x.row_splits]):
        if op_type in _SEGMENTS:
            return _aggregate(*_SEGMENTS[op_type], x, axis, keepdims)
        if op_type == "Mean":
            if axis is None:
                return reductions.reduce_mean(x.flat_values, None, keepdims)
            total = _aggregate(*_SEGMENTS["Sum"], x, axis, keepdims)
            number = _aggregate(*_SEGMENTS["Sum"], x.with_flat_values(ones_like(x.flat_values)), axis, keepdims)
            if isinstance(total, RaggedTensor):
                return total.with_flat_values(truediv(total.flat_values, number.flat_values))
            return truediv(total, number)
        if op_type in ("All", "Any_", "Any"):
            bits = x.with_flat_values(cast(x.flat_values, dtypes.int32))
            counted = _aggregate(*_SEGMENTS["Prod" if op_type == "All" else "Sum"], bits, axis, keepdims)
            if isinstance(counted, RaggedTensor):
                return counted.with_flat_values(cast(counted.flat_values, dtypes.bool_))
            return cast(counted, dtypes.bool_)
        raise misuse(TypeError(f"This reduction does not take a RaggedTensor: {op_type}"))


# ---- ranges ------------------------------------------------------------------------------------------------------------


@export("ragged.range")
def ragged_range(
    starts: Any,
    limits: Any = None,
    deltas: Any = 1,
    dtype: Any = None,
    name: str | None = None,
    row_splits_dtype: Any = dtypes.int64,
) -> RaggedTensor:
    """Make ranges of numbers, one in each row.

    Parameters
    ----------
    starts : Tensor, shape () or (rows,)
        Where each begins; with `limits` missing, where each ends.
    limits : Tensor, shape () or (rows,), optional
        Where each ends, not included.
    deltas : Tensor, shape () or (rows,)
        The steps.
    dtype : DType, optional
        int32, int64, float32 or float64; the widest of the three, if not given.
    name : str, optional
    row_splits_dtype : DType
        int32 or int64.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.ragged.range([3, 0, 2])).to_list(), sess.run(tf.ragged.range([0, 5], [3, 8], 2)).to_list()
    ([[0, 1, 2], [], [0, 1]], [[0, 2], [5, 7]])
    """
    if limits is None:
        starts, limits = 0, starts
    with name_scope(name, "RaggedRange", [starts, limits, deltas]) as name:
        parts = [convert(x, dtype, n) for x, n in ((starts, "starts"), (limits, "limits"), (deltas, "deltas"))]
        if dtype is None:
            for part in parts:
                if part.dtype.base_dtype not in _NUMBERS:
                    raise misuse(
                        TypeError(f"tf.ragged.range takes int32, int64, float32 and float64, not {part.dtype.name}")
                    )
            widest = max((p.dtype.base_dtype for p in parts), key=_NUMBERS.index)
            parts = [cast(p, widest) for p in parts]
        splits, values = RaggedRange(Tsplits=as_dtype(row_splits_dtype))(*parts, name=name)
        return RaggedTensor.from_row_splits(values, splits, validate=False)


# ---- operators -------------------------------------------------------------------------------------------------------------


def _override(operator: str, op_type: str, turned: bool = True) -> None:
    """Let a Python operator on ragged tensors apply an operation."""

    def from_the_left(x: RaggedTensor, y: Any) -> Any:
        return getattr(raw, op_type)(x, y)

    def from_the_right(y: RaggedTensor, x: Any) -> Any:
        return getattr(raw, op_type)(x, y)

    setattr(RaggedTensor, f"__{operator}__", from_the_left)
    if turned:
        setattr(RaggedTensor, f"__r{operator}__", from_the_right)


for _operator, _op_type in (
    ("add", "AddV2"), ("sub", "Sub"), ("mul", "Mul"), ("floordiv", "FloorDiv"), ("mod", "FloorMod"), ("pow", "Pow"),
    ("and", "LogicalAnd"), ("or", "LogicalOr"),
):  # fmt: skip
    _override(_operator, _op_type)
for _operator, _op_type in (("lt", "Less"), ("le", "LessEqual"), ("gt", "Greater"), ("ge", "GreaterEqual")):
    _override(_operator, _op_type, turned=False)


def _divide(x: Any, y: Any) -> RaggedTensor:
    """/ of ragged tensors: integers become floats first."""
    dtype = next(v.dtype.base_dtype for v in (x, y) if is_ragged(v))
    return _binary(truediv, as_ragged_or_tensor(x, preferred=dtype), as_ragged_or_tensor(y, preferred=dtype))


def _xor(x: Any, y: Any) -> RaggedTensor:
    """^ of ragged tensors of truth values."""
    return raw.LogicalAnd(raw.LogicalOr(x, y), raw.LogicalNot(raw.LogicalAnd(x, y)))


for _operator, _function in (("truediv", _divide), ("div", _divide), ("xor", _xor)):
    setattr(RaggedTensor, f"__{_operator}__", _function)
    setattr(RaggedTensor, f"__r{_operator}__", lambda y, x, f=_function: f(x, y))
for _operator, _op_type in (("neg", "Neg"), ("abs", "Abs"), ("invert", "LogicalNot")):
    setattr(RaggedTensor, f"__{_operator}__", lambda self, kind=_op_type: getattr(raw, kind)(self))


def _choose(op: Any, inputs: Sequence[Any], name: str) -> RaggedTensor:
    """`tf.where` for ragged tensors of the same rows."""
    return _joined(functools.partial(op, name=name), [as_ragged_or_tensor(x) for x in inputs])


def _segments(op: Any, inputs: Sequence[Any], name: str) -> Any:
    """`tf.unsorted_segment_sum` and its kin for ragged tensors."""
    data, ids, count = inputs
    with name_scope(None, f"Ragged{op.type}", []):
        data, ids = match_row_splits(
            as_ragged_or_tensor(data, name="data"), as_ragged_or_tensor(ids, name="segment_ids")
        )
        while isinstance(ids, RaggedTensor):
            if not isinstance(data, RaggedTensor):
                raise misuse(
                    ValueError(
                        "segment_ids.shape must be a prefix of data.shape, but segment_ids is ragged and data is not."
                    )
                )
            check = assert_equal(
                ids.row_splits, data.row_splits, message="segment_ids.shape must be a prefix of data.shape"
            )
            with control_dependencies([check]):
                data, ids = data.values, raw.Identity(ids.values) if isinstance(ids.values, Tensor) else ids.values
        return _segment(op, data, ids, count)


HANDLERS.update(dict.fromkeys(("Select", "SelectV2"), _choose))
HANDLERS.update({f"UnsortedSegment{kind}": _segments for kind in ("Sum", "Prod", "Max", "Min")})
HANDLERS.update(elementwise=elementwise, map=map_elements, reduce=reduce_ragged)

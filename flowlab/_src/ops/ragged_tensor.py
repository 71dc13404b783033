"""`tf.RaggedTensor`: rows of different lengths, kept as all values one after another and where each row begins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flowlab._src.errors import add_notes
from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_int, as_ints, refused
from flowlab._src.graph.composite import Composite
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import DType, as_dtype
from flowlab._src.graph.graph import Graph
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.cast import cast
from flowlab._src.ops.joining import concat, stack
from flowlab._src.ops.magnitude import maximum
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.ragged_making import HANDLERS, RaggedMaking, count_rows
from flowlab._src.ops.ragged_rows import row_splits_to_segment_ids
from flowlab._src.ops.ragged_value import RaggedTensorValue
from flowlab._src.ops.reduce import reduce_max
from flowlab._src.util import nest, source
from flowlab._src.util.export import export


@export("RaggedTensor")
class RaggedTensor(RaggedMaking, Composite):
    """Rows of different lengths: `values[row_splits[i]:row_splits[i + 1]]` is row i.

    Made by `tf.ragged.constant` or one of the class methods `from_...`. The values may be ragged themselves: then the
    rows hold rows.

    Parameters
    ----------
    values : Tensor or RaggedTensor
    row_splits : Tensor of int32 or int64, shape (rows + 1,)

    Examples
    --------
    >>> rt = tf.ragged.constant([[3, 1], [], [4, 1, 5]])
    >>> with tf.Session() as sess:
    ...     sess.run(rt).to_list(), sess.run(rt.row_lengths()), sess.run((rt * 2)[2])
    ([[3, 1], [], [4, 1, 5]], array([2, 0, 3]), array([ 8,  2, 10], dtype=int32))
    """

    __array_priority__ = 100  # so that numpy_array + ragged asks the ragged tensor

    def __init__(self, values: Any, row_splits: Any, internal: bool = False) -> None:
        if internal is not True:
            raise misuse(
                ValueError("RaggedTensor constructor is private; please use one of the factory methods instead "
                           "(e.g., RaggedTensor.from_row_lengths())"),
                fix="tf.ragged.constant([[1, 2], [3]]), or tf.RaggedTensor.from_row_splits(values, row_splits)",
            )  # fmt: skip
        row_splits.shape.assert_has_rank(1)
        values.shape.with_rank_at_least(1)
        if isinstance(values, RaggedTensor) and values.row_splits.dtype is not row_splits.dtype:
            raise misuse(ValueError("row_splits and values.row_splits must have the same dtype"))
        self._values: Any = values
        self._row_splits: Tensor = row_splits

    @staticmethod
    def _converted(values: Any) -> Any:
        return as_ragged_or_tensor(values, name="values")

    # ---- what it is made of -------------------------------------------------------------------------------------

    @property
    def dtype(self) -> DType:
        """Type of the elements."""
        dtype: DType = self._values.dtype
        return dtype

    @property
    def shape(self) -> TensorShape:
        """The static shape; ragged axes are unknown."""
        rows = self._row_splits.shape.with_rank(1)[0] - 1
        return TensorShape([rows, None]).concatenate(self._values.shape[1:])

    def get_shape(self) -> TensorShape:
        """Return the static shape."""
        return self.shape

    @property
    def ragged_rank(self) -> int:
        """The number of ragged axes."""
        inner = self._values.ragged_rank if isinstance(self._values, RaggedTensor) else 0
        return int(inner) + 1

    @property
    def values(self) -> Any:
        """The values of all rows one after another; ragged, if the rows hold rows."""
        return self._values

    @property
    def row_splits(self) -> Tensor:
        """Where rows begin and end in the values: shape (rows + 1,)."""
        return self._row_splits

    @property
    def flat_values(self) -> Tensor:
        """The values of the innermost rows."""
        values = self._values
        while isinstance(values, RaggedTensor):
            values = values._values
        return values

    @property
    def nested_row_splits(self) -> tuple[Tensor, ...]:
        """The splits of all ragged axes, outermost first."""
        inner = self._values.nested_row_splits if isinstance(self._values, RaggedTensor) else ()
        return (self._row_splits, *inner)

    @property
    def graph(self) -> Graph:
        """The graph of its tensors."""
        return self._row_splits.graph

    @property
    def op(self) -> Operation:
        """The operation that produces the values."""
        return self.flat_values.op

    def consumers(self) -> list[Operation]:
        """Return the operations that take one of its tensors as an input."""
        return list(dict.fromkeys(op for t in [self.flat_values, *self.nested_row_splits] for op in t.consumers()))

    def value_rowids(self, name: str | None = None) -> Tensor:
        """Return for each value the number of its row."""
        with name_scope(name, "RaggedValueRowIds", [self._row_splits]):
            return row_splits_to_segment_ids(self._row_splits)

    def nested_value_rowids(self, name: str | None = None) -> tuple[Tensor, ...]:
        """Return the row numbers of the values for all ragged axes, outermost first."""
        with name_scope(name, "RaggedNestedValueRowIds", [self._row_splits]):
            return tuple(rt.value_rowids() for rt in self._levels())

    def nrows(self, out_type: Any = None, name: str | None = None) -> Tensor:
        """Return the number of rows."""
        out_type = self._row_splits.dtype.base_dtype if out_type is None else as_dtype(out_type)
        with name_scope(name, "RaggedNRows", [self._row_splits]):
            return shape_of(self._row_splits, out_type=out_type)[0] - 1

    def row_starts(self, name: str | None = None) -> Tensor:
        """Return where each row begins in the values."""
        with name_scope(name, "RaggedRowStarts", [self._row_splits]):
            return self._row_splits[:-1]

    def row_limits(self, name: str | None = None) -> Tensor:
        """Return where each row ends in the values."""
        with name_scope(name, "RaggedRowLimits", [self._row_splits]):
            return self._row_splits[1:]

    def row_lengths(self, axis: int = 1, name: str | None = None) -> Any:
        """Return the length of each row; of the rows of an inner axis, in the form of the axes before it."""
        axis = as_int(axis, "axis")
        with name_scope(name, "RaggedRowLengths", [self._row_splits]):
            if axis == 1:
                return self._row_splits[1:] - self._row_splits[:-1]
            if axis < 1:
                rank = self.shape.ndims
                if axis < 0 and rank is not None and axis + rank >= 0:
                    return self.shape if axis + rank == 0 else self.row_lengths(axis + rank)
                if axis == 0:
                    return self.nrows()
                raise misuse(ValueError(f"axis={axis} out of bounds"))
            if isinstance(self._values, RaggedTensor):
                return self.with_values(self._values.row_lengths(axis - 1))
            sizes = shape_of(self._values, out_type=self._row_splits.dtype.base_dtype)
            return self.with_values(_full(sizes[: axis - 1], sizes[axis - 1]))

    def nested_row_lengths(self, name: str | None = None) -> tuple[Tensor, ...]:
        """Return the lengths of the rows of all ragged axes, outermost first."""
        with name_scope(name, "RaggedNestedRowLengths", [self._row_splits]):
            return tuple(rt.row_lengths() for rt in self._levels())

    def _levels(self) -> list[RaggedTensor]:
        """This ragged tensor, its values, their values ..., as far as they are ragged."""
        levels, rt = [], self
        while isinstance(rt, RaggedTensor):
            levels.append(rt)
            rt = rt._values
        return levels

    def bounding_shape(self, axis: Any = None, name: str | None = None, out_type: Any = None) -> Tensor:
        """Return the smallest shape that all rows fit into.

        Parameters
        ----------
        axis : int or list of int, optional
            Only these sizes.
        name : str, optional
        out_type : DType, optional

        Examples
        --------
        >>> rt = tf.ragged.constant([[1, 2, 3], [4]])
        >>> with tf.Session() as sess:
        ...     sess.run(rt.bounding_shape())
        array([2, 3])
        """
        out_type = self._row_splits.dtype.base_dtype if out_type is None else as_dtype(out_type)
        with name_scope(name, "RaggedBoundingBox", [self._row_splits]):
            if isinstance(axis, int) and axis == 0:
                return self.nrows(out_type)
            if isinstance(axis, int) and axis == 1:
                longest = maximum(reduce_max(self.row_lengths()), 0)
                return longest if longest.dtype.base_dtype is out_type else cast(longest, out_type)
            splits, flat = self.nested_row_splits, self.flat_values
            ragged = [count_rows(splits[0], out_type) - 1]
            ragged += [maximum(reduce_max(cast(s[1:] - s[:-1], out_type)), 0) for s in splits]
            inner = shape_of(flat, out_type=out_type)[1:]
            whole = concat([stack(ragged), inner], axis=0)
            if axis is None:
                return whole
            return whole[axis] if isinstance(axis, int) else stack([whole[a] for a in as_ints(axis, "axis")])

    # ---- changing -----------------------------------------------------------------------------------------------

    def with_values(self, new_values: Any) -> RaggedTensor:
        """Return a ragged tensor of the same rows with other values."""
        if not isinstance(new_values, (Tensor, RaggedTensor)):
            raise refused("Tensor or RaggedTensor", "new_values", new_values)
        new_values.shape.with_rank_at_least(1)
        self._values.shape[:1].assert_is_compatible_with(new_values.shape[:1])
        if isinstance(new_values, RaggedTensor) and new_values.row_splits.dtype is not self._row_splits.dtype:
            raise misuse(
                ValueError(
                    "self and new_values have mismatched row_splits dtypes; use RaggedTensor.with_row_splits_dtype()"
                )
            )
        return RaggedTensor(new_values, self._row_splits, internal=True)

    def with_flat_values(self, new_values: Any) -> RaggedTensor:
        """Return a ragged tensor of the same rows with other innermost values."""
        if isinstance(self._values, RaggedTensor):
            return self.with_values(self._values.with_flat_values(new_values))
        return self.with_values(as_ragged_or_tensor(new_values))

    def with_row_splits_dtype(self, dtype: Any) -> RaggedTensor:
        """Return this ragged tensor with splits of int32 or int64."""
        dtype = as_dtype(dtype)
        if dtype not in (dtypes.int32, dtypes.int64):
            raise misuse(ValueError("dtype must be int32 or int64"))
        if self._row_splits.dtype.base_dtype is dtype:
            return self
        values = self._values
        if isinstance(values, RaggedTensor):
            values = values.with_row_splits_dtype(dtype)
        return RaggedTensor(values, cast(self._row_splits, dtype), internal=True)

    def to_tensor(self, default_value: Any = None, name: str | None = None) -> Tensor:
        """Return a tensor in which short rows are filled up.

        Parameters
        ----------
        default_value : Tensor, optional
            What they are filled with: zero or the empty string, if not given.
        name : str, optional

        Examples
        --------
        >>> with tf.Session() as sess:
        ...     sess.run(tf.ragged.constant([[9, 8], [7]]).to_tensor(-1))
        array([[ 9,  8],
               [ 7, -1]], dtype=int32)
        """
        result: Tensor = HANDLERS["to_tensor"](self, default_value, name)
        return result

    def to_sparse(self, name: str | None = None) -> Any:
        """Return a sparse tensor that keeps the elements of the rows.

        Parameters
        ----------
        name : str, optional

        Examples
        --------
        >>> with tf.Session() as sess:
        ...     sess.run(tf.ragged.constant([[9, 8], [7]]).to_sparse()).indices.tolist()
        [[0, 0], [0, 1], [1, 0]]
        """
        return HANDLERS["to_sparse"](self, name)

    def to_list(self) -> Any:
        """Refuse: the rows have no values before a session runs."""
        raise misuse(
            ValueError(
                "RaggedTensor.to_list() is only supported in eager mode; in graph mode, evaluate the RaggedTensor first "
                "and then use RaggedTensorValue.to_list()."
            ),
            fix="sess.run(rt).to_list()",
        )

    # ---- what the library asks ----------------------------------------------------------------------------------

    def _fetch_parts(self) -> tuple[list[Any], Callable[[list[Any]], Any]]:
        return [self.flat_values, *self.nested_row_splits], _join_values

    def _feed_parts(self, value: Any) -> list[tuple[Any, Any]]:
        """The innermost values and the splits of each axis, each with its part of a RaggedTensorValue."""
        if not isinstance(value, RaggedTensorValue) or value.ragged_rank != self.ragged_rank:
            site = source.caller(3)
            raise add_notes(
                TypeError(
                    f"Cannot feed value of type {type(value).__name__} for {self}, which has {self.ragged_rank} ragged axes."
                ),
                where=site.quote() if site else "",
                fix="feed a RaggedTensorValue: tf.ragged.constant_value([[1, 2], [3]])",
            )
        return [
            (self.flat_values, value.flat_values),
            *zip(self.nested_row_splits, value.nested_row_splits, strict=True),
        ]

    def _apply_elementwise(self, op: Any, inputs: Sequence[Any], name: str) -> Any:
        return HANDLERS["elementwise"](op, inputs, name)

    def _map(self, function: Callable[..., Any], arguments: Sequence[Any], *others: Any, **options: Any) -> Any:
        return HANDLERS["map"](function, arguments, others, options)

    def _call(self, function: str, *args: Any, **kwargs: Any) -> Any:
        if function not in HANDLERS:
            return super()._call(function, *args, **kwargs)
        return HANDLERS[function](*args, **kwargs)

    def __getitem__(self, key: Any) -> Any:
        return HANDLERS["getitem"](self, key)

    def __str__(self) -> str:
        return f"tf.RaggedTensor(values={self._values}, row_splits={self._row_splits})"

    __repr__ = __str__


nest.register_composite(
    RaggedTensor,
    lambda rt: [rt.flat_values, *rt.nested_row_splits],
    lambda like, parts: RaggedTensor.from_nested_row_splits(parts[0], parts[1:], validate=False),
)


def _join_values(values: list[Any]) -> RaggedTensorValue:
    result = values[0]
    for splits in reversed(values[1:]):
        result = RaggedTensorValue(result, splits)
    return result


def is_ragged(value: Any) -> bool:
    """True for a RaggedTensor and for a RaggedTensorValue."""
    return isinstance(value, (RaggedTensor, RaggedTensorValue))


def as_ragged_or_tensor(value: Any, dtype: Any = None, name: str | None = None, preferred: Any = None) -> Any:
    """Return ragged tensors as they are, values of such as ragged tensors of constants, anything else as a tensor."""
    if isinstance(value, RaggedTensorValue):
        with name_scope(name, "ConvertToTensorOrRaggedTensor", []):
            flat = convert(value.flat_values, dtype, "flat_values", preferred)
            return RaggedTensor.from_nested_row_splits(flat, list(value.nested_row_splits), validate=False)
    if isinstance(value, RaggedTensor):
        if dtype is not None and not as_dtype(dtype).is_compatible_with(value.dtype):
            raise misuse(
                ValueError(
                    f"Tensor conversion requested dtype {as_dtype(dtype).name} for RaggedTensor with dtype {value.dtype.name}: {value!r}"
                )
            )
        return value
    return convert(value, dtype, name, preferred)


def match_row_splits(*tensors: Any) -> list[Any]:
    """Return ragged tensors with splits of one dtype; ValueError when they differ."""
    found = {t.row_splits.dtype.base_dtype for t in tensors if isinstance(t, RaggedTensor)}
    if len(found) > 1:
        raise misuse(
            ValueError(
                "Input RaggedTensors have mismatched row_splits dtypes; use RaggedTensor.with_row_splits_dtype() to convert them to compatible dtypes."
            )
        )
    return list(tensors)


def _full(sizes: Tensor, value: Tensor) -> Tensor:
    from flowlab._src.ops.fill import fill

    return fill(sizes, value)


# The rules and operators of ragged tensors: they need the class, and no ragged tensor may be without them.
from flowlab._src.ops import ragged_convert, ragged_math, ragged_picking  # noqa: E402, F401

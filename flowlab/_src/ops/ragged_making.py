"""Ways to make a ragged tensor: of splits, lengths, starts, limits, row numbers, tensors and sparse tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowlab._src.graph import dtypes
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import as_dtype
from flowlab._src.graph.op import constant_value
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import shape_of
from flowlab._src.ops.cast import cast
from flowlab._src.ops.checks import assert_equal, assert_less, assert_less_equal, assert_non_negative
from flowlab._src.ops.checks_shape import assert_rank, assert_rank_at_least
from flowlab._src.ops.control import with_dependencies
from flowlab._src.ops.counting import bincount
from flowlab._src.ops.cumulative import cumsum
from flowlab._src.ops.joining import concat
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.ragged_rows import as_row_tensor

HANDLERS: dict[str, Callable[..., Any]] = {}  # functions of tensors that have a rule for ragged ones


class RaggedMaking:
    """The class methods of `tf.RaggedTensor` that make one."""

    def __init__(self, values: Any, row_splits: Any, internal: bool = False) -> None:
        raise NotImplementedError

    @staticmethod
    def _converted(values: Any) -> Any:
        """Values as a tensor or ragged tensor."""
        raise NotImplementedError

    @classmethod
    def from_row_splits(cls, values: Any, row_splits: Any, name: str | None = None, validate: bool = True) -> Any:
        """Make a ragged tensor of its values and where rows begin and end.

        Parameters
        ----------
        values : Tensor or RaggedTensor, shape (n, ...)
        row_splits : Tensor of int32 or int64, shape (rows + 1,)
            From 0 to n; must not fall.
        name : str, optional
        validate : bool
            Check `row_splits` when it runs.

        Examples
        --------
        >>> rt = tf.RaggedTensor.from_row_splits(values=[3, 1, 4, 1, 5], row_splits=[0, 2, 2, 5])
        >>> with tf.Session() as sess:
        ...     sess.run(rt).to_list()
        [[3, 1], [], [4, 1, 5]]
        """
        if isinstance(row_splits, (list, tuple)) and not row_splits:
            raise misuse(ValueError("row_splits tensor may not be empty."))
        if isinstance(row_splits, Tensor) and row_splits.shape._dims == (0,):
            raise misuse(ValueError("row_splits tensor may not be empty."))
        with name_scope(name, "RaggedFromRowSplits", [values, row_splits]):
            values, splits = _convert_parts(cls, values, row_splits, "row_splits")
            splits.shape.assert_has_rank(1)
            if validate:
                message = "Arguments to from_row_splits do not form a valid RaggedTensor"
                count = count_rows(values, splits.dtype)
                checks = [
                    assert_rank(splits, 1, message=message),
                    _assert_zero(splits[0], message),
                    _assert_rising(splits, message),
                    assert_equal(splits[-1], count, message=message),
                ]
                splits = with_dependencies([*checks, *_check_rank(values)], splits)
            return cls(values, splits, internal=True)

    @classmethod
    def from_value_rowids(
        cls, values: Any, value_rowids: Any, nrows: Any = None, name: str | None = None, validate: bool = True
    ) -> Any:
        """Make a ragged tensor of its values and, for each, the number of its row.

        Parameters
        ----------
        values : Tensor or RaggedTensor, shape (n, ...)
        value_rowids : Tensor of int32 or int64, shape (n,)
            Must not fall.
        nrows : int or Tensor, optional
            The number of rows, if there are empty ones at the end.
        name : str, optional
        validate : bool
            Check the numbers when it runs.

        Raises
        ------
        ValueError
            If `nrows` is negative or too small.

        Examples
        --------
        >>> rt = tf.RaggedTensor.from_value_rowids(values=[3, 1, 4], value_rowids=[0, 0, 2], nrows=4)
        >>> with tf.Session() as sess:
        ...     sess.run(rt).to_list()
        [[3, 1], [], [4], []]
        """
        with name_scope(name, "RaggedFromValueRowIds", [values, value_rowids, nrows]):
            values, rowids = _convert_parts(cls, values, value_rowids, "value_rowids")
            known = constant_value(rowids)
            count: int | None = None
            if nrows is None:
                if known is None:
                    nrows = concat([rowids[-1:], [-1]], axis=0)[0] + 1
                else:
                    count = int(known[-1]) + 1 if known.size else 0
                    nrows = convert(count, rowids.dtype.base_dtype, "nrows")
            else:
                nrows = convert(nrows, rowids.dtype.base_dtype, "nrows")
                given = constant_value(nrows)
                if given is not None:
                    count = int(given)
                    if count < 0:
                        raise misuse(ValueError(f"Expected nrows >= 0; got {count}"))
                    if known is not None and known.size and count < int(known[-1]) + 1:
                        raise misuse(
                            ValueError(
                                f"Expected nrows >= value_rowids[-1] + 1; got nrows={count}, value_rowids[-1]={known[-1]}"
                            )
                        )
            rowids.shape.assert_has_rank(1)
            nrows.shape.assert_has_rank(0)
            values.shape[:1].assert_is_compatible_with(rowids.shape)
            if validate:
                message = "Arguments to from_value_rowids do not form a valid RaggedTensor"
                checks = [
                    assert_rank(rowids, 1, message=message),
                    assert_rank(nrows, 0, message=message),
                    assert_equal(count_rows(values, dtypes.int32), count_rows(rowids, dtypes.int32), message=message),
                    assert_non_negative(rowids[:1], message=message),
                    _assert_rising(rowids, message),
                    assert_less(rowids[-1:], nrows, message=message),
                ]
                rowids = with_dependencies([*checks, *_check_rank(values)], rowids)
            narrow = cast(nrows, dtypes.int32)
            lengths = bincount(
                cast(rowids, dtypes.int32), minlength=narrow, maxlength=narrow, dtype=rowids.dtype.base_dtype
            )
            splits = concat([[0], cumsum(lengths)], axis=0)
            if count is not None:
                splits.set_shape([count + 1])
            return cls(values, splits, internal=True)

    @classmethod
    def from_row_lengths(cls, values: Any, row_lengths: Any, name: str | None = None, validate: bool = True) -> Any:
        """Make a ragged tensor of its values and the length of each row.

        Examples
        --------
        >>> rt = tf.RaggedTensor.from_row_lengths(values=[3, 1, 4], row_lengths=[2, 0, 1])
        >>> with tf.Session() as sess:
        ...     sess.run(rt).to_list()
        [[3, 1], [], [4]]
        """
        with name_scope(name, "RaggedFromRowLengths", [values, row_lengths]):
            values, lengths = _convert_parts(cls, values, row_lengths, "row_lengths")
            lengths.shape.assert_has_rank(1)
            if validate:
                message = "Arguments to from_row_lengths do not form a valid RaggedTensor"
                total = cumsum(concat([[0], lengths], axis=0))[-1]
                checks = [
                    assert_rank(lengths, 1, message=message),
                    assert_non_negative(lengths, message=message),
                    assert_equal(total, count_rows(values, lengths.dtype), message=message),
                ]
                lengths = with_dependencies([*checks, *_check_rank(values)], lengths)
            splits = concat([[0], cumsum(lengths)], axis=0)
            return cls(values, splits, internal=True)

    @classmethod
    def from_row_starts(cls, values: Any, row_starts: Any, name: str | None = None, validate: bool = True) -> Any:
        """Make a ragged tensor of its values and where each row begins; the last row goes on to the end."""
        with name_scope(name, "RaggedFromRowStarts", [values, row_starts]):
            values, starts = _convert_parts(cls, values, row_starts, "row_starts")
            starts.shape.assert_has_rank(1)
            count = count_rows(values, starts.dtype)
            if validate:
                message = "Arguments to from_row_starts do not form a valid RaggedTensor"
                checks = [
                    assert_rank(starts, 1, message=message),
                    _assert_zero(starts[:1], message),
                    _assert_rising(starts, message),
                    assert_less_equal(starts[-1:], count, message=message),
                ]
                starts = with_dependencies([*checks, *_check_rank(values)], starts)
            return cls(values, concat([starts, [count]], axis=0), internal=True)

    @classmethod
    def from_row_limits(cls, values: Any, row_limits: Any, name: str | None = None, validate: bool = True) -> Any:
        """Make a ragged tensor of its values and where each row ends; the first row begins at 0."""
        with name_scope(name, "RaggedFromRowLimits", [values, row_limits]):
            values, limits = _convert_parts(cls, values, row_limits, "row_limits")
            limits.shape.assert_has_rank(1)
            if validate:
                message = "Arguments to from_row_limits do not form a valid RaggedTensor"
                checks = [
                    assert_rank(limits, 1, message=message),
                    assert_non_negative(limits[:1], message=message),
                    _assert_rising(limits, message),
                    assert_equal(limits[-1:], count_rows(values, limits.dtype), message=message),
                ]
                limits = with_dependencies([*checks, *_check_rank(values)], limits)
            zero = convert([0], limits.dtype.base_dtype)
            return cls(values, concat([zero, limits], axis=0), internal=True)

    @classmethod
    def from_nested_row_splits(
        cls, flat_values: Any, nested_row_splits: Any, name: str | None = None, validate: bool = True
    ) -> Any:
        """Make a ragged tensor with several ragged axes of its innermost values and the splits of each axis.

        Examples
        --------
        >>> rt = tf.RaggedTensor.from_nested_row_splits([1, 2, 3], [[0, 2, 2], [0, 1, 3]])
        >>> with tf.Session() as sess:
        ...     sess.run(rt).to_list()
        [[[1], [2, 3]], []]
        """
        return cls._nested(
            flat_values, nested_row_splits, cls.from_row_splits, "RowSplits", "row_splits", name, validate
        )

    @classmethod
    def from_nested_row_lengths(
        cls, flat_values: Any, nested_row_lengths: Any, name: str | None = None, validate: bool = True
    ) -> Any:
        """Make a ragged tensor with several ragged axes of its innermost values and the lengths of the rows."""
        make = cls.from_row_lengths
        return cls._nested(flat_values, nested_row_lengths, make, "RowLengths", "row_lengths", name, validate)

    @classmethod
    def _nested(
        cls, flat_values: Any, parts: Any, make: Any, word: str, argument: str, name: str | None, validate: bool
    ) -> Any:
        """Wrap values in one axis after another, from the inside out."""
        if not isinstance(parts, (list, tuple)):
            raise misuse(TypeError(f"nested_{argument} must be a list of Tensors"))
        with name_scope(name, f"RaggedFromNested{word}", [flat_values, *parts]):
            result = flat_values
            for part in reversed(parts):
                result = make(result, part, validate=validate)
            return result

    @classmethod
    def from_nested_value_rowids(
        cls,
        flat_values: Any,
        nested_value_rowids: Any,
        nested_nrows: Any = None,
        name: str | None = None,
        validate: bool = True,
    ) -> Any:
        """Make a ragged tensor with several ragged axes of its innermost values and row numbers for each axis.

        Raises
        ------
        ValueError
            If there are not as many numbers of rows as lists of row numbers.
        """
        if not isinstance(nested_value_rowids, (list, tuple)):
            raise misuse(TypeError("nested_value_rowids must be a list of Tensors"))
        if nested_nrows is None:
            nested_nrows = [None] * len(nested_value_rowids)
        elif not isinstance(nested_nrows, (list, tuple)):
            raise misuse(TypeError("nested_nrows must be a list of Tensors"))
        if len(nested_nrows) != len(nested_value_rowids):
            raise misuse(ValueError("nested_nrows must have the same length as nested_value_rowids"))
        with name_scope(name, "RaggedFromNestedValueRowIds", [flat_values, *nested_value_rowids]):
            result = flat_values
            for rowids, rows in reversed(list(zip(nested_value_rowids, nested_nrows, strict=True))):
                result = cls.from_value_rowids(result, rowids, rows, validate=validate)
            return result

    @classmethod
    def from_tensor(
        cls,
        tensor: Any,
        lengths: Any = None,
        padding: Any = None,
        ragged_rank: int = 1,
        name: str | None = None,
        row_splits_dtype: Any = dtypes.int64,
    ) -> Any:
        """Make a ragged tensor of a tensor, leaving out what is padding.

        Parameters
        ----------
        tensor : Tensor, rank `ragged_rank` + 1 or more
        lengths : Tensor, shape (rows,), or a list of such for several axes, optional
            How much of each row to keep.
        padding : Tensor, optional
            The value that stands at the end of rows and is left out.
        ragged_rank : int
            How many axes shall be ragged.
        name : str, optional
        row_splits_dtype : DType
            int32 or int64.

        Raises
        ------
        ValueError
            If both `lengths` and `padding` are given, or `ragged_rank` is not positive.

        Examples
        --------
        >>> rt = tf.RaggedTensor.from_tensor([[5, 7, 0], [0, 3, 0], [6, 0, 0]], padding=0)
        >>> with tf.Session() as sess:
        ...     sess.run(rt).to_list()
        [[5, 7], [0, 3], [6]]
        """
        return HANDLERS["from_tensor"](cls, tensor, lengths, padding, ragged_rank, name, row_splits_dtype)

    @classmethod
    def from_sparse(cls, st_input: Any, name: str | None = None, row_splits_dtype: Any = dtypes.int64) -> Any:
        """Make a ragged tensor of a sparse matrix whose rows have no gaps.

        Parameters
        ----------
        st_input : SparseTensor, rank 2
        name : str, optional
        row_splits_dtype : DType
            int32 or int64.

        Raises
        ------
        TypeError, ValueError
            If the input is not sparse or no matrix.
        tf.errors.InvalidArgumentError
            When run with a row that has a gap.
        """
        return HANDLERS["from_sparse"](cls, st_input, name, row_splits_dtype)


def _convert_parts(cls: Any, values: Any, partition: Any, name: str) -> tuple[Any, Tensor]:
    """Values and what cuts them into rows as tensors; splits and the like have the dtype of the values' own splits."""
    values = cls._converted(values)
    own = values.row_splits.dtype.base_dtype if hasattr(values, "row_splits") else None
    rows = as_row_tensor(partition, name, None if isinstance(partition, Tensor) else own)
    if own is not None and rows.dtype.base_dtype is not own:
        raise misuse(
            ValueError(f"{name} and values.row_splits must have the same dtype"),
            fix="RaggedTensor.with_row_splits_dtype()",
        )
    return values, rows


def count_rows(value: Any, dtype: Any) -> Tensor:
    """The first size of a tensor or ragged tensor."""
    dtype = as_dtype(dtype).base_dtype
    return value.nrows(out_type=dtype) if hasattr(value, "row_splits") else shape_of(value, out_type=dtype)[0]


def _check_rank(values: Any) -> list[Operation]:
    return [] if hasattr(values, "row_splits") else [assert_rank_at_least(values, 1)]


def _assert_zero(values: Tensor, message: str) -> Operation:
    return assert_equal(values, convert(0, values.dtype.base_dtype), message=message)


def _assert_rising(rows: Tensor, message: str) -> Operation:
    return assert_less_equal(rows[:-1], rows[1:], message=message)

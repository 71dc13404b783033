"""Lines of CSV files to columns."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError, ShapeError
from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_ints
from flowlab._src.graph.dtypes import DType, as_dtype
from flowlab._src.graph.op import Array, Op, Spec
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import csv
from flowlab._src.kernels.string_numbers import read_numbers
from flowlab._src.kernels.strings import collect
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.string_numbers import allowed_type
from flowlab._src.util.export import export

COLUMN_TYPES = (dtypes.float32, dtypes.float64, dtypes.int32, dtypes.int64, dtypes.string)


class DecodeCSV(Op):
    """Records cut into fields: a tensor for each column."""

    field_delim: str = ","
    use_quote_delim: bool = True
    na_value: str = ""
    select_cols: list[int] = []

    def kernel(self, records: Array[np.object_], record_defaults: Sequence[Array]) -> tuple[Array, ...]:
        delimiter = self.field_delim.encode()
        if len(delimiter) != 1:
            raise InvalidArgumentError(None, None, "field_delim should be only 1 char")
        for i, default in enumerate(record_defaults):
            if np.ndim(default) > 1:
                raise InvalidArgumentError(None, None, "Each record default should be at most rank 1")
            if np.size(default) > 1:
                message = f"There should only be 1 default per field but field {i} has {np.size(default)}"
                raise InvalidArgumentError(None, None, message)
        texts = records.ravel().tolist()
        count = len(record_defaults)
        columns = csv.plain_columns(texts, delimiter, self.use_quote_delim, self.select_cols, count)
        if columns is None:
            rows = []
            for i, fields in enumerate(self.rows(texts, delimiter)):
                if len(fields) != count:
                    message = f"Expect {count} fields but have {len(fields)} in record {i}"
                    raise InvalidArgumentError(None, None, message)
                rows.append(fields)
            columns = list(map(list, zip(*rows, strict=True))) if rows else [[] for _ in record_defaults]
        return tuple(
            self.column(number, fields, np.asarray(default), records.shape)
            for number, (fields, default) in enumerate(zip(columns, record_defaults, strict=True))
        )

    def rows(self, records: list[bytes], delimiter: bytes) -> Iterator[list[bytes]]:
        """The fields of each record."""
        for i, record in enumerate(records):
            try:
                yield csv.fields_of(record, delimiter, self.use_quote_delim, self.select_cols)
            except csv.CsvError as error:
                refusal = InvalidArgumentError(None, None, str(error))
                refusal.fix = f"record {i} is {record[:60]!r}"
                raise refusal from None

    def column(self, number: int, fields: list[bytes], default: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """The values of one column; where a field is empty, the default."""
        missing = (b"", self.na_value.encode())
        empty = [i for i, text in enumerate(fields) if text in missing] if any(m in fields for m in missing) else []
        if default.dtype == np.object_:
            values, wrong = collect(fields, (len(fields),)), None
        else:
            for i in empty:
                fields[i] = b"0"
            values, wrong = read_numbers(fields, default.dtype)
        if empty and default.size != 1 and (wrong is None or empty[0] < wrong):
            message = f"Field {number} is required but missing in record {empty[0]}!"
            raise InvalidArgumentError(None, None, message)
        if wrong is not None:
            kind, shown = as_dtype(default.dtype).runtime_name, fields[wrong].decode("utf-8", "replace")
            message = f"Field {number} in record {wrong} is not a valid {kind}: {shown}"
            raise InvalidArgumentError(None, None, message)
        if empty:
            values[empty] = default.reshape(-1)[0]
        return values.reshape(shape)

    def dtypes(self, records: Any, *record_defaults: Any) -> list[DType]:
        return [allowed_type(default.dtype.base_dtype, "record_defaults", COLUMN_TYPES) for default in record_defaults]

    def shape(self, records: Spec, record_defaults: Sequence[Spec]) -> list[TensorShape]:
        for default in record_defaults:
            if default.rank is not None and default.rank > 1:
                raise ShapeError(f"Shape must be at most rank 1 but is rank {default.rank}")
            if default.dims and (default.dims[0] or 0) > 1:
                raise ShapeError("Shape of a default must be a length-0 or length-1 vector, or a scalar.")
        return [records.shape for _ in record_defaults]


@export("io.decode_csv", "decode_csv")
def decode_csv(
    records: Any,
    record_defaults: Any,
    field_delim: str = ",",
    use_quote_delim: bool = True,
    name: str | None = None,
    na_value: str = "",
    select_cols: Any = None,
) -> list[Tensor]:
    """Cut lines of comma-separated values into columns.

    Parameters
    ----------
    records : string Tensor
        One line each, without the line end.
    record_defaults : list
        For each column a default, in a list, which also tells the type of the column: `[[0], [1.5], [""]]`. An empty
        list in its place (`tf.constant([], tf.int32)`) means that no field of the column may be empty.
    field_delim : str
        The one character between fields.
    use_quote_delim : bool
        Fields may be put in double quotes, and may then hold anything.
    name : str, optional
    na_value : str
        What stands for a missing value, besides an empty field.
    select_cols : list of int, optional
        The columns to read, in rising order; `record_defaults` has a default for each of them.

    Returns
    -------
    list of Tensor, shape of `records`
        The columns. Numbers may have spaces around them.

    Raises
    ------
    ValueError
        If `select_cols` does not rise or does not fit `record_defaults`.
    InvalidArgumentError
        If a line has more or fewer fields, a field is no number, or a required one is empty.

    Examples
    --------
    >>> name, age = tf.decode_csv(["Ada,36", "Alan,"], [[""], [-1]])
    >>> with tf.Session() as sess:
    ...     print(*sess.run([name, age]))
    [b'Ada' b'Alan'] [36 -1]
    """
    if not isinstance(record_defaults, (list, tuple)):
        error = TypeError(f"Expected list for 'record_defaults' argument to 'DecodeCSV' Op, not {record_defaults!r}.")
        raise misuse(error, fix="a default for each column: [[0], [1.5], ['']]")
    columns = [] if select_cols is None else as_ints(select_cols, "select_cols")
    if any(a >= b for a, b in itertools.pairwise(columns)):
        raise misuse(ValueError("select_cols is not strictly increasing."))
    if columns and columns[0] < 0:
        raise misuse(ValueError("select_cols contains negative values."))
    if select_cols is not None and len(columns) != len(record_defaults):
        raise misuse(ValueError("Length of select_cols and record_defaults do not match."))
    if not record_defaults:
        raise misuse(ValueError("Attr 'OUT_TYPE' of 'DecodeCSV' Op passed list of length 0 less than minimum 1."))
    op: Op = DecodeCSV(field_delim, use_quote_delim, na_value, columns)
    result: list[Tensor] = op(records, record_defaults, name=name)
    return result

"""Lookup tables as operations: making them, filling them, looking things up."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError, NotFoundError, OutOfRangeError, ShapeError
from flowlab._src.graph import dtypes
from flowlab._src.graph.dtypes import DType
from flowlab._src.graph.op import Array, Op, Resource, Spec
from flowlab._src.graph.shape import SCALAR, UNKNOWN, TensorShape
from flowlab._src.ops.table_store import DenseTable, StaticTable, Table, refuse

Tin = TypeVar("Tin")
Tout = TypeVar("Tout")

WHOLE_LINE, LINE_NUMBER = -2, -1
KEYS = (dtypes.int32, dtypes.int64, dtypes.string)


def table_of(handle: Any) -> Table:
    """The table that flows where a handle is expected."""
    table = handle.item() if isinstance(handle, np.ndarray) else handle
    if not isinstance(table, Table):
        raise refuse(f"Expected a lookup table, got {type(table).__name__}")
    return table


# ---- making --------------------------------------------------------------------------------------------------------


class TableHandle(Op, abstract=True):
    """A table that the session makes when it is used for the first time."""

    stateful = True
    reads_only = True
    grad = None

    def shape(self, *specs: Spec) -> TensorShape:
        return SCALAR

    def get(self, run: Any, make: Any) -> Table:
        """The session's table of this name."""
        fields: Any = self
        name = fields.shared_name or run.node.name
        key_dtype, value_dtype = self.types(run.node)
        if key_dtype not in KEYS and not key_dtype.is_integer:
            raise refuse(
                f"No OpKernel was registered to support Op '{self.type}' with keys of type {key_dtype.runtime_name} and "
                f"values of type {value_dtype.runtime_name}"
            )
        table: Any = run.state.resource(("resource", f"{fields.container}/{name}"), lambda: make(name))
        if not isinstance(table, Table):
            raise refuse(f"Trying to access resource {name} located in this session as a table: it is none")
        table.check_dtypes(key_dtype, value_dtype)
        return table

    def types(self, node: Any) -> tuple[DType, DType]:
        """The types of keys and values."""
        fields: Any = self
        return fields.key_dtype, fields.value_dtype

    def rule(self, node: Any) -> tuple[DType, DType, TensorShape]:
        """What is known of the table while building: the types and the shape of a value."""
        fields: Any = self
        return *self.types(node), getattr(fields, "value_shape", SCALAR)


class HashTableV2(TableHandle):
    """A table that is filled once."""

    key_dtype: DType
    value_dtype: DType
    container: str = ""
    shared_name: str = ""
    use_node_name_sharing: bool = False

    def kernel(self, run: Any) -> Array[Resource]:
        return self.get(run, lambda name: StaticTable(name, self.key_dtype, self.value_dtype))


class MutableHashTableV2(TableHandle):
    """A table of single values that can be changed."""

    key_dtype: DType
    value_dtype: DType
    container: str = ""
    shared_name: str = ""
    use_node_name_sharing: bool = False

    def kernel(self, run: Any) -> Array[Resource]:
        return self.get(run, lambda name: Table(name, self.key_dtype, self.value_dtype))


class MutableHashTableOfTensorsV2(TableHandle):
    """A table that can be changed, whose values are vectors."""

    key_dtype: DType
    value_dtype: DType
    value_shape: TensorShape = SCALAR
    container: str = ""
    shared_name: str = ""
    use_node_name_sharing: bool = False

    def kernel(self, run: Any) -> Array[Resource]:
        sizes: Any = self.value_shape._dims
        if sizes is None or len(sizes) != 1 or None in sizes:
            raise refuse(f"Default value must be a vector, got shape {self.value_shape}")
        return self.get(run, lambda name: Table(name, self.key_dtype, self.value_dtype, sizes))


class MutableDenseHashTableV2(TableHandle):
    """A table that can be changed, laid out as an array of buckets."""

    value_dtype: DType
    value_shape: TensorShape = SCALAR
    container: str = ""
    shared_name: str = ""
    use_node_name_sharing: bool = False
    initial_num_buckets: int = 131072
    max_load_factor: float = 0.8

    def kernel(self, run: Any, empty_key: Array[Tin], deleted_key: Array[Tin]) -> Array[Resource]:
        sizes: Any = self.value_shape._dims
        markers = np.asarray(empty_key), np.asarray(deleted_key)
        return self.get(
            run,
            lambda name: DenseTable(
                name, self.types(run.node), sizes, markers, self.initial_num_buckets, self.max_load_factor
            ),
        )

    def types(self, node: Any) -> tuple[DType, DType]:
        return node.inputs[0].dtype.base_dtype, self.value_dtype


# ---- using ---------------------------------------------------------------------------------------------------------


def _rule(handle: Spec) -> tuple[DType, DType, TensorShape] | None:
    """What is known of the table behind a handle; of those that are filled once TensorFlow says nothing."""
    if handle.rank not in (None, 0):
        raise ShapeError(f"Shape must be rank 0 but is rank {handle.rank}")
    definition = handle.tensor.op.definition
    if not isinstance(definition, TableHandle) or isinstance(definition, HashTableV2):
        return None
    return definition.rule(handle.tensor.op)


class LookupTableFindV2(Op):
    """The values of keys; a default value for keys that the table does not have."""

    stateful = True
    reads_only = True
    grad = None

    def kernel(
        self, run: Any, table_handle: Array[Resource], keys: Array[Tin], default_value: Array[Tout]
    ) -> Array[Tout]:
        table = table_of(table_handle)
        table.check_dtypes(*(t.dtype.base_dtype for t in run.node.inputs[1:]))
        return table.find(np.asarray(keys), np.asarray(default_value))

    def shape(self, table_handle: Spec, keys: Spec, default_value: Spec) -> TensorShape:
        rule = _rule(table_handle)
        if rule is None:
            return UNKNOWN
        if rule[1] is not default_value.dtype.base_dtype:
            raise ShapeError(
                f"Trying to read value with wrong dtype. Expected {rule[1].runtime_name} got "
                f"{default_value.dtype.base_dtype.runtime_name}"
            )
        marker = table_handle.tensor.op.inputs[0].shape if table_handle.tensor.op.inputs else SCALAR
        if keys.dims is None or marker.ndims is None:
            return UNKNOWN
        return TensorShape.of(keys.dims[: len(keys.dims) - marker.ndims]).concatenate(rule[2])


class LookupTableInsertV2(Op):
    """Gives keys new values."""

    stateful = True
    grad = None

    def kernel(self, run: Any, table_handle: Array[Resource], keys: Array[Tin], values: Array[Tout]) -> None:
        table = table_of(table_handle)
        table.check_dtypes(*(t.dtype.base_dtype for t in run.node.inputs[1:]))
        table.insert(np.asarray(keys), np.asarray(values))

    def shape(self, table_handle: Spec, keys: Spec, values: Spec) -> list[TensorShape]:
        return []


class LookupTableRemoveV2(Op):
    """Forgets keys."""

    stateful = True
    grad = None

    def kernel(self, run: Any, table_handle: Array[Resource], keys: Array[Tin]) -> None:
        table = table_of(table_handle)
        table.check_dtypes(run.node.inputs[1].dtype.base_dtype, table.value_dtype)
        table.remove(np.asarray(keys))

    def shape(self, table_handle: Spec, keys: Spec) -> list[TensorShape]:
        return []


class LookupTableSizeV2(Op):
    """How many keys a table has."""

    stateful = True
    reads_only = True
    grad = None

    def kernel(self, run: Any, table_handle: Array[Resource]) -> Array[np.int64]:
        return np.array(table_of(table_handle).size(), np.int64)

    def shape(self, table_handle: Spec) -> TensorShape:
        return SCALAR


class LookupTableExportV2(Op):
    """All keys and values of a table."""

    Tkeys: DType
    Tvalues: DType
    stateful = True
    reads_only = True

    def kernel(self, run: Any, table_handle: Array[Resource]) -> tuple[Array, Array]:
        table = table_of(table_handle)
        table.check_dtypes(self.Tkeys, self.Tvalues)
        return table.export()

    def dtypes(self, table_handle: Any) -> list[DType]:
        return [self.Tkeys, self.Tvalues]

    def shape(self, table_handle: Spec) -> list[TensorShape]:
        return [UNKNOWN, UNKNOWN]


class LookupTableImportV2(Op):
    """Fills a table with keys and values, which replace what was in it."""

    stateful = True
    grad = None

    def kernel(self, run: Any, table_handle: Array[Resource], keys: Array[Tin], values: Array[Tout]) -> None:
        table = table_of(table_handle)
        table.check_dtypes(*(t.dtype.base_dtype for t in run.node.inputs[1:]))
        table.replace(np.asarray(keys), np.asarray(values))

    def shape(self, table_handle: Spec, keys: Spec, values: Spec) -> list[TensorShape]:
        keys.ranked(1)
        return []


class InitializeTableV2(LookupTableImportV2):
    """Fills a table that is filled once."""

    def kernel(self, run: Any, table_handle: Array[Resource], keys: Array[Tin], values: Array[Tout]) -> None:
        super().kernel(run, table_handle, keys, values)


# ---- from a file ---------------------------------------------------------------------------------------------------


class InitializeTableFromTextFileV2(Op):
    """Fills a table with what stands in the lines of a text file."""

    key_index: int
    value_index: int
    vocab_size: int = -1
    delimiter: str = "\t"
    stateful = True
    grad = None

    def kernel(self, run: Any, table_handle: Array[Resource], filename: Array[np.object_]) -> None:
        table = table_of(table_handle)
        if not isinstance(table, StaticTable):
            raise refuse("Table cannot be initialized.")
        if np.ndim(filename):
            raise refuse(f"filename should be a single string, but got {np.shape(filename)}")
        path = np.asarray(filename, object).item().decode("utf-8")
        if len(self.delimiter.encode("utf-8")) != 1:
            raise refuse("delimiter should be only 1 char")
        lines = read_lines(path, self.vocab_size)
        keys = self.column(lines, self.key_index, table.key_dtype, path)
        values = self.column(lines, self.value_index, table.value_dtype, path)
        table.fill(keys, values)

    def column(self, lines: list[bytes], index: int, dtype: DType, path: str) -> list[Any]:
        """What stands in a column, as keys or values."""
        if index == LINE_NUMBER:
            if dtype is not dtypes.int64:
                raise refuse(f"Key index for line number requires table dtype of int64, got {dtype.runtime_name}")
            return list(range(len(lines)))
        fields = lines
        if index != WHOLE_LINE:
            fields = []
            for i, line in enumerate(lines):
                parts = line.split(self.delimiter.encode("utf-8"))
                if index >= len(parts):
                    raise refuse(
                        f"Invalid number of columns in {path} line {i} ({line.decode('utf-8', 'replace')}) : expected at "
                        f"least {index + 1} got {len(parts)}"
                    )
                fields.append(parts[index])
        return [parse_field(field, dtype, i) for i, field in enumerate(fields)]

    def shape(self, table_handle: Spec, filename: Spec) -> list[TensorShape]:
        filename.ranked(0)
        return []


def read_lines(path: str, count: int) -> list[bytes]:
    """The lines of a file, or the first `count` of them, as TensorFlow reads them: without line ends."""
    try:
        with open(path, "rb") as file:
            content = file.read()
    except FileNotFoundError:
        raise NotFoundError(None, None, f"{path}; No such file or directory") from None
    except OSError as error:
        raise InvalidArgumentError(None, None, f"{path}; {error.strerror}") from None
    if not content:
        raise OutOfRangeError(None, None, "Read less bytes than requested")
    lines = content.split(b"\n")
    if not lines[-1]:
        lines.pop()
    if count > len(lines):
        raise refuse(f"Invalid vocab_size in {path}: expected {count} but got {len(lines)}")
    if count > 0:
        lines = lines[:count]
    position = 0
    for i, line in enumerate(lines):
        position += len(line) + 1
        lines[i] = line.replace(b"\r", b"")
        if not lines[i]:
            raise refuse(f"Invalid content in {path}: empty line found at position {position}.")
    return lines


def parse_field(field: bytes, dtype: DType, line: int) -> Any:
    """A field of a line as an element of a type."""
    if dtype is dtypes.string:
        return field
    kind = dtype.runtime_name
    try:
        if dtype.is_integer:
            number = int(field.decode("ascii"))
            if not dtype.min <= number <= dtype.max:
                raise ValueError
            return number
        if dtype.is_floating:
            return dtype.as_numpy_dtype(float(field.decode("ascii"))).item()
    except ValueError:
        raise refuse(f"Field {field.decode('utf-8', 'replace')} in line {line} is not a valid {kind}.") from None
    raise refuse(f"Data type {kind} not supported.")

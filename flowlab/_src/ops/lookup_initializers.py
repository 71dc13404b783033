"""What fills a lookup table: keys and values given as tensors, or the lines of a text file."""

from __future__ import annotations

import os
from typing import Any

from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_int, as_text
from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.dtypes import DType, as_dtype
from flowlab._src.graph.keys import GraphKeys
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.tables import LINE_NUMBER, WHOLE_LINE, InitializeTableFromTextFileV2, LookupTableImportV2
from flowlab._src.util.export import export


def check_table_dtypes(table: Any, key_dtype: DType, value_dtype: DType) -> None:
    """TypeError unless the table is of these types."""
    if key_dtype.base_dtype is not table.key_dtype:
        raise misuse(TypeError(f"Invalid key dtype, expected {table.key_dtype!r} but got {key_dtype!r}."))
    if value_dtype.base_dtype is not table.value_dtype:
        raise misuse(TypeError(f"Invalid value dtype, expected {table.value_dtype!r} but got {value_dtype!r}."))


@export("contrib.lookup.TableInitializerBase")
class TableInitializerBase:
    """What fills a table: has `key_dtype`, `value_dtype` and `initialize(table)`, which returns an operation.

    Parameters
    ----------
    key_dtype, value_dtype : DType
    """

    def __init__(self, key_dtype: Any, value_dtype: Any) -> None:
        self._key_dtype = as_dtype(key_dtype)
        self._value_dtype = as_dtype(value_dtype)

    @property
    def key_dtype(self) -> DType:
        """Type of the keys."""
        return self._key_dtype

    @property
    def value_dtype(self) -> DType:
        """Type of the values."""
        return self._value_dtype

    def initialize(self, table: Any) -> Operation:
        """Return the operation that fills `table`."""
        raise NotImplementedError

    @property
    def _shared_name(self) -> str:
        """The name under which a session keeps the table; '' for the name of its node."""
        return ""


@export("lookup.KeyValueTensorInitializer", "contrib.lookup.KeyValueTensorInitializer")
class KeyValueTensorInitializer(TableInitializerBase):
    """Fills a table with keys and values given as tensors.

    Parameters
    ----------
    keys, values : Tensor, of one shape
    key_dtype, value_dtype : DType, optional
        Types of these, needed where lists do not tell.
    name : str, optional

    Examples
    --------
    >>> init = tf.lookup.KeyValueTensorInitializer(["a", "b"], [1, 2], tf.string, tf.int64)
    >>> table = tf.lookup.StaticHashTable(init, default_value=-1)
    >>> out = table.lookup(tf.constant(["b", "z"]))
    >>> with tf.Session() as sess:
    ...     sess.run(tf.tables_initializer())
    ...     sess.run(out)
    array([ 2, -1])
    """

    def __init__(
        self, keys: Any, values: Any, key_dtype: Any = None, value_dtype: Any = None, name: str | None = None
    ) -> None:
        self._keys: Tensor = convert(keys, key_dtype, "keys")
        self._values: Tensor = convert(values, value_dtype, "values")
        self._name = name if name is not None else "key_value_init"
        super().__init__(self._keys.dtype, self._values.dtype)

    def initialize(self, table: Any) -> Operation:
        """Return the operation that fills `table`."""
        check_table_dtypes(table, self._keys.dtype, self._values.dtype)
        with name_scope(self._name, values=[table.resource_handle, self._keys, self._values]):
            op: Operation = LookupTableImportV2()(table.resource_handle, self._keys, self._values)
        get_default_graph().add_to_collection(GraphKeys.TABLE_INITIALIZERS, op)
        return op


@export("lookup.TextFileIndex", "contrib.lookup.TextFileIndex")
class TextFileIndex:
    """Which part of a line is meant, besides the columns 0, 1 ...

    Examples
    --------
    >>> tf.lookup.TextFileIndex.WHOLE_LINE, tf.lookup.TextFileIndex.LINE_NUMBER
    (-2, -1)
    """

    WHOLE_LINE = WHOLE_LINE
    LINE_NUMBER = LINE_NUMBER


@export("lookup.TextFileInitializer", "contrib.lookup.TextFileInitializer")
class TextFileInitializer(TableInitializerBase):
    r"""Fills a table with what stands in the lines of a text file.

    Parameters
    ----------
    filename : str, path or Tensor
    key_dtype, value_dtype : DType
        int64 for line numbers; integer or string for whole lines.
    key_index, value_index : int
        A column (0, 1 ...), `tf.lookup.TextFileIndex.WHOLE_LINE` or `tf.lookup.TextFileIndex.LINE_NUMBER`.
    vocab_size : int, optional
        How many lines to take; all, if not given.
    delimiter : str
        The character between columns.
    name : str, optional

    Raises
    ------
    ValueError
        If there is no file name, or an index or type does not fit.

    Examples
    --------
    >>> import os, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = os.path.join(folder.name, "words.txt")
    >>> with open(path, "w", encoding="utf-8") as file:
    ...     _ = file.write("the\nof\nand\n")
    >>> init = tf.lookup.TextFileInitializer(
    ...     path, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER)
    >>> table = tf.lookup.StaticHashTable(init, -1)
    >>> out = table.lookup(tf.constant(["and", "the", "cat"]))
    >>> with tf.Session() as sess:
    ...     sess.run(tf.tables_initializer())
    ...     sess.run(out)
    array([ 2,  0, -1])
    >>> folder.cleanup()
    """

    def __init__(
        self,
        filename: Any,
        key_dtype: Any,
        key_index: int,
        value_dtype: Any,
        value_index: int,
        vocab_size: int | None = None,
        delimiter: str = "\t",
        name: str | None = None,
    ) -> None:
        if filename is None or (isinstance(filename, (str, bytes)) and not filename):
            raise misuse(ValueError("Filename required for TextFileInitializer: the `filename` argument required"))
        key_dtype, value_dtype = as_dtype(key_dtype), as_dtype(value_dtype)
        self._key_index = _check_index("key", as_int(key_index, "key_index"), key_dtype)
        self._value_index = _check_index("value", as_int(value_index, "value_index"), value_dtype)
        if vocab_size is not None and as_int(vocab_size, "vocab_size") <= 0:
            raise misuse(ValueError(f"Invalid vocab_size {vocab_size}: `vocab_size` should be > 0"))
        if isinstance(filename, os.PathLike):
            filename = os.fspath(filename)
        self._filename_arg = filename
        self._vocab_size = vocab_size
        self._delimiter = as_text(delimiter, "delimiter")
        self._name = name
        self._filename: Tensor = convert(filename, dtypes.string, "asset_path")
        super().__init__(key_dtype, value_dtype)

    def initialize(self, table: Any) -> Operation:
        """Return the operation that fills `table`."""
        check_table_dtypes(table, self.key_dtype, self.value_dtype)
        with name_scope(self._name, "text_file_init", [table.resource_handle]):
            op: Operation = InitializeTableFromTextFileV2(
                key_index=self._key_index,
                value_index=self._value_index,
                vocab_size=-1 if self._vocab_size is None else self._vocab_size,
                delimiter=self._delimiter,
            )(table.resource_handle, self._filename)
        graph = get_default_graph()
        graph.add_to_collection(GraphKeys.TABLE_INITIALIZERS, op)
        if self._filename.op.definition.is_constant:
            graph.add_to_collection(GraphKeys.ASSET_FILEPATHS, self._filename)
        return op

    @property
    def _shared_name(self) -> str:
        """Tables made of the same part of the same file are one table."""
        size = f"{self._vocab_size}_" if self._vocab_size else ""
        return f"hash_table_{self._filename_arg}_{size}{self._key_index}_{self._value_index}"


def _check_index(what: str, index: int, dtype: DType) -> int:
    """An index that goes with the type of what is read; ValueError if it does not."""
    if index < -2:
        raise misuse(ValueError(f"Invalid {what} index {index}: `{what}_index` should be >= -2."))
    if index == LINE_NUMBER and dtype is not dtypes.int64:
        raise misuse(
            ValueError(f"Signature mismatch. `{what}_dtype` must be int64 if `{what}_index` is {index}, got {dtype!r}.")
        )
    if index == WHOLE_LINE and not dtype.is_integer and dtype is not dtypes.string:
        raise misuse(
            ValueError(
                f"Signature mismatch. `{what}_dtype` should be either integer or string for `{what}_index` {index}, "
                f"got {dtype!r}."
            )
        )
    return index


@export("contrib.lookup.TextFileStringTableInitializer")
class TextFileStringTableInitializer(TextFileInitializer):
    """Fills a table that gives the line of a text file with a given number; see `TextFileInitializer`."""

    def __init__(
        self,
        filename: Any,
        key_column_index: int = LINE_NUMBER,
        value_column_index: int = WHOLE_LINE,
        vocab_size: int | None = None,
        delimiter: str = "\t",
        name: str = "text_file_string_table_init",
    ) -> None:
        super().__init__(
            filename, dtypes.int64, key_column_index, dtypes.string, value_column_index, vocab_size, delimiter, name
        )


@export("contrib.lookup.TextFileIdTableInitializer")
class TextFileIdTableInitializer(TextFileInitializer):
    """Fills a table that gives the number of a line of a text file; see `TextFileInitializer`."""

    def __init__(
        self,
        filename: Any,
        key_column_index: int = WHOLE_LINE,
        value_column_index: int = LINE_NUMBER,
        vocab_size: int | None = None,
        delimiter: str = "\t",
        name: str = "text_file_id_table_init",
        key_dtype: Any = dtypes.string,
    ) -> None:
        super().__init__(
            filename, key_dtype, key_column_index, dtypes.int64, value_column_index, vocab_size, delimiter, name
        )

"""Tables made of a vocabulary in one call: index_table_from_file, index_to_string_table_from_tensor and so on."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_int
from flowlab._src.graph.convert import convert
from flowlab._src.graph.dtypes import as_dtype
from flowlab._src.graph.op import constant_value
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.array_shape import size
from flowlab._src.ops.cast import cast
from flowlab._src.ops.lookup import FastHashSpec, HasherSpec, IdTableWithHashBuckets, StaticHashTable
from flowlab._src.ops.lookup_initializers import (
    KeyValueTensorInitializer,
    TextFileIdTableInitializer,
    TextFileStringTableInitializer,
)
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.sequences import range_
from flowlab._src.ops.tables import LINE_NUMBER, WHOLE_LINE
from flowlab._src.util.export import export


def _check_file(vocabulary_file: Any, vocab_size: Any) -> None:
    if vocabulary_file is None or (isinstance(vocabulary_file, str) and not vocabulary_file):
        raise misuse(ValueError("vocabulary_file must be specified and must not be empty."))
    if vocab_size is not None and as_int(vocab_size, "vocab_size") < 1:
        shown = vocabulary_file
        if isinstance(vocabulary_file, Tensor):
            shown = constant_value(vocabulary_file) or "?"
        raise misuse(ValueError(f"vocab_size must be greater than 0, got {vocab_size}. vocabulary_file: {shown}"))


def _check_buckets(num_oov_buckets: Any) -> None:
    if as_int(num_oov_buckets, "num_oov_buckets") < 0:
        raise misuse(ValueError(f"num_oov_buckets must be greater or equal than 0, got {num_oov_buckets}."))


@export("contrib.lookup.index_table_from_file")
def index_table_from_file(
    vocabulary_file: Any = None,
    num_oov_buckets: int = 0,
    vocab_size: int | None = None,
    default_value: Any = -1,
    hasher_spec: HasherSpec = FastHashSpec,
    key_dtype: Any = dtypes.string,
    name: str | None = None,
    key_column_index: int = WHOLE_LINE,
    value_column_index: int = LINE_NUMBER,
    delimiter: str = "\t",
) -> Any:
    """Make a table that gives each word of a file its line number.

    Parameters
    ----------
    vocabulary_file : str or Tensor
        A word a line.
    num_oov_buckets : int
        Buckets for words that are not in the file; without, these get `default_value`.
    vocab_size : int, optional
        How many lines to take; all, if not given.
    default_value : int
    hasher_spec : HasherSpec
        How words are spread over the buckets.
    key_dtype : DType
        string or an integer type.
    name : str, optional
    key_column_index, value_column_index : int
        The columns of keys and values, where the file has several.
    delimiter : str
        The character between columns.

    Raises
    ------
    ValueError
        If there is no file name, or a count is not positive.
    TypeError
        If keys are neither integers nor strings.
    """
    _check_file(vocabulary_file, vocab_size)
    _check_buckets(num_oov_buckets)
    key_dtype = as_dtype(key_dtype)
    if not key_dtype.is_integer and key_dtype.base_dtype is not dtypes.string:
        raise misuse(TypeError("Only integer and string keys are supported."))
    with name_scope(name, "string_to_index"):
        with name_scope(None, "hash_table"):
            init = TextFileIdTableInitializer(
                vocabulary_file,
                key_column_index=key_column_index,
                value_column_index=value_column_index,
                vocab_size=vocab_size,
                delimiter=delimiter,
                name="table_init",
                key_dtype=dtypes.int64 if key_dtype.is_integer else key_dtype,
            )
            table: Any = StaticHashTable(init, default_value)
        if num_oov_buckets:
            table = IdTableWithHashBuckets(table, num_oov_buckets, hasher_spec, key_dtype=key_dtype)
        return table


@export("contrib.lookup.index_table_from_tensor")
def index_table_from_tensor(
    mapping: Any,
    num_oov_buckets: int = 0,
    default_value: Any = -1,
    hasher_spec: HasherSpec = FastHashSpec,
    dtype: Any = dtypes.string,
    name: str | None = None,
) -> Any:
    """Make a table that gives each word of a vector its position.

    Parameters
    ----------
    mapping : Tensor, shape (words,), string or integer
        The words, none of them twice.
    num_oov_buckets : int
        Buckets for words that are not among them; without, these get `default_value`.
    default_value : int
    hasher_spec : HasherSpec
        How words are spread over the buckets.
    dtype : DType
        Type of the keys to look up: string or an integer type.
    name : str, optional

    Returns
    -------
    StaticHashTable or IdTableWithHashBuckets

    Raises
    ------
    ValueError
        If `mapping` is missing or of another type than `dtype`.
    TypeError
        If keys are neither integers nor strings.

    Examples
    --------
    >>> table = tf.contrib.lookup.index_table_from_tensor(tf.constant(["emerson", "lake", "palmer"]))
    >>> ids = table.lookup(tf.constant(["lake", "and", "palmer"]))
    >>> with tf.Session() as sess:
    ...     sess.run(tf.tables_initializer())
    ...     sess.run(ids)
    array([ 1, -1,  2])
    """
    if mapping is None:
        raise misuse(ValueError("mapping must be specified."))
    _check_buckets(num_oov_buckets)
    dtype = as_dtype(dtype)
    if not dtype.is_integer and dtype.base_dtype is not dtypes.string:
        raise misuse(TypeError("Only integer and string keys are supported."))
    with name_scope(name, "string_to_index"):
        keys = convert(mapping)
        if keys.dtype.is_integer != dtype.is_integer:
            kind = "integer" if dtype.is_integer else "non-integer"
            raise misuse(ValueError(f"Expected {kind}, got {keys.dtype!r}."))
        if not dtype.is_integer and keys.dtype.base_dtype is not dtype:
            raise misuse(ValueError(f"Expected {dtype!r}, got {keys.dtype!r}."))
        values = cast(range_(size(keys)), dtypes.int64)
        with name_scope(None, "hash_table"):
            table_keys = cast(keys, dtypes.int64) if keys.dtype.is_integer else keys
            init = KeyValueTensorInitializer(
                table_keys, values, table_keys.dtype.base_dtype, dtypes.int64, name="table_init"
            )
            table: Any = StaticHashTable(init, default_value)
        if num_oov_buckets:
            table = IdTableWithHashBuckets(table, num_oov_buckets, hasher_spec, key_dtype=dtype)
        return table


@export("contrib.lookup.index_to_string_table_from_file")
def index_to_string_table_from_file(
    vocabulary_file: Any,
    vocab_size: int | None = None,
    default_value: Any = "UNK",
    name: str | None = None,
    key_column_index: int = LINE_NUMBER,
    value_column_index: int = WHOLE_LINE,
    delimiter: str = "\t",
) -> StaticHashTable:
    """Make a table that gives the word in each line of a file.

    Parameters
    ----------
    vocabulary_file : str or Tensor
        A word a line.
    vocab_size : int, optional
        How many lines to take; all, if not given.
    default_value : str
        What numbers give that are no line.
    name : str, optional
    key_column_index, value_column_index : int
        The columns of keys and values, where the file has several.
    delimiter : str
        The character between columns.
    """
    _check_file(vocabulary_file, vocab_size)
    with name_scope(name, "index_to_string"):
        init = TextFileStringTableInitializer(
            vocabulary_file, key_column_index, value_column_index, vocab_size, delimiter, "table_init"
        )
        return StaticHashTable(init, default_value)


@export("contrib.lookup.index_to_string_table_from_tensor")
def index_to_string_table_from_tensor(
    mapping: Any, default_value: Any = "UNK", name: str | None = None
) -> StaticHashTable:
    """Make a table that gives the word at each position of a vector.

    Parameters
    ----------
    mapping : Tensor of string, shape (words,)
    default_value : str
        What numbers give that are no position.
    name : str, optional

    Examples
    --------
    >>> table = tf.contrib.lookup.index_to_string_table_from_tensor(["emerson", "lake", "palmer"])
    >>> words = table.lookup(tf.constant([1, 5], tf.int64))
    >>> with tf.Session() as sess:
    ...     sess.run(tf.tables_initializer())
    ...     sess.run(words)
    array([b'lake', b'UNK'], dtype=object)
    """
    if mapping is None:
        raise misuse(ValueError("mapping must be specified."))
    with name_scope(name, "index_to_string"):
        mapping = convert(mapping, dtypes.string)
        keys = cast(range_(size(mapping)), dtypes.int64)
        init = KeyValueTensorInitializer(keys, mapping, dtypes.int64, dtypes.string, name="table_init")
        return StaticHashTable(init, default_value)


# ---- older names -----------------------------------------------------------------------------------------------------


@export("contrib.lookup.string_to_index_table_from_file")
def string_to_index_table_from_file(
    vocabulary_file: Any = None,
    num_oov_buckets: int = 0,
    vocab_size: int | None = None,
    default_value: Any = -1,
    hasher_spec: HasherSpec = FastHashSpec,
    name: str | None = None,
) -> Any:
    """Make a table that gives each word of a file its line number; the older name of `index_table_from_file`."""
    return index_table_from_file(vocabulary_file, num_oov_buckets, vocab_size, default_value, hasher_spec, name=name)


@export("contrib.lookup.string_to_index_table_from_tensor")
def string_to_index_table_from_tensor(
    mapping: Any,
    num_oov_buckets: int = 0,
    default_value: Any = -1,
    hasher_spec: HasherSpec = FastHashSpec,
    name: str | None = None,
) -> Any:
    """Make a table that gives each word its position; the older name of `index_table_from_tensor`."""
    with name_scope(name, "string_to_index") as scope:
        mapping = convert(mapping)
    if mapping.dtype.base_dtype is not dtypes.string:
        raise misuse(ValueError("string_to_index_table_from_tensor requires string."))
    return index_table_from_tensor(mapping, num_oov_buckets, default_value, hasher_spec, name=scope)


@export("contrib.lookup.string_to_index")
def string_to_index(tensor: Any, mapping: Any, default_value: Any = -1, name: str | None = None) -> Any:
    """Look up the positions of words in a vector: makes a table and asks it at once."""
    return index_table_from_tensor(mapping, default_value=default_value, name=name).lookup(tensor)


@export("contrib.lookup.index_to_string")
def index_to_string(tensor: Any, mapping: Any, default_value: Any = "UNK", name: str | None = None) -> Any:
    """Look up the words at positions of a vector: makes a table and asks it at once."""
    return index_to_string_table_from_tensor(mapping, default_value=default_value, name=name).lookup(tensor)

"""Lookup tables that are filled once: words to numbers, numbers to words."""

from __future__ import annotations

from typing import Any, NamedTuple

from flowlab._src.graph import dtypes
from flowlab._src.graph.arguments import as_int
from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.dtypes import DType, as_dtype
from flowlab._src.graph.keys import GraphKeys
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.registry import raw
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.shape import SCALAR
from flowlab._src.graph.sparse_tensor import SparseTensor
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.cast import cast
from flowlab._src.ops.compare import not_equal
from flowlab._src.ops.control import group, no_op
from flowlab._src.ops.lookup_initializers import TableInitializerBase
from flowlab._src.ops.misuse import misuse
from flowlab._src.ops.selecting import where_v2
from flowlab._src.ops.tables import HashTableV2, LookupTableExportV2, LookupTableFindV2, LookupTableSizeV2
from flowlab._src.util.export import export


@export("tables_initializer", "initializers.tables_initializer")
def tables_initializer(name: str = "init_all_tables") -> Operation:
    """Return the operation that fills all lookup tables of the default graph.

    Parameters
    ----------
    name : str

    Returns
    -------
    Operation
        To be run once in each session, before anything is looked up.
    """
    initializers = get_default_graph().get_collection(GraphKeys.TABLE_INITIALIZERS)
    return group(*initializers, name=name) if initializers else no_op(name=name)


@export("initialize_all_tables")
def initialize_all_tables(name: str = "init_all_tables") -> Operation:
    """Return the operation that fills all lookup tables; the older name of `tf.tables_initializer`."""
    return tables_initializer(name)


def values_of(keys: Any) -> Tensor:
    """The tensor of keys to look up: those of a sparse or ragged tensor are its values."""
    if not hasattr(keys, "dtype"):
        raise misuse(
            AttributeError(f"'{type(keys).__name__}' object has no attribute 'dtype'"),
            fix="keys are tensors: table.lookup(tf.constant(keys))",
        )
    if isinstance(keys, SparseTensor) or hasattr(keys, "with_values"):
        values: Tensor = keys.values
        return values
    return convert(keys)


def like_keys(keys: Any, values: Any) -> Any:
    """What was looked up, in the form of the keys."""
    if isinstance(keys, SparseTensor):
        return SparseTensor(keys.indices, values, keys.dense_shape)
    if hasattr(keys, "with_values"):
        return keys.with_values(values)
    return values


def check_keys(keys: Any, dtype: DType) -> None:
    """TypeError unless the keys are of the table's type."""
    if keys.dtype.base_dtype is not dtype:
        raise misuse(
            TypeError(f"Signature mismatch. Keys must be dtype {dtype!r}, got {keys.dtype!r}."),
            fix=f"tf.cast(keys, {dtype.name})" if dtype.is_integer and keys.dtype.is_integer else "",
        )


def check_initializer(value: Any) -> None:
    """TypeError unless the value is something that fills tables."""
    if not isinstance(value, TableInitializerBase):
        raise misuse(
            TypeError(f"initializer must be a TableInitializerBase, got {type(value).__name__}"),
            fix="tf.lookup.KeyValueTensorInitializer(keys, values), or tf.lookup.TextFileInitializer(...)",
        )


@export("contrib.lookup.LookupInterface")
class LookupInterface:
    """What all lookup tables can do: `lookup(keys)` and `size()`.

    Parameters
    ----------
    key_dtype, value_dtype : DType
    """

    _resource_handle: Tensor

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

    @property
    def resource_handle(self) -> Any:
        """The tensor that stands for the table itself."""
        return self._resource_handle

    @property
    def name(self) -> Any:
        """Name of the table."""
        raise NotImplementedError

    def size(self, name: str | None = None) -> Tensor:
        """Return how many keys the table has: a scalar of int64."""
        raise NotImplementedError

    def lookup(self, keys: Any, name: str | None = None) -> Any:
        """Return the values of `keys`."""
        raise NotImplementedError


@export("contrib.lookup.InitializableLookupTableBase")
class InitializableLookupTableBase(LookupInterface):
    """A table that is filled once, by its `initializer`.

    Parameters
    ----------
    default_value : scalar
        The value of keys that the table does not have.
    initializer : TableInitializerBase
    """

    def __init__(self, default_value: Any, initializer: TableInitializerBase) -> None:
        super().__init__(initializer.key_dtype, initializer.value_dtype)
        self._default_value: Tensor = convert(default_value, self._value_dtype)
        try:
            self._default_value.shape.merge_with(SCALAR)
        except ValueError as error:
            raise misuse(error, fix="one default value serves all keys: a scalar") from None
        self._initializer = initializer
        self._resource_handle = self.create_resource()
        self._init_op = initializer.initialize(self)

    def create_resource(self) -> Tensor:
        """Return the tensor that stands for the table."""
        raise NotImplementedError

    @property
    def default_value(self) -> Tensor:
        """The value of keys that the table does not have."""
        return self._default_value

    @property
    def initializer(self) -> Operation:
        """The operation that fills the table."""
        return self._init_op

    def size(self, name: str | None = None) -> Tensor:
        """Return how many keys the table has.

        Parameters
        ----------
        name : str, optional

        Returns
        -------
        Tensor, shape (), int64
        """
        with name_scope(name, f"{self.name}_Size", [self.resource_handle]):
            result: Tensor = LookupTableSizeV2()(self.resource_handle)
            return result

    def lookup(self, keys: Any, name: str | None = None) -> Any:
        """Look up keys.

        Parameters
        ----------
        keys : Tensor, SparseTensor or RaggedTensor of the table's key type
        name : str, optional

        Returns
        -------
        Tensor, SparseTensor or RaggedTensor
            In the form of `keys`; the default value where the table does not have the key.

        Raises
        ------
        TypeError
            If the keys are of another type.
        tf.errors.FailedPreconditionError
            When run before the table was filled.
        """
        key_tensor = values_of(keys)
        check_keys(keys, self._key_dtype)
        with name_scope(name, f"{self.name}_Lookup", [self.resource_handle, key_tensor, self._default_value]):
            values = LookupTableFindV2()(self.resource_handle, key_tensor, self._default_value)
        values.set_shape(key_tensor.shape)
        return like_keys(keys, values)


@export("lookup.StaticHashTable")
class StaticHashTable(InitializableLookupTableBase):
    """A table that is filled once: words to numbers, for example.

    Parameters
    ----------
    initializer : KeyValueTensorInitializer or TextFileInitializer
        What fills it.
    default_value : scalar
        The value of keys that the table does not have.
    name : str, optional

    Examples
    --------
    >>> table = tf.lookup.StaticHashTable(
    ...     tf.lookup.KeyValueTensorInitializer(tf.constant(["emerson", "lake"]), tf.constant([1, 2])), -1)
    >>> out = table.lookup(tf.constant([["lake", "palmer"]]))
    >>> with tf.Session() as sess:
    ...     sess.run(table.initializer)
    ...     sess.run(out)
    array([[ 2, -1]], dtype=int32)
    """

    def __init__(self, initializer: TableInitializerBase, default_value: Any, name: str | None = None) -> None:
        self._make(initializer, default_value, "", name)

    def _make(self, initializer: TableInitializerBase, default_value: Any, shared_name: str, name: str | None) -> None:
        check_initializer(initializer)
        self._shared_name = shared_name or initializer._shared_name
        self._name = name or "hash_table"
        self._table_name = ""
        InitializableLookupTableBase.__init__(self, default_value, initializer)

    def create_resource(self) -> Tensor:
        """Return the tensor that stands for the table."""
        op = HashTableV2(shared_name=self._shared_name, key_dtype=self._key_dtype, value_dtype=self._value_dtype)
        handle: Tensor = op(name=self._name)
        self._table_name = handle.op.name.split("/")[-1]
        return handle

    @property
    def name(self) -> str:
        """Name of the table's node without the scopes around it."""
        return self._table_name

    def export(self, name: str | None = None) -> tuple[Tensor, Tensor]:
        """Return all keys and all values.

        Parameters
        ----------
        name : str, optional
        """
        with name_scope(name, f"{self.name}_Export", [self.resource_handle]):
            op = LookupTableExportV2(Tkeys=self._key_dtype, Tvalues=self._value_dtype)
            keys, values = op(self.resource_handle)
        values.set_shape(keys.shape.concatenate(self._default_value.shape))
        return keys, values


@export("contrib.lookup.HashTable")
class HashTable(StaticHashTable):
    """A table that is filled once; the older form of `tf.lookup.StaticHashTable`.

    Parameters
    ----------
    initializer : KeyValueTensorInitializer or TextFileInitializer
    default_value : scalar
    shared_name : str, optional
        Tables of the same shared name are one table.
    name : str, optional
    """

    def __init__(
        self,
        initializer: TableInitializerBase,
        default_value: Any,
        shared_name: str | None = None,
        name: str | None = None,
    ) -> None:
        self._make(initializer, default_value, shared_name or "", name)

    @property
    def init(self) -> Operation:
        """The operation that fills the table; the older name of `initializer`."""
        return self.initializer


# ---- buckets for unknown words -----------------------------------------------------------------------------------------


@export("contrib.lookup.HasherSpec")
class HasherSpec(NamedTuple):
    """How unknown keys are spread over buckets: the name of a hash function and its key."""

    hasher: str
    key: Any


FastHashSpec = export("contrib.lookup.FastHashSpec")(HasherSpec("fasthash", None))


@export("contrib.lookup.StrongHashSpec")
class StrongHashSpec(HasherSpec):
    """A hash function with a secret key, against those who choose their words so that all fall into one bucket.

    Parameters
    ----------
    key : list of 2 int
    """

    __slots__ = ()

    def __new__(cls, key: Any) -> StrongHashSpec:
        """Check the key."""
        if len(key) != 2:
            raise misuse(ValueError(f"key must have size 2, got {len(key)}."))
        if not isinstance(key[0], int) or not isinstance(key[1], int):
            raise misuse(TypeError(f"Invalid key {key}. Must be unsigned integer values."))
        return super().__new__(cls, "stronghash", key)


def _bucket(values: Tensor, count: int, spec: HasherSpec) -> Tensor:
    """The bucket of each key, by the hash function asked for."""
    if values.dtype.base_dtype is not dtypes.string:
        values = raw.AsString(values)
    makers = {
        "fasthash": raw.StringToHashBucketFast,
        "legacy": raw.StringToHashBucket,
        "stronghash": raw.StringToHashBucketStrong,
    }
    if spec.hasher not in makers:
        raise misuse(ValueError(f"Unknown hasher {spec.hasher}"))
    attrs = {"key": list(spec.key)} if spec.hasher == "stronghash" else {}
    result: Tensor = makers[spec.hasher](values, num_buckets=count, name="hash_bucket", **attrs)
    return result


class BucketTable(LookupInterface):
    """A table of words and numbers, and buckets for all other words, numbered after those of the table."""

    _table: Any
    _num_oov_buckets: int
    _table_name: str
    _hasher: HasherSpec = FastHashSpec

    @property
    def initializer(self) -> Operation:
        """The operation that fills the table."""
        if self._table is not None:
            op: Operation = self._table.initializer
            return op
        with name_scope(None, "init"):
            return no_op()

    @property
    def init(self) -> Operation:
        """The operation that fills the table; the older name of `initializer`."""
        return self.initializer

    @property
    def resource_handle(self) -> Any:
        """The tensor that stands for the table; None when there are buckets only."""
        return None if self._table is None else self._table.resource_handle

    @property
    def name(self) -> str:
        """Name of the table."""
        return self._table_name

    def size(self, name: str | None = None) -> Tensor:
        """Return how many different numbers there are: those of the table and the buckets.

        Parameters
        ----------
        name : str, optional
        """
        with name_scope(name, f"{self.name}_Size"):
            own: Any = self._table.size() if self._table is not None else convert(0, dtypes.int64)
            result: Tensor = own + self._num_oov_buckets
            return result

    def lookup(self, keys: Any, name: str | None = None) -> Any:
        """Look up keys; one that the table does not have gets the number of its bucket.

        Parameters
        ----------
        keys : Tensor, SparseTensor or RaggedTensor of the table's key type
        name : str, optional

        Returns
        -------
        Tensor, SparseTensor or RaggedTensor of int64
            In the form of `keys`.
        """
        values: Any = values_of(keys)
        check_keys(keys, self._key_dtype)
        if self._table is not None and self._table.key_dtype is dtypes.int64:
            values = cast(values, dtypes.int64)
        if not self._num_oov_buckets:
            return like_keys(keys, self._table.lookup(values, name=name))
        with name_scope(name, f"{self.name}_Lookup"):
            ids = _bucket(values, self._num_oov_buckets, self._hasher)
            if self._table is not None:
                found = self._table.lookup(values)
                buckets = raw.AddV2(ids, self._table.size(), name="Add")
                known = not_equal(found, self._table.default_value)
                ids = where_v2(known, found, buckets)
        return like_keys(keys, ids)

    def _check_types(self, source: Any, key_dtype: DType) -> None:
        """TypeError unless the table behind gives numbers for words or numbers."""
        allowed = (dtypes.int64, dtypes.string)
        if source.key_dtype not in allowed:
            raise misuse(TypeError(f"Invalid key dtype, expected one of {allowed}, but got {source.key_dtype!r}."))
        if source.key_dtype.is_integer != key_dtype.is_integer:
            kind = "integer" if key_dtype.is_integer else "non-integer"
            raise misuse(TypeError(f"Invalid key dtype, expected {kind} but got {source.key_dtype!r}."))
        if source.value_dtype is not dtypes.int64:
            raise misuse(
                TypeError(f"Invalid value dtype, expected {dtypes.int64!r} but got {source.value_dtype!r}."),
                fix="tf.constant(numbers, tf.int64)",
            )


@export("contrib.lookup.IdTableWithHashBuckets")
class IdTableWithHashBuckets(BucketTable):
    """A table from words to numbers with buckets for words that it does not have.

    Parameters
    ----------
    table : HashTable, or None for buckets only
        From string or int64 to int64.
    num_oov_buckets : int
        How many buckets there are for words "out of vocabulary".
    hasher_spec : HasherSpec
        `FastHashSpec` or `StrongHashSpec(key)`.
    name : str, optional
    key_dtype : DType, optional

    Raises
    ------
    TypeError
        If types do not fit.
    ValueError
        If there are neither a table nor buckets.
    """

    def __init__(
        self,
        table: Any,
        num_oov_buckets: int,
        hasher_spec: HasherSpec = FastHashSpec,
        name: str | None = None,
        key_dtype: Any = None,
    ) -> None:
        count = as_int(num_oov_buckets, "num_oov_buckets")
        name = name.rstrip("/") if name else name
        if table is not None:
            if not isinstance(table, LookupInterface):
                raise misuse(TypeError(f"table must be a lookup table, got {type(table).__name__}"))
            key_dtype = table.key_dtype if key_dtype is None else as_dtype(key_dtype)
            self._check_types(table, key_dtype)
            name = name or table.name
        else:
            if count <= 0:
                raise misuse(ValueError("oov_buckets must be > 0 if no table is supplied."))
            key_dtype = dtypes.string if key_dtype is None else as_dtype(key_dtype)
            name = name or "hash_bucket"
        if not key_dtype.is_integer and key_dtype is not dtypes.string:
            raise misuse(TypeError(f"Invalid key_dtype, expected integer or string, got {key_dtype!r}."))
        if not isinstance(hasher_spec, HasherSpec):
            raise misuse(TypeError(f"hasher_spec must be of type HasherSpec, got {hasher_spec!r}"))
        self._table, self._num_oov_buckets, self._hasher = table, count, hasher_spec
        self._table_name = name.split("/")[-1]
        super().__init__(key_dtype, dtypes.int64)


@export("lookup.StaticVocabularyTable")
class StaticVocabularyTable(BucketTable):
    """A table from words to numbers with buckets for words that it does not have.

    Parameters
    ----------
    initializer : KeyValueTensorInitializer or TextFileInitializer, or None for buckets only
        From string or int64 to int64, the numbers from 0 on.
    num_oov_buckets : int
        How many buckets there are for words "out of vocabulary".
    lookup_key_dtype : DType, optional
        Type of the keys to look up, if it is not that of the initializer.
    name : str, optional

    Raises
    ------
    TypeError
        If types do not fit.
    ValueError
        If there are no buckets.

    Examples
    --------
    >>> init = tf.lookup.KeyValueTensorInitializer(["the", "of"], tf.constant([0, 1], tf.int64))
    >>> table = tf.lookup.StaticVocabularyTable(init, num_oov_buckets=1)
    >>> ids = table.lookup(tf.constant(["of", "cat", "dog"]))
    >>> with tf.Session() as sess:
    ...     sess.run(tf.tables_initializer())
    ...     sess.run(ids)
    array([1, 2, 2])
    """

    def __init__(
        self, initializer: Any, num_oov_buckets: int, lookup_key_dtype: Any = None, name: str | None = None
    ) -> None:
        count = as_int(num_oov_buckets, "num_oov_buckets")
        if count <= 0:
            raise misuse(ValueError("oov_buckets must be > 0; use StaticHashTable: `num_oov_buckets` must be > 0"))
        name = name.rstrip("/") if name else name
        if initializer is not None:
            check_initializer(initializer)
            key_dtype = initializer.key_dtype if lookup_key_dtype is None else as_dtype(lookup_key_dtype)
            self._check_types(initializer, key_dtype)
            self._table = HashTable(initializer, default_value=-1)
            name = name or self._table.name
        else:
            key_dtype, self._table = dtypes.string, None
            name = name or "hash_bucket"
        if not key_dtype.is_integer and key_dtype is not dtypes.string:
            raise misuse(TypeError(f"Invalid key_dtype, expected integer or string, got {key_dtype!r}."))
        self._num_oov_buckets = count
        self._table_name = name.split("/")[-1]
        super().__init__(key_dtype, dtypes.int64)

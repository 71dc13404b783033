"""Lookup tables that change while the graph runs."""

from __future__ import annotations

from typing import Any

from flowlab._src.graph.convert import convert
from flowlab._src.graph.default import get_default_graph
from flowlab._src.graph.dtypes import as_dtype
from flowlab._src.graph.keys import GraphKeys
from flowlab._src.graph.operation import Operation
from flowlab._src.graph.scopes import name_scope
from flowlab._src.graph.tensor import Tensor
from flowlab._src.ops.lookup import LookupInterface, check_keys
from flowlab._src.ops.tables import (
    LookupTableExportV2,
    LookupTableFindV2,
    LookupTableImportV2,
    LookupTableInsertV2,
    LookupTableRemoveV2,
    LookupTableSizeV2,
    MutableDenseHashTableV2,
    MutableHashTableOfTensorsV2,
    MutableHashTableV2,
)
from flowlab._src.util.export import export


class SavedPart:
    """One tensor of a table in a checkpoint."""

    def __init__(self, tensor: Tensor, name: str) -> None:
        self.tensor, self.slice_spec, self.name = tensor, "", name
        self.dtype = tensor.dtype
        self.device = tensor.device


class SavedTable:
    """How a `tf.train.Saver` keeps a table: as its keys and its values."""

    def __init__(self, table: ChangingTable, name: str) -> None:
        keys, values = table.export()
        self.op, self.name = table, name
        self.specs = [SavedPart(keys, f"{name}-keys"), SavedPart(values, f"{name}-values")]

    @property
    def device(self) -> str:
        """Where the table is."""
        return self.specs[0].device

    def restore(self, restored_tensors: Any, restored_shapes: Any) -> Operation:
        """Return the operation that fills the table with what was saved."""
        handle = self.op.resource_handle
        with name_scope(f"{self.name}_table_restore"), get_default_graph().colocate_with(handle.op):
            op: Operation = LookupTableImportV2()(handle, restored_tensors[0], restored_tensors[1])
            return op


class ChangingTable(LookupInterface):
    """What tables that change have in common."""

    _default_value: Tensor

    def _keep(self, handle: Tensor, name: str, checkpoint: bool) -> None:
        """Remember the table's node, and have its content saved in checkpoints."""
        self._resource_handle = handle
        self._table_name = handle.op.name.split("/")[-1]
        if checkpoint:
            get_default_graph().add_to_collection(GraphKeys.SAVEABLE_OBJECTS, SavedTable(self, name))

    def _near(self) -> Any:
        return get_default_graph().colocate_with(self.resource_handle.op)

    @property
    def name(self) -> str:
        """Name of the table's node without the scopes around it."""
        return self._table_name

    def size(self, name: str | None = None) -> Tensor:
        """Return how many keys the table has.

        Parameters
        ----------
        name : str, optional

        Returns
        -------
        Tensor, shape (), int64
        """
        with name_scope(name, f"{self.name}_Size", [self.resource_handle]), self._near():
            result: Tensor = LookupTableSizeV2()(self.resource_handle)
            return result

    def lookup(self, keys: Any, name: str | None = None) -> Tensor:
        """Look up keys.

        Parameters
        ----------
        keys : Tensor of the table's key type
        name : str, optional

        Returns
        -------
        Tensor
            In the shape of `keys`, followed by the shape of a value.
        """
        with name_scope(name, f"{self.name}_lookup_table_find", [self.resource_handle, keys]):
            keys = convert(keys, self._key_dtype, "keys")
            with self._near():
                result: Tensor = LookupTableFindV2()(self.resource_handle, keys, self._default_value)
                return result

    def insert(self, keys: Any, values: Any, name: str | None = None) -> Operation:
        """Return the operation that gives keys new values.

        Parameters
        ----------
        keys : Tensor of the table's key type
        values : Tensor of its value type
            In the shape of `keys`, followed by the shape of a value.
        name : str, optional
        """
        with name_scope(name, f"{self.name}_lookup_table_insert", [self.resource_handle, keys, values]):
            keys = convert(keys, self._key_dtype, "keys")
            values = convert(values, self._value_dtype, "values")
            with self._near():
                op: Operation = LookupTableInsertV2()(self.resource_handle, keys, values)
            return op

    def remove(self, keys: Any, name: str | None = None) -> Operation:
        """Return the operation that forgets keys; those that are not there do not matter.

        Parameters
        ----------
        keys : Tensor of the table's key type
        name : str, optional

        Raises
        ------
        TypeError
            If the keys are of another type.
        """
        keys = keys if hasattr(keys, "dtype") else convert(keys, self._key_dtype)
        check_keys(keys, self._key_dtype)
        scope = [self.resource_handle, keys, self._default_value]
        with name_scope(name, f"{self.name}_lookup_table_remove", scope):
            op: Operation = LookupTableRemoveV2()(self.resource_handle, keys)
        return op

    def export(self, name: str | None = None) -> tuple[Tensor, Tensor]:
        """Return all keys and all values.

        Parameters
        ----------
        name : str, optional
        """
        with name_scope(name, f"{self.name}_lookup_table_export_values", [self.resource_handle]), self._near():
            op = LookupTableExportV2(Tkeys=self._key_dtype, Tvalues=self._value_dtype)
            keys, values = op(self.resource_handle)
        return keys, values


@export("contrib.lookup.MutableHashTable")
class MutableHashTable(ChangingTable):
    """A table that can be changed while the graph runs.

    Parameters
    ----------
    key_dtype, value_dtype : DType
    default_value : scalar or vector
        The value of keys that the table does not have; its shape is that of all values.
    shared_name : str, optional
        Tables of the same shared name are one table.
    name : str
    checkpoint : bool
        Save the content in checkpoints.

    Examples
    --------
    >>> table = tf.contrib.lookup.MutableHashTable(tf.string, tf.int64, default_value=-1)
    >>> insert, out = table.insert(tf.constant(["a", "b"]), [10, 20]), table.lookup(tf.constant(["b", "c"]))
    >>> with tf.Session() as sess:
    ...     sess.run(insert)
    ...     sess.run(out)
    array([20, -1])
    """

    def __init__(
        self,
        key_dtype: Any,
        value_dtype: Any,
        default_value: Any,
        shared_name: str | None = None,
        name: str = "MutableHashTable",
        checkpoint: bool = True,
    ) -> None:
        self._default_value = convert(default_value, as_dtype(value_dtype))
        super().__init__(key_dtype, value_dtype)
        kept: dict[str, Any] = {
            "shared_name": shared_name or "",
            "use_node_name_sharing": checkpoint and shared_name is None,
            "key_dtype": self._key_dtype,
            "value_dtype": self._value_dtype,
        }
        shape = self._default_value.shape
        op: Any = (
            MutableHashTableV2(**kept) if shape.ndims == 0 else MutableHashTableOfTensorsV2(value_shape=shape, **kept)
        )
        self._keep(op(name=name), name, checkpoint)


@export("contrib.lookup.MutableDenseHashTable")
class MutableDenseHashTable(ChangingTable):
    """A table that can be changed while the graph runs, laid out as an array of buckets.

    Parameters
    ----------
    key_dtype, value_dtype : DType
    default_value : Tensor
        The value of keys that the table does not have; its shape is that of all values.
    empty_key, deleted_key : scalar or vector
        Two keys that mark buckets which are empty and whose key was removed; they cannot be keys.
    initial_num_buckets : int, optional
        A power of 2; 131072, if not given. The array grows when it gets too full.
    shared_name : str, optional
        Tables of the same shared name are one table.
    name : str
    checkpoint : bool
        Save the content in checkpoints.

    Examples
    --------
    >>> table = tf.contrib.lookup.MutableDenseHashTable(tf.int64, tf.int64, -1, empty_key=0, deleted_key=-1)
    >>> insert, out = table.insert([7, 8], [70, 80]), table.lookup([8, 9])
    >>> with tf.Session() as sess:
    ...     sess.run(insert)
    ...     sess.run(out)
    array([80, -1])
    """

    def __init__(
        self,
        key_dtype: Any,
        value_dtype: Any,
        default_value: Any,
        empty_key: Any,
        deleted_key: Any,
        initial_num_buckets: int | None = None,
        shared_name: str | None = None,
        name: str = "MutableDenseHashTable",
        checkpoint: bool = True,
    ) -> None:
        self._make(
            (key_dtype, value_dtype), default_value, (empty_key, deleted_key), initial_num_buckets, shared_name, name,
            checkpoint,
        )  # fmt: skip

    def _make(
        self, types: Any, default_value: Any, markers: Any, buckets: Any, shared_name: Any, name: str, checkpoint: bool
    ) -> None:
        self._default_value = convert(default_value, as_dtype(types[1]), "default_value")
        LookupInterface.__init__(self, *types)
        empty = convert(markers[0], self._key_dtype, "empty_key")
        deleted = convert(markers[1], self._key_dtype, "deleted_key")
        size: dict[str, Any] = {} if buckets is None else {"initial_num_buckets": buckets}
        op = MutableDenseHashTableV2(
            shared_name=shared_name or "",
            use_node_name_sharing=checkpoint and shared_name is None,
            value_dtype=self._value_dtype,
            value_shape=self._default_value.shape,
            **size,
        )
        self._keep(op(empty, deleted, name=name), name, checkpoint)


@export("lookup.experimental.DenseHashTable")
class DenseHashTable(MutableDenseHashTable):
    """A table that can be changed; as `tf.contrib.lookup.MutableDenseHashTable` under newer names."""

    def __init__(
        self,
        key_dtype: Any,
        value_dtype: Any,
        default_value: Any,
        empty_key: Any,
        deleted_key: Any,
        initial_num_buckets: int | None = None,
        name: str = "MutableDenseHashTable",
        checkpoint: bool = True,
    ) -> None:
        self._make(
            (key_dtype, value_dtype),
            default_value,
            (empty_key, deleted_key),
            initial_num_buckets,
            None,
            name,
            checkpoint,
        )

    def insert_or_assign(self, keys: Any, values: Any, name: str | None = None) -> Operation:
        """Return the operation that gives keys new values; as `insert`."""
        return self.insert(keys, values, name)

    def erase(self, keys: Any, name: str | None = None) -> Operation:
        """Return the operation that forgets keys; as `remove`."""
        return self.remove(keys, name)

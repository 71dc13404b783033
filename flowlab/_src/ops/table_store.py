"""What a session keeps for a lookup table: keys, their values, and who may change them."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

import numpy as np

from flowlab._src.errors import AbortedError, FailedPreconditionError, InvalidArgumentError, UnimplementedError
from flowlab._src.graph.dtypes import DType
from flowlab._src.kernels.memory import require_memory
from flowlab._src.kernels.string_hash import hash64, hash_all

Rows = list[Any]  # the elements of a tensor along its first axes, as Python objects that can be keys of a dict


def brackets(sizes: Iterable[int]) -> str:
    """Write a shape as the runtime's messages do."""
    return "[" + ",".join(str(size) for size in sizes) + "]"


def refuse(message: str) -> InvalidArgumentError:
    """The error for keys and values that do not fit the table."""
    return InvalidArgumentError(None, None, message)


class Table:
    """Keys and values; a value is a single element, or an array of a shape that all values of the table have."""

    def __init__(self, name: str, key_dtype: DType, value_dtype: DType, value_shape: tuple[int, ...] = ()) -> None:
        self.name = name
        self.key_dtype, self.value_dtype, self.value_shape = key_dtype, value_dtype, value_shape
        self.lock = threading.RLock()
        self._values: dict[Any, Any] = {}

    def size(self) -> int:
        """How many keys there are."""
        return len(self._values)

    def find(self, keys: np.ndarray, default: np.ndarray) -> np.ndarray:
        """The value of each key; that of `default` (one for all, or one for each key) where there is none."""
        if default.shape not in (self.value_shape, keys.shape + self.value_shape):
            raise refuse(
                f"Expected shape {brackets(self.value_shape)} or {brackets(keys.shape + self.value_shape)} for "
                f"default value, got {brackets(default.shape)}"
            )
        # Where the value is a row, `default` is copied first and the rows found are written over it.
        result = np.array(np.broadcast_to(default, keys.shape + self.value_shape))
        flat = result.reshape((keys.size, *self.value_shape))
        with self.lock:
            for i, key in enumerate(keys.ravel().tolist()):
                value = self._values.get(key)
                if value is not None:
                    flat[i] = value
        return result

    def insert(self, keys: np.ndarray, values: np.ndarray) -> None:
        """Give keys new values."""
        self.check_values(keys.shape, values)
        rows = self.rows(values, keys.size)
        with self.lock:
            self._values.update(zip(keys.ravel().tolist(), rows, strict=True))

    def remove(self, keys: np.ndarray) -> None:
        """Forget keys; those that are not there do not matter."""
        with self.lock:
            for key in keys.ravel().tolist():
                self._values.pop(key, None)

    def replace(self, keys: np.ndarray, values: np.ndarray) -> None:
        """Forget everything and take these."""
        with self.lock:
            self._values = {}
            self.insert(keys, values)

    def export(self) -> tuple[np.ndarray, np.ndarray]:
        """All keys and values, in the order in which the keys came."""
        with self.lock:
            keys = filled(list(self._values), (len(self._values),), self.key_dtype)
            values = filled(list(self._values.values()), (len(self._values), *self.value_shape), self.value_dtype)
        return keys, values

    def check_values(self, key_shape: tuple[int, ...], values: np.ndarray) -> None:
        """InvalidArgumentError unless there is a value for each key."""
        if values.shape != key_shape + self.value_shape:
            raise refuse(
                f"Expected shape {brackets(key_shape + self.value_shape)} for value, got {brackets(values.shape)}"
            )

    def rows(self, values: np.ndarray, count: int) -> Rows:
        """The value of each key: Python objects, or arrays where values have axes."""
        if not self.value_shape:
            rows: Rows = values.ravel().tolist()
            return rows
        return list(np.array(values).reshape((count, *self.value_shape)))

    def check_dtypes(self, key_dtype: DType, value_dtype: DType) -> None:
        """InvalidArgumentError unless the table is of these types."""
        if self.key_dtype is not key_dtype or self.value_dtype is not value_dtype:
            raise refuse(
                f"Conflicting key/value dtypes {key_dtype.runtime_name}->{value_dtype.runtime_name} with "
                f"{self.key_dtype.runtime_name}-{self.value_dtype.runtime_name} for table {self.name}"
            )


def filled(items: Rows, shape: tuple[int, ...], dtype: DType) -> np.ndarray:
    """An array of a table's keys or values."""
    result = np.empty(shape, dtype.as_numpy_dtype)
    for i, item in enumerate(items):
        result[i] = item
    return result


class StaticTable(Table):
    """A table that is filled once."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.filled = False

    def find(self, keys: np.ndarray, default: np.ndarray) -> np.ndarray:
        """As for any table, once it is filled."""
        if not self.filled:
            error = FailedPreconditionError(None, None, "Table not initialized.")
            error.fix = "run tf.tables_initializer(), or the table's own initializer, first"
            raise error
        if default.shape != self.value_shape:
            raise refuse(f"Expected shape [] for default value, got {brackets(default.shape)}")
        return super().find(keys, default)

    def insert(self, keys: np.ndarray, values: np.ndarray) -> None:
        """Such a table takes nothing more."""
        raise self._unchanging("Insert")

    def remove(self, keys: np.ndarray) -> None:
        """Such a table gives nothing away."""
        raise self._unchanging("Remove")

    def _unchanging(self, what: str) -> UnimplementedError:
        return UnimplementedError(None, None, f"{what} not supported by InitializableLookupTable implementations")

    def replace(self, keys: np.ndarray, values: np.ndarray) -> None:
        """Fill the table."""
        self.check_values(keys.shape, values)
        self.fill(keys.ravel().tolist(), self.rows(values, keys.size))

    def fill(self, keys: Rows, values: Rows) -> None:
        """Fill the table; once it is filled, only with what is in it."""
        entries: dict[Any, Any] = {}
        for key, value in zip(keys, values, strict=True):
            if entries.setdefault(key, value) != value:
                raise FailedPreconditionError(
                    None, None, "HashTable has different value for same key. "
                    f"Key {plain(key)} has {plain(entries[key])} and trying to add value {plain(value)}",
                )  # fmt: skip
        with self.lock:
            if self.filled and entries != self._values:
                raise FailedPreconditionError(None, None, "Table was already initialized with different data.")
            self._values, self.filled = entries, True

    def export(self) -> tuple[np.ndarray, np.ndarray]:
        """All keys and values, once it is filled."""
        if not self.filled:
            raise AbortedError(None, None, "HashTable is not initialized.")
        return super().export()


def plain(value: Any) -> str:
    """A key or value as messages write it."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


class DenseTable(Table):
    """A table in the form of an array of buckets: a key lies in the bucket of its hash, or the next free one after it.

    Two keys mark the buckets that are empty and those whose key was removed. `export` shows the buckets as they are,
    so the same steps are taken as in TensorFlow.
    """

    def __init__(
        self,
        name: str,
        dtypes: tuple[DType, DType],
        value_shape: tuple[int, ...],
        markers: tuple[np.ndarray, np.ndarray],
        buckets: int,
        max_load: float,
    ) -> None:
        super().__init__(name, dtypes[0], dtypes[1], value_shape)
        empty, deleted = markers
        self.key_shape = empty.shape
        if deleted.shape != empty.shape:
            raise refuse(
                f"Empty and deleted keys must have same shape, got shapes: {brackets(empty.shape)} and "
                f"{brackets(deleted.shape)}"
            )
        self.empty, self.deleted = self._key(empty), self._key(deleted)
        if self.empty == self.deleted:
            raise refuse("Empty and deleted keys cannot be equal")
        if not 0 < max_load < 1:
            raise refuse(f"max_load_factor must be between 0 and 1, got: {max_load}")
        if buckets < 4 or buckets & (buckets - 1):
            raise refuse(f"Number of buckets must be at least 4 and a power of 2, got: {buckets}")
        self.max_load = max_load
        self._clear(buckets)

    def _clear(self, buckets: int) -> None:
        require_memory((buckets, 4), np.int64)
        self.keys: Rows = [self.empty] * buckets
        self.contents: Rows = [None] * buckets

    @staticmethod
    def _key(key: np.ndarray) -> Any:
        return key.item() if not key.shape else tuple(key.ravel().tolist())

    def _split(self, keys: np.ndarray) -> tuple[Rows, tuple[int, ...]]:
        """The keys of a tensor and the shape they are laid out in."""
        count = keys.shape[0] if keys.ndim else 1
        depth = int(np.prod(self.key_shape, dtype=np.int64))
        if keys.size != count * depth:
            raise refuse(f"Expected key shape {brackets((count, *self.key_shape))} got {brackets(keys.shape)}")
        outer = keys.shape[: keys.ndim - len(self.key_shape)]
        if not self.key_shape:
            return keys.ravel().tolist(), outer
        return [tuple(row) for row in keys.reshape(count, depth).tolist()], outer

    def _check_key(self, key: Any) -> None:
        for marker, name in ((self.empty, "empty_key"), (self.deleted, "deleted_key")):
            if key == marker:
                raise refuse(f"Using the {name} as a table key is not allowed")

    def _hash(self, key: Any) -> int:
        if isinstance(key, tuple):
            result = 0
            for part in key:
                b = self._hash(part)
                result ^= (b + 0x9E3779B97F4A7800 + (result << 10) + (result >> 4)) & 0xFFFFFFFFFFFFFFFF
            return result
        if isinstance(key, bytes):
            return int(hash_all([key], hash64)[0])
        return int(key) & 0xFFFFFFFFFFFFFFFF

    def _probe(self, key: Any) -> Iterable[int]:
        """The buckets where a key may be, in the order of looking."""
        mask = len(self.keys) - 1
        bucket = self._hash(key) & mask
        for step in range(1, len(self.keys) + 1):
            yield bucket
            bucket = (bucket + step) & mask
        raise AssertionError("a table always has an empty bucket")

    def _put(self, key: Any, value: Any) -> None:
        free = None
        for bucket in self._probe(key):
            if self.keys[bucket] == key:
                self.contents[bucket] = value
                return
            if self.keys[bucket] == self.deleted and free is None:
                free = bucket
            if self.keys[bucket] == self.empty:
                free = bucket if free is None else free
                self.keys[free], self.contents[free] = key, value
                self._values[key] = value
                return

    def find(self, keys: np.ndarray, default: np.ndarray) -> np.ndarray:
        """The value of each key, or `default`."""
        rows, outer = self._split(keys)
        for key in rows:
            self._check_key(key)
        if default.shape != self.value_shape:
            raise refuse(
                f"Expected shape {brackets(self.value_shape)} for default value, got {brackets(default.shape)}"
            )
        result = np.array(np.broadcast_to(default, (len(rows), *self.value_shape)))
        with self.lock:
            for i, key in enumerate(rows):
                value = self._values.get(key)
                if value is not None:
                    result[i] = value
        return result.reshape(outer + self.value_shape)

    def insert(self, keys: np.ndarray, values: np.ndarray) -> None:
        """Give keys new values; the array grows when it gets too full."""
        rows, _ = self._split(keys)
        self.check_values((len(rows),), values)
        for key in rows:
            self._check_key(key)
        with self.lock:
            wanted = len(self.keys)
            while wanted * self.max_load < len(self._values) + len(rows):
                wanted *= 2
            if wanted != len(self.keys):
                kept = [(k, v) for k, v in zip(self.keys, self.contents, strict=True) if k in self._values]
                self._clear(wanted)
                self._values = {}
                for key, value in kept:
                    self._put(key, value)
            for key, value in zip(rows, self.rows(values, len(rows)), strict=True):
                self._put(key, value)
                self._values[key] = value

    def remove(self, keys: np.ndarray) -> None:
        """Mark the buckets of keys as free again."""
        rows, _ = self._split(keys)
        for key in rows:
            self._check_key(key)
        with self.lock:
            for key in rows:
                if self._values.pop(key, None) is not None:
                    bucket = next(b for b in self._probe(key) if self.keys[b] == key)
                    self.keys[bucket] = self.deleted

    def replace(self, keys: np.ndarray, values: np.ndarray) -> None:
        """Take over the buckets that `export` gave."""
        depth = int(np.prod(self.key_shape, dtype=np.int64))
        keys, values = keys.reshape(-1, depth), values.reshape((-1, *self.value_shape))
        rows = [row[0] if not self.key_shape else tuple(row) for row in keys.tolist()]
        with self.lock:
            self._clear(len(rows))
            self._values = {}
            self.keys = rows
            self.contents = self.rows(values, len(rows))
            for key, value in zip(rows, self.contents, strict=True):
                if key not in (self.empty, self.deleted):
                    self._values[key] = value

    def export(self) -> tuple[np.ndarray, np.ndarray]:
        """The buckets, empty ones and all: a row for each."""
        with self.lock:
            depth = int(np.prod(self.key_shape, dtype=np.int64))
            width = int(np.prod(self.value_shape, dtype=np.int64))
            keys = filled(
                [np.array(k, object) if self.key_shape else k for k in self.keys],
                (len(self.keys), depth),
                self.key_dtype,
            )
            blank: Any = b"" if self.value_dtype.as_numpy_dtype is object else 0
            contents = [blank if c is None else np.reshape(c, width) for c in self.contents]
            return keys, filled(contents, (len(contents), width), self.value_dtype)

"""The list of arrays that a TensorArray holds: it never changes, a write gives a new list.

Making a copy for every write would take quadratic time in a loop. So all versions share one store that only grows: each
entry remembers in which version it was written, and a list sees the entries up to its own version. Only who writes to a
version that is not the newest pays for a copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np


class ArrayList:
    """Arrays by position; positions without an array are empty.

    The key of an array is its position; gradients stand in the same list, under keys (whose gradient, position).

    It flows through the graph as the float32 scalar that TensorFlow calls the flow, and adds up like one: the sum of two
    lists has the sums of their arrays, and a plain number (a gradient of zero) is an empty list.
    """

    __slots__ = ("_rows", "_store", "_version", "size")

    shape = ()
    ndim = 0
    dtype = np.dtype(np.float32)

    def __init__(self, size: int, store: dict[Any, Any] | None = None, version: int = 0) -> None:
        self.size = size
        # Besides the arrays: the newest version, and whose gradients there may be, "" for what is no gradient.
        self._store: dict[Any, Any] = {"newest": 0, "sources": set()} if store is None else store
        self._version = version
        self._rows: tuple[list[Any], Any] | None = None  # the keys of the last rows that came together, and these

    def get(self, position: Any) -> Any:
        """The array at a position or key, or None."""
        entries = self._store.get(position)
        if not entries:
            return None
        version, value = entries[-1]
        if version <= self._version:
            return value
        return next((value for version, value in reversed(entries) if version <= self._version), None)

    def items(self) -> Iterator[tuple[Any, Any]]:
        """The positions and keys that have an array, and the arrays."""
        for position in self._store:
            if position.__class__ is not str and (value := self.get(position)) is not None:
                yield position, value

    def only(self, source: str) -> ArrayList:
        """The list without all that is not the gradient called `source`."""
        sources = self._store["sources"]
        if source not in sources:
            return ArrayList(self.size)
        if len(sources) == 1:
            return self
        kept = {key: [(0, value)] for key, value in self.items() if key.__class__ is tuple and key[0] == source}
        return ArrayList(self.size, {"newest": 0, "sources": {source}, **kept})

    def _own_store(self) -> dict[Any, Any]:
        """The store to write to: a copy if someone else went on from this version."""
        store = self._store
        if store["newest"] == self._version:
            return store
        return {"newest": 0, "sources": {*store["sources"]}, **{p: [(self._version, v)] for p, v in self.items()}}

    def having(self, position: Any, value: Any) -> ArrayList:
        """The list with another array at a position."""
        store, version = self._own_store(), self._version + 1
        if position in store:
            store[position].append((version, value))
        else:
            store[position] = [(version, value)]
        store["newest"] = version
        if position.__class__ is tuple:
            store["sources"].add(position[0])
            return ArrayList(self.size, store, version)
        store["sources"].add("")
        return ArrayList(self.size if position < self.size else position + 1, store, version)

    def having_rows(self, keys: Sequence[Any], rows: Any) -> ArrayList | None:
        """The list with the rows of an array at positions or keys of one kind; None if one of these is taken."""
        store, version = self._own_store(), self._version + 1
        if not store.keys().isdisjoint(keys):
            return None
        store.update({key: [(version, row)] for key, row in zip(keys, rows, strict=True)})
        store["newest"] = version
        gradients = keys[0].__class__ is tuple
        store["sources"].add(keys[0][0] if gradients else "")
        result = ArrayList(self.size if gradients else max(self.size, max(keys) + 1), store, version)
        result._rows = list(keys), rows
        return result

    def rows_at(self, positions: Sequence[Any]) -> Any:
        """The array whose rows are what is at these positions; None where there is none."""
        if self._rows is None:
            return None
        there, rows = self._rows
        return rows if there == positions else rows[::-1] if there[::-1] == positions else None

    def plus(self, other: ArrayList) -> ArrayList:
        """The sum, position by position."""
        big, small = (self, other) if len(self._store) >= len(other._store) else (other, self)
        result = big
        for position, value in small.items():
            there = result.get(position)
            result = result.having(position, value if there is None else there + value)
        result.size = max(self.size, other.size)
        return result

    def __add__(self, other: Any) -> ArrayList:
        return self.plus(as_array_list(other))

    __radd__ = __add__

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return np.zeros((), dtype or np.float32)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if ufunc is np.add and method == "__call__" and len(inputs) == 2:
            first, second = (as_array_list(v) for v in inputs)
            return first.plus(second)
        return NotImplemented


def as_array_list(flow: Any) -> ArrayList:
    """What flows as a list; a plain number stands for the empty list."""
    return flow if isinstance(flow, ArrayList) else ArrayList(0)

"""The values of all turns of a loop that runs as a program (`row_loops.py`): columns, with an array for each turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Stack:
    """What each turn leaves in an array of its own, which stands at its place in `array`.

    A turn of a gradient leaves it where the tape has the turn it belongs to.
    """

    def __init__(
        self, places: Sequence[int] | Array, dims: tuple[int, ...], dtype: Any, period: int | None = None
    ) -> None:
        self._places = np.asarray(places) if period is None else np.arange(len(places)) % period
        self.array = np.empty((period or len(places), *dims), dtype)
        self.kind = dims, np.dtype(dtype)

    def addresses(self) -> NDArray[np.int64]:
        """Where the array of each turn begins."""
        return self.array.ctypes.data + self._places * self.array.strides[0]

    def __getitem__(self, turn: int) -> Any:
        return self.array[self._places[turn]]


class Before:
    """What the turn before left; for the first turn, what the loop began with."""

    def __init__(self, first: Array, rest: Any) -> None:
        self._first, self._rest, self.kind = first, rest, rest.kind

    def addresses(self) -> NDArray[np.int64]:
        """Where the array for each turn begins."""
        addresses: NDArray[np.int64] = self._rest.addresses()
        addresses[1:] = addresses[:-1].copy()
        addresses[0] = self._first.ctypes.data
        return addresses

    def __getitem__(self, turn: int) -> Any:
        return self._rest[turn - 1] if turn else self._first


class Chosen:
    """A column of another loop, whose turns are taken in some order."""

    def __init__(self, column: Any, order: Sequence[int]) -> None:
        self._column, self._order = column, order
        self.array = column.array if isinstance(column, Stack) else None

    def addresses(self) -> NDArray[np.int64]:
        """Where the array for each turn begins."""
        addresses: NDArray[np.int64] = self._column.addresses()
        return addresses[self._order]

    def __getitem__(self, turn: int) -> Any:
        return self._column[self._order[turn]]


class Listed:
    """Arrays from elsewhere, one for each turn; their lines may lie apart, all as far as those of the first."""

    def __init__(self, arrays: Sequence[Array] | Array) -> None:
        self._arrays = arrays
        self.width = arrays[0].strides[0] // arrays[0].itemsize

    def addresses(self) -> NDArray[np.int64]:
        """Where they begin."""
        if isinstance(self._arrays, np.ndarray):
            return self._arrays.ctypes.data + np.arange(len(self._arrays)) * self._arrays.strides[0]
        return np.array([array.__array_interface__["data"][0] for array in self._arrays], np.int64)

    def __getitem__(self, turn: int) -> Any:
        return self._arrays[turn]


class RowTape:
    """What a program kept of each turn for the gradient; an entry is a tuple, as those of other tapes."""

    def __init__(self, turns: int, columns: Sequence[Any]) -> None:
        self._turns, self.columns = turns, columns

    def __len__(self) -> int:
        return self._turns

    def __getitem__(self, turn: int) -> tuple[Any, ...]:
        if not -self._turns <= turn < self._turns:
            raise IndexError(turn)
        return tuple([None if column is None else column[turn % self._turns] for column in self.columns])


class Same:
    """One value for all turns."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __getitem__(self, turn: int) -> Any:
        return self._value


def column_of(tape: Any, place: int) -> Any:
    """One of the values that were recorded, of all turns."""
    return tape.columns[place] if isinstance(tape, RowTape) else [entry[place] for entry in tape]

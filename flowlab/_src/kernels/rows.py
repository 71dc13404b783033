"""Adding to some rows of a table, as a training step does to the vectors of the words it saw."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlab._src.kernels.jit import In2, Int, Ints1, Number, Out2, Turn, loop, plain

Array = NDArray[Any]


def add_rows(table: Array, indices: Array, updates: Array, sign: int = 1) -> bool:
    """Add ``sign * updates[i]`` to row ``indices[i]`` of `table`, in place and in order; rows named twice change twice.

    Does nothing, and says False, when an index is no row of the table.

    >>> table = np.zeros((3, 2))
    >>> add_rows(table, np.array([2, 0, 2]), np.ones((3, 2)))
    True
    >>> table
    array([[1., 1.],
           [0., 0.],
           [2., 2.]])
    """
    # Once the loop is there, it is the faster way for few rows too.
    run = add_rows_loop.versions.get(table.dtype) or add_rows_loop.ready(table.dtype, updates.size)
    if run is None or updates.dtype != table.dtype or not (table.flags.c_contiguous and table.flags.aligned):
        if indices.size and (indices.min() < 0 or indices.max() >= len(table)):
            return False
        (np.add if sign > 0 else np.subtract).at(table, indices, updates)
        return True
    count = len(indices)
    if not count or not updates.size:
        return not count or bool(0 <= indices.min() <= indices.max() < len(table))
    wrong = np.zeros(1, np.int64)
    run(
        wrong,
        1,
        table.reshape(len(table), -1),
        plain(indices, np.int64),
        plain(updates).reshape(count, -1),
        float(sign),
    )
    return not wrong[0]


def can_add(updates: Array) -> bool:
    """Whether there is a loop for these."""
    return (add_rows_loop.versions.get(updates.dtype) or add_rows_loop.ready(updates.dtype, updates.size)) is not None


def sums_of_rows(data: Array, numbers: Array, count: int) -> Array | None:
    """Return `count` rows, each the sum of the rows of `data` that have its number; None where no loop can do it.

    None, too, when a number is not one of a row.
    """
    if not can_add(data) or not count or not numbers.size:
        return None
    result = np.zeros((count, *data.shape[1:]), data.dtype)
    return result if add_rows(result, numbers, data) else None


@loop(least=2**10)
def add_rows_loop(wrong: Turn, pieces: Int, table: Out2, indices: Ints1, updates: In2, sign: Number) -> None:
    """Row after row: 192 rows of 128 numbers in 8 us, for 190 with NumPy. `indices` may repeat, so one thread does it."""
    for i in range(indices.size):
        if indices[i] < 0 or indices[i] >= len(table):
            wrong[0] = 1
            return
    for i in range(indices.size):
        row, change = table[indices[i]], updates[i]
        for k in range(row.size):
            row[k] += sign * change[k]

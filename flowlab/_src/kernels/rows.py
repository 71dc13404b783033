"""Adding to some rows of a table, as a training step does to the vectors of the words it saw."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlab._src.kernels.jit import In2, Int, Ints1, Number, Out2, Turn, loop, part, plain

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


def segments(data: Array, picked: Array | None, ids: Array, power: float) -> Array | None:
    """Return the sums of the rows of each segment, divided by their number to a power: 0 for sums, 1 for means.

    Row i, or row ``picked[i]``, belongs to segment ``ids[i]``; the ids rise. None where no loop can do it, where they do
    not rise, and where a row is none. The means of 100 segments, of 4 rows of 64 numbers each, take 6 us, for 50 with
    NumPy.
    """
    run = segments_loop.versions.get(data.dtype) or segments_loop.ready(data.dtype, data.size)
    if (
        run is None
        or not data.ndim
        or not data.size
        or ids.ndim != 1
        or not ids.size
        or not 0 <= ids[-1] < MOST_SEGMENTS
    ):
        return None
    if ids.shape != (data.shape[:1] if picked is None else picked.shape):
        return None
    result = np.empty((int(ids[-1]) + 1, *data.shape[1:]), data.dtype)
    wrong, table = np.zeros(1, np.int64), plain(data).reshape(len(data), -1)
    places = np.empty(0, np.int64) if picked is None else plain(picked, np.int64)
    run(wrong, 1, table, places, plain(ids, np.int64), float(power), result.reshape(len(result), -1))
    return None if wrong[0] else result


MOST_SEGMENTS = 2**24  # the room for more is asked for with care


@part
def at(picked: Any, i: int) -> int:
    """The number of the row that comes as number i."""
    return picked[i] if picked.size else i


@loop(least=2**10, calls=100)
def segments_loop(
    wrong: Turn, pieces: Int, data: In2, picked: Ints1, ids: Ints1, power: Number, y: Out2
) -> None:  # fmt: skip
    """One segment after the other; those without a row are zero."""
    before = 0
    for i in range(ids.size):
        if ids[i] < before or (picked.size and (picked[i] < 0 or picked[i] >= len(data))):
            wrong[0] = 1
            return
        before = ids[i]
    one = type(power)(1)
    i = 0
    for number in range(len(y)):
        target, first = y[number], i
        for k in range(target.size):
            target[k] = 0
        while i + 3 < ids.size and ids[i + 3] == number:  # four rows at a time: sums are read and written less often
            p, q, r, s = data[at(picked, i)], data[at(picked, i + 1)], data[at(picked, i + 2)], data[at(picked, i + 3)]
            for k in range(target.size):
                target[k] = target[k] + p[k] + q[k] + r[k] + s[k]
            i += 4
        while i < ids.size and ids[i] == number:
            source = data[at(picked, i)]
            for k in range(target.size):
                target[k] += source[k]
            i += 1
        count = type(power)(i - first)
        if power and i > first + 1:
            divisor = count if power == one else np.sqrt(count)
            for k in range(target.size):
                target[k] /= divisor

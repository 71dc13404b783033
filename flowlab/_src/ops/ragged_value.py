"""`tf.ragged.RaggedTensorValue`: the arrays of a ragged tensor, what `sess.run` gives for one."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlab._src.util.export import export


@export("ragged.RaggedTensorValue")
class RaggedTensorValue:
    """Rows of different lengths as arrays: all values one after another, and where each row begins.

    Parameters
    ----------
    values : numpy.ndarray or RaggedTensorValue
        Rows may hold rows.
    row_splits : numpy.ndarray, int32 or int64
        Row i is values[row_splits[i]:row_splits[i + 1]].

    Raises
    ------
    TypeError
        If these are no arrays.

    Examples
    --------
    >>> value = tf.ragged.constant_value([[1, 2], [], [3]])
    >>> value.to_list(), value.row_splits
    ([[1, 2], [], [3]], array([0, 2, 2, 3]))
    """

    def __init__(self, values: Any, row_splits: Any) -> None:
        if not (isinstance(row_splits, (np.ndarray, np.generic)) and row_splits.dtype in (np.int32, np.int64)):
            raise TypeError("row_splits must be a 1D int32 or int64 numpy array")
        if not isinstance(values, (np.ndarray, np.generic, RaggedTensorValue)):
            raise TypeError("values must be a numpy array or a RaggedTensorValue")
        if isinstance(values, RaggedTensorValue) and row_splits.dtype != values.row_splits.dtype:
            raise ValueError("row_splits and values.row_splits must have the same dtype")
        self._values: Any = values
        self._row_splits: Any = row_splits

    @property
    def values(self) -> Any:
        """The values of all rows: an array, or for rows of rows a RaggedTensorValue."""
        return self._values

    @property
    def row_splits(self) -> Any:
        """Where rows begin and end in the values."""
        return self._row_splits

    @property
    def flat_values(self) -> Any:
        """The values of the innermost rows."""
        return self._values.flat_values if isinstance(self._values, RaggedTensorValue) else self._values

    @property
    def nested_row_splits(self) -> tuple[Any, ...]:
        """The splits of all ragged axes, outermost first."""
        inner = self._values.nested_row_splits if isinstance(self._values, RaggedTensorValue) else ()
        return (self._row_splits, *inner)

    @property
    def ragged_rank(self) -> int:
        """The number of ragged axes."""
        return len(self.nested_row_splits)

    @property
    def dtype(self) -> Any:
        """Type of the elements."""
        return self._values.dtype

    @property
    def shape(self) -> tuple[int | None, ...]:
        """The sizes, None for ragged axes."""
        return (len(self._row_splits) - 1, None, *self._values.shape[1:])

    def to_list(self) -> list[Any]:
        """Return the rows as nested lists."""
        whole = self._values.to_list() if isinstance(self._values, RaggedTensorValue) else self._values.tolist()
        return [whole[a:b] for a, b in zip(self._row_splits[:-1], self._row_splits[1:], strict=True)]

    def __repr__(self) -> str:
        return f"tf.RaggedTensorValue(values={self._values!r}, row_splits={self._row_splits!r})"

    __str__ = __repr__

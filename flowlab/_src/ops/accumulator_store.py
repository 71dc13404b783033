"""The accumulators that a session keeps: sums of gradients, of which somebody takes the mean when enough have come."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph.shape import TensorShape
from flowlab._src.ops.broadcast import brackets
from flowlab._src.util import log


class Accumulator:
    """Adds up gradients of the current step; those of earlier steps are dropped."""

    op_type: ClassVar[str] = "ResourceConditionalAccumulator"

    def __init__(self, name: str, shape: TensorShape, mean: bool) -> None:
        self.name = name
        self.shape = shape
        self.mean = mean
        self.changed = threading.Condition()  # its lock guards everything here
        self.count = 0
        self.step = 0

    def apply(self, local_step: int, gradient: Any) -> None:
        """Add a gradient, unless it was computed before the current step."""
        with self.changed:
            if local_step < self.step:
                return
            self.add(gradient)
            self.count += 1
            self.changed.notify_all()

    def take(self, wait: Callable[[threading.Condition, Callable[[], bool]], None], required: int) -> Any:
        """Wait for so many gradients, then return their mean (or sum) and begin the next step."""
        if required < 1:
            message = f"Argument num_required must be positive, but was {required}"
            raise InvalidArgumentError(None, None, message)
        with self.changed:
            wait(self.changed, lambda: self.count >= required)
            result = self.result()
            self.count = 0
            self.step += 1
            return result

    def set_step(self, step: int) -> None:
        """Set the current step."""
        with self.changed:
            if step < self.step:
                log.warning("Attempt to set the step of accumulator %s from %d back to %d", self.name, self.step, step)
            self.step = step

    def add(self, gradient: Any) -> None:
        """Add to the sum; the first gradient of a step begins a new one."""
        if not self.shape.is_compatible_with(gradient.shape):
            raise differs(self.shape, gradient.shape)
        if not self.count:
            self._sum = gradient
        elif self._sum.shape != gradient.shape:
            raise differs(TensorShape(self._sum.shape), gradient.shape)
        else:
            self._sum = self._sum + gradient

    def result(self) -> Any:
        """The mean or the sum."""
        total = np.asarray(self._sum)
        return (total / total.dtype.type(self.count) if self.mean else total).astype(total.dtype, copy=True)


def differs(wanted: TensorShape, found: tuple[int, ...]) -> InvalidArgumentError:
    """The error for a gradient of another shape."""
    text = str(wanted).replace("(", "[").replace(",)", "]").replace(")", "]").replace(", ", ",")
    return InvalidArgumentError(None, None, f"Shape mismatch: expected {text}, got {brackets(found)}")


class SparseAccumulator(Accumulator):
    """Adds up gradients that are rows with their numbers; the mean of a row counts only gradients that have it.

    Row numbers are expected in rising order, none twice, as TensorFlow expects them.
    """

    op_type = "SparseConditionalAccumulator"

    def add(self, gradient: Any) -> None:
        """Merge the rows of a gradient into those that are there."""
        indices, values, shape = gradient
        self.check(indices, values, shape)
        if not self.count:
            self._indices, self._values = indices, values
            self._counts = np.ones(len(indices), values.dtype)
            return
        old, new = self._indices.tolist(), indices.tolist()
        from_old, from_new = [], []  # for each row of the result its place in either, -1: not there
        i = j = 0
        while i < len(old) or j < len(new):
            take_old = j == len(new) or (i < len(old) and old[i] <= new[j])
            take_new = i == len(old) or (j < len(new) and new[j] <= old[i])
            from_old.append(i if take_old else -1)
            from_new.append(j if take_new else -1)
            i, j = i + take_old, j + take_new
        a, b = np.array(from_old, np.intp), np.array(from_new, np.intp)
        merged = np.zeros((len(a), *values.shape[1:]), values.dtype)
        counts = np.zeros(len(a), values.dtype)
        numbers = np.empty(len(a), np.int64)
        numbers[b >= 0] = indices[b[b >= 0]]
        numbers[a >= 0] = self._indices[a[a >= 0]]
        merged[a >= 0] = self._values[a[a >= 0]]
        counts[a >= 0] = self._counts[a[a >= 0]]
        merged[b >= 0] += values[b[b >= 0]]
        counts[b >= 0] += 1
        self._indices, self._values, self._counts = numbers, merged, counts

    def check(self, indices: Any, values: Any, shape: Any) -> None:
        """Refuse parts that do not fit each other, what is there, or the shape of the accumulator."""

        def refuse(message: str) -> None:
            raise InvalidArgumentError(None, None, message)

        if indices.ndim != 1:
            refuse(f"Input indices should be vector but received shape: {brackets(indices.shape)}")
        if values.ndim < 1:
            refuse("Values cannot be 0-dimensional.")
        if len(values) != len(indices):
            refuse(f"Expected {len(indices)} non-empty input values, got {len(values)}")
        wanted = self.shape._dims or ()
        if shape is not None:
            if shape.ndim != 1:
                refuse(f"Input shape should be vector but received shape: {brackets(shape.shape)}")
            if len(wanted) > len(shape):
                refuse(f"Shape mismatch: expected shape rank at least {len(wanted)}, got {len(shape)}")
            for axis, (size, found) in enumerate(zip(wanted, shape.tolist(), strict=False)):
                if size is not None and size != found:
                    refuse(f"Shape mismatch: expected shape dim {axis} to be {size}, got {found}")
            for row, number in enumerate(indices.tolist()):
                if len(shape) and number >= shape[0]:
                    refuse(
                        f"Shape mismatch: index of slice {row} exceeded limits of shape; index is {number} exceeded "
                        f"{shape[0]}"
                    )
        rows = list(self._values.shape[1:]) if self.count else list(wanted[1:])
        if self.count and len(rows) != values.ndim - 1:
            refuse(f"Shape mismatch: expected values rank {len(rows) + 1}, got {values.ndim}")
        for axis, (size, found) in enumerate(zip(rows, values.shape[1:], strict=False), 1):
            if size is not None and size != found:
                refuse(f"Shape mismatch: expected values dim {axis} to be {size}, got {found}")

    def result(self) -> Any:
        """Row numbers, rows, and the shape of the whole, -1 where the number of rows is not known."""
        values = self._values
        if self.mean:
            values = values / self._counts.reshape((-1,) + (1,) * (values.ndim - 1))
        wanted = self.shape._dims or ()
        first = wanted[0] if wanted and wanted[0] is not None else -1
        return self._indices, values.astype(values.dtype, copy=True), np.array([first, *values.shape[1:]], np.int64)

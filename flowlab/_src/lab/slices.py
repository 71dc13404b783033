"""How the numbers in an array are spread, step after step, in little memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from flowlab._src.lab.axes import Floats

BINS = 48
MOST_SLICES = 256


@dataclass(frozen=True)
class Slice:
    """The counts of one array between its least and its largest finite element."""

    step: float
    low: float
    high: float
    counts: Floats
    missing: int  # elements that are NaN or infinite

    def rebinned(self, edges: Floats) -> Floats:
        """The counts between other edges, as if the elements were even within each bin."""
        own = np.linspace(self.low, self.high, len(self.counts) + 1)
        heaped = np.concatenate([[0.0], np.cumsum(self.counts)])
        return np.diff(np.interp(edges, own, heaped))


def make_slice(step: float, array: Any) -> Slice:
    """Count the elements of an array."""
    numbers = np.asarray(array, np.float64).reshape(-1)
    finite = numbers[np.isfinite(numbers)]
    missing = numbers.size - finite.size
    if not finite.size:
        return Slice(step, 0.0, 0.0, np.zeros(1), missing)
    low, high = float(finite.min()), float(finite.max())
    if not high - low > 1e-9 * max(abs(low), abs(high), 1e-30):  # all the same, as biases are at first
        return Slice(step, low, high, np.array([float(finite.size)]), missing)
    counts, _ = np.histogram(finite, BINS, (low, high))
    return Slice(step, low, high, counts.astype(np.float64), missing)


@dataclass
class Slices:
    """The slices of one name. When they get too many every other is left out, so that the first always stays."""

    name: str
    kept: list[Slice] = field(default_factory=list)
    seen: int = 0
    stride: int = 1
    last: Slice | None = None

    def add(self, step: float | None, array: Any) -> None:
        here = step if step is not None else (self.last.step + 1 if self.last is not None else 0.0)
        self.last = make_slice(here, array)
        if self.seen % self.stride == 0:
            self.kept.append(self.last)
            if len(self.kept) > MOST_SLICES:
                self.kept = self.kept[::2]
                self.stride *= 2
        self.seen += 1

    def all(self) -> list[Slice]:
        """The slices to draw, with the last one of all."""
        if self.last is None or (self.kept and self.kept[-1] is self.last):
            return self.kept
        return [*self.kept, self.last]

    def edges(self, bins: int) -> Floats:
        """Even edges around all that has been seen."""
        shown = [one for one in self.all() if one.counts.any()]
        low, high = (min(one.low for one in shown), max(one.high for one in shown)) if shown else (0.0, 1.0)
        if low == high:
            reach = abs(low) * 0.1 or 0.1
            low, high = low - reach, high + reach
        pad = (high - low) * 0.02
        return np.linspace(low - pad, high + pad, bins + 1)

    def table(self, slices: list[Slice], bins: int) -> Floats:
        """One row of counts for each slice, over common edges."""
        edges = self.edges(bins)
        rows = np.zeros((len(slices), bins))
        for row, one in zip(rows, slices, strict=True):
            if one.low == one.high:  # all elements in one place: one bin
                if one.counts.any():
                    row[min(bins - 1, int((one.low - edges[0]) / (edges[-1] - edges[0]) * bins))] = one.counts.sum()
            else:
                row[:] = one.rebinned(edges)
        return rows

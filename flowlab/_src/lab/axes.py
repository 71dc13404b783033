"""What all plots share: ranges, round tick marks, their words, straight lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from flowlab._src.lab.shapes import Command

Floats = npt.NDArray[np.float64]


def value_axis(values: Floats, log: bool) -> tuple[float, float, list[float]]:
    """Lower end, upper end and tick marks of a value axis."""
    shown = values[np.isfinite(values)]
    if log:
        shown = shown[shown > 0]
    if not shown.size:
        return (0.1, 1.0, [0.1, 1.0]) if log else (0.0, 1.0, [0.0, 0.5, 1.0])
    low, high = float(shown.min()), float(shown.max())
    if not log:
        pad = (high - low) * 0.05 or abs(high) * 0.1 or 1.0
        bottom = low - pad if low < 0 or low > pad else 0.0
        return bottom, high + pad, nice_ticks(bottom, high + pad, 5)
    low, high = low / 1.15, high * 1.15
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    digits = (1,) if len(exponents) > 4 else (1, 2, 5)
    stride = max(1, len(exponents) // 6)
    ticks = [digit * 10.0**exponent for exponent in exponents[::stride] for digit in digits]
    ticks = [tick for tick in ticks if low <= tick <= high]
    return low, high, ticks or [low, high]


def nice_ticks(low: float, high: float, most: int) -> list[float]:
    """At most about `most` round numbers from `low` to `high`, in steps of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(digit * power for digit in (1, 2, 5, 10) if digit * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(k * step, 12) for k in range(first, last + 1)]


def number_text(value: float, ticks: Sequence[float]) -> str:
    """A tick label, with as many decimals as the closest neighbours need to differ."""
    largest = max(abs(tick) for tick in ticks)
    if largest >= 1e5 or 0 < largest < 1e-3:
        return f"{value:.3g}"
    gap = min((abs(b - a) for a, b in pairwise(ticks)), default=abs(value)) or 1.0
    if len(ticks) > 1 and ticks[-1] / max(ticks[0], 1e-300) > 50 and ticks[0] > 0:
        return f"{value:g}"  # a logarithmic axis
    return f"{value:,.{max(0, -math.floor(math.log10(gap) + 1e-9))}f}"


def straight(first: tuple[float, float], *others: tuple[float, float]) -> list[Command]:
    return [("M", (first,)), *(("L", (point,)) for point in others)]
